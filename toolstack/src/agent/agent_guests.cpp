#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "toolstack/agent/agent.hpp"
#include "toolstack/agent/guest_process.hpp"
#include "toolstack/configuration.hpp"
#include "toolstack/domain_nodes.hpp"
#include "toolstack/image_path.hpp"

// How the agent starts guests, watches them and buries them.
namespace stemma::toolstack {

namespace {

constexpr std::size_t console_part_max = 32768;
constexpr std::chrono::milliseconds console_wait{10'000};

std::vector<std::string> words_of(std::string_view text) {
    std::vector<std::string> words;
    while (!text.empty()) {
        const auto end = std::min(text.find(' '), text.size());
        if (end > 0) words.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return words;
}

}  // namespace

Result<Descriptor> Agent::make_console(HostedDomain& domain) {
    std::array<int, 2> ends{};
    // Neither end waits: a guest drops what the pipe has no room for.
    if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) {
        return system_failure("make", "a console", errno);
    }
    domain.console_pipe.reset(ends[0]);
    return Descriptor(ends[1]);
}

Result<AgentMessage> Agent::start(const AgentMessage& message,
                                  std::vector<Descriptor> descriptors) {
    auto found = domain_of(message);
    if (!found) return std::unexpected(std::move(found.error()));
    HostedDomain& domain = **found;
    if (domain.phase != HostedDomain::Phase::building || descriptors.size() > 1) {
        return failure(ErrorKind::failed, "start", "the guest " + domain.name,
                       "it was started before, or has too many descriptors");
    }
    GuestProcessRequest request;
    const std::string image(message.text("image"));
    const bool named = is_own_image(image);
    if (!named && !image.starts_with('/')) {
        return failure(ErrorKind::failed, "start", "the guest " + domain.name,
                       "there is no image \"" + image + '"');
    }
    request.program = named ? options_.guest_directory + '/' + image : image;
    if (named) {
        if (auto file = check_image_file(image, request.program); !file)
            return std::unexpected(std::move(file.error()));
    }
    request.memory = options_.limit_memory ? domain.memory : 0;
    request.dies_with_agent = options_.guests_die_with_agent;

    auto console = make_console(domain);
    if (!console) return std::unexpected(std::move(console.error()));
    request.console = console->get();
    request.descriptors = {domain.ring.get(), domain.wakes_domain.get(), domain.wakes_daemon.get(),
                           console->get()};
    int number = guest_first_descriptor;
    request.arguments = {request.program, "--domain=" + std::to_string(domain.id)};
    for (const char* name : {"--ring=", "--event-in=", "--event-out=", "--console="})
        request.arguments.push_back(name + std::to_string(number++));
    if (!descriptors.empty()) {
        request.descriptors.push_back(descriptors.front().get());
        request.arguments.push_back("--state=" + std::to_string(number++));
    }
    for (const auto& port : domain.ports) {
        request.descriptors.push_back(port.socket.get());
        request.arguments.push_back("--port=" + std::to_string(port.index) + ':' +
                                    std::to_string(number++) + ':' + to_string(port.mac) + ':' +
                                    std::to_string(port.mtu));
    }
    request.arguments.push_back("--");
    for (auto& word : words_of(message.text("arguments")))
        request.arguments.push_back(std::move(word));

    auto process = start_guest_process(request);
    if (!process) return std::unexpected(std::move(process.error()));
    for (const auto& note : process->notes)
        log(domain.name + ": " + note);
    domain.pid = process->pid;
    domain.pidfd = std::move(process->pidfd);
    // The guest has its own now; ours would only keep its port busy after its end.
    for (auto& port : domain.ports)
        port.socket.reset();
    follow_process(domain);
    remember_process(domain);
    return AgentMessage("ok").add("pid", static_cast<std::uint64_t>(domain.pid));
}

void Agent::follow_process(HostedDomain& domain) {
    domain.phase = HostedDomain::Phase::running;
    domain.started = std::chrono::steady_clock::now();
    const xs::DomainId id = domain.id;
    loop_->add(domain.pidfd.get(), EPOLLIN, [this, id](std::uint32_t) { process_ended(id); });
    if (domain.console_pipe) {
        loop_->add(domain.console_pipe.get(), EPOLLIN, [this, id](std::uint32_t) {
            const auto still = domains_.find(id);
            if (still != domains_.end()) read_console(*still->second);
        });
    }
}

// One pipe's worth at most, so that a guest that writes without end does not keep the loop.
void Agent::read_console(HostedDomain& domain) {
    std::array<char, 65536> chunk;
    const auto count = ::read(domain.console_pipe.get(), chunk.data(), chunk.size());
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count <= 0) {
        loop_->remove(domain.console_pipe.get());
        domain.console_pipe.reset();
        return;
    }
    domain.console.append({chunk.data(), static_cast<std::size_t>(count)});
    answer_console_waiters(domain.name);
}

void Agent::process_ended(xs::DomainId id) {
    HostedDomain& domain = *domains_.at(id);
    loop_->remove(domain.pidfd.get());
    take_ending(domain);
    domain.pidfd.reset();
    domain.pid = 0;
    domain.phase = HostedDomain::Phase::ended;
    if (domain.console_pipe) read_console(domain);
    if (domain.console_pipe) {
        loop_->remove(domain.console_pipe.get());
        domain.console_pipe.reset();
    }
    if (!domain.doomed) log(domain.name + ", domain " + std::to_string(id) + ": " + domain.ending);
    link_->shut_down(id, domain.ended_by == Ending::crash    ? xs::ShutdownReason::crash
                         : domain.ended_by == Ending::reboot ? xs::ShutdownReason::reboot
                                                             : xs::ShutdownReason::poweroff);
    // One that is still being made waits for its creator, who wants to know why it ended.
    if (domain.kept || domain.doomed) finish(domain);
}

void Agent::take_ending(HostedDomain& domain) {
    const auto ending = reap(domain.pidfd.get());
    domain.ended_by = ending.crashed ? Ending::crash : Ending::poweroff;
    domain.ending = ending.text;
    if (ending.crashed && ending.known) return;
    const auto word = store_->find(xs::domain_path(domain.id) + "/data/ended");
    for (const auto asked : {Ending::poweroff, Ending::reboot}) {
        if (!word || *word != name(asked)) continue;
        domain.ended_by = asked;
        domain.ending = name(asked);
    }
}

// A process that is stopped takes no processor time and no message; its links and its ring stay.
Result<AgentMessage> Agent::set_paused(const AgentMessage& message, bool paused) {
    auto found = domain_of(message);
    if (!found) return std::unexpected(std::move(found.error()));
    HostedDomain& domain = **found;
    if (domain.phase != HostedDomain::Phase::running || domain.doomed) {
        return failure(ErrorKind::refused, message.verb(), "the guest " + domain.name,
                       "it does not run");
    }
    if (::syscall(SYS_pidfd_send_signal, domain.pidfd.get(), paused ? SIGSTOP : SIGCONT, nullptr,
                  0) != 0) {
        return system_failure(message.verb(), "the guest " + domain.name, errno);
    }
    domain.paused = paused;
    return AgentMessage("ok");
}

void Agent::kill(HostedDomain& domain) {
    domain.doomed = true;
    if (domain.phase == HostedDomain::Phase::running) {
        ::syscall(SYS_pidfd_send_signal, domain.pidfd.get(), SIGKILL, nullptr, 0);
        return;  // process_ended() goes on
    }
    finish(domain);
}

void Agent::finish(HostedDomain& domain) {
    if (std::exchange(domain.finishing, true)) return;
    const xs::DomainId id = domain.id;
    if (!domain.kept) return bury(id);
    // Before xenstored is told of the end, which is the end of the guest's nodes too.
    saver_->finish(id, domain.name, [this, id] { bury(id); });
}

void Agent::bury(xs::DomainId id) {
    const auto found = domains_.find(id);
    if (found == domains_.end()) return;
    const std::unique_ptr<HostedDomain> domain = std::move(found->second);
    domains_.erase(found);

    std::string left;
    for (auto& port : domain->ports) {
        port.socket.reset();
        if (const auto removed = ports_->remove(port.link); !removed) {
            left += to_string(removed.error()) + "; ";
        }
    }
    if (const auto removed = remove_domain_nodes(*store_, id, domain->uuid); !removed) {
        left += to_string(removed.error().error()) + "; ";
    }
    link_->gone(id);
    if (!left.empty()) log("of domain " + std::to_string(id) + " something is left: " + left);

    AgentMessage reply("ok");
    if (!left.empty()) {
        reply = to_message(
            Error{.tried = "remove all of", .on = "domain " + std::to_string(id), .cause = left});
    }
    for (const auto client : domain->destroyers)
        server_->reply(client, reply);

    const std::string name = domain->name;
    std::erase_if(old_consoles_, [&](const auto& old) { return old.first == name; });
    if (old_consoles_.size() == kept_consoles) old_consoles_.pop_front();
    old_consoles_.emplace_back(name, std::move(domain->console));
    answer_console_waiters(name);

    const bool anew = domain->ends.after(domain->ended_by) == EndAction::restart;
    if (domain->kept && !domain->doomed && anew) {
        restarter_->restart(name, std::chrono::steady_clock::now() - domain->started);
    }
}

std::optional<AgentMessage> Agent::destroy(ClientId client, const AgentMessage& message) {
    auto found = domain_of(message);
    if (!found) return to_message(found.error());
    HostedDomain& domain = **found;
    domain.destroyers.push_back(client);
    kill(domain);
    return std::nullopt;
}

std::optional<AgentMessage> Agent::console_part(const std::string& name, std::uint64_t offset,
                                                bool even_if_empty) {
    const auto living = std::ranges::find_if(
        domains_, [&](const auto& entry) { return entry.second->name == name; });
    const auto old =
        std::ranges::find(old_consoles_, name, &std::pair<std::string, ConsoleBuffer>::first);
    if (living == domains_.end() && old == old_consoles_.end()) {
        return to_message(Error{.kind = ErrorKind::not_found,
                                .tried = "read the console of",
                                .on = "the guest " + name,
                                .cause = "it does not run, and was not among the last " +
                                         std::to_string(kept_consoles) + " that did",
                                .next = "stemma list"});
    }
    const bool ended =
        living == domains_.end() || living->second->phase == HostedDomain::Phase::ended;
    const ConsoleBuffer& buffer = living == domains_.end() ? old->second : living->second->console;
    const auto part = buffer.read(offset, console_part_max);
    if (part.text.empty() && !ended && !even_if_empty) return std::nullopt;
    return AgentMessage("ok")
        .add("text", part.text)
        .add("next", part.next)
        .add("ended", ended && part.next == buffer.end() ? "1" : "0");
}

std::optional<AgentMessage> Agent::console(ClientId client, const AgentMessage& message) {
    const std::string name(message.text("name"));
    const auto offset = message.number("offset", UINT64_MAX).value_or(0);
    const bool wait = message.text("wait") == "1";
    auto part = console_part(name, offset, !wait);
    if (part) return part;
    const auto limit = loop_->after(console_wait, [this, client] {
        const auto waiter = std::ranges::find(console_waiters_, client, &ConsoleWaiter::client);
        if (waiter == console_waiters_.end()) return;
        const auto empty = console_part(waiter->name, waiter->offset, true);
        console_waiters_.erase(waiter);
        server_->reply(client, *empty);
    });
    console_waiters_.push_back({client, name, offset, limit});
    return std::nullopt;
}

void Agent::answer_console_waiters(const std::string& name) {
    for (std::size_t i = 0; i < console_waiters_.size();) {
        auto& waiter = console_waiters_[i];
        auto part = waiter.name == name ? console_part(name, waiter.offset, false) : std::nullopt;
        if (!part) {
            ++i;
            continue;
        }
        const ClientId client = waiter.client;
        loop_->cancel(waiter.limit);
        console_waiters_.erase(console_waiters_.begin() + static_cast<std::ptrdiff_t>(i));
        server_->reply(client, *part);
    }
}

}  // namespace stemma::toolstack
