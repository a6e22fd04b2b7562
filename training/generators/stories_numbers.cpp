// Numbers in words: numbers that are thought of, systems, sequences, divisors and remainders in stories, ways to
// choose, chance, sets, and short questions put in many ways.
#include <array>

#include "training/generators/catalogue.h"
#include "training/generators/tales.h"

namespace holdfast::generators {
namespace {

constexpr std::array unknowns{
    Tale{2, "x=2..60; a=2..40; b=2..40; c:=x+a-b; !c>0",
         "[Add {a} to a number and take away {b}: the result is {c}. What is the number?|I have a secret number. When "
         "it grows by {a} and then shrinks by {b}, it is {c}. Find it.|Some number, "
         "increased by {a} and decreased by {b}, gives {c}. What is it?]",
         "p = c + b; x = p - a", "{x}", "x + a - b == c", "inverse operations; linear equations"},
    Tale{2, "x=2..40; k=2..9; b=2..30; c:=k*x+b",
         "[{b} more than {k} times a number is {c}. What is the number?|{k} times my number, increased by {b}, equals "
         "{c}. Which number is mine?|If you take {k} copies of a number and {b} besides, you have {c}. What is "
         "the number?|The sum of {b} and the product of {k} and a number is {c}. Find the number.]",
         "p = c - b; x = p / k", "{x}", "k * x + b == c", "linear equations"},
    Tale{2, "x=2..40; k=2..9; b=2..30; c:=k*x-b; !c>0",
         "[{b} less than {k} times a number is {c}. What is the number?|{k} times my number, decreased by {b}, equals "
         "{c}. Which number is mine?|A number is multiplied by {k}, and {b} is taken off. That leaves {c}. Find the "
         "number.|When {k} times a number loses {b}, {c} remains. What is the number?]",
         "p = c + b; x = p / k", "{x}", "k * x - b == c", "linear equations"},
    Tale{2, "x=4..60; !x%2==0; h:=x/2; b=2..30; c:=h+b",
         "[Half of a number plus {b} is {c}. What is the number?|{b} more than half a number is {c}. Find the "
         "number.|If half of my number grows by {b}, it is {c}. What is my number?]",
         "Half: h = c - b; x = h * 2", "{x}", "x / 2 + b == c", "linear equations; fraction of a quantity"},
    Tale{3, "k=2..9; x=2..40; b=2..30; c:=k*(x+b)",
         "[{k} times the sum of a number and {b} is {c}. What is the number?|A number is increased by {b}, and the "
         "result is multiplied by {k}. That gives {c}. Find the number.|Add {b} to my number, then take that {k} "
         "times: {c}. What is my number?]",
         "s = c / k; x = s - b", "{x}", "k * (x + b) == c", "linear equations; inverse operations"},
    Tale{3, "d=2..6; e=d+1..9; x=2..30; f:=e-d; b:=x*f",
         "[{e} times a number is {b} more than {d} times the number. What is the number?|If you multiply a number by "
         "{e} instead of {d}, the result is {b} larger. Find the number.|{d} times my number and {b} more make {e} "
         "times my number. What is it?]",
         "f = e - d; x = b / f", "{x}", "e * x == d * x + b", "linear equations"},
    Tale{3, "k=2..6; s=10..90; m:=k+1; x=2..30; y:=k*x; t:=x+y",
         "[{t} is split in two parts, one {k:times} as large as the other. What is the smaller part?|A rope of {t} "
         "feet is cut so that one piece is {k:times} as long as the other. How long is the short piece?|Two bags weigh "
         "{t} kg together; one is {k:times} as "
         "heavy as the other. What does the lighter weigh?|{t} votes went to two people, one getting {k:times} as "
         "many. How many did the loser get?]",
         "Parts: m = k + 1; x = t / m", "{x}", "x + k * x == t", "linear equations; multiplicative comparison"},
    Tale{3, "x=3..60; d=2..40; y:=x+d; t:=x+y",
         "[{t} is split in two parts that differ by {d}. What is the larger part?|A board of {t} inches is sawn in "
         "two, one piece {d} inches longer. How long is the longer one?|In a vote with {t} votes, the winner had {d} "
         "more than the other. How many had the "
         "winner?|Two classes have {t} students, one {d} more than the other. How many are in the larger class?|A bat "
         "and a ball cost {t} cents, and the bat costs {d} cents more than the ball. How many cents is the bat?]",
         "Twice the larger: p = t + d; y = p / 2", "{y}", "x + x - d == t", "linear equations; additive comparison"},
    Tale{3, "x=3..40; d=2..20; e=2..20; y:=x+d; z:=y+e; t:=x+y+z; m:=d+e; k:=m+d",
         "[Three friends have {t} <smalls>. The second has {d} more than the first, the third {e} more than the "
         "second. How many has the first?|A line of {t} cm is cut in three. The second piece is {d} cm longer than the "
         "first, the third {e} cm longer than the second. How "
         "long is the first?]",
         "> The third has {d} + {e} more than the first; m = d + e; k = m + d; p = t - k; x = p / 3", "{x}",
         "x + x + d + x + d + e == t", "linear equations; additive comparison"},
    Tale{3, "x=1..300; s:=2*x+1; y:=x+1",
         "[Two consecutive numbers add up to {s}. What is the smaller?|{Ann} opens a book. The two page numbers {her} "
         "sees add up to {s}. What is the smaller one?|Two neighbors live at consecutive house numbers that sum to "
         "{s}. What is the lower number?|The sum of "
         "a number and the next one is {s}. What is the number?]",
         "p = s - 1; x = p / 2", "{x}", "x + x + 1 == s", "linear equations"},
    Tale{4, "x=4..40; k=2..5; y:=k*x; d=2..20; !y>x+2*d; p:=x+d; q:=y-d; e:=k-1; f:=q-p; g:=2*d; h:=f+g",
         "{Ann} has {k:times} as much money as {Bob}. After {Ann} gives {Bob} ${d}, {Ann} has ${f} more than {Bob}. "
         "How much did {Bob} have at first?",
         "The gift changes the difference by: g = 2 * d; Difference before: h = f + g; e = k - 1; x = h / e", "{x}",
         "k * x - d == x + d + f", "linear equations; several operations"},
    Tale{4, "x=3..30; y=3..30; a=2..6; b=2..6; n:=x+y; t:=a*x+b*y; !a>b; d:=a-b",
         "[A parking lot has {n} vehicles, some with {a} wheels and some with {b}, {t} wheels <altogether>. How many "
         "have {a} wheels?|{n} tables seat {t} guests; some seat {a}, the others {b}. How many tables seat {a}?|{Name} "
         "pay{+s} ${t} with {n} coupons, worth ${a} and ${b}. How "
         "many are worth ${a}?|A quiz has {n} questions worth {a} or {b} points, {t} points in all. How many are worth "
         "{a} points?]",
         "> If all had {b}; p = b * n; More: q = t - p; d = a - b; x = q / d", "{x}", "a * x + b * (n - x) == t",
         "systems of linear equations"},
    Tale{4, "x=2..40; y=2..40; n:=x+y; t:=5*x+10*y",
         "[{Name} {has} ${t} in five-dollar and ten-dollar bills, {n} bills <altogether>. How many are ten-dollar "
         "bills?|{n} bills, all fives and tens, make ${t}. How many tens are there?|A cash box holds {n} bills of $5 "
         "and $10 worth ${t}. How many $10 bills are in it?]",
         "> If all were fives; p = 5 * n; More: q = t - p; y = q / 5", "{y}", "10 * x + 5 * (n - x) == t",
         "systems of linear equations; money"},
    Tale{4, "t=1..4; k=2..9; o:=k*t; !o<=9; s:=t+o",
         "[The digits of a two-digit [number|house number|bus number|lottery number] add up to {s}, and the ones digit "
         "is {k:times} the tens digit. What is the number?|{Ann} thinks of a two-digit number with the digit sum {s}. "
         "Its last digit is {k:times} its first. Which number is it?|A two-digit [code|number] has digits that sum to "
         "{s}; the second is {k:times} the first. Find the number.]",
         "Parts: p = k + 1; t = s / p; o = t * k; q = t * 10; x = q + o", "{x}",
         "floor(x / 10) + x % 10 == s && x % 10 == k * floor(x / 10)", "digits; linear equations"},
    Tale{5, "w=2..20; d=1..15; l:=w+d; a:=w*l; c:=d",
         "[The product of two positive numbers is {a}, and one is {d} more than the other. What is the smaller?|A "
         "garden has {a} square m and is {d} m longer than wide. How wide is it?|{a} chairs stand in rows. Each row "
         "has {d} more chairs than there are rows. How many rows are there?|{a} is a positive number "
         "times the number {d} above it. What is the number?]",
         "> n(n + {d}) = {a}, and {w} * {l} = {a}; l = w + d; a = w * l; > So it is {w}", "{w}",
         "x * (x + d) == a && x > 0", "quadratic equations"},
};

constexpr std::array patterns{
    Tale{1, "a=2..40; d=2..12; b:=a+d; c:=b+d",
         "[{Name} count{+s} by {d}s from {a}: {a}, {b}, {c}. What comes next?|The numbers {a}, {b}, {c} go on the same "
         "way. What is the next?|House numbers along a street are {a}, {b}, {c}. What is the next house "
         "number?|Continue: {a}, {b}, {c}. Give the next number.]",
         "Step: d = b - a; x = c + d", "{x}", "x - c == c - b", "number patterns"},
    Tale{2, "d=2..12; a=30..99; b:=a-d; c:=b-d; e:=c-d; !e>d",
         "[A list goes {a}, {b}, {c}, {e}. What is the next number?|A candle is {a}, {b}, {c}, {e} mm long from hour "
         "to hour. How long is it an hour later?|Counting down: {a}, {b}, {c}, {e}. Which number follows?|What comes "
         "after {a}, {b}, {c}, {e}?]",
         "Step down: d = a - b; x = e - d", "{x}", "e - x == a - b", "number patterns"},
    Tale{2, "a=1..9; d=1..5; b:=a+d; c:=b+2*d; e:=c+3*d; f:=4*d",
         "[What is the next number: {a}, {b}, {c}, {e}?|The steps grow in {a}, {b}, {c}, {e}. What follows?|Towers of "
         "blocks have {a}, {b}, {c}, {e} blocks. How many has the next one?]",
         "> The steps are {d}, twice and three times that; The next step: f = 4 * d; x = e + f", "{x}",
         "x - e - (e - c) == b - a", "number patterns"},
    Tale{2, "a=2..20; d=2..9; n=5..15; m:=n-1",
         "[The first row has {a} seats, and each further row {d} more. How many seats has row {n}?|{Name} save{+s} "
         "${a} in week 1 and ${d} more every week after. How much is saved in week {n}?|A plant is {a} cm tall on day "
         "1 and grows {d} cm a day. How tall is it on day {n}?|A sequence starts at {a} and goes up by {d}. "
         "What is its {n:o} number?|On the first page are {a} stamps, on each next page {d} more than before. How many "
         "are on page {n}?]",
         "Steps: m = n - 1; p = m * d; x = a + p", "{x}", "x - d * (n - 1) == a", "arithmetic sequences"},
    Tale{3, "a=2..20; d=2..9; n=5..15; m:=n-1; p:=m*d; t:=a+p",
         "[A sequence starts with {a} and goes up by {d}. Which place has {t}?|Row 1 has {a} seats, each next row {d} "
         "more. Which row has {t} seats?|A jar has {a} coins on day 1 and gets {d} each day after. On which day are "
         "there {t}?]",
         "p = t - a; m = p / d; n = m + 1", "{n}", "a + d * (x - 1) == t", "arithmetic sequences"},
    Tale{3, "a=2..8; k=2..3; n=4..6; m:=n-1; p:=pow(k,m); !a*p<2000",
         "[A rumor starts with {a} people and each day {k:times} as many know it. How many know it on day {n}?|A "
         "sequence starts at {a}, and every number is {k:times} the one before. What is the {n:o} number?|A sheet of "
         "{a} dots: each new sheet has {k:times} as many dots. How many has sheet {n}?]",
         "Steps: m = n - 1; p = k ^ m; x = a * p", "{x}", "x == a * pow(k, n - 1)", "geometric sequences"},
    Tale{3, "n=4..12; a=1..10; d=1..6; m:=n-1; e:=m*d; l:=a+e; s:=a+l; p:=n*s; !p%2==0",
         "[{Name} do{+es} {a} sit-ups on day 1 and {d} more on each next day. How many is that in {n} days "
         "<altogether>?|Logs are stacked: {a} in the top row and {d} more in each row below, {n} rows. How many logs "
         "are there?|A clock rings {a} times at first, then {d} times more each time, {n} times in all. How many "
         "rings is that?]",
         "m = n - 1; e = m * d; Last: l = a + e; First and last: s = a + l; p = n * s; x = p / 2", "{x}",
         "2 * x == n * (2 * a + d * (n - 1))", "arithmetic sequences"},
    Tale{2, "n=3..30; m:=n-1; d=2..12; c=1..9; x:=m*d",
         "[{n} posts stand in a row, {d} m apart. How far is it from the first to the last?|A log is sawn into {n} "
         "pieces, {d} minutes a cut. How many minutes does it take?|A bell rings {n} times, {d} seconds between rings. "
         "How many seconds from the first to the last ring?|{n} children stand in a line, {d} feet "
         "between neighbors. How long is the line?]",
         "Gaps: m = n - 1; x = m * d", "{x}", "x / d + 1 == n", "multiplication; subtraction"},
    Tale{3, "d=2..12; m=3..30; n:=m+1; l:=m*d",
         "[Trees are planted every {d} m along a {l} m road, also at both ends. How many trees is that?|A {l} foot "
         "fence has a post every {d} feet and at both ends. How many posts are there?|Flags hang every {d} m on a {l} "
         "m rope, from end to end. How many flags hang there?]",
         "Gaps: m = l / d; > One more than gaps; n = m + 1", "{n}", "(x - 1) * d == l", "division; addition"},
    Tale{3, "g=2..12; p=2..9; q=2..9; !gcd(p,q)==1 && p!=q; a:=g*p; b:=g*q",
         "[{a} boys and {b} girls form teams that are all alike, as many as possible. How many teams are there?|Two "
         "ribbons of {a} cm and {b} cm are cut into equal pieces, as long as possible, with nothing left. How many cm "
         "is a piece?|A florist has {a} roses and {b} tulips for bunches that are all the same. What is the "
         "largest number of bunches?|A floor of {a} by {b} feet is laid with square tiles, as large as possible and "
         "none cut. How many feet is the side of a tile?|{a} apples and {b} pears go into as many equal baskets as "
         "possible, nothing left over. How many baskets?]",
         "> {a} = {g} * {p} and {b} = {g} * {q}; > {p} and {q} have no common factor, so it is {g}", "{g}",
         "x == common(a, b)", "greatest common divisor"},
    Tale{4, "g=2..12; p=2..9; q=2..9; !gcd(p,q)==1 && p!=q; a:=g*p; b:=g*q; s:=p+q; x:=p*q",
         "[Ribbons of {a} cm and {b} cm are cut into equal pieces, as long as possible, with nothing left. How many "
         "pieces are there <altogether>?|{a} boys and {b} girls form as many equal teams as possible, all alike. How "
         "many children are in a team?]",
         "> The greatest common divisor of {a} and {b} is {g}; p = a / g; q = b / g; x = p + q", "{x}",
         "x == (a + b) / common(a, b)", "greatest common divisor"},
    Tale{4,
         "p=2..12; q=2..12; r=2..12; !p<q && q<r; g:=gcd(p,q); l:=p*q/g; h:=gcd(l,r); x:=l*r/h; !x<500 && h>0 && l>q "
         "&& x>r",
         "[Three bells ring every {p}, {q} and {r} minutes. They ring together now. In how many minutes do they do so "
         "again?|Three runners need {p}, {q} and {r} minutes for a lap. They start together. After how many minutes "
         "are all three at the start again?|What is the smallest number of <smalls> that can be put in rows of {p}, "
         "of {q} and of {r} with none left?]",
         "> The least common multiple of {p} and {q} is {l}; > The greatest common divisor of {l} and {r} is {h}; m = "
         "l * r; x = m / h",
         "{x}",
         "divides(p, x) && divides(q, x) && divides(r, x) && x == (p * q / common(p, q)) * r / common(p * q / "
         "common(p, q), r)",
         "least common multiple"},
    Tale{3, "m=2..12; n=20..300; q:=n/m; x:=q",
         "[How many numbers from 1 to {n} can be divided by {m}?|Tickets are numbered 1 to {n}. Every {m:o} one wins. "
         "How many win?|Of {n} people in a line, every {m:o} gets a cap. How many caps is that?|How many multiples of "
         "{m} are there up to {n}?]",
         "q, r = n // m", "{q}", "x * m <= n && (x + 1) * m > n", "division with remainder"},
    Tale{3, "k=4..9; n=10..90; r:=n%k; !r>0",
         "[Lights change in the order 1, 2, 3 and so on up to {k}, then 1 again. Which is on at step {n}?|{k} "
         "children, numbered 1 to {k}, take turns in order. Whose turn is turn number {n}?|The digits 1 to {k} are "
         "repeated again and again in a row. Which digit is at place {n}?]",
         "q, r = n // k; > So it is {r}", "{r}", "x == n % k", "division with remainder; number patterns"},
};

constexpr std::array ways{
    Tale{1, "a=2..9; b=2..9",
         "[{Name} {has} {a} <wears> and {b} pairs of shoes. In how many ways can {he} dress?|A cafe has {a} soups and "
         "{b} desserts. How many meals of one soup and one dessert are there?|{a} roads lead from town A to B and {b} "
         "from B to C. How many ways are there from A to C over B?|A lock has a letter (one of {a}) and a digit "
         "(one of {b}). How many codes are there?|{a} boys and {b} girls are in a club. In how many ways can one boy "
         "and one girl be chosen?|Each of {a} colors comes in {b} sizes. How many kinds is that?]",
         "x = a * b", "{x}", "x / a == b", "multiplication principle"},
    Tale{2, "a=2..7; b=2..7; c=2..7",
         "[A menu has {a} starters, {b} mains and {c} desserts. How many three-course meals are possible?|A car comes "
         "in {a} colors, {b} engines and {c} trims. How many versions are there?|{Name} pack{+s} {a} <wears>, {b} "
         "pairs of pants and {c} jackets. How many outfits of all three are there?|A code has one of {a} letters, "
         "one of {b} signs and one of {c} digits. How many codes are there?]",
         "p = a * b; x = p * c", "{x}", "x / a / c == b", "multiplication principle"},
    Tale{2, "n=2..6; k=2..4; !pow(n,k)<2000",
         "[A code has {k} places, each with one of {n} signs that may repeat. How many codes are there?|{k} questions "
         "each have {n} answers to choose from. In how many ways can a test be filled in?|How many words of {k} "
         "letters can be made from {n} letters if letters may repeat?|{k} friends each choose one of {n} drinks. "
         "How many outcomes are there?]",
         "x = n ^ k", "{x}", "x == pow(n, k)", "multiplication principle; exponents"},
    Tale{3, "n=4..16; a:=n-1; b:=n-2; p:=n*a; x:=p*b",
         "[In how many ways can gold, silver and bronze go to {n} [runners|swimmers|teams|singers]?|From {n} members a "
         "president, a secretary and a treasurer are chosen, nobody twice. In how many ways?|How many codes of 3 "
         "different signs can be made from {n} signs?|{n} books, three places on a shelf: in how many ways can it be "
         "filled?]",
         "a = n - 1; b = n - 2; p = n * a; x = p * b", "{x}", "x == orders(n, 3)", "permutations"},
    Tale{3, "n=4..12; m:=n-1; p:=n*m; c=2..60",
         "[{n} people at a table all clink glasses once with each other. How many clinks is that?|Each of {n} teams "
         "plays every other team once. How many games are there?|{n} towns are each joined to every other by a road. "
         "How many roads are there?|How many lines can be drawn through pairs of {n} points, no three in a "
         "line?|{Name} choose{+s} 2 "
         "of {n} ice cream flavors. How many choices are there?|{n} friends send each other one photo for each pair. "
         "How many pairs are there?]",
         "m = n - 1; p = n * m; > Each pair is counted twice; x = p / 2", "{x}", "x == choose(n, 2)", "combinations"},
    Tale{3, "n=4..10; m:=n-1; l:=n-2; p:=n*m; q:=p*l",
         "[{Name} may take 3 of {n} books on a trip. How many choices are there?|A team of 3 is picked from {n} "
         "players. In how many ways?|How many triangles have their corners among {n} points, no three in a line?|A "
         "pizza gets 3 different toppings out of {n}. How many pizzas are possible?]",
         "m = n - 1; l = n - 2; p = n * m; q = p * l; > Each three is counted 6 times; x = q / 6", "{x}",
         "x == choose(n, 3)", "combinations"},
    Tale{3, "r=2..12; n:=r+2; m:=n-1",
         "[A robot goes 2 steps up and {r} steps right on a grid. In how many orders can it do that?|{Name} walk{+s} 2 "
         "blocks north and {r} blocks east. How many shortest ways are there?|How many shortest paths go along the "
         "lines of a 2 by {r} grid from one corner to the opposite one?|An ant "
         "climbs 2 edges and goes {r} edges to the right. In how many orders can it take them?|A word has 2 letters A "
         "and {r} letters B. In how many orders can they be written?]",
         "All steps: n = r + 2; > 2 of the {n} places go to the first kind; m = n - 1; p = n * m; w = p / 2", "{w}",
         "x == choose(r + 2, 2)", "lattice paths"},
    Tale{3, "a=2..9; k=2..6; d:=a; b:=k+1; x:=b",
         "[A drawer holds socks in {k} colors. How many socks must be taken in the dark to be sure of a pair of one "
         "color?|Cards come in {k} kinds. How many must {Name} draw to be certain of two of one kind?|Gloves in a box "
         "have {k} colors, all gloves fit both hands. How many must be taken to be sure of two alike?]",
         "> {k} may all be different, the next one must match; x = k + 1", "{x}", "x == k + 1", "pigeonhole principle"},
    Tale{1, "a=2..12; b=2..12; s:=a+b",
         "[A hat holds {a} white and {b} black slips. What is the probability of pulling a white one?|Of {s} tickets "
         "{a} win. What is the chance that one ticket wins?|A class has {a} girls and {b} boys. One name is drawn. How "
         "likely is it a girl?|{Name} {has} {a} <color> and {b} plain <smalls> and take{+s} one without looking. What "
         "is the chance that it is "
         "<color>?|A wheel has {s} equal fields, {a} of them red. What is the probability of red?]",
         "> {a} of {s}; reduce a / s", "{a/s}", "x * (a + b) == a && s == a + b", "probability"},
    Tale{2, "a=2..12; b=2..12; s:=a+b",
         "[Of {s} tickets {a} win. What is the probability that a ticket does not win?|A box holds {s} bulbs, {a} of "
         "them broken. What is the chance that a bulb taken at random works?|A wheel has {s} equal fields, {a} of them "
         "red. What is the probability of not red?|{a} of {s} <groups> are late. One is called at random. What is the "
         "chance that this one was not late?]",
         "Others: b = s - a; reduce b / s", "{b/s}", "x == 1 - a / s", "complement; probability"},
    Tale{1, "n=1..5; s:=6; w:=6-n; k=1..3",
         "[What is the probability of rolling [more than|a number over|a number above] {n} with [a|one] [die|fair "
         "die|normal die]?|A [fair|normal|six-sided] die is [rolled|thrown|tossed]. What is the [chance|probability] "
         "that it shows more than {n}?|{Name} roll{+s} a die and win{+s} with more than {n}. What is the "
         "[chance|probability] of a win?|A game is lost unless the die shows more than {n}. "
         "What is the probability of not losing?]",
         "Such numbers: w = 6 - n; reduce w / 6", "{w/s}", "6 * x + n == 6", "probability"},
    Tale{2, "a=2..12; s:=52; k=1..4; c:=4*k",
         "[A card is drawn from a full deck of 52. {k} of the 13 ranks count as wins, in all four suits. What is the "
         "probability of a win?|From 52 cards, {c} are good ones. {Name} draw{+s} one. What is the chance of a good "
         "one?|In a [pack|deck] of 52 cards, {Ann} [wants|hopes for|needs] one of {c} cards. What is the "
         "[probability|chance] that the [first|top|next] card is one "
         "of them?|{Bob} bets that a card drawn from 52 is one of {c} named before. How likely is that?]",
         "Wins: c = 4 * k; reduce c / 52", "{c/s}", "x * 52 == c && c == 4 * k", "probability"},
    Tale{3, "p=1..9; q=2..10; r=1..9; s=2..10; !p<q && r<s && gcd(p,q)==1 && gcd(r,s)==1; n:=p*r; m:=q*s",
         "[It rains with probability {p}/{q}, and the bus is late with probability {r}/{s}, no matter the rain. What "
         "is the probability of both?|{Ann} hits with chance {p}/{q}, {Bob} with chance {r}/{s}, independently. What "
         "is the chance that both hit?|Two machines work with the independent probabilities {p}/{q} and {r}/{s}. How "
         "likely is it that both work?]",
         "n = p * r; m = q * s; reduce n / m", "{n/m}", "x == p / q * r / s",
         "independent events; multiplying fractions"},
    Tale{4, "q=2..6; s=2..6; a:=q-1; b:=s-1; m:=q*s; c:=a*b; n:=m-c",
         "[{Ann} hits with probability 1/{q}, {Bob} with 1/{s}, independently. What is the probability that at least "
         "one hits?|Two alarms fail to ring with the independent probabilities {a}/{q} and {b}/{s}. What is the "
         "probability that at least one rings?]",
         "> Neither: {a}/{q} * {b}/{s}; c = a * b; m = q * s; At least one: n = m - c; reduce n / m", "{n/m}",
         "x == 1 - (1 - 1 / q) * (1 - 1 / s)", "complement; independent events"},
    Tale{4, "n=4..9; m=3..8; e:=n-1; p:=n*e; a:=p/2; x:=a*m",
         "[A team of 2 <groups> and 1 coach is chosen from {n} <groups> and {m} coaches. In how many ways?|{Name} "
         "take{+s} 2 of {n} books and 1 of {m} games on a trip. How many choices are there?|A meal is made of 2 "
         "different sides out of {n} and one of {m} mains. How many meals are possible?]",
         "e = n - 1; p = n * e; Pairs: a = p / 2; x = a * m", "{x}", "x == choose(n, 2) * m",
         "combinations; multiplication principle"},
    Tale{4, "a=2..9; b=2..9; s:=a+b; u:=a-1; v:=b-1; p:=a*u; q:=b*v; t:=p+q; e:=s-1; n:=s*e",
         "[A bag holds {a} red and {b} blue chips. Two are drawn together. What is the probability that they have the "
         "same color?|{a} girls and {b} boys draw lots for two prizes, one each. What is the chance that both go to "
         "girls or both to boys?|A drawer has {a} black and {b} white socks. Two are taken blindly. What is the "
         "probability of a pair?]",
         "All: s = a + b; u = a - 1; p = a * u; v = b - 1; q = b * v; t = p + q; e = s - 1; All ways: n = s * e; "
         "reduce t / n",
         "{t/n}", "x * choose(a + b, 2) == choose(a, 2) + choose(b, 2)", "probability; combinations"},
    Tale{4, "n=4..9; m:=n-1; l:=n-2; p:=n*m; q:=p*l; x:=q/2",
         "[From {n} <groups> a leader and two equal helpers are chosen. In how many ways?|{n} dishes: one is the main "
         "course and two others go beside it in any order. How many "
         "choices are there?]",
         "m = n - 1; l = n - 2; p = n * m; q = p * l; > Two of them are equal; x = q / 2", "{x}",
         "x == n * choose(n - 1, 2)", "combinations; permutations"},
    Tale{4, "k=2..3; q:=pow(6,k); w:=pow(5,k); n:=q-w; g=2..6",
         "[A die is rolled {k} times. What is the probability of at least one {g:w}?|{k} dice are thrown. How likely "
         "is it that at least one shows a {g:w}?|What is the chance that a {g:w} comes at least once in {k} rolls of a "
         "fair die?]",
         "All ways: q = 6 ^ k; Without it: w = 5 ^ k; n = q - w; reduce n / q", "{n/q}", "x == 1 - pow(5 / 6, k)",
         "complement; probability"},
    Tale{4, "a=1..12; b=2..20; c=1..9; n=2..12; !a<n; w:=n-a; d:=w*c; e:=a*b; !e>d; t:=e-d; !t%n==0; x:=t/n",
         "A wheel has {n} equal fields. On {a} of them {Name} win{+s} ${b}, on the others {he} lose{+s} ${c}. How many "
         "dollars is the gain on average in one turn?",
         "Wins: e = a * b; Others: w = n - a; Losses: d = w * c; t = e - d; x = t / n", "{x}",
         "x * n == a * b - (n - a) * c", "expected value"},
    Tale{4,
         "a=20..60; b=20..60; c=20..60; p=3..12; q=3..12; r=3..12; k=1..3; !k<p && k<q && k<r && p+r<a && p+q<b && "
         "q+r<c; u:=a+b+c; v:=p+q+r; s:=u-v; x:=s+k",
         "{a} <groups> swim, {b} ride and {c} run. {p} swim and ride, {q} ride and run, {r} swim and run, and {k} "
         "{k:does/do} all three. How many do at least one?",
         "u = a + b + c; v = p + q + r; s = u - v; x = s + k", "{x}", "x + p + q + r == a + b + c + k",
         "inclusion-exclusion"},
    Tale{2, "a=10..60; b=10..60; c=2..9; !c<a && c<b; x:=a+b-c",
         "[{a} <groups> have a dog, {b} have a cat, and {c} of them have both. How many have a dog or a cat?|{a} "
         "people read the news, {b} listen to it, {c} do both. How many do at least one?|On a list of mail, {a} "
         "letters are urgent, {b} are private and {c} are both. How many are urgent or private?]",
         "p = a + b; > Those with both are counted twice; x = p - c", "{x}", "x + c == a + b", "inclusion-exclusion"},
    Tale{3, "a=10..60; b=10..60; c=2..9; !c<a && c<b; u:=a-c; v:=b-c; x:=u+v",
         "[{a} <groups> play chess and {b} play cards, {c} of them both. How many do exactly one?|{a} guests take tea, "
         "{b} take cake, and {c} take both. How many take exactly one of the two?|{a} students study French, {b} "
         "Spanish, {c} both. How many study just one language?]",
         "Only the first: u = a - c; Only the second: v = b - c; x = u + v", "{x}", "x + 2 * c == a + b",
         "venn diagrams"},
    Tale{3, "t=30..99; n=2..20; b=10..40; c=2..9; a:=t-n-b+c; !a>c && b>c; p:=t-n",
         "[Of {t} <groups>, {n} have neither a phone nor a watch, {b} have a watch, and {c} have both. How many have a "
         "phone?|In a group of {t}, {n} eat neither fish nor meat, {b} eat meat, and {c} eat both. How many eat fish?]",
         "At least one: p = t - n; q = p - b; x = q + c", "{x}", "x + b - c + n == t",
         "venn diagrams; several operations"},
};

constexpr std::array questions{
    Tale{1, "a=11..99; b=11..99",
         "[What do {a} and {b} add up to?|How much is {a} and {b} together?|Work out {a} + {b}.|{a} increased by {b} "
         "is what?|What number is {b} more than {a}?|Give the sum of {a} and {b}.|Put {a} and {b} together.|If I add "
         "{b} to {a}, what do I get?]",
         "x = a + b", "{x}", "x - a == b", "addition"},
    Tale{1, "x=5..80; b=5..60; a:=x+b",
         "[What is left of {a} after taking {b} away?|{a} decreased by {b} is what?|What number is {b} below {a}?|How "
         "far is it from {b} to {a}?|What must be added to {b} to make {a}?|Work out {a} - {b}.|By how much does {a} "
         "exceed {b}?|If I take {b} from {a}, what remains?]",
         "x = a - b", "{x}", "x + b == a", "subtraction"},
    Tale{1, "a=3..25; b=3..12",
         "[What are {b} lots of {a}?|Work out {a} times {b}.|What is {a} taken {b} times?|How much is {b} multiplied "
         "by {a}?|Find the product of {a} and {b}.|{b} sets of {a} make how many?|If I multiply {a} by {b}, what do I "
         "get?]",
         "x = a * b", "{x}", "x / a == b", "multiplication"},
    Tale{1, "b=2..12; x=3..25; a:=b*x",
         "[What is {a} split {b} ways?|Share {a} equally among {b}.|How often does {b} go into {a}?|Work out {a} "
         "divided by {b}.|What is the quotient of {a} and {b}?|How many groups of {b} make {a}?|{a} is {b} times what "
         "number?|Which number times {b} makes {a}?]",
         "x = a / b", "{x}", "x * b == a", "division"},
    Tale{1, "k=1..19; p:=5*k; j=1..30; a:=20*j",
         "[Work out {p}% of {a}.|What does {p} percent of {a} come to?|Take {p}% of {a}.|How much is {p} percent of "
         "{a}?|If you take {p}% of {a}, what do you get?|{p}% of {a} is what number?|What amount is {p}% of {a}?]",
         "x = p % a", "{x}", "x / a == p / 100", "percent"},
    Tale{1, "q=2..9; k=1..q-1; u=2..20; a:=q*u; !gcd(k,q)==1",
         "[Work out {k}/{q} of {a}.|How much is {k}/{q} of {a}?|Take {k}/{q} of {a}.|What number is {k}/{q} of {a}?|If "
         "{a} is cut in {q} equal parts, how much are {k} of them?]",
         "u = a / q; x = u * k", "{x}", "x * q == k * a", "fraction of a quantity"},
    Tale{2, "g=2..12; p=1..9; q=2..12; !p<q && gcd(p,q)==1; a:=g*p; b:=g*q",
         "[Cancel {a}/{b} down.|Bring {a}/{b} to its simplest form.|What is {a}/{b} in lowest terms?|Express {a}/{b} "
         "as simply as you can.|Which simplest fraction equals {a}/{b}?|{a} out of {b}, as a fraction in lowest "
         "terms?|Make {a}/{b} as simple as possible.]",
         "reduce a / b", "{a/b}", "x == a / b", "equivalent fractions; greatest common divisor"},
    Tale{2, "a=2..9; x=2..20; b=1..30; c:=a*x+b",
         "[Find x: {a}x + {b} = {c}|{a}x + {b} = {c}. Solve for x.|Which x makes {a}x + {b} equal to {c}?|When is {a}x "
         "+ {b} equal to {c}? Give x.|Determine x from {a}x + {b} = {c}.|Let {b} + {a}x = {c}. What is x?|What value "
         "of x satisfies {a}x + {b} = {c}?]",
         "> {a}x = {c} - {b}; p = c - b; x = p / a", "{x}", "a * x + b == c", "linear equations"},
    Tale{2, "a=2..9; x=2..20; b=1..30; c:=a*x-b; !c>0",
         "[Find x: {a}x - {b} = {c}|{a}x - {b} = {c}. Solve for x.|Which x makes {a}x - {b} equal to {c}?|Determine x "
         "from {a}x - {b} = {c}.|What value of x satisfies {a}x - {b} = {c}?|Let {a}x - {b} = {c}. Find x.]",
         "> {a}x = {c} + {b}; p = c + b; x = p / a", "{x}", "a * x - b == c", "linear equations"},
    Tale{3, "a=3..12; c=1..a-1; x=1..15; b=1..40; e:=a-c; d:=a*x+b-c*x",
         "[Find x: {a}x + {b} = {c:x}x + {d}|Which x makes {a}x + {b} and {c:x}x + {d} the same?|Determine x from {a}x "
         "+ {b} = {c:x}x + {d}.|What value of x satisfies {c:x}x + {d} = {a}x + {b}?]",
         "> {e:x}x = {d} - {b}; e = a - c; p = d - b; x = p / e", "{x}", "a * x + b == c * x + d", "linear equations"},
    Tale{3, "a=2..9; x=2..20; b=1..15; !x>b; c:=a*(x-b)",
         "[Solve {a}(x - {b}) = {c}.|Find x: {a}(x - {b}) = {c}|If {a}(x - {b}) = {c}, what is x?|Which x gives {a}(x "
         "- {b}) = {c}?|{a} times the difference of x and {b} is {c}. What is x?]",
         "d = c / a; x = d + b", "{x}", "a * (x - b) == c", "linear equations"},
    Tale{2, "b=2..9; c=2..15; x:=b*c; d=1..20; e:=c-d; !e>0",
         "[Solve x/{b} - {d} = {e}.|Find x: x/{b} - {d} = {e}|If x/{b} - {d} = {e}, what is x?|A number over {b}, less "
         "{d}, is {e}. What is the number?]",
         "c = e + d; x = c * b", "{x}", "x / b - d == e", "linear equations"},
    Tale{2, "a=-9..9; b=-9..9; c=2..6; !a<0 && b!=0 && b<0",
         "[Work out {a} * {c} + ({b}).|What is {a} * {c} + ({b})?|Evaluate {a} * {c} + ({b}).|Compute {a} * {c} + "
         "({b}).|Multiply {a} by {c}, then add {b}. What do you get?]",
         "p = a * c; x = p + b", "{x}", "x - b == a * c", "negative numbers; order of operations"},
    Tale{1, "a=2..20; b=2..9; c=2..9",
         "[Work out {a} + {b} * {c}.|What is {a} + {b} * {c}?|Evaluate {a} + {b} * {c}.|{a} plus the product of {b} "
         "and {c}: what is it?|Compute {a} + {b} * {c} in the right order.]",
         "p = b * c; x = a + p", "{x}", "x - a == b * c", "order of operations"},
    Tale{2, "b=2..9; c=2..9; d=2..9; k=2..9; a:=d*k; e=1..30",
         "[Work out {a} / {d} + {b} * {c}.|What is {a} / {d} + {b} * {c}?|Evaluate {a} / {d} + {b} * {c}.|Compute {a} "
         "/ {d} + {b} * {c}.]",
         "k = a / d; p = b * c; x = k + p", "{x}", "x == a / d + b * c", "order of operations"},
    Tale{2, "a=2..12; b=1..11; !b<a; c=2..9; e:=a-b",
         "[Work out ({a} - {b})^2 + {c}.|What is ({a} - {b})^2 + {c}?|Square the difference of {a} and {b} and add "
         "{c}. What do you get?|Evaluate ({a} - {b})^2 + {c}.]",
         "e = a - b; p = e * e; x = p + c", "{x}", "x - c == (a - b) * (a - b)", "order of operations; exponents"},
    Tale{2, "a=1001..9999; h:=a%10; !h>=5 && h>0; x:=(a+5)/10",
         "[Round {a'2} to one decimal place.|What is {a'2} to the nearest tenth?|{a'2} to one decimal|Give {a'2} with "
         "one decimal.]",
         "> The hundredths digit is {h}, so the tenths go up: {x'1}", "{x'1}", "x * 100 - a <= 5 && a - x * 100 < 5",
         "rounding"},
    Tale{1, "a=1001..99999; h:=a/100%10; !h>=5; x:=(a+500)/1000*1000",
         "[Round {a} to the nearest thousand.|What is {a} rounded to thousands?|To the nearest thousand, {a} is "
         "what?|Give {a} to the nearest 1000.]",
         "> The hundreds digit is {h}, so the thousands go up: {x}", "{x}",
         "divides(1000, x) && x - a <= 500 && a - x < 500", "rounding"},
    Tale{1, "a=1001..99999; h:=a/100%10; !h<5; x:=a/1000*1000",
         "[Round {a} to the nearest thousand.|What is {a} rounded to thousands?|To the nearest thousand, {a} is "
         "what?|Give {a} to the nearest 1000.]",
         "> The hundreds digit is {h}, so the thousands stay: {x}", "{x}",
         "divides(1000, x) && x - a <= 500 && a - x < 500", "rounding"},
    Tale{1, "a=11..999; h:=a%10; !h>=5; x:=(a+5)/10*10",
         "[Round {a} to the nearest ten.|What is {a} rounded to tens?|To the nearest ten, {a} is what?|Give {a} to the "
         "nearest 10.]",
         "> The ones digit is {h}, so the tens go up: {x}", "{x}", "divides(10, x) && x - a <= 5 && a - x < 5",
         "rounding"},
    Tale{1, "a=11..999; h:=a%10; !h<5; x:=a/10*10",
         "[Round {a} to the nearest ten.|What is {a} rounded to tens?|To the nearest ten, {a} is what?|Give {a} to the "
         "nearest 10.]",
         "> The ones digit is {h}, so the tens stay: {x}", "{x}", "divides(10, x) && x - a <= 5 && a - x < 5",
         "rounding"},
    Tale{2, "a=2..9; d=2..9; n=6..30; b:=a+d; c:=b+d; m:=n-1",
         "[What is the {n:o} term of {a}, {b}, {c}, ...?|Which number is the {n:o} in {a}, {b}, {c}, ...?|Find the "
         "{n:o} term of the arithmetic sequence {a}, {b}, {c}, ...|The sequence {a}, {b}, {c}, ... goes on. Give its "
         "{n:o} term.]",
         "Step: d = b - a; m = n - 1; p = m * d; x = a + p", "{x}", "x == a + (n - 1) * (b - a)",
         "arithmetic sequences"},
    Tale{2, "b=2..5; e=2..5; !pow(b,e)<700; c=2..9; p:=pow(b,e)",
         "[Work out {b}^{e} + {c}.|What is {b}^{e} plus {c}?|Add {c} to {b} to the power of {e}.|Evaluate {b}^{e} + "
         "{c}.|What do you get when {c} is added to {b}^{e}?]",
         "p = b ^ e; x = p + c", "{x}", "x - c == pow(b, e)", "exponents"},
    Tale{2, "x=2..15; y=2..15; a:=x*x; b:=y*y; !x!=y",
         "[What is sqrt({a}) + sqrt({b})?|Add the square roots of {a} and {b}.|What is the square root of {a} plus the "
         "square root of {b}?|Work out sqrt({a}) + sqrt({b}).]",
         "> {x} * {x} = {a} and {y} * {y} = {b}; z = x + y", "{z}", "x == sqrt(a) + sqrt(b)", "square roots"},
    Tale{3, "b=2..5; m=2..6; n=2..6; s:=m+n",
         "[Write {b}^{m} * {b}^{n} as a power of {b}. What is the exponent?|{b}^{m} times {b}^{n} is {b} to which "
         "power?|If {b}^{m} * {b}^{n} = {b}^k, what is k?]",
         "> The exponents add; s = m + n", "{s}", "x == m + n", "laws of exponents"},
    Tale{3, "b=2..5; m=2..6; n=2..6; s:=m*n",
         "[Write ({b}^{m})^{n} as a power of {b}. What is the exponent?|If ({b}^{m})^{n} = {b}^k, what is "
         "k?|({b}^{m})^{n} is {b} to which power?]",
         "> The exponents multiply; s = m * n", "{s}", "x == m * n", "laws of exponents"},
    Tale{3, "b=2..10; e=1..5; f=1..5; !pow(b,e)<2000 && pow(b,f)<2000 && e!=f; p:=pow(b,e); q:=pow(b,f); s:=e+f",
         "[What is log_{b}({p}) + log_{b}({q})?|Add the logs of {p} and {q} to base {b}.|Work out log_{b}({p}) + "
         "log_{b}({q}).|To base {b}, what is log {p} plus log {q}?]",
         "> {b}^{e} = {p} and {b}^{f} = {q}; s = e + f", "{s}", "pow(b, x) == p * q", "logarithms"},
    Tale{3, "e=0..1; f=0..1; g=0..1; h=0..1",
         "[What number is 1{e}{f}{g}{h} in base 2?|Convert the binary number 1{e}{f}{g}{h} to decimal.|1{e}{f}{g}{h} "
         "is binary. What is it in base 10?|Read 1{e}{f}{g}{h} as a binary number. What is its value?|A row of "
         "switches shows 1{e}{f}{g}{h} in binary. Which number "
         "is that?|{Name} write{+s} 1{e}{f}{g}{h}, a number in base two. What is it in the usual base ten?|What is the "
         "value of the base 2 number 1{e}{f}{g}{h}?]",
         "> Double and add the next digit, from the left; p = 1 * 2; q = p + e; r = q * 2; s = r + f; t = s * 2; u = t "
         "+ g; v = u * 2; w = v + h",
         "{w}", "x == 16 + 8 * e + 4 * f + 2 * g + h", "binary numbers"},
    Tale{3, "a=1..6; c=1..6; b=1..9; k=2..9; d:=k; p:=a*k; q:=p+b; r:=c*q",
         "[f(x) = {a:x}x + {b} and g(x) = {c:x}x. What is g(f({k}))?|If f(x) = {a:x}x + {b} and g(x) = {c:x}x, find "
         "g(f({k})).|Let f(x) = {a:x}x + {b} and g(x) = {c:x}x. Give g(f({k})).]",
         "p = a * k; q = p + b; r = c * q", "{r}", "x == c * (a * k + b)", "function composition"},
    Tale{3, "a=2..9; x=2..20; b=1..20; c:=a*x+b",
         "[f(x) = {a}x + {b}. For which x is f(x) = {c}?|If f(x) = {a}x + {b} and f(x) = {c}, what is x?|f(x) = {a}x + "
         "{b}. What is the inverse of f at {c}?|Which input gives {c} when f(x) = {a}x + {b}?]",
         "> {a}x + {b} = {c}; p = c - b; x = p / a", "{x}", "a * x + b == c", "functions; linear equations"},
    Tale{3, "p=1..9; q=1..9; !p!=q; b:=p+q; c:=p*q",
         "[What is the sum of the solutions of x^2 - {b}x + {c} = 0?|Add the roots of x^2 - {b}x + {c} = 0.|x^2 - {b}x "
         "+ {c} = 0 has two solutions. What is their sum?]",
         "> Two numbers with the sum {b} and the product {c}: {p} and {q}; x = p + q", "{x}", "x == b",
         "quadratic equations"},
    Tale{3, "p=1..9; q=1..9; b:=q-p; c:=p*q; !b>0",
         "[What is the positive solution of x^2 + {b:x}x - {c} = 0?|x^2 + {b:x}x = {c}. Which positive x fits?|Find "
         "the positive root of x^2 + {b:x}x - {c} = 0.]",
         "> ({p})({p} + {b}) = {c}: x^2 + {b:x}x - {c} = (x - {p})(x + {q}); > So x = {p}", "{p}",
         "x * x + b * x - c == 0 && x > 0", "quadratic equations"},
    Tale{2, "m=-6..9; b=1..20; t=2..9; !m!=0 && m!=1 && m!=-1; y:=m*t+b",
         "[A line has the equation y = {m}x + {b}. What is y at x = {t}?|On the line y = {m}x + {b}, which y belongs "
         "to x = {t}?|y = {m}x + {b}. Find y when x = {t}.]",
         "p = m * t; y = p + b", "{y}", "x - b == m * t", "coordinate geometry"},
    Tale{2, "a=2..30; b=2..30; c=2..30; d=2..30; m:=(a+b+c+d)/4; !(a+b+c+d)%4==0",
         "[Four numbers are {a}, {b}, {c} and {d}. What is their mean?|The temperatures were {a}, {b}, {c} and {d} "
         "degrees. What was the average?|{Name} {has} times of {a}, {b}, {c} and {d} seconds. What is the mean "
         "time?|Work out the average of {a}, {b}, {c} and {d}.]",
         "s = a + b + c + d; x = s / 4", "{x}", "4 * x == a + b + c + d", "arithmetic mean"},
    Tale{3, "m=10..60; n=4..6; a=5..60; b=5..60; c=5..60; t:=4*m; s:=a+b+c; x:=t-s; !x>0",
         "[Four numbers have the average {m}. Three of them are {a}, {b} and {c}. What is the fourth?|After scores of "
         "{a}, {b} and {c}, what must the fourth be for an average of {m}?|{Name} {has} {a}, {b} and {c} points in "
         "three games and want{+s} an average of {m} in four. What does the last game need?]",
         "Needed in all: t = 4 * m; So far: s = a + b + c; x = t - s", "{x}", "(a + b + c + x) / 4 == m",
         "arithmetic mean"},
    Tale{2,
         "p=2..13; q=3..13; !p<q && q!=4 && q!=6 && q!=8 && q!=9 && q!=10 && q!=12 && p!=4 && p!=6 && p!=8 && p!=9 && "
         "p!=10 && p!=12; n:=p*q",
         "[What is the larger prime factor of {n}?|{n} is the product of two primes. What is the larger one?|Write {n} "
         "as a product of two primes and give the larger.|Which is the greatest prime that divides {n}?]",
         "> {n} = {p} * {q}", "{q}", "prime(x) && divides(x, n) && x * x > n", "prime factorization"},
    Tale{2, "x=2..9; y=2..9; k=2..5; a:=x*k; b:=y*k; !x!=y && gcd(x,y)==1",
         "[Simplify the ratio {a}:{b}. What is its second number?|{a} to {b} in simplest form is {x} to what?|The "
         "ratio {a}:{b} equals {x}:n. What is n?]",
         "> Both are divided by {k}; y = b / k", "{y}", "x == b / common(a, b)", "ratio"},
};

void unknown(Maker& m) { tell_tale(m, unknowns); }
void pattern(Maker& m) { tell_tale(m, patterns); }
void ways_and_chances(Maker& m) { tell_tale(m, ways); }
void short_questions(Maker& m) { tell_tale(m, questions); }

constexpr std::array tables{TaleTable{"story of unknowns", unknowns}, TaleTable{"story of patterns", patterns},
                            TaleTable{"story of ways", ways}, TaleTable{"short question", questions}};

const std::array families{
    Family{"story of unknowns", 2, 5, {}, unknown},
    Family{"story of patterns", 1, 4, {}, pattern},
    Family{"story of ways", 1, 4, {}, ways_and_chances},
    Family{"short question", 1, 3, {}, short_questions},
};

}  // namespace

std::span<const TaleTable> number_tables() { return tables; }
std::span<const Family> number_story_families() { return families; }

}  // namespace holdfast::generators
