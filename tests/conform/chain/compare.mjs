// Random lives of a market, step by step, on our chain (rules g0) and on the original's contracts in an EVM (ganache): results, reverts, events and views must be the same.
// compare.mjs [--seed N] [--lives N] [--steps N] [--counts]: seeds N, N+1, ...; --counts tells what was done how often.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { readFileSync } from 'node:fs';
import ganache from 'ganache';
import { ethers } from 'ethers';

const option = (name, otherwise) => { const at = process.argv.indexOf(name); return at < 0 ? otherwise : Number(process.argv[at + 1]); };
const FACTORIES = new URL('node_modules/@fluencelabs/deal-ts-clients/dist/typechain-types/factories/', import.meta.url);
const MNEMONIC = 'test test test test test test test test test test test junk';
const GAS = '0x1c9c380', DAY = 86400;

// The clients' package exports neither ABI nor code of all contracts: they are read out of its files.
function contract(name) {
  const text = readFileSync(new URL(`${name}__factory.js`, FACTORIES), 'utf8');
  const abi = (0, eval)(text.match(/const _abi = (\[[\s\S]*?\n\]);/)[1]);
  return { abi, code: text.match(/const _bytecode = "(0x[0-9a-f]*)"/)?.[1], i: new ethers.Interface(abi) };
}
const I = Object.fromEntries(['Core', 'Market', 'Capacity', 'DealFactory', 'Deal', 'TestERC20', 'ERC1967Proxy', 'RandomXProxyMock'].map(n => [n, contract(n)]));
const h = x => ethers.id(x);

const STEPS = option('--steps', 150), LIVES = option('--lives', 1), FIRST = option('--seed', 1);
let total = { steps: 0, reverted: 0, views: 0, bad: 0 };
const seen = new Map();
for (let seed = FIRST; seed < FIRST + LIVES; seed++) await life(BigInt(seed));
console.log(`${LIVES} lives: ${total.steps} transactions (${total.reverted} reverted), ${total.views} views, ${total.bad} differences`);
if (process.argv.includes('--counts')) console.log([...seen].sort().map(([k, n]) => `  ${n} ${k}`).join('\n'));
process.exit(total.bad ? 1 : 0);

