// life.mjs: the original's market clients (npm @fluencelabs/deal-ts-clients, environment "local") on `rivulet chain start`: the whole life of a deal and of
// the capacity behind it, proofs by RandomX. After each step all balances are what the formulas of docs/spec/market.md give, to the last unit. Run: node life.mjs
import assert from 'node:assert/strict';
import { verified } from '../chain.mjs';
import { Book, DAY, FLT, PRECISION, cid, clients, ethers, event, events, openMarket, refused, wallet } from './common.mjs';

const { CommitmentStatus, DealMatcherClient, DealStatus } = clients;
const { chain, provider, client, core, market, capacity, factory, usd, usdAddress, search } = await openMarket();
const names = ['owner', 'ada', 'peer', 'bob', 'dan', 'dee', 'eve']; // Ada provides, her peers have an account of their own, Bob is the customer, Dan and Dee deposit
const signers = Object.fromEntries(names.map((name, i) => [name, wallet(i, provider)]));
const { owner, ada, peer, bob, dan, dee, eve } = signers;
const id = (text) => ethers.id(text);
const effectors = [cid('effector 1'), cid('effector 2')], app = cid('app'), plain = (v) => [v.prefixes, v.hash];

const book = new Book(client);
for (const name of names) await book.add(name, signers[name].address, 10000n * FLT, 10n ** 24n);
await book.add('capacity', await capacity.getAddress(), 1000n * FLT, 0n);
for (const [name, contract] of Object.entries({ core, market, factory, usd })) await book.add(name, await contract.getAddress(), 0n, 0n);
await book.add('blocks', ethers.ZeroAddress, 0n, 0n); // tips

let steps = 0;
async function step(what, who, sending, moves = []) {
  const receipt = await (await sending).wait();
  assert.equal(receipt.status, 1);
  assert.equal(receipt.from, signers[who].address);
  book.move('flt', who, 'blocks', receipt.gasUsed * receipt.gasPrice);
  for (const [coin, from, to, amount] of moves) book.move(coin, from, to, amount);
  await book.check(what);
  steps++;
  return receipt;
}
const as = (contract, signer) => contract.connect(signer);
let epoch = 1n;
async function toEpoch(n) {
  await provider.send('evm_increaseTime', [Number(n - epoch) * DAY]);
  await provider.send('evm_mine', []);
  epoch = n;
  assert.equal(await core.currentEpoch(), n);
  await book.check(`epoch ${n} begins`);
}

// ---- formulas of docs/spec/market.md ----
const k = Object.fromEntries(await Promise.all(['fltPrice', 'usdCollateralPerUnit', 'usdTargetRevenuePerEpoch', 'minRewardPerEpoch', 'maxRewardPerEpoch', 'slashingRate',
  'vestingPeriodDuration', 'vestingPeriodCount', 'minProofsPerEpoch', 'maxProofsPerEpoch', 'minDealDepositedEpochs', 'fltCollateralPerUnit', 'minDuration'].map(async (name) => [name, await core[name]()])));
