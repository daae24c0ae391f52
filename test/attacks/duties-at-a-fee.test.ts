/**
 * Nodes with weight send tiny duties without end, each at a fee, so that the duty of another, which offers nothing,
 * waits for as long as they go on. Must hold: no fee and no number of duties buys a place before it; a node waits for
 * one duty of each other node at most.
 */
import { expect } from "chai";
import { Mempool } from "../../chain/mempool/pool.ts";
import { transactionId } from "../../chain/transaction-id.ts";
import type { SignedTransaction } from "../../chain/types/transaction.ts";
import { TestChain } from "../helpers/chain.ts";
import { commitsOfFounders } from "../helpers/commits-of-founders.ts";

const FOUNDERS = 6;
/** One of the founders, the last, is honest. */
const ATTACKERS = FOUNDERS - 1;
const JOBS = 10;
/** Duties that fit into a block. */
const ROOM = 3;
const BYTES = 1_000_000;

describe("attack: duties at a fee before those of others", () => {
  const chain = new TestChain({ founders: FOUNDERS });
  const duties = commitsOfFounders(chain, { jobs: JOBS, phaseBlocks: 400 }, (founder, nonce) =>
    founder < ATTACKERS ? 1n + BigInt(nonce) : 0n,
  );
  const [honest = []] = duties.slice(ATTACKERS);
  const flood = duties.slice(0, ATTACKERS);
  const balanceOf = (i: number): bigint =>
    chain.head.state.account(chain.founders[i]?.address ?? new Uint8Array(20)).balance;

  it("a duty without a fee waits for one of each other node, whatever waits before it and comes after it", () => {
    const pool = new Mempool();
    const before = Array.from({ length: ATTACKERS }, (_, i) => balanceOf(i));
    // Half of the flood waits already, and the other half comes while the record waits.
    for (const own of flood)
      for (const one of own.slice(0, JOBS / 2)) pool.add(chain.head.state, one);
    const [record] = honest;
    if (record === undefined) throw new Error("no duty");
    pool.add(chain.head.state, record);
    const id = transactionId(record.transaction);
    let blocks = 0;
    while (pool.has(id)) {
      expect(++blocks).to.be.at.most(Math.ceil(FOUNDERS / ROOM));
      const selected = pool.select(chain.head.state, BYTES, ROOM);
      expect(selected, "the flood fills the block").to.have.length(ROOM);
      chain.advance(...selected);
      pool.afterBlock(chain.head.state, selected);
      for (const own of flood) {
        const late = own[JOBS / 2 - 1 + blocks];
        if (late !== undefined) pool.add(chain.head.state, late);
      }
    }
    const paid = before.reduce((sum, one, i) => sum + one - balanceOf(i), 0n);
    process.stdout.write(
      `      ${ATTACKERS} nodes, ${ATTACKERS * (JOBS / 2)} duties at a fee before it: it waits ${blocks} blocks of ${ROOM}; they paid ${paid}\n`,
    );
    expect(pool.size, "the flood still waits").to.be.at.least(
      ATTACKERS * (JOBS / 2) - blocks * ROOM,
    );
  });

  it("nodes take turns: nobody gets two of a block while another waits, and nobody is passed over twice", () => {
    const pool = new Mempool();
    const { state } = chain.head;
    const left = duties.map((own) =>
      own.filter(({ transaction }) => {
        const founder = chain.founders.find(({ keys }) => keys.publicKey === transaction.sender);
        return transaction.nonce >= state.account(founder?.address ?? new Uint8Array(20)).nonce;
      }),
    );
    for (const own of left) for (const one of own) pool.add(state, one);
    const nodeOf = ({ transaction }: SignedTransaction): number =>
      state.nodeIndex(transaction.sender) ?? -1;
    const counts = Array.from({ length: FOUNDERS }, () => 0);
    for (let block = 0; block < 4; block++) {
      const selected = pool.select(chain.head.state, BYTES, ROOM);
      const nodes = selected.map(nodeOf);
      expect(new Set(nodes).size).to.equal(ROOM);
      for (const node of nodes) counts[node] = (counts[node] ?? 0) + 1;
      chain.advance(...selected);
      pool.afterBlock(chain.head.state, selected);
    }
    // Twelve places among six nodes.
    expect(counts).to.deep.equal(Array.from({ length: FOUNDERS }, () => (4 * ROOM) / FOUNDERS));
  });
});
