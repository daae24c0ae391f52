/**
 * Merges the updates of a round, as files, into the next global parameters, as a file. Files are read stretch by
 * stretch, so the required memory depends neither on the model nor on the number of updates. Runs in a helper process.
 */
import { createHash } from "node:crypto";
import type { AggregationSpec } from "../../../../chain/types/aggregation.ts";
import type { UpdateCheck } from "../../../../chain/types/job.ts";
import { bytesOfFloats } from "../../../../ml/bytes.ts";
import { limitNorms } from "../../../../ml/federation/check-updates.ts";
import { mergeUpdates } from "../../../../ml/federation/merge.ts";
import { strategyOf } from "../../../../ml/federation/strategy.ts";
import { deltaOf } from "../../../../ml/federation/update-codec.ts";
import { type Disk, systemDisk } from "../../../disk.ts";
import type { NamedFile } from "../orders/inspect-order.ts";
import { CHECKS, type CommittedUpdate, checkUpdateFile, hasHash } from "./check-update-file.ts";
import { FloatFile, STRETCH } from "./float-file.ts";
import { StateFiles } from "./state-files.ts";

export interface MergeTask {
  readonly base: NamedFile;
  readonly parameterCount: number;
  readonly round: number;
  readonly aggregation: AggregationSpec;
  /** What the aggregation kept in the round before; undefined in the first one, and where it keeps nothing. */
  readonly state: NamedFile | undefined;
  /** 32 bytes that decide which updates share a bucket. */
  readonly seed: Uint8Array;
  /** With fewer usable updates nothing is merged. */
  readonly quorum: number;
  readonly updates: readonly CommittedUpdate[];
  /** The file for the next parameters. */
  readonly output: string;
  /** The file for what the aggregation keeps. */
  readonly stateOutput: string;
}

export interface RefusedFile {
  /** Node index. */
  readonly node: number;
  readonly check: UpdateCheck;
  readonly reason: string;
}

export interface MergeOutcome {
  readonly refused: readonly RefusedFile[];
  /** Nodes whose updates are merged, or could be, in order. */
  readonly kept: readonly number[];
  /** SHA-256 of the next parameters; undefined without a quorum. */
  readonly after: Uint8Array | undefined;
  /** SHA-256 of what the aggregation keeps for the next round; undefined where it keeps nothing. */
  readonly state: Uint8Array | undefined;
  /** Hashes (hex) of files that have changed since they were fetched. */
  readonly damaged: readonly string[];
}

/** A round may move the parameters by this multiple of their own length; a larger change cannot come from training. */
const MAX_STEP = 20;

const NOTHING = { after: undefined, state: undefined } as const;

interface Readable extends CommittedUpdate {
  readonly parametersAt: number;
}

/** @throws UpdateError NOT_FINITE when a merged parameter is not finite */
export async function mergeFiles(task: MergeTask, disk: Disk = systemDisk): Promise<MergeOutcome> {
  const { quorum } = task;
  const base = await FloatFile.open(disk, task.base.path);
  try {
    const baseNorm = await checkBase(task, base);
    if (baseNorm === undefined) {
      return { ...NOTHING, refused: [], kept: [], damaged: [task.base.hash] };
    }
    if (task.state !== undefined && !(await hasHash(task.state, disk))) {
      return { ...NOTHING, refused: [], kept: [], damaged: [task.state.hash] };
    }
    const { refused, readable, damaged } = await checkAll(task, base, baseNorm, disk);
    const kept = readable.map(({ node }) => node);
    if (damaged.length > 0 || readable.length < quorum) {
      return { ...NOTHING, refused, kept, damaged };
    }
    return { ...(await merge(task, base, readable, disk)), refused, kept, damaged };
  } finally {
    await base.close();
  }
}

/** @returns the length of the parameters; undefined when the file has changed */
async function checkBase(
  { base: { hash }, parameterCount }: MergeTask,
  base: FloatFile,
): Promise<number | undefined> {
  if (base.size !== parameterCount * Float32Array.BYTES_PER_ELEMENT) return undefined;
  const digest = createHash("sha256");
  let squares = 0;
  for (let from = 0; from < parameterCount; from += STRETCH) {
    const values = await base.values(from, Math.min(STRETCH, parameterCount - from));
    digest.update(bytesOfFloats(values));
    for (let i = 0; i < values.length; i++) squares += (values[i] ?? 0) * (values[i] ?? 0);
  }
  return digest.digest("hex") === hash ? Math.sqrt(squares) : undefined;
}

async function checkAll(task: MergeTask, base: FloatFile, baseNorm: number, disk: Disk) {
  const refused: RefusedFile[] = [];
  const damaged: string[] = [];
  const readable: Readable[] = [];
  const verdicts = [];
  for (const update of [...task.updates].sort((a, b) => a.node - b.node)) {
    const found = await checkUpdateFile(update, base, task, disk);
    if (found.kind === "damaged") damaged.push(update.file.hash);
    else if (found.kind === "broken") {
      refused.push({ node: update.node, check: found.check, reason: found.reason });
    } else {
      readable.push({ ...update, parametersAt: found.parametersAt });
      verdicts.push(found.verdict);
    }
  }
  const checks = new Map(
    limitNorms(verdicts, { maxNorm: MAX_STEP * (1 + baseNorm) }).flatMap(
      ({ participant, refusal }) =>
        refusal === undefined ? [] : [[participant, CHECKS[refusal.code] ?? "format"] as const],
    ),
  );
  for (const [node, check] of checks) refused.push({ node, check, reason: check });
  return { refused, damaged, readable: readable.filter(({ node }) => !checks.has(node)) };
}

interface Merged {
  /** SHA-256 of the next parameters. */
  readonly after: Uint8Array;
  /** SHA-256 of what the aggregation keeps; undefined where it keeps nothing. */
  readonly state: Uint8Array | undefined;
}

/**
 * @param updates in node order
 * @throws UpdateError UPDATE_FORMAT for a state of another job
 */
async function merge(
  task: MergeTask,
  base: FloatFile,
  updates: readonly Readable[],
  disk: Disk,
): Promise<Merged> {
  const { aggregation, parameterCount, seed, output, stateOutput } = task;
  const strategy = strategyOf(aggregation);
  const state = await StateFiles.open(
    { parameterCount, before: task.state?.path, output: stateOutput, initial: strategy.initial },
    disk,
  );
  const files: FloatFile[] = [];
  const digest = createHash("sha256");
  const target = await disk.open(output, "w");
  try {
    for (const { file, parametersAt } of updates) {
      files.push(await FloatFile.open(disk, file.path, parametersAt));
    }
    const samples = updates.map((update) => update.samples);
    const { earlierLengths } = state;
    const lengths = await mergeUpdates(
      { strategy, parameterCount, stretch: STRETCH, samples, seed, earlierLengths },
      {
        async read(from, count) {
          const start = await base.values(from, count);
          const deltas: Float32Array[] = [];
          for (const file of files) deltas.push(deltaOf(start, await file.values(from, count)));
          return { base: start, deltas, state: await state.read(from, count) };
        },
        async write(next, vectors) {
          const bytes = bytesOfFloats(next);
          digest.update(bytes);
          await target.writeFile(bytes);
          await state.write(vectors);
        },
      },
    );
    await target.datasync();
    return { after: new Uint8Array(digest.digest()), state: await state.end(lengths) };
  } catch (error) {
    await disk.remove(output);
    await disk.remove(stateOutput);
    throw error;
  } finally {
    await target.close();
    await state.close();
    for (const file of files) await file.close();
  }
}
