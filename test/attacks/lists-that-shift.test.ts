/**
 * Votes on parameters and bonds on their way out stand in lists of the state, which are hashed where they changed.
 * Anybody with a thousand smallest bonds can make them long: 39 votes and 16 pieces a node. If what leaves such a list
 * moved all behind it, one vote, or one piece that is free, would have the whole list hashed anew in its block, and
 * votes of nodes that weigh nothing would be counted at each end of an epoch for ever. Must hold: a block does as much
 * as it changes.
 */
import { expect } from "chai";
import { freeUnbondings } from "../../chain/bond/unbonding.ts";
import { sha256, uint32Bytes } from "../../chain/crypto/hash.ts";
import { countParameterVotes } from "../../chain/governance/count-votes.ts";
import { encodeValue, VOTABLE_PARAMETERS } from "../../chain/governance/votable.ts";
import { without } from "../../chain/state/unordered-list.ts";
import { ListRoom } from "../../chain/transactions/list-room.ts";
import { parameterVote } from "../../chain/transactions/parameter-vote.ts";
import type { RuleContext } from "../../chain/transactions/rule.ts";
import { TestChain } from "../helpers/chain.ts";
import { expectCode } from "../helpers/expect-code.ts";

const NODES = 1000;

function crowded() {
  const state = new TestChain().head.state.fork();
  const node = state.nodes.at(0);
  for (let i = state.nodes.length; i < NODES; i++) {
    const publicKey = sha256(uint32Bytes(i));
    state.nodes.push({ ...node, publicKey, weight: 0n, rating: 0n });
  }
  return state;
}

function contextOf(sender: Uint8Array): RuleContext {
  return { sender, lists: ListRoom.endless() } as unknown as RuleContext;
}

/** Places that are hashed anew. */
function moved(before: readonly unknown[], after: readonly unknown[]): number {
  return after.filter((value, i) => value !== before[i]).length;
}

describe("attack: long lists that shift", () => {
  it("bonds on their way out: one that is free changes one place, and all are paid once", () => {
    const state = crowded();
    const entryOf = (i: number) => {
      return { node: i % NODES, amount: 1n, freeAtHeight: 1 + i, freeAtTime: 0n };
    };
    state.unbondings = Array.from({ length: 16 * NODES }, (_, i) => entryOf(i));
    const paid = (): bigint => {
      const accounts = Array.from(state.accounts.values(), ({ balance }) => balance);
      return accounts.reduce((sum, one) => sum + one, 0n);
    };
    const before = paid();
    let most = 0;
    for (let height = 1; height <= 200; height++) {
      state.meta = { ...state.meta, height };
      const list = state.unbondings;
      freeUnbondings(state);
      expect(state.unbondings.length).to.equal(16 * NODES - height);
      most = Math.max(most, moved(list, state.unbondings));
    }
    process.stdout.write(`      ${16 * NODES} pieces: ${most} of them hashed anew in a block\n`);
    expect(most).to.equal(1);
    expect(paid() - before).to.equal(200n);
    expect(state.unbondings.every(({ freeAtHeight }) => freeAtHeight > 200)).to.equal(true);
  });

  it("votes: one that is cast again or taken back changes one place", () => {
    const state = crowded();
    const parameter = VOTABLE_PARAMETERS.indexOf("feeFloor");
    state.parameterVotes = Array.from({ length: NODES }, (_, node) => {
      return { node, parameter, value: encodeValue(2000n) };
    });
    const vote = (value: bigint): number => {
      const list = state.parameterVotes;
      const sender = state.nodes.at(0).publicKey;
      parameterVote.apply(state, { parameter, value: encodeValue(value) }, contextOf(sender));
      return moved(list, state.parameterVotes);
    };
    expect(vote(3000n)).to.equal(1);
    expect(state.parameterVotes).to.have.length(NODES);
    expect(state.parameterVotes[0]?.value).to.deep.equal(encodeValue(3000n));
    expect(vote(state.parameters.feeFloor)).to.equal(1);
    expect(state.parameterVotes.map(({ node }) => node).sort((a, b) => a - b)).to.deep.equal(
      Array.from({ length: NODES - 1 }, (_, i) => i + 1),
    );
    expectCode(() => vote(state.parameters.feeFloor), "ALREADY_DONE");
  });

  it("nodes without voting weight cast no votes, and may take back those they cast before", () => {
    const state = crowded();
    const parameter = VOTABLE_PARAMETERS.indexOf("feeFloor");
    const sender = state.nodes.at(NODES - 1).publicKey;
    const vote = (value: bigint): void => {
      const payload = { parameter, value: encodeValue(value) };
      parameterVote.apply(state, payload, contextOf(sender));
    };
    expectCode(() => vote(2000n), "NOT_ASSIGNED");
    const own = { node: NODES - 1, parameter, value: encodeValue(2000n) };
    state.parameterVotes = [own, { ...own, node: 0 }];
    vote(state.parameters.feeFloor);
    expect(state.parameterVotes.map(({ node }) => node)).to.deep.equal([0]);
  });

  it("votes of nodes that weigh nothing are not looked at when votes are counted", () => {
    const state = crowded();
    const parameter = VOTABLE_PARAMETERS.indexOf("feeFloor");
    let looks = 0;
    state.parameterVotes = Array.from({ length: NODES }, (_, node) => {
      return {
        node,
        parameter,
        get value() {
          if (node >= 4) looks++;
          return encodeValue(2000n);
        },
      };
    });
    countParameterVotes(state);
    expect(looks).to.equal(0);
    expect(state.parameters.feeFloor, "the four with weight decide").to.equal(2000n);
    expect(state.parameterVotes).to.have.length(0);
  });

  it("the last entry takes the place of one that leaves, and a list without leavers stays the same object", () => {
    const list = [1, 2, 3, 4, 5, 6];
    expect(without(list, (x) => x === 2)).to.deep.equal([1, 6, 3, 4, 5]);
    expect(without(list, (x) => x % 2 === 0)).to.deep.equal([1, 5, 3]);
    expect(without(list, () => true)).to.deep.equal([]);
    expect(without(list, () => false)).to.equal(list);
    expect(list).to.deep.equal([1, 2, 3, 4, 5, 6]);
  });
});
