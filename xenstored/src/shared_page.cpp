#include "xenstored/shared_page.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "xs_wire/ring.hpp"

namespace stemma::xenstored {

std::expected<SharedPage, std::string> SharedPage::map(int memfd) {
    const int seals = ::fcntl(memfd, F_GET_SEALS);
    if (seals < 0) return std::unexpected("ring page: not a memfd that can be sealed");
    if ((seals & F_SEAL_SHRINK) == 0) {
        return std::unexpected("ring page: the memfd is not sealed against shrinking");
    }
    struct stat status {};
    if (::fstat(memfd, &status) != 0) {
        return std::unexpected(std::string("ring page: fstat: ") + std::strerror(errno));
    }
    if (status.st_size < static_cast<off_t>(xs::ring_page::size)) {
        return std::unexpected("ring page: the memfd is shorter than a page");
    }
    void* const page =
        ::mmap(nullptr, xs::ring_page::size, PROT_READ | PROT_WRITE, MAP_SHARED, memfd, 0);
    if (page == MAP_FAILED) {
        return std::unexpected(std::string("ring page: mmap: ") + std::strerror(errno));
    }
    return SharedPage(static_cast<std::byte*>(page));
}

SharedPage::~SharedPage() {
    if (page_ != nullptr) ::munmap(page_, xs::ring_page::size);
}

}  // namespace stemma::xenstored
