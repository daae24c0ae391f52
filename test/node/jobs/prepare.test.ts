import { expect } from "chai";
import type { JobOrder } from "../../../node/api/contract/job.ts";
import { toJobRequest } from "../../../node/api/job-order.ts";
import { BlobStore } from "../../../node/blobs/blob-store.ts";
import { type DatasetModules, DatasetService } from "../../../node/jobs/dataset-service.ts";
import { prepareJob } from "../../../node/jobs/prepare.ts";
import { TEST_PARAMETERS } from "../../helpers/chain.ts";
import { expectCodeAsync } from "../../helpers/expect-code.ts";
import { flowersCsv } from "../../helpers/flowers.ts";
import { TemporaryFolders } from "../../helpers/temporary.ts";

describe("preparing a job", () => {
  const folders = new TemporaryFolders();
  let datasets: DatasetService;
  let blobs: BlobStore;
  let dataset: string;

  before(async () => {
    const dataDir = await folders.create();
    blobs = await BlobStore.open(dataDir);
    const seed = async () => ({ torrentFile: new Uint8Array(8) });
    const torrents = { seed } as unknown as DatasetModules["torrents"];
    datasets = new DatasetService({ dataDir }, { blobs, torrents, torrentPeers: async () => [] });
    const upload = { format: "csv", name: "flowers", bytes: flowersCsv(240) } as const;
    dataset = (await datasets.import({ ...upload, settings: { label: "species" } })).id;
  });
  after(() => folders.removeAll());

  const prepare = (
    changes: Partial<JobOrder>,
    { minPricePerSample = 1n, nodes = 4 }: { minPricePerSample?: bigint; nodes?: number } = {},
  ) =>
    prepareJob(toJobRequest({ name: "flowers", dataset, model: { preset: "mlp" }, ...changes }), {
      datasets,
      blobs,
      parameters: () => ({ ...TEST_PARAMETERS, minPricePerSample }),
      drawable: () => nodes,
    });

  it("refuses what the chain would, before anything is signed", async () => {
    const quorum = await expectCodeAsync(() => prepare({ quorum: 5 }), "BAD_FIELD");
    expect(quorum.facts).to.include({ field: "spec.quorum" });
    expect(quorum.remedy).to.contain("quorum");
    const cheap = () => prepare({ pricePerSample: "4" }, { minPricePerSample: 5n });
    const { facts, remedy } = await expectCodeAsync(cheap, "BAD_FIELD");
    expect(facts).to.include({ field: "spec.pricePerSample" });
    expect(remedy).to.contain("5");
  });

  it("says when too few nodes can be drawn for a round", async () => {
    expect((await prepare({}, { nodes: 3 })).notes).to.deep.equal([]);
    const [note] = (await prepare({}, { nodes: 2 })).notes;
    expect(note).to.contain("needs 3 updates").and.contain("2 nodes");
    expect((await prepare({ participants: 2 }, { nodes: 2 })).notes).to.deep.equal([]);
  });
});
