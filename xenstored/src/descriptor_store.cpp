#include "xenstored/descriptor_store.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>

#include "xenstored/service.hpp"

namespace stemma::xenstored {

namespace {

constexpr int first_passed = 3;  // SD_LISTEN_FDS_START

std::string_view environment(const char* name) {
    const char* const value = std::getenv(name);
    return value != nullptr ? value : "";
}

}  // namespace

DescriptorStore DescriptorStore::from_environment() {
    DescriptorStore store;
    store.socket_ = service_manager_socket();
    if (environment("LISTEN_PID") == std::to_string(::getpid())) {
        const int count = std::atoi(std::string(environment("LISTEN_FDS")).c_str());
        // One variable cannot hold the names of all our keeper may have: it goes on in others.
        std::string all(environment("LISTEN_FDNAMES"));
        for (int part = 1;; ++part) {
            const std::string name = "LISTEN_FDNAMES_" + std::to_string(part);
            const std::string_view more = environment(name.c_str());
            if (more.empty()) break;
            all.append(more);
            ::unsetenv(name.c_str());
        }
        std::string_view names = all;
        for (int i = 0; i < count; ++i) {
            const std::string_view name = names.substr(0, names.find(':'));
            names.remove_prefix(std::min(name.size() + 1, names.size()));
            const int fd = first_passed + i;
            ::fcntl(fd, F_SETFD, FD_CLOEXEC);
            store.held_.insert_or_assign(std::string(name), Descriptor(fd));
            store.stored_.insert(std::string(name));
            store.had_any_ = true;
        }
    }
    for (const char* const name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"})
        ::unsetenv(name);
    return store;
}

Descriptor DescriptorStore::take(const std::string& name) {
    auto found = held_.extract(name);
    return found.empty() ? Descriptor() : std::move(found.mapped());
}

std::map<std::string, Descriptor> DescriptorStore::take_all(const std::string& kind) {
    std::map<std::string, Descriptor> taken;
    for (auto held = held_.lower_bound(kind); held != held_.end() && held->first.starts_with(kind);
         held = held_.erase(held)) {
        taken.emplace(held->first.substr(kind.size()), std::move(held->second));
    }
    return taken;
}

void DescriptorStore::drop_rest() {
    for (const auto& [name, descriptor] : std::exchange(held_, {}))
        remove(name);
}

bool DescriptorStore::send(const std::string& text, int descriptor) {
    iovec part{const_cast<char*>(text.data()), text.size()};
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    if (descriptor >= 0) {
        header.msg_control = control;
        header.msg_controllen = sizeof control;
        cmsghdr* const c = CMSG_FIRSTHDR(&header);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int));
        std::memcpy(CMSG_DATA(c), &descriptor, sizeof descriptor);
    }
    if (::sendmsg(socket_.get(), &header, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0) return true;
    if (errno == EAGAIN || errno == ENOBUFS || errno == EINTR || errno == ETOOMANYREFS) {
        return false;
    }
    // A manager that is gone holds nothing any more, and does not come back under this name.
    if (errno == ECONNREFUSED || errno == ECONNRESET || errno == ENOTCONN) socket_.reset();
    return true;
}

void DescriptorStore::post(std::string text, int descriptor) {
    if (!socket_) return;
    flush();
    if (queue_.empty() && send(text, descriptor)) return;
    Descriptor kept;
    if (descriptor >= 0) kept = Descriptor(::fcntl(descriptor, F_DUPFD_CLOEXEC, 0));
    queue_.push_back({std::move(text), std::move(kept)});
}

void DescriptorStore::store(const std::string& name, int descriptor) {
    if (!socket_) return;
    stored_.insert(name);
    post("FDSTORE=1\nFDPOLL=0\nFDNAME=" + name, descriptor);
}

void DescriptorStore::forget() {
    for (const std::string& name : std::exchange(stored_, {}))
        post("FDSTOREREMOVE=1\nFDNAME=" + name, -1);
    constexpr int idle_max = 10, idle_ms = 100;
    for (int idle = 0; idle < idle_max && waits(); ++idle) {
        pollfd manager{socket_.get(), POLLOUT, 0};
        ::poll(&manager, 1, idle_ms);
        const std::size_t before = queue_.size();
        flush();
        if (queue_.size() < before) idle = 0;
    }
    socket_.reset();
    queue_.clear();
}

void DescriptorStore::remove(const std::string& name) {
    stored_.erase(name);
    post("FDSTOREREMOVE=1\nFDNAME=" + name, -1);
}

void DescriptorStore::flush() {
    while (!queue_.empty() && send(queue_.front().text, queue_.front().descriptor.get()))
        queue_.pop_front();
}

}  // namespace stemma::xenstored
