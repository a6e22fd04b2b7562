#include "app/panels/run_compare.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QSignalBlocker>
#include <QTableWidget>
#include <QVBoxLayout>
#include <algorithm>
#include <map>

#include "app/models/run_list_model.h"
#include "kernels/error.h"
#include "training/recipe_text.h"

namespace holdfast {
namespace {

QString compared_run(const RunRow& run) {
  return RunCompare::tr("%1 (no. %2)").arg(QString::fromStdString(run.name)).arg(run.id.value);
}

std::map<std::string, std::string> compared_fields(const RunRow& run) {
  std::map<std::string, std::string> fields;
  for (auto& [key, value] : recipe_fields(Recipe::parse(run.recipe, run.recipe_file))) fields[key] = value;
  fields["device"] = run.device;
  fields["threads"] = std::to_string(run.threads);
  return fields;
}

}  // namespace

RunCompare::RunCompare(QWidget* parent) : QWidget(parent) {
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 6, 0, 0);
  auto* row = new QHBoxLayout;
  with_ = new QLabel(tr("Compared &with"));
  with_->setProperty("muted", true);
  row->addWidget(with_);
  other_ = new QComboBox;
  other_->setObjectName(QStringLiteral("compareRun"));
  other_->setAccessibleName(tr("Run to compare with"));
  other_->setMinimumWidth(220);
  with_->setBuddy(other_);
  row->addWidget(other_);
  summary_ = new QLabel;
  summary_->setObjectName(QStringLiteral("compareSummary"));
  summary_->setProperty("muted", true);
  row->addWidget(summary_, 1);
  layout->addLayout(row);
  table_ = new QTableWidget(0, 3);
  table_->setObjectName(QStringLiteral("compareTable"));
  table_->setAccessibleName(tr("Fields that differ"));
  table_->setEditTriggers(QAbstractItemView::NoEditTriggers);
  table_->setSelectionBehavior(QAbstractItemView::SelectRows);
  table_->setShowGrid(false);
  table_->setTabKeyNavigation(false);
  table_->verticalHeader()->hide();
  table_->horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
  table_->horizontalHeader()->setSectionResizeMode(QHeaderView::Stretch);
  layout->addWidget(table_, 1);
  layout->addStretch();  // what is said alone stands above
  connect(other_, &QComboBox::currentIndexChanged, this, &RunCompare::show);
}

void RunCompare::setRuns(const std::vector<RunRow>& runs) {
  const bool same = std::ranges::equal(runs, runs_, [](const RunRow& a, const RunRow& b) {
    return a.id == b.id && a.name == b.name && a.state == b.state;
  });
  runs_ = runs;
  if (!same) fill();
}

void RunCompare::setRun(const RunRow& run) {
  const bool same = left_.id == run.id;
  left_ = run;
  if (!same) fill();
}

void RunCompare::fill() {
  const qlonglong kept = other_->currentData().toLongLong();
  {
    const QSignalBlocker quiet(other_);
    other_->clear();
    for (const RunRow& run : runs_) {
      if (run.id != left_.id) other_->addItem(compared_run(run), qlonglong{run.id.value});
    }
    other_->setCurrentIndex(std::max(0, other_->findData(kept)));
  }
  show();
}

std::vector<RunCompare::Difference> RunCompare::differences(const RunRow& left, const RunRow& right) {
  const std::map<std::string, std::string> a = compared_fields(left);
  const std::map<std::string, std::string> b = compared_fields(right);
  std::vector<Difference> found;
  const auto value = [](const std::map<std::string, std::string>& fields, const std::string& key) {
    const auto at = fields.find(key);
    return at == fields.end() ? QString() : QString::fromStdString(at->second);
  };
  std::map<std::string, std::string> keys = a;
  keys.insert(b.begin(), b.end());
  for (const auto& [key, unused] : keys) {
    Difference difference{QString::fromStdString(key), value(a, key), value(b, key)};
    if (difference.left != difference.right) found.push_back(std::move(difference));
  }
  return found;
}

void RunCompare::show() {
  table_->setRowCount(0);
  const RunId other{other_->currentData().toLongLong()};
  const auto right = std::ranges::find(runs_, other, &RunRow::id);
  for (QWidget* widget : {static_cast<QWidget*>(with_), static_cast<QWidget*>(other_), static_cast<QWidget*>(table_)}) {
    widget->setVisible(right != runs_.end());
  }
  if (right == runs_.end()) return summary_->setText(tr("There is no other run yet."));
  try {
    const std::vector<Difference> found = differences(left_, *right);
    summary_->setText(found.empty() ? tr("The same recipe on the same device.")
                                    : tr("%n fields differ", nullptr, static_cast<int>(found.size())));
    table_->setHorizontalHeaderLabels({tr("Field"), compared_run(left_), compared_run(*right)});
    table_->setRowCount(static_cast<int>(found.size()));
    for (int row = 0; row < table_->rowCount(); ++row) {
      const Difference& one = found[static_cast<std::size_t>(row)];
      const QString texts[] = {one.field, one.left, one.right};
      for (int column = 0; column < 3; ++column) {
        auto* item = new QTableWidgetItem(texts[column].isEmpty() ? QStringLiteral("\u2013") : texts[column]);
        item->setToolTip(texts[column]);
        table_->setItem(row, column, item);
      }
    }
  } catch (const Error& error) {
    summary_->setText(QString::fromUtf8(error.what()));
  }
}

}  // namespace holdfast
