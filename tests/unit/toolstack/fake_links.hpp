#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "toolstack/links.hpp"

namespace stemma::toolstack {

// Links as values; `failing` names a link whose changes are refused.
class FakeLinks : public Links {
  public:
    std::vector<Link> links;
    std::string failing;

    Link& add(const std::string& name, const std::string& kind, const std::string& alias = "",
              int master = 0) {
        links.push_back({.index = next_++,
                         .name = name,
                         .kind = kind,
                         .alias = alias,
                         .master = master,
                         .up = true,
                         .mtu = 1500});
        return links.back();
    }

    Result<std::vector<Link>> all() override { return links; }
    Result<void> add_bridge(const std::string& name) override {
        if (name == failing) return refuse(name);
        add(name, "bridge", own_bridge_alias);
        return {};
    }
    Result<void> remove(const std::string& name) override {
        if (name == failing) return refuse(name);
        std::erase_if(links, [&](const Link& link) { return link.name == name; });
        return {};
    }
    Result<void> set_up(const std::string& name) override {
        if (name == failing) return refuse(name);
        at(name).up = true;
        return {};
    }
    Result<void> add_address(const std::string& name, const Ipv4Interface& address) override {
        if (name == failing) return refuse(name);
        at(name).addresses.push_back(address);
        return {};
    }
    Result<void> remove_address(const std::string& name, const Ipv4Interface& address) override {
        if (name == failing) return refuse(name);
        std::erase(at(name).addresses, address);
        return {};
    }

    Link& at(const std::string& name) { return *std::ranges::find(links, name, &Link::name); }

  private:
    static std::unexpected<Error> refuse(const std::string& name) {
        return failure(ErrorKind::failed, "change", "the link " + name, "it was told to fail");
    }

    int next_ = 1;
};

}  // namespace stemma::toolstack
