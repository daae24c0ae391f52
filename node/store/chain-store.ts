/**
 * The chain on disk. A final block, its certificate, the state changes, the indexes, the overwritten values and the
 * head are written in ONE synced batch, so a crash leaves either all of it or nothing. LevelDB hides damage, so values
 * are checked when they are read (sealed.ts, self-check.ts, verify.ts).
 */
import { type AppliedBlock, blockHash } from "../../chain/apply-block.ts";
import type { State } from "../../chain/state/state.ts";
import type { StateChanges } from "../../chain/state/state-parts.ts";
import type { Certificate, CertifiedBlock } from "../../chain/types/block.ts";
import { LightBlock } from "../../chain/types/light.ts";
import type { Seat } from "../../chain/types/node.ts";
import { Seats } from "../../chain/types/state.ts";
import {
  blockRemovals,
  blockWrites,
  decodeBlock,
  heightBytes,
  readHeight,
  readPlace,
  type TransactionPlace,
} from "./block-entries.ts";
import { type Database, put, remove, type Write } from "./database.ts";
import { decodeEntry } from "./decode-entry.ts";
import { headBytes, readHead, type StoredHead } from "./head-entry.ts";
import {
  bytesKey,
  nameKey,
  numberKey,
  numberRange,
  range,
  ratingChangeKey,
  recordKey,
} from "./keys.ts";
import { SettledJobs } from "./settled-entries.ts";
import { readState, stateWrites, wholeStateWrites } from "./state-entries.ts";
import { StoreError } from "./store-error.ts";
import { StateBatch, UNDO_BLOCKS, undoWrites } from "./undo.ts";

/** A final block, and its changes of the state. */
export interface FinalChange {
  readonly certified: CertifiedBlock;
  readonly hash: Uint8Array;
  readonly changes: StateChanges;
  /** Those that certified the block. */
  readonly seats: readonly Seat[];
  /** Proof of the appointed seats, if the block changed them. */
  readonly seatChange?: LightBlock | undefined;
}

export const HEAD = nameKey("single", "head");
const GENESIS = nameKey("single", "genesis");
export const TIP_SEATS = nameKey("single", "tipSeats");
/** Absent: 1. */
export const LOWEST = nameKey("single", "lowestBlock");

export class ChainStore {
  readonly db: Database;
  /** Records of settled jobs: the state has only their roots. */
  readonly settled: SettledJobs;
  #height = 0;
  #lowest = 1;
  #onDamage: (height: number) => void = () => {};

  constructor(db: Database) {
    this.db = db;
    this.settled = new SettledJobs(db);
  }

  /** Height of the newest block; known once `head` has been read. */
  get height(): number {
    return this.#height;
  }

  /** All blocks from here to the head are stored. Lower ones may be missing: pruned, or not fetched yet. */
  get lowest(): number {
    return this.#lowest;
  }

  /** Registers a listener that is called when a block that should be here is missing or damaged. */
  onDamage(listener: (height: number) => void): void {
    this.#onDamage = listener;
  }

  /** @throws StoreError DAMAGED_STORE */
  async head(): Promise<StoredHead | undefined> {
    const bytes = await this.db.get(HEAD);
    if (bytes === undefined) return undefined;
    const head = readHead("head", bytes);
    const lowest = await this.db.get(LOWEST);
    this.#lowest = lowest === undefined ? 1 : readHeight(lowest);
    this.#height = head.height;
    return head;
  }

  /** The seats that certified the head; undefined at genesis. */
  async tipSeats(): Promise<Seat[] | undefined> {
    const bytes = await this.db.get(TIP_SEATS);
    return bytes === undefined ? undefined : decodeEntry("tipSeats", Seats, bytes);
  }

  async genesisRoot(): Promise<Uint8Array | undefined> {
    return this.db.get(GENESIS);
  }

  /** Writes the state before block 1. */
  async initialise(genesisRoot: Uint8Array, state: State): Promise<void> {
    await this.db.batch([
      ...wholeStateWrites(state),
      put(GENESIS, genesisRoot),
      put(HEAD, headBytes({ height: 0, hash: genesisRoot })),
    ]);
  }

  /**
   * Makes a final block durable. The state must not have been absorbed yet.
   * @param seats those that certified the block
   * @param seatChange proof of the appointed seats, if the block changed them
   * @throws StoreError DISK_FULL: nothing was written
   */
  commit(
    applied: AppliedBlock,
    certificate: Certificate,
    seats: readonly Seat[],
    seatChange?: LightBlock,
  ): Promise<void> {
    const { block, hash, state } = applied;
    const changes = state.changes();
    return this.commitAll([
      { certified: { block, certificate }, hash, changes, seats, seatChange },
    ]);
  }

  /**
   * Makes consecutive final blocks durable, all of them or none.
   * @throws StoreError DISK_FULL: nothing was written
   */
  async commitAll(blocks: readonly FinalChange[]): Promise<void> {
    const batch = new StateBatch(this.db);
    const writes: Write[] = [];
    let last: StoredHead | undefined;
    for (const { certified, hash, changes, seats, seatChange } of blocks) {
      const { height } = certified.block.header;
      const { writes: changing, undo } = await batch.add([
        ...stateWrites(changes),
        put(TIP_SEATS, Seats.serialize([...seats])),
      ]);
      writes.push(...blockWrites(certified, hash), ...changing);
      if (seatChange !== undefined) {
        writes.push(put(numberKey("seatChange", height), LightBlock.serialize(seatChange)));
      }
      writes.push(put(numberKey("undo", height), undo));
      if (height > UNDO_BLOCKS) writes.push(remove(numberKey("undo", height - UNDO_BLOCKS)));
      last = { height, hash };
    }
    if (last === undefined) return;
    await this.db.batch([...writes, put(HEAD, headBytes(last))]);
    this.#height = last.height;
  }

