import { expect } from "chai";
import { MAX_LIFETIME } from "../../../chain/apply-transaction.ts";
import { toHex } from "../../../chain/crypto/hash.ts";
import { MEMPOOL_LIMITS, type MempoolLimits } from "../../../chain/mempool/limits.ts";
import { Mempool } from "../../../chain/mempool/pool.ts";
import { transactionId } from "../../../chain/transaction-id.ts";
import { SignedTransaction } from "../../../chain/types/transaction.ts";
import { type Person, person, TestChain } from "../../helpers/chain.ts";
import { expectCode } from "../../helpers/expect-code.ts";
import { commits, jobOf, jobSpec, openJob } from "../../helpers/job-run.ts";
import { registration } from "../../helpers/window-run.ts";

const payment = { to: person("receiver").address, amount: 100n };
const idOf = ({ transaction }: SignedTransaction): string => toHex(transactionId(transaction));

/** A chain with as many funded strangers as asked for, and a pool of the given limits. */
function pooled(limits: Partial<MempoolLimits> = {}, strangers = 0) {
  const chain = new TestChain();
  const people = Array.from({ length: strangers }, (_, i) => person(`stranger ${i}`));
  for (const { address } of people) chain.head.state.credit(address, 10_000_000n);
  const pool = new Mempool({ ...MEMPOOL_LIMITS, ...limits });
  const { state } = chain.head;
  const pay = (from: Person, nonce: number, fee = 1000n) =>
    chain.transaction(from, "transfer", payment, { nonce, fee });
  const add = (...all: SignedTransaction[]): void => {
    for (const transaction of all) pool.add(state, transaction);
  };
  return { chain, pool, people, state, pay, add };
}

/** A duty that every founder of a test chain may do once. */
function onionOf(chain: TestChain, founder: Person, nonce = 0): SignedTransaction {
  const next = { onion: new Uint8Array(32), onionLength: 100 };
  return chain.transaction(founder, "reonion", next, { nonce, fee: 0n });
}

