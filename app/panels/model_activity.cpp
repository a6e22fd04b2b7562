#include "app/panels/model_activity.h"

#include <QComboBox>
#include <QFrame>
#include <QLabel>
#include <QProgressBar>
#include <QPushButton>
#include <QVBoxLayout>
#include <algorithm>

#include "app/models/installed_models_model.h"
#include "app/models/size_text.h"

namespace holdfast {
namespace {

QString time_left(double seconds) {
  if (seconds < 90) return ModelActivity::tr("%1 s left").arg(std::max(1, static_cast<int>(seconds)));
  if (seconds < 5400) return ModelActivity::tr("%1 min left").arg(qRound(seconds / 60));
  return ModelActivity::tr("%1 h left").arg(qRound(seconds / 3600));
}

QFrame* activity_card(const char* name) {
  auto* card = new QFrame;
  card->setObjectName(QLatin1String(name));
  card->setProperty("card", true);
  auto* row = new QHBoxLayout(card);
  row->setContentsMargins(14, 7, 8, 7);
  row->setSpacing(12);
  return card;
}

QLabel* activity_label() {
  auto* label = new QLabel;
  label->setTextFormat(Qt::PlainText);
  label->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
  return label;
}

}  // namespace

ModelActivity::ModelActivity(QWidget* parent)
    : QWidget(parent),
      layout_(new QVBoxLayout(this)),
      choice_(activity_card("choiceRow")),
      choiceLabel_(activity_label()),
      choiceFiles_(new QComboBox),
      waiting_(new QWidget) {
  layout_->setContentsMargins(0, 0, 0, 0);
  layout_->setSpacing(6);
  work_ = addRow("workRow", tr("How far the work is"));
  download_ = addRow("downloadRow", tr("How far the download is"));
  connect(work_.stop, &QPushButton::clicked, this, &ModelActivity::workStopped);
  connect(download_.stop, &QPushButton::clicked, this, &ModelActivity::downloadStopped);
  auto* fetch = new QPushButton(tr("Download"));
  fetch->setObjectName(QStringLiteral("downloadChoice"));
  auto* cancel = new QPushButton(tr("Cancel"));
  cancel->setProperty("flat", true);
  choiceFiles_->setObjectName(QStringLiteral("choiceFiles"));
  choiceFiles_->setAccessibleName(tr("GGUF file to download"));
  choice_->layout()->addWidget(choiceLabel_);
  static_cast<QHBoxLayout*>(choice_->layout())->setStretchFactor(choiceLabel_, 1);
  for (QWidget* widget :
       {static_cast<QWidget*>(choiceFiles_), static_cast<QWidget*>(fetch), static_cast<QWidget*>(cancel)}) {
    choice_->layout()->addWidget(widget);
  }
  choice_->hide();
  layout_->addWidget(choice_);
  auto* column = new QVBoxLayout(waiting_);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(6);
  waiting_->hide();
  layout_->addWidget(waiting_);
  connect(fetch, &QPushButton::clicked, this, [this] {
    choice_->hide();
    emit downloadWanted(choiceAddress_ + QLatin1Char(':') + choiceFiles_->currentText());
  });
  connect(cancel, &QPushButton::clicked, choice_, &QWidget::hide);
}

ModelActivity::Row ModelActivity::addRow(const char* name, const QString& bar) {
  Row row{activity_card(name), activity_label(), new QProgressBar, new QPushButton(tr("Stop"))};
  row.label->setObjectName(QLatin1String(name) + QStringLiteral("Label"));
  row.bar->setRange(0, 1000);
  row.bar->setTextVisible(false);
  row.bar->setFixedWidth(180);
  row.bar->setAccessibleName(bar);
  row.stop->setObjectName(QLatin1String(name) + QStringLiteral("Stop"));
  auto* layout = static_cast<QHBoxLayout*>(row.widget->layout());
  layout->addWidget(row.label, 1);
  layout->addWidget(row.bar);
  layout->addWidget(row.stop);
  row.widget->hide();
  layout_->addWidget(row.widget);
  return row;
}

void ModelActivity::beginWork(const QString& what) {
  work_.label->setText(what);
  work_.bar->setValue(0);
  work_.widget->show();
}
void ModelActivity::setWork(double done) { work_.bar->setValue(static_cast<int>(done * 1000)); }
void ModelActivity::endWork() { work_.widget->hide(); }

void ModelActivity::beginDownload(const QString& address) {
  downloading_ = address;
  download_.label->setText(tr("%1: asking the hub").arg(address));
  download_.bar->setValue(0);
  download_.widget->show();
  choice_->hide();
  showUnfinished();
}

void ModelActivity::setDownload(const HubProgress& progress) {
  const auto done = static_cast<double>(progress.done);
  const auto total = static_cast<double>(progress.total);
  QString text = tr("%1: %2 of %3").arg(downloading_, done > 0 ? sizeText(done) : tr("nothing"), sizeText(total));
  if (progress.bytesPerSecond > 0) {
    text = tr("%1, %2/s, %3")
               .arg(text, sizeText(progress.bytesPerSecond), time_left((total - done) / progress.bytesPerSecond));
  }
  download_.label->setText(text);
  download_.label->setToolTip(progress.file);
  download_.bar->setValue(total > 0 ? static_cast<int>(done / total * 1000) : 0);
}

void ModelActivity::endDownload() {
  downloading_.clear();
  download_.widget->hide();
  showUnfinished();
}

void ModelActivity::setUnfinished(const std::vector<HubDownload::Unfinished>& downloads) {
  unfinished_ = downloads;
  showUnfinished();
}

void ModelActivity::showUnfinished() {
  while (QLayoutItem* item = waiting_->layout()->takeAt(0)) {
    item->widget()->deleteLater();  // the click on one of its buttons may still be on its way out
    item->widget()->hide();
    delete item;
  }
  for (const HubDownload::Unfinished& download : unfinished_) {
    if (download.address == downloading_) continue;
    QFrame* card = activity_card("unfinishedRow");
    QLabel* label = activity_label();
    label->setText(tr("%1 was not finished; %2 of it are there")
                       .arg(download.address, sizeText(static_cast<double>(download.bytes))));
    auto* go = new QPushButton(tr("Go on"));
    go->setObjectName(QStringLiteral("resumeDownload"));
    go->setAccessibleName(tr("Go on with %1").arg(download.address));
    auto* discard = new QPushButton(tr("Discard"));
    discard->setObjectName(QStringLiteral("discardDownload"));
    discard->setAccessibleName(tr("Discard %1").arg(download.address));
    discard->setProperty("flat", true);
    auto* row = static_cast<QHBoxLayout*>(card->layout());
    row->addWidget(label, 1);
    row->addWidget(go);
    row->addWidget(discard);
    waiting_->layout()->addWidget(card);
    connect(go, &QPushButton::clicked, this, [this, address = download.address] { emit downloadWanted(address); });
    connect(discard, &QPushButton::clicked, this, [this, address = download.address] { emit discarded(address); });
  }
  waiting_->setVisible(waiting_->layout()->count() > 0);
}

void ModelActivity::askForFile(const QString& address, const QStringList& files) {
  choiceAddress_ = address;
  choiceLabel_->setText(tr("%1 has several GGUF files").arg(address));
  choiceFiles_->clear();
  choiceFiles_->addItems(files);
  choice_->show();
  choiceFiles_->setFocus();
}

}  // namespace holdfast
