/** Has orders read in a helper process, each one once; the result is kept while it may be needed again. */
import { toHex } from "../../../../chain/crypto/hash.ts";
import { JobSpec } from "../../../../chain/types/job.ts";
import { trainSpec } from "../../../../chain/workload/train/train-of.ts";
import type { EngineName } from "../../../../ml/engine.ts";
import { hyperparametersOf } from "../../../../ml/job-hyperparameters.ts";
import type { HelperFor, HelperLimits } from "../../../helpers/helper.ts";
import { HelperError } from "../../../helpers/helper-error.ts";
import { SharedRuns } from "../../../shared-runs.ts";
import { engineOf } from "../job-engine.ts";
import type { Inspection, InspectTask, NamedFile } from "./inspect-order.ts";

/**
 * An order that takes more than this to read is impossible; a model or manifest of the largest size takes a small part
 * of it. Processor time counts, so that a busy machine gets the same result as an idle one.
 */
export const INSPECT_LIMITS: HelperLimits = {
  timeMs: 300_000,
  cpuMs: 60_000,
  memoryBytes: 1024 * 1024 * 1024,
};
const KEPT = 64;

export interface OrderFiles {
  readonly model: NamedFile;
  readonly manifest: NamedFile;
}

export interface InspectOptions {
  /** The client of the order; orders of one client wait for each other, not orders of other clients for them. */
  readonly client: string;
  /** Files on this disk; requested only if the order has not been read yet. */
  readonly files: (signal: AbortSignal) => Promise<OrderFiles>;
  readonly signal: AbortSignal;
}

/** One for the orders of each engine. */
export type InspectingHelpers = Readonly<
  Record<EngineName, HelperFor<"inspect", InspectTask, Inspection>>
>;

export class OrderInspector {
  readonly #helpers: InspectingHelpers;
  readonly #stop = new AbortController();
  readonly #runs = new SharedRuns<Inspection>();
  /** In order of their last use. */
  readonly #found = new Map<string, Inspection>();

  /**
   * @param helpers two of them, because trying a stranger's model may use up the limits of tfjs: orders of the exact
   * engine, which are read in a second, never wait behind one
   */
  constructor(helpers: InspectingHelpers) {
    this.#helpers = helpers;
  }

  /**
   * @param participants number of nodes that share the training chunks
   * @throws HelperError when this machine could not read it (the next call tries again); the signal's reason
   */
  async inspect(
    spec: JobSpec,
    participants: number,
    { client, files, signal }: InspectOptions,
  ): Promise<Inspection> {
    const key = `${toHex(JobSpec.hashTreeRoot(spec))} ${participants}`;
    const found =
      this.#found.get(key) ??
      // By client: otherwise an order would wait in the turn of a client that has copied it.
      (await this.#runs.use(`${key} ${client}`, signal, (wanted) =>
        this.#inspect(spec, participants, { client, files, signal: wanted }),
      ));
    this.#found.delete(key);
    this.#found.set(key, found);
    for (const [oldest] of this.#found) {
      if (this.#found.size <= KEPT) break;
      this.#found.delete(oldest);
    }
    return found;
  }

  stop(): void {
    this.#stop.abort(new Error("the node is stopping"));
  }

  async #inspect(
    spec: JobSpec,
    participants: number,
    { client, files, signal: wanted }: InspectOptions,
  ): Promise<Inspection> {
    const train = trainSpec(spec);
    const facts = {
      engine: engineOf(train),
      hyperparameters: hyperparametersOf(train),
      parameterCount: train.parameterCount,
      operations: Number(train.operations),
      trainRows: train.trainRows,
      trainChunks: train.trainChunks,
      testRows: train.testRows,
      participants,
    };
    try {
      const signal = AbortSignal.any([wanted, this.#stop.signal]);
      const task = { ...(await files(signal)), facts };
      const helper = this.#helpers[facts.engine];
      const turn = { group: client, member: task.model.hash };
      return await helper.run("inspect", task, INSPECT_LIMITS, { signal, turn });
    } catch (error) {
      const isTooMuch =
        error instanceof HelperError &&
        error.facts.code === "HELPER_LIMIT" &&
        error.facts.what !== "time";
      if (!isTooMuch) throw error;
      return { kind: "impossible", reason: "model", detail: error.message };
    }
  }
}
