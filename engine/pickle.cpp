#include "engine/pickle.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "engine/byte_reader.h"
#include "kernels/error.h"

namespace holdfast {

namespace {
// A pickle of 64 layers has some 30 000 steps; the limit bounds time and memory for hostile ones.
constexpr std::size_t pickle_max_steps = std::size_t{1} << 20;
constexpr std::size_t pickle_max_memo = std::size_t{1} << 18;
constexpr std::size_t pickle_max_name = 512;

struct StorageType {
  std::string_view name;  // of the class in the module torch
  SafetensorsDType dtype;
};
constexpr StorageType storage_types[] = {
    {"FloatStorage", SafetensorsDType::f32},     {"HalfStorage", SafetensorsDType::f16},
    {"BFloat16Storage", SafetensorsDType::bf16}, {"DoubleStorage", SafetensorsDType::f64},
    {"LongStorage", SafetensorsDType::i64},      {"IntStorage", SafetensorsDType::i32},
    {"ShortStorage", SafetensorsDType::i16},     {"CharStorage", SafetensorsDType::i8},
    {"ByteStorage", SafetensorsDType::u8},       {"BoolStorage", SafetensorsDType::boolean}};

// ---- zip -------------------------------------------------------------------------------------------------------

constexpr std::uint32_t zip_local_magic = 0x04034b50;
constexpr std::uint32_t zip_central_magic = 0x02014b50;
constexpr std::uint32_t zip_end_magic = 0x06054b50;
constexpr std::uint32_t zip64_end_magic = 0x06064b50;
constexpr std::uint32_t zip64_locator_magic = 0x07064b50;
constexpr std::uint32_t zip_descriptor_magic = 0x08074b50;
constexpr std::uint16_t zip64_extra = 1;
constexpr std::uint16_t zip_padding_extra = 0x4246;  // "FB", as PyTorch pads
constexpr std::uint32_t zip_in_extra = 0xffffffff;   // the true value stands in the zip64 extra field
constexpr std::size_t zip_end_bytes = 22;
constexpr std::size_t zip_storage_alignment = 64;

struct ZipDirectory {
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
  std::uint64_t entries = 0;
};

std::optional<std::size_t> find_zip_end(std::span<const std::byte> file) {
  if (file.size() < zip_end_bytes) return std::nullopt;
  const std::size_t last = file.size() - zip_end_bytes;
  const std::size_t first = last > 0xffff ? last - 0xffff : 0;  // a comment of at most 64 KiB may follow
  for (std::size_t at = last + 1; at-- > first;) {
    std::uint32_t magic = 0;
    std::memcpy(&magic, file.data() + at, sizeof magic);
    if (magic == zip_end_magic) return at;
  }
  return std::nullopt;
}

ZipDirectory read_zip_end(std::span<const std::byte> file, std::size_t end_at, std::string_view label) {
  ByteReader end(file.subspan(end_at), label);
  (void)end.take(10, "the end of the directory");
  ZipDirectory directory;
  directory.entries = end.number<std::uint16_t>("the end of the directory");
  directory.bytes = end.number<std::uint32_t>("the end of the directory");
  directory.offset = end.number<std::uint32_t>("the end of the directory");
  const bool big = directory.entries == 0xffff || directory.bytes == zip_in_extra || directory.offset == zip_in_extra;
  if (!big || end_at < 20) return directory;
  ByteReader locator(file.subspan(end_at - 20, 20), label);
  if (locator.number<std::uint32_t>("the zip64 locator") != zip64_locator_magic) return directory;
  (void)locator.number<std::uint32_t>("the zip64 locator");
  const auto end64_at = locator.number<std::uint64_t>("the zip64 locator");
  if (end64_at > file.size()) throw FormatError(std::string(label) + ": the zip64 directory lies outside the file");
  ByteReader end64(file.subspan(static_cast<std::size_t>(end64_at)), label);
  if (end64.number<std::uint32_t>("the zip64 end") != zip64_end_magic) {
    throw FormatError(std::string(label) + ": the zip64 directory is damaged");
  }
  (void)end64.take(28, "the zip64 end");
  directory.entries = end64.number<std::uint64_t>("the zip64 end");
  directory.bytes = end64.number<std::uint64_t>("the zip64 end");
  directory.offset = end64.number<std::uint64_t>("the zip64 end");
  return directory;
}

struct ZipCentralEntry {
  std::string_view name;
  std::uint16_t flags = 0;
  std::uint16_t method = 0;
  std::uint64_t packed = 0;
  std::uint64_t size = 0;
  std::uint64_t header_at = 0;
};

// The zip64 extra field holds, in this order, those of the three numbers that did not fit.
void read_zip64_extra(std::span<const std::byte> extra, ZipCentralEntry& entry, std::string_view label) {
  ByteReader fields(extra, label);
  while (fields.left() >= 4) {
    const auto id = fields.number<std::uint16_t>("an extra field");
    const auto length = fields.number<std::uint16_t>("an extra field");
    ByteReader field(fields.take(length, "an extra field"), label);
    if (id != zip64_extra) continue;
    for (std::uint64_t* number : {&entry.size, &entry.packed, &entry.header_at}) {
      if (*number == zip_in_extra) *number = field.number<std::uint64_t>("a zip64 field");
    }
  }
}

ZipCentralEntry read_central_entry(ByteReader& directory, std::string_view label) {
  constexpr std::string_view what = "the zip directory";
  if (directory.number<std::uint32_t>(what) != zip_central_magic) {
    throw FormatError(std::string(label) + ": the zip directory is damaged");
  }
  ZipCentralEntry entry;
  (void)directory.take(4, what);  // versions
  entry.flags = directory.number<std::uint16_t>(what);
  entry.method = directory.number<std::uint16_t>(what);
  (void)directory.take(8, what);  // time, date, crc
  entry.packed = directory.number<std::uint32_t>(what);
  entry.size = directory.number<std::uint32_t>(what);
  const auto name_bytes = directory.number<std::uint16_t>(what);
  const auto extra_bytes = directory.number<std::uint16_t>(what);
  const auto comment_bytes = directory.number<std::uint16_t>(what);
  (void)directory.take(8, what);  // disk, attributes
  entry.header_at = directory.number<std::uint32_t>(what);
  entry.name = directory.text(name_bytes, what);
  read_zip64_extra(directory.take(extra_bytes, what), entry, label);
  (void)directory.take(comment_bytes, what);
  return entry;
}

ZipEntry locate_entry(std::span<const std::byte> file, const ZipCentralEntry& entry, std::string_view label) {
  const std::string what = std::string(label) + ": " + printable(entry.name);
  if ((entry.flags & 1) != 0) throw FormatError(what + ": encrypted, want an entry that is stored as it is");
  if (entry.method != 0 || entry.packed != entry.size) {
    throw FormatError(what + ": compressed, want an entry that is stored as it is");
  }
  if (entry.header_at > file.size()) throw FormatError(what + ": lies outside the file");
  const auto at = static_cast<std::size_t>(entry.header_at);
  ByteReader local(file.subspan(at), label);
  if (local.number<std::uint32_t>("a local header") != zip_local_magic)
    throw FormatError(what + ": its header is damaged");
  (void)local.take(22, "a local header");
  const auto name_bytes = local.number<std::uint16_t>("a local header");
  const auto extra_bytes = local.number<std::uint16_t>("a local header");
  if (local.text(name_bytes, "a local header") != entry.name) throw FormatError(what + ": goes by two names");
  (void)local.take(extra_bytes, "a local header");
  return {entry.name, local.take(entry.size, "an entry")};
}

// ---- pickle ----------------------------------------------------------------------------------------------------

enum class PickleKind : std::uint8_t { none, boolean, integer, real, text, tuple, list, dict, global, storage, tensor };

// A value is small: what is big stands in a table of the machine, at `index`.
struct PickleValue {
  PickleKind kind = PickleKind::none;
  std::int64_t index = 0;  // of the table, or the number itself
};

enum class PickleGlobal { rebuild_tensor, rebuild_tensor_v2, rebuild_parameter, ordered_dict, storage_type };

struct PickleStorage {
  SafetensorsDType dtype;
  std::span<const std::byte> bytes;
};
struct PickleTensor {
  SafetensorsDType dtype;
  Shape shape;
  std::span<const std::byte> bytes;
};
struct PickleTuple {
  std::size_t begin = 0;
  std::size_t count = 0;
};

class PickleMachine {
 public:
  PickleMachine(std::span<const std::byte> pickle, std::span<const ZipEntry> entries, std::string_view root,
                std::string_view label)
      : reader_(pickle, label), entries_(entries), root_(root), label_(label) {}

