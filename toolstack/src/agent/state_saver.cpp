#include "toolstack/agent/state_saver.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>
#include <vector>

#include "toolstack/unix_socket.hpp"
#include "toolstack/wire_message.hpp"
#include "xs_wire/error.hpp"

namespace stemma::toolstack {

namespace {

constexpr std::chrono::milliseconds finish_limit{10'000};

std::string state_path(xs::DomainId domain) {
    return xs::domain_path(domain) + "/data/net";
}

std::string terminated(std::initializer_list<std::string_view> words) {
    std::string payload;
    for (const auto word : words) {
        payload += word;
        payload += '\0';
    }
    return payload;
}

}  // namespace

StateSaver::StateSaver(EventLoop& loop, std::string socket, Log log,
                       std::chrono::milliseconds interval)
    : loop_(loop), path_(std::move(socket)), log_(std::move(log)), interval_(interval) {
    tick_ = loop_.after(interval_, [this] { tick(); });
}

StateSaver::~StateSaver() {
    loop_.cancel(tick_);
    for (const auto& [domain, guest] : guests_) {
        if (guest.limit != 0) loop_.cancel(guest.limit);
    }
    if (socket_) loop_.remove(socket_.get());
}

void StateSaver::follow(xs::DomainId domain, const std::string& name) {
    auto& guest = guests_[domain];
    guest.name = name;
    if (connect()) watch(domain, guest);
}

void StateSaver::finish(xs::DomainId domain, const std::string& name, std::function<void()> done) {
    auto& guest = guests_[domain];
    guest.name = name;
    guest.done = std::move(done);
    if (!connect()) return finished(domain);
    guest.limit = loop_.after(finish_limit, [this, domain] {
        log_("the network state of domain " + std::to_string(domain) +
             " was not saved: xenstored did not answer in time");
        finished(domain);
    });
    // A save that is on its way may be of a moment before the end: another follows it.
    guest.changed = true;
    if (guest.save == 0) save(domain, guest);
}

void StateSaver::forget(xs::DomainId domain) {
    const auto found = guests_.find(domain);
    if (found == guests_.end()) return;
    if (found->second.limit != 0) loop_.cancel(found->second.limit);
    if (found->second.watched && socket_) {
        send(xs::MessageType::unwatch, terminated({state_path(domain), std::to_string(domain)}));
    }
    guests_.erase(found);
}

void StateSaver::finished(xs::DomainId domain) {
    const auto found = guests_.find(domain);
    if (found == guests_.end()) return;
    auto done = std::move(found->second.done);
    forget(domain);
    if (done) done();
}

void StateSaver::tick() {
    tick_ = loop_.after(interval_, [this] { tick(); });
    if (guests_.empty() || !connect()) return;
    std::vector<xs::DomainId> domains;
    for (const auto& [domain, guest] : guests_)
        domains.push_back(domain);
    for (const auto domain : domains) {
        const auto found = guests_.find(domain);
        if (found == guests_.end() || !found->second.changed || found->second.save != 0) continue;
        // The watch first: what changes while the save is made is then seen.
        if (!found->second.watched) watch(domain, found->second);
        if (!socket_) return;
        save(domain, found->second);
    }
}

bool StateSaver::connect() {
    if (socket_) return true;
    auto socket = connect_unix(path_, SOCK_STREAM);
    if (!socket) return false;
    socket_ = std::move(*socket);
    input_.clear();
    output_.clear();
    loop_.add(socket_.get(), EPOLLIN, [this](std::uint32_t events) {
        if ((events & EPOLLOUT) != 0) flush();
        if (socket_ && (events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0) readable();
    });
    return true;
}

void StateSaver::lost(const std::string& why) {
    if (!socket_) return;
    loop_.remove(socket_.get());
    socket_.reset();
    std::vector<xs::DomainId> ending;
    for (auto& [domain, guest] : guests_) {
        guest.watched = false;
        guest.changed = true;
        guest.save = 0;
        if (guest.done) ending.push_back(domain);
    }
    for (const auto domain : ending) {
        log_("the network state of domain " + std::to_string(domain) + " was not saved: " + why);
        finished(domain);
    }
}

void StateSaver::watch(xs::DomainId domain, Guest& guest) {
    guest.watched = true;
    guest.initial = true;
    send(xs::MessageType::watch, terminated({state_path(domain), std::to_string(domain)}));
}

void StateSaver::save(xs::DomainId domain, Guest& guest) {
    guest.changed = false;
    const auto id = send(xs::MessageType::control,
                         terminated({"save-guest", std::to_string(domain), guest.name}));
    // A send that loses the connection ends the guests that wait for it.
    if (const auto still = guests_.find(domain); still != guests_.end()) still->second.save = id;
}

std::uint32_t StateSaver::send(xs::MessageType type, std::string_view payload) {
    const std::uint32_t id = next_request_;
    next_request_ = next_request_ == UINT32_MAX ? 1 : next_request_ + 1;
    if (output_.size() > output_max) {
        lost("xenstored does not take requests");
        return 0;
    }
    append_message(output_, {type, id, 0, static_cast<std::uint32_t>(payload.size())}, payload);
    flush();
    return id;
}

void StateSaver::flush() {
    while (!output_.empty()) {
        const auto sent = ::send(socket_.get(), output_.data(), output_.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0) break;  // full, or broken: then it is readable too
        output_.erase(0, static_cast<std::size_t>(sent));
    }
    loop_.modify(socket_.get(), output_.empty() ? EPOLLIN : EPOLLIN | EPOLLOUT);
}

void StateSaver::readable() {
    std::array<char, 16384> chunk;
    const auto received = ::recv(socket_.get(), chunk.data(), chunk.size(), 0);
    if (received < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (received <= 0) return lost("xenstored closed the connection");
    input_.append(chunk.data(), static_cast<std::size_t>(received));
    while (socket_ && input_.size() >= xs::Header::size) {
        std::array<std::byte, xs::Header::size> bytes;
        std::memcpy(bytes.data(), input_.data(), bytes.size());
        const auto header = xs::Header::read(bytes);
        if (header.length > xs::payload_max) return lost("xenstored broke the protocol");
        if (input_.size() < xs::Header::size + header.length) return;
        const std::string payload = input_.substr(xs::Header::size, header.length);
        input_.erase(0, xs::Header::size + header.length);
        take(header, payload);
    }
}

void StateSaver::take(const xs::Header& header, const std::string& payload) {
    if (header.type == xs::MessageType::watch_event) {
        const auto token_at = payload.find('\0');
        if (token_at == std::string::npos) return;
        const char* const token = payload.data() + token_at + 1;
        xs::DomainId domain = 0;
        std::from_chars(token, payload.data() + payload.size(), domain);
        const auto found = guests_.find(domain);
        if (found == guests_.end() || !found->second.watched) return;
        if (std::exchange(found->second.initial, false)) return;
        found->second.changed = true;
        found->second.watched = false;
        send(xs::MessageType::unwatch, terminated({state_path(domain), std::to_string(domain)}));
        return;
    }
    for (auto& [domain, guest] : guests_) {
        if (guest.save != header.request_id || guest.save == 0) continue;
        guest.save = 0;
        if (header.type == xs::MessageType::error) {
            const auto code = xs::error_from_name(payload);
            // A guest without network state has nothing to save.
            if (code != xs::Error::enoent && told_.size() < 64 && told_.insert(guest.name).second) {
                log_("the network state of " + guest.name + " is not saved: xenstored answers " +
                     std::string(xs::name(code)));
            }
        } else {
            told_.erase(guest.name);
        }
        if (!guest.done) return;
        if (guest.changed) return save(domain, guest);
        return finished(domain);
    }
}

}  // namespace stemma::toolstack
