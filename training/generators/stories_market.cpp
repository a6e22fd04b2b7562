// Money as school books tell of it all over the world: buying and change, offers, wages, savings, coins, bills that are
// shared, discounts, taxes, tips, profit and interest.
#include <array>

#include "training/generators/catalogue.h"
#include "training/generators/tales.h"

namespace holdfast::generators {
namespace {

constexpr std::array buying{
    Tale{1, "n=2..12; p=2..15; x:=n*p",
         "[How much do {n} <snacks> cost if each one costs ${p}?|If one <paper> costs ${p}, how much must {Name} pay "
         "for {n}?|The price of a single ticket is ${p}. What is the price of {n} tickets?|{Name} want{+s} {n} "
         "<flowers>. The florist asks ${p} for each of them. How much money {do} {he} need?|A stall sells <toys> "
         "for ${p} apiece and sold {n} of them today. How many dollars did it take in?|{n} friends each put ${p} "
         "into a jar. How many dollars are in the jar?|Parking costs ${p} an hour. {Name} park{+s} for {n} hours. How "
         "much is that?|{Name} save{+s} ${p} every week. How many dollars will {he} have saved after {n} weeks?]",
         "x = n * p", "{x}", "x / p == n", "money; multiplication"},
    Tale{1, "n=2..12; p=2..15; a:=n*p; x:=n",
         "[How many <snacks> at ${p} each can be bought with ${a}?|{Name} {has} ${a}. One <drink> costs ${p}. How many "
         "<drinks> can {he} buy with all {his} money?|A <paper> is priced at ${p}. {Name} spent exactly ${a} on them. "
         "How many did {he} get?|{Name} earn{+s} ${p} an hour. How many hours {do} {he} have to work to earn ${a}?|A "
         "ride costs ${p}. How many rides does ${a} pay for?|A club took in ${a} from tickets sold at ${p} each. How "
         "many tickets were sold?|{Name} put{+s} ${p} aside each week. After how many weeks {do} {he} have ${a}?]",
         "x = a / p", "{x}", "x * p == a", "money; division"},
    Tale{1, "a=3..90; b=2..90; x:=a+b",
         "[{Name} {has} ${a}, and {his} <relative> gives {him} ${b} more. How many dollars {do} {he} have in all?|A "
         "<wear> costs ${a} and a <toy> costs ${b}. How much do the two cost together?|{Name} spent ${a} on food and "
         "${b} on travel. What did {he} spend in total?|On <day> a stall earned ${a}, and the next day it earned "
         "${b}. What were the earnings of both days?|{Name} paid ${a} for a <dear> and another ${b} to have it "
         "delivered. How much was that altogether?|{Name} still owe{+s} ${a} to {Bob} and ${b} to a neighbor. What "
         "is the sum of {his} debts?]",
         "x = a + b", "{x}", "x - b == a", "money; addition"},
    Tale{1, "b=2..60; x=2..60; a:=b+x",
         "[{Name} had ${a} and spent ${b}. How many dollars are left?|Out of ${a}, {Name} pay{+s} ${b} for a <wear>. "
         "How much remains?|There were ${a} in a purse. After lunch, which cost ${b}, how many dollars are in it?|A "
         "<dear> that used to cost ${a} is now ${b} cheaper. What does it cost now?|{Name} owed {Bob} ${a} and {has} "
         "paid back ${b}. How much {do} {he} still owe?|A fund held ${a}. ${b} was taken out of it. What is left in "
         "the fund?]",
         "x = a - b", "{x}", "x + b == a", "money; subtraction"},
    Tale{1, "a=5..80; x=2..60; b:=a+x",
         "[A <wear> costs ${a} in one shop and ${b} in another. What is the difference in price?|How much more "
         "expensive is a <dear> for ${b} than one for ${a}?|{Ann} earned ${b} and {Bob} earned ${a}. How many dollars "
         "more did {Ann} earn?|{Ann} {has} ${a}; {Bob} has ${b}. How many dollars fewer does {Ann} have?|Last year "
         "the fee was ${a}. This year it is ${b}. By how many dollars did it go up?|The rent was lowered from ${b} to "
         "${a}. By how much was it lowered?]",
         "x = b - a", "{x}", "a + x == b", "money; additive comparison"},
    Tale{2, "n=2..9; p=2..12; m=2..30; x:=n*p+m",
         "[{Name} buy{+s} {n} <snacks> at ${p} each and a <wear> for ${m}. How much {do} {he} pay?|A taxi costs ${m} "
         "to start with and ${p} for each kilometer. What is the fare for {n} kilometers?|Entry to a fair is ${m}. "
         "Every ride costs ${p} more. How much does a visit with {n} rides cost?|A gym asks for ${m} once and ${p} "
         "a month. What has a member paid after {n} months?|{Name} {has} ${m} and save{+s} ${p} a week. How many "
         "dollars will {he} have in {n} weeks?|To rent a boat you pay ${p} per hour plus a fixed fee of ${m}. How "
         "much do {n} hours cost?|What is the total for {n} <papers> at ${p} and one <toy> at ${m}?]",
         "c = n * p; x = m + c", "{x}", "x == m + n * p", "money; two operations"},
    Tale{2, "n=2..9; p=2..12; x=1..30; a:=n*p+x",
         "[{Name} had ${a}. {He} bought {n} <snacks> for ${p} each. How much money did {he} have left?|How much change "
         "{do} {he} get when {Name} pay{+s} with ${a} for {n} <papers> costing ${p} each?|{n} tickets at ${p} each "
         "are paid with ${a}. What change is given?|From a budget of ${a}, {n} <toys> are bought at ${p} apiece. How "
         "many dollars are not used?|{Name} {has} ${a} on a card. Each ride takes ${p} off it. How much is on the "
         "card after {n} rides?|A class with ${a} for its trip pays {n} guides ${p} each. What is left over?]",
         "Cost: c = n * p; x = a - c", "{x}", "x + n * p == a", "money; two operations"},
    Tale{2, "n=2..9; x=2..12; m=2..30; a:=n*x+m",
         "[{Name} paid ${a} for a <wear> that cost ${m} and {n} <papers>. Each <paper> cost the same. What was the "
         "price of one <paper>?|A taxi ride cost ${a}: ${m} to start, and the rest for {n} kilometers. What did each "
         "kilometer cost?|{Name} had ${a}. After buying {n} <snacks> at the same price {he} had ${m} left. How much "
         "was each <snack>?|{Name} {has} ${m} and want{+s} to have ${a} in {n} weeks. How much must {he} save each "
         "week?|A phone plan costs ${m} plus the same amount for each of {n} extra services. The bill is ${a}. What "
         "does one service cost?|{n} tickets and a program for ${m} came to ${a}. How much was a ticket?]",
         "Without the ${m}: s = a - m; x = s / n", "{x}", "x * n + m == a", "money; two operations"},
    Tale{2, "n=2..12; p=2..12; m=2..30; a:=n*p+m; x:=n",
         "[A taxi costs ${m} plus ${p} per kilometer. How many kilometers can {Name} ride for ${a}?|A club charges a "
         "joining fee of ${m} and ${p} a month. A member has paid ${a} so far. For how many months was that?|{Name} "
         "{has} ${m} and save{+s} ${p} each week. After how many weeks will {he} have ${a}?|{Name} spent ${a}: ${m} "
         "for a <wear> and the rest on <snacks> at ${p} each. How many <snacks> did {he} buy?|The repair cost ${a}. "
         "Parts were ${m}, and the work was ${p} per hour. How many hours did it take?|{Name} had ${a}. {He} bought "
         "<flowers> for ${p} each until ${m} was left. How many did {he} buy?]",
         "Without the ${m}: s = a - m; x = s / p", "{x}", "m + x * p == a", "money; two operations"},
    Tale{2, "n=2..8; a=2..15; b=2..15; x:=n*a+n*b; !a!=b",
         "[A family of {n} goes to the cinema. Each ticket is ${a} and each <snack> ${b}. Everyone has one of both. "
         "How much do they spend?|{n} <groups> each need a ticket for ${a} and a lunch for ${b}. What does it cost "
         "for all of them?|{Name} buy{+s} {n} pens at ${a} each and {n} notebooks at ${b} each. How much {do} {he} "
         "pay in all?|A set is a cup for ${a} and a plate for ${b}. How much are {n} sets?]",
         "One of each: s = a + b; x = n * s", "{x}", "x - n * a == n * b", "money; two operations"},
    Tale{2, "d=1..20; p=3..40; q:=p+d; x:=p+q",
         "[A <wear> costs ${p}. A <toy> costs ${d} more than the <wear>. How much do they cost together?|{Ann} spent "
         "${p}, and {Bob} spent ${d} more than {Ann}. How much did they spend in all?|On <day> a shop took in ${p}. "
         "The next day it took in ${d} more. What did it take in on both days?|{Ann} saved ${p}. {Bob} saved ${d} "
         "more than that. What have they saved together?]",
         "The second: q = p + d; x = p + q", "{x}", "x - p - d == p", "money; additive comparison"},
    Tale{2, "d=1..20; q=2..40; p:=q+d; x:=p+q",
         "[A <wear> costs ${p}. A <toy> is ${d} cheaper. How much are both together?|{Ann} earned ${p}. {Bob} earned "
         "${d} less. How many dollars did the two earn?|One ticket costs ${p} for adults and ${d} less for children. "
         "What do one adult and one child pay?|{Ann} gave ${p}, and {Bob} gave ${d} less than {Ann} did. How much did "
         "they give together?]",
         "The second: q = p - d; x = p + q", "{x}", "x + d == p + p", "money; additive comparison"},
    Tale{2, "k=2..6; p=2..20; q:=k*p; x:=p+q",
         "[A <drink> costs ${p}, and a <dear> costs {k:times} as much. What do the two cost together?|{Ann} saved "
         "${p}. {Bob} saved {k:times} as much as {Ann}. How much money did they save in all?|A child ticket is ${p}; "
         "an adult ticket is {k:times} as much. How much do a child and an adult pay?|The first prize is {k:times} "
         "the second prize, which is ${p}. What is the value of both prizes?]",
         "The larger: q = k * p; x = p + q", "{x}", "x / p == k + 1", "money; multiplicative comparison"},
    Tale{2, "h=2..40; a:=2*h; b=1..h-1; x:=h-b",
         "[{Name} had ${a}. {He} spent half of it on a <dear> and then ${b} on a <snack>. How much {do} {he} have "
         "left?|Half of ${a} goes to {Bob}. Of the other half, {Name} spend{+s} ${b}. What remains?|{Name} gave half "
         "of {his} ${a} to {his} <relative> and paid ${b} for a book. How many dollars were left?]",
         "Half: h = a / 2; x = h - b", "{x}", "2 * x + 2 * b == a", "money; fraction of a quantity"},
    Tale{2, "n=2..6; u=2..9; m=2..12; a:=n*u; x:=m*u; !m!=n",
         "[{n} <fruits> cost ${a}. How much do {m} <fruits> cost at the same price?|If {n} tickets cost ${a}, how much "
         "will {m} tickets cost?|{Name} paid ${a} for {n} <papers>. What would {m} of them have cost?|For {n} hours of "
         "work {Name} {is} paid ${a}. How much {is} {he} paid for {m} hours?|{n} kg of rice cost ${a}. Find the price "
         "of {m} kg.|A printer makes {n} posters for ${a}. At this rate, how much are {m} posters?]",
         "One: u = a / n; x = u * m", "{x}", "x / m == a / n", "direct proportion; money"},
    Tale{2, "a=3..30; b=2..20; c=2..20; x:=a+b+c",
         "[{Name} bought a <wear> for ${a}, a <toy> for ${b} and a <snack> for ${c}. How much did {he} spend in "
         "all?|The bill lists three items: ${a}, ${b} and ${c}. What is the total of the bill?|A trip costs ${a} for "
         "the bus, ${b} for the museum and ${c} for food. How many dollars is that for one person?|What did {Name} "
         "earn this week, with ${a} on <day>, ${b} the day after and ${c} at the weekend?]",
         "x = a + b + c", "{x}", "x - a - b == c", "money; addition"},
    Tale{2, "n=2..9; m=2..9; !n!=m; x:=25*n+10*m",
         "[{Name} {has} {n} quarters and {m} dimes. How many cents is that?|A jar holds {m} dimes and {n} quarters. "
         "What is it worth, in cents?|How many cents are {n} quarters and {m} dimes together?]",
         "Quarters: p = n * 25; Dimes: q = m * 10; x = p + q", "{x}", "x - 10 * m == 25 * n",
         "coins and change; two operations"},
    Tale{2, "n=2..12; m=2..12; !n!=m; x:=5*n+20*m",
         "[{Name} {has} {n} bills of $5 and {m} bills of $20. How much money is that?|There are {m} "
         "notes of $20 and {n} notes of $5 in a drawer. How many dollars are in it?|{Name} pay{+s} with {n} fives and "
         "{m} twenties. How many dollars {do} {he} pay?]",
         "Fives: p = n * 5; Twenties: q = m * 20; x = p + q", "{x}", "(x - 20 * m) / 5 == n", "money; two operations"},
    Tale{2, "n=3..20; p=2..9; q=p+1..20; d:=q-p; x:=n*d",
         "[A stall buys <fruits> for ${p} each and sells them for ${q} each. How much profit does it make on {n} of "
         "them?|{Name} buy{+s} {n} <wears> at ${p} each and sell{+s} them for ${q} each. What is {his} profit?|Each "
         "<baked> costs ${p} to make and sells for ${q}. What is earned when {n} are sold?|{Name} bought {n} tickets "
         "for ${p} each and sold all of them at ${q}. How many dollars did {he} gain?]",
         "On one: d = q - p; x = n * d", "{x}", "x == n * q - n * p", "profit and loss; two operations"},
    Tale{2, "n=2..12; r=8..30; x:=n*r; m=2..6; y:=x*m",
         "[{Name} work{+s} {n} hours a day and {is} paid ${r} an hour. How much {do} {he} earn in {m} days?|A <worker> "
         "gets ${r} for each hour. How much is that for {m} days of {n} hours?|At ${r} per hour, what does a job of "
         "{m} days with {n} hours a day cost?]",
         "A day: x = n * r; y = x * m", "{y}", "x / m / n == r", "money; two operations"},
    Tale{3, "n=2..9; p=2..12; m=2..9; q=2..12; x=1..30; !n!=m && p!=q; a:=n*p+m*q+x",
         "[{Name} had ${a}. {He} bought {n} <snacks> at ${p} each and {m} <drinks> at ${q} each. How much was "
         "left?|How much change will {Name} get from ${a} for {n} <papers> at ${p} and {m} <toys> at ${q}?|A club has "
         "${a}. It pays for {n} balls at ${p} each and {m} nets at ${q} each. What is left in the club's "
         "purse?|{Name} {has} ${a} to spend. If {he} buy{+s} {n} <fruits> for ${p} each and {m} <vegetables> for ${q} "
         "each, how many dollars will {he} have left?]",
         "First: c = n * p; Second: d = m * q; Cost: s = c + d; x = a - s", "{x}", "a - x == n * p + m * q",
         "money; several operations"},
    Tale{3, "n=2..9; p=2..20; m=2..9; q=2..20; !p!=q && n!=m; x:=n*p+m*q",
         "[Adult tickets cost ${p} and child tickets ${q}. A group of {n} adults and {m} children visits the zoo. How "
         "much do the tickets cost?|{n} large pizzas at ${p} and {m} small ones at ${q} are ordered. What is the "
         "bill?|{Name} work{+s} {n} hours at ${p} an hour and {m} hours at ${q} an hour. What {is} {he} paid?|A farmer "
         "sold {n} sacks of potatoes for ${p} each and {m} sacks of onions for ${q} each. How much money did the "
         "farmer get?]",
         "c = n * p; d = m * q; x = c + d", "{x}", "x - m * q == n * p", "money; several operations"},
    Tale{3, "n=2..9; p=3..20; m=2..9; q=2..20; !n!=m && p!=q; c:=n*p; d:=m*q; x:=c-d; !x>0",
         "[{n} <wears> at ${p} each cost more than {m} <toys> at ${q} each. How much more?|{Ann} buys {n} <wears> for "
         "${p} each, {Bob} buys {m} <toys> for ${q} each. How much more does {Ann} spend?|{Ann} earned ${p} a day for "
         "{n} days. {Bob} earned ${q} a day for {m} days. By how many dollars did {Ann} earn more?]",
         "First: c = n * p; Second: d = m * q; x = c - d", "{x}", "x + m * q == n * p", "money; several operations"},
    Tale{3, "n=3..12; p=2..9; m=1..n-1; q=1..p-1; k:=n-m; x:=m*p+k*q",
         "[{Name} bought {n} <papers>. {m} of them cost ${p} each, and the others cost ${q} each. What did {he} pay in "
         "all?|Of {n} tickets, {m} were sold at ${p} and the rest at ${q}. How much money came in?|A group of {n} "
         "people pays an entry fee. {m} {m:adult pays/adults pay} ${p} each, and everybody else pays ${q}. How much "
         "is that?]",
         "Others: k = n - m; c = m * p; d = k * q; x = c + d", "{x}", "x == n * q + m * (p - q)",
         "money; several operations"},
    Tale{3, "n=2..6; p=3..20; m=2..40; a=2..8; t:=n*p+m; !t%a==0; x:=t/a",
         "[{a} friends share the cost of {n} pizzas at ${p} each and drinks for ${m} equally. How much does each "
         "pay?|A present made of {n} books for ${p} each and a toy for ${m} is paid by {a} cousins in equal shares. "
         "What is the share of one?|The bill is for {n} meals at ${p} and a dessert plate at ${m}. {a} people split "
         "it evenly. How many dollars does each person pay?]",
         "c = n * p; All: t = c + m; x = t / a", "{x}", "x * a - m == n * p", "money; several operations"},
    Tale{3, "w=2..12; s=3..20; g=2..60; a=10..90; p:=a+w*s+g; x:=w",
         "[{Name} want{+s} a <dear> for ${p}. {He} {has} ${a}, and {his} <relative> gives {him} ${g}. {He} can save "
         "${s} a week. In how many weeks can {he} buy it?|A <dear> costs ${p}. {Name} {has} saved ${a} and got ${g} "
         "for {his} birthday. If {he} earn{+s} ${s} each week, how many weeks does it take until {he} {has} enough?]",
         "So far: h = a + g; Missing: m = p - h; x = m / s", "{x}", "a + g + x * s == p", "money; several operations"},
    Tale{3, "n=2..9; p=2..12; m=1..6; q=2..9; c:=n*p; d:=m*q; x:=c-d; !x>0",
         "[{Name} earn{+s} ${p} for each lawn {he} mow{+s}. {He} mowed {n} lawns and then bought {m} {m:snack/snacks} "
         "for ${q} each. How much {do} {he} still have?|A stand sold {n} cups of lemonade at ${p} each. The lemons "
         "cost ${q} a bag, and {m} {m:bag was/bags were} needed. What profit was made?|A game gives ${p} for each win "
         "and takes ${q} for each loss. What {do} {he} have at the end if {Name} win{+s} {n} times and lose{+s} {m} "
         "{m:time/times}?]",
         "Comes in: c = n * p; Goes out: d = m * q; x = c - d", "{x}", "x + m * q == n * p",
         "money; several operations"},
    Tale{3, "n=2..6; u=2..8; a:=n*u; k=2..6; v=2..8; b:=k*v; !n!=k && u!=v; m=2..9; l=2..9; x:=m*u+l*v",
         "[{n} <fruits> cost ${a}, and {k} <vegetables> cost ${b}. What do {m} <fruits> and {l} <vegetables> cost?|For "
         "{n} pens {Name} paid ${a} and for {k} folders ${b}. At these prices, how much are {m} pens and {l} folders?]",
         "First: u = a / n; Second: v = b / k; p = m * u; q = l * v; x = p + q", "{x}", "x == m * a / n + l * b / k",
         "unit rate; several operations"},
    Tale{3, "a=20..90; b=10..80; c=5..60; s:=b+c; !s<2*a && s!=a; p=200..900; x:=p-a-s; !x>0",
         "[From a monthly pay of ${p}, {Name} give{+s} ${a} for food, ${b} for the bus and ${c} for clothes. How much "
         "can {he} save?|A family has ${p} for a trip. The hotel costs ${a}, the train ${b} and the "
         "meals ${c}. How many dollars are left?|A school fund of ${p} pays for balls (${a}), books (${b}) and paint "
         "(${c}). What remains in the fund?]",
         "Spent: t = a + b + c; x = p - t", "{x}", "p - x == a + b + c", "budgeting; several operations"},
    Tale{
        3, "r=8..30; h=30..40; o=2..10; q:=2*r; c:=r*h; d:=o*q; x:=c+d",
        "[{Name} {is} paid ${r} an hour for the first {h} hours of the week and twice as much for each hour above "
        "that. This week {he} worked {h} hours and {o} hours of overtime. What {is} {he} paid?|The normal wage is ${r} "
        "per hour. Overtime is paid double. How much does somebody earn with {h} normal hours and {o} hours of "
        "overtime?]",
        "Normal: c = r * h; Overtime wage: q = r * 2; Overtime: d = o * q; x = c + d", "{x}", "x == r * (h + 2 * o)",
        "money; several operations"},
    Tale{3, "f=3..40; r=2..9; g=2..30; t=2..9; !r<t; e:=t-r; !(f-g)%e==0 && f>g; x:=(f-g)/e",
         "[One phone plan costs ${f} plus ${r} per hour, another ${g} plus ${t} per hour. For how many hours do both "
         "cost the same?|Firm A rents bikes for a fee of ${f} and ${r} an hour, firm B for ${g} and ${t} an hour. "
         "After how many hours is the price equal?|{Ann} has ${f} and saves ${r} a week. {Bob} has ${g} and saves ${t} "
         "a week. After how many weeks do they have the same amount?]",
         "Behind at first: d = f - g; Nearer each time: e = t - r; x = d / e", "{x}", "f + r * x == g + t * x",
         "money; linear equations"},
    Tale{
        4, "x=2..15; y=2..15; !x!=y; n=2..5; m=2..5; a:=n*x+m*y; b:=x+y; !n>m; c:=m*b; d:=a-c; e:=n-m",
        "[{n} <snacks> and {m} <drinks> cost ${a}. One <snack> and one <drink> together cost ${b}. What does a <snack> "
        "cost?|A pen and a notebook cost ${b} together; {n} pens and {m} notebooks cost ${a}. How much is a pen?|An "
        "adult and a child pay ${b}. {n} adults and {m} children pay ${a}. How much does an adult pay?]",
        "{m} of both: c = m * b; d = a - c; e = n - m; x = d / e", "{x}", "n * x + m * (b - x) == a",
        "systems of linear equations; money"},
    Tale{4, "x=2..15; y=2..15; !x!=y; n=3..12; k=1..n-1; a=5..12; c=1..4; m:=n-k; t:=a*k+c*m; d:=a-c",
         "[{Name} {has} {n} coins, some worth {a} cents and some worth {c} {c:cent/cents}. Together they are worth {t} "
         "cents. "
         "How many {a}-cent coins {do} {he} have?|A seller sold {n} cards, the large ones for ${a} and the small ones "
         "for ${c}, and took in ${t}. How many large ones were sold?]",
         "> If all were of the cheaper kind; e = n * c; More: f = t - e; d = a - c; k = f / d", "{k}",
         "a * x + c * (n - x) == t", "linear equations; money"},
    Tale{4, "y=3..40; d=2..30; x:=y+d; t:=x+y; n=2..4; z:=n*x",
         "[A <dear> and a <toy> cost ${t} together. The <dear> costs ${d} more than the <toy>. What do {n} <dears> "
         "cost?|Together a lamp and a shade are ${t}. The lamp is ${d} more than the shade. How much are {n} lamps?]",
         "Twice the dearer: p = t + d; x = p / 2; z = n * x", "{z}", "2 * x / n - d == t", "linear equations; money"},
};

constexpr std::array trade{
    // percent in shops and banks
    Tale{1, "k=1..19; p:=5*k; j=1..20; a:=20*j",
         "[What is {p}% of ${a}?|A deposit of {p}% is asked for a <dear> that costs ${a}. How many dollars is the "
         "deposit?|{Name} give{+s} {p}% of {his} ${a} to charity. How much {do} {he} give?|A seller gets {p}% of every "
         "sale. What does the seller get on a sale of ${a}?|How large is a {p}% discount on a price of ${a}, in "
         "dollars?|The tip is {p}% of a bill of ${a}. How much is the tip?|Of ${a} in wages, {p}% is withheld as tax. "
         "How many dollars are withheld?]",
         "x = p % a", "{x}", "100 * x == p * a", "percent"},
    Tale{2, "k=1..18; p:=5*k; j=1..20; a:=20*j",
         "[A <wear> normally costs ${a}. During a sale its price is reduced by {p}%. What is the sale price?|In a "
         "clearance everything is {p} percent off. How much do you pay for a <dear> marked ${a}?|{Name} {has} a coupon "
         "for {p}% off. What {do} {he} pay for goods worth ${a}?|Find the price after a discount of {p}% on "
         "${a}.|How much does a ${a} <dear> cost after {p}% is taken off?|{p}% of {Name's} pay of ${a} goes to "
         "tax. How much {do} {he} take home?|A used <dear> has lost {p}% of its value of ${a}. What is it worth now?]",
         "Off: s = p % a; x = a - s", "{x}", "100 * x == a * (100 - p)", "percent discount; subtraction"},
    Tale{2, "k=1..12; p:=5*k; j=1..20; a:=20*j",
         "[The price of a <dear> was ${a}. It has gone up by {p}%. What is the new price?|{Name} earn{+s} ${a} a week "
         "and get{+s} a raise of {p}%. What {is} {his} new weekly pay?|A dealer buys a <dear> for ${a} and adds {p}% "
         "to get the selling price. What is the selling price?|Dinner costs ${a}. With a {p}% tip, how much is paid in "
         "all?|Sales tax is {p}%. What does a <wear> with a price of ${a} cost with tax?|Rent of ${a} increases by "
         "{p} percent. Find the new rent.]",
         "Added: s = p % a; x = a + s", "{x}", "100 * x == a * (100 + p)", "percent; addition"},
    Tale{2, "k=1..19; p:=5*k; j=1..20; a:=20*j; n:=p*j/5; !n>1",
         "[A <dear> that cost ${a} is sold for ${n} less. By what percent is it reduced?|{Name} earned ${a} and spent "
         "${n} of it. What percentage of {his} earnings did {he} spend?|On a bill of ${a} the tip was ${n}. What "
         "percent of the bill is that?|Of ${a} collected, ${n} went to the school. What percent went to the school?|A "
         "fee of ${n} is taken from every ${a}. What percent is the fee?]",
         "c = n * 100; x = c / a", "{x}\\%", "x * a == 100 * n", "percent"},
    Tale{2, "r=2..10; j=2..30; a:=100*j; t=2..8; i:=r*j; x:=i*t",
         "[{Name} put{+s} ${a} in the bank at a simple interest rate of {r}% per year. How much interest {do} {he} get "
         "after {t} years?|What is the simple interest on ${a} at {r}% a year for {t} years?|A loan of ${a} has simple "
         "interest of {r}% a year. How much interest is due for {t} years?|Find the interest that ${a} earns in {t} "
         "years at {r}% simple interest.]",
         "A year: i = r % a; x = i * t", "{x}", "100 * x == a * r * t", "simple interest"},
    Tale{3, "r=2..10; j=2..30; a:=100*j; t=2..8; i:=r*j; q:=i*t; x:=a+q",
         "[{Name} borrow{+s} ${a} at {r}% simple interest a year and pay{+s} everything back after {t} years. How much "
         "{do} {he} pay back?|${a} is invested at {r}% simple interest per year. What is it worth after {t} "
         "years?|What is the balance after {t} years if ${a} earns simple interest of {r}% a year?]",
         "A year: i = r % a; Interest: q = i * t; x = a + q", "{x}", "100 * (x - a) == a * r * t", "simple interest"},
    Tale{3, "k=1..10; p:=5*k; j=2..20; a:=20*j; n=2..6; s:=a*p/100; y:=a-s; x:=n*y",
         "[A <wear> is marked ${a}, with {p}% off. How much do {n} of them cost?|{Name} buy{+s} {n} tickets, normally "
         "${a} each, and get{+s} {p}% off the whole order. What {do} {he} pay?|{n} chairs at ${a} each are sold with a "
         "discount of {p}%. What is the total price?]",
         "Off one: s = p % a; y = a - s; x = n * y", "{x}", "100 * x == n * a * (100 - p)",
         "percent discount; multiplication"},
    Tale{3, "k=1..10; p:=5*k; j=2..20; a:=20*j; s:=a*p/100; y:=a-s; x=1..40; b:=y+x",
         "[A <dear> costs ${a}, but it is {p}% off today. {Name} pay{+s} with ${b}. How much change {do} {he} "
         "get?|{Name} {has} ${b}. {He} buy{+s} a <wear> that costs ${a} with a discount of {p}%. How many dollars {do} "
         "{he} have left?]",
         "Off: s = p % a; Price: y = a - s; x = b - y", "{x}", "100 * (b - x) == a * (100 - p)",
         "percent discount; coins and change"},
    Tale{3, "k=1..10; p:=5*k; j=2..20; a:=20*j; s:=a*p/100; y:=a-s; n=2..6; !y%n==0; x:=y/n",
         "[{n} friends buy a <dear> for ${a} together. They get {p}% off and share what is left to pay equally. How "
         "much does each friend pay?|After {p}% off a bill of ${a}, {n} people pay equal shares. What is one share?]",
         "Off: s = p % a; To pay: y = a - s; x = y / n", "{x}", "100 * x * n == a * (100 - p)",
         "percent discount; division"},
    Tale{3, "k=1..16; p:=5*k; j=1..20; x:=20*j; c:=x*p/100; a:=x-c",
         "[A <wear> costs ${a} after a reduction of {p}%. What was its original price?|In a sale with {p}% off, "
         "{Name} paid ${a} for a <dear>. How much did it cost before the sale?|After {p}% tax is taken off, {Name} "
         "{has} ${a} left of {his} pay. What {is} {his} pay before tax?|{Name} spent {p}% of {his} savings and {has} "
         "${a} left. How much were {his} savings?]",
         "Percent left: r = 100 - p; d = a * 100; x = d / r", "{x}", "x * (100 - p) == 100 * a", "reverse percentage"},
    Tale{3, "k=1..12; p:=5*k; j=1..20; x:=20*j; c:=x*p/100; a:=x+c",
         "[After a rise of {p}% a <dear> costs ${a}. What did it cost before?|A price that includes {p}% tax is ${a}. "
         "How much is it without the tax?|{Name} sold a <dear> for ${a} and made a profit of {p}%. What had {he} paid "
         "for it?|With a {p}% tip, the bill came to ${a}. How much was the bill before the tip?|After a {p}% raise "
         "{Name} earn{+s} ${a} a week. What was {his} pay before the raise?]",
         "Percent now: r = 100 + p; d = a * 100; x = d / r", "{x}", "x * (100 + p) == 100 * a", "reverse percentage"},
    Tale{
        3, "k=1..30; p:=5*k; j=1..20; a:=20*j; d:=a*p/100; b:=a+d",
        "[{Name} bought a <dear> for ${a} and sold it for ${b}. What was {his} profit in percent?|The price of a "
        "<dear> rose from ${a} to ${b}. By what percent did it rise?|{Name's} pay went from ${a} to ${b}. What percent "
        "increase is that?|A share bought at ${a} is now worth ${b}. Find the percent gain.]",
        "Rise: d = b - a; c = d * 100; x = c / a", "{x}\\%", "x * a == 100 * (b - a)", "percent change"},
    Tale{3, "k=1..18; p:=5*k; j=1..20; a:=20*j; d:=a*p/100; b:=a-d",
         "[A <dear> was bought for ${a} and sold for ${b}. What was the loss in percent?|The price of a <dear> dropped "
         "from ${a} to ${b}. What percent decrease is that?|A <wear> is reduced from ${a} to ${b}. What is the percent "
         "discount?|By what percent has a bill shrunk that was ${a} and is now ${b}?]",
         "Fall: d = a - b; c = d * 100; x = c / a", "{x}\\%", "x * a == 100 * (a - b)", "percent change"},
    Tale{4,
         "k=1..8; p:=10*k; l=1..8; q:=10*l; a=50..900; !(a*p)%100==0; s:=a*p/100; b:=a-s; !(b*q)%100==0; t:=b*q/100; "
         "x:=b-t",
         "[A <dear> for ${a} is reduced by {p}%. A week later the new price is reduced by another {q}%. What does it "
         "cost then?|First {p}% and then a further {q}% is taken off a price of ${a}. What is the final price?|{Name} "
         "{has} ${a}. {He} spend{+s} {p}% of it on rent and {q}% of the rest on food. How much is left?]",
         "First: s = p % a; b = a - s; Second: t = q % b; x = b - t", "{x}", "10000 * x == a * (100 - p) * (100 - q)",
         "successive percent changes"},
    Tale{
        4,
        "k=1..10; p:=10*k; l=1..9; q:=10*l; a=50..900; !(a*p)%100==0; s:=a*p/100; b:=a+s; !(b*q)%100==0; t:=b*q/100; "
        "x:=b-t",
        "[A shop marks a <dear> that cost it ${a} up by {p}% and then gives {q}% off the marked price. For how much is "
        "it sold?|A price of ${a} goes up by {p}% and afterwards down by {q}%. What is it in the end?|{Name's} shares "
        "of ${a} gained {p}% one year and lost {q}% the next. What are they worth?]",
        "Up: s = p % a; b = a + s; Down: t = q % b; x = b - t", "{x}", "10000 * x == a * (100 + p) * (100 - q)",
        "successive percent changes"},
    Tale{
        4,
        "k=1..9; p:=10*k; l=1..4; q:=5*l; a=20..600; !(a*p)%100==0; s:=a*p/100; b:=a-s; !(b*q)%100==0; t:=b*q/100; "
        "x:=b+t",
        "[A <dear> costs ${a}. {Name} get{+s} a discount of {p}%, and then {q}% sales tax is added. How much {do} {he} "
        "pay?|What is the final price of a ${a} <wear> after {p}% off and {q}% tax on the reduced price?|The list "
        "price is ${a}. Take off {p}%, then add {q}% tax. What is the total?]",
        "Off: s = p % a; b = a - s; Tax: t = q % b; x = b + t", "{x}", "10000 * x == a * (100 - p) * (100 + q)",
        "percent discount; sales tax and tip"},
    Tale{4,
         "k=1..9; p:=10*k; n=3..20; a=4..40; c:=n*a; !(a*p)%100==0; g:=a*p/100; b:=a+g; m=1..4; !m<n; l:=n-m; "
         "e:=l*b; x:=e-c; !x>0",
         "[A seller buys {n} <wears> at ${a} each. {m} {m:is/are} spoiled, and the others are sold for {p}% more than "
         "they "
         "cost. What is the profit?|{n} crates of fruit cost ${a} each. {m} {m:goes/go} bad; the rest are sold with a "
         "{p}% "
         "markup each. How many dollars are gained in the end?]",
         "Cost: c = n * a; Markup: g = p % a; b = a + g; Sold: l = n - m; e = l * b; x = e - c", "{x}",
         "100 * (x + n * a) == (n - m) * a * (100 + p)", "profit and loss; several operations"},
    Tale{4, "r=2..12; s=2..12; !r!=s; j=2..20; k=2..20; a:=100*j; b:=100*k; p:=r*j; q:=s*k; x:=p+q",
         "[{Name} put{+s} ${a} in a bank at {r}% a year and ${b} in another at {s}%. How much interest {do} {he} get "
         "in one year?|${a} earns {r}% a year and ${b} earns {s}% a year. What do they earn together in a year?]",
         "First: p = r % a; Second: q = s % b; x = p + q", "{x}", "100 * x == a * r + b * s",
         "simple interest; several operations"},
};

void buy(Maker& m) { tell_tale(m, buying); }
void trade_with(Maker& m) { tell_tale(m, trade); }

constexpr std::array tables{TaleTable{"market story", buying}, TaleTable{"story of trade", trade}};

const std::array families{
    Family{"market story", 1, 4, {}, buy},
    Family{"story of trade", 1, 4, {}, trade_with},
};

}  // namespace

std::span<const TaleTable> market_tables() { return tables; }
std::span<const Family> market_families() { return families; }

}  // namespace holdfast::generators
