/**
 * A remote worker skips parts of what it is given to search, or makes finds up. Gain sought: the node claims units that
 * nobody searched, is audited and loses bond and rating; or reports finds that are none.
 *
 * Of its units one of eight, drawn by the node, is hashed again on the node's own machine before any of the eight is
 * used; every find is.
 */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { WebSocket } from "ws";
import { ENGINE_HASH } from "../../ml/exact/engine-hash.ts";
import type { UnitResult } from "../../ml/search/search-units.ts";
import { shippedModule } from "../../ml/search/shipped-algorithms.ts";
import { systemClock } from "../../node/clock.ts";
import { processMeter } from "../../node/core-meter.ts";
import { BlobCache } from "../../node/workers/blob-cache.ts";
import { type BlobSource, inMemory } from "../../node/workers/blob-source.ts";
import type { TaskInput } from "../../node/workers/kinds/inputs.ts";
import { SearchThread, type ThreadControl } from "../../node/workers/kinds/search/search-thread.ts";
import type { SearchUnitsTask } from "../../node/workers/kinds/search/task.ts";
import type { ThreadNews, ThreadWork } from "../../node/workers/kinds/search/thread-messages.ts";
import {
  decodeUnits,
  encodeFind,
  encodeUnits,
} from "../../node/workers/kinds/search/unit-bytes.ts";
import { WorkerPool } from "../../node/workers/pool.ts";
import { WORKERS_PATH } from "../../node/workers/protocol.ts";
import { TrainerCache } from "../../node/workers/trainer-cache.ts";
import { WorkerSession } from "../../node/workers/worker-session.ts";
import { type Log, SILENT } from "../../p2p/log.ts";
import { until } from "../helpers/until.ts";

const TOKEN = "a-worker-token";
const DEADLINE = { deadlineMs: 60_000 };
/** About one nonce in 4096 is a find. */
const TARGET = Uint8Array.of(0x00, 0x0f, ...new Uint8Array(30).fill(0xff));
const WRONG = "a remote worker sent wrong work: it is dropped, and the worker set aside";
const parts = { clock: systemClock, meter: processMeter };

type Lie = (news: ThreadNews) => ThreadNews[];

/** Searches as it should, and tells something else. */
class LyingThread extends SearchThread {
  readonly #lie: Lie;

  constructor(lie: Lie) {
    super(parts);
    this.#lie = lie;
  }

  override run(input: TaskInput, work: ThreadWork, control: ThreadControl): Promise<number> {
    const onNews = (news: ThreadNews): void => {
      for (const told of this.#lie(news)) control.onNews(told);
    };
    return super.run(input, work, { ...control, onNews });
  }
}

/** Units that were not searched: their smallest digests are of nonces that were, as cheap lies are. */
function skipping(isSkipped: (unit: bigint) => boolean): Lie {
  return (news) => {
    if (news.kind !== "units") return [news];
    const units = decodeUnits(news.bytes, news.first).map((one) =>
      isSkipped(one.unit) ? { ...one, running: new Uint8Array(8) } : one,
    );
    return [{ ...news, bytes: encodeUnits(units) }];
  };
}

describe("attack: a remote worker lies about what it searched", function () {
  this.timeout(90_000);
  let pool: WorkerPool;
  let server: Server;
  let errors: string[];
  let algorithm: BlobSource;
  const sockets: WebSocket[] = [];
  const threads: SearchThread[] = [];

  before(async () => {
    algorithm = inMemory(await shippedModule("sha256d"));
  });

  /** @param draws numbers that are drawn one after another, in place of random ones */
  async function open(draws?: number[]): Promise<void> {
    errors = [];
    const log: Log = { ...SILENT, error: (message) => errors.push(message) };
    pool = new WorkerPool(
      {
        localWorkers: 1,
        engineHash: ENGINE_HASH,
        remoteToken: { current: TOKEN, refresh: async () => {} },
      },
      {
        log,
        clock: systemClock,
        ...(draws === undefined ? {} : { draw: (count) => (draws.shift() ?? 0) % count }),
      },
    );
    server = createServer();
    server.on("upgrade", (request, socket, head) => pool.handleUpgrade(request, socket, head));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    await pool.start();
  }

  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.terminate();
    await Promise.all(threads.splice(0).map((thread) => thread.close()));
    await pool.stop();
    server.close();
  });

  /** The local worker takes a while to start: until then there is no other. */
  async function link(searches: SearchThread): Promise<WorkerSession> {
    threads.push(searches);
    const { port } = server.address() as AddressInfo;
    const socket = new WebSocket(`ws://127.0.0.1:${port}${WORKERS_PATH}`, {
      headers: { authorization: `Bearer ${TOKEN}` },
    });
    sockets.push(socket);
    await once(socket, "open");
    const session = new WorkerSession(
      socket,
      { engineHash: ENGINE_HASH, threads: 1, platform: "test" },
      {
        ...parts,
        log: SILENT,
        cache: new BlobCache(1024 * 1024),
        trainers: new TrainerCache(SILENT),
        searches,
      },
    );
    await until(() => remotes().length === 1, 10_000, "remote worker");
    return session;
  }

  const remotes = () => pool.status().filter(({ kind }) => kind === "remote");
  const states = () => remotes().map(({ state }) => state);

