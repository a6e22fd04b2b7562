#include "app/cli/chat.h"

#include <utility>

#include "app/cli/command.h"
#include "app/cli/interrupt.h"
#include "engine/atomic_file.h"
#include "kernels/size_text.h"

namespace holdfast::cli {
namespace {

constexpr const char* chat_help =
    "/new            start again, with nothing read\n"
    "/system TEXT    start again with this system message (no TEXT: show it)\n"
    "/continue       go on with an answer that was cut off\n"
    "/save FILE      write the conversation to FILE as Markdown\n"
    "/stats          what was read, and what the model remembers it with\n"
    "/quit           leave (so does Ctrl-D)\n"
    "/help           this list\n"
    "A line that ends with \\ goes on in the next one; so does what stands between two lines \"\"\".\n"
    "Ctrl-C stops an answer and keeps the session.";

constexpr const char* chat_footer =
    "Without a terminal, every line of standard input is a question; --json gives one JSON object a line.\n"
    "Commands in the chat: /new /system /continue /save /stats /quit /help.\n"
    "Sessions are kept in DATA/holdfast.db, where the window finds them too.\n"
    "Example: holdfast chat holdfast-mini --temperature 0.6 --system \"Answer in one sentence.\"";

class ChatCommand final : public Command {
 public:
  ChatCommand(CLI::App& parent, const Globals& globals)
      : Command(parent, globals, "chat", "Talk with a model in the terminal") {
    app_->add_option("MODEL", options_.model, "A folder, a file or an installed model; without it the default model");
    options_.output.add_to(*app_);
    options_.device.add_to(*app_);
    options_.dialogue.add_to(*app_);
    options_.sampler.add_to(*app_);
    app_->add_option("--session", options_.session, "Go on with this stored session (/stats tells a session's number)")
        ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 53))
        ->type_name("N");
    app_->add_flag("--no-store", options_.no_store, "Keep nothing of this session");
    app_->footer(chat_footer);
  }
  int run() override {
    if (options_.session > 0 && options_.no_store) throw UsageError("--session: a stored session needs the store");
    if (options_.model.empty()) options_.model = default_model(globals_->data()).path.string();
    return run_chat(options_, globals_->data());
  }

 private:
  ChatOptions options_;
};

}  // namespace

Chat::Chat(const LoadedModel& loaded, const ChatOptions& options, const std::filesystem::path& data)
    : loaded_(&loaded),
      output_(options.output),
      conversation_(loaded, {.template_name = options.dialogue.template_name,
                             .system = options.dialogue.system,
                             .sampler = options.sampler.config(loaded.checkpoint->sampling()),
                             .max_tokens = options.sampler.max_tokens,
                             .stop = options.sampler.stop}) {
  if (options.no_store) return;
  record_ = std::make_unique<SessionRecord>(data, loaded, conversation_);
  conversation_.set_log(record_.get());
  if (options.session > 0) record_->open(SessionId{options.session});
}

void Chat::greet() const {
  if (!input_is_terminal()) return;
  const auto state = static_cast<double>(conversation_.session().state().bytes());
  notes_.dim(loaded_->name + ", " + loaded_->stream->device()->description() + ", weights " +
             size_text(static_cast<double>(loaded_->model->weights().bytes())) + ", state " + size_text(state) +
             "; /help lists the commands\n");
}

bool Chat::take(const std::string& message) {
  if (message.find_first_not_of(" \t\r\n") == std::string::npos) return true;
  if (message.front() == '/') return command(message);
  answer(message, false);
  return true;
}

void Chat::answer(const std::string& question, bool go_on) {
  const AnswerText::Show show = [this](std::string_view piece, bool thought) { show_piece(piece, thought); };
  shown_ = Shown::nothing;
  const Answer answer = go_on ? conversation_.go_on(show) : conversation_.ask(question, false, show);
  end_of_text();
  Json json = answer_json("question", question, answer, conversation_.settings().sampler);
  if (output_.json) print(dump(json, -1) + "\n");
  if (!output_.out.empty()) rows_ += dump(json, -1) + "\n";
  if (go_on && !transcript_.empty()) {
    transcript_.back().thought += answer.thought;
    transcript_.back().answer += answer.text;
  } else {
    transcript_.push_back({question, answer.thought, answer.text});
  }
  notes_.dim(statistics_line(answer, conversation_.session().state()) + "\n");
}

