import { expect } from "chai";
import { capacityOf } from "../../../chain/rating/formula.ts";
import { Block } from "../../../chain/types/block.ts";
import { RATING_CAUSES, type RatingChange } from "../../../chain/types/node.ts";
import { TestChain } from "../../helpers/chain.ts";
import { claim, firstWindow, judgeAll, registration, verdictOf } from "../../helpers/window-run.ts";

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
    const { windowOpened, windowMix, time, mix } = chain.head.state.meta;
    expect(windowOpened).to.equal(time);
    expect(windowMix).to.deep.equal(mix);
    chain.advanceTo(closes);
    expect(chain.head.state.meta.windowClosed - windowOpened).to.equal(6n * 500n);
    chain.advanceTo(closes + 5);
    expect(chain.head.state.meta.windowMix).to.deep.equal(mix);
  });

  it("draws verifiers for every claim, never its own node, and a segment for each", () => {
    const chain = claimed({ 0: 30, 1: 31, 2: 32, 3: 33 });
    expect(chain.head.state.claims).to.have.length(4);
    for (const { node, segments, verifiers, segmentsDrawn, verdicts } of chain.head.state.claims) {
      expect(verifiers).to.have.length(chain.head.state.parameters.verifiers);
      expect(new Set([node, ...verifiers]).size).to.equal(verifiers.length + 1);
      expect(Math.max(...segmentsDrawn)).to.be.below(segments);
      expect(verdicts).to.deep.equal(verifiers.map(() => 0));
    }
  });

  it("rates a verified claim by the formula, as soon as all verdicts are in", () => {
    const chain = claimed({ 0: 40 });
    judgeAll(chain, () => "match");
    // Six blocks of work and the one until the claim, half a second each: working on gains nothing.
    const measured = capacityOf(40, chain.head.state.parameters.segmentSteps, 3500n);
    expect(measured > FOUNDER_0 && measured < (FOUNDER_0 * 5n) / 4n).to.equal(true);
    expect(chain.head.state.nodes.at(0)).to.include({
      capacity: measured,
      rating: measured,
      ratedWindow: 1,
      lastWindow: 1,
    });
    expect(changeOf(chain, 0)).to.deep.equal({
      node: 0,
      cause: cause("window"),
      window: 1,
      segments: 40,
      capacity: measured,
      before: FOUNDER_0,
      after: measured,
    });
    expect(chain.height).to.be.below(firstWindow(chain).verdictsUntil);
    expect(chain.head.state.claims).to.have.length(0);
  });

  it("lets a capacity rise by a quarter at most", () => {
    const chain = claimed({ 0: 4000 });
    judgeAll(chain, () => "match");
    expect(chain.head.state.nodes.at(0).rating).to.equal((FOUNDER_0 * 5n) / 4n);
  });

  it("takes a false claim for nothing: capacity and rating fall to zero", () => {
    const chain = claimed({ 0: 35 });
    judgeAll(chain, () => "mismatch");
    expect(chain.head.state.nodes.at(0)).to.include({ capacity: 0n, rating: 0n, ratedWindow: 0 });
    expect(changeOf(chain, 0)).to.include({ cause: cause("mismatch"), capacity: 0n, after: 0n });
  });

  it("convicts by more than half of the drawn verifiers, not of those who spoke", () => {
    const chain = claimed({ 0: 35 });
    const [verifier = -1] = chain.head.state.claims[0]?.verifiers ?? [];
    chain.advance(verdictOf(chain, verifier, 0, "mismatch"));
    chain.advanceTo(firstWindow(chain).verdictsUntil);
    expect(changeOf(chain, 0)).to.include({ cause: cause("decay"), after: 8_750_000n });
  });

  it("only decays who did not claim", () => {
    const chain = claimed({ 0: 35 });
    judgeAll(chain, () => "match");
    const node = chain.head.state.nodes.at(1);
    expect(node).to.include({ capacity: 11_000_000n, rating: 9_625_000n, lastWindow: 1 });
    expect(changeOf(chain, 1)).to.include({ cause: cause("decay"), before: 11_000_000n });
  });

  it("decays a claim without majority: none served, split, or no verdict at all", () => {
    const notServed = claimed({ 0: 35 });
    judgeAll(notServed, () => "not-served");
    const split = claimed({ 0: 35 });
    judgeAll(split, (_, position) => (position === 0 ? "match" : "mismatch"));
    const silent = claimed({ 0: 35 });
    silent.advanceTo(firstWindow(silent).verdictsUntil);
    for (const chain of [notServed, split, silent]) {
      expect(chain.head.state.nodes.at(0)).to.include({ capacity: FOUNDER_0, rating: 8_750_000n });
      expect(chain.head.state.claims).to.have.length(0);
    }
  });

  it("is settled at its last block with the verdicts there are", () => {
    const chain = claimed({ 0: 35 });
    const [verifier = -1] = chain.head.state.claims[0]?.verifiers ?? [];
    chain.advance(verdictOf(chain, verifier, 0, "match"));
    chain.advanceTo(firstWindow(chain).verdictsUntil - 1);
    expect(changesOf(chain)).to.have.length(0);
    chain.advance();
    expect(changeOf(chain, 0)).to.include({ cause: cause("window") });
  });

  it("is settled once, claimed or not", () => {
    const judged = claimed({ 0: 35 });
    judgeAll(judged, () => "match");
    const quiet = new TestChain();
    for (const chain of [judged, quiet]) {
      chain.advanceTo(firstWindow(chain).verdictsUntil + 10);
      expect(changesOf(chain)).to.have.length(4);
      expect(new Set(changesOf(chain).map(({ node }) => node)).size).to.equal(4);
    }
  });

  it("rates a newcomer as measured, and leaves alone who came after it opened", () => {
    const chain = new TestChain();
    chain.know(chain.client);
    chain.advance(chain.transaction(chain.client, "register", registration(chain.client)));
    claimed({ 4: 50 }, chain);
    judgeAll(chain, () => "match");
    const node = chain.head.state.nodes.at(4);
    expect(node.rating).to.equal(capacityOf(50, 60, 3500n));
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
      state.nodes.push({ ...node, publicKey, rating: 8_000n, bond: 0n });
    }
    chain.advanceTo(firstWindow(chain).verdictsUntil - 1);
    const block = Block.deserialize(Block.serialize(chain.build()));
    expect(block.body.ratingChanges).to.have.length(1104);
    chain.take(block);
  });
});
