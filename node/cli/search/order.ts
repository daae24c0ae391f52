/** Makes a checked order from the options of `poml search`. */
import type { Command } from "commander";
import { toHex } from "../../../chain/crypto/hash.ts";
import type { PomlClient } from "../../api/client.ts";
import { SearchOrder } from "../../api/contract/jobs/search-order.ts";
import { parseAmount } from "../../wallet/amount.ts";
import { usageError } from "../exit-codes.ts";
import { pathOption } from "../path-option.ts";
import { readJson } from "../read-json.ts";
import { readModuleFile } from "./module-file.ts";

export interface SearchOptions {
  readonly order?: string;
  readonly name?: string;
  readonly algorithm?: string;
  readonly prefix?: string;
  readonly prefixText?: string;
  readonly suffix?: string;
  readonly suffixText?: string;
  readonly nonceBytes?: string;
  readonly endian?: string;
  readonly target?: string;
  readonly zeroBits?: string;
  readonly from?: string;
  readonly to?: string;
  readonly count?: string;
  readonly mode?: string;
  readonly redundancy?: string;
  readonly operations?: string;
  readonly participants?: string;
  readonly quorum?: string;
  readonly team?: string;
  readonly phaseSeconds?: string;
  readonly price?: string;
  readonly bonus?: string;
  readonly maxSpend?: string;
}

export function addSearchOptions(command: Command): Command {
  return command
    .option(
      "--order <file>",
      "JSON file with an order as POST /v1/jobs takes it; options win",
      pathOption("order"),
    )
    .option("--name <name>", "(default: the algorithm and the target)")
    .option(
      "--algorithm <name>",
      "sha256, sha256d, blake2b, the hash of a module, or a .wasm file (default: sha256d)",
    )
    .option("--prefix <hex>", "bytes before the nonce (default: none)")
    .option("--prefix-text <text>", "the same as text, in UTF-8")
    .option("--suffix <hex>", "bytes behind the nonce (default: none)")
    .option("--suffix-text <text>", "the same as text, in UTF-8")
    .option("--nonce-bytes <n>", "4 or 8 (default: 8)")
    .option("--endian <order>", "little or big: byte order of the nonce (default: little)")
    .option("--zero-bits <n>", "a find is a digest that begins with so many zero bits")
    .option("--target <hex>", "a find is a digest at most this, highest byte first")
    .option("--from <n>", "first nonce (default: 0)")
    .option("--to <n>", "one past the last nonce (default: 8 times what a find takes on average)")
    .option("--count <n>", "so many nonces, instead of --to")
    .option(
      "--mode <name>",
      "first: ends with a find; all: every find; best: the smallest digest (default: first)",
    )
    .option("--redundancy <percent>", "part of the range to search a second time (default: 0)")
    .option("--operations <n>", "of one hash, where the algorithm is no shipped one")
    .option("--participants <n>", "nodes to draw (default: 4, or as many as there are)")
    .option("--quorum <n>", "claims a round needs (default: more than half)")
    .option("--team <n>", "managers to draw, at least 3 (default: 3)")
    .option("--phase-seconds <n>", "deadline of a phase (default: 120)")
    .option("--price <poml>", "POML for 10^9 hashes (default: the least that the chain allows)")
    .option("--bonus <poml>", "POML for those who find (default: 0)")
    .option("--max-spend <poml>", "escrow in POML (default: a little over the price)");
}

/** For each option, the key of the order that it sets and how its text is parsed. */
const FIELDS = {
  name: ["name", String],
  prefix: ["prefix", lowerCase],
  suffix: ["suffix", lowerCase],
  nonceBytes: ["nonceBytes", wholeOrText],
  endian: ["endian", String],
  target: ["target", lowerCase],
  zeroBits: ["zeroBits", wholeOrText],
  from: ["from", String],
  to: ["to", String],
  mode: ["mode", String],
  redundancy: ["redundancy", wholeOrText],
  operations: ["operations", wholeOrText],
  participants: ["participants", wholeOrText],
  quorum: ["quorum", wholeOrText],
  team: ["teamSize", wholeOrText],
  phaseSeconds: ["phaseSeconds", wholeOrText],
  price: ["pricePerGigahash", (text: string) => parseAmount(text, "price").toString()],
  bonus: ["bonus", (text: string) => parseAmount(text, "bonus").toString()],
  maxSpend: ["maxSpend", (text: string) => parseAmount(text, "maxSpend").toString()],
} as const satisfies Partial<Record<keyof SearchOptions, readonly [keyof SearchOrder, unknown]>>;

