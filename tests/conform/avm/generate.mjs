// generate.mjs: seeded scripts and scenarios for comparing interpreters. The same seed gives the same texts for ever.
// grammarScript: scripts that may be wrong in any way. networkScenario: scripts that mostly run, on several peers.

/** xorshift64*: rnd(n) is uniform enough in [0, n). */
export function random(seed) {
  let s = (BigInt(seed) * 0x9e3779b97f4a7c15n + 0x1234567n) & 0xffffffffffffffffn || 1n;
  const rnd = (n) => {
    s ^= s >> 12n;
    s = (s ^ (s << 25n)) & 0xffffffffffffffffn;
    s ^= s >> 27n;
    return Number(((s * 0x2545f4914f6cdd1dn) >> 33n & 0x7fffffffn) % BigInt(n));
  };
  rnd.pick = (list) => list[rnd(list.length)];
  return rnd;
}

// ---- the grammar ----

const NAMES = ['x', 'y', 'z', 'i', 'j', 'aa', 'bb'];
const LAMBDAS = ['', '', '', '.length', '.$.a', '.$.[0]', '.$.[x]', '.$.a.b', '.$[1]', '.$.a!', '.$.[i].b', '.$.x[y]', '.$', '.$.0', '.$.é'];

function operands(rnd) {
  const scalar = () => rnd.pick(NAMES);
  const lambda = () => rnd.pick(LAMBDAS);
  const stream = () => `$${rnd.pick(['x', 's', 'tt'])}`;
  const map = () => `%${rnd.pick(['x', 'm', 'nn'])}`;
  const canon = () => rnd.pick(['#c', '#cc', '#$d', '#$dd', '#x']);
  const canonMap = () => `#%${rnd.pick(['c', 'mm'])}`;
  const value = () => rnd.pick([
    () => scalar() + lambda(), () => canon() + lambda(), () => canonMap() + lambda(), scalar, stream, map,
    () => rnd.pick(['"s t"', '1', '-7', '+7', '1.5', '1.', '.5', '12345678.123', '99999999999999999999', 'true', 'false', '[]', '[ ]', '[1]',
      '%init_peer_id%', '%timestamp%', '%ttl%']),
    () => `%last_error%${lambda()}`, () => `:error:${lambda()}`,
  ])();
  const peer = () => rnd.pick([() => '"p"', () => '"p"', () => '%init_peer_id%', () => scalar() + lambda(), () => canon() + lambda()])();
  const any = () => rnd.pick([scalar, scalar, stream, stream, map, canon, canonMap])();
  return { scalar, lambda, stream, map, canon, canonMap, value, peer, any };
}

function grammarInstruction(rnd, o, depth) {
  const leaf = depth <= 0 || rnd(3) === 0;
  const kind = rnd.pick(leaf ? ['call', 'call', 'ap', 'ap', 'apm', 'canon', 'canon', 'next', 'next', 'null', 'never', 'fail']
    : ['seq', 'seq', 'seq', 'par', 'xor', 'match', 'mismatch', 'fold', 'fold', 'fold', 'new']);
  const inner = () => grammarInstruction(rnd, o, depth - 1);
  switch (kind) {
    case 'call': return `(call ${o.peer()} ("s" ${rnd.pick(['"f"', '"f"', o.scalar()])}) [${Array.from({ length: rnd(3) }, o.value).join(' ')}] ${rnd.pick(['', o.scalar(), o.stream()])})`;
    case 'ap': return `(ap ${o.value()} ${rnd.pick([o.scalar, o.stream, o.scalar, o.stream, o.map])()})`;
    case 'apm': return `(ap (${rnd.pick(['"k"', '1', o.scalar() + o.lambda(), o.canon() + o.lambda()])} ${o.value()}) ${o.map()})`;
    case 'canon': return rnd.pick([() => `(canon ${o.peer()} ${o.stream()} ${o.canon()})`, () => `(canon ${o.peer()} ${o.map()} ${o.canonMap()})`,
      () => `(canon ${o.peer()} ${o.map()} ${o.scalar()})`, () => `(canon ${o.peer()} ${o.any()} ${o.any()})`])();
    case 'next': return `(next ${rnd.pick(['i', 'i', 'j', 'x'])})`;
    case 'null': case 'never': return `(${kind})`;
    case 'fail': return `(fail ${rnd.pick([o.scalar() + o.lambda(), o.canon() + o.lambda(), '1 "m"', '0 "m"', '%last_error%', ':error:', '%last_error%.$.a'])})`;
    case 'match': case 'mismatch': return `(${kind} ${o.value()} ${o.value()} ${inner()})`;
    case 'fold': return `(fold ${rnd.pick([o.scalar() + o.lambda(), o.canon() + o.lambda(), o.canonMap() + o.lambda(), '[]', o.stream(), o.stream(), o.map()])} ${rnd.pick(['i', 'i', 'j', 'x'])} ${inner()}${rnd(5) ? '' : ` ${inner()}`})`;
    case 'new': return `(new ${o.any()} ${inner()})`;
    default: return `(${kind} ${inner()} ${inner()})`;
  }
}

