/**
 * This node's part in one round of a search, from its first ask for a lease to its commit. Lanes search what the manager
 * leases to them, as a rule from before the chain has reached the round. The round ends when half of its phase is over,
 * and goes on in the next one; or with a find where one is enough, or when all is searched. Then the node commits once,
 * to what the log of leases gives it.
 */
import { join } from "node:path";
import type { Job } from "../../../chain/types/job.ts";
import { mostClaimUnits } from "../../../chain/workload/search/check.ts";
import { modeOf } from "../../../chain/workload/search/round.ts";
import { searchProgress, searchSpec } from "../../../chain/workload/search/search-of.ts";
import type { UnitResult } from "../../../ml/search/search-units.ts";
import { taskOf } from "../../../ml/search/task-of.ts";
import type { Clock } from "../../clock.ts";
import type { Disk } from "../../disk.ts";
import type { SearchWorkers } from "../../workers/kinds/search/workers.ts";
import { runName } from "../checkpoint-keeper.ts";
import { type AlgorithmFiles, shippedOf } from "./algorithm-files.ts";
import { isFind, type NonceDigests } from "./find-check.ts";
import { FindNotices } from "./find-notices.ts";
import { LaneOrders } from "./lane-orders.ts";
import { LaneRunner } from "./lane-runner.ts";
import type { LeaseLinks, LeaseReceiver } from "./lease-links.ts";
import type { LeaseMessage, LeaseReply } from "./lease-wire.ts";
import { type Spans, sizeOf, spansOf } from "./leases/span.ts";
import type { LiveSearch, LiveSource } from "./live-search.ts";
import { OwnFinds } from "./own-finds.ts";
import { ParentLine } from "./parent-line.ts";
import { RoundClosing } from "./round-closing.ts";
import { type RoundTree, type RoundTreeModules, roundTree } from "./round-tree.ts";
import { commitSearch, type SearchCommitModules } from "./search-commit.ts";
import type { JobTroubles } from "./search-troubles.ts";
import { SearchedUnits } from "./searched-units.ts";
import { TurnedWork } from "./turned-work.ts";
import { UnitSpeeds } from "./unit-speeds.ts";

export interface SearchRoundOptions {
  /** In the round, or in the one before: then the chain has not reached it. */
  readonly job: Job;
  readonly round: number;
  /** What the round before searched, where this one goes on from it. */
  readonly before: TurnedRound | undefined;
  /** Index of this node. */
  readonly node: number;
  readonly publicKey: Uint8Array;
  /** Workers that search at the same time. */
  readonly lanes: number;
  readonly dataDir: string;
  /** What is left of the phase, and more. */
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

/** A round that went on in the next one. */
export interface TurnedRound {
  readonly units: SearchedUnits;
  readonly tree: RoundTree;
}

export interface SearchRoundModules extends SearchCommitModules, RoundTreeModules {
  readonly algorithms: Pick<AlgorithmFiles, "source">;
  readonly workers: Pick<SearchWorkers, "search">;
  readonly digests: NonceDigests;
  readonly links: Pick<LeaseLinks, "send" | "receive">;
  readonly disk: Disk;
  readonly clock: Pick<Clock, "monotonic" | "sleep" | "timeout">;
  readonly troubles: Pick<JobTroubles, "waits" | "leased" | "silent" | "end">;
  /** A task failed for a reason that may be the order's. */
  onFailed(error: unknown): void;
  /** Units are done. */
  onUnits(units: readonly UnitResult[]): void;
  /** The round is over here, its workers are idle, and there is more to search: the next round may begin. */
  onTurned(turned: TurnedRound): void;
}

const TICK_MS = 250;
/** Requests of one process in one round, at most. */
const REQUESTS_A_LIFE = 1_000_000;
const TAKEN = "taken";

export class SearchRound implements LeaseReceiver, LiveSource {
  readonly #options: SearchRoundOptions;
  readonly #modules: SearchRoundModules;
  readonly #lanes: LaneRunner[] = [];
  readonly #line: ParentLine;
  readonly #notices: FindNotices;
  readonly #closing = new AbortController();
  readonly #end: RoundClosing;
  readonly #orders: LaneOrders;
  readonly #tree: RoundTree;
  readonly #over = new AbortController();
  readonly #signal: AbortSignal;
  /** Aborted when the chain has reached the round. */
  readonly #reached = new AbortController();
  #job: Job;
  #units: SearchedUnits | undefined;
  #finds: OwnFinds | undefined;
  #turnedWork: TurnedWork | undefined;
  #searchedMs = 0;
  #times = { waitedMs: 0, lastUnitMs: 0 };
  #isTurned = false;
  #isTurnTold = false;
  readonly #speeds = new UnitSpeeds();
  readonly #since: number;

