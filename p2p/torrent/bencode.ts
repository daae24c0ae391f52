/**
 * Bencoding (BEP 3), strictly: integers without leading zeros, dictionary keys in order and without duplicates, and no
 * bytes left over. So every value has exactly one encoding, and decoding followed by encoding gives the same bytes.
 */
import { compareBytes } from "../../chain/crypto/hash.ts";
import { invalid } from "./errors.ts";

/** Strings are bytes. Dictionary keys are ASCII here. */
export type Bencoded = number | Uint8Array | readonly Bencoded[] | BencodedDictionary;
export interface BencodedDictionary {
  readonly [key: string]: Bencoded;
}

const MAX_DEPTH = 8;
const INTEGER = /^(0|-?[1-9][0-9]*)$/;
const LENGTH = /^(0|[1-9][0-9]{0,9})$/;
/** No integer or length is written with more characters. */
const MAX_DIGITS = 17;
const CODE = { i: 0x69, l: 0x6c, d: 0x64, e: 0x65, colon: 0x3a } as const;

export function encode(value: Bencoded): Uint8Array {
  const parts: Uint8Array[] = [];
  write(value, parts);
  return new Uint8Array(Buffer.concat(parts));
}

/** @throws TorrentError TORRENT_INVALID */
export function decode(bytes: Uint8Array): Bencoded {
  const reader = new Reader(bytes);
  const value = reader.value(0);
  if (reader.at !== bytes.length) throw invalid("bytes left over after the end");
  return value;
}

export function isDictionary(value: Bencoded | undefined): value is BencodedDictionary {
  return typeof value === "object" && !(value instanceof Uint8Array) && !Array.isArray(value);
}

function write(value: Bencoded, parts: Uint8Array[]): void {
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value)) throw new RangeError(`bencode: ${value} is no safe integer`);
    parts.push(Buffer.from(`i${value}e`));
  } else if (value instanceof Uint8Array) {
    parts.push(Buffer.from(`${value.length}:`), value);
  } else if (isDictionary(value)) {
    parts.push(Buffer.from("d"));
    for (const key of Object.keys(value).sort()) {
      const item = value[key];
      if (item === undefined) continue;
      write(Buffer.from(key, "latin1"), parts);
      write(item, parts);
    }
    parts.push(Buffer.from("e"));
  } else {
    parts.push(Buffer.from("l"));
    for (const item of value) write(item, parts);
    parts.push(Buffer.from("e"));
  }
}

class Reader {
  at = 0;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  value(depth: number): Bencoded {
    if (depth > MAX_DEPTH) throw invalid(`nested deeper than ${MAX_DEPTH}`);
    switch (this.#bytes[this.at]) {
      case CODE.i:
        this.at += 1;
        return this.#integer(CODE.e, INTEGER);
      case CODE.l:
        return this.#list(depth);
      case CODE.d:
        return this.#dictionary(depth);
      default:
        return this.#string();
    }
  }

  #list(depth: number): Bencoded[] {
    const items: Bencoded[] = [];
    this.at += 1;
    while (this.#bytes[this.at] !== CODE.e) items.push(this.value(depth + 1));
    this.at += 1;
    return items;
  }

  #dictionary(depth: number): BencodedDictionary {
    const entries: [string, Bencoded][] = [];
    let previous: Uint8Array | undefined;
    this.at += 1;
    while (this.#bytes[this.at] !== CODE.e) {
      const key = this.#string();
      if (previous !== undefined && compareBytes(previous, key) >= 0) {
        throw invalid("dictionary keys out of order");
      }
      previous = key;
      entries.push([Buffer.from(key).toString("latin1"), this.value(depth + 1)]);
    }
    this.at += 1;
    return Object.fromEntries(entries);
  }

  #string(): Uint8Array {
    const length = this.#integer(CODE.colon, LENGTH);
    const end = this.at + length;
    if (end > this.#bytes.length) throw invalid("a string runs past the end");
    const string = this.#bytes.slice(this.at, end);
    this.at = end;
    return string;
  }

  #integer(terminator: number, form: RegExp): number {
    const end = this.#bytes.indexOf(terminator, this.at);
    if (end < 0 || end - this.at > MAX_DIGITS) throw invalid("malformed number");
    const text = Buffer.from(this.#bytes.subarray(this.at, end)).toString("latin1");
    const number = Number(text);
    if (!form.test(text) || !Number.isSafeInteger(number)) throw invalid("malformed number");
    this.at = end + 1;
    return number;
  }
}