/** Defines all names first, so that more scripts get past the check for undefined ones. */
function definedFirst(body) {
  const definitions = [...NAMES.filter((n) => n !== 'i' && n !== 'j').map((n) => `(ap 1 ${n})`), '(ap 1 $x)', '(ap 1 $s)', '(ap 1 $tt)', '(ap ("a" 1) %x)',
    '(ap ("a" 1) %m)', '(ap ("a" 1) %nn)', '(canon "p" $s #c)', '(canon "p" $s #cc)', '(canon "p" $s #$d)', '(canon "p" $s #$dd)', '(canon "p" $s #x)',
    '(canon "p" %m #%c)', '(canon "p" %m #%mm)'];
  return definitions.map((d) => `(seq ${d} `).join('') + body + ')'.repeat(definitions.length);
}

function mutate(rnd, text) {
  const at = rnd(text.length + 1);
  const char = () => rnd.pick([...'()[] "$#%.!;-+_1a0:\nxé٣']);
  switch (rnd(5)) {
    case 0: return text.slice(0, at) + text.slice(at + 1);
    case 1: return text.slice(0, at) + char() + text.slice(at);
    case 2: return text.slice(0, at) + char() + text.slice(at + 1);
    case 3: return text.slice(0, at) + text.slice(at + 1 + rnd(8));
    default: { const from = rnd(text.length + 1); return text.slice(0, at) + text.slice(from, from + 10) + text.slice(at); }
  }
}

export function grammarScript(rnd) {
  let text = grammarInstruction(rnd, operands(rnd), 2 + rnd(4));
  const how = rnd(4);
  if (how) text = definedFirst(text);
  if (how === 3) for (let n = 1 + rnd(2); n > 0; n--) text = mutate(rnd, text);
  return text;
}

// ---- networks ----

const PEERS = ['alice', 'bob', 'carol', 'dave'];
const SERVICES = [
  { service: 'echo', echo: 0 }, { service: 'who', who: true }, { service: 'args', args: true }, { service: 'err', error: [7, 'went wrong'] },
  { service: 'list', const: [1, 2, 3] }, { service: 'peers', const: ['@alice', '@bob', '@carol'] }, { service: 'tet', tetraplets: true },
  { service: 'obj', const: { a: { b: [10, 20] }, n: 1, s: 'text', l: ['x', 'y'], peer: '@carol' } }, { service: 'raw', raw: 'not json' },
  { service: 'count', list: [{ const: 1 }, { const: 2 }, { error: [3, 'third'] }] },
];

/** Keeps track of what is defined, so that scripts are mostly accepted and mostly do something. */
class NetworkWriter {
  constructor(rnd) {
    this.rnd = rnd;
    this.names = 0;
    this.scalars = [];
    this.lists = [];
    this.streams = [];
    this.maps = [];
    this.canons = [];
    this.canonMaps = [];
    this.iterators = [];
  }

