// The workspaces in which models are made better: Train and Evaluate.
#include <QStackedWidget>

#include "app/files/paths.h"
#include "app/files/run_products.h"
#include "app/models/model_list_model.h"
#include "app/panels/evaluate_panel.h"
#include "app/panels/solve_panel.h"
#include "app/panels/train_panel.h"
#include "app/services/evaluate_service.h"
#include "app/services/generate_service.h"
#include "app/services/model_service.h"
#include "app/services/train_service.h"
#include "app/widgets/banner.h"
#include "app/window/main_window.h"

namespace holdfast {

void MainWindow::addTraining() {
  trainer_ = std::make_unique<TrainService>(settings_.data_dir);
  train_ = new TrainPanel(trainer_.get());
  addWorkspace("trainWorkspace", tr("Train"), train_);
  evaluator_ = std::make_unique<EvaluateService>(settings_.data_dir);
  evaluate_ = new EvaluatePanel(evaluator_.get());
  addWorkspace("evaluateWorkspace", tr("Evaluate"), evaluate_);
  const auto models = [this] {
    QStringList trainable, all;
    for (const InstalledModel& model : installed_models(settings_.data_dir)) {
      trainable << QString::fromStdString(model.name);
    }
    all = trainable;
    for (const RunProduct& made : products_of_runs(settings_.data_dir)) {
      all << QString::fromStdString(made.name);
      if (made.kind != RunProduct::Kind::state) trainable << all.last();
    }
    train_->setModels(trainable);
    evaluate_->setModels(all);
  };
  connect(modelModel_, &ModelListModel::modelReset, this, models);
  models();
  connect(sessions_.get(), &SessionService::opened, this, [this](const QMap<QString, QString>& settings) {
    const QString draft = settings.value(QStringLiteral("train.recipe"));
    if (!draft.isEmpty()) train_->useDraft(draft);
    trainer_->start();
    evaluator_->start();
  });
  connect(train_, &TrainPanel::draftChanged, this, [this](const QString& recipe) {
    if (ready_) sessions_->saveSetting(QStringLiteral("train.recipe"), recipe);
  });
  connect(trainer_.get(), &TrainService::madeSomething, this, [this] {
    refreshModels();
    modelService_->refresh();
  });
  connect(train_, &TrainPanel::shown, this, [this] { showWorkspace(workspaces_->indexOf(train_)); });
  connect(train_, &TrainPanel::openModel, this, [this](const QString& path) {
    showWorkspace(0);
    openModel(path);
  });
  connect(train_, &TrainPanel::evaluate, this, [this](const QString& before, const QString& after) {
    evaluate_->compareModels(before, after);
    showWorkspace(workspaces_->indexOf(evaluate_));
  });
  connect(generator_.get(), &GenerateService::trainingFileWritten, this,
          [this](int phase, const QString& file, qint64) { trainer_->addDataset(phase, file); });
  connect(generator_.get(), &GenerateService::suiteWritten, this, [this](const QString& file, qint64) {
    evaluate_->useSuite(file);
    showWorkspace(workspaces_->indexOf(evaluate_));
  });
  connect(evaluate_, &EvaluatePanel::failed, this, [this](const QString& message) {
    solve_->banner()->showError(message);
    showWorkspace(0);
  });
  connect(train_, &TrainPanel::failed, this, [this](const QString& message) {
    solve_->banner()->showError(message);
    showWorkspace(0);
  });
}

}  // namespace holdfast
