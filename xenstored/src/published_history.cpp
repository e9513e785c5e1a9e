#include "xenstored/published_history.hpp"

#include <charconv>
#include <optional>
#include <string>

#include "xenstored/change_text.hpp"
#include "xs_wire/name_codec.hpp"
#include "xs_wire/path.hpp"

namespace stemma::xenstored {

namespace {

// The domain whose home the path is, written as libxl writes it; never domain 0.
std::optional<xs::DomainId> domain_of_home(std::string_view path) {
    constexpr std::string_view homes = "/local/domain/";
    if (!path.starts_with(homes)) return std::nullopt;
    xs::DomainId domain = 0;
    const auto error =
        std::from_chars(path.data() + homes.size(), path.data() + path.size(), domain).ec;
    if (error != std::errc() || domain == 0 || xs::domain_path(domain) != path) return std::nullopt;
    return domain;
}

}  // namespace

void PublishedHistory::record(const VisibleChange& change) {
    using Kind = store::Submission::Kind;
    store::Submission submission;
    submission.tree = change.after;
    submission.client = change.client.value;
    submission.domain = change.domain.id;
    submission.info = change_info(change);
    submission.kind = change.one_write ? Kind::write : Kind::transaction;
    if (change.one_write) submission.path = std::string(change.paths.front());
    publisher_->submit(std::move(submission));
    for (const auto path : change.paths)
        save_if_gone(change, path);
}

// A guest cannot bring this about: its home is dom0's to write, and so is what says that it is
// kept. What it removes below its home is not saved, nor is what an operator removes there.
void PublishedHistory::save_if_gone(const VisibleChange& change, std::string_view path) {
    const auto domain = domain_of_home(path);
    if (!domain || change.after.find(path) != nullptr) return;
    const std::string home(path);
    const store::Node* const name = change.before.find(home + "/name");
    const store::Node* const state = change.before.find(home + "/data/net");
    const std::string kept = "/libxl/" + std::to_string(*domain) + "/stemma/kept";
    if (name == nullptr || state == nullptr || change.before.find(kept) == nullptr) return;
    // Nobody waits for it: what became of it is in the publisher's counters.
    publisher_->save_guest(
        xs::encode_element(name->value()), store::Ref<const store::Node>::share(state),
        {"domain " + std::to_string(change.domain.id),
         change.stamp.time,
         {"network state of domain " + std::to_string(*domain) + " at its end"}});
}

}  // namespace stemma::xenstored
