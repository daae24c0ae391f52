import { expect } from "chai";
import { capacityOf, flopsOf } from "../../../chain/rating/formula.ts";
import { Block } from "../../../chain/types/block.ts";
import type { Parameters } from "../../../chain/types/genesis.ts";
import {
  RATING_CAUSES,
  RATING_FAULTS,
  type RatingChange,
  type RatingFault,
} from "../../../chain/types/node.ts";
import type { Payloads } from "../../../chain/types/transaction.ts";
import { TestChain } from "../../helpers/chain.ts";
import { expectRefused } from "../../helpers/expect-transaction.ts";
import {
  claim,
  claimBy,
  firstWindow,
  hearAll,
  judgeAll,
  refutations,
  registration,
  showing,
  verdictOf,
  verifiersOf,
} from "../../helpers/window-run.ts";

const FOUNDER_0 = 10_000_000n;

/** A chain at the end of claims; `segments` by node, none = no claim. */
function claimed(segments: Readonly<Record<number, number>>, chain = new TestChain()): TestChain {
  const { closes, checksDrawn } = firstWindow(chain);
  chain.advanceTo(closes);
  const claims = Object.entries(segments).map(([node, count]) =>
    claim(chain, chain.personOfNode(Number(node)), count),
  );
  chain.advance(...claims);
  chain.advanceTo(checksDrawn);
  return chain;
}

/** Enough founders for a committee of five beside claimant and accuser. */
const many = (parameters: Partial<Parameters> = {}): TestChain =>
  new TestChain({ founders: 8, parameters });

/** Nobody decided about an accusation: so much of the work is verified, and the capacity stays as it was. */
function expectUnmeasured(chain: TestChain, verified: number): void {
  const { nodes } = chain.head.state;
  expect(nodes.at(0)).to.deep.include({ capacity: FOUNDER_0, measured: [FOUNDER_0] });
  expect(nodes.at(0).verified - nodes.at(1).verified).to.equal(verified);
}

const changesOf = (chain: TestChain): RatingChange[] =>
  chain.blocks.flatMap(({ body }) => body.ratingChanges);
const changeOf = (chain: TestChain, node: number) =>
  changesOf(chain).find((change) => change.node === node);
const fault = (name: RatingFault): number => RATING_FAULTS.indexOf(name);
const cause = (name: (typeof RATING_CAUSES)[number]): number => RATING_CAUSES.indexOf(name);

