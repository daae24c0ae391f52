/**
 * Checks every entry of a stopped node's database: checksums, the chain of hashes from the head down, each body against
 * its header, the indexes, and the state's root. It changes nothing.
 */
import { blockHash } from "../../chain/apply-block.ts";
import { equalBytes } from "../../chain/crypto/hash.ts";
import type { State } from "../../chain/state/state.ts";
import { Job } from "../../chain/types/job.ts";
import { wrongPart } from "../chain/block-parts.ts";
import { BaseStore } from "../store/base-store.ts";
import type { ChainStore } from "../store/chain-store.ts";
import type { StoredHead } from "../store/head-entry.ts";
import { PREFIX, type Prefix } from "../store/keys.ts";
import { unseal } from "../store/sealed.ts";
import { missingIndexes, readLinked } from "../store/self-check.ts";
import { StoreError } from "../store/store-error.ts";

export interface Fault {
  /** Undefined: it does not concern a single block. */
  readonly height?: number;
  readonly reason: string;
}

export interface StoreReport {
  readonly height: number;
  readonly lowest: number;
  readonly entries: number;
  readonly faults: readonly Fault[];
  /**
   * False for damage that `poml repair` cannot repair in place: the state, records of settled jobs, or the newest
   * block.
   */
  readonly isStateSound: boolean;
}

export interface ScanOptions {
  /** @param done 0 to 1 */
  readonly onProgress?: (done: number, text: string) => void;
  readonly signal?: AbortSignal;
}

const NAMES = new Map<number, Prefix>(
  (Object.keys(PREFIX) as Prefix[]).map((name) => [PREFIX[name], name]),
);
/** Share of the progress for reading entries, which takes a fraction of the time for blocks. */
const ENTRIES_SHARE = 0.2;

/** @throws StoreError when there is no head to start from */
export async function verifyStore(
  store: ChainStore,
  { onProgress = () => {}, signal }: ScanOptions = {},
): Promise<StoreReport> {
  const faults: Fault[] = [];
  const entries = await checkEntries(store, faults, { onProgress, ...(signal && { signal }) });
  const head = await store.head();
  if (head === undefined) throw StoreError.damaged("the head entry is missing");
  const state = await checkState(store, head, faults);
  const stateRoot = state?.root();
  const areJobsWhole = state !== undefined && (await checkSettled(store, state, faults));
  let isStateSound = state !== undefined && areJobsWhole;
  let expected: Uint8Array | undefined = head.hash;
  const count = Math.max(1, head.height - store.lowest + 1);
  for (let height = head.height; height >= store.lowest; height--) {
    signal?.throwIfAborted();
    const found = await readLinked(store, height, expected);
    if (found === undefined) {
      faults.push({ height, reason: "missing, damaged, or not the parent of the block above" });
      if (height === head.height) isStateSound = false;
      expected = undefined;
      continue;
    }
    const { certified, hash } = found;
    const part = wrongPart(certified.block);
    if (part !== undefined) faults.push({ height, reason: `${part} differs from the header` });
    const missing = (await missingIndexes(store, certified, hash)).length;
    if (missing > 0) faults.push({ height, reason: `${missing} index entries missing or wrong` });
    const { stateRoot: stated, parent } = certified.block.header;
    if (height === head.height && stateRoot !== undefined && !equalBytes(stated, stateRoot)) {
      faults.push({ reason: "the state does not have the root of the newest block" });
      isStateSound = false;
    }
    expected = parent;
    const done = ENTRIES_SHARE + ((1 - ENTRIES_SHARE) * (head.height - height + 1)) / count;
    onProgress(done, `block ${height}`);
  }
  await checkSeatChanges(store, faults);
  return { height: head.height, lowest: store.lowest, entries, faults, isStateSound };
}

/**
 * Verifies all checksums.
 * @returns the number of entries
 */
async function checkEntries(
  store: ChainStore,
  faults: Fault[],
  { onProgress, signal }: Required<Pick<ScanOptions, "onProgress">> & ScanOptions,
): Promise<number> {
  let count = 0;
  for await (const [key, sealed] of store.db.rawEntries({})) {
    count++;
    if (unseal(key, sealed) === undefined) {
      const name = NAMES.get(key[0] ?? 0) ?? "unknown";
      faults.push({ reason: `an entry of ${name} has a wrong checksum` });
    }
    if (count % 4096 !== 0) continue;
    signal?.throwIfAborted();
    onProgress(Math.min(ENTRIES_SHARE, count / 1e7), `${count} entries`);
  }
  return count;
}

async function checkState(
  store: ChainStore,
  head: StoredHead,
  faults: Fault[],
): Promise<State | undefined> {
  try {
    const state = await store.state();
    if (state.height === head.height) return state;
    faults.push({ reason: `the state is at height ${state.height}` });
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    faults.push({ reason: error.message });
  }
  return undefined;
}

/**
 * Checks the records of settled jobs, of which the state has the roots. Those from before a snapshot come with its
 * history.
 * @returns whether all records are present that should be
 */
async function checkSettled(store: ChainStore, state: State, faults: Fault[]): Promise<boolean> {
  const isReplayed = (await new BaseStore(store).base()) === undefined;
  const before = faults.length;
  for (let index = 0; index < state.jobs.length; index++) {
    if (state.jobs.get(index) !== undefined) continue;
    try {
      const job = await store.settled.job(index);
      if (job === undefined) {
        if (isReplayed) faults.push({ reason: `settled job ${index} is missing` });
      } else if (!equalBytes(Job.hashTreeRoot(job), state.jobRoot(index))) {
        faults.push({ reason: `settled job ${index} differs from its root in the state` });
      }
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      faults.push({ reason: error.message });
    }
  }
  return faults.length === before;
}

async function checkSeatChanges(store: ChainStore, faults: Fault[]): Promise<void> {
  for (let height = 1; height <= store.height; ) {
    try {
      const change = await store.seatChange(height, "from");
      if (change === undefined) return;
      const { header } = change;
      const stored = await store.heightOf(blockHash(header));
      if (header.height >= store.lowest && stored !== header.height) {
        faults.push({ height: header.height, reason: "its change of seats is of another block" });
      }
      height = header.height + 1;
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      faults.push({ reason: `changes of seats: ${error.message}` });
      return;
    }
  }
}
