import { expect } from "chai";
import { toHex } from "../../../chain/crypto/hash.ts";
import { State } from "../../../chain/state/state.ts";
import { person, TestChain } from "../../helpers/chain.ts";
import { jobOf, jobSpec, nextStep, openJob } from "../../helpers/job-run.ts";
import { partsOf } from "../../helpers/state.ts";

const rebuilt = (state: State): string => toHex(State.of(partsOf(state)).root());

describe("State", () => {
  it("has the root of a state rebuilt from its parts, whatever the blocks changed", () => {
    const chain = new TestChain();
    const open = openJob(chain, chain.client, jobSpec("job", { rounds: 2 }));
    chain.advance(open);
    // Over a window, its settlement and three epoch boundaries.
    while (chain.height < 50) {
      chain.advance(...nextStep(chain, jobOf(chain, open)));
      const root = rebuilt(chain.head.state);
      expect(toHex(chain.head.state.root())).to.equal(root, `at height ${chain.height}`);
      expect(toHex(chain.blocks.at(-1)?.header.stateRoot ?? new Uint8Array())).to.equal(root);
    }
    expect(chain.head.state.nodes.at(0).lastWindow).to.equal(1);
    expect(chain.head.state.jobs.at(0).settlement.participants > 0n).to.equal(true);
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
        window: 1,
        segments: 3,
        checkpointRoot: new Uint8Array(32),
        claimed: 9n,
        verifiers: [1],
        segmentsDrawn: [2],
        verdicts: [0],
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

  it("absorbs nothing but its own forks", () => {
    const { state } = new TestChain().head;
    expect(() => state.absorb(new TestChain().head.state.fork())).to.throw(TypeError);
  });
});
