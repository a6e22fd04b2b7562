// The terminal chat.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "app/cli/conversation.h"
#include "app/cli/line_reader.h"
#include "app/cli/options.h"
#include "app/cli/output.h"
#include "app/cli/session_record.h"

namespace holdfast::cli {

struct ChatOptions {
  std::string model;
  OutputOptions output;
  DeviceOptions device;
  DialogueOptions dialogue;
  SamplerOptions sampler;
  std::int64_t session = 0;  // a stored one to go on with; 0: a new one
  bool no_store = false;
};

// Answers messages and obeys /commands; what it says about itself goes to standard error.
class Chat {
 public:
  Chat(const LoadedModel& loaded, const ChatOptions& options, const std::filesystem::path& data);
  void greet() const;
  bool take(const std::string& message);  // false: the person leaves
  void write_rows() const;                // --out

 private:
  struct Turn {
    std::string question;
    std::string thought;
    std::string answer;
  };
  enum class Shown { nothing, thought, answer };
  void answer(const std::string& question, bool go_on);
  void show_piece(std::string_view piece, bool thought);
  void end_of_text();
  bool command(const std::string& line);
  void start_again(std::string system);
  void save(const std::string& file);
  [[nodiscard]] std::string markdown() const;
  void say_statistics() const;

  const LoadedModel* loaded_;
  OutputOptions output_;
  Conversation conversation_;
  std::unique_ptr<SessionRecord> record_;
  std::vector<Turn> transcript_;
  std::string rows_;
  Notes notes_;
  Shown shown_ = Shown::nothing;
};

int run_chat(const ChatOptions& options, const std::filesystem::path& data);

}  // namespace holdfast::cli
