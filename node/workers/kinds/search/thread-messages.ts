/** The messages between a worker process and its thread that runs modules of strangers. */
import type { AlgorithmFacts } from "../../../../ml/search/algorithm-error.ts";
import type { SearchTask } from "../../../../ml/search/search-task.ts";
import type { UnitsWork } from "../../../../ml/search/search-units.ts";

export type ThreadWork =
  | ({ readonly kind: "search"; readonly task: SearchTask } & UnitsWork)
  | { readonly kind: "digests"; readonly task: SearchTask; readonly nonces: BigUint64Array };

export interface ThreadOrder {
  /** SHA-256 of the module, hex. */
  readonly hash: string;
  readonly module: Uint8Array;
  readonly work: ThreadWork;
}

export type ThreadNews =
  /** Units from `first` on, as `encodeUnits` writes them. */
  | { readonly kind: "units"; readonly first: bigint; readonly bytes: Uint8Array }
  | { readonly kind: "find"; readonly bytes: Uint8Array }
  | { readonly kind: "digests"; readonly bytes: Uint8Array };

export type ThreadMessage =
  | ThreadNews
  /** The work is done or was stopped. */
  | { readonly kind: "over" }
  | { readonly kind: "refused"; readonly message: string; readonly facts: AlgorithmFacts }
  | { readonly kind: "broken"; readonly message: string };

/** Memory that both share, so that a thread which never returns to its event loop can be stopped and watched. */
export class SharedState {
  readonly memory: SharedArrayBuffer;
  readonly #stop: Int32Array;
  readonly #counts: BigInt64Array;

  constructor(memory = new SharedArrayBuffer(24)) {
    this.memory = memory;
    this.#stop = new Int32Array(memory, 0, 1);
    this.#counts = new BigInt64Array(memory, 8, 2);
  }

  /** Resets all for the next piece of work. */
  reset(): void {
    Atomics.store(this.#stop, 0, 0);
    Atomics.store(this.#counts, 0, 0n);
    Atomics.store(this.#counts, 1, 0n);
  }

  get isStopped(): boolean {
    return Atomics.load(this.#stop, 0) === 1;
  }

  stop(): void {
    Atomics.store(this.#stop, 0, 1);
  }

  /** Nonces hashed in the current work. */
  get hashes(): number {
    return Number(Atomics.load(this.#counts, 0));
  }

  /** Number of finished calls; 0 while the module is still being checked. */
  get calls(): number {
    return Number(Atomics.load(this.#counts, 1));
  }

  called(hashes: number): void {
    Atomics.add(this.#counts, 0, BigInt(hashes));
    Atomics.add(this.#counts, 1, 1n);
  }
}
