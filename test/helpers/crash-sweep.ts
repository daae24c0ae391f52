/**
 * One node of four is started to die at a crash point, dies there, and is started again: it must
 * catch up, agree with the others on everything, and nobody may have seen it sign twice.
 */
import { expect } from "chai";
import type { LocalNetwork, LocalNode } from "./local-network.ts";
import { until } from "./until.ts";

const PATIENCE_MS = 180_000;

/**
 * @param points one after the other, so that a node can die again while it recovers; `:n` for the n-th
 * passing, so that it happens in the middle of things
 */
export async function dieAndReturn(
  net: LocalNetwork,
  victim: LocalNode,
  ...points: readonly string[]
): Promise<void> {
  try {
    for (const point of points) await dieAt(victim, point);
  } finally {
    await victim.stop();
    await victim.start();
  }
  const target = (await heightOf(net.witness(victim))) + 2;
  const follows = async (): Promise<boolean> => (await heightOf(victim)) >= target;
  await until(follows, PATIENCE_MS, `block made after ${victim.name} died at ${points.at(-1)}`);
  await expectAgreement(net, target);
}

/**
 * As `dieAndReturn`, with one more node away, so that the chain stands still and the victim finds in its
 * journal the height it died at.
 */
export async function dieRecovering(
  net: LocalNetwork,
  victim: LocalNode,
  bystander: LocalNode,
  ...points: readonly string[]
): Promise<void> {
  await bystander.stop();
  try {
    for (const point of points) await dieAt(victim, point);
  } finally {
    await victim.stop();
    await Promise.all([victim.start(), bystander.start()]);
  }
  const target = (await heightOf(victim)) + 2;
  await expectAgreement(net, target);
}

/** Starts the node, or lets it run, until it dies at the point. */
export async function dieAt(victim: LocalNode, point: string): Promise<void> {
  await victim.stop();
  victim.failAt = point;
  const dying = await victim.launch();
  victim.failAt = undefined;
  await until(() => !dying.isRunning, PATIENCE_MS, `death of ${victim.name} at ${point}`);
  expect(await dying.ended, `how ${victim.name} ended at ${point}`).to.equal("SIGKILL");
}

async function heightOf(node: LocalNode): Promise<number> {
  return (await node.client.status()).height;
}

/** The same block with the same state on all nodes, and no double signature seen by any of them. */
async function expectAgreement(net: LocalNetwork, height: number): Promise<void> {
  const blocks = await Promise.all(net.nodes.map((node) => blockAt(node, height)));
  expect(new Set(blocks.map(({ header }) => header.stateRoot)).size, "state roots").to.equal(1);
  for (const node of net.nodes) {
    const text = await metrics(node);
    for (const fault of ["double_votes", "double_proposals", "amnesia"]) {
      const name = `poml_${fault}_total`;
      expect(text, `${name} seen by ${node.name}`).to.match(new RegExp(`^${name} 0$`, "m"));
    }
  }
}

async function blockAt(node: LocalNode, height: number) {
  await until(
    async () => (await heightOf(node)) >= height,
    PATIENCE_MS,
    `height ${height} on ${node.name}`,
  );
  return node.client.block(height);
}

async function metrics(node: LocalNode): Promise<string> {
  const response = await fetch(`${node.client.baseUrl}/metrics`, {
    signal: AbortSignal.timeout(10_000),
  });
  return response.text();
}
