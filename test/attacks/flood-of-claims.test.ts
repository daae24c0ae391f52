/**
 * Thousands of keys with the smallest bond claim a segment each, in every window: others have to replay what they
 * claim, and the claims of honest nodes may not be looked at in time. Played over the number of keys, new ones and ones
 * with a little weight. Inequalities: replays with the flood <= 5/4 of those without + 8 claims; a part x of the places
 * for new nodes takes a part x of their bonds; keys with a part x of the weight displace a part x of the others at most.
 */

import { expect } from "chai";
import { POML } from "../../chain/amount.ts";
import { sha256, uint32Bytes } from "../../chain/crypto/hash.ts";
import { standardParameters } from "../../chain/genesis.ts";
import { Mempool } from "../../chain/mempool/pool.ts";
import { NO_APPEAL } from "../../chain/rating/appeal.ts";
import { mostClaims } from "../../chain/rating/choose-claims.ts";
import { drawChecks } from "../../chain/rating/draw-checks.ts";
import { flopsOf } from "../../chain/rating/formula.ts";
import type { State } from "../../chain/state/state.ts";
import { SignedTransaction } from "../../chain/types/transaction.ts";
import type { WindowClaim } from "../../chain/types/window.ts";
import { person, TestChain } from "../helpers/chain.ts";
import { claim, firstWindow, withUnrated } from "../helpers/window-run.ts";

const STANDARD = standardParameters(new Uint8Array(32));
const { minBond, minPricePerTeraflop, feeFloor } = STANDARD;
const HONEST_SEGMENTS = 400;

function claimOf(node: number, segments: number): WindowClaim {
  const lanes = [{ segments, checkpointRoot: sha256(uint32Bytes(node)) }];
  const energy = { energyMillijoules: 0n, energySource: 0 };
  return { node, lanes, ...energy, claimed: 0n, checks: [], appeal: NO_APPEAL };
}

interface Crowd {
  /** Honest nodes, each of the same weight. */
  readonly honest: number;
  readonly weight: bigint;
  /** Keys of the attacker, which claim first, and the weight of each. */
  readonly keys: number;
  readonly keyWeight: bigint;
  /** Honest nodes without weight. */
  readonly fresh: number;
}

/** A state in which all of them have claimed: keys, then the honest, then the new. */
function crowded({ honest, weight, keys, keyWeight, fresh }: Crowd): State {
  const parameters = { ...STANDARD, exactEngine: new Uint8Array(32) };
  const state = new TestChain({ parameters }).head.state.fork();
  const node = state.nodes.at(0);
  const weights = [
    ...Array.from({ length: state.nodes.length }, () => 0n),
    ...Array.from({ length: keys }, () => keyWeight),
    ...Array.from({ length: honest }, () => weight),
    ...Array.from({ length: fresh }, () => 0n),
  ];
  const first = state.nodes.length;
  for (let index = first; index < weights.length; index++) {
    const publicKey = sha256(uint32Bytes(index));
    state.nodes.push({ ...node, publicKey, bond: minBond, verified: 0, failed: 0 });
  }
  state.drawWeights = weights;
  state.claims = Array.from({ length: weights.length - first }, (_, i) =>
    claimOf(first + i, i < keys ? 1 : HONEST_SEGMENTS),
  );
  return state;
}

function drawn(crowd: Crowd, seed: number) {
  const state = crowded(crowd);
  state.meta = { ...state.meta, mix: sha256(uint32Bytes(seed)) };
  drawChecks(state);
  const first = state.nodes.length - crowd.keys - crowd.honest - crowd.fresh;
  const count = (from: number, length: number): number =>
    state.claims.filter(({ node }) => node >= first + from && node < first + from + length).length;
  return {
    keys: count(0, crowd.keys),
    honest: count(crowd.keys, crowd.honest),
    fresh: count(crowd.keys + crowd.honest, crowd.fresh),
    replays: state.claims.reduce((sum, { checks }) => sum + checks.length, 0),
    most: mostClaims(state),
  };
}

const NODES = { honest: 100, weight: 20_000_000n };

