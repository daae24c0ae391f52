/**
 * Seeded choices of rows: the order in which they are cut into chunks, and class-balanced selections. All draws come
 * from the integer PRNG, so the same seed gives the same dataset everywhere.
 */
import { Random } from "../random.ts";
import type { DatasetOrder } from "./manifest.ts";

/** Row indexes in the wanted order. `by-label` shuffles within each label. */
export function rowOrder(labels: Uint16Array, order: DatasetOrder, seed: Uint8Array): Uint32Array {
  const indices = Uint32Array.from(labels, (_, index) => index);
  switch (order) {
    case "as-given":
      return indices;
    case "shuffled":
      return new Random(seed).shuffle(indices);
    case "by-label":
      return new Random(seed).shuffle(indices).sort((a, b) => (labels[a] ?? 0) - (labels[b] ?? 0));
    default:
      return order satisfies never;
  }
}

/**
 * Splits the rows so that every class gives the same share of its rows to the first part, and each part gets at least
 * one row of every class that has two.
 * @returns indexes in ascending order
 */
export function stratifiedSplit(
  labels: Uint16Array,
  share: number,
  seed: Uint8Array,
): [first: Uint32Array, rest: Uint32Array] {
  const first: number[] = [];
  const rest: number[] = [];
  const random = new Random(seed);
  for (const members of membersByClass(labels)) {
    random.shuffle(members);
    const wanted = Math.round(members.length * share);
    const taken = Math.min(Math.max(wanted, 1), members.length - 1);
    // One by one, because a class may have more rows than a call may have arguments.
    members.forEach((row, i) => {
      (i < taken ? first : rest).push(row);
    });
  }
  return [ascending(first), ascending(rest)];
}

/**
 * Selects `count` rows, the same number from each class (the first classes give the remainder).
 * @throws RangeError when a class has too few rows
 * @returns indexes in ascending order
 */
export function balancedSubset(labels: Uint16Array, count: number, seed: Uint8Array): Uint32Array {
  const groups = membersByClass(labels);
  const random = new Random(seed);
  const taken = groups.flatMap((members, label) => {
    const wanted = Math.floor(count / groups.length) + (label < count % groups.length ? 1 : 0);
    if (wanted > members.length) {
      throw new RangeError(`class ${label} has ${members.length} rows, ${wanted} are needed`);
    }
    return random.shuffle(members).slice(0, wanted);
  });
  return ascending(taken);
}

function membersByClass(labels: Uint16Array): number[][] {
  const groups: number[][] = [];
  labels.forEach((label, row) => {
    while (groups.length <= label) groups.push([]);
    groups[label]?.push(row);
  });
  return groups;
}

function ascending(rows: number[]): Uint32Array {
  return Uint32Array.from(rows).sort();
}
