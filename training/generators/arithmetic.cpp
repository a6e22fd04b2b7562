// Whole numbers: the four operations, order of operations, signs, digits and estimates.
#include <algorithm>
#include <array>
#include <numeric>

#include "training/generators/catalogue.h"

namespace holdfast::generators {
namespace {

Int size_for(Maker& m, Int level1, Int level2, Int level3) {
  return m.level <= 1 ? level1 : m.level == 2 ? level2 : level3;
}

void bare_question(Maker& m, std::string_view expression) {
  m.tell_one({"What is @?", "Calculate @.", "Compute @.", "Find the value of @.", "Work out @.", "Evaluate @.", "@ = ?",
              "How much is @?", "What does @ equal?", "Please calculate @."},
             expression);
  if (m.problem.statement.starts_with("the ")) m.problem.statement = filled("What is @?", expression);
}

void addition(Maker& m) {
  const Int top = size_for(m, 60, 800, 9000);
  const Int a = m.between(2, top);
  const Int b = m.between(2, top);
  m.given("a", a), m.given("b", b);
  if (m.chance(50)) {
    bare_question(m, filled(m.pick({"@ + @", "@ plus @", "$@ + @$", "the sum of @ and @"}), a, b));
  } else {
    const Person& p = m.person();
    const Thing& t = m.thing();
    switch (m.between(0, 3)) {
      case 0:
        m.tell_one({"@ has @ @.", "@ owns @ @."}, p.name, text(a), t.many);
        m.tell_one({"@ gets @ more.", "Then @ buys @ more.", "A friend gives @ another @."},
                   m.chance(50) ? p.name : p.name, b);
        m.tell_one({"How many @ are there now?", "How many @ are there altogether?", "How many @ is that in total?"},
                   t.many);
        break;
      case 1:
        m.tell("@ sold @ @ in the morning and @ in the afternoon.", capitalised(text(m.place())), a, t.many, b);
        m.tell_one({"How many @ were sold that day?", "How many @ were sold in total?"}, t.many);
        break;
      case 2: {
        const Person& q = m.person();
        m.tell("@ collected @ @ and @ collected @.", p.name, a, t.many, q.name, b);
        m.tell_one({"How many @ did they collect together?", "How many @ do the two have in all?"}, t.many);
        break;
      }
      default:
        m.tell_one({"One shelf holds @ @ and another holds @.", "There are @ @ in the first room and @ in the second."},
                   a, t.many, b);
        m.tell_one({"How many @ are there in both?", "Find the total number of @."}, t.many);
    }
  }
  m.rationale("Addition joins two amounts, here @ and @; the problem asks for their sum.", a, b);
  m.answer(m.add("", a, b));
}

void subtraction(Maker& m) {
  const Int top = size_for(m, 60, 800, 9000);
  const Int a = m.between(5, top);
  const Int b = m.between(2, a - 1);
  m.given("a", a), m.given("b", b);
  if (m.chance(45)) {
    bare_question(m, filled(m.pick({"@ - @", "@ minus @", "$@ - @$", "the difference between @ and @"}), a, b));
  } else {
    const Person& p = m.person();
    const Thing& t = m.thing();
    switch (m.between(0, 4)) {
      case 0:
        m.tell("@ had @ @.", p.name, a, t.many);
        m.tell_one({"@ gave away @ of them.", "@ lost @ of them.", "@ used @ of them.", "@ sold @ of them."},
                   capitalised(text(p.he)), b);
        m.tell_one({"How many @ are left?", "How many @ remain?", "How many @ does @ have now?"}, t.many, p.name);
        break;
      case 1: {
        const Person& q = m.person();
        m.tell("@ has @ @ and @ has @.", p.name, a, t.many, q.name, b);
        m.tell_one({"How many more @ does @ have?", "How many @ more than the other does @ have?"}, t.many, p.name);
        break;
      }
      case 2:
        m.tell("@ @ are needed, but only @ are there.", a, t.many, b);
        m.tell_one({"How many @ are missing?", "How many more @ are needed?"}, t.many);
        break;
      case 3:
        m.tell("A book has @ pages. @ has read @ of them.", a, p.name, b);
        m.tell_one({"How many pages are still to read?", "How many pages are left?"});
        break;
      default:
        m.tell("There were @ people in @. After a while, @ of them went home.", a, m.place(), b);
        m.tell_one({"How many people stayed?", "How many people are still there?"});
    }
  }
  m.rationale("Subtraction takes @ away from @; the problem asks for what is left, or by how much one is larger.", b,
              a);
  m.answer(m.subtract("", a, b));
  m.step("Check: @ + @ = @", m.problem.answer, b, a);
}

void multiplication(Maker& m) {
  const Int a = m.level <= 1 ? m.between(2, 12) : m.level == 2 ? m.between(3, 99) : m.between(12, 999);
  const Int b = m.level <= 1 ? m.between(2, 12) : m.level == 2 ? m.between(3, 30) : m.between(12, 99);
  m.given("a", a), m.given("b", b);
  if (m.chance(50)) {
    bare_question(
        m, filled(m.pick({"@ * @", "@ x @", "@ times @", "$@ \\times @$", "$@ \\cdot @$", "the product of @ and @"}), a,
                  b));
  } else {
    const int kind = static_cast<int>(m.between(0, 4));
    const Thing& t = kind == 4 ? m.good(a) : m.thing();
    const Person& p = m.person();
    switch (kind) {
      case 0:
        m.tell_one({"There are @ boxes with @ @ in each.", "@ bags hold @ @ each.",
                    "There are @ shelves, and each holds @ @.", "@ rows of @ @ stand in a hall."},
                   a, b, t.many);
        m.tell_one({"How many @ are there in all?", "How many @ is that altogether?"}, t.many);
        break;
      case 1:
        m.tell("@ buys @ packs of @. Each pack has @ @.", p.name, a, t.many, b, t.many);
        m.tell("How many @ does @ have?", t.many, p.name);
        break;
      case 2:
        m.tell("A worker makes @ @ an hour.", a, t.many);
        m.tell("How many @ does the worker make in @ hours?", t.many, b);
        break;
      case 3:
        m.tell("@ reads @ pages every day.", p.name, a);
        m.tell("How many pages does @ read in @ days?", p.he, b);
        break;
      default:
        m.tell("One @ costs $@.", t.one, a);
        m.tell_one({"How much do @ @ cost?", "What is the price of @ @?"}, b, t.many);
    }
  }
  m.rationale("Multiplication counts equal groups: @ of them with @ in each.", a, b);
  m.answer(m.multiply("", a, b));
}

void division(Maker& m) {
  const Int b = m.level <= 1 ? m.between(2, 10) : m.level == 2 ? m.between(2, 15) : m.between(6, 48);
  const Int q = m.level <= 1 ? m.between(2, 12) : m.level == 2 ? m.between(5, 90) : m.between(12, 400);
  const Int a = b * q;
  m.given("a", a), m.given("b", b);
  if (m.chance(45)) {
    bare_question(m, filled(m.pick({"@ / @", "@ divided by @", "$@ \\div @$", "$\\frac{@}{@}$"}), a, b));
  } else {
    const int kind = static_cast<int>(m.between(0, 3));
    const Thing& t = kind == 2 ? m.good(q) : m.thing();
    const Person& p = m.person();
    switch (kind) {
      case 0:
        m.tell_one({"@ @ are shared equally among @ children.", "@ @ are divided evenly between @ friends."}, a, t.many,
                   b);
        m.tell_one({"How many @ does each one get?", "How many @ are there for each?"}, t.many);
        break;
      case 1:
        m.tell("@ packs @ @ into boxes of @.", p.name, a, t.many, b);
        m.tell_one({"How many boxes are filled?", "How many boxes does @ need?"}, p.he);
        break;
      case 2:
        m.tell("@ @ cost $@ in total, and each costs the same.", b, t.many, a);
        m.tell_one({"What is the price of one @?", "How much does one @ cost?"}, t.one);
        break;
      default: m.tell("@ students stand in @ equal rows.", a, b); m.tell("How many students are in each row?");
    }
  }
  m.rationale("Division shares @ equally into @ parts; the numbers were chosen so that nothing is left over.", a, b);
  m.answer(m.divide("", a, b));
  m.step("Check: @ * @ = @", b, q, product_text(b, q));
}

void remainder(Maker& m) {
  const Int b = m.level <= 2 ? m.between(3, 12) : m.between(7, 36);
  const Int q = m.level <= 2 ? m.between(2, 30) : m.between(8, 90);
  const Int r = m.between(1, b - 1);
  const Int a = b * q + r;
  m.given("a", a), m.given("b", b);
  const Thing& t = m.thing();
  const int kind = static_cast<int>(m.between(0, 3));
  m.chose("kind", kind);
  switch (kind) {
    case 0:
      m.tell_one({"What is the remainder when @ is divided by @?", "Find the remainder of @ divided by @."}, a, b);
      break;
    case 1:
      m.tell("@ @ are packed into boxes of @.", a, t.many, b);
      m.tell_one({"How many @ are left over?", "How many @ do not fill a box?"}, t.many);
      break;
    case 2:
      m.tell("@ @ are packed into boxes that hold @ each.", a, t.many, b);
      m.tell_one(
          {"How many boxes are needed for all of them?", "What is the smallest number of boxes that holds them all?"});
      break;
    default: m.tell("A ribbon of @ cm is cut into pieces of @ cm.", a, b); m.tell("How many whole pieces are there?");
  }
  m.rationale(
      "Dividing @ by @ leaves a remainder of @; the question decides whether the quotient, one more, or the rest "
      "counts.",
      a, b, r);
  m.divide_rest("", a, b);
  if (kind == 2) {
    m.step("The @ left over need one more box: @ + 1 = @", r, q, q + 1);
    m.answer(q + 1);
  } else {
    m.answer(kind == 3 ? q : r);
  }
}

// Evaluates with brackets, products first: the steps show each.
void order_of_operations(Maker& m) {
  const Int a = m.between(2, 20), b = m.between(2, 12), c = m.between(2, 12), d = m.between(1, 20);
  const auto shown = [&m](std::initializer_list<Int> numbers) {  // as they stand in the expression
    for (const Int number : numbers) m.given("number", number);
  };
  switch (m.level <= 1 ? m.between(0, 1) : m.between(0, 5)) {
    case 0: {
      m.chose("form", 0), shown({a, b, c});
      bare_question(m, filled(m.pick({"@ + @ * @", "$@ + @ \\times @$", "@ + @ x @"}), a, b, c));
      m.step("Products come first.");
      const Int p = m.multiply("", b, c);
      m.answer(m.add("", a, p));
      break;
    }
    case 1: {
      m.chose("form", 1), shown({a, b, c});
      bare_question(m, filled(m.pick({"(@ + @) * @", "$(@ + @) \\times @$", "@ * (@ + @)"}), a, b, c));
      const bool turned = m.problem.statement.find("* (") != std::string::npos;
      m.chose("turned", turned ? 1 : 0);
      m.step("Brackets come first.");
      const Int s = turned ? m.add("", b, c) : m.add("", a, b);
      m.answer(m.multiply("", turned ? a : s, turned ? s : c));
      break;
    }
    case 2: {
      m.chose("form", 2), shown({b, c, d});
      bare_question(m, filled(m.pick({"@ * @ - @", "$@ \\cdot @ - @$"}), b, c, d));
      const Int p = m.multiply("", b, c);
      m.answer(m.subtract("", p, d));
      break;
    }
    case 3: {
      m.chose("form", 3), shown({a, b, c, d});
      bare_question(m, filled(m.pick({"@ * @ + @ * @", "$@ \\times @ + @ \\times @$"}), a, b, c, d));
      m.step("Products come first.");
      const Int p = m.multiply("", a, b);
      const Int q = m.multiply("", c, d);
      m.answer(m.add("", p, q));
      break;
    }
    case 4: {
      m.chose("form", 4), shown({a + 30, b + c, c});
      bare_question(m, filled(m.pick({"@ - (@ - @)", "$@ - (@ - @)$"}), a + 30, b + c, c));
      m.step("Brackets come first.");
      const Int s = m.subtract("", b + c, c);
      m.answer(m.subtract("", a + 30, s));
      break;
    }
    default: {
      m.chose("form", 5), shown({a + 20, b * c, c, d});
      bare_question(m, filled(m.pick({"@ + @ / @ - @", "$@ + @ \\div @ - @$"}), a + 20, b * c, c, d));
      m.step("Quotients come first.");
      const Int q = m.divide("", b * c, c);
      const Int s = m.add("", a + 20, q);
      m.answer(m.subtract("", s, d));
    }
  }
  m.rationale(
      "Order of operations: brackets, then products and quotients, then sums and differences from left to right.");
}

void signed_numbers(Maker& m) {
  const Int a = m.between(-30, 30), b = m.between(-30, -1), c = m.between(2, 12);
  switch (m.between(0, 3)) {
    case 0:
      m.chose("form", 0), m.given("a", a), m.given("b", b);
      bare_question(m, filled("@ + (@)", a, b));
      m.step("Adding a negative number is subtracting: @ + (@) = @ - @ = @", a, b, a, -b, a + b);
      m.answer(a + b);
      break;
    case 1:
      m.chose("form", 1), m.given("a", a), m.given("b", b);
      bare_question(m, filled("@ - (@)", a, b));
      m.step("Subtracting a negative number is adding: @ - (@) = @ + @ = @", a, b, a, -b, a - b);
      m.answer(a - b);
      break;
    case 2:
      m.chose("form", 2), m.given("a", c), m.given("b", b);
      bare_question(m, filled(m.pick({"@ * (@)", "$@ \\times (@)$"}), c, b));
      m.step("One factor is negative, so the product is negative.");
      m.step("@ * @ = @, so @ * (@) = @", c, -b, product_text(c, -b), c, b, c * b);
      m.answer(c * b);
      break;
    default: {
      m.chose("form", 3), m.given("a", b);
      const Int rise = m.between(3, 25);
      m.given("b", rise);
      const std::string_view where = m.pick({"in the town", "on the mountain", "at the station", "in the valley"});
      m.tell_one({"In the morning the temperature @ is @ degrees.", "At dawn the temperature @ is @ degrees."}, where,
                 b);
      m.tell_one({"By noon it rises by @ degrees.", "It then goes up by @ degrees."}, rise);
      m.tell_one({"What is the temperature then?", "What is the temperature at noon?"});
      m.step("@ + @ = @", b, rise, b + rise);
      m.answer(b + rise);
    }
  }
  m.rationale(
      "Negative numbers: adding one is subtracting its size, subtracting one is adding it, and one negative factor "
      "makes a product negative.");
}

void compare_times(Maker& m) {
  const Int a = m.between(2, 40), k = m.between(2, 9);
  const Person& p = m.person();
  const Person& q = m.person();
  const Thing& t = m.thing();
  const std::string_view times = k == 2 && m.chance(60) ? "twice" : "";
  m.given("a", a);
  if (times.empty()) {
    m.given("k", k);
  } else {
    m.chose("k", k);
  }
  const std::string factor = times.empty() ? text(k) + " times" : text(times);
  m.tell("@ has @ @.", p.name, a, t.many);
  m.tell_one({"@ has @ as many.", "@ has @ as many @."}, q.name, factor, t.many);
  if (m.level >= 2 && m.chance(60)) {
    m.chose("form", 1);
    m.tell_one({"How many @ do they have together?", "How many @ do the two have in all?"}, t.many);
    const Int other = m.multiply(q.name, k, a);
    m.answer(m.add("Together", a, other));
  } else {
    m.chose("form", 0);
    m.tell("How many @ does @ have?", t.many, q.name);
    m.answer(m.multiply(q.name, k, a));
  }
  m.rationale("Multiplicative comparison: one amount is @ times another, @; from it the second follows.", k, a);
}

void consecutive_change(Maker& m) {
  const int count = m.level <= 1 ? 2 : m.level == 2 ? 3 : 4;
  Int now = m.between(20, 90);
  const Int start = now;
  m.given("start", start);
  const bool bus = m.chance(50);
  const Thing& t = m.thing();
  if (bus) {
    m.tell_one(
        {"A bus leaves with @ passengers.", "A train starts with @ passengers.", "There are @ people on a tram."},
        start);
  } else {
    m.tell_one({"@ has @ @ in stock.", "At first, @ has @ @."}, text(m.place()), start, t.many);
    m.problem.statement = capitalised(m.problem.statement);
  }
  std::vector<std::pair<bool, Int>> changes;
  for (int i = 0; i < count; ++i) {
    const bool up = m.chance(45) || now < 15;
    const Int by = up ? m.between(3, 40) : m.between(2, now - 3);
    changes.emplace_back(up, by);
    now += up ? by : -by;
    m.given(up ? "up" : "down", by);
    const std::string_view when = i == 0           ? m.pick({"At the first stop", "First"})
                                  : i + 1 == count ? m.pick({"Finally", "At last"})
                                                   : m.pick({"Then", "After that", "Next"});
    if (bus) {
      m.tell(up ? "@ @ people get on." : "@ @ people get off.", when, by);
    } else {
      m.tell(up ? "@ @ more arrive." : "@ @ are sold.", when, by);
    }
  }
  if (bus) {
    m.tell_one({"How many are on board now?", "How many passengers are there at the end?"});
  } else {
    m.tell_one({"How many @ are there at the end?", "How many @ are left?"}, t.many);
  }
  Int running = start;
  for (const auto& [up, by] : changes) running = up ? m.add("", running, by) : m.subtract("", running, by);
  m.rationale(
      "A quantity that grows and shrinks in steps: each sentence is one addition or subtraction to what was there "
      "before.");
  m.answer(running);
}

void rounding(Maker& m) {
  const Int unit = m.level <= 1 ? 10 : m.pick({10, 100, 1000});
  const Int a = m.between(unit + 1, unit * 99);
  m.given("a", a), m.chose("unit", unit);
  const std::string_view name = unit == 10 ? "ten" : unit == 100 ? "hundred" : "thousand";
  m.tell_one({"Round @ to the nearest @.", "What is @ rounded to the nearest @?", "To the nearest @, what is @?"},
             m.chance(100) ? text(a) : text(a), name);
  if (m.problem.statement.starts_with("To the nearest"))
    m.problem.statement = filled("To the nearest @, what is @?", name, a);
  const Int low = a / unit * unit;
  const Int rest = a % unit;
  m.step("@ lies between @ and @.", a, low, low + unit);
  m.step(rest * 2 >= unit ? "@ is at least half of @, so it is rounded up."
                          : "@ is less than half of @, so it is rounded down.",
         rest, unit);
  m.rationale("Rounding looks at what stands behind the place asked for: half or more goes up.");
  m.answer(rest * 2 >= unit ? low + unit : low);
}

void missing_number(Maker& m) {
  const Int a = m.between(3, m.level <= 1 ? 40 : 400), b = m.between(3, m.level <= 1 ? 40 : 400);
  const std::string_view mark = m.pick({"?", "x", "__", "n", "[ ]"});
  switch (m.between(0, 3)) {
    case 0:
      m.chose("form", 0), m.given("a", a), m.given("sum", a + b);
      m.tell_one({"@ + @ = @. What number is missing?", "Fill in the missing number: @ + @ = @.",
                  "Which number makes this true: @ + @ = @?"},
                 a, mark, a + b);
      m.answer(m.subtract("", a + b, a));
      m.step("Check: @ + @ = @", a, b, a + b);
      break;
    case 1:
      m.chose("form", 1), m.given("a", a), m.given("b", b);
      m.tell_one({"@ - @ = @. What number is missing?", "Fill in the missing number: @ - @ = @."}, mark, a, b);
      m.answer(m.add("", b, a));
      m.step("Check: @ - @ = @", a + b, a, b);
      break;
    case 2: {
      const Int k = m.between(2, 12);
      m.chose("form", 2), m.given("k", k), m.given("product", k * a);
      m.tell_one({"@ * @ = @. What number is missing?", "Which number goes in the gap: @ x @ = @?"}, k,
                 mark == "x" ? "__" : mark, k * a);
      m.answer(m.divide("", k * a, k));
      m.step("Check: @ * @ = @", k, a, product_text(k, a));
      break;
    }
    default: {
      const Int k = m.between(2, 12);
      m.chose("form", 3), m.given("k", k), m.given("q", a);
      m.tell_one({"@ / @ = @. What number is missing?", "A number divided by @ gives @. What is the number?"},
                 m.problem.statement.empty() ? mark : mark, k, a);
      m.problem.statement = m.chance(50) ? filled("A number divided by @ is @. What is the number?", k, a)
                                         : filled("@ / @ = @. What number is missing?", mark, k, a);
      m.answer(m.multiply("", k, a));
      m.step("Check: @ / @ = @", k * a, k, a);
    }
  }
  m.rationale("Inverse operations: what an addition did, a subtraction undoes, and so with products and quotients.");
}

void think_of_a_number(Maker& m) {
  const Int x = m.between(2, 30), k = m.between(2, 9), c = m.between(1, 40);
  const Person& p = m.person();
  m.given("k", k), m.given("c", c);
  const bool plus = m.chance(60) || k * x <= c;
  const Int result = plus ? k * x + c : k * x - c;
  m.chose("plus", plus ? 1 : 0), m.given("result", result);
  m.tell_one({"@ thinks of a number.", "@ chooses a secret number."}, p.name);
  m.tell_one({"@ multiplies it by @ and @ @.", "@ takes it times @, then @ @."}, capitalised(text(p.he)), k,
             plus ? "adds" : "subtracts", c);
  m.tell_one({"The result is @.", "@ is what comes out."}, result);
  m.tell_one({"What was the number?", "Which number was it?", "What number did @ think of?"}, p.name);
  m.step("Go back from the result.");
  const Int before = plus ? m.subtract("", result, c) : m.add("", result, c);
  m.answer(m.divide("", before, k));
  m.step("Check: @ * @ = @, and @ @ @ = @", k, x, k * x, k * x, plus ? "+" : "-", c, result);
  m.rationale(
      "Working backwards: the last operation is undone first. The number @ was chosen, then hidden by a product and a "
      "@.",
      x, plus ? "sum" : "difference");
}

const std::array families{
    Family{"addition", 1, 3, {"addition"}, addition},
    Family{"subtraction", 1, 3, {"subtraction"}, subtraction},
    Family{"multiplication", 1, 3, {"multiplication"}, multiplication},
    Family{"division", 1, 3, {"division"}, division},
    Family{"division with remainder", 2, 3, {"division with remainder"}, remainder},
    Family{"order of operations", 1, 3, {"order of operations"}, order_of_operations},
    Family{"signed numbers", 2, 3, {"negative numbers"}, signed_numbers},
    Family{"times as many", 1, 3, {"multiplicative comparison", "multiplication"}, compare_times},
    Family{"changes in a row", 1, 3, {"addition", "subtraction"}, consecutive_change},
    Family{"rounding", 1, 2, {"rounding"}, rounding},
    Family{"missing number", 1, 2, {"inverse operations"}, missing_number},
    Family{"think of a number", 2, 3, {"inverse operations", "linear equations"}, think_of_a_number},
};

}  // namespace

std::span<const Family> arithmetic_families() { return families; }

}  // namespace holdfast::generators
