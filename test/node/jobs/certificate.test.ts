import { expect } from "chai";
import { applyBlock } from "../../../chain/apply-block.ts";
import { sha256, toHex } from "../../../chain/crypto/hash.ts";
import { assembleCertificate } from "../../../chain/finality/certificate.ts";
import { voteSigningRoot, voteTypeIndex } from "../../../chain/finality/vote.ts";
import { phaseCode } from "../../../chain/job/phase.ts";
import { canonicalJson } from "../../../ml/dataset/canonical-json.ts";
import {
  type ModelDirectory,
  makeCertificate,
  verifyModelDirectory,
} from "../../../node/jobs/certificate.ts";
import { TestChain } from "../../helpers/chain.ts";
import { expectCodeAsync } from "../../helpers/expect-code.ts";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** A final block whose state holds one finished job, and the model directory that belongs to it. */
async function finishedJob(): Promise<{
  files: ModelDirectory;
  trusted: { height: number; hash: Uint8Array };
}> {
  const chain = new TestChain();
  const weights = Uint8Array.from({ length: 64 }, (_, i) => i);
  const topology = { class_name: "Sequential", config: { layers: [] } };
  const spec = {
    kind: 0,
    name: text("job"),
    engine: 0,
    model: sha256(canonicalJson(topology)),
    initialParameters: sha256(weights),
    parameterCount: 16,
    dataset: sha256(text("dataset")),
    torrent: sha256(text("torrent")),
    trainRows: 40,
    trainChunks: 4,
    testRows: 10,
    seed: sha256(text("seed")),
    rounds: 1,
    localEpochs: 1,
    batchSize: 8,
    learningRate: 50_000,
    momentum: 0,
    partition: 0,
    aggregation: 0,
    participants: 2,
    quorum: 1,
    teamSize: 3,
    phaseBlocks: 20,
    pricePerSample: 10n,
    targetAccuracy: 0,
  };
  chain.advance(chain.transaction(chain.client, "job-open", { spec, escrow: 1_000_000n }));
  const job = {
    ...chain.head.state.jobs.at(0),
    phase: phaseCode("finished"),
    round: 1,
    parameters: sha256(weights),
  };
  chain.head.state.jobs.set(0, job);
  chain.head.state.absorb(chain.head.state.fork());
  const seats = chain.head.state.seats;
  const rebuilt = chain.head.state.fork();
  rebuilt.jobs.set(0, job);
  rebuilt.root();
  chain.head.state.absorb(rebuilt);
  const applied = applyBlock(chain.head, chain.build());
  const { height, round } = applied.block.header;
  const type = voteTypeIndex("precommit");
  const votes = seats.map((seat, position) => {
    const body = { height, round, type, blockHash: applied.hash };
    const signature = chain
      .personOf(seat.publicKey)
      .keys.sign(voteSigningRoot(chain.genesisRoot, body));
    return { ...body, seat: position, signature };
  });
  chain.head.state.absorb(applied.state);
  const certificate = makeCertificate(
    {
      state: chain.head.state,
      genesisRoot: chain.genesisRoot,
      tip: { header: applied.block.header, certificate: assembleCertificate(votes), seats },
    },
    0,
  );
  return {
    files: {
      "certificate.json": text(JSON.stringify(certificate)),
      "model.json": text(JSON.stringify({ modelTopology: topology, weightsManifest: [] })),
      "weights.bin": weights,
    },
    trusted: { height, hash: applied.hash },
  };
}

describe("verifyModelDirectory", () => {
  let files: ModelDirectory;
  let trusted: { height: number; hash: Uint8Array };

  before(async () => {
    ({ files, trusted } = await finishedJob());
  });

  const changed = (field: string, change: (hex: string) => string): ModelDirectory => {
    const json = JSON.parse(new TextDecoder().decode(files["certificate.json"]));
    json[field] = change(json[field]);
    return { ...files, "certificate.json": text(JSON.stringify(json)) };
  };

  it("proves the model against the trusted block", async () => {
    const { proved } = await verifyModelDirectory(files, trusted);
    expect(proved.map(({ claim }) => claim)).to.include.members(["final", "weights", "dataset"]);
  });

  it("refuses other weights", async () => {
    const weights = files["weights.bin"].slice();
    weights[3] = 99;
    await expectCodeAsync(
      () => verifyModelDirectory({ ...files, "weights.bin": weights }, trusted),
      "NOT_PROVED",
    );
  });

  it("refuses another architecture", async () => {
    const model = text(JSON.stringify({ modelTopology: { class_name: "Other" } }));
    await expectCodeAsync(
      () => verifyModelDirectory({ ...files, "model.json": model }, trusted),
      "NOT_PROVED",
    );
  });

  it("refuses a block that is not the trusted one", async () => {
    const hash = trusted.hash.slice().reverse();
    await expectCodeAsync(() => verifyModelDirectory(files, { ...trusted, hash }), "NOT_PROVED");
    const height = trusted.height + 1;
    await expectCodeAsync(() => verifyModelDirectory(files, { ...trusted, height }), "NOT_PROVED");
  });

  it("refuses a job that was altered", async () => {
    const forged = changed("job", (hex) =>
      hex.replace(toHex(sha256(text("dataset"))), "00".repeat(32)),
    );
    await expectCodeAsync(() => verifyModelDirectory(forged, trusted), "NOT_PROVED");
  });

  it("refuses an altered signature", async () => {
    const forged = changed(
      "certificate",
      (hex) => `${hex.slice(0, -2)}${hex.endsWith("00") ? "01" : "00"}`,
    );
    await expectCodeAsync(() => verifyModelDirectory(forged, trusted), "CERTIFICATE_BAD_SIGNATURE");
  });

  it("refuses what is no certificate with CERTIFICATE_FORMAT", async () => {
    const broken = { ...files, "certificate.json": text("{}") };
    await expectCodeAsync(() => verifyModelDirectory(broken, trusted), "CERTIFICATE_FORMAT");
  });
});
