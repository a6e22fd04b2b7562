#include <QTest>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include "tests/layering/rules.h"

namespace fs = std::filesystem;
using holdfast::layering::violations;

class LayeringTest : public QObject {
  Q_OBJECT

 private slots:
  void every_source_file_keeps_the_rules();
  void a_planted_fault_is_found_data();
  void a_planted_fault_is_found();
  void what_is_allowed_passes_data();
  void what_is_allowed_passes();
  void the_line_is_named();
};

void LayeringTest::every_source_file_keeps_the_rules() {
  const std::set<std::string> endings{".h", ".cpp", ".cu", ".cuh", ".in"};
  const fs::path root = HOLDFAST_SOURCE_DIR;
  int files = 0;
  for (const char* layer : {"kernels", "engine", "training", "app"}) {
    for (const auto& entry : fs::recursive_directory_iterator(root / layer)) {
      if (!entry.is_regular_file() || !endings.contains(entry.path().extension().string())) continue;
      std::ifstream file(entry.path(), std::ios::binary);
      const std::string text{std::istreambuf_iterator<char>(file), {}};
      ++files;
      for (const std::string& fault : violations(entry.path().lexically_relative(root).generic_string(), text)) {
        QTest::qFail(fault.c_str(), __FILE__, __LINE__);
      }
    }
  }
  QVERIFY2(files > 40, "hardly any source file was found: is the repository's path right?");
}

void LayeringTest::a_planted_fault_is_found_data() {
  QTest::addColumn<QString>("path");
  QTest::addColumn<QString>("text");
  const auto row = [](const char* name, const char* path, const char* text) { QTest::newRow(name) << path << text; };
  row("kernels include engine", "kernels/linear.cpp", "#include \"engine/model.h\"\n");
  row("engine includes training", "engine/model.h", "#include \"training/trainer.h\"\n");
  row("training includes app", "training/run.cpp", "  #  include <app/store/store.h>\n");
  row("the program includes a test", "app/main.cpp", "#include \"tests/support/data.h\"\n");
  row("a path upwards", "kernels/cpu/linear.cpp", "#include \"../../engine/model.h\"\n");
  row("Qt in engine", "engine/session.h", "#include <QString>\n");
  row("Qt by module in training", "training/run.h", "#include <QtCore/QObject>\n");
  row("Qt in the store", "app/store/store.h", "#include <QSqlQuery>\n");
  row("Qt in the command line", "app/cli/chat.cpp", "#include <QCoreApplication>\n");
  row("Qt in the program", "app/main.cpp", "#include <QApplication>\n");
  row("the store includes a service", "app/store/store.h", "#include \"app/services/chat.h\"\n");
  row("SQLite in a panel", "app/panels/solve.cpp", "#include <sqlite3.h>\n");
  row("SQLite in engine", "engine/session.cpp", "#include \"sqlite3.h\"\n");
  row("CUDA in an op", "kernels/linear.cpp", "#include <cuda_runtime.h>\n");
  row("cuBLAS in engine", "engine/model.cpp", "#include <cublasLt.h>\n");
  row("a CUDA header of ours", "kernels/ssd_scan.cpp", "#include \"kernels/cuda/reduce.cuh\"\n");
  row("a jthread in engine", "engine/session.cpp", "void f() { std::jthread worker(g); }\n");
  row("a thread in a member", "app/panels/solve.h", "class P {\n  std::thread thread_;\n};\n");
  row("async in a service", "app/services/chat.cpp", "auto f = std::async(g);\n");
  row("a thread after a digit separator", "engine/a.cpp", "int n = 1'000; std::jthread t(f); int m = 2'000;\n");
  row("a thread after a string", "engine/a.cpp", "f(\"\\\"//\"); std::jthread t(f);\n");
  row("a thread after a character", "engine/a.cpp", "f('\"', '\\'', u8'x'); std::jthread t(f);\n");
  row("a thread after a comment", "engine/a.cpp", "/* \" */ std::jthread t(f); // \"\n");
  row("Qt beside a comment", "engine/a.cpp", "#include /* why */ <QString>  // \"\n");
  row("a thread after a raw string", "engine/a.cpp", "f(R\"x(\")x\"); std::jthread t(f);\n");
}

void LayeringTest::a_planted_fault_is_found() {
  QFETCH(QString, path);
  QFETCH(QString, text);
  QCOMPARE(violations(path.toStdString(), text.toStdString()).size(), std::size_t{1});
}

void LayeringTest::what_is_allowed_passes_data() {
  QTest::addColumn<QString>("path");
  QTest::addColumn<QString>("text");
  const auto row = [](const char* name, const char* path, const char* text) { QTest::newRow(name) << path << text; };
  row("left", "app/cli/chat.cpp", "#include \"engine/session.h\"\n#include \"kernels/device.h\"\n");
  row("same layer", "engine/session.h", "#include \"engine/state.h\"\n");
  row("Qt in a panel", "app/panels/solve.h", "#include <QWidget>\n#include <QtTest/QSignalSpy>\n");
  row("SQLite in the store", "app/store/connection.cpp", "#include <sqlite3.h>\n");
  row("CUDA where it belongs", "kernels/cuda/linear.cu", "#include <cublasLt.h>\n#include \"kernels/cuda/check.h\"\n");
  row("the CUDA part's Qt-like name", "kernels/cpu/linear.cpp", "#include \"kernels/cpu/q8.h\"\n#include <queue>\n");
  row("a thread in the pool", "kernels/cpu/thread_pool.cpp", "std::jthread t(f);\n");
  row("a thread in a job", "app/jobs/job.h", "std::jthread thread_;\n");
  row("the number of processors", "engine/a.cpp", "auto n = std::thread::hardware_concurrency();\n");
  row("this thread", "engine/a.cpp", "std::this_thread::yield();\n");
  row("a comment", "engine/a.cpp", "// #include <QString>\n/* std::jthread\n#include <sqlite3.h> */\n");
  row("a string", "engine/a.cpp", "f(\"std::jthread\", 'x');\n");
  row("a test", "tests/gui/window_test.cpp", "#include <QTest>\n#include <sqlite3.h>\nstd::jthread t(f);\n");
}

void LayeringTest::what_is_allowed_passes() {
  QFETCH(QString, path);
  QFETCH(QString, text);
  const auto found = violations(path.toStdString(), text.toStdString());
  QVERIFY2(found.empty(), found.empty() ? "" : found.front().c_str());
}

void LayeringTest::the_line_is_named() {
  const auto found = violations("engine/a.cpp", "/*\n*/\n#include <vector>\n#include <QString>\n");
  QCOMPARE(found.size(), std::size_t{1});
  QCOMPARE(found.front(), std::string("engine/a.cpp:4: include of QString: Qt has no place here"));
}

QTEST_GUILESS_MAIN(LayeringTest)
#include "layering_test.moc"
