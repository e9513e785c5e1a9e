#include "toolstack/xl_file.hpp"

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

struct Destroy {
    void operator()(XLU_Config* config) const { xlu_cfg_destroy(config); }
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
    Report report;
    const std::unique_ptr<XLU_Config, Destroy> config(
        report.stream() == nullptr ? nullptr : xlu_cfg_init(report.stream(), file.c_str()));
    if (!config) return std::unexpected(std::vector{FileFault{file, 0, "", "out of memory"}});
    if (text.size() > xl_file_bytes_max) {
        return std::unexpected(std::vector{
            FileFault{file, 0, "", "longer than " + std::to_string(xl_file_bytes_max) + " bytes"}});
    }
    if (xlu_cfg_readdata(config.get(), text.data(), static_cast<int>(text.size())) != 0) {
        return std::unexpected(faults_of(report.text(), file));
    }
    std::vector<XlSetting> settings;
    std::vector<FileFault> faults;
    for (const auto& [name, line] : assigned_names(text)) {
        XlSetting setting{name, line};
        XLU_ConfigList* list = nullptr;
        int count = 0;
        const char* value = nullptr;
        if (xlu_cfg_get_list(config.get(), name.c_str(), &list, &count, 1) == 0) {
            setting.items.emplace();
            for (int i = 0; i < count; ++i) {
                if (const char* item = xlu_cfg_get_listitem(list, i)) {
                    setting.items->emplace_back(item);
                } else {
                    faults.push_back({file, line, name, "a list within a list is not expected"});
                }
            }
        } else if (xlu_cfg_get_string(config.get(), name.c_str(), &value, 1) == 0) {
            setting.text = value;
            long number = 0;
            if (xlu_cfg_get_long(config.get(), name.c_str(), &number, 1) == 0) {
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
