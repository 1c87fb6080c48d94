// generate.mjs: seeded, well-typed Aqua programs that end, for comparing compilers. The same seed gives the same text for ever.
// What a run does must not depend on the order of messages: streams that parallel branches push to get one value only and are read
// through gates; all others stay in the branch that declares them. Spec: docs/spec/aqua.md 5 to 7.
import { random } from '../avm/generate.mjs';

const SERVICE = `service Op("op"):
  g(x: i32) -> i32
  w(x: i64) -> i64
  s(x: string) -> string
  b(x: bool) -> bool
  xs(x: []i32) -> []i32
  ss(x: []string) -> []string
  o(x: ?i32) -> ?i32
  d(x: D) -> D
  who() -> string
  fail() -> i32
  three(a: i32, b: i32, c: i32) -> i32
  p(s: string)
`;
const HEAD = `data In:
  n: i32
  t: string

data D:
  x: i32
  ys: []i32
  o: ?string
  in: In

alias Num: i32

const FIVE = 5
const NAME = "name"

${SERVICE}
service Un:
  g(x: i32) -> i32

ability Ab:
  f(x: i32) -> i32
  n: i32
  s: string

`;
export const ARGS = { a: 3, s: 'arg', flag: true, xs: [4, 5], ps: ['@bob', '@carol'], o: [7], d: { x: 1, ys: [1, 2], o: [], in: { n: 2, t: 'in' } } };
const PARAMS = [['a', 'i32'], ['s', 'string'], ['flag', 'bool'], ['xs', '[]i32'], ['ps', '[]string'], ['o', '?i32'], ['d', 'D']];
const DATA_TYPES = ['i32', 'i32', 'string', 'bool', '[]i32', '[]string', '?i32', 'D', 'i64', 'In'];
const ECHOES = { i32: 'g', i64: 'w', string: 's', bool: 'b', '[]i32': 'xs', '[]string': 'ss', '?i32': 'o', D: 'd' };

class Generator {
  constructor(seed) {
    this.rnd = random(seed);
    this.count = 0;
    this.functions = [];
    this.size = 0;
    this.place = 0;   // which parallel branch is being written
    this.places = 0;
    this.copied = false; // in what may be called twice: the original has one stream for all copies of a literal (spec 12, defect 17)
  }

  chance(percent) { return this.rnd(100) < percent; }
  name(base) { return `${base}${++this.count}`; }

  // ---- values ----

  /** Names of a type that hold in scope; streams are no data here. */
  known(scope, type) { return scope.values.filter((v) => v.type === type); }

  literal(type) {
    const n = () => String(this.rnd(10));
    switch (type) {
      case 'i32': return this.chance(15) ? `-${1 + this.rnd(9)}` : n();
      case 'i64': return n();
      case 'string': return this.rnd.pick(['"x"', '""', '"a b"', '"-- no comment"', '"{}"', 'NAME']);
      case 'bool': return this.rnd.pick(['true', 'false']);
      case '[]i32': return `[${n()}, ${n()}]`;
      case '[]string': return '["u", "v"]';
      case '?i32': return this.rnd.pick(['nil', `?[${n()}]`]);
      case 'In': return `In(n = ${n()}, t = "t")`;
      case 'D': return `D(x = ${n()}, ys = [${n()}], o = ${this.rnd.pick(['nil', '?["o"]'])}, in = In(t = "i", n = ${n()}))`;
      default: throw new Error(type);
    }
  }

  value(scope, type, depth = 2) {
    const known = this.known(scope, type);
    if (known.length && this.chance(depth > 0 ? 35 : 70)) return this.rnd.pick(known).name;
    if (depth <= 0) return this.literal(type);
    const more = this.choices(scope, type, depth);
    return more.length && this.chance(70) ? this.rnd.pick(more)() : this.literal(type);
  }

