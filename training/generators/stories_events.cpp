// Things that happen in two or three steps: told forwards, backwards, with the question first, with numbers that do not
// matter, in cents and in mixed units.
#include <array>

#include "training/generators/catalogue.h"
#include "training/generators/tales.h"

namespace holdfast::generators {
namespace {

constexpr std::array amounts{
    Tale{3, "q=2..6; x=3..40; r:=x/q; !x%q==0; l:=x-r",
         "[After giving away 1/{q} of {his} {things}, {Name} {has} {l} left.|{Name} gave away 1/{q} of {his} {things} "
         "and {has} {l} left.|{Name} {has} {l} {things} left after selling 1/{q} of them.] How many [did {he} have at "
         "first|{things} did {he} start with|were there before]?",
         "Parts that stay: k = q - 1; One part: u = l / k; x = u * q", "{x}", "x - x / q == l"},
    Tale{3, "a=2..30; b=2..20; c=2..20; x:=a+b-c; !x>0",
         "{Name} [gave|handed] {b} {things} to {Bob}, and then {he} [found|bought|got] {c} more. Now {he} {has} {a}. "
         "How many did {he} have [at first|in the beginning|before that]?",
         "Before the new ones: s = a - c; x = s + b", "{x}", "x - b + c == a"},
    Tale{3, "a=3..40; b=2..9; c=2..30; x:=a*b+c",
         "[How many {things} did {Name} have at first, if {he} kept {c}, split the rest equally among {b} friends, and "
         "each friend got {a}?|{Name} had some {things}. {He} kept {c} and shared the rest equally among {b} friends. "
         "Each friend got {a}. How many {things} did {he} have at first?|{Name} put {c} of {his} {things} aside and "
         "divided the others equally between {b} friends, {a} each. How many did {he} start with?]",
         "Shared: s = a * b; x = s + c", "{x}", "(x - c) / b == a"},
    Tale{3, "d=2..20; a=2..12; b:=a*12; x:=d*12; c=2..11; !c<x",
         "{Name} [bought|ordered|brought] {d:w} dozen [eggs|rolls|donuts|pencils] and [used|gave away|lost] {c} of "
         "them. How many are left?",
         "p = d * 12; x = p - c", "{x}", "x + c == 12 * d"},
    Tale{3, "a=4..60; !a%2==0; h:=a/2",
         "{Ann} has {a} {things}. {Bob} has half as many. How many [{things} do they have|do they have] "
         "[together|altogether|in all]?",
         "{Bob}: h = a / 2; x = a + h", "{x}", "2 * x == 3 * a"},
    Tale{3, "k=2..30; a:=2*k; c=2..9",
         "[Last month|Yesterday|Last week] {Name} [sold {a} tickets|made {a} cards|read {a} pages|collected {a} "
         "cups|ran {a} laps]. [This time|The next time|Then] it was half as much again. How many is that [in both "
         "together|in total, both times|altogether]?",
         "Half: h = a / 2; The second time: s = a + h; x = a + s", "{x}", "x == a + a * 1.5"},
    Tale{3, "a=3..40; b=2..6; c=2..30",
         "{Ann} [has|owns|collected] {a} {things}. {Bob} has {b} times as many, and [a third child|their friend] has "
         "{c} more than {Bob}. How many {things} [do the three have|are there] [in all|altogether]?",
         "{Bob}: p = a * b; The third: q = p + c; x = a + p + q", "{x}", "x == a + 2 * a * b + c"},
    Tale{3, "a=3..40; b=2..9; c=2..30; !a*b>c",
         "A [shop|farm|school|camp] has {a} {things}[ in the back room|] and {b} times as many outside. {c} of those "
         "outside are [sold|lost|broken]. How many are there now [in all|altogether]?",
         "Outside: p = a * b; Outside now: q = p - c; x = a + q", "{x}", "x + c == a * (b + 1)"},
    Tale{
        3, "a=2..15; b=2..24; c=2..30; d=2..5; !a*b>c+d",
        "There are {a} [boxes|crates|trays] with {b} {things} [in each|each]. {c} [are sold|are taken away] [on Monday "
        "and {d} on Tuesday|on the first day and {d} on the second|in the morning and {d} later]. How many are left?",
        "At first: p = a * b; q = p - c; x = q - d", "{x}", "x + d + c == a * b"},
    Tale{3, "a=10..60; b=2..9; c=2..30; d=5..90; !a>b",
         "[A bus|A train|A ferry] [that is {d} years old|with {d} windows|number {d}] [starts|leaves] with {a} people. "
         "At the first stop {b} get off and {c} get on. At the second stop {c} more get on. How many people are [on "
         "it|on board] then?",
         "> The number {d} does not matter here; p = a - b; q = p + c; x = q + c", "{x}", "x + b == a + 2 * c"},
    Tale{3, "a=3..30; b=2..20; d=5..80",
         "{Ann} is {d} years old and has {a} {things}. {Her} [buys|gets|finds] {b} more every [week|month] for 4 "
         "[week|month]s. How many {things} [does {her} have|are there] [then|in the end]?",
         "> The age does not matter; p = b * 4; x = a + p", "{x}", "x - a == 4 * b"},
    Tale{3, "a=5..40; b=2..12; c=2..9; e=3..60; !a*c>b",
         "A [baker|shop|farmer] packs {a} [eggs|rolls|apples] [a|per] [tray|crate]. The scales were bought {e} weeks "
         "ago. {c} [tray|crate]s are packed, and {b} pieces break. How many are whole?",
         "> When the scales were bought does not matter; p = a * c; x = p - b", "{x}", "x + b == a * c"},
    Tale{3, "c=3..12; q=2..30; r=1..c-1; a:=c*q+r; d:=q+1",
         "{a} {people} [ride|go|travel] to [a lake|the museum|a match] in [cars|vans|boats] that [hold|take] {c} each. "
         "[At least how many are needed?|How many [cars|vans|boats] do they need at least?|What is the smallest number "
         "that is enough?]",
         "q, r = a // c; > {r} are left over and need one more; x = q + 1", "{x}", "x * c >= a && (x - 1) * c < a"},
    Tale{3, "c=3..30; q=2..20; r=1..c-1; a:=c*q+r",
         "[{Name} {has} ${a}.|With ${a},] [how many tickets at ${c} each can {he} buy, and how much is left? Give only "
         "the dollars left.|tickets cost ${c} each, and {he} buy{+s} as many as possible. How many dollars are left?]",
         "q, r = a // c", "{r}", "x == a % c"},
    Tale{3, "c=3..12; q=2..30; r=1..c-1; a:=c*q+r; m:=c-r",
         "{Name} {has} {a} {things} and want{+s} to [pack|put] them into boxes of {c}, all of them full. How many more "
         "[{things} are|are] needed [at least|] to fill the last box?",
         "q, r = a // c; x = c - r", "{x}", "divides(c, a + x) && x > 0 && x < c"},
    Tale{3, "c=3..12; q=2..30; r=1..c-1; a:=c*q+r",
         "A [ribbon|rope|board] is {a} [cm|inches|feet] long. How many [full pieces|whole pieces|pieces] of {c} "
         "[cm|inches|feet] can be cut from it?",
         "q, r = a // c; > Only whole pieces count: {q}", "{q}", "x * c <= a && (x + 1) * c > a"},
    Tale{3, "a=3..9; b=2..8; c=2..30; !a*b<12*c",
         "[How many {things} are left over when {a} children take {b} each from a box of {c} dozen?|{a} friends take "
         "{b} {things} each from a [bag|box|case] of {c} dozen. How many are left?|From {c} dozen {things}, {a} people "
         "take {b} each. How many remain?]",
         "All: p = c * 12; Taken: q = a * b; x = p - q", "{x}", "x + a * b == 12 * c"},
    Tale{3, "a=-15..-1; b=2..20; c=2..25; x:=a+b-c",
         "[In the morning|At dawn] it was {a} degrees. [By noon|Until noon] it [rose|got warmer] by {b} degrees, [and "
         "by night|then] it fell by {c}. What was the temperature [then|in the end|at night]?",
         "Noon: p = a + b; x = p - c", "{x}", "x + c - b == a"},
    Tale{3, "a=10..90; b=20..150; c=5..60; !b>a; x:=a-b+c",
         "{Name} {has} ${a} in [the bank|an account] and pay{+s} a bill of ${b} [from it|]. Then {he} put{+s} ${c} "
         "back in. [What is the balance?|What is the balance now?] A debt counts as negative.",
         "p = a - b; x = p + c", "{x}", "x - c + b == a"},
    Tale{3, "a=2..30; b=2..20; c=2..12; !a+b>c",
         "A [diver|submarine] is {a} [meters|feet] below the surface, goes down {b} more and then up {c}. How many "
         "[meters|feet] [below the surface is that|under water is that]?",
         "p = a + b; x = p - c", "{x}", "x + c == a + b"},
    Tale{3, "a=12..60; b=5..40; c=2..11; !a>b",
         "{Ann} [read {a} pages|scored {a} points|collected {a} cards] on [Monday|Saturday] and {b} on "
         "[Tuesday|Sunday]. {Bob} [had|got] {c} fewer than {Ann}'s total. How many is that?",
         "Total: p = a + b; x = p - c", "{x}", "x + c == a + b"},
    Tale{3, "a=30..99; b=5..29; c=30..99; d=5..29; !a-b!=c-d; !a-b>c-d",
         "{Ann} had {a} {things} and [lost|sold] {b}. {Bob} had {c} and [lost|sold] {d}. How many more than {Bob} does "
         "{Ann} have now?",
         "{Ann}: p = a - b; {Bob}: q = c - d; x = p - q", "{x}", "x + c - d == a - b"},
    Tale{3, "a=5..40; d=2..20; s:=2*a+d; b:=a+d",
         "{Ann} and {Bob} have {s} {things} together. {Ann} has {d} more than {Bob}. How many does {Bob} have?",
         "Without the extra ones: p = s - d; x = p / 2", "{x}", "x + x + d == s"},
    Tale{3, "x=3..40; k=2..6; s:=x*k+x; m:=k+1",
         "[Together|In all] {Ann} and {Bob} have {s} {things}. {Ann} has {k} times as many as {Bob}. How many does "
         "{Bob} have?",
         "Parts: m = k + 1; x = s / m", "{x}", "x + k * x == s"},
    Tale{3, "a=15..60; b=15..60; c=2..14; x:=a+b-c; d=1..20; t:=x+d",
         "[In a class of|Of] {t} [students|children|people], {a} [play] [chess|tennis|the piano] and {b} [play] "
         "[cards|soccer|the guitar], {c} of them both. How many [play] neither?",
         "At least one: p = a + b; x = p - c; y = t - x", "{y}", "x + a + b - c == t"},
    Tale{3, "c=2..14; a=15..40; b=15..40; t:=a+b-c",
         "Each of {t} [students|children|guests] [speaks|plays|takes] at least one of [two languages|two sports|two "
         "courses]. {a} take the first and {b} the second. How many take both?",
         "p = a + b; x = p - t", "{x}", "a + b - x == t"},
};

constexpr std::array money{
    Tale{3, "k=3..40; a:=25*k; n=2..6; x:=n*a",
         "[One|A] [coffee|sandwich|notebook|bus ride|juice] costs ${a$}. [How much do {n} cost?|What is the price of "
         "{n}?|How much does {Name} pay for {n}?] [Answer in dollars.|Give the dollars.|]",
         "> ${a$} is {a} cents; x = a * n; > That is ${x$}", "{x$}", "100 * x == a * n"},
    Tale{3, "k=3..30; a:=25*k; n=2..6; c=10..20; d:=c*100; x:=d-n*a; !x>0",
         "{Name} buy{+s} {n} [drinks|pens|snacks|cards] at ${a$} each and pay{+s} with ${c}. How much change [{do} "
         "{he} get|is there]?",
         "> ${a$} is {a} cents; Cost: p = a * n; > ${c} is {d} cents; x = d - p; > That is ${x$}", "{x$}",
         "100 * x + a * n == 100 * c"},
    Tale{3, "a=2..20; b=2..20; c=2..20; p:=25*a; q:=10*b; r:=5*c",
         "{Name} {has} {a} quarters, {b} dimes and {c} nickels. [How many cents is that?|How much is that in "
         "cents?|How many cents [{do} {he} have|is that in all]?]",
         "Quarters: p = a * 25; Dimes: q = b * 10; Nickels: r = c * 5; x = p + q + r", "{x}",
         "x / 5 == 5 * a + 2 * b + c"},
    Tale{3, "n=3..12; u=20..90; m=3..12; v=20..90; a:=n*u; b:=m*v; !n!=m && u<v",
         "[Shop A sells|One shop sells] {n} [cans|pens|rolls] for {a} cents, [shop B|another] {m} for {b} cents. How "
         "many cents does one cost less where it is cheaper?",
         "First: u = a / n; Second: v = b / m; x = v - u", "{x}", "x + a / n == b / m"},
    Tale{3, "n=2..12; u=2..8; a:=n*u; m=2..20; !m!=n",
         "[If|When] {n} [kg of cheese|liters of paint|meters of cloth|tickets] cost ${a}, [how much do {m} cost|what "
         "is the price of {m}|what would {m} cost]?",
         "One: u = a / n; x = u * m", "{x}", "x * n == a * m"},
    Tale{3, "n=2..12; u=2..8; a:=n*u; m=3..20; b:=m*u; !m!=n",
         "{n} [meters of rope|kg of rice|pens|roses] cost ${a}. How many can {Name} [buy|get] for ${b}?",
         "One: u = a / n; x = b / u", "{x}", "x * a / n == b"},
    Tale{3, "k=1..15; b:=5*k; j=2..30; a:=20*j; d=2..5; x:=a-a*b/100; y:=x*d",
         "[A|One] [jacket|chair|lamp|game] costs ${a}, [but|and] today everything is {b}% off. [What do {d} of them "
         "cost?|How much do {d} cost today?]",
         "Saved on one: s = b % a; One now: x = a - s; y = x * d", "{y}", "x == d * a * (100 - b) / 100"},
    Tale{3, "k=1..8; b:=5*k; j=2..20; a:=20*j; x:=a+a*b/100; n=2..5; !x%n==0; y:=x/n",
         "{n} friends [eat|have dinner] for ${a}, add a tip of {b}% and share [the bill|it all] equally. How much does "
         "each pay?",
         "Tip: s = b % a; All: x = a + s; y = x / n", "{y}", "x * n == a + a * b / 100"},
    Tale{3, "k=1..16; b:=5*k; j=1..40; x:=20*j; c:=x-x*b/100",
         "After [a discount of {b}%|{b}% off|{b} percent off], a [coat|bike|table|phone] costs ${c}. [What did it cost "
         "before?|What was the price before that?|What was the old price?]",
         "Percent that is paid: p = 100 - b; d = c * 100; x = d / p", "{x}", "x - x * b / 100 == c"},
    Tale{3, "k=1..12; b:=5*k; j=1..40; x:=20*j; c:=x+x*b/100",
         "[A rent went up by {b}%|The price rose by {b}%|After a raise of {b}%, a fee is higher|With {b}% tax added, "
         "the bill grew] and is now ${c}. What was it before?",
         "Percent that is paid now: p = 100 + b; d = c * 100; x = d / p", "{x}", "x + x * b / 100 == c"},
    Tale{3, "a=8..30; b=3..9; n=3..6; c=10..200; !a*b*n>c; y:=a*b*n",
         "{Name} work{+s} {b} hours a day for ${a} an hour. [After|In] {n} days {he} pay{+s} ${c} for [rent|food|a "
         "bike|repairs]. How much is left [of what {he} earned|]?",
         "Hours: h = b * n; Earned: p = a * h; x = p - c", "{x}", "x + c == a * b * n"},
    Tale{3, "a=10..30; h=30..40; o=2..10; d=5..20; c=2..12; b:=a+c",
         "{Name} earn{+s} ${a} an hour, and ${b} for each extra hour. [This week|Last week] it was {h} normal hours "
         "and {o} extra [ones|hours]. How much [is that|did {he} earn]?",
         "Normal: p = a * h; Extra: q = b * o; x = p + q", "{x}", "x == a * h + b * o"},
    Tale{3, "w=3..20; s=2..20; a=5..60; y:=a+w*s",
         "How many weeks [must|does] {Ann} save for a [bike|phone|guitar] of ${y}, when {her} has ${a} [already|saved] "
         "and puts aside ${s} a week?",
         "Missing: m = y - a; w = m / s", "{w}", "a + s * x == y"},
    Tale{3, "f=3..40; r=2..12; n=3..30; c:=f+r*n",
         "A [taxi|guide|boat rental] charges ${f} [at the start|to begin with] and ${r} [per|for each|for every] "
         "[hour|mile]. The bill is ${c}. How many [hour|mile]s was it?",
         "Without the start: p = c - f; n = p / r", "{n}", "f + r * x == c"},
    Tale{3, "n=10..60; a=2..9; b=10..30; c=20..150; x:=n*b-n*a-c; !x>0 && b>a",
         "{Name} [buy{+s}|order{+s}] {n} {things} at ${a} each and sell{+s} them all at ${b} each. The [stall|stand] "
         "costs ${c}. What is the profit?",
         "Gain on one: g = b - a; On all: p = g * n; x = p - c", "{x}", "x == n * b - n * a - c"},
};

constexpr std::array measures{
    Tale{3, "h=1..4; m=1..59; n=2..6; x:=60*h+m",
         "A [film|trip|class|game] takes {h} {h:hour/hours} and {m} {m:minute/minutes}. How many minutes are {n} of "
         "them?",
         "One: t = h * 60; s = t + m; x = s * n", "{x}", "x / n - m == 60 * h"},
    Tale{3, "a=2..9; b=10..95; n=2..30; c:=a*100+b; k:=c-n; !k>0",
         "A [rope|board|pipe] is {a} m {b} cm long. {n} cm are [cut off|sawn off]. How many cm are left?",
         "p = a * 100; q = p + b; x = q - n", "{x}", "x + n == 100 * a + b"},
    Tale{3, "a=2..9; k=1..10; b:=k*50; u=2..8; c:=u*50; d:=a*1000; !(d+b)%c==0; x:=(d+b)/c",
         "[A bag holds {a} kg {b} g of rice. How many portions of {c} g is that?|How many cups of {c} ml can be filled "
         "from {a} l and {b} ml of juice?|{a} kg and {b} g of flour are filled in bags of {c} g. How many bags is "
         "that?]",
         "p = a * 1000; q = p + b; x = q / c", "{x}", "x * c == 1000 * a + b"},
    Tale{3, "v=3..60; h=1..6; m=1..3; k:=15*m; !v%4==0; t:=4*h+m; x:=v*t/4",
         "How far does a [car|train|bike|boat] go in {h} {h:hour/hours} and {k} minutes at {v} km [per hour|an hour]?",
         "In a quarter of an hour: q = v / 4; Quarters: p = h * 4; t = p + m; x = q * t", "{x}",
         "x == v * (h + k / 60)"},
    Tale{3, "v=30..90; h=2..6; w=30..90; g=1..4; !v!=w; p:=v*h; q:=w*g",
         "{Name} drive{+s} {h} hours at {v} km per hour, rest{+s} for half an hour, and then drive{+s} {g} more "
         "{g:hour/hours} at {w} km per hour. How far [is that|{do} {he} drive] [in all|altogether]?",
         "> The rest adds no way; First: p = v * h; Then: q = w * g; x = p + q", "{x}", "x - w * g == v * h"},
    Tale{3, "v=20..90; t=2..8; d:=v*t; b=10..50; !t*60>b; x:=60*t+b",
         "A trip of {d} km is [driven|done] at {v} km per hour, with a break of {b} minutes. How many minutes does it "
         "take [in all|altogether]?",
         "Hours: t = d / v; Minutes: m = t * 60; x = m + b", "{x}", "(x - b) / 60 * v == d"},
    Tale{3, "v=10..60; w=10..60; t=2..8; !v!=w; s:=v+w; d:=s*t",
         "Two [trains|cars|riders] start [at the same time|together] {d} km apart and come towards each other, one at "
         "{v} and one at {w} km per hour. After how many hours do they meet?",
         "Each hour nearer: s = v + w; t = d / s", "{t}", "x * v + x * w == d"},
    Tale{3, "w=3..40; d=2..20; v:=w+d; t=2..9; l:=d*t",
         "[One runner|A thief|A slow truck] is {l} m ahead and goes {w} m a minute, somebody behind goes {v} m a "
         "minute. After how many minutes does the faster one catch up?",
         "Each minute nearer: d = v - w; t = l / d", "{t}", "x * v == x * w + l"},
    Tale{3, "n=2..8; u=20..90; a:=n*u; m=3..15; !m!=n",
         "A recipe for {n} people [needs|takes|uses] {a} g of [flour|rice|pasta|potatoes]. How many grams [are "
         "needed|does it take] for {m} people?",
         "For one: u = a / n; x = u * m", "{x}", "x / m == a / n"},
    Tale{3, "a=2..6; b=2..7; k=2..20; !gcd(a,b)==1 && a!=b; s:=a+b; t:=s*k",
         "{Ann} and {Bob} share ${t} in the ratio {a}:{b}. How much does {Ann} get?",
         "Parts: s = a + b; One part: k = t / s; x = k * a", "{x}", "x * b == (t - x) * a"},
    Tale{3, "a=2..6; b=2..7; k=2..20; !gcd(a,b)==1 && a!=b; p:=a*k; q:=b*k",
         "[The ratio of|In a school the ratio of] [boys to girls|cats to dogs|red to blue cards] is {a} to {b}. There "
         "are {p} of the first kind. How many are there [of both|in all]?",
         "One part: k = p / a; The others: q = b * k; x = p + q", "{x}", "(x - p) * a == p * b"},
    Tale{3, "w=2..12; d=2..12; t:=w*d; v=2..12; !t%v==0 && v!=w",
         "{w} [workers|painters|machines] need {d} days for a job. How many days [do|would] {v} need [at the same "
         "pace|]?",
         "Days of work: t = w * d; x = t / v", "{x}", "x * v == w * d"},
    Tale{3, "a=5..40; b=3..30; !a>b; c=2..9; s:=a+b",
         "A [garden|field|yard] is {a} m long and {b} m wide. [A fence costs ${c} a meter|One meter of fence costs "
         "${c}]. How much does [the fence|a fence all around] cost?",
         "Half way around: s = a + b; Around: p = s * 2; x = p * c", "{x}", "x / c == 2 * a + 2 * b"},
    Tale{3, "a=2..9; b=2..9; u=2..5; p:=a*u; q:=b*u; !a!=b",
         "A floor of {p} by {q} feet is covered with square tiles, {u} feet on each side. How many tiles [are "
         "needed|does it take]?",
         "Along: a = p / u; Across: b = q / u; x = a * b", "{x}", "x * u * u == p * q"},
    Tale{3, "b=3..30; a=b+1..50; s:=a+b; p:=2*a+2*b; x:=a*b",
         "[A rectangle is|A field is] {a} m long. Its perimeter is {p} m. What is its area?",
         "Half: s = p / 2; Width: b = s - a; x = a * b", "{x}", "2 * (a + x / a) == p"},
    Tale{3, "a=4..30; c=3..20; b=3..20; !c<a && b<a; p:=a*a; q:=b*c",
         "A square [room|yard|garden] with sides of {a} m has a [carpet|pool|bed] of {b} m by {c} m in it. How many "
         "square meters are [left|not covered]?",
         "All: p = a * a; Covered: q = b * c; x = p - q", "{x}", "x + b * c == pow(a, 2)"},
    Tale{3, "n=3..6; m=10..60; l=10..60; s:=n*m; k:=n-1; t:=s-l; !t>0 && t/k!=m && t%k==0; y:=t/k",
         "The average of {n} numbers is {m}. One of them, {l}, is [taken away|removed]. What is the average of the "
         "others?",
         "Sum: s = n * m; Without it: t = s - l; k = n - 1; y = t / k", "{y}", "x * (n - 1) + l == n * m"},
    Tale{3, "m=60..95; a=60..99; b=60..99; c:=3*m-a-b; !c>40 && c<=100; s:=3*m",
         "{Name} scored {a} and {b} on two tests. What [must {he} score|score {do} {he} need] on the third [test|one] "
         "for an average of {m}?",
         "Sum of three: s = m * 3; So far: p = a + b; x = s - p", "{x}", "(a + b + x) / 3 == m"},
    Tale{3, "a=3..20; n=4..30; d=2..9; m:=n-1",
         "{Name} do{+es} {a} [push-ups|sit-ups|laps] on the first day and {d} more each day than the day before. How "
         "many [{do} {he} do|is that] on day {n}?",
         "Steps: m = n - 1; p = m * d; x = a + p", "{x}", "(x - a) / d + 1 == n"},
    Tale{3, "a=2..8; n=3..5; k=2..3; !a*pow(k,n)<3000",
         "[There are {a} [bacteria|cells], and every hour there are {k} times as many. How many are there after {n} "
         "hours?|A pond has {a} [frogs|lilies]. Each year there are {k} times as many. How many are there after {n} "
         "years?|A farm starts with {a} [rabbits|mice]. Their number becomes {k} times as large every month. How many "
         "are there after {n} months?]",
         "p = k ^ n; x = a * p", "{x}", "x / pow(k, n) == a"},
    Tale{3, "a=2..9; b=2..9; c=2..5; d=1..9",
         "{Name} {has} {a} shirts, {b} pairs of [pants|jeans] and {c} hats. How many outfits [of one each|with one of "
         "each] [can {he} make|are possible]?",
         "p = a * b; x = p * c", "{x}", "x / c / b == a"},
    Tale{3, "n=5..30; m:=n-1; c=2..9; d=4..40",
         "{n} [people|players|guests] [meet|are at a party], and each shakes hands with every other once. How many "
         "handshakes [are there|is that]?",
         "m = n - 1; p = n * m; > Each is counted twice; x = p / 2", "{x}", "2 * x == n * (n - 1)"},
    Tale{3, "n=4..20; m:=n-1",
         "In a [league|tournament|chess club] of {n} [teams|players], each plays every other once [at home and once "
         "away|on each side, so twice]. How many games are there?",
         "m = n - 1; x = n * m", "{x}", "x == orders(n, 2)"},
    Tale{3, "x=5..300; s:=3*x+3; a:=x+1; b:=x+2",
         "[The sum of three consecutive [integers|numbers|whole numbers] is|Three consecutive [integers|numbers|whole "
         "numbers] add up to] {s}. What is the smallest?",
         "The middle one: m = s / 3; x = m - 1", "{x}", "x + x + 1 + x + 2 == s"},
    Tale{3, "a=2..9; b=2..40; x=2..30; c:=a*x+b",
         "[I think of a number, multiply it by {a} and add {b}|{Ann} takes a number, multiplies it by {a} and adds "
         "{b}|A number is multiplied by {a}, and {b} is added]. [The result is|That gives] {c}. What is the number?",
         "p = c - b; x = p / a", "{x}", "a * x + b == c"},
    Tale{3, "a=2..9; c=2..20; b=2..20; x:=a*c-b; !x>0; s:=x+b",
         "[When you add {b} to a number and divide by {a}, you get {c}.|A number plus {b}, divided by {a}, is {c}.] "
         "What is [the number|it]?",
         "p = c * a; x = p - b", "{x}", "(x + b) / a == c"},
    Tale{3, "y=3..30; g=2..30; l=2..15; x:=y+g; s:=y+l",
         "{Ann} is {g} years older than {Bob}. In {l} years {Bob} will be {s}. How old is {Ann} now?",
         "{Bob} now: y = s - l; x = y + g", "{x}", "x - g + l == s"},
    Tale{3, "y=4..30; k=2..4; l=2..10; a:=k*y; t:=a+y+2*l",
         "{Ann} is {k} times as old as {Bob}, who is {y}. What [will be the sum of their ages|will their ages add up "
         "to] in {l} years?",
         "{Ann}: a = k * y; Now: s = a + y; Both grow: m = 2 * l; x = s + m", "{x}", "x == (k * y + l) + (y + l)"},
};

void change_amounts(Maker& m) { tell_tale(m, amounts); }
void pay(Maker& m) { tell_tale(m, money); }
void measure(Maker& m) { tell_tale(m, measures); }

constexpr std::array tables{TaleTable{"story of amounts", amounts}, TaleTable{"story of money", money},
                            TaleTable{"story of measures", measures}};

const std::array families{
    Family{"story of amounts", 3, 3, {"word problems", "several operations"}, change_amounts},
    Family{"story of money", 3, 3, {"word problems", "several operations"}, pay},
    Family{"story of measures", 3, 3, {"word problems", "several operations"}, measure},
};

}  // namespace

std::span<const TaleTable> event_tables() { return tables; }
std::span<const Family> event_families() { return families; }

}  // namespace holdfast::generators
