/** Limits on what may wait of one sender: how many transactions, how far ahead, and free ones only in turn. */
import type { State } from "../state/state.ts";
import type { Account } from "../types/state.ts";
import { kindOf, type SignedTransaction } from "../types/transaction.ts";
import { dryRunAll } from "./admission.ts";
import { type Entry, nonceAfterRun, type Sender } from "./entry.ts";
import type { MempoolLimits } from "./limits.ts";
import { MempoolError } from "./mempool-error.ts";

/** Of a transaction that replaces no other one. @throws MempoolError SENDER_FULL */
export function checkCount({ waiting }: Sender, { perSender }: MempoolLimits): void {
  if (waiting.size >= perSender) throw senderFull(perSender);
}

/**
 * @param from the account's next nonce
 * @throws MempoolError NONCE_GAP
 */
export function checkNonceGap(
  sender: Sender,
  from: number,
  nonce: number,
  { nonceGap: gap }: MempoolLimits,
): void {
  if (nonce <= from + gap) return;
  const expected = nonceAfterRun(sender, from);
  if (nonce <= expected + gap) return;
  throw new MempoolError(`nonce ${nonce} is too far ahead of ${expected}`, {
    code: "NONCE_GAP",
    expected,
    actual: nonce,
    gap,
  });
}

/**
 * A free transaction is accepted only with the next nonce, and only if it would apply after those before it.
 * @throws MempoolError NONCE_GAP, SENDER_FULL; TransactionError
 */
export function checkFree(
  state: State,
  { nonce: first }: Account,
  { sender, signed, nonce }: Entry,
  { freePerSender, votesPerSender }: MempoolLimits,
): void {
  const before: SignedTransaction[] = [];
  for (let at = first; at < nonce; at++) {
    const entry = sender.waiting.get(at);
    if (entry === undefined) throw outOfTurn(at, nonce);
    before.push(entry.signed);
  }
  if (before.length >= freePerSender) throw senderFull(freePerSender);
  if (isVote(signed) && before.filter(isVote).length >= votesPerSender) {
    throw senderFull(votesPerSender, "votes");
  }
  dryRunAll(state, [...before, signed]);
}

function isVote({ transaction }: SignedTransaction): boolean {
  const kind = kindOf(transaction);
  return kind === "parameter-vote" || kind === "algorithm-vote";
}

function outOfTurn(expected: number, actual: number): MempoolError {
  return new MempoolError(
    `a free transaction waits only in turn: nonce ${actual} came before ${expected}`,
    { code: "NONCE_GAP", expected, actual, gap: 0 },
    "send them in the order of their nonces",
  );
}

function senderFull(limit: number, what = "transactions"): MempoolError {
  return new MempoolError(
    `the sender has ${limit} ${what} waiting`,
    { code: "SENDER_FULL", limit },
    "wait for some to be final",
  );
}
