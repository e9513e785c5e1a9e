#include <signal.h>

#include "toolstack/command.hpp"

int main(int argc, char** argv) {
    // A reader that went away, of `stemma revert X | head`, must not end the work half way.
    ::signal(SIGPIPE, SIG_IGN);
    return stemma::toolstack::run_command_line(argc, argv);
}
