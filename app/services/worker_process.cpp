#include "app/services/worker_process.h"

#include <QFile>
#include <QProcess>
#include <QRegularExpression>

#include "app/files/paths.h"
#include "app/store/store.h"
#include "kernels/error.h"

namespace holdfast {

QString worker_program() {
  const std::optional<std::filesystem::path> program = program_beside("holdfast");
  if (!program) throw IoError("the program `holdfast`, which does the work, is not beside the window's");
  return QString::fromStdString(program->string());
}

std::string start_worker(const QStringList& arguments, const std::filesystem::path& log) {
  std::filesystem::create_directories(log.parent_path());
  const QString file = QString::fromStdString(log.string());
  QProcess process;
  process.setProgram(worker_program());
  process.setArguments(arguments);
  process.setStandardInputFile(QProcess::nullDevice());
  process.setStandardOutputFile(file, QIODevice::Truncate);
  process.setStandardErrorFile(file, QIODevice::Append);
  qint64 pid = 0;
  if (!process.startDetached(&pid)) throw IoError(log.string() + ": the process that writes it could not be started");
  return process_mark(pid);
}

QString shell_word(const QString& text) {
  static const QRegularExpression plain(QStringLiteral("^[A-Za-z0-9_./:=,+@%-]+$"));
  if (plain.match(text).hasMatch()) return text;
  return QLatin1Char('\'') + QString(text).replace(QLatin1Char('\''), QStringLiteral("'\\''")) + QLatin1Char('\'');
}

QString last_words(const QByteArray& text) {
  const QStringList lines = QString::fromUtf8(text).split(QLatin1Char('\n'), Qt::SkipEmptyParts);
  QString line = lines.isEmpty() ? QString() : lines.last();
  if (line.startsWith(QLatin1String("holdfast: "))) line.remove(0, 10);
  return line;
}

QString last_words(const std::filesystem::path& log) {
  QFile file(QString::fromStdString(log.string()));
  return file.open(QIODevice::ReadOnly) ? last_words(file.readAll()) : QString();
}

}  // namespace holdfast
