// Sends the same requests, well-formed and not, over the sockets of two daemons and compares what
// comes back, byte by byte: replies and watch events, on three connections each. Given the hosted
// link of one of them, first makes domains 5 and 7 known there.
//
//   compare_replies SOCKET-A SOCKET-B HYPERVISOR-B SEED COUNT
//
// Left out are the differences that are meant (ours commits transactions that C refuses), so a
// transaction is alone while it is open; and gencnt, which is each daemon's own.
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "xs_wire/hosted_link.hpp"
#include "xs_wire/message.hpp"

namespace {

using stemma::xs::Header;
using stemma::xs::MessageType;

[[noreturn]] void fail(const std::string& why) {
    std::fprintf(stderr, "%s\n", why.c_str());
    std::exit(1);
}

int connected(const char* path, int type) {
    const int fd = ::socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        fail(std::string("connect ") + path + ": " + std::strerror(errno));
    }
    return fd;
}

struct Message {
    Header header;
    std::string payload;
};

Message received(int fd) {
    const auto all = [&](void* to, std::size_t size) {
        for (std::size_t got = 0; got < size;) {
            const ssize_t count = ::read(fd, static_cast<char*>(to) + got, size - got);
            if (count <= 0) fail("the daemon closed the connection");
            got += static_cast<std::size_t>(count);
        }
    };
    std::array<std::byte, Header::size> bytes;
    all(bytes.data(), bytes.size());
    Message message{Header::read(bytes), {}};
    message.payload.resize(message.header.length);
    all(message.payload.data(), message.payload.size());
    return message;
}

std::string shown(const Message& message) {
    std::string text = std::to_string(static_cast<unsigned>(message.header.type)) + "/" +
                       std::to_string(message.header.request_id) + "/" +
                       std::to_string(message.header.transaction_id) + " ";
    for (const char c : message.payload.substr(0, 300)) {
        const auto byte = static_cast<unsigned char>(c);
        char escaped[8];
        std::snprintf(escaped, sizeof escaped, byte >= 32 && byte < 127 ? "%c" : "\\%02x", byte);
        text += escaped;
    }
    return text;
}

// What one daemon says to one request: events and, last, the reply.
struct Said {
    std::vector<std::string> events;
    std::string reply;
    bool is_error = false;
    bool operator==(const Said&) const = default;
};

class Side {
  public:
    explicit Side(const char* path) {
        for (int& fd : fds_)
            fd = connected(path, SOCK_STREAM);
    }
    // Events caused on other connections are collected by a harmless request on each.
    Said ask(std::size_t connection, MessageType type, const std::string& payload,
             std::uint32_t transaction) {
        Said said = one(connection, type, payload, transaction);
        for (std::size_t other = 0; other < fds_.size(); ++other) {
            Said rest = one(other, MessageType::get_domain_path, std::string("0\0", 2), 0);
            // C tells the end of a domain before or after the reply, as its list of connections
            // happens to be.
            const std::string mark = type == MessageType::release && other == connection
                                         ? ""
                                         : "#" + std::to_string(other) + " ";
            for (std::string& event : rest.events)
                said.events.push_back(mark + std::move(event));
        }
        return said;
    }

  private:
    Said one(std::size_t connection, MessageType type, const std::string& payload,
             std::uint32_t transaction) {
        std::string bytes(Header::size, '\0');
        Header{type, 42, transaction, static_cast<std::uint32_t>(payload.size())}.write(
            std::as_writable_bytes(std::span(bytes)).first<Header::size>());
        bytes += payload;
        if (::write(fds_[connection], bytes.data(), bytes.size()) !=
            static_cast<ssize_t>(bytes.size())) {
            fail("write");
        }
        Said said;
        for (;;) {
            Message message = received(fds_[connection]);
            if (message.header.type == MessageType::watch_event) {
                said.events.push_back(shown(message));
                continue;
            }
            if (message.header.type == MessageType::directory_part) {
                message.payload.erase(0, message.payload.find('\0') + 1);
            }
            said.is_error = message.header.type == MessageType::error;
            said.reply = shown(message);
            return said;
        }
    }

