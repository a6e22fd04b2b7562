#include "engine/decay_sums.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "engine/byte_reader.h"
#include "kernels/error.h"

namespace holdfast {
namespace {

constexpr double decay_steps = 0x1p18;  // in 1
// Nothing is left after a token that decays so much, whatever comes before it or after.
constexpr double most_decay = 256.0;
constexpr std::uint32_t most_difference = (256u << 18) + 2u;  // with what rounding and a seam add

void put_code(std::vector<std::byte>& to, std::uint32_t value) {
  for (; value >= 128u; value >>= 7) to.push_back(static_cast<std::byte>((value & 127u) | 128u));
  to.push_back(static_cast<std::byte>(value));
}

// Of codes that were made or checked here.
std::uint32_t next_code(const std::byte*& at) {
  std::uint32_t value = 0;
  for (int shift = 0;; shift += 7) {
    const auto byte = static_cast<std::uint32_t>(*at++);
    value |= (byte & 127u) << shift;
    if (byte < 128u) return value;
  }
}

// Whole steps that a sum has gone down.
std::int64_t whole_steps(double sum) { return static_cast<std::int64_t>(std::floor(sum * -decay_steps)); }

double sum_of(std::int64_t steps) { return static_cast<double>(steps) / -decay_steps; }

std::size_t sum_place(std::int64_t i) { return static_cast<std::size_t>(i); }

}  // namespace

DecaySums::DecaySums(std::int64_t heads) : heads_(heads), exact_(sum_place(heads)), steps_(sum_place(heads)) {}

void DecaySums::append(std::span<const float> log_decay) {
  if (std::ssize(log_decay) != heads_) {
    throw ArgumentError("decay sums: " + std::to_string(log_decay.size()) + " log decays, want " +
                        std::to_string(heads_));
  }
  for (const float value : log_decay) {
    if (!(value <= 0.0f))
      throw NumericError("decay sums: a log decay of " + std::to_string(value) + ", want 0 or less");
  }
  for (std::size_t h = 0; h < log_decay.size(); ++h) {
    exact_[h] += std::max(static_cast<double>(log_decay[h]), -most_decay);
    push(h, static_cast<std::uint32_t>(whole_steps(exact_[h]) - steps_[h]));
  }
  end_token();
}

void DecaySums::append(const DecaySums& later) {
  if (later.heads_ != heads_) {
    throw ArgumentError("decay sums: those of " + std::to_string(later.heads_) + " heads behind those of " +
                        std::to_string(heads_));
  }
  for (std::int64_t begin = 0; begin < later.tokens_; begin += block) {
    const std::int64_t end = std::min(begin + block, later.tokens_);
    const std::vector<std::uint32_t> differences = later.steps_between(begin, end);
    const std::uint32_t* next = differences.data();
    for (std::int64_t t = begin; t < end; ++t) {
      for (std::size_t h = 0; h < steps_.size(); ++h) {
        // The rests of earlier stretches may have come to a step more.
        const std::int64_t carried = t == 0 ? whole_steps(exact_[h]) - steps_[h] : 0;
        push(h, *next++ + static_cast<std::uint32_t>(carried));
      }
      end_token();
    }
  }
  for (std::size_t h = 0; h < exact_.size(); ++h) exact_[h] += later.exact_[h];
}

void DecaySums::push(std::size_t head, std::uint32_t difference) {
  open_.push_back(difference);
  steps_[head] += difference;
}

void DecaySums::end_token() {
  if (++tokens_ % block == 0) close_block();
}

void DecaySums::close_block() {
  std::vector<std::byte> codes;
  codes.reserve(open_.size() * 2);
  for (std::int64_t h = 0; h < heads_; ++h) {
    begins_.push_back(static_cast<std::uint32_t>(codes.size()));
    std::int64_t before = steps_[sum_place(h)];
    for (std::int64_t t = 0; t < block; ++t) {
      const std::uint32_t difference = open_[sum_place(t * heads_ + h)];
      before -= difference;
      put_code(codes, difference);
    }
    bases_.push_back(before);
  }
  codes.shrink_to_fit();
  codes_.push_back(std::move(codes));
  open_.clear();
}

const std::byte* DecaySums::codes_of(std::int64_t block_index, std::int64_t head) const {
  return codes_[sum_place(block_index)].data() + begins_[sum_place(block_index * heads_ + head)];
}

std::vector<double> DecaySums::after(std::int64_t tokens) const {
  if (tokens < 0 || tokens > tokens_) {
    throw ArgumentError("decay sums: after " + std::to_string(tokens) + " tokens, want 0 to " +
                        std::to_string(tokens_));
  }
  std::vector<double> sums(sum_place(heads_));
  const std::int64_t of_block = tokens / block;
  const std::int64_t rest = tokens % block;
  for (std::int64_t h = 0; h < heads_; ++h) {
    std::int64_t steps = 0;
    if (tokens == tokens_) {
      steps = steps_[sum_place(h)];
    } else if (of_block < full_blocks()) {
      steps = bases_[sum_place(of_block * heads_ + h)];
      const std::byte* at = codes_of(of_block, h);
      for (std::int64_t t = 0; t < rest; ++t) steps += next_code(at);
    } else {
      steps = steps_[sum_place(h)];
      for (std::int64_t t = rest; t < tokens_ % block; ++t) steps -= open_[sum_place(t * heads_ + h)];
    }
    sums[sum_place(h)] = sum_of(steps);
  }
  return sums;
}

std::vector<double> DecaySums::of_head(std::int64_t head) const {
  if (head < 0 || head >= heads_) {
    throw ArgumentError("decay sums: head " + std::to_string(head) + ", want 0 to " + std::to_string(heads_ - 1));
  }
  std::vector<double> sums{0.0};
  sums.reserve(sum_place(tokens_ + 1));
  std::int64_t steps = 0;
  const auto add = [&](std::uint32_t difference) { sums.push_back(sum_of(steps += difference)); };
  for (std::int64_t b = 0; b < full_blocks(); ++b) {
    const std::byte* at = codes_of(b, head);
    for (std::int64_t t = 0; t < block; ++t) add(next_code(at));
  }
  for (std::int64_t t = 0; t < tokens_ % block; ++t) add(open_[sum_place(t * heads_ + head)]);
  return sums;
}

std::vector<float> DecaySums::differences(std::int64_t first, std::int64_t last) const {
  if (first < 0 || last < first || last > tokens_) {
    throw ArgumentError("decay sums: tokens " + std::to_string(first) + " to " + std::to_string(last) + ", want 0 to " +
                        std::to_string(tokens_));
  }
  const std::vector<std::uint32_t> steps = steps_between(first, last);
  std::vector<float> rows;
  rows.reserve(steps.size());
  for (const std::uint32_t step : steps) rows.push_back(static_cast<float>(sum_of(step)));
  return rows;
}

std::vector<std::uint32_t> DecaySums::steps_between(std::int64_t first, std::int64_t last) const {
  std::vector<std::uint32_t> rows(sum_place((last - first) * heads_));
  for (std::int64_t begin = first / block * block; begin < last; begin += block) {
    const std::int64_t end = std::min(begin + block, tokens_);
    const bool full = begin / block < full_blocks();
    for (std::int64_t h = 0; h < heads_; ++h) {
      const std::byte* at = full ? codes_of(begin / block, h) : nullptr;
      for (std::int64_t t = begin; t < end; ++t) {
        const std::uint32_t difference = full ? next_code(at) : open_[sum_place((t - begin) * heads_ + h)];
        if (t >= first && t < last) rows[sum_place((t - first) * heads_ + h)] = difference;
      }
    }
  }
  return rows;
}

DecaySums DecaySums::first(std::int64_t tokens) const {
  const std::vector<double> sums = after(tokens);
  if (tokens == tokens_) return *this;
  DecaySums made(heads_);
  if (tokens == 0) return made;
  made.tokens_ = tokens;
  const std::int64_t blocks = tokens / block;
  const std::int64_t rest = tokens % block;
  made.codes_.assign(codes_.begin(), codes_.begin() + blocks);
  made.bases_.assign(bases_.begin(), bases_.begin() + blocks * heads_);
  made.begins_.assign(begins_.begin(), begins_.begin() + blocks * heads_);
  made.open_.resize(sum_place(rest * heads_));
  for (std::int64_t h = 0; h < heads_; ++h) {
    const bool full = blocks < full_blocks();
    const std::byte* at = full ? codes_of(blocks, h) : nullptr;
    for (std::int64_t t = 0; t < rest; ++t) {
      made.open_[sum_place(t * heads_ + h)] = full ? next_code(at) : open_[sum_place(t * heads_ + h)];
    }
    made.steps_[sum_place(h)] = std::llround(sums[sum_place(h)] * -decay_steps);
    made.exact_[sum_place(h)] = sums[sum_place(h)] - 0.5 / decay_steps;  // the middle of what it may be
  }
  return made;
}

std::size_t DecaySums::bytes() const noexcept {
  std::size_t sum = bases_.size() * 8 + begins_.size() * 4 + open_.size() * 4 + exact_.size() * 16;
  for (const auto& codes : codes_) sum += codes.size();
  return sum;
}

std::vector<std::byte> DecaySums::packed() const {
  std::vector<std::byte> all;
  for (const auto& codes : codes_) all.insert(all.end(), codes.begin(), codes.end());
  for (std::int64_t h = 0; h < heads_; ++h) {
    for (std::int64_t t = 0; t < tokens_ % block; ++t) put_code(all, open_[sum_place(t * heads_ + h)]);
  }
  return all;
}

std::vector<float> DecaySums::rests() const {
  std::vector<float> rests;
  for (std::size_t h = 0; h < exact_.size(); ++h) {
    rests.push_back(static_cast<float>(exact_[h] * -decay_steps - static_cast<double>(steps_[h])));
  }
  return rests;
}

DecaySums DecaySums::unpack(std::span<const std::byte> packed, std::span<const float> rests, std::int64_t heads,
                            std::int64_t tokens, std::string_view label) {
  // A code takes a byte at least: nothing larger than a few times the file is made of it.
  if (heads < 0 || tokens < 0 || (heads > 0 && tokens > std::ssize(packed) / heads)) {
    throw FormatError(std::string(label) + ": " + std::to_string(packed.size()) + " bytes of decays for " +
                      std::to_string(tokens) + " tokens of " + std::to_string(heads) +
                      " heads, want at least one each");
  }
  if (!rests.empty() && std::ssize(rests) != heads) {
    throw FormatError(std::string(label) + ": " + std::to_string(rests.size()) + " rests of decays, want " +
                      std::to_string(heads));
  }
  for (const float rest : rests) {
    // Joined stretches that have not been appended to may be a step behind.
    if (!(rest >= 0.0f && rest <= 2.0f)) {
      throw FormatError(std::string(label) + ": a decay's rest of " + std::to_string(rest) + " steps, want 0 to 2");
    }
  }
  ByteReader reader(packed, label);
  const auto next = [&] {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 35; shift += 7) {
      const auto byte = reader.number<std::uint8_t>("the decays");
      value |= static_cast<std::uint64_t>(byte & 127u) << shift;
      if (byte < 128u) break;
    }
    if (value > most_difference) {
      throw FormatError(std::string(label) + ": a decay of " + std::to_string(value) + " steps, want at most " +
                        std::to_string(most_difference));
    }
    return static_cast<std::uint32_t>(value);
  };
  DecaySums sums(heads);
  for (std::int64_t begin = 0; begin < tokens; begin += block) {
    const std::int64_t count = std::min(block, tokens - begin);
    sums.open_.resize(sum_place(count * heads));
    for (std::int64_t h = 0; h < heads; ++h) {
      for (std::int64_t t = 0; t < count; ++t) {
        const std::uint32_t difference = next();
        sums.open_[sum_place(t * heads + h)] = difference;
        sums.steps_[sum_place(h)] += difference;
      }
    }
    sums.tokens_ += count;
    if (count == block) sums.close_block();
  }
  if (reader.left() != 0) {
    throw FormatError(std::string(label) + ": " + std::to_string(reader.left()) +
                      " bytes behind the last decay, want 0");
  }
  for (std::size_t h = 0; h < sums.exact_.size(); ++h) {
    sums.exact_[h] = sum_of(sums.steps_[h]);
    if (!rests.empty()) sums.exact_[h] -= static_cast<double>(rests[h]) / decay_steps;
  }
  return sums;
}

}  // namespace holdfast
