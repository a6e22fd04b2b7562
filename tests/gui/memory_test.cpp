// The memory beside the transcript: it follows the answer, speaks of the same places, costs nothing while it is hidden,
// and has a reply go on from before its givens faded. HOLDFAST_SCREENSHOTS=folder keeps pictures. Seen failing: a look
// that goes on while the pane is hidden, a place one column too far, the first kept state in place of the last one
// before the fading, a given that fades one token late, a reply that is not in sight and is left as it is, a pane that
// stays where there is no room, a vote whose reply is not read behind it, a lamp that shows what the pane does not have
// yet, a pane that keeps what a running session has when another is opened, a branch waited for and another one taken.
#include <QComboBox>
#include <QLabel>
#include <QMenu>
#include <QPushButton>
#include <QRegularExpression>
#include <QSignalSpy>
#include <QToolButton>
#include <cmath>

#include "app/panels/inspect_panel.h"
#include "app/panels/memory_panel.h"
#include "app/panels/solve_panel.h"
#include "app/services/cache_size.h"
#include "app/store/store.h"
#include "app/widgets/amount_bars.h"
#include "app/widgets/heatmap_view.h"
#include "app/widgets/plot_view.h"
#include "tests/gui/reciting_model.h"
#include "tests/gui/window_driver.h"

using namespace holdfast;
using namespace holdfast::test;
namespace fs = std::filesystem;

namespace {

// A thought and an answer of several samples each.
const std::vector<std::string> recited = [] {
  std::vector<std::string> pieces{"We have twelve hens", " and each lays two eggs.", " So that is 24 a day,"};
  for (int day = 1; day <= 40; ++day) pieces.push_back(" of day " + std::to_string(day) + " as many,");
  for (const char* piece : {" in all.", "\n</think>\n\n", "The hens lay", " 24 eggs a day:", " that is 168"}) {
    pieces.emplace_back(piece);
  }
  for (int day = 1; day <= 30; ++day) pieces.push_back(" with day " + std::to_string(day) + ",");
  for (const char* piece : {" in a week.", "\n\nSo the answer is", " \\boxed{168}."}) pieces.emplace_back(piece);
  return pieces;
}();

Mamba2Config small_config() {
  Mamba2Config config;
  config.d_model = 32;
  config.n_layer = 2;
  config.n_heads = 4;
  config.head_dim = 16;
  config.d_state = 16;
  config.n_groups = 1;
  config.d_conv = 4;
  config.vocab_size = 40;
  config.vocab_used = 40;
  config.tied_embeddings = true;
  return config;
}

Inspection some_inspection(std::int64_t tokens) {
  Stream stream(Device::cpu(), 1);
  const auto model = Mamba2Model::random(stream, small_config(), WeightFormat::f32, 5);
  Random random(9);
  std::vector<TokenId> ids;
  for (std::int64_t i = 0; i < tokens; ++i) ids.push_back(static_cast<TokenId>(random.below(40)));
  return Inspection::of(*model, stream, ids, {.every = 4});
}

QString marked(const TextView* view) {
  const auto marks = view->extraSelections();
  return marks.isEmpty() ? QString() : marks.first().cursor.selectedText();
}

}  // namespace

class MemoryTest : public QObject {
  Q_OBJECT

  std::unique_ptr<QTemporaryDir> folder_;
  [[nodiscard]] fs::path path(const char* name) const { return fs::path(folder_->path().toStdString()) / name; }

