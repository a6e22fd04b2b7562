// Inspections beside the database: what was watched while a session ran need not be read again to be shown, nor where
// another branch begins with the same text. They are a cache; the longest unused go when there are too many. No Qt.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>

#include "app/store/rows.h"
#include "engine/inspection.h"

namespace holdfast {

inline constexpr const char* watch_setting = "watch_memory";  // "0": sessions are not watched while they run

class InspectionKeeper {
 public:
  explicit InspectionKeeper(std::filesystem::path folder);  // made when needed

  // What these weights did with exactly these tokens, from any text of the session that begins with them. Nothing when
  // there is none. What is damaged is removed.
  [[nodiscard]] std::optional<Inspection> find(SessionId session, const std::string& model,
                                               std::span<const TokenId> text, const Mamba2Config& config) const;
  // Takes the place of what was kept of beginnings of the text. Throws IoError.
  void keep(SessionId session, const std::string& model, std::span<const TokenId> text, const Inspection& seen) const;

 private:
  [[nodiscard]] std::filesystem::path file_of(SessionId session, const std::string& model,
                                              std::span<const TokenId> text) const;
  [[nodiscard]] std::vector<std::filesystem::path> files_of(SessionId session, const std::string& model) const;
  void obey_quota(const std::filesystem::path& spared) const;
  std::filesystem::path folder_;
};

}  // namespace holdfast
