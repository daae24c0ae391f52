/**
 * This node as a member of a job's team. Every member merges each round for itself. The active manager (the first in
 * drawn order that answers heartbeats) collects co-signatures and posts the record. The others sign a record that
 * equals their own result, and take over, in the same round, when all members before them are silent.
 */
import { equalBytes, toHex } from "../../chain/crypto/hash.ts";
import { type KeyPair, verifySync } from "../../chain/crypto/keys.ts";
import { signingRoot } from "../../chain/crypto/signing.ts";
import { phaseOf } from "../../chain/job/phase.ts";
import {
  type Job,
  type JobKind,
  JobRecord,
  type RefusedUpdate,
  RoundRefusal,
  UPDATE_CHECKS,
} from "../../chain/types/job.ts";
import { type Payloads, payloadOf } from "../../chain/types/transaction.ts";
import { jobKindOf, workloadOf } from "../../chain/workload/workloads.ts";
import type { Chain } from "../chain/chain.ts";
import type { DutySender } from "../chain/duty-sender.ts";
import type { Clock } from "../clock.ts";
import { SingleFlight } from "../single-flight.ts";
import type { Room } from "../storage/room.ts";
import type { NodeLog } from "../telemetry/log.ts";
import type { AcceptedOrders } from "./accepted-orders.ts";
import type { JobService } from "./dispatch.ts";
import { requireRoom, retryBlocks, tellFailure } from "./duty-room.ts";
import { JobError } from "./job-error.ts";
import type { KindDuties } from "./kind-duties.ts";
import { type RoundResult, sameGain } from "./round-outcome.ts";
import { RoundOutcomes, roundKey } from "./round-outcomes.ts";
import type { TeamMessages, Verdict } from "./team-messages.ts";

export interface ManagerModules {
  readonly kinds: Readonly<Record<JobKind, Pick<KindDuties, "mergeNeeds" | "merge" | "factsOf">>>;
  readonly orders: Pick<AcceptedOrders, "accepts" | "found">;
  readonly chain: Pick<Chain, "state" | "height" | "genesisRoot">;
  readonly duties: Pick<DutySender, "send">;
  readonly team: Pick<TeamMessages, "serve" | "askCosignature" | "isAlive">;
  readonly clock: Pick<Clock, "monotonic" | "sleep" | "timeout">;
  /** Room for files of jobs on this disk. */
  readonly room: Room;
  readonly log: NodeLog;
  /** Peer id of a node. */
  peerOf(node: number): string;
}

const HEARTBEAT_MS = 2_000;
const MISSES = 3;
/** Share of a phase for which this member waits for each earlier member to post the record. */
const PATIENCE_SHARE = 0.25;
const COSIGN_MS = 20_000;
/** Number of blocks that each further member waits before it settles a finished job. */
const SETTLE_STAGGER = 6;

export class Manager implements JobService {
  readonly #keys: KeyPair;
  readonly #modules: ManagerModules;
  readonly #flights: SingleFlight;
  readonly #outcomes: RoundOutcomes;
  readonly #startedAt = new Map<string, number>();
  readonly #retryAt = new Map<string, number>();
  readonly #settled = new Set<string>();

