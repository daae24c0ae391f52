import { expect } from "chai";
import { keyPairFromSeed } from "../../../../chain/crypto/keys.ts";
import { ZERO_HASH } from "../../../../chain/types/primitive.ts";
import { leaseSigningRoot } from "../../../../chain/workload/search/lease-log.ts";
import { fieldsOf } from "../../../../node/jobs/search/leases/step.ts";
import { SignedMessages } from "../../../../node/jobs/search/signed-messages.ts";

const JOB = new Uint8Array(32).fill(7);
const GENESIS = new Uint8Array(32).fill(1);
const keys = keyPairFromSeed(new Uint8Array(32).fill(3));

function close(sequence: number) {
  const said = fieldsOf({ kind: "close" });
  const place = { job: JOB, round: 1, view: 0, sequence, previous: ZERO_HASH, manager: 5, at: 0n };
  const entry = { ...place, ...said };
  return { signed: { entry, signature: keys.sign(leaseSigningRoot(GENESIS, entry)) } };
}

describe("signatures of messages of a team", () => {
  it("are counted as they are worked out: of right ones once, of false ones each time", async () => {
    const place = { job: JOB, round: 1, genesisRoot: GENESIS, team: [5] };
    const messages = new SignedMessages({ ...place, keyOf: () => keys.publicKey });
    const right = { kind: "entries", after: 0, entries: [close(1), close(2)] } as const;
    expect([await messages.areRight(right), await messages.areRight(right)]).deep.equal([
      true,
      true,
    ]);
    expect(messages.checks).equal(2);
    const { signed } = close(3);
    const forged = { signed: { ...signed, signature: new Uint8Array(64) } };
    const wrong = { kind: "entries", after: 0, entries: [forged] } as const;
    expect([await messages.areRight(wrong), await messages.areRight(wrong)]).deep.equal([
      false,
      false,
    ]);
    expect(messages.checks).equal(4);
  });

  it("cost a quarter each when they are known, so that entries that are sent again are not free", async () => {
    const place = { job: JOB, round: 1, genesisRoot: GENESIS };
    const verify = async () => true;
    const keyOf = () => keys.publicKey;
    const messages = new SignedMessages({ ...place, team: [5], keyOf, verify });
    const entries = Array.from({ length: 40 }, (_, sequence) => close(sequence));
    const message = { kind: "entries", after: 0, entries } as const;
    expect(await messages.look(message)).deep.equal({ isRight: true, cost: 40 });
    expect(await messages.look(message)).deep.equal({ isRight: true, cost: 10 });
    const strangers = new SignedMessages({ ...place, team: [6], keyOf, verify });
    expect(await strangers.look(message)).deep.equal({ isRight: false, cost: 10 });
  });

  it("give other work of the thread its turn while many known ones are hashed", async () => {
    const place = { job: JOB, round: 1, genesisRoot: GENESIS, team: [5] };
    const verify = async () => true;
    const messages = new SignedMessages({ ...place, keyOf: () => keys.publicKey, verify });
    const entries = Array.from({ length: 200 }, (_, sequence) => close(sequence));
    const message = { kind: "entries", after: 0, entries } as const;
    await messages.look(message);
    let [turns, isOver] = [0, false];
    const count = (): void => {
      turns++;
      if (!isOver) setImmediate(count);
    };
    setImmediate(count);
    await messages.look(message);
    isOver = true;
    expect(turns).to.be.at.least(3);
  });

  it("are none of another round or of a stranger, and one that is there twice is worked out once", async () => {
    const place = { job: JOB, round: 1, genesisRoot: GENESIS };
    const messages = new SignedMessages({ ...place, team: [5], keyOf: () => keys.publicKey });
    const twice = { kind: "entries", after: 0, entries: [close(4), close(4)] } as const;
    expect(await messages.areRight(twice)).equal(true);
    expect(messages.checks).equal(1);
    const later = new SignedMessages({
      ...place,
      round: 2,
      team: [5],
      keyOf: () => keys.publicKey,
    });
    const other = new SignedMessages({ ...place, team: [6], keyOf: () => keys.publicKey });
    expect([await later.areRight(twice), await other.areRight(twice)]).deep.equal([false, false]);
    expect(later.checks + other.checks).equal(0);
  });

  it("are verified beside the thread that asks, no more than some at once", async () => {
    let [atOnce, most] = [0, 0];
    const verify = async (): Promise<boolean> => {
      most = Math.max(most, ++atOnce);
      await new Promise((resolve) => setImmediate(resolve));
      atOnce--;
      return true;
    };
    const place = { job: JOB, round: 1, genesisRoot: GENESIS, team: [5] };
    const messages = new SignedMessages({ ...place, keyOf: () => keys.publicKey, verify });
    const entries = Array.from({ length: 300 }, (_, sequence) => close(sequence));
    expect(await messages.areRight({ kind: "entries", after: 0, entries })).equal(true);
    expect([messages.checks, most]).deep.equal([300, 128]);
  });
});