  std::vector<TorchTensor> run() {
    for (std::size_t steps = 0; step(); ++steps) {
      if (steps == pickle_max_steps) fail("more than " + std::to_string(pickle_max_steps) + " steps");
    }
    return named_tensors();
  }

 private:
  [[noreturn]] void fail(const std::string& rule) const {
    throw FormatError(std::string(label_) + ": data.pkl: " + rule);
  }

  // One instruction; false after the last.
  bool step() {
    constexpr std::string_view what = "an instruction";
    const auto op = reader_.number<std::uint8_t>(what);
    switch (op) {
      case 0x80: check_protocol(); return true;                                  // PROTO
      case 0x95: (void)reader_.number<std::uint64_t>(what); return true;         // FRAME
      case '(': marks_.push_back(stack_.size()); return true;                    // MARK
      case 'N': push({PickleKind::none, 0}); return true;                        // NONE
      case 0x88: push({PickleKind::boolean, 1}); return true;                    // NEWTRUE
      case 0x89: push({PickleKind::boolean, 0}); return true;                    // NEWFALSE
      case 'J': push_integer(reader_.number<std::int32_t>(what)); return true;   // BININT
      case 'K': push_integer(reader_.number<std::uint8_t>(what)); return true;   // BININT1
      case 'M': push_integer(reader_.number<std::uint16_t>(what)); return true;  // BININT2
      case 0x8a: push_integer(long_integer()); return true;                      // LONG1
      case 'G':
        (void)reader_.take(8, what);
        push({PickleKind::real, 0});
        return true;                                                           // BINFLOAT
      case 'X': push_text(reader_.number<std::uint32_t>(what)); return true;   // BINUNICODE
      case 'T': push_text(reader_.number<std::uint32_t>(what)); return true;   // BINSTRING
      case 0x8c:                                                               // SHORT_BINUNICODE
      case 'U': push_text(reader_.number<std::uint8_t>(what)); return true;    // SHORT_BINSTRING
      case 0x8d: push_text(reader_.number<std::uint64_t>(what)); return true;  // BINUNICODE8
      case ')': push_tuple(stack_.size()); return true;                        // EMPTY_TUPLE
      case 0x85: push_tuple(top_items(1)); return true;                        // TUPLE1
      case 0x86: push_tuple(top_items(2)); return true;                        // TUPLE2
      case 0x87: push_tuple(top_items(3)); return true;                        // TUPLE3
      case 't': push_tuple(pop_mark()); return true;                           // TUPLE
      case '}': push_dict(); return true;                                      // EMPTY_DICT
      case ']': push({PickleKind::list, 0}); return true;                      // EMPTY_LIST
      case 'a':
        (void)pop();
        want_top(PickleKind::list, "APPEND");
        return true;  // APPEND
      case 'e':
        stack_.resize(pop_mark());
        want_top(PickleKind::list, "APPENDS");
        return true;                                                    // APPENDS
      case 's': set_items(top_items(2)); return true;                   // SETITEM
      case 'u': set_items(pop_mark()); return true;                     // SETITEMS
      case '0': (void)pop(); return true;                               // POP
      case '1': stack_.resize(pop_mark()); return true;                 // POP_MARK
      case 'q': put(reader_.number<std::uint8_t>(what)); return true;   // BINPUT
      case 'r': put(reader_.number<std::uint32_t>(what)); return true;  // LONG_BINPUT
      case 0x94: put(memo_.size()); return true;                        // MEMOIZE
      case 'h': get(reader_.number<std::uint8_t>(what)); return true;   // BINGET
      case 'j': get(reader_.number<std::uint32_t>(what)); return true;  // LONG_BINGET
      case 'c': named_global(); return true;                            // GLOBAL
      case 0x93: stacked_global(); return true;                         // STACK_GLOBAL
      case 'Q': load_storage(); return true;                            // BINPERSID
      case 'R': reduce(); return true;                                  // REDUCE
      case 'b': build(); return true;                                   // BUILD
      case '.': return false;                                           // STOP
      default: fail("instruction " + std::to_string(op) + " is not needed for tensors and not carried out");
    }
  }

