#include <iostream>
#include <iterator>

#include "app/cli/command.h"
#include "app/cli/conversation.h"
#include "app/cli/interrupt.h"
#include "app/cli/options.h"
#include "app/cli/output.h"
#include "app/cli/session_record.h"

namespace holdfast::cli {
namespace {

constexpr const char* solve_footer =
    "The problem is put as the model was trained on problems: step by step, the final answer within \\boxed{}.\n"
    "The thought streams to standard error, the answer to standard output. Ctrl-C stops and keeps what there is.\n"
    "JSON: problem, thought, answer, boxed (null when there is none), tokens, seconds, tokens_per_second, "
    "stop_reason,\n"
    "prompt_tokens, prompt_seconds, seed, temperature, model, device, dtype, state_bytes.\n"
    "Example: holdfast solve \"What is the remainder of 7^100 divided by 13?\" --json";

class SolveCommand final : public Command {
 public:
  SolveCommand(CLI::App& parent, const Globals& globals)
      : Command(parent, globals, "solve", "Solve one problem: thought, answer, final result") {
    sampler_.params.repetition_penalty = 1.1f;
    sampler_.max_tokens = 65536;
    app_->add_option("PROBLEM", problem_, "The problem's text; - reads it from standard input")->required();
    app_->add_option("--model", model_, "A folder, a file or an installed model; without it the default model")
        ->type_name("MODEL");
    output_.add_to(*app_);
    device_.add_to(*app_);
    dialogue_.add_to(*app_);
    sampler_.add_to(*app_);
    app_->add_option("--state", state_, "Begin with the state in FILE: exported, or trained; the session is not kept")
        ->type_name("FILE");
    app_->add_flag("--no-store", no_store_, "Keep nothing of this session");
    app_->footer(solve_footer);
  }

  int run() override {
    const std::string problem = problem_text();
    static_cast<void>(sampler_.config());  // a wrong option is said before a model is loaded
    const auto data = globals_->data();
    LoadedModel loaded = load_model(model_.empty() ? default_model(data).path.string() : model_, data, device_, true,
                                    TrainedState::welcome);
    if (!state_.empty()) loaded.begin = load_state(state_, *loaded.model);
    Conversation::Settings settings{.template_name = dialogue_.template_name,
                                    .system = dialogue_.system,
                                    .sampler = sampler_.config(loaded.checkpoint->sampling()),
                                    .max_tokens = sampler_.max_tokens,
                                    .stop = sampler_.stop};
    const Interrupt interrupt;
    Conversation conversation(loaded, std::move(settings));
    std::unique_ptr<SessionRecord> record;
    if (loaded.begin) conversation.begin_from(*loaded.begin);
    if (!no_store_ && !loaded.begin) record = std::make_unique<SessionRecord>(data, loaded, conversation);
    conversation.set_log(record.get());
    const Answer answer =
        conversation.ask(problem, true, [this](std::string_view piece, bool thought) { show(piece, thought); });
    end_of_text();
    put(problem, answer, loaded, conversation);
    return answer.reason == StopReason::cancelled ? exit_error : exit_fine;
  }

 private:
  [[nodiscard]] std::string problem_text() const {
    std::string text = problem_;
    if (text == "-") text.assign(std::istreambuf_iterator<char>(std::cin), {});
    const std::size_t last = text.find_last_not_of(" \t\r\n");
    if (last == std::string::npos) throw UsageError("PROBLEM: empty, want the text of a problem");
    return text.substr(0, last + 1);
  }

  void show(std::string_view piece, bool thought) {
    if (!thought && in_thought_) end_of_text();
    in_thought_ = thought;
    any_ = true;
    if (thought) {
      if (notes_.on_terminal() || !output_.json) notes_.dim(piece);
    } else if (!output_.json) {
      print(output_is_terminal() ? for_terminal(piece) : std::string(piece));
    }
  }

  void end_of_text() {
    if (any_ && in_thought_ && (notes_.on_terminal() || !output_.json)) notes_.dim("\n\n");
    if (any_ && !in_thought_ && !output_.json) print("\n");
    any_ = false;
  }

  void put(const std::string& problem, const Answer& answer, const LoadedModel& loaded, Conversation& conversation) {
    Json json = answer_json("problem", problem, answer, conversation.settings().sampler);
    json["model"] = loaded.name;
    json["device"] = loaded.stream->device()->description();
    json["dtype"] = name(loaded.model->weights().layers.front().in_proj.format());  // what it is, not what was asked
    json["state_bytes"] = conversation.session().state().bytes();
    const auto boxed = last_boxed(answer.text);
    put_result(output_, json, boxed ? "\nFinal answer: " + for_terminal(*boxed) + "\n" : "");
    if (!output_.json) notes_.dim(statistics_line(answer, conversation.session().state()) + "\n");
  }

  std::string problem_;
  std::string model_;
  std::string state_;
  OutputOptions output_;
  DeviceOptions device_;
  DialogueOptions dialogue_;
  SamplerOptions sampler_;
  bool no_store_ = false;
  Notes notes_;
  bool in_thought_ = false;
  bool any_ = false;
};

}  // namespace

std::unique_ptr<Command> solve_command(CLI::App& parent, const Globals& globals) {
  return std::make_unique<SolveCommand>(parent, globals);
}

}  // namespace holdfast::cli
