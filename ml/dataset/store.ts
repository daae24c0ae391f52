/**
 * Datasets on disk: one folder with `manifest.json` and its chunk files. This is the only file of the library that does
 * I/O.
 */
import { writeFileSync } from "node:fs";
import { mkdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { cutDataset, type Dataset, type DatasetSource } from "./build.ts";
import { verifyChunk } from "./chunk.ts";
import { DatasetError } from "./errors.ts";
import { decodeManifest, encodeManifest, type Manifest, type ManifestChunk } from "./manifest.ts";

const MANIFEST_FILE = "manifest.json";

/** Writes the chunks first, and the manifest last by rename, so that a folder with a manifest is complete. */
export async function writeDataset(folder: string, dataset: Dataset): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [file, bytes] of dataset.chunks) await writeFile(join(folder, file), bytes);
  await writeManifest(folder, dataset.manifest);
}

/** Cuts a source into a folder, chunk by chunk. @throws DatasetError as cutDataset */
export async function cutIntoFolder(
  folder: string,
  source: DatasetSource,
  onProgress: (done: number) => void,
): Promise<Manifest> {
  await mkdir(folder, { recursive: true });
  const manifest = cutDataset(source, {}, (file, bytes, done) => {
    writeFileSync(join(folder, file), bytes);
    onProgress(done);
  });
  await writeManifest(folder, manifest);
  return manifest;
}

async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  const path = join(folder, MANIFEST_FILE);
  await writeFile(`${path}.part`, encodeManifest(manifest));
  await rename(`${path}.part`, path);
}

/** @throws DatasetError MISSING_FILE, BAD_MANIFEST */
export async function readManifest(folder: string): Promise<Manifest> {
  return decodeManifest(await readManifestBytes(folder));
}

/**
 * Not checked.
 * @throws DatasetError MISSING_FILE
 */
export function readManifestBytes(folder: string): Promise<Uint8Array> {
  return read(join(folder, MANIFEST_FILE));
}

/**
 * Reads and verifies everything.
 * @throws DatasetError MISSING_FILE, BAD_MANIFEST, CHUNK_SIZE, CHUNK_HASH
 */
export async function readDataset(folder: string): Promise<Dataset> {
  const manifest = await readManifest(folder);
  const chunks = new Map<string, Uint8Array>();
  for (const chunk of [...manifest.train, ...manifest.test]) {
    chunks.set(chunk.file, await readChunk(folder, chunk));
  }
  return { manifest, chunks };
}

/** The verified bytes of one chunk file. @throws DatasetError MISSING_FILE, CHUNK_SIZE, CHUNK_HASH */
export async function readChunk(folder: string, chunk: ManifestChunk): Promise<Uint8Array> {
  const bytes = await read(join(folder, chunk.file), chunk);
  verifyChunk(chunk, bytes);
  return bytes;
}

/** Compares the size before it reads the file, so that a file of the wrong size costs no memory. */
async function read(path: string, chunk?: ManifestChunk): Promise<Uint8Array> {
  try {
    const { size } = await stat(path);
    if (chunk !== undefined && size !== chunk.bytes) {
      throw new DatasetError(
        `chunk ${chunk.file} has ${size} bytes, expected ${chunk.bytes}`,
        { code: "CHUNK_SIZE", file: chunk.file, expected: chunk.bytes, actual: size },
        { remedy: "fetch the chunk again" },
      );
    }
    return await readFile(path);
  } catch (cause) {
    if (cause instanceof DatasetError) throw cause;
    if (!(cause instanceof Error && "code" in cause && cause.code === "ENOENT")) throw cause;
    throw new DatasetError(
      `${path} is missing`,
      { code: "MISSING_FILE", file: path },
      { remedy: "fetch or import the dataset again", cause },
    );
  }
}