  choices(scope, type, depth) {
    const v = (t) => this.value(scope, t, depth - 1);
    const atom = (t) => { const e = v(t); return /^[\w.!\[\]]+$/.test(e) || /^"[^"]*"$/.test(e) ? e : `(${e})`; };
    const from = (t) => this.known(scope, t).map((k) => k.name);
    const list = [];
    const add = (weight, make) => { for (let i = 0; i < weight; i++) list.push(make); };
    if (ECHOES[type]) add(2, () => `Op.${ECHOES[type]}(${v(type)})`);
    for (const f of scope.arrows.filter((x) => x.results[0] === type && (!x.racy || scope.racy)))
      add(2, () => `${f.name}(${f.params.map(v).join(', ')})`);
    const calm = (elem) => scope.streams.filter((s) => s.elem === elem && s.place === this.place && !s.racy);
    switch (type) {
      case 'i32':
        add(2, () => `${atom('i32')} ${this.rnd.pick(['+', '-', '*', '%', '/'])} ${this.chance(50) ? 1 + this.rnd(9) : atom('i32')}`);
        add(1, () => `${v('i32').replace(/^-.*|.*[^\w].*/, '2')} ** ${this.rnd(4)}`);
        for (const d of from('D')) add(1, () => this.rnd.pick([`${d}.x`, `${d}.in.n`, `${d}.ys[0]`, `${d}.ys!`]));
        for (const d of from('In')) add(1, () => `${d}.n`);
        for (const x of from('[]i32')) add(1, () => this.rnd.pick([`${x}[0]`, `${x}!`, `${x}!1`, `${x}[${atom('i32').replace(/^\(?-(\d+)\)?$/, '$1')}]`]));
        for (const o of from('?i32')) add(1, () => `${o}!`);
        for (const s of scope.streams.filter((x) => x.elem === 'i32' && x.racy)) add(1, () => `${s.name}[${this.rnd(2)}]`);
        for (const s of calm('i32')) add(1, () => this.rnd.pick([`${s.name}!`, `${s.name}[${this.rnd(2)}]`]));
        for (const ab of scope.abilities) add(2, () => this.rnd.pick([`${ab}.n`, `${ab}.f(${v('i32')})`]));
        if (scope.un) add(2, () => `Un.g(${v('i32')})`);
        add(1, () => 'FIVE');
        break;
      case 'i64':
        add(3, () => `${atom('i64')} ${this.rnd.pick(['+', '-', '*'])} ${atom('i32')}`);
        for (const x of from('[]i32')) add(2, () => `${x}.length`);
        for (const s of calm('i32')) add(1, () => `${s.name}.length`);
        add(1, () => v('i32'));
        break;
      case 'bool':
        add(2, () => `${atom('i32')} ${this.rnd.pick(['<', '<=', '>', '>=', '==', '!='])} ${atom(this.rnd.pick(['i32', 'i32', 'i64']))}`);
        add(2, () => `${atom('bool')} ${this.rnd.pick(['&&', '||'])} ${atom('bool')}`);
        add(1, () => `!${atom('bool').replace(/^\((.*)\)$/, '($1)')}`);
        add(1, () => `${atom('string')} ${this.rnd.pick(['==', '!='])} ${atom('string')}`);
        add(1, () => `${atom('?i32')} == nil`);
        add(1, () => `${atom('[]i32')} == ${atom('[]i32')}`);
        break;
      case 'string':
        add(1, () => this.rnd.pick(['HOST_PEER_ID', 'INIT_PEER_ID']));
        add(1, () => 'Op.who()');
        for (const d of from('D')) add(1, () => this.rnd.pick([`${d}.in.t`, `${d}.o!`]));
        for (const d of from('In')) add(1, () => `${d}.t`);
        for (const x of from('[]string')) add(1, () => `${x}[0]`);
        for (const ab of scope.abilities) add(1, () => `${ab}.s`);
        break;
      case '[]i32':
        add(2, () => `[${v('i32')}, ${v('i32')}, ${v('i32')}]`);
        add(1, () => `[${v('i32')}]`);
        add(1, () => v('?i32'));
        for (const d of from('D')) add(1, () => `${d}.ys`);
        for (const s of calm('i32')) add(2, () => s.name);
        break;
      case '[]string':
        add(2, () => `[${v('string')}, ${v('string')}]`);
        for (const s of calm('string')) add(2, () => s.name);
        break;
      case '?i32':
        add(2, () => `?[${v('i32')}]`);
        add(1, () => `?[${v('i32')}, ${v('i32')}]`);
        break;
      case 'In':
        add(1, () => `In(n = ${v('i32')}, t = ${v('string')})`);
        for (const d of from('D')) add(1, () => `${d}.in`);
        for (const d of from('In')) add(1, () => `${d}.copy(n = ${v('i32')})`);
        break;
      case 'D':
        add(1, () => `D(x = ${v('i32')}, ys = ${v('[]i32')}, o = ?[${v('string')}], in = ${v('In')})`);
        for (const d of from('D')) add(1, () => this.rnd.pick([() => `${d}.copy(x = ${v('i32')})`, () => `${d}.copy(ys = ${v('[]i32')}, in = ${v('In')})`])());
        break;
      default: break;
    }
    return list;
  }

