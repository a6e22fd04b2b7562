// The Inspect workspace driven as a person does: a text is read, a token and a head are chosen, numbers are those of
// the inspection. HOLDFAST_SCREENSHOTS=folder keeps pictures; HOLDFAST_MODEL=folder takes another model than the random
// one. Seen failing: a map that does not follow the metric, a token chosen one too far, columns of the heat map lost
// when zoomed; a session that is read again although it was watched, a given's token one too early, the distance of the
// wrong two states, a level of detail that forgets its last column.
#include <QComboBox>
#include <QLineEdit>
#include <QPushButton>
#include <QSignalSpy>
#include <QTabWidget>
#include <QTableView>
#include <QTableWidget>
#include <QTextEdit>
#include <QToolButton>
#include <cmath>
#include <map>

#include "app/models/head_table_model.h"
#include "app/panels/inspect_difference.h"
#include "app/panels/inspect_panel.h"
#include "app/store/state_files.h"
#include "app/widgets/heatmap_view.h"
#include "app/widgets/plot_view.h"
#include "tests/gui/random_model.h"
#include "tests/gui/window_driver.h"
#include "tests/oracle/state_stats.h"

using namespace holdfast;
using namespace holdfast::test;
namespace fs = std::filesystem;

namespace {}  // namespace

class InspectTest : public QObject {
  Q_OBJECT

  QTemporaryDir folder_;

  fs::path model() {
    if (const QString other = qEnvironmentVariable("HOLDFAST_MODEL"); !other.isEmpty()) return other.toStdString();
    const fs::path path = fs::path(folder_.path().toStdString()) / "model";
    if (!fs::exists(path)) write_random_model(path);
    return path;
  }
  static void readText(WindowDriver& window, const QString& text) {
    QTRY_VERIFY(window.idle() && window.window().chat()->model());
    window.click("inspectWorkspace");
    auto* line = window.find<QLineEdit>("inspectText");
    line->setText(text);
    QTest::keyClick(line, Qt::Key_Return);
    auto* panel = window.find<InspectPanel>("inspectPanel");
    QTRY_VERIFY(panel->result() != nullptr);
  }
  static void keepPictures(WindowDriver& window, const char* name) {
    const QString folder = qEnvironmentVariable("HOLDFAST_SCREENSHOTS");
    if (folder.isEmpty()) return;
    for (const ThemeChoice theme : {ThemeChoice::dark, ThemeChoice::light}) {
      window.window().setTheme(theme);
      QTest::qWait(100);
      QVERIFY(window.window().grab().save(QStringLiteral("%1/%2-%3.png").arg(folder, name, themeName(theme))));
    }
  }

 private slots:
  void heat_is_told_apart_and_runs_from_dark_to_light() {
    int before = -1;
    for (int i = 0; i <= 10; ++i) {
      const int lightness = heatColour(i / 10.0).lightness();
      QVERIFY(i == 0 || qGray(heatColour(i / 10.0).rgb()) > before);
      before = qGray(heatColour(i / 10.0).rgb());
      QVERIFY(lightness >= 0);
    }
  }

  void a_heat_map_shows_every_column_however_many() {
    HeatmapView view;
    view.resize(420, 100);
    HeatmapData data;
    data.rows = 2;
    data.columns = 100000;
    data.values.assign(200000, 0.0f);
    for (int c = 50000; c < 100000; ++c) data.values[static_cast<std::size_t>(c)] = 1.0f;
    view.setData(data);
    const QImage whole = view.grab().toImage();
    // The first row's left half is dark, its right half light.
    QVERIFY(qGray(whole.pixel(60, 20)) < 60);
    QVERIFY(qGray(whole.pixel(280, 20)) > 180);
    QVERIFY(qGray(whole.pixel(280, 80)) < 60);
    QSignalSpy spy(&view, &HeatmapView::cellSelected);
    QTest::mouseClick(&view, Qt::LeftButton, {}, QPoint(280, 20));
    QCOMPARE(spy.size(), 1);
    QCOMPARE(view.selectedRow(), 0);
    QVERIFY(view.selectedColumn() > 50000);
    QTest::keyClick(&view, Qt::Key_Down);
    QCOMPARE(view.selectedRow(), 1);
    QTest::keyClick(&view, Qt::Key_Home);
    QCOMPARE(view.selectedColumn(), 0);
  }

