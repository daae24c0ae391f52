import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { transactionId } from "../../../chain/transaction-id.ts";
import { databasePlace } from "../../../node/store/format.ts";
import { range } from "../../../node/store/keys.ts";
import { Pruner } from "../../../node/store/pruner.ts";
import { createLog } from "../../../node/telemetry/log.ts";
import { expectCodeAsync } from "../../helpers/expect-code.ts";
import { StoredChain } from "../../helpers/stored-chain.ts";
import { TemporaryFolders } from "../../helpers/temporary.ts";

const HEIGHT = 60;
const KEEP = 10;
const log = createLog("silent");

describe("Pruner", function () {
  this.timeout(60_000);
  const folders = new TemporaryFolders();
  let stored: StoredChain;

  beforeEach(async () => {
    stored = await StoredChain.create(await folders.create(), HEIGHT);
  });
  afterEach(() => folders.removeAll());

  async function diskBytes(): Promise<number> {
    const { path } = databasePlace(stored.dataDir);
    const files = (await readdir(path)).filter((name) => /\.(ldb|log)$/.test(name));
    const sizes = await Promise.all(files.map(async (name) => (await stat(join(path, name))).size));
    return sizes.reduce((sum, size) => sum + size, 0);
  }

  async function pruned(keepBlocks: number, needed?: number): Promise<void> {
    await stored.with(async ({ store }) => {
      const modules = { store, log, needed: () => needed };
      const pruner = new Pruner({ keepBlocks, compactEvery: 1 }, modules);
      pruner.onBlock();
      await pruner.idle();
    });
  }

  it("keeps the newest, answers `pruned` below, and the disk shrinks", async () => {
    // Opened once more, so that everything is in tables and nothing in the log.
    await stored.with(async () => {});
    const before = await diskBytes();
    await pruned(KEEP);
    await stored.with(async () => {});
    expect((await diskBytes()) / before, "bytes on disk, after / before").to.be.lessThan(0.5);
    await stored.with(async ({ store, head, check }) => {
      expect(head.state.height).to.equal(HEIGHT);
      expect(check).to.deep.equal({ damaged: [], reindexed: 0 });
      expect(store.lowest).to.equal(HEIGHT - KEEP + 1);
      const error = await expectCodeAsync(() => store.block(store.lowest - 1), "BLOCK_PRUNED");
      expect(error.message).to.contain("not available");
      expect(await store.blockBytes(store.lowest - 1)).to.equal(undefined);
      expect((await store.block(store.lowest))?.block.header.height).to.equal(store.lowest);
      expect(await placeOf(20)).to.equal(undefined);
      expect(await placeOf(HEIGHT)).to.deep.equal({ height: HEIGHT, index: 0 });
      expect(await store.seatChange(1, "from"), "proof of changed seats").not.to.equal(undefined);

      function placeOf(height: number) {
        const signed = stored.source.blocks[height - 1]?.block.body.transactions[0];
        if (signed === undefined) throw new Error(`no transaction in block ${height}`);
        return store.transactionPlace(transactionId(signed.transaction));
      }
    });
  });

  it("keeps all blocks by default, and always those that something else needs", async () => {
    await pruned(0);
    await stored.with(async ({ store }) => expect(store.lowest).to.equal(1));
    await pruned(KEEP, 30);
    await stored.with(async ({ store }) => expect(store.lowest).to.equal(30));
  });

  it("removes damaged blocks like whole ones", async () => {
    await stored.flipBlock(5);
    await pruned(KEEP);
    await stored.with(async ({ store }) => {
      let count = 0;
      for await (const _ of store.db.rawEntries(range("block"))) count++;
      expect(count).to.equal(KEEP);
    });
  });
});
