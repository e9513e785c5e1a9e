// Kills a daemon again and again while socket clients and domains work with it, each in a part of
// the tree of its own, where it knows what every reply must be:
//
//   kill_under_load RUN-DIRECTORY PID-FILE KILLS
//
// Each request must be answered once, in order; what was acknowledged must be there; nothing may be
// done twice (a second WATCH would be EEXIST, a second UNWATCH ENOENT, a second TRANSACTION_START
// would skip a number); a write to a watched node must give its event; a transaction that was open
// may end in EAGAIN and in nothing else. Prints counts.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <fstream>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "xs_wire/hosted_link.hpp"
#include "xs_wire/message.hpp"
#include "xs_wire/ring.hpp"

namespace {

using namespace stemma;
using xs::Header;
using xs::MessageType;
using namespace std::string_literals;

constexpr int patience_ms = 60'000;

[[noreturn]] void fail(const std::string& why) {
    static std::mutex once;
    once.lock();
    std::fprintf(stderr, "kill_under_load: %s\n", why.c_str());
    std::_Exit(1);
}

int connected(const std::string& path, int type) {
    const int fd = ::socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    if (fd < 0 || ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        fail("connect to " + path + ": " + std::strerror(errno));
    }
    return fd;
}

// Bytes to and from the daemon, in order.
class Line {
  public:
    virtual ~Line() = default;
    virtual void send(const std::string& bytes) = 0;
    // Some bytes; waits for them.
    virtual std::string receive() = 0;
};

class SocketLine final : public Line {
  public:
    explicit SocketLine(const std::string& path) : fd_(connected(path, SOCK_STREAM)) {}
    ~SocketLine() override { ::close(fd_); }
    void send(const std::string& bytes) override {
        if (::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) !=
            static_cast<ssize_t>(bytes.size())) {
            fail(std::string("a socket client's send: ") + std::strerror(errno));
        }
    }
    std::string receive() override {
        pollfd waiting{fd_, POLLIN, 0};
        if (::poll(&waiting, 1, patience_ms) != 1) fail("a socket client waits for ever");
        std::string bytes(8192, '\0');
        const ssize_t count = ::recv(fd_, bytes.data(), bytes.size(), 0);
        if (count <= 0) fail("a socket client's connection was closed");
        bytes.resize(static_cast<std::size_t>(count));
        return bytes;
    }

  private:
    int fd_;
};

class RingLine final : public Line {
  public:
    RingLine(int link, std::uint32_t domain) {
        const int page = ::memfd_create("ring", MFD_CLOEXEC | MFD_ALLOW_SEALING);
        if (::ftruncate(page, xs::ring_page::size) != 0) fail("ftruncate");
        ::fcntl(page, F_ADD_SEALS, F_SEAL_SHRINK);
        to_daemon_ = ::eventfd(0, EFD_CLOEXEC);
        to_domain_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        memory_ = ::mmap(nullptr, xs::ring_page::size, PROT_READ | PROT_WRITE, MAP_SHARED, page, 0);
        xs::HostedMessage message;
        message.event = xs::HostedEvent::domain_created;
        message.domain = domain;
        message.port = 1;
        iovec part{&message, sizeof message};
        const int descriptors[3] = {page, to_daemon_, to_domain_};
        alignas(cmsghdr) char control[CMSG_SPACE(sizeof descriptors)] = {};
        msghdr header{};
        header.msg_iov = &part;
        header.msg_iovlen = 1;
        header.msg_control = control;
        header.msg_controllen = sizeof control;
        cmsghdr* const c = CMSG_FIRSTHDR(&header);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof descriptors);
        std::memcpy(CMSG_DATA(c), descriptors, sizeof descriptors);
        if (::sendmsg(link, &header, 0) < 0) fail("the agent's link");
        ring_.emplace(static_cast<std::byte*>(memory_), xs::RingEnd::Side::client);
    }
    void send(const std::string& bytes) override {
        for (std::size_t sent = 0; sent < bytes.size();) {
            const auto count = ring_->write(std::as_bytes(std::span(bytes)).subspan(sent));
            if (!count) fail("a ring's indexes are wrong");
            sent += *count;
            if (*count > 0) {
                ring();
            } else {
                wait();
            }
        }
    }
    std::string receive() override {
        std::string bytes(1024, '\0');
        for (;;) {
            const auto count = ring_->read(std::as_writable_bytes(std::span(bytes)));
            if (!count) fail("a ring's indexes are wrong");
            if (*count > 0) {
                bytes.resize(*count);
                ring();
                return bytes;
            }
            wait();
        }
    }

  private:
    void ring() {
        const std::uint64_t one = 1;
        if (::write(to_daemon_, &one, sizeof one) != sizeof one) fail("eventfd");
    }
    void wait() {
        pollfd waiting{to_domain_, POLLIN, 0};
        if (::poll(&waiting, 1, patience_ms) != 1) fail("a domain waits for ever");
        std::uint64_t count = 0;
        (void)!::read(to_domain_, &count, sizeof count);
    }

    int to_daemon_ = -1;
    int to_domain_ = -1;
    void* memory_ = nullptr;
    std::optional<xs::RingEnd> ring_;
};

