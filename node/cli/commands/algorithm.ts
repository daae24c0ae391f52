/** `poml algorithm`: what searches hash with, and whether a module of one's own could be one of them. */
import { Command } from "commander";
import { type ApiOptions, addApiOptions, connect } from "../api-options.ts";
import type { CliContext } from "../context.ts";
import { hashRate, mebibytes } from "../format.ts";
import { pathOption } from "../path-option.ts";
import { readModuleFile } from "../search/module-file.ts";

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
  algorithm.addCommand(
    addApiOptions(new Command("add"))
      .description("bring a module to the node, so that searches can name it by its hash")
      .argument("<file>", "the module, a .wasm file", pathOption("file"))
      .action((file: string, options: ApiOptions) => add(file, options, context)),
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

async function add(file: string, options: ApiOptions, context: CliContext): Promise<void> {
  const bytes = await readModuleFile(file);
  const added = await (await connect(options, context)).addAlgorithm(bytes);
  context.output.result({ file, ...added }, () => {
    context.output.fields({ hash: added.hash, speed: hashRate(added.hashesPerSecond) });
    context.output.command("Search with it: ", `npx poml search --algorithm ${added.hash}`);
  });
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
