#include <algorithm>

#include "app/cli/command.h"
#include "app/cli/options.h"
#include "app/cli/output.h"
#include "app/cli/session_store.h"
#include "engine/utf8.h"

namespace holdfast::cli {
namespace {

constexpr std::size_t sessions_shown = 20;

constexpr const char* sessions_footer =
    "Last changed first: number, time, title. The number is what export, chat --session and search name.\n"
    "Example: holdfast sessions --all --json";

class SessionsCommand final : public Command {
 public:
  SessionsCommand(CLI::App& parent, const Globals& globals)
      : Command(parent, globals, "sessions", "List the sessions that are kept") {
    app_->add_flag("--all", all_, "All of them, not the last " + std::to_string(sessions_shown));
    output_.add_to(*app_);
    app_->footer(sessions_footer);
  }

  int run() override {
    const std::optional<Store> store = existing_store(globals_->data());
    std::vector<SessionRow> rows = store ? store->sessions() : std::vector<SessionRow>{};
    const std::size_t left_out = all_ || rows.size() <= sessions_shown ? 0 : rows.size() - sessions_shown;
    rows.resize(rows.size() - left_out);
    Json list = Json::array();
    std::string text;
    for (const SessionRow& row : rows) {
      list.push_back({{"id", row.id.value}, {"title", row.title}, {"created", row.created}, {"changed", row.changed}});
      std::string number = std::to_string(row.id.value);
      number.insert(0, number.size() < 6 ? 6 - number.size() : 0, ' ');
      std::string title = for_terminal(repair_utf8(row.title));
      std::ranges::replace(title, '\n', ' ');
      text += number + "  " + local_time(row.changed) + "  " + title + "\n";
    }
    put_result(output_, list, text);
    const Notes notes;
    if (rows.empty()) notes.say("No sessions yet in " + globals_->data().string());
    if (left_out > 0) notes.say("and " + std::to_string(left_out) + " older ones (--all)");
    return exit_fine;
  }

 private:
  bool all_ = false;
  OutputOptions output_;
};

}  // namespace

std::unique_ptr<Command> sessions_command(CLI::App& parent, const Globals& globals) {
  return std::make_unique<SessionsCommand>(parent, globals);
}

}  // namespace holdfast::cli
