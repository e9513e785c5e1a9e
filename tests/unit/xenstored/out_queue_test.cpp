#include "xenstored/out_queue.hpp"

#include <catch2/catch.hpp>

#include "harness.hpp"

using namespace stemma;
using namespace stemma::xenstored;
using test::decoded;
using test::shown;

namespace {

// Takes up to `count` bytes, as a slow client would.
std::string taken(OutQueue& queue, std::size_t count) {
    std::string bytes;
    std::array<std::span<const std::byte>, 64> parts;
    while (count > 0 && !queue.empty()) {
        const std::size_t parts_count = queue.front(parts);
        std::size_t now = 0;
        for (std::size_t i = 0; i < parts_count && count > 0; ++i) {
            const std::size_t some = std::min(count, parts[i].size());
            bytes.append(reinterpret_cast<const char*>(parts[i].data()), some);
            count -= some;
            now += some;
            if (some < parts[i].size()) break;
        }
        queue.consume(now);
    }
    return bytes;
}

std::vector<std::string> all(OutQueue& queue) {
    std::string bytes = taken(queue, SIZE_MAX);
    std::vector<std::string> lines;
    for (const auto& message : decoded(bytes))
        lines.push_back(shown(message.payload));
    return lines;
}

const Moment never = Moment::max();

}  // namespace

TEST_CASE("messages leave in order, whatever the sizes of the pieces taken") {
    for (const std::size_t step : {1u, 3u, 16u, 17u, 1000u}) {
        OutQueue queue;
        queue.push_reply({xs::MessageType::read, 1, 0, 0}, "value");
        queue.push_event("/a", "token", never);
        queue.push_reply({xs::MessageType::write, 2, 0, 0}, "");
        CHECK(queue.bytes() == 3 * 16 + 5 + 9);
        std::string bytes;
        while (!queue.empty())
            bytes += taken(queue, step);
        const auto messages = decoded(bytes);
        CHECK(bytes.empty());
        REQUIRE(messages.size() == 3);
        CHECK(messages[0].header.request_id == 1);
        CHECK(messages[1].header.type == xs::MessageType::watch_event);
        CHECK(messages[1].header.request_id == 0);
        CHECK(shown(messages[1].payload) == "/a|token|");
        CHECK(messages[2].header.request_id == 2);
        CHECK(queue.bytes() == 0);
        CHECK(queue.replies() == 0);
    }
}

TEST_CASE("an event that waits already is not queued again, unless it is special") {
    OutQueue queue;
    CHECK(queue.push_event("/a", "t", never) == OutQueue::Pushed::queued);
    CHECK(queue.push_event("/a", "t", never) == OutQueue::Pushed::duplicate);
    CHECK(queue.push_event("/a", "u", never) == OutQueue::Pushed::queued);
    CHECK(queue.push_event("@x", "t", never) == OutQueue::Pushed::queued);
    CHECK(queue.push_event("@x", "t", never) == OutQueue::Pushed::queued);
    // half sent, it still waits
    std::string bytes = taken(queue, 3);
    CHECK(queue.push_event("/a", "t", never) == OutQueue::Pushed::duplicate);
    bytes += taken(queue, SIZE_MAX);
    CHECK(decoded(bytes).size() == 4);
    CHECK(queue.push_event("/a", "t", never) == OutQueue::Pushed::queued);
}

TEST_CASE("an event longer than a payload may be is dropped") {
    OutQueue queue;
    const std::string path(3000, 'p');
    CHECK(queue.push_event(path, std::string(4096 - 3002, 't'), never) == OutQueue::Pushed::queued);
    CHECK(queue.push_event(path, std::string(4096 - 3001, 't'), never) ==
          OutQueue::Pushed::too_long);
}

TEST_CASE("events expire unsent, but not half sent, and replies never do") {
    OutQueue queue;
    const Moment start{};
    const auto at = [&](int seconds) { return start + std::chrono::seconds(seconds); };
    queue.push_event("/half", "t", at(1));
    queue.push_event("/first", "t", at(1));
    queue.push_reply({}, "reply");
    queue.push_event("/later", "t", at(5));
    taken(queue, 4);
    CHECK(queue.next_deadline() == at(1));
    CHECK(queue.prune(at(2)) == 1);
    CHECK(queue.next_deadline() == at(5));
    CHECK(queue.push_event("/first", "t", at(9)) == OutQueue::Pushed::queued);
    const auto bytes_left = queue.bytes();
    CHECK(taken(queue, SIZE_MAX).size() == bytes_left);
    CHECK(queue.next_deadline() == never);
}

TEST_CASE("a cleared queue is as new") {
    OutQueue queue;
    queue.push_event("/a", "t", never);
    queue.push_reply({}, "reply");
    taken(queue, 5);
    queue.clear();
    CHECK(queue.empty());
    CHECK(queue.bytes() == 0);
    CHECK(queue.push_event("/a", "t", never) == OutQueue::Pushed::queued);
    CHECK(all(queue) == std::vector<std::string>{"/a|t|"});
}
