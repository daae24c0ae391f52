/** Keeps bytes that are requested repeatedly, up to a total size; the oldest entries are dropped first. */
export class ByteCache {
  readonly #limit: number;
  readonly #kept = new Map<string, Promise<Buffer>>();
  #bytes = 0;

  constructor(limitBytes: number) {
    this.#limit = limitBytes;
  }

  /** @param read is called once for all simultaneous callers; an error it throws is not kept */
  get(name: string, read: () => Promise<Buffer>): Promise<Buffer> {
    const kept = this.#kept.get(name);
    if (kept !== undefined) return kept;
    const started = read().then(
      (bytes) => {
        this.#bytes += bytes.length;
        void this.#shrink();
        return bytes;
      },
      (error: unknown) => {
        this.#kept.delete(name);
        throw error;
      },
    );
    this.#kept.set(name, started);
    return started;
  }

  async #shrink(): Promise<void> {
    while (this.#bytes > this.#limit) {
      const [oldest] = this.#kept;
      if (oldest === undefined) return;
      const [name, reading] = oldest;
      this.#kept.delete(name);
      const bytes = await reading.catch(() => undefined);
      this.#bytes -= bytes?.length ?? 0;
    }
  }
}