assert.equal(k.fltCollateralPerUnit, k.usdCollateralPerUnit * PRECISION / k.fltPrice * FLT / PRECISION);
const poolNext = (base, active) => { // 6.5, Q15
  const least = (a, b) => a < b ? a : b;
  return base * k.fltPrice / active / FLT > k.usdTargetRevenuePerEpoch ? [base * 9n / 10n, k.minRewardPerEpoch].reduce((a, b) => a > b ? a : b) : least(base * 11n / 10n, k.maxRewardPerEpoch);
};
class Vesting { // 6.6
  items = []; withdrawn = 0n;
  add(reward, after) {
    const each = reward / k.vestingPeriodCount, first = (after / k.vestingPeriodDuration + 1n) * k.vestingPeriodDuration;
    for (let i = 0n; i < k.vestingPeriodCount; i++) this.items.push([first + i * k.vestingPeriodDuration, each]);
  }
  free(at) { return this.items.filter(([e]) => e <= at).reduce((sum, [, part]) => sum + part, 0n) - this.withdrawn; }
  take(at, rate) { const all = this.free(at), delegator = all * rate / PRECISION; this.withdrawn += all; return { all, delegator, provider: all - delegator }; }
}
class Ledger { // 4.2
  total = 0n; locked = 0n; gaps = 0n; maxPaid = 0n; ended = 0n; units = new Map();
  constructor(price, min, target) { Object.assign(this, { price, min, target, last: epoch - 1n }); }
  workers() { return BigInt(this.units.size); }
  commit(then) { // what passed, then a change, then how far the money goes
    const c = this.ended || epoch - 1n, before = this.workers(), pay = (n) => { const sum = n * this.price * before; this.total -= sum; this.locked += sum; };
    if (c > this.last) {
      if (c <= this.maxPaid) pay(c - this.last);
      else if (this.last >= this.maxPaid) this.gaps += c - this.last;
      else { pay(this.maxPaid - this.last); this.gaps += c - this.maxPaid; }
      this.last = c;
    }
    then?.(c);
    if (this.ended || !then) return;
    if (this.workers() >= this.min) this.maxPaid = c + this.total / (this.price * this.workers());
    else if (before >= this.min) this.maxPaid = 0n;
  }
  join(unit) { this.commit((c) => this.units.set(unit, { from: c, gaps: this.gaps })); }
  reward(unit) { const u = this.units.get(unit), c = this.ended || epoch - 1n; this.commit(); return (c - u.from - (this.gaps - u.gaps)) * this.price; }
  paid(unit) { const sum = this.reward(unit), u = this.units.get(unit); u.from = this.last; u.gaps = this.gaps; this.locked -= sum; return sum; }
  leave(unit) { const sum = this.paid(unit); this.commit(() => this.units.delete(unit)); return sum; }
  stop() { this.commit(); if (this.maxPaid > epoch) this.maxPaid = epoch; this.ended = epoch; }
  async check(deal, status) {
    this.commit();
    assert.deepEqual([await deal.getFreeBalance(), await deal.getMaxPaidEpoch(), await deal.getWorkerCount(), DealStatus[Number(await deal.getStatus())]],
      [this.total, this.maxPaid, this.workers(), status]);
  }
}