// Thoughts are for the reader at the terminal; standard output has the answers alone.
void Chat::show_piece(std::string_view piece, bool thought) {
  const Shown kind = thought ? Shown::thought : Shown::answer;
  if (shown_ != kind) end_of_text();
  shown_ = kind;
  if (thought) {
    if (notes_.on_terminal() || !output_.json) notes_.dim(piece);
  } else if (!output_.json) {
    print(output_is_terminal() ? for_terminal(piece) : std::string(piece));
  }
}

void Chat::end_of_text() {
  if (shown_ == Shown::thought && (notes_.on_terminal() || !output_.json)) notes_.dim("\n");
  if (shown_ == Shown::answer && !output_.json) print("\n");
  shown_ = Shown::nothing;
}

bool Chat::command(const std::string& line) {
  const std::size_t space = line.find_first_of(" \t");
  const std::string word = line.substr(0, space);
  const std::size_t rest = line.find_first_not_of(" \t", space);
  const std::string argument = rest == std::string::npos ? std::string() : line.substr(rest);
  if (word == "/quit") return false;
  if (word == "/help") {
    notes_.say(chat_help);
  } else if (word == "/new") {
    start_again(conversation_.settings().system);
  } else if (word == "/system") {
    if (argument.empty()) {
      notes_.say("system: " + conversation_.settings().system);
    } else {
      start_again(argument);
    }
  } else if (word == "/continue") {
    if (conversation_.can_go_on()) {
      answer(transcript_.empty() ? std::string() : transcript_.back().question, true);
    } else {
      notes_.say("holdfast: /continue: no answer was cut off");
    }
  } else if (word == "/save") {
    save(argument);
  } else if (word == "/stats") {
    say_statistics();
  } else {
    notes_.say("holdfast: " + word + ": no such command (/help lists them)");
  }
  return true;
}

void Chat::start_again(std::string system) {
  conversation_.start_again(std::move(system));
  transcript_.clear();
  notes_.say("a new session; nothing is read");
}

void Chat::save(const std::string& file) {
  if (file.empty()) {
    notes_.say("holdfast: /save: want the name of a file");
    return;
  }
  // A session is worth more than a file name with a typing error in it: say what is wrong and go on.
  try {
    write_file_atomically(file, markdown());
    notes_.say("saved: " + file);
  } catch (const Error& error) {
    notes_.say(std::string("holdfast: ") + error.what());
  }
}

std::string Chat::markdown() const {
  std::string text;
  const std::string& system = conversation_.settings().system;
  if (!system.empty()) text += "## System\n\n" + system + "\n\n";
  for (const Turn& turn : transcript_) {
    text += "## Question\n\n" + turn.question + "\n\n";
    if (!turn.thought.empty()) text += "## Thought\n\n" + turn.thought + "\n\n";
    text += "## Answer\n\n" + turn.answer + "\n\n";
  }
  return text;
}

void Chat::say_statistics() const {
  const Session& session = conversation_.session();
  const std::string number = record_ && record_->session() ? std::to_string(record_->session().value) : "not stored";
  notes_.say("tokens read   " + std::to_string(session.tokens_read()) + "\nstate         " +
             size_text(static_cast<double>(session.state().bytes())) + ", the same after every token" +
             "\nweights       " + size_text(static_cast<double>(loaded_->model->weights().bytes())) +
             "\ndevice        " + loaded_->stream->device()->description() + "\ntemplate      " +
             std::string(name(conversation_.chat_template().format())) + "\nseed          " +
             std::to_string(conversation_.settings().sampler.seed) + "\nsession       " + number);
}

void Chat::write_rows() const {
  if (!output_.out.empty()) write_file_atomically(output_.out, rows_);
}

int run_chat(const ChatOptions& options, const std::filesystem::path& data) {
  static_cast<void>(options.sampler.config());  // a wrong option is said before a model is loaded
  const LoadedModel loaded = load_model(options.model, data, options.device, true);
  const Interrupt interrupt;
  Chat chat(loaded, options, data);
  chat.greet();
  LineReader lines;
  const Notes notes;
  const bool person = input_is_terminal();
  for (;;) {
    if (person) notes.dim("> ");
    bool interrupted = false;
    const auto message = read_message(lines, interrupted);
    if (interrupted && person) {
      notes.say("\n(/quit or Ctrl-D leaves)");
      Interrupt::clear();
      continue;
    }
    if (!message || !chat.take(*message)) break;
    if (Interrupt::asked() && !person) break;
    Interrupt::clear();
  }
  if (person) notes.say("");
  chat.write_rows();
  return exit_fine;
}

std::unique_ptr<Command> chat_command(CLI::App& parent, const Globals& globals) {
  return std::make_unique<ChatCommand>(parent, globals);
}

}  // namespace holdfast::cli
