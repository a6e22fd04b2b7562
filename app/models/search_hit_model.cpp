#include "app/models/search_hit_model.h"

#include <QDateTime>
#include <QLocale>
#include <QPoint>

namespace holdfast {
namespace {

QString hit_kind(const SearchHit& hit) {
  if (!hit.node) return SearchHitModel::tr("Title");
  switch (hit.kind) {
    case NodeKind::system: return SearchHitModel::tr("System message");
    case NodeKind::user: return SearchHitModel::tr("Question");
    case NodeKind::thought: return SearchHitModel::tr("Thought");
    case NodeKind::answer: return SearchHitModel::tr("Answer");
    case NodeKind::note: return SearchHitModel::tr("Note");
  }
  return {};
}

// Places in bytes as places in the QString of the same text.
QVariantList hit_matches(const SearchHit& hit) {
  QVariantList places;
  const auto length = [&](std::size_t begin, std::size_t count) {
    return static_cast<int>(QString::fromUtf8(hit.snippet.data() + begin, static_cast<qsizetype>(count)).size());
  };
  for (const TextRange& range : hit.matches) {
    places << QPoint(length(0, range.begin), length(range.begin, range.length));
  }
  return places;
}

}  // namespace

void SearchHitModel::setHits(std::vector<SearchHit> hits) {
  beginResetModel();
  hits_ = std::move(hits);
  endResetModel();
}

const SearchHit* SearchHitModel::hitAt(const QModelIndex& index) const {
  if (!index.isValid() || index.row() >= rowCount()) return nullptr;
  return &hits_[static_cast<std::size_t>(index.row())];
}

int SearchHitModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(hits_.size());
}

QVariant SearchHitModel::data(const QModelIndex& index, int role) const {
  const SearchHit* hit = hitAt(index);
  if (hit == nullptr) return {};
  switch (role) {
    case Qt::DisplayRole: return QString::fromStdString(hit->snippet);
    case TitleRole: return hit->node ? QString::fromStdString(hit->title).simplified() : QString();
    case KindRole: return hit_kind(*hit);
    case WhenRole: return QLocale().toString(QDateTime::fromMSecsSinceEpoch(hit->when).date(), QLocale::ShortFormat);
    case MatchesRole: return hit_matches(*hit);
    case Qt::AccessibleTextRole:
      return tr("%1, %2: %3")
          .arg(QString::fromStdString(hit->title), hit_kind(*hit), QString::fromStdString(hit->snippet));
    default: return {};
  }
}

}  // namespace holdfast
