// What the tests of file readers share: texts and bytes in files, and the message of the error that a call throws.
#pragma once

#include <QString>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast::test {

inline std::filesystem::path golden(std::string_view name) { return std::filesystem::path(HOLDFAST_GOLDEN_DIR) / name; }

inline std::string read_text(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}
inline void write_text(const std::filesystem::path& file, std::string_view text) {
  std::ofstream stream(file, std::ios::binary);
  stream.write(text.data(), static_cast<std::streamsize>(text.size()));
}
inline std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

// The message of the error of type E that `call` throws; otherwise says what happened instead.
template <class E>
QString message_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const E& error) {
    return QString::fromUtf8(error.what());
  } catch (const std::exception& error) {
    return QStringLiteral("another type of error: ") + QString::fromUtf8(error.what());
  }
  return QStringLiteral("no error");
}

template <class T>
void append(std::string& text, T value) {
  text.append(reinterpret_cast<const char*>(&value), sizeof(T));
}

// A zip file of stored entries. `method`: of all entries, 8 to claim that they are compressed.
inline std::string stored_zip(const std::vector<std::pair<std::string, std::string>>& entries, std::uint16_t method = 0,
                              std::uint16_t flags = 0) {
  std::string zip;
  std::string directory;
  for (const auto& [name, content] : entries) {
    const auto size = static_cast<std::uint32_t>(content.size());
    std::string common;
    append<std::uint16_t>(common, 20);
    append(common, flags);
    append(common, method);
    append<std::uint32_t>(common, 0);  // time and date
    append<std::uint32_t>(common, 0);  // crc: not looked at
    append(common, size);
    append(common, size);
    append(common, static_cast<std::uint16_t>(name.size()));
    append<std::uint16_t>(common, 0);
    append<std::uint32_t>(directory, 0x02014b50);
    append<std::uint16_t>(directory, 20);
    directory += common;
    directory.append(10, '\0');
    append(directory, static_cast<std::uint32_t>(zip.size()));
    directory += name;
    append<std::uint32_t>(zip, 0x04034b50);
    zip += common + name + content;
  }
  const auto directory_at = static_cast<std::uint32_t>(zip.size());
  zip += directory;
  append<std::uint32_t>(zip, 0x06054b50);
  zip.append(4, '\0');
  append(zip, static_cast<std::uint16_t>(entries.size()));
  append(zip, static_cast<std::uint16_t>(entries.size()));
  append(zip, static_cast<std::uint32_t>(directory.size()));
  append(zip, directory_at);
  append<std::uint16_t>(zip, 0);
  return zip;
}

}  // namespace holdfast::test