async function life(seed) {
let s = seed * 6364136223846793005n + 1442695040888963407n & (1n << 64n) - 1n;
const rnd = n => { s = (s * 6364136223846793005n + 1442695040888963407n) & ((1n << 64n) - 1n); return Number((s >> 33n) % BigInt(n)); };
const pick = a => a.length ? a[rnd(a.length)] : undefined;
// two sides
function ours() { const p = spawn(process.env.CHAIN_LINE, [], { stdio: ['pipe', 'pipe', 'inherit'] }); const q = []; createInterface({ input: p.stdout }).on('line', l => q.shift()(l)); let id = 0;
  return { name: 'ours', req: (method, params) => new Promise((ok, no) => { q.push(l => { const r = JSON.parse(l); r.error ? no(Object.assign(new Error(r.error.message), r.error)) : ok(r.result); }); p.stdin.write(JSON.stringify({ jsonrpc: '2.0', id: ++id, method, params }) + '\n'); }), end: () => p.kill() }; }
function theirs() { const g = ganache.provider({ wallet: { mnemonic: MNEMONIC, totalAccounts: 10 }, chain: { allowUnlimitedContractSize: true, chainId: 31337, hardfork: 'shanghai' }, miner: { blockGasLimit: GAS }, logging: { quiet: true } });
  return { name: 'theirs', req: (method, params) => g.request({ method, params }), end: () => g.disconnect?.() }; }
const A = ours(), B = theirs(); const sides = [A, B];
const acc = (await B.req('eth_accounts', [])).map(a => a.toLowerCase());
for (const x of sides) { x.label = new Map(); x.at = {}; acc.forEach((a, i) => x.label.set(a.slice(2), `acc${i}`)); }
const errData = e => { let d = e.data; while (d && typeof d === 'object') d = d.data ?? d.result ?? d.raw; return typeof d === 'string' && d.startsWith('0x') ? d : '0x'; };
async function send(x, from, to, data, value = '0x0') {
  const tx = { from, to, data, value, gas: GAS }; if (!to) delete tx.to;
  let revert = null, ret = null;
  try { ret = await x.req('eth_call', [tx, 'latest']); } catch (e) { revert = errData(e); if (revert === '0x' && !/revert/i.test(e.message)) revert = 'ERR ' + e.message; }
  if (revert !== null) return { revert };
  const hash = await x.req('eth_sendTransaction', [tx]); const r = await x.req('eth_getTransactionReceipt', [hash]);
  return { ret, receipt: r, status: r.status };
}
// deploy theirs
{ const x = B, own = acc[0];
  const deploy = async (n, ...args) => { const r = await send(x, own, null, I[n].code + I[n].i.encodeDeploy(args).slice(2)); if (r.revert) throw new Error(n + r.revert); return r.receipt.contractAddress.toLowerCase(); };
  const proxy = (impl, data) => deploy('ERC1967Proxy', impl, data);
  const usd = await deploy('TestERC20', 'USD Token', 'USD', 6);
  for (const a of acc.slice(1)) await send(x, own, usd, I.TestERC20.i.encodeFunctionData('transfer', [a, 10n ** 24n]));
  const diff = '0x00000000' + 'f'.repeat(56); const rx = await deploy('RandomXProxyMock', diff);
  const coreImpl = await deploy('Core'), dealImpl = await deploy('Deal');
  const init = I.Core.abi.find(f => f.name === 'initialize').inputs.map(i => i.name + ':' + i.type);
  const v = { epochDuration_: 86400, minDepositedEpochs_: 2, minRematchingEpochs_: 2, minProtocolVersion_: 1, maxProtocolVersion_: 1, dealImpl_: dealImpl, isWhitelistEnabled_: false, fltPrice_: 10n**7n, usdCollateralPerUnit_: 10n**6n, usdTargetRevenuePerEpoch_: 3n*10n**6n, minDuration_: 10, minRewardPerEpoch_: 10n**20n, maxRewardPerEpoch_: 2n*10n**20n, vestingPeriodDuration_: 3, vestingPeriodCount_: 6, slashingRate_: 10n**5n, minProofsPerEpoch_: 2, maxProofsPerEpoch_: 5, withdrawEpochsAfterFailed_: 2, maxFailedRatio_: 10, difficulty_: diff, initRewardPool_: 10n**19n, randomXProxy_: rx };
  const core = await proxy(coreImpl, I.Core.i.encodeFunctionData('initialize', init.map(n => v[n.split(':')[0]])));
  const market = await proxy(await deploy('Market', core), I.Market.i.encodeFunctionData('initialize', []));
  const capacity = await proxy(await deploy('Capacity', core), I.Capacity.i.encodeFunctionData('initialize', [h('init_global_nonce')]));
  const factory = await proxy(await deploy('DealFactory', core), I.DealFactory.i.encodeFunctionData('initialize', []));
  await send(x, own, capacity, '0x', '0x' + (10n**21n).toString(16));
  const r = await send(x, own, core, I.Core.i.encodeFunctionData('initializeModules', [capacity, market, factory])); if (r.revert) throw new Error('modules ' + r.revert);
  x.at = { USD: usd, Core: core, Market: market, Capacity: capacity, DealFactory: factory };
}
A.at = { USD: '0x5fbdb2315678afecb367f032d93f642f64180aa3', Core: '0x0b306bf915c4d645ff596e518faf3f9669b97016', Market: '0x3aa5ebb10dc797cac828524e59a333d0a371443c', Capacity: '0xc6e7df5e7b4f2a278906862b61205850344d4e7d', DealFactory: '0x59b670e9fa9d0a427751af201d676719a970857b' };
for (const x of sides) for (const [k, v] of Object.entries(x.at)) x.label.set(v.slice(2), k);
const kindOf = c => c.startsWith('deal') ? 'Deal' : c === 'USD' ? 'TestERC20' : c;
const text = (x, v) => { let t = JSON.stringify(v, (k, y) => typeof y === 'bigint' ? y.toString() : y).toLowerCase(); for (const [k, l] of x.label) t = t.replaceAll(k, l); return t; };
const plain = r => r && typeof r === 'object' && typeof r.toArray === 'function' ? r.toArray().map(plain) : r;
const revertText = d => { if (d === '0x') return 'reverted'; for (const n of ['Core','Market','Capacity','Deal']) { try { const e = I[n].i.parseError(d); if (e) return e.name + '(' + plain(e.args).map(String).join(',') + ')'; } catch {} } return d; };
// args may hold functions of a side
const inst = (x, a) => Array.isArray(a) ? a.map(y => inst(x, y)) : typeof a === 'function' ? a(x) : a;
let bad = 0, done = 0, reverted = 0; async function act(who, c, fn, args, value = 0n, after) {
  const out = [], raw = [];
  for (const x of sides) { const i = I[kindOf(c)].i; let data; data = i.encodeFunctionData(fn, inst(x, args));
    const r = await send(x, acc[who], x.at[c], data, '0x' + value.toString(16)); raw.push(r);
    if (r.revert != null) { out.push('REVERT ' + text(x, revertText(r.revert))); continue; }
    if (after && r.status === '0x1') { const parsed = r.receipt.logs.map(l => { for (const n of ['Market','Capacity','DealFactory']) { if (x.at[n] === l.address.toLowerCase()) return I[n].i.parseLog(l); } }).filter(Boolean); after(x, i.decodeFunctionResult(fn, r.ret), parsed); }
    if (r.status !== '0x1') out.push('STATUS ' + r.status);
    else { const ev = []; for (const l of r.receipt.logs) { const lab = x.label.get(l.address.toLowerCase().slice(2)) ?? l.address; if (lab === 'USD') continue; let p; try { p = I[kindOf(lab)].i.parseLog(l); } catch {} if (p?.name === 'ComputeUnitMatched') { ev.push('matched ' + text(x, plain(p.args).filter((_, k) => k !== 3))); continue; } ev.push(lab + '.' + (p ? p.name + text(x, plain(p.args)) : JSON.stringify(l.topics))); }
      out.push([/register|createC/.test(fn) ? '' : text(x, plain(i.decodeFunctionResult(fn, r.ret))), ...ev].join('\n   ')); } }
  done++; const k = fn + (out[0].startsWith('REVERT') ? ' ' + out[0].slice(7) : ' ok'); seen.set(k, (seen.get(k) ?? 0) + 1); if (out[0].startsWith('REVERT')) reverted++;
  if (out[0] !== out[1]) { bad++; console.log(`DIFF step ${done} acc${who} ${c}.${fn}(${text(B, inst(B, args))})\n ours:   ${out[0]}\n theirs: ${out[1]}`); }
  return out[0] === out[1] && !out[0].startsWith('REVERT');
}
async function view(c, fn, args) { const out = [];
  for (const x of sides) { const i = I[kindOf(c)].i; try { const r = await x.req('eth_call', [{ from: acc[9], to: x.at[c], data: i.encodeFunctionData(fn, inst(x, args)), gas: GAS }, 'latest']); out.push(text(x, plain(i.decodeFunctionResult(fn, r)))); } catch (e) { out.push('REVERT ' + revertText(errData(e))); } }
  views++; if (out[0] !== out[1]) { bad++; console.log(`DIFF view after step ${done} ${c}.${fn}(${text(B, inst(B, args))})\n ours:   ${out[0]}\n theirs: ${out[1]}`); } return out[0]; }
let views = 0;
// the world
const cid = n => ['0x01551220', h(n)]; const FX = ['curl', 'ipfs', 's3'];
const offers = [], peers = [], units = [], deals = [], ccs = []; let np = 0, nu = 0;
const offerArg = o => x => x.at[o]; const at = n => x => x.at[n];
const newPeer = () => { const p = { id: h('peer' + ++np), owner: pick([5, 6, 1]), units: [] }; for (let k = rnd(3) + 1; k > 0; k--) p.units.push(h('unit' + ++nu)); return p; };
const subset = (a, n) => a.filter(() => rnd(n) === 0);
const oneOf = ids => { const id = rnd(10) ? pick(ids) : undefined; return units.find(u => u.id === id) ?? anyUnit(); };
const anyUnit = () => units.length && rnd(15) ? pick(units) : { id: h('nothing'), by: 1, offer: 'none', peer: h('nothing') };
const who = n => rnd(12) ? n : pick([0, 1, 2, 3, 4, 5, 6]);
const actions = {
  async info() { await act(pick([1, 2]), 'Market', 'setProviderInfo', [rnd(10) ? 'p' : '', cid('info')]); },
  async offer() { const by = who(pick([1, 2])), ps = Array.from({ length: rnd(4) }, newPeer); if (peers.length && !rnd(15)) ps.push(pick(peers)); const name = 'offer' + (offers.length + 1);
    const ok = await act(by, 'Market', 'registerMarketOffer', [rnd(15) ? 1 + rnd(4) : 0, at('USD'), subset(FX, 2).map(cid), ps.map(p => [p.id, acc[p.owner], p.units]), rnd(15) ? 1 : 0, rnd(15) ? 1 : 2], 0n, (x, r, ev) => { const v = ev.find(e => e.name === 'MarketOfferRegistered').args.offerId; x.at[name] = v; x.label.set(v.slice(2).toLowerCase(), name); });
    if (ok) { offers.push({ name, by }); for (const p of ps) { p.offer = name; p.by = by; peers.push(p); for (const u of p.units) units.push({ id: u, by, owner: p.owner, offer: name, peer: p.id }); } } },
  async addUnits() { if (!peers.length) return; const p = pick(peers), id = h('unit' + ++nu); if (await act(who(p.by), 'Market', 'addComputeUnits', [p.id, [id]])) { p.units.push(id); units.push({ id, by: p.by, owner: p.owner, offer: p.offer, peer: p.id }); } },
  async removeUnit() { const u = anyUnit(); if (await act(who(u.by), 'Market', 'removeComputeUnit', [u.id])) { units.splice(units.indexOf(u), 1); const p = peers.find(p => p.id === u.peer); p.units = p.units.filter(i => i !== u.id); } },
  async removePeer() { if (!peers.length) return; const p = pick(peers); if (await act(who(p.by), 'Market', 'removeComputePeer', [p.id])) peers.splice(peers.indexOf(p), 1); },
  async price() { if (!offers.length) return; const o = pick(offers); await act(who(o.by), 'Market', 'changeMinPricePerWorkerEpoch', [at(o.name), rnd(6)]); },
  async effector() { if (!offers.length) return; const o = pick(offers); await act(who(o.by), 'Market', pick(['addEffector', 'removeEffector']), [at(o.name), [cid(pick(FX))]]); },
  async deal() { const by = pick([3, 4]), target = 1 + rnd(4), min = rnd(12) ? 1 + (rnd(3) ? 0 : rnd(target)) : rnd(7), price = rnd(15) ? 2 + rnd(3) : 0, per = rnd(10) ? 1 + rnd(3) : 0, name = 'deal' + (deals.length + 1); const dep = Math.max(0, price * target * 2 + rnd(150) - (rnd(10) ? 0 : 20));
    const ok = await act(by, 'DealFactory', 'deployDeal', [cid('app'), at('USD'), dep, min, target, per, price, subset(FX, 9).map(cid), pick([0, 1, 1, 1, 2]), rnd(3) ? [acc[1], acc[2]] : subset([acc[1], acc[2]], 2), rnd(15) ? 1 : 3], 0n,
      (x, r) => { const a = r[0].toLowerCase(); x.at[name] = a; x.label.set(a.slice(2), name); });
    if (ok) { deals.push({ name, by }); await act(by, 'USD', 'approve', [at(name), 10n ** 20n]); } },
  async match() { if (!deals.length) return; const d = rnd(3) ? deals.at(-1 - rnd(Math.min(3, deals.length))) : pick(deals); const os = subset(offers, 2); await act(who(d.by), 'Market', 'matchDeal', [at(d.name), os.map(o => at(o.name)), os.map(o => subset(units.filter(u => u.offer === o.name && (!u.used || !rnd(6)) || !rnd(20)), 2).map(u => u.id)).slice(0, rnd(15) ? 99 : 1)]); },
  async worker() { if (!deals.length) return; const d = pick(deals), ids = await dealUnits(d); const u = oneOf(ids); await act(who(pick([u.by, u.owner ?? 5])), d.name, 'setWorker', [u.id, rnd(15) ? h('w' + rnd(5)) : ethers.ZeroHash]); },
  async giveBack() { const u = oneOf(deals.length ? await dealUnits(pick(deals)) : []); if ((await idle()).includes(u.id)) return; await act(pick([u.by, u.owner ?? 5, 3, 4]), 'Market', 'returnComputeUnitFromDeal', [u.id]); },
  async deposit() { if (!deals.length) return; const d = pick(deals); await act(who(d.by), d.name, 'deposit', [rnd(50)]); },
  async withdraw() { if (!deals.length) return; const d = pick(deals); await act(who(d.by), d.name, 'withdraw', [rnd(30)]); },
  async rewards() { if (!deals.length) return; const d = pick(deals), ids = await dealUnits(d); const u = oneOf(ids); await act(who(pick([u.by, u.owner ?? 5])), d.name, 'withdrawRewards', [u.id]); },
  async stop() { if (!deals.length || rnd(3)) return; const d = pick(deals); await act(who(d.by), d.name, 'stop', []); },
  async access() { if (!deals.length) return; const d = pick(deals); const [f, a] = pick([['changeProvidersAccessType', [rnd(3)]], ['addProviderToAccessList', [acc[1 + rnd(2)]]], ['removeProviderFromAccessList', [acc[1 + rnd(2)]]]]); await act(who(d.by), d.name, f, a); },
  async cc() { if (!peers.length) return; const p = pick(peers), name = 'cc' + (ccs.length + 1); if (await act(who(p.by), 'Capacity', 'createCommitment', [p.id, rnd(15) ? 10 + rnd(20) : 3, rnd(2) ? acc[7] : ethers.ZeroAddress, rnd(15) ? 10 ** 6 : 0], 0n, (x, r, ev) => { const v = ev.find(e => e.name === 'CommitmentCreated').args.commitmentId; x.at[name] = v; x.label.set(v.slice(2).toLowerCase(), name); })) { ccs.push({ name, peer: p }); if (rnd(4)) await collateral(ccs.at(-1)); } },
  async collateral() { if (ccs.length) await collateral(pick(ccs)); },
  async finish() { if (!ccs.length) return; const c = pick(ccs); /* 0.13.11's Capacity lets a unit leave twice, which v0.14 refuses: once only */ const [f, a] = pick([['removeCUFromCC', [at(c.name), c.peer.units]], ['finishCommitment', [at(c.name)]], ['removeCommitment', [at(c.name)]], ['withdrawReward', [at(c.name)]]]); if (f === 'removeCUFromCC') { const without = await idle(); if (c.left || c.peer.units.some(u => without.includes(u))) return; } if (await act(who(c.peer.by), 'Capacity', f, a) && f === 'removeCUFromCC') c.left = true; },
  async time() { const n = 1 + rnd(3) + (rnd(12) ? 0 : 12); for (const x of sides) { await x.req('evm_increaseTime', [86400 * n]); await x.req('evm_mine', []); } },
};
async function collateral(c) { const n = BigInt(c.peer.units.length); await act(7, 'Capacity', 'depositCollateral', [[at(c.name)]], n * 10n ** 17n + (rnd(15) ? 0n : BigInt(rnd(3)) - 1n)); }
// 0.13.11's Deal pays a unit that leaves by its peer's id, as withdrawRewards does (Q4); v0.14 by its worker's: only units with a worker leave here.
async function idle() { const all = []; for (const d of deals) all.push(...(await dealUnits(d, true))); return all; }
async function dealUnits(d, idleOnly) { const r = await A.req('eth_call', [{ to: A.at[d.name], data: I.Deal.i.encodeFunctionData('getComputeUnits', []) }, 'latest']); return plain(I.Deal.i.decodeFunctionResult('getComputeUnits', r))[0].filter(u => !idleOnly || u[1] === ethers.ZeroHash).map(u => u[0]); }
const W = { info: 1, offer: 4, addUnits: 2, removeUnit: 2, removePeer: 1, price: 1, effector: 2, deal: 5, match: 14, worker: 12, giveBack: 5, deposit: 4, withdraw: 5, rewards: 8, stop: 2, access: 3, cc: 8, collateral: 2, finish: 4, time: 12 };
const bag = Object.entries(W).flatMap(([k, n]) => Array(n).fill(k));
for (const a of [3, 4]) await act(a, 'USD', 'approve', [at('DealFactory'), 10n ** 20n]);
for (const a of [1, 2]) await act(a, 'Market', 'setProviderInfo', ['p' + a, cid('info')]);
for (let i = 0; i < 5; i++) await actions.offer(); for (let i = 0; i < 3; i++) await actions.cc(); await actions.time(); for (let i = 0; i < 3; i++) await actions.deal();
for (let i = 0; i < STEPS && bad < 6; i++) { await actions[pick(bag)]();
  if (i % 5 === 0) { await view('Core', 'currentEpoch', []);
    for (const d of deals) { for (const f of ['getStatus', 'getFreeBalance', 'getMaxPaidEpoch', 'getWorkerCount', 'getComputeUnits']) await view(d.name, f, []); await view('USD', 'balanceOf', [at(d.name)]); for (const u of await dealUnits(d)) await view(d.name, 'getRewardAmount', [u]); }
    for (const c of ccs) await view('Capacity', 'getStatus', [at(c.name)]);
    for (const p of peers) { await view('Market', 'getComputePeer', [p.id]); await view('Market', 'getComputeUnits', [p.id]); }
    for (const o of offers) await view('Market', 'getOffer', [at(o.name)]); } }
for (const x of sides) await x.end?.();
if (bad) console.log(`seed ${seed}: ${bad} differences in ${done} transactions`);
total.steps += done; total.reverted += reverted; total.views += views; total.bad += bad;
}
