/** `poml job`: orders training; shows and follows jobs of any kind, and downloads their results. */

import { Command } from "commander";
import { shellQuote } from "../../shell-quote.ts";
import {
  type ApiOptions,
  addApiOptions,
  addWalletOption,
  connect,
  openWallet,
  type WalletOptions,
} from "../api-options.ts";
import type { CliContext } from "../context.ts";
import { CliError, EXIT, usageError } from "../exit-codes.ts";
import { poml } from "../format.ts";
import { findJob } from "../job/find.ts";
import { addOrderOptions, type OrderOptions } from "../job/order.ts";
import { addPayerOptions, type PayerOptions } from "../job/payer-options.ts";
import { outcomeWord, showJob, showRounds } from "../job/show.ts";
import { viewOf } from "../job/views.ts";
import { pathOption } from "../path-option.ts";

interface SubmitOptions extends ApiOptions, PayerOptions, OrderOptions {}

export function jobCommand(context: CliContext): Command {
  const submit = addOrderOptions(addPayerOptions(addApiOptions(new Command("submit"))))
    .description("order a training job")
    .action((options: SubmitOptions) => submitJob(options, context));
  const list = addApiOptions(new Command("list"))
    .description("list jobs, newest first")
    .action((options: ApiOptions) => listJobs(options, context));
  const show = addApiOptions(new Command("show"))
    .description("show a job, its rounds and participants")
    .argument("<job>", "id or start of an id")
    .action((job: string, options: ApiOptions) => showOne(job, options, context));
  const watch = addApiOptions(new Command("watch"))
    .description("follow a job until it is settled")
    .argument("<job>", "id or start of an id")
    .option("--timeout <seconds>", "give up after this time", "3600")
    .action((job: string, options: ApiOptions & { timeout: string }) =>
      watchJob(job, options, context),
    );
  const result = addApiOptions(new Command("result"))
    .description(
      "download the results of a finished job: its certificate, and the model if it trained one",
    )
    .argument("<job>", "id or start of an id")
    .requiredOption(
      "--out <dir>",
      "directory to write certificate.json to, and model.json, weights.bin, dataset.json",
      pathOption("out"),
    )
    .action((job: string, options: ApiOptions & { out: string }) =>
      fetchResult(job, options, context),
    );
  const cancel = addWalletOption(addApiOptions(new Command("cancel")))
    .description(
      "cancel a job; delivered work is paid, the managers' share of what is left burns, the rest comes back",
    )
    .argument("<job>", "id or start of an id")
    .option("--yes", "do it; without, the command only says what would burn")
    .action((job: string, options: CancelOptions) => cancelJob(job, options, context));
  const command = new Command("job").description(
    "order training; list, follow and cancel jobs, fetch their results",
  );
  for (const child of [submit, list, show, watch, result, cancel]) command.addCommand(child);
  return command;
}

const OVERRIDE =
  "options choose otherwise: --preset or --model, --optimizer, --learning-rate, --rounds, --epochs, --batch, --participants, --quorum, --team";

async function submitJob(options: SubmitOptions, context: CliContext): Promise<void> {
  const { readOrder } = await import("../job/order.ts");
  const { checkPayer, submit } = await import("../job/submit.ts");
  checkPayer(options);
  const client = await connect(options, context);
  const order = await readOrder(options, client);
  const submitted = await submit({ client, order, override: OVERRIDE }, options, context);
  context.output.result(submitted, () => {
    const { id, price, escrow, height } = submitted;
    context.output.fields({
      job: id,
      ...(price === undefined ? {} : { price: `${poml(price)} POML` }),
      ...(escrow === undefined
        ? {}
        : {
            escrow: `${poml(escrow)} POML${height === undefined ? "" : `, taken in block ${height}`}`,
          }),
    });
    context.output.command("\nFollow it with: ", `npx poml job watch ${id.slice(0, 12)}`);
  });
}

