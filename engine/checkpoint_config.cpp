#include "engine/checkpoint_config.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string>

#include "engine/byte_reader.h"
#include "kernels/error.h"

namespace holdfast {

namespace {
using OrderedJson = nlohmann::ordered_json;

// Later checks compare products of what a file says, so each number is brought within bounds first.
std::int64_t config_extent(const JsonObject& config, const char* key, std::int64_t otherwise) {
  constexpr std::int64_t most = std::int64_t{1} << 30;
  const std::int64_t value = config.integer(key).value_or(otherwise);
  if (value < 1 || value > most) {
    throw FormatError(config.label() + ": " + key + ": " + std::to_string(value) + ", want 1 to 2^30");
  }
  return value;
}

// `expand` may be written 2 or 2.0; what counts is that expand x d_model is whole, up to the rounding of a division.
std::int64_t expanded(const JsonObject& config, const char* key, std::int64_t d_model) {
  const double expand = config.number(key).value_or(2.0);
  const double d_inner = expand * static_cast<double>(d_model);
  const double whole = std::round(d_inner);
  if (!(expand > 0.0) || !(d_inner < 1e9) || d_inner < 1.0 || std::abs(d_inner - whole) > 1e-9 * whole) {
    throw FormatError(config.label() + ": " + key + ": " + std::to_string(expand) + " times " +
                      std::to_string(d_model) + ", want a whole number of channels");
  }
  return static_cast<std::int64_t>(whole);
}

void read_dt_limit(const JsonObject& config, const char* key, Mamba2Config& result) {
  const Json* limit = config.find(key);
  if (limit == nullptr) return;
  const auto is_bound = [](const Json& value) {
    return value.is_number() || (value.is_string() && (value == "inf" || value == "Infinity"));
  };
  if (!limit->is_array() || limit->size() != 2 || !is_bound((*limit)[0]) || !is_bound((*limit)[1])) {
    config.fail(key, *limit, "two numbers");
  }
  const auto bound = [](const Json& value) {
    return value.is_number() ? value.get<float>() : std::numeric_limits<float>::infinity();
  };
  result.dt_min = bound((*limit)[0]);
  result.dt_max = bound((*limit)[1]);
}

void want_flag(const JsonObject& config, const char* key, bool otherwise, bool want, const char* why) {
  if (config.boolean(key).value_or(otherwise) == want) return;
  throw FormatError(config.label() + ": " + key + ": " + (want ? "false" : "true") + ", want " +
                    (want ? "true" : "false") + ": " + why);
}

void want_silu(const JsonObject& config) {
  const std::string activation = config.string("hidden_act").value_or("silu");
  if (activation == "silu" || activation == "swish") return;
  throw FormatError(config.label() + ": hidden_act: \"" + printable(activation) + "\", want \"silu\"");
}

Mamba2Config validated(Mamba2Config result, const std::string& label) {
  try {
    result.validate();
  } catch (const FormatError& error) {
    throw FormatError(label + ": " + error.what());
  }
  return result;
}

// The bound on extents keeps this sum within 63 bits.
std::int64_t padded_vocab(std::int64_t vocab_size, std::int64_t multiple) {
  return (vocab_size + multiple - 1) / multiple * multiple;
}

void set_padded_vocab(Mamba2Config& result, std::int64_t vocab_size, std::int64_t multiple) {
  result.vocab_size = padded_vocab(vocab_size, multiple);
  result.vocab_used = result.vocab_size == vocab_size ? 0 : vocab_size;
}

std::string known_foreign_model(std::string_view type) {
  constexpr std::string_view mamba1[] = {"mamba", "falcon_mamba"};
  constexpr std::string_view hybrids[] = {
      "jamba", "bamba", "zamba", "zamba2", "nemotron_h", "falcon_h1", "granitemoehybrid", "plamo2", "samba"};
  if (std::find(std::begin(mamba1), std::end(mamba1), type) != std::end(mamba1)) {
    return "a Mamba-1 model, whose state and kernels differ; only Mamba-2 is read";
  }
  if (std::find(std::begin(hybrids), std::end(hybrids), type) != std::end(hybrids)) {
    return "a hybrid with attention layers; only pure Mamba-2 is read";
  }
  return "want \"mamba2\"";
}

constexpr const char* hugging_face_architecture = "Mamba2ForCausalLM";
constexpr const char* vocab_used_key = "holdfast_vocab_used";  // ours: the layout has no such key

std::vector<std::string> architectures_of(const JsonObject& config) {
  std::vector<std::string> result;
  const Json* list = config.find("architectures");
  if (list == nullptr) return result;
  if (!list->is_array()) config.fail("architectures", *list, "a list of names");
  for (const Json& entry : *list) {
    if (!entry.is_string()) config.fail("architectures", *list, "a list of names");
    result.push_back(entry.get<std::string>());
  }
  return result;
}
}  // namespace

std::int32_t token_id(const JsonObject& config, const char* key, std::int64_t otherwise, std::int64_t vocab_size) {
  const Json* value = config.find(key);
  if (value != nullptr && value->is_array() && !value->empty()) value = &value->front();
  std::int64_t id = config.is_null(key) ? -1 : otherwise;
  if (value != nullptr) {
    if (!value->is_number_integer()) config.fail(key, *value, "a token id");
    id = value->get<std::int64_t>();
  }
  return id >= 0 && id < vocab_size ? static_cast<std::int32_t>(id) : -1;
}

ConfigDialect config_dialect(const JsonObject& config) {
  if (const auto type = config.string("model_type"); type && *type != "mamba2") {
    throw FormatError(config.label() + ": model_type: \"" + printable(*type) + "\": " + known_foreign_model(*type));
  }
  const std::vector<std::string> architectures = architectures_of(config);
  for (const std::string& architecture : architectures) {
    if (architecture == hugging_face_architecture) return ConfigDialect::hugging_face;
  }
  if (!architectures.empty()) {
    throw FormatError(config.label() + ": architectures: \"" + printable(architectures.front()) + "\", want \"" +
                      hugging_face_architecture + "\"");
  }
  if (config.has("model_type")) return ConfigDialect::hugging_face;
  if (config.has("d_model") || config.has("ssm_cfg")) return ConfigDialect::mamba_ssm;
  throw FormatError(config.label() + ": neither model_type \"mamba2\" nor d_model with ssm_cfg: not a Mamba-2 model");
}

Mamba2Config hugging_face_config(const JsonObject& config) {
  Mamba2Config result;
  result.d_model = config_extent(config, "hidden_size", 4096);
  result.n_layer = config_extent(config, "num_hidden_layers", 64);
  result.vocab_size = config_extent(config, "vocab_size", 32768);
  result.vocab_used = config.integer(vocab_used_key).value_or(0);
  result.n_heads = config_extent(config, "num_heads", 128);
  result.head_dim = config_extent(config, "head_dim", 64);
  result.d_state = config_extent(config, "state_size", 128);
  result.n_groups = config_extent(config, "n_groups", 8);
  result.d_conv = config_extent(config, "conv_kernel", 4);
  result.norm_eps = static_cast<float>(config.number("layer_norm_epsilon").value_or(1e-5));
  result.tied_embeddings = config.boolean("tie_word_embeddings").value_or(false);
  result.linear_bias = config.boolean("use_bias").value_or(false);
  result.conv_bias = config.boolean("use_conv_bias").value_or(true);
  read_dt_limit(config, "time_step_limit", result);
  want_silu(config);
  want_flag(config, "rms_norm", true, true, "the gated norm belongs to the model");
  // norm_before_gate is not looked at: Mamba-Codestral's config says true, yet every implementation gates first, and
  // that is how the weights were trained.

  const std::int64_t d_inner = expanded(config, "expand", result.d_model);
  if (result.d_inner() != d_inner) {
    throw FormatError(config.label() + ": num_heads " + std::to_string(result.n_heads) + " x head_dim " +
                      std::to_string(result.head_dim) + " = " + std::to_string(result.d_inner()) +
                      ", want expand x hidden_size = " + std::to_string(d_inner));
  }
  result.bos_token = token_id(config, "bos_token_id", 0, result.vocab_size);
  result.eos_token = token_id(config, "eos_token_id", 2, result.vocab_size);
  return validated(result, config.label());
}

Mamba2Config mamba_ssm_config(const JsonObject& config) {
  const std::optional<JsonObject> given = config.object("ssm_cfg");
  const Json empty = Json::object();
  const JsonObject ssm = given ? *given : JsonObject(empty, config.label() + ": ssm_cfg");
  // mamba_ssm's own default: without a layer the block is Mamba-1.
  if (const std::string layer = ssm.string("layer").value_or("Mamba1"); layer != "Mamba2") {
    throw FormatError(ssm.label() + ": layer: \"" + printable(layer) +
                      "\", want \"Mamba2\": a Mamba-1 model has another state and other kernels");
  }
  if (const Json* attention = config.find("attn_layer_idx"); attention != nullptr && !attention->empty()) {
    config.fail("attn_layer_idx", *attention, "an empty list: hybrids with attention layers are not read");
  }
  if (config.integer("d_intermediate").value_or(0) != 0) {
    config.fail("d_intermediate", *config.find("d_intermediate"), "0: blocks with an MLP are not read");
  }
  want_flag(config, "rms_norm", true, true, "blocks with LayerNorm are not read");
  want_flag(ssm, "rmsnorm", true, true, "the gated norm belongs to the model");
  want_flag(ssm, "norm_before_gate", false, false, "models that norm before the gate are not read");
  want_flag(ssm, "D_has_hdim", false, false, "D has one value per head");

  Mamba2Config result;
  result.d_model = config_extent(config, "d_model", 2560);
  result.n_layer = config_extent(config, "n_layer", 64);
  set_padded_vocab(result, config_extent(config, "vocab_size", 50277),
                   config_extent(config, "pad_vocab_size_multiple", 8));
  result.tied_embeddings = config.boolean("tie_embeddings").value_or(true);
  result.d_state = config_extent(ssm, "d_state", 128);
  result.d_conv = config_extent(ssm, "d_conv", 4);
  result.head_dim = config_extent(ssm, "headdim", 64);
  result.n_groups = config_extent(ssm, "ngroups", 1);
  result.linear_bias = ssm.boolean("bias").value_or(false);
  result.conv_bias = ssm.boolean("conv_bias").value_or(true);
  read_dt_limit(ssm, "dt_limit", result);
  const std::int64_t d_inner = expanded(ssm, "expand", result.d_model);
  if (ssm.integer("d_ssm").value_or(d_inner) != d_inner) {
    ssm.fail("d_ssm", *ssm.find("d_ssm"), std::to_string(d_inner) + ": layers that are part MLP are not read");
  }
  if (d_inner % result.head_dim != 0) {
    throw FormatError(ssm.label() + ": headdim: " + std::to_string(result.head_dim) + ", want a divisor of " +
                      std::to_string(d_inner));
  }
  result.n_heads = d_inner / result.head_dim;
  return validated(result, config.label());
}

Mamba2Config mistral_config(const JsonObject& params) {
  if (const std::string type = params.string("model_type").value_or("mamba"); type != "mamba") {
    throw FormatError(params.label() + ": model_type: \"" + printable(type) + "\", want \"mamba\"");
  }
  for (const char* key : {"dim", "n_layers", "vocab_size"}) {
    if (!params.has(key)) throw FormatError(params.label() + ": " + key + " is missing");
  }
  if (params.has("n_heads") || params.has("hidden_dim")) {
    throw FormatError(params.label() + ": n_heads or hidden_dim given: a model with attention, only Mamba-2 is read");
  }
  want_flag(params, "rms_norm", true, true, "blocks with LayerNorm are not read");
  Mamba2Config result;
  result.d_model = config_extent(params, "dim", 0);
  result.n_layer = config_extent(params, "n_layers", 0);
  set_padded_vocab(result, config_extent(params, "vocab_size", 0), config_extent(params, "pad_vocab_size_multiple", 1));
  result.n_groups = config_extent(params, "n_groups", 1);
  result.tied_embeddings = params.boolean("tie_embeddings").value_or(false);
  const std::int64_t d_inner = 2 * result.d_model;
  if (d_inner % result.head_dim != 0) {
    throw FormatError(params.label() + ": dim: " + std::to_string(result.d_model) + ", want a multiple of 32");
  }
  result.n_heads = d_inner / result.head_dim;
  return validated(result, params.label());
}

namespace {
std::int64_t gguf_extent(const GgufFile& file, const char* key) {
  const auto value = file.integer(key);
  if (!value) throw FormatError(file.label() + ": " + key + " is missing");
  if (*value < 1 || *value > (std::int64_t{1} << 30)) {
    throw FormatError(file.label() + ": " + key + ": " + std::to_string(*value) + ", want 1 to 2^30");
  }
  return *value;
}

std::int32_t gguf_token(const GgufFile& file, const char* key, std::int64_t vocab_size) {
  const std::int64_t id = file.integer(key).value_or(-1);
  return id >= 0 && id < vocab_size ? static_cast<std::int32_t>(id) : -1;
}

// Converters fill the vocabulary up to the rows of the embedding with tokens of the type "unused".
std::int64_t gguf_vocab_used(const GgufFile& file, std::int64_t vocab_size) {
  constexpr std::int64_t unused = 5;
  const auto types = file.integers("tokenizer.ggml.token_type");
  if (!types) return 0;
  std::size_t used = std::min(types->size(), static_cast<std::size_t>(vocab_size));
  while (used > 0 && (*types)[used - 1] == unused) --used;
  return static_cast<std::int64_t>(used) == vocab_size ? 0 : static_cast<std::int64_t>(used);
}

void want_gguf_zero(const GgufFile& file, const char* key) {
  if (file.integer(key).value_or(0) == 0) return;
  throw FormatError(file.label() + ": " + key + ": " + std::to_string(*file.integer(key)) +
                    ", want 0: only pure Mamba-2 is read");
}
}  // namespace

Mamba2Config gguf_config(const GgufFile& file) {
  const auto architecture = file.string("general.architecture");
  if (!architecture) throw FormatError(file.label() + ": general.architecture is missing");
  if (*architecture != "mamba2") {
    throw FormatError(file.label() + ": general.architecture: \"" + printable(*architecture) +
                      "\": " + known_foreign_model(*architecture));
  }
  want_gguf_zero(file, "mamba2.attention.head_count");
  want_gguf_zero(file, "mamba2.feed_forward_length");
  Mamba2Config result;
  result.d_model = gguf_extent(file, "mamba2.embedding_length");
  result.n_layer = gguf_extent(file, "mamba2.block_count");
  result.d_conv = gguf_extent(file, "mamba2.ssm.conv_kernel");
  result.d_state = gguf_extent(file, "mamba2.ssm.state_size");
  result.n_heads = gguf_extent(file, "mamba2.ssm.time_step_rank");
  result.n_groups = gguf_extent(file, "mamba2.ssm.group_count");
  const std::int64_t d_inner = gguf_extent(file, "mamba2.ssm.inner_size");
  if (d_inner % result.n_heads != 0) {
    throw FormatError(file.label() + ": mamba2.ssm.inner_size: " + std::to_string(d_inner) +
                      ", want a multiple of mamba2.ssm.time_step_rank " + std::to_string(result.n_heads));
  }
  result.head_dim = d_inner / result.n_heads;
  const auto eps = file.number("mamba2.attention.layer_norm_rms_epsilon");
  if (!eps) throw FormatError(file.label() + ": mamba2.attention.layer_norm_rms_epsilon is missing");
  result.norm_eps = static_cast<float>(*eps);
  const GgufTensor* embedding = file.find("token_embd.weight");
  if (embedding == nullptr) throw FormatError(file.label() + ": token_embd.weight is missing");
  result.vocab_size = embedding->ne[1];
  result.vocab_used = gguf_vocab_used(file, result.vocab_size);
  result.tied_embeddings = file.find("output.weight") == nullptr;
  result.bos_token = gguf_token(file, "tokenizer.ggml.bos_token_id", result.vocab_size);
  result.eos_token = gguf_token(file, "tokenizer.ggml.eos_token_id", result.vocab_size);
  return validated(result, file.label());
}

namespace {
constexpr const char* infinity_stand_in = "__Infinity__";

// The shortest decimal that reads back as this float, so that files say 1e-05 and not 9.999999747378752e-06.
double shortest(float value) {
  std::array<char, 32> text{};
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value);
  double result = value;
  if (error == std::errc{}) std::from_chars(text.data(), end, result);
  return result;
}

OrderedJson dt_limit(const Mamba2Config& config) {
  const OrderedJson most =
      std::isinf(config.dt_max) ? OrderedJson(infinity_stand_in) : OrderedJson(shortest(config.dt_max));
  return {shortest(config.dt_min), most};
}

OrderedJson expand_of(const Mamba2Config& config) {
  if (config.d_inner() % config.d_model == 0) return config.d_inner() / config.d_model;
  const auto d_model = static_cast<double>(config.d_model);
  const auto d_inner = static_cast<double>(config.d_inner());
  double expand = d_inner / d_model;
  while (expand * d_model < d_inner) expand = std::nextafter(expand, HUGE_VAL);  // Python cuts the product down
  return expand;
}

std::string config_text(const OrderedJson& json) {
  std::string text = json.dump(2);
  // Python's json reads and writes the bare word; nlohmann-json would write null.
  const std::string quoted = "\"" + std::string(infinity_stand_in) + "\"";
  if (const std::size_t at = text.find(quoted); at != std::string::npos) text.replace(at, quoted.size(), "Infinity");
  return text + "\n";
}

OrderedJson id_or_null(std::int32_t id) { return id < 0 ? OrderedJson(nullptr) : OrderedJson(id); }
}  // namespace

