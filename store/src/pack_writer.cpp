#include "pack_writer.hpp"

#include <system_error>

#include "file_write.hpp"

namespace stemma::store {
namespace {

std::filesystem::path with(const std::filesystem::path& pack, const char* extension) {
    return pack.string() + extension;
}

}  // namespace

PackWriter::PackWriter(std::filesystem::path repository, const std::unordered_set<CommitId>* known)
    : repository_(std::move(repository)), known_(known) {}

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
    const auto same = repository_ / "objects" / "pack" / (pack_.name() + ".idx");
    if (std::filesystem::exists(same, ignored)) {  // the very same objects: not ours to discard
        pack_ = PackText();
        ++packs_;
        return {};
    }
    auto installed = install_pack(repository_, pack_, true);
    if (!installed) return std::unexpected(std::move(installed.error()));
    kept_.push_back(std::move(*installed));
    ++packs_;
    objects_ += pack_.count();
    bytes_ += pack_.size();
    pack_ = PackText();
    return {};
}

void PackWriter::release() {
    std::error_code ignored;
    for (const auto& pack : kept_)
        std::filesystem::remove(with(pack, ".keep"), ignored);
    kept_.clear();
}

void PackWriter::discard() {
    std::error_code ignored;
    for (const auto& pack : kept_) {
        for (const char* extension : {".idx", ".pack", ".keep"}) {
            std::filesystem::remove(with(pack, extension), ignored);
        }
    }
    kept_.clear();
    pack_ = PackText();
    put_.clear();
}

std::expected<std::filesystem::path, Error> install_pack(const std::filesystem::path& repository,
                                                         const PackText& pack, bool keep) {
    const auto incoming = repository / "incoming" / pack.name();
    const auto packs = repository / "objects" / "pack";
    const auto installed = packs / pack.name();
    const auto steps = [&]() -> std::expected<void, Error> {
        if (auto done = write_synced(with(incoming, ".pack"), pack.bytes()); !done) return done;
        if (auto done = write_synced(with(incoming, ".idx"), pack.index()); !done) return done;
        if (keep) {
            if (auto done = write_synced(with(installed, ".keep"), keep_text); !done) return done;
        }
        for (const char* extension : {".pack", ".idx"}) {
            const auto to = with(installed, extension);
            if (auto done = rename_file(with(incoming, extension), to); !done) return done;
        }
        return sync_directory(packs);
    };
    if (auto done = steps(); !done) {
        std::error_code ignored;
        for (const char* extension : {".pack", ".idx"}) {
            std::filesystem::remove(with(incoming, extension), ignored);
        }
        if (keep) {
            for (const char* extension : {".idx", ".pack", ".keep"}) {
                std::filesystem::remove(with(installed, extension), ignored);
            }
        }
        return std::unexpected(std::move(done.error()));
    }
    return installed;
}

}  // namespace stemma::store
