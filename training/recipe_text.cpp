#include "training/recipe_text.h"

#include <array>
#include <charconv>
#include <cmath>
#include <concepts>

#include "engine/json.h"

namespace holdfast {
namespace {

// A TOML string is written like one of JSON, but for DEL.
std::string toml_string(const std::string& text) {
  std::string quoted = Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
  for (std::size_t at = 0; (at = quoted.find('\x7f', at)) != std::string::npos;) quoted.replace(at, 1, "\\u007f");
  return quoted;
}

template <std::floating_point Number>
std::string toml_number(Number value) {
  std::array<char, 64> text{};
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr};
}
std::string toml_number(std::int64_t value) { return std::to_string(value); }

class RecipeWriter {
 public:
  void table(const std::string& header) { text_ += (text_.empty() ? "" : "\n") + header + "\n"; }
  void raw(const char* key, const std::string& value) { text_ += std::string(key) + " = " + value + "\n"; }
  void line(const char* key, const std::string& value) { raw(key, toml_string(value)); }
  void line(const char* key, std::string_view value) { line(key, std::string(value)); }
  void line(const char* key, double value) { raw(key, toml_number(value)); }
  void line(const char* key, float value) { raw(key, toml_number(value)); }
  void line(const char* key, std::int64_t value) { raw(key, toml_number(value)); }
  void line(const char* key, std::uint64_t value) { raw(key, std::to_string(value)); }
  void flag(const char* key, bool value) {
    if (value) raw(key, "true");
  }
  template <class Value>
  void unless(const char* key, const Value& value, const Value& otherwise) {
    if (!(value == otherwise)) line(key, value);
  }
  template <class Value>
  void maybe(const char* key, const std::optional<Value>& value) {
    if (value) line(key, *value);
  }
  void list(const char* key, const std::vector<std::string>& values, bool by_line = false) {
    std::string text = "[";
    for (const std::string& value : values) {
      text += (text.size() > 1 ? "," : "") + std::string(by_line ? "\n  " : text.size() > 1 ? " " : "");
      text += toml_string(value);
    }
    raw(key, text + (by_line && !values.empty() ? ",\n]" : "]"));
  }
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

std::string_view recipe_word(LoadDType dtype) { return name(dtype); }
std::string_view recipe_word(ConvertDType dtype) {
  switch (dtype) {
    case ConvertDType::f32: return "f32";
    case ConvertDType::bf16: return "bf16";
    case ConvertDType::q8: return "q8";
    case ConvertDType::q4: return "q4";
  }
  return "bf16";
}

void write_recipe_model(RecipeWriter& out, const Recipe& recipe) {
  out.table("[model]");
  if (!recipe.shape) out.line("base", recipe.base);
  if (!recipe.tokenizer.empty()) out.line("tokenizer", recipe.tokenizer.string());
  if (recipe.chat) out.line("template", name(*recipe.chat));
  if (!recipe.shape) return;
  const Mamba2Config& shape = *recipe.shape;
  out.table("[model.new]");
  out.line("d_model", shape.d_model);
  out.line("n_layer", shape.n_layer);
  out.line("n_heads", shape.n_heads);
  out.line("head_dim", shape.head_dim);
  out.line("d_state", shape.d_state);
  out.line("n_groups", shape.n_groups);
  out.line("d_conv", shape.d_conv);
  if (shape.vocab_size > 0) out.line("vocab_size", shape.vocab_size);
  if (!shape.tied_embeddings) out.raw("tied_embeddings", "false");
}

void write_recipe_start(RecipeWriter& out, const RunStart& start) {
  out.table("[start]");
  out.line("checkpoint", start.checkpoint.string());
  out.line("optimiser", std::string(start.keeps_optimiser ? "keep" : "reset"));
  out.line("place", std::string(start.keeps_place ? "keep" : "begin"));
}

void write_recipe_lora(RecipeWriter& out, const LoraConfig& lora) {
  std::string targets;
  const std::pair<bool, const char*> all[] = {{lora.targets.in_proj, "in_proj"},
                                              {lora.targets.out_proj, "out_proj"},
                                              {lora.targets.embedding, "embedding"},
                                              {lora.targets.lm_head, "lm_head"}};
  for (const auto& [used, target] : all) {
    if (used) targets += (targets.empty() ? "\"" : ", \"") + std::string(target) + "\"";
  }
  out.raw("lora", "{rank = " + toml_number(lora.rank) + ", alpha = " + toml_number(lora.alpha) + ", targets = [" +
                      targets + "]}");
}

void write_recipe_train(RecipeWriter& out, const Recipe& recipe) {
  const TrainerConfig& trainer = recipe.trainer;
  const TrainerConfig plain;
  out.table("[train]");
  out.line("what", std::string(trainer.trained == Trained::full   ? "full"
                               : trainer.trained == Trained::lora ? "lora"
                                                                  : "state"));
  if (trainer.trained == Trained::lora) write_recipe_lora(out, trainer.lora);
  if (trainer.frozen != plain.frozen) out.line("frozen", recipe_word(trainer.frozen));
  if (!recipe.compute_by_device) out.line("compute", std::string(trainer.compute == DType::bf16 ? "bf16" : "f32"));
  if (trainer.recompute != plain.recompute) {
    out.line("recompute", std::string(trainer.recompute == Recompute::all ? "all" : "none"));
  }
  if (trainer.memory_budget > 0) out.line("memory_gib", static_cast<double>(trainer.memory_budget) / 1073741824.0);
  out.line("micro_batch_tokens", trainer.micro_batch_tokens);
  out.table("[optimiser]");
  out.raw("betas", "[" + toml_number(trainer.optimiser.beta1) + ", " + toml_number(trainer.optimiser.beta2) + "]");
  out.unless("eps", trainer.optimiser.eps, plain.optimiser.eps);
  out.line("weight_decay", trainer.optimiser.weight_decay);
  out.line("clip", trainer.clip);
}

void write_recipe_data(RecipeWriter& out, const char* header, const RecipeData& data) {
  out.table(header);
  if (!data.file.empty()) out.line("file", data.file.string());
  if (!data.rows_of.empty()) out.line("source", data.rows_of);
  if (!data.generators.empty()) {
    out.list("generator", data.generators);
    out.raw("levels", "[" + toml_number(data.first_level) + ", " + toml_number(data.last_level) + "]");
    out.unless("turns", data.turns, std::int64_t{1});
    if (data.create) out.line("kind", std::string("create"));
    out.maybe("rows", data.rows);
    out.maybe("seed", data.seed);
  }
  out.maybe("weight", data.weight);
  out.unless("hold_out", data.hold_out, std::int64_t{0});
  out.flag("solve", data.solve);
}

void write_recipe_gate(RecipeWriter& out, const Gate& gate) {
  if (gate.kind == GateKind::fixed) return;
  if (gate.kind == GateKind::plateau) {
    out.raw("gate", "{kind = \"plateau\", patience = " + toml_number(gate.patience) +
                        ", min_delta = " + toml_number(gate.min_delta) + "}");
    return;
  }
  std::string text = "{kind = \"validation\"";
  if (gate.at_least) text += ", at_least = " + toml_number(*gate.at_least);
  if (gate.loss_at_most) text += ", loss_at_most = " + toml_number(*gate.loss_at_most);
  out.raw("gate", text + "}");
}

void write_recipe_phase(RecipeWriter& out, const Phase& phase) {
  out.table("[[phase]]");
  out.line("name", phase.name);
  out.line("sequence_length", phase.sequence_length);
  out.line("batch_tokens", phase.batch_tokens);
  if (phase.too_long != TooLong::cut) out.line("too_long", name(phase.too_long));
  out.maybe("steps", phase.steps);
  out.maybe("tokens", phase.tokens);
  out.maybe("epochs", phase.epochs);
  if (phase.order != RowOrder::shuffled) {
    out.line("order", std::string(phase.order == RowOrder::difficulty ? "difficulty" : "as_is"));
  }
  out.line("schedule", name(phase.schedule));
  out.line("learning_rate", phase.learning_rate);
  out.unless("end_ratio", phase.end_ratio, 0.0);
  out.unless("warmup_steps", phase.warmup, std::int64_t{0});
  if (phase.continues_schedule) out.line("schedule_start", std::string("continue"));
  if (phase.resets_optimiser) out.line("optimiser", std::string("reset"));
  write_recipe_gate(out, phase.gate);
  for (const RecipeData& data : phase.data) write_recipe_data(out, "[[phase.data]]", data);
}

void write_recipe_upkeep(RecipeWriter& out, const Recipe& recipe) {
  const Evaluation& evaluation = recipe.evaluation;
  out.table("[evaluation]");
  out.line("every", evaluation.every);
  out.line("rows", evaluation.rows);
  out.flag("answers", evaluation.answers);
  if (evaluation.answers) out.line("max_tokens", evaluation.max_tokens);
  for (const RecipeData& data : evaluation.data) write_recipe_data(out, "[[evaluation.data]]", data);
  if (!recipe.held_out.data.empty()) {
    out.table("[held_out]");
    out.line("rows", recipe.held_out.rows);
    for (const RecipeData& data : recipe.held_out.data) write_recipe_data(out, "[[held_out.data]]", data);
  }
  if (recipe.samples.every > 0 || !recipe.samples.prompts.empty()) {
    out.table("[samples]");
    out.line("every", recipe.samples.every);
    out.list("prompts", recipe.samples.prompts, true);
    out.line("max_tokens", recipe.samples.max_tokens);
    out.unless("temperature", recipe.samples.temperature, 0.0f);
  }
  const CheckpointRules& checkpoints = recipe.checkpoints;
  out.table("[checkpoints]");
  out.line("every", checkpoints.every);
  out.line("keep_last", checkpoints.keep_last);
  if (!checkpoints.keep_best) out.raw("keep_best", "false");
  out.line("dtype", recipe_word(checkpoints.dtype));
  const TroubleRules& trouble = recipe.trouble;
  out.table("[trouble]");
  out.line("not_finite", name(trouble.not_finite));
  out.line("spike", name(trouble.spike));
  if (std::isfinite(trouble.spike_loss)) out.line("spike_loss", trouble.spike_loss);
  if (std::isfinite(trouble.spike_gradient)) out.line("spike_gradient", trouble.spike_gradient);
  out.line("most", trouble.most);
}

}  // namespace

std::string recipe_text(const Recipe& recipe) {
  RecipeWriter out;
  out.line("name", recipe.name);
  out.line("seed", recipe.seed);
  write_recipe_model(out, recipe);
  if (recipe.start) write_recipe_start(out, *recipe.start);
  write_recipe_train(out, recipe);
  for (const Phase& phase : recipe.phases) write_recipe_phase(out, phase);
  write_recipe_upkeep(out, recipe);
  return out.take();
}

}  // namespace holdfast
