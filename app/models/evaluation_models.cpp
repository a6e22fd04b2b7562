#include "app/models/evaluation_models.h"

#include <QCoreApplication>
#include <QFileInfo>
#include <QLocale>
#include <algorithm>
#include <map>
#include <unordered_map>
#include <utility>

#include "app/files/run_products.h"
#include "app/models/change_text.h"

namespace holdfast {
namespace {

QString evaluation_tr(const char* text) { return QCoreApplication::translate("EvaluationListModel", text); }

QString evaluation_percent(double share) { return QLocale().toString(share * 100.0, 'f', 1); }

void evaluation_count(Share& share, bool right) {
  ++share.of;
  share.right += right ? 1 : 0;
}

// Without the sign that TeX wants before a percent sign.
QString evaluation_plain(const std::string& answer) {
  return QString::fromStdString(answer).replace(QLatin1String("\\%"), QLatin1String("%"));
}

QString evaluation_answer(const EvaluationItem& item) {
  if (!item.done) return QStringLiteral("\u2026");
  const QString answer = item.greedy.answer ? evaluation_plain(*item.greedy.answer) : evaluation_tr("no answer");
  return (item.greedy.right ? QStringLiteral("\u2713 ") : QStringLiteral("\u2717 ")) + answer;
}

QString evaluation_spoken(const EvaluationItem& item) {
  if (!item.done) return evaluation_tr("not done");
  return (item.greedy.right ? evaluation_tr("right: %1") : evaluation_tr("wrong: %1"))
      .arg(evaluation_answer(item).mid(2));
}

QString evaluation_change(const EvaluationItem& shown, const EvaluationItem& beside) {
  if (!shown.done || !beside.done) return {};
  if (shown.greedy.right == beside.greedy.right) {
    return shown.greedy.answer == beside.greedy.answer ? QString() : evaluation_tr("another answer");
  }
  return shown.greedy.right ? evaluation_tr("now right") : evaluation_tr("now wrong");
}

std::unordered_map<std::string, const EvaluationItem*> evaluation_by_problem(const EvaluationDetail* detail) {
  std::unordered_map<std::string, const EvaluationItem*> items;
  if (detail == nullptr) return items;
  for (const EvaluationItem& item : detail->items) items.emplace(item.problem, &item);
  return items;
}

// pass@k for the powers of two up to the samples, of the items that are looked at.
std::vector<std::pair<int, double>> evaluation_pass(const std::vector<const EvaluationItem*>& items,
                                                    std::int64_t samples) {
  std::vector<std::pair<int, double>> pass;
  if (items.empty()) return pass;
  for (std::int64_t k = 1; k <= samples; k *= 2) {
    double sum = 0.0;
    for (const EvaluationItem* item : items) {
      const auto n = std::ssize(item->samples);
      const auto right = std::ranges::count_if(item->samples, &EvaluationReply::right);
      if (n >= k) sum += pass_at_k(n, right, k);
    }
    pass.emplace_back(static_cast<int>(k), sum / static_cast<double>(items.size()));
  }
  return pass;
}

}  // namespace

QString evaluationStateText(const EvaluationRow& row) {
  const QString done = evaluation_tr("%1 of %2").arg(row.done).arg(row.items);
  switch (row.state) {
    case EvaluationState::waiting: return evaluation_tr("Waiting for its turn");
    case EvaluationState::running:
      if (row.stop_wanted) return evaluation_tr("Stopping\u2026");
      return row.done == 0 ? evaluation_tr("Starting\u2026") : evaluation_tr("Solving, %1").arg(done);
    case EvaluationState::stopped: return evaluation_tr("Stopped, %1").arg(done);
    case EvaluationState::interrupted: return evaluation_tr("Interrupted, %1").arg(done);
    case EvaluationState::finished: {
      const double share = row.items > 0 ? static_cast<double>(row.right) / static_cast<double>(row.items) : 0.0;
      return evaluation_tr("%1 % right").arg(evaluation_percent(share));
    }
    case EvaluationState::failed: return evaluation_tr("Failed, %1").arg(done);
  }
  return {};
}

QString modelShown(const std::string& model) {
  const std::filesystem::path path(model);
  if (!path.has_parent_path()) return QString::fromStdString(model);
  return QString::fromStdString(model_name(path));
}

QString shareText(const Share& share) {
  if (share.of == 0) return QStringLiteral("\u2013");
  const auto [low, high] = share.interval();
  return QStringLiteral("%1 % (%2 \u2013 %3)")
      .arg(evaluation_percent(share.value()), evaluation_percent(low), evaluation_percent(high));
}

namespace {

// A set's name in a narrow list: what every file of problems ends with tells nothing there.
QString suite_shown(const QString& suite) {
  for (const auto ending : {QLatin1String(".suite.jsonl"), QLatin1String(".jsonl")}) {
    if (suite.endsWith(ending)) return suite.chopped(ending.size());
  }
  return suite;
}

}  // namespace

EvaluationListModel::EvaluationListModel(QObject* parent) : QAbstractListModel(parent) {}

void EvaluationListModel::setRows(std::vector<EvaluationRow> rows) {
  const bool same_order = std::ranges::equal(rows, rows_, {}, &EvaluationRow::id, &EvaluationRow::id);
  if (!same_order) beginResetModel();
  rows_ = std::move(rows);
  if (!same_order) return endResetModel();
  if (!rows_.empty()) emit dataChanged(index(0), index(rowCount() - 1));
}

QModelIndex EvaluationListModel::indexOf(EvaluationId id) const {
  const auto found = std::ranges::find(rows_, id, &EvaluationRow::id);
  return found == rows_.end() ? QModelIndex() : index(static_cast<int>(found - rows_.begin()));
}

const EvaluationRow* EvaluationListModel::rowAt(const QModelIndex& index) const {
  const bool inside = index.isValid() && index.row() < rowCount();
  return inside ? &rows_[static_cast<std::size_t>(index.row())] : nullptr;
}

int EvaluationListModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(rows_.size());
}

