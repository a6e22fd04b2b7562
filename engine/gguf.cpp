#include "engine/gguf.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <numeric>
#include <type_traits>
#include <utility>

#include "engine/byte_reader.h"
#include "kernels/error.h"

namespace holdfast {

namespace {
constexpr std::uint64_t gguf_default_alignment = 32;
constexpr std::uint64_t gguf_max_alignment = 1 << 16;
constexpr std::uint64_t gguf_max_elements = std::uint64_t{1} << 48;
// Far beyond any model, and small enough that a lying count cannot make us reserve much.
constexpr std::uint64_t gguf_max_values = 1 << 16;
constexpr std::uint64_t gguf_max_tensors = 1 << 17;

constexpr std::string_view gguf_type_names[] = {"u8",   "i8",     "u16",   "i16", "u32", "i32", "f32",
                                                "bool", "string", "array", "u64", "i64", "f64"};
constexpr std::size_t gguf_type_bytes[] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};

struct GgmlFormat {
  std::uint32_t type;  // ggml's number
  WeightFormat format;
};
constexpr GgmlFormat ggml_formats[] = {{0, WeightFormat::f32},   {1, WeightFormat::f16},   {2, WeightFormat::q4_0},
                                       {3, WeightFormat::q4_1},  {6, WeightFormat::q5_0},  {7, WeightFormat::q5_1},
                                       {8, WeightFormat::q8_0},  {10, WeightFormat::q2_k}, {11, WeightFormat::q3_k},
                                       {12, WeightFormat::q4_k}, {13, WeightFormat::q5_k}, {14, WeightFormat::q6_k},
                                       {30, WeightFormat::bf16}};

WeightFormat format_of_ggml(std::uint32_t type, const std::string& what) {
  for (const GgmlFormat& row : ggml_formats) {
    if (row.type == type) return row.format;
  }
  throw FormatError(what + ": ggml type " + std::to_string(type) +
                    ", want F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q5_0, Q5_1 or Q2_K to Q6_K");
}

std::uint32_t ggml_of_format(WeightFormat format) {
  for (const GgmlFormat& row : ggml_formats) {
    if (row.format == format) return row.type;
  }
  throw ArgumentError("no ggml type for " + std::string(name(format)));
}

GgufType read_value_type(ByteReader& reader, const std::string& what) {
  const auto type = reader.number<std::uint32_t>("a type");
  if (type >= std::size(gguf_type_names))
    throw FormatError(what + ": value type " + std::to_string(type) + ", want 0 to 12");
  return static_cast<GgufType>(type);
}

std::string_view read_string(ByteReader& reader, std::string_view what) {
  return reader.text(reader.number<std::uint64_t>(what), what);
}

// Steps over `count` elements of a type that is no array and gives their bytes.
std::span<const std::byte> skip_elements(ByteReader& reader, std::span<const std::byte> file, GgufType type,
                                         std::uint64_t count, std::string_view what) {
  const std::size_t begin = reader.position();
  const std::size_t element = gguf_type_bytes[static_cast<std::size_t>(type)];
  if (element != 0) {
    if (count > reader.left()) (void)reader.take(count, what);  // throws
    (void)reader.take(count * element, what);
  } else {
    for (std::uint64_t i = 0; i < count; ++i) (void)read_string(reader, what);
  }
  return file.subspan(begin, reader.position() - begin);
}

GgufFile::Value read_value(ByteReader& reader, std::span<const std::byte> file, const std::string& label) {
  GgufFile::Value value;
  value.key = read_string(reader, "a key");
  const std::string what = label + ": " + printable(value.key);
  value.type = read_value_type(reader, what);
  if (value.type == GgufType::array) {
    value.is_array = true;
    value.type = read_value_type(reader, what);
    if (value.type == GgufType::array) throw FormatError(what + ": an array of arrays, want an array of values");
    value.count = reader.number<std::uint64_t>("a length");
  }
  value.bytes = skip_elements(reader, file, value.type, value.count, "a value");
  return value;
}

template <class T>
T element_at(std::span<const std::byte> bytes, std::size_t index) {
  T value;
  std::memcpy(&value, bytes.data() + index * sizeof(T), sizeof(T));
  return value;
}

// Element `index` as a number; `use` gets it in its own type. False for strings.
template <class Use>
bool with_element(const GgufFile::Value& value, std::size_t index, const Use& use) {
  switch (value.type) {
    case GgufType::u8: use(element_at<std::uint8_t>(value.bytes, index)); return true;
    case GgufType::i8: use(element_at<std::int8_t>(value.bytes, index)); return true;
    case GgufType::u16: use(element_at<std::uint16_t>(value.bytes, index)); return true;
    case GgufType::i16: use(element_at<std::int16_t>(value.bytes, index)); return true;
    case GgufType::u32: use(element_at<std::uint32_t>(value.bytes, index)); return true;
    case GgufType::i32: use(element_at<std::int32_t>(value.bytes, index)); return true;
    case GgufType::u64: use(element_at<std::uint64_t>(value.bytes, index)); return true;
    case GgufType::i64: use(element_at<std::int64_t>(value.bytes, index)); return true;
    case GgufType::f32: use(element_at<float>(value.bytes, index)); return true;
    case GgufType::f64: use(element_at<double>(value.bytes, index)); return true;
    case GgufType::boolean:
    case GgufType::string:
    case GgufType::array: return false;
  }
  return false;
}

std::optional<std::int64_t> integer_at(const GgufFile::Value& value, std::size_t index) {
  std::optional<std::int64_t> result;
  with_element(value, index, [&](auto number) {
    if constexpr (std::is_integral_v<decltype(number)>) {
      if (std::in_range<std::int64_t>(number)) result = static_cast<std::int64_t>(number);
    }
  });
  return result;
}

// One entry of the tensor list; its offset is checked later, when it is known where the data begins.
struct TensorHead {
  GgufTensor tensor;
  std::uint64_t offset = 0;
};

TensorHead read_tensor_head(ByteReader& reader, const std::string& label) {
  TensorHead head;
  GgufTensor& tensor = head.tensor;
  tensor.name = read_string(reader, "a tensor's name");
  const std::string what = label + ": " + printable(tensor.name);
  const auto rank = reader.number<std::uint32_t>("a tensor's rank");
  if (rank < 1 || rank > 4) throw FormatError(what + ": " + std::to_string(rank) + " dimensions, want 1 to 4");
  std::uint64_t elements = 1;
  for (std::uint32_t i = 0; i < rank; ++i) {
    const auto extent = reader.number<std::uint64_t>("a tensor's shape");
    if (extent == 0 || extent > gguf_max_elements / elements) {
      throw FormatError(what + ": extent " + std::to_string(extent) + ", want at least 1 and a product below 2^48");
    }
    elements *= extent;
    tensor.ne[i] = static_cast<std::int64_t>(extent);
  }
  tensor.format = format_of_ggml(reader.number<std::uint32_t>("a tensor's type"), what);
  if (tensor.ne[0] % block_columns(tensor.format) != 0) {
    throw FormatError(what + ": rows of " + std::to_string(tensor.ne[0]) + ", want a multiple of " +
                      std::to_string(block_columns(tensor.format)) + " for " + std::string(name(tensor.format)));
  }
  head.offset = reader.number<std::uint64_t>("a tensor's offset");
  return head;
}

std::uint64_t tensor_bytes(const std::array<std::int64_t, 4>& ne, WeightFormat format) {
  const auto elements = static_cast<std::uint64_t>(ne[0]) * static_cast<std::uint64_t>(ne[1]) *
                        static_cast<std::uint64_t>(ne[2]) * static_cast<std::uint64_t>(ne[3]);
  return elements / static_cast<std::uint64_t>(block_columns(format)) * block_bytes(format);
}

void place_tensor(TensorHead& head, std::span<const std::byte> data, std::uint64_t alignment,
                  const std::string& label) {
  GgufTensor& tensor = head.tensor;
  const std::uint64_t bytes = tensor_bytes(tensor.ne, tensor.format);
  const std::string what = label + ": " + printable(tensor.name);
  if (head.offset % alignment != 0) {
    throw FormatError(what + ": offset " + std::to_string(head.offset) + ", want a multiple of " +
                      std::to_string(alignment));
  }
  if (head.offset > data.size() || bytes > data.size() - head.offset) {
    throw FormatError(what + ": " + std::to_string(bytes) + " bytes from " + std::to_string(head.offset) +
                      ", the file has " + std::to_string(data.size()) + ": cut short or damaged");
  }
  tensor.bytes = data.subspan(static_cast<std::size_t>(head.offset), static_cast<std::size_t>(bytes));
}

void refuse_overlap(std::span<const GgufTensor> tensors, const std::string& label) {
  std::vector<const GgufTensor*> order;
  order.reserve(tensors.size());
  for (const GgufTensor& tensor : tensors) order.push_back(&tensor);
  std::sort(order.begin(), order.end(),
            [](const GgufTensor* a, const GgufTensor* b) { return a->bytes.data() < b->bytes.data(); });
  for (std::size_t i = 1; i < order.size(); ++i) {
    if (order[i]->bytes.data() < order[i - 1]->bytes.data() + order[i - 1]->bytes.size()) {
      throw FormatError(label + ": " + printable(order[i]->name) + ": overlaps " + printable(order[i - 1]->name));
    }
  }
}

template <class T>
void append_number(std::string& text, T value) {
  text.append(reinterpret_cast<const char*>(&value), sizeof(T));
}
void append_string(std::string& text, std::string_view value) {
  append_number<std::uint64_t>(text, value.size());
  text += value;
}
void append_type(std::string& text, GgufType type) { append_number(text, static_cast<std::uint32_t>(type)); }

template <class T>
constexpr GgufType gguf_type_of() {
  if constexpr (std::is_same_v<T, std::uint32_t>) return GgufType::u32;
  if constexpr (std::is_same_v<T, std::int32_t>) return GgufType::i32;
  if constexpr (std::is_same_v<T, float>) return GgufType::f32;
  if constexpr (std::is_same_v<T, bool>) return GgufType::boolean;
  return GgufType::string;
}

template <class T>
void append_element(std::string& text, const T& value) {
  if constexpr (std::is_same_v<T, std::string>) {
    append_string(text, value);
  } else if constexpr (std::is_same_v<T, bool>) {
    append_number<std::uint8_t>(text, value ? 1 : 0);
  } else {
    append_number(text, value);
  }
}

template <class T>
void append_value(std::string& text, const T& value) {
  append_type(text, gguf_type_of<T>());
  append_element(text, value);
}
template <class T>
void append_value(std::string& text, const std::vector<T>& values) {
  append_type(text, GgufType::array);
  append_type(text, gguf_type_of<T>());
  append_number<std::uint64_t>(text, values.size());
  for (const T& value : values) append_element(text, value);
}

std::array<std::int64_t, 4> padded_extents(const GgufWriter::Entry& entry) {
  if (entry.ne.empty() || entry.ne.size() > 4) throw ArgumentError(entry.name + ": want 1 to 4 dimensions");
  std::array<std::int64_t, 4> ne{1, 1, 1, 1};
  std::copy(entry.ne.begin(), entry.ne.end(), ne.begin());
  return ne;
}

std::uint64_t align_up(std::uint64_t value, std::uint64_t alignment) {
  return (value + alignment - 1) / alignment * alignment;
}
}  // namespace

