#include "app/panels/train_panel.h"

#include <QItemSelectionModel>
#include <QListView>
#include <QPushButton>
#include <QStackedWidget>
#include <QTimer>

#include "app/models/run_list_model.h"
#include "app/panels/recipe_editor.h"
#include "app/panels/run_view.h"
#include "app/widgets/parts.h"

namespace holdfast {

TrainPanel::TrainPanel(TrainService* service, QWidget* parent)
    : QWidget(parent), service_(service), runs_(new RunListModel(this)) {
  setObjectName(QStringLiteral("trainPanel"));
  pages_ = new QStackedWidget;
  editor_ = new RecipeEditor(service);
  view_ = new RunView(service);
  pages_->addWidget(editor_);
  pages_->addWidget(view_);
  const ListAndPages made = addListAndPages(this, runs_, pages_);
  made.fresh->setText(tr("&New run"));
  made.fresh->setObjectName(QStringLiteral("newRun"));
  list_ = made.list;
  list_->setObjectName(QStringLiteral("runList"));
  list_->setAccessibleName(tr("Training runs"));
  list_->setEditTriggers(QAbstractItemView::EditKeyPressed);
  connect(made.fresh, &QPushButton::clicked, this, &TrainPanel::showNew);
  connect(list_->selectionModel(), &QItemSelectionModel::currentChanged, this, &TrainPanel::selectRun);
  connect(service_, &TrainService::runsChanged, this, &TrainPanel::setRuns);
  connect(service_, &TrainService::detailChanged, this, [this](std::shared_ptr<const RunDetail> detail) {
    const RunRow* row = runs_->runAt(list_->currentIndex());
    if (row != nullptr && row->id == detail->row.id) {
      view_->setDetail(std::move(detail));
      pages_->setCurrentWidget(view_);
    }
  });
  connect(service_, &TrainService::created, this, [this](RunId run) { showRun(run); });
  connect(service_, &TrainService::failed, this, &TrainPanel::failed);
  connect(service_, &TrainService::datasetAdded, this, [this](int phase, const QString& file) {
    showNew();
    editor_->addDataset(phase, file);
    emit shown();
  });
  connect(view_, &RunView::openModel, this, &TrainPanel::openModel);
  connect(view_, &RunView::evaluate, this, &TrainPanel::evaluate);
  connect(view_, &RunView::useRecipe, this, [this](const QString& text, const QString& file) {
    showNew();
    editor_->useText(text, file);
  });
  auto* pause = new QTimer(this);  // not for every key
  pause->setSingleShot(true);
  pause->setInterval(800);
  connect(editor_, &RecipeEditor::changed, pause, qOverload<>(&QTimer::start));
  connect(pause, &QTimer::timeout, this, [this] { emit draftChanged(editor_->text()); });
  connect(runs_, &RunListModel::renamed, service_, &TrainService::rename);
}

void TrainPanel::setModels(const QStringList& paths) { editor_->setModels(paths); }

void TrainPanel::useDraft(const QString& recipe) {
  editor_->useText(recipe, QString::fromStdString((service_->dataDir() / "runs" / "recipe.toml").string()));
}

void TrainPanel::showNew() {
  wanted_ = {};
  list_->setCurrentIndex({});
  list_->clearSelection();
  pages_->setCurrentWidget(editor_);
}

void TrainPanel::showRun(RunId run) {
  wanted_ = run;
  const QModelIndex index = runs_->indexOf(run);
  if (index.isValid()) list_->setCurrentIndex(index);
}

void TrainPanel::setRuns(const std::vector<RunRow>& runs) {
  const RunRow* before = runs_->runAt(list_->currentIndex());
  const RunId kept = wanted_ ? wanted_ : before != nullptr ? before->id : RunId{};
  runs_->setRuns(runs);
  view_->setRuns(runs);
  const QModelIndex index = runs_->indexOf(kept);
  if (index.isValid()) {
    list_->setCurrentIndex(index);
  } else if (kept && !wanted_) {
    showNew();  // it was deleted
  }
}

void TrainPanel::selectRun() {
  const RunRow* row = runs_->runAt(list_->currentIndex());
  if (row == nullptr) return;
  wanted_ = {};
  service_->watch(row->id);
}

}  // namespace holdfast
