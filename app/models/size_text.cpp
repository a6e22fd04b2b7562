#include "app/models/size_text.h"

#include <QLocale>

#include "kernels/size_text.h"

namespace holdfast {

QString sizeText(double bytes) {
  return QString::fromStdString(size_text(bytes)).replace(QLatin1Char('.'), QLocale().decimalPoint());
}

}  // namespace holdfast
