#include <algorithm>
#include <chrono>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>

#include "app/cli/command.h"
#include "app/cli/loaded_model.h"
#include "app/cli/options.h"
#include "app/cli/output.h"
#include "engine/safetensors.h"
#include "kernels/sample.h"

namespace holdfast::cli {
namespace {

constexpr const char* logits_footer =
    "FILE gets `logits` [T, V] f32; with --state also `conv_state` [L, C, K-1], oldest input first, and `ssm_state`\n"
    "[L, H, P, N], both f32, after the last id; with --continue N also `greedy` [N] i64, and the states are after "
    "these.\n"
    "--split N reads the ids in two parts, N and the rest: the result must not depend on it.\n"
    "Example: holdfast logits holdfast-mini --ids 1,2,3 --out logits.safetensors --state";

// Enough rows that a block is one long forward, few enough that the logits of a long text need no second copy of it.
constexpr std::size_t logits_block = 1024;

class LogitsCommand final : public Command {
 public:
  LogitsCommand(CLI::App& parent, const Globals& globals)
      : Command(parent, globals, "logits", "The model's logits, and its state, after given token ids") {
    app_->add_option("MODEL", model_, "A folder, a file or an installed model")->required();
    auto* ids = app_->add_option("--ids", ids_text_, "Token ids, e.g. 1,2,3")->type_name("LIST");
    auto* file =
        app_->add_option("--ids-file", ids_file_, "A file of ids apart by commas or white space; - is standard input")
            ->type_name("FILE");
    ids->excludes(file);
    app_->add_option("--out", out_, "The file to write")->type_name("FILE.safetensors")->required();
    app_->add_flag("--state", state_, "Also write the states");
    app_->add_option("--split", split_, "Read the first N ids, then the rest")
        ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 40))
        ->type_name("N");
    app_->add_option("--continue", continue_, "Go on with N greedy tokens")
        ->check(CLI::Range(std::int64_t{0}, std::int64_t{1} << 24))
        ->type_name("N");
    device_.add_to(*app_);
    app_->add_flag("--json", output_.json, "Print a summary as JSON on standard output, and nothing else there");
    app_->footer(logits_footer);
  }

  int run() override {
    if (ids_text_.empty() && ids_file_.empty()) throw UsageError("--ids or --ids-file: neither is given, want one");
    const std::string source = ids_file_.empty() ? "--ids" : ids_file_;
    const std::vector<TokenId> ids = parse_ids(ids_file_.empty() ? ids_text_ : read_ids(), source);
    if (split_ >= static_cast<std::int64_t>(ids.size()) && split_ > 0) {
      throw UsageError("--split: " + std::to_string(split_) + ", want less than the number of ids, " +
                       std::to_string(ids.size()));
    }
    const LoadedModel loaded = load_model(model_, globals_->data(), device_, false);
    check_ids(ids, loaded.model->config().vocab_size, source);
    write(loaded, ids);
    return exit_fine;
  }

 private:
  [[nodiscard]] std::string read_ids() const {
    if (ids_file_ == "-") return {std::istreambuf_iterator<char>(std::cin), {}};
    std::ifstream file(ids_file_, std::ios::binary);
    if (!file || std::filesystem::is_directory(ids_file_)) throw IoError(ids_file_ + ": cannot be read");
    return {std::istreambuf_iterator<char>(file), {}};
  }

  [[nodiscard]] std::vector<SafetensorsWriter::Entry> entries(const Mamba2Config& config, std::int64_t tokens) const {
    std::vector<SafetensorsWriter::Entry> list;
    list.push_back({"logits", SafetensorsDType::f32, Shape{tokens, config.vocab_size}});
    if (continue_ > 0) list.push_back({"greedy", SafetensorsDType::i64, Shape{continue_}});
    if (state_) {
      list.push_back(
          {"conv_state", SafetensorsDType::f32, Shape{config.n_layer, config.conv_dim(), config.d_conv - 1}});
      list.push_back(
          {"ssm_state", SafetensorsDType::f32, Shape{config.n_layer, config.n_heads, config.head_dim, config.d_state}});
    }
    return list;
  }

