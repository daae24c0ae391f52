import { expect } from "chai";
import type { Payloads, SignedTransaction } from "../../chain/types/transaction.ts";
import { verifyTransaction, verifyTransactions } from "../../chain/verify-signatures.ts";
import { person, TestChain } from "../helpers/chain.ts";
import { expectCodeAsync } from "../helpers/expect-code.ts";
import { commits, jobOf, jobSpec, openJob, roundRecord } from "../helpers/job-run.ts";

describe("verifyTransaction", () => {
  const chain = new TestChain();
  const to = person("receiver").address;
  const pay = chain.transaction(chain.client, "transfer", { to, amount: 5n });

  const check = (signed: SignedTransaction, on = chain): Promise<void> =>
    verifyTransaction(on.head.state, on.genesisRoot, signed);

  it("accepts what the sender signed for this chain", async () => {
    await check(pay);
    await verifyTransactions(chain.head.state, chain.genesisRoot, [pay, pay]);
  });

  it("refuses BAD_SIGNATURE for any altered field", async () => {
    const { transaction } = pay;
    const toThief = { to: person("thief").address, amount: 5n };
    const altered: Partial<typeof transaction>[] = [
      { fee: transaction.fee + 1n },
      { nonce: 1 },
      { validUntil: transaction.validUntil + 1 },
      { sender: person("thief").keys.publicKey },
      { payload: chain.transaction(chain.client, "transfer", toThief).transaction.payload },
      { payload: chain.transaction(chain.client, "bond", { amount: 5n }).transaction.payload },
    ];
    for (const change of altered) {
      const error = await expectCodeAsync(
        () => check({ ...pay, transaction: { ...transaction, ...change } }),
        "BAD_SIGNATURE",
      );
      expect(error.action).to.equal("reject");
    }
    const signature = pay.signature.with(0, (pay.signature[0] ?? 0) ^ 1);
    await expectCodeAsync(() => check({ ...pay, signature }), "BAD_SIGNATURE");
  });

  it("refuses BAD_SIGNATURE for a transaction of another chain", async () => {
    const other = new TestChain({ parameters: { feeRate: 15_001 } });
    await expectCodeAsync(() => check(pay, other), "BAD_SIGNATURE");
    await check(other.transaction(other.client, "transfer", { to, amount: 5n }), other);
  });

  it("refuses a list for one bad signature in it", async () => {
    const bad = { ...pay, signature: new Uint8Array(64) };
    await expectCodeAsync(
      () => verifyTransactions(chain.head.state, chain.genesisRoot, [pay, bad]),
      "BAD_SIGNATURE",
    );
  });

  it("skips signatures that it has verified before, and no similar ones", async () => {
    const good = new Set<SignedTransaction>();
    const { state } = chain.head;
    const bad = { ...pay, signature: new Uint8Array(64) };
    const verifyAll = (...all: SignedTransaction[]): Promise<void> =>
      verifyTransactions(state, chain.genesisRoot, all, good);
    await verifyAll(pay);
    await verifyAll(pay, pay);
    expect([...good]).to.deep.equal([pay]);
    await expectCodeAsync(() => verifyAll(pay, bad), "BAD_SIGNATURE");
    expect(good.size).to.equal(1);
    await verifyTransaction(chain.head.state, new Uint8Array(32), pay, good);
  });
});

describe("cosignatures of a record", () => {
  const chain = new TestChain();
  const open = openJob(chain, chain.client, jobSpec("job"));
  chain.advance(open);
  chain.advance();
  chain.advance(...commits(chain, jobOf(chain, open)));
  const job = jobOf(chain, open);
  const posted = roundRecord(chain, job);
  const value = posted.transaction.payload.value as Payloads["job-round"];

  const check = (change: Partial<Payloads["job-round"]>): Promise<void> => {
    const manager = chain.personOfNode(value.record.manager);
    const signed = chain.transaction(manager, "job-round", { ...value, ...change }, { fee: 0n });
    return verifyTransaction(chain.head.state, chain.genesisRoot, signed);
  };

  it("are verified with the transaction's own", async () => {
    await check({});
    const [first, ...rest] = value.cosignatures;
    if (first === undefined) throw new Error("no cosignature");
    const altered = { ...first, signature: first.signature.with(3, (first.signature[3] ?? 0) ^ 1) };
    await expectCodeAsync(() => check({ cosignatures: [altered, ...rest] }), "BAD_SIGNATURE");
    const claimed = { ...first, member: 1 };
    await expectCodeAsync(() => check({ cosignatures: [claimed, ...rest] }), "BAD_SIGNATURE");
  });

  it("cover the whole record", async () => {
    const record = { ...value.record, durationMs: value.record.durationMs + 1 };
    await expectCodeAsync(() => check({ record }), "BAD_SIGNATURE");
  });

  it("are no transaction signatures", async () => {
    const [first, ...rest] = value.cosignatures;
    if (first === undefined) throw new Error("no cosignature");
    const swapped = { ...first, signature: posted.signature };
    await expectCodeAsync(() => check({ cosignatures: [swapped, ...rest] }), "BAD_SIGNATURE");
  });

  it("need a job, and a signer that is a member of its team", async () => {
    const record = { ...value.record, job: new Uint8Array(32) };
    await expectCodeAsync(() => check({ record }), "UNKNOWN_JOB");
    const [first] = value.cosignatures;
    if (first === undefined) throw new Error("no cosignature");
    const stranger = { ...first, member: 7 };
    await expectCodeAsync(() => check({ cosignatures: [stranger] }), "BAD_FIELD");
  });
});
