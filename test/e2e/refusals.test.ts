/** What a real node refuses: every answer has a status, a code, the field at fault and a remedy. */

import { expect } from "chai";
import { POML } from "../../chain/amount.ts";
import { formatAddress } from "../../chain/crypto/address.ts";
import { fromHex } from "../../chain/crypto/hash.ts";
import { JobSpec } from "../../chain/types/job.ts";
import { type Payload, payloadOf, SignedTransaction } from "../../chain/types/transaction.ts";
import { ApiError } from "../../node/api/api-error.ts";
import { PomlClient } from "../../node/api/client.ts";
import type { TrainOrder } from "../../node/api/contract/jobs/train.ts";
import { EXIT } from "../../node/cli/exit-codes.ts";
import { dataDirPaths, readApiToken } from "../../node/config/data-dir.ts";
import { signTransaction } from "../../node/wallet/sign.ts";
import { flowersCsv } from "../helpers/flowers.ts";
import { LocalNetwork, type LocalNode } from "../helpers/local-network.ts";
import { until } from "../helpers/until.ts";
import { refusal } from "../node/api/support.ts";

const UNKNOWN = "ab".repeat(32);
const END_MS = 60_000;
const MIB = 1024 * 1024;

describe("what a running node refuses", function () {
  this.timeout(180_000);

  let net: LocalNetwork;
  let node: LocalNode;
  let client: PomlClient;
  let dataset: string;

  before(async () => {
    net = await LocalNetwork.create({
      nodes: 1,
      workers: 0,
      settings: { api: { uploadMib: 1 } },
    });
    await net.start();
    node = net.at(0);
    client = node.client;
    dataset = (await client.uploadCsv("flowers", flowersCsv(150), { label: "species" })).id;
  });
  after(() => net?.stop());

  const order = (changes: Partial<TrainOrder> = {}): TrainOrder => ({
    name: "flowers",
    dataset,
    model: { preset: "mlp" },
    ...changes,
  });
  const signed = async (payload: Payload, genesisRoot = net.genesisRoot) => {
    const { nextNonce } = await client.account(formatAddress(net.client.address));
    const draft = { nonce: nextNonce, fee: POML, validUntil: 10_000, payload };
    return signTransaction(net.client.keyPair, genesisRoot, draft);
  };
  const submit = (transaction: SignedTransaction) =>
    client.submitTransaction(SignedTransaction.serialize(transaction));
  const transfer = () => payloadOf("transfer", { to: node.identity.address, amount: 5n });

  it("refuses a tampered transaction and leaves the money where it was", async () => {
    const address = formatAddress(net.client.address);
    const { balance } = await client.account(address);
    const tampered = await signed(transfer());
    tampered.transaction.fee += 1n;
    await expectRefusal(submit(tampered), { status: 422, code: "BAD_SIGNATURE" }, "signature");
    const { height } = await client.status();
    await until(async () => (await client.status()).height > height + 1, END_MS, "two blocks");
    expect((await client.account(address)).balance).equal(balance);
  });

  it("refuses a transaction signed for another chain", async () => {
    const foreign = await signed(transfer(), fromHex(UNKNOWN));
    const error = await expectRefusal(
      submit(foreign),
      { status: 422, code: "BAD_SIGNATURE" },
      "signature",
    );
    expect(error.message).contain("another chain");
  });

  it("refuses bytes that are no transaction", async () => {
    const garbage = client.submitTransaction(Uint8Array.of(1, 2, 3));
    const error = await refusedWith(garbage);
    expect(error).include({ status: 400, code: "DECODE" });
  });

  it("refuses a model with a layer nobody knows", async () => {
    const config = { name: "odd", units: 3, batch_input_shape: [null, 4] };
    const layers = [{ class_name: "Quantum", config }];
    const layersModel = { class_name: "Sequential", config: { name: "m", layers } };
    const wanted = { status: 422, code: "UNSUPPORTED_LAYER" };
    const field = "model.layersModel (layer odd)";
    const error = await expectRefusal(
      client.prepareJob(order({ model: { layersModel } })),
      wanted,
      field,
    );
    expect(error.message).contain("Quantum");
  });

  it("refuses a preset, a dataset and a job nobody has", async () => {
    const preset = client.prepareJob(order({ model: { preset: "gpt" } }));
    await expectRefusal(preset, { status: 422, code: "UNKNOWN_PRESET" }, "model.preset");
    const data = client.prepareJob(order({ dataset: UNKNOWN }));
    await expectRefusal(data, { status: 422, code: "UNKNOWN_DATASET" }, "dataset");
    const refused = { status: 404, code: "UNKNOWN_JOB" };
    await expectRefusal(client.job(UNKNOWN), refused, "id");
    await expectRefusal(client.model(UNKNOWN), refused, "id");
    await expectRefusal(client.certificate(UNKNOWN), refused, "id");
  });

  it("refuses a budget below the price, from the order and from a signed transaction", async () => {
    const cheap = client.prepareJob(order({ budget: "7" }));
    await expectRefusal(cheap, { status: 422, code: "BUDGET_BELOW_PRICE" }, "budget");
    const { specBytes, price } = await client.prepareJob(order());
    const spec = JobSpec.deserialize(fromHex(specBytes));
    const open = await signed(payloadOf("job-open", { spec, escrow: BigInt(price) - 1n }));
    await expectRefusal(submit(open), { status: 422, code: "BUDGET_BELOW_PRICE" }, "budget");
  });

  it("refuses data without labels", async () => {
    const csv = new TextEncoder().encode("a,b\n1.5,2.25\n2.5,3.75\n3.5,9.125\n");
    await expectRefusal(client.uploadCsv("x", csv), { status: 422, code: "NO_LABELS" }, "label");
  });

  it("refuses an upload above its limit, and goes on", async () => {
    const large = client.uploadCsv("large", new Uint8Array(MIB + 1).fill(48));
    const error = await refusedWith(large);
    expect(error).include({ status: 413, code: "TOO_LARGE" });
    expect(error.remedy).a("string");
    expect(
      (await client.uploadCsv("again", flowersCsv(150), { label: "species" })).trainRows,
    ).equal(120);
  });

  it("refuses malformed JSON and says where it breaks", async () => {
    const token = await readApiToken(dataDirPaths(node.dataDir).apiToken);
    const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
    const problem = await refusal(`${client.baseUrl}/v1/jobs`, {
      method: "POST",
      body: '{"name": "x", }',
      headers,
    });
    expect(problem).include({ status: 400, code: "MALFORMED_JSON" });
    expect(problem.detail).contain("position 14");
  });

  it("spends nothing for a caller without the token", async () => {
    const stranger = new PomlClient(client.baseUrl);
    const wanted = { status: 401, code: "TOKEN_MISSING" };
    await expectRefusal(stranger.submitJob(order()), wanted, "Authorization");
    expect((await client.jobs()).jobs).eql([]);
  });

  it("starts neither twice on one data directory nor on a port in use", async () => {
    const second = await LocalNetwork.create({ nodes: 1, workers: 0 });
    try {
      const other = second.at(0);
      const child = await other.launch("--json", "--api-port", `${node.ports.api}`);
      await until(() => !child.isRunning, END_MS, "end of the second node");
      expect(await child.ended).equal(`exit status ${EXIT.setup}`);
      expect(await child.tail())
        .contain('"code":"PORT_IN_USE"')
        .and.contain("--api-port");

      const twin = await node.twin("--json", "--api-port", "0", "--torrent-port", "0");
      await until(() => !twin.isRunning, END_MS, "end of the twin");
      expect(await twin.tail())
        .contain('"code":"STORE_IN_USE"')
        .and.contain("--data-dir");
      expect((await client.status()).name).equal(node.name);
    } finally {
      await second.stop();
    }
  });
});

async function refusedWith(request: Promise<unknown>): Promise<ApiError> {
  try {
    await request;
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
  return expect.fail("the request was not refused");
}

async function expectRefusal(
  request: Promise<unknown>,
  wanted: { readonly status: number; readonly code: string },
  field: string,
): Promise<ApiError> {
  const error = await refusedWith(request);
  expect(error, error.message).include({ ...wanted, field });
  expect(error.remedy, "remedy").a("string");
  return error;
}
