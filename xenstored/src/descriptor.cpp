#include "xenstored/descriptor.hpp"

#include <unistd.h>

namespace stemma::xenstored {

void Descriptor::reset() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
}

}  // namespace stemma::xenstored
