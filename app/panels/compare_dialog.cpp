#include "app/panels/compare_dialog.h"

#include <QDialogButtonBox>
#include <QGridLayout>
#include <QLabel>
#include <QPushButton>
#include <QScrollArea>
#include <algorithm>

#include "app/formulas/formula_renderer.h"
#include "app/services/vote.h"
#include "app/widgets/text_view.h"

namespace holdfast {
namespace {

// What two texts begin with alike, cut back to the beginning of a word.
std::size_t alike(const std::string& a, const std::string& b) {
  const std::size_t shorter = std::min(a.size(), b.size());
  std::size_t same = 0;
  while (same < shorter && a[same] == b[same]) ++same;
  while (same > 0 && same < std::max(a.size(), b.size()) && a[same - 1] != ' ' && a[same - 1] != '\n') --same;
  return same;
}

QString kind_name(NodeKind kind) {
  switch (kind) {
    case NodeKind::system: return CompareDialog::tr("Instruction");
    case NodeKind::user: return CompareDialog::tr("Question");
    case NodeKind::thought: return CompareDialog::tr("Thought");
    case NodeKind::answer: return CompareDialog::tr("Answer");
    case NodeKind::note: break;
  }
  return CompareDialog::tr("Note");
}

}  // namespace

CompareDialog::CompareDialog(const std::vector<NodeRow>& one, const std::vector<NodeRow>& other, QWidget* parent)
    : QDialog(parent) {
  setObjectName(QStringLiteral("compareDialog"));
  setWindowTitle(tr("Two branches side by side"));
  setAttribute(Qt::WA_DeleteOnClose);
  resize(980, 620);
  auto* layout = new QVBoxLayout(this);
  std::size_t common = 0;
  while (common < one.size() && common < other.size() && one[common].id == other[common].id) ++common;
  std::size_t same = 0;
  if (common < one.size() && common < other.size()) same = alike(one[common].text, other[common].text);
  QString shared =
      common == 1 ? tr("They share the first message") : tr("They share the first %1 messages").arg(common);
  if (common == 0) shared = tr("They have no message in common");
  if (same > 0) shared += tr(" and %1 characters of the next").arg(same);
  auto* where = new QLabel(shared + QLatin1Char('.'));
  where->setObjectName(QStringLiteral("compareWhere"));
  where->setProperty("muted", true);
  layout->addWidget(where);
  auto* scroll = new QScrollArea;
  scroll->setWidgetResizable(true);
  scroll->setFrameShape(QFrame::NoFrame);
  auto* page = new QWidget;
  auto* grid = new QGridLayout(page);
  grid->setSpacing(16);
  grid->setColumnStretch(0, 1);
  grid->setColumnStretch(1, 1);
  auto* formulas = new FormulaRenderer(this);
  int column = 0;
  for (const std::vector<NodeRow>* branch : {&one, &other}) {
    auto* side = new QVBoxLayout;
    const std::optional<std::string> answer = branch->empty() ? std::nullopt : answer_of(branch->back());
    auto* heading = new QLabel(answer ? tr("Answers %1").arg(QString::fromStdString(*answer)) : tr("No answer"));
    heading->setTextFormat(Qt::PlainText);
    heading->setProperty("title", true);
    side->addWidget(heading);
    for (std::size_t i = common; i < branch->size(); ++i) {
      auto* label = new QLabel(kind_name((*branch)[i].kind));
      label->setProperty("muted", true);
      side->addWidget(label);
      auto* text = new TextView(formulas);
      text->setAccessibleName(label->text());
      const std::string& whole = (*branch)[i].text;
      const bool parts_here = i == common && same > 0;
      const QString rest = QString::fromStdString(parts_here ? whole.substr(same) : whole).trimmed();
      text->setText(parts_here ? (rest.isEmpty() ? tr("*the same in both*") : QStringLiteral("\u2026 ") + rest) : rest);
      side->addWidget(text);
    }
    side->addStretch(1);
    grid->addLayout(side, 0, column++);
  }
  scroll->setWidget(page);
  layout->addWidget(scroll, 1);
  auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close);
  connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::close);
  layout->addWidget(buttons);
}

}  // namespace holdfast
