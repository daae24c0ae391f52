import { expect } from "chai";
import { toHex } from "../../../chain/crypto/hash.ts";
import { encodeValue, VOTABLE_PARAMETERS } from "../../../chain/governance/votable.ts";
import { Evidence } from "../../../chain/types/evidence.ts";
import { SignedTransaction } from "../../../chain/types/transaction.ts";
import { ApiError } from "../../../node/api/api-error.ts";
import { PomlClient } from "../../../node/api/client.ts";
import { doubleVote } from "../../helpers/evidence.ts";
import { startApi, type TestApi } from "./support.ts";

describe("API for evidence and parameters", () => {
  let test: TestApi;
  let client: PomlClient;
  before(async () => {
    test = await startApi();
    client = new PomlClient(test.url);
  });
  after(() => test.stop());

  it("takes evidence, and shows the punishment in block and node", async () => {
    const { chain } = test.node;
    const [guilty = chain.client] = chain.founders;
    test.node.advance();
    const evidence = Evidence.serialize(doubleVote(chain, guilty, chain.height));
    await client.submitEvidence(evidence);
    const again = await client.submitEvidence(evidence).catch((error: unknown) => error);
    expect(again).to.be.instanceOf(ApiError).and.include({ status: 409 });
    test.node.advance();
    const block = await client.block(chain.height);
    expect(block.evidence).to.have.length(1);
    expect(block.evidence[0]).to.include({ node: 0, kind: "duplicate-vote" });
    const node = await client.node(toHex(guilty.keys.publicKey));
    expect(node).to.include({ slashedAt: chain.height, rating: "0", weight: "0" });
  });

  it("refuses forged evidence with 422 and junk with 400", async () => {
    const { chain } = test.node;
    const [, innocent = chain.client] = chain.founders;
    const forged = { ...doubleVote(chain, chain.client, chain.height), node: 1 };
    const attempt = async (bytes: Uint8Array) =>
      client.submitEvidence(bytes).then(
        () => undefined,
        (error: ApiError) => ({ status: error.status, code: error.code }),
      );
    expect(await attempt(Evidence.serialize(forged))).to.deep.equal({
      status: 422,
      code: "EVIDENCE_BAD_SIGNATURE",
    });
    expect(await attempt(new Uint8Array(100))).to.include({ status: 400 });
    expect((await client.node(toHex(innocent.keys.publicKey))).slashedAt).to.equal(undefined);
  });

  it("lists parameters with the weight behind each vote", async () => {
    const { chain } = test.node;
    const [, voter = chain.client] = chain.founders;
    const parameter = VOTABLE_PARAMETERS.indexOf("feeRate");
    const vote = { parameter, value: encodeValue(20_000) };
    const signed = chain.transaction(voter, "parameter-vote", vote);
    await client.submitTransaction(SignedTransaction.serialize(signed));
    test.node.advance();
    const { parameters, totalWeight } = await client.parameters();
    const feeRate = parameters.find(({ name }) => name === "feeRate");
    expect(feeRate).to.include({ value: "15000" });
    expect(feeRate?.votes).to.have.length(1);
    expect(feeRate?.votes[0]).to.include({ value: "20000" });
    expect(Number(feeRate?.votes[0]?.weight)).to.be.within(1, Number(totalWeight));
  });
});
