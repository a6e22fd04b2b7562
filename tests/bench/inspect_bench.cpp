// The inspector's heat maps: how long a frame takes while a timeline of 100 000 tokens is moved and zoomed, and which
// part of a core it takes to refresh all maps ten times a second, as a running session would.
//
// What the levels of detail say is compared with the numbers themselves before a figure is printed.
#include <QApplication>
#include <QImage>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#include "app/widgets/heatmap_view.h"
#include "tests/bench/frame_times.h"
#include "tests/support/data.h"

using namespace holdfast;
using bench::at_share;
using bench::thread_milliseconds;

namespace {

HeatmapData some_data(int rows, int columns, std::uint64_t seed) {
  test::Random random(seed);
  HeatmapData data;
  data.rows = rows, data.columns = columns;
  data.logarithmic = true;
  for (int row = 0; row < rows; ++row) {
    double level = 1.0;
    for (int c = 0; c < columns; ++c) {
      level = std::clamp(level * std::exp(0.1 * random.normal()), 1e-3, 1e3);
      data.values.push_back(static_cast<float>(level));
    }
  }
  for (int i = 0; i < 60; ++i) data.marks.push_back({i * columns / 60.0, QStringLiteral("answer"), i % 2 == 0});
  return data;
}

// Means over any stretch against the plain mean: a level rounds its ends outwards by less than half.
bool levels_agree() {
  test::Random random(5);
  std::vector<float> ramp;
  for (int i = 0; i < 100000; ++i) ramp.push_back(static_cast<float>(i) / 99999.0f);
  const HeatmapLevels levels(1, 100000, ramp);
  for (int i = 0; i < 2000; ++i) {
    const double first = std::floor(random.uniform() * 99000.0);
    const double count = std::floor(1.0 + random.uniform() * (99999.0 - first));
    const double want = (first + (count - 1.0) / 2.0) / 99999.0;
    const auto got = static_cast<double>(levels.over(0, first, first + count, HeatmapLevels::Kind::mean));
    if (!(std::abs(got - want) <= 0.5 * count / 99999.0 + 1e-4)) return false;
  }
  return true;
}

void print_frames(const char* what, const std::vector<double>& frames) {
  std::printf("%-40s p50 %6.2f ms   p95 %6.2f ms   max %6.2f ms   (%zu frames)\n", what, at_share(frames, 0.5),
              at_share(frames, 0.95), at_share(frames, 1.0), frames.size());
}

template <class Move>
std::vector<double> frames_of(HeatmapView& view, int count, const Move& move) {
  QImage picture(view.size(), QImage::Format_ARGB32_Premultiplied);
  std::vector<double> frames;
  for (int i = 0; i < count; ++i) {
    const double begin = thread_milliseconds();
    move(i, static_cast<double>(i) / (count - 1));
    view.render(&picture);
    frames.push_back(thread_milliseconds() - begin);
  }
  return frames;
}

}  // namespace

// inspect_bench [TOKENS]
int main(int argc, char** argv) {
  if (qEnvironmentVariableIsEmpty("QT_QPA_PLATFORM")) qputenv("QT_QPA_PLATFORM", "offscreen");
  const QApplication application(argc, argv);
  const int tokens = argc > 1 ? std::atoi(argv[1]) : 100000;
  if (!levels_agree()) {
    std::fprintf(stderr, "inspect_bench: a level of detail is not the mean of its numbers\n");
    return 1;
  }
  HeatmapView timeline;
  timeline.resize(1200, 300);
  timeline.show();
  const double begin = thread_milliseconds();
  timeline.setData(some_data(24, tokens, 1));
  std::printf("%d tokens x 24 layers, 1200 x 300 pixels; first shown after %.0f ms\n", tokens,
              thread_milliseconds() - begin);
  print_frames("panned, all in sight to an eighth", frames_of(timeline, 300, [&](int, double at) {
                 timeline.showColumns(at * tokens * 7.0 / 8.0, tokens / 8.0);
               }));
  print_frames("panned close, 500 tokens in sight",
               frames_of(timeline, 300, [&](int i, double) { timeline.showColumns(tokens / 3.0 + 7.0 * i, 500.0); }));
  print_frames("zoomed from all to 50 tokens and back", frames_of(timeline, 300, [&](int, double at) {
                 const double depth = 1.0 - std::abs(2.0 * at - 1.0);
                 const double count = tokens * std::pow(50.0 / tokens, depth);
                 timeline.showColumns(tokens / 2.0 - count / 2.0, count);
               }));

  // Ten times a second: map of heads, timeline of samples every 16 tokens, one head's matrix.
  HeatmapView map, live, head;
  for (HeatmapView* view : {&map, &live, &head}) view->resize(560, 200);
  const HeatmapData of_map = some_data(24, 24, 2), of_live = some_data(24, tokens / 16, 3),
                    of_head = some_data(64, 128, 4);
  constexpr int refreshes = 50;
  std::vector<double> cost;
  const auto start = std::chrono::steady_clock::now();
  const double before = thread_milliseconds();
  for (int i = 0; i < refreshes; ++i) {
    const double frame = thread_milliseconds();
    map.setData(of_map), live.setData(of_live), head.setData(of_head);
    for (HeatmapView* view : {&map, &live, &head}) {
      QImage picture(view->size(), QImage::Format_ARGB32_Premultiplied);
      view->render(&picture);
    }
    cost.push_back(thread_milliseconds() - frame);
    std::this_thread::sleep_until(start + std::chrono::milliseconds(100) * (i + 1));
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  print_frames("three maps refreshed 10 times a second", cost);
  std::printf("share of a core: %.1f %%\n", (thread_milliseconds() - before) / (10.0 * seconds));
  return 0;
}
