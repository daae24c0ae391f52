/** `poml worker-token`: a token for one machine, by which the node recognises it at any address. */
import { Command } from "commander";
import { dataDirPaths, readToken } from "../../config/data-dir.ts";
import { isMachineName, machineToken } from "../../workers/machine-token.ts";
import { addDataDirOption, type DataDirOptions, dataDirOf } from "../api-options.ts";
import type { CliContext } from "../context.ts";
import { usageError } from "../exit-codes.ts";
import { pathOption } from "../path-option.ts";

export function workerTokenCommand(context: CliContext): Command {
  return addDataDirOption(new Command("worker-token"))
    .description("make a token for one machine that works for this node")
    .argument("<machine>", "its name: up to 32 of a-z, 0-9 and -")
    .requiredOption(
      "--out <file>",
      "where to put it, to be taken to that machine",
      pathOption("out"),
    )
    .action(async (machine: string, options: DataDirOptions & { readonly out: string }) => {
      if (!isMachineName(machine)) {
        throw usageError(
          "machine",
          `${JSON.stringify(machine)} is no name of a machine`,
          "use up to 32 of a-z, 0-9 and -, e.g. lab-3",
        );
      }
      const { writeSecretFile } = await import("../../wallet/secret-file.ts");
      const { workerToken } = dataDirPaths(dataDirOf(options, context));
      const token = machineToken(await readToken(workerToken, "a worker token"), machine);
      await writeSecretFile(options.out, `${token}\n`);
      context.output.result({ machine, tokenFile: options.out }, () => {
        context.output.line(`token of ${machine} in ${options.out}`);
        context.output.line(
          "There: npx poml worker --connect <url> --token-file <file>. A new worker token ends it.",
        );
      });
    });
}
