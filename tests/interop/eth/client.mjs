// client.mjs: Ethereum's published clients on `rivulet chain start`: ethers (the version of the original's packages), viem, cast; over HTTP and WebSocket.
// Transfers, the token, Multicall3, reverts in words, logs, filters, subscriptions, time, batches; then export, replay, and a restart. Run: node client.mjs
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ethers } from 'ethers';
import { createPublicClient, createTestClient, createWalletClient, http, parseAbi, parseEther, webSocket } from 'viem';
import { mnemonicToAccount } from 'viem/accounts';
import { foundry } from 'viem/chains';
import { WebSocket } from 'ws';
import { rivulet, startChain, words } from '../chain.mjs';

globalThis.WebSocket ??= WebSocket;
const here = dirname(fileURLToPath(import.meta.url));
const made = mkdtempSync(join(tmpdir(), 'rivulet-eth-'));
const state = join(made, 'chain');

function run(...args) {
  return execFileSync(rivulet[0], [...rivulet.slice(1), ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

const start = () => startChain('127.0.0.1:0', '--state', state);

async function stop(chain, signal) {
  const gone = new Promise((done) => chain.child.on('exit', (code, by) => done(by ?? code)));
  chain.child.kill(signal);
  return gone;
}

let chain = await start();
process.on('exit', () => { chain.child.kill('SIGKILL'); rmSync(made, { recursive: true, force: true }); });
const status = () => JSON.parse(run('chain', 'status', '--json', '--url', chain.url));

// ---- ethers ----
const usd = '0x5FbDB2315678afecb367f032d93F642f64180aa3';
const abi = ['function transfer(address to, uint256 amount) returns (bool)', 'function balanceOf(address) view returns (uint256)',
  'function approve(address,uint256) returns (bool)', 'event Transfer(address indexed from, address indexed to, uint256 value)'];
{
  const provider = new ethers.JsonRpcProvider(chain.url, undefined, { cacheTimeout: -1 });
  const [alice, bob] = [0, 1].map((i) => ethers.HDNodeWallet.fromPhrase(words, undefined, `m/44'/60'/0'/0/${i}`).connect(provider));
  assert.equal((await provider.getNetwork()).chainId, 31337n);
  assert.equal(await provider.getBalance(alice.address), ethers.parseEther('10000'));
  const sent = await alice.sendTransaction({ to: bob.address, value: ethers.parseEther('1.5') });
  const receipt = await sent.wait();
  assert.equal(receipt.status, 1);
  assert.equal(receipt.gasUsed, 21000n);
  assert.equal(await provider.getBalance(bob.address), ethers.parseEther('10001.5'));
  const legacy = await (await alice.sendTransaction({ to: bob.address, value: 1n, type: 0, gasPrice: 0n })).wait();
  assert.equal(legacy.type, 0);

  const token = new ethers.Contract(usd, abi, alice);
  assert.equal(await provider.getCode(usd), '0xfe');
  const before = await token.balanceOf(bob.address);
  const moved = await (await token.transfer(bob.address, 1000n)).wait();
  assert.equal(await token.balanceOf(bob.address), before + 1000n);
  assert.equal(moved.logs.length, 1);
  const event = token.interface.parseLog(moved.logs[0]);
  assert.deepEqual([event.name, event.args.from, event.args.to, event.args.value], ['Transfer', alice.address, bob.address, 1000n]);
  const found = await token.queryFilter(token.filters.Transfer(alice.address, bob.address), 0);
  assert.deepEqual(found.map((log) => log.transactionHash), [moved.hash]);
  assert.deepEqual(await token.queryFilter(token.filters.Transfer(bob.address), 0), []);

  const poor = ethers.Wallet.createRandom().connect(provider);
  await assert.rejects(token.connect(poor).transfer(bob.address, 1n), (e) => {
    assert.equal(e.code, 'CALL_EXCEPTION');
    assert.equal(e.reason, 'ERC20: transfer amount exceeds balance');
    return true;
  });
  await assert.rejects(poor.sendTransaction({ to: bob.address, value: 1n, gasLimit: 21000n }), { code: 'INSUFFICIENT_FUNDS' });
  await assert.rejects(alice.sendTransaction({ to: bob.address, nonce: 0 }), { code: 'NONCE_EXPIRED' });

  const multicall = new ethers.Contract('0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512', ['function aggregate3((address target,bool allowFailure,bytes callData)[]) payable returns ((bool success,bytes returnData)[])'], provider);
  const data = token.interface.encodeFunctionData('balanceOf', [bob.address]);
  const [one, two] = await multicall.aggregate3.staticCall([{ target: usd, allowFailure: false, callData: data }, { target: usd, allowFailure: true, callData: '0x12345678' }]);
  assert.deepEqual([one.success, BigInt(one.returnData), two.success], [true, before + 1000n, false]);

  const socket = new ethers.WebSocketProvider(chain.ws);
  const watching = new ethers.Contract(usd, abi, socket);
  const heard = new Promise((done) => { void watching.on('Transfer', (from, to, value) => done([from, to, value])); });
  const blocks = new Promise((done) => { void socket.on('block', done); });
  await socket.getBlockNumber(); // both subscriptions are there
  await new Promise((done) => setTimeout(done, 200));
  const signer = ethers.HDNodeWallet.fromPhrase(words, undefined, "m/44'/60'/0'/0/2").connect(provider);
  await (await watching.connect(signer).transfer(alice.address, 7n)).wait();
  assert.deepEqual(await heard, [signer.address, alice.address, 7n]);
  assert.equal(typeof await blocks, 'number');
  // ethers 6.7.1 remembers a block's number for 250 ms, a provider over a socket cannot be told not to: a block sooner than that has no confirmation for it
  // until the block after. SPEC chain.md 3.1
  const over = signer.connect(socket), to = '0x000000000000000000000000000000000000bEEF';
  const forgotten = () => new Promise((done) => setTimeout(done, 300)); // nonces are remembered too
  await forgotten();
  assert.equal((await (await over.sendTransaction({ to, value: 1n })).wait(0)).status, 1); // as it is, which here is: in a block
  await forgotten();
  const old = await over.sendTransaction({ to, value: 1n });
  await forgotten();
  assert.equal((await old.wait()).status, 1);
  await provider.send('evm_setIntervalMining', [400]); // blocks by the clock: the next one comes by itself
  assert.equal((await (await over.sendTransaction({ to, value: 1n })).wait()).status, 1);
  await provider.send('evm_setIntervalMining', [0]);

  // Money of nothing
  const heightBefore = await provider.getBlockNumber();
  assert.equal(await provider.send('hardhat_setBalance', [poor.address, ethers.toQuantity(ethers.parseEther('3'))]), true);
  assert.equal(await provider.getBlockNumber(), heightBefore + 1);
  assert.equal(await socket.getBalance(poor.address), ethers.parseEther('3'));
  assert.equal((await (await poor.sendTransaction({ to, value: ethers.parseEther('2') })).wait()).status, 1);
  assert.equal(await provider.getBalance(poor.address), ethers.parseEther('1'));
  await assert.rejects(provider.send('hardhat_setBalance', [usd, '0x1']), /balance of a contract/);
  await watching.removeAllListeners();
  await socket.removeAllListeners();
  await new Promise((done) => setTimeout(done, 100)); // eth_unsubscribe is on its way
  await socket.destroy();
  provider.destroy();
}

// ---- viem ----
{
  const account = mnemonicToAccount(words, { addressIndex: 3 });
  const common = { chain: foundry, transport: http(chain.url, { batch: true }), pollingInterval: 50 };
  const client = createPublicClient(common), wallet = createWalletClient({ ...common, account });
  const test = createTestClient({ ...common, mode: 'anvil' });
  const erc20 = parseAbi(['function transfer(address to, uint256 amount) returns (bool)', 'function balanceOf(address) view returns (uint256)',
    'event Transfer(address indexed from, address indexed to, uint256 value)']);
  const hash = await wallet.sendTransaction({ to: '0x000000000000000000000000000000000000dEaD', value: parseEther('2') });
  const receipt = await client.waitForTransactionReceipt({ hash });
  assert.equal(receipt.status, 'success');
  const [balance, block, nonce] = await Promise.all([ // one batch
    client.getBalance({ address: '0x000000000000000000000000000000000000dEaD' }), client.getBlock({ includeTransactions: true }),
    client.getTransactionCount({ address: account.address })]);
  assert.equal(balance, parseEther('2'));
  assert.equal(block.transactions[0].hash, hash);
  assert.equal(nonce, 1);
  await assert.rejects(client.simulateContract({ address: usd, abi: erc20, functionName: 'transfer', args: [account.address, 1n], account: '0x000000000000000000000000000000000000dEaD' }),
    (e) => e.shortMessage.includes('ERC20: transfer amount exceeds balance'));
  const seen = [];
  const unwatch = client.watchContractEvent({ address: usd, abi: erc20, eventName: 'Transfer', onLogs: (logs) => seen.push(...logs) });
  await new Promise((done) => setTimeout(done, 300));
  await client.waitForTransactionReceipt({ hash: await wallet.writeContract({ address: usd, abi: erc20, functionName: 'transfer', args: [account.address, 5n] }) });
  for (let i = 0; i < 50 && !seen.length; i++) await new Promise((done) => setTimeout(done, 50));
  unwatch();
  assert.deepEqual(seen.map((log) => log.args.value), [5n]);
  const { timestamp, number } = await client.getBlock();
  await test.increaseTime({ seconds: 3600 });
  await test.setBalance({ address: '0x000000000000000000000000000000000000f00d', value: parseEther('7') });
  assert.equal(await client.getBalance({ address: '0x000000000000000000000000000000000000f00d' }), parseEther('7'));
  await test.mine({ blocks: 3 });
  const later = await client.getBlock();
  assert.equal(later.number, number + 4n);
  assert.ok(later.timestamp - timestamp >= 3600n && later.timestamp - timestamp < 3660n);
  const history = await client.getFeeHistory({ blockCount: 4, rewardPercentiles: [10, 50] });
  assert.equal(history.baseFeePerGas.length, 5);
  const live = createPublicClient({ chain: foundry, transport: webSocket(chain.ws) });
  const head = new Promise((done) => live.watchBlocks({ onBlock: (b) => b.number > later.number && done(b.number) }));
  await new Promise((done) => setTimeout(done, 300));
  await test.mine({ blocks: 1 });
  assert.equal(await head, later.number + 1n);
  (await live.transport.getRpcClient()).close();
}

// ---- cast: where its program for this machine is there ----
const castProgram = join(here, 'node_modules', '@foundry-rs', `cast-${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`, 'bin', 'cast');
if (existsSync(castProgram)) {
  const cast = (...args) => execFileSync(castProgram, [...args, '--rpc-url', chain.url], { encoding: 'utf8' }).trim();
  const key = '0x8b3a350cf5c34c9194ca85829a2df0ec3153be0318b5e2d3348e872092edffba';
  assert.equal(cast('chain-id'), '31337');
  const sent = JSON.parse(cast('send', '--json', '--private-key', key, usd, 'transfer(address,uint256)', '0x000000000000000000000000000000000000dEaD', '77'));
  assert.equal(sent.status, '0x1');
  assert.equal(cast('call', usd, 'balanceOf(address)(uint256)', '0x000000000000000000000000000000000000dEaD').split(' ')[0], '77');
  assert.equal(JSON.parse(cast('receipt', '--json', sent.transactionHash)).blockNumber, sent.blockNumber);
  assert.equal(JSON.parse(cast('logs', '--json', '--from-block', '0', '--address', usd, 'Transfer(address,address,uint256)')).length, 4);
  assert.throws(() => execFileSync(castProgram, ['call', usd, 'transfer(address,uint256)', '0x000000000000000000000000000000000000dEaD', '1', '--rpc-url', chain.url], { encoding: 'utf8', stdio: 'pipe' }),
    (e) => e.stderr.includes('ERC20: transfer from the zero address'));
} else {
  console.log(`cast: its program is not there (${castProgram})`);
}

// ---- export, replay, kill, restart ----
const before = status(), file = join(made, 'blocks');
run('chain', 'export', file, '--state', state);
assert.ok(run('chain', 'replay', file).includes(before.appHash));
assert.equal(await stop(chain, 'SIGKILL'), 'SIGKILL');
assert.deepEqual(JSON.parse(run('chain', 'status', '--json', '--state', state)).appHash, before.appHash);
chain = await start();
assert.deepEqual([status().height, status().hash], [before.height, before.hash]);
assert.equal(JSON.parse(run('chain', 'account', '--json', '0x000000000000000000000000000000000000dEaD', '--url', chain.url)).flt, '2');
assert.equal(JSON.parse(run('chain', 'account', '--json', '0x000000000000000000000000000000000000f00d', '--url', chain.url)).flt, '7');
assert.equal(await stop(chain, 'SIGTERM'), 0);
console.log('ethers, viem, cast: all well');
process.exit(0);
