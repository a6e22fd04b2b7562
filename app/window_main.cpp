// holdfast-window: the window, a program of its own beside `holdfast`, so that the command line needs no Qt.
#include <unistd.h>

#include <QApplication>
#include <QCommandLineParser>
#include <QIcon>
#include <QJsonDocument>
#include <QJsonObject>
#include <QNetworkProxyFactory>
#include <algorithm>
#include <cstdio>
#include <string_view>

#include "app/files/paths.h"
#include "app/formulas/formula_process.h"
#include "app/services/exchange_service.h"
#include "app/services/hub_download.h"
#include "app/store/state_files.h"
#include "app/window/main_window.h"
#include "app/window/single_instance.h"
#include "app/window/start_measure.h"
#include "kernels/error.h"
#include "kernels/size_text.h"

namespace {

using namespace holdfast;

struct Arguments {
  std::filesystem::path data_dir;
  QString model;
  QString download;
  bool json = false;
  SessionId session;  // to export
  ExportFormat format = ExportFormat::pdf;
  ExportOptions options;
  std::filesystem::path out;
  bool measure_start = false;
};

// What `holdfast export` starts this program with.
void parse_export(const QCommandLineParser& parser, Arguments& arguments) {
  if (!parser.isSet(QStringLiteral("export"))) return;
  arguments.session = {parser.value(QStringLiteral("export")).toLongLong()};
  const std::string format = parser.value(QStringLiteral("format")).toStdString();
  const std::optional<ExportFormat> known = export_format(format);
  if (!known) throw ArgumentError("--format \"" + format + "\": want md, html, pdf, tex, jsonl, sharegpt or messages");
  arguments.format = *known;
  arguments.options.tree = parser.isSet(QStringLiteral("tree"));
  arguments.options.thoughts = !parser.isSet(QStringLiteral("no-thoughts"));
  arguments.options.statistics = parser.isSet(QStringLiteral("statistics"));
  arguments.out = parser.value(QStringLiteral("out")).toStdString();
}

Arguments parse(const QCoreApplication& application) {
  QCommandLineParser parser;
  parser.setApplicationDescription(QCoreApplication::translate("main", "Solve problems with an attention-free model."));
  parser.addHelpOption();
  parser.addVersionOption();
  const QCommandLineOption data_option(QStringLiteral("data-dir"),
                                       QCoreApplication::translate("main", "Where sessions and models are kept."),
                                       QStringLiteral("folder"));
  parser.addOption(data_option);
  const QCommandLineOption download_option(
      QStringLiteral("download"),
      QCoreApplication::translate("main", "Fetch a model from a hub, without opening the window (holdfast models)."),
      QStringLiteral("address"));
  parser.addOption(download_option);
  const QCommandLineOption json_option(
      QStringLiteral("json"), QCoreApplication::translate("main", "With --download: print the result as JSON."));
  parser.addOption(json_option);
  parser.addOptions(
      {{QStringLiteral("export"),
        QCoreApplication::translate("main", "Write a session to a file, without a window (holdfast export)."),
        QStringLiteral("session")},
       {QStringLiteral("format"), QCoreApplication::translate("main", "With --export: pdf, html, ..."),
        QStringLiteral("name"), QStringLiteral("pdf")},
       {QStringLiteral("tree"), QCoreApplication::translate("main", "With --export: all branches.")},
       {QStringLiteral("no-thoughts"), QCoreApplication::translate("main", "With --export: leave out thoughts.")},
       {QStringLiteral("statistics"), QCoreApplication::translate("main", "With --export: figures of each answer.")},
       {QStringLiteral("out"), QCoreApplication::translate("main", "With --export: the file."),
        QStringLiteral("file")}});
  QCommandLineOption measure_option(QStringLiteral("measure-start"));
  measure_option.setFlags(QCommandLineOption::HiddenFromHelp);
  parser.addOption(measure_option);
  parser.addPositionalArgument(QStringLiteral("model"),
                               QCoreApplication::translate("main",
                                                           "A model folder, a GGUF file, or the name of an "
                                                           "installed model."),
                               QStringLiteral("[model]"));
  parser.process(application);
  Arguments arguments;
  arguments.data_dir = data_dir(parser.value(data_option).toStdString());
  arguments.download = parser.value(download_option);
  arguments.json = parser.isSet(json_option);
  parse_export(parser, arguments);
  arguments.measure_start = parser.isSet(measure_option);
  const QStringList models = parser.positionalArguments();
  if (!models.isEmpty()) {
    const auto path = std::filesystem::absolute(resolve_model(models.first().toStdString(), arguments.data_dir));
    arguments.model = QString::fromStdString(path.string());
  }
  return arguments;
}

void set_icon() {
  QIcon icon;
  const QString folder = QString::fromStdString((resource_dir() / "icons").string());
  for (const int size : {16, 32, 48, 64, 128, 256}) {
    icon.addFile(QStringLiteral("%1/holdfast-%2.png").arg(folder).arg(size), QSize(size, size));
  }
  QApplication::setWindowIcon(icon);
}

// `holdfast-window --download ADDRESS`: without a window, so that it needs no display. Ctrl-C ends it; what has come
// stays, and the same command goes on.
int run_download(const QCoreApplication& application) {
  const Arguments arguments = parse(application);
  const std::filesystem::path models = arguments.data_dir / "models";
  std::filesystem::create_directories(models);
  const bool terminal = ::isatty(STDERR_FILENO) != 0;
  const auto progress = [&](const HubProgress& now) {
    if (!terminal) return;
    const auto bytes = [](double count) { return QString::fromStdString(size_text(count)); };
    const QString line = QStringLiteral("%1: %2 of %3, %4/s")
                             .arg(now.file, bytes(static_cast<double>(now.done)), bytes(static_cast<double>(now.total)),
                                  bytes(now.bytesPerSecond));
    std::fprintf(stderr, "\r\033[K%s", line.toUtf8().constData());
  };
  HubDownload download(HubSettings::fromEnvironment(models));
  std::filesystem::path path;
  try {
    path = download.fetch(HubAddress::parse(arguments.download), progress, {});
  } catch (...) {
    if (terminal) std::fprintf(stderr, "\r\033[K");
    throw;
  }
  if (terminal) std::fprintf(stderr, "\r\033[K");
  const QJsonObject json{{QStringLiteral("name"), QString::fromStdString(path.filename().string())},
                         {QStringLiteral("path"), QString::fromStdString(path.string())}};
  const QByteArray text =
      arguments.json ? QJsonDocument(json).toJson() : QByteArray::fromStdString(path.string()) + '\n';
  std::fwrite(text.constData(), 1, static_cast<std::size_t>(text.size()), stdout);
  return std::fflush(stdout) == 0 ? 0 : 1;
}

// `holdfast-window --export SESSION`: formulas are typeset and pages laid out without a window and without a display.
int run_export(const QCoreApplication& application) {
  const Arguments arguments = parse(application);
  Store store = open_to_read(arguments.data_dir / "holdfast.db", true);
  std::optional<WholeSession> whole = store.whole_session(arguments.session);
  if (!whole) {
    throw StoreError("session " + std::to_string(arguments.session.value) + ": not in " + store.file().string());
  }
  if (arguments.format == ExportFormat::jsonl) {
    StateFiles(store, arguments.data_dir / "states").fetch_origin(*whole);
  }
  if (!arguments.out.empty()) {
    exportToFile(*whole, arguments.format, arguments.options, arguments.out, {});
    return 0;
  }
  const QByteArray bytes = exportBytes(*whole, arguments.format, arguments.options, {});
  std::fwrite(bytes.constData(), 1, static_cast<std::size_t>(bytes.size()), stdout);
  return std::fflush(stdout) == 0 ? 0 : 1;
}

int run(QApplication& application) {
  const Arguments arguments = parse(application);
  SingleInstance instance(arguments.data_dir);
  if (!instance.isFirst()) {
    const bool raised = instance.raiseFirst(arguments.model);
    std::fprintf(stderr, "holdfast: a window is open already on %s%s\n", arguments.data_dir.c_str(),
                 raised ? "; it was brought to the front" : ", and it does not answer; close it first");
    return raised ? 0 : 1;
  }
  set_icon();
  const QPalette system = QApplication::palette();
  applyTheme(application, ThemeChoice::system, system);
  MainWindow window({.data_dir = arguments.data_dir, .model = arguments.model, .system_palette = system});
  QObject::connect(&instance, &SingleInstance::raiseRequested, &window, &MainWindow::raiseFor);
  if (arguments.measure_start) new StartMeasure(&window);
  window.show();
  return QApplication::exec();
}

}  // namespace

int main(int argc, char** argv) {
  QCoreApplication::setApplicationName(QStringLiteral("Holdfast"));
  QCoreApplication::setApplicationVersion(QStringLiteral(HOLDFAST_VERSION));
  QGuiApplication::setDesktopFileName(QStringLiteral("holdfast"));
  QNetworkProxyFactory::setUseSystemConfiguration(true);
  const auto is_given = [&](std::string_view option) {
    return std::any_of(argv + 1, argv + argc,
                       [&](const char* word) { return std::string_view(word).starts_with(option); });
  };
  try {
    // What FormulaRenderer starts: no option for people.
    if (is_given("--formulas")) {
      const QCoreApplication application(argc, argv);
      return serveFormulas();
    }
    if (is_given("--download")) return run_download(QCoreApplication(argc, argv));
    if (is_given("--export")) {
      qputenv("QT_QPA_PLATFORM", "offscreen");
      return run_export(QGuiApplication(argc, argv));
    }
    QApplication application(argc, argv);
    return run(application);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "holdfast: %s\n", error.what());
    return 1;
  }
}
