#include "app/panels/figures_dialog.h"

#include <QApplication>
#include <QClipboard>
#include <QDateTime>
#include <QDialogButtonBox>
#include <QFormLayout>
#include <QLabel>
#include <QLocale>
#include <QPushButton>
#include <QVBoxLayout>

#include "app/models/size_text.h"
#include "app/panels/node_text.h"

namespace holdfast {
namespace {

QString number_text(std::int64_t value) { return QLocale().toString(static_cast<qlonglong>(value)); }

}  // namespace

FiguresDialog::FiguresDialog(const std::vector<NodeRow>& reply, const CheckpointRow& checkpoint, QWidget* parent)
    : QDialog(parent) {
  setObjectName(QStringLiteral("figuresDialog"));
  setAttribute(Qt::WA_DeleteOnClose);
  setWindowTitle(tr("Figures"));
  setMinimumWidth(460);
  auto* form = new QFormLayout;
  form->setHorizontalSpacing(18);
  form->setVerticalSpacing(5);
  QStringList lines;
  const auto heading = [&](const QString& text) {
    auto* label = new QLabel(text);
    label->setProperty("title", true);
    if (!lines.isEmpty()) label->setContentsMargins(0, 8, 0, 0);
    form->addRow(label);
    lines << text;
  };
  const auto add = [&](const QString& what, const QString& value) {
    if (value.isEmpty()) return;
    auto* shown = new QLabel(value);
    shown->setTextFormat(Qt::PlainText);
    shown->setWordWrap(true);
    shown->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    shown->setAccessibleName(what + QStringLiteral(": ") + value);
    auto* label = new QLabel(what);
    label->setProperty("muted", true);
    form->addRow(label, shown);
    lines << what + QStringLiteral(": ") + value;
  };
  const QLocale locale;
  for (const NodeRow& node : reply) {
    heading(node.kind == NodeKind::thought ? tr("Thought") : tr("Answer"));
    const NodeStatistics& figures = node.statistics;
    add(tr("Tokens"), figures.forced_tokens > 0
                          ? tr("%1, of these %2 written by hand")
                                .arg(number_text(figures.generated_tokens), number_text(figures.forced_tokens))
                          : number_text(figures.generated_tokens));
    add(tr("Time"), duration_text(figures.seconds));
    if (figures.seconds > 0 && figures.generated_tokens > 1) {
      add(tr("Speed"),
          tr("%1 tokens/s")
              .arg(locale.toString(static_cast<double>(figures.generated_tokens) / figures.seconds, 'f', 1)));
    }
    add(tr("Ended"), end_text(node).isEmpty() ? tr("by itself") : end_text(node));
  }
  if (!reply.empty()) {
    const NodeRow& first = reply.front();
    const NodeRow& last = reply.back();
    heading(tr("The turn"));
    add(tr("Model"), QString::fromStdString(checkpoint.name.empty() ? std::string()
                                                                    : checkpoint.name + ", " + checkpoint.dtype + ", " +
                                                                          checkpoint.layout));
    add(tr("Written"), locale.toString(QDateTime::fromMSecsSinceEpoch(first.created), QLocale::LongFormat));
    add(tr("Read for it"),
        tr("%1 tokens in %2; %3 were known already")
            .arg(number_text(first.statistics.prompt_tokens), duration_text(first.statistics.prompt_seconds),
                 number_text(first.statistics.restored_tokens)));
    if (last.statistics.state_bytes > 0) {
      add(tr("State"), sizeText(static_cast<double>(last.statistics.state_bytes)));
    }
    if (first.sampler) {
      const SampleParams& params = first.sampler->params;
      add(tr("Sampling"), tr("temperature %1, top-p %2, repetition penalty %3")
                              .arg(locale.toString(static_cast<double>(params.temperature), 'g', 3),
                                   locale.toString(static_cast<double>(params.top_p), 'g', 3),
                                   locale.toString(static_cast<double>(params.repetition_penalty), 'g', 3)));
      add(tr("Seed"), QString::number(first.sampler->seed));
    }
    add(tr("Chat format"), QString::fromStdString(first.chat_format));
  }
  auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close);
  QPushButton* copy = buttons->addButton(tr("Copy"), QDialogButtonBox::ActionRole);
  copy->setObjectName(QStringLiteral("figuresCopy"));
  connect(copy, &QPushButton::clicked, this,
          [lines] { QApplication::clipboard()->setText(lines.join(QLatin1Char('\n'))); });
  connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::close);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(18, 16, 18, 14);
  layout->setSpacing(14);
  layout->addLayout(form);
  layout->addStretch(1);
  layout->addWidget(buttons);
}

}  // namespace holdfast
