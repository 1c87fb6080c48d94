// json.mjs: JSON that keeps the form of numbers (1 and 1.0 differ in AquaVM) and compares without caring for order of keys.
// Not here: anything about AquaVM.

/** A number by its text. */
export class Num {
  constructor(form) { this.form = form; }
  get isFloat() {
    if (/[.eE]/.test(this.form)) return true;
    const v = BigInt(this.form);
    return v > 0xffffffffffffffffn || v < -0x8000000000000000n;
  }
  /** The same text for equal numbers of one kind. */
  get canonical() {
    return this.isFloat ? `f${Number(this.form)}` : String(BigInt(this.form));
  }
}

export const num = (v) => new Num(String(v));

/** Parses text; numbers become Num. */
export function parse(text) {
  let at = 0;
  const fail = (what) => { throw new SyntaxError(`${what} at ${at} in ${text.slice(0, 80)}`); };
  const space = () => { while (' \t\r\n'.includes(text[at]) && at < text.length) at++; };
  const string = () => {
    const start = at++;
    while (text[at] !== '"') {
      if (at >= text.length) fail('open string');
      at += text[at] === '\\' ? 2 : 1;
    }
    at++;
    return JSON.parse(text.slice(start, at));
  };
  const value = () => {
    space();
    const c = text[at];
    if (c === '{') {
      const out = {};
      at++;
      for (space(); text[at] !== '}'; space()) {
        if (text[at] !== '"') fail('no key');
        const key = string();
        space();
        if (text[at++] !== ':') fail('no colon');
        Object.defineProperty(out, key, { value: value(), enumerable: true, configurable: true, writable: true });
        space();
        if (text[at] === ',') { at++; space(); if (text[at] !== '"') fail('no key'); } else if (text[at] !== '}') fail('no comma');
      }
      at++;
      return out;
    }
    if (c === '[') {
      const out = [];
      at++;
      for (space(); text[at] !== ']'; space()) {
        out.push(value());
        space();
        if (text[at] === ',') { at++; space(); if (text[at] === ']') fail('trailing comma'); } else if (text[at] !== ']') fail('no comma');
      }
      at++;
      return out;
    }
    if (c === '"') return string();
    for (const [word, v] of [['true', true], ['false', false], ['null', null]])
      if (text.startsWith(word, at)) { at += word.length; return v; }
    const m = /^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/.exec(text.slice(at, at + 400));
    if (!m) fail('no value');
    at += m[0].length;
    return new Num(m[0]);
  };
  const out = value();
  space();
  if (at !== text.length) fail('something follows');
  return out;
}

/** Compact text, keys sorted by code unit, numbers as they were written. */
export function stringify(v) {
  if (v instanceof Num) return v.form;
  if (Array.isArray(v)) return `[${v.map(stringify).join(',')}]`;
  if (v instanceof Map) return stringify(Object.fromEntries(v));
  if (v && typeof v === 'object')
    return `{${Object.keys(v).sort().map((k) => `${JSON.stringify(k)}:${stringify(v[k])}`).join(',')}}`;
  return JSON.stringify(v);
}

/** The path and values of the first difference, or null. */
export function difference(a, b, path = '') {
  const kind = (v) => v === null ? 'null' : v instanceof Num ? 'number' : Array.isArray(v) ? 'array' : v instanceof Map ? 'object' : typeof v;
  if (a instanceof Map) a = Object.fromEntries(a);
  if (b instanceof Map) b = Object.fromEntries(b);
  if (typeof a === 'number') a = num(a);
  if (typeof b === 'number') b = num(b);
  const differ = () => ({ path: path || '/', ours: short(a), original: short(b) });
  if (kind(a) !== kind(b)) return differ();
  if (a instanceof Num) return a.canonical === b.canonical ? null : differ();
  if (kind(a) === 'array') {
    for (let i = 0; i < Math.max(a.length, b.length); i++) {
      const d = difference(a[i], b[i], `${path}/${i}`);
      if (d) return d;
    }
    return null;
  }
  if (kind(a) === 'object') {
    for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
      const d = difference(a[key], b[key], `${path}/${key}`);
      if (d) return d;
    }
    return null;
  }
  return a === b ? null : differ();
}

function short(v) {
  const text = v === undefined ? 'absent' : stringify(v);
  return text.length > 600 ? `${text.slice(0, 600)}...` : text;
}
