/** Remembers which signatures were verified on arrival, so that a block is not checked twice. */
import type { VerifiedCache } from "../../chain/verify-signatures.ts";

export class BoundedCache implements VerifiedCache {
  readonly #limit: number;
  readonly #keys = new Set<string>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  has(key: string): boolean {
    return this.#keys.has(key);
  }

  add(key: string): void {
    if (this.#keys.size >= this.#limit) {
      const oldest = this.#keys.values().next();
      if (!oldest.done) this.#keys.delete(oldest.value);
    }
    this.#keys.add(key);
  }
}