    std::array<int, 3> fds_;
};

void make_domains(const char* path) {
    const int link = connected(path, SOCK_SEQPACKET);
    for (const std::uint32_t id : {5u, 7u}) {
        const std::array<int, 3> fds{::memfd_create("ring", MFD_ALLOW_SEALING),
                                     ::eventfd(0, EFD_NONBLOCK), ::eventfd(0, EFD_NONBLOCK)};
        if (::ftruncate(fds[0], 4096) != 0 || ::fcntl(fds[0], F_ADD_SEALS, F_SEAL_SHRINK) != 0) {
            fail("memfd");
        }
        stemma::xs::HostedMessage message;
        message.event = stemma::xs::HostedEvent::domain_created;
        message.domain = id;
        message.port = 1;
        iovec part{&message, sizeof message};
        alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof fds)> control{};
        msghdr header{};
        header.msg_iov = &part;
        header.msg_iovlen = 1;
        header.msg_control = control.data();
        header.msg_controllen = control.size();
        cmsghdr* const c = CMSG_FIRSTHDR(&header);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof fds);
        std::memcpy(CMSG_DATA(c), fds.data(), sizeof fds);
        if (::sendmsg(link, &header, 0) < 0) fail("sendmsg");
    }
    // The link stays open to the end of this process.
}

class Maker {
  public:
    explicit Maker(unsigned seed) : random_(seed) {}

    std::size_t below(std::size_t limit) { return random_() % limit; }
    bool once_in(std::size_t n) { return below(n) == 0; }

    std::string path() {
        static const char* const starts[] = {"", "", "/", "/local/domain/5", "/local/domain/0"};
        std::string text = starts[below(5)];
        for (std::size_t depth = 1 + below(3); depth > 0; --depth) {
            if (!text.empty() && text != "/") text += '/';
            text += "abc"[below(3)];
        }
        if (!text.starts_with('/') && once_in(2)) text.insert(0, "/");
        if (once_in(30)) text += "/";
        if (once_in(40)) text += ".";
        if (once_in(40)) text = "@releaseDomain";
        if (once_in(40)) text = "/";
        if (once_in(60)) text.clear();
        if (once_in(60)) text = "/" + std::string(2040 + below(12), 'n');
        if (once_in(60)) text = "/local/domain/5/" + std::string(2040 + below(12), 'n');
        return text;
    }
    std::string domid() {
        static const char* const ids[] = {"5",  "7",  "0", "6",     "5x",    "x",
                                          " 5", "-1", "",  "99999", "32752", "0x5"};
        return ids[below(12)];
    }
    std::string permissions() {
        static const char* const entries[] = {"n0", "r0",   "w0",  "b0",  "n5",  "r5",
                                              "w7", "b7",   "r6",  "n6",  "x0",  "r",
                                              "",   "r0x5", "r 5", "r5 ", "n05", "r9999"};
        // Owners other than domain 0 are left out: C 4.17 ruins its tree when a domain is released
        // that owns nodes below one another.
        static const char* const owners[] = {"n0", "r0", "w0", "b0", "n6", "x0", ""};
        std::string text = std::string(owners[once_in(4) ? below(7) : below(4)]) + '\0';
        for (std::size_t count = below(4); count > 0; --count)
            text += std::string(entries[once_in(4) ? below(18) : below(8)]) + '\0';
        return text;
    }

  private:
    std::mt19937 random_;
};

}  // namespace

