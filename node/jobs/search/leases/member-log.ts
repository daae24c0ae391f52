/** A member's copy of the log of a round, as far as it is right by the rules. */
import { equalBytes } from "../../../../chain/crypto/hash.ts";
import type { SignedLeaseEntry } from "../../../../chain/types/lease.ts";
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

/** Entries of a round, at most. */
export const MAX_LOG = 2 ** 21;

export interface LogOptions extends TeamShape {
  readonly job: Uint8Array;
  readonly open: Spans;
}

export class MemberLog {
  readonly #options: LogOptions;
  #entries: LogEntry[] = [];
  /** All entries taken in. */
  #table: LeaseTable;
  #safe = 0;

  constructor(options: LogOptions) {
    this.#options = options;
    this.#table = new LeaseTable(options);
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
    return this.#entries.find(({ signed: own }) => contradicts(own.entry, entry))?.signed;
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
    if (!followsEntry(this.at(entry.sequence - 1)?.signed.entry, entry)) return false;
    const kind = leaseKind(entry.kind);
    if (kind !== "takeover") return kind !== undefined;
    return proof !== undefined && isRightTakeover(entry, proof, this.#options);
  }

  /** Adds an entry when it may follow the last one. @returns whether it did */
  add(logged: LogEntry): boolean {
    const { entry } = logged.signed;
    if (entry.sequence !== this.length + 1 || !this.fits(logged)) return false;
    try {
      this.#table.apply(stepOf(entry));
    } catch {
      return false;
    }
    this.#entries.push(logged);
    return true;
  }

  /** Drops all entries after a sequence. Only where a manager wrote two logs were any of them safe. */
  truncate(sequence: number): void {
    if (sequence >= this.length) return;
    this.#safe = Math.min(this.#safe, sequence);
    this.#entries = this.#entries.slice(0, sequence);
    this.#table = new LeaseTable(this.#options);
    for (const { signed } of this.#entries) this.#table.apply(stepOf(signed.entry));
  }
}

function leaseKind(kind: number): string | undefined {
  try {
    return leaseEntryKind({ kind });
  } catch {
    return undefined;
  }
}
