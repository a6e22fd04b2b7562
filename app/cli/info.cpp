#include "app/cli/command.h"
#include "app/cli/model_json.h"
#include "app/cli/options.h"
#include "app/cli/output.h"
#include "engine/run_memory.h"
#include "kernels/error.h"
#include "kernels/size_text.h"

namespace holdfast::cli {
namespace {

constexpr const char* info_footer =
    "Nothing is loaded. Memory is what the weights would take in each number format, then what running it takes on\n"
    "--device with weights as --dtype, for --batch sequences and a prompt of --prompt tokens; a GPU's driver takes "
    "some\n"
    "0.5 GiB beside it.\n"
    "Example: holdfast info holdfast-mini --device cuda --batch 16 --json";

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
  return value.is_null() ? "does not fit this shape" : size_text(value.get<double>());
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
  if (json.contains("run")) {
    const Json& run = json["run"];
    text += "to run        " + info_bytes(run["bytes"]) + " on " + run["device"].get<std::string>() + " (" +
            run["dtype"].get<std::string>() + ", " + number(run["batch"]) + " at once): weights " +
            info_bytes(run["weights_bytes"]) + ", states " + info_bytes(run["states_bytes"]) + ", activations " +
            info_bytes(run["activations_bytes"]) + ", products " + info_bytes(run["scratch_bytes"]) + "\n";
    if (!run["free_bytes"].is_null()) {
      text += "              " + info_bytes(run["free_bytes"]) + " are free" +
              (run["fits"].get<bool>() ? "" : ": it does not fit" + run["advice"].get<std::string>()) + "\n";
    }
  }
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
    device_.add_to(*app_);
    app_->add_option("--batch", batch_, "Sequences at once")->check(CLI::Range(1, 4096))->capture_default_str();
    app_->add_option("--prompt", prompt_, "Tokens of a prompt")
        ->check(CLI::Range(std::int64_t{0}, std::int64_t{1} << 24))
        ->capture_default_str();
    output_.add_to(*app_);
    app_->add_flag("--fingerprint", fingerprint_, "Also the hash of all weights (reads the whole checkpoint)");
    app_->footer(info_footer);
  }
  int run() override {
    const auto checkpoint = Checkpoint::open(resolve_model(model_, globals_->data()));
    const ModelFacts facts = model_facts(*checkpoint);
    if (!facts.tokenizer_fault.empty()) throw FormatError(facts.tokenizer_fault);
    Json json = model_json(model_, checkpoint->path(), facts);
    json["run"] = run_json(*checkpoint);
    if (fingerprint_) json["fingerprint"] = checkpoint->fingerprint();
    put_result(output_, json, info_text(json));
    return exit_fine;
  }

 private:
  [[nodiscard]] Json run_json(const Checkpoint& checkpoint) const {
    const DeviceKind where = device_.device == "cuda" ? DeviceKind::cuda : DeviceKind::cpu;
    const RunMemory need = run_memory(where, checkpoint, device_.load_dtype(), batch_, prompt_, device_.state_type());
    Json run = {{"device", device_.device},
                {"dtype", device_.dtype},
                {"state_dtype", device_.state_dtype},
                {"batch", batch_},
                {"prompt", prompt_},
                {"bytes", need.total()},
                {"weights_bytes", need.weights},
                {"states_bytes", need.states},
                {"activations_bytes", need.activations},
                {"scratch_bytes", need.scratch},
                {"free_bytes", nullptr},
                {"fits", nullptr},
                {"advice", nullptr}};
    std::size_t free = 0;
    try {
      free = (where == DeviceKind::cuda ? Device::cuda() : Device::cpu())->memory().free;
    } catch (const DeviceError&) {
      return run;  // no such device here: the estimate stands without it
    }
    run["free_bytes"] = free;
    run["fits"] = need.total() <= free;
    run["advice"] = need.total() <= free ? "" : advice(checkpoint, where, free);
    return run;
  }

  // What would fit: ", q8 would (7.4 GiB)".
  [[nodiscard]] std::string advice(const Checkpoint& checkpoint, DeviceKind where, std::size_t free) const {
    for (const LoadDType smaller : {LoadDType::bf16, LoadDType::q8, LoadDType::q4}) {
      const std::size_t bytes = run_memory(where, checkpoint, smaller, batch_, prompt_, device_.state_type()).total();
      if (bytes <= free)
        return ", " + std::string(name(smaller)) + " would (" + size_text(static_cast<double>(bytes)) + ")";
    }
    return ", and no smaller number format does either";
  }

  std::string model_;
  DeviceOptions device_;
  int batch_ = 1;
  std::int64_t prompt_ = 512;
  OutputOptions output_;
  bool fingerprint_ = false;
};

}  // namespace

std::unique_ptr<Command> info_command(CLI::App& parent, const Globals& globals) {
  return std::make_unique<InfoCommand>(parent, globals);
}

}  // namespace holdfast::cli
