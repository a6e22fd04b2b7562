#include "app/panels/model_details.h"

#include <QApplication>
#include <QClipboard>
#include <QComboBox>
#include <QDesktopServices>
#include <QFileInfo>
#include <QFrame>
#include <QGridLayout>
#include <QLabel>
#include <QLineEdit>
#include <QLocale>
#include <QMenu>
#include <QPushButton>
#include <QToolButton>
#include <QUrl>
#include <QVBoxLayout>
#include <algorithm>

#include "app/models/installed_models_model.h"
#include "app/models/size_text.h"
#include "app/widgets/elided_label.h"
#include "app/widgets/text_view.h"

namespace holdfast {
namespace {

constexpr int longest_card = 24000;  // characters that are laid out

QString of_std(const std::string& text) { return QString::fromStdString(text); }

QLabel* fact_label(const QString& text, bool muted) {
  auto* label = new QLabel(text);
  label->setTextFormat(Qt::PlainText);  // from files of others
  if (muted) label->setProperty("muted", true);
  if (!muted) {
    label->setWordWrap(true);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    label->setFocusPolicy(Qt::NoFocus);
  }
  return label;
}

// A card's paragraphs are broken into lines for those who write it; here the window breaks them. Lines of code, tables,
// lists and headings stay as they are.
QString joined_lines(const QString& markdown) {
  const auto is_prose = [](const QString& line) {
    static const QString marks = QStringLiteral("#|>-*+`~=<\t ");
    return !line.isEmpty() && !marks.contains(line[0]) && !line[0].isDigit();
  };
  QString text;
  QString fence;
  bool prose = false;
  for (const QString& line : markdown.split(QLatin1Char('\n'))) {
    const bool mark = line.startsWith(QLatin1String("```")) || line.startsWith(QLatin1String("~~~"));
    if (mark && fence.isEmpty()) {
      fence = line.left(3);
    } else if (mark && line.startsWith(fence)) {
      fence.clear();
    }
    const bool now = fence.isEmpty() && is_prose(line);
    text += (prose && now ? QLatin1Char(' ') : QLatin1Char('\n')) + line;
    // Two spaces at the end are a break on purpose.
    prose = now && !line.endsWith(QLatin1String("  "));
  }
  return text.mid(1);
}

QString layout_name(const std::string& layout) {
  if (layout == "hf") return ModelDetails::tr("Hugging Face");
  if (layout == "mistral") return ModelDetails::tr("Mistral");
  return layout == "gguf" ? ModelDetails::tr("GGUF") : of_std(layout);
}

QString dtype_name(LoadDType dtype) {
  switch (dtype) {
    case LoadDType::stored: return ModelDetails::tr("as stored");
    case LoadDType::f32: return ModelDetails::tr("f32");
    case LoadDType::bf16: return ModelDetails::tr("bf16");
    case LoadDType::q8: return ModelDetails::tr("8 bit");
    case LoadDType::q4: return ModelDetails::tr("4 bit");
  }
  return {};
}

QString advice_text(const SamplingAdvice& advice) {
  const QLocale locale;
  QStringList parts;
  if (advice.temperature) {
    parts << ModelDetails::tr("temperature %1").arg(locale.toString(static_cast<double>(*advice.temperature), 'g', 3));
  }
  if (advice.top_p) {
    parts << ModelDetails::tr("top-p %1").arg(locale.toString(static_cast<double>(*advice.top_p), 'g', 3));
  }
  if (advice.repetition_penalty) {
    parts << ModelDetails::tr("repetition penalty %1")
                 .arg(locale.toString(static_cast<double>(*advice.repetition_penalty), 'g', 3));
  }
  return parts.isEmpty() ? ModelDetails::tr("none given") : parts.join(QStringLiteral(", "));
}

// Short where it lies in the model's folder.
QString shown_place(const std::filesystem::path& path, const std::filesystem::path& folder) {
  const std::filesystem::path within = path.lexically_relative(folder);
  return of_std((within.empty() || *within.begin() == ".." ? path : within).string());
}

QString origin_text(const CatalogueEntry& where) {
  switch (where.origin) {
    case ModelOrigin::shipped: return ModelDetails::tr("comes with Holdfast");
    case ModelOrigin::own: return ModelDetails::tr("in the data folder");
    case ModelOrigin::added: return ModelDetails::tr("added; its files lie elsewhere");
    case ModelOrigin::trained: return ModelDetails::tr("made by a run; see Train");
  }
  return {};
}

}  // namespace

ModelDetails::ModelDetails(QWidget* parent)
    : QScrollArea(parent),
      body_(new QWidget),
      name_(new ElidedLabel),
      path_(new ElidedLabel),
      fault_(new QLabel),
      open_(new QPushButton(tr("Open"))),
      convert_(new QPushButton(tr("Convert\u2026"))),
      more_(new QToolButton),
      conversion_(new QFrame),
      hashText_(fact_label({}, false)),
      card_(new TextView) {
  setObjectName(QStringLiteral("modelDetails"));
  setAccessibleName(tr("The chosen model"));
  setFrameShape(QFrame::NoFrame);
  setWidgetResizable(true);
  setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  body_->setObjectName(QStringLiteral("modelDetailsBody"));
  auto* layout = new QVBoxLayout(body_);
  layout->setContentsMargins(4, 12, 12, 12);
  layout->setSpacing(12);
  layout->addWidget(buildHead());
  fault_->setObjectName(QStringLiteral("modelFault"));
  fault_->setWordWrap(true);
  fault_->setTextFormat(Qt::PlainText);
  layout->addWidget(fault_);
  layout->addWidget(buildConversion());
  hashText_->setObjectName(QStringLiteral("modelHashes"));
  hashText_->setAccessibleName(tr("Fingerprint and hashes"));
  layout->addWidget(hashText_);
  card_->setObjectName(QStringLiteral("modelCard"));
  card_->setAccessibleName(tr("The model's card"));
  layout->addWidget(card_);
  layout->addStretch(1);
  setWidget(body_);
  show(nullptr, 0.0, false);
}

QWidget* ModelDetails::buildHead() {
  auto* head = new QWidget;
  auto* row = new QHBoxLayout(head);
  row->setContentsMargins(0, 0, 0, 0);
  row->setSpacing(8);
  auto* titles = new QVBoxLayout;
  titles->setSpacing(2);
  name_->setObjectName(QStringLiteral("modelName"));
  name_->setProperty("title", true);
  titles->addWidget(name_);
  path_->setObjectName(QStringLiteral("modelPath"));
  path_->setProperty("muted", true);
  titles->addWidget(path_);
  row->addLayout(titles, 1);
  open_->setObjectName(QStringLiteral("openModel"));
  open_->setProperty("primary", true);
  open_->setToolTip(tr("Answer with this model in Solve (Enter)"));
  row->addWidget(open_);
  convert_->setObjectName(QStringLiteral("convertModel"));
  convert_->setToolTip(tr("Write it in another layout or number format; this one stays"));
  row->addWidget(convert_);
  more_->setObjectName(QStringLiteral("moreOfModel"));
  more_->setText(QStringLiteral("\u22ef"));
  more_->setAccessibleName(tr("More"));
  more_->setPopupMode(QToolButton::InstantPopup);
  auto* menu = new QMenu(more_);
  hash_ = menu->addAction(tr("Compute fingerprint and SHA-256"), this, &ModelDetails::hashesWanted);
  menu->addAction(tr("Show in the file manager"), this, &ModelDetails::reveal);
  menu->addAction(tr("Copy the path"), this, &ModelDetails::copyPath);
  menu->addSeparator();
  rename_ = menu->addAction(tr("Rename\tF2"), this, &ModelDetails::renameWanted);
  remove_ = menu->addAction(tr("Remove\u2026\tDel"), this, &ModelDetails::removeWanted);
  remove_->setObjectName(QStringLiteral("removeModel"));
  hash_->setObjectName(QStringLiteral("hashModel"));
  more_->setMenu(menu);
  row->addWidget(more_);
  connect(open_, &QPushButton::clicked, this, &ModelDetails::openWanted);
  connect(convert_, &QPushButton::clicked, this, [this] {
    conversion_->setVisible(!conversion_->isVisible());
    if (conversion_->isVisible()) {
      suggestName();
      layoutChoice_->setFocus();
    }
  });
  return head;
}

QWidget* ModelDetails::buildConversion() {
  conversion_->setObjectName(QStringLiteral("conversionBox"));
  conversion_->setProperty("card", true);
  auto* row = new QHBoxLayout(conversion_);
  row->setContentsMargins(12, 10, 12, 10);
  row->setSpacing(8);
  layoutChoice_ = new QComboBox;
  layoutChoice_->setObjectName(QStringLiteral("conversionLayout"));
  layoutChoice_->setAccessibleName(tr("Layout to write"));
  layoutChoice_->addItem(tr("Hugging Face folder"), static_cast<int>(CheckpointLayout::hugging_face));
  layoutChoice_->addItem(tr("GGUF file"), static_cast<int>(CheckpointLayout::gguf));
  layoutChoice_->addItem(tr("mamba_ssm folder"), static_cast<int>(CheckpointLayout::mamba_ssm));
  dtypeChoice_ = new QComboBox;
  dtypeChoice_->setObjectName(QStringLiteral("conversionFormat"));
  dtypeChoice_->setAccessibleName(tr("Number format to write"));
  newName_ = new QLineEdit;
  newName_->setObjectName(QStringLiteral("conversionName"));
  newName_->setAccessibleName(tr("Name of the new model"));
  startConversion_ = new QPushButton(tr("Convert"));
  startConversion_->setObjectName(QStringLiteral("startConversion"));
  auto* as = new QLabel(tr("as"));
  auto* named = new QLabel(tr("named"));
  row->addWidget(layoutChoice_);
  row->addWidget(as);
  row->addWidget(dtypeChoice_);
  row->addWidget(named);
  row->addWidget(newName_, 1);
  row->addWidget(startConversion_);
  conversion_->hide();
  const auto fill = [this] {
    const bool blocks = layoutChoice_->currentData().toInt() != static_cast<int>(CheckpointLayout::mamba_ssm);
    const QVariant before = dtypeChoice_->currentData();
    const QSignalBlocker quiet(dtypeChoice_);
    dtypeChoice_->clear();
    if (blocks) dtypeChoice_->addItem(tr("8 bit"), static_cast<int>(ConvertDType::q8));
    if (blocks) dtypeChoice_->addItem(tr("4 bit"), static_cast<int>(ConvertDType::q4));
    dtypeChoice_->addItem(tr("bf16"), static_cast<int>(ConvertDType::bf16));
    dtypeChoice_->addItem(tr("f32"), static_cast<int>(ConvertDType::f32));
    dtypeChoice_->setCurrentIndex(std::max(0, dtypeChoice_->findData(before)));
  };
  fill();
  connect(layoutChoice_, &QComboBox::currentIndexChanged, this, [this, fill] {
    fill();
    suggestName();
  });
  connect(dtypeChoice_, &QComboBox::currentIndexChanged, this, &ModelDetails::suggestName);
  connect(startConversion_, &QPushButton::clicked, this, &ModelDetails::beginConversion);
  connect(newName_, &QLineEdit::returnPressed, this, &ModelDetails::beginConversion);
  return conversion_;
}

// "mamba2-130m-q8", unless a name was typed.
void ModelDetails::suggestName() {
  if (!model_ || (newName_->text() != suggested_ && !newName_->text().isEmpty())) return;
  static const char* const names[] = {"f32", "bf16", "q8", "q4"};
  suggested_ =
      of_std(model_->where.name) + QLatin1Char('-') + QLatin1String(names[dtypeChoice_->currentData().toInt()]);
  if (layoutChoice_->currentData().toInt() == static_cast<int>(CheckpointLayout::gguf)) {
    suggested_ += QStringLiteral("-gguf");
  }
  newName_->setText(suggested_);
}

void ModelDetails::beginConversion() {
  if (!model_ || working_) return;
  conversion_->hide();
  emit conversionWanted({.source = of_std(model_->where.path.string()),
                         .name = newName_->text().trimmed(),
                         .to = static_cast<CheckpointLayout>(layoutChoice_->currentData().toInt()),
                         .dtype = static_cast<ConvertDType>(dtypeChoice_->currentData().toInt())});
}

void ModelDetails::setWorking(bool working) {
  working_ = working;
  startConversion_->setEnabled(!working);
  hash_->setEnabled(!working && model_ && model_->facts);
}

void ModelDetails::show(const ModelEntry* model, double bytesPerSecond, bool open) {
  const bool other = !model || !model_ || model_->where.path != model->where.path;
  model_ = model == nullptr ? std::nullopt : std::optional(*model);
  body_->setVisible(model != nullptr);
  if (model == nullptr) return;
  if (other) {
    conversion_->hide();
    newName_->clear();
  }
  name_->setText(of_std(model->where.name));
  path_->setText(of_std(model->where.target.string()));
  path_->setToolTip(path_->text());
  fault_->setText(model->fault);
  fault_->setVisible(!model->fault.isEmpty());
  const bool usable = model->facts != nullptr;
  open_->setEnabled(usable && !open);
  open_->setText(open ? tr("Opened") : tr("Open"));
  convert_->setEnabled(usable);
  const bool free = model->where.origin == ModelOrigin::own || model->where.origin == ModelOrigin::added;
  rename_->setEnabled(free);
  remove_->setEnabled(free);
  remove_->setText(model->where.origin == ModelOrigin::added ? tr("Forget\u2026\tDel") : tr("Remove\u2026\tDel"));
  setWorking(working_);
  // Rows come and go with the model: the tables are made anew.
  delete tables_;
  tables_ = new QWidget;
  auto* across = new QHBoxLayout(tables_);
  across->setContentsMargins(0, 0, 0, 0);
  across->setSpacing(36);
  showFacts();
  if (usable) showFormats(bytesPerSecond);
  static_cast<QVBoxLayout*>(body_->layout())->insertWidget(3, tables_);
  hashText_->setText(hashes_.value(of_std(model->where.path.string())));
  hashText_->setVisible(!hashText_->text().isEmpty());
  if (other) showCard();
}

void ModelDetails::showFacts() {
  const ModelEntry& model = *model_;
  auto* holder = new QWidget;
  holder->setObjectName(QStringLiteral("modelFacts"));
  auto* grid = new QGridLayout(holder);
  grid->setContentsMargins(0, 0, 0, 0);
  grid->setHorizontalSpacing(18);
  grid->setVerticalSpacing(5);
  grid->setColumnStretch(1, 1);
  const auto add = [&](const QString& what, const QString& value) {
    if (value.isEmpty()) return;
    const int row = grid->rowCount();
    grid->addWidget(fact_label(what, true), row, 0, Qt::AlignTop);
    auto* shown = fact_label(value, false);
    shown->setAccessibleName(what + QStringLiteral(": ") + value);
    grid->addWidget(shown, row, 1);
  };
  const QLocale locale;
  add(tr("Origin"), origin_text(model.where));
  add(tr("Trained on"), model.trainedOn);
  add(tr("Downloaded from"), of_std(model.card.source));
  if (model.facts) {
    const ModelFacts& facts = *model.facts;
    const Mamba2Config& c = facts.config;
    add(tr("Layout"), layout_name(facts.layout));
    add(tr("Shape"), tr("%1 layers of width %2, %3 heads of %4, state %5, groups %6")
                         .arg(c.n_layer)
                         .arg(c.d_model)
                         .arg(c.n_heads)
                         .arg(c.head_dim)
                         .arg(c.d_state)
                         .arg(c.n_groups));
    add(tr("Parameters"), locale.toString(static_cast<qlonglong>(facts.parameters)));
    add(tr("Weights"),
        tr("%1 as %2").arg(sizeText(static_cast<double>(facts.stored_bytes)), of_std(facts.number_formats)));
    add(tr("On disk"), sizeText(static_cast<double>(model.bytesOnDisk)));
    add(tr("State"), tr("%1 per session, however long").arg(sizeText(static_cast<double>(facts.state_bytes))));
    add(tr("Vocabulary"),
        !facts.tokenizer_fault.empty() ? of_std(facts.tokenizer_fault)
        : facts.tokenizer_kind.empty()
            ? tr("no tokenizer beside it, so it can neither read nor write text")
            : tr("%1 tokens, %2")
                  .arg(locale.toString(static_cast<qlonglong>(facts.tokens)), of_std(facts.tokenizer_kind)));
    add(tr("Chat format"), of_std(facts.chat_format));
    add(tr("Sampling advice"), advice_text(facts.sampling));
  }
  add(tr("Licence"), !model.card.licence.empty()        ? of_std(model.card.licence)
                     : !model.card.licence_text.empty() ? tr("see below")
                                                        : tr("none named in its card"));
  for (const ModelExtra& extra : model.extras) {
    add(extra.kind == ModelExtra::Kind::adapter ? tr("Adapter") : tr("State file"),
        shown_place(extra.path, model.where.path));
  }
  grid->setRowStretch(grid->rowCount(), 1);
  static_cast<QHBoxLayout*>(tables_->layout())->addWidget(holder, 3);
}

void ModelDetails::showFormats(double bytesPerSecond) {
  auto* holder = new QWidget;
  holder->setObjectName(QStringLiteral("modelFormats"));
  holder->setAccessibleName(tr("Memory and speed by number format"));
  auto* grid = new QGridLayout(holder);
  grid->setContentsMargins(0, 0, 0, 0);
  grid->setHorizontalSpacing(22);
  grid->setVerticalSpacing(5);
  grid->addWidget(fact_label(tr("Kept as"), true), 0, 0);
  grid->addWidget(fact_label(tr("In memory"), true), 0, 1, Qt::AlignRight);
  grid->addWidget(fact_label(tr("Tokens per second"), true), 0, 2, Qt::AlignRight);
  int row = 1;
  for (const FormatFacts& format : model_->facts->formats) {
    grid->addWidget(fact_label(dtype_name(format.dtype), true), row, 0);
    const QString memory = format.weight_bytes
                               ? sizeText(static_cast<double>(*format.weight_bytes + model_->facts->state_bytes))
                               : tr("does not fit");
    const QString rate = rateText(mostTokensPerSecond(format, bytesPerSecond));
    auto* memoryLabel = fact_label(memory, false);
    auto* rateLabel = fact_label(rate.isEmpty() ? QStringLiteral("\u2013") : rate, false);
    memoryLabel->setAccessibleName(tr("%1: %2 in memory").arg(dtype_name(format.dtype), memory));
    rateLabel->setAccessibleName(tr("%1: %2 tokens per second, estimated").arg(dtype_name(format.dtype), rate));
    for (QLabel* label : {memoryLabel, rateLabel}) label->setWordWrap(false);
    grid->addWidget(memoryLabel, row, 1, Qt::AlignRight);
    grid->addWidget(rateLabel, row, 2, Qt::AlignRight);
    ++row;
  }
  auto* note = fact_label(
      bytesPerSecond > 0.0
          ? tr("Estimates for this processor: weights and one state; as fast as memory is read, %1 GB/s. A small model "
               "that "
               "fits into the processor's cache is faster.")
                .arg(QLocale().toString(bytesPerSecond / 1e9, 'f', 1))
          : tr("Estimates for this processor: weights and one state. The speed of memory is being measured."),
      true);
  note->setWordWrap(true);
  grid->addWidget(note, row, 0, 1, 3);
  grid->setRowStretch(row + 1, 1);
  static_cast<QHBoxLayout*>(tables_->layout())->addWidget(holder, 2);
}

void ModelDetails::showCard() {
  QString text = joined_lines(of_std(model_->card.text));
  if (!model_->card.licence_text.empty()) {
    text += QStringLiteral("\n\n## ") + tr("Licence") + QStringLiteral("\n\n~~~~~text\n") +
            of_std(model_->card.licence_text) + QStringLiteral("\n~~~~~\n");
  }
  if (text.size() > longest_card) {
    text.truncate(longest_card);
    text += QStringLiteral("\n\n\u2026\n\n") + tr("The rest is in the model's folder.");
  }
  card_->setText(text);
  card_->setVisible(!text.trimmed().isEmpty());
}

void ModelDetails::setHashes(const QString& path, const QString& text) {
  hashes_.insert(path, text);
  if (!model_ || of_std(model_->where.path.string()) != path) return;
  hashText_->setText(text);
  hashText_->show();
}

void ModelDetails::reveal() {
  if (!model_) return;
  const QFileInfo file(of_std(model_->where.target.string()));
  const QString folder = file.isDir() ? file.filePath() : file.path();
  if (!QDesktopServices::openUrl(QUrl::fromLocalFile(folder))) {
    emit failed(tr("%1: there is no file manager to show it in.").arg(folder));
  }
}

void ModelDetails::copyPath() {
  if (model_) QApplication::clipboard()->setText(of_std(model_->where.target.string()));
}

}  // namespace holdfast
