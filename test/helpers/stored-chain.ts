/** A data directory with a certified chain in its database, and the damage tests do to it. */
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { genesisHead } from "../../chain/genesis.ts";
import type { Head } from "../../chain/head.ts";
import { Chain } from "../../node/chain/chain.ts";
import { readTip } from "../../node/chain/tip.ts";
import { writeGenesisFile } from "../../node/config/genesis-file.ts";
import { type Database, putRaw, remove } from "../../node/store/database.ts";
import { databasePlace } from "../../node/store/format.ts";
import { type Key, numberKey } from "../../node/store/keys.ts";
import { type OpenedStore, openStore, openUnchecked } from "../../node/store/open.ts";
import { CertifiedChain } from "./certified-chain.ts";

export class StoredChain {
  readonly dataDir: string;
  readonly source: CertifiedChain;

  private constructor(dataDir: string, source: CertifiedChain) {
    this.dataDir = dataDir;
    this.source = source;
  }

  /** @param height each block but the first carries a transfer */
  static async create(dataDir: string, height: number): Promise<StoredChain> {
    const source = new CertifiedChain({ parameters: { epochBlocks: 8 } });
    source.advance();
    while (source.chain.height < height) source.advance([source.transfer(5n)]);
    const stored = new StoredChain(dataDir, source);
    await mkdir(dataDir, { recursive: true });
    await writeGenesisFile(join(dataDir, "genesis.json"), source.chain.genesis);
    await stored.fill();
    return stored;
  }

  get genesis() {
    return genesisHead(this.source.chain.genesis);
  }

  open(): Promise<OpenedStore> {
    return openStore(this.dataDir, this.genesis);
  }

  /** Imports what the source has and the store lacks, as a running node would. */
  async fill(): Promise<void> {
    await this.with(async ({ store, head }) => {
      const tip = await readTip(store, head);
      const chain = new Chain(
        { genesisRoot: this.genesis.hash, head, tip },
        { store, verified: { has: () => true, add: () => {} }, known: (signed) => signed },
      );
      for (const block of this.source.blocks.slice(chain.height)) await chain.import(block);
    });
  }

  async with<T>(use: (opened: OpenedStore) => Promise<T>): Promise<T> {
    const opened = await this.open();
    try {
      return await use(opened);
    } finally {
      await opened.store.close();
    }
  }

  /** Changes entries without the checks of a start. */
  tamper(change: (db: Database) => Promise<void>): Promise<void> {
    return tamper(this.dataDir, this.genesis, change);
  }

  flipEntry(key: Key): Promise<void> {
    return this.tamper((db) => flipEntry(db, key));
  }

  removeEntries(...keys: Key[]): Promise<void> {
    return this.tamper((db) => db.batch(keys.map(remove)));
  }

  flipBlock(height: number): Promise<void> {
    return this.flipEntry(numberKey("block", height));
  }

  /** LevelDB's files, by the form of their names. */
  async files(form: RegExp): Promise<string[]> {
    const { path } = databasePlace(this.dataDir);
    return (await readdir(path)).filter((name) => form.test(name)).map((name) => join(path, name));
  }

  async flipFile(path: string, at: number): Promise<void> {
    const bytes = await readFile(path);
    bytes[at] = (bytes[at] ?? 0) ^ 0x20;
    await writeFile(path, bytes);
  }

  async removeFile(path: string): Promise<void> {
    await rm(path);
  }
}

/** Changes entries of a stopped node's database without the checks of a start. */
export async function tamper(
  dataDir: string,
  genesis: Head,
  change: (db: Database) => Promise<void>,
): Promise<void> {
  const store = await openUnchecked(databasePlace(dataDir), genesis);
  await change(store.db);
  await store.close();
}

/** Flips a bit in the middle of an entry. */
export async function flipEntry(db: Database, key: Key): Promise<void> {
  const [sealed] = await db.getManyRaw([key]);
  if (sealed === undefined) throw new Error("nothing there to damage");
  const bad = Uint8Array.from(sealed);
  const at = bad.length >> 1;
  bad[at] = (bad[at] ?? 0) ^ 0x20;
  await db.batch([putRaw(key, bad)]);
}
