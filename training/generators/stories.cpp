// Short problems in the words people use: a line about oneself or about somebody, and a question. The wordings stand in
// tables, beside what is to be reckoned; "[a|b]" takes one of several words, the same one wherever the same brackets
// stand again, and "{x}" a number, a name or a thing.
#include <array>
#include <map>

#include "training/generators/catalogue.h"

namespace holdfast::generators {
namespace {

enum class Sum {
  plus,            // a + b
  minus,           // a - b
  times,           // a * b
  share,           // a / b
  plus_minus,      // a + b - c
  minus_plus,      // a - b + c
  times_plus,      // a * b + c
  times_minus,     // a * b - c
  change,          // c - a * b
  products,        // a * b + c * d
  three_factors,   // a * b * c
  share_of_sum,    // (a + b) / c
  share_of_rest,   // (a - b) / c
  fold_together,   // a + a * b
  percent_of,      // b % of a
  percent_rest,    // a without b %
  percent_more,    // a and b % of it
  percent_less,    // a less b %
  part_of,         // a fraction of a
  part_left,       // what a fraction leaves of a
  part_then_less,  // what a fraction leaves of a, less b
  share_up,        // a / b, rounded up
  unit_rate,       // b / a * c
  undo,            // (c - b) / a
  twice_minus,     // a * (b - c)
  mean,            // (a + b + c) / 3
  missing_mean,    // 3 * c - a - b
  percent_change,  // from a to b, in percent of a
};

constexpr std::array<std::string_view, 28> sum_names{
    "plus",        "minus",        "times",        "share",         "plus_minus",   "minus_plus",    "times_plus",
    "times_minus", "change",       "products",     "three_factors", "share_of_sum", "share_of_rest", "fold_together",
    "percent_of",  "percent_rest", "percent_more", "percent_less",  "part_of",      "part_left",     "part_then_less",
    "share_up",    "unit_rate",    "undo",         "twice_minus",   "mean",         "missing_mean",  "percent_change"};

struct Story {
  Sum sum;
  std::string_view text;
  std::string_view first = "", second = "";  // what the lines of the solution are about
  Int b = 0;                                 // where it is always the same
};

constexpr std::array one_step{
    Story{Sum::plus,
          "{S} had {a} {t} and [then found|bought|was given|picked up] {b} more. [How many {t} {do} {s} have [now|in "
          "all|altogether]?|How many is that [in all|now|altogether]?]"},
    Story{Sum::plus,
          "{S} [scored|got|made] {a} points in the first [game|round|half] and {b} in the second. [What was {my} "
          "total?|How many points is that altogether?|How many points did {s} [score|get] in all?]"},
    Story{Sum::plus,
          "There [were|are] {a} {g} in [a|the] [room|park|hall|line], and {b} more [came|joined them|arrived]. How "
          "many {g} [are there now|is that in all|are there altogether]?"},
    Story{Sum::plus,
          "{S} [spent|paid] ${a} on [food|gas|clothes|tickets] and ${b} on [a gift|books|a toy|lunch]. How much [did "
          "{s} spend [in all|in total|altogether]|money is that|was that together]?"},
    Story{Sum::plus,
          "[My|Our] [garden|shop|class|team] has {a} {t} and [the neighbor's|the other one|yours] has {b}. How many "
          "{t} are there in [both|all]?"},
    Story{Sum::plus,
          "{S} walked {a} [meters|steps|km|miles] [in the morning|on Monday|before lunch] and {b} [in the evening|on "
          "Tuesday|after lunch]. How far [is that|did {s} walk] in all?"},
    Story{Sum::plus,
          "{S} {am} {a}. {My} [brother|sister|cousin|friend] is {b} years older. How old is {my} "
          "[brother|sister|cousin|friend]?"},
    Story{Sum::minus,
          "{S} had {a} {t} and [gave away|lost|sold|used] {b} of them. How many [{t} are left|are left|{do} {s} still "
          "have|{t} {do} {s} have now]?"},
    Story{Sum::minus,
          "There were {a} {g} [on the train|in the hall|at the party|outside|on the field]. {b} [left|went home|walked "
          "away|went away]. How many [stayed|were left|{g} are still there|are left]?"},
    Story{
        Sum::minus,
        "{S} {have} ${a} and [spent|paid] ${b}. How much [money is left|is left|does that leave|{do} {s} have left]?"},
    Story{Sum::minus,
          "[A|My|The] [blue|big|new|first] [rope|ladder|truck|fish] is {a} [feet|cm|inches] long and the "
          "[red|small|old|second] one is {b}. [How much longer is the [blue|big|new|first] one?|What is the "
          "difference?]"},
    Story{Sum::minus,
          "{S} [{have} read|read] {b} of the {a} pages of a [book|novel]. How many pages are [left|still to read]?"},
    Story{Sum::minus,
          "One [bag|box|suitcase] weighs {a} [kg|pounds] and another weighs {b}. How much [heavier is the first|more "
          "does the first weigh]?"},
    Story{Sum::minus,
          "{S} need{+s} {a} [points|dollars|stamps] and {have} {b} [so far|already]. How many more {do} {s} need?"},
    Story{Sum::minus,
          "[A show|The movie|The class|A flight] takes {a} minutes. {b} minutes have passed. How many minutes [are "
          "left|remain]?"},
    Story{Sum::minus,
          "{S} baked {a} [rolls|cookies|muffins|pies] and [sold|ate|gave away] {b}. How many "
          "[[rolls|cookies|muffins|pies] are left|are left|remain]?"},
    Story{Sum::times,
          "[A|Each|Every] [pack|box|bag|carton] [has|holds|contains] {a} {t}. How many {t} are [there in|in] {b} [of "
          "them|packs|boxes|bags]?"},
    Story{Sum::times,
          "[There are|We have|I see] {b} [shelves|tables|trays] with {a} {t} [on each|each]. How many {t} are there "
          "[altogether|in all|in total]?"},
    Story{Sum::times,
          "[One|A] [ticket|sandwich|shirt|ride|meal] [costs|is] ${a}. [How much do {b} of them cost?|What do {b} "
          "cost?|What would {b} of them cost?|How much for {b}?]"},
    Story{Sum::times,
          "{S} [run{+s}|walk{+s}|drive{+s}|swim{+s}] {a} [miles|km|laps] [a|every|each] day. How many [miles|km|laps] "
          "[is that|{do} {s} do] in {b} days?"},
    Story{Sum::times,
          "{S} earn{+s} ${a} [per|a|every] [day|week|month]. How much [is that for|{do} {s} earn in] {b} "
          "[day|week|month]s?"},
    Story{Sum::times, "{b} [friends|people|workers] each [bring|have|carry|get] {a} {t}. How many {t} is that?"},
    Story{Sum::times,
          "A machine [makes|packs|cuts] {a} [parts|boxes|toys] a [day|week|minute]. How many [is that|does it do] in "
          "{b} [day|week|minute]s?"},
    Story{Sum::times,
          "A [car|train|bus|bike] [goes|travels|drives] {a} [miles|km] [every hour|an hour|per hour]. How far does it "
          "[go|get|travel] in {b} hours?"},
    Story{Sum::times,
          "[A hall|The room|A theater|The bus] has {b} rows [of|with] {a} seats [each|in each row]. How many seats "
          "[are there|is that|are there in all]?"},
    Story{Sum::times,
          "[A recipe|The recipe|A cake] [needs|takes|uses|calls for] {a} [eggs|cups of flour|spoons of sugar]. How "
          "many [for|are needed for] {b} [cakes|of them|times the recipe]?"},
    Story{Sum::share,
          "{S} [shared|split|divided] {a} {t} [equally|evenly|fairly] [among|between] {b} [friends|kids|people]. How "
          "many [did each get|{t} does each get|does each one get]?"},
    Story{Sum::share,
          "{b} [friends|people|sisters] [share|split] ${a} equally. [How much does each get?|How much is that for "
          "each?|What does each one get?]"},
    Story{Sum::share,
          "{a} {t} are [put|packed|sorted] into {b} [equal groups|equal bags|boxes equally]. How many [go|are there] "
          "in each?"},
    Story{Sum::share,
          "{b} [books|shirts|tickets|kg of rice] cost ${a}. [What does one cost?|How much is one?|How much does each "
          "cost?|What is the price of one?]"},
    Story{Sum::share,
          "[A car|We|I|A bus] drove {a} [miles|km] in {b} hours. [How fast was that|What was the speed], in [miles|km] "
          "per hour?"},
    Story{Sum::share,
          "A [rope|ribbon|board|pipe] of {a} [cm|inches|feet] is cut into {b} equal [pieces|parts]. How long is each "
          "[piece|one|part]?"},
    Story{Sum::share, "{a} {g} [sit|line up|stand] in rows of {b}. How many rows are there?"},
    Story{Sum::share,
          "How many [packs|boxes|bags] of {b} {t} [can I fill|are needed|do I need|can you make] with {a} {t}?"},
    Story{Sum::share,
          "[I have|There are] {a} pages to read [and|,] I read {b} a day. How many days [will it take|do I need]?"},
    Story{Sum::plus, "[What's|What is|How much is] {a} [and|plus|added to] {b}?"},
    Story{Sum::plus, "[Add {a} and {b}.|{a} + {b}|{a}+{b}=?|Total of {a} and {b}?]"},
    Story{Sum::minus, "[What's|What is|How much is] {a} [minus|take away|less] {b}?"},
    Story{Sum::minus, "[Subtract {b} from {a}.|{a} - {b}|{a}-{b}=?|Take {b} from {a}.]"},
    Story{Sum::times, "[What's|What is|How much is] {a} [times|multiplied by|x] {b}?"},
    Story{Sum::times, "[Multiply {a} by {b}.|{a} * {b}|{a}*{b}=?|{a} x {b}|{a} times {b}?]"},
    Story{Sum::share, "[What's|What is|How much is] {a} [divided by|over|/] {b}?"},
    Story{Sum::share, "[Divide {a} by {b}.|{a} / {b}|{a}/{b}=?|How many times does {b} go into {a}?]"},
    Story{Sum::part_of, "[What is|What's|How much is|Find] {part} of {a}?"},
    Story{Sum::part_of,
          "{Part} of the {a} {g} [in our school|here|on the bus|in the club] [wear glasses|play music|are new|came by "
          "car]. How many is that?"},
    Story{Sum::times, "How many [minutes are in {a} hours|seconds are in {a} minutes] [altogether|]?", "", "", 60},
    Story{Sum::times, "How many days [are|are there] in {a} weeks?", "", "", 7},
    Story{Sum::times, "[How many hours are in {a} days?|{S} waited {a} days. How many hours is that?]", "", "", 24},
    Story{Sum::times,
          "[How many months are in {a} years?|How many [eggs|rolls] are in {a} dozen?|{a} dozen is how many?]", "", "",
          12},
    Story{Sum::times, "[How many cm are in {a} [m|meters]?|Write {a} m in cm.|{a} dollars is how many cents?]", "", "",
          100},
    Story{Sum::times, "[How many meters are in {a} km?|How many grams are in {a} kg?|How many ml is {a} liters?]", "",
          "", 1000},
    Story{Sum::times,
          "A square [garden|room|field|yard] has sides of {a} [m|meters|feet]. How long is [the fence around it|its "
          "perimeter]?",
          "", "", 4},
    Story{Sum::times,
          "[A room|A rectangle|A garden|A wall] is {a} [m|cm|feet] [by|long and] {b} [m|cm|feet] [in size|wide]. [What "
          "is|What's] [its|the] area?"},
    Story{Sum::times,
          "{S} [{have}|had] {a} [shirts|hats|cups] and {b} [pairs of pants|coats|plates]. How many [different|] "
          "[outfits|sets|pairs] can be made?"},
    Story{Sum::times,
          "There are {a} [choices|kinds] of [soup|bread] and {b} of [cake|cheese]. How many [combinations|ways to take "
          "one of each] are there?"},
    Story{Sum::times, "{S} [swam|ran|rode] {b} laps of {a} [m|meters]. How many [m|meters] is that?"},
    Story{Sum::times,
          "Water [flows|runs] [in|out] at {a} [liters|gallons] [a|per] minute. How much is that in {b} minutes?"},
    Story{Sum::times,
          "[A map|The plan] says 1 cm is {a} km. Two towns are {b} cm apart on it. How [far apart are they|many km is "
          "that]?"},
    Story{Sum::share,
          "The area of a rectangle is {a} and [one side|its width] is {b}. [How long is the other side?|What is its "
          "length?]"},
    Story{Sum::share,
          "How [long does it take|many hours is it] to [drive|ride|go] {a} [miles|km] at {b} [miles|km] per hour?"},
    Story{Sum::share,
          "[A car|We] [used|needed] {b} [gallons|liters] for {a} [miles|km]. How many [miles|km] per [gallon|liter] is "
          "that?"},
    Story{Sum::minus, "x + {b} = {a}. [What is x?|Find x.|x = ?]"},
    Story{Sum::plus, "x - {a} = {b}. [What is x?|Find x.|x = ?]"},
    Story{Sum::share, "[{b}x = {a}. What is x?|Solve {b}x = {a}.|If {b}x = {a}, what is x?]"},
    Story{Sum::plus, "It was {a} degrees and got {b} degrees [warmer|hotter]. What is the temperature [now|]?"},
};

constexpr std::array two_steps{
    Story{Sum::plus_minus,
          "{S} had {a} {t}, [got|bought|found|made] {b} more and [then|] [lost|sold|gave away|used] {c}. How many [are "
          "left|{do} {s} have [now|left]]?",
          "Before that", "Left"},
    Story{Sum::plus_minus,
          "[A bus|A train|The room] had {a} people [in it|]. {b} got [on|in] and {c} got [off|out]. How many people "
          "[are there now|are in it now]?",
          "With the new ones", "Now"},
    Story{
        Sum::minus_plus,
        "{S} [had|found|owned|collected] {a} {t}. {s^} [sold|gave away|used] {b} and [then made|later got|bought] {c} "
        "more. How many {do} {s} have [now|]?",
        "Left at first", "Now"},
    Story{Sum::minus_plus,
          "There were {a} {g} [in the hall|on the bus|at the station]. {b} left and {c} [came|arrived|got in]. How "
          "many are there now?",
          "After they left", "Now"},
    Story{Sum::times_plus,
          "[A|One] {o} [costs|is] ${b}. {S} bought {a} of them and a [drink|card|bag] for ${c}. How much [was that|did "
          "{s} pay|did it cost] [in all|altogether|in total]?",
          "The {t}", "In all"},
    Story{Sum::times_plus,
          "[A plan|The gym|A club|A phone plan] [costs|charges] ${c} [once|to start|to join] and ${b} [a|per|every] "
          "[month|visit|hour]. [What do {a} cost?|How much is it for {a}?|What is the bill for {a}?]",
          "For {a}", "In all"},
    Story{Sum::times_plus,
          "{S} {have} {a} [boxes|bags|packs] of {b} {t} and {c} [loose ones|more|single ones]. How many {t} is that?",
          "In the packs", "In all"},
    Story{Sum::times_minus,
          "{S} earn{+s} ${b} [a|per|every] [day|week|month] and worked {a} [day|week|month]s. Then {s} spent ${c}. How "
          "much is left?",
          "Earned", "Left"},
    Story{Sum::times_minus,
          "[There were|I had|We bought] {a} [boxes|packs|bags] with {b} {t} [each|in each]. {c} of the {t} [were "
          "broken|are gone|were eaten|have been used]. How many are left?",
          "At first", "Left"},
    Story{Sum::times_minus,
          "[A store|A shop|My uncle] sold {a} [lamps|coats|bikes|cakes] for ${b} each after [paying|spending] ${c} for "
          "[them|all of them]. What was the profit?",
          "Income", "Profit"},
    Story{Sum::change,
          "{S} [bought|buy{+s}|got] {a} {t} for ${b} each and [paid|pay{+s}] with ${c}. How much change [did {s} "
          "get|{do} {s} get|is that]?",
          "Cost", "Change"},
    Story{Sum::change,
          "{S} {have} ${c}. [A|One] {o} [costs|is] ${b}, and {s} [buy{+s}|bought|want{+s}] {a}. How much [money will "
          "be left|is left|is left over]?",
          "Cost", "Left"},
    Story{Sum::change,
          "[A|Each] [trip|lap|batch] takes {b} minutes. {S} {have} {c} minutes and do{+es} {a} of them. How many "
          "minutes are left?",
          "Used", "Left"},
    Story{Sum::change,
          "A [book|report] has {c} pages. {S} read{+s} {b} pages [a|every|each] day for {a} days. How many pages are "
          "[left|still to read]?",
          "Read", "Left"},
    Story{Sum::products,
          "{S} bought {a} {t} at ${b} each and {c} {u} at ${d} each. [What did {s} pay?|How much was it [in "
          "all|altogether]?|What was the total?]",
          "", "In all"},
    Story{Sum::products,
          "[Tickets|Seats|Meals] [cost|are] ${b} for adults and ${d} for [kids|children]. What do {a} adults and {c} "
          "[kids|children] pay?",
          "", "In all"},
    Story{Sum::products,
          "{S} [drove|rode|went] {a} hours at {b} [km/h|mph|miles per hour] and {c} hours at {d}. How far was that [in "
          "all|altogether|]?",
          "", "In all"},
    Story{Sum::products,
          "[We have|A farm has|There are] {a} [crates|baskets] of {b} and {c} of {d} [apples|eggs|melons]. How many "
          "[is that|in all|are there altogether]?",
          "", "In all"},
    Story{Sum::three_factors,
          "{S} [make{+s}|pack{+s}|sort{+s}] {a} {t} an hour, {b} hours a day, {c} days a week. How many is that [in a "
          "week|a week]?",
          "", ""},
    Story{Sum::three_factors,
          "[There are|A building has] {a} [floors|halls] with {b} rooms each, and each room has {c} "
          "[lamps|beds|chairs|windows]. How many [is that|are there] [in all|altogether]?",
          "", ""},
    Story{Sum::share_of_sum,
          "{S} [had|{have}] {a} {t} and {n} [has|had] {b}. They [put them together|pool them] and [split|share] them "
          "[equally|evenly] among {c} [kids|people|friends]. How many does each get?",
          "Together", "Each"},
    Story{Sum::share_of_sum,
          "[The bill was|A meal cost|Dinner was] ${a} [and|plus] ${b} for [drinks|the tip|dessert]. {c} [of "
          "us|people|friends] [split|share] it [equally|evenly]. [How much does each pay?|What does each one pay?]",
          "Together", "Each"},
    Story{Sum::share_of_rest,
          "{S} had {a} {t}, kept {b} and [shared|split] the rest [equally|evenly] among {c} [friends|kids|people]. How "
          "many did each get?",
          "The rest", "Each"},
    Story{Sum::share_of_rest,
          "{S} {have} ${b} and [want{+s}|need{+s}] ${a}. [Saving ${c} a week|If {s} save{+s} ${c} [a|each|every] "
          "week], how many weeks [does it take|will it take|are needed]?",
          "Still needed", "Weeks"},
    Story{Sum::share_of_rest,
          "[A tank|A pool|A bathtub] holds {a} liters and has {b} in it. {c} liters flow in [every|each|per] minute. "
          "How many minutes until it is full?",
          "Still to fill", "Minutes"},
    Story{Sum::fold_together,
          "{n} has {a} {t}. {S} {have} {b} times as many. How many do [they|both] have [together|in all]?", "",
          "Together"},
    Story{Sum::fold_together,
          "[A pen|A small pizza|The cheap seat|A cup] costs ${a}. [A bag|A large pizza|The good seat|A plate] costs "
          "{b} times as much. What do both cost [together|]?",
          "", "Together"},
    Story{Sum::percent_of,
          "[There are|I counted|We asked] {a} {g} [and|;] {b}% of them [are new|say yes|came late|are red|play chess]. "
          "How many is that?",
          "", ""},
    Story{Sum::percent_of,
          "{b}% of the {a} {g} [came by car|had lunch|won a prize|paid less]. How many [{g} is that|is that]?", "", ""},
    Story{Sum::percent_rest,
          "[There are|We have|A lot has] {a} {g}, {b}% of them are [new|absent|late|in the team]. How many are not?",
          "", "The others"},
    Story{Sum::percent_more,
          "[Lunch|Dinner|The meal|A haircut|My bill] was ${a} and {S} left a {b}% tip. [What did {s} pay [in all|in "
          "total]?|How much was it with the tip?]",
          "Tip", "In all"},
    Story{Sum::percent_more,
          "A [bike|phone|jacket|coat|lamp|tent] costs ${a} [plus|and] {b}% [sales tax|tax]. [What is the total?|What "
          "do I pay?|How much is it with tax?|What is the final price?]",
          "Tax", "In all"},
    Story{Sum::percent_more,
          "[My rent|Gas|A salary|The price] was ${a} and [went up|rose|increased|grew] by {b}%. [What is it now?|How "
          "much is it now?|What is the new price?]",
          "Change", "Now"},
    Story{Sum::percent_less,
          "A [bike|phone|jacket|coat|lamp|tent] [was|costs|is usually|is normally] ${a}, [but|and] [now|today|this "
          "week] it's {b}% off. [What does it cost?|What do I pay?|How much is it [now|]?|What's the price [now|]?]",
          "Discount", "Price"},
    Story{Sum::percent_less,
          "[I have a coupon for|With a card you get|We get] {b}% off a ${a} [bike|phone|jacket|coat|lamp|tent]. [How "
          "much do I pay?|What does it cost then?|What is the price?]",
          "Discount", "Price"},
    Story{Sum::percent_less,
          "[The herd had {a} animals|The town had {a} people|The club had {a} members|The school had {a} students] and "
          "[lost|shrank by] {b}%. How many are left?",
          "Change", "Left"},
    Story{Sum::part_of,
          "A [tank|pool|bottle|barrel] [holds|takes] {a} [liters|cups|gallons] and is {part} full. How much is in it?",
          "", ""},
    Story{Sum::part_left, "{Part} of [my|the|our] {a} {t} are [red|broken|gone|old]. How many are not?", "",
          "The others"},
    Story{Sum::part_left, "{S} had ${a} and spent {part} of it. How much [is left|money is left|{do} {s} have left]?",
          "", "Left"},
    Story{Sum::share_up,
          "{a} [people|students|kids] [want|have] to [ride|cross|travel] in [boats|cars|buses|vans] [that hold|for] "
          "{b}. How many [boats|cars|buses|vans] [are needed|do they need]?"},
    Story{Sum::share_up,
          "[A box holds {b} {t}. How many boxes|A shelf holds {b} {t}. How many shelves|Each bag takes {b} {t}. How "
          "many bags] [are needed|do I need] for {a} {t}?"},
    Story{Sum::unit_rate,
          "{a} [notebooks|kg of nuts|tickets|cups] cost ${b}. [What do {c} cost?|How much are {c}?|How much would {c} "
          "cost?|How much is it for {c}?]",
          "One", ""},
    Story{Sum::unit_rate,
          "A [printer|machine|worker] [makes|prints|does] {b} [pages|parts] in {a} [minutes|hours]. How many in {c} "
          "[minutes|hours]?",
          "In one", ""},
    Story{Sum::undo,
          "I [think of a number, multiply|take a number, multiply] it by {a} and add {b}. [I get {c}.|That gives "
          "{c}.|The result is {c}.] What is [it|the number|my number|the number I started with]?",
          "Before that", "Number"},
    Story{Sum::undo, "[Solve {a}x + {b} = {c}.|Find x: {a}x + {b} = {c}|What is x if {a}x + {b} = {c}?]", "{a}x", "x"},
    Story{Sum::undo,
          "[A gym|A club|A phone plan] [costs|charges] ${b} [to join|to start] and ${a} a [month|week]. {S} paid ${c} "
          "[in all|so far]. How many [month|week]s is that?",
          "Without the start", "Number"},
    Story{Sum::undo,
          "{S} {have} ${b} and save{+s} ${a} [a|each|every] week. [After how many weeks {do} {s} have ${c}?|How many "
          "weeks until {s} {have} ${c}?]",
          "Still needed", "Weeks"},
    Story{Sum::twice_minus,
          "A [store|shop|man] buys {a} [lamps|coats|bikes] for ${c} each and sells them for ${b} each. [What is the "
          "profit?|How much is earned?]",
          "On one", "In all"},
    Story{Sum::twice_minus,
          "{b} [liters|gallons] flow in and {c} flow out [each|every|per] minute. How many [liters|gallons] [more are "
          "there|is that] after {a} minutes?",
          "In one minute", "In all"},
    Story{Sum::mean,
          "{My} [scores|grades|times] [are|were] {a}, {b} and {c}. [What is the average?|Find the mean.|What's {my} "
          "average?]",
          "Sum", "Average"},
    Story{Sum::missing_mean,
          "{S} scored {a} and {b} in two [games|tests]. What [does it take|must the third be] for an average of {c} in "
          "three [games|tests]?",
          "Needed in all", "Third"},
    Story{Sum::percent_change,
          "{My} [pay|rent|bill] [went|changed|rose] from ${a} to ${b}. [What is the percent increase?|By how many "
          "percent is that?]",
          "Change", ""},
    Story{Sum::products,
          "A [shop|store|market] sells {t} at ${b} each and {u} at ${d} each. {S} buy{+s} {a} {t} and {c} {u}. [How "
          "much is that?|How much {do} {s} pay?]",
          "", "In all"},
    Story{
        Sum::plus_minus,
        "In a class {a} play [soccer|chess] and {b} play [tennis|cards], {c} of them both. How many play at least one?",
        "Both counted twice", "At least one"},
    Story{Sum::times_plus,
          "{S} saw {a} [bikes|boats|vans] with {b} [people|seats] each and {c} more [people|seats]. How many "
          "[people|seats] is that?",
          "In them", "In all"},
};

constexpr std::array three_steps{
    Story{Sum::part_then_less,
          "{S} had ${a}. {s^} spent {part} of it on [rent|clothes|a phone|food] and then ${b} on [a book|lunch|a "
          "gift]. How much is left?",
          "", "Left"},
    Story{Sum::part_then_less, "{S} had {a} {t}, gave {part} of them to {n} and lost {b} more. How many are left?", "",
          "Left"},
    Story{Sum::products,
          "Each week {S} [run{+s}|ride{+s}|walk{+s}] {b} km on {a} days and {d} km on {c} days. How many km is that a "
          "week?",
          "", "A week"},
    Story{Sum::three_factors,
          "{S} work{+s} {c} days a week, {b} hours a day, for ${a} an hour. How much [is that|{do} {s} earn] a week?",
          "", ""},
    Story{Sum::share_of_rest,
          "{S} want{+s} [a bike|a phone|a game|a guitar] for ${a} and {have} ${b} [already|saved|]. {s^} save{+s} ${c} "
          "a [day|week|month]. How many [day|week|month]s [does it take|until {s} {have} enough]?",
          "Still needed", "Number"},
    Story{Sum::percent_more,
          "[The price of a [bike|phone|jacket|coat|lamp|tent]|The rent|The fee] of ${a} is raised by {b}%. What is the "
          "new price?",
          "Change", "Price"},
    Story{Sum::percent_rest,
          "{S} [put{+s} {b}% of ${a} in the bank|save{+s} {b}% of ${a}] and spend{+s} the rest. How much [is "
          "spent|{do} {s} spend]?",
          "", "The rest"},
};

// Writes a story with its words and numbers drawn.
class Teller {
 public:
  explicit Teller(Maker& m) : m_(m), person_(m.person()), other_(m.person()), thing_(m.thing()), second_(m.thing()) {
    mine_ = m.chance(40);
    in_words_ = m.chance(15);
    crowd_ = m.pick({"people", "students", "kids", "children", "visitors", "players", "guests", "members"});
  }
  struct Numbers {
    Int a = 0, b = 0, c = 0, d = 0;
    std::string part;
  };
  [[nodiscard]] const Thing& thing() const { return thing_; }
  [[nodiscard]] const Thing& second() const { return second_; }
  std::string told(std::string_view text, const Numbers& n) {
    numbers_ = &n;
    // Bare sums stay in digits.
    for (const std::string_view bare : {"[Add ", "[Subtract ", "[Multiply ", "[Divide "})
      in_words_ &= !text.starts_with(bare);
    std::size_t at = 0;
    std::string out = many(text, at, false);
    for (std::size_t gap; (gap = out.find("  ")) != std::string::npos;) out.erase(gap, 1);
    for (std::string_view stop : {" .", " ?", " ,", " ;"}) {
      for (std::size_t gap; (gap = out.find(stop)) != std::string::npos;) out.erase(gap, 1);
    }
    // A sentence may begin with a number in words.
    for (std::size_t stop = out.find(". "); stop != std::string::npos; stop = out.find(". ", stop + 2)) {
      const char next = out[stop + 2];
      if (next >= 'a' && next <= 'z' && next != 'x') out[stop + 2] = static_cast<char>(next - 'a' + 'A');
    }
    return out.starts_with("x ") ? out : capitalised(std::move(out));
  }

