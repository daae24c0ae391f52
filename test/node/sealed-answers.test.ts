import { expect } from "chai";
import { type Opening, SealedAnswers } from "../../node/sealed-answers.ts";

const opening = (height: number, isOpened = false): Opening => ({
  from: 10,
  after: 3,
  height,
  isOpened,
});

describe("answers under seal", () => {
  it("show one that contradicts at once, whatever was shown, and take gives it once", () => {
    const answers = new SealedAnswers<string>();
    answers.keep("a", "other", { isMatch: false });
    expect(answers.due("a", opening(10, true))).to.equal("other");
    expect(answers.take("a", opening(10))).to.equal("other");
    expect(answers.take("a", opening(11))).to.equal(undefined);
    expect(answers.due("a", opening(11))).to.equal(undefined);
  });

  it("show one that confirms when its turn has come, unless somebody has shown it", () => {
    const answers = new SealedAnswers<string>();
    answers.keep("a", "same", { isMatch: true });
    expect(answers.take("a", opening(12))).to.equal(undefined);
    expect(answers.take("a", opening(13, true))).to.equal(undefined);
    expect(answers.take("a", opening(13))).to.equal("same");
  });

  it("count the turn from the first call on", () => {
    const answers = new SealedAnswers<string>();
    answers.keep("a", "same", { isMatch: true });
    for (const height of [20, 21, 22])
      expect(answers.take("a", { ...opening(height), from: height })).to.equal(undefined);
    expect(answers.take("a", { ...opening(23), from: 23 })).to.equal("same");
  });

  it("know only kept answers, and forget those that are no longer needed", () => {
    const answers = new SealedAnswers<string>();
    answers.keep("a", "one", { isMatch: false });
    answers.keep("b", "two", { isMatch: false });
    answers.keepOnly((dispute) => dispute === "b");
    expect([answers.has("a"), answers.has("b"), answers.has("c")]).to.deep.equal([
      false,
      true,
      false,
    ]);
    expect(answers.take("c", opening(10))).to.equal(undefined);
  });
});
