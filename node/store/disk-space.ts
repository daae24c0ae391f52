/**
 * Watches the room on the disk. A node that cannot record what it signs must not sign, and a node that has filled the
 * last byte cannot even be started. So it stops some way before that, keeps answering, and resumes by itself once there
 * is room again.
 */
import { statfs } from "node:fs/promises";
import type { NodeLog } from "../telemetry/log.ts";
import { StoreError } from "./store-error.ts";

const CHECK_MS = 1_000;
const TELL_MS = 60_000;
/** The room at which it resumes, as a multiple of the room at which it stops, so that it does not switch back and forth. */
export const RESUME_FACTOR = 1.25;
/** Below this it is not worth opening a database, whatever threshold the owner has set. */
const MIN_RESUME_BYTES = 2 * 1024 * 1024;

export interface DiskSpaceOptions {
  readonly path: string;
  readonly minFreeBytes: number;
  readonly checkMs?: number;
}

export interface DiskSpaceModules {
  readonly log: NodeLog;
  /** Makes the store writable after a write found no room. */
  reopen(): Promise<void>;
  /** Called when there is room again. */
  resumed(): void;
}

export class DiskSpace {
  readonly #options: DiskSpaceOptions;
  readonly #modules: DiskSpaceModules;
  #isLow = false;
  #hasFailed = false;
  #toldAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #checking: Promise<void> = Promise.resolve();

  constructor(options: DiskSpaceOptions, modules: DiskSpaceModules) {
    this.#options = options;
    this.#modules = modules;
  }

  /** Whether anything may be written, and therefore signed. */
  get hasRoom(): boolean {
    return !this.#isLow;
  }

  start(): void {
    this.#timer = setInterval(() => this.check(), this.#options.checkMs ?? CHECK_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#checking;
  }

  /** Called when a write found no room. */
  failed(): void {
    this.#isLow = true;
    this.#hasFailed = true;
  }

  /** Checks now; the timer and every block call it. */
  check(): void {
    this.#checking = this.#checking
      .then(() => this.#look())
      .catch((error: unknown) => {
        this.#modules.log.warn("could not look at the disk", { reason: String(error) });
      });
  }

  async #look(): Promise<void> {
    const { path, minFreeBytes } = this.#options;
    const free = await freeBytes(path);
    if (!this.#isLow) this.#isLow = free < minFreeBytes;
    else if (free >= Math.max(minFreeBytes * RESUME_FACTOR, MIN_RESUME_BYTES)) {
      await this.#resume(free);
    }
    if (this.#isLow) this.#tell(free);
  }

  async #resume(free: number): Promise<void> {
    if (this.#hasFailed) await this.#modules.reopen();
    this.#hasFailed = false;
    this.#isLow = false;
    this.#toldAt = Number.NEGATIVE_INFINITY;
    this.#modules.log.info("there is room on the disk again", { freeMib: mebibytes(free) });
    this.#modules.resumed();
  }

  #tell(free: number): void {
    const now = performance.now();
    if (now - this.#toldAt < TELL_MS) return;
    this.#toldAt = now;
    const { path, minFreeBytes } = this.#options;
    this.#modules.log.error("too little room on the disk: neither voting nor taking blocks", {
      code: "DISK_FULL",
      path,
      freeMib: mebibytes(free),
      minFreeMib: mebibytes(minFreeBytes),
    });
  }
}

/**
 * Called before anything is opened.
 * @throws StoreError DISK_FULL
 */
export async function requireSpace({ path, minFreeBytes }: DiskSpaceOptions): Promise<void> {
  const free = await freeBytes(path);
  if (free >= minFreeBytes) return;
  throw StoreError.diskFull(
    `${path} (${mebibytes(free)} MiB free, ${mebibytes(minFreeBytes)} needed)`,
  );
}

/** The space that a process without privileges may still use. */
export async function freeBytes(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path);
  return bavail * bsize;
}

function mebibytes(bytes: number): number {
  return Math.floor(bytes / (1024 * 1024));
}
