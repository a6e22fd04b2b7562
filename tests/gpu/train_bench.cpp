#include "tests/gpu/train_bench.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <functional>
#include <map>
#include <string>

#include "engine/checkpoint_tensors.h"
#include "engine/shape.h"
#include "kernels/adamw.h"
#include "kernels/causal_conv1d.h"
#include "kernels/cross_entropy.h"
#include "kernels/error.h"
#include "kernels/linear.h"
#include "kernels/matmul.h"
#include "kernels/rms_norm.h"
#include "kernels/ssd_scan.h"
#include "tests/support/data.h"
#include "training/trainer.h"

namespace holdfast::test {
namespace {

struct TrainShape {
  const char* name;
  std::int64_t width, layers, heads, d_state, groups, vocabulary, tokens, sequences;
  [[nodiscard]] std::int64_t inner() const { return heads * 64; }
  [[nodiscard]] std::int64_t channels() const { return inner() + 2 * groups * d_state; }
  [[nodiscard]] std::int64_t projected() const { return inner() + channels() + heads; }
  [[nodiscard]] double parameters() const {
    return static_cast<double>(layers * width * (projected() + inner()) + vocabulary * width);
  }
};

// Normal numbers, the same million again and again.
Tensor numbers(Stream& stream, const Shape& shape, DType dtype, double deviation = 1.0, double shift = 0.0) {
  Random random(9);
  std::vector<float> some = random.normals(std::min<std::int64_t>(shape.elements(), 1 << 20), deviation);
  for (float& value : some) value += static_cast<float>(shift);
  std::vector<std::uint16_t> narrow;
  for (const float value : some)
    narrow.push_back(static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(value) >> 16));
  Tensor tensor(stream.device(), dtype, shape);
  const auto stretch = [&](std::int64_t first, std::int64_t count) {
    return TensorView{tensor.view().as<std::byte>() + first * static_cast<std::int64_t>(byte_size(dtype)), dtype,
                      Shape{count}, DeviceKind::cuda};
  };
  std::int64_t filled = std::ssize(some);
  const void* source = dtype == DType::f32 ? static_cast<const void*>(some.data()) : narrow.data();
  stream.copy(stretch(0, filled), {source, dtype, Shape{filled}, DeviceKind::cpu});
  while (filled < shape.elements()) {
    const std::int64_t more = std::min(filled, shape.elements() - filled);
    stream.copy(stretch(filled, more), stretch(0, more));
    filled += more;
  }
  stream.synchronize();
  return tensor;
}

Tensor ids(Stream& stream, std::span<const std::int32_t> values) {
  Tensor tensor(stream.device(), DType::i32, Shape{std::ssize(values)});
  stream.copy(tensor.view(), {values.data(), DType::i32, tensor.shape(), DeviceKind::cpu});
  stream.synchronize();
  return tensor;
}

struct Meter {
  Stream* stream;
  TrainTimer time;
  double bytes_per_second, operations_per_second;
  double total = 0.0;  // of one step

  // times: how often a step does it.
  void line(const char* what, double bytes, double operations, double times, const std::function<void()>& work) {
    const double seconds = time(*stream, work);
    const double floor = std::max(bytes / bytes_per_second, operations / operations_per_second);
    std::printf("  %-26s %9.3f ms  floor %8.3f ms  %5.1f %%\n", what, seconds * 1e3, floor * 1e3,
                100.0 * floor / seconds);
    std::fflush(stdout);
    total += times * seconds;
  }
};

struct ScanBuffers {
  Tensor xbc, d_xbc, dt, d_dt, y, dy, dt_bias, a, d, gains, units;
  SsdPackedInputs in;

