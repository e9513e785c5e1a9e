#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "store/publisher.hpp"
#include "xenstored/control.hpp"
#include "xenstored/descriptor_store.hpp"
#include "xenstored/guest_states.hpp"
#include "xenstored/live_update.hpp"
#include "xenstored/reader.hpp"
#include "xenstored/restart_log.hpp"
#include "xenstored/server.hpp"

namespace stemma::xenstored {

// The CONTROL commands; a payload is the command's name and its arguments, each with a NUL.
//
//   snapshot NAME           -> commit id; refs/snapshots/NAME; waits until it is on disk
//   revert NAME [PATH]      -> number of changed paths; PATH is /stemma (default) or below, or a
//                              domain's data/net or below, which is merged by type
//   publish                 -> commit id of refs/heads/main once all so far is on disk
//   save-guest DOMID NAME   -> commit id; the domain's data/net becomes refs/guests/NAME
//   saved-state NAME FILE   -> its size; the last of these states of NAME, in the form that a guest
//                              is started with, is in FILE, which was there and empty
//   blame PATH              -> "DOMAIN TIME OPERATION"
//   stats                   -> lines "NAME VALUE"
//   dump PATH CURSOR        -> the next cursor (empty after the last part), a newline, then lines
//                              PATH <tab> PERMISSIONS <tab> VALUE; the first cursor is empty
//   check, live-update, log, logfile, memreport, print, quota, quota-soft, help
//                           as C's; log takes the switches of later releases, too
//
// Errors: EINVAL for a wrong command or argument, ENOENT for what is not there, ENOSYS where no
// history is kept, EBUSY when too much waits, EIO for a disk that failed (stats says how).
class ControlCommands final : public Control {
  public:
    // What history is kept with. It outlives this object.
    struct Archive {
        store::Publisher& publisher;
        Reader& reader;
        GuestStates& states;
    };
    ControlCommands(Server& server, std::optional<Archive> archive);

    std::optional<Answer> command(ConnectionId client, const xs::Header& header,
                                  std::string_view payload) override;

    // `live-update` goes there; without it, it is EINVAL. It must outlive this object's requests.
    void set_live_update(LiveUpdate& live_update) { live_update_ = &live_update; }
    // Asks for all history to be on disk: false until it was once.
    bool settle();
    // For `stats`; null: there is none.
    void set_restart_log(const RestartLog* log, const DescriptorStore& store) {
        restart_log_ = log;
        descriptor_store_ = &store;
    }

    // Publisher or reader has finished something: answers who waits for it.
    void take_completions();

  private:
    struct Asker {
        ConnectionId client;
        xs::Header header;
    };
    // What is done with a subtree that the reader has read.
    using WithTree = std::function<Answer(const std::optional<store::Tree>&)>;
    struct Reading {
        Asker asker;
        WithTree then;
    };
    using Arguments = std::span<const std::string_view>;
    using Outcome = std::optional<Answer>;
    struct Command {
        std::string_view name;
        std::size_t least;
        std::size_t most;
        bool needs_history;
        Outcome (ControlCommands::*run)(const Asker&, Arguments);
        std::string_view parameters;
    };
    static const std::span<const Command> commands;

    Outcome snapshot(const Asker& asker, Arguments arguments);
    Outcome revert(const Asker& asker, Arguments arguments);
    Outcome publish(const Asker& asker, Arguments arguments);
    Outcome save_guest(const Asker& asker, Arguments arguments);
    Outcome saved_state(const Asker& asker, Arguments arguments);
    Outcome blame(const Asker& asker, Arguments arguments);
    Outcome stats(const Asker& asker, Arguments arguments);
    Outcome dump(const Asker& asker, Arguments arguments);
    // branch_commands.cpp
    Outcome branch(const Asker& asker, Arguments arguments);
    Outcome checkout(const Asker& asker, Arguments arguments);
    Outcome changes(const Asker& asker, Arguments arguments);
    Outcome merge(const Asker& asker, Arguments arguments);
    Outcome drop(const Asker& asker, Arguments arguments);
    // stock_commands.cpp
    Outcome check(const Asker& asker, Arguments arguments);
    Outcome log(const Asker& asker, Arguments arguments);
    Outcome logfile(const Asker& asker, Arguments arguments);
    Outcome memreport(const Asker& asker, Arguments arguments);
    Outcome quota(const Asker& asker, Arguments arguments);
    Outcome quota_soft(const Asker& asker, Arguments arguments);
    Outcome print(const Asker& asker, Arguments arguments);
    Outcome live_update(const Asker& asker, Arguments arguments);
    Outcome help(const Asker& asker, Arguments arguments);

    Outcome quota_settings(Arguments arguments, bool soft);
    Answer quota_of_domain(std::string_view domid) const;
    std::string memory_report() const;

    store::Info info(std::string why);
    Outcome read(const Asker& asker, std::vector<std::string> revisions, std::string path,
                 WithTree then);
    Answer finish_revert(const std::string& path, const std::optional<store::Tree>& earlier);

    Server* server_;
    std::optional<Archive> archive_;
    LiveUpdate* live_update_ = nullptr;
    std::optional<store::RequestId> settling_;
    bool settled_ = false;
    const RestartLog* restart_log_ = nullptr;
    const DescriptorStore* descriptor_store_ = nullptr;
    std::unordered_map<store::RequestId, Asker> publishing_;
    std::unordered_map<std::uint64_t, Reading> reading_;
};

}  // namespace stemma::xenstored
