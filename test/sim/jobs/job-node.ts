/**
 * One node of the simulation: the real services of jobs and the real sender of duties, on a disk, a clock and links that
 * are simulated. What a crash leaves is the disk and the book of what was sent.
 */

import { sha256, toHex } from "../../../chain/crypto/hash.ts";
import { verifySync } from "../../../chain/crypto/keys.ts";
import { PomlError } from "../../../chain/errors.ts";
import { Mempool } from "../../../chain/mempool/pool.ts";
import { transactionId } from "../../../chain/transaction-id.ts";
import type { SignedTransaction } from "../../../chain/types/transaction.ts";
import { BlobFetcher } from "../../../node/blobs/blob-fetcher.ts";
import { BlobStore } from "../../../node/blobs/blob-store.ts";
import type { FinalBlock } from "../../../node/chain/chain.ts";
import { DutySender } from "../../../node/chain/duty-sender.ts";
import { OwnTransactions } from "../../../node/chain/own-transactions.ts";
import { CheckpointKeeper } from "../../../node/jobs/checkpoint-keeper.ts";
import { createJobServices, type JobServicesOptions } from "../../../node/jobs/job-services.ts";
import { FAN_OUT, type FanOut } from "../../../node/jobs/search/leases/tree.ts";
import { LiveSearches } from "../../../node/jobs/search/live-searches.ts";
import { SearchTroubles } from "../../../node/jobs/search/search-troubles.ts";
import { JobFiles } from "../../../node/jobs/train/job-files.ts";
import { type MergeTask, mergeFiles } from "../../../node/jobs/train/merge/merge-files.ts";
import { storedStateHash } from "../../../node/jobs/train/stored-state-hash.ts";
import type { OnBlock } from "../../../node/on-block.ts";
import { UNBOUNDED } from "../../../node/storage/room.ts";
import type { NodeLog } from "../../../node/telemetry/log.ts";
import type { Random } from "../random.ts";
import type { Timeline } from "../timeline.ts";
import { falsely, garbled, type Lie, muted, trainingLieOf } from "./lies.ts";
import { Life } from "./life.ts";
import { type Links, peerName, type Station } from "./links.ts";
import { MemoryDisk } from "./memory-disk.ts";
import { DATASETS, inspectorOn, isOrderFile, OPENER } from "./order.ts";
import type { SharedChain } from "./shared-chain.ts";
import { standInEngine } from "./stand-in-engine.ts";
import { STAND_IN_FILES, standInSearchers } from "./stand-in-searchers.ts";
import { bent, type TreeLie } from "./tree-lies.ts";

export interface JobNodeOptions {
  readonly node: number;
  readonly lie: Lie;
  readonly msPerSegment: number;
  /** Chance that a task of a worker fails. */
  readonly failures: number;
  readonly treeLie: TreeLie | undefined;
  readonly fanOut: FanOut | undefined;
}

export interface JobNodeModules {
  readonly chain: SharedChain;
  readonly links: Links;
  readonly timeline: Timeline;
  readonly random: Random;
  trace(node: number, message: string, facts?: Readonly<Record<string, unknown>>): void;
}

/** One attempt at a training for a commit. */
export interface Attempt {
  /** Number of the process. */
  readonly life: number;
  end: "open" | "whole" | "given-up";
}

/** A unit that was begun, and by which process. */
export interface SearchedByLife {
  readonly unit: number;
  readonly life: number;
}

/** What lives in the memory of a process. */
interface Running {
  readonly mempool: Mempool;
  /** Refused a moment ago: the block that makes it valid may be on its way. */
  readonly later: SignedTransaction[];
  readonly listeners: Set<(final: FinalBlock) => void>;
  /** Those that stay as long as the process runs. */
  readonly ownListeners: number;
  readonly duties: DutySender;
  readonly services: readonly OnBlock[];
}

const DATA = "/data";
/** Workers that search at the same time. */
export const LANES = 2;
const JOBS: JobServicesOptions["jobs"] = {
  allow: ["train/exact", "search/sha256"],
  memoryMib: 1024,
};

export class JobNode {
  readonly node: number;
  readonly disk: MemoryDisk;
  readonly lie: Lie;
  /** What it sees of searches. */
  readonly live = new LiveSearches();
  /** By the seed of the training, hex. */
  readonly attempts = new Map<string, Attempt[]>();
  readonly #options: JobNodeOptions;
  readonly #modules: JobNodeModules;
  /** Outlives a crash, as the database of a node. */
  readonly #own = new Map<string, Uint8Array>();
  /** Of the newest block it has. */
  #height = 0;
  #life: Life | undefined;
  #lives = 0;
  #running: Running | undefined;

