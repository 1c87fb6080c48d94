// chain.mjs: a chain of ours that a test starts, and proofs for it. No packages: the suites beside it have their own.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
export const rivulet = (process.env.RIVULET ?? join(here, '..', '..', 'build', 'rivulet')).split(' ');
export const words = 'test test test test test test test test test test test junk'; // of the development accounts

// The program's first lines on standard output are its addresses.
export async function startChain(listen, ...flags) {
  const child = spawn(rivulet[0], [...rivulet.slice(1), 'chain', 'start', '--listen', listen, '--log-level', 'error', ...flags], { stdio: ['ignore', 'pipe', 'inherit'] });
  process.on('exit', () => child.kill('SIGKILL'));
  return new Promise((done, fail) => {
    let text = '';
    child.stdout.on('data', (data) => {
      text += data;
      const [url, ws, ...rest] = text.split('\n');
      if (rest.length) done({ child, url, ws });
    });
    child.on('exit', (code) => fail(new Error(`the chain ended with ${code}`)));
  });
}

// RandomX by our own program: proofs [nonce, hash] of a unit under the global nonce.
export function startSearch() {
  const child = spawn(process.env.SEARCH, [], { stdio: ['pipe', 'pipe', 'inherit'] });
  process.on('exit', () => child.kill('SIGKILL'));
  const waiting = [];
  createInterface({ input: child.stdout }).on('line', (line) => waiting.shift()(line.split(' ')));
  return (nonce, unit, difficulty, count) => {
    child.stdin.write(`${nonce} ${unit} ${difficulty} ${count}\n`);
    return Promise.all(Array.from({ length: count }, () => new Promise((done) => waiting.push(done))));
  };
}

// The blocks verify what was given, some seconds each. `capacity` has proofsWaiting().
export async function verified(capacity) {
  for (let i = 0; (await capacity.proofsWaiting())[0]; i++) {
    assert.ok(i < 1000, 'proofs wait for ever');
    await new Promise((done) => setTimeout(done, 100));
  }
}
