/** The rounds this node merges now: each once, whoever asks for the outcome, and no longer than the round is open. */

import { toHex } from "../../chain/crypto/hash.ts";
import type { Job } from "../../chain/types/job.ts";
import { JobError } from "./job-error.ts";
import type { RoundOutcome } from "./round-result.ts";

/** @param only node indexes to merge; default all */
export type Merge = (
  job: Job,
  only: readonly number[] | undefined,
  signal: AbortSignal,
) => Promise<RoundOutcome>;

/** Of one round: a member that asks for ever other updates costs a merge each. */
const MAX_OUTCOMES = 8;

interface Round {
  readonly control: AbortController;
  /** By the nodes to merge. */
  readonly outcomes: Map<string, Promise<RoundOutcome>>;
}

export class RoundOutcomes {
  readonly #merge: Merge;
  readonly #rounds = new Map<string, Round>();

  constructor(merge: Merge) {
    this.#merge = merge;
  }

  /** A failed merge is tried again by the next call. */
  of(job: Job, only?: readonly number[]): Promise<RoundOutcome> {
    const key = roundKey(job);
    const round = this.#rounds.get(key) ?? { control: new AbortController(), outcomes: new Map() };
    this.#rounds.set(key, round);
    const nodes = only?.join() ?? "all";
    const known = round.outcomes.get(nodes);
    if (known !== undefined) return known;
    if (round.outcomes.size >= MAX_OUTCOMES) return Promise.reject(tooMany());
    const started = this.#merge(job, only, round.control.signal);
    round.outcomes.set(nodes, started);
    started.catch(() => round.outcomes.delete(nodes));
    return started;
  }

  /** Ends and forgets the other rounds. @param wanted keys by `roundKey` */
  keepOnly(wanted: ReadonlySet<string>): void {
    for (const [key, { control }] of this.#rounds) {
      if (wanted.has(key)) continue;
      this.#rounds.delete(key);
      control.abort(new Error("the round is over"));
    }
  }

  stop(): void {
    this.keepOnly(new Set());
  }
}

function tooMany(): JobError {
  const reason = `${MAX_OUTCOMES} different records of this round were asked for already`;
  return new JobError(`record not signed: ${reason}`, { code: "COSIGN_REFUSED", reason });
}

/** One try at one round of a job. */
export function roundKey(job: Job): string {
  return `${toHex(job.id)}/${job.round}/${job.extensions}`;
}