  // ---- statements ----

  scope(outer, more = {}) {
    return {
      ...outer, values: [...outer.values], streams: [...outer.streams], arrows: [...outer.arrows], abilities: [...outer.abilities], ...more,
    };
  }

  peer(scope) { return this.rnd.pick(['"@bob"', '"@carol"', 'HOST_PEER_ID', 'INIT_PEER_ID', 'Op.who()', 'ps[0]', '"@dave"', 'ps!1', this.value(scope, 'string', 0) === '"x"' ? '"@bob"' : '"@erin"']); }
  via() { return this.rnd.pick(['', '', '', ' via HOST_PEER_ID', ' via HOST_PEER_ID', ' via "@r1"', ' via "@r1" via HOST_PEER_ID', ' via ps', ' via ["@r1", "@r2"]', ' via ?["@r3"]']); }

  lines(depth, text) { return text.map((t) => '  '.repeat(depth) + t); }

  /** Lines of a block; scope is the block's own. */
  block(scope, depth, budget, least = 1) {
    const out = [];
    const count = least + this.rnd(3);
    for (let i = 0; i < count; i++) out.push(...this.statement(scope, depth, budget));
    return out.length ? out : this.lines(depth, ['Op.p("empty")']);
  }

  /** What runs beside others: streams of the outside are not read here, and what is pushed to must be racy. */
  branch(scope, depth, budget) {
    const before = this.place;
    this.place = ++this.places;
    const out = this.block(scope, depth, budget);
    this.place = before;
    return out;
  }

  call(scope, depth) {
    const type = this.rnd.pick(['i32', 'i32', 'i32', 'string', '[]i32', 'D', '?i32', 'bool', '[]string', 'i64']);
    const user = this.chance(50) ? scope.arrows.filter((f) => f.results.length && (!f.racy || scope.racy)) : [];
    const streams = scope.streams.filter((s) => s.elem === type && (s.racy || s.place === this.place));
    if (user.length) {
      const f = this.rnd.pick(user);
      const names = f.results.map(() => this.name('r'));
      const text = `${names.join(', ')} <- ${f.name}(${f.params.map((t) => this.value(scope, t, 1)).join(', ')})`;
      names.forEach((n, i) => scope.values.push({ name: n, type: f.results[i] }));
      return this.lines(depth, [text]);
    }
    if (streams.length && this.chance(40)) {
      const s = this.rnd.pick(streams);
      return this.lines(depth, [`${s.name} <- Op.${ECHOES[type]}(${s.racy ? '7' : this.value(scope, type, 1)})`]);
    }
    const name = this.name('v');
    const text = `${name} <- Op.${ECHOES[type]}(${this.value(scope, type, 1)})`;
    scope.values.push({ name, type });
    return this.lines(depth, [text]);
  }

  statement(scope, depth, budget) {
    if (++this.size > 60) return this.lines(depth, ['Op.p("full")']);
    const r = this.rnd;
    const simple = [
      [10, () => this.call(scope, depth)],
      [4, () => { const t = r.pick(DATA_TYPES); const n = this.name('w'); const e = this.value(scope, t, 2); if (/^(\[\]|nil)$/.test(e)) return this.lines(depth, ['Op.p("n")']); scope.values.push({ name: n, type: t }); return this.lines(depth, [`${n} = ${this.typed(e, t)}`]); }],
      [3, () => this.lines(depth, [`Op.p(${this.value(scope, 'string', 2)})`])],
      [2, () => this.declare(scope, depth)],
      [4, () => this.push(scope, depth)],
      [1, () => { const s = scope.streams.filter((x) => x.racy || x.place === this.place); const v = scope.values.slice(-1).map((x) => x.name); return s.length || v.length ? this.lines(depth, [`join ${[...s.slice(0, 2).map((x) => `${x.name}[${r(2)}]`), ...(this.chance(30) || !s.length ? v : [])].join(', ')}`]) : this.call(scope, depth); }],
      [1, () => this.lines(depth, [`Un "un${r(3)}"`]).concat((scope.un = true, []))],
      [1, () => this.lines(depth, [`e${++this.count} <- Op.fail()`])],
      [1, () => this.guarded(scope, depth)],
    ];
    const nested = budget <= 0 ? [] : [
      [6, () => this.on(scope, depth, budget)],
      [5, () => this.par(scope, depth, budget)],
      [2, () => this.co(scope, depth, budget)],
      [4, () => this.loop(scope, depth, budget)],
      [1, () => this.rec(scope, depth)],
      [2, () => this.parseq(scope, depth, budget)],
      [5, () => this.condition(scope, depth, budget)],
      [4, () => this.attempt(scope, depth, budget)],
      [2, () => this.closure(scope, depth, budget)],
      [1, () => this.ability(scope, depth)],
    ];
    const all = [...simple, ...nested];
    let at = r(all.reduce((sum, [w]) => sum + w, 0));
    for (const [weight, make] of all) { if (at < weight) return make(); at -= weight; }
    throw new Error('no statement');
  }

