/**
 * Places where a node can be made to die, to show that it may die anywhere: POML_FAIL_AT names one, and the process
 * ends there as in a power failure, without any cleanup. If it is not set, each place costs one call. It is
 * process-wide, because it ends the process.
 */

/** Number, name, what has happened, what has not. Numbers are never reused. */
export const CRASH_POINTS = [
  [1, "onion-revealed", "the reveal for a block is taken", "the block is built"],
  [2, "proposal-signed", "a proposal is signed", "it is in the journal"],
  [3, "proposal-journaled", "a proposal is in the journal", "it is sent"],
  [4, "proposal-sent", "a proposal is handed to gossip", "this node takes it itself"],
  [5, "prevote-signed", "a prevote is signed", "it is in the journal"],
  [6, "prevote-journaled", "a prevote is in the journal", "it is sent"],
  [7, "prevote-sent", "a prevote is handed to gossip", "it is counted here"],
  [8, "lock-decided", "this node locks on a block", "the block is in the journal"],
  [9, "lock-kept", "the locked block is in the journal", "the precommit is signed"],
  [10, "precommit-signed", "a precommit is signed", "it is in the journal"],
  [11, "precommit-journaled", "a precommit is in the journal", "it is sent"],
  [12, "precommit-sent", "a precommit is handed to gossip", "it is counted here"],
  [13, "block-certified", "a block is certified", "anything of it is written"],
  [14, "block-written", "a block's batch is on disk", "the state in memory follows"],
  [15, "block-taken", "state and head in memory follow", "listeners hear of the block"],
  [16, "block-announced", "all listeners heard of a block", "the next height begins"],
  [17, "journal-torn", "half a record is in the journal", "the other half"],
  [18, "journal-copied", "the shortened journal is beside the old one", "it takes its place"],
  [19, "journal-replaced", "the shortened journal took its place", "it is opened"],
  [20, "start-opened", "the database is open", "it is checked"],
  [21, "start-checked", "the database is checked", "the journal is opened"],
  [22, "start-journal", "the journal is open", "the network is up"],
  [23, "start-replayed", "a record of the journal is replayed", "consensus goes on"],
  [24, "prune-begun", "blocks to prune are found", "they are removed"],
  [25, "prune-removed", "pruned blocks are removed", "the space is given back"],
  [26, "block-undone", "a rollback took a block back", "it takes the next one"],
  [27, "block-fetched", "a damaged block came from a peer", "it is written"],
  [28, "store-rebuilt", "a repair has replayed the chain", "the new database takes its place"],
  [29, "store-aside", "a repair moved the old database away", "the new one takes its place"],
  [30, "snapshot-written", "the parts of a snapshot are written", "the snapshot is named complete"],
] as const;

export type CrashPoint = (typeof CRASH_POINTS)[number][1];

interface Armed {
  readonly point: CrashPoint;
  left: number;
}

let armed: Armed | undefined;

/** Ends the process here when POML_FAIL_AT says so. */
export function crashPoint(point: CrashPoint): void {
  if (armed === undefined || armed.point !== point) return;
  armed.left--;
  if (armed.left === 0) process.kill(process.pid, "SIGKILL");
}

/** Whether the next pass of a point is the last one, for code that has to prepare its end. */
export function isCrashDue(point: CrashPoint): boolean {
  return armed?.point === point && armed.left === 1;
}

/**
 * Called once, with POML_FAIL_AT: a name or number of the table, `:n` for its n-th passing.
 * @throws TypeError
 */
export function armCrashPoint(text: string | undefined): void {
  if (text === undefined || text === "") return;
  const [, name, count = "1"] = /^([a-z-]+|\d+)(?::([1-9]\d{0,8}))?$/.exec(text) ?? [];
  const found = CRASH_POINTS.find(([number, point]) => point === name || `${number}` === name);
  if (found === undefined) {
    throw new TypeError(
      `POML_FAIL_AT: expected one of ${CRASH_POINTS.map(([, point]) => point).join(", ")}; got ${text}`,
    );
  }
  armed = { point: found[1], left: Number(count) };
}
