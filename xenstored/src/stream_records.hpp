#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

// The records of xenstore_state.h and their fields, for the writer and the reader of the stream.
namespace stemma::xenstored::stream {

inline constexpr std::string_view ident = "xenstore";
inline constexpr std::uint32_t little_endian = 0;  // flags

enum class Type : std::uint32_t {
    end = 0,
    global = 1,
    connection = 2,
    watch = 3,
    transaction = 4,
    node = 5,
    global_quota = 6,
    domain = 7,
    watch_extended = 8,
    // Ours.
    own_state = 0x53540001,
    own_connection = 0x53540002,  // after its connection record
    own_domain = 0x53540003,
    own_node = 0x53540004,  // after its node record
    own_process = 0x53540005,
    own_branch = 0x53540006,  // after all nodes
    own_change = 0x53540007,  // of the branch before it
};

inline constexpr std::uint16_t ring_connection = 0;
inline constexpr std::uint16_t socket_connection = 1;
inline constexpr std::uint16_t no_target = 0x7ff4;  // DOMID_INVALID
inline constexpr std::uint16_t unlimited_depth = 0xffff;
inline constexpr std::uint8_t stale = 1;  // a permission's flag: to be ignored

// Of what is counted up for ever; no daemon lives so long, and none could go on counting there.
inline constexpr std::uint64_t count_max = std::uint64_t{1} << 62;
inline constexpr char beyond_count[] = "a number that no daemon has counted to";

constexpr std::size_t padded(std::size_t length) {
    return (length + 7) & ~std::size_t{7};
}

// Fields one after another, in the host's byte order.
class Writer {
  public:
    Writer& number(auto value) {
        char raw[sizeof value];
        std::memcpy(raw, &value, sizeof value);
        bytes_.append(raw, sizeof value);
        return *this;
    }
    Writer& bytes(std::string_view text) {
        bytes_.append(text);
        return *this;
    }
    // With its length before it.
    Writer& text(std::string_view text) {
        return number(static_cast<std::uint32_t>(text.size())).bytes(text);
    }
    // In place of what is there already.
    void put(std::size_t at, auto value) { std::memcpy(bytes_.data() + at, &value, sizeof value); }
    std::size_t size() const { return bytes_.size(); }
    std::string take() { return std::move(bytes_); }

  private:
    std::string bytes_;
};

// Takes fields off the front; once there were too few bytes everything is 0, and ok() is false.
class Reader {
  public:
    explicit Reader(std::string_view bytes) : left_(bytes) {}

    template <class Number>
    Number number() {
        Number value{};
        const std::string_view raw = bytes(sizeof value);
        if (raw.size() == sizeof value) std::memcpy(&value, raw.data(), sizeof value);
        return value;
    }
    std::uint8_t u8() { return number<std::uint8_t>(); }
    std::uint16_t u16() { return number<std::uint16_t>(); }
    std::uint32_t u32() { return number<std::uint32_t>(); }
    std::uint64_t u64() { return number<std::uint64_t>(); }
    std::int32_t i32() { return number<std::int32_t>(); }
    std::string_view bytes(std::size_t count) {
        if (count > left_.size()) {
            left_ = {};
            ok_ = false;
            return {};
        }
        const std::string_view taken = left_.substr(0, count);
        left_.remove_prefix(count);
        return taken;
    }
    std::string_view text() { return bytes(u32()); }

    bool ok() const { return ok_; }
    // How many may follow of what takes `size` bytes at least.
    bool may_hold(std::uint64_t count, std::size_t size) const {
        return count <= left_.size() / size;
    }
    bool empty() const { return left_.empty(); }

  private:
    std::string_view left_;
    bool ok_ = true;
};

}  // namespace stemma::xenstored::stream
