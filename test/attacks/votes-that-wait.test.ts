/**
 * Votes on parameters are free, and a block has room for 64. Thousands of nodes with a little weight keep one waiting
 * each, beside 40,000 that stand: a pool that tries all of them after every block reads, and copies, a list of 40,000 for
 * each. Must hold: a vote that waits is tried again only when its node, or the epoch, has changed; what does not apply
 * any more leaves all the same.
 */
import { expect } from "chai";
import { encodeValue, VOTABLE_PARAMETERS } from "../../chain/governance/votable.ts";
import { Mempool } from "../../chain/mempool/pool.ts";
import type { State } from "../../chain/state/state.ts";
import type { SignedTransaction } from "../../chain/types/transaction.ts";
import { TestChain } from "../helpers/chain.ts";
import { expectCode } from "../helpers/expect-code.ts";

const FOUNDERS = 20;
const FLOOR = VOTABLE_PARAMETERS.indexOf("feeFloor");

/** Calls of `state.rehearse` meanwhile. */
function tries(state: State, during: () => void): number {
  const rehearse = state.rehearse.bind(state);
  let count = 0;
  state.rehearse = (change) => {
    count++;
    rehearse(change);
  };
  during();
  state.rehearse = rehearse;
  return count;
}

describe("attack: votes that wait are tried after every block", () => {
  const chain = new TestChain({ founders: FOUNDERS });
  const vote = (i: number, floor: bigint, nonce = 0): SignedTransaction => {
    const founder = chain.founders[i];
    if (founder === undefined) throw new Error(`no founder ${i}`);
    const payload = { parameter: FLOOR, value: encodeValue(floor) };
    return chain.transaction(founder, "parameter-vote", payload, { nonce, fee: 0n });
  };

  it("they are tried when their node or the epoch has changed, and at no other block", () => {
    const pool = new Mempool();
    const first = chain.head.state;
    const votes = chain.founders.map((_, i) => vote(i, 777n));
    for (const one of votes) pool.add(first, one);
    pool.afterBlock(first, []);
    const { epochBlocks } = first.parameters;
    const counts: number[] = [];
    for (let block = 0; block < epochBlocks; block++) {
      chain.advance();
      const { state } = chain.head;
      const count = tries(state, () => pool.afterBlock(state, []));
      if ((state.height + 1) % epochBlocks === 0)
        expect(count, "a new epoch").to.be.at.least(FOUNDERS);
      else counts.push(count);
    }
    process.stdout.write(
      `      ${FOUNDERS} votes wait: ${counts.join(" ")} tried, block by block, within an epoch\n`,
    );
    // A block changes its proposer, and whoever missed a turn before it.
    for (const count of counts) expect(count).to.be.at.most(2);
    expect(pool.size).to.equal(FOUNDERS);
  });

  it("the vote of a slashed node leaves with the next block, and so does one that its node has cast meanwhile", () => {
    const pool = new Mempool();
    const { state } = chain.head;
    for (let i = 0; i < 3; i++) pool.add(state, vote(i, 777n));
    const slashed = state.fork();
    slashed.nodes.set(0, { ...slashed.nodes.at(0), slashedAt: state.height });
    pool.afterBlock(slashed, []);
    expect(pool.size).to.equal(2);

    // The same vote comes by a block, in another transaction of the same nonce.
    const cast = chain.transaction(
      chain.founders[1] ?? chain.client,
      "parameter-vote",
      { parameter: FLOOR, value: encodeValue(777n) },
      { nonce: 0, fee: 5n },
    );
    chain.advance(cast);
    pool.afterBlock(chain.head.state, [cast]);
    expect(pool.size).to.equal(1);
  });

  it("at most four votes of a node wait, since each is tried with those before it", () => {
    const pool = new Mempool();
    const { state } = chain.head;
    for (let nonce = 0; nonce < 4; nonce++) pool.add(state, vote(2, BigInt(1 + nonce), nonce));
    expectCode(() => pool.add(state, vote(2, 99n, 4)), "SENDER_FULL");
  });
});
