#pragma once

#include <string>

#include "xenstored/log.hpp"
#include "xenstored/trace.hpp"

namespace stemma::xenstored {

// Puts what is said into the trace, too, where it stands among the requests that led to it.
class TracedLog final : public Log {
  public:
    explicit TracedLog(Trace& trace) : trace_(&trace) {}

    // From now on also there; it must outlive this object.
    void set_log(Log& log) { log_ = &log; }

    void say(Severity severity, std::string_view text) override {
        trace_->note(Trace::Class::io, text);
        if (log_ != nullptr) log_->say(severity, text);
    }

  private:
    Trace* trace_;
    Log* log_ = nullptr;
};

}  // namespace stemma::xenstored
