#include "app/panels/token_panel.h"

#include <QComboBox>
#include <QLabel>
#include <QListWidget>
#include <QLocale>
#include <QPushButton>
#include <QSlider>
#include <QVBoxLayout>
#include <algorithm>
#include <cmath>

#include "app/markdown/text_alignment.h"
#include "app/services/session_service.h"
#include "app/services/turn_writer.h"
#include "app/widgets/token_view.h"
#include "engine/utf8.h"

namespace holdfast {
namespace {

constexpr int token_role = Qt::UserRole;

QString percent(double probability) {
  return QLocale().toString(100.0 * probability, 'f', probability < 0.0995 ? 1 : 0) + QLatin1Char('%');
}

// White space is shown as signs, so that a list of tokens can tell it.
QString visible(QString text) {
  text.replace(QLatin1Char('\n'), QStringLiteral("\u21b5"));
  if (text.startsWith(QLatin1Char(' '))) text.replace(0, 1, QStringLiteral("\u00b7"));
  return text.isEmpty() ? QStringLiteral("\u2205") : text;
}

}  // namespace

TokenPanel::TokenPanel(SessionService* sessions, QWidget* parent)
    : QWidget(parent),
      sessions_(sessions),
      part_(new QComboBox),
      view_(new TokenView),
      slider_(new QSlider(Qt::Horizontal)),
      place_(new QLabel),
      others_(new QListWidget),
      goOn_(new QPushButton(tr("Go on from here"))) {
  setObjectName(QStringLiteral("tokenPanel"));
  view_->setObjectName(QStringLiteral("tokenView"));
  part_->setObjectName(QStringLiteral("tokenPart"));
  part_->setAccessibleName(tr("Thought or answer"));
  slider_->setObjectName(QStringLiteral("tokenSlider"));
  slider_->setAccessibleName(tr("Place in the text"));
  others_->setObjectName(QStringLiteral("tokenOthers"));
  others_->setAccessibleName(tr("What else the token might have been"));
  others_->setFixedHeight(132);
  others_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  place_->setProperty("muted", true);
  place_->setWordWrap(true);
  goOn_->setObjectName(QStringLiteral("goOnHere"));
  goOn_->setToolTip(tr("A new branch: the text up to here stays, the rest is drawn anew"));
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(14, 10, 14, 14);
  layout->setSpacing(8);
  layout->addWidget(part_);
  layout->addWidget(view_, 1);
  layout->addWidget(slider_);
  layout->addWidget(place_);
  layout->addWidget(others_);
  layout->addWidget(goOn_);
  connect(part_, &QComboBox::currentIndexChanged, this, &TokenPanel::read);
  connect(sessions_, &SessionService::choicesRead, this, &TokenPanel::show);
  connect(view_, &TokenView::positionChanged, this, &TokenPanel::moved);
  connect(slider_, &QSlider::valueChanged, view_, &TokenView::setPosition);
  connect(view_, &TokenView::tokenPointed, this, [this](int token) {
    const auto at = static_cast<std::size_t>(token);
    emit pointed(token < 0 || at + 1 >= starts_.size() ? TextPlace{}
                                                       : TextPlace{node_.id, starts_[at], starts_[at + 1]});
  });
  connect(goOn_, &QPushButton::clicked, this, [this] { emit forkWanted(node_.id, view_->position(), std::nullopt); });
  connect(others_, &QListWidget::itemActivated, this, [this](const QListWidgetItem* item) {
    emit forkWanted(node_.id, view_->position(), item->data(token_role).toInt());
  });
}

void TokenPanel::clear() {
  nodes_.clear();
  node_ = {};
  starts_.clear();
  view_->setTokens({});
  part_->clear();
  others_->clear();
}

void TokenPanel::showReply(const std::vector<NodeRow>& nodes, std::shared_ptr<const Tokenizer> tokenizer) {
  tokenizer_ = std::move(tokenizer);
  nodes_ = nodes;
  const QSignalBlocker quiet(part_);
  part_->clear();
  for (const NodeRow& node : nodes_) part_->addItem(node.kind == NodeKind::thought ? tr("Thought") : tr("Answer"));
  part_->setCurrentIndex(part_->count() - 1);
  read();
}

void TokenPanel::read() {
  const int index = part_->currentIndex();
  if (index >= 0 && index < static_cast<int>(nodes_.size())) {
    sessions_->readChoices(nodes_[static_cast<std::size_t>(index)].id);
  }
}

void TokenPanel::point(const TextPlace& place) {
  view_->point(place.node == node_.id ? static_cast<int>(pieceAt(starts_, place.begin)) : -1);
}

QString TokenPanel::textOf(TokenId token) const {
  if (tokenizer_ == nullptr || token < 0 || token >= tokenizer_->size()) return QStringLiteral("?");
  const std::string bytes = shown_bytes(*tokenizer_, token);
  return QString::fromStdString(bytes.empty() ? tokenizer_->piece(token) : repair_utf8(bytes));
}

void TokenPanel::show(const NodeRow& node, const std::vector<TokenChoice>& choices) {
  const int index = part_->currentIndex();
  if (index < 0 || !(nodes_[static_cast<std::size_t>(index)].id == node.id)) return;
  node_ = node;
  choices_ = choices;
  std::vector<ShownToken> shown;
  Utf8Joiner joiner;
  const std::vector<TokenId> tokens = node.tokens.value_or(std::vector<TokenId>{});
  for (std::size_t i = 0; tokenizer_ != nullptr && i < tokens.size(); ++i) {
    ShownToken token;
    const bool ours = tokens[i] >= 0 && tokens[i] < tokenizer_->size();
    token.text = QString::fromStdString(joiner.push(ours ? shown_bytes(*tokenizer_, tokens[i]) : "?"));
    if (i < choices_.size() && !choices_[i].alternatives.empty()) {
      token.known = true;
      token.probability = std::exp(static_cast<double>(choices_[i].log_prob));
    }
    shown.push_back(std::move(token));
  }
  QStringList pieces;
  for (const ShownToken& token : shown) pieces << token.text;
  starts_ = pieceStarts(pieces, QString::fromStdString(node.text));
  slider_->setRange(0, static_cast<int>(shown.size()));
  view_->setTokens(std::move(shown));
  slider_->setValue(view_->position());
  moved(view_->position());
}

void TokenPanel::moved(int position) {
  slider_->setValue(position);
  others_->clear();
  const auto at = static_cast<std::size_t>(position);
  const std::size_t count = view_->tokens().size();
  goOn_->setEnabled(node_.sampler.has_value() && count > 0);
  if (tokenizer_ == nullptr) {
    place_->setText(tr("Open the model that wrote this to see its tokens."));
    return;
  }
  if (at >= count) {
    place_->setText(tr("%1 tokens. Choose one to see what else it might have been.").arg(QLocale().toString(count)));
    return;
  }
  const ShownToken& token = view_->tokens()[at];
  const QString where = tr("Token %1 of %2").arg(QLocale().toString(position + 1), QLocale().toString(count));
  place_->setText(token.known ? tr("%1, probability %2").arg(where, percent(token.probability))
                              : tr("%1; its probability was not recorded").arg(where));
  if (at >= choices_.size()) return;
  for (const TokenProbability& other : choices_[at].alternatives) {
    auto* item = new QListWidgetItem(
        tr("%1   %2").arg(percent(std::exp(static_cast<double>(other.log_prob))), visible(textOf(other.token))));
    item->setData(token_role, other.token);
    item->setToolTip(tr("Enter or a double click goes on with this token, in a new branch"));
    if (node_.tokens && at < node_.tokens->size() && node_.tokens->at(at) == other.token) {
      QFont font = item->font();
      font.setBold(true);
      item->setFont(font);
    }
    others_->addItem(item);
  }
}

}  // namespace holdfast
