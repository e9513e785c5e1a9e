#include "toolstack/agent/state_saver.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <catch2/catch.hpp>

#include <array>
#include <cstring>
#include <functional>

#include "temporary_directory.hpp"
#include "toolstack/unix_socket.hpp"
#include "xs_wire/message.hpp"

namespace stemma::toolstack {

namespace {

// xenstored's end, on the same loop: notes requests as text and answers when told to.
class Daemon {
  public:
    Daemon(EventLoop& loop, const std::string& path)
        : loop_(loop), listener_(*listen_unix(path, SOCK_STREAM)) {
        loop_.add(listener_.get(), EPOLLIN, [this](std::uint32_t) {
            client_.reset(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK));
            loop_.add(client_.get(), EPOLLIN, [this](std::uint32_t) { read(); });
        });
    }
    ~Daemon() {
        close_client();
        loop_.remove(listener_.get());
    }

    struct Request {
        xs::Header header;
        std::string text;  // payload with blanks for NULs
    };
    std::vector<Request> requests;
    std::function<void(const Request&)> on_request = [](const Request&) {};

    void send(xs::MessageType type, std::uint32_t id, const std::string& payload) {
        std::array<char, xs::Header::size> bytes;
        std::array<std::byte, xs::Header::size> header;
        xs::Header{type, id, 0, static_cast<std::uint32_t>(payload.size())}.write(header);
        std::memcpy(bytes.data(), header.data(), header.size());
        ::send(client_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        ::send(client_.get(), payload.data(), payload.size(), MSG_NOSIGNAL);
    }
    void ok(const Request& request) {
        send(request.header.type, request.header.request_id, std::string("OK\0", 3));
    }
    void event(const std::string& path, const std::string& token) {
        send(xs::MessageType::watch_event, 0, path + '\0' + token + '\0');
    }
    void close_client() {
        if (client_) loop_.remove(client_.get());
        client_.reset();
    }

  private:
    void read() {
        std::array<char, 65536> chunk;
        const auto count = ::recv(client_.get(), chunk.data(), chunk.size(), 0);
        if (count <= 0) return close_client();
        input_.append(chunk.data(), static_cast<std::size_t>(count));
        while (input_.size() >= xs::Header::size) {
            std::array<std::byte, xs::Header::size> bytes;
            std::memcpy(bytes.data(), input_.data(), bytes.size());
            Request request{xs::Header::read(bytes), ""};
            if (input_.size() < bytes.size() + request.header.length) return;
            request.text = input_.substr(bytes.size(), request.header.length);
            for (char& c : request.text) {
                if (c == '\0') c = ' ';
            }
            input_.erase(0, bytes.size() + request.header.length);
            requests.push_back(request);
            on_request(request);
            if (!client_) return;
        }
    }

    EventLoop& loop_;
    Descriptor listener_;
    Descriptor client_;
    std::string input_;
};

struct Rig {
    TemporaryDirectory directory;
    std::unique_ptr<EventLoop> loop = *EventLoop::open();
    Daemon daemon{*loop, directory / "socket"};
    std::vector<std::string> log;
    StateSaver saver{*loop, directory / "socket",
                     [this](const std::string& line) { log.push_back(line); },
                     std::chrono::milliseconds(10)};
};

}  // namespace

TEST_CASE("at its end a guest is saved under its name, and the end waits for the reply") {
    Rig rig;
    bool done = false;
    rig.daemon.on_request = [&](const Daemon::Request& request) {
        CHECK(request.header.type == xs::MessageType::control);
        CHECK(request.text == "save-guest 5 nat0 ");
        CHECK(!done);
        rig.daemon.ok(request);
    };
    rig.saver.finish(5, "nat0", [&] {
        done = true;
        rig.loop->stop();
    });
    REQUIRE(rig.loop->run());
    CHECK(done);
    CHECK(rig.log.empty());
}

TEST_CASE("without xenstored, or when it ends meanwhile, the guest's end goes on and is told") {
    Rig rig;
    bool done = false;
    rig.daemon.on_request = [&](const Daemon::Request&) { rig.daemon.close_client(); };
    rig.saver.finish(5, "nat0", [&] {
        done = true;
        rig.loop->stop();
    });
    REQUIRE(rig.loop->run());
    CHECK(done);
    REQUIRE(rig.log.size() == 1);
    CHECK_THAT(rig.log[0], Catch::Contains("was not saved"));

    auto loop = *EventLoop::open();
    StateSaver alone(*loop, "/nonexistent/socket", [](const std::string&) {});
    bool finished = false;
    alone.finish(5, "nat0", [&] { finished = true; });
    CHECK(finished);
}

TEST_CASE("a guest without state, or one that cannot be saved, ends all the same") {
    for (const char* code : {"ENOENT", "EIO"}) {
        Rig rig;
        rig.daemon.on_request = [&](const Daemon::Request& request) {
            rig.daemon.send(xs::MessageType::error, request.header.request_id,
                            std::string(code) + '\0');
        };
        bool done = false;
        rig.saver.finish(5, "nat0", [&] {
            done = true;
            rig.loop->stop();
        });
        REQUIRE(rig.loop->run());
        CHECK(done);
        CHECK(rig.log.size() == (std::string_view(code) == "EIO" ? 1u : 0u));
    }
}

TEST_CASE("while it runs a guest is saved after a change, with the watch away in between") {
    Rig rig;
    const std::string path = "/local/domain/5/data/net";
    std::vector<std::string> seen;
    rig.daemon.on_request = [&](const Daemon::Request& request) {
        seen.push_back(std::to_string(static_cast<unsigned>(request.header.type)) + ' ' +
                       request.text);
        rig.daemon.ok(request);
        if (request.header.type == xs::MessageType::watch) {
            rig.daemon.event(path, "5");  // the first, which every watch fires
        }
        if (request.header.type == xs::MessageType::control) {
            if (seen.size() > 4) return rig.loop->stop();
            for (int i = 0; i < 50; ++i)
                rig.daemon.event(path + "/nat/x", "5");
        }
    };
    rig.saver.follow(5, "nat0");
    REQUIRE(rig.loop->run());
    const std::string watch = "4 " + path + " 5 ", unwatch = "5 " + path + " 5 ",
                      save = "0 save-guest 5 nat0 ";
    CHECK(seen == std::vector<std::string>{watch, save, unwatch, watch, save});
}

}  // namespace stemma::toolstack
