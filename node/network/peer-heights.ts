/**
 * How far the chain is according to the connected peers, and whether any peer has been heard at all. Pure: times are
 * milliseconds of one monotonic clock.
 */

export interface PeerHeights {
  /** The highest height that a connected peer has reported lately; undefined: none has. */
  readonly highest: number | undefined;
  /** How long this node has asked without an answer, or had no peer to ask. */
  readonly silentMs: number;
}

/** Three rounds of asking (peer-claims.ts); older answers say nothing about the present. */
const FRESH_MS = 15_000;

/**
 * @param heard what each connected peer reported last, and when
 * @param unheardMs how long this node has asked without hearing from any peer
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
