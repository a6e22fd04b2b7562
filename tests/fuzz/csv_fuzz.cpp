// Tables. What is accepted must, written again, read as the same.
#include <stdexcept>

#include "fuzz_entry.h"
#include "training/csv.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holdfast;
  for (const char separator : {',', ';', '\t'}) {
    fuzz::run(data, size, [&](std::span<const std::byte> bytes) {
      const auto records = parse_csv(fuzz::text_of(bytes), "fuzz", separator);
      std::string written;
      for (const CsvRecord& record : records) written += csv_line(record.fields);
      const auto again = parse_csv(written, "written");
      if (again.size() != records.size()) throw std::logic_error("other records");
      for (std::size_t i = 0; i < records.size(); ++i) {
        if (again[i].fields != records[i].fields) throw std::logic_error("other fields");
      }
    });
  }
  return 0;
}