  std::unique_ptr<WindowDriver> opened(const char* setting = nullptr) {
    RecitingModel::write(path("model"), recited);
    fs::create_directories(path("data"));
    Store(path("data") / "holdfast.db").set_setting("sampler", R"({"max_tokens": 120})");
    if (setting != nullptr) Store(path("data") / "holdfast.db").set_setting("memory_open", setting);
    auto window = std::make_unique<WindowDriver>(path("data"), path("model"));
    [&] { QTRY_VERIFY(window->idle() && window->window().chat()->model()); }();
    return window;
  }
  static void ask(WindowDriver& window) {
    QSignalSpy kept(window.window().chat(), &ChatService::stateKept);
    window.ask(QStringLiteral("There are 12 hens. Each lays 2 eggs a day. What of a week?"));
    QTRY_VERIFY(window.finished());
    QTRY_VERIFY(!kept.isEmpty());
  }
  static MemoryPanel* panel(WindowDriver& window) { return window.find<MemoryPanel>("memoryPanel"); }
  // The timeline shows all of the text that is kept.
  static bool shown(WindowDriver& window) {
    const InspectResult* seen = panel(window)->result();
    return panel(window)->isVisible() && seen != nullptr &&
           window.find<HeatmapView>("memoryTimeline")->data().rows > 0 &&
           seen->tokens.size() + 2 >= static_cast<std::size_t>(window.window().findChild<SolvePanel*>()->tokens());
  }
  static TextView* text(WindowDriver& window, const char* name) {
    TextView* found = nullptr;
    for (auto* view : window.transcript()->findChildren<TextView*>()) {
      const bool same = view->objectName() == QLatin1String(name) || view->accessibleName() == QLatin1String(name);
      if (same) found = view;
    }
    return found;
  }
  static void keepPictures(WindowDriver& window, const char* name) {
    const QString folder = qEnvironmentVariable("HOLDFAST_SCREENSHOTS");
    if (folder.isEmpty()) return;
    for (const ThemeChoice theme : {ThemeChoice::dark, ThemeChoice::light}) {
      window.window().setTheme(theme);
      QTest::qWait(200);
      QVERIFY(window.window().grab().save(QStringLiteral("%1/%2-%3.png").arg(folder, name, themeName(theme))));
    }
  }

 private slots:
  void init() { folder_ = std::make_unique<QTemporaryDir>(); }

  void a_given_fades_at_the_first_token_at_which_no_head_has_half() {
    const Inspection seen = some_inspection(120);
    QStringList pieces{QStringLiteral("7"), QStringLiteral(" and "), QStringLiteral("8"), QStringLiteral(" are ")};
    while (pieces.size() < 120) pieces << QStringLiteral("x");
    const std::vector<GivenLeft> givens = givensOf(seen, pieces, 0, QStringLiteral("7 and 8 are "));
    QCOMPARE(givens.size(), std::size_t{2});
    int fading = 0;
    for (const GivenLeft& given : givens) {
      int first = -1;
      for (int t = given.token; t < 120 && first < 0; ++t) {
        if (std::ranges::max(seen.retention(given.token, t)) < given_fades) first = t;
      }
      QCOMPARE(given.fadedAt, first);
      if (first >= 0) ++fading;
    }
    QVERIFY(fading > 0);
    // The curves are that retention, at every token and at some.
    for (const int places : {1000, 11, 1}) {
      const GivenCurves curves = givenCurves(seen, givens, places);
      QCOMPARE(curves.best.size(), givens.size());
      QCOMPARE(curves.tokens.back(), 119.0);
      QVERIFY(std::ranges::is_sorted(curves.tokens, std::less_equal{}));
      for (std::size_t i = 0; i < givens.size(); ++i) {
        for (std::size_t at = 0; at < curves.tokens.size(); ++at) {
          const auto token = static_cast<std::int64_t>(curves.tokens[at]);
          if (token < givens[i].token) {
            QVERIFY(std::isnan(curves.best[i][at]));
          } else {
            QVERIFY(std::abs(curves.best[i][at] - std::ranges::max(seen.retention(givens[i].token, token))) < 1e-12);
          }
        }
      }
    }
    QVERIFY(givenCurves(seen, {}, 10).tokens.empty());
  }

