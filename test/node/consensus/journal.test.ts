import { readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect } from "chai";
import type { Vote } from "../../../chain/types/vote.ts";
import { Journal, type JournalFinding } from "../../../node/consensus/journal.ts";
import { decodeJournal } from "../../../node/consensus/journal-file.ts";
import { TestChain } from "../../helpers/chain.ts";
import { expectCodeAsync } from "../../helpers/expect-code.ts";
import { TemporaryFolders } from "../../helpers/temporary.ts";

const vote = (height: number, round = 0): Vote => ({
  height,
  round,
  type: 0,
  blockHash: new Uint8Array(32).fill(height),
  validRound: 0,
  seat: 1,
  signature: new Uint8Array(64).fill(round),
});

describe("Journal", () => {
  const folders = new TemporaryFolders();
  let path: string;

  beforeEach(async () => {
    path = join(await folders.create(), "votes.journal");
  });

  afterEach(() => folders.removeAll());

  async function reopened(head: number, abandon?: number): Promise<Journal> {
    const journal = await Journal.open(path, { head, abandon });
    await journal.close();
    return journal;
  }

  /** A journal with a vote for each of these heights. @returns where each record ends */
  async function written(...heights: number[]): Promise<number[]> {
    const journal = await Journal.open(path, { head: 0 });
    const ends: number[] = [];
    for (const height of heights) {
      await journal.append({ kind: "vote", vote: vote(height) });
      ends.push((await readFile(path)).length);
    }
    await journal.close();
    return ends;
  }

  async function flip(at: number): Promise<void> {
    const bytes = await readFile(path);
    bytes[at] = (bytes[at] ?? 0) ^ 0x04;
    await writeFile(path, bytes);
  }

  it("brings back votes and proposals in the order they were written", async () => {
    const block = new TestChain().build();
    const proposal = { height: 1, round: 0, validRound: 0, block, signature: new Uint8Array(64) };
    const journal = await Journal.open(path, { head: 0 });
    await journal.append({ kind: "proposal", proposal });
    await journal.append({ kind: "vote", vote: vote(1) });
    await journal.close();
    const again = await reopened(0);
    expect(again.finding).to.equal("whole");
    expect(again.entries(1).map(({ kind }) => kind)).to.deep.equal(["proposal", "vote"]);
    expect(again.maySign(1)).to.equal(true);
  });

  it("cuts off a torn last record at every length, keeps those before it and goes on", async () => {
    const [first = 0, second = 0] = await written(7, 7);
    const whole = await readFile(path);
    for (let length = first + 1; length < second; length++) {
      await writeFile(path, whole.subarray(0, length));
      const journal = await Journal.open(path, { head: 6 });
      expect(journal.finding, `cut to ${length}`).to.equal("torn");
      expect(journal.entries(7)).to.have.length(1);
      expect(journal.maySign(7)).to.equal(true);
      await journal.append({ kind: "vote", vote: vote(7, 1) });
      await journal.close();
      expect((await reopened(6)).entries(7)).to.have.length(2);
    }
  });

  it("takes no flipped bit for a torn record", async () => {
    await written(7, 7);
    const whole = await readFile(path);
    for (let at = 0; at < whole.length; at++) {
      const bytes = Uint8Array.from(whole);
      bytes[at] = (bytes[at] ?? 0) ^ 0x04;
      expect(decodeJournal(bytes).end, `byte ${at}`).to.equal("damaged");
    }
  });

  it("abstains at heights for which damage may hide a signature, and keeps the damaged file", async () => {
    const [first = 0] = await written(7, 7);
    for (const at of [2, first - 1, first + 3]) {
      await rm(path, { force: true });
      await written(7, 7);
      await flip(at);
      const journal = await reopened(6);
      expect(journal.finding, `byte ${at}`).to.equal("damaged");
      expect(journal.maySign(7), `byte ${at}`).to.equal(false);
      expect(journal.maySign(8)).to.equal(true);
      expect(journal.abstainsThrough).to.equal(7);
    }
    const kept = (await readdir(dirname(path))).filter((name) => name.includes(".damaged-"));
    expect(kept).to.have.length(3);
  });

  it("remembers what it abstains from through later starts and rewrites", async () => {
    await written(7);
    await flip(20);
    await reopened(6);
    const again = await reopened(3);
    expect(again.finding).to.equal("whole");
    expect(again.abstainsThrough).to.equal(7);
  });

  it("abstains when the journal is gone or empty although there are blocks", async () => {
    const lost = async (): Promise<JournalFinding> => (await reopened(6)).finding;
    await written(7);
    await rm(path);
    expect(await lost()).to.equal("lost");
    await truncate(path, 3);
    expect(await lost()).to.equal("lost");
    expect((await reopened(6)).maySign(7)).to.equal(false);
  });

  it("starts a new journal with a new chain", async () => {
    await writeFile(path, "");
    const journal = await reopened(0);
    expect(journal.finding).to.equal("whole");
    expect(journal.maySign(1)).to.equal(true);
  });

  it("after a rollback bars only the heights whose records it has lost", async () => {
    const journal = await Journal.open(path, { head: 0 });
    const chain = new TestChain();
    const block = chain.build();
    const signature = new Uint8Array(64);
    const transfer = { to: chain.client.address, amount: 1n };
    const bulk = chain.transaction(chain.client, "transfer", transfer);
    const transactions = Array.from({ length: 2000 }, () => bulk);
    for (let height = 1; height <= 40; height++) {
      await journal.prune(height);
      const proposal = {
        height,
        round: 0,
        validRound: 0,
        block: { ...block, body: { ...block.body, transactions } },
        signature,
      };
      await journal.append({ kind: "proposal", proposal });
      await journal.append({ kind: "vote", vote: vote(height) });
    }
    await journal.close();
    const { length } = await readFile(path);
    expect(length, "bytes after forty large heights").to.be.lessThan(6 * 1024 * 1024);
    const after = await reopened(10);
    const floor = after.abstainsThrough + 1;
    expect(floor).to.be.greaterThan(1);
    expect(after.maySign(floor - 1)).to.equal(false);
    for (let height = floor; height <= 40; height++) {
      expect(after.maySign(height)).to.equal(true);
      expect(after.entries(height), `height ${height}`).to.have.length(2);
    }
  });

  it("votes again when its owner names exactly the barred height", async () => {
    await written(7);
    await expectCodeAsync(() => reopened(6, 7), "NOT_ABSTAINING");
    await rm(path);
    await reopened(6);
    await expectCodeAsync(() => reopened(6, 8), "NOT_ABSTAINING");
    expect((await reopened(6, 7)).maySign(7)).to.equal(true);
    expect((await reopened(6)).maySign(7)).to.equal(true);
  });
});
