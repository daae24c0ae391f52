/**
 * A network to do harm to: real processes, joined by links the test can cut and slow down, and the questions
 * every fault test asks afterwards. What a scenario starts from stands in its manifest; what happened is read
 * off the nodes from outside.
 */
import { expect } from "chai";
import {
  LocalNetwork,
  type LocalNetworkOptions,
  type LocalNode,
} from "../../../helpers/local-network.ts";
import { until } from "../../../helpers/until.ts";
import { Mesh } from "./mesh.ts";
import { heightOf, metricsOf } from "./probe.ts";

export interface Manifest
  extends Pick<LocalNetworkOptions, "accounts" | "parameters" | "mains" | "env" | "settings"> {
  /** Rating of each founder, micro-GFLOP/s; as many nodes as there are entries. Default: four equal ones. */
  readonly weights?: readonly bigint[];
  /** Nodes that are not started. */
  readonly absent?: readonly number[];
  /** For delays, stalls and whatever the test draws. */
  readonly seed?: number;
}

export const EQUAL = 100_000_000n;
/** Any node's way to a height, on a machine that is busy with other things. */
export const PATIENCE_MS = 180_000;
/** Time for a network to show that it does not move. */
export const STANDSTILL_MS = 6_000;

export class FaultNetwork {
  readonly local: LocalNetwork;
  readonly mesh: Mesh;

  private constructor(local: LocalNetwork, mesh: Mesh) {
    this.local = local;
    this.mesh = mesh;
  }

  /** All nodes but the absent ones run and are connected to each other. */
  static async start(manifest: Manifest = {}): Promise<FaultNetwork> {
    const { weights = Array.from({ length: 4 }, () => EQUAL), absent = [], seed = 1 } = manifest;
    let mesh: Mesh | undefined;
    const local = await LocalNetwork.create({
      ...manifest,
      nodes: weights.length,
      capacities: weights,
      workers: 0,
      wiring: async (nodes) => {
        const opened = await Mesh.open(nodes, seed);
        mesh = opened;
        return (node) => opened.wiringOf(node);
      },
    });
    if (mesh === undefined) throw new TypeError("the network asked for no wiring");
    const net = new FaultNetwork(local, mesh);
    const present = local.nodes.filter((_, index) => !absent.includes(index));
    try {
      await Promise.all(present.map((node) => node.start()));
      await Promise.all(present.map((node) => net.untilJoined(node)));
    } catch (error) {
      const explained = local.explained(error);
      await net.stop();
      throw explained;
    }
    return net;
  }

  get nodes(): readonly LocalNode[] {
    return this.local.nodes;
  }

  at(index: number): LocalNode {
    return this.local.at(index);
  }

  get running(): readonly LocalNode[] {
    return this.nodes.filter((node) => node.isRunning);
  }

  async stop(): Promise<void> {
    await this.local.stop();
    await this.mesh.close();
  }

  /** Runs part of a test; when it fails, the message says where the logs are, and they stay there. */
  async guarded<T>(action: () => Promise<T>): Promise<T> {
    try {
      return await action();
    } catch (error) {
      throw this.local.explained(error);
    }
  }

  /** A node has a connection to every other one that runs. */
  async untilJoined(node: LocalNode): Promise<void> {
    const wanted = this.running.length - 1;
    await until(
      async () => (await node.client.status()).peers.length >= wanted,
      PATIENCE_MS,
      `${wanted} peers of ${node.name}`,
    );
  }

  heads(nodes: readonly LocalNode[] = this.running): Promise<number[]> {
    return Promise.all(nodes.map(heightOf));
  }

  async untilHeight(
    height: number,
    { nodes = this.running, withinMs = PATIENCE_MS } = {},
  ): Promise<void> {
    await Promise.all(
      nodes.map((node) =>
        until(
          async () => (await heightOf(node)) >= height,
          withinMs,
          `height ${height} on ${node.name}`,
        ),
      ),
    );
  }

  /** These nodes make so many blocks more. @returns how long that took */
  async untilBlocks(count: number, nodes: readonly LocalNode[] = this.running): Promise<number> {
    const begin = performance.now();
    const from = Math.max(...(await this.heads(nodes)));
    await this.untilHeight(from + count, { nodes });
    return performance.now() - begin;
  }

  /** No node moves for a while. @returns the heights they stand at */
  async expectStandstill(
    nodes: readonly LocalNode[] = this.running,
    forMs = STANDSTILL_MS,
  ): Promise<number[]> {
    await this.untilStill(nodes);
    const before = await this.heads(nodes);
    await pause(forMs);
    const after = await this.heads(nodes);
    expect(after, "heights while nothing can become final").eql(before);
    return after;
  }

  /** Votes that were under way when a fault struck may still complete one block. */
  async untilStill(nodes: readonly LocalNode[]): Promise<void> {
    let before: number[] = [];
    const isStill = async (): Promise<boolean> => {
      const now = await this.heads(nodes);
      const still = now.every((height, index) => height === before[index]);
      before = now;
      await pause(1000);
      return still;
    };
    await until(isStill, PATIENCE_MS, "standstill");
  }

  /** Every block these nodes share is the same block with the same state. @returns the heights compared */
  async expectNoFork(nodes: readonly LocalNode[] = this.running, from = 1): Promise<number> {
    const to = Math.min(...(await this.heads(nodes)));
    for (let height = from; height <= to; height++) await this.expectSameRootAt(height, nodes);
    return Math.max(0, to - from + 1);
  }

  async expectSameRootAt(
    height: number,
    nodes: readonly LocalNode[] = this.running,
  ): Promise<void> {
    const blocks = await Promise.all(nodes.map(({ client }) => client.block(height)));
    const roots = new Set(blocks.map(({ hash, header }) => `${hash} ${header.stateRoot}`));
    expect([...roots], `blocks of height ${height}`).lengthOf(1);
  }

  /** Rounds each height in [from, to] needed; 1 where the first proposer made it. */
  async roundsPerHeight(from: number, to: number, node = this.running[0]): Promise<number[]> {
    if (node === undefined) throw new RangeError("no node runs");
    const rounds: number[] = [];
    for (let height = from; height <= to; height++) {
      rounds.push((await node.client.block(height)).header.round + 1);
    }
    return rounds;
  }

  /** Nobody saw anybody contradict himself, and nobody was slashed. */
  async expectNoAccusations(): Promise<void> {
    for (const node of this.running) {
      expect((await metricsOf(node)).contradictions, `contradictions ${node.name} saw`).equal(0);
      const { nodes } = await node.client.nodes();
      expect(
        nodes.filter(({ slashedAt }) => slashedAt !== undefined),
        "slashed",
      ).eql([]);
    }
  }
}

/** Time passes: for faults that last, never for something that is to happen. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

/** The value below which this share of them lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}
