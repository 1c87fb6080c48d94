// coverage.mjs: what made-up scenarios reach: instructions and operands in accepted scripts, kinds of states, error codes, ways of delivery.
// A row that stays at 0 says what the generator misses.

const INSTRUCTIONS = ['call', 'canon', 'ap', 'seq', 'par', 'xor', 'match', 'mismatch', 'fold', 'next', 'new', 'fail', 'null', 'never'];
const FEATURES = {
  'fold over scalar': /\(fold \w+[ .]/, 'fold over a lambda': /\(fold [\w#%$]+\.\$/, 'fold over stream': /\(fold \$/, 'fold over map': /\(fold %/, 'fold over canon': /\(fold #[^%]/, 'fold over canon map': /\(fold #%\w+ /,
  'fold over canon map, lambda': /\(fold #%\w+\./, 'fold over []': /\(fold \[\]/, 'last instruction': /\(next \w+\)\) \(/, 'canon into scalar': /\(canon \S+ %\w+ \w/, 'ap with a key': /\(ap \(/,
  'new stream': /\(new \$/, 'new map': /\(new %/, 'new scalar': /\(new \w/, 'new canon': /\(new #[^%]/, 'new canon map': /\(new #%/, 'functor .length': /\.length/, 'lambda by scalar': /\[[a-z]\w*\]/,
  'lambda with !': /!\W/, ':error:': /:error:/, '%last_error%': /%last_error%/, 'fail :error:': /fail :error/, 'fail %last_error%': /fail %last/, 'fail variable': /\(fail [xi]\d/, 'fail canon': /\(fail #/, '%ttl%': /%ttl%/,
  '%timestamp%': /%timestamp%/, 'peer from a variable': /\(call [a-z#]/, 'service or function from a variable': /\(call \S+ \("?\w+"? [a-z]/, 'float': / -?\d+\.\d* ?/,
};
const STATES = ['call.sent_by.PeerId', 'call.sent_by.PeerIdWithCallId', 'call.executed.scalar', 'call.executed.stream', 'call.executed.unused', 'call.failed', 'par', 'fold', 'ap', 'canon.sent_by', 'canon.executed'];
const CODES = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10000, 10001, 10002, 10003, 10004, 10005, 10006, 10007, 10008, 10009, 10010, 10011, 10012, 20000, 20001, 20002, 20003, 20004, 20005, 20006, 20007, 20008, 20009, 20010,
  20011, 20012, 20013, 20014, 20015, 20016, 20017, 20018, 20019, 20020, 30000, 30001];
const DELIVERY = ['order', 'duplicate', 'results', 'forget', 'air_of', 'tamper', 'param_overrides', 'extra_results'];

export class Coverage {
  constructor() { this.rows = new Map(); this.scenarios = 0; this.accepted = 0; this.steps = 0; }

  #hit(group, name) {
    const key = `${group}\t${name}`;
    this.rows.set(key, (this.rows.get(key) ?? 0) + 1);
  }

  add(text, document, original) {
    this.scenarios++;
    const s = JSON.parse(text);
    if (!document) return this.#hit('networks', 'too long');
    if (document.steps.every((x) => x.ret_code.form === '1')) return this.#hit('networks', 'script refused');
    this.accepted++;
    this.steps += document.steps.length;
    for (const i of INSTRUCTIONS) if (s.air.includes(`(${i} `) || s.air.includes(`(${i})`)) this.#hit('instruction', i);
    for (const [name, pattern] of Object.entries(FEATURES)) if (pattern.test(s.air)) this.#hit('feature', name);
    for (const key of DELIVERY) if (key in s) this.#hit('networks', key === 'order' ? `order ${s.order}` : key);
    this.#hit('networks', `${Object.keys(document.peers).length} peers`);
    const codes = new Set(document.steps.map((x) => x.ret_code.form));
    for (const c of codes) this.#hit('code at the top', Number(c));
    const seen = new Set();
    const args = (v) => {
      if (Array.isArray(v)) v.forEach(args);
      else if (v instanceof Map) {
        if (v.get('error_code')?.form && v.has('instruction')) seen.add(v.get('error_code').form);
        [...v.values()].forEach(args);
      }
    };
    for (const list of Object.values(document.calls)) for (const c of list) args(c.args);
    for (const c of seen) this.#hit('code seen by a script', Number(c));
    const states = new Set();
    for (const f of Object.values(document.final)) for (const state of f.decoded?.data.trace ?? []) {
      let [name, v] = Object.entries(state)[0];
      for (; name !== 'par' && name !== 'fold' && name !== 'ap'; ) {
        const kids = v && typeof v === 'object' && !Array.isArray(v) ? Object.entries(v) : [];
        if (kids.length !== 1 || !/^(sent_by|executed|failed|scalar|stream|unused|PeerId|PeerIdWithCallId)$/.test(kids[0][0])) break;
        name += `.${kids[0][0]}`;
        v = kids[0][1];
        if (name === 'canon.sent_by' || name === 'canon.executed') break;
      }
      states.add(name);
    }
    for (const name of states) this.#hit('state', name);
    return undefined;
  }

  table() {
    const lines = [`${this.scenarios} scenarios, ${this.accepted} with an accepted script, ${this.steps} steps; in how many of them:`];
    const group = (name, rows) => lines.push(`${name}: ${rows.map((r) => `${r} ${this.rows.get(`${name}\t${r}`) ?? 0}`).join(', ')}`);
    group('instruction', INSTRUCTIONS);
    group('feature', Object.keys(FEATURES));
    group('state', STATES);
    group('code at the top', CODES);
    group('code seen by a script', CODES.filter((c) => c >= 10000 && c < 20000));
    group('networks', [...new Set([...this.rows.keys()].filter((k) => k.startsWith('networks\t')).map((k) => k.split('\t')[1]))].sort());
    return lines.join('\n');
  }
}
