// Things that grow and shrink: somebody's things, those in a place, and amounts that are measured. Each way to tell is
// combined with the scenes of the lexicon, and what is asked for may be the end, the beginning or what happened
// between.
#include <array>

#include "training/generators/catalogue.h"
#include "training/generators/tales.h"

namespace holdfast::generators {
namespace {

constexpr std::array things{
    // One step.
    Tale{1, "a=2..90; b=2..60",
         "[{Name} had {a} <items> and <gain:b>.|At first {Name} had {a} <items>. [Later|The next day|On <day>|After "
         "lunch] "
         "{he} <gain:b>.|[On <day>|In the morning|Yesterday] {Name} <gain:b>. Before that {he} had {a} <items>.|{Name} "
         "started the [day|week] with {a} <items>. Then {he} <gain:b>.|With {a} <items> to begin with, {Name} "
         "<gain:b>.] "
         "{aside} ?? <asknow>",
         "x = a + b", "{x}", "x - b == a", "addition"},
    Tale{1, "b=2..60; x=1..60; a:=b+x",
         "[{Name} had {a} <items>, but {he} <lose:b>.|[This morning|On <day>|Last week] {Name} had {a} <items>. Since "
         "then "
         "{he} <lose:b>.|Of the {a} <items> {he} had, {Name} <lose:b>.|{Name} started with {a} <items> and "
         "<lose:b>.|Out of "
         "{a} <items>, {Name} <lose:b>.|{Name} <lose:b>. {He} had {a} <items> before that.] {aside} ?? [<asknow>|How "
         "many "
         "<items> {do} {he} still have?|How many <items> are left?|What remains of the <items>?]",
         "x = a - b", "{x}", "x + b == a", "subtraction"},
    Tale{
        1, "a=2..50; b=2..50; x:=a+b",
        "[{Name} <lose:b> and still {has} {a} <items>.|After {Name} <lose:b>, {a} <items> were left.|{Name} had some "
        "<items>. {He} <lose:b>, which left {a}.|{a} <items> are left now that {Name} <lose:b>.] {aside} ?? <askfirst>",
        "> Put back what went; x = a + b", "{x}", "x - b == a", "addition; inverse operations"},
    Tale{1, "b=2..50; x=2..60; a:=b+x",
         "[{Name} <gain:b>, and now {he} {has} {a} <items>.|{Name} had some <items>. After {he} <gain:b>, there were "
         "{a}.|Now "
         "that {Name} <gain:b>, {he} {has} {a} <items>.|{Name} {has} {a} <items>, counting the last time, when {he} "
         "<gain:b>.] {aside} ?? <askfirst>",
         "> Take away what came; x = a - b", "{x}", "x + b == a", "subtraction; inverse operations"},
    Tale{1, "a=2..60; x=2..60; b:=a+x",
         "[{Ann} had {a} <items> [in the morning|at first|on <day>]. [In the evening|Later] {her} had {b}.|The number "
         "of "
         "{Name's} <items> went from {a} to {b}.|{Ann} started with {a} <items> and ended up with {b}.] How many [did "
         "{her} "
         "get in between|more is that|came in between|were added|did {her} gain]?",
         "x = b - a", "{x}", "x + a == b", "subtraction"},
    Tale{1, "b=2..60; x=2..60; a:=b+x",
         "[{Ann} had {a} <items>, and only {b} are left.|{Ann} began with {a} <items> and ended with {b}.|Of {Ann}'s "
         "{a} "
         "<items>, {b} remain.|There used to be {a} <items>, and {Ann} counts {b} now.] How many [are gone|went|did "
         "{her} "
         "part with|are missing|disappeared]?",
         "x = a - b", "{x}", "x + b == a", "subtraction"},
    // Two steps.
    Tale{2, "a=5..90; b=2..60; c=2..60; !c<a+b",
         "[{Name} had {a} <items>. {He} <gain:b>, then {he} <lose:c>.|{Name} had {a} <items>. First {he} <gain:b>; "
         "after "
         "that {he} <lose:c>.|On <day> {Name} had {a} <items>. The next day {he} <gain:b>. The day after that {he} "
         "<lose:c>.|After "
         "{Name} <gain:b>, {he} <lose:c>. There had been {a} <items> in the beginning.] {aside} ?? <asknow>",
         "After the gain: p = a + b; x = p - c", "{x}", "x + c == a + b", "addition; subtraction"},
    Tale{2, "b=2..60; a=b+1..90; c=2..60",
         "[{Name} had {a} <items>. {He} <lose:b>, but later {he} <gain:c>.|{Name} <lose:b> out of {his} {a} <items>. "
         "Then "
         "{he} <gain:c>.|{Name} owned {a} <items>. In the morning {he} <lose:b>, and in the afternoon {he} "
         "<gain:c>.|{Name} "
         "started with {a} <items> and <lose:b>. To make up for it, {he} <gain:c>.] {aside} ?? <asknow>",
         "After the loss: p = a - b; x = p + c", "{x}", "x - c + b == a", "addition; subtraction"},
    Tale{2, "b=2..40; c=2..40; a=b+c+1..120",
         "[{Name} had {a} <items>. {He} <lose:b>. {He} also <lose2:c>.|{Name} started with {a} <items>. On <day> {he} "
         "<lose:b>, and the next day {he} <lose2:c>.|Of {his} {a} <items>, {Name} <lose:b> and then <lose2:c>.|{Name} "
         "<lose:b> "
         "and <lose2:c>. There had been {a} <items>.] {aside} ?? [<asknow>|How many <items> {do} {he} still have?|How "
         "many "
         "<items> are left?]",
         "Gone: p = b + c; x = a - p", "{x}", "x + b + c == a", "subtraction"},
    Tale{2, "a=2..60; b=2..40; c=2..40",
         "[{Name} had {a} <items>. {He} <gain:b>, and later {he} <gain2:c>.|{Name} <gain:b> on <day> and <gain2:c> the "
         "next "
         "day. {He} already had {a} <items>.|To {his} {a} <items> come others: {he} <gain:b>, and then {he} "
         "<gain2:c>.] "
         "{aside} ?? <asknow>",
         "x = a + b + c", "{x}", "x - a - b == c", "addition"},
    Tale{2, "x=3..80; b=2..40; c=2..40; a:=x+b-c; !a>1 && x+b>c",
         "[{Name} <gain:b>, then {he} <lose:c>, and now {he} {has} {a} <items>.|After {Name} <gain:b> and <lose:c>, "
         "there "
         "are {a} <items>.|{Name} had some <items>. {He} <gain:b>. Then {he} <lose:c>, which left {a}.] {aside} ?? "
         "<askfirst>",
         "Before the loss: p = a + c; Before the gain: x = p - b", "{x}", "x + b - c == a",
         "inverse operations; addition"},
    Tale{2, "x=3..80; b=2..40; c=2..40; a:=x-b+c; !x>b",
         "[{Name} <lose:b>, then {he} <gain:c>, and now {he} {has} {a} <items>.|{Name} had a number of <items>. First "
         "{he} "
         "<lose:b>, then {he} <gain:c>. Now there are {a}.] {aside} ?? <askfirst>",
         "Before the gain: p = a - c; Before the loss: x = p + b", "{x}", "x - b + c == a",
         "inverse operations; subtraction"},
    Tale{2, "b=2..40; c=2..40; a=2..60; x:=a+b+c",
         "[{Name} <lose:b> and <lose2:c>, and {a} <items> are left.|First {Name} <lose:b>, then {he} <lose2:c>. {He} "
         "still "
         "{has} {a} <items>.|{Name} <lose:b> in the morning. In the evening {he} <lose2:c> and had {a} <items> left.] "
         "{aside} "
         "?? <askfirst>",
         "x = a + b + c", "{x}", "x - b - c == a", "inverse operations; addition"},
    Tale{2, "a=10..90; b=2..40; x=2..40; d:=a+b-x; !d>0",
         "[{Ann} had {a} <items> and <gain:b>. Then some were lost, and {d} were left.|{Ann} had {a} <items> and got "
         "{b} "
         "more. At the end of the day {her} counted only {d}.|{Ann} started with {a} <items>, was given another {b}, "
         "and later "
         "found that just {d} remained.] How many [went missing|were lost|disappeared|are gone]?",
         "p = a + b; x = p - d", "{x}", "a + b - x == d", "addition; subtraction"},
    Tale{2, "b=2..40; a=b+2..90; x=2..40; d:=a-b+x",
         "{Ann} had {a} <items>. [{Her} <lose:b>. Later {her} got some new ones and had {d}.|{Her} <lose:b>. Then a "
         "few more "
         "came, which made {d}.] How many [came|new ones came|were added|did {her} get]?",
         "p = a - b; x = d - p", "{x}", "a - b + x == d", "subtraction"},
    Tale{2, "n=2..9; k=2..12; a=2..60",
         "[{Name} had {a} <items>. [Every|Each] [day|week|month] {he} <gain:k>. How many <items> did {he} have {n} "
         "[day|week|month]s later?|{Name} <gain:k> every [day|week|month] for {n} [day|week|month]s. {He} had {a} "
         "<items> "
         "when it began. How many did {he} have when it ended?]",
         "Gained: p = n * k; x = a + p", "{x}", "x == a + n * k", "multiplication; addition"},
    Tale{2, "n=2..9; k=2..9; a=n*k+1..150",
         "[{Name} had {a} <items>. [Every|Each] [day|week|month] {he} <lose:k>. How many <items> did {he} have left "
         "after {n} "
         "[day|week|month]s?|For {n} [day|week|month]s {Name} <lose:k> each [day|week|month]. {He} had {a} <items> at "
         "the "
         "start. What was left?]",
         "Lost: p = n * k; x = a - p", "{x}", "x == a - n * k", "multiplication; subtraction"},
    Tale{2, "h=2..40; a:=2*h; b=1..h-1; x:=h-b",
         "{Name} had {a} <items>. [Half of them were gone by noon, and|Half of them were used, and after that] {he} "
         "<lose:b>. "
         "{aside} ?? [<asknow>|How many <items> are left?]",
         "Half: h = a / 2; x = h - b", "{x}", "2 * (x + b) == a", "fraction of a quantity; subtraction"},
    Tale{2, "a=2..50; b=2..40",
         "{Name} had {a} <items>. [That number doubled|Soon {he} had twice as many|The number became twice as large], "
         "and "
         "then {he} <gain:b>. {aside} ?? <asknow>",
         "Doubled: p = a * 2; x = p + b", "{x}", "x - b == a + a", "multiplication; addition"},
    Tale{
        2, "a=4..50; b=2..40; !b<2*a",
        "{Name} had {a} <items>. [That number doubled|Soon {he} had twice as many], and then {he} <lose:b>. {aside} ?? "
        "<asknow>",
        "Doubled: p = a * 2; x = p - b", "{x}", "x + b == a + a", "multiplication; subtraction"},
    // Compared with somebody.
    Tale{
        1, "a=2..60; b=2..40",
        "[{Ann} has {a} <items>. {Bob} has {b} more.|{Bob} has {b} more <items> than {Ann}, who has {a}.|{Ann} has {a} "
        "<items>, which is {b} fewer than {Bob} has.|If {Ann} had {b} more than {hers} {a} <items>, {her} would have "
        "as many "
        "as {Bob}.|{Ann}'s {a} <items> are {b} short of what {Bob} has.] How many [<items> does {Bob} have|does {Bob} "
        "have]?",
        "x = a + b", "{x}", "x - a == b", "additive comparison; addition"},
    Tale{1, "b=2..40; x=2..60; a:=x+b",
         "[{Ann} has {a} <items>. {Bob} has {b} fewer.|{Bob} has {b} fewer <items> than {Ann}, who has {a}.|{Ann} has "
         "{a} "
         "<items>, which is {b} more than {Bob} has.|{Bob} would need {b} more <items> to have as many as {Ann}, who "
         "has "
         "{a}.|{Ann} has {a} <items> and beats {Bob} by {b}.] How many [<items> does {Bob} have|does {Bob} have]?",
         "x = a - b", "{x}", "a - x == b", "additive comparison; subtraction"},
    Tale{1, "a=2..60; x=2..60; b:=a+x",
         "[{Ann} has {a} <items> and {Bob} has {b}.|While {Bob} owns {b} <items>, {Ann} owns {a}.|{Bob} counted {b} "
         "<items>, "
         "{Ann} only {a}.] [How many more does {Bob} have?|By how many does {Bob} beat {Ann}?|How many must {Ann} get "
         "to "
         "catch up with {Bob}?|How many fewer does {Ann} have?|What is the difference?]",
         "x = b - a", "{x}", "a + x == b", "additive comparison; subtraction"},
    Tale{2, "a=2..60; b=2..40",
         "[{Ann} has {a} <items>. {Bob} has {b} more than {Ann}.|{Bob} has {b} more <items> than {Ann}, and {Ann} has "
         "{a}.|"
         "{Ann} has {a} <items>, {b} fewer than {Bob}.] How many [do they have together|do the two have "
         "<altogether>|<items> "
         "is that <altogether>|<items> do they own between them]?",
         "{Bob}: p = a + b; x = a + p", "{x}", "x == 2 * a + b", "additive comparison; addition"},
    Tale{2, "b=2..40; a=b+2..90",
         "[{Ann} has {a} <items>. {Bob} has {b} fewer than {Ann}.|{Bob} has {b} fewer <items> than {Ann}, and {Ann} "
         "has {a}.|"
         "{Ann} has {a} <items>, {b} more than {Bob}.] How many [do they have together|do the two have "
         "<altogether>|<items> "
         "is that <altogether>|<items> do they own between them]?",
         "{Bob}: p = a - b; x = a + p", "{x}", "x == 2 * a - b", "additive comparison; addition"},
    Tale{1, "a=2..30; k=2..9",
         "[{Ann} has {a} <items>. {Bob} has {k:times} as many.|{Bob} has {k:times} as many <items> as {Ann}, who has "
         "{a}.|"
         "For each <item> that {Ann} has, {Bob} has {k}. {Ann} has {a}.|{Bob}'s <items> are {k} times the number of "
         "{Ann}'s. "
         "{Ann} has {a}.] How many [<items> does {Bob} have|does {Bob} have]?",
         "x = a * k", "{x}", "x / k == a", "multiplicative comparison; multiplication"},
    Tale{1, "x=2..30; k=2..9; a:=k*x",
         "[{Ann} has {a} <items>, which is {k:times} as many as {Bob} has.|{Ann} has {k:times} as many <items> as "
         "{Bob}. {Ann} "
         "has {a}.|{Bob}'s <items> times {k} is the number of {Ann}'s, which is {a}.|It takes {k} times what {Bob} has "
         "to match "
         "{Ann}'s {a} <items>.] How many [<items> does {Bob} have|does {Bob} have]?",
         "x = a / k", "{x}", "x * k == a", "multiplicative comparison; division"},
    Tale{2, "x=2..30; k=2..9; a:=k*x; y:=a-x",
         "[{Ann} has {a} <items>, {k:times} as many as {Bob}.|{Ann} has {k:times} as many <items> as {Bob}, and {Ann} "
         "has {a}.] "
         "How many more [than {Bob} does {Ann} have|does {Ann} have than {Bob}]?",
         "{Bob}: x = a / k; y = a - x", "{y}", "x + a / k == a", "multiplicative comparison; subtraction"},
    Tale{2, "a=2..30; k=2..5; b=1..20",
         "[{Bob} has {b} more than {k:times} as many <items> as {Ann}, who has {a}.|{Ann} has {a} <items>. Take that "
         "{k} times "
         "and add {b}: so many has {Bob}.|{Ann} has {a} <items>. {Bob} has {k:times} as many and {b} more.] How many "
         "does "
         "{Bob} have?",
         "p = a * k; x = p + b", "{x}", "x - b == k * a", "multiplicative comparison; addition"},
    Tale{2, "a=3..30; k=2..5; b=1..20; !a*k>b",
         "[{Bob} has {b} fewer than {k:times} as many <items> as {Ann}, who has {a}.|{Ann} has {a} <items>. {Bob} has "
         "{k} "
         "times as many less {b}.|{Ann} has {a} <items>. {Bob} is {b} short of {k} times that.] How many does {Bob} "
         "have?",
         "p = a * k; x = p - b", "{x}", "x + b == k * a", "multiplicative comparison; subtraction"},
    Tale{2, "a=4..60; b=2..30; d=1..30; !a>d",
         "{Ann} and {Bob} each had {a} <items>. {Ann} got {b} more, and {Bob} lost {d}. [How many more does {Ann} have "
         "now?|How many fewer does {Bob} have now?|What is the difference now?|By how many is {Ann} ahead now?]",
         "{Ann}: p = a + b; {Bob}: q = a - d; x = p - q", "{x}", "x == b + d", "additive comparison; two operations"},
    Tale{3, "x=2..30; b=2*x+2..90; !b%2==0; d:=b-2*x",
         "{Ann} has {b} <items> and {Bob} has {d}. [How many must {Ann} give {Bob} so that both have the same "
         "number?|{Ann} "
         "wants to give {Bob} enough to make them equal. How many is that?|How many should move from {Ann} to {Bob} to "
         "make "
         "them even?]",
         "More: p = b - d; Half of that: x = p / 2", "{x}", "b - x == d + x", "additive comparison; subtraction"},
    Tale{3, "a=10..60; b=2..20; !a>b; x:=a-2*b; !x>0",
         "{Ann} gave {b} of {hers} {a} <items> to {Bob}. Now both have the same number. How many did {Bob} have "
         "[before|at "
         "first]?",
         "Each now: p = a - b; x = p - b", "{x}", "x + b == a - b", "additive comparison; inverse operations"},
    Tale{3, "a=2..20; k=2..5; b=2..20; !a*k+a>b",
         "{Ann} has {a} <items>. {Bob} has {k:times} as many, and the [teacher|coach|neighbor] has {b} fewer than the "
         "two "
         "together. How many does the [teacher|coach|neighbor] have?",
         "{Bob}: p = a * k; Together: q = a + p; x = q - b", "{x}", "x + b == a * (k + 1)",
         "multiplicative comparison; several operations"},
    Tale{3, "q=2..6; u=2..20; a:=q*u; k=1..q-1; !gcd(k,q)==1; b=2..30; r:=u*k; l:=a-r",
         "{Name} had {a} <items>. {k}/{q} of them [were gone|were used up|went] by <day>. After that {he} <gain:b>. "
         "{aside} "
         "?? <asknow>",
         "One part: u = a / q; Gone: r = u * k; l = a - r; x = l + b", "{x}", "x - b == a * (1 - k / q)",
         "fraction of a quantity; several operations"},
    Tale{3, "q=2..5; u=2..20; b=2..20; a:=q*u-b; !a>1; p:=a+b; x:=p-u",
         "{Name} had {a} <items> and <gain:b>. Then {he} gave 1/{q} of all {he} had to {Bob}. {aside} ?? <asknow>",
         "p = a + b; Given: u = p / q; x = p - u", "{x}", "x * q == (a + b) * (q - 1)",
         "fraction of a quantity; several operations"},
    Tale{3, "n=2..8; u=2..20; b=2..30; a:=n*u+b",
         "{Name} had {a} <items>. {He} <lose:b> and shared the rest <equally> among {n} [friends|neighbors|cousins]. "
         "{aside} "
         "?? [How many did each get?|How many <items> did each of them receive?|What was the share of each?]",
         "The rest: p = a - b; x = p / n", "{x}", "x * n + b == a", "division; subtraction"},
    Tale{3, "n=2..8; u=3..20; b=2..30; a:=n*u-b; !a>1",
         "{Name} had {a} <items>. {He} <gain:b> and then split everything <equally> into {n} [piles|groups|parts]. "
         "{aside} "
         "?? [How many are in each?|How large is each part?|How many <items> go into one?]",
         "All: p = a + b; x = p / n", "{x}", "x * n - b == a", "division; addition"},
    Tale{3, "n=2..8; u=3..20; c=1..u-1; a:=n*u",
         "{n} friends shared {a} <items> <equally>. {Ann}, one of them, then <lose:c>. How many does {Ann} have left?",
         "Each: u = a / n; x = u - c", "{x}", "(x + c) * n == a", "division; subtraction"},
    Tale{3, "n=2..8; u=3..20; c=2..40; a:=n*u",
         "{n} friends shared {a} <items> <equally>. {Ann}, one of them, already had {c}. How many does {Ann} have now?",
         "Each: u = a / n; x = u + c", "{x}", "(x - c) * n == a", "division; addition"},
};

constexpr std::array crowds{
    Tale{1, "a=3..80; b=2..60",
         "[There were {a} <ones> <in>. <come:b>.|<in>, there were {a} <ones> when <come:b>.] ?? [How many <ones> were "
         "there "
         "then?|How many <ones> was that <altogether>?|How many were there after that?]",
         "x = a + b", "{x}", "x - b == a", "addition"},
    Tale{1, "b=2..60; x=1..60; a:=b+x",
         "[There were {a} <ones> <in>. Then <leave:b>.|Of the {a} <ones> <in>, <leave:b>.] ?? [How many stayed?|How "
         "many "
         "<ones> were left?|How many <ones> remained?|How many were still there?]",
         "x = a - b", "{x}", "x + b == a", "subtraction"},
    Tale{2, "a=5..80; b=2..40; c=2..40; !c<a+b",
         "[There were {a} <ones> <in>. <come:b>. Then <leave:c>.|At first {a} <ones> were <in>. [In the next "
         "hour|Soon|After a "
         "while] <come:b>, and [a little later|then|after that] <leave:c>.] ?? [How many <ones> were there then?|How "
         "many "
         "were there in the end?|What was the number of <ones> after that?]",
         "p = a + b; x = p - c", "{x}", "x + c == a + b", "addition; subtraction"},
    Tale{2, "b=2..40; a=b+1..80; c=2..40",
         "[There were {a} <ones> <in>. <leave:b>. Then <come:c>.|At first {a} <ones> were <in>. [In the next "
         "hour|Soon|After a "
         "while] <leave:b>, and [a little later|then|after that] <come:c>.] ?? [How many <ones> were there then?|How "
         "many "
         "were there in the end?|What was the number of <ones> after that?]",
         "p = a - b; x = p + c", "{x}", "x - c + b == a", "addition; subtraction"},
    Tale{2, "b=2..40; c=2..40; a=2..60; x:=a+b+c",
         "[Some <ones> were <in>. First <leave:b>, then <leave2:c>. Now there are {a}.|After <leave:b> and later "
         "<leave2:c>, "
         "only {a} of the <ones> were still <in>.] How many were there [at first|in the beginning|before]?",
         "x = a + b + c", "{x}", "x - b - c == a", "inverse operations; addition"},
    Tale{2, "x=2..60; b=2..40; c=2..40; a:=x+b-c; !a>1",
         "[Some <ones> were <in>. First <come:b>, then <leave:c>. That left {a}.|After <come:b> and later <leave:c>, "
         "there were "
         "{a} <ones> <in>.] How many were there [at first|in the beginning|before]?",
         "Before the last change: p = a + c; x = p - b", "{x}", "x + b - c == a", "inverse operations; subtraction"},
    Tale{2, "a=5..60; x=2..40; b=2..40; d:=a+x-b; !d>0",
         "There were {a} <ones> <in>. Some more came, then <leave:b>, and there were {d}. How many [came|had "
         "come|joined]?",
         "Before that: p = d + b; x = p - a", "{x}", "a + x - b == d", "inverse operations; subtraction"},
    Tale{3, "a=8..60; b=2..30; c=2..30; d=2..30; !a>b; !a-b+c>d",
         "There were {a} <ones> <in>. First <leave:b>. Then <come:c>. In the end <leave2:d>. ?? [How many <ones> were "
         "left?|How "
         "many remained?|How many <ones> stayed?]",
         "p = a - b; q = p + c; x = q - d", "{x}", "x + d + b == a + c", "several operations; subtraction"},
    Tale{3, "n=2..9; k=2..9; c=2..30; a=2..40; !a+n*k>c",
         "There were {a} <ones> <in>. [Every|Each] hour <come:k>. After {n} hours <leave:c>. ?? [How many <ones> were "
         "left "
         "then?|How many were there then?]",
         "Came: p = n * k; q = a + p; x = q - c", "{x}", "x + c == a + n * k", "several operations; multiplication"},
    Tale{3, "i=3..9; o=1..8; !i>o; n=2..12; a=0..50; !a>4; d:=i-o",
         "There are {a} <ones> <in>. Every [hour|minute|day] {i} come and {o} leave. ?? [How many <ones> are there "
         "after {n} "
         "[hour|minute|day]s?|What is the number of <ones> {n} [hour|minute|day]s later?]",
         "More each time: d = i - o; p = d * n; x = a + p", "{x}", "x + n * o == a + n * i",
         "several operations; multiplication"},
    Tale{3, "h=3..40; a:=2*h; b=1..h-1; c=2..30",
         "There were {a} <ones> <in>. Half of them went, then <leave:b>, then <come:c>. ?? [How many <ones> were there "
         "then?|How many were there in the end?]",
         "Half: h = a / 2; p = h - b; x = p + c", "{x}", "2 * (x - c + b) == a",
         "several operations; fraction of a quantity"},
};

constexpr std::array levels{
    Tale{1, "a=5..80; b=2..40", "<state:a>. [Then|Later|During the day] <up:b>. ?? <askafter>", "x = a + b", "{x}",
         "x - b == a", "addition"},
    Tale{1, "b=2..40; x=2..60; a:=b+x", "<state:a>. [Then|Later|During the day] <down:b>. ?? <askafter>", "x = a - b",
         "{x}", "x + b == a", "subtraction"},
    Tale{2, "a=5..80; b=2..40; c=2..40; !a+b>c",
         "[<state:a>. First <up:b>, then <down:c>.|<state:a>. After <up:b>, <down:c>.] ?? <askafter>",
         "p = a + b; x = p - c", "{x}", "x + c == a + b", "addition; subtraction"},
    Tale{2, "b=2..40; a=b+2..80; c=2..40",
         "[<state:a>. First <down:b>, then <up:c>.|<state:a>. After <down:b>, <up:c>.] ?? <askafter>",
         "p = a - b; x = p + c", "{x}", "x - c + b == a", "addition; subtraction"},
    Tale{2, "b=2..40; c=2..40; a=b+c+2..120",
         "[<state:a>. First <down:b>, then <down2:c>.|<state:a>. [In the morning|On the first day] <down:b>, and [in "
         "the "
         "evening|on the second day] <down2:c>.] ?? <askafter>",
         "Down in all: p = b + c; x = a - p", "{x}", "x + b + c == a", "subtraction"},
    Tale{2, "b=2..40; x=2..60; a:=x+b", "<vague>. Then <up:b>, and after that <later:a>. ?? <askbefore>", "x = a - b",
         "{x}", "x + b == a", "inverse operations; subtraction"},
    Tale{2, "b=2..40; a=2..60; x:=a+b", "<vague>. Then <down:b>, and after that <later:a>. ?? <askbefore>", "x = a + b",
         "{x}", "x - b == a", "inverse operations; addition"},
    Tale{3, "x=2..60; b=2..40; c=2..40; a:=x+b-c; !a>1",
         "<vague>. First <up:b>, then <down:c>, and after that <later:a>. ?? <askbefore>",
         "Before the fall: p = a + c; Before the rise: x = p - b", "{x}", "x + b - c == a",
         "inverse operations; two operations"},
    Tale{3, "b=2..40; x=b+1..80; c=2..40; a:=x-b+c",
         "<vague>. First <down:b>, then <up:c>, and after that <later:a>. ?? <askbefore>",
         "Before the rise: p = a - c; Before the fall: x = p + b", "{x}", "x - b + c == a",
         "inverse operations; two operations"},
    Tale{3, "a=5..60; b=2..30; c=2..30; d=2..30; !a+b>c+1; x:=a+b-c+d",
         "<state:a>. First <up:b>. Then <down:c>. Finally <up2:d>. ?? <askafter>", "p = a + b; q = p - c; x = q + d",
         "{x}", "x - d + c == a + b", "several operations; addition"},
    Tale{3, "n=2..9; k=2..9; a=5..60", "<state:a>. Each hour <up:k>, for {n} hours. ?? <askafter>",
         "Up: p = n * k; x = a + p", "{x}", "x - a == n * k", "multiplication; addition"},
    Tale{3, "n=2..9; k=2..9; a=n*k+2..120", "<state:a>. Each hour <down:k>, for {n} hours. ?? <askafter>",
         "Down: p = n * k; x = a - p", "{x}", "a - x == n * k", "multiplication; subtraction"},
};

void of_things(Maker& m) { tell_tale(m, things); }
void of_crowds(Maker& m) { tell_tale(m, crowds); }
void of_levels(Maker& m) { tell_tale(m, levels); }

constexpr std::array tables{TaleTable{"change of things", things}, TaleTable{"change of crowds", crowds},
                            TaleTable{"change of amounts", levels}};

const std::array families{
    Family{"change of things", 1, 3, {}, of_things},
    Family{"change of crowds", 1, 3, {}, of_crowds},
    Family{"change of amounts", 1, 3, {}, of_levels},
};

}  // namespace

std::span<const TaleTable> change_tables() { return tables; }
std::span<const Family> change_families() { return families; }

}  // namespace holdfast::generators
