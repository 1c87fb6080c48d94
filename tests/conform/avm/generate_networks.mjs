// generate_networks.mjs: seeded scenarios (docs/spec/scenarios.md 1): scripts that mostly run, on two to five peers, with services that
// answer, fail, or return odd and big JSON; orders, duplicates, forgetful peers, other scripts, other parameters, spoilt data.
// Names are tracked by what they hold, so that most scripts are accepted and most instructions are reached; a few are wrong on purpose.
import { random } from './generate.mjs';

const ALL_PEERS = ['alice', 'bob', 'carol', 'dave', 'erin'];

// ---- what services answer ----

/** Number texts that differ in kind, size or form. */
const NUMBERS = ['0', '-0', '-0.0', '1', '-1', '42', '1.0', '2.50', '0.1', '1e3', '1E+2', '1e-7', '123456789012345678', '4294967295', '4294967296', '2147483648',
  '9007199254740993', '9223372036854775807', '9223372036854775808', '18446744073709551615', '18446744073709551616', '-9223372036854775808',
  '-9223372036854775809', '1e16', '1e15', '123456789.12345679', '5e-324', '1.7976931348623157e308', '2.2250738585072011e-308', '0.30000000000000004',
  '1e21', '1e22', '12345678901234567890123', '3.141592653589793238462643383279', '100000000000000000000000'];
/** String texts, quotes included. */
const STRINGS = ['""', '"a"', '"text"', '"\\u00e9"', '"é"', '"e\\u0301"', '"日本語"', '"\\ud83d\\ude00"', '"😀"', '"\\u0000"', '"\\u001f\\u007f"', '"\\u2028"', '"\\/"', '"/"',
  '"\\b\\f\\n\\r\\t"', '"\\"\\\\"', '"<&>"', '"\u00a0"', '"\ufeff"', '"\ufffd"', '"12D3KooW"', '" "', '"%init_peer_id%"', '"#c.$.[0]"'];
const KEYS = ['"a"', '"b"', '"n"', '"l"', '""', '"é"', '"0"', '"A"', '"aa"', '"\\u0061"', '"a.b"', '"key"', '"value"', '"error_code"', '"message"', '"\\n"', '"z"', '"ret_code"'];

/** JSON as a text, in any legal form: white space, escapes, duplicate keys. */
function jsonText(rnd, depth) {
  const space = () => (rnd(12) ? '' : rnd.pick([' ', '\n', '\t', ' \r\n ']));
  const inner = () => space() + jsonText(rnd, depth - 1) + space();
  const kind = rnd(depth > 0 ? 9 : 6);
  if (kind < 1) return rnd.pick(['null', 'true', 'false']);
  if (kind < 3) return rnd.pick(NUMBERS);
  if (kind < 5) return rnd.pick(STRINGS);
  if (kind === 5) return rnd.pick(['[]', '{}', '[ ]', '{ }']);
  if (kind === 6) return `[${Array.from({ length: rnd(5) }, inner).join(',')}]`;
  return `{${Array.from({ length: rnd(6) }, () => `${space()}${rnd.pick(KEYS)}${space()}:${inner()}`).join(',')}}`;
}

const nested = (n, open, shut) => open.repeat(n) + (open === '[' ? '' : '1') + shut.repeat(n);
const DEPTHS = [3, 20, 60, 126, 127, 128, 129, 200];

/** Text that is mostly no JSON; the parser's own words get into error objects. */
const NOT_JSON = ['', ' ', 'not json', '[1,]', '[1', '[1 2]', '{"a":1,}', '{"a" 1}', '{a:1}', '{"a":}', '1 2', '01', '-', '1.', '.5', '+1', '1e', '1e400', '-1e999', '1e99999999999', '[0e99999999999,1e-99999999999,x]', '0.000000000000000000001e2147483649', 'nul', 'tru', 'NaN', '"', '"\\x"',
  '"\\u12"', '"\\ud800"', '"\\udc00\\ud800"', '"\n"', '"\t"', '\ufeff1', "'a'", '[1]]', '{"a":1}}', '// c\n1', '1//', '[,1]', '{,}', '\u00a01', '"a" x', '\u0000', '[\n1,\n2,\n x]', '[\n\n"a\nb"]',
  '{"a":[1,{"b":]}]}', 'truefalse', '1_000', '0x10', 'Infinity', '-Infinity', '--1', '1.e5', '"\\', '"\\u', '"\\u00zz"', '"\\ud83d\\u0041"', '"\\ud83d\\n"', '{"a":1 2}', '{"a":1', '{"a":1,', '{"a":1,2}', 'true1', 'falsy', '[true,fals]', '{"a":nul}', '[[[', '{"a":{"b":', '\u20281'];

const STRINGS_LONG = [1000, 5000, 40000];

