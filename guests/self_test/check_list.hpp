#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "rt/console.hpp"
#include "rt/entropy.hpp"

namespace stemma::self_test {

// What a self-test found, a line on the console for each check:
//
//   self-test: ok: a write to text faults
//   self-test: FAILED: NAME
//
// and at the end "self-test: 31 checks passed" or "self-test: 1 of 31 checks failed". What
// something costs stands between them, and decides nothing:
//
//   self-test: figure: dns: an answer: 2345 ticks
class CheckList {
  public:
    explicit CheckList(rt::Console& console) : console_(console) {}

    // Returns `ok`, for what makes no sense to go on without.
    bool check(std::string_view name, bool ok);
    // Of the time stamp counter. Where QEMU counts time in instructions (-icount shift=0) a tick is
    // an instruction, and the figure is the same in every run.
    void figure(std::string_view name, std::uint64_t ticks);
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
