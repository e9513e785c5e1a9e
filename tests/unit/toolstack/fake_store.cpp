#include "fake_store.hpp"

#include <set>

#include "xs_wire/path.hpp"

namespace stemma::toolstack {

namespace {

std::vector<std::string> split(std::string_view payload) {
    std::vector<std::string> words;
    while (!payload.empty()) {
        const auto end = payload.find('\0');
        words.emplace_back(payload.substr(0, end));
        payload.remove_prefix(end == std::string_view::npos ? payload.size() : end + 1);
    }
    return words;
}

std::unexpected<StoreError> error(xs::Error code, std::string_view path) {
    return std::unexpected(StoreError{"do", std::string(path), code});
}

}  // namespace

std::map<std::string, std::string>& FakeStore::tree(TransactionId transaction) {
    return transaction == 0 ? nodes : transactions_.at(transaction).nodes;
}

void FakeStore::touched(TransactionId transaction, const std::string& path) {
    if (transaction != 0) {
        transactions_.at(transaction).touched.push_back(path);
        return;
    }
    ++version_;
    fire(path);
    if (changed) changed();
}

void FakeStore::fire(const std::string& path) {
    for (const auto& [watched, token] : watches_) {
        const bool special = path.starts_with('@');
        if (special ? watched == path : xs::is_same_or_below(path, watched)) {
            events_.push_back({path, token});
        }
    }
}

void FakeStore::set(const std::string& path, const std::string& value) {
    for (std::string_view at = xs::parent(path); at != "/"; at = xs::parent(at))
        nodes.try_emplace(std::string(at), "");
    nodes[path] = value;
    ++version_;
    fire(path);
}

std::string FakeStore::value(const std::string& path) const {
    const auto found = nodes.find(path);
    return found == nodes.end() ? "(absent)" : found->second;
}

bool FakeStore::has_below(const std::string& path) const {
    for (const auto& [node, text] : nodes) {
        if (xs::is_same_or_below(node, path)) return true;
    }
    return false;
}

StoreResult<std::string> FakeStore::directory(TransactionId transaction, const std::string& path,
                                              bool in_parts, std::size_t offset) {
    const auto& all = tree(transaction);
    if (!all.contains(path)) return error(xs::Error::enoent, path);
    std::string names;
    for (const auto& [node, text] : all) {
        if (node != "/" && xs::parent(node) == path) {
            names += xs::basename(node);
            names += '\0';
        }
    }
    if (!in_parts) {
        if (names.size() > directory_limit) return error(xs::Error::e2big, path);
        return names;
    }
    std::string reply = std::to_string(version_) + '\0';
    const std::string rest = names.substr(std::min(offset, names.size()));
    reply += rest.substr(0, directory_limit);
    if (rest.size() <= directory_limit) reply += '\0';
    return reply;
}

StoreResult<std::string> FakeStore::request(xs::MessageType type, TransactionId transaction,
                                            std::string_view payload, std::string_view) {
    const auto words = split(payload);
    const std::string path = words.empty() ? "" : words[0];
    const std::string ok("OK\0", 3);
    static const std::map<xs::MessageType, std::string> names{
        {xs::MessageType::read, "read"},
        {xs::MessageType::write, "write"},
        {xs::MessageType::mkdir, "mkdir"},
        {xs::MessageType::rm, "rm"},
        {xs::MessageType::directory, "directory"},
        {xs::MessageType::directory_part, "directory-part"},
        {xs::MessageType::set_perms, "set-perms"},
        {xs::MessageType::watch, "watch"},
        {xs::MessageType::unwatch, "unwatch"},
        {xs::MessageType::introduce, "introduce"},
        {xs::MessageType::is_domain_introduced, "is-introduced"},
        {xs::MessageType::control, "control"},
        {xs::MessageType::transaction_start, "start"},
        {xs::MessageType::transaction_end, "end"}};
    const std::string name = names.at(type) + (path.empty() ? "" : " " + path);
    requests.push_back(name);
    if (fault) {
        if (const auto code = fault(name)) {
            if (type == xs::MessageType::transaction_end) transactions_.erase(transaction);
            return error(*code, path);
        }
    }
    if (transaction != 0 && !transactions_.contains(transaction)) {
        return error(xs::Error::enoent, path);
    }
    switch (type) {
        case xs::MessageType::read: {
            const auto found = tree(transaction).find(path);
            if (found == tree(transaction).end()) return error(xs::Error::enoent, path);
            return found->second;
        }
        case xs::MessageType::write:
        case xs::MessageType::mkdir: {
            auto& all = tree(transaction);
            for (std::string_view at = xs::parent(path); at != "/"; at = xs::parent(at))
                all.try_emplace(std::string(at), "");
            if (type == xs::MessageType::write) {
                all[path] = payload.substr(path.size() + 1);
            } else if (!all.try_emplace(path, "").second) {
                return ok;
            }
            touched(transaction, path);
            return ok;
        }
        case xs::MessageType::rm: {
            auto& all = tree(transaction);
            if (!all.contains(path)) {
                return all.contains(std::string(xs::parent(path))) ? StoreResult<std::string>(ok)
                                                                   : error(xs::Error::enoent, path);
            }
            std::erase_if(all,
                          [&](const auto& node) { return xs::is_same_or_below(node.first, path); });
            touched(transaction, path);
            return ok;
        }
        case xs::MessageType::directory:
            return directory(transaction, path, false, 0);
        case xs::MessageType::directory_part:
            return directory(transaction, path, true,
                             static_cast<std::size_t>(std::stoul(words.at(1))));
        case xs::MessageType::set_perms: {
            if (!tree(transaction).contains(path)) return error(xs::Error::enoent, path);
            std::string text;
            for (std::size_t i = 1; i < words.size(); ++i)
                text += (text.empty() ? "" : " ") + words[i];
            permissions[path] = text;
            return ok;
        }
        case xs::MessageType::watch:
            watches_.emplace_back(path, words.at(1));
            events_.push_back({path, words.at(1)});
            return ok;
        case xs::MessageType::unwatch:
            std::erase(watches_, std::pair(path, words.at(1)));
            return ok;
        case xs::MessageType::control:
            if (on_control) return on_control(words);
            return error(xs::Error::einval, path);
        case xs::MessageType::transaction_start: {
            const TransactionId id = next_transaction_++;
            transactions_[id] = {nodes, version_, {}};
            return std::to_string(id) + '\0';
        }
        case xs::MessageType::transaction_end: {
            const Transaction ended = std::move(transactions_.at(transaction));
            transactions_.erase(transaction);
            if (words.at(0) == "F" || ended.touched.empty()) return ok;
            if (ended.base != version_) return error(xs::Error::eagain, path);
            nodes = ended.nodes;
            ++version_;
            for (const auto& one : ended.touched)
                fire(one);
            if (changed) changed();
            return ok;
        }
        case xs::MessageType::is_domain_introduced:
            return std::string("T\0", 2);
        default:
            return ok;
    }
}

// Never waits: with nothing queued the deadline is taken as reached.
StoreResult<std::optional<WatchEvent>> FakeStore::next_event(Deadline) {
    if (events_.empty()) return std::nullopt;
    WatchEvent event = std::move(events_.front());
    events_.pop_front();
    return event;
}

}  // namespace stemma::toolstack
