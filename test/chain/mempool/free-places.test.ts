import { expect } from "chai";
import type { Entry, Sender } from "../../../chain/mempool/entry.ts";
import { FreePlaces } from "../../../chain/mempool/free-places.ts";
import { MEMPOOL_LIMITS } from "../../../chain/mempool/limits.ts";
import type { SignedTransaction } from "../../../chain/types/transaction.ts";

const KIB = 1024;
const RECORD = 20 * KIB;
const SMALL = 300;

let order = 0;
/** The next free transaction of a node, in its queue but not in its place yet. */
function next(sender: Sender, bytes: number, rated = true): Entry {
  const nonce = sender.waiting.size;
  const signed = {} as SignedTransaction;
  const id = `${sender.key}/${nonce}`;
  const rest = { nonce, fee: 0n, bytes, duty: true, rated, order: order++, since: 0 };
  return { id, signed, sender, ...rest };
}
const nodeOf = (key: string): Sender => {
  return { key, address: new Uint8Array(20), waiting: new Map(), served: -1 };
};

/** Takes one if it finds a place; what gives way for it leaves. */
function add(places: FreePlaces, entry: Entry): boolean {
  const gone = new Set<Entry>();
  if (!places.makeRoom(entry, gone)) return false;
  for (const other of gone) {
    other.sender.waiting.delete(other.nonce);
    places.remove(other);
  }
  entry.sender.waiting.set(entry.nonce, entry);
  places.add(entry);
  return true;
}

describe("places of free transactions", () => {
  it("short by number: the large record of one node stays, those of many small ones give way", () => {
    const places = new FreePlaces({ ...MEMPOOL_LIMITS, transactions: 80 });
    const team = nodeOf("team");
    expect(add(places, next(team, RECORD))).to.equal(true);
    const flood = Array.from({ length: 10 }, (_, i) => nodeOf(`${i}`));
    let taken = 0;
    for (let round = 0; round < 8; round++) {
      for (const node of flood) if (add(places, next(node, SMALL))) taken++;
    }
    expect(taken).to.equal(39);
    expect(team.waiting.size).to.equal(1);
    const late = nodeOf("late");
    expect(add(places, next(late, RECORD))).to.equal(true);
    expect([team, late].map(({ waiting }) => waiting.size)).to.deep.equal([1, 1]);
  });

  it("nodes without weight give way to one with weight, and never the other way round", () => {
    const places = new FreePlaces({ ...MEMPOOL_LIMITS, transactions: 20 });
    const flood = Array.from({ length: 40 }, (_, i) => nodeOf(`new ${i}`));
    expect(flood.filter((node) => add(places, next(node, SMALL, false)))).to.have.length(10);
    const rated = Array.from({ length: 9 }, (_, i) => nodeOf(`rated ${i}`));
    for (const node of rated) expect(add(places, next(node, SMALL))).to.equal(true);
    expect(flood.filter(({ waiting }) => waiting.size > 0)).to.have.length(1);
    expect(add(places, next(nodeOf("rated"), RECORD))).to.equal(true);
    expect(add(places, next(nodeOf("new"), SMALL, false))).to.equal(false);
    for (const node of rated) expect(node.waiting.size).to.equal(1);
  });

  it("short by bytes: the nodes with the largest ones give way to a small one", () => {
    const places = new FreePlaces({ ...MEMPOOL_LIMITS, bytes: 16 * RECORD });
    const flood = Array.from({ length: 4 }, (_, i) => nodeOf(`${i}`));
    for (let round = 0; round < 3; round++) {
      for (const node of flood) add(places, next(node, RECORD));
    }
    expect(flood.map(({ waiting }) => waiting.size)).to.deep.equal([2, 2, 2, 2]);
    const small = nodeOf("small");
    expect(add(places, next(small, SMALL))).to.equal(true);
    expect(add(places, next(small, SMALL))).to.equal(true);
    expect(small.waiting.size).to.equal(2);
  });
});
