/**
 * Somebody without a token begins requests whose answers are costly, and sends their bodies a byte at a time. Gain
 * sought: the few turns in which costly answers are made are all held, so that no other stranger gets one. A turn is
 * taken only when the whole request is here.
 */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { expect } from "chai";
import { API_LIMITS } from "../../node/api/limits.ts";
import { useFastHasher } from "../../node/ssz-hasher.ts";
import { HeavyNode } from "../helpers/heavy-node.ts";
import { startApi, type TestApi } from "../node/api/support.ts";

describe("attack: bodies that never end hold the turns of costly answers", function () {
  this.timeout(30_000);
  let test: TestApi;
  const sockets: Socket[] = [];
  before(() => useFastHasher());
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await test.stop();
  });

  it("other strangers are answered meanwhile", async () => {
    test = await startApi({}, new HeavyNode(10));
    const { port } = test.api;
    for (let i = 0; i < API_LIMITS.costlyAtOnce; i++) {
      const socket = connect(port, "127.0.0.1");
      sockets.push(socket);
      await once(socket, "connect");
      const head = [
        "POST /v1/light/conflicts HTTP/1.1",
        "host: 127.0.0.1",
        "content-type: application/octet-stream",
        "content-length: 100000",
        "expect: 100-continue",
      ];
      socket.write(`${head.join("\r\n")}\r\n\r\n`);
      // It waits for the body now.
      const [told] = await once(socket, "data");
      expect(String(told)).to.match(/^HTTP\/1\.1 100 /);
      socket.write("x");
    }
    const signal = AbortSignal.timeout(10_000);
    const { status } = await fetch(`http://127.0.0.1:${port}/v1/nodes?limit=3`, { signal });
    process.stdout.write(
      `        ${sockets.length} bodies on their way; costly question: ${status}\n`,
    );
    expect(status).to.equal(200);
  });

  it("no costly route that takes bytes is called before they are here", async () => {
    test = await startApi();
    const takesBytes = test.api.routes.filter(({ isCostly, content }) => isCostly && content);
    expect(takesBytes.map(({ path }) => path)).to.include("/v1/light/conflicts");
    for (const { path, bodyBytes } of takesBytes) expect(bodyBytes, path).to.be.above(0);
  });
});
