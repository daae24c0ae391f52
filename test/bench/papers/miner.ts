/** The hashing thread of a device, as its main thread sees it. */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { DeviceSetup } from "./control.ts";
import type { MinerNews, MinerSetup, MinerWork } from "./miner-thread.ts";

export interface WorkEvents {
  readonly onFind: (nonce: bigint) => void;
  /** All units before `at` are searched. */
  readonly onSearched: (at: number) => void;
}

/** 0 is wanted while nothing is. */
const NOTHING = 0;

export class Miner {
  readonly #thread: Worker;
  readonly #wanted: Int32Array<SharedArrayBuffer>;
  readonly #hashes: BigInt64Array<SharedArrayBuffer>;
  #last = NOTHING;
  #events: WorkEvents | undefined;

  private constructor(thread: Worker, setup: MinerSetup) {
    this.#thread = thread;
    this.#wanted = setup.wanted;
    this.#hashes = setup.hashes;
    thread.on("message", (news: MinerNews) => this.#receive(news));
  }

  static async start({ share, breathMs }: Omit<DeviceSetup, "index">): Promise<Miner> {
    const wanted = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
    const hashes = new BigInt64Array(new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT));
    const setup: MinerSetup = { share, breathMs, wanted, hashes };
    const thread = new Worker(new URL("./miner-thread.ts", import.meta.url), { workerData: setup });
    await once(thread, "message");
    return new Miner(thread, setup);
  }

  /** Nonces hashed since it was started. */
  get hashes(): number {
    return Number(Atomics.load(this.#hashes, 0));
  }

  /** Begins this work in place of what it is at. */
  search(work: Omit<MinerWork, "id">, events: WorkEvents): void {
    this.#events = events;
    const id = ++this.#last;
    Atomics.store(this.#wanted, 0, id);
    this.#thread.postMessage({ ...work, id } satisfies MinerWork);
  }

  /** After the call that it is in. */
  stop(): void {
    this.#events = undefined;
    Atomics.store(this.#wanted, 0, NOTHING);
  }

  #receive(news: MinerNews): void {
    if (news.kind === "ready" || news.id !== this.#last) return;
    if (news.kind === "find") this.#events?.onFind(news.nonce);
    else this.#events?.onSearched(Number(news.ended.unit) + 1);
  }
}