  void check_protocol() {
    const auto protocol = reader_.number<std::uint8_t>("the protocol");
    if (protocol < 2 || protocol > 5) fail("protocol " + std::to_string(protocol) + ", want 2 to 5");
  }
  std::int64_t long_integer() {
    const auto bytes = reader_.take(reader_.number<std::uint8_t>("a number"), "a number");
    if (bytes.size() > 8) fail("a number of " + std::to_string(bytes.size()) + " bytes, want at most 8");
    std::uint64_t value = !bytes.empty() && (bytes.back() & std::byte{0x80}) != std::byte{0} ? ~std::uint64_t{0} : 0;
    for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8 | std::to_integer<std::uint64_t>(bytes[i]);
    return static_cast<std::int64_t>(value);
  }

  // -- the stack
  void push(PickleValue value) { stack_.push_back(value); }
  void push_integer(std::int64_t value) { push({PickleKind::integer, value}); }
  void push_text(std::uint64_t bytes) {
    texts_.push_back(reader_.text(bytes, "a string"));
    push({PickleKind::text, static_cast<std::int64_t>(texts_.size()) - 1});
  }
  void push_dict() {
    dicts_.emplace_back();
    push({PickleKind::dict, static_cast<std::int64_t>(dicts_.size()) - 1});
  }
  void push_tuple(std::size_t begin) {
    const PickleTuple tuple{items_.size(), stack_.size() - begin};
    items_.insert(items_.end(), stack_.begin() + static_cast<std::ptrdiff_t>(begin), stack_.end());
    stack_.resize(begin);
    tuples_.push_back(tuple);
    push({PickleKind::tuple, static_cast<std::int64_t>(tuples_.size()) - 1});
  }
  // Values below the last mark belong to who set it.
  [[nodiscard]] std::size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }
  std::size_t top_items(std::size_t count) const {
    if (stack_.size() - floor() < count) fail("takes a value from an empty stack");
    return stack_.size() - count;
  }
  PickleValue pop() {
    const PickleValue value = stack_[top_items(1)];
    stack_.pop_back();
    return value;
  }
  std::size_t pop_mark() {
    if (marks_.empty()) fail("goes back to a mark that was not set");
    const std::size_t begin = marks_.back();
    marks_.pop_back();
    return begin;
  }
  void want_top(PickleKind kind, const char* op) const {
    if (stack_[top_items(1)].kind != kind) fail(std::string(op) + " on a value of the wrong kind");
  }
  void put(std::size_t slot) {
    if (slot >= pickle_max_memo) fail("memo " + std::to_string(slot) + " is out of bounds");
    const PickleValue value = stack_[top_items(1)];
    if (slot >= memo_.size()) memo_.resize(slot + 1);
    memo_[slot] = value;
  }
  void get(std::size_t slot) {
    if (slot >= memo_.size() || !memo_[slot]) fail("memo " + std::to_string(slot) + " was not set");
    push(*memo_[slot]);
  }

