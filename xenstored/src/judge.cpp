#include "xenstored/judge.hpp"

#include "xenstored/answer.hpp"

#include <algorithm>
#include <charconv>
#include <vector>

#include "store/children.hpp"
#include "xenstored/node_path.hpp"
#include "xenstored/node_size.hpp"
#include "xenstored/payload.hpp"
#include "xenstored/place.hpp"
#include "xs_wire/path.hpp"
#include "xs_wire/permission.hpp"

namespace stemma::xenstored {

namespace {

using xs::Error;

class Judgement {
  public:
    Judgement(const Bench& bench, Branch& branch) : bench_(bench), branch_(branch) {}

    Ruling directory(std::string_view payload);
    Ruling directory_part(std::string_view payload);
    Ruling read(std::string_view payload);
    Ruling get_perms(std::string_view payload);
    Ruling write(std::string_view payload);
    Ruling mkdir(std::string_view payload);
    Ruling rm(std::string_view payload);
    Ruling set_perms(std::string_view payload);

  private:
    struct Found {
        Place place;
        std::optional<Error> error;  // ENOENT: may be created, if that is what is wanted
    };

    // The node at `path_`, if the caller has the wanted rights there. Otherwise the error does not
    // tell more than the nearest existing ancestor lets the caller know.
    Found find(Rights wanted);

    Ruling refuse(Error error) {
        Ruling ruling;
        ruling.reply = std::unexpected(error);
        ruling.breaks_transaction = out_of_accesses_;
        ruling.creates = creates_;
        return ruling;
    }
    Ruling refuse_breaking(Error error) {
        Ruling ruling = refuse(error);
        ruling.breaks_transaction = true;
        return ruling;
    }
    static Ruling answer(std::string_view text) {
        Ruling ruling;
        ruling.reply = std::string(text);
        return ruling;
    }
    Ruling acknowledge(bool changed, const Place& place) {
        Ruling ruling = answer(acknowledgement);
        ruling.changed = changed;
        ruling.creates = creates_;
        ruling.path = path_;
        ruling.basis_length = place.nearest_length;
        if (changed && bench_.accesses != nullptr) bench_.accesses->changed(path_, false);
        return ruling;
    }

    void take_path(std::string_view given) {
        path_ = canonical(given, bench_.caller.domain.id, scratch_);
    }
    bool touch(std::string_view path) {
        if (bench_.accesses == nullptr || bench_.accesses->touch(path)) return true;
        out_of_accesses_ = true;
        return false;
    }
    bool touch_upwards(std::string_view path, std::size_t nearest_length);
    bool touch_subtree(const store::Node& top);

    // The node at path_ and its missing ancestors; an error if a quota forbids it.
    std::optional<Ruling> create(const Place& place, std::string_view value);
    store::Permissions inherited(const store::Permissions& parent) const;
    Ruling list_permissions(const store::Node& node);
    std::expected<store::Permissions, Error> parse_permissions(
        std::span<const std::string_view> texts);
    Ruling set_special_permissions(std::string_view name, store::Permissions permissions);

