#include "rt/shutdown_request.hpp"

namespace stemma::rt {

namespace {
constexpr char path[] = "control/shutdown";
}

std::string_view to_string(WantedEnd end) {
    return end == WantedEnd::reboot ? "reboot" : "poweroff";
}

void ShutdownRequest::begin() {
    const auto ignored = [](StoreResult) {};
    for (const char* const feature : {"control/feature-poweroff", "control/feature-reboot"})
        store_->write(feature, "1", ignored);
    store_->watch(
        path, [this](std::string_view) { look(); }, ignored);
}

void ShutdownRequest::look() {
    store_->read(path, [this](StoreResult result) {
        if (!result) return;
        std::optional<WantedEnd> end;
        if (*result == "poweroff" || *result == "halt") end = WantedEnd::poweroff;
        if (*result == "reboot") end = WantedEnd::reboot;
        if (!end) return;
        store_->write(path, "", [this, end](StoreResult) { wanted_ = end; });
    });
}

}  // namespace stemma::rt
