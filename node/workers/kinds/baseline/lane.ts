/** A lane with all its attempts. */
import { equalBytes, HASH_BYTES, sha256, toHex } from "../../../../chain/crypto/hash.ts";
import { merkleRoot } from "../../../../chain/proof/hash-tree.ts";
import { breach } from "../../worker-error.ts";
import type { Assignment } from "../work.ts";
import type { BaselineOrder, BaselineOutcome } from "./order.ts";
import type { BaselineControl, BaselineTask, BaselineTaskResult } from "./task.ts";

/** A baseline state has 340 kB; this leaves room for a larger task version. */
const MAX_STATE_BYTES = 16 * 1024 * 1024;

/**
 * The states that arrive are the result: their hashes are the checkpoints. A later attempt gives the same states again,
 * so what an earlier one reached still counts. If the states differ, one of the two workers is faulty, and a lane with
 * states from both would be false; so the lane ends where they diverge.
 */
export class BaselineLane {
  readonly #task: BaselineTask;
  readonly #onState: BaselineControl["onState"];
  #checkpoints: Uint8Array[] = [];
  /** States from this one on are not trusted. */
  #ends = Number.POSITIVE_INFINITY;

  constructor(task: BaselineTask, { onState }: Pick<BaselineControl, "onState">) {
    this.#task = task;
    this.#onState = onState;
  }

  attempt(): Assignment<BaselineTaskResult, BaselineOrder, BaselineOutcome> {
    const { task, stepsPerSegment, maxSegments } = this.#task;
    let next = 0;
    return {
      order: {
        kind: "baseline",
        task,
        seed: toHex(this.#task.seed),
        stepsPerSegment,
        maxSegments,
      },
      inputs: [],
      limitOf: (name) => (name === "state" && next <= maxSegments ? MAX_STATE_BYTES : 0),
      onOutput: (_, index, state) => {
        if (index !== next) throw breach(`state ${index} of a lane, expected ${next}`);
        next += 1;
        if (this.#isBelieved(index, sha256(state))) this.#onState?.(index, state);
      },
      finish: (result) => {
        if (result.segments + 1 !== next) {
          throw breach("a lane's result that is not the states it sent");
        }
        return this.result(result.coreShare);
      },
    };
  }

  #isBelieved(index: number, hash: Uint8Array): boolean {
    if (index >= this.#ends) return false;
    const before = this.#checkpoints[index];
    if (before !== undefined && !equalBytes(before, hash)) {
      this.#ends = index;
      this.#checkpoints = this.#checkpoints.slice(0, index);
      return false;
    }
    this.#checkpoints[index] = hash;
    return true;
  }

  result(coreShare?: number): BaselineTaskResult {
    const checkpoints = [...this.#checkpoints];
    const segments = Math.max(0, checkpoints.length - 1);
    const none = checkpoints.length === 0;
    return {
      segments,
      checkpoints,
      checkpointRoot: none ? new Uint8Array(HASH_BYTES) : merkleRoot(checkpoints),
      coreShare,
    };
  }
}
