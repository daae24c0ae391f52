import { DIGEST_BYTES } from "../../../../ml/search/abi.ts";
import { nonceSpace } from "../../../../ml/search/search-task.ts";
import { inMemory } from "../../blob-source.ts";
import type { TaskControl } from "../../task-control.ts";
import { badTask, requireWithin } from "../../worker-error.ts";
import { algorithmInput, searchFields } from "../algorithm-task.ts";
import { Outputs } from "../outputs.ts";
import type { Assignment, Pool } from "../work.ts";
import type { DigestsOrder, DigestsOutcome } from "./order.ts";
import { type DigestsTask, MAX_TASK_NONCES } from "./task.ts";

/** @returns 32 bytes for each nonce, in the order given */
export function digests(
  task: DigestsTask,
  control: TaskControl,
  pool: Pool,
): Promise<readonly Uint8Array[]> {
  const attempt = () => ({ assignment: digestsAssignment(task) });
  return pool.run({ kind: "digests", isUrgent: true, isRemote: false, attempt }, control);
}

function digestsAssignment(
  task: DigestsTask,
): Assignment<readonly Uint8Array[], DigestsOrder, DigestsOutcome> {
  const { nonces } = task;
  requireWithin("nonces of a task", nonces.length, MAX_TASK_NONCES);
  const space = nonceSpace(task);
  const wrong = nonces.find((nonce) => nonce < 0n || nonce >= space);
  if (wrong !== undefined) throw badTask("nonces", `${wrong} has not ${task.nonceBytes} bytes`);
  const size = nonces.length * DIGEST_BYTES;
  const outputs = new Outputs({ digests: size });
  return {
    order: { kind: "digests", ...searchFields(task) },
    inputs: [
      algorithmInput(task),
      { name: "nonces", blobs: [inMemory(bytesOfNonces(nonces))], isKept: false },
    ],
    limitOf: outputs.limitOf,
    onOutput: outputs.keep,
    finish() {
      const bytes = outputs.take("digests", size);
      return nonces.map((_, at) => bytes.slice(at * DIGEST_BYTES, (at + 1) * DIGEST_BYTES));
    },
  };
}

function bytesOfNonces(nonces: readonly bigint[]): Uint8Array {
  return new Uint8Array(BigUint64Array.from(nonces).buffer);
}
