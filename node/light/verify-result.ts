/**
 * Checks that downloaded files are the result of the job that their certificate proves, given what the reader trusts.
 */

import { toHex } from "../../chain/crypto/hash.ts";
import { checkFresh } from "../../chain/light/verify.ts";
import type { Job, JobKind } from "../../chain/types/job.ts";
import { searchSpec } from "../../chain/workload/search/search-of.ts";
import { jobKindOf } from "../../chain/workload/workloads.ts";
import { type Anchored, anchorCertificate, type LightSource, type Trust } from "./anchor.ts";
import { CERTIFICATE_FILE, decodeCertificate, VerifyError } from "./certificate.ts";
import { chainClaims, type ProvedClaim, require } from "./claims.ts";
import { checkSearched, type OtherAlgorithm } from "./verify-search.ts";
import { checkTrained, type ModelDirectory } from "./verify-train.ts";

/** Files of a result beside its certificate, by the kind of its job. */
const RESULT_FILES = {
  train: ["model.json", "weights.bin", "dataset.json"],
  search: [],
} as const satisfies Record<JobKind, readonly (keyof ModelDirectory)[]>;

export type ResultDirectory = Readonly<Record<typeof CERTIFICATE_FILE, Uint8Array>> &
  Partial<ModelDirectory>;

/** The names of the files beside a certificate. @throws VerifyError CERTIFICATE_FORMAT */
export function filesBeside(certificate: Uint8Array): readonly (keyof ModelDirectory)[] {
  return RESULT_FILES[jobKindOf(decodeCertificate(certificate).job.spec)];
}

/**
 * SHA-256, as hex, of the module that a search hashed with.
 * @throws VerifyError CERTIFICATE_FORMAT; NOT_PROVED for the certificate of another kind of work
 */
export function algorithmOf(certificate: Uint8Array): string {
  const { spec } = decodeCertificate(certificate).job;
  require(jobKindOf(spec) ===
    "search", "the certificate is of a search, which an algorithm is for");
  return toHex(searchSpec(spec).algorithm);
}

export interface VerifyOptions {
  /** A node to ask for what the certificate lacks; without one the check is offline. */
  readonly source?: LightSource | undefined;
  /** Of a search whose algorithm did not come with the program. */
  readonly algorithm?: OtherAlgorithm | undefined;
  /** Refuses to start from a block older than `limitMs`. */
  readonly age?: { readonly nowMs: bigint; readonly limitMs: bigint } | undefined;
}

export interface VerifiedResult {
  readonly kind: JobKind;
  readonly proved: readonly ProvedClaim[];
  readonly notProved: readonly string[];
  /** Checks that were not made because they need more files. */
  readonly unchecked: readonly string[];
  readonly anchored: Anchored;
}

/**
 * @throws VerifyError naming the claim that does not hold; LightError, InvalidCertificate; ModelError and DatasetError
 *   for files that are not as they must be
 */
export async function verifyResult(
  files: ResultDirectory,
  trust: Trust,
  { source, age, algorithm }: VerifyOptions = {},
): Promise<VerifiedResult> {
  const decoded = decodeCertificate(files[CERTIFICATE_FILE]);
  const anchored = await anchorCertificate(decoded, trust, source);
  if (age !== undefined) checkFresh(anchored.trusted, age);
  const { job } = anchored;
  const kind = jobKindOf(job.spec);
  const checked = await CHECKS[kind](job, files, algorithm);
  return { kind, ...checked, proved: [...chainClaims(anchored), ...checked.proved], anchored };
}

type Check = (
  job: Job,
  files: ResultDirectory,
  algorithm: OtherAlgorithm | undefined,
) => Promise<Pick<VerifiedResult, "proved" | "notProved" | "unchecked">>;

/** The check of each kind of work. */
const CHECKS: Readonly<Record<JobKind, Check>> = {
  train: async (job, files) => {
    const model = {
      "model.json": present(files, "model.json"),
      "weights.bin": present(files, "weights.bin"),
      "dataset.json": present(files, "dataset.json"),
    };
    return { proved: await checkTrained(model, job), notProved: [], unchecked: [] };
  },
  search: (job, _, algorithm) => checkSearched(job, algorithm),
};

function present(files: ResultDirectory, name: keyof ModelDirectory): Uint8Array {
  const bytes = files[name];
  if (bytes !== undefined) return bytes;
  throw new VerifyError(
    `not proved: ${name} is not there`,
    { code: "NOT_PROVED", claim: `${name} is there` },
    { remedy: "download the model again with `npx poml job result`" },
  );
}
