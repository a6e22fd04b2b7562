// The processes of one run, when it was started by mpirun or srun; else this one alone.
//
// MPI is begun only where the environment says that a launcher started us, so that the plain program does not need it.
// Built without MPI, a start under a launcher is a DeviceError that says so.
#pragma once

#include <memory>
#include <string>

#include "kernels/device.h"
#include "training/reducer.h"

namespace holdfast {

class Ranks {
 public:
  Ranks();  // throws DeviceError
  ~Ranks();
  Ranks(const Ranks&) = delete;
  Ranks& operator=(const Ranks&) = delete;

  [[nodiscard]] int rank() const noexcept { return rank_; }
  [[nodiscard]] int ranks() const noexcept { return ranks_; }
  [[nodiscard]] int local_rank() const noexcept { return local_rank_; }  // on this machine: which GPU is ours
  // What rank 0 gives, on every rank; all call it together. Throws DeviceError.
  [[nodiscard]] std::string of_first(std::string text) const;
  // Null for one rank. MPI for CPUs, NCCL beside it for GPUs.
  [[nodiscard]] std::shared_ptr<Reducer> reducer(const Device& device) const;

 private:
  int rank_ = 0;
  int ranks_ = 1;
  int local_rank_ = 0;
  bool begun_ = false;
};

}  // namespace holdfast
