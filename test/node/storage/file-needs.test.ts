import { expect } from "chai";
import { sha256, toHex } from "../../../chain/crypto/hash.ts";
import { phaseOf } from "../../../chain/job/phase.ts";
import { fileNeeds } from "../../../node/storage/file-needs.ts";
import { TestChain } from "../../helpers/chain.ts";
import { jobOf, jobSpec, nextStep, openJob } from "../../helpers/job-run.ts";

describe("fileNeeds", () => {
  const text = (value: string): Uint8Array => new TextEncoder().encode(value);

  it("names what an open job needs, and a settled job only where it left a file here", () => {
    const chain = new TestChain();
    const opened = openJob(chain, chain.client, jobSpec("job"));
    chain.advance(opened);
    const id = toHex(jobOf(chain, opened).id);
    const dataset = toHex(sha256(text("dataset")));
    const imported = "ab".repeat(32);
    const open = fileNeeds(chain.head.state, [], [imported]);
    expect([...open.needed]).to.include.members([id, dataset, imported]);
    expect(open.settled).to.deep.equal([]);

    while (phaseOf(jobOf(chain, opened)) !== "settled") {
      chain.advance(...nextStep(chain, jobOf(chain, opened)));
    }
    const settledOf = (...files: { name: string; of?: string }[]): string[] =>
      fileNeeds(chain.head.state, files, [imported]).settled.map(({ job }) => job);
    expect(settledOf()).to.deep.equal([]);
    expect(settledOf({ name: "abc.1234.part" }, { name: "cd".repeat(32) })).to.deep.equal([]);
    expect(settledOf({ name: dataset })).to.deep.equal([id]);
    expect(settledOf({ name: "ef".repeat(20), of: dataset }), "a torrent").to.deep.equal([id]);
    expect([...fileNeeds(chain.head.state, [{ name: dataset }], [imported]).needed]).to.deep.equal([
      imported,
    ]);
  });
});
