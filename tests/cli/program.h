// Runs the real program, as a shell would, with data of its own.
#pragma once

#include <QByteArray>
#include <QDir>
#include <QProcess>
#include <QString>
#include <QStringList>
#include <QTemporaryDir>
#include <nlohmann/json.hpp>
#include <string>

namespace holdfast::test {

struct Ran {
  int code = -1;  // -1: it did not end by itself
  QByteArray out;
  QByteArray err;
  [[nodiscard]] nlohmann::json json() const { return nlohmann::json::parse(out.toStdString(), nullptr, false); }
  // For the message of a failed check.
  [[nodiscard]] QByteArray told() const { return "exit " + QByteArray::number(code) + ", stderr: " + err; }
};

class Program {
 public:
  explicit Program(QString program = HOLDFAST_PROGRAM)
      : program_(std::move(program)), environment_(QProcessEnvironment::systemEnvironment()) {
    environment_.insert("HOLDFAST_DATA_DIR", data());
    for (const char* name : {"DISPLAY", "WAYLAND_DISPLAY", "XDG_DATA_HOME"}) environment_.remove(name);
  }
  [[nodiscard]] QString data() const { return folder_.filePath("data"); }
  [[nodiscard]] QString file(const QString& name) const { return folder_.filePath(name); }
  void set(const QString& variable, const QString& value) { environment_.insert(variable, value); }

  void start(QProcess& process, const QStringList& arguments) const {
    process.setProcessEnvironment(environment_);
    process.start(program_, arguments);
  }
  [[nodiscard]] Ran run(const QStringList& arguments, const QByteArray& input = {}) const {
    QProcess process;
    start(process, arguments);
    process.write(input);
    process.closeWriteChannel();
    return finish(process);
  }
  [[nodiscard]] static Ran finish(QProcess& process) {
    Ran ran;
    const bool ended = process.waitForFinished(120000);
    ran.out = process.readAllStandardOutput();
    ran.err = process.readAllStandardError();
    if (ended && process.exitStatus() == QProcess::NormalExit) ran.code = process.exitCode();
    return ran;
  }

 private:
  QTemporaryDir folder_;
  QString program_;
  QProcessEnvironment environment_;
};

}  // namespace holdfast::test

// The program must have ended with this code; says what it told if not.
#define HOLDFAST_ENDED(ran, want)                                       \
  do {                                                                  \
    const holdfast::test::Ran& ended_ran = (ran); /* it may be a run */ \
    QVERIFY2(ended_ran.code == (want), ended_ran.told().constData());   \
  } while (false)
