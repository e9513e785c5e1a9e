#include "self_test/memory_port.hpp"

#include <algorithm>
#include <utility>

#include "net/ethernet.hpp"

namespace stemma::self_test {

void MemoryPort::arrive(Frame frame) {
    if (arrived_.size() == frames_max) {
        ++counters_.receive_overruns;
        return;
    }
    arrived_.push_back(std::move(frame));
}

std::vector<Frame> MemoryPort::take_sent() {
    return std::exchange(sent_, {});
}

std::size_t MemoryPort::receive(rt::FrameSink& sink, std::size_t budget) {
    const std::size_t count = std::min(budget, arrived_.size());
    // Taken out before the first is handed over: the sink may make others arrive.
    std::vector<Frame> frames(arrived_.begin(),
                              arrived_.begin() + static_cast<std::ptrdiff_t>(count));
    arrived_.erase(arrived_.begin(), arrived_.begin() + static_cast<std::ptrdiff_t>(count));
    for (Frame& frame : frames)
        sink.frame(frame);
    counters_.received += count;
    return count;
}

std::span<std::uint8_t> MemoryPort::reserve(std::size_t size) {
    reserved_.clear();
    if (size > mtu() + net::EthernetHeader::size) {
        ++counters_.send_refused;
        return {};
    }
    if (sent_.size() == frames_max) {
        ++counters_.send_overruns;
        return {};
    }
    reserved_.assign(size, 0xa5);  // as in a ring, where an old frame lies
    return reserved_;
}

void MemoryPort::send_reserved(std::size_t size) {
    reserved_.resize(size);
    sent_.push_back(std::exchange(reserved_, {}));
    ++counters_.sent;
}

}  // namespace stemma::self_test