function oddText(rnd) {
  switch (rnd(8)) {
    case 0: return rnd.pick(NOT_JSON);
    case 1: { const n = rnd.pick(DEPTHS); return rnd(2) ? nested(n, '[', ']') : nested(n, '{"a":', '}'); }
    case 2: return rnd(3) ? `[${rnd.pick(NUMBERS)},${rnd.pick(NUMBERS)}]` : `"${'x'.repeat(rnd.pick(STRINGS_LONG))}"`;
    case 3: return `{"a":1,"b":2,"a":${jsonText(rnd, 1)},"a":${jsonText(rnd, 1)}}`;
    default: return jsonText(rnd, 1 + rnd(4));
  }
}

const CODES = [1, 7, -1, 2147483647, -2147483648, 0];
const ERROR_OBJECTS = ['{"error_code":5,"message":"five"}', '{"error_code":5,"message":"five","peer_id":"p","instruction":"i","x":1}', '{"error_code":0,"message":"none"}',
  '{"error_code":"5","message":"five"}', '{"error_code":5}', '{"message":"five"}', '{"error_code":5.0,"message":"five"}', '{"error_code":5,"message":5}', '[]', '"e"',
  '{"error_code":-9223372036854775808,"message":""}', '{"error_code":5,"message":"\\n\\r\\t\\u0000\\u0007\\u200b"}', '{"error_code":5,"message":[1]}', '{"error_code":10000,"message":"é\\n"}', 'null', '{}'];

/** A service, what its results are, and its rule. Kinds say which lambdas and uses make sense. */
function servicesOf(rnd, peers) {
  const failure = () => (rnd(3) ? { error: [rnd.pick(CODES.slice(0, 5)), rnd.pick(['went wrong', '', 'é "q" \\', { message: 'm', code: 1 }, [1], null, 5])] }
    : { raw: rnd.pick([...NOT_JSON.slice(0, 8), '"text"', '"\\u00e9"', '{"b":1,"a":2.50}']), ret_code: rnd.pick(CODES.slice(0, 5)) });
  const list = Array.from({ length: 1 + rnd(4) }, () => rnd(9));
  const rules = [
    { service: 'echo', echo: 0 }, { service: 'who', who: true }, { service: 'args', args: true }, { service: 'err', ...failure() }, { service: 'err2', ...failure() },
    { service: 'list', const: list }, { service: 'peers', const: peers.map((p) => `@${p}`) }, { service: 'tet', tetraplets: true }, { service: 'sum', sum: true },
    { service: 'obj', const: { a: { b: [10, 20], c: 'l' }, n: 1, s: 'text', l: ['x', 'y', 'z'], e: [], peer: `@${rnd.pick(peers)}`, f: 'f', k: 'a', ls: [[1, 2], [], [3]] } },
    { service: 'objs', const: [{ k: 'a', v: 1, p: `@${rnd.pick(peers)}` }, { k: 'b', v: [1, 2], p: `@${rnd.pick(peers)}` }, { k: 'a', v: null }] },
    { service: 'index', const: rnd.pick([0, 1, 2, 1, 0]) }, { service: 'name', const: rnd.pick(['a', 'b', 'l', 'k', 'n', 'f', 'args', 'zzz']) },
    { service: 'odd', raw: oddText(rnd) }, { service: 'odd2', raw: oddText(rnd) }, { service: 'number', raw: rnd.pick(NUMBERS) }, { service: 'string', raw: rnd.pick(STRINGS) },
    { service: 'eobj', raw: rnd.pick(ERROR_OBJECTS) }, { service: 'raw', raw: rnd.pick(NOT_JSON) }, { service: 'many', range: rnd.pick([5, 12, 30]) },
    { service: 'flaky', list: [{ error: [2, 'first'] }, { const: 1 }, { const: 2 }] }, { service: 'count', list: [{ const: 1 }, { const: 2 }, rnd(2) ? { error: [3, 'third'] } : { const: 3 }] },
  ];
  if (rnd(6) === 0) rules.unshift({ peer: rnd.pick(peers), service: '*', ...failure() }); // a peer where nothing works
  if (rnd(6) === 0) rules.unshift({ service: 'who', peer: rnd.pick(peers), raw: oddText(rnd) });
  return rules;
}

/** Services by the kind of their results. */
const KIND_OF = { echo: 'any', who: 'string', args: 'list', list: 'numbers', peers: 'peers', tet: 'list', sum: 'number', obj: 'object', objs: 'objects', index: 'index', name: 'name',
  odd: 'any', odd2: 'any', number: 'number', string: 'string', eobj: 'error', many: 'numbers', flaky: 'number', count: 'number', err: 'any', err2: 'any', raw: 'any', none: 'any' };
