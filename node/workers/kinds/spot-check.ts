/**
 * Results of remote workers are not trusted without checks: a machine that is broken, or controlled by an attacker,
 * would make this node commit to false work and lose its bond and rating. Parts that are drawn here, and that the
 * worker cannot know, are repeated on this machine before the result is used.
 */
import { randomInt } from "node:crypto";
import { equalBytes } from "../../../chain/crypto/hash.ts";
import { WorkerError } from "../worker-error.ts";

/** An unpredictable number from 0 to below `count`. */
export type Draw = (count: number) => number;
export const drawAtRandom: Draw = (count) => randomInt(count);

/** A start state that belongs to no run is refused here; it is as wrong as an end state that is not reached. */
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