std::string_view name(GgufType type) noexcept {
  const auto index = static_cast<std::size_t>(type);
  return index < std::size(gguf_type_names) ? gguf_type_names[index] : "?";
}

GgufFile GgufFile::open(const std::filesystem::path& file) {
  std::shared_ptr<const MappedFile> mapping = MappedFile::open(file);
  GgufFile opened = parse(mapping->bytes(), file.string());
  opened.mapping_ = std::move(mapping);
  return opened;
}

GgufFile GgufFile::parse(std::span<const std::byte> bytes, std::string_view label) {
  GgufFile file;
  file.label_ = label;
  ByteReader reader(bytes, file.label_);
  if (reader.left() < 4 || reader.text(4, "the magic") != "GGUF")
    file.fail("does not begin with GGUF, not a GGUF file");
  file.version_ = reader.number<std::uint32_t>("the version");
  if (file.version_ != 0 && (file.version_ & 0xffff) == 0) file.fail("big-endian GGUF, only little-endian is read");
  if (file.version_ != 2 && file.version_ != 3) {
    file.fail("GGUF version " + std::to_string(file.version_) + ", want 2 or 3");
  }
  const auto n_tensors = reader.number<std::uint64_t>("the number of tensors");
  const auto n_values = reader.number<std::uint64_t>("the number of values");
  file.read_values(reader, bytes, n_values);
  file.read_tensors(reader, bytes, n_tensors);
  refuse_overlap(file.tensors_, file.label_);
  file.index_names();
  return file;
}

