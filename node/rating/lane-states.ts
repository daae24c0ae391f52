/**
 * The states of this node's work in the last window, on disk: verifiers request them after the window, and a restart in
 * between must not make the node unable to serve them. Each window has its own folder, named after its number and its
 * mix, so that data of an earlier window or another chain is never used. Every state is read back after it was written,
 * and only intact states are claimed.
 */
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { equalBytes, fromHex, sha256, toHex } from "../../chain/crypto/hash.ts";
import type { Window } from "../../chain/types/window.ts";
import { type Room, UNBOUNDED, withRoom } from "../storage/room.ts";

const Hashes = z.array(z.string().regex(/^[0-9a-f]{64}$/));
const Record = z.object({ lanes: z.array(Hashes) });
const RECORD = "worked.json";
/** Number of digits of the mix in the name of a folder. */
const MIX_DIGITS = 16;

export type WindowRef = Pick<Window, "number" | "mix">;

/** For each lane, SHA-256 of its segments + 1 states; empty if no work was done. */
export type WorkedLanes = readonly (readonly Uint8Array[])[];

export class LaneStates {
  readonly #folder: string;
  #kept: { readonly name: string; readonly lanes: WorkedLanes } | undefined;

  readonly #room: Room;

  /** @param room default: the disk is the only limit */
  constructor({ dataDir }: { dataDir: string }, room: Room = UNBOUNDED) {
    this.#folder = join(dataDir, "window");
    this.#room = room;
  }

  /**
   * Removes the states of other windows.
   * @returns undefined when this window was worked and claimed already: a second claim of other work would be a fault
   */
  async begin(window: WindowRef): Promise<LaneWriter | undefined> {
    if ((await this.worked(window)) !== undefined) return undefined;
    const name = nameOf(window);
    const others = (await readdir(this.#folder).catch(() => [])).filter((other) => other !== name);
    for (const other of others) {
      await rm(join(this.#folder, other), { recursive: true, force: true });
    }
    const folder = join(this.#folder, name);
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    return new LaneWriter({ folder, room: this.#room }, (lanes) => {
      this.#kept = { name, lanes };
    });
  }

  /** The claimed lanes of a window; undefined when this node has none. */
  async worked(window: WindowRef): Promise<WorkedLanes | undefined> {
    const name = nameOf(window);
    if (this.#kept?.name !== name) {
      const lanes = await this.#read(name);
      if (lanes === undefined) return undefined;
      this.#kept = { name, lanes };
    }
    return this.#kept.lanes;
  }

  /** A state, if it still is the claimed one. */
  async get(window: WindowRef, lane: number, index: number): Promise<Uint8Array | undefined> {
    const hash = (await this.worked(window))?.[lane]?.[index];
    if (hash === undefined) return undefined;
    const bytes = await readOrNothing(join(this.#folder, nameOf(window), stateName(lane, index)));
    return bytes !== undefined && equalBytes(sha256(bytes), hash) ? bytes : undefined;
  }

  async #read(name: string): Promise<WorkedLanes | undefined> {
    try {
      const text = await readFile(join(this.#folder, name, RECORD), "utf8");
      return Record.parse(JSON.parse(text)).lanes.map((hashes) => hashes.map(fromHex));
    } catch {
      // No work done yet, or an incomplete file: then nothing can be served.
      return undefined;
    }
  }
}

/** The states of one window while it is open. */
export class LaneWriter {
  readonly #folder: string;
  readonly #room: Room;
  readonly #finished: (lanes: WorkedLanes) => void;
  /** For each lane, hashes of the states that were read back intact. */
  readonly #whole = new Map<number, Map<number, string>>();
  #writing: Promise<void> = Promise.resolve();
  #failure: unknown;

  constructor(
    { folder, room }: { readonly folder: string; readonly room: Room },
    finished: (lanes: WorkedLanes) => void,
  ) {
    this.#folder = folder;
    this.#room = room;
    this.#finished = finished;
  }

  /** Why the first state that could not be stored failed. */
  get failure(): unknown {
    return this.#failure;
  }

  put(lane: number, index: number, state: Uint8Array): void {
    this.#writing = this.#writing
      .then(() => this.#keep(lane, index, state))
      .catch((error: unknown) => {
        this.#failure ??= error;
      });
  }

  /**
   * Call it before the claim is sent.
   * @param lanes hashes of the states at all boundaries, as the workers computed them
   * @returns the part of each lane, from its start, that can be served
   * @throws the reason when not even that could be recorded; then nothing may be claimed
   */
  async finish(lanes: WorkedLanes): Promise<WorkedLanes> {
    await this.#writing;
    const whole = lanes.map((hashes, lane) => this.#wholePart(lane, hashes));
    const temporary = join(this.#folder, `${RECORD}.tmp`);
    const record = { lanes: whole.map((hashes) => hashes.map(toHex)) };
    await writeFile(temporary, JSON.stringify(record), { flush: true });
    await rename(temporary, join(this.#folder, RECORD));
    this.#finished(whole);
    return whole;
  }

  async #keep(lane: number, index: number, state: Uint8Array): Promise<void> {
    const path = join(this.#folder, stateName(lane, index));
    const kept = this.#whole.get(lane) ?? new Map<number, string>();
    this.#whole.set(lane, kept);
    kept.delete(index);
    await withRoom(this.#room, "windows", state.length, async ({ wrote }) => {
      await writeFile(path, state);
      wrote(state.length);
    });
    const back = await readFile(path);
    if (!back.equals(state)) throw new Error(`${path} is not what was written to it`);
    kept.set(index, toHex(sha256(state)));
  }

  /** A segment starts in a stored state; of the last segment only the hash of the end is needed. */
  #wholePart(lane: number, hashes: readonly Uint8Array[]): readonly Uint8Array[] {
    const kept = this.#whole.get(lane);
    const broken = hashes.findIndex((hash, index) => kept?.get(index) !== toHex(hash));
    const segments = broken === -1 ? hashes.length - 1 : Math.min(broken, hashes.length - 1);
    return segments < 1 ? [] : hashes.slice(0, segments + 1);
  }
}

function nameOf({ number, mix }: WindowRef): string {
  return `${number}-${toHex(mix).slice(0, MIX_DIGITS)}`;
}

function stateName(lane: number, index: number): string {
  return `${lane}-${index}.state`;
}

async function readOrNothing(path: string): Promise<Uint8Array | undefined> {
  return readFile(path).then(
    (bytes) => new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    () => undefined,
  );
}
