/**
 * Nodes of a search in one process, joined by real connections over loopback: lanes, the lease service, notices of finds
 * and worker pools are the node's own; there is no chain, and nothing is committed.
 */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { fromHex } from "../../../chain/crypto/hash.ts";
import { keyPairFromSeed } from "../../../chain/crypto/keys.ts";
import type { Job } from "../../../chain/types/job.ts";
import { searchSpec } from "../../../chain/workload/search/search-of.ts";
import { ENGINE_HASH } from "../../../ml/exact/engine-hash.ts";
import { ALGORITHM_HASHES } from "../../../ml/search/algorithm-hashes.ts";
import { shippedModule } from "../../../ml/search/shipped-algorithms.ts";
import { systemClock } from "../../../node/clock.ts";
import { systemDisk } from "../../../node/disk.ts";
import { CheckedDigests } from "../../../node/jobs/search/find-check.ts";
import { LeaseLinks, type LeaseReceiver } from "../../../node/jobs/search/lease-links.ts";
import { SearchRound } from "../../../node/jobs/search/search-round.ts";
import { SearchTroubles } from "../../../node/jobs/search/search-troubles.ts";
import { TeamSeat } from "../../../node/jobs/search/team-seat.ts";
import { PeerMessages } from "../../../node/network/peer-messages.ts";
import { createLog } from "../../../node/telemetry/log.ts";
import { inMemory } from "../../../node/workers/blob-source.ts";
import type { SearchWorkers } from "../../../node/workers/kinds/search/workers.ts";
import { forkWorker } from "../../../node/workers/local-workers.ts";
import { WorkerPool } from "../../../node/workers/pool.ts";
import type { Host } from "../../../p2p/host.ts";
import { SILENT } from "../../../p2p/log.ts";
import { SearchStory } from "../../helpers/search-run.ts";
import { until } from "../../helpers/until.ts";
import { Hosts } from "../../p2p/support.ts";
import { monotonicMs } from "./notes.ts";

const START_MS = 120_000;
const ROUND_MS = 60_000;
/** Of one of 2 to 16 lanes of a node. */
const UNIT_BITS = 18;
const UNITS = 2 ** 16;
/** Nonces that a find takes on average. */
const TRIES = 10_000_000n;
const QUIET = createLog("silent");
const NOTES = new URL("./worker-notes.ts", import.meta.url).href;

/** When things were first and last seen on the nodes, in milliseconds of the machine's monotonic clock. */
export interface NodeTimes {
  /** A worker has told its node of a find. */
  foundAt: number | undefined;
  /** The node tells others. */
  leftAt: number | undefined;
  /** The last of the others hears of it. */
  heardAt: number | undefined;
  /** The last worker is told to stop, as far as the node is concerned. */
  endedAt: number | undefined;
}

interface Place {
  readonly node: number;
  readonly links: LeaseLinks;
  readonly pool: WorkerPool;
  readonly digests: CheckedDigests;
}

export class StopNetwork {
  readonly #draft: Job;
  readonly #hosts = new Hosts();
  readonly #lanes: number;
  #places: readonly Place[] = [];

  /** @param lanes of each node */
  constructor(nodes: number, lanes: number) {
    this.#draft = new SearchStory({ nodes, order: { participants: nodes } }).job;
    this.#lanes = lanes;
  }

  async start(): Promise<void> {
    const { participants } = this.#draft;
    const joined: Host[] = [];
    for (const _ of participants) {
      const host = await this.#hosts.start({ listen: ["/ip4/127.0.0.1/tcp/0/ws"] });
      for (const other of joined) await host.dial(other.multiaddrs()[0] ?? "");
      joined.push(host);
    }
    const nodes = participants.map(({ node }) => node);
    const peers = new Map(nodes.map((node, index) => [node, joined[index]?.peerId ?? ""]));
    this.#places = await Promise.all(
      joined.map((host, index) => this.#place(host, nodes[index] ?? 0, peers)),
    );
    const isReady = (): boolean =>
      this.#places.every(({ pool }) => pool.status().every(({ state }) => state === "idle"));
    await until(isReady, START_MS, "workers");
  }