  void a_reply_goes_on_from_the_last_state_before_the_first_fading_data() {
    QTest::addColumn<int>("faded");
    QTest::addColumn<int>("node");
    QTest::addColumn<int>("position");
    QTest::newRow("in the thought") << 79 << 6 << 15;
    QTest::newRow("at the state itself") << 75 << 6 << 15;
    QTest::newRow("one token before it") << 74 << 6 << 0;
    QTest::newRow("in the answer") << 99 << 7 << 2;
    QTest::newRow("before the reply") << 40 << 6 << 0;
    QTest::newRow("before the last question") << 12 << 6 << 0;
  }
  void a_reply_goes_on_from_the_last_state_before_the_first_fading() {
    QFETCH(int, faded);
    QFETCH(int, node);
    QFETCH(int, position);
    InspectResult result{.seen = some_inspection(4),
                         .config = small_config(),
                         .tokens = {},
                         .pieces = {},
                         .marks = {},
                         .session = {1},
                         .parts = {},
                         .states = {},
                         .timelines = {},
                         .givens = {},
                         .curves = {},
                         .title = {},
                         .seconds = 0.0,
                         .watched = true,
                         .reread = {},
                         .damaged = {}};
    result.parts = {{{2}, NodeKind::user, 0, {}},  {{3}, NodeKind::thought, 10, {}}, {{4}, NodeKind::answer, 30, {}},
                    {{5}, NodeKind::user, 50, {}}, {{6}, NodeKind::thought, 60, {}}, {{7}, NodeKind::answer, 90, {}}};
    for (const int kept : {10, 25, 60, 75, 80, 92}) result.marks.push_back({kept, QStringLiteral("kept"), true});
    result.marks.push_back({78, QStringLiteral("a message"), false});
    QVERIFY(!restatePlace(result).has_value());
    result.givens = {{.text = "3", .token = 1, .best = 0.9, .median = 0.1, .sentence = "A 3.", .fadedAt = -1}};
    QVERIFY(!restatePlace(result).has_value());  // held
    result.givens.push_back({.text = "4", .token = 2, .best = 0.1, .median = 0.1, .sentence = "B 4.", .fadedAt = 99});
    result.givens.push_back(
        {.text = "5", .token = 3, .best = 0.2, .median = 0.1, .sentence = "C 5.", .fadedAt = faded});
    const std::optional<RestatePlace> place = restatePlace(result);
    QVERIFY(place.has_value());
    QCOMPARE(place->node.value, static_cast<std::int64_t>(node));
    QCOMPARE(place->position, static_cast<qint64>(position));
    result.parts.resize(4);  // asked, and not replied to
    QVERIFY(!restatePlace(result).has_value());
  }

  void what_it_takes_stands_beside_what_a_transformer_would_hold() {
    const auto window = opened();
    ask(*window);
    QVERIFY(!panel(*window)->isVisible());
    window->press(Qt::Key_M, Qt::ControlModifier);
    QTRY_VERIFY(shown(*window));
    const std::vector<AmountBar>& bars = window->find<AmountBars>("memoryBars")->bars();
    QCOMPARE(bars.size(), caches_of_transformers.size() + 2);
    const auto tokens = static_cast<double>(window->window().findChild<SolvePanel*>()->tokens());
    QVERIFY(tokens > 12.0);
    QCOMPARE(bars[0].amount, static_cast<double>(window->window().chat()->model()->state_bytes));
    QVERIFY(bars[0].own && !bars[1].own);
    for (std::size_t i = 0; i < caches_of_transformers.size(); ++i) {
      QCOMPARE(bars[i + 1].amount, caches_of_transformers[i].bytes * tokens);
    }
    // What is smaller than the state is said to be, and until when.
    const double own = cache_of_this_size(2.0, 64.0);
    QCOMPARE(bars.back().amount, own * tokens);
    QCOMPARE(window->label("memoryHonest").contains(QStringLiteral("a Transformer of this size (until")),
             own * tokens < bars[0].amount);
    panel(*window)->setTokens(10);
    QVERIFY(
        window->label("memoryHonest")
            .contains(
                QStringLiteral("a Transformer of this size (until %1 tokens)").arg(std::ceil(bars[0].amount / own))));
    panel(*window)->setTokens(static_cast<qint64>(tokens));
    const auto& lines = window->find<PlotView>("memoryGivens")->data().lines;
    QCOMPARE(lines.size(), std::size_t{3});
    QCOMPARE(lines[0].name, QStringLiteral("12"));
    QCOMPARE(lines[0].y.back(), panel(*window)->result()->givens[0].best);
    keepPictures(*window, "memory");
  }

