#include "engine/safetensors.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "engine/byte_reader.h"
#include "kernels/error.h"

namespace holdfast {

namespace {
constexpr std::uint64_t safetensors_max_header = 100'000'000;  // the reference reader's limit
constexpr std::uint64_t safetensors_max_volume = std::uint64_t{1} << 59;

struct SafetensorsTypeRow {
  std::string_view name;
  std::size_t bytes;
};
constexpr std::array<SafetensorsTypeRow, 14> safetensors_types{{{"BOOL", 1},
                                                                {"U8", 1},
                                                                {"I8", 1},
                                                                {"U16", 2},
                                                                {"I16", 2},
                                                                {"U32", 4},
                                                                {"I32", 4},
                                                                {"U64", 8},
                                                                {"I64", 8},
                                                                {"F8_E4M3", 1},
                                                                {"F8_E5M2", 1},
                                                                {"F16", 2},
                                                                {"BF16", 2},
                                                                {"F32", 4}}};
constexpr SafetensorsTypeRow safetensors_f64{"F64", 8};

const SafetensorsTypeRow& safetensors_row(SafetensorsDType dtype) noexcept {
  const auto index = static_cast<std::size_t>(dtype);
  return index < safetensors_types.size() ? safetensors_types[index] : safetensors_f64;
}

// What the header says of one tensor, before it is checked against the file.
struct HeaderEntry {
  std::string name;
  std::string dtype;
  std::array<std::uint64_t, Shape::max_rank> extents{};
  int rank = 0;
  std::array<std::uint64_t, 2> offsets{};
  int n_offsets = 0;
  bool has_shape = false;
};

// Reads the header as events, so that memory stays a small multiple of it whatever it holds.
class SafetensorsHeaderReader final : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit SafetensorsHeaderReader(std::string_view label) : label_(label) {}
  std::vector<HeaderEntry> entries;
  SafetensorsMetadata metadata;

  bool null() override { return unexpected("null"); }
  bool boolean(bool) override { return unexpected("a boolean"); }
  bool number_integer(number_integer_t) override { return unexpected("a negative number"); }
  bool number_float(number_float_t, const string_t&) override { return unexpected("a number that is not whole"); }
  bool binary(binary_t&) override { return unexpected("binary data"); }

  bool number_unsigned(number_unsigned_t value) override {
    if (place_ == Place::shape) {
      HeaderEntry& entry = entries.back();
      if (entry.rank == Shape::max_rank) fail(printable(entry.name) + ": more than 5 dimensions");
      entry.extents[static_cast<std::size_t>(entry.rank++)] = value;
      return true;
    }
    if (place_ != Place::offsets) return unexpected("a number");
    HeaderEntry& entry = entries.back();
    if (entry.n_offsets == 2) fail(printable(entry.name) + ": data_offsets of more than 2 numbers");
    entry.offsets[static_cast<std::size_t>(entry.n_offsets++)] = value;
    return true;
  }
  bool string(string_t& value) override {
    if (place_ == Place::metadata) {
      if (!metadata.emplace(std::move(key_), std::move(value)).second) fail("a metadata key stands there twice");
      return true;
    }
    if (place_ != Place::tensor || key_ != "dtype") return unexpected("a string");
    if (!entries.back().dtype.empty()) fail(printable(entries.back().name) + ": two dtypes");
    entries.back().dtype = std::move(value);
    return true;
  }
  bool key(string_t& value) override {
    key_ = std::move(value);
    return true;
  }
  bool start_object(std::size_t) override {
    if (place_ == Place::outside) {
      place_ = Place::top;
    } else if (place_ == Place::top && key_ == "__metadata__") {
      place_ = Place::metadata;
    } else if (place_ == Place::top) {
      place_ = Place::tensor;
      entries.emplace_back().name = std::move(key_);
    } else {
      return unexpected("an object");
    }
    return true;
  }
  bool end_object() override {
    if (place_ == Place::tensor) {
      const HeaderEntry& entry = entries.back();
      if (entry.dtype.empty() || !entry.has_shape || entry.n_offsets != 2) {
        fail(printable(entry.name) + ": want dtype, shape and two data_offsets");
      }
    }
    place_ = place_ == Place::top ? Place::outside : Place::top;
    return true;
  }
  bool start_array(std::size_t) override {
    if (place_ == Place::tensor && key_ == "shape" && !entries.back().has_shape) {
      place_ = Place::shape;
      entries.back().has_shape = true;
      return true;
    }
    if (place_ != Place::tensor || key_ != "data_offsets") return unexpected("an array");
    place_ = Place::offsets;
    return true;
  }
  bool end_array() override {
    place_ = Place::tensor;
    return true;
  }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception&) override {
    fail("the header is not JSON at its byte " + std::to_string(position));
  }

 private:
  enum class Place { outside, top, metadata, tensor, shape, offsets };

  [[noreturn]] void fail(const std::string& rule) const { throw FormatError(label_ + ": " + rule); }
  bool unexpected(const char* what) const {
    fail("the header has " + std::string(what) + " where it does not belong" +
         (key_.empty() ? "" : " (\"" + printable(key_) + "\")"));
  }

