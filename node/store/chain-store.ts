/**
 * The chain on disk. A final block, its certificate, the state it changed, the indexes and the
 * head move in ONE synced batch, so a crash leaves either all of it or nothing. LevelDB hides
 * damage, so what is read back is checked against hashes (self-check.ts).
 */
import type { Level } from "level";
import { type AppliedBlock, blockHash } from "../../chain/apply-block.ts";
import { State, type StateChanges } from "../../chain/state/state.ts";
import { transactionId } from "../../chain/transaction-id.ts";
import { type Certificate, CertifiedBlock } from "../../chain/types/block.ts";
import { Job } from "../../chain/types/job.ts";
import { LightBlock } from "../../chain/types/light.ts";
import { NodeRecord, type Seat } from "../../chain/types/node.ts";
import {
  Account,
  Seats,
  SINGLE_NAMES,
  STATE_SINGLES,
  type StateSingles,
  serializeSingle,
} from "../../chain/types/state.ts";
import { bytesKey, nameKey, numberKey, type Prefix, range, recordKey } from "./keys.ts";
import { StoreError } from "./store-error.ts";

export type Database = Level<string, Uint8Array>;

export interface StoredHead {
  readonly height: number;
  readonly hash: Uint8Array;
}

export interface TransactionPlace {
  readonly height: number;
  readonly index: number;
}

type Write = { type: "put"; key: string; value: Uint8Array };
const HEAD = nameKey("single", "head");
const GENESIS = nameKey("single", "genesis");
const TIP_SEATS = nameKey("single", "tipSeats");
const LOWEST = nameKey("single", "lowestBlock");

export class ChainStore {
  readonly #db: Database;
  #lowest = 1;

  private constructor(db: Database) {
    this.#db = db;
  }

  static async over(db: Database): Promise<ChainStore> {
    const store = new ChainStore(db);
    const bytes = await db.get(LOWEST);
    if (bytes !== undefined) store.#lowest = readHeight(bytes);
    return store;
  }

  /** All blocks from here to the head are stored; some below may be: pruned, or not fetched yet. */
  get lowest(): number {
    return this.#lowest;
  }

  async head(): Promise<StoredHead | undefined> {
    const bytes = await this.#db.get(HEAD);
    if (bytes === undefined) return undefined;
    if (bytes.length !== 36) throw StoreError.damaged("the head entry has a wrong length");
    const height = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
    return { height, hash: bytes.slice(4) };
  }

  /** The seats that certified the head; undefined at genesis. */
  async tipSeats(): Promise<Seat[] | undefined> {
    const bytes = await this.#db.get(TIP_SEATS);
    return bytes === undefined ? undefined : decode("tipSeats", Seats, bytes);
  }

  async genesisRoot(): Promise<Uint8Array | undefined> {
    return this.#db.get(GENESIS);
  }

  /** Writes the state before block 1. */
  async initialise(genesisRoot: Uint8Array, state: State): Promise<void> {
    const writes = [
      ...stateWrites({
        ...state.singles(),
        accounts: new Map(state.accounts.entries()),
        nodes: new Map(state.nodes.entries()),
        jobs: new Map(state.jobs.entries()),
      }),
      put(GENESIS, genesisRoot),
      put(HEAD, headBytes({ height: 0, hash: genesisRoot })),
    ];
    await this.#db.batch(writes, { sync: true });
  }

  /**
   * Makes a final block durable. The state must not have been absorbed yet.
   * @param seats those that certified the block
   * @param seatChange proof of the seats appointed, where the block changed them
   */
  async commit(
    applied: AppliedBlock,
    certificate: Certificate,
    seats: readonly Seat[],
    seatChange?: LightBlock,
  ): Promise<void> {
    const { block, hash, state } = applied;
    const { height } = block.header;
    const writes = [
      put(numberKey("block", height), CertifiedBlock.serialize({ block, certificate })),
      put(bytesKey("blockHash", hash), heightBytes(height)),
      ...stateWrites(state.changes()),
      put(TIP_SEATS, Seats.serialize([...seats])),
      put(HEAD, headBytes({ height, hash })),
    ];
    block.body.transactions.forEach(({ transaction }, index) => {
      writes.push(
        put(bytesKey("transaction", transactionId(transaction)), placeBytes(height, index)),
      );
    });
    for (const { job, round } of block.body.records) {
      writes.push(put(recordKey(job, round), heightBytes(height)));
    }
    if (seatChange !== undefined) {
      writes.push(put(numberKey("seatChange", height), LightBlock.serialize(seatChange)));
    }
    await this.#db.batch(writes, { sync: true });
  }

  /**
   * A block as stored.
   * @throws StoreError DAMAGED when it does not decode or is not the block of that height
   */
  async block(height: number): Promise<CertifiedBlock | undefined> {
    const bytes = await this.#db.get(numberKey("block", height));
    return bytes === undefined ? undefined : decodeBlock(bytes, height);
  }

