#include <array>
#include <optional>

#include "app/cli/command.h"
#include "app/cli/loaded_model.h"
#include "app/cli/options.h"
#include "app/cli/output.h"
#include "engine/chat_template.h"
#include "engine/weights.h"

namespace holdfast::cli {
namespace {

constexpr const char* info_footer =
    "Nothing is loaded: memory is what the weights would take, on the CPU, in each number format.\n"
    "Example: holdfast info holdfast-mini --json";

constexpr std::array<LoadDType, 5> info_dtypes = {LoadDType::stored, LoadDType::f32, LoadDType::bf16, LoadDType::q8,
                                                  LoadDType::q4};

// Elements of the stored tensors; a tied head is stored once, and counts once.
std::int64_t parameters(const Checkpoint& checkpoint) {
  std::int64_t count = 0;
  for (const StoredTensor& tensor : checkpoint.tensors()) count += tensor.shape.elements();
  return count;
}

std::string formats(const Checkpoint& checkpoint) {
  std::string text;
  for (const StoredTensor& tensor : checkpoint.tensors()) {
    const std::string format(name(tensor.format));
    if ((", " + text + ",").find(", " + format + ",") == std::string::npos) text += (text.empty() ? "" : ", ") + format;
  }
  return text;
}

// A width that a block format cannot hold (a tiny model's) has no figure.
std::optional<std::size_t> memory(const Checkpoint& checkpoint, LoadDType dtype) {
  try {
    return weight_bytes(DeviceKind::cpu, checkpoint, dtype);
  } catch (const ArgumentError&) {
    return std::nullopt;
  }
}

Json info_shape(const Mamba2Config& config) {
  return {{"d_model", config.d_model},
          {"n_layer", config.n_layer},
          {"d_inner", config.d_inner()},
          {"n_heads", config.n_heads},
          {"head_dim", config.head_dim},
          {"d_state", config.d_state},
          {"n_groups", config.n_groups},
          {"d_conv", config.d_conv},
          {"vocab_size", config.vocab_size},
          {"vocab_used", config.vocab_used},
          {"tied_embeddings", config.tied_embeddings}};
}

Json info_json(const std::string& name_given, const Checkpoint& checkpoint, bool fingerprint) {
  Json json;
  json["name"] = name_given;
  json["path"] = checkpoint.path().string();
  json["layout"] = name(checkpoint.layout());
  json["shape"] = info_shape(checkpoint.config());
  json["parameters"] = parameters(checkpoint);
  json["formats"] = formats(checkpoint);
  json["stored_bytes"] = checkpoint.stored_bytes();
  Json& bytes = json["memory_bytes"] = Json::object();
  for (const LoadDType dtype : info_dtypes) {
    const auto needed = memory(checkpoint, dtype);
    bytes[std::string(name(dtype))] = needed ? Json(*needed) : Json(nullptr);
  }
  json["state_bytes"] = checkpoint.config().state_floats() * static_cast<std::int64_t>(sizeof(float));
  if (checkpoint.tokenizer().kind == TokenizerSource::Kind::none) {
    json["tokenizer"] = nullptr;
    json["template"] = nullptr;
  } else {
    const auto tokenizer = checkpoint_tokenizer(checkpoint);
    json["tokenizer"] = {{"kind", tokenizer->kind()}, {"tokens", tokenizer->size()}};
    json["template"] = name(choose_chat_format(checkpoint, *tokenizer));
  }
  if (fingerprint) json["fingerprint"] = checkpoint.fingerprint();
  return json;
}

std::string info_bytes(const Json& value) {
  return value.is_null() ? "does not fit this shape" : human_bytes(value.get<double>());
}

std::string info_text(const Json& json) {
  const auto number = [](const Json& value) { return value.dump(); };
  const Json& shape = json["shape"];
  std::string text =
      "path          " + json["path"].get<std::string>() + "\n" + "layout        " + json["layout"].get<std::string>() +
      "\n" + "shape         " + number(shape["n_layer"]) + " layers, width " + number(shape["d_model"]) + ", " +
      number(shape["n_heads"]) + " heads of " + number(shape["head_dim"]) + ", state " + number(shape["d_state"]) +
      ", groups " + number(shape["n_groups"]) + ", vocabulary " + number(shape["vocab_size"]) +
      (shape["tied_embeddings"].get<bool>() ? ", tied" : "") + "\n" + "parameters    " + number(json["parameters"]) +
      "\n" + "stored        " + info_bytes(json["stored_bytes"]) + " (" + json["formats"].get<std::string>() + ")\n";
  for (const auto& [dtype, bytes] : json["memory_bytes"].items()) {
    text += (dtype == "stored" ? "in memory     " : "              ") + dtype + std::string(8 - dtype.size(), ' ') +
            info_bytes(bytes) + "\n";
  }
  text += "state         " + info_bytes(json["state_bytes"]) + " per sequence, the same after every token\n";
  const Json& tokenizer = json["tokenizer"];
  text +=
      "tokenizer     " +
      (tokenizer.is_null() ? std::string("none")
                           : tokenizer["kind"].get<std::string>() + ", " + number(tokenizer["tokens"]) + " tokens") +
      "\n";
  if (!json["template"].is_null()) text += "template      " + json["template"].get<std::string>() + "\n";
  if (json.contains("fingerprint")) text += "fingerprint   " + json["fingerprint"].get<std::string>() + "\n";
  return text;
}

class InfoCommand final : public Command {
 public:
  InfoCommand(CLI::App& parent, const Globals& globals)
      : Command(parent, globals, "info", "What a checkpoint is, and what it would take to run it") {
    app_->add_option("MODEL", model_, "A folder, a file or an installed model")->required();
    output_.add_to(*app_);
    app_->add_flag("--fingerprint", fingerprint_, "Also the hash of all weights (reads the whole checkpoint)");
    app_->footer(info_footer);
  }
  int run() override {
    const auto checkpoint = Checkpoint::open(resolve_model(model_, globals_->data()));
    const Json json = info_json(model_, *checkpoint, fingerprint_);
    put_result(output_, json, info_text(json));
    return exit_fine;
  }

 private:
  std::string model_;
  OutputOptions output_;
  bool fingerprint_ = false;
};

}  // namespace

std::unique_ptr<Command> info_command(CLI::App& parent, const Globals& globals) {
  return std::make_unique<InfoCommand>(parent, globals);
}

}  // namespace holdfast::cli