  // -- parts of values, checked
  [[nodiscard]] std::span<const PickleValue> items(PickleValue value, const char* what) const {
    if (value.kind != PickleKind::tuple) fail(std::string(what) + " is not a tuple");
    const PickleTuple& tuple = tuples_[static_cast<std::size_t>(value.index)];
    return std::span(items_).subspan(tuple.begin, tuple.count);
  }
  [[nodiscard]] std::string_view text(PickleValue value, const char* what) const {
    if (value.kind != PickleKind::text) fail(std::string(what) + " is not a string");
    return texts_[static_cast<std::size_t>(value.index)];
  }
  [[nodiscard]] std::int64_t integer(PickleValue value, const char* what) const {
    if (value.kind != PickleKind::integer || value.index < 0) fail(std::string(what) + " is not a whole number from 0");
    return value.index;
  }

  // -- instructions with meaning
  void set_items(std::size_t begin) {
    if (begin == floor()) fail("sets items of nothing");
    const PickleValue target = stack_[begin - 1];
    if (target.kind != PickleKind::dict || (stack_.size() - begin) % 2 != 0)
      fail("sets items of a value that has none");
    std::vector<PickleValue>& dict = dicts_[static_cast<std::size_t>(target.index)];
    dict.insert(dict.end(), stack_.begin() + static_cast<std::ptrdiff_t>(begin), stack_.end());
    stack_.resize(begin);
  }
  void named_global() {
    const std::string_view module = line();
    push_global(module, line());
  }
  void stacked_global() {
    const std::string_view name = text(pop(), "a global's name");
    push_global(text(pop(), "a global's module"), name);
  }
  std::string_view line() {
    std::string_view rest = reader_.text(0, "a name");
    std::size_t length = 0;
    while (length < std::min(pickle_max_name, reader_.left()) && rest.data()[length] != '\n') ++length;
    rest = reader_.text(length, "a name");
    if (reader_.number<char>("a name") != '\n') fail("a name without an end");
    return rest;
  }
  void push_global(std::string_view module, std::string_view name) {
    const auto push_kind = [&](PickleGlobal kind, std::size_t detail) {
      push({PickleKind::global, static_cast<std::int64_t>(kind) << 8 | static_cast<std::int64_t>(detail)});
    };
    if (module == "collections" && name == "OrderedDict") return push_kind(PickleGlobal::ordered_dict, 0);
    if (module == "torch._utils" && name == "_rebuild_tensor") return push_kind(PickleGlobal::rebuild_tensor, 0);
    if (module == "torch._utils" && name == "_rebuild_tensor_v2") return push_kind(PickleGlobal::rebuild_tensor_v2, 0);
    if (module == "torch._utils" && name == "_rebuild_parameter") return push_kind(PickleGlobal::rebuild_parameter, 0);
    for (std::size_t i = 0; module == "torch" && i < std::size(storage_types); ++i) {
      if (storage_types[i].name == name) return push_kind(PickleGlobal::storage_type, i);
    }
    fail("names " + printable(module) + "." + printable(name) +
         ": a checkpoint may name tensors and their storages alone");
  }
  [[nodiscard]] static PickleGlobal global_of(PickleValue value) { return static_cast<PickleGlobal>(value.index >> 8); }

