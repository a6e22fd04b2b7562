// Says what has happened to those who do not see it: a screen reader speaks what an alert that appears is called.
#pragma once

#include <QWidget>

namespace holdfast {

class Announcer : public QWidget {
  Q_OBJECT

 public:
  explicit Announcer(QWidget* parent);

  void say(const QString& sentence);
  [[nodiscard]] QString said() const { return accessibleName(); }

  // Has screen readers take every widget of this class for an alert. Once for a class.
  static void makeAlert(const char* className);
};

}  // namespace holdfast