void GgufFile::fail(const std::string& rule) const { throw FormatError(label_ + ": " + rule); }

void GgufFile::read_values(ByteReader& reader, std::span<const std::byte> bytes, std::uint64_t count) {
  // The smallest value takes 13 bytes: a count beyond that is a lie, not a reason to reserve memory.
  if (count > std::min<std::uint64_t>(reader.left() / 13, gguf_max_values)) {
    fail(std::to_string(count) + " values do not fit into the file");
  }
  values_.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) values_.push_back(read_value(reader, bytes, label_));
  std::sort(values_.begin(), values_.end(), [](const Value& a, const Value& b) { return a.key < b.key; });
  const auto same_key = [](const Value& a, const Value& b) { return a.key == b.key; };
  const auto twice = std::adjacent_find(values_.begin(), values_.end(), same_key);
  if (twice != values_.end()) fail(printable(twice->key) + ": stands there twice");
}

void GgufFile::read_tensors(ByteReader& reader, std::span<const std::byte> bytes, std::uint64_t count) {
  // The smallest entry takes 32 bytes.
  if (count > std::min<std::uint64_t>(reader.left() / 32, gguf_max_tensors)) {
    fail(std::to_string(count) + " tensors do not fit into the file");
  }
  std::vector<TensorHead> heads;
  heads.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) heads.push_back(read_tensor_head(reader, label_));
  const auto alignment = static_cast<std::uint64_t>(
      integer("general.alignment").value_or(static_cast<std::int64_t>(gguf_default_alignment)));
  if (alignment == 0 || alignment > gguf_max_alignment || alignment % 8 != 0) {
    fail("general.alignment: " + std::to_string(alignment) + ", want a multiple of 8 up to 65536");
  }
  const std::uint64_t data_at = std::min<std::uint64_t>(align_up(reader.position(), alignment), bytes.size());
  const auto data = bytes.subspan(static_cast<std::size_t>(data_at));
  tensors_.reserve(heads.size());
  for (TensorHead& head : heads) {
    place_tensor(head, data, alignment, label_);
    tensors_.push_back(head.tensor);
  }
}

