/**
 * This node's part in the open track: it trains by its owner's recipe and commits to the result, reports how the model
 * performs on the test rows once their seed is known, and shows the values behind the judges' seals. (track-judge.ts
 * judges the others.)
 */
import { equalBytes } from "../../chain/crypto/hash.ts";
import {
  commitmentOf,
  hasResult,
  isShown,
  outputsDigest,
  type TrackAnswer,
} from "../../chain/track/proof.ts";
import { isTrackUnderWay } from "../../chain/track/stages.ts";
import { recipeFault, trackTask } from "../../chain/track/task.ts";
import { ZERO_HASH } from "../../chain/types/primitive.ts";
import type { Recipe, Track, TrackEntry } from "../../chain/types/track.ts";
import { payloadOf } from "../../chain/types/transaction.ts";
import type { Window } from "../../chain/types/window.ts";
import type { TrackRunResult } from "../../ml/track/run.ts";
import type { Chain } from "../chain/chain.ts";
import type { DutySender } from "../chain/duty-sender.ts";
import type { NodeLog } from "../telemetry/log.ts";
import type { Workers } from "../workers/workers.ts";
import { answerOf, isDivergence, TRACK_RUN_MS } from "./track-answer.ts";
import { TrackDuties } from "./track-duties.ts";
import { recipeFor } from "./track-recipe.ts";

export interface TrackModules {
  readonly chain: Pick<Chain, "state">;
  readonly duties: Pick<DutySender, "send">;
  readonly workers: Pick<Workers, "track">;
  readonly log: Pick<NodeLog, "info" | "warn">;
}

export interface TrackOptions {
  readonly publicKey: Uint8Array;
  /** False: the node does not take part. */
  readonly isEnabled: boolean;
  /** A field with the value 0 means the task's own value. */
  readonly recipe: Recipe;
}

export class TrackService {
  readonly #options: TrackOptions;
  readonly #modules: TrackModules;
  readonly #duties: TrackDuties;
  /** The values from which the result was made, to show them later; after a restart they are computed again. */
  #told: { readonly track: number; readonly answer: TrackAnswer } | undefined;

  constructor(options: TrackOptions, modules: TrackModules) {
    this.#options = options;
    this.#modules = modules;
    this.#duties = new TrackDuties(modules.log);
  }

  onBlock(): void {
    const { state } = this.#modules.chain;
    const { track, height } = state;
    const own = state.nodeIndex(this.#options.publicKey);
    if (own === undefined || !isTrackUnderWay(track)) return;
    const entry = state.trackEntries.find(({ node }) => node === own);
    if (entry === undefined) {
      const { registeredAt, slashedAt } = state.nodes.at(own);
      const isMember = registeredAt < track.opens && slashedAt === 0;
      if (!this.#options.isEnabled || !isMember || height >= track.commitsUntil) return;
      // Threads that train now would be missing in the benchmark.
      if (isOpen(state.window, height)) return;
      this.#duties.start(track, "commit", (signal) => this.#commit(track, signal));
    } else if (!hasResult(entry)) {
      if (height < track.revealed || height >= track.resultsUntil) return;
      this.#duties.start(track, "result", (signal) => this.#tell(track, entry, signal));
    } else if (!isShown(entry) && height >= track.verdictsUntil && height < track.shownUntil) {
      this.#duties.start(track, "show", (signal) => this.#show(track, entry, signal));
    }
  }

  stop(): void {
    this.#duties.stop();
  }

  async #commit(track: Track, signal: AbortSignal): Promise<void> {
    const { log } = this.#modules;
    const recipe = this.#recipe(track);
    const fault = recipeFault(trackTask(track.task), recipe);
    if (fault !== undefined) {
      log.warn("no part in the open track: its rules refuse the recipe", { ...fault });
      return;
    }
    let run: TrackRunResult;
    try {
      run = await this.#run(track, recipe, undefined, signal);
    } catch (error) {
      if (!isDivergence(error)) throw error;
      log.warn("no part in the open track: training by the recipe diverges", { ...recipe });
      return;
    }
    const commitment = commitmentOf(this.#options.publicKey, recipe, run.weights);
    log.info("committed on the open track", { track: track.number, ...recipe });
    const payload = payloadOf("track-commit", { track: track.number, commitment });
    await this.#send(payload, track.commitsUntil);
  }

  async #tell(track: Track, { commitment }: TrackEntry, signal: AbortSignal): Promise<void> {
    const { publicKey } = this.#options;
    const { log } = this.#modules;
    const recipe = this.#recipe(track);
    let run: TrackRunResult;
    try {
      run = await this.#run(track, recipe, track.testMix, signal);
    } catch (error) {
      if (!isDivergence(error)) throw error;
      log.warn("no result can be given: outputs on the test rows diverge", { ...recipe });
      return;
    }
    const answer = answerOf(run);
    const { weights, counts, outputs } = answer;
    if (!equalBytes(commitmentOf(publicKey, recipe, weights), commitment)) {
      log.warn("no result can be given: the recipe was changed after the commitment");
      return;
    }
    this.#told = { track: track.number, answer };
    const payload = payloadOf("track-result", {
      track: track.number,
      recipe,
      weights,
      counts: [...counts],
      outputsDigest: outputsDigest(outputs),
    });
    await this.#send(payload, track.resultsUntil);
  }

  async #show(track: Track, { node, recipe }: TrackEntry, signal: AbortSignal): Promise<void> {
    const isKnown = this.#told?.track === track.number;
    const answer =
      isKnown && this.#told !== undefined
        ? this.#told.answer
        : answerOf(await this.#run(track, recipe, track.testMix, signal));
    const { outputs } = answer;
    const payload = payloadOf("track-show", {
      track: track.number,
      node,
      outputs,
      reached: ZERO_HASH,
    });
    await this.#send(payload, track.shownUntil);
  }

  #recipe({ task }: Track): Recipe {
    return recipeFor(trackTask(task), this.#options.recipe);
  }

  #run(
    { task, mix }: Track,
    recipe: Recipe,
    testMix: Uint8Array | undefined,
    signal: AbortSignal,
  ): Promise<TrackRunResult> {
    const { publicKey } = this.#options;
    const run = { task, mix, publicKey, recipe, testMix };
    return this.#modules.workers.track(run, { deadlineMs: TRACK_RUN_MS, signal });
  }

  async #send(payload: Parameters<DutySender["send"]>[0], until: number): Promise<void> {
    const { duties, chain } = this.#modules;
    await duties.send(payload, until - chain.state.height);
  }
}

function isOpen({ opens, closes }: Window, height: number): boolean {
  return height >= opens && height < closes;
}
