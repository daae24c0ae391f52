/** `poml storage`, of a running node and of a stopped one. */
import { mkdir, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { sha256 } from "../../../chain/crypto/hash.ts";
import { StorageJson } from "../../../node/api/contract/storage.ts";
import { Deletions } from "../../../node/storage/deletions.ts";
import { identityFromSeed, writeKeyFile } from "../../../node/wallet/key-file.ts";
import { StoredChain } from "../../helpers/stored-chain.ts";
import { TemporaryFolders } from "../../helpers/temporary.ts";
import { CliStage, run } from "./support.ts";

const HOUR_MS = 3_600_000;
const HASH = "ab".repeat(32);

describe("poml storage", () => {
  const folders = new TemporaryFolders();
  after(() => folders.removeAll());

  describe("of a running node", () => {
    let stage: CliStage;
    before(async () => {
      stage = await CliStage.open();
    });
    after(() => stage.close());

    it("shows each kind with its quota, the marks and what was deleted", async () => {
      const { exit, stdout, stderr } = await stage.run("storage");
      expect(exit, stderr).equal(0);
      for (const kind of ["blobs", "datasets", "models", "checkpoints", "windows", "uploads"]) {
        expect(stdout).match(
          new RegExp(`^${kind} +2 +2.86 MiB +0.95 MiB +0.00 MiB +4096 MiB`, "m"),
        );
      }
      expect(stdout).match(/^blobs .*abababababab… of 1970-01-01 00:00 UTC/m);
      expect(stdout).contain("1024 MiB (disk.jobsMinFreeMib)").contain("the disk got low");
      const json = await stage.json("storage");
      const [first, second] = StorageJson.parse(json).kinds;
      expect(first).to.deep.include({ kind: "blobs", bytes: 3_000_000 });
      expect(first?.oldest).to.deep.include({ until: 2_000, job: "cd".repeat(32) });
      expect(second).not.to.have.property("oldest");
    });

    it("is the owner's: it needs the token", async () => {
      const { exit, stderr } = await run(["storage", "--api", stage.test.url]);
      expect(exit).equal(6);
      expect(stderr).contain("token");
    });
  });

  it("of a stopped node reads its directory, changes nothing, and says until when files stay", async () => {
    const dataDir = await folders.create();
    await StoredChain.create(dataDir, 3);
    await writeKeyFile(
      join(dataDir, "keys", "node.key"),
      identityFromSeed(sha256(new Uint8Array())),
      undefined,
    );
    await mkdir(join(dataDir, "blobs"));
    await writeFile(join(dataDir, "blobs", "cd".repeat(32)), new Uint8Array(2 ** 20));
    const old = new Date(Date.now() - 50 * HOUR_MS);
    await utimes(join(dataDir, "blobs", "cd".repeat(32)), old, old);
    await mkdir(join(dataDir, "datasets", HASH), { recursive: true });
    await writeFile(join(dataDir, "datasets", HASH, "train-00000.bin"), new Uint8Array(100));
    await writeFile(join(dataDir, "datasets", `${HASH}.imported`), "");
    await mkdir(join(dataDir, "uploads", "ab".repeat(16)), { recursive: true });
    await writeFile(join(dataDir, "uploads", "ab".repeat(16), "data"), new Uint8Array(7));
    const file = { kind: "models", name: HASH, files: 3, bytes: 10, touchedAt: 1 } as const;
    await (await Deletions.open(dataDir)).add([{ file, reason: "over-quota", job: HASH }], 1_000);
    await writeFile(
      join(dataDir, "config.json"),
      JSON.stringify({ quota: { blobsMib: 100 }, jobs: { keepUpdatesHours: 10 } }),
    );

    const { exit, stdout, stderr } = await run(["storage", "--data-dir", dataDir, "--json"]);
    expect(exit, stderr).equal(0);
    expect(stderr).contain("is stopped");
    const { kinds, deletions, freeBytes } = JSON.parse(stdout);
    const of = (kind: string) => kinds.find((one: { kind: string }) => one.kind === kind);
    expect(of("blobs")).to.deep.include({ files: 1, bytes: 2 ** 20, neededBytes: 0 });
    expect(of("blobs").quotaBytes).equal(100 * 2 ** 20);
    const { touchedAt, until } = of("blobs").oldest;
    expect(until - touchedAt, "it may have gone long ago").equal(10 * HOUR_MS);
    expect(of("datasets")).to.deep.include({ files: 1, bytes: 100, neededBytes: 100 });
    expect(of("datasets").oldest).not.to.have.property("until");
    expect(of("uploads")).to.deep.include({ files: 1, bytes: 7, neededBytes: 7 });
    expect(deletions).to.deep.equal([
      { at: 1_000, kind: "models", name: HASH, bytes: 10, reason: "over-quota", job: HASH },
    ]);
    expect(freeBytes).greaterThan(0);
    const text = await run(["storage", "--data-dir", dataDir]);
    expect(text.stdout).match(/^datasets .*it is not needed any more/m);
  });
});