  constructor(options: SearchRoundOptions, modules: SearchRoundModules) {
    const { job, round } = options;
    this.#options = options;
    this.#modules = modules;
    this.#job = job;
    this.#end = new RoundClosing(options);
    this.#notices = new FindNotices(job.spec, modules.digests);
    this.#since = modules.clock.monotonic();
    this.#signal = AbortSignal.any([options.signal, this.#over.signal]);
    const { node } = options;
    const { id, team } = job;
    this.#tree = roundTree(job, round, modules);
    const { tree, shares } = this.#tree;
    // The lanes of a sub-manager are children of its own.
    const above = tree.isSubManager(node) ? [node, ...tree.above(node)] : tree.above(node);
    this.#line = new ParentLine(
      { job: id, round, team, node, above, signal: this.#signal },
      {
        ...modules,
        shares,
        onHeard: (lanes) => {
          for (const lane of lanes) this.#lanes[lane]?.take({ kind: "heard" });
        },
        onParent: (isAbove) => {
          for (const lane of this.#lanes) lane.take({ kind: "manager", isAbove });
        },
      },
    );
    this.#orders = new LaneOrders(node, {
      ...modules,
      lanes: this.#lanes,
      line: this.#line,
      shares,
      open: () => searchProgress(this.#job).open,
      onClosed: (isTurned) => {
        if (isTurned) this.#isTurned = true;
        this.close();
      },
      onManager: (orders) => this.#turnedWork?.take(orders),
    });
    this.update(job);
  }

