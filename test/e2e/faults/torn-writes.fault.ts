/**
 * Power that goes in the middle of a write: the journal and the database's log of a killed node, cut at every byte of
 * their last record. The store opens at the last height or the one before, the journal never loses more than the
 * torn record, and the node follows again.
 */
import { cp, readdir, readFile, rm, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { genesisHead } from "../../../chain/genesis.ts";
import { dataDirPaths } from "../../../node/config/data-dir.ts";
import { readGenesisFile } from "../../../node/config/genesis-file.ts";
import { Journal } from "../../../node/consensus/journal.ts";
import { openStore } from "../../../node/store/open.ts";
import type { LocalNode } from "../../helpers/local-network.ts";
import { FaultNetwork } from "./harness/fault-network.ts";
import { measured } from "./harness/measured.ts";

const JOURNAL = "votes.journal";
/** Longer than the record of a vote. */
const JOURNAL_CUTS = 200;
/** Longer than the batch of an empty block. */
const LOG_CUTS = 4000;
/** Every byte near both ends of the record, fewer in the middle. */
const DENSE = 64;
const STRIDE = 61;

describe("torn writes", function () {
  this.timeout(600_000);

  let net: FaultNetwork;
  let victim: LocalNode;
  let sound: string;

  before(async () => {
    net = await FaultNetwork.start();
    await net.untilHeight(6);
    victim = net.at(3);
    await victim.kill();
    sound = `${victim.dataDir}.sound`;
    await cp(victim.dataDir, sound, { recursive: true });
  });
  after(() => net?.stop());

  it("of the journal: at most the torn record is gone", async function () {
    await net.guarded(async () => {
      const scratch = `${victim.dataDir}.scratch`;
      const whole = await entriesOf(sound);
      const { size } = await stat(join(sound, JOURNAL));
      let cuts = 0;
      let least = whole.length;
      for (let cut = 1; cut <= Math.min(JOURNAL_CUTS, size); cut++) {
        await restore(sound, scratch);
        await truncate(join(scratch, JOURNAL), size - cut);
        const left = await entriesOf(scratch);
        expect(whole.slice(0, left.length), `entries after a cut of ${cut}`).eql(left);
        least = Math.min(least, left.length);
        cuts++;
      }
      measured(this, { cuts, entries: whole.length, leastLeft: least });
    });
  });

  it("of the database: at most one height is gone", async function () {
    await net.guarded(async () => {
      const genesis = genesisHead(await readGenesisFile(dataDirPaths(sound).genesis));
      const scratch = `${victim.dataDir}.scratch`;
      const log = await newestLog(sound);
      const { size } = await stat(join(sound, log));
      const heightAfter = async (cut: number): Promise<number> => {
        await restore(sound, scratch);
        await truncate(join(scratch, log), size - cut);
        const { store, head } = await openStore(scratch, genesis);
        await store.close();
        return head.state.height;
      };
      const full = await heightAfter(0);
      let cuts = 0;
      for (const cut of cutsUpTo(Math.min(LOG_CUTS, size))) {
        const height = await heightAfter(cut);
        // The record's beginning is found: one more byte would be the record before.
        if (height < full - 1) break;
        cuts++;
      }
      expect(cuts, "cuts within the last record").greaterThan(DENSE);
      measured(this, { cuts, height: full, lost: 1 });
    });
  });

  it("and the node follows again", async function () {
    await net.guarded(async () => {
      const log = await newestLog(sound);
      await restore(sound, victim.dataDir);
      for (const file of [log, JOURNAL]) {
        const path = join(victim.dataDir, file);
        await truncate(path, (await stat(path)).size - 7);
      }
      await victim.start();
      const tookMs = await net.untilBlocks(3);
      await net.expectNoFork();
      await net.expectNoAccusations();
      measured(this, { threeBlocksMs: tookMs });
    });
  });
});

function* cutsUpTo(most: number): Generator<number> {
  for (let cut = 1; cut <= most; cut += cut < DENSE ? 1 : STRIDE) yield cut;
}

async function entriesOf(dataDir: string): Promise<readonly unknown[]> {
  const journal = await Journal.open(join(dataDir, JOURNAL), { head: 0 });
  const entries: unknown[] = [];
  for (let height = 0; height < 1000; height++) entries.push(...journal.entries(height));
  await journal.close();
  return entries;
}

async function newestLog(dataDir: string): Promise<string> {
  const names = (await readdir(join(dataDir, "db"))).filter((name) => name.endsWith(".log"));
  const sizes = await Promise.all(
    names.map(async (name) => (await readFile(join(dataDir, "db", name))).length),
  );
  return join("db", names[sizes.indexOf(Math.max(...sizes))] ?? "");
}

async function restore(sound: string, target: string): Promise<void> {
  await rm(target, { recursive: true, force: true });
  await cp(sound, target, { recursive: true });
}
