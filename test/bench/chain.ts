/** The chain's speed in one JSON object: throughput, finality, import, catch-up, restart, growth. */
import { benchLoad, type LoadPlan } from "./chain-load.ts";
import type { BenchOptions } from "./main.ts";

const FULL: LoadPlan = { warmUpMs: 5_000, fullMs: 60_000, halfMs: 20_000, prepared: 150_000 };
const QUICK: LoadPlan = { warmUpMs: 2_500, fullMs: 8_000, halfMs: 5_000, prepared: 12_000 };

export async function bench({ quick }: BenchOptions): Promise<object> {
  return await benchLoad(quick ? QUICK : FULL);
}
