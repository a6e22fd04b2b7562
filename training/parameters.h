// What is trained, in four flat f32 buffers (masters, gradients, first and second moments), so that a norm, an update
// or a sum over ranks is one call over one range.
//
// Order: what decays first (matrices), then what never does (A_log, D, dt_bias, norms, biases, states). Each tensor
// begins at a multiple of 64 elements; what lies between is zero and stays zero.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/device.h"
#include "kernels/tensor.h"
#include "training/reducer.h"
#include "training/trainer.h"

namespace holdfast {

// A place in the flat buffers; false: not trained.
struct Slot {
  std::int64_t offset = -1;
  Shape shape;
  [[nodiscard]] explicit operator bool() const noexcept { return offset >= 0; }
};

struct FlatRange {
  std::int64_t offset = 0;
  std::int64_t count = 0;
};

struct NamedSlot {
  std::string name;
  Slot slot;
};

class ParameterLayout {
 public:
  static constexpr std::int64_t alignment = 64;
  // All of the first before any of the second: ArgumentError otherwise.
  Slot add_decayed(std::string name, const Shape& shape);
  Slot add_undecayed(std::string name, const Shape& shape);

  [[nodiscard]] std::span<const NamedSlot> slots() const noexcept { return slots_; }
  [[nodiscard]] std::int64_t decayed() const noexcept { return decayed_; }  // elements [0, decayed) decay
  [[nodiscard]] std::int64_t size() const noexcept { return size_; }        // with the gaps
  [[nodiscard]] std::int64_t numbers() const noexcept { return numbers_; }  // without
  [[nodiscard]] const NamedSlot& find(std::string_view name) const;         // throws ArgumentError
  // size() up to where every rank's share is a multiple of the alignment.
  [[nodiscard]] std::int64_t padded_size(int ranks) const noexcept;

 private:
  Slot add(std::string name, const Shape& shape);
  std::vector<NamedSlot> slots_;
  std::int64_t decayed_ = 0;
  std::int64_t size_ = 0;
  std::int64_t numbers_ = 0;
};

class Parameters {
 public:
  // memory: the stream's device or an arena of it. with_rounded: a bf16 copy of what decays is kept beside the masters.
  // All zero at first.
  Parameters(Stream& stream, std::shared_ptr<Device> memory, ParameterLayout layout, bool with_rounded, int rank = 0,
             int ranks = 1);
  // Bytes on each rank: masters and rounded copy, gradients, moments.
  [[nodiscard]] static std::size_t weight_bytes(const ParameterLayout& layout, bool with_rounded, int ranks) noexcept;
  [[nodiscard]] static std::size_t gradient_bytes(const ParameterLayout& layout, int ranks) noexcept;
  [[nodiscard]] static std::size_t moment_bytes(const ParameterLayout& layout, int ranks) noexcept;

  [[nodiscard]] const ParameterLayout& layout() const noexcept { return layout_; }
  [[nodiscard]] TensorView master(const Slot& slot) { return view(masters_, slot); }
  [[nodiscard]] TensorView gradient(const Slot& slot) { return view(gradients_, slot); }  // empty for an empty slot
  [[nodiscard]] ConstTensorView rounded(const Slot& slot) { return view(rounded_, slot); }
  [[nodiscard]] TensorView masters(FlatRange range) { return view(masters_, {range.offset, Shape{range.count}}); }
  [[nodiscard]] TensorView gradients(FlatRange range) { return view(gradients_, {range.offset, Shape{range.count}}); }

  void clear_gradients(Stream& stream) { stream.fill_zero(gradients_.view()); }
  [[nodiscard]] double gradient_norm(Stream& stream);  // L2; NaN and infinities come through
  // AdamW over this rank's share with gradients times `gradient_scale`; step counts from 1. Then all ranks have all.
  void update(Stream& stream, const AdamWConfig& config, double learning_rate, double gradient_scale,
              std::int64_t step, Reducer* reducer);
  void masters_changed(Stream& stream);  // by copies into them: brings the rounded copy up to date
  void reset_moments(Stream& stream);

  // The moments of all ranks, one after the other, through the gradients' memory: `use` sees the whole flat buffer.
  enum class Moment { first, second };
  [[nodiscard]] TensorView gather_moment(Stream& stream, Moment which, Reducer* reducer);
  // Takes this rank's share out of the gradients' memory, where the whole flat buffer was put.
  void scatter_moment(Stream& stream, Moment which);
  [[nodiscard]] TensorView all_gradients() { return gradients_.view(); }

 private:
  static TensorView view(Tensor& flat, const Slot& slot);
  void update_range(Stream& stream, const AdamWConfig& config, double learning_rate, double gradient_scale,
                    std::int64_t step, FlatRange range, bool decays);
  ParameterLayout layout_;
  std::int64_t share_;  // elements of each rank
  FlatRange own_;
  Tensor masters_;    // (ranks * share)
  Tensor gradients_;  // (ranks * share)
  Tensor first_;      // (share)
  Tensor second_;     // (share)
  Tensor rounded_;    // (decayed) bf16, or empty
};

}  // namespace holdfast
