/**
 * A participant that is the sub-manager of two others is killed in the middle of a search. They go on under the manager
 * above: the whole range is searched, no unit is paid twice, and the escrow is divided.
 */
import { fileURLToPath } from "node:url";

import { expect } from "chai";
import { ofKind } from "../../../node/api/contract/jobs/job.ts";
import type { SearchDetail } from "../../../node/api/contract/jobs/search.ts";
import type { SearchOrder } from "../../../node/api/contract/jobs/search-order.ts";
import { followJob, isBalanced, isComplete } from "../../../node/cli/job/follow.ts";
import { LocalNetwork } from "../../helpers/local-network.ts";
import { orderJob } from "../../helpers/order-job.ts";
import { until } from "../../helpers/until.ts";
import { pause } from "./harness/fault-network.ts";
import { measured } from "./harness/measured.ts";

const JOB_MS = 420_000;
const NONCES = 16_000_000;
/** After the search began: leases are out, and few of them done. */
const KILL_AFTER_MS = 3_000;
const NODES = 5;
const NARROW = fileURLToPath(new URL("./mains/narrow-tree.ts", import.meta.url));

describe("a sub-manager of a search, killed", function () {
  this.timeout(3 * JOB_MS);

  let net: LocalNetwork;

  before(async () => {
    const mains = Object.fromEntries(Array.from({ length: NODES }, (_, i) => [i, NARROW]));
    net = await LocalNetwork.create({ nodes: NODES, mains });
    await net.start();
  });
  after(() => net?.stop());

  it("costs no unit of the range, and none is counted twice", async function () {
    try {
      const order: SearchOrder = {
        kind: "search",
        algorithm: "sha256d",
        prefix: Buffer.from("narrow").toString("hex"),
        zeroBits: 60,
        to: NONCES,
        mode: "all",
        participants: 4,
        quorum: 2,
        teamSize: 3,
        phaseSeconds: 40,
      };
      const { id } = await orderJob(net.at(0).client, net.client, order);
      // The first in drawn order serves the third and the fourth.
      const [first] = (await untilTraining(net, id)).participants;
      await pause(KILL_AFTER_MS);
      const victim = net.named(first?.name ?? "");
      await victim.kill();
      const begin = performance.now();

      const { client } = net.witness(victim);
      const signal = AbortSignal.timeout(JOB_MS);
      const job = ofKind("search", await followJob(client, id, { timeoutMs: JOB_MS, signal }));
      expect(isComplete(job), job.outcome.reason).equal(true);
      expect(job.searched).equal(String(NONCES));
      expect(job.open).eql([]);
      expect(isBalanced(job)).equal(true);
      const { rounds } = await client.rounds(id);
      const contributions = rounds.flatMap((round) => ofKind("search", round).contributions);
      const counted = contributions.reduce((sum, { units }) => sum + units, 0);
      const all = Math.ceil(NONCES / 2 ** job.spec.unitBits);
      measured(this, { units: all, counted, rounds: rounds.length, ms: performance.now() - begin });
      // What it had searched itself is leased again, since it committed to nothing of it.
      expect(counted).equal(all);
    } catch (error) {
      throw net.explained(error);
    }
  });
});

async function untilTraining(net: LocalNetwork, id: string): Promise<SearchDetail> {
  const look = async (): Promise<SearchDetail> => ofKind("search", await net.at(0).client.job(id));
  let job = await look();
  const isTraining = async (): Promise<boolean> => {
    job = await look();
    return job.phase === "training";
  };
  await until(isTraining, JOB_MS, "the begin of the search");
  return job;
}
