#include "xenstored/published_history.hpp"

#include <string>

#include "xenstored/change_text.hpp"

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
}

}  // namespace stemma::xenstored
