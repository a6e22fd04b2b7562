#include "app/panels/concept_picker.h"

#include <QEvent>
#include <QHeaderView>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QLocale>
#include <QTreeWidget>
#include <QVBoxLayout>
#include <algorithm>
#include <map>

namespace holdfast {
namespace {

constexpr int choice_role = Qt::UserRole;
constexpr std::size_t most_suggestions = 4;
constexpr std::size_t most_named = 5;

ConceptPicker::Choice choice_of(const QTreeWidgetItem* item) {
  return static_cast<ConceptPicker::Choice>(item->data(0, choice_role).toInt());
}

QString choice_text(ConceptPicker::Choice choice) {
  switch (choice) {
    case ConceptPicker::Choice::free: return {};
    case ConceptPicker::Choice::drawn: return ConceptPicker::tr("draw from");
    case ConceptPicker::Choice::locked: return ConceptPicker::tr("in each");
    case ConceptPicker::Choice::excluded: return ConceptPicker::tr("in none");
  }
  return {};
}

}  // namespace

ConceptPicker::ConceptPicker(QWidget* parent)
    : QWidget(parent), search_(new QLineEdit), tree_(new QTreeWidget), suggestions_(new QLabel) {
  search_->setObjectName(QStringLiteral("conceptSearch"));
  search_->setPlaceholderText(tr("Find a concept"));
  search_->setAccessibleName(search_->placeholderText());
  search_->setClearButtonEnabled(true);
  tree_->setObjectName(QStringLiteral("concepts"));
  tree_->setAccessibleName(tr("Concepts by area"));
  tree_->setColumnCount(2);
  tree_->setHeaderHidden(true);
  tree_->header()->setStretchLastSection(false);
  tree_->header()->setSectionResizeMode(0, QHeaderView::Stretch);
  tree_->header()->setSectionResizeMode(1, QHeaderView::ResizeToContents);
  tree_->setIndentation(14);
  tree_->setFrameShape(QFrame::NoFrame);
  tree_->setToolTip(tr("A click or Enter goes through: draw from it, in each problem, in none, free"));
  suggestions_->setProperty("muted", true);
  suggestions_->setWordWrap(true);
  suggestions_->setObjectName(QStringLiteral("conceptSuggestions"));
  suggestions_->setTextFormat(Qt::RichText);
  suggestions_->setTextInteractionFlags(Qt::LinksAccessibleByMouse | Qt::LinksAccessibleByKeyboard);
  suggestions_->setToolTip(tr("Choose one to draw from it too"));
  suggestions_->setAccessibleName(tr("What is chosen, and what goes with it"));
  connect(suggestions_, &QLabel::linkActivated, this, [this](const QString& name) { choose(name, Choice::drawn); });
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(6);
  layout->addWidget(search_);
  layout->addWidget(tree_, 1);
  layout->addWidget(suggestions_);
  connect(search_, &QLineEdit::textChanged, this, &ConceptPicker::filter);
  connect(tree_, &QTreeWidget::itemClicked, this, &ConceptPicker::turn);
  connect(tree_, &QTreeWidget::itemActivated, this, [this](QTreeWidgetItem* item) {
    if (tree_->hasFocus() && item->childCount() == 0 && !tree_->underMouse()) turn(item);
  });
  suggest();
}

void ConceptPicker::setBank(std::shared_ptr<const ConceptBank> bank) {
  bank_ = std::move(bank);
  tree_->clear();
  std::map<std::string, QTreeWidgetItem*> areas;
  for (const std::string& area : bank_->areas()) {
    auto* item = new QTreeWidgetItem(tree_, {QString::fromStdString(area)});
    item->setFlags(Qt::ItemIsEnabled | Qt::ItemIsSelectable);
    areas[area] = item;
  }
  for (const Concept& one : bank_->concepts()) {
    auto* item = new QTreeWidgetItem(areas.at(one.area), {QString::fromStdString(one.name)});
    item->setToolTip(0, tr("from level %1 on").arg(one.level));
    showMade(item);
  }
  suggest();
}

std::vector<QTreeWidgetItem*> ConceptPicker::items() const {
  std::vector<QTreeWidgetItem*> found;
  for (int area = 0; area < tree_->topLevelItemCount(); ++area) {
    QTreeWidgetItem* top = tree_->topLevelItem(area);
    for (int i = 0; i < top->childCount(); ++i) found.push_back(top->child(i));
  }
  return found;
}

void ConceptPicker::filter(const QString& text) {
  for (int area = 0; area < tree_->topLevelItemCount(); ++area) {
    QTreeWidgetItem* top = tree_->topLevelItem(area);
    const bool whole = top->text(0).contains(text, Qt::CaseInsensitive);
    bool any = false;
    for (int i = 0; i < top->childCount(); ++i) {
      const bool shown = whole || top->child(i)->text(0).contains(text, Qt::CaseInsensitive);
      top->child(i)->setHidden(!shown);
      any |= shown;
    }
    top->setHidden(!any);
    top->setExpanded(!text.isEmpty() && any);
  }
}

void ConceptPicker::turn(QTreeWidgetItem* item) {
  if (item->parent() == nullptr) return;
  const Choice next[] = {Choice::drawn, Choice::locked, Choice::excluded, Choice::free};
  mark(item, next[static_cast<int>(choice_of(item))]);
}

void ConceptPicker::mark(QTreeWidgetItem* item, Choice choice) {
  item->setData(0, choice_role, static_cast<int>(choice));
  showMade(item);
  QFont font = item->font(0);
  font.setBold(choice == Choice::drawn || choice == Choice::locked);
  font.setStrikeOut(choice == Choice::excluded);
  item->setFont(0, font);
  suggest();
  emit changed();
}

void ConceptPicker::setMade(std::map<std::string, int> made) {
  if (made == made_) return;
  made_ = std::move(made);
  for (QTreeWidgetItem* item : items()) showMade(item);
}

// What was chosen of it, and how often it is in the open set: so what is still missing is seen where it is chosen.
void ConceptPicker::showMade(QTreeWidgetItem* item) {
  const auto found = made_.find(item->text(0).toStdString());
  const QString choice = choice_text(choice_of(item));
  const QString count = found == made_.end() ? QString() : QLocale().toString(found->second);
  item->setText(1, choice.isEmpty() || count.isEmpty() ? choice + count : choice + QStringLiteral(" \u00b7 ") + count);
  item->setToolTip(1, count.isEmpty() ? tr("No problem of this set has it") : tr("%1 problems of this set have it").arg(count));
}

void ConceptPicker::choose(const QString& name, Choice choice) {
  for (QTreeWidgetItem* item : items()) {
    if (item->text(0) == name) mark(item, choice);
  }
}

std::vector<std::string> ConceptPicker::chosen(Choice choice) const {
  std::vector<std::string> names;
  for (const QTreeWidgetItem* item : items()) {
    if (choice_of(item) == choice) names.push_back(item->text(0).toStdString());
  }
  return names;
}

// Links are written in the colours of the window.
void ConceptPicker::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() != QEvent::PaletteChange) return;
  suggestions_->clear();  // the same text again would be left as it stands
  suggest();
}

