/**
 * The rules of the lease log that need only the entries themselves: how they are chained, what is signed, which member
 * manages a view, and which two entries no honest manager would both sign.
 */
import { equalBytes } from "../../crypto/hash.ts";
import { signingRoot } from "../../crypto/signing.ts";
import { LEASE_ENTRIES, LeaseEntry, type LeaseEntryKind, LeasePromise } from "../../types/lease.ts";
import { ZERO_HASH } from "../../types/primitive.ts";

/** An entry is read many times and never changed, so its hash is kept. */
const roots = new WeakMap<LeaseEntry, Uint8Array>();

/** The value that the next entry must have in `previous`. */
export function leaseRoot(entry: LeaseEntry): Uint8Array {
  let root = roots.get(entry);
  if (root === undefined) {
    root = LeaseEntry.hashTreeRoot(entry);
    roots.set(entry, root);
  }
  return root;
}

/** What the manager's signature of an entry covers. */
export function leaseSigningRoot(genesisRoot: Uint8Array, entry: LeaseEntry): Uint8Array {
  return signingRoot("lease", genesisRoot, leaseRoot(entry));
}

/** What a member's signature of a promise covers. */
export function promiseSigningRoot(genesisRoot: Uint8Array, promise: LeasePromise): Uint8Array {
  return signingRoot("lease-promise", genesisRoot, LeasePromise.hashTreeRoot(promise));
}

/** @throws RangeError for a kind that does not exist */
export function leaseEntryKind({ kind }: Pick<LeaseEntry, "kind">): LeaseEntryKind {
  const name = LEASE_ENTRIES[kind];
  if (name === undefined) throw new RangeError(`no lease entry has kind ${kind}`);
  return name;
}

/**
 * The node that manages a view. The first view goes to the next member in each round, so that no member manages a
 * whole job; each further view belongs to the next member in drawn order.
 * @param team node indexes in drawn order, at least one
 * @param round from 1
 */
export function leaseManagerOf(team: readonly number[], round: number, view: number): number {
  const node = team[(round - 1 + view) % team.length];
  if (node === undefined) throw new RangeError(`no manager for view ${view} of round ${round}`);
  return node;
}

/** True for an entry of a node that does not manage its view: the node acts as manager without being elected. */
export function isUsurped(entry: LeaseEntry, team: readonly number[]): boolean {
  return entry.manager !== leaseManagerOf(team, entry.round, entry.view);
}

/**
 * Whether an entry may follow another, judging by chain, sequence and view alone. A new view begins with a takeover.
 * @param before undefined at the beginning of a round's log
 * @param origin what the first entry names: zero, or the root of the `turn` from which the log goes on
 */
export function followsEntry(
  before: LeaseEntry | undefined,
  entry: LeaseEntry,
  origin: Uint8Array = ZERO_HASH,
): boolean {
  const isTakeover = LEASE_ENTRIES[entry.kind] === "takeover";
  if (before === undefined) {
    const begins = entry.sequence === 1 && equalBytes(entry.previous, origin);
    return begins && isTakeover === entry.view > 0;
  }
  if (entry.round !== before.round || !equalBytes(entry.job, before.job)) return false;
  if (entry.sequence !== before.sequence + 1) return false;
  if (!equalBytes(entry.previous, leaseRoot(before))) return false;
  if (entry.view === before.view) return !isTakeover && entry.manager === before.manager;
  return entry.view > before.view && isTakeover;
}

/**
 * Whether a manager that signed both wrote two logs: two different entries with one sequence in one view, or two
 * takeovers of one view. In another view a manager may write the same sequence again, because too few members may have
 * received its earlier entry.
 */
export function contradicts(a: LeaseEntry, b: LeaseEntry): boolean {
  if (a.manager !== b.manager || a.round !== b.round || a.view !== b.view) return false;
  if (!equalBytes(a.job, b.job)) return false;
  const areTakeovers = [a, b].every(({ kind }) => LEASE_ENTRIES[kind] === "takeover");
  if (a.sequence !== b.sequence && !areTakeovers) return false;
  return !equalBytes(leaseRoot(a), leaseRoot(b));
}