  /** A name for a literal has a literal's type, and an option's name may be an array: calls keep the declared one. */
  typed(text, type) { return ECHOES[type] && !/^[a-z]\w*$/.test(text) ? `Op.${ECHOES[type]}(${text})` : text; }

  declare(scope, depth) {
    const racy = this.chance(50);
    const s = { name: this.name('st'), elem: racy ? 'i32' : r2(this.rnd), racy, place: this.place };
    const items = [this.value(scope, 'i32', 1), this.value(scope, 'i32', 0)];
    scope.streams.push(s);
    if (!racy && s.elem === 'i32' && !this.copied && this.chance(30)) return this.lines(depth, [`${s.name} = *[${items.map((v) => `Op.g(${v})`).join(', ')}]`]);
    return this.lines(depth, [`${s.name}: *${s.elem}`]);
  }

  push(scope, depth) {
    const may = scope.streams.filter((s) => s.racy || s.place === this.place);
    if (!may.length) return this.declare(scope, depth);
    const s = this.rnd.pick(may);
    return this.lines(depth, [`${s.name} <<- ${s.racy ? '7' : this.value(scope, s.elem, 1)}`]);
  }

  on(scope, depth, budget) {
    const un = scope.un;
    const head = `on ${this.peer(scope)}${this.via()}:`;
    const inside = this.block(scope, depth + 1, budget - 1);   // its names stay
    scope.un = un;
    return [...this.lines(depth, [head]), ...inside];
  }

  /** What `par` and `co` may stand before. */
  prefixed(word, scope, depth, budget) {
    const before = this.place;
    this.place = ++this.places;
    const make = this.rnd.pick([
      () => this.on(scope, depth, budget - 1), () => this.on(scope, depth, budget - 1), () => this.call(scope, depth), () => this.call(scope, depth),
      () => this.loop(scope, depth, budget - 1),
    ]);
    const out = make();
    this.place = before;
    out[0] = out[0].replace(/^( *)/, `$1${word} `);
    return out;
  }

  par(scope, depth, budget) {
    const first = this.chance(40) ? this.prefixed('', scope, depth, budget).map((l, i) => (i ? l : l.replace(/^( *) /, '$1'))) : (() => { const b = this.place; this.place = ++this.places; const o = this.call(scope, depth); this.place = b; return o; })();
    const out = [...first];
    for (let i = 0; i <= this.rnd(2); i++) out.push(...this.prefixed('par', scope, depth, budget));
    return out;
  }

  co(scope, depth, budget) { return this.prefixed('co', scope, depth, budget); }

  loop(scope, depth, budget) {
    const type = this.rnd.pick(['[]i32', '[]i32', '[]string', 'ps', '?i32']);
    const mode = this.rnd.pick(['', '', ' par', ' par', ' try']);
    const item = this.name('i');
    const over = type === 'ps' ? 'ps' : this.value(scope, type, 1);
    if (/^(nil|\[\])$/.test(over)) return this.lines(depth, ['Op.p("nil")']);
    const inner = this.scope(scope);
    if (type === 'ps') {
      const body = [`on ${item}${this.via()}:`];
      const inside = mode === ' par' ? this.branch(inner, depth + 2, budget - 1) : this.block(inner, depth + 2, budget - 1);
      return [...this.lines(depth, [`for ${item} <- ${over}${mode}:`]), ...this.lines(depth + 1, body), ...inside];
    }
    inner.values.push({ name: item, type: type === '[]string' ? 'string' : 'i32' });
    const inside = mode === ' par' ? this.branch(inner, depth + 1, budget - 1) : this.block(inner, depth + 1, budget - 1);
    return [...this.lines(depth, [`for ${item} <- ${over}${mode}:`]), ...inside];
  }

