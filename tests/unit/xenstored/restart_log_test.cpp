#include "xenstored/restart_log.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "random_state.hpp"
#include "state_text.hpp"
#include "temporary_directory.hpp"
#include "xenstored/recovery.hpp"

using namespace stemma;
using namespace stemma::xenstored;
using namespace stemma::xenstored::test;

namespace {

std::string recovered_text(const std::string& directory) {
    const auto recovered = recover(directory);
    if (!recovered) return recovered.error();
    if (!*recovered) return "nothing";
    return state_text((*recovered)->state);
}

// Changes until a checkpoint is due, and waits for the log's thread to write it.
void checkpoint_now(RestartLog& log, RandomState& made) {
    const auto before = log.stats().checkpoints;
    while (!log.wants_checkpoint())
        log.commit(made.change());
    log.checkpoint(made.state);
    while (log.stats().checkpoints == before)
        (void)log.wants_checkpoint();
}

struct Sockets {
    Sockets() { REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()) == 0); }
    ~Sockets() {
        ::close(ends[0]);
        ::close(ends[1]);
    }
    std::array<int, 2> ends{};
};

std::string text_of(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::filesystem::path newest_segment(const std::string& directory) {
    std::filesystem::path newest;
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
        const std::string name = entry.path().filename().string();
        if (name.starts_with("log.") &&
            (newest.empty() ||
             std::stoul(name.substr(4)) > std::stoul(newest.filename().string().substr(4)))) {
            newest = entry.path();
        }
    }
    return newest;
}

}  // namespace

TEST_CASE("what was committed is recovered, over segments, checkpoints and starts") {
    for (unsigned seed = 0; seed < 6; ++seed) {
        TemporaryDirectory directory;
        const RestartLog::Settings settings{
            .directory = directory.file("log"), .segment_size = 4096, .checkpoint_after = 8192};
        RandomState made(seed);
        auto log = RestartLog::begin(settings, made.state);
        REQUIRE(log);
        std::uint64_t begun = 1;  // checkpoints
        for (int i = 0; i < 800; ++i) {
            (*log)->commit(made.change());
            if ((*log)->wants_checkpoint()) {
                (*log)->checkpoint(made.state);
                ++begun;
            }
            if (i % 100 != 99) continue;
            // Files must not go while they are read.
            while ((*log)->stats().checkpoints < begun)
                (void)(*log)->wants_checkpoint();
            REQUIRE(recovered_text(settings.directory) == state_text(made.state));
            log->reset();
            REQUIRE(recovered_text(settings.directory) == state_text(made.state));
            log = RestartLog::begin(settings, made.state);
            REQUIRE(log);
            begun = 1;
        }
        REQUIRE_FALSE(made.failed);
        CHECK((*log)->restartable());
    }
}

TEST_CASE("a checkpoint throws away what came before it") {
    TemporaryDirectory directory;
    const RestartLog::Settings settings{
        .directory = directory.file("log"), .segment_size = 4096, .checkpoint_after = 1};
    RandomState made(1);
    auto log = RestartLog::begin(settings, made.state);
    REQUIRE(log);
    for (int i = 0; i < 5; ++i) {
        (*log)->commit(made.change());
        checkpoint_now(**log, made);
    }
    log->reset();
    int checkpoints = 0, segments = 0;
    for (const auto& entry : std::filesystem::directory_iterator(settings.directory)) {
        checkpoints += entry.path().filename().string().starts_with("checkpoint.");
        segments += entry.path().filename().string().starts_with("log.");
    }
    CHECK(checkpoints == 1);
    CHECK(segments == 1);
    CHECK(recovered_text(settings.directory) == state_text(made.state));
}

