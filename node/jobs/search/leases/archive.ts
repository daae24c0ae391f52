/** Answers members that ask for entries of the log, each so often that an honest one can read a long log. */
import { ENTRIES_A_MESSAGE, type LogEntry } from "./member-messages.ts";
import { BEAT_MS } from "./timing.ts";

/** Answers to one member within a beat. Each has up to 256 entries, of some 300 bytes. */
export const MOST_ANSWERS = 8;

export class Archive {
  readonly #since = new Map<number, { readonly at: number; answers: number }>();

  /** @returns undefined where the member asked too often lately */
  after(
    sequence: number,
    { from, now }: { readonly from: number; readonly now: number },
    log: readonly LogEntry[],
  ): readonly LogEntry[] | undefined {
    let asked = this.#since.get(from);
    if (asked === undefined || now - asked.at >= BEAT_MS) {
      asked = { at: now, answers: 0 };
      this.#since.set(from, asked);
    }
    if (asked.answers === MOST_ANSWERS) return undefined;
    asked.answers++;
    return log.slice(sequence, sequence + ENTRIES_A_MESSAGE);
  }
}
