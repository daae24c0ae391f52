/** `poml verify-db`: checks the whole database of a stopped node and changes nothing. */
import { Command } from "commander";
import { addDataDirOption, type DataDirOptions } from "../api-options.ts";
import type { CliContext } from "../context.ts";
import { CliError, EXIT } from "../exit-codes.ts";
import { withOfflineNode } from "../offline.ts";

/** The largest number of faults printed for people; --json has all of them. */
const SHOWN = 20;

export function verifyDbCommand(context: CliContext): Command {
  return addDataDirOption(new Command("verify-db"))
    .description("check the whole chain database of a stopped node")
    .action((options: DataDirOptions) => verifyDb(options, context));
}

async function verifyDb(options: DataDirOptions, context: CliContext): Promise<void> {
  const { openOffline } = await import("../../maintenance/offline-store.ts");
  const { verifyStore } = await import("../../maintenance/verify-store.ts");
  const { output } = context;
  const report = await withOfflineNode("verify-db", options, context, async (node) => {
    const store = await openOffline(node.dataDir, node.genesis);
    try {
      return await verifyStore(store, node.scan);
    } finally {
      await store.close();
    }
  });
  const { faults, ...counts } = report;
  const isSound = faults.length === 0;
  if (isSound) {
    output.result({ sound: true, ...counts, faults }, () => {
      output.line(`Sound: blocks ${report.lowest} to ${report.height}, ${report.entries} entries.`);
    });
    return;
  }
  if (!output.json) {
    for (const { height, reason } of faults.slice(0, SHOWN)) {
      output.line(height === undefined ? reason : `block ${height}: ${reason}`);
    }
    if (faults.length > SHOWN)
      output.line(`… and ${faults.length - SHOWN} more (--json lists all)`);
  }
  throw new CliError(
    `${faults.length} faults in the chain database`,
    { code: "DAMAGED_STORE", exit: EXIT.verification, faults, ...counts },
    report.isStateSound
      ? "run `npx poml repair`, then start the node: it fetches damaged blocks from its peers"
      : "run `npx poml repair`, which replays the chain from its own blocks, or start with --resync",
  );
}
