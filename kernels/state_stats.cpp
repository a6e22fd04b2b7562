#include "kernels/state_stats.h"

#include "kernels/error.h"

namespace holdfast {

void state_stats(Stream& stream, const StateStatsArgs& args) {
  const DeviceKind where = stream.kind();
  const std::int64_t heads = args.state.shape[0];
  require(args.state, Shape{heads, args.state.shape[1], args.state.shape[2]}, DType::f32, where, "state_stats: state");
  require(args.norm, Shape{heads}, DType::f32, where, "state_stats: norm");
  if (args.stable_rank) require(args.stable_rank, Shape{heads}, DType::f32, where, "state_stats: stable_rank");
  if (args.state.shape.elements() == 0) throw ArgumentError("state_stats: state: empty, want at least one number");
  return where == DeviceKind::cpu ? cpu::state_stats(stream, args) : cuda::state_stats(stream, args);
}

void ssd_trace(Stream& stream, const SsdTraceArgs& args) {
  const DeviceKind where = stream.kind();
  const std::int64_t tokens = args.y.shape[0];
  const std::int64_t heads = args.y.shape[1];
  if (args.groups < 1 || heads % args.groups != 0) {
    throw ArgumentError("ssd_trace: groups: " + std::to_string(args.groups) + ", want a divisor of " +
                        std::to_string(heads) + " heads");
  }
  require(args.trace, Shape{tokens, heads, 3}, DType::f32, where, "ssd_trace: trace");
  const DType dtype = activation_dtype(args.y, where, "ssd_trace: y");
  require(args.y, Shape{tokens, heads, args.y.shape[2]}, dtype, where, "ssd_trace: y");
  require(args.xbc, Shape{tokens, heads * args.y.shape[2] + 2 * args.groups * args.d_state}, dtype, where,
          "ssd_trace: xbc");
  require(args.log_decay, Shape{tokens, heads}, DType::f32, where, "ssd_trace: log_decay");
  require(args.a, Shape{heads}, DType::f32, where, "ssd_trace: a");
  require(args.d, Shape{heads}, DType::f32, where, "ssd_trace: d");
  if (tokens == 0) return;
  return where == DeviceKind::cpu ? cpu::ssd_trace(stream, args) : cuda::ssd_trace(stream, args);
}

}  // namespace holdfast
