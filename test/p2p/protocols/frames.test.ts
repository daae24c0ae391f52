import { expect } from "chai";
import fc from "fast-check";
import { frameHeader, readFrames, TAG } from "../../../p2p/protocols/frames.ts";
import { expectCodeAsync } from "../../helpers/expect-code.ts";
import { collect } from "../support.ts";

/** Cuts the bytes of some frames into chunks at arbitrary places. */
async function* cut(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let at = 0;
  for (const size of sizes) {
    yield bytes.subarray(at, at + size);
    at += size;
  }
  yield bytes.subarray(at);
}

describe("frames", () => {
  it("come out as they went in, wherever the stream was cut", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 6 }),
        fc.array(fc.integer({ min: 0, max: 12 })),
        async (payloads, sizes) => {
          const bytes = Buffer.concat(
            payloads.flatMap((p) => [frameHeader(TAG.data, p.length), p]),
          );
          const frames = await collect(readFrames(cut(bytes, sizes), 40));
          expect(frames).to.deep.equal(payloads.map((payload) => ({ tag: TAG.data, payload })));
        },
      ),
      { numRuns: 200 },
    );
  });

  it("refuses FRAME_TOO_LARGE from the header alone", async () => {
    const header = frameHeader(TAG.data, 0xffff_ffff);
    await expectCodeAsync(() => collect(readFrames(cut(header, []), 1000)), "FRAME_TOO_LARGE");
  });

  it("drops an unfinished frame at the end of the source", async () => {
    const bytes = Buffer.concat([frameHeader(TAG.data, 10), new Uint8Array(9)]);
    expect(await collect(readFrames(cut(bytes, []), 10))).to.deep.equal([]);
  });
});
