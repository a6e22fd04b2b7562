// Everyday business: shopping and change, sharing and packing, pay, rates, ways, work, percents, parts, ratios,
// mixtures, on all levels.
#include <array>

#include "training/generators/catalogue.h"
#include "training/generators/tales.h"

namespace holdfast::generators {
namespace {

constexpr std::array shopping{
    Tale{1, "n=2..9; p=2..12; x:=n*p",
         "[{Name} <bought> {n} <snacks> at ${p} each.|At ${p} [a piece|apiece|each], {Name} <bought> {n} "
         "<drinks>.|<shop> charges ${p} for a <snack>. {Name} <bought> {n}.|Every <drink> is ${p}, and {n} of them go "
         "on {Name's} tray.|The price of one <snack> is ${p}. {Name} order{+s} {n} of them.] {aside} ?? <asktotal>",
         "x = n * p", "{x}", "x / n == p", "money; multiplication"},
    Tale{1, "n=2..12; u=2..9; a:=n*u",
         "[{n} <snacks> cost ${a} <altogether>.|{Name} <paid> ${a} for {n} <drinks>.|A set of {n} <wears> sells for "
         "${a}.|For ${a} you get {n} <snacks>.|{n} <papers> ring up at ${a}.] ?? [What does one cost?|How much is "
         "each?|What is the price of a single one?|How many dollars is that apiece?|What was paid for each of them?]",
         "u = a / n", "{u}", "x * n == a", "unit rate; money"},
    Tale{1, "p=2..19; x=1..19; a:=p+x",
         "[{Name} paid for a <snack> of ${p} with ${a}.|A <toy> costs ${p}. {Name} hand{+s} over ${a}.|{Name} give{+s} "
         "the clerk ${a} for a <drink> that costs ${p}.|From ${a}, {Name} buy{+s} a <snack> for ${p}.] {aside} ?? "
         "<askchange>",
         "x = a - p", "{x}", "x + p == a", "coins and change; subtraction"},
    Tale{1, "a=3..60; x=2..60; b:=a+x",
         "[A <dear> costs ${b}, but {Name} only {has} ${a}.|{Name} {has} ${a} and want{+s} a <dear> for ${b}.|The "
         "price of a <dear> is ${b}. {Name} {has} saved ${a} of it.|{Name} put ${a} toward a <dear> that costs ${b}.] "
         "{aside} ?? [How much is {he} short?|How many more dollars {do} {he} need?|How much more must {he} save?|What "
         "is still missing?|How much does {he} still need to earn?]",
         "x = b - a", "{x}", "a + x == b", "money; subtraction"},
    Tale{2, "n=2..9; p=2..12; k=2..9; q=2..12; !p!=q && n!=k; c:=n*p; d:=k*q; x:=c+d",
         "[{Name} <bought> {n} <snacks> for ${p} each and {k} <drinks> for ${q} each.|<snacks> cost ${p} and <drinks> "
         "${q}. {Name} order{+s} {n} <snacks> and {k} <drinks>.|At ${p} per <snack> and ${q} per <drink>, {Name} "
         "take{+s} {n} of the first and {k} of the second.|On {Name's} receipt stand {n} <snacks> at ${p} and {k} "
         "<drinks> at ${q}.] {aside} ?? <asktotal>",
         "c = n * p; d = k * q; x = c + d", "{x}", "x - n * p == k * q", "money; two operations"},
    Tale{2, "n=2..9; p=2..9; x=1..20; a:=n*p+x",
         "[{Name} <bought> {n} <snacks> at ${p} each and [gave|handed over] ${a}.|A <paper> costs ${p}. {Name} pay{+s} "
         "for {n} of them with ${a}.|{Name} {has} ${a} in {his} purse and buy{+s} {n} <drinks>, ${p} apiece.|Out of "
         "${a}, {Name} pay{+s} for {n} <toys> that are ${p} each.] {aside} ?? <askchange>",
         "Cost: c = n * p; x = a - c", "{x}", "x + n * p == a", "coins and change; multiplication"},
    Tale{2, "p=3..40; q=3..40; r=2..30; x=1..40; a:=p+q+r+x",
         "[{Name} went out with ${a} and <paid> ${p} for a <wear>, ${q} for a <toy> and ${r} for lunch.|{Name} {has} "
         "${a}. A <toy> takes ${p} of it, a <wear> ${q}, and a bus pass ${r}.|With ${a} in {his} wallet, {Name} "
         "buy{+s} a <wear> (${p}), a <toy> (${q}) and some food (${r}).] {aside} ?? [How much is left?|How many "
         "dollars {do} {he} still have?|What remains in {his} wallet?|How much money {do} {he} bring home?]",
         "Spent: s = p + q + r; x = a - s", "{x}", "a - p - q - r == x", "money; subtraction"},
    Tale{2, "n=2..9; x=2..15; r=1..20; a:=n*x+r",
         "[{Name} <bought> {n} <papers> of the same price, paid with ${a} and got ${r} back.|After {Name} <bought> {n} "
         "equal <papers>, ${r} of {his} ${a} were left.|{Name} got ${r} change from ${a} for {n} <snacks> that all "
         "cost the same.] ?? [What did each cost?|What was the price of one?|How much is one of them?|How much was "
         "each one?]",
         "Spent: s = a - r; x = s / n", "{x}", "n * x + r == a", "coins and change; division"},
    Tale{2, "n=2..9; x=2..15; c=2..30; a:=n*x+c",
         "[{Name} <paid> ${a} for a bag of ${c} and {n} <snacks>, all <snacks> at one price.|A <wear> for ${c} and {n} "
         "<snacks> cost ${a} <altogether>.|The bill of ${a} is for {n} equal <drinks> and a <wear> of ${c}.] How much "
         "is one [of the {n}|of those {n}]?",
         "For the {n}: s = a - c; x = s / n", "{x}", "n * x + c == a", "money; linear equations"},
    Tale{2, "p=2..9; n=2..12; r=1..p-1; a:=p*n+r",
         "[{Name} {has} ${a} to spend on <snacks> at ${p} each.|A <drink> costs ${p}. {Name} {has} ${a}.|With ${a}, "
         "{Name} want{+s} as many <papers> as possible, ${p} each.] {aside} ?? [How many can {he} buy?|What is the "
         "largest number {he} can afford?|How many {do} {he} get at most?]",
         "n, r = a // p; > Only whole ones can be bought: {n}", "{n}", "x * p <= a && (x + 1) * p > a",
         "money; division with remainder"},
    Tale{2, "k=2..6; f=1..4; g=k-1..k-1; u=2..12; n=2..5; c:=n*k; y:=n*g; x:=y*u",
         "[At <shop>, whoever buys {k} <snacks> pays for only {g}. One costs ${u}. What do {c} cost?|<shop> gives "
         "every {k:o} <drink> away free. One costs ${u}. {Name} take{+s} {c}. How much {do} {he} pay?|\"Take {k}, pay "
         "for {g}\", says a sign. A <paper> is ${u}. What is the price of {c}?]",
         "Groups: n = c / k; Paid for: y = n * g; x = y * u", "{x}", "x == (c - c / k) * u",
         "money; several operations"},
    Tale{3, "p=2..9; n=10..40; d=2..9; f=3..9; !n>f; c:=f*p; e:=p-1; m:=n-f; g:=m*e; x:=c+g",
         "[The first {f} <papers> cost ${p} each, every further one costs ${e}. What do {n} cost?|<shop> charges ${p} "
         "per copy for {f} copies and ${e} for each one after that. What is the price of {n} copies?|Up to {f} "
         "<snacks> are ${p} each; all beyond {f} are only ${e}. How much are {n}?]",
         "First: c = f * p; Further ones: m = n - f; g = m * e; x = c + g", "{x}", "x == n * e + f * (p - e)",
         "money; several operations"},
    Tale{3, "n=2..9; u=2..9; m=2..9; v=2..9; a:=n*u; b:=m*v; !u<v; d:=v-u",
         "[{n} <drinks> are ${a} at one place and {m} are ${b} at another.|In one store {n} <snacks> cost ${a}; in the "
         "next, {m} cost ${b}.|A pack of {n} costs ${a}, a pack of {m} costs ${b}.] By how many dollars [is one "
         "cheaper|does one cost less] at the better price?",
         "First: u = a / n; Second: v = b / m; x = v - u", "{x}", "x == b / m - a / n", "unit rate; subtraction"},
    Tale{3, "p=1..9; q=1..9; k=1..6; c:=5*k; a:=20*p; b:=20*q; s:=a+b; e:=s*c/100; x:=s-e",
         "[{Name} buy{+s} goods for ${a} and ${b}, and a coupon takes {c}% off the whole.|A <dear> for ${a} and "
         "another for ${b} are in {Name's} basket. At the till everything is {c}% cheaper.|Two items cost ${a} and "
         "${b}. Members pay {c}% less, and {Name} {is} a member.] ?? <asktotal>",
         "Both: s = a + b; Off: e = c % s; x = s - e", "{x}", "x == (a + b) * (1 - c / 100)",
         "percent discount; addition"},
    Tale{3, "n=2..6; p=4..20; k=1..9; w=1..p-1; c:=p-w; x:=n*w; t:=n*c",
         "[A <wear> usually costs ${p}, now it is ${c}. {Name} buy{+s} {n}. How much {do} {he} save?|The price of a "
         "<wear> fell from ${p} to ${c}. How much less do {n} of them cost?|Online a <wear> is ${c} instead of ${p}. "
         "What is saved on {n}?]",
         "On one: w = p - c; x = n * w", "{x}", "x == n * p - n * c", "money; two operations"},
    Tale{3, "a=2..9; b=2..9; c=2..9; p=2..9; q=2..9; n=2..8; u:=2*p; x=1..30; s:=a*u+b*p; t:=s+x",
         "A <drink> costs ${p}, and a <snack> twice as much. {Name} take{+s} {a} <snacks> and {b} <drinks> and pay{+s} "
         "with ${t}. {aside} ?? <askchange>",
         "A <snack>: u = p * 2; c = a * u; d = b * p; Cost: s = c + d; x = t - s", "{x}", "x + 2 * a * p + b * p == t",
         "coins and change; several operations"},
    Tale{3, "p=3..30; d=2..20; q:=p+d; s:=p+q; n=2..5; x:=n*s",
         "A <wear> costs ${p}, and a <toy> ${d} more. [What do {n} sets of one <wear> and one <toy> cost?|{n} children "
         "get a <wear> and a <toy> each. What does that cost?|{Name} buy{+s} {n} of each. How much {do} {he} pay?]",
         "The <toy>: q = p + d; Both: s = p + q; x = n * s", "{x}", "x == n * (2 * p + d)",
         "money; several operations"},
    Tale{4, "x=2..15; d=1..9; n=2..6; m=2..6; y:=x+d; t:=n*x+m*y; k:=n+m; e:=m*d; f:=t-e",
         "A <snack> costs ${d} more than a <drink>. {n} <drinks> and {m} <snacks> cost ${t} <altogether>. [What does a "
         "<drink> cost?|How much is one <drink>?|Find the price of a <drink>.]",
         "> If a <snack> cost as little as a <drink>; Less: e = m * d; f = t - e; k = n + m; x = f / k", "{x}",
         "n * x + m * (x + d) == t", "money; linear equations"},
    Tale{4, "y=3..20; x:=2*y; n=2..6; m=2..6; t:=n*x+m*y; k=2..4; p:=k*y; u:=n*k; v:=u+m; s:=n*p+m*y",
         "A <wear> costs {k:times} as much as a <toy>. {Name} <paid> ${s} for {n} <wears> and {m} <toys>. [What does "
         "one <toy> cost?|How much is one <toy>?]",
         "> A <wear> is worth {k} <toys>; u = n * k; v = u + m; y = s / v", "{y}", "x * (n * k + m) == s",
         "money; linear equations"},
    Tale{4, "a=2..8; b=2..8; x=2..20; y=2..20; !x!=y && a!=b; s:=a*x+b*y; c:=a+1; t:=s+x; p:=t-s; q:=a*p; r:=s-q",
         "{a} <drinks> and {b} <snacks> cost ${s}, while {c} <drinks> and {b} <snacks> cost ${t}. What does [one "
         "<snack>|a <snack>|each <snack>] cost?",
         "One <drink>: p = t - s; {a} of them: q = a * p; r = s - q; y = r / b", "{y}", "b * x == s - a * (t - s)",
         "systems of linear equations; money"},
    // Prices in dollars and cents.
    Tale{2, "k=5..60; a:=5*k; j=5..60; b:=5*j; x:=a+b",
         "[A <snack> is ${a$} and a <drink> is ${b$}. What do both cost <altogether>?|{Name} pay{+s} ${a$} for a "
         "<snack> and ${b$} for a <drink>. How many dollars is that?|{Name} add{+s} a <drink> for ${b$} to a <snack> "
         "for ${a$}. What is the bill?|Bus fare is ${a$}, lunch ${b$}. How much are they together?]",
         "> In cents: ${a$} is {a} and ${b$} is {b}; x = a + b; > That is ${x$}", "{x$}", "100 * x == a + b",
         "decimals; money"},
    Tale{2, "k=5..60; a:=5*k; n=5..20; c:=100*n; x:=c-a; !x>0",
         "[A <snack> costs ${a$}. {Name} pay{+s} with ${n}. How much change is that?|From ${n}, {Name} spend{+s} "
         "${a$}. How many dollars are left?|{Name} {has} ${n} and buy{+s} a <paper> for ${a$}. What is left?|A <drink> "
         "of ${a$} is paid with ${n}. What comes back?]",
         "> In cents: ${n} is {c} and ${a$} is {a}; x = c - a; > That is ${x$}", "{x$}", "100 * x + a == 100 * n",
         "decimals; coins and change"},
    Tale{2, "k=5..40; a:=5*k; n=2..9; x:=n*a",
         "[{n} <papers> at ${a$} each: what do they cost?|A <drink> costs ${a$}. How many dollars are {n} of "
         "them?|{Name} buy{+s} {n} <snacks> for ${a$} apiece. What {do} {he} pay?|Every day {Name} spend{+s} ${a$} on "
         "the bus. How much is that in {n} days?]",
         "> ${a$} is {a} cents; x = n * a; > That is ${x$}", "{x$}", "100 * x / n == a", "decimals; money"},
    Tale{2, "k=5..40; u:=5*k; n=2..9; a:=n*u",
         "[{n} <papers> cost ${a$}. What does one cost?|{n} friends share a bill of ${a$} <equally>. How many dollars "
         "does each pay?|For {n} <drinks> {Name} <paid> ${a$}. What is the price of one?|{n} equal tickets come to "
         "${a$}. How much is a ticket?]",
         "> ${a$} is {a} cents; u = a / n; > That is ${u$}", "{u$}", "100 * x * n == a", "decimals; unit rate"},
    Tale{3, "k=5..40; a:=5*k; n=2..6; m=2..6; j=5..40; b:=5*j; c:=n*a; d:=m*b; x:=c+d; !a!=b",
         "[{Name} buy{+s} {n} <snacks> at ${a$} and {m} <drinks> at ${b$} each. What is the bill in dollars?|A <paper> "
         "costs ${a$} and a <snack> ${b$}. How many dollars are {n} of the first and {m} of the second?|{n} kids pay "
         "${a$} each and {m} adults ${b$} each. How much is that?]",
         "> In cents: {a} and {b}; c = n * a; d = m * b; x = c + d; > That is ${x$}", "{x$}",
         "100 * x == n * a + m * b", "decimals; money"},
    Tale{3, "k=5..40; a:=5*k; n=2..6; c:=n*a; p=5..30; t:=100*p; x:=t-c; !x>0",
         "[{Name} buy{+s} {n} <papers> at ${a$} each and pay{+s} with ${p}. How much change {do} {he} get?|With ${p}, "
         "{Name} pay{+s} for {n} <drinks> that cost ${a$} each. How many dollars come back?|{Name} {has} ${p}. {He} "
         "pay{+s} ${a$} for the bus {n} times. What is left?]",
         "> ${a$} is {a} cents, ${p} is {t} cents; c = n * a; x = t - c; > That is ${x$}", "{x$}",
         "100 * x + n * a == 100 * p", "decimals; coins and change"},
    Tale{3, "k=1..5; b:=5*k; j=2..40; a:=100*j; t:=j*b; x:=a+t; y=2..90",
         "[A meal costs ${j}. {Name} leave{+s} a tip of {b}%. How many dollars is that with the tip?|${j} plus {b}% "
         "tax: what is paid?|A bill of ${j} grows by a service charge of {b}%. What is due?]",
         "> ${j} is {a} cents; t = b % a; x = a + t; > That is ${x$}", "{x$}", "x == j * (1 + b / 100)",
         "sales tax and tip; decimals"},
};

constexpr std::array sharing{
    Tale{1, "n=2..12; k=2..12; a:=n*k",
         "[{a} <fruits> go <equally> into {n} <bins>.|A <cook> spreads {a} <bakeds> over {n} <bins>, the same number "
         "in each.|{a} <smalls> are dealt out to {n} <groups>, all getting the same.|{n} <groups> divide {a} <bakeds> "
         "among themselves so that nobody gets more.|{a} chairs are set up in {n} equal rows.] ?? [How many is that "
         "for each?|How many are in one?|How many does each get?|What is the share of one?]",
         "k = a / n", "{k}", "x * n == a", "division"},
    Tale{1, "n=2..12; k=2..12; a:=n*k",
         "[{a} <fruits> are packed {k} to a <bin>. How many <bins> are [filled|needed|used]?|Each <bin> takes {k} "
         "<bakeds>. How many <bins> do {a} <bakeds> fill?|A <worker> ties {a} <flowers> in bunches of {k}. How many "
         "bunches are there?|{a} <groups> form teams of {k}. How many teams is that?|With {k} <smalls> in every <bin>, "
         "how many <bins> hold {a}?]",
         "n = a / k", "{n}", "x * k == a", "division"},
    Tale{1, "n=2..12; k=2..12",
         "[{n} <bins> with {k} <fruits> in each stand on the floor.|A <cook> filled {n} <bins>, putting {k} <bakeds> "
         "in each.|There are {n} rows of {k} <flowers>.|{n} <groups> brought {k} <bakeds> each.|Every one of {n} "
         "<vehicles> carries {k} <groups>.] ?? [How many is that <altogether>?|What is the total number?|How many are "
         "there?]",
         "x = n * k", "{x}", "x / n == k", "multiplication"},
    Tale{2, "k=3..12; q=2..12; r=1..k-1; a:=k*q+r",
         "[{a} <bakeds> are put into <bins> of {k} until no full <bin> is left to make.|A <worker> packs {a} <fruits>, "
         "{k} to a <bin>.|{a} <groups> make groups of {k}.|{Name} plant{+s} {a} <flowers> in rows of {k}.] How many "
         "are left over?",
         "q, r = a // k", "{r}", "x == a % k", "division with remainder"},
    Tale{2, "k=3..12; q=2..12; r=1..k-1; a:=k*q+r",
         "[{a} <groups> have to cross in <vehicles> for {k}. How many <vehicles> does it take?|One <vehicle> seats "
         "{k}. How many are needed so that {a} <groups> can all ride?|{k} <bakeds> fit in a <bin>. How many <bins> "
         "does a <cook> need for {a}, if the last may be partly empty?|Each table seats {k}. At least how many tables "
         "are needed for {a} guests?]",
         "q, r = a // k; > {r} are left and need one more; x = q + 1", "{x}", "x * k >= a && (x - 1) * k < a",
         "division with remainder"},
    Tale{2, "n=2..9; k=2..12; c=2..20; a:=n*k+c",
         "[{n} <bins> hold {k} <fruits> each, and {c} more lie beside them.|A <cook> has {n} full <bins> of {k} "
         "<bakeds> and {c} that did not fit.|{n} <vehicles> with {k} <groups> each arrived, and {c} <groups> came on "
         "foot.] ?? [How many is that <altogether>?|What is the total?|How many are there?]",
         "p = n * k; x = p + c", "{x}", "x - c == n * k", "multiplication; addition"},
    Tale{2, "n=2..9; k=2..12; c=2..20; a:=n*k+c",
         "[From {a} <fruits>, {c} were bad. The others went <equally> into {n} <bins>.|A <cook> kept {c} of {a} "
         "<bakeds> and shared the rest among {n} <relative>s.|Of {a} <groups>, {c} stayed behind; the others filled "
         "{n} <vehicles> <equally>.] ?? [How many is that for each?|How many are in one?]",
         "p = a - c; k = p / n", "{k}", "x * n + c == a", "division; subtraction"},
    Tale{2, "n=2..6; m=2..9; k=2..12",
         "[A truck carries {n} pallets. On each are {m} <bins>, and in each <bin> are {k} <fruits>. How many <fruits> "
         "is that?|{n} houses have {m} windows each, and each window has {k} panes. How many panes are there?|{n} "
         "classes each form {m} teams of {k} <groups>. How many <groups> is that <altogether>?|A book has {n} parts of "
         "{m} chapters, and each chapter has {k} pages. How many pages does the book have?|{Name} do{+es} {k} push-ups "
         "{m} times a day. How many push-ups is that in {n} days?]",
         "p = n * m; x = p * k", "{x}", "x / k / m == n", "multiplication; two operations"},
    Tale{2, "n=2..9; k=3..12; m=2..9; !(n*k)%m==0 && m!=n; a:=n*k; x:=a/m",
         "[{n} <bins> of {k} <fruits> are repacked into {m} equal <bins>.|The <fruits> of {n} <bins>, {k} in each, are "
         "shared <equally> by {m} <groups>.|A <cook> makes {n} trays of {k} <bakeds> and shares them <equally> among "
         "{m} shops.] How many [go in each|does each get|are there for each]?",
         "All: a = n * k; x = a / m", "{x}", "x * m == n * k", "multiplication; division"},
    Tale{3, "n=2..6; k=4..12; m=2..6; l=4..12; !n!=m && k!=l; c=2..8; s:=n*k+m*l; !s%c==0; x:=s/c",
         "[{n} <bins> of {k} and {m} <bins> of {l} <fruits> are shared <equally> by {c} <groups>. How many does each "
         "get?|A <cook> bakes {n} trays of {k} and {m} trays of {l} <bakeds>, to be split <equally> among {c} shops. "
         "How many does each shop get?]",
         "p = n * k; q = m * l; s = p + q; x = s / c", "{x}", "x * c == n * k + m * l", "division; several operations"},
    Tale{3, "d=2..9; c=2..9; e=1..11; a:=12*d; x:=(a-e)/c; !(a-e)%c==0",
         "A <cook> makes {d} dozen <bakeds>. {e} of them are burnt, and the rest are shared <equally> by {c} <groups>. "
         "How many does each get?",
         "All: a = d * 12; Good ones: p = a - e; x = p / c", "{x}", "x * c + e == 12 * d",
         "division; several operations"},
    Tale{
        3, "k=3..12; q=2..12; r=1..k-1; a:=k*q+r; n=2..5; p=2..9; y:=q*p",
        "[{a} <fruits> are packed in <bins> of {k}, and only full <bins> are sold, for ${p} each. How much money comes "
        "in?|A <cook> puts {a} <bakeds> in <bins> of {k} and sells every full <bin> for ${p}. What does that bring?]",
        "q, r = a // k; y = q * p", "{y}", "x == floor(a / k) * p", "division with remainder; money"},
    Tale{3, "n=3..9; k=2..12; j=1..2; m:=n-j; !(n*k)%m==0; a:=n*k; x:=a/m; y:=x-k",
         "{n} friends wanted to share {a} <bakeds> <equally>. Then {j} {j:friend leaves/friends leave} without any. "
         "How many more does each of the others get than planned?",
         "Planned: k = a / n; m = n - j; Now: x = a / m; y = x - k", "{y}", "x == a / (n - j) - a / n",
         "division; several operations"},
    Tale{4, "k=3..9; m=3..9; l:=k*m; !gcd(k,m)==1 && l>=30; x=12..l-1; r:=x%k; s:=x%m; !r>0 && s>0",
         "{Name} {has} fewer than {l} <smalls>. In rows of {k}, {r} {r:is/are} left over; in rows of {m}, {s} "
         "{s:is/are} left over. How many {do} {he} have?",
         "> Of the numbers below {l}, only {x} leaves both; a, b = x // k; c, d = x // m", "{x}",
         "x % k == r && x % m == s && x < l", "congruences"},
    Tale{4, "n=4..12; a=2..8; b=a+1..12; r=1..9; s=1..9; !n*a+r==n*b-s; t:=n*a+r; d:=b-a; e:=r+s",
         "If each of some <groups> gets {a} <bakeds>, {r} {r:is/are} left over. To give each of them {b}, {s} more "
         "would be needed. [How many <groups> are there?|How many <groups> share?]",
         "Each gets more: d = b - a; That takes: e = r + s; n = e / d", "{n}", "x * a + r == x * b - s",
         "linear equations; division"},
    Tale{5, "n=4..12; a=2..8; b=a+1..12; r=1..9; s=1..9; !n*a+r==n*b-s; t:=n*a+r; d:=b-a; e:=r+s",
         "A box of <smalls> is shared. With {a} for each <group>, {r} {r:is/are} left; with {b} for each, {s} "
         "{s:is/are} missing. How many <smalls> are in the box?",
         "Each gets more: d = b - a; That takes: e = r + s; Number of those who share: n = e / d; p = n * a; t = p + r",
         "{t}", "(x - r) / a == (x + s) / b", "linear equations; several operations"},
    // Longer errands: several things happen one after the other.
    Tale{3, "a=2..9; k=2..5; b:=a*k; n=2..6; s:=a+b; x:=n*s",
         "[{Ann} writes a {a}-page letter to each of {n} friends, and a report {k:times} as long for each of them as "
         "well. How many pages does {her} write <altogether>?|Every day {Ann} does {a} sums in the morning and "
         "{k:times} as many in the evening. How many sums is that in {n} days?|A <cook> bakes {a} pies before noon and "
         "{k:times} as many after noon, each day. How many pies is that in {n} days?]",
         "Second: b = a * k; One time: s = a + b; x = n * s", "{x}", "x == n * a * (1 + k)",
         "several operations; multiplication"},
    Tale{3, "h=4..60; a:=2*h; s:=a+h; n=2..5; p=2..9; x:=s*p",
         "[{Name} sold {a} <smalls> in one month and half as many in the next, at ${p} each. How much money came "
         "in?|On <day> a <cook> sells {a} <bakeds> at ${p} each, the next day half as many. How many dollars is that "
         "<altogether>?|A club sells {a} tickets at ${p} each this week; last week it sold half as many. How much is "
         "that in both weeks?]",
         "Half: h = a / 2; Both: s = a + h; x = s * p", "{x}", "x == p * a * 3 / 2",
         "several operations; fraction of a quantity"},
    Tale{3, "e=10..30; u=2..5; v=2..5; !u+v<e; p=2..6; l:=e-u-v; x:=l*p",
         "[{Ann}'s hens lay {e} eggs a day. {Her} eats {u}, uses {v} for baking and sells the rest for ${p} each. How "
         "many dollars does {her} make a day?|A <cook> makes {e} <bakeds>, eats {u}, gives {v} to a neighbor and sells "
         "the others at ${p} each. How much money is that?|Of {e} tickets, {u} are given to friends and {v} to "
         "teachers. The rest is sold at ${p} each. What is the income?]",
         "Not sold: s = u + v; Sold: l = e - s; x = l * p", "{x}", "x / p + u + v == e", "several operations; money"},
    Tale{3, "n=2..6; m=2..6; r=2..9; w:=n*m; x:=w*r",
         "[{Name} run{+s} {n} rounds, {m} times a week. A round is {r} km. How many km is that a week?|A pump does {n} "
         "strokes a minute. Each stroke lifts {r} liters. How many liters does it lift in {m} minutes?|{n} cups of "
         "feed go to each of {m} <animals> every day. How many cups is that in {r} days?]",
         "w = n * m; x = w * r", "{x}", "x / r / m == n", "several operations; multiplication"},
    Tale{3, "a=3..40; d=2..20; b:=a+d; k=2..4; c:=b*k; x:=a+b+c",
         "[{Ann} has {a} <smalls>, {Bob} has {d} more than {Ann}, and the [teacher|coach|neighbor] has {k:times} as "
         "many as {Bob}. How many do all three have?|On day one {a} people came, on day two {d} more, and on the last "
         "day {k:times} as many as on day two. How many came in the three days?|The first box weighs {a} kg, the "
         "second {d} kg more, the third {k:times} as much as the second. How many kg is that <altogether>?]",
         "Second: b = a + d; Third: c = b * k; x = a + b + c", "{x}", "x == a + (a + d) * (1 + k)",
         "several operations; addition"},
    Tale{3, "c=4..20; n=3..12; p=1..9; q=2..9; b:=c*n; s=5..60; !b>s; x:=b-s",
         "[{Name} make{+s} {n} bracelets and sell{+s} each for ${c}. The material cost ${s} <altogether>. What is "
         "left?|A car wash takes ${c} a car. {n} cars come, and soap costs ${s}. How much is earned?|Tickets for a "
         "play are ${c}. {n} are sold, and the hall costs ${s}. How many dollars remain?]",
         "Income: b = c * n; x = b - s", "{x}", "x + s == c * n", "profit and loss; several operations"},
    Tale{3, "t=40..200; k=2..6; f:=t/k; !t%k==0; l:=t-f; n=2..8; !l%n==0; x:=l/n",
         "[{Ann} has {t} pages to read. {Her} reads 1/{k} of them on <day> and the rest in {n} equal parts on the next "
         "{n} days. How many pages is one part?|Of {t} <smalls>, 1/{k} are given away, and the others fill {n} equal "
         "bags. How many are in a bag?|A prize of ${t}: 1/{k} goes to the winner, and {n} others share the rest "
         "<equally>. How many dollars does each of them get?]",
         "f = t / k; l = t - f; x = l / n", "{x}", "x * n == t - t / k", "fraction of a quantity; several operations"},
    Tale{4, "p=10..40; n=3..9; k=1..4; c:=5*k; q=2..8; d:=n*p; !(d*c)%100==0; e:=d*c/100; f:=d-e; x:=f+q",
         "[{Name} order{+s} {n} <wears> at ${p} each, with {c}% off the lot, and ${q} for delivery. What {do} {he} "
         "pay?|A club buys {n} balls at ${p}, gets {c}% off, and pays ${q} for shipping. What is the bill?|{n} nights "
         "at ${p} each, {c}% off for members, plus a fee of ${q}. How much does a member pay?]",
         "Before the discount: d = n * p; Off: e = c % d; f = d - e; x = f + q", "{x}",
         "x - q == n * p * (1 - c / 100)", "percent discount; several operations"},
    Tale{4, "h=6..9; r=10..25; d=3..6; o=1..4; k=2..10; s:=r+k; n:=h*d; p:=n*r; q:=o*s; x:=p+q",
         "[{Name} work{+s} {h} hours a day on {d} days for ${r} an hour, and {o} {o:hour/hours} on Sunday for ${k} "
         "more an hour. What is the pay for the week?|A guide leads {d} tours of {h} hours at ${r} an hour, and a "
         "night tour of {o} {o:hour/hours} that pays ${k} more each hour. How much is earned?]",
         "Hours: n = h * d; Normal: p = n * r; Extra rate: s = r + k; q = o * s; x = p + q", "{x}",
         "x == r * h * d + o * (r + k)", "unit rate; several operations"},
    Tale{4, "a=2..9; b=2..9; n=2..6; c=3..9; m:=n*7; u:=a*n; v:=b*c; s:=u+v; p=2..5; x:=s*p; !a!=b",
         "[A zoo has {n} lions that eat {a} kg of meat a day each and {c} wolves that eat {b} kg each. How many kg of "
         "meat are needed for {p} days?|A family has {n} adults who drink {a} glasses of milk a day each and {c} "
         "children who drink {b} each. How many glasses is that in {p} days?|{n} big machines use {a} liters of fuel "
         "an hour each, {c} small ones {b} each. How many liters do they use in {p} hours?]",
         "u = a * n; v = b * c; s = u + v; x = s * p", "{x}", "x / p - b * c == a * n",
         "several operations; unit rate"},
    Tale{4, "v=20..60; t=2..5; w=9..30; d:=v*t; e=3..30; g:=d-e; !g>0 && g%w==0; x:=g/w; !x>1 && w!=v",
         "[A trip is {d} km. {e} km are walked, and the rest is done by bike at {w} km an hour. How many hours does "
         "the bike ride take?|A pool needs {d} cubic m of water. {e} are in it, and {w} come in each hour. In how many "
         "hours is it full?|A book has {d} pages. {Ann} has read {e} and now reads {w} a day. How many days does the "
         "rest take?]",
         "Left: g = d - e; x = g / w", "{x}", "x * w + e == d", "speed; several operations"},
    Tale{4, "n=2..6; a=2..9; m=2..6; b=2..9; c=5..50; s:=n*a+m*b; t:=s+c; k=2..8; !t%k==0; x:=t/k; !a!=b",
         "[{k} friends share the cost of {n} pizzas at ${a}, {m} salads at ${b} and a cake for ${c} <equally>. How "
         "much does each pay?|For a party, {n} games at ${a}, {m} prizes at ${b} and a hall for ${c} are paid by {k} "
         "families in equal shares. What does one family pay?]",
         "p = n * a; q = m * b; t = p + q + c; x = t / k", "{x}", "x * k == n * a + m * b + c",
         "money; several operations"},
    Tale{4, "a=30..90; g=2..9; l=1..8; !l<g; n=3..12; d:=g-l; p:=n*d; x:=a+p",
         "[A snail is {a} cm up a wall. Each day it climbs {g} cm, and each night it slips back {l} cm. How high is it "
         "after {n} days and nights?|A savings box holds ${a}. Each week ${g} go in and ${l} come out. How much is in "
         "it after {n} weeks?|A pond has {a} fish. Each month {g} hatch and {l} are caught. How many fish are there "
         "after {n} months?]",
         "Each time: d = g - l; p = n * d; x = a + p", "{x}", "x == a + n * g - n * l",
         "several operations; multiplication"},
    Tale{5,
         "x=20..200; k=2..4; a:=x/k; !x%k==0; l:=x-a; b=2..20; m:=l-b; !m>0 && m%2==0; h:=m/2; c=2..20; e:=h-c; !e>1",
         "[{Ann} spent 1/{k} of {hers} money on a coat, then ${b} on food, then half of what was left on a gift, and "
         "then ${c} on a taxi. ${e} remained. How much did {her} have at first?|From a roll of ribbon 1/{k} was cut "
         "off, then {b} cm, then half of the rest, then {c} cm. {e} cm are left. How many cm long was it?]",
         "Before the last: h = e + c; Before the half: m = h * 2; Before that: l = m + b; d = k - 1; One part: u = l / "
         "d; x = u * k",
         "{x}", "((x - x / k) - b) / 2 - c == e", "inverse operations; several operations"},
    Tale{5,
         "p=2..9; n=20..80; k=1..5; c:=5*k; b:=n*c/100; !(n*c)%100==0; g:=n-b; q=4..20; !g*q>n*p; a:=n*p; r:=g*q; "
         "x:=r-a",
         "[A trader buys {n} plants at ${p} each. {c}% of them die, and the others are sold at ${q} each. What is the "
         "profit?|A <cook> makes {n} cakes that cost ${p} each to bake. {c}% are spoiled, and the rest sells at ${q} "
         "each. How many dollars are gained?]",
         "Cost: a = n * p; Lost: b = c % n; g = n - b; Income: r = g * q; x = r - a", "{x}",
         "x == n * (1 - c / 100) * q - n * p", "profit and loss; several operations"},
    Tale{5,
         "a=2..6; b=2..6; n=2..6; m=2..6; !a!=b; u=2..12; v=2..12; p:=a*u+b*v; q:=n*u+m*v; d:=a*m-b*n; !d>0 && u!=v; "
         "e:=p*m; f:=q*b; g:=e-f",
         "{a} big and {b} small boxes hold {p} <smalls>; {n} big and {m} small ones hold {q}. How many <smalls> are in "
         "a big box?",
         "> The first {m} times, the second {b} times: then the small ones are equal in number; e = p * m; f = q * b; "
         "g = e - f; h = a * m; i = b * n; d = h - i; u = g / d",
         "{u}", "x * (a * m - b * n) == p * m - q * b", "systems of linear equations"},
    Tale{5, "v=40..90; w=30..80; t=2..5; l=1..3; !v!=w; a:=v*l; b:=v+w; d:=a+b*t; s:=d",
         "[Two towns are {d} km apart. A <mover> leaves the first at {v} km per hour, and {l} {l:hour/hours} later "
         "another leaves the second toward it at {w} km per hour. How many hours after the second starts do they "
         "meet?|{Ann} starts digging a {d} m tunnel at {v} m a week. {l} {l:week/weeks} later {Bob} starts from the "
         "other end at {w} m a week. How many weeks do both dig?]",
         "Before the second: a = v * l; g = d - a; Together: b = v + w; t = g / b", "{t}", "v * (x + l) + w * x == d",
         "relative speed; several operations"},
    // Fractions of things that are measured, and amounts in words.
    Tale{2, "q=2..8; s=2..8; !q!=s; d:=q*s; a:=s; b:=q; n:=d-a-b; !n>0; m:=a+b",
         "[{Ann} eats 1/{q} of a pizza and {Bob} 1/{s}. What fraction is left?|1/{q} of a field is corn and 1/{s} is "
         "wheat. What part of it is neither?|{Name} spend{+s} 1/{q} of the day at work and 1/{s} asleep. What fraction "
         "of the day is left?|A tank is emptied by 1/{q} and then by 1/{s} of its full content. What fraction is still "
         "in it?]",
         "> 1/{q} = {s}/{d} and 1/{s} = {q}/{d}; m = a + b; n = d - m; reduce n / d", "{n/d}", "x == 1 - 1 / q - 1 / s",
         "adding fractions; subtraction"},
    Tale{2, "q=2..6; p=1..q-1; n=2..12; !gcd(p,q)==1; a:=p*n",
         "[A batch needs {p}/{q} cup of sugar. How many cups are needed for {n} batches?|{Name} run{+s} {p}/{q} mile a "
         "day. How many miles is that in {n} days?|Each of {n} cats eats {p}/{q} can a day. How many cans is that?|One "
         "ribbon takes {p}/{q} yard. How many yards do {n} take?]",
         "a = p * n; > That is {a}/{q}; reduce a / q", "{a/q}", "x * q == p * n", "multiplying fractions"},
    Tale{2, "q=2..9; n=2..12; a:=q*n",
         "[How many pieces of 1/{q} yard can be cut from {n} yards?|{n} pies are cut so that each piece is 1/{q} of a "
         "pie. How many pieces are there?|A scoop holds 1/{q} cup. How many scoops make {n} cups?|A lap is 1/{q} mile. "
         "How many laps are {n} miles?|A bottle fills 1/{q} of a bucket. How many bottles fill {n} buckets?]",
         "> Each whole has {q} of them; x = n * q", "{x}", "x / q == n", "division; fraction of a quantity"},
    Tale{2, "h=2..40; a:=2*h; x:=a+h",
         "[{Ann} has {a} <smalls>, {Bob} half as many. How many do they have <altogether>?|A coat takes {a} buttons, a "
         "shirt half that number. How many buttons do both take?|On <day> {a} people came, the next day only half as "
         "many. How many came on both days?]",
         "Half: h = a / 2; x = a + h", "{x}", "2 * x == 3 * a", "fraction of a quantity; addition"},
    Tale{2, "h=2..30; a:=3*h; x:=a-h",
         "[{Ann} has {a} <smalls>, {Bob} a third as many. How many more does {Ann} have?|A rope is {a} feet long, a "
         "string a third of that. How much longer, in feet, is the rope?|{a} adults and a third as many children came. "
         "How many more adults than children were there?]",
         "A third: h = a / 3; x = a - h", "{x}", "3 * x == 2 * a", "fraction of a quantity; subtraction"},
    Tale{1, "n=2..9; x:=12*n",
         "[{Name} buy{+s} {n:w} dozen <bakeds>. How many <bakeds> is that?|A box holds a dozen <fruits>. How many are "
         "in {n} boxes?|{n:w} dozen <papers> lie on a desk. How many are they?|A <cook> uses a dozen eggs a day. How "
         "many is that in {n} days?|How many are {n:w} dozen [eggs|roses|cups|chairs|spoons|pens]?]",
         "x = n * 12", "{x}", "x / 12 == n", "multiplication"},
    Tale{2, "n=2..9; c=2..9; t:=12*n; x:=t-c",
         "[{Name} buy{+s} {n:w} dozen <bakeds> and eat{+s} {c}. How many are left?|Of {n:w} dozen <fruits>, {c} are "
         "bad. How many are good?|{n:w} dozen cups were on a shelf, and {c} broke. How many are whole?]",
         "All: t = n * 12; x = t - c", "{x}", "x + c == 12 * n", "multiplication; subtraction"},
    Tale{2, "a=2..40; k=2..9; b:=a*k",
         "[{Ann} has {b} <smalls> and {Bob} has {a}. How many times as many as {Bob} does {Ann} have?|A tree is {b} "
         "feet tall and a bush {a} feet. How many times as tall as the bush is the tree?|A trip takes {b} minutes by "
         "bus and {a} by train. How many times as long does the bus take?|A truck carries {b} kg, a cart {a} kg. How "
         "many cart loads make one truck load?]",
         "k = b / a", "{k}", "x * a == b", "multiplicative comparison; division"},
    Tale{2, "r=2..9; n=2..60; a:=r*n; x:=a",
         "[One dollar is {r} crowns. How many crowns are ${n}?|A bank gives {r} crowns for a dollar. {Name} change{+s} "
         "${n}. How many crowns is that?|At {r} tokens to the dollar, how many tokens do ${n} buy?|For every dollar "
         "{Name} get{+s} {r} points. How many points are ${n} worth?]",
         "x = n * r", "{x}", "x / r == n", "unit rate; multiplication"},
    Tale{2, "r=2..9; n=2..60; a:=r*n",
         "[One dollar is {r} crowns. How many dollars are {a} crowns?|{Name} bring{+s} {a} crowns to a bank that takes "
         "{r} for a dollar. How many dollars is that?|A prize of {a} points is paid out at {r} points to the dollar. "
         "How many dollars is it?]",
         "n = a / r", "{n}", "x * r == a", "unit rate; division"},
    Tale{3, "l=4..10; h=2..9; d:=100*h; v:=l*h; p=1..4; x:=v*p",
         "[A car uses {l} liters for 100 km, and a liter costs ${p}. What does the fuel for {d} km cost?|A van needs "
         "{l} liters per 100 km. Fuel is ${p} a liter. How many dollars is a trip of {d} km?]",
         "Hundreds: h = d / 100; Liters: v = l * h; x = v * p", "{x}", "x / p == d * l / 100",
         "unit rate; several operations"},
    Tale{3, "a=2..9; b=2..9; n=2..9; m=2..9; x:=a*n-b*m; !x>0 && a!=b",
         "[{n} <fruits> cost ${a} each and {m} <vegetables> ${b} each. How much more do the <fruits> cost "
         "<altogether>?|{Ann} earns ${a} an hour for {n} hours, {Bob} ${b} an hour for {m} hours. How many dollars "
         "more does {Ann} get?|One field has {n} rows of {a} plants, another {m} rows of {b}. How many more plants are "
         "in the first?]",
         "p = a * n; q = b * m; x = p - q", "{x}", "x + b * m == a * n", "multiplication; subtraction"},
    Tale{3, "k=2..9; m=2..9; a:=k*m; r=2..9; n=2..9; t:=a*r; !t%n==0; x:=t/n; !x!=r && n!=k",
         "[{a} boxes weigh {t} kg. A cart carries {n} kg at a time. How many trips does it take to move them all, each "
         "trip full?|A ribbon of {t} cm is cut into {n} equal parts. How long is one part, in cm?|{t} <smalls> are "
         "dealt to {n} <groups> one after the other until none is left. How many does each have?]",
         "x = t / n", "{x}", "x * n == t", "division"},
};
// pay, rates, ways, work
constexpr std::array rates{
    Tale{1, "r=8..30; h=2..9",
         "[{Name} <earn> ${r} an hour and work{+s} {h} hours.|A job pays ${r} per hour. {Name} {is} there for {h} "
         "hours.|For each of {h} hours at the till, {Name} get{+s} ${r}.|Babysitting brings {Name} ${r} an hour. [On "
         "<day>|One evening] {he} {do} it for {h} hours.] ?? [How much {do} {he} earn?|What is {his} pay?|How much "
         "money is that?|What {do} {he} make?]",
         "x = r * h", "{x}", "x / h == r", "unit rate; money"},
    Tale{
        1, "v=12..90; t=2..9",
        "[A <mover> covers {v} km each hour. How many km is that in {t} hours?|For {t} hours a <mover> keeps a speed "
        "of {v} km per hour. How long is the way?|At a steady {v} km per hour, a <mover> is on the road for {t} hours. "
        "How far does it get?|How far away is <city>, if a <mover> takes {t} hours to get there at {v} km per hour?]",
        "x = v * t", "{x}", "x / t == v", "speed"},
    Tale{1, "v=12..90; t=2..9; d:=v*t",
         "[It takes a <mover> {t} hours to cover {d} km. What is its speed in km per hour?|A <mover> gets {d} km far "
         "in {t} hours. How many km is that each hour?|<city> is {d} km away, and a <mover> needs {t} hours. How fast "
         "is it in km per hour?]",
         "v = d / t", "{v}", "x * t == d", "speed"},
    Tale{1, "v=12..90; t=2..9; d:=v*t",
         "[<city> is {d} km away. A <mover> makes {v} km per hour. How many hours is the trip?|At {v} km per hour, how "
         "many hours does a <mover> need for {d} km?|A <mover> has {d} km to go and does {v} km every hour. In how "
         "many hours does it arrive?]",
         "t = d / v", "{t}", "x * v == d", "speed"},
    Tale{2, "n=2..9; u=2..9; m=2..15; a:=n*u; !n!=m; x:=m*u",
         "[In {n} minutes a <worker> folds {a} letters. How many are folded in {m} minutes at that pace?|{n} <bins> "
         "weigh {a} kg. How much do {m} <bins> weigh?|A tap gives {a} liters in {n} minutes. How many liters come out "
         "in {m} minutes?|{n} <animals> eat {a} kg of feed a day. How many kg do {m} <animals> eat?|A printer needs "
         "{n} minutes for {a} pages. How many pages does it print in {m} minutes?]",
         "For one: u = a / n; x = u * m", "{x}", "x / m == a / n", "direct proportion; unit rate"},
    Tale{2, "n=2..9; u=2..9; m=2..15; a:=n*u; b:=m*u; !n!=m",
         "[In {n} minutes a <worker> folds {a} letters. How many minutes are needed for {b}?|{n} <bins> weigh {a} kg. "
         "How many <bins> weigh {b} kg?|A tap gives {a} liters in {n} minutes. How many minutes until {b} liters have "
         "come out?|A bike wheel turns {a} times in {n} seconds. How many seconds does it need for {b} turns?]",
         "For one: u = a / n; m = b / u", "{m}", "b / x == a / n", "direct proportion; unit rate"},
    Tale{2, "r=8..25; h=2..9; s=5..60; !r*h>s; x:=r*h-s",
         "[{Name} work{+s} {h} hours for ${r} an hour, and ${s} is kept back for [tax|insurance|a uniform].|At ${r} an "
         "hour, {Name} work{+s} {h} hours and then spend{+s} ${s}.|{Name} <earn> ${r} an hour. After {h} hours {he} "
         "pay{+s} ${s} for [fuel|tools|food].] ?? [How much {do} {he} have left?|What is left of the pay?|How many "
         "dollars remain?]",
         "Pay: p = r * h; x = p - s", "{x}", "x + s == r * h", "unit rate; money"},
    Tale{2, "r=8..25; h=2..9; k=2..6",
         "[{Name} <earn> ${r} an hour. How much is that in {k} days of {h} hours?|{Name} work{+s} {h} hours on each of "
         "{k} days, for ${r} an hour. What is the pay?|An hour of work brings ${r}. A <worker> works {k} shifts of {h} "
         "hours each. How much is earned?]",
         "Hours: t = k * h; x = t * r", "{x}", "x / r / h == k", "unit rate; money"},
    Tale{2, "r=8..25; b=5..60; h=2..9; a:=r*h+b",
         "[{Name} got ${a} for {h} hours of work, including a tip of ${b}. What does one hour pay?|For {h} hours and a "
         "bonus of ${b}, a <worker> got ${a}. What is the pay for one hour?|A plumber's bill of ${a} is for parts of "
         "${b} and {h} hours of work. What does an hour cost?]",
         "For the hours: p = a - b; r = p / h", "{r}", "x * h + b == a", "unit rate; linear equations"},
    Tale{2, "r=8..25; b=5..60; h=2..9; a:=r*h+b",
         "[{Name} <earn> ${r} an hour and got a bonus of ${b}. <altogether> it was ${a}. How many hours was it?|A "
         "plumber takes ${b} for coming and ${r} an hour. The bill is ${a}. For how many hours was the plumber "
         "there?|Renting a boat costs ${b} plus ${r} per hour. {Name} <paid> ${a}. For how many hours did {he} have "
         "it?]",
         "For the hours: p = a - b; h = p / r", "{h}", "r * x + b == a", "unit rate; linear equations"},
    Tale{3, "k=4..12; r:=2*k; t=2..12; n:=40; h:=n+t; p:=n*r; o:=3*k; q:=t*o; x:=p+q",
         "[A <worker> earns ${r} an hour and one and a half times as much for each hour over 40.|The normal pay is "
         "${r} an hour; every hour after the 40th counts one and a half times.|For the first 40 hours of a week a "
         "<worker> gets ${r} each, for overtime 1.5 times that.] What is the pay for {h} hours?",
         "Over 40: t = h - 40; Normal: p = 40 * r; > An extra hour pays {r} * 1.5 = {o}; q = t * o; x = p + q", "{x}",
         "x == 40 * r + (h - 40) * r * 1.5", "unit rate; several operations"},
    Tale{3, "v=12..80; t=2..6; w=12..80; u=2..6; !v!=w; a:=v*t; b:=w*u; x:=a+b",
         "[A <mover> goes {v} km per hour for {t} hours and {w} km per hour for the next {u} hours. How far is "
         "that?|For {t} hours a <mover> does {v} km per hour, and for {u} more hours {w} km per hour. How many km is "
         "that <altogether>?]",
         "a = v * t; b = w * u; x = a + b", "{x}", "x - w * u == v * t", "speed; several operations"},
    Tale{3, "v=20..60; w=20..60; t=2..6; !v>w; d:=v-w; x:=d*t",
         "[Two <mover>s start together in the same direction, one at {v} and one at {w} km per hour. How far apart are "
         "they after {t} hours?|A <mover> does {v} km per hour and another {w}. By how many km is the first ahead "
         "after {t} hours?]",
         "Each hour: d = v - w; x = d * t", "{x}", "x == v * t - w * t", "relative speed; speed"},
    Tale{3, "v=20..60; w=20..60; t=2..6; !v!=w; s:=v+w; x:=s*t",
         "[Two <mover>s leave <city> in opposite directions, one at {v} and one at {w} km per hour. How far apart are "
         "they after {t} hours?|{Ann} rides north at {v} km per hour, {Bob} rides south from the same place at {w}. "
         "How many km are between them after {t} hours?]",
         "Each hour: s = v + w; x = s * t", "{x}", "x == v * t + w * t", "relative speed; speed"},
    Tale{3, "v=10..60; t=2..6; d:=v*t; k=1..3; u:=t+k; !d%u==0; w:=d/u; x:=v-w",
         "[A trip of {d} km takes {t} hours by day, but {k} {k:hour/hours} longer by night. By how many km per hour is "
         "the speed lower at night?|On a dry road {d} km take {t} hours, in snow {k} {k:hour/hours} longer. How many "
         "km per hour slower is it in snow?]",
         "By day: v = d / t; u = t + k; By night: w = d / u; x = v - w", "{x}", "x == d / t - d / (t + k)",
         "speed; several operations"},
    Tale{3, "a=4..30; n=2..9; b=2..20; h:=n*b; x:=a*h; w=2..9; c:=w*b; !c!=a",
         "[{n} <workers> lay {h} tiles an hour. How many tiles do {w} <workers> lay in {a} hours?|{n} machines fill "
         "{h} bottles an hour. How many do {w} machines fill in {a} hours?|{n} students stuff {h} envelopes an hour. "
         "How many envelopes do {w} students stuff in {a} hours?]",
         "One in an hour: b = h / n; All in an hour: c = w * b; x = c * a", "{x}", "x / a / w == h / n",
         "direct proportion; unit rate"},
    Tale{3, "w=2..12; d=2..12; t:=w*d; f=2..12; !t%f==0 && f<d; y:=t/f; x:=y-w; !x>0",
         "[{w} <workers> need {d} days for a wall. How many more <workers> are needed to do it in {f} days?|A field is "
         "mown by {w} people in {d} hours. How many extra people are needed to finish in {f} hours?]",
         "All work: t = w * d; Needed: y = t / f; x = y - w", "{x}", "(w + x) * f == w * d", "inverse proportion"},
    Tale{3, "n=2..12; d=2..20; t:=n*d; m=2..12; !t%m==0 && m!=n; x:=t/m",
         "[There is hay for {n} <animals> for {d} days. How many days does it last {m}?|A crew of {n} has food for {d} "
         "days. For how many days would it feed {m}?|A box of snacks lasts {n} hikers {d} days. How long, in days, "
         "does it last {m} hikers?]",
         "For one: t = n * d; x = t / m", "{x}", "x * m == n * d", "inverse proportion"},
    Tale{4, "n=4..12; d=8..30; t:=n*d; g=2..6; !g<d; u:=n*g; r:=t-u; k=1..3; !k<n; m:=n-k; !r%m==0; x:=r/m",
         "A camp of {n} has food for {d} days. After {g} days {k} of them {k:leaves/leave}. How many more days does "
         "the rest of the food last?",
         "All: t = n * d; Eaten: u = n * g; r = t - u; m = n - k; x = r / m", "{x}", "x * (n - k) + n * g == n * d",
         "inverse proportion; several operations"},
    Tale{4, "a=2..20; b=2..40; !a<b && (a*b)%(b-a)==0; d:=b-a; p:=a*b; x:=p/d",
         "[Together two pumps empty a pool in {a} hours. One alone needs {b} hours. How many hours does the other need "
         "alone?|{Ann} and {Bob} clean a hall in {a} hours together. {Ann} alone takes {b} hours. How many hours would "
         "{Bob} take alone?]",
         "> In an hour the other does 1/{a} - 1/{b}; d = b - a; p = a * b; > That is {d}/{p} an hour; x = p / d", "{x}",
         "1 / x == 1 / a - 1 / b", "combined work"},
    Tale{4, "a=2..12; b=2..12; !a!=b; t=1..3; p:=a*b; !t<a; q:=p-t*b; s:=a+b; !q>0 && q%s==0; x:=q/s; g:=t*b",
         "{Ann} can paint a room in {a} hours, {Bob} in {b}. {Ann} works alone for {t} {t:hour/hours}, then {Bob} "
         "joins in. How many more hours does it take?",
         "> Of {a} * {b} parts {Ann} does {b} an hour and {Bob} {a}; p = a * b; Done: g = t * b; q = p - g; s = a + b; "
         "x = q / s",
         "{x}", "(t + x) / a + x / b == 1", "combined work"},
    Tale{4, "k=1..4; t=1..5; u:=t+k; g:=gcd(t,u); m=10..40; v:=t/g*m; w:=u/g*m; !v>=20 && w<=120; d:=v*u",
         "Going at {v} km per hour instead of {w}, a <mover> takes {k} {k:hour/hours} longer for the same trip. How "
         "many km long is it?",
         "> With t hours at {w}: {w}t = {v}(t + {k}); s = v * k; e = w - v; t = s / e; x = w * t", "{x}",
         "x / v - x / w == k", "speed; linear equations"},
    Tale{4, "v=20..60; t=2..5; w=20..80; u=2..5; !v!=w; a:=v*t; b:=w*u; s:=a+b; h:=t+u; !s%h==0; x:=s/h",
         "A <mover> goes {t} hours at {v} km per hour and {u} hours at {w} km per hour. What is the average speed, in "
         "km per hour?",
         "a = v * t; b = w * u; s = a + b; h = t + u; x = s / h", "{x}", "x * (t + u) == v * t + w * u",
         "speed; weighted mean"},
    Tale{5, "t=2..6; e=1..6; u:=t+e; m=1..4; c:=m*e; !c<=12; x:=m*(t+u); d:=(x+c)*t",
         "With a current of {c} km per hour a boat takes {t} hours down the river and {u} hours back. What is its "
         "speed in still water, in km per hour?",
         "> (s + {c}) * {t} = (s - {c}) * {u}; e = u - t; a = u + t; b = a * c; x = b / e", "{x}",
         "(x + c) * t == (x - c) * u", "relative speed; linear equations"},
    Tale{5, "l=50..300; m=50..300; v=5..20; w=5..20; s:=v+w; !v!=w && l!=m; a:=l+m; !a%s==0; x:=a/s",
         "Two trains of {l} m and {m} m meet on parallel tracks at {v} and {w} m a second. How many seconds do they "
         "take to pass each other?",
         "Length: a = l + m; Each second: s = v + w; x = a / s", "{x}", "x * v + x * w == l + m",
         "relative speed; speed"},
    Tale{5, "v=10..30; l=50..250; b=100..600; a:=l+b; !a%v==0; x:=a/v",
         "A train {l} m long goes {v} m a second. How many seconds does it take to cross a bridge of {b} m completely?",
         "Way: a = l + b; x = a / v", "{x}", "x * v - l == b", "speed; several operations"},
};

constexpr std::array shares{
    // percents, parts, ratios, mixtures
    Tale{1, "k=1..19; p:=5*k; j=1..20; a:=20*j",
         "[{p}% of {a} <groups> wear a cap. How many is that?|Out of {a} <fruits>, {p}% are ripe. How many are "
         "ripe?|{Name} {has} ${a} and put{+s} {p}% of it aside. How many dollars is that?|A tank of {a} liters is {p}% "
         "full. How many liters are in it?|{p}% of the {a} seats are taken. How many seats are taken?|Of {a} pages, "
         "{Name} {has} read {p}%. How many pages is that?]",
         "x = p % a", "{x}", "x / a == p / 100", "percent"},
    Tale{1, "q=2..9; u=2..15; a:=q*u; k=1..q-1",
         "[{k}/{q} of {a} <groups> came by bus. How many is that?|A <cook> sold {k}/{q} of {a} <bakeds>. How many were "
         "sold?|Of {a} km, {k}/{q} are done. How many km is that?|{k}/{q} of {Name's} ${a} went for food. How many "
         "dollars is that?]",
         "u = a / q; x = u * k", "{x}", "x * q == a * k", "fraction of a quantity"},
    Tale{2, "k=1..19; p:=5*k; j=1..20; a:=20*j",
         "[{p}% of {a} <groups> wear a cap. How many do not?|Out of {a} <fruits>, {p}% are ripe. How many are not ripe "
         "yet?|A tank of {a} liters is {p}% full. How many liters are missing?|{p}% of the {a} seats are taken. How "
         "many are free?|Of {a} pages, {Name} {has} read {p}%. How many pages are still to read?|A phone bill of ${a} "
         "is {p}% paid. How many dollars are still due?]",
         "s = p % a; x = a - s", "{x}", "x / a == 1 - p / 100", "percent; subtraction"},
    Tale{2, "k=1..19; p:=5*k; j=1..20; a:=20*j; n:=p*j/5; !n>1",
         "[{n} of {a} <groups> wear a cap. What percent is that?|{Name} {has} read {n} of {a} pages. What percent of "
         "the book is that?|Of {a} seats, {n} are taken. How many percent is that?|{Name} got {n} of {a} points. What "
         "is that in percent?|Out of every {a} <fruits>, {n} are sold. What percentage is sold?]",
         "c = n * 100; x = c / a", "{x}\\%", "x * a == 100 * n", "percent"},
    Tale{2, "k=1..19; p:=5*k; j=1..20; a:=20*j; n:=p*j/5; !n>1",
         "[{n} <groups>, which is {p}% of all, wear a cap. How many <groups> are there?|{p}% of the seats are taken: "
         "{n} seats. How many seats are there?|{Name} {has} read {n} pages, {p}% of the book. How many pages has the "
         "book?|{p}% of what {Name} {has} is ${n}. How much {do} {he} have?|A tank is {p}% full with {n} liters in it. "
         "How many liters does it hold?]",
         "c = n * 100; x = c / p", "{x}", "x * p == 100 * n", "percent; inverse operations"},
    Tale{2, "k=1..5; p:=5*k; j=1..20; a:=20*j",
         "[A <dear> costs ${a} before a sales tax of {p}%.|The meal comes to ${a}, and {Name} add{+s} {p}% for the "
         "waiter.|A loan of ${a} has to be paid back with {p}% on top.|The rent of ${a} is raised by {p}%.|The price "
         "of ${a} does not yet include {p}% for shipping.] ?? [What is paid <altogether>?|How much is it then?|What is "
         "the final amount?|How many dollars is that in the end?]",
         "Added: s = p % a; x = a + s", "{x}", "x == a * (1 + p / 100)", "percent; addition"},
    Tale{2, "k=1..18; p:=5*k; j=1..20; a:=20*j",
         "[A <dear> of ${a} is sold at {p}% off.|{p} percent are taken off the price of a <dear>, which was "
         "${a}.|{Name} hold{+s} a {p}% voucher for a <dear> of ${a}.|The tag says ${a}, but the sale knocks {p}% "
         "off.|{Name} pay{+s} ${a} less {p}%.] ?? [What is paid?|What is the sale price?|How much is it now?|How many "
         "dollars is that?]",
         "Off: s = p % a; x = a - s", "{x}", "x == a * (1 - p / 100)", "percent; subtraction"},
    Tale{2, "r=1..12; j=1..20; a:=100*j; t=2..6; i:=r*j; x:=i*t",
         "[${a} earns {r}% simple interest a year. How much interest is that in {t} years?|{Name} lend{+s} ${a} at "
         "{r}% simple interest a year. What is the interest after {t} years?|A bank pays {r}% simple interest on ${a} "
         "each year. How many dollars of interest is that in {t} years?]",
         "A year: i = r % a; x = i * t", "{x}", "x == a * r * t / 100", "simple interest"},
    Tale{2, "a=2..6; b=2..6; !gcd(a,b)==1 && a!=b; k=2..15; p:=a*k; x:=b*k",
         "[For every {a} <groups> with a cap there are {b} without. {p} have a cap. How many have none?|A drink is {a} "
         "parts syrup and {b} parts water. How many cups of water go with {p} cups of syrup?|Red and white beads are "
         "in the ratio {a} to {b}. With {p} red beads, how many are white?|{a} cups of rice need {b} cups of water. "
         "How many cups of water do {p} cups of rice need?]",
         "Times: k = p / a; x = b * k", "{x}", "x * a == p * b", "ratio"},
    Tale{3, "q=2..6; k=1..q-1; u=2..15; a:=q*u; s=2..5; r:=a-u*k; !r%s==0; y:=r/s; x:=r-y; !gcd(k,q)==1",
         "[{Name} {has} {a} <smalls>. {k}/{q} of them go to {Bob}, and 1/{s} of the rest to a neighbor. How many are "
         "left?|Of {a} pages, {Name} read{+s} {k}/{q} on <day> and 1/{s} of the rest the next day. How many pages are "
         "left?|From ${a}, {k}/{q} goes for rent and 1/{s} of what remains for food. How many dollars are left?]",
         "u = a / q; v = u * k; The rest: r = a - v; y = r / s; x = r - y", "{x}", "x == a * (1 - k / q) * (1 - 1 / s)",
         "fraction of a quantity; several operations"},
    Tale{3, "a=2..6; b=2..6; k=2..15; !a!=b && gcd(a,b)==1; d:=a-b; !d>0; e:=d*k; x:=b*k; y:=a*k",
         "[{Ann} and {Bob} split <smalls> {a} to {b}. {Ann} gets {e} more than {Bob}. How many does {Bob} get?|Boys "
         "and girls are in the ratio {a} to {b}, and there are {e} more boys. How many girls are there?|Red and blue "
         "tiles are used {a} to {b}. There are {e} more red ones. How many are blue?]",
         "Parts more: d = a - b; One part: k = e / d; x = b * k", "{x}", "x / b * a - x == e",
         "ratio; several operations"},
    Tale{3, "k=1..15; p:=5*k; j=1..20; a:=20*j; c:=a*p/100; y:=a-c; n=2..5; x:=n*y",
         "[A <dear> costs ${a}. With {p}% off, what do {n} of them cost?|{n} people each get a <dear> of ${a} at {p}% "
         "off. What is paid <altogether>?]",
         "Off one: c = p % a; y = a - c; x = n * y", "{x}", "x == n * a * (1 - p / 100)",
         "percent discount; multiplication"},
    Tale{3, "k=1..12; p:=10*k; a=10..90; !(a*p)%100==0; g:=a*p/100; x:=a+g; n=2..9; y:=n*g",
         "[A shop buys {n} <wears> at ${a} each and sells them with {p}% profit. What is the profit <altogether>?|{n} "
         "<wears> are bought at ${a} each and sold for {p}% more. What is gained?]",
         "On one: g = p % a; y = n * g", "{y}", "x == n * a * p / 100", "profit and loss; percent"},
    Tale{3, "k=1..19; p:=5*k; j=1..20; x:=20*j; c:=x*p/100; a:=x-c",
         "[After {p}% of the <groups> had left, {a} were there. How many were there before?|{Name} spent {p}% of {his} "
         "money and {has} ${a} left. How much did {he} have?|A tank lost {p}% of its water, and {a} liters are left. "
         "How many liters were in it?|A village lost {p}% of its people and has {a} now. How many lived there "
         "before?|With {p}% of the pages read, {a} are still to read. How many pages has the book?]",
         "Percent left: r = 100 - p; d = a * 100; x = d / r", "{x}", "x - x * p / 100 == a", "reverse percentage"},
    Tale{3, "k=1..6; p:=5*k; j=1..20; x:=20*j; c:=x*p/100; a:=x+c",
         "[With {p}% tax, a <dear> costs ${a}. What is the price without tax?|A crowd grew by {p}% to {a}. How large "
         "was it?|Including a tip of {p}%, the bill is ${a}. What was it without the tip?|A wage rose by {p}% and is "
         "now ${a}. What was it?|There are {a} books now, {p}% more than last year. How many were there last year?]",
         "Percent now: r = 100 + p; d = a * 100; x = d / r", "{x}", "x + x * p / 100 == a", "reverse percentage"},
    Tale{3, "a=20..90; b=5..60; n=2..9; m=2..9; !n!=m && a!=b; s:=n*a+m*b; c:=n+m; !s%c==0; x:=s/c",
         "[{n} <groups> have {a} points each and {m} have {b} each. What is the mean?|{n} days had {a} visitors each, "
         "{m} days had {b} each. What is the average per day?|In {n} games {Name} got {a} points each, in {m} games "
         "{b} each. What is the average?]",
         "p = n * a; q = m * b; s = p + q; c = n + m; x = s / c", "{x}", "x * (n + m) == n * a + m * b",
         "weighted mean"},
    Tale{3, "n=3..9; m=10..60; k:=n+1; d=1..9; l:=m+d; s:=n*m; t:=k*l; x:=t-s",
         "[The mean age of {n} people is {m}. When one more joins, it is {l}. How old is the new one?|{n} <bins> weigh "
         "{m} kg on average. With another <bin>, the average is {l} kg. What does the new one weigh?]",
         "Before: s = n * m; k = n + 1; After: t = k * l; x = t - s", "{x}", "(n * m + x) / (n + 1) == l",
         "arithmetic mean; several operations"},
    Tale{
        4, "q=2..5; s=2..5; l=2..40; k:=q*s; d:=k-q-s; !d>0; x:=l*k/d; !(l*k)%d==0; m:=q+s",
        "[1/{q} of the <groups> swim, 1/{s} play chess, and the other {l} do neither. Nobody does both. How many "
        "<groups> are there?|1/{q} of a post is in mud, 1/{s} in water, and {l} feet stick out. How many feet long is "
        "it?|{Name} spent 1/{q} of {his} money on food and 1/{s} of it on rent. ${l} is left. How much did {he} have?]",
        "> Of 1/{q} and 1/{s}, the first is {s}/{k} and the second {q}/{k}; m = q + s; d = k - m; > {d}/{k} is {l}; e "
        "= l * k; x = e / d",
        "{x}", "x - x / q - x / s == l", "adding fractions; linear equations"},
    Tale{4,
         "k=1..9; p:=10*k; l=1..9; r:=10*l; a=100..900; !(a*p)%100==0; s:=a*p/100; b:=a+s; !(b*r)%100==0; t:=b*r/100; "
         "x:=b-t",
         "[A share of ${a} gains {p}% and then loses {r}%. What is it worth?|A shop raises a price of ${a} by {p}% and "
         "later cuts the new price by {r}%. What is the price then?|{a} birds increase by {p}% one year and drop by "
         "{r}% the next. How many are there then?]",
         "Up: s = p % a; b = a + s; Down: t = r % b; x = b - t", "{x}", "x == a * (1 + p / 100) * (1 - r / 100)",
         "successive percent changes"},
    Tale{4,
         "a=2..40; p=5..30; b=2..40; q=35..90; !p<q && a!=b; m=6..60; s:=a+b; u:=a*p+b*q; !u%s==0; x:=u/s; c:=a*p; "
         "d:=b*q",
         "[{a} liters of {p}% juice and {b} liters of {q}% juice go in one jug. How many percent juice is that?|{a} kg "
         "of an alloy with {p}% copper and {b} kg with {q}% are melted together. What percent is copper?]",
         "c = a * p; d = b * q; u = c + d; s = a + b; x = u / s", "{x}\\%", "x * (a + b) == a * p + b * q", "mixtures"},
    Tale{4, "p=5..30; q=p+10..80; r=p+1..q-1; n=2..40; d:=q-r; e:=r-p; !(n*e)%d==0; x:=n*e/d",
         "How many liters of a {q}% solution have to be mixed with {n} liters of a {p}% one to get {r}%?",
         "> Each liter of the strong one is {q} - {r} too much, each of the weak one {r} - {p} too little; d = q - r; "
         "e = r - p; t = n * e; x = t / d",
         "{x}", "x * q + n * p == (x + n) * r", "mixtures; linear equations"},
    Tale{4, "v=10..90; p=10..60; w=1..80; !v>w; s:=v*p; r:=v-w; !s%r==0; x:=s/r; !x<100",
         "From {v} liters of a {p}% salt solution, {w} liters of pure water boil away. How many percent salt is it "
         "then?",
         "In percent liters: s = v * p; r = v - w; x = s / r", "{x}\\%", "x * (v - w) == v * p", "mixtures"},
    Tale{5,
         "a=2..6; b=2..6; c=2..6; d=2..6; !gcd(a,b)==1 && gcd(c,d)==1; k=2..20; x:=a*c*k; y:=b*c*k; z:=b*d*k; "
         "t:=x+y+z; e:=a*c; f:=b*c; g:=b*d; h:=e+f+g",
         "{Ann} and {Bob} have money in the ratio {a}:{b}, {Bob} and the [coach|neighbor] in the ratio {c}:{d}. "
         "<altogether> the three have ${t}. How much does {Bob} have?",
         "> Made to fit at {Bob}: {a} * {c}, {b} * {c}, {b} * {d}; e = a * c; f = b * c; g = b * d; h = e + f + g; One "
         "part: k = t / h; y = f * k",
         "{y}", "x * a / b + x + x * d / c == t", "ratio; several operations"},
    Tale{5, "k=1..8; l=k+1..9; p:=5*k; q:=5*l; n=1..45; m=1..45; a:=20*n; b:=20*m; s:=a+b; i:=n*k+m*l",
         "${s} is put in two accounts, one at {p}% and one at {q}% a year. The interest after a year is ${i}. How much "
         "was put in at {q}%?",
         "> All at {p}%; c = p % s; More: d = i - c; e = q - p; f = d * 100; b = f / e", "{b}",
         "x * q + (s - x) * p == 100 * i", "simple interest; linear equations"},
};

void shop(Maker& m) { tell_tale(m, shopping); }
void share_out(Maker& m) { tell_tale(m, sharing); }
void keep_pace(Maker& m) { tell_tale(m, rates); }
void take_part(Maker& m) { tell_tale(m, shares); }

constexpr std::array tables{TaleTable{"shopping story", shopping}, TaleTable{"sharing story", sharing},
                            TaleTable{"story of rates", rates}, TaleTable{"story of shares", shares}};

const std::array families{
    Family{"shopping story", 1, 4, {}, shop},
    Family{"sharing story", 1, 5, {}, share_out},
    Family{"story of rates", 1, 5, {}, keep_pace},
    Family{"story of shares", 1, 5, {}, take_part},
};

}  // namespace

std::span<const TaleTable> errand_tables() { return tables; }
std::span<const Family> errand_families() { return families; }

}  // namespace holdfast::generators