const SERVICES = ['echo', 'who', 'args', 'args', 'list', 'peers', 'tet', 'sum', 'obj', 'obj', 'objs', 'index', 'name', 'odd', 'odd2', 'number', 'string', 'eobj', 'many', 'flaky', 'count', 'err', 'err2', 'raw', 'raw', 'none'];
const LITERALS = ['1', '0', '-7', '"s"', '""', '"f"', '"a"', '"é\\n"', '1.5', '1.', '-0.0', '9223372036854775807', 'true', 'false', '[]', '%init_peer_id%', '%timestamp%', '%ttl%'];
const ERRORS = ['%last_error%', ':error:', '%last_error%.$.error_code', '%last_error%.$.message', '%last_error%.$.instruction', '%last_error%.$.peer_id', ':error:.$.error_code', ':error:.$.message',
  ':error:.$.peer_id', ':error:.$.instruction', '%last_error%.$.nothing', ':error:.$.[0]', '%last_error%.length'];

// ---- scripts ----

/** Lists of names that are in scope. A scalar is {name, kind}. */
const TABLES = ['scalars', 'streams', 'maps', 'canons', 'canonMaps', 'iterators'];

class Writer {
  constructor(rnd, peers) {
    this.rnd = rnd;
    this.peers = peers;
    this.count = 0;
    this.nexts = []; // iterators of the folds around, innermost last, with what may follow a next
    this.done = []; // iterators of folds that are over
    for (const t of TABLES) this[t] = [];
  }

  scoped(body) {
    const kept = TABLES.map((t) => [t, [...this[t]]]);
    const out = body();
    for (const [t, list] of kept) this[t] = list;
    return out;
  }

  fresh(prefix) { return `${prefix}${this.count++}`; }
  of(...kinds) { return [...this.scalars, ...this.iterators].filter((s) => kinds.includes(s.kind)); }
  pickOr(list, otherwise) { return list.length ? this.rnd.pick(list) : otherwise(); }

  // ---- operands ----

  /** Accessors that fit what is there, or nearly. */
  lambda(kind) {
    const { rnd } = this;
    const by = () => this.pickOr(this.of('index', 'index', 'name', 'name', ...(rnd(3) ? [] : ['number', 'string', 'any', 'object'])), () => ({ name: '0' })).name;
    const wild = () => `.$${Array.from({ length: 1 + rnd(3) }, () => rnd.pick([() => '.a', () => '.b', () => '.[0]', () => '.[1]', () => '.[7]', () => `.[${by()}]`, () => '.n', () => '[2]', () => '.l', () => '.zzz'])()).join('')}${rnd(8) ? '' : '!'}`;
    if (rnd(6) === 0) return wild();
    switch (kind) {
      case 'object': return rnd.pick(['.$.a', '.$.a.b', '.$.a.b.[0]', '.$.a.b[1]', '.$.n', '.$.s', '.$.l', '.$.l.[2]', '.$.e', '.$.peer', '.$.f', `.$.[${by()}]`, `.$.l.[${by()}]`, '.$.a!', '.$.ls.[0].[1]', '.$.l.length', '.$.zzz', '.length']);
      case 'objects': return rnd.pick(['.$.[0]', '.$.[0].k', '.$.[1].v', '.$.[1].v.[0]', '.$.[0].p', `.$.[${by()}]`, '.$.[9]', '.length', '.$.[2].v', '.$.k']);
      case 'item': return rnd.pick(['.$.k', '.$.v', '.$.p', '.$.v.[0]', '.$.zzz']);
      case 'pair': return rnd.pick(['.$.key', '.$.value', '.$.value.[0]', '.$.value.a', '.$.zzz', '.length']);
      case 'numbers': case 'peers': case 'list': return rnd.pick(['.$.[0]', '.$.[0]', '.$.[1]', `.$.[${by()}]`, '.length', '.length', '.$.[99]', '.$.a']);
      case 'error': return rnd.pick(['.$.error_code', '.$.message', '.$.x']);
      case 'canon': return rnd.pick(['.$.[0]', '.$.[0]', '.$.[1]', '.$.[0].a', '.length', `.$.[${by()}]`, '.$.[0].[0]', '.$.[5]', '.$.a']);
      case 'canonMap': return rnd.pick(['.$.a', '.$.a.[0]', '.$.k.[0]', '.$.[1]', '.$.[1].[0]', '.$.1', '.length', `.$.[${by()}]`, '.$.zzz', '.$.b.[0].a', '.$.k.[1]', '.$.a!', '.$.[-1]'].filter((l) => l !== '.$.1'));
      default: return wild();
    }
  }

  named({ name, kind }, chance = 4) { return this.rnd(chance) ? name : name + this.lambda(kind); }
  canonRef() { return { name: this.rnd.pick(this.canons), kind: 'canon' }; }
  canonMapRef() { return { name: this.rnd.pick(this.canonMaps), kind: 'canonMap' }; }

