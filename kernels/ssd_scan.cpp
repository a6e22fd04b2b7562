#include "kernels/ssd_scan.h"

#include <string>
#include <string_view>

#include "kernels/error.h"

namespace holdfast {
namespace {

// message() is called only where the rule is broken: ssd_step runs once per layer and token.
template <class Message>
void ssd_require(bool holds, const Message& message) {
  if (!holds) throw ArgumentError(message());
}

void ssd_require_groups(std::string_view op, std::int64_t heads, std::int64_t groups) {
  ssd_require(groups >= 1 && heads % groups == 0, [&] {
    return std::string(op) + ": groups: " + std::to_string(groups) + ", want a divisor of " + std::to_string(heads) +
           " heads";
  });
}

void ssd_require_limits(std::string_view op, float dt_min, float dt_max) {
  ssd_require(dt_min >= 0.0f && dt_min <= dt_max, [&] {
    return std::string(op) + ": dt_min " + std::to_string(dt_min) + " and dt_max " + std::to_string(dt_max) +
           ", want 0 <= dt_min <= dt_max";
  });
}

}  // namespace

void ssd_scan(Stream& stream, const SsdScanArgs& args) {
  const DeviceKind where = stream.kind();
  const std::int64_t tokens = args.y.shape[0];
  const std::int64_t heads = args.state.shape[0];
  const std::int64_t head_dim = args.state.shape[1];
  const std::int64_t d_state = args.state.shape[2];
  ssd_require_groups("ssd_scan", heads, args.groups);
  ssd_require_limits("ssd_scan", args.dt_min, args.dt_max);
  ssd_require(args.chunk >= 1, [&] { return "ssd_scan: chunk: " + std::to_string(args.chunk) + ", want at least 1"; });
  ssd_require(args.dt_stride >= heads, [&] {
    return "ssd_scan: dt_stride: " + std::to_string(args.dt_stride) + ", want at least the " + std::to_string(heads) +
           " heads of a row";
  });
  const DType dtype = activation_dtype(args.y, where, "ssd_scan: y");
  require(args.y, Shape{tokens, heads, head_dim}, dtype, where, "ssd_scan: y");
  require(args.state, Shape{heads, head_dim, d_state}, DType::f32, where, "ssd_scan: state");
  require(args.xbc, Shape{tokens, heads * head_dim + 2 * args.groups * d_state}, dtype, where, "ssd_scan: xbc");
  require(args.dt_raw, Shape{tokens, heads}, activation_dtype(args.dt_raw, where, "ssd_scan: dt_raw"), where,
          "ssd_scan: dt_raw");
  require(args.dt_bias, Shape{heads}, DType::f32, where, "ssd_scan: dt_bias");
  require(args.a, Shape{heads}, DType::f32, where, "ssd_scan: a");
  require(args.d, Shape{heads}, DType::f32, where, "ssd_scan: d");
  if (args.log_decay) require(args.log_decay, Shape{tokens, heads}, DType::f32, where, "ssd_scan: log_decay");
  if (args.y.shape.elements() == 0) return;
  return where == DeviceKind::cpu ? cpu::ssd_scan(stream, args) : cuda::ssd_scan(stream, args);
}

namespace {

// Of the inputs; returns their dtype. T is given by the output.
DType ssd_require_packed_inputs(const SsdPackedInputs& in, std::int64_t tokens, DeviceKind where, std::string_view op) {
  const auto what = [&](const char* part) { return std::string(op) + ": " + part; };
  ssd_require(in.heads >= 1 && in.head_dim >= 1 && in.d_state >= 1, [&] {
    return std::string(op) + ": heads " + std::to_string(in.heads) + ", head_dim " + std::to_string(in.head_dim) +
           ", d_state " + std::to_string(in.d_state) + ", want at least 1 of each";
  });
  ssd_require_groups(op, in.heads, in.groups);
  ssd_require_limits(op, in.dt_min, in.dt_max);
  ssd_require(in.dt_stride >= in.heads, [&] {
    return what("dt_stride: ") + std::to_string(in.dt_stride) + ", want at least the " + std::to_string(in.heads) +
           " heads of a row";
  });
  const DType dtype = activation_dtype(in.xbc, where, what("xbc"));
  require(in.xbc, Shape{tokens, in.heads * in.head_dim + 2 * in.groups * in.d_state}, dtype, where, what("xbc"));
  require(in.dt_raw, Shape{tokens, in.heads}, dtype, where, what("dt_raw"));
  require(in.dt_bias, Shape{in.heads}, DType::f32, where, what("dt_bias"));
  require(in.a, Shape{in.heads}, DType::f32, where, what("a"));
  require(in.d, Shape{in.heads}, DType::f32, where, what("d"));
  if (in.initial) {
    require(in.initial, Shape{in.heads, in.head_dim, in.d_state}, DType::f32, where, what("initial"));
  }
  require_packed(in.rows, tokens, where, op);
  return dtype;
}

}  // namespace

void ssd_scan_packed(Stream& stream, const SsdScanPackedArgs& args) {
  const DeviceKind where = stream.kind();
  const std::int64_t tokens = args.y.shape[0];
  const DType dtype = ssd_require_packed_inputs(args.in, tokens, where, "ssd_scan_packed");
  require(args.y, Shape{tokens, args.in.heads * args.in.head_dim}, dtype, where, "ssd_scan_packed: y");
  if (tokens == 0) return;
  return where == DeviceKind::cpu ? cpu::ssd_scan_packed(stream, args) : cuda::ssd_scan_packed(stream, args);
}

void ssd_scan_backward(Stream& stream, const SsdScanBackwardArgs& args) {
  const DeviceKind where = stream.kind();
  const SsdPackedInputs& in = args.in;
  const std::int64_t tokens = args.dy.shape[0];
  const DType dtype = ssd_require_packed_inputs(in, tokens, where, "ssd_scan_backward");
  require(args.dy, Shape{tokens, in.heads * in.head_dim}, dtype, where, "ssd_scan_backward: dy");
  require(args.d_xbc, in.xbc.shape, dtype, where, "ssd_scan_backward: d_xbc");
  require(args.d_dt_raw, Shape{tokens, in.heads}, dtype, where, "ssd_scan_backward: d_dt_raw");
  ssd_require(args.d_dt_stride >= in.heads, [&] {
    return "ssd_scan_backward: d_dt_stride: " + std::to_string(args.d_dt_stride) + ", want at least the " +
           std::to_string(in.heads) + " heads of a row";
  });
  const Shape of_heads{in.heads};
  if (args.d_a_log) require(args.d_a_log, of_heads, DType::f32, where, "ssd_scan_backward: d_a_log");
  if (args.d_d) require(args.d_d, of_heads, DType::f32, where, "ssd_scan_backward: d_d");
  if (args.d_dt_bias) require(args.d_dt_bias, of_heads, DType::f32, where, "ssd_scan_backward: d_dt_bias");
  if (args.d_initial) {
    require(args.d_initial, Shape{in.heads, in.head_dim, in.d_state}, DType::f32, where,
            "ssd_scan_backward: d_initial");
  }
  if (tokens == 0) return;
  return where == DeviceKind::cpu ? cpu::ssd_scan_backward(stream, args) : cuda::ssd_scan_backward(stream, args);
}

void ssd_step(Stream& stream, const SsdStepArgs& args) {
  const DeviceKind where = stream.kind();
  const std::int64_t batch = args.y.shape[0];
  ssd_require(args.heads >= 1 && args.head_dim >= 1 && args.d_state >= 1, [&] {
    return "ssd_step: heads " + std::to_string(args.heads) + ", head_dim " + std::to_string(args.head_dim) +
           ", d_state " + std::to_string(args.d_state) + ", want at least 1 of each";
  });
  ssd_require_groups("ssd_step", args.heads, args.groups);
  ssd_require_limits("ssd_step", args.dt_min, args.dt_max);
  const std::int64_t inner = args.heads * args.head_dim;
  const std::int64_t channels = inner + 2 * args.groups * args.d_state;
  const std::int64_t taps = args.conv_weight.shape[1];
  ssd_require(taps >= 2, [&] { return "ssd_step: conv_weight: width " + std::to_string(taps) + ", want at least 2"; });
  require(args.y, Shape{batch, inner}, DType::f32, where, "ssd_step: y");
  require(args.proj, Shape{batch, inner + channels + args.heads}, DType::f32, where, "ssd_step: proj");
  require(args.conv_weight, Shape{channels, taps}, DType::f32, where, "ssd_step: conv_weight");
  if (args.conv_bias) require(args.conv_bias, Shape{channels}, DType::f32, where, "ssd_step: conv_bias");
  require(args.dt_bias, Shape{args.heads}, DType::f32, where, "ssd_step: dt_bias");
  require(args.a, Shape{args.heads}, DType::f32, where, "ssd_step: a");
  require(args.d, Shape{args.heads}, DType::f32, where, "ssd_step: d");
  if (args.log_decay) require(args.log_decay, Shape{batch, args.heads}, DType::f32, where, "ssd_step: log_decay");
  if (args.trace) require(args.trace, Shape{batch, args.heads, 3}, DType::f32, where, "ssd_step: trace");
  ssd_require(!args.pending_table, [] { return "ssd_step: tokens beside states, want whole states"; });
  if (args.conv_table && args.state_table && where == DeviceKind::cuda) {
    require(args.conv_table, Shape{batch}, DType::i64, where, "ssd_step: conv_table");
    require(args.state_table, Shape{batch}, DType::i64, where, "ssd_step: state_table");
    ssd_require(args.state_dtype == DType::f32 || args.state_dtype == DType::bf16,
                [&] { return "ssd_step: states of " + std::string(name(args.state_dtype)) + ", want f32 or bf16"; });
    if (batch != 0) cuda::ssd_step(stream, args);
    return;
  }
  ssd_require(args.state_dtype == DType::f32,
              [&] { return "ssd_step: states of " + std::string(name(args.state_dtype)) + " by pointers, want f32"; });
  ssd_require(std::ssize(args.conv) == batch && std::ssize(args.state) == batch, [&] {
    return "ssd_step: " + std::to_string(args.conv.size()) + " conv and " + std::to_string(args.state.size()) +
           " state pointers, want one of each for " + std::to_string(batch) + " sequences";
  });
  for (std::int64_t i = 0; i < batch; ++i) {
    const auto at = static_cast<std::size_t>(i);
    ssd_require(args.conv[at] != nullptr && args.state[at] != nullptr,
                [&] { return "ssd_step: sequence " + std::to_string(i) + ": no memory for its state"; });
  }
  if (batch == 0) return;
  return where == DeviceKind::cpu ? cpu::ssd_step(stream, args) : cuda::ssd_step(stream, args);
}

void ssd_settle(Stream& stream, const SsdSettleArgs& args) {
  const Shape& shape = args.state.shape;
  ssd_require(args.state.dtype == DType::f32 || args.state.dtype == DType::bf16,
              [&] { return "ssd_settle: a state of " + std::string(name(args.state.dtype)) + ", want f32 or bf16"; });
  ssd_require(shape.rank() == 4 && args.tokens >= 0 && args.tokens <= pending_tokens, [&] {
    return "ssd_settle: a state of " + shape.to_string() + " and " + std::to_string(args.tokens) +
           " tokens, want four dimensions and 0 to " + std::to_string(pending_tokens);
  });
  ssd_require_groups("ssd_settle", shape[1], args.groups);
  require(args.pending, Shape{shape[0], pending_tokens, pending_floats(shape[1], shape[2], args.groups, shape[3])},
          DType::f32, DeviceKind::cuda, "ssd_settle: pending");
  if (args.tokens > 0) cuda::ssd_settle(stream, args);
}

}  // namespace holdfast
