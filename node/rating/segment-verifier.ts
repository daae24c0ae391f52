/**
 * This node as verifier: replays the segments of a window's claims for which it was drawn, and reports its findings. A
 * match names the end state that the replay reached.
 */
import { VERDICTS } from "../../chain/types/node.ts";
import { type Finding, payloadOf } from "../../chain/types/transaction.ts";
import type { Check, WindowClaim } from "../../chain/types/window.ts";
import type { DutySender } from "../chain/duty-sender.ts";
import { SingleFlight } from "../single-flight.ts";
import type { NodeLog } from "../telemetry/log.ts";
import { findingOn, type JudgeModules, judgeSegment } from "./judge-segment.ts";
import { Patience } from "./patience.ts";

export interface SegmentVerifierModules extends JudgeModules {
  readonly duties: Pick<DutySender, "send">;
  readonly log: NodeLog;
}

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
      const due = claim.checks.filter(
        (check) =>
          check.verifier === own &&
          check.verdict === 0 &&
          !this.#judged.has(placeName(claim.node, check)),
      );
      if (due.length === 0 || state.height >= state.window.verdictsUntil) continue;
      this.#flights.start(`verify/${this.#window}/${claim.node}`, () => this.#verify(claim, due));
    }
  }

  stop(): void {
    this.#flights.stop();
  }

  async #verify(claim: WindowClaim, due: readonly Check[]): Promise<void> {
    const { duties, chain, clock, log } = this.#modules;
    const window = this.#window;
    const findings: Finding[] = [];
    const patience = new Patience(chain.state.parameters, clock);
    for (const check of due) {
      const found = await judgeSegment(claim, check, patience, this.#modules);
      findings.push(findingOn(check, found.verdict, found.verdict === "match" ? found : {}));
    }
    const verdicts = findings.map(({ verdict }) => VERDICTS[verdict]);
    log.info("segments verified", { window, node: claim.node, verdicts });
    for (const check of due) this.#judged.add(placeName(claim.node, check));
    await duties.send(
      payloadOf("window-verdict", { window, node: claim.node, findings }),
      chain.state.parameters.verdictBlocks,
    );
  }
}

function placeName(node: number, { lane, segment }: Pick<Check, "lane" | "segment">): string {
  return `${node}/${lane}/${segment}`;
}
