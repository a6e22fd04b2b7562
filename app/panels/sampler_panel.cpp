#include "app/panels/sampler_panel.h"

#include <QCheckBox>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QFormLayout>
#include <QJsonDocument>
#include <QJsonObject>
#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QRandomGenerator>
#include <QRegularExpressionValidator>
#include <QSpinBox>

namespace holdfast {
namespace {

constexpr SampleParams usual{.temperature = 0.8f, .top_p = 0.95f};  // where nobody says otherwise

QDoubleSpinBox* number(double least, double most, double step, double value) {
  auto* box = new QDoubleSpinBox;
  box->setRange(least, most);
  box->setSingleStep(step);
  box->setDecimals(2);
  box->setValue(value);
  return box;
}

}  // namespace

SamplerPanel::SamplerPanel(QWidget* parent)
    : QFrame(parent, Qt::Popup),
      temperature_(number(0.0, 2.0, 0.05, static_cast<double>(usual.temperature))),
      topP_(number(0.01, 1.0, 0.01, static_cast<double>(usual.top_p))),
      penalty_(number(0.5, 2.0, 0.05, static_cast<double>(usual.repetition_penalty))),
      maxTokens_(new QSpinBox),
      fixedSeed_(new QCheckBox(tr("Fixed seed"))),
      seed_(new QLineEdit(QStringLiteral("1"))),
      format_(new QComboBox),
      solve_(new QCheckBox(tr("Solve: reason and box the answer"))),
      budget_(new QSpinBox),
      samples_(new QSpinBox),
      system_(new QPlainTextEdit),
      preset_(new QComboBox) {
  setObjectName(QStringLiteral("samplerPanel"));
  temperature_->setObjectName(QStringLiteral("temperature"));
  temperature_->setToolTip(tr("0 takes the likeliest token always; higher is more varied"));
  topP_->setObjectName(QStringLiteral("topP"));
  topP_->setToolTip(tr("Draw from the smallest set of tokens that reaches this probability"));
  penalty_->setToolTip(tr("Above 1 makes tokens that have stood in the session less likely"));
  maxTokens_->setObjectName(QStringLiteral("maxTokens"));
  maxTokens_->setRange(1, 1'000'000);
  maxTokens_->setSingleStep(256);
  maxTokens_->setValue(4096);
  maxTokens_->setGroupSeparatorShown(true);
  fixedSeed_->setObjectName(QStringLiteral("fixedSeed"));
  fixedSeed_->setToolTip(tr("The same question, settings and seed give the same answer"));
  seed_->setObjectName(QStringLiteral("seed"));
  seed_->setAccessibleName(tr("Seed"));
  seed_->setValidator(new QRegularExpressionValidator(QRegularExpression(QStringLiteral("[0-9]{1,19}")), seed_));
  seed_->setEnabled(false);
  format_->addItem(tr("As the model wants"), QString());
  for (const ChatFormat format : {ChatFormat::chatml, ChatFormat::mistral, ChatFormat::plain}) {
    const QString text = QString::fromUtf8(name(format).data(), static_cast<qsizetype>(name(format).size()));
    format_->addItem(text, text);
  }
  solve_->setObjectName(QStringLiteral("solveMode"));
  solve_->setToolTip(tr("The problem is kept in sight, and the model is asked for a boxed answer"));
  budget_->setObjectName(QStringLiteral("thinkingBudget"));
  budget_->setRange(0, 1'000'000);
  budget_->setSingleStep(256);
  budget_->setSpecialValueText(tr("no limit"));
  budget_->setGroupSeparatorShown(true);
  budget_->setToolTip(tr("Tokens after which a thought is closed and the answer written"));
  samples_->setObjectName(QStringLiteral("samples"));
  samples_->setRange(1, 64);
  samples_->setSpecialValueText(tr("1, no vote"));
  samples_->setToolTip(tr("Replies that are drawn side by side from the same state; their answers are voted on"));
  system_->setObjectName(QStringLiteral("systemPrompt"));
  system_->setAccessibleName(tr("Instruction for new sessions"));
  system_->setPlaceholderText(tr("None"));
  system_->setTabChangesFocus(true);
  system_->setFixedHeight(56);
  preset_->setObjectName(QStringLiteral("preset"));
  for (const auto& [text, key] :
       {std::pair{tr("Own choice"), ""}, std::pair{tr("As the model's makers advise"), "advice"},
        std::pair{tr("The likeliest, always the same"), "greedy"}, std::pair{tr("Careful"), "careful"},
        std::pair{tr("Inventive"), "inventive"}}) {
    preset_->addItem(text, QLatin1String(key));
  }
  auto* form = new QFormLayout(this);
  form->setContentsMargins(16, 14, 16, 14);
  form->setSpacing(9);
  form->setLabelAlignment(Qt::AlignLeft | Qt::AlignVCenter);
  auto* title = new QLabel(tr("Next answer"));
  title->setProperty("title", true);
  form->addRow(title);
  form->addRow(tr("Pr&eset"), preset_);
  form->addRow(tr("Te&mperature"), temperature_);
  form->addRow(tr("Top-&p"), topP_);
  form->addRow(tr("&Repetition penalty"), penalty_);
  form->addRow(tr("Most to&kens"), maxTokens_);
  form->addRow(fixedSeed_, seed_);
  form->addRow(tr("Chat &format"), format_);
  form->addRow(tr("Thinking &budget"), budget_);
  form->addRow(tr("Replies to &vote on"), samples_);
  form->addRow(solve_);
  form->addRow(tr("&Instruction"), system_);
  connect(preset_, &QComboBox::activated, this, [this] { applyPreset(preset_->currentData().toString()); });
  for (QSpinBox* box : {budget_, samples_}) connect(box, &QSpinBox::valueChanged, this, &SamplerPanel::changed);
  connect(system_, &QPlainTextEdit::textChanged, this, &SamplerPanel::changed);
  connect(fixedSeed_, &QCheckBox::toggled, seed_, &QWidget::setEnabled);
  connect(fixedSeed_, &QCheckBox::toggled, this, &SamplerPanel::changed);
  connect(solve_, &QCheckBox::toggled, this, &SamplerPanel::changed);
  connect(seed_, &QLineEdit::textChanged, this, &SamplerPanel::changed);
  connect(format_, &QComboBox::currentIndexChanged, this, &SamplerPanel::changed);
  connect(maxTokens_, &QSpinBox::valueChanged, this, &SamplerPanel::changed);
  for (QDoubleSpinBox* box : {temperature_, topP_, penalty_}) {
    connect(box, &QDoubleSpinBox::valueChanged, this, &SamplerPanel::changed);
  }
  connect(this, &SamplerPanel::changed, this, [this] { chosen_ = true; });
}

TurnSettings SamplerPanel::settings() const {
  TurnSettings settings;
  settings.sampler.params.temperature = static_cast<float>(temperature_->value());
  settings.sampler.params.top_p = static_cast<float>(topP_->value());
  settings.sampler.params.repetition_penalty = static_cast<float>(penalty_->value());
  settings.sampler.seed =
      fixedSeed_->isChecked() ? seed_->text().toULongLong() : QRandomGenerator::system()->generate64() >> 1;
  settings.max_tokens = maxTokens_->value();
  settings.thinking_budget = budget_->value();
  settings.solve = solve_->isChecked();
  const QString format = format_->currentData().toString();
  if (!format.isEmpty()) settings.format = chat_format(format.toStdString());
  return settings;
}

int SamplerPanel::samples() const { return samples_->value(); }

QString SamplerPanel::system() const { return system_->toPlainText().trimmed(); }

void SamplerPanel::applyPreset(const QString& name) {
  if (name == QLatin1String("advice")) {
    chosen_ = false;
    setAdvice(advice_);
  }
  const auto set = [this](double temperature, double topP) {
    temperature_->setValue(temperature);
    topP_->setValue(topP);
    penalty_->setValue(1.0);
  };
  if (name == QLatin1String("greedy")) set(0.0, 1.0);
  if (name == QLatin1String("careful")) set(0.4, 0.9);
  if (name == QLatin1String("inventive")) set(1.0, 0.95);
  emit changed();
  if (name == QLatin1String("advice")) chosen_ = false;
}

QString SamplerPanel::save() const {
  const QJsonObject object{{QStringLiteral("temperature"), temperature_->value()},
                           {QStringLiteral("top_p"), topP_->value()},
                           {QStringLiteral("repetition_penalty"), penalty_->value()},
                           {QStringLiteral("max_tokens"), maxTokens_->value()},
                           {QStringLiteral("fixed_seed"), fixedSeed_->isChecked()},
                           {QStringLiteral("seed"), seed_->text()},
                           {QStringLiteral("format"), format_->currentData().toString()},
                           {QStringLiteral("solve"), solve_->isChecked()},
                           {QStringLiteral("thinking_budget"), budget_->value()},
                           {QStringLiteral("samples"), samples_->value()},
                           {QStringLiteral("system"), system_->toPlainText()}};
  return QString::fromUtf8(QJsonDocument(object).toJson(QJsonDocument::Compact));
}

void SamplerPanel::restore(const QString& saved) {
  const QSignalBlocker quiet(this);
  const QJsonObject object = QJsonDocument::fromJson(saved.toUtf8()).object();
  chosen_ = object.contains(QStringLiteral("temperature"));
  temperature_->setValue(object.value(QStringLiteral("temperature")).toDouble(temperature_->value()));
  topP_->setValue(object.value(QStringLiteral("top_p")).toDouble(topP_->value()));
  penalty_->setValue(object.value(QStringLiteral("repetition_penalty")).toDouble(penalty_->value()));
  maxTokens_->setValue(object.value(QStringLiteral("max_tokens")).toInt(maxTokens_->value()));
  fixedSeed_->setChecked(object.value(QStringLiteral("fixed_seed")).toBool(false));
  seed_->setText(object.value(QStringLiteral("seed")).toString(seed_->text()));
  solve_->setChecked(object.value(QStringLiteral("solve")).toBool(false));
  budget_->setValue(object.value(QStringLiteral("thinking_budget")).toInt(budget_->value()));
  samples_->setValue(object.value(QStringLiteral("samples")).toInt(samples_->value()));
  system_->setPlainText(object.value(QStringLiteral("system")).toString());
  const int format = format_->findData(object.value(QStringLiteral("format")).toString());
  format_->setCurrentIndex(format < 0 ? 0 : format);
}

void SamplerPanel::setAdvice(const SamplingAdvice& advice) {
  advice_ = advice;
  if (chosen_) return;
  const QSignalBlocker quiet(this);
  temperature_->setValue(static_cast<double>(advice.temperature.value_or(usual.temperature)));
  topP_->setValue(static_cast<double>(advice.top_p.value_or(usual.top_p)));
  penalty_->setValue(static_cast<double>(advice.repetition_penalty.value_or(usual.repetition_penalty)));
}

void SamplerPanel::setModelFormat(const QString& format) {
  format_->setItemText(0, format.isEmpty() ? tr("As the model wants") : tr("As the model wants (%1)").arg(format));
}

}  // namespace holdfast
