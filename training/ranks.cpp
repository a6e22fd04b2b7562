#include "training/ranks.h"

#include <cstdlib>
#include <string>

#include "kernels/error.h"

#ifdef HOLDFAST_HAVE_MPI
#include <mpi.h>

#include <algorithm>
#include <exception>
#include <span>
#include <vector>

#include "kernels/collective.h"
#endif

namespace holdfast {
namespace {

// Processes that the launcher of this environment started: Open MPI, MPICH and its kin, SLURM's srun.
int ranks_announced() {
  for (const char* variable : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"}) {
    if (const char* value = std::getenv(variable); value != nullptr && *value != '\0') return std::atoi(value);
  }
  return 1;
}

#ifdef HOLDFAST_HAVE_MPI

void mpi_check(int status, const char* what) {
  if (status == MPI_SUCCESS) return;
  char text[MPI_MAX_ERROR_STRING] = {};
  int length = 0;
  MPI_Error_string(status, text, &length);
  throw DeviceError(std::string("MPI ") + what + ": " + text);
}

// Sums over CPU ranks. Each rank sums one part of a range, in the order of the ranks, and hands the sums to all: the
// order of no addition depends on the library or on timing.
class MpiReducer final : public Reducer {
 public:
  MpiReducer(int rank, int ranks) : rank_(rank), ranks_(ranks) {}
  [[nodiscard]] int rank() const noexcept override { return rank_; }
  [[nodiscard]] int ranks() const noexcept override { return ranks_; }

  void begin_sum(Stream& stream, TensorView gradients) override {
    stream.synchronize();
    auto* values = static_cast<float*>(gradients.data);
    const std::int64_t count = gradients.shape.elements();
    for (std::int64_t at = 0; at < count; at += piece) sum_piece(values + at, std::min(piece, count - at));
  }
  void wait(Stream&) override {}

  void sum(std::span<double> values) override {
    std::vector<double> all(values.size() * static_cast<std::size_t>(ranks_));
    mpi_check(MPI_Allgather(values.data(), static_cast<int>(values.size()), MPI_DOUBLE, all.data(),
                            static_cast<int>(values.size()), MPI_DOUBLE, MPI_COMM_WORLD),
              "allgather");
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i] = 0.0;
      for (std::size_t r = 0; r < static_cast<std::size_t>(ranks_); ++r) values[i] += all[r * values.size() + i];
    }
  }

  void gather(Stream& stream, TensorView flat) override {
    stream.synchronize();
    auto* values = static_cast<float*>(flat.data);
    const std::int64_t share = flat.shape.elements() / ranks_;
    // In pieces that MPI's counts can hold; each rank sends its own to all.
    for (int from = 0; from < ranks_; ++from) {
      for (std::int64_t at = 0; at < share; at += piece) {
        mpi_check(MPI_Bcast(values + from * share + at, static_cast<int>(std::min(piece, share - at)), MPI_FLOAT, from,
                            MPI_COMM_WORLD),
                  "broadcast");
      }
    }
  }

 private:
  static constexpr std::int64_t piece = std::int64_t{1} << 24;  // 64 MiB at a time

  void sum_piece(float* values, std::int64_t count) {
    const std::int64_t share = (count + ranks_ - 1) / ranks_;
    std::vector<int> counts(static_cast<std::size_t>(ranks_));
    std::vector<int> begins(counts.size());
    for (std::size_t r = 0; r < counts.size(); ++r) {
      const std::int64_t begin = std::min(count, static_cast<std::int64_t>(r) * share);
      begins[r] = static_cast<int>(begin);
      counts[r] = static_cast<int>(std::min(count, begin + share) - begin);
    }
    const auto own = static_cast<std::size_t>(counts[static_cast<std::size_t>(rank_)]);
    std::vector<int> got(counts.size(), static_cast<int>(own));
    std::vector<int> got_begins(counts.size());
    for (std::size_t r = 0; r < counts.size(); ++r) got_begins[r] = static_cast<int>(r * own);
    parts_.resize(own * counts.size());
    mpi_check(MPI_Alltoallv(values, counts.data(), begins.data(), MPI_FLOAT, parts_.data(), got.data(),
                            got_begins.data(), MPI_FLOAT, MPI_COMM_WORLD),
              "alltoall");
    float* sums = values + begins[static_cast<std::size_t>(rank_)];
    for (std::size_t i = 0; i < own; ++i) {
      double total = 0.0;
      for (std::size_t r = 0; r < counts.size(); ++r) total += parts_[r * own + i];
      sums[i] = static_cast<float>(total);
    }
    mpi_check(MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, values, counts.data(), begins.data(), MPI_FLOAT,
                             MPI_COMM_WORLD),
              "allgather");
  }

  int rank_;
  int ranks_;
  std::vector<float> parts_;
};

