#pragma once

#include "script.hpp"

namespace conformance {

// A sequence of so many steps, the same for the same seed: domain 0 and three guests, whose homes
// and shared directories have all kinds of permissions, write, watch, run transactions and set
// permissions; guests die and their ids return. Left out is what the two daemons do differently on
// purpose: while a transaction is open, others only read.
Sequence random_sequence(unsigned seed, unsigned steps);

}  // namespace conformance
