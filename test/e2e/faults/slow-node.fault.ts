/**
 * A node stands still for six seconds as a window closes, for thirty while a job trains and is audited, and is
 * killed and started again as it has claimed. Nobody's bond shrinks, and no window or audit finds anybody false.
 */

import { expect } from "chai";
import type { JobOrder } from "../../../node/api/contract/jobs/job.ts";
import { followJob, isBalanced } from "../../../node/cli/job/follow.ts";
import { flowersCsv } from "../../helpers/flowers.ts";
import { LocalNetwork, type LocalNode } from "../../helpers/local-network.ts";
import { orderJob } from "../../helpers/order-job.ts";
import { until } from "../../helpers/until.ts";
import { pause } from "./harness/fault-network.ts";
import { measured } from "./harness/measured.ts";

const NODES = 4;
const BOND = "1000000000";
const [OFFSET, OPEN, INTERVAL] = [40, 40, 100];
const PATIENCE_MS = 300_000;
const SETTLED_MS = 400_000;

describe("a slow node", function () {
  this.timeout(900_000);

  let net: LocalNetwork;

  before(async () => {
    net = await LocalNetwork.create({
      nodes: NODES,
      parameters: { windowOffset: OFFSET, windowBlocks: OPEN, windowInterval: INTERVAL },
    });
    await net.start();
  });
  after(() => net?.stop());

  const at = (node: LocalNode) => async (height: number) =>
    until(
      async () => (await node.client.status()).height >= height,
      PATIENCE_MS,
      `height ${height}`,
    );

  /** @returns the worst rating among the nodes, as a part of the best */
  async function expectNoMoneyLost(): Promise<number> {
    const { nodes } = await net.at(0).client.nodes();
    for (const node of nodes) {
      expect(node.bond, `bond of ${node.name}`).equal(BOND);
      const { changes } = await net.at(0).client.rating(node.publicKey);
      for (const { cause, fault, explanation } of changes) {
        expect(cause, explanation).not.oneOf(["mismatch", "withheld", "slash"]);
        expect(fault, explanation).not.oneOf(["mismatch", "withheld", "wrong"]);
      }
    }
    const ratings = nodes.map(({ rating }) => Number(rating));
    return Math.min(...ratings) / Math.max(...ratings);
  }

  async function untilSettled(window: number): Promise<void> {
    await until(
      async () =>
        (await net.at(0).client.nodes()).nodes.every(({ lastWindow }) => lastWindow === window),
      SETTLED_MS,
      `settled window ${window}`,
    );
  }

  it("stopped for six seconds as a window closes keeps its bond, and its window", async function () {
    const stopped = net.at(1);
    await at(net.at(0))(OFFSET + OPEN - 1);
    stopped.signal("SIGSTOP");
    await pause(6_000);
    stopped.signal("SIGCONT");
    await untilSettled(1);
    const worst = await expectNoMoneyLost().catch((error: unknown) => {
      throw net.explained(error);
    });
    const { nodes } = await net.at(0).client.nodes();
    const { ratedWindow } = nodes.find(({ publicKey }) => publicKey === stopped.publicKey) ?? {};
    expect(ratedWindow, "its claim came in time").equal(1);
    measured(this, { worstRating: worst });
  });

  it("stopped for thirty while a job trains and is audited keeps its bond and all it earned", async function () {
    const { client } = net.at(0);
    const dataset = await client.uploadCsv("flowers", flowersCsv(122), { label: "species" });
    const order: JobOrder = {
      name: "flowers",
      dataset: dataset.id,
      model: { preset: "mlp" },
      rounds: 4,
      localEpochs: 4,
      batchSize: 8,
      participants: NODES,
      quorum: 2,
      teamSize: 3,
      phaseSeconds: 20,
    };
    const { id } = await orderJob(client, net.client, order);
    const stopped = net.at(2);
    await until(
      async () => (await client.job(id)).round >= 2,
      PATIENCE_MS,
      "the first record, whose audits are drawn now",
    );
    stopped.signal("SIGSTOP");
    await pause(30_000);
    stopped.signal("SIGCONT");
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const job = await followJob(client, id, { timeoutMs: PATIENCE_MS, signal });
    expect(isBalanced(job)).equal(true);
    const worst = await expectNoMoneyLost().catch((error: unknown) => {
      throw net.explained(error);
    });
    for (const { name, fault } of job.participants) {
      expect(fault, `fault of ${name}`).not.equal("mismatch");
    }
    measured(this, { worstRating: worst });
  });

  it("killed as it has claimed, and started again, keeps its bond", async function () {
    const killed = net.at(3);
    const claimed = async (): Promise<number | undefined> =>
      (await net.at(0).client.node(killed.publicKey)).claim?.window;
    await until(async () => (await claimed()) === undefined, PATIENCE_MS, "no claim under way");
    await until(
      async () => (await claimed()) !== undefined,
      PATIENCE_MS,
      "a claim in a new window",
    );
    const window = (await claimed()) ?? 0;
    await killed.kill();
    await killed.start();
    await untilSettled(window);
    const worst = await expectNoMoneyLost().catch((error: unknown) => {
      throw net.explained(error);
    });
    measured(this, { worstRating: worst });
  });
});
