/** Chunk files of datasets on this disk. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { DatasetError } from "../../../ml/dataset/errors.ts";
import type { ManifestChunk } from "../../../ml/dataset/manifest.ts";
import { servedFile } from "../../blobs/served-file.ts";

const MAX_VERIFIED = 200_000;

export class ChunkFiles {
  /** Files that were verified, by path, with their file status at that time. */
  readonly #verified = new Map<string, string>();

  /**
   * The files of those chunks that are absent or damaged. Files are read one after another and piece by piece, because
   * they may be larger than the memory.
   */
  async missing(folder: string, chunks: readonly ManifestChunk[]): Promise<string[]> {
    const missing: string[] = [];
    for (const chunk of chunks) if (!(await this.#isHere(folder, chunk))) missing.push(chunk.file);
    return missing;
  }

  /** A verified file is not read again unless it changes. */
  async #isHere(folder: string, chunk: ManifestChunk): Promise<boolean> {
    const path = join(folder, chunk.file);
    const found = await stat(path).catch(() => undefined);
    if (found === undefined) return false;
    const state = `${chunk.sha256} ${found.size} ${found.mtimeMs}`;
    if (this.#verified.get(path) === state) return true;
    try {
      for await (const _ of readPieces(folder, chunk));
    } catch {
      return false;
    }
    if (this.#verified.size >= MAX_VERIFIED) this.#verified.clear();
    this.#verified.set(path, state);
    return true;
  }
}

/** @throws DatasetError MISSING_FILE, CHUNK_HASH */
export async function* readPieces(
  folder: string,
  chunk: ManifestChunk,
): AsyncGenerator<Uint8Array> {
  const { file, sha256 } = chunk;
  const onDamaged = async (): Promise<Error> =>
    new DatasetError(
      `chunk ${file} on this disk is not the one of the manifest`,
      { code: "CHUNK_HASH", file, expected: sha256, actual: "another" },
      { remedy: "fetch the chunk again" },
    );
  const served = await servedFile(join(folder, file), { sha256, onDamaged });
  if (served !== undefined && served.sizeBytes === chunk.bytes) return yield* served.read();
  throw new DatasetError(
    `chunk ${file} is not on this disk`,
    { code: "MISSING_FILE", file },
    { remedy: "fetch the chunk again" },
  );
}
