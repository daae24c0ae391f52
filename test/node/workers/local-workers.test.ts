import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { expect } from "chai";
import { ENGINE_HASH } from "../../../ml/exact/engine-hash.ts";
import { systemClock } from "../../../node/clock.ts";
import { LinkServer } from "../../../node/workers/link-server.ts";
import { forkWorker, LocalWorkers, RESTART_TIMINGS } from "../../../node/workers/local-workers.ts";
import { LINK_TIMINGS } from "../../../node/workers/worker-link.ts";
import { SILENT } from "../../../p2p/log.ts";
import { until } from "../../helpers/until.ts";

describe("local worker process", () => {
  let server: LinkServer;
  let url: string;
  let linked: string[];

  beforeEach(async () => {
    linked = [];
    server = new LinkServer(
      { engineHash: ENGINE_HASH, remoteToken: undefined, maxLinks: 4, timings: LINK_TIMINGS },
      {
        clock: systemClock,
        log: SILENT,
        onLink: (link) => linked.push(link.identity.id),
        onGone: () => {},
      },
    );
    url = await server.start();
  });

  afterEach(() => server.stop());

  async function linkedChild(): Promise<ChildProcess> {
    server.expectLocal("local-1", "token");
    const child = forkWorker();
    child.send({ url, token: "token", threads: 1 });
    await until(() => linked.length === 1, 10_000, "link");
    return child;
  }

  it("ends when its parent is gone", async () => {
    const child = await linkedChild();
    const exit = once(child, "exit");
    child.disconnect();
    expect((await exit)[0]).to.equal(0);
  });

  it("ends cleanly on SIGTERM", async () => {
    const child = await linkedChild();
    const exit = once(child, "exit");
    child.kill("SIGTERM");
    expect((await exit)[0]).to.equal(0);
  });

  it("ends when its link is lost", async () => {
    const child = await linkedChild();
    const exit = once(child, "exit");
    await server.stop();
    expect((await exit)[0]).to.equal(0);
  });

  it("is started again when it dies, and when it cannot start at all", async () => {
    let spawned = 0;
    const workers = new LocalWorkers(
      { ...RESTART_TIMINGS, pauseMs: 5 },
      {
        clock: systemClock,
        log: SILENT,
        expect: (id, token) => server.expectLocal(id, token),
        spawn: () => {
          spawned += 1;
          if (spawned === 1) throw new Error("no more processes");
          return forkWorker();
        },
      },
    );
    workers.start(1, url);
    await until(() => linked.length === 1, 10_000, "link");
    const first = workers.pid("local-1");
    workers.onGone("local-1");
    await until(() => linked.length === 2, 10_000, "link of the next");
    expect(workers.pid("local-1")).not.to.equal(first);
    expect(spawned).to.equal(3);
    await workers.stop();
    expect(workers.pid("local-1")).to.equal(undefined);
  });
});
