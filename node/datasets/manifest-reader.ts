/**
 * Reads manifests of datasets without blocking the node: one of 16 MiB, which anybody can name in an order, takes
 * seconds to check. Large ones are checked in a thread, one at a time, and the last few are kept.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { sha256, toHex } from "../../chain/crypto/hash.ts";
import { PomlError } from "../../chain/errors.ts";
import { DatasetError, type DatasetFacts } from "../../ml/dataset/errors.ts";
import { datasetId, decodeManifest, type Manifest } from "../../ml/dataset/manifest.ts";
import { SerialQueue } from "../serial-queue.ts";
import type { SentError } from "./import-messages.ts";
import { ManifestBuilder, type ManifestMessage } from "./manifest-pieces.ts";

/** Manifests up to this size are checked at once, which takes some milliseconds. */
const SMALL_BYTES = 64 * 1024;
const KEPT_BYTES = 32 * 1024 * 1024;
const DEADLINE_MS = 60_000;
const HEAP_MIB = 512;
const THREAD = new URL("./manifest-thread.ts", import.meta.url);

export interface ReadManifest {
  readonly manifest: Manifest;
  /** Hex; the id of the canonical bytes. */
  readonly id: string;
}

export class ManifestReader {
  readonly #queue = new SerialQueue();
  /** By the SHA-256 of the bytes; the most recently used ones come last. */
  readonly #kept = new Map<string, ReadManifest & { readonly bytes: number }>();

  /** @throws DatasetError BAD_MANIFEST, TOO_LARGE; PomlError MANIFEST_TOO_COSTLY */
  async read(bytes: Uint8Array): Promise<ReadManifest> {
    const hash = toHex(sha256(bytes));
    const known = this.#kept.get(hash);
    if (known !== undefined) {
      this.#keep(hash, known);
      return known;
    }
    const read =
      bytes.length <= SMALL_BYTES
        ? readHere(bytes)
        : await this.#queue.run(async () => this.#kept.get(hash) ?? (await readInThread(bytes)));
    this.#keep(hash, { ...read, bytes: bytes.length });
    return read;
  }

  #keep(hash: string, entry: ReadManifest & { readonly bytes: number }): void {
    this.#kept.delete(hash);
    this.#kept.set(hash, entry);
    let total = [...this.#kept.values()].reduce((sum, { bytes }) => sum + bytes, 0);
    for (const [oldest, { bytes }] of this.#kept) {
      if (total <= KEPT_BYTES || oldest === hash) break;
      this.#kept.delete(oldest);
      total -= bytes;
    }
  }
}

function readHere(bytes: Uint8Array): ReadManifest {
  const manifest = decodeManifest(bytes);
  return { manifest, id: datasetId(manifest) };
}

async function readInThread(bytes: Uint8Array): Promise<ReadManifest> {
  const thread = new Worker(THREAD, {
    workerData: bytes,
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB },
  });
  const timer = setTimeout(() => void thread.terminate(), DEADLINE_MS);
  try {
    let builder: ManifestBuilder | undefined;
    let id = "";
    for (;;) {
      const message = await nextMessage(thread);
      if (message.kind === "refused") throw refusalOf(message.error);
      if (message.kind === "start") {
        builder = new ManifestBuilder(message.manifest);
        ({ id } = message);
      } else if (message.kind === "piece") builder?.add(message);
      else if (builder !== undefined) return { manifest: builder.finish(), id };
      // Other events of the process get a turn between two pieces.
      await nextTurn();
    }
  } finally {
    clearTimeout(timer);
    await thread.terminate();
  }
}

function nextMessage(thread: Worker): Promise<ManifestMessage> {
  return new Promise((resolve, reject) => {
    const onMessage = (message: ManifestMessage): void => {
      release();
      resolve(message);
    };
    const onEnd = (cause: unknown): void => {
      release();
      reject(
        new PomlError(
          "checking the dataset manifest takes too much time or memory",
          { code: "MANIFEST_TOO_COSTLY" },
          { action: "local", cause, remedy: "use a dataset with fewer chunks or columns" },
        ),
      );
    };
    const release = (): void => {
      thread.off("message", onMessage).off("error", onEnd).off("exit", onEnd);
    };
    thread.on("message", onMessage).on("error", onEnd).on("exit", onEnd);
    thread.postMessage("next");
  });
}

function refusalOf({ message, facts, remedy }: SentError): DatasetError {
  return new DatasetError(message, facts as DatasetFacts, remedy === undefined ? {} : { remedy });
}
