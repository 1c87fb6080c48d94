// Writes src/air/unicode.c: which characters AIR takes for letters and for digits (Rust's char::is_alphanumeric and is_numeric,
// of the Unicode version that the original was built with: each candidate is shown to the original's parser).
// Usage: (cd tests/conform/avm && npm ci) && node tools/gen-air-unicode.mjs > src/air/unicode.c
import { Original } from '../tests/conform/avm/original.mjs';

const original = new Original();
const accepted = (chars) => !original.ast(
  chars.map((c) => `(seq (ap 1 a${c}a)`).join(' ') + '(null)' + ')'.repeat(chars.length)).error;
const candidates = [];
for (let c = 0x80; c < 0x110000; c++)
  if ((c < 0xd800 || c >= 0xe000) && /^[\p{Alphabetic}\p{Nd}\p{Nl}\p{No}]$/u.test(String.fromCodePoint(c))) candidates.push(String.fromCodePoint(c));
const known = new Set();
for (let i = 0; i < candidates.length; i += 200) {
  const some = candidates.slice(i, i + 200);
  const good = accepted(some) ? some : some.filter((c) => accepted([c]));
  good.forEach((c) => known.add(c));
}

const ranges = (re) => {
  const out = [];
  for (const ch of known) {
    if (!re.test(ch)) continue;
    const c = ch.codePointAt(0);
    const last = out[out.length - 1];
    if (last && last[1] === c - 1) last[1] = c;
    else out.push([c, c]);
  }
  return out;
};
const table = (name, list) => {
  const cells = list.map(([a, b]) => `{ 0x${a.toString(16)}, 0x${b.toString(16)} },`);
  const lines = [];
  for (let i = 0; i < cells.length; i += 5) lines.push('    ' + cells.slice(i, i + 5).join(' '));
  return `static const range ${name}[] = {\n${lines.join('\n')}\n};\n`;
};
process.stdout.write(`/* unicode.c: which characters beyond ASCII are letters, digits or white space in AIR, as Rust's char has them.
 * Tables written by tools/gen-air-unicode.mjs; the original (0.62.0) agrees on every character.
 * Spec: docs/spec/air.md 1.1. Tests: lex_test.c, tests/conform/avm. */
#include "air/internal.h"

typedef struct range {
    uint32_t first, last;
} range;

/* clang-format off */
${table('numeric', ranges(/^[\p{Nd}\p{Nl}\p{No}]$/u))}
${table('alphanumeric', ranges(/^[\p{Alphabetic}\p{Nd}\p{Nl}\p{No}]$/u))}/* clang-format on */

static bool in_table(const range *table, size_t count, uint32_t c)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (c > table[middle].last)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && c >= table[low].first;
}

bool air__is_numeric(uint32_t c)
{
    if (c < 0x80) return c >= '0' && c <= '9';
    return in_table(numeric, RIV_COUNT(numeric), c);
}

bool air__is_alphanumeric(uint32_t c)
{
    if (c < 0x80) return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return in_table(alphanumeric, RIV_COUNT(alphanumeric), c);
}

bool air__is_space(uint32_t c)
{
    if (c < 0x80) return c == ' ' || (c >= 9 && c <= 13);
    return c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 ||
           c == 0x202f || c == 0x205f || c == 0x3000;
}
`);