 private:
  // Up to the end, or to a "|" or "]" inside brackets.
  std::string many(std::string_view text, std::size_t& at, bool inside) {
    std::string out;
    while (at < text.size() && !(inside && (text[at] == '|' || text[at] == ']'))) {
      if (text[at] == '[') {
        const std::size_t begin = at;
        std::vector<std::string> ways;
        do {
          ++at;
          ways.push_back(many(text, at, true));
        } while (text[at] == '|');
        ++at;
        const auto [choice, fresh] = choices_.try_emplace(text.substr(begin, at - begin), 0U);
        if (fresh) choice->second = static_cast<std::size_t>(m_.between(0, static_cast<Int>(ways.size()) - 1));
        out += ways[choice->second];
      } else if (text[at] == '{') {
        const std::size_t end = text.find('}', at);
        std::string value = word(text.substr(at + 1, end - at - 1));
        const bool article = out.ends_with(" a ") || out == "A " || out.ends_with(". A ");
        if (article && takes_an(value)) out.insert(out.size() - 1, 1, 'n');
        if (in_words_ && (out.empty() || out.back() == ' ') && (end + 1 == text.size() || text[end + 1] == ' '))
          value = in_words(std::move(value));
        out += value;
        at = end + 1;
      } else {
        out += text[at++];
      }
    }
    return out;
  }
  // Small numbers, as people write them: "12" -> "twelve".
  static std::string in_words(std::string value) {
    static constexpr std::array<std::string_view, 13> words{"0",     "1",     "two",  "three", "four",   "five",  "six",
                                                            "seven", "eight", "nine", "ten",   "eleven", "twelve"};
    for (std::size_t i = 2; i < words.size(); ++i) {
      if (value == generators::text(static_cast<Int>(i))) return std::string(words[i]);
    }
    return value;
  }
  std::string word(std::string_view name) {
    if (name == "a") return generators::text(numbers_->a);
    if (name == "b") return generators::text(numbers_->b);
    if (name == "c") return generators::text(numbers_->c);
    if (name == "d") return generators::text(numbers_->d);
    if (name == "part") return numbers_->part;
    if (name == "Part") return capitalised(numbers_->part);
    if (name == "t") return std::string(thing_.many);
    if (name == "o") return std::string(thing_.one);
    if (name == "u") return std::string(second_.many);
    if (name == "g") return std::string(crowd_);
    if (name == "n") return std::string(other_.name);
    if (name == "S") return std::string(mine_ ? "I" : person_.name);
    if (name == "s") return std::string(mine_ ? "I" : person_.he);
    if (name == "s^") return mine_ ? "I" : capitalised(std::string(person_.he));
    if (name == "my") return std::string(mine_ ? "my" : person_.his);
    if (name == "My") return mine_ ? "My" : capitalised(std::string(person_.his));
    if (name == "do") return mine_ ? "do" : "does";
    if (name == "am") return mine_ ? "am" : "is";
    if (name == "have") return mine_ ? "have" : "has";
    if (name == "+s") return mine_ ? "" : "s";
    if (name == "+es") return mine_ ? "" : "es";
    return std::string(name);
  }
  Maker& m_;
  const Person& person_;
  const Person& other_;
  const Thing& thing_;
  const Thing& second_;
  bool mine_ = false, in_words_ = false;
  std::string_view crowd_;
  std::map<std::string_view, std::size_t> choices_;
  const Numbers* numbers_ = nullptr;
};

struct Part {
  Int n, d;
  std::string_view words;
};
constexpr std::array parts{
    Part{1, 2, "half"},      Part{1, 2, "1/2"},        Part{1, 3, "a third"}, Part{1, 3, "1/3"},
    Part{1, 4, "a quarter"}, Part{1, 4, "1/4"},        Part{3, 4, "3/4"},     Part{3, 4, "three quarters"},
    Part{2, 3, "2/3"},       Part{2, 3, "two thirds"}, Part{1, 5, "1/5"},     Part{2, 5, "2/5"},
    Part{3, 5, "3/5"},       Part{5, 6, "5/6"},        Part{1, 5, "a fifth"}, Part{1, 10, "1/10"},
    Part{3, 8, "3/8"},       Part{4, 5, "4/5"}};

// Numbers that fit what the story is about: prices, ages, temperatures, ways on foot, the days of a week.
void make_lifelike(Maker& m, const Story& story, Teller::Numbers& n, const Teller& teller) {
  const auto tells = [&](std::string_view words) { return story.text.find(words) != std::string_view::npos; };
  const auto price = [&](const Thing& thing) {
    return m.between(thing.cheap, std::max(thing.cheap, std::min<Int>(thing.dear, 60)));
  };
  const bool things = tells("{t}") || tells("{o}");
  if (tells("${b}") && things &&
      (story.sum == Sum::products || story.sum == Sum::times_plus || story.sum == Sum::change)) {
    n.b = price(teller.thing());
    if (story.sum == Sum::change) {
      const Int step = m.pick({Int{5}, Int{10}, Int{50}, Int{100}});
      n.c = (n.a * n.b / step + 1) * step;
    }
  }
  if (tells("${d}") && tells("{u}")) n.d = price(teller.second());
  if (tells("years older")) n.a = m.between(4, 40), n.b = m.between(2, 15);
  if (tells("degrees and got")) n.a = m.between(2, 22), n.b = m.between(2, 14);
  if (tells("weighs {a}")) n.b = m.between(2, 20), n.a = n.b + m.between(1, 20);
  if (tells("{S} walked {a}") && m.level <= 1) n.a = m.between(2, 15), n.b = m.between(2, 15);
  if (tells("swim{+s}]")) n.a = m.between(2, 12);
  if (tells("Each week"))
    n.a = m.between(2, 5), n.c = m.between(2, 7 - n.a), n.b = m.between(3, 25), n.d = m.between(3, 25);
  if (tells("[lamps|coats|bikes]")) n.c = 5 * m.between(4, 24), n.b = n.c + m.between(3, 40);
  if (tells("[bike|phone|jacket|coat|lamp|tent]")) n.a = n.b % 5 == 0 ? 20 * m.between(2, 15) : 100 * m.between(1, 3);
  if (tells("a {b}% tip")) n.a = 20 * m.between(1, 6), n.b = 5 * m.between(1, 5);
}

void tell_story(Maker& m, std::span<const Story> stories) {
  const Story& story = stories[static_cast<std::size_t>(m.between(0, static_cast<Int>(stories.size()) - 1))];
  Teller::Numbers n;
  const Int size = m.level;
  const Part& part = parts[static_cast<std::size_t>(m.between(0, static_cast<Int>(parts.size()) - 1))];
  n.a = m.chance(30) ? m.between(2, 12) : m.between(3, size <= 1 ? 99 : 200);
  n.b = m.chance(50) ? m.between(2, 12) : m.between(2, size <= 1 ? 99 : 150);
  switch (story.sum) {
    case Sum::plus: break;
    case Sum::minus: n.a = n.b + m.between(1, size <= 1 ? 90 : 200); break;
    case Sum::times:
      n.a = m.chance(60) ? m.between(2, 12) : m.between(2, 60), n.b = m.between(2, m.chance(80) ? 12 : 40);
      break;
    case Sum::share:
      n.b = m.between(2, m.chance(80) ? 12 : 30), n.a = n.b * m.between(2, m.chance(70) ? 20 : 60);
      break;
    case Sum::plus_minus: n.c = m.between(1, n.a + n.b - 1); break;
    case Sum::minus_plus: n.a = n.b + m.between(1, 200), n.c = m.between(2, 120); break;
    case Sum::times_plus: n.a = m.between(2, 12), n.b = m.between(2, 40), n.c = m.between(1, 60); break;
    case Sum::times_minus: n.a = m.between(2, 40), n.b = m.between(3, 30), n.c = m.between(1, n.a * n.b - 1); break;
    case Sum::change: {
      n.a = m.between(2, 9), n.b = m.between(2, 30);
      const Int step = m.pick({Int{5}, Int{10}, Int{50}, Int{100}});
      n.c = (n.a * n.b / step + 1) * step;
      break;
    }
    case Sum::products:
      n.a = m.between(2, 9), n.b = m.between(2, 60), n.c = m.between(2, 9), n.d = m.between(2, 60);
      break;
    case Sum::three_factors: n.a = m.between(2, 25), n.b = m.between(2, 9), n.c = m.between(2, 7); break;
    case Sum::share_of_sum: {
      n.c = m.between(2, 8);
      const Int sum = n.c * m.between(3, 30);
      n.a = m.between(1, sum - 1), n.b = sum - n.a;
      break;
    }
    case Sum::share_of_rest: n.c = m.between(2, 15), n.a = n.b + n.c * m.between(2, 20); break;
    case Sum::fold_together: n.a = m.between(2, 40), n.b = m.between(2, 6); break;
    case Sum::percent_of:
    case Sum::percent_rest:
    case Sum::percent_more:
    case Sum::percent_less:
      n.b = m.chance(85) ? 5 * m.between(1, 15) : m.between(1, 60), n.a = (n.b % 5 == 0 ? 20 : 100) * m.between(1, 40);
      break;
    case Sum::part_of:
    case Sum::part_left: n.a = part.d * m.between(2, 30); break;
    case Sum::share_up: n.b = m.between(3, 20), n.a = n.b * m.between(1, 20) + m.between(1, n.b); break;
    case Sum::unit_rate: n.a = m.between(2, 12), n.b = n.a * m.between(2, 15), n.c = m.between(2, 20); break;
    case Sum::undo: n.a = m.between(2, 15), n.b = m.between(1, 60), n.c = n.a * m.between(2, 20) + n.b; break;
    case Sum::twice_minus: n.a = m.between(2, 40), n.c = m.between(2, 30), n.b = n.c + m.between(1, 20); break;
    case Sum::mean: {
      const Int middle = m.between(9, 90);
      n.a = middle + m.between(-4, 4), n.b = middle + m.between(-4, 4), n.c = 3 * middle - n.a - n.b;
      break;
    }
    case Sum::missing_mean: n.c = m.between(10, 90), n.a = n.c + m.between(-4, 4), n.b = n.c + m.between(-4, 4); break;
    case Sum::percent_change: {
      const Int percent = 5 * m.between(1, 16);
      n.a = 20 * m.between(1, 50), n.b = n.a + n.a * percent / 100;
      break;
    }
    case Sum::part_then_less:
      n.a = part.d * m.between(4, 60), n.b = m.between(1, n.a / part.d * (part.d - part.n) - 1);
      break;
  }
  if (story.b != 0) n.b = story.b, n.a = m.between(2, m.chance(80) ? 12 : 60);
  n.part = part.words;
  Teller teller(m);
  make_lifelike(m, story, n, teller);
  m.tell("@", teller.told(story.text, n));
  const bool uses_b = story.sum != Sum::part_of && story.sum != Sum::part_left && story.b == 0;
  m.chose(sum_names[static_cast<std::size_t>(story.sum)], 0);
  m.given("a", n.a);
  if (uses_b) m.given("b", n.b);
  if (story.b != 0) m.chose("b", n.b);
  if (n.c != 0) m.given("c", n.c);
  if (n.d != 0) m.given("d", n.d);
  const bool by_part = story.sum == Sum::part_of || story.sum == Sum::part_left || story.sum == Sum::part_then_less;
  if (by_part) m.chose("numerator", part.n), m.chose("denominator", part.d);
  const std::string first = story.first.empty() ? "" : teller.told(story.first, n);
  const std::string second(story.second);
  const auto part_of = [&] {
    const Int one = m.divide("", n.a, part.d);
    return part.n == 1 ? one : m.multiply("", one, part.n);
  };
  const auto percent_of = [&](std::string_view what) {
    const Int share = n.a * n.b / 100;
    m.step("@@% of @ = @ * @ / 100 = @ / 100 = @", what.empty() ? "" : std::string(what) + ": ", n.b, n.a, n.a, n.b,
           n.a * n.b, share);
    return share;
  };
  switch (story.sum) {
    case Sum::plus: m.answer(m.add("", n.a, n.b)); break;
    case Sum::minus: m.answer(m.subtract("", n.a, n.b)); break;
    case Sum::times: m.answer(m.multiply("", n.a, n.b)); break;
    case Sum::share: m.answer(m.divide("", n.a, n.b)); break;
    case Sum::plus_minus: m.answer(m.subtract(second, m.add(first, n.a, n.b), n.c)); break;
    case Sum::minus_plus: m.answer(m.add(second, m.subtract(first, n.a, n.b), n.c)); break;
    case Sum::times_plus: m.answer(m.add(second, m.multiply(first, n.a, n.b), n.c)); break;
    case Sum::times_minus: m.answer(m.subtract(second, m.multiply(first, n.a, n.b), n.c)); break;
    case Sum::change: m.answer(m.subtract(second, n.c, m.multiply(first, n.a, n.b))); break;
    case Sum::products: {
      const Int one = m.multiply("", n.a, n.b);
      m.answer(m.add(second, one, m.multiply("", n.c, n.d)));
      break;
    }
    case Sum::three_factors: m.answer(m.multiply("", m.multiply("", n.a, n.b), n.c)); break;
    case Sum::share_of_sum: m.answer(m.divide(second, m.add(first, n.a, n.b), n.c)); break;
    case Sum::share_of_rest: m.answer(m.divide(second, m.subtract(first, n.a, n.b), n.c)); break;
    case Sum::fold_together: m.answer(m.add(second, n.a, m.multiply("", n.a, n.b))); break;
    case Sum::percent_of: m.answer(percent_of("")); break;
    case Sum::percent_rest:
    case Sum::percent_less: m.answer(m.subtract(second, n.a, percent_of(first))); break;
    case Sum::percent_more: m.answer(m.add(second, n.a, percent_of(first))); break;
    case Sum::part_of: m.answer(part_of()); break;
    case Sum::part_left: m.answer(m.subtract(second, n.a, part_of())); break;
    case Sum::share_up: {
      const auto [whole, rest] = m.divide_rest("", n.a, n.b);
      m.answer(rest == 0 ? whole : m.add("The rest needs one more", whole, 1));
      break;
    }
    case Sum::unit_rate: m.answer(m.multiply(second, m.divide(first, n.b, n.a), n.c)); break;
    case Sum::undo: m.answer(m.divide(second, m.subtract(first, n.c, n.b), n.a)); break;
    case Sum::twice_minus: m.answer(m.multiply(second, n.a, m.subtract(first, n.b, n.c))); break;
    case Sum::mean: m.answer(m.divide(second, m.add(first, std::array{n.a, n.b, n.c}), 3)); break;
    case Sum::missing_mean: {
      const Int all = m.multiply(first, 3, n.c);
      m.answer(m.subtract(second, all, m.add("There are", n.a, n.b)));
      break;
    }
    case Sum::percent_change: {
      const Int change = m.subtract(first, n.b, n.a);
      m.step("@ * 100 / @ = @ / @ = @", change, n.a, change * 100, n.a, change * 100 / n.a);
      m.answer(text(change * 100 / n.a) + "\\%");
      break;
    }
    case Sum::part_then_less: m.answer(m.subtract(second, m.subtract("", n.a, part_of()), n.b)); break;
  }
  if (by_part) {
    m.rationale("A short story about @ of @: the number can be divided, so that every step is whole.", n.part, n.a);
  } else {
    m.rationale("A short story with @ and @ in everyday words: the reader finds what to do with them.", n.a, n.b);
  }
}

void one(Maker& m) { tell_story(m, one_step); }
void two(Maker& m) { tell_story(m, two_steps); }
void three(Maker& m) { tell_story(m, three_steps); }

const std::array families{
    Family{"story of one step", 1, 2, {"word problems", "the four operations"}, one},
    Family{"story of two steps", 2, 3, {"word problems", "two operations"}, two},
    Family{"story of a plan", 3, 3, {"word problems", "several operations"}, three},
};

}  // namespace

std::span<const Family> story_families() { return families; }

}  // namespace holdfast::generators
