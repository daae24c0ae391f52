/**
 * Every crash point a running node passes, one after another on one network: the node dies there, comes back,
 * follows, and nobody saw it sign twice. Those of commands are in their tests (test/node/maintenance).
 */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { toHex } from "../../../chain/crypto/hash.ts";
import { genesisHead } from "../../../chain/genesis.ts";
import { EXIT } from "../../../node/cli/exit-codes.ts";
import { dataDirPaths } from "../../../node/config/data-dir.ts";
import { readGenesisFile } from "../../../node/config/genesis-file.ts";
import { CRASH_POINTS, type CrashPoint } from "../../../node/crash-points.ts";
import { SnapshotStore } from "../../../node/snapshots/snapshot-store.ts";
import { numberKey } from "../../../node/store/keys.ts";
import { dieAndReturn, dieRecovering } from "../../helpers/crash-sweep.ts";
import { expectCodeAsync } from "../../helpers/expect-code.ts";
import { LocalNetwork, type LocalNode } from "../../helpers/local-network.ts";
import { flipEntry, tamper } from "../../helpers/stored-chain.ts";
import { until } from "../../helpers/until.ts";
import { run } from "../../node/cli/support.ts";
import { measured } from "./harness/measured.ts";

const SHORT_MEMORY = fileURLToPath(new URL("./mains/short-memory.ts", import.meta.url));
const PATIENCE_MS = 180_000;
const DAMAGED_HEIGHT = 5;

/** Points of commands. */
const ELSEWHERE: ReadonlySet<CrashPoint> = new Set([
  "block-undone",
  "store-rebuilt",
  "store-aside",
]);
/** Points of work that a node of few blocks never does, on a network of their own below. */
const RARE: ReadonlySet<CrashPoint> = new Set([
  "prune-begun",
  "prune-removed",
  "block-fetched",
  "snapshot-written",
]);

/** These are passed at a start only when the journal must be written anew. */
const NEED_DAMAGE: ReadonlySet<CrashPoint> = new Set(["journal-copied", "journal-replaced"]);

describe("a node that dies at every crash point", function () {
  this.timeout(600_000);
  let net: LocalNetwork;

  before(async () => {
    net = await LocalNetwork.create({ nodes: 4, workers: 0 });
    await net.start();
  });
  after(() => net?.stop());

  for (const [number, point, before, after] of CRASH_POINTS) {
    if (ELSEWHERE.has(point) || RARE.has(point)) continue;
    it(`${number} ${point}: ${before}, but not: ${after}`, async () => {
      const victim = net.at(number % 4);
      try {
        if (NEED_DAMAGE.has(point)) await damageJournal(victim);
        if (point === "start-replayed") {
          const bystander = net.at((number + 1) % 4);
          await dieRecovering(net, victim, bystander, "prevote-journaled:2", point);
        } else {
          await dieAndReturn(
            net,
            victim,
            /^start|^journal-[cr]/.test(point) ? point : `${point}:2`,
          );
        }
      } catch (error) {
        throw net.explained(error);
      }
    });
  }
});

describe("a node that dies at rare work", function () {
  this.timeout(600_000);
  let net: LocalNetwork;
  /** Prunes and makes snapshots. */
  let keeper: LocalNode;

  before(async () => {
    net = await LocalNetwork.create({
      nodes: 4,
      workers: 0,
      parameters: { epochBlocks: 8, blockIntervalMs: 200 },
      mains: { 3: SHORT_MEMORY },
    });
    keeper = net.at(3);
    await net.start();
  });
  afterEach(function () {
    const test = this.currentTest;
    if (test?.err !== undefined) test.err = net.explained(test.err);
  });
  after(() => net?.stop());

  for (const point of ["prune-begun", "prune-removed"] as const) {
    it(`${point}: keeps the blocks that it should, and continues to prune`, async function () {
      await dieAndReturn(net, keeper, `${point}:2`);
      const { lowestBlock: before } = await keeper.client.status();
      const lowest = async (): Promise<number> => (await keeper.client.status()).lowestBlock;
      await until(async () => (await lowest()) > before, PATIENCE_MS, "blocks pruned");
      const { height, lowestBlock } = await keeper.client.status();
      await expectSameBlocks(keeper, lowestBlock, height);
      await expectCodeAsync(() => keeper.client.block(lowestBlock - 1), "BLOCK_PRUNED");
      await expectSound(keeper);
      measured(this, { lowestAfterDeath: before, lowest: lowestBlock, height });
    });
  }

  it("block-fetched: still knows the block as damaged, and mends it", async () => {
    const victim = net.at(1);
    await damageBlock(victim, DAMAGED_HEIGHT);
    await dieAndReturn(net, victim, "block-fetched");
    const damaged = async (): Promise<number> => (await victim.client.status()).damagedBlocks;
    await until(async () => (await damaged()) === 0, PATIENCE_MS, "mended block");
    await expectSameBlocks(victim, DAMAGED_HEIGHT - 1, DAMAGED_HEIGHT + 1);
    await expectSound(victim);
  });

  it("snapshot-written: offers no half of one, and the next takes its place", async function () {
    await dieAndReturn(net, keeper, "snapshot-written:2");
    const { height } = await keeper.client.status();
    const snapshots = await SnapshotStore.open(keeper.dataDir);
    const newest = async (): Promise<number> => (await snapshots.list()).at(-1)?.height ?? 0;
    await until(async () => (await newest()) > height, PATIENCE_MS, "snapshot");
    await keeper.stop();
    const kept = await snapshots.list();
    const named = new Set(kept.flatMap(({ chunks }) => chunks.map(toHex)));
    const files = await readdir(join(keeper.dataDir, "snapshots", "blobs"));
    expect(files.toSorted(), "chunks").to.deep.equal([...named].toSorted());
    const { exit, stderr } = await run(["snapshot", "verify", "--data-dir", keeper.dataDir]);
    expect(exit, stderr).to.equal(EXIT.ok);
    measured(this, { snapshots: kept.length, chunks: files.length });
  });

  async function expectSameBlocks(node: LocalNode, from: number, to: number): Promise<void> {
    const { client } = net.witness(node);
    for (let height = from; height <= to; height++) {
      const [own, other] = await Promise.all([node.client.block(height), client.block(height)]);
      expect(own.hash, `block ${height} of ${node.name}`).to.equal(other.hash);
    }
  }

  async function expectSound(node: LocalNode): Promise<void> {
    await node.stop();
    const { exit, stderr } = await run(["verify-db", "--data-dir", node.dataDir]);
    expect(exit, stderr).to.equal(EXIT.ok);
    await node.start();
  }
});

async function damageBlock(node: LocalNode, height: number): Promise<void> {
  await node.stop();
  const genesis = await readGenesisFile(dataDirPaths(node.dataDir).genesis);
  await tamper(node.dataDir, genesisHead(genesis), (db) =>
    flipEntry(db, numberKey("block", height)),
  );
}

async function damageJournal(node: LocalNode): Promise<void> {
  await node.stop();
  const path = join(node.dataDir, "votes.journal");
  const bytes = await readFile(path);
  bytes[3] = (bytes[3] ?? 0) ^ 1;
  await writeFile(path, bytes);
}