  void load_storage() {
    const auto id = items(pop(), "a storage's id");
    if (id.size() != 5 || text(id[0], "a storage's id") != "storage") fail("a persistent id that is no storage");
    if (id[1].kind != PickleKind::global || global_of(id[1]) != PickleGlobal::storage_type) {
      fail("a storage of an unknown type");
    }
    const SafetensorsDType dtype = storage_types[static_cast<std::size_t>(id[1].index & 0xff)].dtype;
    const std::string key(text(id[2], "a storage's key").substr(0, pickle_max_name));
    const auto count = static_cast<std::uint64_t>(integer(id[4], "a storage's length"));
    const std::string entry_name = std::string(root_) + "data/" + key;
    const auto entry = std::lower_bound(entries_.begin(), entries_.end(), entry_name,
                                        [](const ZipEntry& e, const std::string& wanted) { return e.name < wanted; });
    if (entry == entries_.end() || entry->name != entry_name) fail("storage " + printable(key) + " is missing");
    if (entry->bytes.size() % byte_size(dtype) != 0 || entry->bytes.size() / byte_size(dtype) != count) {
      fail("storage " + printable(key) + ": " + std::to_string(entry->bytes.size()) + " bytes, want " +
           std::to_string(count) + " of " + std::string(name(dtype)));
    }
    storages_.push_back({dtype, entry->bytes});
    push({PickleKind::storage, static_cast<std::int64_t>(storages_.size()) - 1});
  }

  void reduce() {
    const PickleValue arguments = pop();
    const PickleValue function = pop();
    if (function.kind != PickleKind::global) fail("calls a value that is no function");
    const auto values = items(arguments, "an argument list");
    switch (global_of(function)) {
      case PickleGlobal::ordered_dict:
        if (!values.empty()) fail("OrderedDict with arguments");
        push_dict();
        return;
      case PickleGlobal::rebuild_tensor: rebuild_tensor(values, 4); return;
      case PickleGlobal::rebuild_tensor_v2: rebuild_tensor(values, 6); return;
      case PickleGlobal::rebuild_parameter:
        if (values.empty() || values[0].kind != PickleKind::tensor) fail("a parameter without a tensor");
        push(values[0]);
        return;
      case PickleGlobal::storage_type: fail("calls a storage type");
    }
  }

  // storage, offset, size, stride and what no tensor's values depend on
  void rebuild_tensor(std::span<const PickleValue> values, std::size_t least) {
    if (values.size() < least || values[0].kind != PickleKind::storage) fail("a tensor without a storage");
    const PickleStorage& storage = storages_[static_cast<std::size_t>(values[0].index)];
    const auto offset = static_cast<std::uint64_t>(integer(values[1], "a tensor's offset"));
    const auto size = items(values[2], "a tensor's size");
    const auto stride = items(values[3], "a tensor's stride");
    if (size.size() > static_cast<std::size_t>(Shape::max_rank) || stride.size() != size.size()) {
      fail("a tensor of " + std::to_string(size.size()) + " dimensions and " + std::to_string(stride.size()) +
           " strides");
    }
    const std::uint64_t available = storage.bytes.size() / byte_size(storage.dtype);
    std::array<std::int64_t, Shape::max_rank> extents{};
    std::uint64_t elements = 1;
    for (std::size_t i = size.size(); i-- > 0;) {
      extents[i] = integer(size[i], "a tensor's size");
      const auto extent = static_cast<std::uint64_t>(extents[i]);
      if (extent == 0) fail("a tensor without elements");
      if (extent != 1 && static_cast<std::uint64_t>(integer(stride[i], "a tensor's stride")) != elements) {
        fail("a tensor that is not contiguous");
      }
      if (extent > available / elements) fail("a tensor larger than its storage");
      elements *= extent;
    }
    if (elements > available || offset > available - elements) fail("a tensor reaches beyond its storage");
    const std::size_t element = byte_size(storage.dtype);
    tensors_.push_back({storage.dtype, Shape(std::span<const std::int64_t>(extents.data(), size.size())),
                        storage.bytes.subspan(static_cast<std::size_t>(offset) * element,
                                              static_cast<std::size_t>(elements) * element)});
    push({PickleKind::tensor, static_cast<std::int64_t>(tensors_.size()) - 1});
  }

  // OrderedDict keeps attributes (_metadata of a state dict): of no use here.
  void build() {
    (void)pop();
    want_top(PickleKind::dict, "BUILD");
  }

