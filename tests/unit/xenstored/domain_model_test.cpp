// The daemon against a plain model of permissions, owners and quotas: random requests of domain 0
// and of two guests that die and whose ids come back, some of them in transactions. Replies, tree,
// permissions, events, and each domain's account must agree after every step. The model keeps full
// copies of a map, judges a transaction by trying it again, and shares no code with the daemon.
#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <set>

#include "harness.hpp"

using namespace stemma;
using namespace stemma::xenstored;
using namespace stemma::xenstored::test;

namespace {

struct Entry {
    char letter = 'n';
    int domain = 0;
    int life = 0;  // which domain of that id; 0 for domain 0, -1 for one that was not there
    bool operator==(const Entry&) const = default;
};
using Entries = std::vector<Entry>;

struct Node {
    std::string value;
    Entries entries{{}};
    std::vector<std::string> children;  // in the order of creation
};
using Nodes = std::map<std::string, Node>;

struct Who {
    bool privileged = true;
    int domain = 0;
    int life = 0;
};

struct Request {
    MessageType type;
    std::string path;
    std::string text;  // value, or permissions "n0 r5"
};

struct Ruling {
    std::string reply;
    std::string basis;
    std::vector<std::string> removed;  // sorted
    Entries entries;
    std::vector<std::string> changed;  // named by the request
    std::vector<std::string> exact;    // below what was removed, children first
    std::vector<std::string> touched;  // in C's order
    bool creates = false;              // or was to
    bool stands_by(const Ruling& earlier) const {
        return reply == earlier.reply && removed == earlier.removed && entries == earlier.entries &&
               basis.size() >= earlier.basis.size();
    }
};

constexpr std::size_t node_limit = 6;

std::string parent_of(const std::string& path) {
    const auto slash = path.rfind('/');
    return slash == 0 ? "/" : path.substr(0, slash);
}
std::string name_of(const std::string& path) {
    return path.substr(path.rfind('/') + 1);
}
std::string joined(const std::string& base, const std::string& name) {
    return base == "/" ? base + name : base + "/" + name;
}
std::string shown(const Entries& entries) {
    std::string text;
    for (const Entry& entry : entries)
        text += entry.letter + std::to_string(entry.domain) + "|";
    return text;
}

unsigned bits(char letter) {
    return static_cast<unsigned>(std::string_view("nrwb").find(letter));
}
unsigned rights(const Who& who, const Entries& entries) {
    const auto is = [&](const Entry& e) { return e.domain == who.domain && e.life == who.life; };
    if (who.privileged || is(entries.front())) return 7;
    for (std::size_t i = 1; i < entries.size(); ++i) {
        if (is(entries[i])) return bits(entries[i].letter);
    }
    return bits(entries.front().letter);
}

void below(const Nodes& nodes, const std::string& path, std::vector<std::string>& found,
           bool children_first) {
    if (!children_first) found.push_back(path);
    for (const std::string& name : nodes.at(path).children)
        below(nodes, joined(path, name), found, children_first);
    if (children_first) found.push_back(path);
}

std::string nearest(const Nodes& nodes, std::string path) {
    while (!nodes.contains(path))
        path = parent_of(path);
    return path;
}

std::int64_t owned(const Nodes& nodes, const Who& who) {
    return std::count_if(nodes.begin(), nodes.end(), [&](const auto& node) {
        const Entry& owner = node.second.entries.front();
        return owner.domain == who.domain && owner.life == who.life;
    });
}
std::int64_t bytes(const Nodes& nodes, const Who& who) {
    std::size_t sum = 0;
    for (const auto& [path, node] : nodes) {
        const Entry& owner = node.entries.front();
        if (owner.domain != who.domain || owner.life != who.life) continue;
        sum += 24 + 8 * node.entries.size() + node.value.size() + path.size();
        for (const std::string& name : node.children)
            sum += name.size() + 1;
    }
    return static_cast<std::int64_t>(sum);
}

struct Model {
    Nodes nodes{
        {"/", {"", {{}}, {"tool"}}}, {"/tool", {"", {{}}, {"xenstored"}}}, {"/tool/xenstored", {}}};
    std::map<int, int> alive;  // domid to its life