// ---- epoch 1: the provider, its offer, commitments ----
const [p1, p2, p3] = ['peer 1', 'peer 2', 'peer 3'].map(id), [u1, u2] = ['u1', 'u2'].map(id).sort(), [u3, u4, u5] = ['u3', 'u4', 'u5'].map(id);
const peers = [{ peerId: p1, unitIds: [u1, u2], owner: peer.address }, { peerId: p2, unitIds: [u3, u4], owner: peer.address }];
const minPrice = 15000n, offered = [minPrice, usdAddress, effectors, peers, 1n, 1n];
await refused(as(market, ada).registerMarketOffer(...offered), { text: "Provider doesn't exist" });
await refused(as(market, ada).setProviderInfo('', cid('ada')), { text: 'Name should be not empty' });
let r = await step('provider info', 'ada', as(market, ada).setProviderInfo("Ada's cellar", cid('ada')));
assert.deepEqual(event(r, market, 'ProviderInfoUpdated').map(String), [ada.address, "Ada's cellar", plain(cid('ada')).join()]);
assert.equal((await market.getProviderInfo(ada.address)).name, "Ada's cellar");
await refused(as(market, ada).registerMarketOffer(0n, ...offered.slice(1)), { text: 'Min price per epoch should be greater than 0' });
await refused(as(market, ada).registerMarketOffer(...offered.slice(0, 5), 2n), { text: 'Max protocol version too big' });
r = await step('offer', 'ada', as(market, ada).registerMarketOffer(...offered));
const prefix = ethers.toBeHex(BigInt(id('fluence.market.offer')) - 1n, 32);
const offer = ethers.solidityPackedKeccak256(['bytes32', 'address', 'uint256', 'bytes'], [prefix, ada.address, r.blockNumber, (await r.getTransaction()).data]);
assert.deepEqual(event(r, market, 'MarketOfferRegistered').slice(0, 4), [ada.address, offer, minPrice, usdAddress]);
assert.deepEqual(events(r, market, 'PeerCreated'), [[offer, p1, peer.address], [offer, p2, peer.address]]);
assert.deepEqual(events(r, market, 'ComputeUnitCreated'), [[p1, u1], [p1, u2], [p2, u3], [p2, u4]]);
assert.deepEqual((await market.queryFilter(market.filters.MarketOfferRegistered(ada.address))).map((log) => log.args.offerId), [offer]);
await refused(as(market, ada).registerMarketOffer(minPrice + 1n, ...offered.slice(1)), { text: 'Peer already exists in another offer' });
await refused(as(market, eve).addComputePeers(offer, [{ peerId: p3, unitIds: [u5], owner: eve.address }]), { text: 'Only owner can change offer' });
await step('one more peer', 'ada', as(market, ada).addComputePeers(offer, [{ peerId: p3, unitIds: [u5], owner: ada.address }]));
await step('a unit less', 'ada', as(market, ada).removeComputeUnit(u4));
r = await step('a new price', 'ada', as(market, ada).changeMinPricePerWorkerEpoch(offer, 20000n));
assert.deepEqual(event(r, market, 'MinPricePerEpochUpdated'), [offer, 20000n]);
assert.deepEqual((await market.getOffer(offer)).toArray(), [ada.address, 20000n, usdAddress, 3n, 1n, 1n]);
assert.deepEqual((await market.getComputePeer(p1)).toArray(), [offer, ethers.ZeroHash, 2n, peer.address]);
assert.deepEqual((await market.getComputeUnitIds(p2)).toArray(), [u3]);
await refused(market.getOffer(id('none')), { text: "Offer doesn't exist" });
await step('an effector is described', 'owner', as(market, owner).setEffectorInfo(effectors[0], 'fetches', cid('more')));
assert.equal((await market.getEffectorInfo(effectors[0])).description, 'fetches');

const duration = k.minDuration, rates = [2000000n, 700000n];
const commitmentId = (receipt, peerId, delegator, rate) => ethers.solidityPackedKeccak256(['uint256', 'bytes32', 'uint256', 'address', 'uint256'], [receipt.blockNumber, peerId, duration, delegator, rate]);
await refused(as(capacity, ada).createCommitment(p1, duration - 1n, dan.address, rates[0]), { text: 'Duration should be greater than min capacity commitment duration' });
await refused(as(capacity, eve).createCommitment(p1, duration, dan.address, rates[0]), { text: 'Only provider can create capacity commitment' });
const made = [];
for (const [i, [peerId, delegator]] of [[p1, dan.address], [p2, ethers.ZeroAddress], [p3, dee.address]].entries()) {
  r = await step(`commitment ${i + 1}`, 'ada', as(capacity, ada).createCommitment(peerId, duration, delegator, rates[i] ?? 1n));
  made.push(commitmentId(r, peerId, delegator, rates[i] ?? 1n));
  assert.deepEqual(event(r, capacity, 'CommitmentCreated'), [peerId, made[i], duration, delegator, rates[i] ?? 1n, k.fltCollateralPerUnit]);
}
const [cc1, cc2, cc3] = made, status = async (cc) => CommitmentStatus[Number(await capacity.getStatus(cc))], collateral = [2n * k.fltCollateralPerUnit, k.fltCollateralPerUnit];
assert.equal(await status(cc1), 'WaitDelegation');
r = await step('the third is not needed', 'ada', as(capacity, ada).removeCommitment(cc3));
assert.deepEqual(event(r, capacity, 'CommitmentRemoved'), [cc3]);
await refused(as(capacity, eve).depositCollateral([cc1], { value: collateral[0] }), { text: 'Only delegator can lock collateral' });
await refused(as(capacity, dan).depositCollateral([cc1], { value: collateral[0] - 1n }), { panic: 0x11 });
await refused(as(capacity, dan).depositCollateral([cc1], { value: collateral[0] + 1n }), { text: 'Excessive value' });
r = await step('Dan deposits', 'dan', as(capacity, dan).depositCollateral([cc1], { value: collateral[0] }), [['flt', 'dan', 'capacity', collateral[0]]]);
assert.deepEqual(event(r, capacity, 'CollateralDeposited'), [cc1, collateral[0]]);
assert.deepEqual(event(r, capacity, 'CommitmentActivated').map(String), [p1, cc1, '2', String(2n + duration), [u1, u2].join()]);
await step('Dee deposits for whoever', 'dee', as(capacity, dee).depositCollateral([cc2], { value: collateral[1] }), [['flt', 'dee', 'capacity', collateral[1]]]);
await refused(as(capacity, ada).removeCommitment(cc1), { text: 'Capacity commitment is not in WaitDelegation status' });
assert.deepEqual([await status(cc1), await core.activeUnitCount()], ['WaitStart', 3n]);
await refused(as(capacity, peer).submitProof(u1, id('n'), ethers.ZeroHash), { text: 'Capacity commitment is not started' });
await refused(as(market, ada).removeComputeUnit(u1), { text: 'Peer has commitment' });

