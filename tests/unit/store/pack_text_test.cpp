#include "pack_text.hpp"

#include <catch2/catch.hpp>
#include <fstream>
#include <map>

#include "delta_text.hpp"
#include "disk.hpp"
#include "file_read.hpp"
#include "pack_consolidation.hpp"
#include "pack_writer.hpp"
#include "sha1.hpp"
#include "temporary_directory.hpp"
#include "tree_maker.hpp"

using namespace stemma::store;
using namespace stemma::store::test;

namespace {

namespace fs = std::filesystem;

struct Bare {
    Bare() {
        made = run("git init -q --bare '" + path().string() + "'").status == 0;
        fs::create_directory(path() / "incoming");
    }
    fs::path path() const { return directory / "r.git"; }
    std::string file(const char* name) const { return "'" + (directory / name).string() + "'"; }
    TemporaryDirectory directory;
    bool made = false;
};

std::string random_bytes(Random& random, std::size_t size) {
    std::string bytes;
    for (std::size_t i = 0; i < size; ++i)
        bytes += static_cast<char>(below(random, 256));
    return bytes;
}

std::size_t count_packs(const fs::path& repository) {
    std::size_t count = 0;
    for (const auto& file : fs::directory_iterator(repository / "objects/pack")) {
        count += file.path().extension() == ".pack" ? 1U : 0U;
    }
    return count;
}

}  // namespace

TEST_CASE("git accepts a pack of any objects, and makes the same index of it") {
    const Bare bare;
    REQUIRE(bare.made);
    Random random(10);
    PackText pack;
    for (const std::size_t size : {0U, 1U, 15U, 16U, 500U, 512U, 2047U, 2048U, 70'000U, 200'000U}) {
        for (const bool zeros : {false, true}) {
            const auto bytes = zeros ? std::string(size + 1, '0') : random_bytes(random, size);
            pack.add(*object_id(ObjectKind::blob, bytes), ObjectKind::blob, bytes);
        }
    }
    pack.seal();
    const auto name = [&](const char* extension) { return bare.directory / extension; };
    std::ofstream(name("x.pack")) << pack.bytes();
    std::ofstream(name("x.idx")) << pack.index();
    const Ran verified = run("git verify-pack " + bare.file("x.idx"));
    CAPTURE(verified.output);
    CHECK(verified.status == 0);
    const Ran indexed =
        run("git index-pack --strict -o " + bare.file("git.idx") + " " + bare.file("x.pack"));
    CAPTURE(indexed.output);
    CHECK(indexed.status == 0);
    CHECK(read_file(name("git.idx")) == pack.index());
    CHECK("pack-stemma-g-" + indexed.output == pack.name("g") + "\n");
}

TEST_CASE("objects of a pack are found again by its index") {
    PackText pack;
    std::map<ObjectId, std::string> model;
    for (int i = 0; i < 50; ++i) {
        const std::string bytes = std::to_string(i);
        const ObjectId id = *object_id(ObjectKind::blob, bytes);
        pack.add(id, ObjectKind::blob, bytes);
        model[id] = bytes;
    }
    pack.seal();
    const std::string index = pack.index();
    const auto objects = packed_objects(pack.bytes(), index);
    REQUIRE(objects);
    CHECK(objects->size() == 50);
    PackText copy;
    for (const PackedBytes& object : *objects)
        copy.add_packed(object);
    copy.seal();
    CHECK(copy.bytes() == pack.bytes());
    CHECK(copy.index() == index);

    const std::string_view bytes = pack.bytes();
    CHECK_FALSE(packed_objects(bytes.substr(0, 20), index));
    CHECK_FALSE(packed_objects(bytes, std::string_view(index).substr(0, index.size() - 1)));
    CHECK_FALSE(packed_objects(bytes, "nonsense"));
    std::string delta(bytes);
    delta[12] = static_cast<char>(6 << 4);
    const auto corrupt = packed_objects(delta, index);
    REQUIRE_FALSE(corrupt);
    CHECK(corrupt.error().kind == Error::Kind::corrupt);
    delta[12] = static_cast<char>(7 << 4);
    const auto refused = packed_objects(delta, index);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind == Error::Kind::refused);
}

