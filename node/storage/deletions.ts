/**
 * The last files of jobs that this node deleted, with the reasons; stored in a small file, so that they are known after
 * a restart.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { writeDurably } from "../durable-file.ts";
import { STORAGE_KINDS } from "./kinds.ts";
import type { Removal } from "./retention-plan.ts";

const KEPT = 200;
const FILE = "deletions.json";

const DeletionSchema = z.object({
  /** Unix milliseconds. */
  at: z.number(),
  kind: z.enum(STORAGE_KINDS),
  name: z.string(),
  bytes: z.number(),
  reason: z.enum(["old", "settled-long-ago", "over-quota", "low-disk"]),
  /** The settled job to which the file belonged. */
  job: z.string().optional(),
});
export type Deletion = z.infer<typeof DeletionSchema>;

export class Deletions {
  readonly #path: string;
  /** Newest first. */
  #last: readonly Deletion[];

  private constructor(path: string, last: readonly Deletion[]) {
    this.#path = path;
    this.#last = last;
  }

  static async open(dataDir: string): Promise<Deletions> {
    return new Deletions(join(dataDir, FILE), await readDeletions(dataDir));
  }

  get last(): readonly Deletion[] {
    return this.#last;
  }

  /**
   * @param at Unix milliseconds
   * @throws any error of writing; the deletions are remembered nevertheless
   */
  async add(removals: readonly Removal[], at: number): Promise<void> {
    if (removals.length === 0) return;
    const added = removals.slice(-KEPT).map(({ file: { kind, name, bytes }, reason, job }) => {
      return { at, kind, name, bytes, reason, ...(job === undefined ? {} : { job }) };
    });
    this.#last = [...added.reverse(), ...this.#last].slice(0, KEPT);
    await writeDurably(this.#path, `${JSON.stringify(this.#last)}\n`);
  }
}

/** Newest first; empty when the file is missing or cannot be read, because nothing depends on it. */
export async function readDeletions(dataDir: string): Promise<Deletion[]> {
  try {
    const parsed = z.array(DeletionSchema).max(KEPT);
    return parsed.parse(JSON.parse(await readFile(join(dataDir, FILE), "utf8")));
  } catch {
    return [];
  }
}
