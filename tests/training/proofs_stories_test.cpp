// The answers of the families on everyday life, rates and short stories, proved from what their statements give.
//
// Every check also has to refuse an answer near the right one.
#include <array>
#include <numeric>

#include "proof.h"

using namespace holdfast;
using namespace holdfast::proofs;

namespace {

bool shopping(const Case& c) {
  const std::vector<Int> counts = c.all("count"), prices = c.all("price");
  Int cents = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    for (Int k = 0; k < counts[i]; ++k) cents += 100 * prices[i];
  }
  const bool change = c.says_one({"change", " back?", " back to"});
  if (change != c.has("paid")) return false;
  return change ? 100 * (c.at("paid") - c.number()) == cents && c.number() >= 0 : 100 * c.number() == cents;
}
bool earn_and_spend(const Case& c) {
  Int money = 0;
  for (Int day = 0; day < c.at_or("days", 1); ++day) {
    for (Int hour = 0; hour < c.at("hours"); ++hour) money += c.at("rate");
  }
  return c.number() + c.at("spent") == money && c.number() >= 0;
}
bool savings(const Case& c) {
  Int money = c.at_or("has", 0), weeks = 0;
  while (money < c.at("price")) money += c.at("weekly"), ++weeks;
  return money == c.at("price") && weeks == c.number();
}
bool share_the_rest(const Case& c) {
  std::vector<Int> friends(static_cast<std::size_t>(c.at("friends")));
  Int left = c.at("total") - c.at("kept");
  for (std::size_t next = 0; left > 0; --left, next = (next + 1) % friends.size()) ++friends[next];
  return std::ranges::all_of(friends, [&](Int got) { return got == c.number(); });
}
bool boxes_and_loose(const Case& c) {
  Int things = c.at("loose");
  for (Int box = 0; box < c.at("boxes"); ++box) things += c.at("each");
  const bool left = c.says("left?");
  return left == c.has("used") && c.number() + c.at_or("used", 0) == things;
}
bool more_and_fewer(const Case& c) {
  const Int first = c.at("a"), second = first + c.at("d");
  if (c.says("fewer") != (c.at("d") < 0)) return false;
  const bool all = c.says_one({"all three", "altogether"}), both = c.says("they have together");
  if (all) return c.number() - first - second == added_up(second, c.at("c"));
  return both ? c.number() - second == first : c.number() - first == c.at("d");
}
bool ages(const Case& c) {
  switch (c.at("form")) {
    case 0: {  // year by year
      Int age = c.at("young") + c.at("gap");
      for (Int year = 0; year < c.at("later"); ++year) ++age;
      return c.number() == age;
    }
    case 1: return c.says("sum") && c.number() - c.at("young") == c.at("young") + c.at("gap");
    case 2: return c.number() == only(1, 300, [&](Int x) { return x + c.at("k") * x == c.at("sum"); });
    default: {
      Int young = c.at("now"), old = c.at("older"), years = 0;
      while (old != 2 * young && years < 200) ++young, ++old, ++years;
      return c.number() == years;
    }
  }
}
bool average(const Case& c) {
  const std::vector<Int> values = c.all("v");
  const Int sum = std::accumulate(values.begin(), values.end(), Int{0});
  const auto n = static_cast<Int>(values.size());
  if (c.has("mean"))
    return c.says_one({"last number", "missing number", "other one"}) && sum + c.number() == (n + 1) * c.at("mean");
  Int off = 0;  // what is above the mean makes up for what is below
  for (const Int v : values) off += v - c.number();
  return off == 0;
}
std::string shown_time(Int hour, Int minute) {
  return std::to_string(hour) + (minute < 10 ? ":0" : ":") + std::to_string(minute);
}
bool clock_time(const Case& c) {
  Int hour = c.at("hour"), minute = c.at("minute");
  if (!c.says(shown_time(hour, minute))) return false;
  for (Int i = 0; i < c.at("duration"); ++i) {
    if (++minute < 60) continue;
    minute = 0;
    hour = hour == 12 ? 1 : hour + 1;
  }
  return c.p.answer == shown_time(hour, minute);
}
bool units_of_time(const Case& c) {
  switch (c.at("form")) {
    case 0: return c.says("minutes") && c.says("hours") && c.number() - c.at("b") == added_up(60, c.at("a"));
    case 1: return c.says("days") && c.says("weeks") && c.number() - c.at("b") == added_up(7, c.at("a"));
    case 2: return c.says("seconds") && c.says("minutes") && c.number() == added_up(60, c.at("a"));
    default: return c.says("days") && c.says("hours") && added_up(24, c.number()) == c.at("a");
  }
}
bool units_of_measure(const Case& c) {
  struct Unit {
    std::string_view large, small;
    Int factor;
  };
  static constexpr std::array<Unit, 8> units{{{"meters", "centimeters", 100},
                                              {"kilometers", "meters", 1000},
                                              {"kilograms", "grams", 1000},
                                              {"liters", "milliliters", 1000},
                                              {"feet", "inches", 12},
                                              {"yards", "feet", 3},
                                              {"centimeters", "millimeters", 10},
                                              {"dozen", "pieces", 12}}};
  const Unit& u = units[static_cast<std::size_t>(c.at("unit"))];
  const bool down = c.at("down") == 1;
  const std::string behind = std::to_string(c.at("a")) + " " + std::string(down ? u.large : u.small);
  if (!c.says(behind) || !c.says(down ? u.small : u.large)) return false;
  return down ? c.number() == added_up(u.factor, c.at("a")) : added_up(u.factor, c.number()) == c.at("a");
}
bool days_of_the_week(const Case& c) {
  static constexpr std::array<std::string_view, 7> days{"Monday", "Tuesday",  "Wednesday", "Thursday",
                                                        "Friday", "Saturday", "Sunday"};
  auto day = static_cast<std::size_t>(c.at("start"));
  if (!c.says(days[day])) return false;
  for (Int i = 0; i < c.at("ahead"); ++i) day = day == 6 ? 0 : day + 1;
  return c.p.answer == days[day];
}

