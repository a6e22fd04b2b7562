#include "app/panels/inspect_timeline.h"

#include <QLocale>
#include <algorithm>

namespace holdfast {
namespace {

constexpr int most_timeline_columns = 200'000;

}  // namespace

QString shownPiece(const QString& piece) {
  QString text = piece;
  text.replace(QLatin1Char('\n'), QStringLiteral("\u21b5"));
  return text.trimmed().isEmpty() && !text.contains(QChar(0x21b5)) ? QStringLiteral("\u2423") : text.trimmed();
}

InspectTimelineData inspectTimelineData(const std::shared_ptr<const InspectResult>& result, InspectMetric metric,
                                        std::span<const float> bySample) {
  const Inspection& seen = result->seen;
  std::int64_t step = seen.sample_end(0);
  for (std::int64_t s = 1; s + 1 < seen.samples(); ++s)
    step = std::min(step, seen.sample_end(s) - seen.sample_end(s - 1));
  InspectTimelineData made;
  made.columnTokens = static_cast<int>(std::max({std::int64_t{1}, step, seen.tokens() / most_timeline_columns + 1}));
  HeatmapData& data = made.data;
  data.rows = static_cast<int>(seen.layers());
  data.columns = static_cast<int>((seen.tokens() + made.columnTokens - 1) / made.columnTokens);
  const auto samples = static_cast<std::size_t>(seen.samples());
  data.values.resize(static_cast<std::size_t>(data.rows) * static_cast<std::size_t>(data.columns));
  for (int c = 0; c < data.columns; ++c) {
    const auto sample = static_cast<std::size_t>(seen.sample_of(std::int64_t{c} * made.columnTokens));
    for (int l = 0; l < data.rows; ++l) {
      data.values[static_cast<std::size_t>(l) * static_cast<std::size_t>(data.columns) + static_cast<std::size_t>(c)] =
          bySample[static_cast<std::size_t>(l) * samples + sample];
    }
  }
  data.logarithmic = inspectMetricIsLogarithmic(metric);
  data.valueName = inspectMetricName(metric);
  for (const InspectMark& mark : result->marks) {
    data.marks.push_back({static_cast<double>(mark.token) / made.columnTokens, mark.text, mark.kept});
  }
  data.describe = [result, values = data.values, columns = data.columns, step = made.columnTokens,
                   name = data.valueName](int row, int column) {
    const auto token = static_cast<qsizetype>(column) * step;
    return InspectService::tr("Layer %1, from token %2 (%3): %4 %5")
        .arg(row)
        .arg(token)
        .arg(shownPiece(result->pieces.value(token)), name,
             QLocale().toString(values[static_cast<std::size_t>(row) * static_cast<std::size_t>(columns) +
                                       static_cast<std::size_t>(column)],
                                'g', 4));
  };
  return made;
}

}  // namespace holdfast
