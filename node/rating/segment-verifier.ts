/**
 * This node as verifier: replays the segments it was drawn for, in a window's claims and in disputes
 * about them, and reports what it found. A match is reported with the end state it came to.
 */
import { sha256 } from "../../chain/crypto/hash.ts";
import { verifyMerkleProof } from "../../chain/proof/hash-tree.ts";
import { laneSeed } from "../../chain/rating/window.ts";
import { VERDICTS } from "../../chain/types/node.ts";
import { ZERO_HASH } from "../../chain/types/primitive.ts";
import type { Finding } from "../../chain/types/transaction.ts";
import type { Check, WindowClaim } from "../../chain/types/window.ts";
import type { Chain } from "../chain/chain.ts";
import type { DutySender } from "../chain/duty-sender.ts";
import { SingleFlight } from "../single-flight.ts";
import type { NodeLog } from "../telemetry/log.ts";
import { windowVerdictPayload } from "../wallet/payload.ts";
import type { Workers } from "../workers/tasks.ts";
import { WorkerError } from "../workers/worker-error.ts";
import type { SegmentExchange, ServedSegment } from "./segment-exchange.ts";

export interface SegmentVerifierModules {
  readonly chain: Chain;
  readonly duties: DutySender;
  readonly workers: Workers;
  readonly segments: SegmentExchange;
  readonly log: NodeLog;
  /** Peer id of a node. */
  peerOf(node: number): string;
}

const REPLAY_MS = 60_000;
const ASK_TRIES = 3;

export class SegmentVerifier {
  readonly #publicKey: Uint8Array;
  readonly #modules: SegmentVerifierModules;
  readonly #flights: SingleFlight;
  /** Segments judged here; the verdict may not be final yet. */
  readonly #judged = new Set<string>();
  #window = 0;

  constructor({ publicKey }: { publicKey: Uint8Array }, modules: SegmentVerifierModules) {
    this.#publicKey = publicKey;
    this.#modules = modules;
    this.#flights = new SingleFlight((key, error) => {
      modules.log.warn("verification failed", { run: key, reason: String(error) });
    });
  }

  onBlock(): void {
    const { state } = this.#modules.chain;
    if (state.window.number !== this.#window) {
      this.#window = state.window.number;
      this.#judged.clear();
    }
    const own = state.nodeIndex(this.#publicKey);
    for (const claim of own === undefined ? [] : state.claims) {
      const due = [...claim.checks, ...claim.appeal].filter(
        (check) =>
          check.verifier === own &&
          check.verdict === 0 &&
          !this.#judged.has(placeName(claim.node, check)),
      );
      if (due.length === 0) continue;
      this.#flights.start(`verify/${this.#window}/${claim.node}`, () => this.#verify(claim, due));
    }
  }

  stop(): void {
    this.#flights.stop();
  }

  async #verify(claim: WindowClaim, due: readonly Check[]): Promise<void> {
    const { duties, chain, log } = this.#modules;
    const window = this.#window;
    const findings = new Map<string, Finding>();
    for (const check of due) {
      const place = placeName(claim.node, check);
      if (findings.has(place)) continue;
      findings.set(place, await this.#find(claim, check));
    }
    const verdicts = [...findings.values()].map(({ verdict }) => VERDICTS[verdict]);
    log.info("segments verified", { window, node: claim.node, verdicts });
    for (const place of findings.keys()) this.#judged.add(place);
    await duties.send(
      windowVerdictPayload({ window, node: claim.node, findings: [...findings.values()] }),
      chain.state.parameters.verdictBlocks,
    );
  }

  async #find(claim: WindowClaim, { lane, segment }: Check): Promise<Finding> {
    const finding = (
      verdict: (typeof VERDICTS)[number],
      proof?: Pick<Finding, "endHash" | "path">,
    ) => ({
      lane,
      segment,
      verdict: VERDICTS.indexOf(verdict),
      endHash: ZERO_HASH,
      path: [],
      ...proof,
    });
    const claimed = claim.lanes[lane];
    const served = await this.#fetch(claim, lane, segment);
    if (claimed === undefined || served === undefined) return finding("not-served");
    const count = claimed.segments + 1;
    const start = { index: segment, count, siblings: served.startPath };
    if (!verifyMerkleProof(claimed.checkpointRoot, sha256(served.startState), start)) {
      return finding("not-served");
    }
    const endHash = await this.#replay(claim, lane, segment, served.startState);
    const end = { index: segment + 1, count, siblings: served.endPath };
    if (endHash === undefined || !verifyMerkleProof(claimed.checkpointRoot, endHash, end)) {
      return finding("mismatch");
    }
    return finding("match", { endHash, path: served.endPath });
  }

  /** Undefined when the committed start state is no state of this task at all. */
  async #replay(
    claim: WindowClaim,
    lane: number,
    index: number,
    startState: Uint8Array,
  ): Promise<Uint8Array | undefined> {
    const { workers, chain } = this.#modules;
    const { parameters, window, nodes } = chain.state;
    const seed = laneSeed(window.mix, nodes.at(claim.node).publicKey, lane);
    const stepsPerSegment = parameters.segmentSteps;
    try {
      const task = { task: parameters.baselineTask, seed, index, stepsPerSegment, startState };
      return (await workers.replay(task, { deadlineMs: REPLAY_MS })).slice();
    } catch (error) {
      const { facts } = error instanceof WorkerError ? error : {};
      if (facts?.code === "TASK_FAILED" && facts.reason === "BAD_CHECKPOINT") return undefined;
      throw error;
    }
  }

  async #fetch(
    claim: WindowClaim,
    lane: number,
    index: number,
  ): Promise<ServedSegment | undefined> {
    const { segments, peerOf } = this.#modules;
    for (let attempt = 0; attempt < ASK_TRIES; attempt++) {
      const place = { window: this.#window, lane, index };
      const served = await segments.ask(peerOf(claim.node), place);
      if (served !== undefined) return served;
    }
    return undefined;
  }
}

function placeName(node: number, { lane, segment }: Pick<Check, "lane" | "segment">): string {
  return `${node}/${lane}/${segment}`;
}
