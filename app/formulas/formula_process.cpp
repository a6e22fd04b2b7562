#include "app/formulas/formula_process.h"

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <QDeadlineTimer>
#include <QJsonDocument>
#include <QJsonObject>
#include <algorithm>
#include <utility>

#include "app/files/paths.h"
#include "app/formulas/formula_limits.h"
#include "kernels/error.h"

namespace holdfast {
namespace {

constexpr int start_milliseconds = 30000;  // on a machine with other work; 300 on an idle one
constexpr int closing_milliseconds = 20;   // how often it is seen that nobody waits any more
constexpr int most_starts = 3;             // in a row, of a process that dies before it is ready
constexpr int most_deaths = 2;             // of processes, by one formula: the first may have been ill before

QString window_program() {
  try {
    const auto program = program_beside("holdfast-window");
    return program ? QString::fromStdString(program->string()) : QString();
  } catch (const IoError&) {  // a system that does not tell where this program is
    return {};
  }
}

QByteArray request_of(const QString& tex, bool display) {
  const QJsonObject request{{QStringLiteral("tex"), tex}, {QStringLiteral("display"), display}};
  return QJsonDocument(request).toJson(QJsonDocument::Compact) + '\n';
}

}  // namespace

FormulaProcess::FormulaProcess(QString program, const std::atomic<bool>& closing)
    : program_(std::move(program)), closing_(closing) {}

void FormulaProcess::end() {
  if (!process_) return;
  process_->kill();
  process_->waitForFinished();
  process_.reset();
}

QByteArray FormulaProcess::typeset(const QString& tex, bool display, int budget) {
  for (int death = 0; death < most_deaths && !closing_; ++death) {
    if (!process_ && !start()) return {};
    process_->write(request_of(tex, display));
    QByteArray answer;
    const Heard heard = hear(&answer, budget);
    if (heard == Heard::line) return answer;
    end();
    if (heard == Heard::late) return {};
  }
  return {};
}

bool FormulaProcess::start() {
  if (absent_) return false;
  QString why;
  for (int i = 0; i < most_starts && !closing_; ++i) {
    if (startOnce()) return true;
    if (process_) why = process_->errorString();
    end();
  }
  if (closing_) return false;
  absent_ = true;
  qWarning("holdfast: formulas are shown as their source: the process that typesets them does not start (%s)",
           qUtf8Printable(why.isEmpty() ? QStringLiteral("holdfast-window is not beside this program") : why));
  return false;
}

bool FormulaProcess::startOnce() {
  const QString program = program_.isEmpty() ? window_program() : program_;
  if (program.isEmpty()) return false;
  process_ = std::make_unique<QProcess>();
  process_->setProcessChannelMode(QProcess::ForwardedErrorChannel);
  // A formula that never ends must not outlive a window that was killed.
  process_->setChildProcessModifier([parent = ::getpid()] {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);
  });
  process_->start(program, {QStringLiteral("--formulas")});
  QByteArray line;
  return process_->waitForStarted(start_milliseconds) && hear(&line, start_milliseconds) == Heard::line &&
         line == formulas_ready;
}

FormulaProcess::Heard FormulaProcess::hear(QByteArray* line, int patience) {
  QDeadlineTimer deadline(patience);
  while (!process_->canReadLine()) {
    if (closing_ || deadline.hasExpired() || process_->bytesAvailable() > longest_formula_answer) return Heard::late;
    if (process_->state() == QProcess::NotRunning) return Heard::dead;
    process_->waitForReadyRead(static_cast<int>(std::min<qint64>(deadline.remainingTime(), closing_milliseconds)));
  }
  *line = process_->readLine();
  line->chop(1);
  return Heard::line;
}

}  // namespace holdfast
