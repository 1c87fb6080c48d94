// Market scenarios of rules g0 (tests/market) on the original's contracts in an EVM (ganache): what we worked out by hand is what the original does.
// scenarios.mjs FOLDER [NAME...]. The published contracts are a little older than the specification: proofs come one by one, the owner sets the price of FLT.
// Where the published code (0.13.11) differs from the specification's source (0.14.0): OLDER; these results are not compared.
import { readFileSync, readdirSync } from 'node:fs';
import ganache from 'ganache';
import { ethers } from 'ethers';

const FACTORIES = new URL('node_modules/@fluencelabs/deal-ts-clients/dist/typechain-types/factories/', import.meta.url);
const OLDER = {
  'cc-exit-from-deal.g0': [9, 10],         // Capacity may not take a unit out of a deal
  'cc-exit-refusals.g0': [10],             // a unit may leave twice
  'q13-slash-of-good-epochs.g0': [6, 7],   // rewards vest from the rewarded epoch, not from the snapshot
  'cc-serving.g0': [8, 10], 'q18-returns-and-goes.g0': [7, 9], 'unit-start-epoch.g0': [8], // Q4 when a unit without a worker leaves a deal too
};
const GAS = '0x1c9c380', WORD = '0x' + '0'.repeat(64);
function contract(name) {
  const text = readFileSync(new URL(`${name}__factory.js`, FACTORIES), 'utf8');
  const abi = (0, eval)(text.match(/const _abi = (\[[\s\S]*?\n\]);/)[1]);
  return { abi, code: text.match(/const _bytecode = "(0x[0-9a-f]*)"/)?.[1], i: new ethers.Interface(abi) };
}
const I = Object.fromEntries(['Core', 'Market', 'Capacity', 'DealFactory', 'Deal', 'TestERC20', 'ERC1967Proxy', 'RandomXProxyMock'].map(n => [n, contract(n)]));
const DEAL_STATUS = ['INSUFFICIENT_FUNDS', 'ACTIVE', 'ENDED', 'NOT_ENOUGH_WORKERS', 'SMALL_BALANCE'], CC_STATUS = ['Inactive', 'Active', 'WaitDelegation', 'WaitStart', 'Failed', 'Removed'];
const ACCESS = ['NONE', 'WHITELIST', 'BLACKLIST'];
const id = (kind, name) => name === '' ? WORD : ethers.id(`${kind}:${name}`);
const cid = name => ['0x01551220', id('cid', name)];
const scaled = (text, places) => { const [a, b = ''] = text.split('.'); return BigInt(a + b.padEnd(places, '0')); };
const amount = v => typeof v === 'string' && v.endsWith('FLT') ? scaled(v.slice(0, -3), 18) : typeof v === 'string' && v.endsWith('USD') ? scaled(v.slice(0, -3), 6) : BigInt(v);
const signed = v => typeof v === 'string' && v.startsWith('-') ? -amount(v.slice(1)) : amount(v);
const errData = e => { let d = e.data; while (d && typeof d === 'object') d = d.data ?? d.result ?? d.raw; return typeof d === 'string' && d.startsWith('0x') ? d : '0x'; };
function words(data) {
  if (data === '0x') return '';
  for (const n of ['Core', 'Market', 'Capacity', 'Deal']) {
    const e = I[n].i.parseError(data);
    if (e?.name === 'Error') return e.args[0];
    if (e?.name === 'Panic') return 'Panic 0x' + e.args[0].toString(16).padStart(2, '0');
    if (e) return `${e.name}(${[...e.args].map(String).join(',')})`;
  }
  return data;
}

