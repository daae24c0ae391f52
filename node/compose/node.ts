/**
 * Assembles one node: ledger, files of jobs, helpers, workers, services of ratings and jobs, API. One list at the end
 * gives the order of starting.
 */
import { addressOf, formatAddress } from "../../chain/crypto/address.ts";
import { toHex } from "../../chain/crypto/hash.ts";
import { keyPairFromSeed } from "../../chain/crypto/keys.ts";
import { genesisHead } from "../../chain/genesis.ts";
import { ENGINE_HASH } from "../../ml/exact/engine-hash.ts";
import { peerIdOf, publicKeyOf } from "../../p2p/identity.ts";
import { serveBlobs } from "../../p2p/protocols/blob.ts";
import { BytesInFlight, IN_FLIGHT } from "../../p2p/protocols/bytes-in-flight.ts";
import { ChainEvents } from "../api/chain-events.ts";
import type { NodeServices } from "../api/server.ts";
import { createApi } from "../api/server.ts";
import { localUrl } from "../api/url.ts";
import type { Clock } from "../clock.ts";
import { ConfigError } from "../config/config-error.ts";
import type { OpenedDataDir } from "../config/data-dir.ts";
import type { Config } from "../config/schema.ts";
import { parseTrust } from "../config/trust.ts";
import { systemDisk } from "../disk.ts";
import { EventHub } from "../events/event-hub.ts";
import { createJobServices } from "../jobs/job-services.ts";
import { LiveSearches } from "../jobs/search/live-searches.ts";
import { searchFiles } from "../jobs/search/search-files.ts";
import { SearchTroubles } from "../jobs/search/search-troubles.ts";
import { JobFiles } from "../jobs/train/job-files.ts";
import { PublicFiles } from "../jobs/train/public-files.ts";
import { digestOf } from "../jobs/train/stored-state-hash.ts";
import { type OnBlock, tellEach } from "../on-block.ts";
import { Membership } from "../rating/membership.ts";
import { createRatingServices } from "../rating/rating-services.ts";
import { useFastHasher } from "../ssz-hasher.ts";
import { createMetrics } from "../status/metrics.ts";
import { NoticeWatch } from "../status/notice-watch.ts";
import { noticesOfServices } from "../status/notices.ts";
import type { NodeLog } from "../telemetry/log.ts";
import { parseAmount } from "../wallet/amount.ts";
import { WorkerPool } from "../workers/pool.ts";
import { WORKERS_PATH } from "../workers/protocol.ts";
import { openWorkerToken } from "../workers/worker-token.ts";
import { type FileServices, openFileServices } from "./file-services.ts";
import { createHelpers } from "./helpers.ts";
import { createLedger, type Ledger } from "./ledger.ts";
import { buildOn, type Part, Parts } from "./parts.ts";
import { createServices } from "./services.ts";
import { statusOf } from "./status.ts";

export interface NodeModules {
  readonly clock: Clock;
  readonly log: NodeLog;
}

/** Where a running node can be reached. */
export interface Endpoints {
  readonly p2p: readonly string[];
  readonly api: string;
  readonly torrent: string;
}

