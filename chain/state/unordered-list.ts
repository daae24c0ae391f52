/**
 * Lists whose order has no meaning. A removed element is replaced by the last one, so that only as many places change,
 * and are hashed again, as elements are removed. Otherwise the removal of one near the front would move all elements
 * after it.
 */

/**
 * @param isGone called for each element
 * @returns the same list when nothing is removed
 */
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

/** @param at a place in the list */
export function withoutPlace<T>(list: readonly T[], at: number): readonly T[] {
  const left = list.slice();
  left[at] = left[left.length - 1] as T;
  left.length--;
  return left;
}
