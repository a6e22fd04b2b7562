#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <iterator>
#include <numeric>
#include <optional>
#include <stop_token>

#include "app/cli/command.h"
#include "app/cli/interrupt.h"
#include "app/cli/loaded_model.h"
#include "app/cli/options.h"
#include "app/cli/output.h"
#include "app/files/paths.h"
#include "app/store/store.h"
#include "engine/checkpoint.h"
#include "engine/inspection.h"
#include "engine/safetensors.h"
#include "engine/session.h"
#include "engine/state_difference.h"
#include "kernels/size_text.h"

namespace holdfast::cli {
namespace {

constexpr const char* inspect_footer =
    "A text, or the tokens of a stored session, are read from an empty state; what is seen of the memory on the way "
    "is\n"
    "written as safetensors: log_decay (tokens, layers, heads), the sum of which gives the retention\n"
    "exp(L_t - L_s) of any token; and, every few tokens, write, read, skip, norm and stable_rank (samples, layers,\n"
    "heads), with sample_end saying after how many tokens.\n"
    "--compare takes two state files of one model instead (of a session, exported or trained) and says how far apart "
    "they\n"
    "are: the distance ||A - B|| / ||A|| of every head, written as distance, cosine, norm_a and norm_b (layers, "
    "heads).\n"
    "Printed are, of all heads, how long they remember: the half-life in tokens, and what is left of a given token.\n"
    "Example: holdfast inspect holdfast-mini --text \"A train leaves at 3 pm.\" --out memory.safetensors";

double quantile(std::vector<double> values, double q) {
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(q * static_cast<double>(values.size() - 1) + 0.5)];
}

// A number JSON can hold: a head without decay has an infinite half-life.
Json number_or_null(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

class InspectCommand final : public Command {
 public:
  InspectCommand(CLI::App& parent, const Globals& globals)
      : Command(parent, globals, "inspect", "What the model's memory keeps and loses over a text") {
    app_->add_option("MODEL", model_, "A folder, a file or an installed model; without it the default model");
    auto* source = app_->add_option_group("source", "What is read");
    source->add_option("--text", text_, "The text itself")->type_name("TEXT");
    source->add_option("--in", file_, "A file of text")->type_name("FILE");
    source->add_option("--session", session_, "A stored session, by its number")->type_name("ID");
    source->add_option("--compare", compare_, "Two state files, A and B")->type_name("A B")->expected(2);
    source->require_option(1);
    app_->add_option("--every", options_.every, "Tokens from one sample to the next")
        ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 30))
        ->capture_default_str()
        ->type_name("N");
    app_->add_flag("!--no-rank", options_.stable_rank, "Leave out the stable rank, which takes most of the time");
    app_->add_option("--token", token_, "Whose retention is printed; without it the first's")->type_name("N");
    app_->add_option("--out", out_, "Where all series are written")->type_name("FILE.safetensors");
    app_->add_flag("--json", output_.json, "Print the summary as JSON");
    device_.add_to(*app_);
    app_->footer(inspect_footer);
  }

  int run() override {
    const auto data = globals_->data();
    if (!compare_.empty()) return compare(data);
    const LoadedModel loaded =
        load_model(model_.empty() ? default_model(data).path.string() : model_, data, device_, !session_);
    const std::vector<TokenId> tokens = read_tokens(loaded, data);
    const Interrupt interrupt;
    const Notes notes;
    const auto begin = std::chrono::steady_clock::now();
    std::stop_source stop;
    const auto progress = [&](std::int64_t read) {
      notes.progress("reading", static_cast<double>(read) / static_cast<double>(tokens.size()));
      if (Interrupt::asked()) stop.request_stop();
    };
    const Inspection seen = Inspection::of(*loaded.model, *loaded.stream, tokens, options_, progress, stop.get_token());
    notes.clear_line();
    if (seen.tokens() == 0) return exit_error;
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    if (!out_.empty()) seen.save(out_);
    put(seen, loaded, seconds);
    return seen.tokens() == std::ssize(tokens) ? exit_fine : exit_error;
  }

