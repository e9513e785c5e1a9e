// Classes of hostile behaviour, A1 to F9: each is a hole that some XenStore daemon had, or that one
// with a history could have. A test of one is HOSTILE_TEST("A1", "what it proves");
// every_class_test lists the classes and finds any that has none.
#pragma once

#include <catch2/catch.hpp>
#include <cstring>
#include <set>
#include <string>

#include "../harness.hpp"

namespace stemma::xenstored::test {

inline std::set<std::string>& tested_classes() {
    static std::set<std::string> classes;
    return classes;
}

struct TestedClass {
    explicit TestedClass(const char* name) { tested_classes().insert(name); }
};

#define HOSTILE_TEST(NAME, FACT)                                                                  \
    static const ::stemma::xenstored::test::TestedClass INTERNAL_CATCH_UNIQUE_NAME(tested)(NAME); \
    TEST_CASE(NAME " " FACT, "[hostile]")

inline std::uint32_t word(const Page& page, std::size_t offset) {
    std::uint32_t value = 0;
    std::memcpy(&value, page.bytes.data() + offset, sizeof value);
    return value;
}

inline void set_word(Page& page, std::size_t offset, std::uint32_t value) {
    std::memcpy(page.bytes.data() + offset, &value, sizeof value);
}

// Strings of a payload, each with its NUL.
inline std::string strings_of(std::initializer_list<std::string_view> strings) {
    std::string payload;
    for (const auto text : strings)
        payload.append(text) += '\0';
    return payload;
}

// A lab with domain 0's tool, a guest that misbehaves, and one that does not.
struct Hostile : Lab {
    explicit Hostile(Server::Settings settings = {}) : Lab(settings) {
        for (const char* home : {"/local/domain/5", "/local/domain/6"}) {
            tool.mkdir(home);
            tool.set_perms(home, std::string("n") + home[14]);
        }
    }
    const Connection* connection_of(xs::DomainId id) {
        const Domain* const found = server.domains().find(id);
        return found != nullptr ? server.connections().find(found->connection) : nullptr;
    }
    const NodeUse use_of(xs::DomainId id) {
        return server.tree().counts().of(server.domains().find(id)->ref);
    }
    // The other guest, and domain 0, are served as ever, and the books are right.
    bool others_are_well() {
        return good.write("mark", "1") == "OK|" && good.read("mark") == "1" &&
               tool.write("/tool/mark", "1") == "OK|" && consistent();
    }

    SocketClient tool = socket();
    RingClient evil = domain(5);
    RingClient good = domain(6);
};

}  // namespace stemma::xenstored::test
