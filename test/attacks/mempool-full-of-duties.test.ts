/**
 * An owner of most nodes sends all that costs it nothing, so that transfers of others and duties of honest nodes
 * find no place in the mempool.
 */

import { expect } from "chai";
import { POML } from "../../chain/amount.ts";
import { MEMPOOL_LIMITS } from "../../chain/mempool/limits.ts";
import { MempoolError } from "../../chain/mempool/mempool-error.ts";
import { Mempool } from "../../chain/mempool/pool.ts";
import { transactionId } from "../../chain/transaction-id.ts";
import type { Payloads, SignedTransaction } from "../../chain/types/transaction.ts";
import { person, TestChain } from "../helpers/chain.ts";
import { commitsOfFounders } from "../helpers/commits-of-founders.ts";
import { expectCode } from "../helpers/expect-code.ts";

const FOUNDERS = 8;
/** One of the founders, the last, is honest. */
const ATTACKERS = FOUNDERS - 1;
const JOBS = 12;
const QUOTA = 6;
const PLACES = 60;
const PAYERS = 40;
/** A fair part of the places for what is free. */
const FAIR = Math.floor(PLACES / 2 / FOUNDERS);

describe("attack: fill the mempool with duties", () => {
  const chain = new TestChain({ founders: FOUNDERS });
  const duties = commitsOfFounders(chain, { jobs: JOBS, phaseBlocks: 40 });
  const payers = Array.from({ length: PAYERS }, (_, i) => person(`payer ${i}`));
  for (const { address } of payers) chain.head.state.credit(address, POML);
  const { state } = chain.head;

  const transfers = payers.map((payer, i) =>
    chain.transaction(
      payer,
      "transfer",
      { to: person("receiver").address, amount: 1n },
      { fee: 100_000n + 20_000n * BigInt(i) },
    ),
  );

  function pooled() {
    const limits = { transactions: PLACES, freePerSender: QUOTA };
    const pool = new Mempool({ ...MEMPOOL_LIMITS, ...limits });
    const isTaken = (signed: SignedTransaction): boolean => {
      try {
        pool.add(state, signed);
        return true;
      } catch (error) {
        if (!(error instanceof MempoolError)) throw error;
        return false;
      }
    };
    const flood = (): number => duties.slice(0, ATTACKERS).flat().filter(isTaken).length;
    const count = (all: readonly SignedTransaction[]): number =>
      all.filter(({ transaction }) => pool.has(transactionId(transaction))).length;
    return { pool, isTaken, flood, count };
  }

  const honest = duties[ATTACKERS] ?? [];

  it("keeps half the places for payers, whatever comes first", () => {
    for (const isFirst of [true, false]) {
      const { isTaken, flood, count } = pooled();
      if (isFirst) flood();
      for (const transfer of transfers) isTaken(transfer);
      if (!isFirst) flood();
      const best = transfers.slice(-PLACES / 2);
      process.stdout.write(
        `      ${isFirst ? "flood first" : "flood last"}: ${count(duties.flat())} duties, ${count(transfers)} transfers\n`,
      );
      expect(count(best)).to.equal(best.length);
      expect(count(duties.flat())).to.be.at.most(PLACES / 2);
    }
  });

  it("gives an honest node its part, and no node more than its quota", () => {
    const { isTaken, flood, count } = pooled();
    flood();
    expect(honest.slice(0, FAIR).every(isTaken)).to.equal(true);
    flood();
    expect(count(honest)).to.be.at.least(FAIR);
    for (const one of duties) expect(count(one)).to.be.at.most(QUOTA);
  });

  it("gives copies of one duty a single place", () => {
    const { pool, isTaken } = pooled();
    const [first] = duties[0] ?? [];
    if (first === undefined) throw new Error("no duty");
    expect(isTaken(first)).to.equal(true);
    const value = first.transaction.payload.value as Payloads["job-commit"];
    const copy = chain.transaction(chain.personOfNode(0), "job-commit", value, {
      nonce: 1,
      fee: 0n,
    });
    expectCode(() => pool.add(state, copy), "ALREADY_DONE");
  });
});