    // `live`: the nodes that quotas are counted in, outside of any transaction.
    Ruling judge(Nodes& tree, const Who& who, const Request& request, const Nodes& live,
                 bool in_transaction) {
        Ruling ruling;
        const std::string& path = request.path;
        ruling.touched = {path};
        const bool exists = tree.contains(path);
        const bool changes = request.type == MessageType::write ||
                             request.type == MessageType::mkdir || request.type == MessageType::rm;
        const unsigned wanted = request.type == MessageType::set_perms ? 6 : changes ? 2 : 1;

        Entries entries;
        if (request.type == MessageType::set_perms) {
            for (std::size_t at = 0; at < request.text.size(); at += 3) {
                Entry entry{request.text[at], request.text[at + 1] - '0', -1};
                if (entry.domain == 0) entry.life = 0;
                if (alive.contains(entry.domain)) entry.life = alive[entry.domain];
                entries.push_back(entry);
            }
            if (entries.front().life < 0) {
                ruling.touched.clear();
                ruling.reply = "!ENOENT";
                return ruling;
            }
        }
        if (!exists || (rights(who, tree[path].entries) & wanted) != wanted) {
            const std::string ancestor = exists ? parent_of(path) : nearest(tree, path);
            for (std::string up = path; up != ancestor;) {
                up = parent_of(up);
                ruling.touched.push_back(up);
            }
            const bool may_know = (rights(who, tree[ancestor].entries) & wanted) != 0;
            const std::string error = !may_know || exists ? "!EACCES" : "!ENOENT";
            const bool may_create = changes && error == "!ENOENT";
            if (!may_create) {
                ruling.reply = error;
                return ruling;
            }
        }
        ruling.basis = nearest(tree, path);
        switch (request.type) {
            case MessageType::read:
                ruling.reply = tree[path].value;
                ruling.basis.clear();
                return ruling;
            case MessageType::directory:
                for (const std::string& name : tree[path].children)
                    ruling.reply += name + "|";
                ruling.basis.clear();
                return ruling;
            case MessageType::get_perms:
                ruling.reply = shown(tree[path].entries);
                ruling.basis.clear();
                return ruling;
            case MessageType::rm:
                remove(tree, ruling, path, exists);
                return ruling;
            case MessageType::set_perms:
                if (!who.privileged && entries.front().domain != tree[path].entries[0].domain) {
                    ruling.basis.clear();
                    ruling.reply = "!EPERM";
                    return ruling;
                }
                tree[path].entries = entries;
                ruling.entries = entries;
                ruling.changed = {path};
                break;
            default:
                ruling.creates = !exists;
                if (!exists && !create(tree, who, path, live, in_transaction)) {
                    ruling.basis.clear();
                    ruling.reply = "!ENOSPC";
                    return ruling;
                }
                if (request.type == MessageType::write) tree[path].value = request.text;
                if (request.type == MessageType::write || !exists) ruling.changed = {path};
                break;
        }
        ruling.reply = "OK|";
        return ruling;
    }

    static void remove(Nodes& tree, Ruling& ruling, const std::string& path, bool exists) {
        if (path == "/") {
            ruling.basis.clear();
            ruling.reply = "!EINVAL";
            return;
        }
        ruling.touched.push_back(parent_of(path));
        ruling.reply = "OK|";
        if (!exists) {
            if (ruling.basis != parent_of(path)) {
                ruling.reply = "!ENOENT";
                ruling.basis.clear();
            }
            return;
        }
        std::vector<std::string> order;
        below(tree, path, order, false);
        ruling.touched.insert(ruling.touched.end(), order.begin() + 1, order.end());
        below(tree, path, ruling.exact, true);
        ruling.removed = order;
        std::ranges::sort(ruling.removed);
        ruling.exact.pop_back();
        ruling.changed = {path};
        std::erase(tree[parent_of(path)].children, name_of(path));
        for (const std::string& gone : order)
            tree.erase(gone);
    }