  ScanBuffers(Stream& stream, const TrainShape& s)
      : xbc(numbers(stream, {s.tokens, s.channels()}, DType::bf16)),
        d_xbc(stream.device(), DType::bf16, {s.tokens, s.channels()}),
        dt(numbers(stream, {s.tokens, s.heads}, DType::bf16)),
        d_dt(stream.device(), DType::bf16, {s.tokens, s.heads}),
        y(stream.device(), DType::bf16, {s.tokens, s.inner()}),
        dy(numbers(stream, {s.tokens, s.inner()}, DType::bf16)),
        dt_bias(numbers(stream, {s.heads}, DType::f32, 1.0, -4.0)),
        a(numbers(stream, {s.heads}, DType::f32, 0.5, -4.0)),
        d(numbers(stream, {s.heads}, DType::f32)),
        gains(Tensor::zeros(stream.device(), DType::f32, {3, s.heads})) {
    std::vector<std::int32_t> of_unit;
    const std::int64_t count = s.tokens / PackedRows::unit;
    for (std::int64_t u = 0; u < count; ++u) of_unit.push_back(static_cast<std::int32_t>(u * s.sequences / count));
    units = ids(stream, of_unit);
    in = {.xbc = xbc.view(),
          .dt_raw = dt.view(),
          .dt_stride = s.heads,
          .dt_bias = dt_bias.view(),
          .a = a.view(),
          .d = d.view(),
          .heads = s.heads,
          .head_dim = 64,
          .d_state = s.d_state,
          .groups = s.groups,
          .rows = {units.view(), s.sequences}};
  }
  [[nodiscard]] TensorView gain(std::int64_t i) {
    const std::int64_t heads = gains.shape()[1];
    return {gains.view().as<float>() + i * heads, DType::f32, Shape{heads}, DeviceKind::cuda};
  }
  void forward(Stream& stream) { cuda::ssd_scan_packed(stream, {.y = y.view(), .in = in}); }
  void backward(Stream& stream) {
    cuda::ssd_scan_backward(stream, {.d_xbc = d_xbc.view(),
                                     .d_dt_raw = d_dt.view(),
                                     .d_dt_stride = in.dt_stride,
                                     .d_a_log = gain(0),
                                     .d_d = gain(1),
                                     .d_dt_bias = gain(2),
                                     .dy = dy.view(),
                                     .in = in});
  }
};

void bench_scan_alone(Meter& meter, const TrainShape& s) {
  std::printf("%s: %lld heads, N %lld, %lld groups, %lld tokens in %lld sequences\n", s.name,
              static_cast<long long>(s.heads), static_cast<long long>(s.d_state), static_cast<long long>(s.groups),
              static_cast<long long>(s.tokens), static_cast<long long>(s.sequences));
  ScanBuffers scan(*meter.stream, s);
  const auto tokens = static_cast<double>(s.tokens);
  const double forward = tokens * 2.0 * static_cast<double>(s.channels() + s.inner() + s.heads);
  meter.line("ssd_scan_packed", forward, 0.0, 0.0, [&] { scan.forward(*meter.stream); });
  meter.line("ssd_scan_backward", 2.0 * forward, 0.0, 0.0, [&] { scan.backward(*meter.stream); });
  meter.line("both", 3.0 * forward, 0.0, 0.0, [&] { scan.forward(*meter.stream), scan.backward(*meter.stream); });
}

// One of each operation of a layer, in the types a training step uses; then the head and the optimiser.
void bench_layer(Meter& meter, const TrainShape& s) {
  Stream& stream = *meter.stream;
  const auto t = static_cast<double>(s.tokens);
  const auto layers = static_cast<double>(s.layers);
  const auto wide = [](std::int64_t columns) { return static_cast<double>(columns); };
  const DType bf16 = DType::bf16;
  const DType f32 = DType::f32;
  Tensor residual = numbers(stream, {s.tokens, s.width}, f32);
  Tensor d_residual = numbers(stream, {s.tokens, s.width}, f32, 0.01);
  Tensor next_residual(stream.device(), f32, {s.tokens, s.width}), mixed = numbers(stream, {s.tokens, s.width}, bf16);
  Tensor normed(stream.device(), bf16, {s.tokens, s.width}), rounded(stream.device(), bf16, {s.tokens, s.width});
  Tensor projected = numbers(stream, {s.tokens, s.projected()}, bf16);
  Tensor d_projected = numbers(stream, {s.tokens, s.projected()}, bf16, 0.01);
  Tensor gated = numbers(stream, {s.tokens, s.inner()}, bf16);
  Tensor d_gated = numbers(stream, {s.tokens, s.inner()}, bf16, 0.01);
  Tensor in_proj = numbers(stream, {s.projected(), s.width}, bf16, 0.02);
  Tensor out_proj = numbers(stream, {s.width, s.inner()}, bf16, 0.02);
  Tensor d_in = Tensor::zeros(stream.device(), f32, {s.projected(), s.width});
  Tensor d_out = Tensor::zeros(stream.device(), f32, {s.width, s.inner()});
  Tensor norm = numbers(stream, {s.width}, f32, 0.1, 1.0), d_norm = Tensor::zeros(stream.device(), f32, {s.width});
  Tensor gate = numbers(stream, {s.inner()}, f32, 0.1, 1.0), d_gate = Tensor::zeros(stream.device(), f32, {s.inner()});
  Tensor taps = numbers(stream, {s.channels(), 4}, f32, 0.5), bias = numbers(stream, {s.channels()}, f32);
  Tensor d_taps = Tensor::zeros(stream.device(), f32, {s.channels(), 4});
  Tensor d_bias = Tensor::zeros(stream.device(), f32, {s.channels()});
  ScanBuffers scan(stream, s);
  const std::int64_t stride = s.projected();
  const auto part = [&](Tensor& of, std::int64_t first, std::int64_t columns) {
    return TensorView{of.view().as<std::uint16_t>() + first, bf16, Shape{s.tokens, columns}, DeviceKind::cuda};
  };
  const double in_operations = 2.0 * t * wide(s.width) * wide(s.projected());
  const double out_operations = 2.0 * t * wide(s.width) * wide(s.inner());
  const TensorView xbc = part(projected, s.inner(), s.channels());
  meter.line("rms_norm of a sum", t * wide(s.width) * 12.0, 0, layers, [&] {
    cuda::rms_norm(stream, {.y = normed.view(),
                            .x = residual.view(),
                            .weight = norm.view(),
                            .added = mixed.view(),
                            .sum = next_residual.view()});
  });
  meter.line("in_proj", 0, in_operations, layers, [&] {
    cuda::matmul(stream,
                 MatmulArgs{.c = projected.view(), .a = normed.view(), .b = in_proj.view(), .transpose_b = true});
  });
  meter.line("causal_conv1d_packed", t * wide(s.channels()) * 4.0, 0, layers, [&] {
    cuda::causal_conv1d_packed(stream, {.y = scan.xbc.view(),
                                        .x = xbc,
                                        .x_stride = stride,
                                        .weight = taps.view(),
                                        .bias = bias.view(),
                                        .rows = scan.in.rows});
  });
  const double scan_bytes = t * 2.0 * wide(s.channels() + s.inner() + s.heads);
  meter.line("ssd_scan_packed", scan_bytes, 0, layers, [&] { scan.forward(stream); });
  meter.line("gated_rms_norm", t * wide(s.inner()) * 6.0, 0, layers, [&] {
    cuda::gated_rms_norm(stream, {.y = gated.view(),
                                  .x = scan.y.view(),
                                  .z = part(projected, 0, s.inner()),
                                  .z_stride = stride,
                                  .weight = gate.view(),
                                  .groups = s.groups});
  });
  meter.line("out_proj", 0, out_operations, layers, [&] {
    cuda::matmul(stream, MatmulArgs{.c = mixed.view(), .a = gated.view(), .b = out_proj.view(), .transpose_b = true});
  });
  meter.line("out_proj dx", 0, out_operations, layers,
             [&] { cuda::matmul(stream, MatmulArgs{.c = d_gated.view(), .a = normed.view(), .b = out_proj.view()}); });
  meter.line("out_proj dW", 0, out_operations, layers, [&] {
    cuda::matmul(
        stream,
        MatmulArgs{.c = d_out.view(), .a = normed.view(), .b = gated.view(), .transpose_a = true, .accumulate = true});
  });
  meter.line("gated_rms_norm_backward", t * wide(s.inner()) * 12.0, 0, layers, [&] {
    cuda::gated_rms_norm_backward(stream, {.dx = scan.dy.view(),
                                           .dz = part(d_projected, 0, s.inner()),
                                           .dz_stride = stride,
                                           .d_weight = d_gate.view(),
                                           .dy = d_gated.view(),
                                           .x = scan.y.view(),
                                           .z = part(projected, 0, s.inner()),
                                           .z_stride = stride,
                                           .weight = gate.view(),
                                           .y = d_gated.view(),
                                           .groups = s.groups});
  });
  meter.line("ssd_scan_backward", 2.0 * scan_bytes, 0, layers, [&] { scan.backward(stream); });
  meter.line("causal_conv1d_backward", t * wide(s.channels()) * 6.0, 0, layers, [&] {
    cuda::causal_conv1d_backward(stream, {.dx = part(d_projected, s.inner(), s.channels()),
                                          .dx_stride = stride,
                                          .d_weight = d_taps.view(),
                                          .d_bias = d_bias.view(),
                                          .dy = scan.d_xbc.view(),
                                          .x = xbc,
                                          .x_stride = stride,
                                          .weight = taps.view(),
                                          .bias = bias.view(),
                                          .rows = scan.in.rows});
  });
  meter.line("in_proj dx", 0, in_operations, layers, [&] {
    cuda::matmul(stream, MatmulArgs{.c = normed.view(), .a = d_projected.view(), .b = in_proj.view()});
  });
  meter.line("in_proj dW", 0, in_operations, layers, [&] {
    cuda::matmul(
        stream,
        MatmulArgs{
            .c = d_in.view(), .a = d_projected.view(), .b = normed.view(), .transpose_a = true, .accumulate = true});
  });
  meter.line("rms_norm_backward", t * wide(s.width) * 18.0, 0, layers, [&] {
    cuda::rms_norm_backward(stream, {.dx = d_residual.view(),
                                     .d_weight = d_norm.view(),
                                     .dy = normed.view(),
                                     .x = residual.view(),
                                     .weight = norm.view(),
                                     .y = normed.view(),
                                     .rounded = rounded.view(),
                                     .accumulate = true});
  });
}

void bench_head(Meter& meter, const TrainShape& s) {
  Stream& stream = *meter.stream;
  Random random(10);
  std::vector<std::int32_t> tokens;
  for (std::int64_t i = 0; i < s.tokens; ++i) tokens.push_back(static_cast<std::int32_t>(random.below(s.vocabulary)));
  std::vector<std::int32_t> order(tokens.size()), begins(static_cast<std::size_t>(s.vocabulary) + 1);
  for (const std::int32_t id : tokens) ++begins[static_cast<std::size_t>(id) + 1];
  for (std::size_t i = 1; i < begins.size(); ++i) begins[i] += begins[i - 1];
  std::vector<std::int32_t> next(begins.begin(), begins.end() - 1);
  for (std::size_t i = 0; i < tokens.size(); ++i)
    order[static_cast<std::size_t>(next[static_cast<std::size_t>(tokens[i])]++)] = static_cast<std::int32_t>(i);
  Tensor ids_on = ids(stream, tokens), order_on = ids(stream, order), begins_on = ids(stream, begins);
  Tensor x = numbers(stream, {s.tokens, s.width}, DType::bf16);
  Tensor dx(stream.device(), DType::bf16, {s.tokens, s.width});
  Tensor rows = numbers(stream, {s.tokens, s.width}, DType::f32);
  Tensor head = numbers(stream, {s.vocabulary, s.width}, DType::bf16, 0.02);
  Tensor table = numbers(stream, {s.vocabulary, s.width}, DType::f32, 0.02);
  Tensor d_head = Tensor::zeros(stream.device(), DType::f32, {s.vocabulary, s.width});
  Tensor loss(stream.device(), DType::f32, {s.tokens});
  Tensor weights = numbers(stream, {s.tokens}, DType::f32, 0.0, 1.0);
  const auto t = static_cast<double>(s.tokens);
  const auto width = static_cast<double>(s.width);
  const auto vocabulary = static_cast<double>(s.vocabulary);
  meter.line("embedding_from_table", t * width * 8.0, 0, 1.0, [&] {
    cuda::embedding_from_table(stream, {.y = rows.view(), .ids = ids_on.view(), .table = table.view()});
  });
  meter.line("embedding_backward", t * width * 4.0 + vocabulary * width * 8.0, 0, 1.0, [&] {
    cuda::embedding_backward(
        stream, {.d_table = d_head.view(), .dy = rows.view(), .order = order_on.view(), .begins = begins_on.view()});
  });
  meter.line("cross_entropy", 0, 6.0 * t * width * vocabulary, 1.0, [&] {
    cuda::cross_entropy(stream, {.loss = loss.view(),
                                 .dx = dx.view(),
                                 .d_head = d_head.view(),
                                 .x = x.view(),
                                 .head = head.view(),
                                 .targets = ids_on.view(),
                                 .weights = weights.view(),
                                 .scale = 1e-4f});
  });
  const auto parameters = static_cast<std::int64_t>(s.parameters());
  Tensor master = numbers(stream, {parameters}, DType::f32), gradient = numbers(stream, {parameters}, DType::f32);
  Tensor first = Tensor::zeros(stream.device(), DType::f32, {parameters});
  Tensor second = Tensor::zeros(stream.device(), DType::f32, {parameters});
  Tensor rounded(stream.device(), DType::bf16, {parameters});
  AdamwArgs args{.master = master.view(), .gradient = gradient.view(), .first = first.view(), .second = second.view()};
  args.rounded = rounded.view();
  args.learning_rate = 1e-4f;
  meter.line("adamw", s.parameters() * 30.0, 0, 1.0, [&] { cuda::adamw(stream, args); });
  meter.line("sum_of_squares", s.parameters() * 4.0, 0, 1.0,
             [&] { (void)cuda::sum_of_squares(stream, gradient.view()); });
  meter.line("gradients to zero", s.parameters() * 4.0, 0, 1.0, [&] { stream.fill_zero(gradient.view()); });
}

// Random weights of a shape, the same few again and again: the file of a large model without the file.
class RepeatedCheckpoint final : public Checkpoint {
 public:
  RepeatedCheckpoint(const Mamba2Config& config, WeightFormat format) : config_(config) {
    std::vector<WantedTensor> all;
    for_each_wanted(config, CheckpointLayout::hugging_face, [&](const WantedTensor& wanted) {
      all.push_back(wanted);
      const auto count = static_cast<std::size_t>(wanted.shape.elements());
      if (wanted.matrix) {
        const std::size_t bytes =
            encoded_row_bytes(format, wanted.shape[1]) * static_cast<std::size_t>(wanted.shape[0]);
        if (bytes > matrix_.size()) matrix_.resize(bytes);
      } else {
        std::vector<float>& values = vectors_[kind_of(wanted.canonical)];
        if (values.size() < count) values = values_of(wanted.canonical, static_cast<std::int64_t>(count));
      }
      return true;
    });
    fill(format);
    for (const WantedTensor& wanted : all) {
      const std::span<const std::byte> bytes =
          wanted.matrix ? std::span<const std::byte>(matrix_).first(encoded_row_bytes(format, wanted.shape[1]) *
                                                                    static_cast<std::size_t>(wanted.shape[0]))
                        : std::as_bytes(std::span(vectors_.at(kind_of(wanted.canonical))))
                              .first(static_cast<std::size_t>(wanted.shape.elements()) * sizeof(float));
      tensors_.push_back(
          {wanted.canonical, wanted.stored, wanted.matrix ? format : WeightFormat::f32, wanted.shape, bytes});
    }
  }
  [[nodiscard]] CheckpointLayout layout() const noexcept override { return CheckpointLayout::hugging_face; }
  [[nodiscard]] const Mamba2Config& config() const noexcept override { return config_; }
  [[nodiscard]] std::span<const StoredTensor> tensors() const noexcept override { return tensors_; }
  [[nodiscard]] const std::filesystem::path& path() const noexcept override { return path_; }
  [[nodiscard]] TokenizerSource tokenizer() const override { return {}; }
  [[nodiscard]] std::optional<std::string> chat_template_text() const override { return std::nullopt; }
  void release_pages(std::span<const std::byte>) const noexcept override {}

