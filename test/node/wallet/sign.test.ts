import { expect } from "chai";
import { sha256 } from "../../../chain/crypto/hash.ts";
import { transactionId } from "../../../chain/transaction-id.ts";
import {
  type Payloads,
  payloadOf,
  SignedTransaction,
  TRANSACTION_KINDS,
} from "../../../chain/types/transaction.ts";
import { verifyTransaction } from "../../../chain/verify-signatures.ts";
import { registerPayload } from "../../../node/wallet/payload.ts";
import { feeFor, signTransaction } from "../../../node/wallet/sign.ts";
import { TestChain } from "../../helpers/chain.ts";
import { expectCode, expectCodeAsync } from "../../helpers/expect-code.ts";

describe("signTransaction", () => {
  const chain = new TestChain();
  const [founder] = chain.founders;
  if (founder === undefined) throw new Error("no founder");
  const payload = payloadOf("transfer", { to: founder.address, amount: 5_000_000n });
  const draft = { nonce: 0, fee: 75_000n, validUntil: 50, payload };

  it("makes a transaction the chain accepts and applies", async () => {
    const signed = signTransaction(chain.client.keys, chain.genesisRoot, draft);
    await verifyTransaction(chain.head.state, chain.genesisRoot, signed);
    const before = chain.head.state.account(founder.address).balance;
    chain.advance(signed);
    expect(chain.head.state.account(founder.address).balance >= before + 5_000_000n).equal(true);
  });

  it("survives the wire with the same id", () => {
    const signed = signTransaction(chain.client.keys, chain.genesisRoot, draft);
    const decoded = SignedTransaction.deserialize(SignedTransaction.serialize(signed));
    expect(transactionId(decoded.transaction)).deep.equal(transactionId(signed.transaction));
  });

  it("is refused on another chain", async () => {
    const signed = signTransaction(chain.client.keys, sha256(new Uint8Array([1])), draft);
    await expectCodeAsync(
      () => verifyTransaction(chain.head.state, chain.genesisRoot, signed),
      "BAD_SIGNATURE",
    );
  });
});

describe("payload builders", () => {
  const parameters = new TestChain().genesis.parameters;

  it("puts every kind at its selector", () => {
    for (const [selector, kind] of TRANSACTION_KINDS.entries()) {
      const value = {} as Payloads[typeof kind];
      expect(payloadOf(kind, value).selector).equal(selector);
    }
  });

  it("asks the rate for a transfer and the floor for a bond", () => {
    expect(
      feeFor(payloadOf("transfer", { to: new Uint8Array(20), amount: 1_000_000n }), parameters),
    ).equal(15_000n);
    expect(feeFor(payloadOf("bond", { amount: 1_000_000n }), parameters)).equal(
      parameters.feeFloor,
    );
  });

  it("refuses a node name past 64 bytes of UTF-8", () => {
    const registration = {
      name: "é".repeat(33),
      endpoint: "",
      bond: 1n,
      onion: new Uint8Array(32),
      onionLength: 64,
    };
    expectCode(() => registerPayload(registration), "BAD_FIELD");
  });
});
