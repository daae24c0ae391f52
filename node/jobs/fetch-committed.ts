/**
 * Fetches the files to which participants committed, for a member of the team; it asks again until the time for it is
 * over.
 */
import type { BlobFetcher, FetchedFile } from "../blobs/blob-fetcher.ts";
import type { Clock } from "../clock.ts";

export interface FetchCommittedModules {
  readonly fetcher: Pick<BlobFetcher, "fetchFile">;
  readonly clock: Pick<Clock, "sleep">;
}

/** Pause between two requests for a file that is not there yet; it doubles up to the longest pause. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 4_000;
/** At first only its participant has a file; every so many requests the other peers are asked, too. */
const ASK_ALL_EVERY = 4;

/** Share of the phase for which a member waits for files that do not come. */
const REVEAL_SHARE = 0.3;
const LEAST_REVEAL_MS = 1_000;

/** Ends when the member merges without the files that have not come. */
export function revealLimit(phaseMs: number, clock: Pick<Clock, "timeout">): AbortSignal {
  return clock.timeout(Math.max(LEAST_REVEAL_MS, Math.floor(phaseMs * REVEAL_SHARE)));
}

/**
 * @param peer of the participant
 * @param limit ends the requests
 * @returns undefined when it did not come
 */
export async function fetchCommitted(
  hash: Uint8Array,
  { peer, maxBytes, limit }: { peer: string; maxBytes: number; limit: AbortSignal },
  { fetcher, clock }: FetchCommittedModules,
): Promise<FetchedFile | undefined> {
  for (let look = 0; !limit.aborted; look++) {
    try {
      return await fetcher.fetchFile(hash, {
        prefer: [peer],
        onlyPreferred: (look + 1) % ASK_ALL_EVERY !== 0,
        maxBytes,
        signal: limit,
      });
    } catch {
      const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** look);
      await clock.sleep(pauseMs, limit).catch(() => {});
    }
  }
  return undefined;
}
