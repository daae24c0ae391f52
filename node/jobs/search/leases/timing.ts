/** Times of the lease protocol, in milliseconds. */

/** Managers beat to their team and lanes to their manager so often; a beat carries progress. */
export const BEAT_MS = 2_000;
/** A manager that was not heard for so many beats is gone. */
export const MANAGER_MISSES = 3;
/**
 * A parent that answers, but gives no lease or acknowledges nothing for so long, is as good as gone: it may be lying.
 * Longer than a takeover and what follows it.
 */
export const PATIENCE_MS = 7 * BEAT_MS;
/** The same once the round is closed, when there is little time left to turn to another. */
export const LAST_PATIENCE_MS = BEAT_MS;
/** A lease is late only when its holder missed more beats than these ... */
export const HOLDER_MISSES = 2;
/** A sub-manager more than these: its children miss it first, and go on under the manager above. */
export const SUB_MISSES = MANAGER_MISSES + HOLDER_MISSES;
/** ... and took longer than so many times what it was expected to take. */
export const LATE_FACTOR = 1.5;
/** Whoever takes so many times the expected time, and at least this long, loses its lease although it beats. */
export const DEADLINE_FACTOR = 3;
export const LEAST_DEADLINE_MS = 15_000;
/**
 * A lease of the round before that nobody asks for is free again after so long. Nodes say within a second what they
 * searched of it; near the end of a search there is nothing else to give out meanwhile.
 */
export const CARRIED_MS: number = BEAT_MS / 2;
