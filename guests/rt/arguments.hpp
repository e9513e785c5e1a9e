#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace stemma::rt {

// A guest's command line: "key=value" words separated by blanks. The views point into the text
// given to parse(). Values such as "vif0,10.0.0.1/24" are read by net/text.hpp.
class Arguments {
  public:
    // At most this many words.
    static constexpr std::size_t words_max = 64;

    // `known` are the keys the guest understands. The error is a sentence for the console that
    // names the word: no '=', an unknown key (with the known ones), a key given twice.
    static std::expected<Arguments, std::string> parse(std::string_view text,
                                                       std::span<const std::string_view> known);

    // Nothing when the key was not given.
    std::optional<std::string_view> get(std::string_view key) const;

  private:
    struct Word {
        std::string_view key;
        std::string_view value;
    };
    std::vector<Word> words_;
};

}  // namespace stemma::rt
