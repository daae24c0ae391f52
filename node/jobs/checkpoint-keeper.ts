/**
 * The states of this node's training runs on disk, from the commit until their audits are over: an
 * auditor asks for one of them. A run is filled in a folder of its own and gets its name when it is whole, before the
 * commit is sent: what an attempt left that was given up is never mixed with another, and a run
 * whose states are not those it is to be committed to is not kept at all.
 */
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { equalBytes, sha256, toHex } from "../../chain/crypto/hash.ts";
import { type Reservation, type Room, UNBOUNDED } from "../storage/room.ts";
import { storedStateHash } from "./stored-state-hash.ts";

const HASH_BYTES = 32;
const HASHES = "hashes";
const PART = ".part-";
/** States handed out lately, by the hash that auditors fetch them by. */
const SERVED = 256;

export class CheckpointKeeper {
  readonly #folder: string;
  readonly #served = new Map<string, string>();
  /** Folders that are being filled. */
  readonly #open = new Set<string>();
  readonly #room: Room;
  #runs = 0;

  /** @param room default: as much as the disk has */
  constructor({ dataDir }: { dataDir: string }, room: Room = UNBOUNDED) {
    this.#folder = join(dataDir, "checkpoints");
    this.#room = room;
  }

  /**
   * A run to be filled; end it with `finish` or `discard`.
   * @param maxBytes of all its states
   * @throws StorageError JOB_DISK_FULL
   */
  async begin(job: Uint8Array, round: number, maxBytes = 0): Promise<RunWriter> {
    const held = await this.#room.reserve("checkpoints", maxBytes);
    const name = runName(job, round);
    const part = `${name}${PART}${process.pid}-${this.#runs++}`;
    const folder = join(this.#folder, part);
    this.#open.add(part);
    const ended = (): void => {
      this.#open.delete(part);
      held.release();
    };
    try {
      await rm(folder, { recursive: true, force: true });
      await mkdir(folder, { recursive: true });
    } catch (error) {
      ended();
      throw error;
    }
    return new RunWriter({ folder, target: join(this.#folder, name), held }, ended);
  }

  /** Hashes of all states of a run; undefined when it is not kept here. */
  async hashes(job: Uint8Array, round: number): Promise<Uint8Array[] | undefined> {
    const bytes = await readOrNothing(join(this.#folder, runName(job, round), HASHES));
    if (bytes === undefined || bytes.length % HASH_BYTES !== 0) return undefined;
    return Array.from({ length: bytes.length / HASH_BYTES }, (_, i) =>
      bytes.slice(i * HASH_BYTES, (i + 1) * HASH_BYTES),
    );
  }

  /** Lets a state be fetched. @returns the SHA-256 of its bytes */
  async offer(job: Uint8Array, round: number, index: number): Promise<Uint8Array | undefined> {
    const path = join(this.#folder, runName(job, round), stateName(index));
    const bytes = await readOrNothing(path);
    if (bytes === undefined) return undefined;
    const hash = sha256(bytes);
    const oldest = this.#served.keys().next();
    if (this.#served.size >= SERVED && !oldest.done) this.#served.delete(oldest.value);
    this.#served.set(toHex(hash), path);
    return hash;
  }

  /** A state that was offered, for whoever knows its hash. */
  async serve(hash: Uint8Array): Promise<Uint8Array | undefined> {
    const path = this.#served.get(toHex(hash));
    return path === undefined ? undefined : readOrNothing(path);
  }

  /** A run that nobody can ask for any more. @param name by `runName`, or of an attempt that is over */
  async remove(name: string): Promise<void> {
    if (this.#open.has(name)) return;
    await rm(join(this.#folder, name), { recursive: true, force: true });
  }

  /** Removes every run but these, and what attempts left that are over. @param wanted names by `runName` */
  async retain(wanted: ReadonlySet<string>): Promise<void> {
    const names = await readdir(this.#folder).catch(() => []);
    for (const name of names) {
      if (!wanted.has(name)) await this.remove(name);
    }
  }
}

export class RunWriter {
  readonly #folder: string;
  readonly #target: string;
  readonly #held: Reservation;
  readonly #ended: () => void;
  #writing: Promise<unknown> = Promise.resolve();

  constructor(
    {
      folder,
      target,
      held,
    }: { readonly folder: string; readonly target: string; readonly held: Reservation },
    ended: () => void,
  ) {
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
      await writeFile(join(this.#folder, stateName(index)), state);
      this.#held.wrote(state.length);
    });
    // Told to the code that finishes the run.
    this.#writing.catch(() => {});
  }

  /**
   * Waits until everything is written and reads it back. The states that segments begin in must be those of the
   * hashes, where any were kept.
   * @throws Error for a state that is missing or another: nothing may be committed then
   */
  async finish(hashes: readonly Uint8Array[]): Promise<void> {
    await this.#writing;
    const names = new Set(await readdir(this.#folder));
    for (const [index, hash] of hashes.entries()) {
      const isStart = index > 0 && index < hashes.length - 1;
      if (names.size > 0 && isStart) await this.#check(index, hash);
    }
    await writeFile(join(this.#folder, HASHES), Buffer.concat(hashes), { flush: true });
    await rm(this.#target, { recursive: true, force: true });
    await rename(this.#folder, this.#target);
    this.#ended();
  }

  /** The attempt came to nothing. */
  async discard(): Promise<void> {
    await this.#writing.catch(() => {});
    await rm(this.#folder, { recursive: true, force: true });
    this.#ended();
  }

  async #check(index: number, hash: Uint8Array): Promise<void> {
    const path = join(this.#folder, stateName(index));
    const bytes = await readOrNothing(path);
    const found = bytes === undefined ? undefined : await storedStateHash(bytes);
    if (found === undefined || !equalBytes(found, hash)) {
      throw new Error(`${path} is not the state that the run went through`);
    }
  }
}

export function runName(job: Uint8Array, round: number): string {
  return `${toHex(job)}-${round}`;
}

function stateName(index: number): string {
  return `${index}.state`;
}

async function readOrNothing(path: string): Promise<Uint8Array | undefined> {
  return readFile(path).then(
    (bytes) => new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    () => undefined,
  );
}
