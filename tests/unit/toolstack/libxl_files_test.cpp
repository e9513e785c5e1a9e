#include "toolstack/xen/libxl_files.hpp"

#include <time.h>

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>

#include "temporary_directory.hpp"
#include "toolstack/file_text.hpp"

namespace stemma::toolstack {

namespace {

const std::string uuid = "d301a39e-8015-4a0e-96ba-dbccd786d4df";

struct Places : TemporaryDirectory {
    LibxlPlaces places{*this / ".", *this / "."};

    void write(const std::string& name, const std::string& text) {
        std::ofstream(*this / name) << text;
    }
    std::string read(const std::string& name) {
        return read_file_text(*this / name, 4096).value_or("");
    }
    bool has(const std::string& name) { return std::filesystem::exists(std::string(*this / name)); }
};

std::string seconds_ago(long seconds) {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return std::to_string(now.tv_sec - seconds);
}

}  // namespace

TEST_CASE("a domain's number is recent for a minute after its end, beside those that libxl wrote") {
    Places rig;
    CHECK(!is_recent_domain_id(3, rig.places));
    rig.write("domid-history", seconds_ago(10) + " 31\n" + seconds_ago(100) + " 7\n");
    CHECK(is_recent_domain_id(31, rig.places));
    CHECK(!is_recent_domain_id(1, rig.places));
    CHECK(!is_recent_domain_id(3, rig.places));
    CHECK(!is_recent_domain_id(7, rig.places));
    REQUIRE(mark_recent_domain_id(3, rig.places));
    CHECK(is_recent_domain_id(3, rig.places));
    CHECK(is_recent_domain_id(31, rig.places));
    CHECK(rig.read("domid-history").find(" 7\n") == std::string::npos);
    CHECK(!rig.has("domid-history.lock"));
    CHECK(!rig.has("domid-history.new"));
}

TEST_CASE("a history that is damaged names no domain") {
    Places rig;
    rig.write("domid-history", "what\n" + seconds_ago(1) + " 5\n");
    CHECK(!is_recent_domain_id(5, rig.places));
    REQUIRE(mark_recent_domain_id(6, rig.places));
    CHECK(is_recent_domain_id(6, rig.places));
}

TEST_CASE(
    "libxl's file of a domain has what xl asks for, and goes with the domain's others alone") {
    Places rig;
    const LibxlDomain domain{"nat \"0\"", uuid, false, 32, 2, "/k.elf", "a=b"};
    REQUIRE(write_libxl_configuration(4, domain, rig.places));
    const std::string name = "userdata-d.4." + uuid + ".libxl-json";
    const std::string text = rig.read(name);
    CHECK_THAT(text, Catch::Contains("\"type\": \"pvh\""));
    CHECK_THAT(text, Catch::Contains("\"name\": \"nat \\\"0\\\"\""));
    CHECK_THAT(text, Catch::Contains("\"max_memkb\": 32768"));
    CHECK_THAT(text, Catch::Contains("\"max_vcpus\": 2"));
    CHECK_THAT(text, Catch::Contains("\"avail_vcpus\": ["));
    CHECK_THAT(text, Catch::Contains("\"type.pvh\": {}"));
    const std::string lock = "userdata-l.4." + uuid + ".domain-userdata-lock";
    const std::string others = "userdata-d.14." + uuid + ".libxl-json";
    rig.write(lock, "");
    rig.write(others, "{}");
    remove_libxl_files(4, uuid, rig.places);
    CHECK(!rig.has(name));
    CHECK(!rig.has(lock));
    CHECK(rig.has(others));
}

}  // namespace stemma::toolstack
