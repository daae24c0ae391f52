/**
 * What a job costs in a node's memory: while it is under way, with its record, and once it is settled. The jobs pass
 * through forks of a state, as in blocks.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { sha256, uint32Bytes } from "../../../chain/crypto/hash.ts";
import { phaseCode } from "../../../chain/job/phase.ts";
import type { State } from "../../../chain/state/state.ts";
import { Job, Participant } from "../../../chain/types/job.ts";
import { TestChain } from "../../helpers/chain.ts";
import { jobSpec } from "../../helpers/job-run.ts";

/** Opened and settled together. */
const BATCH = 256;
/** Looks at the memory after the first. */
const STEPS = 9;
const OPEN_BATCHES = 8;
const NODES = 8;

export interface SettledMemory {
  readonly settledJobs: number;
  readonly openJobBytes: number;
  readonly settledJobBytes: number;
}

/** @param jobs settled in all */
export function measureSettledMemory(jobs: number): SettledMemory {
  const { state } = new TestChain().head;
  const bytes = Job.serialize(record());
  const batches = Math.ceil(jobs / BATCH / (STEPS + 1));
  const settled = Array.from({ length: STEPS + 1 }, () => {
    for (let i = 0; i < batches; i++) settle(state, open(state, bytes));
    return memory();
  });
  const before = memory();
  for (let i = 0; i < OPEN_BATCHES; i++) open(state, bytes);
  const opened = memory();
  return {
    settledJobs: STEPS * batches * BATCH,
    openJobBytes: Math.round((opened - before) / (OPEN_BATCHES * BATCH)),
    settledJobBytes: Math.round(medianStep(settled) / (batches * BATCH)),
  };
}

/** One step may fall together with memory that the runtime takes or gives back. */
function medianStep(values: readonly number[]): number {
  const steps = values.slice(1).map((value, i) => value - (values[i] ?? 0));
  return steps.sort((a, b) => a - b)[steps.length >> 1] ?? 0;
}

/** Of a job that four rounds were trained for. */
function record(): Job {
  const participants = Array.from({ length: NODES }, (_, node) => {
    const hash = sha256(uint32Bytes(node));
    return { ...Participant.defaultValue(), node, updateHash: hash, checkpointRoot: hash };
  });
  return {
    ...Job.defaultValue(),
    spec: jobSpec("job", { participants: NODES }),
    phase: phaseCode("finished"),
    round: 4,
    team: [0, 1, 2],
    credits: [8, 4, 4],
    participants,
    auditors: Array.from({ length: NODES }, (_, node) => ({ node, segments: 9 })),
  };
}

/** @returns the index of the first */
function open(state: State, bytes: Uint8Array): number {
  const first = state.jobs.length;
  const fork = state.fork();
  for (let i = 0; i < BATCH; i++) {
    const job = Job.deserialize(bytes);
    fork.jobs.push({ ...job, id: sha256(uint32Bytes(first + i)) });
  }
  fork.root();
  state.absorb(fork);
  return first;
}

function settle(state: State, first: number): void {
  const fork = state.fork();
  for (let i = 0; i < BATCH; i++) {
    const job = fork.jobs.at(first + i);
    fork.jobs.set(first + i, { ...job, phase: phaseCode("settled") });
  }
  fork.root();
  state.absorb(fork);
}

/** Bytes in use, garbage left out. */
function memory(): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
