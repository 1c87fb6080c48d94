// run.mjs: our Aqua compiler beside npm @fluencelabs/aqua-api 0.14.6, in one run: time from the start of the process to its end and its
// most memory, both writing AIR files; and the original warm, many times in one process. Nothing asserts on time.
// Usage: run [--only NAME] [--quick]; RIVULET and BUILD name our command and the build, LIMIT the seconds that one run of the original may take.
// What is not measured is told, never guessed.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..', '..');
const build = process.env.BUILD ?? join(root, 'build');
const rivulet = process.env.RIVULET ?? join(build, 'rivulet');
const measure = join(build, 'bench', 'bench_measure');
const packages = join(root, 'tests', 'conform', 'aqua-libs', 'node_modules');
const args = process.argv.slice(2);
const only = args.includes('--only') ? args[args.indexOf('--only') + 1] : '';
const quick = args.includes('--quick');
const LIMIT = Number(process.env.LIMIT ?? (quick ? 20 : 300)); // seconds for one run of the original

// ---- programs ----

const func = (i) => `func f${i}(x: i32, peer: string) -> i32:
  y <- Op.g(x)
  on peer via HOST_PEER_ID:
    z <- Op.g(y)
    if z == ${i}:
      Op.p(1)
  par Op.p(2)
  <- z + ${i}

`;
const service = 'service Op("op"):\n  g(x: i32) -> i32\n  p(x: i32)\n\n';
const many = (n) => Array.from({ length: n }, (_, i) => i);
const exported = (n) => `aqua Bench declares *\n\nexport ${many(n).map((i) => `f${i}`).join(', ')}\n\n${service}${many(n).map(func).join('')}`;
const inlined = (n) => `aqua Bench declares *\n\nexport main\n\n${service}${many(n).map(func).join('')}func main(a: i32, p: string):\n` +
  many(n).map((i) => `  v${i} <- f${i}(a, p)\n  Op.p(v${i})\n`).join('');

const PROGRAMS = [
  { name: 'smallest', text: 'aqua Small\n\nexport f\n\nfunc f(x: u8) -> u8:\n  <- x\n', runs: 20 },
  { name: "aqua-lib's built-ins", runs: 20,
    text: 'aqua Uses\n\nimport "aqua-lib-0.10.2/builtin.aqua"\n\nexport f\n\nfunc f(peer: string) -> string, u64:\n  on peer:\n    t <- Peer.timestamp_sec()\n  s <- Op.concat_strings("a", "b")\n  <- s, t\n' },
  { name: "registry's resources API", registry: true, runs: 20,
    text: 'aqua Uses\n\nimport "registry/resources-api.aqua"\n\nexport createResource, getResource, getResourceId, registerService, unregisterService, resolveResource, executeOnResource\n' },
  ...[100, 1000, 10000].map((n) => ({ name: `${n.toLocaleString('en')} functions, exported`, text: exported(n), runs: n > 1000 ? 3 : 10, theirs: n < 10000 })),
  ...[100, 1000].map((n) => ({ name: `${n.toLocaleString('en')} functions in one`, text: inlined(n), runs: 10, theirs: n < 1000 })),
];

/** The original 0.14.6 refuses the word `module` and an alias that is imported too, both of which the registry has: both get a copy without. */
function registry(folder) {
  cpSync(join(packages, 'registry-0.9.4'), join(folder, 'registry'), { recursive: true });
  const change = (dir) => readdirSync(dir, { withFileTypes: true }).forEach((e) => {
    const path = join(dir, e.name);
    if (e.isDirectory()) change(path);
    else if (e.name.endsWith('.aqua')) writeFileSync(path, readFileSync(path, 'utf8').replace(/^module /m, 'aqua '));
    if (e.name === 'resources-api.aqua') writeFileSync(path, readFileSync(path, 'utf8').replace(/^alias .*\n/gm, ''));
  });
  change(join(folder, 'registry'));
}

// ---- measuring ----

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

function run(runs, limit, command) {
  const out = spawnSync(measure, [String(runs), String(limit), ...command], { encoding: 'utf8', maxBuffer: 1 << 26 });
  if (out.status !== 0) throw new Error(`${measure}: ${out.stderr || out.status}`);
  const r = JSON.parse(out.stdout);
  if (r.killed) return { killed: true };
  if (r.status !== 0) throw new Error(`exit code ${r.status}: ${command.join(' ')}`);
  return { ms: median(r.ms), least: Math.min(...r.ms), cpu: median(r.cpu), mb: r.mb };
}

const show = (v, digits = 1) => (v === undefined ? '' : v.toFixed(v >= 100 ? 0 : digits));

function main() {
  execFileSync('sh', [join(root, 'tests', 'conform', 'run.sh'), 'aqua-libs', '-e', '0'], { stdio: ['ignore', 'ignore', 'inherit'] });
  const folder = mkdtempSync(join(tmpdir(), 'rivulet-bench-'));
  console.log('| program | ours ms (cpu) | MB | original ms (cpu) | MB | ratio | original warm ms |\n|---|---:|---:|---:|---:|---:|---:|');
  try {
    mkdirSync(join(folder, 'out'));
    registry(folder);
    for (const p of PROGRAMS.filter((x) => x.name.includes(only))) {
      const file = join(folder, 'program.aqua');
      writeFileSync(file, p.text);
      const chain = p.registry ? `${folder}/registry/node_modules` : packages;
      const ours = run(quick ? 3 : p.runs, 60, [rivulet, 'aqua', 'compile', file, '-o', join(folder, 'out'), '--air', '-m', chain, '-m', packages]);
      const node = [process.execPath, join(here, 'theirs.mjs'), '--packages', packages];
      if (p.registry) node.push('--more', chain);
      let theirs = {};
      let warm;
      if (p.theirs !== false) {
        theirs = run(quick || p.runs < 20 ? 1 : 3, LIMIT, [...node, file, join(folder, 'out')]);
        const again = spawnSync(node[0], [...node.slice(1), '--warm', p.runs < 20 ? '2' : quick ? '3' : '20', file], { encoding: 'utf8', timeout: LIMIT * 1000 });
        if (again.status === 0) warm = Math.min(...JSON.parse(again.stdout));
      }
      const original = p.theirs === false ? 'not run |' : theirs.killed ? `over ${LIMIT} s |` : `${show(theirs.ms)} (${show(theirs.cpu)}) | ${show(theirs.mb)}`;
      const ratio = theirs.ms ? `${(theirs.ms / ours.ms).toFixed(0)}x` : theirs.killed ? `over ${((LIMIT * 1000) / ours.ms).toFixed(0)}x` : '';
      console.log(`| ${p.name} | ${show(ours.ms)} (${show(ours.cpu)}) | ${show(ours.mb)} | ${original} | ${ratio} | ${show(warm)} |`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

main();