  std::string label_;
  std::string key_;
  Place place_ = Place::outside;
};

// The tensor that an entry describes, its bytes inside `data`.
SafetensorsTensor checked_tensor(HeaderEntry&& entry, std::span<const std::byte> data, const std::string& label) {
  const auto fail = [&](const std::string& rule) -> void {
    throw FormatError(label + ": " + printable(entry.name) + ": " + rule);
  };
  const std::optional<SafetensorsDType> dtype = safetensors_dtype(entry.dtype);
  if (!dtype) fail("dtype \"" + printable(entry.dtype) + "\" is not known");
  std::array<std::int64_t, Shape::max_rank> extents{};
  std::uint64_t bytes = byte_size(*dtype);
  std::uint64_t volume = 1;  // without the zeros, which bound nothing
  for (std::size_t i = 0; i < static_cast<std::size_t>(entry.rank); ++i) {
    const std::uint64_t extent = entry.extents[i];
    // No tensor can be longer than its file.
    if (extent != 0 && bytes > data.size() / extent) fail("its shape needs more bytes than the file has");
    bytes *= extent;
    if (extent != 0 && volume > safetensors_max_volume / extent) fail("its shape is beyond all bounds");
    if (extent != 0) volume *= extent;
    extents[i] = static_cast<std::int64_t>(extent);
  }
  const auto [begin, end] = entry.offsets;
  if (begin > end || end > data.size()) {
    fail("bytes " + std::to_string(begin) + " to " + std::to_string(end) + " of " + std::to_string(data.size()) +
         ", the file is cut short or damaged");
  }
  if (end - begin != bytes) {
    fail(std::to_string(end - begin) + " bytes, its shape and dtype need " + std::to_string(bytes));
  }
  return {std::move(entry.name), *dtype, Shape(std::span(extents.data(), static_cast<std::size_t>(entry.rank))),
          data.subspan(begin, end - begin)};
}

std::string safetensors_header(std::span<const SafetensorsWriter::Entry> entries, const SafetensorsMetadata& metadata,
                               std::uint64_t& data_bytes) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  data_bytes = 0;
  for (const SafetensorsWriter::Entry& entry : entries) {
    const std::uint64_t begin = data_bytes;
    data_bytes += static_cast<std::uint64_t>(entry.shape.elements()) * byte_size(entry.dtype);
    std::vector<std::int64_t> extents;
    for (int i = 0; i < entry.shape.rank(); ++i) extents.push_back(entry.shape[i]);
    header.push_back(
        {entry.name, {{"dtype", name(entry.dtype)}, {"shape", extents}, {"data_offsets", {begin, data_bytes}}}});
  }
  std::string text = header.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  text.resize((text.size() + 7) / 8 * 8, ' ');  // so that the data begins at a multiple of 8
  return text;
}

void refuse_double_names(std::span<const SafetensorsWriter::Entry> entries, const std::filesystem::path& file) {
  std::vector<std::string_view> names;
  for (const SafetensorsWriter::Entry& entry : entries) names.push_back(entry.name);
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice != names.end()) throw ArgumentError(file.string() + ": " + std::string(*twice) + " given twice");
}

std::string little_endian_8(std::uint64_t value) {
  std::string bytes(8, '\0');
  for (char& byte : bytes) {
    byte = static_cast<char>(value & 0xff);
    value >>= 8;
  }
  return bytes;
}
}  // namespace

std::string_view name(SafetensorsDType dtype) noexcept { return safetensors_row(dtype).name; }
std::size_t byte_size(SafetensorsDType dtype) noexcept { return safetensors_row(dtype).bytes; }

std::optional<SafetensorsDType> safetensors_dtype(std::string_view name) noexcept {
  if (name == safetensors_f64.name) return SafetensorsDType::f64;
  for (std::size_t i = 0; i < safetensors_types.size(); ++i) {
    if (safetensors_types[i].name == name) return static_cast<SafetensorsDType>(i);
  }
  return std::nullopt;
}

SafetensorsFile SafetensorsFile::open(const std::filesystem::path& file) {
  std::shared_ptr<const MappedFile> mapping = MappedFile::open(file);
  SafetensorsFile opened = parse(mapping->bytes(), file.string());
  opened.mapping_ = std::move(mapping);
  return opened;
}

