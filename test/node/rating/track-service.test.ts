/**
 * The open track with the services of real nodes: real trainings, a real chain, and no process or
 * socket between them.
 */
import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import { NO_SCORE, qualityOf } from "../../../chain/track/quality.ts";
import { scoresOf } from "../../../chain/track/scores.ts";
import { RATING_CAUSES } from "../../../chain/types/node.ts";
import type { Recipe } from "../../../chain/types/track.ts";
import {
  type Payload,
  type SignedTransaction,
  TRANSACTION_KINDS,
} from "../../../chain/types/transaction.ts";
import type { Engine } from "../../../ml/engine.ts";
import { createExactEngine } from "../../../ml/exact/engine.ts";
import { runTrack, type TrackRun, type TrackRunResult } from "../../../ml/track/run.ts";
import { TrainingError } from "../../../ml/training/training-error.ts";
import { TrackJudge } from "../../../node/rating/track-judge.ts";
import { type TrackModules, TrackService } from "../../../node/rating/track-service.ts";
import { WorkerError } from "../../../node/workers/worker-error.ts";
import { sameBytes, type TestChain } from "../../helpers/chain.ts";
import { entryOf, stagesOf, TASK, trackChain } from "../../helpers/track-run.ts";

const QUICK: Recipe = { learningRate: 50_000, batchSize: 200, width: 16, epochs: 2 };

/** What a run says, as this node's worker gives it back. */
type Bent = (result: TrackRunResult, run: TrackRun) => TrackRunResult;

class TestNode {
  readonly warnings: string[] = [];
  /** Trainings, those of others included. */
  runs = 0;
  isAway = false;
  readonly #net: TestNet;
  readonly #publicKey: Uint8Array;
  readonly #modules: TrackModules;
  #service: TrackService;
  #judge: TrackJudge;
  #sent: Payload[] = [];

  constructor(net: TestNet, index: number, parts: { recipe?: Recipe; bent?: Bent } = {}) {
    const { bent = (result) => result, recipe = QUICK } = parts;
    this.#net = net;
    this.#publicKey = net.chain.personOfNode(index).keys.publicKey;
    const state = () => net.chain.head.state;
    this.#modules = {
      chain: {
        get state() {
          return state();
        },
      },
      duties: {
        send: async (payload) => {
          this.#sent.push(payload);
          return this.#publicKey;
        },
      },
      workers: {
        track: async (run) => {
          this.runs++;
          return bent(await net.run(run), run);
        },
      },
      log: { info: () => {}, warn: (message) => this.warnings.push(message) },
    };
    this.#service = new TrackService(
      { publicKey: this.#publicKey, isEnabled: true, recipe },
      this.#modules,
    );
    this.#judge = new TrackJudge({ publicKey: this.#publicKey }, this.#modules);
  }

  onBlock(): void {
    if (this.isAway) return;
    this.#service.onBlock();
    this.#judge.onBlock();
  }

  /** A new process with these settings: what was in memory is gone. */
  restart({ isEnabled = true, recipe = QUICK }: { isEnabled?: boolean; recipe?: Recipe }): void {
    const publicKey = this.#publicKey;
    this.#service = new TrackService({ publicKey, isEnabled, recipe }, this.#modules);
    this.#judge = new TrackJudge({ publicKey }, this.#modules);
  }

  /** Transactions for the next block; one each, so that nonces fit. */
  take(): SignedTransaction[] {
    const [payload, ...rest] = this.#sent;
    this.#sent = rest;
    if (payload === undefined) return [];
    const { chain } = this.#net;
    const person = chain.personOf(this.#publicKey);
    const kind = TRANSACTION_KINDS[payload.selector] ?? "transfer";
    return [chain.transaction(person, kind, payload.value as never, { fee: 0n })];
  }
}

class TestNet {
  readonly chain: TestChain;
  nodes: TestNode[] = [];
  readonly #engine: Engine;
  #active = 0;

  constructor(engine: Engine, founders = 5) {
    this.#engine = engine;
    this.chain = trackChain(founders, { trackBlocks: 8, ratingHalfLife: 86_400 });
  }

  fill(parts: Readonly<Record<number, { recipe?: Recipe; bent?: Bent }>> = {}): this {
    const { length } = this.chain.founders;
    this.nodes = Array.from({ length }, (_, index) => new TestNode(this, index, parts[index]));
    return this;
  }

