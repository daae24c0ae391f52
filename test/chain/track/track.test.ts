import { expect } from "chai";
import { equalBytes } from "../../../chain/crypto/hash.ts";
import { NO_SCORE, qualityOf, SCORE_LIFE } from "../../../chain/track/quality.ts";
import { scoresOf } from "../../../chain/track/scores.ts";
import { RATING_CAUSES, type RatingChange } from "../../../chain/types/node.ts";
import type { TestChain } from "../../helpers/chain.ts";
import {
  commit,
  countsOf,
  entryOf,
  judged,
  result,
  show,
  stagesOf,
  TASK,
  told,
  trackChain,
  trained,
  verdict,
} from "../../helpers/track-run.ts";

const node = (chain: TestChain, index = 0) => chain.head.state.nodes.at(index);
const balance = (chain: TestChain, index: number): bigint =>
  chain.head.state.account(chain.personOfNode(index).address).balance;
const changesOf = (chain: TestChain): RatingChange[] =>
  chain.blocks.flatMap(({ body }) => body.ratingChanges);
const causes = (chain: TestChain): [number, string | undefined][] =>
  changesOf(chain).map((change) => [change.node, RATING_CAUSES[change.cause]]);
/** What every judge comes to when node 0 told the truth. */
const truth = (chain: TestChain, right = 124) => ({
  ...trained(chain.personOfNode(0)),
  counts: countsOf(right),
});

