import { readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { applyBlock } from "../../../chain/apply-block.ts";
import { toHex } from "../../../chain/crypto/hash.ts";
import { genesisHead } from "../../../chain/genesis.ts";
import { transactionId } from "../../../chain/transaction-id.ts";
import { putRaw, remove } from "../../../node/store/database.ts";
import { FORMAT } from "../../../node/store/format.ts";
import { bytesKey, numberKey } from "../../../node/store/keys.ts";
import { type OpenedStore, openStore } from "../../../node/store/open.ts";
import { TestChain } from "../../helpers/chain.ts";
import { expectCodeAsync } from "../../helpers/expect-code.ts";
import { LightChain } from "../../helpers/light-chain.ts";
import { TemporaryFolders } from "../../helpers/temporary.ts";

describe("store", () => {
  const folders = new TemporaryFolders();
  const opened: OpenedStore[] = [];
  let chain: TestChain;
  let dataDir: string;

  async function open(options: { resync?: boolean } = {}): Promise<OpenedStore> {
    const store = await openStore(dataDir, genesisHead(chain.genesis), options);
    opened.push(store);
    return store;
  }

  async function close(): Promise<void> {
    for (const { store } of opened.splice(0)) await store.close();
  }

  /** Stores `count` blocks with a transfer each. */
  async function fill(count: number): Promise<Uint8Array> {
    const { store } = await open();
    let last: Uint8Array = new Uint8Array(32);
    for (let i = 0; i < count; i++) {
      const to = chain.founders[i % 4]?.address ?? new Uint8Array(20);
      const tx = chain.transaction(chain.client, "transfer", { to, amount: 7n });
      const applied = applyBlock(chain.head, chain.build([tx]));
      const { height, round } = applied.block.header;
      const certificate = { height, round, blockHash: applied.hash, signatures: [] };
      await store.commit(applied, certificate, chain.head.state.seats);
      chain.head.state.absorb(applied.state);
      chain.head = { state: chain.head.state, hash: applied.hash };
      chain.blocks.push(applied.block);
      last = transactionId(tx.transaction);
    }
    await close();
    return last;
  }

  beforeEach(async () => {
    chain = new TestChain();
    dataDir = await folders.create();
  });

  afterEach(async () => {
    await close();
    await folders.removeAll();
  });

  it("brings back head, state and indexes as they were", async () => {
    const id = await fill(5);
    const { store, head } = await open();
    expect(head.state.height).to.equal(5);
    expect(toHex(head.hash)).to.equal(toHex(chain.head.hash));
    expect(toHex(head.state.root())).to.equal(toHex(chain.head.state.root()));
    expect(await store.transactionPlace(id)).to.deep.equal({ height: 5, index: 0 });
    expect(await store.heightOf(chain.head.hash)).to.equal(5);
    expect((await store.tipSeats())?.length).to.equal(4);
  });

  it("keeps proofs of changed seats beside their blocks, found from either side", async () => {
    const ledger = new LightChain(chain);
    const { store } = await open();
    for (let height = 1; height <= 32; height++) {
      const { seats } = chain.head.state;
      const applied = applyBlock(chain.head, chain.build());
      const { certificate } = ledger.take(applied.block);
      const change = ledger.changes.find(({ header }) => header.height === height);
      await store.commit(applied, certificate, seats, change);
    }
    const at = async (height: number, side: "upTo" | "from") =>
      (await store.seatChange(height, side))?.header.height;
    expect(await at(14, "upTo")).to.equal(undefined);
    expect([await at(15, "upTo"), await at(30, "upTo"), await at(99, "upTo")]).to.deep.equal([
      15, 15, 31,
    ]);
    expect([await at(0, "from"), await at(16, "from"), await at(32, "from")]).to.deep.equal([
      15,
      31,
      undefined,
    ]);
    expect(await store.seatChange(31, "from")).to.deep.equal(ledger.changes[1]);
  });

  it("takes the newest blocks back one by one, to the very state before them", async () => {
    const roots = [toHex(chain.head.state.root())];
    for (let i = 0; i < 4; i++) {
      await fill(1);
      roots.push(toHex(chain.head.state.root()));
    }
    for (let height = 3; height >= 0; height--) {
      const { store } = await open();
      expect((await store.undo()).height).to.equal(height);
      expect(await store.block(height + 1)).to.equal(undefined);
      await close();
      expect(toHex((await open()).head.state.root())).to.equal(roots[height]);
      await close();
    }
    await expectCodeAsync(async () => (await open()).store.undo(), "NOT_UNDOABLE");
  });

  it("starts with a damaged block below the head, says so, and gives no wrong answer", async () => {
    await fill(5);
    const { store } = await open();
    const key = numberKey("block", 3);
    const [good] = await store.db.getManyRaw([key]);
    if (good === undefined) throw new Error("no block 3");
    const bad = Uint8Array.from(good);
    bad[200] = (bad[200] ?? 0) ^ 1;
    await store.db.batch([putRaw(key, bad)]);
    await close();
    const again = await open();
    expect(again.check.damaged).to.deep.equal([3]);
    const told: number[] = [];
    again.store.onDamage((height) => told.push(height));
    await expectCodeAsync(() => again.store.block(3), "BLOCK_DAMAGED");
    expect(await again.store.blockBytes(3)).to.equal(undefined);
    expect(told).to.deep.equal([3, 3]);
    expect((await again.store.block(4))?.block.header.height).to.equal(4);
  });

  it("writes index entries anew that were lost", async () => {
    const id = await fill(5);
    const { store } = await open();
    await store.db.batch([remove(bytesKey("transaction", id))]);
    await close();
    const again = await open();
    expect(again.check.reindexed).to.equal(1);
    expect(await again.store.transactionPlace(id)).to.deep.equal({ height: 5, index: 0 });
  });

  it("refuses formats it does not know, and finds its own without the marker", async () => {
    await fill(3);
    const marker = join(dataDir, "db.format");
    for (const format of ["1", "99"]) {
      await writeFile(marker, `${format}\n`);
      const error = await expectCodeAsync(() => open(), "STORE_FORMAT");
      expect(error.remedy).to.contain(format === "99" ? "newer version" : "--resync");
    }
    await rm(marker);
    expect((await open()).head.state.height).to.equal(3);
    expect(await readFile(marker, "utf8")).to.equal(`${FORMAT}\n`);
  });

  it("refuses a second process with STORE_IN_USE", async () => {
    await open();
    await expectCodeAsync(() => open(), "STORE_IN_USE");
  });

  it("refuses another chain's genesis with WRONG_GENESIS", async () => {
    await fill(1);
    const other = new TestChain({ founders: 3 });
    await expectCodeAsync(() => openStore(dataDir, genesisHead(other.genesis)), "WRONG_GENESIS");
  });

  it("says STORE_MISSING when a known database is gone, and --resync starts again", async () => {
    await fill(2);
    await rm(join(dataDir, "db"), { recursive: true });
    const error = await expectCodeAsync(() => open(), "STORE_MISSING");
    expect(error.remedy).to.contain("--resync");
    expect((await open({ resync: true })).head.state.height).to.equal(0);
  });

  it("never takes a database with a file deleted for a good one", async () => {
    await fill(30);
    const files = (await readdir(join(dataDir, "db"))).filter((name) =>
      /\.(log|ldb)$|^CURRENT$/.test(name),
    );
    for (const name of files) {
      const path = join(dataDir, "db", name);
      const bytes = await readFile(path);
      await rm(path);
      const height = await heightOrRefusal();
      expect(height, `without ${name}`).to.be.oneOf(["DAMAGED_STORE", "STORE_MISSING", 30]);
      await writeFile(path, bytes);
    }
  });

  it("goes back a block or refuses when the end of the log is torn, but never lies", async () => {
    await fill(10);
    const log = (await readdir(join(dataDir, "db"))).find((name) => name.endsWith(".log"));
    const path = join(dataDir, "db", log ?? "");
    const { length } = await readFile(path);
    await truncate(path, length - 100);
    const outcome = await heightOrRefusal();
    expect(outcome).to.be.oneOf([9, "DAMAGED_STORE"]);
  });

  it("detects flipped bits in the log as DAMAGED_STORE or is not touched by them", async () => {
    await fill(10);
    const log = (await readdir(join(dataDir, "db"))).find((name) => name.endsWith(".log"));
    const path = join(dataDir, "db", log ?? "");
    const good = await readFile(path);
    for (let i = 1; i <= 8; i++) {
      const bad = Buffer.from(good);
      const at = Math.floor((good.length * i) / 9);
      bad[at] = (bad[at] ?? 0) ^ 0x10;
      await writeFile(path, bad);
      const outcome = await heightOrRefusal();
      if (typeof outcome === "number") await expectHonest(outcome);
      else expect(outcome).to.equal("DAMAGED_STORE");
      await rm(join(dataDir, "db"), { recursive: true });
      await rm(join(dataDir, "db.format"));
      chain = new TestChain();
      await fill(10);
    }
  });

  async function heightOrRefusal(): Promise<number | string> {
    try {
      return (await open()).head.state.height;
    } catch (error) {
      return error instanceof Error && "code" in error ? String(error.code) : "unknown";
    } finally {
      await close();
    }
  }

  /** What opened must be a true prefix of the chain. */
  async function expectHonest(height: number): Promise<void> {
    const { store } = await open();
    for (let at = 1; at <= height; at++) {
      const stored = (await store.block(at))?.block.header.stateRoot ?? new Uint8Array(0);
      const expected = chain.blocks[at - 1]?.header.stateRoot ?? new Uint8Array(0);
      expect(toHex(stored)).to.equal(toHex(expected));
    }
    await close();
  }
});
