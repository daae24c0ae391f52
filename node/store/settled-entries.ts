/**
 * Settled jobs as entries of the database. Their roots are part of the state. Their records follow from the blocks, so
 * a node that started from a snapshot gets those of earlier jobs when it replays the blocks before it.
 */
import { ContainerType, ListCompositeType, type ValueOf } from "@chainsafe/ssz";
import { isUnsettled, Job } from "../../chain/types/job.ts";
import { Hash, Uint32 } from "../../chain/types/primitive.ts";
import { workloadOf } from "../../chain/workload/workloads.ts";
import { heightBytes, readHeight } from "./block-entries.ts";
import { type Database, put, type Write } from "./database.ts";
import { decodeEntry } from "./decode-entry.ts";
import { bytesKey, numberKey, numberOf, numberRange } from "./keys.ts";

/** The largest number of files of a job that are kept after it. */
const MAX_FILES = 16;

/** The part of a settled job that is read for many jobs at once. */
export const SettledSummary = new ContainerType(
  {
    id: Hash,
    closedAt: Uint32,
    /** The files that are needed to use the result. */
    files: new ListCompositeType(Hash, MAX_FILES),
  },
  { typeName: "SettledSummary", jsonCase: "eth2" },
);
export type SettledSummary = ValueOf<typeof SettledSummary>;

/** The records of the settled jobs among these, with their indexes. */
export function recordWrites(jobs: ReadonlyMap<number, Job>): Write[] {
  return [...jobs].flatMap(([index, job]) => {
    if (isUnsettled(job)) return [];
    const { id, closedAt, spec } = job;
    const summary = { id, closedAt, files: [...workloadOf(spec).files(job)] };
    return [
      put(numberKey("settledJob", index), Job.serialize(job)),
      put(numberKey("settledSummary", index), SettledSummary.serialize(summary)),
      put(bytesKey("settledIndex", id), heightBytes(index)),
    ];
  });
}

/** Reads the entries of `recordWrites`. All of them may be missing, whatever the state says. */
export class SettledJobs {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** @throws StoreError DAMAGED_STORE */
  async job(index: number): Promise<Job | undefined> {
    const bytes = await this.#db.get(numberKey("settledJob", index));
    return bytes === undefined ? undefined : decodeEntry(`settled job ${index}`, Job, bytes);
  }

  /**
   * The index in the state of the settled job with this id.
   * @throws StoreError DAMAGED_STORE
   */
  async indexOf(id: Uint8Array): Promise<number | undefined> {
    const bytes = await this.#db.get(bytesKey("settledIndex", id));
    return bytes === undefined ? undefined : readHeight(bytes);
  }

  /** Newest first. @param end excluded @throws StoreError DAMAGED_STORE */
  async *summaries(from: number, end: number): AsyncIterable<[index: number, SettledSummary]> {
    const keys = { ...numberRange("settledSummary", from, end), reverse: true };
    for await (const [key, bytes] of this.#db.entries(keys)) {
      yield [numberOf(key), decodeEntry("a summary of a settled job", SettledSummary, bytes)];
    }
  }
}
