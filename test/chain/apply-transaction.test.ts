import { expect } from "chai";
import { MAX_LIFETIME } from "../../chain/apply-transaction.ts";
import { toHex } from "../../chain/crypto/hash.ts";
import { transactionId } from "../../chain/transaction-id.ts";
import { isDuty } from "../../chain/transactions/fee.ts";
import {
  Payload,
  type Payloads,
  TRANSACTION_KINDS,
  Transaction,
} from "../../chain/types/transaction.ts";
import { person, TestChain } from "../helpers/chain.ts";
import { expectApplies, expectRefused } from "../helpers/expect-transaction.ts";

describe("applyTransaction", () => {
  const chain = new TestChain();
  chain.advanceTo(3);
  const { client } = chain;
  const payment: Payloads["transfer"] = { to: person("receiver").address, amount: 100n };

  it("refuses BAD_NONCE, too low or too high", () => {
    for (const nonce of [1, 7]) {
      const early = chain.transaction(client, "transfer", payment, { nonce });
      const facts = expectRefused(chain, early, "BAD_NONCE");
      expect(facts).to.include({ expected: 0, actual: nonce });
    }
    const used = new TestChain();
    const once = used.transaction(client, "transfer", payment);
    used.advance(once);
    expectRefused(used, once, "BAD_NONCE");
  });

  it("refuses EXPIRED after its last height, and a lifetime out of bounds", () => {
    const until = (validUntil: number) =>
      chain.transaction(client, "transfer", payment, { validUntil });
    expectRefused(chain, until(3), "EXPIRED");
    expectApplies(chain, until(4));
    expectApplies(chain, until(4 + MAX_LIFETIME));
    expectRefused(chain, until(5 + MAX_LIFETIME), "EXPIRED");
  });

  it("refuses FEE_TOO_LOW, one micro-unit below what the kind requires", () => {
    const { feeFloor } = chain.head.state.parameters;
    const offering = (fee: bigint) => chain.transaction(client, "transfer", payment, { fee });
    const facts = expectRefused(chain, offering(feeFloor - 1n), "FEE_TOO_LOW");
    expect(facts).to.include({ required: feeFloor, offered: feeFloor - 1n });
    expectApplies(chain, offering(feeFloor));
  });

  it("refuses INSUFFICIENT_BALANCE, one micro-unit above what the sender has", () => {
    const { balance } = chain.head.state.account(client.address);
    const fee = chain.head.state.parameters.feeCap;
    const paying = (amount: bigint) =>
      chain.transaction(client, "transfer", { ...payment, amount }, { fee });
    expectApplies(chain, paying(balance - fee));
    const facts = expectRefused(chain, paying(balance - fee + 1n), "INSUFFICIENT_BALANCE");
    expect(facts).to.include({ balance, needed: balance + 1n });
  });

  it("takes fee and nonce from the sender and pays the proposer", () => {
    const fresh = new TestChain();
    const fee = 5_000n;
    const before = fresh.head.state.account(client.address);
    const { header } = fresh.advance(fresh.transaction(client, "transfer", payment, { fee }));
    const proposer = fresh.personOf(header.proposer).address;
    const after = fresh.head.state.account(client.address);
    expect(after.balance).to.equal(before.balance - fee - payment.amount);
    expect(after.nonce).to.equal(1);
    const founder = fresh.genesis.accounts[1]?.balance ?? 0n;
    expect(fresh.head.state.account(proposer).balance).to.equal(founder + fee);
  });

  it("names a transaction without its signature", () => {
    const signed = chain.transaction(client, "transfer", payment);
    const other = chain.transaction(client, "transfer", { ...payment, amount: 101n });
    const renamed = { ...signed, signature: new Uint8Array(64) };
    expect(toHex(transactionId(renamed.transaction))).to.equal(
      toHex(transactionId(signed.transaction)),
    );
    expect(toHex(transactionId(other.transaction))).not.to.equal(
      toHex(transactionId(signed.transaction)),
    );
  });
});

/** By selector; a new kind follows after. */
const KNOWN_KINDS = [
  "transfer",
  "register",
  "bond",
  "reonion",
  "window-commit",
  "window-verdict",
  "job-open",
  "job-commit",
  "job-round",
  "job-settle",
  "job-cancel",
  "unbond",
  "parameter-vote",
  "job-audit",
  "job-audit-open",
  "track-commit",
  "track-result",
  "track-verdict",
  "track-show",
  "job-refuse",
  "job-diverged",
  "job-object",
];

describe("the table of transaction kinds", () => {
  it("names each kind after its payload type", () => {
    const kebab = (name: string): string =>
      name.replace(/(?<=.)[A-Z]/g, (letter) => `-${letter}`).toLowerCase();
    expect(Payload.types.map(({ typeName }) => kebab(typeName))).to.deep.equal(TRANSACTION_KINDS);
  });

  it("keeps the selector of every kind", () => {
    expect(TRANSACTION_KINDS.slice(0, KNOWN_KINDS.length)).to.deep.equal(KNOWN_KINDS);
  });

  it("frees duties and votes of fees, and nothing else", () => {
    const duties = TRANSACTION_KINDS.filter((_, selector) => {
      const payload = { selector, value: Payload.types[selector]?.defaultValue() };
      return isDuty({ ...Transaction.defaultValue(), payload } as Transaction);
    });
    expect(duties).to.deep.equal([
      "reonion",
      "window-commit",
      "window-verdict",
      "job-commit",
      "job-round",
      "job-settle",
      "parameter-vote",
      "job-audit",
      "job-audit-open",
      "track-commit",
      "track-result",
      "track-verdict",
      "track-show",
      "job-refuse",
      "job-diverged",
      "job-object",
      "algorithm-vote",
    ]);
  });
});
