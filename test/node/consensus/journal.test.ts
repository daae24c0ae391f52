import { readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import type { Vote } from "../../../chain/types/vote.ts";
import { Journal } from "../../../node/consensus/journal.ts";
import { TestChain } from "../../helpers/chain.ts";
import { TemporaryFolders } from "../../helpers/temporary.ts";

const vote = (height: number, round = 0): Vote => ({
  height,
  round,
  type: 0,
  blockHash: new Uint8Array(32).fill(height),
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

  async function reopened(): Promise<Journal> {
    const journal = await Journal.open(path);
    await journal.close();
    return journal;
  }

  it("brings back votes and proposals in the order they were written", async () => {
    const block = new TestChain().build();
    const proposal = { height: 1, round: 0, validRound: 0, block, signature: new Uint8Array(64) };
    const journal = await Journal.open(path);
    await journal.append({ kind: "proposal", proposal });
    await journal.append({ kind: "vote", vote: vote(1) });
    await journal.close();
    expect((await reopened()).entries(1).map(({ kind }) => kind)).to.deep.equal([
      "proposal",
      "vote",
    ]);
  });

  it("cuts off a torn last record at every length, and keeps those before it", async () => {
    const journal = await Journal.open(path);
    await journal.append({ kind: "vote", vote: vote(1) });
    const { length: first } = await readFile(path);
    await journal.append({ kind: "vote", vote: vote(1, 1) });
    await journal.close();
    const whole = await readFile(path);
    for (let length = first; length < whole.length; length++) {
      await writeFile(path, whole);
      await truncate(path, length);
      expect((await reopened()).entries(1), `cut to ${length}`).to.have.length(1);
    }
  });

  it("takes nothing after a damaged record", async () => {
    const journal = await Journal.open(path);
    await journal.append({ kind: "vote", vote: vote(1) });
    await journal.close();
    const bytes = await readFile(path);
    bytes[20] = (bytes[20] ?? 0) ^ 1;
    await writeFile(path, bytes);
    expect((await reopened()).entries(1)).to.have.length(0);
  });

  it("forgets final heights and goes on", async () => {
    const journal = await Journal.open(path);
    await journal.append({ kind: "vote", vote: vote(1) });
    await journal.append({ kind: "vote", vote: vote(2) });
    await journal.prune(2);
    await journal.append({ kind: "vote", vote: vote(2, 1) });
    await journal.close();
    const again = await reopened();
    expect(again.entries(1)).to.have.length(0);
    expect(again.entries(2)).to.have.length(2);
  });
});
