#pragma once

#include <memory>

#include "store/publisher.hpp"
#include "xenstored/history.hpp"

namespace stemma::xenstored {

// History in a git repository: every visible change goes to the publisher, whose thread writes
// it. One commit for a transaction, or for a run of one client's writes.
class PublishedHistory final : public History {
  public:
    explicit PublishedHistory(store::Publisher& publisher) : publisher_(&publisher) {}

    void record(const VisibleChange& change) override;

  private:
    store::Publisher* publisher_;
};

}  // namespace stemma::xenstored
