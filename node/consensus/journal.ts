/**
 * What this node signed at the current height. Every vote and proposal is written and synced BEFORE it is sent, so that
 * no crash can make the node sign twice for one (height, round, step). If that record is lost, the node follows without
 * signing until the chain is past it: below `floor` it never signs anything, not even after a rollback or a resync.
 */
import { type FileHandle, open, readFile, rename } from "node:fs/promises";
import { PomlError } from "../../chain/errors.ts";
import { crashPoint, isCrashDue } from "../crash-points.ts";
import { writeDurably } from "../durable-file.ts";
import { isCode } from "../wallet/secret-file.ts";
import { decodeJournal, encodeRecord, heightOf, type JournalEntry, MAGIC } from "./journal-file.ts";

/** Above this size the journal is rewritten without final heights. */
const REWRITE_BYTES = 4 * 1024 * 1024;

export type JournalFacts =
  | { code: "JOURNAL_FULL"; path: string }
  | { code: "JOURNAL_BROKEN"; path: string }
  | { code: "NOT_ABSTAINING"; height: number; abstainsThrough: number };

class JournalError extends PomlError<JournalFacts> {}

/** What opening found; after `lost` and `damaged` the node abstains for a while. */
export type JournalFinding = "whole" | "torn" | "damaged" | "lost";

export interface JournalOptions {
  /** Height of the last block on disk. Nothing can have been signed above the next height. */
  readonly head: number;
  /** The owner takes responsibility that nothing unknown was signed up to this height (docs/operations.md). */
  readonly abandon?: number | undefined;
}

export class Journal {
  readonly path: string;
  readonly finding: JournalFinding;
  #file: FileHandle;
  #entries: readonly JournalEntry[];
  #floor: number;
  #length: number;
  #isBroken = false;
  #onFull: () => void = () => {};

  private constructor(
    path: string,
    finding: JournalFinding,
    opened: Pick<Loaded, "entries" | "floor" | "length"> & { file: FileHandle },
  ) {
    this.path = path;
    this.finding = finding;
    this.#file = opened.file;
    this.#entries = opened.entries;
    this.#floor = opened.floor;
    this.#length = opened.length;
  }

  /** @throws JournalError NOT_ABSTAINING */
  static async open(path: string, { head, abandon }: JournalOptions): Promise<Journal> {
    let loaded = await load(path, head);
    if (abandon !== undefined) {
      if (abandon !== loaded.floor - 1) throw notAbstaining(path, abandon, loaded.floor - 1);
      loaded = { ...loaded, floor: 0, isChanged: true };
    }
    if (loaded.isChanged) {
      if (loaded.finding === "damaged") await rename(path, `${path}.damaged-${Date.now()}`);
      loaded = { ...loaded, length: await replace(path, loaded) };
    }
    const file = await open(path, "a", 0o600);
    if (loaded.finding === "torn") {
      await file.truncate(loaded.length);
      await file.sync();
    }
    return new Journal(path, loaded.finding, { ...loaded, file });
  }

  /** Registers a listener that is called when there is no room on the disk for a record. */
  onFull(listener: () => void): void {
    this.#onFull = listener;
  }

  /** The node signs nothing up to this height, because it may have signed there without a record; -1 = none. */
  get abstainsThrough(): number {
    return this.#floor - 1;
  }

  /** Whether everything that was ever signed at this height is known. */
  maySign(height: number): boolean {
    return height >= this.#floor && !this.#isBroken;
  }

  /** Entries of the height, in the order in which they were written. */
  entries(height: number): readonly JournalEntry[] {
    return this.#entries.filter((entry) => heightOf(entry) === height);
  }

