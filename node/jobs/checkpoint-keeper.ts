/**
 * The states of this node's training runs on disk, from the commit until their audits are over: an
 * auditor asks for one of them. A folder per run, written before the commit is sent.
 */
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sha256, toHex } from "../../chain/crypto/hash.ts";

const HASH_BYTES = 32;
const HASHES = "hashes";
/** States handed out lately, by the hash that auditors fetch them by. */
const SERVED = 256;

export class CheckpointKeeper {
  readonly #folder: string;
  readonly #served = new Map<string, string>();

  constructor({ dataDir }: { dataDir: string }) {
    this.#folder = join(dataDir, "checkpoints");
  }

  /** A run to be filled. What an earlier attempt left is forgotten. */
  async begin(job: Uint8Array, round: number): Promise<RunWriter> {
    const folder = join(this.#folder, runName(job, round));
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    return new RunWriter(folder);
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

  /** Removes every run but these. @param wanted names by `runName` */
  async retain(wanted: ReadonlySet<string>): Promise<void> {
    const names = await readdir(this.#folder).catch(() => []);
    for (const name of names) {
      if (wanted.has(name)) continue;
      await rm(join(this.#folder, name), { recursive: true, force: true });
    }
  }
}

export class RunWriter {
  readonly #folder: string;
  #writing: Promise<unknown> = Promise.resolve();

  constructor(folder: string) {
    this.#folder = folder;
  }

  put(index: number, state: Uint8Array): void {
    this.#writing = this.#writing.then(() =>
      writeFile(join(this.#folder, stateName(index)), state),
    );
    // Told to who finishes the run.
    this.#writing.catch(() => {});
  }

  /** Waits until everything is written; a run without its hashes counts as not kept. */
  async finish(hashes: readonly Uint8Array[]): Promise<void> {
    await this.#writing;
    const temporary = join(this.#folder, `${HASHES}.part`);
    await writeFile(temporary, Buffer.concat(hashes));
    await rename(temporary, join(this.#folder, HASHES));
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
