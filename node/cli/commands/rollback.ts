/** `poml rollback`: takes a stopped node's chain back to an earlier height. */
import { Command } from "commander";
import { addDataDirOption, type DataDirOptions } from "../api-options.ts";
import type { CliContext } from "../context.ts";
import { usageError } from "../exit-codes.ts";
import { withOfflineNode } from "../offline.ts";
import { wholeNumber } from "../whole-number.ts";

interface RollbackFlags extends DataDirOptions {
  readonly to?: string;
  readonly blocks?: string;
}

export function rollbackCommand(context: CliContext): Command {
  return addDataDirOption(new Command("rollback"))
    .description("take the chain of a stopped node back; the record of its votes stays")
    .option("--to <height>", "height of the new head")
    .option("--blocks <count>", "blocks to take back (default 1)")
    .action((flags: RollbackFlags) => rollback(flags, context));
}

async function rollback(flags: RollbackFlags, context: CliContext): Promise<void> {
  const target = targetOf(flags);
  const { rollbackStore } = await import("../../maintenance/rollback-store.ts");
  const { output } = context;
  const report = await withOfflineNode("rollback", flags, context, (node) =>
    rollbackStore(node.dataDir, node.genesis, { target, ...node.scan }),
  );
  output.result(report, () => {
    const { from, to, how, aside } = report;
    output.line(from === to ? `The chain is at height ${to}.` : `From height ${from} to ${to}.`);
    if (how === "replayed") output.line(`The old database is in ${aside}.`);
    output.line("The node takes the blocks above from its peers again when it runs.");
  });
}

/** @throws CliError BAD_ARGUMENT */
function targetOf({ to, blocks }: RollbackFlags): (height: number) => number {
  if (to !== undefined && blocks !== undefined) {
    throw usageError("to", "given together with --blocks", "give one of the two");
  }
  if (to !== undefined) {
    const height = wholeNumber("to", to);
    return () => height;
  }
  const count = blocks === undefined ? 1 : wholeNumber("blocks", blocks, 1);
  return (height) => height - count;
}