bool proportion(const Case& c) { return c.number() * c.at("a") == c.at("cost") * c.at("b"); }
bool share_in_a_ratio(const Case& c) {
  const Int first = only(0, c.at("total"), [&](Int x) { return x * c.at("q") == (c.at("total") - x) * c.at("p"); });
  return c.number() == (c.at("first") == 1 ? first : c.at("total") - first);
}
bool scale_a_ratio(const Case& c) { return c.number() * c.at("p") == c.at("first") * c.at("q"); }
bool unit_price(const Case& c) {
  const auto price = [&](Int n, Int paid) { return only(1, 1000, [&](Int x) { return added_up(x, n) == paid; }); };
  const Int a = price(c.at("n1"), c.at("p1")), b = price(c.at("n2"), c.at("p2"));
  return a != b && c.number() == std::min(a, b);
}
bool speed(const Case& c) {
  switch (c.at("form")) {
    case 0: return c.number() == added_up(c.at("v"), c.at("t"));
    case 1: return added_up(c.number(), c.at("t")) == c.at("s");
    default: return added_up(c.at("v"), c.number()) == c.at("s");
  }
}
bool meeting(const Case& c) {  // hour by hour
  Int hours = 0;
  if (c.at("form") == 0) {
    Int left = 0, right = c.at("distance");
    while (left < right) left += c.at("v1"), right -= c.at("v2"), ++hours;
    return c.says("meet") && left == right && c.number() == hours;
  }
  Int truck = c.at("lead"), car = 0;
  while (car < truck) truck += c.at("slow"), car += c.at("fast"), ++hours;
  return c.says("catch up") && car == truck && c.number() == hours;
}
bool average_speed(const Case& c) {
  Int off = 0;
  for (Int i = 0; i < c.at("t1"); ++i) off += c.at("v1") - c.number();
  for (Int i = 0; i < c.at("t2"); ++i) off += c.at("v2") - c.number();
  return off == 0;
}
bool upstream(const Case& c) {
  Int place = 0;
  for (Int i = 0; i < c.at("t"); ++i) place += c.at("boat") + (c.says("downstream") ? c.at("stream") : -c.at("stream"));
  return c.says("downstream") == (c.at("down") == 1) && c.number() == place;
}
bool work_together(const Case& c) {  // both work so long that whole jobs are done
  const Int a = c.at("a"), b = c.at("b"), time = a * b;
  const Int jobs = time / a + time / b;
  return c.number() * jobs == time;
}
bool workers_and_days(const Case& c) { return added_up(c.at("w1"), c.at("d1")) == added_up(c.at("w2"), c.number()); }
bool mixture(const Case& c) {
  Int off = 0;
  for (Int i = 0; i < c.at("v1"); ++i) off += c.at("p1") - c.percent();
  for (Int i = 0; i < c.at("v2"); ++i) off += c.at("p2") - c.percent();
  return off == 0;
}
bool map_scale(const Case& c) {
  const bool forward = c.says_one({"many km", "in km"});
  if (forward != (c.at("forward") == 1)) return false;
  return forward ? c.number() == added_up(c.at("scale"), c.at("length"))
                 : added_up(c.at("scale"), c.number()) == c.at("length");
}

