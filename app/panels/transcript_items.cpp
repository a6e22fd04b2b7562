#include <QCoreApplication>
#include <QDateTime>
#include <QLocale>
#include <algorithm>

#include "app/panels/node_text.h"
#include "app/panels/solve_panel.h"

namespace holdfast {
namespace {

QString translated(const char* text) { return QCoreApplication::translate("SolvePanel", text); }

QString count_of_tokens(std::int64_t tokens) {
  return tokens == 1 ? translated("1 token")
                     : translated("%1 tokens").arg(QLocale().toString(static_cast<qlonglong>(tokens)));
}

bool can_continue(const NodeRow& node) {
  return node.sampler && (node.running || !(node.stop_reason == "stop_token" || node.stop_reason == "stop_string"));
}

QString figures(const NodeRow& node, const NodeRow* thought, double seconds, std::int64_t tokens) {
  QStringList parts;
  if (node.created > 0) parts << when_text(node.created);
  parts << count_of_tokens(tokens);
  if (seconds > 0 && tokens > 1) {
    const double rate = static_cast<double>(tokens) / seconds;
    parts << translated("%1 tokens/s").arg(QLocale().toString(rate, 'f', rate < 100 ? 1 : 0));
  }
  if (const QString end = end_text(node); !end.isEmpty()) parts << end;
  // The first step that is false, wherever it stands.
  const bool thought_first = thought != nullptr && !thought->statistics.false_step.empty();
  const std::string& step = thought_first ? thought->statistics.false_step : node.statistics.false_step;
  if (!step.empty()) parts << translated("%1 does not hold").arg(QString::fromStdString(step));
  return parts.join(QStringLiteral(" \u00b7 "));
}

QString details(const NodeRow& node) {
  QStringList lines;
  const NodeStatistics& figures = node.statistics;
  lines << translated("%1 tokens read for this turn in %2, %3 known already")
               .arg(QLocale().toString(static_cast<qlonglong>(figures.prompt_tokens)),
                    duration_text(figures.prompt_seconds),
                    QLocale().toString(static_cast<qlonglong>(figures.restored_tokens)));
  if (node.sampler) {
    lines << translated("Temperature %1, top-p %2, seed %3")
                 .arg(QLocale().toString(static_cast<double>(node.sampler->params.temperature), 'g', 3),
                      QLocale().toString(static_cast<double>(node.sampler->params.top_p), 'g', 3),
                      QString::number(node.sampler->seed));
  }
  return lines.join(QLatin1Char('\n'));
}

void add_generated(TranscriptItem& item, const NodeRow& node, const NodeRow* thought) {
  const QString text = QString::fromStdString(node.text);
  if (node.kind == NodeKind::thought) {
    item.thought += text;
    // The line end before </think> would show as an empty line.
    while (item.thought.endsWith(QLatin1Char('\n'))) item.thought.chop(1);
    item.thoughtLabel =
        translated("Thought for %1, %2")
            .arg(duration_text(node.statistics.seconds), count_of_tokens(node.statistics.generated_tokens));
  } else {
    item.text += text;
  }
  double seconds = node.statistics.seconds;
  std::int64_t tokens = node.statistics.generated_tokens;
  if (thought != nullptr && thought != &node) {
    seconds += thought->statistics.seconds;
    tokens += thought->statistics.generated_tokens;
  }
  item.note = figures(node, thought, seconds, tokens);
  item.noteDetails = details(thought != nullptr ? *thought : node);
}

bool is_generated(const NodeRow& node) { return node.kind == NodeKind::thought || node.kind == NodeKind::answer; }

// Each message with where its text begins in the item that shows it; `visit` returns whether to go on.
template <class Visit>
void visit_places(const std::vector<NodeRow>& branch, const Visit& visit) {
  qint64 key = 0;
  qsizetype thought = 0, answer = 0;  // characters of the reply so far
  for (const NodeRow& node : branch) {
    QString text = QString::fromStdString(node.text);
    while (node.kind == NodeKind::thought && text.endsWith(QLatin1Char('\n'))) text.chop(1);  // as add_generated does
    const qsizetype size = text.size();
    if (!is_generated(node)) {
      key = 0;
      if (!visit(node, TranscriptPlace{.key = node.id.value, .begin = 0, .end = size})) return;
      continue;
    }
    if (key == 0) key = node.parent.value, thought = answer = 0;
    const bool thinks = node.kind == NodeKind::thought;
    qsizetype& begin = thinks ? thought : answer;
    const auto part = thinks ? TranscriptPlace::Part::thought : TranscriptPlace::Part::answer;
    if (!visit(node, TranscriptPlace{.key = key, .part = part, .begin = begin, .end = begin + size})) return;
    begin += size;
  }
}

}  // namespace

std::optional<TranscriptPlace> transcriptPlace(const std::vector<NodeRow>& branch, const TextPlace& place) {
  std::optional<TranscriptPlace> found;
  visit_places(branch, [&](const NodeRow& node, TranscriptPlace whole) {
    if (!(node.id == place.node)) return true;
    whole.end = std::min(whole.end, whole.begin + place.end);
    whole.begin = std::min(whole.end, whole.begin + place.begin);
    found = whole;
    return false;
  });
  return found;
}

TextPlace textPlace(const std::vector<NodeRow>& branch, const TranscriptPlace& place) {
  TextPlace found;
  visit_places(branch, [&](const NodeRow& node, const TranscriptPlace& whole) {
    if (whole.key != place.key || whole.part != place.part) return true;
    // Behind the last character it is the last message of the item.
    found = {node.id, std::min(place.begin, whole.end) - whole.begin, std::min(place.end, whole.end) - whole.begin};
    return place.begin >= whole.end;
  });
  return found;
}

QString duration_text(double seconds) {
  if (seconds < 60) return translated("%1 s").arg(QLocale().toString(seconds, 'f', seconds < 10 ? 1 : 0));
  const auto whole = static_cast<qint64>(seconds);
  return translated("%1 min %2 s").arg(whole / 60).arg(whole % 60);
}

QString end_text(const NodeRow& node) {
  if (node.running) return translated("interrupted");
  if (node.stop_reason == "cancelled") return translated("stopped");
  if (node.stop_reason == "length") return translated("reached its length");
  if (node.stop_reason == "interrupted") return translated("interrupted");
  if (node.stop_reason == "edited") return translated("edited");
  if (node.stop_reason == "forked") return translated("to be gone on with");
  if (node.stop_reason == "error") return translated("ended by an error");
  return {};
}

QString when_text(Milliseconds time) {
  const QDateTime when = QDateTime::fromMSecsSinceEpoch(time);
  const QLocale locale;
  // Some locales have seconds in their short form, which tell nothing here.
  const QString clock =
      locale.toString(when.time(), locale.timeFormat(QLocale::ShortFormat).remove(QLatin1String(":ss")));
  return when.date() == QDate::currentDate()
             ? clock
             : locale.toString(when.date(), QLocale::ShortFormat) + QLatin1Char(' ') + clock;
}

std::vector<NodeId> repliesTo(const std::vector<NodeRow>& tree, NodeId question) {
  std::vector<NodeId> replies;
  for (const NodeRow& child : tree) {
    if (!(child.parent == question) || child.kind == NodeKind::user || child.kind == NodeKind::note) continue;
    const std::size_t before = replies.size();
    for (const NodeRow& node : tree) {
      if (node.parent == child.id && node.kind == NodeKind::answer) replies.push_back(node.id);
    }
    if (replies.size() == before) replies.push_back(child.id);
  }
  return replies;
}

std::vector<NodeId> besideQuestion(const std::vector<NodeRow>& tree, const NodeRow& question) {
  std::vector<NodeId> beside;
  for (const NodeRow& node : tree) {
    if (node.parent == question.parent && node.kind == question.kind) beside.push_back(node.id);
  }
  return beside;
}

std::vector<TranscriptItem> transcriptItems(const std::vector<NodeRow>& branch, const std::vector<NodeRow>& tree) {
  std::vector<TranscriptItem> items;
  const NodeRow* thought = nullptr;
  const auto place = [&](const std::vector<NodeId>& beside, NodeId node) {
    const auto at = std::find(beside.begin(), beside.end(), node);
    if (at == beside.end()) return;
    items.back().place = static_cast<int>(at - beside.begin()) + 1;
    items.back().places = static_cast<int>(beside.size());
  };
  std::vector<NodeId> replies;
  for (const NodeRow& node : branch) {
    if (!is_generated(node)) {
      thought = nullptr;
      items.push_back(
          {.key = node.id.value, .kind = TranscriptItem::Kind::question, .text = QString::fromStdString(node.text)});
      items.back().note = node.kind == NodeKind::system ? translated("Instruction")
                          : node.created > 0            ? when_text(node.created)
                                                        : QString();
      items.back().bookmarked = node.favourite;
      place(besideQuestion(tree, node), node.id);
      continue;
    }
    if (items.empty() || items.back().kind == TranscriptItem::Kind::question) {
      items.push_back({.key = node.parent.value, .kind = TranscriptItem::Kind::reply});
      replies = repliesTo(tree, node.parent);
    }
    if (node.kind == NodeKind::thought) thought = &node;
    add_generated(items.back(), node, thought);
    items.back().bookmarked |= node.favourite;
    place(replies, node.id);
  }
  if (branch.empty()) return items;
  const NodeRow& last = branch.back();
  if (last.kind == NodeKind::user) items.back().action = translated("Answer");
  if (can_continue(last)) {
    items.back().action = translated("Continue");
    if (last.kind == NodeKind::thought) items.back().action2 = translated("Answer now");
  }
  return items;
}

}  // namespace holdfast
