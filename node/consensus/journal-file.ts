/**
 * The format of votes.journal: a magic number, then records of head and body. The head has its own checksum, so that a
 * record cut short by a power failure differs from one that was damaged later.
 */
import { crc32 } from "node:zlib";
import { Proposal } from "../../chain/types/block.ts";
import { Vote } from "../../chain/types/vote.ts";

export type JournalEntry =
  | { readonly kind: "vote"; readonly vote: Vote }
  | { readonly kind: "proposal"; readonly proposal: Proposal };

/** Below `floor` nothing may be signed, because it is no longer known what was signed there. */
export type JournalRecord = JournalEntry | { readonly kind: "floor"; readonly floor: number };

/**
 * How a journal ends: whole; torn, with an incomplete last record (its message was never sent); or damaged from `at`
 * on.
 */
export type JournalEnd = "whole" | "torn" | "damaged";

export interface DecodedJournal {
  readonly records: readonly JournalRecord[];
  readonly end: JournalEnd;
  /** Bytes up to the end of the last valid record. */
  readonly length: number;
}

export const MAGIC = new TextEncoder().encode("PoMLvot2");
/** Body length, kind, CRC-32 of the body, CRC-32 of the nine bytes before. */
const HEAD_BYTES = 13;
const KINDS = { vote: 1, proposal: 2, floor: 3 } as const;

export function encodeRecord(record: JournalRecord): Uint8Array {
  const body = bodyOf(record);
  const bytes = new Uint8Array(HEAD_BYTES + body.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, body.length);
  view.setUint8(4, KINDS[record.kind]);
  view.setUint32(5, crc32(body));
  view.setUint32(9, crc32(bytes.subarray(0, 9)));
  bytes.set(body, HEAD_BYTES);
  return bytes;
}

export function decodeJournal(bytes: Uint8Array): DecodedJournal {
  const records: JournalRecord[] = [];
  let length = 0;
  const ended = (end: JournalEnd): DecodedJournal => ({ records, end, length });
  const magic = bytes.subarray(0, MAGIC.length);
  if (!MAGIC.subarray(0, magic.length).every((byte, i) => byte === magic[i]))
    return ended("damaged");
  if (magic.length < MAGIC.length) return ended("torn");
  length = MAGIC.length;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  while (length < bytes.length) {
    if (length + HEAD_BYTES > bytes.length) return ended("torn");
    if (crc32(bytes.subarray(length, length + 9)) !== view.getUint32(length + 9)) {
      return ended("damaged");
    }
    const start = length + HEAD_BYTES;
    const body = bytes.slice(start, start + view.getUint32(length));
    if (body.length < view.getUint32(length)) return ended("torn");
    const record =
      crc32(body) === view.getUint32(length + 5)
        ? decodeBody(view.getUint8(length + 4), body)
        : undefined;
    if (record === undefined) return ended("damaged");
    records.push(record);
    length = start + body.length;
  }
  return ended("whole");
}

export function heightOf(entry: JournalEntry): number {
  return entry.kind === "vote" ? entry.vote.height : entry.proposal.height;
}

function bodyOf(record: JournalRecord): Uint8Array {
  switch (record.kind) {
    case "vote":
      return Vote.serialize(record.vote);
    case "proposal":
      return Proposal.serialize(record.proposal);
    case "floor": {
      const body = new Uint8Array(4);
      new DataView(body.buffer).setUint32(0, record.floor);
      return body;
    }
    default:
      return record satisfies never;
  }
}

function decodeBody(kind: number, body: Uint8Array): JournalRecord | undefined {
  try {
    if (kind === KINDS.vote) return { kind: "vote", vote: Vote.deserialize(body) };
    if (kind === KINDS.proposal) {
      return { kind: "proposal", proposal: Proposal.deserialize(body) };
    }
    if (kind !== KINDS.floor || body.length !== 4) return undefined;
    return { kind: "floor", floor: new DataView(body.buffer, body.byteOffset).getUint32(0) };
  } catch {
    return undefined;
  }
}
