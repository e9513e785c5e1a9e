#include "unix/sandbox.hpp"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <vector>

namespace stemma::hosted {

namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif

// One condition on a system call's argument: (argument & mask) == value.
struct Condition {
    unsigned argument = 0;
    std::uint64_t mask = 0;
    std::uint64_t value = 0;
};

Condition is(unsigned argument, std::uint64_t value) {
    return {argument, ~std::uint64_t{0}, value};
}
// The kernel looks at the low half of an int alone, and the caller may leave anything in the other.
Condition is_int(unsigned argument, int value) {
    return {argument, 0xffffffff, static_cast<std::uint32_t>(value)};
}
Condition has_bits(unsigned argument, std::uint64_t bits) {
    return {argument, bits, bits};
}
Condition lacks_bits(unsigned argument, std::uint64_t bits) {
    return {argument, bits, 0};
}

class Filter {
  public:
    Filter() {
        load(offsetof(seccomp_data, arch));
        code_.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0));
        kill();
        load(offsetof(seccomp_data, nr));
    }

    void allow(long call, std::initializer_list<Condition> conditions = {}) {
        // a rule is skipped whole when the number differs; a condition that fails ends the rule
        std::vector<sock_filter> body;
        std::size_t left = conditions.size();
        for (const auto& condition : conditions) {
            --left;
            append(body, condition, left);
        }
        body.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
        const auto length = static_cast<std::uint8_t>(body.size() + (conditions.size() ? 1 : 0));
        code_.push_back(
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(call), 0, length));
        code_.insert(code_.end(), body.begin(), body.end());
        if (conditions.size() > 0) load(offsetof(seccomp_data, nr));
    }

    bool install() {
        kill();
        const sock_fprog program{static_cast<unsigned short>(code_.size()), code_.data()};
        return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
    }

  private:
    static constexpr std::size_t condition_length = 6;

    // Six instructions: both halves of the argument, each masked and compared. A mismatch jumps to
    // the end of the rule, where the call's number is loaded again for the next one.
    static void append(std::vector<sock_filter>& body, const Condition& condition,
                       std::size_t conditions_after) {
        const auto after = static_cast<std::uint8_t>(conditions_after * condition_length + 1);
        const auto offset = static_cast<std::uint32_t>(offsetof(seccomp_data, args) +
                                                       condition.argument * sizeof(std::uint64_t));
        const auto half = [&](std::uint32_t at, std::uint64_t mask, std::uint64_t value,
                              std::uint8_t to_end) {
            body.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at));
            body.push_back(BPF_STMT(BPF_ALU | BPF_AND | BPF_K, static_cast<std::uint32_t>(mask)));
            body.push_back(
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(value), 0, to_end));
        };
        half(offset, condition.mask, condition.value, static_cast<std::uint8_t>(after + 3));
        half(offset + 4, condition.mask >> 32, condition.value >> 32, after);
    }

    void load(std::size_t offset) {
        code_.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset)));
    }
    void kill() { code_.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)); }

    std::vector<sock_filter> code_;
};

}  // namespace

bool is_confining() {
    return !sanitized;
}

std::expected<void, EdgeError> confine(const ConfinedDescriptors& descriptors) {
    if (sanitized) return {};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return std::unexpected(EdgeError::from_errno("giving up new privileges"));
    }
    Filter filter;
    // the loop
    filter.allow(SYS_ppoll);
    filter.allow(SYS_read, {is_int(0, descriptors.event_in)});
    filter.allow(SYS_write, {is_int(0, descriptors.event_out)});
    filter.allow(SYS_write, {is_int(0, descriptors.console)});
    // with an address, a packet socket would send on an interface that is not the guest's
    filter.allow(SYS_sendto, {is(1, 0), is(2, 0), is(4, 0), is(5, 0)});
    filter.allow(SYS_getsockopt, {is_int(1, SOL_PACKET), is_int(2, PACKET_STATISTICS)});
    filter.allow(SYS_getsockopt, {is_int(1, SOL_SOCKET), is_int(2, SO_ERROR)});
    // where the vDSO cannot tell the time
    filter.allow(SYS_clock_gettime);
    filter.allow(SYS_getrandom);
    // the allocator
    filter.allow(SYS_brk);
    filter.allow(SYS_mmap, {has_bits(3, MAP_ANONYMOUS), lacks_bits(2, PROT_EXEC)});
    filter.allow(SYS_munmap);
    filter.allow(SYS_mremap);
    filter.allow(SYS_madvise);
    // the end
    filter.allow(SYS_exit_group);
    filter.allow(SYS_rt_sigreturn);
    filter.allow(SYS_restart_syscall);
    filter.allow(SYS_rt_sigprocmask);
    filter.allow(SYS_getpid);
    filter.allow(SYS_gettid);
    filter.allow(SYS_tgkill, {is_int(0, getpid())});
    if (!filter.install()) {
        return std::unexpected(EdgeError::from_errno("installing the system call filter"));
    }
    return {};
}

}  // namespace stemma::hosted
