/**
 * Whether this node may have sat in a round before and lost what it promised there, with its disk. Its journal begins
 * with a mark. Without the mark a round is surely new only where this process was running when the round before began,
 * since a log may go on in the next round before the chain is there; or where it kept the journal of the round before.
 * In any other round a member without a mark promises nothing and does not manage, so that it cannot sign one place of
 * the log twice.
 */
import { phaseOf } from "../../../chain/job/phase.ts";
import type { Job } from "../../../chain/types/job.ts";
import { runName } from "../checkpoint-keeper.ts";
import type { JournalNote } from "./leases/member-messages.ts";

/** The first note of each round; a promise of view 0 binds nobody. */
export const MARK = { kind: "promise", view: 0 } as const satisfies JournalNote;

export interface MemoryOptions {
  /** When this process began, in Unix milliseconds. */
  readonly startedAt: number;
}

export function isMarked(notes: readonly JournalNote[]): boolean {
  return notes.some((note) => note.kind === "promise" && note.view === MARK.view);
}

export class RoundMemory {
  readonly #startedAt: number;
  /** Phases that began at this height or later began while this process was running. */
  #liveFrom: number | undefined;
  /** Rounds in which no process of this node can have sat before this one. */
  readonly #new = new Set<string>();
  readonly #marked = new Set<string>();

  constructor({ startedAt }: MemoryOptions) {
    this.#startedAt = startedAt;
  }

  /** @param marginMs by which honest clocks may differ */
  onBlock(height: number, timeMs: number, marginMs: number): void {
    if (timeMs >= this.#startedAt + marginMs) this.#liveFrom ??= height;
  }

  /** Of each job, after each block. In a round that is prolonged its phase training begins again, and its log goes on. */
  onJob(job: Job): void {
    const { id, round, phaseSince, extensions } = job;
    if (phaseOf(job) !== "training") return;
    if (extensions > 0 || this.#liveFrom === undefined || phaseSince < this.#liveFrom) return;
    if (round === 1) this.#new.add(runName(id, round));
    this.#new.add(runName(id, round + 1));
  }

  /** This process knows what it promised in a round, so it has no other memory of the next one either. */
  remembers(id: Uint8Array, round: number): void {
    this.#new.add(runName(id, round + 1));
  }

  /** @param notes of the round's journal, as this process found it: notes without a mark are of a member that forgot */
  isForgetful(key: string, notes: readonly JournalNote[]): boolean {
    if (isMarked(notes)) return false;
    return notes.length > 0 || !this.#new.has(key) || this.#marked.has(key);
  }

  /** The journal has its mark. */
  marked(key: string): void {
    this.#marked.add(key);
  }

  /** Forgets rounds that are over. */
  keepOnly(due: ReadonlySet<string>): void {
    for (const keys of [this.#new, this.#marked]) {
      for (const key of keys) if (!due.has(key)) keys.delete(key);
    }
  }
}
