/** An import in a process of its own: what it makes, what it says, and how it is ended. */
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect } from "chai";
import { readDataset } from "../../../ml/dataset/store.ts";
import { IMPORT_LIMITS, importInChild } from "../../../node/datasets/import-child.ts";
import type { ImportSource } from "../../../node/datasets/import-order.ts";
import { StorageError } from "../../../node/storage/storage-error.ts";
import { expectCodeAsync } from "../../helpers/expect-code.ts";
import { TemporaryFolders } from "../../helpers/temporary.ts";

const MIB = 1024 * 1024;

function table(rows: number): string {
  const lines = Array.from({ length: rows }, (_, i) => `${i * i};${i % 7};${i % 2 ? "a" : "b"}`);
  return ["x;z;label", ...lines].join("\n");
}

describe("an import in a process of its own", function () {
  this.timeout(60_000);
  const folders = new TemporaryFolders();
  let folder: string;

  beforeEach(async () => {
    folder = await folders.create();
  });
  after(() => folders.removeAll());

  async function sourceOf(
    bytes: Uint8Array | string,
    settings: object = {},
  ): Promise<ImportSource> {
    const file = join(folder, "data");
    await writeFile(file, bytes);
    return { kind: "csv", name: "table", settings, file };
  }

  function run(
    source: ImportSource,
    limits: Partial<typeof IMPORT_LIMITS> = {},
    signal = new AbortController().signal,
    onProgress: (done: number, step: string) => void = () => {},
    onSize: (bytes: number) => Promise<AbortSignal> = async () => new AbortController().signal,
  ): Promise<void> {
    const order = { source, output: join(folder, "output") };
    return importInChild(order, { signal, onProgress, onSize }, { ...IMPORT_LIMITS, ...limits });
  }

  it("writes the dataset and tells how far it is", async () => {
    const steps: number[] = [];
    await run(await sourceOf(gzipSync(table(400))), {}, undefined, (done) => steps.push(done));
    const { manifest } = await readDataset(join(folder, "output"));
    expect(manifest.shape).to.deep.equal([2]);
    expect(manifest.notes.join(" ")).to.include("semicolon").and.include("gzip");
    expect(steps).to.deep.equal([...steps].sort((a, b) => a - b));
    expect(steps.at(-1)).to.equal(1);
  });

  it("reports its size before it writes anything, and writes nothing if that is refused", async () => {
    const source = await sourceOf(table(400));
    let asked = 0;
    const refuse = async (bytes: number): Promise<never> => {
      asked = bytes;
      expect(existsSync(join(folder, "output"))).to.equal(false);
      const asking = { kind: "datasets", askedBytes: bytes, freeBytes: 0, heldBytes: 0 } as const;
      throw StorageError.low(asking, { minFreeBytes: 1, setting: "disk.jobsMinFreeMib" });
    };
    const importing = () => run(source, {}, undefined, undefined, refuse);
    await expectCodeAsync(importing, "JOB_DISK_FULL");
    expect(asked).to.equal(400 * (2 * 4 + 2));
    expect(existsSync(join(folder, "output"))).to.equal(false);
  });

  it("passes a refusal on with its code, facts and remedy", async () => {
    const source = await sourceOf("x,label\n1,\xe9\n2,b\n", { encoding: "klingon" });
    const error = await expectCodeAsync(() => run(source), "BAD_OPTION");
    expect(error.facts).to.deep.include({ field: "encoding" });
    expect(error.remedy).to.include("windows-1252");
  });

  it("passes a malformed form on with a remedy", async () => {
    const file = join(folder, "form");
    await writeFile(file, "no form");
    const contentType = "multipart/form-data; boundary=x";
    const error = await expectCodeAsync(
      () => run({ kind: "form", file, contentType }),
      "MALFORMED_FORM",
    );
    expect(error.remedy).to.include("curl -F");
  });

  it("refuses a table that unpacks to far more than was sent", async () => {
    const bomb = gzipSync(Buffer.alloc(100 * MIB, "1,a\n"), { level: 9 });
    expect(bomb.length).to.be.lessThan(MIB);
    await expectCodeAsync(async () => run(await sourceOf(bomb)), "TOO_LARGE");
  });

  it("is ended when it takes too much memory or too long", async () => {
    const source = await sourceOf(table(200_000));
    const costly = { memoryBytes: 16 * MIB };
    await expectCodeAsync(() => run(source, costly), "IMPORT_TOO_COSTLY");
    await expectCodeAsync(() => run(source, { timeMs: 1 }), "IMPORT_TOO_COSTLY");
  });

  it("is ended when no caller waits for it any more", async () => {
    const source = await sourceOf(table(200_000));
    const control = new AbortController();
    const started = run(source, {}, control.signal, () => control.abort());
    await expectCodeAsync(() => started, "IMPORT_CANCELLED");
    await expectCodeAsync(() => run(source, {}, control.signal), "IMPORT_CANCELLED");
  });
});