// ---- epoch 2: proofs ----
const queue = new ethers.Contract(await capacity.getAddress(), ['function proofsWaiting() view returns (uint256 count, uint256 settled)', 'event ProofsConfirmed(bytes32 indexed peerId, bytes32[] unitIds, bool[] confirmed)'], provider);
async function prove(unit, count) {
  const found = await search(await capacity.getGlobalNonce(), unit, await core.difficulty(), count);
  for (const [nonce, hash] of found) {
    r = await step('a proof', 'peer', as(capacity, peer).submitProof(unit, nonce, hash));
    assert.deepEqual(event(r, capacity, 'ProofSubmitted').slice(1), [unit, nonce]);
  }
  return found;
}
await toEpoch(2n);
assert.deepEqual([await status(cc1), await status(cc2)], ['Active', 'Active']);
const difficulty = await core.difficulty(), counts = { [u1]: 2, [u2]: 2, [u3]: 3 };
assert.equal(difficulty, `0x3f${'ff'.repeat(31)}`);
await refused(as(capacity, eve).submitProof(u1, id('n'), ethers.ZeroHash), { text: 'Only compute peer owner can submit proof' });
await refused(as(capacity, peer).submitProof(u1, id('n'), ethers.toBeHex(BigInt(difficulty) + 1n, 32)), { text: 'Proof is bigger than difficulty' });
const first = await prove(u1, 2);
await refused(as(capacity, peer).submitProof(u1, ...first[0]), { text: 'Proof is already submitted for this unit' });
await prove(u2, 2);
await prove(u3, 3);
await verified(queue);
const confirmed = await queue.queryFilter(queue.filters.ProofsConfirmed());
assert.deepEqual(confirmed.flatMap((log) => log.args.unitIds.map((unit, i) => [unit, log.args.confirmed[i]])).sort(), Object.entries(counts).flatMap(([unit, n]) => Array(n).fill([unit, true])).sort());
for (let i = 3; i < Number(k.maxProofsPerEpoch); i++) await step('hashes that nobody checked yet', 'peer', as(capacity, peer).submitProof(u3, id(`wrong ${i}`), ethers.ZeroHash));
await refused(capacity.submitProof.staticCall(u3, id('one more'), ethers.ZeroHash, { from: peer.address }), { error: 'TooManyProofs' });
await verified(queue); // wrong ones do not count

