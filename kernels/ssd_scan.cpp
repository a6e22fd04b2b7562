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
  if (args.conv_table && args.state_table && where == DeviceKind::cuda) {
    require(args.conv_table, Shape{batch}, DType::i64, where, "ssd_step: conv_table");
    require(args.state_table, Shape{batch}, DType::i64, where, "ssd_step: state_table");
    if (batch != 0) cuda::ssd_step(stream, args);
    return;
  }
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

}  // namespace holdfast
