/**
 * This node's part in benchmark windows: works a lane on every worker while the window is open,
 * claims what it finished, and serves its states to those who verify (segment-verifier.ts verifies
 * the others').
 */

import { merkleProof, merkleRoot } from "../../chain/proof/hash-tree.ts";
import { laneSeed } from "../../chain/rating/window.ts";
import { ZERO_HASH } from "../../chain/types/primitive.ts";
import { ENERGY_SOURCES, MAX_LANES, type Window } from "../../chain/types/window.ts";
import type { EnergyMeter } from "../../ml/energy/meter.ts";
import type { Chain } from "../chain/chain.ts";
import type { DutySender } from "../chain/duty-sender.ts";
import { SingleFlight } from "../single-flight.ts";
import type { NodeLog } from "../telemetry/log.ts";
import { windowCommitPayload } from "../wallet/payload.ts";
import type { Workers } from "../workers/tasks.ts";
import type { LaneStates } from "./lane-states.ts";
import type { SegmentExchange, SegmentPlace, ServedSegment } from "./segment-exchange.ts";

export interface WindowModules {
  readonly chain: Chain;
  readonly duties: DutySender;
  readonly workers: Workers;
  readonly states: LaneStates;
  readonly segments: SegmentExchange;
  readonly log: NodeLog;
  readonly meter: EnergyMeter;
  /** Workers that are there to work now. */
  lanes(): number;
  /** Peer id of a node. */
  peerOf(node: number): string;
}

const MAX_SEGMENTS = 100_000;
const LANE_DEADLINE_MS = 3_600_000;

export class WindowService {
  readonly #publicKey: Uint8Array;
  readonly #modules: WindowModules;
  readonly #flights: SingleFlight;
  #end: AbortController | undefined;

  constructor({ publicKey }: { publicKey: Uint8Array }, modules: WindowModules) {
    this.#publicKey = publicKey;
    this.#modules = modules;
    this.#flights = new SingleFlight((key, error) => {
      modules.log.warn("window work failed", { run: key, reason: String(error) });
    });
    modules.segments.serve((place, peer) => this.#served(place, peer));
  }

  onBlock(): void {
    const { height, window, nodes } = this.#modules.chain.state;
    const index = this.#modules.chain.state.nodeIndex(this.#publicKey);
    if (index === undefined || window.number === 0) return;
    const node = nodes.at(index);
    const isMember = node.registeredAt < window.opens && node.slashedAt === 0;
    if (height === window.opens && isMember) {
      this.#flights.start(`window/${window.number}`, () => this.#work(window));
    }
    if (height >= window.closes) this.#end?.abort();
  }

  stop(): void {
    this.#end?.abort();
    this.#flights.stop();
  }

  async #work({ number, opens, closes, mix }: Window): Promise<void> {
    const { states, chain, log, duties } = this.#modules;
    const end = new AbortController();
    this.#end = end;
    await states.begin(number);
    if (chain.height >= closes) return;
    const count = Math.min(MAX_LANES, Math.max(1, this.#modules.lanes()));
    const stop = await this.#modules.meter.start();
    const lanes = await Promise.all(
      Array.from({ length: count }, (_, lane) => this.#workLane(mix, lane, end.signal)),
    );
    const energy = await stop(count);
    const segments = lanes.reduce((sum, hashes) => sum + Math.max(0, hashes.length - 1), 0);
    log.info("window worked", { window: number, lanes: count, segments });
    if (segments === 0) return;
    await states.finish({ window: number, lanes });
    const claims = lanes.map((hashes) =>
      hashes.length < 2
        ? { segments: 0, checkpointRoot: ZERO_HASH }
        : { segments: hashes.length - 1, checkpointRoot: merkleRoot(hashes) },
    );
    await duties.send(
      windowCommitPayload({
        window: number,
        opens,
        lanes: claims,
        energyMillijoules: energy.millijoules,
        energySource: ENERGY_SOURCES.indexOf(energy.source),
      }),
      chain.state.parameters.claimBlocks,
    );
  }

  /** @returns hashes of the states at all boundaries */
  async #workLane(mix: Uint8Array, lane: number, until: AbortSignal): Promise<Uint8Array[]> {
    const { workers, states, chain } = this.#modules;
    const { checkpoints } = await workers.baseline(
      {
        task: chain.state.parameters.baselineTask,
        seed: laneSeed(mix, this.#publicKey, lane),
        stepsPerSegment: chain.state.parameters.segmentSteps,
        maxSegments: MAX_SEGMENTS,
      },
      {
        until,
        deadlineMs: LANE_DEADLINE_MS,
        onState: (index, state) => states.put(lane, index, state),
      },
    );
    return checkpoints.map((hash) => hash.slice());
  }

  /**
   * A segment goes to those drawn to replay it and to nobody else: the state it starts from ends the
   * segment before, and the hash of an end state is what proves that somebody computed it.
   */
  async #served(
    { window, lane, index }: SegmentPlace,
    peer: string,
  ): Promise<ServedSegment | undefined> {
    const { chain, states, peerOf } = this.#modules;
    const own = chain.state.nodeIndex(this.#publicKey);
    const claim = chain.state.claims.find(({ node }) => node === own);
    const isDrawn = [...(claim?.checks ?? []), ...(claim?.appeal ?? [])].some(
      (check) => check.lane === lane && check.segment === index && peerOf(check.verifier) === peer,
    );
    if (!isDrawn) return undefined;
    const hashes = (await states.worked(window))?.lanes[lane];
    if (hashes === undefined || index + 1 >= hashes.length) return undefined;
    const startState = await states.get(window, lane, index);
    if (startState === undefined) return undefined;
    return {
      startState,
      startPath: [...merkleProof(hashes, index).siblings],
      endPath: [...merkleProof(hashes, index + 1).siblings],
    };
  }
}
