// On the way and at work: distances, speeds, fuel, journeys there and back, meeting and catching up, machines and
// workers, time tables, temperatures, heights, calendars and clocks.
#include <array>

#include "training/generators/catalogue.h"
#include "training/generators/tales.h"

namespace holdfast::generators {
namespace {

constexpr std::array journeys{
    Tale{1, "v=5..90; t=2..9; x:=v*t",
         "[A <mover> travels at {v} km per hour. How far does it go in {t} hours?|{Name} ride{+s} {t} hours at a speed "
         "of {v} km/h. What distance {do} {he} cover?|How many kilometers does a <mover> drive in {t} hours if its "
         "speed is {v} kilometers per hour?|Moving at a steady {v} miles per hour, how many miles does a <mover> cover "
         "in {t} hours?|Find the distance traveled in {t} hours at {v} km per hour.|A <mover> keeps a constant speed "
         "of {v} km an hour for {t} hours. How long is the way it has made, in km?]",
         "x = v * t", "{x}", "x / t == v", "speed; multiplication"},
    Tale{1, "v=5..90; t=2..9; d:=v*t; x:=t",
         "[A <mover> travels {d} km at {v} km per hour. How many hours does it take?|How long does it take to drive "
         "{d} miles at {v} miles per hour?|{Name} {has} {d} km to go and drive{+s} {v} km per hour. How many hours "
         "will {he} need?|At a speed of {v} km/h, how many hours does a trip of {d} km last?|The next town is {d} km "
         "away. A <mover> covers {v} km every hour. After how many hours does it get there?]",
         "x = d / v", "{x}", "x * v == d", "speed; division"},
    Tale{1, "v=5..90; t=2..9; d:=v*t; x:=v",
         "[A <mover> travels {d} km in {t} hours. What is its speed in km per hour?|{Name} drove {d} miles in {t} "
         "hours. How many miles per hour is that on average?|It took {t} hours to cover {d} km. What was the average "
         "speed, in km per hour?|How fast does a <mover> go that needs {t} hours for {d} km? Answer in km per hour.|A "
         "<mover> covered {d} km within {t} hours. How many km did it cover each hour?]",
         "x = d / t", "{x}", "x * t == d", "speed; division"},
    Tale{1, "a=5..400; b=5..400; x:=a+b",
         "[{Name} drove {a} km before lunch and {b} km after lunch. How far did {he} drive in all?|From home to the "
         "lake it is {a} km, and from the lake to the hut {b} km. How long is the way from home to the hut?|A "
         "<mover> covers {a} km on the first day and {b} km on the second day. What distance is that in total?|The "
         "meter of a car showed {a} km. Then {Name} drove {b} km. What does it show now?]",
         "x = a + b", "{x}", "x - a == b", "addition"},
    Tale{1, "b=5..300; x=5..300; a:=b+x",
         "[A trip is {a} km long. {Name} {has} already driven {b} km. How many kilometers are still to go?|{Name} "
         "{has} to walk {a} meters and {has} walked {b} of them. How far is it still?|The distance from <city> to the "
         "coast is {a} km. After {b} km a <mover> stops. How much of the way remains?|A road of {a} km is being built. "
         "So far {b} km are finished. How many km are missing?|One route is {a} km, another {b} km. How much shorter "
         "is the second one?]",
         "x = a - b", "{x}", "x + b == a", "subtraction"},
    Tale{1, "n=2..12; k=3..40; x:=n*k",
         "[{Name} run{+s} {k} km every week. How many km is that in {n} weeks?|A lap around the park is {k} hundred "
         "meters long. How many "
         "hundred meters are {n} laps?|{n} parcels are sent, and each travels {k} km. How many km is that in all?|From "
         "one lamp "
         "post to the next it is {k} m. How far is it along {n} such gaps?|A step of {Name's} is {k} cm. How many cm "
         "are {n} steps?]",
         "x = n * k", "{x}", "x / n == k", "multiplication"},
    Tale{2, "v=10..90; t=2..6; w=10..90; u=2..6; !v!=w && t!=u; x:=v*t+w*u",
         "[A <mover> goes {v} km/h for {t} hours and then {w} km/h for {u} hours. How many km does it travel in "
         "all?|{Name} drive{+s} for {t} hours at {v} km per hour and for {u} hours at {w} km per hour. What is the "
         "total distance?|On the first day {Name} cycled {t} hours at {v} km per hour, on the second {u} hours at {w} "
         "km per hour. How far did {he} cycle on both days?]",
         "First: p = v * t; Then: q = w * u; x = p + q", "{x}", "x - w * u == v * t", "speed; two operations"},
    Tale{2, "v=10..90; t=2..8; r=5..200; d:=v*t+r; x:=r",
         "[A trip is {d} km long. {Name} drive{+s} {t} hours at {v} km per hour. How many km are left?|{Name} {has} to "
         "go {d} km. After {t} hours at {v} km an hour, how far is it still?|How many km remain of a {d} km journey "
         "when a <mover> has gone {t} hours at {v} km per hour?]",
         "Done: p = v * t; x = d - p", "{x}", "x + v * t == d", "speed; subtraction"},
    Tale{2, "t=2..6; v=10..60; d:=v*t; u=2..9; x:=v*u; !u!=t",
         "[A <mover> covers {d} km in {t} hours. How far does it get in {u} hours at the same speed?|In {t} hours "
         "{Name} hike{+s} {d} km. At this pace, how many km {do} {he} hike in {u} hours?|If {d} km take {t} hours, how "
         "many km can be covered in {u} hours at the same speed?|A machine that moves {d} meters in {t} minutes moves "
         "how many meters in {u} minutes?]",
         "In one: v = d / t; x = v * u", "{x}", "x * t == d * u", "direct proportion; speed"},
    Tale{
        2, "t=2..6; v=10..60; d:=v*t; u=2..9; e:=v*u; x:=u; !u!=t",
        "[A <mover> covers {d} km in {t} hours. How many hours does it need for {e} km at the same speed?|In {t} hours "
        "{Name} hike{+s} {d} km. How long {do} {he} need for {e} km at that pace, in hours?|If a trip of {d} km takes "
        "{t} hours, how many hours does a trip of {e} km take?]",
        "In one hour: v = d / t; x = e / v", "{x}", "x * d == e * t", "direct proportion; speed"},
    Tale{2, "d=2..40; n=2..12; x:=2*d*n",
         "[The school is {d} km from {Name's} home. {He} go{+es} there and back {n} times. How many kilometers is "
         "that?|{Name} drive{+s} {d} km to work and {d} km home. How many km {do} {he} drive in {n} working days?|A "
         "ferry crosses a bay that is {d} km wide. It makes {n} trips there and back. How far does it travel?]",
         "There and back: p = d * 2; x = p * n", "{x}", "x / n == d + d", "multiplication; two operations"},
    Tale{2, "k=4..30; n=2..20; d:=k*n; x:=n",
         "[A car goes {k} km on one liter of fuel. How many liters does it need for {d} km?|With one liter of fuel, a "
         "<mover> travels {k} km. {Name} want{+s} to drive {d} km. How many liters {do} {he} need?|How many gallons "
         "does a truck use on {d} miles if it gets {k} miles per gallon?]",
         "x = d / k", "{x}", "x * k == d", "unit rate; division"},
    Tale{2, "k=4..30; m=2..50; x=1..40; n:=m+x; d:=k*m",
         "[A tank holds {n} liters. The car uses one liter for every {k} km. How many liters are left after {d} "
         "km?|With "
         "{n} liters in the tank {Name} drive{+s} {d} km. The car goes {k} km on a liter. How much fuel remains?]",
         "Used: m = d / k; x = n - m", "{x}", "(n - x) * k == d", "unit rate; subtraction"},
    Tale{2, "k=3..12; j=1..9; u:=100*j; x:=k*j",
         "[A car uses {k} liters of fuel per 100 km. How many liters does it use for {u} km?|For every 100 km a "
         "<mover> needs {k} liters of fuel. How much fuel does a trip of {u} km take?|How many liters does {Name} need "
         "to drive {u} km, at {k} liters per 100 km?]",
         "Hundreds of km: j = u / 100; x = k * j", "{x}", "x * 100 == k * u", "direct proportion; unit rate"},
    Tale{3, "k=3..12; j=1..9; u:=100*j; p=2..4; l:=k*j; x:=l*p",
         "[A car uses {k} liters of fuel per 100 km, and a liter costs ${p}. How much does the fuel for {u} km "
         "cost?|Fuel is ${p} a liter. {Name} drive{+s} {u} km with a car that needs {k} liters for 100 km. What {do} "
         "{he} pay for fuel?]",
         "Hundreds of km: j = u / 100; Liters: l = k * j; x = l * p", "{x}", "x * 100 == k * u * p",
         "direct proportion; several operations"},
    Tale{3, "k=5..30; n=2..20; d:=k*n; p=2..5; x:=n*p",
         "[{Name} drive{+s} {d} miles. The car gets {k} miles per gallon, and a gallon costs ${p}. How much does the "
         "gas "
         "cost?|A van travels {k} km on a liter. A liter is ${p}. What does the fuel for {d} km cost?|How many dollars "
         "does {Name} spend on gas for {d} miles, if the car does {k} miles to the gallon and gas is ${p} per gallon?]",
         "Needed: n = d / k; x = n * p", "{x}", "x / p * k == d", "unit rate; several operations"},
    Tale{
        3, "v=20..90; w=20..90; t=2..6; !v!=w; x:=v*t+w*t",
        "[Two trains leave the same station at the same time in opposite directions, one at {v} km/h and the other at "
        "{w} km/h. How far apart are they after {t} hours?|{Ann} rides north at {v} km per hour and {Bob} south at "
        "{w} km per hour. They start together. What is the distance between them after {t} hours?|Two cars start from "
        "one place and go opposite ways at {v} and {w} miles per hour. How many miles apart are they {t} hours later?]",
        "Each hour apart: s = v + w; x = s * t", "{x}", "x - w * t == v * t", "relative speed; speed"},
    Tale{3, "v=30..90; w=10..80; t=2..6; !v>w; x:=(v-w)*t",
         "[Two cars leave the same place at the same time in the same direction, one at {v} km/h and one at {w} km/h. "
         "How far apart are they after {t} hours?|{Ann} rides at {v} km per hour and {Bob} at {w} km per hour, on the "
         "same road and from the same start. How many km is {Ann} ahead after {t} hours?|A fast runner makes {v} "
         "steps a minute and a slow one {w}. How many steps more does the fast one make in {t} minutes?]",
         "Each time: d = v - w; x = d * t", "{x}", "x + w * t == v * t", "relative speed; speed"},
    Tale{
        3, "v=10..80; w=10..80; !v!=w; t=2..8; s:=v+w; d:=s*t; x:=t",
        "[The distance between two towns is {d} km. A car leaves each of them at the same moment toward the other, at "
        "{v} and {w} km/h. In how many hours do they meet?|{Ann} and {Bob} live {d} km apart. They set out toward each "
        "other at the same time, {Ann} at {v} km per hour, {Bob} at {w}. After how many hours do they meet?|Two ships "
        "{d} miles apart sail straight toward each other at {v} and {w} miles per hour. How many hours pass until they "
        "meet?]",
        "Each hour nearer: s = v + w; x = d / s", "{x}", "x * (v + w) == d", "relative speed; division"},
    Tale{3, "v=10..80; w=10..80; !v!=w; t=2..8; s:=v+w; d:=s*t; x:=v*t",
         "[{Ann} and {Bob} are {d} km apart and ride toward each other, {Ann} at {v} km per hour and {Bob} at {w} km "
         "per "
         "hour. How many km has {Ann} gone when they meet?|Two trains {d} km apart approach each other at {v} km/h and "
         "{w} km/h. How far does the first one travel before they meet?]",
         "Each hour nearer: s = v + w; Hours: t = d / s; x = v * t", "{x}", "x * (v + w) == d * v",
         "relative speed; several operations"},
    Tale{3, "d=2..60; n=2..6; v=10..90; t:=n*d; h=2..6; k:=v*h; !k>t; x:=k-t",
         "[{Name} plan{+s} a tour of {k} km and ride{+s} {d} km on each of the first {n} days. How many km are left?|A "
         "route is {k} km long. On every one of {n} days, {d} km of it are done. How much of the route remains?]",
         "Done: t = n * d; x = k - t", "{x}", "x + n * d == k", "several operations; subtraction"},
    Tale{
        3, "a=5..40; b=5..40; c=5..40; x:=2*a+2*b; !a!=b",
        "[{Name} walk{+s} {a} m to the baker, then {b} m to the school, and the same way home again. How far {do} {he} "
        "walk?|From A to B it is {a} km, from B to C {b} km. {Name} go{+es} from A over B to C and back again. How "
        "many "
        "km is that?]",
        "One way: p = a + b; x = p * 2", "{x}", "x / 2 - a == b", "addition; multiplication"},
    Tale{3, "v=40..90; t=2..6; d:=v*t; w=30..110; !d%w==0 && w!=v; x:=d/w",
         "[It takes {t} hours to drive somewhere at {v} km per hour. How many hours does the way back take at {w} km "
         "per "
         "hour?|A <mover> needs {t} hours for a trip at {v} km/h. How long would the same trip take at {w} km/h, in "
         "hours?|At {v} miles per hour {Name} need{+s} {t} hours. How many hours are needed at {w} miles per hour?]",
         "Way: d = v * t; x = d / w", "{x}", "x * w == v * t", "inverse proportion; speed"},
    Tale{3, "d=20..90; t=2..6; u=2..6; v:=d; e=20..90; s:=d*t; f:=e*u; g:=s+f; h:=t+u; !g%h==0 && d!=e && t!=u; x:=g/h",
         "[A <mover> travels {t} hours at {d} km/h and {u} hours at {e} km/h. What is its average speed for the whole "
         "trip, in km/h?|{Name} ride{+s} {d} km per hour for {t} hours and {e} km per hour for {u} hours. Find the "
         "average speed in km per hour.]",
         "s = d * t; f = e * u; Way: g = s + f; Hours: h = t + u; x = g / h", "{x}", "x * (t + u) == d * t + e * u",
         "speed; weighted mean"},
    Tale{4, "v=30..80; b=1..4; w=v+5..110; d:=w-v; l:=v*b; !l%d==0; t:=l/d; x:=w*t",
         "[A bus starts at {v} km per hour. {b} {b:hour/hours} later a car starts from the same place at {w} km per "
         "hour. "
         "How far from the start does the car overtake the bus, in km?|{Ann} sets out at {v} km/h. {Bob} follows {b} "
         "{b:hour/hours} later at {w} km/h. After how many km does {Bob} reach {Ann}?]",
         "Lead: l = v * b; Nearer each hour: d = w - v; Hours: t = l / d; x = w * t", "{x}", "x / v - x / w == b",
         "relative speed; linear equations"},
    Tale{4, "v=4..30; c=1..9; t=2..8; !c<v; s:=v+c; d:=s*t; r:=v-c; !d%r==0; x:=d/r",
         "[A boat makes {v} km per hour in still water, and the stream flows at {c} km per hour. Going down the river "
         "takes {t} hours. How many hours does the way back up take?|With the wind a plane model flies {t} minutes. It "
         "makes {v} m a second without wind, and the wind blows {c} m a second. How many minutes does it take back "
         "against the wind?]",
         "Down: s = v + c; Way: d = s * t; Up: r = v - c; x = d / r", "{x}", "x * (v - c) == (v + c) * t",
         "relative speed; several operations"},
    Tale{
        4, "v=20..80; d=30..300; b=10..80; k=10..40; h:=d/v; !d%v==0; t:=60*h; n=2..4; x:=t+n*b",
        "[A trip of {d} km is made at {v} km per hour, with {n} breaks of {b} minutes each. How many minutes does it "
        "take in all?|{Name} cover{+s} {d} km at {v} km/h and {is} held up {n} times for {b} minutes. How many minutes "
        "{is} {he} on the way?]",
        "Hours: h = d / v; Minutes: t = h * 60; Breaks: p = n * b; x = t + p", "{x}", "(x - n * b) * v == 60 * d",
        "speed; several operations"},
};

constexpr std::array labors{
    // rates of work, machines, taps
    Tale{
        1, "n=2..12; k=3..60; x:=n*k",
        "[A machine makes {k} parts an hour. How many parts does it make in {n} hours?|{Name} can type {k} words a "
        "minute. How many words is that in {n} minutes?|A tap fills {k} liters per minute. How many liters flow in {n} "
        "minutes?|Each <worker> lays {k} tiles a day. How many tiles do {n} <workers> lay in one day?|A printer prints "
        "{k} pages each minute. How many pages come out in {n} minutes?|{Name} read{+s} {k} pages every evening. How "
        "many pages {do} {he} read in {n} evenings?]",
        "x = n * k", "{x}", "x / k == n", "unit rate; multiplication"},
    Tale{1, "n=2..12; k=3..60; a:=n*k; x:=n",
         "[A machine makes {k} parts an hour. How long does it take to make {a} parts, in hours?|{Name} read{+s} {k} "
         "pages a day. In how many days will {he} finish a book of {a} pages?|A tap gives {k} liters per minute. After "
         "how many minutes are {a} liters in the tub?|{a} <smalls> have to be sorted, {k} each hour. How many hours "
         "does "
         "it take?|A leak loses {k} liters a day. For how many days do {a} liters last?]",
         "x = a / k", "{x}", "x * k == a", "unit rate; division"},
    Tale{2, "n=2..9; k=2..12; t=2..9; x:=n*k*t; p:=n*k",
         "[{n} machines each make {k} parts an hour. How many parts do they make together in {t} hours?|{n} <workers> "
         "plant {k} trees a day each. How many trees is that in {t} days?|Every one of {n} hens lays {k} eggs a week. "
         "How "
         "many eggs do they lay in {t} weeks?|{n} printers print {k} pages each per minute. How many pages do all of "
         "them "
         "print in {t} minutes?|{n} children each read {k} pages a day. How many pages do they read altogether in {t} "
         "days?]",
         "Each time: p = n * k; x = p * t", "{x}", "x / n / t == k", "unit rate; two operations"},
    Tale{
        2, "n=2..9; k=2..12; m=2..9; a:=n*k; x:=m*k; !m!=n",
        "[{n} machines make {a} parts an hour. How many parts an hour do {m} such machines make?|{n} hens lay {a} eggs "
        "a "
        "week. How many eggs do {m} hens lay in a week?|{n} boxes weigh {a} kg. What do {m} such boxes weigh, in "
        "kg?|In "
        "{n} minutes a pump moves {a} liters. How many liters does it move in {m} minutes?|{n} bags hold {a} <fruits>. "
        "How many <fruits> do {m} bags hold?]",
        "One: k = a / n; x = m * k", "{x}", "x * n == a * m", "direct proportion; multiplication"},
    Tale{2, "w=2..12; d=2..12; v=2..12; t:=w*d; !t%v==0 && v!=w; x:=t/v",
         "[{w} <workers> finish a job in {d} days. How many days would {v} <workers> need for it?|A supply of food "
         "lasts "
         "{w} people {d} days. How many days does it last {v} people?|With {w} pumps a pool is emptied in {d} hours. "
         "How "
         "many hours does it take with {v} pumps?|If {w} friends share a taxi, each pays ${d}. How many dollars does "
         "each "
         "pay if {v} friends share it?|Hay lasts {w} horses for {d} days. For how many days would it last {v} horses?]",
         "For one: t = w * d; x = t / v", "{x}", "x * v == w * d", "inverse proportion"},
    Tale{2, "a=3..30; b=3..30; !a!=b; t=2..9; x:=(a+b)*t",
         "[One tap gives {a} liters a minute and another {b} liters a minute. How many liters do both give in {t} "
         "minutes?|{Ann} picks {a} <fruits> a minute, {Bob} {b}. How many do they pick together in {t} minutes?|An old "
         "machine makes {a} cans a minute, a new one {b}. How many cans do the two make in {t} minutes?]",
         "Each minute: s = a + b; x = s * t", "{x}", "x / t - b == a", "unit rate; two operations"},
    Tale{2, "a=3..30; b=3..30; !a!=b; t=2..9; s:=a+b; k:=s*t; x:=t",
         "[One tap gives {a} liters a minute and another {b}. How many minutes do both need for {k} liters?|{Ann} "
         "picks {a} "
         "<fruits> a minute and {Bob} {b}. After how many minutes have they picked {k} together?|Two machines make {a} "
         "and "
         "{b} cans a minute. In how many minutes do they make {k} cans?]",
         "Each minute: s = a + b; x = k / s", "{x}", "x * a + x * b == k", "unit rate; combined work"},
    Tale{2, "a=10..60; b=2..9; !b<a; t=2..9; x:=(a-b)*t",
         "[{a} liters a minute flow into a tank, and {b} liters a minute leak out. How much more is in it after {t} "
         "minutes?|Every day {a} <fruits> ripen and {b} are eaten by birds. How many are left over after {t} "
         "days?|{Name} "
         "earn{+s} ${a} a day and spend{+s} ${b} a day. How many dollars {do} {he} keep in {t} days?|A snail climbs "
         "{a} cm "
         "each day and slides back {b} cm each night. How far up is it after {t} days and nights, in cm?]",
         "Each time: d = a - b; x = d * t", "{x}", "x / t + b == a", "unit rate; two operations"},
    Tale{3, "a=10..60; b=2..9; !b<a; t=2..9; c=5..100; x:=c+(a-b)*t",
         "[A tank holds {c} liters. Each minute {a} liters flow in and {b} liters flow out. How many liters are in it "
         "after "
         "{t} minutes?|{Name} {has} ${c}. {He} earn{+s} ${a} a week and spend{+s} ${b} a week. How much money {do} "
         "{he} have "
         "after {t} weeks?|A town library has {c} new books. Each month it buys {a} and gives away {b}. How many of "
         "them "
         "does it have after {t} months?]",
         "Each time: d = a - b; p = d * t; x = c + p", "{x}", "x - c == a * t - b * t",
         "unit rate; several operations"},
    Tale{3, "k=3..20; t=2..9; m=3..20; !k!=m; u=2..9; x:=k*t+m*u; !t!=u",
         "[{Name} read{+s} {k} pages a day for {t} days and then {m} pages a day for {u} days. How many pages {has} "
         "{he} "
         "read?|A machine makes {k} parts an hour for {t} hours. Then it is set to {m} an hour and runs {u} hours "
         "more. How "
         "many parts does it make?|For {t} days a bakery sells {k} cakes a day, and for the next {u} days {m} cakes a "
         "day. "
         "How many cakes does it sell in all?]",
         "First: p = k * t; Then: q = m * u; x = p + q", "{x}", "x - k * t == m * u", "unit rate; several operations"},
    Tale{3, "k=3..30; t=2..9; m=2..20; u=2..9; a:=k*t+m*u; x:=u",
         "[A book has {a} pages. {Name} read{+s} {k} pages on each of the first {t} days and {m} pages a day after "
         "that. How "
         "many more days {do} {he} need?|{a} letters are to be folded. In the first {t} hours {k} are folded an hour, "
         "later "
         "{m} an hour. How many more hours does it take?|A wall needs {a} bricks. For {t} hours {k} bricks are laid an "
         "hour; then {m} an hour. How many further hours are needed?]",
         "First: p = k * t; Left: r = a - p; x = r / m", "{x}", "k * t + x * m == a", "unit rate; several operations"},
    Tale{3, "w=2..6; d=2..6; k=2..12; a:=w*d*k; v=2..8; e=2..8; !v!=w && e!=d; x:=v*e*k",
         "[{w} <workers> make {a} chairs in {d} days. How many chairs do {v} <workers> make in {e} days at the same "
         "rate?|{w} "
         "machines fill {a} bottles in {d} hours. How many bottles do {v} machines fill in {e} hours?|If {w} cats eat "
         "{a} "
         "treats in {d} days, how many treats do {v} cats eat in {e} days?]",
         "All in one day or hour: p = a / d; One of them: k = p / w; q = v * k; x = q * e", "{x}",
         "x * w * d == a * v * e", "direct proportion; several operations"},
    Tale{3, "k=3..30; t=2..9; a:=k*t; e=2..9; m=k+1..40; d:=m-k; x:=d*t",
         "[{Ann} makes {k} cards an hour and {Bob} {m}. How many more does {Bob} make in {t} hours?|A new printer "
         "prints {m} "
         "pages a minute and the old one {k}. How many pages more does the new one print in {t} minutes?]",
         "Each time: d = m - k; x = d * t", "{x}", "x + k * t == m * t", "unit rate; additive comparison"},
    Tale{4, "a=2..30; b=2..30; !a!=b && (a*b)%(a+b)==0; s:=a+b; p:=a*b; x:=p/s",
         "[{Ann} can paint a room in {a} hours, {Bob} in {b} hours. How many hours do they need working together?|One "
         "tap "
         "fills a tub in {a} minutes, the other in {b} minutes. In how many minutes do both taps fill it "
         "together?|Working "
         "alone, one <worker> takes {a} days and another {b} days. How long do they take together, in days?|A big pump "
         "empties a cellar in {a} hours and a small one in {b} hours. Both run. How many hours does it take?]",
         "> Together they do 1/{a} + 1/{b} of it each time; s = a + b; p = a * b; > That is {s}/{p}; x = p / s", "{x}",
         "x / a + x / b == 1", "combined work; adding fractions"},
    Tale{4, "c=2..30; a=3..40; !a>c && (a*c)%(a-c)==0; b:=a*c/(a-c); !b!=a; p:=a*c; d:=a-c; x:=p/d",
         "[Two pumps together empty a tank in {c} hours. The first alone needs {a} hours. How many hours does the "
         "second "
         "need alone?|{Ann} and {Bob} together need {c} days for a job. {Ann} alone would take {a} days. How many days "
         "would "
         "{Bob} take alone?]",
         "> The second does 1/{c} - 1/{a} of it each time; d = a - c; p = a * c; > That is {d}/{p}; x = p / d", "{x}",
         "1 / x + 1 / a == 1 / c", "combined work; adding fractions"},
    Tale{4, "w=3..12; d=4..20; k=1..6; t:=w*d; !k<d; e:=w*k; r:=t-e; l=1..4; !l<w; f:=w-l; !r%f==0; y:=r/f",
         "[{w} <workers> need {d} days for a job. After {k} {k:day/days}, {l} of them {l:leaves/leave}. How many more "
         "days do "
         "the others need?|Food for {w} people lasts {d} days. After {k} {k:day/days} {l} {l:person goes/people go} "
         "home. For "
         "how many more days does the rest of the food last?]",
         "All: t = w * d; Done: e = w * k; Left: r = t - e; f = w - l; y = r / f", "{y}",
         "x * (w - l) + w * k == w * d", "inverse proportion; several operations"},
    // clocks, calendars, temperatures, heights
    Tale{1, "n=2..9; x:=7*n",
         "[How many days are there in {n} weeks?|{Name} stay{+s} at camp for {n} weeks. How many days is that?|A "
         "project "
         "takes {n} weeks. Write that in days.|{n} weeks have how many days?]",
         "x = n * 7", "{x}", "x / 7 == n", "units of time; multiplication"},
    Tale{1, "n=2..12; x:=60*n",
         "[How many minutes are there in {n} hours?|A flight lasts {n} hours. How many minutes is that?|{Name} "
         "practiced for "
         "{n} hours. Give the time in minutes.|{n} hours are how many minutes?|How many seconds does {Name} need for a "
         "run "
         "of {n} minutes?]",
         "x = n * 60", "{x}", "x / 60 == n", "units of time; multiplication"},
    Tale{2, "h=1..5; m=1..59; x:=60*h+m",
         "[A movie lasts {h} {h:hour/hours} and {m} {m:minute/minutes}. How many minutes is that?|How many minutes are "
         "{h} "
         "{h:hour/hours} {m} {m:minute/minutes}?|The trip took {h} {h:hour/hours} and {m} {m:minute/minutes}. Express "
         "this "
         "in minutes.|A runner needs {h} {h:minute/minutes} and {m} {m:second/seconds}. How many seconds is that?]",
         "p = h * 60; x = p + m", "{x}", "x - m == 60 * h", "units of time; two operations"},
    Tale{1, "a=2..30; x=2..30; b:=a+x",
         "[In the morning it was {a} degrees. At noon it was {b} degrees. By how many degrees did it get warmer?|The "
         "temperature rose from {a} to {b} degrees. How large was the rise?|A lake has {a} degrees, the air {b} "
         "degrees. How "
         "much warmer is the air?|A tree was {a} feet tall and is {b} feet tall now. How much has it grown?|{Ann} is "
         "{b} years "
         "old and {Bob} is {a}. What is the difference of their ages?]",
         "x = b - a", "{x}", "x + a == b", "subtraction; additive comparison"},
    Tale{2, "a=2..15; b=2..25; x:=b-a; !x>0",
         "[It was {a} degrees below zero at night. By noon the temperature had risen {b} degrees. What was it at "
         "noon?|The "
         "thermometer shows -{a} degrees. It gets {b} degrees warmer. What does it show then?|A diver is {a} meters "
         "below the "
         "surface on a lift that rises {b} meters. How many meters above the surface does it stop?]",
         "> Below zero by {a}: -{a} + {b} = {b} - {a}; x = b - a", "{x}", "x + a == b", "negative numbers; addition"},
    Tale{2, "a=2..20; x=2..20; b:=a+x",
         "[In the evening it was {a} degrees. During the night it became {b} degrees colder. What was the temperature "
         "then?|The temperature was {a} degrees and fell by {b} degrees. What is it now?|{Name} {has} ${a} in the bank "
         "and "
         "pay{+s} a bill of ${b} from it. What does the balance show?]",
         "> {b} is more than {a}, so the result is below zero; x = b - a; > {a} - {b} = -{x}", "-{x}", "x == a - b",
         "negative numbers; subtraction"},
    Tale{2, "a=2..20; b=2..30; x:=a+b",
         "[At night it was {a} degrees below zero, at noon {b} degrees above zero. What is the difference?|The coldest "
         "day had "
         "-{a} degrees, the warmest {b} degrees. How many degrees lie between them?|A bird flies {b} m above the sea "
         "and a fish "
         "swims {a} m below it. How many meters is the bird above the fish?]",
         "> From -{a} to 0 and from 0 to {b}; x = a + b", "{x}", "x - b == a", "negative numbers; addition"},
    Tale{
        2, "h=1..9; k=0..11; a:=60*h+5*k; d=1..3; f=2..55; b:=60*d+f; x:=a+b",
        "[A train leaves at {a:t} and travels {d} {d:hour/hours} and {f} minutes. When does it arrive?|{Name} "
        "start{+s} at "
        "{a:t} and need{+s} {d} {d:hour/hours} {f} minutes. At what time {is} {he} done?|A concert begins at {a:t}. It "
        "lasts "
        "{d} {d:hour/hours} and {f} minutes. When is it over?|What time is it {d} {d:hour/hours} and {f} minutes after "
        "{a:t}?]",
        "> {a:t} is {a} minutes after 12 o'clock; p = d * 60; b = p + f; x = a + b; > That is {x:t}", "{x:t}",
        "x % 720 == (a + 60 * d + f) % 720", "clock time; units of time"},
    Tale{2, "h=7..11; k=0..11; a:=60*h+5*k; n=2..6; m=4..11; t:=5*m; b:=n*t; x:=a+b; u:=5*k",
         "[Lessons start at {a:t}. There are {n} of them, {t} minutes each, without a break. When do they end?|{n} "
         "films of {t} minutes each are shown "
         "one after the other from {a:t} on. At what time is the last one over?]",
         "b = n * t; > {a:t} is {a} minutes after 12 o'clock; x = a + b; > That is {x:t}", "{x:t}",
         "x % 720 == (a + n * t) % 720", "clock time; multiplication"},
};

void journey(Maker& m) { tell_tale(m, journeys); }
void labor(Maker& m) { tell_tale(m, labors); }

constexpr std::array tables{TaleTable{"story of journeys", journeys}, TaleTable{"story of labor", labors}};

const std::array families{
    Family{"story of journeys", 1, 4, {}, journey},
    Family{"story of labor", 1, 4, {}, labor},
};

}  // namespace

std::span<const TaleTable> journey_tables() { return tables; }
std::span<const Family> journey_families() { return families; }

}  // namespace holdfast::generators
