// The comparator of every numeric test. It refuses what a sloppy one lets pass: NaN, any infinity (got, want or
// allowed), another length, nothing to compare. Its own test is compare_test.cpp.
#pragma once

#include <span>
#include <string>

namespace holdfast::test {

struct Comparison {
  bool ok = false;
  std::string report;  // one sentence: how many are wrong, the worst place, got, want, allowed
  explicit operator bool() const noexcept { return ok; }
};

// |got - want| <= tolerance, element by element. tolerance: one value for all, or one per element; absolute, >= 0.
[[nodiscard]] Comparison compare(std::span<const float> got, std::span<const double> want,
                                 std::span<const double> tolerance);
// One tolerance for all: `relative` times the largest |want|.
[[nodiscard]] Comparison compare_relative(std::span<const float> got, std::span<const double> want, double relative);
[[nodiscard]] Comparison compare_relative(std::span<const float> got, std::span<const float> want, double relative);
// The same bits in every element, for laws that hold exactly. NaN and infinities fail here too.
[[nodiscard]] Comparison compare_bitwise(std::span<const float> got, std::span<const float> want);

}  // namespace holdfast::test

// For Qt tests: fails the test function with the report of a Comparison.
#define HOLDFAST_COMPARE(...)                                     \
  do {                                                            \
    const ::holdfast::test::Comparison comparison_ = __VA_ARGS__; \
    QVERIFY2(comparison_.ok, comparison_.report.c_str());         \
  } while (false)
