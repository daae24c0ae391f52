/**
 * This node's part in benchmark windows: it works a lane on every worker while the window is open, claims the finished
 * segments, serves its states to verifiers, and shows a disputed state once a committee has answered.
 * (segment-verifier.ts and committee-member.ts check the others.)
 */

import { isOpened } from "../../chain/committee/seal.ts";
import { equalBytes } from "../../chain/crypto/hash.ts";
import { merkleProof, merkleRoot } from "../../chain/proof/hash-tree.ts";
import { appealStages, areSealsIn } from "../../chain/rating/appeal.ts";
import type { Place } from "../../chain/rating/draw-segments.ts";
import { laneSeed } from "../../chain/rating/window.ts";
import { ZERO_HASH } from "../../chain/types/primitive.ts";
import { payloadOf } from "../../chain/types/transaction.ts";
import { type Appeal, ENERGY_SOURCES, MAX_LANES, type Window } from "../../chain/types/window.ts";
import { disturbance } from "../../ml/baseline/core-share.ts";
import type { EnergyReading } from "../../ml/energy/counter.ts";
import type { EnergyMeter } from "../../ml/energy/meter.ts";
import type { Chain } from "../chain/chain.ts";
import type { DutySender } from "../chain/duty-sender.ts";
import { SingleFlight } from "../single-flight.ts";
import type { NodeLog } from "../telemetry/log.ts";
import type { Workers } from "../workers/workers.ts";
import { findingOn } from "./judge-segment.ts";
import type { LaneStates, LaneWriter, WorkedLanes } from "./lane-states.ts";
import type { SegmentExchange, SegmentPlace, ServedSegment } from "./segment-exchange.ts";

export interface WindowModules {
  readonly chain: Pick<Chain, "state" | "height">;
  readonly duties: Pick<DutySender, "send">;
  readonly workers: Pick<Workers, "baseline">;
  readonly states: LaneStates;
  readonly segments: Pick<SegmentExchange, "serve">;
  readonly log: NodeLog;
  readonly meter: Pick<EnergyMeter, "start">;
  /** Workers that are free for a window now. */
  lanes(): number;
  /** Peer id of a node. */
  peerOf(node: number): string;
}

/** This node's work in a window, for its owner. */
export interface WindowWork {
  readonly window: number;
  readonly lanes: number;
  readonly segments: number;
  /** The smallest share of a core that a lane had, 0 to 1; undefined: no lane was completed. */
  readonly coreShare: number | undefined;
}

const MAX_SEGMENTS = 100_000;
const LANE_DEADLINE_MS = 3_600_000;

export class WindowService {
  readonly #publicKey: Uint8Array;
  readonly #modules: WindowModules;
  readonly #flights: SingleFlight;
  #end: AbortController | undefined;
  /** The window in which this process began to work. */
  #begun = 0;
  /** Height of the call for the committee whose disputed state was shown last. */
  #shown = 0;
  #last: WindowWork | undefined;

