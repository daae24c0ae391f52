/** States with many open things of one kind, in the stage in which most of them wait. */
import { sha256, uint32Bytes } from "../../../chain/crypto/hash.ts";
import {
  JOB_COUNTS_AS,
  MAX_PLACES_ORDERED,
  MAX_UPDATES_SENT,
} from "../../../chain/job/draw-room.ts";
import { DUE_STEPS } from "../../../chain/job/due-work.ts";
import { phaseCode } from "../../../chain/job/phase.ts";
import { NO_APPEAL } from "../../../chain/rating/appeal.ts";
import { stagesFrom } from "../../../chain/schedule/window-stages.ts";
import type { StateParts } from "../../../chain/state/state-parts.ts";
import { trackStages } from "../../../chain/track/stages.ts";
import { AUDIT_ANSWERS, AUDIT_STAGES, Audit, type AuditStage } from "../../../chain/types/audit.ts";
import { Job, type JobPhase, Participant } from "../../../chain/types/job.ts";
import { MAX_PARTICIPANTS, MAX_TEAM, ZERO_HASH } from "../../../chain/types/primitive.ts";
import { TrackEntry } from "../../../chain/types/track.ts";
import type { WindowClaim } from "../../../chain/types/window.ts";
import { jobSpec, withFields } from "../../helpers/job-run.ts";

export interface OpenThings {
  readonly name: string;
  /** All of them are due at the next block, or as many as there can be. */
  readonly isDue?: boolean;
  /** @param most how many there are at most, for what must be the same with fewer */
  fill(parts: StateParts, count: number, most: number): Partial<StateParts>;
}

const FAR = 1_000_000;
const hashOf = (i: number): Uint8Array => sha256(uint32Bytes(i));
const some = <T>(count: number, make: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i));

const PARTICIPANTS = 8;
const spec = jobSpec("open", { phaseBlocks: 40_000, participants: PARTICIPANTS });

function jobIn(phase: JobPhase, height: number, i: number, due: number): Job {
  const isDrawn = phase !== "drawing";
  return {
    ...Job.defaultValue(),
    id: hashOf(i),
    client: hashOf(i).subarray(0, 20),
    spec: withFields(spec, { seed: hashOf(i) }),
    phase: phaseCode(phase),
    round: isDrawn ? 1 : 0,
    openedAt: height - 1,
    // A draw comes `drawDelay` later.
    phaseSince: height - 1,
    closedAt: height - 1,
    due,
    team: isDrawn ? [0, 1, 2] : [],
    credits: isDrawn ? [0, 0, 0] : [],
    participants: isDrawn
      ? some(PARTICIPANTS, (node) => ({ ...Participant.defaultValue(), node }))
      : [],
  };
}

function auditIn(stage: AuditStage, height: number, i: number): Audit {
  const answer = AUDIT_ANSWERS.indexOf("none");
  return {
    ...Audit.defaultValue(),
    round: 1,
    node: i % 4,
    shard: i,
    units: 1000,
    stage: AUDIT_STAGES.indexOf(stage),
    since: height,
    seats: [{ node: 3, answer, seal: ZERO_HASH, reached: ZERO_HASH }],
    auditors: 1,
  };
}

/** As many nodes as there can be claims and entries, each with one. */
function manyNodes({ nodes }: StateParts, most: number): StateParts["nodes"] {
  const [sample] = nodes;
  if (sample === undefined) throw new RangeError("no node to copy");
  const copies = some(most - nodes.length, (i) => {
    return { ...sample, publicKey: hashOf(i), rating: 0n, weight: 0n };
  });
  return [...nodes, ...copies];
}

function windowUnderWay(parts: StateParts): StateParts["window"] {
  const { height, time, parameters } = parts.meta;
  const stages = stagesFrom(0, "regular", { ...parameters, verdictBlocks: FAR });
  const claimsUntil = height - 1;
  const timed = { settledAt: 0, mix: ZERO_HASH, openedAt: time - 60_000n, closedAt: time };
  return { ...stages, closes: height - 5, claimsUntil, number: 1, kind: 0, ...timed };
}

function claimOf(node: number, isDisputed: boolean): WindowClaim {
  const verdict = isDisputed ? 2 : 0;
  const checks = some(6, (i) => ({ verifier: i % 4, lane: 0, segment: i, verdict }));
  const members = some(5, (i) => {
    return { verifier: i % 4, verdict: 0, seal: ZERO_HASH, reached: ZERO_HASH };
  });
  return {
    node,
    lanes: some(2, (i) => ({ segments: 100, checkpointRoot: hashOf(i) })),
    energyMillijoules: 0n,
    energySource: 0,
    claimed: 0n,
    checks,
    appeal: isDisputed ? { ...NO_APPEAL, called: 1, members } : NO_APPEAL,
  };
}

