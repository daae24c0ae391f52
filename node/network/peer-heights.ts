/** How far the connected peers say the chain is, and whether they have been heard at all. Pure: times are milliseconds of one monotonic clock. */

export interface PeerHeights {
  /** Highest that a connected peer has told lately; undefined: none has. */
  readonly highest: number | undefined;
  /** How long this node has asked in vain, or had no peer to ask. */
  readonly silentMs: number;
}

/** Three rounds of asking (peer-claims.ts): what was heard before that says nothing of now. */
export const FRESH_MS = 15_000;

/**
 * @param heard what each connected peer told last, and when
 * @param unheardMs for how long this node has asked without hearing anybody
 */
export function peerHeights(
  heard: Iterable<{ readonly height: number; readonly at: number }>,
  unheardMs: number,
  now: number,
): PeerHeights {
  const heights = Array.from(heard)
    .filter(({ at }) => now - at <= FRESH_MS)
    .map(({ height }) => height);
  if (heights.length > 0) return { highest: Math.max(...heights), silentMs: 0 };
  return { highest: undefined, silentMs: unheardMs };
}
