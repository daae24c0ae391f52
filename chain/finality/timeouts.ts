/**
 * How long a step of a round may last. Longer with every round, so that the rounds outgrow whatever
 * delay the network has (partial synchrony); limited, so that a healed network goes on soon.
 */
import type { TimerStep } from "./messages.ts";

/** A proposal has to be built, travel and be applied; a vote only travels. */
const BASE_MS: Readonly<Record<TimerStep, number>> = {
  propose: 1000,
  prevote: 500,
  precommit: 500,
};
const MAX_MS = 60_000;

/**
 * Milliseconds after which a `timer` effect of this step and round is due. Chains that plan more
 * than a second for a block give the steps the same share of it.
 * @param blockIntervalMs the chain parameter
 */
export function timeoutMs(
  { step, round }: { readonly step: TimerStep; readonly round: number },
  blockIntervalMs: number,
): number {
  const base = Math.max(BASE_MS[step], Math.floor((BASE_MS[step] * blockIntervalMs) / 1000));
  return Math.min(base + Math.floor((base * round) / 2), Math.max(base, MAX_MS));
}
