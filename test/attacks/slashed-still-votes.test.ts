/**
 * Nodes that were slashed go on voting with their seats, or stay away from them, until the epoch after the
 * next begins. Gain sought: a third of the votes stops the chain, or signs forks with nothing left to lose.
 */
import { expect } from "chai";
import { blockHash } from "../../chain/apply-block.ts";
import { verify } from "../../chain/crypto/keys.ts";
import { turnsAt } from "../../chain/draw/turns.ts";
import { verifyCertificateWeight } from "../../chain/finality/certificate.ts";
import { exceedsThird, isQuorum } from "../../chain/finality/quorum.ts";
import { trustGenesis } from "../../chain/light/trust-genesis.ts";
import { verifyLightBlock, verifyLightBlocks } from "../../chain/light/verify.ts";
import type { State } from "../../chain/state/state.ts";
import { totalWeight } from "../../chain/weight/weight.ts";
import { TestChain } from "../helpers/chain.ts";
import { doubleVote } from "../helpers/evidence.ts";
import { expectCode } from "../helpers/expect-code.ts";
import { nodesWithVotes, percent } from "../helpers/forkers.ts";
import { certify, LightChain } from "../helpers/light-chain.ts";

function votesOf({ seats }: State, of: readonly number[]): bigint {
  return totalWeight(seats.filter(({ node }) => of.includes(node)));
}

/** A chain on which nodes with more than this part of the votes were slashed in block 5. */
function slashed(part: number, founders = 10) {
  const light = new LightChain(new TestChain({ founders }));
  const { chain } = light;
  light.advanceTo(4);
  const guilty = nodesWithVotes(chain.head.state, part);
  const honest = chain.head.state.seats
    .map(({ node }) => node)
    .filter((node) => !guilty.includes(node));
  const before = {
    seats: chain.head.state.seats,
    honest: votesOf(chain.head.state, honest),
    total: totalWeight(chain.head.state.seats),
  };
  const proofs = guilty.map((node) => doubleVote(chain, chain.personOfNode(node), 4));
  light.take(chain.build([], 0, 1_000_000, proofs));
  return { light, chain, guilty, honest, before };
}

describe("attack: slashed nodes that keep voting, or keep silent", () => {
  for (const part of [34, 50]) {
    it(`${part} % have no vote in the next block: the others decide without them`, () => {
      const { chain, guilty, honest, before } = slashed(part);
      const { state } = chain.head;
      const after = votesOf(state, honest);
      expect(isQuorum(before.honest, before.total)).to.equal(false);
      expect(isQuorum(after, totalWeight(state.seats))).to.equal(true);
      expect(votesOf(state, guilty)).to.equal(0n);
      expect(totalWeight(state.nextSeats.filter(({ node }) => guilty.includes(node)))).to.equal(0n);
      const waited = 2 * state.parameters.epochBlocks - 5;
      process.stdout.write(
        `      ${part} %: the honest had ${percent(before.honest, before.total)} of the votes in block 5, ${percent(after, totalWeight(state.seats))} in block 6; ${waited} blocks later by the rule before\n`,
      );
    });
  }

  it("their precommits add nothing to a certificate, for nodes and light clients alike", async () => {
    const { light, chain, guilty, honest } = slashed(34);
    const { state, hash } = { state: chain.head.state, hash: chain.genesisRoot };
    const seats = state.seats;
    const block = chain.build();
    const context = { genesisRoot: hash, personOf: (key: Uint8Array) => chain.personOf(key) };
    const isGuilty = (seat: number): boolean => guilty.includes(seats[seat]?.node ?? -1);
    const weak = certify(block.header, seats, context, (seat) => isGuilty(seat) || seat % 2 === 0);
    const withGuilty = weak.signatures.filter(({ seat }) => isGuilty(seat));
    expect(withGuilty).to.have.length(guilty.length);
    expectCode(() => verifyCertificateWeight(weak, seats), "CERTIFICATE_TOO_LITTLE_WEIGHT");
    const strong = certify(block.header, seats, context, (seat) => !isGuilty(seat));
    verifyCertificateWeight(strong, seats);
    expect(strong.signatures).to.have.length(honest.length);
    // From the genesis to the block after: by way of the block that took the votes.
    light.take(block);
    const trusted = await verifyLightBlocks(trustGenesis(chain.genesis), [await light.at(5)], {
      verify,
    });
    const after = await light.at(6);
    const believed = await verifyLightBlock(trusted, { ...after, certificate: strong }, { verify });
    expect(believed.hash).to.deep.equal(blockHash(block.header));
  });

  it("have no turn", () => {
    const { chain, guilty } = slashed(34);
    const { state } = chain.head;
    for (let height = 6; height < 600; height++) {
      for (const seat of turnsAt(state, height)) {
        expect(guilty).to.not.include(state.seats[seat]?.node);
      }
    }
  });

  it("leave nobody behind with a third of the votes", () => {
    const chain = new TestChain({ founders: 6 });
    for (const node of [0, 1]) {
      const proof = doubleVote(chain, chain.personOfNode(node), chain.height + 1);
      chain.take(chain.build([], 0, 1_000_000, [proof]));
      for (const seats of [chain.head.state.seats, chain.head.state.nextSeats]) {
        for (const { weight } of seats) {
          expect(exceedsThird(weight, totalWeight(seats))).to.equal(false);
        }
      }
    }
  });

  it("do not stop a chain that has nobody else", () => {
    const chain = new TestChain({ founders: 2 });
    const proofs = [0, 1].map((node) => doubleVote(chain, chain.personOfNode(node), 1));
    chain.take(chain.build([], 0, 1_000_000, proofs));
    expect(totalWeight(chain.head.state.seats) > 0n).to.equal(true);
    chain.advanceTo(3 * chain.head.state.parameters.epochBlocks);
  });
});
