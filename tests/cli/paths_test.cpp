#include "app/files/paths.h"

#include <QTemporaryDir>
#include <QTest>
#include <filesystem>
#include <fstream>

#include "kernels/error.h"

using namespace holdfast;
namespace fs = std::filesystem;

class PathsTest : public QObject {
  Q_OBJECT
 private slots:
  void init();
  void chosen_folder_wins_over_every_variable();
  void variables_are_asked_in_their_order();
  void relative_xdg_folder_is_ignored();
  void installed_models_are_folders_and_gguf_files_by_name();
  void path_wins_over_an_installed_name();
  void unknown_name_is_refused_with_the_list();
  void default_model_is_the_mini_one_or_the_only_one();

 private:
  void add(const char* name) const;
  [[nodiscard]] fs::path data() const { return folder_->path().toStdString(); }
  std::unique_ptr<QTemporaryDir> folder_;
};

void PathsTest::init() {
  folder_ = std::make_unique<QTemporaryDir>();
  for (const char* name : {"HOLDFAST_DATA_DIR", "XDG_DATA_HOME"}) qunsetenv(name);
  qputenv("HOME", "/home/someone");
}

void PathsTest::add(const char* name) const {
  const fs::path path = data() / "models" / name;
  if (path.extension() == ".gguf") {
    fs::create_directories(path.parent_path());
    std::ofstream(path) << "GGUF";
  } else {
    fs::create_directories(path);
    std::ofstream(path / "config.json") << "{}";
  }
}

void PathsTest::chosen_folder_wins_over_every_variable() {
  qputenv("HOLDFAST_DATA_DIR", "/set");
  QCOMPARE(data_dir("/chosen/x/../y").string(), std::string("/chosen/y"));
  QCOMPARE(data_dir("here").string(), (fs::current_path() / "here").string());
}

void PathsTest::variables_are_asked_in_their_order() {
  QCOMPARE(data_dir().string(), std::string("/home/someone/.local/share/holdfast"));
  qputenv("XDG_DATA_HOME", "/xdg");
  QCOMPARE(data_dir().string(), std::string("/xdg/holdfast"));
  qputenv("HOLDFAST_DATA_DIR", "/set");
  QCOMPARE(data_dir().string(), std::string("/set"));
}

void PathsTest::relative_xdg_folder_is_ignored() {
  qputenv("XDG_DATA_HOME", "xdg");
  QCOMPARE(data_dir().string(), std::string("/home/someone/.local/share/holdfast"));
}

void PathsTest::installed_models_are_folders_and_gguf_files_by_name() {
  add("zeta-folder");
  add("zeta.gguf");
  fs::create_directories(data() / "models" / "zeta-empty");
  std::ofstream(data() / "models" / "zeta.txt") << "no model";
  std::vector<std::string> names;
  for (const InstalledModel& model : installed_models(data())) {
    if (model.name.starts_with("zeta")) names.push_back(model.name);
  }
  QCOMPARE(names, (std::vector<std::string>{"zeta", "zeta-folder"}));
  QCOMPARE(resolve_model("zeta", data()).filename().string(), std::string("zeta.gguf"));
}

void PathsTest::path_wins_over_an_installed_name() {
  add("zeta");
  QCOMPARE(resolve_model("/tmp", data()).string(), std::string("/tmp"));
  QCOMPARE(resolve_model("zeta", data()).string(), (data() / "models/zeta").string());
}

void PathsTest::unknown_name_is_refused_with_the_list() {
  add("zeta");
  try {
    static_cast<void>(resolve_model("eta", data()));
    QFAIL("want an IoError");
  } catch (const IoError& error) {
    const QString message = error.what();
    QVERIFY2(message.contains("\"eta\"") && message.contains("zeta"), error.what());
  }
  QVERIFY_THROWS_EXCEPTION(IoError, static_cast<void>(resolve_model("", data())));
}

void PathsTest::default_model_is_the_mini_one_or_the_only_one() {
  if (!installed_models(data()).empty()) QSKIP("models ship with this build: the empty case cannot be seen");
  QVERIFY_THROWS_EXCEPTION(IoError, static_cast<void>(default_model(data())));
  add("zeta");
  QCOMPARE(default_model(data()).name, std::string("zeta"));
  add("eta.gguf");
  QVERIFY_THROWS_EXCEPTION(IoError, static_cast<void>(default_model(data())));
  add("holdfast-mini");
  QCOMPARE(default_model(data()).name, std::string("holdfast-mini"));
}

QTEST_GUILESS_MAIN(PathsTest)
#include "paths_test.moc"
