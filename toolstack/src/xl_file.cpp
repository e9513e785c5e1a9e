#include "toolstack/xl_file.hpp"

#include <dlfcn.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <utility>

extern "C" {
#include <libxlutil.h>
}

#include "xl_names.hpp"

namespace stemma::toolstack {

namespace {

// What libxlutil reports while it lives: lines "FILE:LINE: what is wrong".
class Report {
  public:
    Report() : stream_(::open_memstream(&text_, &size_)) {}
    ~Report() {
        if (stream_ != nullptr) std::fclose(stream_);
        std::free(text_);
    }
    Report(const Report&) = delete;
    Report& operator=(const Report&) = delete;

    FILE* stream() { return stream_; }
    std::string_view text() {
        std::fflush(stream_);
        return {text_, size_};
    }

  private:
    char* text_ = nullptr;
    std::size_t size_ = 0;
    FILE* stream_;
};

// libxlutil, loaded with the first file: linked, it and libxenlight behind it would cost every
// command a sixth more of its start. Null where it is not there.
class Library {
  public:
    static const Library* loaded() {
        static const Library library;
        return library.complete_ ? &library : nullptr;
    }

    decltype(&xlu_cfg_init) init{};
    decltype(&xlu_cfg_destroy) destroy{};
    decltype(&xlu_cfg_readdata) read_data{};
    decltype(&xlu_cfg_get_list) get_list{};
    decltype(&xlu_cfg_get_listitem) get_item{};
    decltype(&xlu_cfg_get_string) get_string{};
    decltype(&xlu_cfg_get_long) get_long{};

  private:
    Library() : handle_(::dlopen(XLUTIL_LIBRARY, RTLD_LAZY | RTLD_LOCAL)) {
        complete_ = handle_ != nullptr && find(init, "xlu_cfg_init") &&
                    find(destroy, "xlu_cfg_destroy") && find(read_data, "xlu_cfg_readdata") &&
                    find(get_list, "xlu_cfg_get_list") && find(get_item, "xlu_cfg_get_listitem") &&
                    find(get_string, "xlu_cfg_get_string") && find(get_long, "xlu_cfg_get_long");
    }
    template <typename Function>
    bool find(Function& function, const char* name) {
        function = reinterpret_cast<Function>(::dlsym(handle_, name));
        return function != nullptr;
    }

    void* handle_;
    bool complete_ = false;
};

struct Destroy {
    void operator()(XLU_Config* config) const { Library::loaded()->destroy(config); }
};

std::vector<FileFault> faults_of(std::string_view report, const std::string& file) {
    std::vector<FileFault> faults;
    while (!report.empty()) {
        std::string_view line = report.substr(0, report.find('\n'));
        report.remove_prefix(std::min(line.size() + 1, report.size()));
        FileFault fault{file, 0, "", ""};
        if (line.starts_with(file + ':')) {
            line.remove_prefix(file.size() + 1);
            const auto [end, error] =
                std::from_chars(line.data(), line.data() + line.size(), fault.line);
            if (error == std::errc()) {
                line.remove_prefix(static_cast<std::size_t>(end - line.data()));
            }
            line.remove_prefix(std::min(line.find_first_not_of(": "), line.size()));
        }
        fault.cause = line;
        faults.push_back(std::move(fault));
    }
    if (faults.empty()) faults.push_back({file, 0, "", "it is not in the syntax of xl.cfg"});
    return told(std::move(faults));
}

}  // namespace

std::expected<std::vector<XlSetting>, std::vector<FileFault>> parse_xl_file(
    std::string_view text, const std::string& file) {
    const Library* const xl = Library::loaded();
    if (xl == nullptr) {
        return std::unexpected(std::vector{FileFault{
            file, 0, "",
            XLUTIL_LIBRARY ", which reads it, cannot be loaded: install Xen's libraries"}});
    }
    Report report;
    const std::unique_ptr<XLU_Config, Destroy> config(
        report.stream() == nullptr ? nullptr : xl->init(report.stream(), file.c_str()));
    if (!config) return std::unexpected(std::vector{FileFault{file, 0, "", "out of memory"}});
    if (text.size() > xl_file_bytes_max) {
        return std::unexpected(std::vector{
            FileFault{file, 0, "", "longer than " + std::to_string(xl_file_bytes_max) + " bytes"}});
    }
    if (xl->read_data(config.get(), text.data(), static_cast<int>(text.size())) != 0) {
        return std::unexpected(faults_of(report.text(), file));
    }
    std::vector<XlSetting> settings;
    std::vector<FileFault> faults;
    for (const auto& [name, line] : assigned_names(text)) {
        XlSetting setting{name, line};
        XLU_ConfigList* list = nullptr;
        int count = 0;
        const char* value = nullptr;
        if (xl->get_list(config.get(), name.c_str(), &list, &count, 1) == 0) {
            setting.items.emplace();
            for (int i = 0; i < count; ++i) {
                if (const char* item = xl->get_item(list, i)) {
                    setting.items->emplace_back(item);
                } else {
                    faults.push_back({file, line, name, "a list within a list is not expected"});
                }
            }
        } else if (xl->get_string(config.get(), name.c_str(), &value, 1) == 0) {
            setting.text = value;
            long number = 0;
            if (xl->get_long(config.get(), name.c_str(), &number, 1) == 0) {
                setting.number = number;
            }
        } else {
            faults.push_back({file, line, name, "it has no value"});
        }
        settings.push_back(std::move(setting));
    }
    if (!faults.empty()) return std::unexpected(told(std::move(faults)));
    std::ranges::stable_sort(settings, {}, &XlSetting::line);
    return settings;
}

}  // namespace stemma::toolstack