  void transcript_and_timeline_point_at_each_other() {
    const auto window = opened("1");
    ask(*window);
    QTRY_VERIFY(shown(*window));
    auto* timeline = window->find<HeatmapView>("memoryTimeline");
    const InspectResult& seen = *panel(*window)->result();
    const auto token = seen.pieces.indexOf(QStringLiteral(" 24 eggs a day:"));
    QVERIFY(token > 0);
    const QRegularExpressionMatch told =
        QRegularExpression(QStringLiteral("from token (\\d+)")).match(timeline->data().describe(0, 1));
    const int step = told.captured(1).toInt();  // tokens of a column
    QVERIFY(step > 0);
    TextView* answer = text(*window, "answer");
    emit answer->hovered(answer->document()->find(QStringLiteral("eggs a day")).selectionStart());
    QCOMPARE(static_cast<int>(timeline->pointed()), static_cast<int>(token) / step);
    emit answer->hovered(-1);
    QCOMPARE(timeline->pointed(), -1.0);
    // What the mouse is over shows in the text, and a click goes there; the thought unfolds for it.
    const auto first = seen.pieces.indexOf(recited.front().c_str()), end = seen.pieces.indexOf("\n</think>\n\n");
    int columns = 0;
    for (int column = 0; column < timeline->data().columns; ++column) {
      const int from = column * step;
      const QString piece = seen.pieces[from].trimmed();
      emit timeline->cellPointed(0, column);
      const auto& place = seen.placeOf(from);
      const TextView* view = !place         ? nullptr
                             : from < first ? text(*window, "Question")
                             : from < end   ? text(*window, "thought")
                                            : answer;
      if (view == nullptr || from == end || piece.isEmpty() || piece.contains(u'\\') || place->begin == place->end)
        continue;
      QCOMPARE(marked(view).trimmed(), piece);
      ++columns;
    }
    QVERIFY(columns > 1);
    emit timeline->cellPointed(-1, -1);
    QVERIFY(marked(answer).isEmpty());
    const auto chosen = static_cast<int>(first) / step + 1;  // the thought unfolds for it
    QVERIFY(chosen * step < end);
    timeline->select(1, chosen);
    emit timeline->cellSelected(1, chosen);
    QTRY_VERIFY(text(*window, "thought")->isVisible());
    QCOMPARE(marked(text(*window, "thought")).trimmed(), seen.pieces[chosen * step].trimmed());
    QVERIFY(window->label("memoryPlace").contains(seen.pieces[chosen * step].trimmed()));
    window->click("memoryInspect");
    auto* inspect = window->find<InspectPanel>("inspectPanel");
    QVERIFY(inspect->isVisible());
    QTRY_VERIFY(inspect->result() != nullptr);
    QTRY_COMPARE(inspect->token(), chosen * step);
  }

