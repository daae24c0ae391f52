/** `poml rotate-worker-token`: makes a new token for remote workers and disconnects those with the old one. */
import { Command } from "commander";
import { dataDirPaths } from "../../config/data-dir.ts";
import { readGenesisFile } from "../../config/genesis-file.ts";
import { addDataDirOption, type DataDirOptions, dataDirOf } from "../api-options.ts";
import type { CliContext } from "../context.ts";

export function rotateWorkerTokenCommand(context: CliContext): Command {
  return addDataDirOption(new Command("rotate-worker-token"))
    .description(
      "make a new token for remote workers; a running node cuts those with the old one off",
    )
    .action(async (options: DataDirOptions) => {
      const { makeWorkerToken } = await import("../../workers/worker-token.ts");
      const { workerToken, genesis } = dataDirPaths(dataDirOf(options, context));
      // Fails with a remedy if the directory has no node.
      await readGenesisFile(genesis);
      await makeWorkerToken(workerToken, { replace: true });
      context.output.result({ workerTokenFile: workerToken }, () => {
        context.output.line(`new worker token in ${workerToken}`);
        context.output.line("Workers with the old one are cut off within ten seconds.");
      });
    });
}
