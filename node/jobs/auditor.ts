/**
 * This node as an auditor: it replays the part of an update for which it was drawn and posts its finding; in a
 * committee, under seal. It is driven by the chain alone, so it finds its place again after a restart. Audits are a
 * duty of every node, whatever jobs its owner allows it to work on.
 */

import { auditDeadline } from "../../chain/audit/deadline.ts";
import { stageOf } from "../../chain/audit/tick.ts";
import { isOpened, sealOf } from "../../chain/committee/seal.ts";
import { toHex } from "../../chain/crypto/hash.ts";
import { AUDIT_ANSWERS, type Audit, type AuditAnswer } from "../../chain/types/audit.ts";
import type { Job, JobKind } from "../../chain/types/job.ts";
import { payloadOf } from "../../chain/types/transaction.ts";
import { jobKindOf } from "../../chain/workload/workloads.ts";
import type { Chain } from "../chain/chain.ts";
import type { DutySender } from "../chain/duty-sender.ts";
import { SealedAnswers } from "../sealed-answers.ts";
import { SingleFlight } from "../single-flight.ts";
import type { NodeLog } from "../telemetry/log.ts";
import { auditKey } from "./audit-key.ts";
import type { JobService } from "./dispatch.ts";
import { retryBlocks, tellFailure } from "./duty-room.ts";
import type { KindDuties } from "./kind-duties.ts";
import type { Finding } from "./replay-finding.ts";

export interface AuditorModules {
  readonly kinds: Readonly<Record<JobKind, Pick<KindDuties, "judge">>>;
  readonly chain: Pick<Chain, "state" | "height">;
  readonly duties: Pick<DutySender, "send">;
  readonly log: NodeLog;
  /** Peer id of a node. */
  peerOf(node: number): string;
}

/** The participant shows its state first; then the members, so many blocks apart. */
const SHOW_STAGGER = 3;

export class Auditor implements JobService {
  readonly #publicKey: Uint8Array;
  readonly #modules: AuditorModules;
  readonly #flights: SingleFlight;
  readonly #retryAt = new Map<string, number>();
  /** Answers on their way; those of committees also wait to be shown once. */
  readonly #answers = new SealedAnswers<Finding>();

  constructor({ publicKey }: { publicKey: Uint8Array }, modules: AuditorModules) {
    this.#publicKey = publicKey;
    this.#modules = modules;
    this.#flights = new SingleFlight((key, error) => {
      this.#retryAt.set(key, modules.chain.height + retryBlocks(error));
      tellFailure(modules.log, { what: "audit failed", run: key, error });
    });
  }

  onJobs(jobs: readonly Job[], node: number): void {
    const known = new Set<string>();
    for (const job of jobs) {
      for (const audit of job.audits) {
        audit.seats.forEach((one, seat) => {
          if (one.node === node) known.add(this.#look(job, audit, seat));
        });
      }
    }
    this.#flights.keepOnly((key) => known.has(key));
    for (const key of this.#retryAt.keys()) if (!known.has(key)) this.#retryAt.delete(key);
    this.#answers.keepOnly((key) => known.has(key));
  }

  stop(): void {
    this.#flights.stop();
  }

  /** @returns the key of this node's part in the audit */
  #look(job: Job, audit: Audit, seat: number): string {
    const { height } = this.#modules.chain;
    const key = `${auditKey(job, audit)}/${audit.retries}/${seat}`;
    if (stageOf(audit) === "opening") {
      const position = seat - audit.auditors;
      const after = SHOW_STAGGER * (position + 1);
      const turn = { from: audit.since, after, height, isOpened: isOpened(audit) };
      const shown = position < 0 ? undefined : this.#answers.take(key, turn);
      if (shown !== undefined && shown.answer !== "not-served")
        this.#flights.start(key, () => this.#show(job, audit, shown));
      return key;
    }
    const isAsked = audit.seats[seat]?.answer === AUDIT_ANSWERS.indexOf("none");
    if (isAsked && !this.#answers.has(key) && (this.#retryAt.get(key) ?? 0) <= height) {
      this.#flights.start(key, (signal) => this.#audit(job, audit, key, signal));
    }
    return key;
  }

  async #audit(job: Job, audit: Audit, key: string, signal: AbortSignal): Promise<void> {
    const { kinds, chain, duties, log, peerOf } = this.#modules;
    const { round, node, look } = audit;
    const deadline = auditDeadline(audit, job, chain.state.parameters);
    const blocks = Math.max(1, deadline - chain.height);
    const stageMs = blocks * chain.state.parameters.blockIntervalMs;
    const options = { peer: peerOf(node), stageMs, deadlineMs: 4 * stageMs, signal };
    const finding = await kinds[jobKindOf(job.spec)].judge(job, audit, options);
    const isCommittee = stageOf(audit) === "judging";
    const payload = payloadOf("job-audit", {
      job: job.id,
      round,
      node,
      look,
      ...(isCommittee ? this.#sealed(finding) : plain(finding)),
    });
    await duties.send(payload, blocks);
    this.#answers.keep(key, finding, { isMatch: finding.answer === "match" });
    log.info("update audited", {
      job: toHex(job.id),
      round,
      node,
      segment: audit.segment,
      answer: finding.answer,
    });
  }

  #sealed(finding: Finding): Answered {
    const [end] = shownBy(finding);
    if (end === undefined) return plain(finding);
    return { answer: codeOf("sealed"), segment: 0, proof: [sealOf(end, this.#publicKey)] };
  }

  async #show(job: Job, audit: Audit, finding: Finding): Promise<void> {
    const { chain, duties } = this.#modules;
    const { round, node, look } = audit;
    const proof = [...shownBy(finding)];
    const payload = payloadOf("job-audit-open", { job: job.id, round, node, look, proof });
    const blocks = auditDeadline(audit, job, chain.state.parameters) - chain.height;
    await duties.send(payload, Math.max(1, blocks));
  }
}

/** The values from which a member's seal is made; for the committed state, with its path. */
function shownBy(finding: Finding): readonly Uint8Array[] {
  switch (finding.answer) {
    case "match":
      return finding.proof;
    case "mismatch":
      return [finding.reached];
    case "not-served":
      return [];
  }
}

interface Answered {
  readonly answer: number;
  readonly segment: number;
  readonly proof: Uint8Array[];
}

function plain(finding: Finding): Answered {
  return {
    answer: codeOf(finding.answer),
    segment: finding.answer === "mismatch" ? finding.segment : 0,
    proof: finding.answer === "match" ? [...finding.proof] : [],
  };
}

function codeOf(answer: AuditAnswer): number {
  return AUDIT_ANSWERS.indexOf(answer);
}