void GgufFile::index_names() {
  by_name_.resize(tensors_.size());
  std::iota(by_name_.begin(), by_name_.end(), 0u);
  const auto name_of = [&](std::uint32_t i) { return tensors_[i].name; };
  std::sort(by_name_.begin(), by_name_.end(),
            [&](std::uint32_t a, std::uint32_t b) { return name_of(a) < name_of(b); });
  for (std::size_t i = 1; i < by_name_.size(); ++i) {
    if (name_of(by_name_[i]) == name_of(by_name_[i - 1]))
      fail(printable(name_of(by_name_[i])) + ": stands there twice");
  }
}

const GgufFile::Value* GgufFile::find_value(std::string_view key) const noexcept {
  const auto found = std::lower_bound(values_.begin(), values_.end(), key,
                                      [](const Value& value, std::string_view wanted) { return value.key < wanted; });
  return found != values_.end() && found->key == key ? &*found : nullptr;
}

void GgufFile::wrong_type(const Value& value, std::string_view want) const {
  throw FormatError(label_ + ": " + printable(value.key) + ": " + (value.is_array ? "array of " : "") +
                    std::string(name(value.type)) + ", want " + std::string(want));
}

const GgufFile::Value* GgufFile::typed_value(std::string_view key, bool is_array) const {
  const Value* value = find_value(key);
  if (value != nullptr && value->is_array != is_array) wrong_type(*value, is_array ? "an array" : "a single value");
  return value;
}

std::optional<std::string_view> GgufFile::string(std::string_view key) const {
  const Value* value = typed_value(key, false);
  if (value == nullptr) return std::nullopt;
  if (value->type != GgufType::string) wrong_type(*value, "a string");
  ByteReader reader(value->bytes, label_);
  return read_string(reader, "a value");
}

std::optional<std::int64_t> GgufFile::integer(std::string_view key) const {
  const Value* value = typed_value(key, false);
  if (value == nullptr) return std::nullopt;
  const std::optional<std::int64_t> number = integer_at(*value, 0);
  if (!number) wrong_type(*value, "a whole number below 2^63");
  return number;
}

std::optional<double> GgufFile::number(std::string_view key) const {
  const Value* value = typed_value(key, false);
  if (value == nullptr) return std::nullopt;
  double number = 0.0;
  if (!with_element(*value, 0, [&](auto element) { number = static_cast<double>(element); })) {
    wrong_type(*value, "a number");
  }
  return number;
}

std::optional<bool> GgufFile::boolean(std::string_view key) const {
  const Value* value = typed_value(key, false);
  if (value == nullptr) return std::nullopt;
  if (value->type != GgufType::boolean) wrong_type(*value, "a boolean");
  return value->bytes[0] != std::byte{0};
}

