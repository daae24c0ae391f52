import { badTask } from "../../worker-error.ts";
import { searchTask } from "../algorithm-task.ts";
import type { RunTask } from "../context.ts";
import { hashNonces } from "../hash-nonces.ts";
import type { DigestsOrder, DigestsOutcome } from "./order.ts";
import { MAX_TASK_NONCES } from "./task.ts";

/** @throws WorkerError BAD_TASK; AlgorithmError; the signal's reason */
export const runDigests: RunTask<DigestsOrder, DigestsOutcome> = async (order, parts) => {
  const { bytes } = parts.inputs.one("nonces");
  if (bytes.length % 8 !== 0 || bytes.length > 8 * MAX_TASK_NONCES) {
    throw badTask("nonces", `${bytes.length} bytes`);
  }
  const nonces = new BigUint64Array(Uint8Array.from(bytes).buffer);
  await parts.context.output("digests", 0, await hashNonces(searchTask(order), nonces, parts));
  return { kind: "digests" };
};
