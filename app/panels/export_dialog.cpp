#include "app/panels/export_dialog.h"

#include <QCheckBox>
#include <QComboBox>
#include <QDir>
#include <QFileDialog>
#include <QFileInfo>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QProgressBar>
#include <QPushButton>
#include <QRadioButton>
#include <QStandardPaths>
#include <QVBoxLayout>

namespace holdfast {
namespace {

QString view_text(std::string_view text) { return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size())); }

bool is_rows(ExportFormat format) { return format == ExportFormat::sharegpt || format == ExportFormat::messages; }

}  // namespace

ExportDialog::ExportDialog(ExchangeService* service, QWidget* parent)
    : QDialog(parent),
      service_(service),
      title_(new QLabel),
      format_(new QComboBox),
      branch_(new QRadioButton(tr("The &branch that is shown"))),
      tree_(new QRadioButton(tr("&All branches"))),
      thoughts_(new QCheckBox(tr("With &thoughts"))),
      statistics_(new QCheckBox(tr("With &figures: tokens, time, sampling, model"))),
      file_(new QLineEdit),
      browse_(new QPushButton(tr("&Choose\u2026"))),
      export_(new QPushButton(tr("&Export"))),
      close_(new QPushButton(tr("Close"))),
      busy_(new QProgressBar),
      state_(new QLabel),
      folder_(QStandardPaths::writableLocation(QStandardPaths::DocumentsLocation)) {
  setObjectName(QStringLiteral("exportDialog"));
  setWindowTitle(tr("Export"));
  setMinimumWidth(540);
  title_->setObjectName(QStringLiteral("exportTitle"));
  title_->setProperty("title", true);
  title_->setTextFormat(Qt::PlainText);
  title_->setWordWrap(true);
  format_->setObjectName(QStringLiteral("exportFormat"));
  for (const ExportFormat choice : {ExportFormat::pdf, ExportFormat::html, ExportFormat::markdown, ExportFormat::latex,
                                    ExportFormat::jsonl, ExportFormat::sharegpt, ExportFormat::messages}) {
    format_->addItem(view_text(info(choice).what), static_cast<int>(choice));
  }
  branch_->setChecked(true);
  tree_->setObjectName(QStringLiteral("exportTree"));
  thoughts_->setObjectName(QStringLiteral("exportThoughts"));
  thoughts_->setChecked(true);
  statistics_->setObjectName(QStringLiteral("exportStatistics"));
  file_->setObjectName(QStringLiteral("exportFile"));
  file_->setAccessibleName(tr("File"));
  export_->setObjectName(QStringLiteral("exportStart"));
  export_->setProperty("primary", true);
  export_->setDefault(true);
  close_->setObjectName(QStringLiteral("exportClose"));
  busy_->setRange(0, 0);
  busy_->setTextVisible(false);
  busy_->setAccessibleName(tr("Writing"));
  busy_->hide();
  state_->setObjectName(QStringLiteral("exportState"));
  state_->setTextFormat(Qt::PlainText);
  state_->setWordWrap(true);
  state_->setMinimumHeight(state_->fontMetrics().height() * 2);
  auto* file = new QHBoxLayout;
  file->addWidget(file_, 1);
  file->addWidget(browse_);
  auto* form = new QFormLayout;
  form->setSpacing(10);
  form->addRow(tr("&Form"), format_);
  form->addRow(tr("What"), branch_);
  form->addRow(QString(), tree_);
  form->addRow(QString(), thoughts_);
  form->addRow(QString(), statistics_);
  form->addRow(tr("File"), file);
  auto* buttons = new QHBoxLayout;
  buttons->addWidget(busy_, 1);
  buttons->addStretch(1);
  buttons->addWidget(close_);
  buttons->addWidget(export_);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(18, 16, 18, 14);
  layout->setSpacing(12);
  layout->addWidget(title_);
  layout->addLayout(form);
  layout->addWidget(state_);
  layout->addStretch(1);
  layout->addLayout(buttons);
  connect(format_, &QComboBox::currentIndexChanged, this, &ExportDialog::showFormat);
  connect(browse_, &QPushButton::clicked, this, &ExportDialog::browse);
  connect(export_, &QPushButton::clicked, this, &ExportDialog::start);
  connect(close_, &QPushButton::clicked, this, &ExportDialog::reject);
  connect(file_, &QLineEdit::textChanged, this,
          [this](const QString& text) { export_->setEnabled(!working_ && !text.trimmed().isEmpty()); });
  connect(service_, &ExchangeService::nameSuggested, this, &ExportDialog::takeSuggestion);
  connect(service_, &ExchangeService::exported, this,
          [this](const QString& written) { end(tr("Written to %1").arg(QDir::toNativeSeparators(written))); });
  connect(service_, &ExchangeService::cancelled, this, [this] { end(tr("Stopped; no file was written.")); });
  connect(service_, &ExchangeService::failed, this, [this](const QString& message) {
    if (working_) end(message);
  });
  showFormat();
}