  /** Searches until one is found, and all have stopped. */
  async search(folder: string): Promise<NodeTimes> {
    const times: NodeTimes = {
      foundAt: undefined,
      leftAt: undefined,
      heardAt: undefined,
      endedAt: undefined,
    };
    const job = jobOf(this.#draft);
    const over = new AbortController();
    const seat = seatOf(job, this.#places);
    const seated = seat.run(over.signal);
    try {
      const rounds = this.#places.map((place) =>
        this.#round(job, place, join(folder, String(place.node)), { times, signal: over.signal }),
      );
      await Promise.all(rounds.map((round) => round.run()));
    } finally {
      over.abort(new Error("measured"));
      seat.end();
      await seated.catch(() => {});
    }
    return times;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#places.map(({ pool }) => pool.stop()));
    await this.#hosts.stopAll();
  }

  async #place(host: Host, node: number, peers: ReadonlyMap<number, string>): Promise<Place> {
    const messages = new PeerMessages(host);
    const links = new LeaseLinks({
      messages,
      ownNode: () => node,
      peerOf: (other) => peers.get(other) ?? "",
      nodesOf: () => peers.keys(),
    });
    await messages.start();
    const pool = new WorkerPool(
      { localWorkers: this.#lanes, engineHash: ENGINE_HASH },
      { log: SILENT, clock: systemClock, spawn: () => forkWorker(["--import", NOTES]) },
    );
    await pool.start();
    return { node, links, pool, digests: digests() };
  }

  #round(
    job: Job,
    { node, links, pool, digests }: Place,
    dataDir: string,
    { times, signal }: { readonly times: NodeTimes; readonly signal: AbortSignal },
  ): SearchRound {
    return new SearchRound(
      {
        job,
        round: job.round,
        before: undefined,
        node,
        publicKey: new Uint8Array(32),
        lanes: this.#lanes,
        dataDir,
        deadlineMs: ROUND_MS,
        signal,
      },
      {
        algorithms: { source: async () => inMemory(await shippedModule("sha256d")) },
        workers: { search: watchedSearch(pool, times) },
        digests,
        links: watchedLinks(links, times),
        keeper: {
          begin: async () => ({ finish: async () => {}, discard: async () => {} }) as never,
        },
        blobs: { putWithheld: async () => new Uint8Array(32) },
        duties: { send: async () => new Uint8Array(32) },
        disk: systemDisk,
        clock: systemClock,
        log: QUIET,
        troubles: new SearchTroubles().of(job.id, job.round),
        genesisRoot: new Uint8Array(32),
        keyOf: () => new Uint8Array(32),
        onFailed: () => {},
        onUnits: () => {},
        onTurned: () => {},
      },
    );
  }
}

/** Another search each time, all by one manager. */
function jobOf(draft: Job): Job {
  const target = new Uint8Array(32).fill(255);
  new DataView(target.buffer).setBigUint64(0, 2n ** 64n / TRIES);
  const search = {
    ...searchSpec(draft.spec),
    algorithm: fromHex(ALGORITHM_HASHES.sha256d),
    prefix: randomBytes(16),
    target,
    from: 0n,
    to: BigInt(UNITS) * 2n ** BigInt(UNIT_BITS),
    mode: 0,
    unitBits: UNIT_BITS,
  };
  const open = [{ from: 0n, to: BigInt(UNITS) }];
  return {
    ...draft,
    id: randomBytes(32),
    round: 1,
    team: draft.participants.slice(0, 1).map(({ node }) => node),
    spec: { ...draft.spec, work: { selector: 1, value: search } },
    progress: { selector: 1, value: { open, finds: [], claimed: 0n, idleRounds: 0, tallies: [] } },
  };
}

function seatOf(job: Job, [place]: readonly Place[]) {
  if (place === undefined) throw new RangeError("no nodes");
  const keys = keyPairFromSeed(new Uint8Array(32).fill(1));
  const { node, links, digests } = place;
  const over = new AbortController();
  const seat = new TeamSeat(
    {
      job,
      round: job.round,
      keys,
      node,
      genesisRoot: new Uint8Array(32),
      notes: [],
      isForgetful: false,
      signal: over.signal,
    },
    {
      links,
      journal: { write: async () => {} },
      digests,
      clock: systemClock,
      log: QUIET,
      random: Math.random,
      keyOf: () => keys.publicKey,
      rests: () => false,
      onFault: () => {},
      onTurned: () => {},
    },
  );
  const ends = [links.receive(placeOf(job), seat), links.receiveAsMember(placeOf(job), seat)];
  return {
    run: (signal: AbortSignal): Promise<void> => {
      signal.addEventListener("abort", () => over.abort(signal.reason), { once: true });
      return seat.run();
    },
    end: (): void => {
      for (const end of ends) end();
    },
  };
}

function placeOf({ id, round }: Job) {
  return { job: id, round };
}

function digests(): CheckedDigests {
  const none = async (): Promise<never> => {
    throw new Error("shipped algorithms need none");
  };
  return new CheckedDigests({ algorithms: { source: none }, workers: { digests: none } });
}

function watchedSearch(pool: WorkerPool, times: NodeTimes): SearchWorkers["search"] {
  return (task, control) => {
    control.end?.addEventListener("abort", () => {
      if (times.foundAt !== undefined) times.endedAt = monotonicMs();
    });
    return pool.search(task, {
      ...control,
      onFind: (find) => {
        times.foundAt ??= monotonicMs();
        control.onFind?.(find);
      },
    });
  };
}

function watchedLinks(links: LeaseLinks, times: NodeTimes): Pick<LeaseLinks, "send" | "receive"> {
  return {
    send: (node, message) => {
      if (message.kind === "find") times.leftAt ??= monotonicMs();
      return links.send(node, message);
    },
    receive: (place, receiver) => {
      const watched: LeaseReceiver = {
        take: (message, from) => {
          if (message.kind === "find") times.heardAt = monotonicMs();
          return receiver.take(message, from);
        },
      };
      return links.receive(place, watched);
    },
  };
}
