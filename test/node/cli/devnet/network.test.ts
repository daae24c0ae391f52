import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { genesisHead } from "../../../../chain/genesis.ts";
import { measureMachine, shareOfMachine } from "../../../../node/cli/devnet/measure.ts";
import { Devnet } from "../../../../node/cli/devnet/network.ts";
import { readGenesisFile } from "../../../../node/config/genesis-file.ts";
import { expectCodeAsync } from "../../../helpers/expect-code.ts";

const GFLOPS = 1_000_000n;
const busy = "other programs took 97 % of each core it worked on";

describe("founding a test network", () => {
  let folder: string;
  let directory: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "poml-devnet-"));
    directory = join(folder, "a network");
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const create = (nodes: number, capacities: readonly bigint[]) => {
    const left = [...capacities];
    const benchmark = async () => {
      return { capacity: String(left.shift() ?? 0n), disturbed: busy };
    };
    return Devnet.create({ directory, nodes, env: {}, benchmark }, () => {});
  };

  it("writes nothing when the machine is too busy to be measured, and says why", async () => {
    const error = await expectCodeAsync(() => create(4, []), "BENCHMARK_FAILED");
    expect(error.message).to.contain(busy);
    expect(error.remedy).to.contain("try again");
    expect(existsSync(directory)).to.equal(false);
  });

  it("measures longer when nothing was finished in the first try", async () => {
    const tried: number[] = [];
    const { capacity, disturbed } = await measureMachine(async (seconds) => {
      tried.push(seconds);
      return { capacity: tried.length === 1 ? "0" : "7", disturbed: busy };
    });
    expect({ capacity, disturbed }).to.deep.equal({ capacity: 7n, disturbed: busy });
    expect(tried).to.deep.equal([2, 8]);
  });

  it("rates all founders alike, each with its part of the machine", async () => {
    expect(shareOfMachine(9n * GFLOPS, 2, 2)).to.equal(9n * GFLOPS);
    expect(shareOfMachine(9n * GFLOPS, 4, 2)).to.equal((9n * GFLOPS) / 2n);
    await create(4, [10n * GFLOPS]);
    const genesis = await readGenesisFile(join(directory, "genesis.json"));
    const rated = genesis.nodes.map(({ capacity }) => capacity);
    expect(new Set(rated).size).to.equal(1);
    const { seats } = genesisHead(genesis).state;
    expect(seats.filter(({ weight }) => weight > 0n)).to.have.length(3);
  });

  it("opens what an earlier run left: the same nodes, ports and money", async () => {
    const made = await create(4, [10n * GFLOPS]);
    const opened = await Devnet.open({ directory, env: {} });
    expect(opened.genesisRoot).to.equal(made.genesisRoot);
    expect(opened.client.address).to.deep.equal(made.client.address);
    const told = ({ nodes }: Devnet) =>
      nodes.map(({ name, dataDir, isFounder, ports, identity }) => {
        return { name, dataDir, isFounder, ports, address: identity.address };
      });
    expect(told(opened)).to.deep.equal(told(made));
  });

  it("refuses a directory with a genesis and no nodes, and settings that are not its own", async () => {
    await create(2, [GFLOPS]);
    await writeFile(join(directory, "node-2", "config.json"), "{}");
    await expectCodeAsync(() => Devnet.open({ directory, env: {} }), "NOT_A_NETWORK");
    await rm(join(directory, "node-1"), { recursive: true });
    await rm(join(directory, "node-2"), { recursive: true });
    await expectCodeAsync(() => Devnet.open({ directory, env: {} }), "NOT_A_NETWORK");
  });
});
