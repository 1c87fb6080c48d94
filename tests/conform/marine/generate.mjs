// generate.mjs: random interfaces and values. Each seed makes a module in C (sdk/c) whose functions give back what they get, and a facade that passes
// everything on to it; built by `rivulet module build`, called through ours (by tree, by text, by
// values) and the original: equal values must come back, and arguments
// that were spoiled must be refused by both in the same words (ours end where a fault is full), or taken by both with the same result.
// generate.mjs [--count N] [--seed S] [--calls N]: a failure prints its seed; VERBOSE=1 prints every call.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Num } from '../avm/json.mjs';
import { Original } from './original.mjs';
import { Ours } from './ours.mjs';

const option = (name, otherwise) => Number(process.argv[process.argv.indexOf(`--${name}`) + 1 || -1] ?? otherwise) || otherwise;

/* ---- chance ---- */

class Chance {
  constructor(seed) { this.state = BigInt(seed) * 0x9e3779b97f4a7c15n & 0xffffffffffffffffn; }
  next() { // splitmix64
    this.state = (this.state + 0x9e3779b97f4a7c15n) & 0xffffffffffffffffn;
    let z = this.state;
    z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & 0xffffffffffffffffn;
    z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & 0xffffffffffffffffn;
    return z ^ (z >> 31n);
  }
  below(n) { return Number(this.next() % BigInt(n)); }
  one(list) { return list[this.below(list.length)]; }
  chance(n) { return this.below(n) === 0; }
}

/* ---- types: { word }, { record }, { array }, { array2 } ---- */

const INTEGERS = { u8: [8n, false], u16: [16n, false], u32: [32n, false], u64: [64n, false], i8: [8n, true], i16: [16n, true], i32: [32n, true], i64: [64n, true] };
const WORDS = [...Object.keys(INTEGERS), 'bool', 'f32', 'f64', 'string', 'bytes'];

function draw_type(c, records, depth = 0) {
  const kind = c.below(10);
  const leaf = () => (records.length && c.chance(3) ? { record: c.one(records) } : { word: c.one(WORDS) });
  if (kind < 6 || depth > 2) return leaf();
  return kind < 9 ? { array: leaf() } : { array2: leaf() };
}
const bare = (t) => t.word ?? t.record.name;
const written = (t) => (t.word ? t.word : t.record ? `record(${t.record.name})` : t.array ? `array(${bare(t.array)})` : `array2(${bare(t.array2)})`);

function draw_records(c) {
  const records = [];
  for (let i = c.below(6); i > 0; i--) {
    const fields = [];
    for (let k = 1 + c.below(8); k > 0; k--) fields.push([`f${fields.length}${c.chance(4) ? '_x' : ''}`, draw_type(c, records)]);
    records.push({ name: `R${records.length}`, fields });
  }
  return records;
}

/** Every function gives back one of its arguments, or a record made of all of them, or its first field. */
function draw_functions(c, records) {
  const functions = [];
  for (let i = 0; i < 12; i++) {
    const args = [];
    for (let k = c.below(5); k >= 0; k--) args.push([`a${args.length}`, draw_type(c, records)]);
    functions.push({ name: `give_${i}`, args, gives: c.below(args.length) });
  }
  for (const record of records) functions.push({ name: `make_${record.name}`, args: record.fields, makes: record });
  return functions;
}
const result_of = (f) => (f.makes ? { record: f.makes } : f.args[f.gives][1]);

/* ---- the two modules ---- */

const list = (fields) => fields.map(([name, t]) => `${written(t)} ${name}`).join(', ');
const declared = (records) => records.map((r) => `MARINE_RECORD(${r.name}, (${list(r.fields)}))\n`).join('');

