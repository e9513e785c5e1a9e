// CONTROL: what-if branches.
#include <string>

#include "xenstored/control_commands.hpp"
#include "xenstored/time_text.hpp"
#include "xs_wire/message.hpp"

namespace stemma::xenstored {

using xs::Error;

auto ControlCommands::branch(const Asker&, Arguments arguments) -> Outcome {
    WhatIfBranches& branches = server_->branches();
    if (!arguments.empty()) {
        const auto made = branches.make(arguments[0], server_->tree(), server_->clock().wall());
        return made ? text_answer("OK") : refused(made.error());
    }
    std::string lines;
    branches.for_each([&](const std::string& name, const WhatIf& branch) {
        lines.append(name).append(1, ' ').append(utc(branch.since)) += '\n';
    });
    return text_answer(std::move(lines));
}

auto ControlCommands::checkout(const Asker& asker, Arguments arguments) -> Outcome {
    const auto done = server_->check_out(asker.client, arguments.empty() ? "" : arguments[0]);
    return done ? text_answer("OK") : refused(done.error());
}

auto ControlCommands::changes(const Asker&, Arguments arguments) -> Outcome {
    const auto branch = server_->branches().find(arguments[0]);
    if (!branch) return refused(Error::enoent);
    return text_answer(changes_text(*branch, xs::payload_max - 1));
}

// Everything or nothing: a quota that would be passed refuses the whole merge.
auto ControlCommands::merge(const Asker&, Arguments arguments) -> Outcome {
    const auto branch = server_->branches().find(arguments[0]);
    if (!branch) return refused(Error::enoent);
    const store::Stamp stamp{server_->clock().wall(), 0, store::Operation::merge};
    Branch into = server_->tree().branch(stamp);
    const auto changed = merge_what_if(into, *branch, server_->domains());
    if (!changed) return text_answer("conflict: " + changed.error().text());
    if (const auto error = server_->beyond_quota(into)) return refused(*error);
    if (!changed->empty()) server_->publish_as_domain0(into, *changed, stamp);
    branch->base = server_->tree().head();
    branch->tree = server_->tree();
    return text_answer("merged " + std::to_string(changed->size()));
}

auto ControlCommands::drop(const Asker&, Arguments arguments) -> Outcome {
    const auto done = server_->branches().drop(arguments[0]);
    return done ? text_answer("OK") : refused(done.error());
}

}  // namespace stemma::xenstored
