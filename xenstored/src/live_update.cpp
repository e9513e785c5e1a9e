#include "xenstored/live_update.hpp"

#include <sys/stat.h>

#include <iterator>
#include <span>
#include <sstream>
#include <utility>

#include "xenstored/payload.hpp"
#include "xenstored/server.hpp"

namespace stemma::xenstored {

namespace {

// A program that says nothing in so long is none that we become.
constexpr std::chrono::seconds probed_at_most{10};
// How often it is looked whether the last transaction has ended or the history is on disk.
constexpr std::chrono::milliseconds between_looks{10};

}  // namespace

LiveUpdate::LiveUpdate(Server& server, Poller& poller, Become become, Settle settle)
    : server_(&server), poller_(&poller), become_(std::move(become)), settle_(std::move(settle)) {}

std::string LiveUpdate::success(const xs::Header& request) {
    const std::string text("OK", 3);
    std::string reply(xs::Header::size, '\0');
    xs::Header header = request;
    header.length = static_cast<std::uint32_t>(text.size());
    header.write(std::as_writable_bytes(std::span(reply)).first<xs::Header::size>());
    return reply + text;
}

std::optional<Answer> LiveUpdate::command(ConnectionId client, const xs::Header& request,
                                          const std::vector<std::string_view>& arguments) {
    if (arguments.empty()) return refused(xs::Error::einval);
    // A session of a client that is gone ends here at the latest.
    if (session_ && server_->connections().find(session_->order.client) == nullptr) end();
    const std::string_view what = arguments[0];
    if (what == "-a" && arguments.size() == 1) return give_up();
    if (what == "-f" && arguments.size() == 2) return name_program(client, arguments[1]);
    if (what == "-c" && arguments.size() == 2) return set_arguments(client, arguments[1]);
    if (what == "-s") return start(client, request, arguments);
    return refused(xs::Error::einval);
}

Answer LiveUpdate::name_program(ConnectionId client, std::string_view program) {
    struct stat status {};
    const std::string path(program);
    if (::stat(path.c_str(), &status) != 0) return text_answer("File not accessible.");
    if ((status.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)) == 0) {
        return text_answer("File not executable.");
    }
    if (session_) return text_answer("live-update session already active.");
    session_.emplace();
    session_->order.program = path;
    session_->order.client = client;
    return text_answer("OK");
}

Answer LiveUpdate::set_arguments(ConnectionId client, std::string_view arguments) {
    if (!session_ || session_->order.client != client) {
        return text_answer("Not in live-update session.");
    }
    std::istringstream words{std::string(arguments)};
    session_->order.arguments.emplace(std::istream_iterator<std::string>(words),
                                      std::istream_iterator<std::string>());
    return text_answer("OK");
}

std::optional<Answer> LiveUpdate::start(ConnectionId client, const xs::Header& request,
                                        const std::vector<std::string_view>& arguments) {
    bool force = false;
    int timeout = 0, version = 1;
    for (std::size_t i = 1; i < arguments.size(); ++i) {
        const bool more = i + 1 < arguments.size();
        if (arguments[i] == "-F") {
            force = true;
        } else if (arguments[i] == "-t" && more) {
            timeout = leading_number(arguments[++i]);
        } else if (arguments[i] == "-v" && more) {
            version = leading_number(arguments[++i]);
        } else {
            return refused(xs::Error::einval);
        }
    }
    if (!session_ || session_->order.client != client) {
        return text_answer("Not in live-update session.");
    }
    if (version < 1 || version > 2) return text_answer("Migration stream version not supported.");
    auto probe = ProgramProbe::start(
        session_->order.program, session_->order.arguments.value_or(std::vector<std::string>()));
    if (!probe) {
        end();
        return text_answer("Error activating new binary.\n" + probe.error());
    }
    session_->order.request = request;
    session_->order.version = static_cast<std::uint32_t>(version);
    session_->force = force;
    session_->timeout = std::chrono::seconds(std::max(timeout, 0));
    session_->started = true;
    session_->began = server_->clock().now();
    session_->order.waits = Laps();
    poller_->add(probe->fd(), {PollKey::Kind::probe, 0}, true, false);
    session_->probe = std::move(*probe);
    server_->hold_transactions(true);
    return std::nullopt;
}

