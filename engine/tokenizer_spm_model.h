// The part of a SentencePiece model file that we read ourselves: sentencepiece_model.proto in protobuf's wire format.
// The library trusts its file in places where a damaged one would read out of bounds or end the program; everything it
// relies on is checked here, before it sees a byte.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast {

struct SpmPiece {
  enum class Type : std::uint8_t { normal = 1, unknown = 2, control = 3, user_defined = 4, unused = 5, byte = 6 };
  std::string text;
  float score = 0.0f;
  Type type = Type::normal;
};

struct SpmModel {
  std::vector<SpmPiece> pieces;
  std::string trainer_spec, normalizer_spec;  // wire format; checked
  bool add_dummy_prefix = true;
  // Merging never crosses from another character to a space, so a text may be encoded in parts that begin with a space
  // after another character: the library's time per byte grows with the length of its text.
  bool splits_at_spaces = false;
  std::string unknown_surface = " \xE2\x81\x87 ";

  // Throws FormatError.
  [[nodiscard]] static SpmModel parse(std::string_view bytes, const std::string& name);
  // Specs of a BPE model as GGUF means it: no character map, spaces become U+2581.
  void set_plain_bpe(bool dummy_prefix, bool remove_extra_whitespaces);
  // Throws FormatError: pieces, types and nesting that the library could not bear.
  void check(const std::string& name) const;
  void find_splits();

  struct Variant {
    bool dummy_prefix = true;      // false: text in the middle of a sequence
    bool markers_as_text = false;  // user-defined pieces in brackets are not read
  };
  [[nodiscard]] std::string serialize(Variant variant) const;
};

}  // namespace holdfast