  /**
   * Resolves when the record is on disk.
   * @throws JournalError JOURNAL_FULL: nothing was written; JOURNAL_BROKEN: the node must not sign any more
   */
  async append(entry: JournalEntry): Promise<void> {
    if (this.#isBroken) throw broken(this.path);
    const bytes = encodeRecord(entry);
    try {
      if (isCrashDue("journal-torn")) {
        await this.#file.appendFile(bytes.subarray(0, bytes.length >> 1));
        await this.#file.datasync();
      }
      crashPoint("journal-torn");
      await this.#file.appendFile(bytes);
      await this.#file.datasync();
    } catch (error) {
      throw await this.#afterFailure(error);
    }
    this.#length += bytes.length;
    this.#entries = [...this.#entries, entry];
  }

  /**
   * An incomplete record must not stay. After a failed sync nobody knows what was written, so the node signs nothing
   * more.
   */
  async #afterFailure(error: unknown): Promise<JournalError> {
    try {
      if (!isCode(error, "ENOSPC") && !isCode(error, "EDQUOT")) throw error;
      this.#onFull();
      await this.#file.truncate(this.#length);
      await this.#file.sync();
      return new JournalError(
        "no space left to record a vote",
        { code: "JOURNAL_FULL", path: this.path },
        { action: "local", remedy: "free some space; the node resumes by itself", cause: error },
      );
    } catch (cause) {
      this.#isBroken = true;
      return broken(this.path, cause);
    }
  }

  /** Forgets heights below `height`, because they are final. */
  async prune(height: number): Promise<void> {
    this.#entries = this.#entries.filter((entry) => heightOf(entry) >= height);
    if (this.#length < REWRITE_BYTES || height <= this.#floor) return;
    const kept = { entries: this.#entries, floor: height };
    let length: number;
    try {
      length = await replace(this.path, kept);
    } catch (error) {
      // The old file is whole; it is shortened at another time.
      if (isCode(error, "ENOSPC")) return;
      throw error;
    }
    await this.#file.close();
    this.#file = await open(this.path, "a", 0o600);
    this.#floor = height;
    this.#length = length;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

interface Loaded {
  readonly finding: JournalFinding;
  readonly entries: readonly JournalEntry[];
  readonly floor: number;
  readonly length: number;
  /** The file must be rewritten. */
  readonly isChanged: boolean;
}

async function load(path: string, head: number): Promise<Loaded> {
  const bytes = await readFile(path).catch((error: unknown) => {
    if (isCode(error, "ENOENT")) return undefined;
    throw error;
  });
  const { records, end, length } = decodeJournal(bytes ?? new Uint8Array(0));
  const entries = records.filter((record) => record.kind !== "floor");
  const floors = records.flatMap((record) => (record.kind === "floor" ? [record.floor] : []));
  const floor = Math.max(0, ...floors);
  const isUsable = length >= MAGIC.length;
  // A first start may end before the file has its first bytes; later it is never that short.
  const finding = isUsable || end === "damaged" ? end : head === 0 ? "whole" : "lost";
  if (finding === "whole" || finding === "torn") {
    return { finding, entries, floor, length, isChanged: !isUsable };
  }
  const highest = Math.max(head + 1, floor - 1, ...entries.map(heightOf));
  return { finding, entries: [], floor: highest + 1, length: 0, isChanged: true };
}

/** @returns the length of the new file */
async function replace(
  path: string,
  { entries, floor }: Pick<Loaded, "entries" | "floor">,
): Promise<number> {
  const records = floor === 0 ? entries : [{ kind: "floor", floor } as const, ...entries];
  const content = Buffer.concat([MAGIC, ...records.map(encodeRecord)]);
  await writeDurably(path, content, { copied: () => crashPoint("journal-copied") });
  crashPoint("journal-replaced");
  return content.length;
}

function broken(path: string, cause?: unknown): JournalError {
  return new JournalError(
    "the journal of votes cannot be written; this node signs nothing more",
    { code: "JOURNAL_BROKEN", path },
    { action: "local", remedy: "check the disk, then start the node again", cause },
  );
}

function notAbstaining(path: string, height: number, abstainsThrough: number): JournalError {
  const isNone = abstainsThrough < 0;
  return new JournalError(
    isNone
      ? "there are no votes to abandon: the journal is complete"
      : `the journal forbids voting through height ${abstainsThrough}, not ${height}`,
    { code: "NOT_ABSTAINING", height, abstainsThrough },
    {
      action: "local",
      remedy: isNone
        ? "start without --abandon-votes"
        : `name that height, or wait until the chain has passed it (${path})`,
    },
  );
}
