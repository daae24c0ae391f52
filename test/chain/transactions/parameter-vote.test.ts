import { expect } from "chai";
import { electorateOf, talliesOf } from "../../../chain/governance/count-votes.ts";
import {
  encodeValue,
  VOTABLE_PARAMETERS,
  type VotableParameter,
} from "../../../chain/governance/votable.ts";
import { type Person, TestChain } from "../../helpers/chain.ts";
import { doubleVote } from "../../helpers/evidence.ts";
import { expectCode } from "../../helpers/expect-code.ts";
import { expectApplies, expectRefused } from "../../helpers/expect-transaction.ts";

function ballot(
  chain: TestChain,
  who: Person,
  name: VotableParameter,
  value: number | bigint | Uint8Array,
) {
  const parameter = VOTABLE_PARAMETERS.indexOf(name);
  return chain.transaction(who, "parameter-vote", { parameter, value: encodeValue(value) });
}

describe("parameter-vote", () => {
  it("changes a parameter at the end of the epoch with more than 2/3 of the weight", () => {
    const chain = new TestChain();
    const { epochBlocks } = chain.head.state.parameters;
    const [a, b, c] = chain.founders as [Person, Person, Person];
    chain.advance(ballot(chain, a, "feeFloor", 2000n), ballot(chain, b, "feeFloor", 2000n));
    chain.advanceTo(epochBlocks - 1);
    expect(chain.head.state.parameters.feeFloor).to.equal(1000n);
    expect(chain.head.state.parameterVotes).to.have.length(2);
    chain.advance(ballot(chain, c, "feeFloor", 2000n));
    chain.advanceTo(2 * epochBlocks - 2);
    expect(chain.head.state.parameters.feeFloor).to.equal(1000n);
    chain.advance();
    expect(chain.head.state.parameters.feeFloor).to.equal(2000n);
    expect(chain.head.state.parameterVotes).to.have.length(0);
    chain.advance();
  });

  it("counts weight, not heads, and only votes for the same value", () => {
    const chain = new TestChain();
    const [a, b, c, d] = chain.founders as [Person, Person, Person, Person];
    chain.advance(
      ballot(chain, a, "maxExtensions", 3),
      ballot(chain, b, "maxExtensions", 3),
      ballot(chain, c, "maxExtensions", 4),
      ballot(chain, d, "maxExtensions", 5),
    );
    const parameter = VOTABLE_PARAMETERS.indexOf("maxExtensions");
    const { state } = chain.head;
    const [first, second] = state.seats;
    const tallies = talliesOf(state, electorateOf(state));
    const values = [3, 4, 5].map(encodeValue);
    expect(tallies.map((tally) => [tally.parameter, tally.value])).to.have.deep.members(
      values.map((value) => [parameter, value]),
    );
    expect(tallies[0]).to.deep.include({ value: values[0], nodes: [0, 1] });
    expect(tallies[0]?.weight).to.equal((first?.weight ?? 0n) + (second?.weight ?? 0n));
    chain.advanceTo(2 * state.parameters.epochBlocks);
    expect(chain.head.state.parameters.maxExtensions).to.equal(2);
  });

  it("raises the protocol version by one, after which this program stops", () => {
    const chain = new TestChain();
    for (const founder of chain.founders)
      chain.advance(ballot(chain, founder, "protocolVersion", 2));
    chain.advanceTo(chain.head.state.parameters.epochBlocks - 1);
    expect(chain.head.state.parameters.protocolVersion).to.equal(2);
    expectCode(() => chain.build(), "UNKNOWN_VERSION");
  });

  it("changes the exact engine by its hash", () => {
    const chain = new TestChain();
    const hash = new Uint8Array(32).fill(7);
    for (const founder of chain.founders)
      chain.advance(ballot(chain, founder, "exactEngine", hash));
    chain.advanceTo(chain.head.state.parameters.epochBlocks);
    expect(chain.head.state.parameters.exactEngine).to.deep.equal(hash);
  });

  it("is taken back by voting for the present value, and replaced by another vote", () => {
    const chain = new TestChain();
    const [a = chain.client] = chain.founders;
    chain.advance(ballot(chain, a, "feeRate", 1));
    chain.advance(ballot(chain, a, "feeRate", 2));
    expect(chain.head.state.parameterVotes.map(({ value }) => value[0])).to.deep.equal([2]);
    chain.advance(ballot(chain, a, "feeRate", chain.head.state.parameters.feeRate));
    expect(chain.head.state.parameterVotes).to.have.length(0);
  });

  it("refuses BAD_FIELD for values no chain could run with", () => {
    const chain = new TestChain();
    const [a = chain.client] = chain.founders;
    const refused: [VotableParameter, number | bigint][] = [
      ["maxSeats", 0],
      ["maxSeats", 1025],
      ["maxBlockBytes", 1024],
      ["feeCap", 999n],
      ["feeFloor", 2n ** 64n],
      ["slashShare", 1_000_001],
      ["evidenceBlocks", 33],
      ["unbondingBlocks", 63],
      ["protocolVersion", 3],
    ];
    for (const [name, value] of refused) {
      const { field } = expectRefused(chain, ballot(chain, a, name, value), "BAD_FIELD");
      expect(field, name).to.equal("value");
    }
    expectApplies(chain, ballot(chain, a, "maxSeats", 120));
    const unknown = { parameter: VOTABLE_PARAMETERS.length, value: encodeValue(1) };
    expectRefused(chain, chain.transaction(a, "parameter-vote", unknown), "BAD_FIELD");
  });

  it("refuses UNKNOWN_NODE and SLASHED", () => {
    const chain = new TestChain();
    const [guilty = chain.client] = chain.founders;
    expectRefused(chain, ballot(chain, chain.client, "feeRate", 1), "UNKNOWN_NODE");
    chain.take(chain.build([], 0, 1_000_000, [doubleVote(chain, guilty)]));
    expectRefused(chain, ballot(chain, guilty, "feeRate", 1), "SLASHED");
  });
});
