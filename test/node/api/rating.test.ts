import { expect } from "chai";
import { toHex } from "../../../chain/crypto/hash.ts";
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

  it("tells every factor with its source; their product is the rating", async () => {
    const [founder = test.node.chain.client] = test.node.chain.founders;
    const answer = await client.rating(toHex(founder.keys.publicKey));
    const values = answer.factors.map(({ value }) => value);
    const product = values.reduce((all, value) => all * value, 1);
    expect(product).to.be.closeTo(Number(answer.rating), 1);
    expect(answer.factors.map(({ name, source }) => [name, source])).to.deep.equal([
      ["capacity", "measured by the chain"],
      ["quality", "not measured yet"],
      ["reliability", "measured by the chain"],
      ["energy", "self-reported"],
      ["freshness", "measured by the chain"],
    ]);
    expect(answer.changes).to.deep.equal([]);
    expect(answer.windows).to.deep.equal([String(values[0])]);
  });

  it("tells every change with its cause, newest first", async () => {
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
