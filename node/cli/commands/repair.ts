/** `poml repair`: repairs the database of a stopped node from what the database still contains. */
import { Command } from "commander";
import { addDataDirOption, type DataDirOptions } from "../api-options.ts";
import type { CliContext } from "../context.ts";
import { withOfflineNode } from "../offline.ts";

export function repairCommand(context: CliContext): Command {
  return addDataDirOption(new Command("repair"))
    .description("mend the chain database of a stopped node from its own blocks")
    .action((options: DataDirOptions) => repair(options, context));
}

async function repair(options: DataDirOptions, context: CliContext): Promise<void> {
  const { repairStore } = await import("../../maintenance/repair-store.ts");
  const { output } = context;
  const report = await withOfflineNode("repair", options, context, (node) =>
    repairStore(node.dataDir, node.genesis, node.scan),
  );
  output.result(report, () => {
    const { action, height, toFetch, reindexed, aside } = report;
    if (action === "none") output.line(`Nothing to mend; the chain is at height ${height}.`);
    if (action === "mended") {
      output.line(`${reindexed} index entries rewritten.`);
      if (toFetch.length > 0) {
        output.line(`${toFetch.length} damaged blocks; the node fetches them when it runs.`);
      }
    }
    if (action === "rebuilt") {
      output.line(`Replayed to height ${height}; the node fetches the rest when it runs.`);
      output.line(`The old database is in ${aside}; delete it when all is well.`);
    }
  });
}
