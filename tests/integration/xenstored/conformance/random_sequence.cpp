#include "random_sequence.hpp"

#include <array>
#include <random>

namespace conformance {

namespace {

class Maker {
  public:
    explicit Maker(unsigned seed) : random_(seed) {}

    Sequence make(unsigned steps) {
        prepare();
        while (sequence_.steps.size() < steps)
            step();
        // C would tell the end of an open transaction's changes elsewhere
        if (open_ != 0) add(speaker(opener_, true) + "TRANSACTION_END F");
        return std::move(sequence_);
    }

  private:
    static constexpr unsigned guests = 3;

    unsigned below(unsigned limit) { return static_cast<unsigned>(random_() % limit); }
    bool once_in(unsigned n) { return below(n) == 0; }
    template <std::size_t size>
    const char* one_of(const std::array<const char*, size>& words) {
        return words[below(size)];
    }

    void add(std::string text) {
        Step step;
        step.text = std::move(text);
        step.line = static_cast<int>(sequence_.steps.size()) + 1;
        sequence_.steps.push_back(std::move(step));
    }

    void prepare() {
        add("domain 9");  // see domain_deaths.txt
        add("socket s");
        if (once_in(2)) set_quotas();
        for (unsigned id = 1; id <= guests; ++id)
            arrive(id);
        for (const char* directory : {"/shared", "/open", "/closed"}) {
            add(std::string("0: WRITE ") + directory + " 1");
            add(std::string("0: SET_PERMS ") + directory + ' ' + permissions(0));
        }
    }

    void set_quotas() {
        constexpr std::array<const char*, 7> quotas{
            "nodes 12",      "watches 3",     "transactions 2", "transaction-nodes 14",
            "node-size 120", "permissions 3", "path-max 40"};
        for (unsigned count = 1 + below(3); count > 0; --count)
            add(std::string("0: CONTROL quota set ") + one_of(quotas));
    }

    void arrive(unsigned id) {
        const std::string name = std::to_string(id);
        add("domain " + name);
        add("0: WRITE /local/domain/" + name + " home");
        add("0: SET_PERMS /local/domain/" + name + " n" + name);
        next_id_[id] = 1;
    }

    // "1/4: " in the open transaction.
    std::string speaker(unsigned who, bool in_transaction) {
        std::string text = std::to_string(who);
        if (in_transaction) text += '/' + std::to_string(open_);
        return text + ": ";
    }

    std::string path() {
        constexpr std::array<const char*, 10> starts{"",
                                                     "",
                                                     "",
                                                     "/shared",
                                                     "/open",
                                                     "/closed",
                                                     "/local/domain/1",
                                                     "/local/domain/2",
                                                     "/local/domain/3",
                                                     ""};
        std::string text = one_of(starts);
        for (unsigned depth = below(4); depth > 0 || text.empty(); depth -= depth > 0 ? 1 : 0) {
            if (!text.empty()) text += '/';
            text += "abc"[below(3)];
        }
        if (once_in(60)) text = "/";
        if (once_in(60)) text += "/{n*" + std::to_string(10 + below(40)) + '}';
        return text;
    }

    std::string permissions(unsigned owner) {
        std::string text(1, "nrwb"[below(4)]);
        text += std::to_string(owner);
        for (unsigned more = below(4); more > 0; --more) {
            text += ' ';
            text += "nrwb"[below(4)];
            text += std::to_string(below(guests + 2));
        }
        return text;
    }

    std::string value() {
        if (once_in(40)) return "{v*" + std::to_string(1990 + below(40)) + "}";
        if (once_in(20)) return "{w*" + std::to_string(70 + below(40)) + "}";
        return std::string(1, "xyz"[below(3)]);
    }

    std::string reading(bool in_transaction) {
        constexpr std::array<const char*, 4> operations{"READ ", "DIRECTORY ", "GET_PERMS ",
                                                        "READ "};
        // the gencnt that a transaction saw becomes another at its commit, in C
        if (!in_transaction && once_in(12))
            return "DIRECTORY_PART " + path() + ' ' + std::to_string(below(5));
        return one_of(operations) + path();
    }

