/**
 * Goes slowly through all blocks once after every start. A lost index entry shows in no read, because it looks as if it
 * had never existed. Missing entries are written again; damaged blocks are reported for repair.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { NodeLog } from "../telemetry/log.ts";
import type { ChainStore } from "./chain-store.ts";
import { readLinked, reindex } from "./self-check.ts";

export interface ScrubModules {
  readonly store: ChainStore;
  readonly log: NodeLog;
  /** Monotonic milliseconds. */
  now(): number;
  damaged(height: number): void;
}

const BATCH = 16;
const MIN_PAUSE_MS = 20;
/** Rests so many times as long as the work took: it uses at most a twentieth of one core. */
const REST_FACTOR = 19;

/**
 * @returns the number of index entries written again
 * @throws when the signal fires
 */
export async function scrub(
  { store, log, now, damaged }: ScrubModules,
  signal: AbortSignal,
): Promise<number> {
  let entries = 0;
  let startedAt = now();
  let expected: Uint8Array | undefined;
  for (let height = store.height; height >= store.lowest; height--) {
    const found = await readLinked(store, height, expected);
    if (found === undefined) damaged(height);
    else entries += await reindex(store, found.certified, found.hash);
    expected = found?.certified.block.header.parent;
    if (height % BATCH !== 0) continue;
    await delay(Math.max(MIN_PAUSE_MS, REST_FACTOR * (now() - startedAt)), undefined, { signal });
    startedAt = now();
  }
  if (entries > 0) log.warn("indexes of old blocks mended", { entries });
  return entries;
}