function inner_source(records, functions) {
  const body = (f) => (f.makes
    ? `    ${f.makes.name} *made = marine_new(${f.makes.name});\n${f.args.map(([n, t]) => (t.record
      ? `    made->${n} = marine_new(${t.record.name});\n    *made->${n} = ${n};\n` : `    made->${n} = ${n};\n`)).join('')}    return *made;\n`
    : `${f.args.map(([n], i) => (i === f.gives ? '' : `    (void)${n};\n`)).join('')}    return ${f.args[f.gives][0]};\n`);
  return `#include "marine.h"\n\n${declared(records)}\n${functions.map((f) => `MARINE_EXPORT(${written(result_of(f))}, ${f.name}, (${list(f.args)}))\n{\n${body(f)}}\n`).join('\n')}`;
}

function facade_source(records, functions) {
  return `#include "marine.h"\n\n${declared(records)}\n${functions.map((f) => `MARINE_IMPORT("inner", ${written(result_of(f))}, ${f.name}, (${list(f.args)}));
MARINE_EXPORT(${written(result_of(f))}, via_${f.name}, (${list(f.args)}))\n{\n    return ${f.name}(${f.args.map(([n]) => n).join(', ')});\n}\n`).join('\n')}`;
}

/* ---- values: as JSON text trees (numbers are Num), what must come back, and whether the original has a say ---- */

const EDGES = (bits, signed) => [0n, 1n, 2n, 127n, 128n, 255n, (1n << (bits - 1n)) - 1n, ...(signed ? [-1n, -(1n << (bits - 1n))] : [(1n << (bits - 1n)), (1n << bits) - 1n])]
  .filter((v) => v < 1n << (signed ? bits - 1n : bits));
const CHARACTERS = ['a', 'Z', '0', ' ', '"', '\\', '/', '\n', '\t', '\u0000', '\u001f', '\u007f', 'é', 'ß', '\u2028', '\ufeff', '漢', '\u{1f600}', '\u{10ffff}'];
const FLOATS = ['0.0', '-0.0', '0.5', '1.5', '-2.25', '0.1', '1e10', '3.4028234663852886e38', '1.401298464324817e-45', '1e-30', '123456.789', '16777217', '7', '-3'];

function draw_value(c, t, depth = 0) {
  const count = depth > 3 ? 0 : c.chance(4) ? 0 : c.below(5);
  if (t.record) return Object.fromEntries(t.record.fields.map(([name, field]) => [name, draw_value(c, field, depth + 1)]));
  if (t.array) return Array.from({ length: count }, () => draw_value(c, t.array, depth + 1));
  if (t.array2) return Array.from({ length: count }, () => draw_value(c, { array: t.array2 }, depth + 1));
  if (t.word === 'bool') return c.chance(2);
  if (t.word === 'string') return Array.from({ length: c.chance(20) ? 3000 : c.below(12) }, () => c.one(CHARACTERS)).join('');
  if (t.word === 'bytes') return Array.from({ length: c.chance(20) ? 3000 : c.below(12) }, () => new Num(String(c.below(256))));
  if (t.word === 'f32' || t.word === 'f64') {
    if (c.chance(2)) return new Num(c.one(FLOATS));
    const v = new DataView(new ArrayBuffer(8));
    v.setBigUint64(0, c.next());
    const x = t.word === 'f32' ? v.getFloat32(0) : v.getFloat64(0);
    return new Num(Number.isFinite(x) ? (Number.isInteger(x) && Math.abs(x) < 1e15 ? `${x}.0` : String(x)) : '0.25');
  }
  const [bits, signed] = INTEGERS[t.word];
  const any = signed ? BigInt.asIntN(Number(bits), c.next()) : BigInt.asUintN(Number(bits), c.next());
  return new Num(String(c.chance(2) ? c.one(EDGES(bits, signed)) : any));
}

const text_of = (v) => (v instanceof Num ? v.form : Array.isArray(v) ? `[${v.map(text_of).join(',')}]`
  : v && typeof v === 'object' ? `{${Object.entries(v).map(([k, x]) => `${JSON.stringify(k)}:${text_of(x)}`).join(',')}}` : JSON.stringify(v));