  std::vector<TorchTensor> named_tensors() {
    const PickleValue result = pop();
    if (result.kind != PickleKind::dict) fail("holds no dictionary of tensors");
    const std::vector<PickleValue>& dict = dicts_[static_cast<std::size_t>(result.index)];
    std::vector<std::pair<std::string_view, std::size_t>> named;
    for (std::size_t i = 0; i + 1 < dict.size(); i += 2) {
      if (dict[i + 1].kind != PickleKind::tensor) continue;  // a count of steps or the like
      named.emplace_back(text(dict[i], "a tensor's name"), static_cast<std::size_t>(dict[i + 1].index));
    }
    std::sort(named.begin(), named.end());
    std::vector<TorchTensor> result_tensors;
    for (std::size_t i = 0; i < named.size(); ++i) {
      const auto& [tensor_name, index] = named[i];
      if (tensor_name.size() > pickle_max_name)
        fail("a tensor's name of " + std::to_string(tensor_name.size()) + " bytes");
      if (i > 0 && named[i - 1].first == tensor_name) fail(printable(tensor_name) + " stands there twice");
      const PickleTensor& tensor = tensors_[index];
      result_tensors.push_back({std::string(tensor_name), tensor.dtype, tensor.shape, tensor.bytes});
    }
    return result_tensors;
  }

  ByteReader reader_;
  std::span<const ZipEntry> entries_;  // sorted by name
  std::string_view root_;              // of entry names, with its slash
  std::string_view label_;
  std::vector<PickleValue> stack_;
  std::vector<std::size_t> marks_;
  std::vector<std::optional<PickleValue>> memo_;
  std::vector<std::string_view> texts_;
  std::vector<PickleValue> items_;  // of all tuples
  std::vector<PickleTuple> tuples_;
  std::vector<std::vector<PickleValue>> dicts_;  // key, value, key, value ...
  std::vector<PickleStorage> storages_;
  std::vector<PickleTensor> tensors_;
};

// ---- writing ---------------------------------------------------------------------------------------------------

template <class T>
void zip_append(std::string& text, T value) {
  text.append(reinterpret_cast<const char*>(&value), sizeof(T));
}

void pickle_text(std::string& pickle, std::string_view value) {
  pickle += 'X';
  zip_append(pickle, static_cast<std::uint32_t>(value.size()));
  pickle += value;
}
void pickle_integer(std::string& pickle, std::int64_t value) {
  if (value < 0x7fffffff) {
    pickle += 'J';
    zip_append(pickle, static_cast<std::int32_t>(value));
  } else {
    pickle += "\x8a\x08";  // LONG1 of 8 bytes
    zip_append(pickle, value);
  }
}
void pickle_integers(std::string& pickle, std::span<const std::int64_t> values) {
  pickle += '(';
  for (const std::int64_t value : values) pickle_integer(pickle, value);
  pickle += 't';
}

std::string_view storage_class(SafetensorsDType dtype) {
  for (const StorageType& type : storage_types) {
    if (type.dtype == dtype) return type.name;
  }
  throw ArgumentError("no torch storage for " + std::string(name(dtype)));
}

// torch._utils._rebuild_tensor_v2(storage, 0, size, stride, False, OrderedDict())
void pickle_tensor(std::string& pickle, std::string_view tensor_name, const TorchArchiveWriter::Entry& entry,
                   std::size_t storage) {
  pickle_text(pickle, tensor_name);
  pickle += "ctorch._utils\n_rebuild_tensor_v2\n((";
  pickle_text(pickle, "storage");
  pickle += "ctorch\n" + std::string(storage_class(entry.dtype)) + "\n";
  pickle_text(pickle, std::to_string(storage));
  pickle_text(pickle, "cpu");
  pickle_integer(pickle, entry.shape.elements());
  pickle += "tQ";
  pickle_integer(pickle, 0);
  std::vector<std::int64_t> extents(static_cast<std::size_t>(entry.shape.rank()));
  std::vector<std::int64_t> strides(extents.size());
  std::int64_t stride = 1;
  for (std::size_t i = extents.size(); i-- > 0;) {
    extents[i] = entry.shape[static_cast<int>(i)];
    strides[i] = stride;
    stride *= extents[i];
  }
  pickle_integers(pickle, extents);
  pickle_integers(pickle, strides);
  pickle +=
      "\x89"
      "ccollections\nOrderedDict\n)RtR";
}

std::string pickle_of(std::span<const TorchArchiveWriter::Entry> entries,
                      std::span<const TorchArchiveWriter::Alias> aliases) {
  std::string pickle = "\x80\x02}(";
  for (std::size_t i = 0; i < entries.size(); ++i) pickle_tensor(pickle, entries[i].name, entries[i], i);
  for (const TorchArchiveWriter::Alias& alias : aliases) {
    pickle_tensor(pickle, alias.name, entries[alias.of], alias.of);
  }
  return pickle + "u.";
}

constexpr std::string_view torch_root = "pytorch_model/";
constexpr std::uint16_t zip_flags = 0x0808;  // the sizes stand behind the data; names are UTF-8
constexpr std::uint16_t zip_date = 0x21;     // 1 January 1980: the same input makes the same file

// What the local and the central header have in common, up to the lengths of name and extra.
std::string zip_common_header(std::uint32_t magic, std::uint32_t crc, std::uint32_t size) {
  std::string header;
  zip_append(header, magic);
  if (magic == zip_central_magic) zip_append<std::uint16_t>(header, 45);
  zip_append<std::uint16_t>(header, 45);  // needs zip64
  zip_append<std::uint16_t>(header, zip_flags);
  zip_append<std::uint32_t>(header, 0);  // stored; midnight
  zip_append<std::uint16_t>(header, zip_date);
  zip_append(header, crc);
  zip_append(header, size);
  zip_append(header, size);
  return header;
}
}  // namespace

