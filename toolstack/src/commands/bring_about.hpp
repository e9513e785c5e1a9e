#pragma once

#include "toolstack/command.hpp"
#include "toolstack/configuration.hpp"
#include "toolstack/configuration_changes.hpp"
#include "toolstack/reconcile.hpp"

namespace stemma::toolstack {

// What apply and revert have in common: the plan, shown; the steps, done; what was verified, shown.
class BringAbout {
  public:
    explicit BringAbout(Invocation& call) : call_(call) {}

    // Connects and observes.
    Result<void> prepare();
    Store& store() { return *store_; }

    // Plans from what runs to `wanted` and shows it together with `changes` of the configuration.
    // False when there is nothing to do.
    Result<bool> plan(const Configuration& wanted, const std::vector<Change>& changes);
    // The exit status: 0, or that of ErrorKind::partial.
    Result<int> execute(const Configuration& wanted);
    // Without executing.
    Result<int> show_only(bool dry_run);

  private:
    Json document() const;

    Invocation& call_;
    Store* store_ = nullptr;
    Platform* platform_ = nullptr;
    Links* links_ = nullptr;
    Observed observed_;
    std::vector<Change> changes_;
    std::vector<Action> actions_;
};

}  // namespace stemma::toolstack
