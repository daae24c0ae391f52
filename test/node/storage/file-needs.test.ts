import { expect } from "chai";
import { sha256, toHex } from "../../../chain/crypto/hash.ts";
import { phaseOf } from "../../../chain/job/phase.ts";
import { fileNeeds } from "../../../node/storage/file-needs.ts";
import { TestChain } from "../../helpers/chain.ts";
import { jobOf, jobSpec, nextStep, openJob } from "../../helpers/job-run.ts";
import { viewOf } from "../../helpers/settled-jobs.ts";

describe("fileNeeds", () => {
  const text = (value: string): Uint8Array => new TextEncoder().encode(value);

  it("names what an open job needs, and a settled job only where it left a file here", async () => {
    const chain = new TestChain();
    const opened = openJob(chain, chain.client, jobSpec("job"));
    chain.advance(opened);
    const id = toHex(jobOf(chain, opened).id);
    const dataset = toHex(sha256(text("dataset")));
    const imported = "ab".repeat(32);
    const open = await fileNeeds(viewOf(chain), [], [imported]);
    expect([...open.needed]).to.include.members([id, dataset, imported]);
    expect(open.settled).to.deep.equal([]);

    while (phaseOf(jobOf(chain, opened)) !== "settled") {
      chain.advance(...nextStep(chain, jobOf(chain, opened)));
    }
    const settledOf = async (...files: { name: string; of?: string }[]): Promise<string[]> =>
      (await fileNeeds(viewOf(chain), files, [imported])).settled.map(({ job }) => job);
    expect(await settledOf()).to.deep.equal([]);
    expect(await settledOf({ name: "abc.1234.part" }, { name: "cd".repeat(32) })).to.deep.equal([]);
    expect(await settledOf({ name: dataset })).to.deep.equal([id]);
    const torrent = await settledOf({ name: "ef".repeat(20), of: dataset });
    expect(torrent, "a torrent").to.deep.equal([id]);
    const { needed } = await fileNeeds(viewOf(chain), [{ name: dataset }], [imported]);
    expect([...needed]).to.deep.equal([imported]);
  });
});
