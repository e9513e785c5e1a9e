#include "toolstack/saved_state.hpp"

#include <cstdlib>
#include <filesystem>

#include "toolstack/history_module.hpp"
#include "xs_wire/name_codec.hpp"

namespace stemma::toolstack {

namespace {

// Whether the repository may have the ref: a file of its name, or one with all packed refs. Most
// guests that are made have no state yet, and need no history read.
bool may_have(const std::filesystem::path& repository, const std::string& reference) {
    std::error_code error;
    return std::filesystem::exists(repository / reference, error) ||
           std::filesystem::exists(repository / "packed-refs", error);
}

}  // namespace

std::string default_repository() {
    const char* path = std::getenv("STEMMA_REPOSITORY");
    return path != nullptr && *path != '\0' ? path : "/var/lib/stemma/store.git";
}

std::string saved_state_ref(const std::string& guest) {
    return "refs/guests/" + xs::encode_element(guest);
}

Result<std::optional<std::string>> find_saved_state(const std::string& repository,
                                                    const std::string& guest) {
    if (!may_have(repository, saved_state_ref(guest))) return std::nullopt;
    const auto module = history_module();
    if (!module) return std::unexpected(module.error());
    return (*module)->read_saved_state(repository, guest);
}

}  // namespace stemma::toolstack
