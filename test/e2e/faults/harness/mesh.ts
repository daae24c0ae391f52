/**
 * Links between every two nodes, one for each direction of dialing, and nothing beside them: a node is told
 * of the others through links alone, and announces an address nobody listens on, so that no two nodes learn
 * of a way around. Cutting the links between two groups is a partition.
 */
import { peerIdOf } from "../../../../p2p/identity.ts";
import type { LocalNode, Wiring } from "../../../helpers/local-network.ts";
import { Random } from "../../../sim/random.ts";
import { type CutMode, Link } from "./link.ts";
import type { LinkConditions } from "./pipe.ts";

/** The discard port of TCP: refused at once. */
const NOWHERE = "/ip4/127.0.0.1/tcp/9/ws";

interface Way {
  readonly from: LocalNode;
  readonly to: LocalNode;
  readonly link: Link;
}

export class Mesh {
  readonly #ways: readonly Way[];

  private constructor(ways: readonly Way[]) {
    this.#ways = ways;
  }

  static async open(nodes: readonly LocalNode[], seed: number): Promise<Mesh> {
    const random = new Random(seed);
    const pairs = nodes.flatMap((from) =>
      nodes.filter((to) => to !== from).map((to) => ({ from, to })),
    );
    const ways = pairs.map(async (pair) => ({
      ...pair,
      link: await Link.open(pair.to.ports.p2p, random),
    }));
    return new Mesh(await Promise.all(ways));
  }

  /** What a node is told of the network. */
  wiringOf(node: LocalNode): Wiring {
    const own = this.#ways.filter(({ from }) => from === node);
    return {
      announce: [NOWHERE],
      bootstrap: own.map(({ link, to }) => {
        const peer = peerIdOf(to.identity.keyPair.publicKey);
        return `/ip4/127.0.0.1/tcp/${link.port}/ws/p2p/${peer}`;
      }),
    };
  }

  /** Cuts every link between nodes that are not in the same group. */
  split(groups: readonly (readonly LocalNode[])[], mode: CutMode): void {
    const groupOf = (node: LocalNode): number => groups.findIndex((group) => group.includes(node));
    for (const { from, to, link } of this.#ways) {
      if (groupOf(from) !== groupOf(to)) link.cut(mode);
    }
  }

  heal(): void {
    for (const { link } of this.#ways) link.heal();
  }

  /** The same conditions on every link, in both directions of each. */
  shape(conditions: Partial<LinkConditions>): void {
    for (const { link } of this.#ways) link.shape(conditions);
  }

  async close(): Promise<void> {
    await Promise.all(this.#ways.map(({ link }) => link.close()));
  }
}
