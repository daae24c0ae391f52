import { expect } from "chai";
import { checkDuplicateVote } from "../../../chain/evidence/duplicate-vote.ts";
import { makeDuplicateVote } from "../../../chain/finality/contradiction.ts";
import { expectCode } from "../../helpers/expect-code.ts";
import { V, vote, W } from "../finality/drive.ts";

describe("duplicate vote", () => {
  const a = vote("prevote", 1, { value: V });
  const b = vote("prevote", 1, { value: W });

  it("has one form, whichever vote came first", () => {
    expect(makeDuplicateVote(b, a)).to.deep.equal(makeDuplicateVote(a, b));
    checkDuplicateVote(makeDuplicateVote(b, a));
    checkDuplicateVote(makeDuplicateVote(a, vote("prevote", 1, { value: null })));
  });

  it("refuses EVIDENCE_SAME_VALUE", () => {
    const other = { ...a, signature: new Uint8Array(64) };
    expectCode(() => checkDuplicateVote({ first: a, second: other }), "EVIDENCE_SAME_VALUE");
  });

  it("refuses EVIDENCE_NOT_CANONICAL", () => {
    expectCode(() => checkDuplicateVote({ first: b, second: a }), "EVIDENCE_NOT_CANONICAL");
  });

  it("refuses EVIDENCE_UNKNOWN_VOTE_TYPE", () => {
    const [first, second] = [
      { ...a, type: 7 },
      { ...b, type: 7 },
    ];
    expectCode(() => checkDuplicateVote({ first, second }), "EVIDENCE_UNKNOWN_VOTE_TYPE");
  });

  for (const field of ["seat", "height", "round", "type"] as const) {
    it(`refuses EVIDENCE_UNRELATED that differ in ${field}`, () => {
      const second = { ...b, [field]: b[field] + 1 };
      const error = expectCode(
        () => checkDuplicateVote({ first: a, second }),
        "EVIDENCE_UNRELATED",
      );
      expect(error.facts).to.deep.include({ field });
    });
  }
});
