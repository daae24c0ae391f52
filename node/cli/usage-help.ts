/** Shows help for a command by its name, and suggests the right command line for one that is almost right. */
import type { Command } from "commander";
import { shellQuote } from "../shell-quote.ts";

/** Words by which other programs call what this one has a command for. */
const OTHER_WORDS: Readonly<Record<string, string>> = {
  transfer: "wallet send",
  send: "wallet send",
  pay: "wallet send",
  balance: "wallet balance",
  account: "wallet show",
  key: "wallet new",
  submit: "job submit",
  order: "job submit",
  train: "job submit",
  jobs: "job list",
  result: "job result",
  download: "job result",
  import: "dataset import",
  datasets: "dataset list",
  start: "node",
  run: "node",
  serve: "node",
  daemon: "node",
  register: "bond",
  stake: "bond",
  info: "status",
  peers: "status",
  nodes: "status",
  version: "--version",
  vote: "parameter vote",
  parameters: "parameter list",
};

/** The command that all the words together name; undefined when one of them names no command. */
export function commandAt(program: Command, words: readonly string[]): Command | undefined {
  let found: Command | undefined = program;
  for (const word of words) found = found?.commands.find((child) => child.name() === word);
  return found;
}

/** The command line that was probably meant by words of which one is no command. */
export function closestCommand(program: Command, words: readonly string[]): string | undefined {
  let at = 0;
  while (at < words.length && commandAt(program, words.slice(0, at + 1)) !== undefined) at++;
  const parent = commandAt(program, words.slice(0, at));
  const wrong = words[at]?.toLowerCase();
  if (parent === undefined || wrong === undefined) return undefined;
  const [near] = parent.commands
    .map((child) => ({ name: child.name(), edits: editDistance(wrong, child.name()) }))
    .filter(({ name, edits }) => edits <= Math.ceil(name.length / 3))
    .sort((a, b) => a.edits - b.edits);
  if (near !== undefined) return ["npx poml", ...words.slice(0, at), near.name].join(" ");
  const other = Object.hasOwn(OTHER_WORDS, wrong) ? OTHER_WORDS[wrong] : undefined;
  return other === undefined ? undefined : `npx poml ${other}`;
}

/**
 * The same line with the options moved behind the command.
 * @param argv as given, e.g. `--data-dir x status`
 */
export function optionsMoved(program: Command, argv: readonly string[]): string | undefined {
  const names = new Set(program.commands.map((child) => child.name()));
  const globals = new Set(program.options.map(({ long }) => long));
  const isCommand = (word: string | undefined): boolean => word !== undefined && names.has(word);
  // The value of an option may look like a command: of two such words in a row, the last one is the command.
  const first = argv.findIndex(isCommand);
  const at = isCommand(argv[first + 1]) && argv[first - 1]?.startsWith("-") ? first + 1 : first;
  const before = argv.slice(0, Math.max(at, 0));
  const moved = before.filter((word) => !globals.has(word));
  if (!moved.some((word) => word.startsWith("-"))) return undefined;
  const kept = before.filter((word) => globals.has(word));
  const words = [...kept, ...argv.slice(at), ...moved];
  return ["npx poml", ...words.map(shellQuote)].join(" ");
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