    static bool create(Nodes& tree, const Who& who, const std::string& path, const Nodes& live,
                       bool in_transaction) {
        const std::string from = nearest(tree, path);
        Entries entries = tree[from].entries;
        if (!who.privileged) {
            entries.front().domain = who.domain;
            entries.front().life = who.life;
            const auto missing = std::count(path.begin(), path.end(), '/') -
                                 (from == "/" ? 0 : std::count(from.begin(), from.end(), '/'));
            const auto pending = in_transaction ? 0 : missing - 1;
            if (owned(live, who) + pending >= static_cast<std::int64_t>(node_limit)) return false;
        }
        std::vector<std::string> made;
        for (std::string at = path; at != from; at = parent_of(at))
            made.push_back(at);
        for (auto at = made.rbegin(); at != made.rend(); ++at) {
            tree[parent_of(*at)].children.push_back(name_of(*at));
            tree[*at].entries = entries;
        }
        return true;
    }
};

struct Watching {
    std::string path, token;
};

struct Transaction {
    std::uint32_t id = 0;
    std::optional<Nodes> branch;
    std::vector<std::pair<Request, Ruling>> log;
    std::vector<std::string> touched;
    std::map<std::string, bool> changed;  // path to: for watches above it, too
    bool creates = false;
    bool counts = false;  // made, removed or set the permissions of nodes of its own
};

// A client in both worlds.
struct Party {
    Who who;
    std::unique_ptr<Client> client;
    std::vector<Watching> watches;
    std::vector<std::string> events;
    std::optional<Transaction> open;
};

struct World {
    explicit World(unsigned seed) : random(seed), lab(settings()) {
        for (int i = 0; i < 2; ++i)
            parties.push_back(std::make_unique<Party>(
                Party{{}, std::make_unique<SocketClient>(lab.socket()), {}, {}, {}}));
    }
    static Server::Settings settings() {
        Server::Settings settings;
        settings.limits.nodes = node_limit;
        return settings;
    }

    unsigned below_(unsigned limit) { return static_cast<unsigned>(random() % limit); }
    std::string path() {
        static const std::vector<std::string> tops{"/g5", "/g6", "/s"};
        std::string made = tops[below_(3)];
        for (unsigned depth = below_(4); depth > 0; --depth)
            made += below_(2) == 0 ? "/a" : "/b";
        return made;
    }

    // Whose permissions count besides the node's: its parent's, after the change, or before if the
    // node was removed. C commits a transaction node by node: the parent of one that it touched
    // earlier is as it was, and a removed node's does not count.
    enum class Parent { after, before, none };

    void fire(const Nodes& before, const Nodes& after, const std::string& at, bool exact,
              Parent counts) {
        const auto find = [&](const Nodes& nodes, const std::string& where) {
            const auto found = nodes.find(where);
            return found == nodes.end() ? nullptr : &found->second;
        };
        const Node* const old = find(before, at);
        const Node* const now = find(after, at);
        if (old == nullptr && now == nullptr) return;
        const Node* const parent =
            counts == Parent::none ? nullptr
                                   : find(counts == Parent::after ? after : before, parent_of(at));
        for (const auto& party : parties) {
            const auto may = [&](const Node* node) {
                return node != nullptr && (rights(party->who, node->entries) & 1) != 0;
            };
            if (!party->who.privileged && !may(old) && !may(now) && !may(parent)) continue;
            for (const Watching& watch : party->watches) {
                const bool match = exact ? watch.path == at : xs::is_same_or_below(at, watch.path);
                const std::string event = at + "|" + watch.token + "|";
                const bool waits = std::ranges::find(party->events, event) != party->events.end();
                if (match && !waits) party->events.push_back(event);
            }
        }
    }

    void direct(Party& party, const Request& request) {
        const Nodes before = model.nodes;
        const Ruling ruling = model.judge(model.nodes, party.who, request, before, false);
        for (const std::string& at : ruling.exact)
            fire(before, model.nodes, at, true, Parent::before);
        for (const std::string& at : ruling.changed) {
            const bool removed = !model.nodes.contains(at);
            fire(before, model.nodes, at, false, removed ? Parent::before : Parent::after);
        }
        REQUIRE(asked(party, request, 0) == ruling.reply);
    }

