// The window where nothing can be written: a disk that runs full while it is open, in the middle of an answer, or
// before it starts; a folder that may only be read. It says so, reads, searches and exports elsewhere, begins nothing,
// loses nothing, and is as before when there is room again.
//
// Real disks are small ones in memory. Where mounting is not permitted only the limit of the system on the size of
// files is left, which refuses writes as well, and the other cases are skipped.
#include <sys/mount.h>
#include <sys/resource.h>

#include <QSignalSpy>
#include <csignal>
#include <fstream>

#include "app/files/writable.h"
#include "app/services/exchange_service.h"
#include "app/services/search_service.h"
#include "app/services/session_service.h"
#include "tests/gui/random_model.h"
#include "tests/gui/reciting_model.h"
#include "tests/gui/window_driver.h"

using namespace holdfast;
using namespace holdfast::test;
namespace fs = std::filesystem;

namespace {

const std::vector<std::string> recital{"Two and two", " make", " four.", "\n</think>\n\n", "The answer", " is 4."};

// A disk of 8 MiB in memory, or nothing where that is not permitted.
class SmallDisk {
 public:
  explicit SmallDisk(fs::path folder) : folder_(std::move(folder)) {
    fs::create_directories(folder_);
    mounted_ = mount("tmpfs", folder_.c_str(), "tmpfs", 0, "size=8m") == 0;
  }
  ~SmallDisk() {
    if (mounted_) umount2(folder_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  [[nodiscard]] bool isThere() const { return mounted_; }
  void fill() const {
    std::ofstream file(folder_ / "filler", std::ios::binary | std::ios::app);
    const std::string block(4096, 'x');
    while (file.write(block.data(), std::ssize(block)) && file.flush()) {
    }
  }
  void free() const { fs::remove(folder_ / "filler"); }
  [[nodiscard]] bool setReadOnly(bool only) const {
    const unsigned long flags = MS_REMOUNT | (only ? MS_RDONLY : 0);
    return mount("tmpfs", folder_.c_str(), "tmpfs", flags, "size=8m") == 0;
  }

 private:
  fs::path folder_;
  bool mounted_ = false;
};

// No file of this process may grow beyond this size.
class FileSizeLimit {
 public:
  FileSizeLimit() {
    std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
  }
  ~FileSizeLimit() { free(); }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  void fill(std::uintmax_t bytes) const {
    const rlimit small{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);
  }
  void free() const { setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

}  // namespace

class FullDiskTest : public QObject {
  Q_OBJECT

  std::unique_ptr<QTemporaryDir> folder_;
  [[nodiscard]] fs::path path(const char* name) const { return fs::path(folder_->path().toStdString()) / name; }
  [[nodiscard]] fs::path data() const { return path("disk") / "data"; }

  // What can be done where nothing can be written.
  void readSearchAndExport(SessionId session) {
    SearchService search(data());
    QSignalSpy found(&search, &SearchService::found);
    search.search(QStringLiteral("first"), {});
    QTRY_COMPARE(found.size(), 1);
    QVERIFY(!found[0][1].value<std::vector<SearchHit>>().empty());
    ExchangeService exchange(data());
    QSignalSpy exported(&exchange, &ExchangeService::exported);
    exchange.exportSession(session, ExportFormat::markdown, {}, QString::fromStdString(path("out.md").string()));
    QTRY_COMPARE(exported.size(), 1);
    QVERIFY(fs::file_size(path("out.md")) > 10);
  }

  // A window with a question that has been answered.
  void answerOne(WindowDriver& window) {
    QTRY_VERIFY(window.window().isReady() && window.idle());
    window.ask("the first question");
    QTRY_COMPARE(window.answer(), QString("The answer is 4."));
    QTRY_VERIFY(window.finished());
  }

  void refusesAndRecovers(WindowDriver& window, const std::function<void()>& fill, const std::function<void()>& free) {
    answerOne(window);
    fill();
    window.ask("the second question");
    QTRY_VERIFY(window.banner()->isVisible() && window.banner()->text().contains("Nothing can be saved"));
    QCOMPARE(window.question()->toPlainText(), QString("the second question"));
    QVERIFY(window.canClick("bannerAction"));
    readSearchAndExport({1});
    // Nothing new is begun, by no way, and the way out says so as long as it is so. Each look at the disk is waited
    // for: one that is late would find the room that is made below.
    QSignalSpy told(window.window().sessions(), &SessionService::storageChanged);
    window.press(Qt::Key_F5);
    QTRY_COMPARE(told.size(), 1);
    QTest::keyClick(window.question(), Qt::Key_Return);
    QTRY_COMPARE(told.size(), 2);
    QTRY_VERIFY(window.question()->isEnabled() && !window.question()->isReadOnly());
    QTRY_VERIFY(window.canClick("bannerAction"));
    window.click("bannerAction");
    QTRY_COMPARE(told.size(), 3);
    QTRY_VERIFY(window.banner()->isVisible() && window.banner()->text().contains("Nothing can be saved"));
    QVERIFY(window.idle());
    QCOMPARE(open_to_read(data() / "holdfast.db").tree({1}).size(), std::size_t{3});
    free();
    window.click("bannerAction");
    QTRY_VERIFY(window.banner()->text().contains("saved again"));
    QCOMPARE(window.question()->toPlainText(), QString("the second question"));
    QTest::keyClick(window.question(), Qt::Key_Return);
    QTRY_VERIFY(window.finished() && Store(data() / "holdfast.db").tree({1}).size() == 6);
    QCOMPARE(window.answer(), QString("The answer is 4."));
  }

 private slots:
  void init() {
    folder_ = std::make_unique<QTemporaryDir>();
    qputenv("HOLDFAST_RESOURCE_DIR", folder_->path().toUtf8());  // no model ships with these windows
    RecitingModel::write(path("solver"), recital);
  }

  void a_folder_that_cannot_be_written_is_told_from_one_that_can() {
    QCOMPARE(why_not_writable(folder_->path().toStdString()), std::string());
    QVERIFY(!why_not_writable(path("nowhere")).empty());
    {
      const FileSizeLimit limit;
      limit.fill(4096);
      QVERIFY(!why_not_writable(folder_->path().toStdString()).empty());
    }
    QCOMPARE(why_not_writable(folder_->path().toStdString()), std::string());
    for (const auto& entry : fs::directory_iterator(folder_->path().toStdString())) {
      QVERIFY2(!entry.path().filename().string().starts_with(".probe"), "the probe was left behind");
    }
  }

  void writes_that_are_refused_stop_what_is_new_and_nothing_else() {
    const FileSizeLimit limit;
    WindowDriver window(data(), path("solver"));
    refusesAndRecovers(
        window, [&] { limit.fill(fs::file_size(data() / "holdfast.db-wal")); }, [&] { limit.free(); });
  }

  void a_disk_that_runs_full_stops_what_is_new_and_nothing_else() {
    const SmallDisk disk(path("disk"));
    if (!disk.isThere()) QSKIP("no right to mount a small disk: only the limit on the size of files is tested");
    WindowDriver window(data(), path("solver"));
    refusesAndRecovers(
        window, [&] { disk.fill(); }, [&] { disk.free(); });
  }

  void an_answer_that_fills_the_disk_stands_and_goes_on_later() {
    const SmallDisk disk(path("disk"));
    if (!disk.isThere()) QSKIP("no right to mount a small disk");
    RecitingModel::write(path("endless"), {"on and", " on"}, RecitingModel::End::repeat);
    fs::create_directories(data());
    Store(data() / "holdfast.db").set_setting("sampler", R"({"max_tokens": 1000000})");
    WindowDriver window(data(), path("endless"));
    QTRY_VERIFY(window.window().isReady() && window.idle());
    window.ask("the first question");
    QTRY_VERIFY(window.thought().size() > 500);
    disk.fill();
    QTRY_VERIFY(window.idle());
    QTRY_VERIFY(window.banner()->isVisible() && window.banner()->text().contains("Nothing can be saved"));
    QTRY_VERIFY(window.finished() && window.thought().size() > 400);
    const qsizetype before = window.thought().size();
    disk.free();
    window.click("bannerAction");
    QTRY_VERIFY(window.banner()->text().contains("saved again"));
    QTRY_VERIFY(window.canClick("action"));
    window.click("action");
    QTRY_VERIFY(window.thought().size() > before + 100);
    window.press(Qt::Key_Escape);
    QTRY_VERIFY(window.idle());
  }

  void a_window_opens_where_nothing_can_be_written_data() {
    QTest::addColumn<bool>("readOnly");
    QTest::newRow("full disk") << false;
    QTest::newRow("read-only folder") << true;
  }
  void a_window_opens_where_nothing_can_be_written() {
    QFETCH(bool, readOnly);
    const SmallDisk disk(path("disk"));
    if (!disk.isThere()) QSKIP("no right to mount a small disk");
    {
      WindowDriver window(data(), path("solver"));
      answerOne(window);
    }
    if (readOnly) QVERIFY(disk.setReadOnly(true));
    if (!readOnly) disk.fill();
    WindowDriver window(data(), path("solver"));
    QTRY_VERIFY(window.banner()->isVisible() && window.banner()->text().contains("Nothing can be saved"));
    QTRY_COMPARE(window.sessions()->model()->rowCount(), 1);
    window.sessions()->setCurrentIndex(window.sessions()->model()->index(0, 0));
    QTRY_COMPARE(window.answer(), QString("The answer is 4."));
    readSearchAndExport({1});
    QSignalSpy told(window.window().sessions(), &SessionService::storageChanged);
    window.ask("another");
    QTRY_COMPARE(told.size(), 1);
    QTRY_VERIFY(window.canClick("bannerAction"));
    QCOMPARE(window.question()->toPlainText(), QString("another"));
    if (readOnly) QVERIFY(disk.setReadOnly(false));
    if (!readOnly) disk.free();
    window.click("bannerAction");
    QTRY_VERIFY(window.window().isReady() && window.idle() && window.window().chat()->model());
    QCOMPARE(window.question()->toPlainText(), QString("another"));
    QTest::keyClick(window.question(), Qt::Key_Return);
    QTRY_VERIFY(window.finished() && Store(data() / "holdfast.db").tree({1}).size() == 6);
  }
};

QTEST_MAIN(FullDiskTest)
#include "full_disk_test.moc"