  void it_follows_the_answer_and_looks_at_nothing_while_it_is_hidden() {
    const auto window = opened();
    const auto thought_end = std::ranges::find(recited, "\n</think>\n\n");
    RecitingModel::write(path("endless"), recited, RecitingModel::End::repeat,
                         static_cast<std::size_t>(thought_end - recited.begin()) + 1);
    Store(path("data") / "holdfast.db").set_setting("sampler", R"({"max_tokens": 1000000})");
    window->close();
    WindowDriver endless(path("data"), path("endless"));
    QTRY_VERIFY(endless.idle() && endless.window().chat()->model());
    endless.ask(QStringLiteral("There are 12 hens. Each lays 2 eggs a day. What of a week?"));
    QTRY_VERIFY(endless.answer().size() > 400);
    QVERIFY(endless.window().chat()->seenLive() == nullptr);
    QVERIFY(panel(endless)->result() == nullptr);
    endless.press(Qt::Key_M, Qt::ControlModifier);
    QTRY_VERIFY(panel(endless)->result() != nullptr);
    const std::size_t before = panel(endless)->result()->tokens.size();
    QTRY_VERIFY(panel(endless)->result()->tokens.size() > before + 20);
    QCOMPARE(panel(endless)->result()->givens.size(), std::size_t{2});
    const Inspection live = panel(endless)->result()->seen;
    // A place of what is being written is shown there.
    auto* timeline = endless.find<HeatmapView>("memoryTimeline");
    timeline->select(0, timeline->data().columns - 2);
    emit timeline->cellSelected(0, timeline->data().columns - 2);
    QVERIFY(!marked(text(endless, "answer")).isEmpty());
    // Hidden, it looks no more.
    endless.press(Qt::Key_M, Qt::ControlModifier);
    QVERIFY(!panel(endless)->isVisible());
    const auto rests = [&] {
      const auto last = endless.window().chat()->seenLive();
      QTest::qWait(700);
      return endless.window().chat()->seenLive() == last;
    };
    QVERIFY(rests() || rests());  // a copy that had begun comes to its end
    endless.press(Qt::Key_M, Qt::ControlModifier);
    QSignalSpy kept(endless.window().chat(), &ChatService::stateKept);
    endless.press(Qt::Key_Escape);
    QTRY_VERIFY(!kept.isEmpty() && shown(endless));
    // What was shown on the way is what was kept.
    const Inspection& whole = panel(endless)->result()->seen;
    QVERIFY(whole.tokens() > live.tokens());
    const auto then = live.retention(5, live.tokens() - 1), now = whole.retention(5, live.tokens() - 1);
    for (std::size_t i = 0; i < then.size(); ++i) QVERIFY(std::abs(then[i] - now[i]) < 1e-5);
    // A second turn begins behind it: what was before is joined. The pane gives up what it shows now.
    const std::int64_t before_it = whole.tokens();
    endless.ask(QStringLiteral("And of 3 weeks?"));
    const auto follows = [&] {
      const InspectResult* seen = panel(endless)->result();
      return !endless.idle() && seen != nullptr && seen->seen.tokens() > before_it + 40;
    };
    QTRY_VERIFY(follows());
    endless.press(Qt::Key_Escape);
    QTRY_VERIFY(endless.finished());
  }

  void it_stays_open_and_gives_way_where_there_is_no_room() {
    {
      const auto window = opened();
      QVERIFY(!panel(*window)->isVisible());
      ask(*window);
      window->click("memoryButton");
      QVERIFY(panel(*window)->isVisible());
      // Another panel takes its place, and gives it back.
      window->click("treeButton");
      QVERIFY(!panel(*window)->isVisible());
      window->click("treeButton");
      QVERIFY(panel(*window)->isVisible());
    }
    const auto window = opened();
    QVERIFY(!panel(*window)->isVisible());  // there is no session in sight
    window->sessions()->setCurrentIndex(window->sessions()->model()->index(0, 0));
    QTRY_VERIFY(panel(*window)->isVisible());
    window->window().resize(860, 600);
    QTRY_VERIFY(!panel(*window)->isVisible());
    window->window().resize(1280, 800);
    QTRY_VERIFY(panel(*window)->isVisible());
    window->press(Qt::Key_N, Qt::ControlModifier);
    QVERIFY(!panel(*window)->isVisible());
    window->sessions()->setCurrentIndex(window->sessions()->model()->index(0, 0));
    QTRY_VERIFY(panel(*window)->isVisible());
    window->click("closeSide");
    QVERIFY(!panel(*window)->isVisible());
    QTRY_COMPARE(Store(path("data") / "holdfast.db", {.check = false}).setting("memory_open"),
                 std::optional<std::string>("0"));
  }

