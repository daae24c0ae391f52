/**
 * This node as the audited one: it keeps its runs until nobody can ask for them any more, serves drawn auditors the
 * start of their segment, and shows a disputed state once a committee has sealed its answers.
 */

import { auditDeadline } from "../../chain/audit/deadline.ts";
import { stageOf } from "../../chain/audit/tick.ts";
import { isOpened } from "../../chain/committee/seal.ts";
import { equalBytes } from "../../chain/crypto/hash.ts";
import { phaseOf } from "../../chain/job/phase.ts";
import { leafDigest, merkleProof, merkleRoot } from "../../chain/proof/hash-tree.ts";
import { ALL_SEGMENTS, AUDIT_ANSWERS, type Audit } from "../../chain/types/audit.ts";
import type { Job, JobKind } from "../../chain/types/job.ts";
import { ZERO_HASH } from "../../chain/types/primitive.ts";
import { payloadOf } from "../../chain/types/transaction.ts";
import { jobKindOf } from "../../chain/workload/workloads.ts";
import type { BlobStore } from "../blobs/blob-store.ts";
import type { Chain } from "../chain/chain.ts";
import type { DutySender } from "../chain/duty-sender.ts";
import { SingleFlight } from "../single-flight.ts";
import type { NodeLog } from "../telemetry/log.ts";
import type { AuditExchange, AuditRequest, ServedRun } from "./audit-exchange.ts";
import { auditKey } from "./audit-key.ts";
import { type CheckpointKeeper, runName } from "./checkpoint-keeper.ts";
import type { JobService } from "./dispatch.ts";
import type { KindDuties } from "./kind-duties.ts";

export interface AuditedRunsModules {
  readonly kinds: Readonly<Record<JobKind, Pick<KindDuties, "hasStates">>>;
  readonly chain: Pick<Chain, "state" | "height">;
  readonly duties: Pick<DutySender, "send">;
  readonly keeper: Pick<CheckpointKeeper, "hashes" | "offer" | "retain">;
  readonly blobs: Pick<BlobStore, "release">;
  readonly exchange: Pick<AuditExchange, "serve">;
  readonly log: NodeLog;
  /** Peer id of a node. */
  peerOf(node: number): string;
}

export class AuditedRuns implements JobService {
  readonly #publicKey: Uint8Array;
  readonly #modules: AuditedRunsModules;
  readonly #flights: SingleFlight;
  readonly #shown = new Set<string>();
  /** Updates that no record merged, by audit: auditors must be able to get them from this node. */
  #released = new Set<string>();
  #kept = "";

  constructor({ publicKey }: { publicKey: Uint8Array }, modules: AuditedRunsModules) {
    this.#publicKey = publicKey;
    this.#modules = modules;
    this.#flights = new SingleFlight((key, error) => {
      modules.log.warn("an audited run failed", { run: key, reason: String(error) });
    });
    modules.exchange.serve((request, peer) => this.#serve(request, peer));
  }

  onJobs(jobs: readonly Job[], node: number): void {
    const wanted = new Set<string>();
    const disputed = new Set<string>();
    const released = new Set<string>();
    for (const job of jobs) {
      if (job.participants.every((participant) => participant.node !== node)) continue;
      const phase = phaseOf(job);
      if (phase === "training" || phase === "revealing") wanted.add(runName(job.id, job.round));
      for (const audit of job.audits.filter((one) => one.node === node)) {
        wanted.add(runName(job.id, audit.round));
        if (audit.merged === 0) released.add(this.#release(job, audit));
        if (stageOf(audit) !== "opening" || isOpened(audit)) continue;
        const key = `${auditKey(job, audit)}/${audit.retries}`;
        disputed.add(key);
        if (!this.#shown.has(key)) this.#flights.start(key, () => this.#show(job, audit, key));
      }
    }
    for (const key of this.#shown) if (!disputed.has(key)) this.#shown.delete(key);
    this.#released = released;
    this.#retain(wanted);
  }

  stop(): void {
    this.#flights.stop();
  }

  /**
   * If a round ended without its reveal, its update is still withheld; this releases it.
   * @returns the audit's key
   */
  #release(job: Job, audit: Audit): string {
    const { blobs, log } = this.#modules;
    const key = auditKey(job, audit);
    if (this.#released.has(key)) return key;
    blobs.release(audit.updateHash).catch((error: unknown) => {
      log.warn("a restart may withhold an update again", { audit: key, reason: String(error) });
    });
    return key;
  }

  #retain(wanted: ReadonlySet<string>): void {
    const names = [...wanted].sort().join();
    if (names === this.#kept || this.#flights.has("retain")) return;
    this.#flights.start("retain", async () => {
      await this.#modules.keeper.retain(wanted);
      this.#kept = names;
    });
  }

  /** Serves only a node that was drawn and has not answered, and only the start of its segment. */
  async #serve(
    { job: id, round, look }: AuditRequest,
    peer: string,
  ): Promise<ServedRun | undefined> {
    const { chain, kinds, keeper, peerOf } = this.#modules;
    const index = chain.state.jobIndex(id);
    const node = chain.state.nodeIndex(this.#publicKey);
    if (index === undefined) return undefined;
    const job = chain.state.jobs.at(index);
    const audit = job.audits.find(
      (one) => one.node === node && one.round === round && one.look === look,
    );
    const isAsked = audit?.seats.some(
      (one) => peerOf(one.node) === peer && one.answer === AUDIT_ANSWERS.indexOf("none"),
    );
    if (audit === undefined || isAsked !== true) return undefined;
    const hashes = await keeper.hashes(id, round);
    // The remains of an earlier attempt are not what was committed to.
    if (hashes === undefined || !equalBytes(merkleRoot(hashes), audit.checkpointRoot)) {
      return undefined;
    }
    const digests = hashes.map(leafDigest);
    const { segment } = audit;
    const { hasStates } = kinds[jobKindOf(job.spec)];
    if (!hasStates || segment === ALL_SEGMENTS || segment === 0) {
      return { digests, startState: ZERO_HASH };
    }
    const startState = await keeper.offer(id, round, segment);
    return startState === undefined ? undefined : { digests, startState };
  }

  async #show(job: Job, audit: Audit, key: string): Promise<void> {
    const { keeper, duties, log } = this.#modules;
    const { round, node, look, segment } = audit;
    const hashes = await keeper.hashes(job.id, round);
    const end = hashes?.[segment + 1];
    if (hashes === undefined || end === undefined) return;
    this.#shown.add(key);
    const proof = [end, ...merkleProof(hashes, segment + 1).siblings];
    log.info("disputed state shown", { job: key, round, segment });
    const payload = payloadOf("job-audit-open", { job: job.id, round, node, look, proof });
    const { state, height } = this.#modules.chain;
    const blocks = auditDeadline(audit, job, state.parameters) - height;
    await duties.send(payload, Math.max(1, blocks));
  }
}
