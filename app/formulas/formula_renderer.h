// TeX to pictures, on a thread of its own. MathJax runs there in Qt's JavaScript engine, which starts with the first
// formula; a formula costs it some 10 ms. The text of formulas comes from models and is hostile: its length is capped,
// and one that works too long is interrupted.
#pragma once

#include <QCache>
#include <QElapsedTimer>
#include <QObject>
#include <QSet>
#include <QTimer>
#include <atomic>
#include <memory>

#include "app/formulas/formula_picture.h"
#include "app/jobs/job.h"

class QJSEngine;

namespace holdfast {

class FormulaRenderer : public QObject {
  Q_OBJECT

 public:
  static constexpr int longestTex = 2000;        // in characters; beyond it the source is shown
  static constexpr int mostMilliseconds = 1500;  // the usual budget

  enum class State { waiting, ready, refused };  // refused: too long, too much work, or not TeX

  // budget: milliseconds of work for one formula, measured on the clock of the wall.
  explicit FormulaRenderer(QObject* parent = nullptr, int budget = mostMilliseconds);
  ~FormulaRenderer() override;

  // At once: the picture when there is one; otherwise it is ordered, and rendered() follows. The pointer is valid until
  // the next call.
  [[nodiscard]] State look(const QString& tex, bool display, const FormulaPicture** picture);

 signals:
  void rendered(const QString& tex, bool display);  // look() has news

 private:
  struct Entry {
    State state = State::refused;
    FormulaPicture picture;
  };
  using Key = QPair<QString, bool>;
  void order(const Key& key);
  QByteArray work(const Key& key);  // on the job's thread
  void take(const Key& key, const QByteArray& json);
  void watch();

  const int budget_;
  QCache<Key, Entry> cache_;
  QSet<Key> ordered_;
  QTimer watchdog_;
  std::unique_ptr<QJSEngine> engine_;  // lives and dies on the job's thread
  std::atomic<QJSEngine*> busy_{nullptr};
  std::atomic<qint64> busySince_{0};  // of clock_
  std::atomic<bool> closing_{false};
  QElapsedTimer clock_;
  Job job_{Job::AtEnd::finish};
};

}  // namespace holdfast
