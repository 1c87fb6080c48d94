// compare.mjs: the Aqua libraries that were published to npm, current and older, through our compiler and the original's.
// As published: both accept a file or neither does, but for what older compilers took (`module`), which ours accepts with a warning.
// Brought up to date and with all they hold exported: equal definitions, and scripts that call the same functions of the same services.
// Run: node compare.mjs [--only PART] [--list]; RIVULET is our command. Spec: docs/spec/aqua.md §3, §11.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileFromPath } from '@fluencelabs/aqua-api';

const here = dirname(fileURLToPath(import.meta.url));
const rivulet = (process.env.RIVULET ?? join(here, '..', '..', '..', 'build', 'rivulet')).split(' ');
const args = process.argv.slice(2);
const only = args.includes('--only') ? args[args.indexOf('--only') + 1] : '';
const LIBRARIES = /^(aqua-(lib|ipfs|dht)|registry|spell|trust-graph|installation-spell)-\d/;

// ---- files ----

function aquaFiles(dir) {
  return readdirSync(dir, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1)).flatMap((e) => {
    const path = join(dir, e.name);
    return e.isDirectory() ? aquaFiles(path) : e.name.endsWith('.aqua') ? [path] : [];
  });
}

/** Without those of packages that stood before them already: npm lays one version into several places. */
function withoutCopies(files) {
  const seen = new Map();
  return files.filter((file) => {
    let dir = dirname(file);
    while (!existsSync(join(dir, 'package.json'))) dir = dirname(dir);
    const { name, version } = JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8'));
    if (!seen.has(`${name}@${version}`)) seen.set(`${name}@${version}`, dir);
    return seen.get(`${name}@${version}`) === dir;
  });
}

/** The node_modules of each folder above: what ours finds by itself, told to the original, for each folder that imports. */
function importMap(root, files) {
  const map = {};
  for (const dir of new Set(files.map(dirname))) {
    const chain = [];
    for (let at = dir; at.startsWith(root); at = dirname(at)) if (existsSync(join(at, 'node_modules'))) chain.push(join(at, 'node_modules'));
    map[`${dir}/`] = { '': chain };
  }
  return map;
}

// ---- compiling ----

function compileOurs(file) {
  const run = spawnSync(rivulet[0], [...rivulet.slice(1), 'aqua', 'compile', file, '--json'], { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (run.error) throw run.error;
  if (run.status !== 0 && run.status !== 1) throw new Error(`exit code ${run.status}: ${run.stderr}`);
  return JSON.parse(run.stdout);
}

/** The original's objects carry generated member names, and `tag` stands last in them where we write it first. Its structs and services of
 *  more than four members come in the order of a hash table, which nobody can mean; arguments keep theirs, which matters. */
function plain(v) {
  if (Array.isArray(v)) return v.map(plain);
  if (!v || typeof v !== 'object') return v;
  const o = Object.fromEntries(Object.entries(v).map(([k, x]) => [k.replace(/^L.*__f_/, ''), plain(x)]).filter(([, x]) => x !== undefined));
  const sorted = (fields) => Object.fromEntries(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1)));
  if (o.tag === 'struct') o.fields = sorted(o.fields);
  if (o.functions?.fields) o.functions.fields = sorted(o.functions.fields);
  return Object.fromEntries([...Object.entries(o).filter(([k]) => k === 'tag'), ...Object.entries(o).filter(([k]) => k !== 'tag')]);
}

