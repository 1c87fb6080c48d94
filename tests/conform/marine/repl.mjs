// repl.mjs: published services as their authors configured them: `rivulet repl --json Config.toml`, with the conversations of conversations.mjs.
// Here the clock and chance are real, so answers are held against what must come of them, not against the original (compare.mjs does).
// Not changed: the files of the service. Added to a Config.toml: what the original's node adds to each module (folders), or has elsewhere (programs).
import assert from 'node:assert/strict';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Num } from '../avm/json.mjs';
import * as talk from './conversations.mjs';
import { as_listed } from './interfaces.mjs';
import { Ours } from './ours.mjs';

const here = import.meta.dirname ?? new URL('.', import.meta.url).pathname;
const published = join(here, '..', '..', '..', '.deps', 'oracles', 'marine');
const plain = (v) => (v instanceof Num ? Number(v.form) : Array.isArray(v) ? v.map(plain)
  : v && typeof v === 'object' ? Object.fromEntries(Object.entries(v).map(([k, x]) => [k, plain(x)])) : v);

const tmp = (toml) => `${toml}\n[module.wasi]\nmapped_dirs = { "tmp" = "./tmp" }\n`;
const with_program = (toml) => tmp(toml.replace('/usr/bin/ipfs', './ipfs').replace('mapped_dirs = { "tmp" = "." }', 'mapped_dirs = { "tmp" = "./tmp", "/tmp/vault" = "./tmp/vault" }'));
const SERVICES = [
  ['fluence-spell-distro-0.7.6', 'spell', talk.spell, (toml) => `${toml}\n[module.wasi]\nmapped_dirs = { "storage" = "." }\n`],
  ['fluence-spell-distro-0.7.1', 'spell', talk.spell, tmp],
  ['fluence-spell-distro-0.6.10', 'spell', talk.old_spell],
  ['fluence-spell-distro-0.5.20', 'spell', talk.old_spell],
  ['registry-distro-0.9.4', 'registry', talk.registry, tmp],
  ['registry-distro-0.8.4', 'registry', talk.registry, tmp],
  ['trust-graph-distro-0.4.11', 'trust-graph', talk.trust_graph],
  ['trust-graph-distro-0.4.5', 'trust-graph', talk.trust_graph],
  ['aqua-ipfs-distro-0.6.0', 'ipfs_pure', talk.ipfs, with_program],
  ['aqua-ipfs-distro-0.5.31', 'ipfs_pure', talk.ipfs, with_program],
].filter(([name]) => name.includes(process.argv[2] ?? ''));

let calls = 0;
async function converse([name, facade, conversation, change = (toml) => toml]) {
  assert.ok(existsSync(join(published, name)), `${name} is not there: run tools/setup-oracles (make test does)`);
  const home = realpathSync(mkdtempSync(join(tmpdir(), 'riv-conform-repl-'))), config = join(home, 'Config.toml'), vault = join(home, 'tmp', 'vault');
  let ours;
  try {
    cpSync(join(published, name), home, { recursive: true });
    chmodSync(config, 0o644);
    mkdirSync(vault, { recursive: true });
    writeFileSync(config, change(readFileSync(config, 'utf8')));
    writeFileSync(join(home, 'ipfs'), talk.PROGRAM, { mode: 0o755 });
    ours = new Ours(process.env.RIVULET, ['repl', '--json', config]);
    const started = await ours.expect();
    assert.ok(started.ok, `does not start: ${started.error?.message}`);
    const say = async (f, args, params) => {
      const text = typeof args === 'string' ? args : JSON.stringify(args), answer = await ours.call(facade, f, text, params);
      calls++;
      if (process.env.VERBOSE) console.log(`${name}: ${f} ${text}\n  ${JSON.stringify(answer)}`);
      return answer;
    };
    const call = async (f, args, params) => {
      const { ok, result, error } = await say(f, args, params);
      if (!ok && /UTF-8/.test(error.message)) return undefined; // SQLite gives bytes as text when asked to
      assert.ok(ok, `${f}: ${error?.message}`);
      return plain(result);
    };
    call.fails = async (f, args, kind, params) => {
      const { ok, error } = await say(f, args, params);
      if (kind === 'top bit') assert.ok(ok, error?.message);
      else assert.equal(error?.kind, kind, `${f}: ${error?.message}`);
    };
    const { modules } = (await ours.interface()).result, listed = modules[facade];
    for (const [module, its] of Object.entries(modules)) as_listed(name, module, its);
    call.functions = Object.fromEntries(listed.function_signatures.map((f) => [f.name, f.arguments]));
    call.types = {};
    let seen = 0;
    await conversation(call, {
      vault,
      write: (file, text) => {
        mkdirSync(dirname(join(vault, file)), { recursive: true });
        writeFileSync(join(vault, file), text);
      },
      read: (file) => readFileSync(join(vault, file), 'utf8'),
      log: () => {
        const lines = existsSync(join(home, 'ipfs.log')) ? readFileSync(join(home, 'ipfs.log'), 'utf8').trim().split('\n') : [];
        return lines.slice(seen, (seen = lines.length));
      },
    });
    const stats = plain((await ours.line('stats')).result);
    assert.deepEqual(stats.modules.map((m) => m.name).sort(), Object.keys(modules).sort());
    assert.ok(stats.memory_bytes > 0 && stats.fuel_used > 0);
    await ours.close();
    console.log(`${name}: as it should`);
  } finally {
    ours?.child.kill();
    rmSync(home, { recursive: true, force: true });
  }
}

let failed = 0;
for (const service of SERVICES) {
  try {
    await converse(service);
  } catch (e) {
    failed++;
    console.error(`FAILED ${service[0]}: ${e.message}`);
  }
}
console.log(`${calls} calls through the repl`);
process.exit(failed ? 1 : 0);
