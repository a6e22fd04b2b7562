#include "app/services/generate_service.h"

#include <algorithm>
#include <cctype>
#include <set>
#include <utility>

#include "app/files/paths.h"
#include "app/store/problem_batch.h"
#include "app/store/state_files.h"
#include "engine/atomic_file.h"
#include "engine/mapped_file.h"
#include "kernels/error.h"
#include "training/dataset_import.h"
#include "training/row.h"

namespace holdfast {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t shown_hash_digits = 12;

ProblemRow row_of(ProblemSetId set, const MadeProblem& made) {
  return {.set = set,
          .statement = made.problem,
          .answer = made.answer,
          .level = made.level,
          .concepts = made.concepts,
          .verdict = std::string(name(made.verdict)),
          .status = is_kept(made) ? ProblemStatus::fresh : ProblemStatus::rejected,
          .made = made_problem_line(made)};
}

// A set's name as a file's: letters, digits and dashes.
std::string file_name_of(std::string_view set) {
  std::string name;
  for (const char c : set) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0;
    if (plain) {
      name += c;
    } else if (!name.empty() && name.back() != '-') {
      name += '-';
    }
  }
  while (name.ends_with('-')) name.pop_back();
  return name.empty() ? "problems" : name;
}

}  // namespace

GenerateService::GenerateService(const fs::path& dataDir, int threads, QObject* parent)
    : QObject(parent), dataDir_(dataDir), threads_(threads), lookup_(Job::AtEnd::finish) {
  connect(&job_, &Job::failed, this, &GenerateService::failed);
  connect(&lookup_, &Job::failed, this, &GenerateService::failed);
}

GenerateService::~GenerateService() { stop_.request_stop(); }

void GenerateService::start() {
  lookup_.post([this](const std::stop_token&) {
    store_ = std::make_unique<Store>(dataDir_ / "holdfast.db", StoreOptions{.check = false});
    announceSets(*store_);
    auto bank = std::make_shared<ConceptBank>(ConceptBank::load(resource_dir() / "concepts" / "concepts.tsv"));
    bank->count(family_concept_lists());
    QMetaObject::invokeMethod(
        this,
        [this, bank] {
          means_.bank = bank;
          emit bankLoaded(bank);
        },
        Qt::QueuedConnection);
  });
}

void GenerateService::setModel(const SharedModel& model, const QString& name, const QString& chatFormat) {
  means_.model = model;
  means_.name = name.toStdString();
  means_.chatFormat = chatFormat.toStdString();
}

void GenerateService::post(std::function<void(Store&)> work) {
  lookup_.post([this, work = std::move(work)](const std::stop_token&) {
    if (!store_) throw StoreError(tr("The database is not open.").toStdString());
    work(*store_);
  });
}

void GenerateService::announceSets(Store& store) { emit setsListed(store.problem_sets()); }

std::string GenerateService::freeName(const Store& store, const QString& name, ProblemSetId set) {
  const std::string wanted = name.trimmed().toStdString();
  for (const ProblemSetRow& row : store.problem_sets()) {
    if (row.name == wanted && row.id != set)
      throw ArgumentError(tr("Another set is called \u201c%1\u201d.").arg(name.trimmed()).toStdString());
  }
  return wanted;
}

void GenerateService::createSet(const QString& name) {
  post([this, name](Store& store) {
    const std::string wanted = freeName(store, name, {});
    const ProblemSetId set = store.create_problem_set(wanted);
    announceSets(store);
    emit setOpened(set, {});
  });
}

void GenerateService::renameSet(ProblemSetId set, const QString& name) {
  post([this, set, name](Store& store) {
    store.rename_problem_set(set, freeName(store, name, set));
    announceSets(store);
  });
}

void GenerateService::removeSet(ProblemSetId set) {
  if (running_) {
    emit failed(tr("No set can be deleted while problems are made: stop that first."));
    return;
  }
  post([this, set](Store& store) {
    store.remove_problem_set(set);
    announceSets(store);
  });
}

void GenerateService::openSet(ProblemSetId set) {
  post([this, set](Store& store) { emit setOpened(set, store.problems(set)); });
}

MakingRow GenerateService::making() const {
  const std::scoped_lock lock(mutex_);
  return making_;
}

// What comes is laid where the window looks for it.
PromptCotEvents GenerateService::watching() {
  const auto change = [this](auto act) {
    const std::scoped_lock lock(mutex_);
    act(making_);
  };
  return {.on_concepts = [change](const MadeProblem& made) { change([&](MakingRow& row) { row = {.row = made}; }); },
          .on_rationale = [change](std::string_view piece) { change([&](MakingRow& row) { row.rationale += piece; }); },
          .on_problem = [change](std::string_view piece) { change([&](MakingRow& row) { row.problem += piece; }); },
          .on_checked =
              [change](const MadeProblem& made) {
                change([&](MakingRow& row) {
                  row.row = made;
                  row.rationale = made.rationale;
                  row.problem = made.problem;
                });
              },
          .on_vote = [change](const MadeVote&, std::string_view) { change([](MakingRow& row) { ++row.votes; }); },
          .on_token = {}};
}