    void inside(Party& party, const Request& request) {
        Transaction& t = *party.open;
        if (!t.branch) t.branch = model.nodes;
        const auto before = owned(*t.branch, party.who);
        const Ruling ruling = model.judge(*t.branch, party.who, request, model.nodes, true);
        t.counts = t.counts || owned(*t.branch, party.who) != before ||
                   (request.type == MessageType::set_perms && ruling.reply == "OK|");
        for (const std::string& at : ruling.touched) {
            if (std::ranges::find(t.touched, at) == t.touched.end()) t.touched.push_back(at);
        }
        for (const std::string& at : ruling.changed)
            t.changed[at] = true;
        for (const std::string& at : ruling.exact)
            t.changed.try_emplace(at, false);
        t.creates = t.creates || ruling.creates;
        t.log.emplace_back(request, ruling);
        REQUIRE(asked(party, request, t.id) == ruling.reply);
    }

    std::string outcome(Party& party) {
        Transaction& t = *party.open;
        if (!t.branch || t.changed.empty()) return "OK|";
        Nodes merged = model.nodes;
        for (const auto& [request, earlier] : t.log) {
            if (!model.judge(merged, party.who, request, model.nodes, true).stands_by(earlier)) {
                return "!EAGAIN";
            }
        }
        const auto use = owned(merged, party.who);
        if (!party.who.privileged && t.creates && t.counts &&
            use >= static_cast<std::int64_t>(node_limit)) {
            return "!ENOSPC";
        }
        const Nodes before = std::exchange(model.nodes, merged);
        for (auto at = t.touched.begin(); at != t.touched.end(); ++at) {
            const auto change = t.changed.find(*at);
            if (change == t.changed.end()) continue;
            const bool later = std::find(at, t.touched.end(), parent_of(*at)) != t.touched.end();
            const Parent counts = !model.nodes.contains(*at) ? Parent::none
                                  : later && *at != "/"      ? Parent::before
                                                             : Parent::after;
            fire(before, model.nodes, *at, !change->second, counts);
        }
        return "OK|";
    }

    void end(Party& party) {
        if (below_(6) == 0) {
            REQUIRE(party.client->abort(party.open->id) == "OK|");
        } else {
            const std::string expected = outcome(party);
            REQUIRE(party.client->commit(party.open->id) == expected);
            ++verdicts[expected];
            if (expected == "!EAGAIN") {
                // a guest that domain 0's transaction met waits at most this long
                lab.clock.advance(std::chrono::seconds(1));
                lab.server.expire();
                lab.settle();
            }
        }
        party.open.reset();
    }

    static std::string asked(Party& party, const Request& request, std::uint32_t transaction) {
        std::string payload = request.path + '\0';
        if (request.type == MessageType::set_perms) {
            for (const char c : request.text)
                payload += c == ' ' ? '\0' : c;
            payload += '\0';
        } else if (request.type == MessageType::write) {
            payload += request.text;
        }
        return party.client->ask(request.type, payload, transaction);
    }

    // Makes a domain, its top node, and its client.
    void birth(int id) {
        model.alive[id] = ++lives;
        const auto domid = static_cast<xs::DomainId>(id);
        RingClient ring = lab.domain(domid);
        parties.push_back(std::make_unique<Party>(
            Party{{false, id, lives}, std::make_unique<RingClient>(ring), {}, {}, {}}));
        const std::string home = "/g" + std::to_string(id);
        direct(*parties[0], {MessageType::mkdir, home, ""});
        check();  // events are coalesced within one request only: then they are on their way
        direct(*parties[0], {MessageType::set_perms, home, "n" + std::to_string(id)});
        ++births;
    }

    void death(int id) {
        const auto dead = std::ranges::find_if(
            parties, [&](const auto& party) { return party->who.domain == id; });
        const Who who = (*dead)->who;
        parties.erase(dead);
        model.alive.erase(id);
        // what it owned, top first, each with all below it
        std::vector<std::string> order;
        below(model.nodes, "/", order, false);
        for (const std::string& at : order) {
            const auto node = model.nodes.find(at);
            if (node == model.nodes.end()) continue;
            const Entry& owner = node->second.entries.front();
            if (owner.domain != who.domain || owner.life != who.life) continue;
            const Nodes before = model.nodes;
            Ruling ruling;
            Model::remove(model.nodes, ruling, at, true);
            for (const std::string& gone : ruling.exact)
                fire(before, model.nodes, gone, true, Parent::before);
            fire(before, model.nodes, at, false, Parent::before);
        }
        lab.kill(static_cast<xs::DomainId>(id));
    }

