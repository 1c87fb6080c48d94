// clients.mjs: the original's three clients of its index (npm @fluencelabs/deal-ts-clients: matcher, explorer, command line) on `rivulet chain start`: every method,
// with filters, orders and pages. Answers are compared with the contracts' own views and with what this test did. Run by tests/conform/run.sh in ../deal, whose packages it takes.
import assert from 'node:assert/strict';
import { verified } from '../chain.mjs';
import { DAY, FLT, PRECISION, cid, clients, ethers, events, openMarket, wallet } from '../deal/common.mjs';

const { peerIdContractHexToBase58, cidIndexerHexToCIDBase32 } = await import(new URL('../deal/node_modules/@fluencelabs/deal-ts-clients/dist/utils/serializers/fluence.js', import.meta.url));
const { DealCliClient, DealExplorerClient, DealMatcherClient, DealNotFoundError } = clients;
console.info = console.warn = () => {}; // the clients tell what they do

const { chain, provider, client, core, market, capacity, factory, usd, usdAddress, search } = await openMarket();
const graph = `${chain.url}/subgraphs/name/fluence-deal-contracts`;
const [owner, ada, peer, bob, dan, dee, zed] = Array.from({ length: 7 }, (_, i) => wallet(i, provider));
const id = (text) => ethers.id(text), low = (address) => address.toLowerCase();
const base32 = (v) => cidIndexerHexToCIDBase32(v.prefixes.slice(2) + v.hash.slice(2));
const fixed = (v, decimals) => parseFloat(ethers.formatUnits(v, decimals)).toFixed(decimals);
const sorted = (list) => [...list].sort();
const as = (contract, signer) => contract.connect(signer);
const times = {}; // of the blocks of our steps
async function step(name, sending) {
  const receipt = await (await sending).wait();
  assert.equal(receipt.status, 1);
  times[name] = (await provider.getBlock(receipt.blockNumber)).timestamp;
  return receipt;
}
// The explorer asks the machine's clock for the epoch: it goes with the chain's.
const clock = Date.now;
let ahead = 0, epoch = 1;
Date.now = () => clock() + ahead * 1000;
async function toEpoch(n) {
  ahead += (n - epoch) * DAY;
  await provider.send('evm_increaseTime', [(n - epoch) * DAY]);
  await provider.send('evm_mine', []);
  epoch = n;
  assert.equal(await core.currentEpoch(), BigInt(n));
}

// The explorer has no parameter for where the index is; the other two have.
const explorer = new DealExplorerClient('local', undefined, provider);
explorer._indexerClient._graphqlClient.setEndpoint(graph);
const matcher = new DealMatcherClient('local', graph), cli = new DealCliClient('local', graph);

// ---- nothing yet ----
assert.deepEqual(await explorer.getProviders(), { data: [], total: '0' });
assert.deepEqual(await explorer.getPaymentTokens(), { data: [], total: '0' });
assert.equal(await explorer.getOffer(id('none')), null);
assert.equal(await explorer.getCurrentEpoch(), 1);
await assert.rejects(matcher.getMatchedOffersByDealId(owner.address), DealNotFoundError);

// ---- two providers: Ada, whom the network approves, with three peers; Zed with one ----
const [p1, p2, p3, p4] = ['peer 1', 'peer 2', 'peer 3', 'peer 4'].map(id), [u1, u2, u3, u4, z1, gone] = ['u1', 'u2', 'u3', 'u4', 'z1', 'gone'].map(id);
const b58 = Object.fromEntries([p1, p2, p3, p4].map((p) => [p, peerIdContractHexToBase58(p)]));
const [e1, e2] = [cid('effector 1'), cid('effector 2')], app = cid('app');
const made = async (name, sending) => events(await step(name, sending), market, 'MarketOfferRegistered')[0][1];
await step('ada', as(market, ada).setProviderInfo('Ada', cid('ada')));
await step('approved', as(core, owner).grantAccess(ada.address));
await step('zed', as(market, zed).setProviderInfo('Zed', cid('zed')));
const offerA = await made('offerA', as(market, ada).registerMarketOffer(15000n, usdAddress, [e1, e2],
  [{ peerId: p1, unitIds: [u1, u2], owner: peer.address }, { peerId: p2, unitIds: [u3, gone], owner: peer.address }], 1n, 1n));
