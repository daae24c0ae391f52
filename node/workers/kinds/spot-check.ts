/**
 * Results of remote workers are not believed unseen: a machine that was taken over, or is broken, would have this node
 * commit to false work and lose its bond and rating. Parts drawn here, which the worker cannot know, are done again on
 * this machine before the result is used.
 */
import { randomInt } from "node:crypto";
import { equalBytes } from "../../../chain/crypto/hash.ts";
import { WorkerError } from "../worker-error.ts";

/** A number from 0 to below `count` that nobody can foresee. */
export type Draw = (count: number) => number;
export const drawAtRandom: Draw = (count) => randomInt(count);

/** A start that no run goes through is refused here, and as wrong as an end that is not reached. */
export async function believed<T>(
  worker: string,
  segment: number,
  again: () => Promise<T>,
): Promise<T> {
  try {
    return await again();
  } catch (error) {
    if (error instanceof WorkerError && error.facts.code === "TASK_FAILED") {
      const { reason } = error.facts;
      if (reason === "BAD_CHECKPOINT" || reason === "DIVERGED") throw wrong(worker, segment, error);
    }
    throw error;
  }
}

export function wrong(worker: string, segment: number, cause?: unknown): WorkerError {
  return new WorkerError(
    `segment ${segment} of worker ${worker} comes out otherwise on this machine`,
    { code: "SPOT_CHECK", worker, what: `segment ${segment}` },
    { action: "local", cause },
  );
}

export function isSame(told: Uint8Array | undefined, found: Uint8Array): boolean {
  return told !== undefined && equalBytes(told, found);
}