/** @throws CliError BAD_ARGUMENT naming the field; AlgorithmError for a file that is no algorithm */
export async function readSearchOrder(
  options: SearchOptions,
  client: Pick<PomlClient, "addAlgorithm">,
): Promise<SearchOrder> {
  const raw: Record<string, unknown> = {
    ...(options.order === undefined ? {} : await readJson("order", options.order)),
  };
  if (raw.kind !== undefined && raw.kind !== "search") {
    throw usageError("order", `is one of kind ${JSON.stringify(raw.kind)}`, "npx poml job submit");
  }
  raw.kind = "search";
  for (const [option, [key, read]] of Object.entries(FIELDS)) {
    const text = options[option as keyof typeof FIELDS];
    if (text !== undefined) raw[key] = read(text);
  }
  for (const part of ["prefix", "suffix"] as const) {
    const text = options[`${part}Text`];
    if (text === undefined) continue;
    if (options[part] !== undefined) {
      throw usageError(part, `both --${part} and --${part}-text are given`, "give one of them");
    }
    raw[part] = toHex(new TextEncoder().encode(text));
  }
  if (options.target !== undefined && options.zeroBits === undefined) delete raw.zeroBits;
  if (options.zeroBits !== undefined && options.target === undefined) delete raw.target;
  if (options.count !== undefined) raw.to = endOf(options, raw.from);
  const named = options.algorithm ?? raw.algorithm ?? "sha256d";
  raw.algorithm = await algorithmOf(String(named), client);
  return checkedOrder(raw);
}

function endOf({ count = "", to }: SearchOptions, from: unknown = 0): string {
  if (to !== undefined) throw usageError("count", "is given beside --to", "give one of them");
  const isWhole = (text: string): boolean => /^\d{1,20}$/.test(text);
  if (!isWhole(count)) {
    throw usageError(
      "count",
      `${JSON.stringify(count)} is no whole number`,
      "e.g. --count 16777216",
    );
  }
  if (/^0+$/.test(count)) {
    throw usageError("count", "0 nonces are no search", "e.g. --count 16777216");
  }
  // A first nonce that is not a number is refused later, with the name of its field.
  return isWhole(String(from)) ? (BigInt(String(from)) + BigInt(count)).toString() : count;
}

/** A name is returned unchanged; a file is uploaded to the node, and its hash is returned. */
async function algorithmOf(
  text: string,
  client: Pick<PomlClient, "addAlgorithm">,
): Promise<string> {
  if (!text.endsWith(".wasm") && !text.includes("/")) return text.toLowerCase();
  return (await client.addAlgorithm(await readModuleFile(text))).hash;
}

/** A text that is no whole number is returned unchanged, and refused later with the name of its field. */
function wholeOrText(text: string): number | string {
  return /^\d{1,15}$/.test(text) ? Number(text) : text;
}

function lowerCase(text: string): string {
  return text.toLowerCase();
}

function checkedOrder(raw: Readonly<Record<string, unknown>>): SearchOrder {
  const parsed = SearchOrder.safeParse(raw);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = issue?.path.map(String) ?? [];
  if (issue?.code === "unrecognized_keys") path.push(...issue.keys.slice(0, 1));
  const field = path[0] ?? "order";
  const option = Object.entries(FIELDS).find(([, [key]]) => key === field)?.[0];
  const shown = option?.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  throw usageError(
    field,
    issue?.message ?? "is not valid",
    `${shown === undefined ? "" : `correct --${shown}; `}\`npx poml search --help\` lists the options`,
  );
}