  void write(const LoadedModel& loaded, std::span<const TokenId> ids) {
    const Mamba2Config& config = loaded.model->config();
    SafetensorsWriter file(out_, entries(config, static_cast<std::int64_t>(ids.size())), {{"format", "pt"}});
    State state = loaded.model->new_state();
    std::vector<float> last;
    const auto begin = std::chrono::steady_clock::now();
    const std::size_t split = split_ > 0 ? static_cast<std::size_t>(split_) : ids.size();
    read_part(loaded, ids.first(split), state, last, file);
    read_part(loaded, ids.subspan(split), state, last, file);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    const TokenId likeliest = greedy_token(loaded, last);
    if (continue_ > 0) go_on(loaded, state, last, file);
    if (state_) {
      State kept(Device::cpu(), config);
      kept.take(*loaded.stream, state);
      for (const ConstTensorView& tensor : {std::as_const(kept).conv(), std::as_const(kept).ssm()}) {
        file.write(std::as_bytes(std::span(tensor.as<float>(), static_cast<std::size_t>(tensor.shape.elements()))));
      }
    }
    file.commit();
    const Json json = {{"out", out_},
                       {"tokens", ids.size()},
                       {"vocab_size", config.vocab_size},
                       {"likeliest_next", likeliest},
                       {"seconds", seconds}};
    print(output_.json ? dump(json) + "\n"
                       : out_ + ": " + std::to_string(ids.size()) + " tokens in " + fixed(seconds, 3) +
                             " s, likeliest next " + std::to_string(likeliest) + "\n");
  }

  static void read_part(const LoadedModel& loaded, std::span<const TokenId> ids, State& state, std::vector<float>& last,
                        SafetensorsWriter& file) {
    const auto vocab = static_cast<std::size_t>(loaded.model->config().vocab_size);
    while (!ids.empty()) {
      const std::span<const TokenId> block = ids.first(std::min(logits_block, ids.size()));
      std::vector<float> logits(block.size() * vocab);
      const SequenceInput input{.tokens = block, .state = &state, .logits = logits};
      loaded.model->forward(*loaded.stream, {&input, 1}, LogitRows::all);
      loaded.stream->synchronize();
      file.write(std::as_bytes(std::span(logits)));
      last.assign(logits.end() - static_cast<std::ptrdiff_t>(vocab), logits.end());
      ids = ids.subspan(block.size());
    }
  }

  // Of all V rows, those of the padding too: this command shows the model as it is.
  static TokenId greedy_token(const LoadedModel& loaded, const std::vector<float>& logits) {
    const SampleParams greedy{};
    TokenId token = 0;
    float log_prob = 0.0f;
    const float unused = 0.0f;
    sample(*loaded.stream, {.logits = view_of(std::span(logits), Shape{1, loaded.model->config().vocab_size}),
                            .params = {&greedy, 1},
                            .uniform = {&unused, 1},
                            .seen = {},
                            .tokens = {&token, 1},
                            .log_probs = {&log_prob, 1},
                            .vocab_size = 0});
    return token;
  }

  void go_on(const LoadedModel& loaded, State& state, std::vector<float>& logits, SafetensorsWriter& file) const {
    std::vector<std::int64_t> tokens;
    for (std::int64_t i = 0; i < continue_; ++i) {
      const TokenId token = greedy_token(loaded, logits);
      tokens.push_back(token);
      loaded.model->forward(*loaded.stream, {&token, 1}, state, logits);
    }
    file.write(std::as_bytes(std::span(tokens)));
  }

  std::string model_;
  std::string ids_text_;
  std::string ids_file_;
  std::string out_;
  bool state_ = false;
  std::int64_t split_ = 0;
  std::int64_t continue_ = 0;
  DeviceOptions device_;
  OutputOptions output_;
};

}  // namespace

std::unique_ptr<Command> logits_command(CLI::App& parent, const Globals& globals) {
  return std::make_unique<LogitsCommand>(parent, globals);
}

}  // namespace holdfast::cli
