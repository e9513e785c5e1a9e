#include "toolstack/agent_message.hpp"

#include <catch2/catch.hpp>

#include <random>

namespace stemma::toolstack {

TEST_CASE("a message reads back as written") {
    AgentMessage message("create");
    message.add("name", "nat0")
        .add("memory", 32)
        .add("empty", "")
        .add("text", "a=b\nc")
        .add("name", "second");
    const auto read = AgentMessage::decode(message.encode());
    REQUIRE(read);
    CHECK(read->verb() == "create");
    CHECK(read->fields() == message.fields());
    CHECK(read->text("name") == "nat0");
    CHECK(read->text("text") == "a=b\nc");
    CHECK(read->find("empty") == "");
    CHECK(!read->find("none"));
}

TEST_CASE("a value ends at a NUL, so that no value can make fields") {
    const AgentMessage message =
        std::move(AgentMessage("x").add("a", std::string_view("1\0b=2", 5)));
    CHECK(message.encode() == std::string("x\0a=1\0", 6));
}

TEST_CASE("bytes that are no message are refused with the reason") {
    const std::pair<std::string, const char*> cases[] = {
        {"", "not ended"},
        {"x", "not ended"},
        {std::string("\0", 1), "no verb"},
        {std::string("x\0field\0", 8), "without a name"},
        {std::string("x\0=v\0", 5), "without a name"},
        {std::string("x\0\0", 3), "without a name"},
        {"x" + std::string(AgentMessage::bytes_max, '\0'), "longer"},
    };
    for (const auto& [bytes, cause] : cases) {
        const auto message = AgentMessage::decode(bytes);
        REQUIRE(!message);
        CHECK_THAT(message.error(), Catch::Contains(cause));
    }
    std::string many("x\0", 2);
    for (std::size_t i = 0; i <= AgentMessage::fields_max; ++i)
        many += std::string("a=\0", 3);
    CHECK_THAT(AgentMessage::decode(many).error(), Catch::Contains("too many"));
}

TEST_CASE("numbers are decimal, whole and within their bound") {
    AgentMessage message("x");
    message.add("good", "65535")
        .add("over", "65536")
        .add("sign", "-1")
        .add("tail", "5x")
        .add("empty", "")
        .add("huge", "99999999999999999999999");
    CHECK(message.number("good", 65535) == 65535u);
    for (const char* bad : {"over", "sign", "tail", "empty", "huge", "none"}) {
        INFO(bad);
        CHECK(!message.number(bad, 65535));
    }
}

TEST_CASE("an error crosses the socket whole") {
    const Error error{.kind = ErrorKind::refused,
                      .tried = "a",
                      .on = "b",
                      .cause = "c",
                      .state = "d",
                      .next = "e"};
    CHECK(to_error(*AgentMessage::decode(to_message(error).encode())) == error);
    CHECK(to_error(AgentMessage("error")).kind == ErrorKind::failed);
    CHECK(to_error(std::move(AgentMessage("error").add("kind", 99))).kind == ErrorKind::failed);
}

}  // namespace stemma::toolstack
