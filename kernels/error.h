// Errors of all layers below Qt. A message names the thing, the value and the rule in one sentence:
//   layers.3.mixer.A_log: shape (48), want (32)
#pragma once

#include <stdexcept>
#include <string>

namespace holdfast {

class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class IoError : public Error {  // a file or the operating system said no
 public:
  using Error::Error;
};
class FormatError : public Error {  // bytes from outside that break a rule of their format
 public:
  using Error::Error;
};
class DeviceError : public Error {  // a device is absent, full, lost or too old
 public:
  using Error::Error;
};
class NumericError : public Error {  // a value that must be finite is not
 public:
  using Error::Error;
};
class StoreError : public Error {  // the database refused
 public:
  using Error::Error;
};

// A caller broke a contract (shapes, ranges): a fault of the program, not of its input.
class ArgumentError : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

}  // namespace holdfast
