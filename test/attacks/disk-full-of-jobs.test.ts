/**
 * A client floods the network with orders whose files are large, to fill the disks of the nodes that are drawn for them:
 * then they could not vote, or would delete what other jobs need. A whole node on a small disk of its own, which is
 * the only voter and is drawn for every order; the client serves the files itself, as fast as it can.
 */

import { statfs } from "node:fs/promises";
import { expect } from "chai";
import { POML } from "../../chain/amount.ts";
import { addressOf } from "../../chain/crypto/address.ts";
import { fromHex, sha256, toHex } from "../../chain/crypto/hash.ts";
import { keyPairFromSeed } from "../../chain/crypto/keys.ts";
import { NETWORK_ID_LENGTH } from "../../chain/crypto/signing.ts";
import { devnetParameters, genesisHead } from "../../chain/genesis.ts";
import { phaseOf } from "../../chain/job/phase.ts";
import type { Genesis } from "../../chain/types/genesis.ts";
import { payloadOf } from "../../chain/types/transaction.ts";
import { trainSpec } from "../../chain/workload/train/train-of.ts";
import { ENGINE_HASH } from "../../ml/exact/engine-hash.ts";
import { BlobStore } from "../../node/blobs/blob-store.ts";
import { systemClock } from "../../node/clock.ts";
import { createNode, type RunningNode } from "../../node/compose/node.ts";
import { initDataDir, openDataDir } from "../../node/config/data-dir.ts";
import { ConfigSchema } from "../../node/config/schema.ts";
import type { PreparedJob } from "../../node/jobs/prepared-job.ts";
import { type DatasetModules, DatasetService } from "../../node/jobs/train/dataset-service.ts";
import type { JobRequest } from "../../node/jobs/train/job-request.ts";
import { prepareJob } from "../../node/jobs/train/prepare.ts";
import { storedFiles } from "../../node/storage/stored-files.ts";
import { createLog, type NodeLog } from "../../node/telemetry/log.ts";
import { identityFromSeed } from "../../node/wallet/key-file.ts";
import { feeFor, signTransaction } from "../../node/wallet/sign.ts";
import { createHost, type Host } from "../../p2p/host.ts";
import { SILENT } from "../../p2p/log.ts";
import { serveBlobs } from "../../p2p/protocols/blob.ts";
import { makeTorrent } from "../../p2p/torrent/make-torrent.ts";
import { expectCodeAsync } from "../helpers/expect-code.ts";
import { flowersCsv } from "../helpers/flowers.ts";
import { founder } from "../helpers/founder.ts";
import { importTable } from "../helpers/import-table.ts";
import { inspectStored } from "../helpers/job-inspector.ts";
import { OPENER } from "../helpers/model-opener.ts";
import { layer, sequential } from "../helpers/models.ts";
import { SmallDisk } from "../helpers/small-disk.ts";
import { TemporaryFolders } from "../helpers/temporary.ts";
import { until } from "../helpers/until.ts";

const MIB = 1024 * 1024;
const DISK_MIB = 128;
const CHAIN_MIB = 16;
/** What is left above it is room for some five of the orders. */
const JOBS_MIB = 96;
const ORDERS = 12;
/** Parameters of 4 MB. */
const UNITS = 125_000;
const PATIENCE_MS = 60_000;
/** Said when it looks at an order, or when it comes to work on it. */
const NO_ROOM = ["order refused declined", "work declined: no room for its files"];

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const seed = sha256(text("the node"));
const keys = keyPairFromSeed(seed);
const attacker = keyPairFromSeed(sha256(text("the client that floods")));

const GENESIS: Genesis = {
  name: text("disk of jobs"),
  time: BigInt(Date.now()),
  parameters: { ...devnetParameters(fromHex(ENGINE_HASH)), blockIntervalMs: 100 },
  accounts: [
    { address: addressOf(keys.publicKey), balance: 1_000n * POML },
    { address: addressOf(attacker.publicKey), balance: 100_000n * POML },
  ],
  nodes: [founder(seed)],
};

