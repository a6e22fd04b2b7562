// Answers and how many gave each: bars, largest first, and how many more answers there are. Knows nothing of models.
#pragma once

#include <QFrame>
#include <vector>

class QGridLayout;
class QLabel;
class QToolButton;

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
  [[nodiscard]] int count() const { return count_; }  // bars

 signals:
  void chosen(int bar);  // its next reply is to be shown

 private:
  void addBar(int row, const VoteBar& bar, int of);

  QToolButton* heading_;
  QWidget* body_;
  QLabel* rest_;
  QGridLayout* bars_;
  std::vector<QWidget*> cells_;
  int count_ = 0;
};

}  // namespace holdfast
