// The GGUF container, versions 2 and 3, little-endian: typed metadata and tensors in the formats of ggml.
// Specification: github.com/ggml-org/ggml, docs/gguf.md.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "engine/atomic_file.h"
#include "engine/mapped_file.h"
#include "kernels/weight.h"

namespace holdfast {

class ByteReader;

enum class GgufType : std::uint32_t { u8, i8, u16, i16, u32, i32, f32, boolean, string, array, u64, i64, f64 };
[[nodiscard]] std::string_view name(GgufType) noexcept;

struct GgufTensor {
  std::string_view name;
  WeightFormat format = WeightFormat::f32;
  // ggml's order: ne[0] is the length of a row, ne[1] the number of rows; ones behind.
  std::array<std::int64_t, 4> ne{1, 1, 1, 1};
  std::span<const std::byte> bytes;
};

// Reading. Opening checks every length, type and offset; names and values stay in the mapped file.
class GgufFile {
 public:
  [[nodiscard]] static GgufFile open(const std::filesystem::path& file);  // throws IoError, FormatError
  // From memory that outlives the result; `label` stands in messages for the file's name.
  [[nodiscard]] static GgufFile parse(std::span<const std::byte> bytes, std::string_view label);

  [[nodiscard]] const std::string& label() const noexcept { return label_; }
  [[nodiscard]] std::uint32_t version() const noexcept { return version_; }
  [[nodiscard]] const std::shared_ptr<const MappedFile>& mapping() const noexcept { return mapping_; }  // may be null

  // Nothing when the key is absent. A value of another type throws FormatError "model.gguf: <key>: string, want ...".
  [[nodiscard]] bool has(std::string_view key) const noexcept { return find_value(key) != nullptr; }
  [[nodiscard]] std::optional<std::string_view> string(std::string_view key) const;
  [[nodiscard]] std::optional<std::int64_t> integer(std::string_view key) const;  // any integer type that fits
  [[nodiscard]] std::optional<double> number(std::string_view key) const;         // any numeric type
  [[nodiscard]] std::optional<bool> boolean(std::string_view key) const;
  [[nodiscard]] std::optional<std::vector<std::string_view>> strings(std::string_view key) const;
  [[nodiscard]] std::optional<std::vector<std::int64_t>> integers(std::string_view key) const;
  [[nodiscard]] std::optional<std::vector<float>> floats(std::string_view key) const;
  [[nodiscard]] std::vector<std::string_view> keys() const;

  [[nodiscard]] std::span<const GgufTensor> tensors() const noexcept { return tensors_; }
  [[nodiscard]] const GgufTensor* find(std::string_view name) const noexcept;

  struct Value {
    std::string_view key;
    GgufType type = GgufType::u8;  // of the value, or of the elements of an array
    bool is_array = false;
    std::uint64_t count = 1;           // of elements
    std::span<const std::byte> bytes;  // encoded elements
  };
  [[nodiscard]] std::span<const Value> values() const noexcept { return values_; }  // as they are, for copying

 private:
  GgufFile() = default;
  void read_values(ByteReader& reader, std::span<const std::byte> bytes, std::uint64_t count);
  void read_tensors(ByteReader& reader, std::span<const std::byte> bytes, std::uint64_t count);
  void index_names();
  [[noreturn]] void fail(const std::string& rule) const;
  [[nodiscard]] const Value* find_value(std::string_view key) const noexcept;
  [[nodiscard]] const Value* typed_value(std::string_view key, bool is_array) const;
  [[noreturn]] void wrong_type(const Value& value, std::string_view want) const;

  std::shared_ptr<const MappedFile> mapping_;
  std::string label_;
  std::uint32_t version_ = 0;
  std::vector<Value> values_;           // sorted by key
  std::vector<GgufTensor> tensors_;     // as in the file
  std::vector<std::uint32_t> by_name_;  // indices into tensors_, sorted by name
};

using GgufWrite = std::variant<std::uint32_t, std::int32_t, float, bool, std::string, std::vector<std::string>,
                               std::vector<float>, std::vector<std::int32_t>>;

// Writing version 3: metadata and tensor entries first, then the bytes of each tensor in that order, each begun with
// begin_tensor(). Throws IoError; ArgumentError when the bytes written do not match the entries.
class GgufWriter {
 public:
  struct Entry {
    std::string name;
    WeightFormat format = WeightFormat::f32;
    std::vector<std::int64_t> ne;  // row length first
  };
  explicit GgufWriter(const std::filesystem::path& file, IfExists if_exists = IfExists::refuse);
  void add(std::string key, GgufWrite value);
  void add_text(std::string key, std::string_view text) { add(std::move(key), GgufWrite(std::string(text))); }
  void add(const GgufFile::Value& value);  // a value of another file, as it is
  void add_tensor(Entry entry);
  void begin_tensor();  // the first call writes the header
  void write(std::span<const std::byte> bytes) { file_.write(bytes); }
  void commit();

 private:
  void write_header();
  AtomicFile file_;
  std::vector<std::string> values_;  // encoded, key included
  std::vector<Entry> entries_;
  std::size_t next_ = 0;
  std::uint64_t tensor_end_ = 0;  // where the tensor now written must end
};

}  // namespace holdfast
