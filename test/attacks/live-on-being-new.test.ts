/**
 * An owner registers many keys with the smallest bond and never works: once there were turns for newcomers, and their
 * rewards went to whoever had most keys. All numbers of keys are played, idle and with the work of one machine split
 * among them. Inequality: reward of keys without work = 0 <= fees; reward of a split machine <= that of a whole one.
 */

import { expect } from "chai";
import { POML } from "../../chain/amount.ts";
import { addressOf } from "../../chain/crypto/address.ts";
import { turnsAt } from "../../chain/draw/turns.ts";
import { weightOf } from "../../chain/weight/weight.ts";
import { type Person, person, TestChain } from "../helpers/chain.ts";
import { claim, firstWindow, judgeAll, registration } from "../helpers/window-run.ts";

const FOUNDERS = 4;
const BOND = 10n * POML;
const REWARD = 100_000n;
const FEE = 1000n;

/** A chain on which somebody registered so many keys. */
function withKeys(count: number): { chain: TestChain; keys: Person[] } {
  const chain = new TestChain({
    parameters: { blockReward: REWARD, verifiers: 3, verdictBlocks: 60 },
  });
  const keys = Array.from({ length: count }, (_, i) => person(`key ${i}`));
  for (const key of keys) chain.know(key);
  const { nonce } = chain.head.state.account(chain.client.address);
  chain.advance(
    ...keys.map(({ address }, i) =>
      chain.transaction(
        chain.client,
        "transfer",
        { to: address, amount: BOND + FEE },
        { fee: POML, nonce: nonce + i },
      ),
    ),
  );
  chain.advance(
    ...keys.map((key) =>
      chain.transaction(key, "register", { ...registration(key), bond: BOND }, { fee: FEE }),
    ),
  );
  return { chain, keys };
}

const balances = (chain: TestChain, keys: readonly Person[]): bigint =>
  keys.reduce((sum, { keys: { publicKey } }) => {
    return sum + chain.head.state.account(addressOf(publicKey)).balance;
  }, 0n);

/** Weights of nodes after the founders, and of all. */
function weights(chain: TestChain): { own: bigint; all: bigint } {
  const { nodes, parameters } = chain.head.state;
  const each = Array.from(nodes.values(), (node) => weightOf(node, parameters));
  const sum = (list: readonly bigint[]): bigint => list.reduce((a, b) => a + b, 0n);
  return { own: sum(each.slice(FOUNDERS)), all: sum(each) };
}

describe("attack: live on being new", function () {
  this.timeout(60_000);

  for (const count of [1, 8, 100]) {
    it(`${count} keys that never work have no seat, no turn and no reward, and take none from others`, () => {
      const { chain, keys } = withKeys(count);
      const { chain: without } = withKeys(0);
      const before = balances(chain, keys);
      const { epochBlocks } = chain.head.state.parameters;
      while (chain.height < 6 * epochBlocks) {
        chain.advance();
        const { seats, nextSeats } = chain.head.state;
        for (const { node } of [...seats, ...nextSeats]) expect(node).to.be.below(FOUNDERS);
        expect(turnsAt(chain.head.state, chain.height + 1)).to.have.length(seats.length);
      }
      without.advanceTo(chain.height);
      const reward = balances(chain, keys) - before;
      process.stdout.write(
        `      ${count} keys: balances ${before} -> ${before + reward}, weight ${weights(chain).own}\n`,
      );
      expect(reward).to.equal(0n);
      expect(chain.head.state.seats).to.deep.equal(without.head.state.seats);
    });
  }

  it("a machine behind k keys gets turns by its verified work, as one key would", () => {
    const weighed = [1, 2, 4, 8].map((count) => {
      const { chain, keys } = withKeys(count);
      const { closes, checksDrawn } = firstWindow(chain);
      chain.advanceTo(closes);
      chain.advance(...keys.map((key) => claim(chain, key, 40 / count)));
      chain.advanceTo(checksDrawn);
      judgeAll(chain, () => "match");
      chain.advanceTo(5 * chain.head.state.parameters.epochBlocks);
      const { seats } = chain.head.state;
      expect(seats.filter(({ node, weight }) => node >= FOUNDERS && weight > 0n)).lengthOf(count);
      const { own, all } = weights(chain);
      const share = Number(own) / Number(all);
      process.stdout.write(`      ${count} keys: ${(100 * share).toFixed(2)} % of the weight\n`);
      return Number(own);
    });
    const [whole = 0, ...split] = weighed;
    expect(whole).to.be.above(0);
    for (const own of split) expect(own / whole).to.be.within(0.98, 1.0001);
  });
});
