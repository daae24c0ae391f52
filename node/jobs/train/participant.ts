/**
 * This node as a participant: it trains its shard from the global parameters, commits to the update's hash on the
 * chain, and serves the update once the round is past its commits. It is driven by the chain alone, so it finds its
 * place again after a restart.
 */

import { toHex } from "../../../chain/crypto/hash.ts";
import { canCommit, hasCommitted, phaseOf } from "../../../chain/job/phase.ts";
import { leafDigest, merkleRoot } from "../../../chain/proof/hash-tree.ts";
import type { Job, Participant as JobParticipant } from "../../../chain/types/job.ts";
import { payloadOf } from "../../../chain/types/transaction.ts";
import { MAX_UINT32 } from "../../../chain/uint-range.ts";
import { trainingSeed } from "../../../chain/workload/train/seed.ts";
import { isAuditable, segmentCount } from "../../../chain/workload/train/segments.ts";
import { trainProgress, trainSpec } from "../../../chain/workload/train/train-of.ts";
import { encodeUpdate } from "../../../ml/federation/update-codec.ts";
import type { BlobStore } from "../../blobs/blob-store.ts";
import type { Chain } from "../../chain/chain.ts";
import type { DutySender } from "../../chain/duty-sender.ts";
import type { Clock } from "../../clock.ts";
import type { EventHub } from "../../events/event-hub.ts";
import { SingleFlight } from "../../single-flight.ts";
import type { Room } from "../../storage/room.ts";
import type { NodeLog } from "../../telemetry/log.ts";
import type { TrainTaskResult } from "../../workers/kinds/train/task.ts";
import { WorkerError } from "../../workers/worker-error.ts";
import type { Workers } from "../../workers/workers.ts";
import type { AcceptedOrders } from "../accepted-orders.ts";
import type { CheckpointKeeper } from "../checkpoint-keeper.ts";
import type { JobService } from "../dispatch.ts";
import { requireRoom, retryBlocks, tellFailure } from "../duty-room.ts";
import { keepSecret } from "../update-secrecy.ts";
import { waitForCommit } from "../wait-for-commit.ts";
import { checkOwnRun } from "./check-own-run.ts";
import { type JobFiles, shardChunks, shardSamples } from "./job-files.ts";
import { MissedUpdates } from "./missed-updates.ts";
import { runBytes, trainingNeeds } from "./room-needs.ts";
import type { Digest } from "./stored-state-hash.ts";

export interface ParticipantModules {
  readonly chain: Pick<Chain, "state" | "height" | "onBlock">;
  readonly duties: Pick<DutySender, "send">;
  readonly files: Pick<JobFiles, "order" | "parameters" | "modelTask">;
  readonly orders: AcceptedOrders;
  readonly blobs: Pick<BlobStore, "withhold" | "release" | "putWithheld">;
  readonly keeper: Pick<CheckpointKeeper, "begin">;
  readonly workers: Pick<Workers, "train">;
  readonly events: Pick<EventHub, "emit">;
  /** Room for files of jobs on this disk. */
  readonly room: Room;
  readonly clock: Pick<Clock, "monotonic">;
  readonly digest: Digest;
  readonly log: NodeLog;
}

const PROGRESS_MS = 250;

export class Participant implements JobService {
  readonly #modules: ParticipantModules;
  readonly #flights: SingleFlight;
  readonly #retryAt = new Map<string, number>();
  readonly #missed: MissedUpdates;

