#include "kernels/cpu/thread_pool.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <exception>
#include <fstream>
#include <limits>
#include <set>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "kernels/error.h"

namespace holdfast::cpu {
namespace {

constexpr int pool_max_threads = 1024;
constexpr auto pool_spin_time = std::chrono::microseconds(50);

inline void pool_relax() noexcept {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield" ::: "memory");
#endif
}

// Polls `ready` for pool_spin_time; false when it never was. The clock is read once per 32 polls.
template <class Ready>
bool pool_spin_until(Ready ready) {
  for (int poll = 0; poll < 32; ++poll) {
    if (ready()) return true;
    pool_relax();
  }
  const auto end = std::chrono::steady_clock::now() + pool_spin_time;
  do {
    for (int poll = 0; poll < 32; ++poll) {
      if (ready()) return true;
      pool_relax();
    }
  } while (std::chrono::steady_clock::now() < end);
  return ready();
}

std::string pool_first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

// The CPUs of the affinity mask, hyper-threads of one core counted once; 0 if the system does not say.
int pool_affinity_cores() {
  int size = 1024;
  for (;; size *= 4) {
    cpu_set_t* set = CPU_ALLOC(static_cast<std::size_t>(size));
    if (set == nullptr) return 0;
    const std::size_t bytes = CPU_ALLOC_SIZE(static_cast<std::size_t>(size));
    const int status = sched_getaffinity(0, bytes, set);
    const int reason = errno;
    std::set<std::string> cores;
    for (int cpu = 0; status == 0 && cpu < size; ++cpu) {
      if (!CPU_ISSET_S(static_cast<std::size_t>(cpu), bytes, set)) continue;
      const std::string number = std::to_string(cpu);
      const std::string siblings =
          pool_first_line("/sys/devices/system/cpu/cpu" + number + "/topology/thread_siblings_list");
      cores.insert(siblings.empty() ? "cpu" + number : siblings);
    }
    CPU_FREE(set);
    if (status == 0) return static_cast<int>(cores.size());
    if (reason != EINVAL || size > (1 << 20)) return 0;  // EINVAL: the kernel's mask is longer than ours
  }
}

// CPU time over wall time as two numbers of a cgroup; no limit if either is not a positive number.
double pool_quota(const std::string& quota, const std::string& period) {
  try {
    const double limit = std::stod(quota) / std::stod(period);
    if (limit > 0) return limit;
  } catch (const std::exception&) {  // "max", "-1" or no such file
  }
  return std::numeric_limits<double>::infinity();
}

// The cores' worth of time that this process's cgroup and its parents allow (both cgroup versions).
double pool_cgroup_cores() {
  double cores = std::numeric_limits<double>::infinity();
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    const auto first = line.find(':');
    const auto second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    const bool second_version = controllers == ",,";
    if (!second_version && controllers.find(",cpu,") == std::string::npos) continue;
    const std::string root = second_version ? "/sys/fs/cgroup" : "/sys/fs/cgroup/cpu";
    std::string path = line.substr(second + 1);
    for (;;) {
      const std::string folder = root + (path == "/" ? "" : path);
      if (second_version) {
        const std::string both = pool_first_line(folder + "/cpu.max");
        const auto space = both.find(' ');
        if (space != std::string::npos) {
          cores = std::min(cores, pool_quota(both.substr(0, space), both.substr(space + 1)));
        }
      } else {
        cores = std::min(cores, pool_quota(pool_first_line(folder + "/cpu.cfs_quota_us"),
                                           pool_first_line(folder + "/cpu.cfs_period_us")));
      }
      if (path.empty() || path == "/") break;
      path.resize(path.rfind('/') == std::string::npos ? 0 : path.rfind('/'));
    }
  }
  return cores;
}

int pool_usable_cores() {
  int cores = pool_affinity_cores();
  if (cores == 0) cores = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  const double quota = pool_cgroup_cores();
  if (quota < cores) cores = static_cast<int>(quota + 0.999);
  return std::clamp(cores, 1, pool_max_threads);
}

}  // namespace

// `ticket` is (run number << 32 | pieces not yet claimed). A piece is claimed by taking one off the low half, so a
// claim can only succeed while that run has pieces left; then the run cannot end before the claimed piece does, and
// what it calls may be read after the claim. A worker that wakes late finds 0 pieces or those of a newer run.
struct ThreadPool::Impl {
  alignas(64) std::atomic<std::uint64_t> ticket{0};
  alignas(64) std::atomic<std::uint32_t> unfinished{0};
  alignas(64) std::atomic<std::uint32_t> wake{0};  // changes with every run and at the end; what idle workers sleep on
  std::atomic<bool> stop{false};
  std::atomic<bool> failed{false};
  std::exception_ptr error;  // written by the one body that set `failed`, read after the join

