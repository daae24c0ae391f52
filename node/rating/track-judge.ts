/**
 * This node as judge on the open track: it repeats the training and test of the nodes for which it was drawn, from the
 * chain's values alone, and answers under seal. When seals are no longer accepted, it shows its result: another answer
 * at once; a matching one only if the judged node does not show it.
 */
import { explains } from "../../chain/committee/ruling.ts";
import { equalBytes, sha256, toHex } from "../../chain/crypto/hash.ts";
import {
  answerHash,
  isShown,
  outputsDigest,
  type TrackAnswer,
  trackSeal,
} from "../../chain/track/proof.ts";
import { isTrackUnderWay } from "../../chain/track/stages.ts";
import { ZERO_HASH } from "../../chain/types/primitive.ts";
import type { Track, TrackEntry, TrackJudge as TrackJudgeSeat } from "../../chain/types/track.ts";
import { payloadOf } from "../../chain/types/transaction.ts";
import { SealedAnswers } from "../sealed-answers.ts";
import { answerOf, DIVERGED, isDivergence, TRACK_RUN_MS } from "./track-answer.ts";
import { TrackDuties } from "./track-duties.ts";
import type { TrackModules } from "./track-service.ts";

/** Blocks in which the judged node should have shown it. */
const SHOW_GRACE = 1;

export class TrackJudge {
  readonly #publicKey: Uint8Array;
  readonly #modules: TrackModules;
  readonly #duties: TrackDuties;
  /** The results of its own repetitions in `#track`, by node. */
  readonly #answers = new SealedAnswers<TrackAnswer>();
  #track = 0;

  constructor({ publicKey }: { publicKey: Uint8Array }, modules: TrackModules) {
    this.#publicKey = publicKey;
    this.#modules = modules;
    this.#duties = new TrackDuties(modules.log);
  }

  onBlock(): void {
    const { state } = this.#modules.chain;
    const { track, height } = state;
    if (track.number !== this.#track) {
      this.#track = track.number;
      this.#answers.keepOnly(() => false);
    }
    const own = state.nodeIndex(this.#publicKey);
    if (own === undefined || !isTrackUnderWay(track) || height < track.resultsUntil) return;
    for (const entry of inOwnOrder(state.trackEntries, this.#publicKey)) {
      const seat = entry.judges.find(({ node }) => node === own);
      if (seat === undefined) continue;
      const isSealed = !equalBytes(seat.seal, ZERO_HASH);
      if (height < track.verdictsUntil && !isSealed) {
        const duty = `judge/${entry.node}`;
        this.#duties.start(track, duty, (signal) => this.#judge(track, entry, signal));
      }
      const isOpen = height >= track.verdictsUntil && height < track.shownUntil;
      if (isOpen && isSealed) this.#explain(track, entry, seat);
    }
  }

  stop(): void {
    this.#duties.stop();
  }

  async #judge(track: Track, entry: TrackEntry, signal: AbortSignal): Promise<void> {
    const { duties, chain, log } = this.#modules;
    const { number, verdictsUntil } = track;
    const answer = await this.#repeat(track, entry, signal);
    const agrees = isSame(answer, entry);
    this.#answers.keep(keyOf(entry), answer, { isMatch: agrees });
    log.info("judged on the open track", { track: number, node: entry.node, agrees });
    const seal = trackSeal(answer, this.#publicKey);
    const payload = payloadOf("track-verdict", { track: number, node: entry.node, seal });
    await duties.send(payload, verdictsUntil - chain.state.height);
  }

  /** Shows the values from which the seal of this judge was made. */
  #explain(track: Track, entry: TrackEntry, { seal, reached }: TrackJudgeSeat): void {
    const { height } = this.#modules.chain.state;
    const isRead =
      !equalBytes(reached, ZERO_HASH) ||
      (isShown(entry) && explains(answerHash(entry), { seal, publicKey: this.#publicKey }));
    if (isRead) return;
    if (!this.#answers.has(keyOf(entry))) {
      // Sealed before a restart: all of it can be made again.
      const recall = async (signal: AbortSignal): Promise<void> => {
        const again = await this.#repeat(track, entry, signal);
        this.#answers.keep(keyOf(entry), again, { isMatch: isSame(again, entry) });
      };
      this.#duties.start(track, `recall/${entry.node}`, recall);
      return;
    }
    const turn = { from: track.verdictsUntil, after: SHOW_GRACE, height, isOpened: isShown(entry) };
    const answer = this.#answers.due(keyOf(entry), turn);
    if (answer === undefined) return;
    const shown = isSame(answer, entry)
      ? { outputs: answer.outputs, reached: ZERO_HASH }
      : { outputs: ZERO_HASH, reached: answerHash(answer) };
    this.#duties.start(track, `show/${entry.node}`, () => this.#show(track, entry, shown));
  }

  async #repeat(
    { task, mix, testMix }: Track,
    { node, recipe }: TrackEntry,
    signal: AbortSignal,
  ): Promise<TrackAnswer> {
    const { workers, chain } = this.#modules;
    const { publicKey } = chain.state.nodes.at(node);
    try {
      const run = { task, mix, testMix, publicKey, recipe };
      return answerOf(await workers.track(run, { deadlineMs: TRACK_RUN_MS, signal }));
    } catch (error) {
      if (isDivergence(error)) return DIVERGED;
      throw error;
    }
  }

  async #show(
    { number, shownUntil }: Track,
    { node }: TrackEntry,
    shown: { readonly outputs: Uint8Array; readonly reached: Uint8Array },
  ): Promise<void> {
    const { duties, chain } = this.#modules;
    const payload = payloadOf("track-show", { track: number, node, ...shown });
    await duties.send(payload, shownUntil - chain.state.height);
  }
}

function keyOf({ node }: TrackEntry): string {
  return `${node}`;
}

/** Whether the reported result equals that of the repetition. */
function isSame(
  answer: TrackAnswer,
  { weights, counts, outputsDigest: told }: TrackEntry,
): boolean {
  const { outputs } = answer;
  const theirs = answerHash({ weights, counts, outputs });
  return equalBytes(outputsDigest(outputs), told) && equalBytes(answerHash(answer), theirs);
}

/**
 * Every judge begins elsewhere: if there are more entries than can be repeated, each is still judged by somebody, and
 * no entry can hide behind earlier ones.
 */
function inOwnOrder(entries: readonly TrackEntry[], publicKey: Uint8Array): TrackEntry[] {
  return entries
    .map((entry) => ({ entry, rank: toHex(sha256(publicKey, entry.commitment)) }))
    .sort((a, b) => (a.rank < b.rank ? -1 : 1))
    .map(({ entry }) => entry);
}
