import { randomBytes } from "node:crypto";
import { expect } from "chai";
import { sha256 } from "../../../chain/crypto/hash.ts";
import { answerRequests } from "../../../p2p/protocols/answer.ts";
import { BLOB, requestBlob, serveBlobs } from "../../../p2p/protocols/blob.ts";
import { expectCodeAsync } from "../../helpers/expect-code.ts";
import { MemoryHost } from "../support.ts";

const BLOB_BYTES = randomBytes(700_000);
const HASH = sha256(BLOB_BYTES);

async function serving(blob: Uint8Array | undefined): Promise<MemoryHost> {
  const [alice, bob] = MemoryHost.pair();
  await serveBlobs(bob, () => Promise.resolve(blob));
  return alice;
}

function sizeFrame(size: bigint): Uint8Array {
  const frame = new Uint8Array(8);
  new DataView(frame.buffer).setBigUint64(0, size, true);
  return frame;
}

describe("blob protocol", () => {
  it("brings a blob of several frames and tells its progress", async () => {
    const alice = await serving(BLOB_BYTES);
    const progress: [number, number][] = [];
    const blob = await requestBlob(alice, "bob", HASH, {
      onProgress: (received, total) => progress.push([received, total]),
    });
    expect(Buffer.from(blob).equals(BLOB_BYTES)).to.equal(true);
    expect(progress.at(-1)).to.deep.equal([700_000, 700_000]);
    expect(progress).to.have.length(3);
  });

  it("brings an empty blob", async () => {
    const alice = await serving(new Uint8Array(0));
    expect(await requestBlob(alice, "bob", sha256(new Uint8Array(0)))).to.have.length(0);
  });

  it("throws NOT_FOUND, which blames nobody", async () => {
    const alice = await serving(undefined);
    await expectCodeAsync(() => requestBlob(alice, "bob", HASH), "NOT_FOUND");
    expect(alice.reports.every(({ action }) => action === "ignore")).to.equal(true);
  });

  it("throws and reports WRONG_BLOB for other bytes of the same size", async () => {
    const changed = Uint8Array.from(BLOB_BYTES);
    changed[350_000] = (changed[350_000] ?? 0) ^ 1;
    const alice = await serving(changed);
    await expectCodeAsync(() => requestBlob(alice, "bob", HASH), "WRONG_BLOB");
    expect(alice.reports).to.deep.equal([{ peer: "bob", code: "WRONG_BLOB", action: "reject" }]);
  });

  it("refuses a blob over the caller's limit at its first frame", async () => {
    const alice = await serving(BLOB_BYTES);
    const options = { maxBytes: 1000, onProgress: () => expect.fail("bytes were taken") };
    await expectCodeAsync(() => requestBlob(alice, "bob", HASH, options), "RESPONSE_TOO_LARGE");
  });

  it("refuses a size no blob may have, and bytes past or short of the size", async () => {
    const answers = [
      [sizeFrame(2n ** 60n)],
      [sizeFrame(3n), new Uint8Array(4)],
      [sizeFrame(3n), new Uint8Array(2)],
      [new Uint8Array(3)],
      [],
    ];
    const codes: string[] = [];
    for (const frames of answers) {
      const [alice, bob] = MemoryHost.pair();
      await answerRequests(bob, BLOB, async function* () {
        yield* frames;
      });
      await requestBlob(alice, "bob", HASH).then(
        () => expect.fail("was accepted"),
        (error) => codes.push(error.code),
      );
    }
    expect(codes[0]).to.equal("RESPONSE_TOO_LARGE");
    expect(codes.slice(1)).to.deep.equal(Array(4).fill("BAD_RESPONSE"));
  });
});
