// common.mjs: the packages, a chain with the clients' contracts, its accounts, the money of all of them as it has to be, and what the clients say of a refusal.
import assert from 'node:assert/strict';
import { register } from 'node:module';
import { ethers } from 'ethers';
import { startChain, startSearch, words } from '../chain.mjs';

export { ethers };
register('./with.mjs', import.meta.url);
export const clients = await import('@fluencelabs/deal-ts-clients');
export const DAY = 86400, PRECISION = 10n ** 7n, FLT = 10n ** 18n;
export const cid = (text) => ({ prefixes: '0x01551220', hash: ethers.sha256(ethers.toUtf8Bytes(text)) });

// A new chain whose epochs are days, the clients' contracts on it, and who searches proofs.
export async function openMarket() {
  const chain = await startChain('127.0.0.1:0', '--epoch', String(DAY), '--proof-bits', '2');
  const provider = new ethers.JsonRpcProvider(chain.url, undefined, { cacheTimeout: -1, polling: true });
  provider.pollingInterval = 20;
  const client = new clients.DealClient(provider, 'local'), usd = client.getUSDC();
  return { chain, provider, client, core: client.getCore(), market: client.getMarket(), capacity: client.getCapacity(), factory: client.getDealFactory(), usd, usdAddress: await usd.getAddress(), search: startSearch() };
}

export function wallet(i, provider) {
  return ethers.HDNodeWallet.fromPhrase(words, undefined, `m/44'/60'/0'/0/${i}`).connect(provider);
}

// The money of everybody as it has to be, and as the chain has it: one call of the client's Multicall3.
export class Book {
  constructor(client) { this.client = client; this.who = new Map(); }

  async add(name, address, flt, usd) { this.who.set(name, { address, flt, usd }); await this.check(`${name} joins`); }

  move(coin, from, to, amount) {
    assert.ok(amount >= 0n, `${from} gives ${to} ${amount}`);
    this.who.get(from)[coin] -= amount;
    this.who.get(to)[coin] += amount;
  }

  async seen() {
    const multicall = this.client.getMulticall3(), usd = this.client.getUSDC(), target = [await multicall.getAddress(), await usd.getAddress()];
    const calls = [...this.who.values()].flatMap(({ address }) => [
      { target: target[0], allowFailure: false, callData: multicall.interface.encodeFunctionData('getEthBalance', [address]) },
      { target: target[1], allowFailure: false, callData: usd.interface.encodeFunctionData('balanceOf', [address]) }]);
    const got = await multicall.aggregate3.staticCall(calls);
    return [...this.who.keys()].map((name, i) => [name, BigInt(got[2 * i].returnData), BigInt(got[2 * i + 1].returnData)]);
  }

  async check(step) {
    assert.deepEqual(await this.seen(), [...this.who].map(([name, { flt, usd }]) => [name, flt, usd]), `balances after: ${step}`);
  }
}

// What an event of a contract said in a receipt; all of them by events().
export function events(receipt, contract, name) {
  return receipt.logs.filter((log) => log.address === contract.target).map((log) => contract.interface.parseLog({ topics: [...log.topics], data: log.data }))
    .filter((log) => log?.name === name).map((log) => log.args.toArray());
}
export function event(receipt, contract, name) {
  const all = events(receipt, contract, name);
  assert.equal(all.length, 1, `${all.length} events ${name}`);
  return all[0];
}

// A refusal as ethers tells it, before anything is sent: a text, a panic's number, or an error of the contract by name.
export async function refused(promise, { text, panic, error, args = [] }) {
  const e = await promise.then(() => assert.fail(`not refused: ${text ?? panic ?? error}`), (e) => e);
  assert.equal(e.code, 'CALL_EXCEPTION', e.stack);
  if (text !== undefined) assert.equal(e.reason, text);
  if (panic !== undefined) assert.deepEqual([e.revert?.name, Number(e.revert?.args[0])], ['Panic', panic], e.message);
  if (error !== undefined) assert.deepEqual([e.revert?.name, e.revert?.args.toArray()], [error, args], e.message);
}
