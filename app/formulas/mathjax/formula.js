// TeX to a flat list of shapes, for serveFormulas(). Runs in Qt's JavaScript engine, which has no DOM: MathJax's own
// lite DOM is walked instead of being written out as SVG.
//
// formula(tex, display) returns JSON {w, a, d, s: [shape]}: width, ascent and descent in thousandths of an em, shapes in
// the order of painting, in the same units with y downwards; or {e: message} when the TeX is not understood.
// A shape: {m: [a, b, c, d, e, f], f: fill, k: stroke, kw: stroke width, kd: dashes, c: clip [x, y, w, h, m...]} and
// one of p: path data, r: [x, y, w, h], l: [x1, y1, x2, y2], t: text with ts: size, ti: italic, tb: bold.
// A colour that is absent is the text's.
import './attributes.js';
import {mathjax} from 'mathjax-full/js/mathjax.js';
import {TeX} from 'mathjax-full/js/input/tex.js';
import {SVG} from 'mathjax-full/js/output/svg.js';
import {liteAdaptor} from 'mathjax-full/js/adaptors/liteAdaptor.js';
import {RegisterHTMLHandler} from 'mathjax-full/js/handlers/html.js';
import {MmlFactory} from 'mathjax-full/js/core/MmlTree/MmlFactory.js';
import {TagsFactory} from 'mathjax-full/js/input/tex/Tags.js';
import 'mathjax-full/js/input/tex/base/BaseConfiguration.js';
import 'mathjax-full/js/input/tex/ams/AmsConfiguration.js';
import 'mathjax-full/js/input/tex/boldsymbol/BoldsymbolConfiguration.js';
import 'mathjax-full/js/input/tex/cancel/CancelConfiguration.js';
import 'mathjax-full/js/input/tex/color/ColorConfiguration.js';
import 'mathjax-full/js/input/tex/configmacros/ConfigMacrosConfiguration.js';
import 'mathjax-full/js/input/tex/gensymb/GensymbConfiguration.js';
import 'mathjax-full/js/input/tex/mathtools/MathtoolsConfiguration.js';
import 'mathjax-full/js/input/tex/mhchem/MhchemConfiguration.js';
import 'mathjax-full/js/input/tex/newcommand/NewcommandConfiguration.js';
import 'mathjax-full/js/input/tex/noundefined/NoUndefinedConfiguration.js';
import 'mathjax-full/js/input/tex/textmacros/TextMacrosConfiguration.js';
import 'mathjax-full/js/input/tex/unicode/UnicodeConfiguration.js';

const packages = ['base', 'ams', 'boldsymbol', 'cancel', 'color', 'configmacros', 'gensymb', 'mathtools', 'mhchem',
  'newcommand', 'noundefined', 'textmacros', 'unicode'];
// What contests write without saying from where.
const macros = {
  overarc: ['\\overparen{#1}', 1], wideparen: ['\\overparen{#1}', 1],
  C: '\\mathbb{C}', N: '\\mathbb{N}', Q: '\\mathbb{Q}', R: '\\mathbb{R}', Z: '\\mathbb{Z}',
  lcm: '\\operatorname{lcm}', cis: '\\operatorname{cis}',
};
const adaptor = liteAdaptor();
RegisterHTMLHandler(adaptor);

// What is made of a few signs by macros, or repeats one thing a thousand times, is refused before it takes seconds: the
// time of a formula grows with the square of its nodes. A long formula that somebody reads has some hundreds.
const mostNodes = 2000;
class CountedNodes extends MmlFactory {
  create(...what) {
    if (++this.count > mostNodes) throw Error('more than ' + mostNodes + ' nodes');
    return super.create(...what);
  }
}
const nodes = new CountedNodes();

// Each formula has a reader of its own: definitions (\def, \newcommand, labels) of one do not reach another. The writer
// learns nothing from what it writes, and its tables of glyphs take longer to set up than a formula takes.
const reader = () => new TeX({
  packages, macros, maxBuffer: 4096, maxMacros: 1000, ams: {multlineWidth: '20em'},
  formatError: (_, error) => { throw error; }});
