import type { ValueOf } from "@chainsafe/ssz";
import { expect } from "chai";
import fc from "fast-check";
import { toHex } from "../../../chain/crypto/hash.ts";
import { NO_APPEAL } from "../../../chain/rating/appeal.ts";
import type { State } from "../../../chain/state/state.ts";
import { StateTree } from "../../../chain/types/state.ts";
import { person, TestChain } from "../../helpers/chain.ts";
import { jobOf, jobSpec, nextStep, openJob } from "../../helpers/job-run.ts";
import type { MemorySettledJobs } from "../../helpers/settled-jobs.ts";
import { partsOf } from "../../helpers/state.ts";
import { commit, stagesOf } from "../../helpers/track-run.ts";

/** By the type as the protocol states it. */
const rebuilt = (state: State, settled?: MemorySettledJobs): string => {
  const { nodes, jobs: slots, ...parts } = partsOf(state);
  const jobs = slots.map((slot, index) => {
    const job = slot instanceof Uint8Array ? settled?.get(index) : slot;
    if (job === undefined) throw new RangeError(`no record of job ${index}`);
    return job;
  });
  const value = { ...parts, registry: nodes, jobs } as ValueOf<typeof StateTree>;
  return toHex(StateTree.hashTreeRoot(value));
};

describe("State", () => {
  it("has the root of a state rebuilt from its parts, whatever the blocks changed", () => {
    const chain = new TestChain({ parameters: { trackInterval: 60 } });
    const open = openJob(chain, chain.client, jobSpec("job", { rounds: 2 }));
    chain.advance(open);
    // Over a window, a track, their settlements and three epoch boundaries.
    while (chain.height < 50) {
      const steps = nextStep(chain, jobOf(chain, open));
      const isOpen = chain.height === stagesOf(chain).opens;
      if (isOpen && steps.length === 0) steps.push(commit(chain, chain.personOfNode(0)));
      chain.advance(...steps);
      const root = rebuilt(chain.head.state, chain.settled);
      expect(toHex(chain.head.state.root())).to.equal(root, `at height ${chain.height}`);
      expect(toHex(chain.blocks.at(-1)?.header.stateRoot ?? new Uint8Array())).to.equal(root);
    }
    expect(chain.head.state.nodes.at(0).lastWindow).to.equal(1);
    expect(chain.job(0).settlement.participants > 0n).to.equal(true);
  });

  it("has that root whatever a list gains, loses and replaces", () => {
    const change = fc.record({
      kind: fc.constantFrom("add", "replace", "remove", "clear", "keep"),
      at: fc.nat(20),
    });
    fc.assert(
      fc.property(fc.array(fc.array(change, { maxLength: 4 }), { maxLength: 12 }), (blocks) => {
        const { state } = new TestChain().head;
        let amount = 0n;
        for (const changes of blocks) {
          const fork = state.fork();
          for (const { kind, at } of changes) {
            const list = fork.unbondings;
            const place = list.length === 0 ? 0 : at % list.length;
            const entry = { node: at, amount: amount++, freeAtHeight: at, freeAtTime: 0n };
            if (kind === "add") fork.unbondings = [...list, entry];
            if (kind === "replace" && list.length > 0) fork.unbondings = list.with(place, entry);
            if (kind === "remove") fork.unbondings = list.toSpliced(place, 1);
            if (kind === "clear") fork.unbondings = [];
          }
          expect(toHex(fork.root())).to.equal(rebuilt(fork));
          state.absorb(fork);
        }
      }),
      { seed: 11, numRuns: 30 },
    );
  });

  it("gives a fork the root of its own content, and leaves the parent's as it was", () => {
    const { state } = new TestChain().head;
    const before = toHex(state.root());
    const fork = state.fork();
    fork.credit(person("newcomer").address, 5n);
    fork.nodes.set(1, { ...fork.nodes.at(1), bond: 1n });
    fork.seats = fork.seats.slice(1);
    fork.meta = { ...fork.meta, burned: 7n };
    fork.claims = [
      {
        node: 0,
        lanes: [{ segments: 3, checkpointRoot: new Uint8Array(32) }],
        energyMillijoules: 0n,
        energySource: 0,
        claimed: 9n,
        checks: [{ verifier: 1, lane: 0, segment: 2, verdict: 0 }],
        appeal: NO_APPEAL,
      },
    ];
    const root = toHex(fork.root());
    expect(root).to.equal(rebuilt(fork)).and.not.to.equal(before);
    expect(toHex(state.root())).to.equal(before).and.to.equal(rebuilt(state));
    state.absorb(fork);
    expect(toHex(state.root())).to.equal(root).and.to.equal(rebuilt(state));
  });

  it("shows an unknown account as empty and credits it into being", () => {
    const { state } = new TestChain().head;
    const { address } = person("newcomer");
    const accounts = state.accounts.length;
    expect(state.account(address)).to.deep.equal({ address, balance: 0n, nonce: 0 });
    state.credit(address, 0n);
    expect(state.accounts.length).to.equal(accounts);
    state.credit(address, 3n);
    expect(state.accounts.length).to.equal(accounts + 1);
    expect(state.account(address).balance).to.equal(3n);
  });

  it("undoes all of an attempt that throws, and keeps one that does not", () => {
    const { state } = new TestChain().head;
    const fork = state.fork();
    const { address } = person("newcomer");
    const known = fork.accounts.at(0).address;
    fork.credit(known, 1n);
    const before = rebuilt(fork);
    const change = (): void => {
      fork.credit(known, 2n);
      fork.credit(address, 3n);
      fork.credit(address, 4n);
      fork.nodes.set(0, { ...fork.nodes.at(0), bond: 5n });
      fork.meta = { ...fork.meta, burned: 6n };
      fork.seats = [];
    };
    const failing = (): void => {
      change();
      throw new RangeError("half-way");
    };
    expect(() => fork.attempt(failing)).to.throw(RangeError, "half-way");
    expect(rebuilt(fork)).to.equal(before);
    expect(fork.account(address).balance).to.equal(0n);
    fork.rehearse(change);
    expect(rebuilt(fork)).to.equal(before);
    fork.attempt(change);
    expect(fork.account(address).balance).to.equal(7n);
    expect(toHex(fork.root())).to.equal(rebuilt(fork)).and.not.to.equal(before);
  });

  it("absorbs nothing but its own forks", () => {
    const { state } = new TestChain().head;
    expect(() => state.absorb(new TestChain().head.state.fork())).to.throw(TypeError);
  });
});
