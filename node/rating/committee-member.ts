/**
 * This node as a member of committees on claims. It replays the disputed segment and answers under seal. When all
 * members have answered, it shows what it reached: another state at once; the claimed state only if the claimant does
 * not show it.
 */
import { isOpened, sealOf } from "../../chain/committee/seal.ts";
import { appealStages, areSealsIn } from "../../chain/rating/appeal.ts";
import { type Finding, type Payloads, payloadOf } from "../../chain/types/transaction.ts";
import type { WindowClaim } from "../../chain/types/window.ts";
import type { DutySender } from "../chain/duty-sender.ts";
import { SealedAnswers } from "../sealed-answers.ts";
import { SingleFlight } from "../single-flight.ts";
import type { NodeLog } from "../telemetry/log.ts";
import { type Found, findingOn, type JudgeModules, judgeSegment } from "./judge-segment.ts";
import { Patience } from "./patience.ts";

export interface CommitteeMemberModules extends JudgeModules {
  readonly duties: Pick<DutySender, "send">;
  readonly log: NodeLog;
}

export class CommitteeMember {
  readonly #publicKey: Uint8Array;
  readonly #modules: CommitteeMemberModules;
  readonly #flights: SingleFlight;
  /** By node whose claim it is, and the call for the committee; undefined when it was not served. */
  readonly #answers = new SealedAnswers<Finding | undefined>();
  #window = 0;

  constructor({ publicKey }: { publicKey: Uint8Array }, modules: CommitteeMemberModules) {
    this.#publicKey = publicKey;
    this.#modules = modules;
    this.#flights = new SingleFlight((key, error) => {
      modules.log.warn("this node's work in a committee failed", {
        run: key,
        reason: String(error),
      });
    });
  }

  onBlock(): void {
    const { state } = this.#modules.chain;
    const { height, window } = state;
    if (window.number !== this.#window) {
      this.#window = window.number;
      this.#answers.keepOnly(() => false);
    }
    const own = state.nodeIndex(this.#publicKey);
    for (const claim of own === undefined ? [] : state.claims) {
      const { appeal } = claim;
      const position = appeal.members.findIndex(({ verifier }) => verifier === own);
      if (position === -1) continue;
      if (areSealsIn(appeal, height + 1, state)) this.#show(claim, position);
      else if (appeal.members[position]?.verdict === 0 && !this.#answers.has(keyOf(claim))) {
        this.#flights.start(`hear/${keyOf(claim)}`, () => this.#hear(claim));
      }
    }
  }

  stop(): void {
    this.#flights.stop();
  }

  async #hear(claim: WindowClaim): Promise<void> {
    const { chain, clock, log } = this.#modules;
    const { window } = chain.state;
    const { node, appeal } = claim;
    const patience = new Patience(chain.state.parameters, clock);
    const found = await judgeSegment(claim, appeal, patience, this.#modules);
    const { verdict } = found;
    const shown = verdict === "not-served" ? undefined : findingOn(appeal, verdict, found);
    const answer = { window: window.number, node, findings: [this.#sealed(claim, found)] };
    await this.#send(answer, appealStages(appeal, chain.state).sealsUntil);
    this.#answers.keep(keyOf(claim), shown, { isMatch: verdict === "match" });
    log.info("dispute heard", { window: window.number, node, verdict });
  }

  #sealed({ appeal }: WindowClaim, found: Found): Finding {
    if (found.verdict === "not-served") return findingOn(appeal, "not-served");
    return findingOn(appeal, "sealed", { endHash: sealOf(found.endHash, this.#publicKey) });
  }

  /** For a match the claimant comes first; then the members, one block after another. */
  #show(claim: WindowClaim, position: number): void {
    const { state } = this.#modules.chain;
    const { height, window } = state;
    const { node, appeal } = claim;
    const turn = { from: height, after: 1 + position, height, isOpened: isOpened(appeal) };
    const shown = this.#answers.take(keyOf(claim), turn);
    if (shown === undefined) return;
    const verdict = { window: window.number, node, findings: [shown] };
    const { shownUntil } = appealStages(appeal, state);
    this.#flights.start(`show/${keyOf(claim)}`, () => this.#send(verdict, shownUntil));
  }

  async #send(verdict: Payloads["window-verdict"], lastHeight: number): Promise<void> {
    const { chain, duties } = this.#modules;
    const lifetime = Math.max(1, lastHeight - chain.state.height);
    await duties.send(payloadOf("window-verdict", verdict), lifetime);
  }
}

function keyOf({ node, appeal }: WindowClaim): string {
  return `${node}/${appeal.called}`;
}
