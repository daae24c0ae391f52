import { expect } from "chai";
import { MAX_FINDS } from "../../../../chain/types/search.ts";
import { leaseManagerOf } from "../../../../chain/workload/search/lease-log.ts";
import { type Disk, systemDisk } from "../../../../node/disk.ts";
import type { LeaseReceiver } from "../../../../node/jobs/search/lease-links.ts";
import type { LeaseMessage, LeaseReply } from "../../../../node/jobs/search/lease-wire.ts";
import { SearchRound } from "../../../../node/jobs/search/search-round.ts";
import { SearchTroubles } from "../../../../node/jobs/search/search-troubles.ts";
import { inMemory } from "../../../../node/workers/blob-source.ts";
import type { SearchControl, SearchUnitsTask } from "../../../../node/workers/kinds/search/task.ts";
import {
  EVERYTHING,
  type SearchOrder,
  SearchStory,
  searchUnit,
} from "../../../helpers/search-run.ts";
import { TemporaryFolders } from "../../../helpers/temporary.ts";
import { until } from "../../../helpers/until.ts";

const folders = new TemporaryFolders();

type Search = (task: SearchUnitsTask, control: SearchControl) => Promise<void>;

interface Play {
  readonly round: SearchRound;
  readonly story: SearchStory;
  readonly sent: LeaseMessage[];
  readonly failures: unknown[];
  readonly done: Promise<unknown>;
  /** From the manager, to the ask of lane 0 with that number. */
  lease(span: { readonly from: bigint; readonly to: bigint }, request: number): void;
  end(): Promise<void>;
}

async function play(
  search: Search,
  {
    order = {},
    disk = systemDisk,
    speed = 1,
  }: {
    readonly order?: Partial<SearchOrder>;
    readonly disk?: Disk;
    /** Of the round's clock. */
    readonly speed?: number;
  } = {},
): Promise<Play> {
  const story = new SearchStory({ order });
  const { job } = story;
  const { node } = story.participant(0);
  const over = new AbortController();
  const sent: LeaseMessage[] = [];
  const failures: unknown[] = [];
  let receiver: LeaseReceiver | undefined;
  const { publicKey } = story.chain.head.state.nodes.at(node);
  const dataDir = await folders.create();
  const round = new SearchRound(
    {
      job,
      round: job.round,
      before: undefined,
      node,
      publicKey,
      lanes: 1,
      dataDir,
      deadlineMs: 480_000,
      signal: over.signal,
    },
    {
      algorithms: { source: async () => inMemory(Uint8Array.of(1)) },
      digests: { of: async () => [] },
      workers: {
        search: async (task, control) => {
          await search(task, control);
          return { units: [], finds: [], hashes: 0 };
        },
      },
      links: {
        receive: (_, own) => {
          receiver = own;
          return () => {};
        },
        send: async (_, message): Promise<LeaseReply> => {
          sent.push(message);
          return { answer: "taken", view: undefined };
        },
      },
      keeper: { begin: () => Promise.reject(new Error("not in this test")) },
      blobs: { putWithheld: async () => new Uint8Array(32) },
      duties: { send: async () => new Uint8Array(32) },
      disk,
      clock: {
        monotonic: () => speed * performance.now(),
        sleep: (_, signal) =>
          new Promise((resolve, reject) => {
            if (signal?.aborted) reject(signal.reason);
            else setTimeout(resolve, 2);
          }),
        timeout: (ms) => AbortSignal.timeout(ms),
      },
      troubles: new SearchTroubles().of(job.id, 1),
      log: { info: () => {}, warn: () => {} } as never,
      genesisRoot: story.chain.genesisRoot,
      keyOf: (one) => story.chain.head.state.nodes.at(one).publicKey,
      onFailed: (error) => failures.push(error),
      onUnits: () => {},
      onTurned: () => {},
    },
  );
  const done = round.run().catch((error: unknown) => error);
  await until(() => sent.some((message) => message.kind === "report"), 5_000, "ask");
  const manager = leaseManagerOf(job.team, job.round, 0);
  return {
    round,
    story,
    sent,
    failures,
    done,
    lease: (span, request) => {
      const lease = { lane: 0, lease: request, request, expectedMs: 1, ...span };
      const value = { job: job.id, round: job.round, rank: 0, view: 0, isClosed: 0 };
      const none = { waits: [], spans: [], ends: [], shares: [] };
      receiver?.take({ kind: "orders", value: { ...value, ...none, leases: [lease] } }, manager);
    },
    end: async () => {
      over.abort(new Error("the test is over"));
      await done;
    },
  };
}

