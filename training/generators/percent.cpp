// Per cent: parts, changes, prices, tax, interest.
#include <array>

#include "training/generators/catalogue.h"

namespace holdfast::generators {
namespace {

// A price in whole dollars of which p % is a whole number of cents at least; round more often than not.
Int price_for(Maker& m, Int percent) {
  Int price = m.chance(60) ? 10 * m.between(2, 30) : m.between(12, 400);
  (void)percent;
  return price;
}

// percent of cents, written in dollars: "25% of 80 = 80 * 25 / 100 = 2000 / 100 = 20".
Int percent_of(Maker& m, std::string_view what, Int cents, Int percent) {
  const std::string amount = hundredths(cents);
  m.step("@: @% of @ = @ * @ / 100 = @ / 100 = @", what, percent, amount, amount, percent, hundredths(cents * percent),
         hundredths(cents * percent / 100));
  return cents * percent / 100;
}
Int plus_money(Maker& m, std::string_view what, Int a, Int b) {
  m.step("@: @ + @ = @", what, hundredths(a), hundredths(b), hundredths(a + b));
  return a + b;
}
Int minus_money(Maker& m, std::string_view what, Int a, Int b) {
  m.step("@: @ - @ = @", what, hundredths(a), hundredths(b), hundredths(a - b));
  return a - b;
}

void percent_part(Maker& m) {
  const Int percent = m.level <= 1 ? m.pick({10, 20, 25, 50, 75, 5}) : m.between(1, 24) * 5 - (m.chance(25) ? 2 : 0);
  Int whole = m.level <= 1 ? 20 * m.between(1, 25) : 20 * m.between(2, 60);
  if (percent % 5 != 0) whole = 100 * m.between(1, 12);
  m.given("percent", percent), m.given("whole", whole);
  const Thing& t = m.thing();
  switch (m.between(0, 3)) {
    case 0:
      m.tell_one({"What is @% of @?", "Calculate @% of @.", "Find @ percent of @.", "How much is @% of @?"}, percent,
                 whole);
      break;
    case 1:
      if (percent > 100) {
        m.tell("What is @% of @?", percent, whole);
        break;
      }
      m.tell_one({"A school has @ students. @% of them walk to school.", "Of @ students, @% come by bus.",
                  "In a survey of @ people, @% say yes."},
                 whole, percent);
      m.tell_one({"How many is that?", "How many people is that?"});
      break;
    case 2:
      if (percent > 100) {
        m.tell("Find @ percent of @.", percent, whole);
        break;
      }
      m.tell_one({"A box holds @ @, and @% of them are red.", "There are @ @. @% of them are broken."}, whole, t.many,
                 percent);
      m.tell_one({"How many is that?", "How many @ is that?"}, t.many);
      break;
    default: m.tell_one({"What number is @% of @?", "@% of @ is what number?"}, percent, whole);
  }
  m.rationale("A percentage of a whole: @ hundredths of @. The whole was chosen so that the part is a whole number.",
              percent, whole);
  const Int product = whole * percent;
  m.step("@ * @ / 100 = @ / 100 = @", whole, percent, product, decimal(product, 2));
  m.answer(decimal(product, 2));
}

void what_percent(Maker& m) {
  const Int percent = m.level <= 2 ? 5 * m.between(1, 19) : m.between(2, 98);
  const Int whole = percent % 5 == 0 ? 20 * m.between(1, 20) : 100 * m.between(1, 8);
  const Int part = whole * percent / 100;
  m.given("part", part), m.given("whole", whole);
  switch (m.between(0, 2)) {
    case 0: m.tell_one({"What percent of @ is @?", "What percentage of @ is @?"}, whole, part); break;
    case 1:
      m.tell_one({"@ got @ out of @ points.", "@ answered @ of @ questions correctly."}, m.person().name, part, whole);
      m.tell_one({"What percentage is that?", "How many percent is that?"});
      break;
    default:
      m.tell_one({"@ of the @ seats are taken.", "@ of @ visitors came by train."}, part, whole);
      m.tell_one({"What percent is that?", "What percentage is that?"});
  }
  m.step("@ / @ = @ of the whole", part, whole, text(Ratio::of(part, whole)));
  m.step("@ * 100 / @ = @ / @ = @", part, whole, part * 100, whole, percent);
  m.step("Check: @% of @ = @", percent, whole, part);
  m.rationale("The part @ over the whole @, in hundredths.", part, whole);
  m.answer(text(percent) + "\\%");
}

std::string dollars(Int cents) { return hundredths(cents); }

void discount(Maker& m) {
  const Int percent = 5 * m.between(1, 14);
  const Int price = price_for(m, percent);
  const Thing& t = m.good(price);
  m.given("price", price), m.given("percent", percent);
  m.tell_one({"A @ costs $@.", "The price of a @ is $@.", "A @ is priced at $@.", "The regular price of a @ is $@.",
              "A @ normally sells for $@."},
             t.one, price);
  m.tell_one({"It is discounted by @%.", "It is reduced by @%.", "There is a @% discount.", "In a sale it is @% off.",
              "The shop takes @% off the price."},
             percent);
  const bool saved = m.chance(25);
  m.chose("saved", saved ? 1 : 0);
  if (saved) {
    m.tell_one({"How much is saved?", "How much money do you save?", "By how many dollars is it reduced?"});
  } else {
    m.tell_one({"What is the sale price?", "What does it cost now?", "What is the new price?", "How much must be paid?",
                "What is the final price?"});
  }
  const Int off = percent_of(m, "Discount", price * 100, percent);
  if (saved) {
    m.answer(dollars(off));
  } else {
    m.answer(dollars(minus_money(m, "Sale price", price * 100, off)));
  }
  m.rationale("A percent discount: @% of the price @ is taken off it.", percent, price);
}

void increase(Maker& m) {
  const Int percent = 5 * m.between(1, 20);
  const Int before = 20 * m.between(2, 60);
  m.given("before", before), m.given("percent", percent);
  const bool up = m.chance(60) || percent >= 100;
  m.chose("up", up ? 1 : 0);
  const std::string_view what =
      m.pick({"The rent", "A salary", "The population of a village", "The number of visitors", "The price of a ticket",
              "The membership of a club", "The weight of a parcel", "The monthly fee"});
  m.tell_one({"@ was @.", "@ used to be @."}, what, before);
  m.tell(up ? m.pick({"It rises by @%.", "It increases by @%.", "It grows by @%.", "It goes up by @%."})
            : m.pick({"It falls by @%.", "It decreases by @%.", "It drops by @%.", "It goes down by @%."}),
         percent);
  m.tell_one({"What is it now?", "What is it afterwards?", "What is the new value?"});
  const Int change = before * percent / 100;
  m.step("Change: @ * @ / 100 = @ / 100 = @", before, percent, before * percent, change);
  m.answer(up ? m.add("New value", before, change) : m.subtract("New value", before, change));
  m.rationale("A percent @: @% of @ is @ the old value.", up ? "increase" : "decrease", percent, before,
              up ? "added to" : "taken from");
}

void percent_change(Maker& m) {
  const Int percent = 5 * m.between(1, 19);
  const Int before = 20 * m.between(1, 40);
  const bool up = m.chance(55);
  const Int after = before + (up ? 1 : -1) * before * percent / 100;
  m.given("before", before), m.given("after", after);
  m.tell_one({"A price changes from $@ to $@.", "The number of members went from @ to @.",
              "A town's population changed from @ to @.", "The cost moved from @ dollars to @ dollars."},
             before, after);
  m.tell(up ? m.pick({"What is the percent increase?", "By what percent did it rise?",
                      "By how many percent did it increase?"})
            : m.pick({"What is the percent decrease?", "By what percent did it fall?",
                      "By how many percent did it decrease?"}));
  const Int change = up ? m.subtract("Change", after, before) : m.subtract("Change", before, after);
  m.step("@ * 100 / @ = @ / @ = @", change, before, change * 100, before, percent);
  m.rationale("Percent change: the difference over the old value @, in hundredths.", before);
  m.answer(text(percent) + "\\%");
}

void tax_or_tip(Maker& m) {
  const Int percent = m.pick({5, 6, 8, 10, 12, 15, 18, 20, 25, 7});
  const Int bill = m.chance(70) ? 5 * m.between(2, 40) : m.between(8, 150);
  m.given("bill", bill), m.given("percent", percent);
  const bool tip = m.chance(50);
  if (tip) {
    m.tell_one({"A meal costs $@.", "The bill at a restaurant is $@.", "Dinner costs $@.", "@'s lunch costs $@."},
               text(bill));
    if (m.problem.statement.find('@') != std::string::npos)
      m.problem.statement = filled("Lunch for @ costs $@.", m.person().name, bill);
    m.tell_one({"A tip of @% is added.", "@% is added as a tip.", "They leave a @% tip."}, percent);
  } else {
    const Thing& t = m.good(bill);
    m.tell_one({"A @ costs $@ before tax.", "The price of a @ is $@ without tax."}, t.one, bill);
    m.tell_one({"The tax is @%.", "A sales tax of @% is added.", "@% tax is added."}, percent);
  }
  m.tell_one({"What is the total?", "How much is paid in total?", "What is the total cost?",
              "How much must be paid altogether?"});
  const Int extra = percent_of(m, tip ? "Tip" : "Tax", bill * 100, percent);
  m.answer(hundredths(plus_money(m, "Total", bill * 100, extra)));
  m.rationale("@% of $@ is added to it: a tax or a tip is a percentage of the price.", percent, bill);
}

void discount_then_tax(Maker& m) {
  const Int off = 5 * m.between(2, 12);
  const Int tax = m.pick({5, 6, 8, 10, 12, 15, 20});
  const Int price = 20 * m.between(1, 25);
  const Thing& t = m.good(price);
  m.given("price", price), m.given("off", off), m.given("tax", tax);
  m.tell_one({"A @ costs $@.", "The price of a @ is $@.", "A @ is marked at $@.", "@ wants a @ that costs $@."}, t.one,
             price);
  if (m.problem.statement.find('@') != std::string::npos || m.problem.statement.find("wants") != std::string::npos) {
    m.problem.statement = filled("@ wants to buy a @ that costs $@.", m.person().name, t.one, price);
  }
  m.tell_one(
      {"It is discounted by @% and then a tax of @% is added.", "First it is reduced by @%, then @% tax is added.",
       "There is a @% discount, and after that a sales tax of @% is charged.",
       "With @% off and then @% tax added, it is sold."},
      off, tax);
  m.tell_one({"What is the final price?", "How much does it cost in the end?", "What must be paid?",
              "What is the total price?"});
  const Int taken = percent_of(m, "Discount", price * 100, off);
  const Int reduced = minus_money(m, "After the discount", price * 100, taken);
  const Int added = percent_of(m, "Tax", reduced, tax);
  m.answer(hundredths(plus_money(m, "Final price", reduced, added)));
  m.rationale(
      "Two percentages in a row, each of another base: the discount of @% is of the price @, the tax of @% of what is "
      "left.",
      off, price, tax);
}

void reverse_percent(Maker& m) {
  const Int percent = 5 * m.between(1, 15);
  const Int whole = 20 * m.between(1, 40);
  const bool down = m.chance(60);
  const Int share = down ? 100 - percent : 100 + percent;
  const Int after = whole * share / 100;
  m.given("percent", percent), m.given("after", after), m.chose("down", down ? 1 : 0);
  const Thing& t = m.good(whole);
  if (down) {
    m.tell_one({"After a discount of @%, a @ costs $@.", "With @% off, a @ costs $@.",
                "A sale of @% off brings the price of a @ to $@."},
               percent, t.one, after);
    m.tell_one({"What was the original price?", "What did it cost before?", "What was the price before the sale?"});
  } else {
    m.tell_one({"After a rise of @%, a @ costs $@.", "With a tax of @% included, a @ costs $@."}, percent, t.one,
               after);
    m.tell_one({"What was the price before?", "What was the original price?"});
  }
  m.step("The new price is @% of the old one: 100 @ @ = @", share, down ? "-" : "+", percent, share);
  m.step("Old price: @ * 100 / @ = @ / @ = @", after, share, after * 100, share, whole);
  m.step("Check: @ * @ / 100 = @ / 100 = @", whole, share, whole * share, after);
  m.rationale("Reverse percentage: @ is @% of the unknown original, so the original is found by division.", after,
              share);
  m.answer(whole);
}

void successive_changes(Maker& m) {
  const Int p = 10 * m.between(1, 5), q = 10 * m.between(1, 5);
  const Int base = 100 * m.between(1, 20);
  const bool up1 = m.chance(50), up2 = m.chance(50);
  m.given("base", base), m.given("p", up1 ? p : -p), m.given("q", up2 ? q : -q);
  const std::string_view what =
      m.pick({"A share", "A flat", "A stamp collection", "A painting", "A used car", "A machine"});
  m.tell("@ is worth $@.", what, base);
  m.tell_one({"Its value @ by @% in the first year and @ by @% in the second.",
              "In one year it @ by @%, in the next it @ by @%."},
             up1 ? "rises" : "falls", p, up2 ? "rises" : "falls", q);
  m.tell_one({"What is it worth then?", "What is its value after the two years?"});
  const Int one = base * p / 100;
  m.step("First year: @ * @ / 100 = @ / 100 = @", base, p, base * p, one);
  const Int middle = up1 ? m.add("", base, one) : m.subtract("", base, one);
  const Int two = middle * q;
  m.step("Second year: @ * @ / 100 = @ / 100 = @", middle, q, two, decimal(two, 2));
  const Int end = middle * 100 + (up2 ? two : -two);
  m.step("@ @ @ = @", middle, up2 ? "+" : "-", hundredths(two), hundredths(end));
  m.answer(hundredths(end));
  m.rationale(
      "Two percent changes in a row: the second is taken of the value after the first, so they do not simply add.");
}

void simple_interest(Maker& m) {
  const Int principal = 100 * m.between(2, 60), rate = m.between(1, 12), years = m.between(1, 8);
  m.given("principal", principal), m.given("rate", rate), m.given("years", years);
  const Person& p = m.person();
  m.tell_one({"@ puts $@ into a bank at @% simple interest a year.",
              "@ saves $@ at a simple interest rate of @% per year.", "@ lends $@ at @% simple interest per year."},
             p.name, principal, rate);
  const bool total = m.chance(45);
  m.chose("total", total ? 1 : 0);
  m.tell(total ? m.pick({"How much is there after @ years in total?", "What is the total after @ years?"})
               : m.pick({"How much interest is earned in @ years?", "What is the interest after @ years?"}),
         years);
  if (years == 1) {
    const auto at = m.problem.statement.rfind("1 years");
    if (at != std::string::npos) m.problem.statement.replace(at, 7, "1 year");
  }
  const Int yearly = principal * rate / 100;
  m.step("Interest a year: @ * @ / 100 = @ / 100 = @", principal, rate, principal * rate, yearly);
  const Int interest = m.multiply("Interest", yearly, years);
  m.answer(total ? m.add("Total", principal, interest) : interest);
  m.rationale("Simple interest: every year the same @% of $@.", rate, principal);
}

const std::array families{
    Family{"percent of a number", 1, 2, {"percent"}, percent_part},
    Family{"what percent", 2, 3, {"percent"}, what_percent},
    Family{"discount", 1, 3, {"percent discount"}, discount},
    Family{"percent increase and decrease", 2, 3, {"percent change"}, increase},
    Family{"percent change", 2, 3, {"percent change"}, percent_change},
    Family{"tax and tip", 1, 3, {"sales tax and tip", "percent"}, tax_or_tip},
    Family{"discount then tax",
           3,
           4,
           {"percent discount", "sales tax and tip", "successive percent changes"},
           discount_then_tax},
    Family{"reverse percent", 3, 4, {"reverse percentage"}, reverse_percent},
    Family{"successive changes", 3, 4, {"successive percent changes"}, successive_changes},
    Family{"simple interest", 2, 3, {"simple interest"}, simple_interest},
};

}  // namespace

std::span<const Family> percent_families() { return families; }

}  // namespace holdfast::generators
