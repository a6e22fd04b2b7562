// Problems of the schoolroom: who has more and who fewer, ages, averages, riddles about numbers and digits, what goes
// on regularly, heads and legs, those who do both, chances, ways to choose, common multiples and divisors.
#include <array>

#include "training/generators/catalogue.h"
#include "training/generators/tales.h"

namespace holdfast::generators {
namespace {

constexpr std::array compared{
    Tale{1, "a=3..90; d=2..40; x:=a+d",
         "[{Ann} has {a} <smalls>. {Bob} has {d} more than {Ann}. How many does {Bob} have?|{Bob} picked {d} more "
         "<fruits> than "
         "{Ann}, who picked {a}. How many did {Bob} pick?|There are {a} boys in a club and {d} more girls than boys. "
         "How many girls "
         "are there?|{Ann} is {a} years old, and {Bob} is {d} years older. How old is {Bob}?|A red ribbon is {a} cm "
         "long. A blue one "
         "is {d} cm longer. How long is the blue one?|On <day> {a} people came. On the following day {d} more people "
         "came than on "
         "<day>. How many came on the following day?|{Ann} jumped {a} times. That was {d} fewer times than {Bob}. How "
         "many times did "
         "{Bob} jump?|{Ann} has {a} <smalls>, {d} fewer than {Bob}. How many does {Bob} have?]",
         "x = a + d", "{x}", "x - d == a", "additive comparison; addition"},
    Tale{1, "d=2..40; x=2..60; a:=x+d",
         "[{Ann} has {a} <smalls>. {Bob} has {d} fewer than {Ann}. How many does {Bob} have?|{Bob} picked {d} fewer "
         "<fruits> than {Ann}, "
         "who picked {a}. How many did {Bob} pick?|{Ann} is {a} years old, and {Bob} is {d} years younger. How old is "
         "{Bob}?|A tree is {a} "
         "feet tall, which is {d} feet taller than a house. How tall is the house?|There are {a} <groups> in the big "
         "hall, {d} more than "
         "in the small hall. How many are in the small hall?|{Ann} has {a} <smalls>, {d} more than {Bob}. How many "
         "does {Bob} have?|"
         "{Ann} needed {a} minutes. {Bob} was {d} minutes faster. How many minutes did {Bob} need?]",
         "x = a - d", "{x}", "x + d == a", "additive comparison; subtraction"},
    Tale{1, "a=2..60; x=2..60; b:=a+x",
         "[{Ann} has {a} <smalls> and {Bob} has {b}. How many more does {Bob} have than {Ann}?|There are {b} girls and "
         "{a} boys in a school "
         "play. How many fewer boys than girls are there?|A blue rope is {b} m long and a red one {a} m. How much "
         "longer is the blue "
         "one?|{Bob} scored {b} points, {Ann} scored {a}. By how many points did {Bob} win?|How many years older is a "
         "{b}-year-old than a "
         "child of {a}?|{Ann} read {a} pages and {Bob} read {b} pages. How many more pages did {Bob} read?|How many "
         "more <fruits> must {Ann}, "
         "who has {a}, pick to have {b}?]",
         "x = b - a", "{x}", "a + x == b", "additive comparison; subtraction"},
    Tale{1, "a=2..60; x=2..60; s:=a+x",
         "[There are {s} <groups>. {a} of them are in the house, and the others are outside. How many are "
         "outside?|{Name} {has} {s} <smalls> "
         "that are red or blue. {a} are red. How many are blue?|Of {s} questions {Name} answered {a} correctly. How "
         "many answers were "
         "wrong?|In a class of {s}, {a} are boys. How many are girls?|{s} <animals> live on a farm. {a} of them are "
         "white and the rest are "
         "black. How many are black?|{Name} {has} to read {s} pages and {has} read {a}. How many pages are still to "
         "read?|{a} of the {s} "
         "seats in a bus are taken. How many seats are empty?]",
         "x = s - a", "{x}", "x + a == s", "subtraction"},
    Tale{1, "a=2..60; b=2..60; x:=a+b",
         "[{Ann} has {a} <smalls> and {Bob} has {b}. How many do they have together?|There are {a} boys and {b} girls "
         "in a choir. How many children "
         "are in the choir?|{Name} {has} {a} red <smalls> and {b} blue ones. How many <smalls> {do} {he} have?|{a} "
         "<animals> are in the barn and "
         "{b} are outside. How many are there altogether?|{Name} read {a} pages on <day> and {b} pages the next day. "
         "How many pages did {he} read "
         "in all?|A baker sold {a} <bakeds> in the morning and {b} in the afternoon. What is the total?|{a} <groups> "
         "are in one room and {b} in "
         "another. How many is that in both rooms?]",
         "x = a + b", "{x}", "x - b == a", "addition"},
    Tale{2, "a=3..60; d=2..40; b:=a+d; x:=a+b",
         "[{Ann} has {a} <smalls>. {Bob} has {d} more than {Ann}. How many do they have in all?|{Ann} read {a} pages, "
         "and {Bob} read {d} pages more "
         "than {Ann}. How many pages did the two of them read?|In a club are {a} boys and {d} more girls than boys. "
         "How many members does the "
         "club have?|On <day> {a} <fruits> were sold, on the next day {d} more. How many were sold on both days?|{Ann} "
         "is {a} years old and {Bob} is "
         "{d} years older. What is the sum of their ages?]",
         "The second: b = a + d; x = a + b", "{x}", "x - d == 2 * a", "additive comparison; addition"},
    Tale{2, "d=2..40; b=2..60; a:=b+d; x:=a+b",
         "[{Ann} has {a} <smalls>. {Bob} has {d} fewer than {Ann}. How many do they have altogether?|{Ann} collected "
         "{a} <smalls>, which is {d} more "
         "than {Bob} collected. How many did they collect in all?|There are {a} girls in a school play and {d} fewer "
         "boys. How many children are in "
         "it?|One board is {a} cm long, a second is {d} cm shorter. How long are both together?]",
         "The second: b = a - d; x = a + b", "{x}", "x + d == 2 * a", "additive comparison; addition"},
    Tale{2, "a=3..40; k=2..6; b:=k*a; x:=a+b",
         "[{Ann} has {a} <smalls>. {Bob} has {k:times} as many. How many do they have together?|There are {a} "
         "<animals> in the barn and {k:times} as many on "
         "the field. How many is that in all?|{Ann} ran {a} km. {Bob} ran {k:times} as far. What distance did they run "
         "altogether?|A club has {a} boys "
         "and {k:times} as many girls. How many children are in the club?]",
         "The second: b = k * a; x = a + b", "{x}", "x == a * (k + 1)", "multiplicative comparison; addition"},
    Tale{2, "a=3..40; k=2..6; b:=k*a; x:=b-a",
         "[{Ann} has {a} <smalls>. {Bob} has {k:times} as many. How many more does {Bob} have than {Ann}?|{Ann} is {a} "
         "and {hers} grandfather is {k:times} as "
         "old. How many years older is the grandfather?|A small <bin> holds {a} <fruits>, a large one {k:times} as "
         "many. How many more does the large one "
         "hold?]",
         "The second: b = k * a; x = b - a", "{x}", "x == a * (k - 1)", "multiplicative comparison; subtraction"},
    Tale{2, "a=3..30; k=2..6; d=2..20; x:=k*a+d; b:=k*a",
         "[{Ann} has {a} <smalls>. {Bob} has {d} more than {k:times} as many. How many does {Bob} have?|{Bob} is {d} "
         "years older than {k:times} the age of {Ann}, "
         "who is {a}. How old is {Bob}?|A tree was {a} feet high. Now it is {d} feet higher than {k:times} that. How "
         "high is it now?]",
         "Times that: b = k * a; x = b + d", "{x}", "x - d == k * a", "multiplicative comparison; addition"},
    Tale{2, "a=3..30; k=2..6; b:=k*a; d=2..20; x:=b-d; !x>0",
         "[{Ann} has {a} <smalls>. {Bob} has {d} fewer than {k:times} as many. How many does {Bob} have?|{Bob} is {d} "
         "years younger than {k:times} the age of "
         "{Ann}, who is {a}. How old is {Bob}?|One <bin> holds {a} <fruits>. Another holds {d} less than {k:times} "
         "that number. How many does it hold?]",
         "Times that: b = k * a; x = b - d", "{x}", "x + d == k * a", "multiplicative comparison; subtraction"},
    Tale{2, "a=3..60; b=2..40; c=2..40; x:=a+b-c; !x>0 && a!=b; s:=a+b",
         "[There were {a} boys and {b} girls in a room. {c} children went out. How many are left?|{Name} had {a} red "
         "and {b} blue <smalls>. {He} lost {c}. How "
         "many {do} {he} have now?|A farm had {a} <animals> and {b} <animals2>. {c} of all these were sold. How many "
         "are still there?|{Name} picked {a} "
         "<fruits> and {his} <relative> picked {b}. {c} of them were bad. How many were good?]",
         "All: s = a + b; x = s - c", "{x}", "x + c == a + b", "addition; subtraction"},
    Tale{2, "s=20..99; a=3..40; b=3..40; x:=s-a-b; !x>0; t:=a+b",
         "[Of {s} <groups>, {a} came by bus and {b} by train. The rest came on foot. How many came on foot?|A ribbon "
         "of {s} cm is cut in three. Two pieces are "
         "{a} cm and {b} cm long. How long is the third?|{Name} {has} {s} <smalls>: {a} red, {b} blue, and the others "
         "green. How many are green?|In three days "
         "{Name} read {s} pages, {a} on the first day and {b} on the second. How many pages did {he} read on the "
         "third?]",
         "t = a + b; x = s - t", "{x}", "s - x == a + b", "addition; subtraction"},
    Tale{3, "a=5..40; d=2..20; e=2..20; b:=a+d; c:=b-e; !c>0; x:=a+b+c",
         "[{Ann} has {a} <smalls>. {Bob} has {d} more than {Ann}, and a neighbor has {e} fewer than {Bob}. How many do "
         "the three have in all?|In the first week {a} "
         "books were borrowed, in the second {d} more than in the first, in the third {e} fewer than in the second. "
         "How many were borrowed in the three "
         "weeks?|One tree has {a} <fruits>, the next one {d} more, and the last one {e} fewer than the second. How "
         "many <fruits> is that altogether?]",
         "Second: b = a + d; Third: c = b - e; x = a + b + c", "{x}", "x + e == 3 * a + 2 * d",
         "additive comparison; several operations"},
    Tale{3, "a=3..30; k=2..4; b:=k*a; d=2..20; c:=b+d; x:=a+b+c",
         "[{Ann} has {a} <smalls>. {Bob} has {k:times} as many as {Ann}. A friend has {d} more than {Bob}. How many "
         "have they altogether?|The smallest <bin> weighs {a} "
         "kg, the middle one {k:times} as much, and the largest {d} kg more than the middle one. What do the three "
         "weigh together?]",
         "Second: b = k * a; Third: c = b + d; x = a + b + c", "{x}", "x - d == a + 2 * k * a",
         "multiplicative comparison; several operations"},
    Tale{3, "n=2..9; a=2..12; k=2..9; b=2..12; c=2..30; p:=n*a; q:=k*b; x:=p+q+c; !n!=k",
         "[{Name} {has} {n} <bins> with {a} <smalls> each, {k} <bins2> with {b} <smalls> each and {c} <smalls> in "
         "{his} pocket. How many <smalls> {do} {he} have?|A shop sold "
         "{n} boxes of {a} cards, {k} boxes of {b} cards and {c} single cards. How many cards did it sell?]",
         "p = n * a; q = k * b; x = p + q + c", "{x}", "x - c == n * a + k * b", "several operations; multiplication"},
    Tale{3, "k=2..4; b=2..30; a:=k*b; d=2..20; c:=a+d; x:=b",
         "[{Ann} has {c} <smalls>, {d} more than {k:times} as many as {Bob}. How many does {Bob} have?|A rope of {c} m "
         "is {d} m longer than {k:times} a ladder. How long is the "
         "ladder?|{Ann} is {c}. That is {d} years more than {k:times} the age of {Bob}. How old is {Bob}?]",
         "Without the {d}: a = c - d; x = a / k", "{x}", "k * x + d == c",
         "multiplicative comparison; inverse operations"},
    Tale{4, "w=2..12; m:=2*w; c=2..6; n=2..9; a=3..20; t:=a*n; b=2..20; s:=t+b; x:=s*c",
         "[{Ann} has {a} <smalls>. {Bob} has {n:times} as many, and {Bob} gets {b} more. A friend then has {c:times} "
         "as many as {Bob}. How many does the friend have?|A seedling "
         "of {a} cm grows to {n:times} its height and then {b} cm more. A tree beside it is {c:times} as high as the "
         "plant is then. How high is the tree, in cm?]",
         "t = n * a; s = t + b; x = c * s", "{x}", "x / c - b == a * n",
         "multiplicative comparison; several operations"},
};

constexpr std::array ages_and_means{
    Tale{2, "a=5..40; b=5..40; x:=(a+b)/2; !(a+b)%2==0 && a!=b; s:=a+b",
         "[What is the average of {a} and {b}?|{Ann} is {a} years old and {Bob} is {b}. What is their average age?|It "
         "was {a} degrees on <day> and {b} degrees the next day. Find the "
         "average temperature.|Two bags weigh {a} kg and {b} kg. What is their mean weight?]",
         "s = a + b; x = s / 2", "{x}", "x + x == a + b", "arithmetic mean"},
    Tale{2, "a=3..40; b=3..40; c=3..40; s:=a+b+c; !s%3==0 && a!=b && b!=c; x:=s/3",
         "[{Name} scored {a}, {b} and {c} points in three games. What is {his} average?|Three boxes weigh {a} kg, {b} "
         "kg and {c} kg. What do they weigh on average?|What is the mean of "
         "{a}, {b} and {c}?|On three days {a}, {b} and {c} people came. How many came per day on average?|{Name} ran "
         "{a} km, {b} km and {c} km. What was the average distance of a "
         "run?]",
         "s = a + b + c; x = s / 3", "{x}", "3 * x == a + b + c", "arithmetic mean"},
    Tale{2, "a=3..40; b=3..40; c=3..40; d=3..40; s:=a+b+c+d; !s%4==0 && a!=b; x:=s/4",
         "[Find the average of {a}, {b}, {c} and {d}.|{Name} got {a}, {b}, {c} and {d} points on four tests. What is "
         "the mean of {his} points?|In four weeks a shop sold {a}, {b}, {c} and "
         "{d} bikes. What is the average per week?|The ages of four cousins are {a}, {b}, {c} and {d}. What is their "
         "average age?]",
         "s = a + b + c + d; x = s / 4", "{x}", "4 * x == a + b + c + d", "arithmetic mean"},
    Tale{2, "n=3..12; m=5..60; x:=n*m",
         "[The average of {n} numbers is {m}. What is their sum?|{n} boxes weigh {m} kg on average. What do they weigh "
         "together?|A player averaged {m} points over {n} games. How many points is "
         "that in all?|On average {m} people came on each of {n} days. How many people came altogether?]",
         "x = n * m", "{x}", "x / n == m", "arithmetic mean; multiplication"},
    Tale{3, "a=20..99; b=20..99; m=20..99; s:=3*m; t:=a+b; x:=s-t; !x>9 && x<=100 && x!=m",
         "[The average of three numbers is {m}. Two of them are {a} and {b}. What is the third?|{Name} {has} {a} and "
         "{b} points on two tests. How many points {do} {he} need on the third for an average of "
         "{m}?|Three friends weigh {m} kg on average. One weighs {a} kg, another {b} kg. What does the third "
         "weigh?|Over three days the average was {m} visitors. There were {a} on the first day and {b} on the "
         "second. How many came on the third?]",
         "Sum: s = m * 3; t = a + b; x = s - t", "{x}", "(a + b + x) / 3 == m", "arithmetic mean; inverse operations"},
    Tale{3, "a=20..99; b=20..99; c=20..99; m=20..99; s:=4*m; t:=a+b+c; x:=s-t; !x>9 && x<=100",
         "[The mean of four numbers is {m}. Three of them are {a}, {b} and {c}. Find the fourth.|After scores of {a}, "
         "{b} and {c}, what score on the fourth test gives {Name} an average of {m}?|Four "
         "parcels weigh {m} pounds on average; three of them weigh {a}, {b} and {c} pounds. What is the weight of the "
         "fourth?]",
         "Sum: s = m * 4; t = a + b + c; x = s - t", "{x}", "(a + b + c + x) / 4 == m",
         "arithmetic mean; inverse operations"},
    Tale{3, "n=3..9; m=20..90; k:=n-1; s:=n*m; l=20..90; u:=k*l; x:=s-u; !x>0 && x<120 && l!=m",
         "[The average of {n} numbers is {m}. Without one of them, the average of the others is {l}. What is the "
         "number that was left out?|{n} players have {m} points on average. When one of them leaves, the "
         "average of the rest is {l}. How many points did that player have?]",
         "s = n * m; k = n - 1; u = k * l; x = s - u", "{x}", "(n * m - x) / (n - 1) == l",
         "arithmetic mean; several operations"},
    Tale{2, "a=5..40; d=2..30; l=2..20; x:=a+d+l; b:=a+d",
         "[{Ann} is {a}. {Bob} is {d} years older. How old will {Bob} be in {l} years?|In {l} years, how old will "
         "{Bob} be, who is {d} years older than {Ann}, who is {a} now?|{Ann} is {a} years of age. {hers} "
         "cousin is {d} years older. What will the age of the cousin be {l} years from now?]",
         "Now: b = a + d; x = b + l", "{x}", "x - l - d == a", "ages; two operations"},
    Tale{2, "a=3..20; k=2..5; l=2..20; b:=k*a; x:=b-l; !x>0",
         "[{Ann} is {a}, and {hers} father is {k:times} as old. How old was the father {l} years ago?|{Bob} is "
         "{k:times} as old as {Ann}, who is {a}. How old was {Bob} {l} years ago?]",
         "Now: b = k * a; x = b - l", "{x}", "x + l == k * a", "ages; multiplicative comparison"},
    Tale{2, "x=3..40; l=2..20; k=2..20; s:=x+l; y:=x-k; !y>0",
         "[In {l} years {Ann} will be {s}. How old is {her} now?|{Ann} will turn {s} in {l} years. What is {hers} age "
         "today?|{l} years from now, {Ann} will be {s} years old. How old is {her}?]",
         "x = s - l", "{x}", "x + l == s", "ages; subtraction"},
    Tale{3, "x=3..30; k=2..5; y:=k*x; s:=x+y; m:=k+1",
         "[{Ann} and {Bob} are {s} years old together. {Bob} is {k:times} as old as {Ann}. How old is {Ann}?|The sum "
         "of the ages of a child and its mother is {s}. The mother is {k:times} as old as the child. How old is the "
         "child?|A mother is {k:times} as old as {Ann}. Together they are {s}. What is {Ann}'s age?]",
         "Parts: m = k + 1; x = s / m", "{x}", "x + k * x == s", "ages; linear equations"},
    Tale{3, "x=3..30; k=2..5; y:=k*x; s:=x+y; m:=k+1; d:=y-x",
         "[{Bob} is {k:times} as old as {Ann} and {d} years older. How old is {Ann}?|A father is {k:times} as old as "
         "his child. He is {d} years older than the child. How old is the child?]",
         "> The {d} years are the parts that {Bob} has more; e = k - 1; x = d / e", "{x}", "k * x - x == d",
         "ages; linear equations"},
    Tale{3, "a=5..40; b=5..40; l=2..20; !a!=b; s:=a+b; t:=2*l; x:=s+t",
         "[{Ann} is {a} and {Bob} is {b}. What will their ages add up to in {l} years?|Two sisters are {a} and {b} "
         "years old. How old will they be together {l} years from now?|The ages of {Ann} and {Bob} are {a} and {b}. "
         "Find the sum "
         "of their ages in {l} years.]",
         "Now: s = a + b; Both get older: t = 2 * l; x = s + t", "{x}", "x == (a + l) + (b + l)",
         "ages; several operations"},
    Tale{3, "a=5..40; b=5..40; l=2..20; !a!=b && a>l && b>l; s:=a+b; t:=2*l; x:=s-t",
         "[The ages of {Ann} and {Bob} add up to {s}. What did they add up to {l} years ago, when both were already "
         "born?|{Ann} and {Bob} are {s} years old together. How old were they together {l} years ago? Both were alive "
         "then.]",
         "Both were younger: t = 2 * l; x = s - t", "{x}", "x + l + l == s", "ages; several operations"},
    Tale{4, "y=2..20; k=2..4; l=2..20; m=2..4; !m<k+1; a:=k*y; !a+l==m*(y+l) && m<k; e:=m-1; f:=e*l; g:=k-m",
         "[{Ann} is {k:times} as old as {Bob}. In {l} years {Ann} will be {m:times} as old as {Bob}. How old is {Bob} "
         "now?|A mother is {k:times} as old as {Bob}. {l} years from now she will be {m:times} as old. How old is "
         "{Bob} today?]",
         "> {k}y + {l} = {m}(y + {l}), where y is the age of {Bob}; e = m - 1; f = e * l; g = k - m; y = f / g", "{y}",
         "k * x + l == m * (x + l)", "ages; linear equations"},
};

constexpr std::array riddles{
    Tale{1, "a=2..40; x=2..60; s:=a+x",
         "[I add {a} to a number and get {s}. What is the number?|Which number is {a} less than {s}?|A number "
         "increased by {a} is {s}. What is it?|What must be added to {a} to get {s}?|{a} and another number make {s}. "
         "What is the other "
         "number?|The sum of two numbers is {s}. One of them is {a}. What is the other?]",
         "x = s - a", "{x}", "x + a == s", "inverse operations; subtraction"},
    Tale{1, "b=2..40; c=2..40; x:=b+c",
         "[I take {b} away from a number and {c} is left. What is the number?|A number decreased by {b} is {c}. What "
         "is the number?|Which number is {b} more than {c}?|The difference of a number and {b} is {c}, and the number "
         "is the larger one. "
         "What is it?|From which number must I subtract {b} to get {c}?]",
         "x = b + c", "{x}", "x - b == c", "inverse operations; addition"},
    Tale{1, "k=2..12; x=2..20; p:=k*x",
         "[{k} times a number is {p}. What is the number?|A number multiplied by {k} gives {p}. Find the number.|By "
         "what must {k} be multiplied to get {p}?|The product of two numbers is {p}. One of them is {k}. What is the "
         "other?|I multiply a number by "
         "{k} and get {p}. Which number is it?]",
         "x = p / k", "{x}", "x * k == p", "inverse operations; division"},
    Tale{1, "k=2..12; q=2..20; x:=k*q",
         "[A number divided by {k} is {q}. What is the number?|I divide a number by {k} and get {q}. Which number is "
         "it?|Which number is {k} times as large as {q}?|The quotient of a number and {k} is {q}. Find the number.]",
         "x = k * q", "{x}", "x / k == q", "inverse operations; multiplication"},
    Tale{2, "k=2..9; x=2..20; b=2..40; c:=k*x+b",
         "[{k} times a number plus {b} is {c}. What is the number?|If I multiply a number by {k} and then add {b}, I "
         "get {c}. What is the number?|{b} more than {k} times a number is {c}. Find the number.|A number is "
         "multiplied by {k}. The result increased by "
         "{b} is {c}. Which number is it?]",
         "p = c - b; x = p / k", "{x}", "k * x + b == c", "linear equations; inverse operations"},
    Tale{2, "k=2..9; x=2..20; b=2..40; c:=k*x-b; !c>0",
         "[{k} times a number minus {b} is {c}. What is the number?|If I multiply a number by {k} and subtract {b}, I "
         "get {c}. What is the number?|{b} less than {k} times a number is {c}. Find the number.|A number is "
         "multiplied by {k} and then made smaller by {b}. The "
         "result is {c}. Which number is it?]",
         "p = c + b; x = p / k", "{x}", "k * x - b == c", "linear equations; inverse operations"},
    Tale{2, "k=2..9; q=2..20; b=2..20; x:=k*(q-b); !q>b; d:=q-b",
         "[A number is divided by {k}, and {b} is added. The result is {q}. What is the number?|If I divide a number "
         "by {k} and add {b}, I get {q}. What is the number?|After dividing by {k} and then adding {b}, a number has "
         "become {q}. Which number was it?]",
         "d = q - b; x = k * d", "{x}", "x / k + b == q", "linear equations; inverse operations"},
    Tale{2, "h=2..40; b=2..30; x:=2*h; c:=h+b",
         "[Half of a number plus {b} is {c}. What is the number?|Half a number increased by {b} gives {c}. Find the "
         "number.|I take half of a number and add {b}. That makes {c}. What was the number?]",
         "h = c - b; x = h * 2", "{x}", "x / 2 + b == c", "linear equations; inverse operations"},
    Tale{3, "k=2..9; x=2..20; b=2..20; s:=x+b; c:=k*s",
         "[I add {b} to a number and multiply the sum by {k}. The result is {c}. What is the number?|{k} times the sum "
         "of a number and {b} is {c}. What is the number?|When a number is increased by {b} and the result is "
         "multiplied by {k}, we get {c}. Find the "
         "number.]",
         "Sum: s = c / k; x = s - b", "{x}", "k * (x + b) == c", "linear equations; inverse operations"},
    Tale{3, "x=3..60; d=2..30; y:=x+d; s:=x+y",
         "[The sum of two numbers is {s}. Their difference is {d}. What is the smaller number?|Two numbers differ by "
         "{d} and add up to {s}. Find the smaller one.|A larger and a smaller number make {s} together; the larger is "
         "{d} more. What is the smaller "
         "one?]",
         "p = s - d; x = p / 2", "{x}", "2 * x + d == s", "linear equations; two operations"},
    Tale{3, "y=3..60; d=2..30; x:=y+d; s:=x+y",
         "[The sum of two numbers is {s}. Their difference is {d}. What is the larger number?|Two numbers differ by "
         "{d} and add up to {s}. Find the larger one.|Together two numbers make {s}. One is {d} less than the other. "
         "What is the larger "
         "one?]",
         "p = s + d; x = p / 2", "{x}", "2 * x - d == s", "linear equations; two operations"},
    Tale{3, "x=2..60; s:=2*x+1; y:=x+1",
         "[Two consecutive numbers add up to {s}. What is the smaller one?|The page numbers on the left and right of "
         "an open book have the sum {s}. What is the number of the left page?|Two neighboring seats have consecutive "
         "numbers with the sum {s}. What is the lower seat number?]",
         "p = s - 1; x = p / 2", "{x}", "2 * x + 1 == s", "linear equations; two operations"},
    Tale{3, "x=3..60; s:=3*x; l:=x-1; u:=x+1",
         "[Three consecutive numbers add up to {s}. What is the [middle one|number in the middle]?|The sum of three "
         "whole numbers in a row is {s}. Which is the middle one?]",
         "x = s / 3", "{x}", "3 * x == s", "linear equations; division"},
    Tale{3, "m=3..60; s:=3*m; x:=m+1",
         "[Three consecutive numbers add up to {s}. What is the largest of them?|The sum of three whole numbers in a "
         "row is {s}. Which is the greatest?|{Name} live{+s} in three neighboring rooms whose numbers follow each "
         "other and add up to {s}. What is the highest room "
         "number?]",
         "The middle one: m = s / 3; x = m + 1", "{x}", "3 * x - 3 == s", "linear equations; two operations"},
    Tale{3, "n=1..20; m=1..20; b:=n+m; t:=2*n+4*m",
         "[There are {b} hens and goats in a yard. Together they have {t} legs. How many goats are there?|{b} bikes "
         "and cars are parked in a lot. They have {t} wheels in all. How many cars are there?|A field holds {b} ducks "
         "and cows, and one "
         "counts {t} feet. How many cows are there?|In a room are {b} stools with two legs and chairs with four legs, "
         "{t} legs altogether. How many chairs are there?]",
         "> If all had two; e = b * 2; Too few: f = t - e; m = f / 2", "{m}", "4 * x + 2 * (b - x) == t",
         "systems of linear equations; linear equations"},
    Tale{3, "n=1..20; m=1..20; b:=n+m; t:=2*n+4*m",
         "[There are {b} hens and goats in a yard. Together they have {t} legs. How many hens are there?|{b} bikes and "
         "cars are parked in a lot. They have {t} wheels in all. How many bikes are there?|A field holds {b} ducks and "
         "cows, and one counts {t} feet. How many ducks are there?]",
         "> If all had four; e = b * 4; Too many: f = e - t; n = f / 2", "{n}", "2 * x + 4 * (b - x) == t",
         "systems of linear equations; linear equations"},
    Tale{3, "n=1..20; m=1..20; b:=n+m; t:=2*n+3*m",
         "[{b} bikes and tricycles have {t} wheels in all. How many are tricycles?|A test has {b} questions worth 2 or "
         "3 points each, {t} points in all. How many questions are worth 3 points?|{b} boats carry two or three people "
         "each, {t} people together. How many boats carry "
         "three?]",
         "> If all had two; e = b * 2; m = t - e", "{m}", "3 * x + 2 * (b - x) == t",
         "systems of linear equations; linear equations"},
    Tale{4, "a=3..9; c=1..5; n=3..20; k=1..n-1; w:=n-k; s:=a*k-c*w; !s>1; m:=a+c",
         "[A quiz gives {a} points for a right answer and takes {c} {c:point/points} for a wrong one. {Name} answered "
         "all {n} questions and got {s} points. How many answers were right?|For each hit in a game one gets {a} "
         "points, for each miss {c} {c:is/are} taken away. After {n} throws {Name} {has} {s} "
         "points. How many were hits?]",
         "> If all were right; e = a * n; Too much: f = e - s; A wrong one costs: m = a + c; Wrong: w = f / m; k = n - "
         "w",
         "{k}", "a * x - c * (n - x) == s", "systems of linear equations; linear equations"},
    Tale{
        2, "g=2..12; p=2..7; q=2..7; !p!=q && gcd(p,q)==1; a:=g*p; b:=g*q",
        "[{Name} {has} {a} <fruits> and {b} <fruits2> and make{+s} as many equal bags as possible, using all of them. "
        "How many bags can {he} make?|{a} boys and {b} girls form groups that all have the same number of boys and the "
        "same number of girls. What is the largest number of groups?|Two ropes of {a} m and {b} m are cut into equal "
        "pieces that are as long as possible, with nothing left. How long is a piece?|What is the largest square tile, "
        "in cm, that covers a floor of {a} cm by {b} cm without cutting?]",
        "> {a} = {g} * {p} and {b} = {g} * {q}; > {p} and {q} have no common factor, so it is {g}", "{g}",
        "x == common(a, b)", "greatest common divisor"},
    Tale{3, "p=2..12; q=2..12; !p<q; g:=gcd(p,q); l:=p*q/g; !l>q && l<=90",
         "[One bus leaves every {p} minutes and another every {q} minutes. They leave together at noon. After how many "
         "minutes do they leave together again?|{Ann} visits a friend every {p} days and {Bob} every {q} days. They "
         "were there together today. In how many days will they be there together again?|Rolls come in packs of {p}, "
         "sausages in packs of "
         "{q}. What is the smallest number of each to have equally many?|Two lights flash every {p} and every {q} "
         "seconds. They flash together now. How many seconds until they do so again?|What is the smallest number of "
         "<smalls> that can be put in rows of {p} and also in rows of {q} with none left over?]",
         "> The greatest common divisor of {p} and {q} is {g}; m = p * q; x = m / g", "{x}",
         "x == p * q / common(p, q)", "least common multiple"},
    Tale{
        2, "a=5..40; b=5..40; c=1..20; !c<a && c<b; s:=a+b; x:=s-c",
        "[{a} children play soccer and {b} play chess. {c} of them do both. How many children play at least one of the "
        "two?|In a street {a} families have a cat, {b} have a dog, and {c} have both. How many families have a cat or "
        "a dog?|{a} people ordered tea and {b} ordered cake; {c} ordered both. How many people ordered something?]",
        "s = a + b; > The {c} are counted twice; x = s - c", "{x}", "x + c == a + b",
        "inclusion-exclusion; two operations"},
    Tale{3, "a=5..40; b=5..40; c=1..20; !c<a && c<b; s:=a+b; u:=s-c; x=1..20; n:=u+x",
         "[In a class of {n}, {a} like math, {b} like art and {c} like both. How many like neither?|Of {n} <groups>, "
         "{a} can swim, {b} can ski, and {c} can do both. How many can do neither?|{n} people were asked: {a} read the "
         "paper, {b} hear the radio, {c} do both. How many do neither?]",
         "s = a + b; At least one: u = s - c; x = n - u", "{x}", "n - x == a + b - c",
         "inclusion-exclusion; several operations"},
    Tale{2, "a=2..12; b=2..12; s:=a+b; !a!=b",
         "[A bag holds {a} red and {b} blue <smalls>. One is taken out without looking. What is the probability that "
         "it is red?|There are {a} boys and {b} girls in a group. One child is chosen at random. What is the "
         "probability of a boy?|Of the tickets in a box, {a} win and {b} do not. What is the probability that a ticket "
         "drawn at random wins?|A drawer has {a} black and {b} white socks. What is the "
         "chance of drawing a black one at random? Give a fraction.]",
         "All: s = a + b; > {a} of {s}; reduce a / s", "{a/s}", "x == a / (a + b)", "probability"},
    Tale{2, "a=2..9; b=2..9; c=2..9; s:=a+b+c; d:=b+c",
         "[A bag holds {a} red, {b} blue and {c} green <smalls>. What is the probability that one drawn at random is "
         "not red?|In a box are {a} lemons, {b} limes and {c} plums. One fruit is taken at random. What is the "
         "probability that it is no lemon?]",
         "All: s = a + b + c; Others: d = b + c; > {d} of {s}; reduce d / s", "{d/s}", "x == 1 - a / (a + b + c)",
         "probability; addition"},
    Tale{1, "a=2..9; b=2..9; x:=a*b",
         "[A menu has {a} starters and {b} main dishes. How many different meals of one starter and one main dish are "
         "possible?|{Name} {has} {a} shirts and {b} skirts. How many different outfits can {he} wear?|From A to B "
         "there are {a} roads, from B to C {b} roads. In how many ways can one go from A to C over B?|An ice cream "
         "shop has {a} "
         "flavors and {b} kinds of cones. How many combinations of one flavor and one cone are there?]",
         "x = a * b", "{x}", "x / a == b", "multiplication principle"},
    Tale{2, "a=2..6; b=2..6; c=2..6; p:=a*b; x:=p*c",
         "[A menu has {a} starters, {b} main dishes and {c} desserts. How many different three-course meals are "
         "there?|{Name} {has} {a} hats, {b} shirts and {c} pairs of shoes. In how many ways can {he} dress?|A code has "
         "one of {a} letters, then one of {b} colors, then one of {c} digits. How many codes are possible?]",
         "p = a * b; x = p * c", "{x}", "x / c / b == a", "multiplication principle"},
    Tale{2, "n=3..12; k:=n-1; p:=n*k; x:=p/2",
         "[{n} people meet, and everyone shakes hands with everyone else once. How many handshakes are there?|{n} "
         "teams play a tournament in which each plays each other once. How many games are there?|In how many ways can "
         "2 of {n} children be chosen as a pair?|{n} friends each clink glasses once with every other friend. How many "
         "clinks are "
         "heard?]",
         "k = n - 1; p = n * k; > Each is counted twice; x = p / 2", "{x}", "x == choose(n, 2)",
         "combinations; handshake problem"},
    Tale{2, "n=3..3; k=2..40",
         "[In how many different orders can {n} <groups> stand in a line?|{n} <papers> lie side by side. How many "
         "orders are possible if all are different?|{Name} {has} {n} errands to do. In how many different orders can "
         "{he} do them?|In how many ways can {n} runners finish a race if there is no tie?|How many ways are there to "
         "arrange {n} different <toys> in a row?|{n} <groups> wait at the door of <shop>. In how many orders can they "
         "go in, one by one?]",
         "> Three for the first place, two for the next, one for the last; x = 3 * 2", "{x}", "x == orders(n, n)",
         "permutations"},
    Tale{2, "n=4..4; k=2..40",
         "[In how many different orders can {n} <groups> stand in a line?|{n} <papers> lie side by side. How many "
         "orders are possible if all are different?|{Name} {has} {n} errands to do. In how many different orders can "
         "{he} do them?|In how many ways can {n} runners finish a race if there is no tie?|How many ways are there to "
         "arrange {n} different <toys> in a row?|{n} <groups> wait at the door of <shop>. In how many orders can they "
         "go in, one by one?]",
         "> Four for the first place, then three, two and one; p = 4 * 3; x = p * 2", "{x}", "x == orders(n, n)",
         "permutations"},
    Tale{2, "n=5..5; k=2..40",
         "[In how many different orders can {n} <groups> stand in a line?|{n} <papers> lie side by side. How many "
         "orders are possible if all are different?|{Name} {has} {n} errands to do. In how many different orders can "
         "{he} do them?|In how many ways can {n} runners finish a race if there is no tie?|How many ways are there to "
         "arrange {n} different <toys> in a row?|{n} <groups> wait at the door of <shop>. In how many orders can they "
         "go in, one by one?]",
         "> Five for the first place, then four, three, two and one; p = 5 * 4; q = p * 3; x = q * 2", "{x}",
         "x == orders(n, n)", "permutations"},
    Tale{2, "a=2..30; d=2..12; n=4..12; m:=n-1; e:=m*d; x:=a+e",
         "[{Name} put{+s} {a} coins in a box on the first day, and every day {d} more than on the day before. How many "
         "coins {do} {he} put in on day {n}?|The first row of a theater has {a} seats. Each further row has {d} more "
         "than the one before it. How many seats are in row {n}?|A plant is {a} cm tall in week 1 and grows {d} cm "
         "every week. How tall is it in week {n}?|A pattern "
         "starts with {a} tiles, and each step has {d} tiles more. How many tiles are in step {n}?]",
         "m = n - 1; e = m * d; x = a + e", "{x}", "(x - a) / d == n - 1", "arithmetic sequences"},
    Tale{2, "a=2..6; k=2..3; n=3..5; p:=pow(k,n); x:=a*p",
         "[{a} cells split so that there are {k:times} as many each hour. How many cells are there after {n} hours?|A "
         "rumor is known to {a} people, and every day {k:times} as many know it. How many know it after {n} "
         "days?|{Name} {has} ${a}, and the amount becomes {k:times} as large each year. How many dollars is it after "
         "{n} years?]",
         "p = k ^ n; x = a * p", "{x}", "x == a * pow(k, n)", "geometric sequences"},
    Tale{1, "a=2..20; d=2..12; b:=a+d; c:=b+d; e:=c+d; x:=e+d",
         "[What is the next number: {a}, {b}, {c}, {e}, ...?|{Name} count{+s} {a}, {b}, {c}, {e}. Which number comes "
         "next if {he} go{+es} on like this?|Continue the pattern {a}, {b}, {c}, {e}. What comes next?|Houses on one "
         "side of a street have the numbers {a}, {b}, {c}, {e} and so on. What is the next number?]",
         "d = b - a; x = e + d", "{x}", "x - e == b - a", "number patterns"},
    Tale{1, "a=2..12; d=2..12; e:=a+4*d+5; b:=e-d; c:=b-d; f:=c-d; x:=f-d",
         "[What is the next number: {e}, {b}, {c}, {f}, ...?|{Name} count{+s} down {e}, {b}, {c}, {f}. Which number "
         "comes next?|Continue the pattern {e}, {b}, {c}, {f}. What comes next?]",
         "Each is less by: d = e - b; x = f - d", "{x}", "f - x == e - b", "number patterns; subtraction"},
    Tale{2, "t=1..9; o=0..9; s:=t+o; n:=10*t+o; r:=10*o+t; !o>t",
         "[What number do you get if you swap the digits of {n}, and how much larger is it? Give the difference.|The "
         "digits of {n} are written in reverse order. By how much is the new number larger?]",
         "q = o * 10; > The new number is {q} + {t}; r = q + t; x = r - n", "{x}", "x == 9 * (n % 10 - floor(n / 10))",
         "digits; subtraction"},
};

void compare(Maker& m) { tell_tale(m, compared); }
void age_and_mean(Maker& m) { tell_tale(m, ages_and_means); }
void riddle(Maker& m) { tell_tale(m, riddles); }

constexpr std::array tables{TaleTable{"story of more and less", compared},
                            TaleTable{"story of ages and means", ages_and_means},
                            TaleTable{"story of riddles", riddles}};

const std::array families{
    Family{"story of more and less", 1, 4, {}, compare},
    Family{"story of ages and means", 2, 4, {}, age_and_mean},
    Family{"story of riddles", 1, 4, {}, riddle},
};

}  // namespace

std::span<const TaleTable> classroom_tables() { return tables; }
std::span<const Family> classroom_families() { return families; }

}  // namespace holdfast::generators
