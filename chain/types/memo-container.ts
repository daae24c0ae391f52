/**
 * A container that computes the root of each value once. Decoded values never change, and a value that passes many
 * places (a transaction: mempool, block, index) needs its root at each of them. The root is remembered for the object:
 * a changed copy has a root of its own.
 */
import { ContainerType, type Type, type ValueOfFields } from "@chainsafe/ssz";

export class MemoContainerType<
  Fields extends Record<string, Type<unknown>>,
> extends ContainerType<Fields> {
  readonly #roots = new WeakMap<object, Uint8Array>();

  /** @returns shared by all callers: do not write to it */
  override hashTreeRoot(value: ValueOfFields<Fields>): Uint8Array {
    let root = this.#roots.get(value);
    if (root === undefined) {
      root = new Uint8Array(32);
      super.hashTreeRootInto(value, root, 0);
      this.#roots.set(value, root);
    }
    return root;
  }

  knownRoot(value: ValueOfFields<Fields>): Uint8Array | undefined {
    return this.#roots.get(value);
  }

  /** @param root of exactly this value, computed elsewhere; do not write to it afterwards */
  keepRoot(value: ValueOfFields<Fields>, root: Uint8Array): void {
    this.#roots.set(value, root);
  }

  override hashTreeRootInto(
    value: ValueOfFields<Fields>,
    output: Uint8Array,
    offset: number,
  ): void {
    output.set(this.hashTreeRoot(value), offset);
  }
}
