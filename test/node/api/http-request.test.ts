/** What a client does when a node asks for a pause. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { requestBytes } from "../../../node/api/http-request.ts";
import { expectCodeAsync } from "../../helpers/expect-code.ts";

describe("a request of a client", () => {
  let server: Server;
  let asked = 0;
  /** Answers that ask for a pause before the first whole one. */
  let pauses = 0;

  before((done) => {
    server = createServer((_, response) => {
      asked += 1;
      if (asked > pauses) return response.end("whole");
      response.writeHead(429, { "content-type": "application/problem+json" });
      const problem = { type: "about:blank", title: "x", status: 429, code: "TOO_MANY_REQUESTS" };
      return response.end(JSON.stringify({ ...problem, detail: "too many", retryAfter: 1 }));
    }).listen(0, "127.0.0.1", done);
  });
  after((done) => {
    server.close(done);
  });
  beforeEach(() => {
    asked = 0;
  });

  const get = async (timeoutMs: number): Promise<string> => {
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return String(
      Buffer.from(await requestBytes({ baseUrl }, "/", { timeoutMs, limitBytes: 999 })),
    );
  };

  it("is repeated after the pause", async () => {
    pauses = 1;
    expect(await get(10_000)).to.equal("whole");
    expect(asked).to.equal(2);
  });

  it("fails with the node's reason if its own deadline comes first", async () => {
    pauses = 9;
    const error = await expectCodeAsync(() => get(500), "TOO_MANY_REQUESTS");
    expect(error.facts).to.include({ status: 429, retryAfter: 1 });
    expect(asked).to.equal(1);
  });
});
