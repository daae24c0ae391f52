/** Checks one update in a file on this disk: what it contains, and whether its participant committed to it. */
import { createHash } from "node:crypto";
import { equalBytes } from "../../../../chain/crypto/hash.ts";
import { digestsRoot, leafDigest } from "../../../../chain/proof/hash-tree.ts";
import type { UpdateCheck } from "../../../../chain/types/job.ts";
import { floatsOfBytes, indexOfNonFinite } from "../../../../ml/bytes.ts";
import type { UpdateVerdict } from "../../../../ml/federation/check-updates.ts";
import {
  decodeUpdateHeader,
  deltaOf,
  MAX_HEADER_BYTES,
  type UpdateHeader,
} from "../../../../ml/federation/update-codec.ts";
import { UpdateError, type UpdateFacts } from "../../../../ml/federation/update-error.ts";
import { stateHashOf } from "../../../../ml/training/checkpoint.ts";
import type { Disk } from "../../../disk.ts";
import type { NamedFile } from "../orders/inspect-order.ts";
import { FloatFile, STRETCH } from "./float-file.ts";

/** A committed update, and what else its commit contained. */
export interface CommittedUpdate {
  /** Node index. */
  readonly node: number;
  readonly file: NamedFile;
  readonly samples: number;
  readonly checkpointRoot: Uint8Array;
  /** Number of parts into which its run is divided. */
  readonly segments: number;
}

export type FileFinding =
  | { readonly kind: "broken"; readonly check: UpdateCheck; readonly reason: string }
  /** The file is not the one that was fetched: this disk is at fault. */
  | { readonly kind: "damaged" }
  | { readonly kind: "read"; readonly verdict: UpdateVerdict; readonly parametersAt: number };

const PIECE_BYTES = 64 * 1024;

export const CHECKS: Partial<Record<UpdateFacts["code"], UpdateCheck>> = {
  NOT_FINITE: "not-finite",
  NORM: "norm",
  NO_CHANGE: "no-change",
};

export async function checkUpdateFile(
  update: CommittedUpdate,
  base: FloatFile,
  { parameterCount, round }: { readonly parameterCount: number; readonly round: number },
  disk: Disk,
): Promise<FileFinding> {
  const head = await readHead(update.file.path, disk);
  let header: UpdateHeader;
  try {
    header = decodeUpdateHeader(head.bytes, head.size, parameterCount);
  } catch (error) {
    if (!(error instanceof UpdateError)) throw error;
    if (!(await hasHash(update.file, disk))) return { kind: "damaged" };
    return { kind: "broken", check: CHECKS[error.code] ?? "format", reason: error.message };
  }
  const { parametersAt } = header;
  const whole = createHash("sha256").update(head.bytes.subarray(0, parametersAt));
  const read = await readParameters(
    update,
    base,
    { parametersAt, parameterCount },
    { whole, disk },
  );
  if (whole.digest("hex") !== update.file.hash) return { kind: "damaged" };
  const broken = (check: UpdateCheck, reason: string): FileFinding => {
    return { kind: "broken", check, reason };
  };
  if (read.nonFinite !== -1) return broken("not-finite", `value ${read.nonFinite} is no number`);
  if (header.participant !== update.node || header.round !== round) {
    return broken("format", "it is of another node or round");
  }
  if (!isBound(header, read.hash, update)) return broken("format", "it is not its last checkpoint");
  return { kind: "read", verdict: { participant: update.node, ...read.change }, parametersAt };
}

interface Read {
  /** SHA-256 of the parameters. */
  readonly hash: Uint8Array;
  /** Index of the first parameter that is not finite, or -1. */
  readonly nonFinite: number;
  readonly change: Omit<UpdateVerdict, "participant">;
}

async function readParameters(
  { file }: CommittedUpdate,
  base: FloatFile,
  { parametersAt, parameterCount }: { parametersAt: number; parameterCount: number },
  { whole, disk }: { readonly whole: { update(bytes: Uint8Array): unknown }; readonly disk: Disk },
): Promise<Read> {
  const own = createHash("sha256");
  const values = await FloatFile.open(disk, file.path, parametersAt);
  let nonFinite = -1;
  let lost = -1;
  let squares = 0;
  try {
    for (let from = 0; from < parameterCount; from += STRETCH) {
      const count = Math.min(STRETCH, parameterCount - from);
      const bytes = await values.bytes(from, count);
      whole.update(bytes);
      own.update(bytes);
      const trained = floatsOfBytes(bytes);
      if (nonFinite === -1) nonFinite = placed(from, indexOfNonFinite(trained));
      const delta = deltaOf(await base.values(from, count), trained);
      if (lost === -1) lost = placed(from, indexOfNonFinite(delta));
      // One sum over all values in order, as if they were in one array.
      for (let i = 0; i < delta.length; i++) squares += (delta[i] ?? 0) * (delta[i] ?? 0);
    }
  } finally {
    await values.close();
  }
  return { hash: own.digest(), nonFinite, change: changeOf(lost, Math.sqrt(squares)) };
}

function changeOf(lost: number, norm: number): Read["change"] {
  if (lost !== -1) return { norm: Number.NaN, refusal: { code: "NOT_FINITE", index: lost } };
  return { norm, refusal: norm === 0 ? { code: "NO_CHANGE" } : undefined };
}

function placed(from: number, index: number): number {
  return index === -1 ? -1 : from + index;
}

function isBound(
  { digests, optimizerHash }: UpdateHeader,
  parameters: Uint8Array,
  { segments, checkpointRoot }: CommittedUpdate,
): boolean {
  const last = digests[segments];
  if (last === undefined || digests.length !== segments + 1) return false;
  const end = leafDigest(stateHashOf(parameters, optimizerHash));
  return equalBytes(end, last) && equalBytes(digestsRoot(digests), checkpointRoot);
}

async function readHead(path: string, disk: Disk): Promise<{ bytes: Uint8Array; size: number }> {
  const file = await disk.open(path, "r");
  try {
    const { size } = await file.stat();
    const bytes = new Uint8Array(Math.min(size, MAX_HEADER_BYTES));
    const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
    return { bytes: bytes.subarray(0, bytesRead), size };
  } finally {
    await file.close();
  }
}

export async function hasHash({ path, hash }: NamedFile, disk: Disk): Promise<boolean> {
  const digest = createHash("sha256");
  const piece = new Uint8Array(PIECE_BYTES);
  const file = await disk.open(path, "r");
  try {
    for (;;) {
      const { bytesRead } = await file.read(piece, 0, piece.length);
      if (bytesRead === 0) break;
      digest.update(piece.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
  return digest.digest("hex") === hash;
}
