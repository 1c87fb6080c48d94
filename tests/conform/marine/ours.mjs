// ours.mjs: talks with our Marine over the lines of `rivulet repl --json` (docs/spec/scenarios.md 5).
// Not here: what is said (conversations.mjs), the original (original.mjs).
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { parse } from '../avm/json.mjs';

/** One running program; a service is made by start(). */
export class Ours {
  constructor(program = process.env.MARINE_DRIVER, args = []) {
    this.waiting = [];
    this.child = spawn(program, args, { stdio: ['pipe', 'pipe', process.env.VERBOSE ? 'inherit' : 'ignore'] });
    this.child.on('exit', (code, signal) => {
      this.ended = `the program ended with ${signal ?? code}`;
      for (const w of this.waiting.splice(0)) w.reject(new Error(this.ended));
    });
    createInterface({ input: this.child.stdout, crlfDelay: Infinity }).on('line', (line) => this.waiting.shift().resolve(line));
  }

  /** The next answer, as a document whose numbers are Num. */
  async expect() {
    if (this.ended) throw new Error(this.ended);
    return parse(await new Promise((resolve, reject) => this.waiting.push({ resolve, reject })));
  }

  /** Sends one line; its answer. */
  line(text) {
    if (!this.ended) this.child.stdin.write(text + '\n');
    return this.expect();
  }

  /** modules: [{ name, file, logger_enabled, envs, mapped_dirs }] */
  start(modules, more = {}) { return this.line(`new ${JSON.stringify({ modules, ...more })}`); }

  /** args is JSON text. */
  call(module, name, args, params) { return this.line(`call ${module} ${name} ${args}${params ? ' ' + JSON.stringify(params) : ''}`); }

  /** The call by tree, by text and by values: one answer, or an error of kind "ways". driver.c alone has it. */
  ways(module, name, args) { return this.line(`ways ${module} ${name} ${args}`); }

  interface() { return this.line('interface'); }

  async close() {
    if (this.ended) return;
    const ended = new Promise((resolve) => this.child.on('exit', resolve));
    this.child.stdin.end();
    await ended;
    if (this.ended !== 'the program ended with 0') throw new Error(this.ended);
  }
}
