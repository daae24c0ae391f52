import { expect } from "chai";
import { sha256 } from "../../../chain/crypto/hash.ts";
import { Proposal } from "../../../chain/types/block.ts";
import type { Vote } from "../../../chain/types/vote.ts";
import { KnownAnswer } from "../../../node/network/known-answer.ts";
import { KnownVotes } from "../../../node/network/known-votes-message.ts";
import { TestChain } from "../../helpers/chain.ts";

function vote(seat: number): Vote {
  return {
    height: 1,
    round: 0,
    type: 0,
    blockHash: sha256(Uint8Array.of(1)),
    validRound: 0,
    seat,
    signature: new Uint8Array(64),
  };
}

function start() {
  const block = new TestChain().build();
  const proposal: Proposal = {
    height: 1,
    round: 0,
    validRound: 0,
    block,
    signature: new Uint8Array(64),
  };
  const world = { now: 0, height: 1, made: 0, votes: [vote(0)], proposals: [proposal] };
  const answer = new KnownAnswer({
    clock: { monotonic: () => world.now },
    height: () => world.height,
    known: () => {
      world.made++;
      return world;
    },
  });
  return { world, answer, proposal, ask: () => KnownVotes.deserialize(answer.bytes()) };
}

describe("the answer to a peer that is stuck", () => {
  it("is made ten times a second at most, however many ask", () => {
    const { world, ask } = start();
    for (let i = 0; i < 1000; i++) {
      world.now = i;
      expect(ask().votes).to.have.length(1);
    }
    expect(world.made).to.equal(10);
  });

  it("contains new messages when that time is over", () => {
    const { world, ask } = start();
    expect(ask().votes).to.have.length(1);
    world.votes = [vote(0), vote(1)];
    world.now = 100;
    expect(ask().votes).to.have.length(2);
  });

  it("is made anew at once at the next height", () => {
    const { world, ask } = start();
    ask();
    Object.assign(world, { height: 2, votes: [], proposals: [] });
    expect(ask()).to.deep.equal({ height: 2, votes: [], proposals: [] });
  });

  it("offers its proposals by hash, encoded once as long as they are known", () => {
    const { world, answer, proposal, ask } = start();
    const [hash = new Uint8Array(0)] = ask().proposals;
    const bytes = answer.find(hash) ?? new Uint8Array(0);
    expect(sha256(bytes)).to.deep.equal(hash);
    expect(Proposal.deserialize(bytes)).to.deep.equal(proposal);
    world.now = 100;
    ask();
    expect(answer.find(hash)).to.equal(bytes);
    expect(answer.find(sha256(bytes.subarray(1)))).to.equal(undefined);
  });
});
