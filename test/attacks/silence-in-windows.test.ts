/**
 * Whoever can make others silent (serves friends only, cuts machines off) makes verifiers, members of committees and
 * judges of the open track neglect what they were drawn for; or has a node convicted for withholding by words alone.
 * All numbers of friends, accusers and silent ones are played. Inequality: nobody who is silent loses anything unless
 * three others replayed the same, and a conviction by words costs no more than a window and a few per cent of trust.
 */
import { expect } from "chai";
import { capacityOf, flopsOf, reliabilityOf } from "../../chain/rating/formula.ts";
import { RATING_CAUSES } from "../../chain/types/node.ts";
import { COMMITTEE_SIZE, type WindowClaim } from "../../chain/types/window.ts";
import { TestChain } from "../helpers/chain.ts";
import { entryOf, judged, told, trackChain, trained } from "../helpers/track-run.ts";
import {
  asIfSteady,
  claim,
  claimBy,
  firstWindow,
  hearAll,
  judgeAll,
  refutations,
  showing,
  verdictOf,
  verifiersOf,
} from "../helpers/window-run.ts";

const FOUNDERS = 9;
const REWARD = 6_400_000n;
/** A little more than its genesis says. */
const SEGMENTS = 40;

/** Node 0 has claimed, and its verifiers are drawn. */
function claimed(verifiers = 3): TestChain {
  const parameters = { verifiers, workReward: REWARD, trackInterval: 0 };
  const chain = new TestChain({ founders: FOUNDERS, parameters });
  asIfSteady(chain);
  chain.advanceTo(firstWindow(chain).closes);
  chain.advance(claim(chain, chain.personOfNode(0), SEGMENTS));
  chain.advanceTo(firstWindow(chain).checksDrawn);
  return chain;
}

const record = (chain: TestChain, node: number) => chain.head.state.nodes.at(node);
const balance = (chain: TestChain, node: number): bigint =>
  chain.head.state.account(chain.personOfNode(node).address).balance;
const show = (chain: TestChain, node: number): string => {
  const { bond, rating, failed, verified } = record(chain, node);
  return `${balance(chain, node)}/${bond}/${rating}/failed ${failed}/trust ${reliabilityOf({ failed, verified })}`;
};
/** What silence can cost: the faults and the bond; ratings fade for all who do not claim. */
const held = (chain: TestChain, node: number) => {
  const { bond, failed, capacity, probation } = record(chain, node);
  return { bond, failed, capacity, probation };
};
const causeOf = (chain: TestChain): string | undefined => {
  const changes = chain.blocks.flatMap(({ body }) => body.ratingChanges);
  return RATING_CAUSES[changes.find(({ node }) => node === 0)?.cause ?? -1];
};
const firstClaim = (chain: TestChain): WindowClaim => claimBy(chain, 0);

