#include "xenstored/control_commands.hpp"

#include <chrono>
#include <cstdio>
#include <ctime>
#include <utility>

#include "store/stamp.hpp"
#include "xenstored/adoption.hpp"
#include "xenstored/change_text.hpp"
#include "xenstored/node_path.hpp"
#include "xenstored/payload.hpp"
#include "xenstored/time_text.hpp"
#include "xenstored/tree_dump.hpp"
#include "xs_wire/name_codec.hpp"

namespace stemma::xenstored {

namespace {

using xs::Error;

// Nothing but the bounds of the publisher's queue and of the sockets limits how many may wait;
// this does.
constexpr std::size_t waiting_max = 1024;

constexpr std::size_t any_number = xs::payload_max;

Error error_of(const store::Error& error) {
    switch (error.kind) {
        case store::Error::Kind::not_found:
            return Error::enoent;
        case store::Error::Kind::busy:
            return Error::ebusy;
        case store::Error::Kind::refused:
            return Error::einval;
        default:
            return Error::eio;
    }
}

}  // namespace

const std::span<const ControlCommands::Command> ControlCommands::commands = [] {
    static constexpr Command table[] = {
        // C's, in its order
        {"check", 0, 0, false, &ControlCommands::check, ""},
        {"log", 1, 1, false, &ControlCommands::log, "on|off|+<switch>|-<switch>"},
        {"live-update", 1, any_number, false, &ControlCommands::live_update,
         "[-c <cmdline>] [-F] [-t <timeout>] <file>\n    Default timeout is 60 seconds."},
        {"logfile", 1, 1, false, &ControlCommands::logfile, "<file>"},
        {"memreport", 0, 1, false, &ControlCommands::memreport, "[<file>]"},
        {"print", 1, 1, false, &ControlCommands::print, "<string>"},
        {"quota", 0, any_number, false, &ControlCommands::quota, "[set <name> <val>|<domid>]"},
        {"quota-soft", 0, any_number, false, &ControlCommands::quota_soft, "[set <name> <val>]"},
        {"help", 0, 0, false, &ControlCommands::help, ""},
        // ours
        {"blame", 1, 1, false, &ControlCommands::blame, "<path>"},
        {"branch", 0, 1, false, &ControlCommands::branch, "[<name>]"},
        {"changes", 1, 1, false, &ControlCommands::changes, "<name>"},
        {"checkout", 0, 1, false, &ControlCommands::checkout, "[<name>]"},
        {"drop", 1, 1, false, &ControlCommands::drop, "<name>"},
        {"dump", 1, 2, false, &ControlCommands::dump, "<path> <cursor>"},
        {"merge", 1, 1, false, &ControlCommands::merge, "<name>"},
        {"publish", 0, 0, true, &ControlCommands::publish, ""},
        {"revert", 1, 2, true, &ControlCommands::revert, "<name> [<path>]"},
        {"save-guest", 2, 2, true, &ControlCommands::save_guest, "<domid> <name>"},
        {"saved-state", 2, 2, true, &ControlCommands::saved_state, "<name> <file>"},
        {"snapshot", 1, 1, true, &ControlCommands::snapshot, "<name>"},
        {"stats", 0, 0, false, &ControlCommands::stats, ""},
    };
    return std::span<const Command>(table);
}();

ControlCommands::ControlCommands(Server& server, std::optional<Archive> archive)
    : server_(&server), archive_(archive) {
    server.set_control(this);
}

std::optional<Answer> ControlCommands::command(ConnectionId client, const xs::Header& header,
                                               std::string_view payload) {
    const auto words = strings(payload);
    if (words.empty()) return refused(Error::einval);
    for (const Command& command : commands) {
        if (command.name != words.front()) continue;
        const Arguments arguments = std::span(words).subspan(1);
        if (arguments.size() < command.least || arguments.size() > command.most) {
            return refused(Error::einval);
        }
        if (command.needs_history && !archive_) return refused(Error::enosys);
        if (publishing_.size() + reading_.size() >= waiting_max) return refused(Error::ebusy);
        return (this->*command.run)({client, header}, arguments);
    }
    return refused(Error::einval);
}

store::Info ControlCommands::info(std::string why) {
    return {"domain 0", server_->clock().wall(), {std::move(why)}};
}

auto ControlCommands::snapshot(const Asker& asker, Arguments arguments) -> Outcome {
    const std::string name = xs::encode_element(arguments[0]);
    if (name.empty()) return refused(Error::einval);
    const auto id = archive_->publisher.snapshot(name, server_->tree().head(),
                                                 info("snapshot " + std::string(arguments[0])));
    publishing_.emplace(id, asker);
    return std::nullopt;
}

// A disk that fails settles nothing, and holds nobody up: the publisher says so by an error.
bool ControlCommands::settle() {
    if (!archive_ || std::exchange(settled_, false)) return true;
    if (!settling_) settling_ = archive_->publisher.publish_all();
    return false;
}

auto ControlCommands::live_update(const Asker& asker, Arguments arguments) -> Outcome {
    if (live_update_ == nullptr) return refused(Error::einval);
    return live_update_->command(asker.client, asker.header, {arguments.begin(), arguments.end()});
}

auto ControlCommands::publish(const Asker& asker, Arguments) -> Outcome {
    publishing_.emplace(archive_->publisher.publish_all(), asker);
    return std::nullopt;
}

auto ControlCommands::save_guest(const Asker& asker, Arguments arguments) -> Outcome {
    const std::string name(arguments[1]);
    const int domid = leading_number(arguments[0]);
    if (name.empty() || domid <= 0 || domid >= xs::domid_first_reserved) {
        return refused(Error::einval);
    }
    const std::string path = xs::domain_path(static_cast<xs::DomainId>(domid)) + "/data/net";
    const store::Node* const state = server_->tree().head().find(path);
    if (state == nullptr) return refused(Error::enoent);
    const auto id = archive_->states.save(
        name, *state, info("network state of domain " + std::to_string(domid) + " saved"));
    publishing_.emplace(id, asker);
    return std::nullopt;
}

auto ControlCommands::saved_state(const Asker& asker, Arguments arguments) -> Outcome {
    const std::string name(arguments[0]), file(arguments[1]);
    if (name.empty() || file.empty()) return refused(Error::einval);
    const auto write = [file](const store::Node& state) {
        const auto written = write_guest_state(state, file);
        return written ? text_answer(std::to_string(*written)) : refused(written.error());
    };
    if (const auto* const state = archive_->states.unpublished(name)) return write(*state);
    return read(asker, {GuestStates::reference(name)}, "/",
                [write](const std::optional<store::Tree>& tree) {
                    return tree ? write(tree->root()) : refused(Error::enoent);
                });
}

auto ControlCommands::read(const Asker& asker, std::vector<std::string> revisions, std::string path,
                           WithTree then) -> Outcome {
    const auto id = archive_->reader.read(std::move(revisions), std::move(path));
    if (!id) return refused(Error::ebusy);
    reading_.emplace(*id, Reading{asker, std::move(then)});
    return std::nullopt;
}

auto ControlCommands::revert(const Asker& asker, Arguments arguments) -> Outcome {
    const std::string_view path = arguments.size() > 1 ? arguments[1] : "/stemma";
    const bool allowed = is_valid_node_path(path, default_path_max) &&
                         (is_configuration_path(path) || is_network_state_path(path));
    const std::string name = xs::encode_element(arguments[0]);
    if (!allowed || name.empty()) return refused(Error::einval);
    return read(asker, {"refs/snapshots/" + name, std::string(arguments[0])}, std::string(path),
                [this, path = std::string(path)](const std::optional<store::Tree>& earlier) {
                    return finish_revert(path, earlier);
                });
}

Answer ControlCommands::finish_revert(const std::string& path,
                                      const std::optional<store::Tree>& earlier) {
    const store::Stamp stamp{server_->clock().wall(), 0, store::Operation::revert};
    Branch branch = server_->tree().branch(stamp);
    std::vector<std::string> changed;
    if (is_configuration_path(path)) {
        changed = revert_subtree(branch, path, earlier ? &earlier->root() : nullptr);
    } else {
        // A domain that is gone has no network state to merge into.
        if (!earlier || branch.tree().find(path) == nullptr) return refused(Error::enoent);
        const auto now =
            std::chrono::duration_cast<std::chrono::seconds>(stamp.time.time_since_epoch());
        changed = merge_network_state(branch, path, earlier->root(), now.count());
    }
    if (!changed.empty()) server_->publish_as_domain0(branch, changed, stamp);
    return text_answer(std::to_string(changed.size()));
}

void ControlCommands::take_completions() {
    if (!archive_) return;
    for (const store::Completion& done : archive_->publisher.take_completions()) {
        archive_->states.completed(done);
        if (settling_ == done.id) {
            settling_.reset();
            settled_ = true;
        }
        const auto asker = publishing_.extract(done.id);
        if (asker.empty()) continue;
        Answer answer =
            done.result ? text_answer(done.result->hex()) : refused(error_of(done.result.error()));
        server_->answer_deferred(asker.mapped().client, asker.mapped().header, std::move(answer));
    }
    for (const Reader::Result& done : archive_->reader.take_results()) {
        const auto reading = reading_.extract(done.id);
        if (reading.empty()) continue;
        Answer answer =
            done.tree ? reading.mapped().then(*done.tree) : refused(error_of(done.tree.error()));
        const Asker& asker = reading.mapped().asker;
        server_->answer_deferred(asker.client, asker.header, std::move(answer));
    }
}

auto ControlCommands::blame(const Asker&, Arguments arguments) -> Outcome {
    if (!is_valid_node_path(arguments[0], default_path_max)) return refused(Error::einval);
    const store::Node* const node = server_->tree().head().find(arguments[0]);
    if (node == nullptr) return refused(Error::enoent);
    const store::Stamp& stamp = node->stamp();
    return text_answer(std::to_string(stamp.domain) + ' ' + utc(stamp.time) + ' ' +
                       std::string(store::to_string(stamp.operation)));
}

auto ControlCommands::stats(const Asker&, Arguments) -> Outcome {
    std::string lines;
    const auto line = [&](std::string_view name, std::uint64_t value) {
        lines.append(name).append(" ").append(std::to_string(value)) += '\n';
    };
    const Server::Stats& served = server_->stats();
    line("connections", server_->connections().size());
    line("domains", server_->domains().size());
    line("watches", server_->connections().watches().size());
    line("requests", served.requests);
    line("errors", served.errors);
    line("transactions-committed", served.commits);
    line("transactions-conflicting", served.conflicts);
    line("events-sent", server_->announcer().sent());
    line("events-dropped", server_->announcer().dropped());
    line("events-expired", served.events_expired);
    line("quarantined", served.quarantined);
    line("disconnected", served.disconnected);
    if (restart_log_ != nullptr) {
        const RestartLog::Stats log = restart_log_->stats();
        line("restartable", log.restartable && descriptor_store_->is_there() ? 1 : 0);
        line("restart-log-turns", log.frames);
        line("restart-log-bytes", log.bytes);
        line("restart-log-since-checkpoint", log.since_checkpoint);
        line("restart-log-checkpoints", log.checkpoints);
        line("restart-log-checkpoint-bytes", log.checkpoint_bytes);
        line("restart-log-failures", log.failures);
        if (!log.last_error.empty()) {
            lines.append("restart-log-error ").append(log.last_error.substr(0, 512)) += '\n';
        }
    }
    if (archive_) {
        const store::PublisherStats published = archive_->publisher.stats();
        line("published-commits", published.published);
        line("submitted", published.submitted);
        line("joined", published.joined);
        line("coalesced", published.coalesced);
        line("beyond-share", published.beyond_share);
        line("queued", published.queued);
        line("publish-batches", published.batches);
        line("publish-failures", published.failures);
        line("published-objects", published.objects);
        line("published-bytes", published.bytes);
        line("publish-lag-us", static_cast<std::uint64_t>(published.lag.count()));
        line("publish-longest-lag-us", static_cast<std::uint64_t>(published.longest_lag.count()));
        line("publish-waiting-us", static_cast<std::uint64_t>(published.waiting.count()));
        line("history-bytes", published.history_bytes);
        line("history-budget", published.history_budget);
        line("history-epochs", published.epochs);
        line("history-packed-again", published.thinned);
        line("history-dropped", published.dropped);
        if (!published.retention_error.empty()) {
            lines.append("history-error ").append(published.retention_error.substr(0, 1024)) +=
                '\n';
        }
        if (!published.last_error.empty()) {
            lines.append("publish-error ").append(published.last_error.substr(0, 1024)) += '\n';
        }
    }
    return text_answer(std::move(lines));
}

auto ControlCommands::dump(const Asker& asker, Arguments arguments) -> Outcome {
    const std::string_view top = arguments[0];
    const std::string_view cursor = arguments.size() > 1 ? arguments[1] : std::string_view();
    const bool cursor_ok = cursor.empty() || (is_valid_node_path(cursor, default_path_max) &&
                                              xs::is_same_or_below(cursor, top));
    if (!is_valid_node_path(top, default_path_max) || !cursor_ok) return refused(Error::einval);
    const store::Tree& tree = server_->tree_of(asker.client).head();
    if (tree.find(top) == nullptr) return refused(Error::enoent);
    const TreeDump part = dump_tree(tree, top, cursor, xs::payload_max - 2);
    return text_answer(part.cursor + '\n' + part.lines);
}

}  // namespace stemma::xenstored