    void check() {
        for (const auto& party : parties)
            REQUIRE(party->client->take_events() == std::exchange(party->events, {}));
        REQUIRE(lab.consistent());
        for (const auto& party : parties) {
            const DomainRef ref = party->who.privileged
                                      ? DomainRef{}
                                      : lab.server.domains().find(party->who.domain)->ref;
            const NodeUse use = lab.server.tree().counts().of(ref);
            REQUIRE(use.nodes == owned(model.nodes, party->who));
            REQUIRE(use.bytes == bytes(model.nodes, party->who));
        }
    }

    void compare_trees() {
        std::vector<std::string> all;
        below(model.nodes, "/", all, false);
        REQUIRE(all.size() == model.nodes.size());
        for (const std::string& at : all) {
            std::string names;
            for (const std::string& name : model.nodes[at].children)
                names += name + "|";
            Client& reader = *parties[0]->client;
            REQUIRE(reader.read(at) == model.nodes[at].value);
            REQUIRE(reader.list(at) == names);
            REQUIRE(reader.perms(at) == shown(model.nodes[at].entries));
        }
    }

    void step() {
        const unsigned choice = below_(100);
        if (choice < 2) {
            const int id = 5 + static_cast<int>(below_(2));
            model.alive.contains(id) ? death(id) : birth(id);
            return;
        }
        Party& party = *parties[below_(static_cast<unsigned>(parties.size()))];
        if (choice < 7) {
            const Watching watch{path(), std::to_string(below_(2))};
            const bool there = std::ranges::any_of(party.watches, [&](const Watching& w) {
                return w.path == watch.path && w.token == watch.token;
            });
            REQUIRE(party.client->watch(watch.path, watch.token) == (there ? "!EEXIST" : "OK|"));
            if (there) return;
            party.watches.push_back(watch);
            party.events.push_back(watch.path + "|" + watch.token + "|");
            return;
        }
        if (choice < 20) {
            if (party.open) return end(party);
            party.open.emplace();
            party.open->id = party.client->start();
            REQUIRE(party.open->id != 0);
            return;
        }
        constexpr MessageType types[] = {MessageType::read,      MessageType::directory,
                                         MessageType::get_perms, MessageType::write,
                                         MessageType::write,     MessageType::mkdir,
                                         MessageType::rm,        MessageType::set_perms};
        Request request{types[below_(8)], path(), std::to_string(below_(3))};
        if (request.type == MessageType::set_perms) {
            request.text.clear();
            for (unsigned entries = 1 + below_(3); entries > 0; --entries) {
                if (!request.text.empty()) request.text += ' ';
                request.text += "nrwb"[below_(4)];
                request.text += "0565"[below_(4)];
            }
        }
        party.open&& below_(3) != 0 ? inside(party, request) : direct(party, request);
    }

    std::mt19937 random;
    Lab lab;
    Model model;
    std::vector<std::unique_ptr<Party>> parties;
    std::map<std::string, int> verdicts;
    int lives = 0;
    int births = 0;
};

}  // namespace

TEST_CASE("with owners, deaths and quotas, all is as in the model") {
    int births = 0, commits = 0, conflicts = 0, full = 0;
    for (unsigned seed = 1; seed <= 14; ++seed) {
        CAPTURE(seed);
        World world(seed);
        for (int step = 0; step < 1500; ++step) {
            CAPTURE(step);
            world.step();
            world.check();
            if (step % 100 == 99) world.compare_trees();
        }
        births += world.births;
        commits += world.verdicts["OK|"];
        conflicts += world.verdicts["!EAGAIN"];
        full += world.verdicts["!ENOSPC"];
    }
    // the run means something only if all of it happens
    CHECK(births > 50);
    CHECK(commits > 200);
    CHECK(conflicts > 50);
    CHECK(full > 0);
}