  constructor(options: JobNodeOptions, modules: JobNodeModules) {
    this.node = options.node;
    this.lie = options.lie;
    this.disk = new MemoryDisk(modules.random);
    this.#options = options;
    this.#modules = modules;
  }

  get height(): number {
    return this.#height;
  }

  get isUp(): boolean {
    return this.#running !== undefined;
  }

  /** What it still waits for; of a node without work nothing. */
  get unfinished(): {
    readonly sleeps: number;
    readonly listeners: number;
    readonly duties: number;
  } {
    const { listeners, duties } = this.#running ?? {};
    return {
      sleeps: this.#life?.sleeping ?? 0,
      listeners: (listeners?.size ?? 0) - (this.#running?.ownListeners ?? 0),
      duties: duties?.waiting().length ?? 0,
    };
  }

  get mempool(): Mempool | undefined {
    return this.#running?.mempool;
  }

  /** @param files that lie on its disk already */
  async start(files: readonly Uint8Array[] = []): Promise<void> {
    const life = new Life(this.#modules.timeline);
    this.#life = life;
    this.#lives++;
    const running = await this.#build(life, files);
    if (!life.isOver) this.#running = running;
  }

  /** @param power lost: the disk forgets what was not synced */
  crash(power: boolean): void {
    this.#life?.end();
    this.#running = undefined;
    if (power) this.disk.losePower();
    this.#modules.trace(this.node, power ? "loses its power" : "is killed");
  }

  /** The next block. */
  take(final: FinalBlock): void {
    const running = this.#running;
    if (running === undefined) return;
    this.#height = final.block.header.height;
    const { state } = this.#modules.chain.headAt(this.#height);
    running.mempool.afterBlock(state, final.block.body.transactions);
    const later = running.later.splice(0);
    for (const signed of later) this.#hear(running, signed, false);
    for (const listener of running.listeners) listener(final);
    // As in node.ts: not in the turn that took the block.
    this.#life?.after(0, () => {
      for (const service of running.services) service.onBlock();
    });
  }

