/**
 * LevelDB as the store sees it: binary keys, sealed values, synced batches, and typed errors. After a write without
 * room LevelDB refuses all later ones, so the database can be reopened in place.
 */
import { Level } from "level";
import type { Key, KeyRange } from "./keys.ts";
import { seal, unseal } from "./sealed.ts";
import { StoreError } from "./store-error.ts";

export type Write =
  | { readonly type: "put"; readonly key: Key; readonly value: Uint8Array }
  | { readonly type: "del"; readonly key: Key };

/** As LevelDB stores it: sealed. */
export type RawEntry = readonly [key: Key, sealed: Uint8Array];
export interface ReadRange extends Partial<KeyRange> {
  readonly reverse?: boolean;
  readonly limit?: number;
}
type LevelDatabase = Level<Uint8Array, Uint8Array>;

/** Room on the disk, watched by disk-space.ts. */
export interface Space {
  readonly hasRoom: boolean;
  /** Called when a write found no room. */
  failed(): void;
}

export function put(key: Key, value: Uint8Array): Write {
  return { type: "put", key, value: seal(key, value) };
}

/** Writes back a result of `getManyRaw`. */
export function putRaw(key: Key, sealed: Uint8Array): Write {
  return { type: "put", key, value: sealed };
}

export function remove(key: Key): Write {
  return { type: "del", key };
}

export class Database {
  readonly path: string;
  #level: LevelDatabase;
  #ready: Promise<void> = Promise.resolve();
  #space: Space = { hasRoom: true, failed: () => {} };

  private constructor(path: string, level: LevelDatabase) {
    this.path = path;
    this.#level = level;
  }

  /** @throws StoreError STORE_IN_USE, DISK_FULL, DAMAGED_STORE */
  static async open(path: string, options: { createIfMissing: boolean }): Promise<Database> {
    return new Database(path, await openLevel(path, options));
  }

  /** From now on nothing is written without room. */
  guard(space: Space): void {
    this.#space = space;
  }

  get hasRoom(): boolean {
    return this.#space.hasRoom;
  }

  /** @throws StoreError DAMAGED_STORE when the value differs from what was written */
  async get(key: Key): Promise<Uint8Array | undefined> {
    const [sealed] = await this.getManyRaw([key]);
    return sealed === undefined ? undefined : opened(key, sealed);
  }

  async getManyRaw(keys: readonly Key[]): Promise<(Uint8Array | undefined)[]> {
    await this.#ready;
    return this.#level.getMany([...keys]).catch((error: unknown) => {
      throw readError(error);
    });
  }

  /** Entries in key order. @throws StoreError DAMAGED_STORE */
  async *entries(keys: ReadRange): AsyncIterable<RawEntry> {
    for await (const [key, sealed] of this.rawEntries(keys)) yield [key, opened(key, sealed)];
  }

  async *rawEntries(keys: ReadRange): AsyncIterable<RawEntry> {
    await this.#ready;
    try {
      for await (const entry of this.#level.iterator(keys)) yield entry;
    } catch (error) {
      throw readError(error);
    }
  }

  async *keys(keys: KeyRange): AsyncIterable<Key> {
    await this.#ready;
    try {
      for await (const key of this.#level.keys(keys)) yield key;
    } catch (error) {
      throw readError(error);
    }
  }

  async isEmpty(): Promise<boolean> {
    for await (const _ of this.rawEntries({ limit: 1 })) return false;
    return true;
  }

  /**
   * Makes all writes or none; they are on disk when it resolves.
   * @throws StoreError DISK_FULL: nothing more can be written until `reopen`
   */
  async batch(writes: readonly Write[]): Promise<void> {
    await this.#ready;
    if (!this.#space.hasRoom) throw StoreError.diskFull(this.path);
    try {
      await this.#level.batch([...writes], { sync: true });
    } catch (error) {
      if (!isOutOfSpace(error)) throw error;
      this.#space.failed();
      throw StoreError.diskFull(this.path, error);
    }
  }

  /** Gives the space of deleted entries back to the disk. */
  async compact({ gte, lt }: KeyRange): Promise<void> {
    await this.#ready;
    await (this.#level as LevelDatabase & Compacts).compactRange(gte, lt);
  }

  /** Reopens the database after a write found no room. Reads wait meanwhile. */
  reopen(): Promise<void> {
    const previous = this.#ready.catch(() => undefined);
    this.#ready = previous.then(async () => {
      await this.#level.close();
      this.#level = await openLevel(this.path, { createIfMissing: false });
    });
    return this.#ready;
  }

  async close(): Promise<void> {
    await this.#ready.catch(() => undefined);
    await this.#level.close();
  }
}

/** The method of `level` on Node, where it is classic-level. */
interface Compacts {
  compactRange(start: Key, end: Key): Promise<void>;
}

async function openLevel(
  path: string,
  options: { createIfMissing: boolean },
): Promise<LevelDatabase> {
  const level: LevelDatabase = new Level(path, {
    keyEncoding: "view",
    valueEncoding: "view",
    ...options,
  });
  try {
    await level.open();
    return level;
  } catch (error) {
    const code = causeCode(error);
    if (code === "LEVEL_LOCKED") throw StoreError.inUse(path, error);
    if (isOutOfSpace(error)) throw StoreError.diskFull(path, error);
    throw StoreError.damaged(`it does not open (${code})`, error);
  }
}

function opened(key: Key, sealed: Uint8Array): Uint8Array {
  const value = unseal(key, sealed);
  if (value === undefined) {
    throw StoreError.damaged(`the entry ${Buffer.from(key).toString("hex")} has a wrong checksum`);
  }
  return value;
}

function readError(error: unknown): unknown {
  return causeCode(error) === "LEVEL_CORRUPTION" || causeCode(error) === "LEVEL_IO_ERROR"
    ? StoreError.damaged("an entry cannot be read", error)
    : error;
}

/** LevelDB only passes on the message of the operating system. */
function isOutOfSpace(error: unknown): boolean {
  const text = String(error instanceof Error && error.cause instanceof Error ? error.cause : error);
  return /no space left|disk quota exceeded|file too large/i.test(text);
}

function causeCode(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return typeof cause === "object" && cause !== null && "code" in cause
    ? String(cause.code)
    : "unknown";
}
