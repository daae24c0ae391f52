/** Room of so many bytes that a test fills, counts and takes away. */
import { byKind, type StorageKind } from "../../node/storage/kinds.ts";
import type { Reservation, Room } from "../../node/storage/room.ts";
import { StorageError } from "../../node/storage/storage-error.ts";

export class CountedRoom implements Room {
  left: number;
  /** What was asked for, in order. */
  readonly asked: [kind: StorageKind, bytes: number][] = [];
  readonly #counts = byKind(() => ({ held: 0, written: 0 }));
  readonly #controls = new Set<AbortController>();

  constructor(bytes: number) {
    this.left = bytes;
  }

  of(kind: StorageKind): { readonly held: number; readonly written: number } {
    return { ...this.#counts[kind] };
  }

  /** Other programs take all that is left and promised. */
  takeAway(): void {
    this.left = 0;
    for (const control of this.#controls) control.abort(full("uploads", 0));
  }

  async reserve(kind: StorageKind, bytes: number): Promise<Reservation> {
    this.asked.push([kind, bytes]);
    if (bytes > this.left) throw full(kind, bytes);
    this.left -= bytes;
    const counts = this.#counts[kind];
    counts.held += bytes;
    const control = new AbortController();
    this.#controls.add(control);
    let pending = bytes;
    return {
      signal: control.signal,
      wrote: (count) => {
        const known = Math.min(count, pending);
        pending -= known;
        counts.held -= known;
        counts.written += known;
      },
      release: () => {
        if (!control.signal.aborted) this.left += pending;
        counts.held -= pending;
        pending = 0;
        this.#controls.delete(control);
      },
    };
  }
}

function full(kind: StorageKind, askedBytes: number): StorageError {
  return StorageError.low(
    { kind, askedBytes, freeBytes: 0, heldBytes: 0 },
    { minFreeBytes: 1, setting: "disk.jobsMinFreeMib" },
  );
}
