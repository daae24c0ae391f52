import { expect } from "chai";
import { POML } from "../../chain/amount.ts";
import { formatAddress } from "../../chain/crypto/address.ts";
import { toHex } from "../../chain/crypto/hash.ts";
import {
  devnetParameters,
  GenesisError,
  genesisHead,
  genesisRoot,
  standardParameters,
} from "../../chain/genesis.ts";
import type { Genesis, Parameters } from "../../chain/types/genesis.ts";
import { TestChain } from "../helpers/chain.ts";
import { expectCode } from "../helpers/expect-code.ts";

const { genesis } = new TestChain();

function refusal(change: Partial<Genesis>): GenesisError {
  const error = expectCode(() => genesisHead({ ...genesis, ...change }), "BAD_GENESIS");
  if (!(error instanceof GenesisError)) throw error;
  return error;
}

const withParameters = (change: Partial<Parameters>): Partial<Genesis> => ({
  parameters: { ...genesis.parameters, ...change },
});

describe("genesisHead", () => {
  const [account, ...accounts] = genesis.accounts;
  const [node, ...nodes] = genesis.nodes;
  if (account === undefined || node === undefined) throw new Error("an empty genesis");

  it("is at height 0, under the genesis root, with every founder seated twice", () => {
    const { state, hash } = genesisHead(genesis);
    expect(state.height).to.equal(0);
    expect(toHex(hash)).to.equal(toHex(genesisRoot(genesis)));
    expect(state.seats).to.have.length(4);
    expect(state.nextSeats).to.deep.equal(state.seats);
    expect(state.nodes.at(1)).to.include({ rating: 5_500_000n, ratedWindow: 0, registeredAt: 0 });
    expect(state.account(account.address).balance).to.equal(account.balance);
  });

  it("gives every difference another root", () => {
    const roots = [
      genesis,
      { ...genesis, time: genesis.time + 1n },
      { ...genesis, accounts },
      { ...genesis, ...withParameters({ feeRate: 1 }) },
    ].map((each) => toHex(genesisRoot(each)));
    expect(new Set(roots).size).to.equal(4);
  });

  it("accepts both parameter sets", () => {
    for (const parametersOf of [standardParameters, devnetParameters]) {
      const parameters = parametersOf(new Uint8Array(32).fill(1));
      expect(() => genesisHead({ ...genesis, parameters })).not.to.throw();
    }
  });

  it("refuses an account or a node listed twice, naming it", () => {
    const twice = refusal({ accounts: [account, ...genesis.accounts] });
    expect(twice.facts.field).to.equal("accounts");
    expect(twice.message).to.include(formatAddress(account.address));
    expect(refusal({ nodes: [node, ...genesis.nodes] }).facts.field).to.equal("nodes");
  });

  it("refuses a founder's key on which verifiers disagree", () => {
    const publicKey = new Uint8Array(32);
    const error = refusal({ nodes: [{ ...node, publicKey }, ...nodes] });
    expect(error.facts.field).to.equal("nodes");
    expect(error.message).to.include("small order");
  });

  it("refuses a bond below the minimum, and founders none of whom could vote", () => {
    const poor = { ...node, bond: genesis.parameters.minBond - 1n };
    expect(refusal({ nodes: [poor, ...nodes] }).facts.field).to.equal("nodes");
    const idle = genesis.nodes.map((each) => ({ ...each, capacity: 0n }));
    expect(refusal({ nodes: idle }).facts.field).to.equal("nodes");
    expect(refusal({ nodes: [] }).facts.field).to.equal("nodes");
  });

  it("refuses a supply that does not fit 64 bits", () => {
    const rich = { ...account, balance: 2n ** 64n - 4000n * POML };
    expect(refusal({ accounts: [rich] }).facts.field).to.equal("accounts");
  });

  const IMPOSSIBLE: readonly Partial<Parameters>[] = [
    { blockIntervalMs: 0 },
    { epochBlocks: 0 },
    { maxSeats: 0 },
    { drawDelay: 0 },
    { drawDelay: 17 },
    { maxSeats: 1025 },
    { maxBlockBytes: 1000 },
    { feeCap: 999n },
    { bondPerRating: 0n },
    { windowInterval: 15 },
    { windowOffset: 0 },
    { windowBlocks: 0 },
    { claimBlocks: 0 },
    { verdictBlocks: 0 },
    { verifiers: 9 },
    { segmentSteps: 0 },
    { trackInterval: 24 },
    { trackBlocks: 0 },
    { trackBlocks: 2 ** 28 + 1 },
    { surpriseBlocks: 2 ** 28 + 1 },
    { unbondingBlocks: 2 ** 28 + 1 },
    { trackTask: 0 },
    { trackTask: 2 },
    { maxExtensions: 256 },
  ];

  for (const change of IMPOSSIBLE) {
    const [[field, value] = ["", ""]] = Object.entries(change);
    it(`refuses ${field} of ${value}`, () => {
      expect(refusal(withParameters(change)).facts.field).to.equal(`parameters.${field}`);
    });
  }
});
