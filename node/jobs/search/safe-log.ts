/**
 * The part of a round's lease log that more than half of the team holds, so that every member has it: who owns which
 * units, who found what, and how fast nodes are.
 */

import type { LeaseTable } from "./leases/lease-table.ts";
import type { LogEntry } from "./leases/member-messages.ts";
import { type Spans, spansOf } from "./leases/span.ts";
import { type LeaseStep, stepOf } from "./leases/step.ts";
import type { LiveSearch } from "./live-search.ts";
import { liveOfTable, workOf } from "./live-searches.ts";
import type { ClosedLog } from "./merge-claims.ts";
import { UnitSpeeds } from "./unit-speeds.ts";

/** An entry, the step that it stands for, and the node that has searched more with it, if any. */
export interface SafeStep {
  readonly entry: LogEntry;
  readonly step: LeaseStep;
  readonly worker: number | undefined;
}

export class SafeLog {
  readonly #emptyTable: () => LeaseTable;
  readonly #finders = new Map<bigint, number>();
  readonly #speeds = new UnitSpeeds();
  readonly #waiters = new Set<() => void>();
  /** Time of the last entry: since the round began, and on this node's clock. */
  #last = { at: 0, heard: 0 };
  #table: LeaseTable;

  /** @param emptyTable a round's table before its first entry */
  constructor(emptyTable: () => LeaseTable) {
    this.#emptyTable = emptyTable;
    this.#table = emptyTable();
  }

  get table(): LeaseTable {
    return this.#table;
  }

  /**
   * Takes the next entries in.
   * @param now on this node's clock
   * @param onStep called after each of them
   */
  add(entries: readonly LogEntry[], now: number, onStep: (step: SafeStep) => void): void {
    for (const entry of entries) {
      const { sequence, at: time } = entry.signed.entry;
      const step = stepOf(entry.signed.entry);
      if (sequence === 1) this.#table = this.#emptyTable();
      const work = workOf(step, this.#table);
      this.#table.apply(step);
      const at = Number(time);
      if (work !== undefined) this.#speeds.add(work.node, work.units, at);
      this.#last = { at, heard: now };
      if (step.kind === "find" && !this.#finders.has(step.nonce)) {
        this.#finders.set(step.nonce, step.node);
      }
      onStep({ entry, step, worker: work?.node });
    }
    for (const wake of [...this.#waiters]) wake();
  }

  /** Units that a node may claim. */
  ownedBy(node: number): Spans {
    const { first, repeated } = this.#table.owned(node);
    return spansOf([...first, ...repeated]);
  }

  /** @param open units that were open when the round began @param now on this node's clock */
  live(open: Spans, now: number): LiveSearch {
    const { at, heard } = this.#last;
    const sinceBegin = at + Math.max(0, now - heard);
    return liveOfTable(this.#table, open, (node) => this.#speeds.of(node, sinceBegin));
  }

  /**
   * Waits for entries on their way to this member.
   * @returns undefined when the log is not whole when patience ends, so that nothing follows from what it lacks
   */
  async when(
    isEnough: (log: ClosedLog) => boolean,
    patience: AbortSignal,
  ): Promise<ClosedLog | undefined> {
    const log: ClosedLog = {
      owned: (node) => this.ownedBy(node),
      finderOf: (nonce) => this.#finders.get(nonce),
    };
    while (!patience.aborted) {
      if (isEnough(log)) return log;
      await this.#nextEntries(patience);
    }
    return isEnough(log) || this.#table.isClosed ? log : undefined;
  }

  #nextEntries(patience: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#waiters.delete(done);
        patience.removeEventListener("abort", done);
        resolve();
      };
      this.#waiters.add(done);
      patience.addEventListener("abort", done, { once: true });
    });
  }
}
