/** What happens in one simulation: everything about it follows from a seed. */
import { JOB_AGGREGATIONS } from "../../../chain/types/aggregation.ts";
import type { Parameters } from "../../../chain/types/genesis.ts";
import type { JobSpec } from "../../../chain/types/job.ts";
import { SERVER_DEFAULTS } from "../../../ml/job-aggregation.ts";
import type { FanOut } from "../../../node/jobs/search/leases/tree.ts";
import { aggregationOf, FEDAVG } from "../../helpers/aggregation.ts";
import { Random } from "../random.ts";
import { LIES, type Lie } from "./lies.ts";
import type { Absence, LinkFaults } from "./links.ts";
import { orderSpec } from "./order.ts";
import type { TreeLie } from "./tree-lies.ts";

export interface Crash extends Absence {
  /** Of the machine, which loses what was not synced; else of the process alone. */
  readonly power: boolean;
}

export interface JobPlan {
  readonly seed: number;
  readonly nodes: number;
  readonly parameters: Partial<Parameters>;
  readonly spec: JobSpec;
  readonly links: LinkFaults;
  readonly crashes: readonly Crash[];
  /** The participant in this place of the drawn order is killed at so many messages about leases that come to it. */
  readonly kill?: { readonly place: number; readonly message: number; readonly forMs: number };
  /** By node: managers and sub-managers that cheat those below them. */
  readonly treeLies?: ReadonlyMap<number, TreeLie>;
  /** Of the tree of a search. */
  readonly fanOut?: FanOut;
  /** By node; those that are not here are honest. */
  readonly lies: ReadonlyMap<number, Lie>;
  /** Virtual milliseconds a segment takes, by node. */
  readonly msPerSegment: readonly number[];
  /** Chance that a task of a worker fails for a reason of the machine's. */
  readonly failures: number;
}

/** Teams and participants are drawn by then, so that the same nodes are drawn without the faults. */
const DRAWN_MS = 2_500;
/** Most jobs are under way so long; later faults would meet nobody at work. */
const FAULTY_MS = 20_000;
/** Every rule, with and without buckets, before every server. */
const AGGREGATIONS = JOB_AGGREGATIONS.flatMap((rule) =>
  Object.values(SERVER_DEFAULTS).flatMap((server) =>
    [1, 2].map((bucket) => aggregationOf(rule, { bucket }, server)),
  ),
);
const CALM: LinkFaults = { calmAt: 0, loss: 0, slowestMs: 0, cuts: [] };

/** A job among honest nodes with nothing in its way. */
export function quiet(seed: number): JobPlan {
  const random = new Random(seed);
  const nodes = random.between(5, 9);
  const participants = random.between(3, Math.min(5, nodes - 1));
  const spec = orderSpec({
    participants,
    quorum: Math.max(2, participants - random.between(0, 2)),
    teamSize: random.pick([3, 3, 5]),
    rounds: random.between(1, 4),
    localEpochs: random.between(1, 2),
    chunks: participants + random.between(0, 3),
    aggregation: AGGREGATIONS[random.between(0, AGGREGATIONS.length - 1)] ?? FEDAVG,
    phaseBlocks: random.between(16, 32),
  });
  const slow = random.pick([20, 100, 250, 500]);
  return {
    seed,
    nodes,
    parameters: PARAMETERS[random.between(0, PARAMETERS.length - 1)] ?? {},
    spec,
    links: CALM,
    crashes: [],
    lies: new Map(),
    msPerSegment: Array.from({ length: nodes }, () => random.between(5, slow)),
    failures: 0,
  };
}

/** Few, since each has a genesis of its own. */
const PARAMETERS: readonly Partial<Parameters>[] = [
  { newcomerAudits: 0, secondLook: 500_000 },
  { newcomerAudits: 1, secondLook: 100_000 },
  { newcomerAudits: 2, secondLook: 1_000_000 },
];

/** The same job with whatever goes wrong; at most one node lies. */
export function disturbed(seed: number): JobPlan {
  const plan = quiet(seed);
  const random = new Random(seed ^ 0x5eed);
  const someone = (): number => random.between(0, plan.nodes - 1);
  const absences = (share: number, longestMs: number): Absence[] =>
    random.chance(share)
      ? Array.from({ length: random.between(1, 3) }, () => ({
          node: someone(),
          at: random.between(DRAWN_MS, FAULTY_MS),
          forMs: random.between(200, longestMs),
        }))
      : [];
  const isBad = random.chance(0.6);
  return {
    ...plan,
    links: {
      calmAt: isBad ? random.between(DRAWN_MS, FAULTY_MS) : 0,
      loss: isBad ? random.pick([0, 0.02, 0.1, 0.3]) : 0,
      slowestMs: isBad ? random.pick([60, 300, 2_000]) : 0,
      cuts: absences(0.4, random.pick([3_000, 12_000])),
    },
    crashes: absences(0.5, random.pick([3_000, 20_000])).map((absence) => ({
      ...absence,
      power: random.chance(0.5),
    })),
    lies: random.chance(0.4) ? new Map([[someone(), random.pick(LIES.slice(1))]]) : new Map(),
    failures: random.chance(0.3) ? 0.1 : 0,
  };
}
