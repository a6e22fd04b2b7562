// The window as a person meets it: choose a model, ask, read, stop, continue, close, and find everything again.
#include <QClipboard>
#include <QLineEdit>
#include <QMimeData>
#include <QSignalSpy>
#include <QToolButton>
#include <fstream>

#include "app/models/session_list_model.h"
#include "app/window/single_instance.h"
#include "tests/gui/random_model.h"
#include "tests/gui/reciting_model.h"
#include "tests/gui/window_driver.h"

using namespace holdfast;
using namespace holdfast::test;
namespace fs = std::filesystem;

namespace {

const std::vector<std::string> recital{"Two and two", " make", " four.", "\n</think>\n\n", "The answer", " is 4."};

}  // namespace

class WindowTest : public QObject {
  Q_OBJECT

  std::unique_ptr<QTemporaryDir> folder_;
  [[nodiscard]] fs::path path(const char* name) const { return fs::path(folder_->path().toStdString()) / name; }
  [[nodiscard]] fs::path data() const { return path("data"); }
  // Long enough that no machine gets to the end of an answer before a test stops it.
  void allow_long_answers() const {
    fs::create_directories(data());
    Store(data() / "holdfast.db").set_setting("sampler", R"({"max_tokens": 1000000})");
  }

 private slots:
  void init() {
    folder_ = std::make_unique<QTemporaryDir>();
    qputenv("HOLDFAST_RESOURCE_DIR", folder_->path().toUtf8());  // no model ships with these windows
    RecitingModel::write(path("solver"), recital);
  }

  void without_a_model_the_window_says_how_to_open_one() {
    WindowDriver window(data());
    QTRY_VERIFY(window.find<QLabel>("startHeading")->isVisible());
    QVERIFY(window.label("startHeading").contains("Open a model"));
    QVERIFY(window.canClick("openFolder"));
    QVERIFY(window.canClick("openFile"));
    QTRY_VERIFY(window.window().isReady());
    window.ask("lost?");
    QTRY_VERIFY(window.banner()->isVisible());
    QCOMPARE(window.question()->toPlainText(), QString("lost?"));
  }

  void an_installed_model_is_chosen_with_a_click() {
    RecitingModel::write(data() / "models" / "alpha", recital);
    RecitingModel::write(data() / "models" / "beta", recital);
    WindowDriver window(data());
    auto* cards = window.find<QListView>("modelCards");
    QTRY_COMPARE(cards->model()->rowCount(), 2);
    QTRY_VERIFY(cards->isVisible());
    QTest::mouseClick(cards->viewport(), Qt::LeftButton, {}, cards->visualRect(cards->model()->index(1, 0)).center());
    QTRY_VERIFY(window.window().chat()->model().has_value());
    QCOMPARE(window.find<QToolButton>("modelButton")->text(), QString("beta"));
  }

  void a_question_is_answered_with_its_thought_apart() {
    WindowDriver window(data(), path("solver"));
    window.ask("2 + 2?");
    QTRY_VERIFY(window.finished());
    QCOMPARE(window.thought(), QString("Two and two make four."));
    QCOMPARE(window.answer(), QString("The answer is 4."));
    QVERIFY(window.question()->toPlainText().isEmpty());
    // The finished thought is folded; its button shows it.
    auto* thought = window.find<TextView>("thought");
    QVERIFY(!thought->isVisible());
    window.click("thoughtButton");
    QVERIFY(thought->isVisible());
    QVERIFY(thought->text().contains("four"));
    window.click("copy");
    QCOMPARE(QApplication::clipboard()->text(), QString("The answer is 4."));
  }

  void the_status_bar_tells_device_model_tokens_and_state() {
    WindowDriver window(data(), path("solver"));
    window.ask("2 + 2?");
    QTRY_VERIFY(window.finished());
    // And why it is no GPU, in words.
    const QString device = window.label("deviceLabel");
    QVERIFY2(device.startsWith("CPU: ") && device.size() > 10, qPrintable(device));
    QVERIFY(window.label("modelLabel").startsWith("solver"));
    QTRY_VERIFY(window.label("tokensLabel").contains("tokens"));
    const std::size_t bytes = window.window().chat()->model()->state_bytes;
    // 2 layers of (8 x 16 x 16 + 160 x 3) floats.
    QCOMPARE(bytes, std::size_t{2 * (8 * 16 * 16 + 160 * 3) * 4});
    QVERIFY(window.find<QLabel>("stateLabel")->toolTip().contains(QLocale().toString(static_cast<qulonglong>(bytes))));
  }

