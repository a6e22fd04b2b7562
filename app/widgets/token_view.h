// A text as its tokens, each on a ground that tells how likely it was. Knows nothing of models.
#pragma once

#include <QTextEdit>
#include <vector>

namespace holdfast {

struct ShownToken {
  QString text{};
  double probability = 1.0;  // of the token
  bool known = false;        // false: it was not recorded, or a person wrote it
};

class TokenView : public QTextEdit {
  Q_OBJECT

 public:
  explicit TokenView(QWidget* parent = nullptr);

  void setTokens(std::vector<ShownToken> tokens);
  [[nodiscard]] const std::vector<ShownToken>& tokens() const { return tokens_; }
  // Tokens from here on are dimmed; the token at it is framed. Beyond the last: all are bright.
  void setPosition(int position);
  [[nodiscard]] int position() const { return position_; }
  void point(int token);  // underlines it, for what the mouse points at elsewhere; -1: none
  [[nodiscard]] int pointed() const { return pointed_; }
  // The ground of a token of this probability: none when it was sure, warmer the more surprising it was.
  [[nodiscard]] static QColor ground(double probability, const QPalette& palette);

 signals:
  void positionChanged(int position);
  void tokenPointed(int token);  // by the mouse; -1 when it leaves

 protected:
  void changeEvent(QEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  void leaveEvent(QEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void mouseReleaseEvent(QMouseEvent* event) override;

 private:
  void write();
  void mark();
  [[nodiscard]] int tokenAt(int character) const;

  std::vector<ShownToken> tokens_;
  std::vector<int> starts_;  // first character of each token in the document, and the end
  int position_ = 0;
  int pointed_ = -1;
};

}  // namespace holdfast
