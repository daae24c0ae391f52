/** Real processes in a benchmark window: one claims what it did not work, one accuses everybody. */
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import type { NodeJson } from "../../node/api/contract/network.ts";
import { LocalNetwork } from "../helpers/local-network.ts";
import { until } from "../helpers/until.ts";

const CHEATING = fileURLToPath(new URL("./mains/cheating-node.ts", import.meta.url));
const HONEST = 3;
const [FRAMER, FORGER] = [HONEST, HONEST + 1];
const NODES = HONEST + 2;
/**
 * The workers are up when the window opens, and a machine that is busy with other things finishes some segments
 * in it. Stages are far longer than anybody needs: a window is over when everybody has answered.
 */
const PARAMETERS = {
  windowOffset: 40,
  windowBlocks: 60,
  windowInterval: 2000,
  claimBlocks: 40,
  verdictBlocks: 400,
  verifiers: NODES - 1,
};
const WINDOW_MS = 800_000;

describe("disputes about a window", function () {
  this.timeout(1_000_000);

  let net: LocalNetwork;
  let nodes: readonly NodeJson[];

  const at = (index: number): NodeJson => {
    const found = nodes.find(({ publicKey }) => publicKey === net.at(index).publicKey);
    if (found === undefined) throw new Error(`no node ${index}`);
    return found;
  };
  const honest = (): NodeJson[] => Array.from({ length: HONEST }, (_, index) => at(index));

  before(async () => {
    net = await LocalNetwork.create({
      nodes: NODES,
      parameters: PARAMETERS,
      mains: { [FRAMER]: CHEATING, [FORGER]: CHEATING },
      env: { [FRAMER]: { POML_TEST_CHEAT: "framer" }, [FORGER]: { POML_TEST_CHEAT: "forger" } },
    });
    await net.start();
    const isSettled = async (): Promise<boolean> => {
      ({ nodes } = await net.at(0).client.nodes());
      return nodes.every(({ lastWindow }) => lastWindow === 1);
    };
    await until(isSettled, WINDOW_MS, "settled window").catch((error: unknown) => {
      throw net.explained(error);
    });
  });
  afterEach(function () {
    const test = this.currentTest;
    if (test?.err !== undefined) test.err = net.explained(test.err);
  });
  after(() => net?.stop());

  it("cost the forger its rating and half of its bond", () => {
    expect(at(FORGER)).include({ rating: "0", capacity: "0", probation: 3, ratedWindow: 0 });
    expect(at(FORGER).bond).equal("500000000");
  });

  it("say why, in words that are true", async () => {
    const { changes } = await net.at(0).client.rating(at(FORGER).publicKey);
    expect(changes[0]).include({ cause: "mismatch" });
    expect(changes[0]?.explanation).match(/at least three others replayed/);
    const framer = await net.at(0).client.rating(at(FRAMER).publicKey);
    expect(framer.changes[0]).include({ cause: "window", fault: "wrong" });
  });

  it("leave the accused their window: sealed answers, shown in time, clear them", () => {
    for (const node of honest()) {
      expect(node).include({ ratedWindow: 1, probation: 0 });
      expect(node.bond).equal("1000000000");
    }
  });

  it("cost the framer its reliability", () => {
    const best = Math.min(...honest().map(({ factors }) => factors.reliability));
    expect(at(FRAMER).factors.reliability).below(best / 2);
    expect(at(FRAMER).ratedWindow).equal(1);
  });
});