async function compileTheirs(file, imports) {
  const out = await compileFromPath({ filePath: file, imports, logLevel: 'off' });
  const ok = out.errors.length === 0;
  return {
    accepted: ok, errors: out.errors.map((e) => e.replace(/\x1b\[[0-9;]*m/g, '')),
    functions: Object.fromEntries(Object.entries(ok ? out.functions : {}).map(([k, f]) => [k, { air: f.script, funcDef: plain(f.funcDef) }])),
    services: Object.fromEntries(Object.entries(ok ? out.services : {}).map(([k, s]) => [k, plain(s)])),
  };
}

// ---- as published ----

const texts = (errors) => errors.map((e) => e.text ?? e).join('\n');

async function comparePublished(file, imports) {
  const ours = compileOurs(file);
  const theirs = await compileTheirs(file, imports);
  if (ours.accepted === theirs.accepted) return { accepted: ours.accepted };
  // What older compilers took and the newest does not; ours says so.
  const OLD = /Keyword `module` is deprecated|Missing module header|Type `\w+` was already defined/;
  const old = ours.accepted && theirs.errors.length > 0 && theirs.errors.every((e) => OLD.test(e));
  if (old && ours.warnings.some((w) => ['A0203', 'A0214', 'A0316'].includes(w.code))) return { accepted: true, old: true };
  return { problem: `we ${ours.accepted ? 'accept' : 'refuse'} it\n   ours      ${texts(ours.errors)}\n   original  ${texts(theirs.errors)}` };
}

// ---- brought up to date ----

/** A header for those that have none or an old one, and everything exported that a file declares; nothing else is changed. */
function upToDate(text, name) {
  let lines = text.replace(/\r\n/g, '\n').split('\n');
  const header = lines.findIndex((l) => /^ *(aqua|module)\s/.test(l));
  if (header >= 0) lines[header] = lines[header].replace(/^( *)module/, '$1aqua');
  else lines = [`aqua ${name} declares *`, '', ...lines];
  const body = lines.findIndex((l) => /^(service|data|ability|alias|const|func)\s/.test(l));
  const exported = lines.some((l) => /^export\s/.test(l));
  if (body < 0 || exported) return lines.join('\n') + '\n';
  const names = lines.flatMap((l) => /^(?:service|func)\s+([A-Za-z_0-9]+)/.exec(l)?.[1] ?? []);
  if (names.length) lines.splice(body, 0, `export ${[...new Set(names)].join(', ')}`, '');
  return lines.join('\n') + '\n';
}

function upToDateTree() {
  const root = mkdtempSync(join(tmpdir(), 'rivulet-libs-'));
  const tree = join(root, 'node_modules');
  for (const name of readdirSync(join(here, 'node_modules')))
    if (LIBRARIES.test(name) || name === '@fluencelabs')
      cpSync(join(here, 'node_modules', name), join(tree, name), { recursive: true, filter: (p) => !p.includes('aqua-api') });
  const files = aquaFiles(tree);
  files.forEach((f, i) => writeFileSync(f, upToDate(readFileSync(f, 'utf8'), `Lib${i}`)));
  return { root, files };
}

/** Which functions of which services a script may call; what only moves data or counts is left out: the two fold it differently. */
function called(air) {
  const found = [...air.matchAll(/\(call \S+ \((\S+|"[^"]*") ("[^"]*")\)/g)].map((m) => `${m[1].startsWith('"') ? m[1] : 'variable'} ${m[2]}`);
  return [...new Set(found.filter((c) => !/^"(math|cmp)"|"noop"/.test(c)))].sort();
}

async function compareUpToDate(file, imports) {
  const ours = compileOurs(file);
  const theirs = await compileTheirs(file, imports);
  if (ours.accepted !== theirs.accepted)
    return ours.accepted && theirs.errors.every((e) => /Type `\w+` was already defined/.test(e)) ? { problems: [] }
      : { problems: [`we ${ours.accepted ? 'accept' : 'refuse'} it\n   ours      ${texts(ours.errors)}\n   original  ${texts(theirs.errors)}`] };
  const problems = [];
  const names = (c) => `${Object.keys(c.functions).sort()} | ${Object.keys(c.services).sort()}`;
  if (names(ours) !== names(theirs)) return { problems: [`exports\n   ours      ${names(ours)}\n   original  ${names(theirs)}`] };
  for (const [name, f] of Object.entries(ours.functions)) {
    const [a, b] = [JSON.stringify(f.funcDef), JSON.stringify(theirs.functions[name].funcDef)];
    if (a !== b) problems.push(`definition of ${name}\n   ours      ${a}\n   original  ${b}`);
    const [c, d] = [called(f.air), called(theirs.functions[name].air)];
    if (String(c) !== String(d)) problems.push(`calls of ${name}\n   ours      ${c}\n   original  ${d}`);
  }
  for (const [name, s] of Object.entries(ours.services)) {
    const [a, b] = [JSON.stringify(s), JSON.stringify(theirs.services[name])];
    if (a !== b) problems.push(`definition of ${name}\n   ours      ${a}\n   original  ${b}`);
  }
  return { problems, accepted: ours.accepted, functions: Object.keys(ours.functions).length, services: Object.keys(ours.services).length };
}

// ---- all ----

let bad = 0;
const count = { published: 0, accepted: 0, old: 0, files: 0, compiled: 0, functions: 0, services: 0 };
function told(what, problems) {
  if (args.includes('--list')) console.log(`  ${what}: ${problems.length ? 'differs' : 'same'}`);
  if (problems.length) bad++;
  for (const p of problems) console.log(`${what}: ${p}`);
}

const published = readdirSync(join(here, 'node_modules')).filter((n) => LIBRARIES.test(n)).flatMap((n) => aquaFiles(join(here, 'node_modules', n)));
const map = importMap(here, aquaFiles(join(here, 'node_modules')));
for (const file of withoutCopies(published).filter((f) => f.includes(only))) {
  const r = await comparePublished(file, map).catch((e) => ({ problem: e.stack }));
  told(relative(join(here, 'node_modules'), file), r.problem ? [r.problem] : []);
  count.published++;
  if (r.accepted) count.accepted++;
  if (r.old) count.old++;
}

const tree = upToDateTree();
try {
  const treeMap = importMap(tree.root, tree.files);
  for (const file of withoutCopies(tree.files).filter((f) => f.includes(only))) {
    const r = await compareUpToDate(file, treeMap).catch((e) => ({ problems: [e.stack] }));
    told(`${relative(join(tree.root, 'node_modules'), file)} (brought up to date)`, r.problems);
    count.files++;
    if (r.accepted) count.compiled++;
    count.functions += r.functions ?? 0;
    count.services += r.services ?? 0;
  }
} finally {
  rmSync(tree.root, { recursive: true, force: true });
}

console.log(`${count.published} published files: ${count.accepted} accepted, ${count.old} of them with a warning that they are old; ${count.files} brought up to date: ` +
  `${count.compiled} accepted, ${count.functions} functions and ${count.services} services compared; ${bad} differ`);
const thin = !only && (count.published < 100 || count.accepted < 20 || count.functions < 100 || count.services < 50);
if (thin) console.log('that is fewer than there are: something did not run');
process.exitCode = bad || thin ? 1 : 0;
