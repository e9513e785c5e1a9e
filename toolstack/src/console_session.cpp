#include "toolstack/console_session.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <string>
#include <string_view>

#include "toolstack/descriptor.hpp"

namespace stemma::toolstack {

namespace {

constexpr char escape = 0x1d;  // ^], as with xl console

bool is_passing(int error) {
    return error == EAGAIN || error == EINTR;
}

// The signals that would end the program before it has put the terminal back.
class EndingSignals {
  public:
    EndingSignals() {
        sigset_t ending;
        ::sigemptyset(&ending);
        for (const int signal : {SIGTERM, SIGINT, SIGHUP})
            ::sigaddset(&ending, signal);
        ::pthread_sigmask(SIG_BLOCK, &ending, &before_);
        arrived_.reset(::signalfd(-1, &ending, SFD_CLOEXEC | SFD_NONBLOCK));
    }
    ~EndingSignals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    EndingSignals(const EndingSignals&) = delete;
    EndingSignals& operator=(const EndingSignals&) = delete;

    int descriptor() const { return arrived_.get(); }

  private:
    sigset_t before_;
    Descriptor arrived_;
};

class RawTerminal {
  public:
    explicit RawTerminal(int terminal) : terminal_(terminal) {
        termios now;
        if (::tcgetattr(terminal, &now) != 0) return;  // it is none
        before_ = now;
        ::cfmakeraw(&now);
        ::tcsetattr(terminal, TCSAFLUSH, &now);
    }
    ~RawTerminal() {
        if (before_) ::tcsetattr(terminal_, TCSAFLUSH, &*before_);
    }
    RawTerminal(const RawTerminal&) = delete;
    RawTerminal& operator=(const RawTerminal&) = delete;

    bool is_terminal() const { return before_.has_value(); }

  private:
    int terminal_;
    std::optional<termios> before_;
};

class Session {
  public:
    Session(int console, int in, int out) : console_(console), in_(in), out_(out), keyboard_(in) {}

    Result<void> hold() {
        if (signals_.descriptor() < 0) return system_failure("take", "signals", errno);
        while (!ended_) {
            std::array<pollfd, 3> ready{{
                {console_, static_cast<short>(waiting_.empty() ? POLLIN : POLLIN | POLLOUT), 0},
                {input_ended_ || (room() == 0 && !keyboard_.is_terminal()) ? -1 : in_, POLLIN, 0},
                {signals_.descriptor(), POLLIN, 0},
            }};
            if (::poll(ready.data(), ready.size(), -1) < 0) {
                if (errno == EINTR) continue;
                return system_failure("wait at", "the console", errno);
            }
            if (ready[2].revents != 0) break;
            if ((ready[0].revents & ~POLLOUT) != 0) show();
            if (ready[1].revents != 0) take_input();
            if (!waiting_.empty()) send();
            if (input_ended_ && waiting_.empty()) ended_ = true;
        }
        return {};
    }

  private:
    void show() {
        std::array<char, 4096> part;
        const auto count = ::read(console_, part.data(), part.size());
        if (count < 0 && is_passing(errno)) return;
        // The other end of a terminal that is closed is an error, not an end.
        if (count <= 0) ended_ = true;
        for (std::string_view rest(part.data(), count > 0 ? static_cast<std::size_t>(count) : 0);
             !rest.empty() && !ended_;) {
            const auto written = ::write(out_, rest.data(), rest.size());
            if (written > 0) {
                rest.remove_prefix(static_cast<std::size_t>(written));
            } else if (written < 0 && errno == EAGAIN) {
                pollfd room{out_, POLLOUT, 0};
                ::poll(&room, 1, -1);
            } else if (written == 0 || errno != EINTR) {
                ended_ = true;
            }
        }
    }

    void take_input() {
        std::array<char, 4096> part;
        const auto limit = keyboard_.is_terminal() ? part.size() : std::min(part.size(), room());
        const auto count = ::read(in_, part.data(), limit);
        if (count < 0 && is_passing(errno)) return;
        std::string_view text(part.data(), count > 0 ? static_cast<std::size_t>(count) : 0);
        if (text.empty()) input_ended_ = true;
        if (const auto end = text.find(escape); end != std::string_view::npos) {
            text = text.substr(0, end);
            ended_ = true;
        }
        waiting_ += text.substr(0, room());
    }

    std::size_t room() const { return console_backlog - waiting_.size(); }

    void send() {
        const auto sent = ::write(console_, waiting_.data(), waiting_.size());
        if (sent > 0) waiting_.erase(0, static_cast<std::size_t>(sent));
        if (sent < 0 && !is_passing(errno)) ended_ = true;
    }

    int console_;
    int in_;
    int out_;
    EndingSignals signals_;  // before the terminal is changed
    RawTerminal keyboard_;
    std::string waiting_;  // for the guest
    bool input_ended_ = false;
    bool ended_ = false;
};

}  // namespace

Result<void> hold_console_session(int console, int in, int out) {
    return Session(console, in, out).hold();
}

}  // namespace stemma::toolstack
