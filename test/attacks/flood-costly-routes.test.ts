/**
 * Somebody asks a node for what is dear to answer, over and over, from one address or several, to keep it from its
 * chain or from its owner. Every answer ends after two megabytes of blocks, is made once a block however often it is
 * asked, and is paid with tokens of about a millisecond each; few are made at a time.
 */
import { request } from "node:http";
import { expect } from "chai";
import { toHex } from "../../chain/crypto/hash.ts";
import { API_LIMITS } from "../../node/api/limits.ts";
import { useFastHasher } from "../../node/ssz-hasher.ts";
import { HeavyNode } from "../helpers/heavy-node.ts";
import { startApi, type TestApi, TOKEN } from "../node/api/support.ts";

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  readonly retryAfter: string | undefined;
  readonly etag: string | undefined;
}

describe("attack: a flood of costly requests to the API", function () {
  this.timeout(60_000);
  const started: TestApi[] = [];
  before(() => useFastHasher());
  afterEach(async () => {
    for (const test of started.splice(0)) await test.stop();
  });

  // The clock of the test API stands still: what is spent stays spent.
  const start = async (limits: Partial<typeof API_LIMITS> = {}) => {
    const node = new HeavyNode(600);
    const test = await startApi({ limits }, node);
    started.push(test);
    const ask = (path: string, from: string, headers: Record<string, string> = {}) =>
      get(test.api.port, path, from, headers);
    return { node, ask, clock: test.clock };
  };
  const AUTH = { authorization: `Bearer ${TOKEN}` };
  const counts = (answers: readonly Answer[]): Record<number, number> => {
    const all: Record<number, number> = {};
    for (const { status } of answers) all[status] = (all[status] ?? 0) + 1;
    return all;
  };

  it("one address: it is told to wait; the owner and other addresses are answered meanwhile", async () => {
    const { node, ask } = await start({ strangersBurst: 800 });
    const flood: Promise<Answer>[] = [];
    for (let i = 0; i < 200; i++) {
      flood.push(ask(`/v1/blocks?limit=100&from=${9_000 - i}`, "127.0.0.1"));
    }
    const owner = await ask("/v1/blocks?limit=100&from=5000", "127.0.0.1", AUTH);
    const other = await ask("/v1/blocks?limit=1&from=6000", "127.0.0.2");
    const answers = await Promise.all(flood);
    expect([owner.status, other.status]).to.deep.equal([200, 200]);
    const refused = answers.filter(({ status }) => status === 429);
    expect(counts(answers)).to.have.all.keys("200", "429");
    for (const { body, retryAfter } of refused) {
      expect(body.code).to.be.oneOf(["TOO_MANY_REQUESTS", "TOO_MANY_COSTLY_REQUESTS"]);
      expect(String(body.retryAfter)).to.equal(retryAfter);
      expect(Number(retryAfter)).to.be.within(1, 10);
      expect(body.remedy).to.match(/wait|one after another/);
    }
    const [, , blocks] = [owner, other, answers.length - refused.length];
    process.stdout.write(
      `        200 questions: ${blocks} answered, ${node.reads} blocks read, rest told to wait\n`,
    );
    // An answer reads two megabytes of blocks, and what it took is paid before the next one.
    expect(node.reads).to.be.below(40);
  });

  it("many addresses of one network: together they take its part of the time, and neither others' nor the owner's", async () => {
    const { node, ask } = await start({ strangersBurst: 300 });
    const flood: Promise<Answer>[] = [];
    for (let i = 0; i < 250; i++) {
      flood.push(ask(`/v1/nodes?limit=${1 + (i % 100)}&from=${i}`, `127.0.1.${1 + (i % 50)}`));
    }
    const answers = await Promise.all(flood);
    const tally = counts(answers);
    process.stdout.write(`        250 questions of 50 addresses: ${JSON.stringify(tally)}\n`);
    expect(tally[200] ?? 0).to.be.within(1, 15);
    expect((await ask("/v1/nodes?limit=7", "127.0.0.1", AUTH)).status).to.equal(200);
    expect((await ask("/v1/nodes?limit=8", "127.0.0.9")).status).to.equal(200);
    expect(node.reads).to.equal(0);
  });

  it("guesses of the token have no purse of their own", async () => {
    const { ask, clock } = await start({ strangersBurst: 20, strangersPerSecond: 1 });
    const guesses: Answer[] = [];
    for (let i = 0; i < 12; i++) {
      guesses.push(await ask("/v1/storage", "127.0.0.1", { authorization: `Bearer guess-${i}` }));
    }
    expect(counts(guesses)).to.deep.equal({ 401: 10, 429: 2 });
    expect((await ask("/v1/storage", "127.0.0.1", AUTH)).status).to.equal(200);
    clock.nowMs += 2000;
    expect((await ask("/healthz", "127.0.0.1")).status).to.equal(200);
  });

  it("the same question over and over: it is answered once a block", async () => {
    const { node, ask } = await start();
    const path = "/v1/blocks?limit=3";
    const answers = await Promise.all(Array.from({ length: 60 }, () => ask(path, "127.0.0.1")));
    const first = answers.find(({ status }) => status === 200);
    const known = counts(answers);
    // At most as many make it as answers are made at a time.
    expect(node.reads, "blocks read").to.be.within(1, 3 * API_LIMITS.costlyAtOnce);
    const again = await ask(path, "127.0.0.1");
    expect(again.body).to.deep.equal(first?.body);
    const etag = again.etag ?? "";
    expect((await ask(path, "127.0.0.1", { "if-none-match": etag })).status).to.equal(304);
    const reads = node.reads;
    node.advance();
    const next = await ask(path, "127.0.0.1", { "if-none-match": etag });
    // These blocks are as they were.
    expect([next.status, next.etag]).to.deep.equal([304, etag]);
    expect(node.reads).to.be.within(reads + 1, reads + 3);
    process.stdout.write(
      `        60 times the same: ${JSON.stringify(known)}, ${reads} blocks read\n`,
    );
  });

  it("no answer reads more than two megabytes of blocks, and each says where to go on", async () => {
    const { node, ask } = await start();
    const key = toHex(node.state().nodes.at(0).publicKey);
    const id = toHex(node.jobId);
    const lists: readonly (readonly [path: string, items: string])[] = [
      ["/v1/blocks?limit=100", "blocks"],
      [`/v1/jobs/${id}/rounds?from=900`, "rounds"],
      [`/v1/nodes/${key}/rating?limit=100`, "changes"],
    ];
    for (const [path, items] of lists) {
      const before = node.reads;
      const { status, body } = await ask(path, "127.0.0.1");
      expect(status, path).to.equal(200);
      const got = body[items] as readonly unknown[];
      expect(node.reads - before, path)
        .to.equal(got.length)
        .and.to.be.within(1, 4);
      const separator = path.includes("?") ? "&" : "?";
      const rest = await ask(
        `${path.replace(/from=\d+/, "")}${separator}from=${String(body.next)}`,
        "127.0.0.1",
      );
      expect(rest.status).to.equal(200);
      const [next] = rest.body[items] as readonly unknown[];
      expect(next, path).not.to.deep.equal(got.at(-1));
    }
    const many = await ask(`/v1/nodes/${key}/rating?limit=500`, "127.0.0.1");
    expect([many.status, many.body.field]).to.deep.equal([400, "limit"]);
  });
});

function get(
  port: number,
  path: string,
  localAddress: string,
  headers: Record<string, string>,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { port, path, localAddress, host: "127.0.0.1", headers, agent: false };
    request(options, (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      response.on("end", () => {
        const text = Buffer.concat(parts).toString();
        const { "retry-after": retryAfter, etag } = response.headers;
        const body = text === "" ? {} : JSON.parse(text);
        resolve({ status: response.statusCode ?? 0, body, retryAfter, etag });
      });
      response.on("error", reject);
    })
      .on("error", reject)
      .end();
  });
}