  /** As a client of the node hands it in. */
  receive(signed: SignedTransaction): void {
    if (this.#running !== undefined) this.#hear(this.#running, signed, true);
  }

  #hear({ mempool, later }: Running, signed: SignedTransaction, isNew: boolean): void {
    const { chain } = this.#modules;
    const { state } = chain.headAt(this.#height);
    try {
      chain.verify(state, signed);
      mempool.add(state, signed);
    } catch (error) {
      if (!(error instanceof PomlError)) throw error;
      if (isNew) later.push(signed);
    }
  }

  async #build(life: Life, files: readonly Uint8Array[]): Promise<Running> {
    const { chain, links, random, trace } = this.#modules;
    const { node, lie } = this.#options;
    const { clock } = life;
    const log = this.#log();
    const disk = this.disk.of(life);
    const listeners = new Set<(final: FinalBlock) => void>();
    const heightOf = (): number => this.#height;
    const view = {
      genesisRoot: chain.base.genesisRoot,
      get state() {
        return chain.headAt(heightOf()).state;
      },
      get height() {
        return heightOf();
      },
      onBlock: (listener: (final: FinalBlock) => void) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      store: { settled: chain.settled },
    };
    const mempool = new Mempool();
    const later: SignedTransaction[] = [];
    const blobs = await BlobStore.open(DATA, { disk });
    for (const file of files) await blobs.put(file);
    const digest = async (bytes: Uint8Array): Promise<Uint8Array> => sha256(bytes);
    const stateHash = (bytes: Uint8Array) => storedStateHash(bytes, digest);
    const keeper = new CheckpointKeeper({ dataDir: DATA }, { disk, stateHash });
    const station: Station = {
      node,
      life,
      handlers: new Map(),
      serve: async (hash) => {
        if (lie === "withholds" && !isOrderFile(hash)) return undefined;
        return (await keeper.serve(hash)) ?? (await blobs.serve(hash));
      },
      onTransaction: (signed) => {
        if (this.#running?.mempool === mempool) this.#hear(this.#running, signed, true);
      },
    };
    const messages = bent(links.messagesOf(station), this.#options.treeLie, node);
    const peers = links.blobPeersOf(station);
    const fetcher = new BlobFetcher({ blobs, peers, clock });
    const submit = async (signed: SignedTransaction): Promise<Uint8Array> => {
      chain.verify(view.state, signed);
      mempool.add(view.state, signed);
      links.tell(station, signed);
      return transactionId(signed.transaction);
    };
    const { keys } = chain.base.personOfNode(node);
    const duties = new DutySender(
      { keys },
      {
        chain: view,
        mempool,
        transactions: {
          submit,
          offerAgain: (all) => {
            for (const signed of all) links.tell(station, signed);
          },
        },
        own: new OwnTransactions({
          store: {
            own: async (name) => this.#own.get(name),
            putOwn: async (name, value) => {
              await life.pause(random.between(0, 2));
              this.#own.set(name, value);
            },
          },
        }),
        log,
        fate: async (id) => {
          const place = chain.placeOf(id);
          return place !== undefined && place <= this.#height ? "final" : "overtaken";
        },
        peers: () => peers.connected().length,
      },
    );
    const merge = (task: MergeTask) => mergeFiles(task, disk);
    const services = createJobServices(
      { keys: lie === "signs-garbage" ? garbled(keys) : keys, jobs: JOBS, dataDir: DATA },
      {
        chain: view,
        duties,
        messages: lie === "is-mute" ? muted(messages) : messages,
        peers,
        blobs,
        fetcher,
        files: new JobFiles({ fetcher, datasets: DATASETS, blobs, inspector: inspectorOn(clock) }),
        keeper,
        models: {
          isShared: (job) => this.#shared.has(job),
          share: async (job) => this.#share(job),
        },
        opener: OPENER,
        workers: standInEngine(
          {
            msPerSegment: this.#options.msPerSegment,
            failures: this.#options.failures,
            lie: trainingLieOf(lie),
            accuses: lie === "accuses",
          },
          { clock, random, began: (seed) => this.#began(toHex(seed)) },
        ),
        events: { emit: () => {} },
        room: UNBOUNDED,
        clock,
        digest,
        log,
        peerOf: peerName,
        ...STAND_IN_FILES,
        disk,
        searchers: standInSearchers(
          { msPerUnit: this.#options.msPerSegment, failures: this.#options.failures, lie },
          {
            clock,
            random,
            began: (unit) => this.#searched.push({ unit, life: this.#lives }),
            worked: (since) => this.#hashed(since, clock.monotonic()),
          },
        ),
        lanes: () => LANES,
        live: this.live,
        fanOut: this.#options.fanOut ?? FAN_OUT,
        // In virtual time nothing may wait for another thread.
        verify: async (...check) => verifySync(...check),
        troubles: new SearchTroubles(),
        evidence: { report: async () => {} },
        random: () => random.next(),
        merge: lie === "merges-falsely" ? async (task) => falsely(task, disk) : merge,
      },
    );
    links.attach(station);
    await duties.resume();
    trace(node, "starts");
    return { mempool, later, listeners, ownListeners: listeners.size, duties, services };
  }

  readonly #shared = new Set<string>();
  readonly #lanes = { from: Number.POSITIVE_INFINITY, to: 0, busyMs: 0 };

  /** Virtual time: when its lanes first and last hashed, and how long they did in all. */
  get lanes(): { readonly from: number; readonly to: number; readonly busyMs: number } {
    return this.#lanes;
  }

  #hashed(since: number, now: number): void {
    const lanes = this.#lanes;
    lanes.from = Math.min(lanes.from, since);
    lanes.to = Math.max(lanes.to, now);
    lanes.busyMs += now - since;
  }

  readonly #searched: SearchedByLife[] = [];

  /** Units that its workers began, in order. */
  get searched(): readonly SearchedByLife[] {
    return this.#searched;
  }

  #share(job: string): never {
    this.#shared.add(job);
    return { infoHash: new Uint8Array(20), torrentFile: new Uint8Array() } as never;
  }

  #began(seed: string): (isWhole: boolean) => void {
    const attempt: Attempt = { life: this.#lives, end: "open" };
    const known = this.attempts.get(seed);
    if (known === undefined) this.attempts.set(seed, [attempt]);
    else known.push(attempt);
    return (isWhole) => {
      attempt.end = isWhole ? "whole" : "given-up";
    };
  }

  #log(): NodeLog {
    const told =
      (level: string) =>
      (message: string, facts?: Readonly<Record<string, unknown>>): void =>
        this.#modules.trace(this.node, `${level}: ${message}`, facts);
    const log: NodeLog = {
      debug: told("debug"),
      info: told("info"),
      warn: told("warn"),
      error: told("error"),
      child: () => log,
    };
    return log;
  }
}