function trackUnderWay({ meta }: StateParts): StateParts["track"] {
  const stages = trackStages(0, { ...meta.parameters, trackBlocks: FAR, claimBlocks: FAR });
  const timed = {
    commitsUntil: meta.height - 9,
    revealed: meta.height - 5,
    resultsUntil: meta.height - 1,
  };
  return {
    ...stages,
    ...timed,
    number: 1,
    task: 1,
    settledAt: 0,
    mix: ZERO_HASH,
    testMix: ZERO_HASH,
  };
}

const jobs = (
  name: string,
  phase: JobPhase,
  change: (job: Job, height: number) => Partial<Job> = () => ({}),
): OpenThings => ({
  name,
  fill: ({ meta: { height } }, count) => ({
    jobs: some(count, (i) => {
      const job = jobIn(phase, height, i, height + 1 + 100 * (1 + (i % 50)));
      return { ...job, ...change(job, height) };
    }),
  }),
});

export const KINDS: readonly OpenThings[] = [
  jobs("jobs to be drawn", "drawing"),
  jobs("jobs that train", "training"),
  jobs("jobs whose updates are merged", "revealing"),
  jobs("jobs to be settled", "finished"),
  jobs("jobs with an audit each", "finished", (_, height) => ({
    audits: [auditIn("replaying", height, 0)],
  })),
  {
    name: "audits in 20 jobs",
    fill: ({ meta: { height } }, count) => ({
      jobs: some(count / 500, (i) => ({
        ...jobIn("training", height, i, height + 100),
        audits: some(500, (at) => auditIn("replaying", height, at)),
      })),
    }),
  },
  {
    name: "claims to be verified",
    fill: (parts, count, most) => ({
      nodes: manyNodes(parts, most),
      window: windowUnderWay(parts),
      claims: some(count, (node) => claimOf(node, false)),
    }),
  },
  {
    name: "claims before a committee",
    fill: (parts, count, most) => ({
      nodes: manyNodes(parts, most),
      window: windowUnderWay(parts),
      claims: some(count, (node) => claimOf(node, true)),
    }),
  },
  {
    name: "entries of a track",
    fill: (parts, count, most) => ({
      nodes: manyNodes(parts, most),
      track: trackUnderWay(parts),
      trackEntries: some(count, (node) => ({
        ...TrackEntry.defaultValue(),
        node,
        counts: some(100, () => 20),
        judges: some(5, (judge) => ({ node: judge % 4, seal: ZERO_HASH, reached: ZERO_HASH })),
      })),
    }),
  },
  {
    name: "bonds on their way out",
    fill: ({ meta: { height } }, count) => ({
      unbondings: some(count, () => {
        return { node: 0, amount: 1n, freeAtHeight: height + FAR, freeAtTime: 0n };
      }),
    }),
  },
  {
    name: "votes on parameters",
    fill: (_, count) => ({
      parameterVotes: some(count, (i) => ({ node: i, parameter: 3, value: hashOf(i) })),
    }),
  },
  {
    name: "jobs whose deadline has come",
    isDue: true,
    fill: ({ meta: { height } }, count) => ({
      jobs: some(count, (i) => ({
        ...jobIn("training", height, i, height + 1),
        phaseSince: height + 1 - spec.phaseBlocks,
      })),
    }),
  },
  {
    name: "draws, the most that a block can schedule",
    isDue: true,
    fill: (parts, count, most) => ({
      nodes: manyNodes(parts, most),
      drawWeights: some(most, (i) => 1_000_000n + BigInt(i)),
      jobs: count === 0 ? [] : mostDraws(parts.meta),
    }),
  },
];

/** Orders and updates that the transactions of one block have room for, and committees that its end can call. */
function mostDraws({ height, parameters }: StateParts["meta"]): Job[] {
  const since = height + 1 - parameters.drawDelay;
  const largest = { participants: MAX_PARTICIPANTS, trainChunks: 1000, teamSize: MAX_TEAM };
  const room = JOB_COUNTS_AS + MAX_PARTICIPANTS + MAX_TEAM;
  const orders = some(Math.floor(MAX_PLACES_ORDERED / room), (i) => {
    const order = jobIn("drawing", height, i, 0);
    return { ...order, spec: withFields(order.spec, largest), phaseSince: since };
  });
  const updates = MAX_UPDATES_SENT - JOB_COUNTS_AS;
  const recorded = {
    ...jobIn("training", height, orders.length, 0),
    audits: some(updates, (at) => ({ ...auditIn("drawing", since, at), seats: [], auditors: 0 })),
  };
  const disputed = some(DUE_STEPS, (i) => ({
    ...jobIn("training", height, orders.length + 1 + i, 0),
    audits: [auditIn("calling", since, i)],
  }));
  return [...orders, recorded, ...disputed];
}
