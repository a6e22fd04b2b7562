// Counting, probability, sets, logic.
#include <algorithm>
#include <array>
#include <numeric>

#include "training/generators/catalogue.h"

namespace holdfast::generators {
namespace {

Int choose(Int n, Int k) {
  Int value = 1;
  for (Int i = 1; i <= k; ++i) value = value * (n - k + i) / i;
  return value;
}

// n (n-1) ... over k factors, step by step.
Int falling(Maker& m, Int n, Int k) {
  Int value = n;
  for (Int i = 1; i < k; ++i) value = m.multiply("", value, n - i);
  return value;
}

void choices(Maker& m) {
  const Int a = m.between(2, 9), b = m.between(2, 9), c = m.level >= 2 ? m.between(2, 6) : 1;
  m.given("a", a), m.given("b", b);
  if (c > 1) m.given("c", c);
  if (c == 1) {
    m.tell_one({"@ has @ shirts and @ pairs of trousers. How many outfits are possible?", "A menu of @... "},
               m.person().name, a, b);
  } else {
    m.tell_one({"A menu has @ starters, @ main dishes and @ desserts. How many three-course meals are possible?",
                "@ shirts, @ skirts and @ hats can be combined freely. How many outfits are there?",
                "There are @ roads from A to B, @ from B to C and @ from C to D. How many ways lead from A to D?"},
               a, b, c);
  }
  if (m.problem.statement.starts_with("A menu of"))
    m.problem.statement =
        filled("A menu has @ main dishes and @ desserts. How many meals of one of each are possible?", a, b);
  const Int ab = m.multiply("", a, b);
  m.answer(c == 1 ? ab : m.multiply("", ab, c));
  m.rationale("Independent choices multiply.");
}

void arrangements(Maker& m) {
  const Int n = m.between(3, m.level <= 2 ? 7 : 9);
  const bool partial = m.level >= 3 && m.chance(50);
  const Int k = partial ? m.between(2, std::min<Int>(4, n - 1)) : std::min<Int>(n, 7);
  m.given("n", partial ? n : k), m.given("k", k);
  const std::string_view things = m.thing().many;
  const std::string_view name = m.person().name;
  if (partial) {
    switch (m.between(0, 3)) {
      case 0: m.tell("@ runners are in a race. In how many ways can the first @ places be taken?", n, k); break;
      case 1: m.tell("From @ people, a line of @ is formed. How many lines are possible?", n, k); break;
      case 2: m.tell("In how many orders can @ of @ different @ be put on a shelf?", k, n, things); break;
      default: m.tell("@ lays @ of @ different @ in a row. How many rows are possible?", name, k, n, things);
    }
  } else if (m.chance(75)) {
    m.tell_one({"In how many ways can @ different @ be put in a row?", "Find the number of orders of @ different @.",
                "How many ways are there to line up @ different @?", "How many orders are there for @ different @?",
                "In how many ways can one arrange @ different @ on a shelf?"},
               k, things);
  } else {
    m.tell_one({"In how many ways can @ people stand in a line?",
                "How many ways are there to arrange @ different books on a shelf?",
                "In how many orders can @ different songs be played?",
                "@ children sit down on a bench of as many seats. In how many ways?",
                "How many orders are there for @ runners to finish a race without ties?",
                "In how many ways can @ different flags be hung in a row?",
                "A host seats @ guests in a row. How many seatings are possible?",
                "In how many ways can one visit @ towns, each once?"},
               k);
  }
  m.step("There are @ choices for the first place, then one fewer for each.", partial ? n : k);
  m.answer(falling(m, partial ? n : k, k));
  m.rationale("An ordered choice of @ out of @: a product that falls by one.", k, partial ? n : k);
}

void word_arrangements(Maker& m) {
  static constexpr std::array<std::string_view, 84> words{
      "CANADA", "PAPAYA", "COCOA",  "KAYAK",  "TOOTH",  "SLEEP",  "GREEN",  "SMALL",  "PUPPY",  "ROTOR",   "DINNER",
      "HAMMER", "YELLOW", "BUTTER", "SILLY",  "FLOOR",  "TABOO",  "CEREAL", "ARENA",  "EAGLE",  "LEVEL",   "BANANA",
      "NOON",   "APPLE",  "BOOK",   "LETTER", "PEPPER", "MAMMA",  "SEES",   "ALLY",   "TREE",   "BALL",    "COFFEE",
      "DADDY",  "HAPPY",  "MOON",   "GEESE",  "TATTOO", "ERROR",  "SUMMER", "MIRROR", "PUZZLE", "BALLOON", "POOL",
      "ROOM",   "WEEK",   "FEEL",   "KEEP",   "DEEP",   "SEED",   "MEET",   "CHEESE", "BEETLE", "COMMON",  "COTTON",
      "DADA",   "DOLL",   "EGGS",   "FERRY",  "FUNNY",  "GRASS",  "HOLLOW", "JELLY",  "KITTEN", "LADDER",  "LOLLY",
      "MADAM",  "NANNY",  "OTTER",  "PIZZA",  "POTATO", "RABBIT", "RADAR",  "ROCKS",  "SALSA",  "SEVEN",   "SISTER",
      "SPOON",  "STATE",  "TENT",   "TEETH",  "TULLE",  "VALLEY", "WILLOW"};
  const auto index = m.between(0, std::ssize(words) - 1);
  const std::string_view word = words[static_cast<std::size_t>(index)];
  m.chose("word", index);
  m.tell_one({"How many different arrangements have the letters of @?",
              "How many different arrangements have the letters of the word @?",
              "How many distinct arrangements have the letters of @?",
              "How many distinct words, with or without meaning, can be written with the letters of @?",
              "In how many distinct ways can the letters of the word @ be arranged?",
              "In how many distinct ways can the letters of @ be arranged?"},
             word);
  const auto n = static_cast<Int>(word.size());
  Int top = 1;
  for (Int i = 2; i <= n; ++i) top *= i;
  m.step("@ letters: @! = @", n, n, top);
  std::string letters(word);
  std::sort(letters.begin(), letters.end());
  Int value = top;
  for (std::size_t i = 0; i < letters.size();) {
    std::size_t j = i;
    while (j < letters.size() && letters[j] == letters[i]) ++j;
    if (j - i > 1) {
      Int repeats = 1;
      for (Int k = 2; k <= static_cast<Int>(j - i); ++k) repeats *= k;
      m.step("@ stands @ times: @! = @", std::string(1, letters[i]), static_cast<Int>(j - i), static_cast<Int>(j - i),
             repeats);
      value = m.divide("", value, repeats);
    }
    i = j;
  }
  m.rationale("Arrangements of letters, divided by those of equal letters among themselves.");
  m.answer(value);
}

void committees(Maker& m) {
  const Int n = m.between(4, m.level <= 3 ? 9 : 12), k = m.between(2, std::min<Int>(4, n - 2));
  m.given("n", n), m.given("k", k);
  if (m.level >= 4 && m.chance(60)) {
    const Int w = m.between(3, 7), j = m.between(1, 2), k2 = m.between(1, 2);
    m.problem.givens.clear();
    m.given("n", n), m.given("k", k2), m.given("w", w), m.given("j", j);
    m.tell("A committee of @ men and @ women is chosen from @ men and @ women. In how many ways?", k2, j, n, w);
    if (k2 == 1) m.problem.statement.replace(m.problem.statement.find("1 men"), 5, "1 man");
    if (j == 1) m.problem.statement.replace(m.problem.statement.find("1 women"), 7, "1 woman");
    const auto pick = [&](std::string_view what, Int total, Int some) {
      if (some == 1) {
        m.step("@: @ ways", what, total);
        return total;
      }
      m.step("@: @ * @ / 2 = @ / 2 = @", what, total, total - 1, total * (total - 1), choose(total, 2));
      return choose(total, 2);
    };
    const Int a = pick("Men", n, k2);
    const Int b = pick("Women", w, j);
    m.answer(m.multiply("", a, b));
    m.rationale("Two independent choices without order; their numbers multiply.");
    return;
  }
  if (m.chance(50)) {
    m.tell_one({"How many ways are there to choose @ out of @ @?", "In how many ways can @ out of @ @ be chosen?"}, k,
               n, m.thing().many);
  } else {
    const std::string_view people = m.pick({"people", "students", "players", "children", "workers", "members"});
    m.tell_one({"In how many ways can a team of @ be chosen from @ @?", "How many ways are there to choose @ of @ @?"},
               k, n, people);
  }
  m.step("In order there are:");
  const Int ordered = falling(m, n, k);
  Int orders = 1;
  for (Int i = 2; i <= k; ++i) orders *= i;
  m.step("Each team is counted @! = @ times.", k, orders);
  m.answer(m.divide("", ordered, orders));
  m.rationale("A choice without order: ordered choices over the orders of @.", k);
}

void handshakes(Maker& m) {
  const Int n = m.between(4, 40);
  m.given("n", n);
  const std::string_view people = m.pick({"people", "students", "friends", "guests", "players"});
  switch (m.between(0, 3)) {
    case 0:
      m.tell("@ @ meet, and everyone shakes hands with everyone else once. How many handshakes is that?", n, people);
      break;
    case 1:
      m.tell("In a tournament of @ @, each plays each other @ once. How many games are played?", n,
             people == "players" ? "players" : "teams", people == "players" ? "player" : "team");
      break;
    case 2: m.tell("How many line segments join @ points, no three on a line, in pairs?", n); break;
    default: m.tell("How many pairs can be formed from @ @?", n, people);
  }
  const Int ordered = m.multiply("", n, n - 1);
  m.step("Each pair is counted twice.");
  m.answer(m.divide("", ordered, 2));
  m.rationale("Pairs out of @: n (n - 1) / 2.", n);
}

void grid_paths(Maker& m) {
  const Int a = m.between(2, 9), b = m.between(2, 7);
  m.given("a", a), m.given("b", b);
  const std::string_view x = m.pick({"right", "left"}), y = m.pick({"up", "down"});
  const std::string_view east = m.pick({"east", "west"}), north = m.pick({"north", "south"});
  if (m.chance(50)) {
    m.tell("A path in a grid goes only @ or @, @ steps @ and @ steps @. How many such paths are there?", x, y, a, x, b,
           y);
  } else {
    m.tell_one(
        {"From one corner to the opposite one of a grid, @ blocks @ and @ blocks @: how many shortest ways are there?"},
        a, east, b, north);
  }
  m.step("Choose which of the @ + @ = @ steps go up: @ of @.", a, b, a + b, b, a + b);
  const Int k = std::min(a, b), n = a + b;
  Int top = n, bottom = 1;
  if (k == 1) {
    m.step("That is @.", n);
  } else {
    std::string over = text(n), under = "1";
    for (Int i = 1; i < k; ++i) top *= n - i, over += " * " + text(n - i);
    for (Int i = 2; i <= k; ++i) bottom *= i, under += " * " + text(i);
    m.step("@ = @", over, top);
    m.step("@ = @", under, bottom);
    m.divide("", top, bottom);
  }
  m.rationale("A shortest path is a word of @ rights and @ ups.", a, b);
  m.answer(choose(n, k));
}

void sets(Maker& m) {
  const Int both = m.between(2, 20), only_a = m.between(2, 30), only_b = m.between(2, 30), neither = m.between(0, 15);
  const Int a = only_a + both, b = only_b + both, all = only_a + only_b + both + neither;
  const std::string_view x =
      m.pick({"play tennis", "like tea", "own a cat", "speak French", "play chess", "read novels"});
  const std::string_view y = x == "play tennis"    ? "play football"
                             : x == "like tea"     ? "like coffee"
                             : x == "own a cat"    ? "own a dog"
                             : x == "speak French" ? "speak German"
                             : x == "play chess"   ? "play cards"
                                                   : "read poems";
  switch (m.between(0, 2)) {
    case 0:
      m.chose("form", 0), m.given("all", all), m.given("a", a), m.given("b", b), m.given("both", both);
      m.tell("Of @ people, @ @, @ @ and @ do both. How many do neither?", all, a, x, b, y, both);
      m.add("", a, b);
      m.subtract("At least one", a + b, both);
      m.answer(m.subtract("Neither", all, a + b - both));
      break;
    case 1:
      m.chose("form", 1), m.given("all", all), m.given("a", a), m.given("b", b), m.given("neither", neither);
      m.tell("In a group of @, @ @, @ @ and @ do neither. How many do both?", all, a, x, b, y, neither);
      m.subtract("At least one", all, neither);
      m.add("", a, b);
      m.answer(m.subtract("Both", a + b, all - neither));
      break;
    default:
      m.chose("form", 2), m.given("a", a), m.given("b", b), m.given("both", both);
      m.tell("@ people @, @ people @, and @ people do both. How many do exactly one of the two?", a, x, b, y, both);
      m.subtract("Only the first", a, both);
      m.subtract("Only the second", b, both);
      m.answer(m.add("", only_a, only_b));
  }
  m.rationale("Two overlapping sets: those in both are counted twice in the sum and must be taken off once.");
}

void multiples_up_to(Maker& m) {
  const Int n = m.between(30, 400), p = m.between(2, 9);
  if (m.level <= 2) {
    m.given("n", n), m.given("p", p);
    m.tell_one(
        {"How many multiples of @ are there from 1 to @?", "How many positive integers divisible by @ are at most @?"},
        p, n);
    const auto [q, r] = m.divide_rest("", n, p);
    (void)r;
    m.answer(q);
  } else {
    Int q = p + m.between(1, 5);
    const Int l = std::lcm(p, q);
    m.given("n", n), m.given("p", p), m.given("q", q);
    m.tell_one({"How many positive integers up to @ are divisible by @ or @?",
                "How many of the numbers 1 to @ are multiples of @ or of @?"},
               n, p, q);
    m.step("Multiples of @: @ / @ rounded down is @", p, n, p, n / p);
    m.step("Multiples of @: @ / @ rounded down is @", q, n, q, n / q);
    m.step("Of both, so of @: @ / @ rounded down is @", l, n, l, n / l);
    m.step("@ + @ = @", n / p, n / q, n / p + n / q);
    m.answer(m.subtract("", n / p + n / q, n / l));
  }
  m.rationale("Counting multiples is dividing and rounding down; what is counted twice is taken off.");
}

void probability(Maker& m) {
  const Int red = m.between(1, 12), blue = m.between(1, 12), green = m.level >= 2 ? m.between(0, 9) : 0;
  const Int all = red + blue + green;
  const bool complement = m.level >= 2 && m.chance(35);
  m.given("red", red), m.given("blue", blue);
  if (green > 0) m.given("green", green);
  m.chose("complement", complement ? 1 : 0);
  const std::string_view what = m.pick({"marbles", "balls", "socks", "candies", "tickets"});
  const std::string_view box = m.pick({"bag", "box", "drawer", "jar"});
  if (green > 0) {
    m.tell("A @ holds @ red, @ blue and @ green @.", box, red, blue, green, what);
  } else {
    m.tell("A @ holds @ red and @ blue @.", box, red, blue, what);
  }
  m.tell_one({"One is drawn at random.", "One is taken without looking."});
  m.tell(complement ? "What is the probability that it is not red?"
                    : m.pick({"What is the probability that it is red?", "What is the chance of red?"}));
  const std::vector<Int> counts = green > 0 ? std::vector<Int>{red, blue, green} : std::vector<Int>{red, blue};
  m.add("All", counts);
  const Int good = complement ? m.subtract("Not red", all, red) : red;
  m.answer(text(m.reduce("Probability", good, all)));
  m.rationale("Probability: favourable cases over all equally likely cases, @ of @.", good, all);
}

void two_draws(Maker& m) {
  const Int red = m.between(2, 9), blue = m.between(2, 9), all = red + blue;
  const bool back = m.chance(40);
  m.given("red", red), m.given("blue", blue), m.chose("back", back ? 1 : 0);
  m.tell("A bag holds @ red and @ blue balls.", red, blue);
  m.tell(back ? "One is drawn, put back, and one is drawn again."
              : m.pick({"Two are drawn without putting back.",
                        "Two balls are drawn, one after the other, without replacement."}));
  m.tell_one({"What is the probability that both are red?", "Find the probability of two reds."});
  m.step("First: @/@", red, all);
  const Int n2 = back ? red : red - 1, d2 = back ? all : all - 1;
  m.step("Second: @/@", n2, d2);
  m.step("@ * @ = @ and @ * @ = @", red, n2, red * n2, all, d2, all * d2);
  m.answer(text(m.reduce("", red * n2, all * d2)));
  m.rationale("Two draws: probabilities multiply, the second @.", back ? "as the first" : "from what is left");
}

void one_die(Maker& m) {
  const Int faces = m.pick({4, 6, 8, 9, 10, 12, 14, 15, 16, 18, 20, 24, 25, 30}), kind = m.between(0, 2),
            k = m.between(2, faces - 1);
  m.chose("form", 2), m.given("faces", faces), m.chose("kind", kind);
  if (kind == 0) m.given("k", k);
  if (kind == 2) m.given("k", std::min<Int>(k, 4));
  m.tell_one({"A fair die has faces numbered 1 to @.", "A wheel has @ equal fields, numbered from 1.",
              "One of the numbers 1 to @ is drawn at random.", "A fair die has faces with the numbers 1 to @."},
             faces);
  Int count = 0;
  std::string list;
  for (Int i = 1; i <= faces; ++i) {
    const bool good = kind == 0 ? i > k : kind == 1 ? i % 2 == 0 : i % std::min<Int>(k, 4) == 0;
    if (good) ++count, list += (list.empty() ? "" : ", ") + text(i);
  }
  if (kind == 0) m.tell("What is the probability of a number greater than @?", k);
  if (kind == 1) m.tell("What is the probability of an even number?");
  if (kind == 2) m.tell("What is the probability of a multiple of @?", std::min<Int>(k, 4));
  m.step("@: that is @ of @.", list, count, faces);
  m.answer(text(m.reduce("", count, faces)));
}

void dice(Maker& m) {
  if (m.chance(70)) {
    one_die(m);
  } else if (m.chance(55)) {
    const Int sum = m.between(2, 12);
    m.chose("form", 0), m.given("sum", sum);
    m.tell_one({"Two fair dice are rolled. What is the probability that the sum is @?",
                "What is the chance that two dice show a total of @?",
                "Two dice are rolled. What is the probability that the sum is @?",
                "Two fair dice are rolled. What is the chance that the sum is @?"},
               sum);
    std::string pairs;
    Int count = 0;
    for (Int i = 1; i <= 6; ++i) {
      if (sum - i >= 1 && sum - i <= 6) pairs += (pairs.empty() ? "" : ", ") + text(i) + "+" + text(sum - i), ++count;
    }
    m.step("Ways: @. That is @ of 6 * 6 = 36.", pairs, count);
    m.answer(text(m.reduce("", count, 36)));
  } else {
    const bool coin = m.chance(60);
    const Int n = m.between(2, coin ? 5 : 4);
    m.chose("form", 1), m.given("n", n), m.chose("coin", coin ? 1 : 0);
    m.tell_one(
        coin ? std::initializer_list<
                   std::string_view>{"A fair coin is tossed @ times. What is the probability of at least one head?",
                                     "A coin is tossed @ times. What is the probability of at least one head?"}
             : std::initializer_list<
                   std::string_view>{"A die is rolled @ times. What is the probability of at least one six?",
                                     "A fair die is rolled @ times. What is the probability of at least one six?"},
        n);
    const Int d = coin ? 2 : 6, miss = coin ? 1 : 5;
    Int top = 1, bottom = 1;
    for (Int i = 0; i < n; ++i) top *= miss, bottom *= d;
    m.step("None at all: @/@ each time, @ times: @/@", miss, d, n, top, bottom);
    m.step("1 - @/@ = @/@", top, bottom, bottom - top, bottom);
    m.answer(text(Ratio::of(bottom - top, bottom)));
  }
  m.rationale("Equally likely outcomes are counted; 'at least one' is easier by what is left out.");
}

void expected_value(Maker& m) {
  const Int n = m.pick({4, 5, 8, 10}), win = n * m.between(2, 12), good = m.between(1, n - 1), cost = m.between(1, 9);
  m.given("n", n), m.given("win", win), m.given("good", good), m.given("cost", cost);
  m.tell("In a game, @ of @ equally likely tickets win $@, the others nothing. A ticket costs $@.", good, n, win, cost);
  m.tell_one(
      {"What is the expected profit in dollars?", "How many dollars does one win on average, the price taken off?"});
  const Int total = m.multiply("", good, win);
  const Int mean = m.divide("Expected win", total, n);
  m.answer(m.subtract("Profit", mean, cost));
  m.rationale("Expected value: each outcome times its probability, less the price.");
}

void truth(Maker& m) {
  // Who is oldest from two or three comparisons.
  const int count = m.level <= 2 ? 3 : 4;
  std::vector<std::string_view> order;
  for (int i = 0; i < count; ++i) order.push_back(m.person().name);
  std::vector<int> clues;
  for (int i = 0; i + 1 < count; ++i) clues.push_back(i);
  for (std::size_t i = clues.size(); i > 1; --i)
    std::swap(clues[i - 1], clues[static_cast<std::size_t>(m.between(0, static_cast<Int>(i) - 1))]);
  const std::string_view more = m.pick({"older", "taller", "faster", "heavier"});
  const std::string_view less = more == "older"    ? "younger"
                                : more == "taller" ? "shorter"
                                : more == "faster" ? "slower"
                                                   : "lighter";
  const std::string_view most = more == "older"    ? "oldest"
                                : more == "taller" ? "tallest"
                                : more == "faster" ? "fastest"
                                                   : "heaviest";
  const std::string_view least = more == "older"    ? "youngest"
                                 : more == "taller" ? "shortest"
                                 : more == "faster" ? "slowest"
                                                    : "lightest";
  for (const int c : clues) {
    const auto i = static_cast<std::size_t>(c);
    if (m.chance(50)) {
      m.tell("@ is @ than @.", order[i], more, order[i + 1]);
    } else {
      m.tell("@ is @ than @.", order[i + 1], less, order[i]);
    }
  }
  const bool top = m.chance(50);
  m.tell("Who is the @?", top ? most : least);
  std::string chain;
  for (const auto name : order) chain += (chain.empty() ? "" : " > ") + std::string(name);
  m.step("In order: @", chain);
  m.step("So the @ is @.", top ? most : least, top ? order.front() : order.back());
  m.rationale("Comparisons are put into one chain; its ends are the answer.");
  m.answer(std::string(top ? order.front() : order.back()));
}

const std::array families{
    Family{"independent choices", 1, 2, {"multiplication principle"}, choices},
    Family{"arrangements", 2, 3, {"permutations"}, arrangements},
    Family{"arrangements of letters", 3, 4, {"permutations with repetition"}, word_arrangements},
    Family{"choosing a team", 3, 4, {"combinations"}, committees},
    Family{"pairs", 2, 3, {"combinations", "handshake problem"}, handshakes},
    Family{"paths in a grid", 3, 4, {"lattice paths", "combinations"}, grid_paths},
    Family{"overlapping sets", 2, 3, {"venn diagrams", "inclusion-exclusion"}, sets},
    Family{"counting multiples", 2, 4, {"inclusion-exclusion", "least common multiple"}, multiples_up_to},
    Family{"probability of one draw", 1, 3, {"probability"}, probability},
    Family{"two draws", 3, 4, {"probability", "conditional probability"}, two_draws},
    Family{"dice and coins", 3, 4, {"probability", "complement"}, dice},
    Family{"expected value", 3, 4, {"expected value"}, expected_value},
    Family{"order of comparison", 1, 3, {"ordering"}, truth},
};

}  // namespace

std::span<const Family> counting_families() { return families; }

}  // namespace holdfast::generators
