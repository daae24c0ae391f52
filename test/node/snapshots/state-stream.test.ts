import { expect } from "chai";
import { toHex } from "../../../chain/crypto/hash.ts";
import { State } from "../../../chain/state/state.ts";
import type { StateParts } from "../../../chain/state/state-parts.ts";
import { CHUNK_BYTES, decodeState, encodeState } from "../../../node/snapshots/state-stream.ts";
import { TestChain } from "../../helpers/chain.ts";
import { expectCodeAsync } from "../../helpers/expect-code.ts";

async function chunksOf(parts: StateParts): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of encodeState(parts)) chunks.push(chunk);
  return chunks;
}

async function* streamOf(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

/** More than a chunk of accounts. */
function largeState(): StateParts {
  const { state } = new TestChain().head;
  const accounts = Array.from({ length: 40_000 }, (_, i) => {
    const address = new Uint8Array(20);
    new DataView(address.buffer).setUint32(0, i + 1);
    return { address, balance: BigInt(i), nonce: i };
  });
  return { ...state.parts(), accounts };
}

describe("state stream", () => {
  it("brings back a state with the same root", async () => {
    const chain = new TestChain();
    chain.advanceTo(20);
    const { state } = chain.head;
    const decoded = await decodeState(streamOf(await chunksOf(state.parts())));
    expect(toHex(State.of(decoded).root())).to.equal(toHex(state.root()));
  });

  it("cuts it into full chunks and a rest, and takes them in any sizes", async () => {
    const parts = largeState();
    const chunks = await chunksOf(parts);
    expect(chunks.length).to.be.above(1);
    expect(chunks.slice(0, -1).every(({ length }) => length === CHUNK_BYTES)).to.equal(true);
    expect(chunks.at(-1)?.length).to.be.within(1, CHUNK_BYTES);
    const pieces = chunks.flatMap((chunk) => [chunk.subarray(0, 3), chunk.subarray(3)]);
    const decoded = await decodeState(streamOf(pieces));
    const again = Buffer.concat(await chunksOf(decoded));
    expect(again.equals(Buffer.concat(chunks))).to.equal(true);
  });

  it("copies no byte often, however long a record and small the pieces", async () => {
    const vote = { node: 1, parameter: 0, value: new Uint8Array(32) };
    const parameterVotes = Array.from({ length: 100_000 }, (_, node) => ({ ...vote, node }));
    const parts = { ...new TestChain().head.state.parts(), parameterVotes };
    const whole = Buffer.concat(await chunksOf(parts));
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < whole.length; at += 1_000) pieces.push(whole.subarray(at, at + 1_000));
    let copied = 0;
    const concat = Buffer.concat;
    Buffer.concat = (list, ...rest) => {
      const joined = concat(list, ...rest);
      copied += joined.length;
      return joined;
    };
    try {
      const decoded = await decodeState(streamOf(pieces));
      expect(decoded.parameterVotes).to.deep.equal(parameterVotes);
    } finally {
      Buffer.concat = concat;
    }
    expect(copied).to.be.within(1, 2 * whole.length);
  });

  it("keeps what it captured while the state goes on", async () => {
    const chain = new TestChain();
    chain.advanceTo(5);
    const root = toHex(chain.head.state.root());
    const parts = chain.head.state.parts();
    chain.advanceTo(9);
    expect(toHex(State.of(await decodeState(streamOf(await chunksOf(parts)))).root())).to.equal(
      root,
    );
  });

  it("refuses every stream that is not whole and in order with BAD_SNAPSHOT", async () => {
    const whole = Buffer.concat(await chunksOf(new TestChain().head.state.parts()));
    const record = (part: number, length: number): Uint8Array => {
      const bytes = new Uint8Array(5 + Math.min(length, 8));
      bytes[0] = part;
      new DataView(bytes.buffer).setUint32(1, length, true);
      return bytes;
    };
    const bad: Record<string, Uint8Array[]> = {
      "the end missing": [whole.subarray(0, whole.length - 1)],
      nothing: [],
      "a part that does not exist": [record(250, 8)],
      "a part twice": [whole, whole],
      "a record that does not decode": [record(3, 8)],
      "a record without end": [record(3, 2 ** 32 - 1)],
      "parts out of order": [whole.subarray(5 + whole.readUInt32LE(1)), whole],
    };
    for (const [what, chunks] of Object.entries(bad)) {
      const error = await expectCodeAsync(() => decodeState(streamOf(chunks)), "BAD_SNAPSHOT");
      expect(error.action, what).to.equal("reject");
    }
  });
});
