/**
 * The tree of a round: which participants are sub-managers, and who has its leases from whom. It follows from what the
 * chain says of the job alone, so every node works out the same one, and nobody's death changes it: children of a dead
 * parent turn to the one above.
 *
 * What it costs: a manager answers the nodes directly under it, at most `most` of them. Each sends at most one message
 * in 30 ms, and one in 2 s while its leases run; it gets as many. So 16 children are some 8 messages a second each way,
 * and 500 at the very most. Without a tree, 256 participants are 128 a second, and 8,500 at most. Entries of the log
 * become fewer by half: leases of sub-managers are long, but what each child has searched is an entry as before.
 */

export interface FanOut {
  /** Children of one manager, at most. */
  readonly most: number;
  /** A sub-manager with fewer is not worth its messages. */
  readonly least: number;
}

export const FAN_OUT: FanOut = { most: 16, least: 8 };

export interface TreeFacts {
  /** Node indexes in drawn order; those that are out of the job too. */
  readonly participants: readonly number[];
  /** From 1. Other participants become sub-managers in the next round. */
  readonly round: number;
}

export class LeaseTree {
  /** By node, for those that have their leases from a sub-manager. */
  readonly #parents = new Map<number, number>();
  readonly #children = new Map<number, number[]>();
  readonly #top: readonly number[];

  /** @throws RangeError for a fan-out that makes no tree */
  constructor({ participants, round }: TreeFacts, fanOut: FanOut = FAN_OUT) {
    const { most, least } = fanOut;
    if (least < 1 || most < 2 || least > most) {
      throw new RangeError(`no tree has ${least} to ${most} children`);
    }
    const { length } = participants;
    const start = ((round - 1) * headsOf(length, fanOut)) % Math.max(1, length);
    const order = [...participants.slice(start), ...participants.slice(0, start)];
    this.#top = this.#place(undefined, order, fanOut);
  }

  /** Nodes that the active manager serves. */
  get top(): readonly number[] {
    return this.#top;
  }

  /** The sub-managers above a node, its parent first; none for a node that the active manager serves. */
  above(node: number): readonly number[] {
    const path: number[] = [];
    let parent = this.#parents.get(node);
    for (; parent !== undefined; parent = this.#parents.get(parent)) path.push(parent);
    return path;
  }

  /** Nodes that a sub-manager serves, without itself; none for a node that is no sub-manager. */
  children(node: number): readonly number[] {
    return this.#children.get(node) ?? [];
  }

  isSubManager(node: number): boolean {
    return this.#children.has(node);
  }

  isBelow(node: number, above: number): boolean {
    return this.above(node).includes(above);
  }

  /** Nodes below a sub-manager, on all levels. */
  countBelow(node: number): number {
    return this.children(node).reduce((sum, child) => sum + 1 + this.countBelow(child), 0);
  }

  #place(parent: number | undefined, nodes: readonly number[], fanOut: FanOut): readonly number[] {
    const sizes = sizesOf(nodes.length, fanOut);
    const heads = nodes.slice(0, sizes.length);
    if (parent !== undefined) {
      for (const head of heads) this.#parents.set(head, parent);
      this.#children.set(parent, [...heads]);
    }
    let at = heads.length;
    for (const [i, head] of heads.entries()) {
      const below = nodes.slice(at, at + (sizes[i] ?? 0));
      at += below.length;
      if (below.length > 0) this.#place(head, below, fanOut);
    }
    return heads;
  }
}

/** Sub-managers directly under the active manager. */
function headsOf(nodes: number, fanOut: FanOut): number {
  return sizesOf(nodes, fanOut).filter((size) => size > 0).length;
}

/**
 * How many nodes stand below each direct child of a manager, those with most first. As few of them as can be are
 * sub-managers; where all must be, each has an equal share, and places it in the same way.
 */
function sizesOf(nodes: number, { most, least }: FanOut): readonly number[] {
  if (nodes <= most) return Array.from({ length: nodes }, () => 0);
  const isDeep = nodes > most * (most + 1);
  const heads = isDeep ? most : Math.ceil((nodes - most) / most);
  const below = isDeep ? nodes - most : Math.max(heads * least, nodes - most);
  const alone = nodes - heads - below;
  const shares = Array.from({ length: heads }, (_, i) =>
    Math.floor((below + heads - 1 - i) / heads),
  );
  return [...shares, ...Array.from({ length: alone }, () => 0)];
}
