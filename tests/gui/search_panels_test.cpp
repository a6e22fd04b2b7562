// The search dialog, the command palette and the export dialog by themselves, driven as a person drives them. With
// HOLDFAST_SCREENSHOTS=folder pictures in light and dark are kept.
#include <QAbstractItemModelTester>
#include <QApplication>
#include <QCheckBox>
#include <QComboBox>
#include <QFile>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QPushButton>
#include <QRadioButton>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <filesystem>

#include "app/models/search_hit_model.h"
#include "app/panels/command_palette.h"
#include "app/panels/export_dialog.h"
#include "app/panels/search_panel.h"
#include "app/services/exchange_service.h"
#include "app/services/search_service.h"
#include "app/widgets/fuzzy_match.h"
#include "app/window/theme.h"
#include "tests/gui/patience.h"

using namespace holdfast;
namespace fs = std::filesystem;

namespace {

QString best_of(const QString& pattern, const QStringList& texts) {
  QString best;
  int score = -1000;
  for (const QString& text : texts) {
    const auto match = fuzzyMatch(pattern, text);
    if (match && match->score > score) {
      score = match->score;
      best = text;
    }
  }
  return best;
}

}  // namespace

class SearchPanelsTest : public QObject {
  Q_OBJECT

  std::unique_ptr<QTemporaryDir> folder_;
  [[nodiscard]] fs::path data() const { return folder_->path().toStdString(); }

  void fill() const {
    Store store(data() / "holdfast.db");
    const NodeRow one = store.add_user_message({}, "How many primes lie below 100?");
    const auto add = [&](const NodeRow& parent, NodeKind kind, const std::string& text) {
      return store.add_node({.session = parent.session, .parent = parent.id, .kind = kind, .text = text});
    };
    const NodeRow thought =
        add(one, NodeKind::thought,
            "Sieve: cross out the multiples of 2, 3, 5 and 7; what is left below 100 is prime, since "
            "every composite number below 100 has a prime factor below 10. Count the primes that stay.");
    add(thought, NodeKind::answer, "There are $\\pi(100) = 25$ primes below 100.");
    const NodeRow two = store.add_user_message({}, "Is 2^67 - 1 prime?");
    add(two, NodeKind::answer, "No: $2^{67} - 1 = 193707721 \\cdot 761838257287$, as Cole showed in 1903.");
    store.add_user_message({}, "Inscribed angles, step by step");
  }

  void keep(QWidget& widget, const char* name) {
    const QString folder = qEnvironmentVariable("HOLDFAST_SCREENSHOTS");
    if (folder.isEmpty()) return;
    const QPalette before = QApplication::palette();
    for (const ThemeChoice theme : {ThemeChoice::light, ThemeChoice::dark}) {
      applyTheme(*qApp, theme, before);
      QTest::qWait(30);
      QVERIFY(widget.grab().save(QStringLiteral("%1/%2-%3.png").arg(folder, QLatin1String(name), themeName(theme))));
    }
  }

 private slots:
  void initTestCase() { applyTheme(*qApp, ThemeChoice::light, QApplication::palette()); }
  void init() { folder_ = std::make_unique<QTemporaryDir>(); }

  void results_come_while_a_person_types() {
    fill();
    SearchService service(data());
    SearchPanel panel(&service);
    panel.openFor({});
    auto* query = panel.findChild<QLineEdit*>("searchQuery");
    auto* list = panel.findChild<QListView*>("searchHits");
    const QAbstractItemModelTester tester(list->model(), QAbstractItemModelTester::FailureReportingMode::QtTest);
    QVERIFY(!panel.findChild<QCheckBox*>("searchHere")->isVisible());
    QTest::keyClicks(query, "prime");
    QTRY_COMPARE(list->model()->rowCount(), 6);
    keep(panel, "search");
    const QModelIndex first = list->model()->index(0, 0);
    QCOMPARE(first.data(SearchHitModel::KindRole).toString(), QString("Title"));
    const QPoint match = first.data(SearchHitModel::MatchesRole).toList().at(0).toPoint();
    QVERIFY(first.data().toString().mid(match.x(), match.y()).startsWith("prime"));
    QTest::keyClicks(query, " cole");
    QTRY_VERIFY(panel.findChild<QLabel*>("searchState")->text().startsWith("Nothing was found"));
    QCOMPARE(list->model()->rowCount(), 0);
    query->clear();
    QTRY_VERIFY(panel.findChild<QLabel*>("searchState")->text().startsWith("All words"));
  }

