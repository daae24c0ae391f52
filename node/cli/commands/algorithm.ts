/** `poml algorithm`: what searches hash with, and whether a module of one's own could be one of them. */
import { readFile, stat } from "node:fs/promises";
import { Command } from "commander";
import type { CliContext } from "../context.ts";
import { CliError, EXIT } from "../exit-codes.ts";
import { hashRate, mebibytes } from "../format.ts";
import { pathOption } from "../path-option.ts";

/** The helper is this command's own. */
const TURN = { group: "algorithm", member: "" } as const;

export function algorithmCommand(context: CliContext): Command {
  const algorithm = new Command("algorithm").description("what searches hash with");
  algorithm.addCommand(
    new Command("list")
      .description("show the algorithms that come with poml")
      .action(() => list(context)),
  );
  algorithm.addCommand(
    new Command("check")
      .description("check a WebAssembly module that is to be an algorithm, in a process of its own")
      .argument("<file>", "the module, a .wasm file", pathOption("file"))
      .action((file: string) => check(file, context)),
  );
  return algorithm;
}

async function list({ output }: CliContext): Promise<void> {
  const { SHIPPED } = await import("../../../ml/search/shipped.ts");
  output.result({ algorithms: SHIPPED }, () =>
    output.table(
      ["name", "digest", "lanes", "hash of the module"],
      SHIPPED.map(({ name, digest, lanes, hash }) => [name, digest, lanes, hash]),
    ),
  );
}

async function check(file: string, { output, signal }: CliContext): Promise<void> {
  const { checkAlgorithm } = await import("../../search/check-algorithm.ts");
  const { findShipped } = await import("../../../ml/search/shipped.ts");
  const { PAGE_BYTES } = await import("../../../ml/search/abi.ts");
  const { newHelper } = await import("../../compose/helpers.ts");
  const { SILENT } = await import("../../../p2p/log.ts");
  const bytes = await readModuleFile(file);
  const helper = newHelper(SILENT);
  try {
    const report = await checkAlgorithm(bytes, helper, { signal, turn: TURN });
    const shipped = findShipped(report.hash)?.name;
    output.result({ file, ...report, ...(shipped && { shipped }) }, () =>
      output.fields({
        hash: report.hash,
        module: `${report.bytes} bytes, ${report.functions} functions`,
        memory: `${mebibytes(report.pages * PAGE_BYTES)} of its own`,
        speed: `${hashRate(report.hashesPerSecond)} here, in its first moments`,
        verdict: shipped === undefined ? "keeps the rules" : `the shipped ${shipped}`,
      }),
    );
  } finally {
    await helper.stop();
  }
}

/** @throws CliError FILE_NOT_FOUND; AlgorithmError ALGORITHM_TOO_LARGE before anything large is read */
async function readModuleFile(file: string): Promise<Uint8Array> {
  const { MAX_MODULE_BYTES } = await import("../../../ml/search/abi.ts");
  const { tooLarge } = await import("../../../ml/search/algorithm-error.ts");
  const found = await stat(file).catch(() => undefined);
  if (found?.isFile() !== true) {
    throw new CliError(
      `file: there is no file ${file}`,
      { code: "FILE_NOT_FOUND", exit: EXIT.notFound, field: "file" },
      "docs/search-algorithms.md shows how to make one",
    );
  }
  if (found.size > MAX_MODULE_BYTES) throw tooLarge("bytes", found.size, MAX_MODULE_BYTES);
  return readFile(file);
}