TEST_CASE("one cut short anywhere gives the state of a commit that it has whole") {
    TemporaryDirectory directory;
    const RestartLog::Settings settings{.directory = directory.file("log"), .segment_size = 8192};
    RandomState made(3);
    auto log = RestartLog::begin(settings, made.state);
    REQUIRE(log);
    std::vector<std::string> states{state_text(made.state)};
    for (int i = 0; i < 12; ++i) {
        (*log)->commit(made.change());
        states.push_back(state_text(made.state));
    }
    log->reset();
    const auto path = newest_segment(settings.directory);
    const std::string whole = text_of(path);
    std::size_t used = whole.find_last_not_of('\0') + 1;
    std::size_t last = 0;
    for (std::size_t length = sizeof(log_format::FileHeader); length <= used; ++length) {
        // Zeros behind, as a segment has them; every third time the file itself ends there.
        std::string cut = whole.substr(0, length);
        if (length % 3 != 0) cut.resize(whole.size());
        std::ofstream(path, std::ios::binary | std::ios::trunc) << cut;
        const std::string now = recovered_text(settings.directory);
        const auto found = std::ranges::find(states, now);
        CAPTURE(length, now);
        REQUIRE(found != states.end());
        const auto which = static_cast<std::size_t>(found - states.begin());
        if (length % 3 == 0) continue;
        REQUIRE(which >= last);  // states that are alike come first
        last = which;
    }
    CHECK(recovered_text(settings.directory) == states.back());
}

TEST_CASE("bytes taken from and given to a socket are known without a commit") {
    TemporaryDirectory directory;
    const RestartLog::Settings settings{.directory = directory.file("log"),
                                        .segment_size = 256 * 1024};
    State state;
    auto log = RestartLog::begin(settings, state);
    REQUIRE(log);
    Sockets sockets;
    RecordWriter records;
    records.turn_on();
    records.opened({1});
    records.queued({1}, false, {}, std::string(40, 'r'));
    (*log)->commit(records.bytes());

    std::array<std::byte, 100> room;
    CHECK((*log)->receive({1}, sockets.ends[0], room) == -1);
    CHECK(errno == EAGAIN);
    std::string wanted;
    for (int i = 0; i < 300; ++i) {
        const std::string bytes(1 + static_cast<std::size_t>(i) % 90,
                                static_cast<char>('a' + i % 26));
        REQUIRE(::write(sockets.ends[1], bytes.data(), bytes.size()) ==
                static_cast<ssize_t>(bytes.size()));
        REQUIRE((*log)->receive({1}, sockets.ends[0], room) == static_cast<ssize_t>(bytes.size()));
        REQUIRE(std::memcmp(room.data(), bytes.data(), bytes.size()) == 0);
        wanted += bytes;
        CHECK((*log)->receive({1}, sockets.ends[0], room) == -1);
    }
    std::string reply(25, 'r');
    std::array<iovec, 2> parts{{{reply.data(), 20}, {reply.data() + 20, 5}}};
    CHECK((*log)->send({1}, sockets.ends[0], parts) == 25);
    ::shutdown(sockets.ends[1], SHUT_WR);
    CHECK((*log)->receive({1}, sockets.ends[0], room) == 0);

    const auto recovered = recover(settings.directory);
    REQUIRE(recovered);
    REQUIRE(*recovered);
    const State::Connection& client = (*recovered)->state.connections.at(1);
    CHECK(client.input == wanted);
    CHECK(client.sent == 25);
}

TEST_CASE(
    "restart log: one that cannot be written stops nobody, says so, and is whole again when it "
    "can") {
    TemporaryDirectory directory;
    const RestartLog::Settings settings{.directory = directory.file("none/log"),
                                        .segment_size = 4096,
                                        .checkpoint_after = 8192,
                                        .retry = std::chrono::milliseconds(1)};
    RandomState made(1);
    auto log = RestartLog::begin(settings, made.state);
    REQUIRE(log);
    CHECK_FALSE((*log)->restartable());
    CHECK((*log)->stats().last_error.find("none/log") != std::string::npos);
    (*log)->commit(made.change());
    Sockets sockets;
    std::array<std::byte, 8> room;
    REQUIRE(::write(sockets.ends[1], "abc", 3) == 3);
    CHECK((*log)->receive({1}, sockets.ends[0], room) == 3);
    CHECK(recovered_text(settings.directory) == "nothing");

    std::filesystem::create_directories(settings.directory);
    checkpoint_now(**log, made);
    CHECK((*log)->restartable());
    (*log)->commit(made.change());
    CHECK(recovered_text(settings.directory) == state_text(made.state));
}

