// Turns without a window: thought and answer, stop and continue, sessions that are opened again.
#include "app/services/chat_engine.h"

#include <QTemporaryDir>
#include <QTest>
#include <set>

#include "app/jobs/job.h"
#include "app/services/thought_splitter.h"
#include "kernels/error.h"
#include "tests/gui/random_model.h"
#include "tests/gui/reciting_model.h"

using namespace holdfast;
using namespace holdfast::test;
namespace fs = std::filesystem;

namespace {

const std::vector<std::string> recital{"Two and two", " make", " four.", "\n</think>\n\n", "The answer", " is 4."};

TurnSettings sampled(std::int64_t max_tokens) {
  TurnSettings settings;
  settings.sampler.params.temperature = 0.9f;
  settings.sampler.params.top_p = 0.8f;
  settings.sampler.seed = 1234;
  settings.max_tokens = max_tokens;
  return settings;
}

// Splits `text` given in pieces of this length.
std::pair<std::string, std::string> split(std::string_view text, std::size_t length, ThoughtSplitter::Part start) {
  ThoughtSplitter splitter(start);
  std::pair<std::string, std::string> parts;
  const auto take = [&](const ThoughtSplitter::Added& added) {
    parts.first += added.thought;
    parts.second += added.answer;
  };
  for (std::size_t i = 0; i < text.size(); i += length) take(splitter.push(text.substr(i, length)));
  take(splitter.flush());
  return parts;
}

}  // namespace

class ChatEngineTest : public QObject {
  Q_OBJECT

  std::unique_ptr<QTemporaryDir> folder_;
  LiveText live_;
  TurnEvents quiet_{.reading = [](auto, auto) {}, .started = [](const auto&, auto) {}};

  [[nodiscard]] fs::path path(const char* name) const { return fs::path(folder_->path().toStdString()) / name; }
  [[nodiscard]] std::unique_ptr<ChatEngine> engine() {
    return std::make_unique<ChatEngine>(path("holdfast.db"), path("states"), live_, 1);
  }
  static void load(ChatEngine& engine, const fs::path& model) {
    engine.load(model, [](double) {}, {});
  }

 private slots:
  void init() {
    folder_ = std::make_unique<QTemporaryDir>();
    live_.clear();
  }

  void thoughts_are_split_wherever_the_pieces_are_cut_data() {
    QTest::addColumn<QString>("text");
    QTest::addColumn<bool>("opened");
    QTest::addColumn<QString>("thought");
    QTest::addColumn<QString>("answer");
    QTest::newRow("opened by the prompt") << "a < b</think>\n\n4" << true << "a < b"
                                          << "\n\n4";
    QTest::newRow("opened by the model") << "\n <think>a</think>4" << false << "a"
                                         << "4";
    QTest::newRow("no thought") << "4 </think> 5" << false << ""
                                << "4 </think> 5";
    QTest::newRow("never closed") << "a</thin" << true << "a</thin"
                                  << "";
    QTest::newRow("nearly opened") << "<thin air" << false << ""
                                   << "<thin air";
    QTest::newRow("closed twice") << "a</think>b</think>c" << true << "a"
                                  << "b</think>c";
    QTest::newRow("nothing") << "" << true << ""
                             << "";
  }
  void thoughts_are_split_wherever_the_pieces_are_cut() {
    QFETCH(QString, text);
    QFETCH(bool, opened);
    QFETCH(QString, thought);
    QFETCH(QString, answer);
    const auto start = opened ? ThoughtSplitter::Part::thought : ThoughtSplitter::Part::undecided;
    for (std::size_t length = 1; length <= 20; ++length) {
      const auto parts = split(text.toStdString(), length, start);
      QCOMPARE(QString::fromStdString(parts.first), thought);
      QCOMPARE(QString::fromStdString(parts.second), answer);
    }
  }

  void a_turn_is_written_as_question_thought_and_answer() {
    RecitingModel::write(path("model"), recital);
    const auto chat = engine();
    load(*chat, path("model"));
    Store store(path("holdfast.db"));
    const NodeRow question = store.add_user_message({}, "2 + 2?");
    const NodeRow last = chat->answer(question.session, sampled(100), quiet_, {}).value();
    QCOMPARE(last.stop_reason, std::string("stop_token"));
    const std::vector<NodeRow> branch = store.branch(question.session);
    QCOMPARE(branch.size(), std::size_t{3});
    QVERIFY(branch[0].tokens && !branch[0].tokens->empty());
    QCOMPARE(branch[1].kind, NodeKind::thought);
    QCOMPARE(branch[1].text, std::string("Two and two make four.\n"));
    QCOMPARE(branch[1].tokens->size(), std::size_t{4});
    QCOMPARE(branch[2].kind, NodeKind::answer);
    QCOMPARE(branch[2].text, std::string("\n\nThe answer is 4."));
    QCOMPARE(branch[2].tokens->size(), std::size_t{3});  // and the end of the turn
    QCOMPARE(branch[2].draws, std::uint64_t{4});
    const LiveDelta shown = live_.take();
    QCOMPARE(shown.thought + shown.answer, branch[1].text + branch[2].text);
  }

