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
  it("are counted as they are worked out: of right ones once, of false ones each time", () => {
    const place = { job: JOB, round: 1, genesisRoot: GENESIS, team: [5] };
    const messages = new SignedMessages({ ...place, keyOf: () => keys.publicKey });
    const right = { kind: "entries", after: 0, entries: [close(1), close(2)] } as const;
    expect([messages.areRight(right), messages.areRight(right)]).deep.equal([true, true]);
    expect(messages.checks).equal(2);
    const { signed } = close(3);
    const forged = { signed: { ...signed, signature: new Uint8Array(64) } };
    const wrong = { kind: "entries", after: 0, entries: [forged] } as const;
    expect([messages.areRight(wrong), messages.areRight(wrong)]).deep.equal([false, false]);
    expect(messages.checks).equal(4);
  });
});
