#include <algorithm>

#include "app/cli/command.h"
#include "app/cli/options.h"
#include "app/cli/output.h"
#include "app/cli/session_store.h"

namespace holdfast::cli {
namespace {

constexpr const char* search_footer =
    "All words must be there; the last may be the beginning of one; \"words in quotes\" stand together. Sessions and\n"
    "branches that were deleted are left out. Each line: session, message, kind, and the text around what was found.\n"
    "Example: holdfast search \"prime numbers\" --kind question,answer";

struct KindWord {
  std::string_view word;
  NodeKind kind;
};
constexpr KindWord kind_words[] = {{"question", NodeKind::user},
                                   {"thought", NodeKind::thought},
                                   {"answer", NodeKind::answer},
                                   {"note", NodeKind::note},
                                   {"system", NodeKind::system}};

std::string_view word_of(const SearchHit& hit) {
  if (!hit.node) return "title";
  return std::ranges::find(kind_words, hit.kind, &KindWord::kind)->word;
}

// What was found stands out: bold where the terminal can, between marks elsewhere.
std::string marked_snippet(const SearchHit& hit, bool bold) {
  std::string text;
  std::size_t at = 0;
  const std::string_view snippet = hit.snippet;
  for (const TextRange& range : hit.matches) {
    text += for_terminal(snippet.substr(at, range.begin - at));
    text +=
        (bold ? "\x1b[1m" : "[") + for_terminal(snippet.substr(range.begin, range.length)) + (bold ? "\x1b[22m" : "]");
    at = range.begin + range.length;
  }
  return text + for_terminal(snippet.substr(at));
}

Json hit_json(const SearchHit& hit) {
  Json matches = Json::array();
  for (const TextRange& range : hit.matches) matches.push_back(Json::array({range.begin, range.length}));
  return {{"session", hit.session.value},
          {"title", hit.title},
          {"node", hit.node ? Json(hit.node.value) : Json(nullptr)},
          {"kind", word_of(hit)},
          {"snippet", hit.snippet},
          {"matches", std::move(matches)},
          {"rank", hit.rank},
          {"when", hit.when}};
}

class SearchCommand final : public Command {
 public:
  SearchCommand(CLI::App& parent, const Globals& globals)
      : Command(parent, globals, "search", "Find words in all sessions") {
    app_->add_option("WORDS", words_, "What to look for")->required();
    app_->add_option("--kind", kinds_, "Where: title, question, thought, answer, note, system; apart by commas")
        ->delimiter(',')
        ->check(CLI::IsMember({"title", "question", "thought", "answer", "note", "system"}));
    app_->add_option("--session", session_, "In this session alone: its number, or last");
    app_->add_option("--limit", limit_, "Most titles, and most texts, that are shown")
        ->check(CLI::Range(1, 100000))
        ->capture_default_str();
    output_.add_to(*app_);
    app_->footer(search_footer);
  }

  int run() override {
    const std::optional<Store> store = existing_store(globals_->data());
    SearchFilter filter{.limit = limit_};
    if (!session_.empty()) filter.session = find_session(store, session_, globals_->data());
    bool texts = kinds_.empty();
    if (!kinds_.empty()) {
      filter.titles = std::ranges::find(kinds_, "title") != kinds_.end();
      for (const auto& [word, kind] : kind_words) {
        if (std::ranges::find(kinds_, word) != kinds_.end()) filter.kinds.push_back(kind);
      }
      texts = !filter.kinds.empty();
    }
    std::string typed;
    for (const std::string& word : words_) typed += (typed.empty() ? "" : " ") + word;
    std::vector<SearchHit> hits = store ? store->search(typed, filter) : std::vector<SearchHit>{};
    if (!texts) std::erase_if(hits, [](const SearchHit& hit) { return bool(hit.node); });
    Json list = Json::array();
    std::string text;
    const bool bold = output_is_terminal();
    for (const SearchHit& hit : hits) {
      list.push_back(hit_json(hit));
      text += std::to_string(hit.session.value) + "\t" + (hit.node ? std::to_string(hit.node.value) : "-") + "\t" +
              std::string(word_of(hit)) + "\t" + marked_snippet(hit, bold) + "\n";
    }
    put_result(output_, list, text);
    if (hits.empty()) Notes().say("Nothing was found");
    return exit_fine;
  }

 private:
  std::vector<std::string> words_;
  std::vector<std::string> kinds_;
  std::string session_;
  int limit_ = 50;
  OutputOptions output_;
};

}  // namespace

std::unique_ptr<Command> search_command(CLI::App& parent, const Globals& globals) {
  return std::make_unique<SearchCommand>(parent, globals);
}

}  // namespace holdfast::cli
