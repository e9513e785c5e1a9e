#include "xenstored/migration_stream.hpp"

#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>

#include "harness.hpp"

using namespace stemma;
using namespace stemma::xenstored;
using namespace stemma::xenstored::test;

namespace {

constexpr StreamForm ours{2, true};

// A daemon with something of everything.
struct Busy : Lab {
    SocketClient tool = socket();
    RingClient guest = domain_with_home(5, tool);
    RingClient model = domain(6);

    Busy() {
        tool.write("/a", std::string("a\0b", 3));
        tool.write("/a-b", "");
        tool.write("/a/x", "deep");
        tool.write("/first/z", "1");
        tool.write("/first/b", "2");
        tool.set_perms("/first/b", "n0 r5 b77");
        guest.write("name", "nat0");
        guest.watch("name", "relative");
        tool.watch("/first", "absolute");
        tool.watch("@releaseDomain", "special");
        tool.ask(MessageType::watch, parts({"/deep", "limited", "2"}));
        tool.ask(MessageType::set_target, parts({"6", "5"}));
        tool.ask(MessageType::set_quota, parts({"5", "nodes", "77"}));
        tool.ask(MessageType::set_quota, parts({"memory", "99999"}));
        guest.start();
        server.domain_shut_down(6);
        take_events_of_all();
        tool.wire->room = 21;
        tool.send(encoded(MessageType::read, parts({"/a/x"}), 0, 1));
        tool.send(encoded(MessageType::read, parts({"/first/z"}), 0, 2));
        tool.send(encoded(MessageType::write, "/unfinished", 0, 3).substr(0, 20));
        serve(tool);
    }
    void take_events_of_all() {
        tool.take_events();
        guest.take_events();
    }
    Handover handover() {
        Handover all;
        all.state = server.capture();
        all.listener = 3;
        all.event_channels = 4;
        all.local_ports = {{5, 105}, {6, 106}};
        return all;
    }
};

}  // namespace

TEST_CASE("a stream between two of ours says all") {
    Busy lab;
    Handover before = lab.handover();
    before.locks = {7, 8};
    before.trace_file = "/var/log/trace";
    before.trace_classes = 3;
    before.hosted = {10, {11}, {{5, 1, 12, 13, 14}}};
    const std::string stream = write_stream(before, ours);
    auto after = read_stream(stream);
    REQUIRE(after);
    CHECK(write_stream(*after, ours) == stream);
    CHECK(after->state.last_edit == before.state.last_edit);
    CHECK(after->locks == before.locks);
    CHECK(after->hosted.domains.at(0).wakes_domain == 14);
    const auto* const old = before.state.tree.find("/local/domain/5/name");
    const auto* const now = after->state.tree.find("/local/domain/5/name");
    REQUIRE(now != nullptr);
    CHECK(now->stamp() == old->stamp());
    CHECK(now->generation() == old->generation());
    CHECK(now->permissions() == old->permissions());
}

TEST_CASE("a stream for C holds what C's does, in its order") {
    Busy lab;
    for (const std::uint32_t version : {1u, 2u}) {
        CAPTURE(version);
        const auto read = read_stream(write_stream(lab.handover(), {version, false}));
        REQUIRE(read);
        const State& state = read->state;
        CHECK(read->listener == 3);
        CHECK(read->event_channels == 4);
        CHECK(read->local_ports == std::map<xs::DomainId, std::uint32_t>{{5, 105}, {6, 106}});
        CHECK(state.tree.find("/a")->value() == std::string_view("a\0b", 3));
        CHECK(state.tree.root().listing() == lab.server.tree().head().root().listing());
        CHECK(state.tree.find("/first")->listing() == std::string_view("z\0b\0", 4));
        // 77 is no domain: C ignores the entry, whoever gets that domid.
        const auto entries = state.tree.find("/first/b")->permissions().entries();
        REQUIRE(entries.size() == 3);
        CHECK(entries[1].generation == state.domains.at(5).ref.generation);
        CHECK(entries[2].generation == 0);
        REQUIRE(state.connections.size() == 3);
        const auto of = [&](xs::DomainId id) -> const State::Connection& {
            return state.connections.at(state.domains.at(id).connection.value);
        };
        CHECK(of(6).target == state.domains.at(5).ref);
        REQUIRE(of(5).watches.size() == 1);
        CHECK(of(5).watches[0].path == "/local/domain/5/name");
        CHECK(of(5).watches[0].home_length == 15);
        CHECK(of(5).transactions.size() == 1);
        for (const auto& [id, client] : state.connections) {
            if (client.ring) continue;
            CHECK(client.input.size() == 20);
            // 21 bytes are gone: a reply of 20, and one of the next.
            REQUIRE(client.output.size() == 1);
            const auto left = client.output[0].bytes.substr(client.sent);
            CHECK(left.size() == xs::Header::size);
            CHECK(left.back() == '1');
            REQUIRE(client.watches.size() == 3);
            CHECK(client.watches[2].depth == (version == 2 ? 2 : -1));
        }
        if (version == 2) {
            CHECK(state.domains.at(5).quotas.at(0).second == 77);
        }
    }
    CHECK(left_out(lab.server.capture(), 1).size() == 5);
    CHECK(left_out(lab.server.capture(), 2).size() == 3);
}

