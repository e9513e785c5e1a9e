#include "toolstack/interface_match.hpp"

#include <catch2/catch.hpp>

namespace stemma::toolstack {

namespace {

Interface interface(unsigned number) {
    return {.bridge = "b",
            .mac = generated_mac("g", number),
            .address = Ipv4Interface{0x0a000001 + number, 24}};
}

Guest guest_with(std::initializer_list<unsigned> numbers) {
    Guest guest{.image = "/vmlinuz", .arguments = "quiet"};
    for (const unsigned number : numbers)
        guest.interfaces.push_back(interface(number));
    return guest;
}

RunningVif vif(unsigned index, unsigned number) {
    return {index, "b", to_string(generated_mac("g", number))};
}

std::vector<unsigned> numbers(const InterfaceMatch& match) {
    std::vector<unsigned> found;
    for (const auto& wanted : match.wanted)
        found.push_back(wanted.number);
    return found;
}

}  // namespace

TEST_CASE("an interface keeps its number, a new one gets the lowest that is free") {
    const auto same = match_interfaces(guest_with({0, 1}), {vif(0, 0), vif(1, 1)});
    CHECK(same.is_same());
    CHECK(numbers(same) == std::vector<unsigned>{0, 1});

    const auto more = match_interfaces(guest_with({5, 1, 6}), {vif(1, 1), vif(2, 9)});
    CHECK(!more.is_same());
    CHECK(numbers(more) == std::vector<unsigned>{0, 1, 2});
    CHECK(more.unwanted == std::vector<unsigned>{2});
    CHECK(more.wanted[1].present);
    CHECK(!more.wanted[2].present);
}

TEST_CASE("the words of what a guest has are those of its vifs' numbers") {
    const Guest guest = guest_with({5, 1});
    const auto match = match_interfaces(guest, {vif(1, 1)});
    CHECK(present_command_line(guest, match) == "address=vif1,10.0.0.2/24 quiet");
}

TEST_CASE("words of interfaces that come or go do not count, all others do") {
    const std::string one = command_line(guest_with({0}));
    const std::string two = command_line(guest_with({0, 1}));
    const auto same = [](const std::string& arguments, const Guest& guest,
                         const std::vector<RunningVif>& vifs) {
        return has_same_words(arguments, guest, match_interfaces(guest, vifs));
    };
    CHECK(same(one, guest_with({0}), {vif(0, 0)}));
    CHECK(same(one, guest_with({0, 1}), {vif(0, 0)}));             // one comes
    CHECK(same(two, guest_with({0}), {vif(0, 0), vif(1, 1)}));     // one goes
    CHECK(same(two, guest_with({1}), {vif(0, 0), vif(1, 1)}));     // the first goes
    CHECK(same(two, guest_with({0, 7}), {vif(0, 0), vif(1, 1)}));  // for another
    auto moved = guest_with({0, 1});
    moved.interfaces[0].address->address += 9;
    CHECK(!same(one, moved, {vif(0, 0)}));
    CHECK(!same(two, moved, {vif(0, 0), vif(1, 1)}));
    auto loud = guest_with({0, 1});
    loud.arguments = "loud";
    CHECK(!same(one, loud, {vif(0, 0)}));
    auto routed = guest_with({0});
    routed.interfaces[0].gateway = 0x0a000063;
    CHECK(!same(one, routed, {vif(0, 0)}));
}

}  // namespace stemma::toolstack