SafetensorsFile SafetensorsFile::parse(std::span<const std::byte> bytes, std::string_view label) {
  SafetensorsFile file;
  file.label_ = label;
  if (bytes.size() < 8) file.fail(std::to_string(bytes.size()) + " bytes, a safetensors file has at least 8");
  std::uint64_t header_bytes = 0;
  for (std::size_t i = 8; i-- > 0;) header_bytes = header_bytes << 8 | std::to_integer<std::uint64_t>(bytes[i]);
  if (header_bytes > bytes.size() - 8 || header_bytes > safetensors_max_header) {
    file.fail("a header of " + std::to_string(header_bytes) + " bytes in a file of " + std::to_string(bytes.size()) +
              ", not a safetensors file or cut short");
  }
  const char* text = reinterpret_cast<const char*>(bytes.data()) + 8;
  if (header_bytes == 0 || *text != '{') file.fail("the header does not begin with {, not a safetensors file");
  SafetensorsHeaderReader reader(label);
  nlohmann::json::sax_parse(text, text + header_bytes, &reader);
  file.metadata_ = std::move(reader.metadata);

  const std::span<const std::byte> data = bytes.subspan(8 + header_bytes);
  file.tensors_.reserve(reader.entries.size());
  for (HeaderEntry& entry : reader.entries)
    file.tensors_.push_back(checked_tensor(std::move(entry), data, file.label_));
  std::sort(file.tensors_.begin(), file.tensors_.end(), [](const SafetensorsTensor& a, const SafetensorsTensor& b) {
    return std::pair(a.bytes.data(), a.bytes.size()) < std::pair(b.bytes.data(), b.bytes.size());
  });
  file.refuse_holes(data);
  file.index_names();
  return file;
}

void SafetensorsFile::fail(const std::string& rule) const { throw FormatError(label_ + ": " + rule); }

// The format's rule: the tensors fill the data without holes, so no two of them can overlap.
void SafetensorsFile::refuse_holes(std::span<const std::byte> data) const {
  std::size_t end = 0;
  for (const SafetensorsTensor& tensor : tensors_) {
    const auto begin = static_cast<std::size_t>(tensor.bytes.data() - data.data());
    if (begin != end) {
      fail(printable(tensor.name) + ": begins at byte " + std::to_string(begin) + ", want " + std::to_string(end) +
           " where the tensor before it ends");
    }
    end += tensor.bytes.size();
  }
  if (end != data.size()) {
    fail("tensors end at byte " + std::to_string(end) + " of " + std::to_string(data.size()) + " bytes of data");
  }
}

void SafetensorsFile::index_names() {
  by_name_.resize(tensors_.size());
  for (std::size_t i = 0; i < by_name_.size(); ++i) by_name_[i] = i;
  std::sort(by_name_.begin(), by_name_.end(),
            [&](std::size_t a, std::size_t b) { return tensors_[a].name < tensors_[b].name; });
  for (std::size_t i = 1; i < by_name_.size(); ++i) {
    const std::string& this_name = tensors_[by_name_[i]].name;
    if (this_name == tensors_[by_name_[i - 1]].name) fail(printable(this_name) + ": stands there twice");
  }
}

const SafetensorsTensor* SafetensorsFile::find(std::string_view name) const noexcept {
  const auto found = std::lower_bound(by_name_.begin(), by_name_.end(), name,
                                      [&](std::size_t i, std::string_view key) { return tensors_[i].name < key; });
  return found != by_name_.end() && tensors_[*found].name == name ? &tensors_[*found] : nullptr;
}

const SafetensorsTensor& SafetensorsFile::get(std::string_view name) const {
  if (const SafetensorsTensor* tensor = find(name)) return *tensor;
  throw FormatError(label_ + ": " + std::string(name) + " is missing");
}

void write_safetensors(const std::filesystem::path& file, std::span<const SafetensorsTensor> tensors,
                       const SafetensorsMetadata& metadata, IfExists if_exists) {
  std::vector<SafetensorsWriter::Entry> entries;
  for (const SafetensorsTensor& tensor : tensors) {
    const std::size_t want = static_cast<std::size_t>(tensor.shape.elements()) * byte_size(tensor.dtype);
    if (tensor.bytes.size() != want) {
      throw ArgumentError(file.string() + ": " + tensor.name + ": " + std::to_string(tensor.bytes.size()) +
                          " bytes, want " + std::to_string(want));
    }
    entries.push_back({tensor.name, tensor.dtype, tensor.shape});
  }
  SafetensorsWriter writer(file, entries, metadata, if_exists);
  for (const SafetensorsTensor& tensor : tensors) writer.write(tensor.bytes);
  writer.commit();
}

SafetensorsWriter::SafetensorsWriter(const std::filesystem::path& file, std::span<const Entry> entries,
                                     const SafetensorsMetadata& metadata, IfExists if_exists)
    : file_(file, if_exists) {
  refuse_double_names(entries, file);
  std::uint64_t data_bytes = 0;
  const std::string header = safetensors_header(entries, metadata, data_bytes);
  file_.write(little_endian_8(header.size()));
  file_.write(header);
  end_ = file_.position() + data_bytes;
}

std::string SafetensorsWriter::beginning(std::span<const Entry> entries, const SafetensorsMetadata& metadata) {
  std::uint64_t data_bytes = 0;
  const std::string header = safetensors_header(entries, metadata, data_bytes);
  return little_endian_8(header.size()) + header;
}

void SafetensorsWriter::commit() {
  if (file_.position() != end_) {
    throw ArgumentError("safetensors: " + std::to_string(file_.position()) + " bytes written, the header says " +
                        std::to_string(end_));
  }
  file_.commit();
}

}  // namespace holdfast
