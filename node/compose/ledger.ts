/** The chain half of a node: store, mempool, consensus and sync over one host. It knows nothing of jobs. */
import { toHex } from "../../chain/crypto/hash.ts";
import type { KeyPair } from "../../chain/crypto/keys.ts";
import { NETWORK_ID_LENGTH } from "../../chain/crypto/signing.ts";
import { Mempool } from "../../chain/mempool/pool.ts";
import { createHost, type Host } from "../../p2p/host.ts";
import { Chain } from "../chain/chain.ts";
import { JobArchive } from "../chain/job-archive.ts";
import { RightOfWay } from "../chain/right-of-way.ts";
import { readTip } from "../chain/tip.ts";
import type { Clock } from "../clock.ts";
import type { TrustedPoint } from "../config/trust.ts";
import type { ConsensusDriver } from "../consensus/driver.ts";
import { EvidenceService } from "../consensus/evidence-service.ts";
import { FaultWatch } from "../consensus/fault-watch.ts";
import type { Journal } from "../consensus/journal.ts";
import { KeyWatch } from "../consensus/key-watch.ts";
import { OnionKeeper } from "../consensus/onion-keeper.ts";
import { LightService } from "../light/light-service.ts";
import { BlockRepair } from "../network/block-repair.ts";
import { ChainAddresses } from "../network/chain-addresses.ts";
import { ConsensusGossip } from "../network/consensus-gossip.ts";
import { KnownVotesExchange } from "../network/known-votes.ts";
import { PatientRelay } from "../network/patient-relay.ts";
import { PeerMessages } from "../network/peer-messages.ts";
import { holdsSeat } from "../network/seat-peers.ts";
import { Sync } from "../network/sync.ts";
import { subscribeTopics } from "../network/topics.ts";
import type { SnapshotSettings } from "../snapshots/snapshot-keeper.ts";
import { SnapshotService } from "../snapshots/snapshot-service.ts";
import { DiskSpace } from "../store/disk-space.ts";
import { Pruner } from "../store/pruner.ts";
import { Scrubber } from "../store/scrubber.ts";
import { BlockTimes } from "../telemetry/block-times.ts";
import type { NodeLog } from "../telemetry/log.ts";
import { createConsensus } from "./consensus.ts";
import { type LedgerFileOptions, type LedgerFiles, openLedgerFiles } from "./ledger-files.ts";
import { buildOn, type Part, Parts } from "./parts.ts";
import { createTransactions, type LedgerTransactions } from "./transactions.ts";

export interface LedgerOptions extends LedgerFileOptions {
  readonly keys: KeyPair;
  /** 32 secret bytes behind `keys`. */
  readonly seed: Uint8Array;
  /** See KeyWatchOptions.resume. */
  readonly resumeSigning?: boolean | undefined;
  /** Number of newest blocks to keep; 0 = all. */
  readonly keepBlocks: number;
  /** The block from which an empty node starts, and which a chain must contain. */
  readonly trust?: TrustedPoint | undefined;
  /** Default: no snapshots. */
  readonly snapshots?: SnapshotSettings;
  readonly p2p: {
    readonly listen: readonly string[];
    readonly announce: readonly string[];
    readonly bootstrap: readonly string[];
  };
}

