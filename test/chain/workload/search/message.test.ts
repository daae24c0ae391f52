import { createHash } from "node:crypto";
import { expect } from "chai";
import { fromHex, toHex } from "../../../../chain/crypto/hash.ts";
import { knownDigest } from "../../../../chain/workload/search/known-digest.ts";
import { searchMessage } from "../../../../chain/workload/search/message.ts";
import { ALGORITHM_HASHES } from "../../../../ml/search/algorithm-hashes.ts";
import { expectApplies, expectRefused } from "../../../helpers/expect-transaction.ts";
import { EVERYTHING, SearchStory } from "../../../helpers/search-run.ts";

const sha256 = (bytes: Uint8Array): Uint8Array =>
  new Uint8Array(createHash("sha256").update(bytes).digest());

describe("the message of a nonce", () => {
  const parts = { prefix: Uint8Array.of(1, 2), suffix: Uint8Array.of(9) };

  it("has the nonce between prefix and suffix, in its size and order", () => {
    const messages = [4, 8].flatMap((nonceBytes) =>
      [0, 1].map((endian) => toHex(searchMessage({ ...parts, nonceBytes, endian }, 0x0a0b0c0dn))),
    );
    expect(messages).deep.equal([
      "01020d0c0b0a09",
      "01020a0b0c0d09",
      "01020d0c0b0a0000000009",
      "0102000000000a0b0c0d09",
    ]);
  });
});

describe("digests that the chain knows", () => {
  const message = Uint8Array.of(1, 2, 3);
  const digestBy = (name: keyof typeof ALGORITHM_HASHES) =>
    knownDigest(fromHex(ALGORITHM_HASHES[name]), message);

  it("are those of the algorithms that come with the program", () => {
    expect(digestBy("sha256")).deep.equal(sha256(message));
    expect(digestBy("sha256d")).deep.equal(sha256(sha256(message)));
    expect(digestBy("blake2b"), "the word of a team counts").equal(undefined);
  });

  it("keep a team from recording a false find, however many members sign", () => {
    const algorithm = fromHex(ALGORITHM_HASHES.sha256);
    const story = new SearchStory({ order: { algorithm, target: EVERYTHING } });
    story.commitAll([0n], [], [], []);
    const [find] = story.findsIn(story.participant(0).node, 0n);
    if (find === undefined) throw new Error("no find");
    const invented = { ...find, digest: new Uint8Array(32) };
    expectRefused(story.chain, story.record({ finds: [invented] }), "RECORD_MISMATCH");
    expectApplies(story.chain, story.record({ finds: [find] }));
  });
});