 private:
  // Two states need the shape of their model, not its weights.
  int compare(const std::filesystem::path& data) {
    const auto checkpoint = Checkpoint::open(model_.empty() ? default_model(data).path : resolve_model(model_, data));
    const Snapshot a = Snapshot::load(compare_[0], checkpoint->config());
    const Snapshot b = Snapshot::load(compare_[1], checkpoint->config());
    if (a.model_fingerprint != b.model_fingerprint) {
      throw FormatError(compare_[1] + ": a state of other weights (" + b.model_fingerprint + ") than " + compare_[0] +
                        " (" + a.model_fingerprint + "): their numbers do not mean the same");
    }
    const StateDifference apart = difference(std::as_const(a.state).ssm(), std::as_const(b.state).ssm());
    if (!out_.empty()) save(apart);
    put(apart, a, b);
    return exit_fine;
  }

  void save(const StateDifference& apart) const {
    const Shape shape{apart.layers, apart.heads};
    std::vector<SafetensorsTensor> tensors;
    for (const auto& [name, values] : {std::pair{"distance", &apart.distance},
                                       {"cosine", &apart.cosine},
                                       {"norm_a", &apart.norm_a},
                                       {"norm_b", &apart.norm_b}}) {
      tensors.push_back({name, SafetensorsDType::f64, shape, std::as_bytes(std::span(*values))});
    }
    write_safetensors(out_, tensors, {{"a", compare_[0]}, {"b", compare_[1]}});
  }

  void put(const StateDifference& apart, const Snapshot& a, const Snapshot& b) const {
    std::vector<std::size_t> order(apart.distance.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order,
                             [&](std::size_t x, std::size_t y) { return apart.distance[x] > apart.distance[y]; });
    const auto heads = static_cast<std::size_t>(apart.heads);
    Json most = Json::array();
    std::string text = "A read " + std::to_string(a.tokens_read) + " tokens, B " + std::to_string(b.tokens_read) +
                       "; ||A - B|| / ||A|| of the whole state " + fixed(apart.whole, 4) + "\n" +
                       "most diverged heads:\n";
    for (const std::size_t head : std::span(order).first(std::min<std::size_t>(order.size(), 10))) {
      most.push_back({{"layer", head / heads},
                      {"head", head % heads},
                      {"distance", number_or_null(apart.distance[head])},
                      {"cosine", apart.cosine[head]}});
      text += "  layer " + std::to_string(head / heads) + ", head " + std::to_string(head % heads) + ": " +
              (std::isfinite(apart.distance[head]) ? fixed(apart.distance[head], 4) : "unlimited") + ", cosine " +
              fixed(apart.cosine[head], 4) + "\n";
    }
    Json json = {{"a", {{"file", compare_[0]}, {"tokens", a.tokens_read}}},
                 {"b", {{"file", compare_[1]}, {"tokens", b.tokens_read}}},
                 {"layers", apart.layers},
                 {"heads", apart.heads},
                 {"distance", number_or_null(apart.whole)},
                 {"median_distance", number_or_null(quantile(apart.distance, 0.5))},
                 {"most_diverged", most},
                 {"divergence", nullptr},
                 {"out", out_.empty() ? Json(nullptr) : Json(out_)}};
    if (!a.logits.empty() && a.logits.size() == b.logits.size()) {
      const double nats = divergence(a.logits, b.logits);
      json["divergence"] = nats;
      text += "next token: divergence of B from A " + fixed(nats, 4) + " nats\n";
    }
    put_result(output_, json, text);
  }

