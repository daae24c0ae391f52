/**
 * The worker's end of one link: greets the node, collects the inputs of a task, runs it, and sends the results. It
 * lives as long as its WebSocket; cache and trainers live longer.
 */

import type { WebSocket } from "ws";
import { PomlError } from "../../chain/errors.ts";
import { breathe } from "../../ml/training/breathe.ts";
import type { Log } from "../../p2p/log.ts";
import {
  BlobReceiver,
  type BlobRef,
  decodeTable,
  encodeIndexes,
  MAX_BLOB_BYTES,
  refOf,
} from "./blob.ts";
import type { BlobCache } from "./blob-cache.ts";
import { Channel } from "./channel.ts";
import type { WorkerParts } from "./kinds/context.ts";
import { Inputs, requireFitting } from "./kinds/inputs.ts";
import { KINDS } from "./kinds/kinds.ts";
import { decodeNodeMessage, type NodeMessage, PROTOCOL_VERSION } from "./protocol.ts";
import { runTask } from "./run-task.ts";
import type { TaskProgress } from "./task-control.ts";
import { breach, WorkerError } from "./worker-error.ts";

const PROGRESS_INTERVAL_MS = 250;
const WELCOME_MS = 10_000;
/** Limits of the protocol's `failed`. */
const MAX_CODE = 64;
const MAX_TEXT = 1024;
const EMPTY = new Uint8Array(0);

export interface SessionIdentity {
  /** SHA-256 of the exact engine's kernels, hex. */
  readonly engineHash: string;
  readonly threads: number;
  readonly platform: string;
}

export interface SessionModules extends WorkerParts {
  readonly log: Log;
  readonly cache: BlobCache;
  readonly onLinked?: (name: string) => void;
  /** Called before a task that keeps this thread busy. */
  readonly beforeTask?: () => void;
  /** Called when such a task has ended and its result is being sent. */
  readonly afterTask?: () => void;
}

type Order = Extract<NodeMessage, { type: "order" }>;

/** The current task: first it collects inputs, then it runs. */
interface Present {
  readonly task: number;
  readonly order: Order["order"];
  /** The names of the inputs in the table, one group after another. */
  readonly names: Order["inputs"];
  readonly table: readonly BlobRef[];
  readonly inputs: Map<string, Uint8Array>;
  /** Table indexes of inputs that are still missing, the next one first. */
  readonly lacking: number[];
  readonly abandon: AbortController;
  readonly end: AbortController;
  receiver: BlobReceiver | undefined;
}

export class WorkerSession {
  /** Resolves with the reason when the link and its task have ended; rejects with WorkerError REFUSED. */
  readonly closed: Promise<string>;
  readonly #modules: SessionModules;
  readonly #channel: Channel<NodeMessage>;
  readonly #over = new AbortController();
  readonly #greeted = new AbortController();
  #refused: WorkerError | undefined;
  #present: Present | undefined;
  /** Never rejects. */
  #working: Promise<void> = Promise.resolve();
  #progressAt = Number.NEGATIVE_INFINITY;

