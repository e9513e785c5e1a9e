#pragma once

#include <compare>
#include <cstdint>

namespace stemma::rt {

// A length of time in nanoseconds, signed.
struct Duration {
    std::int64_t nanoseconds = 0;

    static constexpr Duration microseconds(std::int64_t n) { return {n * 1'000}; }
    static constexpr Duration milliseconds(std::int64_t n) { return {n * 1'000'000}; }
    static constexpr Duration seconds(std::int64_t n) { return {n * 1'000'000'000}; }

    constexpr std::int64_t whole_seconds() const { return nanoseconds / 1'000'000'000; }

    auto operator<=>(const Duration&) const = default;
    friend constexpr Duration operator+(Duration a, Duration b) {
        return {a.nanoseconds + b.nanoseconds};
    }
    friend constexpr Duration operator-(Duration a, Duration b) {
        return {a.nanoseconds - b.nanoseconds};
    }
    friend constexpr Duration operator*(Duration a, std::int64_t n) { return {a.nanoseconds * n}; }
    friend constexpr Duration operator/(Duration a, std::int64_t n) { return {a.nanoseconds / n}; }
};

// A moment on the monotonic clock. Every deadline in a guest is one of these, so that a stepped
// wall clock expires nothing that lives.
struct Instant {
    std::int64_t nanoseconds = 0;  // since an arbitrary start, never going back

    static constexpr Instant never() { return {INT64_MAX}; }

    auto operator<=>(const Instant&) const = default;
    friend constexpr Instant operator+(Instant i, Duration d) {
        return {i.nanoseconds + d.nanoseconds};
    }
    friend constexpr Instant operator-(Instant i, Duration d) {
        return {i.nanoseconds - d.nanoseconds};
    }
    friend constexpr Duration operator-(Instant a, Instant b) {
        return {a.nanoseconds - b.nanoseconds};
    }
};

// Seconds since 1970-01-01 UTC: what expiries in the store are written in.
struct UtcSeconds {
    std::int64_t seconds = 0;

    auto operator<=>(const UtcSeconds&) const = default;
};

}  // namespace stemma::rt
