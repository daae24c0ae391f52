/** Runs the Python checker, which was written from docs/ alone, over the vectors, a job behind the API, and a model. */
import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect } from "chai";
import { toHex } from "../../chain/crypto/hash.ts";
import { readModelFiles } from "../../node/jobs/train/model-files.ts";
import { PublicFiles } from "../../node/jobs/train/public-files.ts";
import { encodeCertificate } from "../../node/light/certificate.ts";
import { EventLog, FixtureNode } from "../helpers/fixture-node.ts";
import { OPENER } from "../helpers/model-opener.ts";
import { TemporaryFolders } from "../helpers/temporary.ts";
import { fetcherOf, type TrainedJob, trainedJob } from "../helpers/trained-job.ts";
import { startApi } from "../node/api/support.ts";

const CHECKER = fileURLToPath(new URL("check.py", import.meta.url));
const run = promisify(execFile);

/** @returns what it printed */
async function checker(...args: readonly string[]): Promise<string> {
  const env = { ...process.env, PYTHONDONTWRITEBYTECODE: "1" };
  const { stdout } = await run("python3", [CHECKER, ...args], { timeout: 240_000, env });
  return stdout;
}

/** @returns the last line of what it said when it refused */
async function refusalOf(checked: Promise<string>): Promise<string> {
  const error: unknown = await checked.then(
    (said) => new Error(`accepted: ${said}`),
    (reason: unknown) => reason,
  );
  if (!(error instanceof Error && "stderr" in error)) throw error;
  return String(error.stderr).trim().split("\n").at(-1) ?? "";
}

describe("the independent checker", function () {
  this.timeout(240_000);
  const folders = new TemporaryFolders();
  let dataDir: string;
  let made: TrainedJob;

  before(async function () {
    const found = await run("python3", ["--version"]).catch(() => undefined);
    if (found === undefined) {
      process.stderr.write("    python3 is not installed: the independent checker is NOT run\n");
      this.skip();
    }
    dataDir = await folders.create();
    made = await trainedJob(dataDir);
  });
  after(() => folders.removeAll());

  /** Of the job, by the API of a node that serves these files. */
  const replayOf = async (files: FixtureNode["files"]): Promise<string> => {
    const node = new FixtureNode(new EventLog(), made.ledger);
    node.files = files;
    const test = await startApi({}, node);
    try {
      return await checker("job", "--api", test.url, toHex(made.job.id));
    } finally {
      await test.stop();
    }
  };

  it("agrees with every vector", async () => {
    const said = await checker("vectors");
    for (const file of ["random", "dataset", "shards", "update", "merge", "metrics", "exact"]) {
      expect(said, file).to.match(new RegExp(`ok: .*\\b${file}\\.json`));
    }
  });

  it("replays a job that it fetches from a node's API", async () => {
    const files = new PublicFiles({ dataDir }, { blobs: made.blobs });
    expect(await replayOf(files)).to.include("ok: 6 updates replayed");
    // One bit of one update is wrong, and nothing else.
    const hash = made.records[0]?.contributions[0]?.updateHash ?? new Uint8Array();
    const lie = ((await made.blobs.get(hash)) ?? new Uint8Array()).slice();
    lie[lie.length - 1] = (lie[lie.length - 1] ?? 0) ^ 1;
    const sha256 = toHex(hash);
    const served = {
      sha256,
      sizeBytes: lie.length,
      async *read() {
        yield lie;
      },
    };
    const refused = replayOf({
      chunk: (dataset, name) => files.chunk(dataset, name),
      blob: async (wanted) => (toHex(wanted) === sha256 ? served : files.blob(wanted)),
    });
    expect(await refusalOf(refused)).to.include("update hash");
  });

  it("proves a model by its certificate, and refuses what was altered", async () => {
    const folder = join(await folders.create(), "model");
    await mkdir(folder);
    const fetcher = fetcherOf(made.blobs);
    const model = await readModelFiles(
      made.job,
      { fetcher, opener: OPENER },
      AbortSignal.timeout(10_000),
    );
    const certificate = await made.ledger.certificate(0);
    const files: Record<string, Uint8Array> = {
      ...model,
      "certificate.json": encodeCertificate(certificate),
    };
    const write = async (name: string, bytes: Uint8Array): Promise<void> =>
      writeFile(join(folder, name), bytes);
    for (const [name, bytes] of Object.entries(files)) await write(name, bytes);
    const trust = `${certificate.anchor.height}:${certificate.anchor.hash}`;
    expect(await checker("model", folder, trust)).to.include(toHex(made.job.id));

    const { height } = certificate.anchor;
    const other = `${height}:${"00".repeat(32)}`;
    expect(await refusalOf(checker("model", folder, other))).to.include(
      "hash of the trusted block",
    );
    for (const [name, bytes] of Object.entries(files)) {
      const changed = bytes.slice();
      // A digit or a bit in the middle: of the certificate that is in the job or on its way.
      const at = Math.floor(bytes.length / 2);
      changed[at] = (changed[at] ?? 0) ^ 1;
      await write(name, changed);
      expect(await refusalOf(checker("model", folder, trust)), name).not.to.equal("");
      await write(name, bytes);
    }
  });
});