  /** Whether every block above a height can be undone. */
  async canUndoTo(height: number): Promise<boolean> {
    if (height >= this.#height) return true;
    if (this.#height - height > UNDO_BLOCKS) return false;
    const count = this.#height - height;
    const keys = Array.from({ length: count }, (_, i) => numberKey("undo", height + 1 + i));
    return (await this.db.getManyRaw(keys)).every((undo) => undo !== undefined);
  }

  /**
   * Undoes the newest block: state, indexes and head become what they were before it.
   * @throws StoreError NOT_UNDOABLE, DAMAGED_STORE
   */
  async undo(): Promise<StoredHead> {
    const height = this.#height;
    const bytes = height === 0 ? undefined : await this.db.get(numberKey("undo", height));
    if (bytes === undefined) throw StoreError.notUndoable(height);
    const stored = await this.db.get(numberKey("block", height));
    if (stored === undefined) throw StoreError.damaged(`block ${height} is missing`);
    const { certified, hash } = decodeBlock(stored, height);
    const head = { height: height - 1, hash: certified.block.header.parent };
    const writes: Write[] = [
      ...blockRemovals(certified, hash),
      ...undoWrites(bytes),
      remove(numberKey("seatChange", height)),
      remove(numberKey("undo", height)),
      put(HEAD, headBytes(head)),
    ];
    await this.db.batch(writes);
    this.#height = head.height;
    return head;
  }

  /**
   * A block as stored; undefined above the head.
   * @throws StoreError BLOCK_PRUNED, and BLOCK_DAMAGED when it is missing or damaged
   */
  async block(height: number): Promise<CertifiedBlock | undefined> {
    if (height < 1 || height > this.#height) return undefined;
    if (height < this.#lowest) throw StoreError.pruned(height, this.#lowest);
    try {
      const bytes = await this.db.get(numberKey("block", height));
      if (bytes === undefined) throw StoreError.damaged(`block ${height} is missing`);
      return decodeBlock(bytes, height).certified;
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== "DAMAGED_STORE") throw error;
      this.#onDamage(height);
      throw StoreError.blockDamaged(height, error);
    }
  }

  /** The stored bytes, for serving: only their checksum is verified. Undefined when there are none. */
  async blockBytes(height: number): Promise<Uint8Array | undefined> {
    if (height < this.#lowest || height > this.#height) return undefined;
    try {
      const bytes = await this.db.get(numberKey("block", height));
      if (bytes === undefined) this.#onDamage(height);
      return bytes;
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.#onDamage(height);
      return undefined;
    }
  }

  /** Puts a block and its indexes back. The caller must have checked it. */
  async restore(certified: CertifiedBlock): Promise<void> {
    await this.db.batch(blockWrites(certified, blockHash(certified.block.header)));
  }

  async heightOf(hash: Uint8Array): Promise<number | undefined> {
    const bytes = await this.db.get(bytesKey("blockHash", hash));
    return bytes === undefined ? undefined : readHeight(bytes);
  }

  async transactionPlace(id: Uint8Array): Promise<TransactionPlace | undefined> {
    const bytes = await this.db.get(bytesKey("transaction", id));
    return bytes === undefined ? undefined : readPlace(bytes);
  }

  /**
   * The stored change of seats nearest to a height: the newest one up to it, or the oldest one from it on.
   * @throws StoreError DAMAGED_STORE
   */
  async seatChange(height: number, side: "upTo" | "from"): Promise<LightBlock | undefined> {
    const keys =
      side === "upTo"
        ? { ...numberRange("seatChange", 0, height + 1), reverse: true }
        : { ...range("seatChange"), gte: numberKey("seatChange", height) };
    for await (const [, bytes] of this.db.entries({ ...keys, limit: 1 })) {
      return decodeEntry("seatChange", LightBlock, bytes);
    }
    return undefined;
  }

  /** Height of the block that contains the record of (job, round). */
  async recordHeight(job: Uint8Array, round: number): Promise<number | undefined> {
    const bytes = await this.db.get(recordKey(job, round));
    return bytes === undefined ? undefined : readHeight(bytes);
  }

  /** Heights of the newest blocks, up to `from`, that changed a node's rating, newest first. */
  async ratingChangeHeights(node: number, limit: number, from?: number): Promise<number[]> {
    const keys = {
      gte: ratingChangeKey(node, 0),
      lt: from === undefined ? ratingChangeKey(node + 1, 0) : ratingChangeKey(node, from + 1),
      reverse: true,
      limit,
    };
    const heights: number[] = [];
    for await (const [, bytes] of this.db.entries(keys)) heights.push(readHeight(bytes));
    return heights;
  }

  /** From now on blocks below this height are gone; their entries are removed in the same batch. */
  async prune(lowest: number, removals: readonly Write[]): Promise<void> {
    await this.db.batch([...removals, put(LOWEST, heightBytes(lowest))]);
    this.#lowest = lowest;
  }

  /**
   * The state after the head.
   * @throws StoreError DAMAGED_STORE when a part is missing or does not decode
   */
  state(): Promise<State> {
    return readState(this.db);
  }

  /** Small values that a service of this node stores for itself. */
  async own(name: string): Promise<Uint8Array | undefined> {
    return this.db.get(nameKey("own", name));
  }

  async putOwn(name: string, value: Uint8Array): Promise<void> {
    const key = nameKey("own", name);
    await this.db.batch([put(key, value)]);
  }

  async close(): Promise<void> {
    await this.db.close();
  }
}
