// grammar.mjs: a script is accepted by ours exactly if the original accepts it; and the trees are the same.
// Usage: node grammar.mjs [--count N] [--seed S]   RIVULET: the command of our binary (default: build/rivulet).
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Original } from './original.mjs';
import { Ours, peerOf } from './network.mjs';
import { difference, parse } from './json.mjs';
import { rivulet } from './compare.mjs';
import { grammarScript, mutate, random } from './generate.mjs';
import { networkScenario } from './generate_networks.mjs';

// Each of these is a decision of the grammar or of the checks that is easy to get wrong.
const CASES = [
  '', '(null)', ' ; c\n(null)', '(null);x', '(null) (null)', '( null )', '(null', '(seq(null) (null))', '(seq (null)(null))', '(seq\n(null)\t(null))',
  '(new x(null))', '(new x\u2003(null))', '(new a\u00a0b (null))', '(ap 1 call)', '(new true (null))', '(ap truex y)', '(ap "a\nb" x)', '(ap "a\\" x)',
  '(ap + x)', '(ap - x)', '(ap +5 x)', '(ap 007 x)', '(ap 1. x)', '(ap -0.0 x)', '(ap 1.5.2 x)', '(ap 12345678.123 x)', '(ap 1234567.123 x)', '(ap 1e5 x)',
  '(ap 9223372036854775807 x)', '(ap 9223372036854775808 x)', '(ap -9223372036854775808 x)', '(seq (ap 1 1x) (ap 1x y))', '(ap 1\u0663 x)', '(ap \u00b2 x)', '(ap 1 \u00b2x)',
  '(new $%s (null))', '(new %%s (null))', '(new ##s (null))', '(new #$s (null))', '(new #$$s (null))', '(new x%y (null))', '(new x% (null))', '(new 1%x (null))',
  '(new x$y (null))', '(new $ (null))', '(new #$ (null))', '(new #% (null))', '(new \u00e9 (null))', '(new \u2167 (null))', '(new a\u0301 (null))', '(new a\u3007 (null))',
  ...['.$.a', '.$', '.$!', '.$.a!', '.$.a!!', '.$.a!.b', '.$[0]', '.$.[0]', '.$.0', '.$.a0', '.$.[0a]', '.$.[4294967295]', '.$.[4294967296]', '.$a', '.$.-1', '.$.[-1]', '.length', '.length!',
    '.length.$.a', '.$.a.[b]', '.$.[ab].[ab]', '.$..a', '.$.a.', '.$.[]', '.$.(a)', '.$.a$'].map((l) => `(seq (ap 1 ab) (ap ab${l} y))`),
  ...['#s.$.[0]', '#ss.$.[0]', '#$s.$.[0]', '#%m.$.k'].map((v) => `(seq (canon "p" $s #s) (seq (canon "p" $s #ss) (seq (canon "p" $s #$s) (seq (canon "p" %m #%m) (ap ${v} y)))))`),
  '(ap %last_error% x)', '(ap %last_error%x y)', '(ap %last_error%.length y)', '(ap :error:.$.a! y)', '(ap :error:. y)', '(ap %timestamp%x y)', '(ap %timestamp y)',
  '(call "a" ("b""c") ["a""b"1] x)', '(call "a"("b" "c")[])', '(call "a" ("b" "c") [] x y)', '(call "a" ("b" "c") [x] x)', '(call $s ("b" "c") [])',
  '(fail 0 "x")', '(fail -0 "x")', '(fail 1 x)', '(fail x)', '(fail #can.$.e)', '(fail #can)', '(fail %last_error%.$.a)', '(fail "x")',
  '(ap (x 1) %m)', '(ap (1.5 1) %m)', '(ap ("a" x) %m)', '(ap ("a" #%can) %m)', '(ap ("a" 1) $m)', '(ap 1 %m)', '(seq (canon "p" %m #%can) (ap #%can x))',
  '(canon "p" $s #c)', '(canon "p" $s #%c)', '(canon "p" %s #c)', '(canon "p" %s x)', '(canon "p" $s x)', '(canon x $s #c)',
  '(fold [ ] i (null))', '(fold [1] i (null))', '(fold [] $i (null))', '(fold [] i (null) (null) (null))', '(fold x i (null))', '(fold $x i (null))',
  '(seq (next i) (fold [] i (next i)))', '(seq (fold [] i (next i)) (next i))', '(seq (fold [] i (null)) (next i))', '(fold [] i (seq (next i) (next i)))',
  '(fold [] i (xor (next i) (next i)))', '(fold [] i (fold [] i (next i)))', '(seq (fold [] i (next i)) (fold [] i (next i)))', '(fold [] i (new i (next i)))', '(seq (fold [] i (next i)) (new i (null)))',
  '(match x 1 (new x (ap x z)))', '(match x 1 (ap 1 x))', '(par (ap 1 x) (ap x y))', '(par (ap x y) (ap 1 x))', '(new x (ap x y))', '(fold x x (next x))',
  ...['(seq (next i) (null))', '(par (next i) (null))', '(xor (next i) (null))', '(seq (null) (next i))', '(seq (xor (next i) (null)) (null))', '(match 1 1 (seq (next i) (null)))',
    '(seq (match 1 1 (next i)) (null))', '(par (next i) (next i))', '(seq (seq (null) (next i)) (null))', '(xor (seq (next i) (null)) (next i))', '(new $y (seq (next i) (null)))'].flatMap((b) => [
    `(seq (ap 1 $s) (fold $s i ${b}))`, `(seq (ap ("k" 1) %m) (fold %m i ${b}))`, `(seq (ap 1 x) (fold x i ${b}))`, `(seq (ap 1 $s) (fold $s i ${b} (null)))`]),
  '(seq (ap 1 $s) (fold $s i (fold $s j (seq (next i) (next j)))))', '(seq (ap 1 $s) (fold $s i (seq (fold $s j (next i)) (next j))))',
];

