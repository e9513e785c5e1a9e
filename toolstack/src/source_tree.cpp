#include "toolstack/source_tree.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>

#include "toolstack/image_path.hpp"

namespace stemma::toolstack {

namespace {

// What no other tree has.
bool is_source_tree(const std::filesystem::path& directory) {
    std::error_code error;
    return std::filesystem::exists(directory / "guests/xen/image.ld", error) &&
           std::filesystem::exists(directory / "CMakePresets.json", error);
}

// The source tree that a build directory of CMake is of.
std::optional<std::string> source_of(const std::filesystem::path& build) {
    constexpr std::string_view key = "CMAKE_HOME_DIRECTORY:INTERNAL=";
    std::ifstream cache(build / "CMakeCache.txt");
    for (std::string line; std::getline(cache, line);)
        if (line.starts_with(key)) return line.substr(key.size());
    return std::nullopt;
}

}  // namespace

Result<SourceTree> find_source_tree() {
    const char* const given = std::getenv("STEMMA_SOURCE");
    if (given != nullptr && *given != '\0') {
        if (is_source_tree(given)) return SourceTree{given, std::string(given) + "/build/release"};
        return failure(
            ErrorKind::not_found, "find", "Stemma's sources",
            std::string("STEMMA_SOURCE names ") + given + ", which is no source tree of Stemma",
            "let it name a clone of Stemma's repository");
    }
    std::error_code error;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
    const auto build = self.parent_path().parent_path();
    const auto source = source_of(build);
    if (source && is_source_tree(*source)) return SourceTree{*source, build.string()};
    return failure(ErrorKind::not_found, "find", "Stemma's sources",
                   "this stemma, " + self.string() + ", does not lie in a build of its source tree",
                   "clone Stemma's repository and name it: STEMMA_SOURCE=DIRECTORY stemma build "
                   "...; or copy images that were built elsewhere to " +
                       guest_directory());
}

}  // namespace stemma::toolstack
