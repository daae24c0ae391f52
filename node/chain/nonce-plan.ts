/**
 * Decides which nonce each waiting transaction of one account should have. All transactions above an unused nonce must
 * wait, so others move down into it. But only those may move which the chain accepts just once: a transfer signed for
 * one nonce must not be signed for another while the first may still be included. Pure.
 */

export interface Planned {
  readonly nonce: number;
  /** The chain refuses a second copy, so it may be signed again with another nonce. */
  readonly isMovable: boolean;
}

export interface NoncePlan<T> {
  readonly assigned: readonly { readonly entry: T; readonly nonce: number }[];
  /** Unused nonces below waiting transactions into which nothing may move. */
  readonly gaps: readonly number[];
}

/**
 * Changes as few nonces as possible: transactions above a gap stay, and the last movable one fills the gap.
 * @param first the account's next nonce; entries below it were overtaken by another transaction and may move
 * @param taken nonces of transactions that are not among the entries
 */
export function planNonces<T extends Planned>(
  first: number,
  entries: readonly T[],
  taken: (nonce: number) => boolean,
): NoncePlan<T> {
  const { at, moving } = placed(first, entries, taken);
  const gaps: number[] = [];
  for (let nonce = first; moving.length > 0 || nonce <= last(at); nonce++) {
    if (at.has(nonce) || taken(nonce)) continue;
    const next = moving.shift() ?? takeLast(at, nonce);
    if (next === undefined) gaps.push(nonce);
    else at.set(nonce, next);
  }
  const assigned = [...at].map(([nonce, entry]) => ({ entry, nonce }));
  return { assigned: assigned.toSorted((a, b) => a.nonce - b.nonce), gaps };
}

/**
 * Entries that can keep their nonces, and entries that cannot, in order; transfers of money take precedence over
 * movable entries.
 */
function placed<T extends Planned>(
  first: number,
  entries: readonly T[],
  taken: (nonce: number) => boolean,
): { at: Map<number, T>; moving: T[] } {
  const at = new Map<number, T>();
  const moving: T[] = [];
  for (const entry of entries.toSorted((a, b) => a.nonce - b.nonce)) {
    const { nonce, isMovable } = entry;
    const here = at.get(nonce);
    if (nonce < first || (isMovable && (here !== undefined || taken(nonce)))) moving.push(entry);
    else {
      if (here !== undefined) moving.push(here);
      at.set(nonce, entry);
    }
  }
  return { at, moving };
}

function last(at: ReadonlyMap<number, Planned>): number {
  return Math.max(-1, ...at.keys());
}

/** Removes the movable entry with the highest nonce above `nonce`. */
function takeLast<T extends Planned>(at: Map<number, T>, nonce: number): T | undefined {
  const above = [...at].filter(([held, entry]) => entry.isMovable && held > nonce);
  const [highest] = above.toSorted(([a], [b]) => b - a);
  if (highest === undefined) return undefined;
  at.delete(highest[0]);
  return highest[1];
}