  function taskOf(units: bigint): SearchUnitsTask {
    return {
      algorithm,
      prefix: Uint8Array.of(1, 2, 3),
      suffix: new Uint8Array(0),
      nonceBytes: 8,
      endian: "little",
      target: TARGET,
      unitBits: 10,
      jobFrom: 5n,
      jobTo: 2n ** 40n,
      from: 0n,
      to: units,
    };
  }

  /** What the node's own worker comes to. */
  async function own(units: bigint): Promise<readonly UnitResult[]> {
    return pool.searchReplay(taskOf(units), DEADLINE);
  }

  it("units that were all skipped are found before one is used, and searched here", async () => {
    await open();
    await link(new LyingThread(skipping(() => true)));
    const told: UnitResult[] = [];
    const { units } = await pool.search(taskOf(24n), {
      ...DEADLINE,
      onUnits: (some) => told.push(...some),
    });
    expect([...states(), ...errors]).deep.equal(["set-aside", WRONG]);
    expect(units).deep.equal(await own(24n));
    expect(told).deep.equal(units);
    process.stdout.write(
      `        skipped all of 24 units: 0 of them claimed, ${states().join()}\n`,
    );
  });

  it("one skipped unit is found when it is drawn; units that were accepted before stay", async () => {
    // Two groups: of the first unit 3 is drawn, of the second unit 8 + 5, which is the one.
    await open([3, 5]);
    await link(new LyingThread(skipping((unit) => unit === 13n)));
    const told: UnitResult[] = [];
    const { units } = await pool.search(taskOf(20n), {
      ...DEADLINE,
      onUnits: (some) => told.push(...some),
    });
    expect([...states(), ...errors]).deep.equal(["set-aside", WRONG]);
    expect(told).deep.equal(units);
    expect(units).deep.equal(await own(20n));
  });

  it("a skipped unit that is not drawn is not found here: the chain's audits are for that", async () => {
    await open([3, 4]);
    await link(new LyingThread(skipping((unit) => unit === 13n)));
    const { units } = await pool.search(taskOf(16n), DEADLINE);
    expect([...states(), ...errors]).deep.equal(["idle"]);
    const honest = await own(16n);
    expect(units.flatMap((unit, i) => (unit.running === honest[i]?.running ? [] : [i]))).length(16);
    expect(units.filter(({ running }) => running.every((byte) => byte === 0)).length).equal(1);
  });

  it("a false find is not reported", async () => {
    await open();
    const made = { nonce: 77n, digest: new Uint8Array(32) };
    await link(
      new LyingThread((news) =>
        news.kind === "units" ? [{ kind: "find", bytes: encodeFind(made) }, news] : [news],
      ),
    );
    const finds: bigint[] = [];
    const result = await pool.search(taskOf(16n), {
      ...DEADLINE,
      onFind: ({ nonce }) => finds.push(nonce),
    });
    expect([...states(), ...errors]).deep.equal(["set-aside", WRONG]);
    expect(finds).not.contain(made.nonce);
    expect(finds.length).equal(result.finds.length).and.above(0);
  });

  it("units that are out of order, not ordered or too many end the link, and the search continues on this machine", async () => {
    const wrong: Lie[] = [
      (news) => (news.kind === "units" ? [news, news] : [news]),
      (news) => (news.kind === "units" ? [{ ...news, first: news.first + 1n }] : [news]),
      (news) => (news.kind === "units" ? [] : [news]),
      (news) => {
        if (news.kind !== "units") return [news];
        const units = decodeUnits(news.bytes, news.first);
        return [{ ...news, bytes: encodeUnits(units.map((one) => ({ ...one, minNonce: 0n }))) }];
      },
      (news) =>
        news.kind === "find" ? [{ ...news, bytes: new Uint8Array(40).fill(255) }] : [news],
    ];
    await open();
    const honest = await own(16n);
    for (const lie of wrong) {
      // The node's own worker is busy meanwhile.
      const over = new AbortController();
      const other = pool.search(taskOf(60_000n), { ...DEADLINE, end: over.signal });
      await until(() => pool.status()[0]?.state === "busy", 10_000, "busy worker");
      await link(new LyingThread(lie));
      const searched = pool.search(taskOf(16n), DEADLINE);
      await until(() => remotes().length === 0, 10_000, "end of the link");
      over.abort();
      await other;
      expect((await searched).units).deep.equal(honest);
    }
    expect(errors).deep.equal([]);
  });

  it("the results of an honest worker are accepted, its finds at once", async () => {
    await open();
    await link(new SearchThread(parts));
    const told: UnitResult[] = [];
    const finds: bigint[] = [];
    const result = await pool.search(taskOf(20n), {
      ...DEADLINE,
      onUnits: (some) => told.push(...some),
      onFind: ({ nonce }) => finds.push(nonce),
    });
    expect([...states(), ...errors]).deep.equal(["idle"]);
    expect(told).deep.equal(result.units);
    expect(result.units).deep.equal(await own(20n));
    expect(finds).deep.equal(result.finds.map(({ nonce }) => nonce));
    expect(finds.length).above(0);
  });

  it("replays of others' claims come from this machine alone", async () => {
    await open();
    await link(new LyingThread(skipping(() => true)));
    // The remote worker was idle before the node's own had started.
    const units = await own(2n);
    expect(units.every(({ running }) => running.some((byte) => byte !== 0))).equal(true);
  });
});
