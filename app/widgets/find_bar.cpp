#include "app/widgets/find_bar.h"

#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QLocale>
#include <QToolButton>

namespace holdfast {

FindBar::FindBar(QWidget* parent)
    : QFrame(parent), words_(new QLineEdit), count_(new QLabel), previous_(new QToolButton), next_(new QToolButton) {
  setObjectName(QStringLiteral("findBar"));
  words_->setObjectName(QStringLiteral("findWords"));
  words_->setAccessibleName(tr("Find in this session"));
  words_->setPlaceholderText(tr("Find in this session"));
  words_->setClearButtonEnabled(true);
  words_->installEventFilter(this);
  count_->setObjectName(QStringLiteral("findCount"));
  count_->setProperty("muted", true);
  auto* close = new QToolButton;
  const auto button = [](QToolButton* made, const char* name, const char* command, const QString& sign,
                         const QString& help) {
    made->setObjectName(QLatin1String(name));
    made->setProperty("flat", true);
    made->setProperty("command", command);
    made->setText(sign);
    made->setToolTip(help);
    made->setAccessibleName(help);
  };
  button(previous_, "findPrevious", "findPrevious", QStringLiteral("\u2039"), tr("The one before"));
  button(next_, "findNext", "findNext", QStringLiteral("\u203a"), tr("The next one"));
  button(close, "findClose", "", QStringLiteral("\u2715"), tr("Close"));
  auto* row = new QHBoxLayout(this);
  row->setContentsMargins(20, 6, 12, 6);
  row->setSpacing(6);
  row->addWidget(words_, 1);
  row->addWidget(count_);
  row->addWidget(previous_);
  row->addWidget(next_);
  row->addWidget(close);
  connect(words_, &QLineEdit::textChanged, this, &FindBar::sought);
  connect(previous_, &QToolButton::clicked, this, [this] { emit stepped(-1); });
  connect(next_, &QToolButton::clicked, this, [this] { emit stepped(1); });
  connect(close, &QToolButton::clicked, this, &FindBar::close);
  setFound(0, 0);
  hide();
}

void FindBar::open() {
  show();
  words_->setFocus(Qt::ShortcutFocusReason);
  words_->selectAll();
  emit sought(words_->text());
}

void FindBar::close() {
  if (isHidden()) return;
  hide();
  emit sought({});
  emit closed();
}

void FindBar::setFound(int current, int count) {
  const QLocale locale;
  count_->setText(words_->text().isEmpty() ? QString()
                  : count == 0             ? tr("Nothing found")
                                           : tr("%1 of %2").arg(locale.toString(current), locale.toString(count)));
  previous_->setEnabled(count > 1);
  next_->setEnabled(count > 1);
}

bool FindBar::eventFilter(QObject* watched, QEvent* event) {
  if (event->type() != QEvent::KeyPress && event->type() != QEvent::ShortcutOverride) {
    return QFrame::eventFilter(watched, event);
  }
  const auto* key = static_cast<QKeyEvent*>(event);
  const bool enter = key->key() == Qt::Key_Return || key->key() == Qt::Key_Enter;
  if (!enter && key->key() != Qt::Key_Escape) return QFrame::eventFilter(watched, event);
  if (event->type() == QEvent::ShortcutOverride) {  // Esc stops an answer elsewhere
    event->accept();
    return true;
  }
  if (enter) {
    emit stepped((key->modifiers() & Qt::ShiftModifier) != 0 ? -1 : 1);
  } else {
    close();
  }
  return true;
}

}  // namespace holdfast
