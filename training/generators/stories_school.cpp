// What is asked at school: time and ages, shapes, numbers and sequences, counting and chance, and short questions of
// all kinds.
#include <array>

#include "training/generators/catalogue.h"
#include "training/generators/tales.h"

namespace holdfast::generators {
namespace {

constexpr std::array times{
    Tale{1, "a=4..60; b=2..30",
         "[{Ann} is {a}. How old will {her} be in {b} years?|{Ann} turned {a} this year. What age will {her} be {b} "
         "years from now?|In {b} years, how old will {Ann} be, who is {a} now?|{Ann} is {a} years old. {b} years from "
         "today, how old is {her}?]",
         "x = a + b", "{x}", "x - b == a", "ages; addition"},
    Tale{1, "b=2..30; x=3..60; a:=x+b",
         "[{Ann} is {a}. How old was {her} {b} years ago?|{Ann}, now {a}, moved to <city> {b} years ago. How old was "
         "{her} then?|{b} years ago, how old was {Ann}, who is {a} today?|{Ann} will be {a} in {b} years. How old is "
         "{her} now?]",
         "x = a - b", "{x}", "x + b == a", "ages; subtraction"},
    Tale{1, "y=1950..2010; a=3..60; x:=y+a",
         "[{Ann} was born in {y:n}. In which year did {her} turn {a}?|A shop opened in {y:n}. In what year is it {a} "
         "years old?|A tree planted in {y:n} is cut down after {a} years. In which year is that?|{a} years after "
         "{y:n}, what year is it?]",
         "x = y + a", "{x}", "x - a == y", "calendar; addition"},
    Tale{1, "y=1900..1990; z=1995..2024; x:=z-y",
         "[{Ann} was born in {y:n}. How old did {her} turn in {z:n}?|A bridge was built in {y:n}. How old was it in "
         "{z:n}?|How many years lie between {y:n} and {z:n}?|A club was founded in {y:n}. How many years later is "
         "{z:n}?]",
         "x = z - y", "{x}", "x + y == z", "calendar; subtraction"},
    Tale{2, "y=4..30; d=2..20; l=2..20; x:=y+d+l; s:=y+l",
         "[{Ann}, who is {d} years younger than {Bob}, is {y}. How old will {Bob} be in {l} years?|{Bob} is {d} years "
         "older than {Ann}, who is {y}. What age will {Bob} have in {l} years?|{Ann} is {y}, and {Bob} was born {d} "
         "years earlier. How old will {Bob} be {l} years from now?]",
         "{Bob} now: b = y + d; x = b + l", "{x}", "x - l - d == y", "ages; addition"},
    Tale{2, "y=4..20; k=2..5; b:=y*k; l=2..12; x:=b+l",
         "[{Bob} is {k:times} as old as {Ann}, who is {y}. How old will {Bob} be in {l} years?|{Ann} is {y}. {Bob}'s "
         "age is {k} times that. What will {Bob}'s age be in {l} years?]",
         "{Bob} now: b = y * k; x = b + l", "{x}", "x - l == y * k", "ages; multiplication"},
    Tale{3, "y=4..30; d=2..20; o:=y+d; s:=y+o",
         "[{Ann} and {Bob} are {s} years old together. {Bob} is {d} years older. How old is {Ann}?|The ages of {Ann} "
         "and {Bob} add to {s}, and {Ann} is {d} years younger. What is {Ann}'s age?|Two siblings have ages with the "
         "sum {s} and the difference {d}. How old is the younger one?]",
         "Without the difference: p = s - d; y = p / 2", "{y}", "x + x + d == s", "ages; linear equations"},
    Tale{4, "y=3..20; d=20..38; o:=y+d; k=2..4; z:=d/(k-1); !d%(k-1)==0 && z>y; x:=z-y; e:=k-1",
         "{Ann} is {y} and {hers} [mother|father|aunt] is {o}. In how many years will the [mother|father|aunt] be "
         "{k:times} as old as {Ann}?",
         "The difference stays: d = o - y; e = k - 1; {Ann} is then: z = d / e; x = z - y", "{x}",
         "o + x == k * (y + x)", "ages; linear equations"},
    Tale{
        4, "y=6..30; l=2..5; k=2..5; p:=y-l; q:=k*p; o:=q+l; d:=o-y; !p>1 && d<46; e:=k-1",
        "{Bob} is {d} years older than {Ann}. {l} years ago {Bob} was {k:times} as old as {Ann}. How old is {Ann} now?",
        "e = k - 1; {Ann} then: p = d / e; y = p + l", "{y}", "x - l + d == k * (x - l)", "ages; linear equations"},
    Tale{5,
         "a=5..20; b=5..20; c=5..20; !a<b && b<c; s:=a+b; t:=b+c; u:=a+c; l=2..9; v:=s+t; w:=v+u; z:=w/2; y:=3*l; "
         "x:=z+y",
         "Three siblings: the ages of the first two add to {s}, of the last two to {t}, of the first and last to {u}. "
         "What will the sum of all three ages be in {l} years?",
         "> Each is counted twice; w = s + t + u; Now: z = w / 2; Later: y = 3 * l; x = z + y", "{x}",
         "2 * (x - 3 * l) == s + t + u", "ages; systems of linear equations"},
    Tale{1, "k=5..39; !k%2==1; a:=5*k; x:=30*k",
         "[How many minutes are in {a'1} hours?|{a'1} hours is how many minutes?|Express {a'1} hours in minutes.|A "
         "battery lasts {a'1} hours. How many minutes is that?|Convert {a'1} hours into minutes.]",
         "> {a'1} * 60 = {x}", "{x}", "x / 60 == a / 10", "units of time"},
    Tale{2, "h=1..11; k=0..11; a:=60*h+5*k; d=3..30; b:=5*d; x:=a+b",
         "[A film starts at {a:t} and runs {b} minutes. When does it end?|The bus leaves at {a:t}, and the ride takes "
         "{b} minutes. At what time does it arrive?|{Name} start{+s} at {a:t} and {is} busy for {b} minutes. What time "
         "is it when {he} {is} done?|Bread goes in the oven at {a:t} and bakes {b} minutes. When is it ready?|The "
         "clock shows {a:t}. What will it show {b} minutes later?]",
         "From 12 o'clock in minutes: p = h * 60; q = p + 5*k; x = q + b; > That is {x:t}", "{x:t}",
         "x % 720 == (a + b) % 720", "clock time"},
    Tale{
        2, "h=2..12; k=0..11; a:=60*h+5*k; d=3..20; b:=5*d; x:=a-b; !x>=60; y:=x",
        "[A film of {b} minutes ends at {a:t}. When did it start?|{Name} {has} to be there at {a:t}, and the way takes "
        "{b} minutes. When must {he} leave?|A cake that bakes {b} minutes is done at {a:t}. When was it put in?|What "
        "time was it {b} minutes before {a:t}?|The train arrived at {a:t} after {b} minutes. When had it left?]",
        "From 12 o'clock in minutes: p = h * 60; q = p + 5*k; x = q - b; > That is {x:t}", "{x:t}",
        "x % 720 == (a - b) % 720", "clock time"},
    Tale{2, "h=1..8; k=0..11; l=0..11; n=1..4; a:=60*h+5*k; b:=a+60*n+5*l-30; x:=b-a; !x>20",
         "[The shop opens at {a:t} and closes at {b:t} for lunch. How many minutes is it open?|A hike began at {a:t} "
         "and was over at {b:t}. How many minutes did it take?|From {a:t} to {b:t}, how many minutes pass?|{Name} "
         "slept from {a:t} to {b:t}. How many minutes is that?]",
         "> {b:t} is {b} minutes after 12 o'clock, {a:t} is {a}; x = b - a", "{x}", "x == b - a",
         "clock time; subtraction"},
    Tale{2, "n=2..9; m=10..59; b=2..20; x:=n*m",
         "[A lesson lasts {m} minutes. How many minutes are {n} lessons?|{Name} practice{+s} {m} minutes a day. How "
         "many minutes is that in {n} days?|One load of washing takes {m} minutes. How many minutes do {n} loads take, "
         "one after the other?]",
         "x = n * m", "{x}", "x / n == m", "units of time; multiplication"},
    Tale{2, "n=2..12; m=5..59; t:=n*m; h:=t/60; r:=t%60; !h>0 && r>0",
         "[A song list has {n} pieces of {m} minutes. How many full hours does it play, and how many minutes more? "
         "Give only the minutes beyond the full hours.|{n} shifts of {m} minutes make some full hours and how many "
         "more minutes?]",
         "t = n * m; h, r = t // 60", "{r}", "x == n * m % 60", "units of time; division with remainder"},
    Tale{2, "k=0..6; n=3..25; r:=n%7; !r>0; s:=k+r",
         "[The party is {n} days after {k:d}. On which weekday is it?|{Name} get{+s} a parcel {n} days from now, and "
         "today is {k:d}. What day of the week will that be?|A plant put in on {k:d} blooms {n} days later. On what "
         "day is that?|Today is {k:d}. Give the weekday {n} days from today.]",
         "q, r = n // 7; > {r} {r:day/days} after {k:d}: {s:d}", "{s:d}", "x == (k + n) % 7",
         "calendar; division with remainder"},
    Tale{2, "k=0..6; n=3..25; r:=n%7; !r>0; s:=k+7-r",
         "[Today is {k:d}. What day of the week was it {n} days ago?|A letter of {n} days ago is read on {k:d}. On "
         "which weekday was it written?|It is {k:d}. Which weekday was {n} days earlier?|{Name} came {n} days ago. If "
         "today is {k:d}, on what weekday was that?]",
         "q, r = n // 7; > {r} {r:day/days} before {k:d}: {s:d}", "{s:d}", "(x + n) % 7 == k",
         "calendar; division with remainder"},
    Tale{3, "p=2..9; q=2..9; r=2..12; !p!=q; g:=gcd(p,q); l:=lcm(p,q); !l<60 && l>q && l>p",
         "[{Ann} goes swimming every {p} days and {Bob} every {q} days. Today both are there. In how many days do they "
         "next meet?|One lamp blinks every {p} seconds, another every {q} seconds. They just blinked together. After "
         "how many seconds do they blink together again?|A red bus comes every {p} minutes and a green one every {q} "
         "minutes. Both have just left. How many minutes until both leave together again?|Plants are watered every {p} "
         "days and fed every {q} days. Today both are done. After how many days does that happen again?]",
         "> The greatest common divisor of {p} and {q} is {g}; m = p * q; x = m / g", "{x}",
         "x == p * q / common(p, q)", "least common multiple"},
    Tale{3, "m=2..9; n=20..90; b=5..55; t:=m*n; x:=t+b; h=1..5",
         "[{Name} paint{+s} {m} doors, {n} minutes each, and then clean{+s} up for {b} minutes.|{m} patients take {n} "
         "minutes each, and the notes take {b} more minutes.|A tour has {m} stops of {n} minutes and {b} minutes of "
         "driving.] ?? [How many minutes is that <altogether>?|How many minutes does it all take?]",
         "t = m * n; x = t + b", "{x}", "x - b == m * n", "units of time; two operations"},
    Tale{3, "f=1..9; d=2..19",
         "[A clock loses {f} {f:minute/minutes} a day. How many minutes does it lose in {d} weeks?|{Name} save{+s} {f} "
         "{f:minute/minutes} a day by a shortcut. How many minutes is that in {d} weeks?]",
         "Days: t = d * 7; x = t * f", "{x}", "x / 7 / d == f", "units of time; multiplication"},
    Tale{4,
         "h=1..11; m=1..11; a:=60*h+5*m; p:=30*h; q:=30*m; b:=5*m; c:=5*m; !b%2==0; v:=5*m/2; u:=p+v; d:=u-q; !d>0 && "
         "d<180",
         "[What is the angle between the hands of a clock at {a:t}, in degrees?|At {a:t}, how many degrees are there "
         "between the hour hand and the minute hand?|The clock shows {a:t}. Find the smaller angle between its hands "
         "in degrees.]",
         "> The hour hand moves 30 degrees an hour and half a degree a minute; p = 30 * h; v = b / 2; u = p + v; "
         "Minute hand: q = 6 * b; d = u - q",
         "{d}", "x == 30 * floor(a / 60) + (a % 60) / 2 - 6 * (a % 60)", "clock angles"},
};

constexpr std::array shapes{
    Tale{1, "a=3..40; b=2..30; !a!=b",
         "[A <relative> puts a fence around a lawn of {a} m by {b} m. How many meters of fence are used?|How far does "
         "{Ann} run once around a {a} m by {b} m field, in m?|A picture is {a} cm wide and {b} cm high. How many cm of "
         "frame go around it?|Lace is sewn around a {a} cm by {b} cm cloth. How many cm is that?|A rectangle measures "
         "{a} by {b}. Give its perimeter.]",
         "s = a + b; x = s * 2", "{x}", "x == a + a + b + b", "perimeter"},
    Tale{1, "a=3..30; b=2..20",
         "[How many square meters of carpet does a {a} m by {b} m room need?|A wall is {a} feet long and {b} feet "
         "high. How many square feet have to be painted?|A field of {a} m by {b} m is sown. How large is it in square "
         "m?|Grass covers a {a} m by {b} m yard. How many square meters of grass is that?|How many 1 cm squares cover "
         "a {a} cm by {b} cm sheet?]",
         "x = a * b", "{x}", "x / a == b", "area of a rectangle"},
    Tale{1, "n=3..10; s=2..30",
         "[A regular shape has {n} sides of {s} cm each. What is its perimeter?|All {n} sides of a garden bed are {s} "
         "feet long. How long is the way around it?|{n} sticks of {s} cm form a closed shape. How many cm is its "
         "border?|A stop sign with {n} equal sides of {s} inches gets a border. How many inches is it?]",
         "x = n * s", "{x}", "x / n == s", "perimeter; polygons"},
    Tale{2, "n=3..10; s=2..30; p:=n*s",
         "[A shape with {n} equal sides has a perimeter of {p} cm. How long is a side?|{p} cm of wire are bent into "
         "{n} equal sides. How long is each?|The border of a regular shape with {n} sides is {p} inches. What is the "
         "length of one side?]",
         "s = p / n", "{s}", "x * n == p", "perimeter; division"},
    Tale{2, "a=2..30; b=2..30; c=2..30; !a+b>c && b+c>a && a+c>b; p:=a+b+c",
         "[Two sides of a triangle are {a} and {b}, and its perimeter is {p}. How long is the third side?|A triangular "
         "field has a fence of {p} m. Two sides are {a} m and {b} m. How many m is the other?|{p} cm of wire make a "
         "triangle with sides of {a} cm and {b} cm and a third. How long is that?]",
         "s = a + b; c = p - s", "{c}", "x + a + b == p", "perimeter; subtraction"},
    Tale{2, "a=3..20; b=3..20; c=1..9; d=1..9; !c<a && d<b; p:=a*b; q:=c*d; x:=p-q",
         "[From a {a} by {b} cm sheet, a {c} by {d} cm piece is cut out. What area is left?|A wall of {a} m by {b} m "
         "has a window of {c} m by {d} m. How many square m of wall are there without the window?|A yard of {a} by {b} "
         "m has a shed of {c} by {d} m. How many square m are free?|A sheet is a {a} by {b} rectangle without a {c} by "
         "{d} corner. What is its area?]",
         "p = a * b; q = c * d; x = p - q", "{x}", "x + c * d == a * b", "area of a rectangle; subtraction"},
    Tale{2, "a=3..20; b=3..20; c=2..9; d=2..9; p:=a*b; q:=c*d; x:=p+q",
         "[A house has a room of {a} by {b} m and one of {c} by {d} m. How many square m is that <altogether>?|Two "
         "beds are {a} by {b} feet and {c} by {d} feet. What is their area together?|A floor is made of a {a} by {b} "
         "part and a {c} by {d} part. How large is it?]",
         "p = a * b; q = c * d; x = p + q", "{x}", "x - c * d == a * b", "area of a rectangle; addition"},
    Tale{2, "a=3..20; b=2..20; p=2..15; s:=a*b; x:=s*p",
         "[A {a} m by {b} m floor gets tiles for ${p} a square meter.|Carpet costs ${p} a square meter, and the room "
         "is {a} m by {b} m.|Painting costs ${p} a square meter. The wall is {a} m by {b} m.|Land is sold at ${p} a "
         "square meter. A lot is {a} m by {b} m.] ?? [What does it cost?|How much is that?|What is the price?|How many "
         "dollars is that?]",
         "Area: s = a * b; x = s * p", "{x}", "x / p == a * b", "area of a rectangle; money"},
    Tale{2, "a=3..20; b=2..20; p=2..15; s:=a+b; q:=2*s; x:=q*p",
         "[A {a} m by {b} m garden gets a fence for ${p} a meter.|A frame for a {a} by {b} foot picture costs ${p} a "
         "foot.|Around a {a} m by {b} m pool runs a rail for ${p} a meter.] ?? [What does it cost?|How much is "
         "that?|What is the price?|How many dollars is that?]",
         "Half around: s = a + b; Around: q = s * 2; x = q * p", "{x}", "x / p == 2 * a + 2 * b", "perimeter; money"},
    Tale{2, "a=2..15; b=2..15; c=2..15; s:=a*b; v:=s*c",
         "[A box is {a} cm by {b} cm and holds {v} cubic cm. How high is it?|A tank with a floor of {a} by {b} dm is "
         "filled with {v} liters. How many dm deep is the water?|A block of {v} cubic cm is {a} cm long and {b} cm "
         "wide. How tall is it?]",
         "Floor: s = a * b; c = v / s", "{c}", "x * a * b == v", "volume; division"},
    Tale{3, "a=2..6; b=2..6; c=2..6; k=2..4; p:=a*k; q:=b*k; r:=c*k; v:=a*b; w:=v*c",
         "[How many cubes with edges of {k} cm fit in a box of {p} by {q} by {r} cm?|A {p} by {q} by {r} cm carton is "
         "filled with {k} cm cubes. How many are in it?|Dice {k} cm wide are packed in a {p} cm by {q} cm by {r} cm "
         "case. How many fit?]",
         "Along: a = p / k; Across: b = q / k; Up: c = r / k; v = a * b; w = v * c", "{w}",
         "x * k * k * k == p * q * r", "volume; several operations"},
    Tale{3, "a=2..12; b=2..10; h=2..5; p:=5*a; q:=10*b; k:=20*h; x:=a*b*h",
         "[A fish tank is {p} cm by {q} cm, with water {k} cm deep. How many liters is that, if a liter is 1000 cubic "
         "cm?|A trough is {q} cm long, {p} cm wide and filled {k} cm high. How many liters are in it? A liter is 1000 "
         "cubic cm.|Rain fills a {q} cm by {p} cm basin {k} cm deep. How many liters, of 1000 cubic cm each, did it "
         "catch?]",
         "v = p * q; w = v * k; x = w / 1000", "{x}", "1000 * x == p * q * k", "volume; unit conversion"},
    Tale{2, "a=20..85; b=20..85; x:=180-a-b; !x>15",
         "[A sail has corners of {a} and {b} degrees. What is the third corner?|A triangle's angles are {a} degrees, "
         "{b} degrees and one more. Find it.|Two corners of a triangular sign measure {a} and {b} degrees. How many "
         "degrees has the last one?]",
         "s = a + b; x = 180 - s", "{x}", "x + a + b == 180", "angles; subtraction"},
    Tale{2, "k=10..85; x:=180-2*k",
         "[An isosceles triangle has base angles of {k} degrees. What is the angle at the top?|Two angles of a "
         "triangle are both {k} degrees. How large is the other?|A roof rises at {k} degrees on both sides. How many "
         "degrees is the angle at its top?]",
         "Both: s = 2 * k; x = 180 - s", "{x}", "x + 2 * k == 180", "angles; subtraction"},
    Tale{2, "x=10..170; a:=180-x",
         "[Two angles on a straight line: one is {a} degrees. What is the other?|A ramp meets the ground at {a} "
         "degrees on one side. How many degrees is it on the other side?|What angle must be added to {a} degrees to "
         "get a straight angle?|The supplement of an angle is {a} degrees. How large is the angle?]",
         "x = 180 - a", "{x}", "x + a == 180", "angles; subtraction"},
    Tale{2, "x=5..85; a:=90-x",
         "[What is the complement of an angle of {a} degrees?|One acute angle of a right triangle is {a} degrees. What "
         "is the other?|A right angle is cut in two. One part is {a} degrees. How large is the other?]",
         "x = 90 - a", "{x}", "x + a == 90", "angles; subtraction"},
    Tale{3, "a=30..150; b=30..150; c=30..150; x:=360-a-b-c; !x>15",
         "[Three angles of a quadrilateral are {a}, {b} and {c} degrees. What is the fourth?|A kite-shaped yard has "
         "corners of {a}, {b} and {c} degrees. How large is the last corner?|Four roads meet at a point. Three of the "
         "angles between neighbors are {a}, {b} and {c} degrees. What is the other?]",
         "s = a + b + c; x = 360 - s", "{x}", "x + a + b + c == 360", "angles; polygons"},
    Tale{3, "k=1..12; p:=3*k; q:=4*k; c:=5*k; d:=p*p; e:=q*q; f:=d+e",
         "[A ship sails {p} km east and {q} km south. How far is it from the start in a straight line?|A wire runs "
         "from the top of a {q} foot pole to a point {p} feet from its base. How long is the wire?|A gate {p} feet "
         "high and {q} feet wide gets a diagonal brace. How long is the brace?|Instead of going {p} blocks one way and "
         "{q} the other, a bird flies straight. How many blocks is that?|A screen is {q} inches wide and {p} inches "
         "high. What is its diagonal?]",
         "d = p * p; e = q * q; f = d + e; > {c} * {c} = {f}, so it is {c}", "{c}", "x * x == p * p + q * q",
         "pythagorean theorem"},
    Tale{3, "u=2..6; v=1..u-1; k=1..3; p:=k*(u*u-v*v); q:=2*k*u*v; c:=k*(u*u+v*v); !c<90; d:=c*c; e:=p*p; f:=d-e",
         "[A {c} foot ladder stands {p} feet from a wall. How high up the wall does it reach?|A kite string of {c} m "
         "is tight. The kite is over a spot {p} m away. How high is it?|A rectangle with a diagonal of {c} has a side "
         "of {p}. How long is the other side?|A slide of {c} feet starts {p} feet high. How far along the ground does "
         "it go?]",
         "d = c * c; e = p * p; f = d - e; > {q} * {q} = {f}, so it is {q}", "{q}", "x * x + p * p == c * c",
         "pythagorean theorem"},
    Tale{3, "k=1..8; p:=3*k; q:=4*k; c:=5*k; s:=p+q; x:=s-c",
         "[{Name} can walk {p} m along one side of a field and {q} m along the next, or straight across. How many m "
         "shorter is the straight way?|How much shorter is the diagonal of a {p} by {q} park than going around two of "
         "its sides?]",
         "d = p * p; e = q * q; f = d + e; > {c} * {c} = {f}, so straight it is {c}; s = p + q; x = s - c", "{x}",
         "(p + q - x) * (p + q - x) == p * p + q * q", "pythagorean theorem; subtraction"},
    Tale{3, "h=2..12; s=2..12; k=2..12; t:=h*k; u:=s*k",
         "[A {h} foot post throws a shadow of {s} feet. At the same time a tree's shadow is {u} feet. How tall is the "
         "tree?|A stick {h} cm high has a {s} cm shadow. How high is a wall with a {u} cm shadow?|A photo {s} cm wide "
         "and {h} cm high is enlarged to a width of {u} cm. How high is it then?|On a plan, a yard is {s} cm by {h} "
         "cm. Its real width of {u} m belongs to the {s} cm. How many m is the other side?]",
         "Times: k = u / s; t = h * k", "{t}", "x / u == h / s", "similar triangles; ratio"},
    Tale{2, "k=2..50; c=2..20; d:=k*c",
         "[On a map 1 cm stands for {k} km. Two towns are {c} cm apart on it. How many km is that?|A model is built 1 "
         ": {k}. Its door is {c} cm high. How many cm is the real door?|A drawing shows everything {k} times smaller. "
         "A line in it is {c} cm. How long is it in reality, in cm?]",
         "d = k * c", "{d}", "x / c == k", "scale; multiplication"},
    Tale{3, "r=2..15; n=2..9; d:=2*r; x:=d*n",
         "[A wheel with a radius of {r} inches rolls {n} turns. How far does it go, in terms of pi?|{Name} run{+s} {n} "
         "times around a round pond of radius {r} m. How many m is that, in terms of pi?|How long is a rope wound {n} "
         "times around a pole of radius {r} cm, in terms of pi?]",
         "> Once around is 2 * pi * r; d = 2 * r; x = d * n; > So it is {x} pi", "{x}\\pi", "x / n == 2 * r",
         "circles; multiplication"},
    Tale{3, "r=3..15; s=1..10; !s<r; a:=r*r; b:=s*s; x:=a-b",
         "[A round cake of radius {r} has a hole of radius {s}. What is the area of its top, in terms of pi?|A path "
         "lies between two circles with the same center and radii {s} and {r} m. How large is it, in terms of pi?|From "
         "a round sheet of radius {r}, a circle of radius {s} is cut out. What area is left, in terms of pi?]",
         "a = r * r; b = s * s; x = a - b; > So it is {x} pi", "{x}\\pi", "x + s * s == r * r", "circles; subtraction"},
    Tale{4, "w=2..15; d=1..12; l:=w+d; a:=w*l; s:=w+l; p:=2*s",
         "[A field is {d} m longer than wide, with an area of {a} square m. What is its perimeter?|The sides of a "
         "rectangle differ by {d}, and its area is {a}. How long is the way around it?]",
         "> Two numbers with the difference {d} and the product {a}: {w} and {l}; a = w * l; s = w + l; p = s * 2",
         "{p}", "x * x / 4 == d * d + 4 * a", "quadratic equations; perimeter"},
    Tale{4, "a=2..9; k=2..4; c=2..9; d=2..9; v:=a*c; w:=v*d; e:=k*k; f:=e*k; x:=w*f",
         "[A box holds {w} liters. How many liters does one hold whose edges are all {k} times as long?|A cube-shaped "
         "crate carries {w} kg of sand. How much sand fits in a crate with edges {k} times as long?]",
         "Volume grows by: f = k ^ 3; x = w * f", "{x}", "x / w == pow(k, 3)", "volume; exponents"},
    Tale{4, "a=2..12; b=2..12; c=2..12; !a<=b && b<=c; p:=a*b; q:=b*c; r:=a*c; s:=p+q+r; t:=s*2; g=2..9; x:=t*g",
         "A closed chest of {a} by {b} by {c} feet is painted outside on all faces for ${g} a square foot. What does "
         "that cost?",
         "p = a * b; q = b * c; r = a * c; s = p + q + r; All faces: t = s * 2; x = t * g", "{x}",
         "x / g == 2 * (a * b + b * c + a * c)", "surface area; money"},
    Tale{4, "n=3..36; k:=n-2; s:=180*k; !s%n==0; x:=s/n",
         "[How many degrees has each inside angle of a regular [shape|polygon|figure] with {n} sides?|All angles of a "
         "[shape|figure|tile|coin] with {n} equal sides are equal. How large is one, in degrees?|At each of the {n} "
         "corners of a regular pavilion the walls meet at the same angle. How many degrees is it?]",
         "k = n - 2; All angles: s = k * 180; x = s / n", "{x}", "x * n == 180 * n - 360", "polygons; angles"},
    Tale{5, "x=2..20; k=2..5; y:=k*x; a:=x*y; m:=k+1; s:=x+y; p:=2*s; q:=x*x",
         "[A rectangle is {k:times} as long as wide, and its area is {a}. What is its perimeter?|A field of {a} square "
         "m is {k:times} as long as it is wide. How many m of fence go around it?|{a} square tiles of side 1 form a "
         "rectangle {k:times} as long as wide. How long is the way around it?]",
         "Width times width: q = a / k; > {x} * {x} = {q}, so the width is {x}; y = x * k; s = x + y; p = s * 2", "{p}",
         "x * x * k == 4 * a * (k + 1) * (k + 1)", "square roots; perimeter"},
    Tale{5, "k=1..9; p:=3*k; q:=4*k; c:=5*k; h=2..20; b:=p*q; a:=b/2; v:=a*h; !b%2==0",
         "[A tent has a floor shaped like a right triangle with legs of {p} and {q} feet. Its walls are {h} feet high. "
         "How many square feet of cloth are needed for the three walls?|A right triangle with legs {p} and {q} is the "
         "base of a column {h} high. What is the area of its three sides?]",
         "d = p * p; e = q * q; f = d + e; > {c} * {c} = {f}, so the long side is {c}; u = p + q + c; x = u * h", "{x}",
         "x / h == p + q + sqrt(p * p + q * q)", "pythagorean theorem; surface area"},
    Tale{5, "a=2..12; h=3..20; b:=2*a; w:=b+h; u:=2*w",
         "A rectangle with the perimeter {u} is {h} long. Inside, a triangle has that length as its base and its top "
         "on the other side. What is the area of the triangle?",
         "Half around: w = u / 2; Width: b = w - h; s = b * h; p = s / 2", "{p}", "4 * x == h * (u - 2 * h)",
         "area of a triangle; perimeter"},
};

void of_time(Maker& m) { tell_tale(m, times); }
void of_shapes(Maker& m) { tell_tale(m, shapes); }

constexpr std::array tables{TaleTable{"story of time", times}, TaleTable{"story of shapes", shapes}};

const std::array families{
    Family{"story of time", 1, 5, {}, of_time},
    Family{"story of shapes", 1, 5, {}, of_shapes},
};

}  // namespace

std::span<const TaleTable> school_tables() { return tables; }
std::span<const Family> school_families() { return families; }

}  // namespace holdfast::generators
