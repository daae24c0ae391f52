/** `poml search`: orders a search of nonces, follows it, and shows what was found. */
import { Command } from "commander";
import { type ApiOptions, addApiOptions, connect } from "../api-options.ts";
import type { CliContext } from "../context.ts";
import { poml } from "../format.ts";
import { addPayerOptions, type PayerOptions } from "../job/payer-options.ts";
import { addSearchOptions, type SearchOptions } from "../search/order.ts";

interface Options extends ApiOptions, PayerOptions, SearchOptions {
  readonly detach?: boolean;
  readonly timeout: string;
}

const OVERRIDE =
  "options choose otherwise: --from and --to or --count, --participants, --quorum, --price, --operations";

export function searchCommand(context: CliContext): Command {
  return addSearchOptions(addPayerOptions(addApiOptions(new Command("search"))))
    .description("search nonces whose hash is at or below a target, on the nodes of the network")
    .option("--detach", "only order it, and do not wait for what is found")
    .option("--timeout <seconds>", "give up waiting after so long", "3600")
    .action((options: Options) => search(options, context));
}

async function search(options: Options, context: CliContext): Promise<void> {
  const { output } = context;
  const { readSearchOrder } = await import("../search/order.ts");
  const { checkPayer, submit } = await import("../job/submit.ts");
  const { timeoutOf, watch } = await import("../job/watch.ts");
  checkPayer(options);
  const timeoutMs = timeoutOf(options.timeout);
  const client = await connect(options, context);
  const order = await readSearchOrder(options, client);
  const submitted = await submit({ client, order, override: OVERRIDE }, options, context);
  const { id, price, escrow } = submitted;
  if (options.detach === true) {
    return output.result(submitted, () => {
      output.fields({
        job: id,
        ...(price === undefined ? {} : { price: `${poml(price)} POML` }),
        ...(escrow === undefined ? {} : { escrow: `${poml(escrow)} POML` }),
      });
      output.command("\nFollow it with: ", `npx poml job watch ${id.slice(0, 12)}`);
    });
  }
  if (!output.json) output.line(`job ${id.slice(0, 12)}…`);
  await client.waitForTransaction(id);
  await watch(client, id, timeoutMs, context);
}