void GenerateService::make(ProblemSetId set, const PromptCotOptions& options, std::int64_t count) {
  if (running_) return;
  running_ = true;
  stop_ = std::stop_source();
  emit runningChanged();
  job_.post([this, means = means_, set, options, count, source = stop_](const std::stop_token& end) mutable {
    const std::stop_callback link(end, [&source] { source.request_stop(); });
    std::exception_ptr fault;
    try {
      makeRows(means, set, options, count, source.get_token());
    } catch (...) {
      fault = std::current_exception();
    }
    QMetaObject::invokeMethod(
        this,
        [this] {
          running_ = false;
          emit runningChanged();
        },
        Qt::QueuedConnection);
    if (fault) std::rethrow_exception(fault);
  });
}

void GenerateService::makeRows(const Means& means, ProblemSetId set, const PromptCotOptions& options,
                               std::int64_t count, const std::stop_token& stop) {
  Store store(dataDir_ / "holdfast.db", {.check = false});
  if (!means.bank) throw ArgumentError("the concept bank is not loaded");
  const bool model_needed = options.source == MadeSource::model || options.solve > 0 || options.judges > 0;
  if (model_needed && !means.model.model)
    throw ArgumentError("a model is needed to make or solve problems: open one first");
  std::optional<Stream> stream;
  std::optional<PromptCotModel> model;
  if (model_needed) {
    stream.emplace(means.model.model->device(), threads_);
    model = PromptCotModel{
        .name = means.name,
        .model = means.model.model,
        .tokenizer = means.model.tokenizer,
        .chat = std::make_shared<const ChatTemplate>(chat_format(means.chatFormat), means.model.tokenizer),
        .stream = &*stream};
  }
  PromptCot maker(means.bank, options, std::move(model));
  // Rows of the same settings are gone on with; of others only nothing alike is made again.
  for (const ProblemRow& row : store.problems(set)) {
    const MadeProblem made = parse_made_problem(row.made, "problem " + std::to_string(row.id.value));
    if (made.run == maker.run() && made.index == maker.next_index()) {
      maker.resume(made);
    } else if (is_kept(made)) {
      maker.keep(made);
    }
  }
  const PromptCotEvents events = watching();
  for (std::int64_t i = 0; i < count && !stop.stop_requested(); ++i) {
    const std::optional<MadeProblem> made = maker.make(events, stop);
    if (!made) return;
    ProblemRow row = row_of(set, *made);
    row.id = store.add_problem(row);
    emit rowMade(store.problem(row.id).value());
    announceSets(store);
  }
}

void GenerateService::stop() { stop_.request_stop(); }

void GenerateService::decide(ProblemId problem, ProblemStatus status) {
  post([this, problem, status](Store& store) {
    store.set_problem_status(problem, status);
    emit rowChanged(store.problem(problem).value());
    announceSets(store);
  });
}

void GenerateService::edit(const ProblemRow& row, const QString& statement, const QString& answer) {
  post([this, row, statement, answer](Store& store) {
    MadeProblem made = parse_made_problem(row.made, "problem " + std::to_string(row.id.value));
    // The solution led to the old text: with another statement it proves nothing any more.
    if (statement.toStdString() != made.problem) made.solution.clear();
    made.problem = statement.toStdString();
    made.answer = answer.toStdString();
    ProblemRow changed = row;
    changed.statement = made.problem;
    changed.answer = made.answer;
    changed.made = made_problem_line(made);
    store.edit_problem(changed);
    emit rowChanged(store.problem(row.id).value());
  });
}

std::vector<MadeProblem> GenerateService::accepted(Store& store, ProblemSetId set, bool all) {
  std::vector<MadeProblem> rows;
  for (const ProblemRow& row : store.problems(set)) {
    if (all || row.status == ProblemStatus::accepted) {
      rows.push_back(parse_made_problem(row.made, "problem " + std::to_string(row.id.value)));
    }
  }
  return rows;
}

