// mutate.mjs: programs changed at random by a seed: tokens and lines dropped, doubled, swapped, replaced. Most are wrong; whether one is
// must be judged alike by both compilers. Not here: the judging (compare.mjs).
import { random } from '../avm/generate.mjs';

const TOKEN = /"[^"\n]*"|<<-|<-|->|<=|>=|==|!=|&&|\|\||\*\*|[A-Za-z_][A-Za-z0-9_]*|\d+(?:\.\d+)?|--[^\n]*|[ \t]+|\n|./gu;
const WORDS = ['x', 'a', 'out', 'Op', 'main', 'nil', 'true', 'HOST_PEER_ID', 'INIT_PEER_ID', 'LAST_ERROR', 'PARTICLE_TTL', 'D', 'e', 'length'];
const TYPES = ['u8', 'i32', 'i64', 'u64', 'f64', 'string', 'bool', '[]i32', '?string', '*i32', '[]string', '⊤'];
const LITERALS = ['0', '1', '-1', '"s"', 'true', '1.5', '[]', '[1]', '?[1]', '*[]', 'nil'];
const OPERATORS = ['+', '-', '*', '/', '%', '**', '<', '<=', '>', '>=', '==', '!=', '&&', '||'];
const KEYWORDS = ['if', 'else', 'for', 'on', 'try', 'catch', 'otherwise', 'par', 'co', 'parseq', 'join', 'via', 'func', 'service', 'data', 'const', 'alias', 'ability',
  'export', 'import', 'use', 'as', 'from', 'declares', 'rec'];
const SIGNS = ['(', ')', '[', ']', '{', '}', ':', ',', '.', '=', '<-', '<<-', '->', '!', '?', '*', '%'];

const isWord = (t) => /^[A-Za-z_]/.test(t) && !t.startsWith('--');
const kindOf = (t) => (TYPES.includes(t) ? TYPES : OPERATORS.includes(t) ? OPERATORS : KEYWORDS.includes(t) ? KEYWORDS : /^["\d]/.test(t) ? LITERALS : SIGNS.includes(t) ? SIGNS : null);

/** One change of a token: to its like mostly, so that many mutants get past the parser. */
function changeToken(rnd, tokens) {
  const places = tokens.flatMap((t, i) => (/^\s/.test(t) || t.startsWith('--') ? [] : [i]));
  if (!places.length) return tokens.join('');
  const i = rnd.pick(places), j = rnd.pick(places);
  const names = tokens.filter(isWord);
  switch (rnd(8)) {
    case 0: tokens.splice(i, 1); break;
    case 1: tokens.splice(i, 0, tokens[i]); break;
    case 2: [tokens[i], tokens[j]] = [tokens[j], tokens[i]]; break;
    case 3: tokens[i] = tokens[j]; break;
    case 4: tokens.splice(i, 0, ' ', rnd.pick([...LITERALS, ...OPERATORS, ...WORDS, ...SIGNS]), ' '); break;
    default: tokens[i] = isWord(tokens[i]) && !kindOf(tokens[i]) ? rnd.pick([...names, ...names, ...WORDS]) : rnd.pick(kindOf(tokens[i]) ?? LITERALS);
  }
  return tokens.join('');
}

function changeLine(rnd, text) {
  const lines = text.split('\n');
  const i = rnd(lines.length), j = rnd(lines.length);
  switch (rnd(6)) {
    case 0: lines.splice(i, 1); break;
    case 1: lines.splice(i, 0, lines[i]); break;
    case 2: [lines[i], lines[j]] = [lines[j], lines[i]]; break;
    case 3: lines[i] = `  ${lines[i]}`; break;
    case 4: lines[i] = lines[i].replace(/^ {2}/, ''); break;
    default: lines.splice(j, 0, lines[i]);
  }
  return lines.join('\n');
}

/** Declarations apart from each other, and a line's end after the last: where ours is lenient on purpose (docs/aqua.md). */
function spaced(text) {
  return `${text.replace(/\n+(?=(?:func|service|data|ability|alias|const)\b)/g, '\n\n').replace(/\n*$/, '')}\n`;
}

/** A program made of one of `bases` by one to three changes. */
export function mutations(seed, bases) {
  const rnd = random(seed);
  let text = rnd.pick(bases);
  for (let i = 0; i <= rnd(3); i++) text = rnd(3) ? changeToken(rnd, [...text.matchAll(TOKEN)].map((m) => m[0])) : changeLine(rnd, text);
  return spaced(text);
}
