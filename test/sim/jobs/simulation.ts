/**
 * A whole job of many nodes in one process. All that happens is an action of one timeline; after each, whatever waits
 * for promises has its turn before the next. So a seed gives the same run every time.
 */
import { outcomeOf, phaseOf } from "../../../chain/job/phase.ts";
import { jobPrice } from "../../../chain/job/price.ts";
import type { Job, JobOutcome, JobRecord } from "../../../chain/types/job.ts";
import { useFastHasher } from "../../../node/ssz-hasher.ts";
import { TestChain } from "../../helpers/chain.ts";
import { Random } from "../random.ts";
import { Timeline } from "../timeline.ts";
import { JobNode } from "./job-node.ts";
import { Links } from "./links.ts";
import { ORDER_FILES } from "./order.ts";
import type { JobPlan } from "./plan.ts";
import { SharedChain } from "./shared-chain.ts";

const BLOCK_MS = 500;
/** What a proposer that is away costs. */
const ROUND_MS = 700;
/** Blocks reach a node so late at most once the network is calm. */
const LATEST_MS = 400;
/** A node that was away gets what it missed at this pace. */
const CATCH_UP_MS = 5;
/** Blocks until the job must be settled, whatever happened. */
const MOST_BLOCKS = 900;
/** Blocks after the settlement, in which nodes see that it is over. */
const REST_BLOCKS = 12;
/** Blocks after which what nodes have sent in vain has run out. */
const STALE_BLOCKS = 60;
/** Virtual time after the last block in which every wait must have ended by itself. */
const LONGEST_WAIT_MS = 600_000;
/** From the end of the last fault to the last block. */
const REST_MS = 6_000;
const OPENING_FEE = 1_000_000n;
const EXTRA_ESCROW = 1_000_000n;

export interface Told {
  readonly at: number;
  readonly height: number;
  readonly node: number;
  readonly message: string;
  readonly facts: Readonly<Record<string, unknown>> | undefined;
}

export interface Outcome {
  readonly plan: JobPlan;
  readonly chain: SharedChain;
  readonly nodes: readonly JobNode[];
  /** As it ended; undefined when the chain never took the order. */
  readonly job: Job | undefined;
  /** How it ended; "unsettled" when it did not. */
  readonly end: JobOutcome | "unsettled";
  readonly records: readonly JobRecord[];
  readonly escrow: bigint;
  readonly openingFee: bigint;
  /** Virtual milliseconds. */
  readonly tookMs: number;
  readonly failures: readonly string[];
  /** The plan's kill came about. */
  readonly wasKilled: boolean;
}

const bases = new Map<string, TestChain>();

function baseOf({ nodes, parameters }: JobPlan): TestChain {
  const name = JSON.stringify([nodes, parameters]);
  const known = bases.get(name) ?? new TestChain({ founders: nodes, parameters });
  bases.set(name, known);
  return known;
}

/** @param onTold sees what nodes log, and what happens to them */
export async function simulateJob(
  plan: JobPlan,
  onTold: (told: Told) => void = () => {},
): Promise<Outcome> {
  await useFastHasher();
  const simulation = new JobSimulation(plan, onTold);
  await simulation.run();
  return simulation.outcome();
}

class JobSimulation {
  readonly #plan: JobPlan;
  readonly #timeline = new Timeline();
  readonly #random: Random;
  readonly #chain: SharedChain;
  readonly #links: Links;
  readonly #nodes: readonly JobNode[];
  readonly #failures: string[] = [];
  readonly #escrow: bigint;
  /** Virtual milliseconds. */
  readonly #faultsEnd: number;
  /** No more blocks come. */
  #isClosed = false;
  #restFrom: number | undefined;
  #leaseMessages = 0;
  #wasKilled = false;
  /** By node: whether a block is on its way to it. */
  readonly #feeding = new Set<number>();

