// Small situations of daily life that each have a structure of their own: queues and stairs, page numbers, candles,
// full and empty baskets, meters that are read, installments, points of a league, things that happen every few minutes.
#include <array>

#include "training/generators/catalogue.h"
#include "training/generators/tales.h"

namespace holdfast::generators {
namespace {

constexpr std::array daily{
    Tale{1, "n=2..9; a=2..12; x:=n*a",
         "[A light blinks {a} times a minute. How often does it blink in {n} minutes?|A dog eats {a} biscuits a day. "
         "How many biscuits does it eat in {n} days?|Every flight of stairs has {a} steps. {Name} "
         "climb{+s} {n} flights. How many steps is that?|{Name} water{+s} {n} plants with {a} cups each. How many cups "
         "of water {do} {he} use?|A choir sings {a} songs at each of {n} concerts. How many songs does it sing "
         "in all?|{n} neighbors each own {a} hens. How many hens are there?|The bell rings {a} times on each school "
         "day. How often does it ring in {n} school days?]",
         "x = n * a", "{x}", "x / a == n", "multiplication"},
    Tale{1, "b=2..60; x=2..60; a:=b+x",
         "[There were {a} candles on a cake. {Name} blew out {b}. How many are still burning?|A theater has {a} seats. "
         "{b} are sold. How many tickets are left?|{Name} {has} to deliver {a} letters and {has} delivered {b}. How "
         "many "
         "letters remain?|Out of {a} light bulbs {b} are broken. How many work?|A hen house had {a} eggs, of which {b} "
         "hatched. How many did not hatch?|{a} people queue for a bus. {b} get on. How many have to wait?|A puzzle has "
         "{a} "
         "pieces. {Name} {has} placed {b}. How many pieces must still be placed?|{Name} set{+s} out with {a} matches "
         "and strike{+s} {b} of them. How many are unused?]",
         "x = a - b", "{x}", "x + b == a", "subtraction"},
    Tale{1, "a=2..60; b=2..60; x:=a+b",
         "[{a} swallows sit on a roof, and {b} more land beside them. How many swallows are on the roof now?|{Name} "
         "{has} {a} stamps from France and {b} from Japan. How many is that?|A cat had {a} fleas in spring and got {b} "
         "more. How many "
         "fleas did it have then?|{a} cars were parked in a street before {b} others pulled in. How many are parked "
         "there now?|{Name} swam {a} lengths and, after a break, another {b}. How many lengths were that in all?|A "
         "shelf with {a} "
         "cans is filled up with {b} more. How many cans stand on it?|{Bob} lends {Name} {b} books. {Name} already had "
         "{a}. How many books {do} {he} have now?]",
         "x = a + b", "{x}", "x - a == b", "addition"},
    Tale{2, "f=3..30; r=3..30; x:=f+r-1; s:=f+r",
         "[{Ann} is number {f} from the front of a queue and number {r} from the back. How many people are in the "
         "queue?|In a row of desks, {Name's} desk is the {f:o} from the left and the {r:o} from the right. How many "
         "desks are in the row?|A red "
         "car is the {f:o} from the start of a train of cars and the {r:o} from its end. How many cars are there?]",
         "s = f + r; > The one is counted twice; x = s - 1", "{x}", "x - f + 1 == r", "addition; subtraction"},
    Tale{2, "f=3..30; r=3..30; x:=f+r+1; s:=f+r",
         "[There are {f} people in front of {Ann} in a queue and {r} behind {Ann}. How many people are in the "
         "queue?|{Name} stand{+s} in a line. {f} people are before {him} and {r} after {him}. How long is the line, in "
         "people?|To the left of a chair are {f} "
         "chairs, to its right {r}. How many chairs are in the row?]",
         "s = f + r; > And the one itself; x = s + 1", "{x}", "x - f - 1 == r", "addition"},
    Tale{2, "a=2..80; b=a+3..140; d:=b-a; x:=d+1",
         "[{Name} read{+s} from page {a:n} to page {b:n}, both included. How many pages is that?|Rooms {a:n} to {b:n} "
         "of a hotel are being painted. How many rooms is that?|Tickets number {a:n} through number {b:n} are sold. "
         "How many tickets are sold?|How many whole numbers are "
         "there from {a} to {b}, both counted?]",
         "d = b - a; > The first counts too; x = d + 1", "{x}", "a + x - 1 == b", "subtraction; addition"},
    Tale{2, "a=1..6; b=a+1..14; k=8..25; d:=b-a; x:=d*k",
         "[There are {k} steps from each floor to the next. How many steps does {Name} climb from floor {a:n} to floor "
         "{b:n}?|Stops of a bus are {k} hundred meters apart. How many hundred meters is it from stop {a:n} to stop "
         "{b:n}?|Posts stand {k} m from each other. How far is "
         "it from post number {a:n} to post number {b:n}?]",
         "Floors or gaps: d = b - a; x = d * k", "{x}", "x / k + a == b", "subtraction; multiplication"},
    Tale{2, "k=2..5; n=3..12; l:=k*n; x=2..40; a:=l+x",
         "[A candle is {a} cm long. It burns down {k} cm every hour. How long is it after {n} hours?|A tank holds {a} "
         "liters and loses {k} liters a day through a crack. How many liters are left after {n} days?|A roll of {a} m "
         "of paper gets {k} m shorter with each poster. How "
         "many m are left after {n} posters?|A tub of {a} cookies stands in an office, and {k} cookies are eaten every "
         "hour. How many are left after {n} hours?]",
         "Gone: l = k * n; x = a - l", "{x}", "x + k * n == a", "multiplication; subtraction"},
    Tale{2, "k=2..5; n=3..12; l:=k*n; b=2..40; a:=l+b; x:=n",
         "[A candle is {a} cm long and burns down {k} cm every hour. After how many hours is it {b} cm long?|A tank of "
         "{a} liters loses {k} liters a day. In how many days will {b} liters be left?|A tub holds {a} cookies. Every "
         "day {k} are eaten. After how many days are {b} "
         "left?|{Name} weigh{+s} {a} kg and want{+s} to weigh {b} kg. If {he} lose{+s} {k} kg a month, how many months "
         "does it take?]",
         "To go: l = a - b; x = l / k", "{x}", "a - k * x == b", "subtraction; division"},
    Tale{2, "k=2..9; n=3..12; l:=k*n; a=2..40; b:=a+l; x:=n",
         "[A plant is {a} cm high and grows {k} cm a week. After how many weeks is it {b} cm high?|{Name} can do {a} "
         "sit-ups and add{+s} {k} every week. In how many weeks will {he} do {b}?|The water is {a} cm deep and rises "
         "{k} cm an hour. After how many hours is it {b} cm "
         "deep?|A village of {a} houses gets {k} new ones each year. How many years does it take to have {b} houses?]",
         "To come: l = b - a; x = l / k", "{x}", "a + k * x == b", "subtraction; division"},
    Tale{2, "e=2..12; n=3..12; u=2..9; f:=e+n*u; x:=u",
         "[A basket with {n} equal melons weighs {f} kg. The empty basket weighs {e} kg. What does one melon weigh?|A "
         "box of {n} equal books weighs {f} pounds, and the empty box {e} pounds. How many pounds does one book "
         "weigh?|{n} equal bottles in a crate weigh {f} kg with "
         "the crate, which alone weighs {e} kg. What is the weight of a bottle?]",
         "Without the container: s = f - e; x = s / n", "{x}", "e + n * x == f", "subtraction; division"},
    Tale{3, "h=3..40; e=2..20; f:=e+2*h; g:=e+h; d:=f-g; x:=e",
         "[A full jar of honey weighs {f} ounces. Half full, it weighs {g} ounces. What does the empty jar weigh?|A "
         "can full of oil weighs {f} kg; with half of the oil in it, it weighs {g} kg. How heavy is the empty can?]",
         "Half the content: d = f - g; x = g - d", "{x}", "f - x == 2 * (g - x)",
         "subtraction; fraction of a quantity"},
    Tale{2, "a=100..900; d=20..300; b:=a+d; p=2..9; x:=d*p",
         "[The electricity meter showed {a} at the start of the month and {b} at the end. One unit costs ${p}. What is "
         "the bill?|At the pump the counter went from {a} to {b} liters. A liter is ${p}. How many dollars is that?|A "
         "rented car left with {a} miles on its meter and came "
         "back with {b}. Each mile costs ${p}. What is to pay?]",
         "Used: d = b - a; x = d * p", "{x}", "x / p + a == b", "subtraction; multiplication"},
    Tale{2, "a=2..9; b=1..8; n=2..9; !b<a; k:=n-1; p:=k*b; x:=a+p",
         "[Parking costs ${a} for the first hour and ${b} for each further hour. {Name} park{+s} for {n} hours. What "
         "{do} {he} pay?|The first kilometer by taxi is ${a}, every other one ${b}. How much do {n} km cost?|The first "
         "copy costs {a} cents, each one after it {b} {b:cent/cents}. What "
         "do {n} copies cost, in cents?|A phone call costs {a} cents for the first minute and {b} {b:cent/cents} for "
         "each other minute. How many cents is a call of {n} minutes?]",
         "Further ones: k = n - 1; p = k * b; x = a + p", "{x}", "x - a == (n - 1) * b", "multiplication; addition"},
    Tale{3, "a=20..200; n=3..12; m=5..40; t:=n*m; x:=a+t; p=1..60; c:=x-p; !c>0",
         "[A <dear> costs ${c} in cash. On installments one pays ${a} at once and {n} times ${m}. How much more is "
         "that?|{Name} buy{+s} a <dear> by paying ${a} now and ${m} in each of {n} months. The cash price is ${c}. How "
         "much could {he} save by paying cash?]",
         "Installments: t = n * m; All: s = a + t; p = s - c", "{p}", "x + c == a + n * m",
         "money; several operations"},
    Tale{2, "a=20..200; n=3..12; m=5..40; t:=n*m; c:=a+t; x:=m",
         "[A <dear> for ${c} is paid with ${a} at once and the rest in {n} equal monthly parts. How much is one "
         "part?|{Name} owe{+s} ${c}, pay{+s} ${a} today and the remainder in {n} equal installments. How large is "
         "each?|A club must raise ${c}. It has ${a}, and {n} members share the "
         "rest equally. What does each of them pay?]",
         "The rest: t = c - a; x = t / n", "{x}", "a + n * x == c", "subtraction; division"},
    Tale{2, "w=2..15; d=1..9; p:=3*w; x:=p+d",
         "[A team gets 3 points for a win and 1 point for a draw. It won {w} games and drew {d}. How many points does "
         "it have?|In a league a win counts 3 points, a draw 1, a loss 0. After {w} wins and {d} {d:draw/draws}, how "
         "many points does a team have?]",
         "Wins: p = w * 3; x = p + d", "{x}", "x - d == 3 * w", "multiplication; addition"},
    Tale{3, "w=2..15; d=1..9; p:=3*w; t:=p+d; l=0..9; g:=w+d; x:=w",
         "[A team gets 3 points for a win and 1 for a draw. It has {t} points, {d} of them from draws. How many games "
         "did it win?|With 3 points for each win and 1 for each draw, a team that drew {d} {d:time/times} has {t} "
         "points. How often did it win?]",
         "From wins: p = t - d; x = p / 3", "{x}", "3 * x + d == t", "subtraction; division"},
    Tale{2, "e=2..12; m=1..6; k:=m*60/e; !m*60%e==0; x:=k; s:=m*60",
         "[A lamp blinks once every {e} seconds. How many times does it blink in {m} {m:minute/minutes}?|A machine "
         "stamps one part every {e} seconds. How many parts is that in {m} {m:minute/minutes}?|A drop falls from a tap "
         "every {e} seconds. How many drops fall in {m} {m:minute/minutes}?]",
         "Seconds: s = m * 60; x = s / e", "{x}", "x * e == 60 * m", "units of time; division"},
    Tale{2, "e=3..30; h=1..8; !h*60%e==0; x:=h*60/e; s:=h*60",
         "[A bus leaves every {e} minutes. How many buses leave in {h} {h:hour/hours}, if the first one leaves {e} "
         "minutes after the start?|{Name} fold{+s} a shirt every {e} minutes. How many shirts {do} {he} fold in {h} "
         "{h:hour/hours}?|A kettle boils once every {e} minutes. How often does it boil in {h} {h:hour/hours}?]",
         "Minutes: s = h * 60; x = s / e", "{x}", "x * e == 60 * h", "units of time; division"},
    Tale{2, "a=10..60; b=10..60; o=2..9; s:=a+b; x:=s-o",
         "[Two boards of {a} cm and {b} cm are nailed together so that they overlap by {o} cm. How long is the "
         "whole?|Two strips of paper, {a} cm and {b} cm long, are glued with an overlap of {o} cm. What is the total "
         "length?|Two ladders of {a} and {b} feet are tied together with {o} feet of "
         "overlap. How long are they together?]",
         "s = a + b; x = s - o", "{x}", "x + o == a + b", "addition; subtraction"},
    Tale{3, "a=5..40; b=5..40; g=1..6; !a!=b; s:=a+b; p:=2*s; x:=p-g",
         "[A <yard> of {a} m by {b} m is fenced all around except for a gate of {g} m. How many meters of fence are "
         "used?|{Name} put{+s} a border around a bed of {a} feet by {b} feet but leave{+s} a gap of {g} {g:foot/feet}. "
         "How many feet of border {do} {he} need?]",
         "s = a + b; All around: p = s * 2; x = p - g", "{x}", "x + g == 2 * a + 2 * b", "perimeter; subtraction"},
    Tale{2, "t=20..90; n=2..9; h=5..30; p:=n*h; x:=t+p",
         "[{n} boxes, each {h} cm high, stand on top of each other on a table that is {t} cm high. How high above the "
         "floor is the top?|A stool is {t} cm high. {Name} pile{+s} {n} books of {h} cm on it. How high is the top of "
         "the pile?]",
         "Pile: p = n * h; x = t + p", "{x}", "x - t == n * h", "multiplication; addition"},
    Tale{2, "a=2..20; b=2..20; p:=4*a; q:=2*b; x:=p+q",
         "[On a farm are {a} cows and {b} hens. How many legs do they have altogether?|{a} cars and {b} bikes are on a "
         "ferry. How many wheels is that?|How many feet do {a} dogs and {b} children have together?|A room has {a} "
         "tables with four legs and {b} stools with two legs each. How many legs is "
         "that?]",
         "Fours: p = a * 4; Twos: q = b * 2; x = p + q", "{x}", "x - 4 * a == 2 * b", "multiplication; addition"},
    Tale{2, "a=3..30; d=2..30; b:=a+d; x:=d",
         "[{Ann} is {a} and {Bob} is {b}. In how many years will {Ann} be as old as {Bob} is now?|{Bob} is {b} years "
         "old, {Ann} {a}. How many years ago was {Bob} as old as {Ann} is today?]",
         "x = b - a", "{x}", "a + x == b", "ages; subtraction"},
    Tale{2, "l=1..6; h=2..12; x:=l*h",
         "[A clock loses {l} {l:minute/minutes} every hour. It was right at noon. How many minutes slow is it {h} "
         "hours later?|A watch gains {l} {l:second/seconds} an hour. By how many seconds is it wrong after {h} hours?]",
         "x = l * h", "{x}", "x / h == l", "units of time; multiplication"},
    Tale{2, "k=2..9; w=2..9; d:=7*w; x:=k*d",
         "[{Name} eat{+s} {k} dates a day. How many dates does {he} eat in {w} weeks?|A hen house gives {k} eggs a "
         "day. How many eggs is that in {w} weeks?|{Name} take{+s} {k} tablets every day for {w} weeks. How many "
         "tablets is that?|A shop sells {k} radios a day, seven days a week. How many does it sell in {w} "
         "weeks?]",
         "Days: d = w * 7; x = k * d", "{x}", "x / 7 == w * k", "units of time; multiplication"},
    Tale{2, "k=2..9; w=2..9; x:=w; a:=7*k*w; q:=7*k",
         "[A box holds {a} tablets. {Name} take{+s} {k} a day. For how many weeks does the box last?|A family eats {k} "
         "eggs a day. How many weeks do {a} eggs last?|{k} bottles are drunk every day. After how many weeks are {a} "
         "bottles used up?]",
         "A week: q = k * 7; x = a / q", "{x}", "x * 7 * k == a", "units of time; division"},
    Tale{3, "n=2..9; k=10..30; a=2..20; t:=n*k; p:=t-a; g=2..9; !p%g==0; x:=p/g",
         "[{n} classes of {k} pupils go to a camp, but {a} {a:pupil is/pupils are} ill. The others sleep in tents for "
         "{g}. How many tents are filled?|{n} buses bring {k} visitors each. {a} {a:stays/stay} in the cafe, and the "
         "rest forms groups of {g}. How many groups are there?]",
         "All: t = n * k; p = t - a; x = p / g", "{x}", "x * g + a == n * k", "several operations; division"},
    Tale{3, "d=2..9; e=2..9; a=10..60; s:=d+e; !s<a; r:=a-d; x:=r+e",
         "[A bus sets out with {a} people. At the first stop {d} get off and {e} get on. How many people are then on "
         "the bus?|{a} children play in a yard. {d} go home, and {e} new ones come. How many play there then?|A shop "
         "has {a} bikes. It sells {d} and gets {e} new ones. How many bikes does it have?]",
         "r = a - d; x = r + e", "{x}", "x - e + d == a", "subtraction; addition"},
    Tale{3, "a=10..60; b=2..9; c=2..12; d=2..9; e=2..12; !b<a && d<a; p:=a-b; q:=p+c; r:=q-d; x:=r+e; !r>0",
         "[A bus has {a} passengers. At one stop {b} get off and {c} get on, at the next {d} get off and {e} get on. "
         "How many passengers are on it now?|{Name} {has} {a} <smalls>, give{+s} away {b}, win{+s} {c}, lose{+s} {d} "
         "and find{+s} {e}. How many {do} {he} have at the end?]",
         "p = a - b; q = p + c; r = q - d; x = r + e", "{x}", "x == a - b + c - d + e",
         "subtraction; several operations"},
    Tale{3, "p=2..9; q=2..9; !p!=q; k=2..6; a:=p*k; r=2..9; x:=q*k*r; b:=q*k",
         "[{p} plums weigh as much as {q} figs. How many figs weigh as much as {a} plums, and what do they cost at {r} "
         "cents each? Give the cents.|{p} tokens can be traded for {q} cards. {Name} trade{+s} {a} tokens and sell{+s} "
         "the cards at ${r} each. How many dollars {do} {he} get?]",
         "Times: k = a / p; b = q * k; x = b * r", "{x}", "x * p == a * q * r",
         "direct proportion; several operations"},
    Tale{2, "p=2..9; q=2..9; !p!=q; k=2..9; a:=p*k; x:=q*k",
         "[{p} tokens can be traded for {q} cards. How many cards does {Name} get for {a} tokens?|For every {p} "
         "bottles that are returned, a shop gives {q} coupons. How many coupons are given for {a} bottles?|{p} spoons "
         "of powder make {q} cups of cocoa. How many cups do {a} spoons make?|A baker uses {p} eggs for every {q} "
         "buns. How many buns can be made with {a} eggs?]",
         "Times: k = a / p; x = q * k", "{x}", "x * p == a * q", "ratio; direct proportion"},
    Tale{2, "r=2..30; n=2..40; x:=r*n",
         "[One dollar is worth {r} pesos. How many pesos {do} {Name} get for {n} dollars?|For 1 euro one gets {r} "
         "crowns. {Name} change{+s} {n} euros. How many crowns is that?]",
         "x = r * n", "{x}", "x / r == n", "unit rate; multiplication"},
    Tale{2, "r=2..30; x=2..40; n:=r*x",
         "[One dollar is worth {r} pesos. How many dollars {do} {Name} get for {n} pesos?|For 1 euro one gets {r} "
         "crowns. How many euros are {n} crowns?]",
         "x = n / r", "{x}", "x * r == n", "unit rate; division"},
    Tale{3, "m=800..3000; b=100..900; p:=12*m; x:=p+b",
         "[{Name} earn{+s} ${m} a month and a bonus of ${b} at the end of the year. How much {do} {he} earn in the "
         "year?|A company pays ${m} in rent each month and ${b} a year for insurance. What does it pay in a year?]",
         "Months: p = m * 12; x = p + b", "{x}", "x - b == 12 * m", "money; two operations"},
    Tale{3, "a=100..900; b=5..60; d=5..60; n=2..6; !b!=d; g:=n*b; h:=n*d; p:=a+g; x:=p-h; !x>0",
         "[A village has {a} people. Each year {b} babies are born and {d} people move away. How many people live "
         "there after {n} years?|A library owns {a} books. Every month it buys {b} and discards {d}. How many does it "
         "own after {n} months?]",
         "Come: g = n * b; Go: h = n * d; p = a + g; x = p - h", "{x}", "x == a + n * (b - d)",
         "multiplication; several operations"},
    Tale{3, "a=10..60; h:=2*a; b=2..9; q:=3*b; !q<a; w:=h-a; y:=w-b; !y>0",
         "[{Name} bake{+s} {h} <bakeds>. {He} give{+s} half of them to a school and {b} to {his} <relative>. How many "
         "are left?|Of {h} <fruits> in a shop, half are sold in the morning and {b} in the afternoon. How many "
         "remain?|{h} people are at a party. At ten, half of them leave; later {b} more go. How many are still "
         "there?]",
         "Half: a = h / 2; w = h - a; y = w - b", "{y}", "2 * (x + b) == h", "fraction of a quantity; subtraction"},
    Tale{3, "u=2..20; a:=6*u; p:=3*u; q:=u; r:=a-p; s:=r/3; x:=r-s",
         "[{Name} {has} {a} <smalls>. {He} give{+s} half to {Bob} and then a third of the rest to a neighbor. How many "
         "{do} {he} keep?|Half of {a} <bakeds> are sold before noon and a third of the rest after noon. How many are "
         "not sold?|A tank of {a} liters is drained by half and later by a third of what is left. How many liters "
         "remain?]",
         "Half: p = a / 2; r = a - p; A third: s = r / 3; x = r - s", "{x}", "3 * x == a",
         "fraction of a quantity; several operations"},
    Tale{3, "k=3..6; g:=k-1; p=2..12; n=2..6; c:=k*n; y:=n*g; x:=y*p",
         "[\"Buy {g}, get one free\" says a sign. A <snack> costs ${p}. What do {c} <snacks> cost?|For every {g} "
         "tickets bought at ${p}, one more is free. How much does it cost to get {c} tickets?]",
         "Groups: n = c / k; Paid: y = n * g; x = y * p", "{x}", "x * (g + 1) == c * g * p",
         "money; several operations"},
    Tale{3, "n=4..12; a=2..9; b=2..9; p:=n*a; q:=n*b; x:=p+q; !a!=b; c=2..9; y:=x+c",
         "[Each of {n} bags gets {a} apples and {b} nuts. How many apples and nuts are that together?|{n} children "
         "each bring {a} cups and {b} plates. How many cups and plates are there in all?|A team of {n} orders {a} "
         "shirts and {b} caps for everybody. How many pieces are ordered?]",
         "For one: s = a + b; x = n * s", "{x}", "x - n * b == n * a", "multiplication; several operations"},
    Tale{4, "w=2..12; l:=w+1; n=2..6; a=2..15; d=1..9; b:=a+d; p:=n*a; q:=n*b; t:=p+q; s:=2*a+d",
         "[{n} tables and {n} chairs together cost ${t}. A table costs ${d} more than a chair. What does a chair "
         "cost?|{n} adults and {n} children pay ${t} for the boat. An adult pays ${d} more than a child. How much does "
         "a child pay?]",
         "One of both: s = t / n; e = s - d; a = e / 2", "{a}", "n * x + n * (x + d) == t", "linear equations; money"},
    Tale{4, "a=5..40; k=2..4; b:=k*a; g=2..20; !b-g==a+g; s:=a+b",
         "[{Bob} has {k:times} as many <smalls> as {Ann}. When {Bob} gives {g} to {Ann}, both have the same number. "
         "How many did {Ann} have?|One shelf has {k:times} as many books as another. After {g} books are moved from "
         "the first to the second, both have equally many. How many books were on the second shelf?]",
         "> The difference is twice {g}; d = g * 2; e = k - 1; a = d / e", "{a}", "k * x - g == x + g",
         "linear equations; multiplicative comparison"},
    Tale{4, "n=3..12; a=2..9; r=1..8; s=1..8; b:=a+1; !n==r+s; t:=n*a+r",
         "[If every child gets {a} sweets, {r} {r:is/are} left over. If every child is to get {b}, {s} {s:is/are} "
         "missing. How many sweets are there?|With {a} people in each boat, {r} {r:person has/people have} no place. "
         "With {b} in each boat, {s} {s:place is/places are} empty. How many people are there?]",
         "Each gets one more: n = r + s; p = n * a; t = p + r", "{t}", "(x - r) / a == (x + s) / b",
         "linear equations; several operations"},
};

void day_by_day(Maker& m) { tell_tale(m, daily); }

constexpr std::array tables{TaleTable{"story of daily life", daily}};

const std::array families{Family{"story of daily life", 1, 4, {}, day_by_day}};

}  // namespace

std::span<const TaleTable> daily_tables() { return tables; }
std::span<const Family> daily_families() { return families; }

}  // namespace holdfast::generators
