#pragma once

#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_UNRELEASED_FEATURES 0
#include <toml++/toml.h>

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "toolstack/configuration_file.hpp"

namespace stemma::toolstack {

// Takes values out of a parsed document and gathers what is wrong with them.
class TomlReader {
  public:
    explicit TomlReader(std::string file) : file_(std::move(file)) {}

    void fault(const toml::source_region& where, std::string key, std::string cause);
    void fault(const toml::node& node, std::string key, std::string cause) {
        fault(node.source(), std::move(key), std::move(cause));
    }

    // Each key of `table` must be one of `known`.
    void check_keys(const toml::table& table, const std::string& path,
                    std::initializer_list<std::string_view> known);

    // Null, and a fault when the key is there with another type. `path` is the table's own.
    const toml::table* table(const toml::table& in, const std::string& path, std::string_view key);
    const toml::array* array(const toml::table& in, const std::string& path, std::string_view key);
    // Nothing where the key is absent, or wrong, which is then a fault.
    std::optional<std::string> string(const toml::table& in, const std::string& path,
                                      std::string_view key, std::string_view expected);
    std::optional<std::int64_t> integer(const toml::table& in, const std::string& path,
                                        std::string_view key, std::int64_t low, std::int64_t high,
                                        std::string_view expected);
    std::optional<bool> boolean(const toml::table& in, const std::string& path,
                                std::string_view key);

    // In order of lines.
    std::vector<FileFault> faults();
    bool has_faults() const { return !faults_.empty(); }

  private:
    std::string file_;
    std::vector<FileFault> faults_;
};

// "guests" and "nat0" as "guests.nat0".
std::string key_path(const std::string& path, std::string_view key);

// "a string", "a table": what a value is, for messages.
std::string_view type_name(const toml::node& node);

}  // namespace stemma::toolstack