describe("attack: disks full of jobs", function () {
  this.timeout(120_000);
  const folders = new TemporaryFolders();
  let disk: SmallDisk | undefined;
  let node: RunningNode | undefined;
  let host: Host | undefined;

  before(async function () {
    disk = await SmallDisk.create(DISK_MIB);
    if (disk !== undefined) return;
    process.stdout.write("      skipped: no small disk can be mounted here (it takes root)\n");
    this.skip();
  });
  after(async () => {
    await host?.stop();
    await node?.stop();
    await disk?.remove();
    await folders.removeAll();
  });

  /** Blobs and datasets in a directory, as those who order have them. */
  async function client(dataDir: string) {
    const blobs = await BlobStore.open(dataDir);
    const torrents = { seed: makeTorrent } as unknown as DatasetModules["torrents"];
    const datasets = new DatasetService(
      { dataDir },
      { blobs, torrents, torrentPeers: async () => [] },
    );
    const dataset = await importTable(datasets, flowersCsv(60), { name: "f", label: "species" });
    const prepare = (request: Partial<JobRequest>): Promise<PreparedJob> =>
      prepareJob(
        { dataset, rounds: 1, localEpochs: 1, participants: 1, quorum: 1, teamSize: 3, ...request },
        {
          datasets,
          blobs,
          parameters: () => GENESIS.parameters,
          drawable: () => 1,
          nodes: () => 1,
          openJobs: () => 0,
          models: OPENER,
          inspect: inspectStored(blobs),
        },
      );
    return { blobs, prepare };
  }

  it("neither touches the chain's reserve, nor stops votes, nor costs an honest job its files", async () => {
    const path = disk?.path ?? "";
    await initDataDir(path, { genesis: GENESIS, identity: identityFromSeed(seed) });
    const config = ConfigSchema.parse({
      dataDir: path,
      workers: 0,
      p2p: { listen: ["/ip4/127.0.0.1/tcp/0/ws"] },
      api: { port: 0, uploadMib: 64 },
      disk: { minFreeMib: CHAIN_MIB, jobsMinFreeMib: JOBS_MIB },
    });
    const said: string[] = [];
    const log = createLog("silent");
    const listening: NodeLog = {
      ...log,
      child: () => listening,
      warn: (message, { objection = "" } = {}) => said.push(`${message} ${objection}`.trim()),
    };
    const running = await createNode(
      { config, dataDir: await openDataDir(path, { tokenFile: "" }), resync: false },
      { clock: systemClock, log: listening },
    );
    node = running;
    await running.start();
    const { services, ledger } = running;
    const { chain } = ledger;
    let leastFree = Number.POSITIVE_INFINITY;
    const look = async (): Promise<void> => {
      const { bavail, bsize } = await statfs(path);
      leastFree = Math.min(leastFree, bavail * bsize);
    };

    const honest = await client(await folders.create());
    const order = await honest.prepare({ engine: "tfjs" });
    await ledger.duties.send(payloadOf("job-open", { spec: order.spec, escrow: order.escrow }));
    const files = [
      trainSpec(order.spec).model,
      trainSpec(order.spec).initialParameters,
      trainSpec(order.spec).dataset,
    ];
    const onDisk = await BlobStore.open(path);
    for (const hash of files) await onDisk.put((await honest.blobs.get(hash)) ?? new Uint8Array());

    const attack = await client(await folders.create());
    const large = sequential(
      layer("Dense", "wide", { units: UNITS, activation: "relu", batch_input_shape: [null, 4] }),
      layer("Dense", "out", { units: 3, activation: "softmax" }),
    );
    host = await createHost(
      {
        seed: sha256(text("the client's host")),
        network: toHex(genesisHead(GENESIS).hash).slice(0, NETWORK_ID_LENGTH),
        listen: ["/ip4/127.0.0.1/tcp/0/ws"],
        announce: [],
        bootstrap: running.endpoints().p2p,
      },
      { log: SILENT },
    );
    let served = 0;
    await serveBlobs(host, async (hash) => {
      const bytes = await attack.blobs.get(hash);
      served += bytes?.length ?? 0;
      return bytes;
    });
    await host.start();
    const isMet = (): boolean => services.status().peers.length === 1;
    await until(isMet, PATIENCE_MS, "the client's host to be connected");
    const before = balanceOf(chain.state);
    const rated = chain.state.nodes.at(0).rating;
    let asked = 0;
    for (let nonce = 0; nonce < ORDERS; nonce++) {
      const { spec, escrow } = await attack.prepare({
        name: `flood ${nonce}`,
        engine: "tfjs",
        model: { layersModel: large },
        seed: toHex(sha256(text(`flood ${nonce}`))),
      });
      asked += 4 * trainSpec(spec).parameterCount;
      const payload = payloadOf("job-open", { spec, escrow });
      const fee = feeFor(payload, chain.state.parameters);
      const draft = { nonce, fee, validUntil: chain.height + 1_000, payload };
      await services.submit(signTransaction(attacker, chain.genesisRoot, draft));
      await look();
    }
    const isDrawn = (): boolean =>
      chain.state.jobs.length > ORDERS &&
      [...chain.state.jobs.activeEntries()].every(([, job]) => phaseOf(job) !== "drawing");
    await until(isDrawn, PATIENCE_MS, "the node to be drawn for every order");
    const isDeclined = async (): Promise<boolean> => {
      await look();
      return NO_ROOM.some((words) => said.includes(words));
    };
    await until(isDeclined, PATIENCE_MS, "orders to be declined");
    const { height } = chain;
    const isFurther = async (): Promise<boolean> => {
      await look();
      return chain.height >= height + 20;
    };
    await until(isFurther, PATIENCE_MS, "twenty more blocks");

    const taken = (await storedFiles(path)).reduce((sum, { bytes }) => sum + bytes, 0);
    process.stdout.write(
      `      ordered ${mib(asked)} MiB, served ${mib(served)}, taken ${mib(taken)}; least free ${mib(leastFree)} of ${DISK_MIB}, the mark is ${JOBS_MIB}; attacker ${poml(before)} -> ${poml(balanceOf(chain.state))} POML in escrow and fees, the node's rating ${rated} -> ${chain.state.nodes.at(0).rating}\n`,
    );
    expect(asked, "the flood is larger than the disk leaves").greaterThan(
      (DISK_MIB - JOBS_MIB) * MIB,
    );
    expect(served, "not even fetched").lessThan(asked);
    // The chain itself writes on, too: a block more or less.
    expect(leastFree).greaterThan((JOBS_MIB - 2) * MIB);
    expect(services.status()).to.include({ hasDiskRoom: true });
    expect(ledger.driver.faults.doubleVotes).equal(0);
    for (const hash of files) expect(await onDisk.get(hash), toHex(hash)).not.equal(undefined);
    await expectCodeAsync(() => services.uploads.create(64 * MIB), "JOB_DISK_FULL");
    expect(before - balanceOf(chain.state) > 0n, "the flood was paid for").equal(true);
  });
});

function balanceOf(state: { account(address: Uint8Array): { balance: bigint } }): bigint {
  return state.account(addressOf(attacker.publicKey)).balance;
}

function mib(bytes: number): string {
  return (bytes / MIB).toFixed(1);
}

function poml(micro: bigint): string {
  return (Number(micro) / 1e6).toFixed(1);
}