// What goes together with the concepts that are chosen, by how often problems have both.
void ConceptPicker::suggest() {
  if (!bank_) return;
  std::vector<std::string> have = chosen(Choice::drawn);
  for (const std::string& one : chosen(Choice::locked)) have.push_back(one);
  if (have.empty()) {
    suggestions_->setText(tr("None chosen: all that suit the level are drawn from."));
    return;
  }
  std::vector<std::pair<double, std::size_t>> scored;
  for (std::size_t i = 0; i < bank_->size(); ++i) {
    if (std::ranges::find(have, (*bank_)[i].name) != have.end()) continue;
    double score = 0.0;
    for (const std::string& one : have) score += bank_->together(i, bank_->index(one));
    if (score > 0.0) scored.emplace_back(-score, i);
  }
  std::ranges::sort(scored);
  QStringList names;
  for (std::size_t i = 0; i < std::min(scored.size(), most_suggestions); ++i) {
    const QString name = QString::fromStdString((*bank_)[scored[i].second].name).toHtmlEscaped();
    names << QStringLiteral("<a href=\"%1\">%1</a>").arg(name);
  }
  // By name, as long as there are few: the tree shows only those of the areas that are open.
  QStringList named;
  for (const std::string& one : have) named << QString::fromStdString(one).toHtmlEscaped();
  const QString chosen = have.size() > most_named ? tr("%1 chosen.").arg(have.size())
                                                  : tr("Chosen: %1.").arg(named.join(QStringLiteral(", ")));
  suggestions_->setText(names.isEmpty()
                            ? chosen
                            : chosen + QLatin1Char(' ') + tr("Often with: %1.").arg(names.join(QStringLiteral(", "))));
}

}  // namespace holdfast
