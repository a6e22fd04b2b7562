// One sum told in a dozen ways each: other places, verbs and roles, active and passive, the unknown at the end, in the
// middle or at the beginning. What is learned is which numbers belong together, and not which words.
#include <array>

#include "training/generators/catalogue.h"
#include "training/generators/tales.h"

namespace holdfast::generators {
namespace {

constexpr std::array telling{
    Tale{1, "a=3..80; b=2..60; x:=a+b",
         "[A truck is loaded with {a} sacks in the village and {b} more in town. How many sacks does it carry?|The "
         "first verse has {a} words and the second {b}. How many words do they have?|{Name} typed {a} lines, took a "
         "break and typed {b} more. How many lines did {he} type?|A "
         "beehive gave {a} jars of honey, another gave {b}. What was the harvest?|In a vote {a} people said yes and "
         "{b} said no. How many voted?|{Name's} garden has {a} red tulips and {b} yellow ones. How many tulips grow "
         "there?|After {b} new members joined, what is the size of a club that had "
         "{a} before?|A snail crawled {a} cm, rested, and crawled {b} cm further. How far did it come?|The bridge is "
         "{a} m long on this side of the border and {b} m on the other. How long is the bridge?|{a} letters came on "
         "<day> and {b} on the day after. How many letters came on the two days?|A "
         "farmer milked {a} liters in the morning and {b} in the evening. How much milk was that?|{Name} need{+s} {a} "
         "nails for the door and {b} for the roof. How many nails should be bought?]",
         "x = a + b", "{x}", "x - a == b", "addition"},
    Tale{1, "b=2..60; x=3..80; a:=b+x",
         "[A truck with {a} sacks drops {b} of them at the mill. How many sacks stay on it?|From {a} meters of cable, "
         "{b} meters are used. How much cable is left?|{a} runners started and {b} gave up. How many reached the "
         "finish?|Of {a} eggs in the nest box {b} were taken. How many are there "
         "still?|{Name} wanted {a} votes but was {b} short. How many votes did {he} get?|A bucket holding {a} cups of "
         "water was spilled, and {b} cups were lost. How much stayed in the bucket?|A library with {a} copies of a "
         "book has lent out {b}. How many copies are in?|The team scored {a} goals "
         "this year, {b} of them in the first half of the year. How many were scored in the second half?|{Name} "
         "printed {a} tickets. All but {b} were sold. How many were sold?|There are {a} pages, and {b} carry pictures. "
         "How many pages have no picture?|{a} guests were expected, but {b} did not come. How "
         "many came?|{Name} cut {b} cm from a ribbon of {a} cm. What length remains?|After a sale of {b} bikes a shop "
         "that had {a} has how many?]",
         "x = a - b", "{x}", "x + b == a", "subtraction"},
    Tale{1, "b=2..60; x=3..80; a:=b+x",
         "[{Name} bought some eggs and {b} were added as a gift, so that {he} went home with {a}. How many did {he} "
         "buy?|A tank was filled up with {b} liters and then held {a}. How many liters were in it before?|With {b} "
         "newcomers a choir has {a} singers. How many did it have without them?|{Name} climbed {b} "
         "more steps and stood on step {a}. On which step had {he} been?|After growing {b} cm a plant is {a} cm tall. "
         "How tall was it?|A herd has {a} animals now that {b} calves were born. How many were there before?|The price "
         "went up by ${b} to ${a}. What was it?|{b} more people got on, and then {a} were on the bus. How "
         "many had been on it?]",
         "> Take away what came; x = a - b", "{x}", "x + b == a", "inverse operations; subtraction"},
    Tale{
        1, "a=3..80; b=2..60; x:=a+b",
        "[{Name} used {b} of {his} eggs for a cake and has {a} left. How many did {he} have?|{b} liters flowed out of "
        "a tank, and {a} are still in it. How many liters had been in it?|When {b} singers left a choir, {a} stayed. "
        "How large was the choir?|{Name} went down {b} steps and stood on step {a}. On which step had {he} "
        "been?|A candle has burned down {b} cm and is {a} cm long now. How long was it when it was new?|The price fell "
        "by ${b} to ${a}. What was it before?|{b} people got off a bus, which left {a} on it. How many had been on "
        "it?|{Name} gave {Bob} {b} marbles and kept {a}. How many marbles had {he} had?|A shop sold {b} of its lamps "
        "and has {a} more to sell. How many lamps were there at the beginning?]",
        "> Put back what went; x = a + b", "{x}", "x - b == a", "inverse operations; addition"},
    Tale{1, "a=3..80; x=2..60; b:=a+x",
         "[A choir grew from {a} to {b} singers. How many joined?|{Name} had {a} stamps in spring and {b} in autumn. "
         "How many were added?|The tree was {a} feet high when it was planted and is {b} feet high now. How much did "
         "it grow?|On step {a} {Name} rest{+s}; the tower has {b} steps. How many are still above {him}?|A bus arrived "
         "with {a} "
         "people and left with {b}. Nobody got off. How many got on?|How much must be added to ${a} to have "
         "${b}?|{Name} {has} {a} points and need{+s} {b} to win. How many are missing?|The water stood at {a} cm and "
         "rose to {b} cm. By how much did it rise?|A shelf with {a} books has room for {b}. How many more books fit on "
         "it?]",
         "x = b - a", "{x}", "a + x == b", "subtraction"},
    Tale{1, "b=2..60; x=2..60; a:=b+x",
         "[A choir shrank from {a} to {b} singers. How many left?|{Name} had {a} stamps in spring and {b} in autumn. "
         "How many did {he} lose?|A candle of {a} cm is {b} cm long now. How much of it burned?|A bus arrived with {a} "
         "people and left with {b}. Nobody got on. How many got off?|The water fell from {a} cm to {b} cm. By how much "
         "did it "
         "fall?|A rope of {a} m is only {b} m long after a cut. How much was cut off?|Of {a} glasses {b} "
         "survived the move. How many broke?|There were {a} cookies in the jar last night and {b} this morning. How "
         "many were eaten?|{Name} had ${a} and came home with ${b}. How much did {he} spend?]",
         "x = a - b", "{x}", "x + b == a", "subtraction"},
    Tale{
        1, "n=2..12; k=2..12; x:=n*k",
        "[A wall has {n} rows with {k} bricks each. How many bricks were laid?|{Name} ride{+s} to school and needs {k} "
        "minutes. How many minutes are {n} such rides?|For every guest {k} plates are washed. {n} guests came. How "
        "many plates is that?|A chessboard of a game has {n} rows and {k} "
        "columns. How many squares does it have?|The bus makes {k} stops on each trip and {n} trips a day. How many "
        "stops is that a day?|{n} kites have {k} ribbons each. How many ribbons are there?|A carton contains {k} "
        "bulbs. A school ordered {n} cartons. How many bulbs arrive?|The ride costs {k} tokens. How many tokens do "
        "{n} children need?|If one hour "
        "of skating costs ${k}, what do {n} hours cost?|A spider web has {n} rings with {k} drops of dew on each. How "
        "many drops is that?|{Name} practice{+s} {k} minutes on each of {n} days. How long is that in all, in "
        "minutes?]",
        "x = n * k", "{x}", "x / n == k", "multiplication"},
    Tale{1, "n=2..12; k=2..12; a:=n*k; x:=k",
         "[{a} bricks make {n} equal rows. How many bricks are in a row?|{n} equal rides take {a} minutes. How long "
         "does one take?|A gardener plants {a} bulbs in {n} equal beds. How many bulbs go into each bed?|{n} friends "
         "pay ${a} together, each the same. What does each pay?|{a} cards are dealt evenly to {n} players. How many "
         "does each hold?|{Name} "
         "drive{+s} {a} miles in {n} days, the same distance every day. How many miles is that a day?|A choir of {a} "
         "stands in {n} equal rows. How many singers stand in one?|{n} identical parcels weigh {a} kg. What is the "
         "weight of one?|A cake of {a} slices serves {n} people equally. How many slices does each get?|A pipe of {a} "
         "feet is cut into {n} equal parts. How "
         "long is each?|The {a} pages of a comic are printed on {n} sheets, equally many on each. How many pages does "
         "a sheet hold?]",
         "x = a / n", "{x}", "x * n == a", "division"},
    Tale{
        1, "n=2..12; k=2..12; a:=n*k; x:=n",
        "[{a} bricks are laid in rows of {k}. How many rows are there?|Each ride takes {k} minutes. How many rides "
        "fit into {a} minutes?|{Name} {has} {a} bulbs and plant{+s} {k} in each bed. How many beds are filled?|Each "
        "friend pays ${k}, and ${a} is collected. How many friends are there?|{a} cards are dealt so that each player "
        "gets {k}. How many players are "
        "there?|A choir of {a} stands in rows of {k}. How many rows does it make?|Parcels of {k} kg weigh {a} kg "
        "together. How many parcels are there?|A taxi takes {k} people. How many full taxis carry {a} people?|Every "
        "page of an album holds {k} photos. How many pages do {a} photos need?|{Name} drink{+s} {k} glasses a day. For "
        "how many days are {a} glasses enough?]",
        "x = a / k", "{x}", "x * k == a", "division"},
    Tale{2, "a=3..40; b=2..30; c=2..30; x:=a+b+c",
         "[{Name} picked {a} pears from the first tree, {b} from the second and {c} from the third. How many pears did "
         "{he} pick?|A train carries {a} people in the first car, {b} in the second and {c} in the last. How many "
         "people ride on it?|The journey has three parts: {a} km by bus, {b} km by train and {c} km on foot. How long "
         "is it?|{a} adults, {b} children and {c} babies are "
         "on a ship. How many people is that?|{Name} made {a} points in round one, {b} in round two and {c} in round "
         "three. What is {his} score?|Three friends weighed their pumpkins: {a} kg, {b} kg and {c} kg. What did all of "
         "them weigh?|{Name} slept {a} minutes on the bus, {b} on the train and {c} on the plane. How many minutes is "
         "that together?]",
         "x = a + b + c", "{x}", "x - b - c == a", "addition"},
    Tale{2, "a=10..90; b=2..40; c=2..40; s:=a+b; x:=s-c; !x>0",
         "[A bakery had {a} rolls, baked {b} more and sold {c}. How many rolls are there?|{Name} {has} ${a}, get{+s} "
         "${b} from {his} <relative> and buy{+s} a book for ${c}. How much is left?|A lift with {a} kg is loaded with "
         "{b} kg more; then {c} kg are taken off. What does it carry?|The temperature was {a} degrees, rose by {b} and "
         "then fell by {c}. What is it now?|{a} ducks were on "
         "a pond. {b} came flying, and {c} left. How many are there?|A hotel has {a} guests. {b} arrive and {c} "
         "depart. How many guests stay?|{Name} had {a} emails, received {b} and erased {c}. How many are in the box?|A "
         "shop with {a} chairs buys {b} and sells {c}. What is its stock?|From {a} stickers together with {b} of {his} "
         "<relative>, {Name} use{+s} {c}. How many "
         "are not used?]",
         "s = a + b; x = s - c", "{x}", "x + c - b == a", "addition; subtraction"},
    Tale{2, "b=2..40; a=b+2..90; c=2..40; s:=a-b; x:=s+c",
         "[A bakery had {a} rolls, sold {b} and baked {c} new ones. How many rolls are there?|{Name} {has} ${a}, "
         "pay{+s} ${b} for a book and then earn{+s} ${c}. How much {do} {he} have?|A truck with {a} sacks leaves {b} "
         "at a farm and picks up {c} at the next. How many sacks are on it?|The temperature was {a} degrees, fell by "
         "{b} and then rose by {c}. What is it now?|{a} ducks were on "
         "a pond. {b} flew away, and {c} new ones came. How many are there?|A hotel has {a} guests. {b} depart and {c} "
         "arrive. How many guests stay?|A library lends {b} of its {a} atlases and gets {c} back from others. How many "
         "are in the library?|{Name} cut {b} cm off a braid of {a} cm, and it grew {c} cm. How long is it?]",
         "s = a - b; x = s + c", "{x}", "x - c + b == a", "subtraction; addition"},
    Tale{2, "b=2..30; c=2..30; x=2..60; a:=b+c+x; s:=b+c",
         "[A bakery had {a} rolls and sold {b} before noon and {c} after noon. How many are left?|{Name} {has} ${a} "
         "and spend{+s} ${b} on a hat and ${c} on lunch. What is left?|Of {a} seats {b} are taken by boys and {c} by "
         "girls. How many are free?|{a} km are to be driven: {b} were done on <day> and {c} the day after. How far is "
         "it still?|A rope of {a} m loses pieces of {b} m and {c} m. How long "
         "is the rest?|{a} people live in a house. {b} are at work and {c} at school. How many are at home?|From {a} "
         "apples {b} went into a pie and {c} into juice. How many apples were not used?|There are {a} questions. "
         "{Name} got {b} wrong and skipped {c}. How many did {he} get right?]",
         "Together: s = b + c; x = a - s", "{x}", "x + b + c == a", "addition; subtraction"},
    Tale{2, "n=2..9; k=2..12; c=2..40; p:=n*k; x:=p+c",
         "[A hall has {n} rows of {k} chairs and {c} chairs along the wall. How many chairs is that?|{Name} saved ${k} "
         "a week for {n} weeks and was given ${c}. How much {do} {he} have?|{n} packs of {k} batteries and {c} single "
         "ones lie in a drawer. How many batteries are there?|A guide is paid ${c} for the day and ${k} for each of "
         "{n} tourists. What does the guide get?|A plant {c} cm tall grows "
         "{k} cm a week. How tall is it after {n} weeks?|{c} people wait already when {n} vans with {k} people each "
         "arrive. How many are there now?|To print a poster costs ${c} for the plate and ${k} for each copy. What do "
         "{n} copies cost?|{Name} read {k} pages a day for {n} days and {c} pages on the last. How many pages is "
         "that?|A bill has a base fee of ${c} and ${k} for each of {n} units. What "
         "is the bill?]",
         "p = n * k; x = p + c", "{x}", "x - c == n * k", "multiplication; addition"},
    Tale{2, "n=2..9; k=2..12; x=2..40; c:=n*k+x; p:=n*k",
         "[A hall has {c} chairs. {n} rows of {k} chairs are carried out. How many stay in?|{Name} {has} ${c} and "
         "pay{+s} ${k} a week for {n} weeks. How much is left?|A drawer with {c} batteries gives {k} to each of {n} "
         "lamps. How many batteries are left?|A roll of {c} m of cloth makes {n} curtains of {k} m. How much cloth is "
         "left?|{c} people wait; {n} vans take {k} each. How many have to wait longer?|A "
         "tank of {c} liters gives {k} liters a day for {n} days. What is left in it?|From {c} seeds {n} pots get {k} "
         "each. How many seeds remain?|A phone card of ${c} is used for {n} calls of ${k}. What is left on the "
         "card?|{Name} must sell {c} tickets and {has} sold {k} on each of {n} days. How many are left to sell?]",
         "p = n * k; x = c - p", "{x}", "x + n * k == c", "multiplication; subtraction"},
    Tale{2, "n=2..9; x=2..15; c=2..40; a:=n*x+c; s:=a-c",
         "[A hall has {a} chairs: {n} equal rows, and {c} along the wall. How many are in a row?|{Name} {has} ${a}, of "
         "which ${c} was a gift and the rest was saved in {n} weeks, equally. How much was saved a week?|A drawer has "
         "{a} batteries, {c} single ones and {n} equal packs. How many are in a pack?|A plant that was {c} cm tall is "
         "{a} cm tall after {n} weeks of equal growth. How much does it grow a "
         "week?|The bill of ${a} consists of a fee of ${c} and {n} units. What does one unit cost?|{a} people came, "
         "{c} on foot and the others in {n} equally full vans. How many were in a van?|{Name} think{+s} of a number, "
         "multiplies it by {n}, adds {c} and gets {a}. What is the number?|After {c} of {a} sheets were used, the "
         "others fill {n} folders equally. How many are in a folder?]",
         "s = a - c; x = s / n", "{x}", "n * x + c == a", "subtraction; division"},
    Tale{2, "n=2..9; x=2..15; c=2..12; a:=n*x-c; s:=a+c; !a>n",
         "[{Name} think{+s} of a number, multiplies it by {n}, takes away {c} and gets {a}. What is the number?|{n} "
         "equal "
         "rows of chairs, from which {c} chairs were carried away, have {a} chairs left. How many were in each "
         "row?|{n} equal packs of rolls were opened and {c} rolls eaten; {a} are left. How many rolls were in a "
         "pack?|{n} weeks of equal savings, less ${c} that was spent, make ${a}. How much was saved each week?|After "
         "{c} were sold, {a} eggs are left of {n} equal boxes. How many eggs does a full box hold?|{n} times a number "
         "is {c} more than {a}. What is the number?]",
         "s = a + c; x = s / n", "{x}", "n * x - c == a", "addition; division"},
    Tale{2, "n=2..9; k=2..12; m=2..9; !n!=m; a:=n*k; x:=m*k",
         "[{n} pens cost ${a}. What do {m} cost?|{n} bricks weigh {a} kg. What do {m} weigh?|In {n} minutes {a} liters "
         "run through a pipe. How many in {m} minutes?|{Name} need{+s} {a} beads for {n} bracelets. How many for "
         "{m}?|{a} "
         "km take {n} hours on foot. How many km can be walked in {m} hours?|{n} identical shelves hold {a} books when "
         "full. How many books do {m} of them hold?|A fountain uses {a} liters in {n} "
         "days. How much does it use in {m} days?|{n} cm on a map are {a} km. How many km are {m} cm?]",
         "One: k = a / n; x = k * m", "{x}", "x * n == a * m", "direct proportion; two operations"},
    Tale{2, "a=3..40; d=2..30; b:=a+d; x:=a+b",
         "[{Name} ran {a} laps on <day> and {d} laps more than that the day after. How many laps is that in all?|A red "
         "bag weighs {a} kg; the blue one is {d} kg heavier. What do they weigh together?|In the first hour {a} cars "
         "passed, in the second {d} more than in the first. How many passed in two hours?|{Ann} has {a} cousins, and "
         "{Bob} has {d} cousins more than {Ann}. How many cousins do they have?|One room is {a} square "
         "meters and the next {d} larger. How large are both?|A book costs ${a}, an atlas ${d} more. What is paid for "
         "one of each?]",
         "b = a + d; x = a + b", "{x}", "x - d == 2 * a", "additive comparison; addition"},
    Tale{
        2, "b=3..40; d=2..30; a:=b+d; x:=a+b",
        "[{Name} ran {a} laps on <day> and {d} laps fewer the day after. How many laps is that in all?|A red bag "
        "weighs {a} kg; the blue one is {d} kg lighter. What do they weigh together?|In the first hour {a} cars "
        "passed, in the second {d} fewer. How many passed in two hours?|{Ann} has {a} cousins, {d} more than {Bob}. "
        "How many cousins do they have together?|One room is {a} square meters and the next {d} smaller. How large are "
        "both?|A book costs ${a}, which is ${d} more than an atlas. What is paid for one of each?]",
        "b = a - d; x = a + b", "{x}", "x + d == 2 * a", "additive comparison; addition"},
    Tale{2, "a=2..30; k=2..5; b:=k*a; x:=a+b",
         "[{Name} ran {a} laps on <day> and {k:times} as many the day after. How many laps is that in all?|A red bag "
         "weighs {a} kg; the blue one is {k:times} as heavy. What do they weigh together?|In the first hour {a} cars "
         "passed, in the second {k:times} as many. How many passed in two hours?|{Ann} has {a} cousins and {Bob} "
         "{k:times} as many. How many do the two have?|A book costs ${a}, an atlas {k:times} as much. What is paid for "
         "one "
         "of each?|A fish is {a} cm long, a whale in a picture {k:times} as long. How long are they end to end?]",
         "b = k * a; x = a + b", "{x}", "x / a == k + 1", "multiplicative comparison; addition"},
    Tale{2, "q=2..6; u=2..20; a:=q*u; x:=a-u",
         "[{Name} gave away 1/{q} of {his} {a} marbles. How many are left?|1/{q} of {a} liters evaporates. How much "
         "stays?|Of {a} runners 1/{q} gave up. How many finished?|A walk of {a} km is 1/{q} done. How far is it "
         "still?|{Name} spent 1/{q} of ${a}. How much is left?|1/{q} of {a} eggs hatched. How many did not?|A field of "
         "{a} acres has been plowed by 1/{q}. How many acres are left to plow?]",
         "u = a / q; x = a - u", "{x}", "x * q == a * (q - 1)", "fraction of a quantity; subtraction"},
    Tale{2, "k=1..9; p:=10*k; j=2..20; a:=10*j; u:=k*j; x:=a-u",
         "[{Name} gave away {p}% of {his} {a} marbles. How many are left?|{p}% of {a} liters evaporates. How much "
         "stays?|Of {a} runners {p}% gave up. How many finished?|A walk of {a} km is {p}% done. How far is it "
         "still?|{Name} spent {p}% of ${a}. How much is left?|{p}% of {a} eggs hatched. How many did not?|{p}% of a "
         "class of {a} have a cold. How many are well?]",
         "u = p % a; x = a - u", "{x}", "100 * x == a * (100 - p)", "percent; subtraction"},
    Tale{2, "n=2..6; k=2..9; m=2..9; p:=n*k; x:=p*m",
         "[{n} streets have {k} houses each, and each house has {m} windows on the street. How many windows is that?|A "
         "team trains {n} times a week, {k} hours each time. How many hours is that in {m} weeks?|{n} cooks make {k} "
         "pies a day each. How many pies is that in {m} days?|A box has {n} layers of {k} rows with {m} pieces. How "
         "many pieces does it hold?|{Name} feed{+s} {n} dogs {k} biscuits each, {m} times a day. How many biscuits is "
         "that a "
         "day?|{n} trucks make {k} trips with {m} tons on every trip. How many tons do they move?]",
         "p = n * k; x = p * m", "{x}", "x / k / m == n", "multiplication; two operations"},
    Tale{2, "k=3..12; q=2..12; r=1..k-1; a:=k*q+r; x:=q+1",
         "[A lift takes {k} people. How often must it go up for {a} people?|A box takes {k} bulbs. How many boxes are "
         "needed for {a} bulbs?|{a} children ride in carts of {k}. How many carts are necessary?|A page has room for "
         "{k} stamps. How many pages must be used for {a} stamps?|A baker carries {k} loaves at a time. How many times "
         "must he walk to carry {a} loaves?|Each jug fills {k} cups. How many jugs have to be made to fill {a} cups?]",
         "q, r = a // k; > {r} are over, so one more; x = q + 1", "{x}", "x * k >= a && (x - 1) * k < a",
         "division with remainder"},
    Tale{2, "k=3..12; q=2..12; r=1..k-1; a:=k*q+r",
         "[A dress takes {k} m of silk. How many dresses can be made from {a} m?|A box takes {k} bulbs. How many boxes "
         "can be filled with {a} bulbs?|A song lasts {k} minutes. How many whole songs fit into {a} minutes?|A toy "
         "costs ${k}. How many can be bought with ${a}?|A wreath takes {k} flowers. How many wreaths can {Name} make "
         "out of {a} flowers?|A band needs {k} players. How many full bands can {a} players form?]",
         "q, r = a // k; > Only whole ones count: {q}", "{q}", "x * k <= a && (x + 1) * k > a",
         "division with remainder"},
    Tale{2, "k=3..12; q=2..12; r=1..k-1; a:=k*q+r",
         "[A dress takes {k} m of silk. As many as possible are made from {a} m. How many m are left?|Boxes of {k} are "
         "filled with {a} bulbs as far as possible. How many bulbs are left?|{Name} buy{+s} as many toys for ${k} as "
         "${a} allows. How many dollars are left?|Wreaths of {k} flowers are made from {a} flowers. How many flowers "
         "are not used?|{a} players form bands of {k}. How many players are in no band?]",
         "q, r = a // k", "{r}", "x == a % k", "division with remainder"},
    Tale{3, "n=2..9; k=2..12; m=2..9; l=2..12; !n!=m && k!=l; p:=n*k; q:=m*l; x:=p+q",
         "[{Name} worked {n} days for ${k} a day and {m} days for ${l} a day. What did {he} earn?|A train has {n} cars "
         "with {k} rooms and {m} cars with {l} rooms. How many rooms is that?|{n} hens lay {k} eggs each and {m} ducks "
         "{l} eggs each. How many eggs are laid?|The choir sang {n} songs of {k} minutes and {m} songs of {l} minutes. "
         "How many minutes did it sing?|A wall takes {n} rows of {k} large stones and {m} rows of {l} small stones. "
         "How many "
         "stones is that?|For a party {n} people bring {k} cups and {m} people bring {l} cups. How many cups are "
         "there?]",
         "p = n * k; q = m * l; x = p + q", "{x}", "x - m * l == n * k", "multiplication; several operations"},
    Tale{3, "n=2..9; k=4..15; m=2..9; l=2..9; p:=n*k; q:=m*l; x:=p-q; !x>0",
         "[{Name} worked {n} days for ${k} a day and spent ${l} on each of {m} days. How much is left?|{n} crates of "
         "{k} bottles came, and {m} cafes took {l} bottles each. How many bottles are left?|{n} rows of {k} seats are "
         "full, but {m} groups of {l} people leave early. How many people stay?|A baker made {n} trays of {k} buns. "
         "{m} customers bought {l} each. How many buns are left?|{n} boxes hold {k} pencils each. {m} classes take {l} "
         "pencils each. How many pencils "
         "remain?]",
         "p = n * k; q = m * l; x = p - q", "{x}", "x + m * l == n * k", "multiplication; several operations"},
    Tale{3, "n=2..9; k=2..12; m=2..9; l=2..12; p:=n*k; q:=m*l; x:=p-q; !x>0 && n!=m",
         "[{Ann} worked {n} days for ${k} a day, {Bob} {m} days for ${l} a day. How much more did {Ann} earn?|How many "
         "more chairs are {n} rows of {k} than {m} rows of {l}?|A red wall has {n} rows of {k} stones, a white one {m} "
         "rows of {l}. How many more stones does the red one have?|{Ann} has {n} packs of {k} cards, {Bob} {m} packs "
         "of {l}. By how many cards is {Bob} behind?]",
         "p = n * k; q = m * l; x = p - q", "{x}", "x == n * k - m * l", "multiplication; additive comparison"},
    Tale{3, "n=2..9; k=2..12; c=2..30; m=2..9; s:=n*k-c; !s>0 && s%m==0; p:=n*k; x:=s/m",
         "[{n} crates of {k} bottles came. {c} bottles were broken, and {m} cafes share the others equally. How many "
         "bottles does each cafe get?|{Name} earned ${k} a day for {n} days, spent ${c} and split the rest equally "
         "among {m} cousins. How much did each cousin get?|A baker made {n} trays of {k} buns, ate {c} himself and put "
         "the rest equally on {m} plates. How many buns are on a plate?]",
         "p = n * k; s = p - c; x = s / m", "{x}", "m * x + c == n * k", "division; several operations"},
    Tale{3, "a=4..40; d=2..20; e=2..20; b:=a+d; c:=b+e; x:=a+b+c",
         "[{Name} ran {a} laps on the first day, {d} more on the second than on the first, and {e} more on the third "
         "than on the second. How many laps is that in all?|Of three bags the second is {d} kg heavier than the first, "
         "the third {e} kg heavier than the second, and the first weighs {a} kg. What do all three weigh?|The first "
         "row has {a} plants, the second {d} more than that, the third {e} more than the second. How many plants are "
         "there?]",
         "b = a + d; c = b + e; x = a + b + c", "{x}", "x - e == 3 * a + 2 * d",
         "additive comparison; several operations"},
    Tale{
        3, "k=2..4; a=3..30; d=2..20; b:=k*a; s:=a+b; x:=s-d; !x>0",
        "[{Ann} has {a} shells, {Bob} {k:times} as many. They lose {d} of all their shells. How many do they have left "
        "together?|In the barn are {a} sheep, outside {k:times} as many. {d} of all the sheep are sold. How many sheep "
        "remain?|{Name} saved ${a} in May and {k:times} as much in June. {He} spent ${d} of it. How much is left?]",
        "b = k * a; s = a + b; x = s - d", "{x}", "x + d == a * (k + 1)",
        "multiplicative comparison; several operations"},
    Tale{3, "x=3..40; k=2..5; d=2..30; b:=k*x; s:=b+d",
         "[{Ann} has {s} shells. That is {d} more than {k:times} as many as {Bob} has. How many does {Bob} have?|A "
         "tower is {s} m high, {d} m more than {k:times} the height of a house. How high is the house?|Today {s} "
         "people came. That is {k:times} as many as yesterday and {d} more. How many came yesterday?|{Name} paid ${s} "
         "for a coat, ${d} more than {k:times} the price of a hat. What does the hat cost?]",
         "b = s - d; x = b / k", "{x}", "k * x + d == s", "multiplicative comparison; inverse operations"},
    Tale{2, "a=5..60; l=2..20; d=2..20; b:=a+d; x:=b+l",
         "[{Ann} is {a}, and {Bob} is {d} years older. How old will {Bob} be {l} years from now?|{Bob} was born {d} "
         "years before {Ann}. {Ann} is {a}. What will be {Bob}'s age in {l} years?|A house is {a} years old and the "
         "barn {d} years older. How old will the barn be in {l} years?|{l} years from today, how old is {Bob}, if "
         "{Ann} is {a} today and {d} years younger than {Bob}?]",
         "b = a + d; x = b + l", "{x}", "x - l == a + d", "ages; addition"},
    Tale{2, "a=20..70; l=2..15; d=2..18; b:=a-d; x:=b-l; !x>0",
         "[{Ann} is {a}, and {Bob} is {d} years younger. How old was {Bob} {l} years ago?|{Bob} was born {d} years "
         "after {Ann}. {Ann} is {a}. What was {Bob}'s age {l} years ago?|A house is {a} years old and the barn {d} "
         "years newer. How old was the barn {l} years ago?]",
         "b = a - d; x = b - l", "{x}", "x + l + d == a", "ages; subtraction"},
    Tale{2, "v=5..90; t=2..8; r=5..90; d:=v*t+r; x:=r",
         "[{Name} want{+s} to go {d} km and ride{+s} {t} hours at {v} km per hour. How far is it then?|A swarm of "
         "birds flies {v} km an hour. Its goal is {d} km away. How many km are left after {t} hours?|A road crew paves "
         "{v} m a day. How much of {d} m is not paved after {t} days?|A printer prints {v} pages a minute. Of {d} "
         "pages, how many are not printed after {t} minutes?]",
         "p = v * t; x = d - p", "{x}", "x + v * t == d", "speed; subtraction"},
    Tale{2, "v=5..60; t=2..8; w=5..60; !v!=w; s:=v+w; x:=s*t",
         "[One crew paves {v} m a day and another {w} m. How many m do they pave together in {t} days?|{Ann} types {v} "
         "words a minute, {Bob} {w}. How many words do the two type in {t} minutes?|Two taps give {v} and {w} liters a "
         "minute. How much water is that in {t} minutes?|{Ann} drives {v} km an hour to the east and {Bob} {w} km an "
         "hour to the west. How far apart are they after {t} hours, if they start together?]",
         "s = v + w; x = s * t", "{x}", "x - v * t == w * t", "unit rate; two operations"},
    Tale{2, "v=5..60; t=2..8; w=5..60; !v!=w; s:=v+w; d:=s*t; x:=t",
         "[One crew paves {v} m a day and another {w} m. How many days do they need for {d} m together?|{Ann} types "
         "{v} words a minute, {Bob} {w}. How long do the two need for {d} words, in minutes?|Two taps give {v} and {w} "
         "liters a minute. When, in minutes, are {d} liters in the tub?|Two hikers {d} km apart walk toward each other "
         "at {v} and {w} km a day. After how many days do they meet?]",
         "s = v + w; x = d / s", "{x}", "x * v + x * w == d", "unit rate; combined work"},
    Tale{2, "n=3..6; m=5..60; a=5..60; s:=n*m; t:=s+a; k:=n+1; !t%k==0; x:=t/k; !a!=m",
         "[{n} boxes weigh {m} kg on average. One more of {a} kg is added. What is the average now?|The mean of {n} "
         "numbers is {m}. The number {a} is put to them. What is the new mean?|After {n} games {Name} {has} an average "
         "of {m} points. In the next game {he} get{+s} {a}. What is {his} average then?]",
         "s = n * m; All: t = s + a; k = n + 1; x = t / k", "{x}", "x * (n + 1) == n * m + a",
         "arithmetic mean; several operations"},
    Tale{2, "n=3..9; x=5..60; s:=n*x",
         "[{n} friends are {s} years old together. What is their average age?|In {n} days {s} visitors came. How many "
         "is that a day on average?|The sum of {n} numbers is {s}. What is their mean?|{n} trees bear {s} peaches. How "
         "many does a tree bear on average?|{Name} scored {s} points in {n} games. What is {his} average?|A car used "
         "{s} liters on {n} trips. What is the average for one trip?]",
         "x = s / n", "{x}", "x * n == s", "arithmetic mean; division"},
    Tale{2, "a=2..6; b=2..7; !gcd(a,b)==1 && a!=b; k=2..15; s:=a+b; t:=s*k; x:=b*k",
         "[{Ann} and {Bob} divide {t} shells {a} to {b}. How many does {Bob} get?|For {a} girls there are {b} boys in "
         "a club of {t}. How many boys is that?|Paint is mixed from {a} parts red and {b} parts blue. How many liters "
         "of blue are in {t} liters of paint?|Out of every {s} people {b} are left-handed. How many of {t} people are "
         "that?|A rope of {t} m is cut in the ratio {a} to {b}. How long is the second piece?]",
         "Parts: s = a + b; One part: k = t / s; x = b * k", "{x}", "x * (a + b) == t * b", "ratio; division"},
    Tale{2, "k=1..19; p:=5*k; j=1..25; a:=20*j; n:=a*p/100; x:=p; !n>1",
         "[Of {a} trees {n} are oaks. What percent is that?|{n} of the {a} days were rainy. How many percent is "
         "that?|{Name} got {n} of {a} free throws in. What percentage did {he} make?|A phone has used {n} of {a} units "
         "of its battery. What percent is used?|{a} people were asked, and {n} said yes. What percent said yes?]",
         "c = n * 100; x = c / a", "{x}\\%", "x * a == 100 * n", "percent"},
    Tale{2, "k=1..19; p:=5*k; j=1..25; a:=20*j; n:=a*p/100; x:=a; !n>1",
         "[{n} trees, {p}% of all, are oaks. How many trees are there?|It rained on {n} days, {p}% of all days. How "
         "many days is that in all?|{Name} {has} paid ${n}, which is {p}% of the price. What is the price?|A phone has "
         "used {p}% of its battery, {n} units. How many units has the full battery?|{p}% of those who were asked, {n} "
         "people, said yes. How many were asked?]",
         "c = n * 100; x = c / p", "{x}", "x * p == 100 * n", "percent; inverse operations"},
    Tale{2, "k=1..6; p:=5*k; j=1..40; a:=20*j; s:=a*p/100; x:=a+s",
         "[A town of {a} people grows by {p}%. How many people live there then?|{Name} lift{+s} {a} pounds and "
         "want{+s} to lift {p}% more. How much is that?|A picture {a} mm wide is enlarged by {p}%. How wide is it "
         "then?|Last year {a} books were lent, this year {p}% more. How many this year?|A bill of ${a} gets a "
         "surcharge of {p}%. How much is it now?]",
         "s = p % a; x = a + s", "{x}", "100 * x == a * (100 + p)", "percent; addition"},
    Tale{3, "q=2..6; k=1..q-1; !gcd(k,q)==1; u=2..15; a:=q*u; p:=k*u; r:=a-p; m=2..6; !r%m==0; x:=r/m",
         "[{Name} {has} {a} marbles, give{+s} {k}/{q} of them to {Bob} and put{+s} the rest equally into {m} bags. How "
         "many are in a bag?|{k}/{q} of {a} kg of rice are sold, and {m} families share what is left equally. How many "
         "kg does a family get?|Of {a} pages {k}/{q} are read. The rest is read in {m} equal parts. How many pages has "
         "a part?]",
         "u = a / q; p = u * k; r = a - p; x = r / m", "{x}", "x * m * q == a * (q - k)",
         "fraction of a quantity; several operations"},
    Tale{3, "q=2..5; u=2..15; a:=q*u; b=2..40; s:=u+b; x:=s",
         "[1/{q} of {Name's} {a} cards are old, and {Bob} brings {b} more old ones. How many old cards are "
         "there?|1/{q} of a class of {a} plays chess, and {b} players come from other classes. How many chess players "
         "is that?|{Name} save{+s} 1/{q} of ${a} and add{+s} ${b}. How much is saved?]",
         "u = a / q; x = u + b", "{x}", "(x - b) * q == a", "fraction of a quantity; addition"},
    Tale{3,
         "h=7..10; k=0..11; a:=60*h+5*k; n=2..5; m=4..10; t:=5*m; p=1..4; b:=5*p; c:=n-1; g:=c*b; w:=n*t; s:=w+g; "
         "x:=a+s",
         "[{n} lessons of {t} minutes with breaks of {b} minutes between them begin at {a:t}. When is the last one "
         "over?|A concert has {n} parts of {t} minutes and pauses of {b} minutes between the parts. It begins at "
         "{a:t}. When does it end?]",
         "Parts: w = n * t; Breaks: c = n - 1; g = c * b; s = w + g; > {a:t} is {a} minutes after 12 o'clock; x = a + "
         "s; > That is {x:t}",
         "{x:t}", "x % 720 == (a + n * t + (n - 1) * b) % 720", "clock time; several operations"},
    Tale{3, "n=2..9; p=2..12; d=1..5; !d<p; q:=p-d; x:=n*d",
         "[A ticket costs ${p}, but only ${q} with a card. How much do {n} people with cards save together?|{Name} "
         "pay{+s} ${q} instead of ${p} for each of {n} shirts. What is saved?|The old lamp uses {p} units an hour and "
         "the new one {q}. How many units are saved in {n} hours?|Walking takes {p} minutes, the bike only {q}. How "
         "many minutes {do} {Name} save on {n} trips by bike?]",
         "On one: d = p - q; x = n * d", "{x}", "x + n * q == n * p", "subtraction; multiplication"},
    Tale{3, "n=2..9; k=2..12; m=2..9; p:=n*k; !p%m==0 && m!=n; x:=p/m; c=2..20; y:=x+c",
         "[{n} crates of {k} bottles are shared equally by {m} cafes, one of which had {c} bottles already. How many "
         "bottles does that cafe have now?|{n} teams of {k} are regrouped into {m} equal teams, and each new team gets "
         "{c} more players. How many players has a team then?|{Name} earn{+s} ${k} a day for {n} days and share{+s} it "
         "equally with others, {m} people in all. With the ${c} that {Name} had before, how much {do} {he} have?]",
         "p = n * k; x = p / m; y = x + c", "{y}", "(x - c) * m == n * k", "division; several operations"},
};

void say(Maker& m) { tell_tale(m, telling); }

constexpr std::array tables{TaleTable{"story in many words", telling}};

const std::array families{Family{"story in many words", 1, 3, {}, say}};

}  // namespace

std::span<const TaleTable> telling_tables() { return tables; }
std::span<const Family> telling_families() { return families; }

}  // namespace holdfast::generators
