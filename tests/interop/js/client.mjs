// client.mjs: loads what `rivulet aqua compile --js --ts` writes into the published JavaScript client and calls it: services, callbacks,
// options, lists, structs, streams, errors, hops. Peers are the client's own, in this process: no sockets. RIVULET is our command.
// Also: the TypeScript file and the types of the JavaScript module hold for the TypeScript compiler. Run: node client.mjs
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const rivulet = (process.env.RIVULET ?? join(here, '..', '..', '..', 'build', 'rivulet')).split(' ');
const inside = (path) => import(join(here, 'node_modules', '@fluencelabs', 'js-client', 'dist', path));

// Below this folder, so that the modules in it find the packages here.
const made = mkdtempSync(join(here, 'node_modules', '.made-'));
process.on('exit', () => rmSync(made, { recursive: true, force: true }));

execFileSync(rivulet[0], [...rivulet.slice(1), 'aqua', 'compile', join(here, 'calls.aqua'), '-o', made, '--js', '--ts', '--no-color'], { stdio: ['ignore', 'inherit', 'pipe'] });
const aqua = await import(join(made, 'calls.js'));

// ---- types ----

/** What tsc says of a program that uses the module; with `from` './calls.js' the types come from calls.d.ts, else from calls.ts. */
function typeCheck(name, text) {
  writeFileSync(join(made, name), text);
  const run = spawnSync(process.execPath, [join(here, 'node_modules', 'typescript', 'bin', 'tsc'), '--noEmit', '--strict', '--target', 'es2022',
    '--module', 'nodenext', '--skipLibCheck', join(made, name)], { encoding: 'utf8' });
  return run.stdout.trim();
}

const USE = (from) => `
import * as aqua from '${from}';
import { Fluence } from '@fluencelabs/js-client';
const inner: { tags: string[]; note: string | null } = { tags: ['a'], note: null };
const item: aqua.BothArgItem = { name: 'n', price: 1.5, count: 1, inner };
class Shelf implements aqua.StoreDef {
  put(what: aqua.BothArgItem, at: number | null): number { return what.count + (at ?? 0); }
  async get(at: number): Promise<aqua.BothArgItem | null> { return at ? item : null; }
  fail(): number { throw new Error('no'); }
  sizes(one: number, more: number[]): number[] { return [one, ...more]; }
  touch(): void {}
}
aqua.registerStore(new Shelf());
aqua.registerStore('other', new Shelf());
aqua.registerStore(Fluence.getClient(), new Shelf());
aqua.registerStore(Fluence.getClient(), 'other', new Shelf());
aqua.registerPlain('id', { twice: (x, params) => { const who: string = params.initPeerId; return who ? 2 * x : 0; } });
const results: [boolean, number, string] = await aqua.order('z', 1, true);
const one: number | null = await aqua.maybe(null, { ttl: 1000 });
const two: aqua.BothResultType = await aqua.both(Fluence.getClient(), item);
const lists: [number[][], (boolean | null)[]] = await aqua.lists([[1]], [true, null]);
const nothing: void = await aqua.quiet(1);
const text: string = await aqua.called_back(item, (what, n) => what.name + n, () => {});
const unknown: unknown = await aqua.any({ whatever: [1] });
const word: string = await aqua.delete(await aqua.class(async (x) => x));
const script: string = aqua.greet_script;
export { results, one, two, lists, nothing, text, unknown, word, script };
`;
// Each line is wrong by itself, and must be refused.
const MISUSE = ['aqua.greet(1)', 'aqua.order(1, "z", true)', 'aqua.maybe(undefined)', 'aqua.registerPlain({ twice: (x: number) => x })',
  'aqua.registerStore("id", {})', 'aqua.called_back(null)', 'const x: string = await aqua.add(1, 2)', 'aqua.lists([1], [])', 'aqua.quiet(1, 2)'];

function types() {
  writeFileSync(join(made, 'package.json'), '{"type": "module"}');
  assert.equal(typeCheck('calls.ts', execFileSync('cat', [join(made, 'calls.ts')], { encoding: 'utf8' })), '', 'calls.ts by itself');
  // calls.ts goes before calls.d.ts where both stand: the module's own types get another name to be seen.
  execFileSync('cp', [join(made, 'calls.d.ts'), join(made, 'only.d.ts')]);
  execFileSync('cp', [join(made, 'calls.js'), join(made, 'only.js')]);
  for (const from of ['./calls.js', './only.js']) {
    assert.equal(typeCheck('use.mts', USE(from)), '', `a program that uses ${from}`);
    const lines = MISUSE.map((line) => `{ ${line}; }`);
    const said = typeCheck('misuse.mts', [`import * as aqua from '${from}';`, ...lines].join('\n'));
    for (let i = 0; i < lines.length; i++) assert.match(said, new RegExp(`misuse.mts\\(${i + 2},`), `${from}: ${MISUSE[i]} is accepted`);
  }
}

// ---- peers ----

async function network() {
  const [{ EphemeralNetwork, defaultConfig }, { EphemeralNetworkClient }, { DEFAULT_CONFIG }, { KeyPair }, { loadMarineDeps }, { MarineBackgroundRunner }, { Fluence }] =
    await Promise.all(['ephemeral/network.js', 'ephemeral/client.js', 'jsPeer/FluencePeer.js', 'keypair/index.js', 'marine/loader.js', 'marine/worker/index.js', 'index.js'].map(inside));
  const peers = defaultConfig.peers.slice(0, 2);
  const net = new EphemeralNetwork({ peers });
  await net.up();
  const clients = [];
  for (let i = 0; i < 2; i++) {
    const marine = new MarineBackgroundRunner(...await loadMarineDeps('/'));
    const client = new EphemeralNetworkClient(DEFAULT_CONFIG, await KeyPair.randomEd25519(), marine, net, peers[0].peerId);
    await client.start();
    clients.push(client);
  }
  Fluence.defaultClient = clients[0];
  return { relay: peers[0].peerId, other: peers[1].peerId, clients, stop: async () => { for (const c of clients) await c.stop(); await net.down(); } };
}

