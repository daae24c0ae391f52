/** `poml node`: runs a node. Every setting of docs/configuration.md is a flag here. */
import { Command, Option } from "commander";
import { OPTIONS, REPLACED_OPTIONS } from "../../config/options.ts";
import type { CliContext } from "../context.ts";
import { wholeNumber } from "../whole-number.ts";

type NodeFlags = Record<string, string | boolean> & { readonly abandonVotes?: number };

export function nodeCommand(context: CliContext): Command {
  const command = new Command("node").description("run a node");
  for (const { flag, kind, description } of OPTIONS) {
    if (kind === "boolean") command.option(`--${flag} [true|false]`, description);
    else command.option(`--${flag} <${kind === "list" ? "a,b,…" : kind}>`, description);
  }
  // The parser takes options of earlier versions, so that the loader can say what took their place.
  for (const { flag } of REPLACED_OPTIONS) {
    command.addOption(new Option(`--${flag} <value>`).hideHelp());
  }
  command.option("--resync", "set the chain database aside and fetch it again from the network");
  command.option(
    "--abandon-votes <height>",
    "vote again although the record of votes through this height is lost (docs/operations.md)",
    (text) => wholeNumber("abandon-votes", text),
  );
  command.option(
    "--resume-signing",
    "sign again after this node's key was heard elsewhere and the other node is stopped (docs/operations.md)",
  );
  return command.action(async (options: NodeFlags) => {
    const flags: Record<string, string | boolean | undefined> = {};
    for (const { flag } of [...OPTIONS, ...REPLACED_OPTIONS])
      flags[flag] = options[camelCase(flag)];
    const { runNode } = await import("../run-node.ts");
    const { abandonVotes } = options;
    const [resync, resumeSigning] = [options.resync === true, options.resumeSigning === true];
    await runNode({ flags, resync, abandonVotes, resumeSigning }, context);
  });
}

/** As commander names the option. */
function camelCase(flag: string): string {
  return flag.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
