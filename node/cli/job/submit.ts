/** Submits an order for any kind of work. Either the node pays for it, or a wallet on this machine. */
import type { PomlClient } from "../../api/client.ts";
import type { JobOrder } from "../../api/contract/jobs/job.ts";
import { openWallet } from "../api-options.ts";
import type { CliContext } from "../context.ts";
import { usageError } from "../exit-codes.ts";
import { poml } from "../format.ts";
import { openPrepared } from "./open.ts";
import type { PayerOptions } from "./payer-options.ts";

export interface Submitted {
  readonly id: string;
  /** Absent when an earlier order with the same key opened the job. */
  readonly price?: string | undefined;
  readonly escrow?: string | undefined;
  /** Height of the block that opened it; known when the wallet paid. */
  readonly height?: number;
  readonly notes: readonly string[];
}

export interface Submission {
  readonly client: PomlClient;
  readonly order: JobOrder;
  /** Sentences about what the node chose for the client. */
  readonly override: string;
}

/** @throws CliError BAD_ARGUMENT */
export function checkPayer({ payer }: PayerOptions): void {
  if (payer === "wallet" || payer === "node") return;
  throw usageError("payer", `unknown payer ${JSON.stringify(payer)}`, "wallet or node");
}

/** @throws ApiError, WalletError */
export async function submit(
  { client, order, override }: Submission,
  options: PayerOptions,
  context: CliContext,
): Promise<Submitted> {
  const { output } = context;
  if (options.payer === "node") {
    const ordered = await client.orderJob(order, options.key);
    for (const note of ordered.notes) output.note(note);
    return ordered;
  }
  const wallet = await openWallet(options, context);
  const prepared = await client.prepareJob(order);
  const { price, escrow, notes } = prepared;
  // Printed before anything is signed, so that a person can still stop it.
  for (const note of notes) output.note(note);
  if (notes.some((note) => note.startsWith("chosen:"))) output.note(override);
  output.note(`the price is ${poml(price)} POML; ${poml(escrow)} POML go into escrow`);
  const { id, height } = await openPrepared(client, wallet, prepared);
  return { id, price, escrow, height, notes };
}
