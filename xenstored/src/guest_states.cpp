#include "xenstored/guest_states.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string_view>
#include <utility>
#include <vector>

#include "xenstored/descriptor.hpp"
#include "xs_wire/message.hpp"
#include "xs_wire/name_codec.hpp"

namespace stemma::xenstored {

store::RequestId GuestStates::save(const std::string& name, const store::Node& state,
                                   store::Info info) {
    auto shared = store::Ref<const store::Node>::share(&state);
    const auto request = publisher_->save_guest(xs::encode_element(name), shared, std::move(info));
    saved_.insert_or_assign(name, Saved{request, std::move(shared)});
    return request;
}

const store::Node* GuestStates::unpublished(const std::string& name) const {
    const auto found = saved_.find(name);
    return found == saved_.end() ? nullptr : found->second.state.get();
}

void GuestStates::completed(const store::Completion& done) {
    if (!done.result) return;
    std::erase_if(saved_, [&](const auto& one) { return one.second.request == done.id; });
}

std::string GuestStates::reference(const std::string& name) {
    return "refs/guests/" + xs::encode_element(name);
}

// By a list of what is still to visit: the depth of the tree is the guest's to choose.
std::string guest_state_bytes(const store::Node& state) {
    std::string bytes;
    static_assert(xs::payload_max <= 0xffff, "a path or value is no longer than a message");
    const auto append_size = [&](std::size_t size) {
        bytes += static_cast<char>(size & 0xff);
        bytes += static_cast<char>(size >> 8);
    };
    std::vector<std::pair<std::string, const store::Node*>> waiting{{"", &state}};
    while (!waiting.empty()) {
        const auto [path, node] = std::move(waiting.back());
        waiting.pop_back();
        const auto value = node->value();
        if (!path.empty() && (node->child_count() == 0 || !value.empty())) {
            append_size(path.size());
            append_size(value.size());
            bytes.append(path).append(value);
        }
        for (const auto* child : node->children_in_order()) {
            const std::string name(child->name());
            waiting.emplace_back(path.empty() ? name : path + '/' + name, child);
        }
    }
    return bytes;
}

std::expected<std::size_t, xs::Error> write_guest_state(const store::Node& state,
                                                        const std::string& file) {
    // Without waiting: it might be a pipe that nobody reads.
    const Descriptor to(::open(file.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
    struct stat facts {};
    if (!to || ::fstat(to.get(), &facts) != 0 || !S_ISREG(facts.st_mode)) {
        return std::unexpected(xs::Error::eio);
    }
    if (facts.st_size != 0) return std::unexpected(xs::Error::eexist);
    const std::string bytes = guest_state_bytes(state);
    for (std::string_view rest = bytes; !rest.empty();) {
        const auto written = ::write(to.get(), rest.data(), rest.size());
        if (written < 0) return std::unexpected(xs::Error::eio);
        rest.remove_prefix(static_cast<std::size_t>(written));
    }
    return bytes.size();
}

}  // namespace stemma::xenstored
