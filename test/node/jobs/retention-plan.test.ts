import { expect } from "chai";
import {
  type FileNeeds,
  GRACE_MS,
  planRetention,
  type RetentionRule,
  type StoredFile,
} from "../../../node/jobs/retention-plan.ts";

const HOUR = 3_600_000;
const NOW = 1_000 * HOUR;
const RULE: RetentionRule = { keepMs: 100 * HOUR, keepOtherMs: 10 * HOUR, quotaBytes: 1_000 };
const NOBODY: FileNeeds = { needed: new Set(), settled: [] };

describe("planRetention", () => {
  const file = (name: string, ageHours: number, changes: Partial<StoredFile> = {}): StoredFile => ({
    kind: "blob",
    name,
    bytes: 100,
    touchedAt: NOW - ageHours * HOUR,
    ...changes,
  });
  const settled = (job: string, hoursAgo: number, ...names: string[]) => ({
    job,
    settledAt: NOW - hoursAgo * HOUR,
    names,
  });
  const gone = (
    files: readonly StoredFile[],
    needs: FileNeeds,
    rule: Partial<RetentionRule> = {},
  ): [name: string, reason: string][] =>
    planRetention(files, needs, { ...RULE, ...rule }, NOW).removals.map((removal) => [
      removal.file.name,
      removal.reason,
    ]);

  it("removes what nobody needs once it is old enough", () => {
    const files = [file("update", 10), file("young update", 9.9)];
    expect(gone(files, NOBODY)).to.deep.equal([["update", "old"]]);
  });

  it("keeps what an open job needs or the owner imported, however old and over any quota", () => {
    const files = [file("model", 5000), file("data", 5000, { kind: "dataset", bytes: 9_000 })];
    const needs = { needed: new Set(["model", "data"]), settled: [settled("job", 900, "model")] };
    expect(gone(files, needs)).to.deep.equal([]);
    expect(planRetention(files, needs, RULE, NOW).bytes).to.equal(9_100);
  });

  it("keeps model and data of a settled job for their time, counted from the settlement", () => {
    const files = [file("model", 300), file("old model", 300)];
    const needs = {
      needed: new Set<string>(),
      settled: [settled("b", 99, "model"), settled("a", 100, "old model")],
    };
    const { removals } = planRetention(files, needs, RULE, NOW);
    expect(removals).to.deep.equal([{ file: files[1], reason: "settled-long-ago", job: "a" }]);
  });

  it("counts a file that was fetched again from then on", () => {
    const needs = { needed: new Set<string>(), settled: [settled("job", 500, "model")] };
    expect(gone([file("model", 99)], needs)).to.deep.equal([]);
    expect(gone([file("model", 100)], needs)).to.deep.equal([["model", "settled-long-ago"]]);
  });

  it("keeps a file of several jobs as long as the last of them", () => {
    const needs = {
      needed: new Set<string>(),
      settled: [settled("new", 5, "data"), settled("old", 500, "data")],
    };
    expect(gone([file("data", 600)], needs)).to.deep.equal([]);
  });

  it("over the quota, takes what nobody needs first, then the jobs settled longest ago", () => {
    const files = [
      file("model 1", 40),
      file("model 2", 40),
      file("model 3", 40),
      file("update 1", 2),
      file("update 2", 3),
    ];
    const needs = {
      needed: new Set<string>(),
      settled: [
        settled("2", 20, "model 2"),
        settled("1", 30, "model 1"),
        settled("3", 10, "model 3"),
      ],
    };
    expect(gone(files, needs, { quotaBytes: 499 })).to.deep.equal([["update 2", "over-quota"]]);
    expect(gone(files, needs, { quotaBytes: 200 })).to.deep.equal([
      ["update 2", "over-quota"],
      ["update 1", "over-quota"],
      ["model 1", "over-quota"],
    ]);
    expect(planRetention(files, needs, { ...RULE, quotaBytes: 200 }, NOW).bytes).to.equal(200);
  });

  it("touches nothing that was written a moment ago, since its order may not be in a block yet", () => {
    const young = { touchedAt: NOW - GRACE_MS + 1 };
    const rule = { quotaBytes: 0, keepOtherMs: 1, keepMs: 1 };
    const needs = { needed: new Set<string>(), settled: [settled("job", 5, "b")] };
    expect(gone([file("a", 0, young), file("b", 0, young)], needs, rule)).to.deep.equal([]);
    const old = { touchedAt: NOW - GRACE_MS };
    expect(gone([file("a", 0, old)], needs, rule)).to.deep.equal([["a", "old"]]);
  });
});