async function listJobs(options: ApiOptions, context: CliContext): Promise<void> {
  const { jobs, absent = 0 } = await (await connect(options, context)).jobs();
  context.output.result({ jobs, ...(absent > 0 ? { absent } : {}) }, () => {
    context.output.table(
      ["job", "kind", "name", "outcome", "recorded", "result", "escrow POML"],
      jobs.map((job) => [
        job.id.slice(0, 12),
        job.kind,
        job.name,
        outcomeWord(job),
        viewOf(job).progress(job),
        viewOf(job).result(job),
        poml(job.escrow),
      ]),
    );
    if (absent > 0) {
      context.output.line(
        `${absent} more were settled before the snapshot this node started from; it has them once it has replayed ` +
          "the blocks before",
      );
    }
  });
}

async function showOne(text: string, options: ApiOptions, context: CliContext): Promise<void> {
  const client = await connect(options, context);
  const id = await findJob(client, text);
  const job = await client.job(id);
  const { rounds } = await client.rounds(id);
  context.output.result({ ...job, records: rounds }, () => {
    showJob(context.output, job);
    if (rounds.length === 0) return;
    context.output.line();
    showRounds(context.output, rounds, job);
  });
}

async function watchJob(
  text: string,
  options: ApiOptions & { timeout: string },
  context: CliContext,
): Promise<void> {
  const { timeoutOf, watch } = await import("../job/watch.ts");
  const timeoutMs = timeoutOf(options.timeout);
  const client = await connect(options, context);
  await watch(client, await findJob(client, text), timeoutMs, context);
}

async function fetchResult(
  text: string,
  options: ApiOptions & { out: string },
  context: CliContext,
): Promise<void> {
  const { downloadResult } = await import("../job/download.ts");
  const client = await connect(options, context);
  const id = await findJob(client, text);
  const job = await client.job(id);
  const { anchorHeight } = await downloadResult(client, job, options.out);
  context.output.result({ job: id, modelDir: options.out, anchorHeight }, () => {
    context.output.line(`${viewOf(job).downloaded} in ${options.out}.`);
    context.output.line(
      `Check the result with the hash of block ${anchorHeight} from a node you trust (/v1/blocks/${anchorHeight}):`,
    );
    context.output.line(
      `  npx poml verify ${shellQuote(options.out)} --trust ${anchorHeight}:<hash>`,
    );
    context.output.line("With --api and any node you can take another block.");
  });
}

type CancelOptions = ApiOptions & WalletOptions & { readonly yes?: boolean };

async function cancelJob(text: string, options: CancelOptions, context: CliContext): Promise<void> {
  const { fromHex } = await import("../../../chain/crypto/hash.ts");
  const { payloadOf } = await import("../../../chain/types/transaction.ts");
  const { sendTransaction } = await import("../send.ts");
  const client = await connect(options, context);
  const job = await findJob(client, text);
  const found = await client.job(job);
  const { cancelBurns, outcome } = found;
  if (cancelBurns === undefined) {
    throw new CliError(
      `job ${job.slice(0, 12)} cannot be cancelled now: ${outcome.reason}`,
      { code: "WRONG_PHASE", exit: EXIT.failure },
      "a job is cancelled while it waits for its nodes or while they train",
    );
  }
  if (options.yes !== true) {
    throw usageError(
      "yes",
      `cancelling job ${job.slice(0, 12)} burns ${poml(cancelBurns)} POML; ${viewOf(found).progress(found)} are recorded and stay paid, so do updates of this round that hold; the rest of the escrow comes back. Nothing was done`,
      "add --yes to do it",
    );
  }
  const wallet = await openWallet(options, context);
  const { id } = await sendTransaction(
    client,
    wallet,
    payloadOf("job-cancel", { job: fromHex(job) }),
  );
  const { height } = await client.waitForTransaction(id);
  context.output.result({ job, transaction: id, height, cancelBurns }, () =>
    context.output.line(`cancelled in block ${height}; ${poml(cancelBurns)} POML burn`),
  );
}
