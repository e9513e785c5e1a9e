#include "toolstack/history_module.hpp"

#include <dlfcn.h>

#include <filesystem>
#include <string_view>

namespace stemma::toolstack {

namespace {

Result<const HistoryModule*> load() {
    std::error_code error;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
    const std::string file =
        (self.parent_path().parent_path() / "lib" / "stemma" / "history.so").string();
    const auto refused = [&](std::string cause) {
        return failure(ErrorKind::failed, "load", file, std::move(cause),
                       "it is a part of Stemma, and belongs to the program beside it");
    };
    void* const library = ::dlopen(file.c_str(), RTLD_LAZY | RTLD_LOCAL);
    if (library == nullptr) return refused(::dlerror());
    const auto* const module =
        static_cast<const HistoryModule*>(::dlsym(library, "stemma_history"));
    if (module == nullptr) return refused(::dlerror());
    if (std::string_view(module->built_for) != STEMMA_VERSION)
        return refused(std::string("it was built for version ") + module->built_for);
    return module;
}

}  // namespace

Result<const HistoryModule*> history_module() {
    static const Result<const HistoryModule*> loaded = load();
    return loaded;
}

}  // namespace stemma::toolstack
