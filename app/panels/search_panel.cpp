#include "app/panels/search_panel.h"

#include <QCheckBox>
#include <QComboBox>
#include <QDateTime>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QTimer>
#include <QVBoxLayout>
#include <algorithm>
#include <utility>

#include "app/models/search_hit_model.h"
#include "app/services/search_service.h"
#include "app/widgets/hit_delegate.h"

namespace holdfast {
namespace {

constexpr int typing_pause = 70;  // milliseconds after which a query is run
constexpr int titles_only = -2;
constexpr int everywhere = -1;

}  // namespace

SearchPanel::SearchPanel(SearchService* service, QWidget* parent)
    : QDialog(parent),
      service_(service),
      model_(new SearchHitModel(this)),
      query_(new QLineEdit),
      where_(new QComboBox),
      when_(new QComboBox),
      here_(new QCheckBox(tr("In &this session"))),
      list_(new QListView),
      state_(new QLabel),
      delay_(new QTimer(this)) {
  setObjectName(QStringLiteral("searchPanel"));
  setWindowTitle(tr("Search"));
  resize(720, 560);
  query_->setObjectName(QStringLiteral("searchQuery"));
  query_->setPlaceholderText(tr("Words, or \"words that stand together\""));
  query_->setAccessibleName(tr("Search for"));
  query_->setClearButtonEnabled(true);
  query_->installEventFilter(this);
  where_->setObjectName(QStringLiteral("searchWhere"));
  where_->setAccessibleName(tr("Where to look"));
  where_->addItem(tr("Everywhere"), everywhere);
  where_->addItem(tr("Titles"), titles_only);
  where_->addItem(tr("Questions"), static_cast<int>(NodeKind::user));
  where_->addItem(tr("Thoughts"), static_cast<int>(NodeKind::thought));
  where_->addItem(tr("Answers"), static_cast<int>(NodeKind::answer));
  where_->addItem(tr("Notes"), static_cast<int>(NodeKind::note));
  when_->setObjectName(QStringLiteral("searchWhen"));
  when_->setAccessibleName(tr("From when"));
  when_->addItem(tr("Any time"), 0);
  when_->addItem(tr("Last 7 days"), 7);
  when_->addItem(tr("Last 30 days"), 30);
  when_->addItem(tr("Last year"), 365);
  here_->setObjectName(QStringLiteral("searchHere"));
  list_->setObjectName(QStringLiteral("searchHits"));
  list_->setAccessibleName(tr("What was found"));
  list_->setModel(model_);
  list_->setItemDelegate(new HitDelegate({.title = SearchHitModel::TitleRole,
                                          .kind = SearchHitModel::KindRole,
                                          .when = SearchHitModel::WhenRole,
                                          .matches = SearchHitModel::MatchesRole},
                                         list_));
  list_->setFrameShape(QFrame::NoFrame);
  list_->setUniformItemSizes(true);
  list_->setEditTriggers(QAbstractItemView::NoEditTriggers);
  list_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  list_->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
  list_->setMouseTracking(true);
  state_->setObjectName(QStringLiteral("searchState"));
  state_->setProperty("muted", true);
  state_->setTextFormat(Qt::PlainText);
  state_->setWordWrap(true);
  auto* filters = new QHBoxLayout;
  filters->setSpacing(8);
  filters->addWidget(where_);
  filters->addWidget(when_);
  filters->addWidget(here_);
  filters->addStretch(1);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(16, 16, 16, 12);
  layout->setSpacing(10);
  layout->addWidget(query_);
  layout->addLayout(filters);
  layout->addWidget(list_, 1);
  layout->addWidget(state_);
  delay_->setSingleShot(true);
  delay_->setInterval(typing_pause);
  connect(delay_, &QTimer::timeout, this, &SearchPanel::search);
  connect(query_, &QLineEdit::textChanged, this, [this] {
    pending_ = true;
    openFirst_ = false;
    delay_->start();
  });
  connect(where_, &QComboBox::currentIndexChanged, this, &SearchPanel::search);
  connect(when_, &QComboBox::currentIndexChanged, this, &SearchPanel::search);
  connect(here_, &QCheckBox::toggled, this, &SearchPanel::search);
  connect(list_, &QListView::clicked, this, &SearchPanel::choose);
  connect(list_, &QListView::activated, this, &SearchPanel::choose);
  connect(service_, &SearchService::found, this, &SearchPanel::showHits);
  connect(service_, &SearchService::failed, state_, &QLabel::setText);
  showHits({}, {});
}

void SearchPanel::openFor(SessionId current) {
  current_ = current;
  here_->setVisible(bool(current));
  QDialog::show();
  raise();
  activateWindow();
  query_->setFocus();
  query_->selectAll();
  search();
}

SearchFilter SearchPanel::filter() const {
  SearchFilter filter;
  const int where = where_->currentData().toInt();
  filter.titles = where == everywhere || where == titles_only;
  if (where >= 0) filter.kinds = {static_cast<NodeKind>(where)};
  const int days = when_->currentData().toInt();
  if (days > 0) filter.from = QDateTime::currentDateTime().addDays(-days).toMSecsSinceEpoch();
  if (current_ && here_->isChecked()) filter.session = current_;
  return filter;
}

void SearchPanel::search() {
  delay_->stop();
  if (query_->text().trimmed().isEmpty()) return showHits({}, {});
  service_->search(query_->text(), filter());
}

void SearchPanel::showHits(const QString& typed, const std::vector<SearchHit>& found) {
  if (typed != (query_->text().trimmed().isEmpty() ? QString() : query_->text())) return;  // of an older query
  std::vector<SearchHit> hits = found;
  if (where_->currentData().toInt() == titles_only) {
    std::erase_if(hits, [](const SearchHit& hit) { return bool(hit.node); });
  }
  const auto count = static_cast<int>(hits.size());
  model_->setHits(std::move(hits));
  if (count > 0) list_->setCurrentIndex(model_->index(0));
  pending_ = false;
  if (typed.isEmpty()) {
    state_->setText(tr("All words must be there; the last may be the beginning of one."));
  } else if (count == 0) {
    state_->setText(tr("Nothing was found for \u201c%1\u201d.").arg(typed.simplified()));
  } else {
    state_->setText(tr("%1 found. Enter opens, Esc closes.").arg(count));
  }
  if (std::exchange(openFirst_, false)) choose(list_->currentIndex());
}

void SearchPanel::choose(const QModelIndex& index) {
  const SearchHit* hit = model_->hitAt(index);
  if (hit == nullptr) return;
  const SessionId session = hit->session;
  const NodeId node = hit->node;
  hide();
  emit chosen(session, node);
}

// The keys of the list work while the cursor stays where a person types.
bool SearchPanel::eventFilter(QObject* watched, QEvent* event) {
  if (watched != query_ || event->type() != QEvent::KeyPress) return QDialog::eventFilter(watched, event);
  const auto* key = static_cast<QKeyEvent*>(event);
  const int rows = model_->rowCount();
  const int row = list_->currentIndex().row();
  const int page = std::max(1, list_->viewport()->height() / std::max(1, list_->sizeHintForRow(0)));
  const auto move = [&](int to) {
    if (rows > 0) list_->setCurrentIndex(model_->index(std::clamp(to, 0, rows - 1)));
    return true;
  };
  switch (key->key()) {
    case Qt::Key_Down: return move(row + 1);
    case Qt::Key_Up: return move(row - 1);
    case Qt::Key_PageDown: return move(row + page);
    case Qt::Key_PageUp: return move(row - page);
    case Qt::Key_Return:
    case Qt::Key_Enter:
      if (pending_) {  // what is listed belongs to an older query
        openFirst_ = true;
        search();
      } else {
        choose(list_->currentIndex());
      }
      return true;
    default: return QDialog::eventFilter(watched, event);
  }
}

}  // namespace holdfast
