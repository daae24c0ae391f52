import { expect } from "chai";
import { transactionId } from "../../../chain/transaction-id.ts";
import { bytesKey } from "../../../node/store/keys.ts";
import { scrub } from "../../../node/store/scrub.ts";
import { createLog } from "../../../node/telemetry/log.ts";
import { StoredChain } from "../../helpers/stored-chain.ts";
import { TemporaryFolders } from "../../helpers/temporary.ts";

describe("scrub", () => {
  const folders = new TemporaryFolders();
  afterEach(() => folders.removeAll());

  it("mends lost indexes far below the head and reports damaged blocks", async () => {
    const stored = await StoredChain.create(await folders.create(), 48);
    const lost = stored.source.blocks[4]?.block.body.transactions[0]?.transaction;
    if (lost === undefined) throw new Error("no transaction in block 5");
    await stored.removeEntries(bytesKey("transaction", transactionId(lost)));
    await stored.flipBlock(7);
    await stored.with(async ({ store }) => {
      const reported: number[] = [];
      const modules = {
        store,
        log: createLog("silent"),
        now: () => 0,
        damaged: (height: number) => reported.push(height),
      };
      expect(await store.transactionPlace(transactionId(lost))).to.equal(undefined);
      expect(await scrub(modules, new AbortController().signal)).to.equal(1);
      expect(await store.transactionPlace(transactionId(lost))).to.deep.equal({
        height: 5,
        index: 0,
      });
      expect(reported).to.deep.equal([7]);
    });
  });
});
