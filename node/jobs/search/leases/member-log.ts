/** A member's copy of the log of a round, as far as it is right by the rules. */
import { equalBytes } from "../../../../chain/crypto/hash.ts";
import type { SignedLeaseEntry } from "../../../../chain/types/lease.ts";
import { ZERO_HASH } from "../../../../chain/types/primitive.ts";
import {
  contradicts,
  followsEntry,
  isUsurped,
  leaseEntryKind,
} from "../../../../chain/workload/search/lease-log.ts";
import { LeaseTable } from "./lease-table.ts";
import type { LogEntry } from "./member-messages.ts";
import type { Spans } from "./span.ts";
import { stepOf } from "./step.ts";
import { headOf, isRightTakeover, type LogHead, type TeamShape } from "./takeover.ts";
import type { LogOrigin } from "./turned.ts";

/** Entries of a round, at most. */
export const MAX_LOG = 2 ** 21;

export interface LogOptions extends TeamShape {
  readonly job: Uint8Array;
  /** By the chain; undefined while it has not reached the round. */
  readonly open: Spans | undefined;
}

export class MemberLog {
  readonly #options: LogOptions;
  #entries: LogEntry[] = [];
  #onChain: Spans | undefined;
  #turned: LogOrigin | undefined;
  /** Where the log goes on from, or will when this member begins it. */
  #origin: LogOrigin | undefined;
  /** All entries taken in; undefined where entries were dropped since it was last used. */
  #table: LeaseTable | undefined;
  #safe = 0;
  /** Of the log, by view. */
  readonly #takeovers = new Map<number, LogEntry>();

  constructor(options: LogOptions) {
    this.#options = options;
    this.#onChain = options.open;
  }

  /** Before there are entries. */
  turnedAt(origin: LogOrigin): void {
    this.#turned = origin;
    this.#origin = origin;
    this.#table = undefined;
  }

  /** The chain has reached the round. */
  reached(open: Spans): void {
    this.#onChain = open;
  }

  /** As it is before the first entry. */
  emptyTable(): LeaseTable {
    const { open = [], held = [] } = this.#origin ?? { open: this.#onChain };
    if (this.#origin === undefined) return new LeaseTable({ open });
    return new LeaseTable({ open, held, onChain: () => this.#onChain });
  }

  /** The value that the next entry must have in `previous`. */
  get previous(): Uint8Array {
    return this.last === undefined ? (this.#origin?.root ?? ZERO_HASH) : this.head.root;
  }

  get entries(): readonly LogEntry[] {
    return this.#entries;
  }

  get length(): number {
    return this.#entries.length;
  }

  /** More than half of the team holds the log up to here. */
  get safe(): number {
    return this.#safe;
  }

  /** @returns entries that have become safe */
  safeTo(sequence: number): readonly LogEntry[] {
    const before = this.#safe;
    this.#safe = Math.max(before, Math.min(sequence, this.length));
    return this.#entries.slice(before, this.#safe);
  }

  /** View of the last entry. */
  get view(): number {
    return this.last?.signed.entry.view ?? 0;
  }

  get last(): LogEntry | undefined {
    return this.#entries.at(-1);
  }

  get head(): LogHead {
    return headOf(this.last?.signed.entry);
  }

  at(sequence: number): LogEntry | undefined {
    return this.#entries[sequence - 1];
  }

  /** An entry of ours that its signer contradicts by `signed`. */
  contradicted(signed: SignedLeaseEntry): SignedLeaseEntry | undefined {
    const { entry } = signed;
    const same = this.at(entry.sequence)?.signed;
    if (same !== undefined && contradicts(same.entry, entry)) return same;
    if (leaseKind(entry.kind) !== "takeover") return undefined;
    const own = this.#takeovers.get(entry.view)?.signed;
    return own !== undefined && contradicts(own.entry, entry) ? own : undefined;
  }

  /** Whether an entry is here. */
  has({ entry }: SignedLeaseEntry): boolean {
    const own = this.at(entry.sequence)?.signed.entry;
    return own !== undefined && equalBytes(headOf(own).root, headOf(entry).root);
  }

  /**
   * Whether an entry follows the one here that it names, by a manager that was elected. It may stand in the place of
   * another.
   */
  fits({ signed: { entry }, proof }: LogEntry): boolean {
    const { job, round, team } = this.#options;
    if (entry.sequence > MAX_LOG || entry.sequence > this.length + 1) return false;
    if (entry.round !== round || !equalBytes(entry.job, job) || isUsurped(entry, team))
      return false;
    const before = this.at(entry.sequence - 1)?.signed.entry;
    if (!this.#origins().some((root) => followsEntry(before, entry, root))) return false;
    const kind = leaseKind(entry.kind);
    if (kind !== "takeover") return kind !== undefined;
    return proof !== undefined && isRightTakeover(entry, proof, this.#options);
  }

  /** Adds an entry when it may follow the last one. @returns whether it did */
  add(logged: LogEntry): boolean {
    const { entry } = logged.signed;
    if (entry.sequence !== this.length + 1 || !this.fits(logged)) return false;
    if (entry.sequence === 1) this.#goOnFrom(entry.previous);
    const table = this.#tableNow();
    try {
      table.apply(stepOf(entry));
    } catch {
      return false;
    }
    this.#entries.push(logged);
    if (leaseKind(entry.kind) === "takeover") this.#takeovers.set(entry.view, logged);
    return true;
  }

  /** Of logs that may be this round's: one that the chain began, or one that was ahead of it. */
  #origins(): readonly Uint8Array[] {
    const roots = this.#turned === undefined ? [] : [this.#turned.root];
    return this.#onChain === undefined ? roots : [ZERO_HASH, ...roots];
  }

  #goOnFrom(root: Uint8Array): void {
    const isTurned = this.#turned !== undefined && equalBytes(this.#turned.root, root);
    this.#origin = isTurned ? this.#turned : undefined;
    this.#table = undefined;
  }

  #tableNow(): LeaseTable {
    if (this.#table === undefined) {
      this.#table = this.emptyTable();
      for (const { signed } of this.#entries) this.#table.apply(stepOf(signed.entry));
    }
    return this.#table;
  }

  /** Drops all entries after a sequence. Only where a manager wrote two logs were any of them safe. */
  truncate(sequence: number): void {
    if (sequence >= this.length) return;
    this.#safe = Math.min(this.#safe, sequence);
    this.#entries = this.#entries.slice(0, sequence);
    for (const [view, { signed }] of this.#takeovers) {
      if (signed.entry.sequence > sequence) this.#takeovers.delete(view);
    }
    // It costs as much as the log is long, so it waits until it is used.
    this.#table = undefined;
  }
}

function leaseKind(kind: number): string | undefined {
  try {
    return leaseEntryKind({ kind });
  } catch {
    return undefined;
  }
}