std::string hugging_face_config_text(const Mamba2Config& config, std::string_view torch_dtype) {
  OrderedJson json;
  json["architectures"] = {hugging_face_architecture};
  json["model_type"] = "mamba2";
  json["hidden_size"] = config.d_model;
  json["num_hidden_layers"] = config.n_layer;
  json["num_heads"] = config.n_heads;
  json["head_dim"] = config.head_dim;
  json["state_size"] = config.d_state;
  json["n_groups"] = config.n_groups;
  json["conv_kernel"] = config.d_conv;
  json["expand"] = expand_of(config);
  json["vocab_size"] = config.vocab_size;
  if (config.vocab_used != 0) json[vocab_used_key] = config.vocab_used;
  json["chunk_size"] = 256;
  json["hidden_act"] = "silu";
  json["layer_norm_epsilon"] = shortest(config.norm_eps);
  json["rms_norm"] = true;
  json["norm_before_gate"] = false;
  json["residual_in_fp32"] = true;
  json["use_bias"] = config.linear_bias;
  json["use_conv_bias"] = config.conv_bias;
  json["time_step_limit"] = dt_limit(config);
  json["time_step_min"] = 0.001;
  json["time_step_max"] = 0.1;
  json["time_step_floor"] = 0.0001;
  json["time_step_rank"] = (config.d_model + 15) / 16;
  json["initializer_range"] = 0.1;
  json["rescale_prenorm_residual"] = false;
  json["tie_word_embeddings"] = config.tied_embeddings;
  json["bos_token_id"] = id_or_null(config.bos_token);
  json["eos_token_id"] = id_or_null(config.eos_token);
  json["pad_token_id"] = id_or_null(config.eos_token);
  json["use_cache"] = true;
  json["torch_dtype"] = torch_dtype;
  return config_text(json);
}

