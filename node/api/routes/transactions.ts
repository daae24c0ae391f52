/** Signed transactions: submit one, look one up. They need no token, because the signature is the authority. */

import { fromHex, toHex } from "../../../chain/crypto/hash.ts";
import { decodeSsz } from "../../../chain/decode.ts";
import { transactionId } from "../../../chain/transaction-id.ts";
import {
  type SignedTransaction as Signed,
  SignedTransaction,
} from "../../../chain/types/transaction.ts";
import { apiError } from "../api-error.ts";
import { parseJson } from "../body.ts";
import {
  SubmittedBatch,
  SubmittedTransaction,
  TransactionHex,
  TransactionStatusJson,
  WaitingTransactionList,
} from "../contract/block.ts";
import { Bytes } from "../contract/scalar.ts";
import { MAX_BATCH_TRANSACTIONS, TransactionBatch } from "../contract/transaction-batch.ts";
import { encodeTransactionStatus, encodeWaiting } from "../encode/block.ts";
import type { ApiLimits } from "../limits.ts";
import { problemOf } from "../problem.ts";
import { type Call, checked, type Route, route } from "../route.ts";
import { NoQuery, parseHash } from "./parse.ts";
import type { StateView, StatusView, TransactionView } from "./views.ts";

export interface TransactionRouteModules extends StateView, StatusView, TransactionView {
  /**
   * Checks, stores and gossips a signed transaction.
   * @throws PomlError
   */
  submit(transaction: SignedTransaction): Promise<Uint8Array>;
  /**
   * `submit` for many.
   * @returns for each, in order, undefined or the reason why it was not accepted
   * @throws PomlError OVERLOADED; then none was accepted
   */
  submitAll(transactions: readonly SignedTransaction[]): Promise<readonly (Error | undefined)[]>;
}

export function transactionRoutes(services: TransactionRouteModules, limits: ApiLimits): Route[] {
  return [
    route({
      method: "post",
      path: "/v1/transactions",
      tag: "chain",
      summary: "Hand in a signed transaction; it is checked, kept and gossiped",
      query: NoQuery,
      content: { "application/octet-stream": Bytes, "application/json": TransactionHex },
      answers: [{ status: 202, description: "taken", schema: SubmittedTransaction }],
      handle: async (call) => {
        const id = toHex(await services.submit(await readTransaction(call, limits)));
        return { status: 202, json: { id }, headers: { location: `/v1/transactions/${id}` } };
      },
    }),
    route({
      method: "post",
      path: "/v1/transactions/batch",
      tokens: 10,
      tag: "chain",
      summary: `Hand in up to ${MAX_BATCH_TRANSACTIONS} signed transactions as an SSZ list; each gets its own answer`,
      query: NoQuery,
      content: { "application/octet-stream": Bytes },
      answers: [{ status: 200, description: "what became of each", schema: SubmittedBatch }],
      handle: async (call) => {
        const all = await readBatch(call, limits);
        const refusals = await services.submitAll(all);
        const results = all.map((signed, i) => batchResult(signed, refusals[i]));
        return { json: { results } };
      },
    }),
    route({
      method: "get",
      path: "/v1/transactions/own",
      tag: "chain",
      summary:
        "Transactions of this node's account that are in no block yet, and what they wait for",
      query: NoQuery,
      answers: [{ status: 200, description: "in nonce order", schema: WaitingTransactionList }],
      handle: () => {
        const { height, ownTransactions } = services.status();
        return { json: { transactions: ownTransactions.map((one) => encodeWaiting(height, one)) } };
      },
    }),
    route({
      method: "get",
      path: "/v1/transactions/{id}",
      tokens: 5,
      tag: "chain",
      summary: "A transaction, waiting or final",
      params: { id: "transaction id" },
      query: NoQuery,
      answers: [{ status: 200, description: "the transaction", schema: TransactionStatusJson }],
      handle: async ({ params }) => {
        const found = await services.transaction(parseHash(params.id, "id"));
        if (found === undefined) throw unknownTransaction(params.id ?? "");
        return { json: encodeTransactionStatus(services.state(), found) };
      },
    }),
  ];
}

async function readTransaction(call: Call, { transactionBytes }: ApiLimits): Promise<Signed> {
  switch (call.mediaType) {
    case "application/octet-stream":
      return decodeSsz("transaction", SignedTransaction, await call.bytes(transactionBytes));
    case "application/json": {
      const body = parseJson(await call.bytes(2 * transactionBytes + 64));
      return decodeSsz(
        "transaction",
        SignedTransaction,
        fromHex(checked(TransactionHex, body, "body").hex),
      );
    }
    default:
      throw apiError(415, "UNSUPPORTED_MEDIA_TYPE", "a transaction comes as bytes or as JSON", {
        field: "Content-Type",
        remedy: 'send application/octet-stream, or application/json with {"hex": "…"}',
      });
  }
}

async function readBatch(call: Call, { batchBytes }: ApiLimits): Promise<readonly Signed[]> {
  if (call.mediaType !== "application/octet-stream") {
    throw apiError(415, "UNSUPPORTED_MEDIA_TYPE", "a batch of transactions comes as bytes", {
      field: "Content-Type",
      remedy: "send application/octet-stream: an SSZ list of SignedTransaction",
    });
  }
  return decodeSsz("transaction batch", TransactionBatch, await call.bytes(batchBytes));
}

/** @throws `refusal` itself if it is no refusal but a fault of this node */
function batchResult({ transaction }: Signed, refusal: Error | undefined): object {
  const id = toHex(transactionId(transaction));
  if (refusal === undefined) return { id };
  const problem = problemOf(refusal);
  if (problem === undefined) throw refusal;
  return { id, problem };
}

function unknownTransaction(id: string): Error {
  return apiError(404, "UNKNOWN_TRANSACTION", `no transaction ${id}, waiting or final`, {
    field: "id",
    remedy: "it may have expired or been replaced; check the account's nonce and send it again",
  });
}
