#include "history_verbs.hpp"
#include "toolstack/history_module.hpp"

namespace stemma::toolstack {

// What history_module() looks for.
extern "C" {
[[gnu::visibility("default")]] extern const HistoryModule stemma_history;
}
const HistoryModule stemma_history{.built_for = STEMMA_VERSION,
                                   .diff = history::diff,
                                   .log = history::log,
                                   .revert = history::revert,
                                   .snapshot = history::snapshot};

}  // namespace stemma::toolstack
