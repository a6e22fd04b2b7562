// The shape of a model as each layout's own file tells it. Pure functions over parsed files, so that tests and fuzzers
// need no disk. All throw FormatError naming the file, the key, the value and the rule; results are validated.
#pragma once

#include "engine/config.h"
#include "engine/gguf.h"
#include "engine/json.h"

namespace holdfast {

enum class ConfigDialect { hugging_face, mamba_ssm };
// Which of the two a config.json is written in. Refuses other models (Mamba-1, hybrids, transformers) by their name.
[[nodiscard]] ConfigDialect config_dialect(const JsonObject& config);

// Keys that are absent take the defaults of transformers' Mamba2Config, whose shape is Mamba-Codestral-7B's.
[[nodiscard]] Mamba2Config hugging_face_config(const JsonObject& config);
// Keys that are absent take the defaults of mamba_ssm's MambaConfig and Mamba2.
[[nodiscard]] Mamba2Config mamba_ssm_config(const JsonObject& config);
// params.json: shapes beyond it are mamba_ssm's defaults.
[[nodiscard]] Mamba2Config mistral_config(const JsonObject& params);
[[nodiscard]] Mamba2Config gguf_config(const GgufFile& file);

// A token id that may be a number or a list (then its first); -1 when absent or outside the vocabulary.
[[nodiscard]] std::int32_t token_id(const JsonObject& config, const char* key, std::int64_t otherwise,
                                    std::int64_t vocab_size);

// The same files written. A config that the layout cannot express throws FormatError naming the field.
[[nodiscard]] std::string hugging_face_config_text(const Mamba2Config& config, std::string_view torch_dtype);
[[nodiscard]] std::string mamba_ssm_config_text(const Mamba2Config& config);
void add_gguf_config(GgufWriter& writer, const Mamba2Config& config, std::string_view model_name);

}  // namespace holdfast
