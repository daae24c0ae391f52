/**
 * This node in committees on claims: replays the disputed segment, answers under seal, and if it came
 * to a match shows the claimed end state when the claimant does not.
 */
import { randomBytes } from "node:crypto";
import { isOpened, sealOf } from "../../chain/committee/seal.ts";
import { areSealsIn } from "../../chain/rating/appeal.ts";
import type { Finding, Payloads } from "../../chain/types/transaction.ts";
import type { WindowClaim } from "../../chain/types/window.ts";
import type { DutySender } from "../chain/duty-sender.ts";
import { SingleFlight } from "../single-flight.ts";
import type { NodeLog } from "../telemetry/log.ts";
import { windowVerdictPayload } from "../wallet/payload.ts";
import { type Found, findingOn, type JudgeModules, judgeSegment } from "./judge-segment.ts";
import { Patience } from "./patience.ts";

export interface CommitteeMemberModules extends JudgeModules {
  readonly duties: Pick<DutySender, "send">;
  readonly log: NodeLog;
}

/** What this node answered about a claim. */
interface Kept {
  /** What shows the claimed end state; undefined when it came to another, or has shown it. */
  match: Finding | undefined;
  /** Height from which it shows that. */
  turn: number | undefined;
}

export class CommitteeMember {
  readonly #publicKey: Uint8Array;
  readonly #modules: CommitteeMemberModules;
  readonly #flights: SingleFlight;
  /** By node whose claim it is. */
  readonly #kept = new Map<number, Kept>();
  #window = 0;

  constructor({ publicKey }: { publicKey: Uint8Array }, modules: CommitteeMemberModules) {
    this.#publicKey = publicKey;
    this.#modules = modules;
    this.#flights = new SingleFlight((key, error) => {
      modules.log.warn("part in a committee failed", { run: key, reason: String(error) });
    });
  }

  onBlock(): void {
    const { state } = this.#modules.chain;
    const { height, window } = state;
    if (window.number !== this.#window) {
      this.#window = window.number;
      this.#kept.clear();
    }
    const own = state.nodeIndex(this.#publicKey);
    for (const claim of own === undefined ? [] : state.claims) {
      const { node, appeal } = claim;
      const position = appeal.members.findIndex(({ verifier }) => verifier === own);
      if (position === -1) continue;
      if (areSealsIn(appeal, height + 1, window)) this.#show(claim, position);
      else if (appeal.members[position]?.verdict === 0 && !this.#kept.has(node)) {
        this.#flights.start(`hear/${window.number}/${node}`, () => this.#hear(claim));
      }
    }
  }

  stop(): void {
    this.#flights.stop();
  }

  async #hear(claim: WindowClaim): Promise<void> {
    const { chain, log } = this.#modules;
    const { window } = chain.state;
    const { node, appeal } = claim;
    const patience = new Patience(chain.state.parameters, 1);
    const found = await judgeSegment(claim, appeal, patience, this.#modules);
    const match = found.verdict === "match" ? findingOn(appeal, "match", found) : undefined;
    const answer = { window: window.number, node, findings: [this.#sealed(claim, found)] };
    await this.#send(answer, window.sealsUntil);
    this.#kept.set(node, { match, turn: undefined });
    log.info("dispute heard", { window: window.number, node, verdict: found.verdict });
  }

  #sealed({ appeal }: WindowClaim, found: Found): Finding {
    if (found.verdict === "not-served") return findingOn(appeal, "not-served");
    // Where no state was reached the seal is of nothing that anyone could show.
    const seal = sealOf(found.endHash ?? randomBytes(32), this.#publicKey);
    return findingOn(appeal, "sealed", { endHash: seal });
  }

  /** The claimant is first; then the members, a block after each other. */
  #show({ node, appeal }: WindowClaim, position: number): void {
    const { height, window } = this.#modules.chain.state;
    const kept = this.#kept.get(node);
    if (kept?.match === undefined || isOpened(appeal)) return;
    kept.turn ??= height + 1 + position;
    if (height < kept.turn) return;
    const verdict = { window: window.number, node, findings: [kept.match] };
    kept.match = undefined;
    this.#flights.start(`show/${window.number}/${node}`, () =>
      this.#send(verdict, window.appealsUntil),
    );
  }

  async #send(verdict: Payloads["window-verdict"], lastHeight: number): Promise<void> {
    const { chain, duties } = this.#modules;
    const lifetime = Math.max(1, lastHeight - chain.state.height);
    await duties.send(windowVerdictPayload(verdict), lifetime);
  }
}
