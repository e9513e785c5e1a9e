#include "self_test/check_list.hpp"

#include <string>

namespace stemma::self_test {

bool CheckList::check(std::string_view name, bool ok) {
    ++checks_;
    failed_ += !ok;
    console_.line(std::string(ok ? "self-test: ok: " : "self-test: FAILED: ").append(name));
    return ok;
}

void CheckList::figure(std::string_view name, std::uint64_t ticks) {
    console_.line(std::string("self-test: figure: ").append(name) + ": " + std::to_string(ticks) +
                  " ticks");
}

bool CheckList::end() {
    const std::string checks = std::to_string(checks_);
    const bool passed = checks_ > 0 && failed_ == 0;
    console_.line(passed ? "self-test: " + checks + " checks passed"
                         : "self-test: " + std::to_string(failed_) + " of " + checks +
                               " checks failed");
    return passed;
}

}  // namespace stemma::self_test
