// The daemon against a plain model: random requests of several clients, some in transactions, on
// both; tree, replies, events and node counts must agree. The model keeps full copies of a map,
// judges a transaction by trying it again request by request, and shares no code with the daemon.
#include <catch2/catch.hpp>
#include <map>
#include <random>

#include "harness.hpp"

using namespace stemma;
using namespace stemma::xenstored;
using namespace stemma::xenstored::test;

namespace {

struct ModelNode {
    std::string value;
    std::vector<std::string> children;  // names, in order
    bool operator==(const ModelNode&) const = default;
};
using ModelTree = std::map<std::string, ModelNode>;

std::string parent_of(const std::string& path) {
    const auto slash = path.rfind('/');
    return slash == 0 ? "/" : path.substr(0, slash);
}
std::string joined(const std::string& base, const std::string& name) {
    return base == "/" ? base + name : base + "/" + name;
}

struct ModelRequest {
    MessageType type;
    std::string path;
    std::string value;
};

struct ModelRuling {
    std::string reply;
    std::string basis;                 // nearest existing node, of an accepted change
    std::vector<std::string> removed;  // in name order
    std::vector<std::string> events;   // paths written, made, removed by name
    std::vector<std::string> exact;    // removed with an ancestor
    bool stands_by(const ModelRuling& earlier) const {
        return reply == earlier.reply && removed == earlier.removed &&
               basis.size() >= earlier.basis.size();
    }
};

void create(ModelTree& tree, const std::string& path) {
    if (tree.contains(path)) return;
    create(tree, parent_of(path));
    tree[parent_of(path)].children.push_back(path.substr(path.rfind('/') + 1));
    tree[path];
}

void below(const ModelTree& tree, const std::string& path, std::vector<std::string>& found,
           bool children_first) {
    if (!children_first) found.push_back(path);
    for (const std::string& name : tree.at(path).children)
        below(tree, joined(path, name), found, children_first);
    if (children_first) found.push_back(path);
}

ModelRuling judge_in_model(ModelTree& tree, const ModelRequest& request) {
    const std::string& path = request.path;
    std::string nearest = path;
    while (!tree.contains(nearest))
        nearest = parent_of(nearest);
    const bool exists = nearest == path;
    ModelRuling ruling;
    switch (request.type) {
        case MessageType::read:
            ruling.reply = exists ? tree[path].value : "!ENOENT";
            return ruling;
        case MessageType::directory:
            if (!exists) {
                ruling.reply = "!ENOENT";
            } else {
                for (const std::string& name : tree[path].children)
                    ruling.reply += name + "|";
            }
            return ruling;
        case MessageType::write:
            create(tree, path);
            tree[path].value = request.value;
            ruling.events = {path};
            break;
        case MessageType::mkdir:
            if (!exists) ruling.events = {path};
            create(tree, path);
            break;
        case MessageType::rm:
            if (path == "/") {
                ruling.reply = "!EINVAL";
                return ruling;
            }
            if (!exists) {
                ruling.reply = nearest == parent_of(path) ? "OK|" : "!ENOENT";
                if (ruling.reply == "OK|") ruling.basis = nearest;
                return ruling;
            }
            below(tree, path, ruling.exact, true);
            ruling.exact.pop_back();
            ruling.removed = ruling.exact;
            std::ranges::sort(ruling.removed);
            ruling.removed.push_back(path);
            ruling.events = {path};
            std::erase(tree[parent_of(path)].children, path.substr(path.rfind('/') + 1));
            for (const std::string& gone : ruling.removed)
                tree.erase(gone);
            break;
        default:
            break;
    }
    ruling.reply = "OK|";
    ruling.basis = nearest;
    return ruling;
}

struct ModelTransaction {
    std::optional<ModelTree> base, branch;
    std::vector<std::pair<ModelRequest, ModelRuling>> log;
    std::vector<std::string> touched;     // in order
    std::map<std::string, bool> changed;  // path to: wide

    void touch(const std::string& path) {
        if (std::ranges::find(touched, path) == touched.end()) touched.push_back(path);
    }
};

struct ModelWatch {
    std::string path, token;
    int client;
};

struct Model {
    ModelTree tree{{"/", {"", {"tool"}}}, {"/tool", {"", {"xenstored"}}}, {"/tool/xenstored", {}}};
    std::vector<ModelWatch> watches;
    std::map<int, std::vector<std::string>> events;

    void fire(const std::string& path, bool exact) {
        for (const ModelWatch& watch : watches) {
            const bool match = exact ? watch.path == path : xs::is_same_or_below(path, watch.path);
            if (!match) continue;
            auto& queue = events[watch.client];
            const std::string event = path + "|" + watch.token + "|";
            if (std::ranges::find(queue, event) == queue.end()) queue.push_back(event);
        }
    }

    std::string direct(const ModelRequest& request) {
        const ModelRuling ruling = judge_in_model(tree, request);
        for (const std::string& path : ruling.exact)
            fire(path, true);
        for (const std::string& path : ruling.events)
            fire(path, false);
        return ruling.reply;
    }

