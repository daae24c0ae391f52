/**
 * The `poml` command line: parses, runs one command, and turns whatever happens into an exit status.
 * Commands load what they need only when they run, so that `poml status` stays small and quick.
 */
import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { withoutEmpty } from "../config/environment.ts";
import { algorithmCommand } from "./commands/algorithm.ts";
import { benchmarkCommand } from "./commands/benchmark.ts";
import { bondCommand } from "./commands/bond.ts";
import { configCommand } from "./commands/config.ts";
import { datasetCommand } from "./commands/dataset.ts";
import { devnetCommand } from "./commands/devnet.ts";
import { initCommand } from "./commands/init.ts";
import { jobCommand } from "./commands/job.ts";
import { nodeCommand } from "./commands/node.ts";
import { parameterCommand } from "./commands/parameter.ts";
import { proveCommand } from "./commands/prove.ts";
import { repairCommand } from "./commands/repair.ts";
import { rollbackCommand } from "./commands/rollback.ts";
import { rotateWorkerTokenCommand } from "./commands/rotate-worker-token.ts";
import { searchCommand } from "./commands/search.ts";
import { snapshotCommand } from "./commands/snapshot.ts";
import { statusCommand } from "./commands/status.ts";
import { storageCommand } from "./commands/storage.ts";
import { verifyCommand } from "./commands/verify.ts";
import { verifyDbCommand } from "./commands/verify-db.ts";
import { walletCommand } from "./commands/wallet.ts";
import { workerCommand } from "./commands/worker.ts";
import { workerTokenCommand } from "./commands/worker-token.ts";
import type { CliContext } from "./context.ts";
import { CliError, EXIT, exitCodeOf, exitCodeTable, usageError } from "./exit-codes.ts";
import { hintsOf } from "./hints.ts";
import { closestCommand, commandAt, optionsMoved } from "./usage-help.ts";

/**
 * @param argv arguments after `poml`
 * @returns the exit status
 */
export async function runCli(argv: readonly string[], given: CliContext): Promise<number> {
  const context = { ...given, env: withoutEmpty(given.env) };
  const { output } = context;
  output.json = argv.includes("--json");
  output.verbose = argv.includes("--verbose");
  if (argv[0] === "help" && argv[1] === "exit-codes") {
    output.line(`Exit status of poml:\n${exitCodeTable()}`);
    return EXIT.ok;
  }
  const program = buildProgram(context);
  try {
    if (argv[0] === "help") return showHelp(program, argv.slice(1), context);
    program.hook("preAction", (_, action) => {
      output.hints = hintsOf(program, action, context);
    });
    await program.parseAsync([...argv], { from: "user" });
    return output.exit;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return EXIT.ok;
      const meant = lineMeant(error, program, argv);
      if (output.json) output.jsonError(badUsage(error, meant));
      if (meant !== undefined) output.stderr.write(`  try: ${meant}\n`);
      return EXIT.usage;
    }
    if (context.signal.aborted) return EXIT.interrupted;
    output.error(error);
    return exitCodeOf(error);
  }
}

/** `poml help job submit`: as `poml job submit --help`. @throws CliError BAD_ARGUMENT */
function showHelp(program: Command, given: readonly string[], { output }: CliContext): number {
  const words = given.filter((word) => !word.startsWith("-"));
  const command = commandAt(program, words);
  if (command !== undefined) {
    command.outputHelp();
    return EXIT.ok;
  }
  const meant = closestCommand(program, words);
  const remedy = meant?.replace("npx poml ", "npx poml help ") ?? "npx poml help";
  output.error(usageError("command", `there is no command ${words.join(" ")}`, `\`${remedy}\``));
  return EXIT.usage;
}

/** Suggests what was probably meant by a command line that commander refused. */
function lineMeant(
  { code }: CommanderError,
  program: Command,
  argv: readonly string[],
): string | undefined {
  if (code === "commander.unknownOption") {
    const line = optionsMoved(program, argv);
    return line && `${line}   (options follow the command)`;
  }
  const words = argv.filter((word) => !word.startsWith("-"));
  return code === "commander.unknownCommand" ? closestCommand(program, words) : undefined;
}

/** Commander has already printed the error for people; programs get a JSON object. */
function badUsage({ message, code }: CommanderError, meant: string | undefined): CliError {
  const reason = message.replace(/^error: /, "");
  const remedy = meant ?? "add --help to see all commands and options";
  const facts = { code: "BAD_ARGUMENT", exit: EXIT.usage, usage: code };
  return new CliError(reason, facts, remedy);
}

function buildProgram(context: CliContext): Command {
  const program = new Command("poml")
    .description("Proof of machine learning: a layer-1 chain whose work is training models.")
    .version(readVersion())
    .option("--json", "print one JSON object instead of text")
    .option("--verbose", "show the stack of an error")
    .showHelpAfterError("(add --help to see all options)")
    .addHelpText("after", "\n`npx poml help exit-codes` lists what the exit status means.");
  const make = [
    initCommand,
    nodeCommand,
    workerCommand,
    workerTokenCommand,
    rotateWorkerTokenCommand,
    devnetCommand,
    benchmarkCommand,
    algorithmCommand,
    walletCommand,
    bondCommand,
    parameterCommand,
    datasetCommand,
    jobCommand,
    searchCommand,
    statusCommand,
    storageCommand,
    verifyCommand,
    proveCommand,
    verifyDbCommand,
    repairCommand,
    rollbackCommand,
    snapshotCommand,
    configCommand,
  ];
  for (const command of make) program.addCommand(command(context));
  configure(program, context);
  return program;
}

function readVersion(): string {
  const manifest = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(manifest) as { version: string }).version;
}

/** Settings that subcommands do not inherit. */
function configure(command: Command, context: CliContext): void {
  command.exitOverride().configureOutput({
    writeOut: (text) => context.output.stdout.write(text),
    writeErr: (text) => context.output.stderr.write(text),
  });
  for (const child of command.commands) configure(child, context);
}
