/** What the workers of the benchmark note of one search, and what it says of a find's way to the end of all hashing. */
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";

/** Name of the environment variable with the folder of the notes. */
export const NOTES_FOLDER = "POML_BENCH_NOTES";

/** Of the thread of a worker that hashes, one for each task. */
export interface ThreadNotes {
  readonly of: "thread";
  /** End of the call that found something. */
  readonly foundAt?: number | undefined;
  /** When each call ended, and how many nonces it hashed. */
  readonly calls: readonly (readonly [number, number])[];
}

/** Of the thread that hears the node, one for each task. */
export interface LinkNotes {
  readonly of: "link";
  /** The find was sent to the node. */
  readonly sentAt?: number | undefined;
  /** The thread that hashes was told to stop. */
  readonly toldAt?: number | undefined;
}

/** One worker process. */
export interface WorkerNotes {
  readonly foundAt: number | undefined;
  readonly sentAt: number | undefined;
  /** Once for each task that was told to stop. */
  readonly toldAt: readonly number[];
  readonly calls: readonly (readonly [number, number])[];
}

export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** Reads the notes of all workers, and deletes them. */
export async function takeNotes(folder: string): Promise<WorkerNotes[]> {
  const names = await readdir(folder);
  return Promise.all(
    names.map(async (name) => {
      const path = join(folder, name);
      const lines = (await readFile(path, "utf8")).trimEnd().split("\n");
      await rm(path);
      const notes = lines.map((line): LinkNotes | ThreadNotes => JSON.parse(line));
      const threads = notes.filter((one) => one.of === "thread");
      const links = notes.filter((one) => one.of === "link");
      return {
        foundAt: threads.find(({ foundAt }) => foundAt !== undefined)?.foundAt,
        calls: threads.flatMap(({ calls }) => calls),
        sentAt: links.find(({ sentAt }) => sentAt !== undefined)?.sentAt,
        toldAt: links.flatMap(({ toldAt }) => toldAt ?? []),
      };
    }),
  );
}
