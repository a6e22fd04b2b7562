// A long answer as it streams into the transcript: how long each frame takes, and how the memory grows.
//
// Text arrives as 500 tokens a second do, 33 ms at a time; a frame is what the window's thread has to do for it: take
// the text, lay it out, paint. The last frame's text is compared with what was streamed before a figure is printed.
#include <unistd.h>

#include <QApplication>
#include <QImage>
#include <QScrollBar>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "app/widgets/transcript_view.h"
#include "tests/bench/frame_times.h"

using namespace holdfast;
using bench::at_share;
using bench::thread_milliseconds;

namespace {

constexpr double tokens_per_frame = 500 * 0.033;
constexpr double characters_per_token = 3.6;  // as in mathematical English with a vocabulary of 50 000

// Paragraphs with formulas, lists, tables and code, as a reasoning model writes them.
QString long_text(std::int64_t tokens) {
  const auto wanted = static_cast<qsizetype>(static_cast<double>(tokens) * characters_per_token);
  QString text;
  for (int i = 0; text.size() < wanted; ++i) {
    text += QStringLiteral(
                "Step %1. Let $f_{%1}(x) = x^2 + %1x + 1$; then the sum over the first terms is at most "
                "$\\sum_{k=1}^{%1} \\frac{1}{k}$, so the bound of the last paragraph still holds, and it is "
                "enough to look at the case in which $x$ is even.\n\n")
                .arg(i % 97 + 1);
    if (i % 5 == 1)
      text += QStringLiteral("* first, **%1** is even;\n* then, `n + %1` is odd;\n* so they differ.\n\n").arg(i);
    if (i % 9 == 4) text += QStringLiteral("$$x_{1,2} = \\frac{-b \\pm \\sqrt{b^2 - 4ac}}{2a}$$\n\n");
    if (i % 13 == 7) {
      text += QStringLiteral(
          "```python\ndef step(n):\n    # every number up to n\n    return [k * k for k in range(n)]\n```\n\n");
    }
  }
  return text.left(wanted);
}

double resident_mib() {
  std::ifstream file("/proc/self/statm");
  long total = 0;
  long resident = 0;
  file >> total >> resident;
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE)) / (1024.0 * 1024.0);
}

}  // namespace

// transcript_bench [TOKENS [ANSWER: 1 = into the answer, 0 = into the thought]]
int main(int argc, char** argv) {
  if (qEnvironmentVariableIsEmpty("QT_QPA_PLATFORM")) qputenv("QT_QPA_PLATFORM", "offscreen");
  const QApplication application(argc, argv);
  const std::int64_t tokens = argc > 1 ? std::atoll(argv[1]) : 30000;
  const bool answer = argc <= 2 || std::atoi(argv[2]) != 0;
  const QString text = long_text(tokens);
  TranscriptView view;
  view.resize(900, 760);
  view.show();
  view.add({.key = 1, .kind = TranscriptItem::Kind::question, .text = QStringLiteral("How far does the bound hold?")});
  view.add(
      {.key = 1, .kind = TranscriptItem::Kind::reply, .thoughtLabel = QStringLiteral("Thinking"), .running = true});
  QApplication::processEvents();
  QImage canvas(view.size(), QImage::Format_RGB32);
  std::vector<double> frames;
  std::vector<double> own;
  std::vector<double> memory;
  const auto count = static_cast<std::int64_t>(std::ceil(static_cast<double>(tokens) / tokens_per_frame));
  for (std::int64_t frame = 0; frame < count; ++frame) {
    const qsizetype from = text.size() * frame / count;
    const QString piece = text.mid(from, text.size() * (frame + 1) / count - from);
    const double own_begin = thread_milliseconds();
    const auto begin = std::chrono::steady_clock::now();
    view.append(answer ? QString() : piece, answer ? piece : QString());
    QApplication::processEvents();
    view.render(&canvas);
    frames.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count());
    own.push_back(thread_milliseconds() - own_begin);
    if (frame % std::max<std::int64_t>(1, count / 6) == 0) memory.push_back(resident_mib());
  }
  memory.push_back(resident_mib());
  const TranscriptItem* last = view.last();
  if ((answer ? last->text : last->thought) != text)
    return std::fprintf(stderr, "the text is not what was streamed\n"), 1;
  const auto late = std::ranges::count_if(frames, [](double ms) { return ms > 16.0; });
  std::printf(
      "{\"tokens\": %lld, \"into\": \"%s\", \"frames\": %zu, \"ms_p50\": %.2f, \"ms_p95\": %.2f, \"ms_max\": %.2f, "
      "\"over_16_ms\": %.4f, \"cpu_ms_p50\": %.2f, \"cpu_ms_p95\": %.2f, \"cpu_ms_max\": %.2f, \"last_sixth_p95\": "
      "%.2f, \"memory_mib\": [",
      static_cast<long long>(tokens), answer ? "answer" : "thought", frames.size(), at_share(frames, 0.5),
      at_share(frames, 0.95), at_share(frames, 1.0), static_cast<double>(late) / static_cast<double>(frames.size()),
      at_share(own, 0.5), at_share(own, 0.95), at_share(own, 1.0),
      at_share({frames.end() - static_cast<std::ptrdiff_t>(frames.size() / 6), frames.end()}, 0.95));
  for (std::size_t i = 0; i < memory.size(); ++i) std::printf("%s%.1f", i == 0 ? "" : ", ", memory[i]);
  std::printf("]}\n");
  return 0;
}
