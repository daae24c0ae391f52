import { execFile } from "node:child_process";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect } from "chai";
import { toHex } from "../../../chain/crypto/hash.ts";
import { transactionId } from "../../../chain/transaction-id.ts";
import { readDamaged } from "../../../node/store/damage-notes.ts";
import { bytesKey, nameKey, numberKey } from "../../../node/store/keys.ts";
import { StoredChain } from "../../helpers/stored-chain.ts";
import { TemporaryFolders } from "../../helpers/temporary.ts";
import { run } from "../cli/support.ts";

const HEIGHT = 24;

describe("maintenance of a stopped node's chain database", function () {
  this.timeout(60_000);
  const folders = new TemporaryFolders();
  let stored: StoredChain;

  beforeEach(async () => {
    stored = await StoredChain.create(await folders.create(), HEIGHT);
  });
  afterEach(() => folders.removeAll());

  async function poml(exit: number, ...args: string[]) {
    const ran = await run([...args, "--data-dir", stored.dataDir, "--json"]);
    expect(ran.exit, ran.stderr).to.equal(exit);
    return JSON.parse(ran.stdout);
  }

  /** The node starts, at this height, with the very state the chain had there. */
  async function expectHeight(height: number): Promise<void> {
    await stored.with(async ({ head, check }) => {
      expect(head.state.height).to.equal(height);
      expect(check.damaged).to.deep.equal([]);
      const header = stored.source.blocks[height - 1]?.block.header;
      const root = header?.stateRoot ?? stored.genesis.state.root();
      expect(toHex(head.state.root())).to.equal(toHex(root));
    });
  }

  describe("poml verify-db", () => {
    it("finds no fault in an undamaged database", async () => {
      const report = await poml(0, "verify-db");
      expect(report).to.deep.include({ sound: true, height: HEIGHT, lowest: 1, faults: [] });
    });

    it("names the block that is damaged, the one that is missing and the index that is lost", async () => {
      const lost = stored.source.blocks[4]?.block.body.transactions[0]?.transaction;
      if (lost === undefined) throw new Error("no transaction in block 5");
      await stored.flipBlock(7);
      await stored.removeEntries(
        numberKey("block", 11),
        bytesKey("transaction", transactionId(lost)),
      );
      const { error } = await poml(5, "verify-db");
      expect(error.code).to.equal("DAMAGED_STORE");
      expect(error.remedy).to.contain("poml repair");
      const heights = error.faults.flatMap(({ height }: { height?: number }) => height ?? []);
      expect(heights).to.deep.equal([11, 7, 5]);
    });

    it("finds a damaged record of the state", async () => {
      await stored.flipEntry(numberKey("accounts", 1));
      expect((await poml(5, "verify-db")).error.isStateSound).to.equal(false);
    });
  });

  describe("poml repair", () => {
    it("has nothing to do in an undamaged database", async () => {
      expect(await poml(0, "repair")).to.deep.include({ action: "none", height: HEIGHT });
    });

    it("writes indexes again and leaves damaged blocks to the running node", async () => {
      const hash = stored.source.blocks[2]?.certificate.blockHash ?? new Uint8Array(0);
      await stored.flipBlock(7);
      await stored.removeEntries(bytesKey("blockHash", hash));
      const report = await poml(0, "repair");
      expect(report).to.deep.include({ action: "mended", toFetch: [7], reindexed: 1 });
      await stored.with(async ({ store }) => {
        expect(await readDamaged(store.db)).to.deep.equal([7]);
        expect(await store.heightOf(hash)).to.equal(3);
      });
    });

    it("replays the chain when the state is damaged, and keeps what services noted", async () => {
      await stored.with(({ store }) => store.putOwn("idempotency/x", Uint8Array.of(1, 2)));
      await stored.flipEntry(nameKey("single", "meta"));
      expect(await poml(0, "repair")).to.deep.include({ action: "rebuilt", height: HEIGHT });
      await expectHeight(HEIGHT);
      expect((await poml(0, "verify-db")).sound).to.equal(true);
      const own = await stored.with(({ store }) => store.own("idempotency/x"));
      expect(own).to.deep.equal(Uint8Array.of(1, 2));
    });

    it("replays as far as the blocks go when the newest and one before are gone", async () => {
      await stored.removeEntries(numberKey("block", HEIGHT), numberKey("block", 15));
      expect(await poml(0, "repair")).to.deep.include({ action: "rebuilt", height: 14 });
      await expectHeight(14);
      await stored.fill();
      await expectHeight(HEIGHT);
    });

    it("says that peers are needed when the first blocks are gone, too", async () => {
      await stored.removeEntries(numberKey("block", 1), nameKey("single", "seats"));
      const { error } = await poml(7, "repair");
      expect(error.code).to.equal("NOT_REPAIRABLE");
      expect(error.remedy).to.contain("--resync");
    });

    it("rebuilds LevelDB's list of files", async () => {
      const [manifest = ""] = await stored.files(/^MANIFEST/);
      await stored.removeFile(manifest);
      expect((await poml(7, "verify-db")).error.code).to.equal("DAMAGED_STORE");
      expect((await poml(0, "repair")).height).to.be.at.least(1);
      await stored.fill();
      await expectHeight(HEIGHT);
    });
  });

  describe("poml rollback", () => {
    it("takes one block back, or some, or all down to a height", async () => {
      expect(await poml(0, "rollback")).to.deep.include({ from: HEIGHT, to: 23, how: "undone" });
      await expectHeight(23);
      expect(await poml(0, "rollback", "--blocks", "5")).to.deep.include({ from: 23, to: 18 });
      await expectHeight(18);
      expect(await poml(0, "rollback", "--to", "2")).to.deep.include({ from: 18, to: 2 });
      await expectHeight(2);
      expect((await poml(0, "verify-db")).sound).to.equal(true);
      await stored.fill();
      await expectHeight(HEIGHT);
    });

    it("replays the chain where the undo records do not reach", async () => {
      await stored.removeEntries(numberKey("undo", 20));
      const report = await poml(0, "rollback", "--to", "12");
      expect(report).to.deep.include({ from: HEIGHT, to: 12, how: "replayed" });
      expect((await readdir(stored.dataDir)).some((name) => name.startsWith("db.aside-"))).equal(
        true,
      );
      await expectHeight(12);
    });

    it("refuses a rollback that can neither be undone nor replayed, and changes nothing", async () => {
      await stored.removeEntries(numberKey("undo", 20));
      await stored.with(({ store }) => store.prune(5, []));
      const { error } = await poml(7, "rollback", "--to", "12");
      expect(error.code).to.equal("NOT_UNDOABLE");
      expect(error.remedy).to.contain("--resync");
      await expectHeight(HEIGHT);
    });

    it("leaves the journal of votes alone", async () => {
      const journal = join(stored.dataDir, "votes.journal");
      await writeFile(journal, "whatever it is");
      await poml(0, "rollback", "--blocks", "3");
      expect(await readFile(journal, "utf8")).to.equal("whatever it is");
    });

    it("refuses nonsense", async () => {
      expect((await poml(2, "rollback", "--to", "x")).error.code).to.equal("BAD_ARGUMENT");
      expect((await poml(2, "rollback", "--to", "3", "--blocks", "1")).error.field).to.equal("to");
    });
  });

  it("loses nothing when a command is killed at its crash points", async () => {
    await dies("rollback", "block-undone:2", "--blocks", "5");
    await expectHeight(HEIGHT - 2);
    await stored.flipEntry(nameKey("single", "meta"));
    await dies("repair", "store-rebuilt");
    expect((await poml(5, "verify-db")).error.isStateSound).to.equal(false);
    await dies("repair", "store-aside");
    await expectHeight(HEIGHT - 2);
  });

  async function dies(command: string, point: string, ...args: string[]): Promise<void> {
    const main = fileURLToPath(new URL("../../../node/main.ts", import.meta.url));
    const env = { ...process.env, POML_FAIL_AT: point };
    const all = [main, command, "--data-dir", stored.dataDir, ...args];
    const ended = await promisify(execFile)(process.execPath, all, { env }).catch(
      (error: { signal?: string }) => error,
    );
    expect(ended, `${command} at ${point}`).to.have.property("signal", "SIGKILL");
  }

  it("finds the database in use while a node has it", async () => {
    await stored.with(async () => {
      for (const command of ["verify-db", "repair", "rollback"]) {
        expect((await poml(7, command)).error.code, command).to.equal("STORE_IN_USE");
      }
    });
  });
});
