// One sentence above the composer: what went wrong, or what can be undone.
#pragma once

#include <QFrame>
#include <functional>

class QLabel;
class QPushButton;

namespace holdfast {

class Banner : public QFrame {
  Q_OBJECT

 public:
  explicit Banner(QWidget* parent = nullptr);

  void showError(const QString& sentence);
  void showRefusal(const QString& sentence, const QString& action, std::function<void()> act);  // with a way out
  void showNote(const QString& sentence, const QString& action = {}, std::function<void()> act = {});
  [[nodiscard]] QString text() const;

 private:
  void show(const QString& sentence, bool error, const QString& action, std::function<void()> act);

  QLabel* label_;
  QPushButton* action_;
  std::function<void()> act_;
};

}  // namespace holdfast
