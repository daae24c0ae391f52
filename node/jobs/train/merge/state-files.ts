/** What an aggregation kept in the round before, read from a file, and what it keeps for the next one, written to one. */
import { createHash, type Hash } from "node:crypto";
import { bytesOfFloats } from "../../../../ml/bytes.ts";
import {
  checkStateHeader,
  decodeLengths,
  encodeLengths,
  encodeStateHeader,
  STATE_HEADER_BYTES,
  STATE_TRAILER_BYTES,
  type StateShape,
  stateBytes,
} from "../../../../ml/federation/server-state.ts";
import type { Disk, DiskFile } from "../../../disk.ts";
import { FloatFile } from "./float-file.ts";

export interface StateFilesOptions {
  readonly parameterCount: number;
  /** Path of the file from the round before; undefined: there is none. */
  readonly before: string | undefined;
  readonly output: string;
  /** What each vector holds in the first round; empty: nothing is kept. */
  readonly initial: readonly number[];
}

export class StateFiles {
  readonly #initial: readonly number[];
  readonly #before: FloatFile | undefined;
  readonly #output: DiskFile | undefined;
  readonly #digest: Hash = createHash("sha256");
  /** Median lengths of the updates of earlier rounds. */
  readonly earlierLengths: readonly number[];

  private constructor(
    initial: readonly number[],
    earlierLengths: readonly number[],
    files: { readonly before: FloatFile | undefined; readonly output: DiskFile | undefined },
  ) {
    this.#initial = initial;
    this.earlierLengths = earlierLengths;
    this.#before = files.before;
    this.#output = files.output;
  }

  /** @throws UpdateError UPDATE_FORMAT for the state of another job */
  static async open(options: StateFilesOptions, disk: Disk): Promise<StateFiles> {
    const { parameterCount, initial, output } = options;
    const shape = { vectors: initial.length, parameterCount };
    const path = initial.length === 0 ? undefined : options.before;
    const earlierLengths = path === undefined ? [] : await readEnds(path, shape, disk);
    const before =
      path === undefined ? undefined : await FloatFile.open(disk, path, STATE_HEADER_BYTES);
    if (initial.length === 0) return new StateFiles(initial, [], { before, output: undefined });
    const files = { before, output: await disk.open(output, "w") };
    const state = new StateFiles(initial, earlierLengths, files);
    await state.#write(encodeStateHeader(shape));
    return state;
  }

  /** One stretch of each vector. */
  async read(from: number, count: number): Promise<Float32Array[]> {
    const vectors = this.#initial.length;
    const before = this.#before;
    if (before === undefined) {
      return this.#initial.map((value) => new Float32Array(count).fill(value));
    }
    const stretch: Float32Array[] = [];
    for (let i = 0; i < vectors; i++) {
      stretch.push(await before.values(vectors * from + i * count, count));
    }
    return stretch;
  }

  /** The next stretch of each vector. */
  async write(vectors: readonly Float32Array[]): Promise<void> {
    for (const vector of vectors) await this.#write(bytesOfFloats(vector));
  }

  /** @returns SHA-256 of the new file, once it is durable; undefined where nothing is kept */
  async end(lengths: readonly number[]): Promise<Uint8Array | undefined> {
    if (this.#output === undefined) return undefined;
    await this.#write(encodeLengths(lengths));
    await this.#output.datasync();
    return new Uint8Array(this.#digest.digest());
  }

  async close(): Promise<void> {
    await this.#before?.close();
    await this.#output?.close();
  }

  async #write(bytes: Uint8Array): Promise<void> {
    this.#digest.update(bytes);
    await this.#output?.writeFile(bytes);
  }
}

async function readEnds(path: string, shape: StateShape, disk: Disk): Promise<number[]> {
  const file = await disk.open(path, "r");
  try {
    const header = new Uint8Array(STATE_HEADER_BYTES);
    const trailer = new Uint8Array(STATE_TRAILER_BYTES);
    await file.read(header, 0, header.length, 0);
    checkStateHeader(header, shape);
    await file.read(trailer, 0, trailer.length, stateBytes(shape) - trailer.length);
    return decodeLengths(trailer);
  } finally {
    await file.close();
  }
}
