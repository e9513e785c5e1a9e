#include "xenstored/shared_page.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "xenstored/descriptor.hpp"

using namespace stemma::xenstored;

namespace {

Descriptor memory(off_t size, int seals) {
    Descriptor fd(::memfd_create("ring", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    REQUIRE(::ftruncate(fd.get(), size) == 0);
    if (seals != 0) REQUIRE(::fcntl(fd.get(), F_ADD_SEALS, seals) == 0);
    return fd;
}

}  // namespace

TEST_CASE("a page that cannot shrink under us is mapped and shared") {
    const Descriptor fd = memory(4096, F_SEAL_SHRINK);
    auto page = SharedPage::map(fd.get());
    REQUIRE(page);
    page->data()[7] = std::byte{42};
    unsigned char seen = 0;
    REQUIRE(::pread(fd.get(), &seen, 1, 7) == 1);
    CHECK(seen == 42);
    CHECK(::ftruncate(fd.get(), 0) != 0);
}

TEST_CASE("a page that could kill us by SIGBUS is refused") {
    CHECK_FALSE(SharedPage::map(memory(4096, 0).get()));
    CHECK_FALSE(SharedPage::map(memory(4096, F_SEAL_GROW).get()));
    CHECK_FALSE(SharedPage::map(memory(4095, F_SEAL_SHRINK).get()));
    CHECK_FALSE(SharedPage::map(memory(0, F_SEAL_SHRINK).get()));
    CHECK_FALSE(SharedPage::map(memory(4096, F_SEAL_SHRINK | F_SEAL_WRITE).get()));
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    const Descriptor a(ends[0]), b(ends[1]);
    CHECK_FALSE(SharedPage::map(a.get()));
    CHECK_FALSE(SharedPage::map(-1));
}
