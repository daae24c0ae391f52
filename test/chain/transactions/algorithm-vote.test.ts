import { expect } from "chai";
import { sha256 } from "../../../chain/crypto/hash.ts";
import { countAlgorithmVotes, isCertified } from "../../../chain/governance/count-algorithms.ts";
import { MAX_ALGORITHM_VOTES_PER_NODE, MAX_ALGORITHMS } from "../../../chain/types/state.ts";
import { type Person, TestChain } from "../../helpers/chain.ts";
import { expectApplies, expectRefused } from "../../helpers/expect-transaction.ts";

const hashOf = (number: number): Uint8Array => sha256(Uint8Array.of(number));
const MODULE = hashOf(0);

function ballot(chain: TestChain, who: Person, algorithm = MODULE, isFor = 1) {
  return chain.transaction(who, "algorithm-vote", { algorithm, isFor }, { fee: 0n });
}

describe("algorithm-vote", () => {
  it("certifies at the end of the epoch with more than 2/3 of the weight, and takes off likewise", () => {
    const chain = new TestChain();
    const { epochBlocks } = chain.head.state.parameters;
    const [a, b, c] = chain.founders as [Person, Person, Person];
    chain.advance(ballot(chain, a), ballot(chain, b));
    chain.advanceTo(epochBlocks);
    expect(isCertified(chain.head.state, MODULE), "half of it").equal(false);
    chain.advance(ballot(chain, c));
    chain.advanceTo(2 * epochBlocks - 1);
    expect(chain.head.state.algorithms).deep.equal([MODULE]);
    expect(chain.head.state.algorithmVotes).deep.equal([]);
    chain.advance(...[a, b, c].map((one) => ballot(chain, one, MODULE, 0)));
    chain.advanceTo(3 * epochBlocks);
    expect(chain.head.state.algorithms).deep.equal([]);
  });

  it("is taken back by a vote for the present state", () => {
    const chain = new TestChain();
    const [a] = chain.founders as [Person];
    expectRefused(chain, ballot(chain, a, MODULE, 0), "ALREADY_DONE");
    chain.advance(ballot(chain, a));
    expectRefused(chain, ballot(chain, a), "ALREADY_DONE");
    chain.advance(ballot(chain, a, MODULE, 0));
    expect(chain.head.state.algorithmVotes).deep.equal([]);
  });

  it("is limited to one vote of a node in a block, together with votes on parameters, and to eight open ones", () => {
    const chain = new TestChain();
    const [a] = chain.founders as [Person];
    for (let number = 0; number < MAX_ALGORITHM_VOTES_PER_NODE; number++) {
      const two = [0, 1].map((more) =>
        chain.transaction(
          a,
          "algorithm-vote",
          { algorithm: hashOf(number + 100 * more), isFor: 1 },
          { fee: 0n, nonce: chain.head.state.account(a.address).nonce + more },
        ),
      );
      expect(chain.build(two).body.transactions).has.length(1);
      chain.advance(ballot(chain, a, hashOf(number)));
    }
    const facts = expectRefused(chain, ballot(chain, a, hashOf(99)), "TOO_MANY_ENTRIES");
    expect(facts.limit).equal(MAX_ALGORITHM_VOTES_PER_NODE);
    chain.advance(ballot(chain, a, hashOf(3), 0));
    expectApplies(chain, ballot(chain, a, hashOf(99)));
  });

  it("is for nodes with weight, and for a module", () => {
    const chain = new TestChain();
    const [a] = chain.founders as [Person];
    expectRefused(chain, ballot(chain, chain.client), "UNKNOWN_NODE");
    expect(expectRefused(chain, ballot(chain, a, new Uint8Array(32)), "BAD_FIELD").field).equal(
      "algorithm",
    );
    expect(expectRefused(chain, ballot(chain, a, MODULE, 2), "BAD_FIELD").field).equal("isFor");
    const { nodes } = chain.head.state;
    nodes.set(0, { ...nodes.at(0), weight: 0n });
    expectRefused(chain, ballot(chain, a), "NOT_ASSIGNED");
  });

  it("changes nothing where the list is full, and two thirds can make room", () => {
    const chain = new TestChain();
    const state = chain.head.state.fork();
    const full = Array.from({ length: MAX_ALGORITHMS }, (_, i) => sha256(Uint8Array.of(1, i)));
    const all = (algorithm: Uint8Array) => chain.founders.map((_, node) => ({ node, algorithm }));
    state.algorithms = full;
    state.algorithmVotes = all(MODULE);
    countAlgorithmVotes(state);
    expect(state.algorithms).deep.equal(full);
    expect(state.algorithmVotes).deep.equal([]);
    state.algorithmVotes = all(full[7] ?? MODULE);
    countAlgorithmVotes(state);
    expect(state.algorithms).deep.equal(full.toSpliced(7, 1));
  });
});
