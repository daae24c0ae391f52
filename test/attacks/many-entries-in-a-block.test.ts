/**
 * Votes and bonds on their way out stand in lists that every such transaction reads. Beside 40,000 others thousands of
 * them in one block would take seconds. Must hold: a block has room for so many, a proposer leaves out what finds none
 * and takes everything else, and a block with more is refused.
 */
import { expect } from "chai";
import { applyBlock } from "../../chain/apply-block.ts";
import { applyTransaction } from "../../chain/apply-transaction.ts";
import { DrawRoom } from "../../chain/job/draw-room.ts";
import { Mempool } from "../../chain/mempool/pool.ts";
import { ListRoom, MAX_PIECES_ASKED } from "../../chain/transactions/list-room.ts";
import { MAX_TRANSACTIONS } from "../../chain/types/primitive.ts";
import { TestChain } from "../helpers/chain.ts";
import { expectCode } from "../helpers/expect-code.ts";

const LIMIT = 1_000_000;
/** Each node may have 16 pieces on their way. */
const PIECES = 16;

describe("attack: many entries of long lists in one block", () => {
  const chain = new TestChain({ founders: 5 });
  const { state } = chain.head;
  const asked = chain.founders.flatMap((founder) =>
    Array.from({ length: PIECES }, (_, nonce) =>
      chain.transaction(founder, "unbond", { amount: 1n }, { fee: 5000n, nonce }),
    ),
  );
  const transfer = chain.transaction(chain.client, "transfer", {
    to: chain.founders[0]?.address ?? new Uint8Array(20),
    amount: 1n,
  });

  it("withdrawn bonds: a limited number in one block, the others in the next, and the transfer in the first", () => {
    const { body } = chain.build([...asked, transfer]);
    const taken = body.transactions.length;
    process.stdout.write(
      `      ${asked.length} bonds asked back: ${taken - 1} in the block, and the transfer\n`,
    );
    expect(taken).to.equal(MAX_PIECES_ASKED + 1);
    expect(body.transactions).to.include(transfer);
  });

  it("the pool selects no more of them than have room, so that they take no places of others", () => {
    const pool = new Mempool();
    for (const one of [...asked, transfer]) pool.add(state, one);
    const selected = pool.select(state, LIMIT, MAX_TRANSACTIONS);
    expect(selected.filter((one) => one !== transfer)).to.have.length(MAX_PIECES_ASKED);
    expect(selected).to.include(transfer);
  });

  it("a block with one more than the limit is refused by every node that checks it", () => {
    const fork = state.fork();
    fork.meta = { ...fork.meta, height: fork.height + 1 };
    const room = { draws: DrawRoom.ofBlock(), lists: ListRoom.ofBlock() };
    const context = { proposer: chain.client.address, records: [], ratingChanges: [], ...room };
    for (const one of asked.slice(0, MAX_PIECES_ASKED)) applyTransaction(fork, one, context);
    const next = asked[MAX_PIECES_ASKED] ?? transfer;
    expectCode(() => fork.attempt(() => applyTransaction(fork, next, context)), "TOO_MANY_ENTRIES");

    const block = chain.build(asked);
    expect(applyBlock(chain.head, block).hash).to.have.length(32);
    const more = [...block.body.transactions, next];
    const stuffed = { ...block, body: { ...block.body, transactions: more } };
    expectCode(() => applyBlock(chain.head, stuffed), "BAD_TRANSACTION");
  });
});
