/**
 * Orders that a proposer takes from its pool and that then do not apply pay nothing. Somebody sends such that fill
 * the room for orders, at higher fees than others offer: behind a transfer, so that the pool has not tried them, or
 * timed so that they have just expired. Must hold: the orders of others are in the next block all the same, since what
 * was tried and applies goes first. So filling the room costs what protocol.md says, 24 prices of a place a block.
 */
import { expect } from "chai";
import { JOB_COUNTS_AS, MAX_PLACES_ORDERED } from "../../chain/job/draw-room.ts";
import { jobPrice } from "../../chain/job/price.ts";
import { Mempool } from "../../chain/mempool/pool.ts";
import { MAX_TRANSACTIONS } from "../../chain/types/primitive.ts";
import { type Person, person, TestChain } from "../helpers/chain.ts";
import { jobSpec } from "../helpers/job-run.ts";

const LIMIT = 1_000_000;
const OFFERED = 1500n;
const HIGHER = 2000n;
const TEAM = 3;
const CLIENTS = 5;

/** Takes exactly so many places of the room. */
function filling(places: number) {
  const participants = places - JOB_COUNTS_AS - TEAM;
  return jobSpec("filling", { participants, trainChunks: 256, quorum: 1 });
}

/** Three that fill the room of a block. */
const FILLING = [267, 267, MAX_PLACES_ORDERED - 534].map(filling);

function setUp() {
  const chain = new TestChain();
  const { state } = chain.head;
  const clients = Array.from({ length: CLIENTS }, (_, i) => person(`client ${i}`));
  const attackers = FILLING.map((_, i) => person(`attacker ${i}`));
  const { client } = chain;
  const gifts = [...clients, ...attackers].map(({ address: to }, nonce) =>
    chain.transaction(
      client,
      "transfer",
      { to, amount: 1_000_000_000n },
      { nonce, fee: 10n ** 8n },
    ),
  );
  chain.advance(...gifts);
  const offer = (pool: Mempool): void => {
    const spec = jobSpec("order");
    const escrow = jobPrice(spec, state.parameters) + 100_000n;
    for (const client of clients) {
      pool.add(state, chain.transaction(client, "job-open", { spec, escrow }, { fee: OFFERED }));
    }
  };
  const ordersOf = (someone: readonly Person[], pool: Mempool): number => {
    const block = chain.build(pool.select(state, LIMIT, MAX_TRANSACTIONS), 0, LIMIT);
    return block.body.transactions.filter(({ transaction }) =>
      someone.some(
        ({ keys }) =>
          transaction.payload.selector === 6 && keys.publicKey.join() === transaction.sender.join(),
      ),
    ).length;
  };
  return { chain, state, clients, attackers, offer, ordersOf };
}

describe("attack: orders that never apply", () => {
  it("behind a transfer, at higher fees: the orders of others are in the next block", () => {
    const { chain, state, clients, attackers, offer, ordersOf } = setUp();
    const [attacker] = attackers as [Person];
    const pool = new Mempool();
    const payment = { to: chain.client.address, amount: 1n };
    pool.add(state, chain.transaction(attacker, "transfer", payment, { fee: HIGHER, nonce: 0 }));
    FILLING.forEach((spec, i) => {
      const fill = { spec, escrow: 0n };
      pool.add(state, chain.transaction(attacker, "job-open", fill, { fee: HIGHER, nonce: 1 + i }));
    });
    offer(pool);
    const taken = ordersOf(clients, pool);
    process.stdout.write(
      `      attacker: pays ${HIGHER} for its transfer and 0 for orders; ${taken} of ${CLIENTS} orders of others are taken\n`,
    );
    expect(taken).to.equal(CLIENTS);
  });

  it("just expired: the orders of others are in the next block", () => {
    const { chain, state, clients, attackers, offer, ordersOf } = setUp();
    const pool = new Mempool();
    attackers.forEach((attacker, i) => {
      const spec = FILLING[i] as (typeof FILLING)[number];
      const escrow = jobPrice(spec, state.parameters) + 100_000n;
      const overrides = { fee: HIGHER, validUntil: chain.height + 1 };
      pool.add(state, chain.transaction(attacker, "job-open", { spec, escrow }, overrides));
    });
    // The proposer of the next block did not have them yet.
    chain.advance();
    pool.afterBlock(state, []);
    offer(pool);
    expect(ordersOf(attackers, pool)).to.equal(0);
    expect(ordersOf(clients, pool)).to.equal(CLIENTS);
  });

  it("several orders of one client are in one block if nobody else needs the room", () => {
    const { chain, state, clients, ordersOf } = setUp();
    const [client] = clients as [Person];
    const pool = new Mempool();
    const spec = jobSpec("order");
    const escrow = jobPrice(spec, state.parameters) + 100_000n;
    for (let nonce = 0; nonce < 10; nonce++) {
      pool.add(state, chain.transaction(client, "job-open", { spec, escrow }, { nonce }));
    }
    expect(ordersOf(clients, pool)).to.equal(10);
  });
});
