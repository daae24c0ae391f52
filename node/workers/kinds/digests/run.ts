import { badTask } from "../../worker-error.ts";
import { searchTask } from "../algorithm-task.ts";
import type { RunTask } from "../context.ts";
import type { DigestsOrder, DigestsOutcome } from "./order.ts";
import { MAX_TASK_NONCES } from "./task.ts";

/** @throws WorkerError BAD_TASK; AlgorithmError; the signal's reason */
export const runDigests: RunTask<DigestsOrder, DigestsOutcome> = async (
  order,
  { inputs, searches, context },
) => {
  const { bytes } = inputs.one("nonces");
  if (bytes.length % 8 !== 0 || bytes.length > 8 * MAX_TASK_NONCES) {
    throw badTask("nonces", `${bytes.length} bytes`);
  }
  const nonces = new BigUint64Array(Uint8Array.from(bytes).buffer);
  const { signal, onProgress, output } = context;
  let digests: Uint8Array | undefined;
  const work = { kind: "digests", task: searchTask(order), nonces } as const;
  await searches.run(inputs.one("algorithm"), work, {
    signal,
    end: NEVER,
    onHashes: (step) => onProgress({ step, steps: nonces.length, loss: undefined }),
    onNews: (news) => {
      if (news.kind === "digests") digests = news.bytes;
    },
  });
  signal.throwIfAborted();
  if (digests === undefined) throw badTask("nonces", "none");
  await output("digests", 0, digests);
  return { kind: "digests" };
};

const NEVER = new AbortController().signal;
