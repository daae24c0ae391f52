/**
 * Lists whose order means nothing. What leaves such a list is replaced by its last element, so that only as many
 * places change, and are hashed anew, as leave: else one that leaves near the front would move all behind it.
 */

/** @param isGone of each element @returns the list itself when nothing leaves */
export function without<T>(list: readonly T[], isGone: (value: T) => boolean): readonly T[] {
  let left: T[] | undefined;
  let at = 0;
  for (let length = list.length; at < length; ) {
    const value = (left ?? list)[at] as T;
    if (!isGone(value)) {
      at++;
      continue;
    }
    left ??= list.slice();
    left[at] = left[--length] as T;
    left.length = length;
  }
  return left ?? list;
}

/** @param at a place of the list */
export function withoutPlace<T>(list: readonly T[], at: number): readonly T[] {
  const left = list.slice();
  left[at] = left[left.length - 1] as T;
  left.length--;
  return left;
}
