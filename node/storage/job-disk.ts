/**
 * The room that files of jobs may take: a quota for each kind, and a limit of free space well above the one at which
 * the chain stops. Before anything is fetched or written, its room is reserved here, so that many operations at once
 * cannot take more together than one could alone. Below the limit nothing is accepted, removable files are deleted
 * early, and the node continues to vote.
 */
import { RESUME_FACTOR } from "../store/disk-space.ts";
import type { NodeLog } from "../telemetry/log.ts";
import { type ByKind, byKind, STORAGE_KINDS, type StorageKind } from "./kinds.ts";
import type { Reservation, Room } from "./room.ts";
import { mebibytes, StorageError } from "./storage-error.ts";

export interface JobDiskOptions {
  /** Room that files of jobs must leave on the disk. */
  readonly minFreeBytes: number;
  /** Room that the chain itself must leave; states of benchmark windows may use the difference. */
  readonly chainMinFreeBytes: number;
  readonly quotaBytes: ByKind<number>;
  readonly checkMs?: number;
}

export interface JobDiskModules {
  readonly log: Pick<NodeLog, "info" | "warn">;
  /** Bytes free on the disk. */
  free(): Promise<number>;
  monotonic(): number;
}

/** The part of `storage` that is not about files. */
export interface RoomStatus {
  readonly hasRoom: boolean;
  readonly freeBytes: number;
  readonly heldBytes: ByKind<number>;
}

const CHECK_MS = 1_000;
const TELL_MS = 60_000;
/** Shortest time between two searches for removable files, however many requests are refused meanwhile. */
const COLLECT_MS = 10_000;

interface Hold {
  readonly kind: StorageKind;
  /** Not written yet. */
  bytes: number;
  readonly control: AbortController;
}

export class JobDisk implements Room {
  readonly #options: JobDiskOptions;
  readonly #modules: JobDiskModules;
  readonly #holds = new Set<Hold>();
  /** Bytes found by the last count, and those written since it began. */
  readonly #found = byKind(() => 0);
  readonly #written = byKind(() => 0);
  #collect: ((shortBytes: number) => Promise<unknown>) | undefined;
  #collecting: Promise<void> | undefined;
  #collectedAt = Number.NEGATIVE_INFINITY;
  #hasLooked = false;
  #isLow = false;
  #free = 0;
  #toldAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #checking: Promise<void> = Promise.resolve();

  constructor(options: JobDiskOptions, modules: JobDiskModules) {
    this.#options = options;
    this.#modules = modules;
  }

  /** False: free space is below the limit, and nothing is accepted. */
  get hasRoom(): boolean {
    return !this.#isLow;
  }

