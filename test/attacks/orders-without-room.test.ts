/**
 * A block has room for so many orders. Somebody sends thousands of them with higher fees than others offer: those that
 * find no room pay nothing, and must not keep transfers out of the block.
 */
import { expect } from "chai";
import { JOB_COUNTS_AS, MAX_PLACES_ORDERED } from "../../chain/job/draw-room.ts";
import { jobPrice } from "../../chain/job/price.ts";
import { Mempool } from "../../chain/mempool/pool.ts";
import { MAX_TRANSACTIONS } from "../../chain/types/primitive.ts";
import { person, TestChain } from "../helpers/chain.ts";
import { jobSpec } from "../helpers/job-run.ts";

const FEE = 2000n;
const LIMIT = 1_000_000;

describe("attack: orders for which a block has no room", () => {
  it("from many accounts, at twice the fee: every transfer is in the next block, and orders that fit pay", () => {
    const chain = new TestChain();
    const pool = new Mempool();
    const { state } = chain.head;
    const accounts = Array.from({ length: 40 }, (_, i) => person(`attacker ${i}`));
    for (const { address } of accounts) state.credit(address, 1_000_000_000n);
    const spec = jobSpec("order");
    const escrow = jobPrice(spec, state.parameters) + 100_000n;
    for (const account of accounts) {
      for (let nonce = 0; nonce < 60; nonce++) {
        const order = chain.transaction(account, "job-open", { spec, escrow }, { fee: FEE, nonce });
        pool.add(state, order);
      }
    }
    const sender = chain.founders[0] ?? chain.client;
    const payment = { to: chain.client.address, amount: 1n };
    for (let nonce = 0; nonce < 100; nonce++) {
      pool.add(state, chain.transaction(sender, "transfer", payment, { fee: FEE / 2n, nonce }));
    }
    const block = chain.build(pool.select(state, LIMIT, MAX_TRANSACTIONS), 0, LIMIT);
    const kinds = block.body.transactions.map(({ transaction }) => transaction.fee);
    const orders = kinds.filter((fee) => fee === FEE).length;
    process.stdout.write(
      `      2,400 orders wait at twice the fee: ${orders} are taken, and ${kinds.length - orders} of 100 transfers\n`,
    );
    expect(orders).to.equal(Math.floor(MAX_PLACES_ORDERED / (JOB_COUNTS_AS + 7)));
    expect(kinds.length - orders).to.equal(100);
  }).timeout(60_000);
});
