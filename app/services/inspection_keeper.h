// Inspections beside the database: what was watched while a session ran need not be read again to be shown. They are a
// cache, found by the weights and the tokens they are of; the longest unused go when there are too many. No Qt.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "engine/inspection.h"

namespace holdfast {

inline constexpr const char* watch_setting = "watch_memory";  // "0": sessions are not watched while they run

class InspectionKeeper {
 public:
  explicit InspectionKeeper(std::filesystem::path folder);  // made when needed

  // Of these weights after so many tokens with this hash. Nothing when there is none, or it is damaged: then it is
  // gone.
  [[nodiscard]] std::optional<Inspection> find(const std::string& fingerprint, std::uint64_t tokens,
                                               std::uint64_t prefix_hash, const Mamba2Config& config) const;
  // Throws IoError.
  void keep(const Inspection& seen, const std::string& fingerprint, std::uint64_t prefix_hash) const;

 private:
  [[nodiscard]] std::filesystem::path file_of(const std::string& key) const;
  void obey_quota(const std::filesystem::path& spared) const;
  std::filesystem::path folder_;
};

}  // namespace holdfast