describe("attack: silence verifiers, committees and judges", function () {
  this.timeout(120_000);

  for (let answering = 0; answering <= 3; answering++) {
    it(`${answering} of 3 verifiers answer: the others lose their pay, and the claimant gains nothing by it`, () => {
      const chain = claimed();
      const verifiers = verifiersOf(firstClaim(chain));
      const before = verifiers.map((node) => held(chain, node));
      const [paid, own] = [verifiers.map((node) => balance(chain, node)), balance(chain, 0)];
      for (const verifier of verifiers.slice(0, answering)) {
        chain.advance(verdictOf(chain, verifier, 0, "match"));
      }
      if (answering < 3) chain.advanceTo(firstWindow(chain).verdictsUntil);
      expect(verifiers.map((node) => held(chain, node))).to.deep.equal(before);
      const gains = verifiers.map((node, i) => balance(chain, node) - (paid[i] ?? 0n));
      const gained = balance(chain, 0) - own;
      process.stdout.write(
        `      claimant +${gained}, verifiers ${gains.map((gain) => `+${gain}`).join(" ")}, left in the pot ${chain.head.state.meta.workPot}\n`,
      );
      // Nobody else claimed, so the pot is the claimant's but for the tenth that verifying earns.
      const pot =
        gained + gains.reduce((sum, gain) => sum + gain, 0n) + chain.head.state.meta.workPot;
      if (answering > 0) expect(Number(gained) / Number(pot)).to.be.closeTo(0.9, 0.0001);
      else expect(gained).to.equal(0n);
      gains.forEach((gain, i) => {
        expect(Number(gain) / Number(pot)).to.be.closeTo(i < answering ? 0.1 / 3 : 0, 0.0001);
      });
    });
  }

  for (const lie of ["not-served", "mismatch"] as const) {
    for (let accusers = 0; accusers <= COMMITTEE_SIZE; accusers++) {
      it(`${accusers} of a committee say ${lie}, friends match, the others are silenced`, () => {
        for (let friends = 0; accusers + friends <= COMMITTEE_SIZE; friends++) {
          const chain = claimed();
          judgeAll(chain, (_, position) => (position === 0 ? lie : "match"));
          const members = firstClaim(chain).appeal.members.map(({ verifier }) => verifier);
          const before = held(chain, 0);
          for (const [i, member] of members.slice(0, accusers + friends).entries()) {
            chain.advance(verdictOf(chain, member, 0, i < accusers ? lie : "match"));
          }
          const isOpen = chain.head.state.window.settledAt === 0;
          if (isOpen) chain.advanceTo(firstWindow(chain).sealsUntil);
          if (chain.head.state.claims[0]?.appeal.members.length === COMMITTEE_SIZE) {
            chain.advance(showing(chain, 0), ...refutations(chain, 0));
          }
          // Committees after one that came to nothing are silenced, too.
          chain.advanceTo(firstWindow(chain).ends);
          const after = held(chain, 0);
          const replayed = friends + (lie === "mismatch" ? accusers : 0);
          const silent = members.slice(accusers + friends);
          const isFalse = lie === "mismatch" && accusers >= 3 && accusers > friends;
          const isWithheld = lie === "not-served" && accusers >= 3 && friends === 0;
          const name = `${accusers} ${lie}, ${friends} match: ${causeOf(chain)}`;
          process.stdout.write(`      ${name}; accused ${show(chain, 0)}\n`);
          expect(after.bond < before.bond, name).to.equal(isFalse);
          if (!isFalse) expect(after.capacity, name).to.equal(before.capacity);
          const isRight = friends > 0 && friends >= accusers - (lie === "mismatch" ? 0 : 2);
          const unheard = (isRight || isFalse) && replayed >= 3;
          for (const node of silent) {
            expect(record(chain, node).failed, name).to.equal(unheard ? 250 : 0);
          }
          if (isFalse) continue;
          expect(after.failed, name).to.equal(isWithheld ? 125 : 0);
          // At worst as if it had not claimed, and an eighth of a failed unit.
          const { verified } = record(chain, FOUNDERS - 1);
          const unclaimed = Number(reliabilityOf({ verified, failed: 0 }));
          expect(Number(reliabilityOf(record(chain, 0))) / unclaimed).to.be.above(0.88);
          expect(causeOf(chain)).to.equal(isWithheld ? "not-served" : "window");
        }
      });
    }
  }

  it("where all of a committee are silent others are drawn, twice, and nobody loses", () => {
    const chain = claimed();
    judgeAll(chain, (_, position) => (position === 0 ? "mismatch" : "match"));
    const all = Array.from({ length: FOUNDERS }, (_, node) => node);
    const before = all.map((node) => held(chain, node));
    const calls = new Set<number>();
    while (chain.head.state.window.settledAt === 0) {
      const { appeal } = firstClaim(chain);
      if (appeal.members.length > 0) calls.add(appeal.called);
      chain.advance();
    }
    expect(calls.size).to.equal(3);
    const after = all.map((node) => held(chain, node));
    expect(after.slice(1)).to.deep.equal(before.slice(1));
    expect(after[0]).to.deep.equal(before[0]);
    expect(causeOf(chain)).to.equal("window");
  });

  it("a second committee that is not silenced clears the accused", () => {
    const chain = claimed();
    judgeAll(chain, (_, position) => (position === 0 ? "mismatch" : "match"));
    const accuser = verifiersOf(firstClaim(chain))[0] ?? -1;
    while (firstClaim(chain).appeal.retries === 0) chain.advance();
    while (firstClaim(chain).appeal.members.length === 0) chain.advance();
    hearAll(chain, () => "match");
    expect(causeOf(chain)).to.equal("window");
    expect(record(chain, accuser).failed).to.equal(1000);
    expect(record(chain, 0).measured.at(-1)).to.equal(
      capacityOf(flopsOf(SEGMENTS, chain.head.state.parameters), 3500n),
    );
  });

  for (let answering = 0; answering <= 5; answering++) {
    it(`${answering} of 5 judges of a track answer: a score needs three, silence costs only beside three`, () => {
      const chain = told(trackChain(), 124);
      const { judges } = entryOf(chain, 0);
      const answer = trained(chain.personOfNode(0));
      judged(chain, (position) => (position < answering ? answer : undefined));
      const failed = judges.map(({ node }) => record(chain, node).failed);
      process.stdout.write(
        `      track ${record(chain, 0).score.track}, failed ${failed.join(" ")}\n`,
      );
      expect(record(chain, 0).score.track).to.equal(answering >= 3 ? 1 : 0);
      expect(failed).to.deep.equal(
        judges.map((_, i) => (i >= answering && answering >= 3 ? 250 : 0)),
      );
    });
  }

  for (const silenced of [3, 4, 5]) {
    it(`${silenced} silenced judges take no good score from a rival`, () => {
      const chain = told(trackChain(), 130);
      const answer = { ...trained(chain.personOfNode(0)) };
      const first = { ...answer, counts: entryOf(chain, 0).counts };
      judged(chain, () => first);
      const { quality } = record(chain, 0);
      expect(quality).to.be.above(1_000_000);
      told(chain, 130, 2);
      judged(chain, (position) => (position < 5 - silenced ? first : undefined), { number: 2 });
      expect(record(chain, 0)).to.deep.include({ quality });
      expect(record(chain, 0).score.track).to.equal(1);
    });
  }
});
