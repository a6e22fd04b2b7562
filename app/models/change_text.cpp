#include "app/models/change_text.h"

#include <QLocale>
#include <algorithm>
#include <cmath>

namespace holdfast {

QString changeText(double change, int digits) {
  const QString size = QLocale().toString(std::abs(change), 'f', digits);
  const bool none = std::ranges::none_of(size, [](QChar sign) { return sign.digitValue() > 0; });
  if (none) return size;
  return (change > 0.0 ? QStringLiteral("+") : QLocale().negativeSign()) + size;
}

}  // namespace holdfast
