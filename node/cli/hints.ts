/**
 * Completes the commands in hints, so that they reach the same node and wallet as the command that prints them:
 * `npx poml job list` becomes `npx poml job list --data-dir ./net/node-1` when that was the data directory.
 */
import type { Command } from "commander";
import { ConfigSchema } from "../config/schema.ts";
import { shellQuote } from "../shell-quote.ts";
import { type ApiOptions, dataDirOf, type WalletOptions } from "./api-options.ts";
import type { CliContext } from "./context.ts";
import type { Hints } from "./plain-hints.ts";

const COMMAND = /`(npx poml [^`]+)`/g;

/** @param action the running command, with its options */
export function hintsOf(program: Command, action: Command, context: CliContext): Hints {
  const given = givenTo(action, context);
  const command = (text: string): string => {
    const target = commandOf(program, text);
    const missing = given.filter(
      ([option]) =>
        target?.options.some(({ long }) => long === option) === true &&
        !text.includes(`${option} `),
    );
    return [text, ...missing.map(([option, value]) => `${option} ${shellQuote(value)}`)].join(" ");
  };
  return {
    command,
    text: (text) => text.replace(COMMAND, (_, inner: string) => `\`${command(inner)}\``),
  };
}

/** The options that select the node and the wallet, without those that have their default value. */
function givenTo(action: Command, context: CliContext): (readonly [string, string])[] {
  // The directory of a devnet contains nodes, but is not the directory of a node.
  if (action.name() === "devnet") return [];
  const options = action.opts<ApiOptions & WalletOptions>();
  const dataDir = dataDirOf(options, context);
  const isDefault = dataDir === ConfigSchema.parse({}).dataDir;
  return [
    ...(isDefault ? [] : [["--data-dir", dataDir] as const]),
    ...(options.api === undefined ? [] : [["--api", options.api] as const]),
    ...(options.tokenFile === undefined ? [] : [["--token-file", options.tokenFile] as const]),
    ...(options.wallet === undefined ? [] : [["--wallet", options.wallet] as const]),
  ];
}

/** The command that a text names, e.g. `npx poml job list --help`. */
function commandOf(program: Command, text: string): Command | undefined {
  let found: Command = program;
  for (const word of text.split(" ").slice(2)) {
    const next = found.commands.find((child) => child.name() === word);
    if (next === undefined) break;
    found = next;
  }
  return found === program ? undefined : found;
}