std::optional<std::vector<std::string_view>> GgufFile::strings(std::string_view key) const {
  const Value* value = typed_value(key, true);
  if (value == nullptr) return std::nullopt;
  if (value->type != GgufType::string) wrong_type(*value, "an array of strings");
  ByteReader reader(value->bytes, label_);
  std::vector<std::string_view> result;
  result.reserve(value->count);
  for (std::uint64_t i = 0; i < value->count; ++i) result.push_back(read_string(reader, "a value"));
  return result;
}

std::optional<std::vector<std::int64_t>> GgufFile::integers(std::string_view key) const {
  const Value* value = typed_value(key, true);
  if (value == nullptr) return std::nullopt;
  std::vector<std::int64_t> result;
  result.reserve(value->count);
  for (std::size_t i = 0; i < value->count; ++i) {
    const std::optional<std::int64_t> number = integer_at(*value, i);
    if (!number) wrong_type(*value, "an array of whole numbers below 2^63");
    result.push_back(*number);
  }
  return result;
}

std::optional<std::vector<float>> GgufFile::floats(std::string_view key) const {
  const Value* value = typed_value(key, true);
  if (value == nullptr) return std::nullopt;
  std::vector<float> result;
  result.reserve(value->count);
  for (std::size_t i = 0; i < value->count; ++i) {
    if (!with_element(*value, i, [&](auto element) { result.push_back(static_cast<float>(element)); })) {
      wrong_type(*value, "an array of numbers");
    }
  }
  return result;
}

std::vector<std::string_view> GgufFile::keys() const {
  std::vector<std::string_view> result;
  for (const Value& value : values_) result.push_back(value.key);
  return result;
}

const GgufTensor* GgufFile::find(std::string_view name) const noexcept {
  const auto found = std::lower_bound(by_name_.begin(), by_name_.end(), name,
                                      [&](std::uint32_t i, std::string_view key) { return tensors_[i].name < key; });
  return found != by_name_.end() && tensors_[*found].name == name ? &tensors_[*found] : nullptr;
}

GgufWriter::GgufWriter(const std::filesystem::path& file, IfExists if_exists) : file_(file, if_exists) {}

void GgufWriter::add(std::string key, GgufWrite value) {
  std::string encoded;
  append_string(encoded, key);
  std::visit([&](const auto& held) { append_value(encoded, held); }, value);
  values_.push_back(std::move(encoded));
}

void GgufWriter::add(const GgufFile::Value& value) {
  std::string encoded;
  append_string(encoded, value.key);
  if (value.is_array) append_type(encoded, GgufType::array);
  append_type(encoded, value.type);
  if (value.is_array) append_number(encoded, value.count);
  encoded.append(reinterpret_cast<const char*>(value.bytes.data()), value.bytes.size());
  values_.push_back(std::move(encoded));
}

void GgufWriter::add_tensor(Entry entry) { entries_.push_back(std::move(entry)); }

void GgufWriter::write_header() {
  std::string header = "GGUF";
  append_number<std::uint32_t>(header, 3);
  append_number<std::uint64_t>(header, entries_.size());
  append_number<std::uint64_t>(header, values_.size());
  for (const std::string& value : values_) header += value;
  std::uint64_t offset = 0;
  for (const Entry& entry : entries_) {
    append_string(header, entry.name);
    append_number<std::uint32_t>(header, static_cast<std::uint32_t>(entry.ne.size()));
    for (const std::int64_t extent : entry.ne) append_number(header, extent);
    append_number<std::uint32_t>(header, ggml_of_format(entry.format));
    append_number(header, offset);
    offset = align_up(offset + tensor_bytes(padded_extents(entry), entry.format), gguf_default_alignment);
  }
  file_.write(header);
  file_.pad_to(gguf_default_alignment);
  tensor_end_ = file_.position();
}

void GgufWriter::begin_tensor() {
  if (next_ == 0) write_header();
  if (next_ == entries_.size() || file_.position() != tensor_end_) {
    throw ArgumentError("gguf: " + std::to_string(file_.position()) + " bytes written, want " +
                        std::to_string(tensor_end_) + " before the next tensor");
  }
  file_.pad_to(gguf_default_alignment);
  const Entry& entry = entries_[next_++];
  tensor_end_ = file_.position() + tensor_bytes(padded_extents(entry), entry.format);
}

void GgufWriter::commit() {
  if (next_ != entries_.size() || file_.position() != tensor_end_) {
    throw ArgumentError("gguf: committed before all tensors were written");
  }
  if (entries_.empty()) write_header();
  file_.pad_to(gguf_default_alignment);
  file_.commit();
}

}  // namespace holdfast
