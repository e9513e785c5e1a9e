#pragma once

namespace stemma::xen {

// From now on a processor exception ends in a report on the console and SHUTDOWN_crash.
void catch_exceptions();

}  // namespace stemma::xen