QVariant EvaluationListModel::data(const QModelIndex& index, int role) const {
  if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid)) return {};
  const EvaluationRow& row = rows_[static_cast<std::size_t>(index.row())];
  const QString model = modelShown(row.model);
  const QString suite = QString::fromStdString(row.suite);
  switch (role) {
    case Qt::DisplayRole:
      return model + QLatin1Char('\n') + suite_shown(suite) + QLatin1Char('\n') + evaluationStateText(row);
    case Qt::AccessibleTextRole:
      return model + QStringLiteral(", ") + suite + QStringLiteral(", ") + evaluationStateText(row);
    case Qt::ToolTipRole: return QString::fromStdString(row.model) + QLatin1Char('\n') + suite;
    case IdRole: return QVariant::fromValue(static_cast<qint64>(row.id.value));
    default: return {};
  }
}

EvaluationSummary summarise(const EvaluationDetail& shown, const EvaluationDetail* beside) {
  EvaluationSummary summary;
  const auto others = evaluation_by_problem(beside);
  std::map<std::int64_t, EvaluationShare> levels;
  std::map<std::string, EvaluationShare> concepts;
  std::vector<const EvaluationItem*> counted, counted_beside;
  std::int64_t tokens = 0, beside_tokens = 0;
  if (beside != nullptr) {
    summary.besideGreedy.emplace();
    summary.besideMajority.emplace();
  }
  for (const EvaluationItem& item : shown.items) {
    if (!item.done) continue;
    const EvaluationItem* other = nullptr;
    if (beside != nullptr) {
      const auto found = others.find(item.problem);
      if (found == others.end() || !found->second->done) continue;
      other = found->second;
    }
    const auto count = [&](EvaluationShare& group) {
      evaluation_count(group.shown, item.greedy.right);
      if (other == nullptr) return;
      if (!group.beside) group.beside.emplace();
      evaluation_count(*group.beside, other->greedy.right);
    };
    counted.push_back(&item);
    tokens += item.tokens;
    evaluation_count(summary.greedy, item.greedy.right);
    evaluation_count(summary.majority, item.majority_right);
    if (item.level) count(levels[*item.level]);
    for (const std::string& name : item.concepts) count(concepts[name]);
    if (other == nullptr) continue;
    counted_beside.push_back(other);
    beside_tokens += other->tokens;
    evaluation_count(*summary.besideGreedy, other->greedy.right);
    evaluation_count(*summary.besideMajority, other->majority_right);
    summary.better += item.greedy.right && !other->greedy.right ? 1 : 0;
    summary.worse += !item.greedy.right && other->greedy.right ? 1 : 0;
  }
  const auto items = static_cast<double>(std::max<std::size_t>(1, counted.size()));
  summary.length = static_cast<double>(tokens) / items;
  summary.besideLength = static_cast<double>(beside_tokens) / items;
  summary.pass = evaluation_pass(counted, shown.row.samples);
  if (beside != nullptr) summary.besidePass = evaluation_pass(counted_beside, beside->row.samples);
  for (auto& [level, group] : levels) {
    group.group = evaluation_tr("Level %1").arg(level);
    summary.groups.push_back(std::move(group));
  }
  for (auto& [name, group] : concepts) {
    group.group = QString::fromStdString(name);
    summary.groups.push_back(std::move(group));
  }
  return summary;
}

EvaluationShareModel::EvaluationShareModel(QObject* parent) : QAbstractTableModel(parent) {}

void EvaluationShareModel::setGroups(std::vector<EvaluationShare> groups) {
  const bool same = std::ranges::equal(groups, groups_, {}, &EvaluationShare::group, &EvaluationShare::group);
  if (!same) beginResetModel();
  groups_ = std::move(groups);
  if (!same) return endResetModel();
  if (!groups_.empty()) emit dataChanged(index(0, 0), index(rowCount() - 1, columns - 1));
}

int EvaluationShareModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(groups_.size());
}
int EvaluationShareModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : columns; }

