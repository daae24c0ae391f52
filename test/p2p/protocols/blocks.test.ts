import { expect } from "chai";
import { answerRequests } from "../../../p2p/protocols/answer.ts";
import {
  BLOCKS,
  requestBlocks,
  requestHeaders,
  serveBlocks,
  serveHeaders,
} from "../../../p2p/protocols/blocks.ts";
import { sendRequest } from "../../../p2p/protocols/request.ts";
import { expectCodeAsync } from "../../helpers/expect-code.ts";
import { collect, MemoryHost } from "../support.ts";

const block = (height: number, size = 3): Uint8Array => new Uint8Array(size).fill(height);

/** A chain of `length` blocks of `size` bytes. */
async function serving(length: number, size = 3): Promise<[MemoryHost, MemoryHost]> {
  const [alice, bob] = MemoryHost.pair();
  await serveBlocks(bob, async function* (from, count) {
    for (let height = from; height < Math.min(from + count, length); height++) {
      yield block(height, size);
    }
  });
  return [alice, bob];
}

describe("blocks protocol", () => {
  it("brings a range in order", async () => {
    const [alice] = await serving(100);
    const blocks = await collect(requestBlocks(alice, "bob", { from: 40, count: 3 }));
    expect(blocks).to.deep.equal([block(40), block(41), block(42)]);
  });

  it("brings fewer at the end of the chain, and none past it", async () => {
    const [alice] = await serving(100);
    expect(await collect(requestBlocks(alice, "bob", { from: 98, count: 256 }))).to.have.length(2);
    expect(await collect(requestBlocks(alice, "bob", { from: 500, count: 1 }))).to.have.length(0);
  });

  it("stops short at the size limit instead of failing", async () => {
    const size = 4 * 1024 * 1024;
    const [alice] = await serving(100, size);
    const blocks = await collect(requestBlocks(alice, "bob", { from: 0, count: 20 }));
    expect(blocks).to.have.length(BLOCKS.maxResponseBytes / size);
  });

  it("refuses its own bad ranges", async () => {
    const [alice] = await serving(1);
    for (const range of [
      { from: 0, count: 0 },
      { from: 0, count: 257 },
      { from: -1, count: 1 },
      { from: 2 ** 53, count: 1 },
    ]) {
      let thrown: unknown;
      await collect(requestBlocks(alice, "bob", range)).catch((error: unknown) => {
        thrown = error;
      });
      expect(thrown).to.be.instanceOf(RangeError);
    }
  });

  it("answers BAD_REQUEST to ranges no honest node sends", async () => {
    const [alice, bob] = await serving(1);
    const zeroCount = new Uint8Array(10);
    const hugeHeight = new Uint8Array(10).fill(0xff);
    for (const request of [zeroCount, hugeHeight, new Uint8Array(9)]) {
      await expectCodeAsync(
        () => collect(sendRequest(alice, "bob", BLOCKS, request)),
        "REMOTE_ERROR",
      );
    }
    expect(bob.reports.map(({ code }) => code)).to.deep.equal(Array(3).fill("BAD_REQUEST"));
  });

  it("reports BAD_RESPONSE for more blocks than were asked for", async () => {
    const [alice, bob] = MemoryHost.pair();
    await answerRequests(bob, BLOCKS, async function* () {
      yield* [block(1), block(2), block(3)];
    });
    const answer = collect(requestBlocks(alice, "bob", { from: 1, count: 2 }));
    await expectCodeAsync(() => answer, "BAD_RESPONSE");
    expect(alice.reports.at(-1)?.action).to.equal("reject");
  });

  it("brings headers the same way", async () => {
    const [alice, bob] = MemoryHost.pair();
    await serveHeaders(bob, async function* (from, count) {
      for (let height = from; height < from + count; height++) yield block(height);
    });
    const headers = await collect(requestHeaders(alice, "bob", { from: 7, count: 2 }));
    expect(headers).to.deep.equal([block(7), block(8)]);
  });
});
