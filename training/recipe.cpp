#include "training/recipe.h"

#include <toml++/toml.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <sstream>
#include <utility>

#include "engine/mapped_file.h"
#include "engine/shape.h"
#include "kernels/error.h"
#include "training/recipe_text.h"

namespace holdfast {
namespace {

constexpr std::size_t recipe_most_bytes = std::size_t{1} << 20;
constexpr std::int64_t recipe_most_steps = std::int64_t{1} << 40;

std::string recipe_value_text(const toml::node& node) {
  std::ostringstream text;
  node.visit([&](const auto& value) {
    if constexpr (toml::is_table<decltype(value)>) {
      text << "a table";
    } else if constexpr (toml::is_array<decltype(value)>) {
      text << "a list";
    } else if constexpr (toml::is_string<decltype(value)>) {
      text << '"' << value.get() << '"';
    } else {
      text << value;
    }
  });
  return text.str().substr(0, 80);
}

// One table of the recipe: gives values by key with their rules, and knows which keys nobody asked for.
class RecipeTable {
 public:
  RecipeTable(const toml::table& table, std::string path, std::string file)
      : table_(&table), path_(std::move(path)), file_(std::move(file)) {}

  [[nodiscard]] bool has(std::string_view key) const { return table_->contains(key); }
  [[nodiscard]] std::string where() const { return file_ + ":" + std::to_string(table_->source().begin.line); }

  [[noreturn]] void fail(std::string_view key, const std::string& rule) const {
    const toml::node* node = table_->get(key);
    const auto line = node != nullptr ? node->source().begin.line : table_->source().begin.line;
    throw FormatError(file_ + ":" + std::to_string(line) + ": " + path_ + std::string(key) + ": " +
                      (node != nullptr ? recipe_value_text(*node) : "missing") + ", want " + rule);
  }

  std::optional<std::string> text(std::string_view key) {
    const toml::node* node = take(key);
    if (node == nullptr) return std::nullopt;
    if (!node->is_string()) fail(key, "a string");
    return node->as_string()->get();
  }
  std::optional<bool> flag(std::string_view key) {
    const toml::node* node = take(key);
    if (node == nullptr) return std::nullopt;
    if (!node->is_boolean()) fail(key, "true or false");
    return node->as_boolean()->get();
  }
  std::optional<std::int64_t> whole(std::string_view key, std::int64_t least, std::int64_t most) {
    const toml::node* node = take(key);
    if (node == nullptr) return std::nullopt;
    const std::string rule = "a whole number from " + std::to_string(least) + " to " + std::to_string(most);
    if (!node->is_integer()) fail(key, rule);
    const std::int64_t value = node->as_integer()->get();
    if (value < least || value > most) fail(key, rule);
    return value;
  }
  std::optional<double> number(std::string_view key, double least, double most, const std::string& rule) {
    const toml::node* node = take(key);
    if (node == nullptr) return std::nullopt;
    if (!node->is_number()) fail(key, rule);
    const double value =
        node->is_integer() ? static_cast<double>(node->as_integer()->get()) : node->as_floating_point()->get();
    if (!(value >= least && value <= most)) fail(key, rule);
    return value;
  }
  // One string, or a list of them.
  std::optional<std::vector<std::string>> texts(std::string_view key) {
    const toml::node* node = take(key);
    if (node == nullptr) return std::nullopt;
    if (node->is_string()) return std::vector<std::string>{node->as_string()->get()};
    if (!node->is_array()) fail(key, "a string or a list of strings");
    std::vector<std::string> values;
    for (const toml::node& item : *node->as_array()) {
      if (!item.is_string()) fail(key, "a list of strings");
      values.push_back(item.as_string()->get());
    }
    return values;
  }
  std::optional<std::vector<double>> numbers(std::string_view key, std::size_t count, const std::string& rule) {
    const toml::node* node = take(key);
    if (node == nullptr) return std::nullopt;
    if (!node->is_array() || node->as_array()->size() != count) fail(key, rule);
    std::vector<double> values;
    for (const toml::node& item : *node->as_array()) {
      const auto value = item.value<double>();
      if (!value || !std::isfinite(*value)) fail(key, rule);
      values.push_back(*value);
    }
    return values;
  }
  // The value of one of these words.
  template <class T>
  std::optional<T> choice(std::string_view key, std::initializer_list<std::pair<std::string_view, T>> words) {
    const auto given = text(key);
    if (!given) return std::nullopt;
    std::string rule;
    for (const auto& [word, value] : words) {
      if (*given == word) return value;
      rule += (rule.empty() ? "" : ", ") + std::string(word);
    }
    fail(key, "one of " + rule);
  }
  std::optional<RecipeTable> table(std::string_view key) {
    const toml::node* node = take(key);
    if (node == nullptr) return std::nullopt;
    if (!node->is_table()) fail(key, "a table");
    return RecipeTable(*node->as_table(), path_ + std::string(key) + ".", file_);
  }
  std::vector<RecipeTable> tables(std::string_view key) {
    const toml::node* node = take(key);
    std::vector<RecipeTable> list;
    if (node == nullptr) return list;
    if (!node->is_array()) fail(key, "a list of tables");
    for (const toml::node& item : *node->as_array()) {
      if (!item.is_table()) fail(key, "a list of tables");
      list.emplace_back(*item.as_table(), path_ + std::string(key) + "[" + std::to_string(list.size()) + "].", file_);
    }
    return list;
  }
  // Call last: whatever was not asked for is a mistake in writing.
  void done() const {
    for (const auto& [key, node] : *table_) {
      if (taken_.contains(std::string(key.str()))) continue;
      std::string known;
      for (const std::string& name : taken_) known += (known.empty() ? "" : ", ") + name;
      throw FormatError(file_ + ":" + std::to_string(node.source().begin.line) + ": " + path_ + std::string(key.str()) +
                        ": unknown, want one of " + known);
    }
  }

