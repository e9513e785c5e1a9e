#include "commands.hpp"
#include "toolstack/history_module.hpp"

namespace stemma::toolstack {

namespace {

Result<int> run(HistoryModule::Verb HistoryModule::*verb, Invocation& call) {
    const auto module = history_module();
    if (!module) return std::unexpected(module.error());
    return ((*module)->*verb)(call);
}

}  // namespace

Result<int> run_diff(Invocation& call) {
    return run(&HistoryModule::diff, call);
}

Result<int> run_log(Invocation& call) {
    return run(&HistoryModule::log, call);
}

Result<int> run_revert(Invocation& call) {
    return run(&HistoryModule::revert, call);
}

Result<int> run_snapshot(Invocation& call) {
    return run(&HistoryModule::snapshot, call);
}

}  // namespace stemma::toolstack
