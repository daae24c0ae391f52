/**
 * The runs to which this node committed, on disk from the commit until their audits are over: the hashes of all states
 * of a run, and the states that an auditor may request. A run is written into a folder of its own, which gets its name
 * when it is complete, before the commit is sent. So the files of an abandoned attempt never mix with another, and a
 * run whose states differ from its commitment is not kept at all.
 */
import { dirname, join } from "node:path";
import { equalBytes, HASH_BYTES, sha256, toHex } from "../../chain/crypto/hash.ts";
import { type Disk, systemDisk } from "../disk.ts";
import { type Reservation, type Room, UNBOUNDED } from "../storage/room.ts";

const HASHES = "hashes";
const PART = ".part-";
/** Number of states served lately, by the hash under which auditors fetch them. */
const SERVED = 256;

export interface KeeperModules {
  /** Default: the disk is the only limit. */
  readonly room?: Room;
  readonly disk?: Disk;
  /** The hash of a stored state, computed outside this thread; undefined for bytes that are no state. */
  readonly stateHash: StateHash;
}

export type StateHash = (bytes: Uint8Array) => Promise<Uint8Array | undefined>;

export class CheckpointKeeper {
  readonly #folder: string;
  readonly #served = new Map<string, string>();
  /** Folders that are being written. */
  readonly #open = new Set<string>();
  readonly #modules: Required<KeeperModules>;
  #runs = 0;

  constructor(
    { dataDir }: { dataDir: string },
    { room = UNBOUNDED, disk = systemDisk, stateHash }: KeeperModules,
  ) {
    this.#folder = join(dataDir, "checkpoints");
    this.#modules = { room, disk, stateHash };
  }

