#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <utility>

namespace stemma::xenstored {

// A ring page that lies in a memfd of somebody else. The memfd must be sealed against shrinking
// (F_SEAL_SHRINK) and hold at least one page: else its owner could cut it short and the next
// access would kill the daemon by SIGBUS.
class SharedPage {
  public:
    static std::expected<SharedPage, std::string> map(int memfd);

    SharedPage(SharedPage&& other) noexcept : page_(std::exchange(other.page_, nullptr)) {}
    SharedPage& operator=(SharedPage&& other) noexcept {
        std::swap(page_, other.page_);
        return *this;
    }
    ~SharedPage();

    std::byte* data() { return page_; }

  private:
    explicit SharedPage(std::byte* page) : page_(page) {}

    std::byte* page_ = nullptr;
};

}  // namespace stemma::xenstored
