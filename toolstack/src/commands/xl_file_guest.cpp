#include "xl_file_guest.hpp"

#include <filesystem>

#include "toolstack/configuration_store.hpp"
#include "toolstack/file_guests.hpp"
#include "toolstack/file_text.hpp"
#include "toolstack/image_path.hpp"
#include "toolstack/xl_file.hpp"
#include "toolstack/xl_guest.hpp"

namespace stemma::toolstack {

bool is_file_word(const std::string& word) {
    return word.find('/') != std::string::npos || word.ends_with(".cfg");
}

Result<NamedGuest> xl_file_guest(Invocation& call, const std::string& file) {
    const auto text = read_file_text(file, xl_file_bytes_max);
    if (!text) {
        return failure(ErrorKind::configuration, "read the guest's file", file, text.error());
    }
    const auto links = call.surroundings.links();
    if (!links) return std::unexpected(links.error());
    const auto all = (*links)->all();
    if (!all) return std::unexpected(all.error());

    std::error_code error;
    XlPlace place{.directory = std::filesystem::current_path(error).string(),
                  .images = guest_directory()};
    for (const auto& link : *all) {
        if (link.kind == "bridge") place.bridges.insert(link.name);
    }
    auto read = read_xl_guest(*text, file, place);
    if (!read) {
        return file_failure("the guest's file", file, read.error(), "see stemma(1), GUEST FILES");
    }
    read->guest.file = (std::filesystem::path(place.directory) / file).lexically_normal().string();

    const auto store = call.surroundings.store();
    if (!store) return std::unexpected(store.error());
    const auto configuration = load_configuration(**store);
    if (!configuration) return std::unexpected(configuration.error());
    auto guest = fitted(*configuration, read->name, std::move(read->guest));
    if (!guest) return std::unexpected(std::move(guest.error()));
    return NamedGuest{std::move(read->name), std::move(*guest)};
}

}  // namespace stemma::toolstack
