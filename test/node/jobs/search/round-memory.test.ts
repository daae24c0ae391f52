import { expect } from "chai";
import type { Job } from "../../../../chain/types/job.ts";
import { runName } from "../../../../node/jobs/checkpoint-keeper.ts";
import type { JournalNote } from "../../../../node/jobs/search/leases/member-messages.ts";
import { MARK, RoundMemory } from "../../../../node/jobs/search/round-memory.ts";
import { SearchStory } from "../../../helpers/search-run.ts";

const STARTED = 100_000;
const BLOCK_MS = 1_000;
const { job: JOB } = new SearchStory();

/** A process that sees blocks 10, 11, ...; block 10 is as old as the process. */
function memory(): RoundMemory {
  const own = new RoundMemory({ startedAt: STARTED });
  for (let i = 0; i < 5; i++) own.onBlock(10 + i, STARTED + i * BLOCK_MS, BLOCK_MS);
  return own;
}

/** One that saw these rounds of the job, and when their work began. */
function seeing(...rounds: readonly Partial<Job>[]): RoundMemory {
  const own = memory();
  for (const round of rounds) own.onJob({ ...JOB, ...round });
  return own;
}

const forgets = (own: RoundMemory, round: number, notes: readonly JournalNote[] = []): boolean =>
  own.isForgetful(runName(JOB.id, round), notes);

describe("what a member of a team knows of its own past in a round", () => {
  it("takes a first round for new that began while it was running, and no other", () => {
    const seen = [8, 10, 11, 14].map((phaseSince) => forgets(seeing({ phaseSince }), 1));
    expect(seen).deep.equal([true, true, false, false]);
    expect(forgets(memory(), 1)).equal(true);
  });

  it("takes a later round for new only if it was running when the round before began: the log may have gone on early", () => {
    // It lost its disk in round 1, after the log had gone on in round 2.
    const late = seeing({ phaseSince: 8 }, { round: 2, phaseSince: 14 });
    expect([1, 2, 3].map((round) => forgets(late, round))).deep.equal([true, true, false]);
    const early = seeing({ phaseSince: 12 }, { round: 2, phaseSince: 14 });
    expect([1, 2, 3].map((round) => forgets(early, round))).deep.equal([false, false, false]);
  });

  it("takes the round after one for new of which it still knows what it promised", () => {
    const own = seeing({ phaseSince: 8 });
    expect(forgets(own, 1, [MARK])).equal(false);
    own.remembers(JOB.id, 1);
    expect([1, 2, 3].map((round) => forgets(own, round))).deep.equal([true, false, true]);
  });

  it("does not take a round for new that is prolonged, and whose phase training begins again", () => {
    expect(forgets(seeing({ phaseSince: 14, extensions: 1 }), 1)).equal(true);
    expect(forgets(seeing({ phaseSince: 12 }, { phaseSince: 14, extensions: 1 }), 1)).equal(false);
  });

  it("has forgotten a round of which it has notes without a mark", () => {
    const notes: JournalNote[] = [{ kind: "log", after: 0, entries: [] }];
    expect(forgets(seeing({ phaseSince: 14 }), 1, notes)).equal(true);
  });

  it("knows nothing before it has seen a block of its own time", () => {
    const own = new RoundMemory({ startedAt: STARTED });
    own.onBlock(10, STARTED - 5_000, BLOCK_MS);
    own.onBlock(11, STARTED + BLOCK_MS - 1, BLOCK_MS);
    own.onJob({ ...JOB, phaseSince: 11 });
    expect(forgets(own, 1)).equal(true);
  });

  it("remembers a round by the mark in its journal, whenever it began", () => {
    expect(forgets(seeing({ phaseSince: 8 }), 1, [MARK])).equal(false);
    expect(forgets(memory(), 1, [MARK])).equal(false);
  });

  it("has forgotten a round whose mark is gone, also in the first seconds, and for as long as it lasts", () => {
    const own = seeing({ phaseSince: 14 });
    own.marked(runName(JOB.id, 1));
    expect(forgets(own, 1)).equal(true);
    // What it has taken since is no memory of what it promised before.
    const later: JournalNote[] = [
      { kind: "promise", view: 3 },
      { kind: "log", after: 0, entries: [] },
    ];
    expect(forgets(own, 1, later)).equal(true);
    own.keepOnly(new Set());
    own.onJob({ ...JOB, phaseSince: 14 });
    expect(forgets(own, 1)).equal(false);
  });
});