 private:
  const toml::node* take(std::string_view key) {
    taken_.emplace(key);
    return table_->get(key);
  }
  const toml::table* table_;
  std::string path_;
  std::string file_;
  std::set<std::string> taken_;
};

// A path of the recipe, from its folder.
std::filesystem::path recipe_path(const std::filesystem::path& recipe, const std::string& named) {
  const std::filesystem::path path(named);
  return path.is_absolute() ? path : (recipe.parent_path() / path).lexically_normal();
}

RecipeData read_data(RecipeTable table, const std::filesystem::path& recipe) {
  RecipeData data;
  data.where = table.where();
  if (const auto file = table.text("file")) data.file = recipe_path(recipe, *file);
  data.rows_of = table.text("source").value_or("");
  data.generators = table.texts("generator").value_or(std::vector<std::string>{});
  const int given = (data.file.empty() ? 0 : 1) + (data.rows_of.empty() ? 0 : 1) + (data.generators.empty() ? 0 : 1);
  if (given != 1) table.fail(table.has("file") ? "file" : "generator", "one of file, generator and source");
  if (const auto levels = table.numbers("levels", 2, "two levels from 1 to 5, the easier one first")) {
    data.first_level = static_cast<std::int64_t>((*levels)[0]);
    data.last_level = static_cast<std::int64_t>((*levels)[1]);
    if (data.first_level < 1 || data.last_level > 5 || data.first_level > data.last_level) {
      table.fail("levels", "two levels from 1 to 5, the easier one first");
    }
  }
  data.turns = table.whole("turns", 1, 64).value_or(1);
  data.create = table.choice<bool>("kind", {{"solve", false}, {"create", true}}).value_or(false);
  data.rows = table.whole("rows", 1, recipe_most_steps);
  data.weight = table.number("weight", 1e-9, 1e9, "a number above 0");
  data.hold_out = table.whole("hold_out", 0, recipe_most_steps).value_or(0);
  data.solve = table.flag("solve").value_or(false);
  if (const auto seed = table.whole("seed", 0, std::numeric_limits<std::int64_t>::max())) {
    data.seed = static_cast<std::uint64_t>(*seed);
  }
  if (data.generators.empty() &&
      (data.rows || table.has("levels") || table.has("turns") || table.has("kind") || data.seed)) {
    const char* key = data.rows             ? "rows"
                      : table.has("levels") ? "levels"
                      : table.has("turns")  ? "turns"
                      : table.has("kind")   ? "kind"
                                            : "seed";
    table.fail(key, "it beside `generator` alone");
  }
  table.done();
  return data;
}

std::vector<RecipeData> read_mixture(RecipeTable& table, const std::filesystem::path& recipe) {
  std::vector<RecipeData> parts;
  for (RecipeTable& part : table.tables("data")) parts.push_back(read_data(std::move(part), recipe));
  return parts;
}

Gate read_gate(RecipeTable table) {
  Gate gate;
  gate.kind = table
                  .choice<GateKind>("kind", {{"fixed", GateKind::fixed},
                                             {"plateau", GateKind::plateau},
                                             {"validation", GateKind::validation}})
                  .value_or(GateKind::fixed);
  gate.patience = table.whole("patience", 1, 1000000).value_or(gate.patience);
  gate.min_delta = table.number("min_delta", 0.0, 1e6, "a number from 0 on").value_or(0.0);
  gate.at_least = table.number("at_least", 0.0, 1.0, "a share from 0 to 1");
  gate.loss_at_most = table.number("loss_at_most", 0.0, 1e6, "a number from 0 on");
  if (gate.kind == GateKind::validation && !gate.at_least && !gate.loss_at_most) {
    table.fail("at_least", "at_least or loss_at_most beside kind = \"validation\"");
  }
  table.done();
  return gate;
}

void read_phase_schedule(RecipeTable& table, Phase& phase) {
  phase.schedule = table
                       .choice<ScheduleKind>("schedule", {{"constant", ScheduleKind::constant},
                                                          {"cosine", ScheduleKind::cosine},
                                                          {"linear", ScheduleKind::linear}})
                       .value_or(phase.schedule);
  const auto rate = table.number("learning_rate", 0.0, 10.0, "a number from 0 to 10");
  if (!rate) table.fail("learning_rate", "a number from 0 to 10");
  phase.learning_rate = *rate;
  phase.end_ratio = table.number("end_ratio", 0.0, 1.0, "a share of the rate from 0 to 1").value_or(0.0);
  phase.warmup = table.whole("warmup_steps", 0, recipe_most_steps).value_or(0);
  phase.continues_schedule =
      table.choice<bool>("schedule_start", {{"warm_up", false}, {"continue", true}}).value_or(false);
  phase.resets_optimiser = table.choice<bool>("optimiser", {{"keep", false}, {"reset", true}}).value_or(false);
}

Phase read_phase(RecipeTable table, const std::filesystem::path& recipe, std::size_t number) {
  Phase phase;
  phase.where = table.where();
  phase.name = table.text("name").value_or("phase " + std::to_string(number + 1));
  phase.data = read_mixture(table, recipe);
  if (phase.data.empty()) table.fail("data", "at least one [[phase.data]]");
  phase.order = table
                    .choice<RowOrder>("order", {{"shuffled", RowOrder::shuffled},
                                                {"difficulty", RowOrder::difficulty},
                                                {"as_is", RowOrder::as_is}})
                    .value_or(phase.order);
  phase.too_long =
      table.choice<TooLong>("too_long", {{"cut", TooLong::cut}, {"split", TooLong::split}, {"refuse", TooLong::refuse}})
          .value_or(phase.too_long);
  phase.sequence_length = table.whole("sequence_length", 1, 1 << 24).value_or(phase.sequence_length);
  phase.batch_tokens = table.whole("batch_tokens", 64, std::int64_t{1} << 32).value_or(phase.batch_tokens);
  phase.steps = table.whole("steps", 1, recipe_most_steps);
  phase.tokens = table.whole("tokens", 1, std::int64_t{1} << 50);
  phase.epochs = table.number("epochs", 1e-6, 1e6, "a number above 0");
  const int lengths = (phase.steps ? 1 : 0) + (phase.tokens ? 1 : 0) + (phase.epochs ? 1 : 0);
  if (lengths != 1) table.fail("steps", "one of steps, tokens and epochs");
  read_phase_schedule(table, phase);
  if (auto gate = table.table("gate")) phase.gate = read_gate(*std::move(gate));
  table.done();
  return phase;
}

Mamba2Config read_shape(RecipeTable& model) {
  try {
    if (auto table = model.table("new")) {
      Mamba2Config config;
      const auto size = [&](std::string_view key, std::optional<std::int64_t> otherwise) {
        const auto value = table->whole(key, 1, std::int64_t{1} << 31);
        if (!value && !otherwise) table->fail(key, "a whole number");
        return value.value_or(otherwise.value_or(0));
      };
      config.d_model = size("d_model", {});
      config.n_layer = size("n_layer", {});
      config.head_dim = size("head_dim", 64);
      config.n_heads = size("n_heads", std::max<std::int64_t>(1, 2 * config.d_model / config.head_dim));
      config.d_state = size("d_state", 128);
      config.n_groups = size("n_groups", 1);
      config.d_conv = size("d_conv", 4);
      config.vocab_size = table->whole("vocab_size", 1, std::int64_t{1} << 31).value_or(0);  // 0: the tokenizer's
      config.tied_embeddings = table->flag("tied_embeddings").value_or(true);
      table->done();
      return config;
    }
    return shape_config(*model.text("shape"));
  } catch (const ArgumentError& error) {
    model.fail("shape", std::string("a shape: ") + error.what());
  }
}

void read_model(Recipe& recipe, RecipeTable table) {
  const int given = (table.has("base") ? 1 : 0) + (table.has("new") ? 1 : 0) + (table.has("shape") ? 1 : 0);
  if (given != 1) table.fail("base", "one of base, new and shape");
  if (const auto base = table.text("base")) {
    const std::filesystem::path beside = recipe_path(recipe.file, *base);
    recipe.base = std::filesystem::exists(beside) ? beside.string() : *base;
  } else {
    recipe.shape = read_shape(table);
  }
  if (const auto tokenizer = table.text("tokenizer")) recipe.tokenizer = recipe_path(recipe.file, *tokenizer);
  if (recipe.shape && recipe.tokenizer.empty()) table.fail("tokenizer", "the tokenizer's file for a new model");
  recipe.chat = table.choice<ChatFormat>(
      "template", {{"chatml", ChatFormat::chatml}, {"mistral", ChatFormat::mistral}, {"plain", ChatFormat::plain}});
  table.done();
}

LoraConfig read_lora(RecipeTable table) {
  LoraConfig lora;
  lora.rank = table.whole("rank", 1, 65536).value_or(lora.rank);
  lora.alpha = static_cast<float>(table.number("alpha", -1e6, 1e6, "a number other than 0").value_or(lora.alpha));
  if (lora.alpha == 0.0f) table.fail("alpha", "a number other than 0");
  if (const auto targets = table.texts("targets")) {
    lora.targets = {false, false, false, false};
    for (const std::string& target : *targets) {
      if (target == "in_proj") {
        lora.targets.in_proj = true;
      } else if (target == "out_proj") {
        lora.targets.out_proj = true;
      } else if (target == "embedding") {
        lora.targets.embedding = true;
      } else if (target == "lm_head") {
        lora.targets.lm_head = true;
      } else {
        table.fail("targets", "in_proj, out_proj, embedding or lm_head");
      }
    }
  }
  table.done();
  return lora;
}

void read_train(Recipe& recipe, RecipeTable table) {
  TrainerConfig& trainer = recipe.trainer;
  trainer.trained =
      table.choice<Trained>("what", {{"full", Trained::full}, {"lora", Trained::lora}, {"state", Trained::state}})
          .value_or(trainer.trained);
  if (auto lora = table.table("lora")) trainer.lora = read_lora(*std::move(lora));
  trainer.frozen = table
                       .choice<LoadDType>("frozen", {{"stored", LoadDType::stored},
                                                     {"f32", LoadDType::f32},
                                                     {"bf16", LoadDType::bf16},
                                                     {"q8", LoadDType::q8},
                                                     {"q4", LoadDType::q4}})
                       .value_or(trainer.frozen);
  if (const auto compute = table.choice<DType>("compute", {{"f32", DType::f32}, {"bf16", DType::bf16}})) {
    trainer.compute = *compute;
    recipe.compute_by_device = false;
  }
  trainer.recompute =
      table
          .choice<Recompute>("recompute",
                             {{"automatic", Recompute::automatic}, {"all", Recompute::all}, {"none", Recompute::none}})
          .value_or(trainer.recompute);
  const double gib = table.number("memory_gib", 0.0, 1e6, "a number of GiB from 0 on").value_or(0.0);
  trainer.memory_budget = static_cast<std::size_t>(gib * 1073741824.0);
  trainer.micro_batch_tokens = table.whole("micro_batch_tokens", 64, 1 << 30).value_or(trainer.micro_batch_tokens);
  table.done();
}

void read_optimiser(TrainerConfig& trainer, RecipeTable table) {
  const std::string rule = "two numbers from 0 to below 1";
  if (const auto betas = table.numbers("betas", 2, rule)) {
    if (!((*betas)[0] >= 0 && (*betas)[0] < 1 && (*betas)[1] >= 0 && (*betas)[1] < 1)) table.fail("betas", rule);
    trainer.optimiser.beta1 = static_cast<float>((*betas)[0]);
    trainer.optimiser.beta2 = static_cast<float>((*betas)[1]);
  }
  const auto real = [&](std::string_view key, float otherwise, double least) {
    return static_cast<float>(
        table.number(key, least, 1e6, "a number from " + std::to_string(least) + " on").value_or(otherwise));
  };
  trainer.optimiser.eps = real("eps", trainer.optimiser.eps, 1e-30);
  trainer.optimiser.weight_decay = real("weight_decay", trainer.optimiser.weight_decay, 0.0);
  trainer.clip = real("clip", trainer.clip, 1e-9);
  table.done();
}

void read_evaluation(Recipe& recipe, RecipeTable table) {
  Evaluation& evaluation = recipe.evaluation;
  evaluation.every = table.whole("every", 0, recipe_most_steps).value_or(0);
  evaluation.data = read_mixture(table, recipe.file);
  evaluation.rows = table.whole("rows", 1, 10000000).value_or(evaluation.rows);
  evaluation.answers = table.flag("answers").value_or(false);
  evaluation.max_tokens = table.whole("max_tokens", 1, 1 << 24).value_or(evaluation.max_tokens);
  table.done();
}

void read_held_out(Recipe& recipe, RecipeTable table) {
  recipe.held_out.rows = table.whole("rows", 1, 10000000).value_or(recipe.held_out.rows);
  recipe.held_out.data = read_mixture(table, recipe.file);
  if (recipe.held_out.data.empty()) table.fail("data", "at least one [[held_out.data]]");
  table.done();
}

void read_start(Recipe& recipe, RecipeTable table) {
  const auto checkpoint = table.text("checkpoint");
  if (!checkpoint || checkpoint->empty()) table.fail("checkpoint", "the folder of a run's checkpoint, step-...");
  RunStart start;
  start.checkpoint = recipe_path(recipe.file, *checkpoint);
  start.keeps_optimiser = table.choice<bool>("optimiser", {{"keep", true}, {"reset", false}}).value_or(true);
  start.keeps_place = table.choice<bool>("place", {{"begin", false}, {"keep", true}}).value_or(false);
  table.done();
  recipe.start = std::move(start);
}

void read_samples(Recipe& recipe, RecipeTable table) {
  Samples& samples = recipe.samples;
  samples.every = table.whole("every", 0, recipe_most_steps).value_or(0);
  samples.prompts = table.texts("prompts").value_or(std::vector<std::string>{});
  samples.max_tokens = table.whole("max_tokens", 1, 1 << 24).value_or(samples.max_tokens);
  samples.temperature = static_cast<float>(table.number("temperature", 0.0, 100.0, "a number from 0 on").value_or(0.0));
  table.done();
}

void read_checkpoints(Recipe& recipe, RecipeTable table) {
  CheckpointRules& rules = recipe.checkpoints;
  rules.every = table.whole("every", 1, recipe_most_steps).value_or(rules.every);
  rules.keep_last = table.whole("keep_last", 1, 100000).value_or(rules.keep_last);
  rules.keep_best = table.flag("keep_best").value_or(rules.keep_best);
  rules.dtype = table
                    .choice<ConvertDType>("dtype", {{"f32", ConvertDType::f32},
                                                    {"bf16", ConvertDType::bf16},
                                                    {"q8", ConvertDType::q8},
                                                    {"q4", ConvertDType::q4}})
                    .value_or(rules.dtype);
  table.done();
}

void read_trouble(Recipe& recipe, RecipeTable table) {
  TroubleRules& rules = recipe.trouble;
  const auto rule = [&](std::string_view key, TroubleRule otherwise) {
    return table
        .choice<TroubleRule>(
            key, {{"skip", TroubleRule::skip}, {"roll_back", TroubleRule::roll_back}, {"stop", TroubleRule::stop}})
        .value_or(otherwise);
  };
  rules.not_finite = rule("not_finite", rules.not_finite);
  rules.spike = rule("spike", rules.spike);
  rules.spike_loss = table.number("spike_loss", 1.0, 1e9, "a factor above 1").value_or(rules.spike_loss);
  rules.spike_gradient = table.number("spike_gradient", 1.0, 1e9, "a factor above 1").value_or(rules.spike_gradient);
  rules.most = table.whole("most", 1, 1000000).value_or(rules.most);
  table.done();
}

// What only makes sense together.
void check_phase(const Recipe& recipe, const Phase& phase, bool has_validation) {
  const auto fail = [&](const std::string& rule) {
    throw FormatError(phase.where + ": phase \"" + phase.name + "\": " + rule);
  };
  if (phase.gate.kind != GateKind::fixed && (recipe.evaluation.every < 1 || !has_validation)) {
    fail("its gate looks at evaluations, want evaluation.every and evaluation.data, or hold_out beside its data");
  }
  if (phase.gate.at_least && !recipe.evaluation.answers) {
    fail("gate.at_least looks at answers, want evaluation.answers = true");
  }
  const std::int64_t padded = (phase.sequence_length + 63) / 64 * 64;
  if (padded > recipe.trainer.micro_batch_tokens || padded > phase.batch_tokens) {
    fail("sequence_length " + std::to_string(phase.sequence_length) + ", want train.micro_batch_tokens (" +
         std::to_string(recipe.trainer.micro_batch_tokens) + ") and batch_tokens (" +
         std::to_string(phase.batch_tokens) + ") of at least as much in whole units of 64, which is " +
         std::to_string(padded));
  }
  for (const RecipeData& data : phase.data) {
    if (phase.order == RowOrder::difficulty && !data.generators.empty() && !data.rows) {
      throw FormatError(data.where + ": phase.data: order = \"difficulty\" needs `rows` beside `generator`");
    }
    if (data.hold_out > 0 && !data.generators.empty()) {
      throw FormatError(
          data.where + ": phase.data: hold_out is for files, want evaluation.data with the generator and another seed");
    }
  }
}

void check_held_out(const Recipe& recipe) {
  for (const RecipeData& held : recipe.held_out.data) {
    if (held.hold_out > 0)
      throw FormatError(held.where + ": held_out.data: hold_out is for phases, all rows are held out");
    for (const Phase& phase : recipe.phases) {
      for (const RecipeData& data : phase.data) {
        if (held.file.empty() || held.file != data.file) continue;
        throw FormatError(held.where + ": held_out.data: file " + held.file.string() + ": phase \"" + phase.name +
                          "\" trains on it, want rows that no phase trains on");
      }
    }
  }
}

void check_recipe(const Recipe& recipe) {
  check_held_out(recipe);
  bool has_validation = !recipe.evaluation.data.empty();
  for (const Phase& phase : recipe.phases) {
    for (const RecipeData& data : phase.data) has_validation = has_validation || data.hold_out > 0;
  }
  for (const Phase& phase : recipe.phases) check_phase(recipe, phase, has_validation);
}

}  // namespace

namespace {

void add_recipe_fields(const std::string& key, const toml::node& node,
                       std::vector<std::pair<std::string, std::string>>& fields) {
  if (const toml::table* table = node.as_table()) {
    for (const auto& [name, value] : *table) {
      add_recipe_fields(key + (key.empty() ? "" : ".") + std::string(name.str()), value, fields);
    }
    return;
  }
  const toml::array* array = node.as_array();
  if (array != nullptr && !array->empty() && array->is_homogeneous(toml::node_type::table)) {
    for (std::size_t i = 0; i < array->size(); ++i) {
      add_recipe_fields(key + "[" + std::to_string(i) + "]", *array->get(i), fields);
    }
    return;
  }
  std::ostringstream text;
  node.visit([&text](const auto& value) { text << value; });
  fields.emplace_back(key, text.str());
}

}  // namespace

std::vector<std::pair<std::string, std::string>> recipe_fields(const Recipe& recipe) {
  const toml::table table = toml::parse(recipe_text(recipe));
  std::vector<std::pair<std::string, std::string>> fields;
  add_recipe_fields("", table, fields);
  return fields;
}

std::string_view name(TroubleRule rule) noexcept {
  switch (rule) {
    case TroubleRule::skip: return "skip";
    case TroubleRule::roll_back: return "roll_back";
    case TroubleRule::stop: return "stop";
  }
  return "?";
}

Recipe Recipe::load(const std::filesystem::path& file) {
  const auto mapped = MappedFile::open(file);
  if (mapped->bytes().size() > recipe_most_bytes) {
    throw FormatError(file.string() + ": " + std::to_string(mapped->bytes().size()) + " bytes, want at most " +
                      std::to_string(recipe_most_bytes));
  }
  return parse({reinterpret_cast<const char*>(mapped->bytes().data()), mapped->bytes().size()}, file);
}

Recipe Recipe::parse(std::string_view text, const std::filesystem::path& file) {
  const std::string label = file.string();
  toml::table table;
  try {
    table = toml::parse(text, label);
  } catch (const toml::parse_error& error) {
    throw FormatError(label + ":" + std::to_string(error.source().begin.line) + ": " +
                      std::string(error.description()));
  }
  Recipe recipe;
  recipe.file = file;
  recipe.text = text;
  RecipeTable root(table, "", label);
  recipe.name = root.text("name").value_or(file.stem().string());
  recipe.seed = static_cast<std::uint64_t>(root.whole("seed", 0, std::numeric_limits<std::int64_t>::max()).value_or(0));
  recipe.trainer.seed = recipe.seed;
  auto model = root.table("model");
  if (!model) root.fail("model", "a table with base, new or shape");
  read_model(recipe, *std::move(model));
  if (auto part = root.table("train")) read_train(recipe, *std::move(part));
  if (auto part = root.table("optimiser")) read_optimiser(recipe.trainer, *std::move(part));
  for (RecipeTable& phase : root.tables("phase")) {
    recipe.phases.push_back(read_phase(std::move(phase), file, recipe.phases.size()));
  }
  if (recipe.phases.empty()) root.fail("phase", "at least one [[phase]]");
  if (auto part = root.table("evaluation")) read_evaluation(recipe, *std::move(part));
  if (auto part = root.table("held_out")) read_held_out(recipe, *std::move(part));
  if (auto part = root.table("start")) read_start(recipe, *std::move(part));
  if (auto part = root.table("samples")) read_samples(recipe, *std::move(part));
  if (auto part = root.table("checkpoints")) read_checkpoints(recipe, *std::move(part));
  if (auto part = root.table("trouble")) read_trouble(recipe, *std::move(part));
  root.done();
  check_recipe(recipe);
  return recipe;
}

}  // namespace holdfast
