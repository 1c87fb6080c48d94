// tampering.mjs: data with one field changed, handed to the original and to ours: the same verdict, and the right one.
// Usage: node tampering.mjs [--update]                    every field; the verdicts are the table tampering.md (--update writes it)
//        node tampering.mjs --random N [--seed S]         traces of made-up networks, changed at random, their ids and signatures made good
// SPOIL: the program of spoil.c; RIVULET, AVM_VERSION: as for compare.mjs.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Original, VERSION } from './original.mjs';
import { Lines, Ours, TooLong, peerOf, play } from './network.mjs';
import { difference } from './json.mjs';
import { rivulet, words } from './compare.mjs';
import { networkOf } from './generate_networks.mjs';
import { random } from './generate.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const original = new Original();
const ours = new Ours(rivulet);
const spoiler = new Lines([process.env.SPOIL ?? join(here, '..', '..', '..', 'build', 'tests', 'conform_spoil')], []);
const base64 = (b) => Buffer.from(b).toString('base64');
const seedOf = (name) => base64(peerOf(name).seed);

async function spoil(request) {
  const out = JSON.parse(await spoiler.ask(JSON.stringify(request)));
  if (out.error) throw new Error(`spoil: ${out.error}`);
  return out.data === undefined ? out : { data: Buffer.from(out.data, 'base64') };
}

// ---- two verdicts ----

/** An outcome as far as it is compared. */
function shown(out) {
  const code = String(out.ret_code);
  return {
    code, words: words(code, out.error_message), next: [...out.next_peer_pks].sort(), requests: out.call_requests,
    data: out.data.length ? readable(out.data) : null,
  };
}

function readable(data) {
  try {
    const d = original.decode(Buffer.from(data));
    delete d.versions;
    return d;
  } catch (error) { return /cannot show|trapped/.test(error.message) ? 'not readable' : Promise.reject(error); }
}

async function judge(run, prev, cur, change = {}) {
  const params = { ...run.params, ...change };
  let theirs;
  try { theirs = shown(original.invoke(run.air, prev, cur, params, run.results)); } catch (error) {
    if (!/^the original trapped/.test(error.message)) throw error;
    const out = await ours.invoke(run.air, prev, cur, params, run.results);
    return { trapped: /panicked at ([^\n]*)/.exec(error.message)?.[1] ?? 'trap', code: String(out.ret_code) };
  }
  const answer = await ours.invoke(run.air, prev, cur, params, run.results);
  const mine = shown(answer);
  return { code: theirs.code, outcome: theirs, mine, said: answer.error_message && ` (${answer.error_message.slice(0, 300)})`, difference: difference(mine, theirs) };
}

// ---- every field ----

const SCENARIO = {
  about: 'every kind of state and store; bob is asked, carol and dave answer',
  air: `(seq (seq (seq (call "@bob" ("s" "obj") [] x) (call "@bob" ("s" "a") [x.$.n] $s)) (seq (xor (call "@carol" ("s" "err") [x]) (call "@carol" ("s" "b") [%last_error%.$.error_code] $s)) (call "@carol" ("s" "unused") [x])))
    (seq (seq (seq (ap 7 $s) (ap ("k" x) %m)) (seq (seq (canon "@carol" $s #$c) (canon "@dave" %m #%d)) (seq (ap #$c.$.[0] $t) (canon "@dave" $t #$e))))
      (seq (fold $s i (par (call "@dave" ("s" "each") [i #$c #%d.$.k.[0]] y) (next i))) (par (call "@alice" ("s" "end") [#$e]) (par (call "@bob" ("s" "late") [] z) (canon "@bob" $t #$f))))))`,
  init: 'alice', services: [{ service: 's', function: 'err', error: [3, 'no'] }, { service: 's', function: 'obj', const: { n: 1, l: [1, 2] } }, { service: '*', args: true }],
};