TEST_CASE("a stream that is cut or has a byte changed is an error or a state, and no more") {
    Busy lab;
    const std::string whole = write_stream(lab.handover(), ours);
    for (std::size_t cut = 0; cut < whole.size(); ++cut)
        CHECK_FALSE(read_stream(std::string_view(whole).substr(0, cut)));
    std::size_t read = 0;
    for (std::size_t at = 0; at < whole.size(); ++at) {
        std::string changed = whole;
        changed[at] = static_cast<char>(changed[at] ^ 0x55);
        if (const auto handover = read_stream(changed)) {
            ++read;
            write_stream(*handover, ours);
        }
    }
    CHECK(read > 0);
}

TEST_CASE("streams that make no sense are refused with a reason") {
    using namespace std::string_literals;
    const auto with = [](std::string records) {
        return "xenstore\0\0\0\1\0\0\0\0"s + records + "\0\0\0\0\0\0\0\0"s;
    };
    const auto reason = [](const std::string& stream) {
        const auto read = read_stream(stream);
        return read ? "none" : read.error();
    };
    CHECK(reason(with("")) == "none");
    CHECK(reason("nonsense") == "not a xenstore stream");
    CHECK(reason("xenstore\0\0\0\3\0\0\0\0"s) == "stream of version 3");
    CHECK(reason("xenstore\0\0\0\1\1\0\0\0"s) == "stream is big-endian");
    CHECK(reason("xenstore\0\0\0\1\0\0\0\0"s) == "stream ends in record 1");
    CHECK(reason(with("\x77\0\0\0\0\0\0\0"s)) == "none");
    CHECK(reason(with("\3\0\0\0\x10\0\0\0\1\0\0\0\2\0\2\0/\0t\0\0\0\0\0"s)) ==
          "record 1 of type 3: no connection of that number");
    const std::string node = "\5\0\0\0\x20\0\0\0\0\0\0\0\0\0\0\0\5\0\0\0\0\0\1\0n\0\0\0"s;
    CHECK(reason(with(node + "/a/b\0\0\0\0\0\0\0\0"s)) == "a node without its parent: /a/b");
    CHECK(reason(with(node + "/a//\0\0\0\0\0\0\0\0"s)) == "no path: /a//");
    Handover counted;
    counted.state.last_generation = ~std::uint64_t{0};  // the next one would be 0
    CHECK(reason(write_stream(counted, ours)).ends_with("a number that no daemon has counted to"));
}

// Dumped by Debian's C xenstored 4.17: a watch of a socket client, /a/b for domains 5 and 7, of
// which there is no 7.
TEST_CASE("a stream that C wrote is read, and written for C as C wrote it") {
    std::ifstream file(TEST_CORPUS "/xenstored_migration/c_4_17", std::ios::binary);
    const std::string stream{std::istreambuf_iterator<char>(file), {}};
    REQUIRE(stream.size() == 536);
    const auto read = read_stream(stream);
    REQUIRE(read);
    CHECK(read->listener == 3);
    CHECK(read->event_channels == 9);
    CHECK(read->local_ports == std::map<xs::DomainId, std::uint32_t>{{0, 2}});
    const auto entries = read->state.tree.find("/a/b")->permissions().entries();
    REQUIRE(entries.size() == 3);
    CHECK(entries[1].generation == read->state.domains.at(5).ref.generation);
    CHECK(entries[2].generation == 0);
    CHECK(read->state.connections.at(2).watches.at(0).path == "/watched");
    CHECK(shown(read->state.connections.at(3).output.at(0).bytes.substr(16)) == "OK|");
    CHECK(write_stream(*read, {1, false}) == stream);
}
