import { expect } from "chai";
import { MAX_ALARMS } from "../../../../chain/types/search.ts";
import { searchProgress } from "../../../../chain/workload/search/search-of.ts";
import { MOST_SHARE } from "../../../../chain/workload/search/statistics.ts";
import { tallied } from "../../../../chain/workload/search/tallies.ts";
import { SearchStory } from "../../../helpers/search-run.ts";

const USUAL = 1n << 32n;
const own = (units: number, node = 3) => ({ node, units });

describe("tallies of a search", () => {
  it("add up what a node claims over the rounds, and judge all of it", () => {
    // Shares of 4 / 3 are those of a node that leaves out a quarter. No single claim of 10 units shows it.
    let tallies = tallied([], [own(0)], [0n]).tallies;
    expect(tallies).deep.equal([]);
    let rounds = 0;
    for (let isAlarm = false; !isAlarm; rounds++) {
      const after = tallied(tallies, [own(10)], [(40n * USUAL) / 3n]);
      expect(tallied([], [own(10)], [(40n * USUAL) / 3n]).alarms).deep.equal([]);
      isAlarm = after.alarms.length > 0;
      tallies = after.tallies;
    }
    expect(rounds).within(30, 40);
    expect(tallies, "it begins anew").deep.equal([]);
  });

  it("are equal however a node's units are cut into claims", () => {
    const once = tallied([], [own(60)], [60n * USUAL]);
    const first = tallied([], [own(20)], [15n * USUAL]);
    const twice = tallied(first.tallies, [own(40)], [45n * USUAL]);
    expect(twice).deep.equal(once);
  });

  it("are those of one node each, in order, and stay while it claims nothing", () => {
    const first = tallied([], [own(5, 9), own(0, 10)], [5n, 0n]);
    const second = tallied(first.tallies, [own(1, 2), own(0, 9)], [1n, 0n]);
    expect(second.tallies).deep.equal([
      { node: 2, units: 1n, share: 1n },
      { node: 9, units: 5n, share: 5n },
    ]);
  });

  it("keep the tallies for which a record has no room until the next one", () => {
    const all = Array.from({ length: MAX_ALARMS + 2 }, (_, node) => own(1, node));
    const shares = all.map(() => MOST_SHARE);
    const first = tallied([], all, shares);
    expect(first.alarms).deep.equal([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(first.tallies.map(({ node }) => node)).deep.equal([8, 9]);
    const next = tallied(
      first.tallies,
      all,
      all.map(() => USUAL),
    );
    expect(next.alarms).deep.equal([8, 9]);
  });

  it("stop at what 64 bits hold", () => {
    const full = { node: 3, units: 1n << 62n, share: (1n << 64n) - 2n };
    const { tallies } = tallied([full], [own(1)], [5n]);
    expect(tallies[0]?.share).equal((1n << 64n) - 1n);
  });

  it("are kept by the chain, from the shares of the records", () => {
    const story = new SearchStory();
    const nodes = story.job.participants.map(({ node }) => node).sort((a, b) => a - b);
    story.round(2);
    story.round(2);
    const { tallies } = searchProgress(story.job);
    expect(tallies.map(({ node }) => node)).deep.equal(nodes);
    for (const { units, share } of tallies) {
      expect(units).equal(4n);
      expect(Number(share) / 2 ** 32).within(0.01, 20);
    }
    story.commitAll(...story.dealt(1));
    story.advance(story.record({}, { doubted: nodes.slice(0, 1) }));
    const after = searchProgress(story.job).tallies;
    expect(after.map(({ node }) => node)).deep.equal(nodes.slice(1));
    story.audited();
    expect(story.job.participants.map(({ fault }) => fault)).deep.equal([0, 0, 0, 0]);
  });
});
