#include "toolstack/command.hpp"

int main(int argc, char** argv) {
    return stemma::toolstack::run_command_line(argc, argv);
}
