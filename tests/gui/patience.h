// How long a test of the window waits for what must come. It is a limit for the slowest and busiest machine, not a
// wait: it costs nothing while all goes well. The QTRY macros of Qt Test give up after five seconds, which a machine
// that compiles beside may need; here they wait as long as this.
#pragma once

#include <QTest>

namespace holdfast::test {

constexpr int patience = 60000;  // milliseconds

}  // namespace holdfast::test

#undef QTRY_VERIFY
#undef QTRY_VERIFY2
#undef QTRY_COMPARE
#define QTRY_VERIFY(expr) QTRY_VERIFY_WITH_TIMEOUT(expr, holdfast::test::patience)
#define QTRY_VERIFY2(expr, message) QTRY_VERIFY2_WITH_TIMEOUT(expr, message, holdfast::test::patience)
#define QTRY_COMPARE(expr, expected) QTRY_COMPARE_WITH_TIMEOUT(expr, expected, holdfast::test::patience)
