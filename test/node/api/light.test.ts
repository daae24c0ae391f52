/** The light routes over a real socket: what comes back is checked by the light client itself. */
import { expect } from "chai";
import { formatAddress } from "../../../chain/crypto/address.ts";
import { toHex } from "../../../chain/crypto/hash.ts";
import { verify } from "../../../chain/crypto/keys.ts";
import { type Proven, verifyInclusion } from "../../../chain/light/inclusion.ts";
import { trustGenesis } from "../../../chain/light/trust-genesis.ts";
import { verifyLightBlock, verifyLightBlocks } from "../../../chain/light/verify.ts";
import { transactionId } from "../../../chain/transaction-id.ts";
import { PomlClient } from "../../../node/api/client.ts";
import { jobSpec, openJob } from "../../helpers/job-run.ts";
import { refusal, startApi, type TestApi } from "./support.ts";

describe("light routes", () => {
  let test: TestApi;
  let client: PomlClient;
  let job: string;
  before(async () => {
    test = await startApi();
    client = new PomlClient(test.url);
    const { node } = test;
    const open = openJob(node.chain, node.chain.client, jobSpec("job"));
    job = toHex(transactionId(open.transaction));
    await node.submit(open);
    node.runJobs(1);
    while (node.state().height < 34) node.advance();
  });
  after(() => test.stop());

  const believe = async (height?: number) => {
    const blocks = await client.lightRoute(0, height);
    return verifyLightBlocks(trustGenesis(test.node.chain.genesis), blocks, { verify });
  };
  const prove = async (of: string): Promise<Proven> => {
    const { proof, block } = await client.proof(of);
    const { header } = await verifyLightBlock(await believe(1), block, { verify });
    if (header === undefined) throw new Error("no header");
    return verifyInclusion(header, proof);
  };

  it("lead a client that knows the genesis to the head", async () => {
    const { height, hash } = await believe();
    expect(height).to.equal(34);
    expect(toHex(hash)).to.equal(toHex(test.node.head().hash));
  });

  it("give any block without its body", async () => {
    for (const height of [1, 15, 16, 33]) {
      const block = await client.lightBlock(height);
      const certified = await test.node.block(height);
      expect(block.header).to.deep.equal(certified?.block.header);
      await verifyLightBlock(trustGenesis(test.node.chain.genesis), block, { verify });
    }
  });

  it("prove accounts, nodes, jobs, transactions and records", async () => {
    const { chain } = test.node;
    const account = await prove(`accounts/${formatAddress(chain.client.address)}`);
    expect(account.value).to.deep.equal(chain.head.state.account(chain.client.address));
    const [founder] = chain.founders;
    const node = await prove(`nodes/${toHex(founder?.keys.publicKey ?? new Uint8Array())}`);
    expect(node.value).to.deep.equal(chain.head.state.nodes.at(0));
    expect((await prove(`jobs/${job}`)).value).to.deep.equal(chain.job(0));
    const transaction = await prove(`transactions/${job}`);
    if (transaction.kind !== "transaction") throw new Error(transaction.kind);
    expect(toHex(transactionId(transaction.value.transaction))).to.equal(job);
    const record = await prove(`records/${job}/1`);
    expect(record.kind === "record" && record.value.round).to.equal(1);
  });

  it("say that something is missing, and refuse impossible requests", async () => {
    const codes: [string, number, string][] = [
      ["light/blocks/99", 404, "NOT_HERE"],
      ["light/blocks/0", 404, "NOT_HERE"],
      ["light/blocks/x", 400, "BAD_NUMBER"],
      ["light/updates?from=50", 404, "NOT_HERE"],
      ["light/updates?from=-1", 400, "BAD_REQUEST"],
      ["proof/jobs/00", 400, "BAD_HASH"],
      [`proof/jobs/${"00".repeat(32)}`, 404, "NOT_HERE"],
      [`proof/records/${job}/9`, 404, "NOT_HERE"],
      [`proof/records/${"00".repeat(32)}/1`, 404, "NOT_HERE"],
      [`proof/transactions/${"00".repeat(32)}`, 404, "NOT_HERE"],
      ["proof/accounts/poml1x", 400, "BAD_ADDRESS"],
      ["proof/rating-changes/3/0", 404, "NOT_HERE"],
    ];
    for (const [path, status, code] of codes) {
      const problem = await refusal(`${test.url}/v1/${path}`);
      expect([problem.status, problem.code]).to.deep.equal([status, code], path);
    }
  });
});
