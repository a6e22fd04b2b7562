#include "app/widgets/announcer.h"

#include <QAccessible>
#include <QAccessibleWidget>
#include <QStringList>

namespace holdfast {
namespace {

QStringList& alert_classes() {
  static QStringList classes;
  return classes;
}

QAccessibleInterface* alert_of(const QString& className, QObject* object) {
  if (!alert_classes().contains(className) || !object->isWidgetType()) return nullptr;
  return new QAccessibleWidget(static_cast<QWidget*>(object), QAccessible::AlertMessage);
}

}  // namespace

void Announcer::makeAlert(const char* className) {
  if (alert_classes().isEmpty()) QAccessible::installFactory(alert_of);
  if (!alert_classes().contains(QLatin1String(className))) alert_classes() << QLatin1String(className);
}

Announcer::Announcer(QWidget* parent) : QWidget(parent) {
  makeAlert(staticMetaObject.className());
  setObjectName(QStringLiteral("announcer"));
  // There, as alerts have to be, but nothing to be seen or clicked.
  setAttribute(Qt::WA_TransparentForMouseEvents);
  setFocusPolicy(Qt::NoFocus);
  setGeometry(0, 0, 1, 1);
  lower();
}

void Announcer::say(const QString& sentence) {
  if (sentence.isEmpty()) return;
  setAccessibleName(sentence);
  QAccessibleEvent shown(this, QAccessible::ObjectShow);
  QAccessible::updateAccessibility(&shown);
}

}  // namespace holdfast
