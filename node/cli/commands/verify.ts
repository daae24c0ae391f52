/** `poml verify`: checks a downloaded model against a block or a genesis the reader trusts. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Command } from "commander";
import { PomlError } from "../../../chain/errors.ts";
import { ApiError } from "../../api/api-error.ts";
import type { LightSource, Trust } from "../../jobs/anchor.ts";
import type { CliContext } from "../context.ts";
import { CliError, EXIT, usageError } from "../exit-codes.ts";
import { CERTIFICATE_FILE } from "../job/download.ts";
import { pathOption } from "../path-option.ts";
import { addTrustOptions, type TrustOptions, trustOf } from "../trust-options.ts";

const DAY_MS = 86_400_000;

export function verifyCommand(context: CliContext): Command {
  return addTrustOptions(new Command("verify"))
    .description("check a model and its certificate, offline unless --api is given")
    .argument(
      "<model-dir>",
      "directory with model.json, weights.bin, certificate.json",
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
      const maxAgeDays = parseDays(options.maxAge);
      const { proved, notProved } = await verifyDirectory(directory, trust, { api, maxAgeDays });
      context.output.result({ verified: true, modelDir: directory, proved, notProved }, () => {
        context.output.line("Proved:");
        for (const { claim, detail } of proved) context.output.line(`  + ${claim}: ${detail}`);
        context.output.line("Not proved:");
        for (const claim of notProved) context.output.line(`  - ${claim}`);
      });
    });
}

interface VerifyOptions extends TrustOptions {
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
}

/**
 * @throws CliError NOT_VERIFIED, FILE_NOT_FOUND; ApiError when the node does not help
 */
export async function verifyDirectory(
  directory: string,
  trust: Trust,
  { api, maxAgeDays }: VerifyDirectoryOptions = {},
): Promise<VerifiedModel> {
  const { verifyModelDirectory } = await import("../../jobs/verify-model.ts");
  const source = api === undefined ? undefined : await sourceAt(api);
  const files = {
    "model.json": await readPart(directory, "model.json"),
    "weights.bin": await readPart(directory, "weights.bin"),
    [CERTIFICATE_FILE]: await readPart(directory, CERTIFICATE_FILE),
  };
  try {
    const { proved } = await verifyModelDirectory(files, trust, {
      source,
      age: maxAgeDays === undefined ? undefined : ageOf(maxAgeDays),
    });
    return { proved, notProved: NOT_PROVED };
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

async function sourceAt(api: string): Promise<LightSource> {
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

async function readPart(directory: string, name: string): Promise<Uint8Array> {
  try {
    return await readFile(join(directory, name));
  } catch (error) {
    throw new CliError(
      `${join(directory, name)} cannot be read`,
      { code: "FILE_NOT_FOUND", exit: EXIT.notFound, field: name },
      "`npx poml job result` writes all three files",
      error,
    );
  }
}