    const Bench& bench_;
    Branch& branch_;
    std::string_view path_;
    std::string scratch_;
    bool out_of_accesses_ = false;
    bool creates_ = false;
};

bool Judgement::touch_upwards(std::string_view path, std::size_t nearest_length) {
    if (bench_.accesses == nullptr) return true;
    while (path.size() > nearest_length) {
        path = xs::parent(path);
        if (!touch(path)) return false;
    }
    return true;
}

bool Judgement::touch_subtree(const store::Node& top) {
    if (bench_.accesses == nullptr) return true;
    struct Below {
        const store::Node* node;
        std::string path;
    };
    std::vector<Below> waiting;
    const auto push_children = [&](const store::Node& node, std::string_view path) {
        const auto children = node.children_in_order();
        for (auto child = children.rbegin(); child != children.rend(); ++child)
            waiting.push_back({*child, xs::join(path, (*child)->name())});
    };
    push_children(top, path_);
    while (!waiting.empty()) {
        const Below below = std::move(waiting.back());
        waiting.pop_back();
        if (!touch(below.path)) return false;
        bench_.accesses->changed(below.path, true);
        push_children(*below.node, below.path);
    }
    return true;
}

Judgement::Found Judgement::find(Rights wanted) {
    if (!is_valid_node_path(path_, bench_.limits.path_max)) return {{}, Error::einval};
    if (!touch(path_)) return {{}, Error::enospc};
    const Place place = locate(branch_.tree().root(), path_);
    if (place.node != nullptr &&
        rights_of(bench_.caller, place.node->permissions()).covers(wanted)) {
        return {place, std::nullopt};
    }
    const Error error = place.node != nullptr ? Error::eacces : Error::enoent;
    const store::Node& ancestor = place.node != nullptr ? *place.parent : *place.nearest;
    const std::size_t ancestor_length =
        place.node != nullptr ? xs::parent(path_).size() : place.nearest_length;
    if (!touch_upwards(path_, ancestor_length)) return {{}, Error::enospc};
    if (rights_of(bench_.caller, ancestor.permissions()).meets(wanted)) return {place, error};
    return {place, Error::eacces};
}

Ruling Judgement::directory(std::string_view payload) {
    const auto path = one_string(payload);
    if (!path) return refuse(Error::einval);
    take_path(*path);
    const Found found = find(Right::read);
    if (found.error) return refuse(*found.error);
    const auto names = visible_names(*found.place.node, path_ == "/");
    if (names.size() > xs::payload_max) return refuse(Error::e2big);
    return answer(names);
}

Ruling Judgement::directory_part(std::string_view payload) {
    const auto parts = strings(payload);
    if (parts.size() != 2) return refuse(Error::einval);
    take_path(parts[0]);
    const Found found = find(Right::read);
    if (found.error) return refuse(*found.error);
    const auto names = visible_names(*found.place.node, path_ == "/");
    const auto offset = static_cast<unsigned>(leading_number(parts[1]));

    std::string reply = std::to_string(found.place.node->generation());
    reply += '\0';
    const std::size_t gencnt_length = reply.size();
    if (offset < names.size()) {
        // whole names only, and room for the empty string that ends the last part
        const std::size_t room = xs::payload_max - gencnt_length - 1;
        auto rest = names.substr(offset);
        std::size_t length = rest.size();
        if (length > room) length = rest.substr(0, room).rfind('\0') + 1;
        reply.append(rest.substr(0, length));
        if (length == rest.size()) reply += '\0';
    } else {
        reply += '\0';
    }
    Ruling ruling;
    ruling.reply = std::move(reply);
    ruling.gencnt_length = gencnt_length;
    return ruling;
}

Ruling Judgement::read(std::string_view payload) {
    const auto path = one_string(payload);
    if (!path) return refuse(Error::einval);
    take_path(*path);
    const Found found = find(Right::read);
    if (found.error) return refuse(*found.error);
    return answer(found.place.node->value());
}

Ruling Judgement::list_permissions(const store::Node& node) {
    Ruling ruling;
    std::string reply;
    for (const auto& entry : node.permissions().entries()) {
        // the two types have the same values, by the same document
        const auto access = static_cast<xs::Access>(entry.access);
        reply += xs::to_string({access, entry.domain});
        reply += '\0';
    }
    ruling.reply = std::move(reply);
    return ruling;
}

Ruling Judgement::get_perms(std::string_view payload) {
    const auto path = one_string(payload);
    if (!path) return refuse(Error::einval);
    take_path(*path);
    const Found found = find(Right::read);
    if (found.error) return refuse(*found.error);
    return list_permissions(*found.place.node);
}

store::Permissions Judgement::inherited(const store::Permissions& parent) const {
    const DomainRef owner = bench_.caller.domain;
    if (bench_.caller.privileged || owner_of(parent) == owner) return parent;
    std::vector<store::Permission> entries(parent.entries().begin(), parent.entries().end());
    if (entries.empty()) entries.emplace_back();
    entries.front().domain = owner.id;
    entries.front().generation = owner.generation;
    return store::Permissions(entries);
}

std::optional<Ruling> Judgement::create(const Place& place, std::string_view value) {
    creates_ = true;
    const store::Permissions permissions = inherited(place.nearest->permissions());
    const std::size_t entries = permissions.entries().size();
    const std::size_t first_name = place.nearest_length == 1 ? 1 : place.nearest_length + 1;
    const auto missing = static_cast<std::size_t>(
        1 + std::count(path_.begin() + static_cast<std::ptrdiff_t>(first_name), path_.end(), '/'));
    if (!bench_.caller.privileged) {
        // Outside a transaction each new node counts at once, inside only at the commit.
        const auto pending = static_cast<std::int64_t>(bench_.in_transaction ? 0 : missing - 1);
        const auto owned = std::max<std::int64_t>(bench_.nodes_owned + pending, 0);
        if (reaches(static_cast<std::size_t>(owned), bench_.limits.nodes)) {
            return refuse(Error::enospc);
        }
        const auto name_end = std::min(path_.find('/', first_name), path_.size());
        const std::size_t parent_size = record_size(
            place.nearest->permissions().entries().size(), place.nearest->value().size(),
            children_size(*place.nearest) + (name_end - first_name) + 1);
        const std::size_t leaf_size = record_size(entries, value.size(), 0);
        std::size_t longest_name = 0;  // of those that the created parents list
        for (auto at = name_end; at < path_.size();) {
            const auto end = std::min(path_.find('/', at + 1), path_.size());
            longest_name = std::max(longest_name, end - at);
            at = end;
        }
        const std::size_t between_size = record_size(entries, 0, longest_name);
        if (reaches(std::max({parent_size, leaf_size, between_size}), bench_.limits.node_size)) {
            return refuse_breaking(Error::enospc);
        }
    }
    branch_.create_with_parents(path_, place.nearest_length, {store::Bytes(value), permissions});
    return std::nullopt;
}

Ruling Judgement::write(std::string_view payload) {
    const auto parts = string_and_rest(payload);
    if (!parts) return refuse(Error::einval);
    take_path(parts->string);
    const Found found = find(Right::write);
    if (found.error && *found.error != Error::enoent) return refuse(*found.error);
    if (found.error) {
        if (const auto refused = create(found.place, parts->rest)) return *refused;
    } else {
        const store::Node& node = *found.place.node;
        const auto size = record_size(node.permissions().entries().size(), parts->rest.size(),
                                      children_size(node));
        if (!bench_.caller.privileged && reaches(size, bench_.limits.node_size)) {
            return refuse_breaking(Error::enospc);
        }
        branch_.set_value(path_, store::Bytes(parts->rest));
    }
    return acknowledge(true, found.place);
}

Ruling Judgement::mkdir(std::string_view payload) {
    const auto path = one_string(payload);
    if (!path) return refuse(Error::einval);
    take_path(*path);
    const Found found = find(Right::write);
    if (!found.error) return acknowledge(false, found.place);
    if (*found.error != Error::enoent) return refuse(*found.error);
    if (const auto refused = create(found.place, {})) return *refused;
    return acknowledge(true, found.place);
}

Ruling Judgement::rm(std::string_view payload) {
    const auto path = one_string(payload);
    if (!path) return refuse(Error::einval);
    take_path(*path);
    const Found found = find(Right::write);
    if (found.error) {
        if (*found.error != Error::enoent) return refuse(*found.error);
        const auto parent = xs::parent(path_);
        if (!touch(parent)) return refuse(Error::enospc);
        if (found.place.nearest_length != parent.size()) return refuse(Error::enoent);
        return acknowledge(false, found.place);
    }
    if (path_ == "/") return refuse(Error::einval);
    if (!touch(xs::parent(path_))) return refuse(Error::enospc);
    if (!touch_subtree(*found.place.node)) return refuse(Error::eio);  // as C, in mid-removal
    const auto removed = store::Ref<const store::Node>::share(found.place.node);
    branch_.remove(path_);
    Ruling ruling = acknowledge(true, found.place);
    ruling.removed = removed;
    return ruling;
}

std::expected<store::Permissions, Error> Judgement::parse_permissions(
    std::span<const std::string_view> texts) {
    std::vector<store::Permission> entries;
    entries.reserve(texts.size());
    for (const auto text : texts) {
        store::Permission entry;
        if (text.empty()) return std::unexpected(Error::einval);
        const auto letter = std::string_view("nrwb").find(text.front());
        const auto domid = whole_number(text.substr(1));
        if (letter == std::string_view::npos || !domid || *domid < 0 || *domid > 0xffff) {
            return std::unexpected(Error::einval);
        }
        entry.access = static_cast<store::Access>(letter);
        entry.domain = static_cast<xs::DomainId>(*domid);
        entries.push_back(entry);
    }
    // An entry for a domain that is not there is kept, and fits nobody, ever.
    for (auto& entry : entries) {
        if (entry.domain == xs::domid_any && &entry != &entries.front()) {
            if (bench_.caller.has(xs::ServerFeature::any_domain)) {
                entry.generation = any_domain.generation;
            }
            continue;
        }
        if (const Domain* const domain = bench_.domains.find_or_enter(entry.domain)) {
            entry.generation = domain->ref.generation;
        } else if (&entry == &entries.front()) {
            return std::unexpected(Error::enoent);
        }
    }
    return store::Permissions(entries);
}

Ruling Judgement::set_special_permissions(std::string_view name, store::Permissions permissions) {
    const std::string place = xs::join(special_directory, name);
    const store::Node* const node = branch_.tree().find(place);
    if (node == nullptr || name.find('/') != std::string_view::npos) return refuse(Error::einval);
    if (!rights_of(bench_.caller, node->permissions()).covers(Right::write | Right::own)) {
        return refuse(Error::eacces);
    }
    branch_.set_permissions(place, permissions);
    Ruling ruling = answer(acknowledgement);
    ruling.path = place;
    ruling.permissions = std::move(permissions);
    return ruling;
}

Ruling Judgement::set_perms(std::string_view payload) {
    const auto parts = strings(payload);
    if (parts.size() < 2) return refuse(Error::einval);
    const auto texts = std::span(parts).subspan(1);
    if (!bench_.caller.privileged && exceeds(texts.size(), bench_.limits.permissions)) {
        return refuse(Error::enospc);
    }
    auto permissions = parse_permissions(texts);
    if (!permissions) return refuse(permissions.error());
    if (is_special(parts[0])) return set_special_permissions(parts[0], std::move(*permissions));

    take_path(parts[0]);
    const Found found = find(Right::write | Right::own);
    if (found.error) return refuse(*found.error);
    const store::Node& node = *found.place.node;
    if (!bench_.caller.privileged) {
        if (owner_of(*permissions).id != owner_of(node.permissions()).id) {
            return refuse(Error::eperm);
        }
        const auto size = record_size(texts.size(), node.value().size(), children_size(node));
        if (reaches(size, bench_.limits.node_size)) return refuse_breaking(Error::enospc);
    }
    branch_.set_permissions(path_, *permissions);
    Ruling ruling = acknowledge(true, found.place);
    ruling.permissions = std::move(*permissions);
    return ruling;
}

// True if two subtrees have nodes at the same paths. What both versions share is skipped.
bool same_paths(const store::Ref<const store::Node>& a, const store::Ref<const store::Node>& b) {
    if (!a || !b) return !a && !b;
    std::vector<std::pair<const store::Node*, const store::Node*>> waiting{{a.get(), b.get()}};
    while (!waiting.empty()) {
        const auto [left, right] = waiting.back();
        waiting.pop_back();
        if (left == right || left->children().same(right->children())) continue;
        if (left->child_count() != right->child_count()) return false;
        store::ChildCursor x(left->children());
        store::ChildCursor y(right->children());
        for (; x.get() != nullptr; x.next(), y.next()) {
            if (x.get()->name() != y.get()->name()) return false;
            waiting.emplace_back(x.get(), y.get());
        }
    }
    return true;
}

}  // namespace

bool is_tree_request(xs::MessageType type) {
    switch (type) {
        case xs::MessageType::directory:
        case xs::MessageType::directory_part:
        case xs::MessageType::read:
        case xs::MessageType::get_perms:
        case xs::MessageType::write:
        case xs::MessageType::mkdir:
        case xs::MessageType::rm:
        case xs::MessageType::set_perms:
            return true;
        default:
            return false;
    }
}

Ruling judge(const Bench& bench, Branch& branch, xs::MessageType type, std::string_view payload) {
    Judgement judgement(bench, branch);
    switch (type) {
        case xs::MessageType::directory:
            return judgement.directory(payload);
        case xs::MessageType::directory_part:
            return judgement.directory_part(payload);
        case xs::MessageType::read:
            return judgement.read(payload);
        case xs::MessageType::get_perms:
            return judgement.get_perms(payload);
        case xs::MessageType::write:
            return judgement.write(payload);
        case xs::MessageType::mkdir:
            return judgement.mkdir(payload);
        case xs::MessageType::rm:
            return judgement.rm(payload);
        case xs::MessageType::set_perms:
            return judgement.set_perms(payload);
        default: {
            Ruling ruling;
            ruling.reply = std::unexpected(Error::enosys);
            return ruling;
        }
    }
}

bool Ruling::stands_by(const Ruling& earlier) const {
    if (reply.has_value() != earlier.reply.has_value()) return false;
    if (!reply) return reply.error() == earlier.reply.error();
    // gencnt is not compared: it differs even where the list was changed and changed back
    if (std::string_view(*reply).substr(gencnt_length) !=
        std::string_view(*earlier.reply).substr(earlier.gencnt_length)) {
        return false;
    }
    return basis_length >= earlier.basis_length && permissions == earlier.permissions &&
           same_paths(removed, earlier.removed);
}

}  // namespace stemma::xenstored