/** One form for equal values of a type: floats as numbers, f32 rounded. */
function form_of(t, v) {
  if (t.record) return `{${t.record.fields.map(([name, field]) => `${name}:${form_of(field, v[name])}`).join()}}`;
  if (t.array) return `[${v.map((x) => form_of(t.array, x)).join()}]`;
  if (t.array2) return `[${v.map((x) => form_of({ array: t.array2 }, x)).join()}]`;
  if (t.word === 'f32') return `f${Object.is(Math.fround(Number(v.form)), -0) ? '-0' : Math.fround(Number(v.form))}`;
  if (t.word === 'f64') return `f${Object.is(Number(v.form), -0) ? '-0' : Number(v.form)}`;
  return text_of(v);
}

/** Whether the original's result is this one. Its reader of JSON may be off by the last digits of a float; ours is exact. */
const near = (a, b) => a === b || (a[0] === 'f' && b[0] === 'f' && Math.abs(Number(a.slice(1)) - Number(b.slice(1))) <= 1e-6 * Math.abs(Number(a.slice(1))) + 1e-44);
const same = (t, a, b) => (t.record ? t.record.fields.every(([name, field]) => same(field, a[name], b[name]))
  : t.array || t.array2 ? a.length === b.length && a.every((x, i) => same(t.array ?? { array: t.array2 }, x, b[i])) : near(form_of(t, a), form_of(t, b)));

/** The original refuses unsigned numbers with the top bit set where they stand alone. docs/spec/marine.md 4.6 */
const top_bit = (t, v) => (t.word === 'u32' && BigInt(v.form) >= 1n << 31n) || (t.word === 'u64' && BigInt(v.form) >= 1n << 63n);

/* ---- spoiling: one change somewhere in the arguments ---- */

const STRANGE = [null, true, 'text', '', new Num('7'), new Num('-1'), new Num('256'), new Num('-129'), new Num('65536'), new Num('4294967296'), new Num('18446744073709551615'),
  new Num('18446744073709551616'), new Num('-9223372036854775809'), new Num('1.0'), new Num('1e400'), new Num('0.5'), [], [new Num('1')], [[new Num('1')]], {}, { a0: new Num('1') }];

function spoil(c, v) {
  if (Array.isArray(v) && v.length && !c.chance(4)) {
    const copy = [...v], at = c.below(v.length);
    switch (c.below(5)) {
      case 0: copy.splice(at, 1); return copy;
      case 1: copy.splice(at, 0, v[at]); return copy;
      default: copy[at] = spoil(c, v[at]); return copy;
    }
  }
  if (v && typeof v === 'object' && !Array.isArray(v) && !(v instanceof Num) && !c.chance(4)) {
    const entries = Object.entries(v), at = c.below(entries.length);
    switch (c.below(6)) {
      case 0: entries.splice(at, 1); break;
      case 1: entries.push(['more', true]); break;
      case 2: entries[at] = [`${entries[at][0]}x`, entries[at][1]]; break;
      case 3: return entries.map(([, x]) => x); // a record by the places of its fields: good, unless they stand in another order
      default: entries[at] = [entries[at][0], spoil(c, entries[at][1])];
    }
    return Object.fromEntries(entries);
  }
  return c.chance(5) ? [v] : c.one(STRANGE);
}

/* ---- one seed ---- */

let calls = 0, typed = 0, spoiled = 0, taken = 0;
const build = (folder, name, source) => {
  writeFileSync(join(folder, `${name}.c`), source);
  execFileSync(process.env.RIVULET, ['module', 'build', join(folder, `${name}.c`), '-o', join(folder, `${name}.wasm`)], { stdio: ['ignore', 'ignore', 'pipe'] });
  return { name, file: join(folder, `${name}.wasm`), logger_enabled: true };
};