await step('later', as(market, ada).addComputePeers(offerA, [{ peerId: p3, unitIds: [u4], owner: peer.address }]));
await step('gone', as(market, ada).removeComputeUnit(gone));
await provider.send('evm_increaseTime', [10]);
ahead += 10;
const offerZ = await made('offerZ', as(market, zed).registerMarketOffer(30000n, usdAddress, [e1], [{ peerId: p4, unitIds: [z1], owner: zed.address }], 1n, 1n));
await step('described', as(market, owner).setEffectorInfo(e2, 'fetches', cid('more')));

const rate = 2000000n, duration = await core.minDuration(), each = await core.fltCollateralPerUnit();
async function commit(name, signer, peerId, delegator) {
  const receipt = await step(name, as(capacity, signer).createCommitment(peerId, duration, delegator, rate));
  return events(receipt, capacity, 'CommitmentCreated')[0][1];
}
const cc1 = await commit('cc1', ada, p1, dan.address), cc2 = await commit('cc2', ada, p2, ethers.ZeroAddress);
await step('dan', as(capacity, dan).depositCollateral([cc1], { value: 2n * each }));
await step('dee', as(capacity, dee).depositCollateral([cc2], { value: each }));
const ccZ = await commit('ccZ', zed, p4, ethers.ZeroAddress);
await step('zed pays', as(capacity, zed).depositCollateral([ccZ], { value: each }));
await toEpoch(2);
const cc3 = await commit('cc3', ada, p3, dan.address); // waits for its collateral

// ---- proofs: u1 enough, u3 one, and one that is none ----
const proofs = [];
for (const [unit, count] of [[u1, 2], [u3, 1]])
  for (const [nonce, hash] of await search(await capacity.getGlobalNonce(), unit, await core.difficulty(), count))
    proofs.unshift({ unit, tx: (await step('proof', as(capacity, peer).submitProof(unit, nonce, hash))).hash, at: times.proof });
const wrong = (await step('wrong', as(capacity, peer).submitProof(u3, id('wrong'), ethers.ZeroHash))).hash;
await verified(new ethers.Contract(await capacity.getAddress(), ['function proofsWaiting() view returns (uint256, uint256)'], provider));

// ---- deals of Bob's: for anybody; for Zed alone; not for Ada ----
await step('allowed', as(usd, bob).approve(await factory.getAddress(), 10n ** 9n));
async function deploy(name, price, target, effectors, kind, list) {
  const args = [app, usdAddress, 10n * target * price, 1n, target, 2n, price, effectors, kind, list, 1n];
  return low(events(await step(name, as(factory, bob).deployDeal(...args)), factory, 'DealCreated')[0][1]);
}
const deal1 = await deploy('deal1', 20000n, 3n, [e1], 0n, []), deal2 = await deploy('deal2', 40000n, 1n, [], 1n, [zed.address]), deal3 = await deploy('deal3', 40000n, 1n, [e2], 2n, [ada.address]);

// ---- the matcher: what it finds the contract takes ----
const found = await matcher.getMatchedOffersByDealId(deal1);
assert.deepEqual(found.offers, [offerA]); // Zed asks for more
const chosen = found.computeUnitsPerOffers[0];
assert.ok(chosen.length === 2 && chosen.includes(u3) && (chosen.includes(u1) || chosen.includes(u2)), chosen.join()); // one of a peer, none of whom waits for collateral
assert.equal(found.fulfilled, false);
let r = await step('match1', as(market, bob).matchDeal(deal1, found.offers, found.computeUnitsPerOffers));
assert.deepEqual(sorted(events(r, market, 'ComputeUnitMatched').map((args) => args[2])), sorted(chosen));
const first = chosen.find((unit) => unit !== u3);
const other = first === u1 ? u2 : u1;
const found2 = await matcher.getMatchedOffersByDealId(deal2);
assert.deepEqual([found2.offers, found2.computeUnitsPerOffers, found2.fulfilled], [[offerZ], [[z1]], true]);
r = await step('match2', as(market, bob).matchDeal(deal2, found2.offers, found2.computeUnitsPerOffers));
assert.equal(events(r, market, 'ComputeUnitMatched').length, 1);
assert.deepEqual(await matcher.getMatchedOffersByDealId(deal3), { offers: [], computeUnitsPerOffers: [], fulfilled: false });
await assert.rejects(matcher.getMatchedOffersByDealId(deal2), /already has target number/);
const contracts = Object.fromEntries([deal1, deal2, deal3].map((at) => [at, client.getDeal(at)]));
await step('worker', as(contracts[deal1], peer).setWorker(first, id('worker')));
await step('more', as(usd, bob).approve(deal1, 777n));
await step('deposit', as(contracts[deal1], bob).deposit(777n));