// ---- epoch 3: a deal ----
await toEpoch(3n);
assert.equal(await core.difficulty(), difficulty); // SPEC market.md 2: in epoch 1 nobody owed a proof yet
const vested = [new Vesting(), new Vesting()], pool2 = await core.getRewardPool(2n);
assert.equal(pool2, 10n * FLT);
await prove(u2, 2);
await verified(queue);
vested[0].add(pool2 * 2n / 7n, 2n); // u2, which its proof in this epoch touched

const price = 25000n, least = price * 2n * k.minDealDepositedEpochs, deposit = 10n * 2n * price;
const order = (amount, p = price, min = 2n) => [app, usdAddress, amount, min, 2n, 2n, p, [effectors[1]], 0n, [], 1n];
await refused(as(factory, bob).deployDeal(...order(deposit)), { text: 'ERC20: insufficient allowance' });
await step('Bob allows the factory', 'bob', as(usd, bob).approve(await factory.getAddress(), deposit + least));
await refused(as(factory, bob).deployDeal(...order(least - 1n)), { text: 'Deposit amount is less than minimum required' });
await refused(as(factory, bob).deployDeal(...order(deposit, price, 3n)), { text: 'Config: minWorkers should be less or equal to targetWorkers' });
await refused(as(factory, bob).deployDeal(...order(deposit, 0n)), { text: 'Config: pricePerWorkerEpoch should be greater than 0' }); // ours: Q2
const at = await factory.deployDeal.staticCall(...order(deposit), { from: bob.address });
await book.add('deal', at, 0n, 0n);
r = await step('a deal', 'bob', as(factory, bob).deployDeal(...order(deposit)), [['usd', 'bob', 'deal', deposit]]);
assert.deepEqual(event(r, factory, 'DealCreated').slice(0, 8), [bob.address, at, 3n, usdAddress, 2n, 2n, 2n, price]);
assert.ok(await factory.hasDeal(at) && !await factory.hasDeal(bob.address));
const deal = client.getDeal(at), ledger = new Ledger(price, 2n, 2n);
ledger.total = deposit;
assert.deepEqual([await deal.owner(), await deal.creationBlock(), await deal.paymentToken(), plain(await deal.appCID())], [bob.address, BigInt(r.blockNumber), usdAddress, plain(app)]);
await ledger.check(deal, 'NOT_ENOUGH_WORKERS');
const at2 = await factory.deployDeal.staticCall(...order(least, 10000n), { from: bob.address });
await book.add('cheap', at2, 0n, 0n);
await step('a deal that pays too little', 'bob', as(factory, bob).deployDeal(...order(least, 10000n)), [['usd', 'bob', 'cheap', least]]);

await refused(as(market, eve).matchDeal(at, [offer], [[u1, u3]]), { text: 'Matcher: sender is not deal owner' });
await refused(market.matchDeal.staticCall(at, [offer], [[u1]], { from: bob.address }), { error: 'MinWorkersNotMatched', args: [2n] });
await refused(market.matchDeal.staticCall(at2, [offer], [[u1, u3]], { from: bob.address }), { error: 'MinWorkersNotMatched', args: [2n] });
const candidates = await new DealMatcherClient('local', `${chain.url}/subgraphs/name/fluence-deal-contracts`).getMatchedOffersByDealId(at);
assert.deepEqual([candidates.offers, candidates.computeUnitsPerOffers.map((units) => units.sort()), candidates.fulfilled], [[offer], [[u1, u3].sort()], true]); // one of each peer
r = await step('matched', 'bob', as(market, bob).matchDeal(at, candidates.offers, [[u1, u2, u3]])); // u2 is of the same peer as u1: left out
assert.deepEqual(events(r, market, 'ComputeUnitMatched').map((args) => args.slice(0, 3)), [[p1, at, u1], [p2, at, u3]]);
assert.deepEqual(events(r, capacity, 'UnitDeactivated'), [[cc1, u1], [cc2, u3]]);
assert.deepEqual(events(r, deal, 'ComputeUnitJoined'), [[p1, u1], [p2, u3]]);
vested[0].add(pool2 * 2n / 7n, 2n);
vested[1].add(pool2 * 3n / 7n, 2n);
assert.deepEqual([await core.getRewardPool(2n), await core.getRewardPool(3n), await core.activeUnitCount()], [pool2, poolNext(pool2, 1n), 1n]);
for (const [i, cc] of [cc1, cc2].entries()) assert.deepEqual([await capacity.totalRewards(cc), await capacity.unlockedRewards(cc)], [vested[i].free(1000n), vested[i].free(3n)]);
assert.equal((await market.getComputeUnit(u1)).deal, at);
await refused(as(capacity, peer).submitProof(u1, id('while serving'), ethers.ZeroHash), { text: 'Compute unit is in deal' }); // ours: Q10

