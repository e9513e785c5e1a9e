// Creates the configured guest NAME as `stemma create` does, and dies by SIGKILL just before or
// after a call of the platform: kill_create NAME CALL before|after. Exit status 4: that call never
// came.
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "toolstack/configuration_store.hpp"
#include "toolstack/create_guest.hpp"
#include "toolstack/hosted_platform.hpp"
#include "toolstack/socket_store.hpp"

namespace stemma::toolstack {

namespace {

class KillingPlatform : public Platform {
  public:
    KillingPlatform(Platform& real, std::string call, bool after)
        : real_(real), call_(std::move(call)), after_(after) {}

    ReadySign ready_sign(const std::string& image) const override {
        return real_.ready_sign(image);
    }
    bool takes_interfaces(const std::string& image) const override {
        return real_.takes_interfaces(image);
    }
    Result<bool> detach_port(DomainId domain, unsigned index) override {
        return real_.detach_port(domain, index);
    }
    Result<NewDomain> create_domain(const DomainRequest& request) override {
        return around("create", [&] { return real_.create_domain(request); });
    }
    Result<std::string> attach_port(DomainId domain, const PortRequest& request) override {
        return around("attach", [&] { return real_.attach_port(domain, request); });
    }
    Result<RingFrames> load(DomainId domain, LoadRequest request) override {
        return real_.load(domain, std::move(request));
    }
    Result<void> start(DomainId domain) override {
        return around("start", [&] { return real_.start(domain); });
    }
    Result<void> keep(DomainId domain) override {
        return around("keep", [&] { return real_.keep(domain); });
    }
    Result<void> destroy(DomainId domain) override { return real_.destroy(domain); }
    Result<void> pause(DomainId domain) override { return real_.pause(domain); }
    Result<void> unpause(DomainId domain) override { return real_.unpause(domain); }
    Result<Keeper> keeper(const DomainInfo& domain) override { return real_.keeper(domain); }
    Result<void> move_port(DomainId domain, unsigned index, const std::string& bridge) override {
        return real_.move_port(domain, index, bridge);
    }
    Result<std::vector<DomainInfo>> domains() override { return real_.domains(); }
    Result<ConsoleOutput> console(const std::string& name, std::uint64_t offset,
                                  bool wait) override {
        return real_.console(name, offset, wait);
    }
    Result<Descriptor> console_terminal(const std::string& name) override {
        return real_.console_terminal(name);
    }

  private:
    template <typename Call>
    std::invoke_result_t<Call> around(std::string_view name, Call call) {
        if (name == call_ && !after_) ::kill(::getpid(), SIGKILL);
        auto result = call();
        if (name == call_) ::kill(::getpid(), SIGKILL);
        return result;
    }

    Platform& real_;
    std::string call_;
    bool after_;
};

int run(const std::string& name, const std::string& call, bool after) {
    SocketStore store(xenstored_socket(), std::chrono::seconds(10));
    const auto platform = HostedPlatform::connect(agent_socket());
    const auto configuration = load_configuration(store);
    if (!platform || !configuration || !configuration->guests.contains(name)) return 2;
    KillingPlatform killing(**platform, call, after);
    const auto created =
        create_guest(store, killing, name, configuration->guests.at(name), {.fresh = true});
    if (!created) std::fprintf(stderr, "%s\n", to_string(created.error()).c_str());
    return 4;
}

}  // namespace

}  // namespace stemma::toolstack

int main(int argc, char** argv) {
    if (argc != 4) return 2;
    return stemma::toolstack::run(argv[1], argv[2], std::string(argv[3]) == "after");
}
