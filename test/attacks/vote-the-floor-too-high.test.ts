/**
 * A fee that was voted too high, by mistake or to lock the others out, must not pay for the vote that would mend it; and
 * no vote may leave a chain on which nobody can vote any more. Votes are free for that, so they must not become a way
 * to fill blocks for nothing either.
 */
import { expect } from "chai";
import { encodeValue, VOTABLE_PARAMETERS } from "../../chain/governance/votable.ts";
import { Mempool } from "../../chain/mempool/pool.ts";
import { ListRoom, MAX_VOTES_CAST } from "../../chain/transactions/list-room.ts";
import { MAX_TRANSACTIONS } from "../../chain/types/primitive.ts";
import { type Person, person, TestChain } from "../helpers/chain.ts";
import { expectCode } from "../helpers/expect-code.ts";
import { expectRefused } from "../helpers/expect-transaction.ts";

const LIMIT = 1_000_000;
const HIGH = 10n ** 15n;

function ballot(chain: TestChain, who: Person, name: string, value: bigint, nonce?: number) {
  const parameter = VOTABLE_PARAMETERS.indexOf(name as (typeof VOTABLE_PARAMETERS)[number]);
  const payload = { parameter, value: encodeValue(value) };
  const options = nonce === undefined ? { fee: 0n } : { fee: 0n, nonce };
  return chain.transaction(who, "parameter-vote", payload, options);
}

function toEpochEnd(chain: TestChain): void {
  const { epochBlocks } = chain.head.state.parameters;
  chain.advanceTo((Math.floor((chain.height + 1) / epochBlocks) + 1) * epochBlocks - 1);
}

function adopt(chain: TestChain, name: string, value: bigint): void {
  chain.advance(...chain.founders.map((who) => ballot(chain, who, name, value)));
  toEpochEnd(chain);
}

describe("attack: vote the floor of fees too high", () => {
  it("it can be voted back by nodes that could not pay it, through their mempools", () => {
    const chain = new TestChain();
    const before = chain.head.state.parameters.feeFloor;
    adopt(chain, "feeCap", HIGH);
    adopt(chain, "feeFloor", HIGH);
    expect(chain.head.state.parameters.feeFloor).to.equal(HIGH);
    const [founder = chain.client] = chain.founders;
    const { state } = chain.head;
    const { balance } = state.account(founder.address);
    expect(balance < HIGH, "nobody can pay a transfer").to.equal(true);
    const pay = { to: chain.client.address, amount: 1n };
    expectRefused(
      chain,
      chain.transaction(founder, "transfer", pay, { fee: balance }),
      "FEE_TOO_LOW",
    );

    const pool = new Mempool();
    for (const who of chain.founders) pool.add(state, ballot(chain, who, "feeFloor", before));
    chain.advance(...pool.select(state, LIMIT, MAX_TRANSACTIONS));
    expect(chain.head.state.parameterVotes).to.have.length(chain.founders.length);
    toEpochEnd(chain);
    const after = chain.head.state;
    process.stdout.write(
      `      the floor: ${before}, then ${HIGH}, then ${after.parameters.feeFloor}; a node's balance meanwhile ${balance}\n`,
    );
    expect(after.parameters.feeFloor).to.equal(before);
    expect(after.account(founder.address).balance).to.equal(balance);
  });

  it("a value that leaves no node any weight is dropped, and the next vote counts", () => {
    const chain = new TestChain();
    const { bondPerRating } = chain.head.state.parameters;
    adopt(chain, "bondPerRating", 2n ** 64n - 1n);
    expect(chain.head.state.parameters.bondPerRating).to.equal(bondPerRating);
    expect(chain.head.state.parameterVotes).to.have.length(0);
    adopt(chain, "bondPerRating", 2n);
    expect(chain.head.state.parameters.bondPerRating).to.equal(2n);
  });

  it("free votes are no way to fill blocks: one a node, none that changes nothing, none of strangers", () => {
    const chain = new TestChain();
    const [a = chain.client] = chain.founders;
    const many = Array.from({ length: 20 }, (_, i) =>
      ballot(chain, a, "feeFloor", 2000n + BigInt(i), i),
    );
    const { body } = chain.build(many);
    expect(body.transactions).to.have.length(1);
    chain.advance(...body.transactions);
    expectRefused(chain, ballot(chain, a, "feeFloor", 2000n), "ALREADY_DONE");
    expectRefused(
      chain,
      ballot(chain, a, "feeCap", chain.head.state.parameters.feeCap),
      "ALREADY_DONE",
    );
    const { state } = chain.head;
    expectCode(
      () => new Mempool().add(state, ballot(chain, chain.client, "feeFloor", 1n)),
      "FEE_TOO_LOW",
    );
    expectRefused(chain, ballot(chain, person("stranger"), "feeFloor", 1n), "UNKNOWN_NODE");
  });

  it("a block has room for so many votes, and those that find none stay in the pool", () => {
    const room = ListRoom.ofBlock();
    for (let node = 0; node < MAX_VOTES_CAST; node++) room.takeVote(node);
    expectCode(() => room.takeVote(MAX_VOTES_CAST), "TOO_MANY_ENTRIES");
    const chain = new TestChain();
    const [a = chain.client, b = chain.client] = chain.founders;
    const pool = new Mempool();
    const { state } = chain.head;
    const votes = Array.from({ length: 4 }, (_, i) =>
      ballot(chain, a, "feeFloor", 2000n + BigInt(i), i),
    );
    for (const vote of votes) pool.add(state, vote);
    const other = ballot(chain, b, "feeFloor", 2000n);
    pool.add(state, other);
    const selected = pool.select(state, LIMIT, MAX_TRANSACTIONS);
    expect(selected).to.deep.equal([votes[0], other]);
    chain.advance(...selected);
    pool.afterBlock(chain.head.state, selected);
    expect(pool.size).to.equal(3);
    expect(pool.select(chain.head.state, LIMIT, MAX_TRANSACTIONS)).to.deep.equal([votes[1]]);
  });
});
