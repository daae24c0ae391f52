import { expect } from "chai";
import { sha256, toHex } from "../../../chain/crypto/hash.ts";
import { genesisMix, nextMix, proposerOrder } from "../../../chain/draw/mix.ts";
import { proposerOf } from "../../../chain/draw/proposer-of.ts";
import type { Seat } from "../../../chain/types/node.ts";
import { TestChain } from "../../helpers/chain.ts";

const hash = (byte: number): Uint8Array => sha256(Uint8Array.of(byte));

describe("the mix", () => {
  it("changes with each of its parts", () => {
    const mixes = [
      nextMix(hash(1), 1, hash(2)),
      nextMix(hash(2), 1, hash(2)),
      nextMix(hash(1), 2, hash(2)),
      nextMix(hash(1), 1, hash(1)),
      genesisMix(hash(1)),
    ];
    expect(new Set(mixes.map(toHex)).size).to.equal(mixes.length);
  });

  it("does not return when reveals repeat", () => {
    const once = nextMix(hash(1), 1, hash(2));
    expect(toHex(nextMix(once, 2, hash(2)))).not.to.equal(toHex(hash(1)));
  });

  it("is moved by each block's reveal", () => {
    const chain = new TestChain();
    const before = chain.head.state.meta.mix;
    const { header } = chain.advance();
    const expected = nextMix(before, 1, header.onionReveal);
    expect(toHex(chain.head.state.meta.mix)).to.equal(toHex(expected));
  });
});

describe("proposer turns", () => {
  const seats: Seat[] = [5n, 1n, 0n, 3n].map((weight, node) => ({
    node,
    publicKey: hash(node),
    weight,
  }));

  it("order every weighted seat once, in a new order at each height", () => {
    const orders = Array.from({ length: 60 }, (_, height) => proposerOrder(hash(1), height, seats));
    for (const order of orders) {
      expect(order.filter((seat) => seat !== 2).sort()).to.deep.equal([0, 1, 3]);
    }
    expect(new Set(orders.map((order) => order.slice(-3).join())).size).to.equal(6);
  });

  it("go around when rounds outnumber the seats", () => {
    const { state } = new TestChain().head;
    const turns = Array.from({ length: 8 }, (_, round) => toHex(proposerOf(state, 1, round)));
    expect(new Set(turns.slice(0, 4)).size).to.equal(4);
    expect(turns.slice(4)).to.deep.equal(turns.slice(0, 4));
  });
});
