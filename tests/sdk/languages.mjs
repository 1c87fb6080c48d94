// languages.mjs: modules that `rivulet module build` makes of C++, C and Rust, called in the original Marine (npm @fluencelabs/marine-js 0.13.0) and in ours:
// the answers are equal. languages.mjs FOLDER: where crates are built. RIVULET: our program, MARINE_DRIVER: tests/conform/marine/driver.c. Run by tests/conform/run.sh.
import { mkdtempSync, rmSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { Original } from '../conform/marine/original.mjs';
import { Ours } from '../conform/marine/ours.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const temp = mkdtempSync(join(tmpdir(), 'riv-languages-'));
const page = (n) => ({ number: n, score: 1.5, size: 12345678901, table: [[1, 2, 3], []], title: 'é', top: { count: 1, text: 't' }, words: [{ count: 4, text: 'w' }, { count: 0, text: '' }] });
const who = { particle: { id: 'p', init_peer_id: 'peer', timestamp: 1700000000000, ttl: 7000, script: '', signature: [1], token: '' } };

// [what, modules as [name, source], the calls of the last one, parameters]
const services = [
  ['C++ with libc++', [['words', 'tests/modules/words.cpp']], [
    ['greeting', ['Ada']], ['greeting', ['Bób']], ['greeting', ['']], ['count', [['a', 'the', 'the']]], ['count', [[]]], ['sorted', [['b', '', 'a']]], ['sorted', [[]]],
    ['steps', [0]], ['steps', [5]], ['turn', [page(7)]], ['turn', [page(255)]], ['total', [[]]], ['total', [[1, 2, 255]]], ['is_empty', ['', []]], ['is_empty', ['x', [{ text: 'a', count: 1 }]]]]],
  ['C++ example', [['search', 'examples/modules/cpp/search.cpp']], [['add', ['1', 'one two two']], ['add', ['2', 'two']], ['find', ['TWO', 10]], ['find', ['two', 1]], ['find', ['none', 1]]]],
  ['C example, two modules', [['store', 'examples/modules/c/store.c'], ['guestbook', 'examples/modules/c/guestbook.c']],
    [['newest', [3]], ['write_entry', ['one']], ['write_entry', ['']], ['newest', [1]], ['newest', [10]]], who],
  ['Rust example', [['table', 'examples/modules/rust']], [['parse', ['a,b\n1,"x, y"\n']], ['parse', ['a,b\n1\n']], ['parse', ['']], ['sum', [{ header: ['n'], rows: [['1.5'], ['x'], ['2']], error: '' }, 'n']]]],
];

function build(name, source) {
  const file = join(temp, name + '.wasm');
  const done = spawnSync(process.env.RIVULET, ['module', 'build', join(root, source), '-o', file], { encoding: 'utf8', env: { ...process.env, CARGO_TARGET_DIR: join(process.argv[2], 'sdk-rust') } });
  if (done.status === 4) return null; // the toolchain is missing
  if (done.status !== 0) throw new Error(done.stderr);
  return file;
}

let failed = 0, equal = 0;
for (const [what, sources, calls, params] of services) {
  const modules = sources.map(([name, source]) => ({ name, file: build(name, source) }));
  if (modules.some((m) => m.file === null)) {
    console.log(`skipped ${what}: its toolchain is not installed`);
    continue;
  }
  const original = new Original(), ours = new Ours();
  const facade = modules.at(-1).name;
  const both = async (f) => [await f(original), await f(ours)];
  const [a, b] = await both((m) => m.start(modules));
  if (!a.ok || !b.ok) throw new Error(`${what} does not start: ${JSON.stringify([a, b])}`);
  for (const [name, args] of calls) {
    const [x, y] = await both((m) => m.call(facade, name, JSON.stringify(args), params));
    if (x.ok && y.ok && isDeepStrictEqual(x.result, y.result)) equal++;
    else failed++, console.log(`DIFFERS ${what}: ${name}(${JSON.stringify(args)})\n  original ${JSON.stringify(x)}\n  ours     ${JSON.stringify(y)}`);
  }
  await ours.close();
}
rmSync(temp, { recursive: true });
console.log(`${equal} equal, ${failed} different`);
process.exit(failed || equal < 20 ? 1 : 0);