  void typing_while_the_model_loads_is_answered_when_it_is_there() {
    WindowDriver window(data(), path("solver"));
    window.ask("early");
    QTRY_VERIFY(window.finished());
    QCOMPARE(window.answer(), QString("The answer is 4."));
  }

  void stop_ends_the_text_and_continue_goes_on() {
    RecitingModel::write(path("endless"), {"first one,", " two", " three", " four"}, RecitingModel::End::repeat);
    allow_long_answers();
    WindowDriver window(data(), path("endless"));
    window.ask("count");
    QTRY_VERIFY(window.thought().size() > 20);
    QVERIFY(window.canClick("send"));
    QCOMPARE(window.find<QAbstractButton>("send")->text(), QString("Stop"));
    window.press(Qt::Key_Escape);
    QTRY_VERIFY(window.finished());
    const QString stopped = window.thought();
    QTRY_VERIFY(window.canClick("action"));
    window.click("action");
    QTRY_VERIFY(window.thought().size() > stopped.size() + 20);
    window.click("send");
    QTRY_VERIFY(window.finished());
    QString want;
    while (want.size() < window.thought().size()) want += "first one, two three four";
    QCOMPARE(window.thought(), want.left(window.thought().size()));
    QVERIFY(window.thought().startsWith(stopped));
  }

  void continued_text_is_that_of_a_run_without_a_stop() {
    write_random_model(path("random"));
    QString whole;
    for (const bool stopped : {false, true}) {
      const fs::path home = path(stopped ? "stopped" : "whole");
      fs::create_directories(home);
      Store(home / "holdfast.db")
          .set_setting("sampler",
                       R"({"temperature": 0.9, "top_p": 0.8, "fixed_seed": true, "seed": "5", "max_tokens": 30000})");
      WindowDriver window(home, path("random"));
      window.ask("Tell me");
      if (stopped) {
        QTRY_VERIFY(window.written().size() > 100);
        window.press(Qt::Key_Escape);
        QTRY_VERIFY(window.finished());
        QVERIFY(whole.startsWith(window.written()));
        QVERIFY(window.written().size() < whole.size());
        QTRY_VERIFY(window.canClick("action"));
        window.click("action");
        QTRY_VERIFY(window.written().size() > whole.size() + 10);
        window.press(Qt::Key_Escape);
      }
      QTRY_VERIFY(window.finished());
      if (!stopped) whole = window.written();
      QVERIFY2(whole.size() > 1000, qPrintable(whole + window.transcript()->last()->note));
      QVERIFY(window.written().startsWith(whole));
    }
  }

  void a_closed_window_finds_sessions_text_draft_and_model_again() {
    {
      WindowDriver window(data(), path("solver"));
      window.ask("2 + 2?");
      QTRY_VERIFY(window.finished());
      window.type("a thought half ty");
    }
    WindowDriver window(data());
    QTRY_COMPARE(window.sessions()->model()->rowCount(), 1);
    QTRY_VERIFY(window.window().chat()->model().has_value());
    QVERIFY(window.label("modelLabel").startsWith("solver"));
    QTest::mouseClick(window.sessions()->viewport(), Qt::LeftButton, {},
                      window.sessions()->visualRect(window.sessions()->model()->index(0, 0)).center());
    QTRY_COMPARE(window.transcript()->count(), std::size_t{2});
    QCOMPARE(window.answer(), QString("The answer is 4."));
    QCOMPARE(window.question()->toPlainText(), QString("a thought half ty"));
    window.press(Qt::Key_L, Qt::ControlModifier);
    window.ask("ped");
    QTRY_VERIFY(window.finished() && window.transcript()->count() == 4);
    QCOMPARE(window.sessions()->model()->rowCount(), 1);
  }

