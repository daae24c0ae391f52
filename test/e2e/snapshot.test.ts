/** A node that joins a running network by a snapshot, and the snapshots of a stopped one, with real processes. */
import { readFile } from "node:fs/promises";
import { expect } from "chai";
import { EXIT } from "../../node/cli/exit-codes.ts";
import { LocalNetwork } from "../helpers/local-network.ts";
import { until } from "../helpers/until.ts";
import { run } from "../node/cli/support.ts";

const WAIT_MS = 90_000;

describe("a node that joins by a snapshot", function () {
  this.timeout(300_000);
  let net: LocalNetwork;

  before(async () => {
    net = await LocalNetwork.create({
      nodes: 4,
      workers: 0,
      parameters: { epochBlocks: 8, blockIntervalMs: 200 },
    });
    const founders = [net.at(0), net.at(1), net.at(2)];
    await Promise.all(founders.map((node) => node.start("--snapshots-every-epochs", "1")));
  });
  after(() => net?.stop());

  it("starts below the trusted block, follows, and replays what came before", async () => {
    const server = net.at(0);
    const joining = net.at(3);
    try {
      await until(async () => (await server.client.status()).height >= 20, WAIT_MS, "height 20");
      const { height, headHash } = await server.client.status();
      await joining.start("--trust", `${height}:${headHash}`);
      const says = async (message: string): Promise<boolean> =>
        (await readFile(joining.logPath, "utf8")).includes(message);
      await until(() => says("started from a snapshot"), WAIT_MS, "start from a snapshot");
      await until(() => says("it is confirmed"), WAIT_MS, "confirmed history");
      const follows = async (): Promise<boolean> => {
        const status = await joining.client.status();
        return status.height > height && status.lowestBlock === 1;
      };
      await until(follows, WAIT_MS, "block above the trusted one");
    } catch (error) {
      throw net.explained(error);
    }
  });

  it("has snapshots that hold, for poml snapshot", async () => {
    const node = net.at(1);
    await node.stop();
    const command = (...args: string[]) =>
      run(["snapshot", ...args, "--data-dir", node.dataDir, "--json"]);
    const kept = JSON.parse((await command("list")).stdout) as { snapshots: { height: number }[] };
    expect(kept.snapshots.length).to.be.above(0);
    expect(kept.snapshots.every(({ height }) => (height + 1) % 8 === 0)).to.equal(true);
    const made = await command("create");
    expect(made.exit, made.stderr).to.equal(EXIT.ok);
    const verified = await command("verify");
    expect(verified.exit, verified.stderr).to.equal(EXIT.ok);
    expect((await command("verify", "1000000")).exit).to.equal(EXIT.notFound);
    const running = await run(["snapshot", "verify", "--data-dir", net.at(0).dataDir]);
    expect(running.exit).to.equal(EXIT.setup);
    expect(running.stderr).to.contain("in use");
  });
});