std::vector<ZipEntry> read_stored_zip(std::span<const std::byte> file, std::string_view label) {
  const auto end_at = find_zip_end(file);
  if (!end_at) throw FormatError(std::string(label) + ": no zip directory, not a PyTorch archive or cut short");
  const ZipDirectory where = read_zip_end(file, *end_at, label);
  if (where.offset > file.size() || where.bytes > file.size() - where.offset || where.entries > where.bytes / 46) {
    throw FormatError(std::string(label) + ": the zip directory lies outside the file");
  }
  ByteReader directory(file.subspan(static_cast<std::size_t>(where.offset), static_cast<std::size_t>(where.bytes)),
                       label);
  std::vector<ZipEntry> entries;
  for (std::uint64_t i = 0; i < where.entries; ++i) {
    entries.push_back(locate_entry(file, read_central_entry(directory, label), label));
  }
  std::sort(entries.begin(), entries.end(), [](const ZipEntry& a, const ZipEntry& b) { return a.name < b.name; });
  for (std::size_t i = 1; i < entries.size(); ++i) {
    if (entries[i].name == entries[i - 1].name) {
      throw FormatError(std::string(label) + ": " + printable(entries[i].name) + ": stands there twice");
    }
  }
  return entries;
}

TorchArchive TorchArchive::open(const std::filesystem::path& file) {
  std::shared_ptr<const MappedFile> mapping = MappedFile::open(file);
  TorchArchive archive = parse(mapping->bytes(), file.string());
  archive.mapping_ = std::move(mapping);
  return archive;
}

TorchArchive TorchArchive::parse(std::span<const std::byte> bytes, std::string_view label) {
  const auto fail = [&](const std::string& rule) -> void { throw FormatError(std::string(label) + ": " + rule); };
  if (bytes.size() > 2 && bytes[0] == std::byte{0x80}) {
    fail("a bare pickle as PyTorch before 1.6 wrote it, want a zip archive: load and save it with a newer PyTorch");
  }
  const std::vector<ZipEntry> entries = read_stored_zip(bytes, label);
  constexpr std::string_view pickle_name = "/data.pkl";
  const ZipEntry* pickle = nullptr;
  for (const ZipEntry& entry : entries) {
    if (!entry.name.ends_with(pickle_name)) continue;
    if (pickle != nullptr) fail("two entries data.pkl");
    pickle = &entry;
  }
  if (pickle == nullptr) fail("no entry data.pkl, not a PyTorch archive");
  const std::string_view root = pickle->name.substr(0, pickle->name.size() - pickle_name.size() + 1);
  for (const ZipEntry& entry : entries) {
    if (entry.name != std::string(root) + "byteorder") continue;
    const std::string_view order(reinterpret_cast<const char*>(entry.bytes.data()), entry.bytes.size());
    if (order != "little") fail("byteorder " + printable(order) + ", want little");
  }
  TorchArchive archive;
  archive.tensors_ = PickleMachine(pickle->bytes, entries, root, label).run();
  return archive;
}

TorchArchiveWriter::TorchArchiveWriter(const std::filesystem::path& file, std::vector<Entry> entries,
                                       std::span<const Alias> aliases, IfExists if_exists)
    : file_(file, if_exists), entries_(std::move(entries)) {
  add_record("data.pkl", pickle_of(entries_, aliases));
  add_record("byteorder", "little");
}

