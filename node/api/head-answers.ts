/**
 * Answers that follow only from the newest block and the URL: each is made once per block, for all callers. Its ETag
 * follows from URL and content, so a client that has the answer gets 304, even for a later block that changed nothing
 * in it.
 */
import { createHash } from "node:crypto";

export interface HeadAnswer {
  readonly bytes: string;
  readonly etag: string;
}

/** In characters; each takes at most two bytes of memory. */
const MAX_CHARS = 4 * 1024 * 1024;
const MAX_ANSWERS = 256;
const MAX_URL = 256;

export class HeadAnswers {
  readonly #head: () => Uint8Array;
  /** By URL, in order of their last use. */
  readonly #answers = new Map<string, HeadAnswer>();
  #of = "";
  #chars = 0;

  /** @param head hash of the newest block */
  constructor(head: () => Uint8Array) {
    this.#head = head;
  }

  /** The newest block; an answer belongs to it if the head is the same before and after the answer was made. */
  get head(): string {
    return Buffer.from(this.#head()).toString("hex");
  }

  get size(): number {
    return this.#answers.size;
  }

  get(url: string): HeadAnswer | undefined {
    this.#forgetOldBlock();
    const known = this.#answers.get(url);
    if (known === undefined) return undefined;
    this.#answers.delete(url);
    this.#answers.set(url, known);
    return known;
  }

  /**
   * Gives an answer its ETag, and keeps it if it belongs to the newest block.
   * @param head of the block from which it was made
   */
  put(url: string, bytes: string, head: string): HeadAnswer {
    const answer = { bytes, etag: tagOf(url, bytes) };
    this.#forgetOldBlock();
    const chars = url.length + bytes.length;
    if (head !== this.#of || url.length > MAX_URL || chars > MAX_CHARS) return answer;
    this.#remove(url);
    this.#answers.set(url, answer);
    this.#chars += chars;
    for (const [oldest] of this.#answers) {
      if (this.#answers.size <= MAX_ANSWERS && this.#chars <= MAX_CHARS) break;
      this.#remove(oldest);
    }
    return answer;
  }

  #remove(url: string): void {
    const known = this.#answers.get(url);
    if (known === undefined) return;
    this.#answers.delete(url);
    this.#chars -= url.length + known.bytes.length;
  }

  #forgetOldBlock(): void {
    const { head } = this;
    if (head === this.#of) return;
    this.#answers.clear();
    this.#chars = 0;
    this.#of = head;
  }
}

function tagOf(url: string, bytes: string): string {
  const hash = createHash("sha256").update(url).update("\0").update(bytes);
  return `"${hash.digest("hex").slice(0, 32)}"`;
}
