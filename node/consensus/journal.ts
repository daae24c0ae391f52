/**
 * What this node signed for the height under way. Every vote and proposal is written and synced
 * BEFORE it leaves, so that no crash can make the node sign twice for one (height, round, step).
 * A record is: length, CRC-32, kind, SSZ bytes. A torn last record was never sent and is cut off.
 */
import { type FileHandle, open } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { Proposal } from "../../chain/types/block.ts";
import { Vote } from "../../chain/types/vote.ts";

export type JournalEntry =
  | { readonly kind: "vote"; readonly vote: Vote }
  | { readonly kind: "proposal"; readonly proposal: Proposal };

const KINDS = { vote: 1, proposal: 2 } as const;
const HEAD_BYTES = 9;
const MAX_RECORD_BYTES = 8 * 1024 * 1024;

export class Journal {
  readonly #file: FileHandle;
  #entries: JournalEntry[];

  private constructor(file: FileHandle, entries: JournalEntry[]) {
    this.#file = file;
    this.#entries = entries;
  }

  static async open(path: string): Promise<Journal> {
    const file = await open(path, "a+", 0o600);
    const bytes = await file.readFile();
    const { entries, end } = decodeAll(bytes);
    if (end < bytes.length) await file.truncate(end);
    return new Journal(file, entries);
  }

  /** Entries of the height, in the order they were written. */
  entries(height: number): readonly JournalEntry[] {
    return this.#entries.filter((entry) => heightOf(entry) === height);
  }

  /** Returns when the record is on disk. */
  async append(entry: JournalEntry): Promise<void> {
    await this.#file.appendFile(encode(entry));
    await this.#file.datasync();
    this.#entries.push(entry);
  }

  /** Forgets heights below `height`: they are final. */
  async prune(height: number): Promise<void> {
    const kept = this.#entries.filter((entry) => heightOf(entry) >= height);
    if (kept.length === this.#entries.length) return;
    await this.#file.truncate(0);
    for (const entry of kept) await this.#file.appendFile(encode(entry));
    this.#entries = kept;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

function heightOf(entry: JournalEntry): number {
  return entry.kind === "vote" ? entry.vote.height : entry.proposal.height;
}

function encode(entry: JournalEntry): Uint8Array {
  const body =
    entry.kind === "vote" ? Vote.serialize(entry.vote) : Proposal.serialize(entry.proposal);
  const record = new Uint8Array(HEAD_BYTES + body.length);
  const view = new DataView(record.buffer);
  view.setUint32(0, body.length);
  view.setUint32(4, crc32(body));
  view.setUint8(8, KINDS[entry.kind]);
  record.set(body, HEAD_BYTES);
  return record;
}

/** Reads records up to the first that is torn or damaged. */
function decodeAll(bytes: Uint8Array): { entries: JournalEntry[]; end: number } {
  const entries: JournalEntry[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  while (at + HEAD_BYTES <= bytes.length) {
    const length = view.getUint32(at);
    const body = bytes.slice(at + HEAD_BYTES, at + HEAD_BYTES + length);
    if (length > MAX_RECORD_BYTES || body.length < length) break;
    if (crc32(body) !== view.getUint32(at + 4)) break;
    const kind = view.getUint8(at + 8);
    if (kind === KINDS.vote) entries.push({ kind: "vote", vote: Vote.deserialize(body) });
    else if (kind === KINDS.proposal) {
      entries.push({ kind: "proposal", proposal: Proposal.deserialize(body) });
    } else break;
    at += HEAD_BYTES + length;
  }
  return { entries, end: at };
}