await refused(as(deal, eve).setWorker(u1, id('worker 1')), { text: 'Only provider or owner can set worker' });
await refused(as(deal, peer).setWorker(u1, ethers.ZeroHash), { text: "WorkerId can't be empty" });
await refused(as(deal, peer).setWorker(u2, id('worker 1')), { text: 'ComputeUnit not found' });
r = await step('worker 1', 'peer', as(deal, peer).setWorker(u1, id('worker 1')));
ledger.join(u1);
assert.deepEqual(event(r, deal, 'WorkerIdUpdated'), [u1, id('worker 1')]);
await ledger.check(deal, 'NOT_ENOUGH_WORKERS');
r = await step('worker 2', 'ada', as(deal, ada).setWorker(u3, id('worker 2')));
ledger.join(u3);
assert.deepEqual(event(r, deal, 'MaxPaidEpochUpdated'), [ledger.maxPaid]);
assert.equal(ledger.maxPaid, 12n);
await ledger.check(deal, 'ACTIVE');
assert.deepEqual((await deal.getComputeUnits()).map((u) => [u.id, u.workerId, u.peerId, u.provider]), [[u1, id('worker 1'), p1, ada.address], [u3, id('worker 2'), p2, ada.address]]);

// ---- epoch 5: two epochs were worked ----
await toEpoch(5n);
assert.equal(BigInt(await core.difficulty()), BigInt(difficulty) * 3n * (k.minProofsPerEpoch + k.maxProofsPerEpoch) / (2n * 7n)); // of epoch 2: 3 provers, 7 proofs
await ledger.check(deal, 'ACTIVE');
assert.deepEqual([await deal.getRewardAmount(u1), await deal.getRewardAmount(u3)], [2n * price, 2n * price]);
assert.deepEqual([ledger.reward(u1), ledger.total], [2n * price, deposit - 4n * price]);
await refused(as(deal, bob).withdrawRewards(u1), { text: 'Only provider or owner can withdraw' });
r = await step('the reward of worker 1', 'peer', as(deal, peer).withdrawRewards(u1), [['usd', 'deal', 'ada', ledger.paid(u1)]]);
assert.deepEqual(event(r, deal, 'RewardWithdrawn'), [u1, 2n * price]);
assert.equal(await deal.getRewardAmount(u1), 0n);
await refused(as(deal, bob).deposit(7n * price), { text: 'ERC20: insufficient allowance' });
await step('Bob allows the deal', 'bob', as(usd, bob).approve(at, 7n * price));
r = await step('more money', 'bob', as(deal, bob).deposit(7n * price), [['usd', 'bob', 'deal', 7n * price]]);
ledger.commit(() => { ledger.total += 7n * price; });
assert.deepEqual([event(r, deal, 'Deposited'), event(r, deal, 'MaxPaidEpochUpdated')], [[7n * price], [ledger.maxPaid]]);
await ledger.check(deal, 'ACTIVE');
await refused(deal.deposit.staticCall(1n, { from: eve.address }), { error: 'OwnableUnauthorizedAccount', args: [eve.address] });
await refused(as(deal, bob).withdraw(ledger.total + 1n), { panic: 0x11 });
await refused(as(deal, bob).withdraw(ledger.total - least + 1n), { text: 'Free balance needs to cover minDealDepositedEpochs' });
r = await step('some of it back', 'bob', as(deal, bob).withdraw(5n * price), [['usd', 'deal', 'bob', 5n * price]]);
ledger.commit(() => { ledger.total -= 5n * price; });
assert.deepEqual(event(r, deal, 'Withdrawn'), [5n * price]);
await ledger.check(deal, 'ACTIVE');
r = await step('another app', 'bob', as(deal, bob).setAppCID(cid('app 2')));
assert.deepEqual(plain(event(r, deal, 'AppCIDChanged')[0]), plain(cid('app 2')));
await refused(as(deal, bob).addProviderToAccessList(eve.address), { text: 'Config: access type is NONE' });
await step('a list of who may not', 'bob', as(deal, bob).changeProvidersAccessType(2n));
await step('Eve may not', 'bob', as(deal, bob).addProviderToAccessList(eve.address));
assert.deepEqual([await deal.isProviderAllowed(eve.address), await deal.isProviderAllowed(ada.address)], [false, true]);