  constructor(plan: JobPlan, onTold: (told: Told) => void) {
    this.#plan = plan;
    this.#random = new Random(plan.seed ^ 0x1234567);
    this.#chain = new SharedChain(baseOf(plan));
    const shared = { timeline: this.#timeline, random: this.#random };
    this.#links = new Links(plan.links, {
      ...shared,
      onMessage: (node, subject) => {
        if (subject === "lease") this.#countLease(node);
      },
    });
    const ends = [...plan.crashes, ...plan.links.cuts].map(({ at, forMs }) => at + forMs);
    this.#faultsEnd = Math.max(0, ...ends) + REST_MS;
    this.#escrow = jobPrice(plan.spec, this.#chain.head.state.parameters) + EXTRA_ESCROW;
    const modules = {
      ...shared,
      chain: this.#chain,
      links: this.#links,
      trace: (node: number, message: string, facts?: Readonly<Record<string, unknown>>) => {
        onTold({ at: this.#timeline.now, height: this.#chain.height, node, message, facts });
        if (message.startsWith("error")) this.#failures.push(`node ${node}: ${message}`);
      },
    };
    this.#nodes = Array.from({ length: plan.nodes }, (_, node) => {
      const lie = plan.lies.get(node) ?? "none";
      const msPerSegment = plan.msPerSegment[node] ?? 1;
      const { failures, fanOut } = plan;
      const treeLie = plan.treeLies?.get(node);
      return new JobNode({ node, lie, treeLie, msPerSegment, failures, fanOut }, modules);
    });
  }

  async run(): Promise<void> {
    const timeline = this.#timeline;
    for (const node of this.#nodes) this.#start(node, node.node === 0 ? ORDER_FILES : []);
    const { base } = this.#chain;
    const { spec } = this.#plan;
    const open = base.transaction(
      base.client,
      "job-open",
      { spec, escrow: this.#escrow },
      { fee: OPENING_FEE },
    );
    timeline.after(BLOCK_MS / 2, () => {
      for (const node of this.#nodes) node.receive(open);
    });
    for (const crash of this.#plan.crashes) {
      const node = this.#nodes[crash.node];
      if (node === undefined) continue;
      timeline.after(crash.at, () => {
        if (!node.isUp) return;
        node.crash(crash.power);
        timeline.after(crash.forMs, () => this.#start(node, []));
      });
    }
    timeline.after(BLOCK_MS, () => this.#propose(0));
    do await turn();
    while (!this.#isOver() && timeline.step(Number.POSITIVE_INFINITY));
    this.#isClosed = true;
    const end = timeline.now + LONGEST_WAIT_MS;
    do await turn();
    while (timeline.step(end));
    if (timeline.step(Number.POSITIVE_INFINITY)) this.#failures.push("something waits without end");
  }

  /** Kills the one that the plan names at its message. */
  #countLease(node: number): void {
    const { kill } = this.#plan;
    const job = this.#chain.head.state.jobs.get(0);
    if (kill === undefined || job?.participants[kill.place]?.node !== node) return;
    this.#leaseMessages++;
    const victim = this.#nodes[node];
    if (this.#leaseMessages !== kill.message || victim === undefined) return;
    victim.crash(false);
    this.#wasKilled = true;
    this.#timeline.after(kill.forMs, () => this.#start(victim, []));
  }

  outcome(): Outcome {
    const chain = this.#chain;
    const records = chain.blocks.flatMap(({ block }) => block.body.records);
    const job = chain.settled.get(0) ?? chain.head.state.jobs.get(0);
    return {
      plan: this.#plan,
      chain,
      nodes: this.#nodes,
      job,
      end: isSettled(job) ? outcomeOf(job) : "unsettled",
      records,
      escrow: this.#escrow,
      openingFee: OPENING_FEE,
      tookMs: this.#timeline.now,
      failures: this.#failures,
      wasKilled: this.#wasKilled,
    };
  }

  #isOver(): boolean {
    const { height } = this.#chain;
    if (this.#restFrom === undefined) return height >= MOST_BLOCKS;
    if (height < this.#restFrom + REST_BLOCKS || !this.#isAllUp()) return false;
    const hasDuties = this.#nodes.some(({ unfinished }) => unfinished.duties > 0);
    return !hasDuties || height >= this.#restFrom + STALE_BLOCKS;
  }

  #isAllUp(): boolean {
    return this.#timeline.now > this.#faultsEnd && this.#nodes.every(({ isUp }) => isUp);
  }

  #start(node: JobNode, files: readonly Uint8Array[]): void {
    const started = node.start(files).then(() => this.#feed(node));
    started.catch((error: unknown) => {
      this.#failures.push(`node ${node.node} did not start: ${String(error)}`);
    });
  }

  /** The next block, by the first in the order of proposers that is there and has the last one. */
  #propose(round: number): void {
    if (this.#isClosed) return;
    const chain = this.#chain;
    const proposer = this.#nodes[chain.proposer(round)];
    const mempool = proposer?.mempool;
    const isReady =
      proposer !== undefined &&
      proposer.height === chain.height &&
      this.#links.isThere(proposer.node);
    if (!isReady || mempool === undefined) {
      this.#timeline.after(ROUND_MS, () => this.#propose(round + 1));
      return;
    }
    const { state } = chain.head;
    const transactions = mempool.select(state, 1_000_000, 4096);
    const time = state.meta.time + BigInt(BLOCK_MS + ROUND_MS * round);
    chain.extend(round, transactions, time);
    for (const node of this.#nodes) this.#feed(node);
    const job = chain.settled.get(0);
    if (job !== undefined) this.#restFrom ??= chain.height;
    this.#timeline.after(BLOCK_MS, () => this.#propose(0));
  }

  /** Blocks come to a node in order, each after a while. */
  #feed(node: JobNode): void {
    const chain = this.#chain;
    if (!node.isUp || this.#feeding.has(node.node) || node.height >= chain.height) return;
    this.#feeding.add(node.node);
    const isBehind = node.height + 1 < chain.height;
    const delay = isBehind ? CATCH_UP_MS : (this.#links.delay() ?? LATEST_MS);
    this.#timeline.after(delay, () => {
      this.#feeding.delete(node.node);
      const final = chain.blocks[node.height];
      if (!this.#links.isThere(node.node)) {
        if (node.isUp) this.#timeline.after(LATEST_MS, () => this.#feed(node));
        return;
      }
      if (final !== undefined) node.take(final);
      this.#feed(node);
    });
  }
}

/** All promises that can go on have done so when it resolves. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

export function isSettled(job: Job | undefined): job is Job {
  return job !== undefined && phaseOf(job) === "settled";
}