// ---- calls ----

const ITEM = { name: 'tea', price: 2.5, count: 3, inner: { tags: ['green', 'dry'], note: null } };

const CASES = {
  'a call on one peer': async () => assert.equal(await aqua.greet('Ada'), 'Hello, Ada'),
  'arguments by place, several results': async () => assert.deepEqual(await aqua.order('z', -5, true), [true, -5, 'z']),
  'through the relay': async () => assert.equal(await aqua.add(2, 40), 42),
  'another client, settings': async (net) => assert.equal(await aqua.add(net.clients[1], 2, 3, { ttl: 5000 }), 5),
  'an option with a value': async () => assert.equal(await aqua.maybe(7), 7),
  'an option without': async () => assert.equal(await aqua.maybe(null), null),
  'no result in an option': async () => assert.equal(await aqua.none(), null),
  'lists of lists and of options': async () => assert.deepEqual(await aqua.lists([[1, -2], []], [true, null]), [[[1, -2], []], [true, null]]),
  'a stream comes back as a list': async () => assert.deepEqual(await aqua.stream_out([1, 2, 3]), [2, 3, 4]),
  'a list goes in as a stream': async () => assert.deepEqual(await aqua.stream_in([4, 5]), [4, 5, 9]),
  'structs in and out': async () => assert.deepEqual(await aqua.both(ITEM), [{ ...ITEM, count: 4 }, 'green']),
  'callbacks': async () => {
    const seen = [];
    const answer = await aqua.called_back(ITEM, async (item, n, params) => { seen.push(item, n, params.tetraplets.length); return `${item.name} ${n}`; }, (text) => { seen.push(text); });
    assert.equal(answer, 'tea 7');
    assert.deepEqual(seen, [ITEM, 7, 2, 'tea 7']);
  },
  'a callback in a loop': async () => assert.deepEqual(await aqua.chosen([1, -2, 3, -4], (x) => x > 0), [1, 3]),
  'a service': async () => {
    const calls = [];
    const kept = [];
    aqua.registerStore({
      put(item, at) { calls.push(['put', at]); kept[at] = item; return at; },
      get(at) { calls.push(['get', at]); return kept[at] ?? null; },
      fail(why) { throw new Error(why); },
      sizes: (n, list) => [n, ...list],
      touch() { calls.push(['touch']); },
    });
    assert.deepEqual(await aqua.saved(ITEM), [ITEM, [3, 1, 2]]);
    assert.deepEqual(calls, [['put', 3], ['get', 3]]);
    assert.equal(await aqua.quiet(1), null);
    await new Promise((done) => setTimeout(done, 300)); // a call without results does not wait for its end
    assert.deepEqual(calls.at(-1), ['touch']);
  },
  'a service by its id': async () => {
    aqua.registerPlain('double', { twice: (x) => 2 * x });
    assert.equal(await aqua.explicit('double', -21), -42);
  },
  'an error of a service': async () => assert.rejects(aqua.failing('no more'), (e) => JSON.stringify(e.message ?? e).includes('no more')),
  'a caught error': async () => {
    const [message, code] = await aqua.caught('gone');
    assert.match(message, /gone/);
    assert.equal(code, 10000);
  },
  'a peer behind the relay': async (net) => assert.deepEqual(await aqua.far(net.other), [`at ${net.other}`, 'back home']),
  'any value': async () => assert.deepEqual(await aqua.any({ a: [1, null, 'x'] }), { a: [1, null, 'x'] }),
  'texts that a template literal would change': async () => assert.deepEqual(await aqua.texts(), ['`', '${x}', '$', 'two\nlines', 'end']),
  'words that JavaScript reserves': async () => {
    assert.equal(await aqua.delete('x'), 'x');
    assert.equal(await aqua.class((x) => x + '!'), 'class!');
  },
  'a parallel loop': async () => assert.deepEqual((await aqua.pairs([ITEM, { ...ITEM, name: 'rice' }])).sort(), ['rice', 'tea']),
  'an argument of another type': async () => assert.rejects(aqua.greet(5), /Expected: string; Given: number/),
  'a list for a struct': async () => assert.rejects(aqua.both([]), /Expected: object; Given: array/),
  'a value for a callback': async () => assert.rejects(aqua.chosen([1], 'x'), /Expected: function/),
  'a service that is not whole': async () => assert.throws(() => aqua.registerStore('partial', { touch() {} }), /wasn't provided/),
  'a service without an id': async () => assert.throws(() => aqua.registerPlain({ twice: (x) => x }), /Service ID is not provided/),
};

types();
const net = await network();
let failed = 0;
for (const [name, run] of Object.entries(CASES)) {
  const late = new Promise((_, reject) => setTimeout(() => reject(new Error('no answer within 15 s')), 15000).unref());
  await Promise.race([run(net), late]).catch((e) => { failed++; console.log(`${name}: ${e.stack ?? JSON.stringify(e)}`); });
}
await net.stop();
console.log(`${Object.keys(CASES).length} calls and the types of ${2 + MISUSE.length} programs: ${failed} failed`);
process.exit(failed ? 1 : 0);
