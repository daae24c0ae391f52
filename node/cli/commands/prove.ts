/** `poml prove`: shows a fact of the chain. A node that is not trusted proves it from a block that the user trusts. */
import { Argument, Command } from "commander";
import { formatAddress } from "../../../chain/crypto/address.ts";
import { fromHex, toHex } from "../../../chain/crypto/hash.ts";
import { PomlError } from "../../../chain/errors.ts";
import type { Proven } from "../../../chain/light/inclusion.ts";
import { ApiError } from "../../api/api-error.ts";
import type { PomlClient } from "../../api/client.ts";
import { plain } from "../../api/encode/plain.ts";
import { type ApiOptions, addApiOptions, connect } from "../api-options.ts";
import type { CliContext } from "../context.ts";
import { CliError, EXIT, usageError } from "../exit-codes.ts";
import { poml } from "../format.ts";
import { findJob } from "../job/find.ts";
import type { Output } from "../output.ts";
import { addTrustOptions, type TrustOptions, trustOf } from "../trust-options.ts";
import {
  addWitnessOption,
  askWitnesses,
  type WitnessOptions,
  witnessesOf,
} from "../witness-option.ts";

/** What can be proved, the API path of its proof, and which arguments name it. */
const SUBJECTS = {
  account: { path: "accounts", names: ["address"] },
  node: { path: "nodes", names: ["public key, name or index"] },
  job: { path: "jobs", names: ["job id"] },
  transaction: { path: "transactions", names: ["transaction id"] },
  record: { path: "records", names: ["job id", "round"] },
  "rating-change": { path: "rating-changes", names: ["height", "index"] },
} as const;
type Subject = keyof typeof SUBJECTS;

export function proveCommand(context: CliContext): Command {
  const subjects = Object.keys(SUBJECTS) as Subject[];
  const command = new Command("prove")
    .description("show a fact of the chain, proven from a block you trust")
    .addArgument(new Argument("<what>", "kind of fact").choices(subjects))
    .argument(
      "<name...>",
      "address, key, id; for a record job and round, for a rating change height and index",
    );
  return addWitnessOption(addTrustOptions(addApiOptions(command))).action(
    async (what: Subject, names: string[], options: ProveOptions) => {
      const witnesses = witnessesOf(options);
      const { proveFact } = await import("../../light/prove.ts");
      const trust = await trustOf(options);
      checkNames(what, names);
      const client = await connect(options, context);
      const { genesisRoot } = await client.status();
      const of = pathOf(what, await wholeNames(what, names, client));
      try {
        const fact = await proveFact(of, trust, {
          source: client,
          genesisRoot: fromHex(genesisRoot),
        });
        const { trusted, block, proven, lightBlock } = fact;
        await askWitnesses(witnesses, { trusted, block: lightBlock }, client);
        const result = {
          ...shown(proven),
          block: `${block.height}:${toHex(block.hash)}`,
          trusted: `${trusted.height}:${toHex(trusted.hash)}`,
        };
        context.output.result(result, () => {
          context.output.line(`Proven by block ${result.block}`);
          context.output.line(`which follows from ${result.trusted}:`);
          showValue(proven, context.output);
        });
      } catch (error) {
        if (!(error instanceof PomlError) || error instanceof ApiError) throw error;
        throw new CliError(
          `NOT proven: ${error.message}`,
          { code: "NOT_VERIFIED", exit: EXIT.verification },
          error.remedy ?? "do not believe this node; ask another",
          error,
        );
      }
    },
  );
}

type ProveOptions = ApiOptions & TrustOptions & WitnessOptions;

/** @throws CliError BAD_ARGUMENT for too many or too few names */
function checkNames(what: Subject, given: readonly string[]): void {
  const { names } = SUBJECTS[what];
  if (given.length === names.length) return;
  const example = names.map((name) => `<${name}>`).join(" ");
  throw usageError("name", `${what} takes ${names.join(" and ")}`, `e.g. prove ${what} ${example}`);
}

/** A job may be named by the beginning of its id, too, as `poml job list` shows it. */
async function wholeNames(
  what: Subject,
  given: readonly string[],
  client: PomlClient,
): Promise<readonly string[]> {
  const [job = "", ...rest] = given;
  if (what === "node") return [await nodeKey(client, job)];
  return what === "job" || what === "record" ? [await findJob(client, job), ...rest] : given;
}

/**
 * The public key of a node by its key, name or index. The node that is asked says which key belongs to a
 * name or an index, without proof; the printed record is proved and has the name, and its index is printed, too.
 */
async function nodeKey(client: PomlClient, text: string): Promise<string> {
  if (/^[0-9a-f]{64}$/.test(text)) return text;
  const { nodes } = await client.nodes();
  const named = nodes.filter(({ name }) => name === text);
  const found = named.length > 0 ? named : nodes.filter(({ index }) => String(index) === text);
  const [only] = found;
  if (only !== undefined && found.length === 1) return only.publicKey;
  throw usageError(
    "name",
    found.length > 1
      ? `${found.length} nodes are called ${JSON.stringify(text)}`
      : `no node has the name, index or public key ${JSON.stringify(text)}`,
    found.length > 1
      ? `give its public key: ${found.map(({ publicKey }) => publicKey).join(", ")}`
      : "`npx poml status` lists the nodes",
  );
}

/** Prints an account in words, and other records as the chain stores them; docs/protocol.md lists their units. */
function showValue({ kind, index, value }: Proven, output: Output): void {
  if (kind !== "account") {
    output.line(`${kind} ${index} (amounts in micro-POML, ratings in micro-GFLOP/s):`);
    output.line(JSON.stringify(plain(value), null, 2));
    return;
  }
  output.fields({
    address: formatAddress(value.address),
    balance: `${poml(value.balance)} POML`,
    "next nonce": value.nonce,
  });
}

function pathOf(what: Subject, names: readonly string[]): string {
  return [SUBJECTS[what].path, ...names.map(encodeURIComponent)].join("/");
}

function shown({ kind, index, value }: Proven) {
  return { kind, index, value: plain(value) };
}
