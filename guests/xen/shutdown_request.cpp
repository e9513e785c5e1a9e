#include "xen/shutdown_request.hpp"

#include <xen/xen.h>

#include <xen/sched.h>

namespace stemma::xen {

namespace {
constexpr char path[] = "control/shutdown";
}

void ShutdownRequest::begin() {
    const auto ignored = [](rt::StoreResult) {};
    for (const char* const feature : {"control/feature-poweroff", "control/feature-reboot"})
        store_->write(feature, "1", ignored);
    store_->watch(
        path, [this](std::string_view) { look(); }, ignored);
}

void ShutdownRequest::look() {
    store_->read(path, [this](rt::StoreResult result) {
        if (!result || result->empty()) return;
        std::optional<unsigned> reason;
        if (*result == "poweroff" || *result == "halt") reason = SHUTDOWN_poweroff;
        if (*result == "reboot") reason = SHUTDOWN_reboot;
        if (!reason) return;
        store_->write(path, "", [this, reason](rt::StoreResult) { wanted_ = reason; });
    });
}

}  // namespace stemma::xen