  void a_window_closed_in_the_middle_of_an_answer_keeps_it() {
    RecitingModel::write(path("endless"), {"first one,", " two", " three"}, RecitingModel::End::repeat);
    allow_long_answers();
    {
      WindowDriver window(data(), path("endless"));
      window.ask("count");
      QTRY_VERIFY(window.thought().size() > 50);
    }
    Store store(data() / "holdfast.db");
    const std::vector<NodeRow> branch = store.branch(store.sessions().at(0).id);
    QCOMPARE(branch.size(), std::size_t{2});
    QVERIFY(branch[1].text.size() > 50);
    QVERIFY(!branch[1].running);
    QCOMPARE(branch[1].stop_reason, std::string("cancelled"));
  }

  void sessions_are_begun_switched_renamed_deleted_and_brought_back() {
    WindowDriver window(data(), path("solver"));
    window.ask("first");
    QTRY_VERIFY(window.finished());
    window.press(Qt::Key_N, Qt::ControlModifier);
    QTRY_VERIFY(!window.transcript()->isVisible());
    window.ask("second");
    QTRY_VERIFY(window.finished() && window.sessions()->model()->rowCount() == 2);
    QCOMPARE(window.label("title"), QString("second"));

    window.sessions()->setFocus();
    window.press(Qt::Key_F2);
    QTRY_VERIFY(window.sessions()->findChild<QLineEdit*>() != nullptr);
    auto* editor = window.sessions()->findChild<QLineEdit*>();
    editor->selectAll();
    QTest::keyClicks(editor, "renamed");
    QTest::keyClick(editor, Qt::Key_Return);
    QTRY_COMPARE(window.label("title"), QString("renamed"));

    window.sessions()->setFocus();
    window.press(Qt::Key_Delete);
    QTRY_COMPARE(window.sessions()->model()->rowCount(), 1);
    QVERIFY(window.banner()->isVisible());
    window.click("bannerAction");
    QTRY_COMPARE(window.sessions()->model()->rowCount(), 2);
    QTRY_COMPARE(window.label("title"), QString("renamed"));
  }

  void another_session_can_be_read_while_one_is_answered() {
    RecitingModel::write(path("endless"), {"first one,", " two", " three"}, RecitingModel::End::repeat);
    allow_long_answers();
    fs::create_directories(data());
    Store(data() / "holdfast.db").add_user_message({}, "older");
    WindowDriver window(data(), path("endless"));
    QTRY_COMPARE(window.sessions()->model()->rowCount(), 1);
    window.ask("count");
    QTRY_VERIFY(window.thought().size() > 20);
    QTRY_COMPARE(window.sessions()->model()->rowCount(), 2);
    window.sessions()->setCurrentIndex(window.sessions()->model()->index(1, 0));
    QTRY_COMPARE(window.label("title"), QString("older"));
    QCOMPARE(window.transcript()->count(), std::size_t{1});
    window.ask("me too");
    QTRY_VERIFY(window.banner()->isVisible());
    QCOMPARE(window.question()->toPlainText(), QString("me too"));
    window.sessions()->setCurrentIndex(window.sessions()->model()->index(0, 0));
    QTRY_COMPARE(window.label("title"), QString("count"));
    QTRY_VERIFY(window.thought().size() > 200);
    QString want;
    while (want.size() < window.thought().size()) want += "first one, two three";
    QCOMPARE(window.thought(), want.left(window.thought().size()));
    window.press(Qt::Key_Escape);
    QTRY_VERIFY(window.finished());
  }

  void a_broken_model_is_one_sentence_and_the_question_stays() {
    const fs::path broken = path("broken");
    fs::copy(path("solver"), broken);
    fs::resize_file(broken / "model.safetensors", 1000);
    WindowDriver window(data(), broken);
    QTRY_VERIFY(window.banner()->isVisible());
    QVERIFY2(window.banner()->text().contains("model.safetensors"), qPrintable(window.banner()->text()));
    QVERIFY(!window.window().chat()->model());
    QTRY_VERIFY(window.label("startHeading").contains("Open a model"));
    window.window().openModel(QString::fromStdString(path("solver").string()));
    window.ask("still here?");
    QTRY_VERIFY(window.finished());
    QVERIFY(!window.banner()->isVisible());
  }