describe("attack: flood of claims", function () {
  this.timeout(120_000);

  for (const keys of [10, 100, 1_000, 10_000]) {
    it(`${keys} new keys: nobody with weight is left out, and others replay a quarter more at most`, () => {
      const crowd = { ...NODES, keys, keyWeight: 0n, fresh: 5 };
      const without = drawn({ ...crowd, keys: 0 }, 1);
      const seeds = [1, 2, 3];
      const runs = seeds.map((seed) => drawn(crowd, seed));
      for (const run of runs) {
        expect(run.honest).to.equal(crowd.honest);
        expect(run.replays).to.be.at.most((without.replays * 5) / 4 + 8 * 12);
        expect(run.keys + run.fresh).to.be.at.most(Math.max(8, crowd.honest / 4));
      }
      // What it costs, with the standard parameters, and what the network works for it.
      const [first] = runs;
      const operations = Number(flopsOf(1, STANDARD)) / 1e12;
      const price = (Number(minPricePerTeraflop) / Number(POML)) * operations;
      const replays = (first?.replays ?? 0) - without.replays;
      process.stdout.write(
        `      ${keys} keys: ${first?.keys} looked at, ${replays} replays (worth ${(replays * price).toFixed(3)} POML); ` +
          `cost ${(keys * Number(feeFloor)) / 1e6} POML of fees, ${(keys * Number(minBond)) / 1e6} POML locked, ${(keys * price).toFixed(3)} POML of work\n`,
      );
    });
  }

  it("new nodes get places by lot: a part of them takes as large a part of the bonds", () => {
    for (const keys of [15, 45, 135]) {
      const crowd = { ...NODES, keys, keyWeight: 0n, fresh: 45 };
      let [taken, places] = [0, 0];
      for (let seed = 0; seed < 60; seed++) {
        const run = drawn(crowd, seed);
        taken += run.keys;
        places += run.keys + run.fresh;
      }
      const part = keys / (keys + crowd.fresh);
      process.stdout.write(
        `      ${keys} of ${keys + crowd.fresh} bonds: ${((100 * taken) / places).toFixed(1)} % of ${places} places\n`,
      );
      expect(taken / places).to.be.within(part - 0.06, part + 0.06);
    }
  });

  it("a key that was looked at and withheld comes after all others the next time", () => {
    const crowd = { ...NODES, keys: 500, keyWeight: 0n, fresh: 25 };
    const state = crowded(crowd);
    const isKey = ({ node }: WindowClaim): boolean => {
      return state.nodes.at(node).failed > 0;
    };
    for (const { node, lanes } of state.claims) {
      if (lanes[0]?.segments !== 1) continue;
      state.nodes.set(node, { ...state.nodes.at(node), failed: 125 });
    }
    drawChecks(state);
    expect(state.claims.filter(isKey)).to.have.length(0);
    expect(state.claims).to.have.length(125);
  });

  it("keys with a little weight, more than can be replayed, displace nobody that weighs more", () => {
    const crowd = { ...NODES, honest: 400, keys: 4_000, fresh: 0 };
    for (const percent of [1, 5, 20]) {
      const whole = crowd.weight * BigInt(crowd.honest);
      const keyWeight = (whole * BigInt(percent)) / BigInt((100 - percent) * crowd.keys);
      const run = drawn({ ...crowd, keyWeight }, percent);
      process.stdout.write(
        `      ${crowd.keys} keys with ${percent} % of the weight: ${run.honest} of ${crowd.honest} honest claims looked at, ${run.keys} of theirs, of at most ${run.most}\n`,
      );
      expect(run.honest / crowd.honest).to.be.at.least(1 - percent / 100 - 0.01);
      expect(run.honest + run.keys).to.be.at.most(run.most);
    }
  });

  it("no more is looked at than the nodes can replay in their time", () => {
    for (const honest of [4, 100, 5_000]) {
      const { most } = drawn({ ...NODES, honest, keys: 0, keyWeight: 0n, fresh: 0 }, 1);
      const perClaim = Number(flopsOf(12, STANDARD));
      const stageMs = STANDARD.verdictBlocks * STANDARD.blockIntervalMs;
      const able = (honest * Number(NODES.weight) * stageMs) / perClaim;
      expect(most).to.equal(Math.max(64, Math.floor(able)));
    }
  });

  it("blocks that are full take duties of nodes with weight first, and payments before free claims of new keys", () => {
    const chain = new TestChain();
    withUnrated(chain, 40);
    const keys = Array.from({ length: 40 }, (_, i) => person(`unrated ${i}`));
    chain.advanceTo(firstWindow(chain).closes);
    const pool = new Mempool();
    const add = (signed: SignedTransaction): void => {
      const { state } = chain.head;
      pool.add(state, signed);
    };
    for (const key of keys) add(claim(chain, key, 1));
    const paid = chain.transaction(chain.client, "transfer", {
      to: new Uint8Array(20),
      amount: 5n,
    });
    add(paid);
    const own = chain.founders.map((founder) => claim(chain, founder, 40));
    for (const one of own) add(one);
    const bytes =
      (own.length + 2) *
      SignedTransaction.serialize(claim(chain, chain.founders[0] ?? chain.client, 1)).length;
    const taken = pool.select(chain.head.state, bytes, 100);
    expect(taken.slice(0, own.length)).to.have.deep.members(own);
    expect(taken[own.length]).to.deep.equal(paid);
  });
});
