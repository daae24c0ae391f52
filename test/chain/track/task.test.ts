import { expect } from "chai";
import { LEAST_QUALITY, MOST_QUALITY, NO_SCORE, qualityOf } from "../../../chain/track/quality.ts";
import { recipeFault, TRACK_TASKS, trackTask, trainingCost } from "../../../chain/track/task.ts";
import { MAX_COUNTS } from "../../../chain/types/track.ts";

const TASK = trackTask(1);

describe("the task of the open track", () => {
  it("prices a training by its arithmetic, its rows and its steps", () => {
    const recipe = { learningRate: 1, batchSize: 3, width: 2, epochs: 3 };
    // 64-2-10: 148 weights; forward all, weight gradient all, input gradient of the last 20: x 2.
    const perRow = 2n * (148n + 148n + 20n) + 8000n;
    expect(trainingCost(TASK, recipe)).to.equal((perRow * 4000n + 1334n * 200_000n) * 3n);
  });

  it("refuses recipes that count as cheap and are slow to repeat", () => {
    const tiny = { learningRate: 1, batchSize: 1, width: 1 };
    expect(recipeFault(TASK, { ...tiny, epochs: 6 })).to.equal(undefined);
    expect(recipeFault(TASK, { ...tiny, epochs: 7 })?.field).to.equal("recipe");
    expect(recipeFault(TASK, { ...tiny, batchSize: 1024, epochs: 200 })?.field).to.equal("recipe");
  });

  it("takes its own default, fits the counts, and has an even test set, in every version", () => {
    for (let version = 1; version <= TRACK_TASKS; version++) {
      const task = trackTask(version);
      expect(recipeFault(task, task.recipe)).to.equal(undefined);
      expect(task.classes ** 2).to.be.at.most(MAX_COUNTS);
      expect(task.testRows % task.classes).to.equal(0);
    }
    expect(() => trackTask(TRACK_TASKS + 1)).to.throw(RangeError);
  });

  for (const [what, field, change] of [
    ["no learning rate", "recipe.learningRate", { learningRate: 0 }],
    ["a learning rate above 10", "recipe.learningRate", { learningRate: 10_000_001 }],
    ["no rows per step", "recipe.batchSize", { batchSize: 0 }],
    ["more than 1,024 rows per step", "recipe.batchSize", { batchSize: 1025 }],
    ["more than 1,024 units", "recipe.width", { width: 1025 }],
    ["no epochs", "recipe.epochs", { epochs: 0 }],
    ["more work than the budget", "recipe", { epochs: 25 }],
  ] as const) {
    it(`refuses ${what}`, () => {
      expect(recipeFault(TASK, { ...TASK.recipe, ...change })?.field).to.equal(field);
    });
  }

  it("accepts a recipe that costs exactly the budget", () => {
    const { recipe } = TASK;
    const exact = { ...TASK, budget: trainingCost(TASK, recipe) };
    expect(recipeFault(exact, recipe)).to.equal(undefined);
    expect(recipeFault({ ...exact, budget: exact.budget - 1n }, recipe)?.field).to.equal("recipe");
  });
});

describe("quality", () => {
  const of = (f1: number): number => qualityOf({ ...NO_SCORE, track: 1, task: 1, f1 });

  it("is F1 against the reference, within a fifth of 1", () => {
    expect(of(TASK.reference)).to.equal(1_000_000);
    expect(of(TASK.reference / 2)).to.equal(LEAST_QUALITY);
    expect(of(1_000_000)).to.equal(MOST_QUALITY);
    expect(of(Math.ceil(TASK.reference * 1.05))).to.be.within(1_050_000, 1_050_002);
  });

  it("is 1 without a score", () => {
    expect(qualityOf(NO_SCORE)).to.equal(1_000_000);
  });
});
