/**
 * A participant of a search reports all units as searched, at once and without any work, and then claims none. Gain
 * sought: none but harm. The others get no lease in that round, so they are not paid for it; with eight such rounds in a
 * row the job is stalled, and its client has waited for nothing. Must hold: after the first time the node gets no lease
 * in the next round, and in as many rounds after each further one as there are managers under which it was short, so the
 * job comes to its end, the others are paid for all of it and the node for nothing; a node that once lost what it had
 * searched loses one round.
 */
import { expect } from "chai";
import { outcomeOf, phaseOf } from "../../chain/job/phase.ts";
import type { Job } from "../../chain/types/job.ts";
import { type Spans, spansOf } from "../../node/jobs/search/leases/span.ts";
import { Unclaimed } from "../../node/jobs/search/unclaimed.ts";
import { rangesOf, SearchStory } from "../helpers/search-run.ts";

const PRICE = 1000n;

interface Outcome {
  readonly outcome: string;
  /** Rounds in which the attacker had all units. */
  readonly wasted: number;
  readonly rounds: number;
  /** By participant, the attacker first: micro-POML, some of them for audits. */
  readonly earned: readonly bigint[];
  /** Units that they are paid for. */
  readonly units: readonly bigint[];
}

/** @param remembers whether the team rests who does not claim */
function played(remembers: boolean): Outcome {
  const to = 1000n + 180n * 64n;
  const story = new SearchStory({ order: { pricePerUnit: PRICE, to } });
  const unclaimed = new Unclaimed();
  const nodes = story.job.participants.map(({ node }) => node);
  const [attacker = -1, ...others] = nodes;
  const before = new Map(nodes.map((node) => [node, story.balance(node)]));
  let [wasted, rounds] = [0, 0];
  while (phaseOf(story.job) === "training") {
    const { open, job } = story;
    const rests = remembers && unclaimed.rests(job, attacker);
    // Whoever is fastest gets all of it: nobody is faster than a node that does not search.
    const owned = new Map(
      rests
        ? others.map((node, i) => [
            node,
            open.filter((_, at) => at < 30 && at % others.length === i),
          ])
        : [[attacker, open] as const],
    );
    if (!rests) wasted++;
    rounds++;
    story.advance(
      ...nodes.map((node) => story.commit(node, node === attacker ? [] : (owned.get(node) ?? []))),
    );
    unclaimed.note(story.job, (node) => spans(owned.get(node) ?? []));
    story.advance(story.record());
    story.audited();
  }
  const outcome = outcomeOf(story.job);
  story.settled();
  const earned = nodes.map((node) => story.balance(node) - (before.get(node) ?? 0n));
  const units = story.job.participants.map(({ paidUnits }) => paidUnits);
  return { outcome, wasted, rounds, earned, units };
}

function spans(units: readonly bigint[]): Spans {
  return rangesOf(units).map(({ from, to }) => ({ from: Number(from), to: Number(to) }));
}

/** A job of nodes that commit to so many units each. */
function committed(round: number, units: readonly number[]): Job {
  const { job } = STORY;
  const participants = job.participants.map((one, i) => ({ ...one, units: units[i] ?? 0 }));
  return { ...job, round, participants };
}
const STORY = new SearchStory();
const NODES = STORY.job.participants.map(({ node }) => node);

/** The log gives each node so many units. */
function giving(units: readonly number[]): (node: number) => Spans {
  return (node) => {
    const place = NODES.indexOf(node);
    return spansOf([{ from: 1000 * place, to: 1000 * place + (units[place] ?? 0) }]);
  };
}

describe("attack: report units and do not claim them", function () {
  this.timeout(60_000);

  it("costs the others four rounds of ten, where it took the whole job before", () => {
    const without = played(false);
    const rested = played(true);
    for (const [name, one] of Object.entries({ without, rested })) {
      process.stdout.write(
        `      ${name}: ${one.outcome} after ${one.rounds} rounds, ${one.wasted} of them wasted; paid units ${one.units}; attacker and others earn ${one.earned}\n`,
      );
    }
    expect(without).to.include({ outcome: "stalled", wasted: 8 });
    expect(rested.outcome).equal("complete");
    expect(rested.wasted).at.most(4);
    expect(rested.units).deep.equal([0n, 60n, 60n, 60n]);
  });

  it("rests one round for each manager under which it was short, and an honest node that lost its disk once loses one round", () => {
    const unclaimed = new Unclaimed();
    const [honest = -1, attacker = -1] = NODES;
    const log = giving([100, 100, 100, 100]);
    unclaimed.note(committed(1, [0, 40, 100, 100]), log);
    const resting = (node: number): number[] =>
      [2, 3, 4, 5, 6, 7].filter((round) => unclaimed.rests({ ...STORY.job, round }, node));
    expect(resting(honest)).deep.equal([2]);
    expect(resting(attacker)).deep.equal([2]);
    unclaimed.note(committed(3, [100, 0, 100, 100]), log);
    expect(resting(honest)).deep.equal([2]);
    expect(resting(attacker)).deep.equal([2, 3, 4, 5]);
    // Under the manager of round 3 again: that tells nothing new.
    unclaimed.note(committed(6, [100, 0, 100, 100]), log);
    expect(
      [7, 8, 9].filter((round) => unclaimed.rests({ ...STORY.job, round }, attacker)),
    ).deep.equal([7, 8]);
    unclaimed.note(committed(6, [0, 0, 100, 100]), log);
    unclaimed.note(committed(7, [100, 100, 0, 0]), log);
    const nobody = NODES.filter((node) => unclaimed.rests({ ...STORY.job, round: 8 }, node));
    expect(nobody, "all of them would").deep.equal([]);
    unclaimed.keepOnly(new Set());
    expect(resting(attacker)).deep.equal([]);
  });

  it("is not held against a node that claims half, was leased little, or is one of most that claim little", () => {
    const unclaimed = new Unclaimed();
    const rests = (): number[] =>
      NODES.filter((node) => unclaimed.rests({ ...STORY.job, round: 2 }, node));
    unclaimed.note(committed(1, [50, 0, 100, 100]), giving([100, 8, 100, 100]));
    expect(rests()).deep.equal([]);
    // The manager died: three of four never heard that their units are on the log.
    unclaimed.note(committed(1, [0, 0, 0, 100]), giving([100, 100, 100, 100]));
    expect(rests()).deep.equal([]);
    // What a later look at the same round says counts.
    unclaimed.note(committed(1, [0, 100, 100, 100]), giving([100, 100, 100, 100]));
    expect(rests()).deep.equal([NODES[0]]);
    unclaimed.note(committed(1, [100, 100, 100, 100]), giving([100, 100, 100, 100]));
    expect(rests()).deep.equal([]);
  });
});
