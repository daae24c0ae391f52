/** Manifests that take seconds to check are read without a pause of this process. */
import { expect } from "chai";
import { encodeManifest, type Manifest, parseManifest } from "../../../ml/dataset/manifest.ts";
import { ManifestReader } from "../../../node/datasets/manifest-reader.ts";
import { expectCodeAsync } from "../../helpers/expect-code.ts";

const chunk = (split: string, index: number): Manifest["train"][number] => ({
  file: `${split}-${String(index).padStart(5, "0")}.bin`,
  rows: 1,
  bytes: 100,
  sha256: "ab".repeat(32),
});

function manifestOf(chunks: number, columns = 0): Manifest {
  const leftOut = Array.from({ length: columns }, (_, position) => ({
    name: `left ${position}`,
    position,
    reason: "the owner asked for it",
  }));
  return parseManifest({
    version: 2,
    name: "large",
    licence: "",
    source: "",
    dtype: "float32",
    scale: 1,
    shape: [4],
    columns: Array.from({ length: columns }, (_, position) => ({
      kind: "category",
      name: `column ${position}`,
      position,
      values: ["a", "b"],
      missing: 0,
    })),
    table: {
      separator: ",",
      header: true,
      fields: 9,
      label: { name: "label", position: 8 },
      leftOut,
    },
    classes: ["a", "b"],
    notes: ["a note"],
    rowsPerChunk: 1,
    order: "shuffled",
    train: Array.from({ length: chunks }, (_, i) => chunk("train", i)),
    test: Array.from({ length: chunks }, (_, i) => chunk("test", i)),
  });
}

describe("ManifestReader", function () {
  this.timeout(60_000);

  it("reads small and large ones alike, and remembers the last ones", async () => {
    const reader = new ManifestReader();
    for (const manifest of [manifestOf(3), manifestOf(2500, 1500)]) {
      const read = await reader.read(encodeManifest(manifest));
      expect(read.manifest).to.deep.equal(manifest);
      expect(await reader.read(encodeManifest(manifest))).to.have.property(
        "manifest",
        read.manifest,
      );
    }
  });

  it("refuses large ones as it refuses small ones", async () => {
    const reader = new ManifestReader();
    const bytes = (text: string) => new TextEncoder().encode(text);
    for (const text of ["{}", `{"train":[${"{},".repeat(100_000)}{}]}`, "[".repeat(200_000)]) {
      const error = await expectCodeAsync(() => reader.read(bytes(text)), "BAD_MANIFEST");
      expect(error.facts).to.have.property("field");
      expect(error.remedy).to.include("npx poml dataset import");
    }
  });

  it("does not block this process", async () => {
    let turns = 0;
    const count = setInterval(() => turns++, 1);
    await new ManifestReader().read(encodeManifest(manifestOf(6000)));
    clearInterval(count);
    // One a piece at least; checked here, it would be none.
    expect(turns).to.be.at.least(12);
  });
});