  /** The job as it is now. */
  update(job: Job): void {
    this.#job = job;
    if (job.round >= this.#options.round) this.#reached.abort();
  }

  /** Resolves when the commit is on its way. @throws StorageError, BlobError; the signal's reason */
  async run(): Promise<void> {
    const { job, round, before, node, publicKey, dataDir } = this.#options;
    const { disk } = this.#modules;
    const units = await SearchedUnits.open(join(dataDir, "searches", runName(job.id, round)), disk);
    this.#units = units;
    try {
      const left = before === undefined ? [] : await units.goOnFrom(before.units);
      this.#isTurned = units.isTurned;
      if (!units.isClosed) {
        if (before !== undefined) this.#deliver(left, before, units);
        await this.#search(units);
      }
      this.#signal.throwIfAborted();
      await units.close(this.#isTurned);
      this.#tellTurned(units);
      await this.#untilReached();
      await commitSearch(
        units,
        {
          job: this.#job,
          node,
          publicKey,
          workMs: this.#searchedMs,
          ...this.#times,
          signal: this.#signal,
        },
        this.#modules,
      );
    } finally {
      this.#over.abort(new Error("the round is committed"));
      await units.end();
    }
  }

  /**
   * The round takes no more work.
   * @param last the lane and unit with the find that ends it: the unit is searched to its end, so that it can be claimed
   */
  close(last?: { readonly lane: number; readonly unit: number }): void {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort(new Error("the round is closed"));
    this.#end.close(this.#modules.clock.monotonic());
    for (const [index, lane] of this.#lanes.entries()) {
      lane.take(last?.lane === index ? { kind: "close", last: last.unit } : { kind: "close" });
    }
  }

  take(message: LeaseMessage, from: number): LeaseReply | undefined {
    switch (message.kind) {
      case "orders":
        this.#orders.take(message.value, from);
        return { answer: TAKEN, view: undefined };
      case "find":
        void this.#takeFind(message.value.nonce, from);
        return { answer: TAKEN, view: undefined };
      default:
        return undefined;
    }
  }

  /** Its own part alone; of what it searched, what the manager has acknowledged. */
  live(): LiveSearch {
    const { node } = this.#options;
    const searched = this.#units?.claims ?? [];
    const unitsPerSecond = this.#speeds.of(node, this.#elapsed);
    const { manager, view } = this.#line;
    return {
      seenBy: "participant",
      manager: { node: manager, view },
      searched,
      leased: spansOf(this.#lanes.flatMap((lane) => lane.held)),
      nodes: [{ node, units: sizeOf(searched), unitsPerSecond }],
    };
  }

  async #search(units: SearchedUnits): Promise<void> {
    const { job, round, before, node, lanes, signal } = this.#options;
    const { links, clock, troubles } = this.#modules;
    const order = await this.#order();
    this.#loadForChecks();
    this.#finds = new OwnFinds(
      { job, round, node, signal },
      { ...this.#modules, units, onEnough: (last) => this.close(last) },
    );
    if (before !== undefined) this.#finds.retell();
    const end = links.receive({ job: job.id, round }, this);
    try {
      for (let lane = 0; lane < lanes; lane++) this.#lanes.push(this.#lane(lane, order, units));
      if (this.#closing.signal.aborted)
        for (const lane of this.#lanes) lane.take({ kind: "close" });
      for (;;) {
        for (const lane of this.#lanes) lane.take({ kind: "tick" });
        troubles.silent(this.#line.silentMs);
        if (units.claimable >= mostClaimUnits(this.#job)) this.close();
        if (this.#closing.signal.aborted) {
          const { isIdle, isOver } = this.#end.look(this.#lanes, clock.monotonic());
          if (isIdle) this.#tellTurned(units);
          if (isOver) return;
        }
        await this.#pause();
      }
    } finally {
      end();
      troubles.end();
      this.#times = this.#end.timesAt(clock.monotonic());
    }
  }

  /** That a find is checked must not wait until the algorithm is compiled. Others than shipped ones run on workers. */
  #loadForChecks(): void {
    const { spec } = this.#options.job;
    if (shippedOf(spec) === undefined) return;
    isFind(spec, searchSpec(spec).from, this.#modules.digests, this.#signal).catch(() => {});
  }

  #tellTurned(units: SearchedUnits): void {
    if (!this.#isTurned || this.#isTurnTold) return;
    this.#isTurnTold = true;
    this.#modules.onTurned({ units, tree: this.#tree });
  }

  /** Where the tree was another, nobody gives lanes the rest of their leases again: what they did of it is told at once. */
  #deliver(spans: Spans, before: TurnedRound, units: SearchedUnits): void {
    const { job, round, node } = this.#options;
    const { tree } = this.#tree;
    const isServed = (one: RoundTree["tree"]): boolean =>
      one.above(node).length === 0 && !one.isSubManager(node);
    if (spans.length === 0 || (isServed(before.tree.tree) && isServed(tree))) return;
    const { onFailed } = this.#modules;
    this.#turnedWork = new TurnedWork(
      {
        job: job.id,
        round,
        node,
        spans,
        signal: AbortSignal.any([this.#signal, this.#closing.signal]),
      },
      {
        ...this.#modules,
        line: this.#line,
        shares: before.tree.shares,
        claim: (span) => void units.claim(span).catch(onFailed),
      },
    );
    this.#turnedWork.run().catch(onFailed);
  }

  async #untilReached(): Promise<void> {
    const either = AbortSignal.any([this.#signal, this.#reached.signal]);
    if (!either.aborted) {
      await new Promise<void>((resolve) => {
        either.addEventListener("abort", () => resolve(), { once: true });
      });
    }
    this.#signal.throwIfAborted();
  }

  /** Until the next look; ends early when the round is closed, so that nobody waits for it. */
  async #pause(): Promise<void> {
    const isClosing = this.#closing.signal.aborted;
    const ms = isClosing ? TICK_MS / 5 : TICK_MS;
    const signal = isClosing ? this.#signal : AbortSignal.any([this.#signal, this.#closing.signal]);
    await this.#modules.clock.sleep(ms, signal).catch(() => {});
    this.#signal.throwIfAborted();
  }

  #lane(
    lane: number,
    order: ConstructorParameters<typeof LaneRunner>[0]["order"],
    units: SearchedUnits,
  ): LaneRunner {
    const { deadlineMs } = this.#options;
    const firstRequest = units.life * REQUESTS_A_LIFE;
    return new LaneRunner(
      { order, firstRequest, deadlineMs, signal: this.#signal },
      {
        ...this.#modules,
        units,
        tell: (wish) => this.#line.put(lane, wish),
        seek: () => this.#line.seek(),
        onUnits: (done, ms) => this.#onUnits(done, ms),
        onFind: (nonce) => this.#finds?.onFind(nonce, lane),
      },
    );
  }

  async #order(): Promise<ConstructorParameters<typeof LaneRunner>[0]["order"]> {
    const { spec } = this.#options.job;
    const search = searchSpec(spec);
    const algorithm = await this.#modules.algorithms.source(spec, this.#signal);
    const { unitBits, from: jobFrom, to: jobTo } = search;
    return { ...taskOf(search), algorithm, unitBits, jobFrom, jobTo };
  }

  get #elapsed(): number {
    return this.#modules.clock.monotonic() - this.#since;
  }

  #onUnits(done: readonly UnitResult[], ms: number): void {
    this.#speeds.add(this.#options.node, done.length, this.#elapsed);
    this.#searchedMs += ms;
    this.#modules.onUnits(done);
    this.#finds?.onUnits(done);
  }

  /** From anybody in the search: the nonce speaks for itself. */
  async #takeFind(nonce: bigint, from: number): Promise<void> {
    if (modeOf(this.#options.job) !== "first" || this.#closing.signal.aborted) return;
    if (await this.#notices.isRight(nonce, from, this.#signal)) this.close();
  }
}
