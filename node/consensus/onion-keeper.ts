/**
 * The secret part of this node's hash onions. Each generation is derived from the node's seed, so nothing has to be
 * stored; the state shows which generation is in use.
 */
import { equalBytes, taggedHash, uint32Bytes } from "../../chain/crypto/hash.ts";
import { makeOnion, ONION_LENGTH } from "../../chain/crypto/onion.ts";
import type { NodeRecord } from "../../chain/types/node.ts";

const MAX_GENERATIONS = 100_000;

export class OnionKeeper {
  readonly #seed: Uint8Array;
  #generation = 0;
  #links: readonly Uint8Array[];

  constructor(seed: Uint8Array) {
    this.#seed = seed;
    this.#links = this.#make(0);
  }

  /** The values for a registration. */
  top(generation = 0): { onion: Uint8Array; onionLength: number } {
    const links = generation === this.#generation ? this.#links : this.#make(generation);
    return { onion: links[ONION_LENGTH] as Uint8Array, onionLength: ONION_LENGTH };
  }

  /** The reveal that is due; undefined when the onion on the chain is not ours or is used up. */
  reveal(node: NodeRecord): Uint8Array | undefined {
    if (node.onionLeft === 0) return undefined;
    return this.#find(node) ? this.#links[node.onionLeft - 1] : undefined;
  }

  /** The onion to announce as successor of the one in use. */
  next(node: NodeRecord): { onion: Uint8Array; onionLength: number } | undefined {
    return this.#find(node) ? this.top(this.#generation + 1) : undefined;
  }

  #find({ onion, onionLeft }: NodeRecord): boolean {
    const fits = (): boolean => {
      const link = this.#links[onionLeft];
      return link !== undefined && equalBytes(link, onion);
    };
    if (fits()) return true;
    const from = this.#generation;
    for (let step = 1; step <= 2 && from + step < MAX_GENERATIONS; step++) {
      this.#use(from + step);
      if (fits()) return true;
    }
    for (let generation = 0; generation <= from; generation++) {
      this.#use(generation);
      if (fits()) return true;
    }
    return false;
  }

  #use(generation: number): void {
    this.#generation = generation;
    this.#links = this.#make(generation);
  }

  #make(generation: number): Uint8Array[] {
    return makeOnion(taggedHash("poml/onion-seed/v1", this.#seed, uint32Bytes(generation)));
  }
}
