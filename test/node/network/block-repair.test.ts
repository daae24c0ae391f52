import { expect } from "chai";
import { toHex } from "../../../chain/crypto/hash.ts";
import { CertifiedBlock } from "../../../chain/types/block.ts";
import { Chain } from "../../../node/chain/chain.ts";
import { BlockRepair } from "../../../node/network/block-repair.ts";
import { readDamaged } from "../../../node/store/damage-notes.ts";
import { numberKey } from "../../../node/store/keys.ts";
import { createLog } from "../../../node/telemetry/log.ts";
import type { Host } from "../../../p2p/host.ts";
import { serveBlocks } from "../../../p2p/protocols/blocks.ts";
import { CertifiedChain } from "../../helpers/certified-chain.ts";
import { expectCodeAsync } from "../../helpers/expect-code.ts";
import { StoredChain } from "../../helpers/stored-chain.ts";
import { TemporaryFolders } from "../../helpers/temporary.ts";
import { until } from "../../helpers/until.ts";
import { Hosts } from "../../p2p/support.ts";

const HEIGHT = 12;
const PATIENCE_MS = 15_000;

describe("BlockRepair", function () {
  this.timeout(40_000);
  const hosts = new Hosts();
  const folders = new TemporaryFolders();
  const closing: (() => Promise<void>)[] = [];
  let stored: StoredChain;

  beforeEach(async () => {
    stored = await StoredChain.create(await folders.create(), HEIGHT);
  });
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
    await hosts.stopAll();
    await folders.removeAll();
  });

  async function serving(blocks: readonly CertifiedBlock[]): Promise<Host> {
    const host = await hosts.start();
    await serveBlocks(host, async function* (from, count) {
      for (const block of blocks.slice(from - 1, from - 1 + count)) {
        yield CertifiedBlock.serialize(block);
      }
    });
    return host;
  }

  /** The node with the damaged store, connected to these. */
  async function mending(...servers: Host[]): Promise<{ chain: Chain; repair: BlockRepair }> {
    const { store, head, check } = await stored.open();
    closing.push(() => store.close());
    const last = await store.block(HEIGHT);
    const tip = {
      header: last?.block.header,
      certificate: last?.certificate,
      seats: (await store.tipSeats()) ?? [],
    };
    const chain = new Chain(
      { genesisRoot: stored.genesis.hash, head, tip },
      { store, verified: { has: () => true, add: () => {} }, known: (signed) => signed },
    );
    const host = await hosts.start();
    for (const server of servers) await host.dial(server.multiaddrs()[0] ?? "");
    const repair = new BlockRepair({ host, chain, log: createLog("silent") }, { retryMs: 200 });
    closing.push(() => repair.stop());
    await repair.start(check.damaged);
    return { chain, repair };
  }

  it("replaces damaged and missing blocks from an honest peer, although another lies", async () => {
    const other = new CertifiedChain({ founders: 3 }).advanceTo(HEIGHT);
    await stored.flipBlock(6);
    await stored.flipBlock(7);
    await stored.removeEntries(numberKey("block", 3));
    const liar = await serving(other.blocks);
    const honest = await serving(stored.source.blocks);
    const { chain, repair } = await mending(liar, honest);
    await until(() => repair.waiting === 0, PATIENCE_MS, "mended blocks");
    expect(repair.repaired).to.equal(3);
    for (const height of [3, 6, 7]) {
      const found = await chain.store.block(height);
      const wanted = stored.source.blocks[height - 1];
      expect(toHex(found?.certificate.blockHash ?? new Uint8Array(0))).to.equal(
        toHex(wanted?.certificate.blockHash ?? new Uint8Array(1)),
      );
    }
    expect(await readDamaged(chain.store.db)).to.deep.equal([]);
  });

  it("replaces a damaged block that a reader finds, so that the reader gets it later", async () => {
    const { chain, repair } = await mending(await serving(stored.source.blocks));
    await chain.store.db.batch([{ type: "del", key: numberKey("block", 5) }]);
    await expectCodeAsync(() => chain.store.block(5), "BLOCK_DAMAGED");
    await until(() => repair.repaired === 1, PATIENCE_MS, "mended block");
    expect((await chain.store.block(5))?.block.header.height).to.equal(5);
  });

  it("takes nothing from peers that have another block, and lists the blocks that it lacks", async () => {
    const other = new CertifiedChain({ founders: 3 }).advanceTo(HEIGHT);
    await stored.flipBlock(6);
    let asked = 0;
    const liar = await hosts.start();
    await serveBlocks(liar, async function* (from) {
      asked++;
      const block = other.blocks[from - 1];
      if (block !== undefined) yield CertifiedBlock.serialize(block);
    });
    const { chain, repair } = await mending(liar);
    await until(() => asked >= 2, PATIENCE_MS, "two tries");
    expect(repair.repaired).to.equal(0);
    expect(await readDamaged(chain.store.db)).to.deep.equal([6]);
    await expectCodeAsync(() => chain.store.block(6), "BLOCK_DAMAGED");
  });
});