async function play(doc) {
  const g = ganache.provider({ wallet: { totalAccounts: 10, defaultBalance: 1e7 }, chain: { allowUnlimitedContractSize: true, hardfork: 'shanghai', time: new Date(1704067200000) }, miner: { blockGasLimit: GAS }, logging: { quiet: true } });
  const req = (method, params = []) => g.request({ method, params });
  const acc = await req('eth_accounts'), own = acc[0], fees = new Map(), kept = { offer: {}, deal: {}, cc: {} };
  const who = { owner: own, oracle: own };
  doc.accounts.forEach((n, k) => { who[n] ??= acc[k + 1]; });
  async function send(from, to, data, value = 0n) {
    const tx = { from, to, data, gas: GAS, value: '0x' + value.toString(16) };
    if (!to) delete tx.to;
    try { await req('eth_call', [tx, 'latest']); } catch (e) { return { reverted: words(errData(e)) }; }
    const r = await req('eth_getTransactionReceipt', [await req('eth_sendTransaction', [tx])]);
    fees.set(from, (fees.get(from) ?? 0n) + BigInt(r.gasUsed) * BigInt(r.effectiveGasPrice));
    if (r.status !== '0x1') throw new Error('status 0');
    return r;
  }
  const deploy = async (n, ...args) => (await send(own, null, I[n].code + I[n].i.encodeDeploy(args).slice(2))).contractAddress;
  const p = { epochDuration: 86400, minDealDepositedEpochs: 2, minDealRematchingEpochs: 2, minProtocolVersion: 1, maxProtocolVersion: 1, fltPrice: 1e7, usdCollateralPerUnit: 1e6, usdTargetRevenuePerEpoch: 3e6, minDuration: 10, minRewardPerEpoch: '100FLT', maxRewardPerEpoch: '200FLT', vestingPeriodDuration: 3, vestingPeriodCount: 6, slashingRate: 1e5, minProofsPerEpoch: 2, maxProofsPerEpoch: 5, withdrawEpochsAfterFailed: 2, maxFailedRatio: 10, isWhitelistEnabled: false, initRewardPool: '10FLT', rewardBalance: '1000FLT', ...doc.params };
  const difficulty = '0x00000000' + 'f'.repeat(56);
  const init = { ...p, minDepositedEpochs: p.minDealDepositedEpochs, minRematchingEpochs: p.minDealRematchingEpochs, dealImpl: await deploy('Deal'), randomXProxy: await deploy('RandomXProxyMock', difficulty), difficulty };
  const inputs = I.Core.abi.find(f => f.name === 'initialize').inputs.map(i => i.name.slice(0, -1));
  const proxy = (impl, n, args) => deploy('ERC1967Proxy', impl, I[n].i.encodeFunctionData('initialize', args));
  const core = await proxy(await deploy('Core'), 'Core', inputs.map(n => typeof init[n] === 'string' && init[n].startsWith('0x') || typeof init[n] === 'boolean' ? init[n] : amount(init[n])));
  const at = { Core: core };
  at.Market = await proxy(await deploy('Market', core), 'Market', []);
  at.Capacity = await proxy(await deploy('Capacity', core), 'Capacity', [ethers.id('init_global_nonce')]);
  at.DealFactory = await proxy(await deploy('DealFactory', core), 'DealFactory', []);
  const token = { USD: await deploy('TestERC20', 'USD Token', 'USD', 6), USD2: await deploy('TestERC20', 'USD Token', 'USD', 6), '': ethers.ZeroAddress };
  await send(own, at.Capacity, '0x', amount(p.rewardBalance));
  await send(own, core, I.Core.i.encodeFunctionData('initializeModules', [at.Capacity, at.Market, at.DealFactory]));
  const start = BigInt((await req('eth_call', [{ to: core, data: I.Core.i.encodeFunctionData('initTimestamp', []) }, 'latest'])));
  const balance = async a => BigInt(await req('eth_getBalance', [a, 'latest'])) + (fees.get(a) ?? 0n);
  const first = {}; for (const n in who) first[n] = await balance(who[n]);

  const of = (kind, name) => kept[kind][name] ?? id(kind, name), units = l => l.map(u => id('unit', u));
  const peersOf = (s, by) => (s.peers ?? []).map(x => [id('peer', x.id), who[x.owner ?? by], units(x.units)]);
  const T = n => token[n ?? 'USD'], kindAt = c => c === 'Deal' ? 'Deal' : c;
  let made = 0;
  // [contract, function, arguments, value] for each transaction; the first that reverts ends the step
  const actions = {
    providerInfo: (s, by) => [['Market', 'setProviderInfo', [s.name ?? by, cid('metadata')]]],
    registerOffer: (s, by) => [['Market', 'registerMarketOffer', [amount(s.minPrice), T(s.token), (s.effectors ?? []).map(cid), peersOf(s, by), s.minPV ?? 1, s.maxPV ?? 1]]],
    addPeers: (s, by) => [['Market', 'addComputePeers', [of('offer', s.offer), peersOf(s, by)]]],
    addUnits: s => [['Market', 'addComputeUnits', [id('peer', s.peer), units(s.units)]]],
    removeUnit: s => [['Market', 'removeComputeUnit', [id('unit', s.unit)]]],
    removePeer: s => [['Market', 'removeComputePeer', [id('peer', s.peer)]]],
    removeOffer: s => [['Market', 'removeOffer', [of('offer', s.offer)]]],
    changePrice: s => [['Market', 'changeMinPricePerWorkerEpoch', [of('offer', s.offer), amount(s.price)]]],
    changeToken: s => [['Market', 'changePaymentToken', [of('offer', s.offer), T(s.token)]]],
    addEffectors: s => [['Market', 'addEffector', [of('offer', s.offer), s.effectors.map(cid)]]],
    removeEffectors: s => [['Market', 'removeEffector', [of('offer', s.offer), s.effectors.map(cid)]]],
    createDeal: (s, by) => [...give(s, by, T(s.token), amount(s.deposit), at.DealFactory), ['DealFactory', 'deployDeal', [cid('app'), T(s.token), amount(s.deposit), s.minWorkers ?? 1, s.targetWorkers ?? 1, s.maxPerProvider ?? 1, amount(s.price), (s.effectors ?? []).map(cid), ACCESS.indexOf(s.access ?? 'NONE'), (s.accessList ?? []).map(n => who[n]), s.pv ?? 1]]],
    match: s => [['Market', 'matchDeal', [kept.deal[s.deal].at, s.offers.map(o => of('offer', o)), s.units.map(units)]]],
    setWorker: s => [['Deal', 'setWorker', [id('unit', s.unit), id('worker', s.worker ?? s.unit)]]],
    returnUnit: s => [['Market', 'returnComputeUnitFromDeal', [id('unit', s.unit)]]],
    deposit: (s, by) => [...give(s, by, kept.deal[s.deal].token, amount(s.amount), kept.deal[s.deal].at), ['Deal', 'deposit', [amount(s.amount)]]],
    withdraw: s => [['Deal', 'withdraw', [amount(s.amount)]]],
    withdrawDealReward: s => [['Deal', 'withdrawRewards', [id('unit', s.unit)]]],
    stop: () => [['Deal', 'stop', []]],
    addAccess: s => [['Deal', 'addProviderToAccessList', [who[s.provider]]]],
    removeAccess: s => [['Deal', 'removeProviderFromAccessList', [who[s.provider]]]],
    setAccessType: s => [['Deal', 'changeProvidersAccessType', [ACCESS.indexOf(s.type)]]],
    createCC: s => [['Capacity', 'createCommitment', [id('peer', s.peer), s.duration, s.delegator ? who[s.delegator] : ethers.ZeroAddress, s.rate]]],
    removeCC: s => [['Capacity', 'removeCommitment', [of('cc', s.cc)]]],
    depositCollateral: s => [['Capacity', 'depositCollateral', [s.ccs.map(c => of('cc', c))], amount(s.value)]],
    submitProofs: s => Array.from({ length: s.count ?? 1 }, (_, k) => ['Capacity', 'submitProof', [id('unit', s.unit), id('nonce', s.localNonce ? s.localNonce + (k || '') : `made ${++made}`), s.badHash ? difficulty.slice(0, -1) + 'e' : difficulty]]),
    removeCUFromCC: s => [['Capacity', 'removeCUFromCC', [of('cc', s.cc), units(s.units)]]],
    finishCC: s => [['Capacity', 'finishCommitment', [of('cc', s.cc)]]],
    withdrawReward: s => [['Capacity', 'withdrawReward', [of('cc', s.cc)]]],
    setFLTPrice: s => [['Core', 'setFLTPrice', [amount(s.price)]]],
    setCapacityConstant: s => [['Core', 'setCapacityConstant', [s.index, amount(s.value)]]],
    setConstant: s => [['Core', 'setConstant', [s.index, amount(s.value)]]],
    grantAccess: s => [['Core', 'grantAccess', [who[s.account]]]],
    revokeAccess: s => [['Core', 'revokeAccess', [who[s.account]]]],
  };
  function give(s, by, t, n, spender) {
    return t === ethers.ZeroAddress ? [] : [['TestERC20', 'transfer', [who[by], n], 0n, t, own], ['TestERC20', 'approve', [spender, n], 0n, t]];
  }
  async function view(c, fn, args, where) {
    try { return I[c].i.decodeFunctionResult(fn, await req('eth_call', [{ to: where ?? at[c], data: I[c].i.encodeFunctionData(fn, args), gas: GAS }, 'latest']))[0]; }
    catch (e) { return 'reverts: ' + words(errData(e)); }
  }
  const D = (n, fn, args = []) => view('Deal', fn, args, kept.deal[n].at), C = (n, fn) => view('Capacity', fn, [of('cc', n)]);
  const dealName = a => Object.keys(kept.deal).find(n => kept.deal[n].at === a) ?? '';
  const cc = field => async n => (await C(n, 'getCommitment'))[field];
  const queries = {
    dealStatus: async n => DEAL_STATUS[await D(n, 'getStatus')], dealFree: n => D(n, 'getFreeBalance'), maxPaidEpoch: n => D(n, 'getMaxPaidEpoch'), dealWorkers: n => D(n, 'getWorkerCount'), dealUnits: n => D(n, 'getComputeUnitCount()'),
    dealUsd: n => view('TestERC20', 'balanceOf', [kept.deal[n].at], kept.deal[n].token), unitReward: n => D(n.split('/')[0], 'getRewardAmount', [id('unit', n.split('/')[1])]),
    unitDeal: async n => dealName((await view('Market', 'getComputeUnit', [id('unit', n)])).deal), unitStartEpoch: async n => (await view('Market', 'getComputeUnit', [id('unit', n)])).startEpoch,
    ccStatus: async n => CC_STATUS[await C(n, 'getStatus')], ccFails: cc('totalFailCount'), ccFailedEpoch: cc('failedEpoch'), ccCollateralPerUnit: cc('collateralPerUnit'), ccStart: cc('startEpoch'), ccEnd: cc('endEpoch'), ccExited: cc('exitedUnitCount'),
    ccTotalRewards: n => C(n, 'totalRewards'), ccUnlocked: n => C(n, 'unlockedRewards'), activeUnits: () => view('Core', 'activeUnitCount', []), rewardPool: n => view('Core', 'getRewardPool', [n]), fltCollateralPerUnit: () => view('Core', 'fltCollateralPerUnit', []),
    globalNonceIsZero: async () => await view('Capacity', 'getGlobalNonce', []) === WORD, usd: n => view('TestERC20', 'balanceOf', [who[n.split('/')[0]]], token[n.split('/')[1] ?? 'USD']),
    fltDelta: async n => await balance(who[n]) - first[n],
  };
  const same = (q, want, got) => typeof got === 'bigint' ? signed(want) === got : want === got;
  async function run(s) {
    const by = s.by ?? 'owner', snapshot = await req('evm_snapshot'), before = new Map(fees);
    for (const [c, fn, args, value, where, from] of actions[s.do](s, by)) {
      const r = await send(from ?? who[by], where ?? (c === 'Deal' ? kept.deal[s.deal].at : at[c]), I[c].i.encodeFunctionData(fn, args), value);
      if (r.reverted !== undefined) { await req('evm_revert', [snapshot]); fees.clear(); before.forEach((v, k) => fees.set(k, v)); return r.reverted; }
      for (const l of r.logs) {
        let e; try { e = I[kindAt(c)].i.parseLog(l); } catch { }
        if (e?.name === 'MarketOfferRegistered') kept.offer[s.offer] = e.args.offerId;
        if (e?.name === 'CommitmentCreated') kept.cc[s.cc] = e.args.commitmentId;
        if (e?.name === 'DealCreated') kept.deal[s.deal] = { at: e.args.deal, token: T(s.token) };
      }
    }
    return null;
  }
  const notThere = s => s.do === 'setFLTPrice' && (s.by ?? 'owner') !== 'oracle' || s.do === 'submitProofs' && s.count === 0;
  let epoch = 1, bad = 0, checks = 0;
  for (const [k, s] of doc.steps.entries()) {
    epoch = Math.max(epoch, s.epoch ?? 1);
    const now = Number(start) + (epoch - 1) * p.epochDuration + Math.floor(p.epochDuration / 100);
    await req('evm_setTime', [now * 1000]);
    await req('evm_mine', [now]);
    if (OLDER[doc.name]?.includes(k + 1)) { if (s.do) await run(s); continue; }
    const tell = (what, want, got) => { bad++; console.log(`DIFF ${doc.name} step ${k + 1} ${s.do ?? ''} ${what}: scenario ${want}, original ${got}`); };
    if (s.do && !notThere(s)) { const got = await run(s); checks++; if (got !== (s.reverts ?? null)) tell('reverts', s.reverts ?? null, got); }
    for (const [q, want] of Object.entries(s.expect ?? {}))
      for (const [arg, w] of typeof want === 'object' ? Object.entries(want) : [['', want]]) { const got = await queries[q](arg); checks++; if (!same(q, w, got)) tell(`${q}(${arg})`, w, got); }
  }
  await g.disconnect();
  return { bad, checks };
}

const [folder, ...only] = process.argv.slice(2);
let bad = 0, checks = 0, files = 0;
for (const f of readdirSync(folder).sort()) {
  const doc = f.endsWith('.json') && JSON.parse(readFileSync(`${folder}/${f}`, 'utf8'));
  if (!doc || doc.rules !== 'g0' || only.length && !only.includes(doc.name)) continue;
  const r = await play(doc);
  bad += r.bad; checks += r.checks; files++;
}
console.log(`${files} scenarios on the original's contracts: ${checks} results compared, ${bad} differences`);
process.exit(bad || !files ? 1 : 0);
