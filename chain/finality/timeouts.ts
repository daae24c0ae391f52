/**
 * How long a step of a round may last. The time grows with every round, so that it exceeds any delay that the network
 * has (partial synchrony). It is limited, so that a network that has recovered soon continues.
 */
import type { TimerStep } from "./messages.ts";

/** A proposal must be built, sent and applied; a vote is only sent. */
const BASE_MS: Readonly<Record<TimerStep, number>> = {
  propose: 1000,
  prevote: 500,
  precommit: 500,
};
const MAX_MS = 60_000;

/**
 * Milliseconds after which a `timer` effect of this step and round is due. A chain that plans more than a second for a
 * block gives the steps the same share of it.
 * @param blockIntervalMs the chain parameter
 */
export function timeoutMs(
  { step, round }: { readonly step: TimerStep; readonly round: number },
  blockIntervalMs: number,
): number {
  const base = Math.max(BASE_MS[step], Math.floor((BASE_MS[step] * blockIntervalMs) / 1000));
  return Math.min(base + Math.floor((base * round) / 2), Math.max(base, MAX_MS));
}