// ---- the explorer: providers ----
const token = { address: low(usdAddress), symbol: await usd.symbol(), decimals: String(await usd.decimals()) };
const effector = { 1: { cid: base32(e1), description: 'Unknown' }, 2: { cid: base32(e2), description: 'fetches' } };
const byCid = (list) => [...list].sort((a, b) => a.cid < b.cid ? -1 : 1);
const clean = ({ effectors, ...offer }) => ({ ...offer, effectors: byCid(effectors) });
const offers = {
  [offerA]: { id: offerA, createdAt: times.offerA, totalComputeUnits: 4, freeComputeUnits: 2, paymentToken: token, pricePerEpoch: fixed(15000n, 6), effectors: byCid([effector[1], effector[2]]), providerId: low(ada.address), peersCount: 3 },
  [offerZ]: { id: offerZ, createdAt: times.offerZ, totalComputeUnits: 1, freeComputeUnits: 0, paymentToken: token, pricePerEpoch: fixed(30000n, 6), effectors: [effector[1]], providerId: low(zed.address), peersCount: 1 },
};
const base = {
  ada: { id: low(ada.address), createdAt: times.ada, totalComputeUnits: 4, freeComputeUnits: 2, name: 'Ada', isApproved: true, peerCount: 3 },
  zed: { id: low(zed.address), createdAt: times.zed, totalComputeUnits: 1, freeComputeUnits: 0, name: `Provider ${low(zed.address).slice(0, 8)}`, isApproved: false, peerCount: 1 },
};
const full = (name, offer) => ({ ...base[name], offers: [offers[offer]] });
const providers = async (...args) => { const { data, total } = await explorer.getProviders(...args); return { data: data.map((p) => ({ ...p, offers: p.offers.map(clean) })), total }; };
assert.deepEqual(await providers(undefined, 0, 10, 'createdAt', 'asc'), { data: [full('ada', offerA), full('zed', offerZ)], total: '2' });
assert.deepEqual(await providers({ onlyApproved: true }), { data: [full('ada', offerA)], total: null });
assert.deepEqual(await providers({ search: 'Zed' }), { data: [full('zed', offerZ)], total: null });
assert.deepEqual(await providers({ search: ada.address }), { data: [full('ada', offerA)], total: null });
assert.deepEqual((await providers(undefined, 1, 10, 'computeUnitsTotal', 'asc')).data, [full('ada', offerA)]);
assert.deepEqual(await explorer.getProvider(low(ada.address)), base.ada);
assert.equal(await explorer.getProvider(low(bob.address)), null);

