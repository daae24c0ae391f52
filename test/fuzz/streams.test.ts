/** Decoders that read streams: the pieces come in any size, and what was announced may never come. */
import { expect } from "chai";
import fc from "fast-check";
import { toHex } from "../../chain/crypto/hash.ts";
import { PomlError } from "../../chain/errors.ts";
import { decodeState, encodeState } from "../../node/snapshots/state-stream.ts";
import { frameHeader, readFrames, TAG } from "../../p2p/protocols/frames.ts";
import { TestChain } from "../helpers/chain.ts";
import { hostileBytes } from "./mutate.ts";

const RUNS = Number(process.env.POML_FUZZ_RUNS ?? 300);
const MAX_FRAME = 64;

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function joined(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return new Uint8Array(Buffer.concat(parts));
}

describe(`streams refuse ${RUNS} hostile inputs with typed errors:`, function () {
  this.timeout(20_000 + RUNS * 20);
  const sizes = fc.constantFrom(1, 3, 7, 100, 10_000);
  const check = (
    bytes: fc.Arbitrary<Uint8Array>,
    decode: (b: Uint8Array, size: number) => Promise<Uint8Array>,
  ) =>
    fc.assert(
      fc.asyncProperty(bytes, sizes, async (input, size) => {
        let encoded: Uint8Array;
        try {
          encoded = await decode(input, size);
        } catch (error) {
          if (error instanceof PomlError) return;
          throw error;
        }
        expect(toHex(encoded)).to.equal(toHex(input));
      }),
      { seed: 1, numRuns: RUNS },
    );

  it("the state of a snapshot", async () => {
    const chain = new TestChain();
    chain.advanceTo(3);
    const good = await joined(encodeState(chain.head.state.parts()));
    const decode = async (bytes: Uint8Array, size: number) =>
      joined(encodeState(await decodeState(pieces(bytes, size))));
    expect(toHex(await decode(good, 1000))).to.equal(toHex(good));
    await check(hostileBytes([good]), decode);
  });

  it("frames on a connection", async () => {
    const frame = (tag: 0 | 1 | 2, payload: string) => [
      frameHeader(tag, payload.length),
      new TextEncoder().encode(payload),
    ];
    const good = Buffer.concat([
      ...frame(TAG.data, "some bytes"),
      ...frame(TAG.end, ""),
      ...frame(TAG.error, "NOT_FOUND"),
    ]);
    /** Frames as they were read, then what was left of one that never ended. */
    const decode = async (bytes: Uint8Array, size: number) => {
      const parts: Uint8Array[] = [];
      for await (const { tag, payload } of readFrames(pieces(bytes, size), MAX_FRAME)) {
        expect(payload.length).to.be.at.most(MAX_FRAME);
        parts.push(frameHeader(tag as 0, payload.length), payload);
      }
      const whole = Buffer.concat(parts);
      return new Uint8Array(Buffer.concat([whole, bytes.subarray(whole.length)]));
    };
    await check(hostileBytes([new Uint8Array(good)]), decode);
  });
});