describe("the open track", () => {
  it("never opens while its interval is 0", () => {
    const chain = trackChain(4, { trackInterval: 0 });
    chain.advanceTo(30);
    expect(chain.head.state.track.number).to.equal(0);
  });

  it("opens at its heights and seeds the test rows after the last commitment", () => {
    const chain = trackChain(4);
    const { opens, commitsUntil, revealed, shownUntil } = stagesOf(chain);
    chain.advanceTo(opens);
    const { track, meta } = chain.head.state;
    expect(track).to.include({ number: 1, task: 1, opens, commitsUntil, revealed, settledAt: 0 });
    expect(track.mix).to.deep.equal(meta.mix);
    chain.advanceTo(revealed - 1);
    expect(chain.head.state.track.testMix).to.deep.equal(new Uint8Array(32));
    chain.advanceTo(revealed);
    const { testMix } = chain.head.state.track;
    expect(testMix).to.deep.equal(chain.head.state.meta.mix);
    expect(equalBytes(testMix, track.mix)).to.equal(false);
    chain.advanceTo(shownUntil);
    expect(chain.head.state.track.settledAt).to.equal(shownUntil);
    chain.advanceTo(stagesOf(chain, 2).opens);
    expect(chain.head.state.track).to.include({ number: 2, settledAt: 0 });
  });

  it("draws judges for every result, never its own node, and none for commitments without a result", () => {
    const chain = trackChain();
    const { opens, revealed, judgesDrawn } = stagesOf(chain);
    chain.advanceTo(opens);
    chain.advance(...[0, 1, 2].map((index) => commit(chain, chain.personOfNode(index))));
    chain.advanceTo(revealed);
    chain.advance(...[0, 1].map((index) => result(chain, chain.personOfNode(index))));
    chain.advanceTo(judgesDrawn);
    for (const index of [0, 1]) {
      const judges = entryOf(chain, index).judges.map((judge) => judge.node);
      expect(new Set(judges).size).to.equal(5);
      expect(judges).not.to.include(index);
    }
    expect(entryOf(chain, 2).judges).to.deep.equal([]);
  });

  it("sets the quality, and so the rating, of a verified result from its F1", () => {
    // So long that nothing fades meanwhile.
    const chain = told(trackChain(8, { ratingHalfLife: 1_000_000_000 }), 130);
    const { rating: before } = node(chain);
    judged(chain, () => truth(chain, 130));
    const scores = scoresOf(countsOf(130), TASK.testRows);
    const { score, quality, rating, failed } = node(chain);
    expect(score).to.deep.equal({ track: 1, task: 1, ...scores });
    expect(quality).to.equal(Math.floor((scores.f1 * 1e6) / TASK.reference));
    expect(quality).to.be.above(1_000_000);
    expect(Number(rating)).to.be.closeTo((Number(before) * quality) / 1e6, 2);
    expect(failed).to.equal(0);
    expect(changesOf(chain)).to.have.length(1);
    expect(changesOf(chain)[0]).to.deep.include({
      node: 0,
      window: 1,
      cause: RATING_CAUSES.indexOf("track"),
      before,
      after: rating,
    });
    expect(changesOf(chain)[0]?.factors.quality).to.equal(quality);
    expect(chain.head.state.trackEntries).to.deep.equal([]);
  });

  it("lists a verified result that leaves the rating as it is", () => {
    const chain = told(trackChain());
    judged(chain, () => truth(chain));
    const first = node(chain);
    expect(first.quality).to.be.within(990_000, 1_010_000);
    expect(causes(chain)).to.deep.equal([[0, "track"]]);
  });

  it("treats a false result as false work: it costs capacity, trust and a part of the bond", () => {
    const chain = told(trackChain(), 150);
    const provers = entryOf(chain, 0).judges.map((judge) => judge.node);
    const balances = provers.map((index) => balance(chain, index));
    judged(chain, () => truth(chain, 124));
    expect(node(chain)).to.include({
      capacity: 0n,
      rating: 0n,
      verified: 0,
      failed: 1000,
      probation: 3,
      bond: 500_000_000n,
      quality: 800_000,
    });
    expect(causes(chain)).to.deep.equal([[0, "track-mismatch"]]);
    // A tenth of what was lost, in equal parts.
    provers.forEach((index, i) => {
      const earned = balance(chain, index) - (balances[i] ?? 0n);
      expect(earned >= 10_000_000n).to.equal(true);
    });
  });

  it("convicts by more than half of the judges drawn, not of those heard", () => {
    const chain = told(trackChain());
    const lie = truth(chain, 200);
    judged(chain, (position) => (position < 2 ? lie : undefined));
    expect(node(chain)).to.include({ bond: 1000_000_000n, quality: 1_000_000 });
    expect(node(chain).score).to.deep.equal(NO_SCORE);
  });

  it("costs judges on the wrong side a failed unit and silent ones a quarter", () => {
    const chain = told(trackChain());
    const [wrong, silent, right] = entryOf(chain, 0).judges.map((judge) => judge.node);
    judged(chain, (position) => {
      if (position === 0) return truth(chain, 199);
      return position === 1 ? undefined : truth(chain);
    });
    expect(node(chain).score.track).to.equal(1);
    expect([wrong, silent, right].map((index) => node(chain, index).failed)).to.deep.equal([
      1000, 250, 0,
    ]);
    expect(new Set(causes(chain).map(([index]) => index))).to.deep.equal(
      new Set([0, wrong, silent]),
    );
  });

  it("gives the least quality for a commitment without a result; otherwise nodes would report only good results", () => {
    const chain = trackChain();
    const { opens, shownUntil } = stagesOf(chain);
    chain.advanceTo(opens);
    chain.advance(commit(chain, chain.personOfNode(0)));
    chain.advanceTo(shownUntil);
    expect(node(chain)).to.include({ quality: 800_000, failed: 0, bond: 1000_000_000n });
    expect(causes(chain)).to.deep.equal([[0, "track-untold"]]);
  });

  it("does not change the quality if no judge answered", () => {
    const chain = told(trackChain(), 130);
    judged(chain, () => truth(chain, 130));
    const { quality } = node(chain);
    told(chain, 100, 2);
    judged(chain, () => undefined, { number: 2 });
    expect(node(chain).quality).to.equal(quality);
    expect(node(chain).score.track).to.equal(1);
  });

  it("gives no gain without a majority of proven matches", () => {
    const chain = told(trackChain(), 130);
    judged(chain, () => truth(chain, 130));
    expect(node(chain).quality).to.be.above(1_000_000);
    told(chain, 130, 2);
    judged(chain, (position) => (position < 3 ? truth(chain, 130 + 60 * position) : undefined), {
      number: 2,
    });
    expect(node(chain)).to.deep.include({ quality: 1_000_000, score: NO_SCORE });
  });

  it("takes no score from two of five judges alone, but from three", () => {
    for (const [heard, track] of [
      [2, 0],
      [3, 1],
    ] as const) {
      const chain = told(trackChain(), 130);
      judged(chain, (position) => (position < heard ? truth(chain, 130) : undefined));
      expect(node(chain).score.track, `${heard} heard`).to.equal(track);
    }
  });

  it("forgets a score after three tracks that its node missed", () => {
    const chain = told(trackChain(), 130);
    judged(chain, () => truth(chain, 130));
    const { quality } = node(chain);
    chain.advanceTo(stagesOf(chain, SCORE_LIFE).shownUntil);
    expect(node(chain).quality).to.equal(quality);
    chain.advanceTo(stagesOf(chain, SCORE_LIFE + 1).shownUntil);
    expect(node(chain)).to.deep.include({ quality: qualityOf(NO_SCORE), score: NO_SCORE });
    expect(causes(chain)).to.deep.equal([
      [0, "track"],
      [0, "track"],
    ]);
  });

  it("lets a judge that agrees show what the seals hide when the node is away", () => {
    const chain = told(trackChain(), 124);
    const [first] = entryOf(chain, 0).judges;
    for (const judge of entryOf(chain, 0).judges) {
      chain.advance(verdict(chain, judge.node, 0, truth(chain)));
    }
    const { verdictsUntil, shownUntil } = stagesOf(chain);
    chain.advanceTo(verdictsUntil);
    chain.advance(show(chain, first?.node ?? 0, 0));
    chain.advanceTo(shownUntil);
    expect(node(chain).score.track).to.equal(1);
  });

  it("passes over a node that was slashed meanwhile", () => {
    const chain = told(trackChain(), 130);
    const { state } = chain.head;
    state.nodes.set(0, { ...node(chain), slashedAt: chain.height, rating: 0n, capacity: 0n });
    judged(chain, () => truth(chain, 130));
    expect(node(chain)).to.deep.include({ score: NO_SCORE, rating: 0n });
  });
});