  /** @param socket open */
  constructor(socket: WebSocket, identity: SessionIdentity, modules: SessionModules) {
    this.#modules = modules;
    const { promise, resolve, reject } = deferred<string>();
    this.closed = promise;
    this.#channel = new Channel<NodeMessage>(socket, modules.clock, {
      decode: decodeNodeMessage,
      onMessage: (message, payload) => this.#onMessage(message, payload),
      onClosed: (reason) => {
        this.#over.abort();
        this.#greeted.abort();
        this.#present?.abandon.abort();
        // The next link must not find the task of the last one on its trainer.
        void this.#working.then(() => {
          if (this.#refused === undefined) resolve(reason);
          else reject(this.#refused);
        });
      },
    });
    const { engineHash: engine, threads, platform } = identity;
    void this.#channel.send({
      type: "hello",
      version: PROTOCOL_VERSION,
      engine,
      threads,
      platform,
    });
    modules.clock.sleep(WELCOME_MS, this.#greeted.signal).then(
      () => this.#channel.terminate("the node did not say welcome"),
      () => {},
    );
  }

  close(reason: string): void {
    this.#channel.close(reason);
  }

  #onMessage(message: NodeMessage, payload: Uint8Array): void {
    switch (message.type) {
      case "welcome":
        if (this.#greeted.signal.aborted) throw breach("a second welcome");
        this.#greeted.abort();
        void this.#watch(message);
        this.#modules.log.info("linked to the node", { worker: message.worker });
        this.#modules.onLinked?.(message.worker);
        break;
      case "refused":
        this.#refused = new WorkerError(
          `the node refuses this worker: ${message.message}`,
          { code: "REFUSED", refusal: message.refusal },
          { action: "local" },
        );
        this.#channel.close("refused");
        break;
      case "order":
        this.#take(message, payload);
        break;
      case "part":
        if (message.task === this.#present?.task) {
          this.#accept(this.#present, message.offset, payload);
        }
        break;
      case "stop":
        if (message.task === this.#present?.task) this.#stop(this.#present, message.how);
        break;
      default:
        message satisfies never;
    }
  }

  #take({ task, order, inputs: names }: Order, payload: Uint8Array): void {
    if (this.#present !== undefined) throw breach("a second order");
    const table = decodeTable(payload);
    requireFitting(names, table.length);
    const inputs = new Map<string, Uint8Array>();
    const lacking: number[] = [];
    table.forEach(({ hash, size }, index) => {
      const bytes = this.#modules.cache.get(hash);
      if (bytes?.length === size) inputs.set(hash, bytes);
      else if (!lacking.some((other) => table[other]?.hash === hash)) lacking.push(index);
    });
    const present: Present = {
      task,
      order,
      names,
      table,
      inputs,
      lacking,
      abandon: new AbortController(),
      end: new AbortController(),
      receiver: undefined,
    };
    this.#present = present;
    this.#progressAt = Number.NEGATIVE_INFINITY;
    void this.#channel.send({ type: "lacks", task }, encodeIndexes(lacking));
    this.#proceed(present);
  }

  #accept(present: Present, offset: number, part: Uint8Array): void {
    const [index] = present.lacking;
    if (present.receiver === undefined || index === undefined) throw breach("a part of no input");
    const bytes = present.receiver.accept(offset, part);
    if (bytes === undefined) return;
    const { hash } = present.receiver.ref;
    present.inputs.set(hash, bytes);
    if (isKept(present.names, index)) this.#modules.cache.put(hash, bytes);
    present.lacking.shift();
    this.#proceed(present);
  }

  /** Waits for the next missing input, or starts the work if there is none. */
  #proceed(present: Present): void {
    const next = present.table[present.lacking[0] ?? -1];
    present.receiver = next === undefined ? undefined : new BlobReceiver(next, MAX_BLOB_BYTES);
    if (next === undefined) this.#working = this.#work(present);
  }

  #stop(present: Present, how: "end" | "abandon"): void {
    if (how === "end") {
      present.end.abort();
      return;
    }
    present.abandon.abort();
    if (present.lacking.length > 0) this.#fail(present, present.abandon.signal.reason);
  }

  async #work(present: Present): Promise<void> {
    const { task, order, names, table, inputs } = present;
    const found = table.map(({ hash }) => ({ hash, bytes: inputs.get(hash) ?? EMPTY }));
    const context = {
      signal: present.abandon.signal,
      end: present.end.signal,
      onProgress: (progress: TaskProgress) => this.#report(task, progress),
      output: (name: string, index: number, bytes: Uint8Array) =>
        this.#output(present, { name, index, bytes }),
    };
    const isBusy = KINDS[order.kind].inThread !== true;
    if (isBusy) this.#modules.beforeTask?.();
    try {
      const parts = { ...this.#modules, inputs: new Inputs(names, found), context };
      const result = await runTask(order, parts);
      this.#present = undefined;
      await this.#channel.send({ type: "done", task, result });
    } catch (error) {
      this.#fail(present, error);
    }
    // To free memory after a search would take longer than a short search does.
    if (isBusy) this.#modules.afterTask?.();
  }

  #report(task: number, { step, steps, loss }: TaskProgress): void {
    const now = this.#modules.clock.monotonic();
    if (step !== steps && now - this.#progressAt < PROGRESS_INTERVAL_MS) return;
    this.#progressAt = now;
    void this.#channel.send({ type: "progress", task, step, steps, loss: loss ?? null });
  }

  async #output(
    { task, abandon }: Present,
    { name, index, bytes }: { name: string; index: number; bytes: Uint8Array },
  ): Promise<void> {
    if (abandon.signal.aborted) return;
    void this.#channel.send({ type: "output", task, name, index, ...refOf(bytes) });
    await this.#channel.sendParts(task, bytes, () => !abandon.signal.aborted);
  }

  #fail({ task, order, abandon }: Present, error: unknown): void {
    this.#present = undefined;
    const message = error instanceof Error ? error.message : String(error);
    const code = error instanceof PomlError ? error.code : "INTERNAL";
    if (!abandon.signal.aborted) {
      this.#modules.log.info("task failed", { kind: order.kind, code, reason: message });
    }
    const facts = { code: abandon.signal.aborted ? "ABANDONED" : code.slice(0, MAX_CODE) };
    void this.#channel.send({
      type: "failed",
      task,
      ...facts,
      message: message.slice(0, MAX_TEXT),
    });
  }

  async #watch({
    heartbeatMs,
    silenceMs,
  }: Extract<NodeMessage, { type: "welcome" }>): Promise<void> {
    const { signal } = this.#over;
    while (!signal.aborted) {
      await this.#modules.clock.sleep(heartbeatMs, signal).catch(() => {});
      // After a pause of this process, messages that have arrived meanwhile are read before the node is judged.
      await breathe();
      if (this.#channel.silenceMs >= silenceMs) this.#channel.terminate("the node is silent");
    }
  }
}

/** Whether the input at this place of the table should be kept in the cache. */
function isKept(names: Order["inputs"], index: number): boolean {
  let end = 0;
  for (const { count, isKept } of names) {
    end += count;
    if (index < end) return isKept;
  }
  return false;
}

function deferred<T>(): {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (reason: unknown) => void;
} {
  let resolve: (value: T) => void = () => {};
  let reject: (reason: unknown) => void = () => {};
  const promise = new Promise<T>((onValue, onError) => {
    resolve = onValue;
    reject = onError;
  });
  return { promise, resolve, reject };
}