// ---- offers ----
const ask = async (promise) => { const { data, total } = await promise; return { data: data.map(clean), total }; };
assert.deepEqual(await ask(explorer.getOffers(undefined, 0, 10, 'createdAt', 'asc')), { data: [offers[offerA], offers[offerZ]], total: '2' });
for (const [filter, want] of [
  [{ onlyActive: true }, [offerA]], [{ status: 'active' }, [offerA]], [{ status: 'inactive' }, [offerZ]], [{ onlyApproved: true }, [offerA]], [{ search: offerZ }, [offerZ]],
  [{ search: ada.address }, [offerA]], [{ effectorIds: [base32(e2)] }, [offerA]], [{ effectorIds: [base32(e1)] }, [offerZ, offerA]], [{ createdAtFrom: times.offerZ }, [offerZ]],
  [{ createdAtTo: times.offerA }, [offerA]], [{ paymentTokens: [usdAddress] }, [offerZ, offerA]], [{ paymentTokens: [bob.address] }, []], [{ minPricePerWorkerEpoch: '0.02' }, [offerZ]],
  [{ maxPricePerWorkerEpoch: '0.02' }, [offerA]], [{ minPricePerWorkerEpoch: '0.015', maxPricePerWorkerEpoch: '0.03', paymentTokens: [usdAddress] }, [offerZ, offerA]],
]) assert.deepEqual(await ask(explorer.getOffers(filter)), { data: want.map((o) => offers[o]), total: null }, JSON.stringify(filter));
assert.deepEqual((await ask(explorer.getOffers(undefined, 0, 1, 'pricePerWorkerEpoch', 'desc'))).data, [offers[offerZ]]);
assert.deepEqual((await ask(explorer.getOffers(undefined, 1, 1, 'pricePerWorkerEpoch', 'desc'))).data, [offers[offerA]]);
assert.deepEqual((await ask(explorer.getOffersByProvider({ providerId: ada.address }))).data, [offers[offerA]]);
assert.deepEqual((await ask(explorer.getOffersByProvider({ providerId: zed.address, status: 'active' }))).data, []);
const { peers, updatedAt, ...detail } = await explorer.getOffer(offerA);
assert.deepEqual(clean(detail), offers[offerA]);
assert.equal(updatedAt, times.match1);
const unitsOf = (list) => Object.fromEntries(list.map((p) => [p.id, sorted(p.computeUnits.map((u) => u.id))]));
assert.deepEqual(unitsOf(peers), { [b58[p1]]: sorted([u1, u2]), [b58[p2]]: [u3], [b58[p3]]: [u4] });
assert.equal(peers.find((p) => p.id === b58[p1]).computeUnits.find((u) => u.id === first).workerId, id('worker'));

// ---- deals ----
const dealStatus = ['insufficientFunds', 'active', 'ended', 'notEnoughWorkers', 'smallBalance'];
const targets = { [deal1]: 3, [deal2]: 1, [deal3]: 1 }, prices = { [deal1]: 20000n, [deal2]: 40000n, [deal3]: 40000n }, names = { [deal1]: 'deal1', [deal2]: 'deal2', [deal3]: 'deal3' };
const matched = { [deal1]: chosen, [deal2]: [z1], [deal3]: [] };
async function short(at) {
  const contract = contracts[at], free = await contract.getFreeBalance();
  return { id: at, createdAt: times[names[at]], client: low(bob.address), minWorkers: 1, targetWorkers: targets[at], paymentToken: token, balance: fixed(free, 6), status: dealStatus[Number(await contract.getStatus())],
    totalEarnings: fixed(10n * BigInt(targets[at]) * prices[at] + (at === deal1 ? 777n : 0n) - free, 6), registeredWorkers: Number(await contract.getWorkerCount()), matchedWorkers: Number(await contract['getComputeUnitCount()']()) };
}
const all = await Promise.all([deal1, deal2, deal3].map(short));
const dealsOf = async (promise) => { const { data, total } = await promise; return { data: data.toSorted((a, b) => all.findIndex((d) => d.id === a.id) - all.findIndex((d) => d.id === b.id)), total }; };
assert.deepEqual(all.map((d) => [d.registeredWorkers, d.matchedWorkers]), [[1, 2], [0, 1], [0, 0]]);
assert.deepEqual(await dealsOf(explorer.getDeals()), { data: all, total: '3' });
for (const [filter, want] of [
  [{ search: deal2.toUpperCase().replace('0X', '0x') }, [1]], [{ search: bob.address }, [0, 1, 2]], [{ effectorIds: [base32(e2)] }, [2]], [{ providerId: zed.address }, [1]],
  [{ paymentTokens: [usdAddress] }, [0, 1, 2]], [{ minPricePerWorkerEpoch: '0.03' }, [1, 2]], [{ maxPricePerWorkerEpoch: '0.03' }, [0]], [{ createdAtFrom: times.deal1, createdAtTo: times.deal3 }, [0, 1, 2]],
]) assert.deepEqual(await dealsOf(explorer.getDeals(filter)), { data: want.map((i) => all[i]), total: null }, JSON.stringify(filter));
assert.deepEqual((await explorer.getDealsByProvider({ providerId: ada.address })).data, [all[0]]);
for (const [at, i] of [[deal1, 0], [deal2, 1], [deal3, 2]]) {
  const { computeUnits, ...rest } = await explorer.getDeal(ethers.getAddress(at));
  assert.deepEqual(rest, { ...all[i], pricePerWorkerEpoch: fixed(prices[at], 6), maxWorkersPerProvider: 2, whitelist: i === 1 ? [low(zed.address)] : [], blacklist: i === 2 ? [low(ada.address)] : [],
    effectors: i === 0 ? [effector[1]] : i === 2 ? [effector[2]] : [], appCID: base32(app) });
  assert.deepEqual(sorted(computeUnits.map((u) => u.id)), sorted(matched[at]));
}
const served = (await explorer.getComputeUnitsByDeal(deal1)).data;
assert.deepEqual(sorted(served.map((u) => [u.id, u.providerId, u.workerId, u.workerStatus].join())),
  sorted([[first, low(ada.address), id('worker'), 'registered'].join(), [u3, low(ada.address), undefined, 'waitingRegistration'].join()]));