/** What the original's design protects: rows in the order of the data format. The names are changes of spoil.c. */
const ROWS = [
  ['nothing', 'nothing'],
  ['envelope', 'version_of_data', 'version_malformed', 'version_old', 'version_new'],
  ['trace', 'trace_empty', 'trace_cut', 'state_removed', 'state_doubled', 'state_swapped', 'state_kind'],
  ['par', 'par_size', 'par_huge'],
  ['call', 'call_kind', 'call_cid', 'call_cid_unused', 'call_cid_wrong_store', 'call_generation', 'request_sender', 'request_id'],
  ['ap', 'ap_generation', 'ap_no_generation'],
  ['canon', 'canon_cid', 'canon_kind', 'canon_sender'],
  ['fold', 'fold_record', 'fold_removed', 'fold_doubled', 'fold_descriptors', 'fold_overflow'],
  ['last call id', 'last_call_id'],
  ['values', 'value_removed', 'value_keys_swapped', 'value_key', 'value_key_unknown', 'value_text', 'value_not_json', 'value_added'],
  ['tetraplets', 'tetraplet_removed', 'tetraplet_keys_swapped', 'tetraplet_key', 'tetraplet_key_unknown', 'tetraplet_peer', 'tetraplet_service', 'tetraplet_function', 'tetraplet_lens'],
  ['canon elements', 'element_removed', 'element_keys_swapped', 'element_key', 'element_key_unknown', 'element_value', 'element_tetraplet', 'element_provenance', 'element_provenance_cid'],
  ['canon results', 'canon_removed', 'canon_keys_swapped', 'canon_key', 'canon_key_unknown', 'canon_tetraplet', 'canon_values'],
  ['service results', 'result_removed', 'result_keys_swapped', 'result_key', 'result_key_unknown', 'result_value', 'result_arguments', 'result_tetraplet'],
  ['signatures', 'signature_removed', 'signature_bit', 'signature_prefix', 'signature_short', 'signature_long', 'signatures_swapped', 'key_bit', 'key_prefix', 'key_short'],
];
/** How much the carrier knows and may do. */
const WAYS = [['as is', {}], ['ids made good', { rehash: true }], ['and signed by dave', { rehash: true, sign: ['dave'] }], ['signed by a stranger', { rehash: true, sign: ['mallory'] }]];

/** All invokes of the original's run. */
async function record(scenarioText, stepsMax) {
  const runs = [];
  await play(scenarioText, (name) => ({
    invoke: (air, prev, data, params, results) => {
      runs.push({ name, air, prev: Buffer.from(prev), data: Buffer.from(data), params, results });
      return original.invoke(air, prev, data, params, results);
    },
  }), original, stepsMax);
  return runs;
}

let bad = 0;
function complain(what, verdict) {
  if (bad++ < 20) console.log(`${what} at ${verdict.difference.path}\n   ours      ${verdict.difference.ours}${verdict.said}\n   original  ${verdict.difference.original}`);
}

/** 8: refused; 0: as if nothing had been changed; 0!: taken for true; 20000*: the original traps, ours gives this. */
function verdictText(codes) {
  return [...codes].sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10) || (a < b ? -1 : 1)).join(' ');
}

async function everyField() {
  const runs = (await record(JSON.stringify(SCENARIO))).filter((r) => r.data.length);
  const last = runs.findLast((r) => r.name === 'alice'); // from dave, who knows nearly all
  const early = runs.find((r) => r.name === 'carol' && r.data.length); // with requests that wait
  const targets = [{ ...last, stored: false }, { ...last, stored: true }, { ...early, stored: false }];
  const honest = [];
  for (const t of targets) honest.push(await judge(t, t.stored ? t.prev : Buffer.alloc(0), t.data));
  let cases = 0;
  const table = [];
  for (const [group, ...changes] of ROWS) for (const change of changes) {
    const cells = [];
    for (const [way, how] of WAYS) {
      const codes = new Set();
      for (const [k, t] of targets.entries()) for (let site = 0; ; site++) {
        const s = await spoil({ data: base64(t.data), change, site, ...how, sign: how.sign?.map(seedOf), particle: t.params.particle_id });
        if (s.end) break;
        if (s.skip) continue;
        cases++;
        const v = await judge(t, t.stored ? t.prev : Buffer.alloc(0), s.data);
        if (v.difference) complain(`${change} ${site}, ${way}${t.stored ? ', with stored data' : ''}`, v);
        if (v.trapped) codes.add(`${v.code}*`);
        else if (v.code !== '0') codes.add(v.code);
        else codes.add(difference({ ...v.outcome, data: traceOf(v) }, { ...honest[k].outcome, data: traceOf(honest[k]) }) ? '0!' : '0');
      }
      cells.push(verdictText(codes));
    }
    table.push([group, change.replaceAll('_', ' '), ...cells]);
  }
  // Not a field: the same bytes in another particle, for another peer, under another script.
  const replay = [];
  for (const [what, change] of [['another particle', { particle_id: 'another' }], ['another initiator', { init_peer_id: peerOf('erin').id }], ['another receiver', { current_peer_id: peerOf('erin').id, secret_key: peerOf('erin').seed }],
    ['another time', { timestamp: 5, ttl: 5 }]]) {
    const v = await judge(last, Buffer.alloc(0), last.data, change);
    if (v.difference) complain(what, v);
    cases++;
    replay.push([what, v.code === '0' ? '0!' : v.code]);
  }
  const other = await judge({ ...last, air: last.air.replace('"obj"', '"abj"') }, Buffer.alloc(0), last.data);
  if (other.difference) complain('another script', other);
  replay.push(['another script', other.code]);
  return { cases, text: render(table, replay) };
}

