// One generated text token by token: how likely each was, what else there was, and a place to go on from.
#pragma once

#include <QWidget>
#include <optional>
#include <vector>

#include "app/services/chat_engine.h"
#include "app/services/text_place.h"

class QComboBox;
class QLabel;
class QListWidget;
class QPushButton;
class QSlider;

namespace holdfast {

class SessionService;
class TokenView;

class TokenPanel : public QWidget {
  Q_OBJECT

 public:
  explicit TokenPanel(SessionService* sessions, QWidget* parent = nullptr);

  // The thought and the answer of a reply; the tokenizer that its ids are of, null where it is not loaded.
  void showReply(const std::vector<NodeRow>& nodes, std::shared_ptr<const Tokenizer> tokenizer);
  void clear();
  void point(const TextPlace& place);  // where the mouse is elsewhere; of no message: nowhere

 signals:
  void pointed(const holdfast::TextPlace& place);  // by the mouse
  // `instead`: the token to take at this position; absent: drawn anew.
  void forkWanted(holdfast::NodeId node, qint64 position, std::optional<holdfast::TokenId> instead);

 private:
  void read();
  void show(const NodeRow& node, const std::vector<TokenChoice>& choices);
  void moved(int position);
  [[nodiscard]] QString textOf(TokenId token) const;

  SessionService* sessions_;
  std::shared_ptr<const Tokenizer> tokenizer_;
  std::vector<NodeRow> nodes_;
  NodeRow node_;
  std::vector<TokenChoice> choices_;
  std::vector<qsizetype> starts_;  // of each token in the message's text
  QComboBox* part_;
  TokenView* view_;
  QSlider* slider_;
  QLabel* place_;
  QListWidget* others_;
  QPushButton* goOn_;
};

}  // namespace holdfast
