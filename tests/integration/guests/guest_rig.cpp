#include "guest_rig.hpp"

#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <arpa/inet.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

namespace stemma::guest_rig {

namespace {

constexpr int patience = 10'000;  // milliseconds, before a test fails

void write_file(const std::string& path, const std::string& text) {
    std::ofstream(path) << text;
}

int packet_socket(const std::string& interface) {
    const int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    REQUIRE(fd >= 0);
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(ETH_P_ALL);
    address.sll_ifindex = static_cast<int>(if_nametoindex(interface.c_str()));
    REQUIRE(bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    return fd;
}

std::optional<std::vector<std::uint8_t>> receive_of_type(int fd, bool outgoing) {
    while (true) {
        pollfd wait{fd, POLLIN, 0};
        if (poll(&wait, 1, patience) <= 0) return std::nullopt;
        std::vector<std::uint8_t> frame(70'000);
        sockaddr_ll from{};
        socklen_t size = sizeof from;
        const auto got =
            recvfrom(fd, frame.data(), frame.size(), 0, reinterpret_cast<sockaddr*>(&from), &size);
        if (got < 0) return std::nullopt;
        if ((from.sll_pkttype == PACKET_OUTGOING) != outgoing) continue;
        frame.resize(static_cast<std::size_t>(got));
        return frame;
    }
}

}  // namespace

bool enter_network() {
    static const bool entered = [] {
        if (geteuid() == 0) return unshare(CLONE_NEWNET) == 0;
        const auto uid = std::to_string(geteuid());
        const auto gid = std::to_string(getegid());
        if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) return false;
        write_file("/proc/self/setgroups", "deny");
        write_file("/proc/self/uid_map", "0 " + uid + " 1");
        write_file("/proc/self/gid_map", "0 " + gid + " 1");
        return true;
    }();
    return entered;
}

int run(const std::string& command) {
    const int status = std::system(("PATH=$PATH:/sbin:/usr/sbin " + command).c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

std::vector<Port> make_ports(std::size_t count) {
    std::vector<Port> ports;
    for (std::size_t i = 0; i < count; ++i) {
        Port port;
        port.peer = "peer" + std::to_string(i);
        port.guest = "guest" + std::to_string(i);
        REQUIRE(run("ip link add " + port.peer + " type veth peer name " + port.guest) == 0);
        for (const auto& name : {port.peer, port.guest}) {
            write_file("/proc/sys/net/ipv6/conf/" + name + "/disable_ipv6", "1");
        }
        REQUIRE(run("ip link set " + port.guest + " arp off up") == 0);
        REQUIRE(run("ip link set " + port.peer + " up") == 0);
        port.guest_socket = packet_socket(port.guest);
        port.peer_socket = packet_socket(port.peer);
        ports.push_back(port);
    }
    return ports;
}

void remove_ports(const std::vector<Port>& ports) {
    for (const auto& port : ports) {
        close(port.guest_socket);
        close(port.peer_socket);
        run("ip link del " + port.peer);
    }
}

void Port::send(const std::vector<std::uint8_t>& frame) const {
    REQUIRE(::send(peer_socket, frame.data(), frame.size(), 0) ==
            static_cast<ssize_t>(frame.size()));
}

std::optional<std::vector<std::uint8_t>> Port::receive() const {
    return receive_of_type(peer_socket, false);
}

std::optional<std::vector<std::uint8_t>> Port::sent_by_kernel() const {
    return receive_of_type(peer_socket, true);
}

GuestProcess::GuestProcess(const Options& options, const std::vector<Port>& ports) {
    ring_ = memfd_create("ring", MFD_CLOEXEC);
    REQUIRE(ftruncate(ring_, xs::ring_page::size) == 0);
    page_ = static_cast<std::byte*>(
        mmap(nullptr, xs::ring_page::size, PROT_READ | PROT_WRITE, MAP_SHARED, ring_, 0));
    end_of_ring_.emplace(page_, xs::RingEnd::Side::server);
    to_guest_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    to_server_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int console[2];
    REQUIRE(pipe2(console, O_CLOEXEC) == 0);
    console_ = console[0];
    fcntl(console_, F_SETFL, O_NONBLOCK);
    int state = -1;
    if (!options.state.empty()) {
        state = memfd_create("state", MFD_CLOEXEC);
        REQUIRE(write(state, options.state.data(), options.state.size()) ==
                static_cast<ssize_t>(options.state.size()));
    }

    std::vector<std::string> words{options.program,
                                   "--domain=1",
                                   "--ring=" + std::to_string(ring_),
                                   "--event-in=" + std::to_string(to_guest_),
                                   "--event-out=" + std::to_string(to_server_),
                                   "--console=" + std::to_string(console[1])};
    std::vector<int> kept{ring_, to_guest_, to_server_, console[1]};
    if (state >= 0) {
        words.push_back("--state=" + std::to_string(state));
        kept.push_back(state);
    }
    for (std::size_t i = 0; i < ports.size(); ++i) {
        words.push_back("--port=" + std::to_string(i) + ":" +
                        std::to_string(ports[i].guest_socket) + ":" + ports[i].mac);
        kept.push_back(ports[i].guest_socket);
    }
    words.push_back("--");
    std::istringstream split(options.words);
    for (std::string word; split >> word;)
        words.push_back(word);

    std::vector<char*> argv;
    for (auto& word : words)
        argv.push_back(word.data());
    argv.push_back(nullptr);
    pid_ = fork();
    REQUIRE(pid_ >= 0);
    if (pid_ == 0) {
        for (const int fd : kept)
            fcntl(fd, F_SETFD, 0);
        if (options.memory_limit != 0) {
            const rlimit limit{options.memory_limit, options.memory_limit};
            setrlimit(RLIMIT_AS, &limit);
        }
        char* const environment[] = {nullptr};
        execve(argv[0], argv.data(), environment);
        _exit(127);
    }
    close(console[1]);
    if (state >= 0) close(state);
}

GuestProcess::~GuestProcess() {
    if (!end_) {
        kill(pid_, SIGKILL);
        waitpid(pid_, nullptr, 0);
    }
    munmap(page_, xs::ring_page::size);
    for (const int fd : {ring_, to_guest_, to_server_, console_})
        close(fd);
}

void GuestProcess::serve_store() {
    std::uint64_t count = 0;
    [[maybe_unused]] auto unused = read(to_server_, &count, sizeof count);
    bool moved = true;
    bool moved_any = false;
    while (moved) {
        moved = false;
        std::array<std::byte, 512> bytes;
        const auto got = end_of_ring_->read(bytes);
        REQUIRE(got);
        if (*got > 0) {
            server_.receive(std::span(bytes).first(*got));
            moved = true;
        }
        const auto out = server_.take_output();
        unsent_.insert(unsent_.end(), out.begin(), out.end());
        const auto put = end_of_ring_->write(unsent_);
        REQUIRE(put);
        unsent_.erase(unsent_.begin(), unsent_.begin() + static_cast<std::ptrdiff_t>(*put));
        moved = moved || *put > 0;
        moved_any = moved_any || moved;
    }
    const std::uint64_t one = 1;
    if (moved_any) unused = write(to_guest_, &one, sizeof one);
}

void GuestProcess::break_store() {
    end_of_ring_->set_word(xs::ring_page::reply_producer, 0x40000000);
    const std::uint64_t one = 1;
    REQUIRE(write(to_guest_, &one, sizeof one) == sizeof one);
}

bool GuestProcess::ended() {
    if (end_) return true;
    int status = 0;
    if (waitpid(pid_, &status, WNOHANG) != pid_) return false;
    end_ = WIFSIGNALED(status) ? End{-1, WTERMSIG(status)} : End{WEXITSTATUS(status), 0};
    return true;
}

bool GuestProcess::wait_until_ready() {
    while (!store_.value("data/ready")) {
        // the console closes when the guest ends
        pollfd waits[] = {{to_server_, POLLIN, 0}, {console_, 0, 0}};
        REQUIRE(poll(waits, 2, patience) > 0);
        serve_store();
        if ((waits[1].revents & POLLHUP) != 0 && !store_.value("data/ready")) return false;
    }
    return true;
}

End GuestProcess::wait_until_end() {
    while (!ended()) {
        pollfd waits[] = {{to_server_, POLLIN, 0}, {console_, 0, 0}};
        REQUIRE(poll(waits, 2, patience) > 0);
        serve_store();
    }
    return *end_;
}

std::string GuestProcess::console() {
    char bytes[4096];
    while (true) {
        const auto got = read(console_, bytes, sizeof bytes);
        if (got <= 0) return said_;
        said_.append(bytes, static_cast<std::size_t>(got));
    }
}

std::uint64_t GuestProcess::status_number(const std::string& name) const {
    std::ifstream file("/proc/" + std::to_string(pid_) + "/status");
    for (std::string word; file >> word;) {
        if (word != name + ":") continue;
        std::uint64_t number = 0;
        file >> number;
        return number;
    }
    return 0;
}

std::uint64_t GuestProcess::switches_when_asleep() const {
    while (true) {
        std::ifstream file("/proc/" + std::to_string(pid_) + "/stat");
        std::string pid, name, state;
        file >> pid >> name >> state;
        REQUIRE((state == "S" || state == "R" || state == "D"));
        if (state == "S") return status_number("voluntary_ctxt_switches");
        sched_yield();
    }
}

}  // namespace stemma::guest_rig