  [[nodiscard]] std::vector<TokenId> read_tokens(const LoadedModel& loaded, const std::filesystem::path& data) const {
    std::vector<TokenId> tokens;
    if (session_) {
      const std::string label = "session " + std::to_string(*session_);
      if (!std::filesystem::exists(data / "holdfast.db"))
        throw IoError(label + ": nothing is stored in " + data.string());
      Store store(data / "holdfast.db");
      for (const NodeRow& node : store.branch(SessionId{*session_})) {
        if (node.tokens) tokens.insert(tokens.end(), node.tokens->begin(), node.tokens->end());
      }
      if (tokens.empty()) {
        throw IoError("session " + std::to_string(*session_) +
                      ": no tokens of it are stored (holdfast sessions lists them)");
      }
      check_ids(tokens, loaded.model->config().vocab_size, label);
      return tokens;
    }
    std::string text = text_;
    if (!file_.empty()) {
      std::ifstream in(file_, std::ios::binary);
      if (!in || std::filesystem::is_directory(file_)) throw IoError(file_ + ": cannot be read");
      text.assign(std::istreambuf_iterator<char>(in), {});
    }
    if (loaded.tokenizer->adds_bos() && loaded.tokenizer->bos()) tokens.push_back(*loaded.tokenizer->bos());
    for (const TokenId id : loaded.tokenizer->encode(text, true)) tokens.push_back(id);
    if (tokens.empty()) throw UsageError("the text is empty, want at least one token");
    return tokens;
  }

  void put(const Inspection& seen, const LoadedModel& loaded, double seconds) const {
    if (token_ < 0 || token_ >= seen.tokens()) {
      throw UsageError("--token: " + std::to_string(token_) + ", want 0 to " + std::to_string(seen.tokens() - 1));
    }
    const auto half = seen.half_life(0, seen.tokens());
    const auto kept = seen.retention(token_, seen.tokens() - 1);
    const auto summary = [](const std::vector<double>& values) {
      return Json{{"least", number_or_null(quantile(values, 0.0))},
                  {"median", number_or_null(quantile(values, 0.5))},
                  {"most", number_or_null(quantile(values, 1.0))}};
    };
    const std::size_t state_bytes = loaded.model->new_state().bytes();
    const Json json = {{"model", loaded.name},
                       {"tokens", seen.tokens()},
                       {"layers", seen.layers()},
                       {"heads", seen.heads()},
                       {"samples", seen.samples()},
                       {"state_bytes", state_bytes},
                       {"half_life_tokens", summary(half)},
                       {"retention", {{"token", token_}, {"at", seen.tokens() - 1}, {"heads", summary(kept)}}},
                       {"seconds", seconds},
                       {"out", out_.empty() ? Json(nullptr) : Json(out_)}};
    const auto line = [](const char* what, const std::vector<double>& values, int digits) {
      std::string text = what;
      for (const double q : {0.0, 0.5, 1.0}) {
        const double value = quantile(values, q);
        text += (q == 0.0   ? " "
                 : q == 0.5 ? ", median "
                            : ", most ") +
                (std::isfinite(value) ? fixed(value, digits) : "unlimited");
      }
      return text + "\n";
    };
    put_result(output_, json,
               std::to_string(seen.tokens()) + " tokens, " + std::to_string(seen.layers() * seen.heads()) +
                   " heads, state of " + size_text(static_cast<double>(state_bytes)) + "\n" +
                   line("half-life in tokens: least", half, 1) +
                   line(("left of token " + std::to_string(token_) + " at the end: least").c_str(), kept, 4));
  }

  std::string model_;
  std::string text_;
  std::string file_;
  std::string out_;
  std::vector<std::string> compare_;
  std::optional<std::int64_t> session_;
  std::int64_t token_ = 0;
  InspectionOptions options_;
  OutputOptions output_;
  DeviceOptions device_;
};

}  // namespace

std::unique_ptr<Command> inspect_command(CLI::App& parent, const Globals& globals) {
  return std::make_unique<InspectCommand>(parent, globals);
}

}  // namespace holdfast::cli