  /**
   * Starts a run; end it with `finish` or `discard`.
   * @param maxBytes of all its states together
   * @throws StorageError JOB_DISK_FULL
   */
  async begin(job: Uint8Array, round: number, maxBytes = 0): Promise<RunWriter> {
    const { room, disk, stateHash } = this.#modules;
    const held = await room.reserve("checkpoints", maxBytes);
    const name = runName(job, round);
    const part = `${name}${PART}${process.pid}-${this.#runs++}`;
    const folder = join(this.#folder, part);
    this.#open.add(part);
    const ended = (): void => {
      this.#open.delete(part);
      held.release();
    };
    try {
      await disk.remove(folder);
      await disk.makeFolder(folder);
    } catch (error) {
      ended();
      throw error;
    }
    const target = join(this.#folder, name);
    return new RunWriter({ folder, target, held, disk, stateHash }, ended);
  }

  /** Hashes of all states of a run; undefined when this node does not keep the run. */
  async hashes(job: Uint8Array, round: number): Promise<Uint8Array[] | undefined> {
    const bytes = await this.#read(join(this.#folder, runName(job, round), HASHES));
    if (bytes === undefined || bytes.length % HASH_BYTES !== 0) return undefined;
    return Array.from({ length: bytes.length / HASH_BYTES }, (_, i) =>
      bytes.slice(i * HASH_BYTES, (i + 1) * HASH_BYTES),
    );
  }

  /** Lets a state be fetched. @returns the SHA-256 of its bytes */
  async offer(job: Uint8Array, round: number, index: number): Promise<Uint8Array | undefined> {
    const path = join(this.#folder, runName(job, round), stateName(index));
    const bytes = await this.#read(path);
    if (bytes === undefined) return undefined;
    const hash = sha256(bytes);
    const oldest = this.#served.keys().next();
    if (this.#served.size >= SERVED && !oldest.done) this.#served.delete(oldest.value);
    this.#served.set(toHex(hash), path);
    return hash;
  }

  /** A state that was offered, for a peer that knows its hash. */
  async serve(hash: Uint8Array): Promise<Uint8Array | undefined> {
    const path = this.#served.get(toHex(hash));
    return path === undefined ? undefined : this.#read(path);
  }

  /**
   * Removes a run that nobody can request any more.
   * @param name by `runName`, or the name of an abandoned attempt
   */
  async remove(name: string): Promise<void> {
    if (this.#open.has(name)) return;
    await this.#modules.disk.remove(join(this.#folder, name));
  }

  /**
   * Removes all other runs, and the remains of abandoned attempts.
   * @param wanted names by `runName`
   */
  async retain(wanted: ReadonlySet<string>): Promise<void> {
    const names = await this.#modules.disk.list(this.#folder).catch(() => []);
    for (const name of names) {
      if (!wanted.has(name)) await this.remove(name);
    }
  }

  #read(path: string): Promise<Uint8Array | undefined> {
    return readOrNothing(this.#modules.disk, path);
  }
}

interface RunPlace {
  readonly folder: string;
  readonly target: string;
  readonly held: Reservation;
  readonly disk: Disk;
  readonly stateHash: StateHash;
}

export class RunWriter {
  readonly #folder: string;
  readonly #target: string;
  readonly #held: Reservation;
  readonly #disk: Disk;
  readonly #stateHash: StateHash;
  readonly #ended: () => void;
  #writing: Promise<unknown> = Promise.resolve();
  /** One after another: a disk that syncs many files at once delays the journal of votes. */
  #syncing: Promise<unknown> = Promise.resolve();

  constructor({ folder, target, held, disk, stateHash }: RunPlace, ended: () => void) {
    this.#disk = disk;
    this.#stateHash = stateHash;
    this.#folder = folder;
    this.#target = target;
    this.#held = held;
    this.#ended = ended;
  }

  /** Fires when the disk has no room for the run any more. */
  get signal(): AbortSignal {
    return this.#held.signal;
  }

  put(index: number, state: Uint8Array): void {
    this.#writing = this.#writing.then(async () => {
      this.#held.signal.throwIfAborted();
      const file = await this.#disk.open(join(this.#folder, stateName(index)), "w");
      try {
        await file.writeFile(state);
      } finally {
        this.#syncing = this.#syncing.then(() => file.datasync()).finally(() => file.close());
        this.#syncing.catch(() => {});
      }
      this.#held.wrote(state.length);
    });
    // The code that finishes the run gets this error.
    this.#writing.catch(() => {});
  }

  /**
   * Waits until everything is durable, and reads it back, because an auditor may request it even after a power failure.
   * The states with which segments begin must match the hashes, if any states are kept.
   * @throws Error for a missing or different state; then nothing may be committed
   */
  async finish(hashes: readonly Uint8Array[]): Promise<void> {
    await this.#writing;
    await this.#syncing;
    const names = new Set(await this.#disk.list(this.#folder));
    for (const [index, hash] of hashes.entries()) {
      const isStart = index > 0 && index < hashes.length - 1;
      if (names.size > 0 && isStart) await this.#check(index, hash);
    }
    const whole = Buffer.concat(hashes);
    // The node may already have committed to the run, so it is never removed, not even for a moment, for another that
    // is no better.
    const kept = await readOrNothing(this.#disk, join(this.#target, HASHES));
    if (kept !== undefined && equalBytes(kept, whole)) await this.#disk.remove(this.#folder);
    else {
      await this.#disk.writeFile(join(this.#folder, HASHES), whole, { flush: true });
      await this.#disk.remove(this.#target);
      await this.#disk.rename(this.#folder, this.#target);
      await this.#disk.syncFolder(dirname(this.#target));
    }
    this.#ended();
  }

  /** Abandons the attempt. */
  async discard(): Promise<void> {
    await this.#writing.catch(() => {});
    await this.#syncing.catch(() => {});
    await this.#disk.remove(this.#folder);
    this.#ended();
  }

  async #check(index: number, hash: Uint8Array): Promise<void> {
    const path = join(this.#folder, stateName(index));
    const bytes = await readOrNothing(this.#disk, path);
    const found = bytes === undefined ? undefined : await this.#stateHash(bytes);
    if (found === undefined || !equalBytes(found, hash)) {
      throw new Error(`${path} is not the state that the run reached`);
    }
  }
}

export function runName(job: Uint8Array, round: number): string {
  return `${toHex(job)}-${round}`;
}

function stateName(index: number): string {
  return `${index}.state`;
}

async function readOrNothing(disk: Disk, path: string): Promise<Uint8Array | undefined> {
  return disk.readFile(path).catch(() => undefined);
}
