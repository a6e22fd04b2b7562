// PyTorch's zip archives of tensors (torch.save since 1.6): a pickle that names tensors, and their storages as stored
// zip entries. The pickle is read by a restricted machine that builds tensors of storages and nothing else.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/atomic_file.h"
#include "engine/mapped_file.h"
#include "engine/safetensors.h"
#include "kernels/tensor.h"

namespace holdfast {

struct TorchTensor {
  std::string name;
  SafetensorsDType dtype = SafetensorsDType::f32;
  Shape shape;
  std::span<const std::byte> bytes;  // contiguous, row-major, not aligned
};

// Entries of a zip file that are stored as they are; a compressed or encrypted entry is refused.
struct ZipEntry {
  std::string_view name;
  std::span<const std::byte> bytes;
};
[[nodiscard]] std::vector<ZipEntry> read_stored_zip(std::span<const std::byte> file, std::string_view label);

class TorchArchive {
 public:
  [[nodiscard]] static TorchArchive open(const std::filesystem::path& file);  // throws IoError, FormatError
  // From memory that outlives the result; `label` stands in messages for the file's name.
  [[nodiscard]] static TorchArchive parse(std::span<const std::byte> bytes, std::string_view label);

  [[nodiscard]] std::span<const TorchTensor> tensors() const noexcept { return tensors_; }
  [[nodiscard]] const std::shared_ptr<const MappedFile>& mapping() const noexcept { return mapping_; }  // may be null

 private:
  TorchArchive() = default;
  std::shared_ptr<const MappedFile> mapping_;
  std::vector<TorchTensor> tensors_;
};

// Writes what torch.load(weights_only=True) reads: names and shapes first, then the bytes of each tensor in that order,
// each begun with begin_tensor(). Only f32, f16 and bf16.
class TorchArchiveWriter {
 public:
  struct Entry {
    std::string name;
    SafetensorsDType dtype = SafetensorsDType::f32;
    Shape shape;
  };
  // Another name for the tensor `of`: it shares the storage and has no bytes of its own.
  struct Alias {
    std::string name;
    std::size_t of = 0;
  };
  TorchArchiveWriter(const std::filesystem::path& file, std::vector<Entry> entries, std::span<const Alias> aliases = {},
                     IfExists if_exists = IfExists::refuse);
  void begin_tensor();
  void write(std::span<const std::byte> bytes);
  void commit();

 private:
  struct Record {
    std::string name;
    std::uint64_t header_at = 0;
    std::uint64_t size = 0;
    std::uint32_t crc = 0;
  };
  void begin_record(std::string name, std::uint64_t size);
  void end_record();
  void add_record(std::string name, std::string_view content);

  AtomicFile file_;
  std::vector<Entry> entries_;
  std::vector<Record> records_;
  std::uint64_t record_left_ = 0;
  std::size_t next_ = 0;
};

}  // namespace holdfast