  void stopped_and_continued_text_is_that_of_an_uninterrupted_run_data() {
    QTest::addColumn<bool>("reopened");
    QTest::newRow("in one go") << false;
    QTest::newRow("after a restart") << true;
  }
  void stopped_and_continued_text_is_that_of_an_uninterrupted_run() {
    QFETCH(bool, reopened);
    write_random_model(path("model"));
    auto chat = engine();
    load(*chat, path("model"));
    Store store(path("holdfast.db"));
    const NodeRow first = store.add_user_message({}, "Tell me");
    const NodeRow whole = chat->answer(first.session, sampled(60), quiet_, {}).value();
    QCOMPARE(whole.tokens->size(), std::size_t{60});
    QVERIFY(std::set<TokenId>(whole.tokens->begin(), whole.tokens->end()).size() >
            30);  // varied, so that it says something

    chat = engine();
    load(*chat, path("model"));
    const NodeRow second = store.add_user_message({}, "Tell me");
    NodeRow part = chat->answer(second.session, sampled(23), quiet_, {}).value();
    chat->keep_state(second.session);
    for (const int more : {1, 9, 27}) {
      if (reopened) {
        chat = engine();
        load(*chat, path("model"));
      }
      part = chat->go_on(second.session, more, quiet_, {}).value();
      chat->keep_state(second.session);
    }
    QCOMPARE(part.tokens.value(), whole.tokens.value());
    QCOMPARE(part.text, whole.text);
    QCOMPARE(store.branch(second.session).back().text, whole.text);
  }

  void a_turn_can_be_cancelled_within_a_token() {
    RecitingModel::write(path("model"), recital, RecitingModel::End::repeat);
    const auto chat = engine();
    load(*chat, path("model"));
    Store store(path("holdfast.db"));
    const NodeRow question = store.add_user_message({}, "2 + 2?");
    std::stop_source stop;
    TurnEvents events = quiet_;
    events.started = [&](const NodeRow&, std::int64_t) { stop.request_stop(); };
    const NodeRow row = chat->answer(question.session, sampled(1000000), events, stop.get_token()).value();
    QCOMPARE(row.stop_reason, std::string("cancelled"));
    QVERIFY(row.tokens->size() <= 1);
    QVERIFY(!store.branch(question.session).back().running);
  }

  void an_open_session_goes_on_without_reading_again() {
    RecitingModel::write(path("model"), recital);
    Store store(path("holdfast.db"));
    auto chat = engine();
    load(*chat, path("model"));
    const NodeRow question = store.add_user_message({}, "2 + 2?");
    chat->answer(question.session, sampled(100), quiet_, {});
    chat->keep_state(question.session);
    std::int64_t before = 0;
    for (const NodeRow& node : store.branch(question.session)) before += std::ssize(node.tokens.value());
    for (const bool restart : {false, true}) {
      if (restart) {
        chat = engine();
        load(*chat, path("model"));
      }
      store.add_user_message(question.session, "And 3 + 3?");
      chat->answer(question.session, sampled(100), quiet_, {});
      chat->keep_state(question.session);
      const std::vector<NodeRow> branch = store.branch(question.session);
      const NodeRow& thought = branch[branch.size() - 2];
      QCOMPARE(thought.statistics.restored_tokens, before);
      for (std::size_t i = branch.size() - 3; i < branch.size(); ++i) before += std::ssize(branch[i].tokens.value());
    }
    QCOMPARE(store.snapshots(question.session).size(), std::size_t{1});
  }

  void a_lost_state_file_only_costs_reading_again() {
    RecitingModel::write(path("model"), recital);
    Store store(path("holdfast.db"));
    auto chat = engine();
    load(*chat, path("model"));
    const NodeRow question = store.add_user_message({}, "2 + 2?");
    chat->answer(question.session, sampled(100), quiet_, {});
    chat->keep_state(question.session);
    fs::remove_all(path("states"));
    chat = engine();
    load(*chat, path("model"));
    store.add_user_message(question.session, "Again?");
    const NodeRow row = chat->answer(question.session, sampled(100), quiet_, {}).value();
    QCOMPARE(row.text, std::string("\n\nThe answer is 4."));
    QCOMPARE(store.branch(question.session).at(4).statistics.restored_tokens, 0);
  }

  void models_that_cannot_be_used_are_refused_with_the_reason() {
    const auto chat = engine();
    QVERIFY_EXCEPTION_THROWN(load(*chat, path("nowhere")), Error);
    TextModelWriter().write(path("mute"));
    fs::remove(path("mute") / "tokenizer.model");
    std::string message;
    try {
      load(*chat, path("mute"));
    } catch (const FormatError& error) {
      message = error.what();
    }
    QVERIFY2(message.find("tokenizer") != std::string::npos, message.c_str());
    QVERIFY(!chat->has_model());
    Store store(path("holdfast.db"));
    const NodeRow question = store.add_user_message({}, "?");
    QVERIFY_EXCEPTION_THROWN((void)chat->answer(question.session, sampled(1), quiet_, {}), ArgumentError);
  }

  void loading_can_be_left() {
    TextModelWriter().write(path("model"));
    const auto chat = engine();
    std::stop_source stop;
    stop.request_stop();
    QVERIFY_EXCEPTION_THROWN(chat->load(
                                 path("model"), [](double) {}, stop.get_token()),
                             Cancelled);
    QVERIFY(!chat->has_model());
  }
};

QTEST_GUILESS_MAIN(ChatEngineTest)
#include "chat_engine_test.moc"
