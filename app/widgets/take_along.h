// What a chart or a table shows can be taken along: to the clipboard as a picture or as numbers, to a file as PNG, SVG
// or CSV.
#pragma once

#include <QList>
#include <QString>
#include <QStringList>
#include <functional>

class QAbstractItemView;
class QPainter;
class QWidget;

namespace holdfast {

struct TakenAlong {
  std::function<void(QPainter&)> paint;       // as on the screen, in the widget's coordinates
  std::function<QList<QStringList>()> table;  // rows; the first one names the columns
  QString fileName;                           // without its ending: what is proposed
};

// By context menu and keys: Ctrl+C copies the picture, Ctrl+Shift+C the numbers, Ctrl+S saves.
void offerChart(QWidget* chart, TakenAlong content);
// The same of all rows of a table; there Ctrl+C copies the numbers, Ctrl+Shift+C the picture.
void offerTable(QAbstractItemView* view, const QString& fileName);

// In the form that the file's ending names: .png, .svg or .csv. Throws ArgumentError for another one, IoError.
void saveTakenAlong(const QWidget& view, const TakenAlong& content, const QString& file);

}  // namespace holdfast
