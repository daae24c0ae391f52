/** The outputs of one attempt; each may arrive once, within its size limit. */
import { breach } from "../worker-error.ts";

export class Outputs {
  readonly #limits: Readonly<Record<string, number>>;
  readonly #kept = new Map<string, Uint8Array>();

  /** @param limits bytes, by name */
  constructor(limits: Readonly<Record<string, number>>) {
    this.#limits = limits;
  }

  readonly limitOf = (name: string): number =>
    this.#kept.has(name) || !Object.hasOwn(this.#limits, name) ? 0 : (this.#limits[name] ?? 0);

  readonly keep = (name: string, _index: number, bytes: Uint8Array): void => {
    this.#kept.set(name, bytes);
  };

  /** @throws WorkerError PROTOCOL */
  take(name: string, size?: number): Uint8Array {
    const bytes = this.#kept.get(name);
    if (bytes === undefined) throw breach(`a result without ${name}`);
    if (size !== undefined && bytes.length !== size) {
      throw breach(`${bytes.length} bytes of ${name}, expected ${size}`);
    }
    return bytes;
  }
}
