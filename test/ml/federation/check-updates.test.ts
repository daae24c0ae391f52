import { expect } from "chai";
import { checkUpdates } from "../../../ml/federation/check-updates.ts";

describe("checkUpdates", () => {
  const update = (participant: number, ...delta: number[]) => ({
    participant,
    samples: 10,
    delta: Float32Array.from(delta),
  });
  const codes = (...args: Parameters<typeof checkUpdates>): (string | undefined)[] =>
    checkUpdates(...args).map(({ refusal }) => refusal?.code);

  it("holds even a lone update to the absolute bound", () => {
    const options = { parameterCount: 2, maxNorm: 100 };
    expect(codes([update(0, 3, 4)], options)).to.deep.equal([undefined]);
    expect(codes([update(0, 1e30, 0), update(1, 3, 4)], options)).to.deep.equal([
      "NORM",
      undefined,
    ]);
  });

  it("holds colluders to it whose norms make the median", () => {
    const updates = [update(0, 1, 0), update(1, 0, 1), update(2, 1e30, 0), update(3, 0, 1e30)];
    const options = { parameterCount: 2, maxNorm: 100 };
    expect(codes(updates, options)).to.deep.equal([undefined, undefined, "NORM", "NORM"]);
  });

  it("refuses SHAPE, NOT_FINITE and NO_CHANGE", () => {
    const updates = [update(0, 1), update(1, Number.NaN, 0), update(2, 0, 0)];
    expect(codes(updates, { parameterCount: 2 })).to.deep.equal([
      "SHAPE",
      "NOT_FINITE",
      "NO_CHANGE",
    ]);
  });
});
