#include "nsd_process.hpp"

#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <utility>

namespace stemma::dns_test {

namespace {

constexpr const char* program = "/usr/sbin/nsd";

sockaddr* as_sockaddr(sockaddr_in& address) {
    return std::bit_cast<sockaddr*>(&address);
}

// A UDP port that was free a moment ago.
std::uint16_t free_port() {
    const int probe = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    std::uint16_t port = 0;
    if (bind(probe, as_sockaddr(address), sizeof address) == 0 &&
        getsockname(probe, as_sockaddr(address), &size) == 0)
        port = ntohs(address.sin_port);
    close(probe);
    return port;
}

int connect_to(std::uint16_t port) {
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    if (connect(fd, as_sockaddr(address), sizeof address) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

void write_files(const std::string& directory, std::uint16_t port,
                 const std::vector<ZoneFile>& zones) {
    std::ofstream conf(directory + "/nsd.conf");
    conf << "server:\n ip-address: 127.0.0.1\n port: " << port
         << "\n server-count: 1\n username: \"\"\n chroot: \"\"\n database: \"\"\n"
            " hide-version: yes\n do-ip6: no\n ipv4-edns-size: 1232\n"
            " rrl-ratelimit: 0\n rrl-whitelist-ratelimit: 0\n";
    for (const auto* name : {"zonesdir", "xfrdir"})
        conf << ' ' << name << ": \"" << directory << "\"\n";
    for (const auto* name : {"pidfile", "logfile", "xfrdfile", "zonelistfile"})
        conf << ' ' << name << ": \"" << directory << '/' << name << "\"\n";
    conf << "remote-control:\n control-enable: no\n";
    for (std::size_t i = 0; i < zones.size(); ++i) {
        const std::string file = "zone" + std::to_string(i);
        conf << "zone:\n name: \"" << zones[i].origin << "\"\n zonefile: \"" << file << "\"\n";
        std::ofstream(directory + "/" + file) << zones[i].text;
    }
}

std::string read_file(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

// The question's name, type and class as they stand behind the header.
std::span<const std::uint8_t> question(std::span<const std::uint8_t> message) {
    std::size_t end = 12;
    while (end < message.size() && message[end] != 0)
        end += message[end] + 1U;
    return message.subspan(12, std::min(end + 5, message.size()) - 12);
}

// One exchange; empty when no reply to this query comes in time, or the port is closed. A reply to
// an earlier query, which came too late for it, has another id or another question.
std::vector<std::uint8_t> exchange(int fd, std::span<const std::uint8_t> query, int milliseconds) {
    if (send(fd, query.data(), query.size(), 0) < 0) return {};
    for (;;) {
        pollfd waiting{fd, POLLIN, 0};
        if (poll(&waiting, 1, milliseconds) != 1) return {};
        std::array<std::uint8_t, 4096> buffer;
        const auto size = recv(fd, buffer.data(), buffer.size(), 0);
        if (size < 0) return {};
        const std::vector<std::uint8_t> reply(buffer.begin(), buffer.begin() + size);
        if (size >= 12 && std::equal(reply.begin(), reply.begin() + 2, query.begin()) &&
            (reply[5] == 0 || std::ranges::equal(question(reply), question(query))))
            return reply;
    }
}

}  // namespace

bool NsdProcess::is_installed() {
    return access(program, X_OK) == 0;
}

NsdProcess::NsdProcess(NsdProcess&& other) noexcept
    : directory_(std::exchange(other.directory_, {})),
      pid_(std::exchange(other.pid_, -1)),
      socket_(std::exchange(other.socket_, -1)) {}

NsdProcess::~NsdProcess() {
    if (socket_ >= 0) close(socket_);
    if (pid_ > 0) {
        kill(pid_, SIGTERM);
        waitpid(pid_, nullptr, 0);
    }
    if (!directory_.empty()) {
        std::error_code ignored;
        std::filesystem::remove_all(directory_, ignored);
    }
}

std::vector<std::uint8_t> NsdProcess::ask(std::span<const std::uint8_t> query) const {
    return exchange(socket_, query, 2000);
}

std::optional<NsdProcess> NsdProcess::start(const std::vector<ZoneFile>& zones, std::string& why) {
    NsdProcess nsd;
    std::string directory = (std::filesystem::temp_directory_path() / "stemma-nsd-XXXXXX").string();
    if (!mkdtemp(directory.data())) {
        why = "no directory " + directory;
        return std::nullopt;
    }
    nsd.directory_ = directory;
    const std::uint16_t port = free_port();
    write_files(directory, port, zones);
    const std::string conf = directory + "/nsd.conf";

    nsd.pid_ = fork();
    if (nsd.pid_ == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        execl(program, program, "-d", "-c", conf.c_str(), nullptr);
        _exit(127);
    }
    nsd.socket_ = connect_to(port);
    // It serves once it refuses a question that it has no zone for. A closed port answers at once,
    // by ICMP; until the next try we wait for what else can end this, the end of the process.
    const std::vector<std::uint8_t> question{0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1};
    const int process = static_cast<int>(syscall(SYS_pidfd_open, nsd.pid_, 0));
    for (int tries = 0; tries < 500; ++tries) {
        if (!exchange(nsd.socket_, question, 20).empty()) {
            close(process);
            return nsd;
        }
        pollfd ended{process, POLLIN, 0};
        if (poll(&ended, 1, 20) == 1) break;
    }
    close(process);
    why = "nsd did not come up:\n" + read_file(directory + "/logfile");
    return std::nullopt;
}

}  // namespace stemma::dns_test
