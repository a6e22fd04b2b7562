#include "app/widgets/take_along.h"

#include <QAbstractItemModel>
#include <QAbstractItemView>
#include <QAction>
#include <QApplication>
#include <QBuffer>
#include <QClipboard>
#include <QFileDialog>
#include <QFileInfo>
#include <QImage>
#include <QMessageBox>
#include <QPainter>
#include <QWidget>
#include <exception>
#include <string>
#include <utility>
#include <vector>

#include "app/widgets/svg_picture.h"
#include "engine/atomic_file.h"
#include "kernels/error.h"
#include "training/csv.h"

namespace holdfast {
namespace {

constexpr double picture_scale = 2.0;  // of pixels: sharp on paper and on fine screens

QString taken_tr(const char* text) { return QCoreApplication::translate("TakeAlong", text); }

void paint_on(QPaintDevice* device, const QWidget& view, const TakenAlong& content) {
  QPainter painter(device);
  painter.setFont(view.font());
  painter.fillRect(view.rect(), view.palette().color(QPalette::Window));
  content.paint(painter);
}

QImage picture_of(const QWidget& view, const TakenAlong& content) {
  QImage image((QSizeF(view.size()) * picture_scale).toSize(), QImage::Format_ARGB32_Premultiplied);
  image.setDevicePixelRatio(picture_scale);
  image.setDotsPerMeterX(qRound(view.logicalDpiX() / 0.0254));
  image.setDotsPerMeterY(qRound(view.logicalDpiY() / 0.0254));
  paint_on(&image, view, content);
  return image;
}

// Cells apart by tabs, as spreadsheets take them from the clipboard.
QString tabs_of(const TakenAlong& content) {
  QString text;
  for (QStringList row : content.table()) {
    for (QString& cell : row) cell = cell.simplified();
    text += row.join(QLatin1Char('\t')) + QLatin1Char('\n');
  }
  return text;
}

std::string csv_of(const TakenAlong& content) {
  std::string text;
  for (const QStringList& row : content.table()) {
    std::vector<std::string> fields;
    for (const QString& cell : row) fields.push_back(cell.toStdString());
    text += csv_line(fields);
  }
  return text;
}

void ask_and_save(QWidget* view, const TakenAlong& content) {
  const QString png = taken_tr("Picture in pixels (*.png)"), svg = taken_tr("Picture in lines (*.svg)"),
                csv = taken_tr("Numbers (*.csv)");
  QString chosen;
  QString file = QFileDialog::getSaveFileName(view, taken_tr("Save"), content.fileName + QStringLiteral(".png"),
                                              QStringList{png, svg, csv}.join(QStringLiteral(";;")), &chosen);
  if (file.isEmpty()) return;
  const QString wanted = chosen == svg   ? QStringLiteral("svg")
                         : chosen == csv ? QStringLiteral("csv")
                                         : QStringLiteral("png");
  const QString suffix = QFileInfo(file).suffix().toLower();
  // Another form was chosen and the proposed ending left as it was.
  if (suffix == QLatin1String("png") && wanted != suffix && !chosen.isEmpty()) file.chop(4);
  if (QFileInfo(file).suffix().isEmpty()) file += QLatin1Char('.') + wanted;
  try {
    saveTakenAlong(*view, content, file);
  } catch (const std::exception& error) {
    QMessageBox::warning(view, taken_tr("Save"), QString::fromUtf8(error.what()));
  }
}

void offer(QWidget* view, const TakenAlong& content, bool numbersFirst) {
  const auto add = [view](const char* name, const QString& text, const QKeySequence& keys, auto work) {
    auto* action = new QAction(text, view);
    action->setObjectName(QLatin1String(name));
    action->setShortcut(keys);
    action->setShortcutContext(Qt::WidgetShortcut);
    action->setShortcutVisibleInContextMenu(true);
    QObject::connect(action, &QAction::triggered, view, work);
    view->addAction(action);
  };
  const QKeySequence first(Qt::CTRL | Qt::Key_C), second(Qt::CTRL | Qt::SHIFT | Qt::Key_C);
  add("copyPicture", taken_tr("Copy as a picture"), numbersFirst ? second : first,
      [view, content] { QApplication::clipboard()->setImage(picture_of(*view, content)); });
  add("copyNumbers", taken_tr("Copy as a table"), numbersFirst ? first : second,
      [content] { QApplication::clipboard()->setText(tabs_of(content)); });
  add("saveTakenAlong", taken_tr("Save as PNG, SVG or CSV\u2026"), QKeySequence(Qt::CTRL | Qt::Key_S),
      [view, content] { ask_and_save(view, content); });
  view->setContextMenuPolicy(Qt::ActionsContextMenu);
}

QList<QStringList> rows_of(const QAbstractItemModel& model) {
  QList<QStringList> rows;
  QStringList names;
  for (int c = 0; c < model.columnCount(); ++c) {
    names << model.headerData(c, Qt::Horizontal).toString();
  }
  rows << names;
  for (int r = 0; r < model.rowCount(); ++r) {
    QStringList cells;
    for (int c = 0; c < model.columnCount(); ++c) cells << model.index(r, c).data().toString();
    rows << cells;
  }
  return rows;
}

}  // namespace

void offerChart(QWidget* chart, TakenAlong content) {
  chart->setFocusPolicy(Qt::StrongFocus);
  offer(chart, content, false);
}

void offerTable(QAbstractItemView* view, const QString& fileName) {
  offer(view,
        {.paint = [view](QPainter& painter) { view->render(&painter); },
         .table = [view] { return rows_of(*view->model()); },
         .fileName = fileName},
        true);
}

void saveTakenAlong(const QWidget& view, const TakenAlong& content, const QString& file) {
  const QString suffix = QFileInfo(file).suffix().toLower();
  if (suffix == QLatin1String("csv")) return write_file_atomically(file.toStdString(), csv_of(content));
  QByteArray bytes;
  if (suffix == QLatin1String("png")) {
    QBuffer buffer(&bytes);
    buffer.open(QIODevice::WriteOnly);
    picture_of(view, content).save(&buffer, "PNG");
  } else if (suffix == QLatin1String("svg")) {
    SvgPicture picture(view.size(), view.logicalDpiX());
    paint_on(&picture, view, content);
    bytes = picture.text();
  } else {
    throw ArgumentError(file.toStdString() + ": want a name that ends in .png, .svg or .csv");
  }
  write_file_atomically(file.toStdString(),
                        std::string_view(bytes.constData(), static_cast<std::size_t>(bytes.size())));
}

}  // namespace holdfast
