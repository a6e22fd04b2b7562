// Answers and how many gave each: bars, largest first. Knows nothing of models.
#pragma once

#include <QFrame>
#include <vector>

class QLabel;
class QToolButton;
class QVBoxLayout;

namespace holdfast {

struct VoteBar {
  QString answer{};
  int votes = 0;
  bool shown = false;  // one of its replies is in sight
};

class VoteView : public QFrame {
  Q_OBJECT

 public:
  explicit VoteView(QWidget* parent = nullptr);

  // `heading`: what the vote says; the bars are shares of `of`.
  void setVote(const QString& heading, const std::vector<VoteBar>& bars, int of);
  [[nodiscard]] QString heading() const;
  [[nodiscard]] int count() const { return static_cast<int>(rows_.size()); }

 signals:
  void chosen(int bar);  // its next reply is to be shown

 private:
  QToolButton* heading_;
  QWidget* body_;
  QVBoxLayout* list_;
  std::vector<QWidget*> rows_;
};

}  // namespace holdfast