  /** The stored bytes, for serving: nothing is decoded. */
  async blockBytes(height: number): Promise<Uint8Array | undefined> {
    return this.#db.get(numberKey("block", height));
  }

  async heightOf(hash: Uint8Array): Promise<number | undefined> {
    const bytes = await this.#db.get(bytesKey("blockHash", hash));
    return bytes === undefined ? undefined : readHeight(bytes);
  }

  async transactionPlace(id: Uint8Array): Promise<TransactionPlace | undefined> {
    const bytes = await this.#db.get(bytesKey("transaction", id));
    if (bytes === undefined) return undefined;
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    return { height: view.getUint32(0), index: view.getUint32(4) };
  }

  /**
   * The kept change of seats nearest to a height: the newest up to it, or the oldest from it on.
   * @throws StoreError DAMAGED_STORE
   */
  async seatChange(height: number, side: "upTo" | "from"): Promise<LightBlock | undefined> {
    const key = numberKey("seatChange", height);
    const { gte, lt } = range("seatChange");
    const bounds = side === "upTo" ? { gte, lte: key, reverse: true } : { gte: key, lt };
    for await (const bytes of this.#db.values({ ...bounds, limit: 1 })) {
      return decode("seatChange", LightBlock, bytes);
    }
    return undefined;
  }

  /** Height of the block that carries the record of (job, round). */
  async recordHeight(job: Uint8Array, round: number): Promise<number | undefined> {
    const bytes = await this.#db.get(recordKey(job, round));
    return bytes === undefined ? undefined : readHeight(bytes);
  }

  /**
   * The state after the head.
   * @throws StoreError DAMAGED when a part is missing or does not decode
   */
  async state(): Promise<State> {
    const singles: Record<string, unknown> = {};
    for (const name of SINGLE_NAMES) {
      const bytes = await this.#db.get(nameKey("single", name));
      if (bytes === undefined) throw StoreError.damaged(`the state lacks ${name}`);
      singles[name] = decode<unknown>(name, STATE_SINGLES[name], bytes);
    }
    return State.of({
      ...(singles as unknown as StateSingles),
      accounts: await this.#list("account", Account),
      nodes: await this.#list("node", NodeRecord),
      jobs: await this.#list("job", Job),
    });
  }

  async #list<V>(prefix: Prefix, type: { deserialize(bytes: Uint8Array): V }): Promise<V[]> {
    const values: V[] = [];
    for await (const [key, bytes] of this.#db.iterator(range(prefix))) {
      if (key !== numberKey(prefix, values.length)) {
        throw StoreError.damaged(`${prefix} ${values.length} is missing`);
      }
      values.push(decode(`${prefix} ${values.length}`, type, bytes));
    }
    return values;
  }

  /** Small things a service of this node keeps for itself. */
  async own(name: string): Promise<Uint8Array | undefined> {
    return this.#db.get(nameKey("own", name));
  }

  async putOwn(name: string, value: Uint8Array): Promise<void> {
    await this.#db.batch([put(nameKey("own", name), value)], { sync: true });
  }

  async close(): Promise<void> {
    await this.#db.close();
  }
}

function decodeBlock(bytes: Uint8Array, height: number): CertifiedBlock {
  const certified = decode(`block ${height}`, CertifiedBlock, bytes);
  if (certified.block.header.height !== height) {
    throw StoreError.damaged(`block ${height} holds height ${certified.block.header.height}`);
  }
  const hash = blockHash(certified.block.header);
  if (hash.some((byte, i) => byte !== certified.certificate.blockHash[i])) {
    throw StoreError.damaged(`block ${height} is not the one its certificate names`);
  }
  return certified;
}

function decode<V>(
  what: string,
  type: { deserialize(bytes: Uint8Array): V },
  bytes: Uint8Array,
): V {
  try {
    return type.deserialize(bytes);
  } catch (error) {
    throw StoreError.damaged(`${what} does not decode`, error);
  }
}

function stateWrites(changes: StateChanges): Write[] {
  const writes = SINGLE_NAMES.map((name) =>
    put(nameKey("single", name), serializeSingle(changes, name)),
  );
  for (const [i, value] of changes.accounts)
    writes.push(put(numberKey("account", i), Account.serialize(value)));
  for (const [i, value] of changes.nodes)
    writes.push(put(numberKey("node", i), NodeRecord.serialize(value)));
  for (const [i, value] of changes.jobs)
    writes.push(put(numberKey("job", i), Job.serialize(value)));
  return writes;
}

function put(key: string, value: Uint8Array): Write {
  return { type: "put", key, value };
}

function heightBytes(height: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, height);
  return bytes;
}

function readHeight(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
}

function placeBytes(height: number, index: number): Uint8Array {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, height);
  view.setUint32(4, index);
  return bytes;
}

function headBytes({ height, hash }: StoredHead): Uint8Array {
  const bytes = new Uint8Array(36);
  bytes.set(heightBytes(height), 0);
  bytes.set(hash, 4);
  return bytes;
}
