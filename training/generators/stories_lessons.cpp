// What teachers ask aloud: one idea of the lesson each, in the many ways in which it is put, with and without a story.
#include <array>

#include "training/generators/catalogue.h"
#include "training/generators/tales.h"

namespace holdfast::generators {
namespace {

constexpr std::array lessons{
    // percents, fractions, ratios
    Tale{1, "k=1..19; p:=5*k; j=1..25; a:=20*j",
         "[Calculate {p}% of {a}.|How much is {p} percent of {a}?|Work out {p}% of {a}.|What number is {p}% of "
         "{a}?|{p}% of {a} equals what?|If "
         "{a} is 100%, how much is {p}%?|Take {p}% of {a}. What do you get?|A test has {a} points. How many points are "
         "{p}%?]",
         "x = p % a", "{x}", "100 * x == a * p", "percent"},
    Tale{2, "k=1..19; p:=5*k; j=1..25; a:=20*j; s:=a*p/100; x:=a+s",
         "[Increase {a} by {p}%.|What do you get if {a} grows by {p}%?|What is {a} plus {p}% of itself?|A number is "
         "{p}% more than {a}. What is it?|{a} raised by {p} "
         "percent is what?|Add {p}% to {a}.|The number of members rose from {a} by {p}%. How many are there now?]",
         "s = p % a; x = a + s", "{x}", "100 * x == a * (100 + p)", "percent; addition"},
    Tale{2, "k=1..18; p:=5*k; j=1..25; a:=20*j; s:=a*p/100; x:=a-s",
         "[Decrease {a} by {p}%.|What do you get if {a} shrinks by {p}%?|What is {a} less {p}% of itself?|A number is "
         "{p}% less than {a}. What is it?|{a} lowered by {p} "
         "percent is what?|Take {p}% off {a}.|A herd of {a} became {p}% smaller. How many animals are left?]",
         "s = p % a; x = a - s", "{x}", "100 * x == a * (100 - p)", "percent; subtraction"},
    Tale{2, "k=1..19; p:=5*k; j=1..20; a:=20*j; n:=p*j/5; !n>1",
         "[What percent of {a} is {n}?|{n} out of {a}: how many percent?|Express {n} of {a} as a percentage.|{n} of "
         "the {a} <groups> are left-handed. What percentage is that?|"
         "A team won {n} of its {a} games. What percent did it win?|{Name} got {n} marks out of {a}. What is that in "
         "percent?|Which percentage is {n} from {a}?]",
         "c = n * 100; x = c / a", "{x}\\%", "x * a == 100 * n", "percent"},
    Tale{2, "k=1..19; p:=5*k; j=1..20; a:=20*j; n:=p*j/5; !n>1",
         "[{p}% of the <groups> in a school are left-handed, and that is {n} of them. How many <groups> are there?|{n} "
         "is {p}% of which number?|If {p}% of a quantity is {n}, how "
         "large is the quantity?|{Name} answered {n} questions right, which is {p}% of all. How many questions were "
         "there?|A team won {n} games, {p}% of those it played. How many did it "
         "play?|The down payment of {p}% is ${n}. What is the full price?]",
         "c = n * 100; x = c / p", "{x}", "x * p == 100 * n", "percent; inverse operations"},
    Tale{1, "q=2..12; u=2..12; a:=q*u; k=1..q-1; !gcd(k,q)==1; x:=u*k",
         "[Find {k}/{q} of {a}.|How much is {k}/{q} of {a}?|Work out {k}/{q} of {a}.|{k}/{q} of {a} is what "
         "number?|Take {k}/{q} of {a}.|{k}/{q} of the {a} <groups> are here. How many is "
         "that?|What do you get if you take {k}/{q} from a bag of {a} <smalls>: how many <smalls>?]",
         "One part: u = a / q; x = u * k", "{x}", "x * q == a * k", "fraction of a quantity"},
    Tale{2, "a=1..8; b=1..8; n=3..12; s:=a+b; !s<n",
         "[{a}/{n} + {b}/{n}|Add {a}/{n} and {b}/{n}.|What is {a}/{n} plus {b}/{n}?|{Name} ate {a}/{n} of a pie and "
         "{Bob} ate {b}/{n}. What fraction did they eat together?|A jug is filled with {a}/{n} "
         "of a liter and then {b}/{n} of a liter. What part of a liter is in it?]",
         "s = a + b; reduce s / n", "{s/n}", "x == (a + b) / n", "adding fractions"},
    Tale{2, "n=3..12; a=2..11; b=1..a-1; !a<n; d:=a-b",
         "[{a}/{n} - {b}/{n}|Subtract {b}/{n} from {a}/{n}.|What is {a}/{n} minus {b}/{n}?|{a}/{n} of a cake is left. "
         "{Name} eat{+s} {b}/{n} of the cake. What fraction is left then?|A tank is {a}/{n} full. "
         "{b}/{n} of the tank is used. How full is it now?]",
         "d = a - b; reduce d / n", "{d/n}", "x == (a - b) / n", "adding fractions"},
    Tale{1, "n=2..12; k=1..n-1; d:=n-k",
         "[{k}/{n} of a pizza is eaten. What fraction is left?|{Name} {has} read {k}/{n} of a book. What fraction "
         "remains?|1 - {k}/{n}|What is 1 minus {k}/{n}?|{k}/{n} of the <groups> are boys. What fraction are "
         "not boys?|A wall is {k}/{n} painted. Which fraction is not painted yet?]",
         "> The whole is {n}/{n}; d = n - k; reduce d / n", "{d/n}", "x == 1 - k / n", "adding fractions"},
    Tale{2, "p=2..7; q=2..9; !gcd(p,q)==1 && p!=q; k=2..12; a:=p*k; b:=q*k",
         "[Simplify the ratio {a}:{b}. Give it as a fraction.|There are {a} boys and {b} girls. What is the ratio of "
         "boys to girls, as a fraction in lowest terms?|What is the ratio of {a} to {b}, as a reduced "
         "fraction?|Write {a} out of {b} as a fraction in lowest terms.|Reduce the fraction {a}/{b}.]",
         "reduce a / b", "{a/b}", "x == a / b", "ratio; equivalent fractions"},
    // numbers
    Tale{1, "a=12..999; b=12..999; x:=a+b",
         "[What do {a} and {b} make together?|Add {a} and {b}.|Find the sum of {a} and {b}.|{a} plus {b} is how "
         "much?|What is {b} more than {a}?|Increase {a} by {b}.|What is the total of {a} and {b}?|How much is {a} "
         "and {b} together?]",
         "x = a + b", "{x}", "x - a == b", "addition"},
    Tale{1, "b=12..499; x=5..499; a:=b+x",
         "[How much is {a} take away {b}?|What is left when {b} is taken from {a}?|{a} minus {b} is how much?|By how "
         "much is {a} greater than {b}?|Decrease {a} by {b}.|How far is it from {b} to {a} on the number "
         "line?|What must be added to {b} to make {a}?|Find the difference of {a} and {b}.]",
         "x = a - b", "{x}", "x + b == a", "subtraction"},
    Tale{1, "a=3..30; b=3..30; x:=a*b",
         "[What is {a} times {b}?|Multiply {a} by {b}.|How much is {a} multiplied by {b}?|Find the product of {a} and "
         "{b}.|What are {a} lots of {b}?|{a} * {b}|{b} taken {a} times is what?|What is the value of {a} x {b}?]",
         "x = a * b", "{x}", "x / a == b", "multiplication"},
    Tale{1, "b=2..12; x=3..60; a:=b*x",
         "[How much is {a} divided by {b}?|Divide {a} by {b}.|What is {a} split into {b} equal parts?|How often does "
         "{b} go into {a}?|{a} / {b}|What is one {b:o} of {a}?|Which number times {b} is {a}?|Share {a} equally by "
         "{b}. What "
         "is one share?]",
         "x = a / b", "{x}", "x * b == a", "division"},
    Tale{2, "a=2..20; b=2..12; c=2..12; p:=b*c; x:=a+p",
         "[What is {a} + {b} * {c}?|Calculate {a} + {b} * {c}.|{a} + {b} x {c}|Add {a} to the product of {b} and "
         "{c}.|What is {a} more than {b} times {c}?|First multiply {b} by {c}, then add {a}. What is the result?]",
         "p = b * c; x = a + p", "{x}", "x - b * c == a", "order of operations"},
    Tale{2, "b=2..12; c=2..12; a=2..40; p:=b*c; x:=p-a; !x>0",
         "[What is {b} * {c} - {a}?|Subtract {a} from the product of {b} and {c}.|What is {a} less than {b} times "
         "{c}?|Multiply {b} by {c} and take away {a}. What is left?|Work out {b} times {c} minus {a}.]",
         "p = b * c; x = p - a", "{x}", "x + a == b * c", "order of operations"},
    Tale{2, "a=2..20; b=2..20; c=2..9; s:=a+b; x:=s*c",
         "[What is ({a} + {b}) * {c}?|Multiply the sum of {a} and {b} by {c}.|Add {a} and {b}, then multiply by {c}. "
         "What do you get?|What is {c} times the sum of {a} and {b}?|{c} * ({a} + {b})]",
         "s = a + b; x = s * c", "{x}", "x / c - b == a", "order of operations"},
    Tale{2, "c=2..9; x=2..20; b=2..20; s:=c*x; a:=s+b",
         "[What is ({a} - {b}) / {c}?|Subtract {b} from {a} and divide the result by {c}.|Divide the difference of {a} "
         "and {b} by {c}.|Take {b} away from {a}. How much is the rest divided by {c}?]",
         "s = a - b; x = s / c", "{x}", "x * c + b == a", "order of operations"},
    Tale{2, "a=2..12; b=2..12; !a!=b; p:=a*a; q:=b*b; x:=p+q",
         "[What is {a}^2 + {b}^2?|Add the squares of {a} and {b}.|Find the sum of the squares of {a} and {b}.|{a} "
         "squared plus {b} squared is what?|Square {a} and {b} and add the results.]",
         "p = a * a; q = b * b; x = p + q", "{x}", "x - a * a == b * b", "exponents; addition"},
    Tale{2, "b=2..9; a=b+1..14; p:=a*a; q:=b*b; x:=p-q",
         "[What is {a}^2 - {b}^2?|Subtract the square of {b} from the square of {a}.|{a} squared minus {b} squared is "
         "what?|By how much is the square of {a} larger than the square of {b}?]",
         "p = a * a; q = b * b; x = p - q", "{x}", "x == (a - b) * (a + b)", "exponents; subtraction"},
    Tale{1, "a=2..40; h:=2*a; x:=a*2",
         "[What is the double of {a}?|Twice {a} is how much?|What number is twice {a}?|{Name} {has} {a} <smalls>, and "
         "{Bob} has twice as many. How many does {Bob} have?|If {a} is doubled, what is the result?]",
         "x = a * 2", "{x}", "x - a == a", "multiplication"},
    Tale{2, "a=2..20; b=3..30; !b>a; x:=b-a",
         "[What is {a} - {b}?|Calculate {a} minus {b}.|{a} take away {b}|Subtract {b} from {a}. The result is below "
         "zero.|The temperature is {a} degrees and drops by {b}. What is it then?]",
         "x = b - a; > {a} is the smaller one, so it is -{x}", "-{x}", "x == a - b", "negative numbers"},
    Tale{
        2, "p=2..12; q=2..12; !p<q && gcd(p,q)<q; g:=gcd(p,q); !p*q/g>q; x:=p*q/g",
        "[What is the least common multiple of {p} and {q}?|Find the smallest number that {p} and {q} both divide.|LCM "
        "of {p} and {q}?|Which is the first number in both the {p} times table and the {q} times table?|The smallest "
        "common multiple of {p} and {q} is what?]",
        "> The greatest common divisor of {p} and {q} is {g}; m = p * q; x = m / g", "{x}", "x == p * q / common(p, q)",
        "least common multiple"},
    Tale{2, "g=2..15; p=2..7; q=2..7; !p<q && gcd(p,q)==1; a:=g*p; b:=g*q",
         "[What is the greatest common divisor of {a} and {b}?|Find the largest whole number that divides {a} and "
         "{b}.|GCD of {a} and {b}?|Which is the biggest number by which both {a} and {b} can be divided?|The highest "
         "common factor of {a} and "
         "{b} is what?]",
         "> {a} = {g} * {p} and {b} = {g} * {q}; > {p} and {q} have no common factor, so it is {g}", "{g}",
         "x == common(a, b)", "greatest common divisor"},
    Tale{2, "b=3..12; q=2..20; r=1..b-1; a:=b*q+r",
         "[What is the remainder of {a} divided by {b}?|Divide {a} by {b} and give the remainder.|What is left over if "
         "{a} is divided by {b}?|{a} things in groups of {b}: how many are left over?|Find {a} mod {b}.|If you count "
         "down from {a} in steps "
         "of {b}, which number below {b} do you reach?]",
         "q, r = a // b", "{r}", "x == a % b", "division with remainder"},
    Tale{1, "a=101..999; h:=a/100; t:=a/10%10; o:=a%10; !o!=0 && t!=0; s:=h+t; x:=s+o",
         "[What is the sum of the digits of {a}?|Add the digits of {a}.|Find the digit sum of {a}.|The digits of {a} "
         "are added. What is the sum?|What do you get if you add up the digits of {a}?]",
         "x = h + t + o", "{x}", "x == floor(a / 100) + floor(a / 10) % 10 + a % 10", "digit sums"},
    // data
    Tale{1, "a=2..60; b=2..60; c=2..60; d=2..60; h:=max(max(a,b),max(c,d)); l:=min(min(a,b),min(c,d)); x:=h-l; !x>0",
         "[What is the range of {a}, {b}, {c} and {d}?|The temperatures were {a}, {b}, {c} and {d} degrees. What is "
         "the range?|Find the range of the numbers {a}, {b}, {c}, {d}.|The players scored {a}, {b}, {c} and {d} "
         "points. By how much is the highest score "
         "above the lowest? That is the range.]",
         "> The largest is {h}, the smallest {l}; x = h - l", "{x}",
         "(x >= a - b) && (x >= b - a) && (x >= c - d) && (x >= d - c) && (x >= a - c) && (x >= c - a) && (x >= b - d) "
         "&& (x >= d - b) && (x >= a - d) && (x >= d - a) && (x >= b - c) && (x >= c - b) && (x == a - b || x == b - a "
         "|| x == c - d || x == d - c || x == a - c || x == c - a || x == b - d || x == d - b || x == a - d || x == d "
         "- a || x == b - c || x == c - b)",
         "range of data"},
    Tale{2, "a=2..30; b=a+1..40; c=b+1..50; d=c+1..60; e=d+1..70",
         "[What is the median of {d}, {a}, {e}, {c} and {b}?|Find the median of {b}, {e}, {c}, {a}, {d}.|Five children "
         "are {c}, {e}, {a}, {b} and {d} years old. What is their median age?|The scores were {e}, {b}, {d}, {a} and "
         "{c}. What is the median score?|Which "
         "number is in the middle when {d}, {b}, {a}, {e} and {c} are put in order?]",
         "> In order: {a}, {b}, {c}, {d}, {e}; > The middle one is {c}", "{c}", "x == middle(a, b, c, d, e)",
         "median and mode"},
    Tale{2, "a=2..30; b=a+1..40; c=b+1..50; d=c+1..60; s:=b+c; !s%2==0; x:=s/2",
         "[What is the median of {d}, {a}, {c} and {b}?|Find the median of {b}, {d}, {c}, {a}.|Four bags weigh {c}, "
         "{a}, {b} and {d} kg. What is the median weight?|The scores were {c}, {b}, {d} and {a}. What is the median?]",
         "> In order: {a}, {b}, {c}, {d}; s = b + c; > Half way between the two in the middle; x = s / 2", "{x}",
         "x == middle(a, b, c, d)", "median and mode"},
    Tale{
        2, "a=2..30; b=2..30; c=2..30; !a!=b && b!=c && a!=c",
        "[What is the mode of {a}, {b}, {a}, {c} and {a}?|Which number occurs most often in {b}, {a}, {c}, {a}? Give "
        "the mode.|Find the mode of {c}, {a}, {b}, {a}, {a}.|The shoe sizes are {a}, {b}, {a}, {c}. What is the mode?]",
        "> {a} stands there most often", "{a}", "x == a", "median and mode"},
    Tale{
        1, "k=1..5; n:=6; x:=k",
        "[A die is rolled once. What is the probability of getting a number not larger than {k}?|What is the chance of "
        "rolling at most {k} with one die?|A fair die is thrown. What is the probability that it shows {k} or less?]",
        "> {k} of 6 faces; reduce k / n", "{k/n}", "x == k / 6", "probability"},
    Tale{1, "n=5..40; k=1..n-1",
         "[There are {n} cards numbered from 1 to {n}. One is drawn at random. What is the probability that its number "
         "is at most {k}?|Of {n} equal balls in a bag {k} are red. What is the probability of drawing a red one?|{k} "
         "of {n} raffle tickets win. What is the "
         "chance that one ticket drawn at random wins?|A wheel has {n} equal fields, {k} of them blue. What is the "
         "probability of blue?|{k} out of {n} keys open the door. {Name} take{+s} one without looking. What is the "
         "probability that it opens the door?]",
         "> {k} of {n}; reduce k / n", "{k/n}", "x == k / n", "probability"},
    // shapes
    Tale{2, "a=2..30; b=2..30; !a*b%2==0; p:=a*b; x:=p/2",
         "[What is the area of a triangle with base {a} cm and height {b} cm?|A triangle has a base of {a} m and a "
         "height of {b} m. Find its area.|A triangular flag is {a} cm wide at the bottom and {b} cm high. What is its "
         "area?|How large is a triangle whose base "
         "is {a} and whose height is {b}?|Find the area of a right triangle with legs of {a} cm and {b} cm.]",
         "p = a * b; > Half of it; x = p / 2", "{x}", "2 * x == a * b", "area of a triangle"},
    Tale{1, "a=20..80; b=20..80; s:=a+b; x:=180-s",
         "[Two angles of a triangle are {a} and {b} degrees. How large is the third?|A triangle has angles of {a} and "
         "{b} degrees. Find the missing angle.|In a triangle one angle is {a} degrees and another {b} degrees. What is "
         "the last one?|The angles of a triangle "
         "add up to 180 degrees. Two are {a} and {b}. What is the third?]",
         "s = a + b; x = 180 - s", "{x}", "a + b + x == 180", "angles"},
    Tale{1, "a=10..170; x:=180-a",
         "[Two angles on a straight line: one is {a} degrees. What is the other?|An angle of {a} degrees and another "
         "make a straight angle. How large is the other?|What angle must be added to {a} degrees to get 180 degrees?]",
         "x = 180 - a", "{x}", "a + x == 180", "angles"},
    Tale{2, "a=2..12; p:=a*a; x:=p*a",
         "[What is the volume of a cube with an edge of {a} cm?|A cube is {a} cm wide. Find its volume.|How many small "
         "cubes of 1 cm make a cube with an edge of {a} cm?|A cube-shaped box has edges of {a} inches. How many cubic "
         "inches does it hold?]",
         "p = a * a; x = p * a", "{x}", "x == pow(a, 3)", "volume"},
    Tale{2, "k=2..6; m=1..3; a:=3*k; b:=4*k; p:=a*a; q:=b*b; s:=p+q; x:=5*k",
         "[The legs of a right triangle are {a} cm and {b} cm. How long is the hypotenuse?|{Name} walk{+s} {a} m east "
         "and {b} m north. How far {is} {he} from the start, in a straight line?|A rectangle is {a} cm by {b} cm. How "
         "long is its diagonal?|A ladder stands {a} feet "
         "from a wall and reaches {b} feet up the wall. How long is the ladder?]",
         "p = a * a; q = b * b; s = p + q; > {x} * {x} = {s}, so it is {x}", "{x}", "x * x == a * a + b * b && x > 0",
         "pythagorean theorem"},
    // equations and sequences
    Tale{2, "k=2..9; x=2..20; b=2..40; c:=k*x+b",
         "[Solve {k}x + {b} = {c}.|For which x is {k}x + {b} equal to {c}?|{k}x + {b} = {c}. Find x.|What is x when "
         "{k}x + {b} = {c}?|Determine x: {k}x + {b} = {c}]",
         "p = c - b; x = p / k", "{x}", "k * x + b == c", "linear equations"},
    Tale{2, "k=2..9; x=2..20; b=2..40; c:=k*x-b; !c>0",
         "[Solve {k}x - {b} = {c}.|For which x is {k}x - {b} equal to {c}?|{k}x - {b} = {c}. Find x.|What is x when "
         "{k}x - {b} = {c}?|Determine x: {k}x - {b} = {c}]",
         "p = c + b; x = p / k", "{x}", "k * x - b == c", "linear equations"},
    Tale{3, "k=3..12; m=1..9; !m<k; x=2..20; c=2..40; d:=k*x+c-m*x; e:=k-m; s:=d-c",
         "[Solve {k}x + {c} = {m:x}x + {d}.|{k}x + {c} = {m:x}x + {d}. Find x.|For which x are {k}x + {c} and {m:x}x + "
         "{d} equal?]",
         "e = k - m; s = d - c; > {e:x}x = {s}; x = s / e", "{x}", "k * x + c == m * x + d", "linear equations"},
    Tale{1, "a=1..6; q=2..4; b:=a*q; c:=b*q; e:=c*q; x:=e*q",
         "[Which number comes next: {a}, {b}, {c}, {e}, ...?|Continue: {a}, {b}, {c}, {e}. What is next?|In the "
         "pattern {a}, {b}, {c}, {e}, each number is made in the same way from the one before. What comes next?]",
         "Each is the one before times: q = b / a; x = e * q", "{x}", "x * c == e * e", "number patterns"},
    Tale{2, "a=2..15; d=2..9; n=8..30; b:=a+d; c:=b+d; m:=n-1; e:=m*d; x:=a+e",
         "[The sequence {a}, {b}, {c}, ... goes on in equal steps. What is its {n:o} term?|Find term {n} of {a}, {b}, "
         "{c}, ...|A sequence starts with {a} and grows by {d} each time. What is the {n:o} number?|{Name} count{+s} "
         "from {a} in steps of {d}. What is the {n:o} number {he} "
         "say{+s}, with {a} as the first?]",
         "Step: d = b - a; m = n - 1; e = m * d; x = a + e", "{x}", "x == a + (n - 1) * d", "arithmetic sequences"},
    // units, time
    Tale{1, "n=2..20; x:=24*n",
         "[How many hours are there in {n} days?|{n} days are how many hours?|Convert {n} days to hours.|{Name} {was} "
         "away for {n} days. How many hours is that?]",
         "x = n * 24", "{x}", "x / 24 == n", "units of time"},
    Tale{1, "n=2..20; x:=n; a:=60*n",
         "[How many hours are {a} minutes?|Convert {a} minutes to hours.|A flight takes {a} minutes. How many hours is "
         "that?|{a} minutes equal how many hours?|{Name} ran for {a} seconds. How many minutes is that?]",
         "x = a / 60", "{x}", "x * 60 == a", "units of time"},
    Tale{2, "h=1..5; m=5..55; a:=60*h+m; x:=m; q:=h",
         "[{a} minutes are some full hours and how many minutes?|A film takes {a} minutes. That is {q} {q:hour/hours} "
         "and how many minutes?|Write {a} minutes as hours and minutes. How many minutes are there besides the full "
         "hours?]",
         "h, m = a // 60", "{m}", "x == a % 60", "units of time; division with remainder"},
    Tale{2, "h=6..10; k=0..11; a:=60*h+5*k; d=13..40; b:=a+5*d; x:=b-a; !b<780",
         "[How many minutes are there from {a:t} to {b:t}?|A train leaves at {a:t} and arrives at {b:t}. How many "
         "minutes does it take?|{Name} work{+s} from {a:t} until {b:t}. How many minutes is that?|A market opens at "
         "{a:t} and closes at {b:t} the same day. For how many "
         "minutes is it open?]",
         "> {b:t} is {b} minutes after 12 o'clock, {a:t} is {a}; x = b - a", "{x}", "x == b - a",
         "clock time; subtraction"},
    Tale{2, "c=1..20; t:=5*c; p:=9*t; q:=p/5; x:=q+32",
         "[What is {t} degrees Celsius in Fahrenheit? Multiply by 9, divide by 5, add 32.|Convert {t} degrees Celsius "
         "to Fahrenheit.|It is {t} degrees Celsius. How many degrees Fahrenheit is that?]",
         "p = t * 9; q = p / 5; x = q + 32", "{x}", "x == t * 9 / 5 + 32", "temperature scales"},
    Tale{1, "k=2..40; a:=1000*k; x:=k",
         "[How many kg are {a} g?|Convert {a} m to km.|{a:n} ml are how many liters?|A load weighs {a} grams. How many "
         "kilograms is that?|{a} meters equal how many kilometers?]",
         "x = a / 1000", "{x}", "x * 1000 == a", "unit conversion"},
    Tale{1, "k=2..60; a:=100*k; x:=k",
         "[How many meters are {a} cm?|Convert {a} cm to meters.|A snake is {a} cm long. How many meters is that?|{a} "
         "cents are how many dollars?|{a} centimeters equal how many meters?]",
         "x = a / 100", "{x}", "x * 100 == a", "unit conversion"},
    // ways
    Tale{2, "n=3..12; k:=n-1; x:=n*k",
         "[In how many ways can a president and a treasurer be chosen from {n} people?|{n} runners race. In how many "
         "ways can first and second place go?|A club of {n} elects a leader and a deputy. How many results are "
         "possible?|How many two-letter words without a repeated letter can be made from {n} different "
         "letters?]",
         "k = n - 1; x = n * k", "{x}", "x == orders(n, 2)", "permutations"},
    Tale{3, "n=4..12; k:=n-1; l:=n-2; p:=n*k; q:=p*l; x:=q/6",
         "[In how many ways can 3 of {n} people be chosen for a team?|A pizza gets 3 different toppings out of {n}. "
         "How many choices are there?|How many groups of 3 can be formed from {n} children?|{Name} take{+s} 3 of {n} "
         "books on a trip. In how many ways can {he} choose them?]",
         "k = n - 1; l = n - 2; p = n * k; q = p * l; > Each group is counted six times; x = q / 6", "{x}",
         "x == choose(n, 3)", "combinations"},
};

void lesson(Maker& m) { tell_tale(m, lessons); }

constexpr std::array tables{TaleTable{"lesson question", lessons}};

const std::array families{Family{"lesson question", 1, 3, {}, lesson}};

}  // namespace

std::span<const TaleTable> lesson_tables() { return tables; }
std::span<const Family> lesson_families() { return families; }

}  // namespace holdfast::generators
