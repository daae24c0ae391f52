/**
 * Merges the updates of a round, as files, into the next global parameters, as a file. Files are read stretch by
 * stretch, so the required memory depends neither on the model nor on the number of updates. Runs in a helper process.
 */
import { createHash } from "node:crypto";
import type { UpdateCheck } from "../../../../chain/types/job.ts";
import { bytesOfFloats } from "../../../../ml/bytes.ts";
import { type AggregationName, mergeStretch } from "../../../../ml/federation/aggregate.ts";
import { limitNorms } from "../../../../ml/federation/check-updates.ts";
import { deltaOf } from "../../../../ml/federation/update-codec.ts";
import { type Disk, systemDisk } from "../../../disk.ts";
import type { NamedFile } from "../orders/inspect-order.ts";
import { CHECKS, type CommittedUpdate, checkUpdateFile } from "./check-update-file.ts";
import { FloatFile, STRETCH } from "./float-file.ts";

export interface MergeTask {
  readonly base: NamedFile;
  readonly parameterCount: number;
  readonly round: number;
  readonly rule: AggregationName;
  /** With fewer usable updates nothing is merged. */
  readonly quorum: number;
  readonly updates: readonly CommittedUpdate[];
  /** The file for the next parameters. */
  readonly output: string;
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
  /** Hashes (hex) of files that have changed since they were fetched. */
  readonly damaged: readonly string[];
}

/** A round may move the parameters by this multiple of their own length; a larger change cannot come from training. */
const MAX_STEP = 20;

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
      return { refused: [], kept: [], after: undefined, damaged: [task.base.hash] };
    }
    const { refused, readable, damaged } = await checkAll(task, base, baseNorm, disk);
    const kept = readable.map(({ node }) => node);
    if (damaged.length > 0 || readable.length < quorum) {
      return { refused, kept, after: undefined, damaged };
    }
    const after = await merge(task, base, readable, disk);
    return { refused, kept, after, damaged };
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

/** @param updates in node order @returns SHA-256 of the next parameters */
async function merge(
  { rule, output, parameterCount }: MergeTask,
  base: FloatFile,
  updates: readonly Readable[],
  disk: Disk,
): Promise<Uint8Array> {
  const digest = createHash("sha256");
  const files: FloatFile[] = [];
  const target = await disk.open(output, "w");
  try {
    for (const { file, parametersAt } of updates) {
      files.push(await FloatFile.open(disk, file.path, parametersAt));
    }
    for (let from = 0; from < parameterCount; from += STRETCH) {
      const count = Math.min(STRETCH, parameterCount - from);
      const start = await base.values(from, count);
      const stretches = [];
      for (const [i, { samples }] of updates.entries()) {
        const trained = await files[i]?.values(from, count);
        if (trained !== undefined) stretches.push({ samples, delta: deltaOf(start, trained) });
      }
      const next = bytesOfFloats(mergeStretch(rule, start, stretches, from));
      digest.update(next);
      await target.writeFile(next);
    }
    await target.datasync();
    return new Uint8Array(digest.digest());
  } catch (error) {
    await disk.remove(output);
    throw error;
  } finally {
    await target.close();
    for (const file of files) await file.close();
  }
}
