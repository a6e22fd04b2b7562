#include "app/panels/models_panel.h"

#include <QDragEnterEvent>
#include <QFileDialog>
#include <QHeaderView>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QMessageBox>
#include <QMimeData>
#include <QPushButton>
#include <QSortFilterProxyModel>
#include <QSplitter>
#include <QToolButton>
#include <QTreeView>
#include <QUrl>
#include <QVBoxLayout>

#include "app/models/installed_models_model.h"
#include "app/models/size_text.h"
#include "app/panels/model_activity.h"
#include "app/panels/model_details.h"
#include "app/widgets/banner.h"

namespace holdfast {
namespace {

constexpr int width_of_all = 860;
constexpr int width_of_most = 790;

QStringList local_paths(const QMimeData* data) {
  QStringList paths;
  for (const QUrl& url : data->urls()) {
    if (url.isLocalFile()) paths << url.toLocalFile();
  }
  return paths;
}

}  // namespace

ModelsPanel::ModelsPanel(ModelService* service, QWidget* parent)
    : QWidget(parent),
      service_(service),
      models_(new InstalledModelsModel(this)),
      sorted_(new QSortFilterProxyModel(this)),
      address_(new QLineEdit),
      fetch_(new QPushButton(tr("Download"))),
      hubRow_(new QWidget),
      hub_(new QLineEdit),
      banner_(new Banner),
      activity_(new ModelActivity),
      table_(buildTable()),
      details_(new ModelDetails) {
  setObjectName(QStringLiteral("modelsPanel"));
  setAttribute(Qt::WA_StyledBackground);
  setAcceptDrops(true);
  banner_->setObjectName(QStringLiteral("modelsBanner"));
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(16, 12, 16, 12);
  layout->setSpacing(8);
  layout->addWidget(buildBar());
  layout->addWidget(buildHub());
  layout->addWidget(banner_);
  layout->addWidget(activity_);
  auto* split = new QSplitter(Qt::Vertical);
  split->setHandleWidth(9);
  split->setProperty("gap", true);
  split->setChildrenCollapsible(false);
  split->addWidget(table_);
  split->addWidget(details_);
  split->setStretchFactor(0, 2);
  split->setStretchFactor(1, 3);
  split->setSizes({240, 420});
  layout->addWidget(split, 1);
  connectService();
  connectDetails();
}

QWidget* ModelsPanel::buildBar() {
  auto* bar = new QWidget;
  auto* row = new QHBoxLayout(bar);
  row->setContentsMargins(0, 0, 0, 0);
  row->setSpacing(8);
  address_->setObjectName(QStringLiteral("hubAddress"));
  address_->setPlaceholderText(tr("OWNER/NAME, or the address of a model's page"));
  address_->setAccessibleName(tr("Model to download"));
  address_->setClearButtonEnabled(true);
  row->addWidget(address_, 1);
  fetch_->setObjectName(QStringLiteral("download"));
  fetch_->setEnabled(false);
  row->addWidget(fetch_);
  auto* hub = new QToolButton;
  hub->setObjectName(QStringLiteral("hubButton"));
  hub->setText(tr("Hub"));
  hub->setToolTip(tr("Where models are downloaded from"));
  hub->setCheckable(true);
  row->addWidget(hub);
  row->addSpacing(16);
  auto* folder = new QPushButton(tr("Add a folder\u2026"));
  folder->setObjectName(QStringLiteral("addFolder"));
  folder->setToolTip(
      tr("A model's folder, or one that holds several; it stays where it is. You can also drop it here"));
  row->addWidget(folder);
  auto* file = new QPushButton(tr("Add a GGUF file\u2026"));
  file->setObjectName(QStringLiteral("addFile"));
  row->addWidget(file);
  connect(address_, &QLineEdit::textChanged, this,
          [this] { fetch_->setEnabled(!address_->text().trimmed().isEmpty()); });
  connect(address_, &QLineEdit::returnPressed, this, &ModelsPanel::startDownload);
  connect(fetch_, &QPushButton::clicked, this, &ModelsPanel::startDownload);
  connect(hub, &QToolButton::toggled, this, [this](bool shown) {
    hubRow_->setVisible(shown);
    if (shown) hub_->setFocus();
  });
  connect(folder, &QPushButton::clicked, this, &ModelsPanel::addFolder);
  connect(file, &QPushButton::clicked, this, &ModelsPanel::addFile);
  return bar;
}

QWidget* ModelsPanel::buildHub() {
  auto* row = new QHBoxLayout(hubRow_);
  row->setContentsMargins(0, 0, 0, 0);
  row->setSpacing(8);
  auto* label = new QLabel(tr("Hub:"));
  hub_->setObjectName(QStringLiteral("hub"));
  hub_->setPlaceholderText(QStringLiteral("https://huggingface.co"));
  hub_->setAccessibleName(tr("Address of the hub"));
  label->setBuddy(hub_);
  auto* use = new QPushButton(tr("Use it"));
  use->setObjectName(QStringLiteral("useHub"));
  auto* note =
      new QLabel(qEnvironmentVariableIsSet("HF_ENDPOINT") ? tr("$HF_ENDPOINT is set and comes before this.")
                                                          : tr("A token for private models is taken from $HF_TOKEN."));
  note->setProperty("muted", true);
  row->addWidget(label);
  row->addWidget(hub_, 1);
  row->addWidget(use);
  row->addWidget(note);
  hubRow_->hide();
  connect(hub_, &QLineEdit::returnPressed, this, &ModelsPanel::useHub);
  connect(use, &QPushButton::clicked, this, &ModelsPanel::useHub);
  return hubRow_;
}

QTreeView* ModelsPanel::buildTable() {
  auto* table = new QTreeView;
  table->setObjectName(QStringLiteral("modelsTable"));
  table->setAccessibleName(tr("Models"));
  sorted_->setSourceModel(models_);
  sorted_->setSortRole(InstalledModelsModel::SortRole);
  sorted_->setSortCaseSensitivity(Qt::CaseInsensitive);
  table->setModel(sorted_);
  table->setRootIsDecorated(false);
  table->setUniformRowHeights(true);
  table->setAllColumnsShowFocus(true);
  table->setSortingEnabled(true);
  table->sortByColumn(InstalledModelsModel::Name, Qt::AscendingOrder);
  table->setEditTriggers(QAbstractItemView::NoEditTriggers);
  table->setContextMenuPolicy(Qt::CustomContextMenu);
  table->setMinimumHeight(110);
  table->header()->setStretchLastSection(false);
  table->header()->setSectionResizeMode(QHeaderView::ResizeToContents);
  table->header()->setSectionResizeMode(InstalledModelsModel::Name, QHeaderView::Stretch);
  table->header()->setSectionsMovable(false);
  table->header()->setHighlightSections(false);
  return table;
}

void ModelsPanel::connectService() {
  connect(service_, &ModelService::modelsChanged, this, [this](const std::vector<ModelEntry>& models) {
    const ModelEntry* before = chosen();
    const QString name = before == nullptr ? QString() : QString::fromStdString(before->where.name);
    models_->setModels(models);
    choose(wanted_.isEmpty() || models_->rowOf(wanted_) < 0 ? name : wanted_);
    if (models_->rowOf(wanted_) >= 0) wanted_.clear();
    showChosen();
  });
  connect(service_, &ModelService::speedMeasured, this, [this](double bytesPerSecond) {
    models_->setSpeed(bytesPerSecond);
    showChosen();
  });
  const auto want = [this](const QString& name) {
    wanted_ = name;
    if (models_->rowOf(name) < 0) return;
    choose(name);
    wanted_.clear();
  };
  connect(service_, &ModelService::added, this, [this, want](const QStringList& names) {
    want(names.first());
    banner_->showNote(names.size() == 1
                          ? tr("%1 was added; its files stay where they are.").arg(names.first())
                          : tr("%1 models were added; their files stay where they are.").arg(names.size()));
  });
  connect(service_, &ModelService::renamed, this, [want](const QString&, const QString& after) { want(after); });
  connect(service_, &ModelService::converted, this, want);
  connect(service_, &ModelService::downloaded, this, [this, want](const QString& name) {
    want(name);
    banner_->showNote(tr("%1 was downloaded.").arg(name));
  });
  connect(service_, &ModelService::failed, banner_, &Banner::showError);
  connect(service_, &ModelService::hashesComputed, details_, &ModelDetails::setHashes);
  connect(service_, &ModelService::workStarted, this, [this](const QString& what) {
    activity_->beginWork(what);
    details_->setWorking(true);
  });
  connect(service_, &ModelService::workProgressed, activity_, &ModelActivity::setWork);
  connect(service_, &ModelService::workEnded, this, [this] {
    activity_->endWork();
    details_->setWorking(service_->isWorking());
  });
  connect(service_, &ModelService::downloadStarted, activity_, &ModelActivity::beginDownload);
  connect(service_, &ModelService::downloadProgressed, activity_, &ModelActivity::setDownload);
  connect(service_, &ModelService::downloadEnded, activity_, &ModelActivity::endDownload);
  connect(service_, &ModelService::unfinishedChanged, activity_, &ModelActivity::setUnfinished);
  connect(service_, &ModelService::choiceNeeded, activity_, &ModelActivity::askForFile);
  connect(activity_, &ModelActivity::workStopped, service_, &ModelService::stopWork);
  connect(activity_, &ModelActivity::downloadStopped, service_, &ModelService::stopDownload);
  connect(activity_, &ModelActivity::downloadWanted, this, [this](const QString& address) {
    banner_->hide();
    service_->download(address);
  });
  connect(activity_, &ModelActivity::discarded, service_, &ModelService::discard);
  connect(models_, &InstalledModelsModel::renameWanted, this, [this](int row, const QString& name) {
    banner_->hide();
    service_->rename(models_->at(row)->where, name);
  });
}

void ModelsPanel::connectDetails() {
  table_->installEventFilter(this);
  connect(table_->selectionModel(), &QItemSelectionModel::currentChanged, this, &ModelsPanel::showChosen);
  connect(table_, &QTreeView::activated, this, &ModelsPanel::openChosen);
  connect(details_, &ModelDetails::openWanted, this, &ModelsPanel::openChosen);
  connect(details_, &ModelDetails::renameWanted, this, &ModelsPanel::renameChosen);
  connect(details_, &ModelDetails::removeWanted, this, &ModelsPanel::removeChosen);
  connect(details_, &ModelDetails::failed, banner_, &Banner::showError);
  connect(details_, &ModelDetails::hashesWanted, this, [this] {
    if (chosen() != nullptr) service_->computeHashes(QString::fromStdString(chosen()->where.path.string()));
  });
  connect(details_, &ModelDetails::conversionWanted, this, [this](const ModelConversion& conversion) {
    banner_->hide();
    service_->convert(conversion);
  });
  connect(table_, &QTreeView::customContextMenuRequested, this, [this](const QPoint& point) {
    if (!table_->indexAt(point).isValid()) return;
    if (auto* more = details_->findChild<QToolButton*>(QStringLiteral("moreOfModel"))) {
      more->menu()->popup(table_->viewport()->mapToGlobal(point));
    }
  });
}

const ModelEntry* ModelsPanel::chosen() const {
  return models_->at(sorted_->mapToSource(table_->currentIndex()).row());
}

void ModelsPanel::choose(const QString& name) {
  const int row = std::max(0, models_->rowOf(name));
  if (models_->rowCount() == 0) return;
  table_->setCurrentIndex(sorted_->mapFromSource(models_->index(row, InstalledModelsModel::Name)));
}

void ModelsPanel::showChosen() {
  const int row = sorted_->mapToSource(table_->currentIndex()).row();
  details_->show(models_->at(row), models_->speed(), models_->isOpen(row));
}

void ModelsPanel::setOpen(const QString& path) {
  models_->setOpen(path);
  showChosen();
}

void ModelsPanel::setHub(const QString& hub) {
  hub_->setText(hub);
  service_->setHub(hub);
}

void ModelsPanel::useHub() {
  const QString hub = hub_->text().trimmed();
  try {
    if (!hub.isEmpty()) (void)HubDownload(HubSettings{.hub = QUrl(hub)});
  } catch (const std::exception& error) {
    banner_->showError(QString::fromUtf8(error.what()));
    return;
  }
  banner_->hide();
  service_->setHub(hub);
  emit hubChanged(hub);
  if (auto* button = findChild<QToolButton*>(QStringLiteral("hubButton"))) button->setChecked(false);
}

void ModelsPanel::startDownload() {
  const QString address = address_->text().trimmed();
  if (address.isEmpty()) return;
  try {
    (void)HubAddress::parse(address);
  } catch (const std::exception& error) {
    banner_->showError(QString::fromUtf8(error.what()));
    return;
  }
  banner_->hide();
  address_->clear();
  service_->download(address);
}

void ModelsPanel::openChosen() {
  const ModelEntry* model = chosen();
  if (model == nullptr) return;
  if (!model->facts) {
    banner_->showError(model->fault);
    return;
  }
  emit openWanted(QString::fromStdString(model->where.path.string()));
}

void ModelsPanel::renameChosen() {
  const QModelIndex index = table_->currentIndex().siblingAtColumn(InstalledModelsModel::Name);
  if (index.isValid() && (index.flags() & Qt::ItemIsEditable) != 0) table_->edit(index);
}

void ModelsPanel::removeChosen() {
  const ModelEntry* model = chosen();
  if (model == nullptr || model->where.origin == ModelOrigin::shipped || model->where.origin == ModelOrigin::trained) {
    return;
  }
  const CatalogueEntry where = model->where;
  const QString name = QString::fromStdString(where.name);
  const QString path = QString::fromStdString(where.target.string());
  const bool own = where.origin == ModelOrigin::own;
  auto* question = new QMessageBox(QMessageBox::Question, own ? tr("Delete a model") : tr("Forget a model"),
                                   own ? tr("Delete %1 from the disk?").arg(name) : tr("Forget %1?").arg(name),
                                   QMessageBox::Cancel, this);
  question->setObjectName(QStringLiteral("removeQuestion"));
  question->setAttribute(Qt::WA_DeleteOnClose);
  question->setTextFormat(Qt::PlainText);
  question->setInformativeText(own ? tr("%1 with all its files, %2. This cannot be taken back.")
                                         .arg(path, sizeText(static_cast<double>(model->bytesOnDisk)))
                                   : tr("Its files stay in %1.").arg(path));
  QPushButton* yes = question->addButton(own ? tr("Delete") : tr("Forget"), QMessageBox::DestructiveRole);
  yes->setObjectName(QStringLiteral("removeYes"));
  question->setDefaultButton(QMessageBox::Cancel);
  connect(yes, &QPushButton::clicked, this, [this, where] {
    banner_->hide();
    service_->remove(where);
  });
  question->open();
}

void ModelsPanel::addFolder() {
  const QString path = QFileDialog::getExistingDirectory(this, tr("Add a model folder"));
  if (!path.isEmpty()) service_->add({path});
}

void ModelsPanel::addFile() {
  const QStringList paths = QFileDialog::getOpenFileNames(this, tr("Add GGUF files"), {}, tr("GGUF models (*.gguf)"));
  if (!paths.isEmpty()) service_->add(paths);
}

void ModelsPanel::dragEnterEvent(QDragEnterEvent* event) {
  if (!local_paths(event->mimeData()).isEmpty()) event->acceptProposedAction();
}

void ModelsPanel::dropEvent(QDropEvent* event) {
  const QStringList paths = local_paths(event->mimeData());
  if (paths.isEmpty()) return;
  event->acceptProposedAction();
  banner_->hide();
  service_->add(paths);
}

// Names come first where there is no room for all columns.
void ModelsPanel::fitColumns() {
  table_->setColumnHidden(InstalledModelsModel::Layout, table_->width() < width_of_all);
  table_->setColumnHidden(InstalledModelsModel::OnDisk, table_->width() < width_of_most);
}

// F2 belongs to the window's session elsewhere; in the table both keys are about the model.
bool ModelsPanel::eventFilter(QObject* watched, QEvent* event) {
  if (watched == table_ && event->type() == QEvent::Resize) fitColumns();
  const bool key = event->type() == QEvent::ShortcutOverride || event->type() == QEvent::KeyPress;
  if (watched != table_ || !key) return QWidget::eventFilter(watched, event);
  const int pressed = static_cast<QKeyEvent*>(event)->key();
  if (pressed != Qt::Key_F2 && pressed != Qt::Key_Delete) return QWidget::eventFilter(watched, event);
  if (event->type() == QEvent::ShortcutOverride) {
    event->accept();
    return true;
  }
  pressed == Qt::Key_F2 ? renameChosen() : removeChosen();
  return true;
}

void ModelsPanel::showEvent(QShowEvent* event) {
  QWidget::showEvent(event);
  service_->refresh();
  service_->measureSpeed();
  table_->setFocus();
}

}  // namespace holdfast
