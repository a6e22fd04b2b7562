// Inspections beside the database: what was watched while a session ran need not be read again to be shown, nor where
// another branch goes on from the same text. They are kept in stretches, a file each, written once and never again:
// going on costs what is new, and branches share what they have in common. A cache: the longest unused stretches go
// when there are too many. No Qt.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "app/store/rows.h"
#include "engine/inspection.h"

namespace holdfast {

inline constexpr const char* watch_setting = "watch_memory";  // "0": sessions are not watched while they run

// What is kept of a text: inspections of stretches, in order, that have no token in common.
struct KeptInspections {
  struct Part {
    std::int64_t from = 0;  // tokens before it
    Inspection seen;
  };
  std::vector<Part> parts;
  std::vector<std::string> damaged;  // files that could not be used, with the reason

  // What is not kept of the first `tokens` tokens: [first, last), in order.
  [[nodiscard]] std::vector<std::pair<std::int64_t, std::int64_t>> gaps(std::int64_t tokens) const;
};

class InspectionKeeper {
 public:
  // folder: made when needed. most_bytes: what all kept inspections may take on the disk.
  explicit InspectionKeeper(std::filesystem::path folder, std::uintmax_t most_bytes = std::uintmax_t{512} << 20);

  // What these weights did with a text of the session, which begins with a state of this prefix_hash (0: with nothing).
  // Files that are damaged are removed, but where somebody else is to name them.
  enum class Damaged { remove, leave };
  [[nodiscard]] KeptInspections find(SessionId session, const std::string& model, std::uint64_t begins_after,
                                     std::span<const TokenId> text, const Mamba2Config& config,
                                     Damaged damaged = Damaged::remove) const;
  // Throws IoError.
  void keep(SessionId session, const std::string& model, const SeenStretch& stretch, const Inspection& seen);
  // The same, and removes the stretches that lie within this one.
  void replace(SessionId session, const std::string& model, const SeenStretch& stretch, const Inspection& seen);

 private:
  [[nodiscard]] std::filesystem::path file_of(SessionId session, const std::string& model,
                                              const SeenStretch& stretch) const;
  [[nodiscard]] std::vector<std::filesystem::path> files_of(SessionId session, const std::string& model) const;
  void obey_quota(const std::filesystem::path& spared);

  std::filesystem::path folder_;
  std::uintmax_t most_bytes_;
  std::uintmax_t unlooked_;  // bytes written since the folder was last looked through
};

}  // namespace holdfast
