#include "app/panels/start_panel.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QListView>
#include <QProgressBar>
#include <QPushButton>
#include <QVBoxLayout>
#include <algorithm>

#include "app/models/model_list_model.h"

namespace holdfast {
namespace {
constexpr int column_width = 560;
constexpr int card_height = 42;
constexpr int most_cards = 5;
}  // namespace

StartPanel::StartPanel(ModelListModel* models, QWidget* parent)
    : QWidget(parent),
      models_(models),
      heading_(new QLabel),
      text_(new QLabel),
      progress_(new QProgressBar),
      list_(new QListView),
      folder_(new QPushButton(tr("Open a model &folder\u2026"))),
      file_(new QPushButton(tr("Open a &GGUF file\u2026"))) {
  auto* outer = new QHBoxLayout(this);
  auto* column = new QWidget;
  column->setMaximumWidth(column_width);
  outer->addStretch(1);
  outer->addWidget(column, 100);
  outer->addStretch(1);
  auto* layout = new QVBoxLayout(column);
  layout->setSpacing(14);
  layout->addStretch(2);
  heading_->setObjectName(QStringLiteral("startHeading"));
  heading_->setProperty("heading", true);
  heading_->setWordWrap(true);
  heading_->setTextFormat(Qt::PlainText);
  layout->addWidget(heading_);
  text_->setObjectName(QStringLiteral("startText"));
  text_->setProperty("muted", true);
  text_->setWordWrap(true);
  text_->setTextFormat(Qt::PlainText);
  layout->addWidget(text_);
  progress_->setTextVisible(false);
  progress_->setRange(0, 1000);
  progress_->setAccessibleName(tr("Loading the model"));
  layout->addWidget(progress_);
  list_->setObjectName(QStringLiteral("modelCards"));
  list_->setAccessibleName(tr("Models"));
  list_->setModel(models_);
  list_->setEditTriggers(QAbstractItemView::NoEditTriggers);
  list_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  list_->setMouseTracking(true);
  layout->addWidget(list_);
  auto* buttons = new QHBoxLayout;
  folder_->setObjectName(QStringLiteral("openFolder"));
  file_->setObjectName(QStringLiteral("openFile"));
  buttons->addWidget(folder_);
  buttons->addWidget(file_);
  buttons->addStretch(1);
  layout->addLayout(buttons);
  firstSteps_ = buildFirstSteps();
  layout->addWidget(firstSteps_);
  layout->addStretch(3);
  const auto choose = [this](const QModelIndex& index) {
    emit modelChosen(index.data(ModelListModel::PathRole).toString());
  };
  connect(list_, &QListView::clicked, this, choose);
  connect(list_, &QListView::activated, this, choose);
  connect(folder_, &QPushButton::clicked, this, &StartPanel::folderWanted);
  connect(file_, &QPushButton::clicked, this, &StartPanel::fileWanted);
}

// What one can begin with: problems to try, and where everything else is found.
QWidget* StartPanel::buildFirstSteps() {
  auto* steps = new QWidget;
  steps->setObjectName(QStringLiteral("firstSteps"));
  auto* column = new QVBoxLayout(steps);
  column->setContentsMargins(0, 6, 0, 0);
  column->setSpacing(6);
  auto* try_ = new QLabel(tr("Something to try:"));
  try_->setProperty("muted", true);
  column->addWidget(try_);
  for (const QString& problem :
       {tr("A shirt costs $80. It is discounted by 25%. What is the final price?"),
        tr("The sum of two numbers is 30 and their difference is 4. What is the larger number?"),
        tr("Solve 3x + 7 = 22.")}) {
    auto* button = new QPushButton(QString(problem).replace(QLatin1Char('&'), QLatin1String("&&")));
    button->setObjectName(QStringLiteral("example"));
    button->setProperty("example", true);
    button->setToolTip(tr("Put it into the field below"));
    connect(button, &QPushButton::clicked, this, [this, problem] { emit exampleChosen(problem); });
    column->addWidget(button);
  }
  column->addSpacing(8);
  auto* tips =
      new QLabel(tr("Nothing you ask is lost: editing or asking again keeps the old answer beside the new one. "
                    "While it thinks, you can pause it or have it answer now."));
  tips->setProperty("muted", true);
  tips->setWordWrap(true);
  column->addWidget(tips);
  auto* row = new QHBoxLayout;
  row->setSpacing(4);
  row->setContentsMargins(0, 0, 0, 0);
  const auto link = [&](const char* name, const char* command, const QString& text, void (StartPanel::*wanted)()) {
    auto* button = new QPushButton(text);
    button->setObjectName(QLatin1String(name));
    button->setProperty("flat", true);
    button->setProperty("command", command);
    button->setToolTip(text);
    connect(button, &QPushButton::clicked, this, wanted);
    row->addWidget(button);
  };
  link("startCommands", "palette", tr("Every command"), &StartPanel::commandsWanted);
  link("startKeys", "shortcuts", tr("Keys"), &StartPanel::keysWanted);
  row->addStretch(1);
  column->addLayout(row);
  return steps;
}

void StartPanel::showNoModel(const QString& modelsFolder) {
  heading_->setText(tr("Open a model to begin"));
  const int count = models_->rowCount();
  text_->setText(count > 0 ? tr("Choose one of these Mamba-2 models, or open another. You can also drop a folder or a "
                                "GGUF file on this window.")
                           : tr("Holdfast reads Mamba-2 models as Hugging Face, mamba_ssm and Mistral folders and as "
                                "GGUF files. Open one, drop it on this window, or put it into %1, where it is found at "
                                "every start.")
                                 .arg(modelsFolder));
  list_->setFixedHeight(std::min(count, most_cards) * card_height + 6);
  list_->setVisible(count > 0);
  progress_->hide();
  firstSteps_->hide();
  folder_->show();
  file_->show();
}

void StartPanel::showLoading(const QString& name) {
  heading_->setText(tr("Loading %1\u2026").arg(name));
  text_->setText(tr("You can type your question already; it is answered as soon as the model is there."));
  progress_->setValue(0);
  progress_->show();
  firstSteps_->show();
  list_->hide();
  folder_->hide();
  file_->hide();
}

void StartPanel::setProgress(double done) { progress_->setValue(static_cast<int>(done * 1000)); }

void StartPanel::showReady(const QString& name, const QString& facts) {
  heading_->setText(tr("Ask %1").arg(name));
  text_->setText(facts);
  progress_->hide();
  firstSteps_->show();
  list_->hide();
  folder_->hide();
  file_->hide();
}

}  // namespace holdfast
