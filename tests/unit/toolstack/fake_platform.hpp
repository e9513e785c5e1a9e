#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fake_store.hpp"
#include "toolstack/platform.hpp"

namespace stemma::toolstack {

// A platform whose domains are entries of a map; any call can be made to fail.
class FakePlatform : public Platform {
  public:
    struct Domain {
        std::string name = {};
        std::string uuid = {};
        std::map<unsigned, std::string> ports = {};  // bridge by index
        std::string image = {};
        std::string arguments = {};
        bool has_state = false;
        bool kept = false;
        DomainState state = DomainState::building;
        std::string ending = {};
        Ending ended_by = Ending::none;
    };

    explicit FakePlatform(FakeStore& store) : store_(store) {}

    std::map<DomainId, Domain> domains_by_id;
    std::vector<std::string> calls;
    std::string failing_call;  // "attach", ...
    int fail_from = 1;         // the how-manieth call of that name fails first
    bool guests_serve = true;  // write data/ready as soon as they start
    bool guests_end = false;   // end as soon as they start
    std::string console_text = "line one\nline two\n";

    ReadySign sign = ReadySign::own_word;
    Keeper keeps = Keeper::agent;

    bool plugs = false;
    bool lets_go = true;

    ReadySign ready_sign(const std::string&) const override { return sign; }
    bool takes_interfaces(const std::string&) const override { return plugs; }
    Result<bool> detach_port(DomainId domain, unsigned index) override {
        if (auto failed = called("detach")) return std::unexpected(*failed);
        domains_by_id.at(domain).ports.erase(index);
        return lets_go;
    }
    Result<NewDomain> create_domain(const DomainRequest& request) override {
        if (auto failed = called("create")) return std::unexpected(*failed);
        const DomainId id = next_++;
        domains_by_id[id] = {.name = request.name, .uuid = request.uuid};
        return NewDomain{id, 1, 2};
    }
    Result<RingFrames> load(DomainId domain, LoadRequest request) override {
        if (auto failed = called("load")) return std::unexpected(*failed);
        auto& loaded = domains_by_id.at(domain);
        loaded.image = request.image;
        loaded.arguments = request.arguments;
        loaded.has_state = request.state.has_value();
        return RingFrames{1, 1};
    }
    Result<std::string> attach_port(DomainId domain, const PortRequest& request) override {
        if (auto failed = called("attach")) return std::unexpected(*failed);
        domains_by_id.at(domain).ports[request.index] = request.bridge;
        return "vif" + std::to_string(domain) + '.' + std::to_string(request.index);
    }
    Result<void> start(DomainId domain) override {
        if (auto failed = called("start")) return std::unexpected(*failed);
        auto& started = domains_by_id.at(domain);
        started.state = DomainState::running;
        if (guests_end) {
            started.state = DomainState::shut_down;
            started.ending = "exit status 1";
            store_.fire("@releaseDomain");
        } else if (guests_serve) {
            store_.set(xs::domain_path(domain) + "/data/ready", "1");
        }
        return {};
    }
    Result<void> keep(DomainId domain) override {
        if (auto failed = called("keep")) return std::unexpected(*failed);
        domains_by_id.at(domain).kept = true;
        return {};
    }
    Result<void> destroy(DomainId domain) override {
        if (auto failed = called("destroy")) return std::unexpected(*failed);
        if (domains_by_id.erase(domain) == 0) {
            return failure(ErrorKind::not_found, "destroy", "domain", "no such domain");
        }
        return {};
    }
    Result<void> pause(DomainId domain) override {
        if (auto failed = called("pause")) return std::unexpected(*failed);
        domains_by_id.at(domain).state = DomainState::paused;
        return {};
    }
    Result<void> unpause(DomainId domain) override {
        if (auto failed = called("unpause")) return std::unexpected(*failed);
        domains_by_id.at(domain).state = DomainState::running;
        return {};
    }
    Result<Keeper> keeper(const DomainInfo&) override { return keeps; }
    Result<void> move_port(DomainId domain, unsigned index, const std::string& bridge) override {
        if (auto failed = called("move")) return std::unexpected(*failed);
        domains_by_id.at(domain).ports[index] = bridge;
        store_.set("/local/domain/0/backend/vif/" + std::to_string(domain) + '/' +
                       std::to_string(index) + "/bridge",
                   bridge);
        return {};
    }
    Result<std::vector<DomainInfo>> domains() override {
        std::vector<DomainInfo> all;
        for (const auto& [id, domain] : domains_by_id) {
            all.push_back({.id = id,
                           .name = domain.name,
                           .uuid = domain.uuid,
                           .state = domain.state,
                           .kept = domain.kept,
                           .ended_by = domain.ended_by,
                           .ending = domain.ending});
        }
        return all;
    }
    Result<ConsoleOutput> console(const std::string&, std::uint64_t, bool) override {
        return ConsoleOutput{console_text, console_text.size(), true};
    }
    Result<Descriptor> console_terminal(const std::string&) override { return Descriptor(); }

  private:
    std::optional<Error> called(const std::string& name) {
        calls.push_back(name);
        if (name != failing_call || --fail_from > 0) return std::nullopt;
        return Error{.tried = name, .on = "a double", .cause = "it was told to fail"};
    }

    FakeStore& store_;
    DomainId next_ = 1;
};

}  // namespace stemma::toolstack
