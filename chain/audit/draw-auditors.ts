/**
 * Draws the auditors of an update, and the part of it that they replay: by weight, from a mix that nobody knew at the
 * commit.
 */
import { taggedHash, uint32Bytes } from "../crypto/hash.ts";
import { drawNodes } from "../draw/frozen-weights.ts";
import { drawBelow } from "../draw/weighted.ts";
import { MILLION } from "../millionths.ts";
import type { State } from "../state/state.ts";
import {
  ALL_SEGMENTS,
  AUDIT_ANSWERS,
  AUDIT_COMMITTEE,
  AUDIT_STAGES,
  type Audit,
  type AuditSeat,
} from "../types/audit.ts";
import type { Job } from "../types/job.ts";
import { ZERO_HASH } from "../types/primitive.ts";
import { isWatched } from "./penalty.ts";
import { segmentsOf } from "./replay-operations.ts";

const ACCUSING: readonly number[] = [
  AUDIT_ANSWERS.indexOf("mismatch"),
  AUDIT_ANSWERS.indexOf("not-served"),
];
const SEGMENT_TAG = "poml/audit-segment/v1";

/** The first auditor of an update, sometimes with a second look; empty when no node can audit it. */
export function drawFirst(state: State, job: Job, audit: Audit): Audit[] {
  const { parameters } = state;
  const seed = seedOf(state, job, audit);
  const segments = segmentsOf(audit, job.spec);
  const isWhole =
    audit.segment === ALL_SEGMENTS || isWatched(state.nodes.at(audit.node), parameters);
  const isDoubted =
    drawBelow(seed, "poml/audit-second/v1", 0, MILLION) < BigInt(parameters.secondLook);
  // A look that is drawn again stays one look, but possibly at another segment.
  const isFirst = audit.look === 0 && audit.retries === 0;
  const looks = isFirst && isDoubted && !isWhole && segments > 1 ? 2 : 1;
  const first = below(seed, 0, segments);
  return drawOthers(state, seed, audit, looks).map((auditor, look) => {
    const segment = look === 0 ? first : (first + 1 + below(seed, look, segments - 1)) % segments;
    const drawn = {
      ...audit,
      look: audit.look + look,
      segment: isWhole ? ALL_SEGMENTS : segment,
    };
    return seated(drawn, "replaying", state.height, [auditor], 1);
  });
}

/**
 * Another auditor for the same part.
 * @returns undefined when there is none
 */
export function drawReplacement(state: State, job: Job, audit: Audit): Audit | undefined {
  const [auditor] = drawOthers(state, seedOf(state, job, audit), audit, 1);
  return auditor === undefined
    ? undefined
    : seated(audit, "replaying", state.height, [auditor], audit.auditors + 1);
}

/**
 * The committee that decides. In a small network, auditors that answered mismatch fill places that would stay empty;
 * three members must agree in any case.
 * @returns undefined when there are no members
 */
export function drawCommittee(state: State, job: Job, audit: Audit): Audit | undefined {
  const seed = seedOf(state, job, audit);
  const others = drawOthers(state, seed, audit, AUDIT_COMMITTEE);
  const accusers = audit.seats.filter(({ answer }) => ACCUSING.includes(answer));
  const places = AUDIT_COMMITTEE - others.length;
  const members = [...others, ...accusers.slice(0, places).map(({ node }) => node)];
  if (members.length === 0) return undefined;
  const segments = segmentsOf(audit, job.spec);
  const segment = audit.segment === ALL_SEGMENTS ? below(seed, 0, segments) : audit.segment;
  return seated({ ...audit, segment }, "judging", state.height, members, audit.auditors);
}

function below(seed: Uint8Array, counter: number, total: number): number {
  return Number(drawBelow(seed, SEGMENT_TAG, counter, BigInt(total)));
}

function seedOf({ meta }: State, job: Job, { round, node, look }: Audit): Uint8Array {
  const place = [round, node, look].map(uint32Bytes);
  return taggedHash("poml/audit/v1", meta.mix, job.id, ...place);
}

/** Excludes the participant, and draws no node twice. */
function drawOthers(state: State, seed: Uint8Array, audit: Audit, count: number): number[] {
  const involved = new Set([audit.node, ...audit.seats.map(({ node }) => node)]);
  const mayTake = (node: number): boolean => !involved.has(node);
  return drawNodes(state, { seed, tag: "poml/auditors/v1", count, mayTake });
}

function seated(
  audit: Audit,
  stage: (typeof AUDIT_STAGES)[number],
  height: number,
  nodes: readonly number[],
  auditors: number,
): Audit {
  const seats = nodes.map((node): AuditSeat => {
    return { node, answer: AUDIT_ANSWERS.indexOf("none"), seal: ZERO_HASH, reached: ZERO_HASH };
  });
  return {
    ...audit,
    stage: AUDIT_STAGES.indexOf(stage),
    since: height,
    seats: [...audit.seats, ...seats],
    auditors,
  };
}
