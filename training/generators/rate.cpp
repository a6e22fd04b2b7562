// Ratio, proportion, speed, work, mixtures.
#include <algorithm>
#include <array>
#include <numeric>

#include "training/generators/catalogue.h"

namespace holdfast::generators {
namespace {

void proportion(Maker& m) {
  const Int a = m.between(2, 12), unit = m.between(2, m.level <= 2 ? 12 : 45);
  Int b = m.between(2, m.level <= 2 ? 15 : 40);
  if (b == a) b = a + 1;
  m.given("a", a), m.given("cost", a * unit), m.given("b", b);
  const int kind = static_cast<int>(m.between(0, 4));
  const Thing& t = kind == 0 ? m.good(unit) : m.thing();
  switch (kind) {
    case 0:
      m.tell_one({"@ @ cost $@. How much do @ @ cost?", "If @ @ cost $@, what is the price of @ @?"}, a, t.many,
                 a * unit, b, t.many);
      break;
    case 1:
      m.tell_one({"A machine makes @ @ in @ minutes. How many does it make in @ minutes?",
                  "A printer prints @ @ in @ minutes. How many in @ minutes?"},
                 a * unit, t.many, a, b);
      break;
    case 2:
      m.tell_one({"A car uses @ liters of fuel for @ km... ", "For @ people a cook needs "}, a, a * unit);
      m.problem.statement =
          filled("For @ people a cook needs @ grams of rice. How many grams are needed for @ people?", a, a * unit, b);
      break;
    case 3: m.tell("@ buses carry @ children. How many children do @ such buses carry?", a, a * unit, b); break;
    default:
      m.tell_one({"@ workers pack @ boxes an hour. How many boxes do @ workers pack in an hour, if all work alike?",
                  "@ identical pipes fill @ tanks a day. How many tanks do @ such pipes fill a day?"},
                 a, a * unit, b);
  }
  const Int one = m.divide("One", a * unit, a);
  m.answer(m.multiply(text(b), b, one));
  m.rationale("Direct proportion: from @ to one by division, from one to @ by multiplication.", a, b);
}

void ratio_share(Maker& m) {
  Int p = m.between(1, 9), q = m.between(1, 9);
  const Int common = std::gcd(p, q);
  p /= common, q /= common;
  if (p == q) q = p + 1;
  const Int unit = m.between(2, 30), total = unit * (p + q);
  m.given("p", p), m.given("q", q), m.given("total", total);
  const Person& a = m.person();
  const Person& b = m.person();
  const bool first = m.chance(50);
  m.chose("first", first ? 1 : 0);
  m.tell_one({"@ and @ share $@ in the ratio @:@.", "$@ is divided between @ and @ in the ratio @:@."}, a.name, b.name,
             total, p, q);
  if (m.problem.statement.starts_with("$"))
    m.problem.statement = filled("$@ is divided between @ and @ in the ratio @:@.", total, a.name, b.name, p, q);
  m.tell_one({"How much does @ get?", "What is @'s share?", "How many dollars does @ receive?"},
             first ? a.name : b.name);
  const Int parts = m.add("Parts", p, q);
  const Int one = m.divide("One part", total, parts);
  m.answer(m.multiply("Share", first ? p : q, one));
  m.rationale("A ratio @:@ means @ equal parts; each is @.", p, q, p + q, unit);
}

void ratio_scale(Maker& m) {
  Int p = m.between(2, 9), q = m.between(2, 9);
  const Int common = std::gcd(p, q);
  p /= common, q /= common;
  const Int unit = m.between(2, 25);
  m.chose("p", p), m.given("q", q), m.given("first", unit * p);
  struct Kinds {
    std::string_view one, many, other_one, other_many;
  };
  static constexpr std::array<Kinds, 6> kinds{{{"boy", "boys", "girl", "girls"},
                                               {"cat", "cats", "dog", "dogs"},
                                               {"red bead", "red beads", "blue bead", "blue beads"},
                                               {"cup of flour", "cups of flour", "cup of sugar", "cups of sugar"},
                                               {"apple", "apples", "pear", "pears"},
                                               {"chair", "chairs", "table", "tables"}}};
  const Kinds& kind = kinds[static_cast<std::size_t>(m.between(0, std::ssize(kinds) - 1))];
  const std::string_view x = kind.many, y = kind.other_many;
  if (m.chance(50)) {
    m.tell("The ratio of @ to @ is @:@.", x, y, p, q);
  } else {
    m.tell("For every @ there @ @.", p == 1 ? text(kind.one) : count_of(p, kind.one, kind.many), q == 1 ? "is" : "are",
           count_of(q, kind.other_one, kind.other_many));
  }
  m.tell_one({"There are @ @. How many @ are there?", "If there are @ @, how many @ are there?"}, unit * p, x, y);
  const Int one = m.divide("Groups", unit * p, p);
  m.answer(m.multiply(capitalised(text(y)), one, q));
  m.rationale("Equal ratios: both numbers of @:@ are multiplied by the same @.", p, q, unit);
}

void unit_price(Maker& m) {
  const Int n1 = m.between(2, 9), n2 = m.between(2, 12), c1 = m.between(2, 15);
  Int c2 = c1 + m.between(-2, 2);
  if (c2 < 1) c2 = c1 + 1;
  if (c2 == c1) c2 += 1;
  const Thing& t = m.good(std::min(c1, c2));
  m.given("n1", n1), m.given("p1", n1 * c1), m.given("n2", n2), m.given("p2", n2 * c2);
  m.tell("One shop sells @ @ for $@. Another sells @ @ for $@.", n1, t.many, n1 * c1, n2, t.many, n2 * c2);
  m.tell_one({"What is the lower price for one @?", "How much does one @ cost where it is cheaper?"}, t.one);
  const Int a = m.divide("First shop", n1 * c1, n1);
  const Int b = m.divide("Second shop", n2 * c2, n2);
  m.step("@ is less than @", std::min(a, b), std::max(a, b));
  m.answer(std::min(a, b));
  m.rationale("Unit prices make two offers comparable.");
}

void speed(Maker& m) {
  const Int v = m.level <= 2 ? 10 * m.between(2, 12) : m.between(12, 120), t = m.between(2, 9);
  const std::string_view what = m.pick({"A car", "A train", "A bus", "A cyclist", "A ship", "A truck", "A plane"});
  switch (m.between(0, 2)) {
    case 0:
      m.chose("form", 0), m.given("v", v), m.given("t", t);
      m.tell_one({"@ travels at @ km/h for @ hours. How far does it go?",
                  "@ moves at a speed of @ kilometers per hour. How many kilometers does it cover in @ hours?",
                  "@ drives @ km every hour. What distance is that in @ hours?"},
                 what, v, t);
      m.answer(m.multiply("Distance", v, t));
      break;
    case 1:
      m.chose("form", 1), m.given("s", v * t), m.given("t", t);
      m.tell_one({"@ covers @ km in @ hours. What is its average speed in km/h?", "@ needs @ hours... "}, what, v * t,
                 t);
      m.problem.statement = filled(m.pick({"@ covers @ km in @ hours. What is its average speed in km/h?",
                                           "@ travels @ kilometers in @ hours. How many km does it go per hour?"}),
                                   what, v * t, t);
      m.answer(m.divide("Speed", v * t, t));
      break;
    default:
      m.chose("form", 2), m.given("v", v), m.given("s", v * t);
      m.tell_one({"@ goes at @ km/h. How many hours does it need for @ km?",
                  "@ travels @ km each hour. How long does a trip of @ km take, in hours?"},
                 what, v, v * t);
      m.answer(m.divide("Time", v * t, v));
  }
  m.rationale("Distance is speed times time: @ * @ = @.", v, t, v * t);
}

void meeting(Maker& m) {
  const Int v1 = 5 * m.between(4, 20), v2 = 5 * m.between(4, 20), t = m.between(2, 8);
  if (m.chance(60)) {
    m.chose("form", 0), m.given("v1", v1), m.given("v2", v2), m.given("distance", (v1 + v2) * t);
    m.tell_one({"Two trains start toward each other from towns @ km apart.",
                "Two cars drive toward each other from places @ km apart."},
               (v1 + v2) * t);
    m.tell_one({"One goes at @ km/h, the other at @ km/h.", "Their speeds are @ km/h and @ km/h."}, v1, v2);
    m.tell_one({"After how many hours do they meet?", "In how many hours will they meet?"});
    const Int together = m.add("Together they cover each hour", v1, v2);
    m.answer(m.divide("", (v1 + v2) * t, together));
    m.rationale("Moving toward each other, speeds add: the gap of @ km closes by @ km each hour.", (v1 + v2) * t,
                v1 + v2);
  } else {
    const Int fast = std::max(v1, v2) + 5, slow = std::min(v1, v2), lead = (fast - slow) * t;
    m.chose("form", 1), m.given("fast", fast), m.given("slow", slow), m.given("lead", lead);
    m.tell_one({"A truck drives at @ km/h and is @ km ahead of a car that drives at @ km/h.",
                "A bus at @ km/h has a lead of @ km over a car at @ km/h."},
               slow, lead, fast);
    m.tell_one({"After how many hours does the car catch up?", "How many hours does the car need to catch up?"});
    const Int gain = m.subtract("Gained each hour", fast, slow);
    m.answer(m.divide("", lead, gain));
    m.rationale("In a chase, speeds subtract: the lead of @ km shrinks by @ km each hour.", lead, fast - slow);
  }
}

void average_speed(Maker& m) {
  const Int v1 = 10 * m.between(3, 12), v2 = 10 * m.between(3, 12);
  Int t1 = m.between(1, 5), t2 = m.between(1, 5);
  while ((v1 * t1 + v2 * t2) % (t1 + t2) != 0) t2 = t2 % 5 + 1, t1 = t2 == 1 ? t1 % 5 + 1 : t1;
  m.given("v1", v1), m.given("v2", v2), m.given("t1", t1), m.given("t2", t2);
  m.tell_one({"A driver goes @ at @ km/h and then @ at @ km/h.", "A train runs for @ at @ km/h, then for @ at @ km/h."},
             count_of(t1, "hour", "hours"), v1, count_of(t2, "hour", "hours"), v2);
  m.tell_one({"What is the average speed for the whole trip in km/h?", "What is the average speed in km/h?"});
  const Int a = m.multiply("First part", v1, t1);
  const Int b = m.multiply("Second part", v2, t2);
  const Int d = m.add("Distance", a, b);
  const Int t = m.add("Time", t1, t2);
  m.answer(m.divide("Average", d, t));
  m.rationale("Average speed is the whole distance over the whole time, not the mean of the speeds.");
}

void upstream(Maker& m) {
  const Int boat = m.between(8, 30), stream = m.between(1, boat / 2), t = m.between(2, 6);
  const bool down = m.chance(50);
  m.given("boat", boat), m.given("stream", stream), m.given("t", t), m.chose("down", down ? 1 : 0);
  m.tell_one({"A boat moves at @ km/h in still water, and the river flows at @ km/h.",
              "The speed of a boat in still water is @ km/h; the current is @ km/h."},
             boat, stream);
  m.tell_one({"How far does it go @ in @ hours?", "How many kilometers does it travel @ in @ hours?"},
             down ? "downstream" : "upstream", t);
  const Int v = down ? m.add("Speed", boat, stream) : m.subtract("Speed", boat, stream);
  m.answer(m.multiply("Distance", v, t));
  m.rationale("A current @ to the boat's own speed.", down ? "adds" : "takes away from what is left");
}

void work_together(Maker& m) {
  // 1/a + 1/b = 1/t with whole t.
  static constexpr std::array<std::array<Int, 3>, 16> triples{{{3, 6, 2},
                                                               {4, 12, 3},
                                                               {6, 12, 4},
                                                               {6, 3, 2},
                                                               {10, 15, 6},
                                                               {12, 24, 8},
                                                               {20, 30, 12},
                                                               {5, 20, 4},
                                                               {8, 24, 6},
                                                               {15, 30, 10},
                                                               {9, 18, 6},
                                                               {12, 6, 4},
                                                               {14, 35, 10},
                                                               {18, 36, 12},
                                                               {10, 40, 8},
                                                               {21, 28, 12}}};
  const auto& [a, b, t] = triples[static_cast<std::size_t>(m.between(0, 15))];
  m.given("a", a), m.given("b", b);
  const Person& p = m.person();
  const Person& q = m.person();
  const std::string_view unit = m.pick({"hours", "days", "minutes"});
  m.tell_one({"@ can paint a fence in @ @, and @ can paint it in @ @.",
              "@ finishes a job in @ @, @ finishes it in @ @.", "@ cleans a hall in @ @; @ needs @ @."},
             p.name, a, unit, q.name, b, unit);
  m.tell_one({"How many @ do they need together?", "Working together, how many @ does it take?"}, unit);
  const Int common = std::lcm(a, b);
  m.step("In one of the @, @ does 1/@ of it and @ does 1/@.", unit, p.name, a, q.name, b);
  m.step("1/@ + 1/@ = @/@ + @/@ = @/@ = 1/@", a, b, common / a, common, common / b, common, common / a + common / b,
         common, t);
  m.step("So together they need @ @.", t, unit);
  m.answer(t);
  m.rationale("Rates of work add: 1/@ + 1/@ of the job at a time.", a, b);
}

void workers_days(Maker& m) {
  const Int w1 = m.between(2, 12), d1 = m.between(2, 15);
  const Int total = w1 * d1;
  Int w2 = m.between(2, 20);
  for (int i = 0; i < 40 && (total % w2 != 0 || w2 == w1); ++i) w2 = w2 % 24 + 1;
  if (total % w2 != 0) w2 = 1;
  m.given("w1", w1), m.given("d1", d1), m.given("w2", w2);
  m.tell_one({"@ workers need @ days for a job.", "@ machines finish an order in @ days.",
              "It takes @ people @ days to build a wall."},
             w1, d1);
  m.tell_one({"How many days do @ need at the same pace?", "How many days would it take @ of them?"}, w2);
  const Int all = m.multiply("Work", w1, d1);
  m.answer(m.divide("Days", all, w2));
  m.rationale("Inverse proportion: the product of workers and days, @, stays the same.", total);
}

void mixture(Maker& m) {
  const Int p1 = 5 * m.between(1, 8), p2 = p1 + 5 * m.between(1, 8);
  Int v1 = m.between(1, 9), v2 = m.between(1, 9);
  while ((p1 * v1 + p2 * v2) % (v1 + v2) != 0) v2 = v2 % 9 + 1, v1 = v2 == 1 ? v1 % 9 + 1 : v1;
  m.given("p1", p1), m.given("p2", p2), m.given("v1", v1), m.given("v2", v2);
  const std::string_view what = m.pick({"salt solution", "juice", "acid solution", "sugar syrup"});
  m.tell_one({"Someone mixes @ of a @% @ with @ of a @% @.", "@ of @% @ and @ of @% @ are mixed."},
             count_of(v1, "liter", "liters"), p1, what, count_of(v2, "liter", "liters"), p2, what);
  m.tell_one({"What is the concentration of the mixture, in percent?", "What percentage does the mixture have?"});
  const Int a = m.multiply("", v1, p1);
  const Int b = m.multiply("", v2, p2);
  const Int s = m.add("", a, b);
  const Int v = m.add("Liters", v1, v2);
  const Int c = m.divide("Percent", s, v);
  m.answer(text(c) + "\\%");
  m.rationale("What is dissolved adds, and so do the volumes: a weighted mean of @% and @%.", p1, p2);
}

void map_scale(Maker& m) {
  const Int scale = m.between(2, 25), cm = m.between(2, 20);
  const bool forward = m.chance(60);
  m.given("scale", scale), m.given("length", forward ? cm : cm * scale), m.chose("forward", forward ? 1 : 0);
  m.tell_one({"On a map, 1 cm stands for @ km.", "A map has the scale 1 cm to @ km."}, scale);
  if (forward) {
    m.tell_one({"Two towns are @ cm apart on it. How many km is that?",
                "A road measures @ cm on the map. How long is it in km?"},
               cm);
    m.answer(m.multiply("", cm, scale));
  } else {
    m.tell_one({"Two towns are @ km apart. How many cm is that on the map?",
                "A river is @ km long. How long is it on the map, in cm?"},
               cm * scale);
    m.answer(m.divide("", cm * scale, scale));
  }
  m.rationale("A scale is a fixed ratio of map and land: 1 cm to @ km.", scale);
}

const std::array families{
    Family{"proportion", 1, 3, {"direct proportion", "unit rate"}, proportion},
    Family{"share in a ratio", 2, 3, {"ratio"}, ratio_share},
    Family{"scale a ratio", 1, 3, {"ratio"}, ratio_scale},
    Family{"unit price", 2, 2, {"unit rate", "money"}, unit_price},
    Family{"speed", 1, 3, {"speed"}, speed},
    Family{"meeting and catching up", 3, 4, {"relative speed"}, meeting},
    Family{"average speed", 3, 4, {"speed", "weighted mean"}, average_speed},
    Family{"upstream and downstream", 2, 3, {"relative speed"}, upstream},
    Family{"work together", 3, 4, {"combined work", "adding fractions"}, work_together},
    Family{"workers and days", 2, 3, {"inverse proportion"}, workers_days},
    Family{"mixtures", 3, 4, {"mixtures", "weighted mean"}, mixture},
    Family{"map scale", 1, 2, {"scale"}, map_scale},
};

}  // namespace

std::span<const Family> rate_families() { return families; }

}  // namespace holdfast::generators