  value() {
    const { rnd } = this;
    const ways = [() => rnd.pick(LITERALS)];
    if (this.handling) ways.push(() => rnd.pick(ERRORS), () => rnd.pick(ERRORS));
    else if (rnd(5) === 0) ways.push(() => rnd.pick(ERRORS));
    if (this.scalars.length) ways.push(...Array(3).fill(() => this.named(rnd.pick(this.scalars), 3)));
    if (this.iterators.length) ways.push(...Array(2).fill(() => this.named(rnd.pick(this.iterators), 3)));
    if (this.canons.length) ways.push(() => this.named(this.canonRef(), 2));
    if (this.canonMaps.length) ways.push(...Array(3).fill(() => this.named(this.canonMapRef(), 2)));
    return rnd.pick(ways)();
  }

  peer() {
    const { rnd } = this;
    if (rnd(4) === 0) {
      const ways = [];
      const peers = this.of('peer');
      if (peers.length) ways.push(() => rnd.pick(peers).name);
      if (this.of('peers').length) ways.push(() => `${rnd.pick(this.of('peers')).name}.$.[${rnd(this.peers.length)}]`);
      if (this.of('object').length) ways.push(() => `${rnd.pick(this.of('object')).name}.$.peer`);
      if (this.of('item').length) ways.push(() => `${rnd.pick(this.of('item')).name}.$.p`);
      if (this.canons.length && rnd(3) === 0) ways.push(() => `${rnd.pick(this.canons)}.$.[0]`);
      if (this.canonMaps.length && rnd(4) === 0) ways.push(() => `${rnd.pick(this.canonMaps)}.$.k.[0]`);
      if (rnd(12) === 0) ways.push(() => rnd.pick(['"nobody"', '""', this.scalars.length ? rnd.pick(this.scalars).name : '"x"']));
      ways.push(() => '%init_peer_id%');
      return rnd.pick(ways)();
    }
    return `"@${rnd.pick(this.peers)}"`;
  }

  /** Where a name is wanted that is new; now and then one that is taken. */
  out(kind, chance = 40) {
    const { rnd } = this;
    if (this.scalars.length && rnd(chance) === 0) return rnd.pick(this.scalars).name;
    if (this.iterators.length && rnd(2 * chance) === 0) return rnd.pick(this.iterators).name;
    const name = this.fresh('x');
    if (kind !== null) this.scalars.push({ name, kind });
    return name;
  }

  stream() {
    if (this.streams.length && this.rnd(4)) return this.rnd.pick(this.streams);
    const name = this.fresh('$s');
    this.streams.push(name);
    return name;
  }

  map() {
    if (this.maps.length && this.rnd(4)) return this.rnd.pick(this.maps);
    const name = this.fresh('%m');
    this.maps.push(name);
    return name;
  }

  // ---- leaves ----

  call() {
    const { rnd } = this;
    const service = rnd.pick(SERVICES);
    const names = this.of('name');
    const fn = names.length && rnd(6) === 0 ? rnd.pick(names).name : this.of('object').length && rnd(8) === 0 ? `${rnd.pick(this.of('object')).name}.$.f` : '"f"';
    const id = names.length && rnd(15) === 0 ? rnd.pick(names).name : `"${service}"`;
    const args = Array.from({ length: service === 'echo' ? 1 : rnd(4) }, () => this.value());
    const peer = this.peer();
    if (rnd(4) === 0) return `(call ${peer} (${id} ${fn}) [${args.join(' ')}] ${this.stream()})`;
    if (rnd(4) === 0) return `(call ${peer} (${id} ${fn}) [${args.join(' ')}])`;
    return `(call ${peer} (${id} ${fn}) [${args.join(' ')}] ${this.out(service === 'peers' ? 'peers' : KIND_OF[service])})`;
  }

  apValue() {
    for (;;) { // a whole canon map is no operand of ap
      const v = this.value();
      if (!v.startsWith('#%') || v.includes('.')) return v;
    }
  }

  /** Never "1" beside 1: which of two keys that print alike wins in the whole value is chance in the original. */
  key() {
    const { rnd } = this;
    const ways = [() => rnd.pick(['"k"', '"a"', '"b"', '1', '42', '-1', '"é"', '""']), () => rnd.pick(['"k"', '"a"', '1'])];
    const keys = this.of('name', 'index', 'string', 'number');
    if (keys.length) ways.push(() => rnd.pick(keys).name);
    if (this.of('item').length) ways.push(() => `${rnd.pick(this.of('item')).name}.$.k`);
    if (this.scalars.length && rnd(6) === 0) ways.push(() => this.named(rnd.pick(this.scalars)));
    if (this.canons.length && rnd(4) === 0) ways.push(() => `${rnd.pick(this.canons)}.$.[0]`);
    return rnd.pick(ways)();
  }