  constructor({ keys }: { keys: KeyPair }, modules: ManagerModules) {
    this.#keys = keys;
    this.#modules = modules;
    this.#outcomes = new RoundOutcomes(async (job, asked, signal) => {
      const kind = modules.kinds[jobKindOf(job.spec)];
      await requireRoom(modules.room, kind.mergeNeeds(job));
      const control = { phaseMs: this.#phaseMs(job), signal };
      return kind.merge(job, asked, control).catch((error: unknown) => {
        modules.orders.found(job, error);
        throw error;
      });
    });
    this.#flights = new SingleFlight((key, error) => {
      this.#retryAt.set(key, modules.chain.height + retryBlocks(error));
      tellFailure(modules.log, { what: "managing a round failed", run: key, error });
    });
    modules.team.serve(
      (verdict, peer) => this.#cosign(verdict, peer),
      (id) => this.#isOnTeam(id),
    );
  }

  onJobs(jobs: readonly Job[], node: number): void {
    const { height } = this.#modules.chain;
    const due = new Set<string>();
    const open = new Set<string>();
    const unsettled = new Set<string>();
    for (const job of jobs) {
      unsettled.add(toHex(job.id));
      const member = job.team.indexOf(node);
      const phase = phaseOf(job);
      const isOver = phase === "finished" || phase === "failed" || phase === "cancelled";
      if (isOver && job.audits.length === 0) this.#settle(job, member);
      if (member === -1) continue;
      const key = roundKey(job);
      if (phase === "training" || phase === "revealing") open.add(key);
      if (open.has(key) && !this.#startedAt.has(key)) {
        this.#startedAt.set(key, this.#modules.clock.monotonic());
      }
      if (phase !== "revealing" || !this.#modules.orders.accepts(job)) continue;
      due.add(key);
      if ((this.#retryAt.get(key) ?? 0) > height) continue;
      this.#flights.start(key, (signal) => this.#manage(job, member, signal));
    }
    this.#flights.keepOnly((key) => due.has(key));
    this.#outcomes.keepOnly(due);
    for (const key of this.#retryAt.keys()) if (!due.has(key)) this.#retryAt.delete(key);
    for (const key of this.#startedAt.keys()) if (!open.has(key)) this.#startedAt.delete(key);
    for (const key of this.#settled) if (!unsettled.has(key)) this.#settled.delete(key);
  }

  stop(): void {
    this.#flights.stop();
    this.#outcomes.stop();
  }

  async #manage(job: Job, member: number, signal: AbortSignal): Promise<void> {
    const { kinds, duties, log, clock } = this.#modules;
    const outcome = await this.#outcomes.of(job);
    await this.#untilActive(job, member, signal);
    const id = toHex(job.id);
    if (outcome.kind === "merged") {
      const record = this.#recordOf(job, member, outcome.result);
      const cosignatures = await this.#gather(job, member, { kind: "record", value: record });
      await duties.send(payloadOf("job-round", { record, cosignatures }), job.spec.phaseBlocks);
      const facts = kinds[jobKindOf(job.spec)].factsOf(record);
      log.info("round recorded", { job: id, round: job.round, ...facts });
    } else {
      const refusal = this.#refusalOf(job, member, outcome.refused);
      const cosignatures = await this.#gather(job, member, { kind: "refusal", value: refusal });
      await duties.send(payloadOf("job-refuse", { refusal, cosignatures }), job.spec.phaseBlocks);
      const checks = refusal.refused.map(({ check }) => UPDATE_CHECKS[check]).join(", ");
      log.warn("round refused: too few of its updates can be used, the job ends", {
        job: id,
        round: job.round,
        checks,
      });
    }
    await clock.sleep(this.#phaseMs(job), signal);
  }

  /** Resolves when no earlier member answers, or when they answer but post no record. */
  async #untilActive(job: Job, member: number, signal: AbortSignal): Promise<void> {
    const { team, clock, peerOf, log } = this.#modules;
    const before = job.team.slice(0, member);
    const misses = before.map(() => 0);
    const patience = clock.monotonic() + this.#phaseMs(job) * PATIENCE_SHARE * member;
    const isWaiting = (): boolean =>
      misses.some((count) => count < MISSES) && clock.monotonic() < patience;
    while (isWaiting()) {
      await clock.sleep(HEARTBEAT_MS, signal);
      await Promise.all(
        before.map(async (node, i) => {
          misses[i] = (await team.isAlive(peerOf(node), job.id)) ? 0 : (misses[i] ?? 0) + 1;
        }),
      );
    }
    signal.throwIfAborted();
    if (member > 0)
      log.warn("taking over as manager", { job: toHex(job.id), round: job.round, member });
  }

  #recordOf(job: Job, member: number, result: RoundResult): JobRecord {
    const now = this.#modules.clock.monotonic();
    const since = this.#startedAt.get(roundKey(job)) ?? now;
    return {
      job: job.id,
      round: job.round,
      manager: job.team[member] ?? 0,
      contributions: [...result.contributions],
      durationMs: Math.round(now - since),
      gain: result.gain,
    };
  }

  #refusalOf(job: Job, member: number, refused: readonly RefusedUpdate[]): RoundRefusal {
    return {
      job: job.id,
      round: job.round,
      manager: job.team[member] ?? 0,
      base: workloadOf(job.spec).base(job),
      refused: [...refused],
    };
  }

  /** Collects its own signature and those of the others; asks again until more than half of the team has signed. */
  async #gather(
    job: Job,
    member: number,
    verdict: Verdict,
  ): Promise<Payloads["job-round"]["cosignatures"]> {
    const { team, peerOf, log } = this.#modules;
    const own = { member, signature: this.#sign(verdict) };
    const others = await Promise.all(
      job.team.map(async (node, other) => {
        if (other === member) return [own];
        try {
          const signature = await team.askCosignature(peerOf(node), verdict, COSIGN_MS);
          this.#checkCosignature(node, verdict, signature);
          return [{ member: other, signature }];
        } catch (error) {
          log.warn("no co-signature", { job: toHex(job.id), member: other, reason: String(error) });
          return [];
        }
      }),
    );
    const cosignatures = others.flat();
    if (2 * cosignatures.length <= job.team.length) {
      throw new JobError(
        `${cosignatures.length} of ${job.team.length} members signed the ${verdict.kind}`,
        { code: "COSIGN_REFUSED", reason: "no majority" },
      );
    }
    return cosignatures;
  }

  /** One invalid signature would make the whole transaction invalid. */
  #checkCosignature(node: number, verdict: Verdict, signature: Uint8Array): void {
    const { publicKey } = this.#modules.chain.state.nodes.at(node);
    if (verifySync(publicKey, this.#rootOf(verdict), signature)) return;
    throw new JobError(`node #${node} sent an invalid signature`, {
      code: "COSIGN_REFUSED",
      reason: "bad signature",
    });
  }

  #sign(verdict: Verdict): Uint8Array {
    return this.#keys.sign(this.#rootOf(verdict));
  }

  #rootOf({ kind, value }: Verdict): Uint8Array {
    const { genesisRoot } = this.#modules.chain;
    const root =
      kind === "record" ? JobRecord.hashTreeRoot(value) : RoundRefusal.hashTreeRoot(value);
    return signingRoot(kind, genesisRoot, root);
  }

  /** Signs another manager's statement about a round if this node has reached the same result. */
  async #cosign(verdict: Verdict, peer: string): Promise<Uint8Array> {
    const { kind, value } = verdict;
    const refuse = (reason: string): never => {
      throw new JobError(`${kind} not signed: ${reason}`, { code: "COSIGN_REFUSED", reason });
    };
    const { state } = this.#modules.chain;
    const index = state.jobIndex(value.job);
    const job = index === undefined ? undefined : state.jobs.at(index);
    const node = state.nodeIndex(this.#keys.publicKey);
    if (job === undefined || node === undefined || !job.team.includes(node))
      return refuse("not our job");
    if (!this.#modules.orders.accepts(job))
      return refuse("this node has not looked at the order yet");
    if (phaseOf(job) !== "revealing" || job.round !== value.round) return refuse("another round");
    if (peer !== this.#modules.peerOf(value.manager) || !job.team.includes(value.manager)) {
      return refuse("the request did not come from its manager");
    }
    if (kind === "record") {
      const own = await this.#matching(job, value);
      if (own === undefined || !sameGain(own.gain, value.gain)) return refuse("our result differs");
    } else {
      const own = await this.#outcomes.of(job);
      if (own.kind !== "refused" || !includesAll(own.refused, value.refused)) {
        return refuse("our result differs");
      }
    }
    return this.#sign(verdict);
  }

  /** Our result for the updates that the record merges; undefined when we refuse them. */
  async #matching(job: Job, record: JobRecord): Promise<RoundResult | undefined> {
    const ours = await this.#outcomes.of(job);
    const nodes = record.contributions.map(({ node }) => node);
    const isEqual =
      ours.kind === "merged" &&
      nodes.join() === ours.result.contributions.map(({ node }) => node).join();
    if (isEqual) return ours.result;
    const again = await this.#outcomes.ofAsked(job, { by: record.manager, only: nodes });
    return again.kind === "merged" ? again.result : undefined;
  }

  #isOnTeam(id: Uint8Array): boolean {
    const { state } = this.#modules.chain;
    const index = state.jobIndex(id);
    const node = state.nodeIndex(this.#keys.publicKey);
    return index !== undefined && node !== undefined && state.jobs.at(index).team.includes(node);
  }

  /** The first member settles at once, later members only if it did not. */
  #settle(job: Job, member: number): void {
    const { chain, duties, log } = this.#modules;
    const key = toHex(job.id);
    if (member < 0 || this.#settled.has(key)) return;
    if (chain.height < job.closedAt + member * SETTLE_STAGGER) return;
    this.#settled.add(key);
    duties.send(payloadOf("job-settle", { job: job.id })).catch((error: unknown) => {
      this.#settled.delete(key);
      log.debug("settlement not sent", { job: key, reason: String(error) });
    });
  }

  #phaseMs({ spec }: Job): number {
    return spec.phaseBlocks * this.#modules.chain.state.parameters.blockIntervalMs;
  }
}

/** Whether each refusal in `theirs` is also in ours: for the same update, by the same check. */
function includesAll(ours: readonly RefusedUpdate[], theirs: readonly RefusedUpdate[]): boolean {
  return theirs.every(({ node, check, updateHash }) =>
    ours.some(
      (own) => own.node === node && own.check === check && equalBytes(own.updateHash, updateHash),
    ),
  );
}
