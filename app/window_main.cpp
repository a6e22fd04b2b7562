// holdfast-window: the window, a program of its own beside `holdfast`, so that the command line needs no Qt.
#include <QApplication>
#include <QCommandLineParser>
#include <QIcon>
#include <cstdio>

#include "app/files/paths.h"
#include "app/window/main_window.h"
#include "app/window/single_instance.h"

namespace {

using namespace holdfast;

struct Arguments {
  std::filesystem::path data_dir;
  QString model;
};

Arguments parse(const QCoreApplication& application) {
  QCommandLineParser parser;
  parser.setApplicationDescription(QCoreApplication::translate("main", "Solve problems with an attention-free model."));
  parser.addHelpOption();
  parser.addVersionOption();
  const QCommandLineOption data_option(QStringLiteral("data-dir"),
                                       QCoreApplication::translate("main", "Where sessions and models are kept."),
                                       QStringLiteral("folder"));
  parser.addOption(data_option);
  parser.addPositionalArgument(QStringLiteral("model"),
                               QCoreApplication::translate("main",
                                                           "A model folder, a GGUF file, or the name of an "
                                                           "installed model."),
                               QStringLiteral("[model]"));
  parser.process(application);
  Arguments arguments;
  arguments.data_dir = data_dir(parser.value(data_option).toStdString());
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
  window.show();
  return QApplication::exec();
}

}  // namespace

int main(int argc, char** argv) {
  QCoreApplication::setApplicationName(QStringLiteral("Holdfast"));
  QCoreApplication::setApplicationVersion(QStringLiteral(HOLDFAST_VERSION));
  QGuiApplication::setDesktopFileName(QStringLiteral("holdfast"));
  QApplication application(argc, argv);
  try {
    return run(application);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "holdfast: %s\n", error.what());
    return 1;
  }
}
