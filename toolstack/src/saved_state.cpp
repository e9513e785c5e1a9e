#include "toolstack/saved_state.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace stemma::toolstack {

namespace {

// xenstored writes into the memory: one round trip, however long the state.
StoreResult<std::string> ask(Store& store, const std::string& guest, const Descriptor& memory) {
    return store.control(
        {"saved-state", guest,
         "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(memory.get())});
}

bool seal(const Descriptor& memory) {
    return ::lseek(memory.get(), 0, SEEK_SET) == 0 &&
           ::fcntl(memory.get(), F_ADD_SEALS,
                   F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) == 0;
}

}  // namespace

Result<std::optional<SavedState>> find_saved_state(Store& store, const std::string& guest) {
    const std::string on = "the network state of " + guest;
    for (bool again = false;; again = true) {
        Descriptor memory(::memfd_create("stemma-state", MFD_CLOEXEC | MFD_ALLOW_SEALING));
        if (!memory) return system_failure("make a memory file for", on, errno);
        const auto answer = ask(store, guest, memory);
        if (!answer) {
            const auto& said = answer.error();
            // It was killed meanwhile, and has started again.
            if (said.is(xs::Error::eagain) && !again) continue;
            for (const auto none : {xs::Error::enoent, xs::Error::einval, xs::Error::enosys}) {
                if (said.is(none)) return std::nullopt;
            }
            Error error = said.error();
            error.next = "start it without: stemma create --fresh " + guest;
            return std::unexpected(std::move(error));
        }
        struct stat facts {};
        if (::fstat(memory.get(), &facts) != 0 || !seal(memory)) {
            return system_failure("seal", on, errno);
        }
        if (std::to_string(facts.st_size) != *answer) {
            return failure(ErrorKind::failed, "read", on,
                           "xenstored wrote " + *answer + " bytes, and not here",
                           "let xenstored run where it sees this process");
        }
        return SavedState{std::move(memory), static_cast<std::size_t>(facts.st_size)};
    }
}

}  // namespace stemma::toolstack
