/**
 * This node's part in benchmark windows: works a lane while the window is open, claims what it
 * finished, serves its states, and replays the segments it was drawn to verify.
 */
import { sha256 } from "../../chain/crypto/hash.ts";
import { merkleProof, verifyMerkleProof } from "../../chain/proof/hash-tree.ts";
import { laneSeed, type WindowSchedule, windowAt } from "../../chain/rating/window.ts";
import { VERDICTS, type WindowClaim } from "../../chain/types/node.ts";
import type { Chain } from "../chain/chain.ts";
import type { DutySender } from "../chain/duty-sender.ts";
import { SingleFlight } from "../single-flight.ts";
import type { NodeLog } from "../telemetry/log.ts";
import { windowCommitPayload, windowVerdictPayload } from "../wallet/payload.ts";
import type { BaselineTaskResult, Workers } from "../workers/tasks.ts";
import { WorkerError } from "../workers/worker-error.ts";
import type { LaneStates } from "./lane-states.ts";
import type { SegmentExchange, ServedSegment } from "./segment-exchange.ts";

export interface WindowModules {
  readonly chain: Chain;
  readonly duties: DutySender;
  readonly workers: Workers;
  readonly states: LaneStates;
  readonly segments: SegmentExchange;
  readonly log: NodeLog;
  /** Peer id of a node. */
  peerOf(node: number): string;
}

type Verdict = (typeof VERDICTS)[number];

const LANE = 0;
const MAX_SEGMENTS = 100_000;
const LANE_DEADLINE_MS = 3_600_000;
const REPLAY_MS = 60_000;
const ASK_TRIES = 3;

export class WindowService {
  readonly #publicKey: Uint8Array;
  readonly #modules: WindowModules;
  readonly #flights: SingleFlight;
  /** Nodes whose claim of this window was judged here; the verdict may not be final yet. */
  readonly #verified = new Set<number>();
  #lane:
    | { window: number; end: AbortController; result: BaselineTaskResult | undefined }
    | undefined;

  constructor({ publicKey }: { publicKey: Uint8Array }, modules: WindowModules) {
    this.#publicKey = publicKey;
    this.#modules = modules;
    this.#flights = new SingleFlight((key, error) => {
      modules.log.warn("window work failed", { run: key, reason: String(error) });
    });
    modules.segments.serve((window, index) => this.#served(window, index));
  }

  onBlock(): void {
    const { state } = this.#modules.chain;
    const node = state.nodeIndex(this.#publicKey);
    const schedule = windowAt(state.height, state.parameters);
    if (node === undefined || schedule === undefined) return;
    const isMember = state.nodes.at(node).registeredAt < schedule.opens;
    if (state.height === schedule.opens && isMember) {
      const seed = laneSeed(state.meta.mix, this.#publicKey, LANE);
      this.#flights.start(`lane/${schedule.window}`, () => this.#work(schedule, seed));
    }
    if (state.height >= schedule.closes) this.#lane?.end.abort();
    if (state.claims.length === 0) this.#verified.clear();
    for (const claim of state.claims) {
      const position = claim.verifiers.indexOf(node);
      if (position === -1 || claim.verdicts[position] !== 0) continue;
      if (this.#verified.has(claim.node)) continue;
      this.#flights.start(`verify/${claim.window}/${claim.node}`, () =>
        this.#verify(claim, position),
      );
    }
  }

  stop(): void {
    this.#lane?.end.abort();
    this.#flights.stop();
  }

  async #work({ window, closes }: WindowSchedule, seed: Uint8Array): Promise<void> {
    const { workers, states, chain, log, duties } = this.#modules;
    const end = new AbortController();
    const lane = { window, end, result: undefined as BaselineTaskResult | undefined };
    this.#lane = lane;
    await states.begin(window);
    if (chain.height >= closes) return;
    const stepsPerSegment = chain.state.parameters.segmentSteps;
    const result = await workers.baseline(
      { seed, stepsPerSegment, maxSegments: MAX_SEGMENTS },
      {
        until: end.signal,
        deadlineMs: LANE_DEADLINE_MS,
        onState: (index, state) => states.put(index, state),
      },
    );
    await states.flush();
    lane.result = result;
    const { segments, checkpointRoot } = result;
    log.info("window worked", { window, segments });
    if (segments === 0) return;
    await duties.send(
      windowCommitPayload({ window, segments, checkpointRoot: checkpointRoot.slice() }),
      chain.state.parameters.claimBlocks,
    );
  }

  async #served(window: number, index: number): Promise<ServedSegment | undefined> {
    const result = this.#lane?.window === window ? this.#lane.result : undefined;
    if (result === undefined || index >= result.segments) return undefined;
    const startState = await this.#modules.states.get(window, index);
    if (startState === undefined) return undefined;
    return {
      startState,
      startPath: [...merkleProof(result.checkpoints, index).siblings],
      endPath: [...merkleProof(result.checkpoints, index + 1).siblings],
    };
  }

  async #verify(claim: WindowClaim, position: number): Promise<void> {
    const { duties, chain, log } = this.#modules;
    const verdict = await this.#judge(claim, claim.segmentsDrawn[position] ?? 0);
    log.info("segment verified", { window: claim.window, node: claim.node, verdict });
    const { window, node } = claim;
    this.#verified.add(node);
    const value = VERDICTS.indexOf(verdict);
    const lifetime = chain.state.parameters.verdictBlocks;
    await duties.send(windowVerdictPayload({ window, node, verdict: value }), lifetime);
  }

  async #judge(claim: WindowClaim, index: number): Promise<Verdict> {
    const served = await this.#fetch(claim, index);
    if (served === undefined) return "not-served";
    const { chain, workers } = this.#modules;
    const count = claim.segments + 1;
    const start = { index, count, siblings: served.startPath };
    const startHash = sha256(served.startState);
    if (!verifyMerkleProof(claim.checkpointRoot, startHash, start)) return "not-served";
    const { parameters, meta } = chain.state;
    const seed = laneSeed(meta.windowMix, chain.state.nodes.at(claim.node).publicKey, LANE);
    const endHash = await replayed(() =>
      workers.replay(
        { seed, index, stepsPerSegment: parameters.segmentSteps, startState: served.startState },
        { deadlineMs: REPLAY_MS },
      ),
    );
    if (endHash === undefined) return "mismatch";
    const end = { index: index + 1, count, siblings: served.endPath };
    return verifyMerkleProof(claim.checkpointRoot, endHash, end) ? "match" : "mismatch";
  }

  async #fetch(claim: WindowClaim, index: number): Promise<ServedSegment | undefined> {
    const { segments, peerOf } = this.#modules;
    for (let attempt = 0; attempt < ASK_TRIES; attempt++) {
      const served = await segments.ask(peerOf(claim.node), claim.window, index);
      if (served !== undefined) return served;
    }
    return undefined;
  }
}

/** Undefined when the committed start state is no state of this task at all. */
async function replayed(replay: () => Promise<Uint8Array>): Promise<Uint8Array | undefined> {
  try {
    return await replay();
  } catch (error) {
    const { facts } = error instanceof WorkerError ? error : {};
    if (facts?.code === "TASK_FAILED" && facts.reason === "BAD_CHECKPOINT") return undefined;
    throw error;
  }
}
