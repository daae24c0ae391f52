/**
 * A chain that started from a snapshot instead of its genesis: the block from which it started (its base), and the
 * older blocks as they are fetched and replayed. Until all of these are here they do not count: `lowest` of the chain
 * stays at the base.
 */
import { equalBytes } from "../../chain/crypto/hash.ts";
import type { State } from "../../chain/state/state.ts";
import type { CertifiedBlock } from "../../chain/types/block.ts";
import { isUnsettled, Job } from "../../chain/types/job.ts";
import { LightBlock } from "../../chain/types/light.ts";
import type { Seat } from "../../chain/types/node.ts";
import { Seats } from "../../chain/types/state.ts";
import { blockWrites, decodeBlock, heightBytes } from "./block-entries.ts";
import { type ChainStore, type FinalChange, HEAD, LOWEST, TIP_SEATS } from "./chain-store.ts";
import { type Database, put, remove, type Write } from "./database.ts";
import { headBytes, readHead, type StoredHead } from "./head-entry.ts";
import { nameKey, numberKey } from "./keys.ts";
import { recordWrites } from "./settled-entries.ts";
import { wholeStateWrites } from "./state-entries.ts";
import { StoreError } from "./store-error.ts";

/** Height and hash of the base; absent for a chain that knows its whole past. */
const BASE = nameKey("single", "base");

/** A verified state, and the block that led to it. */
export interface VerifiedBase {
  readonly state: State;
  readonly certified: CertifiedBlock;
  readonly hash: Uint8Array;
  /** Those that certified the block. */
  readonly seats: readonly Seat[];
}

export class BaseStore {
  readonly #store: ChainStore;

  constructor(store: ChainStore) {
    this.#store = store;
  }

  get #db(): Database {
    return this.#store.db;
  }

  /** Moves a chain without blocks to a state that was verified elsewhere, in one batch. */
  async install({ state, certified, hash, seats }: VerifiedBase): Promise<void> {
    const head = { height: certified.block.header.height, hash };
    await this.#db.batch([
      ...wholeStateWrites(state),
      ...blockWrites(certified, hash),
      put(TIP_SEATS, Seats.serialize([...seats])),
      put(LOWEST, heightBytes(head.height)),
      put(BASE, headBytes(head)),
      put(HEAD, headBytes(head)),
    ]);
    await this.#store.head();
  }

  /**
   * The base, while its history has not been replayed.
   * @throws StoreError DAMAGED_STORE
   */
  async base(): Promise<StoredHead | undefined> {
    const bytes = await this.#db.get(BASE);
    return bytes === undefined ? undefined : readHead("base", bytes);
  }

  /** An older block stored by an earlier run of the replay; undefined when there is none that decodes. */
  async block(height: number): Promise<CertifiedBlock | undefined> {
    try {
      const bytes = await this.#db.get(numberKey("block", height));
      return bytes === undefined ? undefined : decodeBlock(bytes, height).certified;
    } catch (error) {
      if (error instanceof StoreError && error.code === "DAMAGED_STORE") return undefined;
      throw error;
    }
  }

  /** Stores the jobs that older blocks settled, if they equal those of the state, because the history may be false. */
  async keepSettled(blocks: readonly FinalChange[]): Promise<void> {
    const jobs = blocks.flatMap(({ changes }) =>
      [...changes.jobs].filter(([, job]) => !isUnsettled(job)),
    );
    const kept: Write[] = [];
    for (const [index, job] of jobs) {
      const root = await this.#db.get(numberKey("jobsRoot", index));
      if (root === undefined || !equalBytes(root, Job.hashTreeRoot(job))) continue;
      kept.push(...recordWrites(new Map([[index, job]])));
    }
    if (kept.length > 0) await this.#db.batch(kept);
  }

  /** Stores older blocks, but nothing of the states to which they led. */
  async keep(blocks: readonly FinalChange[]): Promise<void> {
    const writes: Write[] = [];
    for (const { certified, hash, seatChange } of blocks) {
      writes.push(...blockWrites(certified, hash));
      if (seatChange === undefined) continue;
      const { height } = certified.block.header;
      writes.push(put(numberKey("seatChange", height), LightBlock.serialize(seatChange)));
    }
    await this.#db.batch(writes);
  }

  /**
   * The history has led to the base.
   * @param isKept whether all of its blocks are here now
   */
  async confirm({ isKept }: { isKept: boolean }): Promise<void> {
    await this.#db.batch([remove(BASE), ...(isKept ? [put(LOWEST, heightBytes(1))] : [])]);
    await this.#store.head();
  }
}