describe("Mempool admission", () => {
  const { client } = new TestChain();

  it("takes a transaction once", () => {
    const { pool, pay, add } = pooled();
    const transaction = pay(client, 0);
    add(transaction);
    expect(pool.has(transactionId(transaction.transaction))).to.equal(true);
    expect(pool.get(transactionId(transaction.transaction))).to.equal(transaction);
    expect(pool.bytes).to.equal(SignedTransaction.serialize(transaction).length);
    expect(expectCode(() => add(transaction), "ALREADY_KNOWN").action).to.equal("ignore");
  });

  it("refuses NONCE_TOO_LOW and NONCE_GAP", () => {
    const { chain, pool, pay, add } = pooled({ nonceGap: 4 });
    add(pay(client, 4));
    expectCode(() => add(pay(client, 5)), "NONCE_GAP");
    chain.advance(pay(client, 0));
    expectCode(() => pool.add(chain.head.state, pay(client, 0, 2000n)), "NONCE_TOO_LOW");
  });

  it("counts a gap from the first missing nonce", () => {
    const { pay, add } = pooled({ nonceGap: 2 });
    add(pay(client, 0), pay(client, 1), pay(client, 2), pay(client, 3));
    const { facts } = expectCode(() => add(pay(client, 7)), "NONCE_GAP");
    expect(facts).to.include({ expected: 4, actual: 7, gap: 2 });
    add(pay(client, 6));
  });

  it("knows an equal transaction again, and no other", () => {
    const { chain, pool, pay, add } = pooled();
    const transaction = pay(client, 0);
    add(transaction);
    const again = SignedTransaction.deserialize(SignedTransaction.serialize(transaction));
    expect(pool.known(again)).to.equal(transaction);
    const forged = { ...again, signature: new Uint8Array(64) };
    expect(pool.known(forged)).to.equal(forged);
    expectCode(() => pool.checkFresh(chain.head.state, again), "ALREADY_KNOWN");
    pool.checkFresh(chain.head.state, forged);
    const other = pay(client, 1);
    expect(pool.known(other)).to.equal(other);
  });

  it("refuses SENDER_FULL, but still takes a replacement", () => {
    const { pool, pay, add } = pooled({ perSender: 2 });
    add(pay(client, 0), pay(client, 1));
    expectCode(() => add(pay(client, 2)), "SENDER_FULL");
    add(pay(client, 1, 2000n));
    expect(pool.size).to.equal(2);
  });

  it("refuses REPLACEMENT_TOO_CHEAP below a tenth more", () => {
    const { pool, pay, add } = pooled();
    const old = pay(client, 0, 10_000n);
    add(old);
    const facts = expectCode(() => add(pay(client, 0, 11_000n)), "REPLACEMENT_TOO_CHEAP").facts;
    expect(facts).to.include({ required: 11_001n, offered: 11_000n });
    add(pay(client, 0, 11_001n));
    expect(pool.size).to.equal(1);
    expect(pool.has(transactionId(old.transaction))).to.equal(false);
  });

  it("refuses EXPIRED, TRANSACTION_TOO_LARGE and INSUFFICIENT_BALANCE", () => {
    const { chain, pay, add } = pooled();
    const old = chain.transaction(client, "transfer", payment, { validUntil: 0 });
    expectCode(() => add(old), "EXPIRED");
    const until = (validUntil: number) =>
      chain.transaction(client, "transfer", payment, { validUntil, nonce: 1 });
    expectCode(() => add(until(MAX_LIFETIME + 2)), "EXPIRED");
    add(until(MAX_LIFETIME + 1));
    const small = pooled({ transactionBytes: 100 });
    expectCode(() => small.add(small.pay(client, 0)), "TRANSACTION_TOO_LARGE");
    // Whether or not it is next in turn: places are not for empty accounts.
    for (const nonce of [0, 1]) {
      expectCode(() => add(pay(person("poor"), nonce)), "INSUFFICIENT_BALANCE");
    }
  });

  it("refuses at once what would not apply in the next block", () => {
    const { chain, add } = pooled();
    const bond = chain.transaction(client, "bond", { amount: 5n });
    expectCode(() => add(bond), "UNKNOWN_NODE");
  });

  it("refuses FEE_TOO_LOW, and more so the fuller it is", () => {
    const { pool, people, pay, add } = pooled({ transactions: 20 }, 20);
    const [first = client, ...rest] = people;
    expectCode(() => add(pay(first, 0, 999n)), "FEE_TOO_LOW");
    const requiredAt = (count: number): unknown => {
      for (const one of rest.slice(pool.size, count)) add(pay(one, 0, 50_000n));
      const error = expectCode(() => add(pay(first, 0, 1n)), "FEE_TOO_LOW");
      return (error.facts as { required?: unknown }).required;
    };
    expect([16, 17, 18, 19].map(requiredAt)).to.deep.equal([1000n, 2000n, 2000n, 4000n]);
  });

  it("takes duties of nodes for nothing, and lets strangers pay for them", () => {
    const { chain, state, pool } = pooled();
    pool.add(state, onionOf(chain, chain.personOfNode(0)));
    const later = (fee: bigint) =>
      chain.transaction(client, "job-settle", { job: new Uint8Array(32) }, { nonce: 1, fee });
    expectCode(() => pool.add(state, later(0n)), "FEE_TOO_LOW");
    pool.add(state, later(1000n));
    expect(pool.size).to.equal(2);
  });

  it("takes free ones only in turn, and only while they would apply after those before", () => {
    const { chain, state, pool } = pooled();
    const founder = chain.personOfNode(0);
    expectCode(() => pool.add(state, onionOf(chain, founder, 1)), "NONCE_GAP");
    pool.add(state, onionOf(chain, founder));
    expectCode(() => pool.add(state, onionOf(chain, founder, 1)), "ALREADY_DONE");
    const settle = { job: new Uint8Array(32) };
    const unknown = chain.transaction(founder, "job-settle", settle, { nonce: 1, fee: 0n });
    expectCode(() => pool.add(state, unknown), "UNKNOWN_JOB");
    expect(pool.size).to.equal(1);
  });
});