// What the numbers of a story must satisfy with the answer x. Written as what is left when the story is undone.
bool story(const Case& c) {
  const Int a = c.at("a"), b = c.at_or("b", 0), k = c.at_or("c", 0), d = c.at_or("d", 0);
  if (c.has("percent_change")) return a * (100 + c.percent()) == 100 * b;
  const Int x = c.number();
  const Int n = c.at_or("numerator", 0), of = c.at_or("denominator", 1);
  Int in = 0, out = 0;
  if (n > 0) {
    for (Int i = 0; i < a; ++i) ++(i % of < n ? in : out);
    const std::string digits = std::to_string(n) + "/" + std::to_string(of);
    if (!c.says_one({digits, "half", "Half", "third", "quarter", "fifth"})) return false;
  }
  if (c.has("plus")) return x - b == a;
  if (c.has("minus")) return x + b == a;
  if (c.has("times")) return x == added_up(a, b);
  if (c.has("share")) return added_up(x, b) == a;
  if (c.has("plus_minus")) return x + k - b == a;
  if (c.has("minus_plus")) return x - k + b == a;
  if (c.has("times_plus")) return x - k == added_up(a, b);
  if (c.has("times_minus")) return x + k == added_up(a, b);
  if (c.has("change")) return k - x == added_up(a, b) && x >= 0;
  if (c.has("products")) return x - added_up(a, b) == added_up(k, d);
  if (c.has("three_factors")) return x == added_up(added_up(a, b), k);
  if (c.has("share_of_sum")) return added_up(x, k) - a == b;
  if (c.has("share_of_rest")) return added_up(x, k) + b == a;
  if (c.has("fold_together")) return x - a == added_up(a, b);
  if (c.has("percent_of")) return x * 100 == added_up(b, a);
  if (c.has("percent_rest") || c.has("percent_less")) return (a - x) * 100 == added_up(b, a);
  if (c.has("percent_more")) return (x - a) * 100 == added_up(b, a);
  if (c.has("part_of")) return x == in;
  if (c.has("part_left")) return x == out;
  if (c.has("part_then_less")) return x + b == out;
  if (c.has("share_up")) return added_up(x, b) >= a && added_up(x - 1, b) < a;
  if (c.has("unit_rate")) return x * a == b * k;
  if (c.has("undo")) return added_up(x, a) + b == k;
  if (c.has("twice_minus")) return x + a * k == a * b;
  if (c.has("mean")) return (a - x) + (b - x) + (k - x) == 0;
  if (c.has("missing_mean")) return (a - k) + (b - k) + (x - k) == 0;
  return false;
}

const Checks checks{
    {"shopping", shopping},
    {"earn and spend", earn_and_spend},
    {"savings", savings},
    {"share the rest", share_the_rest},
    {"boxes and loose ones", boxes_and_loose},
    {"more and fewer", more_and_fewer},
    {"ages", ages},
    {"average", average},
    {"clock time", clock_time},
    {"units of time", units_of_time},
    {"units of measure", units_of_measure},
    {"days of the week", days_of_the_week},
    {"proportion", proportion},
    {"share in a ratio", share_in_a_ratio},
    {"scale a ratio", scale_a_ratio},
    {"unit price", unit_price},
    {"speed", speed},
    {"meeting and catching up", meeting},
    {"average speed", average_speed},
    {"upstream and downstream", upstream},
    {"work together", work_together},
    {"workers and days", workers_and_days},
    {"mixtures", mixture},
    {"map scale", map_scale},
    {"story of one step", story},
    {"story of two steps", story},
    {"story of a plan", story},
};

}  // namespace

class ProofsStoriesTest : public QObject {
  Q_OBJECT

 private slots:
  void every_answer_follows_from_its_statement_data() {
    add_rows({generators::everyday_families(), generators::rate_families(), generators::story_families()});
  }
  void every_answer_follows_from_its_statement() {
    QFETCH(QString, name);
    prove_row(name, checks);
  }
};

QTEST_GUILESS_MAIN(ProofsStoriesTest)
#include "proofs_stories_test.moc"
