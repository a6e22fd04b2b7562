// The safetensors container: a JSON header (name -> dtype, shape, offsets) and raw little-endian, row-major bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/atomic_file.h"
#include "engine/mapped_file.h"
#include "kernels/tensor.h"

namespace holdfast {

enum class SafetensorsDType : std::uint8_t {
  boolean,
  u8,
  i8,
  u16,
  i16,
  u32,
  i32,
  u64,
  i64,
  f8_e4m3,
  f8_e5m2,
  f16,
  bf16,
  f32,
  f64  // names "BOOL", "U8", ...
};
[[nodiscard]] std::string_view name(SafetensorsDType) noexcept;
[[nodiscard]] std::size_t byte_size(SafetensorsDType) noexcept;
[[nodiscard]] std::optional<SafetensorsDType> safetensors_dtype(std::string_view name) noexcept;

struct SafetensorsTensor {
  std::string name;
  SafetensorsDType dtype = SafetensorsDType::f32;
  Shape shape;
  std::span<const std::byte> bytes;  // not aligned; elements() * byte_size(dtype) long
};

using SafetensorsMetadata = std::map<std::string, std::string, std::less<>>;

// Reading. Every offset, shape and size is checked when opened; memory use is a small multiple of the header.
class SafetensorsFile {
 public:
  [[nodiscard]] static SafetensorsFile open(const std::filesystem::path& file);  // throws IoError, FormatError
  // From memory that outlives the result; `label` stands in messages for the file's name.
  [[nodiscard]] static SafetensorsFile parse(std::span<const std::byte> bytes, std::string_view label);

  [[nodiscard]] std::span<const SafetensorsTensor> tensors() const noexcept { return tensors_; }  // by offset
  [[nodiscard]] const SafetensorsMetadata& metadata() const noexcept { return metadata_; }
  [[nodiscard]] const SafetensorsTensor* find(std::string_view name) const noexcept;
  [[nodiscard]] const SafetensorsTensor& get(std::string_view name) const;  // throws FormatError naming the file
  [[nodiscard]] const std::string& label() const noexcept { return label_; }
  [[nodiscard]] const std::shared_ptr<const MappedFile>& mapping() const noexcept { return mapping_; }  // may be null

 private:
  SafetensorsFile() = default;
  void refuse_holes(std::span<const std::byte> data) const;
  void index_names();
  [[noreturn]] void fail(const std::string& rule) const;
  std::shared_ptr<const MappedFile> mapping_;
  std::string label_;
  std::vector<SafetensorsTensor> tensors_;
  std::vector<std::size_t> by_name_;  // indices into tensors_, sorted by name
  SafetensorsMetadata metadata_;
};

// Writing small files: all tensors at once, aside and renamed. Throws IoError; ArgumentError for a wrong size or a name
// given twice.
void write_safetensors(const std::filesystem::path& file, std::span<const SafetensorsTensor> tensors,
                       const SafetensorsMetadata& metadata = {}, IfExists if_exists = IfExists::replace);

// Writing big files: names and shapes first, then the bytes of each tensor in that order, in pieces of any size.
class SafetensorsWriter {
 public:
  struct Entry {
    std::string name;
    SafetensorsDType dtype = SafetensorsDType::f32;
    Shape shape;
  };
  SafetensorsWriter(const std::filesystem::path& file, std::span<const Entry> entries,
                    const SafetensorsMetadata& metadata, IfExists if_exists = IfExists::replace);
  void write(std::span<const std::byte> bytes) { file_.write(bytes); }
  void commit();  // ArgumentError when fewer or more bytes were written than announced

  // What stands before the first tensor's bytes in a file with these entries.
  [[nodiscard]] static std::string beginning(std::span<const Entry> entries, const SafetensorsMetadata& metadata);

 private:
  AtomicFile file_;
  std::uint64_t end_ = 0;
};

}  // namespace holdfast
