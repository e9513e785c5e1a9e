#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <utility>

namespace stemma::xenstored {

// The requests of one guest that are not done with. A request counts until its reply and every
// event it caused, in whoever's queue, was taken or dropped (XSA-326: so a guest that makes events
// for one that does not read stops itself).
class Outstanding {
  public:
    // Held by the reply and by the events of one request.
    class Request {
      public:
        explicit Request(std::shared_ptr<Outstanding> whose) : whose_(std::move(whose)) {
            ++whose_->count_;
        }
        ~Request() {
            --whose_->count_;
            if (whose_->one_less_) whose_->one_less_();
        }
        Request(const Request&) = delete;
        Request& operator=(const Request&) = delete;

      private:
        std::shared_ptr<Outstanding> whose_;
    };
    using Cause = std::shared_ptr<const Request>;  // null: a privileged client's, or nobody's

    // `one_less` is called after each request that is done with.
    explicit Outstanding(std::function<void()> one_less) : one_less_(std::move(one_less)) {}

    std::size_t count() const { return count_; }
    // The guest is gone: what others still hold tells nobody.
    void forget() { one_less_ = nullptr; }

  private:
    std::size_t count_ = 0;
    std::function<void()> one_less_;
};

}  // namespace stemma::xenstored
