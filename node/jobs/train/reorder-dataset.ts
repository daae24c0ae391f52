/** Makes a copy of a dataset in another order of its rows. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { toHex } from "../../../chain/crypto/hash.ts";
import type { DatasetOrder } from "../../../ml/dataset/manifest.ts";
import { readManifestBytes } from "../../../ml/dataset/store.ts";
import { type Clock, systemClock } from "../../clock.ts";
import { IMPORT_LIMITS, importInChild } from "../../datasets/import-child.ts";
import { importDataset } from "../../datasets/import-dataset.ts";
import type { ImportSource } from "../../datasets/import-order.ts";
import type { ManifestReader } from "../../datasets/manifest-reader.ts";
import { type RandomBytes, systemRandom } from "../../random.ts";
import { SerialQueue } from "../../serial-queue.ts";
import type { Reservation, Room } from "../../storage/room.ts";
import { moveInto } from "./dataset-folder.ts";

/** Sorting so few bytes takes less time than starting a process. */
const REORDER_HERE_BYTES = 2 * 1024 * 1024;
const REORDER_MS = 10 * 60_000;
/** The rows of the largest dataset three times: as they are, in one piece, and in the new order. */
const REORDER_BYTES = 3 * 1024 * 1024 * 1024;

export interface ReorderModules {
  readonly room: Room;
  readonly manifests: Pick<ManifestReader, "read">;
  readonly clock?: Pick<Clock, "timeout"> | undefined;
  /** Names of folders that are being written. */
  readonly random?: RandomBytes | undefined;
}

export class DatasetReorder {
  readonly #folder: string;
  readonly #modules: ReorderModules;
  /** One at a time, because each needs a process with its memory. */
  readonly #queue = new SerialQueue();

  /** @param folder of all datasets */
  constructor(folder: string, modules: ReorderModules) {
    this.#folder = folder;
    this.#modules = modules;
  }

  /**
   * Reads, sorts and writes all rows: in this process if there are few, otherwise in a separate process, one at a time.
   * @param dataset its id, and the bytes of its chunks
   * @returns the id of the copy
   */
  async reorder(
    { id, bytes }: { id: string; bytes: number },
    order: DatasetOrder,
    seed: Uint8Array,
  ): Promise<string> {
    const { random = systemRandom, clock = systemClock } = this.#modules;
    const output = join(this.#folder, `${id}.${toHex(random(8))}.part`);
    const source: ImportSource = {
      kind: "reorder",
      folder: join(this.#folder, id),
      order,
      seed: toHex(seed),
    };
    let held: Reservation | undefined;
    let size = 0;
    const reserve = async (wanted: number): Promise<AbortSignal> => {
      held = await this.#modules.room.reserve("datasets", wanted);
      size = wanted;
      return held.signal;
    };
    const inProcess = async (): Promise<void> => {
      const signal = clock.timeout(REORDER_MS);
      const limits = { ...IMPORT_LIMITS, memoryBytes: REORDER_BYTES };
      const control = { onProgress: () => {}, onSize: reserve, signal };
      await importInChild({ source, output }, control, limits);
    };
    const here = (): Promise<void> =>
      importDataset(
        { source, output },
        () => {},
        async (wanted) => void (await reserve(wanted)),
      );
    try {
      await (bytes <= REORDER_HERE_BYTES ? here() : this.#queue.run(inProcess));
      const { id: copy } = await this.#modules.manifests.read(await readManifestBytes(output));
      await moveInto(output, join(this.#folder, copy));
      held?.wrote(size);
      return copy;
    } finally {
      held?.release();
      await rm(output, { recursive: true, force: true });
    }
  }
}
