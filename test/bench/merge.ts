/**
 * What the merge of a round costs the node that does it: updates of a large model lie in its store, a helper process
 * reads and merges them, and the result is read as it is sent to a worker. Told are the delays of this process's
 * events meanwhile, as those of a node's consensus would be, and the memory of both processes.
 */
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import { sha256 } from "../../chain/crypto/hash.ts";
import { leafDigest, merkleRoot } from "../../chain/proof/hash-tree.ts";
import { type Job, Job as JobType } from "../../chain/types/job.ts";
import { trainProgress } from "../../chain/workload/train/train-of.ts";
import { bytesOfFloats } from "../../ml/bytes.ts";
import { encodeUpdate } from "../../ml/federation/update-codec.ts";
import { stateHashOf } from "../../ml/training/checkpoint.ts";
import { BlobStore } from "../../node/blobs/blob-store.ts";
import type { HelperTasks } from "../../node/compose/helper-tasks.ts";
import { newHelper } from "../../node/compose/helpers.ts";
import type { Helper } from "../../node/helpers/helper.ts";
import { processUse } from "../../node/helpers/process-use.ts";
import { MERGE_LIMITS } from "../../node/jobs/train/merge/merge-limits.ts";
import { mergeRound, type RoundModules } from "../../node/jobs/train/round-result.ts";
import { SILENT } from "../../p2p/log.ts";
import { jobSpec } from "../helpers/job-run.ts";
import type { BenchOptions } from "./main.ts";

const BAR_MS = 100;
const MIB = 1024 * 1024;
const ROUND = 1;
const ROWS = 32;
const LOOK_MS = 100;
const DEADLINE_MS = 30 * 60_000;

