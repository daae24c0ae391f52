/** By which leases of managers higher up in the tree units are known there. */
import { overlap, type Span } from "./span.ts";

/** Units of a lease that a parent holds itself from the manager above it. */
export interface ParentLease extends Span {
  readonly lease: number;
}

/**
 * Of units that a sub-manager gave: at first the leases by which the manager above it knows them, then those of the one
 * above that, up to the active manager. Empty where nobody there knows them; all empty from the active manager itself.
 */
export type Ancestry = readonly (readonly ParentLease[])[];

/** The part of it that is about these units. */
export function ancestryOf(ancestry: Ancestry, span: Span): Ancestry {
  return ancestry.map((names) => namesWithin(names, span));
}

export function namesWithin(names: readonly ParentLease[], span: Span): readonly ParentLease[] {
  return names.flatMap(({ lease, from, to }) =>
    overlap([{ from, to }], [span]).map((part) => ({ lease, ...part })),
  );
}

export function hasNames(ancestry: Ancestry): boolean {
  return ancestry.some((names) => names.length > 0);
}

/** Both, level by level. */
export function joined(a: Ancestry, b: Ancestry): Ancestry {
  const levels = Math.max(a.length, b.length);
  return Array.from({ length: levels }, (_, i) => [...(a[i] ?? []), ...(b[i] ?? [])]);
}
