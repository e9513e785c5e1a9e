#pragma once

#include <random>
#include <set>
#include <string>
#include <string_view>

#include "message_decoder.hpp"

namespace stemma::dns_test {

// Makes small zones, and questions to them, of few labels, so that names meet: wildcards,
// delegations, empty non-terminals, CNAME chains and loops come about by themselves. All names are
// relative to whatever origin the zone is given.
class RandomZone {
  public:
    explicit RandomZone(unsigned seed) : random_(seed) {}

    unsigned below(unsigned n) { return static_cast<unsigned>(random_() % n); }

    // Few labels, so that names meet.
    std::string name() {
        constexpr std::string_view labels[] = {"a", "b", "C", "*", "sub", "ns", "www"};
        std::string text;
        for (unsigned n = 1 + below(4); n > 0; --n)
            text.append(text.empty() ? "" : ".").append(labels[below(7)]);
        return text;
    }
    std::string target() {
        switch (below(6)) {
            case 0:
                return "host.other.net.";
            case 1:
                return name() + ".other.net.";
            default:
                return name();
        }
    }
    std::string zone() {
        std::string text = "$TTL 60\n@ SOA ns h 1 2 3 4 5\n@ NS ns\n@ NS ns.other.net.\n";
        std::set<std::string> cnames;
        std::set<std::string> others;
        for (unsigned n = below(60); n > 0; --n) {
            const std::string owner = name();
            const std::string key = lower(owner);
            const unsigned kind = below(8);
            if (kind == 0) {
                if (others.contains(key) || !cnames.insert(key).second) continue;
                text += owner + " CNAME " + target() + "\n";
                continue;
            }
            if (cnames.contains(key)) continue;
            others.insert(key);
            switch (kind) {
                case 1:
                    text += owner + " NS " + target() + "\n";
                    break;
                case 2:
                    text += owner + " MX " + std::to_string(below(9)) + " " + target() + "\n";
                    break;
                case 3:
                    text += owner + " SRV 1 2 3 " + target() + "\n";
                    break;
                case 4:
                    text += owner + " TXT \"" + std::string(below(200), 'x') + "\" " +
                            std::to_string(below(9)) + "\n";
                    break;
                case 5:
                    text += owner + " AAAA fd00::" + std::to_string(below(99)) + "\n";
                    break;
                default:
                    text += owner + " A 10.0.0." + std::to_string(below(99)) + "\n";
                    break;
            }
        }
        return text;
    }
    unsigned type() {
        constexpr unsigned types[] = {1, 1, 2, 5, 6, 12, 15, 16, 28, 33, 43, 255, 1000};
        return types[below(13)];
    }

  private:
    std::mt19937 random_;
};

}  // namespace stemma::dns_test