TEST_CASE("git reads deltas on deltas, near their base and far from it") {
    const Bare bare;
    Random random(12);
    PackText pack;
    std::map<ObjectId, std::string> model;
    std::string bytes = random_bytes(random, 300'000);
    std::size_t offset = pack.add(*object_id(ObjectKind::blob, bytes), ObjectKind::blob, bytes);
    for (int i = 0; i < 50; ++i) {
        std::string next = bytes;
        const std::size_t at = below(random, next.size());
        next.replace(at, below(random, 300), random_bytes(random, below(random, 300)));
        const ObjectId id = *object_id(ObjectKind::blob, next);
        if (!model.emplace(id, next).second) continue;
        offset = pack.add_delta(id, offset, delta_between(bytes, next));
        bytes = next;
        const auto filler = random_bytes(random, below(random, 3) * 10'000 + 1);
        const ObjectId filler_id = *object_id(ObjectKind::blob, filler);
        if (model.emplace(filler_id, filler).second) {
            pack.add(filler_id, ObjectKind::blob, filler);
        }
    }
    pack.seal();
    std::ofstream(bare.directory / "x.pack") << pack.bytes();
    const Ran indexed = run("git -C " + bare.file("r.git") + " index-pack --strict -o " +
                            bare.file("git.idx") + " " + bare.file("x.pack"));
    CAPTURE(indexed.output);
    CHECK(indexed.status == 0);
    CHECK(read_file(bare.directory / "git.idx") == pack.index());
    REQUIRE(install_pack(real_disk(), bare.path(), pack, "g"));
    for (const auto& [id, expected] : model) {
        CHECK(git(bare.path(), "cat-file blob " + to_hex(id)).output == expected);
    }
}

TEST_CASE("deltas whose base is in the pack are written, up to a chain of fifty") {
    const Bare bare;
    PackWriter writer(real_disk(), bare.path(), "g", nullptr);
    std::string bytes(10'000, 'x');
    ObjectId base = *writer.put(ObjectKind::blob, bytes);
    for (int i = 0; i < 120; ++i) {
        std::string next = bytes;
        next.replace(static_cast<std::size_t>(i) * 50, 3, "abc");
        const std::string delta = delta_between(bytes, next);
        base = *writer.put_delta(ObjectKind::blob, next, {base, delta});
        bytes = next;
    }
    REQUIRE(writer.finish());
    // In the next pack the base is not at hand.
    PackWriter second(real_disk(), bare.path(), "g", nullptr);
    const std::string other = bytes + "y";
    const std::string delta = delta_between(bytes, other);
    REQUIRE(second.put_delta(ObjectKind::blob, other, {base, delta}));
    REQUIRE(second.finish());
    const Ran listed = run("for i in " + bare.file("r.git") +
                           "/objects/pack/*.idx; do git verify-pack -v $i; done");
    CHECK(listed.output.find("chain length = 50: 2 objects") != std::string::npos);
    CHECK(listed.output.find("chain length = 51") == std::string::npos);
    CHECK(listed.output.find("non delta: 3 objects") != std::string::npos);
    CHECK(listed.output.find("non delta: 1 object") != std::string::npos);
}

TEST_CASE("a pack has its .keep, and goes with it if the refs do not move") {
    const Bare bare;
    const auto keeps = [&] {
        std::size_t count = 0;
        for (const auto& file : fs::directory_iterator(bare.path() / "objects/pack")) {
            count += file.path().extension() == ".keep" ? 1U : 0U;
        }
        return count;
    };
    PackWriter writer(real_disk(), bare.path(), "g", nullptr);
    REQUIRE(writer.put(ObjectKind::blob, "one"));
    REQUIRE(writer.put(ObjectKind::blob, "one"));
    CHECK(count_packs(bare.path()) == 0);
    REQUIRE(writer.finish());
    CHECK(writer.objects() == 1);
    CHECK(count_packs(bare.path()) == 1);
    CHECK(keeps() == 1);

    PackWriter failing(real_disk(), bare.path(), "g", nullptr);
    REQUIRE(failing.put(ObjectKind::blob, "two"));
    REQUIRE(failing.finish());
    failing.discard();
    CHECK(count_packs(bare.path()) == 1);
    CHECK(keeps() == 1);
    // The very objects of a pack that is there are not written, and so not taken away.
    PackWriter same(real_disk(), bare.path(), "g", nullptr);
    REQUIRE(same.put(ObjectKind::blob, "one"));
    REQUIRE(same.finish());
    same.discard();
    CHECK(count_packs(bare.path()) == 1);
    CHECK(git(bare.path(), "fsck --strict --no-dangling --no-progress").status == 0);
    CHECK(git(bare.path(), "gc -q --prune=now").status == 0);
    CHECK(count_packs(bare.path()) == 1);
}

TEST_CASE("objects of two groups are in packs of their own, whole each") {
    const Bare bare;
    PackWriter writer(real_disk(), bare.path(), "one", nullptr);
    const std::string bytes(5'000, 'x');
    const ObjectId base = *writer.put(ObjectKind::blob, bytes);
    REQUIRE(writer.begin_group("one"));
    CHECK(count_packs(bare.path()) == 0);
    REQUIRE(writer.begin_group("two"));
    CHECK(count_packs(bare.path()) == 1);
    REQUIRE(writer.put(ObjectKind::blob, bytes));
    const std::string next = bytes + "y";
    REQUIRE(writer.put_delta(ObjectKind::blob, next, {base, delta_between(bytes, next)}));
    REQUIRE(writer.finish());
    CHECK(count_packs(bare.path()) == 2);
    std::map<std::string, fs::path> groups;
    for (const fs::path& file : files_in(bare.path() / "objects/pack")) {
        if (file.extension() == ".pack") groups[*pack_group(file.filename().string())] = file;
    }
    REQUIRE(groups.size() == 2);
    remove_pack(real_disk(), groups["one"].replace_extension());
    CHECK(git(bare.path(), "cat-file blob " + to_hex(*object_id(ObjectKind::blob, next))).output ==
          next);
    CHECK(pack_group("pack-stemma-20251121T202211Z-2-" + std::string(40, 'a') + ".idx") ==
          "20251121T202211Z-2");
    CHECK(pack_group("pack-stemma-" + std::string(40, 'a') + ".idx") == "kept");
    CHECK_FALSE(pack_group("pack-" + std::string(40, 'a') + ".idx"));
}

TEST_CASE("joined packs keep their deltas, whose bases may be in an earlier one") {
    const Bare bare;
    std::string bytes(5'000, 'x');
    std::vector<std::string> versions{bytes};
    for (int pack = 0; pack < 6; ++pack) {
        PackWriter writer(real_disk(), bare.path(), "g", nullptr);
        // What the pack before ended with is the base here, and so is in both.
        ObjectId base = *writer.put(ObjectKind::blob, bytes);
        for (int i = 0; i < 5; ++i) {
            const std::string last = bytes;
            bytes.replace(static_cast<std::size_t>(pack * 500 + i * 50), 3, "abc");
            base = *writer.put_delta(ObjectKind::blob, bytes, {base, delta_between(last, bytes)});
            versions.push_back(bytes);
        }
        REQUIRE(writer.finish());
    }
    CHECK(consolidate_packs(real_disk(), bare.path(), "g", {.packs = 6}) == true);
    CHECK(count_packs(bare.path()) == 1);
    const Ran listed = run("git verify-pack -v " + bare.file("r.git") + "/objects/pack/*.idx");
    CAPTURE(listed.output);
    // Packs are joined in the order of their names: an end of one is left out where another that
    // begins with it came before.
    CHECK(listed.output.find("chain length = 5: ") != std::string::npos);
    CHECK(listed.output.find("chain length = 31: ") == std::string::npos);
    for (const std::string& version : versions) {
        const auto id = to_hex(*object_id(ObjectKind::blob, version));
        CHECK(git(bare.path(), "cat-file blob " + id).output == version);
    }
    CHECK(git(bare.path(), "fsck --strict --no-dangling --no-progress").status == 0);
}

TEST_CASE("small packs are joined, others left: large, of another group, or git's own") {
    const Bare bare;
    const auto add = [&](const std::string& bytes, const char* group) {
        PackWriter writer(real_disk(), bare.path(), group, nullptr);
        REQUIRE(writer.put(ObjectKind::blob, bytes));
        REQUIRE(writer.put(ObjectKind::blob, "in all of them"));
        REQUIRE(writer.finish());
    };
    for (int i = 0; i < 4; ++i)
        add(std::to_string(i), "g");
    add("another", "h");
    Random random(11);
    add(random_bytes(random, 5000), "g");
    const ConsolidationLimits limits{.packs = 4, .small_bytes = 4000};
    CHECK(count_packs(bare.path()) == 6);
    CHECK(consolidate_packs(real_disk(), bare.path(), "g", limits) == true);
    CHECK(count_packs(bare.path()) == 3);
    CHECK(consolidate_packs(real_disk(), bare.path(), "g", limits) == false);
    for (int i = 0; i < 4; ++i) {
        const auto id = to_hex(*object_id(ObjectKind::blob, std::to_string(i)));
        CHECK(git(bare.path(), "cat-file blob " + id).output == std::to_string(i));
    }
}

TEST_CASE("a start clears what a crash left half done, and nothing else") {
    const Bare bare;
    PackWriter writer(real_disk(), bare.path(), "g", nullptr);
    REQUIRE(writer.put(ObjectKind::blob, "whole"));
    REQUIRE(writer.finish());
    const auto whole = files_in(bare.path() / "objects/pack");
    CHECK(whole.size() == 3);
    const auto make = [&](const fs::path& file, std::size_t size) {
        std::ofstream(bare.path() / file) << std::string(size, 'x');
    };
    make("incoming/pack-stemma-g-x.pack", 5);
    make("objects/pack/pack-stemma-g-x.pack", 5);
    make("objects/pack/pack-stemma-g-x.keep", 0);
    make("objects/pack/pack-stemma-g-y.idx", 5);
    make("refs/heads/main.lock", 41);
    make("refs/heads/theirs.lock", 0);
    clear_leftovers(real_disk(), bare.path());
    CHECK(files_in(bare.path() / "incoming").empty());
    CHECK(files_in(bare.path() / "objects/pack") == whole);
    CHECK(files_in(bare.path() / "refs/heads") ==
          std::vector{bare.path() / "refs/heads/theirs.lock"});
}