// ---- epoch 6: the end of the deal ----
await toEpoch(6n);
await refused(deal.stop.staticCall({ from: eve.address }), { error: 'OwnableUnauthorizedAccount', args: [eve.address] });
r = await step('stopped', 'bob', as(deal, bob).stop());
ledger.stop();
assert.deepEqual(event(r, deal, 'DealEnded'), [6n]);
await ledger.check(deal, 'ENDED');
await refused(as(deal, bob).stop(), { text: 'Deal is not active' });
await refused(as(deal, bob).deposit(1n), { text: 'Deal is ended' });
await refused(as(market, bob).matchDeal(at, [], []), { text: 'Matcher: deal is not active' });

// ---- epoch 7: the units come back ----
await toEpoch(7n);
await refused(as(market, eve).returnComputeUnitFromDeal(u1), { text: 'Only deal owner, peer owner and provider can remove compute unit from deal' });
for (const [what, who, unit, peerId, cc, epochs] of [['by its provider', 'ada', u1, p1, cc1, 2n], ['by the customer', 'bob', u3, p2, cc2, 4n]]) {
  const pay = ledger.leave(unit);
  assert.equal(pay, epochs * price);
  r = await step(`a unit returns ${what}`, who, as(market, signers[who]).returnComputeUnitFromDeal(unit), [['usd', 'deal', 'ada', pay]]);
  assert.deepEqual([event(r, market, 'ComputeUnitRemovedFromDeal'), event(r, deal, 'ComputeUnitRemoved'), event(r, deal, 'RewardWithdrawn'), event(r, capacity, 'UnitActivated')],
    [[unit, at, peerId], [peerId, unit], [unit, pay], [cc, unit, 8n]]);
}
await refused(as(market, ada).returnComputeUnitFromDeal(u1), { text: 'Compute unit already free' });
await ledger.check(deal, 'ENDED');
assert.equal(await core.activeUnitCount(), 3n);
await refused(as(deal, bob).withdraw(ledger.total), { text: "Can't withdraw before minDealDepositedEpochs after deal end" });

// ---- epoch 9: what is left ----
await toEpoch(9n);
await step('the rest', 'bob', as(deal, bob).withdraw(ledger.total), [['usd', 'deal', 'bob', ledger.total]]);
assert.deepEqual([ledger.locked, book.who.get('deal').usd], [0n, 0n]);
await refused(capacity.removeCUFromCC.staticCall(cc1, [u1], { from: ada.address }), { error: 'CapacityCommitmentIsActive', args: [1n] });