  ap() {
    const { rnd } = this;
    const value = this.apValue();
    const how = rnd(4);
    if (how === 0) return `(ap (${this.key()} ${value}) ${this.map()})`;
    if (how < 3) return `(ap ${value} ${this.stream()})`;
    const from = [...this.scalars, ...this.iterators].find((s) => s.name === value);
    return `(ap ${value} ${this.out(from ? from.kind : 'any')})`;
  }

  canon() {
    const { rnd } = this;
    const peer = this.peer();
    const again = rnd(30) === 0;
    if (this.maps.length && rnd(2)) {
      const map = rnd.pick(this.maps);
      if (rnd(4) === 0) return `(canon ${peer} ${map} ${this.out('object')})`;
      const name = again && this.canonMaps.length ? rnd.pick(this.canonMaps) : this.fresh('#%c');
      if (!this.canonMaps.includes(name)) this.canonMaps.push(name);
      return `(canon ${peer} ${map} ${name})`;
    }
    const name = again && this.canons.length ? rnd.pick(this.canons) : this.fresh(rnd(2) ? '#c' : '#$c');
    if (!this.canons.includes(name)) this.canons.push(name);
    return `(canon ${peer} ${this.pickOr(this.streams, () => '$none')} ${name})`;
  }

  fail() {
    const { rnd } = this;
    const ways = [() => `(fail ${rnd.pick(['5', '-5', '9223372036854775807', '10000', '1'])} ${rnd.pick(['"five"', '""', '"é\\"'])})`, () => '(fail %last_error%)', () => '(fail :error:)'];
    if (this.of('error').length) ways.push(...Array(3).fill(() => `(fail ${rnd.pick(this.of('error')).name})`));
    if (this.scalars.length) ways.push(() => `(fail ${this.named(rnd.pick(this.scalars), 2)})`);
    if (this.canons.length) ways.push(() => `(fail ${rnd.pick(this.canons)}${this.lambda('canon').replace('.length', '.$.[0]')})`);
    return rnd.pick(ways)();
  }

  leaf() {
    const { rnd } = this;
    return rnd.pick([() => this.call(), () => this.call(), () => this.call(), () => this.call(), () => this.ap(), () => this.ap(), () => this.ap(), () => this.canon(), () => this.canon(),
      () => (this.done.length && rnd(12) === 0 ? `(next ${rnd.pick(this.done)})` : rnd.pick(['(null)', '(null)', '(never)'])), () => this.fail()])();
  }

  // ---- instructions with instructions inside ----

  /** What a fold goes over, the kind of its items, and whether it is a stream or map. */
  iterable() {
    const { rnd } = this;
    const item = { numbers: 'number', peers: 'peer', objects: 'item', list: 'any', any: 'any', object: 'any', string: 'any', number: 'any', error: 'any', index: 'any', name: 'any', peer: 'any', item: 'any', pair: 'any' };
    const ways = [];
    if (this.of('numbers', 'peers', 'objects', 'list').length) ways.push(...Array(3).fill(() => { const s = rnd.pick(this.of('numbers', 'peers', 'objects', 'list')); return [s.name, item[s.kind], false]; }));
    if (this.of('object').length) ways.push(() => [`${rnd.pick(this.of('object')).name}${rnd.pick(['.$.l', '.$.a.b', '.$.e', '.$.ls', '.$.ls.[0]', '.$.n', '.$.zzz'])}`, 'any', false]);
    if (this.scalars.length && rnd(4) === 0) ways.push(() => { const s = rnd.pick(this.scalars); return [this.named(s, 2), item[s.kind] ?? 'any', false]; });
    if (this.iterators.length && rnd(3) === 0) ways.push(() => [this.named(rnd.pick(this.iterators), 2), 'any', false]);
    if (this.streams.length) ways.push(...Array(4).fill(() => [rnd.pick(this.streams), 'any', true]));
    if (this.maps.length) ways.push(...Array(3).fill(() => [rnd.pick(this.maps), 'pair', true]));
    if (this.canons.length) ways.push(...Array(2).fill(() => [rnd.pick(this.canons), 'any', false]));
    if (this.canonMaps.length) ways.push(() => [rnd.pick(this.canonMaps), 'pair', false], () => [`${rnd.pick(this.canonMaps)}${rnd.pick(['.$.k', '.$.a', '.$.[1]', '.$.b.[0]'])}`, 'any', false]);
    if (rnd(6) === 0 || !ways.length) ways.push(() => ['[]', 'any', false]);
    return rnd.pick(ways)();
  }

