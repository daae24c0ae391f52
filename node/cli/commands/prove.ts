/** `poml prove`: shows a fact of the chain, proven from a block the reader trusts by a node that is not trusted. */
import { Argument, Command } from "commander";
import { fromHex, toHex } from "../../../chain/crypto/hash.ts";
import { PomlError } from "../../../chain/errors.ts";
import type { Proven } from "../../../chain/light/inclusion.ts";
import { ApiError } from "../../api/api-error.ts";
import type { PomlClient } from "../../api/client.ts";
import { plain } from "../../api/encode/plain.ts";
import { type ApiOptions, addApiOptions, connect } from "../api-options.ts";
import type { CliContext } from "../context.ts";
import { CliError, EXIT, usageError } from "../exit-codes.ts";
import { findJob } from "../job/find.ts";
import { addTrustOptions, type TrustOptions, trustOf } from "../trust-options.ts";

/** What can be proven, the path of its proof, and what names it. */
const SUBJECTS = {
  account: { path: "accounts", names: ["address"] },
  node: { path: "nodes", names: ["public key"] },
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
  return addTrustOptions(addApiOptions(command)).action(
    async (what: Subject, names: string[], options: ApiOptions & TrustOptions) => {
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
        const { trusted, block, proven } = fact;
        const result = {
          ...shown(proven),
          block: `${block.height}:${toHex(block.hash)}`,
          trusted: `${trusted.height}:${toHex(trusted.hash)}`,
        };
        context.output.result(result, () => {
          context.output.line(`Proven by block ${result.block}`);
          context.output.line(`which follows from ${result.trusted}:`);
          context.output.line(JSON.stringify(result.value, null, 2));
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

/** @throws CliError BAD_ARGUMENT: too many names, or too few */
function checkNames(what: Subject, given: readonly string[]): void {
  const { names } = SUBJECTS[what];
  if (given.length === names.length) return;
  const example = names.map((name) => `<${name}>`).join(" ");
  throw usageError("name", `${what} takes ${names.join(" and ")}`, `e.g. prove ${what} ${example}`);
}

/** Jobs go by the start of their id too, as `poml job list` shows it. */
async function wholeNames(
  what: Subject,
  given: readonly string[],
  client: PomlClient,
): Promise<readonly string[]> {
  const [job = "", ...rest] = given;
  return what === "job" || what === "record" ? [await findJob(client, job), ...rest] : given;
}

function pathOf(what: Subject, names: readonly string[]): string {
  return [SUBJECTS[what].path, ...names.map(encodeURIComponent)].join("/");
}

function shown({ kind, index, value }: Proven) {
  return { kind, index, value: plain(value) };
}
