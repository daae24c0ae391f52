/** `poml job`: orders training, follows it, fetches the model. */

import { Command } from "commander";
import type { JobDetail, RoundJson } from "../../api/contract/jobs/job.ts";
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
import { outcomeWord, roundLine, showJob, showRounds, stateText } from "../job/show.ts";
import { viewOf } from "../job/views.ts";
import { pathOption } from "../path-option.ts";

interface SubmitOptions extends ApiOptions, WalletOptions, OrderOptions {
  readonly payer: string;
  readonly key?: string;
}

export function jobCommand(context: CliContext): Command {
  const submit = addOrderOptions(addWalletOption(addApiOptions(new Command("submit"))))
    .description("order a training job")
    .option(
      "--payer <who>",
      "wallet: sign here; node: let the node pay (needs its token)",
      "wallet",
    )
    .option("--key <text>", "with --payer node: equal keys give the same job")
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
    .option("--timeout <seconds>", "give up after so long", "3600")
    .action((job: string, options: ApiOptions & { timeout: string }) =>
      watchJob(job, options, context),
    );
  const result = addApiOptions(new Command("result"))
    .description("download model and certificate of a finished job")
    .argument("<job>", "id or start of an id")
    .requiredOption(
      "--out <dir>",
      "directory to write model.json, weights.bin, dataset.json, certificate.json to",
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
  const command = new Command("job").description("order training and fetch models");
  for (const child of [submit, list, show, watch, result, cancel]) command.addCommand(child);
  return command;
}

const OVERRIDE =
  "options choose otherwise: --preset or --model, --optimizer, --learning-rate, --rounds, --epochs, --batch, --participants, --quorum, --team";

async function submitJob(options: SubmitOptions, context: CliContext): Promise<void> {
  const { readOrder } = await import("../job/order.ts");
  const { openPrepared } = await import("../job/open.ts");
  if (options.payer !== "wallet" && options.payer !== "node") {
    throw usageError("payer", `unknown payer ${JSON.stringify(options.payer)}`, "wallet or node");
  }
  const client = await connect(options, context);
  const order = await readOrder(options, client);
  if (options.payer === "node") {
    const ordered = await client.orderJob(order, options.key);
    for (const note of ordered.notes) context.output.note(note);
    const { id, price, escrow } = ordered;
    return context.output.result(ordered, () =>
      context.output.fields({
        job: id,
        ...(price === undefined ? {} : { price: `${poml(price)} POML` }),
        ...(escrow === undefined ? {} : { escrow: `${poml(escrow)} POML` }),
      }),
    );
  }
  const wallet = await openWallet(options, context);
  const prepared = await client.prepareJob(order);
  const { price, escrow, notes } = prepared;
  // Before anything is signed, so that a person can still stop it.
  for (const note of notes) context.output.note(note);
  if (notes.some((note) => note.startsWith("chosen:"))) context.output.note(OVERRIDE);
  context.output.note(`the price is ${poml(price)} POML; ${poml(escrow)} POML go into escrow`);
  const { id, height } = await openPrepared(client, wallet, prepared);
  context.output.result({ id, price, escrow, height, notes }, () => {
    context.output.fields({
      job: id,
      price: `${poml(price)} POML`,
      escrow: `${poml(escrow)} POML, taken in block ${height}`,
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
  const { followJob, isComplete } = await import("../job/follow.ts");
  const { createProgress } = await import("../progress.ts");
  const timeoutMs = 1000 * Number(options.timeout);
  if (!(timeoutMs > 0)) throw usageError("timeout", "not a positive number", "give seconds");
  const client = await connect(options, context);
  const id = await findJob(client, text);
  const progress = await createProgress(context.output);
  const bar = progress.bar("recorded", { isMain: true });
  try {
    const job = await followJob(client, id, {
      timeoutMs,
      signal: context.signal,
      onJob: (job) => bar.update(job.progress, stateText(job)),
      onRound: (round, of) => progress.line(roundLine(round, of)),
    });
    progress.stop();
    const { rounds } = await client.rounds(id);
    if (!isComplete(job)) throw incomplete(job, rounds, context);
    context.output.result({ ...job, records: rounds }, () => {
      showRounds(context.output, rounds, job);
      context.output.line(`\n${job.outcome.reason}`);
      viewOf(job).showNext(context.output, job);
    });
  } finally {
    progress.stop();
  }
}

/** With --json the job stands in the error: a program gets one object. */
function incomplete(
  found: JobDetail,
  records: readonly RoundJson[],
  { output }: CliContext,
): CliError {
  if (records.length > 0 && !output.json) showRounds(output, records, found);
  const { outcome, ...job } = found;
  const { reason, remedy } = outcome;
  return new CliError(
    `job ${job.id} ${outcomeWord({ outcome, phase: job.phase })}: ${reason}`,
    { code: "JOB_INCOMPLETE", exit: EXIT.failure, job: { ...job, outcome, records } },
    remedy ?? "order it again with `npx poml job submit`",
  );
}

async function fetchResult(
  text: string,
  options: ApiOptions & { out: string },
  context: CliContext,
): Promise<void> {
  const { downloadResult } = await import("../job/download.ts");
  const client = await connect(options, context);
  const id = await findJob(client, text);
  const { anchorHeight } = await downloadResult(client, id, options.out);
  context.output.result({ job: id, modelDir: options.out, anchorHeight }, () => {
    context.output.line(`Model and certificate are in ${options.out}.`);
    context.output.line(
      `Check them with the hash of block ${anchorHeight} from a node you trust (/v1/blocks/${anchorHeight}):`,
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
