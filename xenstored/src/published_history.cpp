#include "xenstored/published_history.hpp"

#include <string>

#include "xenstored/change_text.hpp"
#include "xs_wire/path.hpp"

namespace stemma::xenstored {

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
    if (xs::parent(path) != "/local/domain" || change.after.find(path) != nullptr) return;
    const std::string home(path), number(xs::basename(path));
    const store::Node* const name = change.before.find(home + "/name");
    const store::Node* const state = change.before.find(home + "/data/net");
    const bool kept = change.before.find("/libxl/" + number + "/stemma/kept") != nullptr;
    if (name == nullptr || state == nullptr || !kept) return;
    // Nobody waits for it: what became of it is in the publisher's counters.
    states_->save(std::string(name->value()), *state,
                  {"domain " + std::to_string(change.domain.id),
                   change.stamp.time,
                   {"network state of domain " + number + " at its end"}});
}

}  // namespace stemma::xenstored
