// The running sums L[t] of the log decays dt A of many heads over a text, kept so that exp(L[t] - L[s]), the share of
// what token s wrote that is left after token t, is right to 4e-6 however long the text, in two to three bytes per
// token and head: sums in steps of 2^-18 are rounded once, never added up rounded, and kept as differences of one to
// four bytes. Sums that were kept apart for stretches of a text are joined by append(): from one stretch to another
// what is left is right to 8e-6, however many lie between.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace holdfast {

class DecaySums {
 public:
  explicit DecaySums(std::int64_t heads = 0);

  // The next token's (heads), each at most 0. Throws NumericError for another number, ArgumentError for another count.
  void append(std::span<const float> log_decay);
  // All tokens of `later`, behind these. ArgumentError for another count of heads.
  void append(const DecaySums& later);

  [[nodiscard]] std::int64_t tokens() const noexcept { return tokens_; }
  [[nodiscard]] std::int64_t heads() const noexcept { return heads_; }
  // Over the first `tokens` tokens, of all heads. ArgumentError outside 0 .. tokens().
  [[nodiscard]] std::vector<double> after(std::int64_t tokens) const;
  [[nodiscard]] std::vector<double> of_head(std::int64_t head) const;  // (tokens + 1), 0 first
  // Of the tokens [first, last), of all heads: (last - first, heads), in steps of 2^-18.
  [[nodiscard]] std::vector<float> differences(std::int64_t first, std::int64_t last) const;
  // Tokens that after() finds without adding up: multiples of this, and the end.
  static constexpr std::int64_t block = 64;

  // As if only the first `tokens` had been appended, but that what the sums are beyond a step is not known at a cut:
  // what is appended to it is off by up to half a step more. ArgumentError outside 0 .. tokens().
  [[nodiscard]] DecaySums first(std::int64_t tokens) const;

  [[nodiscard]] std::size_t bytes() const noexcept;  // in memory
  [[nodiscard]] std::vector<std::byte> packed() const;
  // What packed() leaves out: of each head, what the sum of all tokens is beyond its last step, less than two steps.
  [[nodiscard]] std::vector<float> rests() const;
  // What packed() made, and rests() (none: they are taken for 0). Throws FormatError, beginning with `label`, for
  // anything else.
  [[nodiscard]] static DecaySums unpack(std::span<const std::byte> packed, std::span<const float> rests,
                                        std::int64_t heads, std::int64_t tokens, std::string_view label);

 private:
  void push(std::size_t head, std::uint32_t difference);  // of the token that end_token() then counts
  void end_token();
  [[nodiscard]] std::vector<std::uint32_t> steps_between(std::int64_t first, std::int64_t last) const;
  void close_block();
  [[nodiscard]] std::int64_t full_blocks() const noexcept { return std::ssize(codes_); }
  [[nodiscard]] const std::byte* codes_of(std::int64_t block_index, std::int64_t head) const;

  std::int64_t heads_ = 0;
  std::int64_t tokens_ = 0;
  std::vector<double> exact_;          // (heads) the sums themselves, negative
  std::vector<std::int64_t> steps_;    // (heads) the same, negated, in whole steps: rounded down, so that joined
                                       // stretches never sum to more than the steps of the whole
  std::vector<std::int64_t> bases_;    // (full blocks, heads) steps before each block
  std::vector<std::uint32_t> begins_;  // (full blocks, heads) where a head's differences begin in the block's codes
  std::vector<std::vector<std::byte>> codes_;  // of each full block: head after head, 7 bits a byte, low ones first
  std::vector<std::uint32_t> open_;            // (tokens of the open block, heads) differences
};

}  // namespace holdfast
