// One conversation with a model: text is read into a state, tokens are drawn from it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model.h"
#include "engine/sampler.h"
#include "engine/state.h"
#include "engine/token.h"
#include "engine/tokenizer.h"

namespace holdfast {

class SafetensorsFile;

enum class StopReason { stop_token, stop_string, length, cancelled };
[[nodiscard]] std::string_view name(StopReason) noexcept;

struct GenerateOptions {
  std::int64_t max_tokens = 512;
  SamplerConfig sampler;
  std::vector<TokenId> stop_tokens;       // end the turn; read into the state, not shown
  std::vector<std::string> stop_strings;  // end the turn when the text ends with one
  int alternatives = 0;                   // of each token, in TokenEvent
};
struct TokenEvent {
  TokenId token = 0;
  float log_prob = 0.0f;   // under softmax of the plain logits
  std::string_view bytes;  // what it adds to the text; may end inside a character; empty for a stop token
  std::span<const TokenProbability> alternatives;
};
struct GenerateResult {
  std::vector<TokenId> tokens;
  StopReason reason = StopReason::length;
  double seconds = 0.0;
};

// Enough to go on bit for bit: the state alone is not.
struct Snapshot {
  std::string model_fingerprint;
  State state;
  std::vector<float> logits;  // after the last token read; empty if nothing was read
  std::uint64_t draws = 0;    // random numbers used so far
  std::uint64_t tokens_read = 0;
  std::uint64_t prefix_hash = 0;  // of all token ids read, in order
  std::vector<TokenId> seen;      // distinct ids read, sorted: what the repetition penalty looks at
  std::string tail;               // end of the generated text, in which a stop string may have begun
  std::string base{};             // of a trained state: where the weights were that it belongs to; else empty

  // A safetensors file: conv_state, ssm_state, logits, seen, the rest and a checksum as metadata. Written aside,
  // synced, renamed. The state is on the CPU, so that a snapshot moves between devices.
  void save(const std::filesystem::path& file) const;
  // The bytes of that file in order: what stands before the tensors, the convolutions' inputs, the memory of each
  // layer, the rest. Layers that remember the same are pieces that are the same. A piece is valid during its call.
  void for_each_piece(const std::function<void(std::span<const std::byte>)>& take) const;
  // Throws IoError, FormatError (damaged, another format version, another shape of model).
  [[nodiscard]] static Snapshot load(const std::filesystem::path& file, const Mamba2Config& config);
  [[nodiscard]] static Snapshot read(const SafetensorsFile& file, const Mamba2Config& config);
  // What can be told without the model: throws FormatError for what is no snapshot of this version, or damaged.
  static void require_sound(const SafetensorsFile& file);
};

class Session {  // on one stream; one thread at a time
 public:
  Session(std::shared_ptr<const Mamba2Model> model, std::shared_ptr<const Tokenizer> tokenizer, Stream& stream);

  void read(std::span<const TokenId> tokens);  // prompt or tool text; no sampling
  // Draws tokens until a reason to stop; on_token sees each before the next is drawn. A session that was cancelled goes
  // on with the next call exactly as if it had not been. After a NumericError it is to be restored or reset.
  GenerateResult generate(const GenerateOptions& options, const std::function<void(const TokenEvent&)>& on_token,
                          std::stop_token stop);
  [[nodiscard]] Snapshot snapshot() const;
  void restore(const Snapshot& snapshot);  // throws FormatError with the reason when made by other weights
  void reset();                            // nothing read

  [[nodiscard]] const Mamba2Model& model() const noexcept { return *model_; }
  [[nodiscard]] std::uint64_t tokens_read() const noexcept { return tokens_read_; }
  [[nodiscard]] std::uint64_t prefix_hash() const noexcept { return prefix_hash_; }
  [[nodiscard]] std::span<const float> logits() const {
    bring_logits();
    return logits_;
  }
  [[nodiscard]] const State& state() const noexcept { return state_; }
  [[nodiscard]] std::span<const TokenId> seen() const noexcept { return seen_; }  // distinct ids read, sorted
  // Random numbers used so far. Set when a session is rebuilt by reading its tokens again.
  [[nodiscard]] std::uint64_t draws() const noexcept { return draws_; }
  void set_draws(std::uint64_t draws) noexcept { draws_ = draws; }
  void set_probe(Probe* probe) noexcept { probe_ = probe; }

 private:
  void note_read(std::span<const TokenId> tokens);
  class Turn;
  void bring_logits() const;
  [[nodiscard]] bool ends_with_stop_string(std::string_view added, const std::vector<std::string>& stops);

  std::shared_ptr<const Mamba2Model> model_;
  std::shared_ptr<const Tokenizer> tokenizer_;
  Stream* stream_;
  State state_;
  mutable std::vector<float> logits_;
  mutable ConstTensorView newer_logits_;  // on the GPU, while a turn runs ahead and nobody has asked for them
  std::uint64_t draws_ = 0;
  std::uint64_t tokens_read_ = 0;
  std::uint64_t prefix_hash_ = 0;
  std::vector<TokenId> seen_;
  std::string tail_;
  Probe* probe_ = nullptr;
};

// FNV-1a over ids, from `hash` on (0 = start; of no ids: `hash`): the key of a snapshot with the model's fingerprint.
[[nodiscard]] std::uint64_t prefix_hash(std::uint64_t hash, std::span<const TokenId> tokens) noexcept;

}  // namespace holdfast
