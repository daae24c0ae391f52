/** What a member of a team must not forget of a round's lease log (leases/member-messages.ts), on the disk. */
import { decodeSsz } from "../../../chain/decode.ts";
import type { Disk } from "../../disk.ts";
import { DurableLog } from "./durable-log.ts";
import type { JournalNote } from "./leases/member-messages.ts";
import { decodeOrigin, encodeOrigin } from "./log-origin.ts";
import { logEntry, MAX_ENTRIES, WireEntries, wireEntry } from "./member-wire.ts";

/** First byte of a record. */
const PROMISE = 1;
const LOG = 2;
const ORIGIN = 3;
const HEAD_BYTES = 5;

export class LeaseJournal {
  readonly #log: DurableLog;

  private constructor(log: DurableLog) {
    this.#log = log;
  }

  static async open(
    folder: string,
    disk: Disk,
  ): Promise<{ readonly journal: LeaseJournal; readonly notes: JournalNote[] }> {
    const { log, records } = await DurableLog.open(folder, disk);
    return { journal: new LeaseJournal(log), notes: records.map(noteOf) };
  }

  /** Resolves when it is durable. */
  async write(note: JournalNote): Promise<void> {
    if (note.kind === "promise") return this.#log.append(record(PROMISE, note.view));
    if (note.kind === "origin")
      return this.#log.append(record(ORIGIN, 0, encodeOrigin(note.origin)));
    const { after, entries } = note;
    const writes: Promise<void>[] = [];
    for (let at = 0; at === 0 || at < entries.length; at += MAX_ENTRIES) {
      const part = entries.slice(at, at + MAX_ENTRIES).map(wireEntry);
      writes.push(this.#log.append(record(LOG, after + at, WireEntries.serialize(part))));
    }
    await Promise.all(writes);
  }

  end(): Promise<void> {
    return this.#log.close();
  }
}

function record(kind: number, value: number, body: Uint8Array = new Uint8Array(0)): Uint8Array {
  const bytes = new Uint8Array(HEAD_BYTES + body.length);
  bytes[0] = kind;
  new DataView(bytes.buffer).setUint32(1, value, true);
  bytes.set(body, HEAD_BYTES);
  return bytes;
}

/** @throws DecodeError */
function noteOf(bytes: Uint8Array): JournalNote {
  const value = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(1, true);
  if (bytes[0] === PROMISE) return { kind: "promise", view: value };
  const body = bytes.subarray(HEAD_BYTES);
  if (bytes[0] === ORIGIN) return { kind: "origin", origin: decodeOrigin(body) };
  const entries = decodeSsz("lease journal", WireEntries, body);
  return { kind: "log", after: value, entries: entries.map(logEntry) };
}