assert.deepEqual(await explorer.getDealsByPeer(b58[p1]), { total: null, data: [{ dealId: deal1, computeUnitId: first, workerId: id('worker') }] });
assert.deepEqual(await explorer.getDealsByPeer(b58[p3]), { total: null, data: [] });

// ---- effectors, tokens ----
assert.deepEqual({ ...(await explorer.getEffectors()), data: byCid((await explorer.getEffectors()).data) }, { data: byCid([effector[1], effector[2]]), total: '2' });
assert.deepEqual(await explorer.getPaymentTokens(), { data: [token], total: '1' });

// ---- commitments ----
const ccStatus = ['inactive', 'active', 'waitDelegation', 'waitStart', 'failed', 'removed'];
const genesis = Number(await core.initTimestamp()), start = genesis + DAY, end = start + Number(duration) * DAY;
const owners = { [cc1]: ['cc1', ada, p1, 2], [cc2]: ['cc2', ada, p2, 1], [ccZ]: ['ccZ', zed, p4, 1], [cc3]: ['cc3', ada, p3, 1] };
async function commitment(cc) {
  const [name, who, peerId, units] = owners[cc], view = await capacity.getCommitment(cc), begun = cc !== cc3;
  assert.equal(Number(view.unitCount), units);
  return { id: cc, createdAt: times[name], startedAt: begun ? start : null, expiredAt: begun ? end : null, providerId: low(who.address), peerId: b58[peerId], computeUnitsCount: units,
    status: ccStatus[Number(view.status)], rewardDelegatorRate: Number(rate) / Number(PRECISION) * 100, duration: Number(duration) };
}
const ccs = await Promise.all([cc1, cc2, ccZ, cc3].map(commitment));
assert.deepEqual(ccs.map((c) => c.status), ['active', 'active', 'active', 'waitDelegation']);
const inOrder = ({ data, total }) => ({ data: data.toSorted((a, b) => ccs.findIndex((c) => c.id === a.id) - ccs.findIndex((c) => c.id === b.id)), total });
assert.deepEqual(inOrder(await explorer.getCapacityCommitments()), { data: ccs, total: '4' });
for (const [filter, want] of [
  [{ status: 'active' }, [0, 1, 2]], [{ onlyActive: true }, [0, 1, 2]], [{ search: cc2 }, [1]], [{ search: p4 }, [2]], [{ search: zed.address }, [2]], [{ search: dan.address }, [0, 3]], [{ search: dee.address }, [1]],
  [{ computeUnitsCountFrom: 2 }, [0]], [{ computeUnitsCountTo: 1 }, [1, 2, 3]], [{ rewardDelegatorRateFrom: 21 }, []], [{ rewardDelegatorRateTo: 20 }, [0, 1, 2, 3]], [{ createdAtFrom: times.cc3 }, [3]], [{ createdAtTo: times.cc1 }, [0]],
]) {
  const got = inOrder(await explorer.getCapacityCommitments(filter)), late = want.map((i) => ccs[i]);
  if (filter.createdAtTo) got.data = got.data.filter((c) => c.createdAt !== times.cc1 || c.id === cc1); // blocks of one second
  assert.deepEqual(got, { data: late, total: null }, JSON.stringify(filter));
}
assert.deepEqual((await explorer.getCapacityCommitments(undefined, 0, 1, 'computeUnitsCount', 'desc')).data, [ccs[0]]);
assert.deepEqual((await explorer.getCapacityCommitments(undefined, 3, 5, 'expirationAt', 'desc')).data, [ccs[3]]);
assert.deepEqual(inOrder(await explorer.getCapacityCommitmentsByProvider({ providerId: ada.address })).data, [ccs[0], ccs[1], ccs[3]]);
assert.deepEqual(inOrder(await explorer.getCapacityCommitmentsByProvider({ providerId: ada.address, status: 'active' })).data, [ccs[0], ccs[1]]);
assert.deepEqual((await explorer.getCapacityCommitmentsByPeer({ peerId: b58[p2] })).data, [ccs[1]]);
const unlocked = await capacity.unlockedRewards(cc1), rewards = await capacity.totalRewards(cc1), part = (v) => v * rate / PRECISION;
assert.deepEqual(await explorer.getCapacityCommitment(cc1), { ...ccs[0], totalCollateral: fixed(2n * each, 18), collateralToken: { symbol: 'FLT', decimals: '18' },
  rewardsUnlocked: fixed(unlocked, 18), rewardsUnlockedDelegator: fixed(part(unlocked), 18), rewardsUnlockedProvider: fixed(unlocked - part(unlocked), 18), rewardsNotWithdrawn: fixed(rewards, 18),
  rewardsNotWithdrawnDelegator: fixed(part(rewards), 18), rewardsNotWithdrawnProvider: fixed(rewards - part(rewards), 18), rewardsTotal: fixed(rewards, 18), delegatorAddress: low(dan.address) });