void TorchArchiveWriter::begin_record(std::string name, std::uint64_t size) {
  const std::string full = std::string(torch_root) + name;
  records_.push_back({full, file_.position(), size, static_cast<std::uint32_t>(::crc32(0, nullptr, 0))});
  record_left_ = size;
  // Sizes of 4 GiB and more stand behind the data in 8 bytes each, which the (empty) zip64 field announces.
  std::string extra;
  if (size >= zip_in_extra) {
    zip_append(extra, zip64_extra);
    zip_append<std::uint16_t>(extra, 16);
    extra.append(16, '\0');
  }
  const std::uint64_t data_at = file_.position() + 30 + full.size() + extra.size() + 4;
  const auto padding =
      static_cast<std::uint16_t>((zip_storage_alignment - data_at % zip_storage_alignment) % zip_storage_alignment);
  zip_append(extra, zip_padding_extra);
  zip_append(extra, padding);
  extra.append(padding, 'Z');

  std::string header = zip_common_header(zip_local_magic, 0, size >= zip_in_extra ? zip_in_extra : 0);
  zip_append(header, static_cast<std::uint16_t>(full.size()));
  zip_append(header, static_cast<std::uint16_t>(extra.size()));
  file_.write(header + full + extra);
}

void TorchArchiveWriter::write(std::span<const std::byte> bytes) {
  if (bytes.size() > record_left_) throw ArgumentError("torch archive: more bytes than the tensor has");
  record_left_ -= bytes.size();
  std::uint32_t& crc = records_.back().crc;
  crc = static_cast<std::uint32_t>(::crc32_z(crc, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()));
  file_.write(bytes);
}

void TorchArchiveWriter::end_record() {
  if (record_left_ != 0) throw ArgumentError("torch archive: fewer bytes than the tensor has");
  const Record& record = records_.back();
  std::string descriptor;
  zip_append(descriptor, zip_descriptor_magic);
  zip_append(descriptor, record.crc);
  for (int i = 0; i < 2; ++i) {
    if (record.size >= zip_in_extra) {
      zip_append(descriptor, record.size);
    } else {
      zip_append(descriptor, static_cast<std::uint32_t>(record.size));
    }
  }
  file_.write(descriptor);
}

void TorchArchiveWriter::add_record(std::string name, std::string_view content) {
  begin_record(std::move(name), content.size());
  write(std::as_bytes(std::span(content.data(), content.size())));
  end_record();
}

void TorchArchiveWriter::begin_tensor() {
  if (next_ == entries_.size()) throw ArgumentError("torch archive: more tensors than announced");
  if (next_ > 0) end_record();
  const Entry& entry = entries_[next_];
  begin_record("data/" + std::to_string(next_++),
               static_cast<std::uint64_t>(entry.shape.elements()) * byte_size(entry.dtype));
}

void TorchArchiveWriter::commit() {
  if (next_ != entries_.size()) throw ArgumentError("torch archive: committed before all tensors were written");
  if (next_ > 0) end_record();
  add_record("version", "3\n");
  const std::uint64_t directory_at = file_.position();
  for (const Record& record : records_) {
    // Always the 64-bit forms: one way to be right for small files and for large.
    std::string extra;
    zip_append(extra, zip64_extra);
    zip_append<std::uint16_t>(extra, 24);
    zip_append(extra, record.size);
    zip_append(extra, record.size);
    zip_append(extra, record.header_at);
    std::string header = zip_common_header(zip_central_magic, record.crc, zip_in_extra);
    zip_append(header, static_cast<std::uint16_t>(record.name.size()));
    zip_append(header, static_cast<std::uint16_t>(extra.size()));
    header.append(10, '\0');  // comment, disk, attributes
    zip_append(header, zip_in_extra);
    file_.write(header + record.name + extra);
  }
  const std::uint64_t end64_at = file_.position();
  std::string end;
  zip_append(end, zip64_end_magic);
  zip_append<std::uint64_t>(end, 44);
  zip_append<std::uint16_t>(end, 45);
  zip_append<std::uint16_t>(end, 45);
  end.append(8, '\0');  // disks
  zip_append<std::uint64_t>(end, records_.size());
  zip_append<std::uint64_t>(end, records_.size());
  zip_append(end, end64_at - directory_at);
  zip_append(end, directory_at);
  zip_append(end, zip64_locator_magic);
  zip_append<std::uint32_t>(end, 0);
  zip_append(end, end64_at);
  zip_append<std::uint32_t>(end, 1);
  zip_append(end, zip_end_magic);
  end.append(4, '\0');  // disks
  end.append(4, '\xff');
  end.append(8, '\xff');
  end.append(2, '\0');  // no comment
  file_.write(end);
  file_.commit();
}

}  // namespace holdfast
