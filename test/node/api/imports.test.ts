/** Imports over HTTP: at once, as a task, and from uploads that break and go on. */
import { readdir } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect } from "chai";
import { PomlClient } from "../../../node/api/client.ts";
import type { DatasetJson } from "../../../node/api/contract/dataset.ts";
import type { TaskJson } from "../../../node/api/contract/task.ts";
import type { UploadJson } from "../../../node/api/contract/upload.ts";
import { FixtureNode } from "../../helpers/fixture-node.ts";
import { until } from "../../helpers/until.ts";
import { CSV, post, refusal, startApi, type TestApi, TOKEN } from "./support.ts";

const AUTH = { authorization: `Bearer ${TOKEN}` };

describe("imports over HTTP", function () {
  this.timeout(20_000);
  let test: TestApi;

  before(async () => {
    const node = new FixtureNode(undefined, undefined, { fileBytes: 1024 * 1024, count: 4 });
    test = await startApi({ limits: { importWaitMs: 10_000, ownerBurst: 100_000 } }, node);
  });
  after(() => test.stop());

  const json = async <T>(path: string, init: RequestInit = {}): Promise<T> =>
    (await fetch(`${test.url}${path}`, { headers: AUTH, ...init })).json() as Promise<T>;

  async function taskEnd(id: string): Promise<TaskJson> {
    for (;;) {
      const task = await json<TaskJson>(`/v1/tasks/${id}`);
      if (task.ended !== undefined) return task;
    }
  }

  async function uploaded(bytes: Uint8Array): Promise<string> {
    const { id } = await json<UploadJson>(
      "/v1/uploads",
      post(JSON.stringify({ bytes: bytes.length })),
    );
    await fetch(`${test.url}/v1/uploads/${id}`, {
      method: "PATCH",
      body: new Uint8Array(bytes),
      headers: {
        ...AUTH,
        "content-type": "application/offset+octet-stream",
        "upload-offset": "0",
      },
    });
    return id;
  }

  it("answer a small file with the dataset and its notes", async () => {
    const answer = await fetch(`${test.url}/v1/datasets?name=flowers`, post(CSV, "text/csv"));
    expect(answer.status).to.equal(201);
    const { notes, trainRows } = (await answer.json()) as DatasetJson;
    expect(trainRows).to.equal(48);
    expect(notes.join(" ")).to.include('label is column "label"');
    expect(await readdir(join(test.node.folder, "uploads"))).to.deep.equal([]);
  });

  it("take labels by number, negative too, and options by name", async () => {
    for (const label of ["2", "-1", "label", "Label"]) {
      const query = new URLSearchParams({ name: "flowers", label });
      const answer = await fetch(`${test.url}/v1/datasets?${query}`, post(CSV, "text/csv"));
      expect(answer.status, label).to.equal(201);
    }
    const query = "name=x&header=no&label=2&leaveOut=0&leaveOut=1";
    const refused = await refusal(`${test.url}/v1/datasets?${query}`, post(CSV, "text/csv"));
    expect(refused).to.include({ status: 422, code: "EMPTY" });
  });

  it("refuse options that are misspelt, naming them", async () => {
    for (const [query, field] of [
      ["name=x&lable=species", "lable"],
      ["name=x&header=ja", "header"],
      ["name=x&decimal=dot", "decimal"],
      ["name=x&keepIntegers=true", "keepIntegers"],
    ]) {
      const refused = await refusal(`${test.url}/v1/datasets?${query}`, post(CSV, "text/csv"));
      expect(refused).to.include({ status: 400, field });
    }
  });

  it("go on as a task when the client does not wait", async () => {
    const init = post(CSV, "text/csv");
    const answer = await fetch(`${test.url}/v1/datasets?name=later`, {
      ...init,
      headers: { ...init.headers, prefer: "respond-async" },
    });
    expect(answer.status).to.equal(202);
    const { id } = (await answer.json()) as TaskJson;
    expect(answer.headers.get("location")).to.equal(`/v1/tasks/${id}`);
    const task = await taskEnd(id);
    expect(task).to.deep.include({ state: "done", progress: 1 });
    expect(task.dataset?.name).to.equal("later");
    const { tasks } = await json<{ tasks: TaskJson[] }>("/v1/tasks");
    expect(tasks[0]?.id).to.equal(id);
  });

  it("report the refusal of a task as a problem", async () => {
    const init = post("a,b\n1,2\n3,4\n", "text/csv");
    const answer = await fetch(`${test.url}/v1/datasets?name=none`, {
      ...init,
      headers: { ...init.headers, prefer: "respond-async" },
    });
    const task = await taskEnd(((await answer.json()) as TaskJson).id);
    expect(task.state).to.equal("failed");
    expect(task.problem).to.include({ status: 422, code: "NO_LABELS", field: "label" });
  });

  it("refuse requests that are no import", async () => {
    const url = `${test.url}/v1/datasets`;
    const codes = async (init: RequestInit, query = ""): Promise<string> => {
      const { status, code } = await refusal(`${url}${query}`, init);
      return `${status} ${code}`;
    };
    expect(await codes(post("x", "text/plain"))).to.equal("415 UNSUPPORTED_MEDIA_TYPE");
    expect(await codes(post("x", "multipart/form-data; boundary=q"))).to.equal(
      "400 MALFORMED_FORM",
    );
    expect(await codes(post("{}"))).to.equal("400 BAD_REQUEST");
    expect(await codes(post('{"name": "x"}'))).to.equal("400 BAD_REQUEST");
    const unknown = JSON.stringify({ name: "x", file: "00".repeat(16) });
    expect(await codes(post(unknown))).to.equal("404 UNKNOWN_UPLOAD");
    const large = new Uint8Array(1024 * 1024 + 1);
    expect(await codes(post(large, "text/csv"), "?name=x")).to.equal("413 TOO_LARGE");
    for (const encoding of ["gzip", "deflate", "br"]) {
      const init = post(new Uint8Array(gzipSync(CSV)), "text/csv");
      const packed = { ...init, headers: { ...init.headers, "content-encoding": encoding } };
      expect(await codes(packed, "?name=x")).to.equal("415 UNSUPPORTED_ENCODING");
    }
    const missing = await refusal(`${test.url}/v1/tasks/none`);
    expect(missing).to.include({ status: 404, code: "UNKNOWN_TASK" });
  });

  it("refuse JSON that is nested too deeply, before anything walks through it", async () => {
    const deep = `{"name": ${"[".repeat(50_000)}${"]".repeat(50_000)}}`;
    const refused = await refusal(`${test.url}/v1/jobs/prepare`, post(deep));
    expect(refused).to.include({ status: 400, code: "MALFORMED_JSON" });
  });

  it("continue an upload where the connection broke", async () => {
    const bytes = new TextEncoder().encode(CSV);
    const { id } = await json<UploadJson>(
      "/v1/uploads",
      post(JSON.stringify({ bytes: bytes.length })),
    );
    const path = `/v1/uploads/${id}`;
    const cut = sendPart(`${test.url}${path}`, bytes.subarray(0, 500), bytes.length);
    const isHere = async (): Promise<boolean> => (await json<UploadJson>(path)).offset === 500;
    await until(isHere, 10_000, "first part");
    await cut();
    const head = await fetch(`${test.url}${path}`, { method: "HEAD", headers: AUTH });
    expect(head.headers.get("upload-offset")).to.equal("500");
    const piece = (at: number): RequestInit => ({
      method: "PATCH",
      body: bytes.slice(at),
      headers: {
        ...AUTH,
        "content-type": "application/offset+octet-stream",
        "upload-offset": String(at),
      },
    });
    const wrong = await refusal(`${test.url}${path}`, piece(400));
    expect(wrong).to.include({ status: 409, code: "WRONG_OFFSET" });
    const early = await refusal(
      `${test.url}/v1/datasets`,
      post(JSON.stringify({ name: "x", file: id })),
    );
    expect(early).to.include({ status: 409, code: "INCOMPLETE_UPLOAD" });
    expect((await fetch(`${test.url}${path}`, piece(500))).status).to.equal(200);
    const answer = await fetch(
      `${test.url}/v1/datasets`,
      post(JSON.stringify({ name: "flowers", file: id, label: "label" })),
    );
    expect(answer.status).to.equal(201);
    expect((await refusal(`${test.url}${path}`, { headers: AUTH })).code).to.equal(
      "UNKNOWN_UPLOAD",
    );
  });

  it("keep an upload whose import was refused, for other options", async () => {
    const id = await uploaded(new TextEncoder().encode(CSV));
    const attempt = (label: string) =>
      fetch(`${test.url}/v1/datasets`, post(JSON.stringify({ name: "x", file: id, label })));
    expect((await attempt("kind")).status).to.equal(422);
    expect((await attempt("label")).status).to.equal(201);
  });

  it("need the token", async () => {
    for (const [method, path] of [
      ["POST", "/v1/uploads"],
      ["GET", "/v1/uploads/x"],
      ["PATCH", "/v1/uploads/x"],
      ["DELETE", "/v1/uploads/x"],
      ["DELETE", "/v1/tasks/x"],
    ] as const) {
      expect((await refusal(`${test.url}${path}`, { method })).status).to.equal(401);
    }
  });

  it("leave nothing behind when the client leaves, or the import is cancelled", async () => {
    const client = new PomlClient(test.url, { token: TOKEN });
    const steps: string[] = [];
    const control = new AbortController();
    const onProgress = (step: string): void => {
      steps.push(step);
      if (step === "upload") control.abort();
    };
    const bytes = new TextEncoder().encode(CSV);
    const left = await client
      .uploadCsv("x", bytes, {}, { onProgress, signal: control.signal })
      .catch((error: unknown) => error);
    expect(left).to.be.instanceOf(Error);
    const dataset = await client.uploadCsv("x", bytes, {}, { onProgress });
    expect(dataset.trainRows).to.equal(48);
    expect(steps).to.include.members(["upload", "done"]);
    const folder = join(test.node.folder, "uploads");
    // The request that broke off is cleared away when its server hears of it.
    await until(async () => (await readdir(folder)).length === 0, 10_000, "empty folder");
  });
});

/** Sends a part of a body. @returns what cuts the line: before the part has arrived, it would be lost */
function sendPart(url: string, part: Uint8Array, announced: number): () => Promise<void> {
  const sending = request(url, {
    method: "PATCH",
    headers: {
      ...AUTH,
      "content-type": "application/offset+octet-stream",
      "content-length": announced,
      "upload-offset": 0,
    },
  });
  sending.once("error", () => {});
  const closed = new Promise<void>((resolve) => {
    sending.once("close", () => resolve());
  });
  sending.write(part);
  return async () => {
    sending.destroy();
    await closed;
  };
}