Answer LiveUpdate::give_up() {
    if (!session_) return text_answer("No live-update session active.");
    if (session_->started) {
        server_->answer_deferred(session_->order.client, session_->order.request,
                                 text_answer("Cancellation was requested"));
    }
    end();
    return text_answer("OK");
}

void LiveUpdate::end() {
    if (session_->probe) poller_->remove(session_->probe->fd());
    session_.reset();
    server_->hold_transactions(false);
}

void LiveUpdate::fail(std::string reason) {
    server_->answer_deferred(session_->order.client, session_->order.request,
                             text_answer(std::move(reason)));
    end();
}

void LiveUpdate::probe_ready() {
    if (!session_ || !session_->probe || !session_->probe->read()) return;
    const ProgramProbe::Kind kind = session_->probe->kind();
    const std::string complaint = session_->probe->first_line();
    poller_->remove(session_->probe->fd());
    session_->probe.reset();
    if (kind == ProgramProbe::Kind::unknown) {
        return fail("Error activating new binary.\n" + session_->order.program +
                    " is no xenstored that can take over. It says: " + complaint);
    }
    session_->is_known = true;
    session_->order.waits.end("trying the program");
    session_->order.to_ours = kind == ProgramProbe::Kind::ours;
}

Moment LiveUpdate::next_deadline() const {
    if (!session_ || !session_->started) return Moment::max();
    const Moment now = server_->clock().now();
    return session_->is_known ? now + between_looks : session_->began + probed_at_most;
}

void LiveUpdate::step() {
    if (!session_ || !session_->started) return;
    if (server_->connections().find(session_->order.client) == nullptr) return end();
    const auto waited = server_->clock().now() - session_->began;
    if (!session_->is_known) {
        if (waited >= probed_at_most) {
            fail("Error activating new binary.\n" + session_->order.program + " does not answer.");
        }
        return;
    }
    const bool late = waited >= session_->timeout;
    const std::string being_built = session_->order.to_ours ? "" : who_is_being_built();
    const bool clear = is_clear() && being_built.empty();
    if (!clear && !late) return;
    if (!being_built.empty()) return fail(being_built);
    if (!clear && !session_->force) return fail(who_is_in_the_way());
    if (!session_->force && !session_->order.to_ours) {
        std::string lost = branches_that_go();
        if (!lost.empty()) return fail(std::move(lost));
    }
    if (!std::exchange(session_->was_clear, true)) session_->order.waits.end("open transactions");
    if (!settle_() && !late) return;
    session_->order.waits.end("history");
    std::string reason = become_(session_->order);
    fail(std::move(reason));
}

bool LiveUpdate::is_clear() const {
    bool clear = true;
    server_->connections().for_each([&](const Connection& connection) {
        if (!connection.transactions.empty()) clear = false;
    });
    return clear;
}

// C 4.17 ends when it reads a node whose owner has no ring, even if it wrote that itself.
std::string LiveUpdate::who_is_being_built() const {
    std::string reason;
    server_->domains().for_each([&](const Domain& domain) {
        if (domain.introduced || server_->tree().counts().of(domain.ref).nodes == 0) return;
        reason += "\nDomain " + std::to_string(domain.ref.id);
    });
    return reason.empty() ? reason
                          : "Domains being built, which this program cannot take:" + reason;
}

std::string LiveUpdate::branches_that_go() const {
    std::string names;
    server_->branches().for_each(
        [&](const std::string& name, const WhatIf&) { names.append("\n").append(name); });
    return names.empty() ? names : "What-if branches, which this program cannot take:" + names;
}

std::string LiveUpdate::who_is_in_the_way() const {
    std::string reason;
    const Moment now = server_->clock().now();
    server_->connections().for_each([&](const Connection& connection) {
        if (connection.transactions.empty()) return;
        const auto age =
            std::chrono::duration_cast<std::chrono::seconds>(now - connection.transactions_since);
        if (age < session_->timeout) return;
        reason += "\nDomain " + std::to_string(connection.caller.domain.id) + ": " +
                  std::to_string(age.count()) + " s";
    });
    return reason.empty() ? "Overlapping transactions"
                          : "Domains with long running transactions:" + reason;
}

}  // namespace stemma::xenstored
