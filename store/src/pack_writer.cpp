#include "pack_writer.hpp"

#include <system_error>

namespace stemma::store {
namespace {

std::filesystem::path with(const std::filesystem::path& pack, const char* extension) {
    return pack.string() + extension;
}

}  // namespace

PackWriter::PackWriter(Disk& disk, std::filesystem::path repository, std::string group,
                       const std::unordered_set<CommitId>* known)
    : disk_(disk), repository_(std::move(repository)), group_(std::move(group)), known_(known) {}

std::expected<ObjectId, Error> PackWriter::put(ObjectKind kind, std::string_view bytes) {
    return add(kind, bytes, nullptr);
}

std::expected<ObjectId, Error> PackWriter::put_delta(ObjectKind kind, std::string_view bytes,
                                                     const Delta& delta) {
    return add(kind, bytes, &delta);
}

std::expected<ObjectId, Error> PackWriter::add(ObjectKind kind, std::string_view bytes,
                                               const Delta* delta) {
    auto id = object_id(kind, bytes);
    if (!id) return id;
    // Edited to what it was: a delta of itself is none, and the base is there.
    if (delta != nullptr && delta->base == *id) return id;
    // Of a tree seen before the delta is smaller than what remembering it costs.
    if (kind == ObjectKind::blob) {
        if (known_ != nullptr && known_->contains({*id})) return id;
        if (lasting_) lasting_put_.push_back({*id});
    }
    const auto [place, is_new] = put_.try_emplace({*id});
    if (!is_new) return id;
    place->second.pack = packs_;
    const auto base = delta != nullptr && delta->instructions.size() * 2 < bytes.size()
                          ? put_.find({delta->base})
                          : put_.end();
    if (base != put_.end() && base->second.pack == packs_ && base->second.chain < longest_chain) {
        place->second.chain = base->second.chain + 1;
        place->second.offset = pack_.add_delta(*id, base->second.offset, delta->instructions);
    } else {
        place->second.offset = pack_.add(*id, kind, bytes);
    }
    if (pack_.size() >= pack_bound) {
        if (auto written = finish(); !written) return std::unexpected(std::move(written.error()));
    }
    return id;
}

std::expected<void, Error> PackWriter::finish() {
    if (pack_.empty()) return {};
    pack_.seal();
    std::error_code ignored;
    const auto same = repository_ / "objects" / "pack" / (pack_.name(group_) + ".idx");
    ++packs_;
    packs_of_.push_back(repository_ / "objects" / "pack" / pack_.name(group_));
    if (std::filesystem::exists(same, ignored)) {  // the very same objects: not ours to discard
        pack_ = PackText();
        return {};
    }
    auto installed = install_pack(disk_, repository_, pack_, group_);
    if (!installed) return std::unexpected(std::move(installed.error()));
    written_.push_back(std::move(*installed));
    objects_ += pack_.count();
    bytes_ += pack_.size();
    pack_ = PackText();
    return {};
}

std::expected<void, Error> PackWriter::begin_group(std::string group) {
    if (group == group_) return {};
    if (auto done = finish(); !done) return done;
    group_ = std::move(group);
    put_.clear();  // what another group has may go before this one
    return {};
}

void PackWriter::discard() {
    for (const auto& pack : written_)
        remove_pack(disk_, pack);
    written_.clear();
    pack_ = PackText();
    put_.clear();
}

std::expected<std::filesystem::path, Error> install_pack(Disk& disk,
                                                         const std::filesystem::path& repository,
                                                         const PackText& pack,
                                                         std::string_view group) {
    const auto incoming = repository / "incoming" / pack.name(group);
    const auto packs = repository / "objects" / "pack";
    const auto installed = packs / pack.name(group);
    const auto steps = [&]() -> std::expected<void, Error> {
        if (auto done = disk.write_synced(with(incoming, ".pack"), pack.bytes()); !done) {
            return done;
        }
        if (auto done = disk.write_synced(with(incoming, ".idx"), pack.index()); !done) return done;
        if (auto done = disk.make_empty(with(installed, ".keep")); !done) return done;
        for (const char* extension : {".pack", ".idx"}) {
            const auto to = with(installed, extension);
            if (auto done = disk.rename(with(incoming, extension), to); !done) return done;
        }
        return disk.sync_directory(packs);
    };
    if (auto done = steps(); !done) {
        for (const char* extension : {".pack", ".idx"})
            disk.remove(with(incoming, extension));
        remove_pack(disk, installed);
        return std::unexpected(std::move(done.error()));
    }
    return installed;
}

void remove_pack(Disk& disk, const std::filesystem::path& pack_without_extension) {
    for (const char* extension : {".idx", ".pack", ".keep"})
        disk.remove(with(pack_without_extension, extension));
}

}  // namespace stemma::store
