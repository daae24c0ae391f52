/** `poml verify`: checks a downloaded model offline against a block the reader trusts. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Command } from "commander";
import { fromHex } from "../../../chain/crypto/hash.ts";
import { PomlError } from "../../../chain/errors.ts";
import type { CliContext } from "../context.ts";
import { CliError, EXIT, usageError } from "../exit-codes.ts";
import { CERTIFICATE_FILE } from "../job/download.ts";

export function verifyCommand(context: CliContext): Command {
  return new Command("verify")
    .description("check a model and its certificate offline")
    .argument("<model-dir>", "directory with model.json, weights.bin, certificate.json")
    .requiredOption(
      "--trust <height:hash>",
      "a final block you trust, e.g. from a node of your own",
    )
    .action(async (directory: string, options: { trust: string }) => {
      const { proved, notProved } = await verifyDirectory(directory, parseTrusted(options.trust));
      context.output.result({ verified: true, modelDir: directory, proved, notProved }, () => {
        context.output.line("Proved:");
        for (const { claim, detail } of proved) context.output.line(`  + ${claim}: ${detail}`);
        context.output.line("Not proved:");
        for (const claim of notProved) context.output.line(`  - ${claim}`);
      });
    });
}

export interface TrustedBlock {
  readonly height: number;
  /** 32 bytes. */
  readonly hash: Uint8Array;
}

/** @param text `height:hash`. @throws CliError BAD_ARGUMENT */
export function parseTrusted(text: string): TrustedBlock {
  const match = /^(\d{1,10}):([0-9a-fA-F]{64})$/.exec(text);
  if (match === null) {
    throw usageError(
      "trust",
      `${JSON.stringify(text)} is not height:hash`,
      "GET /v1/blocks/<height> of a node you trust shows the hash of that block; `poml job result` names the height",
    );
  }
  const [, height = "", hash = ""] = match;
  return { height: Number(height), hash: fromHex(hash) };
}

export interface VerifiedModel {
  readonly proved: readonly { readonly claim: string; readonly detail: string }[];
  readonly notProved: readonly string[];
}

/** @throws CliError NOT_VERIFIED, FILE_NOT_FOUND */
export async function verifyDirectory(
  directory: string,
  trusted: TrustedBlock,
): Promise<VerifiedModel> {
  const { verifyModelDirectory } = await import("../../jobs/certificate.ts");
  const files = {
    "model.json": await readPart(directory, "model.json"),
    "weights.bin": await readPart(directory, "weights.bin"),
    [CERTIFICATE_FILE]: await readPart(directory, CERTIFICATE_FILE),
  };
  try {
    const { proved } = await verifyModelDirectory(files, trusted);
    return { proved, notProved: NOT_PROVED };
  } catch (error) {
    if (!(error instanceof PomlError)) throw error;
    throw new CliError(
      `the model is NOT verified: ${error.message}`,
      { code: "NOT_VERIFIED", exit: EXIT.verification },
      error.remedy ?? "do not rely on this model; fetch it again from another node",
      error,
    );
  }
}

/** Said every time, so that nobody reads more into a certificate than it holds. */
const NOT_PROVED: readonly string[] = [
  "that the trusted block is on the chain you mean: that is your trust, take it from your own node",
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
      "`poml job result` writes all three files",
      error,
    );
  }
}