void GenerateService::importFile(ProblemSetId set, const QString& file) {
  post([this, set, file](Store& store) {
    const ImportedProblems read = import_problems(file.toStdString());
    ImportedFile told{.file = file, .added = 0, .known = 0, .bad = read.bad_rows};
    if (!read.listed.empty()) {
      told.firstBad = QString::fromStdString(read.listed.front().place + ": " + read.listed.front().reason);
    }
    std::set<std::string> known;
    for (const ProblemRow& row : store.problems(set)) known.insert(row.statement);
    std::vector<ProblemRow> rows;
    for (const MadeProblem& made : read.problems) {
      if (known.insert(made.problem).second) {
        rows.push_back(row_of(set, made));
      } else {
        ++told.known;
      }
    }
    add_problems(store.file(), rows);
    told.added = std::ssize(rows);
    announceSets(store);
    emit setOpened(set, store.problems(set));
    emit imported(told);
  });
}

void GenerateService::exportSet(ProblemSetId set, const QString& file, DatasetFormat format) {
  post([this, set, file, format](Store& store) {
    const std::vector<MadeProblem> rows = accepted(store, set, format == DatasetFormat::rows);
    emit exported(file, write_dataset(file.toStdString(), rows, format));
  });
}

void GenerateService::exportCard(ProblemSetId set, const QString& file) {
  post([this, set, file](Store& store) {
    std::string title = "problems";
    for (const ProblemSetRow& row : store.problem_sets()) {
      if (row.id == set) title = row.name;
    }
    const std::vector<MadeProblem> rows = accepted(store, set, true);
    write_file_atomically(file.toStdString(), dataset_card(rows, title));
    emit exported(file, std::ssize(rows));
  });
}

void GenerateService::writeTrainingFile(ProblemSetId set, int phase) {
  post([this, set, phase](Store& store) {
    const auto [file, rows] = writeAccepted(store, set, DatasetFormat::prompt, ".jsonl");
    emit trainingFileWritten(phase, file, rows);
  });
}

void GenerateService::writeSuite(ProblemSetId set) {
  post([this, set](Store& store) {
    const auto [file, rows] = writeAccepted(store, set, DatasetFormat::rows, ".suite.jsonl");
    emit suiteWritten(file, rows);
  });
}

std::pair<QString, qint64> GenerateService::writeAccepted(Store& store, ProblemSetId set, DatasetFormat format,
                                                          const char* ending) const {
  std::string title;
  for (const ProblemSetRow& row : store.problem_sets()) {
    if (row.id == set) title = row.name;
  }
  const std::vector<MadeProblem> rows = accepted(store, set, false);
  if (rows.empty())
    throw ArgumentError(tr("No problem of this set is accepted yet: accept some (A) first.").toStdString());
  const DatasetText all = dataset_text(rows, format);
  if (all.rows == 0) {
    throw ArgumentError(
        tr("No accepted problem of this set has an answer: have them solved, or use the generators.").toStdString());
  }
  // Named by its content too: runs and evaluations go on reading the rows that they were begun with, whatever becomes
  // of the set and of its name.
  const std::string hash = piece_hash(std::as_bytes(std::span(all.text))).substr(0, shown_hash_digits);
  const fs::path folder = dataDir_ / "problems";
  fs::create_directories(folder);
  const fs::path file = folder / (file_name_of(title) + "-" + hash + ending);
  if (!fs::exists(file)) {
    AtomicFile out(file, IfExists::refuse);
    out.write(all.text);
    out.commit();
  } else if (const auto there = MappedFile::open(file);
             !std::ranges::equal(there->bytes(), std::as_bytes(std::span(all.text)))) {
    throw IoError(tr("%1: changed since it was written, so it is left as it is; move it away to write these problems.")
                      .arg(QString::fromStdString(file.string()))
                      .toStdString());
  }
  return {QString::fromStdString(file.string()), all.rows};
}

void GenerateService::preview(const ProblemRow& row) {
  if (!means_.model.tokenizer) return;
  post([this, row, tokenizer = means_.model.tokenizer, format = means_.chatFormat](Store&) {
    const MadeProblem made = parse_made_problem(row.made, "problem");
    std::vector<TrainingPiece> pieces;
    if (!made.answer.empty()) {
      const ChatTemplate chat(chat_format(format), tokenizer);
      const TrainingRow training = parse_training_row(dataset_line(made, DatasetFormat::prompt), "problem");
      const EncodedRow encoded = encode_row(training, chat, *tokenizer);
      std::string text;
      bool learned = false;
      const auto close = [&] {
        if (!text.empty()) pieces.push_back({.text = QString::fromStdString(text), .learned = learned});
        text.clear();
      };
      for (std::size_t i = 0; i < encoded.tokens.size(); ++i) {
        if ((encoded.weights[i] > 0.0f) != learned) {
          close();
          learned = encoded.weights[i] > 0.0f;
        }
        const std::string_view bytes = tokenizer->bytes(encoded.tokens[i]);
        text += bytes.empty() ? tokenizer->piece(encoded.tokens[i]) : std::string(bytes);
      }
      close();
    }
    emit previewed(row.id, pieces);
  });
}

}  // namespace holdfast
