#include "toml_reader.hpp"

#include <algorithm>
#include <utility>

#include "toolstack/spelling.hpp"

namespace stemma::toolstack {

std::string key_path(const std::string& path, std::string_view key) {
    return path.empty() ? std::string(key) : path + '.' + std::string(key);
}

std::string_view type_name(const toml::node& node) {
    switch (node.type()) {
        case toml::node_type::table:
            return "a table";
        case toml::node_type::array:
            return "an array";
        case toml::node_type::string:
            return "a string";
        case toml::node_type::integer:
            return "an integer";
        case toml::node_type::floating_point:
            return "a decimal fraction";
        case toml::node_type::boolean:
            return "a boolean";
        default:
            return "a date or time";
    }
}

void TomlReader::fault(const toml::source_region& where, std::string key, std::string cause) {
    faults_.push_back({file_, where.begin.line, std::move(key), std::move(cause)});
}

std::vector<FileFault> TomlReader::faults() {
    return told(std::move(faults_));
}

void TomlReader::check_keys(const toml::table& table, const std::string& path,
                            const std::vector<std::string_view>& known) {
    for (const auto& [key, value] : table) {
        if (std::ranges::find(known, key.str()) != known.end()) continue;
        std::string cause = "unknown key; ";
        const auto near = closest(key.str(), {known.begin(), known.end()});
        if (!near.empty()) {
            cause += "did you mean `" + std::string(near) + "`?";
        } else {
            cause += "known here:";
            for (const auto name : known)
                cause += ' ' + std::string(name);
        }
        fault(key.source(), key_path(path, key.str()), std::move(cause));
    }
}

const toml::table* TomlReader::table(const toml::table& in, const std::string& path,
                                     std::string_view key) {
    const toml::node* node = in.get(key);
    if (node == nullptr) return nullptr;
    if (!node->is_table()) {
        fault(*node, key_path(path, key),
              "a table is expected, not " + std::string(type_name(*node)));
    }
    return node->as_table();
}

const toml::array* TomlReader::array(const toml::table& in, const std::string& path,
                                     std::string_view key) {
    const toml::node* node = in.get(key);
    if (node == nullptr) return nullptr;
    if (!node->is_array()) {
        fault(*node, key_path(path, key),
              "an array is expected, not " + std::string(type_name(*node)));
    }
    return node->as_array();
}

std::optional<std::string> TomlReader::string(const toml::table& in, const std::string& path,
                                              std::string_view key, std::string_view expected) {
    const toml::node* node = in.get(key);
    if (node == nullptr) return std::nullopt;
    auto value = node->value_exact<std::string>();
    if (!value) {
        fault(*node, key_path(path, key),
              std::string(expected) + " is expected, not " + std::string(type_name(*node)));
    }
    return value;
}

std::optional<std::int64_t> TomlReader::integer(const toml::table& in, const std::string& path,
                                                std::string_view key, std::int64_t low,
                                                std::int64_t high, std::string_view expected) {
    const toml::node* node = in.get(key);
    if (node == nullptr) return std::nullopt;
    const auto value = node->value_exact<std::int64_t>();
    const std::string range =
        std::string(expected) + " from " + std::to_string(low) + " to " + std::to_string(high);
    if (!value) {
        fault(*node, key_path(path, key),
              range + " is expected, not " + std::string(type_name(*node)));
        return std::nullopt;
    }
    if (*value < low || *value > high) {
        fault(*node, key_path(path, key), range + " is expected, not " + std::to_string(*value));
        return std::nullopt;
    }
    return value;
}

std::optional<bool> TomlReader::boolean(const toml::table& in, const std::string& path,
                                        std::string_view key) {
    const toml::node* node = in.get(key);
    if (node == nullptr) return std::nullopt;
    const auto value = node->value_exact<bool>();
    if (!value) {
        fault(*node, key_path(path, key),
              "true or false is expected, not " + std::string(type_name(*node)));
    }
    return value;
}

}  // namespace stemma::toolstack
