// In house, kitchen and garden: recipes, packing and what is left over, pieces of a whole, parts that are given away,
// shares in a ratio, mixtures, fences, tiles, boxes of water, and units of measure.
#include <array>

#include "training/generators/catalogue.h"
#include "training/generators/tales.h"

namespace holdfast::generators {
namespace {

constexpr std::array packing{
    Tale{1, "n=2..12; k=2..12; x:=n*k",
         "[{Name} {has} {n} <bins> with {k} <smalls> in each. How many <smalls> {do} {he} have?|There are {n} shelves "
         "with "
         "{k} books on each shelf. How many books are there?|A classroom has {n} rows of {k} desks. How many desks is "
         "that?|How many <fruits> are in {n} <bins> if every <bin> holds {k}?|{n} tables are set with {k} plates each. "
         "How "
         "many plates are used?|A crate holds {k} bottles. How many bottles are in {n} full crates?|A pack has {k} "
         "<papers>. {Name} bought {n} packs. How many <papers> did {he} buy?|Each of "
         "{n} <groups> carries {k} bags. How many bags do they carry?]",
         "x = n * k", "{x}", "x / k == n", "multiplication"},
    Tale{1, "n=2..12; k=2..12; a:=n*k; x:=k",
         "[{a} <bakeds> are shared equally among {n} children. How many does each child get?|{Name} put{+s} {a} "
         "<smalls> into "
         "{n} <bins>, with the same number in each. How many are in one <bin>?|There are {a} chairs in {n} equal rows. "
         "How many "
         "chairs are in a row?|{n} <bins> hold {a} <fruits> in all, each the same number. How many does one <bin> "
         "hold?|A ribbon "
         "of {a} cm is cut into {n} equal pieces. How long is each piece?|{a} players are divided into {n} teams of "
         "equal size. "
         "How many players are on a team?|{Name} read{+s} a book of {a} pages in {n} days, the same number every day. "
         "How many "
         "pages a day is that?]",
         "x = a / n", "{x}", "x * n == a", "division"},
    Tale{1, "n=2..12; k=2..12; a:=n*k; x:=n",
         "[{Name} {has} {a} <bakeds> and put{+s} {k} in each <bin>. How many <bins> {do} {he} need?|How many teams of "
         "{k} can be "
         "made from {a} <groups>?|A rope of {a} m is cut into pieces of {k} m. How many pieces are there?|{a} books "
         "are put on "
         "shelves, {k} on each. How many shelves are used?|{a} seeds are planted in rows of {k}. How many rows are "
         "there?|Each "
         "<vehicle> carries {k} people. How many <vehicles> are needed for {a} people?|Eggs are sold in boxes of {k}. "
         "How many "
         "boxes do {a} eggs fill?|If every child gets {k} <fruits>, for how many children are {a} <fruits> enough?]",
         "x = a / k", "{x}", "x * k == a", "division"},
    Tale{1, "k=2..6; n=2..20; a:=k*n; x:=n",
         "[{Ann} has {a} <smalls>, which is {k:times} as many as {Bob} has. How many does {Bob} have?|A rope of {a} m "
         "is "
         "{k:times} as long as a ladder. How long is the ladder, in m?|{Ann} is {a} years old. That is {k:times} the "
         "age of "
         "{Bob}. How old is {Bob}?|There are {a} red <smalls>, {k:times} as many as blue ones. How many are blue?|The "
         "big <bin> "
         "weighs {a} kg, {k:times} as much as the small one. What does the small one weigh, in kg?]",
         "x = a / k", "{x}", "x * k == a", "multiplicative comparison; division"},
    Tale{1, "k=2..6; n=2..30; x:=k*n",
         "[{Bob} has {n} <smalls>. {Ann} has {k:times} as many. How many does {Ann} have?|A ladder is {n} feet long, "
         "and a rope "
         "is {k:times} as long. How long is the rope?|{Bob} is {n} years old, and {Ann} is {k:times} as old. How old "
         "is {Ann}?|A hen weighs {n} pounds. A dog weighs {k:times} as much. What is the weight of the dog?|On <day> "
         "{n} people "
         "came, and the next day {k:times} as many. How many came the next day?]",
         "x = k * n", "{x}", "x / k == n", "multiplicative comparison; multiplication"},
    Tale{1, "d=2..12; x:=12*d",
         "[How many eggs are in {d} dozen?|{Name} bake{+s} {d} dozen <bakeds>. How many <bakeds> is that?|A shop "
         "orders {d} dozen "
         "<fruits>. How many <fruits> does it order?|There are {d} dozen roses in a bucket. How many roses is that?]",
         "x = d * 12", "{x}", "x / 12 == d", "multiplication"},
    Tale{2, "k=3..12; q=2..12; r=1..k-1; a:=k*q+r; x:=q",
         "[{Name} {has} {a} <smalls> and make{+s} bags of {k}. How many full bags can {he} make?|A ribbon is {a} cm "
         "long. How many "
         "pieces of {k} cm can be cut from it?|A <cook> has {a} eggs. One cake takes {k} eggs. How many cakes can be "
         "baked?|There "
         "are {a} <groups>. How many complete teams of {k} can be formed?|A photo album page holds {k} photos. How "
         "many pages do "
         "{a} photos fill completely?|How many times can {k} be taken away from {a} before less than {k} is left?]",
         "q, r = a // k; > Only full ones count: {q}", "{q}", "x * k <= a && (x + 1) * k > a",
         "division with remainder"},
    Tale{2, "k=3..12; q=2..12; r=1..k-1; a:=k*q+r; x:=q+1",
         "[{a} <groups> go on a trip. Each <vehicle> holds {k} of them. How many <vehicles> are needed?|A shelf holds "
         "{k} books. How "
         "many shelves does {Name} need for {a} books?|{a} people want to sit at tables for {k}. What is the smallest "
         "number of "
         "tables?|Tiles come in boxes of {k}. How many boxes must {Name} buy to get {a} tiles?|An elevator carries {k} "
         "people at a "
         "time. How many rides does it take to bring up {a} people?|{Name} can carry {k} <bins> at once. How many "
         "trips {do} {he} "
         "need for {a} <bins>?|Juice is sold in packs of {k}. {Name} need{+s} {a} juices. How many packs must {he} "
         "buy?]",
         "q, r = a // k; > {r} would be without, so one more is needed; x = q + 1", "{x}",
         "x * k >= a && (x - 1) * k < a", "division with remainder"},
    Tale{2, "k=3..12; q=2..12; r=1..k-1; a:=k*q+r; x:=k-r",
         "[{a} <fruits> are put into <bins> of {k}. How many more <fruits> are needed to fill the last <bin>?|{a} "
         "people sit at "
         "tables for {k}, and the last table is not full. How many seats at it are free?|{Name} {has} {a} <smalls> and "
         "want{+s} "
         "to make complete sets of {k}. How many more must {he} get so that none is left over?]",
         "q, r = a // k; x = k - r", "{x}", "divides(k, a + x) && x < k && x > 0", "division with remainder"},
    Tale{2, "k=3..12; n=2..12; r=1..k-1; a:=k*n+r; x:=r",
         "[{a} <bakeds> are shared equally among {k} <groups>, as far as possible. How many are left over?|{Name} "
         "pack{+s} {a} "
         "<smalls> into <bins> of {k}. How many do not fit into a full <bin>?|From {a} meters of cloth, pieces of {k} "
         "meters are "
         "cut. How many meters are left?|{a} cards are dealt to {k} players so that all get the same number. How many "
         "cards remain?]",
         "q, r = a // k", "{r}", "x == a % k", "division with remainder"},
    Tale{2, "n=2..9; k=3..15; c=2..30; x:=n*k-c; !x>0",
         "[{Name} had {n} <bins> with {k} <smalls> each. {He} gave {c} of the <smalls> away. How many {do} {he} have "
         "left?|A shop "
         "got {n} crates of {k} <fruits>. {c} of the <fruits> were spoiled. How many good ones were there?|There are "
         "{n} rows of {k} "
         "seats, and {c} seats are empty. How many people are sitting?|{n} packs of {k} cups were bought for a party, "
         "and {c} cups "
         "were not used. How many were used?|A <cook> made {n} trays of {k} <bakeds> and sold all but {c}. How many "
         "were sold?]",
         "All: p = n * k; x = p - c", "{x}", "x + c == n * k", "multiplication; subtraction"},
    Tale{2, "n=2..9; k=2..12; c=2..40; x:=n*k+c",
         "[{Name} {has} {n} <bins> of {k} <smalls> and {c} loose ones. How many <smalls> {do} {he} have altogether?|A "
         "shop has {n} "
         "full crates of {k} <fruits> and {c} single <fruits>. How many <fruits> are there?|{n} buses with {k} people "
         "each and {c} "
         "people on bikes come to the fair. How many people come?|{Name} did {k} sit-ups on each of {n} days and {c} "
         "on the day "
         "after. How many did {he} do in all?]",
         "p = n * k; x = p + c", "{x}", "x - c == n * k", "multiplication; addition"},
    Tale{2, "n=2..9; x=2..15; c=2..30; a:=n*x+c",
         "[{Name} {has} {a} <smalls>. {He} keep{+s} {c} and put{+s} the rest equally into {n} <bins>. How many are in "
         "each "
         "<bin>?|Of {a} <bakeds>, {c} were eaten. The others are shared equally by {n} children. How many does each "
         "get?|A farmer "
         "picked {a} <fruits>, threw away {c} bad ones and filled {n} <bins> equally with the good ones. How many are "
         "in one?|A book "
         "has {a} pages. {Name} {has} read {c} and want{+s} to finish it in {n} days. How many pages a day is that?]",
         "p = a - c; x = p / n", "{x}", "x * n + c == a", "division; subtraction"},
    Tale{2, "n=2..9; x=2..12; c=2..12; a:=n*x-c; !a>n",
         "[{Ann} has {a} <smalls> and {Bob} brings {c} more. They put all of them equally into {n} <bins>. How many "
         "are in each?|{a} "
         "<groups> and {c} late ones form {n} teams of the same size. How many are on a team?|A <cook> has {a} "
         "<bakeds>, bakes "
         "{c} more and shares them all equally among {n} plates. How many are on one plate?]",
         "All: p = a + c; x = p / n", "{x}", "x * n - c == a", "addition; division"},
    Tale{2, "n=2..9; k=2..12; m=2..9; a:=n*k; !a%m==0 && m!=n; x:=a/m",
         "[{Name} {has} {n} <bins> with {k} <smalls> in each and want{+s} to put them into {m} <bins> equally. How "
         "many go into "
         "each?|{n} rows of {k} chairs are set up again in {m} equal rows. How many chairs are in a row now?|{n} packs "
         "of {k} "
         "<bakeds> are shared by {m} children equally. How many does each child get?]",
         "All: a = n * k; x = a / m", "{x}", "x * m == n * k", "multiplication; division"},
    Tale{2, "n=2..9; k=2..9; m=2..9; x:=n*k*m; p:=n*k",
         "[A school has {n} floors. On each floor are {k} rooms, and each room has {m} windows. How many windows does "
         "the school "
         "have?|{n} boxes each hold {k} bags, and in each bag are {m} <smalls>. How many <smalls> are there?|{Name} "
         "take{+s} {m} "
         "pills {k} times a day. How many pills is that in {n} days?|A farm has {n} fields with {k} rows of {m} trees "
         "each. How "
         "many trees grow there?]",
         "p = n * k; x = p * m", "{x}", "x / m / k == n", "multiplication; two operations"},
    Tale{2, "d=2..9; c=1..11; x:=12*d-c",
         "[{Name} bought {d} dozen eggs, and {c} of them broke. How many eggs are whole?|A bakery made {d} dozen "
         "<bakeds> and has "
         "{c} left. How many were sold?|There were {d} dozen <flowers> in the shop. {c} of them wilted. How many are "
         "still fresh?]",
         "All: a = d * 12; x = a - c", "{x}", "x + c == 12 * d", "multiplication; subtraction"},
    Tale{3, "n=2..9; k=4..12; m=2..9; l=4..12; !n!=m && k!=l; x:=n*k+m*l",
         "[A shop has {n} <bins> with {k} <fruits> each and {m} <bins> with {l} <fruits> each. How many <fruits> are "
         "there in "
         "all?|{n} teams have {k} players and {m} teams have {l} players. How many players are there?|A hall has {n} "
         "rows of {k} "
         "seats and {m} rows of {l} seats. How many seats does it have?|{Name} {has} {n} packs of {k} cards and {m} "
         "packs of {l} "
         "cards. How many cards {do} {he} have?]",
         "p = n * k; q = m * l; x = p + q", "{x}", "x - m * l == n * k", "multiplication; several operations"},
    Tale{3, "n=2..9; k=4..12; m=2..9; l=2..9; a:=n*k; b:=m*l; !b<a; x:=a-b",
         "[{Name} bought {n} packs of {k} balloons. {m} children took {l} balloons each. How many are left?|A cook has "
         "{n} boxes of "
         "{k} eggs and makes {m} cakes with {l} eggs each. How many eggs remain?|A library got {n} crates of {k} "
         "books. {m} classes "
         "borrowed {l} books each. How many of the books are still there?|{Name} {has} {n} rolls of {k} m of ribbon "
         "and wrap{+s} {m} "
         "gifts with {l} m each. How many meters are left?]",
         "All: a = n * k; Used: b = m * l; x = a - b", "{x}", "x + m * l == n * k",
         "multiplication; several operations"},
    Tale{3, "n=2..9; k=3..12; c=2..20; m=2..9; s:=n*k-c; !s>0 && s%m==0; x:=s/m",
         "[A <cook> bakes {n} trays of {k} <bakeds>. {c} are eaten at once, and the rest is packed into {m} equal "
         "bags. How many are "
         "in a bag?|{n} <bins> of {k} <fruits> are delivered. {c} <fruits> are bad. The others are shared by {m} shops "
         "equally. How "
         "many does each shop get?|{Name} {has} {n} packs of {k} stickers, lose{+s} {c} of them and share{+s} the rest "
         "equally among "
         "{m} friends. How many stickers does each friend get?]",
         "All: a = n * k; Left: s = a - c; x = s / m", "{x}", "x * m + c == n * k", "division; several operations"},
    Tale{3, "a=5..40; d=2..20; b:=a+d; k=2..3; c:=k*a; x:=a+b+c",
         "[{Ann} has {a} <smalls>. {Bob} has {d} more than {Ann}, and a neighbor has {k:times} as many as {Ann}. How "
         "many do the three "
         "have together?|On <day> {a} people came, the next day {d} more, and on the third day {k:times} as many as on "
         "the first. How "
         "many came in all?|A garden has {a} <flowers>, {d} more <flowers2> than <flowers>, and {k:times} as many "
         "<flowers3> as "
         "<flowers>. How many are there altogether?]",
         "Second: b = a + d; Third: c = k * a; x = a + b + c", "{x}", "x - d - k * a == a + a",
         "additive comparison; multiplicative comparison"},
    Tale{3, "a=5..40; k=2..4; b:=k*a; d=2..20; c:=b-d; x:=a+b+c; !c>0",
         "[{Ann} picked {a} <fruits>. {Bob} picked {k:times} as many, and a friend picked {d} fewer than {Bob}. How "
         "many did they pick "
         "in all?|A red rope is {a} m long, a blue one {k:times} as long, and a green one is {d} m shorter than the "
         "blue one. How "
         "long are the three together?]",
         "Second: b = k * a; Third: c = b - d; x = a + b + c", "{x}", "x + d == a + 2 * k * a",
         "additive comparison; multiplicative comparison"},
    Tale{3, "a=3..40; d=2..30; b:=a+d; s:=a+b; x:=a",
         "[{Ann} and {Bob} have {s} <smalls> together. {Bob} has {d} more than {Ann}. How many does {Ann} have?|A rope "
         "of {s} m is cut "
         "into two pieces. One piece is {d} m longer than the other. How long is the shorter piece?|There are {s} "
         "<groups> in two "
         "buses, {d} more in the first than in the second. How many are in the second?|Two numbers add up to {s}. One "
         "is {d} greater "
         "than the other. What is the smaller number?]",
         "Without the {d}: p = s - d; x = p / 2", "{x}", "x + x + d == s", "linear equations; additive comparison"},
    Tale{3, "a=3..40; k=2..5; b:=k*a; s:=a+b; m:=k+1; x:=a",
         "[{Ann} and {Bob} have {s} <smalls> together. {Bob} has {k:times} as many as {Ann}. How many does {Ann} "
         "have?|A board of {s} cm "
         "is sawn into two parts, one {k:times} as long as the other. How long is the shorter part?|In a class of {s} "
         "there are "
         "{k:times} as many girls as boys. How many boys are there?|{s} kg of fruit are apples and pears. There are "
         "{k:times} as many "
         "kg of apples as of pears. How many kg of pears are there?]",
         "Equal parts: m = k + 1; x = s / m", "{x}", "x + k * x == s", "multiplicative comparison; linear equations"},
    Tale{3, "a=10..90; g=2..30; b:=a-2*g; !b>1; x:=g",
         "[{Ann} has {a} <smalls> and {Bob} has {b}. How many must {Ann} give to {Bob} so that both have the same "
         "number?|One jug holds "
         "{a} cl of juice, another {b} cl. How many cl must be poured from the first into the second to make them "
         "equal?|There are {a} "
         "books on one shelf and {b} on the other. How many have to be moved so that both shelves have equally many?]",
         "Difference: d = a - b; > Half of it goes over; x = d / 2", "{x}", "a - x == b + x",
         "additive comparison; division"},
    Tale{4, "x=2..30; k=2..4; d=2..20; y:=k*x+d; s:=x+y; m:=k+1",
         "[{Ann} and {Bob} have {s} <smalls> together. {Bob} has {d} more than {k:times} as many as {Ann}. How many "
         "does {Ann} "
         "have?|A rope of {s} m is cut into two pieces. The longer one is {d} m longer than {k:times} the shorter one. "
         "How long is the "
         "shorter one?|Two numbers have the sum {s}. The larger is {d} more than {k:times} the smaller. What is the "
         "smaller number?]",
         "Without the {d}: p = s - d; Parts: m = k + 1; x = p / m", "{x}", "k * x + d + x == s",
         "linear equations; multiplicative comparison"},
    Tale{4, "x=5..40; d=2..15; e=2..15; y:=x+d; z:=y+e; s:=x+y+z; f:=2*d+e",
         "[Three <bins> hold {s} <fruits> in all. The second holds {d} more than the first, the third {e} more than "
         "the second. How many "
         "are in the first?|{Ann}, {Bob} and a friend share {s} <smalls>. {Bob} gets {d} more than {Ann}, and the "
         "friend gets {e} more "
         "than {Bob}. How many does {Ann} get?]",
         "Third over the first: g = d + e; Over in all: f = d + g; p = s - f; x = p / 3", "{x}",
         "3 * x + 2 * d + e == s", "linear equations; additive comparison"},
};

constexpr std::array pieces{
    // fractions of a whole, ratios, recipes, mixtures
    Tale{1, "q=2..10; u=2..20; a:=q*u; x:=u",
         "[A <cook> used 1/{q} of {a} eggs. How many eggs were used?|{Name} read 1/{q} of a book with {a} pages. How "
         "many pages is "
         "that?|1/{q} of the {a} <groups> in a camp are from <city>. How many is that?|What is 1/{q} of {a} km?|"
         "{Name} {has} ${a} and spend{+s} 1/{q} of it. How much {do} {he} spend?]",
         "x = a / q", "{x}", "x * q == a", "fraction of a quantity"},
    Tale{1, "u=2..60; a:=2*u; x:=u",
         "[{Name} {has} {a} <smalls>. {He} give{+s} half of them to {Bob}. How many does {Bob} get?|Half of the {a} "
         "<groups> wear a hat. "
         "How many wear one?|A rope of {a} m is cut in half. How long is each half?|{Name} {has} driven half of {a} "
         "km. How many km is "
         "that?|A dress of ${a} is sold at half price. What does it cost?]",
         "x = a / 2", "{x}", "x + x == a", "fraction of a quantity"},
    Tale{1, "u=2..30; a:=4*u; x:=u",
         "[A quarter of {a} <groups> stayed at home. How many stayed at home?|{Name} {has} {a} <smalls> and give{+s} a "
         "quarter of them "
         "away. How many {do} {he} give away?|What is a quarter of {a} liters?|One quarter of the {a} pages are "
         "pictures. How many "
         "pages are pictures?]",
         "x = a / 4", "{x}", "4 * x == a", "fraction of a quantity"},
    Tale{2, "u=2..30; a:=4*u; x:=3*u",
         "[Three quarters of {a} <groups> have a pet. How many is that?|{Name} {has} {a} <smalls> and give{+s} a "
         "quarter of them away. "
         "How many {do} {he} keep?|A tank for {a} liters is three quarters full. How many liters are in it?|After a "
         "quarter of {a} km, "
         "how many km are still to go?]",
         "A quarter: u = a / 4; x = u * 3", "{x}", "4 * x == 3 * a", "fraction of a quantity"},
    Tale{2, "u=2..40; a:=3*u; x:=2*u",
         "[A third of {a} <groups> left early. How many stayed?|Two thirds of the {a} seats in a room are taken. How "
         "many seats is "
         "that?|{Name} ate a third of {a} <bakeds>. How many were left?|{Name} {has} walked two thirds of {a} km. How "
         "many km {has} {he} "
         "walked?]",
         "A third: u = a / 3; x = u * 2", "{x}", "3 * x == 2 * a", "fraction of a quantity"},
    Tale{2, "q=3..10; k=1..q-1; !gcd(k,q)==1; u=2..12; a:=q*u; x:=a-k*u",
         "[A farmer has {a} <animals>. {k}/{q} of them are brown. How many are not brown?|{Name} had ${a} and spent "
         "{k}/{q} of it. How "
         "much money {do} {he} have left?|{k}/{q} of a road of {a} km is finished. How many km are still to be "
         "built?|There are {a} "
         "<groups>, and {k}/{q} of them can swim. How many cannot swim?|A tank held {a} liters, and {k}/{q} of that "
         "was used. How many "
         "liters are left?]",
         "One part: u = a / q; Taken: p = u * k; x = a - p", "{x}", "x * q == a * (q - k)",
         "fraction of a quantity; subtraction"},
    Tale{2, "q=2..9; k=1..q-1; !gcd(k,q)==1; u=2..15; n:=k*u; x:=q*u",
         "[{k}/{q} of the <groups> in a class, {n} in all, play an instrument. How many <groups> are in the "
         "class?|{Name} {has} read {n} "
         "pages, which is {k}/{q} of the book. How many pages does the book have?|After {n} km, {Name} {has} covered "
         "{k}/{q} of the way. "
         "How long is the whole way, in km?|{n} liters fill {k}/{q} of a tank. How many liters fill the whole "
         "tank?|{Name} spent ${n}, "
         "{k}/{q} of what {he} had. How much did {he} have?]",
         "One part: u = n / k; x = u * q", "{x}", "x * k == n * q", "fraction of a quantity; inverse operations"},
    Tale{3, "q=2..6; k=1..q-1; !gcd(k,q)==1; u=2..15; x:=q*u; a:=x-k*u",
         "[{Name} spent {k}/{q} of {his} money and {has} ${a} left. How much did {he} have at first?|After {k}/{q} of "
         "the <bakeds> were "
         "sold, {a} were left. How many were there at first?|{k}/{q} of a pole is painted, and the other {a} cm are "
         "not. How long is the "
         "pole?|A tank is emptied by {k}/{q}, and {a} liters remain in it. How many liters were in it before?]",
         "Parts left: r = q - k; One part: u = a / r; x = u * q", "{x}", "x * (q - k) == a * q",
         "fraction of a quantity; inverse operations"},
    Tale{3, "q=2..5; s=2..5; !q!=s; l:=q*s; u=1..8; a:=l*u; p:=a/q; r:=a/s; x:=a-p-r; !x>0",
         "[{Name} {has} {a} <smalls>. 1/{q} of them are red, 1/{s} are blue, and the rest are green. How many are "
         "green?|Of {a} <groups>, "
         "1/{q} walk to school, 1/{s} come by bus, and the others by bike. How many come by bike?|{Name} spend{+s} "
         "1/{q} of ${a} on food "
         "and 1/{s} of the ${a} on clothes. How many dollars are left?]",
         "p = a / q; r = a / s; t = p + r; x = a - t", "{x}", "x == a - a / q - a / s",
         "fraction of a quantity; several operations"},
    Tale{3, "q=2..6; k=1..q-1; !gcd(k,q)==1; u=2..15; a:=q*u; p:=k*u; b=2..30; x:=a-p-b; !x>0",
         "[{Name} had {a} <smalls>. {He} gave {k}/{q} of them to {Bob} and lost {b} more. How many {do} {he} have "
         "now?|A barrel holds {a} "
         "liters. {k}/{q} of it is sold, and then {b} liters leak out. How many liters are left?|Of ${a}, {Name} "
         "pay{+s} {k}/{q} as rent "
         "and ${b} for the phone. What remains?]",
         "One part: u = a / q; p = u * k; r = a - p; x = r - b", "{x}", "(x + b) * q == a * (q - k)",
         "fraction of a quantity; several operations"},
    Tale{1, "a=2..9; k=2..9; x:=a*k",
         "[A recipe for one cake needs {a} eggs. How many eggs do {k} cakes need?|One pot of soup takes {a} onions. "
         "How many onions does it "
         "take to make {k} pots?|For each person {a} potatoes are cooked. How many potatoes are cooked for {k} "
         "people?|A pancake needs {a} "
         "spoons of batter. How many spoons do {k} pancakes need?]",
         "x = a * k", "{x}", "x / a == k", "direct proportion; multiplication"},
    Tale{2, "n=2..8; u=2..12; a:=n*u; k=2..5; m:=n*k; x:=a*k",
         "[A recipe for {n} people takes {a} cups of rice. How many cups are needed for {m} people?|{n} <bakeds> need "
         "{a} grams of sugar. "
         "How many grams do {m} <bakeds> need?|The dough for {n} pizzas uses {a} spoons of oil. How many spoons does "
         "the dough for {m} "
         "pizzas use?|{Name} use{+s} {a} lemons for {n} jugs of lemonade. How many lemons {do} {he} use for {m} jugs?]",
         "Times as many: k = m / n; x = a * k", "{x}", "x * n == a * m", "direct proportion; two operations"},
    Tale{2, "n=2..9; u=2..12; a:=n*u; m=2..12; !m!=n; x:=m*u",
         "[A recipe for {n} people uses {a} grams of butter. How much butter is needed for {m} people?|With {a} eggs a "
         "<cook> makes {n} "
         "cakes. How many eggs are needed for {m} cakes?|{n} jars of jam take {a} pounds of fruit. How many pounds do "
         "{m} jars take?]",
         "For one: u = a / n; x = u * m", "{x}", "x * n == a * m", "direct proportion; two operations"},
    Tale{2, "n=2..9; u=2..12; a:=n*u; m=2..12; b:=m*u; !m!=n; x:=m",
         "[A recipe for {n} people uses {a} grams of butter. For how many people do {b} grams last?|{a} eggs are "
         "enough for {n} cakes. How "
         "many cakes can be made with {b} eggs?|{n} jars of jam take {a} pounds of fruit. How many jars can be filled "
         "from {b} pounds?]",
         "For one: u = a / n; x = b / u", "{x}", "x * a == b * n", "direct proportion; two operations"},
    Tale{2, "a=2..6; b=2..7; !gcd(a,b)==1 && a!=b; k=2..15; s:=a+b; t:=s*k; x:=a*k",
         "[{Ann} and {Bob} share {t} <smalls> in the ratio {a} to {b}. How many does {Ann} get?|Divide ${t} between "
         "{Ann} and {Bob} in the "
         "ratio {a}:{b}. How much is {Ann}'s share?|A drink is made of syrup and water in the ratio {a}:{b}. How many "
         "cups of syrup are in "
         "{t} cups of the drink?|In a zoo, monkeys and birds are in the ratio {a}:{b}. There are {t} of them together. "
         "How many monkeys are "
         "there?|For every {a} boys in a club there are {b} girls. The club has {t} members. How many are boys?]",
         "Parts: s = a + b; One part: k = t / s; x = a * k", "{x}", "x * b == (t - x) * a", "ratio; division"},
    Tale{2, "a=2..6; b=2..7; !gcd(a,b)==1 && a!=b; k=2..15; p:=a*k; x:=b*k",
         "[The ratio of cats to dogs is {a}:{b}. There are {p} cats. How many dogs are there?|For every {a} red "
         "<smalls> there are {b} blue "
         "ones. There are {p} red ones. How many are blue?|Flour and sugar are mixed {a} to {b}. How many cups of "
         "sugar go with {p} cups of "
         "flour?|In a choir there are {a} men for every {b} women. With {p} men, how many women are "
         "there?]",
         "Times: k = p / a; x = b * k", "{x}", "x * a == p * b", "ratio; multiplication"},
    Tale{3, "a=2..6; b=2..7; !gcd(a,b)==1 && a<b; k=2..15; s:=a+b; t:=s*k; d:=b-a; x:=d*k",
         "[{Ann} and {Bob} share {t} <smalls> in the ratio {a} to {b}. How many more does {Bob} get than {Ann}?|{t} "
         "people, boys and girls in "
         "the ratio {a}:{b}, are at a party. How many more girls than boys are there?|${t} is split {a}:{b} between "
         "{Ann} and {Bob}. By how "
         "many dollars is {Bob}'s share larger?]",
         "Parts: s = a + b; One part: k = t / s; More parts: d = b - a; x = d * k", "{x}", "x * (a + b) == t * (b - a)",
         "ratio; several operations"},
    Tale{3, "a=2..6; b=2..6; c=2..6; !a!=b && b!=c; k=2..15; s:=a+b+c; t:=s*k; x:=c*k",
         "[Concrete is made of cement, sand and gravel in the ratio {a}:{b}:{c}. How many kg of gravel are in {t} kg "
         "of concrete?|{t} <smalls> are "
         "shared by three children in the ratio {a}:{b}:{c}. How many does the third child get?|A fruit salad of {t} "
         "ounces has apples, pears and "
         "grapes in the ratio {a} to {b} to {c}. How many ounces of grapes is that?]",
         "Parts: s = a + b + c; One part: k = t / s; x = c * k", "{x}", "x * (a + b + c) == t * c",
         "ratio; several operations"},
    Tale{4, "a=2..30; b=2..30; p=5..60; q=5..60; !a!=b && p!=q; s:=a+b; c:=a*p; d:=b*q; u:=c+d; !u%s==0; x:=u/s",
         "[{a} liters of a drink with {p}% juice are mixed with {b} liters of a drink with {q}% juice. What percent "
         "juice is the mixture?|A jeweler "
         "melts {a} g of metal that is {p}% gold with {b} g that is {q}% gold. What percent of the result is "
         "gold?|{Name} pour{+s} {a} cups of "
         "{p}% vinegar and {b} cups of {q}% vinegar together. What percent vinegar is that?]",
         "> In percent times the amount; c = a * p; d = b * q; u = c + d; s = a + b; x = u / s", "{x}\\%",
         "x * (a + b) == a * p + b * q", "mixtures"},
    Tale{4, "v=2..40; p=10..80; w=2..60; s:=v+w; c:=v*p; !c%s==0; x:=c/s",
         "[{w} liters of water are added to {v} liters of a {p}% solution. How many percent is the new solution?|To "
         "{v} cups of juice that is {p}% "
         "fruit, {Name} add{+s} {w} cups of water. What percent fruit is the drink now?|A {p}% salt solution of {v} kg "
         "is diluted with {w} kg of "
         "water. What is its percentage now?]",
         "c = v * p; s = v + w; x = c / s", "{x}\\%", "x * (v + w) == v * p", "dilution; mixtures"},
};

constexpr std::array yards{
    // lengths, areas, volumes, units
    Tale{1, "a=2..40; b=2..40; !a!=b; s:=a+b; x:=2*s",
         "[A rectangular <yard> is {a} m long and {b} m wide. How many meters of fence go all around it?|What is the "
         "perimeter of a rectangle with "
         "sides of {a} cm and {b} cm?|{Name} run{+s} once around a field of {a} m by {b} m. How far {do} {he} run?|A "
         "picture is {a} inches wide and "
         "{b} inches high. How many inches of frame does it need around it?]",
         "Length and width: s = a + b; x = s * 2", "{x}", "x == a + b + a + b", "perimeter"},
    Tale{1, "a=2..30; b=2..20; !a!=b; x:=a*b",
         "[A room is {a} m long and {b} m wide. What is the area of its floor in square meters?|How many square feet "
         "of carpet cover a floor of {a} feet "
         "by {b} feet?|A <yard> measures {a} m by {b} m. Find its area.|A wall {a} m long and {b} m high is painted. "
         "How many square meters is that?]",
         "x = a * b", "{x}", "x / a == b", "area of a rectangle"},
    Tale{1, "a=2..60; x:=4*a",
         "[A square <yard> has sides of {a} m. How long is the fence around it?|What is the perimeter of a square with "
         "a side of {a} cm?|{Name} walk{+s} "
         "once around a square park whose sides are {a} m. How many meters is that?]",
         "x = a * 4", "{x}", "x / 4 == a", "perimeter"},
    Tale{2, "x=2..40; p:=4*x",
         "[The fence around a square <yard> is {p} m long. How long is one side?|A square has a perimeter of {p} cm. "
         "What is the length of a side?|{Name} "
         "bend{+s} a wire of {p} cm into a square. How long is each side?]",
         "x = p / 4", "{x}", "4 * x == p", "perimeter; division"},
    Tale{2, "b=2..30; x=2..30; !b!=x; s:=b+x; p:=2*s",
         "[The fence around a rectangular <yard> is {p} m long. The <yard> is {b} m wide. How long is it?|A rectangle "
         "has a perimeter of {p} cm, and one "
         "side is {b} cm. Find the other side.|{Name} need{+s} {p} feet of border for a flower bed that is {b} feet "
         "wide. How long is the bed?]",
         "Half: s = p / 2; x = s - b", "{x}", "2 * x + 2 * b == p", "perimeter; inverse operations"},
    Tale{2, "b=2..20; x=2..30; a:=b*x; !b!=x",
         "[A rectangular <yard> has an area of {a} square meters and is {b} m wide. How long is it?|The floor of a "
         "room is {a} square feet. One wall is {b} "
         "feet long. How long is the other?|A rectangle has the area {a} square cm and one side of {b} cm. What is the "
         "other side?]",
         "x = a / b", "{x}", "x * b == a", "area of a rectangle; division"},
    Tale{2, "x=2..20; a:=x*x; p:=4*x",
         "[A square <yard> has an area of {a} square meters. How long is one side?|A square tile covers {a} square cm. "
         "How long is its side?|What is the side of "
         "a square with an area of {a} square feet?]",
         "> {x} * {x} = {a}, so it is {x}", "{x}", "x * x == a && x > 0", "area of a square; square roots"},
    Tale{2, "a=2..20; b=2..20; c=2..9; !a!=b; p:=a*b; x:=p*c",
         "[A room of {a} m by {b} m gets a new floor that costs ${c} per square meter. What does the floor cost?|Paint "
         "for one square meter costs ${c}. How much "
         "does the paint for a wall of {a} m by {b} m cost?|Grass seed for a <yard> of {a} m by {b} m is ${c} a square "
         "meter. How many dollars is that?]",
         "Area: p = a * b; x = p * c", "{x}", "x / c == a * b", "area of a rectangle; money"},
    Tale{2, "a=2..30; b=2..30; c=2..9; !a!=b; s:=a+b; p:=2*s; x:=p*c",
         "[A <yard> of {a} m by {b} m gets a fence all around. One meter of fence costs ${c}. What does the fence "
         "cost?|How much does the frame of a picture of {a} by "
         "{b} inches cost at ${c} an inch?]",
         "s = a + b; Around: p = s * 2; x = p * c", "{x}", "x / c == 2 * a + 2 * b", "perimeter; money"},
    Tale{2, "a=2..30; b=2..20; c=2..20; d=2..20; !c<a && d<b; p:=a*b; q:=c*d; x:=p-q",
         "[A <yard> is {a} m by {b} m. A pond of {c} m by {d} m lies in it. How many square meters are not covered by "
         "the pond?|From a sheet of {a} cm by {b} cm "
         "a rectangle of {c} cm by {d} cm is cut out. What area is left?|A wall of {a} by {b} feet has a window of {c} "
         "by {d} feet. How many square feet of "
         "wall are there without the window?]",
         "All: p = a * b; Part: q = c * d; x = p - q", "{x}", "x + c * d == a * b", "area of a rectangle; subtraction"},
    Tale{2, "a=2..12; b=2..12; c=2..12; p:=a*b; x:=p*c",
         "[A box is {a} cm long, {b} cm wide and {c} cm high. What is its volume in cubic cm?|A pool of {a} m by {b} m "
         "is {c} m deep. How many cubic meters of water "
         "does it hold?|How many cubes with an edge of 1 inch fit into a box of {a} by {b} by {c} inches?]",
         "Bottom: p = a * b; x = p * c", "{x}", "x / a / b == c", "volume"},
    Tale{2, "u=2..6; a=2..9; b=2..9; !a!=b; p:=a*u; q:=b*u; x:=a*b",
         "[How many square tiles with a side of {u} feet cover a floor of {p} feet by {q} feet?|A sheet of {p} cm by "
         "{q} cm is cut into squares of {u} cm. How many "
         "squares are there?|A wall of {p} by {q} inches is covered with square tiles that are {u} inches wide. How "
         "many tiles are used?]",
         "Along: a = p / u; Across: b = q / u; x = a * b", "{x}", "x * u * u == p * q",
         "area of a rectangle; division"},
    Tale{3, "a=3..30; d=1..15; b:=a+d; s:=a+b; p:=2*s; x:=a*b",
         "[A <yard> is {a} m wide and {d} m longer than wide. What is its area?|The width of a rectangle is {a} cm. "
         "Its length is {d} cm more. Find the area.|A rug is {d} "
         "feet longer than it is wide, and it is {a} feet wide. How many square feet does it cover?]",
         "Length: b = a + d; x = a * b", "{x}", "x == a * a + a * d", "area of a rectangle; addition"},
    Tale{3, "a=3..20; k=2..5; b:=k*a; s:=a+b; x:=2*s",
         "[A <yard> is {k:times} as long as it is wide. It is {a} m wide. How long is a fence around it?|The width of "
         "a rectangle is {a} cm, and its length is {k:times} that. What is "
         "the perimeter?]",
         "Length: b = k * a; s = a + b; x = s * 2", "{x}", "x == 2 * a + 2 * k * a",
         "perimeter; multiplicative comparison"},
    Tale{3, "n=3..20; d=2..12; l:=n*d; x:=n+1",
         "[Along one side of a road of {l} m, trees are planted every {d} m, from one end to the other. How many trees "
         "are there?|Posts stand in a straight line of {l} feet, {d} feet "
         "apart, with one at each end. How many posts are there?|Flags are put up every {d} m on a straight track of "
         "{l} m, at the start and at the finish too. How many flags is "
         "that?]",
         "Gaps: n = l / d; > There is one more than gaps; x = n + 1", "{x}", "(x - 1) * d == l", "division; addition"},
    Tale{3, "n=3..20; d=2..12; l:=n*d; x:=n",
         "[Around a round pond with a shore of {l} m, trees are planted every {d} m. How many trees are there?|A fence "
         "around a field is {l} feet long in all and has a post every {d} "
         "feet. How many posts is that?|Lamps stand every {d} m along a closed ring road of {l} m. How many lamps are "
         "there?]",
         "> All around there are as many as gaps; x = l / d", "{x}", "x * d == l", "division; perimeter"},
    Tale{2, "n=2..15; x:=n-1; c=2..9; l:=n*c",
         "[A log is sawn into {n} pieces. How many cuts does that take?|How many cuts are needed to get {n} pieces "
         "from one rope?|A baker cuts a long loaf into {n} pieces. How many "
         "times does the knife go through it?]",
         "> The last cut makes two pieces; x = n - 1", "{x}", "x + 1 == n", "subtraction"},
    Tale{1, "k=2..40; x:=1000*k",
         "[How many grams are {k} kg?|A sack weighs {k} kg. How many grams is that?|{k} liters are how many "
         "milliliters?|{Name} walk{+s} {k} km. How many meters is that?|Convert {k} km to "
         "meters.|A trip of {k} kilometers is how many meters long?]",
         "x = k * 1000", "{x}", "x / 1000 == k", "unit conversion"},
    Tale{1, "k=2..60; x:=100*k",
         "[How many centimeters are {k} meters?|A rope is {k} m long. How many cm is that?|Convert {k} meters to "
         "centimeters.|{Name} {has} {k} dollars. How many cents is that?|A fence of {k} "
         "m has how many centimeters?]",
         "x = k * 100", "{x}", "x / 100 == k", "unit conversion"},
    Tale{1, "k=2..20; x:=12*k",
         "[How many inches are {k} feet?|A board is {k} feet long. What is its length in inches?|How many months are "
         "{k} years?|{Name} lived in <city> for {k} years. How many months is "
         "that?]",
         "x = k * 12", "{x}", "x / 12 == k", "unit conversion"},
    Tale{2, "a=1..9; b=1..99; x:=100*a+b",
         "[A table is {a} m {b} cm long. How many centimeters is that?|How many cm are {a} m and {b} cm?|{Name} jumped "
         "{a} m {b} cm. Give this in cm.|{a} dollars and {b} cents are how many "
         "cents?]",
         "p = a * 100; x = p + b", "{x}", "x - b == 100 * a", "unit conversion; addition"},
    Tale{2, "a=1..9; b=1..999; x:=1000*a+b",
         "[A melon weighs {a} kg {b} g. How many grams is that?|How many meters are {a} km and {b} m?|A bottle and a "
         "glass hold {a} l {b} ml. Express this in milliliters.|{Name} walked {a} km "
         "{b} m. How many meters did {he} walk?]",
         "p = a * 1000; x = p + b", "{x}", "x - b == 1000 * a", "unit conversion; addition"},
    Tale{2, "u=2..20; n=2..9; k:=50*u; t:=n*k; !t%1000==0; x:=t/1000",
         "[A glass holds {k} ml. How many liters do {n} glasses hold?|One <baked> weighs {k} g. How many kg do {n} of "
         "them weigh?|A lap is {k} m. How many km are {n} laps?|{Name} drink{+s} {k} ml "
         "of water {n} times a day. How many liters is that?]",
         "t = n * k; x = t / 1000", "{x}", "1000 * x == n * k", "unit conversion; multiplication"},
    Tale{2, "a=2..9; u=2..25; k:=a*1000/u; !a*1000%u==0; x:=a*1000/k; t:=a*1000",
         "[How many glasses of {k} ml can be filled from {a} liters?|{a} kg of nuts are packed into bags of {k} g. How "
         "many bags are there?|A jug holds {a} liters. How many cups of {k} ml does it fill?|{Name} run{+s} laps of "
         "{k} m. How many laps are {a} km?]",
         "t = a * 1000; x = t / k", "{x}", "x * k == 1000 * a", "unit conversion; division"},
    Tale{2, "a=1..5; n=2..9; c=10..90; t:=100*a; x:=t-n*c; !x>0",
         "[From a board of {a} m, {n} pieces of {c} cm are cut. How many cm are left?|A roll has {a} m of tape. {Name} "
         "use{+s} {n} strips of {c} cm. How many cm of tape remain?]",
         "t = a * 100; p = n * c; x = t - p", "{x}", "x + n * c == 100 * a", "unit conversion; several operations"},
    Tale{2, "s=2..12; k=2..20; x:=k*s; c:=s",
         "[On a map, 1 cm stands for {s} km. Two towns are {k} cm apart on the map. How many km apart are they?|The "
         "scale of a plan is 1 inch to {s} feet. A wall is {k} inches long on the plan. How "
         "long is it really, in feet?|A model is made so that 1 cm of it is {s} m of the ship. The model is {k} cm "
         "long. How long is the ship, in m?]",
         "x = k * s", "{x}", "x / s == k", "scale; multiplication"},
    Tale{2, "s=2..12; x=2..20; k:=x*s",
         "[On a map, 1 cm stands for {s} km. How far apart, in cm, are two towns on it that are {k} km apart?|The "
         "scale of a plan is 1 inch to {s} feet. How many inches long is a wall of {k} feet on it?|A "
         "street of {k} m is drawn at 1 cm for {s} m. How many cm is it on the drawing?]",
         "x = k / s", "{x}", "x * s == k", "scale; division"},
    Tale{3, "s=2..5; u=2..12; a:=s*u; k=2..9; b:=k*u; l=2..9; !k!=s; x:=k",
         "[A pole of {s} m throws a shadow of {a} m. At the same time a tree throws a shadow of {b} m. How high is the "
         "tree, in m?|{s} cm on a map are {a} km. How many cm are {b} km?]",
         "For one: u = a / s; x = b / u", "{x}", "x * a == b * s", "direct proportion; scale"},
};

void pack(Maker& m) { tell_tale(m, packing); }
void cut_up(Maker& m) { tell_tale(m, pieces); }
void measure_out(Maker& m) { tell_tale(m, yards); }

constexpr std::array tables{TaleTable{"story of packing", packing}, TaleTable{"story of pieces", pieces},
                            TaleTable{"story of yards", yards}};

const std::array families{
    Family{"story of packing", 1, 4, {}, pack},
    Family{"story of pieces", 1, 4, {}, cut_up},
    Family{"story of yards", 1, 3, {}, measure_out},
};

}  // namespace

std::span<const TaleTable> household_tables() { return tables; }
std::span<const Family> household_families() { return families; }

}  // namespace holdfast::generators
