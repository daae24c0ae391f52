/** The worker's work: it turns an order and its inputs into calls of ml/. It knows neither socket nor process. */
import type { RunTask, TaskParts } from "./kinds/context.ts";
import { KINDS } from "./kinds/kinds.ts";
import type { WireOrder, WireResult } from "./protocol.ts";

/** @throws WorkerError BAD_TASK; any error of ml/; the signal's reason */
export async function runTask(order: WireOrder, parts: TaskParts): Promise<WireResult> {
  // Each row takes orders of its own kind.
  const run = (await KINDS[order.kind].load()) as RunTask<WireOrder, WireResult>;
  return run(order, parts);
}
