// Problems that need two areas, one after the other: what the first finds, the second needs. Level 5 goes one step on.
#include <algorithm>
#include <array>
#include <numeric>

#include "training/generators/catalogue.h"

namespace holdfast::generators {
namespace {

void discount_and_budget(Maker& m) {
  const Int off = m.pick({10, 20, 25, 30, 40, 50}), price = 20 * m.between(1, 15);
  const Int now = price - price * off / 100, count = m.between(2, 15), left = m.between(0, now - 1);
  const Int budget = now * count + left;
  const Thing& t = m.good(price);
  m.given("price", price), m.given("off", off), m.given("budget", budget);
  m.tell_one({"A @ costs $@ and is reduced by @%.", "The price of a @ is $@, and there is a @% discount."}, t.one,
             price, off);
  m.tell_one({"A club has $@ and buys as many as it can.", "With $@, a school buys as many of them as possible."},
             budget);
  if (m.level <= 4) {
    m.tell_one({"How many @ does it get?", "How many @ is that?"}, t.many);
  } else {
    m.tell_one({"How many dollars are left?", "How much money is left over?"});
  }
  const Int saved = price * off / 100;
  m.step("Discount: @ * @ / 100 = @ / 100 = @", price, off, price * off, saved);
  m.subtract("Price now", price, saved);
  const auto [q, r] = m.divide_rest("", budget, now);
  m.answer(m.level <= 4 ? q : r);
  m.rationale("A discount gives the price, and a division with remainder says how often it fits into $@.", budget);
}

void walls_and_paint(Maker& m) {
  const Int a = m.between(3, 12), b = m.between(3, 9), h = m.between(2, 4), open = m.between(2, 9);
  const Int cover = m.between(5, 15), price = m.between(8, 35);
  const bool two = m.level >= 5;
  m.given("a", a), m.given("b", b), m.given("h", h), m.given("open", open), m.given("cover", cover);
  m.tell_one({"A room is @ m long, @ m wide and @ m high.", "A hall measures @ m by @ m and is @ m high."}, a, b, h);
  m.tell("Its four walls are painted@, except for doors and windows of @ square m in all.", two ? " twice" : "", open);
  m.tell_one({"One can of paint is enough for @ square m.", "A can of paint covers @ square m."}, cover);
  if (two) m.given("price", price), m.tell("A can costs $@. How much does the paint cost?", price);
  if (!two) m.tell_one({"How many cans must be bought?", "How many cans of paint are needed?"});
  m.add("", a, b);
  const Int around = m.multiply("Around", 2, a + b);
  const Int walls = m.multiply("Walls", around, h);
  Int area = m.subtract("To paint", walls, open);
  if (two) area = m.multiply("Twice", 2, area);
  auto [cans, rest] = m.divide_rest("", area, cover);
  if (rest > 0) cans = m.add("One more can for the rest", cans, 1);
  m.answer(two ? m.multiply("Cost", cans, price) : cans);
  m.rationale("The perimeter gives the area of the walls, and that the number of cans, rounded up.");
}

void tank_and_pump(Maker& m) {
  const Int d = m.pick({2, 3, 4, 5}), n = m.between(1, d - 1);
  const Int a = m.between(2, 12), b = m.between(2, 12), c = d * m.between(1, 6);
  const Int part = a * b * c / d * n;
  Int net = 1;  // liters that come to stay each minute
  for (const Int k : {Int{12}, Int{10}, Int{8}, Int{6}, Int{5}, Int{4}, Int{3}, Int{2}}) {
    if (part % k == 0 && part > k) {
      net = k;
      if (m.chance(60)) break;
    }
  }
  const Int leak = m.level >= 5 ? m.between(1, 6) : 0;
  m.given("a", a), m.given("b", b), m.given("c", c), m.given("n", n), m.given("d", d), m.given("pump", net + leak);
  m.tell_one({"A tank is @ dm long, @ dm wide and @ dm high; 1 cubic dm is 1 liter.",
              "A basin measures @ dm by @ dm by @ dm, and 1 cubic dm holds 1 liter."},
             a, b, c);
  m.tell("It is empty, and a pump brings in @ a minute.", count_of(net + leak, "liter", "liters"));
  if (leak > 0)
    m.given("leak", leak),
        m.tell("Through a leak, @ a minute @ lost.", count_of(leak, "liter", "liters"), leak == 1 ? "is" : "are");
  m.tell_one(
      {"After how many minutes is it @/@ full?", "How many minutes does it take until the water fills @/@ of it?"}, n,
      d);
  const Int base = m.multiply("Base", a, b);
  const Int all = m.multiply("Volume", base, c);
  const Int one = m.divide("", all, d);
  if (n > 1) m.multiply("To fill", one, n);
  if (leak > 0) m.subtract("Each minute", net + leak, leak);
  m.answer(m.divide("Minutes", part, net));
  m.rationale("A volume, a fraction of it, and the time that a steady flow needs.");
}

void balls_and_chance(Maker& m) {
  const Int blue = m.between(2, 15), more = m.between(1, 9), red = blue + more, all = red + blue;
  m.given("all", all), m.given("more", more);
  const std::string_view box = m.pick({"bag", "box", "jar", "drawer"});
  m.tell_one({"A @ holds @ balls, red and blue ones; there are @ more red than blue ones.",
              "In a @ are @ balls. Each is red or blue, and @ more are red than blue."},
             box, all, more);
  const bool two = m.level >= 5;
  m.tell(two ? m.pick({"Two are drawn without putting back. What is the probability that both are red?",
                       "Two balls are taken out together. Find the probability that both are red."})
             : m.pick({"One is drawn at random. What is the probability that it is red?",
                       "Find the probability that a ball drawn at random is red."}));
  const Int twice = m.add("Twice the red ones", all, more);
  m.divide("Red", twice, 2);
  if (!two) {
    m.answer(text(m.reduce("Probability", red, all)));
  } else {
    m.step("First: @/@, second: @/@", red, all, red - 1, all - 1);
    m.step("@ * @ = @ and @ * @ = @", red, red - 1, red * (red - 1), all, all - 1, all * (all - 1));
    m.answer(text(m.reduce("Probability", red * (red - 1), all * (all - 1))));
  }
  m.rationale("A sum and a difference give the numbers of balls, and these the probability.");
}

void sums_of_roots(Maker& m) {
  Int r = m.between(-9, 12), t = m.between(-9, 12);
  if (r == 0) r = 5;
  if (t == 0 || t == r || t == -r) t = r > 0 ? r + 1 : r - 1;
  const Int s = r + t, p = r * t;
  const auto coefficient = [&m](std::string_view name, Int value) {
    if (value > 1 || value < -1) {
      m.given(name, value);
    } else {
      m.chose(name, value);
    }
  };
  coefficient("b", -s), coefficient("c", p);
  const std::string equation = "x^2 " + signed_term(-s, "x", false) + " " + signed_term(p, "", false) + " = 0";
  m.tell_one({"The equation @ has the solutions r and s.", "Let r and s be the roots of @.",
              "The numbers r and s are the two solutions of @."},
             m.chance(40) ? "$" + equation + "$" : equation);
  const bool cubes = m.level >= 5;
  m.tell_one(
      cubes ? std::initializer_list<std::string_view>{"What is r^3 + s^3?", "Find r^3 + s^3 without finding r and s."}
            : std::initializer_list<std::string_view>{"What is r^2 + s^2?", "Find r^2 + s^2 without finding r and s."});
  m.step("r + s = @ and r * s = @", s, p);
  const auto wrapped = [](Int v) { return v < 0 ? "(" + text(v) + ")" : text(v); };
  if (cubes) {
    m.step("r^3 + s^3 = (r + s)^3 - 3rs(r + s)");
    const Int third = m.power("", s, 3);
    m.step("3 * @ * @ = @ * @ = @", wrapped(p), wrapped(s), 3 * p, wrapped(s), 3 * p * s);
    m.answer(m.subtract("", third, 3 * p * s));
  } else {
    m.step("r^2 + s^2 = (r + s)^2 - 2rs");
    const Int square = m.power("", s, 2);
    m.step("2 * @ = @", wrapped(p), 2 * p);
    m.answer(m.subtract("", square, 2 * p));
  }
  m.rationale("Sum and product of the roots stand in the equation; a formula makes powers of them.");
}

void line_and_axes(Maker& m) {
  const Int slope = m.between(1, 8), cut = m.level >= 5 ? m.between(2, 12) : m.between(2, 15), top = slope * cut;
  const Int x1 = m.between(1, cut), x2 = x1 + m.between(1, 6);
  const Int y1 = top - slope * x1, y2 = top - slope * x2;
  m.given("x1", x1), m.given("y1", y1), m.given("x2", x2), m.given("y2", y2);
  m.tell_one({"A line goes through (@, @) and (@, @).", "The points (@, @) and (@, @) lie on a line."}, x1, y1, x2, y2);
  const bool area = m.level >= 5;
  m.tell(
      area ? m.pick(
                 {"What is the area of the triangle that it forms with the two axes? Answer as a number or a fraction.",
                  "With the axes it encloses a triangle. Find its area, as a number or a fraction."})
           : m.pick({"At which x does it cross the x-axis?", "For which x does it meet the x-axis?"}));
  const Int rise = m.subtract("", y2, y1);
  const Int run = m.subtract("", x2, x1);
  m.divide("Slope", rise, run);
  m.step("Where x = 0: @ + @ * @ = @ + @ = @", y1, slope, x1, y1, slope * x1, top);
  const Int at = m.divide("Where y = 0", top, slope);
  if (area) {
    const Int twice = m.multiply("Twice the area", at, top);
    if (twice % 2 == 0) {
      m.answer(m.divide("Area", twice, 2));
    } else {
      m.step("Half of it: @/2", twice);
      m.answer(text(twice) + "/2");
    }
  } else {
    m.answer(at);
  }
  m.rationale("Two points give the line, and the line its crossings with the axes.");
}

void head_start(Maker& m) {
  const Int slow = 5 * m.between(4, 14), ahead = m.between(1, 4);
  // Whole hours until the second has caught up, and not too many.
  Int fast = slow + 5;
  while (slow * ahead % (fast - slow) != 0 || slow * ahead / (fast - slow) > 12) fast += 5;
  m.given("slow", slow), m.given("fast", fast);
  if (ahead > 1) {
    m.given("ahead", ahead);
  } else {
    m.chose("ahead", ahead);
  }
  const std::string_view first = m.pick({"A truck", "A bus", "A train"});
  m.tell_one({"@ leaves a town at @ km/h.", "@ starts at @ km/h."}, first, slow);
  m.tell_one({"@ later a car follows on the same way at @ km/h.",
              "A car starts @ later from the same place at @ km/h and follows it."},
             ahead == 1 ? std::string("one hour") : count_of(ahead, "hour", "hours"), fast);
  std::string& told = m.problem.statement;
  if (const auto at = told.find(". one hour later"); at != std::string::npos) told[at + 2] = 'O';
  const bool where = m.level >= 5;
  m.tell(where
             ? m.pick({"How many km from the start does the car catch up?", "After how many km does the car reach it?"})
             : m.pick({"How many hours does the car drive until it catches up?",
                       "After how many hours of driving does the car catch up?"}));
  const Int lead = m.multiply("Lead", slow, ahead);
  const Int gain = m.subtract("Gained each hour", fast, slow);
  const Int hours = m.divide("Hours", lead, gain);
  m.answer(where ? m.multiply("Way", fast, hours) : hours);
  m.rationale("A head start is a distance; it shrinks by the difference of the speeds.");
}

void divisible_but_not(Maker& m) {
  const Int p = m.between(2, 15);
  Int q = m.between(2, 15);
  while (q == p || p % q == 0) q = q % 15 + 2;
  const bool three = m.level >= 5;
  const Int n = three ? 999 : m.between(60, 600), least = three ? 100 : 1;
  m.given("p", p), m.given("q", q);
  if (three) {
    m.tell_one({"How many three-digit numbers are divisible by @ but not by @?",
                "How many numbers with three digits are multiples of @ and not of @?",
                "Find the number of three-digit integers that @ divides and @ does not."},
               p, q);
  } else {
    m.given("n", n);
    m.tell_one({"How many of the numbers 1 to @ are divisible by @ but not by @?",
                "How many positive integers up to @ are multiples of @ and not of @?"},
               n, p, q);
  }
  const Int both = std::lcm(p, q);
  m.step("Divisible by both: by lcm(@, @) = @", p, q, both);
  const auto counted = [&](Int d) {
    m.step("Multiples of @ up to @: @", d, n, n / d);
    if (!three) return n / d;
    m.step("Multiples of @ up to @: @", d, least - 1, (least - 1) / d);
    return m.subtract("", n / d, (least - 1) / d);
  };
  const Int with_p = counted(p);
  const Int with_both = counted(both);
  m.answer(m.subtract("", with_p, with_both));
  m.rationale("Multiples are counted by division; those of both are the multiples of the least common multiple.");
}

void interest_compared(Maker& m) {
  const Int rate = m.pick({2, 4, 5, 6, 8, 10, 15, 20}), sum = 100 * m.between(2, 50);
  const bool compared = m.level >= 5;
  m.given("sum", sum), m.given("rate", rate);
  m.tell_one({"@ puts $@ into a bank for two years at @% a year.", "@ lends $@ for two years at @% interest a year."},
             m.person().name, sum, rate);
  m.tell(compared ? m.pick({"How many dollars more does compound interest bring than simple interest?",
                            "By how many dollars is compound interest more than simple interest?"})
                  : m.pick({"How many dollars are there in the end with compound interest?",
                            "The interest of the first year earns interest too. How many dollars is it in the end?"}));
  const Int first = sum * rate / 100;
  m.step("First year: @ * @ / 100 = @ / 100 = @", sum, rate, sum * rate, first);
  const Int middle = m.add("", sum, first);
  const Int second = middle * rate;  // in hundredths
  m.step("Second year: @ * @ / 100 = @ / 100 = @", middle, rate, second, hundredths(second));
  if (compared) {
    const Int more = second - first * 100;
    m.step("More than the first year: @ - @ = @", hundredths(second), first, hundredths(more));
    m.answer(hundredths(more));
  } else {
    m.step("@ + @ = @", middle, hundredths(second), hundredths(middle * 100 + second));
    m.answer(hundredths(middle * 100 + second));
  }
  m.rationale("Compound interest is of what is there: in the second year also of the first year's interest.");
}

void mean_of_two_groups(Maker& m) {
  const Int percent = 10 * m.between(1, 9), n = 10 * m.between(2, 9);
  const Int girls = n * percent / 100, boys = n - girls;
  const Int mean = m.between(40, 80), gap = m.between(1, 4), common = std::gcd(girls, boys);
  // Girls are above the mean by as much in all as boys are below.
  const Int a = mean + gap * (boys / common), b = mean - gap * (girls / common);
  m.given("n", n), m.given("percent", percent), m.given("a", a);
  const bool back = m.level >= 5;
  m.tell_one({"Of @ students, @% are girls.", "In a course of @ students, @% are girls."}, n, percent);
  m.tell_one({"In a test the girls scored @ points on average.", "The girls have an average of @ points."}, a);
  if (back) {
    m.given("mean", mean);
    m.tell("The average of all is @.", mean);
    m.tell_one({"What is the average of the boys?", "What did the boys score on average?"});
  } else {
    m.given("b", b);
    m.tell("The boys' average is @.", b);
    m.tell_one({"What is the average of all students?", "What did all students score on average?"});
  }
  m.step("Girls: @ * @ / 100 = @ / 100 = @", n, percent, n * percent, girls);
  m.subtract("Boys", n, girls);
  const Int points = m.multiply("Points of the girls", girls, a);
  if (back) {
    const Int all = m.multiply("Points of all", n, mean);
    const Int rest = m.subtract("Points of the boys", all, points);
    m.answer(m.divide("Average", rest, boys));
  } else {
    const Int others = m.multiply("Points of the boys", boys, b);
    const Int all = m.add("Points of all", points, others);
    m.answer(m.divide("Average", all, n));
  }
  m.rationale("A percentage gives the sizes of the groups, and they weigh the averages.");
}

const std::array families{
    Family{"discount and budget", 4, 5, {"percent discount", "division with remainder"}, discount_and_budget},
    Family{"walls and paint", 4, 5, {"perimeter", "area of a rectangle", "division with remainder"}, walls_and_paint},
    Family{"tank and pump", 4, 5, {"volume", "fraction of a quantity", "unit rate"}, tank_and_pump},
    Family{"balls and chance", 4, 5, {"systems of linear equations", "probability"}, balls_and_chance},
    Family{"powers of roots", 4, 5, {"quadratic equations", "exponents"}, sums_of_roots},
    Family{"line and axes", 4, 5, {"slope", "linear equations", "area of a triangle"}, line_and_axes},
    Family{"head start", 4, 5, {"relative speed", "linear equations"}, head_start},
    Family{"divisible but not", 4, 5, {"inclusion-exclusion", "least common multiple"}, divisible_but_not},
    Family{"compound interest", 4, 5, {"successive percent changes", "simple interest"}, interest_compared},
    Family{"mean of two groups", 4, 5, {"percent", "weighted mean"}, mean_of_two_groups},
};

}  // namespace

std::span<const Family> composition_families() { return families; }

}  // namespace holdfast::generators
