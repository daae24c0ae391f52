import { expect } from "chai";
import { limitNorms, type UpdateVerdict } from "../../../ml/federation/check-updates.ts";

describe("limitNorms", () => {
  const verdicts = (...norms: number[]): UpdateVerdict[] =>
    norms.map((norm, participant) => ({ participant, norm, refusal: undefined }));
  const codes = (...args: Parameters<typeof limitNorms>): (string | undefined)[] =>
    limitNorms(...args).map(({ refusal }) => refusal?.code);

  it("holds even a lone update to the absolute bound", () => {
    const limits = { maxNorm: 100 };
    expect(codes(verdicts(5), limits)).to.deep.equal([undefined]);
    expect(codes(verdicts(1e30, 5), limits)).to.deep.equal(["NORM", undefined]);
  });

  it("holds colluders, whose norms make the median, to the absolute bound", () => {
    const refused = codes(verdicts(1, 1, 1e30, 1e30), { maxNorm: 100 });
    expect(refused).to.deep.equal([undefined, undefined, "NORM", "NORM"]);
  });

  it("refuses an update far longer than the median of three or more", () => {
    const limits = { maxNormRatio: 3 };
    expect(codes(verdicts(1, 1, 3), limits)).to.deep.equal([undefined, undefined, undefined]);
    expect(codes(verdicts(1, 1, 3.1), limits)).to.deep.equal([undefined, undefined, "NORM"]);
    expect(codes(verdicts(1, 99), limits)).to.deep.equal([undefined, undefined]);
  });

  it("leaves updates that are refused already out of the median", () => {
    const broken = { participant: 9, norm: Number.NaN, refusal: { code: "NO_CHANGE" } } as const;
    const refused = codes([...verdicts(1, 1, 5), broken], { maxNormRatio: 3 });
    expect(refused).to.deep.equal([undefined, undefined, "NORM", "NO_CHANGE"]);
  });
});
