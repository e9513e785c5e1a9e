#include "model_server.hpp"

#include <utility>

namespace stemma::rt {

using xs::Header;
using xs::MessageType;

namespace {
std::string_view text_of(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
}  // namespace

void ModelServer::receive(std::span<const std::byte> bytes) {
    input_.insert(input_.end(), bytes.begin(), bytes.end());
    while (input_.size() >= Header::size) {
        const auto header = Header::read(std::span<const std::byte>(input_).first<Header::size>());
        if (input_.size() < Header::size + header.length) return;
        perform(header, text_of(input_).substr(Header::size, header.length));
        input_.erase(input_.begin(),
                     input_.begin() + static_cast<std::ptrdiff_t>(Header::size + header.length));
    }
}

void ModelServer::perform(const Header& header, std::string_view payload) {
    const auto done = [this, header](StoreResult result) { reply(header, result); };
    const auto path_end = payload.find('\0');
    if (path_end == std::string_view::npos) {
        return reply(header, std::unexpected(StoreError{xs::Error::einval, false}));
    }
    const auto path = payload.substr(0, path_end);
    auto rest = payload.substr(path_end + 1);
    const bool is_string = header.type == MessageType::watch ||
                           header.type == MessageType::unwatch ||
                           header.type == MessageType::directory_part;
    if (is_string && rest.ends_with('\0')) rest.remove_suffix(1);
    const std::string key = std::string(path) + '\0' + std::string(rest);
    if (header.type == MessageType::watch) {
        const auto watch = store_.watch(
            path,
            [this, token = std::string(rest)](std::string_view changed) {
                const std::string event = std::string(changed) + '\0' + token + '\0';
                send({MessageType::watch_event, 0, 0, static_cast<std::uint32_t>(event.size())},
                     event);
            },
            done);
        if (watch) watches_[key] = *watch;
        return;
    }
    if (header.type == MessageType::unwatch) {
        const auto watch = watches_.extract(key);
        if (watch.empty() || !store_.unwatch(watch.mapped(), done)) {
            reply(header, std::unexpected(StoreError{xs::Error::enoent, false}));
        }
        return;
    }
    store_.submit({header.type, {header.transaction_id}, path, rest, false}, done);
}

void ModelServer::reply(const Header& request, StoreResult result) {
    if (result) {
        const Header header{request.type, request.request_id, request.transaction_id,
                            static_cast<std::uint32_t>(result->size())};
        return send(header, *result);
    }
    const std::string text = std::string(xs::name(result.error().code)) + '\0';
    send({MessageType::error, request.request_id, request.transaction_id,
          static_cast<std::uint32_t>(text.size())},
         text);
}

void ModelServer::send(const Header& header, std::string_view payload) {
    const std::size_t at = output_.size();
    output_.resize(at + Header::size);
    header.write(std::span(output_).subspan(at).first<Header::size>());
    const auto bytes = std::as_bytes(std::span(payload));
    output_.insert(output_.end(), bytes.begin(), bytes.end());
}

std::vector<std::byte> ModelServer::take_output() {
    store_.run();
    return std::exchange(output_, {});
}

}  // namespace stemma::rt
