#include "xen/back_trace.hpp"

#include "xen/image_layout.hpp"

namespace stemma::xen {

namespace {

bool in_image(std::uint64_t place) {
    return place >= reinterpret_cast<std::uint64_t>(image_start) &&
           place < reinterpret_cast<std::uint64_t>(image_end);
}

}  // namespace

BackTrace::BackTrace(const std::uint64_t* frame_pointer) {
    // Frames lie on the stack, each above the one before.
    const std::uint64_t* frame = frame_pointer;
    while (depth_ < frames_max && in_image(reinterpret_cast<std::uint64_t>(frame))) {
        if (!in_image(frame[1])) return;
        callers_[depth_++] = frame[1];
        const auto* const next = reinterpret_cast<const std::uint64_t*>(frame[0]);
        if (next <= frame) return;
        frame = next;
    }
}

}  // namespace stemma::xen
