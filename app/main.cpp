#include <exception>
#include <iostream>

#include "app/cli/command_line.h"

int main(int argc, char** argv) {
  try {
    return holdfast::cli::run_command_line(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "holdfast: " << error.what() << std::endl;
    return 1;
  }
}
