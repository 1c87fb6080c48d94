// behaviour.mjs: what a compiled function does in a network of interpreters, as far as it can be seen from outside.
// Not here: the network itself (../avm/network.mjs). Used by compare.mjs.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { canonical, command, here } from './compile.mjs';

const STEPS_MAX = 600;

const RULES = [
  { service: 'op', function: 'three', sum: true },
  { service: 'op', function: 'who', who: true },
  { service: 'op', function: 'even', list: [{ error: [1, 'odd'] }, { echo: 0 }] },
  { service: 'op', function: 'yes', const: true },
  { service: 'op', function: 'fail', error: [1, 'failed'] },
  { service: 'op', function: 'p', const: null },
  { service: 'getDataSrv', function: '-relay-', const: '@relay' },
  { service: 'callbackSrv', function: 'response', const: null },
  { service: 'errorHandlingSrv', const: null },
  { service: 'tracingSrv', const: null },
  { service: '*', echo: 0 },
];

const whole = (x) => { if (!Number.isInteger(Number(x.form))) throw new Error('not an integer'); return BigInt(x.form); };
const divide = (x, y) => { if (whole(y) === 0n) throw new Error('division by zero'); return [whole(x) / whole(y), whole(x) % whole(y)]; };
const MATH = {
  add: (x, y) => whole(x) + whole(y), sub: (x, y) => whole(x) - whole(y), mul: (x, y) => whole(x) * whole(y),
  fmul: (x, y) => BigInt(Math.floor(Number(x.form) * Number(y.form))),
  div: (x, y) => divide(x, y)[0], rem: (x, y) => divide(x, y)[1], pow: (x, y) => whole(x) ** whole(y),
};
const CMP = { gt: (x, y) => x > y, gte: (x, y) => x >= y, lt: (x, y) => x < y, lte: (x, y) => x <= y };

/** Arithmetic is done, not made up: the two compilers fold and re-associate sums differently, and must come to the same value. */
function arithmetic({ service, function: name, args }) {
  const [x, y] = args;
  try {
    if (service === 'math' && MATH[name]) return { ret_code: 0, result: String(MATH[name](x, y)) };
    if (service === 'cmp' && CMP[name]) return { ret_code: 0, result: String(CMP[name](whole(x), whole(y))) };
    if (service === 'op' && name === 'concat_strings') return { ret_code: 0, result: JSON.stringify(args.join('')) };
  } catch (e) {
    return { ret_code: 1, result: JSON.stringify(e.message) };
  }
  return undefined;
}

function scenario(air, given, order) {
  const data = Object.entries(given.args ?? {}).map(([name, value]) => ({ service: 'getDataSrv', function: name, const: value }));
  return JSON.stringify({ air, init: 'alice', ...order, services: [...data, ...(given.services ?? []), ...RULES] });
}

const unordered = (v) => (Array.isArray(v) ? v.map(unordered).sort((a, b) => (canonical(a) < canonical(b) ? -1 : 1)) : v);

/** Interpreters: the original's, and ours when `ours` is asked for. */
export async function loadNetwork() {
  // The interpreter's package belongs to the neighbouring folder, which installs it by itself.
  execFileSync('sh', [join(here, '..', 'run.sh'), 'avm', '-e', '0'], { stdio: 'inherit' });
  const [{ play, Ours }, { stringify }, { Original }] = await Promise.all(
    ['network.mjs', 'json.mjs', 'original.mjs'].map((f) => import(join(here, '..', 'avm', f))));
  const original = new Original(), ours = new Ours(command);
  return { play, text: stringify, original, ours };
}

/**
 * Service calls by peer, results given home, errors reported; codes: how the interpreter ended. Arithmetic and argument reads are no
 * services of the program. order: of the network's queue.
 */
export async function behaviour(network, air, given, { order = {}, interpreter = network.original } = {}) {
  const unseen = ['getDataSrv', 'math', 'cmp'];
  const out = JSON.parse(network.text(await network.play(scenario(air, given, order), () => interpreter, network.original, STEPS_MAX, arithmetic)));
  const seen = {};
  for (const [peer, calls] of Object.entries(out.calls))
    for (const call of calls) {
      if (unseen.includes(call.service) || (call.service === 'op' && call.function === 'concat_strings')) continue;
      const args = call.service === 'errorHandlingSrv' ? [call.args[0].error_code, call.args[0].peer_id]
        : call.function === 'response' ? unordered(call.args)
          // The original names a service with an id of its own `Un-0-g`.
          : call.service === 'tracingSrv' ? call.args.map((a) => a.replace(/-\d+-/, '.')) : call.args;
      (seen[peer] ??= []).push(canonical([call.service, call.function, args]));
    }
  for (const calls of Object.values(seen)) calls.sort();
  return { seen, codes: [...new Set(out.steps.map((s) => s.ret_code))].sort(), steps: out.steps.length, errors: out.steps.map((s) => s.error_message).filter(Boolean) };
}