  void the_reply_that_a_vote_chose_is_seen() {
    RecitingModel::write_undecided(path("undecided"), recited, {" Yes.", " No.", " Perhaps."});
    fs::create_directories(path("data"));
    {
      Store store(path("data") / "holdfast.db");
      store.set_setting("memory_open", "1");
      store.set_setting("sampler",
                        R"({"temperature": 1.0, "top_p": 1.0, "samples": 5, "fixed_seed": true, "seed": "3"})");
    }
    WindowDriver window(path("data"), path("undecided"));
    QTRY_VERIFY(window.idle() && window.window().chat()->model());
    QSignalSpy kept(window.window().chat(), &ChatService::stateKept);
    QStringList said;  // by the pane, while they are written
    connect(window.window().chat(), &ChatService::voteChanged, panel(window),
            [&] { said << window.label("memoryUnknown"); });
    window.ask(QStringLiteral("There are 12 hens. Each lays 2 eggs a day. What of a week?"));
    QTRY_VERIFY(!kept.isEmpty() && window.finished());
    QVERIFY2(said.join('|').contains(QStringLiteral("side by side")), qPrintable(said.join('|')));
    QTRY_VERIFY(shown(window));
    QVERIFY(window.find<HeatmapView>("memoryTimeline")->isVisible());
    QVERIFY(!panel(window)->result()->givens.empty());
    const std::size_t before = panel(window)->result()->tokens.size();
    QCOMPARE(panel(window)->result()->seen.tokens(), static_cast<std::int64_t>(before));
    // A click in the timeline goes to the reply that is shown.
    auto* timeline = window.find<HeatmapView>("memoryTimeline");
    const auto eggs = panel(window)->result()->pieces.indexOf(QStringLiteral(" 24 eggs a day:"));
    const int column = static_cast<int>(eggs * timeline->data().columns / static_cast<qsizetype>(before)) + 1;
    timeline->select(0, column);
    emit timeline->cellSelected(0, column);
    QVERIFY(!marked(text(window, "answer")).isEmpty());
    keepPictures(window, "memory-vote");
    // The next question goes on from it, and reads nothing again.
    const auto store = [&] { return Store(path("data") / "holdfast.db", {.check = false}); };
    const SessionId session = store().sessions().at(0).id;
    const std::vector<NodeRow> first = store().branch(session);
    store().set_setting("sampler", R"({"max_tokens": 120})");
    kept.clear();
    window.ask(QStringLiteral("And of 3 weeks?"));
    QTRY_VERIFY(!kept.isEmpty() && window.finished());
    const std::vector<NodeRow> replies = store().branch(session);
    QVERIFY(replies.size() > first.size());
    QCOMPARE(replies[first.size() + 1].statistics.restored_tokens, static_cast<std::int64_t>(before));
    QTRY_VERIFY(shown(window));
  }

  void what_was_not_watched_is_said() {
    const auto window = opened("1");
    Store(path("data") / "holdfast.db").set_setting("watch_memory", "0");
    ask(*window);
    QTRY_VERIFY(window->label("memoryUnknown").contains(QStringLiteral("not watched")));
    QVERIFY(!window->find<HeatmapView>("memoryTimeline")->isVisible());
    window->click("memoryInspect");
    auto* inspect = window->find<InspectPanel>("inspectPanel");
    QTRY_VERIFY(inspect->result() != nullptr);
  }

  // The model of this test forgets three tenths with each token, so its givens fade within the question.
  void a_reply_is_begun_again_with_its_givens() {
    const auto window = opened();
    ask(*window);
    const auto lamp = window->find<QToolButton>("givensLamp");
    QTRY_VERIFY(lamp->isVisible());
    const auto store = [&] { return Store(path("data") / "holdfast.db", {.check = false}); };
    const SessionId session = store().sessions().at(0).id;
    const std::vector<NodeRow> old = store().branch(session);
    QSignalSpy kept(window->window().chat(), &ChatService::stateKept);
    lamp->menu()->actions().at(2)->trigger();
    QTRY_VERIFY(!kept.isEmpty() && window->finished());
    const std::vector<NodeRow> made = store().branch(session);
    const QString said = QStringLiteral("Remember what is given: There are 12 hens. Each lays 2 eggs a day.");
    QCOMPARE(made.front().id, old.front().id);
    QVERIFY2(QString::fromStdString(made[1].text).startsWith(said), made[1].text.c_str());
    QVERIFY(made[1].parent == old[1].parent);
    QCOMPARE(made[1].statistics.prompt_tokens, std::int64_t{0});  // from the kept state: nothing is read again
    // The old branch stands as it did.
    for (const NodeRow& node : old) QCOMPARE(store().node(node.id)->text, node.text);
    window->press(Qt::Key_Left, Qt::AltModifier);
    QTRY_VERIFY(!window->written().startsWith(said));
    // From Inspect, which may show a session that is not open, or a branch that is not in sight.
    window->press(Qt::Key_I, Qt::ControlModifier);
    auto* inspect = window->find<InspectPanel>("inspectPanel");
    QTRY_VERIFY(inspect->result() != nullptr);
    window->press(Qt::Key_N, Qt::ControlModifier);
    window->click("inspectWorkspace");
    kept.clear();
    window->click("restateEarlier");
    QTRY_VERIFY(!kept.isEmpty() && window->finished());
    QVERIFY(window->transcript()->isVisible());
    const auto replies = repliesTo(store().tree(session), old.front().id);
    QCOMPARE(replies.size(), std::size_t{3});
    window->click("inspectWorkspace");
    kept.clear();
    window->click("restateEarlier");
    QTRY_VERIFY(!kept.isEmpty() && window->finished());
    QCOMPARE(repliesTo(store().tree(session), old.front().id).size(), std::size_t{4});
  }