std::string mamba_ssm_config_text(const Mamba2Config& config) {
  if (config.norm_eps != 1e-5f) {
    throw FormatError("norm_eps: " + std::to_string(config.norm_eps) + ", want 1e-05: a mamba_ssm config has no other");
  }
  OrderedJson json;
  json["d_model"] = config.d_model;
  json["d_intermediate"] = 0;
  json["n_layer"] = config.n_layer;
  // The layout gives the tokens in use and what their count is rounded up to.
  std::int64_t multiple = 1;
  std::int64_t vocab = config.vocab_size;
  for (std::int64_t m = 2; config.vocab_used != 0 && multiple == 1 && m <= 4096; m *= 2) {
    if (padded_vocab(config.vocab_used, m) != config.vocab_size) continue;
    multiple = m;
    vocab = config.vocab_used;
  }
  json["vocab_size"] = vocab;
  OrderedJson& ssm = json["ssm_cfg"];
  ssm["layer"] = "Mamba2";
  ssm["d_state"] = config.d_state;
  ssm["d_conv"] = config.d_conv;
  ssm["expand"] = expand_of(config);
  ssm["headdim"] = config.head_dim;
  ssm["ngroups"] = config.n_groups;
  ssm["bias"] = config.linear_bias;
  ssm["conv_bias"] = config.conv_bias;
  if (config.dt_min != 0.0f || !std::isinf(config.dt_max)) ssm["dt_limit"] = dt_limit(config);
  json["attn_layer_idx"] = OrderedJson::array();
  json["attn_cfg"] = OrderedJson::object();
  json["rms_norm"] = true;
  json["residual_in_fp32"] = true;
  json["fused_add_norm"] = true;
  json["pad_vocab_size_multiple"] = multiple;
  json["tie_embeddings"] = config.tied_embeddings;
  return config_text(json);
}

