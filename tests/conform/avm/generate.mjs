// generate.mjs: seeded scripts that may be wrong in any way, for comparing parsers. The same seed gives the same texts.
// Scenarios of networks are made by generate_networks.mjs.

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

export function mutate(rnd, text) {
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
