import { expect } from "chai";
import { capacityOf, flopsOf } from "../../../chain/rating/formula.ts";
import { Block } from "../../../chain/types/block.ts";
import type { Parameters } from "../../../chain/types/genesis.ts";
import { RATING_CAUSES, type RatingChange } from "../../../chain/types/node.ts";
import { TestChain } from "../../helpers/chain.ts";
import {
  claim,
  claimBy,
  firstWindow,
  hearAll,
  judgeAll,
  registration,
  showing,
  verdictOf,
  verifiersOf,
} from "../../helpers/window-run.ts";

const FOUNDER_0 = 10_000_000n;

/** A chain at the end of claims; `segments` by node, none = no claim. */
function claimed(segments: Readonly<Record<number, number>>, chain = new TestChain()): TestChain {
  const { closes, claimsUntil } = firstWindow(chain);
  chain.advanceTo(closes);
  const claims = Object.entries(segments).map(([node, count]) =>
    claim(chain, chain.personOfNode(Number(node)), count),
  );
  chain.advance(...claims);
  chain.advanceTo(claimsUntil);
  return chain;
}

/** Enough founders for a committee of five beside claimant and accuser. */
const many = (parameters: Partial<Parameters> = {}): TestChain =>
  new TestChain({ founders: 8, parameters });

const changesOf = (chain: TestChain): RatingChange[] =>
  chain.blocks.flatMap(({ body }) => body.ratingChanges);