  fold(depth) {
    const { rnd } = this;
    const [over, kind, isStream] = this.iterable();
    const taken = new Set(this.iterators.map((i) => i.name));
    const old = ['i', 'j'].filter((n) => !taken.has(n)); // names come again in later folds
    const iterator = rnd(3) === 0 && old.length ? rnd.pick(old) : this.fresh('i');
    const next = `(next ${iterator})`;
    return this.scoped(() => {
      this.iterators.push({ name: iterator, kind });
      if (isStream) { // what is written to a stream inside its own fold is visited too; mostly this must not go on for ever
        if (rnd(5)) { this.streams = this.streams.filter((s) => s !== over); this.maps = this.maps.filter((m) => m !== over); }
      }
      const last = rnd(4) ? '' : ` ${this.scoped(() => rnd.pick([() => '(null)', () => '(never)', () => this.leaf()])())}`;
      const join = rnd.pick(['seq', 'seq', 'par', 'par', 'xor']);
      let body;
      if (isStream) {
        const inner = this.instruction(depth - 1);
        switch (rnd(8)) {
          case 0: body = `(${rnd.pick(['seq', 'par'])} ${inner} (new $${this.fresh('n')} ${next}))`; break;
          case 1: body = `(seq ${inner} (${rnd.pick(['match', 'mismatch'])} ${this.value()} ${this.value()} ${next}))`; break;
          case 2: body = `(seq (xor ${inner} (null)) ${next})`; break;
          case 3: body = inner; break; // no next: the first item of each generation
          default: body = `(${join} ${inner} ${next})`;
        }
      } else if (rnd(4) === 0) {
        const inner = this.scoped(() => this.instruction(depth - 1));
        body = rnd(3) ? `(${join} ${next} ${inner})` : `(seq ${inner} (${rnd.pick(['seq', 'par'])} ${next} ${this.instruction(0)}))`;
      } else {
        const inner = this.instruction(depth - 1);
        body = rnd(8) ? `(${join} ${inner} ${next})` : rnd.pick([inner, next, `(xor (seq ${inner} ${next}) ${this.instruction(0)})`]);
      }
      this.done.push(iterator);
      return `(fold ${over} ${iterator} ${body}${last})`;
    });
  }

  /** A stream that feeds itself while it is gone through, up to a bound. */
  growing(depth) {
    const { rnd } = this;
    const stream = this.fresh('$g');
    const i = this.fresh('i');
    const bound = 1 + rnd(3);
    const peer = this.peer();
    this.streams.push(stream);
    const grow = rnd.pick([`(call ${peer} ("sum" "f") [${i} 1] ${stream})`, `(seq (call ${peer} ("sum" "f") [${i} 1] ${i}y) (ap ${i}y ${stream}))`]);
    const more = this.scoped(() => { this.iterators.push({ name: i, kind: 'number' }); this.streams = this.streams.filter((s) => s !== stream); return this.instruction(depth - 1); });
    return `(seq (ap 1 ${stream}) (fold ${stream} ${i} (${rnd.pick(['seq', 'par'])} (xor (mismatch ${i} ${bound + 1} ${rnd.pick([grow, `(par ${more} ${grow})`, `(seq ${grow} ${more})`])}) (null)) (next ${i}))${rnd(3) ? '' : ' (null)'}))`;
  }

  /** Peers write to one stream, all is joined on one, as compiled Aqua does. */
  gather(depth) {
    const { rnd } = this;
    const list = this.fresh('x');
    const i = this.fresh('i');
    const stream = this.stream();
    const canon = this.fresh('#$c');
    const peer = `"@${rnd.pick(this.peers)}"`;
    const inner = this.scoped(() => { this.iterators.push({ name: i, kind: 'peer' }); return this.instruction(depth - 1); });
    this.scalars.push({ name: list, kind: 'peers' });
    this.canons.push(canon);
    const visit = `(${rnd.pick(['seq', 'xor', 'par'])} (call ${i} ("${rnd.pick(['who', 'args', 'odd', 'err', 'number'])}" "f") [${i}] ${stream}) ${inner})`;
    const count = this.fresh('x');
    const j = this.fresh('i');
    const enough = 1 + rnd(this.peers.length);
    const join = rnd(2) ? `(canon ${peer} ${stream} ${canon})` // or until enough have come
      : `(seq (new ${count} (fold ${stream} ${j} (seq (seq (canon ${peer} ${stream} ${canon}x) (xor (match ${canon}x.length ${enough} (null)) (null))) (next ${j})) (never))) (canon ${peer} ${stream} ${canon}))`;
    return `(seq (call ${this.peer()} ("peers" "f") [] ${list}) (${rnd.pick(['seq', 'par'])} (fold ${list} ${i} (par ${visit} (next ${i}))) ${join}))`;
  }

  handler() {
    const was = this.handling;
    this.handling = true;
    const out = this.rnd.pick([() => `(call ${this.peer()} ("args" "f") [:error: %last_error%])`, () => `(call "@${this.peers[0]}" ("args" "f") [${this.value()} ${this.value()}])`,
      () => '(fail %last_error%)', () => '(fail :error:)', () => '(null)', () => this.instruction(1), () => `(ap ${this.rnd.pick(ERRORS)} ${this.stream()})`])();
    this.handling = was;
    return out;
  }