struct Reply {
    MessageType type{};
    std::string payload;
};

class Client {
  public:
    Client(std::unique_ptr<Line> line, std::string home) : line_(std::move(line)), home_(home) {}

    // Several requests at once, and their replies.
    std::vector<Reply> ask(const std::vector<std::pair<MessageType, std::string>>& requests,
                           std::uint32_t transaction = 0) {
        std::string bytes;
        for (const auto& [type, payload] : requests) {
            std::string head(Header::size, '\0');
            Header{type, ++asked_, transaction, static_cast<std::uint32_t>(payload.size())}.write(
                std::as_writable_bytes(std::span(head)).first<Header::size>());
            bytes += head + payload;
        }
        line_->send(bytes);
        std::vector<Reply> replies;
        while (replies.size() < requests.size()) {
            const Header header = next();
            if (header.type == MessageType::watch_event) {
                ++events_;
                continue;
            }
            if (header.request_id != ++answered_) {
                fail(home_ + ": request " + std::to_string(answered_) +
                     " was answered by the reply to " + std::to_string(header.request_id));
            }
            const MessageType wanted = requests[replies.size()].first;
            if (header.type != wanted && header.type != MessageType::error) {
                fail(home_ + ": a reply of another type");
            }
            replies.push_back({header.type, payload_});
        }
        return replies;
    }
    Reply ask(MessageType type, const std::string& payload, std::uint32_t transaction = 0) {
        return ask({{type, payload}}, transaction).front();
    }
    void expect(MessageType type, const std::string& payload, const std::string& wanted,
                std::uint32_t transaction = 0) {
        const Reply reply = ask(type, payload, transaction);
        if (reply.payload != wanted) {
            fail(home_ + ": operation " + std::to_string(static_cast<unsigned>(type)) + " of " +
                 payload + " answered " + reply.payload + " instead of " + wanted);
        }
    }

    void begin() {
        expect(MessageType::write, home_ + "/counter\0"s + "0", ok);
        expect(MessageType::write, home_ + "/watched\0"s + "0", ok);
        expect(MessageType::watch, home_ + "/watched\0t\0"s, ok);
        // The first event follows the acknowledgement.
        while (events_ == 0)
            expect(MessageType::mkdir, home_ + '\0', ok);
    }

    void work(std::mt19937& random) {
        switch (random() % 5) {
            case 0: {  // a write, seen by the watch and by a read, in one go
                const std::string value = std::to_string(++written_);
                const auto before = events_;
                const auto replies = ask({{MessageType::write, home_ + "/watched\0"s + value},
                                          {MessageType::read, home_ + "/watched\0"s},
                                          {MessageType::directory, home_ + '\0'}});
                if (replies[0].payload != ok)
                    fail(home_ + ": WRITE answered " + replies[0].payload);
                if (replies[1].payload != value) {
                    fail(home_ + ": " + value + " was acknowledged, but there is " +
                         replies[1].payload);
                }
                if (events_ == before) fail(home_ + ": a watch did not fire");
                repeated_events += events_ - before - 1;
                break;
            }
            case 1: {  // not to be done twice
                expect(MessageType::watch, home_ + "\0again\0"s, ok);
                expect(MessageType::unwatch, home_ + "\0again\0"s, ok);
                break;
            }
            case 2: {
                expect(MessageType::mkdir, home_ + "/made/below\0"s, ok);
                expect(MessageType::rm, home_ + "/made\0"s, ok);
                expect(MessageType::rm, home_ + "/made/below\0"s, "ENOENT\0"s);
                break;
            }
            default:
                count();
        }
        ++done;
    }

    // A counter, by transactions.
    void count() {
        for (;;) {
            const Reply begun = ask(MessageType::transaction_start, "\0"s);
            const auto id = static_cast<std::uint32_t>(std::atol(begun.payload.c_str()));
            if (begun.type == MessageType::error || id != ++transaction_) {
                fail(home_ + ": TRANSACTION_START answered " + begun.payload + " after " +
                     std::to_string(transaction_ - 1));
            }
            expect(MessageType::read, home_ + "/counter\0"s, std::to_string(counted_), id);
            expect(MessageType::write, home_ + "/counter\0"s + std::to_string(counted_ + 1), ok,
                   id);
            const Reply ended = ask(MessageType::transaction_end, "T\0"s, id);
            if (ended.payload == ok) break;
            if (ended.payload != "EAGAIN\0"s) {
                fail(home_ + ": TRANSACTION_END answered " + ended.payload);
            }
            ++doomed;
        }
        ++counted_;
        expect(MessageType::read, home_ + "/counter\0"s, std::to_string(counted_));
    }

