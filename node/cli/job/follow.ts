/** Follows a job until it is settled by polling one node; every wait has a deadline. */
import { setTimeout as delay } from "node:timers/promises";
import { ApiError } from "../../api/api-error.ts";
import type { PomlClient } from "../../api/client.ts";
import type { JobDetail, RoundJson } from "../../api/contract/jobs/job.ts";
import { CliError, EXIT } from "../exit-codes.ts";

const POLL_MS = 500;
const LOOK_AGAIN = "look again with `npx poml job watch`, which follows it from where it is";
/** A node that restarts answers again within this time. */
const SILENCE_MS = 30_000;

export interface FollowOptions {
  readonly timeoutMs: number;
  /** Called when that time is over; by default the job is requested again. */
  readonly remedy?: string;
  readonly signal: AbortSignal;
  /** Called with every new state of the job. */
  readonly onJob?: (job: JobDetail) => void;
  /** Called once for each recorded round, in order. */
  readonly onRound?: (round: RoundJson, job: JobDetail) => void;
}

/**
 * @returns the settled job
 * @throws CliError TIMEOUT; whatever a request throws
 */
export async function followJob(
  client: PomlClient,
  id: string,
  { timeoutMs, remedy = LOOK_AGAIN, signal, onJob, onRound }: FollowOptions,
): Promise<JobDetail> {
  const end = performance.now() + timeoutMs;
  let seen = 0;
  const look = patiently(() => client.job(id));
  const lookAtRounds = patiently(() => client.rounds(id));
  for (;;) {
    const job = await look();
    if (job !== undefined) onJob?.(job);
    if (job !== undefined && onRound !== undefined && job.recordedRounds > seen) {
      const rounds = (await lookAtRounds())?.rounds ?? [];
      for (const round of rounds.slice(seen)) onRound(round, job);
      seen = Math.max(seen, rounds.length);
    }
    if (job?.phase === "settled") return job;
    if (performance.now() > end) {
      throw new CliError(
        `job ${id} is not settled after ${Math.round(timeoutMs / 1000)} s (${stateOf(job)})`,
        { code: "TIMEOUT", exit: EXIT.network },
        remedy,
      );
    }
    await delay(POLL_MS, undefined, { signal });
  }
}

/** Tolerates a node that does not answer: returns undefined for a while, then throws the error. */
function patiently<T>(request: () => Promise<T>): () => Promise<T | undefined> {
  let silentSince: number | undefined;
  return async () => {
    try {
      const answer = await request();
      silentSince = undefined;
      return answer;
    } catch (error) {
      const isSilent = error instanceof ApiError && error.status === 0;
      silentSince ??= performance.now();
      if (!isSilent || performance.now() - silentSince > SILENCE_MS) throw error;
      return undefined;
    }
  };
}

function stateOf(job: JobDetail | undefined): string {
  return job === undefined ? "no answer" : job.outcome.reason;
}

/** True when the job did what was ordered: all rounds, or its target accuracy. */
export function isComplete({ outcome }: JobDetail): boolean {
  return outcome.state === "done";
}

/** True when the settlement divides the escrow to the micro-unit. */
export function isBalanced({ escrow, settlement }: JobDetail): boolean {
  if (settlement === undefined) return false;
  const divided = Object.values(settlement).reduce((sum, part) => sum + BigInt(part), 0n);
  return divided === BigInt(escrow);
}