TEST_CASE("after a failure nothing of the log is taken for good") {
    TemporaryDirectory directory;
    const RestartLog::Settings settings{.directory = directory.file("log"),
                                        .segment_size = 4096,
                                        .checkpoint_after = 1 << 20,
                                        .log_max = 20'000};
    RandomState made(1);
    auto log = RestartLog::begin(settings, made.state);
    REQUIRE(log);
    while ((*log)->restartable())
        (*log)->commit(made.change());
    CHECK((*log)->stats().last_error.find("bound") != std::string::npos);
    log->reset();
    const auto recovered = recover(settings.directory);
    CHECK((!recovered || !*recovered));
}

TEST_CASE("a checkpoint whose segments are not all there is not taken for the whole") {
    for (const char* const missing : {"log.1", "log.2"}) {
        TemporaryDirectory directory;
        const RestartLog::Settings settings{
            .directory = directory.file("log"), .segment_size = 4096, .checkpoint_after = 1 << 20};
        RandomState made(1);
        auto log = RestartLog::begin(settings, made.state);
        REQUIRE(log);
        while (!std::filesystem::exists(settings.directory + "/log.3"))
            (*log)->commit(made.change());
        REQUIRE(recovered_text(settings.directory) == state_text(made.state));
        std::filesystem::remove(settings.directory + '/' + missing);
        CHECK_FALSE(recover(settings.directory));
        std::filesystem::remove(settings.directory + "/log.1");
        std::filesystem::remove(settings.directory + "/log.2");
        std::filesystem::remove(settings.directory + "/log.3");
        CHECK_FALSE(recover(settings.directory));
    }
}

TEST_CASE("a directory that somebody removed is made again") {
    TemporaryDirectory directory;
    const RestartLog::Settings settings{.directory = directory.file("log"),
                                        .segment_size = 4096,
                                        .checkpoint_after = 8192,
                                        .log_max = 100'000,
                                        .retry = std::chrono::milliseconds(1)};
    RandomState made(1);
    auto log = RestartLog::begin(settings, made.state);
    REQUIRE(log);
    std::filesystem::rename(settings.directory, directory.file("gone"));
    while ((*log)->restartable())
        (*log)->commit(made.change());
    checkpoint_now(**log, made);
    CHECK((*log)->restartable());
    CHECK(recovered_text(settings.directory) == state_text(made.state));
}

TEST_CASE("that of another boot, or none, is nothing to recover") {
    TemporaryDirectory directory;
    const RestartLog::Settings settings{.directory = directory.file("log")};
    CHECK(recovered_text(settings.directory) == "nothing");
    auto log = RestartLog::begin(settings, State());
    REQUIRE(log);
    log->reset();
    CHECK(recovered_text(settings.directory) != "nothing");
    for (const auto& entry : std::filesystem::directory_iterator(settings.directory)) {
        std::string bytes = text_of(entry.path());
        log_format::FileHeader header;
        std::memcpy(&header, bytes.data(), sizeof header);
        header.boot[0] = header.boot[0] == '0' ? '1' : '0';
        header.crc = crc_of(header);
        std::memcpy(bytes.data(), &header, sizeof header);
        std::ofstream(entry.path(), std::ios::binary) << bytes;
    }
    CHECK(recovered_text(settings.directory) == "nothing");
}

TEST_CASE("one that is discarded leaves nothing behind") {
    TemporaryDirectory directory;
    const RestartLog::Settings settings{.directory = directory.file("log")};
    auto log = RestartLog::begin(settings, State());
    REQUIRE(log);
    (*log)->discard();
    CHECK_FALSE(std::filesystem::exists(settings.directory));
}