const writer = new SVG({fontCache: 'none'});
const PlainTags = TagsFactory.create('none').constructor;

function converted(tex, display) {
  const InputJax = reader();
  nodes.count = 0;
  try {
    return mathjax.document('', {InputJax, OutputJax: writer, MmlFactory: nodes}).convert(tex, {display});
  } finally {
    // MathJax keeps a class for the tags of each reader, and by it the reader, for ever: thousands make it slow.
    TagsFactory.add(InputJax.parseOptions.options.tags, PlainTags);
  }
}

const number = (text, otherwise = 0) => {
  const value = parseFloat(text);
  return Number.isFinite(value) ? value : otherwise;
};
const times = (m, n) => [
  m[0] * n[0] + m[2] * n[1], m[1] * n[0] + m[3] * n[1],
  m[0] * n[2] + m[2] * n[3], m[1] * n[2] + m[3] * n[3],
  m[0] * n[4] + m[2] * n[5] + m[4], m[1] * n[4] + m[3] * n[5] + m[5]];

function transformed(m, text) {
  const part = /(\w+)\(([^)]*)\)/g;
  for (let found; (found = part.exec(text || ''));) {
    const [, name, list] = found;
    const v = list.split(/[ ,]+/).filter(Boolean).map(x => number(x));
    if (name === 'translate') m = times(m, [1, 0, 0, 1, v[0], v[1] || 0]);
    if (name === 'scale') m = times(m, [v[0], 0, 0, v.length > 1 ? v[1] : v[0], 0, 0]);
    if (name === 'matrix') m = times(m, v);
    if (name === 'rotate') {
      const turn = v[0] * Math.PI / 180, c = Math.cos(turn), s = Math.sin(turn);
      const [x, y] = [v[1] || 0, v[2] || 0];
      m = times(times(times(m, [1, 0, 0, 1, x, y]), [c, s, -s, c, 0, 0]), [1, 0, 0, 1, -x, -y]);
    }
  }
  return m;
}

// What children inherit.
function styled(node, style) {
  const get = name => adaptor.getAttribute(node, name);
  const next = {...style};
  if (get('fill')) next.fill = get('fill');
  if (get('stroke')) next.stroke = get('stroke');
  if (get('stroke-width')) next.width = number(get('stroke-width'));
  const sheet = get('style') || '';
  const fill = /(?:^|;)\s*fill:\s*([^;]+)/.exec(sheet);
  if (fill) next.fill = fill[1].trim();
  return next;
}

function shape(node, kind, m, style, clip) {
  const get = name => adaptor.getAttribute(node, name);
  const classes = get('class') || '';
  const ruled = get('data-line') !== undefined || get('data-frame') !== undefined;  // of tables: drawn by style sheet
  const out = {m: m.map(x => Math.round(x * 1e4) / 1e4)};
  const width = ruled ? 70 : style.width;
  const fill = ruled || kind === 'l' ? 'none' : style.fill;
  if (fill !== 'currentColor') out.f = fill;
  if (width > 0 && style.stroke !== 'none') {
    out.kw = width;
    if (style.stroke !== 'currentColor') out.k = style.stroke;
    if (/mjx-dashed/.test(classes)) out.kd = [140];
    if (/mjx-dotted/.test(classes)) out.kd = [0, 140];
    if (get('stroke-dasharray')) out.kd = get('stroke-dasharray').split(/[ ,]+/).map(x => number(x));
  }
  if (clip) out.c = clip;
  return out;
}

function polygon(points) {
  const v = (points || '').split(/[ ,]+/).filter(Boolean).map(x => number(x));
  let path = '';
  for (let i = 0; i + 1 < v.length; i += 2) path += (i ? 'L' : 'M') + v[i] + ' ' + v[i + 1];
  return path + 'Z';
}

