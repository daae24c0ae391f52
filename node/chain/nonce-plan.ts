/**
 * Which nonce each waiting transaction of one account should have. A nonce that nobody uses keeps all above
 * it waiting, so transactions move down into it; but only those which the chain takes once: a transfer signed
 * for one nonce must not be signed for another while the first may still be included. Pure.
 */

export interface Planned {
  readonly nonce: number;
  /** The chain refuses a second one, so it may be signed again under another nonce. */
  readonly isMovable: boolean;
}

export interface NoncePlan<T> {
  readonly assigned: readonly { readonly entry: T; readonly nonce: number }[];
  /** Nonces that nothing has and nothing may move to, though something waits above. */
  readonly gaps: readonly number[];
}

/**
 * @param first the account's next nonce; entries below it were overtaken by another transaction and may move
 * @param taken nonces of transactions that are not among the entries
 */
export function planNonces<T extends Planned>(
  first: number,
  entries: readonly T[],
  taken: (nonce: number) => boolean,
): NoncePlan<T> {
  const fixed = new Map<number, T>();
  const movable: T[] = [];
  for (const entry of entries.toSorted((a, b) => a.nonce - b.nonce)) {
    if (entry.isMovable || entry.nonce < first) movable.push(entry);
    else fixed.set(entry.nonce, entry);
  }
  const assigned: { entry: T; nonce: number }[] = [];
  const gaps: number[] = [];
  for (let nonce = first; movable.length > 0 || fixed.size > 0; nonce++) {
    const here = fixed.get(nonce);
    if (here !== undefined) {
      fixed.delete(nonce);
      assigned.push({ entry: here, nonce });
      continue;
    }
    if (taken(nonce)) continue;
    const next = movable.shift();
    if (next === undefined) gaps.push(nonce);
    else assigned.push({ entry: next, nonce });
  }
  return { assigned, gaps };
}
