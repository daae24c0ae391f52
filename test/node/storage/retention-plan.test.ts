import { expect } from "chai";
import { byKind, type StorageKind } from "../../../node/storage/kinds.ts";
import {
  type FileNeeds,
  GRACE_MS,
  planRetention,
  type RetentionRule,
  type StoredFile,
} from "../../../node/storage/retention-plan.ts";

const HOUR = 3_600_000;
const NOW = 1_000 * HOUR;
const quotaOf = (bytes: number) => byKind(() => bytes);
const RULE: RetentionRule = {
  keepMs: 100 * HOUR,
  keepOtherMs: 10 * HOUR,
  quotaBytes: quotaOf(1_000),
};
const NOBODY: FileNeeds = { needed: new Set(), settled: [] };

describe("planRetention", () => {
  const file = (name: string, ageHours: number, changes: Partial<StoredFile> = {}): StoredFile => ({
    kind: "blobs",
    name,
    files: 1,
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
    shortBytes = 0,
  ): [name: string, reason: string][] =>
    planRetention(files, needs, { ...RULE, ...rule }, { now: NOW, shortBytes }).removals.map(
      (removal) => [removal.file.name, removal.reason],
    );

  it("removes unneeded files once they are old enough", () => {
    const files = [file("update", 10), file("young update", 9.9)];
    expect(gone(files, NOBODY)).to.deep.equal([["update", "old"]]);
  });

  it("keeps what an open job needs or the owner imported, however old and over any quota", () => {
    const files = [file("model", 5000), file("data", 5000, { kind: "datasets", bytes: 9_000 })];
    const needs = { needed: new Set(["model", "data"]), settled: [settled("job", 900, "model")] };
    expect(gone(files, needs)).to.deep.equal([]);
    const { kept } = planRetention(files, needs, RULE, { now: NOW });
    expect(kept.datasets).to.deep.include({ files: 1, bytes: 9_000, neededBytes: 9_000 });
    expect(kept.datasets.oldest).to.include({ name: "data", until: undefined });
  });

  it("keeps model and data of a settled job for their time, counted from the settlement", () => {
    const files = [file("model", 300), file("old model", 300)];
    const needs = {
      needed: new Set<string>(),
      settled: [settled("b", 99, "model"), settled("a", 100, "old model")],
    };
    const { removals, kept } = planRetention(files, needs, RULE, { now: NOW });
    expect(removals).to.deep.equal([{ file: files[1], reason: "settled-long-ago", job: "a" }]);
    expect(kept.blobs.oldest).to.deep.include({ name: "model", job: "b", until: NOW + HOUR });
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

  it("over the quota, removes unneeded files first, then those of the jobs settled longest ago", () => {
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
    expect(gone(files, needs, { quotaBytes: quotaOf(499) })).to.deep.equal([
      ["update 2", "over-quota"],
    ]);
    expect(gone(files, needs, { quotaBytes: quotaOf(200) })).to.deep.equal([
      ["update 2", "over-quota"],
      ["update 1", "over-quota"],
      ["model 1", "over-quota"],
    ]);
    const { kept } = planRetention(
      files,
      needs,
      { ...RULE, quotaBytes: quotaOf(200) },
      { now: NOW },
    );
    expect(kept.blobs.bytes).to.equal(200);
  });

  it("lets no kind pay for another", () => {
    const kinds: StorageKind[] = ["blobs", "datasets", "models"];
    const files = kinds.map((kind) => file(kind, 5, { kind, bytes: 600 }));
    expect(gone(files, NOBODY), "1,800 bytes in all").to.deep.equal([]);
    const small = { ...quotaOf(1_000), datasets: 500 };
    expect(gone(files, NOBODY, { quotaBytes: small })).to.deep.equal([["datasets", "over-quota"]]);
  });

  it("ahead of time frees only the missing space: unneeded files, then those of the jobs settled longest ago", () => {
    const files = [
      file("model", 40),
      file("data", 40, { kind: "datasets" }),
      file("older update", 3),
      file("update", 2),
      file("open", 40),
    ];
    const needs = {
      needed: new Set(["open"]),
      settled: [settled("a", 30, "data"), settled("b", 20, "model")],
    };
    const first = ["older update", "low-disk"];
    expect(gone(files, needs, {}, 1)).to.deep.equal([first]);
    expect(gone(files, needs, {}, 250).map(([name]) => name)).to.deep.equal([
      "older update",
      "update",
      "data",
    ]);
    expect(gone(files, needs, {}, 1e9).map(([name]) => name)).to.not.include("open");
    const overdue = [...files, file("overdue", 11)];
    expect(gone(overdue, needs, {}, 100)).to.deep.equal([["overdue", "old"]]);
  });

  it("keeps a torrent as long as its data, and leaves windows and uploads to those who write them", () => {
    const files = [
      file("t1", 500, { kind: "torrents", of: "data" }),
      file("t2", 500, { kind: "torrents", of: "gone" }),
      file("w", 500, { kind: "windows", bytes: 5_000 }),
      file("u", 500, { kind: "uploads", bytes: 5_000 }),
      file("run", 500, { kind: "checkpoints", of: "open" }),
      file("left run", 500, { kind: "checkpoints", of: "closed" }),
    ];
    const needs = {
      needed: new Set(["open"]),
      settled: [settled("a", 50, "data"), settled("closed", 50, "closed")],
    };
    expect(gone(files, needs, {}, 1e9)).to.deep.equal([
      ["t2", "old"],
      ["left run", "old"],
      ["t1", "low-disk"],
    ]);
  });

  it("touches nothing that was written a moment ago, since its order may not be in a block yet", () => {
    const young = { touchedAt: NOW - GRACE_MS + 1 };
    const rule = { quotaBytes: quotaOf(0), keepOtherMs: 1, keepMs: 1 };
    const needs = { needed: new Set<string>(), settled: [settled("job", 5, "b")] };
    expect(gone([file("a", 0, young), file("b", 0, young)], needs, rule, 1e9)).to.deep.equal([]);
    const old = { touchedAt: NOW - GRACE_MS };
    expect(gone([file("a", 0, old)], needs, rule)).to.deep.equal([["a", "old"]]);
  });
});