async function check(seed, ours, original, folder) {
  const c = new Chance(seed), records = draw_records(c), functions = draw_functions(c, records);
  const modules = [build(folder, 'inner', inner_source(records, functions)), build(folder, 'facade', facade_source(records, functions))];
  for (const side of [ours, original]) {
    const started = await side.start(modules);
    assert.ok(started.ok, `does not start: ${started.error?.message}`);
  }
  for (let i = 0; i < option('calls', 60); i++) {
    const f = c.one(functions), values = f.args.map(([, t]) => draw_value(c, t));
    const expected = f.makes ? Object.fromEntries(f.args.map(([name], k) => [name, values[k]])) : values[f.gives];
    const by_name = c.chance(3) ? Object.fromEntries(f.args.map(([name], k) => [name, values[k]])) : values;
    const alone = f.args.some(([, t], k) => top_bit(t, values[k]));
    for (const [module, name] of [['inner', f.name], ['facade', `via_${f.name}`]]) {
      const what = `${name} ${text_of(by_name)}`;
      const mine = await ours.ways(module, name, text_of(by_name)), theirs = await original.call(module, name, text_of(by_name));
      calls++;
      if (mine.ways?.form === '3') typed++;
      if (process.env.VERBOSE) console.log(`${what}\n  ${text_of(mine)}\n  ${text_of(theirs)}`);
      assert.ok(mine.ok, `${what}: ${mine.error?.message}`);
      assert.equal(form_of(result_of(f), mine.result), form_of(result_of(f), expected), what);
      if (alone) assert.match(theirs.error?.message ?? 'taken', /failed to cast/, `${what}: the original`);
      else {
        assert.ok(theirs.ok, `${what}: the original: ${theirs.error?.message}`);
        assert.ok(same(result_of(f), mine.result, theirs.result), `${what}: the original gives ${text_of(theirs.result)}`);
      }
    }
    for (let k = 0; k < 3; k++) {
      const text = text_of(spoil(c, by_name)), what = `spoiled: ${f.name} ${text}`;
      if (/1e400/.test(text)) continue; // no document
      const mine = await ours.ways('inner', f.name, text), theirs = await original.call('inner', f.name, text);
      spoiled++;
      if (process.env.VERBOSE) console.log(`${what}\n  ${text_of(mine)}\n  ${text_of(theirs)}`);
      if (!theirs.ok && /failed to cast/.test(theirs.error.message)) continue; // the top bit again
      assert.equal(mine.ok, theirs.ok, `${what}\n  ours      ${text_of(mine)}\n  original  ${text_of(theirs)}`);
      if (mine.ok) {
        taken++;
        assert.ok(same(result_of(f), mine.result, theirs.result), `${what}\n  ours      ${text_of(mine)}\n  original  ${text_of(theirs)}`);
      } else {
        assert.equal(mine.error.kind, 'arguments', `${what}: ${mine.error.message}`);
        assert.ok(mine.error.message.length > 40 && theirs.error.message.startsWith(mine.error.message), `${what}\n  ours      ${mine.error.message}\n  original  ${theirs.error.message}`);
      }
    }
  }
}

const folder = mkdtempSync(join(tmpdir(), 'riv-conform-generate-')), ours = new Ours();
let failed = 0;
for (let seed = option('seed', 1), end = seed + option('count', 24); seed < end; seed++) {
  try {
    await check(seed, ours, new Original(), folder);
  } catch (e) {
    failed++;
    console.error(`FAILED seed ${seed}: ${e.stderr ?? ''}${e.message.slice(0, 3000)}`);
    if (ours.ended) break;
  }
}
rmSync(folder, { recursive: true, force: true });
if (!ours.ended) await ours.close();
console.log(`${calls} calls gave back what they got (${typed} also by values), ${spoiled} with spoiled arguments (${taken} of them taken by both)`);
process.exit(failed ? 1 : 0);
