// The command line of Holdfast.
#pragma once

namespace holdfast::cli {

// Parses and runs. Returns the exit code; usage faults are told on stderr here, every other error is thrown.
int run_command_line(int argc, char** argv);

}  // namespace holdfast::cli
