/** Fills what an order to search leaves open, once for the HTTP API and the command line, and says what it chose. */

import { MIN_TEAM } from "../../../chain/transactions/job-open.ts";
import type { SearchMode } from "../../../chain/types/search.ts";
import { MAX_NONCES } from "../../../chain/workload/search/check.ts";
import { CORE_OPERATIONS } from "../../../ml/search/hash-cost.ts";
import { nonceSpace } from "../../../ml/search/search-task.ts";
import { DEFAULT_PHASE_SECONDS } from "../default-phase.ts";
import { JobError } from "../job-error.ts";
import type { SearchRequest } from "./search-request.ts";

/** What a search has that may miss its find with a chance of about 1 in 3,000. */
const TIMES_OF_A_FIND = 8n;
const LEAST_NONCES = 4096n;
const PARTICIPANTS = 4;
/** A chance of no find that is worth telling to a client that chose the range itself. */
const LIKELY_ENOUGH = 0.05;
const READABLE = 1n << 56n;
const DIGESTS = 1n << 256n;
/** Below, what leases and claims take is no longer small beside the hashing. */
const UNIT_SECONDS = 0.25;
const MIN_UNIT_BITS = 10;
const MAX_UNIT_BITS = 32;
/** Units that a search has at least, so that all participants get some. */
const LEAST_UNITS_BITS = 8;
/** The chain counts units with 32 bits. */
const MOST_UNITS_BITS = 32;

export interface FilledRange {
  readonly from: bigint;
  readonly to: bigint;
  /** Sentences for the client: what was chosen for it. */
  readonly notes: readonly string[];
}

/** @throws JobError BAD_ORDER */
export function fillTarget({ target, zeroBits }: SearchRequest): Uint8Array {
  if (target !== undefined && zeroBits !== undefined) {
    throw badOrder(
      "zeroBits",
      "is given beside target; both say what a find is",
      "give one of them",
    );
  }
  if (target !== undefined) return target;
  if (zeroBits !== undefined) return targetOf(zeroBits);
  throw badOrder(
    "target",
    "is missing: what is a find?",
    "give zeroBits, e.g. 24, or target, 64 hex characters",
  );
}

/** The highest digest that begins with so many zero bits. @param zeroBits 0 to 255 */
export function targetOf(zeroBits: number): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, i) => {
    return 0xff >> Math.min(8, Math.max(0, zeroBits - 8 * i));
  });
}

/** Nonces that a find takes on average. */
export function noncesOfAFind(target: Uint8Array): bigint {
  const value = target.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  return (DIGESTS + value) / (value + 1n);
}

/** @throws JobError BAD_ORDER */
export function fillRange(
  request: SearchRequest,
  target: Uint8Array,
  { mode, nonceBytes }: { readonly mode: SearchMode; readonly nonceBytes: 4 | 8 },
): FilledRange {
  const { from = 0n, to } = request;
  if (to !== undefined) {
    checkRange(from, to, nonceBytes);
    return { from, to, notes: unlikelyNotes(to - from, noncesOfAFind(target)) };
  }
  if (mode !== "first") {
    throw badOrder(
      "to",
      `is missing: mode ${mode} searches every nonce of a range`,
      "say where the range ends, e.g. 16777216",
    );
  }
  const perFind = noncesOfAFind(target);
  const wanted = largest(TIMES_OF_A_FIND * perFind, LEAST_NONCES);
  const room = smallest(nonceSpace({ nonceBytes }), (1n << 64n) - 1n) - from;
  if (wanted > MAX_NONCES) {
    throw badOrder(
      "to",
      `is missing, and a find takes 2^${perFind.toString(2).length - 1} nonces on average, more than one search may have`,
      "say where the range ends; a search has at most 2^56 nonces",
    );
  }
  if (room < perFind) {
    throw badOrder(
      "nonceBytes",
      `leaves ${room < 0n ? 0n : room} nonces from ${from} on, and a find takes ${perFind} on average`,
      nonceBytes === 4 ? "use nonces of 8 bytes, or say where the range ends" : "begin earlier",
    );
  }
  const size = smallest(wanted, room);
  const notes = [`chosen: nonces ${from} up to ${from + size}; ${noneText(size, perFind)}`];
  return { from, to: from + size, notes };
}

