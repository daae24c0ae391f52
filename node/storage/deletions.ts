/** The last files of jobs that this node deleted, and why: a small file that says so after a restart, too. */
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
  /** The settled job whose file it was. */
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
   * @throws what writing throws; it is remembered all the same
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

/** Newest first; none where the file is not there or cannot be read: nothing depends on it. */
export async function readDeletions(dataDir: string): Promise<Deletion[]> {
  try {
    const parsed = z.array(DeletionSchema).max(KEPT);
    return parsed.parse(JSON.parse(await readFile(join(dataDir, FILE), "utf8")));
  } catch {
    return [];
  }
}