ExportFormat ExportDialog::format() const { return static_cast<ExportFormat>(format_->currentData().toInt()); }

void ExportDialog::openFor(SessionId session, const QString& title) {
  session_ = session;
  title_->setText(title.isEmpty() ? tr("Untitled session") : title.simplified());
  state_->clear();
  file_->clear();
  suggested_.clear();
  mayReplace_.clear();
  suggest();
  show();
  raise();
  activateWindow();
  format_->setFocus();
}

// What a form cannot leave out or cannot hold is not offered.
void ExportDialog::showFormat() {
  const bool complete = format() == ExportFormat::jsonl;
  branch_->setEnabled(!complete);
  tree_->setEnabled(!complete);
  thoughts_->setEnabled(!complete);
  statistics_->setEnabled(!complete && !is_rows(format()));
  state_->setText(complete ? tr("Everything: all branches, thoughts, tokens and figures. Holdfast imports it again.")
                  : is_rows(format()) ? tr("One row for each branch, up to its last finished answer.")
                                      : QString());
  if (session_) suggest();
}

void ExportDialog::suggest() { service_->suggestName(session_, format()); }

// A name that a person has chosen keeps its beginning.
void ExportDialog::takeSuggestion(const QString& name) {
  const QString typed = file_->text();
  const QString ending = QFileInfo(name).suffix();
  if (typed.isEmpty() || typed == suggested_) {
    suggested_ = QDir(folder_).filePath(name);
  } else {
    const QFileInfo chosen(typed);
    suggested_ = chosen.suffix().isEmpty() ? typed : typed.chopped(chosen.suffix().size()) + ending;
  }
  file_->setText(suggested_);
}

void ExportDialog::browse() {
  const QString ending = view_text(info(format()).ending);
  const QString file = QFileDialog::getSaveFileName(this, tr("Export"), file_->text(),
                                                    tr("%1 (*.%2)").arg(format_->currentText(), ending));
  if (file.isEmpty()) return;
  folder_ = QFileInfo(file).absolutePath();
  file_->setText(file);
  mayReplace_ = file;  // the file dialog has asked
}

void ExportDialog::start() {
  const QString file = QDir(folder_).absoluteFilePath(file_->text().trimmed());
  if (QFileInfo::exists(file) && mayReplace_ != file) {
    mayReplace_ = file;
    state_->setText(tr("%1 exists. Export again to replace it.").arg(QDir::toNativeSeparators(file)));
    return;
  }
  mayReplace_.clear();
  working_ = true;
  export_->setEnabled(false);
  close_->setText(tr("Stop"));
  busy_->show();
  state_->clear();
  service_->exportSession(
      session_, format(),
      {.tree = tree_->isChecked(), .thoughts = thoughts_->isChecked(), .statistics = statistics_->isChecked()}, file);
}

void ExportDialog::end(const QString& message) {
  working_ = false;
  export_->setEnabled(!file_->text().trimmed().isEmpty());
  close_->setText(tr("Close"));
  busy_->hide();
  state_->setText(message);
}

void ExportDialog::reject() {
  if (working_) return service_->cancel();
  QDialog::reject();
}

void ExportDialog::chooseImport(ExchangeService* service, QWidget* parent) {
  const QString file = QFileDialog::getOpenFileName(parent, tr("Import"),
                                                    QStandardPaths::writableLocation(QStandardPaths::DocumentsLocation),
                                                    tr("Conversations (*.jsonl *.json);;All files (*)"));
  if (!file.isEmpty()) service->importFile(file);
}

}  // namespace holdfast
