#pragma once

#include "toolstack/command.hpp"

// The commands of the table, each in the file of its name.
namespace stemma::toolstack {

Result<int> run_agent(Invocation& call);
Result<int> run_apply(Invocation& call);
Result<int> run_build(Invocation& call);
Result<int> run_completion(Invocation& call);
Result<int> run_console(Invocation& call);
Result<int> run_create(Invocation& call);
Result<int> run_destroy(Invocation& call);
Result<int> run_diff(Invocation& call);
Result<int> run_list(Invocation& call);
Result<int> run_log(Invocation& call);
Result<int> run_net_attach(Invocation& call);
Result<int> run_net_detach(Invocation& call);
Result<int> run_net_list(Invocation& call);
Result<int> run_pause(Invocation& call);
Result<int> run_reboot(Invocation& call);
Result<int> run_revert(Invocation& call);
Result<int> run_shutdown(Invocation& call);
Result<int> run_snapshot(Invocation& call);
Result<int> run_branch(Invocation& call);
Result<int> run_merge(Invocation& call);
Result<int> run_stats(Invocation& call);
Result<int> run_unpause(Invocation& call);

}  // namespace stemma::toolstack
