import { expect } from "chai";
import { sha256 } from "../../../chain/crypto/hash.ts";
import { type Payload, payloadOf, type Transaction } from "../../../chain/types/transaction.ts";
import {
  hasPayload,
  isMovable,
  isSameWish,
  raised,
  replacingFee,
} from "../../../node/chain/own-wish.ts";
import { registerPayload } from "../../../node/wallet/payload.ts";

const receiver = sha256(new Uint8Array([1])).slice(0, 20);
const transfer = (amount: bigint): Payload => payloadOf("transfer", { to: receiver, amount });
const settle = (job: number): Payload =>
  payloadOf("job-settle", { job: sha256(new Uint8Array([job])) });
const register = (name: string): Payload =>
  registerPayload({ name, endpoint: "", bond: 5n, onion: new Uint8Array(32), onionLength: 9 });

const transaction = (payload: Payload): Transaction => ({
  sender: new Uint8Array(32),
  nonce: 3,
  fee: 100n,
  validUntil: 50,
  payload,
});

describe("an own transaction that waits", () => {
  it("may move to another nonce only if the chain would refuse a second copy of it", () => {
    expect(isMovable(transaction(settle(1)))).to.equal(true);
    expect(isMovable(transaction(register("node")))).to.equal(true);
    expect(isMovable(transaction(transfer(5n)))).to.equal(false);
  });

  it("has a payload only if all bytes are equal", () => {
    expect(hasPayload(transaction(transfer(5n)), transfer(5n))).to.equal(true);
    expect(hasPayload(transaction(transfer(5n)), transfer(6n))).to.equal(false);
  });

  it("stands for an equal duty, and for any other registration", () => {
    expect(isSameWish(transaction(settle(1)), settle(1))).to.equal(true);
    expect(isSameWish(transaction(settle(1)), settle(2))).to.equal(false);
    expect(isSameWish(transaction(register("old")), register("new"))).to.equal(true);
    expect(isSameWish(transaction(register("old")), settle(1))).to.equal(false);
  });

  it("never stands for an equal transfer, which is a second payment", () => {
    expect(isSameWish(transaction(transfer(5n)), transfer(5n))).to.equal(false);
  });
});

describe("the fee of a transaction that is signed again", () => {
  it("is raised by a tenth, and by one at least", () => {
    expect(raised(1_000n)).to.equal(1_101n);
    expect(raised(0n)).to.equal(1n);
  });

  it("stays where no other transaction has the nonce", () => {
    expect(replacingFee(100n, undefined, 1_000_000n)).to.equal(100n);
  });

  it("is raised above the larger of its own and that of the transaction with the nonce", () => {
    expect(replacingFee(100n, 2_000n, 1_000_000n)).to.equal(raised(2_000n));
    expect(replacingFee(2_000n, 100n, 1_000_000n)).to.equal(raised(2_000n));
  });

  it("stays where the account could not pay the raised one", () => {
    expect(replacingFee(100n, 2_000n, 2_201n)).to.equal(100n);
    expect(replacingFee(100n, 2_000n, 2_202n)).to.equal(2_201n);
  });
});