    std::string inside(ModelTransaction& t, const ModelRequest& request) {
        if (!t.branch) t.base = t.branch = tree;
        // what C touches, in its order
        t.touch(request.path);
        for (std::string up = request.path; !t.branch->contains(up);) {
            up = parent_of(up);
            t.touch(up);
        }
        const bool removes = request.type == MessageType::rm && request.path != "/";
        if (removes) t.touch(parent_of(request.path));
        if (removes && t.branch->contains(request.path)) {
            std::vector<std::string> all;
            below(*t.branch, request.path, all, false);
            for (const std::string& path : all)
                t.touch(path);
        }
        const ModelRuling ruling = judge_in_model(*t.branch, request);
        for (const std::string& path : ruling.events)
            t.changed[path] = true;
        for (const std::string& path : ruling.exact)
            t.changed.try_emplace(path, false);
        t.log.emplace_back(request, ruling);
        return ruling.reply;
    }

    std::string commit(ModelTransaction& t) {
        if (!t.branch || t.changed.empty()) return "OK|";
        ModelTree merged = tree;
        for (const auto& [request, earlier] : t.log) {
            if (!judge_in_model(merged, request).stands_by(earlier)) return "!EAGAIN";
        }
        const ModelTree before = std::exchange(tree, merged);
        for (const std::string& path : t.touched) {
            const auto change = t.changed.find(path);
            if (change == t.changed.end()) continue;
            if (before.contains(path) || tree.contains(path)) fire(path, !change->second);
        }
        return "OK|";
    }
};

std::string some_path(std::mt19937& random) {
    std::string path;
    for (auto depth = random() % 4; depth > 0; --depth)
        path += "/" + std::string(1, static_cast<char>('a' + random() % 2));
    return path.empty() ? "/" : path;
}

void compare(Client& reader, Model& model) {
    std::vector<std::string> all;
    below(model.tree, "/", all, false);
    CHECK(all.size() == model.tree.size());
    for (const std::string& path : all) {
        REQUIRE(reader.read(path) == model.tree[path].value);
        std::string names;
        for (const std::string& name : model.tree[path].children)
            names += name + "|";
        REQUIRE(reader.list(path) == names);
    }
}

}  // namespace

TEST_CASE("replies, trees, events and counts are those of the model") {
    int commits = 0, conflicts = 0;
    for (const unsigned seed : {1u, 2u, 3u, 4u, 5u, 6u, 7u, 8u}) {
        CAPTURE(seed);
        std::mt19937 random(seed);
        Lab lab;
        Model model;
        constexpr int clients = 3;
        std::vector<SocketClient> client;
        for (int i = 0; i < clients; ++i)
            client.push_back(lab.socket());
        auto reader = lab.socket();
        struct Open {
            std::uint32_t id;
            ModelTransaction transaction;
        };
        std::map<int, Open> open;

        for (int step = 0; step < 1500; ++step) {
            const int who = static_cast<int>(random() % clients);
            Client& c = client[static_cast<std::size_t>(who)];
            const auto transaction = open.find(who);
            const unsigned choice = static_cast<unsigned>(random() % 100);
            if (choice < 6) {
                const std::string path = some_path(random);
                const std::string token(1, static_cast<char>('0' + random() % 3));
                const auto same = [&](const ModelWatch& w) {
                    return w.path == path && w.token == token && w.client == who;
                };
                if (random() % 3 == 0) {
                    const bool there = std::erase_if(model.watches, same) > 0;
                    REQUIRE(c.unwatch(path, token) == (there ? "OK|" : "!ENOENT"));
                } else if (std::ranges::any_of(model.watches, same)) {
                    REQUIRE(c.watch(path, token) == "!EEXIST");
                } else {
                    REQUIRE(c.watch(path, token) == "OK|");
                    REQUIRE(c.take_events() == std::vector{path + "|" + token + "|"});
                    model.watches.push_back({path, token, who});
                }
            } else if (choice < 14 && transaction == open.end()) {
                open[who].id = c.start();
            } else if (choice < 22 && transaction != open.end()) {
                if (random() % 5 == 0) {
                    REQUIRE(c.abort(transaction->second.id) == "OK|");
                } else {
                    const std::string expected = model.commit(transaction->second.transaction);
                    REQUIRE(c.commit(transaction->second.id) == expected);
                    ++(expected == "OK|" ? commits : conflicts);
                }
                open.erase(transaction);
            } else {
                constexpr MessageType types[] = {MessageType::read,  MessageType::directory,
                                                 MessageType::write, MessageType::write,
                                                 MessageType::mkdir, MessageType::rm};
                ModelRequest request{types[random() % 6], some_path(random), ""};
                std::string payload = request.path + '\0';
                if (request.type == MessageType::write) {
                    request.value = std::to_string(random() % 3);
                    payload += request.value;
                }
                const bool in = transaction != open.end() && random() % 4 != 0;
                const std::string expected =
                    in ? model.inside(transaction->second.transaction, request)
                       : model.direct(request);
                REQUIRE(c.ask(request.type, payload, in ? transaction->second.id : 0) == expected);
            }
            for (int i = 0; i < clients; ++i) {
                REQUIRE(client[static_cast<std::size_t>(i)].take_events() ==
                        std::exchange(model.events[i], {}));
            }
            if (step % 100 == 0) {
                compare(reader, model);
                REQUIRE(lab.consistent());
            }
        }
        compare(reader, model);
        REQUIRE(lab.consistent());
    }
    // the run means something only if both happen often
    CHECK(commits > 100);
    CHECK(conflicts > 20);
}
