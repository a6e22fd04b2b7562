#include "training/run_data.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "kernels/error.h"
#include "training/csv.h"
#include "training/generator_source.h"
#include "training/trained_model.h"

namespace holdfast {
namespace {

constexpr std::int64_t run_sample_rows = 256;                   // that a phase's length is estimated from
constexpr std::uint64_t run_held_out_seed = 0x68656c64ULL;      // of every recipe, so that runs can be compared
constexpr std::uint64_t run_validation_seed = 0x76616c6964ULL;  // other problems than any that are trained on

std::shared_ptr<const Tokenizer> run_tokenizer(const TokenizerSource& source, const std::string& label) {
  if (source.kind == TokenizerSource::Kind::none) {
    throw FormatError(label + ": no tokenizer, want tokenizer.model or tokenizer.json beside the weights");
  }
  return Tokenizer::load(source);
}

Mamba2Config run_new_config(const Recipe& recipe, const Tokenizer& tokenizer) {
  Mamba2Config config = *recipe.shape;
  const std::int64_t pieces = tokenizer.size();
  if (config.vocab_size == 0) config.vocab_size = (pieces + 15) / 16 * 16;
  if (config.vocab_size < pieces) {
    throw FormatError(recipe.file.string() + ": model.new.vocab_size: " + std::to_string(config.vocab_size) +
                      ", want at least the tokenizer's " + std::to_string(pieces));
  }
  config.vocab_used = pieces;
  config.bos_token = tokenizer.bos().value_or(-1);
  config.eos_token = tokenizer.eos().value_or(-1);
  config.validate();
  return config;
}

// Files are opened once, however many phases read them.
class DataOpener {
 public:
  DataOpener(const RunOptions& options, cpu::ThreadPool& pool, RunData& data)
      : options_(options), pool_(pool), data_(data) {}

  std::shared_ptr<const RowSource> open(const RecipeData& wanted) {
    if (!wanted.rows_of.empty()) {
      const auto found = options_.sources.find(wanted.rows_of);
      if (found != options_.sources.end()) return found->second;
      throw FormatError(wanted.where + ": source: \"" + wanted.rows_of + "\", want a name that the caller hands over");
    }
    if (!wanted.generators.empty()) return open_generator(wanted);
    auto& source = files_[wanted.file.string()];
    if (!source) source = open_file(wanted.file);
    return source;
  }

