#include "app/panels/inspect_panel.h"

#include <QApplication>
#include <QComboBox>
#include <QFileDialog>
#include <QGridLayout>
#include <QLabel>
#include <QLineEdit>
#include <QLocale>
#include <QMenu>
#include <QMouseEvent>
#include <QProgressBar>
#include <QPushButton>
#include <QScrollArea>
#include <QStackedWidget>
#include <QTextBlock>
#include <QTextEdit>
#include <QVBoxLayout>
#include <algorithm>
#include <cmath>

#include "app/services/cache_size.h"
#include "app/widgets/heatmap_view.h"
#include "app/widgets/plot_view.h"
#include "engine/atomic_file.h"

namespace holdfast {
namespace {

constexpr double longest_half_life = 1e6;  // beyond it a head forgets nothing that matters here
constexpr int retention_points = 250;
constexpr std::int64_t retention_numbers = 300'000;  // log decays that are added up at once

QString bytes_shown(double bytes) {
  return QLocale().formattedDataSize(static_cast<qint64>(bytes), 1, QLocale::DataSizeIecFormat);
}

QLabel* view_title(const QString& text) {
  auto* label = new QLabel(text);
  label->setProperty("muted", true);
  return label;
}

double middle_of(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

// A token's text with its white space made visible.
QString shown_piece(const QString& piece) {
  QString text = piece;
  text.replace(QLatin1Char('\n'), QStringLiteral("\u21b5"));
  return text.trimmed().isEmpty() && !text.contains(QChar(0x21b5)) ? QStringLiteral("\u2423") : text.trimmed();
}

void save_bytes(QWidget* parent, const QString& title, const QString& filter,
                const std::function<std::string()>& content, const std::function<void(const QString&)>& failed) {
  const QString file = QFileDialog::getSaveFileName(parent, title, {}, filter);
  if (file.isEmpty()) return;
  try {
    write_file_atomically(file.toStdString(), content());
  } catch (const std::exception& error) {
    failed(QString::fromUtf8(error.what()));
  }
}

}  // namespace

InspectPanel::InspectPanel(InspectService* service, QWidget* parent) : QWidget(parent), service_(service) {
  setObjectName(QStringLiteral("inspectPanel"));
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(16, 12, 16, 12);
  layout->setSpacing(10);
  layout->addWidget(buildBar());
  pages_ = new QStackedWidget;
  empty_ = new QLabel;
  empty_->setObjectName(QStringLiteral("inspectEmpty"));
  empty_->setAlignment(Qt::AlignCenter);
  empty_->setWordWrap(true);
  empty_->setProperty("muted", true);
  empty_->setText(
      tr("Type a text, or take the session that is open in Solve.\nIts tokens are read again, and you see what the "
         "model's fixed memory keeps of them."));
  pages_->addWidget(empty_);
  pages_->addWidget(buildViews());
  layout->addWidget(pages_, 1);
  connect(service_, &InspectService::started, this, [this] {
    progress_->setValue(0);
    progress_->show();
    inspectText_->setText(tr("Stop"));
  });
  connect(service_, &InspectService::progressed, this,
          [this](double done) { progress_->setValue(static_cast<int>(done * 1000)); });
  connect(service_, &InspectService::finished, this, [this](std::shared_ptr<const InspectResult> result) {
    progress_->hide();
    inspectText_->setText(tr("Inspect the text"));
    if (result) show(std::move(result));
  });
  connect(service_, &InspectService::failed, this, &InspectPanel::failed);
  setModel({});
}

QWidget* InspectPanel::buildBar() {
  auto* bar = new QWidget;
  auto* row = new QHBoxLayout(bar);
  row->setContentsMargins(0, 0, 0, 0);
  text_ = new QLineEdit;
  text_->setObjectName(QStringLiteral("inspectText"));
  text_->setPlaceholderText(tr("A text to read"));
  text_->setAccessibleName(tr("Text to inspect"));
  row->addWidget(text_, 1);
  inspectText_ = new QPushButton(tr("Inspect the text"));
  inspectText_->setObjectName(QStringLiteral("inspectTextButton"));
  row->addWidget(inspectText_);
  inspectSession_ = new QPushButton(tr("Inspect this session"));
  inspectSession_->setObjectName(QStringLiteral("inspectSessionButton"));
  inspectSession_->setToolTip(tr("The session that is open in Solve (Ctrl+I)"));
  row->addWidget(inspectSession_);
  export_ = new QPushButton(tr("Export"));
  export_->setObjectName(QStringLiteral("inspectExport"));
  auto* menu = new QMenu(export_);
  menu->addAction(tr("All views as a picture (PNG)\u2026"), this, &InspectPanel::exportPicture);
  menu->addAction(tr("The map of heads as a table (CSV)\u2026"), this, &InspectPanel::exportTable);
  menu->addAction(tr("Every token's log decays (NPY)\u2026"), this, &InspectPanel::exportArray);
  export_->setMenu(menu);
  row->addWidget(export_);
  progress_ = new QProgressBar;
  progress_->setRange(0, 1000);
  progress_->setTextVisible(false);
  progress_->setFixedWidth(120);
  progress_->setAccessibleName(tr("Reading"));
  progress_->hide();
  row->addWidget(progress_);
  connect(text_, &QLineEdit::returnPressed, this, &InspectPanel::inspectText);
  connect(inspectText_, &QPushButton::clicked, this,
          [this] { progress_->isVisible() ? service_->stop() : inspectText(); });
  connect(inspectSession_, &QPushButton::clicked, this, &InspectPanel::inspectSession);
  return bar;
}

QWidget* InspectPanel::buildViews() {
  auto* views = new QWidget;
  auto* grid = new QGridLayout(views);
  grid->setContentsMargins(0, 0, 0, 0);
  grid->setHorizontalSpacing(18);
  grid->setVerticalSpacing(6);
  auto* head = new QHBoxLayout;
  mapTitle_ = view_title({});
  head->addWidget(mapTitle_, 1);
  metric_ = new QComboBox;
  metric_->setObjectName(QStringLiteral("metric"));
  metric_->setAccessibleName(tr("What the map shows"));
  for (const Metric m :
       {Metric::halfLife, Metric::retention, Metric::norm, Metric::stableRank, Metric::write, Metric::read}) {
    metric_->addItem(metricName(m), static_cast<int>(m));
  }
  head->addWidget(metric_);
  grid->addLayout(head, 0, 0);
  map_ = new HeatmapView;
  map_->setObjectName(QStringLiteral("headMap"));
  map_->setAccessibleName(tr("Heads by layer"));
  grid->addWidget(map_, 1, 0);
  grid->addWidget(view_title(tr("Tokens: click one to follow what is left of it")), 0, 1);
  tokens_ = new QTextEdit;
  tokens_->setObjectName(QStringLiteral("inspectTokens"));
  tokens_->setReadOnly(true);
  tokens_->setAccessibleName(tr("The text that was read"));
  tokens_->viewport()->setCursor(Qt::ArrowCursor);
  grid->addWidget(tokens_, 1, 1);
  grid->addWidget(view_title(tr("Over the tokens, by layer (mean of its heads)")), 2, 0);
  timeline_ = new HeatmapView;
  timeline_->setObjectName(QStringLiteral("timeline"));
  timeline_->setAccessibleName(tr("Layers over the tokens"));
  grid->addWidget(timeline_, 3, 0);
  grid->addWidget(view_title(tr("What is left of the chosen token")), 2, 1);
  retention_ = new PlotView;
  retention_->setObjectName(QStringLiteral("retention"));
  retention_->setAccessibleName(tr("Retention of the chosen token"));
  grid->addWidget(retention_, 3, 1);
  stateTitle_ = view_title({});
  grid->addWidget(stateTitle_, 4, 0);
  state_ = new HeatmapView;
  state_->setObjectName(QStringLiteral("headState"));
  state_->setAccessibleName(tr("State of the chosen head"));
  grid->addWidget(state_, 5, 0);
  grid->addWidget(view_title(tr("Memory: this state beside the caches of Transformers")), 4, 1);
  memory_ = new PlotView;
  memory_->setObjectName(QStringLiteral("memoryChart"));
  memory_->setAccessibleName(tr("Memory over the length of a text"));
  grid->addWidget(memory_, 5, 1);
  for (const int row : {1, 3, 5}) grid->setRowStretch(row, 1);
  for (const int column : {0, 1}) grid->setColumnStretch(column, 1);
  words_ = new QLabel;
  words_->setObjectName(QStringLiteral("inspectWords"));
  words_->setWordWrap(true);
  words_->setTextFormat(Qt::PlainText);
  words_->setTextInteractionFlags(Qt::TextSelectableByMouse);
  grid->addWidget(words_, 6, 0, 1, 2);
  connect(metric_, &QComboBox::currentIndexChanged, this, [this] {
    updateMap();
    updateTimeline();
    updateWords();
  });
  connect(map_, &HeatmapView::cellSelected, this, &InspectPanel::selectHead);
  connect(timeline_, &HeatmapView::cellSelected, this, [this](int layer, int sample) {
    if (!result_) return;
    selectHead(layer, head_);
    selectToken(static_cast<int>(result_->seen.sample_end(sample)) - 1);
  });
  connect(tokens_, &QTextEdit::cursorPositionChanged, this, [this] {
    const int at = tokens_->textCursor().position();
    const auto next = std::upper_bound(tokenBegins_.begin(), tokenBegins_.end(), at);
    if (next != tokenBegins_.begin()) selectToken(static_cast<int>(next - tokenBegins_.begin()) - 1);
  });
  return views;
}

void InspectPanel::setModel(const SharedModel& model) {
  model_ = model;
  inspectText_->setEnabled(model.model != nullptr);
  inspectSession_->setEnabled(model.model != nullptr && session_);
  export_->setEnabled(result_ != nullptr);
}

void InspectPanel::setSession(SessionId session, const QString& title) {
  session_ = session;
  sessionTitle_ = title;
  inspectSession_->setEnabled(model_.model != nullptr && session_);
}

void InspectPanel::inspectText() {
  if (model_.model != nullptr && !text_->text().trimmed().isEmpty()) service_->inspectText(model_, text_->text());
}

void InspectPanel::inspectSession() {
  if (model_.model != nullptr && session_) service_->inspectSession(model_, session_, sessionTitle_);
}

void InspectPanel::show(std::shared_ptr<const InspectResult> result) {
  result_ = std::move(result);
  export_->setEnabled(true);
  layer_ = std::min<int>(layer_, static_cast<int>(result_->seen.layers()) - 1);
  head_ = std::min<int>(head_, static_cast<int>(result_->seen.heads()) - 1);
  token_ = 0;
  tokenBegins_.clear();
  QString text;
  for (const QString& piece : result_->pieces) {
    tokenBegins_.push_back(static_cast<int>(text.size()));
    text += piece.isEmpty() ? QStringLiteral("\u00b7") : piece;
  }
  const QSignalBlocker quiet(tokens_);
  tokens_->setPlainText(text);
  pages_->setCurrentIndex(1);
  updateMap();
  updateTimeline();
  updateHead();
  updateRetention();
  updateMemory();
  updateWords();
  markToken();
}

void InspectPanel::selectHead(int layer, int head) {
  if (!result_) return;
  layer_ = layer, head_ = head;
  map_->select(layer, head);
  updateHead();
  updateRetention();
  updateWords();
}

void InspectPanel::selectToken(int token) {
  if (!result_ || token == token_) return;
  token_ = std::clamp(token, 0, static_cast<int>(result_->seen.tokens()) - 1);
  if (metric() == Metric::retention) updateMap();
  updateRetention();
  updateWords();
  markToken();
}

void InspectPanel::markToken() {
  QTextEdit::ExtraSelection mark;
  mark.cursor = QTextCursor(tokens_->document());
  const auto index = static_cast<std::size_t>(token_);
  if (index >= tokenBegins_.size()) return;
  const int end = index + 1 < tokenBegins_.size() ? tokenBegins_[index + 1] : tokens_->document()->characterCount() - 1;
  mark.cursor.setPosition(tokenBegins_[index]);
  mark.cursor.setPosition(end, QTextCursor::KeepAnchor);
  mark.format.setBackground(palette().color(QPalette::Highlight));
  mark.format.setForeground(palette().color(QPalette::HighlightedText));
  tokens_->setExtraSelections({mark});
}

InspectPanel::Metric InspectPanel::metric() const { return static_cast<Metric>(metric_->currentData().toInt()); }

QString InspectPanel::metricName(Metric m) const {
  switch (m) {
    case Metric::halfLife: return tr("Half-life in tokens");
    case Metric::retention: return tr("Left of the chosen token");
    case Metric::norm: return tr("Norm of the state");
    case Metric::stableRank: return tr("Stable rank of the state");
    case Metric::write: return tr("Write strength");
    case Metric::read: return tr("Read strength");
  }
  return {};
}

QString InspectPanel::formula(Metric m) const {
  switch (m) {
    case Metric::halfLife: return tr("ln 2 / mean(-dt A): after so many tokens half of what was written is left.");
    case Metric::retention:
      return tr("exp of the sum of dt A over the tokens since: the exact share that is left at the end.");
    case Metric::norm: return tr("The Frobenius norm of the head's matrix H at the end.");
    case Metric::stableRank: return tr("(Frobenius norm / spectral norm) squared: on how many directions H spreads.");
    case Metric::write: return tr("dt |x| |B|, mean over the last sample: how much is written per token.");
    case Metric::read: return tr("|H C|, mean over the last sample: how much is read per token.");
  }
  return {};
}

std::vector<float> InspectPanel::mapValues(Metric m) const {
  const Inspection& seen = result_->seen;
  std::vector<double> exact;
  switch (m) {
    case Metric::halfLife: exact = seen.half_life(0, seen.tokens()); break;
    case Metric::retention: exact = seen.retention(token_, seen.tokens() - 1); break;
    default: {
      const auto series = m == Metric::norm         ? Inspection::Series::norm
                          : m == Metric::stableRank ? Inspection::Series::stable_rank
                          : m == Metric::write      ? Inspection::Series::write
                                                    : Inspection::Series::read;
      const auto values = seen.values(series, seen.samples() - 1);
      return {values.begin(), values.end()};
    }
  }
  std::vector<float> values;
  for (const double v : exact) values.push_back(static_cast<float>(std::min(v, longest_half_life)));
  return values;
}

void InspectPanel::updateMap() {
  if (!result_) return;
  const Metric m = metric();
  mapTitle_->setText(tr("%1, by layer (down) and head").arg(metricName(m)));
  HeatmapData made;
  made.rows = static_cast<int>(result_->seen.layers());
  made.columns = static_cast<int>(result_->seen.heads());
  made.values = mapValues(m);
  made.logarithmic = m != Metric::retention && m != Metric::stableRank;
  made.valueName = metricName(m);
  made.describe = [this, values = made.values, columns = made.columns, name = made.valueName](int row, int column) {
    return tr("Layer %1, head %2: %3 %4")
        .arg(row)
        .arg(column)
        .arg(name, QLocale().toString(values[static_cast<std::size_t>(row * columns + column)], 'g', 4));
  };
  map_->setData(std::move(made));
  map_->select(layer_, head_);
}

void InspectPanel::updateTimeline() {
  if (!result_) return;
  const Inspection& seen = result_->seen;
  const Metric m = metric();
  const auto heads = static_cast<std::size_t>(seen.heads());
  HeatmapData made;
  made.rows = static_cast<int>(seen.layers());
  made.columns = static_cast<int>(seen.samples());
  made.values.resize(static_cast<std::size_t>(made.rows) * static_cast<std::size_t>(made.columns));
  const auto series = m == Metric::stableRank ? Inspection::Series::stable_rank
                      : m == Metric::write    ? Inspection::Series::write
                      : m == Metric::read     ? Inspection::Series::read
                                              : Inspection::Series::norm;
  for (int s = 0; s < made.columns; ++s) {
    const auto values = seen.values(series, s);
    for (int l = 0; l < made.rows; ++l) {
      float sum = 0.0f;
      for (std::size_t h = 0; h < heads; ++h) sum += values[static_cast<std::size_t>(l) * heads + h];
      made.values[static_cast<std::size_t>(l * made.columns + s)] = sum / static_cast<float>(heads);
    }
  }
  made.logarithmic = m != Metric::stableRank;
  const bool other = m == Metric::halfLife || m == Metric::retention;
  made.valueName = metricName(other ? Metric::norm : m);
  made.describe = [this, values = made.values, columns = made.columns, name = made.valueName](int row, int column) {
    const auto end = static_cast<qsizetype>(result_->seen.sample_end(column));
    return tr("Layer %1, after token %2 (%3): %4 %5")
        .arg(row)
        .arg(end)
        .arg(shown_piece(result_->pieces.value(end - 1)), name,
             QLocale().toString(values[static_cast<std::size_t>(row * columns + column)], 'g', 4));
  };
  timeline_->setData(std::move(made));
}

void InspectPanel::updateHead() {
  if (!result_) return;
  const Mamba2Config& c = result_->config;
  stateTitle_->setText(tr("State of layer %1, head %2 at the end (%3 x %4, size of each number)")
                           .arg(layer_)
                           .arg(head_)
                           .arg(c.head_dim)
                           .arg(c.d_state));
  HeatmapData made;
  made.rows = static_cast<int>(c.head_dim);
  made.columns = static_cast<int>(c.d_state);
  const auto size = static_cast<std::size_t>(c.head_dim * c.d_state);
  const auto first =
      (static_cast<std::size_t>(layer_) * static_cast<std::size_t>(c.n_heads) + static_cast<std::size_t>(head_)) * size;
  for (const float v : result_->seen.states().subspan(first, size)) made.values.push_back(std::abs(v));
  made.valueName = tr("size");
  made.describe = [values = made.values, columns = made.columns](int row, int column) {
    return tr("H[%1, %2]: %3")
        .arg(row)
        .arg(column)
        .arg(QLocale().toString(values[static_cast<std::size_t>(row * columns + column)], 'g', 4));
  };
  state_->setData(std::move(made));
}

void InspectPanel::updateRetention() {
  if (!result_) return;
  const Inspection& seen = result_->seen;
  const auto width = static_cast<std::size_t>(seen.layers() * seen.heads());
  const std::size_t chosen =
      static_cast<std::size_t>(layer_) * static_cast<std::size_t>(seen.heads()) + static_cast<std::size_t>(head_);
  const std::int64_t count = seen.tokens() - token_;
  // Every token where that is quick; else where the sums are known already, and the first tokens, where curves bend
  // most.
  const bool all = count * static_cast<std::int64_t>(width) <= retention_numbers;
  PlotLine best{tr("best head"), {}, {}, false}, middle{tr("median head"), {}, {}, false},
      own{tr("chosen head"), {}, {}, true};
  const std::vector<double> written = seen.decays().after(token_ + 1);
  const std::int64_t step =
      all ? std::max<std::int64_t>(1, count / retention_points)
          : DecaySums::block * std::max<std::int64_t>(1, count / DecaySums::block / retention_points);
  for (std::int64_t t = token_; t < seen.tokens();) {
    std::vector<double> sums = seen.decays().after(t + 1);
    for (std::size_t i = 0; i < width; ++i) sums[i] -= written[i];
    const auto x = static_cast<double>(t);
    best.x.push_back(x), best.y.push_back(std::exp(*std::max_element(sums.begin(), sums.end())));
    own.x.push_back(x), own.y.push_back(std::exp(sums[chosen]));
    middle.x.push_back(x), middle.y.push_back(std::exp(middle_of(std::move(sums))));
    if (t + 1 == seen.tokens()) break;
    const std::int64_t next = all ? t + step : t < token_ + 16 ? t + 1 : (t + 1) / step * step + step - 1;
    t = std::min(next, seen.tokens() - 1);
  }
  PlotData made;
  made.lines = {std::move(best), std::move(middle), std::move(own)};
  made.xName = tr("token");
  made.yName = tr("share that is left");
  made.leastY = 0.0, made.mostY = 1.0;
  retention_->setData(std::move(made));
}

void InspectPanel::updateMemory() {
  if (!result_) return;
  const double state = static_cast<double>(result_->config.state_floats()) * 4.0;
  const double most = std::max(131072.0, static_cast<double>(result_->seen.tokens()));
  PlotData made;
  made.lines.push_back({tr("this state"), {16.0, most}, {state, state}, false});
  const auto add = [&](const QString& name, double bytes) {
    PlotLine line{name, {}, {}, true};
    for (double t = 16.0; t < most * 1.25; t *= 1.25) {
      line.x.push_back(std::min(t, most));
      line.y.push_back(line.x.back() * bytes);
    }
    made.lines.push_back(std::move(line));
  };
  add(tr("Transformer of this size"), cache_of_this_size(result_->config));
  for (const CacheOfTransformer& cache : caches_of_transformers) add(QString::fromLatin1(cache.name), cache.bytes);
  made.logarithmicX = made.logarithmicY = true;
  made.xName = tr("tokens");
  made.yName = tr("bytes");
  made.marks.emplace_back(static_cast<double>(result_->seen.tokens()), tr("this text"));
  memory_->setData(std::move(made));
}

void InspectPanel::updateWords() {
  if (!result_) return;
  const Inspection& seen = result_->seen;
  const double state = static_cast<double>(result_->config.state_floats()) * 4.0;
  const auto kept = seen.retention(token_, seen.tokens() - 1);
  const auto half = seen.half_life(0, seen.tokens());
  const auto long_lived =
      std::count_if(half.begin(), half.end(), [&](double h) { return h > static_cast<double>(seen.tokens()); });
  const double cache = cache_of_this_size(result_->config);
  const auto break_even = static_cast<qint64>(std::ceil(state / cache));
  words_->setText(
      tr("%1: %2\nToken %3, \u201c%4\u201d: the best head has kept %5 % of what it wrote, the median head %6 %. %7 of "
         "%8 heads have a half-life "
         "longer than this text.\nThe state takes %9, whatever the length. ")
          .arg(metricName(metric()), formula(metric()))
          .arg(token_)
          .arg(shown_piece(result_->pieces.value(token_)),
               QLocale().toString(100.0 * *std::max_element(kept.begin(), kept.end()), 'f', 1),
               QLocale().toString(100.0 * middle_of(kept), 'f', 1))
          .arg(long_lived)
          .arg(half.size())
          .arg(bytes_shown(state)) +
      (seen.tokens() < break_even
           ? tr("The cache of a Transformer of this size would still be smaller here (%1); it is larger from %2 tokens "
                "on.")
                 .arg(bytes_shown(static_cast<double>(seen.tokens()) * cache), QLocale().toString(break_even))
           : tr("The cache of a Transformer of this size would hold %1 by now.")
                 .arg(bytes_shown(static_cast<double>(seen.tokens()) * cache))));
}

void InspectPanel::exportPicture() {
  const QString file = QFileDialog::getSaveFileName(this, tr("All views as a picture"), {}, tr("Pictures (*.png)"));
  if (!file.isEmpty() && !grab().save(file, "PNG")) emit failed(tr("%1: cannot be written").arg(file));
}

void InspectPanel::exportTable() {
  save_bytes(
      this, tr("The map of heads as a table"), tr("Tables (*.csv)"),
      [this] {
        std::string text = "layer,head";
        std::vector<std::vector<float>> columns;
        for (int i = 0; i < metric_->count(); ++i) {
          text += ",\"" + metric_->itemText(i).toStdString() + "\"";
          columns.push_back(mapValues(static_cast<Metric>(metric_->itemData(i).toInt())));
        }
        const auto heads = static_cast<std::size_t>(result_->seen.heads());
        for (std::size_t i = 0; i < columns.front().size(); ++i) {
          text += "\n" + std::to_string(i / heads) + "," + std::to_string(i % heads);
          for (const auto& column : columns)
            text += "," + QByteArray::number(static_cast<double>(column[i]), 'g', 9).toStdString();
        }
        return text + "\n";
      },
      [this](const QString& message) { emit failed(message); });
}

void InspectPanel::exportArray() {
  save_bytes(
      this, tr("Every token's log decays"), tr("NumPy arrays (*.npy)"),
      [this] {
        const Inspection& seen = result_->seen;
        std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (" + std::to_string(seen.tokens()) +
                             ", " + std::to_string(seen.layers()) + ", " + std::to_string(seen.heads()) + "), }";
        header.append(63 - (10 + header.size()) % 64, ' ').push_back('\n');  // the array begins at a multiple of 64
        std::string file("\x93NUMPY\x01\x00", 8);
        file += static_cast<char>(header.size() & 0xff);
        file += static_cast<char>(header.size() >> 8);
        file += header;
        const std::vector<float> decays = seen.decays().differences(0, seen.tokens());
        const auto values = std::as_bytes(std::span(decays));
        file.append(reinterpret_cast<const char*>(values.data()), values.size());
        return file;
      },
      [this](const QString& message) { emit failed(message); });
}

}  // namespace holdfast
