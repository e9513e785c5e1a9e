#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "../stand_in/host.hpp"

namespace conformance {

// A daemon to run: `{}` in an argument or variable stands for a directory of its own.
struct Program {
    std::string name;
    std::vector<std::string> arguments;    // [0] is the file
    std::vector<std::string> environment;  // besides this process's own
};

// One daemon, started anew, on a machine that this object plays: it makes domains and kills them,
// and knows when the daemon rests, so that nothing is awaited by time. The clock of the daemon
// stands still but for advance().
class Subject {
  public:
    using DomainId = std::uint32_t;

    // `preload`: the stand-in. `directory` must exist.
    static std::expected<std::unique_ptr<Subject>, std::string> start(const Program& program,
                                                                      const std::string& preload,
                                                                      const std::string& directory);
    ~Subject();
    Subject(const Subject&) = delete;
    Subject& operator=(const Subject&) = delete;

    // Waits until the daemon has taken in all that was done before and has no more to do. False if
    // it died or does not come to rest.
    bool settle();
    // Why settle() said false.
    const std::string& failure() const { return failure_; }

    // A living domain with a fresh ring page.
    void create(DomainId id);
    void destroy(DomainId id);
    void set_dying(DomainId id);
    void shut_down(DomainId id, std::uint32_t reason);
    // VIRQ_DOM_EXC: look at the domains.
    void raise_virq();
    // The domain rings the daemon.
    void ring(DomainId id);
    void advance(std::uint64_t milliseconds);

    bool exists(DomainId id) const { return host_->domains[id].exists != 0; }
    std::byte* page(DomainId id) { return memory_ + page_of(id) * stand_in::page_size; }
    std::uint32_t page_of(DomainId id) const { return host_->domains[id].page; }
    static std::uint32_t port_of(DomainId id) { return id == 0 ? 1 : 100 + id; }
    // How often the daemon rang the domain since it was made.
    std::uint32_t rung(DomainId id) const { return host_->domains[id].rung; }

    // A new client socket, non-blocking; -1 if there is none.
    int connect() const;

  private:
    Subject() = default;
    bool allocate();
    std::expected<void, std::string> spawn(const Program& program, const std::string& preload);
    void deliver(std::uint32_t port);
    void died();

    std::string directory_;
    std::string failure_;
    std::byte* memory_ = nullptr;
    stand_in::Host* host_ = nullptr;
    int memory_fd_ = -1;
    int event_read_ = -1;
    int event_write_ = -1;
    int rests_ = -1;
    pid_t pid_ = -1;
    int process_ = -1;  // a pidfd
    std::uint32_t next_page_ = 1;
};

}  // namespace conformance