QVariant EvaluationShareModel::data(const QModelIndex& index, int role) const {
  if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid)) return {};
  if (role == Qt::TextAlignmentRole && index.column() != GroupColumn) {
    return QVariant::fromValue(Qt::Alignment(Qt::AlignRight | Qt::AlignVCenter));
  }
  if (role != Qt::DisplayRole) return {};
  const EvaluationShare& group = groups_[static_cast<std::size_t>(index.row())];
  switch (index.column()) {
    case GroupColumn: return group.group;
    case CountColumn: return static_cast<qlonglong>(group.shown.of);
    case ShownColumn: return shareText(group.shown);
    case BesideColumn: return group.beside ? shareText(*group.beside) : QString();
    case ChangeColumn: {
      if (!group.beside) return QString();
      return changeText(100.0 * (group.shown.value() - group.beside->value()), 1);
    }
    default: return {};
  }
}

QVariant EvaluationShareModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation == Qt::Horizontal && role == Qt::TextAlignmentRole) {  // as what stands below
    return static_cast<int>((section == GroupColumn ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
  }
  if (orientation != Qt::Horizontal || role != Qt::DisplayRole) return {};
  switch (section) {
    case GroupColumn: return tr("Level or concept");
    case CountColumn: return tr("Problems");
    case ShownColumn: return tr("Right (95 %)");
    case BesideColumn: return tr("Compared");
    case ChangeColumn: return tr("Change");
    default: return {};
  }
}

EvaluationItemModel::EvaluationItemModel(QObject* parent) : QAbstractTableModel(parent) {}

void EvaluationItemModel::setDetail(std::shared_ptr<const EvaluationDetail> shown,
                                    std::shared_ptr<const EvaluationDetail> beside) {
  // While one runs its rows stay where they are, and a selection with them.
  const bool same = filter_ == Filter::all && shown_ && shown && shown_->row.id == shown->row.id &&
                    shown_->items.size() == shown->items.size() && (beside_ == nullptr) == (beside == nullptr);
  if (!same) beginResetModel();
  shown_ = std::move(shown);
  beside_ = std::move(beside);
  fill();
  if (!same) return endResetModel();
  if (!rows_.empty()) emit dataChanged(index(0, 0), index(rowCount() - 1, columns - 1));
}

void EvaluationItemModel::setFilter(Filter filter) {
  beginResetModel();
  filter_ = filter;
  fill();
  endResetModel();
}

void EvaluationItemModel::fill() {
  rows_.clear();
  if (!shown_) return;
  const auto others = evaluation_by_problem(beside_.get());
  for (const EvaluationItem& item : shown_->items) {
    const auto found = others.find(item.problem);
    const EvaluationItem* other = found == others.end() ? nullptr : found->second;
    if (filter_ == Filter::wrong && (!item.done || item.greedy.right)) continue;
    if (filter_ == Filter::changed && (other == nullptr || evaluation_change(item, *other).isEmpty())) continue;
    rows_.push_back({&item, other});
  }
}

EvaluationItemModel::Pair EvaluationItemModel::pairAt(const QModelIndex& index) const {
  const bool inside = index.isValid() && index.row() < rowCount();
  return inside ? rows_[static_cast<std::size_t>(index.row())] : Pair{};
}

int EvaluationItemModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(rows_.size());
}
int EvaluationItemModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : columns; }

QVariant EvaluationItemModel::data(const QModelIndex& index, int role) const {
  if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid)) return {};
  const Pair& row = rows_[static_cast<std::size_t>(index.row())];
  if (role == Qt::ToolTipRole && index.column() == ProblemColumn) return QString::fromStdString(row.shown->problem);
  if (role == Qt::AccessibleTextRole && index.column() == ShownColumn) return evaluation_spoken(*row.shown);
  if (role == Qt::AccessibleTextRole && index.column() == BesideColumn && row.beside != nullptr) {
    return evaluation_spoken(*row.beside);
  }
  if (role != Qt::DisplayRole && role != Qt::AccessibleTextRole) return {};
  switch (index.column()) {
    case LevelColumn: return row.shown->level ? QString::number(*row.shown->level) : QString();
    case ProblemColumn: return QString::fromStdString(row.shown->problem).simplified();
    case ExpectedColumn: return evaluation_plain(row.shown->expected);
    case ShownColumn: return evaluation_answer(*row.shown);
    case BesideColumn: return row.beside != nullptr ? evaluation_answer(*row.beside) : QString();
    case ChangeColumn: return row.beside != nullptr ? evaluation_change(*row.shown, *row.beside) : QString();
    default: return {};
  }
}

QVariant EvaluationItemModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (role != Qt::DisplayRole || orientation != Qt::Horizontal) return {};
  switch (section) {
    case LevelColumn: return tr("Level");
    case ProblemColumn: return tr("Problem");
    case ExpectedColumn: return tr("Expected");
    case ShownColumn: return tr("Answer");
    case BesideColumn: return tr("Compared");
    case ChangeColumn: return tr("What changed");
    default: return {};
  }
}

}  // namespace holdfast
