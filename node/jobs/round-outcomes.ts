/**
 * The rounds that this node is merging: each is merged once, for all that ask for the outcome, and only while the round
 * is open.
 */
import { toHex } from "../../chain/crypto/hash.ts";
import type { Job } from "../../chain/types/job.ts";
import { SerialQueue } from "../serial-queue.ts";
import { JobError } from "./job-error.ts";
import type { RoundOutcome } from "./round-outcome.ts";

/** A member of the team wants the outcome for some of the updates only. */
export interface Asked {
  /** Node index of the member. */
  readonly by: number;
  /** Node indexes whose updates are merged. */
  readonly only: readonly number[];
}

/** @param asked undefined: for this node itself, with all updates */
export type Merge = (
  job: Job,
  asked: Asked | undefined,
  signal: AbortSignal,
) => Promise<RoundOutcome>;

/** For one round and member: every other choice of updates costs a merge. */
const MAX_ASKED = 4;

interface Round {
  readonly control: AbortController;
  /** Of all updates. */
  own: Promise<RoundOutcome> | undefined;
  readonly members: Map<number, Member>;
}

interface Member {
  /** Requests of one member are merged one after another, so that others do not wait for all of them. */
  readonly queue: SerialQueue;
  /** By the nodes to merge. */
  readonly outcomes: Map<string, Promise<RoundOutcome>>;
}

export class RoundOutcomes {
  readonly #merge: Merge;
  readonly #rounds = new Map<string, Round>();

  constructor(merge: Merge) {
    this.#merge = merge;
  }

  /** This node's own outcome, with all valid updates that arrive. The next call repeats a failed merge. */
  of(job: Job): Promise<RoundOutcome> {
    const round = this.#round(job);
    if (round.own !== undefined) return round.own;
    const started = this.#merge(job, undefined, round.control.signal);
    round.own = started;
    started.catch(() => {
      if (round.own === started) round.own = undefined;
    });
    return started;
  }

  /**
   * For the updates that a member names.
   * @throws JobError COSIGN_REFUSED when it asked for too many others
   */
  ofAsked(job: Job, { by, only }: Asked): Promise<RoundOutcome> {
    const round = this.#round(job);
    const member = round.members.get(by) ?? { queue: new SerialQueue(), outcomes: new Map() };
    round.members.set(by, member);
    const { queue, outcomes } = member;
    const nodes = [...new Set(only)].sort((a, b) => a - b);
    const key = nodes.join();
    const known = outcomes.get(key);
    if (known !== undefined) return known;
    if (outcomes.size >= MAX_ASKED) return Promise.reject(tooMany(by));
    const { signal } = round.control;
    const started = queue.run(async () => {
      signal.throwIfAborted();
      return this.#merge(job, { by, only: nodes }, signal);
    });
    outcomes.set(key, started);
    started.catch(() => outcomes.delete(key));
    return started;
  }

  #round(job: Job): Round {
    const key = roundKey(job);
    const known = this.#rounds.get(key);
    if (known !== undefined) return known;
    const round = { control: new AbortController(), own: undefined, members: new Map() };
    this.#rounds.set(key, round);
    return round;
  }

  /**
   * Ends and forgets all other rounds.
   * @param wanted keys by `roundKey`
   */
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

function tooMany(by: number): JobError {
  const reason = `node #${by} asked for ${MAX_ASKED} different records of this round already`;
  return new JobError(`record not signed: ${reason}`, { code: "COSIGN_REFUSED", reason });
}

/** The key of one attempt at one round of a job. */
export function roundKey(job: Job): string {
  return `${toHex(job.id)}/${job.round}/${job.extensions}`;
}