void add_gguf_config(GgufWriter& writer, const Mamba2Config& config, std::string_view model_name) {
  if (config.linear_bias) throw FormatError("in_proj_bias: a mamba2 GGUF has no place for it");
  if (config.dt_min != 0.0f || !std::isinf(config.dt_max)) {
    throw FormatError("time_step_limit: " + std::to_string(config.dt_min) + " to " + std::to_string(config.dt_max) +
                      ": a mamba2 GGUF has no place for it");
  }
  const auto extent = [](std::int64_t value) { return static_cast<std::uint32_t>(value); };
  writer.add_text("general.architecture", "mamba2");
  writer.add_text("general.name", model_name);
  writer.add("mamba2.context_length", std::uint32_t{1} << 20);  // means nothing here, but readers want the key
  writer.add("mamba2.embedding_length", extent(config.d_model));
  writer.add("mamba2.feed_forward_length", std::uint32_t{0});
  writer.add("mamba2.attention.head_count", std::uint32_t{0});
  writer.add("mamba2.block_count", extent(config.n_layer));
  writer.add("mamba2.ssm.conv_kernel", extent(config.d_conv));
  writer.add("mamba2.ssm.inner_size", extent(config.d_inner()));
  writer.add("mamba2.ssm.state_size", extent(config.d_state));
  writer.add("mamba2.ssm.time_step_rank", extent(config.n_heads));
  writer.add("mamba2.ssm.group_count", extent(config.n_groups));
  writer.add("mamba2.attention.layer_norm_rms_epsilon", config.norm_eps);
  writer.add("mamba2.vocab_size", extent(config.vocab_size));
}

}  // namespace holdfast
