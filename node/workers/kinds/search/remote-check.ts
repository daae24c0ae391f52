/**
 * Checks what a remote worker reports before it is used. Units form groups of eight. One of each eight is drawn before
 * they arrive, and no unit of the group is used before that one was hashed again on this machine. If the task ends
 * before the drawn unit of its last group, that group is used unchecked; so each unit is hashed again with a
 * probability of one in eight, however long a task is. Every find is hashed again.
 */
import { equalBytes } from "../../../../chain/crypto/hash.ts";
import type { Find } from "../../../../ml/search/algorithm.ts";
import type { UnitResult } from "../../../../ml/search/search-units.ts";
import { breach, WorkerError } from "../../worker-error.ts";
import type { Draw } from "../spot-check.ts";
import type { ChosenWorker } from "../work.ts";
import type { SearchLease } from "./lease.ts";
import { MAX_TASK_FINDS } from "./task.ts";

export const CHECKED_ONE_OF = 8;

export interface CheckParts {
  readonly draw: Draw;
  /** On this machine. */
  readonly again: (unit: bigint) => Promise<UnitResult>;
  /** On this machine. */
  readonly digestOf: (nonce: bigint) => Promise<Uint8Array>;
  /** Called when a check failed or could not be made: the worker must send nothing more. */
  readonly onFailed: (error: unknown) => void;
}

export class RemoteCheck {
  readonly #worker: ChosenWorker;
  readonly #lease: SearchLease;
  readonly #parts: CheckParts;
  #held: UnitResult[] = [];
  #drawn: number;
  #finds = 0;
  /** All checks of groups so far, one after another, so that units are reported in order; never rejects. */
  #checking: Promise<void> = Promise.resolve();
  /** The checks of finds, which do not wait for groups; never reject. */
  readonly #findings: Promise<void>[] = [];
  #failure: { readonly error: unknown } | undefined;
  #isClosed = false;

  constructor(worker: ChosenWorker, lease: SearchLease, parts: CheckParts) {
    this.#worker = worker;
    this.#lease = lease;
    this.#parts = parts;
    this.#drawn = parts.draw(CHECKED_ONE_OF);
  }

  units(units: readonly UnitResult[]): void {
    for (const unit of units) {
      this.#held.push(unit);
      if (this.#held.length === CHECKED_ONE_OF) this.#closeGroup();
    }
  }

  /** @throws WorkerError PROTOCOL */
  find(find: Find): void {
    if (++this.#finds > MAX_TASK_FINDS) throw breach(`more than ${MAX_TASK_FINDS} finds`);
    const checked = this.#check(async () => {
      const digest = await this.#parts.digestOf(find.nonce);
      if (!equalBytes(digest, find.digest)) throw this.#wrong(`nonce ${find.nonce}`);
      return () => this.#lease.addFind(find);
    });
    this.#findings.push(checked);
  }

  /** Waits for all checks. @throws WorkerError SPOT_CHECK; the error of a check that could not be made */
  async end(): Promise<void> {
    this.#closeGroup();
    await Promise.all([this.#checking, ...this.#findings]);
    this.close();
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Drops everything that is not checked yet. */
  close(): void {
    this.#isClosed = true;
  }

  #closeGroup(): void {
    const group = this.#held;
    const drawn = group[this.#drawn];
    this.#held = [];
    this.#drawn = this.#parts.draw(CHECKED_ONE_OF);
    const check = async (): Promise<() => void> => {
      if (drawn !== undefined) {
        const found = await this.#parts.again(drawn.unit);
        if (!isSame(drawn, found)) throw this.#wrong(`unit ${drawn.unit}`);
      }
      return () => this.#lease.add(group);
    };
    this.#checking = this.#checking.then(() => this.#check(check));
  }

  /** @param check resolves with the action to take when the check has passed */
  async #check(check: () => Promise<() => void>): Promise<void> {
    if (this.#failure !== undefined || this.#isClosed) return;
    try {
      const use = await check();
      if (!this.#isClosed) use();
    } catch (error) {
      this.#failure = { error };
      this.#parts.onFailed(error);
    }
  }

  #wrong(what: string): WorkerError {
    const { id: worker } = this.#worker;
    return new WorkerError(
      `${what} of worker ${worker} comes out otherwise on this machine`,
      { code: "SPOT_CHECK", worker, what },
      { action: "local" },
    );
  }
}

function isSame(told: UnitResult, found: UnitResult): boolean {
  return (
    told.minNonce === found.minNonce &&
    equalBytes(told.minDigest, found.minDigest) &&
    equalBytes(told.running, found.running)
  );
}
