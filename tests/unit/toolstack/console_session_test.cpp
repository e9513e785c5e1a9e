#include "toolstack/console_session.hpp"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <termios.h>

#include <array>
#include <catch2/catch.hpp>
#include <string>
#include <thread>

#include "toolstack/descriptor.hpp"

using namespace stemma::toolstack;

namespace {

struct Terminal {
    Terminal() {
        int near_end = -1, far_end = -1;
        REQUIRE(::openpty(&near_end, &far_end, nullptr, nullptr, nullptr) == 0);
        master.reset(near_end);
        slave.reset(far_end);
    }
    bool is_raw() const {
        termios settings;
        return ::tcgetattr(slave.get(), &settings) == 0 && (settings.c_lflag & ICANON) == 0;
    }
    Descriptor master;
    Descriptor slave;
};

std::string read_some(const Descriptor& from, std::size_t wanted) {
    std::string text;
    while (text.size() < wanted) {
        pollfd ready{from.get(), POLLIN, 0};
        if (::poll(&ready, 1, 60'000) <= 0) return text + "(nothing came)";
        std::array<char, 65'536> part;
        const auto count = ::read(from.get(), part.data(), part.size());
        if (count <= 0) return text + "(end)";
        text.append(part.data(), static_cast<std::size_t>(count));
    }
    return text;
}

void write_all(const Descriptor& to, std::string_view text) {
    while (!text.empty()) {
        const auto count = ::write(to.get(), text.data(), text.size());
        REQUIRE(count > 0);
        text.remove_prefix(static_cast<std::size_t>(count));
    }
}

// A guest's console as xenconsoled makes it, a person before a terminal, and a pipe for what they
// see.
struct Rig {
    Rig() {
        termios raw;
        REQUIRE(::tcgetattr(guest.slave.get(), &raw) == 0);
        ::cfmakeraw(&raw);
        REQUIRE(::tcsetattr(guest.slave.get(), TCSANOW, &raw) == 0);
        REQUIRE(::fcntl(guest.slave.get(), F_SETFL, O_NONBLOCK) == 0);
        int ends[2];
        REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
        seen.reset(ends[0]);
        shown.reset(ends[1]);
    }
    ~Rig() {
        if (session.joinable()) session.join();
    }

    void start(int in) {
        session = std::thread([this, in] {
            sigset_t all;  // what ends a session would end the test after it
            ::sigfillset(&all);
            ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
            done = hold_console_session(guest.slave.get(), in, shown.get()).has_value();
        });
    }
    void start_at_terminal() {
        start(person.slave.get());
        while (!person.is_raw())
            std::this_thread::yield();
    }
    // The session is over, without error, and the terminal as it was.
    bool ends() {
        session.join();
        return done && !person.is_raw();
    }

    Terminal guest;
    Terminal person;
    Descriptor seen;
    Descriptor shown;
    bool done = false;
    std::thread session;
};

}  // namespace

TEST_CASE("bytes go both ways unchanged, until the escape character is typed") {
    Rig rig;
    rig.start_at_terminal();
    write_all(rig.guest.master, "login: \x1b[1m\r\n");
    CHECK(read_some(rig.seen, 13) == "login: \x1b[1m\r\n");
    write_all(rig.person.master, "root\r\x03\x04");
    CHECK(read_some(rig.guest.master, 7) == "root\r\x03\x04");
    write_all(rig.person.master, "last\x1dnot this");
    CHECK(read_some(rig.guest.master, 4) == "last");
    CHECK(rig.ends());
}

TEST_CASE("the escape character is heard also while the guest takes nothing") {
    Rig rig;
    rig.start_at_terminal();
    // More than the guest's terminal and the session hold; a person's terminal takes 4 KB at once.
    for (int i = 0; i < 100; ++i)
        write_all(rig.person.master, std::string(1000, 'x'));
    write_all(rig.person.master, "\x1d");
    CHECK(rig.ends());
}

TEST_CASE("a pipe's bytes all reach the guest before its end ends the session") {
    Rig rig;
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    const Descriptor out(ends[0]);
    Descriptor in(ends[1]);
    rig.start(out.get());
    const std::string text(3 * console_backlog, 'y');
    std::thread writer([&] {
        write_all(in, text);
        in.reset();
    });
    CHECK(read_some(rig.guest.master, text.size()) == text);
    writer.join();
    CHECK(rig.ends());
}

TEST_CASE("a session ends when the guest's end closes, when its reader goes and by a signal") {
    Rig rig;
    rig.start_at_terminal();
    SECTION("the guest") {
        rig.guest.master.reset();
    }
    SECTION("the reader") {
        ::signal(SIGPIPE, SIG_IGN);  // as the program does
        rig.seen.reset();
        write_all(rig.guest.master, "to nobody");
    }
    SECTION("a signal") {
        ::pthread_kill(rig.session.native_handle(), SIGTERM);
    }
    SECTION("the person's terminal") {
        rig.person.master.reset();
        rig.session.join();
        CHECK(rig.done);
        return;
    }
    CHECK(rig.ends());
}
