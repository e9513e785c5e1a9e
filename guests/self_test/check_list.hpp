#pragma once

#include <cstddef>
#include <string_view>

#include "rt/console.hpp"
#include "rt/entropy.hpp"

namespace stemma::self_test {

// What a self-test found, a line on the console for each check:
//
//   self-test: ok: a write to text faults
//   self-test: FAILED: NAME
//
// and at the end "self-test: 31 checks passed" or "self-test: 1 of 31 checks failed".
class CheckList {
  public:
    explicit CheckList(rt::Console& console) : console_(console) {}

    // Returns `ok`, for what makes no sense to go on without.
    bool check(std::string_view name, bool ok);
    // The last line; true if there were checks and all of them passed.
    bool end();

  private:
    rt::Console& console_;
    std::size_t checks_ = 0;
    std::size_t failed_ = 0;
};

// Each image defines this one function: the guest does its work once, on ports and a store in
// memory (guest_rig.hpp), by the code that serves.
void check_guest(CheckList& checks, rt::Entropy& entropy);

}  // namespace stemma::self_test