  rec(scope, depth) {
    const s = this.name('st'), i = this.name('i');
    return this.lines(depth, [
      `${s}: *i32`, `${s} <- Op.g(${this.rnd(3)})`, `for ${i} <- ${s} rec:`, `  if ${i} < ${3 + this.rnd(3)}:`,
      this.chance(50) ? `    ${s} <- Op.g(${i} + 1)` : `    on ${this.peer(scope)}${this.via()}:\n${'  '.repeat(depth + 3)}${s} <- Op.g(${i} + 1)`,
      ...(this.chance(50) ? [`join ${s}[2]`] : []),
    ]);
  }

  parseq(scope, depth, budget) {
    const item = this.name('i');
    const inner = this.scope(scope);
    const head = `parseq ${item} <- ps on ${this.rnd.pick([item, item, '"@bob"'])}${this.via()}:`;
    return [...this.lines(depth, [head]), ...this.branch(inner, depth + 1, budget - 1)];
  }

  condition(scope, depth, budget) {
    const cond = this.value(scope, 'bool', 2);
    const out = [...this.lines(depth, [`if ${cond}:`]), ...this.solid(depth + 1), ...this.block(this.scope(scope), depth + 1, budget - 1, 0)];
    if (this.chance(50)) out.push(...this.lines(depth, ['else:']), ...this.block(this.scope(scope), depth + 1, budget - 1));
    return out;
  }

  /** The original takes the else of an `if` whose first body emits nothing for the body (spec 12, defect 1). */
  solid(depth) { return this.lines(depth, [`Op.p("${this.rnd(5)}")`]); }

  attempt(scope, depth, budget) {
    const out = [...this.lines(depth, ['try:']), ...this.solid(depth + 1), ...this.block(this.scope(scope), depth + 1, budget - 1)];
    if (this.chance(70)) {
      const e = this.name('e');
      const inner = this.scope(scope);
      out.push(...this.lines(depth, [`catch ${e}:`]), ...this.lines(depth + 1, [`Op.w(${e}.error_code)`]), ...this.block(inner, depth + 1, budget - 1, 0));
    }
    if (this.chance(30)) out.push(...this.lines(depth, ['otherwise:']), ...this.solid(depth + 1), ...this.block(this.scope(scope), depth + 1, budget - 1, 0));
    return out;
  }

  closure(scope, depth, budget) {
    const f = this.name('c'), x = this.name('x');
    const type = this.rnd.pick(['i32', 'i32', 'string', '[]i32']);
    const before = this.place, copied = this.copied;
    this.place = ++this.places;
    this.copied = true;
    const inner = this.scope(scope, { values: [...scope.values, { name: x, type }], un: scope.un });
    const body = this.block(inner, depth + 1, budget - 1, 0);
    this.copied = copied;
    const result = this.value(inner, type, 1);
    this.place = before;
    scope.arrows.push({ name: f, params: [type], results: [type] });
    return [...this.lines(depth, [`${f} = ${this.rnd.pick(['', 'func '])}(${x}: ${type}) -> ${type}:`]), ...body, ...this.lines(depth + 1, [`<- ${result}`])];
  }

  /** `otherwise` stands behind any statement. */
  guarded(scope, depth) {
    const first = this.chance(50) ? this.lines(depth, [`e${++this.count} <- Op.fail()`]) : this.lines(depth, [`Op.p(${this.value(scope, 'string', 1)})`]);
    return [...first, ...this.lines(depth, ['otherwise:']), ...this.solid(depth + 1)];
  }

  ability(scope, depth) {
    const f = scope.arrows.filter((x) => x.params.length === 1 && x.params[0] === 'i32' && x.results[0] === 'i32' && x.results.length === 1);
    if (!f.length) return this.call(scope, depth);
    const n = this.name('ab');
    const out = this.lines(depth, [`${n} = Ab(f = ${this.rnd.pick(f).name}, n = Op.g(${this.value(scope, 'i32', 1)}), s = Op.s(${this.value(scope, 'string', 1)}))`]);
    scope.abilities.push(n);
    return out;
  }

  // ---- functions ----

