/** `poml verify`: checks the downloaded files of a job against a block or a genesis that the user trusts. */

import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { Command } from "commander";
import { PomlError } from "../../../chain/errors.ts";
import type { JobKind } from "../../../chain/types/job.ts";
import { ApiError } from "../../api/api-error.ts";
import type { PomlClient } from "../../api/client.ts";
import type { Trust } from "../../light/anchor.ts";
import { DAY_MS } from "../../units.ts";
import type { CliContext } from "../context.ts";
import { CliError, EXIT, usageError } from "../exit-codes.ts";
import { checkApiUrl } from "../find-node.ts";
import { pathOption } from "../path-option.ts";
import { addTrustOptions, type TrustOptions, trustOf } from "../trust-options.ts";
import {
  addWitnessOption,
  askWitnesses,
  type WitnessOptions,
  witnessesOf,
} from "../witness-option.ts";

const NEVER = new AbortController().signal;
/** The largest size of a file; the weights of the largest model take less. */
const MAX_FILE_BYTES = 256 * 1024 * 1024;

export function verifyCommand(context: CliContext): Command {
  return addWitnessOption(addTrustOptions(new Command("verify")))
    .description(
      "check the results of a job by its certificate, offline unless --api or --witness is given",
    )
    .argument(
      "<dir>",
      "directory with certificate.json, and of a model model.json, weights.bin, dataset.json",
      pathOption("dir"),
    )
    .option(
      "--api <url>",
      "any node, for what leads from the trusted block to the certificate; it is not trusted",
    )
    .option(
      "--algorithm <file>",
      "of a search with a module that does not come with poml: the module, to hash its finds again",
      pathOption("algorithm"),
    )
    .option("--max-age <days>", "refuse to start from a block older than this")
    .action(async (directory: string, options: VerifyOptions) => {
      const trust = await trustOf(options);
      const { api } = options;
      if (api !== undefined) checkApiUrl("api", api);
      const maxAgeDays = parseDays(options.maxAge);
      const witnesses = witnessesOf(options);
      const { algorithm } = options;
      const { signal } = context;
      const checks = { api, maxAgeDays, witnesses, algorithm, signal };
      show(await verifyDirectory(directory, trust, checks), directory, context);
    });
}

/** The exit status says, too, if something was not checked because a file is missing. */
function show(
  { proved, notProved, unchecked }: VerifiedDirectory,
  directory: string,
  { output }: CliContext,
): void {
  const verified = unchecked.length === 0;
  output.result({ verified, modelDir: directory, proved, notProved, unchecked }, () => {
    output.line("Proved:");
    for (const { claim, detail } of proved) output.line(`  + ${claim}: ${detail}`);
    output.line("Not proved:");
    for (const claim of notProved) output.line(`  - ${claim}`);
  });
  if (verified) return;
  output.exit = EXIT.unchecked;
  output.line("NOT CHECKED, though it could be:");
  for (const claim of unchecked) output.line(`  ? ${claim}`);
  output.line("  try: name the module's file with --algorithm, or a node that has it with --api");
}

interface VerifyOptions extends TrustOptions, WitnessOptions {
  readonly api?: string;
  readonly algorithm?: string;
  readonly maxAge?: string;
}

function parseDays(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const days = Number(text);
  if (text.trim() !== "" && days > 0 && Number.isFinite(days)) return days;
  throw usageError(
    "maxAge",
    `${JSON.stringify(text)} is not a number of days`,
    "e.g. --max-age 14",
  );
}

export interface VerifiedDirectory {
  readonly proved: readonly { readonly claim: string; readonly detail: string }[];
  readonly notProved: readonly string[];
  /** The checks that need a file that is not here. */
  readonly unchecked: readonly string[];
}

export interface VerifyDirectoryOptions {
  /** The node to ask for what the certificate lacks. */
  readonly api?: string | undefined;
  /** The largest age of the trusted block. */
  readonly maxAgeDays?: number | undefined;
  /** File of a module that a search used and that did not come with the program. */
  readonly algorithm?: string | undefined;
  readonly signal?: AbortSignal;
  /** Nodes to compare the certificate's block with. */
  readonly witnesses?: readonly string[];
}

/**
 * @throws CliError NOT_VERIFIED, FILE_NOT_FOUND; ApiError when the node does not help
 */