  constructor(modules: ParticipantModules) {
    this.#modules = modules;
    this.#missed = new MissedUpdates(modules.log);
    this.#flights = new SingleFlight((key, error) => {
      this.#missed.fail(key, error);
      this.#retryAt.set(key, modules.chain.height + retryBlocks(error));
      tellFailure(modules.log, { what: "training failed", run: key, error });
    });
  }

  onJobs(jobs: readonly Job[], node: number): void {
    const { height } = this.#modules.chain;
    const due = new Set<string>();
    const open = new Set<string>();
    for (const job of jobs) {
      const position = job.participants.findIndex((participant) => participant.node === node);
      const own = job.participants[position];
      if (own === undefined) continue;
      const key = runKey(job);
      if (isAwaited(own, job) && !this.#modules.orders.refuses(job)) {
        open.add(key);
        this.#missed.look(key, job);
      }
      if (!this.#modules.orders.accepts(job)) continue;
      if (phaseOf(job) === "training" && isAwaited(own, job)) {
        due.add(key);
        if ((this.#retryAt.get(key) ?? 0) <= height) {
          this.#flights.start(key, (signal) =>
            this.#train(job, position, signal).catch((error: unknown) => {
              this.#modules.orders.found(job, error);
              throw error;
            }),
          );
        }
      } else if (hasCommitted(own)) {
        keepSecret(own, job, this.#modules);
      }
    }
    this.#flights.keepOnly((key) => due.has(key));
    for (const key of this.#retryAt.keys()) if (!due.has(key)) this.#retryAt.delete(key);
    this.#missed.keepOnly(open);
  }

  stop(): void {
    this.#flights.stop();
  }

  async #train(job: Job, position: number, signal: AbortSignal): Promise<void> {
    const { files, workers, blobs, duties, log, chain, keeper, room } = this.#modules;
    const { round } = job;
    const spec = trainSpec(job.spec);
    this.#missed.reach(runKey(job), "files");
    await requireRoom(room, trainingNeeds(job));
    const base = await files.parameters(job.spec, trainProgress(job).parameters, signal);
    const chunks = shardChunks(job, position);
    const task = await files.modelTask(job, base, { split: "train", indexes: chunks }, signal);
    const run = await keeper.begin(job.id, round, runBytes(job.spec));
    this.#missed.reach(runKey(job), "training");
    let result: TrainTaskResult | undefined;
    try {
      result = await orDiverged(
        workers.train(
          { ...task, chunks, epochs: spec.localEpochs, seed: trainingSeed(spec, round, position) },
          {
            deadlineMs: this.#deadline(job),
            signal,
            onProgress: this.#progressOf(job, position),
            ...(isAuditable(spec) && { onState: (index, state) => run.put(index, state) }),
          },
        ),
      );
      signal.throwIfAborted();
      if (result !== undefined) {
        const samples = await this.#samplesOf(job, position, signal);
        const expected = { samples, segments: segmentCount(spec, samples) };
        await checkOwnRun(result, expected, this.#modules.digest);
        await run.finish(result.checkpoints);
      }
    } catch (error) {
      await run.discard();
      throw error;
    }
    if (result === undefined) {
      await run.discard();
      return this.#tellDiverged(job, signal);
    }
    const bytes = encodeUpdate({
      participant: job.participants[position]?.node ?? 0,
      round,
      samples: result.samples,
      parameters: result.parameters,
      optimizerHash: result.optimizerHash,
      digests: result.checkpoints.map(leafDigest),
    });
    const updateHash = await blobs.putWithheld(bytes);
    this.#missed.reach(runKey(job), "commit");
    await duties.send(
      payloadOf("job-commit", {
        job: job.id,
        round,
        updateHash,
        checkpointRoot: merkleRoot(result.checkpoints),
        units: result.samples,
        workMs: Math.min(Math.round(result.durationMs), MAX_UINT32),
        updateBytes: bytes.length,
      }),
      job.spec.phaseBlocks,
    );
    log.info("update committed", { job: toHex(job.id), round, height: chain.height });
    await waitForCommit(job, signal, this.#modules.chain);
  }

  async #samplesOf(job: Job, position: number, signal: AbortSignal): Promise<number> {
    const { dataset } = await this.#modules.files.order(job, signal);
    return shardSamples(job, dataset, position);
  }

  /** The same order diverges here every time, so the chain need not wait for an update. */
  async #tellDiverged(job: Job, signal: AbortSignal): Promise<void> {
    const { duties, log } = this.#modules;
    const { id, round, spec } = job;
    log.warn("training left the finite numbers: no update in this round", {
      job: toHex(id),
      round,
      remedy: "the client may order a smaller learning rate or clipped gradients",
    });
    await duties.send(payloadOf("job-diverged", { job: id, round }), spec.phaseBlocks);
    await waitForCommit(job, signal, this.#modules.chain);
  }

  #deadline({ spec, phaseSince }: Job): number {
    const { chain } = this.#modules;
    const blocks = Math.max(1, phaseSince + spec.phaseBlocks - chain.height);
    return blocks * chain.state.parameters.blockIntervalMs * 4;
  }

  #progressOf(
    job: Job,
    position: number,
  ): (progress: { step: number; steps: number; loss: number | undefined }) => void {
    let shownAt = Number.NEGATIVE_INFINITY;
    return ({ step, steps, loss }) => {
      const now = this.#modules.clock.monotonic();
      if (now - shownAt < PROGRESS_MS && step !== steps) return;
      shownAt = now;
      this.#modules.events.emit("training", {
        job: toHex(job.id),
        round: job.round,
        node: job.participants[position]?.node ?? 0,
        step,
        steps,
        ...(loss === undefined ? {} : { loss }),
      });
    };
  }
}

/** Whether its update of this round could still come. */
function isAwaited(own: JobParticipant, job: Job): boolean {
  const phase = phaseOf(job);
  const isOpen = phase === "training" || phase === "revealing";
  return isOpen && !hasCommitted(own) && canCommit(own, job);
}

/** Without the extensions: these wait for the current run, which would give the same result again. */
function runKey(job: Job): string {
  return `${toHex(job.id)}/${job.round}`;
}

/** Undefined when the training itself diverged. */
async function orDiverged<T>(training: Promise<T>): Promise<T | undefined> {
  try {
    return await training;
  } catch (error) {
    const { facts } = error instanceof WorkerError ? error : {};
    if (facts?.code === "TASK_FAILED" && facts.reason === "DIVERGED") return undefined;
    throw error;
  }
}