 private:
  static std::string kind_of(const std::string& name) { return name.substr(name.rfind('.') + 1); }
  static std::vector<float> values_of(const std::string& name, std::int64_t count) {
    Random random(3);
    if (name.ends_with("A_log")) return random.uniforms(count, 0.0, 2.7);
    if (name.ends_with("dt_bias")) return random.uniforms(count, -6.0, -2.5);
    if (name.ends_with("conv_weight") || name.ends_with("bias")) return random.uniforms(count, -0.5, 0.5);
    return std::vector<float>(static_cast<std::size_t>(count), 1.0f);
  }
  // A million numbers, then copies of them.
  void fill(WeightFormat format) {
    constexpr std::int64_t columns = 4096;
    const std::size_t row = encoded_row_bytes(format, columns);
    Random random(4);
    std::size_t filled = 0;
    for (; filled < 256 * row && filled + row <= matrix_.size(); filled += row) {
      encode_row(format, random.normals(columns, 0.02), matrix_.data() + filled);
    }
    for (std::size_t more = 0; filled < matrix_.size(); filled += more) {
      more = std::min(filled, matrix_.size() - filled);
      std::memcpy(matrix_.data() + filled, matrix_.data(), more);
    }
  }
  Mamba2Config config_;
  std::filesystem::path path_;
  std::vector<std::byte> matrix_;
  std::map<std::string, std::vector<float>> vectors_;
  std::vector<StoredTensor> tensors_;
};

double free_gibibytes(Stream& stream) { return static_cast<double>(stream.device()->memory().free) / (1 << 30); }

TrainBatch random_sequences(std::int64_t tokens, std::int64_t sequences, std::int64_t vocabulary) {
  Random random(5);
  TrainBatch batch;
  for (std::int64_t t = 0; t < tokens; ++t) {
    batch.ids.push_back(static_cast<TokenId>(random.below(vocabulary)));
    batch.targets.push_back(static_cast<TokenId>(random.below(vocabulary)));
  }
  for (std::int64_t s = 0; s <= sequences; ++s) {
    batch.starts.push_back(static_cast<std::int32_t>(tokens / sequences * s));
  }
  return batch;
}

// Whole steps on one batch, whose loss must fall.
void bench_steps(Stream& caller, const std::string& title, const Mamba2Config& model, WeightFormat format,
                 const TrainerConfig& config, std::int64_t sequences, double operations_per_second) {
  Stream stream(caller.device());  // of its own, whose scratch memory begins empty
  const double free_before = free_gibibytes(stream);
  const auto begin = std::chrono::steady_clock::now();
  auto trainer = Trainer::create(stream, std::make_shared<const RepeatedCheckpoint>(model, format), config);
  const double making = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  const std::int64_t tokens = config.micro_batch_tokens;
  const TrainBatch batch = random_sequences(tokens, sequences, model.vocab_size);
  std::vector<double> seconds;
  std::vector<double> losses;
  for (int i = 0; i < 7; ++i) {
    const auto start = std::chrono::steady_clock::now();
    const StepResult step = trainer->step({&batch, 1}, 1e-4);
    seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    losses.push_back(step.taken() ? step.loss : NAN);
  }
  const double told = static_cast<double>(trainer->memory().bytes()) / (1 << 30);
  std::printf("steps of %s, %lld tokens in %lld sequences: %.1f million numbers trained; made in %.1f s\n",
              title.c_str(), static_cast<long long>(tokens), static_cast<long long>(sequences),
              static_cast<double>(trainer->trained_numbers()) * 1e-6, making);
  for (const MemoryPart& part : trainer->memory().parts) {
    std::printf("  %-16s %7.2f GiB  %s\n", part.name.c_str(), static_cast<double>(part.bytes) / (1 << 30),
                part.reason.c_str());
  }
  std::printf("  memory: %.2f GiB told, %.2f used\n  loss %.4f to %.4f\n", told, free_before - free_gibibytes(stream),
              losses.front(), losses.back());
  if (!(losses.back() < losses.front())) throw NumericError("bench: the loss of one batch does not fall");
  std::sort(seconds.begin(), seconds.end());
  const double rate = static_cast<double>(tokens) / seconds[seconds.size() / 2];
  std::printf("  %.1f ms (%.1f to %.1f), %.0f tokens/s, %.0f %% of the ceiling of products\n",
              seconds[seconds.size() / 2] * 1e3, seconds.front() * 1e3, seconds.back() * 1e3, rate,
              100.0 * rate * trainer->flops_per_token() / operations_per_second);
  std::fflush(stdout);
}

}  // namespace

