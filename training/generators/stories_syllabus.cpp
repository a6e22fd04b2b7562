// The school's syllabus from end to end in short questions: numbers, powers and roots, fractions and decimals, letters,
// sequences, angles, figures and solids, data, chance and counting, units and time.
#include <array>

#include "training/generators/catalogue.h"
#include "training/generators/tales.h"

namespace holdfast::generators {
namespace {

constexpr std::array syllabus{
    // powers, roots, logarithms
    Tale{1, "n=2..6; k=2..9; p:=pow(10,n); x:=k*p",
         "[What is {k} times 10^{n}?|Write {k} * 10^{n} as an ordinary number.|How much is {k} x 10^{n}?|{k} * "
         "10^{n}|Which number is {k} times ten to the power of {n}?]",
         "> 10^{n} is a 1 with {n} zeros: {p:n}; x = k * p", "{x}", "x == k * pow(10, n)", "exponents"},
    Tale{1, "x=2..25; a:=x*x",
         "[Which positive number has the square {a}?|What is the positive square root of {a}?|{a} is the square of "
         "which positive number?|A square number is {a}. What is its root?|Take the square root of {a}.|What number "
         "times itself makes {a}? Give the positive one.]",
         "> {x} * {x} = {a}", "{x}", "x * x == a && x > 0", "square roots"},
    Tale{2, "x=2..12; a:=x*x*x",
         "[What is the cube root of {a}?|Which number cubed gives {a}?|{a} is the cube of which number?|A cube has a "
         "volume of {a} cubic cm. How long is its edge, in cm?|Find the number whose third power is {a}.]",
         "> {x} * {x} * {x} = {a}", "{x}", "pow(x, 3) == a", "exponents; square roots"},
    Tale{2, "b=2..10; e=2..6; !pow(b,e)<5000; a:=pow(b,e)",
         "[What power of {b} is {a}? Give the exponent.|{b}^x = {a}. What is x?|How many times must {b} be multiplied "
         "by itself, as factors, to make {a}?|Solve {b}^x = {a}.|Which exponent turns {b} into {a}?|Write {a} as a "
         "power of {b}. What is the exponent?]",
         "> {b}^{e} = {a}, so it is {e}", "{e}", "pow(b, x) == a", "exponents"},
    Tale{3, "b=2..10; e=2..6; !pow(b,e)<5000; a:=pow(b,e)",
         "[What is the base {b} logarithm of {a}?|Evaluate log_{b}({a}).|Find the logarithm of {a} to the base "
         "{b}.|Work out log base {b} of {a}.|If {b} to the power of x is {a}, what is log base {b} of {a}?|Compute the "
         "log of {a} in base {b}.]",
         "> {b}^{e} = {a}, so the logarithm is {e}", "{e}", "pow(b, x) == a", "logarithms"},
    Tale{3, "b=2..9; m=2..9; n=2..9; x:=m+n",
         "[{b}^{m} * {b}^{n} = {b}^k. What is k?|Write {b}^{m} times {b}^{n} as a single power of {b}. What is the "
         "exponent?|Which exponent has the product of {b}^{m} and {b}^{n}, as a power of {b}?|Multiply {b}^{m} by "
         "{b}^{n}: what is the exponent of {b}?]",
         "> Powers of one base are multiplied by adding the exponents; x = m + n", "{x}", "x - m == n",
         "laws of exponents"},
    Tale{3, "b=2..9; n=2..9; x=2..9; m:=n+x",
         "[{b}^{m} / {b}^{n} = {b}^k. What is k?|Write {b}^{m} divided by {b}^{n} as a single power of {b}. What is "
         "the exponent?|Divide {b}^{m} by {b}^{n}: what is the exponent of {b}?]",
         "> Powers of one base are divided by subtracting the exponents; x = m - n", "{x}", "x + n == m",
         "laws of exponents"},
    Tale{3, "b=2..9; m=2..6; n=2..6; x:=m*n",
         "[({b}^{m})^{n} = {b}^k. What is k?|Write ({b}^{m})^{n} as a single power of {b}. What is the "
         "exponent?|{b}^{m} is raised to the power of {n}. Which power of {b} is it? Give the exponent.]",
         "> A power of a power: the exponents are multiplied; x = m * n", "{x}", "x / n == m", "laws of exponents"},
    Tale{2, "a=2..15; b=2..9; p:=a*a; x:=p*b",
         "[What is {b} times the square of {a}?|Calculate {b} * {a}^2.|Multiply the square of {a} by {b}.|Square {a} "
         "and multiply the result by {b}.]",
         "p = a * a; x = p * b", "{x}", "x / a / a == b", "exponents; multiplication"},
    Tale{2, "a=2..12; b=2..12; p:=a*a; q:=b*b; x:=a*b; r:=p*q",
         "[What is sqrt({p}) * sqrt({q})?|Multiply the square roots of {p} and {q}.|What is the product of the square "
         "root of {p} and the square root of {q}?]",
         "> sqrt({p}) = {a} and sqrt({q}) = {b}; x = a * b", "{x}", "x * x == p * q && x > 0", "square roots"},
    Tale{2, "a=2..12; b=2..12; p:=a*a; q:=b*b; x:=a+b",
         "[What is sqrt({p}) + sqrt({q})?|Add the square roots of {p} and {q}.|What is the square root of {p} plus the "
         "square root of {q}?]",
         "> sqrt({p}) = {a} and sqrt({q}) = {b}; x = a + b", "{x}", "x == sqrt(p) + sqrt(q)", "square roots; addition"},
    Tale{
        3, "a=1..60; b=1..60; !a!=b; d:=a-b; x:=max(d,0-d)",
        "[What is the absolute value of {a} - {b}?|Find the absolute value of {a} - {b}.|abs({a} - {b})|How far apart "
        "are {a} and {b} on the "
        "number line?|What is the distance between {a} and {b} on the number line?|By how much do {a} and {b} differ?]",
        "> {a} - {b} = {d}; > Without its sign it is {x}", "{x}", "x * x == (a - b) * (a - b) && x > 0",
        "absolute value"},
    // divisors, primes, digits
    Tale{2, "g=2..9; p=2..6; q=2..6; r=2..6; !gcd(p,q)==1 && p!=r && q!=r; a:=g*p; b:=g*q; c:=g*r",
         "[What is the greatest common divisor of {a}, {b} and {c}?|Find the largest number that divides {a}, {b} and "
         "{c}.|Three ropes of {a} m, {b} m and {c} m are cut into equal pieces as long as possible. How long is a "
         "piece?|gcd({a}, {b}, {c})]",
         "> {a} = {g} * {p}, {b} = {g} * {q} and {c} = {g} * {r}; > {p} and {q} have no common factor, so it is {g}",
         "{g}", "x == common(common(a, b), c)", "greatest common divisor"},
    Tale{2, "a=11..99; t:=a/10; o:=a%10; !o>0; x:=t*o",
         "[What is the product of the digits of {a}?|Multiply the digits of {a}.|The two digits of {a} are multiplied. "
         "What is the result?|What do you get if you multiply the tens digit and the ones digit of {a}?]",
         "> The digits are {t} and {o}; x = t * o", "{x}", "x == floor(a / 10) * (a % 10)", "digits; multiplication"},
    Tale{1, "h=2..9; t=2..9; o=2..9; x:=100*h+10*t+o; a:=100*h; b:=10*t",
         "[Which number has {h} hundreds, {t} tens and {o} ones?|What number is {h} hundreds plus {t} tens plus {o} "
         "ones?|Write the number made of {h} hundreds, {t} tens and {o} units.]",
         "> {h} hundreds are {a}, {t} tens are {b}; x = a + b + o", "{x}", "x - o == 100 * h + 10 * t", "place value"},
    Tale{1, "a=11..994; o:=a%10; !o>=5; x:=a-o+10",
         "[Round {a} to the nearest ten.|What is {a} rounded to the nearest ten?|{a} to the nearest 10|About how much "
         "is {a}, to the nearest ten?|A shop sold {a} tickets. How many is that to the nearest ten?]",
         "> The ones digit is {o}, so the tens go up: {x}", "{x}", "divides(10, x) && x - a <= 5 && a - x < 5",
         "rounding"},
    Tale{1, "a=11..994; o:=a%10; !o<5 && o>0; x:=a-o",
         "[Round {a} to the nearest ten.|What is {a} rounded to the nearest ten?|{a} to the nearest 10|About how much "
         "is {a}, to the nearest ten?|A shop sold {a} tickets. How many is that to the nearest ten?]",
         "> The ones digit is {o}, so the tens stay: {x}", "{x}", "divides(10, x) && x - a <= 5 && a - x < 5",
         "rounding"},
    Tale{
        2, "a=8..31; p:=a/16; q:=a/8%2; r:=a/4%2; s:=a/2%2; t:=a%2; x:=a",
        "[Which number is {a:b} in base two?|What is the binary number {a:b} in the decimal system?|Convert {a:b} from "
        "binary to decimal.|The "
        "binary number {a:b} is what ordinary number?|{a:b} is written in base 2. What number is it?]",
        "> From the right its digits count 1, 2, 4, 8 and 16; > {p} * 16 + {q} * 8 + {r} * 4 + {s} * 2 + {t} * 1 = {a}",
        "{a}", "x == a", "binary numbers"},
    // fractions and decimals
    Tale{2, "p=2..6; q=2..6; u=2..12; a:=p*q*u; b:=a/p; x:=u",
         "[What is 1/{q} of 1/{p} of {a}?|Find 1/{q} of 1/{p} of {a}.|{Name} {has} ${a}. 1/{p} of it is for gifts, and "
         "1/{q} of the gift money is for {his} <relative>. How many dollars is that?|1/{p} of {a} <groups> play an "
         "instrument, and 1/{q} of those play the piano. How many play the "
         "piano?]",
         "b = a / p; x = b / q", "{x}", "x * p * q == a", "fraction of a quantity"},
    Tale{2, "a=1..8; b=2..9; c=1..8; d=2..9; !a<b && c<d; p:=a*c; q:=b*d",
         "[What is {a}/{b} times {c}/{d}?|{a}/{b} * {c}/{d}|Multiply {a}/{b} by {c}/{d}.|Find {a}/{b} of {c}/{d}.|A "
         "tank is {c}/{d} full, and {a}/{b} of the water in it is used. What fraction of the tank is that?]",
         "p = a * c; q = b * d; reduce p / q", "{p/q}", "x == a / b * (c / d)", "multiplying fractions"},
    Tale{2, "a=1..8; b=2..9; c=1..8; d=2..9; !a<b && c<d; p:=a*d; q:=b*c",
         "[What is {a}/{b} divided by {c}/{d}?|Divide {a}/{b} by {c}/{d}.|How many times does {c}/{d} go into {a}/{b}? "
         "Give a fraction.|({a}/{b}) / ({c}/{d})]",
         "> Turn the second one around: {a}/{b} * {d}/{c}; p = a * d; q = b * c; reduce p / q", "{p/q}",
         "x == a / b / (c / d)", "multiplying fractions"},
    Tale{2, "n=2..9; b=2..9; a=1..b-1; !gcd(a,b)==1; p:=n*a; x:=n",
         "[What is {n} times {a}/{b}?|{n} * {a}/{b}|A recipe takes {a}/{b} cup of milk. How many cups do {n} recipes "
         "take? Give a fraction.|{Name} walk{+s} {a}/{b} of a mile each day. How many miles is that in {n} days? Give "
         "a fraction.|Multiply {a}/{b} by {n}.]",
         "p = n * a; reduce p / b", "{p/b}", "x == n * a / b", "multiplying fractions"},
    Tale{2, "b=2..6; d=2..6; !gcd(b,d)==1; a=1..b; c=1..d; !a<b && c<d; p:=a*d; q:=c*b; s:=p+q; m:=b*d",
         "[What is {a}/{b} + {c}/{d}?|Add {a}/{b} and {c}/{d}.|{Name} ate {a}/{b} of a cake on <day> and {c}/{d} of "
         "another of the same size later. How much cake is that, as a fraction?|What is the sum of {a}/{b} and "
         "{c}/{d}?]",
         "> Both over {m}: {p}/{m} and {q}/{m}; s = p + q; reduce s / m", "{s/m}", "x == a / b + c / d",
         "adding fractions"},
    Tale{2, "b=2..6; d=2..6; !gcd(b,d)==1; a=1..b; c=1..d; !a<b && c<d; p:=a*d; q:=c*b; !p>q; s:=p-q; m:=b*d",
         "[What is {a}/{b} - {c}/{d}?|Subtract {c}/{d} from {a}/{b}.|From {a}/{b} of a liter, {c}/{d} of a liter is "
         "poured out. What part of a liter is left?|How much larger is {a}/{b} than {c}/{d}?]",
         "> Both over {m}: {p}/{m} and {q}/{m}; s = p - q; reduce s / m", "{s/m}", "x == a / b - c / d",
         "adding fractions; subtraction"},
    Tale{1, "n=2..9; b=2..9; a=1..b-1; !gcd(a,b)==1; p:=n*b; s:=p+a",
         "[Write {n} {a}/{b} as an improper fraction.|What is {n} and {a}/{b} as a fraction?|Turn the mixed number {n} "
         "{a}/{b} into a fraction.|How many {b:o} parts are in {n} {a}/{b}? Answer with the fraction.]",
         "p = n * b; s = p + a; > So it is {s}/{b}", "{s}/{b}", "x == n + a / b", "mixed numbers"},
    Tale{1, "a=11..999; b=11..999; x:=a+b",
         "[What is {a'1} + {b'1}?|Add {a'1} and {b'1}.|{Name} walked {a'1} km and then {b'1} km. How many km is "
         "that?|A bag of {a'1} kg and one of {b'1} kg are put on a scale. What does it show, in kg?|Find the sum of "
         "{a'1} and {b'1}.]",
         "> In tenths: {a} + {b} = {x}; > That is {x'1}", "{x'1}", "10 * x == a + b", "decimals; addition"},
    Tale{1, "b=11..499; x=11..499; a:=b+x",
         "[What is {a'1} - {b'1}?|Subtract {b'1} from {a'1}.|From a rope of {a'1} m, {b'1} m are cut off. How many m "
         "are left?|A bottle of {a'1} liters loses {b'1} liters. How much is left, in liters?|How much more is {a'1} "
         "than {b'1}?]",
         "> In tenths: {a} - {b} = {x}; > That is {x'1}", "{x'1}", "10 * x == a - b", "decimals; subtraction"},
    Tale{1, "a=11..99; n=2..9; x:=a*n",
         "[What is {n} times {a'1}?|{n} * {a'1}|One bag weighs {a'1} kg. What do {n} bags weigh, in kg?|A lap is {a'1} "
         "km long. How many km are {n} laps?|Multiply {a'1} by {n}.]",
         "> In tenths: {n} * {a} = {x}; > That is {x'1}", "{x'1}", "10 * x == a * n", "decimals; multiplication"},
    Tale{1, "a=11..999; !a%10>0; x:=10*a",
         "[What is {a'2} times 10?|Multiply {a'2} by ten.|What is ten times {a'2}?|{a'2} * 10|One bolt weighs {a'2} "
         "kg. How many kg do ten bolts weigh?]",
         "> The point moves one place to the right: {x'2}", "{x'2}", "x * 10 == a", "decimals; place value"},
    // percents
    Tale{2, "k=1..40; p:=5*k; j=1..20; a:=20*j; d:=a*p/100; b:=a+d; !b>a",
         "[By what percent does {a} have to rise to become {b}?|What is the percent increase from {a} to {b}?|A club "
         "grew from {a} to {b} members. What percent growth is that?|Something went from {a} up to {b}. How many "
         "percent more is that?|The number of visitors rose from {a} to {b}. Find the percent change.]",
         "d = b - a; c = d * 100; x = c / a", "{x}\\%", "x * a == 100 * (b - a)", "percent change"},
    Tale{2, "k=1..19; p:=5*k; j=1..20; a:=20*j; d:=a*p/100; b:=a-d",
         "[By what percent does {a} have to fall to become {b}?|What is the percent decrease from {a} to {b}?|A herd "
         "shrank from {a} to {b} animals. What percent loss is that?|Something went from {a} down to {b}. How many "
         "percent less is that?|The number of errors fell from {a} to {b}. Find the percent decrease.]",
         "d = a - b; c = d * 100; x = c / a", "{x}\\%", "x * a == 100 * (a - b)", "percent change"},
    // letters
    Tale{1, "a=2..60; x=2..60; c:=x+a",
         "[Solve x + {a} = {c}.|x + {a} = {c}. What is x?|For which x is x + {a} = {c}?|Find x if {a} + x = {c}.|{c} = "
         "x + {a}. Find x.]",
         "x = c - a", "{x}", "x + a == c", "linear equations"},
    Tale{1, "a=2..60; c=2..60; x:=c+a",
         "[Solve x - {a} = {c}.|x - {a} = {c}. What is x?|For which x is x - {a} = {c}?|Find x if x - {a} = {c}.|{c} = "
         "x - {a}. Find x.]",
         "x = c + a", "{x}", "x - a == c", "linear equations"},
    Tale{1, "a=2..12; x=2..30; c:=x*a",
         "[Solve {a}x = {c}.|{a}x = {c}. What is x?|For which x is {a}x = {c}?|Find x if {a} times x is {c}.|{c} = "
         "{a}x. Find x.]",
         "x = c / a", "{x}", "x * a == c", "linear equations"},
    Tale{1, "a=2..12; c=2..20; x:=c*a",
         "[Solve x/{a} = {c}.|If x/{a} = {c}, what is x?|For which x is x/{a} = {c}?|Find x if x divided by {a} is "
         "{c}.]",
         "x = c * a", "{x}", "x / a == c", "linear equations"},
    Tale{2, "p=2..9; q=2..12; k=2..9; r:=p*k; x:=q*k; !p!=q",
         "[{p}/{q} = {r}/x. What is x?|Solve the proportion {p}/{q} = {r}/x.|{p} is to {q} as {r} is to what "
         "number?|Find x if {p} : {q} = {r} : x.]",
         "Times: k = r / p; x = q * k", "{x}", "x * p == q * r", "direct proportion; ratio"},
    Tale{2, "k=2..9; b=2..30; x=2..20; c:=k*x+b; d=1..k-1; e:=c+d",
         "[What is the largest whole number x with {k}x + {b} < {e}?|x is a whole number, and {k}x + {b} is less than "
         "{e}. What is the largest possible x?|Find the greatest integer x for which {k}x + {b} < {e}.]",
         "p = e - b; > {k}x has to be less than that; q, r = p // k; > x = {x}: {k} * {x} is less, and one more would "
         "be too much",
         "{x}", "k * x + b < e && k * (x + 1) + b >= e", "linear inequalities"},
    Tale{1, "a=2..9; b=1..30; k=2..12; p:=a*k; x:=p+b",
         "[f(x) = {a}x + {b}. What is f({k})?|If f(x) = {a}x + {b}, find f({k}).|Find the value of {a}x + {b} for x = "
         "{k}.|What is {a}x + {b} when x is {k}?|Put x = {k} into {a}x + {b}. What do you get?]",
         "p = a * k; x = p + b", "{x}", "x - b == a * k", "evaluating expressions"},
    Tale{2, "a=1..9; k=2..12; q:=k*k; b=1..20; p:=a*k; s:=q+p; x:=s+b",
         "[f(x) = x^2 + {a:x}x + {b}. What is f({k})?|Evaluate x^2 + {a:x}x + {b} at x = {k}.|What is the value of x^2 "
         "+ {a:x}x + {b} for x = {k}?]",
         "q = k * k; p = a * k; x = q + p + b", "{x}", "x == k * k + a * k + b", "evaluating expressions; exponents"},
    Tale{3, "p=1..9; q=p+1..12; s:=p+q; m:=p*q",
         "[What is the larger solution of x^2 - {s}x + {m} = 0?|Solve x^2 - {s}x + {m} = 0 and give the larger "
         "root.|The equation x^2 - {s}x + {m} = 0 has two solutions. Which is the greater one?|Find the greater zero "
         "of x^2 - {s}x + {m}.]",
         "> Two numbers with the sum {s} and the product {m}: {p} and {q}; > So x^2 - {s}x + {m} = (x - {p})(x - {q}); "
         "> The larger is {q}",
         "{q}", "x * x - s * x + m == 0 && 2 * x > s", "quadratic equations"},
    Tale{3, "p=1..9; q=p+1..12; s:=p+q; m:=p*q",
         "[What is the smaller solution of x^2 - {s}x + {m} = 0?|Solve x^2 - {s}x + {m} = 0 and give the smaller "
         "root.|Find the lesser zero of x^2 - {s}x + {m}.]",
         "> Two numbers with the sum {s} and the product {m}: {p} and {q}; > So x^2 - {s}x + {m} = (x - {p})(x - {q}); "
         "> The smaller is {p}",
         "{p}", "x * x - s * x + m == 0 && 2 * x < s", "quadratic equations"},
    Tale{3, "p=1..12; q=1..12; !p!=q; x:=p+q; m:=p*q",
         "[Multiply out (x + {p})(x + {q}). What is the number in front of x?|What is the coefficient of x in (x + "
         "{p})(x + {q})?|(x + {p})(x + {q}) = x^2 + bx + c. What is b?]",
         "> x times {q} and x times {p}; x = p + q", "{x}", "x - p == q", "polynomial multiplication"},
    Tale{2, "x=2..40; y=2..40; !x>y; s:=x+y; d:=x-y",
         "[x + y = {s} and x - y = {d}. What is x?|Solve for x: x + y = {s}, x - y = {d}|If x + y = {s} and x - y = "
         "{d}, find x.|Find x when x + y = {s} and x - y = {d}.]",
         "> Added: 2x = {s} + {d}; p = s + d; x = p / 2", "{x}", "2 * x - s == d", "systems of linear equations"},
    Tale{2, "y=2..20; k=2..6; x:=k*y; s:=x+y; m:=k+1",
         "[x = {k}y and x + y = {s}. What is y?|If x + y = {s} and x is {k} times y, find y.|Find y when x = {k}y and "
         "x + y = {s}.]",
         "> {k}y + y = {s}; m = k + 1; y = s / m", "{y}", "x * (k + 1) == s", "systems of linear equations"},
    Tale{2, "a=1..9; b=1..9; k=1..6; m=1..6; c:=a+k; d:=b+k*m; x:=m",
         "[What is the slope of the line through ({a}, {b}) and ({c}, {d})?|A line goes through ({a}, {b}) and ({c}, "
         "{d}). Find its slope.|How steep is the line from ({a}, {b}) to ({c}, {d})? Give the slope.]",
         "Up: e = d - b; Along: f = c - a; x = e / f", "{x}", "x * (c - a) == d - b", "slope"},
    Tale{2, "a=1..20; b=1..20; u=1..9; v=1..9; c:=a+2*u; d:=b+2*v; x:=a+u; y:=b+v",
         "[What is the midpoint of ({a}, {b}) and ({c}, {d})?|Find the point half way between ({a}, {b}) and ({c}, "
         "{d}).|A segment goes from ({a}, {b}) to ({c}, {d}). Where is its middle?]",
         "p = a + c; x = p / 2; q = b + d; y = q / 2", "({x}, {y})", "2 * x == a + c && 2 * y == b + d",
         "coordinate geometry"},
    // sequences
    Tale{2, "a=1..5; q=2..3; n=4..6; b:=a*q; c:=b*q; k:=n-1; p:=pow(q,k); x:=a*p",
         "[The sequence {a}, {b}, {c}, ... is geometric. What is its {n:o} term?|Find the {n:o} term of {a}, {b}, {c}, "
         "..., where each term is {q} times the one before.|Each number of a list is {q} times the last one, and the "
         "list starts with {a}. What is the {n:o} number?]",
         "k = n - 1; p = q ^ k; x = a * p", "{x}", "x == a * pow(q, n - 1)", "geometric sequences"},
    Tale{2, "a=1..20; d=2..12; b:=a+d; x:=b+d; e:=x+d; f:=e+d",
         "[Which number is left out: {a}, {b}, __, {e}, {f}?|What number belongs in the gap: {a}, {b}, __, {e}, "
         "{f}?|One "
         "number is missing in {a}, {b}, ..., {e}, {f}, with equal steps. Which one?]",
         "d = b - a; x = b + d", "{x}", "x - b == b - a", "number patterns"},
    Tale{2, "a=1..9; d=1..5; b:=a+d; c:=b+d+1; e:=c+d+2; x:=e+d+3; f:=d+3",
         "[What comes next: {a}, {b}, {c}, {e}, ...? The steps grow by 1 each time.|In {a}, {b}, {c}, {e}, ... the "
         "differences grow by 1 each time. What is the next number?]",
         "Last step: g = e - c; f = g + 1; x = e + f", "{x}", "x - e == e - c + 1", "number patterns"},
    Tale{3, "a=1..9; d=1..6; n=5..12; m:=n-1; e:=m*d; l:=a+e; s:=a+l; p:=n*s; !p%2==0; x:=p/2; b:=a+d; c:=b+d",
         "[What is the sum of the first {n} terms of {a}, {b}, {c}, ...?|Add the first {n} numbers of the sequence "
         "{a}, {b}, {c}, ...|A sum of {n} numbers begins with {a} + {b} + {c} and goes on in equal steps. What is it?]",
         "Step: d = b - a; m = n - 1; e = m * d; Last: l = a + e; s = a + l; p = n * s; x = p / 2", "{x}",
         "2 * x == n * (2 * a + (n - 1) * (b - a))", "arithmetic sequences"},
    // angles and figures
    Tale{1, "a=5..85; x:=90-a",
         "[Two angles make a right angle. One is {a} degrees. What is the other?|What is the complement of an angle of "
         "{a} degrees?|A right angle is cut in two, and one part has {a} degrees. How large is the other part?|In a "
         "right triangle one of the smaller angles is {a} degrees. How large is the other smaller one?]",
         "x = 90 - a", "{x}", "a + x == 90", "angles"},
    Tale{2, "a=20..150; b=20..150; c=20..150; s:=a+b+c; !s<345 && s>200; x:=360-s",
         "[Three angles of a quadrilateral are {a}, {b} and {c} degrees. What is the fourth?|The angles of a "
         "four-sided figure add up to 360 degrees. Three are {a}, {b} and {c}. Find the last.|A quadrilateral has "
         "angles of {a}, {b} and {c} degrees. How large is the remaining angle?]",
         "s = a + b + c; x = 360 - s", "{x}", "a + b + c + x == 360", "angles; polygons"},
    Tale{2, "b=10..80; t:=2*b; x:=180-t",
         "[The two equal angles of an isosceles triangle are {b} degrees each. What is the third angle?|An isosceles "
         "triangle has base angles of {b} degrees. How large is the angle at the top?|Two angles of a triangle are "
         "both {b} degrees. What is the third?]",
         "t = b * 2; x = 180 - t", "{x}", "x + b + b == 180", "angles"},
    Tale{2, "x=10..80; a:=180-2*x; r:=2*x",
         "[The angle at the top of an isosceles triangle is {a} degrees. How large is each base angle?|A triangle has "
         "two equal angles, and the third is {a} degrees. How large is each of the equal ones?]",
         "r = 180 - a; x = r / 2", "{x}", "a + 2 * x == 180", "angles"},
    Tale{2, "n=5..14; k:=n-2; x:=180*k",
         "[What is the sum of the angles of a polygon with {n} sides?|A polygon has {n} corners. What do its inner "
         "angles add up to, in degrees?|Find the sum of the interior angles of a figure with {n} sides.]",
         "Triangles: k = n - 2; x = 180 * k", "{x}", "x / 180 == n - 2", "polygons; angles"},
    Tale{2, "n=4..15; k:=n-3; p:=n*k; x:=p/2",
         "[How many diagonals does a polygon with {n} sides have?|A figure has {n} corners. How many diagonals can be "
         "drawn in it?|In a polygon of {n} corners every two corners that are not neighbors are joined. How many lines "
         "are drawn?]",
         "> From each corner to all but itself and two neighbors; k = n - 3; p = n * k; > Each is counted twice; x = p "
         "/ 2",
         "{x}", "x == choose(n, 2) - n", "polygons; combinations"},
    Tale{1, "n=3..12; a=2..30; x:=n*a",
         "[What is the perimeter of a regular polygon with {n} sides of {a} cm each?|A figure has {n} equal sides of "
         "{a} cm. How long is its outline?|{Name} walk{+s} along all {n} equal sides of a park, {a} m each. How far is "
         "that?]",
         "x = n * a", "{x}", "x / n == a", "perimeter; polygons"},
    Tale{1, "a=5..30; b=5..30; c=5..30; !a+b>c && a+c>b && b+c>a; x:=a+b+c",
         "[A triangle has sides of {a}, {b} and {c} cm. What is its perimeter?|How long is the fence around a "
         "triangular field with sides of {a} m, {b} m and {c} m?|Find the perimeter of a triangle with sides {a}, {b} "
         "and {c}.]",
         "x = a + b + c", "{x}", "x - a - b == c", "perimeter"},
    Tale{2, "a=2..30; h=2..20; x:=a*h",
         "[A parallelogram has a base of {a} cm and a height of {h} cm. What is its area?|Find the area of a "
         "parallelogram with base {a} and height {h}.|How large is a parallelogram {a} m wide at the base and {h} m "
         "high?]",
         "x = a * h", "{x}", "x / a == h", "area of a parallelogram"},
    Tale{2, "a=2..20; b=2..20; !a!=b; h=2..12; s:=a+b; p:=s*h; !p%2==0; x:=p/2",
         "[A trapezoid has parallel sides of {a} cm and {b} cm and a height of {h} cm. What is its area?|Find the area "
         "of a trapezoid whose parallel sides are {a} and {b} and whose height is {h}.]",
         "s = a + b; p = s * h; x = p / 2", "{x}", "2 * x == (a + b) * h", "area of a triangle; addition"},
    Tale{2, "x=2..30; p:=4*x; a:=x*x",
         "[A square has a perimeter of {p} cm. What is its area?|The fence around a square yard is {p} m long. How "
         "many square meters is the yard?|A wire of {p} cm is bent into a square. What area does the square have?]",
         "Side: x = p / 4; a = x * x", "{a}", "16 * x == p * p", "area of a square; perimeter"},
    Tale{2, "x=2..25; p:=4*x; a:=x*x",
         "[A square has an area of {a} square cm. What is its perimeter?|A square yard of {a} square meters is fenced. "
         "How long is the fence?|Find the perimeter of a square whose area is {a}.]",
         "> {x} * {x} = {a}, so a side is {x}; p = x * 4", "{p}", "x * x == 16 * a && x > 0",
         "area of a square; perimeter"},
    Tale{2, "r=2..40; x:=2*r",
         "[The radius of a circle is {r} cm. What is its diameter?|A round table has a radius of {r} inches. How wide "
         "is it across the middle?|A circle has the radius {r}. Find the diameter.|A wheel's spokes are {r} cm long. "
         "What is the diameter of the wheel, in cm?]",
         "x = r * 2", "{x}", "x / 2 == r", "circles"},
    Tale{2, "r=2..20; q:=r*r; x:=3*q",
         "[A circle has a radius of {r} cm. What is its area if pi is taken as 3?|With 3 for pi, what is the area of a "
         "round pond with a radius of {r} m?|Use pi = 3. Find the area of a circle with radius {r}.]",
         "q = r * r; x = q * 3", "{x}", "x / r / r == 3", "circles"},
    Tale{2, "r=2..40; d:=2*r; x:=3*d",
         "[A circle has a diameter of {d} cm. What is its circumference if pi is taken as 3?|With 3 for pi, how long "
         "is the edge of a round pond that is {d} m across?|Use pi = 3. Find the circumference of a circle with "
         "diameter {d}.]",
         "x = d * 3", "{x}", "x / 3 == d", "circles"},
    Tale{2, "a=2..12; p:=a*a; x:=p*6",
         "[What is the surface area of a cube with an edge of {a} cm?|A cube with edges of {a} inches is painted on "
         "all sides. How many square inches are painted?|Find the surface of a cube whose edge is {a}.]",
         "One face: p = a * a; x = p * 6", "{x}", "x / 6 == a * a", "surface area"},
    Tale{3, "a=2..12; b=2..12; c=2..12; p:=a*b; q:=b*c; r:=a*c; s:=p+q+r; x:=2*s",
         "[What is the surface area of a box of {a} by {b} by {c} cm?|A box {a} cm long, {b} cm wide and {c} cm high "
         "is wrapped. How many square cm of paper cover it exactly?|Find the total area of the faces of a box with "
         "edges {a}, {b} and {c}.]",
         "p = a * b; q = b * c; r = a * c; s = p + q + r; x = s * 2", "{x}", "x / 2 - a * b == b * c + a * c",
         "surface area"},
    Tale{2, "a=2..12; b=2..12; x=2..12; p:=a*b; v:=p*x",
         "[A box is {a} cm long and {b} cm wide and holds {v} cubic cm. How high is it?|A pool of {a} m by {b} m holds "
         "{v} cubic meters of water. How deep is it?|The volume of a box is {v}. Two of its edges are {a} and {b}. "
         "Find the third.]",
         "Bottom: p = a * b; x = v / p", "{x}", "x * a * b == v", "volume; division"},
    Tale{2, "n=2..30; x:=6*n; y:=12*n; z:=8*n",
         "[How many faces do {n} cubes have altogether?|{n} dice lie on a table. How many faces do they have in all?|A "
         "cube has 6 faces. How many faces have {n} cubes?]",
         "x = n * 6", "{x}", "x / 6 == n", "multiplication"},
    Tale{2, "a=2..12; b=2..12; c=2..12; s:=a+b+c; x:=4*s",
         "[A box has edges of {a}, {b} and {c} cm. What is the total length of all its edges?|{Name} build{+s} the "
         "frame of a box, {a} by {b} by {c} inches, out of wire. How many inches of wire {do} {he} need?]",
         "s = a + b + c; > Each edge occurs four times; x = s * 4", "{x}", "x / 4 - a - b == c",
         "addition; multiplication"},
    // counting and chance
    Tale{2, "d=2..9; k=2..4; x:=pow(d,k); !x<3000",
         "[How many codes of {k} signs are there if each can be one of {d} signs?|A lock has {k} wheels with {d} "
         "letters each. How many settings are possible?|Each of {k} questions has {d} possible answers. In how many "
         "ways can the test be filled in?|How many {k}-digit codes can be made from {d} different digits that may "
         "repeat?]",
         "x = d ^ k", "{x}", "x == pow(d, k)", "multiplication principle"},
    Tale{3, "n=2..9; x:=pow(2,n)",
         "[How many subsets does a set of {n} elements have?|{Name} can take any, all or none of {n} books. How many "
         "choices {do} {he} have?|A pizza can have any of {n} toppings or none. How many pizzas are possible?|{n} "
         "lamps are each on or off. How many states are possible?]",
         "> Two ways for each; x = 2 ^ n", "{x}", "x == pow(2, n)", "multiplication principle; subsets"},
    Tale{3, "s=2..12; k:=6-max(s-7,7-s)",
         "[Two dice are thrown. What is the probability that the sum is {s}?|{Name} roll{+s} two dice. What is the "
         "chance of getting {s} in total?|What is the probability of a total of {s} with two dice?]",
         "> {k} of the 36 pairs have the sum {s}; t = 6 * 6; reduce k / t", "{k/t}", "x == rolls(s) / 36",
         "probability"},
    Tale{2, "n=2..6; t:=pow(2,n); k=2..60",
         "[What is the probability that {n} coins all show heads?|A coin is thrown {n} times. What is the probability "
         "of heads every time?|{Name} flip{+s} a fair coin {n} times in a row. What is the chance that all are "
         "tails?|{n} coins are flipped at once by {Name}, who is {k} years old. What is the probability that all of "
         "them show tails?]",
         "Ways: t = 2 ^ n; > One of them: 1/{t}", "1/{t}", "x == pow(0.5, n)", "probability; independent events"},
    Tale{2, "a=2..12; b=2..12; s:=a+b; !a!=b",
         "[The chance of rain is {a}/{s}. What is the chance that it does not rain?|A team wins with probability "
         "{a}/{s}. What is the probability that it does not win?|An event has the probability {a}/{s}. What is the "
         "probability of its opposite?]",
         "> All together is 1: {s}/{s} - {a}/{s} = {b}/{s}; reduce b / s", "{b/s}", "x == 1 - a / s",
         "probability; subtraction"},
    // units and time
    Tale{1, "n=2..30; x:=n; a:=12*n",
         "[How many dozen are {a} eggs?|How many feet are {a} inches?|{a} months are how many years?|How many years is "
         "{a} months?|{Name} {has} {a} eggs. How many dozen is that?]",
         "x = a / 12", "{x}", "x * 12 == a", "unit conversion; division"},
    Tale{1, "n=2..30; a:=7*n; x:=n",
         "[How many weeks are {a} days?|{a} days make how many weeks?|A holiday of {a} days is how many weeks long?|In "
         "how many weeks are {a} days over?]",
         "x = a / 7", "{x}", "x * 7 == a", "units of time; division"},
    Tale{2, "w=2..12; d=1..6; p:=7*w; x:=p+d",
         "[How many days are {w} weeks and {d} {d:day/days}?|A trip lasts {w} weeks and {d} {d:day/days}. How many "
         "days is that?|Write {w} weeks {d} {d:day/days} in days.]",
         "p = w * 7; x = p + d", "{x}", "x - d == 7 * w", "units of time; addition"},
    Tale{2, "h=1..9; x:=3600*h",
         "[How many seconds are in {h} {h:hour/hours}?|{h} {h:hour/hours} are how many seconds?|Convert {h} "
         "{h:hour/hours} to seconds.|A machine runs for {h} {h:hour/hours}. How many seconds is that?|{Name} slept for "
         "{h} {h:hour/hours}. Express this in seconds.|Write {h} {h:hour/hours} in seconds.|What is {h} {h:hour/hours} "
         "in seconds?]",
         "Minutes: m = h * 60; x = m * 60", "{x}", "x / 3600 == h", "units of time; multiplication"},
    Tale{2, "k=1..12; v:=6*k; x:=100*k",
         "[A train goes {v} km per hour. How many meters does it go in one minute?|{v} km/h are how many meters per "
         "minute?|A bike does {v} km in an hour. How many meters is that per minute?]",
         "Meters an hour: m = v * 1000; x = m / 60", "{x}", "x * 60 == v * 1000", "speed; unit conversion"},
    Tale{2, "a=2..20; x:=10000*a",
         "[How many square centimeters are {a} square meters?|Convert {a} square meters to square centimeters.|A board "
         "has an area of {a} square meters. How many square cm is that?|{a} square meters equal how many square cm?]",
         "> One square meter is 100 * 100 = 10000 square cm; x = a * 10000", "{x}", "x / 10000 == a",
         "unit conversion"},
    Tale{2, "c=1..20; f:=9*c+32; t:=5*c; d:=9*c; x:=t",
         "[What is {f} degrees Fahrenheit in Celsius? Subtract 32, divide by 9 and multiply by 5.|Convert {f} degrees "
         "Fahrenheit to Celsius.|A thermometer shows {f} degrees Fahrenheit. How many degrees Celsius is that?]",
         "d = f - 32; q = d / 9; x = q * 5", "{x}", "x * 9 / 5 + 32 == f", "temperature scales"},
    Tale{1, "a=1..20; b=a+2..30; x:=b-a",
         "[How many days are there from <month> {a:o} to <month> {b:o}?|A fair runs from <month> {a:o} and is over on "
         "<month> {b:o}. How many days after its start is that?|{Name} left on the {a:o} of <month> and came back on "
         "the {b:o} of the same month. How many days later was that?]",
         "x = b - a", "{x}", "x + a == b", "calendar; subtraction"},
};

void question(Maker& m) { tell_tale(m, syllabus); }

constexpr std::array tables{TaleTable{"syllabus question", syllabus}};

const std::array families{Family{"syllabus question", 1, 3, {}, question}};

}  // namespace

std::span<const TaleTable> syllabus_tables() { return tables; }
std::span<const Family> syllabus_families() { return families; }

}  // namespace holdfast::generators
