// Everyday stories of one to four steps: money, sharing, ages, time, averages.
#include <algorithm>
#include <array>

#include "training/generators/catalogue.h"

namespace holdfast::generators {
namespace {

void shopping(Maker& m) {
  const int kinds = m.level <= 2 ? 2 : 3;
  const Person& p = m.person();
  std::vector<Int> costs;
  std::string list;
  struct Line {
    const Thing* thing;
    Int count, price;
  };
  std::vector<Line> lines;
  for (int i = 0; i < kinds; ++i) {
    const Thing& t = m.thing();
    const Int count = m.between(2, m.level <= 2 ? 9 : 15);
    const Int price = m.between(t.cheap, std::max(t.cheap, std::min<Int>(t.dear, 40)));
    lines.push_back({&t, count, price});
    list += (i == 0           ? ""
             : i + 1 == kinds ? " and "
                              : ", ") +
            filled(m.problem.family.empty() ? "@ @ at $@ each" : "@ @ at $@ each", count, t.many, price);
    m.given("count", count), m.given("price", price);
  }
  m.tell_one({"@ buys @.", "@ bought @.", "At the store, @ buys @."}, p.name, list);
  const bool change = m.level >= 2 && m.chance(50);
  Int total = 0;
  for (const Line& l : lines) total += l.count * l.price;
  const Int paid = (total / 50 + 1) * 50;
  if (change) m.given("paid", paid);
  if (change) {
    m.tell_one({"@ pays with $@.", "@ hands over $@."}, capitalised(text(p.he)), paid);
    m.tell_one(
        {"How much change does @ get?", "How much money does @ get back?", "How many dollars are given back to @?"},
        m.chance(50) ? p.he : p.name);
    if (m.problem.statement.ends_with(filled("back to @?", p.he))) {
      m.problem.statement.replace(m.problem.statement.size() - text(p.he).size() - 1, text(p.he).size() + 1,
                                  text(p.him) + "?");
    }
  } else {
    m.tell_one({"How much does @ spend in total?", "What is the total cost?", "How much does it cost altogether?",
                "How many dollars does @ spend?"},
               p.he);
  }
  for (const Line& l : lines) costs.push_back(m.multiply(capitalised(text(l.thing->many)), l.count, l.price));
  const Int sum = m.add("Total", costs);
  m.answer(change ? m.subtract("Change", paid, sum) : sum);
  m.rationale("A bill: each item's number times its price, all added@.",
              change ? ", and taken from what was paid" : "");
}

void earn_and_spend(Maker& m) {
  const Person& p = m.person();
  const Int rate = m.between(8, 30), hours = m.between(2, 10), days = m.level <= 2 ? 1 : m.between(2, 6);
  const Int spent = m.between(5, rate * hours * days - 1);
  m.given("rate", rate), m.given("hours", hours), m.given("spent", spent);
  if (days > 1) m.given("days", days);
  m.tell_one({"@ earns $@ an hour.", "@ is paid $@ per hour.", "@ makes $@ an hour at work."}, p.name, rate);
  if (days == 1) {
    m.tell_one({"Today @ works @ hours.", "Yesterday @ worked @ hours.", "One day @ works for @ hours."}, p.he, hours);
  } else {
    m.tell_one({"@ works @ hours a day for @ days.", "@ works @ hours every day, @ days in a row."},
               capitalised(text(p.he)), hours, days);
  }
  m.tell_one({"Then @ spends $@ on a @.", "After that @ buys something for $@.", "Of that money @ spends $@."}, p.he,
             spent, m.good(spent).one);
  m.tell_one({"How much money is left?", "How much does @ have left?", "How many dollars remain?"}, p.he);
  const Int daily = m.multiply(days == 1 ? "Earned" : "Earned a day", rate, hours);
  const Int all = days == 1 ? daily : m.multiply("Earned", daily, days);
  m.answer(m.subtract("Left", all, spent));
  m.rationale("Earnings are hours times a rate@; spending is subtracted.", days == 1 ? "" : ", over several days");
}

void savings(Maker& m) {
  const Person& p = m.person();
  const Int weekly = m.between(3, 40), has = m.chance(70) ? m.between(5, 120) : 0;
  const Int weeks = m.between(3, 30);
  const Int price = has + weekly * weeks;
  const Thing& t = m.good(price);
  m.given("weekly", weekly), m.given("price", price);
  if (has > 0) m.given("has", has);
  m.tell_one({"@ wants to buy a @ for $@.", "@ is saving for a @ that costs $@."}, p.name, t.one, price);
  if (has > 0) m.tell_one({"@ has $@ already.", "@ already saved $@."}, capitalised(text(p.he)), has);
  const std::string_view span = m.pick({"week", "month"});
  m.tell_one({"@ saves $@ every @.", "@ puts aside $@ each @."}, capitalised(text(p.he)), weekly, span);
  m.tell_one({"How many @s does it take?", "After how many @s can it be bought?", "How many @s must @ save?"}, span,
             p.he);
  const Int missing = has > 0 ? m.subtract("Missing", price, has) : price;
  m.answer(m.divide("", missing, weekly));
  m.step("Check: @ * @ + @ = @ + @ = @", weekly, weeks, has, weekly * weeks, has, price);
  m.rationale("What is missing, divided by the rate of saving: the time was chosen first, as @.", weeks);
}

void share_with_rest(Maker& m) {
  const Int friends = m.between(2, 9), each = m.between(2, 25), kept = m.between(1, 20);
  const Int total = friends * each + kept;
  const Person& p = m.person();
  const Thing& t = m.thing();
  m.given("friends", friends), m.given("total", total), m.given("kept", kept);
  m.tell_one({"@ has @ @.", "@ gets @ @.", "@ collected @ @."}, p.name, total, t.many);
  m.tell_one({"@ keeps @ and shares the rest equally among @ friends.",
              "@ sets @ aside and divides the others equally between @ children."},
             capitalised(text(p.he)), kept, friends);
  m.tell_one({"How many @ does each get?", "How many @ are there for each of them?"}, t.many);
  const Int rest = m.subtract("To share", total, kept);
  m.answer(m.divide("Each", rest, friends));
  m.rationale("First what is kept is taken away, then the rest is divided: @ = @ * @ + @.", total, friends, each, kept);
}

void boxes_and_loose(Maker& m) {
  const Int boxes = m.between(2, 14), each = m.between(3, 24), loose = m.between(2, 30),
            used = m.level >= 3 ? m.between(2, boxes * each) : 0;
  const Person& p = m.person();
  const Thing& t = m.thing();
  m.given("boxes", boxes), m.given("each", each), m.given("loose", loose);
  if (used > 0) m.given("used", used);
  m.tell_one(
      {"@ has @ boxes of @ @ each and @ loose ones.", "@ buys @ packs with @ @ in each, and has @ more at home."},
      p.name, boxes, each, t.many, loose);
  if (used > 0) m.tell_one({"@ gives away @ of them.", "@ uses @ of them."}, capitalised(text(p.he)), used);
  m.tell_one({"How many @ does @ have?", "How many @ is that in all?"}, t.many, p.he);
  if (used > 0)
    m.problem.statement.replace(m.problem.statement.rfind("How many"), std::string::npos,
                                filled("How many @ are left?", t.many));
  const Int packed = m.multiply("In boxes", boxes, each);
  const Int all = m.add("All", packed, loose);
  m.answer(used > 0 ? m.subtract("Left", all, used) : all);
  m.rationale("Equal groups and a few more: @ times @, plus @@.", boxes, each, loose,
              used > 0 ? ", less what was given away" : "");
}

void more_and_fewer(Maker& m) {
  const Int a = m.between(5, 60), d = m.between(2, 30);
  const bool more = m.chance(60) || d >= a;
  const Int b = more ? a + d : a - d;
  const Person& p = m.person();
  const Person& q = m.person();
  const Thing& t = m.thing();
  m.given("a", a), m.given("d", more ? d : -d);
  m.tell_one({"@ has @ @.", "@ picked @ @.", "@ found @ @."}, p.name, a, t.many);
  m.tell_one({"@ has @ @ than @.", "@ got @ @ than @."}, q.name, d, more ? "more" : "fewer", p.name);
  const int kind = static_cast<int>(m.between(0, m.level >= 3 ? 2 : 1));
  m.chose("kind", kind);
  Int c = 0;
  if (kind == 2) {
    c = m.between(2, 5);
    const Person& r = m.person();
    m.given("c", c);
    m.tell("@ has @ times as many as @.", r.name, c, q.name);
    m.tell_one({"How many @ do all three have together?", "How many @ are there altogether?"}, t.many);
  } else {
    m.tell(kind == 0 ? filled("How many @ does @ have?", t.many, q.name)
                     : filled("How many @ do they have together?", t.many));
  }
  const Int other = more ? m.add(q.name, a, d) : m.subtract(q.name, a, d);
  if (kind == 0) {
    m.answer(other);
  } else if (kind == 1) {
    m.answer(m.add("Together", a, other));
  } else {
    const Int third = m.multiply("The third", c, other);
    const std::array<Int, 3> all{a, other, third};
    m.answer(m.add("Together", all));
  }
  m.rationale("A comparison by difference: @ is @ @ than @@.", b, d, more ? "more" : "fewer", a,
              kind == 0 ? "" : "; the amounts are then added");
}

void ages(Maker& m) {
  const Person& p = m.person();
  const Person& q = m.person();
  const Int young = m.between(3, 30), gap = m.between(2, 30), later = m.between(2, 20);
  switch (m.level <= 2 ? m.between(0, 1) : m.between(2, 3)) {
    case 0:
      m.chose("form", 0), m.given("young", young), m.given("gap", gap), m.given("later", later);
      m.tell_one({"@ is @ years old.", "@ is @."}, p.name, young);
      m.tell("@ is @ years older.", q.name, gap);
      m.tell("How old will @ be in @ years?", q.name, later);
      m.add("Now", young, gap);
      m.answer(m.add("Then", young + gap, later));
      break;
    case 1:
      m.chose("form", 1), m.given("young", young), m.given("gap", gap);
      m.tell("@ is @ years old and @ is @ years older.", p.name, young, q.name, gap);
      m.tell("What is the sum of their ages?");
      m.add(q.name, young, gap);
      m.answer(m.add("Sum", young, young + gap));
      break;
    case 2: {
      const Int k = m.between(2, 5);
      const Int sum = young * (k + 1);
      m.chose("form", 2), m.given("k", k), m.given("sum", sum);
      m.tell_one({"@ is @ times as old as @.", "@'s age is @ times the age of @."}, q.name, k, p.name);
      m.tell_one({"Together they are @ years old.", "The sum of their ages is @."}, sum);
      m.tell("How old is @?", m.chance(50) ? p.name : p.name);
      m.step("Let @ be x years old. Then @ is @x.", p.name, q.name, k);
      m.step("x + @x = @x, so @x = @", k, k + 1, k + 1, sum);
      m.answer(m.divide("x", sum, k + 1));
      m.step("Check: @ + @ * @ = @", young, k, young, sum);
      break;
    }
    default: {
      const Int k = 2;
      // In `later` years q will be twice as old as p: older = gap, young + later = gap.
      const Int now = m.between(2, 25), wait = m.between(1, 15);
      const Int older = k * (now + wait) - wait;
      m.chose("form", 3), m.given("now", now), m.given("older", older);
      m.tell("@ is @ years old and @ is @.", p.name, now, q.name, older);
      m.tell_one({"In how many years will @ be twice as old as @?", "After how many years is @ twice as old as @?"},
                 q.name, p.name);
      m.step("In x years: @ + x = 2 * (@ + x)", older, now);
      m.step("@ + x = @ + 2x", older, 2 * now);
      m.answer(m.subtract("x", older, 2 * now));
      m.step("Check: @ + @ = @ and @ + @ = @, and 2 * @ = @", older, wait, older + wait, now, wait, now + wait,
             now + wait, older + wait);
    }
  }
  m.rationale(
      "Ages: the difference between two people never changes, while both ages grow by the same number of years.");
}

void average(Maker& m) {
  const Int n = m.between(3, m.level <= 1 ? 4 : 6);
  const Int mean = m.between(5, m.level <= 1 ? 20 : 90);
  std::vector<Int> values;
  Int sum = 0;
  for (Int i = 0; i + 1 < n; ++i) {
    values.push_back(std::max<Int>(0, mean + m.between(-5, 5)));
    sum += values.back();
  }
  values.push_back(mean * n - sum);
  if (values.back() < 0) values.back() = 0;
  Int total = 0;
  for (const Int v : values) total += v;
  if (total % n != 0) values.back() += n - total % n, total += n - total % n;
  std::string list;
  for (std::size_t i = 0; i < values.size(); ++i)
    list += (i == 0 ? "" : i + 1 == values.size() ? " and " : ", ") + text(values[i]);
  const bool missing = m.level >= 3 && m.chance(60);
  if (missing) {
    const Int last = values.back();
    std::string shown;
    for (std::size_t i = 0; i + 1 < values.size(); ++i)
      shown += (i == 0 ? "" : i + 2 == values.size() ? " and " : ", ") + text(values[i]);
    for (std::size_t i = 0; i + 1 < values.size(); ++i) m.given("v", values[i]);
    m.given("mean", total / n);
    m.tell_one({"The average of @ numbers is @.", "The mean of @ numbers is @."}, n, total / n);
    m.tell("@ of them are @.", n - 1, shown);
    m.tell_one({"What is the last number?", "Find the missing number.", "What is the other one?"});
    const Int all = m.multiply("Sum of all", n, total / n);
    values.pop_back();
    const Int known = m.add("Sum of the known", values);
    m.answer(m.subtract("", all, known));
    m.step("Check: @ + @ = @", known, last, all);
    m.rationale(
        "A mean times the number of values is their sum; what the known values do not make up is the missing one.");
    return;
  }
  for (const Int v : values) m.given("v", v);
  switch (m.between(0, 2)) {
    case 0:
      m.tell_one({"Find the average of @.", "What is the mean of @?", "What is the average of the numbers @?"}, list);
      break;
    case 1:
      m.tell_one({"@ scored @ points in @ games.", "In @'s last games the scores were @ (@ games)."}, m.person().name,
                 list, n);
      m.tell_one({"What is the average score?", "How many points is that per game on average?"});
      break;
    default:
      m.tell_one({"On @ days the temperatures were @ degrees.", "On @ days the temperatures at noon were @ degrees."},
                 n, list);
      m.tell("What was the average temperature?");
  }
  const Int s = m.add("Sum", values);
  m.answer(m.divide("Average", s, n));
  m.rationale("The mean is the sum over the number of values, @.", n);
}

void clock(Maker& m) {
  const Int hour = m.between(1, 11), minute = 5 * m.between(0, 11),
            duration = m.level <= 1 ? 5 * m.between(2, 11) : m.between(20, 300);
  m.chose("hour", hour), m.chose("minute", minute), m.given("duration", duration);
  const auto time = [](Int h, Int mi) { return text(h) + ":" + (mi < 10 ? "0" : "") + text(mi); };
  const std::string start = time(hour, minute);
  m.tell_one({"A film starts at @ and lasts @ minutes.", "A train leaves at @ and travels for @ minutes.",
              "A lesson begins at @ and takes @ minutes.", "@ is when the match begins, and it lasts @ minutes."},
             start, duration);
  m.tell_one({"At what time does it end?", "When does it end?", "What time is it then?"});
  m.problem.statement = capitalised(m.problem.statement);
  const Int all = minute + duration;
  m.step("Minutes: @ + @ = @", minute, duration, all);
  const Int hours = all / 60, rest = all % 60;
  if (hours > 0) m.step("@ - @ * 60 = @, so @ and @ minutes", all, hours, rest, count_of(hours, "hour", "hours"), rest);
  Int end = hour + hours;
  m.step("Hours: @ + @ = @", hour, hours, end);
  if (end > 12) m.step("@ - 12 = @", end, end - 12), end -= 12;
  m.answer(time(end, rest));
  m.rationale("Clock time: minutes are added and carried over at 60, hours at 12.");
}

void duration_units(Maker& m) {
  const Int most = m.level <= 1 ? 20 : 48;
  const Int a = m.between(2, most), b = m.between(1, 59);
  switch (m.between(0, 3)) {
    case 0:
      m.chose("form", 0), m.given("a", a), m.given("b", b);
      m.tell_one({"How many minutes are @ hours and @?", "Convert @ hours and @ to minutes.",
                  "A journey takes @ hours and @. How many minutes is that?"},
                 a, count_of(b, "minute", "minutes"));
      m.multiply("Hours", a, 60);
      m.answer(m.add("", a * 60, b));
      break;
    case 1: {
      const Int weeks = m.between(2, most), days = m.between(1, 6);
      m.chose("form", 1), m.given("a", weeks), m.given("b", days);
      m.tell_one({"How many days are @ weeks and @?", "A trip lasts @ weeks and @. How many days is that?",
                  "A course runs for @ weeks and @. Find the number of days."},
                 weeks, count_of(days, "day", "days"));
      m.multiply("Weeks", weeks, 7);
      m.answer(m.add("", weeks * 7, days));
      break;
    }
    case 2: {
      const Int minutes = m.between(2, m.level <= 1 ? 30 : 45);
      m.chose("form", 2), m.given("a", minutes);
      m.tell_one(
          {"How many seconds are in @ minutes?", "Convert @ minutes to seconds.", "How many seconds are @ minutes?"},
          minutes);
      m.answer(m.multiply("", minutes, 60));
      break;
    }
    default: {
      const Int hours = m.between(2, m.level <= 1 ? 14 : 30) * 24;
      m.chose("form", 3), m.given("a", hours);
      m.tell_one({"How many days are @ hours?", "@ hours are how many days?", "Convert @ hours to days.",
                  "A machine ran for @ hours without a break. How many days is that?"},
                 hours);
      m.answer(m.divide("", hours, 24));
    }
  }
  m.rationale("Units of time: 60 seconds, 60 minutes, 24 hours, 7 days.");
}

void measures(Maker& m) {
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
  const Unit& u = units[static_cast<std::size_t>(m.between(0, 7))];
  const Int a = m.between(2, 40);
  const bool down = m.chance(55);
  m.given("a", down ? a : a * u.factor), m.chose("unit", std::ssize(units) - (units.data() + units.size() - &u)),
      m.chose("down", down ? 1 : 0);
  if (down) {
    m.tell_one({"How many @ are @ @?", "Convert to @: @ @.", "Write in @: @ @."}, u.small, a, u.large);
    m.answer(m.multiply("", a, u.factor));
  } else {
    m.tell_one({"How many @ are @ @?", "Convert to @: @ @."}, u.large, a * u.factor, u.small);
    m.answer(m.divide("", a * u.factor, u.factor));
  }
  m.rationale("Units: one of the larger is @ of the smaller.", u.factor);
}

void weekday(Maker& m) {
  static constexpr std::array<std::string_view, 7> days{"Monday", "Tuesday",  "Wednesday", "Thursday",
                                                        "Friday", "Saturday", "Sunday"};
  const Int start = m.between(0, 6), ahead = m.between(8, m.level <= 2 ? 60 : 400);
  m.chose("start", start), m.given("ahead", ahead);
  m.tell_one(
      {"Today is @. What day of the week will it be in @ days?", "If today is @, which weekday is it @ days from now?"},
      days[static_cast<std::size_t>(start)], ahead);
  const auto [weeks, rest] = m.divide_rest("", ahead, 7);
  (void)weeks;
  const auto end = static_cast<std::size_t>((start + rest) % 7);
  m.step("Whole weeks change nothing, so go @ on from @: @", count_of(rest, "day", "days"),
         days[static_cast<std::size_t>(start)], days[end]);
  m.rationale("Weekdays repeat every 7 days: only the remainder of @ by 7 counts.", ahead);
  m.answer(text(days[end]));
}

const std::array families{
    Family{"shopping", 2, 3, {"multiplication", "addition", "money"}, shopping},
    Family{"earn and spend", 2, 3, {"unit rate", "money"}, earn_and_spend},
    Family{"savings", 2, 3, {"unit rate", "money", "division"}, savings},
    Family{"share the rest", 2, 3, {"division", "subtraction"}, share_with_rest},
    Family{"boxes and loose ones", 2, 3, {"multiplication", "addition"}, boxes_and_loose},
    Family{"more and fewer", 1, 3, {"additive comparison"}, more_and_fewer},
    Family{"ages", 1, 4, {"ages"}, ages},
    Family{"average", 1, 3, {"arithmetic mean"}, average},
    Family{"clock time", 1, 3, {"clock time"}, clock},
    Family{"units of time", 1, 2, {"units of time"}, duration_units},
    Family{"units of measure", 1, 2, {"unit conversion"}, measures},
    Family{"days of the week", 2, 3, {"calendar", "modular arithmetic"}, weekday},
};

}  // namespace

std::span<const Family> everyday_families() { return families; }

}  // namespace holdfast::generators