  void every_level_of_detail_says_what_its_columns_are() {
    Random random(6);
    std::vector<float> values;
    for (int i = 0; i < 2 * 1000; ++i) values.push_back(static_cast<float>(random.uniform()));
    values[1500] = std::nanf("");
    const HeatmapLevels levels(2, 1000, values);
    for (const auto& [first, last] :
         {std::pair{0, 1}, {0, 1000}, {500, 501}, {992, 1000}, {0, 512}, {512, 768}, {999, 1000}}) {
      for (int row = 0; row < 2; ++row) {
        double sum = 0.0, least = 2.0, most = -1.0;
        int count = 0;
        for (int c = first; c < last; ++c) {
          const float value = values[static_cast<std::size_t>(row * 1000 + c)];
          if (std::isnan(value)) continue;
          sum += static_cast<double>(value), ++count;
          least = std::min(least, static_cast<double>(value)), most = std::max(most, static_cast<double>(value));
        }
        const auto over = [&](HeatmapLevels::Kind kind) {
          return static_cast<double>(levels.over(row, first, last, kind));
        };
        if (count == 0) {
          QVERIFY(std::isnan(over(HeatmapLevels::Kind::mean)));
          continue;
        }
        // Steps of 2^-16 at each level; where NaN is left out, its neighbours weigh more.
        QVERIFY(std::abs(over(HeatmapLevels::Kind::mean) - sum / count) < (row == 1 ? 2e-3 : 2e-4));
        QVERIFY(std::abs(over(HeatmapLevels::Kind::least) - least) < 2e-5);
        QVERIFY(std::abs(over(HeatmapLevels::Kind::most) - most) < 2e-5);
      }
    }
  }

  void a_timeline_is_moved_zoomed_and_pointed_at() {
    HeatmapView view;
    view.resize(400, 120);
    HeatmapData data;
    data.rows = 1, data.columns = 100000;
    data.values.assign(100000, 0.0f);
    data.values[77777] = 1.0f;  // one token among many
    data.marks = {{50000.0, QStringLiteral("answer"), false}, {77777.0, {}, true}};
    view.setData(data);
    view.show();
    QVERIFY(QTest::qWaitForWindowExposed(&view, patience));
    const auto lightest = [&] {
      const QImage picture = view.grab().toImage();
      int most = 0;
      for (int x = 4; x < 320; ++x) most = std::max(most, qGray(picture.pixel(x, 60)));
      return most;
    };
    view.setKind(HeatmapLevels::Kind::least);
    view.showColumns(60000.0, 40000.0);
    QVERIFY(lightest() < 60);
    view.setKind(HeatmapLevels::Kind::most);
    QVERIFY(lightest() > 180);  // not lost between 300 pixels
    view.showColumns(60000.0, 10000.0);
    QVERIFY(lightest() < 60);
    view.showColumns(77770.0, 20.0);
    QVERIFY(lightest() > 180);
    QCOMPARE(view.firstColumn(), 77770.0);
    view.showColumns(99999.0, 20.0);  // not beyond the end
    QCOMPARE(view.firstColumn() + view.columnsShown(), 100000.0);
    QSignalSpy pointed(&view, &HeatmapView::cellPointed);
    QTest::mouseMove(&view, QPoint(100, 60));
    QTRY_VERIFY(!pointed.isEmpty());
    QVERIFY(pointed.last().at(1).toInt() > 99970);
  }

