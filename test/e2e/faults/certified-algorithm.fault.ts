/**
 * A module of one's own on real nodes that allow no strangers' algorithms: nobody searches with it until the nodes have
 * voted for it; then an order at a node that never saw its file is searched, and its finds are hashed again offline.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { downloadResult } from "../../../node/cli/job/download.ts";
import { followJob, isComplete } from "../../../node/cli/job/follow.ts";
import { LocalNetwork } from "../../helpers/local-network.ts";
import { orderJob } from "../../helpers/order-job.ts";
import { compileExample, readExample } from "../../helpers/toy-algorithm.ts";
import { until } from "../../helpers/until.ts";
import { run } from "../../node/cli/support.ts";

const JOB_MS = 180_000;

describe("an algorithm by vote", function () {
  this.timeout(3 * JOB_MS);
  let net: LocalNetwork;

  before(async () => {
    net = await LocalNetwork.create({ nodes: 3, parameters: { epochBlocks: 16 } });
    await net.start();
  });
  after(() => net?.stop());

  /** `poml` with the directory of a node. */
  const poml = async (node: number, ...args: string[]) => {
    const { stdout, stderr, exit } = await run([...args, "--data-dir", net.at(node).dataDir]);
    expect(exit, stdout + stderr).equal(0);
    return stdout;
  };

  it("is searched with once the vote has passed, and verified by its own module", async () => {
    try {
      const file = join(net.directory, "toy.wasm");
      await writeFile(file, await compileExample(await readExample()));
      const { stdout } = await run(["algorithm", "check", file, "--json"]);
      const { hash } = JSON.parse(stdout) as { hash: string };
      await poml(0, "algorithm", "add", file);
      for (const node of [0, 1, 2]) await poml(node, "algorithm", "certify", file);
      const open = await net.at(2).client.algorithms();
      expect(open.votes.map(({ algorithm }) => algorithm).concat(certifiedOf(open))).include(hash);
      const isCertified = async (): Promise<boolean> =>
        certifiedOf(await net.at(2).client.algorithms()).includes(hash);
      await until(isCertified, JOB_MS, "end of the vote");
      expect(await poml(1, "algorithm", "list"))
        .contain("certified by vote")
        .and.contain(hash);

      // The third node has it from the first one.
      const { client } = net.at(2);
      const order = {
        kind: "search",
        algorithm: hash,
        prefix: "00ff",
        zeroBits: 6,
        to: 4096,
        mode: "all",
        phaseSeconds: 60,
      } as const;
      const { id } = await orderJob(client, net.client, order);
      await client.waitForTransaction(id);
      const signal = AbortSignal.timeout(JOB_MS);
      const job = await followJob(client, id, { timeoutMs: JOB_MS, signal });
      expect(isComplete(job), job.outcome.reason).equal(true);
      if (job.kind !== "search") throw new Error("it is no search");
      expect(job.finds.length).greaterThan(0);

      const directory = join(net.directory, "found");
      const { anchorHeight } = await downloadResult(client, job, directory);
      const block = await net.at(0).client.block(anchorHeight);
      const verified = await run(["verify", directory, "--trust", `${anchorHeight}:${block.hash}`]);
      expect(verified.exit, verified.stdout + verified.stderr).equal(0);
      expect(verified.stdout).contain(hash).and.contain("hashed again here");
    } catch (error) {
      throw net.explained(error);
    }
  });
});

function certifiedOf({ algorithms }: { algorithms: { hash: string; certified: boolean }[] }) {
  return algorithms.filter(({ certified }) => certified).map(({ hash }) => hash);
}