  /** A worker without process: errors arrive as a link gives them. */
  async run(run: TrackRun): Promise<TrackRunResult> {
    this.#active++;
    try {
      const steps = runTrack(run, { engine: this.#engine, clock: { now: () => 0 } });
      let step = await steps.next();
      while (step.done !== true) step = await steps.next();
      return step.value;
    } catch (error) {
      if (!(error instanceof TrainingError)) throw error;
      const facts = {
        code: "TASK_FAILED",
        kind: "track",
        worker: "w",
        reason: error.code,
      } as const;
      throw new WorkerError(error.message, facts);
    } finally {
      this.#active--;
    }
  }

  async advanceTo(height: number): Promise<void> {
    while (this.chain.height < height) {
      for (const node of this.nodes) node.onBlock();
      do await turn();
      while (this.#active > 0);
      // What does not apply is left out, as by any proposer: several judges may show the same.
      this.chain.take(this.chain.build(this.nodes.flatMap((node) => node.take())));
    }
  }

  record(index: number) {
    return this.chain.head.state.nodes.at(index);
  }
}

describe("the services of the open track", () => {
  let engine: Engine;
  before(async () => {
    engine = await createExactEngine();
  });

  it("take every node from a commitment to a verified score, and the rating with it", async () => {
    const net = new TestNet(engine).fill();
    const stages = stagesOf(net.chain);
    await net.advanceTo(stages.judgesDrawn);
    const told = [0, 1, 2, 3, 4].map((index) => entryOf(net.chain, index));
    expect(told.map(({ recipe }) => recipe)).to.deep.equal(Array(5).fill(QUICK));
    expect(new Set(told.map(({ weights }) => weights.join())).size).to.equal(5);
    await net.advanceTo(stages.shownUntil);
    for (const [index, { counts }] of told.entries()) {
      const scores = scoresOf(counts, TASK.testRows);
      const { score, quality, failed } = net.record(index);
      expect(score).to.deep.equal({ track: 1, task: 1, ...scores });
      expect(quality).to.equal(qualityOf(score));
      expect(failed).to.equal(0);
    }
    const { ratingChanges } = net.chain.blocks.at(-1)?.body ?? { ratingChanges: [] };
    expect(ratingChanges.map(({ cause }) => RATING_CAUSES[cause])).to.deep.equal(
      Array(5).fill("track"),
    );
    // One run to commit, one to tell, and one for each of the four others.
    expect(net.nodes.map(({ runs }) => runs)).to.deep.equal(Array(5).fill(6));
  });

  it("catch a node that reports better counts than its model has", async () => {
    const bent: Bent = ({ weights, test }, { publicKey }) => {
      const isOwn = sameBytes(publicKey, net.chain.personOfNode(0).keys.publicKey);
      if (test === undefined || !isOwn) return { weights, test };
      const confusion = test.confusion.slice();
      const missed = confusion.findIndex((count, i) => count > 0 && i % 11 !== 0);
      const right = 11 * Math.floor(missed / 10);
      confusion[right] = (confusion[right] ?? 0) + (confusion[missed] ?? 0);
      confusion[missed] = 0;
      return { weights, test: { ...test, confusion } };
    };
    const net = new TestNet(engine);
    net.fill({ 0: { bent } });
    await net.advanceTo(stagesOf(net.chain).shownUntil);
    expect(net.record(0)).to.include({ rating: 0n, capacity: 0n, bond: 500_000_000n });
    expect(net.record(1).score.track).to.equal(1);
    expect(net.record(1).failed).to.equal(0);
  });

  it("show the values of a node that went away after its result", async () => {
    const net = new TestNet(engine).fill();
    const { judgesDrawn, shownUntil } = stagesOf(net.chain);
    await net.advanceTo(judgesDrawn);
    const [first] = net.nodes;
    if (first !== undefined) first.isAway = true;
    await net.advanceTo(shownUntil);
    expect(net.record(0).score.track).to.equal(1);
    // It judged none of the four.
    expect(net.record(0).failed).to.equal(250);
  });

  it("go on after a restart, and judge also where they take no part", async () => {
    const net = new TestNet(engine).fill();
    const [first, second] = net.nodes;
    second?.restart({ isEnabled: false });
    const { commitsUntil, judgesDrawn, shownUntil } = stagesOf(net.chain);
    await net.advanceTo(commitsUntil);
    first?.restart({});
    await net.advanceTo(judgesDrawn);
    first?.restart({});
    await net.advanceTo(shownUntil);
    expect(net.record(0).score.track).to.equal(1);
    expect(net.record(1).score).to.deep.equal(NO_SCORE);
    expect([0, 1, 2, 3, 4].map((index) => net.record(index).failed)).to.deep.equal(
      Array(5).fill(0),
    );
  });

  for (const [what, recipe, warning] of [
    ["the rules refuse", { ...QUICK, epochs: 1000, width: 1024 }, "rules refuse"],
    ["diverges", { ...QUICK, learningRate: 10_000_000, batchSize: 1 }, "diverges"],
  ] as const) {
    it(`take no part by a recipe that ${what}, and say so once`, async () => {
      const net = new TestNet(engine, 3).fill({ 0: { recipe } });
      await net.advanceTo(stagesOf(net.chain).commitsUntil);
      expect(net.nodes[0]?.warnings).to.have.length(1);
      expect(net.nodes[0]?.warnings[0]).to.contain(warning);
      expect(net.chain.head.state.trackEntries.map(({ node }) => node)).to.deep.equal([1, 2]);
    });
  }

  it("report no result if the recipe was changed after the commitment", async () => {
    const net = new TestNet(engine, 3).fill();
    const { commitsUntil, judgesDrawn } = stagesOf(net.chain);
    await net.advanceTo(commitsUntil);
    net.nodes[0]?.restart({ recipe: { ...QUICK, width: 24 } });
    await net.advanceTo(judgesDrawn);
    expect(entryOf(net.chain, 0).counts).to.deep.equal([]);
    expect(net.nodes[0]?.warnings).to.have.length(1);
  });
});
