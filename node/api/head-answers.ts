/**
 * Answers that follow from the newest block and the URL: made once a block, whoever asks, and named by an ETag, so
 * that a client which has one gets 304.
 */
import { randomBytes } from "node:crypto";

export interface HeadAnswer {
  readonly bytes: string;
  readonly etag: string;
}

const MAX_BYTES = 8 * 1024 * 1024;
const MAX_ANSWERS = 256;
const MAX_URL = 256;

export class HeadAnswers {
  readonly #head: () => Uint8Array;
  /** Another run of the node may be another release, which answers otherwise. */
  readonly #run = randomBytes(4).toString("hex");
  readonly #answers = new Map<string, HeadAnswer>();
  #of = "";
  #bytes = 0;

  /** @param head hash of the newest block */
  constructor(head: () => Uint8Array) {
    this.#head = head;
  }

  /** Names every answer at this block. */
  get etag(): string {
    return `"${this.#run}-${Buffer.from(this.#head()).toString("hex", 0, 8)}"`;
  }

  get(url: string): HeadAnswer | undefined {
    return this.etag === this.#of ? this.#answers.get(url) : undefined;
  }

  /** @param answer made of the block that its tag names */
  put(url: string, answer: HeadAnswer): void {
    if (answer.etag !== this.etag || url.length > MAX_URL) return;
    if (answer.etag !== this.#of) {
      this.#answers.clear();
      this.#bytes = 0;
      this.#of = answer.etag;
    }
    const isFull =
      this.#answers.size >= MAX_ANSWERS || this.#bytes + answer.bytes.length > MAX_BYTES;
    if (isFull || this.#answers.has(url)) return;
    this.#answers.set(url, answer);
    this.#bytes += answer.bytes.length;
  }
}
