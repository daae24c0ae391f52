import { expect } from "chai";
import { HeadAnswers } from "../../../node/api/head-answers.ts";
import { startApi } from "./support.ts";

describe("HeadAnswers", () => {
  let height = 1;
  const answers = new HeadAnswers(() => Uint8Array.of(height));
  const put = (url: string, bytes: string) => answers.put(url, bytes, answers.head);
  beforeEach(() => {
    height++;
  });

  it("keeps a limited number, and drops the least recently used ones", () => {
    put("/asked", "often");
    for (let i = 0; i < 1000; i++) {
      put(`/once/${i}`, "x");
      expect(answers.get("/asked")?.bytes).to.equal("often");
    }
    expect(answers.size).to.equal(256);
    expect([answers.get("/once/0"), answers.get("/once/999")?.bytes]).to.deep.equal([
      undefined,
      "x",
    ]);
  });

  it("keeps a limited number of bytes, and no answer that is larger than this", () => {
    const million = "x".repeat(1024 * 1024);
    for (let i = 0; i < 6; i++) put(`/large/${i}`, million);
    expect(answers.size).to.equal(3);
    const { etag } = put("/too-large", million.repeat(5));
    expect(etag).to.match(/^"[0-9a-f]{32}"$/);
    expect([answers.get("/too-large"), answers.size]).to.deep.equal([undefined, 3]);
    put(`/${"long".repeat(100)}`, "x");
    expect(answers.size).to.equal(3);
  });

  it("forgets them with the next block, even if it comes while an answer is made", () => {
    const { head } = answers;
    put("/a", "old");
    height++;
    expect([answers.get("/a"), answers.size]).to.deep.equal([undefined, 0]);
    answers.put("/a", "of the old block", head);
    expect(answers.get("/a")).to.equal(undefined);
  });

  it("names an answer by URL and content", () => {
    const tags = [put("/a", "1"), put("/b", "1"), put("/a", "2")].map(({ etag }) => etag);
    expect(new Set(tags)).to.have.length(3);
    const again = put("/a", "1").etag;
    height++;
    expect([put("/a", "1").etag, again]).to.deep.equal([tags[0], tags[0]]);
  });
});

describe("answers of the newest block over HTTP", () => {
  it("the tag of one URL is not valid for another, or for something that does not exist", async () => {
    const test = await startApi();
    const ask = (path: string, tag = '"none"') =>
      fetch(`${test.url}${path}`, { headers: { "if-none-match": tag } });
    const tag = (await ask("/v1/blocks?limit=1")).headers.get("etag") ?? "";
    const statuses: number[] = [];
    for (const path of ["/v1/blocks?limit=1", "/v1/jobs", `/v1/jobs/${"0".repeat(64)}`]) {
      statuses.push((await ask(path, tag)).status);
    }
    expect(statuses).to.deep.equal([304, 200, 404]);
    test.node.advance();
    expect((await ask("/v1/blocks?limit=1", tag)).status, "another block").to.equal(200);
    await test.stop();
  });

  it("an answer that a block did not change keeps its tag", async () => {
    const test = await startApi();
    const first = await fetch(`${test.url}/v1/parameters`);
    const tag = first.headers.get("etag") ?? "";
    test.node.advance();
    const again = await fetch(`${test.url}/v1/parameters`, { headers: { "if-none-match": tag } });
    expect([first.status, again.status]).to.deep.equal([200, 304]);
    await test.stop();
  });
});