/** A range that a client chose may be much too small for its target. */
function unlikelyNotes(size: bigint, perFind: bigint): readonly string[] {
  return noneOf(size, perFind) < LIKELY_ENOUGH ? [] : [noneText(size, perFind)];
}

/** The chance that there is no find among so many nonces. */
function noneOf(size: bigint, perFind: bigint): number {
  return perFind === 1n ? 0 : Math.exp(-Number(size) / Number(perFind));
}

function noneText(size: bigint, perFind: bigint): string {
  if (perFind === 1n) return "nearly every nonce is a find";
  const mean = perFind > READABLE ? `2^${perFind.toString(2).length - 1}` : `${perFind}`;
  const chance = chanceText(noneOf(size, perFind));
  return `a find takes ${mean} on average, and there is none among these with a chance of ${chance}`;
}

/** @throws JobError BAD_ORDER for what the chain would refuse */
function checkRange(from: bigint, to: bigint, nonceBytes: 4 | 8): void {
  if (to <= from) {
    throw badOrder(
      "to",
      `${to} is not above from, which is ${from}`,
      "give one past the last nonce, so that there is at least one",
    );
  }
  const space = nonceSpace({ nonceBytes });
  if (to > space) {
    throw badOrder(
      "to",
      `${to} is above ${space}, the number of nonces of ${nonceBytes} bytes`,
      "search fewer nonces, or nonces of 8 bytes",
    );
  }
  if (to - from > MAX_NONCES) {
    throw badOrder(
      "to",
      `${to} makes ${to - from} nonces, and a search has at most 2^56`,
      "divide the search into several",
    );
  }
}

/** So that a unit takes a core about a quarter of a second, and there are neither few units nor too many. */
export function fillUnitBits(nonces: bigint, operations: number): number {
  const usual = Math.round(Math.log2((UNIT_SECONDS * CORE_OPERATIONS) / operations));
  const size = nonces.toString(2).length;
  const shared = Math.min(usual, size - LEAST_UNITS_BITS);
  const least = Math.max(MIN_UNIT_BITS, size - MOST_UNITS_BITS);
  return Math.min(MAX_UNIT_BITS, Math.max(least, shared));
}

export interface FilledCrowd {
  readonly participants: number;
  readonly quorum: number;
  readonly teamSize: number;
  readonly phaseSeconds: number;
  readonly notes: readonly string[];
}

/**
 * @param drawable nodes that can be drawn for work now
 * @param units of the whole range: no more nodes are drawn than there are units
 */
export function fillCrowd(
  request: SearchRequest,
  { drawable, units }: { readonly drawable: number; readonly units: bigint },
): FilledCrowd {
  const most = units < PARTICIPANTS ? Number(units) : Number.POSITIVE_INFINITY;
  const chosen = Math.min(PARTICIPANTS, most, Math.max(1, drawable));
  const participants = Math.min(request.participants ?? chosen, most);
  const quorum = request.quorum ?? Math.floor(participants / 2) + 1;
  const nodes = drawable === 1 ? "1 node" : `${drawable} nodes`;
  const notes =
    request.participants === undefined
      ? [
          `chosen: ${participants} of the nodes, of which ${quorum} must deliver in every round; ${nodes} can be drawn now`,
        ]
      : [];
  return {
    participants: request.participants ?? chosen,
    quorum,
    teamSize: request.teamSize ?? MIN_TEAM,
    phaseSeconds: request.phaseSeconds ?? DEFAULT_PHASE_SECONDS,
    notes,
  };
}

export function badOrder(field: string, reason: string, remedy: string): JobError {
  return new JobError(
    `${field}: ${reason}`,
    { code: "BAD_ORDER", field, reason },
    { action: "local", remedy },
  );
}

function chanceText(chance: number): string {
  if (chance < 1e-9) return "less than 1 in a billion";
  if (chance > 0.999) return "more than 99.9 %";
  return chance < 0.001 ? `1 in ${Math.round(1 / chance)}` : `${(100 * chance).toFixed(1)} %`;
}

function smallest(one: bigint, other: bigint): bigint {
  return one < other ? one : other;
}

function largest(one: bigint, other: bigint): bigint {
  return one > other ? one : other;
}