  void matches_are_placed_behind_letters_of_any_length() {
    SearchHitModel model;
    SearchHit hit;
    hit.snippet = "\xf0\x9f\x98\x80 \xc3\xa9 word";
    hit.matches = {{8, 4}};
    model.setHits({hit});
    const QPoint place = model.index(0).data(SearchHitModel::MatchesRole).toList().at(0).toPoint();
    QCOMPARE(model.index(0).data().toString().mid(place.x(), place.y()), QString("word"));
  }

  void filters_narrow_the_results() {
    fill();
    SearchService service(data());
    SearchPanel panel(&service);
    panel.openFor({1});
    auto* list = panel.findChild<QListView*>("searchHits");
    QTest::keyClicks(panel.findChild<QLineEdit*>("searchQuery"), "prime");
    QTRY_COMPARE(list->model()->rowCount(), 6);
    auto* where = panel.findChild<QComboBox*>("searchWhere");
    where->setCurrentText("Titles");
    QTRY_COMPARE(list->model()->rowCount(), 2);
    where->setCurrentText("Answers");
    QTRY_COMPARE(list->model()->rowCount(), 1);
    where->setCurrentText("Everywhere");
    panel.findChild<QCheckBox*>("searchHere")->setChecked(true);
    QTRY_COMPARE(list->model()->rowCount(), 4);
  }

  void enter_opens_the_chosen_one() {
    fill();
    SearchService service(data());
    SearchPanel panel(&service);
    panel.openFor({});
    auto* query = panel.findChild<QLineEdit*>("searchQuery");
    auto* list = panel.findChild<QListView*>("searchHits");
    QSignalSpy chosen(&panel, &SearchPanel::chosen);
    QTest::keyClicks(query, "cole");
    QTest::keyClick(query, Qt::Key_Return);  // before the answer is there
    QTRY_COMPARE(chosen.size(), 1);
    QCOMPARE(chosen[0][0].value<SessionId>(), SessionId{2});
    QCOMPARE(chosen[0][1].value<NodeId>(), NodeId{5});
    QVERIFY(!panel.isVisible());
    panel.openFor({});
    QCOMPARE(query->selectedText(), QString("cole"));
    QTest::keyClicks(query, "prime");
    QTRY_COMPARE(list->model()->rowCount(), 6);
    QTest::keyClick(query, Qt::Key_Down);
    QTest::keyClick(query, Qt::Key_Down);
    QCOMPARE(list->currentIndex().row(), 2);
    QTest::keyClick(query, Qt::Key_Up);
    QTest::keyClick(query, Qt::Key_Return);
    QCOMPARE(chosen.size(), 2);
    QVERIFY(!chosen[1][1].value<NodeId>());  // a title
    panel.openFor({});
    QTest::keyClick(query, Qt::Key_Escape);
    QVERIFY(!panel.isVisible());
  }

  void letters_are_found_in_their_order() {
    QVERIFY(fuzzyMatch(u"ns", u"New session"));
    QVERIFY(!fuzzyMatch(u"nwn", u"New session") || fuzzyMatch(u"nwn", u"New session")->positions.back() == 10);
    QVERIFY(!fuzzyMatch(u"xyz", u"New session"));
    QVERIFY(fuzzyMatch(u"EXPORT", u"export"));
    QVERIFY(fuzzyMatch(u"bezout", QString::fromUtf8("B\xc3\xa9zout")));
    QCOMPARE(fuzzyMatch(u"ns", u"New session")->positions, (std::vector<qsizetype>{0, 4}));
    QVERIFY(fuzzyMatch(u"", u"x")->positions.empty());
    QVERIFY(!fuzzyMatch(u"a", u""));
    QVERIFY(fuzzyMatch(u"n s", u"New session"));
    QCOMPARE(best_of("insp", {"Inscribed angles, step", "Open Inspect", "Include spaces"}), QString("Open Inspect"));
    QCOMPARE(best_of("exp", {"Open next page", "Export the session"}), QString("Export the session"));
    // As good as trying every place, for short ones.
    const QString text = "aXbabcab";
    const auto match = fuzzyMatch(u"abc", text);
    QCOMPARE(match->positions, (std::vector<qsizetype>{3, 4, 5}));
  }