function requestOf(sent: readonly LeaseMessage[]): number {
  const reports = sent.flatMap((message) => (message.kind === "report" ? [message.value] : []));
  return reports.flatMap(({ asks }) => asks).at(-1)?.request ?? 0;
}

describe("round of a search, with a manager that is hostile", function () {
  this.timeout(20_000);
  after(() => folders.removeAll());

  it("takes no lease of units that the round does not have, and then one that it has", async () => {
    const tasks: SearchUnitsTask[] = [];
    const { lease, sent, end } = await play(async (task) => void tasks.push(task));
    const spans: readonly (readonly [bigint, bigint])[] = [
      [2n ** 53n, 2n ** 60n],
      [0n, 2n ** 64n - 1n],
      [23n, 25n],
      [5n, 3n],
      [4n, 4n],
    ];
    for (const [from, to] of spans) lease({ from, to }, requestOf(sent));
    lease({ from: 20n, to: 24n }, requestOf(sent));
    await until(() => tasks.length > 0, 5_000, "task");
    expect(tasks.map(({ from, to }) => [from, to])[0]).deep.equal([20n, 24n]);
    await end();
  });

  it("keeps and tells as many finds as a claim can name, where every nonce is one", async () => {
    let isOver = false;
    const order = { target: EVERYTHING, mode: 1 };
    const { lease, sent, end } = await play(
      async (_task, { onFind }) => {
        for (let nonce = 1000n; nonce < 2000n; nonce++) {
          onFind?.({ nonce, digest: new Uint8Array(32) });
        }
        isOver = true;
      },
      { order },
    );
    lease({ from: 0n, to: 24n }, requestOf(sent));
    await until(() => isOver, 5_000, "end of the task");
    const told = sent.flatMap((one) => (one.kind === "find" ? [one.value.nonce] : []));
    expect(new Set(told).size).equal(MAX_FINDS);
    await end();
  });

  it("waits for the unit of the find that ends it, longer than for answers, and tells it", async () => {
    let isTold = false;
    const played = await play(
      async (_task, { onFind, onUnits }) => {
        onFind?.({ nonce: 5n, digest: new Uint8Array(32) });
        // 25 seconds of the round's clock.
        await new Promise((resolve) => setTimeout(resolve, 250));
        isTold = true;
        onUnits?.([searchUnit(played.story.search, 0n)]);
      },
      { order: { target: EVERYTHING, mode: 0 }, speed: 100 },
    );
    const { lease, sent, done } = played;
    lease({ from: 0n, to: 4n }, requestOf(sent));
    await done;
    expect(isTold).equal(true);
    const beats = sent.flatMap((one) => (one.kind === "report" ? one.value.beats : []));
    expect(beats.map(({ at }) => at)).include(1n);
  });

  it("goes on when its disk was full for a while, and hashes again what it could not keep", async () => {
    let writes = 0;
    const disk: Disk = {
      ...systemDisk,
      open: async (path, flags) => {
        const file = await systemDisk.open(path, flags);
        const writeFile = file.writeFile.bind(file);
        return Object.assign(file, {
          writeFile: async (bytes: Uint8Array) => {
            writes++;
            if (writes === 1) throw new Error("ENOSPC");
            await writeFile(bytes);
          },
        });
      },
    };
    const begun: bigint[] = [];
    const played = await play(
      async ({ from, to }, { onUnits, end }) => {
        begun.push(from);
        for (let unit = from; unit < to && end?.aborted !== true; unit++) {
          onUnits?.([searchUnit(played.story.search, unit)]);
          // The failed write is seen in between.
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      },
      { disk },
    );
    const { lease, sent, failures, end } = played;
    lease({ from: 0n, to: 3n }, requestOf(sent));
    const beats = (): bigint[] =>
      sent.flatMap((one) => (one.kind === "report" ? one.value.beats.map(({ at }) => at) : []));
    await until(() => beats().includes(3n), 10_000, "whole lease");
    expect(begun).deep.equal([0n, 0n]);
    expect(failures.map(String)).deep.equal(["Error: ENOSPC"]);
    await end();
  });
});
