/** One round of a search: checks its record, and computes what follows from it. */
import { compareBytes, equalBytes, taggedHash, uint32Bytes } from "../../crypto/hash.ts";
import { refuse } from "../../transaction-error.ts";
import type { Job, JobRecord } from "../../types/job.ts";
import {
  MAX_FINDS,
  SEARCH_MODES,
  type SearchFind,
  type SearchMode,
  type SearchProgress,
  SearchProgress as SearchProgressType,
  type SearchResult,
} from "../../types/search.ts";
import type { Advance } from "../workload.ts";
import { countUnits, isCanonical, isWithin } from "./coverage.ts";
import { knownDigest } from "./known-digest.ts";
import { searchMessage } from "./message.ts";
import { searchProgress, searchResult, searchSpec } from "./search-of.ts";
import { MOST_SHARE } from "./statistics.ts";
import { tallied } from "./tallies.ts";
import { withSecondSearches } from "./units.ts";

/** A job ends after this number of consecutive records that cover no unit. */
export const MAX_IDLE_ROUNDS = 8;
export const MAX_ROUNDS = 10_000;

export function modeOf({ spec }: Pick<Job, "spec">): SearchMode {
  const mode = SEARCH_MODES[searchSpec(spec).mode];
  if (mode === undefined) throw new RangeError(`no search mode ${searchSpec(spec).mode}`);
  return mode;
}

/** What binds a claim to its round; it is leaf 0 of the tree that the claim commits to. */
export function roundBase(job: Job): Uint8Array {
  const progress = SearchProgressType.hashTreeRoot(searchProgress(job));
  return taggedHash("poml/search-round/v1", job.id, uint32Bytes(job.round), progress);
}

/** @throws TransactionError RECORD_MISMATCH */
export function checkSearchRecord(job: Job, record: JobRecord): void {
  const result = searchResult(record);
  const { open } = searchProgress(job);
  const units = unitsOf(record);
  if (!isCanonical(result.open) || !isWithin(result.open, open)) mismatch("open");
  if (countUnits(open) - countUnits(result.open) > units) mismatch("open");
  // Units that a record has to leave open are claimed again, so all rounds together may have more units than were
  // ordered. Then the settlement pays less for each.
  const most = withSecondSearches(searchSpec(job.spec), countUnits(open));
  if (units > most) mismatch("contributions");
  checkFinds(job, record, result);
  checkAlarms(job, record, result);
}

function checkFinds(job: Job, record: JobRecord, { finds }: SearchResult): void {
  const search = searchSpec(job.spec);
  const { from, to, target, algorithm } = search;
  const { finds: known } = searchProgress(job);
  const contributors = new Set(record.contributions.map(({ node }) => node));
  finds.forEach(({ nonce, digest, node }, i) => {
    const before = finds[i - 1];
    if (before !== undefined && before.nonce >= nonce) mismatch("finds");
    if (nonce < from || nonce >= to || compareBytes(digest, target) > 0) mismatch("finds");
    if (!contributors.has(node)) mismatch("finds");
    const right = knownDigest(algorithm, searchMessage(search, nonce)) ?? digest;
    if (!equalBytes(digest, right)) mismatch("finds");
    if (known.some((find) => find.nonce === nonce)) mismatch("finds");
  });
  if (!fitsMode(modeOf(job), known, finds)) mismatch("finds");
}

function fitsMode(
  mode: SearchMode,
  known: readonly SearchFind[],
  finds: readonly SearchFind[],
): boolean {
  switch (mode) {
    case "first":
      return finds.length <= 1;
    case "all":
      return known.length + finds.length <= MAX_FINDS;
    case "best": {
      const [found] = finds;
      const [best] = known;
      if (finds.length > 1) return false;
      if (found === undefined || best === undefined) return true;
      return compareBytes(found.digest, best.digest) < 0;
    }
  }
}

/** The sum of the shares of each contribution, and the nodes whose claims must be replayed because of it. */
function checkAlarms(
  job: Job,
  { contributions }: JobRecord,
  { shares, alarms }: SearchResult,
): void {
  if (shares.length !== contributions.length) mismatch("shares");
  contributions.forEach(({ units }, i) => {
    if ((shares[i] ?? 0n) > BigInt(units) * MOST_SHARE) mismatch("shares");
  });
  const right = tallied(searchProgress(job).tallies, contributions, shares).alarms;
  if (alarms.length !== right.length) mismatch("alarms");
  if (alarms.some((node, i) => node !== right[i])) mismatch("alarms");
}

function mismatch(field: string): never {
  refuse(`${field} of the record does not fit the job`, { code: "RECORD_MISMATCH", field });
}

export function advance(job: Job, record: JobRecord): Advance {
  const { open, finds, shares } = searchResult(record);
  const before = searchProgress(job);
  const isIdle = finds.length === 0 && countUnits(open) === countUnits(before.open);
  const progress: SearchProgress = {
    open,
    finds: findsAfter(job, finds),
    claimed: before.claimed + unitsOf(record),
    idleRounds: isIdle ? before.idleRounds + 1 : 0,
    tallies: tallied(before.tallies, record.contributions, shares).tallies,
  };
  const outcome = outcomeAfter(job, progress);
  return { progress: { selector: 1, value: progress }, outcome };
}

function findsAfter(job: Job, found: readonly SearchFind[]): SearchFind[] {
  const { finds } = searchProgress(job);
  if (modeOf(job) === "best") return [...(found.length === 0 ? finds : found)];
  return [...finds, ...found].sort((a, b) => (a.nonce < b.nonce ? -1 : 1));
}

function outcomeAfter(job: Job, { open, finds, idleRounds }: SearchProgress): Advance["outcome"] {
  const mode = modeOf(job);
  const isFull = finds.length === MAX_FINDS;
  if ((mode === "first" && finds.length > 0) || (mode === "all" && isFull)) return "target";
  if (open.length === 0) return "complete";
  const isStalled = idleRounds >= MAX_IDLE_ROUNDS || job.round >= MAX_ROUNDS;
  return isStalled ? "stalled" : undefined;
}

function unitsOf({ contributions }: JobRecord): bigint {
  return contributions.reduce((total, { units }) => total + BigInt(units), 0n);
}
