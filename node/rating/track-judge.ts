/**
 * This node as judge on the open track: repeats the training and test of those it was drawn for, from
 * the chain's values alone, and answers under seal. Where it agrees it shows what the seals hide if
 * the node itself is away.
 */
import { equalBytes, sha256, toHex } from "../../chain/crypto/hash.ts";
import { isShown, outputsDigest, type TrackAnswer, trackSeal } from "../../chain/track/proof.ts";
import { isTrackUnderWay } from "../../chain/track/stages.ts";
import { ZERO_HASH } from "../../chain/types/primitive.ts";
import type { Track, TrackEntry } from "../../chain/types/track.ts";
import { payloadOf } from "../wallet/payload.ts";
import { answerOf, DIVERGED, isDivergence, TRACK_RUN_MS } from "./track-answer.ts";
import { TrackDuties } from "./track-duties.ts";
import type { TrackModules } from "./track-service.ts";

/** Blocks in which the node itself should have shown it. */
const SHOW_GRACE = 1;

export class TrackJudge {
  readonly #publicKey: Uint8Array;
  readonly #modules: TrackModules;
  readonly #duties: TrackDuties;
  /** Outputs of those it agreed with in `#track`, by node. */
  readonly #agreed = new Map<number, Uint8Array>();
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
      this.#agreed.clear();
    }
    const own = state.nodeIndex(this.#publicKey);
    if (own === undefined || !isTrackUnderWay(track) || height < track.resultsUntil) return;
    for (const entry of inOwnOrder(state.trackEntries, this.#publicKey)) {
      const seat = entry.judges.find(({ node }) => node === own);
      if (seat === undefined) continue;
      if (height < track.verdictsUntil && equalBytes(seat.seal, ZERO_HASH)) {
        const duty = `judge/${entry.node}`;
        this.#duties.start(track, duty, (signal) => this.#judge(track, entry, signal));
      }
      const outputs = this.#agreed.get(entry.node);
      const isTime = height >= track.verdictsUntil + SHOW_GRACE && height < track.shownUntil;
      if (isTime && outputs !== undefined && !isShown(entry)) {
        this.#duties.start(track, `show/${entry.node}`, () => this.#show(track, entry, outputs));
      }
    }
  }

  stop(): void {
    this.#duties.stop();
  }

  async #judge(track: Track, entry: TrackEntry, signal: AbortSignal): Promise<void> {
    const { duties, chain, log } = this.#modules;
    const { number, verdictsUntil } = track;
    const answer = await this.#repeat(track, entry, signal);
    const isSame = equalBytes(outputsDigest(answer.outputs), entry.outputsDigest);
    if (isSame) this.#agreed.set(entry.node, answer.outputs);
    log.info("judged on the open track", { track: number, node: entry.node, agrees: isSame });
    const seal = trackSeal(answer, this.#publicKey);
    const payload = payloadOf("track-verdict", { track: number, node: entry.node, seal });
    await duties.send(payload, verdictsUntil - chain.state.height);
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
    outputs: Uint8Array,
  ): Promise<void> {
    const { duties, chain } = this.#modules;
    const payload = payloadOf("track-show", { track: number, node, outputs });
    await duties.send(payload, shownUntil - chain.state.height);
  }
}

/**
 * Every judge begins elsewhere: of more entries than all can be repeated, each has somebody who looks
 * at it, and nobody hides behind those that came before it.
 */
function inOwnOrder(entries: readonly TrackEntry[], publicKey: Uint8Array): TrackEntry[] {
  return entries
    .map((entry) => ({ entry, rank: toHex(sha256(publicKey, entry.commitment)) }))
    .sort((a, b) => (a.rank < b.rank ? -1 : 1))
    .map(({ entry }) => entry);
}