  void a_text_is_looked_at() {
    WindowDriver window(fs::path(folder_.path().toStdString()) / "data", model());
    readText(window, QStringLiteral("What is 24 * 17? It is 24 * 10 + 24 * 7 = 240 + 168 = 408."));
    auto* panel = window.find<InspectPanel>("inspectPanel");
    const Inspection& seen = panel->result()->seen;
    auto* map = window.find<HeatmapView>("headMap");
    QCOMPARE(map->data().rows, static_cast<int>(seen.layers()));
    QCOMPARE(map->data().columns, static_cast<int>(seen.heads()));
    const auto half = seen.half_life(0, seen.tokens());
    QVERIFY(std::abs(static_cast<double>(map->data().values[1]) - std::min(half[1], 1e6)) < 1e-3 * half[1]);
    // The timeline: of the tokens of a sample, the geometric mean of the layer's half-lives.
    auto* timeline = window.find<HeatmapView>("timeline");
    const std::int64_t begin = seen.sample_end(1), end = seen.sample_end(2);
    double logs = 0.0;
    for (std::int64_t h = 0; h < seen.heads(); ++h) {
      const auto sums = seen.decay_sums(1, h);
      const double decay = sums[static_cast<std::size_t>(begin)] - sums[static_cast<std::size_t>(end)];
      logs += std::log(std::min(1e6, std::log(2.0) * static_cast<double>(end - begin) / decay));
    }
    const double mean = std::exp(logs / static_cast<double>(seen.heads()));
    const auto shown =
        static_cast<double>(timeline->data().values[static_cast<std::size_t>(timeline->data().columns + 2)]);
    QVERIFY2(std::abs(shown / mean - 1.0) < 1e-4, qPrintable(QStringLiteral("%1 %2").arg(shown).arg(mean)));
    // Another metric, another map.
    window.find<QComboBox>("metric")->setCurrentIndex(2);
    QCOMPARE(map->data().values[1], seen.values(Inspection::Series::norm, seen.samples() - 1)[1]);
    // A token by its place in the text; then what is left of it.
    auto* tokens = window.find<QTextEdit>("inspectTokens");
    QTextCursor cursor = tokens->textCursor();
    cursor.setPosition(static_cast<int>(tokens->toPlainText().size()) - 1);
    tokens->setTextCursor(cursor);
    auto* plot = window.find<PlotView>("retention");
    QCOMPARE(plot->data().lines.size(), std::size_t{3});
    QCOMPARE(plot->data().lines[0].x.front(), static_cast<double>(seen.tokens() - 1));
    cursor.setPosition(0);
    tokens->setTextCursor(cursor);
    const auto kept = seen.retention(0, seen.tokens() - 1);
    window.find<QComboBox>("metric")->setCurrentIndex(1);
    double sum = 0.0;
    for (std::int64_t h = 0; h < seen.heads(); ++h)
      sum += seen.retention(0, seen.sample_end(2) - 1)[static_cast<std::size_t>(seen.heads() + h)];
    QVERIFY(
        std::abs(static_cast<double>(timeline->data().values[static_cast<std::size_t>(timeline->data().columns + 2)]) -
                 sum / static_cast<double>(seen.heads())) < 1e-5);
    QVERIFY(std::abs(plot->data().lines[0].y.back() - *std::max_element(kept.begin(), kept.end())) < 1e-9);
    QVERIFY(!window.find<QLabel>("inspectWords")->text().isEmpty());
  }

