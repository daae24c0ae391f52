import { expect } from "chai";
import { POML } from "../../chain/amount.ts";
import { addressOf } from "../../chain/crypto/address.ts";
import { sha256, toHex } from "../../chain/crypto/hash.ts";
import { keyPairFromSeed } from "../../chain/crypto/keys.ts";
import { devnetParameters, genesisHead } from "../../chain/genesis.ts";
import type { Genesis } from "../../chain/types/genesis.ts";
import { systemClock } from "../../node/clock.ts";
import { createLedger, type Ledger } from "../../node/compose/ledger.ts";
import { createLog } from "../../node/telemetry/log.ts";
import { expectCodeAsync } from "../helpers/expect-code.ts";
import { founder } from "../helpers/founder.ts";
import { SmallDisk } from "../helpers/small-disk.ts";
import { until } from "../helpers/until.ts";

const MIB = 1024 * 1024;
const PATIENCE_MS = 30_000;
const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const seed = sha256(text("disk"));
const keys = keyPairFromSeed(seed);

/** A chain of one node: it goes on exactly when this node can write. */
const GENESIS: Genesis = {
  name: text("disk test"),
  time: BigInt(Date.now()),
  parameters: { ...devnetParameters(sha256(text("engine"))), blockIntervalMs: 50 },
  accounts: [{ address: addressOf(keys.publicKey), balance: 100n * POML }],
  nodes: [founder(seed)],
};

describe("a node whose disk is full", function () {
  this.timeout(90_000);
  let disk: SmallDisk;
  let ledger: Ledger | undefined;

  async function launch(minFreeBytes: number): Promise<Ledger> {
    const started = await createLedger(
      {
        dataDir: disk.path,
        seed,
        keys,
        genesis: genesisHead(GENESIS),
        resync: false,
        minFreeBytes,
        keepBlocks: 0,
        p2p: { listen: ["/ip4/127.0.0.1/tcp/0/ws"], announce: [], bootstrap: [] },
      },
      { clock: systemClock, log: createLog("silent") },
    );
    ledger = started;
    await started.start();
    return started;
  }

  const blocksMore = async ({ chain }: Ledger, count: number): Promise<void> => {
    const target = chain.height + count;
    await until(() => chain.height >= target, PATIENCE_MS, `height ${target}`);
  };

  beforeEach(async function () {
    const made = await SmallDisk.create(48);
    // Without root no small disk can be mounted; disk-space.test.ts covers the rules alone.
    if (made === undefined) this.skip();
    disk = made;
  });

  afterEach(async () => {
    await ledger?.stop();
    ledger = undefined;
    await disk?.remove();
  });

  it("stops before the last byte, keeps answering, and resumes by itself", async () => {
    const node = await launch(8 * MIB);
    await blocksMore(node, 3);
    await disk.fill(4 * MIB);
    await until(() => !node.disk.hasRoom, PATIENCE_MS, "notice of the full disk");
    await node.chain.idle();
    const { height } = node.chain;
    expect((await node.chain.store.block(height))?.block.header.height).to.equal(height);
    await expectCodeAsync(() => node.chain.store.putOwn("x", seed), "DISK_FULL");
    await disk.release();
    await blocksMore(node, 3);
    expect(node.driver.faults.doubleVotes).to.equal(0);
  });

  it("survives writes that fail in the middle, with nothing lost and nothing signed twice", async () => {
    const node = await launch(0);
    await blocksMore(node, 3);
    await disk.fill(0);
    await until(() => !node.disk.hasRoom, PATIENCE_MS, "a write that fails");
    const { height } = node.chain;
    const hash = toHex(node.chain.head.hash);
    expect((await node.chain.store.block(height))?.block.header.height).to.equal(height);
    await disk.release();
    await blocksMore(node, 3);
    expect(toHex((await node.chain.store.block(height))?.certificate.blockHash ?? seed)).to.equal(
      hash,
    );
    expect(node.driver.faults.doubleVotes).to.equal(0);
    await node.stop();
    expect((await launch(0)).chain.height).to.be.at.least(height + 3);
  });

  it("does not start without room, and says what is missing", async () => {
    const error = await expectCodeAsync(() => launch(1024 * MIB), "DISK_FULL");
    expect(error.message).to.contain("1024 needed");
  });
});