  func(name) {
    const params = [['a', this.rnd.pick(['i32', 'string', '[]i32', 'D', '?i32'])], ['b', 'i32']].slice(0, 1 + this.rnd(2));
    const results = Array.from({ length: 1 + this.rnd(2) }, () => this.rnd.pick(['i32', 'i32', 'string', '[]i32', 'D', '?i32', 'bool']));
    const own = { values: [...params.map(([n, type]) => ({ name: n, type })), { name: 'ps', type: '[]string' }], streams: [], arrows: [], abilities: [], un: false };
    this.place = ++this.places;
    const racy = this.chance(25), arrow = this.chance(30), able = this.chance(25);
    const stream = [...(racy ? [['rs', '*i32']] : []), ...(arrow ? [['h', 'i32 -> i32']] : [])];
    if (arrow) own.arrows.push({ name: 'h', params: ['i32'], results: ['i32'] });
    if (able) own.abilities.push('Ab');
    if (racy) own.streams.push({ name: 'rs', elem: 'i32', racy: true, place: 0 });
    this.copied = true;
    const body = this.block(own, 1, 2);
    this.copied = false;
    const back = results.map((t) => this.value(own, t, 1));
    const all = [['ps', '[]string'], ...stream, ...params];
    const text = `func ${name}${able ? '{Ab}' : ''}(${all.map(([n, t]) => `${n}: ${/->/.test(t) ? `(${t})` : t}`).join(', ')}) -> ${results.join(', ')}:\n${body.join('\n')}\n  <- ${back.join(', ')}\n`;
    return { text, params: params.map(([, t]) => t), results, racy, arrow, able };
  }

  program() {
    const texts = [], wrappers = [];
    for (let i = 0; i < this.rnd(3); i++) {
      const f = this.func(`f${i}`);
      texts.push(f.text);
      wrappers.push({ name: `f${i}`, ...f });
      this.size = Math.max(0, this.size - 40);
    }
    // Functions need `ps` and a stream: main calls them through closures that supply both.
    const scope = {
      values: PARAMS.map(([name, type]) => ({ name, type })), abilities: [], un: false, arrows: [{ name: 'cb', params: ['i32'], results: ['i32'] }],
      streams: [{ name: 'rs', elem: 'i32', racy: true, place: 0 }],
    };
    this.place = 0;
    const lead = ['  rs: *i32'];
    if (wrappers.some((w) => w.able)) lead.push(`  ab0 = Ab(f = ${this.rnd.pick(['cb', 'Op.g'])}, n = Op.g(8), s = Op.s("q"))`);
    for (const w of wrappers) {
      const n = `w_${w.name}`;
      const rs = w.results.map((_, i) => `o_${w.name}_${i}`);
      const ps = w.params.map((t, i) => `p_${w.name}_${i}: ${t}`);
      lead.push(`  ${n} = ${this.rnd.pick(['', 'func ', 'func '])}(${ps.join(', ')}) -> ${w.results.join(', ')}:`,
        `    ${rs.join(', ')} <- ${w.name}${w.able ? '{ab0}' : ''}(${['ps', ...(w.racy ? ['rs'] : []), ...(w.arrow ? [this.rnd.pick(['cb', 'Op.g'])] : []), ...w.params.map((_, i) => `p_${w.name}_${i}`)].join(', ')})`, `    <- ${rs.join(', ')}`);
      scope.arrows.push({ name: n, params: w.params, results: w.results });
    }
    const body = this.block(scope, 1, 3, 3);
    const types = Array.from({ length: 1 + this.rnd(3) }, () => this.rnd.pick(['i32', 'string', '[]i32', 'D', '?i32', 'bool', 'i64', '[]string']));
    const calm = scope.streams.filter((s) => !s.racy && s.place === 0);
    const results = types.map((t) => [t, this.value(scope, t, 2)]);
    if (calm.length) { const s = this.rnd.pick(calm); results.push([this.rnd.pick(['[]', '*', '[]']) + s.elem, s.name]); }
    const signature = [...PARAMS.map(([n, t]) => `${n}: ${t}`), 'cb: i32 -> i32'].join(', ');
    return `aqua Made declares *\n\nexport main\n\n${HEAD}${texts.join('\n')}\nfunc main(${signature}) -> ${results.map(([t]) => t).join(', ')}:\n${[...lead, ...body].join('\n')}\n  <- ${results.map(([, v]) => v).join(', ')}\n`;
  }
}

const r2 = (rnd) => rnd.pick(['i32', 'i32', 'string']);

/** A program with its directives at the top. */
export function makeProgram(seed) {
  const g = new Generator(seed);
  const options = {};
  if (g.chance(10)) options.noXor = true;
  if (g.chance(8)) options.noRelay = true;
  if (g.chance(5)) options.tracing = true;
  if (g.chance(5)) options.noEmptyResponse = false;
  return `-- args: ${JSON.stringify(ARGS)}\n-- options: ${JSON.stringify(options)}\n${g.program()}`;
}