  scoped(body) {
    const kept = ['scalars', 'lists', 'streams', 'maps', 'canons', 'canonMaps'].map((k) => [k, [...this[k]]]);
    const out = body();
    for (const [k, v] of kept) this[k] = v;
    return out;
  }

  fresh(prefix) { return `${prefix}${this.names++}`; }

  value() {
    const { rnd } = this;
    const options = ['1', '"s"', '1.5', 'true', '[]', '%init_peer_id%', '%timestamp%', '%last_error%', ':error:', '%last_error%.$.error_code'];
    const all = [...this.scalars, ...this.scalars, ...this.lists, ...this.canons, ...this.canons, ...this.canonMaps, ...this.iterators];
    if (!all.length || rnd(3) === 0) return rnd.pick(options);
    const name = rnd.pick(all);
    return rnd(5) ? name : name + rnd.pick(['.$.a', '.$.a.b', '.$.[0]', '.$.[1]', '.length', '.$.l.[0]', '.$.n']);
  }

  peer() {
    const { rnd } = this;
    if (this.peerIterator && rnd(3) === 0) return this.peerIterator;
    return `"@${rnd.pick(PEERS)}"`;
  }

  apValue() {
    const v = this.value();
    return v.startsWith('#%') && !v.includes('.') ? '1' : v;
  }

  call() {
    const { rnd } = this;
    const service = rnd.pick(['echo', 'who', 'who', 'args', 'args', 'list', 'peers', 'obj', 'tet', 'count', rnd.pick(['err', 'raw', 'none'])]);
    const args = Array.from({ length: service === 'echo' ? 1 : rnd(3) }, () => this.value()).join(' ');
    const peer = this.peer();
    let out = '';
    switch (rnd(4)) {
      case 0: break;
      case 1: out = this.stream(); break;
      default: out = this.fresh('x');
    }
    const text = `(call ${peer} ("${service}" "f") [${args}] ${out})`;
    if (out.startsWith('x')) (service === 'list' || service === 'peers' ? this.lists : this.scalars).push(out);
    return text;
  }

  stream() {
    if (this.streams.length && this.rnd(3)) return this.rnd.pick(this.streams);
    const name = this.fresh('$s');
    this.streams.push(name);
    return name;
  }

  ap() {
    const { rnd } = this;
    const value = this.apValue();
    if (rnd(4) === 0) {
      const map = this.maps.length && rnd(2) ? rnd.pick(this.maps) : this.fresh('%m');
      if (!this.maps.includes(map)) this.maps.push(map);
      return `(ap (${rnd.pick(['"k"', '"j"', '1', '2', ...this.scalars.slice(0, 2), ...this.iterators])} ${value}) ${map})`;
    }
    if (rnd(2)) return `(ap ${value} ${this.stream()})`;
    const out = this.fresh('x');
    this.scalars.push(out);
    return `(ap ${value} ${out})`;
  }

  canon() {
    const { rnd } = this;
    const peer = this.peer();
    if (this.maps.length && rnd(3) === 0) {
      const out = rnd(4) ? this.fresh('#%c') : this.fresh('x');
      const text = `(canon ${peer} ${rnd.pick(this.maps)} ${out})`;
      (out.startsWith('x') ? this.scalars : this.canonMaps).push(out);
      return text;
    }
    const out = this.fresh('#c');
    const text = `(canon ${peer} ${this.streams.length ? rnd.pick(this.streams) : '$none'} ${out})`;
    this.canons.push(out);
    return text;
  }