 private:
  std::shared_ptr<const RowSource> open_generator(const RecipeData& wanted) {
    try {
      return generator_source({.families = wanted.generators,
                               .first_level = static_cast<int>(wanted.first_level),
                               .last_level = static_cast<int>(wanted.last_level),
                               .create = wanted.create,
                               .turns = static_cast<int>(wanted.turns),
                               .rows = wanted.rows});
    } catch (const FormatError& error) {
      throw FormatError(wanted.where + ": generator: " + error.what());
    }
  }
  std::shared_ptr<const RowSource> open_file(const std::filesystem::path& file) {
    if (file.extension() == ".csv" || file.extension() == ".tsv") return opened(std::make_shared<CsvSource>(file));
    return opened(std::make_shared<JsonlSource>(file, pool_));
  }
  template <class Source>
  std::shared_ptr<const RowSource> opened(const std::shared_ptr<Source>& source) {
    data_.bad_row_count += source->bad_rows();
    data_.bad_rows.insert(data_.bad_rows.end(), source->listed_bad_rows().begin(), source->listed_bad_rows().end());
    return source;
  }
  const RunOptions& options_;
  cpu::ThreadPool& pool_;
  RunData& data_;
  std::map<std::string, std::shared_ptr<const RowSource>> files_;
};

std::int64_t longest_sequence(const Recipe& recipe) {
  std::int64_t longest = 0;
  for (const Phase& phase : recipe.phases) longest = std::max(longest, phase.sequence_length);
  return longest;
}

}  // namespace

RunModel open_run_model(const Recipe& recipe, const RunOptions& options) {
  RunModel model;
  if (!recipe.shape) {
    const std::filesystem::path path =
        options.find_model ? options.find_model(recipe.base) : std::filesystem::path(recipe.base);
    const OpenedModel opened = open_model(path, options.find_model);
    if (opened.begin) {
      throw FormatError(path.string() + ": is a first state, want the model that it was trained on (" +
                        opened.base.string() + ")");
    }
    model.base = opened.checkpoint;
    model.config = model.base->config();
    model.tokenizer_source = model.base->tokenizer();
    model.tokenizer = run_tokenizer(model.tokenizer_source, path.string());
  } else {
    const bool json = recipe.tokenizer.extension() == ".json";
    model.tokenizer_source = {json ? TokenizerSource::Kind::tokenizer_json : TokenizerSource::Kind::sentencepiece,
                              recipe.tokenizer};
    model.tokenizer = run_tokenizer(model.tokenizer_source, recipe.tokenizer.string());
    model.config = run_new_config(recipe, *model.tokenizer);
  }
  if (model.tokenizer->size() > model.config.vocab_size) {
    throw FormatError(recipe.base + ": the tokenizer has " + std::to_string(model.tokenizer->size()) +
                      " tokens, the model knows " + std::to_string(model.config.vocab_size));
  }
  ChatFormat format = ChatFormat::plain;
  if (recipe.chat) {
    format = *recipe.chat;
  } else if (model.base) {
    format = choose_chat_format(*model.base, *model.tokenizer);
  } else if (model.tokenizer->find("<|im_start|>")) {
    format = ChatFormat::chatml;
  }
  model.chat = std::make_shared<ChatTemplate>(format, model.tokenizer);
  return model;
}

std::vector<std::string> RunData::fingerprints() const {
  std::vector<std::string> prints;
  for (const PhaseData& phase : phases) {
    for (const MixturePart& part : phase.parts)
      prints.push_back(part.source->name() + " " + part.source->fingerprint());
  }
  return prints;
}

RunData open_run_data(const Recipe& recipe, const RunOptions& options, const RunModel& model, cpu::ThreadPool& pool) {
  RunData data;
  DataOpener opener(options, pool, data);
  const std::int64_t longest = longest_sequence(recipe);
  RefusedRows refused;
  const auto add_validation = [&](const RowSource& source, std::uint64_t seed, bool solve) {
    data.validation.push_back(validation_set(source, recipe.evaluation.rows, seed, solve, *model.chat, *model.tokenizer,
                                             longest, recipe.evaluation.answers, refused));
  };
  for (const Phase& phase : recipe.phases) {
    PhaseData opened;
    for (const RecipeData& wanted : phase.data) {
      std::shared_ptr<const RowSource> source = opener.open(wanted);
      if (wanted.hold_out > 0) {
        const HeldOut halves = hold_out(source, wanted.hold_out, recipe.seed);
        source = halves.training;
        add_validation(*halves.held_out, recipe.seed, wanted.solve);
      }
      const std::optional<std::int64_t> rows = source->rows();
      opened.finite_rows += rows.value_or(0);
      if (!rows && !wanted.weight && phase.data.size() > 1) {
        throw FormatError(wanted.where + ": phase.data: weight: missing, want one where rows have no end");
      }
      const double weight = wanted.weight.value_or(static_cast<double>(rows.value_or(1)));
      opened.parts.push_back({std::move(source), weight, wanted.solve, wanted.seed});
    }
    if (phase.epochs && opened.finite_rows == 0) {
      throw FormatError(phase.where + ": epochs: " + std::to_string(*phase.epochs) +
                        ", want steps or tokens where no data of the phase has an end");
    }
    data.phases.push_back(std::move(opened));
  }
  for (const RecipeData& wanted : recipe.evaluation.data) {
    add_validation(*opener.open(wanted), wanted.seed.value_or(mix_seed(recipe.seed, run_validation_seed)),
                   wanted.solve);
  }
  for (const RecipeData& wanted : recipe.held_out.data) {
    data.held_out.push_back(validation_set(*opener.open(wanted), recipe.held_out.rows,
                                           wanted.seed.value_or(run_held_out_seed), wanted.solve, *model.chat,
                                           *model.tokenizer, longest, false, refused));
  }
  data.bad_row_count += refused.count;
  data.bad_rows.insert(data.bad_rows.end(), refused.listed.begin(), refused.listed.end());
  return data;
}

BatchPlan phase_plan(const Recipe& recipe, std::size_t phase, const PhaseData& data) {
  const Phase& wanted = recipe.phases[phase];
  BatchPlan plan;
  plan.parts = data.parts;
  plan.order = wanted.order;
  plan.too_long = wanted.too_long;
  plan.seed = mix_seed(recipe.seed, phase);
  plan.sequence_length = wanted.sequence_length;
  plan.batch_tokens = wanted.batch_tokens;
  plan.micro_batch_tokens = std::min(recipe.trainer.micro_batch_tokens, wanted.batch_tokens);
  if (wanted.epochs) {
    plan.rows = std::max<std::int64_t>(
        1, static_cast<std::int64_t>(std::llround(*wanted.epochs * static_cast<double>(data.finite_rows))));
  }
  return plan;
}

PhaseLength phase_length(const Phase& phase, const BatchPlan& plan, const RunModel& model) {
  double tokens = 0.0;
  double padded = 0.0;
  std::int64_t used = 0;
  std::int64_t tried = 0;
  double all_weights = 0.0;
  for (const MixturePart& part : plan.parts) all_weights += part.weight;
  for (std::size_t i = 0; i < plan.parts.size(); ++i) {
    const MixturePart& part = plan.parts[i];
    const auto wanted = std::max<std::int64_t>(
        4, static_cast<std::int64_t>(part.weight / all_weights * static_cast<double>(run_sample_rows)));
    const std::int64_t rows = part.source->rows().value_or(wanted);
    for (std::int64_t k = 0; k < std::min(wanted, rows); ++k, ++tried) {
      try {
        TrainingRow row =
            part.source->row(shuffled_index(k, rows, plan.seed), part.seed.value_or(mix_seed(plan.seed, i)));
        row.solve = row.solve || part.solve;
        const RowPieces cut = cut_row(encode_row(row, *model.chat, *model.tokenizer), plan.sequence_length,
                                      plan.too_long, row.messages.empty());
        for (const EncodedRow& piece : cut.pieces) {
          tokens += static_cast<double>(piece.tokens.size()) - 1.0;
          padded += static_cast<double>(padded_tokens(piece));
        }
        ++used;
      } catch (const FormatError&) {  // the batcher lists it when its turn comes
      }
    }
  }
  if (used == 0) throw FormatError(phase.where + ": phase \"" + phase.name + "\": no row of a sample could be used");
  PhaseLength length;
  length.tokens_per_row = tokens / static_cast<double>(used);
  length.filled = tokens / padded;
  const auto batch = static_cast<double>(plan.batch_tokens);
  if (phase.steps) {
    length.steps = *phase.steps;
  } else if (phase.tokens) {
    length.steps = static_cast<std::int64_t>(std::ceil(static_cast<double>(*phase.tokens) / (batch * length.filled)));
  } else {
    const double rows = static_cast<double>(plan.rows) * static_cast<double>(used) / static_cast<double>(tried);
    length.steps = static_cast<std::int64_t>(std::ceil(rows * padded / static_cast<double>(used) / batch));
  }
  length.steps = std::max<std::int64_t>(length.steps, 1);
  return length;
}

TrainerConfig run_trainer_config(const Recipe& recipe, DeviceKind where) {
  TrainerConfig config = recipe.trainer;
  if (recipe.compute_by_device) config.compute = where == DeviceKind::cuda ? DType::bf16 : DType::f32;
  std::int64_t largest = 0;
  for (const Phase& phase : recipe.phases) largest = std::max(largest, phase.batch_tokens);
  config.micro_batch_tokens = std::min(config.micro_batch_tokens, (largest + 63) / 64 * 64);
  return config;
}

}  // namespace holdfast
