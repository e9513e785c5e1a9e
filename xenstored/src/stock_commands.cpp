// The CONTROL commands that C xenstored 4.17 has, with its answers.
#include <unistd.h>

#include <array>
#include <cstdio>

#include "xenstored/control_commands.hpp"
#include "xenstored/payload.hpp"
#include "xenstored/quota.hpp"
#include "xenstored/trace.hpp"

namespace stemma::xenstored {

namespace {

using xs::Error;

// "nodes           :        3"
std::string row(const char* name, int width, std::size_t value) {
    std::array<char, 80> line;
    const int length = std::snprintf(line.data(), line.size(), "%-*s: %8zu", width, name, value);
    return {line.data(), static_cast<std::size_t>(length)};
}

}  // namespace

auto ControlCommands::check(const Asker&, Arguments) -> Outcome {
    const LiveTree& tree = server_->tree();
    if (!(NodeCounts::of_tree(tree.head().root()) == tree.counts())) {
        std::fputs("xenstored: check: node counts differ from the tree\n", stderr);
        return refused(Error::eio);
    }
    return text_answer("OK");
}

auto ControlCommands::log(const Asker&, Arguments arguments) -> Outcome {
    Trace& trace = server_->trace();
    if (arguments[0] == "on") {
        trace.reopen();
    } else if (arguments[0] == "off") {
        trace.close();
    } else if (!trace.set_switch(arguments[0])) {
        return refused(Error::einval);
    }
    return text_answer("OK");
}

// As in C, a file that cannot be opened is no error of the command.
auto ControlCommands::logfile(const Asker&, Arguments arguments) -> Outcome {
    const std::string path(arguments[0]);
    if (!server_->trace().set_file(path)) std::perror("Could not open tracefile");
    return text_answer("OK");
}

std::string ControlCommands::memory_report() const {
    std::string report = "xenstored memory, in bytes held for each domain\n";
    server_->domains().for_each([&](const Domain& domain) {
        const auto nodes = server_->tree().counts().of(domain.ref);
        report += "domain " + std::to_string(domain.ref.id) + ": " +
                  std::to_string(server_->memory().of(domain)) + " (nodes " +
                  std::to_string(nodes.nodes) + ", " + std::to_string(nodes.bytes) + " bytes)\n";
    });
    std::size_t queued = 0;
    server_->connections().for_each([&](const Connection& c) { queued += c.out.bytes(); });
    report += "connections " + std::to_string(server_->connections().size()) + ", queued " +
              std::to_string(queued) + ", watches " +
              std::to_string(server_->connections().watches().size()) + "\n";
    return report;
}

// Without a trace file C answers EBADF, which no client knows: they see EINVAL.
auto ControlCommands::memreport(const Asker&, Arguments arguments) -> Outcome {
    const std::string report = memory_report();
    if (arguments.empty()) {
        return server_->trace().append(report) ? text_answer("OK") : refused(Error::einval);
    }
    const Descriptor file = open_log_file(std::string(arguments[0]));
    const auto size = static_cast<ssize_t>(report.size());
    if (!file || ::write(file.get(), report.data(), report.size()) != size) {
        return refused(Error::einval);
    }
    return text_answer("OK");
}

auto ControlCommands::print(const Asker&, Arguments arguments) -> Outcome {
    const std::string line = "control: " + std::string(arguments[0]) + '\n';
    std::fputs(line.c_str(), stderr);
    if (server_->trace().is_open()) server_->trace().append(line);
    return text_answer("OK");
}

Answer ControlCommands::quota_of_domain(std::string_view domid) const {
    const Domain* const domain = server_->domains().find(leading_number(domid));
    if (domain == nullptr) return refused(Error::enoent);
    const Connection* const client = server_->connections().find(domain->connection);
    const auto owned = server_->tree().counts().of(domain->ref).nodes;
    std::string lines = "Domain " + std::to_string(domain->ref.id) + ":\n";
    const auto line = [&](const char* name, std::size_t value) {
        lines += row(name, 16, value) + '\n';
    };
    line("nodes", static_cast<std::size_t>(owned));
    line("watches", client ? server_->connections().watches().count(client->id) : 0);
    line("transactions", client ? client->transactions.size() : 0);
    line("outstanding", client && client->outstanding ? client->outstanding->count() : 0);
    line("memory", server_->memory().of(*domain));
    return text_answer(std::move(lines));
}

auto ControlCommands::quota_settings(Arguments arguments, bool soft) -> Outcome {
    if (arguments.empty()) {
        std::string lines = "Quota settings:\n";
        for (const Quota& quota : quotas()) {
            if (quota.soft != soft) continue;
            lines +=
                row(std::string(quota.name).c_str(), 17, server_->domains().limits().*quota.value);
            lines.append(" ").append(quota.description) += '\n';
        }
        return text_answer(std::move(lines));
    }
    if (arguments[0] != "set" || arguments.size() != 3) return refused(Error::einval);
    const Quota* const quota = find_quota(arguments[1], soft);
    const int value = leading_number(arguments[2]);
    if (quota == nullptr || value < 1) return refused(Error::einval);
    server_->domains().set_limit(*quota, static_cast<std::size_t>(value));
    server_->limits_changed();
    return text_answer("OK");
}

auto ControlCommands::quota(const Asker&, Arguments arguments) -> Outcome {
    if (arguments.size() == 1 && arguments[0] != "set") return quota_of_domain(arguments[0]);
    return quota_settings(arguments, false);
}

auto ControlCommands::quota_soft(const Asker&, Arguments arguments) -> Outcome {
    return quota_settings(arguments, true);
}

auto ControlCommands::help(const Asker&, Arguments) -> Outcome {
    std::string lines;
    for (const Command& command : commands)
        lines.append(command.name).append("\t").append(command.parameters) += '\n';
    return text_answer(std::move(lines));
}

}  // namespace stemma::xenstored
