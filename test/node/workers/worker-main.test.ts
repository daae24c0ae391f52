import { getPriority } from "node:os";
import { expect } from "chai";
import { ENGINE_HASH } from "../../../ml/exact/engine-hash.ts";
import { systemClock } from "../../../node/clock.ts";
import { processMeter } from "../../../node/core-meter.ts";
import { LinkServer } from "../../../node/workers/link-server.ts";
import { LINK_TIMINGS, type WorkerLink } from "../../../node/workers/worker-link.ts";
import { runWorker, type WorkerOptions } from "../../../node/workers/worker-main.ts";
import { SILENT } from "../../../p2p/log.ts";
import { expectCodeAsync } from "../../helpers/expect-code.ts";
import { until } from "../../helpers/until.ts";

const TOKEN = "a-worker-token";

describe("runWorker", () => {
  const links: WorkerLink[] = [];
  let server: LinkServer | undefined;
  let stop: AbortController;

  beforeEach(() => {
    stop = new AbortController();
    links.length = 0;
  });

  afterEach(async () => {
    stop.abort();
    await server?.stop();
  });

  async function listen(
    options: { engineHash?: string; nodeSilenceMs?: number } = {},
  ): Promise<string> {
    server = new LinkServer(
      {
        engineHash: options.engineHash ?? ENGINE_HASH,
        remoteToken: { current: TOKEN, refresh: async () => {} },
        maxLinks: 4,
        timings: {
          ...LINK_TIMINGS,
          ...(options.nodeSilenceMs === undefined
            ? {}
            : { heartbeatMs: 10 * options.nodeSilenceMs, nodeSilenceMs: options.nodeSilenceMs }),
        },
      },
      { clock: systemClock, log: SILENT, onLink: (link) => links.push(link), onGone: () => {} },
    );
    return server.start();
  }

  function work(url: string, options: Partial<WorkerOptions> = {}): Promise<void> {
    return runWorker(
      { url, token: TOKEN, threads: 1, niceness: getPriority(), ...options },
      { log: SILENT, clock: systemClock, meter: processMeter, signal: stop.signal },
    );
  }

  it("links with the node's address alone, and ends when told", async () => {
    const url = await listen();
    const working = work(url.replace("/v1/workers", ""));
    await until(() => links.length === 1, 5_000, "link");
    stop.abort();
    await working;
  });

  it("does not come back after a wrong token", async () => {
    const url = await listen();
    const error = await expectCodeAsync(() => work(url, { token: "wrong" }), "REFUSED");
    expect(error.facts).to.include({ refusal: "token" });
    expect(error.message).to.contain("wrong worker token");
  });

  it("does not come back to a node with another engine", async () => {
    const url = await listen({ engineHash: "0".repeat(64) });
    const error = await expectCodeAsync(() => work(url), "REFUSED");
    expect(error.facts).to.include({ refusal: "engine" });
  });

  it("refuses a malformed address", async () => {
    for (const url of ["", "node", "http://127.0.0.1:1"]) {
      await expectCodeAsync(() => work(url), "BAD_URL");
    }
  });

  it("says that the node cannot be reached", async () => {
    const url = await listen();
    await server?.stop();
    await expectCodeAsync(() => work(url, { reconnect: false }), "UNREACHABLE");
  });

  it("links again after its link broke", async () => {
    const working = work(await listen());
    await until(() => links.length === 1, 5_000, "link");
    links[0]?.close("test");
    await until(() => links.length === 2, 5_000, "second link");
    stop.abort();
    await working;
  });

  it("gives up a node that falls silent", async () => {
    await work(await listen({ nodeSilenceMs: 20 }), { reconnect: false });
    expect(links).to.have.length(1);
  });
});
