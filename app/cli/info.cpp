#include "app/cli/command.h"
#include "app/cli/model_json.h"
#include "app/cli/options.h"
#include "app/cli/output.h"

namespace holdfast::cli {
namespace {

constexpr const char* info_footer =
    "Nothing is loaded: memory is what the weights would take, on the CPU, in each number format.\n"
    "Example: holdfast info holdfast-mini --json";

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

}  // namespace

Json model_json(const std::string& name_given, const std::filesystem::path& path, const ModelFacts& facts) {
  Json json;
  json["name"] = name_given;
  json["path"] = path.string();
  json["layout"] = facts.layout;
  json["shape"] = info_shape(facts.config);
  json["parameters"] = facts.parameters;
  json["formats"] = facts.number_formats;
  json["stored_bytes"] = facts.stored_bytes;
  Json& bytes = json["memory_bytes"] = Json::object();
  for (const FormatFacts& format : facts.formats) {
    bytes[std::string(name(format.dtype))] = format.weight_bytes ? Json(*format.weight_bytes) : Json(nullptr);
  }
  json["state_bytes"] = facts.state_bytes;
  if (facts.tokenizer_kind.empty()) {
    json["tokenizer"] = nullptr;
    json["template"] = nullptr;
  } else {
    json["tokenizer"] = {{"kind", facts.tokenizer_kind}, {"tokens", facts.tokens}};
    json["template"] = facts.chat_format;
  }
  return json;
}

namespace {

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
    const ModelFacts facts = model_facts(*checkpoint);
    if (!facts.tokenizer_fault.empty()) throw FormatError(facts.tokenizer_fault);
    Json json = model_json(model_, checkpoint->path(), facts);
    if (fingerprint_) json["fingerprint"] = checkpoint->fingerprint();
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
