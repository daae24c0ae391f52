/** Waits for a condition, with a deadline and a name for what is waited for. */
import { setTimeout as delay } from "node:timers/promises";

export async function until(
  condition: () => boolean | Promise<boolean>,
  timeoutMs: number,
  what: string,
): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`no ${what} within ${timeoutMs} ms`);
    await delay(20);
  }
}
