/** What the log of a round comes to where it turned: the next round's log goes on from there. */
import type { Span, Spans } from "./span.ts";
import type { Holder } from "./step.ts";

/** A lease at work, as the next round has it. */
export interface HeldLease extends Holder, Span {
  /** Its number in the log that turned. */
  readonly was: number;
  /** Units that it still holds. */
  readonly spans: Spans;
}

export interface TurnedTable {
  /** Units that nobody has searched. */
  readonly open: Spans;
  readonly held: readonly HeldLease[];
}

export interface LogOrigin extends TurnedTable {
  /** Of the entry that turned the log. */
  readonly root: Uint8Array;
}
