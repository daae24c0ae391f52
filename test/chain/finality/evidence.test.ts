import { expect } from "chai";
import { checkEvidence, makeEvidence } from "../../../chain/finality/evidence.ts";
import { expectCode } from "../../helpers/expect-code.ts";
import { V, vote, W } from "./drive.ts";

describe("evidence", () => {
  const a = vote("prevote", 1, { value: V });
  const b = vote("prevote", 1, { value: W });

  it("has one form, whichever vote came first", () => {
    expect(makeEvidence(b, a)).to.deep.equal(makeEvidence(a, b));
    checkEvidence(makeEvidence(b, a));
    checkEvidence(makeEvidence(a, vote("prevote", 1, { value: null })));
  });

  it("refuses EVIDENCE_SAME_VALUE", () => {
    const other = { ...a, signature: new Uint8Array(64) };
    expectCode(() => checkEvidence({ first: a, second: other }), "EVIDENCE_SAME_VALUE");
  });

  it("refuses EVIDENCE_NOT_CANONICAL", () => {
    expectCode(() => checkEvidence({ first: b, second: a }), "EVIDENCE_NOT_CANONICAL");
  });

  it("refuses EVIDENCE_UNKNOWN_VOTE_TYPE", () => {
    const [first, second] = [
      { ...a, type: 7 },
      { ...b, type: 7 },
    ];
    expectCode(() => checkEvidence({ first, second }), "EVIDENCE_UNKNOWN_VOTE_TYPE");
  });

  for (const field of ["seat", "height", "round", "type"] as const) {
    it(`refuses EVIDENCE_UNRELATED_VOTES that differ in ${field}`, () => {
      const second = { ...b, [field]: b[field] + 1 };
      const error = expectCode(
        () => checkEvidence({ first: a, second }),
        "EVIDENCE_UNRELATED_VOTES",
      );
      expect(error.facts).to.deep.include({ field });
    });
  }
});
