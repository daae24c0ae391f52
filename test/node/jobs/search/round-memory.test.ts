import { expect } from "chai";
import type { JournalNote } from "../../../../node/jobs/search/leases/member-messages.ts";
import { MARK, RoundMemory, roundBegan } from "../../../../node/jobs/search/round-memory.ts";
import { SearchStory } from "../../../helpers/search-run.ts";

const STARTED = 100_000;
const BLOCK_MS = 1_000;

/** A process that sees blocks 10, 11, ...; block 10 is as old as the process. */
function memory(): RoundMemory {
  const own = new RoundMemory({ startedAt: STARTED });
  for (let i = 0; i < 5; i++) own.onBlock(10 + i, STARTED + i * BLOCK_MS, BLOCK_MS);
  return own;
}

describe("what a member of a team knows of its own past in a round", () => {
  it("takes a round for new that began while it was running, and no other", () => {
    const own = memory();
    const forgets = [8, 10, 11, 14].map((since) => own.isForgetful({ key: "a", since }, []));
    expect(forgets).deep.equal([true, true, false, false]);
    expect(own.isForgetful({ key: "a", since: undefined }, [])).equal(true);
  });

  it("does not take a round for new that is prolonged, and whose phase training begins again", () => {
    const own = memory();
    const { job } = new SearchStory();
    const forgets = [
      { ...job, phaseSince: 14 },
      { ...job, phaseSince: 8 },
      { ...job, phaseSince: 14, extensions: 1 },
    ].map((one) => own.isForgetful({ key: "a", since: roundBegan(one, one.round) }, []));
    expect(forgets).deep.equal([false, true, true]);
    expect(roundBegan(job, job.round + 1)).equal(undefined);
  });

  it("has forgotten a round of which it has notes without a mark", () => {
    const notes: JournalNote[] = [{ kind: "log", after: 0, entries: [] }];
    expect(memory().isForgetful({ key: "a", since: 14 }, notes)).equal(true);
  });

  it("knows nothing before it has seen a block of its own time", () => {
    const own = new RoundMemory({ startedAt: STARTED });
    own.onBlock(10, STARTED - 5_000, BLOCK_MS);
    own.onBlock(11, STARTED + BLOCK_MS - 1, BLOCK_MS);
    expect(own.isForgetful({ key: "a", since: 11 }, [])).equal(true);
  });

  it("remembers a round by the mark in its journal, whenever it began", () => {
    const own = memory();
    expect(own.isForgetful({ key: "a", since: 8 }, [MARK])).equal(false);
    expect(own.isForgetful({ key: "a", since: undefined }, [MARK])).equal(false);
  });

  it("has forgotten a round whose mark is gone, also in the first seconds, and for as long as it lasts", () => {
    const own = memory();
    own.marked("a");
    expect(own.isForgetful({ key: "a", since: 14 }, [])).equal(true);
    // What it has taken since is no memory of what it promised before.
    const later: JournalNote[] = [
      { kind: "promise", view: 3 },
      { kind: "log", after: 0, entries: [] },
    ];
    expect(own.isForgetful({ key: "a", since: 8 }, later)).equal(true);
    own.keepOnly(new Set());
    expect(own.isForgetful({ key: "a", since: 14 }, [])).equal(false);
  });
});
