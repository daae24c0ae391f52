/** Digests of single nonces, in the thread of the worker that runs algorithms. */
import type { SearchTask } from "../../../ml/search/search-task.ts";
import { badTask } from "../worker-error.ts";
import type { TaskParts } from "./context.ts";

/**
 * @param nonces at least one
 * @returns 32 bytes for each, in order
 * @throws AlgorithmError; the signal's reason
 */
export async function hashNonces(
  task: SearchTask,
  nonces: BigUint64Array,
  { inputs, searches, context }: Pick<TaskParts, "inputs" | "searches" | "context">,
): Promise<Uint8Array> {
  const { signal, onProgress } = context;
  let digests: Uint8Array | undefined;
  await searches.run(
    inputs.one("algorithm"),
    { kind: "digests", task, nonces },
    {
      signal,
      end: NEVER,
      onHashes: (step) => onProgress({ step, steps: nonces.length, loss: undefined }),
      onNews: (news) => {
        if (news.kind === "digests") digests = news.bytes;
      },
    },
  );
  signal.throwIfAborted();
  if (digests === undefined) throw badTask("nonces", "none");
  return digests;
}

const NEVER = new AbortController().signal;
