import { expect } from "chai";
import { applyBlock, blockHash } from "../../../chain/apply-block.ts";
import { proposalSigningRoot, voteSigningRoot } from "../../../chain/finality/vote.ts";
import { type Block, type Proposal, RatingChanges } from "../../../chain/types/block.ts";
import type { Vote } from "../../../chain/types/vote.ts";
import { ConsensusGossip } from "../../../node/network/consensus-gossip.ts";
import { MAX_PROPOSALS, VOTES_PER_SEAT } from "../../../node/network/early-messages.ts";
import { createLog } from "../../../node/telemetry/log.ts";
import { type Person, TestChain } from "../../helpers/chain.ts";
import { until } from "../../helpers/until.ts";

/** The gossip of a node at the head of a test chain, and what reaches its driver. */
class Listener {
  readonly test: TestChain;
  readonly votes: Vote[] = [];
  readonly proposals: { readonly proposal: Proposal; readonly valid: boolean }[] = [];
  readonly gossip: ConsensusGossip;
  behind = 0;
  #announce: () => void = () => {};

  constructor(test = new TestChain({ founders: 6 })) {
    this.test = test;
    const self = this;
    const chain = {
      genesisRoot: test.genesisRoot,
      get height() {
        return test.height;
      },
      get state() {
        return test.head.state;
      },
      check: async (block: Block) => applyBlock(test.head, block),
      onBlock(listener: (final: never) => void) {
        self.#announce = () => listener(undefined as never);
        return () => {};
      },
    };
    const driver = {
      wantsVote: () => true,
      wantsProposal: () => true,
      onVote: (vote: Vote) => void this.votes.push(vote),
      onProposal: (proposal: Proposal, _seat: number, _value: unknown, applied: unknown) =>
        void this.proposals.push({ proposal, valid: applied !== undefined }),
    };
    const behind = (): void => void this.behind++;
    this.gossip = new ConsensusGossip({ chain, driver, log: createLog("silent"), behind });
  }

  /** Makes a block final. */
  take(block: Block): void {
    this.test.take(block);
    this.#announce();
  }

  vote(
    seat: number,
    { height, round = 0 }: { height: number; round?: number },
    seats = this.test.head.state.seats,
  ): Vote {
    const cast = { height, round, type: 0, blockHash: new Uint8Array(32).fill(7), validRound: 0 };
    const holder = seats[seat];
    if (holder === undefined) throw new Error(`no seat ${seat}`);
    const { keys } = this.test.personOf(holder.publicKey);
    return { ...cast, seat, signature: keys.sign(voteSigningRoot(this.test.genesisRoot, cast)) };
  }

  propose(block: Block, signer: Person, validRound = 0): Proposal {
    const { height, round } = block.header;
    const summary = { height, round, validRound, blockHash: blockHash(block.header) };
    const root = proposalSigningRoot(this.test.genesisRoot, summary);
    return { height, round, validRound, block, signature: signer.keys.sign(root) };
  }
}

/** The blocks of heights 1 and 2, the latter in two rounds, and who builds those. */
function blocksAhead(): { first: Block; second: Block; proposer: Person; inRound1: Block } {
  const other = new TestChain({ founders: 6 });
  const first = other.advance();
  const second = other.build();
  const proposer = other.personOf(second.header.proposer);
  return { first, second, proposer, inRound1: other.build([], 1) };
}

const forged = <T extends { readonly signature: Uint8Array }>(message: T): T => ({
  ...message,
  signature: message.signature.map((byte, i) => (i === 5 ? byte ^ 1 : byte)),
});