// Sums over GPUs: NCCL for what lies on them, MPI for the few numbers of the CPU and for finding each other.
class NcclReducer final : public Reducer {
 public:
  NcclReducer(int rank, int ranks) : on_cpu_(rank, ranks) {}
  [[nodiscard]] int rank() const noexcept override { return on_cpu_.rank(); }
  [[nodiscard]] int ranks() const noexcept override { return on_cpu_.ranks(); }
  void begin_sum(Stream& stream, TensorView gradients) override { collective(stream).begin_sum(stream, gradients); }
  void wait(Stream& stream) override { collective(stream).wait(stream); }
  void sum(std::span<double> values) override { on_cpu_.sum(values); }
  void gather(Stream& stream, TensorView flat) override { collective(stream).gather(stream, flat); }

 private:
  // Made when it is first used: all ranks come there together.
  Collective& collective(Stream& stream) {
    if (!collective_) {
      Collective::Id id{};
      if (rank() == 0) id = Collective::draw_id();
      mpi_check(MPI_Bcast(id.data(), static_cast<int>(id.size()), MPI_BYTE, 0, MPI_COMM_WORLD), "broadcast");
      collective_ = Collective::open(stream, id, rank(), ranks());
    }
    return *collective_;
  }
  MpiReducer on_cpu_;
  std::unique_ptr<Collective> collective_;
};

#endif

}  // namespace

#ifdef HOLDFAST_HAVE_MPI

Ranks::Ranks() {
  if (ranks_announced() < 2) return;
  mpi_check(MPI_Init(nullptr, nullptr), "init");
  begun_ = true;
  mpi_check(MPI_Comm_rank(MPI_COMM_WORLD, &rank_), "rank");
  mpi_check(MPI_Comm_size(MPI_COMM_WORLD, &ranks_), "size");
  MPI_Comm machine = MPI_COMM_NULL;
  mpi_check(MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, rank_, MPI_INFO_NULL, &machine), "split");
  mpi_check(MPI_Comm_rank(machine, &local_rank_), "rank");
  MPI_Comm_free(&machine);
}

// A process that fails must not wait for the others here: it ends without the farewell, and the launcher ends them.
Ranks::~Ranks() {
  if (begun_ && std::uncaught_exceptions() == 0) MPI_Finalize();
}

std::string Ranks::of_first(std::string text) const {
  if (ranks_ < 2) return text;
  auto size = static_cast<unsigned long long>(text.size());
  mpi_check(MPI_Bcast(&size, 1, MPI_UNSIGNED_LONG_LONG, 0, MPI_COMM_WORLD), "broadcast");
  text.resize(static_cast<std::size_t>(size));
  mpi_check(MPI_Bcast(text.data(), static_cast<int>(size), MPI_CHAR, 0, MPI_COMM_WORLD), "broadcast");
  return text;
}

std::shared_ptr<Reducer> Ranks::reducer(const Device& device) const {
  if (ranks_ < 2) return nullptr;
  if (device.kind() == DeviceKind::cuda) return std::make_shared<NcclReducer>(rank_, ranks_);
  return std::make_shared<MpiReducer>(rank_, ranks_);
}

#else

Ranks::Ranks() {
  if (ranks_announced() < 2) return;
  throw DeviceError("started with " + std::to_string(ranks_announced()) +
                    " ranks, but this program was built without MPI: want libopenmpi-dev when it is built");
}
Ranks::~Ranks() = default;
std::string Ranks::of_first(std::string text) const { return text; }
std::shared_ptr<Reducer> Ranks::reducer(const Device&) const { return nullptr; }

#endif

}  // namespace holdfast
