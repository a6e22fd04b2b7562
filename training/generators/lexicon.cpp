#include "training/generators/lexicon.h"

#include <array>
#include <utility>

namespace holdfast::generators {
namespace {

struct Named {
  std::string_view name, ways;
};

constexpr std::array lists{
    Named{"fruit",
          "apple/apples|pear/pears|peach/peaches|orange/oranges|plum/plums|lemon/lemons|mango/mangoes|melon/melons|"
          "kiwi/kiwis|fig/figs|apricot/apricots|banana/bananas|lime/limes|"
          "grapefruit/grapefruits|papaya/papayas|strawberry/strawberries|cherry/cherries|coconut/coconuts|"
          "nectarine/nectarines|tangerine/tangerines|avocado/avocados|guava/guavas|pomegranate/pomegranates"},
    Named{"vegetable",
          "carrot/carrots|potato/potatoes|tomato/tomatoes|onion/onions|pumpkin/pumpkins|pepper/peppers|"
          "cucumber/cucumbers|beet/beets|radish/radishes|cabbage/cabbages|turnip/turnips|leek/leeks|"
          "eggplant/eggplants|zucchini/zucchini|cauliflower/cauliflowers|artichoke/artichokes|sweet potato/sweet "
          "potatoes"},
    Named{"animal",
          "sheep/sheep|goat/goats|cow/cows|horse/horses|duck/ducks|hen/hens|rabbit/rabbits|pig/pigs|llama/llamas|"
          "goose/geese|turkey/turkeys|donkey/donkeys|camel/camels|pony/ponies|calf/calves|lamb/lambs|"
          "ox/oxen|buffalo/buffaloes|ostrich/ostriches"},
    Named{"pet",
          "cat/cats|dog/dogs|hamster/hamsters|parrot/parrots|goldfish/goldfish|kitten/kittens|puppy/puppies|"
          "turtle/turtles|rabbit/rabbits|canary/canaries|guinea pig/guinea pigs|lizard/lizards|snail/snails"},
    Named{"flower",
          "rose/roses|tulip/tulips|daisy/daisies|lily/lilies|sunflower/sunflowers|carnation/carnations|"
          "violet/violets|orchid/orchids|daffodil/daffodils|iris/irises|marigold/marigolds|peony/peonies|"
          "geranium/geraniums|lavender plant/lavender plants"},
    Named{"toy",
          "toy car/toy cars|doll/dolls|puzzle/puzzles|kite/kites|yo-yo/yo-yos|teddy bear/teddy bears|"
          "board game/board games|robot/robots|ball/balls|toy train/toy trains|jigsaw/jigsaws|"
          "spinning top/spinning tops|model plane/model planes|stuffed bear/stuffed bears|jump rope/jump ropes|"
          "frisbee/frisbees|card game/card games|puppet/puppets"},
    Named{"small",
          "bead/beads|button/buttons|marble/marbles|sticker/stickers|shell/shells|stamp/stamps|coin/coins|"
          "pebble/pebbles|badge/badges|paper clip/paper clips|trading card/trading cards|bottle cap/bottle caps|"
          "acorn/acorns|key ring/key rings|feather/feathers|rubber band/rubber "
          "bands|pin/pins|token/tokens|magnet/magnets|"
          "chestnut/chestnuts|crayon/crayons|seashell/seashells|walnut/walnuts|ribbon/ribbons|sweet/sweets|jelly "
          "bean/jelly "
          "beans|building block/building blocks|raffle ticket/raffle tickets|gem/gems|screw/screws|nail/nails|"
          "post-it note/post-it notes|domino/dominoes|comic book/comic books|candy/candies|lollipop/lollipops"},
    Named{"paper",
          "notebook/notebooks|folder/folders|pencil/pencils|eraser/erasers|marker/markers|ruler/rulers|"
          "glue stick/glue sticks|envelope/envelopes|postcard/postcards|pen/pens|sketchbook/sketchbooks|"
          "highlighter/highlighters|diary/diaries|sheet of card/sheets of card|paintbrush/paintbrushes|binder/binders|"
          "notepad/notepads|greeting card/greeting cards|magazine/magazines"},
    Named{"baked",
          "cookie/cookies|muffin/muffins|bagel/bagels|cupcake/cupcakes|pretzel/pretzels|donut/donuts|roll/rolls|"
          "pie/pies|waffle/waffles|pancake/pancakes|brownie/brownies|dumpling/dumplings|scone/scones|"
          "biscuit/biscuits|croissant/croissants|tart/tarts|bun/buns|cake/cakes|flatbread/flatbreads|samosa/samosas|"
          "spring roll/spring rolls|macaroon/macaroons|loaf/loaves"},
    Named{"snack",
          "sandwich/sandwiches|hot dog/hot dogs|burrito/burritos|taco/tacos|burger/burgers|salad/salads|"
          "slice of pizza/slices of pizza|bowl of soup/bowls of soup|wrap/wraps|kebab/kebabs|"
          "bag of chips/bags of chips|plate of noodles/plates of noodles|rice ball/rice balls|chocolate bar/chocolate "
          "bars|"
          "popsicle/popsicles|ice cream/ice creams|bag of popcorn/bags of popcorn"},
    Named{"drink",
          "juice/juices|coffee/coffees|tea/teas|lemonade/lemonades|milkshake/milkshakes|smoothie/smoothies|"
          "soda/sodas|hot chocolate/hot chocolates|bottle of water/bottles of water|iced tea/iced teas|"
          "cup of cocoa/cups of cocoa|carton of milk/cartons of milk"},
    Named{"wear",
          "shirt/shirts|sweater/sweaters|hat/hats|cap/caps|scarf/scarves|belt/belts|tie/ties|"
          "T-shirt/T-shirts|hoodie/hoodies|skirt/skirts|pair of socks/pairs of socks|pair of gloves/pairs of gloves|"
          "dress/dresses|vest/vests|blouse/blouses|jersey/jerseys|swimsuit/swimsuits"},
    Named{
        "dear",
        "bike/bikes|phone/phones|tent/tents|jacket/jackets|guitar/guitars|camera/cameras|skateboard/skateboards|"
        "lamp/lamps|chair/chairs|printer/printers|coat/coats|keyboard/keyboards|watch/watches|desk/desks|"
        "drone/drones|rug/rugs|violin/violins|scooter/scooters|blender/blenders|backpack/backpacks|"
        "tablet/tablets|radio/radios|mirror/mirrors|bookcase/bookcases|suitcase/suitcases|telescope/telescopes|"
        "microwave/microwaves|sewing machine/sewing machines|pair of boots/pairs of boots|pair of skates/pairs of "
        "skates|flute/flutes|monitor/monitors|mattress/mattresses|helmet/helmets|dress/dresses|basketball/basketballs|"
        "video game/video games|surfboard/surfboards|toaster/toasters|drill/drills|bench/benches"},
    Named{"bin",
          "box/boxes|bag/bags|basket/baskets|crate/crates|jar/jars|carton/cartons|bucket/buckets|tray/trays|"
          "packet/packets|tin/tins|case/cases|sack/sacks|pack/packs|tub/tubs|chest/chests|bowl/bowls|"
          "drawer/drawers|pouch/pouches|barrel/barrels|tote/totes"},
    Named{"vehicle", "bus/buses|van/vans|car/cars|minibus/minibuses|boat/boats|cable car/cable cars|taxi/taxis"},
    Named{"mover",
          "car|truck|bus|train|ferry|motorbike|coach|van|cyclist|ship|taxi|scooter|rider|tram|plane|tractor|delivery "
          "van"},
    Named{"worker",
          "baker/bakers|painter/painters|gardener/gardeners|tailor/tailors|carpenter/carpenters|farmer/farmers|"
          "cleaner/cleaners|mason/masons|potter/potters|clerk/clerks|builder/builders|tiler/tilers|"
          "roofer/roofers|seamstress/seamstresses|helper/helpers|typist/typists|machine/machines|robot/robots"},
    Named{
        "cook",
        "baker|cook|chef|cafe owner|canteen|grandmother|bakery|street seller|pastry shop|mother|father|school kitchen|"
        "restaurant|hotel"},
    Named{"relative",
          "brother|sister|cousin|uncle|aunt|grandmother|grandfather|neighbor|friend|teacher|coach|mother|father|"
          "classmate|niece|nephew|boss|partner|roommate|twin"},
    Named{"shop", "a shop|a store|the market|a stall|the corner shop|a supermarket|a kiosk|the school shop"},
    Named{"group",
          "student/students|child/children|guest/guests|scout/scouts|tourist/tourists|player/players|hiker/hikers|"
          "dancer/dancers|singer/singers|fan/fans|visitor/visitors|camper/campers|swimmer/swimmers|pupil/pupils|"
          "boy/boys|girl/girls|adult/adults|teacher/teachers|runner/runners|friend/friends|soldier/soldiers|sailor/"
          "sailors|"
          "member/members|volunteer/volunteers|passenger/passengers|neighbor/neighbors|worker/workers|artist/artists|"
          "monkey/monkeys|cyclist/cyclists|musician/musicians"},
    Named{"day", "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday"},
    Named{"month", "January|February|March|April|May|June|July|August|September|October|November|December"},
    Named{"color", "red|blue|green|yellow|white|black|orange|purple|pink|brown"},
    Named{"sport", "soccer|tennis|chess|basketball|volleyball|hockey|judo|badminton|swimming|rugby"},
    Named{"subject", "math|history|biology|French|Spanish|music|art|geography|physics|chemistry"},
    Named{"dish", "soup|stew|pancakes|lemonade|bread|curry|salad|pasta|jam|rice pudding|pizza dough"},
    Named{"yard",
          "garden|field|yard|park|lawn|playground|meadow|schoolyard|vegetable patch|parking lot|courtyard|farm"},
    Named{"city", "Paris|Rome|Oslo|Lima|Cairo|Boston|Delhi|Madrid|Denver|Lagos|Quito|Austin|Kyoto|Dublin"},
    Named{"bought", "bought|got|picked up|ordered|purchased|took"},
    Named{"buy", "buy{+s}|get{+s}|pick{+s} up|order{+s}|choose{+s}|take{+s}"},
    Named{"paid", "paid|spent"},
    Named{"gave", "gave|handed|passed"},
    Named{"earn", "earn{+s}|make{+s}|get{+s}|{is} paid"},
    Named{"equally", "equally|evenly|fairly|in equal shares"},
    Named{"altogether", "altogether|in all|in total|all together"},
    Named{"asknow",
          "How many <items> {do} {he} have now?|How many <items> does that leave {him} with?|"
          "How many <items> is that now?|How many <items> {do} {he} end up with?|"
          "What is the number of <items> {he} now {has}?|Find the number of <items> {he} {has} in the end.|"
          "How many <items> {do} {he} have after that?"},
    Named{"askfirst",
          "How many <items> did {he} have at first?|How many <items> did {he} start with?|"
          "How many <items> did {he} have before all this?|How many <items> did {he} have to begin with?|"
          "What was the number of <items> at the beginning?|How many <items> were there originally?"},
    Named{"asktotal",
          "How much is that [in all|altogether|in total]?|What does it all come to?|How much {do} {he} pay?|"
          "What is the total?|What is the total cost?|How much {do} {he} owe?|What is the bill?|"
          "How many dollars {do} {he} spend?|Find the total price."},
    Named{"askchange",
          "How much change {do} {he} get?|How much change {do} {he} get back?|How much money {do} {he} get back?|"
          "What is {his} change?|How many dollars {do} {he} get back?|What change {is} {he} due?|"
          "How much is returned to {him}?"},
    Named{"askprofit",
          "What is the profit?|How much profit is made?|How much is earned on the deal?|"
          "How many dollars of profit is that?|What is gained?|What is left as profit?"},
    Named{"aside",
          "It is # degrees outside.|{Name} {has} # cousins.|{His} <relative> is # years old.|"
          "{Name} live{+s} in house number #.|The place opened # years ago.|It all happens # km from <city>.|"
          "There are # other people around.|{Name} heard about it # days ago.|It is page # of {his} notes.|"
          "The radio is playing song number #.|{Name} {has} been there # times before.|"
          "The drive there takes # minutes."},
};

struct Stock {
  std::string_view item, gain, lose;
};
constexpr std::array stocks{
    Stock{"sticker/stickers", "won #|peeled # more off a sheet|traded for # more|{was} given # by a friend|bought #",
          "traded away #|stuck # on {his} notebook|gave # to {Bob}|lost #|let {Bob} have #"},
    Stock{"marble/marbles",
          "won # in a game|found # under the sofa|{was} given # more|bought # at the kiosk|collected #",
          "lost # in a game|dropped # down the drain|handed # to {Bob}|gave away #|mislaid #"},
    Stock{"egg/eggs", "gathered # more|collected # from the hens|bought #|{was} given # by a neighbor",
          "broke #|used # for a cake|boiled and ate #|sold #|dropped and lost #|fried #"},
    Stock{"book/books",
          "borrowed # from the library|bought # at a sale|{was} sent #|inherited #|received # for {his} birthday",
          "gave # to a school|returned # to the library|donated #|lent # to {Bob}|sold #"},
    Stock{"stamp/stamps",
          "received # from a pen pal|bought # at a fair|swapped a coin for #|added #|{was} left # by {his} uncle",
          "used # on letters|swapped # for a coin|sold #|gave # to {Bob}|threw away # torn ones"},
    Stock{"apple/apples", "picked #|plucked # more|bought #|{was} handed # by the farmer|gathered # from the grass",
          "ate #|baked # into a pie|fed # to a horse|threw away # rotten ones|gave # to {Bob}"},
    Stock{
        "cookie/cookies", "baked #|made # more|{was} brought # by {Bob}|bought #|took # out of the oven",
        "ate #|threw out # burned ones|served # to guests|packed # for school|shared out #|crumbled # into a dessert"},
    Stock{"flower/flowers", "planted # more|picked # others|{was} given #|bought #|cut # more in the garden",
          "put # in a vase for {Bob}|threw out # that had wilted|sold #|gave # to a neighbor|laid # on a grave"},
    Stock{"pencil/pencils", "bought #|found # in a drawer|{was} lent # by {Bob}|won #|unpacked # new ones",
          "broke #|lost #|lent # to classmates|gave # away|used up #"},
    Stock{"balloon/balloons", "blew up # more|bought # others|{was} handed #|filled # new ones|inflated # others",
          "popped #|let # fly away|gave # to children|burst #|lost # to the wind"},
    Stock{"seashell/seashells", "found # more|gathered #|picked up # on the beach|{was} given #|collected #",
          "gave # to {Bob}|threw # back into the sea|glued # on a frame|dropped #"},
    Stock{"photo/photos", "took #|printed # more|{was} sent #|snapped #|added #",
          "deleted #|gave # away|threw out #|mailed # to {Bob}|removed #"},
    Stock{"message/messages", "received #|got # more|{was} sent #",
          "deleted #|answered and erased #|cleared #|moved # to another folder"},
    Stock{"point/points", "scored #|earned # more|gained #|picked up #|{was} awarded #",
          "lost #|gave up #|{was} fined #|dropped #|traded in #"},
    Stock{"dollar/dollars",
          "earned # by mowing lawns|{was} paid #|found # in a coat|received # from {his} <relative>|won #",
          "spent #|paid # for lunch|lent # to {Bob}|gave # to charity|lost #|handed over # for a ticket"},
    Stock{"chair/chairs", "carried in # more|bought # others|{was} lent #|built #|set out # more",
          "lent # to the school|sold #|threw away #|carried out # to a truck"},
    Stock{"chicken/chickens", "raised # more|bought # at the market|{was} given #|hatched #",
          "sold #|lost # to a fox|gave # to {Bob}|traded # for a goat"},
    Stock{"fish/fish", "caught #|bought #|added # more|{was} given #|netted #",
          "released #|cooked #|lost #|gave # to {Bob}|sold #|let # go"},
    Stock{"tree/trees", "planted # more|put in # others|{was} given #",
          "cut down #|lost # in a storm|sold #|felled #|dug up #"},
    Stock{"ticket/tickets", "printed #|won #|bought # more|{was} sent #|picked up #",
          "sold #|gave away #|handed # to friends|lost #|used #"},
    Stock{"bead/beads", "bought #|strung # more|found #|{was} given #|threaded on #",
          "used # for a bracelet|dropped # down a drain|lost #|gave # to {Bob}|spilled #"},
    Stock{"candle/candles", "made # more|bought #|unpacked # new ones|{was} given #",
          "burned # down|sold #|gave # away|used up #|melted # down"},
    Stock{"card/cards", "drew #|won #|bought # more|{was} dealt #|picked up #",
          "discarded #|traded away #|lost #|gave # to {Bob}|put down #|played #"},
    Stock{"letter/letters", "wrote # more|received #|{was} brought #|found # in the mailbox",
          "posted #|threw away #|mailed #|answered and filed away #|delivered #"},
    Stock{"song/songs", "downloaded #|added # more|recorded #|{was} sent #|saved #",
          "deleted #|removed #|erased #|took # off the list"},
    Stock{"brick/bricks", "bought #|carried over # more|{was} delivered #|loaded # more",
          "laid #|broke and dumped #|used # for a wall|gave # to a neighbor"},
    Stock{"T-shirt/T-shirts", "sewed #|bought #|printed # more|{was} given #|won #",
          "gave away # that were too small|donated #|threw out # torn ones|sold #|gave # to {his} cousin"},
    Stock{"plant/plants", "potted # more|bought #|grew # more from seeds|{was} given #",
          "sold #|lost # to frost|gave # to {Bob}|threw out # dry ones"},
    Stock{"sandwich/sandwiches", "made #|bought # more|{was} brought #|prepared # more",
          "ate #|sold #|handed out #|served #|fed # to the ducks"},
    Stock{"gold coin/gold coins", "dug up #|won #|{was} paid #|found # in a chest|earned #",
          "spent #|lost # at cards|paid # to a sailor|gave # to {Bob}"},
    Stock{"page/pages", "typed #|wrote # more|printed #|added #", "deleted #|tore out #|threw away #|erased #"},
    Stock{"bottle/bottles", "collected # more|bought #|found #|{was} brought #",
          "emptied and recycled #|returned # to the shop|smashed #|sold #|gave away #"},
    Stock{"toy/toys", "{was} given #|bought #|received # as gifts|won # at the fair",
          "gave # to charity|broke #|put # up for sale and sold them|lost #|passed # on to {his} cousin"},
    Stock{"lemon/lemons", "bought #|picked # more|{was} given #",
          "squeezed #|sold #|used # for lemonade|threw away #|sliced #"},
    Stock{"puzzle piece/puzzle pieces", "found # more|picked up #|{was} handed #",
          "lost #|placed #|dropped #|fitted #"},
    Stock{"liter of paint/liters of paint", "bought # more|ordered #|{was} lent #",
          "used #|spilled #|gave # to {Bob}|poured out #"},
    Stock{"meter of rope/meters of rope", "bought #|added #|{was} given # more",
          "cut off #|used #|sold #|lent # to {Bob}"},
    Stock{"kilogram of flour/kilograms of flour", "bought #|ordered # more|{was} brought #",
          "used #|sold #|spilled #|baked with #"},
};

struct Crowd {
  std::string_view one, in, come, leave;
};
constexpr std::array crowds{
    Crowd{"car/cars", "in a parking lot|in a garage|on a ferry|in the lot behind the shop",
          "# more drove in|# more arrived|# more pulled in|# more came",
          "# drove off|# left|# pulled out|# drove away"},
    Crowd{"bird/birds", "on a wire|in a tree|on the roof|at the feeder",
          "# more landed|# more joined them|# more flew in|# others came", "# flew away|# flew off|# left|# took off"},
    Crowd{"passenger/passengers", "on a bus|on a train|on a tram|on a boat|in the subway car",
          "# got on|# climbed aboard|# more boarded|# stepped in", "# got off|# stepped out|# left it|# climbed out"},
    Crowd{"child/children", "in the pool|at the playground|in the library|on the ice|in the yard",
          "# more came|# more joined in|# others arrived|# more ran in",
          "# went home|# left|# were called away|# ran off"},
    Crowd{"customer/customers", "in a shop|in a cafe|in the bank|at the bakery",
          "# more walked in|# entered|# came in|# others arrived", "# walked out|# left|# paid and went|# went away"},
    Crowd{"frog/frogs", "on the lily pads|in a pond|by the stream", "# more hopped in|# more came|# others joined them",
          "# hopped away|# swam off|# jumped out"},
    Crowd{"book/books", "on a shelf|on a cart|in the reading corner",
          "# were put back|# new ones were added|# more were placed there",
          "# were taken out|# were borrowed|# were removed"},
    Crowd{"cow/cows", "in a field|in the barn|on a meadow|in the pasture",
          "# more were brought in|# more wandered in|# were added",
          "# were sold|# were led out|# wandered off|# were moved away"},
    Crowd{"boat/boats", "in the harbor|at the pier|on the lake", "# more sailed in|# more docked|# arrived",
          "# sailed out|# set off|# left"},
    Crowd{"file/files", "in a folder|on a disk|in the archive", "# were added|# more were saved|# were copied there",
          "# were deleted|# were removed|# were moved away"},
    Crowd{"pancake/pancakes", "on a plate|on the table|on the tray",
          "# more were added|# fresh ones were put there|# were piled on", "# were eaten|# were taken|# were served"},
    Crowd{"player/players", "on the field|in the gym|in an online game",
          "# more joined|# logged in|# came in|# others arrived", "# left|# dropped out|# went away|# quit"},
    Crowd{"box/boxes", "in a warehouse|on a truck|in the storeroom",
          "# more were delivered|# were unloaded there|# came in",
          "# were shipped out|# were taken away|# were carried off"},
    Crowd{"guest/guests", "at a hotel|at a party|at the wedding|in the dining room",
          "# more checked in|# more arrived|# came late", "# checked out|# left early|# departed"},
    Crowd{"bee/bees", "on a flower bed|in a hive|at the water", "# more flew in|# more arrived|# joined them",
          "# flew out|# buzzed off|# left"},
};

struct Amount {
  std::string_view state, up, down, asknow, askfirst, first, again;
};
constexpr std::array measured{
    Amount{"A tank held # liters of water|There were # liters of water in a tank",
           "# liters were pumped in|# liters flowed in|somebody poured in # liters|the rain added # liters",
           "# liters were drained|# liters leaked out|# liters were used|the garden took # liters",
           "How many liters were in it then?|How much water was in it then?|How many liters did it hold in the end?",
           "How many liters were in the tank at first?|How much water did it hold at the start?",
           "A tank held some water", "it held # liters|there were # liters in it"},
    Amount{"The thermometer showed # degrees|It was # degrees at first|The temperature was # degrees",
           "it rose by # degrees|it got # degrees warmer|it climbed # degrees|it went up # degrees",
           "it fell by # degrees|it got # degrees colder|it dropped # degrees|it cooled down by # degrees",
           "What was the temperature then?|How many degrees was it then?|What did the thermometer show in the end?",
           "What was the temperature at first?|How many degrees was it in the beginning?",
           "One morning the thermometer showed some temperature", "it was # degrees|the thermometer showed # degrees"},
    Amount{"An account held $#|There were $# in an account|The balance of an account was $#",
           "$# were deposited|$# were paid in|a payment of $# arrived|the bank added $#",
           "$# were withdrawn|a bill of $# was paid from it|$# were taken out|a fee of $# was charged",
           "What was the balance then?|How much was in the account then?|What did the account hold in the end?",
           "How much was in the account at first?|What was the balance before?", "An account held some money",
           "the balance was $#|it held $#"},
    Amount{"An elevator was on floor #|A lift stood at floor #",
           "it went up # floors|it rose # floors|it climbed # floors",
           "it went down # floors|it sank # floors|it came down # floors",
           "On which floor was it then?|Which floor did it reach?|At what floor did it stop?",
           "On which floor did it start?|What floor was it on at first?", "An elevator stood on some floor",
           "it was on floor #"},
    Amount{"A club had # members|There were # members in a club",
           "# people joined|# new members signed up|it took in # people|it grew by # members",
           "# members quit|# of them left|it lost # members|# people dropped out",
           "How many members did it have then?|How many members was that in the end?|What was its membership then?",
           "How many members did it have at first?|How large was the club before?", "A club had some members",
           "it had # members"},
    Amount{"A shop had # kg of rice in stock|There were # kg of rice in a store",
           "# kg were delivered|# kg came in|a truck brought # kg",
           "# kg were sold|customers took # kg|# kg went bad|# kg were used",
           "How many kg were there then?|How much rice was left in the end?|What was in stock then?",
           "How many kg were there at first?|How much rice did it have before?", "A shop had some rice in stock",
           "there were # kg|it had # kg"},
    Amount{"A drone flew # m above the ground|A balloon floated # m above the ground|A kite was # m up in the air",
           "it rose # m|it climbed # m|the wind lifted it # m", "it sank # m|it came down # m|it dropped # m",
           "How high was it then?|How many meters up was it then?|What was its height in the end?",
           "How high was it at first?|What was its height before?", "A balloon floated above the ground",
           "it was # m up|its height was # m"},
    Amount{"A town had # inhabitants|A village counted # inhabitants",
           "# people moved in|# babies were born|# newcomers settled there", "# people moved away|# people left",
           "How many inhabitants did it have then?|How many people lived there then?|What was the population then?",
           "How many inhabitants did it have at first?|What was the population before?",
           "A village had some inhabitants", "it had # inhabitants|# people lived there"},
};

constexpr std::array<Person, 185> more_persons{{
    {"Mr. Lopez", "he", "his", "him"},    {"Mrs. Wong", "she", "her", "her"},   {"Ms. Chen", "she", "her", "her"},
    {"Dr. Patel", "she", "her", "her"},   {"Coach Davis", "he", "his", "him"},  {"Grandma Rose", "she", "her", "her"},
    {"Grandpa Joe", "he", "his", "him"},  {"Aunt Clara", "she", "her", "her"},  {"Uncle Ned", "he", "his", "him"},
    {"Farmer Brown", "he", "his", "him"}, {"Captain Reed", "he", "his", "him"}, {"the baker", "he", "his", "him"},
    {"Mrs. Silva", "she", "her", "her"},  {"Mr. Green", "he", "his", "him"},    {"Aisha", "she", "her", "her"},
    {"Bruno", "he", "his", "him"},        {"Chloe", "she", "her", "her"},       {"Dmitri", "he", "his", "him"},
    {"Elif", "she", "her", "her"},        {"Felix", "he", "his", "him"},        {"Gita", "she", "her", "her"},
    {"Hugo", "he", "his", "him"},         {"Imani", "she", "her", "her"},       {"Jamal", "he", "his", "him"},
    {"Keiko", "she", "her", "her"},       {"Liam", "he", "his", "him"},         {"Maya", "she", "her", "her"},
    {"Nico", "he", "his", "him"},         {"Odette", "she", "her", "her"},      {"Pedro", "he", "his", "him"},
    {"Rosa", "she", "her", "her"},        {"Stefan", "he", "his", "him"},       {"Tara", "she", "her", "her"},
    {"Umar", "he", "his", "him"},         {"Valerie", "she", "her", "her"},     {"Walter", "he", "his", "him"},
    {"Ximena", "she", "her", "her"},      {"Yusuf", "he", "his", "him"},        {"Zara", "she", "her", "her"},
    {"Toby", "he", "his", "him"},         {"Betty", "she", "her", "her"},       {"Jose", "he", "his", "him"},
    {"Kim", "she", "her", "her"},         {"Ryan", "he", "his", "him"},         {"Megan", "she", "her", "her"},
    {"Josh", "he", "his", "him"},         {"Weng", "she", "her", "her"},        {"Tobias", "he", "his", "him"},
    {"Ella", "she", "her", "her"},        {"Adam", "he", "his", "him"},         {"Jenny", "she", "her", "her"},
    {"Marco", "he", "his", "him"},        {"Layla", "she", "her", "her"},       {"Darius", "he", "his", "him"},
    {"Ingrid", "she", "her", "her"},      {"Kofi", "he", "his", "him"},         {"Aaron", "he", "his", "him"},
    {"Ahmed", "he", "his", "him"},        {"Akira", "he", "his", "him"},        {"Alan", "he", "his", "him"},
    {"Andre", "he", "his", "him"},        {"Anton", "he", "his", "him"},        {"Arjun", "he", "his", "him"},
    {"Ben", "he", "his", "him"},          {"Boris", "he", "his", "him"},        {"Caleb", "he", "his", "him"},
    {"Carlos", "he", "his", "him"},       {"Chen", "he", "his", "him"},         {"Connor", "he", "his", "him"},
    {"Dario", "he", "his", "him"},        {"Dylan", "he", "his", "him"},        {"Elias", "he", "his", "him"},
    {"Emeka", "he", "his", "him"},        {"Enzo", "he", "his", "him"},         {"Ethan", "he", "his", "him"},
    {"Farid", "he", "his", "him"},        {"Finn", "he", "his", "him"},         {"Gabriel", "he", "his", "him"},
    {"Goran", "he", "his", "him"},        {"Hassan", "he", "his", "him"},       {"Ian", "he", "his", "him"},
    {"Igor", "he", "his", "him"},         {"Ivan", "he", "his", "him"},         {"Jakob", "he", "his", "him"},
    {"Jorge", "he", "his", "him"},        {"Juan", "he", "his", "him"},         {"Karim", "he", "his", "him"},
    {"Kenji", "he", "his", "him"},        {"Kwame", "he", "his", "him"},        {"Lars", "he", "his", "him"},
    {"Leon", "he", "his", "him"},         {"Luca", "he", "his", "him"},         {"Mateo", "he", "his", "him"},
    {"Mehmet", "he", "his", "him"},       {"Milan", "he", "his", "him"},        {"Mohan", "he", "his", "him"},
    {"Nathan", "he", "his", "him"},       {"Obi", "he", "his", "him"},          {"Omari", "he", "his", "him"},
    {"Pablo", "he", "his", "him"},        {"Rahul", "he", "his", "him"},        {"Raj", "he", "his", "him"},
    {"Ravi", "he", "his", "him"},         {"Sami", "he", "his", "him"},         {"Santiago", "he", "his", "him"},
    {"Sven", "he", "his", "him"},         {"Tariq", "he", "his", "him"},        {"Theo", "he", "his", "him"},
    {"Tomas", "he", "his", "him"},        {"Viktor", "he", "his", "him"},       {"Yuki", "he", "his", "him"},
    {"Zoltan", "he", "his", "him"},       {"Mr. Khan", "he", "his", "him"},     {"Mr. Novak", "he", "his", "him"},
    {"Uncle Joe", "he", "his", "him"},    {"Grandpa Lee", "he", "his", "him"},  {"the teacher", "he", "his", "him"},
    {"the farmer", "he", "his", "him"},   {"the gardener", "he", "his", "him"}, {"the coach", "he", "his", "him"},
    {"Abena", "she", "her", "her"},       {"Adele", "she", "her", "her"},       {"Aiko", "she", "her", "her"},
    {"Alina", "she", "her", "her"},       {"Amara", "she", "her", "her"},       {"Amina", "she", "her", "her"},
    {"Ana", "she", "her", "her"},         {"Anika", "she", "her", "her"},       {"Astrid", "she", "her", "her"},
    {"Ayesha", "she", "her", "her"},      {"Bianca", "she", "her", "her"},      {"Camila", "she", "her", "her"},
    {"Carmen", "she", "her", "her"},      {"Celine", "she", "her", "her"},      {"Dalia", "she", "her", "her"},
    {"Deepa", "she", "her", "her"},       {"Dina", "she", "her", "her"},        {"Eleni", "she", "her", "her"},
    {"Elsa", "she", "her", "her"},        {"Emilia", "she", "her", "her"},      {"Esther", "she", "her", "her"},
    {"Fanny", "she", "her", "her"},       {"Freya", "she", "her", "her"},       {"Greta", "she", "her", "her"},
    {"Hana", "she", "her", "her"},        {"Helga", "she", "her", "her"},       {"Ines", "she", "her", "her"},
    {"Isabel", "she", "her", "her"},      {"Ivana", "she", "her", "her"},       {"Jana", "she", "her", "her"},
    {"Jasmine", "she", "her", "her"},     {"Joy", "she", "her", "her"},         {"Kavita", "she", "her", "her"},
    {"Katya", "she", "her", "her"},       {"Leila", "she", "her", "her"},       {"Lin", "she", "her", "her"},
    {"Lucia", "she", "her", "her"},       {"Luz", "she", "her", "her"},         {"Mei", "she", "her", "her"},
    {"Mila", "she", "her", "her"},        {"Mina", "she", "her", "her"},        {"Nadia", "she", "her", "her"},
    {"Naomi", "she", "her", "her"},       {"Ngozi", "she", "her", "her"},       {"Nina", "she", "her", "her"},
    {"Olga", "she", "her", "her"},        {"Paula", "she", "her", "her"},       {"Petra", "she", "her", "her"},
    {"Priya", "she", "her", "her"},       {"Rania", "she", "her", "her"},       {"Sana", "she", "her", "her"},
    {"Selma", "she", "her", "her"},       {"Sonja", "she", "her", "her"},       {"Suki", "she", "her", "her"},
    {"Talia", "she", "her", "her"},       {"Thandi", "she", "her", "her"},      {"Wanda", "she", "her", "her"},
    {"Yasmin", "she", "her", "her"},      {"Zuri", "she", "her", "her"},        {"Mrs. Adams", "she", "her", "her"},
    {"Ms. Rossi", "she", "her", "her"},   {"Aunt May", "she", "her", "her"},    {"Grandma Li", "she", "her", "her"},
    {"the nurse", "she", "her", "her"},   {"the florist", "she", "her", "her"},
}};

std::vector<std::string_view> ways_of(std::string_view text) {
  std::vector<std::string_view> ways;
  int depth = 0;
  std::size_t begin = 0;
  for (std::size_t at = 0; at <= text.size(); ++at) {
    if (at == text.size() || (text[at] == '|' && depth == 0)) {
      ways.push_back(text.substr(begin, at - begin));
      begin = at + 1;
    } else if (text[at] == '[') {
      ++depth;
    } else if (text[at] == ']') {
      --depth;
    }
  }
  return ways;
}

}  // namespace

const std::vector<std::string_view>* lexicon(std::string_view name) {
  static const WordLists all = [] {
    WordLists made;
    for (const Named& list : lists) made.emplace(list.name, ways_of(list.ways));
    return made;
  }();
  const auto found = all.find(name);
  return found == all.end() ? nullptr : &found->second;
}

std::span<const Scene> scenes() {
  static const std::vector<Scene> all = [] {
    std::vector<Scene> made;
    for (const Stock& s : stocks) {
      made.emplace_back(WordLists{{"item", ways_of(s.item)}, {"gain", ways_of(s.gain)}, {"lose", ways_of(s.lose)}});
    }
    return made;
  }();
  return all;
}

std::span<const Scene> places() {
  static const std::vector<Scene> all = [] {
    std::vector<Scene> made;
    for (const Crowd& c : crowds) {
      made.emplace_back(WordLists{
          {"one", ways_of(c.one)}, {"in", ways_of(c.in)}, {"come", ways_of(c.come)}, {"leave", ways_of(c.leave)}});
    }
    return made;
  }();
  return all;
}

std::span<const Scene> amounts() {
  static const std::vector<Scene> all = [] {
    std::vector<Scene> made;
    for (const Amount& a : measured) {
      made.emplace_back(WordLists{{"state", ways_of(a.state)},
                                  {"up", ways_of(a.up)},
                                  {"down", ways_of(a.down)},
                                  {"askafter", ways_of(a.asknow)},
                                  {"askbefore", ways_of(a.askfirst)},
                                  {"vague", ways_of(a.first)},
                                  {"later", ways_of(a.again)}});
    }
    return made;
  }();
  return all;
}

const Person& somebody(Maker& m) {
  if (m.chance(35)) return m.person();
  return more_persons[static_cast<std::size_t>(m.between(0, std::ssize(more_persons) - 1))];
}

}  // namespace holdfast::generators