void bench_adapters(Stream& stream, WeightFormat format, double operations_per_second) {
  TrainerConfig config;
  config.trained = Trained::lora;
  config.compute = DType::bf16;
  config.micro_batch_tokens = 4096;
  bench_steps(stream, "adapters over 7b in " + std::string(name(format)), shape_config("7b"), format, config, 1,
              operations_per_second);
}

void bench_full_steps(Stream& stream, const std::string& shape, std::int64_t tokens, std::int64_t sequences,
                      double operations_per_second, double gibibytes) {
  TrainerConfig config;
  config.compute = DType::bf16;
  config.micro_batch_tokens = tokens;
  // All that is free, but for what the card's libraries take.
  if (gibibytes == 0.0) gibibytes = free_gibibytes(stream) - 1.0;
  config.memory_budget = static_cast<std::size_t>(gibibytes * (1 << 30));
  bench_steps(stream, shape, shape_config(shape), WeightFormat::bf16, config, sequences, operations_per_second);
}

void trace_training(Stream& stream) {
  Meter meter{&stream,
              [](Stream& on, const std::function<void()>& work) {
                work();
                on.synchronize();
                return 1.0;
              },
              1.0, 1.0};
  const TrainShape shape{"130m", 768, 24, 24, 128, 1, 50288, 16384, 8};
  bench_layer(meter, shape);
  bench_head(meter, shape);
}

