#include "pack_text.hpp"

#include <catch2/catch.hpp>
#include <fstream>
#include <map>

#include "delta_text.hpp"
#include "file_write.hpp"
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
    CHECK(std::string(own_pack_prefix) + indexed.output == pack.name() + "\n");
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
    REQUIRE(install_pack(bare.path(), pack, false));
    for (const auto& [id, expected] : model) {
        CHECK(git(bare.path(), "cat-file blob " + to_hex(id)).output == expected);
    }
}

TEST_CASE("deltas whose base is in the pack are written, up to a chain of fifty") {
    const Bare bare;
    PackWriter writer(bare.path(), nullptr);
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
    PackWriter second(bare.path(), nullptr);
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

TEST_CASE("a pack has its .keep until the refs have moved, and is gone if they do not") {
    const Bare bare;
    const auto keeps = [&] {
        std::size_t count = 0;
        for (const auto& file : fs::directory_iterator(bare.path() / "objects/pack")) {
            count += file.path().extension() == ".keep" ? 1U : 0U;
        }
        return count;
    };
    PackWriter writer(bare.path(), nullptr);
    REQUIRE(writer.put(ObjectKind::blob, "one"));
    REQUIRE(writer.put(ObjectKind::blob, "one"));
    CHECK(count_packs(bare.path()) == 0);
    REQUIRE(writer.finish());
    CHECK(writer.objects() == 1);
    CHECK(count_packs(bare.path()) == 1);
    CHECK(keeps() == 1);
    writer.release();
    CHECK(count_packs(bare.path()) == 1);
    CHECK(keeps() == 0);

    PackWriter failing(bare.path(), nullptr);
    REQUIRE(failing.put(ObjectKind::blob, "two"));
    REQUIRE(failing.finish());
    failing.discard();
    CHECK(count_packs(bare.path()) == 1);
    CHECK(keeps() == 0);
    // The very objects of a pack that is there are not written, and so not taken away.
    PackWriter same(bare.path(), nullptr);
    REQUIRE(same.put(ObjectKind::blob, "one"));
    REQUIRE(same.finish());
    same.discard();
    CHECK(count_packs(bare.path()) == 1);
    CHECK(git(bare.path(), "fsck --strict --no-dangling --no-progress").status == 0);
}

TEST_CASE("joined packs keep their deltas, whose bases may be in an earlier one") {
    const Bare bare;
    std::string bytes(5'000, 'x');
    std::vector<std::string> versions{bytes};
    for (int pack = 0; pack < 6; ++pack) {
        PackWriter writer(bare.path(), nullptr);
        // What the pack before ended with is the base here, and so is in both.
        ObjectId base = *writer.put(ObjectKind::blob, bytes);
        for (int i = 0; i < 5; ++i) {
            const std::string last = bytes;
            bytes.replace(static_cast<std::size_t>(pack * 500 + i * 50), 3, "abc");
            base = *writer.put_delta(ObjectKind::blob, bytes, {base, delta_between(last, bytes)});
            versions.push_back(bytes);
        }
        REQUIRE(writer.finish());
        writer.release();
    }
    CHECK(consolidate_packs(bare.path(), {.packs = 6}) == true);
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

TEST_CASE("small packs are joined, others left: large, kept, or git's own") {
    const Bare bare;
    const auto add = [&](const std::string& bytes, bool release) {
        PackWriter writer(bare.path(), nullptr);
        REQUIRE(writer.put(ObjectKind::blob, bytes));
        REQUIRE(writer.put(ObjectKind::blob, "in all of them"));
        REQUIRE(writer.finish());
        if (release) writer.release();
    };
    for (int i = 0; i < 4; ++i)
        add(std::to_string(i), true);
    add("kept", false);
    Random random(11);
    add(random_bytes(random, 5000), true);
    const ConsolidationLimits limits{.packs = 4, .small_bytes = 4000};
    CHECK(count_packs(bare.path()) == 6);
    CHECK(consolidate_packs(bare.path(), limits) == true);
    CHECK(count_packs(bare.path()) == 3);
    CHECK(consolidate_packs(bare.path(), limits) == false);
    for (int i = 0; i < 4; ++i) {
        const auto id = to_hex(*object_id(ObjectKind::blob, std::to_string(i)));
        CHECK(git(bare.path(), "cat-file blob " + id).output == std::to_string(i));
    }
    clear_leftovers(bare.path());
    CHECK(fs::directory_iterator(bare.path() / "incoming") == fs::directory_iterator());
    for (const auto& file : fs::directory_iterator(bare.path() / "objects/pack")) {
        CHECK(file.path().extension() != ".keep");
    }
}
