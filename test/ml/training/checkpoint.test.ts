import { expect } from "chai";
import fc from "fast-check";
import { sha256 } from "../../../chain/crypto/hash.ts";
import {
  checkpointHash,
  decodeCheckpoint,
  encodeCheckpoint,
} from "../../../ml/training/checkpoint.ts";
import { expectCode } from "../../helpers/expect-code.ts";

const finite = fc.float({ noNaN: true, noDefaultInfinity: true });

describe("checkpoint", () => {
  it("round-trips, and its hash is the hash of its bytes", () => {
    fc.assert(
      fc.property(
        fc.float32Array({ minLength: 1, noNaN: true, noDefaultInfinity: true }),
        finite,
        (parameters, value) => {
          const checkpoint = { parameters, optimizerState: parameters.map(() => value) };
          const bytes = encodeCheckpoint(checkpoint);
          expect(decodeCheckpoint(bytes, parameters.length)).to.deep.equal(checkpoint);
          expect(checkpointHash(checkpoint)).to.deep.equal(sha256(bytes));
        },
      ),
    );
  });

  it("refuses what does not fit the model", () => {
    const state = { parameters: Float32Array.of(1, 2), optimizerState: new Float32Array(2) };
    const bytes = encodeCheckpoint(state);
    const refuse = (change: Uint8Array, count = 2): string =>
      expectCode(() => decodeCheckpoint(change, count), "BAD_CHECKPOINT").message;
    expect(refuse(bytes, 3)).to.include("2 parameters, the model has 3");
    expect(refuse(bytes.subarray(0, 30))).to.include("30 bytes");
    expect(refuse(bytes.subarray(0, 7))).to.include("start");
    for (const position of [0, 4, 8, 12]) {
      const changed = bytes.slice();
      changed[position] = 9;
      refuse(changed);
    }
    const infinite = { ...state, optimizerState: Float32Array.of(0, Number.POSITIVE_INFINITY) };
    expect(refuse(encodeCheckpoint(infinite))).to.include("finite");
  });
});
