#include "app/widgets/banner.h"

#include <QAccessible>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QStyle>
#include <utility>

#include "app/widgets/announcer.h"

namespace holdfast {

Banner::Banner(QWidget* parent) : QFrame(parent), label_(new QLabel), action_(new QPushButton) {
  Announcer::makeAlert(staticMetaObject.className());
  setObjectName(QStringLiteral("banner"));
  auto* layout = new QHBoxLayout(this);
  layout->setContentsMargins(14, 8, 8, 8);
  label_->setWordWrap(true);
  label_->setTextFormat(Qt::PlainText);  // messages quote files and models
  label_->setTextInteractionFlags(Qt::TextSelectableByMouse);
  layout->addWidget(label_, 1);
  action_->setObjectName(QStringLiteral("bannerAction"));
  layout->addWidget(action_);
  action_->hide();  // until there is something to do
  auto* close = new QPushButton(tr("Dismiss"));
  close->setProperty("flat", true);
  close->setObjectName(QStringLiteral("bannerClose"));
  layout->addWidget(close);
  connect(close, &QPushButton::clicked, this, &QWidget::hide);
  connect(action_, &QPushButton::clicked, this, [this] {
    hide();
    if (act_) act_();
  });
  hide();
}

void Banner::showError(const QString& sentence) { show(sentence, true, {}, {}); }

void Banner::showRefusal(const QString& sentence, const QString& action, std::function<void()> act) {
  show(sentence, true, action, std::move(act));
}

void Banner::showNote(const QString& sentence, const QString& action, std::function<void()> act) {
  show(sentence, false, action, std::move(act));
}

QString Banner::text() const { return label_->text(); }

void Banner::show(const QString& sentence, bool error, const QString& action, std::function<void()> act) {
  label_->setText(sentence);
  setAccessibleName(sentence);
  action_->setText(action);
  action_->setVisible(!action.isEmpty());
  act_ = std::move(act);
  setProperty("error", error);
  for (QWidget* widget : {static_cast<QWidget*>(this), static_cast<QWidget*>(label_)}) {
    style()->unpolish(widget);
    style()->polish(widget);
  }
  QWidget::show();
  for (const QAccessible::Event what : {QAccessible::Alert, QAccessible::ObjectShow}) {
    QAccessibleEvent announce(this, what);
    QAccessible::updateAccessibility(&announce);
  }
}

}  // namespace holdfast
