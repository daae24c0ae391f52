/**
 * Many smallest bonds ask one micro-unit back at a time until the list of bonds on their way out is full, and ask again
 * as soon as places are free, so that nobody else can leave; or cast all their votes, so that nobody else can vote. Must
 * hold: no list is full before every node has all the places that it may take.
 */
import { expect } from "chai";
import { sha256, uint32Bytes } from "../../chain/crypto/hash.ts";
import { encodeValue, VOTABLE_PARAMETERS } from "../../chain/governance/votable.ts";
import { ListRoom } from "../../chain/transactions/list-room.ts";
import { parameterVote } from "../../chain/transactions/parameter-vote.ts";
import type { RuleContext } from "../../chain/transactions/rule.ts";
import { unbond } from "../../chain/transactions/unbond.ts";
import {
  MAX_NODES,
  MAX_PARAMETER_VOTES,
  MAX_UNBONDINGS,
  MAX_UNBONDINGS_PER_NODE,
} from "../../chain/types/state.ts";
import { TestChain } from "../helpers/chain.ts";

/** Places that the lists had, which 65,536 nodes, or 27,000 with weight, could fill. */
const PLACES = 2 ** 20;

describe("attack: lists that are full", () => {
  const { state } = new TestChain().head;
  const [index, honest] = [0, state.nodes.at(0)];
  const context = {
    sender: honest.publicKey,
    lists: ListRoom.endless(),
  } as unknown as RuleContext;

  it("a node leaves although a million pieces of others are on their way", () => {
    const fork = state.fork();
    const piece = { amount: 1n, freeAtHeight: 2_000_000, freeAtTime: 0n };
    fork.unbondings = Array.from({ length: PLACES }, (_, i) => {
      return { node: 1 + (i >> 4), ...piece };
    });
    unbond.apply(fork, { amount: honest.bond }, context);
    expect(fork.unbondings.at(-1)).to.include({ node: index, amount: honest.bond });
    expect(fork.nodes.at(index).bond).to.equal(0n);
    expect(MAX_NODES * MAX_UNBONDINGS_PER_NODE).to.be.at.most(MAX_UNBONDINGS);
  });

  it("a node votes although a million votes of others stand", () => {
    const fork = state.fork();
    const value = sha256(uint32Bytes(1));
    fork.parameterVotes = Array.from({ length: PLACES }, (_, i) => {
      return { node: 1 + Math.floor(i / VOTABLE_PARAMETERS.length), parameter: 0, value };
    });
    const parameter = VOTABLE_PARAMETERS.indexOf("feeFloor");
    parameterVote.apply(fork, { parameter, value: encodeValue(777n) }, context);
    expect(fork.parameterVotes.at(-1)).to.include({ node: index, parameter });
    expect(MAX_NODES * VOTABLE_PARAMETERS.length).to.be.at.most(MAX_PARAMETER_VOTES);
  });
});
