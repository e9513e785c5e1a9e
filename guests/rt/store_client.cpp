#include "rt/store_client.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace stemma::rt {

using xs::Header;
using xs::MessageType;

namespace {
constexpr std::size_t small_request = 128;  // what room() counts with

std::string_view text_of(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

void append(std::vector<std::byte>& to, std::string_view text) {
    const auto bytes = std::as_bytes(std::span(text));
    to.insert(to.end(), bytes.begin(), bytes.end());
}
}  // namespace

std::string_view to_string(StoreFault fault) {
    switch (fault) {
        case StoreFault::none:
            return "no fault";
        case StoreFault::closed:
            return "the connection to xenstored ended";
        case StoreFault::oversized:
            return "xenstored sent a message over 4,096 bytes";
        case StoreFault::unexpected_reply:
            return "xenstored answered a request that was not made";
        case StoreFault::malformed_event:
            return "xenstored sent a malformed watch event";
    }
    return "";
}

StoreClient::StoreClient() {
    output_.reserve(output_max);
}

std::size_t StoreClient::room() const {
    if (!connected()) return 0;
    const std::size_t free_bytes = output_max - (output_.size() - output_first_);
    return std::min(outstanding_max - outstanding_count_, free_bytes / small_request);
}

bool StoreClient::submit(const StoreRequest& request, StoreHandler done) {
    const std::size_t payload = request.payload_size();
    const std::size_t size = Header::size + payload;
    if (!connected() || payload > xs::payload_max || outstanding_count_ == outstanding_max) {
        return false;
    }
    // a NUL within would end the path early, and the rest of it would become something else
    if (request.path.find('\0') != std::string_view::npos) return false;
    if (output_.size() - output_first_ + size > output_max) return false;
    if (output_.size() + size > output_max) {
        output_.erase(output_.begin(),
                      output_.begin() + static_cast<std::ptrdiff_t>(output_first_));
        output_first_ = 0;
    }

    const std::uint32_t id = next_id_++;
    const Header header{request.type, id, request.transaction.id,
                        static_cast<std::uint32_t>(payload)};
    const std::size_t at = output_.size();
    output_.resize(at + Header::size);
    header.write(std::span(output_).subspan(at).first<Header::size>());
    append(output_, request.path);
    output_.push_back(std::byte{0});
    append(output_, request.rest);
    if (request.rest_is_string) output_.push_back(std::byte{0});

    auto& place = outstanding_[(outstanding_first_ + outstanding_count_) % outstanding_max];
    place = {id, request.type, std::move(done)};
    ++outstanding_count_;
    return true;
}

std::optional<WatchId> StoreClient::watch(std::string_view path, WatchHandler on_event,
                                          StoreHandler done) {
    Watch* const place = find_watch(0);
    if (place == nullptr) return std::nullopt;
    const std::uint32_t number = next_watch_;
    const std::string token = std::to_string(number);
    const auto answered = [this, number, done = std::move(done)](StoreResult result) {
        if (!result) {
            if (Watch* const watch = find_watch(number)) *watch = {};
        }
        done(result);
    };
    if (!submit({MessageType::watch, {}, path, token, true}, answered)) return std::nullopt;
    ++next_watch_;
    *place = {number, std::string(path), std::move(on_event)};
    return WatchId{number};
}

bool StoreClient::unwatch(WatchId id, StoreHandler done) {
    Watch* const watch = id.number == 0 ? nullptr : find_watch(id.number);
    if (watch == nullptr) return false;
    const std::string token = std::to_string(id.number);
    if (!submit({MessageType::unwatch, {}, watch->path, token, true}, std::move(done))) {
        return false;
    }
    *watch = {};
    return true;
}

std::span<const std::byte> StoreClient::output() const {
    return std::span(output_).subspan(output_first_);
}

void StoreClient::sent(std::size_t count) {
    output_first_ = std::min(output_first_ + count, output_.size());
    if (output_first_ == output_.size()) {
        output_.clear();
        output_first_ = 0;
    }
}

void StoreClient::receive(std::span<const std::byte> bytes) {
    while (!bytes.empty() && connected()) {
        std::size_t wanted = Header::size;
        Header header;
        if (input_size_ >= Header::size) {
            header = Header::read(std::span<const std::byte>(input_).first<Header::size>());
            wanted += header.length;
        }
        const std::size_t count = std::min(wanted - input_size_, bytes.size());
        std::copy_n(bytes.begin(), count,
                    input_.begin() + static_cast<std::ptrdiff_t>(input_size_));
        bytes = bytes.subspan(count);
        input_size_ += count;

        if (input_size_ < Header::size) return;
        header = Header::read(std::span<const std::byte>(input_).first<Header::size>());
        if (header.length > xs::payload_max) return fail(StoreFault::oversized);
        if (input_size_ < Header::size + header.length) continue;
        input_size_ = 0;
        dispatch(header, text_of(input_).substr(Header::size, header.length));
    }
}

void StoreClient::dispatch(const Header& header, std::string_view payload) {
    if (header.type == MessageType::watch_event) {
        dispatch_event(payload);
    } else {
        dispatch_reply(header, payload);
    }
}

void StoreClient::dispatch_event(std::string_view payload) {
    const auto path_end = payload.find('\0');
    if (path_end == std::string_view::npos) return fail(StoreFault::malformed_event);
    const auto path = payload.substr(0, path_end);
    auto token = payload.substr(path_end + 1);
    if (token.empty() || token.find('\0') != token.size() - 1) {
        return fail(StoreFault::malformed_event);
    }
    token.remove_suffix(1);
    std::uint32_t number = 0;
    const auto [stopped, error] =
        std::from_chars(token.data(), token.data() + token.size(), number);
    if (error != std::errc() || stopped != token.data() + token.size() || number == 0) {
        return fail(StoreFault::malformed_event);
    }
    Watch* watch = find_watch(number);
    if (watch == nullptr) return;  // it was on its way when the watch ended
    // out of its place while it runs: it may end its own watch
    auto on_event = std::move(watch->on_event);
    on_event(path);
    watch = find_watch(number);
    if (watch != nullptr) watch->on_event = std::move(on_event);
}

void StoreClient::dispatch_reply(const Header& header, std::string_view payload) {
    if (outstanding_count_ == 0) return fail(StoreFault::unexpected_reply);
    const auto& expected = outstanding_[outstanding_first_];
    const bool is_error = header.type == MessageType::error;
    if (header.request_id != expected.id || (!is_error && header.type != expected.type)) {
        return fail(StoreFault::unexpected_reply);
    }
    const auto request = pop_outstanding();
    if (is_error) {
        request.done(std::unexpected(StoreError{xs::error_from_name(payload), false}));
    } else {
        request.done(payload);
    }
}

void StoreClient::fail(StoreFault fault) {
    if (!connected()) return;
    fault_ = fault;
    output_.clear();
    output_first_ = 0;
    // nothing can be submitted any more, so this ends
    while (outstanding_count_ > 0) {
        const auto request = pop_outstanding();
        request.done(std::unexpected(StoreError{xs::Error::eio, true}));
    }
    for (auto& watch : watches_)
        watch = {};
}

StoreClient::Outstanding StoreClient::pop_outstanding() {
    Outstanding request = std::exchange(outstanding_[outstanding_first_], {});
    outstanding_first_ = (outstanding_first_ + 1) % outstanding_max;
    --outstanding_count_;
    return request;
}

StoreClient::Watch* StoreClient::find_watch(std::uint32_t number) {
    for (auto& watch : watches_) {
        if (watch.number == number) return &watch;
    }
    return nullptr;
}

}  // namespace stemma::rt
