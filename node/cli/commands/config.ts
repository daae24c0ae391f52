/** `poml config`: the settings in force, or the reference table of all settings. */
import { Command } from "commander";
import { loadConfig } from "../../config/load.ts";
import { configurationTable } from "../../config/reference.ts";
import { addDataDirOption, dataDirOf } from "../api-options.ts";
import type { CliContext } from "../context.ts";

export function configCommand(context: CliContext): Command {
  return addDataDirOption(new Command("config"))
    .description("show the settings a node would run with")
    .option("--markdown", "print the table of all settings instead")
    .action(async (options: { dataDir?: string; markdown?: boolean }) => {
      if (options.markdown === true) {
        const table = configurationTable();
        context.output.result({ markdown: table }, () => context.output.line(table));
        return;
      }
      const flags = { "data-dir": dataDirOf(options, context) };
      const config = await loadConfig({ flags, env: context.env });
      context.output.result(config, () => context.output.line(JSON.stringify(config, null, 2)));
    });
}