describe("ConsensusGossip", () => {
  describe("a vote of the next height", () => {
    it("reaches the driver when the height begins", async () => {
      const listener = new Listener();
      const vote = listener.vote(1, { height: 2 });
      expect(await listener.gossip.takeVote(vote)).to.equal("ignore");
      expect(listener.votes).to.have.length(0);
      listener.take(listener.test.build());
      await until(() => listener.votes.length > 0, 2_000, "vote");
      expect(listener.votes).to.deep.equal([vote]);
    });

    it("loses its place to no forged one, and forged ones are rejected", async () => {
      const listener = new Listener();
      for (let round = 0; round < 2 * VOTES_PER_SEAT; round++) {
        const verdict = await listener.gossip.takeVote(
          forged(listener.vote(1, { height: 2, round })),
        );
        expect(verdict).to.equal("reject");
      }
      const vote = listener.vote(1, { height: 2 });
      await listener.gossip.takeVote(vote);
      listener.take(listener.test.build());
      await until(() => listener.votes.length > 0, 2_000, "vote");
      expect(listener.votes).to.deep.equal([vote]);
    });

    it("is checked against the seats of its own height if an epoch ends before it", async () => {
      const test = new TestChain({ founders: 6, parameters: { epochBlocks: 4 } });
      test.advanceTo(6);
      const { state } = test.head;
      state.nextSeats = [...state.seats].reverse();
      const listener = new Listener(test);
      const ofOldSeat = listener.vote(0, { height: 8 }, state.seats);
      expect(await listener.gossip.takeVote(ofOldSeat)).to.equal("reject");
      const vote = listener.vote(0, { height: 8 }, state.nextSeats);
      expect(await listener.gossip.takeVote(vote)).to.equal("ignore");
      listener.take(test.build());
      await until(() => listener.votes.length > 0, 2_000, "vote");
      expect(listener.votes).to.deep.equal([vote]);
    });

    it("takes one place however often it comes, and a seat has few", async () => {
      const listener = new Listener();
      for (let i = 0; i < VOTES_PER_SEAT; i++) {
        await listener.gossip.takeVote(listener.vote(1, { height: 2 }));
      }
      for (let round = 1; round < 2 * VOTES_PER_SEAT; round++) {
        await listener.gossip.takeVote(listener.vote(1, { height: 2, round }));
      }
      await listener.gossip.takeVote(listener.vote(2, { height: 2 }));
      listener.take(listener.test.build());
      await until(() => listener.votes.length > 0, 2_000, "vote");
      const rounds = listener.votes.filter(({ seat }) => seat === 1).map(({ round }) => round);
      expect(rounds).to.deep.equal(Array.from({ length: VOTES_PER_SEAT }, (_, i) => i));
      expect(listener.votes.filter(({ seat }) => seat === 2)).to.have.length(1);
    });

    it("of a seat that does not exist is refused; of a height beyond it is a hint to sync", async () => {
      const listener = new Listener();
      const vote = listener.vote(1, { height: 2 });
      expect(await listener.gossip.takeVote({ ...vote, seat: 200 })).to.equal("reject");
      expect(await listener.gossip.takeVote({ ...vote, height: 3 })).to.equal("ignore");
      expect(listener.behind).to.equal(1);
    });
  });

  describe("a proposal of the next height", () => {
    it("is checked when the height begins", async () => {
      const { first, second, proposer } = blocksAhead();
      const listener = new Listener();
      const proposal = listener.propose(second, proposer);
      expect(await listener.gossip.takeProposal(proposal)).to.equal("ignore");
      listener.take(first);
      await until(() => listener.proposals.length > 0, 2_000, "proposal");
      expect(listener.proposals).to.deep.equal([{ proposal, valid: true }]);
    });

    it("loses its place to no forged one, and to no other seat's", async () => {
      const { first, second, proposer } = blocksAhead();
      const listener = new Listener();
      const { gossip, test } = listener;
      for (let i = 0; i < 2 * MAX_PROPOSALS; i++) {
        const time = second.header.time + BigInt(i);
        const block = { ...second, header: { ...second.header, time } };
        expect(await gossip.takeProposal(forged(listener.propose(block, proposer)))).to.equal(
          "reject",
        );
      }
      const liar = test.founders.find((founder) => founder !== proposer) as Person;
      for (let i = 0; i < 2 * MAX_PROPOSALS; i++) {
        const header = {
          ...second.header,
          proposer: liar.keys.publicKey,
          time: second.header.time + BigInt(i),
        };
        await gossip.takeProposal(listener.propose({ ...second, header }, liar));
      }
      const proposal = listener.propose(second, proposer);
      await gossip.takeProposal(proposal);
      listener.take(first);
      await until(() => listener.proposals.length > 0, 2_000, "proposal");
      expect(listener.proposals).to.deep.equal([{ proposal, valid: true }]);
    });

    it("of another body than was signed is refused", async () => {
      const { second, proposer } = blocksAhead();
      const listener = new Listener();
      const proposal = listener.propose(altered(second), proposer);
      expect(await listener.gossip.takeProposal(proposal)).to.equal("reject");
    });

    it("of nobody with a seat is refused; of a block proposed again is a hint to sync", async () => {
      const { second, inRound1, proposer } = blocksAhead();
      const listener = new Listener();
      const header = { ...second.header, proposer: listener.test.client.keys.publicKey };
      const stranger = listener.propose({ ...second, header }, listener.test.client);
      expect(await listener.gossip.takeProposal(stranger)).to.equal("reject");
      const again = {
        ...listener.propose(inRound1, proposer, 2),
        round: 2,
      };
      expect(await listener.gossip.takeProposal(again)).to.equal("ignore");
      expect(listener.behind).to.equal(1);
    });
  });

  describe("a proposal of the height under way", () => {
    it("that somebody else altered is held against the sender, not the proposer", async () => {
      const listener = new Listener();
      const block = listener.test.build();
      const proposer = listener.test.personOf(block.header.proposer);
      const proposal = listener.propose(block, proposer);
      const { gossip, proposals } = listener;
      expect(await gossip.takeProposal({ ...proposal, block: altered(block) })).to.equal("reject");
      expect(proposals).to.have.length(0);
      expect(await gossip.takeProposal(proposal)).to.equal("accept");
      expect(proposals).to.deep.equal([{ proposal, valid: true }]);
    });

    it("that does not apply as it was signed counts as invalid", async () => {
      const listener = new Listener();
      const block = listener.test.build();
      const proposer = listener.test.personOf(block.header.proposer);
      const header = { ...block.header, stateRoot: new Uint8Array(32).fill(1) };
      const proposal = listener.propose({ ...block, header }, proposer);
      expect(await listener.gossip.takeProposal(proposal)).to.equal("ignore");
      expect(listener.proposals).to.deep.equal([{ proposal, valid: false }]);
    });
  });
});

/** The same header with another body. */
function altered(block: Block): Block {
  const ratingChanges = [RatingChanges.elementType.defaultValue()];
  return { ...block, body: { ...block.body, ratingChanges } };
}
