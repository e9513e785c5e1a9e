#include "xenstored/become_program.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

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

std::string become_program(const LiveUpdate::Order& order, const Handover& handover,
                           const std::vector<std::string>& arguments,
                           const std::string& run_directory) {
    const std::string path = run_directory + c_file;
    const Descriptor file(
        order.to_ours
            ? ::memfd_create("handover", 0)
            : ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file) return "Dump state open error";
    const StreamForm form{order.to_ours ? 2 : order.version, order.to_ours};
    if (!write_all(file.get(), write_stream(handover, form))) return "Dump write error";

    std::vector<std::string> words{order.program};
    words.insert(words.end(), arguments.begin(), arguments.end());
    words.push_back(order.to_ours ? "--take-over=" + std::to_string(file.get()) : "-U");
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
    if (!order.to_ours) ::unlink(path.c_str());
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
    ::unlink(path.c_str());
    return handover;
}

}  // namespace stemma::xenstored
