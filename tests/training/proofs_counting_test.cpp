// The answers of the families of counting, geometry and chains, proved from what their statements give: cases are
// listed one by one, figures are laid out in squares, chains are gone through.
//
// Every check also has to refuse an answer near the right one.
#include <numeric>

#include "proof.h"

using namespace holdfast;
using namespace holdfast::proofs;

namespace {

// How many ways there are to put k of n things in order, one after the other.
Int orders(Int n, Int k, unsigned used = 0) {
  if (k == 0) return 1;
  Int ways = 0;
  for (Int i = 0; i < n; ++i) {
    if ((used >> i & 1U) == 0) ways += orders(n, k - 1, used | 1U << i);
  }
  return ways;
}
Int subsets(Int n, Int k) {
  Int count = 0;
  for (unsigned set = 0; set < 1U << n; ++set) {
    Int size = 0;
    for (Int i = 0; i < n; ++i) size += set >> i & 1U;
    count += size == k ? 1 : 0;
  }
  return count;
}
bool is_share(const Case& c, Int good, Int all) {
  const Fraction f = c.fraction();
  return f.n * all == f.d * good && f.n >= 0 && f.n <= f.d;
}

bool choices(const Case& c) {
  Int count = 0;
  for (Int i = 0; i < c.at("a"); ++i) {
    for (Int j = 0; j < c.at("b"); ++j) {
      for (Int k = 0; k < c.at_or("c", 1); ++k) ++count;
    }
  }
  return count == c.number();
}
bool arrangements(const Case& c) { return orders(c.at("n"), c.at("k")) == c.number(); }
bool letters(const Case& c) {
  std::string word;  // the longest run of capitals
  for (std::size_t at = 0; at < c.p.statement.size();) {
    std::size_t end = at;
    while (end < c.p.statement.size() && c.p.statement[end] >= 'A' && c.p.statement[end] <= 'Z') ++end;
    if (end - at > word.size()) word = c.p.statement.substr(at, end - at);
    at = end + 1;
  }
  if (word.size() < 3) return false;
  std::ranges::sort(word);
  Int count = 1;
  while (std::next_permutation(word.begin(), word.end())) ++count;
  return count == c.number();
}
bool team(const Case& c) {
  const Int women = c.has("w") ? subsets(c.at("w"), c.at("j")) : 1;
  return subsets(c.at("n"), c.at("k")) * women == c.number();
}
bool pairs(const Case& c) {
  Int count = 0;
  for (Int i = 0; i < c.at("n"); ++i) {
    for (Int j = i + 1; j < c.at("n"); ++j) ++count;
  }
  return count == c.number();
}
Int paths(Int right, Int up) {
  std::vector<Int> ways(static_cast<std::size_t>(right) + 1, 1);
  for (Int row = 0; row < up; ++row) {
    for (std::size_t i = 1; i < ways.size(); ++i) ways[i] += ways[i - 1];
  }
  return ways.back();
}
bool grid_paths(const Case& c) { return paths(c.at("a"), c.at("b")) == c.number(); }
bool sets(const Case& c) {
  const Int a = c.at("a"), b = c.at("b");
  const auto in_one = [&](Int both) {  // people in a line: the first a in one set, the last b of the union in the other
    Int one = 0, any = 0;
    for (Int person = 0; person < a + b; ++person) {
      const bool first = person < a, second = person >= a - both && person < a - both + b;
      any += first || second ? 1 : 0;
      one += first != second ? 1 : 0;
    }
    return std::pair(any, one);
  };
  switch (c.at("form")) {
    case 0: return c.says("neither?") && c.number() == c.at("all") - in_one(c.at("both")).first;
    case 1:
      return c.says("do both?") && c.number() == only(0, std::min(a, b), [&](Int both) {
                                     return in_one(both).first == c.at("all") - c.at("neither");
                                   });
    default: return c.says("exactly one") && c.number() == in_one(c.at("both")).second;
  }
}
bool multiples(const Case& c) {
  Int count = 0;
  for (Int i = 1; i <= c.at("n"); ++i) count += i % c.at("p") == 0 || (c.has("q") && i % c.at("q") == 0) ? 1 : 0;
  return count == c.number();
}
bool one_draw(const Case& c) {
  const Int red = c.at("red"), all = red + c.at("blue") + c.at_or("green", 0);
  const bool other = c.says("not red");
  return other == (c.at("complement") == 1) && is_share(c, other ? all - red : red, all);
}
bool two_draws(const Case& c) {
  const Int red = c.at("red"), all = red + c.at("blue");
  const bool back = c.says("put back");
  Int good = 0, cases = 0;
  for (Int i = 0; i < all; ++i) {
    for (Int j = 0; j < all; ++j) {
      if (!back && i == j) continue;
      ++cases;
      good += i < red && j < red ? 1 : 0;
    }
  }
  return back == (c.at("back") == 1) && is_share(c, good, cases);
}
bool dice(const Case& c) {
  Int good = 0, cases = 0;
  if (c.at("form") == 2) {
    for (Int i = 1; i <= c.at("faces"); ++i) {
      ++cases;
      good += (c.says("even") ? i % 2 == 0 : c.says("multiple") ? i % c.at("k") == 0 : i > c.at("k")) ? 1 : 0;
    }
  } else if (c.at("form") == 0) {
    for (Int i = 1; i <= 6; ++i) {
      for (Int j = 1; j <= 6; ++j) ++cases, good += i + j == c.at("sum") ? 1 : 0;
    }
  } else {
    const Int faces = c.says("coin") ? 2 : 6;
    Int total = 1;
    for (Int i = 0; i < c.at("n"); ++i) total *= faces;
    for (Int code = 0; code < total; ++code) {  // every course, as digits of its number
      ++cases;
      bool any = false;
      for (Int rest = code, i = 0; i < c.at("n"); ++i, rest /= faces) any |= rest % faces == 0;
      good += any ? 1 : 0;
    }
  }
  return is_share(c, good, cases);
}
bool expected_value(const Case& c) {
  Int won = 0;
  for (Int ticket = 0; ticket < c.at("n"); ++ticket) won += (ticket < c.at("good") ? c.at("win") : 0) - c.at("cost");
  return c.number() * c.at("n") == won;
}
// "A is older than B." and so on: who is never on the lesser side, or never on the greater.
bool ordering(const Case& c) {
  static const std::set<std::string> more{"older", "taller", "faster", "heavier"};
  static const std::set<std::string> most{"oldest", "tallest", "fastest", "heaviest"};
  std::vector<std::string> words(1);
  for (const char ch : c.p.statement) {
    if (std::isalpha(static_cast<unsigned char>(ch)) != 0) {
      words.back() += ch;
    } else if (!words.back().empty()) {
      words.emplace_back();
    }
  }
  std::set<std::string> people, beaten, winners;
  for (std::size_t i = 2; i + 2 < words.size(); ++i) {
    if (words[i + 1] != "than") continue;
    const bool first = more.contains(words[i]);
    people.insert({words[i - 2], words[i + 2]});
    winners.insert(words[first ? i - 2 : i + 2]);
    beaten.insert(words[first ? i + 2 : i - 2]);
  }
  const std::string asked = words[words.size() - 2].empty() ? words[words.size() - 3] : words[words.size() - 2];
  std::string found;
  for (const std::string& person : people) {
    if ((most.contains(asked) ? beaten : winners).contains(person)) continue;
    if (!found.empty()) return false;
    found = person;
  }
  return people.size() >= 3 && found == c.p.answer;
}

// Squares of a floor, and sides of them that no other square touches.
std::pair<Int, Int> floor_of(Int a, Int b) {
  Int squares = 0, edges = 0;
  for (Int i = 0; i < a; ++i) {
    for (Int j = 0; j < b; ++j) {
      ++squares;
      edges += (i == 0) + (i == a - 1) + (j == 0) + (j == b - 1);
    }
  }
  return {squares, edges};
}
bool rectangle(const Case& c) {
  switch (c.at("form")) {
    case 0: return c.says("area") && c.number() == floor_of(c.at("a"), c.at("b")).first;
    case 1: return c.says_one({"perimeter", "fence"}) && c.number() == floor_of(c.at("a"), c.at("b")).second;
    case 2: return floor_of(c.at("a"), c.number()).first == c.at("area");
    default: return floor_of(c.at("a"), c.number()).second == c.at("perimeter");
  }
}
bool square(const Case& c) {
  const auto side = [&](auto fits) { return only(1, 200, fits); };
  switch (c.at("form")) {
    case 0: return c.says("area") && c.number() == floor_of(c.at("a"), c.at("a")).first;
    case 1: return c.says_one({"perimeter", "fence"}) && c.number() == floor_of(c.at("a"), c.at("a")).second;
    case 2: {
      const Int a = side([&](Int x) { return x + x + x + x == c.at("perimeter"); });
      return c.number() == floor_of(a, a).first;
    }
    default: {
      const Int a = side([&](Int x) { return x * x == c.at("area"); });
      return c.number() == floor_of(a, a).second;
    }
  }
}
bool triangle(const Case& c) {  // corners, and the sum over the sides
  const Int b = c.at("b"), h = c.at("h"), top = c.at_or("c", 0);
  if (c.has("c") != c.says("trapezoid")) return false;
  const std::vector<std::pair<Int, Int>> corners{{0, 0}, {b, 0}, {1 + top, h}, {1, h}};
  Int twice = 0;
  for (std::size_t i = 0; i < corners.size(); ++i) {
    const auto& [x, y] = corners[i];
    const auto& [u, v] = corners[(i + 1) % corners.size()];
    twice += x * v - u * y;
  }
  return 2 * c.number() == twice;
}
bool right_triangle(const Case& c) {
  const bool hypotenuse = c.at("form") == 0;
  const Int x = c.number(), a = c.at("a"), other = hypotenuse ? c.at("b") : x, longest = hypotenuse ? x : c.at("c");
  return x > 0 && a * a + other * other == longest * longest;
}
bool circle(const Case& c) {
  const bool area = c.says("area");
  const Int r = c.has("diameter") ? only(1, 100, [&](Int x) { return x + x == c.at("diameter"); }) : c.at("r");
  if (!c.p.answer.ends_with("\\pi") || c.says("diameter") != c.has("diameter")) return false;
  const std::string number = c.p.answer.substr(0, c.p.answer.size() - 3);
  const Int times = number.empty() ? 1 : std::stoll(number);
  Int odd = 0;  // r * r is the sum of the first r odd numbers
  for (Int i = 0; i < r; ++i) odd += 2 * i + 1;
  return times == (area ? odd : r + r);
}
bool angles(const Case& c) {
  const Int x = c.number();
  switch (c.at("form")) {
    case 0: return x > 0 && c.at("a") + c.at("b") + x == 180;
    case 1:
      return x > 0 && c.at("a") + x == (c.says_one({"straight", "supplement"}) ? 180
                                        : c.says_one({"right", "complement"})  ? 90
                                                                               : -1);
    case 2: return x == added_up(180, c.at("n")) - 360;  // triangles around a point inside
    case 3: return added_up(x, c.at("n")) == added_up(180, c.at("n")) - 360;
    default: return x + x + c.at("apex") == 180;
  }
}
bool similar(const Case& c) { return c.number() * c.at("a") == c.at("ka") * c.at("b"); }
bool boxes(const Case& c) {
  const Int a = c.at("a"), b = c.at("b");
  if (c.at("form") == 2) return added_up(added_up(a, b), c.number()) == c.at("volume");
  Int cubes = 0, faces = 0;
  for (Int i = 0; i < a; ++i) {
    for (Int j = 0; j < b; ++j) {
      for (Int k = 0; k < c.at("c"); ++k) {
        ++cubes;
        faces += (i == 0) + (i == a - 1) + (j == 0) + (j == b - 1) + (k == 0) + (k == c.at("c") - 1);
      }
    }
  }
  return c.number() == (c.says("surface") ? faces : cubes);
}
bool coordinates(const Case& c) {
  const Int x1 = c.at("x1"), y1 = c.at("y1"), x2 = c.at("x2"), y2 = c.at("y2");
  const auto shown = [](Int x, Int y) { return "(" + std::to_string(x) + ", " + std::to_string(y) + ")"; };
  if (!c.says(shown(x1, y1)) || !c.says(shown(x2, y2))) return false;
  if (c.says("distance"))
    return c.number() > 0 && c.number() * c.number() == (x1 - x2) * (x1 - x2) + (y1 - y2) * (y1 - y2);
  if (c.says("midpoint")) {
    const auto [x, y] = c.point();
    return x - x1 == x2 - x && y - y1 == y2 - y;
  }
  return c.says("slope") && y1 + added_up(c.number(), x2 - x1) == y2;
}

// --- chains: the parts in the order in which they are told

struct Part {
  bool link = false;
  Int kind = 0;
  std::vector<Int> numbers;
};
Int greatest_divisor(Int a, Int b) {
  Int best = 1;
  for (Int d = 1; d <= std::max(a, b); ++d) {
    if (a % d == 0 && b % d == 0) best = d;
  }
  return best;
}
Int value_of_start(const Part& part) {
  const auto& n = part.numbers;
  switch (part.kind) {
    case 0: return greatest_divisor(n.at(0), n.at(1));
    case 1: {
      Int left = n.at(0);
      while (left >= n.at(1)) left -= n.at(1);
      return left;
    }
    case 2: return only(1, 200, [&](Int x) { return x * x + n.at(0) * x + n.at(1) == 0; });
    case 3: return only(-200, 200, [&](Int x) { return n.at(0) * x + n.at(1) == n.at(2); });
    case 4: return floor_of(n.at(0), n.at(1)).first;
    case 5: {
      Int sum = 0;
      for (Int i = 1; i <= n.at(0); ++i) sum += i;
      return sum;
    }
    case 6: return subsets(n.at(0), 2);
    case 7: return only(1, 200, [&](Int x) { return x * x == n.at(0) * n.at(0) + n.at(1) * n.at(1); });
    case 8: return only(0, 500, [&](Int x) { return n.at(0) - x + n.at(1) - x + n.at(2) - x == 0; });
    case 9: return only(0, 2000, [&](Int x) { return 100 * x == n.at(0) * n.at(1); });
    case 10: {
      Int term = n.at(1);
      for (Int i = 1; i < n.at(0); ++i) term += n.at(2) - n.at(1);
      return n.at(3) - n.at(2) == n.at(2) - n.at(1) ? term : -1;
    }
    case 11: return std::stoll(std::to_string(n.at(0)), nullptr, 2);
    default: throw std::runtime_error("a start without check");
  }
}
Int value_of_link(const Part& part, Int value) {
  const auto& n = part.numbers;
  switch (part.kind) {
    case 0: return added_up(value, n.at(0)) + n.at(1);
    case 1: return floor_of(value, value).first;
    case 2: return value - only(0, value, [&](Int q) { return q % n.at(0) == 0 && value - q < n.at(0); });
    case 3: return only(0, 20000, [&](Int x) { return 100 * x == value * n.at(0); });
    case 4: {
      Int sum = 0;
      for (const char d : std::to_string(value)) sum += d - '0';
      return sum;
    }
    case 5: {
      Int count = 0;
      for (Int d = 1; d <= value; ++d) count += value % d == 0 ? 1 : 0;
      return count;
    }
    case 6: return greatest_divisor(value, n.at(0));
    case 7: return floor_of(value, n.at(0)).second;
    case 8: return value * (value + n.at(0)) + n.at(1);  // Horner
    case 9: return only(0, value, [&](Int x) { return added_up(x, n.at(0)) == value; });
    case 10: {
      Int greetings = 0;
      for (Int i = 0; i < value; ++i) greetings += i;
      return greetings;
    }
    case 11: {
      Int last = 1;
      for (Int i = 0; i < n.at(0); ++i) last = last * value % 10;
      return last;
    }
    default: throw std::runtime_error("a link without check");
  }
}
bool chain(const Case& c) {
  std::vector<Part> parts;
  for (const Given& g : c.p.givens) {
    if (g.name == "start" || g.name == "link") {
      parts.push_back({g.name == "link", g.value, {}});
    } else {
      parts.back().numbers.push_back(g.value);
    }
  }
  Int value = value_of_start(parts.at(0));
  for (std::size_t i = 1; i < parts.size(); ++i) value = value_of_link(parts[i], value);
  const std::size_t links = c.p.level <= 3 ? 1 : c.p.level == 4 ? 2 : 3;
  return parts.size() == links + 1 && value == c.number();
}
bool money(const Case& c) {
  Int now = c.has("start") ? c.at("start") : 0, count = 0, rate = 0;
  for (const Given& g : c.p.givens) {
    if (g.name == "hours") count = g.value;
    if (g.name == "rate") rate = g.value, now = added_up(rate, count);
    if (g.name == "more") now += g.value;
    if (g.name == "gone") now -= g.value;
    if (g.name == "count") count = g.value;
    if (g.name == "price") now -= added_up(g.value, count);
    if (g.name == "doubled") now += now;
    if (g.name == "percent") now = only(0, now, [&, left = 100 - g.value](Int x) { return 100 * x == now * left; });
    if (g.name == "part") {
      static constexpr std::array<std::string_view, 6> words{"", "", "half", "a third", "a quarter", "a fifth"};
      if (!c.says(words.at(static_cast<std::size_t>(g.value)))) return false;
      now = only(0, now, [&](Int x) { return added_up(now - x, g.value) == now; });
    }
  }
  return now == c.number() && now >= 0;
}
bool figure(const Case& c) {
  switch (c.at("form")) {
    case 0: {
      const Int wide = only(1, 500, [&](Int x) { return 2 * (x + added_up(x, c.at("k"))) == c.at("perimeter"); });
      return c.says("area") && c.number() == floor_of(wide, added_up(wide, c.at("k"))).first;
    }
    case 1: {
      const Int wide = only(1, 500, [&](Int x) { return x * (x + c.at("more")) == c.at("area"); });
      return c.says_one({"perimeter", "fence"}) && c.number() == floor_of(wide, wide + c.at("more")).second;
    }
    default: return c.number() == only(1, 180, [&](Int x) { return x + (x + c.at("d")) + c.at("third") == 180; });
  }
}
bool raise_the_average(const Case& c) {
  Int off = c.number() - c.at("target");
  for (Int i = 0; i < c.at("n"); ++i) off += c.at("mean") - c.at("target");
  return off == 0;
}

// --- compositions; the level tells which of two questions is asked, and the words have to agree

bool discount_and_budget(const Case& c) {
  const Int now = only(1, 1000, [&](Int x) { return 100 * x == c.at("price") * (100 - c.at("off")); });
  Int left = c.at("budget"), count = 0;
  while (left >= now) left -= now, ++count;
  return c.number() == (c.says("left") ? left : count) && c.says("left") == (c.p.level == 5);
}
bool walls_and_paint(const Case& c) {
  const Int a = c.at("a"), b = c.at("b"), h = c.at("h");
  Int area = a * h + b * h + a * h + b * h - c.at("open");
  if (c.says("twice")) area += area;
  Int cans = 0;
  while (cans * c.at("cover") < area) ++cans;
  return c.says("twice") == c.has("price") && c.number() == (c.has("price") ? added_up(c.at("price"), cans) : cans);
}
bool tank_and_pump(const Case& c) {
  Int water = 0, minutes = 0;  // in parts of 1/d of a liter
  const Int goal = c.at("a") * c.at("b") * c.at("c") * c.at("n");
  while (water < goal) water += (c.at("pump") - c.at_or("leak", 0)) * c.at("d"), ++minutes;
  return water == goal && minutes == c.number() && c.says("leak") == c.has("leak");
}
bool balls_and_chance(const Case& c) {
  const Int red = only(0, c.at("all"), [&](Int x) { return x - (c.at("all") - x) == c.at("more"); });
  if (!c.says("both")) return c.p.level == 4 && is_share(c, red, c.at("all"));
  Int good = 0, cases = 0;
  for (Int i = 0; i < c.at("all"); ++i) {
    for (Int j = i + 1; j < c.at("all"); ++j) ++cases, good += j < red ? 1 : 0;
  }
  return is_share(c, good, cases);
}
bool powers_of_roots(const Case& c) {
  std::vector<Int> roots;
  for (Int x = -50; x <= 50; ++x) {
    if (x * x + c.at("b") * x + c.at("c") == 0) roots.push_back(x);
  }
  const std::vector<std::string> equations = c.formulas_with("=");
  if (roots.size() != 2 || equations.size() != 1) return false;
  for (const Int x : roots) {
    if (!holds(equations[0], x)) return false;
  }
  Int sum = 0;
  for (const Int x : roots) sum += c.says("r^3 + s^3") ? x * x * x : c.says("r^2 + s^2") ? x * x : 1000000;
  return sum == c.number();
}
bool line_and_axes(const Case& c) {
  const Int x1 = c.at("x1"), y1 = c.at("y1"), x2 = c.at("x2"), y2 = c.at("y2");
  const auto on_line = [&](Int x, Int y) { return (x - x1) * (y2 - y1) == (y - y1) * (x2 - x1); };
  const auto shown = [](Int x, Int y) { return "(" + std::to_string(x) + ", " + std::to_string(y) + ")"; };
  if (!c.says(shown(x1, y1)) || !c.says(shown(x2, y2))) return false;
  const Int right = only(-200, 200, [&](Int x) { return on_line(x, 0); }),
            top = only(-500, 500, [&](Int y) { return on_line(0, y); });
  if (!c.says("area")) return c.number() == right;
  const Fraction f = c.fraction();
  return 2 * f.n == right * top * f.d;
}
bool head_start(const Case& c) {
  Int first = 0, second = 0, hours = 0;
  for (Int i = 0; i < c.at("ahead"); ++i) first += c.at("slow");
  if (c.at("ahead") == 1 && !c.says("ne hour")) return false;
  while (second < first) first += c.at("slow"), second += c.at("fast"), ++hours;
  return first == second && c.number() == (c.says("many km") ? first : c.says("many hours") ? hours : -1);
}
bool divisible_but_not(const Case& c) {
  Int count = 0;
  const bool three = c.says_one({"three-digit", "three digits"});
  for (Int i = three ? 100 : 1; i <= (three ? 999 : c.at("n")); ++i)
    count += i % c.at("p") == 0 && i % c.at("q") != 0 ? 1 : 0;
  return count == c.number();
}
bool compound_interest(const Case& c) {
  // In hundredths of a cent: the sum times (100 + rate) squared.
  const Int rate = c.at("rate"), sum = c.at("sum"), compound = sum * (100 + rate) * (100 + rate),
            simple = sum * 100 * (100 + 2 * rate);
  return c.scaled(4) == (c.says("simple") ? compound - simple : compound);
}
bool mean_of_two_groups(const Case& c) {
  const Int n = c.at("n");
  Int off = 0, girls = 0;
  const Int mean = c.has("mean") ? c.at("mean") : c.number(), boys_mean = c.has("mean") ? c.number() : c.at("b");
  while (100 * girls < n * c.at("percent")) ++girls, off += c.at("a") - mean;
  for (Int i = girls; i < n; ++i) off += boys_mean - mean;
  return off == 0 && c.says_one({"average of the boys", "the boys score"}) == c.has("mean");
}

const Checks checks{
    {"independent choices", choices},
    {"arrangements", arrangements},
    {"arrangements of letters", letters},
    {"choosing a team", team},
    {"pairs", pairs},
    {"paths in a grid", grid_paths},
    {"overlapping sets", sets},
    {"counting multiples", multiples},
    {"probability of one draw", one_draw},
    {"two draws", two_draws},
    {"dice and coins", dice},
    {"expected value", expected_value},
    {"order of comparison", ordering},
    {"rectangle", rectangle},
    {"square", square},
    {"triangle and trapezoid area", triangle},
    {"right triangle", right_triangle},
    {"circle", circle},
    {"angles", angles},
    {"similar triangles", similar},
    {"boxes", boxes},
    {"coordinates", coordinates},
    {"chain of ideas", chain},
    {"money in steps", money},
    {"figure and equation", figure},
    {"raise the average", raise_the_average},
    {"discount and budget", discount_and_budget},
    {"walls and paint", walls_and_paint},
    {"tank and pump", tank_and_pump},
    {"balls and chance", balls_and_chance},
    {"powers of roots", powers_of_roots},
    {"line and axes", line_and_axes},
    {"head start", head_start},
    {"divisible but not", divisible_but_not},
    {"compound interest", compound_interest},
    {"mean of two groups", mean_of_two_groups},
};

}  // namespace

class ProofsCountingTest : public QObject {
  Q_OBJECT

 private slots:
  void every_answer_follows_from_its_statement_data() {
    add_rows({generators::counting_families(), generators::geometry_families(), generators::chain_families(),
              generators::composition_families()});
  }
  void every_answer_follows_from_its_statement() {
    QFETCH(QString, name);
    prove_row(name, checks, {"order of comparison"});
  }
};

QTEST_GUILESS_MAIN(ProofsCountingTest)
#include "proofs_counting_test.moc"
