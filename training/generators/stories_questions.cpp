// Bare questions, in the many short ways in which people put them: numbers, measures, shapes, data, equations.
#include <array>

#include "training/generators/catalogue.h"
#include "training/generators/tales.h"

namespace holdfast::generators {
namespace {

constexpr std::array number_questions{
    Tale{1, "a=2..20; x:=a*a",
         "[What is {a} squared?|What's {a} squared?|{a} squared|Find {a} squared.|Square the number {a}.|What is the "
         "square of {a}?|How much is {a} to the second power?|{a}^2 = ?|What do you get when you square {a}?]",
         "x = a * a", "{x}", "x == pow(a, 2)"},
    Tale{1, "a=2..9; x:=a*a*a",
         "[What is {a} cubed?|{a} cubed|Find the cube of {a}.|What's {a} to the third power?|How much is {a}^3?|What "
         "is {a} to the power of 3?|Compute {a} cubed.|Cube the number {a}.]",
         "x = a ^ 3", "{x}", "x / a / a == a"},
    Tale{1, "a=2..5; b=2..6; !pow(a,b)<1100; x:=pow(a,b)",
         "[What is {a} to the power of {b}?|{a} to the power of {b}|{a} to the {b:o} power|What's {a} raised to the "
         "{b:o} power?|How much is {a}^{b}?|Calculate {a} to the {b:o}.|{a}^{b}|Find {a}^{b}.]",
         "x = a ^ b", "{x}", "x == pow(a, b)"},
    Tale{1, "x=2..99; a:=2*x",
         "[What is|What's|How much is|Find|] [half of {a}|one half of {a}|1/2 of {a}|{a} cut in half|half the number "
         "{a}]",
         "x = a / 2", "{x}", "x + x == a"},
    Tale{1, "a=6..250; x:=2*a",
         "[What is double {a}?|Double {a}|What's twice {a}?|Twice {a} is what?|How much is two times {a}?|If I double "
         "{a}, what do I get?|What is {a} doubled?|What number is twice as large as {a}?]",
         "x = a * 2", "{x}", "x / 2 == a"},
    Tale{1, "a=3..90; x:=3*a",
         "[What is triple {a}?|Triple {a}|What's {a} tripled?|Three times {a} is what?|How much is 3 times {a}?|What "
         "number is three times as large as {a}?]",
         "x = a * 3", "{x}", "x - a - a == a"},
    Tale{
        1, "k=2..8; x=2..30; a:=k*x",
        "[What is {a} divided by {k}?|Divide {a} by {k}|How many {k}s are there in {a}?|{a} over {k}|{a} divided by "
        "{k} equals what?|How many times does {k} fit into {a}?|Split {a} into {k} equal parts. How big is each part?]",
        "x = a / k", "{x}", "x * k == a"},
    Tale{2, "a=2..40; b=2..50; !a!=b; x:=b-a",
         "[What is|What's|Calculate|Find|] [negative {a} plus {b}|minus {a} plus {b}|-{a} + {b}|-{a} plus {b}|the sum "
         "of -{a} and {b}]",
         "> -{a} + {b} = {b} - {a} = {x}", "{x}", "x + a == b"},
    Tale{2, "a=2..40; b=2..40; x:=-a-b",
         "[What is|What's|Calculate|Find|] [negative {a} minus {b}|minus {a} minus {b}|-{a} - {b}|-{a} take away "
         "{b}|-{a} plus negative {b}]",
         "s = a + b; > So -{a} - {b} = {x}", "{x}", "x + a + b == 0"},
    Tale{2, "a=2..30; b=2..40; x:=a+b",
         "[What is|What's|Calculate|Find|] [{a} minus negative {b}|{a} - (-{b})|{a} minus -{b}|the difference between "
         "{a} and -{b}]",
         "> Taking away -{b} is adding {b}; x = a + b", "{x}", "x - b == a"},
    Tale{2, "a=2..15; b=2..12; x:=-a*b",
         "[What is|What's|Calculate|] [negative {a} times {b}|-{a} times {b}|minus {a} multiplied by {b}|the product "
         "of -{a} and {b}|-{a} * {b}]",
         "p = a * b; > One factor is negative, so the product is {x}", "{x}", "x / b == 0 - a"},
    Tale{2, "a=2..12; b=2..12; x:=a*b",
         "[What is|What's|Calculate|] [negative {a} times negative {b}|-{a} times -{b}|(-{a}) * (-{b})|the product of "
         "-{a} and -{b}]",
         "x = a * b; > Two negative factors give a positive product", "{x}", "x / a == b"},
    Tale{2, "a=8..15; b:=a",
         "[What is {a} in binary?|Write {a} in binary.|Convert {a} to binary.|{a} in base 2|How do you write {a} in "
         "base two?|Give the binary form of {a}.|{a} as a binary number|How is {a} written in binary?]",
         "> Divide by 2 and keep the remainders; p, e = a // 2; q, f = p // 2; r, g = q // 2; h, i = r // 2; > From "
         "the last remainder to the first: {a:b}",
         "{a:b}", "x == binary(a)"},
    Tale{2, "a=16..31; b:=a",
         "[What is {a} in binary?|Write {a} in binary.|Convert {a} to binary.|{a} in base 2|How do you write {a} in "
         "base two?|Give the binary form of {a}.|{a} as a binary number|How is {a} written in binary?]",
         "> Divide by 2 and keep the remainders; p, e = a // 2; q, f = p // 2; r, g = q // 2; h, i = r // 2; j, k = h "
         "// 2; > From the last remainder to the first: {a:b}",
         "{a:b}", "x == binary(a)"},
    Tale{2, "a=2..20; d=2..12; b:=a+d; c:=b+d; e:=c+d; n=6..15",
         "[What is|What's|Find|Give|] [the {n:o} term|term number {n}] [of|in] [the sequence|] {a}, {b}, {c}, {e}, ...",
         "Step: d = b - a; k = n - 1; m = k * d; x = a + m", "{x}", "x - e == (n - 4) * (c - b)"},
    Tale{2, "a=2..50; d=2..12; b:=a+d; c:=b+d; e:=c+d",
         "[What comes next|What is the next number|Which number comes next|What's next]: {a}, {b}, {c}, {e}, ...?",
         "Step: d = b - a; x = e + d", "{x}", "x - e == b - a"},
    Tale{2, "a=1..5; q=2..4; b:=a*q; c:=b*q; e:=c*q",
         "[What comes next|What is the next number|Which number follows|What's next] in {a}, {b}, {c}, {e}, ...?",
         "Each is the one before times: q = b / a; x = e * q", "{x}", "x / e == c / b"},
    Tale{2, "g=2..12; p=2..7; q=2..9; !p!=q && gcd(p,q)==1; a:=g*p; b:=g*q",
         "[What is|What's|Find|] the [GCD|gcd|greatest common divisor|highest common factor|HCF|greatest common "
         "factor|largest common divisor] of {a} and {b}",
         "> {a} = {g} * {p} and {b} = {g} * {q}; > {p} and {q} have no common factor, so it is {g}", "{g}",
         "x == common(a, b)"},
    Tale{2, "g=2..12; p=2..7; q=2..9; !p!=q && gcd(p,q)==1; a:=g*p; b:=g*q",
         "[What is the largest number that divides both {a} and {b}?|What's the biggest number that goes into {a} and "
         "{b}?|Which is the greatest number dividing {a} and {b} evenly?|gcd({a}, {b})]",
         "> {a} = {g} * {p} and {b} = {g} * {q}; > {p} and {q} have no common factor, so it is {g}", "{g}",
         "x == common(a, b)"},
    Tale{2, "g=1..6; p=2..7; q=2..7; !p!=q && gcd(p,q)==1; a:=g*p; b:=g*q",
         "[What is|What's|Find|] the [LCM|lcm|least common multiple|lowest common multiple|smallest common multiple] "
         "of {a} and {b}",
         "> The greatest common divisor of {a} and {b} is {g}; p = a / g; x = p * b", "{x}",
         "x == a * b / common(a, b)"},
    Tale{2, "g=1..6; p=2..7; q=2..7; !p!=q && gcd(p,q)==1; a:=g*p; b:=g*q",
         "[What is the smallest number that both {a} and {b} divide?|What's the first number that is in the {a} and in "
         "the {b} times table?|Which is the least number divisible by both {a} and {b}?|lcm({a}, {b})]",
         "> The greatest common divisor of {a} and {b} is {g}; p = a / g; x = p * b", "{x}",
         "x == a * b / common(a, b)"},
    Tale{2, "p=2..13; q=3..13; !q!=4 && q!=6 && q!=8 && q!=9; a:=p*q",
         "[Is {a} prime?|Is {a} a prime number?|Is the number {a} prime?|Can {a} only be divided by 1 and itself? "
         "Answer yes or no.|Is {a} prime or not? Answer yes or no.|{a}: prime, yes or no?]",
         "> {a} = {p} * {q}, so it is not prime", "no", "x == prime(a)"},
    Tale{2, "a=11..120; !a%2!=0 && a%3!=0 && a%5!=0 && a%7!=0; b:=11*11",
         "[Is {a} prime?|Is {a} a prime number?|Is the number {a} prime?|Can {a} only be divided by 1 and itself? "
         "Answer yes or no.|Is {a} prime or not? Answer yes or no.|{a}: prime, yes or no?]",
         "> 11 * 11 = 121 is more than {a}, and none of 2, 3, 5 and 7 divides {a}; > So it is prime", "yes",
         "x == prime(a)"},
    Tale{1, "a=1001..9999; !a%10!=0; h:=a/10%10; !h>=5 && a%100!=50; x:=(a+50)/100",
         "[Round {a'3} to one decimal place.|Round {a'3} to the nearest tenth.|What is {a'3} rounded to one "
         "decimal?|{a'3} to one decimal place|{a'3} rounded to 1 decimal place]",
         "> The digit behind the tenths is {h}, so it goes up: {x'1}", "{x'1}",
         "x * 1000 - a <= 50 && a - x * 1000 < 50"},
    Tale{1, "a=1001..9999; !a%10!=0; h:=a/10%10; !h<5 && a/100%10!=0; x:=a/100",
         "[Round {a'3} to one decimal place.|Round {a'3} to the nearest tenth.|What is {a'3} rounded to one "
         "decimal?|{a'3} to one decimal place|{a'3} rounded to 1 decimal place]",
         "> The digit behind the tenths is {h}, so they stay: {x'1}", "{x'1}",
         "x * 1000 - a <= 50 && a - x * 1000 < 50"},
    Tale{1, "a=101..9899; h:=a/10%10; !h>=5; x:=(a+50)/100*100",
         "[Round {a} to the nearest hundred.|What is {a} to the nearest hundred?|{a} rounded to the nearest 100|To the "
         "nearest hundred, what is {a}?]",
         "> The tens digit is {h}, so the hundreds go up: {x}", "{x}", "divides(100, x) && x - a <= 50 && a - x < 50"},
    Tale{1, "a=101..9899; h:=a/10%10; !h<5; x:=a/100*100",
         "[Round {a} to the nearest hundred.|What is {a} to the nearest hundred?|{a} rounded to the nearest 100|To the "
         "nearest hundred, what is {a}?]",
         "> The tens digit is {h}, so the hundreds stay: {x}", "{x}", "divides(100, x) && x - a <= 50 && a - x < 50"},
    Tale{2, "g=2..12; p=1..9; q=2..12; !p<q && gcd(p,q)==1; a:=g*p; b:=g*q",
         "[Simplify {a}/{b}.|Reduce {a}/{b} to lowest terms.|What is {a}/{b} in simplest form?|{a}/{b} "
         "simplified|Write {a}/{b} as simply as possible.|Put {a}/{b} in lowest terms.|What does {a}/{b} simplify to?]",
         "reduce a / b", "{a/b}", "x == a / b"},
    Tale{2, "a=1..99; !a%10!=0; b:=100",
         "[What is|Write|Give|] {a'2} as a fraction [in lowest terms|in simplest form|]",
         "> {a'2} is {a} hundredths; reduce a / b", "{a/b}", "x == a / 100"},
    Tale{2, "q=2..20; !100%q==0; p=1..q-1; !gcd(p,q)==1; k:=100/q; a:=p*k",
         "[What is {p}/{q} as a decimal?|Write {p}/{q} as a decimal.|{p}/{q} as a decimal|Turn {p}/{q} into a decimal "
         "number.|Convert {p}/{q} to a decimal.]",
         "> {p}/{q} = {a}/100 = {a'2}", "{a'2}", "x * q == p"},
    Tale{2, "q=2..20; !100%q==0; p=1..q-1; !gcd(p,q)==1; k:=100/q",
         "[What is {p}/{q} as a percent?|Write {p}/{q} as a percentage.|{p}/{q} in percent|What percent is {p} out of "
         "{q}?|{p} is what percent of {q}?|What percentage of {q} is {p}?]",
         "> 1/{q} is {k}%; x = k * p", "{x}\\%", "x * q == 100 * p"},
    Tale{1, "p=1..19; h:=5*p; k=1..40; a:=20*k", "[What is|What's|How much is|Find|] [{h}% of {a}|{h} percent of {a}]",
         "x = h % a", "{x}", "x / a == h / 100"},
    Tale{2, "q=3..8; p=1..q-1; r=2..8; !gcd(p,q)==1; x=2..12; a:=q*x; n:=p*x",
         "[{p}/{q} of what number is {n}?|{n} is {p}/{q} of what number?|If {p}/{q} of a number is {n}, what is the "
         "number?|Find the number whose {p}/{q} is {n}.]",
         "One part: u = n / p; x = u * q", "{x}", "x * p / q == n"},
    Tale{2, "p=1..19; h:=5*p; k=1..20; x:=20*k; n:=h*x/100",
         "[{n} is {h}% of what number?|{h}% of what number is {n}?|If {h} percent of a number is {n}, what is the "
         "number?|{h}% of a number is {n}. Find the number.]",
         "c = n * 100; x = c / h", "{x}", "x * h / 100 == n"},
    Tale{2, "b=3..12; q=2..20; r=1..b-1; a:=b*q+r",
         "[What is the remainder when {a} is divided by {b}?|What remains when you divide {a} by {b}?|{a} mod "
         "{b}|What's left over when {a} is divided by {b}?|Find the remainder of {a} divided by {b}.|Divide {a} by "
         "{b}. What is the remainder?]",
         "q, r = a // b", "{r}", "x == a % b"},
    Tale{3, "n=10..100; x:=n*(n+1)/2; !n%2==0",
         "[What is|What's|Find|] [the sum of the numbers from 1 to {n}|the sum of 1 to {n}|the sum of all whole "
         "numbers from 1 to {n}|the sum of the first {n} positive integers|1 + 2 + 3, and so on up to {n}]",
         "m = n + 1; h = n / 2; x = h * m", "{x}", "2 * x == n * n + n"},
    Tale{3, "n=3..40; x:=n*n", "[What is|What's|Find|] the sum of the first {n} odd numbers",
         "> The first odd numbers add to squares: 1, 4, 9; x = n * n", "{x}", "x == pow(n, 2)"},
    Tale{3, "n=3..60; m:=n+1",
         "[What is|What's|Find|] the sum of the first {n} [even numbers|positive even numbers], starting [at|with] 2",
         "> It is {n} * ({n} + 1); m = n + 1; x = n * m", "{x}", "x == n * n + n"},
    Tale{1, "x=2..20; a:=x*x",
         "[What is the square root of {a}?|Square root of {a}|What's sqrt({a})?|Which positive number times itself is "
         "{a}?|Find the square root of {a}.|sqrt({a}) = ?|Which positive number squared is {a}?]",
         "> {x} * {x} = {a}", "{x}", "x * x == a && x > 0"},
    Tale{2, "x=2..10; a:=x*x*x; b=2..9",
         "[What is the cube root of {a} times {b}?|Multiply the cube root of {a} by {b}.|What do you get when you "
         "multiply {b} by the cube root of {a}?]",
         "> {x} * {x} * {x} = {a}, so the cube root is {x}; y = x * b", "{y}", "pow(x / b, 3) == a"},
    Tale{3, "b=2..10; e=2..6; !pow(b,e)<4000; a:=pow(b,e); k=1..9",
         "[What is|What's|Find|] [log base {b} of {a}|the logarithm of {a} to base {b}|log_{b}({a})] plus {k}",
         "> {b}^{e} = {a}, so the logarithm is {e}; x = e + k", "{x}", "pow(b, x - k) == a"},
    Tale{3, "b=2..10; e=2..6; !pow(b,e)<4000; a:=pow(b,e)",
         "[What is log base {b} of {a}?|log base {b} of {a}|What's the log of {a} to base {b}?|To which power must you "
         "raise {b} to get {a}?|{b} to what power is {a}?|Find log_{b}({a}).]",
         "> {b}^{e} = {a}, so it is {e}", "{e}", "pow(b, x) == a"},
    Tale{3, "p=2..5; q=2..7; m=1..3; n=1..2; !p<q && q!=4 && q!=6 && p!=4; a:=pow(p,m)*pow(q,n); u:=m+1; v:=n+1",
         "[How many divisors does {a} have?|How many factors does {a} have?|How many positive numbers divide {a}?|What "
         "is the number of divisors of {a}?|Count the divisors of {a}.|How many whole numbers divide {a} evenly?|How "
         "many different factors has {a}?]",
         "> {a} = {p}^{m} * {q}^{n}; x = u * v", "{x}", "x == divisors(a)"},
    Tale{1, "a=11..9999; b:=a%10; c:=a/10%10; !a>99",
         "[What is the tens digit of {a}?|Which digit is in the tens place of {a}?|What digit stands in the tens place "
         "in {a}?]",
         "d, e = a // 10; f, g = d // 10; > The tens digit is {g}", "{g}", "x == floor(a / 10) % 10"},
    Tale{1, "a=3..90; b=2..60; !b>a",
         "[Subtract {b} from {a}.|What is {b} subtracted from {a}?|Take {b} away from {a}.|What is {b} less than "
         "{a}?|How much more is {a} than {b}?|What is the difference between {a} and {b}?|By how much is {a} larger "
         "than {b}?]",
         "x = a - b", "{x}", "x + b == a"},
    Tale{1, "a=2..12; b=2..15",
         "[What is the product of {a} and {b}?|Product of {a} and {b}|What's {a} groups of {b}?|Multiply {a} and "
         "{b}.|How much is {a} times as much as {b}?|What do you get from {a} times {b}?]",
         "x = a * b", "{x}", "x / a == b"},
    Tale{1, "a=2..60; b=2..60; c=2..60",
         "[What is {a} plus {b} plus {c}?|Add {a}, {b} and {c}.|The sum of {a}, {b} and {c}?|{a} + {b} + {c}|What's "
         "{a}, {b} and {c} together?]",
         "x = a + b + c", "{x}", "x - a - b == c"},
    Tale{1, "a=2..12; b=2..12; c=2..40",
         "[What is|What's|Calculate|] [{a} times {b} plus {c}|{a} * {b} + {c}|{c} + {a} * {b}|{c} plus {a} times {b}]",
         "p = a * b; x = p + c", "{x}", "(x - c) / b == a"},
    Tale{1, "a=2..12; b=2..12; c=2..20; s:=b+c",
         "[What is|What's|Calculate|Work out|] [{a} * ({b} + {c})|{a}({b} + {c})|({b} + {c}) * {a}|{a} times the sum "
         "of {b} and {c}]",
         "s = b + c; x = a * s", "{x}", "x == a * b + a * c"},
    Tale{2, "a=2..40; b=3..60; !b>a",
         "[What is {a} minus {b}?|{a} minus {b}|{a} - {b} = ?|Subtract {b} from {a}.|What's {a} take away {b}?]",
         "x = a - b", "{x}", "x + b == a"},
    Tale{1, "k=2..40; q=3..4; a:=4*k",
         "[What is|What's|How much is|Find|] [a quarter of {a}|one quarter of {a}|one fourth of {a}|1/4 of {a}|a "
         "fourth of {a}]",
         "x = a / 4", "{x}", "4 * x == a"},
    Tale{1, "k=2..40; a:=4*k",
         "[What is|What's|How much is|Find|] [three quarters of {a}|3/4 of {a}|three fourths of {a}]",
         "q = a / 4; x = q * 3", "{x}", "4 * x == 3 * a"},
    Tale{1, "k=2..40; a:=3*k", "[What is|What's|How much is|Find|] [two thirds of {a}|2/3 of {a}|two-thirds of {a}]",
         "q = a / 3; x = q * 2", "{x}", "3 * x == 2 * a"},
    Tale{2, "k=1..19; h:=5*k; j=1..40; a:=20*j",
         "[Increase {a} by {h}%.|What is {a} increased by {h}%?|What is {h}% more than {a}?|{a} plus {h}%|Raise {a} by "
         "{h} percent.|{a} goes up by {h}%. What is it then?]",
         "p = h % a; x = a + p", "{x}", "x == a * (100 + h) / 100"},
    Tale{2, "k=1..19; h:=5*k; j=1..40; a:=20*j",
         "[Decrease {a} by {h}%.|What is {a} decreased by {h}%?|What is {h}% less than {a}?|{a} minus {h}%|Lower {a} "
         "by {h} percent.|{a} goes down by {h}%. What is left?|${a} with {h}% off|What does something for ${a} cost at "
         "{h}% off?]",
         "p = h % a; x = a - p", "{x}", "x == a * (100 - h) / 100"},
    Tale{2, "k=1..19; x:=5*k; j=1..40; a:=20*j; d:=a*x/100; b:=a+d",
         "[What is the percent increase from {a} to {b}?|Percent increase from {a} to {b}|By what percent does {a} "
         "grow to become {b}?|A price goes from ${a} to ${b}. What is the percent increase?|From {a} to {b} is how "
         "many percent more?]",
         "d = b - a; p = d * 100; x = p / a", "{x}\\%", "a * (100 + x) / 100 == b"},
    Tale{2, "k=1..18; x:=5*k; j=1..40; a:=20*j; d:=a*x/100; b:=a-d",
         "[What is the percent decrease from {a} to {b}?|Percent decrease from {a} to {b}|By what percent does {a} "
         "shrink to become {b}?|A price falls from ${a} to ${b}. What is the percent decrease?|From {a} to {b} is how "
         "many percent less?]",
         "d = a - b; p = d * 100; x = p / a", "{x}\\%", "a * (100 - x) / 100 == b"},
    Tale{2, "q=2..9; s=2..9; !q!=s; p=1..q-1; r=1..s-1; a:=p*s; b:=r*q; d:=q*s; n:=a+b",
         "[What is|What's|Add|Calculate|] {p}/{q} [+|plus] {r}/{s}",
         "a = p * s; b = r * q; d = q * s; > {p}/{q} = {a}/{d} and {r}/{s} = {b}/{d}; n = a + b; reduce n / d", "{n/d}",
         "x == p / q + r / s"},
    Tale{2, "q=2..9; s=2..9; !q!=s; p=1..q-1; r=1..s-1; a:=p*s; b:=r*q; d:=q*s; n:=a-b; !n>0",
         "[What is|What's|Calculate|] {p}/{q} [-|minus] {r}/{s}",
         "a = p * s; b = r * q; d = q * s; > {p}/{q} = {a}/{d} and {r}/{s} = {b}/{d}; n = a - b; reduce n / d", "{n/d}",
         "x == p / q - r / s"},
    Tale{2, "q=2..9; s=2..9; p=1..q; r=1..s; a:=p*r; d:=q*s; !p<q && r<s",
         "[What is|What's|Calculate|] {p}/{q} [times|*|of] {r}/{s}", "a = p * r; d = q * s; reduce a / d", "{a/d}",
         "x == p * r / q / s"},
    Tale{2, "q=2..9; s=2..9; p=1..q; r=1..s; a:=p*s; d:=q*r; !p<q && r<s",
         "[What is|What's|Calculate|] {p}/{q} [divided by {r}/{s}|/ ({r}/{s})]",
         "> Dividing by {r}/{s} is multiplying by {s}/{r}; a = p * s; d = q * r; reduce a / d", "{a/d}",
         "x * r / s == p / q"},
    Tale{1, "a=11..999; b=11..999; !a%10!=0 && b%10!=0; s:=a+b", "[What is|What's|Add|Calculate|] {a'2} [+|plus] {b'2}",
         "> In hundredths; s = a + b; > That is {s'2}", "{s'2}", "100 * x == a + b"},
    Tale{1, "a=11..999; b=11..999; !a%10!=0 && b%10!=0; s:=a-b; !s>0",
         "[What is|What's|Calculate|] {a'2} [-|minus] {b'2}", "> In hundredths; s = a - b; > That is {s'2}", "{s'2}",
         "100 * x == a - b"},
    Tale{2, "a=2..99; b=2..9; s:=a*b; !a%10!=0", "[What is|What's|Calculate|] {a'1} [times|*] {b}",
         "> In tenths; s = a * b; > That is {s'1}", "{s'1}", "10 * x == a * b"},
    Tale{2, "g=2..12; p=1..9; q=2..9; !p!=q && gcd(p,q)==1; a:=g*p; b:=g*q",
         "[Two numbers are in the ratio {p}:{q}. The first is {a}. What is the second?|{p} is to {q} as {a} is to "
         "what?|If {p}/{q} = {a}/x, what is x?|{p}:{q} = {a}:x. Find x.]",
         "g = a / p; b = q * g", "{b}", "x * p == a * q"},
};

constexpr std::array measure_questions{
    Tale{1, "a=2..20; x:=60*a",
         "[How many seconds are in {a} minutes?|How many seconds in {a} minutes?|Convert {a} minutes to seconds.|{a} "
         "minutes in seconds|{a} minutes is how many seconds?|What is {a} minutes in seconds?]",
         "x = a * 60", "{x}", "x / 60 == a"},
    Tale{1, "a=2..30",
         "[How many minutes are in {a} hours?|How many minutes in {a} hours?|Convert {a} hours to minutes.|{a} hours "
         "in minutes|{a} hours is how many minutes?|How long is {a} hours in minutes?]",
         "x = a * 60", "{x}", "x / 60 == a"},
    Tale{2, "k=3..19; !k%2==1; a:=5*k; x:=30*k",
         "[Convert {a'1} hours to minutes.|How many minutes is {a'1} hours?|{a'1} hours in minutes|How many minutes "
         "are there in {a'1} hours?|What is {a'1} hours in minutes?|{a'1} h is how many minutes?|{Name} slept {a'1} "
         "hours. How many minutes is that?|A flight takes {a'1} hours. How long is it in minutes?]",
         "> {a'1} * 60 = {x}", "{x}", "x / 60 == a / 10"},
    Tale{2, "h=1..9; k=1..11; m:=5*k",
         "[How many minutes are in|How many minutes is|Convert to minutes:] {h} {h:hour/hours} and {m} minutes[|, "
         "please]",
         "t = h * 60; x = t + m", "{x}", "(x - m) / 60 == h"},
    Tale{2, "h=2..9; k=1..11; m:=5*k; t:=60*h+m",
         "[How many hours and minutes is {t} minutes? Give the minutes beyond the full hours.|{t} minutes is {h} hours "
         "and how many minutes?|A film runs {t} minutes, which is {h} hours and how many minutes?]",
         "f = h * 60; x = t - f", "{x}", "x == t % 60"},
    Tale{1, "a=2..50",
         "[How many days are in {a} weeks?|How many days in {a} weeks?|{a} weeks in days|Convert {a} weeks to "
         "days.|{a} weeks is how many days?]",
         "x = a * 7", "{x}", "x / 7 == a"},
    Tale{1, "a=2..20",
         "[How many hours are in {a} days?|How many hours in {a} days?|{a} days in hours|Convert {a} days to "
         "hours.|{a} full days are how many hours?]",
         "x = a * 24", "{x}", "x / 24 == a"},
    Tale{1, "a=2..50; c=2..9",
         "[How many months are {a} years?|How many eggs are in {a} dozen?|{a} feet in inches|Convert {a} feet to "
         "inches.|How many inches are in {a} feet?|{a} dozen is how many?|How many months are in {a} years?]",
         "x = a * 12", "{x}", "x / 12 == a"},
    Tale{1, "a=2..90",
         "[How many centimeters are in {a} meters?|{a} meters in centimeters|Convert {a} m to cm.|How many cm is {a} "
         "m?|How many cents are {a} dollars?|How many cents are in {a} dollars?]",
         "x = a * 100", "{x}", "x / 100 == a"},
    Tale{1, "a=2..90",
         "[How many meters are in {a} kilometers?|{a} km in m|Convert {a} kg to grams.|How many grams is {a} kg?|How "
         "many milliliters are in {a} liters?|{a} liters in milliliters|How many millimeters are {a} meters?]",
         "x = a * 1000", "{x}", "x / 1000 == a"},
    Tale{2, "a=11..99; !a%10!=0; x:=a*100",
         "[Convert {a'1} km to meters.|How many meters is {a'1} km?|{a'1} kg in grams|How many grams are in {a'1} "
         "kg?|How many milliliters is {a'1} liters?|{a'1} liters in milliliters]",
         "> {a'1} * 1000 = {x}", "{x}", "x == a * 1000 / 10"},
    Tale{2, "a=101..990; !a%10!=0; b:=a",
         "[Convert {a} cm to meters.|How many meters is {a} cm?|{a} centimeters in meters|How many dollars are {a} "
         "cents?|{a} cents in dollars]",
         "> {a} / 100 = {a'2}", "{a'2}", "x * 100 == a"},
    Tale{2, "a=1100..9900; !a%100==0 && a%1000!=0",
         "[Convert {a} grams to kilograms.|How many kg is {a} g?|{a} meters in kilometers|How many kilometers are {a} "
         "meters?|How many liters are {a} milliliters?]",
         "> {a} / 1000 = {a'3}", "{a'3}", "x * 1000 == a"},
    Tale{2, "h=1..12; k=0..11; m:=5*k; j=1..11; b:=5*j; a:=60*h+m; s:=m+b; !s<60; x:=a+b",
         "[What time is it {b} minutes after {a:t}?|What is the time {b} minutes after {a:t}?|It is {a:t}. What time "
         "will it be in {b} minutes?|{b} minutes after {a:t}, what does the clock show?]",
         "Minutes: s = m + b; > That is {x:t}", "{x:t}", "x % 720 == (a + b) % 720"},
    Tale{2, "h=1..12; k=0..11; m:=5*k; j=1..11; b:=5*j; a:=60*h+m; s:=m+b; !s>=60; x:=a+b",
         "[What time is it {b} minutes after {a:t}?|What is the time {b} minutes after {a:t}?|It is {a:t}. What time "
         "will it be in {b} minutes?|A lesson of {b} minutes starts at {a:t}. When does it end?|{b} minutes after "
         "{a:t}, what does the clock show?]",
         "Minutes: s = m + b; Over the hour: r = s - 60; > The next hour and {r} minutes: {x:t}", "{x:t}",
         "x % 720 == (a + b) % 720"},
    Tale{2, "h=1..9; k=0..11; l=0..11; n=1..3; a:=60*h+5*k; b:=60*h+60*n+5*l; g=1..12; !k!=l; p:=60*n; j:=5*l-5*k",
         "[How many minutes are there from {a:t} to {b:t}?|How many minutes pass between {a:t} and {b:t}?|A train "
         "leaves at {a:t} and arrives at {b:t}. How many minutes is the trip?|Work began at {a:t} and ended at {b:t}. "
         "How many minutes was that?|The film goes from {a:t} to {b:t}. How many minutes long is it?]",
         "Hours: p = n * 60; Minutes: j = 5*l - 5*k; x = p + j", "{x}", "x == b - a"},
    Tale{2, "a=1..20; b=a+2..30",
         "How many days [are there from|pass from|is it from] [March|May|July|August|October|January] {a} to "
         "[March|May|July|August|October|January] {b} [of the same year|]",
         "x = b - a", "{x}", "x + a == b"},
    Tale{1, "a=2..30; b=2..20",
         "[What is the area of a {a} by {b} rectangle?|Area of a {a} by {b} rectangle|Area of a rectangle with sides "
         "{a} and {b}?|How large is the area of a rectangle {a} long and {b} wide?|Find the area of a rectangle of {a} "
         "by {b}.|A room is {a} m by {b} m. How many square meters is that?]",
         "x = a * b", "{x}", "x / b == a"},
    Tale{1, "a=2..60; b=2..40; !a!=b",
         "[What is the perimeter of a {a} by {b} rectangle?|Perimeter of a {a} by {b} rectangle|Perimeter of a "
         "rectangle with sides {a} and {b}?|How far is it around a rectangle {a} long and {b} wide?|Find the perimeter "
         "of a rectangle of {a} by {b}.|A field is {a} m by {b} m. How long is a fence around it?]",
         "s = a + b; x = s * 2", "{x}", "x == a + b + a + b"},
    Tale{1, "a=2..40",
         "[What is the area of a square with side {a}?|Area of a square of side {a}|A square has sides of {a} cm. What "
         "is its area?|Find the area of a square whose side is {a}.|How large is a square of {a} by {a}?]",
         "x = a * a", "{x}", "x == pow(a, 2)"},
    Tale{2, "a=2..40; p:=4*a; x:=a*a",
         "[The perimeter of a square is {p}. What is its area?|A square has a perimeter of {p} cm. Find its "
         "area.|What's the area of a square with perimeter {p}?]",
         "Side: a = p / 4; x = a * a", "{x}", "16 * x == p * p"},
    Tale{2, "x=2..30; a:=x*x; b:=4*x",
         "[The area of a square is {a}. What is its perimeter?|A square tile has an area of {a} square cm. How long is "
         "its perimeter?|What's the perimeter of a square with area {a}?|How far is it around a square whose area is "
         "{a}?]",
         "> {x} * {x} = {a}, so the side is {x}; y = x * 4", "{y}", "x * x / 16 == a"},
    Tale{2, "h=2..20; k=2..15; b:=2*k",
         "[What is the area of a triangle with base {b} and height {h}?|Area of a triangle with base {b} and height "
         "{h}|A triangle has base {b} cm and height {h} cm. What's its area?|Find the area of a triangle whose base is "
         "{b} and whose height is {h}.]",
         "p = b * h; x = p / 2", "{x}", "2 * x / h == b"},
    Tale{2, "r=2..25; d:=2*r",
         "[What is the circumference of a circle with radius {r} in terms of pi?|Circumference of a circle with radius "
         "{r}, in terms of pi?|In terms of pi, how far is it around a circle of radius {r}?|A circle has radius {r}. "
         "Give its circumference in terms of pi.]",
         "> The circumference is 2 * pi * r; d = r * 2; > So it is {d} pi", "{d}\\pi", "x == 2 * r"},
    Tale{2, "r=2..20; d:=2*r",
         "[What is the area of a circle with diameter {d} in terms of pi?|Area of a circle of diameter {d}, in terms "
         "of pi?|A circle is {d} wide. Give its area in terms of pi.|In terms of pi, what's the area of a circle whose "
         "diameter is {d}?]",
         "Radius: r = d / 2; x = r * r; > So it is {x} pi", "{x}\\pi", "4 * x == d * d"},
    Tale{2, "k=1..8; t=0..3; p:=3*k; q:=4*k; c:=5*k",
         "[What is the hypotenuse of a right triangle with legs {p} and {q}?|Hypotenuse of legs {p} and {q}?|A right "
         "triangle has legs {p} and {q}. How long is the hypotenuse?|The legs of a right triangle are {p} cm and {q} "
         "cm. Find the longest side.|Longest side of a right triangle with legs {p} and {q}?|How long is the diagonal "
         "of a {p} by {q} rectangle?]",
         "d = p * p; e = q * q; f = d + e; > {c} * {c} = {f}, so it is {c}", "{c}", "x == sqrt(p * p + q * q)"},
    Tale{2, "k=1..6; p:=5*k; q:=12*k; c:=13*k",
         "[What is the hypotenuse of a right triangle with legs {p} and {q}?|Hypotenuse of legs {q} and {p}?|A right "
         "triangle has legs {p} and {q}. How long is the hypotenuse?|The legs of a right triangle are {q} cm and {p} "
         "cm. Find the longest side.|How long is the diagonal of a {q} by {p} rectangle?|How far apart are opposite "
         "corners of a field {q} m long and {p} m wide?|You walk {p} m north and {q} m east. How far are you from the "
         "start in a straight line?|A ramp reaches {p} feet up and {q} feet out. How long is it?|Diagonal of a {p} by "
         "{q} rectangle]",
         "d = p * p; e = q * q; f = d + e; > {c} * {c} = {f}, so it is {c}", "{c}", "x == sqrt(p * p + q * q)"},
    Tale{2, "a=20..100; b=20..150; !a+b<170",
         "[Two angles of a triangle are {a} and {b} degrees. What is the third?|A triangle has angles of {a} and {b} "
         "degrees. Find the other angle.|In a triangle, two angles measure {a} and {b} degrees. How large is the third "
         "angle?|What's the third angle of a triangle with angles {a} and {b}?]",
         "s = a + b; x = 180 - s", "{x}", "a + b + x == 180"},
    Tale{2, "n=5..20; m:=n-2",
         "[What is|What's|Find|] the sum of the [angles|interior angles|inside angles] of a [polygon with {n} "
         "sides|{n}-sided polygon|shape with {n} straight sides|convex polygon with {n} corners]",
         "m = n - 2; x = m * 180", "{x}", "x / 180 + 2 == n"},
    Tale{2, "a=2..12; b=2..12; c=2..12",
         "[What is the volume of a box {a} by {b} by {c}?|Volume of a {a} by {b} by {c} box|A box is {a} cm long, {b} "
         "cm wide and {c} cm high. What is its volume?|How many unit cubes fit in a box of {a} by {b} by {c}?|How much "
         "water fits in a tank {a} dm by {b} dm by {c} dm, in liters?]",
         "p = a * b; x = p * c", "{x}", "x / a / b == c"},
    Tale{2, "a=2..12; b:=a*a",
         "[What is the volume of a cube with side {a}?|Volume of a cube of side {a}|A cube has edges of {a} cm. How "
         "large is its volume?|How many cubic meters is a cube {a} m on each side?|How many small cubes of side 1 make "
         "a cube of side {a}?|Find the volume of a cube whose edge is {a}.]",
         "b = a * a; x = b * a", "{x}", "x == pow(a, 3)"},
    Tale{3, "a=2..15; b:=a*a",
         "[What is the surface area of a cube with side {a}?|Surface area of a cube of edge {a}|A cube has edges of "
         "{a} cm. How much paper covers all its faces, in square cm?|A cube is {a} m on each side. What is its whole "
         "surface?]",
         "One face: b = a * a; x = b * 6", "{x}", "x / 6 == a * a"},
    Tale{3, "a=2..12; b=2..12; c=2..12",
         "[What is the surface area of a box {a} by {b} by {c}?|Surface area of a {a} by {b} by {c} box|A box is {a} "
         "cm long, {b} cm wide and {c} cm high. How large is its surface?|How much paper covers all six sides of a box "
         "of {a} by {b} by {c}?]",
         "p = a * b; q = b * c; r = a * c; s = p + q + r; x = s * 2", "{x}", "x == 2 * (a * b + b * c + c * a)"},
    Tale{3, "r=2..12; h=2..15; k:=r*r",
         "[What is the volume of a cylinder with radius {r} and height {h} in terms of pi?|Volume of a cylinder of "
         "radius {r} and height {h}, in terms of pi?|A can has radius {r} cm and height {h} cm. Give its volume in "
         "terms of pi.|In terms of pi, how much does a round tank of radius {r} and depth {h} hold?]",
         "k = r * r; x = k * h; > So it is {x} pi", "{x}\\pi", "x / h == pow(r, 2)"},
    Tale{3, "k=1..20; p:=3*k; q:=4*k; c:=5*k",
         "[The hypotenuse of a right triangle is {c} and one leg is {p}. How long is the other leg?|A ladder of {c} "
         "feet leans on a wall, its foot {p} feet away. How high does it reach?|Other leg of a right triangle with "
         "hypotenuse {c} and leg {p}?|A rectangle has a diagonal of {c} and a width of {p}. What is its length?]",
         "d = c * c; e = p * p; f = d - e; > {q} * {q} = {f}, so it is {q}", "{q}", "x * x + p * p == c * c"},
    Tale{3, "h=2..15; a=2..20; b=a+2..30; !(a+b)%2==0",
         "[What is the area of a trapezoid with parallel sides {a} and {b} and height {h}?|Area of a trapezoid with "
         "bases {a} and {b} and height {h}|A trapezoid has bases of {a} cm and {b} cm and is {h} cm high. Find its "
         "area.|The parallel sides of a trapezoid are {b} and {a}, its height is {h}. What's its area?]",
         "s = a + b; Middle: m = s / 2; x = m * h", "{x}", "2 * x == a * h + b * h"},
    Tale{1, "v=2..90; t=2..9; x:=v*t",
         "[How far do you get in {t} hours at {v} miles per hour?|{t} hours at {v} km/h is how far?|A car drives {v} "
         "mph for {t} hours. How far?|Distance covered in {t} hours at {v} km per hour?|At {v} km per hour, how many "
         "km is {t} hours of driving?]",
         "x = v * t", "{x}", "x / t == v"},
    Tale{1, "v=2..90; t=2..9; d:=v*t",
         "[What is the speed if you go {d} miles in {t} hours?|{d} km in {t} hours is what speed in km per hour?|A "
         "train covers {d} km in {t} hours. What is its speed in km per hour?|How fast is {d} miles in {t} hours, in "
         "miles per hour?|What's the average speed of a {d} mile trip that takes {t} hours, in miles per hour?]",
         "v = d / t", "{v}", "x * t == d"},
    Tale{1, "v=2..90; t=2..9; d:=v*t",
         "[How long does it take to go {d} miles at {v} miles per hour, in hours?|How many hours is {d} km at {v} km "
         "per hour?|{d} miles at {v} mph takes how many hours?|At {v} km per hour, how many hours do you need for {d} "
         "km?]",
         "t = d / v", "{t}", "x * v == d"},
    Tale{2, "k=0..6; n=8..60; q:=n/7; r:=n%7; !r>0; s:=k+r; !s<7",
         "[If today is {k:d}, what day is it in {n} days?|Today is {k:d}. What day of the week will it be in {n} "
         "days?|It is {k:d}. Which weekday is it {n} days later?|What day is {n} days after a {k:d}?]",
         "q, r = n // 7; > {r} {r:day/days} after {k:d}: {s:d}", "{s:d}", "x == (k + n) % 7"},
    Tale{2, "k=0..6; n=8..60; q:=n/7; r:=n%7; !r>0; s:=k+r; !s>=7",
         "[If today is {k:d}, what day is it in {n} days?|Today is {k:d}. What day of the week will it be in {n} "
         "days?|It is {k:d}. Which weekday is it {n} days later?|What day is {n} days after a {k:d}?]",
         "q, r = n // 7; > {r} {r:day/days} after {k:d}: {s:d}", "{s:d}", "x == (k + n) % 7"},
    Tale{
        2, "k=0..20; c:=5*k; f:=9*k+32",
        "[What is {c} degrees Celsius in Fahrenheit?|Convert {c} C to Fahrenheit.|{c} degrees Celsius in Fahrenheit|It "
        "is {c} degrees Celsius. What is that in Fahrenheit?|How hot is {c} degrees Celsius in Fahrenheit?]",
        "> Fahrenheit is 9/5 of it and 32; k = c / 5; p = k * 9; f = p + 32", "{f}", "(x - 32) * 5 == 9 * c"},
    Tale{2, "x=2..30; b=2..20; a:=b*x",
         "[The area of a rectangle is {a} and its width is {b}. What is its length?|A rectangle has area {a} and one "
         "side {b}. How long is the other?|How long is a rectangle with area {a} that is {b} wide?]",
         "x = a / b", "{x}", "x * b == a"},
    Tale{2, "x=2..30; b=2..20; s:=x+b; p:=2*s",
         "[The perimeter of a rectangle is {p} and its width is {b}. What is its length?|A rectangle has perimeter {p} "
         "and one side {b}. How long is the other?|How long is a rectangle with perimeter {p} that is {b} wide?]",
         "s = p / 2; x = s - b", "{x}", "2 * x + 2 * b == p"},
};

constexpr std::array data_questions{
    Tale{
        1, "a=3..30; b=3..30; c=3..30; !(a+b+c)%3==0 && a!=b && b!=c",
        "[What is the mean of {a}, {b} and {c}?|Mean of {a}, {b}, {c}|Find the average of {a}, {b} and {c}.|What's the "
        "average of {a}, {b} and {c}?|Average {a}, {b} and {c}.|{Name} scored {a}, {b} and {c}. What was the average?]",
        "s = a + b + c; x = s / 3", "{x}", "x + x + x == a + b + c"},
    Tale{2, "a=3..30; b=3..30; c=3..30; e=3..30; !(a+b+c+e)%4==0",
         "[What is the mean of {a}, {b}, {c} and {e}?|Mean of {a}, {b}, {c}, {e}|Find the average of {a}, {b}, {c} and "
         "{e}.|What's the average of {a}, {b}, {c} and {e}?|The scores were {a}, {b}, {c} and {e}. What is the mean?]",
         "s = a + b + c + e; x = s / 4", "{x}", "4 * x == a + b + c + e"},
    Tale{2, "b=5..20; a=2..b-1; c=b+1..40; d=2..b-1; e=b+1..40; !a<d && c<e",
         "[What is the median of {c}, {a}, {b}, {e}, {d}?|Median of {e}, {b}, {a}, {c}, {d}|Find the median of {a}, "
         "{e}, {d}, {b} and {c}.|What's the middle value of {b}, {e}, {a}, {d} and {c}?|Five scores are {c}, {e}, {a}, "
         "{b} and {d}. What is the median?]",
         "> In order: {a}, {d}, {b}, {c}, {e}; > The middle one is {b}", "{b}", "x == middle(a, b, c, d, e)"},
    Tale{2, "a=2..10; b=a+1..15; c=b+1..25; d=c+1..40; !(b+c)%2==0",
         "[What is the median of {c}, {a}, {d}, {b}?|Median of {d}, {b}, {a}, {c}|Find the median of {a}, {d}, {c} and "
         "{b}.|Four numbers are {b}, {d}, {a} and {c}. What is their median?]",
         "> In order: {a}, {b}, {c}, {d}; s = b + c; x = s / 2", "{x}", "x == middle(a, b, c, d)"},
    Tale{1, "a=2..30; b=a+1..40; c=b+1..60; !a!=c",
         "[What is the range of {b}, {a}, {c}?|Range of {c}, {a}, {b}|Find the range of {a}, {c} and {b}.|What's the "
         "range of the numbers {b}, {c} and {a}?|How far apart are the largest and the smallest of {b}, {c} and {a}?]",
         "> The largest is {c}, the smallest {a}; x = c - a", "{x}", "x + a == c"},
    Tale{2, "a=2..20; b=2..20; c=2..20; !a!=b && a!=c && b!=c; d:=a+a+a",
         "[What is the mode of {b}, {a}, {c}, {a}, {a}?|Mode of {a}, {b}, {a}, {c}, {a}|Find the mode of {a}, {a}, "
         "{c}, {b} and {a}.|Which number is the mode of {c}, {a}, {b}, {a}, {a}?]",
         "> {a} comes 3 times, the others once, so it is {a}", "{a}", "x == a"},
    Tale{1, "a=2..12; b=2..12; c=1..9; s:=a+b",
         "[A bag has|A box holds|There are] {a} red [and|marbles and] {b} blue marbles[ in it|]. What is the "
         "probability of [drawing|taking|picking] a red one[ at random|]?",
         "All: s = a + b; reduce a / s", "{a/s}", "x == a / (a + b)"},
    Tale{2, "a=2..9; b=2..9; c=2..9; s:=a+b+c; n:=s-b",
         "[A bag has|A jar holds|A box contains] {a} red, {b} blue and {c} green [balls|marbles|pens]. [What is the "
         "probability that one drawn at random is not blue?|If one is drawn at random, what's the chance that it isn't "
         "blue?|One is taken without looking. What is the probability of not getting blue?]",
         "All: s = a + b + c; Not blue: n = a + c; reduce n / s", "{n/s}", "x == 1 - b / (a + b + c)"},
    Tale{2, "s=3..7; e:=36",
         "[What is the probability of rolling a total of {s} with two dice?|Two dice are rolled. What's the chance "
         "that the sum is {s}?|Chance of a sum of {s} with two fair dice?|You throw two dice. How likely is a total of "
         "{s}? Give a fraction.|Probability that two dice add up to {s}|Two [fair|ordinary|six-sided] dice are thrown "
         "[once|together]. What is the probability that they add up to {s}?|{Name} roll{+s} two dice. What's the "
         "[chance|probability] of a total of {s}?|With two [fair|ordinary] dice, how likely is a sum of {s}?]",
         "> There are 36 pairs; Pairs with that sum: w = s - 1; reduce w / e", "{w/e}", "x == rolls(s) / 36"},
    Tale{2, "s=8..11; e:=36",
         "[What is the probability of rolling a total of {s} with two dice?|Two dice are rolled. What's the chance "
         "that the sum is {s}?|Chance of a sum of {s} with two fair dice?|You throw two dice. How likely is a total of "
         "{s}? Give a fraction.|Probability that two dice add up to {s}|Two [fair|ordinary|six-sided] dice are thrown "
         "[once|together]. What is the probability that they add up to {s}?|{Name} roll{+s} two dice. What's the "
         "[chance|probability] of a total of {s}?|With two [fair|ordinary] dice, how likely is a sum of {s}?]",
         "> There are 36 pairs; Pairs with that sum: w = 13 - s; reduce w / e", "{w/e}", "x == rolls(s) / 36"},
    Tale{2, "n=4..4",
         "[In how many ways can {n} [books|people|cars|pictures|letters] be [arranged|lined up|put] in a row?|How many "
         "ways are there to arrange {n} different [books|people|cars|pictures|letters] in a row?|How many orders are "
         "there for {n} different [songs|books|talks]?|How many ways can {n} [runners|children] stand in a line?|{n} "
         "[friends|kids] [queue|line up]. In how many orders can they stand?|In how many orders can {Ann} "
         "[play|hear|sing] {n} [songs|pieces]?|How many ways can {n} [trophies|vases|photos|plants|cups] stand on a "
         "shelf?]",
         "a = 4 * 3; b = a * 2; > The last place has one choice: {b}", "{b}", "x == orders(n, n)"},
    Tale{2, "n=5..5",
         "[In how many ways can {n} [books|people|cars|pictures|letters] be [arranged|lined up|put] in a row?|How many "
         "ways are there to arrange {n} different [books|people|cars|pictures|letters] in a row?|How many orders are "
         "there for {n} different [songs|books|talks]?|How many ways can {n} [runners|children] stand in a line?|{n} "
         "[friends|kids] [queue|line up]. In how many orders can they stand?|In how many orders can {Ann} "
         "[play|hear|sing] {n} [songs|pieces]?|How many ways can {n} [trophies|vases|photos|plants|cups] stand on a "
         "shelf?]",
         "a = 5 * 4; b = a * 3; c = b * 2; > The last place has one choice: {c}", "{c}", "x == orders(n, n)"},
    Tale{3, "n=4..12; m:=n-1; p:=n*m",
         "[How many ways are there to choose 2 of {n} [people|books|colors|toppings]?|In how many ways can you pick 2 "
         "[people|books|colors|toppings] out of {n}?|{n} choose 2|How many pairs can be made from {n} "
         "[players|students|dogs]?|How many different teams of two can {n} [players|students] form?]",
         "m = n - 1; p = n * m; > Order does not matter; x = p / 2", "{x}", "x == choose(n, 2)"},
    Tale{3, "n=4..10; m:=n-1; l:=n-2",
         "[How many ways are there to choose 3 of {n} [people|books|colors|toppings]?|In how many ways can you pick 3 "
         "[people|books|colors|toppings] out of {n}?|{n} choose 3|How many groups of three can be made from {n} "
         "[players|students|dogs]?|A committee of 3 is chosen from {n} [members|teachers]. In how many ways?]",
         "m = n - 1; l = n - 2; p = n * m; q = p * l; > Each group is counted 6 times; x = q / 6", "{x}",
         "x == choose(n, 3)"},
    Tale{3, "n=4..15; m:=n-1; l:=n-2",
         "[In how many ways can {n} runners take first and second place?|From {n} people, a chair and a deputy are "
         "chosen. In how many ways?|How many ways are there to pick a president and a secretary from {n} members?|How "
         "many ordered pairs of different letters can be made from {n} letters?|{n} horses race. How many results are "
         "there for the first two places?]",
         "m = n - 1; x = n * m", "{x}", "x == orders(n, 2)"},
    Tale{2, "n=2..9; m=10..40; a=5..60; b=5..60; c:=3*m-a-b; !c>0; t:=3*m",
         "[The average of three numbers is {m}. Two of them are {a} and {b}. What is the third?|Three numbers have a "
         "mean of {m}; two are {a} and {b}. Find the other.|{a}, {b} and a third number average {m}. What is the third "
         "number?|What third number makes the average of {a}, {b} and it {m}?]",
         "Sum: t = m * 3; s = a + b; c = t - s", "{c}", "(x + a + b) / 3 == m"},
    Tale{2, "u=2..20; n=2..12; a:=n*u; m=2..9",
         "[{n} [pens|cans|bars|bottles] cost ${a}. What does one cost?|What is the unit price if {n} "
         "[pens|cans|bars|bottles] cost ${a}?|Price of one if {n} cost ${a}?|If {n} are ${a}, how much is one?]",
         "u = a / n", "{u}", "x * n == a"},
    Tale{1, "a=1..5; b:=6; n=2..6",
         "[A die is rolled. What is the probability of a number [less than|below] {n}?|What's the chance of rolling "
         "[less than|below] {n} with one die?|You roll a fair die. How likely is a number under {n}?|{Name} roll{+s} a "
         "die once. What is the probability of getting a number smaller than {n}?|Probability of rolling less than {n} "
         "on a fair die?|With one [fair|normal|six-sided] die, what is the probability of [less than|below] {n}?|A "
         "[fair|normal|six-sided] die is [thrown|tossed|rolled]. What is the [chance|probability] that it shows less "
         "than {n}?]",
         "Such numbers: a = n - 1; reduce a / 6", "{a/b}", "6 * x == n - 1"},
};

constexpr std::array algebra_questions{
    Tale{1, "x=2..30; b=1..40; c:=x+b",
         "[Solve x + {b} = {c}.|What is x if x + {b} = {c}?|If x + {b} = {c}, what is x?|x + {b} = {c}, x = ?|Which "
         "number plus {b} is {c}?|What number do you add to {b} to get {c}?]",
         "x = c - b", "{x}", "x + b == c"},
    Tale{1, "b=2..12; x=2..20; c:=b*x",
         "[Solve {b}x = {c}.|What is x if {b}x = {c}?|If {b} times a number is {c}, what is the number?|{b}x = {c}. "
         "Find x.|Which number times {b} is {c}?|What must {b} be multiplied by to get {c}?]",
         "x = c / b", "{x}", "x * b == c"},
    Tale{2, "a=2..12; x=1..20; b=1..40; c:=a*x+b",
         "[Solve {a}x + {b} = {c}.|Solve {a}x + {b} = {c} for x.|What is x if {a}x + {b} = {c}?|If {a}x + {b} = {c}, "
         "find x.|{a}x + {b} = {c}, what's x?|For which x is {a}x + {b} = {c}?]",
         "> {a}x = {c} - {b}; p = c - b; x = p / a", "{x}", "a * x + b == c"},
    Tale{2, "a=2..12; x=2..20; b=1..40; c:=a*x-b; !c>0",
         "[Solve {a}x - {b} = {c}.|What is x if {a}x - {b} = {c}?|If {a}x - {b} = {c}, find x.|{a}x - {b} = {c}. x = "
         "?|For which x is {a}x - {b} = {c}?]",
         "> {a}x = {c} + {b}; p = c + b; x = p / a", "{x}", "a * x - b == c"},
    Tale{2, "a=2..9; c=2..20; x:=a*c; b=1..30; d:=c+b",
         "[Solve x/{a} + {b} = {d}.|What is x if x/{a} + {b} = {d}?|If x divided by {a}, plus {b}, is {d}, what is "
         "x?|A number divided by {a}, plus {b}, is {d}. What's the number?]",
         "> x/{a} = {d} - {b}; c = d - b; x = c * a", "{x}", "x / a + b == d"},
    Tale{3, "a=2..9; k=1..8; x=2..15; b=1..15; c:=a*x+a*b; d:=x+b",
         "[Solve {a}(x + {b}) = {c}.|What is x if {a}(x + {b}) = {c}?|If {a} times the sum of a number and {b} is {c}, "
         "what is the number?|Find x: {a}(x + {b}) = {c}.]",
         "d = c / a; x = d - b", "{x}", "a * (x + b) == c"},
    Tale{3, "a=3..12; c=1..a-1; x=1..15; b=1..40; e:=a-c; d:=a*x+b-c*x",
         "[Solve {a}x + {b} = {c:x}x + {d}.|What is x if {a}x + {b} = {c:x}x + {d}?|For which x are {a}x + {b} and "
         "{c:x}x + {d} equal?|Find x when {a}x + {b} = {c:x}x + {d}.]",
         "> {e:x}x = {d} - {b}; e = a - c; p = d - b; x = p / e", "{x}", "a * x + b == c * x + d"},
    Tale{3, "p=1..9; q=p+1..12; b:=p+q; c:=p*q",
         "[Factor x^2 - {b}x + {c}.|Factor the expression x^2 - {b}x + {c}.|Write x^2 - {b}x + {c} as a product.|How "
         "does x^2 - {b}x + {c} factor?]",
         "> Two numbers with the sum {b} and the product {c}: {p} and {q}; s = p + q; m = p * q", "(x - {p})(x - {q})",
         "x + y == 0 - b && x * y == c && x != y"},
    Tale{3, "p=1..9; q=p+1..12; b:=p+q; c:=p*q",
         "[Factor x^2 + {b}x + {c}.|Factor the expression x^2 + {b}x + {c}.|Write x^2 + {b}x + {c} as a product.|How "
         "does x^2 + {b}x + {c} factor?]",
         "> Two numbers with the sum {b} and the product {c}: {p} and {q}; s = p + q; m = p * q", "(x + {p})(x + {q})",
         "x + y == b && x * y == c && x != y"},
    Tale{
        2, "a=2..9; b=1..20; c=2..12",
        "[What is the value of f({c}) when f(x) = {a}x + {b}?|f(x) = {a}x + {b}. What is f({c})?|If f(x) = {a}x + {b}, "
        "find f({c}).|What's {a}x + {b} when x = {c}?|Evaluate {a}x + {b} at x = {c}.|What is {a}x + {b} for x = {c}?]",
        "p = a * c; x = p + b", "{x}", "x - b == a * c"},
    Tale{3, "c=2..10; a=1..9; b=1..20; d:=c*c",
         "[f(x) = x^2 + {a:x}x - {b}. What is f({c})?|If f(x) = x^2 + {a:x}x - {b}, find f({c}).|What's x^2 + {a:x}x - "
         "{b} when x = {c}?|Evaluate x^2 + {a:x}x - {b} at x = {c}.]",
         "d = c * c; p = a * c; s = d + p; x = s - b", "{x}", "x == c * (c + a) - b"},
    Tale{2, "a=0..9; b=0..20; k=1..6; m=1..9; c:=a+k; d:=b+k*m",
         "[What is the slope of the line through ({a}, {b}) and ({c}, {d})?|Slope through ({a}, {b}) and ({c}, {d})?|A "
         "line goes through ({a}, {b}) and ({c}, {d}). What's its slope?|Find the slope between the points ({a}, {b}) "
         "and ({c}, {d}).]",
         "r = d - b; k = c - a; x = r / k", "{x}", "x * (c - a) == d - b"},
    Tale{2, "a=0..15; b=0..15; h=1..10; k=1..10; c:=a+2*h; d:=b+2*k; m:=a+h; n:=b+k",
         "[What is the midpoint of ({a}, {b}) and ({c}, {d})?|Midpoint of ({a}, {b}) and ({c}, {d})|Which point is "
         "halfway between ({a}, {b}) and ({c}, {d})?|Find the middle of the segment from ({a}, {b}) to ({c}, {d}).]",
         "p = a + c; m = p / 2; q = b + d; n = q / 2", "({m}, {n})", "2 * x == a + c && 2 * y == b + d"},
    Tale{3, "a=-9..9; b=-9..9; k=1..3; c:=a+3*k; d:=b+4*k; p:=3*k; q:=4*k; r:=5*k",
         "[What is the distance between ({a}, {b}) and ({c}, {d})?|Distance from ({a}, {b}) to ({c}, {d})?|How far is "
         "({a}, {b}) from ({c}, {d})?|Find the distance between the points ({a}, {b}) and ({c}, {d}).]",
         "p = c - a; q = d - b; e = p * p; f = q * q; s = e + f; > {r} * {r} = {s}, so it is {r}", "{r}",
         "x * x == (c - a) * (c - a) + (d - b) * (d - b)"},
    Tale{2, "x=2..20; a:=x*x",
         "[Solve x^2 = {a} for the positive x.|What is the positive x if x^2 = {a}?|If x squared is {a} and x is "
         "positive, what is x?|x * x = {a}, x > 0. x = ?|Which positive number has the square {a}?]",
         "> {x} * {x} = {a}, so x = {x}", "{x}", "x * x == a && x > 0"},
    Tale{2, "a=5..60; x=2..50; c:=a-x; !c>0",
         "[Solve {a} - x = {c}.|What is x if {a} - x = {c}?|{a} minus what number is {c}?|{a} - x = {c}. Find x.|From "
         "{a} a number is taken and {c} is left. What is the number?]",
         "x = a - c", "{x}", "a - x == c"},
    Tale{2, "a=2..9; x=2..20; b=1..20; c:=a*x+b",
         "[{a} times a number plus {b} is {c}. What is the number?|Which number times {a}, plus {b}, gives {c}?|If you "
         "multiply a number by {a} and add {b}, you get {c}. Find it.|{b} more than {a} times a number is {c}. What's "
         "the number?]",
         "p = c - b; x = p / a", "{x}", "a * x == c - b"},
    Tale{3, "p=1..9; q=p+1..12; b:=p+q; c:=p*q",
         "[What are the solutions of x^2 - {b}x + {c} = 0? Give the larger one.|x^2 - {b}x + {c} = 0. What is the "
         "larger x?|Solve x^2 - {b}x + {c} = 0 and give the larger root.|What is the greater root of x^2 - {b}x + {c} "
         "= 0?]",
         "> Two numbers with the sum {b} and the product {c}: {p} and {q}; s = p + q; m = p * q; > The larger is {q}",
         "{q}", "x * x - b * x + c == 0 && x > b / 2"},
    Tale{3, "a=2..9; n=1..20; x=1..20; b=1..9; c:=a*x+b",
         "[What is the largest whole number x with {a}x + {b} <= {c}?|Solve {a}x + {b} <= {c}. What is the largest "
         "x?|Find the greatest x for which {a}x + {b} is at most {c}.]",
         "p = c - b; x = p / a", "{x}", "a * x + b <= c && a * (x + 1) + b > c"},
    Tale{3, "x=1..30; y=1..30; s:=x+y; d:=x-y; !d>0",
         "[x + y = {s} and x - y = {d}. What is x?|Solve for x: x + y = {s}, x - y = {d}.|If x + y = {s} and x - y = "
         "{d}, find x.|The sum of two numbers is {s}, their difference {d}. What is the larger?]",
         "> Added, 2x = {s} + {d}; p = s + d; x = p / 2", "{x}", "x - (s - x) == d"},
};

void numbers(Maker& m) { tell_tale(m, number_questions); }
void measures(Maker& m) { tell_tale(m, measure_questions); }
void data(Maker& m) { tell_tale(m, data_questions); }
void equations(Maker& m) { tell_tale(m, algebra_questions); }

constexpr std::array tables{
    TaleTable{"number question", number_questions}, TaleTable{"measure question", measure_questions},
    TaleTable{"data question", data_questions}, TaleTable{"algebra question", algebra_questions}};

const std::array families{
    Family{"number question", 1, 3, {"the four operations"}, numbers},
    Family{"measure question", 1, 3, {"the four operations"}, measures},
    Family{"data question", 1, 3, {"the four operations"}, data},
    Family{"algebra question", 1, 3, {"the four operations"}, equations},
};

}  // namespace

std::span<const TaleTable> question_tables() { return tables; }
std::span<const Family> question_families() { return families; }

}  // namespace holdfast::generators