assert.equal((await explorer.getCapacityCommitment(cc2)).delegatorAddress, low(dee.address));
assert.equal(await explorer.getCapacityCommitment(id('none')), null);

// ---- peers and units ----
assert.deepEqual(await explorer.getPeer(b58[p1]), { id: b58[p1], providerId: low(ada.address), offerId: offerA, computeUnitsInDeal: 1, computeUnitsInCapacityCommitment: 1, computeUnitsTotal: 2 });
assert.deepEqual(await explorer.getPeer(b58[p3]), { id: b58[p3], providerId: low(ada.address), offerId: offerA, computeUnitsInDeal: 0, computeUnitsInCapacityCommitment: 0, computeUnitsTotal: 1 });
const count = (unit) => proofs.filter((p) => p.unit === unit).length;
assert.deepEqual(await explorer.getComputeUnit(first), { id: first, workerId: id('worker'), providerId: low(ada.address), currentCommitmentId: cc1, peerId: b58[p1], collateral: fixed(each, 18), successProofs: 2, collateralToken: { symbol: 'FLT', decimals: '18' }, status: 'deal' });
assert.equal((await explorer.getComputeUnit(other)).status, 'capacity');
assert.equal(await explorer.getComputeUnit(id('none')), null);
assert.deepEqual(sorted((await explorer.getComputeUnitsByPeer(b58[p1])).data.map((u) => [u.id, u.status, u.successProofs].join())), sorted([[first, 'deal', count(first)].join(), [other, 'capacity', count(other)].join()]));
assert.deepEqual((await explorer.getComputeUnitsByPeer(b58[p2])).data.map((u) => u.id), [u3]); // one was removed
assert.deepEqual((await explorer.getComputeUnitsByCapacityCommitment(cc1)).data, []); // the client looks for the peer by its base58 name, which no index has

