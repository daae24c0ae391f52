/** `poml verify`: checks a downloaded model against a block or a genesis the reader trusts. */
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { Command } from "commander";
import { PomlError } from "../../../chain/errors.ts";
import { ApiError } from "../../api/api-error.ts";
import type { PomlClient } from "../../api/client.ts";
import type { Trust } from "../../light/anchor.ts";
import type { CliContext } from "../context.ts";
import { CliError, EXIT, usageError } from "../exit-codes.ts";
import { checkApiUrl } from "../find-node.ts";
import { CERTIFICATE_FILE } from "../job/download.ts";
import { pathOption } from "../path-option.ts";
import { addTrustOptions, type TrustOptions, trustOf } from "../trust-options.ts";
import {
  addWitnessOption,
  askWitnesses,
  type WitnessOptions,
  witnessesOf,
} from "../witness-option.ts";

const DAY_MS = 86_400_000;
/** Above the weights of the largest model. */
const MAX_FILE_BYTES = 256 * 1024 * 1024;

export function verifyCommand(context: CliContext): Command {
  return addWitnessOption(addTrustOptions(new Command("verify")))
    .description("check a model and its certificate, offline unless --api or --witness is given")
    .argument(
      "<model-dir>",
      "directory with model.json, weights.bin, dataset.json, certificate.json",
      pathOption("model-dir"),
    )
    .option(
      "--api <url>",
      "any node, for what leads from the trusted block to the certificate; it is not trusted",
    )
    .option("--max-age <days>", "refuse to start from a block older than this")
    .action(async (directory: string, options: VerifyOptions) => {
      const trust = await trustOf(options);
      const { api } = options;
      if (api !== undefined) checkApiUrl("api", api);
      const maxAgeDays = parseDays(options.maxAge);
      const witnesses = witnessesOf(options);
      const { proved, notProved } = await verifyDirectory(directory, trust, {
        api,
        maxAgeDays,
        witnesses,
      });
      context.output.result({ verified: true, modelDir: directory, proved, notProved }, () => {
        context.output.line("Proved:");
        for (const { claim, detail } of proved) context.output.line(`  + ${claim}: ${detail}`);
        context.output.line("Not proved:");
        for (const claim of notProved) context.output.line(`  - ${claim}`);
      });
    });
}

interface VerifyOptions extends TrustOptions, WitnessOptions {
  readonly api?: string;
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

export interface VerifiedModel {
  readonly proved: readonly { readonly claim: string; readonly detail: string }[];
  readonly notProved: readonly string[];
}

export interface VerifyDirectoryOptions {
  /** A node to ask for what the certificate lacks. */
  readonly api?: string | undefined;
  /** Age of the trusted block at most. */
  readonly maxAgeDays?: number | undefined;
  /** Nodes to compare the certificate's block with. */
  readonly witnesses?: readonly string[];
}

/**
 * @throws CliError NOT_VERIFIED, FILE_NOT_FOUND; ApiError when the node does not help
 */
export async function verifyDirectory(
  directory: string,
  trust: Trust,
  { api, maxAgeDays, witnesses = [] }: VerifyDirectoryOptions = {},
): Promise<VerifiedModel> {
  const { verifyModelDirectory } = await import("../../light/verify-model.ts");
  const source = api === undefined ? undefined : await sourceAt(api);
  const files = {
    "model.json": await readPart(directory, "model.json"),
    "weights.bin": await readPart(directory, "weights.bin"),
    "dataset.json": await readPart(directory, "dataset.json"),
    [CERTIFICATE_FILE]: await readPart(directory, CERTIFICATE_FILE),
  };
  const others = await otherFiles(directory, Object.keys(files));
  try {
    const { proved, anchored } = await verifyModelDirectory(files, trust, {
      source,
      age: maxAgeDays === undefined ? undefined : ageOf(maxAgeDays),
    });
    await askWitnesses(witnesses, anchored, source);
    const notProved = others.length > 0 ? [...NOT_PROVED, unchecked(others)] : NOT_PROVED;
    return { proved, notProved };
  } catch (error) {
    if (!(error instanceof PomlError) || error instanceof ApiError) throw error;
    throw new CliError(
      `the model is NOT verified: ${error.message}`,
      { code: "NOT_VERIFIED", exit: EXIT.verification },
      error.remedy ?? "do not rely on this model; fetch it again from another node",
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

/** Said every time, so that nobody reads more into a certificate than it holds. */
const NOT_PROVED: readonly string[] = [
  "that the trusted block is on the chain you mean: that is your trust, take it from your own node",
  "that keys of an old trusted block have not changed hands: trust a recent one, younger than the chain's unbonding time",
  "that every sample was trained on: only drawn segments are re-executed, by the nodes, not here",
  "how the model does on other data than the test set named in the dataset",
];

/**
 * Names of what else lies there and is no part of a model.
 * @throws CliError NOT_VERIFIED for a file that could be taken for one
 */
async function otherFiles(directory: string, known: readonly string[]): Promise<string[]> {
  const others = (await readdir(directory)).filter((name) => !known.includes(name));
  const part = others.find((name) =>
    /\.(json|bin|h5|keras|pb|onnx|tflite|safetensors)\s*$/i.test(name),
  );
  if (part === undefined) return others;
  throw new CliError(
    `the model is NOT verified: ${shown(part)} lies beside it, which is no file of this model and could be loaded for one`,
    { code: "NOT_VERIFIED", exit: EXIT.verification, field: part },
    "move it elsewhere, or download the model into an empty directory",
  );
}

function unchecked(names: readonly string[]): string {
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
      "`npx poml job result` writes all four files",
      error,
    );
  }
  throw new CliError(
    `the model is NOT verified: ${path} has more than ${MAX_FILE_BYTES} bytes`,
    { code: "NOT_VERIFIED", exit: EXIT.verification, field: name },
    "download the model again with `npx poml job result`",
  );
}