  fold(depth) {
    const { rnd } = this;
    const over = rnd.pick([...this.lists, ...this.streams, ...this.streams, ...this.maps, ...this.canons, ...this.canonMaps, ...this.scalars.slice(0, 1), '[]']);
    const iterator = this.fresh('i');
    const isStream = over.startsWith('$') || over.startsWith('%');
    const body = this.scoped(() => {
      const peerIterator = this.peerIterator;
      this.iterators.push(iterator);
      if (this.lists.includes(over) && rnd(2)) this.peerIterator = iterator;
      const inner = this.instruction(depth - 1);
      this.iterators.pop();
      this.peerIterator = peerIterator;
      return inner;
    });
    const joined = isStream || rnd(4) ? `(${rnd.pick(['seq', 'par'])} ${body} (next ${iterator}))` : `(${rnd.pick(['seq', 'par'])} (next ${iterator}) ${body})`;
    const last = rnd(5) ? '' : ` ${rnd(2) ? '(null)' : '(never)'}`;
    return `(fold ${over} ${iterator} ${joined}${last})`;
  }

  instruction(depth) {
    const { rnd } = this;
    if (depth <= 0) return rnd.pick([() => this.call(), () => this.call(), () => this.call(), () => this.ap(), () => this.ap(), () => this.canon(),
      () => rnd.pick(['(null)', '(never)', '(fail 5 "five")', '(fail %last_error%)', '(fail :error:)'])])();
    const inner = () => this.instruction(depth - 1);
    switch (rnd(12)) {
      case 0: case 1: case 2: case 3: { const a = inner(); return `(seq ${a} ${inner()})`; }
      case 4: case 5: case 6: { const a = inner(); return `(par ${a} ${inner()})`; }
      case 7: { const a = inner(); return `(xor ${a} ${inner()})`; }
      case 8: { const a = this.value(); const b = this.value(); return `(${rnd.pick(['match', 'mismatch'])} ${a} ${b} ${inner()})`; }
      case 9: case 10: return this.fold(depth);
      default: return this.scoped(() => {
        const name = rnd.pick([...this.streams, ...this.maps, ...this.canons, ...this.scalars, '$new']);
        return `(new ${name} ${inner()})`;
      });
    }
  }
}

/** The script as a peer with other ideas would have it: an instruction of another kind, another function, a changed order. */
function otherScript(rnd, air) {
  const swap = rnd.pick([['(seq ', '(par '], ['(par ', '(seq '], ['("who" ', '("args" '], ['("args" "f")', '("args" "g")'], ['(xor ', '(seq '], [' $s', ' $t'], ['(null)', '(ap 1 $extra)'], [' x1)', ' $x1)'], ['@bob', '@carol']]);
  const at = air.indexOf(swap[0], rnd(2) ? 0 : rnd(air.length));
  return at < 0 ? air : air.slice(0, at) + swap[1] + air.slice(at + swap[0].length);
}

export function networkScenario(rnd) {
  const writer = new NetworkWriter(rnd);
  const parts = Array.from({ length: 2 + rnd(3) }, () => writer.instruction(1 + rnd(3)));
  const air = parts.reduceRight((rest, part) => `(${rnd(4) ? 'seq' : 'par'} ${part} ${rest})`, '(call "@alice" ("args" "end") [])');
  const doc = { air, init: 'alice', services: SERVICES };
  if (rnd(3) === 0) doc.order = 'lifo';
  if (rnd(4) === 0) doc.duplicate = true;
  if (rnd(4) === 0) doc.results = 'single';
  if (rnd(8) === 0) doc.forget = [rnd.pick(PEERS)];
  if (rnd(8) === 0) doc.air_of = { [rnd.pick(PEERS)]: otherScript(rnd, air) };
  // Flipped bytes hit other things in other layouts of the same data, so they are not for comparing.
  if (rnd(10) === 0) doc.tamper = [{ message: 1 + rnd(4), ...rnd.pick([{ op: 'truncate_inner', bytes: -4 * (1 + rnd(30)) }, { op: 'bad_signature', peer: '@bob' }, { op: 'swap_signature', a: '@alice', b: '@bob' }]) }];
  return JSON.stringify(doc);
}