export interface RunningNode {
  /** The chain half, for programs that embed a node. */
  readonly ledger: Ledger;
  readonly services: NodeServices;
  endpoints(): Endpoints;
  /** Resolves with the reason why the node must not continue; the caller must then stop it. */
  readonly failure: Promise<unknown>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface NodeOptions {
  readonly config: Config;
  readonly dataDir: OpenedDataDir;
  /** Set the chain database aside and fetch it again. */
  readonly resync: boolean;
  /** Vote again although the record of votes through this height is lost. */
  readonly abandonVotes?: number | undefined;
  /** The owner confirms that no other node has its key, although it was seen elsewhere. */
  readonly resumeSigning?: boolean | undefined;
}

/** @throws StoreError, GenesisError, ConfigError */
export async function createNode(
  options: NodeOptions,
  { clock, log }: NodeModules,
): Promise<RunningNode> {
  await useFastHasher();
  const { config } = options;
  const { paths, genesis, identity } = options.dataDir;
  checkEngine(genesis.parameters.exactEngine);
  const ledger = await createLedger(
    {
      dataDir: paths.root,
      keys: keyPairFromSeed(identity.seed),
      seed: identity.seed,
      genesis: genesisHead(genesis),
      resync: options.resync,
      abandonVotes: options.abandonVotes,
      resumeSigning: options.resumeSigning,
      keepBlocks: config.pruning.keepBlocks,
      minFreeBytes: config.disk.minFreeMib * 1024 * 1024,
      trust: parseTrust(config.trust),
      snapshots: config.snapshots,
      p2p: config.p2p,
    },
    { clock, log },
  );
  return buildOn(ledger, () => createOverLedger(options, { ledger, clock, log }));
}

async function createOverLedger(
  { config, dataDir }: NodeOptions,
  { ledger, clock, log }: NodeModules & { readonly ledger: Ledger },
): Promise<RunningNode> {
  const { paths, genesis, identity, apiToken } = dataDir;
  const keys = keyPairFromSeed(identity.seed);
  const { publicKey } = keys;
  const address = addressOf(publicKey);
  const name = config.name === "" ? formatAddress(address).slice(0, 13) : config.name;
  const { chain, duties, host, messages } = ledger;
  const peerOf = (node: number): string => peerIdOf(chain.state.nodes.at(node).publicKey);

  const stored = await openFileServices({ dataDir: paths.root, config }, { ledger, clock, log });
  const { storage, blobs, fetcher, datasets, torrents, imports } = stored;
  const room = storage.disk;
  const helpers = createHelpers(log);
  const { inspector, opener, merge, tryModule } = helpers;
  const workers = new WorkerPool(
    {
      localWorkers: config.workers,
      engineHash: ENGINE_HASH,
      remoteToken: await openWorkerToken(paths.workerToken, apiToken),
    },
    { clock, log: log.child({ module: "workers" }) },
  );
  const events = new EventHub();
  const live = new LiveSearches();
  const troubles = new SearchTroubles();
  const jobServices = createJobServices(
    { keys, jobs: config.jobs, dataDir: paths.root },
    {
      ...stored,
      ...searchFiles({ fetcher, workers }),
      tryAlgorithm: helpers.tryAlgorithm,
      searchers: workers,
      lanes: () => workers.status().length,
      live,
      troubles,
      evidence: ledger.evidence,
      disk: systemDisk,
      random: Math.random,
      chain,
      duties,
      messages,
      files: new JobFiles({ fetcher, datasets, blobs, inspector }),
      opener,
      workers,
      events,
      room,
      clock,
      log: log.child({ module: "jobs" }),
      peerOf,
      digest: digestOf,
      merge,
    },
  );
  const rating = await createRatingServices(
    { publicKey, dataDir: paths.root, track: config.track },
    { chain, duties, messages, workers, room, clock, log: log.child({ module: "rating" }), peerOf },
  );
  const bond = config.autoRegister.enabled
    ? parseAmount(config.autoRegister.bond, "autoRegister.bond")
    : undefined;
  const membership = new Membership(
    { publicKey, name, bond },
    { chain, duties, onion: ledger.onion, log, endpoint: () => host.multiaddrs()[0] ?? "" },
  );

  const network = new TextDecoder().decode(genesis.name);
  const status = statusOf(
    { publicKey, name, network },
    { ledger, storage, workers, window: rating.window, troubles, torrents, clock },
  );
  const metrics = createMetrics(chain, {
    status,
    faults: ledger.driver.faults,
    evidence: ledger.evidence,
    admission: ledger.transactions.admission,
    blockTimes: ledger.blockTimes,
  });
  const services = createServices({
    ...stored,
    ledger,
    events,
    files: new PublicFiles({ dataDir: paths.root }, { blobs }),
    address,
    inspector,
    opener,
    tryModule,
    allow: config.jobs.allow,
    live,
    status,
    storage: () => storage.report(),
    metrics: () => metrics.metrics(),
  });
  const notices = new NoticeWatch(() => noticesOfServices(services, clock.now()), { log });
  const { host: apiHost, port, hosts } = config.api;
  const api = createApi(
    { host: apiHost, port, token: apiToken, hosts, metrics: config.metrics },
    { services, clock, log: log.child({ module: "api" }) },
  );
  api.onUpgrade(WORKERS_PATH, (request, socket, head) =>
    workers.handleUpgrade(request, socket, head),
  );

  const onBlock: (Pick<OnBlock, "onBlock"> & Partial<OnBlock>)[] = [
    ...rating.services,
    membership,
    ...jobServices,
  ];
  const tellAll = (): void => tellEach(onBlock, (service) => service.onBlock(), log);
  const list: Part[] = [
    { name: "torrents", start: () => torrents.start(), stop: () => torrents.stop() },
    {
      name: "answers to peers",
      start: async () => {
        await serveFiles(ledger, stored);
        stored.torrentAddresses.serve();
      },
    },
    {
      name: "listeners of blocks",
      start: () => {
        new ChainEvents({ chain, host, events });
        chain.onBlock(() => setImmediate(tellAll));
        chain.onBlock(({ block }) =>
          setImmediate(() => rating.ownRecord.onBlock(block.body.ratingChanges)),
        );
      },
    },
    { name: "ledger", start: () => ledger.start(), stop: () => ledger.stop() },
    { name: "workers", start: () => workers.start(), stop: () => workers.stop() },
    { name: "helpers", stop: () => helpers.stop() },
    { name: "storage", start: () => storage.start(), stop: () => storage.stop() },
    ...onBlock.map((service) => ({
      name: service.constructor.name,
      stop: () => service.stop?.(),
    })),
    { name: "imports", stop: () => imports.stop() },
    { name: "api", start: () => api.start(), stop: () => api.stop() },
    { name: "notices", start: () => notices.start(), stop: () => notices.stop() },
    {
      name: "first look at the chain",
      start: () => {
        setImmediate(tellAll);
      },
    },
  ];
  const parts = new Parts(list, log);
  return {
    ledger,
    services,
    failure: ledger.failure,
    endpoints: () => ({
      p2p: host.multiaddrs(),
      api: localUrl(apiHost, api.port),
      torrent: torrents.address,
    }),
    async start() {
      await parts.start();
      log.info("node started", { publicKey: toHex(publicKey), height: chain.height, name });
    },
    async stop() {
      await parts.stop();
      log.info("node stopped", { height: chain.height });
    },
  };
}

/** Serves everything that has a hash: current proposals, training states, blobs, pieces of snapshots. */
function serveFiles(
  { chain, host, knownVotes, snapshots }: Ledger,
  { keeper, blobs }: Pick<FileServices, "keeper" | "blobs">,
): Promise<void> {
  const isNode = (peer: string): boolean => chain.state.nodeIndex(publicKeyOf(peer)) !== undefined;
  return serveBlobs(
    host,
    async (hash) =>
      knownVotes.find(hash) ??
      (await keeper.serve(hash)) ??
      (await blobs.serve(hash)) ??
      snapshots.store.chunk(hash),
    new BytesInFlight(IN_FLIGHT, isNode),
  );
}

/** Another engine would give other bits, and the node would be slashed for it. */
function checkEngine(expected: Uint8Array): void {
  if (toHex(expected) === ENGINE_HASH) return;
  throw new ConfigError(
    `the chain runs exact engine ${toHex(expected).slice(0, 16)}, this node has ${ENGINE_HASH.slice(0, 16)}`,
    { code: "WRONG_ENGINE", expected: toHex(expected), actual: ENGINE_HASH },
    "install the version of PoML this chain runs",
  );
}