void bench_training(Stream& stream, const TrainTimer& timer, double bytes_per_second, double operations_per_second) {
  Meter meter{&stream, timer, bytes_per_second, operations_per_second};
  for (const std::int64_t tokens : {4096, 32768}) {
    bench_scan_alone(meter, {"scan of 7b", 4096, 64, 128, 128, 8, 32768, tokens, 1});
  }
  bench_scan_alone(meter, {"scan of 130m", 768, 24, 24, 128, 1, 50288, 16384, 8});
  for (const TrainShape& s : {TrainShape{"130m", 768, 24, 24, 128, 1, 50288, 16384, 8},
                              TrainShape{"130m", 768, 24, 24, 128, 1, 50288, 65536, 32},
                              TrainShape{"29.6m", 512, 16, 16, 128, 1, 4096, 131072, 128}}) {
    std::printf("one layer of %s, then what is once a step: %lld tokens in %lld sequences\n", s.name,
                static_cast<long long>(s.tokens), static_cast<long long>(s.sequences));
    meter.total = 0.0;
    bench_layer(meter, s);
    bench_head(meter, s);
    std::printf("  sum of a step %33.2f ms: %.0f tokens/s\n", meter.total * 1e3,
                static_cast<double>(s.tokens) / meter.total);
  }
}

}  // namespace holdfast::test
