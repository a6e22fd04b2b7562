// The threads of one CPU stream, and one thread that works ahead: the only place below app/ where a thread starts.
//
// Work is claimed piece by piece from one counter, the caller takes part, and a join waits for pieces, not for threads:
// a worker that the system has put aside delays nobody unless it holds a piece. Idle workers spin for a few tens of
// microseconds, then sleep in the kernel, so a machine shared with another process is not fought over.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <type_traits>

namespace holdfast::cpu {

class ThreadPool {
 public:
  // threads >= 1, the caller's included; 0 = one per core this process may run on.
  explicit ThreadPool(int threads = 0);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  [[nodiscard]] int threads() const noexcept;

  // Calls body(piece, thread) for every piece in [0, pieces), thread in [0, threads()); returns when all are done.
  // Pieces run in any order. The first exception of a body is thrown again here. Not reentrant.
  template <class Body>
  void run(std::int64_t pieces, Body&& body) {
    using Plain = std::remove_reference_t<Body>;
    run_erased(
        pieces, [](void* context, std::int64_t piece, int thread) { (*static_cast<Plain*>(context))(piece, thread); },
        const_cast<void*>(static_cast<const void*>(&body)));
  }

 private:
  using Call = void (*)(void* context, std::int64_t piece, int thread);
  void run_erased(std::int64_t pieces, Call call, void* context);

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// One thread beside the caller's, for work that runs ahead of it. The destructor asks it to stop and waits for its end.
class Background {
 public:
  // body must not throw; it ends soon after a stop is requested. Throws DeviceError when there are no more threads.
  explicit Background(std::function<void(std::stop_token)> body);
  ~Background();
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace holdfast::cpu