  // What is kept and the session's text may come to the window in either order, so that a look is asked for while one
  // is under way.
  void the_lamp_shows_what_the_pane_knows() {
    const auto window = opened();
    ChatService* chat = window->window().chat();
    bool twice = false;
    connect(chat, &ChatService::stateKept, panel(*window), [&](SessionId session) {
      if (!std::exchange(twice, true)) emit chat->stateKept(session);
    });
    ask(*window);
    const auto lamp = window->find<QToolButton>("givensLamp");
    QTRY_VERIFY(lamp->isVisible());
    QVERIFY(twice);
    QVERIFY(panel(*window)->result() != nullptr);
    QVERIFY(panel(*window)->restatePlace().has_value());
    window->press(Qt::Key_N, Qt::ControlModifier);
    QVERIFY(!lamp->isVisible());
    QVERIFY(panel(*window)->result() == nullptr);
  }

  // The end of a turn has the session opened once more, as it was.
  void a_branch_that_is_asked_for_at_the_end_of_a_turn_is_waited_for() {
    const auto window = opened();
    ask(*window);
    QTRY_VERIFY(panel(*window)->restatePlace().has_value());
    auto* solve = window->window().findChild<SolvePanel*>();
    const SessionId session = solve->session();
    const RestatePlace place = *panel(*window)->restatePlace();
    solve->again();
    int turns = 0;
    connect(window->window().chat(), &ChatService::turnFinished, solve, [&] {
      if (++turns == 1) solve->restateAt(session, place, QStringLiteral("Once more."));  // of the branch before
    });
    QTRY_VERIFY(turns == 2 || window->banner()->isVisible());
    QVERIFY2(!window->banner()->isVisible(), qPrintable(window->banner()->text()));
    QTRY_VERIFY(window->finished() && window->written().contains(QStringLiteral("Once more.")));
  }

  void another_session_shows_nothing_of_the_one_that_runs() {
    const auto first = opened("1");
    ask(*first);
    first->close();
    RecitingModel::write(path("endless"), recited, RecitingModel::End::repeat);
    Store(path("data") / "holdfast.db").set_setting("sampler", R"({"max_tokens": 1000000})");
    WindowDriver window(path("data"), path("endless"));
    QTRY_VERIFY(window.idle() && window.window().chat()->model());
    window.ask(QStringLiteral("There are 13 hens. Each lays 3 eggs a day. What of a week?"));
    QTRY_VERIFY(panel(window)->result() != nullptr);
    auto* solve = window.window().findChild<SolvePanel*>();
    const SessionId running = solve->session();
    bool foreign = true;
    connect(solve, &SolvePanel::sessionChanged, panel(window), [&] {
      const InspectResult* seen = panel(window)->result();
      foreign = seen != nullptr && !(seen->session == solve->session());
    });
    window.sessions()->setCurrentIndex(window.sessions()->model()->index(1, 0));
    QTRY_VERIFY(!(solve->session() == running));
    QVERIFY(!foreign);
    window.window().chat()->stop();
    QTRY_VERIFY(window.idle());
  }

  void nothing_to_re_state_is_said() {
    const auto window = opened();
    window->press(Qt::Key_R, Qt::ControlModifier | Qt::ShiftModifier);
    QTRY_VERIFY(window->banner()->isVisible());
    QVERIFY(window->question()->toPlainText().isEmpty());
    window->press(Qt::Key_R, Qt::ControlModifier);
    QVERIFY(window->question()->toPlainText().isEmpty());
  }
};

QTEST_MAIN(MemoryTest)
#include "memory_test.moc"
