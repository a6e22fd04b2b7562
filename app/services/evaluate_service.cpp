#include "app/services/evaluate_service.h"

#include <QFileInfo>
#include <algorithm>
#include <utility>

#include "app/files/paths.h"
#include "app/files/run_products.h"
#include "app/store/store.h"
#include "kernels/error.h"
#include "training/dataset.h"
#include "training/generators/catalogue.h"
#include "training/suite.h"

namespace holdfast {
namespace {

constexpr int evaluate_most_problems = 100000;

std::vector<EvaluationItem> fresh_items(const EvaluationSuite& suite) {
  std::vector<const generators::Family*> families;
  for (const generators::Family& family : generators::catalogue()) {
    const bool wanted = std::ranges::find(suite.families, "all") != suite.families.end() ||
                        std::ranges::find(suite.families, family.name) != suite.families.end();
    if (wanted && family.least_level <= suite.lastLevel && family.most_level >= suite.firstLevel) {
      families.push_back(&family);
    }
  }
  if (families.empty()) throw FormatError("no family of problems has these levels");
  std::vector<EvaluationItem> items;
  for (int i = 0; i < suite.count; ++i) {
    const std::uint64_t seed = mix_seed(suite.seed, static_cast<std::uint64_t>(i));
    const generators::Family& family = *families[seed % families.size()];
    const int least = std::max(suite.firstLevel, family.least_level);
    const int most = std::min(suite.lastLevel, family.most_level);
    const int level = least + static_cast<int>((seed >> 32) % static_cast<std::uint64_t>(most - least + 1));
    const Problem problem = generators::make_problem(family, level, seed);
    EvaluationItem item{.number = i, .problem = problem.statement, .expected = problem.answer, .level = problem.level};
    for (const std::string_view name : problem.concepts) item.concepts.emplace_back(name);
    items.push_back(std::move(item));
  }
  return items;
}

}  // namespace

std::vector<EvaluationItem> items_of(const EvaluationSuite& suite) {
  if (suite.file.isEmpty()) return fresh_items(suite);
  std::vector<EvaluationItem> items;
  for (SuiteItem& item : load_suite(suite.file.toStdString())) {
    EvaluationItem row{.number = std::ssize(items), .problem = item.problem, .expected = item.answer};
    if (item.level) row.level = *item.level;
    row.concepts = std::move(item.concepts);
    items.push_back(std::move(row));
  }
  if (items.empty()) throw FormatError(suite.file.toStdString() + ": no problems in it");
  if (std::ssize(items) > evaluate_most_problems) {
    throw FormatError(suite.file.toStdString() + ": " + std::to_string(items.size()) + " problems, want at most " +
                      std::to_string(evaluate_most_problems));
  }
  return items;
}

QString suite_name(const EvaluationSuite& suite) {
  if (!suite.file.isEmpty()) return QFileInfo(suite.file).fileName();
  QStringList families;
  for (const std::string& family : suite.families) families << QString::fromStdString(family);
  const bool all = families.contains(QStringLiteral("all"));
  return EvaluateService::tr("%1 %2, levels %3 to %4, seed %5")
      .arg(suite.count)
      .arg(all ? EvaluateService::tr("fresh problems") : families.join(QStringLiteral(", ")))
      .arg(suite.firstLevel)
      .arg(suite.lastLevel)
      .arg(suite.seed);
}

EvaluateService::EvaluateService(const std::filesystem::path& dataDir, QObject* parent)
    : QObject(parent),
      dataDir_(dataDir),
      store_([this] { return std::make_unique<EvaluationStore>(dataDir_ / "holdfast.db"); },
             [this](EvaluationStore& store) { return look(store); }) {
  connect(&store_.job(), &Job::failed, this, &EvaluateService::failed);
}

void EvaluateService::start() { store_.start(); }

bool EvaluateService::look(EvaluationStore& store) {
  store.recover();
  launchNext(store);
  std::vector<EvaluationRow> rows = store.evaluations();
  const auto row_of = [](const std::vector<EvaluationRow>& list, EvaluationId id) -> const EvaluationRow* {
    const auto found = std::ranges::find(list, id, &EvaluationRow::id);
    return found == list.end() ? nullptr : &*found;
  };
  const auto changed = [&](EvaluationId id) {
    const EvaluationRow* now = row_of(rows, id);
    const EvaluationRow* before = row_of(known_, id);
    return now != nullptr && (before == nullptr || !(*before == *now));
  };
  const bool detail = other_ || changed(watched_) || changed(beside_);
  if (!told_ || rows != known_) {
    known_ = std::move(rows);
    told_ = true;
    emit evaluationsChanged(known_);
  }
  const bool active = std::ranges::any_of(known_, [](const EvaluationRow& row) {
    return row.state == EvaluationState::running || row.state == EvaluationState::waiting;
  });
  if (!detail || !watched_) return active;
  other_ = false;
  const auto read = [&](EvaluationId id) -> std::shared_ptr<const EvaluationDetail> {
    const EvaluationRow* row = row_of(known_, id);
    if (row == nullptr) return nullptr;
    EvaluationDetail read_now{*row, store.items(id), {}};
    const std::optional<RunProduct> named = find_product(dataDir_, row->model);
    const std::optional<RunProduct> made = named ? named : product_of(row->model);
    if (made) read_now.heldOut = store.held_out(made->run, made->step);
    return std::make_shared<EvaluationDetail>(std::move(read_now));
  };
  if (auto shown = read(watched_)) emit detailChanged(std::move(shown), beside_ ? read(beside_) : nullptr);
  return active;
}

void EvaluateService::launchNext(EvaluationStore& store) {
  line_.launchNext({.next = [&] { return store.next(); },
                    .waits =
                        [&](EvaluationId id) {
                          const std::optional<EvaluationRow> row = store.evaluation(id);
                          return row && row->state == EvaluationState::waiting;
                        },
                    .order =
                        [this](EvaluationId id) {
                          const QString number = QString::number(id.value);
                          return WorkerOrder{{QStringLiteral("eval"), QStringLiteral("--evaluation"), number,
                                              QStringLiteral("--data-dir"), QString::fromStdString(dataDir_.string())},
                                             dataDir_ / "evaluations" / ("evaluation-" + number.toStdString() + ".log")};
                        },
                    .fail = [&](EvaluationId id, const std::string& why) { store.fail_waiting(id, why); }},
                   tr("The evaluation ended at once."));
}

void EvaluateService::watch(EvaluationId evaluation, EvaluationId beside) {
  store_.post([this, evaluation, beside](EvaluationStore&) {
    watched_ = evaluation;
    beside_ = beside;
    other_ = true;
  });
}

void EvaluateService::create(const QStringList& models, const EvaluationSuite& suite, const EvaluationRow& how) {
  store_.post([this, models, suite, how](EvaluationStore& store) {
    try {
      const std::vector<EvaluationItem> items = items_of(suite);
      for (const QString& model : models) (void)resolve_model(model.toStdString(), dataDir_);
      EvaluationId first{}, last{};
      for (const QString& model : models) {
        EvaluationRow row = how;
        row.model = model.toStdString();
        row.suite = suite_name(suite).toStdString();
        last = store.add(row, items);
        if (!first) first = last;
      }
      emit created(first, last);
    } catch (const StoreError&) {
      throw;
    } catch (const Error& error) {
      emit refused(QString::fromUtf8(error.what()));
    }
  });
}

void EvaluateService::stop(EvaluationId evaluation) {
  store_.post([evaluation](EvaluationStore& store) { store.want_stop(evaluation); });
}
void EvaluateService::resume(EvaluationId evaluation) {
  store_.post([evaluation](EvaluationStore& store) { store.queue(evaluation); });
}
void EvaluateService::remove(EvaluationId evaluation) {
  store_.post([evaluation](EvaluationStore& store) { store.remove(evaluation); });
}

}  // namespace holdfast