export async function bench({ quick }: BenchOptions): Promise<object> {
  const updates = quick ? 8 : 32;
  const parameterCount = quick ? 2_000_000 : 20_000_000;
  const folder = await mkdtemp(join(tmpdir(), "poml-bench-"));
  const helper = newHelper(SILENT);
  try {
    const blobs = await BlobStore.open(folder);
    const job = await roundOf(blobs, updates, parameterCount);
    const idle = await watched(helper, () => new Promise((resolve) => setTimeout(resolve, 3_000)));
    const merging = await watched(helper, () => merge(job, blobs, helper));
    return {
      updates,
      parameterCount,
      megabytes: Math.round((updates * parameterCount * 4) / 1e6),
      seconds: Math.round(merging.ms / 100) / 10,
      eventLoopP99Ms: merging.p99,
      eventLoopMaxMs: merging.max,
      eventLoopIdleP99Ms: idle.p99,
      nodeGrewMib: Math.max(0, Math.round((merging.ownBytes - idle.ownBytes) / MIB)),
      helperMib: Math.round(merging.helperBytes / MIB),
      barMs: BAR_MS,
      holds: merging.p99 <= BAR_MS,
    };
  } finally {
    await helper.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** A round whose participants have all committed; their updates lie in the store. */
async function roundOf(blobs: BlobStore, updates: number, parameterCount: number): Promise<Job> {
  const base = valuesOf(parameterCount, 0);
  const spec = jobSpec("bench", {
    parameterCount,
    trainRows: updates * ROWS,
    trainChunks: updates,
    batchSize: ROWS,
    participants: updates,
    quorum: updates,
  });
  const participants = [];
  const empty = JobType.fields.participants.elementType.defaultValue();
  for (let node = 1; node <= updates; node++) {
    const committed = await updateOf(blobs, node, base);
    participants.push({ ...empty, node, units: ROWS, ...committed });
  }
  const parameters = await blobs.put(bytesOfFloats(base));
  const job = JobType.defaultValue();
  const value = { ...trainProgress(job), parameters };
  return { ...job, spec, round: ROUND, participants, team: [0], progress: { selector: 0, value } };
}

async function merge(job: Job, blobs: BlobStore, helper: Helper<HelperTasks>): Promise<void> {
  const { participants } = job;
  const source = async (hash: Uint8Array) => {
    const found = await blobs.source(hash);
    if (found === undefined) throw new Error("the store lacks it");
    return found;
  };
  const rows = new Uint32Array(participants.length).fill(ROWS);
  const modules = {
    files: {
      order: async () => ({ dataset: { train: { rows }, test: { files: ["test"] } } }),
      parameters: (_: unknown, hash: Uint8Array) => source(hash),
      modelTask: async (_: unknown, parameters: unknown) => ({ parameters }),
    },
    fetcher: {
      fetchFile: async (hash: Uint8Array) => {
        return { path: blobs.pathOf(hash), source: await source(hash) };
      },
    },
    blobs,
    workers: {
      // Read as the link to a worker reads it, checked to the last byte.
      evaluate: async ({ parameters }: { parameters: Awaited<ReturnType<typeof source>> }) => {
        for await (const _ of parameters.pieces());
        return { lossSum: 4, samples: 8, confusion: Uint32Array.of(3, 1, 0, 4) };
      },
    },
    log: SILENT,
    merge: (task: Parameters<RoundModules["merge"]>[0], signal: AbortSignal) =>
      helper.run("merge", task, MERGE_LIMITS, { signal, turn: { group: "", member: "" } }),
    peerOf: String,
  } as unknown as RoundModules;
  const options = { phaseMs: DEADLINE_MS, signal: AbortSignal.timeout(DEADLINE_MS) };
  const outcome = await mergeRound(job, options, modules);
  const merged = outcome.kind === "merged" ? outcome.result.contributions.length : 0;
  if (merged !== participants.length) throw new Error(`only ${merged} updates were merged`);
}

/** Delays of this thread's events and the largest memory of both processes meanwhile. */
async function watched(helper: Helper<HelperTasks>, work: () => Promise<unknown>) {
  const delays = monitorEventLoopDelay({ resolution: 5 });
  let [ownBytes, helperBytes] = [process.memoryUsage.rss(), 0];
  const look = setInterval(() => {
    ownBytes = Math.max(ownBytes, process.memoryUsage.rss());
    void processUse(helper.pid).then(({ residentBytes }) => {
      helperBytes = Math.max(helperBytes, residentBytes);
    });
  }, LOOK_MS);
  const begin = performance.now();
  delays.enable();
  try {
    await work();
  } finally {
    delays.disable();
    clearInterval(look);
  }
  const milliseconds = (nanoseconds: number): number => Math.round(nanoseconds / 1e5) / 10;
  return {
    ms: performance.now() - begin,
    p99: milliseconds(delays.percentile(99)),
    max: milliseconds(delays.max),
    ownBytes,
    helperBytes,
  };
}

/** Small values, different for each node, made without a generator for each. */
function valuesOf(count: number, node: number): Float32Array {
  const pattern = new Float32Array(4099);
  const bytes = randomBytes(pattern.length);
  bytes.forEach((byte, i) => {
    pattern[i] = (byte - 127.5) / (node === 0 ? 1_000 : 100_000);
  });
  const values = new Float32Array(count);
  for (let at = 0; at < count; at += pattern.length) {
    values.set(pattern.subarray(0, Math.min(pattern.length, count - at)), at);
  }
  return values;
}

async function updateOf(blobs: BlobStore, node: number, base: Float32Array) {
  const parameters = valuesOf(base.length, node);
  for (let i = 0; i < parameters.length; i++) parameters[i] = (parameters[i] ?? 0) + (base[i] ?? 0);
  const optimizerHash = sha256(Uint8Array.of(node));
  const states = [sha256(), stateHashOf(sha256(bytesOfFloats(parameters)), optimizerHash)];
  const digests = states.map(leafDigest);
  const update = {
    participant: node,
    round: ROUND,
    samples: ROWS,
    parameters,
    optimizerHash,
    digests,
  };
  const updateHash = await blobs.put(encodeUpdate(update));
  return { updateHash, checkpointRoot: merkleRoot(states) };
}