    std::atomic<std::uint64_t> done = 0;
    std::uint64_t doomed = 0;
    std::uint64_t repeated_events = 0;

  private:
    Header next() {
        while (held_.size() < Header::size)
            held_ += line_->receive();
        const auto header = Header::read(std::as_bytes(std::span(held_)).first<Header::size>());
        if (header.length > xs::payload_max) fail(home_ + ": not a reply");
        while (held_.size() < Header::size + header.length)
            held_ += line_->receive();
        payload_ = held_.substr(Header::size, header.length);
        held_.erase(0, Header::size + header.length);
        return header;
    }

    static inline const std::string ok = "OK\0"s;
    std::unique_ptr<Line> line_;
    std::string home_;
    std::string held_;
    std::string payload_;
    std::uint32_t asked_ = 0;
    std::uint32_t answered_ = 0;
    std::uint32_t transaction_ = 0;
    std::uint64_t events_ = 0;
    std::uint64_t written_ = 0;
    std::uint64_t counted_ = 0;
};

pid_t pid_in(const std::string& path) {
    std::ifstream file(path);
    pid_t pid = 0;
    file >> pid;
    return pid;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) fail("usage: kill_under_load RUN-DIRECTORY PID-FILE KILLS");
    const std::string socket = argv[1] + "/socket"s;
    const int kills = std::atoi(argv[3]);
    Client tool(std::make_unique<SocketLine>(socket), "tool");
    const int link = connected(argv[1] + "/hypervisor"s, SOCK_SEQPACKET);
    std::deque<Client> clients;
    for (int i = 0; i < 3; ++i) {
        clients.emplace_back(std::make_unique<SocketLine>(socket), "/kill/" + std::to_string(i));
    }
    for (std::uint32_t domain = 1; domain <= 3; ++domain) {
        const std::string id = std::to_string(domain);
        auto line = std::make_unique<RingLine>(link, domain);
        while (tool.ask(MessageType::introduce, id + "\0001\0001\0"s).payload != "OK\0"s) {
        }
        tool.expect(MessageType::mkdir, "/local/domain/" + id + '\0', "OK\0"s);
        tool.expect(MessageType::set_perms, "/local/domain/" + id + "\0n"s + id + '\0', "OK\0"s);
        clients.emplace_back(std::move(line), "/local/domain/" + id);
    }
    std::atomic<bool> stop = false;
    std::vector<std::thread> threads;
    for (Client& client : clients) {
        client.begin();
        threads.emplace_back([&client, &stop, seed = threads.size()] {
            std::mt19937 random(static_cast<unsigned>(seed));
            while (!stop)
                client.work(random);
        });
    }
    std::mt19937 random(std::random_device{}());
    for (int i = 0; i < kills; ++i) {
        const pid_t pid = pid_in(argv[2]);
        std::vector<std::uint64_t> before;
        for (const Client& client : clients)
            before.push_back(client.done);
        if (pid <= 0 || ::kill(pid, SIGKILL) != 0) fail("there is no daemon to kill");
        // Until another daemon has served each of them, and for a while that nobody can foresee.
        const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(patience_ms);
        for (std::size_t c = 0; c < clients.size();) {
            if (clients[c].done > before[c] + 2 && pid_in(argv[2]) != pid) {
                ++c;
            } else if (std::chrono::steady_clock::now() > end) {
                fail("client " + std::to_string(c) + " does not go on after kill " +
                     std::to_string(i + 1));
            } else {
                std::this_thread::yield();
            }
        }
        std::this_thread::sleep_for(std::chrono::microseconds(random() % 3000));
    }
    stop = true;
    std::uint64_t done = 0, doomed = 0, repeated = 0;
    for (std::thread& thread : threads)
        thread.join();
    for (Client& client : clients) {
        client.count();
        done += client.done;
        doomed += client.doomed;
        repeated += client.repeated_events;
    }
    std::printf(
        "%d kills, %llu steps of %zu clients, %llu transactions were doomed, %llu events came "
        "twice\n",
        kills, static_cast<unsigned long long>(done), clients.size(),
        static_cast<unsigned long long>(doomed), static_cast<unsigned long long>(repeated));
    return 0;
}
