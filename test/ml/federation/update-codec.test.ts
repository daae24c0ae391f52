import { expect } from "chai";
import fc from "fast-check";
import { sha256 } from "../../../chain/crypto/hash.ts";
import { decodeUpdate, deltaOf, encodeUpdate } from "../../../ml/federation/update-codec.ts";
import { expectCode } from "../../helpers/expect-code.ts";

const hashes = (count: number): Uint8Array[] =>
  Array.from({ length: count }, (_, i) => sha256(Uint8Array.of(i)));

const UPDATE = {
  participant: 3,
  round: 2,
  samples: 600,
  parameters: Float32Array.of(0.5, -1, 2),
  optimizerHash: sha256(Uint8Array.of(99)),
  digests: hashes(3),
};

function changed(position: number, value: number): Uint8Array {
  const bytes = encodeUpdate(UPDATE);
  bytes[position] = value;
  return bytes;
}

describe("update codec", () => {
  it("round-trips", () => {
    const values = fc.float32Array({ noNaN: true, noDefaultInfinity: true });
    const count = fc.nat({ max: 2 ** 32 - 1 });
    const digests = fc.integer({ min: 2, max: 17 }).map(hashes);
    fc.assert(
      fc.property(values, count, fc.nat(), digests, (parameters, samples, participant, tree) => {
        const update = { ...UPDATE, participant, samples, parameters, digests: tree };
        expect(decodeUpdate(encodeUpdate(update), parameters.length)).to.deep.equal(update);
      }),
    );
  });

  it("reads updates that do not start at an aligned address", () => {
    const bytes = encodeUpdate(UPDATE);
    const shifted = new Uint8Array(bytes.length + 1);
    shifted.set(bytes, 1);
    expect(decodeUpdate(shifted.subarray(1), 3)).to.deep.equal(UPDATE);
  });

  it("refuses TOO_LARGE before anything else", () => {
    const error = expectCode(() => decodeUpdate(new Uint8Array(4096), 3), "TOO_LARGE");
    expect(error.facts).to.deep.include({ limit: 612, actual: 4096 });
  });

  it("refuses UPDATE_FORMAT", () => {
    for (const position of [0, 4, 5, 6, 7]) {
      expectCode(() => decodeUpdate(changed(position, 9), 3), "UPDATE_FORMAT");
    }
    expectCode(() => decodeUpdate(encodeUpdate(UPDATE).subarray(0, 35), 3), "UPDATE_FORMAT");
    expectCode(() => decodeUpdate(new Uint8Array(), 3), "UPDATE_FORMAT");
  });

  it("refuses SHAPE", () => {
    expectCode(() => decodeUpdate(encodeUpdate(UPDATE), 4), "SHAPE");
    expectCode(() => decodeUpdate(changed(8, 2), 3), "SHAPE");
  });

  it("refuses NOT_FINITE and names the value", () => {
    const parameters = Float32Array.of(0, Number.NaN, 0);
    const error = expectCode(
      () => decodeUpdate(encodeUpdate({ ...UPDATE, parameters }), 3),
      "NOT_FINITE",
    );
    expect(error.facts).to.deep.include({ index: 1 });
  });

  it("gives the change of the parameters", () => {
    const delta = deltaOf(Float32Array.of(1, 2), Float32Array.of(1.5, 0));
    expect([...delta]).to.deep.equal([0.5, -2]);
    expect(() => deltaOf(new Float32Array(1), new Float32Array(2))).to.throw(RangeError);
  });
});
