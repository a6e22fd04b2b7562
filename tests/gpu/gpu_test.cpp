// The GPU cases inside Qt Test. They skip loudly without a GPU; with HOLDFAST_REQUIRE_GPU=1 that is a failure.
#include <QTest>
#include <memory>

#include "tests/gpu/cases.h"

using namespace holdfast;

class GpuTest : public QObject {
  Q_OBJECT

  void run_case(const test::GpuCases& cases) {
    QFETCH(int, index);
    if (stream_ == nullptr) {
      QVERIFY2(qEnvironmentVariable("HOLDFAST_REQUIRE_GPU") != "1", why_.c_str());
      QSKIP(why_.c_str());
    }
    try {
      cases[static_cast<std::size_t>(index)].run(*stream_);
    } catch (const std::exception& error) {
      QFAIL(error.what());
    }
  }
  static void rows_of(const test::GpuCases& cases) {
    QTest::addColumn<int>("index");
    for (std::size_t i = 0; i < cases.size(); ++i) QTest::addRow("%s", cases[i].name.c_str()) << static_cast<int>(i);
  }

 private slots:
  void initTestCase() {
    try {
      stream_ = std::make_unique<Stream>(Device::cuda());
    } catch (const std::exception& error) {
      why_ = std::string("no GPU was tested: ") + error.what();
    }
  }
  void kernels_agree_with_the_oracle_data() { rows_of(kernels_); }
  void kernels_agree_with_the_oracle() { run_case(kernels_); }
  void models_agree_with_the_golden_files_data() { rows_of(models_); }
  void models_agree_with_the_golden_files() { run_case(models_); }

 private:
  test::GpuCases kernels_ = test::kernel_cases();
  test::GpuCases models_ = test::model_cases(HOLDFAST_GOLDEN_DIR);
  std::unique_ptr<Stream> stream_;
  std::string why_;
};

QTEST_GUILESS_MAIN(GpuTest)
#include "gpu_test.moc"