  void the_palette_runs_what_is_chosen() {
    CommandPalette palette;
    QStringList done;
    const auto command = [&](const QString& text, const QString& shortcut, const QString& group) {
      return PaletteCommand{text, shortcut, group, [&done, text] { done << text; }};
    };
    const std::vector<PaletteCommand> commands{
        command("New session", "Ctrl+N", {}),
        command("Search", "Ctrl+F", {}),
        command("Export the session", "Ctrl+E", {}),
        command("Open Inspect", "Ctrl+2", {}),
        command("Is 2^67 - 1 prime?", {}, "Session"),
        command("holdfast-mini", {}, "Model"),
        command("Sum of the first n odd numbers, shown by a picture and by induction", {}, "Session")};
    palette.openWith(commands);
    auto* query = palette.findChild<QLineEdit*>("paletteQuery");
    auto* list = palette.findChild<QListView*>("paletteList");
    const QAbstractItemModelTester tester(list->model(), QAbstractItemModelTester::FailureReportingMode::QtTest);
    QCOMPARE(list->model()->rowCount(), 7);
    QCOMPARE(list->currentIndex().data().toString(), QString("New session"));
    QTest::keyClicks(query, "se");
    keep(palette, "palette");
    QTest::keyClick(query, Qt::Key_Return);
    QCOMPARE(done, QStringList{"Search"});
    QVERIFY(!palette.isVisible());
    palette.openWith(commands);  // what was chosen lately comes first
    QCOMPARE(list->currentIndex().data().toString(), QString("Search"));
    QTest::keyClick(query, Qt::Key_Up);
    QCOMPARE(list->currentIndex().row(), 6);
    QTest::keyClick(query, Qt::Key_Down);
    QCOMPARE(list->currentIndex().row(), 0);
    QTest::keyClicks(query, "qqq");
    QCOMPARE(list->model()->rowCount(), 0);
    QVERIFY(palette.findChild<QLabel*>("paletteNothing")->isVisible());
    QTest::keyClick(query, Qt::Key_Return);
    QCOMPARE(done.size(), 1);
    QTest::keyClick(query, Qt::Key_Escape);
    QVERIFY(!palette.isVisible());
  }

  void a_session_is_exported_and_imported_again() {
    fill();
    ExchangeService service(data());
    ExportDialog dialog(&service);
    dialog.openFor({1}, "How many primes lie below 100?");
    auto* file = dialog.findChild<QLineEdit*>("exportFile");
    auto* format = dialog.findChild<QComboBox*>("exportFormat");
    auto* state = dialog.findChild<QLabel*>("exportState");
    auto* start = dialog.findChild<QPushButton*>("exportStart");
    QTRY_VERIFY(file->text().endsWith("How-many-primes-lie-below-100.pdf"));
    keep(dialog, "export");
    format->setCurrentText("Holdfast session, complete");
    QTRY_VERIFY(file->text().endsWith(".jsonl"));
    QVERIFY(!dialog.findChild<QRadioButton*>("exportTree")->isEnabled());
    const QString target = folder_->filePath("a.jsonl");
    file->setText(target);
    QTest::mouseClick(start, Qt::LeftButton);
    QTRY_VERIFY(state->text().startsWith("Written to"));
    QTest::mouseClick(start, Qt::LeftButton);
    QVERIFY2(state->text().contains("exists"), qPrintable(state->text()));
    QTest::mouseClick(start, Qt::LeftButton);
    QTRY_VERIFY(state->text().startsWith("Written to"));
    QSignalSpy imported(&service, &ExchangeService::imported);
    service.importFile(target);
    QTRY_COMPARE(imported.size(), 1);
    QCOMPARE(Store(data() / "holdfast.db").sessions().size(), std::size_t{4});
    file->setText("/nowhere/a.jsonl");
    QTest::mouseClick(start, Qt::LeftButton);
    QTRY_VERIFY(state->text().contains("/nowhere"));
    QVERIFY(start->isEnabled());
  }

  void a_pdf_is_written_on_a_thread_of_its_own() {
    fill();
    ExchangeService service(data());
    QSignalSpy exported(&service, &ExchangeService::exported);
    QSignalSpy failed(&service, &ExchangeService::failed);
    const QString target = folder_->filePath("a.pdf");
    service.exportSession({1}, ExportFormat::pdf, {.statistics = true}, target);
    QTRY_VERIFY(exported.size() == 1 || failed.size() == 1);
    QCOMPARE(failed.size(), 0);
    QFile pdf(target);
    QVERIFY(pdf.open(QIODevice::ReadOnly));
    QVERIFY(pdf.readAll().startsWith("%PDF"));
    QSignalSpy bad(&service, &ExchangeService::failed);
    service.exportSession({77}, ExportFormat::pdf, {}, target);
    QTRY_COMPARE(bad.size(), 1);
    QVERIFY(bad[0][0].toString().contains("not there any more"));
  }
};

QTEST_MAIN(SearchPanelsTest)
#include "search_panels_test.moc"