const args = process.argv.slice(2);
const option = (name, fallback) => { const i = args.indexOf(name); return i < 0 ? fallback : Number(args[i + 1]); };
const count = option('--count', 3000);
const seed = option('--seed', 1);
const rnd = random(seed);
/** A script that mostly runs, with up to three slips. */
function networkScript() {
  let { air } = JSON.parse(networkScenario(rnd));
  for (let n = rnd(4); n > 0; n--) air = mutate(rnd, air);
  return air;
}

function* scriptsOf(n) {
  yield* CASES;
  for (let i = 0; i < n; i++) yield i % 4 === 3 ? networkScript() : grammarScript(rnd);
}

const original = new Original();
const ours = new Ours(rivulet);
const alice = peerOf('alice');
const params = { init_peer_id: alice.id, current_peer_id: alice.id, secret_key: alice.seed, timestamp: 1, ttl: 1, particle_id: 'p' };
const folder = mkdtempSync(join(tmpdir(), 'grammar-'));
let bad = 0;
let accepted = 0;
let trees = 0;

function theirs(script) {
  try { return original.ast(script); } catch (error) { return { error: error.message }; } // it traps on some names
}

/** `rivulet air parse` of one script. */
function parsed(script) {
  const file = join(folder, 'script.air');
  writeFileSync(file, script);
  const run = spawnSync(rivulet[0], [...rivulet.slice(1), 'air', 'parse', file, '--json'], { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (run.error || (run.status !== 0 && run.status !== 1)) throw run.error ?? new Error(`rivulet air parse ends with ${run.signal ?? run.status}: ${run.stderr}`);
  return run.status === 0 ? parse(run.stdout) : null;
}

function complain(script, text) {
  if (bad++ < 10) console.log(`${JSON.stringify(script)}\n   ${text}`);
}

let i = -1;
for (const script of scriptsOf(count)) {
  i++;
  const t = theirs(script);
  if (!t.error) accepted++;
  const out = await ours.invoke(script, Buffer.alloc(0), Buffer.alloc(0), params, {});
  if ((out.ret_code !== 1) !== !t.error) {
    complain(script, t.error ? `ours accepts it; the original says ${t.error.slice(0, 300)}` : `ours says ${out.error_message}; the original accepts it`);
  } else if (i < CASES.length || i % 20 === 0) { // a process each: not for all
    const tree = parsed(script);
    trees++;
    if (!tree !== !!t.error) complain(script, 'air parse and air invoke disagree');
    else if (tree) {
      const d = difference(tree, t.tree);
      if (d) complain(script, `trees differ at ${d.path}: ours ${d.ours}, original ${d.original}`);
    }
  }
}
ours.close();
rmSync(folder, { recursive: true });
console.log(`seed ${seed}: ${i + 1} scripts, ${accepted} accepted by the original, ${trees} trees compared: ${bad} differ`);
process.exitCode = bad ? 1 : 0;
