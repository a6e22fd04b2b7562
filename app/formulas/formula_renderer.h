// TeX to pictures. MathJax runs in a process of its own, which starts with the first formula; a thread here asks it for
// one formula after another, some 10 ms each. The text of formulas comes from models and is hostile: length and depth
// are capped, one that takes too long is cut off with its process, and the answers are checked.
#pragma once

#include <QCache>
#include <QObject>
#include <QSet>
#include <atomic>

#include "app/formulas/formula_limits.h"
#include "app/formulas/formula_picture.h"
#include "app/formulas/formula_process.h"
#include "app/jobs/job.h"

namespace holdfast {

class FormulaRenderer : public QObject {
  Q_OBJECT

 public:
  static constexpr int mostMilliseconds = 1500;  // the usual budget

  // refused: its source is shown. It is too long, too much work, not TeX, or there is nothing to typeset it.
  enum class State { waiting, ready, refused };

  // budget: milliseconds for one formula, measured on the clock of the wall. program: what typesets, given --formulas;
  // empty for the window's program beside this one.
  explicit FormulaRenderer(QObject* parent = nullptr, int budget = mostMilliseconds, const QString& program = {});
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
  void take(const Key& key, std::optional<FormulaPicture> picture);

  const int budget_;
  QCache<Key, Entry> cache_;
  QSet<Key> ordered_;
  std::atomic<bool> closing_{false};
  FormulaProcess process_;  // of the job's thread
  Job job_{Job::AtEnd::finish};
};

}  // namespace holdfast
