/** Real processes, some of which only pretend to train: none of them earns anything. */

import { fileURLToPath } from "node:url";
import { expect } from "chai";
import type { JobDetail, JobOrder } from "../../node/api/contract/jobs/job.ts";
import type { NodeJson } from "../../node/api/contract/network.ts";
import { followJob, isBalanced } from "../../node/cli/job/follow.ts";
import { flowersCsv } from "../helpers/flowers.ts";
import { LocalNetwork } from "../helpers/local-network.ts";
import { orderJob } from "../helpers/order-job.ts";

const CHEATING = fileURLToPath(new URL("./mains/cheating-node.ts", import.meta.url));
const HONEST = 3;
/** What an audit proves, and what the team sees for itself. */
const PROVEN = ["lazy", "random", "half"] as const;
const LEFT_OUT = ["copier", "inflater"] as const;
const CHEATS = [...PROVEN, ...LEFT_OUT];
/** Far more than it takes: the test goes on when the job is settled. */
const JOB_MS = 800_000;
/** Makes 25 chunks for 8 participants: all shards but one are smaller than the chain allows. */
const ROWS = 122;

describe("nodes that do not train", function () {
  this.timeout(1_000_000);

  let net: LocalNetwork;
  let job: JobDetail;
  let nodes: readonly NodeJson[];

  const indexOf = (cheat: string): number => HONEST + CHEATS.indexOf(cheat as "lazy");
  const named = (cheat: string): NodeJson => {
    const { publicKey } = net.at(indexOf(cheat));
    const found = nodes.find((node) => node.publicKey === publicKey);
    if (found === undefined) throw new Error(`no node for ${cheat}`);
    return found;
  };
  const participant = (node: NodeJson) => job.participants.find((one) => one.node === node.index);

  before(async () => {
    const all = CHEATS.map((cheat) => [indexOf(cheat), cheat] as const);
    net = await LocalNetwork.create({
      nodes: HONEST + CHEATS.length,
      mains: Object.fromEntries(all.map(([index]) => [index, CHEATING])),
      env: Object.fromEntries(all.map(([index, cheat]) => [index, { POML_TEST_CHEAT: cheat }])),
    });
    await net.start();
    const { client } = net.at(0);
    const dataset = await client.uploadCsv("flowers", flowersCsv(ROWS), { label: "species" });
    const order: JobOrder = {
      name: "flowers",
      dataset: dataset.id,
      model: { preset: "mlp" },
      rounds: 1,
      localEpochs: 16,
      batchSize: 4,
      optimizer: { kind: "sgd", learningRate: 0.05 },
      participants: HONEST + CHEATS.length,
      quorum: HONEST,
      teamSize: 3,
      phaseSeconds: 60,
    };
    const { id } = await orderJob(client, net.client, order);
    const signal = AbortSignal.timeout(JOB_MS);
    job = await followJob(client, id, { timeoutMs: JOB_MS, signal });
    ({ nodes } = await client.nodes());
  });
  afterEach(function () {
    const test = this.currentTest;
    if (test?.err !== undefined) test.err = net.explained(test.err);
  });
  after(() => net?.stop());

  for (const cheat of PROVEN) {
    it(`${cheat}: proven by an audit, unpaid, without rating, half of the bond lost`, () => {
      const node = named(cheat);
      expect(participant(node)).include({ earned: "0", faultRound: 1, fault: "mismatch" });
      expect(node).include({ rating: "0", auditsFailed: 1 });
      expect(node.bond).equal("500000000");
    });
  }

  for (const cheat of LEFT_OUT) {
    it(`${cheat}: left out by the team, unpaid, rated lower`, () => {
      const node = named(cheat);
      const own = participant(node);
      expect(own).include({ earned: "0", paidRounds: 0 });
      // The largest shard leaves nothing to inflate: the chain itself refuses the commit.
      if (own?.missed === 1) return;
      const best = Math.max(...nodes.map(({ rating }) => Number(rating)));
      expect(Number(node.rating)).below(best);
    });
  }

  it("pays the nodes that trained, to the micro-unit", () => {
    let paid = 0;
    for (let index = 0; index < HONEST; index++) {
      const { publicKey } = net.at(index);
      const node = nodes.find((one) => one.publicKey === publicKey);
      if (node === undefined) throw new Error("an honest node is missing");
      const own = participant(node);
      expect(own?.fault).equal(undefined);
      // On a busy machine one may come too late for the round.
      if (own?.missed === 1) continue;
      expect(own).include({ paidRounds: 1, verifiedRounds: 1 });
      expect(Number(own?.earned)).above(0);
      paid++;
    }
    expect(paid).above(0);
    expect(isBalanced(job)).equal(true);
  });
});
