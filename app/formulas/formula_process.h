// The process that typesets, `holdfast-window --formulas`, as a renderer's thread has it: it is asked for one formula
// at a time, killed when it is late, and started anew when it is gone. MathJax runs what a model wrote, in an engine
// that can hang, crash and eat memory, so all of that happens where it takes nothing along.
#pragma once

#include <QByteArray>
#include <QProcess>
#include <QString>
#include <atomic>
#include <memory>

namespace holdfast {

class FormulaProcess {
 public:
  // program: empty for the one beside this program. closing: once it is true, nothing is waited for any more.
  FormulaProcess(QString program, const std::atomic<bool>& closing);

  // The process' answer, to be checked; empty: it took longer than `budget` milliseconds, it died of it twice, or there
  // is no process. Blocks its thread, which needs no event loop; it is the same one in every call, end() included.
  [[nodiscard]] QByteArray typeset(const QString& tex, bool display, int budget);
  void end();

 private:
  enum class Heard { line, late, dead };
  bool start();
  bool startOnce();
  Heard hear(QByteArray* line, int patience);

  const QString program_;
  const std::atomic<bool>& closing_;
  std::unique_ptr<QProcess> process_;
  bool absent_ = false;  // it cannot be started, and is not tried again
};

// What the process does: reads requests from standard input, a line of JSON each, and answers with a line of what
// formula.js returns, until its input ends. The first line says that it is ready. Returns the program's exit code.
int serveFormulas();

}  // namespace holdfast
