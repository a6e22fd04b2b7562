// Plane geometry: perimeters, areas, angles, right triangles, circles, coordinates, solids.
#include <algorithm>
#include <array>
#include <numeric>

#include "training/generators/catalogue.h"

namespace holdfast::generators {
namespace {

void rectangle(Maker& m) {
  const Int a = m.between(2, m.level <= 1 ? 15 : 60), b = m.between(2, m.level <= 1 ? 15 : 60);
  const std::string_view unit = m.pick({"cm", "m", "feet", "inches"});
  const std::string_view what = m.pick({"rectangle", "garden", "room", "field", "sheet of paper", "playground"});
  switch (m.level <= 1 ? m.between(0, 1) : m.between(0, 3)) {
    case 0:
      m.chose("form", 0), m.given("a", a), m.given("b", b);
      m.tell_one({"A @ is @ @ long and @ @ wide. What is its area?", "Find the area of a @ of @ @ by @ @."}, what, a,
                 unit, b, unit);
      m.answer(m.multiply("Area", a, b));
      break;
    case 1:
      m.chose("form", 1), m.given("a", a), m.given("b", b);
      m.tell_one({"A @ is @ @ long and @ @ wide. What is its perimeter?", "Find the perimeter of a @ of @ @ by @ @.",
                  "A @ measures @ @ by @ @. How long is a fence around it?"},
                 what, a, unit, b, unit);
      m.add("", a, b);
      m.answer(m.multiply("Perimeter", 2, a + b));
      break;
    case 2:
      m.chose("form", 2), m.given("area", a * b), m.given("a", a);
      m.tell_one({"A rectangle has an area of @ square @ and a length of @ @. What is its width?",
                  "The area of a rectangle is @ square @; one side is @ @. How long is the other?"},
                 a * b, unit, a, unit);
      m.answer(m.divide("", a * b, a));
      break;
    default:
      m.chose("form", 3), m.given("perimeter", 2 * (a + b)), m.given("a", a);
      m.tell_one({"The perimeter of a rectangle is @ @ and its length is @ @. What is its width?",
                  "A rectangle with perimeter @ @ has one side of @ @. Find the other side."},
                 2 * (a + b), unit, a, unit);
      m.divide("Half", 2 * (a + b), 2);
      m.answer(m.subtract("", a + b, a));
  }
  m.rationale("A rectangle of @ by @: area is the product, perimeter twice the sum.", a, b);
}

void square(Maker& m) {
  const Int a = m.between(2, m.level <= 1 ? 30 : 60);
  switch (m.between(0, 3)) {
    case 0:
      m.chose("form", 0), m.given("a", a);
      m.tell_one({"What is the area of a square with side @ cm?", "A square tile has sides of @ cm. What is its area?",
                  "Find the area of a square with side @ m."},
                 a);
      m.answer(m.multiply("", a, a));
      break;
    case 1:
      m.chose("form", 1), m.given("a", a);
      m.tell_one(
          {"What is the perimeter of a square with side @ cm?",
           "A square has a side of @ m. How long is its perimeter?", "How long is a fence around a square of side @ m?",
           "Find the perimeter of a square with sides of @ cm."},
          a);
      m.answer(m.multiply("", 4, a));
      break;
    case 2:
      m.chose("form", 2), m.given("perimeter", 4 * a);
      m.tell_one({"The perimeter of a square is @ cm. What is its area?", "A square has perimeter @ m. Find its area.",
                  "What is the area of a square whose perimeter is @ cm?"},
                 4 * a);
      m.divide("Side", 4 * a, 4);
      m.answer(m.multiply("Area", a, a));
      break;
    default:
      m.chose("form", 3), m.given("area", a * a);
      m.tell_one({"The area of a square is @ square cm. What is its perimeter?",
                  "A square has an area of @. How long is its perimeter?",
                  "Find the perimeter of a square whose area is @ square m."},
                 a * a);
      m.step("Side: @ * @ = @, so it is @", a, a, a * a, a);
      m.answer(m.multiply("Perimeter", 4, a));
  }
  m.rationale("A square of side @.", a);
}

void triangle_area(Maker& m) {
  const Int b = m.between(2, 40), h = 2 * m.between(1, 20);
  m.given("b", b), m.given("h", h);
  const bool trapezoid = m.level >= 3 && m.chance(50);
  if (trapezoid) {
    const Int c = b + m.between(2, 20);
    m.given("c", c);
    m.tell_one({"A trapezoid has parallel sides of @ cm and @ cm and a height of @ cm. What is its area?",
                "Find the area of a trapezoid with parallel sides @ and @ and height @."},
               b, c, h);
    m.add("", b, c);
    const Int twice = m.multiply("", b + c, h);
    m.answer(m.divide("Area", twice, 2));
  } else {
    m.tell_one({"A triangle has a base of @ cm and a height of @ cm. What is its area?",
                "Find the area of a triangle with base @ and height @.",
                "What is the area of a triangular sail with base @ m and height @ m?"},
               b, h);
    const Int twice = m.multiply("", b, h);
    m.answer(m.divide("Area", twice, 2));
  }
  m.rationale("Half of base times height.");
}

void right_triangle(Maker& m) {
  static constexpr std::array<std::array<Int, 3>, 8> triples{
      {{3, 4, 5}, {5, 12, 13}, {8, 15, 17}, {7, 24, 25}, {20, 21, 29}, {9, 40, 41}, {12, 35, 37}, {11, 60, 61}}};
  const auto& t = triples[static_cast<std::size_t>(m.between(0, m.level <= 2 ? 3 : 7))];
  const Int k = m.between(1, m.level <= 2 ? 8 : 5);
  Int a = t[0] * k, b = t[1] * k;
  const Int c = t[2] * k;
  if (m.chance(50)) std::swap(a, b);
  if (m.chance(50)) {
    m.chose("form", 0), m.given("a", a), m.given("b", b);
    m.tell_one({"A right triangle has legs of @ and @. How long is the hypotenuse?",
                "The legs of a right triangle are @ cm and @ cm. Find the hypotenuse.",
                "A ship sails @ km north and then @ km east. How far is it from its start, in km?",
                "A rectangle is @ by @. How long is its diagonal?",
                "Find the hypotenuse of a right triangle with legs @ and @."},
               a, b);
    m.step("@^2 + @^2 = @ + @ = @", a, b, a * a, b * b, c * c);
    m.step("@^2 = @, so it is @", c, c * c, c);
    m.answer(c);
  } else {
    m.chose("form", 1), m.given("c", c), m.given("a", a);
    m.tell_one({"A right triangle has a hypotenuse of @ and one leg of @. How long is the other leg?",
                "A right triangle has a hypotenuse of @ cm and one leg of @ cm. How long is the other leg?",
                "A ladder @ m long leans against a wall, its foot @ m from it. How high does it reach, in m?"},
               c, a);
    m.step("@^2 - @^2 = @ - @ = @", c, a, c * c, a * a, b * b);
    m.step("@^2 = @, so it is @", b, b * b, b);
    m.answer(b);
  }
  m.rationale("Pythagoras: the sides @, @ and @ form a right triangle.", a, b, c);
}

void circle(Maker& m) {
  const Int r = m.between(1, 60);
  const bool diameter = m.chance(35);
  m.given(diameter ? "diameter" : "r", diameter ? 2 * r : r);
  const std::string given = diameter ? "diameter " + text(2 * r) : "radius " + text(r);
  if (m.chance(50)) {
    m.chose("form", 0);
    m.tell_one({"What is the area of a circle with @? Give it in terms of $\\pi$.",
                "Find the area of a circle with @ in terms of pi.", "Give the area of a circle with @ in terms of pi."},
               given);
    if (diameter) m.divide("Radius", 2 * r, 2);
    m.step("@ * @ = @, so the area is @ times pi", r, r, r * r, r * r);
    m.answer((r == 1 ? "" : text(r * r)) + "\\pi");
  } else {
    m.chose("form", 1);
    m.tell_one({"What is the circumference of a circle with @? Give it in terms of $\\pi$.",
                "Find the circumference of a circle with @ in terms of pi.",
                "Give the circumference of a circle with @ in terms of pi."},
               given);
    if (diameter) m.divide("Radius", 2 * r, 2);
    m.step("2 * @ = @, so it is @ times pi", r, 2 * r, 2 * r);
    m.answer(text(2 * r) + "\\pi");
  }
  m.rationale("A circle of radius @: area pi r^2, circumference 2 pi r.", r);
}

void angles(Maker& m) {
  switch (m.level <= 1 ? m.between(0, 1) : m.between(0, 4)) {
    case 0: {
      const Int a = m.between(20, 100), b = m.between(20, 170 - a > 100 ? 70 : 170 - a);
      m.chose("form", 0), m.given("a", a), m.given("b", b);
      m.tell_one({"Two angles of a triangle are @ and @ degrees. What is the third?",
                  "A triangle has angles of @° and @°. Find the remaining angle in degrees."},
                 a, b);
      if (m.problem.statement.find("\xC2\xB0") != std::string::npos)
        m.problem.statement =
            filled("A triangle has angles of @ degrees and @ degrees. Find the remaining angle.", a, b);
      m.add("", a, b);
      m.answer(m.subtract("", 180, a + b));
      break;
    }
    case 1: {
      const bool straight = m.chance(50);
      const Int a = m.between(5, straight ? 175 : 85);
      m.chose("form", 1), m.given("a", a), m.chose("straight", straight ? 1 : 0);
      m.tell(straight ? m.pick({"Two angles on a straight line: one is @ degrees. How large is the other?",
                                "What is the supplement of an angle of @ degrees?"})
                      : m.pick({"Two angles form a right angle. One is @ degrees. How large is the other?",
                                "What is the complement of an angle of @ degrees?"}),
             a);
      m.answer(m.subtract("", straight ? 180 : 90, a));
      break;
    }
    case 2: {
      const Int n = m.between(4, 12);
      m.chose("form", 2), m.given("n", n);
      m.tell_one({"What is the sum of the interior angles of a polygon with @ sides, in degrees?",
                  "Find the sum of the angles in a polygon with @ vertices, in degrees."},
                 n);
      m.subtract("", n, 2);
      m.answer(m.multiply("", n - 2, 180));
      break;
    }
    case 3: {
      const Int n = m.pick({3, 4, 5, 6, 8, 9, 10, 12, 15, 18, 20});
      m.chose("form", 3), m.given("n", n);
      m.tell_one({"How large is each interior angle of a regular polygon with @ sides, in degrees?",
                  "What is the interior angle of a regular @-gon, in degrees?"},
                 n);
      const Int outer = m.divide("Exterior angle", 360, n);
      m.answer(m.subtract("", 180, outer));
      break;
    }
    default: {
      const Int apex = 2 * m.between(5, 80);
      m.chose("form", 4), m.given("apex", apex);
      m.tell_one(
          {"An isosceles triangle has an angle of @ degrees between its equal sides. How large is each base angle?",
           "The apex angle of an isosceles triangle is @ degrees. Find a base angle."},
          apex);
      m.subtract("", 180, apex);
      m.answer(m.divide("", 180 - apex, 2));
    }
  }
  m.rationale("Sums of angles: 180 degrees in a triangle and on a line, 360 around a polygon.");
}

void similar(Maker& m) {
  const Int a = m.between(2, 15), b = m.between(2, 15), k = m.between(2, 9);
  m.given("a", a), m.given("b", b), m.given("ka", k * a);
  if (m.chance(50)) {
    m.tell_one(
        {"Two triangles are similar. Sides of @ and @ in the first correspond to @ and x in the second. What is x?",
         "In similar triangles, a side of @ next to one of @ corresponds to @ next to x. Find x."},
        a, b, k * a);
  } else {
    m.tell("A stick of @ m casts a shadow of @ m. At the same time a tree casts... ", a, b);
    m.problem.statement = filled(
        "A stick @ m high casts a shadow of @ m. A tree is @ m high. How long is its shadow at the same time, in m?", a,
        b, k * a);
  }
  const Int factor = m.divide("Factor", k * a, a);
  m.answer(m.multiply("", factor, b));
  m.rationale("Similar figures: all lengths grow by the same factor, here @.", k);
}

void box_volume(Maker& m) {
  const Int a = m.between(2, 15), b = m.between(2, 15), c = m.between(2, 15);
  m.given("a", a), m.given("b", b);
  switch (m.level <= 2 ? 0 : m.between(0, 2)) {
    case 0:
      m.chose("form", 0), m.given("c", c);
      m.tell_one({"A box is @ cm long, @ cm wide and @ cm high. What is its volume?",
                  "Find the volume of a box of @ by @ by @.", "How many unit cubes fill a box of @ by @ by @?"},
                 a, b, c);
      m.multiply("", a, b);
      m.answer(m.multiply("Volume", a * b, c));
      break;
    case 1: {
      m.chose("form", 1), m.given("c", c);
      m.tell_one({"A box is @ cm long, @ cm wide and @ cm high. What is its surface area?",
                  "Find the surface area of a box of @ by @ by @."},
                 a, b, c);
      const std::array<Int, 3> faces{m.multiply("", a, b), m.multiply("", b, c), m.multiply("", a, c)};
      const Int half = m.add("", faces);
      m.answer(m.multiply("Surface", 2, half));
      break;
    }
    default:
      m.chose("form", 2), m.given("volume", a * b * c);
      m.tell_one({"A tank with a base of @ cm by @ cm holds @ cubic cm of water. How high does the water stand, in cm?",
                  "The base of a box is @ by @, its volume @. What is its height?"},
                 a, b, a * b * c);
      m.multiply("Base", a, b);
      m.answer(m.divide("Height", a * b * c, a * b));
  }
  m.rationale("A box of @ by @ by @.", a, b, c);
}

void coordinates(Maker& m) {
  const Int x1 = m.between(-9, 9), y1 = m.between(-9, 9);
  switch (m.between(0, 2)) {
    case 0: {
      static constexpr std::array<std::array<Int, 3>, 4> triples{{{3, 4, 5}, {6, 8, 10}, {5, 12, 13}, {8, 15, 17}}};
      const auto& t = triples[static_cast<std::size_t>(m.between(0, 3))];
      const Int dx = m.chance(50) ? t[0] : -t[0], dy = m.chance(50) ? t[1] : -t[1];
      m.chose("form", 0), m.given("x1", x1), m.given("y1", y1), m.given("x2", x1 + dx), m.given("y2", y1 + dy);
      m.tell_one({"What is the distance between (@, @) and (@, @)?", "Find the distance from (@, @) to (@, @)."}, x1,
                 y1, x1 + dx, y1 + dy);
      m.subtract("", x1 + dx, x1);
      m.subtract("", y1 + dy, y1);
      m.step("@ + @ = @, and @^2 = @", dx * dx, dy * dy, t[2] * t[2], t[2], t[2] * t[2]);
      m.answer(t[2]);
      break;
    }
    case 1: {
      const Int x2 = x1 + 2 * m.between(-8, 8), y2 = y1 + 2 * m.between(-8, 8);
      m.chose("form", 1), m.given("x1", x1), m.given("y1", y1), m.given("x2", x2), m.given("y2", y2);
      m.tell_one(
          {"What is the midpoint of (@, @) and (@, @)?", "Find the midpoint of the segment from (@, @) to (@, @)."}, x1,
          y1, x2, y2);
      m.add("", x1, x2);
      m.divide("", x1 + x2, 2);
      m.add("", y1, y2);
      m.divide("", y1 + y2, 2);
      m.answer("(" + text((x1 + x2) / 2) + ", " + text((y1 + y2) / 2) + ")");
      break;
    }
    default: {
      Int dx = m.between(1, 6), slope = m.between(-6, 6);
      const Int x2 = x1 + dx, y2 = y1 + slope * dx;
      m.chose("form", 2), m.given("x1", x1), m.given("y1", y1), m.given("x2", x2), m.given("y2", y2);
      m.tell_one({"What is the slope of the line through (@, @) and (@, @)?",
                  "Find the slope of the line from (@, @) to (@, @)."},
                 x1, y1, x2, y2);
      m.subtract("", y2, y1);
      m.subtract("", x2, x1);
      m.answer(m.divide("Slope", y2 - y1, dx));
    }
  }
  m.rationale("Points in the plane: differences of coordinates give distance, midpoint and slope.");
}

const std::array families{
    Family{"rectangle", 1, 3, {"area of a rectangle", "perimeter"}, rectangle},
    Family{"square", 1, 3, {"area of a square", "perimeter"}, square},
    Family{"triangle and trapezoid area", 2, 3, {"area of a triangle"}, triangle_area},
    Family{"right triangle", 2, 4, {"pythagorean theorem"}, right_triangle},
    Family{"circle", 2, 3, {"circles"}, circle},
    Family{"angles", 1, 3, {"angles", "polygons"}, angles},
    Family{"similar triangles", 2, 3, {"similar triangles", "ratio"}, similar},
    Family{"boxes", 2, 3, {"volume", "surface area"}, box_volume},
    Family{"coordinates", 2, 4, {"coordinate geometry", "slope"}, coordinates},
};

}  // namespace

std::span<const Family> geometry_families() { return families; }

}  // namespace holdfast::generators