// ---- epoch 12: the commitments are over ----
await toEpoch(2n + duration);
assert.deepEqual([await status(cc1), await status(cc2)], ['Inactive', 'Inactive']);
await refused(capacity.finishCommitment.staticCall(cc1), { error: 'CapacityCommitmentIsActive', args: [1n] }); // as it was kept
// u2 proved in 2 and 3, not in 4 to 11; u1 and u3 came back in 7 and proved nothing in 8 to 11. SPEC market.md 6.4
const slash = (gaps) => gaps * k.fltCollateralPerUnit * k.slashingRate / PRECISION;
await step('a unit leaves', 'ada', as(capacity, ada).removeCUFromCC(cc1, [u1]));
await refused(as(capacity, eve).finishCommitment(cc1), { text: 'For finish commitment all units should be exited' });
await step('the other', 'ada', as(capacity, ada).removeCUFromCC(cc1, [u2]));
vested[0].add(await core.getRewardPool(3n), 11n); // alone in epoch 3
await refused(as(capacity, ada).removeCUFromCC(cc1, [u1]), { text: 'Compute unit is exited' });
await step('that of the other too', 'ada', as(capacity, ada).removeCUFromCC(cc2, [u3]));
for (const [i, cc] of [cc1, cc2].entries()) assert.deepEqual([await capacity.totalRewards(cc), await capacity.unlockedRewards(cc)], [vested[i].free(1000n), vested[i].free(epoch)]);
await refused(as(capacity, eve).withdrawReward(cc1), { text: 'Only provider or delegator can withdraw reward' });
async function rewards(i, cc, who, delegator) {
  const part = vested[i].take(epoch, rates[i]);
  r = await step(`rewards of ${i + 1}`, who, as(capacity, signers[who]).withdrawReward(cc), [['flt', 'capacity', 'ada', part.provider], ['flt', 'capacity', delegator, part.delegator]]);
  assert.deepEqual(event(r, capacity, 'RewardWithdrawn'), [cc, part.all]);
}
await rewards(0, cc1, 'dan', 'dan');
await rewards(1, cc2, 'ada', 'dee');
for (const [i, cc, delegator, gaps] of [[0, cc1, 'dan', slash(8n) + slash(4n)], [1, cc2, 'dee', slash(4n)]]) {
  r = await step(`collateral ${i + 1} comes back`, 'eve', as(capacity, eve).finishCommitment(cc), [['flt', 'capacity', delegator, collateral[i] - gaps], ['flt', 'capacity', 'owner', gaps]]);
  assert.deepEqual([event(r, capacity, 'CommitmentFinished'), await status(cc)], [[cc], 'Removed']);
}
assert.equal((await market.getComputePeer(p1)).commitmentId, ethers.ZeroHash);

// ---- epoch 30: the last rewards are free ----
await toEpoch(30n);
await rewards(0, cc1, 'ada', 'dan');
await rewards(1, cc2, 'dee', 'dee');
assert.deepEqual([await capacity.totalRewards(cc1), await capacity.totalRewards(cc2)], [0n, 0n]);

// ---- everything is taken down ----
await refused(as(market, ada).removeOffer(offer), { text: 'Offer has compute peers' });
await refused(as(market, ada).removeComputePeer(p1), { text: 'Peer has compute units' });
for (const [peerId, units] of [[p1, [u1, u2]], [p2, [u3]], [p3, [u5]]]) {
  for (const unit of units) assert.deepEqual(event(await step('a unit less', 'ada', as(market, ada).removeComputeUnit(unit)), market, 'ComputeUnitRemoved'), [peerId, unit]);
  await step('a peer less', 'ada', as(market, ada).removeComputePeer(peerId));
}
await step('no offer', 'ada', as(market, ada).removeOffer(offer));
await refused(market.getOffer(offer), { text: "Offer doesn't exist" });

const sum = (coin) => [...book.who.values()].reduce((all, one) => all + one[coin], 0n);
assert.deepEqual([sum('flt'), sum('usd')], [BigInt(names.length) * 10000n * FLT + 1000n * FLT, BigInt(names.length) * 10n ** 24n]);
console.log(`deal-ts-clients: ${steps} transactions, ${r.blockNumber} blocks, all balances right after each`);
process.exit(0);
