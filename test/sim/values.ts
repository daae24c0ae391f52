/** Blocks of the simulation: only their hashes exist; the hash says when it was made and whether it applies. */
import { hashOf, toValueId, type ValueId } from "../../chain/finality/vote.ts";

const INVALID = 0xee;

export class Values {
  #made = 0;

  /**
   * A value nobody has seen yet.
   * @param time of the block, virtual milliseconds
   */
  make(height: number, time: number, options: { valid: boolean } = { valid: true }): ValueId {
    const hash = new Uint8Array(32).fill(options.valid ? 0x11 : INVALID);
    const view = new DataView(hash.buffer);
    view.setUint32(0, height);
    view.setUint32(4, ++this.#made);
    view.setFloat64(8, time);
    return toValueId(hash);
  }
}

/** Time of the block, virtual milliseconds. */
export function timeOf(value: ValueId): number {
  return new DataView(hashOf(value).buffer).getFloat64(8);
}

export function isValidValue(value: ValueId): boolean {
  return !value.endsWith(INVALID.toString(16));
}
