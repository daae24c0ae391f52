/** Reads the encodings of WebAssembly from untrusted bytes, never beyond their end. */
import { malformed } from "../algorithm-error.ts";

export class ByteReader {
  readonly #bytes: Uint8Array;
  /** Offset of the next byte in the module. */
  at: number;
  readonly end: number;

  constructor(bytes: Uint8Array, at = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.at = at;
    this.end = end;
  }

  get isDone(): boolean {
    return this.at >= this.end;
  }

  /** @throws AlgorithmError ALGORITHM_MALFORMED at the end */
  byte(): number {
    if (this.isDone) throw malformed(`it ends at byte ${this.at}`);
    return this.#bytes[this.at++] ?? 0;
  }

  skip(count: number): void {
    if (count > this.end - this.at) throw malformed(`it ends within ${count} bytes at ${this.at}`);
    this.at += count;
  }

  /** An unsigned LEB128 number of 32 bits. */
  u32(): number {
    let value = 0;
    for (let place = 0; place < 5; place++) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** (7 * place);
      if (byte < 0x80) {
        if (value >= 2 ** 32) break;
        return value;
      }
    }
    throw malformed(`a number of more than 32 bits before byte ${this.at}`);
  }

  /** Skips a LEB128 number of at most this many bytes. */
  skipLeb(maxBytes: number): void {
    for (let place = 0; place < maxBytes; place++) if (this.byte() < 0x80) return;
    throw malformed(`a number of more than ${maxBytes} bytes before byte ${this.at}`);
  }

  /** A reader for the next bytes, which this one skips. */
  part(length: number): ByteReader {
    const start = this.at;
    this.skip(length);
    return new ByteReader(this.#bytes, start, this.at);
  }

  /** A length, and that many bytes of UTF-8. */
  name(): string {
    const { at, end } = this.part(this.u32());
    return new TextDecoder().decode(this.#bytes.subarray(at, end));
  }
}