describe("a benchmark window", () => {
  it("marks its opening and closing in the state", () => {
    const chain = new TestChain();
    const { opens, closes } = firstWindow(chain);
    chain.advanceTo(opens);
    const { window, meta } = chain.head.state;
    expect(window).to.include({ number: 1, opens, openedAt: meta.time });
    expect(window.mix).to.deep.equal(meta.mix);
    chain.advanceTo(closes);
    expect(chain.head.state.window.closedAt - window.openedAt).to.equal(6n * 500n);
    chain.advanceTo(closes + 5);
    expect(chain.head.state.window.mix).to.deep.equal(meta.mix);
  });

  it("draws verifiers for every claim, never its own node, and segments for each", () => {
    const chain = claimed(
      { 0: 30, 1: 31, 2: 32, 3: 33 },
      new TestChain({ parameters: { segmentsPerVerifier: 3 } }),
    );
    expect(chain.head.state.claims).to.have.length(4);
    for (const made of chain.head.state.claims) {
      const verifiers = verifiersOf(made);
      expect(verifiers).to.have.length(chain.head.state.parameters.verifiers);
      expect(verifiers).not.to.include(made.node);
      expect(made.checks).to.have.length(3 * verifiers.length);
      for (const { lane, segment, verdict } of made.checks) {
        expect([lane, verdict]).to.deep.equal([0, 0]);
        expect(segment).to.be.within(0, 29 + made.node);
      }
    }
  });

  it("rates a verified claim by the formula, as soon as all verdicts are in", () => {
    const chain = claimed({ 0: 40 });
    const { rating: before } = chain.head.state.nodes.at(0);
    judgeAll(chain, () => "match");
    // Six blocks of work and the one until the claim, half a second each: working on gains nothing.
    const measured = capacityOf(flopsOf(40, chain.head.state.parameters), 3500n);
    expect(measured > FOUNDER_0 && measured < (FOUNDER_0 * 5n) / 4n).to.equal(true);
    const node = chain.head.state.nodes.at(0);
    // The median of two is the lower one: a second window is needed to rise.
    expect(node).to.include({ capacity: FOUNDER_0, ratedWindow: 1, lastWindow: 1 });
    expect(node.measured).to.deep.equal([FOUNDER_0, measured]);
    // Ten founding units, aged by eleven and a half seconds of the half-life of 120, and one more.
    expect(node.verified).to.equal(9359 + 1000);
    const change = changeOf(chain, 0);
    expect(change).to.include({ cause: cause("window"), window: 1, segments: 40, before });
    expect(change?.after).to.equal(node.rating);
    expect(change?.factors).to.include({ capacity: FOUNDER_0, quality: 1_000_000 });
    expect(Number(node.rating) / Number(FOUNDER_0)).to.be.closeTo(10.386 / 20.386, 0.001);
    expect(chain.height).to.be.below(firstWindow(chain).verdictsUntil);
    expect(chain.head.state.claims).to.have.length(0);
  });

  it("lets a capacity rise by a quarter at most", () => {
    const chain = new TestChain();
    const { state } = chain.head;
    state.nodes.set(0, { ...state.nodes.at(0), measured: [] });
    claimed({ 0: 4000 }, chain);
    judgeAll(chain, () => "match");
    expect(chain.head.state.nodes.at(0).capacity).to.equal((FOUNDER_0 * 5n) / 4n);
  });

  it("gives nothing for false work: rating zero, half of the bond gone, probation", () => {
    const chain = claimed({ 0: 35 }, many());
    const { bond } = chain.head.state.nodes.at(0);
    const accusers = verifiersOf(chain.head.state.claims[0]);
    judgeAll(chain, () => "mismatch");
    const [made] = chain.head.state.claims;
    const committee = made?.appeal.members.map(({ verifier }) => verifier) ?? [];
    expect(committee).to.have.length(5);
    expect(committee).not.to.include.members([0]);
    for (const accuser of accusers) expect(committee).not.to.include(accuser);
    hearAll(chain, (position) => (position < 3 ? "mismatch" : "not-served"));
    const node = chain.head.state.nodes.at(0);
    expect(node).to.include({ capacity: 0n, rating: 0n, ratedWindow: 0, probation: 3 });
    expect(node.bond).to.equal(bond / 2n);
    expect(changeOf(chain, 0)).to.include({ cause: cause("mismatch"), after: 0n });
    // A tenth of what was lost went to the five who showed it, in equal parts.
    expect(chain.head.state.meta.burned).to.equal(bond / 2n - (bond / 2n / 10n / 5n) * 5n);
    expect(
      chain.head.state.account(chain.personOfNode(accusers[0] ?? -1).address).balance,
    ).to.equal(100_000_000n + bond / 2n / 10n / 5n);
  });

  it("lets a committee clear the framed, and marks the accuser", () => {
    const chain = claimed({ 0: 35 }, many());
    const [liar = -1] = verifiersOf(chain.head.state.claims[0]);
    judgeAll(chain, (_, position) => (position === 0 ? "mismatch" : "match"));
    hearAll(chain, () => "match");
    expect(changeOf(chain, 0)).to.include({ cause: cause("window"), fault: fault("none") });
    expect(chain.head.state.nodes.at(0)).to.include({ probation: 0, ratedWindow: 1 });
    expect(chain.head.state.nodes.at(0).measured).to.have.length(2);
    expect(chain.head.state.nodes.at(liar).failed).to.equal(1000);
    expect(changeOf(chain, liar)).to.include({ fault: fault("wrong") });
  });

  describe("finds a claim false only if three members reached one other state", () => {
    const ends = [
      { answers: ["mismatch", "mismatch", "mismatch"], cause: "mismatch" },
      { answers: ["mismatch", "mismatch", "mismatch", "match", "match"], cause: "mismatch" },
      { answers: ["mismatch", "mismatch"], cause: "unproven" },
      { answers: ["mismatch"], cause: "unproven" },
      { answers: ["mismatch", "mismatch", "match"], cause: "unproven" },
      { answers: ["mismatch", "mismatch", "match", "match"], cause: "window" },
      { answers: ["not-served", "not-served", "not-served", "mismatch"], cause: "not-served" },
      { answers: ["not-served", "not-served", "mismatch"], cause: "unproven" },
      { answers: ["not-served", "not-served", "match"], cause: "window" },
      { answers: ["not-served", "not-served", "not-served", "match"], cause: "unproven" },
      { answers: [], cause: "unproven" },
    ] as const;
    for (const end of ends) {
      const name = end.answers.join();
      it(`${name === "" ? "nobody answers" : name}: ${end.cause}`, () => {
        const chain = claimed({ 0: 35 }, many());
        judgeAll(chain, () => "mismatch");
        const members = claimBy(chain, 0).appeal.members.map(({ verifier }) => verifier);
        for (const [i, answer] of end.answers.entries()) {
          chain.advance(verdictOf(chain, members[i] ?? -1, 0, answer));
        }
        chain.advanceTo(firstWindow(chain).sealsUntil);
        const [open] = chain.head.state.claims;
        if (open !== undefined && open.appeal.members.length > 0) {
          chain.advance(showing(chain, 0), ...refutations(chain, 0));
        }
        // Those drawn after a committee that came to nothing keep silent.
        chain.advanceTo(firstWindow(chain).ends);
        expect(changeOf(chain, 0), name).to.include({ cause: cause(end.cause) });
        const { bond } = chain.head.state.nodes.at(0);
        expect(bond, name).to.equal(end.cause === "mismatch" ? 500_000_000n : 1000_000_000n);
        const failed = members.map((member) => chain.head.state.nodes.at(member).failed);
        const expected = members.map((_, i) => {
          const answer = end.answers[i];
          const replayed = end.answers.filter((one) => one !== "not-served").length;
          const isLast = end.cause !== "unproven";
          if (answer === undefined) return isLast && replayed >= 3 ? 250 : 0;
          return answer === "match" && end.cause === "mismatch" ? 1000 : 0;
        });
        expect(failed, name).to.deep.equal(expected);
      });
    }
  });

  it("charges accusers whom at least three refute", () => {
    const chain = claimed({ 0: 35 }, many());
    judgeAll(chain, (_, position) => (position === 0 ? "mismatch" : "match"));
    const members = claimBy(chain, 0).appeal.members.map(({ verifier }) => verifier);
    hearAll(chain, (position) => (position < 3 ? "match" : "mismatch"));
    const failed = members.map((member) => chain.head.state.nodes.at(member).failed);
    expect(failed).to.deep.equal([0, 0, 0, 1000, 1000]);
    expect(changeOf(chain, members[4] ?? -1)).to.include({ fault: fault("wrong") });
  });

  it("convicts nobody on seals that nobody explains", () => {
    const chain = claimed({ 0: 35 }, many());
    judgeAll(chain, (_, position) => (position === 0 ? "mismatch" : "match"));
    for (const { verifier } of claimBy(chain, 0).appeal.members) {
      chain.advance(verdictOf(chain, verifier, 0, "match"));
    }
    const { bond } = chain.head.state.nodes.at(0);
    chain.advanceTo(firstWindow(chain).appealsUntil);
    expect(claimBy(chain, 0).appeal.retries).to.equal(1);
    chain.advanceTo(firstWindow(chain).ends);
    // Of two segments that were looked at one is verified.
    expect(changeOf(chain, 0)).to.include({ cause: cause("window") });
    expect(chain.head.state.nodes.at(0).bond).to.equal(bond);
    expectUnmeasured(chain, 500);
  });

  it("lets a member only show that its own seal was made of another state", () => {
    const chain = claimed({ 0: 35 }, many());
    judgeAll(chain, () => "mismatch");
    const members = claimBy(chain, 0).appeal.members.map(({ verifier }) => verifier);
    const [liar = -1, honest = -1] = members;
    chain.advance(verdictOf(chain, liar, 0, "mismatch"));
    expect(refutations(chain, 0).map((each) => expectRefused(chain, each, "NO_WINDOW"))).lengthOf(
      1,
    );
    for (const member of members.slice(1)) chain.advance(verdictOf(chain, member, 0, "match"));
    const [shown] = refutations(chain, 0);
    if (shown === undefined) throw new Error("nothing to show");
    const { value } = shown.transaction.payload as { value: Payloads["window-verdict"] };
    const by = (who: number, change = {}) => {
      const findings = value.findings.map((finding) => ({ ...finding, ...change }));
      return chain.transaction(chain.personOfNode(who), "window-verdict", { ...value, findings });
    };
    expectRefused(chain, by(honest), "BAD_FIELD");
    expectRefused(chain, by(liar, { path: [new Uint8Array(32)] }), "BAD_FIELD");
    expectRefused(chain, by(liar, { endHash: new Uint8Array(32) }), "BAD_FIELD");
    expectRefused(chain, by(0), "NOT_ASSIGNED");
    chain.advance(shown);
    expectRefused(chain, by(liar), "ALREADY_DONE");
  });

  it("lets accusers fill the committee of a small network: three must agree all the same", () => {
    for (const [founders, convicts] of [
      [3, false],
      [4, true],
    ] as const) {
      const chain = claimed({ 0: 35 }, new TestChain({ founders }));
      judgeAll(chain, () => "mismatch");
      expect(claimBy(chain, 0).appeal.members).to.have.length(founders - 1);
      hearAll(chain, () => "mismatch");
      chain.advanceTo(firstWindow(chain).ends);
      expect(changeOf(chain, 0)).to.include({ cause: cause(convicts ? "mismatch" : "unproven") });
    }
  });

  it("counts the part of a claim that was served, and punishes nobody if one verifier was not served", () => {
    const chain = claimed({ 0: 36 }, many({ verifiers: 3 }));
    judgeAll(chain, (_, position) => (position === 0 ? "not-served" : "match"));
    expect(claimBy(chain, 0).appeal.members).to.have.length(5);
    chain.advanceTo(firstWindow(chain).ends);
    expect(changeOf(chain, 0)).to.include({ cause: cause("window") });
    const { failed, withheld } = chain.head.state.nodes.at(0);
    expect([failed, withheld]).to.deep.equal([0, 0]);
    expectUnmeasured(chain, 666);
  });

  it("counts it in whole when the committee is served", () => {
    const chain = claimed({ 0: 36 }, many({ verifiers: 3 }));
    judgeAll(chain, (_, position) => (position < 2 ? "not-served" : "match"));
    hearAll(chain, (position) => (position < 3 ? "match" : "not-served"));
    const { measured } = chain.head.state.nodes.at(0);
    expect(measured.at(-1)).to.equal(capacityOf(flopsOf(36, chain.head.state.parameters), 3500n));
  });

  it("takes nothing from a verifier that never answers", () => {
    const chain = claimed({ 0: 35 });
    const [present = -1, absent = -1] = verifiersOf(chain.head.state.claims[0]);
    chain.advance(verdictOf(chain, present, 0, "match"));
    chain.advanceTo(firstWindow(chain).verdictsUntil);
    for (const verifier of [absent, present]) {
      expect(chain.head.state.nodes.at(verifier).failed).to.equal(0);
    }
    expect(changeOf(chain, 0)).to.include({ cause: cause("window") });
  });

  it("only lets the ratings of nodes that did not claim fade", () => {
    const chain = claimed({ 0: 35 });
    const { rating } = chain.head.state.nodes.at(1);
    judgeAll(chain, () => "match");
    const node = chain.head.state.nodes.at(1);
    expect(node).to.include({ capacity: 11_000_000n, lastWindow: 1, failed: 0 });
    expect(Number(node.rating)).to.be.within(0.8 * Number(rating), 0.95 * Number(rating));
    expect(changeOf(chain, 1)).to.include({ cause: cause("decay"), before: rating });
  });

  it("looks four times as closely at a node on probation", () => {
    const chain = many({ segmentsPerVerifier: 2 });
    const { state } = chain.head;
    state.nodes.set(0, { ...state.nodes.at(0), probation: 2 });
    claimed({ 0: 1000, 1: 1000 }, chain);
    expect(chain.head.state.claims.map(({ checks }) => checks.length)).to.deep.equal([16, 4]);
    judgeAll(chain, () => "match");
    expect(chain.head.state.nodes.at(0).probation).to.equal(1);
  });

  it("leaves a claim that nobody verified as it was: not served and not heard, or no verdict at all", () => {
    const split = claimed({ 0: 35 }, many({ verifiers: 2 }));
    judgeAll(split, () => "not-served");
    const silent = claimed({ 0: 35 });
    for (const chain of [split, silent]) {
      chain.advanceTo(firstWindow(chain).ends);
      expect(changeOf(chain, 0)).to.include({ cause: cause("unproven") });
      expect(chain.head.state.nodes.at(0)).to.include({ capacity: FOUNDER_0, failed: 0 });
      expect(chain.head.state.claims).to.have.length(0);
    }
  });

  it("is settled once, claimed or not", () => {
    const judged = claimed({ 0: 35 });
    judgeAll(judged, () => "match");
    const quiet = new TestChain();
    for (const chain of [judged, quiet]) {
      chain.advanceTo(firstWindow(chain).appealsUntil + 10);
      expect(changesOf(chain)).to.have.length(4);
      expect(new Set(changesOf(chain).map(({ node }) => node)).size).to.equal(4);
      expect(chain.head.state.window.settledAt).to.be.above(0);
    }
  });

  it("rates a newcomer by its measurement with little trust, and ignores nodes that came after the window opened", () => {
    const chain = new TestChain();
    chain.know(chain.client);
    chain.advance(chain.transaction(chain.client, "register", registration(chain.client)));
    claimed({ 4: 50 }, chain);
    judgeAll(chain, () => "match");
    const node = chain.head.state.nodes.at(4);
    expect(node.capacity).to.equal(capacityOf(flopsOf(50, chain.head.state.parameters), 3500n));
    // One verified unit: 1 / 11.
    expect(Number(node.rating) / Number(node.capacity)).to.be.closeTo(1 / 11, 0.001);
    expect(changeOf(chain, 4)).to.include({ before: 0n, after: node.rating });

    const after = new TestChain();
    after.advanceTo(firstWindow(after).opens);
    after.advance(after.transaction(after.client, "register", registration(after.client)));
    after.advanceTo(firstWindow(after).verdictsUntil);
    expect(after.head.state.nodes.at(4)).to.include({ rating: 0n, lastWindow: 0 });
    expect(changeOf(after, 4)).to.equal(undefined);
  });

  it("settles more nodes than fit a small list", () => {
    const chain = new TestChain();
    const { state } = chain.head;
    const node = state.nodes.at(3);
    for (let i = 0; i < 1100; i++) {
      const publicKey = new Uint8Array(32);
      new DataView(publicKey.buffer).setUint32(0, i + 1);
      state.nodes.push({ ...node, publicKey, bond: 0n, weight: 0n });
    }
    chain.advanceTo(firstWindow(chain).verdictsUntil - 1);
    const block = Block.deserialize(Block.serialize(chain.build()));
    expect(block.body.ratingChanges).to.have.length(1104);
    chain.take(block);
  });
});
