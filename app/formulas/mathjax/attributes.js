// MathJax's attributes of a node, as fast in Qt's JavaScript engine as elsewhere. MathJax has what a node inherits as the
// prototype of what is set on it, and the engine goes through all classes of objects it knows whenever a prototype
// changes: nearly all of a formula's time, growing with the square of its nodes. Here both are looked at in turn; what is
// the default of a kind of node is made once.
const original = require('mathjax-full/js/core/MmlTree/Attributes.js');
const has = (object, name) => Object.prototype.hasOwnProperty.call(object, name);
const made = new Map();

function defaultsOf(own, global) {
  if (!made.has(own)) made.set(own, Object.assign(Object.create(global), own));
  return made.get(own);
}

function Attributes(defaults, global) {
  this.global = global;
  this.defaults = defaultsOf(defaults, global);
  this.inherited = {};
  this.attributes = {};
}
Attributes.prototype = Object.assign(Object.create(original.Attributes.prototype), {
  get(name) {
    const value = has(this.attributes, name) ? this.attributes[name] : this.getInherited(name);
    return value === original.INHERIT ? this.global[name] : value;
  },
  getInherited(name) {
    return has(this.inherited, name) ? this.inherited[name] : this.defaults[name];
  },
});
original.Attributes = Attributes;
