#include "xenstored/become_program.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "xenstored/descriptor.hpp"
#include "xenstored/migration_stream.hpp"

namespace stemma::xenstored {

namespace {

// Where C xenstored 4.17 writes and looks for its state.
constexpr char c_file[] = "/state_dump";

void close_at_exec(const std::vector<int>& descriptors, bool closed) {
    for (const int descriptor : descriptors)
        ::fcntl(descriptor, F_SETFD, closed ? FD_CLOEXEC : 0);
}

void do_not_wait(const Handover& handover, bool set) {
    const auto change = [set](int socket) {
        const int flags = ::fcntl(socket, F_GETFL);
        ::fcntl(socket, F_SETFL, set ? flags | O_NONBLOCK : flags & ~O_NONBLOCK);
    };
    change(handover.listener);
    for (const auto& [id, connection] : handover.state.connections) {
        if (!connection.ring) change(connection.descriptor);
    }
}

bool write_all(int file, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::write(file, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

std::expected<std::string, std::string> read_all(int file) {
    struct stat status {};
    if (::fstat(file, &status) != 0) return std::unexpected(std::strerror(errno));
    std::string bytes(static_cast<std::size_t>(status.st_size), '\0');
    for (std::size_t at = 0; at < bytes.size();) {
        const ssize_t count =
            ::pread(file, bytes.data() + at, bytes.size() - at, static_cast<off_t>(at));
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return std::unexpected(std::strerror(count < 0 ? errno : EIO));
        at += static_cast<std::size_t>(count);
    }
    return bytes;
}

// When the file was written last, by the clock that does not step.
Laps::Clock::time_point written_at(int file) {
    struct stat status {};
    if (::fstat(file, &status) != 0) return Laps::Clock::now();
    const auto since_epoch = std::chrono::seconds(status.st_mtim.tv_sec) +
                             std::chrono::nanoseconds(status.st_mtim.tv_nsec);
    const auto age = std::chrono::system_clock::now().time_since_epoch() - since_epoch;
    return Laps::Clock::now() - std::max(age, std::chrono::system_clock::duration::zero());
}

std::expected<Handover, std::string> take(int file) {
    const auto bytes = read_all(file);
    if (!bytes) return std::unexpected("read the state: " + bytes.error());
    auto handover = read_stream(*bytes);
    if (!handover) return handover;
    close_at_exec(descriptors_of(*handover), true);
    do_not_wait(*handover, true);
    return handover;
}

}  // namespace

std::vector<int> descriptors_of(const Handover& handover) {
    std::vector<int> all{handover.listener, handover.event_channels, handover.hosted.listener};
    all.insert(all.end(), handover.locks.begin(), handover.locks.end());
    all.insert(all.end(), handover.hosted.links.begin(), handover.hosted.links.end());
    for (const auto& domain : handover.hosted.domains)
        all.insert(all.end(), {domain.page, domain.wakes_daemon, domain.wakes_domain});
    for (const auto& [id, connection] : handover.state.connections) {
        if (!connection.ring) all.push_back(connection.descriptor);
    }
    std::erase(all, -1);
    return all;
}

std::expected<LeftState, std::string> leave_state(const LiveUpdate::Order& order,
                                                  const Handover& handover,
                                                  const std::string& run_directory) {
    LeftState left;
    if (order.to_ours) {
        left.file = Descriptor(::memfd_create("handover", 0));
    } else {
        left.path = run_directory + c_file;
        left.file = Descriptor(
            ::open(left.path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
    }
    if (!left.file) return std::unexpected("Dump state open error");
    const std::string stream =
        write_stream(handover, {order.to_ours ? 2 : order.version, order.to_ours});
    if (!write_all(left.file.get(), stream)) {
        if (!left.path.empty()) ::unlink(left.path.c_str());
        return std::unexpected("Dump write error");
    }
    left.size = stream.size();
    return left;
}

std::string become_program(const LiveUpdate::Order& order, const Handover& handover,
                           const LeftState& left, const std::vector<std::string>& arguments) {
    std::vector<std::string> words{order.program};
    words.insert(words.end(), arguments.begin(), arguments.end());
    words.push_back(order.to_ours ? "--take-over=" + std::to_string(left.file.get()) : "-U");
    std::vector<char*> pointers;
    for (std::string& word : words)
        pointers.push_back(word.data());
    pointers.push_back(nullptr);

    const auto descriptors = descriptors_of(handover);
    close_at_exec(descriptors, false);
    sigset_t none, before;
    sigemptyset(&none);
    ::sigprocmask(SIG_BLOCK, &none, &before);
    if (!order.to_ours) {
        // C knows of no signal that is blocked; SIGHUP would end it before it has a handler.
        ::signal(SIGHUP, SIG_IGN);
        // And it closes a client of whom there is nothing to read, such as the rest of a request.
        do_not_wait(handover, false);
        ::sigprocmask(SIG_SETMASK, &none, nullptr);
    }
    ::execv(order.program.c_str(), pointers.data());
    const std::string reason = std::strerror(errno);
    ::sigprocmask(SIG_SETMASK, &before, nullptr);
    ::signal(SIGHUP, SIG_DFL);
    close_at_exec(descriptors, true);
    do_not_wait(handover, true);
    if (!left.path.empty()) ::unlink(left.path.c_str());
    return "Error activating new binary.\n" + order.program + ": " + reason;
}

std::expected<Handover, std::string> take_handover(int from) {
    const Descriptor file(from);
    return take(file.get());
}

std::expected<Handover, std::string> take_handover(const std::string& run_directory) {
    const std::string path = run_directory + c_file;
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    if (!file) return std::unexpected(path + ": " + std::strerror(errno));
    auto handover = take(file.get());
    if (handover) handover->held_since = written_at(file.get());
    ::unlink(path.c_str());
    return handover;
}

}  // namespace stemma::xenstored
