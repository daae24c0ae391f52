/** Files of jobs on a node's disk. */
import { z } from "zod";
import { STORAGE_KINDS } from "../../storage/kinds.ts";
import { Count, Hash, UnixMs } from "./scalar.ts";

const Bytes = z.int().min(0);

const KeptFileJson = z.object({
  name: z.string(),
  touchedAt: UnixMs.describe("when it was last written or asked to be kept"),
  until: UnixMs.optional().describe(
    "when it leaves, unless its kind is over its quota or the disk gets low; absent: it is needed",
  ),
  job: Hash.optional().describe("the settled job that left it"),
});

const StorageKindJson = z.object({
  kind: z.enum(STORAGE_KINDS),
  files: Count,
  bytes: Bytes,
  neededBytes: Bytes.describe("of these, of open jobs, imported or in use: no rule takes them"),
  heldBytes: Bytes.describe("promised to what is being fetched or written"),
  quotaBytes: Bytes,
  oldest: KeptFileJson.optional(),
});

export const StorageJson = z.object({
  countedAt: UnixMs.describe("when the files were counted: at most some minutes ago"),
  freeBytes: Bytes,
  minFreeBytes: Bytes.describe("disk.minFreeMib: below it the node stops voting"),
  jobsMinFreeBytes: Bytes.describe("disk.jobsMinFreeMib: below it no files of jobs are taken"),
  hasJobRoom: z.boolean(),
  kinds: z.array(StorageKindJson),
  deletions: z
    .array(
      z.object({
        at: UnixMs,
        kind: z.enum(STORAGE_KINDS),
        name: z.string(),
        bytes: Bytes,
        reason: z.enum(["old", "settled-long-ago", "over-quota", "low-disk"]),
        job: Hash.optional(),
      }),
    )
    .describe("the last 200, newest first"),
});
export type StorageJson = z.infer<typeof StorageJson>;