  // Stretches that are kept, by the tokens before them: file and end.
  static std::map<std::int64_t, std::pair<fs::path, std::int64_t>> keptStretches(const fs::path& data) {
    std::map<std::int64_t, std::pair<fs::path, std::int64_t>> kept;
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(data / "inspections", none)) {
      if (entry.path().extension() != ".inspection") continue;
      const SeenStretch stretch = Inspection::stretch_of(entry.path());
      kept[stretch.from] = {entry.path(), stretch.from + std::ssize(stretch.tokens)};
    }
    return kept;
  }
  // A question with givens is asked; the reply is some forty tokens of a random model.
  static void askQuestion(WindowDriver& window, const fs::path& data) {
    QTRY_VERIFY(window.idle() && window.window().chat()->model());
    const std::size_t before = window.transcript()->count();
    const std::size_t kept = keptStretches(data).size();
    window.ask(QStringLiteral("There are 12 hens and 345 eggs"));
    QTRY_VERIFY(window.transcript()->count() == before + 2 && window.finished());
    // States and what was watched are written once the window knows that the turn has ended: a stretch for the question
    // and one for the answer.
    QTRY_COMPARE(keptStretches(data).size(), kept + 2);
  }
  fs::path newData(const char* name) {
    const fs::path data = fs::path(folder_.path().toStdString()) / name;
    fs::create_directories(data);
    Store(data / "holdfast.db").set_setting("sampler", R"({"max_tokens": 40})");
    return data;
  }

  void a_session_is_shown_as_it_was_watched_and_reads_again_when_asked() {
    const fs::path data = newData("watched");
    WindowDriver window(data, model());
    askQuestion(window, data);
    window.click("inspectWorkspace");
    auto* panel = window.find<InspectPanel>("inspectPanel");
    QTRY_VERIFY(window.find<QPushButton>("inspectSessionButton")->isEnabled());
    window.click("inspectSessionButton");
    QTRY_VERIFY(panel->result() != nullptr);
    QVERIFY(panel->result()->watched);
    QVERIFY(window.label("inspectWords").contains(QStringLiteral("nothing was read again")));
    const std::int64_t tokens = panel->result()->seen.tokens();
    const auto kept = panel->result()->seen.retention(5, tokens - 1);
    QVERIFY(tokens > 40);
    // The givens are the numbers of the question; each is the token that ends it.
    auto* givens = window.find<QTableWidget>("givens");
    QCOMPARE(givens->rowCount(), 2);
    QCOMPARE(givens->item(0, 0)->text(), QStringLiteral("12"));
    QCOMPARE(givens->item(1, 0)->text(), QStringLiteral("345"));
    const int given = givens->item(1, 0)->data(Qt::UserRole).toInt();
    QVERIFY(panel->result()->pieces[given].contains(QLatin1Char('5')));
    givens->setCurrentCell(1, 0);
    QCOMPARE(panel->token(), given);
    // Messages begin and states are kept where the timeline says.
    auto* timeline = window.find<HeatmapView>("timeline");
    const auto& marks = timeline->data().marks;
    QVERIFY(std::ranges::any_of(marks, [](const HeatmapMark& m) { return m.flag; }));
    QVERIFY(std::ranges::any_of(marks, [](const HeatmapMark& m) { return m.text == QStringLiteral("question"); }));
    // Text and timeline point at each other.
    emit timeline->cellPointed(0, timeline->data().columns - 1);
    QCOMPARE(window.find<QTextEdit>("inspectTokens")->extraSelections().size(), 2);
    emit timeline->cellPointed(-1, -1);
    QCOMPARE(window.find<QTextEdit>("inspectTokens")->extraSelections().size(), 1);
    timeline->select(1, timeline->data().columns - 1);
    emit timeline->cellSelected(1, timeline->data().columns - 1);
    QVERIFY(panel->token() > 40);
    // The state that was kept at the end stands in for the last token's.
    window.find<QTabWidget>("inspectTabs")->setCurrentIndex(1);
    QVERIFY(window.find<HeatmapView>("headState")->data().rows > 0);
    QVERIFY(window.find<QTableWidget>("headStretches")->rowCount() > 0);
    // The squares of its singular values are together those of its numbers; their spread is the stable rank.
    const PlotData& spectrum = window.find<PlotView>("headSpectrum")->data();
    double squares = 0.0, numbers_squared = 0.0;
    for (const double v : spectrum.lines.at(0).y) squares += v * v;
    for (const float v : window.find<HeatmapView>("headState")->data().values) {
      numbers_squared += static_cast<double>(v) * static_cast<double>(v);
    }
    QVERIFY(std::abs(squares / numbers_squared - 1.0) < 1e-5);
    QVERIFY(std::ranges::is_sorted(spectrum.lines[0].y, std::greater{}));
    // What stands beside a Transformer's cache has both marks: this text, and where the two are of a size.
    const auto& sizes = window.find<PlotView>("memoryChart")->data().marks;
    QVERIFY(std::ranges::any_of(sizes, [](const auto& mark) { return mark.second == QStringLiteral("break-even"); }));
    QVERIFY(std::ranges::is_sorted(sizes, {}, [](const auto& mark) { return mark.first; }));
    const int chosen = panel->token();
    window.click("inspectAgain");
    QTRY_VERIFY(!panel->result()->watched);
    // The chosen token stays chosen, and the timeline shows it.
    QCOMPARE(panel->token(), chosen);
    const double place =
        static_cast<double>(chosen) * timeline->data().columns / static_cast<double>(panel->result()->seen.tokens());
    QVERIFY(std::abs(timeline->selectedColumn() - place) <= 1.0);
    const Inspection& again = panel->result()->seen;
    QVERIFY(again.tokens() >= tokens);
    const auto read = again.retention(5, tokens - 1);
    for (std::size_t i = 0; i < kept.size(); ++i) QVERIFY(std::abs(kept[i] - read[i]) < 1e-4);
    // All numbers as a table: those of the map.
    window.find<QTabWidget>("inspectTabs")->setCurrentIndex(3);
    auto* numbers = window.find<QTableView>("numbers");
    QTRY_COMPARE(numbers->model()->rowCount(), static_cast<int>(again.layers() * again.heads()));
    const auto half = again.half_life(0, again.tokens());
    QVERIFY(std::abs(numbers->model()->index(0, 1).data(Qt::UserRole).toDouble() - std::min(half[0], 1e6)) <
            1e-5 * half[0]);
    window.find<QLineEdit>("numbersSearch")->setText(QStringLiteral("L1H0"));
    QVERIFY(numbers->model()->rowCount() >= 1);
    QVERIFY(numbers->model()->rowCount() < static_cast<int>(again.layers() * again.heads()));
  }

  // Of two turns the first answer's stretch is gone and the second answer's damaged.
  void what_is_missing_of_a_session_is_read_again_and_nothing_else() {
    const fs::path data = newData("missing");
    WindowDriver window(data, model());
    askQuestion(window, data);
    askQuestion(window, data);
    const auto files = keptStretches(data);
    const auto gone = std::next(files.begin()), damaged = std::next(files.begin(), 3);
    fs::remove(gone->second.first);
    fs::resize_file(damaged->second.first, fs::file_size(damaged->second.first) - 1);
    window.click("inspectWorkspace");
    auto* panel = window.find<InspectPanel>("inspectPanel");
    QTRY_VERIFY(window.find<QPushButton>("inspectSessionButton")->isEnabled());
    window.click("inspectSessionButton");
    QTRY_VERIFY(panel->result() != nullptr);
    const InspectResult* shown = panel->result();
    QVERIFY(shown->watched);
    QCOMPARE(shown->reread.size(), std::size_t{2});
    QCOMPARE(shown->reread[0], std::pair(gone->first, gone->second.second));
    QCOMPARE(shown->reread[1].first, damaged->first);
    const QString words = window.label("inspectWords");
    QVERIFY2(words.contains(QStringLiteral("read again")), qPrintable(words));
    QVERIFY2(words.contains(QStringLiteral("%1 to %2").arg(gone->first).arg(gone->second.second - 1)),
             qPrintable(words));
    QVERIFY2(words.contains(QString::fromStdString(damaged->second.first.filename().string())), qPrintable(words));
    QVERIFY(!shown->states.empty());
    keepPictures(window, "inspect-missing");
    // The numbers are those of reading it all.
    const Inspection seen = shown->seen;
    const std::int64_t tokens = seen.tokens();
    window.click("inspectAgain");
    QTRY_VERIFY(!panel->result()->watched);
    const Inspection& again = panel->result()->seen;
    for (const std::int64_t written : {std::int64_t{0}, gone->first, damaged->first - 1, damaged->first, tokens - 1}) {
      const auto got = seen.retention(written, tokens - 1), want = again.retention(written, tokens - 1);
      for (std::size_t i = 0; i < got.size(); ++i) QVERIFY(std::abs(got[i] - want[i]) < 1e-4);
    }
    window.click("inspectSessionButton");  // what was read is kept
    QTRY_VERIFY(panel->result()->watched);
    QVERIFY(panel->result()->reread.empty() && panel->result()->damaged.isEmpty());
    QVERIFY(window.label("inspectWords").contains(QStringLiteral("nothing was read again")));
  }

  void two_kept_states_are_compared() {
    const fs::path data = newData("difference");
    WindowDriver window(data, model());
    askQuestion(window, data);
    window.click("inspectWorkspace");
    QTRY_VERIFY(window.find<QPushButton>("inspectSessionButton")->isEnabled());
    window.click("inspectSessionButton");
    auto* panel = window.find<InspectPanel>("inspectPanel");
    QTRY_VERIFY(panel->result() != nullptr);
    window.find<QTabWidget>("inspectTabs")->setCurrentIndex(2);
    auto* a = window.find<QComboBox>("differenceA");
    auto* b = window.find<QComboBox>("differenceB");
    QTRY_VERIFY(a->count() >= 2);
    auto* difference = window.find<InspectDifference>("inspectDifference");
    window.click("differenceCompare");
    QTRY_VERIFY(difference->comparison() != nullptr);
    const StateComparison& shown = *difference->comparison();
    QVERIFY(shown.tokensB > shown.tokensA);
    QCOMPARE(shown.parted.value(), static_cast<std::int64_t>(shown.tokensA));
    QVERIFY(window.label("differenceSummary").contains(QString::number(shown.tokensA)));
    // The map against the definition, on the states as they are kept.
    Store store(data / "holdfast.db");
    const StateFiles files(store, data / "states");
    const auto rows = store.snapshots(store.sessions().at(0).id);
    const Mamba2Config& config = panel->result()->config;
    const Snapshot of_a = files.load(rows[static_cast<std::size_t>(a->currentIndex())].file, config);
    const Snapshot of_b = files.load(rows[static_cast<std::size_t>(b->currentIndex())].file, config);
    const auto numbers = [](const Snapshot& s) {
      const ConstTensorView ssm = std::as_const(s.state).ssm();
      return std::span(ssm.as<float>(), static_cast<std::size_t>(ssm.shape.elements()));
    };
    const auto size = static_cast<std::size_t>(config.head_dim * config.d_state);
    const HeatmapData& map = window.find<HeatmapView>("differenceMap")->data();
    QCOMPARE(map.values.size() * size, numbers(of_a).size());
    for (std::size_t head = 0; head < map.values.size(); ++head) {
      std::vector<float> apart;
      for (std::size_t i = head * size; i < (head + 1) * size; ++i)
        apart.push_back(numbers(of_a)[i] - numbers(of_b)[i]);
      const double want =
          oracle::frobenius_norm(apart) / oracle::frobenius_norm(numbers(of_a).subspan(head * size, size));
      QVERIFY(std::abs(static_cast<double>(map.values[head]) - want) < 1e-5 * want);
    }
    // The table's first row is the largest of the map, and chooses its head there.
    auto* heads = window.find<QTableWidget>("differenceHeads");
    QVERIFY(heads->isVisible());
    const int first = heads->item(0, 0)->data(Qt::UserRole).toInt();
    QCOMPARE(map.values[static_cast<std::size_t>(first)], *std::ranges::max_element(map.values));
    heads->setCurrentCell(0, 1);
    QCOMPARE(window.find<HeatmapView>("differenceMap")->selectedRow(), first / map.columns);
    QCOMPARE(window.find<HeatmapView>("differenceMap")->selectedColumn(), first % map.columns);
    keepPictures(window, "inspect2");
    // A state and itself.
    a->setCurrentIndex(b->currentIndex());
    window.click("differenceCompare");
    QTRY_VERIFY(difference->comparison()->apart.whole == 0.0);
    QVERIFY(window.label("differenceSummary").contains(QStringLiteral("same text")));
  }

  void nothing_to_look_at_is_said() {
    WindowDriver window(fs::path(folder_.path().toStdString()) / "empty", model());
    QTRY_VERIFY(window.idle() && window.window().chat()->model());
    window.click("inspectWorkspace");
    QVERIFY(window.find<QLabel>("inspectEmpty")->isVisible());
    QVERIFY(!window.find<QPushButton>("inspectSessionButton")->isEnabled());
    QTest::keyClick(&window.window(), Qt::Key_1, Qt::ControlModifier);
    QVERIFY(window.question()->isVisible());
  }

  void screens_data() {
    QTest::addColumn<bool>("dark");
    QTest::newRow("light") << false;
    QTest::newRow("dark") << true;
  }
  void screens() {
    QFETCH(bool, dark);
    WindowDriver window(fs::path(folder_.path().toStdString()) / (dark ? "dark" : "light"), model());
    window.window().setTheme(dark ? ThemeChoice::dark : ThemeChoice::light);
    QString text =
        QStringLiteral("A farmer has 12 hens. Each lays 2 eggs a day. How many eggs does he collect in a week? ");
    for (int i = 0; i < 3; ++i)
      text += QStringLiteral("12 * 2 = 24 eggs a day. 24 * 7 = 24 * 5 + 24 * 2 = 120 + 48 = 168 eggs a week. ");
    readText(window, text);
    QTest::qWait(100);
    const QString folder = qEnvironmentVariable("HOLDFAST_SCREENSHOTS");
    if (folder.isEmpty()) return;
    auto* tabs = window.find<QTabWidget>("inspectTabs");
    for (const int tab : {0, 1, 3, 4}) {
      tabs->setCurrentIndex(tab);
      QTest::qWait(100);
      const QString name = QStringLiteral("%1/inspect%2-%3.png").arg(folder).arg(tab).arg(dark ? "dark" : "light");
      QVERIFY(window.window().grab().save(name));
    }
  }
};

QTEST_MAIN(InspectTest)
#include "inspect_test.moc"
