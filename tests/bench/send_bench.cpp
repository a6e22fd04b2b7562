// A question is sent in a session of 1 000 and in one of 20 000 tokens, in the window: how long until the turn begins,
// and what the window's own thread does for it, from the key to the finished turn on the screen. Sending goes from one
// session to the other, so each is opened again first, which is measured as well.
#include <QApplication>
#include <QElapsedTimer>
#include <QKeyEvent>
#include <QPlainTextEdit>
#include <QTimer>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <vector>

#include "app/files/paths.h"
#include "app/panels/solve_panel.h"
#include "app/widgets/transcript_view.h"
#include "app/window/main_window.h"
#include "tests/bench/frame_times.h"
#include "tests/bench/long_session.h"

using namespace holdfast;
using bench::thread_milliseconds;
namespace fs = std::filesystem;

namespace {

constexpr qint64 send_patience = 120000;

struct Sent {
  bench::LongSession session;
  std::vector<double> open{}, open_thread{}, begin{}, thread{};  // milliseconds
};

template <class Ready>
void until(Ready ready, const char* what) {
  QElapsedTimer clock;
  clock.start();
  QTimer wake;  // an event loop that sleeps otherwise: its own turning would be measured
  wake.start(2);
  while (!ready()) {
    QApplication::processEvents(QEventLoop::AllEvents | QEventLoop::WaitForMoreEvents);
    if (clock.elapsed() < send_patience) continue;
    std::fprintf(stderr, "waited too long until %s\n", what);
    std::exit(1);
  }
}

double of(const std::vector<double>& values) { return bench::at_share(values, 0.5); }

}  // namespace

// send_bench [MODEL [ROUNDS [TOKENS]]]
int main(int argc, char** argv) {
  QApplication application(argc, argv);
  const fs::path model = argc > 1 ? fs::path(argv[1]) : resource_dir() / "models" / "holdfast-mini";
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 9;
  const std::int64_t longest = argc > 3 ? std::atoll(argv[3]) : 20000;
  const fs::path folder = fs::temp_directory_path() / "holdfast-send-bench";
  fs::remove_all(folder);
  fs::create_directories(folder);
  Sent small, large;
  {
    Store store(folder / "holdfast.db");
    store.set_setting("sampler", R"({"max_tokens": 16})");
    LiveText live;
    ChatEngine engine(folder / "holdfast.db", folder / "states", live, 0);
    engine.load(model, [](double) {}, {});
    small.session = bench::make_session(engine, store, 1000);
    large.session = bench::make_session(engine, store, longest);
  }
  {
    MainWindow window({.data_dir = folder,
                       .model = QString::fromStdString(model.string()),
                       .load_last_model = false,
                       .threads = 0,
                       .system_palette = QApplication::palette()});
    window.resize(1280, 800);
    window.show();
    ChatService* chat = window.chat();
    auto* solve = window.findChild<SolvePanel*>();
    auto* transcript = window.findChild<TranscriptView*>(QStringLiteral("transcript"));
    auto* question = window.findChild<QPlainTextEdit*>(QStringLiteral("question"));
    until([&] { return chat->model() && chat->phase() == ChatService::Phase::idle; }, "the model was open");
    bool begun = false;
    QObject::connect(chat, &ChatService::turnStarted, &window, [&] { begun = true; });
    std::size_t messages = 0;
    const auto shown = [&] {
      const TranscriptItem* last = transcript->last();
      return transcript->count() == messages && last != nullptr && !last->running;
    };
    for (int round = 0; round <= rounds; ++round) {  // the first warms up
      for (Sent* one : {&small, &large}) {
        messages = 0;
        for (const NodeRow& node : Store(folder / "holdfast.db").branch(one->session.id)) {
          messages += node.kind == NodeKind::user ? 2 : 0;  // a question and its reply
        }
        QElapsedTimer clock;
        clock.start();
        double thread = thread_milliseconds();
        solve->openSession(one->session.id);
        until(shown, "the session was shown");
        (void)window.grab();
        const double open = static_cast<double>(clock.nsecsElapsed()) * 1e-6;
        const double open_thread = thread_milliseconds() - thread;
        question->setPlainText(QStringLiteral("How many apples are there?"));
        begun = false;
        messages += 2;
        clock.restart();
        thread = thread_milliseconds();
        QKeyEvent press(QEvent::KeyPress, Qt::Key_Return, Qt::NoModifier);
        QApplication::sendEvent(question, &press);
        until([&] { return begun; }, "the turn began");
        const double begin = static_cast<double>(clock.nsecsElapsed()) * 1e-6;
        until([&] { return chat->phase() == ChatService::Phase::idle && shown(); }, "the turn was shown");
        (void)window.grab();
        if (round == 0) continue;
        one->open.push_back(open), one->open_thread.push_back(open_thread);
        one->begin.push_back(begin), one->thread.push_back(thread_milliseconds() - thread);
      }
    }
  }
  std::printf(
      "{\"tokens\": [%lld, %lld], \"rounds\": %d, \"open_ms\": [%.1f, %.1f], \"open_thread_ms\": [%.1f, %.1f], "
      "\"send_to_turn_ms\": [%.1f, %.1f], \"turn_thread_ms\": [%.1f, %.1f]}\n",
      static_cast<long long>(small.session.tokens), static_cast<long long>(large.session.tokens), rounds,
      of(small.open), of(large.open), of(small.open_thread), of(large.open_thread), of(small.begin), of(large.begin),
      of(small.thread), of(large.thread));
  fs::remove_all(folder);
  return 0;
}