/** The trace and what it refers to; entries that nothing refers to do not count. */
function traceOf(v) {
  return v.outcome.data && v.outcome.data.data ? { trace: v.outcome.data.data.trace } : v.outcome.data;
}

function render(table, replay) {
  const rows = (list) => list.map((r) => `| ${r.join(' | ')} |`).join('\n');
  return `# What becomes of data that was tampered with

Written and checked by \`tampering.mjs\` (\`--update\`), which hands each changed piece of data to the original and to ours: code, message, peers, requests and data are the same in every
case. Data of one run with every kind of state is decoded, one field is changed (at every place where that can be done), and it is encoded again; for a peer that knows nothing yet, and for one with
stored data. Columns say what the carrier can do: change bytes; make all content ids good again; also sign by the key of a peer that took part (dave) or of one that did not (mallory).

\`8\`, \`9\`, ...: refused with this code. \`0\`: accepted, and the outcome is as if nothing had been changed. \`0!\`: accepted and taken for true: no signature covers it. \`20000*\`: the original traps, ours gives this code.

Signatures cover which results a peer has in the trace, by their content ids, and the particle. They do not cover the order of states, sizes of \`par\` and \`fold\`, generations, who sent a request, results of calls without
output, \`ap\`, the last call id, the initiator, times, or who gets the data: a carrier can change these, and the original believes it. What no longer fits the script is refused with 20000 and its like. Of a peer's results none can be
left out or added (9), but by that peer itself. Where a change and a good signature meet in one cell, \`0\` stands for places where the new signature mends the change or nothing refers to what was changed.

| part | change | ${WAYS.map(([w]) => w).join(' | ')} |
|---|---|${WAYS.map(() => '---|').join('')}
${rows(table)}

The same bytes elsewhere:

| where | code |
|---|---|
${rows(replay)}
`;
}

// ---- at random ----

async function atRandom(count, seed) {
  const codes = new Map();
  let cases = 0;
  let traps = 0;
  for (let n = 0; cases < count; n++) {
    const rnd = random(seed + n);
    let runs;
    // Without spoilt data of the network's own: entries that stored data has are trusted, and ours does not hash them again.
    try { runs = (await record(JSON.stringify({ ...JSON.parse(networkOf(seed + n)), tamper: [] }), 100)).filter((r) => r.data.length); } catch (error) {
      if (error instanceof TooLong || /^the original/.test(error.message)) continue;
      throw error;
    }
    for (let k = 0; k < Math.min(3, runs.length) && cases < count; k++) {
      const r = runs[rnd(runs.length)];
      const names = ['alice', 'bob', 'carol', 'dave', 'erin'];
      let s;
      try { s = await spoil({ data: base64(r.data), seed: seed + n * 8 + k, count: 1 + rnd(3), sign: names.map(seedOf), particle: r.params.particle_id }); } catch (error) { // it was no data
        if (/^spoil:/.test(error.message)) continue;
        throw error;
      }
      const [prev, cur] = [[Buffer.alloc(0), s.data], [r.prev, s.data], [s.data, Buffer.alloc(0)], [s.data, r.data], [r.data, s.data], [s.data, s.data]][rnd(6)];
      const v = await judge(r, prev, cur);
      cases++;
      if (v.trapped) { traps++; codes.set(`trap ${v.trapped}`, (codes.get(`trap ${v.trapped}`) ?? 0) + 1); continue; }
      codes.set(v.code, (codes.get(v.code) ?? 0) + 1);
      if (v.difference) complain(`seed ${seed + n}, ${k}: code ${v.mine.code} and ${v.code}`, v);
    }
  }
  console.log([...codes].sort((a, b) => (a[0] < b[0] ? -1 : 1)).map(([c, k]) => `${c}: ${k}`).join(', '));
  console.log(`seed ${seed}: ${cases} spoilt traces, ${traps} trap the original: ${bad} differ`);
}

// ---- the command ----

const args = process.argv.slice(2);
const option = (name, fallback) => { const i = args.indexOf(name); return i < 0 ? fallback : Number(args[i + 1]); };
if (args.includes('--random')) {
  await atRandom(option('--random', 300), option('--seed', 1));
} else {
  const { cases, text } = await everyField();
  const file = join(here, 'tampering.md');
  if (args.includes('--update')) writeFileSync(file, text);
  else if (readFileSync(file, 'utf8') !== text) {
    bad++;
    const [was, is] = [readFileSync(file, 'utf8').split('\n'), text.split('\n')];
    is.forEach((line, i) => { if (line !== was[i]) console.log(`tampering.md: ${was[i]}\n   now: ${line}`); });
  }
  console.log(`AVM ${VERSION}: ${cases} changed pieces of data, each for both: ${bad} differ`);
}
ours.close();
spoiler.close();
process.exitCode = bad ? 1 : 0;