  fresh_(depth) { // new
    const { rnd } = this;
    return this.scoped(() => {
      const own = [...this.streams, ...this.maps, ...this.canons, ...this.canonMaps, ...this.scalars.map((s) => s.name)];
      let name = own.length && rnd(3) ? rnd.pick(own) : rnd.pick([() => this.fresh('$n'), () => this.fresh('%n'), () => this.fresh('x'), () => this.fresh('#n'), () => this.fresh('#%n')])();
      if (name.startsWith('$') && !this.streams.includes(name)) this.streams.push(name);
      else if (name.startsWith('%') && !this.maps.includes(name)) this.maps.push(name);
      else if (name.startsWith('x') && !this.scalars.some((s) => s.name === name) && rnd(2)) this.scalars.push({ name, kind: 'any' }); // read before it is set
      const inner = this.instruction(depth - 1);
      const set = name.startsWith('x') && rnd(2) ? `(seq (ap ${this.apValue()} ${name}) ${inner})` : inner;
      return `(new ${name} ${set})`;
    });
  }

  instruction(depth) {
    const { rnd } = this;
    if (depth <= 0) return this.leaf();
    const inner = () => this.instruction(depth - 1);
    switch (rnd(22)) {
      case 0: case 1: case 2: case 3: case 4: { const a = inner(); return `(seq ${a} ${inner()})`; }
      case 5: case 6: case 7: { const a = inner(); return `(par ${a} ${inner()})`; }
      case 8: case 9: case 10: { const a = inner(); return `(xor ${a} ${this.handler()})`; }
      case 11: { const a = inner(); return `(xor ${a} ${inner()})`; }
      case 12: case 13: { const a = this.value(); const b = rnd(3) ? this.value() : a; return `(${rnd.pick(['match', 'mismatch'])} ${a} ${b} ${inner()})`; }
      case 14: return this.growing(depth);
      case 15: return this.gather(depth);
      case 16: return this.fresh_(depth);
      case 17: return this.iterators.length && rnd(12) === 0 ? `(next ${rnd.pick(this.iterators).name})` : this.leaf();
      default: return this.fold(depth);
    }
  }
}

/** What most scripts need: something of each kind to work on. */
function prelude(writer) {
  const { rnd } = writer;
  const parts = [];
  const call = (service, kind) => { const out = writer.fresh('x'); parts.push(`(call ${rnd(3) ? `"@${rnd.pick(writer.peers)}"` : '%init_peer_id%'} ("${service}" "f") [] ${out})`); writer.scalars.push({ name: out, kind }); };
  for (const [service, kind] of [['obj', 'object'], ['objs', 'objects'], ['peers', 'peers'], ['list', 'numbers'], ['index', 'index'], ['name', 'name'], ['odd', 'any'], ['eobj', 'error']])
    if (rnd(3) === 0) call(service, kind);
  if (rnd(3) === 0) for (let n = 1 + rnd(3); n > 0; n--) parts.push(`(ap ${writer.apValue()} ${writer.stream()})`);
  if (rnd(3) === 0) for (let n = 1 + rnd(4); n > 0; n--) parts.push(`(ap (${writer.key()} ${writer.apValue()}) ${writer.map()})`);
  if (writer.streams.length && rnd(2)) { const c = writer.fresh('#$c'); parts.push(`(canon ${writer.peer()} ${rnd.pick(writer.streams)} ${c})`); writer.canons.push(c); }
  if (writer.maps.length && rnd(4)) { const c = writer.fresh('#%c'); parts.push(`(canon ${writer.peer()} ${rnd.pick(writer.maps)} ${c})`); writer.canonMaps.push(c); }
  return parts;
}

/** A list that passes the 1,023 values that a stream may hold, now and then. */
function flood(writer) {
  const { rnd } = writer;
  const n = rnd.pick([1022, 1023, 1024, 1030]);
  return [`(call %init_peer_id% ("flood" "f") [] fl)`, `(fold fl it (${rnd.pick(['seq', 'par'])} (ap it $flood) (next it)))`, rnd(2) ? '(canon %init_peer_id% $flood #flood)' : '(fold $flood k (seq (null) (next k)))',
    { service: 'flood', range: n }];
}

