import { expect } from "chai";
import { fromHex } from "../../../chain/crypto/hash.ts";
import { PomlClient } from "../../../node/api/client.ts";
import { startApi, type TestApi } from "./support.ts";

const OTHER = "ab".repeat(32);

describe("algorithms of searches over the API", () => {
  let test: TestApi;
  let client: PomlClient;

  beforeEach(async () => {
    test = await startApi();
    client = new PomlClient(test.url);
  });
  afterEach(() => test.stop());

  const vote = async (founder: number, hash: string, isFor: 0 | 1): Promise<void> => {
    const { chain } = test.node;
    const algorithm = fromHex(hash);
    const who = chain.founders[founder] ?? chain.client;
    await test.node.submit(
      chain.transaction(who, "algorithm-vote", { algorithm, isFor }, { fee: 0n }),
    );
  };

  it("are those that come with the program, and whether the owner takes part", async () => {
    test.node.allow = ["search/sha256d", `search/${OTHER}`];
    const { algorithms, votes } = await client.algorithms();
    expect(votes).deep.equal([]);
    const told = algorithms.map(({ name, hash, shipped, allowed }) => {
      return [name ?? hash, shipped, allowed];
    });
    expect(told).deep.equal([
      ["sha256", true, false],
      ["sha256d", true, true],
      ["blake2b", true, false],
      [OTHER, false, true],
    ]);
  });

  it("show a vote while it is open, and what came of it", async () => {
    await vote(0, OTHER, 1);
    await vote(1, OTHER, 1);
    test.node.advance();
    const open = await client.algorithms();
    expect(open.algorithms.map(({ hash }) => hash)).not.include(OTHER);
    const [first, ...others] = open.votes;
    expect(others).deep.equal([]);
    expect(first).deep.include({ algorithm: OTHER, wants: "certify", nodes: [0, 1] });
    const { weight = "", against = "" } = first ?? {};
    expect((BigInt(weight) + BigInt(against)).toString()).equal(open.totalWeight);
    const { height, parameters } = test.node.state();
    expect(open.countedAt).greaterThan(height);
    expect((open.countedAt + 1) % parameters.epochBlocks).equal(0);

    for (const founder of test.node.chain.founders.keys())
      if (founder > 1) await vote(founder, OTHER, 1);
    while (test.node.state().height < open.countedAt) test.node.advance();
    const certified = await client.algorithms();
    expect(certified.votes).deep.equal([]);
    const listed = certified.algorithms.find(({ hash }) => hash === OTHER);
    expect(listed).deep.equal({ hash: OTHER, shipped: false, certified: true, allowed: true });

    await vote(2, OTHER, 0);
    test.node.advance();
    const { votes } = await client.algorithms();
    expect(votes).to.have.length(1);
    expect(votes[0]).deep.include({ algorithm: OTHER, wants: "remove", nodes: [2] });
  });
});
