/**
 * What a worker keeps between tasks: models, manifests and chunks by hash; the least recently used ones are dropped
 * first. A task holds its own inputs, so the limit never breaks a running task.
 */
export class BlobCache {
  readonly #limitBytes: number;
  /** In the order of last use, oldest first. */
  readonly #blobs = new Map<string, Uint8Array>();
  #bytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get(hash: string): Uint8Array | undefined {
    const bytes = this.#blobs.get(hash);
    if (bytes !== undefined) {
      this.#blobs.delete(hash);
      this.#blobs.set(hash, bytes);
    }
    return bytes;
  }

  put(hash: string, bytes: Uint8Array): void {
    if (this.#blobs.has(hash) || bytes.length > this.#limitBytes) return;
    this.#blobs.set(hash, bytes);
    this.#bytes += bytes.length;
    for (const [oldest, { length }] of this.#blobs) {
      if (this.#bytes <= this.#limitBytes) return;
      this.#blobs.delete(oldest);
      this.#bytes -= length;
    }
  }
}
