#include <cstdio>

#include "toolstack/command.hpp"
#include "toolstack/hosted_platform.hpp"
#include "toolstack/xen/xen_platform.hpp"

namespace stemma::toolstack {

namespace {
// Saving and reverting wait for a disk.
constexpr std::chrono::milliseconds store_limit{30'000};
}  // namespace

Result<Store*> Surroundings::store() {
    if (!store_) store_ = std::make_unique<SocketStore>(xenstored_socket(), store_limit);
    if (auto connected = store_->connect(); !connected) {
        return std::unexpected(connected.error().error());
    }
    return store_.get();
}

void Surroundings::await_publication() {
    if (const auto store = this->store()) (void)(*store)->control({"publish"});
}

// The one place that knows the platforms.
Result<Platform*> Surroundings::platform() {
    if (!platform_ && XenPlatform::is_here()) {
        const auto own_store = store();
        if (!own_store) return std::unexpected(own_store.error());
        const auto own_links = links();
        if (!own_links) return std::unexpected(own_links.error());
        auto xen = XenPlatform::open(**own_store, *links_);
        if (!xen) return std::unexpected(std::move(xen.error()));
        platform_ = std::move(*xen);
    }
    if (!platform_) {
        auto hosted = HostedPlatform::connect(agent_socket());
        if (!hosted) return std::unexpected(std::move(hosted.error()));
        platform_ = std::move(*hosted);
    }
    return platform_.get();
}

Result<Links*> Surroundings::links() {
    if (!links_) {
        auto links = NetlinkLinks::open();
        if (!links) return std::unexpected(std::move(links.error()));
        links_ = std::move(*links);
    }
    return links_.get();
}

void Printer::line(std::string_view text) {
    raw(text);
    raw("\n");
}

void Printer::raw(std::string_view text) {
    if (json_) return;
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
}

void Printer::document(const Json& json) {
    if (!json_) return;
    const std::string text = json.text() + '\n';
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
}

void Printer::error(const Error& error) {
    if (json_) return document(Json::object().set("error", to_json(error)));
    std::fprintf(stderr, "stemma: %s\n", to_string(error).c_str());
}

Json to_json(const Error& error) {
    return Json::object()
        .set("kind", name(error.kind))
        .set("tried", error.tried)
        .set("on", error.on)
        .set("cause", error.cause)
        .set("state", error.state)
        .set("next", error.next);
}

std::string Invocation::value(const std::string& option, std::string_view otherwise) const {
    const auto found = options.find(option);
    return found == options.end() ? std::string(otherwise) : found->second;
}

}  // namespace stemma::toolstack
