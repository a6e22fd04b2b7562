// How values that SQLite has no type for are kept in columns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/store/rows.h"

namespace holdfast {

// 64-bit patterns as SQLite's signed integers, and back.
[[nodiscard]] std::int64_t to_column(std::uint64_t value) noexcept;
[[nodiscard]] std::uint64_t from_column(std::int64_t value) noexcept;

[[nodiscard]] std::vector<std::byte> tokens_to_blob(std::span<const TokenId> tokens);
[[nodiscard]] std::vector<TokenId> tokens_from_blob(std::span<const std::byte> blob);  // throws StoreError

// Per token: its log probability, the number of alternatives (one byte), and theirs; little-endian.
[[nodiscard]] std::vector<std::byte> choices_to_blob(const std::vector<TokenChoice>& choices);
[[nodiscard]] std::vector<TokenChoice> choices_from_blob(std::span<const std::byte> blob);  // throws StoreError

[[nodiscard]] NodeKind node_kind(std::string_view name);  // throws StoreError

// Sampler parameters and max_tokens; the seed has a column of its own, because JSON numbers lose its last bits.
[[nodiscard]] std::string sampler_to_json(const NodeRow& row);
void sampler_from_json(const std::string& json, std::uint64_t seed, NodeRow& row);  // throws StoreError

[[nodiscard]] std::string statistics_to_json(const NodeStatistics& statistics);
[[nodiscard]] NodeStatistics statistics_from_json(const std::string& json);  // throws StoreError

}  // namespace holdfast