const changeOf = (chain: TestChain, node: number) =>
  changesOf(chain).find((change) => change.node === node);
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
    // Ten founding units, aged by a sixteenth of a half-life, and one more.
    expect(node.verified).to.equal(9576 + 1000);
    const change = changeOf(chain, 0);
    expect(change).to.include({ cause: cause("window"), window: 1, segments: 40, before });
    expect(change?.after).to.equal(node.rating);
    expect(change?.factors).to.include({ capacity: FOUNDER_0, quality: 1_000_000 });
    expect(Number(node.rating) / Number(FOUNDER_0)).to.be.closeTo(10.576 / 20.576, 0.001);
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

  it("takes false work for nothing: rating zero, half the bond gone, probation", () => {
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
    expect(changeOf(chain, 0)).to.include({ cause: cause("decay") });
    expect(chain.head.state.nodes.at(0)).to.include({ probation: 0, capacity: FOUNDER_0 });
    expect(chain.head.state.nodes.at(liar).failed).to.equal(1000);
  });

  it("has those of a committee decide who answered; at a tie the claimant is right", () => {
    const ends = [
      { answers: ["mismatch", "mismatch"], cause: "mismatch" },
      { answers: ["mismatch", "mismatch", "match"], cause: "mismatch" },
      { answers: ["mismatch", "mismatch", "match", "match"], cause: "decay" },
      { answers: ["not-served", "not-served", "mismatch"], cause: "not-served" },
      { answers: ["not-served", "not-served", "match"], cause: "not-served" },
      { answers: ["not-served", "match"], cause: "decay" },
      { answers: [], cause: "decay" },
    ] as const;
    for (const end of ends) {
      const chain = claimed({ 0: 35 }, many());
      judgeAll(chain, () => "mismatch");
      const members = claimBy(chain, 0).appeal.members.map(({ verifier }) => verifier);
      for (const [i, answer] of end.answers.entries()) {
        chain.advance(verdictOf(chain, members[i] ?? -1, 0, answer));
      }
      chain.advanceTo(firstWindow(chain).sealsUntil);
      if (chain.head.state.claims.length > 0) chain.advance(showing(chain, 0));
      expect(changeOf(chain, 0), end.answers.join()).to.include({ cause: cause(end.cause) });
      const failed = members.map((member) => chain.head.state.nodes.at(member).failed);
      const wrong = { mismatch: "match", "not-served": undefined, decay: "mismatch" }[end.cause];
      const expected = members.map((_, i) => {
        const answer = end.answers[i];
        return answer === undefined ? 250 : answer === wrong ? 1000 : 0;
      });
      expect(failed, end.answers.join()).to.deep.equal(expected);
    }
  });

  it("takes seals for accusations when nobody shows what they were made of", () => {
    const chain = claimed({ 0: 35 }, many());
    judgeAll(chain, (_, position) => (position === 0 ? "mismatch" : "match"));
    for (const { verifier } of claimBy(chain, 0).appeal.members) {
      chain.advance(verdictOf(chain, verifier, 0, "match"));
    }
    chain.advanceTo(firstWindow(chain).appealsUntil - 1);
    expect(chain.head.state.claims).to.have.length(1);
    chain.advance();
    expect(changeOf(chain, 0)).to.include({ cause: cause("mismatch") });
  });

  it("where no committee can be drawn, convicts when all verifiers agree", () => {
    const chain = claimed({ 0: 35 }, new TestChain({ founders: 3 }));
    judgeAll(chain, () => "mismatch");
    expect(changeOf(chain, 0)).to.include({ cause: cause("mismatch") });
    const split = claimed({ 0: 35 }, new TestChain({ founders: 2 }));
    judgeAll(split, () => "mismatch");
    expect(changeOf(split, 0)).to.include({ cause: cause("mismatch") });
  });

  it("marks a verifier that never answers", () => {
    const chain = claimed({ 0: 35 });
    const [present = -1, absent = -1] = verifiersOf(chain.head.state.claims[0]);
    chain.advance(verdictOf(chain, present, 0, "match"));
    chain.advanceTo(firstWindow(chain).verdictsUntil);
    expect(chain.head.state.nodes.at(absent).failed).to.equal(250);
    expect(chain.head.state.nodes.at(present).failed).to.equal(0);
    expect(changeOf(chain, 0)).to.include({ cause: cause("window") });
  });

  it("only lets fade who did not claim", () => {
    const chain = claimed({ 0: 35 });
    const { rating } = chain.head.state.nodes.at(1);
    judgeAll(chain, () => "match");
    const node = chain.head.state.nodes.at(1);
    expect(node).to.include({ capacity: 11_000_000n, lastWindow: 1, failed: 0 });
    expect(Number(node.rating)).to.be.within(0.8 * Number(rating), 0.95 * Number(rating));
    expect(changeOf(chain, 1)).to.include({ cause: cause("decay"), before: rating });
  });

  it("takes not serving for a failure, and the second time for false work", () => {
    const parameters = { windowInterval: 100 };
    const chain = claimed({ 0: 35 }, new TestChain({ parameters }));
    judgeAll(chain, () => "not-served");
    expect(changeOf(chain, 0)).to.include({ cause: cause("not-served") });
    const node = chain.head.state.nodes.at(0);
    expect(node).to.include({ failed: 1000, capacity: FOUNDER_0 });
    expect(node.bond).to.equal(1000_000_000n);
    // The second window, 100 heights later, within the half-life.
    const shift = 100;
    const { opens, closes, claimsUntil } = firstWindow(chain);
    chain.advanceTo(closes + shift);
    const again = claim(chain, chain.personOfNode(0), 35);
    const value = {
      ...(again.transaction.payload.value as object),
      window: 2,
      opens: opens + shift,
    };
    chain.advance(
      chain.transaction(chain.personOfNode(0), "window-commit", value as never, { fee: 0n }),
    );
    chain.advanceTo(claimsUntil + shift);
    for (const { node: accused, checks } of chain.head.state.claims) {
      for (const { verifier, lane, segment } of checks) {
        const finding = { lane, segment, verdict: 2, endHash: new Uint8Array(32), path: [] };
        const verdict = { window: 2, node: accused, findings: [finding] };
        chain.advance(
          chain.transaction(chain.personOfNode(verifier), "window-verdict", verdict, { fee: 0n }),
        );
      }
    }
    const last = changesOf(chain)
      .filter((change) => change.node === 0)
      .at(-1);
    expect(last).to.include({ cause: cause("mismatch"), after: 0n });
    expect(chain.head.state.nodes.at(0).bond).to.equal(500_000_000n);
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

  it("leaves a claim without majority as it was: split or no verdict at all", () => {
    const split = claimed({ 0: 35 }, many({ verifiers: 2 }));
    judgeAll(split, (_, position) => (position === 0 ? "match" : "not-served"));
    const silent = claimed({ 0: 35 });
    silent.advanceTo(firstWindow(silent).appealsUntil);
    for (const chain of [split, silent]) {
      chain.advanceTo(firstWindow(chain).verdictsUntil);
      expect(changeOf(chain, 0)).to.include({ cause: cause("decay") });
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

  it("rates a newcomer as measured and little trusted, and leaves alone who came after it opened", () => {
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
