/**
 * Whether this node may have sat in a round before and lost what it promised there, with its disk. Its journal begins
 * with a mark; without the mark only a round that began while this process was running is surely new to it. In any other
 * round a member without a mark promises nothing and does not manage, so that it cannot sign one place of the log twice.
 */
import { phaseOf } from "../../../chain/job/phase.ts";
import type { Job } from "../../../chain/types/job.ts";
import type { JournalNote } from "./leases/member-messages.ts";

/** The first note of each round; a promise of view 0 binds nobody. */
export const MARK = { kind: "promise", view: 0 } as const satisfies JournalNote;

export interface MemoryOptions {
  /** When this process began, in Unix milliseconds. */
  readonly startedAt: number;
}

interface RoundBegin {
  /** Name of the round. */
  readonly key: string;
  /** Height at which its work began; undefined when that is not known. */
  readonly since: number | undefined;
  /** It began before the chain was there, while this process kept the round before it. */
  readonly isNew?: boolean;
}

export function isMarked(notes: readonly JournalNote[]): boolean {
  return notes.some((note) => note.kind === "promise" && note.view === MARK.view);
}

/**
 * @returns height at which the work of a round began; undefined when that is not known, as in a round that is prolonged:
 *   its phase training begins again, and its log goes on
 */
export function roundBegan(job: Job, round: number): number | undefined {
  const isFirst = phaseOf(job) === "training" && round === job.round && job.extensions === 0;
  return isFirst ? job.phaseSince : undefined;
}

export class RoundMemory {
  readonly #startedAt: number;
  /** Phases that began at this height or later began while this process was running. */
  #liveFrom: number | undefined;
  readonly #marked = new Set<string>();

  constructor({ startedAt }: MemoryOptions) {
    this.#startedAt = startedAt;
  }

  /** @param marginMs by which honest clocks may differ */
  onBlock(height: number, timeMs: number, marginMs: number): void {
    if (timeMs >= this.#startedAt + marginMs) this.#liveFrom ??= height;
  }

  /** @param notes of the round's journal, as this process found it: notes without a mark are of a member that forgot */
  isForgetful({ key, since, isNew = false }: RoundBegin, notes: readonly JournalNote[]): boolean {
    if (isMarked(notes)) return false;
    if (notes.length > 0) return true;
    const isLive = since !== undefined && this.#liveFrom !== undefined && since >= this.#liveFrom;
    return (!isNew && !isLive) || this.#marked.has(key);
  }

  /** The journal has its mark. */
  marked(key: string): void {
    this.#marked.add(key);
  }

  /** Forgets rounds that are over. */
  keepOnly(due: ReadonlySet<string>): void {
    for (const key of this.#marked) if (!due.has(key)) this.#marked.delete(key);
  }
}