function walk(node, m, style, clip, shapes) {
  const kind = adaptor.kind(node);
  if (kind === '#text' || kind === '#comment') return;
  const get = name => adaptor.getAttribute(node, name);
  style = styled(node, style);
  m = transformed(m, get('transform'));
  if (kind === 'svg') {
    const box = (get('viewBox') || '').split(/[ ,]+/).map(x => number(x));
    const [x, y, w, h] = ['x', 'y', 'width', 'height'].map(name => number(get(name)));
    m = times(m, [1, 0, 0, 1, x, y]);
    clip = [0, 0, w, h].concat(m);
    if (box.length === 4 && box[2] > 0 && box[3] > 0) {
      m = times(m, [w / box[2], 0, 0, h / box[3], 0, 0]);
      m = times(m, [1, 0, 0, 1, -box[0], -box[1]]);
    }
  }
  if (kind === 'path') shapes.push({...shape(node, 'p', m, style, clip), p: get('d') || ''});
  if (kind === 'polygon') shapes.push({...shape(node, 'p', m, style, clip), p: polygon(get('points'))});
  if (kind === 'rect') {
    shapes.push({...shape(node, 'r', m, style, clip), r: ['x', 'y', 'width', 'height'].map(name => number(get(name)))});
  }
  if (kind === 'line') {
    shapes.push({...shape(node, 'l', m, style, clip), l: ['x1', 'y1', 'x2', 'y2'].map(name => number(get(name)))});
  }
  if (kind === 'text' && adaptor.textContent(node)) {
    const variant = get('data-variant') || '';
    shapes.push({...shape(node, 't', m, style, clip), t: adaptor.textContent(node),
      ts: number(get('font-size'), 884), ti: /italic/.test(variant), tb: /bold/.test(variant)});
  }
  for (const child of adaptor.childNodes(node)) walk(child, m, style, clip, shapes);
}

const plain = {fill: 'currentColor', stroke: 'currentColor', width: 0};
const boxOf = node => (adaptor.getAttribute(node, 'viewBox') || '').split(' ').map(v => number(v));
function shapesOf(node, right) {
  const shapes = [];
  for (const child of adaptor.childNodes(node)) walk(child, [1, 0, 0, 1, right, 0], plain, null, shapes);
  return shapes;
}

// Lines with tags: MathJax lays them over the whole width of a page that it does not know, the lines in the middle (at x
// is half their width) and the tags at its right (at x is their width). Here the tags follow the lines.
const gap = 2000;
function tagged(svg) {
  const parts = [];
  const gather = node => {
    if (adaptor.kind(node) === 'svg' && adaptor.getAttribute(node, 'preserveAspectRatio')) parts.push(node);
    else if (!adaptor.kind(node).startsWith('#')) adaptor.childNodes(node).forEach(gather);
  };
  gather(svg);
  if (parts.length !== 2) throw Error('only one table can have tags');
  const [x, y, , h] = boxOf(parts[0]);
  const lines = shapesOf(parts[0], 0), tags = shapesOf(parts[1], 2 * x + gap);
  if (lines.length + tags.length !== shapesOf(svg, 0).length) throw Error('a table with tags stands alone');
  return {w: 2 * x + gap + boxOf(parts[1])[0], a: -y, d: h + y, s: lines.concat(tags)};
}

function formula(tex, display) {
  try {
    const container = converted(tex, display);
    const svg = adaptor.childNodes(container).find(node => adaptor.kind(node) === 'svg');
    if (adaptor.getAttribute(svg, 'viewBox') === undefined) return JSON.stringify(tagged(svg));
    const [x, y, w, h] = boxOf(svg);
    return JSON.stringify({w, a: -y, d: h + y, s: shapesOf(svg, -x)});
  } catch (error) {
    return JSON.stringify({e: String(error && error.message || error)});
  }
}

globalThis.formula = formula;