int main(int argc, char** argv) {
    if (argc != 6) fail("usage: compare_replies SOCKET-A SOCKET-B HYPERVISOR-B SEED COUNT");
    make_domains(argv[3]);
    Side a(argv[1]), b(argv[2]);
    Maker make(static_cast<unsigned>(std::atoi(argv[4])));
    const long count = std::atol(argv[5]);
    long errors = 0, events = 0;
    std::uint32_t open = 0;  // the transaction, of connection 0
    std::uint32_t next = 1;

    for (long i = 0; i < count; ++i) {
        using enum MessageType;
        constexpr MessageType common[] = {read,
                                          read,
                                          write,
                                          write,
                                          write,
                                          mkdir,
                                          rm,
                                          directory,
                                          get_perms,
                                          set_perms,
                                          MessageType::watch,
                                          unwatch,
                                          directory_part};
        constexpr MessageType rare[] = {introduce,
                                        release,
                                        is_domain_introduced,
                                        resume,
                                        set_target,
                                        get_domain_path,
                                        reset_watches,
                                        transaction_start,
                                        transaction_start,
                                        transaction_start,
                                        watch_event,
                                        error,
                                        restrict,
                                        static_cast<MessageType>(27),
                                        static_cast<MessageType>(99)};
        MessageType type = make.once_in(6) ? rare[make.below(15)] : common[make.below(13)];
        std::size_t connection = make.below(3);
        std::uint32_t transaction = make.once_in(50) ? 77 : 0;
        if (open != 0) {
            connection = 0;
            transaction = open;
            if (make.once_in(8)) type = transaction_end;
            // what changes the tree or the domains outside would conflict in C
            if (type == introduce || type == release || type == reset_watches) type = read;
        } else if (type == transaction_start) {
            connection = 0;
            transaction = 0;
        }
        std::string payload = make.path() + '\0';
        switch (type) {
            case write:
                payload += std::string(make.below(4) * make.below(30), 'v');
                break;
            case set_perms:
                payload += make.permissions();
                break;
            case MessageType::watch:
            case unwatch:
                payload += std::string(1, static_cast<char>('0' + make.below(2))) + '\0';
                break;
            case directory_part:
                payload += std::to_string(make.below(6)) + '\0';
                break;
            case introduce:
                payload = make.domid() + std::string("\0001\0001\0", 5);
                // C maps any domain's grant here; 6 and the odd numbers do not exist
                if (payload.starts_with('0') || payload.starts_with('x') || payload[0] == '\0') {
                    payload[0] = '6';
                }
                break;
            case release:
            case resume:
            case is_domain_introduced:
            case get_domain_path:
                payload = make.domid() + '\0';
                break;
            case set_target:
                // In C a target outlives its RELEASE, so no target is set here.
                payload = make.domid() + '\0' + "6" + '\0';
                break;
            case transaction_start:
                payload = std::string(1, '\0');
                break;
            case transaction_end:
                payload = std::string(make.once_in(4) ? "F" : make.once_in(10) ? "X" : "T") + '\0';
                break;
            default:
                break;
        }
        // C answers a payload that is no string with whatever errno holds, where it wants a path
        const bool one_path =
            type == read || type == mkdir || type == rm || type == directory || type == get_perms;
        if (make.once_in(25) && !one_path && type != transaction_start && type != transaction_end &&
            type != watch) {  // a third string is its depth, which C 4.17 has not
            switch (make.below(3)) {
                case 0:
                    payload.pop_back();
                    break;
                case 1:
                    payload += '\0';
                    break;
                default:
                    payload.clear();
            }
        }
        const Said from_a = a.ask(connection, type, payload, transaction);
        const Said from_b = b.ask(connection, type, payload, transaction);
        if (!(from_a == from_b)) {
            std::printf("request %ld on %zu: %s\n", i, connection,
                        shown({{type, 42, transaction, 0}, payload}).c_str());
            for (const auto* said : {&from_a, &from_b}) {
                std::printf("%s: %s\n", said == &from_a ? "A" : "B", said->reply.c_str());
                for (const std::string& event : said->events)
                    std::printf("   event %s\n", event.c_str());
            }
            return 1;
        }
        errors += from_a.is_error;
        events += static_cast<long>(from_a.events.size());
        if (type == transaction_start && transaction == 0 && !from_a.is_error) open = next++;
        if (type == transaction_end && open != 0 && payload[0] != 'X') open = 0;
    }
    std::printf("%ld requests, %ld errors and %ld events alike\n", count, errors, events);
    return 0;
}
