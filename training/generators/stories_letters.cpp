// Longer sentences, as people write them to each other: with reasons and side remarks, numbers that do not matter, the
// question first or in the middle, and what is asked for turned around.
#include <array>

#include "training/generators/catalogue.h"
#include "training/generators/tales.h"

namespace holdfast::generators {
namespace {

constexpr std::array letters{
    Tale{2, "a=10..90; b=2..40; c=2..40; d=2..30; !b+c<a; s:=b+c; x:=a-s",
         "[Since {Name} {was} moving house, {he} gave {b} of {his} {a} books to {Bob} and sold {c} others.|{Name} had "
         "{a} books when {he} decided to clear {his} shelves: {b} went to the library and {c} to a "
         "school.|Of the {a} books that {Name} owned, {c} got wet in a flood and {b} were borrowed and never came "
         "back.] {aside} ?? [How many books did that leave {him} with?|How many of {his} books {do} {he} still "
         "have?|How many "
         "books remain?]",
         "Gone: s = b + c; x = a - s", "{x}", "x + b + c == a", "addition; subtraction"},
    Tale{2, "n=2..9; k=2..12; c=2..40; p:=n*k; x:=p+c",
         "[For the school fair {Name} baked {n} trays of {k} <bakeds>, and {his} <relative> brought another "
         "{c}.|{Name} found {c} <bakeds> in the kitchen, to which {he} added {n} bags of {k}.|There were {n} plates "
         "with {k} <bakeds> on "
         "each, not counting the {c} that {Name} had hidden.] {aside} ?? [How many <bakeds> were there in all?|What "
         "was the total number of <bakeds>?|How many <bakeds> could be eaten?]",
         "Trays: p = n * k; x = p + c", "{x}", "x - c == n * k", "multiplication; addition"},
    Tale{2, "n=2..9; k=3..12; c=2..30; p:=n*k; x:=p-c; !x>0",
         "[{Name} picked {k} <fruits> from each of {n} trees and gave {c} of all these to a hungry horse.|Although {n} "
         "boxes of {k} <fruits> had been ordered, {c} <fruits> were missing when {Name} counted them.|{c} <fruits> had "
         "to be thrown "
         "away from {n} baskets with {k} <fruits> in each that {Name} had dropped.] {aside} ?? [How many <fruits> were "
         "left?|How many <fruits> remained?|How many <fruits> did that leave?]",
         "All: p = n * k; x = p - c", "{x}", "x + c == n * k", "multiplication; subtraction"},
    Tale{2, "n=2..9; x=2..15; c=2..30; a:=n*x+c; s:=a-c",
         "[{Name} needed ${a} altogether. {His} <relative> lent {him} ${c}, and {he} earned the rest in {n} days, the "
         "same amount each day.|To collect ${a}, a class used the ${c} it had and asked {n} neighbors for the same sum "
         "each.|{Name} paid ${a} "
         "for {n} tickets of the same price and a program that cost ${c}.] {aside} ?? [How much was it each time?|What "
         "amount is one of the {n}?|How many dollars is that for one of the {n}?]",
         "Without the ${c}: s = a - c; x = s / n", "{x}", "n * x + c == a", "subtraction; division"},
    Tale{2, "a=5..40; d=2..20; b:=a+d; x:=a+b",
         "[What is the total weight of two dogs, if one weighs {a} kg and the other, which is {d} kg heavier, sleeps "
         "on the sofa all day?|How many cards do {Ann} and {Bob} own together, when {Ann} has {a} and {Bob} {d} more "
         "than that?|How many pages "
         "did {Ann} read over the weekend if it was {a} on Saturday and {d} more than that on Sunday?|How long are two "
         "ropes together if one is {a} m long and the other {d} m longer?]",
         "The second: b = a + d; x = a + b", "{x}", "x - a - a == d", "additive comparison; addition"},
    Tale{2, "a=5..40; d=2..20; b:=a+d; x:=a+b",
         "[What is the total weight of two dogs, if one weighs {b} kg and the other is {d} kg lighter?|How many cards "
         "do {Ann} and {Bob} own together, when {Ann} has {b}, which is {d} more than {Bob} has?|{Ann} made {b} cups, "
         "{d} more than {Bob} made. How "
         "many cups did the two make?|How many trees grow in two gardens, if the first has {b} and the second {d} "
         "fewer?]",
         "The second: a = b - d; x = a + b", "{x}", "x - b == b - d", "additive comparison; addition"},
    Tale{2, "k=2..6; a=2..30; b:=k*a; x:=a+b",
         "[How many fish do {Ann} and {Bob} have together if {Bob} has {a} and {Ann} has {k:times} that many?|There "
         "are {k:times} as many sheep as goats on a hill. If there are {a} goats, how many animals is that "
         "altogether?|{Ann} wrote {k:times} as many letters "
         "as {Bob}, who wrote {a}. How many letters did the two write?|A pot holds {a} cups, a kettle {k:times} as "
         "much. How many cups do both hold together?]",
         "The larger: b = k * a; x = a + b", "{x}", "x == a * (k + 1)", "multiplicative comparison; addition"},
    Tale{2, "k=2..6; a=2..30; b:=k*a; x:=a+b",
         "[{Ann} has {b} stamps, which is {k:times} as many as {Bob} has. How many stamps do they have together?|There "
         "are {b} sheep on a hill, {k:times} as many as goats. How many sheep and goats are there?|The large pot holds "
         "{b} cups, {k:times} as much as the small "
         "one. How many cups do the two hold?|{Ann} is {b} years old and {k:times} as old as {Bob}. What is the sum of "
         "their ages?]",
         "The smaller: a = b / k; x = a + b", "{x}", "(x - b) * k == b", "multiplicative comparison; division"},
    Tale{2, "k=2..6; a=2..30; b:=k*a; x:=b-a",
         "[{Ann} has {b} stamps, which is {k:times} as many as {Bob} has. How many more stamps does {Ann} have?|There "
         "are {b} sheep on a hill, {k:times} as many as goats. How many fewer goats than sheep are there?|{Ann} is {b} "
         "years old and {k:times} as old as {Bob}. How many "
         "years older is {Ann}?]",
         "The smaller: a = b / k; x = b - a", "{x}", "(b - x) * k == b", "multiplicative comparison; subtraction"},
    Tale{2, "h=2..40; a:=2*h; b=2..40; x:=h+b",
         "[Half of {Name's} {a} hens lay brown eggs and the other half white eggs. {He} buy{+s} {b} more hens that lay "
         "white eggs. How many hens lay white eggs now?|{Name} sold half of {his} {a} paintings and then painted {b} "
         "new ones. How many paintings {do} {he} have "
         "now?|Half of the {a} seats of a hall were taken out, and {b} new seats were put in. How many seats does it "
         "have now?|A barrel with {a} liters is emptied by half; then {b} liters are poured in. How many liters are in "
         "it?]",
         "Half: h = a / 2; x = h + b", "{x}", "2 * (x - b) == a", "fraction of a quantity; addition"},
    Tale{2, "d=1..8; a:=12*d; b=2..30; x:=a+b",
         "[{Name} had {d} dozen eggs, and the hens laid {b} more. How many eggs {do} {he} have?|A florist ordered {d} "
         "dozen roses and {b} lilies. How many flowers did the florist order?|To {d} dozen pencils {Name} add{+s} {b} "
         "pens. How many things to write with is "
         "that?]",
         "Dozens: a = d * 12; x = a + b", "{x}", "x - b == 12 * d", "multiplication; addition"},
    Tale{2, "a=10..60; b=10..60; x=5..60; s:=a+b; t:=s+x; !a!=b",
         "[{Name} want{+s} to read {t} pages this week and {has} read {a} on <day> and {b} the day after. How many "
         "pages are still to be read?|A team needs {t} points to win the cup. So far it has {a} points from home games "
         "and {b} from games away. How many points are "
         "missing?|{t} guests are invited. {a} have said yes and {b} have said no. How many have not answered?|A "
         "bridge of {t} m is built from both sides. {a} m are done on one side and {b} m on the other. How many meters "
         "are missing?]",
         "So far: s = a + b; x = t - s", "{x}", "a + b + x == t", "addition; subtraction"},
    Tale{2, "n=2..9; k=2..12; x=2..40; p:=n*k; t:=p+x",
         "[{Name} must plant {t} trees and plant{+s} {k} a day. How many are still to be planted after {n} days?|A "
         "book has {t} pages. {Name} {has} read {n} chapters of {k} pages. How many pages are left to read?|A hall has "
         "{t} chairs. {n} rows of {k} chairs are taken. How many chairs "
         "are free?|Of {t} envelopes {Name} used {n} packs of {k}. How many envelopes are left?|{t} people want to "
         "cross a river. A boat with {k} seats crosses {n} times, full each time. How many people are left on the "
         "bank?]",
         "Done: p = n * k; x = t - p", "{x}", "x + n * k == t", "multiplication; subtraction"},
    Tale{2, "n=2..9; k=2..12; a:=n*k; m=2..12; x:=k*m; !m!=n",
         "[{n} crates weigh {a} kg. A van is loaded with {m} crates of the same kind. How heavy is the load?|{a} eggs "
         "are laid on a farm in {n} days. How many are laid in {m} days if it goes on like that?|{Name} made {a} knots "
         "in {n} minutes. How many "
         "can {he} make in {m} minutes at that speed?|If {n} bunches have {a} flowers in all, how many flowers do {m} "
         "bunches have?]",
         "One: k = a / n; x = k * m", "{x}", "x * n == a * m", "direct proportion; two operations"},
    Tale{2, "n=2..9; a=2..15; b=2..15; s:=a+b; x:=n*s; !a!=b",
         "[Every day {Name} walk{+s} {a} km to work and then {b} km to {his} <relative>. How many km is that in {n} "
         "days?|Each of {n} guests gets {a} nuts and {b} dates. How many nuts and dates are needed altogether?|A pack "
         "contains {a} red and {b} blue pens. How many pens are in {n} "
         "packs?|{n} teams have {a} boys and {b} girls each. How many children play?]",
         "Each: s = a + b; x = n * s", "{x}", "x - n * a == n * b", "addition; multiplication"},
    Tale{2, "n=2..9; b=2..15; a=b+1..30; s:=a-b; x:=n*s",
         "[A hen house gives {a} eggs a day, and the family eats {b} of them. How many eggs are kept in {n} "
         "days?|{Name} earn{+s} ${a} a day and spend{+s} ${b} of it on lunch. How much {do} {he} keep after {n} "
         "days?|Each of {n} boxes had {a} <fruits>, but {b} were taken out of every box. "
         "How many <fruits> are in the boxes now?|{n} rows have {a} seats each, and in each row {b} seats are taken. "
         "How many seats are free?]",
         "Each: s = a - b; x = n * s", "{x}", "x + n * b == n * a", "subtraction; multiplication"},
    Tale{2, "n=2..9; x=3..20; b=1..12; s:=x+b; a:=n*s",
         "[{a} sweets are shared equally by {n} children. Each child then eats {b}. How many sweets does each child "
         "have left?|{Name} put{+s} {a} <smalls> equally into {n} bags and then take{+s} {b} out of each bag. How many "
         "are in a bag now?|A prize of ${a} is shared equally by {n} winners, "
         "and each pays ${b} of it as tax. How much does each winner keep?]",
         "Each: s = a / n; x = s - b", "{x}", "n * (x + b) == a", "division; subtraction"},
    Tale{2, "n=2..9; s=2..20; b=1..20; a:=n*s; x:=s+b",
         "[{a} sweets are shared equally by {n} children, among them {Ann}, who already had {b}. How many sweets does "
         "{Ann} have now?|{n} people find ${a} and share it equally. One of them is {Ann}, who already had ${b}. How "
         "many dollars does {Ann} have then?|A wage "
         "of ${a} is split evenly among {n} workers, and one of them gets ${b} more as a tip. How many dollars does "
         "that worker get?]",
         "Each: s = a / n; x = s + b", "{x}", "n * (x - b) == a", "division; addition"},
    Tale{3, "n=2..9; k=2..12; m=2..9; l=2..12; c=2..40; !n!=m; p:=n*k; q:=m*l; s:=p+q; x:=s-c; !x>0",
         "[{Name} bought {n} bags of {k} oranges and {m} bags of {l} lemons, but {c} pieces were rotten.|A florist "
         "tied {n} bunches of {k} tulips and {m} bunches of {l} roses. By evening {c} flowers had been sold one by "
         "one.|In the hall stood {n} rows of {k} and {m} rows of {l} chairs before "
         "{c} of the chairs were carried away.] {aside} ?? [How many were left?|How many are still there?|How many "
         "remained?]",
         "p = n * k; q = m * l; s = p + q; x = s - c", "{x}", "x + c == n * k + m * l",
         "multiplication; several operations"},
    Tale{3, "n=2..9; k=2..12; c=2..30; m=2..9; s:=n*k+c; !s%m==0; x:=s/m; p:=n*k",
         "[{Name} {has} {n} boxes of {k} crayons and {c} loose ones and share{+s} all of them equally among {m} "
         "children. How many does each child get?|{n} baskets with {k} apples each and {c} more apples are packed into "
         "{m} equal crates. How many apples are in a crate?|For a game {n} teams of {k} and "
         "{c} late players are put into {m} new groups of equal size. How large is a group?]",
         "p = n * k; All: s = p + c; x = s / m", "{x}", "x * m - c == n * k", "multiplication; several operations"},
    Tale{3, "a=5..30; d=2..15; b:=a+d; k=2..4; s:=a+b; x:=k*s",
         "[{Ann} has {a} shells and {Bob} has {d} more. A museum has {k:times} as many as the two of them together. "
         "How many shells does the museum have?|On <day> {a} people came, on the next day {d} more, and on the third "
         "day {k:times} as many as on the first two days together. How many came on the third "
         "day?]",
         "Second: b = a + d; s = a + b; x = k * s", "{x}", "x / k - d == 2 * a",
         "additive comparison; multiplicative comparison"},
    Tale{3, "k=2..4; a=3..20; b:=k*a; l=2..4; c:=l*b; x:=a+b+c",
         "[{Ann} has {a} shells. {Bob} has {k:times} as many as {Ann}, and {Bob}'s sister has {l:times} as many as "
         "{Bob}. How many shells do the three have?|The first week {a} tickets were sold, the second week {k:times} as "
         "many, the third week {l:times} as many as in the second. How many tickets were sold "
         "altogether?|A kitten weighs {a} ounces, a cat {k:times} as much, and a dog {l:times} as much as the cat. "
         "What do they weigh together?]",
         "Second: b = k * a; Third: c = l * b; x = a + b + c", "{x}", "x == a * (1 + k + k * l)",
         "multiplicative comparison; several operations"},
    Tale{3, "h=3..30; a:=2*h; k=2..4; b:=k*a; x:=h+a+b",
         "[{Ann} made {a} cards, {Bob} half as many, and {hers} teacher {k:times} as many as {Ann}. How many cards is "
         "that together?|A red box weighs {a} kg, a blue one half as much and a green one {k:times} as much as the red "
         "one. What is the weight of all three?|On the first day {a} km were walked, on the "
         "second half of that, on the third {k:times} as far as on the first. How long was the whole way?]",
         "Half: h = a / 2; Third: b = k * a; x = a + h + b", "{x}", "2 * x == 3 * a + 2 * k * a",
         "fraction of a quantity; several operations"},
    Tale{3, "n=3..9; u=2..12; a:=n*u; b=2..30; c=2..9; p:=u*c; x:=p+b; !c!=n",
         "[{n} tickets cost ${a}. {Name} buy{+s} {c} of these tickets and a book for ${b}. How much {do} {he} pay?|If "
         "{n} liters of paint cost ${a}, how much are {c} liters together with a brush for ${b}?|For {n} hours {Name} "
         "get{+s} ${a}. This week {he} work{+s} {c} hours and get{+s} ${b} extra. What {is} {he} "
         "paid?]",
         "One: u = a / n; p = u * c; x = p + b", "{x}", "(x - b) * n == a * c", "unit rate; several operations"},
    Tale{3, "n=2..9; p=2..12; m=2..9; q=2..12; b=10..60; !n!=m && p!=q; c:=n*p; d:=m*q; s:=c+d; x:=s-b; !x>0",
         "[{Name} sold {n} vases at ${p} and {m} bowls at ${q} each at a market where a table costs ${b}. What did "
         "{he} earn after paying for the table?|A club earned ${p} on each of {n} cakes and ${q} on each of {m} pies, "
         "but spent ${b} on flour and fruit. How much was left for the "
         "club?]",
         "c = n * p; d = m * q; s = c + d; x = s - b", "{x}", "x + b == n * p + m * q",
         "profit and loss; several operations"},
    Tale{3, "q=2..6; u=2..15; a:=q*u; b=2..9; k:=a-u; x:=k*b",
         "[{Name} {has} {a} hens. 1/{q} of them are too young to lay; each of the others lays {b} eggs a week. How "
         "many eggs is that a week?|1/{q} of {a} guests are children and pay nothing. Every other guest pays ${b}. How "
         "much is paid in all?|Of {a} plants 1/{q} dried up. {Name} sell{+s} each of the others for "
         "${b}. How many dollars {do} {he} get?]",
         "u = a / q; Others: k = a - u; x = k * b", "{x}", "x * q == a * (q - 1) * b",
         "fraction of a quantity; several operations"},
    Tale{3, "k=1..9; p:=10*k; j=1..20; a:=10*j; u:=k*j; r:=a-u; b=2..9; x:=r*b",
         "[{p}% of {a} guests are children and pay nothing. Every other guest pays ${b}. How much is paid in "
         "all?|{Name} {has} {a} plants, of which {p}% die. {He} sell{+s} each of the rest for ${b}. How many dollars "
         "{do} {he} get?|Of {a} pupils {p}% go home for lunch. Each of the others eats a meal for ${b}. What do "
         "these meals cost?]",
         "u = p % a; Others: r = a - u; x = r * b", "{x}", "100 * x == a * (100 - p) * b",
         "percent; several operations"},
    Tale{3, "k=1..9; p:=10*k; j=1..20; a:=10*j; u:=k*j; r:=a-u; c=2..40; x:=r-c; !x>0",
         "[{Name} {has} {a} stickers. {He} give{+s} {p}% of them to {Bob} and then lose{+s} {c}. How many {do} {he} "
         "have left?|A tank of {a} liters loses {p}% of its water, and then {c} liters are drawn. How many liters "
         "remain?|Of {a} seats {p}% are sold in advance and {c} at the door. How many seats stay empty?]",
         "u = p % a; r = a - u; x = r - c", "{x}", "100 * (x + c) == a * (100 - p)", "percent; subtraction"},
    Tale{3, "v=10..60; t=2..6; w=10..60; u=2..6; !v!=w; d:=v*t; e:=w*u; x:=d+e; f:=x; g:=t+u",
         "[{Name} want{+s} to go {f} km. For the first {t} hours {he} ride{+s} at {v} km per hour, and {he} do{+es} "
         "the rest in {u} hours. How fast is the rest, in km per hour?|A train has to cover {f} km in {g} hours. It "
         "goes {v} km per hour for {t} hours. How many km per hour must it go for the remaining {u} "
         "hours?]",
         "First: d = v * t; The rest: e = f - d; w = e / u", "{w}", "x * u + v * t == f", "speed; several operations"},
    Tale{3, "a=20..200; b=2..9; n=3..12; c:=a+b*n; p=1..9; q:=p+b; t:=n",
         "[{Ann} has {a} stamps and collects {q} a week, {Bob} has {c} and collects {p} a week. After how many weeks "
         "do they have the same number?|One tank holds {c} liters and gets {p} {p:liter/liters} a minute; another "
         "holds {a} liters and gets {q} liters a minute. After how many minutes do both hold the same?]",
         "Behind at first: d = c - a; Nearer each time: e = q - p; t = d / e", "{t}", "a + q * x == c + p * x",
         "linear equations; several operations"},
    Tale{4, "a=10..60; b=2..20; n=2..6; m=2..6; !n!=m; c:=a-b; d:=n*a; e:=m*c; t:=d+e; !c>0; f:=n+m; g:=m*b",
         "[A coat costs ${b} more than a dress. {n} coats and {m} dresses cost ${t}. What does a coat cost?|{Ann} "
         "earns ${b} a day more than {Bob}. For {n} days of {Ann} and {m} days of {Bob} the boss pays ${t}. How much "
         "does {Ann} earn a day?]",
         "> If both were as dear as the dearer; g = m * b; h = t + g; f = n + m; a = h / f", "{a}",
         "n * x + m * (x - b) == t", "linear equations; money"},
    Tale{4, "x=10..90; k=2..4; d=2..20; l=2..9; y:=k*x-d; s:=x+y; !y>0; m:=k+1; p:=s+d; z:=x*l",
         "[{Ann} and {Bob} have {s} beads together. {Bob} has {d} fewer than {k:times} as many as {Ann}. {Ann} sells "
         "them for {l} cents each, {Bob} keeps all. How many cents does {Ann} get?|Two numbers add up to {s}. The "
         "larger is {d} less "
         "than {k:times} the smaller. What is {l} times the smaller?]",
         "p = s + d; Parts: m = k + 1; x = p / m; z = x * l", "{z}", "(k + 1) * x == (s + d) * l",
         "linear equations; several operations"},
};

void letter(Maker& m) { tell_tale(m, letters); }

constexpr std::array tables{TaleTable{"story in a letter", letters}};

const std::array families{Family{"story in a letter", 2, 4, {}, letter}};

}  // namespace

std::span<const TaleTable> letter_tables() { return tables; }
std::span<const Family> letter_families() { return families; }

}  // namespace holdfast::generators
