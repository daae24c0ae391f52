/**
 * An order whose training runs away: a learning rate of 10 with momentum 0.99. The job ends in its first rounds,
 * says why and what to do, and no phase has to run out.
 */
import { expect } from "chai";
import type { JobOrder } from "../../../node/api/contract/jobs/job.ts";
import { followJob, isBalanced } from "../../../node/cli/job/follow.ts";
import { flowersCsv } from "../../helpers/flowers.ts";
import { LocalNetwork } from "../../helpers/local-network.ts";
import { measured } from "./harness/measured.ts";

const SETTLED_MS = 300_000;
const PHASE_BLOCKS = 60;

describe("training that runs away", function () {
  this.timeout(SETTLED_MS + 120_000);

  let net: LocalNetwork;
  before(async () => {
    net = await LocalNetwork.create({ nodes: 3 });
    await net.start();
  });
  after(() => net?.stop());

  // One epoch ends in numbers too large to be averaged, twenty in numbers that are none.
  for (const localEpochs of [1, 20]) {
    it(`ends its job at once after ${localEpochs} epochs, with reason and remedy`, async function () {
      await orderAndWatch(this, localEpochs);
    });
  }

  async function orderAndWatch(context: Mocha.Context, localEpochs: number): Promise<void> {
    try {
      const { client } = net.at(0);
      const { id: dataset } = await client.uploadCsv("flowers", flowersCsv(120), {
        label: "species",
      });
      const order: JobOrder = {
        name: "runs away",
        dataset,
        model: { preset: "mlp" },
        optimizer: { kind: "sgd", learningRate: 10, momentum: 0.99 },
        rounds: 2,
        localEpochs,
        participants: 3,
        quorum: 2,
        phaseSeconds: (PHASE_BLOCKS * 500) / 1000,
      };
      const id = await client.submitJob(order);
      await client.waitForTransaction(id);
      const begin = await client.status();
      const job = await followJob(client, id, {
        timeoutMs: SETTLED_MS,
        signal: AbortSignal.timeout(SETTLED_MS),
      });
      const end = await client.status();
      const { state, reason, remedy } = job.outcome;
      measured(context, { state, reason, blocks: end.height - begin.height });
      expect(state).equal("failed");
      expect(reason).match(/finite|diverge|refused|ran away|norm/i);
      expect(remedy ?? "").match(/learning rate/i);
      expect(job.hasModel).equal(false);
      expect(isBalanced(job)).equal(true);
      const nodes = (await client.nodes()).nodes;
      expect(nodes.every(({ bond }) => bond === nodes[0]?.bond)).equal(true);
    } catch (error) {
      throw net.explained(error);
    }
  }
});
