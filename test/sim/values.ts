/** Blocks of the simulation: only their hashes exist, and the hash says whether the block applies. */
import { toValueId, type ValueId } from "../../chain/finality/vote.ts";

const INVALID = 0xee;

export class Values {
  #made = 0;

  /** A value nobody has seen yet. */
  make(height: number, options: { valid: boolean } = { valid: true }): ValueId {
    const hash = new Uint8Array(32).fill(options.valid ? 0x11 : INVALID);
    const view = new DataView(hash.buffer);
    view.setUint32(0, height);
    view.setUint32(4, ++this.#made);
    return toValueId(hash);
  }
}

export function isValidValue(value: ValueId): boolean {
  return !value.endsWith(INVALID.toString(16));
}
