/** Every refusal of the API: the status, a code, the field at fault and what to do about it. */

import { ListCompositeType } from "@chainsafe/ssz";
import { expect } from "chai";
import { POML } from "../../../chain/amount.ts";
import { fromHex, toHex } from "../../../chain/crypto/hash.ts";
import { MempoolError } from "../../../chain/mempool/mempool-error.ts";
import { SignedTransaction } from "../../../chain/types/transaction.ts";
import type { JobDetail } from "../../../node/api/contract/jobs/job.ts";
import { TestChain } from "../../helpers/chain.ts";
import { FixtureNode } from "../../helpers/fixture-node.ts";
import { jobSpec, openJob } from "../../helpers/job-run.ts";
import { CSV, post, refusal, startApi, type TestApi } from "./support.ts";

const UNKNOWN = "ab".repeat(32);

describe("API refusals", () => {
  let test: TestApi;
  let dataset: string;

  before(async () => {
    test = await startApi(
      { limits: { jsonBytes: 16 * 1024 } },
      new FixtureNode(undefined, undefined, { fileBytes: 64 * 1024 }),
    );
    const answer = await fetch(`${test.url}/v1/datasets?name=flowers`, post(CSV, "text/csv"));
    dataset = ((await answer.json()) as { id: string }).id;
  });
  after(() => test.stop());

  const prepare = (order: unknown) =>
    refusal(`${test.url}/v1/jobs/prepare`, post(JSON.stringify(order)));
  const order = (changes: object = {}) => ({
    name: "demo",
    dataset,
    model: { preset: "mlp" },
    ...changes,
  });
  const submit = (bytes: Uint8Array, type = "application/octet-stream") =>
    refusal(`${test.url}/v1/transactions`, post(new Uint8Array(bytes), type));

  it("answers with problem details", async () => {
    const problem = await refusal(`${test.url}/v1/nothing`);
    expect(problem.type).to.equal("application/problem+json");
    expect(problem).to.include({ status: 404, code: "UNKNOWN_ROUTE" });
    expect(problem.remedy).to.contain("/openapi.json");
  });

  it("names the position of malformed JSON", async () => {
    const problem = await refusal(`${test.url}/v1/jobs`, post('{"name": "x", }'));
    expect(problem).to.include({ status: 400, code: "MALFORMED_JSON" });
    expect(problem.detail).to.contain("position 14");
    const cut = await refusal(`${test.url}/v1/jobs`, post('{"name":'));
    expect(cut.detail).to.contain("position 8");
  });

  it("refuses JSON that says something twice: only one of the two would count", async () => {
    for (const body of [
      '{"rounds":1,"rounds":2}',
      '{"rounds":1,"\\u0072ounds":2}',
      '{"model":{"layersModel":{"a":[{"b":1,"c":"}{\\"b\\":","b" : 2}]}}}',
    ]) {
      const problem = await refusal(`${test.url}/v1/jobs/prepare`, post(body));
      expect(problem, body).to.include({ status: 400, code: "MALFORMED_JSON" });
      expect(problem.detail).to.include("more than once");
    }
    const fine = '{"a":{"b":"a","c":["a","a"]},"b":{"b":"\\"a\\":1"}}';
    expect(await refusal(`${test.url}/v1/jobs/prepare`, post(fine))).to.include({
      code: "BAD_REQUEST",
    });
  });

  it("says that a field is missing, not what the program found instead", async () => {
    const problem = await refusal(`${test.url}/v1/jobs/prepare`, post("{}"));
    expect(problem.detail).to.equal("dataset: is missing");
  });

  it("names the field that is missing, unknown or wrong", async () => {
    expect(await prepare(order({ dataset: undefined }))).to.include({
      status: 400,
      field: "dataset",
    });
    expect(await prepare(order({ epochs: 3 }))).to.include({
      code: "BAD_REQUEST",
      field: "epochs",
    });
    expect(await prepare(order({ rounds: 0 }))).to.include({ status: 400, field: "rounds" });
    expect(await prepare(order({ budget: "-5" }))).to.include({ status: 400, field: "budget" });
    expect(await prepare(order({ budget: "99999999999999999999" }))).to.include({
      field: "budget",
    });
    expect(await prepare(order({ model: {} }))).to.include({ status: 400, field: "model" });
    expect(await prepare([])).to.include({ status: 400, field: "body" });
  });

  it("names a bad query and a bad path", async () => {
    const limit = await refusal(`${test.url}/v1/blocks?limit=1000`);
    expect(limit).to.include({ status: 400, field: "limit" });
    expect(await refusal(`${test.url}/v1/blocks?form=3`)).to.include({ field: "form" });
    expect(await refusal(`${test.url}/v1/blocks/latest`)).to.include({ status: 400, field: "at" });
    expect(await refusal(`${test.url}/v1/jobs/%zz`)).to.include({ status: 400, code: "BAD_PATH" });
    const address = await refusal(`${test.url}/v1/accounts/poml1nope`);
    expect(address).to.include({ status: 400, code: "BAD_ADDRESS", field: "address" });
  });

  it("refuses an unknown job, block, node and transaction", async () => {
    for (const path of ["", "/rounds", "/model", "/model/weights.bin", "/certificate"]) {
      const problem = await refusal(`${test.url}/v1/jobs/${UNKNOWN}${path}`);
      expect(problem, path).to.include({ status: 404, code: "UNKNOWN_JOB", field: "id" });
    }
    expect(await refusal(`${test.url}/v1/blocks/99`)).to.include({ code: "UNKNOWN_BLOCK" });
    expect(await refusal(`${test.url}/v1/nodes/${UNKNOWN}`)).to.include({ code: "UNKNOWN_NODE" });
    const transaction = await refusal(`${test.url}/v1/transactions/${UNKNOWN}`);
    expect(transaction).to.include({ status: 404, code: "UNKNOWN_TRANSACTION" });
  });

  it("finds a job by the id that its order had before it was signed again", async () => {
    const { chain } = test.node;
    const open = openJob(chain, chain.client, jobSpec("signed anew"));
    const id = await test.node.submit(open);
    test.node.advance();
    test.node.replaced.set(UNKNOWN, id);
    for (const path of ["", "/rounds"]) {
      const old = await fetch(`${test.url}/v1/jobs/${UNKNOWN}${path}`);
      expect(await old.json()).to.deep.equal(
        await (await fetch(`${test.url}/v1/jobs/${toHex(id)}${path}`)).json(),
      );
    }
    expect(await refusal(`${test.url}/v1/jobs/${UNKNOWN}/model`)).to.include({
      code: "JOB_NOT_FINISHED",
    });
  });

  it("refuses the model of a job that runs", async () => {
    const { chain } = test.node;
    const open = openJob(chain, chain.client, jobSpec("running"));
    await test.node.submit(open);
    test.node.advance();
    const jobs = (await (await fetch(`${test.url}/v1/jobs`)).json()) as { jobs: { id: string }[] };
    const problem = await refusal(`${test.url}/v1/jobs/${jobs.jobs[0]?.id}/model`);
    expect(problem).to.include({ status: 409, code: "JOB_NOT_FINISHED", field: "id" });
  });

  it("refuses the model of a cancelled job for good, and says why", async () => {
    const { chain } = test.node;
    const open = openJob(chain, chain.client, jobSpec("called off"));
    const id = toHex(await test.node.submit(open));
    test.node.advance();
    const cancel = chain.transaction(chain.client, "job-cancel", { job: fromHex(id) });
    await test.node.submit(cancel);
    test.node.advance();
    const job = (await (await fetch(`${test.url}/v1/jobs/${id}`)).json()) as JobDetail;
    expect(job.outcome).to.include({ state: "cancelled" });
    expect(job).to.include({ recordedRounds: 0, hasModel: false });
    for (const part of ["model", "model/model.json", "certificate"]) {
      const problem = await refusal(`${test.url}/v1/jobs/${id}/${part}`);
      expect(problem).to.include({ status: 404, code: "JOB_HAS_NO_MODEL", field: "id" });
      expect(problem.detail).to.contain("cancelled").and.not.contain("yet");
    }
  });

  it("names the layer no engine knows", async () => {
    const config = { name: "odd", units: 3, batch_input_shape: [null, 2] };
    const layers = [{ class_name: "Quantum", config }];
    const layersModel = { class_name: "Sequential", config: { name: "m", layers } };
    const problem = await prepare(order({ model: { layersModel } }));
    expect(problem).to.include({ status: 422, code: "UNSUPPORTED_LAYER" });
    expect(problem.field).to.equal("model.layersModel (layer odd)");
    expect(problem.detail).to.contain("Quantum");
  });

  it("names the setting that an optimizer does not have or that is out of bounds", async () => {
    const refused = async (optimizer: object) => {
      const { status, field } = await prepare(order({ optimizer }));
      expect(status).to.equal(400);
      return field;
    };
    expect(await refused({ kind: "sgd", beta1: 0.9 })).to.equal("optimizer.beta1");
    expect(await refused({ kind: "adam", momentum: 0.9 })).to.equal("optimizer.momentum");
    expect(await refused({ kind: "adam", beta2: 1 })).to.equal("optimizer.beta2");
    expect(await refused({ kind: "adagrad", epsilon: 0 })).to.equal("optimizer.epsilon");
    expect(await refused({ kind: "lion" })).to.equal("optimizer.kind");
    expect(await refused({ learningRate: 0.1 })).to.equal("optimizer.kind");
    expect(await prepare(order({ loss: "hinge" }))).to.include({ status: 400, field: "loss" });
  });

  it("refuses a loss that does not fit the model, and names one that does", async () => {
    const problem = await prepare(order({ loss: "binaryCrossentropy" }));
    expect(problem).to.include({ status: 422, code: "BAD_HYPERPARAMETER", field: "loss" });
    expect(problem.remedy).to.contain("sparseCategoricalCrossentropy");
  });

  it("refuses a preset and a dataset nobody has", async () => {
    const preset = await prepare(order({ model: { preset: "gpt" } }));
    expect(preset).to.include({ status: 422, code: "UNKNOWN_PRESET", field: "model.preset" });
    expect(preset.remedy).to.contain("lenet");
    const data = await prepare(order({ dataset: UNKNOWN }));
    expect(data).to.include({ status: 422, code: "UNKNOWN_DATASET", field: "dataset" });
  });

  it("refuses a budget below the price", async () => {
    const problem = await prepare(order({ budget: "7" }));
    expect(problem).to.include({ status: 422, code: "BUDGET_BELOW_PRICE", field: "budget" });
    expect(problem.remedy).to.contain("raise the budget");
  });

  it("refuses data without labels", async () => {
    const csv = "a,b\n1.5,2.25\n2.5,3.75\n3.5,9.125\n";
    const problem = await refusal(`${test.url}/v1/datasets?name=x`, post(csv, "text/csv"));
    expect(problem).to.include({ status: 422, code: "NO_LABELS", field: "label" });
  });

  it("refuses an upload above the limit, announced or not", async () => {
    const big = new Uint8Array(80 * 1024).fill(48);
    const url = `${test.url}/v1/datasets?name=x`;
    const announced = await refusal(url, post(big, "text/csv"));
    expect(announced).to.include({ status: 413, code: "TOO_LARGE" });
    const stream = new Blob([big]).stream();
    const headers = post("", "text/csv").headers ?? {};
    const init = { method: "POST", body: stream, duplex: "half", headers } as RequestInit;
    expect(await refusal(url, init)).to.include({ status: 413, code: "TOO_LARGE" });
    const json = await refusal(`${test.url}/v1/jobs`, post(" ".repeat(17 * 1024)));
    expect(json).to.include({ status: 413 });
  });

  it("refuses malformed forms, and forms with other contents", async () => {
    const url = `${test.url}/v1/datasets`;
    const noForm = await refusal(url, post("x", "multipart/form-data; boundary=b"));
    expect(noForm).to.include({ status: 400, code: "MALFORMED_FORM" });
    const form = new FormData();
    form.set("name", "x");
    form.set("images", new Blob([Uint8Array.of(1)]));
    const headers = { authorization: (post("").headers as Record<string, string>).authorization };
    const half = await refusal(url, { method: "POST", body: form, headers } as RequestInit);
    expect(half).to.include({ status: 400, field: "labels" });
  });

  it("refuses media types and encodings that it cannot read", async () => {
    const url = `${test.url}/v1/jobs`;
    const untyped = await refusal(url, post("{}", "text/plain"));
    expect(untyped).to.include({ status: 415, field: "Content-Type" });
    const init = post("{}");
    const headers = { ...(init.headers as object), "content-encoding": "gzip" };
    expect(await refusal(url, { ...init, headers })).to.include({ code: "UNSUPPORTED_ENCODING" });
  });

  it("requires the token for requests that spend money or disk space", async () => {
    for (const path of ["/v1/jobs", "/v1/jobs/prepare", "/v1/datasets"]) {
      const missing = await refusal(`${test.url}${path}`, { method: "POST", body: "{}" });
      expect(missing, path).to.include({ status: 401, code: "TOKEN_MISSING" });
      expect(missing.remedy).to.contain("api-token").and.not.contain("/");
      const headers = { authorization: "Bearer wrong" };
      const wrong = await refusal(`${test.url}${path}`, { method: "POST", body: "{}", headers });
      expect(wrong, path).to.include({ status: 401, code: "TOKEN_WRONG" });
    }
    const answer = await fetch(`${test.url}/v1/jobs`, { method: "POST" });
    expect(answer.headers.get("www-authenticate")).to.contain("Bearer");
    await answer.body?.cancel();
  });

  it("names the methods a path takes", async () => {
    const answer = await fetch(`${test.url}/v1/jobs`, { method: "DELETE" });
    expect(answer.headers.get("allow")).to.equal("POST, GET, HEAD");
    expect(await answer.json()).to.include({ status: 405, code: "METHOD_NOT_ALLOWED" });
  });

  it("refuses bytes that are no transaction", async () => {
    expect(await submit(Uint8Array.of(1, 2, 3))).to.include({ status: 400, code: "DECODE" });
    const json = new TextEncoder().encode('{"hex": "0x12"}');
    expect(await submit(json, "application/json")).to.include({ status: 400, field: "hex" });
  });

  it("refuses a transaction of another chain, a tampered one and one too dear", async () => {
    const { chain } = test.node;
    const to = chain.founders[0]?.address ?? new Uint8Array(20);
    const send = (from: TestChain, amount: bigint) =>
      from.transaction(from.client, "transfer", { to, amount }, { fee: 100n * POML });
    const other = new TestChain({ parameters: { windowBlocks: 3 } });
    const foreign = send(other, 5n);
    foreign.transaction.nonce = chain.head.state.account(chain.client.address).nonce;
    const wrongChain = await submit(SignedTransaction.serialize(foreign));
    expect(wrongChain).to.include({ status: 422, code: "BAD_SIGNATURE", field: "signature" });
    expect(wrongChain.detail).to.contain("another chain");
    const tampered = send(chain, 5n);
    tampered.transaction.fee += 1n;
    expect(await submit(SignedTransaction.serialize(tampered))).to.include({
      status: 422,
      code: "BAD_SIGNATURE",
    });
    const dear = await submit(SignedTransaction.serialize(send(chain, 10n ** 18n)));
    expect(dear).to.include({ status: 422, code: "INSUFFICIENT_BALANCE" });
  });

  it("refuses a batch that is no list, too long or of another type", async () => {
    const batch = (body: Uint8Array, type = "application/octet-stream") =>
      refusal(`${test.url}/v1/transactions/batch`, post(new Uint8Array(body), type));
    expect(await batch(Uint8Array.of(1, 2, 3))).to.include({ status: 400, code: "DECODE" });
    expect(await batch(new Uint8Array(2 * 1024 * 1024))).to.include({ status: 413 });
    expect(await batch(new Uint8Array(4), "application/json")).to.include({ status: 415 });
    const { chain } = test.node;
    const { address } = chain.client;
    const one = chain.transaction(chain.client, "transfer", { to: address, amount: 1n });
    const tooMany = new ListCompositeType(SignedTransaction, 4096).serialize(
      new Array(1025).fill(one),
    );
    expect(await batch(tooMany)).to.include({ status: 400, code: "DECODE" });
  });

  it("takes a known transaction once", async () => {
    const { chain } = test.node;
    const to = chain.founders[0]?.address ?? new Uint8Array(20);
    const bytes = SignedTransaction.serialize(
      chain.transaction(chain.client, "transfer", { to, amount: 1n }),
    );
    const hex = JSON.stringify({ hex: Buffer.from(bytes).toString("hex") });
    const first = await fetch(`${test.url}/v1/transactions`, post(hex));
    expect(first.status).to.equal(202);
    const { id } = (await first.json()) as { id: string };
    expect(first.headers.get("location")).to.equal(`/v1/transactions/${id}`);
    expect(await submit(bytes)).to.include({ status: 409, code: "ALREADY_KNOWN" });
  });

  it("tells a client to come back when too many transactions wait", async () => {
    const full = async (): Promise<never> => {
      throw new MempoolError("too many wait", { code: "OVERLOADED", limit: 1 });
    };
    const busy = await startApi({}, Object.assign(new FixtureNode(), { submitAll: full }));
    const answer = await fetch(
      `${busy.url}/v1/transactions/batch`,
      post(new Uint8Array(0), "application/octet-stream"),
    );
    await busy.stop();
    expect(answer.status).to.equal(503);
    expect(answer.headers.get("retry-after")).to.equal("1");
    expect(await answer.json()).to.include({ code: "OVERLOADED" });
  });

  it("does not reveal the details of an internal error", async () => {
    const failing = await startApi({}, Object.assign(new FixtureNode(), { metrics: explode }));
    const problem = await refusal(`${failing.url}/metrics`);
    await failing.stop();
    expect(problem).to.include({ status: 500, code: "INTERNAL" });
    expect(JSON.stringify(problem)).not.to.contain("secret");
  });
});

async function explode(): Promise<string> {
  throw new Error("secret path /home/someone");
}
