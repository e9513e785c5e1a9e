#include "stream.hpp"

#include <span>

#include "request.hpp"
#include "words.hpp"
#include "xs_wire/message.hpp"

namespace conformance {

namespace {

using stemma::xs::Header;
using stemma::xs::MessageType;

Header header_of(std::string_view message) {
    return Header::read(std::as_bytes(std::span(message)).first<Header::size>());
}

std::string event_line(std::string_view payload) {
    std::string line = "event";
    while (!payload.empty()) {
        const auto end = std::min(payload.find('\0'), payload.size());
        line += ' ' + quoted(payload.substr(0, end));
        payload.remove_prefix(std::min(end + 1, payload.size()));
    }
    return line;
}

}  // namespace

void Stream::asked(std::string_view message) {
    asked_.emplace_back(message.substr(std::min(Header::size, message.size())));
}

void Stream::restart() {
    buffer_.clear();
    asked_.clear();
}

std::vector<std::string> Stream::take(std::string_view bytes) {
    buffer_ += bytes;
    std::vector<std::string> lines;
    std::size_t at = 0;
    while (buffer_.size() - at >= Header::size) {
        const auto rest = std::string_view(buffer_).substr(at);
        const std::size_t size = Header::size + header_of(rest).length;
        if (rest.size() < size) break;
        lines.push_back(line_of(rest.substr(0, size)));
        at += size;
    }
    buffer_.erase(0, at);
    return lines;
}

std::string Stream::line_of(std::string_view message) {
    const Header header = header_of(message);
    const auto payload = message.substr(Header::size);
    const bool is_event = header.type == MessageType::watch_event;
    if (is_event && header.request_id == 0 && header.transaction_id == 0) {
        return event_line(payload);
    }
    last_reply_ = payload.ends_with('\0') ? payload.substr(0, payload.size() - 1) : payload;
    std::string line = operation_name(static_cast<std::uint32_t>(header.type)) + ' ' +
                       std::to_string(header.request_id) + '/' +
                       std::to_string(header.transaction_id) + ' ';
    line += header.type == MessageType::directory_part ? without_gencnt(payload) : quoted(payload);
    if (!asked_.empty()) asked_.pop_front();
    return line;
}

std::string Stream::without_gencnt(std::string_view payload) {
    const auto end = payload.find('\0');
    if (end == std::string_view::npos) return quoted(payload);
    std::string asked = asked_.empty() ? std::string() : asked_.front();
    asked.resize(std::min(asked.size(), asked.find('\0')));  // the path
    std::string& last = gencnts_[asked];
    const std::string now(payload.substr(0, end));
    const bool number = now.find_first_not_of("0123456789") == std::string::npos;
    const char* const told = !number        ? "<no number>"
                             : last.empty() ? "<first gencnt>"
                             : last == now  ? "<same gencnt>"
                                            : "<other gencnt>";
    last = now;
    return std::string(told) + ' ' + quoted(payload.substr(end + 1));
}

}  // namespace conformance