  void a_database_of_another_program_is_refused_in_the_window() {
    fs::create_directories(data());
    std::ofstream(data() / "holdfast.db") << "no database at all, but a text that is long enough to have a header; "
                                             "it has to stay as it is, whatever happens in this window";
    WindowDriver window(data());
    QTRY_VERIFY(window.banner()->isVisible());
    QVERIFY(window.banner()->text().contains("not touched"));
    QVERIFY(!window.question()->isEnabled());
  }

  void an_answer_cut_off_by_a_crash_is_offered_to_be_continued() {
    fs::create_directories(data());
    {
      Store store(data() / "holdfast.db");
      const NodeRow question = store.add_user_message({}, "2 + 2?");
      NodeRow thought;
      thought.session = question.session;
      thought.parent = question.id;
      thought.kind = NodeKind::thought;
      thought.chat_format = "chatml";
      thought.sampler.emplace();
      thought.max_tokens = 100;
      thought.id = store.begin_node(thought);
      store.append_journal(thought.id, std::vector<TokenId>{5, 6}, "Two and");
      // As a process leaves it that was killed.
      Connection(store.file()).execute("UPDATE node SET writer = 'gone/1/1' WHERE writer IS NOT NULL");
    }
    WindowDriver window(data(), path("solver"));
    QTRY_VERIFY(window.banner()->isVisible());
    QVERIFY(window.banner()->text().contains("cut off"));
    QTRY_COMPARE(window.sessions()->model()->rowCount(), 1);
    window.sessions()->setCurrentIndex(window.sessions()->model()->index(0, 0));
    QTRY_COMPARE(window.thought(), QString("Two and"));
    QTRY_VERIFY(window.canClick("action"));
  }

  void a_second_start_on_the_same_data_raises_the_first() {
    SingleInstance first(data());
    QVERIFY(first.isFirst());
    QSignalSpy raised(&first, &SingleInstance::raiseRequested);
    const SingleInstance second(data());
    QVERIFY(!second.isFirst());
    const SingleInstance elsewhere(path("other"));
    QVERIFY(elsewhere.isFirst());
    bool answered = false;
    std::unique_ptr<QThread> asking(QThread::create([&] { answered = second.raiseFirst("/models/m"); }));
    asking->start();
    QTRY_COMPARE(raised.size(), 1);
    QTRY_VERIFY(asking->isFinished());
    QVERIFY(answered);
    QCOMPARE(raised[0][0].toString(), QString("/models/m"));
  }

  void a_model_dropped_on_the_window_is_opened() {
    WindowDriver window(data());
    QMimeData mime;
    mime.setUrls({QUrl::fromLocalFile(QString::fromStdString(path("solver").string()))});
    QDragEnterEvent enter(QPoint(400, 300), Qt::CopyAction, &mime, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(&window.window(), &enter);
    QVERIFY(enter.isAccepted());
    QDropEvent drop(QPointF(400, 300), Qt::CopyAction, &mime, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(&window.window(), &drop);
    QTRY_VERIFY(window.window().chat()->model().has_value());
  }

  void everything_that_can_be_clicked_has_a_name() {
    WindowDriver window(data(), path("solver"));
    window.ask("2 + 2?");
    QTRY_VERIFY(window.finished());
    for (const auto* button : window.window().findChildren<QAbstractButton*>()) {
      if (!button->isVisible()) continue;
      const QString name = button->accessibleName().isEmpty() ? button->text() : button->accessibleName();
      QVERIFY2(!name.trimmed().isEmpty(), qPrintable(button->objectName()));
    }
    for (const auto* edit : window.window().findChildren<QPlainTextEdit*>()) QVERIFY(!edit->accessibleName().isEmpty());
    for (const auto* view : window.window().findChildren<QListView*>("sessionList")) {
      QVERIFY(!view->accessibleName().isEmpty());
    }
  }
};

QTEST_MAIN(WindowTest)
#include "window_test.moc"
