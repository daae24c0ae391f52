/** Files of jobs by hash, over a real job's blobs and dataset. */
import { mkdir, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { expect } from "chai";
import { sha256, toHex } from "../../../chain/crypto/hash.ts";
import { trainResult, trainSpec } from "../../../chain/workload/train/train-of.ts";
import { buildDataset } from "../../../ml/dataset/build.ts";
import { datasetId } from "../../../ml/dataset/manifest.ts";
import { writeDataset } from "../../../ml/dataset/store.ts";
import { BlobStore } from "../../../node/blobs/blob-store.ts";
import { PublicFiles } from "../../../node/jobs/train/public-files.ts";
import { FixtureNode } from "../../helpers/fixture-node.ts";
import { TemporaryFolders } from "../../helpers/temporary.ts";
import { type TrainedJob, trainedJob } from "../../helpers/trained-job.ts";
import { until } from "../../helpers/until.ts";
import { refusal, startApi, type TestApi } from "./support.ts";

describe("files by hash", () => {
  const folders = new TemporaryFolders();
  let dataDir: string;
  let blobs: BlobStore;
  let made: TrainedJob;
  let test: TestApi;
  let node: FixtureNode;

  before(async () => {
    dataDir = await folders.create();
    made = await trainedJob(dataDir);
    ({ blobs } = made);
    node = new FixtureNode();
    node.files = new PublicFiles({ dataDir }, { blobs });
    test = await startApi({}, node);
  });
  after(async () => {
    await test.stop();
    await folders.removeAll();
  });

  const bytesAt = async (path: string): Promise<Uint8Array> => {
    const answer = await fetch(`${test.url}${path}`);
    expect(answer.status, path).to.equal(200);
    return new Uint8Array(await answer.arrayBuffer());
  };

  it("serves topology, parameters of every round and revealed updates", async () => {
    const { spec } = made.job;
    const hashes = made.records.flatMap((record) => [
      trainResult(record).modelAfter,
      ...record.contributions.map(({ updateHash }) => updateHash),
    ]);
    expect(hashes.length).to.be.above(6);
    for (const hash of [
      trainSpec(spec).model,
      trainSpec(spec).initialParameters,
      trainSpec(spec).dataset,
      ...hashes,
    ]) {
      expect(sha256(await bytesAt(`/v1/blobs/${toHex(hash)}`))).to.deep.equal(hash);
    }
  });

  it("serves the manifest as JSON and chunks by file name or hash", async () => {
    const id = toHex(trainSpec(made.job.spec).dataset);
    const answer = await fetch(`${test.url}/v1/datasets/${id}/manifest`);
    expect(answer.headers.get("content-type")).to.equal("application/json");
    expect(await answer.json()).to.deep.equal(made.dataset.manifest);
    for (const { file, sha256: hash } of [
      ...made.dataset.manifest.train,
      ...made.dataset.manifest.test,
    ]) {
      for (const name of [file, hash, hash.toUpperCase()]) {
        const bytes = await bytesAt(`/v1/datasets/${id}/chunks/${name}`);
        expect(toHex(sha256(bytes)), name).to.equal(hash);
      }
    }
  });

  it("names the bytes in an ETag, lets them be cached forever, and sends them once", async () => {
    const hash = toHex(trainSpec(made.job.spec).model);
    const url = `${test.url}/v1/blobs/${hash}`;
    const { headers } = await fetch(url, { method: "HEAD" });
    expect(headers.get("etag")).to.equal(`"${hash}"`);
    expect(headers.get("cache-control")).to.contain("immutable");
    expect(headers.get("content-type")).to.equal("application/octet-stream");
    expect(headers.get("content-disposition")).to.equal("attachment");
    expect(Number(headers.get("content-length"))).to.be.above(100);
    for (const tag of [`"${hash}"`, `W/"${hash}"`, `"other", "${hash}"`]) {
      const again = await fetch(url, { headers: { "if-none-match": tag } });
      expect([again.status, await again.text()], tag).to.deep.equal([304, ""]);
    }
    const other = await fetch(url, { headers: { "if-none-match": '"other"' } });
    expect(other.status).to.equal(200);
    await other.arrayBuffer();
  });

  it("serves no update before its reveal, also after a restart", async () => {
    const secret = await blobs.putWithheld(new TextEncoder().encode("an update to come"));
    const url = `${test.url}/v1/blobs/${toHex(secret)}`;
    const answer = await refusal(url);
    expect([answer.status, answer.code]).to.deep.equal([404, "NOT_HERE"]);
    expect((await fetch(url)).headers.get("cache-control")).to.equal("no-store");
    const restarted = new PublicFiles({ dataDir }, { blobs: await BlobStore.open(dataDir) });
    expect(await restarted.blob(secret)).to.equal(undefined);
    await blobs.release(secret);
    expect(await bytesAt(`/v1/blobs/${toHex(secret)}`)).to.have.length(17);
  });

  it("shows nothing of a dataset that was imported and never shared", async () => {
    const { manifest: shown } = made.dataset;
    const rows = (count: number) => ({
      rowSize: 1,
      features: new Uint8Array(count),
      labels: Uint16Array.from({ length: count }, (_, row) => row % 2),
    });
    const secret = buildDataset({
      ...{ name: "private", licence: "", source: "", scale: 1, shape: [1], columns: [] },
      classes: ["a", "b"],
      train: rows(4),
      test: rows(2),
    });
    const id = datasetId(secret.manifest);
    await writeDataset(join(dataDir, "datasets", id), secret);
    for (const path of ["manifest", "chunks/train-00000.bin"]) {
      expect((await refusal(`${test.url}/v1/datasets/${id}/${path}`)).status, path).to.equal(404);
    }
    expect(shown.train[0]?.file).to.equal("train-00000.bin");
  });

  it("refuses malformed hashes, missing files, and paths that lead elsewhere", async () => {
    const id = toHex(trainSpec(made.job.spec).dataset);
    const absent = "ab".repeat(32);
    await writeFile(join(dataDir, "datasets", id, "notes.txt"), "not a chunk");
    await mkdir(join(dataDir, "datasets", absent), { recursive: true });
    const wanted: Record<string, [status: number, code: string]> = {
      [`/v1/blobs/${absent}`]: [404, "NOT_HERE"],
      "/v1/blobs/abc": [400, "BAD_HASH"],
      [`/v1/datasets/${absent}/manifest`]: [404, "NOT_HERE"],
      [`/v1/datasets/${absent}/chunks/train-00000.bin`]: [404, "NOT_HERE"],
      "/v1/datasets/small/manifest": [400, "BAD_HASH"],
      [`/v1/datasets/${id}/chunks/train-99999.bin`]: [404, "NOT_HERE"],
      [`/v1/datasets/${id}/chunks/${absent}`]: [404, "NOT_HERE"],
      [`/v1/datasets/${id}/chunks/notes.txt`]: [404, "NOT_HERE"],
      [`/v1/datasets/${id}/chunks/manifest.json`]: [404, "NOT_HERE"],
      [`/v1/datasets/${id}/chunks/..%2f..%2fapi-token`]: [404, "NOT_HERE"],
      // A blob that is no manifest names no chunks.
      [`/v1/datasets/${toHex(trainSpec(made.job.spec).model)}/chunks/train-00000.bin`]: [
        404,
        "NOT_HERE",
      ],
    };
    for (const [path, expected] of Object.entries(wanted)) {
      const { status, code } = await refusal(`${test.url}${path}`);
      expect([status, code], path).to.deep.equal(expected);
    }
  });

  it("says that a file is damaged, and never sends it as if it were whole", async () => {
    const small = await blobs.put(new TextEncoder().encode("small"));
    await writeFile(join(dataDir, "blobs", toHex(small)), "smell");
    const answer = await refusal(`${test.url}/v1/blobs/${toHex(small)}`);
    expect([answer.status, answer.code]).to.deep.equal([503, "BLOB_DAMAGED"]);
    const large = await blobs.put(new Uint8Array(1_000_000).fill(1));
    await writeFile(join(dataDir, "blobs", toHex(large)), new Uint8Array(1_000_000).fill(2));
    const begun = await fetch(`${test.url}/v1/blobs/${toHex(large)}`);
    const end = await begun.arrayBuffer().then(
      ({ byteLength }) => byteLength,
      () => "cut off",
    );
    expect(end).to.equal("cut off");
  });

  it("sends few files at a time, and goes on when a reader leaves", async () => {
    const limited = await startApi({ limits: { downloads: 2, downloadsPerAddress: 1 } }, node);
    const large = await blobs.put(new Uint8Array(32 * 1024 * 1024).fill(3));
    const url = `${limited.url}/v1/blobs/${toHex(large)}`;
    const reader = request(url);
    const begun = new Promise<void>((resolve, reject) => {
      reader.on("error", reject);
      // It takes the head and then nothing.
      reader.on("response", (response) => {
        response.pause();
        resolve();
      });
    });
    reader.end();
    await begun;
    const answer = await refusal(url);
    expect([answer.status, answer.code]).to.deep.equal([503, "TOO_MANY_DOWNLOADS"]);
    expect((await fetch(url, { method: "HEAD" })).status).to.equal(200);
    reader.on("error", () => undefined);
    reader.destroy();
    const isSent = async (): Promise<boolean> => {
      const next = await fetch(url);
      await next.arrayBuffer();
      return next.status === 200;
    };
    await until(isSent, 15_000, "free place");
    await limited.stop();
  });
});
