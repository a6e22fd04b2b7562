#include <sys/resource.h>

#include <QFile>
#include <QJSEngine>
#include <QJSValue>
#include <QJsonDocument>
#include <QJsonObject>
#include <QLoggingCategory>
#include <algorithm>
#include <cstdio>
#include <iostream>
#include <string>

#include "app/formulas/formula_limits.h"
#include "app/formulas/formula_process.h"
#include "kernels/error.h"

// Outside every namespace, as the macro wants it: a static library's resources are linked in only when asked for.
static void load_formula_resources() { Q_INIT_RESOURCE(formulas); }

namespace holdfast {
namespace {

constexpr rlim_t most_memory = rlim_t{1} << 30;  // of addresses, the libraries' included

// A formula that eats memory ends this process, not others by the system's choice; and it leaves no core file.
void limit_this_process() {
  const auto limit = [](int what, rlim_t most) {
    rlimit now{};
    if (::getrlimit(what, &now) != 0) return;
    now.rlim_cur = std::min(now.rlim_max, most);
    now.rlim_max = now.rlim_cur;
    (void)::setrlimit(what, &now);
  };
  limit(RLIMIT_AS, most_memory);
  limit(RLIMIT_CORE, 0);
}

QJSValue load_mathjax(QJSEngine& engine) {
  load_formula_resources();
  QFile script(QStringLiteral(":/formulas/mathjax.js"));
  if (!script.open(QIODevice::ReadOnly)) throw IoError(":/formulas/mathjax.js: not part of this program");
  const QJSValue loaded = engine.evaluate(QString::fromUtf8(script.readAll()), QStringLiteral("mathjax.js"));
  if (loaded.isError()) throw FormatError("mathjax.js: " + loaded.toString().toStdString());
  return engine.globalObject().property(QStringLiteral("formula"));
}

bool write_line(QByteArray line) {
  line += '\n';
  return std::fwrite(line.constData(), 1, static_cast<std::size_t>(line.size()), stdout) ==
             static_cast<std::size_t>(line.size()) &&
         std::fflush(stdout) == 0;
}

}  // namespace

int serveFormulas() {
  limit_this_process();
  // Compiled code gains a tenth of the time, and is where this engine has crashed.
  qputenv("QV4_FORCE_INTERPRETER", "1");
  // The engine has an opinion on the order of declarations in minified code.
  QLoggingCategory::setFilterRules(QStringLiteral("qt.qml.compiler.warning=false"));
  QJSEngine engine;
  QJSValue formula = load_mathjax(engine);
  if (!write_line(formulas_ready)) return 1;
  for (std::string line; std::getline(std::cin, line);) {
    const QJsonObject request = QJsonDocument::fromJson(QByteArray::fromStdString(line)).object();
    const QJSValue result = formula.call(
        {QJSValue(request[QLatin1String("tex")].toString()), QJSValue(request[QLatin1String("display")].toBool())});
    if (!write_line(result.isString() ? result.toString().toUtf8() : QByteArrayLiteral("{}"))) return 1;
  }
  return 0;
}

}  // namespace holdfast
