// Who may do what to a node: entry 0 names the owner and what everybody else may do, the others
// what the named domain may do (docs/misc/xenstore.txt, SET_PERMS). An immutable list, shared by
// all nodes that inherited it. The store keeps the list; the daemon judges by it.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include "store/counted.hpp"

namespace stemma::store {

// Bit 0 read, bit 1 write (XS_PERM_READ, XS_PERM_WRITE).
enum class Access : std::uint8_t { none = 0, read = 1, write = 2, both = 3 };

struct Permission {
    Access access = Access::none;
    std::uint16_t domain = 0;
    // Which domain of that id: a domid is used again, a generation is not.
    std::uint64_t generation = 0;

    bool operator==(const Permission&) const = default;
};

class Permissions {
  public:
    Permissions() = default;  // no entries
    explicit Permissions(std::span<const Permission> entries);
    Permissions(std::initializer_list<Permission> entries)
        : Permissions(std::span<const Permission>(entries.begin(), entries.size())) {}

    std::span<const Permission> entries() const {
        return list_ ? std::span<const Permission>(list_->entries) : std::span<const Permission>();
    }
    bool empty() const { return !list_; }

    bool operator==(const Permissions& other) const;
    // Equal but for the domains' generations, which are not written to disk.
    bool same_text(const Permissions& other) const;

    // "n0 r5 b7", as in `.node` on disk.
    std::string text() const;

  private:
    struct List final : Counted {
        explicit List(std::span<const Permission> from) : entries(from.begin(), from.end()) {}
        const std::vector<Permission> entries;
    };
    Ref<const List> list_;
};

}  // namespace stemma::store
