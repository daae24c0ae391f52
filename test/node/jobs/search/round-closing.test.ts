import { expect } from "chai";
import { RoundClosing } from "../../../../node/jobs/search/round-closing.ts";

const searching = { isIdle: false, isSearching: true, isDone: false };
const waiting = { isIdle: true, isSearching: false, isDone: false };
const done = { isIdle: true, isSearching: false, isDone: true };

/** A quarter of a phase of 120 s is 30 s; the deadline is four phases. */
const DEADLINE_MS = 480_000;

describe("a round that takes no more work", () => {
  const closedAt = (now: number, deadlineMs = DEADLINE_MS): RoundClosing => {
    const closing = new RoundClosing({ deadlineMs });
    closing.close(now);
    return closing;
  };

  it("is over as soon as the manager has answered all of its lanes", () => {
    const closing = closedAt(1_000);
    expect(closing.look([done, waiting], 1_050)).to.deep.equal({ isIdle: true, isOver: false });
    expect(closing.look([done, done], 1_100)).to.deep.equal({ isIdle: true, isOver: true });
  });

  it("waits six seconds for answers, and no longer", () => {
    const closing = closedAt(0);
    expect(closing.look([waiting], 0).isOver).to.equal(false);
    expect(closing.look([waiting], 5_999).isOver).to.equal(false);
    expect(closing.look([waiting], 6_000).isOver).to.equal(true);
  });

  it("waits six seconds more from the last look at which a lane searched", () => {
    const closing = closedAt(0);
    expect(closing.look([searching, done], 0)).to.deep.equal({ isIdle: false, isOver: false });
    expect(closing.look([searching, done], 20_000).isOver).to.equal(false);
    expect(closing.look([waiting, done], 25_999).isOver).to.equal(false);
    expect(closing.look([waiting, done], 26_000).isOver).to.equal(true);
  });

  it("does not wait for a lane that never ends beyond a quarter of the phase", () => {
    const closing = closedAt(0);
    expect(closing.look([searching], 0).isOver).to.equal(false);
    expect(closing.look([searching], 29_999).isOver).to.equal(false);
    expect(closing.look([searching], 30_000).isOver).to.equal(true);
  });

  it("waits six seconds even where a quarter of the phase is less", () => {
    const closing = closedAt(0, 16_000);
    expect(closing.look([searching], 0).isOver).to.equal(false);
    expect(closing.look([searching], 5_999).isOver).to.equal(false);
    expect(closing.look([searching], 6_000).isOver).to.equal(true);
  });

  it("states how long it waited in all, and how long its workers went on", () => {
    const closing = closedAt(1_000);
    closing.look([searching], 2_000);
    closing.look([waiting], 3_000);
    closing.look([waiting], 4_000);
    closing.close(4_500);
    expect(closing.timesAt(5_000)).to.deep.equal({ waitedMs: 4_000, lastUnitMs: 2_000 });
  });

  it("states no time where the round was never closed", () => {
    const closing = new RoundClosing({ deadlineMs: DEADLINE_MS });
    expect(closing.timesAt(5_000)).to.deep.equal({ waitedMs: 0, lastUnitMs: 0 });
  });
});