  Call call = nullptr;
  void* context = nullptr;
  std::int64_t first = 0;    // piece number of the section's first piece
  std::uint32_t pieces = 0;  // of the section under way
  std::vector<std::thread> workers;

  explicit Impl(int threads) {
    workers.reserve(static_cast<std::size_t>(threads - 1));
    try {
      for (int i = 1; i < threads; ++i) workers.emplace_back([this, i] { work(i); });
    } catch (const std::system_error& reason) {
      end();
      throw DeviceError("a pool of " + std::to_string(threads) + " threads could not be started: " + reason.what());
    }
  }
  ~Impl() { end(); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void end() noexcept {
    stop.store(true);
    wake.fetch_add(1);
    wake.notify_all();
    for (std::thread& worker : workers) worker.join();
    workers.clear();
  }

  // Claims and runs pieces until none is left.
  void claim_all(int thread) noexcept {
    std::uint64_t seen = ticket.load(std::memory_order_acquire);
    while (static_cast<std::uint32_t>(seen) != 0) {
      if (!ticket.compare_exchange_weak(seen, seen - 1, std::memory_order_acq_rel, std::memory_order_acquire)) continue;
      run_piece(first + (pieces - static_cast<std::uint32_t>(seen)), thread);
      seen = ticket.load(std::memory_order_acquire);
    }
  }

  void run_piece(std::int64_t piece, int thread) noexcept {
    if (!failed.load(std::memory_order_relaxed)) {
      try {
        call(context, piece, thread);
      } catch (...) {
        if (!failed.exchange(true)) error = std::current_exception();
      }
    }
    if (unfinished.fetch_sub(1, std::memory_order_acq_rel) == 1) unfinished.notify_one();
  }

  void work(int thread) noexcept {
    const auto has_work = [this] { return static_cast<std::uint32_t>(ticket.load(std::memory_order_acquire)) != 0; };
    while (!stop.load()) {
      const std::uint32_t before = wake.load();
      if (pool_spin_until([&] { return has_work() || stop.load(std::memory_order_relaxed); })) {
        claim_all(thread);
      } else if (wake.load() == before) {
        wake.wait(before);
      }
    }
  }

  void run_section(std::int64_t first_piece, std::uint32_t count, Call body, void* argument) {
    call = body;
    context = argument;
    first = first_piece;
    pieces = count;
    unfinished.store(count, std::memory_order_relaxed);
    const std::uint64_t run = (ticket.load(std::memory_order_relaxed) >> 32) + 1;
    ticket.store(run << 32 | count);
    wake.fetch_add(1);
    wake.notify_all();
    claim_all(0);
    if (!pool_spin_until([this] { return unfinished.load(std::memory_order_acquire) == 0; })) {
      for (std::uint32_t left = unfinished.load(std::memory_order_acquire); left != 0;
           left = unfinished.load(std::memory_order_acquire)) {
        unfinished.wait(left, std::memory_order_acquire);
      }
    }
  }
};

ThreadPool::ThreadPool(int threads) {
  if (threads < 0 || threads > pool_max_threads) {
    throw ArgumentError("thread pool: " + std::to_string(threads) + " threads, want 0 (one per core) to " +
                        std::to_string(pool_max_threads));
  }
  impl_ = std::make_unique<Impl>(threads == 0 ? pool_usable_cores() : threads);
}

ThreadPool::~ThreadPool() = default;

int ThreadPool::threads() const noexcept { return static_cast<int>(impl_->workers.size()) + 1; }

void ThreadPool::run_erased(std::int64_t pieces, Call call, void* context) {
  if (impl_->workers.empty() || pieces <= 1) {
    for (std::int64_t piece = 0; piece < pieces; ++piece) call(context, piece, 0);
    return;
  }
  constexpr std::int64_t section = std::int64_t{1} << 31;
  for (std::int64_t first = 0; first < pieces; first += section) {
    impl_->run_section(first, static_cast<std::uint32_t>(std::min(section, pieces - first)), call, context);
    if (impl_->failed.load()) break;
  }
  if (impl_->failed.exchange(false)) std::rethrow_exception(std::exchange(impl_->error, nullptr));
}

struct Background::Impl {
  std::jthread thread;
};

Background::Background(std::function<void(std::stop_token)> body) {
  try {
    impl_ = std::make_unique<Impl>(Impl{std::jthread(std::move(body))});
  } catch (const std::system_error& reason) {
    throw DeviceError(std::string("a thread could not be started: ") + reason.what());
  }
}

Background::~Background() = default;

}  // namespace holdfast::cpu
