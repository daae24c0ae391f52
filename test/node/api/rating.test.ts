import { expect } from "chai";
import { toHex } from "../../../chain/crypto/hash.ts";
import { qualityOf } from "../../../chain/track/quality.ts";
import { trackTask } from "../../../chain/track/task.ts";
import { PomlClient } from "../../../node/api/client.ts";
import { doubleVote } from "../../helpers/evidence.ts";
import { startApi, type TestApi } from "./support.ts";

describe("GET /v1/nodes/{key}/rating", () => {
  let test: TestApi;
  let client: PomlClient;
  before(async () => {
    test = await startApi();
    client = new PomlClient(test.url);
  });
  after(() => test.stop());

  it("gives every factor with its source; their product is the rating", async () => {
    const [founder = test.node.chain.client] = test.node.chain.founders;
    const answer = await client.rating(toHex(founder.keys.publicKey));
    const values = answer.factors.map(({ value }) => value);
    const product = values.reduce((all, value) => all * value, 1);
    expect(product).to.be.closeTo(Number(answer.rating), 1);
    expect(answer.factors.map(({ name, source }) => [name, source])).to.deep.equal([
      ["capacity", "measured by the chain"],
      ["quality", "not measured yet"],
      ["reliability", "measured by the chain"],
      ["energy", "not measured yet"],
      ["freshness", "measured by the chain"],
    ]);
    expect(answer.changes).to.deep.equal([]);
    expect(answer.windows).to.deep.equal([String(values[0])]);
  });

  it("gives the basis of the quality", async () => {
    const { chain } = test.node;
    const [, , third = chain.client] = chain.founders;
    const index = chain.head.state.nodeIndex(third.keys.publicKey) ?? 0;
    const node = chain.head.state.nodes.at(index);
    const shares = { accuracy: 650_000, precision: 660_000, recall: 650_000, f1: 648_000 };
    const score = { track: 7, task: 1, ...shares };
    chain.head.state.nodes.set(index, { ...node, score, quality: qualityOf(score) });
    const { factors, track } = await client.rating(toHex(third.keys.publicKey));
    const reference = trackTask(1).reference / 1e6;
    const ratios = { accuracy: 0.65, precision: 0.66, recall: 0.65, f1: 0.648 };
    expect(track).to.deep.equal({ track: 7, task: 1, ...ratios, reference });
    const quality = factors.find(({ name }) => name === "quality");
    expect(quality?.source).to.equal("measured by the chain");
    expect(quality?.value).to.be.closeTo(0.648 / reference, 1e-6);
    expect(quality?.explanation).to.contain("0.648");
  });

  it("gives every change with its cause, newest first", async () => {
    const { chain } = test.node;
    const [, guilty = chain.client] = chain.founders;
    test.node.advance();
    await test.node.submitEvidence(doubleVote(chain, guilty, chain.height));
    test.node.advance();
    const { changes, rating } = await client.rating(toHex(guilty.keys.publicKey));
    expect(rating).to.equal("0");
    expect(changes).to.have.length(1);
    expect(changes[0]).to.include({ cause: "slash", after: "0", height: chain.height });
    expect(changes[0]?.explanation).to.contain("two messages");
  });
});
