#include "kernels/cuda/products.h"

#include <dlfcn.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "kernels/error.h"

namespace holdfast::cuda {
namespace {

constexpr std::size_t product_workspace_bytes = std::size_t{64} << 20;

// The functions that are used, with the types of the header.
struct Library {
  decltype(&cublasLtCreate) create = nullptr;
  decltype(&cublasLtDestroy) destroy = nullptr;
  decltype(&cublasLtMatmul) matmul = nullptr;
  decltype(&cublasLtMatmulDescCreate) desc_create = nullptr;
  decltype(&cublasLtMatmulDescDestroy) desc_destroy = nullptr;
  decltype(&cublasLtMatmulDescSetAttribute) desc_set = nullptr;
  decltype(&cublasLtMatrixLayoutCreate) layout_create = nullptr;
  decltype(&cublasLtMatrixLayoutDestroy) layout_destroy = nullptr;
  decltype(&cublasLtMatmulPreferenceCreate) preference_create = nullptr;
  decltype(&cublasLtMatmulPreferenceDestroy) preference_destroy = nullptr;
  decltype(&cublasLtMatmulPreferenceSetAttribute) preference_set = nullptr;
  decltype(&cublasLtMatmulAlgoGetHeuristic) heuristic = nullptr;
  bool complete = false;
};

template <class Function>
bool find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  return function != nullptr;
}

// The major version must be the header's: types change between them.
void* open_library() {
  const char* wish = std::getenv("HOLDFAST_CUBLASLT");  // a path; "none" leaves it out
  if (wish != nullptr && *wish != '\0') return std::string(wish) == "none" ? nullptr : dlopen(wish, RTLD_NOW);
  const std::string file = "libcublasLt.so." + std::to_string(CUBLAS_VER_MAJOR);
  std::vector<std::string> places{file, "/usr/local/cuda/lib64/" + file, "/opt/cuda/lib64/" + file};
  for (const char* variable : {"CUDA_HOME", "CUDA_PATH"}) {
    if (const char* home = std::getenv(variable); home != nullptr)
      places.push_back(std::string(home) + "/lib64/" + file);
  }
  for (const std::string& place : places) {
    if (void* library = dlopen(place.c_str(), RTLD_NOW); library != nullptr) return library;
  }
  return nullptr;
}

Library load_library() {
  Library found;
  void* library = open_library();
  if (library == nullptr) return found;
  found.complete = find(library, "cublasLtCreate", found.create) && find(library, "cublasLtDestroy", found.destroy) &&
                   find(library, "cublasLtMatmul", found.matmul) &&
                   find(library, "cublasLtMatmulDescCreate", found.desc_create) &&
                   find(library, "cublasLtMatmulDescDestroy", found.desc_destroy) &&
                   find(library, "cublasLtMatmulDescSetAttribute", found.desc_set) &&
                   find(library, "cublasLtMatrixLayoutCreate", found.layout_create) &&
                   find(library, "cublasLtMatrixLayoutDestroy", found.layout_destroy) &&
                   find(library, "cublasLtMatmulPreferenceCreate", found.preference_create) &&
                   find(library, "cublasLtMatmulPreferenceDestroy", found.preference_destroy) &&
                   find(library, "cublasLtMatmulPreferenceSetAttribute", found.preference_set) &&
                   find(library, "cublasLtMatmulAlgoGetHeuristic", found.heuristic);
  return found;
}

const Library& library() {
  static const Library found = load_library();
  return found;
}

// What all three pointers are multiples of, up to the 256 bytes that cuBLASLt asks for at most.
std::uint32_t alignment(const Product& p) {
  const auto bits = reinterpret_cast<std::uintptr_t>(p.x) | reinterpret_cast<std::uintptr_t>(p.w) |
                    reinterpret_cast<std::uintptr_t>(p.y) | 256U;
  return static_cast<std::uint32_t>(bits & (~bits + 1));
}

void require_success(cublasStatus_t status, const char* what) {
  if (status == CUBLAS_STATUS_SUCCESS) return;
  throw DeviceError(std::string("cuBLASLt: ") + what + " failed with status " +
                    std::to_string(static_cast<int>(status)));
}

}  // namespace

