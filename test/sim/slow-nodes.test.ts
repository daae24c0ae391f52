/**
 * No honest node loses money by being slow: stopped, killed and started again, or ten times slower, at every block of
 * a window, of a job's rounds and audits, and of a track. POML_SLOW_SEEDS sets how many draws each is played with.
 */
import { expect } from "chai";
import type { Parameters } from "../../chain/types/genesis.ts";
import { RATING_CAUSES, RATING_FAULTS } from "../../chain/types/node.ts";
import { BareChain } from "./bare-chain.ts";
import { SlowNodes, type Trouble, troubleName } from "./slow-nodes.ts";

const SEEDS = Number(process.env.POML_SLOW_SEEDS ?? 1);
const NODES = 6;
const BOND = 1000_000_000n;
/** Six seconds, and thirty, at half a second a block. */
const SHORT = 12;
const LONG = 60;
const CLOSES = 24;
/** Stages as on a devnet; audits and rounds begin at once. */
const STAGES: Partial<Parameters> = {
  claimBlocks: 20,
  verdictBlocks: 60,
  windowOffset: 100_000,
  windowInterval: 100_000,
  ratingHalfLife: 3600,
  secondLook: 300_000,
};

function troublesAt(from: number, node: number): Trouble[] {
  return [
    { node, kind: "pause", from, blocks: SHORT },
    { node, kind: "restart", from, blocks: SHORT },
    { node, kind: "pause", from, blocks: LONG },
  ];
}

/** Every trouble at every block of a run, with the draws of several seeds. */
function playAll(
  blocks: number,
  play: (trouble: Trouble, seed: number) => void,
  { every = 1 }: { every?: number } = {},
): number {
  let runs = 0;
  for (let seed = 1; seed <= SEEDS; seed++) {
    for (let from = 1; from <= blocks; from += every) {
      for (const trouble of troublesAt(from, (from + seed) % NODES)) {
        play(trouble, seed * 1000 + from);
        runs++;
      }
    }
    for (let node = 0; node < NODES; node++) {
      play({ node, kind: "slow", from: 0, blocks }, seed * 1000 + node);
      runs++;
    }
  }
  return runs;
}

function expectNoMoneyLost(chain: BareChain, name: string): void {
  for (const [index, { bond, capacity }] of chain.state.nodes.entries()) {
    expect(bond, `bond of node ${index}, ${name}`).to.equal(BOND);
    expect(capacity > 0n, `capacity of node ${index}, ${name}`).to.equal(true);
  }
  for (const { cause, fault } of chain.changes) {
    expect(RATING_CAUSES[cause], name).not.to.be.oneOf(["mismatch", "withheld", "track-mismatch"]);
    expect(RATING_FAULTS[fault], name).not.to.be.oneOf(["mismatch", "withheld", "wrong"]);
  }
}

const isShort = ({ kind, blocks }: Trouble): boolean =>
  kind === "none" || (kind !== "slow" && blocks === SHORT);

describe("honest nodes that are slow", function () {
  this.timeout(120_000 * SEEDS);

  it("lose nothing in a window by six seconds, and no money by thirty, at any block of it", () => {
    const parameters = { ...STAGES, windowOffset: 4, windowBlocks: CLOSES - 4 };
    const blocks = 50;
    const runs = playAll(blocks, (trouble, seed) => {
      const chain = new BareChain(NODES, parameters, seed);
      new SlowNodes(chain, trouble).run(CLOSES + 2 * 20 + 2 * 60 + 1);
      const name = troubleName(trouble);
      expect(chain.state.window.settledAt, name).to.be.above(0);
      expectNoMoneyLost(chain, name);
      // A process that ends before the close has nothing left to claim: it misses this window.
      const { kind, from, blocks: away } = trouble;
      const isMissed = kind === "restart" && from <= CLOSES + 1 && from + away >= CLOSES;
      for (const [index, { ratedWindow, failed }] of chain.state.nodes.entries()) {
        if (index === trouble.node && (isMissed || !isShort(trouble))) continue;
        expect(ratedWindow, `window of node ${index}, ${name}`).to.equal(1);
        expect(failed, `failures of node ${index}, ${name}`).to.equal(0);
      }
    });
    expect(runs).to.be.above(100);
  });

  it("lose no bond and at most the unit they missed in rounds and audits, at any block of them", () => {
    const runs = playAll(30, (trouble, seed) => {
      const chain = new BareChain(NODES, STAGES, seed);
      const nodes = new SlowNodes(chain, trouble);
      nodes.openJob({ rounds: 3, participants: 4, quorum: 2, teamSize: 3, phaseBlocks: 20 });
      nodes.run(500);
      const name = troubleName(trouble);
      expectNoMoneyLost(chain, name);
      const { job } = nodes;
      expect(job?.audits, name).to.deep.equal([]);
      for (const { node, paidRounds, fault } of job?.participants ?? []) {
        expect(fault === 1, `false work of node ${node}, ${name}`).to.equal(false);
        if (node !== trouble.node) continue;
        const unpaid = nodes.recorded.size - paidRounds;
        expect(unpaid, `recorded and unpaid, ${name}`).to.be.at.most(isShort(trouble) ? 0 : 1);
      }
    });
    expect(runs).to.be.above(90);
  });

  it("lose no bond on the open track, and by six seconds not even a score, at any block of it", () => {
    const parameters = { ...STAGES, trackInterval: 100_000, trackOffset: 2, trackBlocks: 20 };
    const end = 2 + 20 + 4 + 20 + 20 + 20 + 1;
    const runs = playAll(
      end - 10,
      (trouble, seed) => {
        const chain = new BareChain(NODES, parameters, seed);
        new SlowNodes(chain, trouble).run(end);
        const name = troubleName(trouble);
        expect(chain.state.track.settledAt, name).to.be.above(0);
        expectNoMoneyLost(chain, name);
        for (const [index, { score }] of chain.state.nodes.entries()) {
          if (index === trouble.node && !isShort(trouble)) continue;
          expect(score.track, `score of node ${index}, ${name}`).to.equal(1);
        }
      },
      { every: 4 },
    );
    expect(runs).to.be.above(50);
  });
});
