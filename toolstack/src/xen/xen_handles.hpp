#pragma once

// Only for the files that speak to libxenctrl and libxenguest, whose headers want the compiler's
// GNU mode.
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <string>

#include "toolstack/xen/xen_control.hpp"

extern "C" {
// alone and first: it asks the headers below for the toolstack's part
#include <xenctrl.h>

#include <xenguest.h>
#include <xentoollog.h>
}

namespace stemma::toolstack {

// Keeps the last thing that the libraries complained of, which is often all that says why.
struct Complaint {
    xentoollog_logger logger;  // first: the libraries give its address back
    std::string last;
};

struct XenControl::Handles {
    Complaint complaint{};
    xc_interface* control = nullptr;
};

}  // namespace stemma::toolstack
