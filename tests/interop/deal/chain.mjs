// chain.mjs: a chain of ours that a test starts, and proofs for it. No packages: the suites beside it have their own.
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const rivulet = (process.env.RIVULET ?? join(here, '..', '..', '..', 'build', 'rivulet')).split(' ');

// The program's first lines on standard output are its addresses.
export async function startChain(listen, ...flags) {
  const child = spawn(rivulet[0], [...rivulet.slice(1), 'chain', 'start', '--listen', listen, '--log-level', 'error', ...flags], { stdio: ['ignore', 'pipe', 'inherit'] });
  process.on('exit', () => child.kill('SIGKILL'));
  return new Promise((done, fail) => {
    let text = '';
    child.stdout.on('data', (data) => { text += data; if (text.split('\n').length > 2) done({ child, url: text.split('\n')[0] }); });
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