describe("Mempool eviction", () => {
  it("makes room by dropping the cheapest last transaction of another sender", () => {
    const { pool, people, pay, add } = pooled({ transactions: 3 }, 3);
    const [a, b, c] = people;
    if (a === undefined || b === undefined || c === undefined) throw new Error("not three");
    const [first, cheapTail, dear] = [pay(a, 0, 4000n), pay(a, 1, 5000n), pay(b, 0, 9000n)];
    add(first, cheapTail, dear);
    const newcomer = pay(c, 0, 8000n);
    add(newcomer);
    expect(pool.transactions().map(idOf)).to.have.members([first, dear, newcomer].map(idOf));
  });

  it("drops the cheapest first however many have to go, and each sender from its end", () => {
    const { pool, people, pay, add } = pooled({ transactions: 12 }, 5);
    const [dear, ...others] = people;
    if (dear === undefined) throw new Error("nobody");
    const cheap = others.flatMap((from, i) =>
      [0, 1, 2].map((nonce) => pay(from, nonce, BigInt(20_000 + 1000 * i + nonce))),
    );
    add(...cheap);
    for (let nonce = 0; nonce < 6; nonce++) add(pay(dear, nonce, 90_000n));
    const left = pool.transactions().filter(({ transaction }) => transaction.fee < 90_000n);
    expect(left.map(idOf)).to.have.members(cheap.slice(6).map(idOf));
  });

  it("refuses with MEMPOOL_FULL a sender that offers no higher fee, and keeps all that it holds", () => {
    const { pool, people, pay, add } = pooled({ transactions: 2 }, 3);
    const [a, b, c] = people;
    if (a === undefined || b === undefined || c === undefined) throw new Error("not three");
    add(pay(a, 0, 8000n), pay(b, 0, 9000n));
    expectCode(() => add(pay(c, 0, 8000n)), "MEMPOOL_FULL");
    expect(pool.size).to.equal(2);
  });

  it("keeps a transaction whose larger replacement finds no room", () => {
    const { chain, people, state, pay } = pooled({}, 2);
    const [a, b] = people;
    if (a === undefined || b === undefined) throw new Error("not two");
    // Behind a missing nonce, so that room is all that can be missing.
    const [small, dear] = [pay(a, 1, 2000n), pay(b, 1, 100_000n)];
    const bytes = [small, dear].reduce(
      (sum, tx) => sum + SignedTransaction.serialize(tx).length,
      0,
    );
    const pool = new Mempool({ ...MEMPOOL_LIMITS, bytes });
    pool.add(state, small);
    pool.add(state, dear);
    const larger = chain.transaction(
      a,
      "register",
      { ...registration(a), bond: 1n },
      { nonce: 1, fee: 9000n },
    );
    expectCode(() => pool.add(state, larger), "MEMPOOL_FULL");
    expect(pool.transactions().map(idOf)).to.deep.equal([small, dear].map(idOf));
    pool.add(state, pay(a, 1, 9000n));
    expect(pool.size).to.equal(2);
  });

  it("drops no transaction of the newcomer's own sender, which would leave a gap", () => {
    const { people, pool, pay, add } = pooled({ transactions: 2 }, 1);
    const [a] = people;
    if (a === undefined) throw new Error("nobody");
    add(pay(a, 0, 8000n), pay(a, 1, 8000n));
    expectCode(() => add(pay(a, 2, 90_000n)), "MEMPOOL_FULL");
    expect(pool.size).to.equal(2);
  });

  it("makes room for duties up to half of its places, and never for money by dropping one", () => {
    const { chain, pool, state, people, pay, add } = pooled({ transactions: 4 }, 5);
    const [poorer, poor, ...rich] = people.map((one, i) => pay(one, 0, 1000n * BigInt(8 + i)));
    const [third, fourth, fifth] = rich;
    if (!poorer || !poor || !third || !fourth || !fifth) throw new Error("not five");
    add(fourth, third, poor, poorer);
    const [first, second] = [0, 1].map((node) => onionOf(chain, chain.personOfNode(node)));
    if (first === undefined || second === undefined) throw new Error("not two");
    add(first, second);
    const kept = (...all: SignedTransaction[]) =>
      expect(pool.transactions().map(idOf)).to.have.members(all.map(idOf));
    kept(first, second, third, fourth);
    const more = onionOf(chain, chain.personOfNode(2));
    expectCode(() => pool.add(state, more), "MEMPOOL_FULL");
    add({ ...fifth });
    kept(first, second, fourth, fifth);
  });

  it("drops a free one that stands on a paying one, which nothing could reach otherwise", () => {
    const { chain, pool, people, pay, add } = pooled({ transactions: 2 }, 1);
    const [rich] = people;
    if (rich === undefined) throw new Error("nobody");
    const founder = chain.personOfNode(0);
    const cheap = pay(founder, 0, 8000n);
    add(cheap, onionOf(chain, founder, 1));
    add(pay(rich, 0, 9000n));
    expect(pool.has(transactionId(cheap.transaction))).to.equal(true);
    add(pay(rich, 1, 9000n));
    expect(pool.has(transactionId(cheap.transaction))).to.equal(false);
  });
});

