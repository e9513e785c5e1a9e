#include "toolstack/saved_state.hpp"

#include <catch2/catch.hpp>

#include <map>

#include "store/publisher.hpp"
#include "temporary_directory.hpp"

namespace stemma::toolstack {

namespace {

std::map<std::string, std::string> entries(std::string_view bytes) {
    std::map<std::string, std::string> found;
    const auto number = [&] {
        const auto low = static_cast<unsigned char>(bytes.at(0));
        const auto high = static_cast<unsigned char>(bytes.at(1));
        bytes.remove_prefix(2);
        return static_cast<std::size_t>(low + 256 * high);
    };
    while (!bytes.empty()) {
        const auto path_size = number();
        const auto value_size = number();
        const std::string path(bytes.substr(0, path_size));
        CHECK(found.emplace(path, bytes.substr(path_size, value_size)).second);
        bytes.remove_prefix(path_size + value_size);
    }
    return found;
}

}  // namespace

TEST_CASE("the last saved state comes back as the guest's entries") {
    TemporaryDirectory directory;
    const std::string repository = directory / "store.git";
    auto publisher = store::Publisher::open({.repository = repository});
    REQUIRE(publisher);
    store::Edit edit;
    store::Tree tree;
    std::uint64_t number = 0;
    for (const auto& [path, value] :
         {std::pair{"/nat", ""}, std::pair{"/nat/udp", ""}, std::pair{"/nat/udp/10-0-1-2", "a b"},
          std::pair{"/arp", "has a value"}, std::pair{"/arp/0", "x"}, std::pair{"/empty", ""}}) {
        edit.number = ++number;
        edit.generation = number;
        auto next =
            tree.create(path, {value, store::Permissions{{store::Access::none, 5, 0}}}, edit);
        REQUIRE(next);
        tree = *next;
    }
    (*publisher)->save_guest("nat0", tree.root_ref(), {"agent", {}, {"save"}});
    publisher->reset();  // publishes before it stops

    const auto bytes = find_saved_state(repository, "nat0");
    REQUIRE((bytes && *bytes));
    CHECK(entries(**bytes) ==
          std::map<std::string, std::string>{
              {"nat/udp/10-0-1-2", "a b"}, {"arp", "has a value"}, {"arp/0", "x"}, {"empty", ""}});
}

TEST_CASE("without a repository, or without a state of that name, there is nothing") {
    TemporaryDirectory directory;
    CHECK(find_saved_state(directory / "none", "nat0").value() == std::nullopt);
    {
        auto publisher = store::Publisher::open({.repository = directory / "store.git"});
        REQUIRE(publisher);
    }
    CHECK(find_saved_state(directory / "store.git", "nat0").value() == std::nullopt);
}

}  // namespace stemma::toolstack
