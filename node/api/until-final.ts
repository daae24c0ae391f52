/** Waits until a transaction is in a final block, from a client's view. */
import { setTimeout as delay } from "node:timers/promises";
import { type ApiCaller, segment } from "./api-caller.ts";
import { ApiError } from "./api-error.ts";
import { TransactionStatusJson } from "./contract/block.ts";

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 1000;

/**
 * A transaction that is in no block and no mempool may still be on its way, so only the signal ends the wait.
 * @throws ApiError TIMEOUT when the signal fires first
 */
export async function untilFinal(
  api: ApiCaller,
  id: string,
  signal: AbortSignal,
): Promise<TransactionStatusJson> {
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    const found = await peek(api, id, signal);
    if (found?.state === "final") return found;
    try {
      await delay(pauseMs, undefined, { signal });
    } catch (cause) {
      throw new ApiError(
        `transaction ${id} is not final yet (${found === undefined ? "unknown here" : "pending"})`,
        { code: "TIMEOUT", status: 0 },
        { cause, remedy: "see that blocks are being made (`npx poml status`), then ask again" },
      );
    }
  }
}

async function peek(
  api: ApiCaller,
  id: string,
  signal: AbortSignal,
): Promise<TransactionStatusJson | undefined> {
  try {
    return await api.call(`/v1/transactions/${segment(id)}`, TransactionStatusJson, { signal });
  } catch (error) {
    const passing = error instanceof ApiError && [0, 404, 429, 503].includes(error.status);
    if (passing) return undefined;
    throw error;
  }
}
