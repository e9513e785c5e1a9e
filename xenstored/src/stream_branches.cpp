#include "stream_branches.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "xenstored/node_path.hpp"
#include "xenstored/place.hpp"

namespace stemma::xenstored {

namespace {

using stream::Reader;
using stream::Type;
using stream::Writer;
using Kind = store::Change::Kind;

void write_node(Writer& fields, const store::Node& node) {
    fields.text(node.value());
    const auto entries = node.permissions().entries();
    fields.number(static_cast<std::uint32_t>(entries.size()));
    for (const store::Permission& entry : entries)
        fields.number(entry.access).number(entry.domain).number(entry.generation);
    fields.number(node.number()).number(node.generation());
    fields.number(std::int64_t{node.stamp().time.time_since_epoch().count()});
    fields.number(node.stamp().domain).number(node.stamp().operation);
}

}  // namespace

void write_branches(const State& state, const std::function<void(Type, Writer)>& record) {
    for (const State::Branch& branch : state.branches) {
        Writer head;
        head.text(branch.name).number(std::int64_t{branch.since.time_since_epoch().count()});
        head.number(branch.last_edit);
        record(Type::own_branch, std::move(head));
        const auto say = [&](bool of_base, Kind kind, std::string_view path,
                             const store::Node* node) {
            Writer fields;
            fields.number(std::uint8_t{of_base}).number(kind).text(path);
            if (node != nullptr) write_node(fields, *node);
            record(Type::own_change, std::move(fields));
        };
        const auto changes = [&](const store::Tree& from, const store::Tree& to, bool of_base) {
            std::string gone;  // below it nothing is left to be said
            std::set<std::string> lists;
            store::diff(from, to, [&](const store::Change& change) {
                if (change.kind == Kind::removed) {
                    if (!gone.empty() && xs::is_same_or_below(change.path, gone)) return;
                    gone = change.path;
                }
                if (change.kind != Kind::changed) lists.emplace(xs::parent(change.path));
                say(of_base, change.kind, change.path, change.after);
            });
            // Children that come and go leave their stamp on the parent; this is its own.
            for (const std::string& path : lists)
                say(of_base, Kind::changed, path, to.find(path));
        };
        changes(state.tree, branch.base, true);
        changes(branch.base, branch.tree, false);
    }
}

std::optional<std::string> BranchReader::branch(Reader& fields) {
    Read one;
    one.branch.name = fields.text();
    one.branch.since = store::Time(std::chrono::microseconds(fields.number<std::int64_t>()));
    one.branch.last_edit = fields.u64();
    if (one.branch.last_edit > stream::count_max) return stream::beyond_count;
    read_.push_back(std::move(one));
    return {};
}

std::optional<std::string> BranchReader::change(Reader& fields) {
    if (read_.empty()) return "follows no branch";
    Change change;
    change.of_base = fields.u8() != 0;
    change.kind = fields.number<Kind>();
    if (change.kind > Kind::changed) return "unknown kind of change";
    change.path = fields.text();
    if (change.kind != Kind::removed) {
        change.content.value = store::Bytes(fields.text());
        const std::uint32_t count = fields.u32();
        if (!fields.may_hold(count, 11)) return "too short";
        std::vector<store::Permission> entries(count);
        for (store::Permission& entry : entries) {
            entry.access = fields.number<store::Access>();
            if (entry.access > store::Access::both) return "unknown access right";
            entry.domain = fields.u16();
            entry.generation = fields.u64();
        }
        if (entries.empty()) return "no permissions";
        change.content.permissions = store::Permissions(entries);
        change.edit.number = fields.u64();
        change.edit.generation = fields.u64();
        if (std::max(change.edit.number, change.edit.generation) > stream::count_max) {
            return stream::beyond_count;
        }
        store::Stamp& stamp = change.edit.stamp;
        stamp.time = store::Time(std::chrono::microseconds(fields.number<std::int64_t>()));
        stamp.domain = fields.u16();
        stamp.operation = fields.number<store::Operation>();
        if (stamp.operation > store::Operation::merge) return "unknown operation";
    }
    read_.back().changes.push_back(std::move(change));
    return {};
}

bool BranchReader::make(store::Tree& tree, Change change) {
    std::expected<store::Tree, store::TreeError> made;
    switch (change.kind) {
        case Kind::added:
            if (!is_valid_node_path(change.path, 0)) return false;
            made = std::move(tree).create(change.path, std::move(change.content), change.edit);
            break;
        case Kind::changed:
            made = std::move(tree).update(change.path, std::move(change.content), change.edit);
            break;
        case Kind::removed:
            if (!is_valid_node_path(change.path, 0)) return false;
            made = std::move(tree).remove(change.path, change.edit);
            break;
    }
    if (made) tree = std::move(*made);
    return made.has_value();
}

std::expected<std::vector<State::Branch>, std::string> BranchReader::finish(
    const store::Tree& live) && {
    std::vector<State::Branch> branches;
    for (Read& one : read_) {
        store::Tree base = live;
        // Those of the base come first.
        const auto rest = std::ranges::find(one.changes, false, &Change::of_base);
        const auto wrong = [&](const Change& change) {
            return std::unexpected("what-if branch " + one.branch.name + ": " + change.path +
                                   " cannot be changed so");
        };
        for (auto change = one.changes.begin(); change != rest; ++change) {
            if (!make(base, *change)) return wrong(*change);
        }
        one.branch.base = base;
        for (auto change = rest; change != one.changes.end(); ++change) {
            if (!make(base, *change)) return wrong(*change);
        }
        one.branch.tree = std::move(base);
        branches.push_back(std::move(one.branch));
    }
    return branches;
}

}  // namespace stemma::xenstored