  constructor({ publicKey }: { publicKey: Uint8Array }, modules: WindowModules) {
    this.#publicKey = publicKey;
    this.#modules = modules;
    this.#flights = new SingleFlight((key, error) => {
      modules.log.warn("window work failed", { run: key, reason: String(error) });
    });
    modules.segments.serve((place, peer) => this.#served(place, peer));
  }

  onBlock(): void {
    const { state } = this.#modules.chain;
    const { height, window, nodes } = state;
    const index = state.nodeIndex(this.#publicKey);
    if (index === undefined || window.number === 0) return;
    const node = nodes.at(index);
    const isMember = node.registeredAt < window.opens && node.slashedAt === 0;
    const isOpen = height >= window.opens && height < window.closes;
    if (isOpen && isMember && this.#begun !== window.number) {
      // After a pause or a restart less of the window is left, and less is claimed.
      this.#begun = window.number;
      this.#flights.start(`window/${window.number}`, () => this.#work(window));
    }
    if (height >= window.closes) this.#end?.abort();
    const appeal = state.claims.find((claim) => claim.node === index)?.appeal;
    const isDue =
      appeal !== undefined && areSealsIn(appeal, height + 1, state) && !isOpened(appeal);
    if (isDue && this.#shown !== appeal.called) {
      this.#flights.start(`show/${appeal.called}`, () => this.#show(index, appeal, window));
    }
  }

  /** The last window that this process worked in. */
  get last(): WindowWork | undefined {
    return this.#last;
  }

  stop(): void {
    this.#end?.abort();
    this.#flights.stop();
  }

  async #work(window: Window): Promise<void> {
    const { states, chain, log } = this.#modules;
    const { number, closes, mix } = window;
    const end = new AbortController();
    this.#end = end;
    const writer = await states.begin(window);
    if (writer === undefined) {
      log.info("window worked before a restart; its claim stands", { window: number });
      return;
    }
    if (chain.height >= closes) return;
    const count = Math.min(MAX_LANES, Math.max(1, this.#modules.lanes()));
    const stop = await this.#modules.meter.start();
    const lanes = await Promise.all(
      Array.from({ length: count }, (_, lane) => this.#workLane(mix, lane, writer, end.signal)),
    );
    const energy = await stop(count);
    const segments = lanes.reduce((sum, lane) => sum + lane.segments, 0);
    this.#report({ window: number, lanes: count, segments, coreShare: leastShare(lanes) });
    if (segments === 0) return;
    const kept = await writer.finish(lanes.map(({ hashes }) => hashes));
    const lost = segments - segmentsIn(kept);
    if (lost > 0) {
      const reason = String(
        writer.failure ?? "stored states differ from those that a worker computed",
      );
      log.warn("claims less than it worked: some states could not be stored", { lost, reason });
    }
    await this.#claim(window, kept, energy);
  }

  async #claim(
    { number, opens, claimsUntil }: Window,
    lanes: WorkedLanes,
    energy: EnergyReading,
  ): Promise<void> {
    const { chain, duties, log } = this.#modules;
    if (segmentsIn(lanes) === 0) return;
    const blocks = claimsUntil - chain.height;
    if (blocks < 1) {
      log.warn("too late to claim a window: only this window is lost", {
        window: number,
      });
      return;
    }
    const claims = lanes.map((hashes) =>
      hashes.length < 2
        ? { segments: 0, checkpointRoot: ZERO_HASH }
        : { segments: hashes.length - 1, checkpointRoot: merkleRoot(hashes) },
    );
    const payload = payloadOf("window-commit", {
      window: number,
      opens,
      lanes: claims,
      energyMillijoules: energy.millijoules,
      energySource: ENERGY_SOURCES.indexOf(energy.source),
    });
    await duties.send(payload, blocks);
  }

  /** Explains low figures to the owner: other programs may have used the machine. */
  #report(work: WindowWork): void {
    this.#last = work;
    const { log } = this.#modules;
    log.info("window worked", { ...work });
    const disturbed = work.coreShare === undefined ? undefined : disturbance(work.coreShare);
    if (disturbed !== undefined) {
      log.warn("the window measured a low capacity of this node", {
        window: work.window,
        disturbed,
      });
    }
  }

  /** For a lane whose worker fails nothing is claimed; the others continue. */
  async #workLane(
    mix: Uint8Array,
    lane: number,
    writer: LaneWriter,
    until: AbortSignal,
  ): Promise<WorkedLane> {
    const { workers, chain, log } = this.#modules;
    const task = {
      task: chain.state.parameters.baselineTask,
      seed: laneSeed(mix, this.#publicKey, lane),
      stepsPerSegment: chain.state.parameters.segmentSteps,
      maxSegments: MAX_SEGMENTS,
    };
    try {
      const { checkpoints, segments, coreShare } = await workers.baseline(task, {
        until,
        deadlineMs: LANE_DEADLINE_MS,
        onState: (index, state) => writer.put(lane, index, state),
      });
      return { hashes: checkpoints.map((hash) => hash.slice()), segments, coreShare };
    } catch (error) {
      log.warn("a lane of the window failed", { lane, reason: String(error) });
      return { hashes: [], segments: 0, coreShare: undefined };
    }
  }

  /** Shows the end state of a disputed segment: seals that were made from it are matches. */
  async #show(node: number, appeal: Appeal, window: Window): Promise<void> {
    const { states, chain, duties } = this.#modules;
    const { number } = window;
    const { lane, segment } = appeal;
    const hashes = (await states.worked(window))?.[lane];
    const endHash = hashes?.[segment + 1];
    if (hashes === undefined || endHash === undefined) return;
    const path = [...merkleProof(hashes, segment + 1).siblings];
    const finding = findingOn(appeal, "match", { endHash, path });
    const lifetime = Math.max(1, appealStages(appeal, chain.state).shownUntil - chain.height);
    await duties.send(
      payloadOf("window-verdict", { window: number, node, findings: [finding] }),
      lifetime,
    );
    this.#shown = appeal.called;
  }

  /**
   * A segment is sent only to the nodes drawn to replay it: its start state is the end state of the previous segment,
   * and knowing the hash of an end state proves that a node computed it.
   */
  async #served(
    { window, lane, index }: SegmentPlace,
    peer: string,
  ): Promise<ServedSegment | undefined> {
    const { chain, states, peerOf } = this.#modules;
    const own = chain.state.nodeIndex(this.#publicKey);
    const claim = chain.state.claims.find(({ node }) => node === own);
    if (claim === undefined) return undefined;
    const isHere = (place: Place): boolean => place.lane === lane && place.segment === index;
    const members = isHere(claim.appeal) ? claim.appeal.members : [];
    const drawn = [...claim.checks.filter(isHere), ...members];
    if (!drawn.some(({ verifier }) => peerOf(verifier) === peer)) return undefined;
    const present = chain.state.window;
    if (present.number !== window) return undefined;
    const hashes = (await states.worked(present))?.[lane];
    if (hashes === undefined || index + 1 >= hashes.length) return undefined;
    const root = claim.lanes[lane]?.checkpointRoot ?? ZERO_HASH;
    if (!equalBytes(merkleRoot(hashes), root)) return undefined;
    const startState = await states.get(present, lane, index);
    if (startState === undefined) return undefined;
    return {
      startState,
      startPath: [...merkleProof(hashes, index).siblings],
      endPath: [...merkleProof(hashes, index + 1).siblings],
    };
  }
}

interface WorkedLane {
  /** Of the states at all boundaries. */
  readonly hashes: readonly Uint8Array[];
  readonly segments: number;
  readonly coreShare: number | undefined;
}

function segmentsIn(lanes: WorkedLanes): number {
  return lanes.reduce((sum, hashes) => sum + Math.max(0, hashes.length - 1), 0);
}

function leastShare(lanes: readonly WorkedLane[]): number | undefined {
  const shares = lanes.flatMap(({ coreShare }) => (coreShare === undefined ? [] : [coreShare]));
  return shares.length === 0 ? undefined : Math.min(...shares);
}
