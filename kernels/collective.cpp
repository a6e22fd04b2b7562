#include "kernels/collective.h"

#include "kernels/cuda_backend.h"
#include "kernels/error.h"

namespace holdfast {

Collective::Id Collective::draw_id() { return cuda::draw_collective_id(); }

std::unique_ptr<Collective> Collective::open(Stream& stream, const Id& id, int rank, int ranks) {
  if (stream.kind() != DeviceKind::cuda) throw ArgumentError("collective: a CPU stream, want a GPU's");
  return cuda::open_collective(stream, id, rank, ranks);
}

}  // namespace holdfast
