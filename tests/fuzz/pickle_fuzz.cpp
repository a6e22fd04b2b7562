// PyTorch archives: once the bytes as a whole file, once as the pickle of an archive that is otherwise in order, so
// that mutations reach the unpickler and are not all spent on the zip around it.
#include <string>

#include "engine/pickle.h"
#include "fuzz_entry.h"

namespace {
template <class T>
void append(std::string& text, T value) {
  text.append(reinterpret_cast<const char*>(&value), sizeof(T));
}

void append_entry(std::string& zip, std::string& directory, std::string_view name, std::string_view content) {
  std::string common(10, '\0');
  append<std::uint32_t>(common, 0);
  append(common, static_cast<std::uint32_t>(content.size()));
  append(common, static_cast<std::uint32_t>(content.size()));
  append(common, static_cast<std::uint16_t>(name.size()));
  append<std::uint16_t>(common, 0);
  append<std::uint32_t>(directory, 0x02014b50);
  directory.append(2, '\0');
  directory += common;
  directory.append(10, '\0');
  append(directory, static_cast<std::uint32_t>(zip.size()));
  directory += name;
  append<std::uint32_t>(zip, 0x04034b50);
  zip += common;
  zip += name;
  zip += content;
}

std::string archive_around(std::string_view pickle) {
  std::string zip;
  std::string directory;
  append_entry(zip, directory, "m/data.pkl", pickle);
  append_entry(zip, directory, "m/data/0", std::string(24, '\1'));
  const auto directory_at = static_cast<std::uint32_t>(zip.size());
  zip += directory;
  append<std::uint32_t>(zip, 0x06054b50);
  zip.append(4, '\0');
  append<std::uint16_t>(zip, 2);
  append<std::uint16_t>(zip, 2);
  append(zip, static_cast<std::uint32_t>(directory.size()));
  append(zip, directory_at);
  append<std::uint16_t>(zip, 0);
  return zip;
}
}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holdfast;
  fuzz::run(data, size, [](std::span<const std::byte> bytes) { (void)TorchArchive::parse(bytes, "fuzz"); });
  return fuzz::run(data, size, [](std::span<const std::byte> bytes) {
    const std::string archive = archive_around(fuzz::text_of(bytes));
    (void)TorchArchive::parse(std::as_bytes(std::span(archive.data(), archive.size())), "fuzz");
  });
}
