#include "self_test/memory_store.hpp"

#include <algorithm>
#include <array>

#include "xs_wire/error.hpp"

namespace stemma::self_test {

namespace {

bool is_at_or_below(std::string_view path, std::string_view top) {
    return path.starts_with(top) && (path.size() == top.size() || path[top.size()] == '/');
}

}  // namespace

const MemoryStore::Node* MemoryStore::find(std::string_view path) const {
    const auto node = std::ranges::find(nodes_, path, &Node::first);
    return node == nodes_.end() ? nullptr : &*node;
}

void MemoryStore::set(std::string_view path, std::string_view value) {
    const auto node = std::ranges::find(nodes_, path, &Node::first);
    if (node == nodes_.end())
        nodes_.emplace_back(path, value);
    else
        node->second = value;
}

std::string_view MemoryStore::value(std::string_view path) const {
    const Node* const node = find(path);
    return node == nullptr ? std::string_view() : node->second;
}

bool MemoryStore::has_below(std::string_view prefix) const {
    return std::ranges::any_of(nodes_,
                               [&](const Node& node) { return node.first.starts_with(prefix); });
}

bool MemoryStore::run() {
    bool moved = false;
    for (;;) {
        const std::string requests(reinterpret_cast<const char*>(client_.output().data()),
                                   client_.output().size());
        std::string_view rest = requests;
        while (rest.size() >= xs::Header::size) {
            const auto header =
                xs::Header::read(std::as_bytes(std::span(rest).first<xs::Header::size>()));
            if (rest.size() < xs::Header::size + header.length) break;
            serve(header, rest.substr(xs::Header::size, header.length));
            rest.remove_prefix(xs::Header::size + header.length);
        }
        client_.sent(requests.size() - rest.size());
        if (answers_.empty()) return moved;
        moved = true;
        const std::string answers = std::exchange(answers_, {});
        client_.receive(std::as_bytes(std::span(answers)));
    }
}

void MemoryStore::reply(const xs::Header& to, xs::MessageType type, std::string_view payload) {
    std::array<std::byte, xs::Header::size> bytes;
    xs::Header{type, to.request_id, to.transaction_id, static_cast<std::uint32_t>(payload.size())}
        .write(bytes);
    answers_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    answers_.append(payload);
}

// Payloads: docs/misc/xenstore.txt.
void MemoryStore::serve(const xs::Header& header, std::string_view payload) {
    using enum xs::MessageType;
    constexpr std::string_view ok("OK", 3);
    const std::string_view path = payload.substr(0, payload.find('\0'));
    switch (header.type) {
        case read:
            if (const Node* const node = find(path)) return reply(header, read, node->second);
            return reply(header, error, std::string_view("ENOENT", 7));
        case write:
            set(path, payload.substr(std::min(path.size() + 1, payload.size())));
            return reply(header, write, ok);
        case mkdir:
            if (find(path) == nullptr) set(path, {});
            return reply(header, mkdir, ok);
        case rm:
            std::erase_if(nodes_,
                          [&](const Node& node) { return is_at_or_below(node.first, path); });
            return reply(header, rm, ok);
        case directory:
            return answer_directory(header, path);
        case watch:
            return answer_watch(header, payload);
        case transaction_start:
            return reply(header, transaction_start, std::string_view("1", 2));
        case unwatch:
        case transaction_end:
            return reply(header, header.type, ok);
        default:
            return reply(header, error, std::string_view("EINVAL", 7));
    }
}

void MemoryStore::answer_directory(const xs::Header& header, std::string_view path) {
    std::string names;
    bool exists = false;
    std::vector<std::string_view> seen;
    for (const Node& node : nodes_) {
        if (!is_at_or_below(node.first, path)) continue;
        exists = true;
        if (node.first.size() == path.size()) continue;
        const std::string_view below = std::string_view(node.first).substr(path.size() + 1);
        const std::string_view name = below.substr(0, below.find('/'));
        if (std::ranges::find(seen, name) != seen.end()) continue;
        seen.push_back(name);
        names.append(name).push_back('\0');
    }
    if (exists) return reply(header, header.type, names);
    reply(header, xs::MessageType::error, std::string_view("ENOENT", 7));
}

// The event for the path itself follows the answer.
void MemoryStore::answer_watch(const xs::Header& header, std::string_view payload) {
    reply(header, header.type, std::string_view("OK", 3));
    reply({}, xs::MessageType::watch_event, payload);
}

}  // namespace stemma::self_test
