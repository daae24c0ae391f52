/** `poml devnet`: a whole network on this machine, and with --demo a training job on it. */
import { Command } from "commander";
import type { CliContext } from "../context.ts";
import { usageError } from "../exit-codes.ts";
import { pathOption } from "../path-option.ts";

interface DevnetCommandOptions {
  readonly nodes?: string;
  readonly demo?: boolean;
  readonly exit?: boolean;
  readonly dataDir?: string;
}

export function devnetCommand(context: CliContext): Command {
  return new Command("devnet")
    .description("run a network of nodes on this machine")
    .option("-n, --nodes <n>", "how many nodes (default: 4, or as many as the directory holds)")
    .option("--demo", "train a model on Fashion-MNIST with it")
    .option("--exit", "stop after the demo job")
    .option(
      "--data-dir <dir>",
      "directory of the network, a new one or that of an earlier run (default: a new temporary one)",
      pathOption("data-dir"),
    )
    .action(async (options: DevnetCommandOptions) => {
      const nodes = options.nodes === undefined ? undefined : Number(options.nodes);
      if (nodes !== undefined && !(Number.isInteger(nodes) && nodes >= 1 && nodes <= 16)) {
        throw usageError("nodes", `${options.nodes} is not between 1 and 16`, "e.g. --nodes 4");
      }
      if (options.exit === true && options.demo !== true) {
        throw usageError("exit", "only goes with --demo", "leave it out: Ctrl-C stops the network");
      }
      const { runDevnet } = await import("../devnet/run.ts");
      const { nodes: _, ...rest } = options;
      await runDevnet({ ...rest, ...(nodes === undefined ? {} : { nodes }) }, context);
    });
}