    std::string writing(unsigned who) {
        switch (below(8)) {
            case 0:
            case 1:
            case 2:
            case 3:
                return "WRITE " + path() + ' ' + value();
            case 4:
                return "MKDIR " + path();
            case 5:
                return "RM " + path();
            default: {
                // domain 0 gives nodes away, and guests try to; but not the root, which C removes
                // with the domain that owns it
                const std::string node = path();
                const bool others = node != "/" && once_in(3);
                return "SET_PERMS " + node + ' ' + permissions(others ? below(guests + 1) : who);
            }
        }
    }

    std::string watching() {
        std::string which = path();
        if (once_in(10)) which = once_in(2) ? "@releaseDomain" : "@introduceDomain";
        return (once_in(4) ? "UNWATCH " : "WATCH ") + which + ' ' + "tuv"[below(3)];
    }

    void step() {
        const unsigned who = below(guests + 1);
        if (open_ != 0) return step_in_transaction(who);
        const unsigned choice = below(100);
        const std::string says = once_in(20) ? "s: " : speaker(who, false);
        if (choice < 30) return add(says + reading(false));
        if (choice < 70) return add(says + writing(who));
        if (choice < 85) return add(says + watching());
        // One that does not listen would have its transaction served later, when others may write.
        if (choice < 91 && !deaf_[who]) {
            add(speaker(who, false) + "TRANSACTION_START");
            opener_ = who;
            open_ = next_id_[who]++;
            return;
        }
        if (choice < 93) return add(speaker(who, false) + "RESET_WATCHES");
        if (choice < 95) return listening(1 + below(guests));
        life(1 + below(guests));
    }

    void step_in_transaction(unsigned who) {
        if (who != opener_ && once_in(2)) return add(speaker(who, false) + reading(false));
        if (once_in(10)) {
            add(speaker(opener_, true) + (once_in(4) ? "TRANSACTION_END F" : "TRANSACTION_END T"));
            open_ = 0;
            return;
        }
        add(speaker(opener_, true) + (once_in(3) ? reading(true) : writing(opener_)));
    }

    void listening(unsigned id) {
        bool& deaf = deaf_[id];
        deaf = !deaf;
        add((deaf ? "deaf " : "hear ") + std::to_string(id));
    }

    void life(unsigned id) {
        const std::string name = std::to_string(id);
        switch (below(6)) {
            case 0:
                add("shutdown " + name + ' ' + std::to_string(below(4)));
                break;
            case 1:
                add("0: RESUME " + name);
                break;
            case 2:
                add("0: IS_DOMAIN_INTRODUCED " + name);
                break;
            case 3:
                if (deaf_[id]) listening(id);
                add(once_in(2) ? "destroy " + name : "dying " + name);
                add("0: WRITE /between 1");  // C tells generations of domains apart by writes
                arrive(id);
                break;
            case 4:
                if (deaf_[id]) listening(id);
                add("0: INTRODUCE " + name + " $ring" + name + " $port" + name);
                break;
            default:
                if (deaf_[id]) listening(id);
                add("0: RELEASE " + name);
                add("0: WRITE /between 1");
                arrive(id);
        }
    }

    std::mt19937 random_;
    Sequence sequence_;
    unsigned open_ = 0;  // the id of the one open transaction
    unsigned opener_ = 0;
    std::array<unsigned, guests + 1> next_id_{1, 1, 1, 1};
    std::array<bool, guests + 1> deaf_{};
};

}  // namespace

Sequence random_sequence(unsigned seed, unsigned steps) {
    Maker maker(seed);
    Sequence sequence = maker.make(steps);
    sequence.file = "random";
    sequence.name = "seed " + std::to_string(seed);
    return sequence;
}

}  // namespace conformance