/** The script as a peer with other ideas would have it: an instruction of another kind, another function, a changed order. */
function otherScript(rnd, air) {
  if (rnd(6) === 0) return air.replace(/\(ap (\S+|\([^()]*\)) \$(s\d+)\)/g, '(ap ("k" $1) %$2)').replace(/\$(s\d+)(?= #)/g, '%$1').replace(/#\$?(c\d)/g, '#%$1').replace(/\(fold \$s/g, '(fold %s'); // maps for streams
  const swap = rnd.pick([['(seq ', '(par '], ['(par ', '(seq '], ['("who" ', '("args" '], ['("args" "f")', '("args" "g")'], ['(xor ', '(seq '], [' $s', ' $t'], ['(null)', '(ap 1 $extra)'], [' x1)', ' $x1)'],
    ['@bob', '@alice'], ['(canon ', '(call '], ['(next ', '(null'], ['%m', '%mm'], ['(ap ', '(fail '], ['] x', '] $x'], ['] $s', '] y'], ['"f") [', '"f") [1 '], ['(match ', '(mismatch '], ['(fold $', '(fold %'],
    ['(par ', '(par (null) '], ['#c', '#d'], ['(never)', '(null)'], ['"k"', '"a"']]);
  const at = air.indexOf(swap[0], rnd(2) ? 0 : rnd(air.length));
  return at < 0 ? air : air.slice(0, at) + swap[1] + air.slice(at + swap[0].length);
}

function spoil(rnd, peers, message) {
  const peer = () => `@${rnd.pick(peers)}`;
  // Flipped bytes hit other things in other layouts of the same data, and of two entries with one key the last wins: not for comparing.
  const op = rnd.pick([() => ({ op: 'truncate_inner', bytes: -4 * (1 + rnd(30)) }), () => ({ op: 'bad_signature', peer: peer() }), () => ({ op: 'swap_signature', a: peer(), b: peer() }),
    () => ({ op: 'other_key', peer: peer(), by: '@mallory' }), () => ({ op: 'version', key: 'interpreter_version', value: rnd.pick(['0.60.0', '0.61.0', '0.61.0-a', '9.9.9', 'v1', '']) }),
    () => ({ op: 'version', key: 'version', value: rnd.pick(['0.1.0', '9.9.9', 'x']) }), () => ({ op: 'drop_key', key: rnd.pick(['version', 'interpreter_version', 'inner_data']) }),
    () => ({ op: 'replace', from: 'text', to: 'TEXT', all: true }), () => ({ op: 'text', text: rnd.pick(['', 'rubbish', '\u0080']) })])();
  return { message, ...op };
}

function overrides(rnd) {
  return rnd.pick([() => ({ timestamp: 1 + rnd(1000) }), () => ({ ttl: rnd(1000) }), () => ({ particle_id: 'another' }), () => ({ key_format: 1 }), () => ({ init_peer_id: 'somebody' }),
    () => ({ call_result_size_limit: 1 + rnd(40), hard_limit_enabled: rnd(2) === 0 }), () => ({ particle_size_limit: rnd.pick([1, 200, 10000000]), hard_limit_enabled: rnd(2) === 0 }), () => ({ air_size_limit: 10 + rnd(2000), hard_limit_enabled: rnd(2) === 0 })])();
}

export function networkScenario(rnd) {
  const peers = ALL_PEERS.slice(0, 2 + rnd(4));
  const writer = new Writer(rnd, peers);
  const services = servicesOf(rnd, peers);
  const parts = prelude(writer);
  for (let n = 1 + rnd(4); n > 0; n--) {
    const part = writer.instruction(1 + rnd(4));
    parts.push(rnd(3) ? part : `(xor ${part} ${writer.handler()})`);
  }
  if (rnd(50) === 0) { const [a, b, c, rule] = flood(writer); parts.push(a, b, c); services.push(rule); }
  const end = `(call "@${peers[0]}" ("args" "end") [%last_error% :error:])`;
  let air = parts.reduceRight((rest, part) => `(${rnd(4) ? 'seq' : 'par'} ${part} ${rest})`, end);
  if (rnd(4)) air = `(xor ${air} (call "@${peers[0]}" ("args" "error") [%last_error% :error:]))`;
  const doc = { air, init: rnd(5) ? peers[0] : rnd.pick(peers), services };
  switch (rnd(6)) {
    case 0: case 1: doc.order = 'lifo'; break;
    case 2: case 3: doc.order = 'random'; doc.seed = rnd(1000000); break;
    default:
  }
  if (rnd(4) === 0) doc.duplicate = true;
  if (rnd(4) === 0) doc.results = 'single';
  if (rnd(8) === 0) doc.forget = [rnd.pick(peers)];
  if (rnd(7) === 0) doc.air_of = { [rnd.pick(peers)]: otherScript(rnd, air) };
  if (rnd(12) === 0) doc.tamper = rnd(2) ? [spoil(rnd, peers, 1 + rnd(6))] : [spoil(rnd, peers, 1 + rnd(3)), spoil(rnd, peers, 4 + rnd(3))];
  if (rnd(20) === 0) doc.param_overrides = { [rnd.pick(peers)]: overrides(rnd) };
  if (rnd(25) === 0) doc.extra_results = { [rnd.pick(peers)]: { [rnd(9)]: { ret_code: rnd.pick(CODES), result: rnd.pick(['"extra"', 'no json', '']) } } };
  return JSON.stringify(doc);
}

/** Scenarios of a seed: the same for ever. */
export const networkOf = (seed) => networkScenario(random(seed));