export async function verifyDirectory(
  directory: string,
  trust: Trust,
  { api, maxAgeDays, witnesses = [], algorithm, signal = NEVER }: VerifyDirectoryOptions = {},
): Promise<VerifiedDirectory> {
  const { CERTIFICATE_FILE } = await import("../../light/certificate.ts");
  const { algorithmOf, filesBeside, verifyResult } = await import("../../light/verify-result.ts");
  const { ALGORITHM_FILE, otherAlgorithm } = await import("../search/own-module.ts");
  const source = api === undefined ? undefined : await sourceAt(api);
  const certificate = await readPart(directory, CERTIFICATE_FILE);
  try {
    const names = filesBeside(certificate);
    const module = otherAlgorithm({ file: algorithm, directory, node: source }, signal);
    if (algorithm !== undefined) await module.find(algorithmOf(certificate));
    const files: [string, Uint8Array][] = [];
    for (const name of names) files.push([name, await readPart(directory, name)]);
    const others = await otherFiles(directory, [CERTIFICATE_FILE, ALGORITHM_FILE, ...names]);
    const { kind, proved, notProved, unchecked, anchored } = await verifyResult(
      { ...Object.fromEntries(files), [CERTIFICATE_FILE]: certificate },
      trust,
      {
        source,
        age: maxAgeDays === undefined ? undefined : ageOf(maxAgeDays),
        algorithm: module,
      },
    );
    await askWitnesses(witnesses, anchored, source);
    const left = others.length > 0 ? [besides(others)] : [];
    const not = [...NOT_PROVED, ...NOT_PROVED_OF[kind], ...notProved, ...left];
    return { proved, notProved: not, unchecked };
  } catch (error) {
    if (!(error instanceof PomlError) || error instanceof ApiError || error instanceof CliError) {
      throw error;
    }
    throw new CliError(
      `it is NOT verified: ${error.message}`,
      { code: "NOT_VERIFIED", exit: EXIT.verification },
      error.remedy ?? "do not rely on this; fetch it again from another node",
      error,
    );
  }
}

function ageOf(days: number): { nowMs: bigint; limitMs: bigint } {
  return { nowMs: BigInt(Date.now()), limitMs: BigInt(Math.round(days * DAY_MS)) };
}

async function sourceAt(api: string): Promise<PomlClient> {
  const { PomlClient } = await import("../../api/client.ts");
  return new PomlClient(api);
}

/** Printed every time, so that nobody reads more into a certificate than it proves. */
const NOT_PROVED: readonly string[] = [
  "that the trusted block is on the chain you mean: that is your trust, take it from your own node",
  "that keys of an old trusted block have not changed hands: trust a recent one, younger than the chain's unbonding time",
];

const NOT_PROVED_OF: Readonly<Record<JobKind, readonly string[]>> = {
  train: [
    "that every sample was trained on: only drawn segments are re-executed, by the nodes, not here",
    "how the model does on other data than the test set named in the dataset",
  ],
  search: [
    "that every nonce was hashed: only drawn segments are hashed again, by the nodes, not here",
    "that nobody kept a find to himself",
  ],
};

/**
 * The names of other files in the directory, which are no part of a model.
 * @throws CliError NOT_VERIFIED for a file that could be taken for one
 */
async function otherFiles(directory: string, known: readonly string[]): Promise<string[]> {
  const others = (await readdir(directory)).filter((name) => !known.includes(name));
  const part = others.find((name) =>
    /\.(json|bin|h5|keras|pb|onnx|tflite|safetensors)\s*$/i.test(name),
  );
  if (part === undefined) return others;
  throw new CliError(
    `it is NOT verified: ${shown(part)} lies beside it, which is no file of this job and could be taken for one`,
    { code: "NOT_VERIFIED", exit: EXIT.verification, field: part },
    "move it elsewhere, or download it into an empty directory",
  );
}

function besides(names: readonly string[]): string {
  return `anything of what else lies in the directory: ${names.slice(0, 20).map(shown).join(", ")}`;
}

function shown(name: string): string {
  return JSON.stringify(name).replace(/[\p{Cc}\p{Cf}]/gu, "\ufffd");
}

async function readPart(directory: string, name: string): Promise<Uint8Array> {
  const path = join(directory, name);
  try {
    const found = await stat(path);
    if (!found.isFile()) throw new Error("it is no file");
    if (found.size <= MAX_FILE_BYTES) return await readFile(path);
  } catch (error) {
    throw new CliError(
      `${path} cannot be read`,
      { code: "FILE_NOT_FOUND", exit: EXIT.notFound, field: name },
      "`npx poml job result` writes all files of a job",
      error,
    );
  }
  throw new CliError(
    `it is NOT verified: ${path} has more than ${MAX_FILE_BYTES} bytes`,
    { code: "NOT_VERIFIED", exit: EXIT.verification, field: name },
    "download it again with `npx poml job result`",
  );
}