export interface Ledger extends LedgerTransactions {
  readonly chain: Chain;
  readonly mempool: Mempool;
  readonly driver: ConsensusDriver;
  readonly evidence: EvidenceService;
  readonly onion: OnionKeeper;
  readonly host: Host;
  readonly messages: PeerMessages;
  readonly knownVotes: KnownVotesExchange;
  readonly sync: Sync;
  readonly light: LightService;
  readonly disk: DiskSpace;
  readonly journal: Journal;
  readonly keyWatch: KeyWatch;
  readonly repair: BlockRepair;
  readonly blockTimes: BlockTimes;
  readonly snapshots: SnapshotService;
  /** Resolves with the reason why the node must not continue. */
  readonly failure: Promise<unknown>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface LedgerModules {
  readonly clock: Clock;
  readonly log: NodeLog;
}

/** @throws StoreError, JournalError, SnapshotError */
export async function createLedger(
  options: LedgerOptions,
  modules: LedgerModules,
): Promise<Ledger> {
  const files = await openLedgerFiles(options, modules.log);
  return buildOn(files, () => createOverFiles(options, { ...modules, files }));
}

async function createOverFiles(
  options: LedgerOptions,
  { files, clock, log }: LedgerModules & { readonly files: LedgerFiles },
): Promise<Ledger> {
  const { dataDir, keys, seed, genesis, keepBlocks } = options;
  const { publicKey } = keys;
  const { store, journal } = files;
  const way = new RightOfWay();
  const blockTimes = new BlockTimes();
  const { measure } = blockTimes;
  const mempool = new Mempool();
  const chain = new Chain(
    { genesisRoot: genesis.hash, head: files.head, tip: await readTip(store, files.head) },
    { store, verified: new WeakSet(), known: (signed) => mempool.known(signed), measure },
  );
  const host = await createHost(
    { seed, network: toHex(genesis.hash).slice(0, NETWORK_ID_LENGTH), ...options.p2p },
    { log: log.child({ module: "p2p" }), isFavoured: (key) => holdsSeat(chain.state, key) },
  );
  const publish: Host["publish"] = (topic, message) => host.publish(topic, message);
  const evidence = new EvidenceService({ chain, log, publish });
  const keyWatch = await KeyWatch.open(
    { dataDir, publicKey, resume: options.resumeSigning === true },
    { chain, journal, clock, log },
  );
  const faults = new FaultWatch({ keyWatch, evidence, log });
  const own = createTransactions(
    { keys },
    { chain, mempool, host, way, keyWatch, log, seen: (signed) => faults.transaction(signed) },
  );
  const { transactions, duties, clients } = own;

  const disk = new DiskSpace(
    { path: dataDir, minFreeBytes: options.minFreeBytes },
    { log, reopen: () => store.db.reopen(), resumed: () => driver.resume() },
  );
  store.db.guard(disk);
  journal.onFull(() => disk.failed());
  const onion = new OnionKeeper(seed);
  const driver = createConsensus(
    { keys },
    {
      chain,
      journal,
      onion,
      clock,
      log: log.child({ module: "consensus" }),
      measure,
      publish,
      select: (limitBytes) => transactions.select(limitBytes),
      evidence: () => evidence.select(),
      stuck: () => knownVotes.askNext(),
      urgent: (work) => way.urgent(work),
      maySign: () => disk.hasRoom && keyWatch.maySign,
      fault: (key, proof) => faults.fault(key, proof),
    },
  );

  const messages = new PeerMessages(host);
  const sync = new Sync({ host, chain, log: log.child({ module: "sync" }) });
  const repair = new BlockRepair({ host, chain, log: log.child({ module: "repair" }) });
  const behind = (): void => sync.poke();
  const height = (): number => chain.height;
  const gossip = new ConsensusGossip({ chain, driver, log, keyWatch, behind });
  const asking = { host, messages, driver, gossip, clock, log, height, behind };
  const knownVotes = new KnownVotesExchange(asking);
  const relay = new PatientRelay({ chain, publicKey, peers: () => host.peers() });
  subscribeTopics({ host, transactions, evidence, gossip, relay, way });
  host.onPeer(() => {
    relay.peersChanged();
    sync.poke();
  });

  let fail: (error: unknown) => void = () => {};
  const failure = new Promise<unknown>((resolve) => {
    fail = resolve;
  });
  const snapshots = await SnapshotService.open(
    {
      dataDir,
      genesis,
      trust: options.trust,
      settings: options.snapshots ?? { everyEpochs: 0, keep: 1 },
      keepsBlocks: keepBlocks === 0,
    },
    { host, chain, sync, log: log.child({ module: "snapshots" }), now: () => clock.now(), fail },
  );
  const light = new LightService({
    store,
    genesis,
    settledJob: (index) => new JobArchive(chain).at(index),
    head: () => ({ state: chain.state, seats: chain.tip.seats }),
  });
  const pruner = new Pruner({ keepBlocks }, { store, log });
  const scrubber = new Scrubber({
    store,
    log,
    now: () => clock.monotonic(),
    damaged: (at) => repair.report(at),
  });

  const list: Part[] = [
    { name: "files", stop: () => files.stop() },
    { name: "key watch", stop: () => keyWatch.idle() },
    {
      name: "disk",
      start: () => {
        disk.start();
        chain.onBlock(() => disk.check());
      },
      stop: () => disk.stop(),
    },
    { name: "chain", stop: () => chain.idle() },
    {
      name: "answers to peers",
      start: async () => {
        await messages.start();
        await sync.start();
        await snapshots.serve();
        new ChainAddresses({ chain, host }).look();
      },
    },
    { name: "host", start: () => host.start(), stop: () => host.stop() },
    { name: "relay", stop: () => relay.stop() },
    { name: "transactions", stop: () => transactions.stop() },
    {
      name: "pruner",
      start: () => {
        chain.onBlock(() => pruner.onBlock());
      },
      stop: () => pruner.stop(),
    },
    {
      name: "repair",
      start: () => repair.start(files.check.damaged),
      stop: () => repair.stop(),
    },
    { name: "scrubber", start: () => scrubber.start(), stop: () => scrubber.stop() },
    { name: "sync", stop: () => sync.stop() },
    { name: "transactions of clients", stop: () => clients.idle() },
    { name: "duties", stop: () => duties.idle() },
    { name: "consensus", stop: () => driver.stop() },
    {
      name: "snapshots",
      start: () =>
        snapshots.start(async () => {
          await duties.resume();
          await clients.resume();
          driver.start();
        }),
      stop: () => snapshots.stop(),
    },
  ];
  const parts = new Parts(list, log);
  return {
    ...own,
    chain,
    mempool,
    driver,
    evidence,
    onion,
    host,
    messages,
    knownVotes,
    sync,
    light,
    disk,
    journal,
    keyWatch,
    repair,
    blockTimes,
    snapshots,
    failure,
    start: () => parts.start(),
    stop: () => parts.stop(),
  };
}