struct Products::Plan {
  cublasLtMatmulDesc_t operation = nullptr;
  cublasLtMatrixLayout_t w = nullptr, x = nullptr, y = nullptr;
  cublasLtMatmulAlgo_t algorithm{};

  Plan() = default;
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;
  ~Plan() {
    const Library& lt = library();
    for (const cublasLtMatrixLayout_t layout : {w, x, y}) {
      if (layout != nullptr) lt.layout_destroy(layout);
    }
    if (operation != nullptr) lt.desc_destroy(operation);
  }
};

Products::Products() {
  if (!library().complete) return;
  if (library().create(&handle_) != CUBLAS_STATUS_SUCCESS) {
    handle_ = nullptr;
    return;
  }
  HOLDFAST_CUDA(cudaMalloc(&workspace_, product_workspace_bytes));
}

Products::~Products() {
  plans_.clear();
  if (workspace_ != nullptr) cudaFree(workspace_);
  if (handle_ != nullptr) library().destroy(handle_);
}

// cuBLAS is column-major: y^T (n, m) = w^T-transposed (n, k) times x^T (k, m).
Products::Plan& Products::plan(const Product& p) {
  const Key key{p.m,
                p.n,
                p.k,
                p.x_stride,
                p.w_stride,
                p.y_stride,
                static_cast<int>(p.type),
                static_cast<int>(p.y_type),
                p.accumulate,
                p.x_columns,
                p.w_columns,
                alignment(p)};
  std::unique_ptr<Plan>& found = plans_[key];
  if (found != nullptr) return *found;
  auto made = std::make_unique<Plan>();
  const Library& lt = library();
  require_success(lt.desc_create(&made->operation, CUBLAS_COMPUTE_32F, CUDA_R_32F), "MatmulDescCreate");
  const cublasOperation_t w_turn = p.w_columns ? CUBLAS_OP_N : CUBLAS_OP_T;
  const cublasOperation_t x_turn = p.x_columns ? CUBLAS_OP_T : CUBLAS_OP_N;
  require_success(lt.desc_set(made->operation, CUBLASLT_MATMUL_DESC_TRANSA, &w_turn, sizeof w_turn), "TRANSA");
  require_success(lt.desc_set(made->operation, CUBLASLT_MATMUL_DESC_TRANSB, &x_turn, sizeof x_turn), "TRANSB");
  const auto u = [](std::int64_t value) { return static_cast<std::uint64_t>(value); };
  require_success(
      lt.layout_create(&made->w, p.type, u(p.w_columns ? p.n : p.k), u(p.w_columns ? p.k : p.n), p.w_stride),
      "layout of w");
  require_success(
      lt.layout_create(&made->x, p.type, u(p.x_columns ? p.m : p.k), u(p.x_columns ? p.k : p.m), p.x_stride),
      "layout of x");
  require_success(lt.layout_create(&made->y, p.y_type, u(p.n), u(p.m), p.y_stride), "layout of y");
  cublasLtMatmulPreference_t preference = nullptr;
  require_success(lt.preference_create(&preference), "PreferenceCreate");
  const std::size_t bytes = product_workspace_bytes;
  lt.preference_set(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &bytes, sizeof bytes);
  const std::uint32_t aligned = alignment(p);
  for (const auto attribute :
       {CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES,
        CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES}) {
    lt.preference_set(preference, attribute, &aligned, sizeof aligned);
  }
  cublasLtMatmulHeuristicResult_t result{};
  int count = 0;
  const cublasStatus_t status =
      lt.heuristic(handle_, made->operation, made->w, made->x, made->y, made->y, preference, 1, &result, &count);
  lt.preference_destroy(preference);
  require_success(status, "AlgoGetHeuristic");
  if (count == 0) throw DeviceError("cuBLASLt: no algorithm for a product of this shape");
  made->algorithm = result.algo;
  found = std::move(made);
  return *found;
}

void Products::run(CudaStream& stream, const Product& p) {
  const Plan& made = plan(p);
  const float beta = p.accumulate ? 1.0f : 0.0f;
  require_success(library().matmul(handle_, made.operation, &p.scale, p.w, made.w, p.x, made.x, &beta, p.y, made.y, p.y,
                                   made.y, &made.algorithm, workspace_, product_workspace_bytes, stream.get()),
                  "Matmul");
  finish_launch(stream, "product");
}

}  // namespace holdfast::cuda
