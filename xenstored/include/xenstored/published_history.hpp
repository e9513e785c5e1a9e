#pragma once

#include <string_view>

#include "store/publisher.hpp"
#include "xenstored/guest_states.hpp"
#include "xenstored/history.hpp"

namespace stemma::xenstored {

// History in a git repository: every visible change goes to the publisher, whose thread writes
// it. One commit for a transaction, or for a run of one client's writes. A guest of stemma's
// (/libxl/N/stemma/kept) whose home goes has its network state saved as it was then, whoever
// removes it: its agent's saves are a second apart, and `xl destroy` asks for none.
class PublishedHistory final : public History {
  public:
    PublishedHistory(store::Publisher& publisher, GuestStates& states)
        : publisher_(&publisher), states_(&states) {}

    void record(const VisibleChange& change) override;

  private:
    void save_if_gone(const VisibleChange& change, std::string_view path);

    store::Publisher* publisher_;
    GuestStates* states_;
};

}  // namespace stemma::xenstored