// ---- proofs ----
const told = proofs.map(({ unit, tx, at }) => ({ transactionId: tx, capacityCommitmentId: unit === u1 ? cc1 : cc2, computeUnitId: unit, peerId: b58[unit === u1 ? p1 : p2], createdAt: at, providerId: low(ada.address), createdAtEpoch: 2 }));
const byTx = ({ data, total }) => ({ data: data.toSorted((a, b) => a.transactionId < b.transactionId ? -1 : 1), total }), tellTx = (list) => byTx({ data: list, total: null }).data;
assert.deepEqual(byTx(await explorer.getProofs()), { data: tellTx(told), total: '3' }); // the wrong one was taken back
assert.ok(!told.some((p) => p.transactionId === wrong));
for (const [filter, want] of [[{ search: told[0].transactionId }, [told[0]]], [{ search: p1 }, told.slice(1)], [{ search: low(ada.address) }, told], [{ computeUnitId: u3 }, [told[0]]],
  [{ capacityCommitmentStatsPerEpochId: `${cc1}2` }, told.slice(1)], [{ capacityCommitmentStatsPerEpochId: `${cc1}2`, computeUnitId: u3 }, []]])
  assert.deepEqual(byTx(await explorer.getProofs(filter)), { data: tellTx(want), total: null }, JSON.stringify(filter));
assert.equal((await explorer.getProofs(undefined, 1, 1)).data.length, 1);
const [history] = (await explorer.getProofsByCapacityCommitment(cc1, 0, 1)).data;
const { epochBlockStart, epochBlockEnd, ...stats } = history, inDeal = first === u1;
assert.deepEqual(stats, { createdAtEpoch: 2, computeUnitsExpected: 1, submittedProofs: 2, computeUnitsFailed: inDeal ? 1 : 0, computeUnitsSuccess: inDeal ? 0 : 1, submittedProofsPerCU: 2 });
assert.equal(epochBlockEnd, await provider.getBlockNumber());
assert.deepEqual([await provider.getBlock(epochBlockStart), await provider.getBlock(epochBlockStart - 1)].map((b) => Math.floor((b.timestamp - genesis) / DAY)), [1, 0]);
const perUnit = await explorer.getComputeUnitStatsPerCapacityCommitmentEpoch(cc1, 2);
assert.deepEqual(Object.fromEntries(perUnit.data.map((s) => [s.computeUnitId, [s.submittedProofs, s.computeUnitProofStatus]])), { [u1]: [2, 'success'], [u2]: [0, 'failed'] });
for (const unit of [u1, u3]) { // as Capacity itself says
  const view = new ethers.Contract(await capacity.getAddress(), ['function proofsOf(bytes32, uint256) view returns (uint256 given, uint256 verified)'], provider);
  assert.equal((await view.proofsOf(unit, 2)).verified, BigInt(count(unit)));
}

// ---- the command line's ----
const [one] = await cli.getOffers({ ids: [offerA] });
assert.deepEqual([one.id, one.updatedAt, one.peers.length, one.freeComputeUnits], [offerA, times.match1, 3, 2]);
assert.deepEqual(Object.fromEntries(one.peers.map((p) => [p.id, sorted(p.computeUnits.map((u) => u.id))])), { [p1]: sorted([u1, u2]), [p2]: [u3], [p3]: [u4] });
assert.equal((await cli.getOffer(offerZ)).pricePerEpoch, fixed(30000n, 6));
assert.equal(await cli.getOffer(id('none')), null);
assert.deepEqual(await cli.getOffersByProvider(zed.address), [{ id: offerZ }]);
assert.deepEqual(await cli.getDealsByProvider(zed.address), [{ id: deal2 }]);

// ---- what went is gone from the index ----
await step('back', as(market, ada).returnComputeUnitFromDeal(first));
await step('no longer', as(capacity, ada).removeCommitment(cc3));
await step('no unit', as(market, ada).removeComputeUnit(u4));
await step('no peer', as(market, ada).removeComputePeer(p3));
await step('Zed may not', as(contracts[deal2], bob).removeProviderFromAccessList(zed.address));
assert.deepEqual((await explorer.getDeal(deal2)).whitelist, []);
assert.equal((await explorer.getOffer(offerA)).peersCount, 2);
assert.deepEqual([(await explorer.getProvider(low(ada.address))).peerCount, (await explorer.getProvider(low(ada.address))).freeComputeUnits], [2, 2]);
assert.deepEqual(await explorer.getDealsByPeer(b58[p1]), { total: null, data: [] });
assert.equal((await explorer.getComputeUnit(first)).workerId, undefined);
assert.equal((await short(deal1)).matchedWorkers, (await explorer.getDeal(deal1)).matchedWorkers);

process.exit(0);
