#include "app/exchange/latex_commands.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

namespace holdfast {
namespace {

constexpr std::string_view math_commands =
    // Greek and Hebrew
    "alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa varkappa lambda mu nu xi pi varpi "
    "rho "
    "varrho sigma varsigma tau upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi "
    "Omega aleph beth gimel daleth digamma "
    // large operators, functions
    "sum prod coprod int iint iiint oint bigcup bigcap bigsqcup bigvee bigwedge bigoplus bigotimes bigodot biguplus "
    "lim limsup liminf sup inf max min arg det dim ker hom deg gcd exp log ln lg sin cos tan cot sec csc sinh cosh "
    "tanh "
    "coth arcsin arccos arctan Pr injlim projlim varlimsup varliminf operatorname limits nolimits "
    "bmod pmod mod pod "
    // binary operators
    "pm mp times div cdot ast star circ bullet cap cup uplus sqcap sqcup vee wedge lor land setminus smallsetminus wr "
    "amalg oplus ominus otimes oslash odot dagger ddagger bigcirc diamond triangleleft triangleright bigtriangleup "
    "bigtriangledown lhd rhd boxplus boxtimes boxdot boxminus ltimes rtimes dotplus Cup Cap barwedge veebar "
    "divideontimes "
    "centerdot intercal circledast circledcirc circleddash "
    // relations
    "le leq ge geq ne neq lt gt ll gg lll ggg equiv sim simeq approx approxeq cong doteq propto prec succ preceq "
    "succeq "
    "subset supset subseteq supseteq subsetneq supsetneq sqsubset sqsupset sqsubseteq sqsupseteq in ni notin owns mid "
    "nmid parallel nparallel perp vdash dashv models asymp bowtie smile frown leqslant geqslant lesssim gtrsim nless "
    "ngtr nleq ngeq nsubseteq nsupseteq triangleq coloneqq eqqcolon vartriangle subseteqq supseteqq Vdash vDash nvdash "
    "nvDash therefore because not varpropto thickapprox thicksim precsim succsim lessgtr gtrless between pitchfork "
    // arrows
    "to gets leftarrow rightarrow leftrightarrow Leftarrow Rightarrow Leftrightarrow uparrow downarrow updownarrow "
    "Uparrow Downarrow Updownarrow mapsto longmapsto longleftarrow longrightarrow longleftrightarrow Longleftarrow "
    "Longrightarrow Longleftrightarrow implies impliedby iff hookleftarrow hookrightarrow leftharpoonup "
    "rightharpoonup leftharpoondown rightharpoondown rightleftharpoons nearrow searrow swarrow nwarrow leadsto "
    "twoheadrightarrow twoheadleftarrow rightarrowtail nrightarrow nleftarrow nRightarrow nLeftarrow xrightarrow "
    "xleftarrow circlearrowleft circlearrowright curvearrowleft curvearrowright upharpoonright rightsquigarrow "
    // letters and signs
    "infty partial nabla forall exists nexists emptyset varnothing neg lnot top bot angle measuredangle triangle "
    "square "
    "Box Diamond lozenge blacksquare blacklozenge blacktriangle bigstar hbar hslash ell Re Im wp imath jmath prime "
    "backprime sharp flat natural clubsuit diamondsuit heartsuit spadesuit complement eth checkmark surd degree dots "
    "ldots cdots vdots ddots dotsb dotsc dotsm dotsi dotso colon "
    // delimiters
    "left right middle big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr Biggl Biggr bigm Bigm biggm Biggm lbrace "
    "rbrace "
    "lbrack rbrack langle rangle lfloor rfloor lceil rceil lvert rvert lVert rVert vert Vert backslash lgroup rgroup "
    "ulcorner urcorner llcorner lrcorner "
    // building blocks
    "frac dfrac tfrac cfrac binom dbinom tbinom sqrt overline underline overbrace underbrace overset underset stackrel "
    "substack boxed cancel bcancel xcancel phantom hphantom vphantom smash hline hat widehat tilde widetilde bar vec "
    "dot "
    "ddot dddot acute grave check breve mathring overrightarrow overleftarrow overleftrightarrow "
    // fonts and text
    "mathrm mathbf mathit mathsf mathtt mathbb mathcal mathfrak mathscr boldsymbol pmb mathnormal text textbf textit "
    "textrm textsf texttt mbox rm bf displaystyle textstyle scriptstyle scriptscriptstyle mathop mathbin mathrel "
    "mathord mathopen mathclose mathpunct "
    // space
    "quad qquad enspace thinspace medspace thickspace negthinspace negmedspace negthickspace nonumber notag";

constexpr std::string_view math_environments =
    "aligned alignedat array bmatrix Bmatrix cases dcases gathered matrix pmatrix smallmatrix split vmatrix Vmatrix";

const std::set<std::string_view>& words_of(std::string_view list, std::set<std::string_view>& words) {
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(' '), list.size());
    if (end > 0) words.insert(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return words;
}

constexpr std::pair<char32_t, std::string_view> math_signs[] = {{U'\u00ac', "\\neg"},
                                                                {U'\u00b0', "^{\\circ}"},
                                                                {U'\u00b1', "\\pm"},
                                                                {U'\u00b2', "^{2}"},
                                                                {U'\u00b3', "^{3}"},
                                                                {U'\u00b7', "\\cdot"},
                                                                {U'\u00b9', "^{1}"},
                                                                {U'\u00d7', "\\times"},
                                                                {U'\u00f7', "\\div"},
                                                                {U'\u0393', "\\Gamma"},
                                                                {U'\u0394', "\\Delta"},
                                                                {U'\u0398', "\\Theta"},
                                                                {U'\u039b', "\\Lambda"},
                                                                {U'\u039e', "\\Xi"},
                                                                {U'\u03a0', "\\Pi"},
                                                                {U'\u03a3', "\\Sigma"},
                                                                {U'\u03a6', "\\Phi"},
                                                                {U'\u03a8', "\\Psi"},
                                                                {U'\u03a9', "\\Omega"},
                                                                {U'\u03b1', "\\alpha"},
                                                                {U'\u03b2', "\\beta"},
                                                                {U'\u03b3', "\\gamma"},
                                                                {U'\u03b4', "\\delta"},
                                                                {U'\u03b5', "\\varepsilon"},
                                                                {U'\u03b6', "\\zeta"},
                                                                {U'\u03b7', "\\eta"},
                                                                {U'\u03b8', "\\theta"},
                                                                {U'\u03b9', "\\iota"},
                                                                {U'\u03ba', "\\kappa"},
                                                                {U'\u03bb', "\\lambda"},
                                                                {U'\u03bc', "\\mu"},
                                                                {U'\u03bd', "\\nu"},
                                                                {U'\u03be', "\\xi"},
                                                                {U'\u03c0', "\\pi"},
                                                                {U'\u03c1', "\\rho"},
                                                                {U'\u03c2', "\\varsigma"},
                                                                {U'\u03c3', "\\sigma"},
                                                                {U'\u03c4', "\\tau"},
                                                                {U'\u03c5', "\\upsilon"},
                                                                {U'\u03c6', "\\varphi"},
                                                                {U'\u03c7', "\\chi"},
                                                                {U'\u03c8', "\\psi"},
                                                                {U'\u03c9', "\\omega"},
                                                                {U'\u03d5', "\\phi"},
                                                                {U'\u2032', "'"},
                                                                {U'\u2033', "''"},
                                                                {U'\u2070', "^{0}"},
                                                                {U'\u2074', "^{4}"},
                                                                {U'\u2075', "^{5}"},
                                                                {U'\u2076', "^{6}"},
                                                                {U'\u2077', "^{7}"},
                                                                {U'\u2078', "^{8}"},
                                                                {U'\u2079', "^{9}"},
                                                                {U'\u207a', "^{+}"},
                                                                {U'\u207b', "^{-}"},
                                                                {U'\u207f', "^{n}"},
                                                                {U'\u2080', "_{0}"},
                                                                {U'\u2081', "_{1}"},
                                                                {U'\u2082', "_{2}"},
                                                                {U'\u2083', "_{3}"},
                                                                {U'\u2084', "_{4}"},
                                                                {U'\u2085', "_{5}"},
                                                                {U'\u2086', "_{6}"},
                                                                {U'\u2087', "_{7}"},
                                                                {U'\u2088', "_{8}"},
                                                                {U'\u2089', "_{9}"},
                                                                {U'\u2102', "\\mathbb{C}"},
                                                                {U'\u2115', "\\mathbb{N}"},
                                                                {U'\u211a', "\\mathbb{Q}"},
                                                                {U'\u211d', "\\mathbb{R}"},
                                                                {U'\u2124', "\\mathbb{Z}"},
                                                                {U'\u2190', "\\leftarrow"},
                                                                {U'\u2191', "\\uparrow"},
                                                                {U'\u2192', "\\rightarrow"},
                                                                {U'\u2193', "\\downarrow"},
                                                                {U'\u2194', "\\leftrightarrow"},
                                                                {U'\u21a6', "\\mapsto"},
                                                                {U'\u21d0', "\\Leftarrow"},
                                                                {U'\u21d2', "\\Rightarrow"},
                                                                {U'\u21d4', "\\Leftrightarrow"},
                                                                {U'\u2200', "\\forall"},
                                                                {U'\u2202', "\\partial"},
                                                                {U'\u2203', "\\exists"},
                                                                {U'\u2205', "\\emptyset"},
                                                                {U'\u2206', "\\Delta"},
                                                                {U'\u2207', "\\nabla"},
                                                                {U'\u2208', "\\in"},
                                                                {U'\u2209', "\\notin"},
                                                                {U'\u220f', "\\prod"},
                                                                {U'\u2211', "\\sum"},
                                                                {U'\u2212', "-"},
                                                                {U'\u2213', "\\mp"},
                                                                {U'\u2217', "\\ast"},
                                                                {U'\u2218', "\\circ"},
                                                                {U'\u221a', "\\surd"},
                                                                {U'\u221d', "\\propto"},
                                                                {U'\u221e', "\\infty"},
                                                                {U'\u2220', "\\angle"},
                                                                {U'\u2223', "\\mid"},
                                                                {U'\u2225', "\\parallel"},
                                                                {U'\u2227', "\\wedge"},
                                                                {U'\u2228', "\\vee"},
                                                                {U'\u2229', "\\cap"},
                                                                {U'\u222a', "\\cup"},
                                                                {U'\u222b', "\\int"},
                                                                {U'\u2234', "\\therefore"},
                                                                {U'\u2235', "\\because"},
                                                                {U'\u223c', "\\sim"},
                                                                {U'\u2245', "\\cong"},
                                                                {U'\u2248', "\\approx"},
                                                                {U'\u2260', "\\ne"},
                                                                {U'\u2261', "\\equiv"},
                                                                {U'\u2264', "\\le"},
                                                                {U'\u2265', "\\ge"},
                                                                {U'\u226a', "\\ll"},
                                                                {U'\u226b', "\\gg"},
                                                                {U'\u2282', "\\subset"},
                                                                {U'\u2283', "\\supset"},
                                                                {U'\u2286', "\\subseteq"},
                                                                {U'\u2287', "\\supseteq"},
                                                                {U'\u2295', "\\oplus"},
                                                                {U'\u2297', "\\otimes"},
                                                                {U'\u22a5', "\\perp"},
                                                                {U'\u22c5', "\\cdot"},
                                                                {U'\u2308', "\\lceil"},
                                                                {U'\u2309', "\\rceil"},
                                                                {U'\u230a', "\\lfloor"},
                                                                {U'\u230b', "\\rfloor"},
                                                                {U'\u25a1', "\\square"},
                                                                {U'\u25b3', "\\triangle"},
                                                                {U'\u2713', "\\checkmark"},
                                                                {U'\u27e8', "\\langle"},
                                                                {U'\u27e9', "\\rangle"},
                                                                {U'\u2a7d', "\\leqslant"},
                                                                {U'\u2a7e', "\\geqslant"}};

}  // namespace

bool is_math_command(std::string_view name) {
  static std::set<std::string_view> storage;
  static const std::set<std::string_view>& words = words_of(math_commands, storage);
  return words.contains(name);
}

bool is_math_environment(std::string_view name) {
  static std::set<std::string_view> storage;
  static const std::set<std::string_view>& words = words_of(math_environments, storage);
  return words.contains(name);
}

std::string_view math_sign(char32_t c) {
  const auto* const found = std::ranges::find(math_signs, c, &std::pair<char32_t, std::string_view>::first);
  return found == std::end(math_signs) ? std::string_view{} : found->second;
}

}  // namespace holdfast
