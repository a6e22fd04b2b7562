// Longer ways through everyday words: systems told in sentences, chains of percents, rates with breaks, sets, digits,
// figures, and what has to be found backwards.
#include <array>

#include "training/generators/catalogue.h"
#include "training/generators/tales.h"

namespace holdfast::generators {
namespace {

constexpr std::array long_stories{
    Tale{4, "a=6..15; c=2..5; x=5..80; y=5..80; n:=x+y; t:=a*x+c*y; d:=a-c",
         "Tickets cost ${a} for adults and ${c} for children. {n} [people|visitors|guests] paid ${t} [in "
         "all|together]. How many [children|of them were children|children were there]?",
         "> If all were adults; e = a * n; Too much: f = e - t; Each child pays less: d = a - c; y = f / d", "{y}",
         "c * x + a * (n - x) == t"},
    Tale{4, "x=3..40; y=3..40; n:=x+y; t:=2*x+4*y",
         "A farm has [chickens and cows|ducks and sheep|hens and goats], {n} heads and {t} legs [in all|together]. How "
         "many of them have four legs?",
         "> If all had two legs; e = n * 2; Too few: f = t - e; y = f / 2", "{y}", "4 * x + 2 * (n - x) == t"},
    Tale{4, "a=2..20; b=2..20; !a!=b; p:=2*a+b; q:=a+b",
         "[2 pens and a book cost ${p}, 1 pen and 1 book cost ${q}. What does a pen cost?|Two teas and a cake are "
         "${p}. A tea and a cake are ${q}. How much is a tea?|{Name} paid ${p} for two hats and a bag. One hat and one "
         "bag cost ${q}. What is the price of a hat?|2 adults and a child pay ${p}. One adult and one child pay ${q}. "
         "How much does an adult pay?|Two lamps and a chair cost ${p}, a lamp and a chair ${q}. What is the price of a "
         "lamp?]",
         "> What is bought more in the first case is one of them; a = p - q", "{a}", "x == p - q && q - x > 0"},
    Tale{4, "a=2..20; b=2..20; n=2..5; m=2..5; p:=n*a+m*b; q:=n*a-m*b; !a!=b && n!=m; r:=a*n; c:=a+b; d:=a-b; !d>0",
         "The sum of two [numbers|ages] is {c}, and their difference is {d}. What is their product?",
         "s = c + d; a = s / 2; b = c - a; x = a * b", "{x}", "4 * x == c * c - d * d"},
    Tale{4, "k=1..10; b:=5*k; l=1..10; e:=5*l; a=100..900; !(a*b)%100==0; s:=a*b/100; r:=a-s; !(r*e)%100==0",
         "[A jacket|A phone|A desk|A tent] for ${a} is {b}% off. [At the till|With a coupon] {e}% more is taken off "
         "the [lower|reduced] price. What [is paid|does it cost] in the end?",
         "First cut: s = b % a; r = a - s; Second cut: u = e % r; x = r - u", "{x}",
         "x == a * (1 - b / 100) * (1 - e / 100)"},
    Tale{4, "k=1..10; b:=5*k; l=1..5; e:=5*l; a=20..900; !(a*b)%100==0; s:=a*b/100; r:=a-s; !(r*e)%100==0",
         "[A bag|A coat|A chair|A watch] costs ${a}. [First|Today] the shop takes {b}% off, then {e}% tax is added. "
         "[What is the bill?|How much is paid?|What do you pay?]",
         "Off: s = b % a; Price: r = a - s; Tax: u = e % r; x = r + u", "{x}",
         "x == a * (1 - b / 100) * (1 + e / 100)"},
    Tale{4, "k=1..10; b:=10*k; l=1..9; e:=10*l; !b<100; a=50..900; !(a*b)%100==0; s:=a*b/100; !(s*e)%100==0",
         "[A school has|A club has|There are] {a} [students|members|people]. {b}% of them [swim|play music|read a "
         "lot], and {e}% of those also [dance|draw|cook]. How many do both?",
         "p = b % a; x = e % p", "{x}", "x / a == b / 100 * e / 100"},
    Tale{4, "k=2..60; p:=50*k; b=1..12; !(p*b)%100==0; i:=p*b/100; q:=p+i; !(q*b)%100==0",
         "{Name} put{+s} ${p} in a bank at {b}% [a year, compounded yearly|compound interest a year]. How much is "
         "there after 2 years?",
         "First year: i = b % p; q = p + i; Second year: j = b % q; x = q + j", "{x}", "x == p * pow(1 + b / 100, 2)"},
    Tale{4, "k=2..60; p:=50*k; b=1..12; !(p*b)%100==0; i:=p*b/100; q:=p+i; !(q*b)%100==0",
         "[A town has {p} people|A club has {p} members|A forest has {p} trees|A school has {p} students] and grows by "
         "{b}% [each|every|a] year. By how many has it grown after two years?",
         "First year: i = b % p; q = p + i; Second year: j = b % q; x = i + j", "{x}",
         "x + p == p * pow(1 + b / 100, 2)"},
    Tale{4, "v=10..90; w=10..90; !v!=w && (2*v*w)%(v+w)==0; d:=v*w/gcd(v,w); t:=d/v; u:=d/w; h:=t+u; g:=2*d",
         "[{Name} drive{+s}|A bus goes] {d} km at {v} km per hour and [back|returns] at {w} km per hour. What is the "
         "average speed [of the whole trip|there and back], in km per hour?",
         "Out: t = d / v; Back: u = d / w; Hours: h = t + u; Way: g = d * 2; x = g / h", "{x}",
         "x * (d / v + d / w) == 2 * d"},
    Tale{4, "a=2..30; b=2..30; !a!=b && (a*b)%(a+b)==0; s:=a+b; p:=a*b",
         "[{Ann} paints a fence in {a} hours, {Bob} in {b}.|One pump fills a pool in {a} hours, another in {b}.|A "
         "machine does a job in {a} hours, a second one in {b}.] How [long does it take|many hours does it take] "
         "[together|both at once|when both work]?",
         "> Together they do 1/{a} + 1/{b} of it an hour; s = a + b; p = a * b; > That is {s}/{p} an hour; x = p / s",
         "{x}", "x / a + x / b == 1"},
    Tale{4, "v=30..80; b=1..4; w=v+5..110; d:=w-v; l:=v*b; !l%d==0; t:=l/d",
         "A [truck|bus] leaves at {v} km per hour. {b} {b:hour/hours} later a car follows [on the same road|] at {w} "
         "km per hour. After how many hours of driving does the car catch up?",
         "Lead: l = v * b; Nearer each hour: d = w - v; t = l / d", "{t}", "w * x == v * (x + b)"},
    Tale{4, "y=3..20; k=3..6; l=2..30; a:=k*y; !a+l==2*y+2*l",
         "{Ann} is {k} times as old as {Bob}. In {l} years {Ann} will be twice as old as {Bob}. How old is {Bob} now?",
         "> {k}y + {l} = 2(y + {l}), where y is the age of {Bob}; m = l * 2; r = m - l; d = k - 2; y = r / d", "{y}",
         "k * x + l == 2 * (x + l)"},
    Tale{4, "y=3..30; k=2..6; s:=k*y+y; l=2..12; m:=k+1; t:=y+l",
         "[The ages of {Ann} and {Bob} add up to {s}|Together {Ann} and {Bob} are {s} years old]. {Ann} is {k} times "
         "as old as {Bob}. How old will {Bob} be in {l} years?",
         "Parts: m = k + 1; {Bob}: y = s / m; t = y + l", "{t}", "(x - l) * (k + 1) == s"},
    Tale{4, "t=1..9; o=0..9; s:=t+o; !t>o; d:=t-o; n:=10*t+o",
         "The digits of a two-digit number [add up to|have the sum] {s}. The tens digit is {d} more than the ones "
         "digit. [What is the number?|Find the number.|Which number is it?]",
         "Twice the tens digit: p = s + d; t = p / 2; o = s - t; q = t * 10; x = q + o", "{x}",
         "floor(x / 10) + x % 10 == s && floor(x / 10) - x % 10 == d"},
    Tale{4, "a=2..30; b=2..30; d=1..10; x=4..40; y:=x+d; p:=4*x+2*d; m:=x*y",
         "A rectangle is {d} [m|cm|feet] longer than it is wide. Its perimeter is {p}. [What is its area?|Find the "
         "area.|How large is its area?]",
         "Length and width: s = p / 2; Twice the width: q = s - d; x = q / 2; y = x + d; z = x * y", "{z}",
         "16 * x == (p - 2 * d) * (p + 2 * d)"},
    Tale{4, "x=3..30; k=2..5; y:=k*x; p:=2*x+2*y; m:=k+1",
         "A [garden|field|yard] is {k} times as long as [it is wide|wide]. [The fence|The border] around it is {p} m "
         "long. What is its area?",
         "Length and width: s = p / 2; m = k + 1; Width: x = s / m; Length: y = x * k; z = x * y", "{z}",
         "x == p * p * k / (4 * (k + 1) * (k + 1))"},
    Tale{4, "a=6..30; b=6..30; w=1..3; c:=a+2*w; d:=b+2*w; p:=c*d; q:=a*b",
         "A [pool|lawn|garden] of {a} by {b} [m|feet] has a [path|border] {w} wide all around it. What is the area of "
         "the [path|border]?",
         "e = w * 2; Outer length: c = a + e; Outer width: d = b + e; p = c * d; q = a * b; x = p - q", "{x}",
         "x == 2 * w * (a + b + 2 * w)"},
    Tale{4, "n=3..9; m=40..90; k=2..5; l=40..90; s:=n*m; t:=k*l; c:=n+k; !(s+t)%c==0 && m!=l",
         "{n} [students|players] have an average of {m} points, and {k} others have an average of {l}. What is the "
         "average of all [of them|]?",
         "s = n * m; t = k * l; All points: u = s + t; c = n + k; x = u / c", "{x}", "x * (n + k) == n * m + k * l"},
    Tale{4, "n=3..9; m=40..90; d=1..5; k:=n+1; s:=n*m; l:=m+d; t:=k*l",
         "After {n} tests {Name} {has} an average of {m}. What [score|result] on the next test [raises|lifts] it to "
         "{l}?",
         "So far: s = n * m; k = n + 1; Needed: t = k * l; x = t - s", "{x}", "(n * m + x) / (n + 1) == l"},
    Tale{4, "a=2..9; b=2..9; s:=a+b; u:=a-1; v:=s-1; p:=a*u; q:=s*v",
         "A bag has {a} red and {b} [blue|green|white] [marbles|balls]. Two are drawn [without putting the first "
         "back|without replacement|one after the other and both kept]. What is the probability that both are red?",
         "All: s = a + b; u = a - 1; v = s - 1; Ways for red: p = a * u; All ways: q = s * v; reduce p / q", "{p/q}",
         "x == a / (a + b) * (a - 1) / (a + b - 1)"},
    Tale{4, "a=2..9; b=2..9; s:=a+b; p:=a*a; q:=s*s",
         "A [box|jar] has {a} red and {b} [blue|green|yellow] [pens|beads]. One is drawn, put back, and another is "
         "drawn. What is the probability that both are red?",
         "All: s = a + b; p = a * a; q = s * s; reduce p / q", "{p/q}", "x * (a + b) * (a + b) == a * a"},
    Tale{4, "n=2..4; t:=pow(2,n); p:=t-1; k=2..60",
         "A [fair|normal] coin is thrown {n} times[ by {Name}| in a row|, {k} seconds apart]. What is the probability "
         "of at least one [head|tail]?",
         "All ways: t = 2 ^ n; > Only one of them has none; p = t - 1; reduce p / t", "{p/t}", "x == 1 - pow(0.5, n)"},
    Tale{4, "n=5..9; m=3..7; a:=n*(n-1)/2; b:=m*(m-1)/2; e:=n-1; f:=m-1",
         "A [team|group|committee] of 2 [women|girls] and 2 [men|boys] is chosen from {n} [women|girls] and {m} "
         "[men|boys]. In how many ways?",
         "e = n - 1; p = n * e; a = p / 2; f = m - 1; q = m * f; b = q / 2; x = a * b", "{x}",
         "x == choose(n, 2) * choose(m, 2)"},
    Tale{4, "a=2..9; b=2..9; k=2..6; !gcd(a,b)==1 && a!=b; l=1..20; p:=a*k; q:=b*k; d:=b-a; !d>0; e:=d*k",
         "{Ann} and {Bob} share [some money|a prize] in the ratio {a}:{b}. {Bob} gets ${e} more than {Ann}. How much "
         "is shared?",
         "Parts more: d = b - a; One part: k = e / d; Parts: s = a + b; x = s * k", "{x}",
         "x * b / (a + b) - x * a / (a + b) == e"},
    Tale{4, "a=2..6; b=2..6; c=2..6; !a!=b && b!=c; k=2..20; s:=a+b+c; t:=s*k",
         "{t} [acres|dollars|stamps] are split among [three heirs|three people|three teams] in the ratio {a}:{b}:{c}. "
         "How much does the [second|middle] one get?",
         "Parts: s = a + b + c; One part: k = t / s; x = k * b", "{x}", "x / b * (a + b + c) == t"},
    Tale{4,
         "a=2..30; p=1..6; q=2..6; b=1..7; c=30..90; e=12..25; v=2..20; w=2..20; !v!=w; s:=v+w; !(v*10+w*e)%s==0; "
         "m:=v*10+w*e; y:=m/s",
         "{v} liters of a 10% [salt|acid|sugar] solution are mixed with {w} liters of {e}%. How many percent is the "
         "mixture?",
         "> In percent liters; p = v * 10; q = w * e; m = p + q; s = v + w; y = m / s", "{y}\\%",
         "x * (v + w) == 10 * v + w * e"},
    Tale{4, "a=5..30; b=5..30; v=2..20; w=2..20; !v!=w && a!=b; s:=v+w; m:=v*a+w*b; !m%s==0; y:=m/s",
         "{v} kg of [nuts|tea|coffee] at ${a} a kg [are|is] mixed with {w} kg at ${b} a kg. What is a kg of the "
         "mixture worth?",
         "p = v * a; q = w * b; m = p + q; s = v + w; y = m / s", "{y}", "x * (v + w) == a * v + b * w"},
    Tale{4, "q=2..5; r=2..5; m=24..400; !m%q==0; u:=m/q; v:=m-u; !v%r==0; w:=v/r; l:=v-w; b=2..30; !l>b; z:=l-b",
         "{Name} had ${m}. {He} spent 1/{q} of it on [food|rent], then 1/{r} of what was left on [clothes|books], and "
         "then ${b} [more|on a gift]. How much is left?",
         "u = m / q; v = m - u; w = v / r; l = v - w; z = l - b", "{z}", "x + b == m * (1 - 1 / q) * (1 - 1 / r)"},
    Tale{4, "q=2..5; r=2..5; l=2..60; !(l*r)%(r-1)==0; v:=l*r/(r-1); !(v*q)%(q-1)==0; x:=v*q/(q-1)",
         "{Name} read 1/{q} of a [book|novel|comic|report] on [Monday|one day] and 1/{r} of the rest [on Tuesday|the "
         "next day]. Then {l} pages were left. How many pages [does it have|are there in all]?",
         "d = r - 1; One part of the rest: u = l / d; The rest: v = u * r; e = q - 1; w = v / e; x = w * q", "{x}",
         "(x - x / q) * (1 - 1 / r) == l"},
    Tale{4, "a=2..9; b=3..20; c=2..20; s:=c+b; x:=a*s; q:=2*c",
         "[I take a number, divide it by {a}, subtract {b} and double the result|A number is divided by {a}. Then {b} "
         "is taken away and the result is doubled|{Ann} divides a number by {a}, takes away {b} and doubles what is "
         "left]. [It is|That gives|The result is] {q}. What was the number?",
         "c = q / 2; s = c + b; x = s * a", "{x}", "2 * (x / a - b) == q"},
    Tale{4, "h=2..40; x:=2*h; s:=4*x+12; y:=x+6",
         "The sum of four consecutive even numbers is {s}. What is the [largest|greatest|biggest]?",
         "> The four are x, x + 2, x + 4 and x + 6, with the sum 4x + 12; p = s - 12; x = p / 4; y = x + 6", "{y}",
         "4 * x - 12 == s && divides(2, x)"},
    Tale{4, "x=3..80; !x%2==1; s:=3*x+6; y:=x+4",
         "[The sum of three consecutive odd numbers is {s}|Three consecutive odd numbers add up to {s}]. What is the "
         "[largest|greatest|biggest] of them?",
         "The middle one: m = s / 3; y = m + 2", "{y}", "3 * x - 6 == s && x % 2 == 1"},
    Tale{4, "n=6..30; a=2..20; d=2..9; m:=n-1; e:=m*d; l:=a+e; s:=a+l; p:=n*s; !p%2==0",
         "A [hall|theater|stadium] has {n} rows. The first has {a} seats, and each row has {d} more than the one "
         "before. How many seats are there [in all|altogether]?",
         "m = n - 1; e = m * d; Last row: l = a + e; First and last: s = a + l; p = n * s; x = p / 2", "{x}",
         "x == n * a + d * n * (n - 1) / 2"},
    Tale{4, "n=6..20; a=2..20; d=1..6; m:=n-1; e:=m*d; l:=a+e; s:=a+l; p:=n*s; !p%2==0",
         "{Name} save{+s} ${a} in the first week and ${d} more each week than the week before. How much [{has} {he} "
         "saved|is that] after {n} weeks?",
         "m = n - 1; e = m * d; Last week: l = a + e; First and last: s = a + l; p = n * s; x = p / 2", "{x}",
         "x - n * a == d * n * (n - 1) / 2"},
    Tale{4,
         "a=10..60; b=10..60; c=10..60; p=2..9; q=2..9; r=2..9; t=1..1; u:=a+b+c; v:=p+q+r; s:=u-v; z:=s+t; n=1..20; "
         "e:=z+n; !p<a && q<b && r<c",
         "Of {e} students, {a} [take|study] art, {b} music and {c} drama. {p} do art and music, {q} music and drama, "
         "{r} art and drama, and 1 does all three. How many do none [of them|]?",
         "u = a + b + c; v = p + q + r; s = u - v; At least one: z = s + 1; x = e - z", "{x}",
         "x + a + b + c + 1 == e + p + q + r"},
    Tale{4, "w=3..12; d=4..20; k=1..6; !k<w && k<d; t:=w*d; e:=w*k; r:=t-e; n=2..8; f:=w+n; !r%f==0; y:=r/f",
         "{w} workers can do a job in {d} days. After {k} {k:day/days}, {n} more [join them|come]. How many more days "
         "[does it take|do they need]?",
         "All work: t = w * d; Done: e = w * k; r = t - e; f = w + n; y = r / f", "{y}",
         "w * k + (w + n) * x == w * d"},
    Tale{4, "a=2..12; b=2..12; !a>b; d:=a-b; k=3..40; l:=d*k; s=2..12",
         "A tank fills at {a} liters a minute and leaks {b} liters a minute. It [holds|takes] {l} liters and starts "
         "empty. How many minutes until it is full?",
         "Gain: d = a - b; k = l / d", "{k}", "x * a - x * b == l"},
    Tale{4, "b=2..9; c=2..9; v:=b+c; w=2..12; !w>c; p:=w+c; q:=w-c; t=1..6; d:=p*q*t; !d<3000",
         "A boat goes {w} km per hour in still water. The river flows at {c} km per hour. How many hours does it take "
         "to go {d} km down the river and back?",
         "Down: p = w + c; Up: q = w - c; s = d / p; u = d / q; x = s + u", "{x}", "d / (w + c) + d / (w - c) == x"},
    Tale{4,
         "h=6..9; k=0..11; m:=5*k; n=3..8; e=20..55; b=5..15; g:=n*e; i:=n-1; j:=i*b; l:=g+j; a:=60*h+m; x:=a+l; "
         "y:=l/60; z:=l%60",
         "School starts at {a:t} in the morning. There are {n} lessons of {e} minutes with breaks of {b} minutes "
         "between them. How many minutes is it from the start to the end?",
         "Lessons: g = n * e; Breaks: i = n - 1; j = i * b; l = g + j; > The time of the start does not matter", "{l}",
         "x == n * e + (n - 1) * b"},
    Tale{4, "n=5..30; d=2..12; a:=n-1; l:=a*d; g=2..60",
         "{n} [trees|posts|lamps] stand in a line, {d} m apart. The road is {g} years old. How far is it from the "
         "first to the last?",
         "> The age of the road does not matter; Gaps: a = n - 1; x = a * d", "{x}", "x / d + 1 == n"},
};

constexpr std::array hard_stories{
    Tale{5, "x=3..30; y=3..30; z=3..30; a:=x+y; b:=y+z; c:=x+z; s:=a+b+c; h:=s/2; !x!=y && y!=z",
         "{Ann} and {Bob} have ${a} together, {Bob} and [Chris|Kim] have ${b}, and {Ann} and [Chris|Kim] have ${c}. "
         "How much do the three have together?",
         "> Each is counted twice; s = a + b + c; h = s / 2", "{h}", "2 * x == a + b + c"},
    Tale{5, "x=3..30; y=3..30; z=3..30; a:=x+y; b:=y+z; c:=x+z; s:=a+b+c; h:=s/2; !x!=y && y!=z",
         "A [hat|pen] and a [scarf|cup] cost ${a}, the [scarf|cup] and a [bag|plate] ${b}, and the [hat|pen] and the "
         "[bag|plate] ${c}. What does the [hat|pen] cost?",
         "> All three twice; s = a + b + c; h = s / 2; x = h - b", "{x}", "2 * x + b == a + c"},
    Tale{5,
         "a=2..9; b=2..9; c=2..9; d=2..9; e:=a*d-b*c; !e>0; x=2..30; y=2..30; p:=a*x+b*y; q:=c*x+d*y; u:=p*d; v:=q*b; "
         "w:=u-v",
         "{a} [teas|pens|roses] and {b} [cakes|books|lilies] cost ${p}. {c} [teas|pens|roses] and {d} "
         "[cakes|books|lilies] cost ${q}. What does one of the [teas|pens|roses] cost?",
         "> The first {d} times, the second {b} times: then the others are equal in number; u = p * d; v = q * b; w = "
         "u - v; f = a * d; g = b * c; e = f - g; x = w / e",
         "{x}", "x * (a * d - b * c) == p * d - q * b"},
    Tale{5,
         "k=1..9; b:=10*k; l=1..9; e:=10*l; x=20..800; !(x*(100-b))%100==0; u:=x*(100-b)/100; !(u*(100+e))%100==0; "
         "y:=u*(100+e)/100; f:=100-b; g:=100+e; m:=y*100; n:=u*100; !b<100",
         "[A price|A share|A rent] falls by {b}%, then rises by {e}%, and is now ${y}. What was it [at first|at the "
         "beginning|before both]?",
         "g = 100 + e; m = y * 100; Before the rise: u = m / g; f = 100 - b; n = u * 100; x = n / f", "{x}",
         "x * (100 - b) * (100 + e) == 10000 * y"},
    Tale{5, "b=1..9; c=1..9; h:=10*b; f:=100+h; g:=100-h; p:=f*g; q:=p/100; x:=100-q",
         "A [price|population|number] [rises|goes up] by {h}% and then [falls|goes down] by {h}%. [By how many percent "
         "is it lower than at first?|How many percent is lost in all?|What percent of it is lost in the end?]",
         "> Start with 100; f = 100 + h; Of that: g = 100 - h; p = f * g; q = p / 100; x = 100 - q", "{x}\\%",
         "1 - x / 100 == (1 + h / 100) * (1 - h / 100)"},
    Tale{5, "t=1..9; o=0..9; !t!=o && t>o; s:=t+o; d:=9*(t-o); e:=t-o; n:=10*t+o",
         "A two-digit number has the digit sum {s}. [When its digits change places|With its digits swapped|Written "
         "backwards], it is {d} less. [What is the number?|Find the number.|Which number is it?]",
         "The digits differ by: e = d / 9; Twice the tens: p = s + e; t = p / 2; o = s - t; q = t * 10; x = q + o",
         "{x}", "floor(x / 10) + x % 10 == s && x - (x % 10 * 10 + floor(x / 10)) == d"},
    Tale{5, "a=2..12; b=2..12; c=2..12; !a<b && b<c; l:=lcm(a,lcm(b,c)); r=1..a-1; !l<2000 && a>1; x:=l+r; m:=lcm(a,b)",
         "What is the smallest number above {r} that leaves the remainder {r} when divided by {a}, by {b} and by {c}?",
         "> The least common multiple of {a} and {b} is {m}, with {c} it is {l}; x = l + r", "{x}",
         "x % a == r && x % b == r && x % c == r && x > r"},
    Tale{5, "a=4..20; b=4..24; !a<b; l:=lcm(a,b); n=2..5; t:=l*n; !l<300 && l>b; y:=n+1",
         "[One bus|A tram] leaves every {a} minutes, [another bus|a train] every {b} minutes. They leave together now. "
         "How many minutes until they do so for the {n:o} time after now?",
         "> The least common multiple of {a} and {b} is {l}; x = l * n", "{x}", "x / n == a * b / common(a, b)"},
    Tale{5,
         "a=2..12; b=2..12; c=2..30; p:=a*b; q:=a+b; !(a*b*c)%1==0; f:=b*c+a*c-a*b; !f>0 && (a*b*c)%f==0; s:=b*c; "
         "r:=a*c; u:=s+r; n:=p*c",
         "Two pipes fill a tank in {a} and {b} hours, and a drain empties it in {c} hours. All are open. How many "
         "hours does it take to fill?",
         "> In {a} * {b} * {c} hours; p = a * b; n = p * c; First fills: s = b * c; Second fills: r = a * c; u = s + "
         "r; The drain takes {p} back: f = u - p; x = n / f",
         "{x}", "x / a + x / b - x / c == 1"},
    Tale{5, "v=30..60; w=40..90; h=1..3; t=1..5; !v!=w; e:=v*h; s:=v+w; f:=s*t; d:=e+f",
         "{Ann} starts at {v} km per hour towards a town {d} km away. {h} {h:hour/hours} later {Bob} starts from there "
         "towards {Ann} at {w} km per hour. How many hours after {Bob} starts do they meet?",
         "Before that: e = v * h; f = d - e; Nearer each hour: s = v + w; t = f / s", "{t}",
         "v * (x + h) + w * x == d"},
    Tale{5, "y=2..30; k=3..7; l=2..20; m=2..4; !k>m; !k*y+l==m*y+m*l; b:=m*l; c:=b-l; d:=k-m",
         "{Ann} is {k} times as old as {Bob}. In {l} years {Ann} will be {m} times as old as {Bob}. How old is {Bob} "
         "[now|today]?",
         "> With y for {Bob}: {k}y + {l} = {m}y + {m} * {l}; b = m * l; c = b - l; d = k - m; y = c / d", "{y}",
         "k * x + l == m * (x + l)"},
    Tale{5,
         "a=2..9; b=2..9; c=2..9; s:=a+b+c; u:=a-1; v:=b-1; w:=c-1; p:=a*u; q:=b*v; r:=c*w; t:=p+q+r; e:=s-1; n:=s*e",
         "A drawer has {a} black, {b} white and {c} [blue|grey] socks. Two are taken [in the dark|without looking]. "
         "What is the probability that they match?",
         "All: s = a + b + c; u = a - 1; p = a * u; v = b - 1; q = b * v; w = c - 1; r = c * w; Ways to match: t = p + "
         "q + r; e = s - 1; All ways: n = s * e; reduce t / n",
         "{t/n}", "x == (choose(a, 2) + choose(b, 2) + choose(c, 2)) / choose(a + b + c, 2)"},
    Tale{5, "a=2..8; b=2..8; s:=a+b; e:=s-1; p:=2*a*b; q:=s*e; f:=2*a",
         "[A box|A bag] holds {a} red and {b} [white|black] [chips|balls]. Two are drawn [at once|together]. What is "
         "the probability of one of each color?",
         "All: s = a + b; f = 2 * a; Ways, in both orders: p = f * b; e = s - 1; All ways: q = s * e; reduce p / q",
         "{p/q}", "x * choose(a + b, 2) == a * b"},
    Tale{5, "n=4..9; a:=n*(n-1)/2; m=3..7; b=2..3; s:=n+m; t:=s*(s-1)/2; c:=m*(m-1)/2; x:=t-c; e:=s-1; f:=m-1",
         "A pair is chosen from {n} [nurse|teacher|dancer]s and {m} [doctor|driver|singer]s. In how many ways is at "
         "least one of them a [nurse|teacher|dancer]?",
         "s = n + m; e = s - 1; p = s * e; All pairs: t = p / 2; f = m - 1; q = m * f; Without: c = q / 2; x = t - c",
         "{x}", "x == choose(n, 2) + n * m"},
    Tale{5, "r=2..9; k=2..5; s:=r*k; v=2..20; a:=k*k; y:=v*a",
         "[A pizza of radius {r} cm needs {v} spoons of cheese for its top. How many does one of radius {s} cm need?|A "
         "round cake of radius {r} inches takes {v} spoons of cream on top. How many does a round cake of radius {s} "
         "inches take on top?|To paint a round table of radius {r} feet, {v} cups of paint are used. How many are "
         "needed for one of radius {s} feet?|A circle of radius {r} is covered by {v} bags of seed. How many bags "
         "cover a circle of radius {s}?]",
         "k = s / r; Area grows by: a = k * k; y = v * a", "{y}", "x * r * r == v * s * s"},
    Tale{5, "a=3..15; b=2..10; !a>b; s:=a+b; d:=a-b; p:=s*s; q:=a*b; e:=a*a+b*b; f:=2*q; h:=p-f",
         "The sum of two numbers is {s} and their product is {q}. What is the sum of their squares?",
         "p = s * s; Twice the product: f = q * 2; x = p - f", "{x}", "x + 2 * q == pow(s, 2)"},
    Tale{5, "x=3..30; y=2..20; !x>y; p:=2*x+2*y; a:=x*y; s:=x+y; u:=s*s; f:=2*a; g:=u-f",
         "A rectangle has perimeter {p} and area {a}. What is the square of its diagonal?",
         "Length and width: s = p / 2; u = s * s; Twice the area: f = a * 2; g = u - f", "{g}",
         "x + 2 * a == p * p / 4"},
    Tale{5, "a=2..8; b=a+1..9; !gcd(a,b)==1; k=2..20; e=2..30; f:=a*k+e; g:=b*k+e; h:=gcd(f,g); m:=f/h; n:=g/h; !n<10",
         "[The ratio of boys to girls|In a club the ratio of boys to girls] is {a}:{b}. [After|When] {e} boys and {e} "
         "girls [join|come], it is {m}:{n}. How many boys were there [at first|before]?",
         "> {n}({a}k + {e}) = {m}({b}k + {e}), with k for one part; p = n * a; q = m * b; d = p - q; u = m * e; v = n "
         "* e; w = u - v; k = w / d; x = a * k",
         "{x}", "(x + e) * n == (x / a * b + e) * m"},
    Tale{5, "v=4..60; a=10..50; b=2..30; !a>b; w:=v*a/b; !(v*a)%b==0; x:=w-v; !x>0; p:=v*a",
         "How many liters of water [must be added|have to be added] to {v} liters of {a}% [acid|salt solution|juice] "
         "to make it {b}%?",
         "In percent liters: p = v * a; All in the end: w = p / b; x = w - v", "{x}", "(v + x) * b == v * a"},
    Tale{5, "n=10..60; k=2..6; r=5..30; a=2..5; c:=n*r; q:=n-k; d:=c/q; !c%q==0; y:=d-r",
         "{n} people were to share the cost of a [bus|party|trip], ${r} each. {k} of them [do not come|stay at home], "
         "and the others share the [same|whole] cost. How much more does each pay?",
         "Cost: c = n * r; q = n - k; Now each: d = c / q; y = d - r", "{y}", "(n - k) * (x + r) == n * r"},
    Tale{5, "m=2..20; a=1..9; b=2..9; x=1..9; y=1..9; !x<y; n:=x+y; t:=5*x+10*y; u:=n*5",
         "{Ann} has {n} [nickels and dimes|coins, all nickels and dimes], worth {t} cents [together|in all]. [The "
         "purse is {m} years old.|{Ann} has had them for {m} days.] How many dimes are there?",
         "> The number {m} does not matter; All nickels: u = n * 5; More: v = t - u; y = v / 5", "{y}",
         "10 * x + 5 * (n - x) == t"},
    Tale{5, "n=10..40; a=3..6; x=6..39; !x<n; w:=n-x; b=1..3; s:=a*x-b*w; f:=a*n; g:=a+b; !s>1; h:=f-s",
         "A test has {n} questions. Each right answer gives {a} points, each wrong one takes {b} away. {Name} answered "
         "all and got {s} points. How many were right?",
         "All right would be: f = a * n; Lost: h = f - s; Each wrong one loses: g = a + b; w = h / g; x = n - w", "{x}",
         "a * x - b * (n - x) == s"},
    Tale{5, "d=2..9; a=1..20; b:=a+d; c:=b+d; s:=a+b+c; p:=a*c; q:=b*b; e:=q-p",
         "Three numbers [form an arithmetic sequence|are evenly spaced]. Their sum is {s} and the largest is {c}. What "
         "is the product of all three?",
         "The middle one: b = s / 3; d = c - b; a = b - d; p = a * b; x = p * c", "{x}",
         "x == (s / 3) * c * (2 * s / 3 - c)"},
    Tale{5, "a=3..15; w=1..3; b=4..15; !a<b; c:=a+2*w; d:=b+2*w; p:=c*d; q:=a*b; t=2..9; x:=p-q; y:=x*t",
         "A [garden|pond] of {a} m by {b} m gets a path {w} m wide all around. Each square meter of path costs ${t}. "
         "What does the path cost?",
         "e = w * 2; c = a + e; d = b + e; Both: p = c * d; Inside: q = a * b; Path: x = p - q; y = x * t", "{y}",
         "x == 2 * w * (a + b + 2 * w) * t"},
};
void long_story(Maker& m) { tell_tale(m, long_stories); }
void hard_story(Maker& m) { tell_tale(m, hard_stories); }

constexpr std::array tables{TaleTable{"long story", long_stories}, TaleTable{"story of many steps", hard_stories}};

const std::array families{
    Family{"long story", 4, 4, {"word problems", "several operations"}, long_story},
    Family{"story of many steps", 5, 5, {"word problems", "several operations"}, hard_story},
};

}  // namespace

std::span<const TaleTable> puzzle_tables() { return tables; }
std::span<const Family> puzzle_families() { return families; }

}  // namespace holdfast::generators
