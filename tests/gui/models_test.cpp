// The item models keep the rules of Qt, and the job those of threads. Seen failing: a change of -0.00004 that is
// -0.0000.
#include <QAbstractItemModelTester>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <atomic>

#include "app/jobs/job.h"
#include "app/models/change_text.h"
#include "app/models/model_list_model.h"
#include "app/models/session_list_model.h"
#include "kernels/error.h"
#include "tests/gui/patience.h"

using namespace holdfast;

namespace {

SessionRow session(std::int64_t id, const char* title, const QDate& day) {
  SessionRow row;
  row.id = {id};
  row.title = title;
  row.changed = QDateTime(day, QTime(12, 0)).toMSecsSinceEpoch();
  return row;
}

QStringList groups(const SessionListModel& model) {
  QStringList names;
  for (int row = 0; row < model.rowCount(); ++row) {
    const QModelIndex index = model.index(row);
    if (index.data(SessionListModel::BeginsRole).toBool()) names << index.data(SessionListModel::GroupRole).toString();
  }
  return names;
}

}  // namespace

class ModelsTest : public QObject {
  Q_OBJECT

 private slots:
  void sessions_are_grouped_by_the_day_they_changed() {
    const QDate today(2024, 6, 20);
    SessionListModel model;
    const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    model.setSessions({session(5, "a", today), session(4, "b", today), session(3, "c", today.addDays(-1)),
                       session(2, "d", today.addDays(-6)), session(1, "e", today.addDays(-100))},
                      today);
    QCOMPARE(groups(model).size(), 4);
    QCOMPARE(groups(model).mid(0, 3), (QStringList{"Today", "Yesterday", "Last 7 days"}));
    model.setSessions({session(4, "b", today)}, today);
    QCOMPARE(model.rowCount(), 1);
    model.setSessions({}, today);
    QCOMPARE(model.rowCount(), 0);
  }

  void the_same_sessions_again_keep_the_selection() {
    const QDate today(2024, 6, 20);
    SessionListModel model;
    const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    model.setSessions({session(2, "a", today), session(1, "b", today)}, today);
    const QPersistentModelIndex kept = model.index(1);
    model.setSessions({session(2, "a", today), session(1, "new name", today)}, today);
    QVERIFY(kept.isValid());
    QCOMPARE(kept.data().toString(), QString("new name"));
    QVERIFY(model.indexOf({1}) == kept);
    QVERIFY(!model.indexOf({9}).isValid());
  }

  void a_change_that_rounds_to_nothing_has_no_sign() {
    QLocale::setDefault(QLocale::c());
    QCOMPARE(changeText(0.12346, 4), QString("+0.1235"));
    QCOMPARE(changeText(-0.12346, 4), QString("-0.1235"));
    for (const double small : {0.0, -0.0, 0.00004, -0.00004}) QCOMPARE(changeText(small, 4), QString("0.0000"));
    QCOMPARE(changeText(0.00006, 4), QString("+0.0001"));
    QCOMPARE(changeText(-0.03, 1), QString("0.0"));  // of 3000 problems one more was missed
    QLocale::setDefault(QLocale(QLocale::German));
    QCOMPARE(changeText(-1.25, 2), QString("-1,25"));
    QCOMPARE(changeText(-0.001, 2), QString("0,00"));
    QLocale::setDefault(QLocale::c());
  }

  void a_title_is_edited_but_never_to_nothing() {
    SessionListModel model;
    const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    model.setSessions({session(7, "old", QDate::currentDate())});
    QSignalSpy renamed(&model, &SessionListModel::renamed);
    QVERIFY(!model.setData(model.index(0), "   ", Qt::EditRole));
    QVERIFY(model.setData(model.index(0), "  Number  theory ", Qt::EditRole));
    QCOMPARE(renamed.size(), 1);
    QCOMPARE(renamed[0][1].toString(), QString("Number theory"));
    QVERIFY(model.data({}, Qt::DisplayRole).isNull());
  }

  void models_are_listed_once() {
    const QTemporaryDir folder;
    QDir(folder.path()).mkdir("b");
    ModelListModel model;
    const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    const std::string b = (folder.path() + "/b").toStdString();
    model.setModels({{"a", "/models/a"}}, {"/models/a", QString::fromStdString(b), "/nowhere/c"});
    QCOMPARE(model.rowCount(), 2);
    QCOMPARE(model.index(1).data().toString(), QString("b"));
    QCOMPARE(model.index(1).data(ModelListModel::PathRole).toString(), QString::fromStdString(b));
  }

  void work_runs_in_order_and_what_it_throws_is_told() {
    Job job;
    QSignalSpy failed(&job, &Job::failed);
    std::atomic<int> done = 0;
    job.post([&](const std::stop_token&) { done = done * 10 + 1; });
    job.post([](const std::stop_token&) { throw FormatError("a: 1, want 2"); });
    job.post([](const std::stop_token&) { throw Cancelled{}; });
    job.post([&](const std::stop_token&) { done = done * 10 + 2; });
    QTRY_COMPARE(done.load(), 12);
    QTRY_COMPARE(failed.size(), 1);
    QCOMPARE(failed[0][0].toString(), QString("a: 1, want 2"));
  }

  void a_job_that_goes_stops_its_work_and_drops_the_rest() {
    std::atomic<bool> started = false;
    std::atomic<bool> stopped = false;
    std::atomic<bool> second = false;
    {
      Job job;
      job.post([&](const std::stop_token& stop) {
        started = true;
        while (!stop.stop_requested()) QThread::msleep(1);
        stopped = true;
      });
      job.post([&](const std::stop_token&) { second = true; });
      QTRY_VERIFY(started);
    }
    QVERIFY(stopped);
    QVERIFY(!second);
  }

  void a_job_that_finishes_lets_all_work_come_to_its_end() {
    std::atomic<int> done = 0;
    {
      Job job(Job::AtEnd::finish);
      for (int i = 0; i < 100; ++i) job.post([&](const std::stop_token&) { ++done; });
    }
    QCOMPARE(done.load(), 100);
  }
};

QTEST_GUILESS_MAIN(ModelsTest)
#include "models_test.moc"