describe("Mempool selection", () => {
  it("gives duties first, then the best fees, each sender in nonce order", () => {
    const { chain, people, state, pool, pay, add } = pooled({}, 2);
    const [a, b] = people;
    if (a === undefined || b === undefined) throw new Error("not two");
    const founder = chain.personOfNode(0);
    const onion = { onion: new Uint8Array(32), onionLength: 100 };
    const duty = chain.transaction(founder, "reonion", onion, { fee: 0n });
    const [a1, a0, b0] = [pay(a, 1, 90_000n), pay(a, 0, 2000n), pay(b, 0, 3000n)];
    add(a1, a0, b0, duty);
    const order = pool.select(state, 1_000_000, 100).map(idOf);
    expect(order).to.deep.equal([duty, b0, a0, a1].map(idOf));
    expect(pool.select(state, 1_000_000, 2).map(idOf)).to.deep.equal(order.slice(0, 2));
    const bytes = SignedTransaction.serialize(duty).length;
    expect(pool.select(state, bytes, 100).map(idOf)).to.deep.equal([idOf(duty)]);
  });

  it("holds back what waits behind a missing nonce", () => {
    const { state, pool, pay, add, people } = pooled({}, 1);
    const [a] = people;
    if (a === undefined) throw new Error("nobody");
    add(pay(a, 0), pay(a, 2));
    expect(pool.select(state, 1_000_000, 100)).to.have.length(1);
    expect(pool.nextNonce(state, a.address)).to.equal(1);
    add(pay(a, 1));
    expect(pool.select(state, 1_000_000, 100)).to.have.length(3);
    expect(pool.nextNonce(state, a.address)).to.equal(3);
  });
});

describe("Mempool after a block", () => {
  const { client } = new TestChain();

  it("forgets what is final, and what was made stale by it", () => {
    const { chain, pool, pay, add } = pooled();
    const [taken, replacedOutside, next] = [pay(client, 0), pay(client, 1), pay(client, 2)];
    add(taken, replacedOutside, next);
    const other = pay(client, 1, 7000n);
    const { body } = chain.advance(taken, other);
    pool.afterBlock(chain.head.state, body.transactions);
    expect(pool.transactions()).to.deep.equal([next]);
  });

  it("turns away unseen what is in a block already, but looks at duties", () => {
    const { chain, pool, pay } = pooled();
    const founder = chain.personOfNode(0);
    const onion = { onion: new Uint8Array(32), onionLength: 100 };
    const duty = chain.transaction(founder, "reonion", onion, { fee: 0n });
    const paid = pay(client, 0);
    chain.advance(paid, duty);
    expectCode(() => pool.checkFresh(chain.head.state, paid), "NONCE_TOO_LOW");
    pool.checkFresh(chain.head.state, duty);
  });

  it("drops what its sender can no longer pay", () => {
    const { chain, pool, add } = pooled();
    const all = chain.head.state.account(client.address).balance;
    const pay = (nonce: number, amount: bigint) =>
      chain.transaction(client, "transfer", { ...payment, amount }, { nonce, fee: 100_000_000n });
    const [first, second] = [pay(0, all / 2n), pay(1, all / 2n)];
    add(first, second);
    const { body } = chain.advance(first);
    pool.afterBlock(chain.head.state, body.transactions);
    expect(pool.size).to.equal(0);
  });

  it("drops duties that others have overtaken", () => {
    const { chain, pool } = pooled();
    const open = openJob(chain, client, jobSpec("job"));
    chain.advance(open);
    chain.advance();
    const [commit] = commits(chain, jobOf(chain, open));
    if (commit === undefined) throw new Error("no participant");
    pool.add(chain.head.state, commit);
    chain.advance();
    pool.afterBlock(chain.head.state, []);
    expect(pool.size).to.equal(1);
    const cancel = chain.transaction(client, "job-cancel", { job: jobOf(chain, open).id });
    const { body } = chain.advance(cancel);
    pool.afterBlock(chain.head.state, body.transactions);
    expect(pool.size).to.equal(0);
  });

  it("drops the expired now and then, and what it is told to", () => {
    const { chain, pool, pay, add } = pooled();
    const short = chain.transaction(client, "transfer", payment, { validUntil: 16, fee: 1000n });
    const long = pay(client, 1);
    add(short, long);
    chain.advanceTo(16);
    pool.afterBlock(chain.head.state, []);
    expect(pool.transactions()).to.deep.equal([long]);
    pool.remove(transactionId(long.transaction));
    expect([pool.size, pool.bytes]).to.deep.equal([0, 0]);
  });

  it("drops what has waited too long", () => {
    const { chain, pool, pay } = pooled({ waitBlocks: 20 });
    const [early, late] = [pay(client, 1), pay(client, 2)];
    pool.add(chain.head.state, early);
    chain.advanceTo(14);
    pool.add(chain.head.state, late);
    chain.advanceTo(32);
    pool.afterBlock(chain.head.state, []);
    expect(pool.transactions()).to.deep.equal([late]);
  });
});