  status(): RoomStatus {
    const heldBytes = byKind((kind) => this.#heldOf(kind));
    return { hasRoom: this.hasRoom, freeBytes: this.#free, heldBytes };
  }

  /** @param collect removes what may go: files over their quota, and in addition so many bytes */
  onShort(collect: (shortBytes: number) => Promise<unknown>): void {
    this.#collect = collect;
  }

  start(): void {
    this.#timer = setInterval(() => this.check(), this.#options.checkMs ?? CHECK_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#checking;
    await this.#collecting;
  }

  /** Checks the free space now; the timer calls it. */
  check(): Promise<void> {
    this.#checking = this.#checking
      .then(() => this.#look())
      .catch((error: unknown) => {
        this.#modules.log.warn("could not look at the disk", { reason: String(error) });
      });
    return this.#checking;
  }

  /**
   * Call it before the files are listed.
   * @returns a function to call with the result
   */
  beginCount(): (bytes: ByKind<number>) => void {
    const before = { ...this.#written };
    return (bytes) => {
      for (const kind of STORAGE_KINDS) {
        this.#found[kind] = bytes[kind];
        this.#written[kind] -= before[kind];
      }
      this.#hasLooked = true;
    };
  }

  async reserve(kind: StorageKind, bytes: number): Promise<Reservation> {
    if (!Number.isSafeInteger(bytes) || bytes < 0) throw new RangeError(`${bytes} bytes`);
    if (!this.#hasLooked) await this.#collectNow(0);
    let refusal = this.#refusal(kind, bytes, await this.#modules.free());
    if (refusal !== undefined && (await this.#collectNow(refusal.shortBytes))) {
      refusal = this.#refusal(kind, bytes, await this.#modules.free());
    }
    // Nothing is awaited between the check and the reservation; otherwise two callers could get the same room.
    if (refusal !== undefined) throw refusal.error;
    return this.#hold(kind, bytes);
  }

  #refusal(
    kind: StorageKind,
    askedBytes: number,
    freeBytes: number,
  ): { readonly error: StorageError; readonly shortBytes: number } | undefined {
    const asked = { kind, askedBytes, freeBytes };
    const usedBytes = this.#found[kind] + this.#written[kind] + this.#heldOf(kind);
    const quotaBytes = this.#options.quotaBytes[kind];
    if (usedBytes + askedBytes > quotaBytes) {
      const error = StorageError.overQuota(asked, { usedBytes, quotaBytes });
      return { error, shortBytes: 0 };
    }
    const { minFreeBytes, setting } = this.#markOf(kind);
    const heldBytes = STORAGE_KINDS.reduce((sum, one) => sum + this.#heldOf(one), 0);
    const shortBytes = minFreeBytes + heldBytes + askedBytes - freeBytes;
    const isClosed = this.#isLow && kind !== "windows";
    if (shortBytes <= 0 && !isClosed) return undefined;
    const error = StorageError.low({ ...asked, heldBytes }, { minFreeBytes, setting });
    return { error, shortBytes: Math.max(0, shortBytes) };
  }

  #markOf(kind: StorageKind): { readonly minFreeBytes: number; readonly setting: string } {
    const { minFreeBytes, chainMinFreeBytes } = this.#options;
    return kind === "windows"
      ? { minFreeBytes: chainMinFreeBytes, setting: "disk.minFreeMib" }
      : { minFreeBytes, setting: "disk.jobsMinFreeMib" };
  }

  #heldOf(kind: StorageKind): number {
    let bytes = 0;
    for (const hold of this.#holds) if (hold.kind === kind) bytes += hold.bytes;
    return bytes;
  }

  #hold(kind: StorageKind, bytes: number): Reservation {
    const control = new AbortController();
    const hold: Hold = { kind, bytes, control };
    this.#holds.add(hold);
    return {
      signal: control.signal,
      wrote: (count) => {
        const known = Math.min(count, hold.bytes);
        hold.bytes -= known;
        this.#written[kind] += known;
      },
      release: () => {
        this.#holds.delete(hold);
      },
    };
  }

  async #look(): Promise<void> {
    const { minFreeBytes } = this.#options;
    this.#free = await this.#modules.free();
    if (!this.#isLow && this.#free < minFreeBytes) {
      this.#isLow = true;
      this.#endHolds();
    }
    if (!this.#isLow) return;
    const wanted = minFreeBytes * RESUME_FACTOR;
    if (this.#free < wanted && (await this.#collectNow(wanted - this.#free))) {
      this.#free = await this.#modules.free();
    }
    if (this.#free >= wanted) {
      this.#isLow = false;
      this.#toldAt = Number.NEGATIVE_INFINITY;
      this.#modules.log.info("there is room for files of jobs again", {
        freeMib: mebibytes(this.#free),
      });
    } else this.#tell();
  }

  /** The reservations counted on room that something else has taken. */
  #endHolds(): void {
    for (const { kind, bytes, control } of this.#holds) {
      if (kind === "windows") continue;
      const asked = { kind, askedBytes: bytes, freeBytes: this.#free, heldBytes: 0 };
      control.abort(StorageError.low(asked, this.#markOf(kind)));
    }
  }

  /** @returns false when the last search is too recent */
  async #collectNow(shortBytes: number): Promise<boolean> {
    const { monotonic } = this.#modules;
    if (this.#collecting !== undefined) {
      await this.#collecting;
      return true;
    }
    if (this.#collect === undefined || monotonic() - this.#collectedAt < COLLECT_MS) return false;
    this.#collectedAt = monotonic();
    this.#collecting = this.#collect(shortBytes)
      .then(() => {})
      .catch((error: unknown) => {
        this.#modules.log.warn("could not make room", { reason: String(error) });
      })
      .finally(() => {
        this.#collecting = undefined;
      });
    await this.#collecting;
    return true;
  }

  #tell(): void {
    const now = this.#modules.monotonic();
    if (now - this.#toldAt < TELL_MS) return;
    this.#toldAt = now;
    this.#modules.log.warn(
      "too little room for files of jobs: no uploads, imports, datasets, updates or new work; the node continues to vote",
      {
        code: "JOB_DISK_FULL",
        freeMib: mebibytes(this.#free),
        jobsMinFreeMib: mebibytes(this.#options.minFreeBytes),
      },
    );
  }
}
