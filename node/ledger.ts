/**
 * The chain half of a node: store, mempool, consensus and sync over one host. Built here, started
 * and stopped in reverse; knows nothing of jobs.
 */
import { toHex } from "../chain/crypto/hash.ts";
import type { KeyPair } from "../chain/crypto/keys.ts";
import { NETWORK_ID_LENGTH } from "../chain/crypto/signing.ts";
import type { KnownProof } from "../chain/evidence/check-evidence.ts";
import type { Head } from "../chain/head.ts";
import { Mempool } from "../chain/mempool/pool.ts";
import type { SignedTransaction } from "../chain/types/transaction.ts";
import { createHost, type Host } from "../p2p/host.ts";
import { Chain } from "./chain/chain.ts";
import { ClientTransactions } from "./chain/client-transactions.ts";
import { DutySender } from "./chain/duty-sender.ts";
import { JobArchive } from "./chain/job-archive.ts";
import { OwnTransactions } from "./chain/own-transactions.ts";
import { RightOfWay } from "./chain/right-of-way.ts";
import { readTip } from "./chain/tip.ts";
import { TransactionService } from "./chain/transaction-service.ts";
import type { Clock } from "./clock.ts";
import { BlockBuilder } from "./consensus/block-builder.ts";
import { ConsensusDriver } from "./consensus/driver.ts";
import { EvidenceService } from "./consensus/evidence-service.ts";
import type { Journal } from "./consensus/journal.ts";
import { KeyWatch } from "./consensus/key-watch.ts";
import { OnionKeeper } from "./consensus/onion-keeper.ts";
import { openJournal } from "./consensus/open-journal.ts";
import { Signer } from "./consensus/signer.ts";
import { crashPoint } from "./crash-points.ts";
import { LightService } from "./light/light-service.ts";
import { BlockRepair } from "./network/block-repair.ts";
import { ChainAddresses } from "./network/chain-addresses.ts";
import { ConsensusGossip } from "./network/consensus-gossip.ts";
import { KnownVotesExchange } from "./network/known-votes.ts";
import { PatientRelay } from "./network/patient-relay.ts";
import { PeerMessages } from "./network/peer-messages.ts";
import { holdsSeat } from "./network/seat-peers.ts";
import { Sync } from "./network/sync.ts";
import { ClaimWatch } from "./rating/claim-watch.ts";
import type { SnapshotSettings } from "./snapshots/snapshot-keeper.ts";
import { SnapshotService } from "./snapshots/snapshot-service.ts";
import type { TrustedPoint } from "./snapshots/trust.ts";
import { DiskSpace, requireSpace } from "./store/disk-space.ts";
import { openStore } from "./store/open.ts";
import { Pruner } from "./store/pruner.ts";
import { scrub } from "./store/scrub.ts";
import { BlockTimes } from "./telemetry/block-times.ts";
import type { NodeLog } from "./telemetry/log.ts";

export interface LedgerOptions {
  readonly dataDir: string;
  readonly keys: KeyPair;
  /** 32 secret bytes behind `keys`. */
  readonly seed: Uint8Array;
  readonly genesis: Head;
  readonly resync: boolean;
  /** See JournalOptions.abandon. */
  readonly abandonVotes?: number | undefined;
  /** See KeyWatchOptions.resume. */
  readonly resumeSigning?: boolean | undefined;
  /** Room to leave on the disk. */
  readonly minFreeBytes: number;
  /** Newest blocks to keep; 0 = all. */
  readonly keepBlocks: number;
  /** The block an empty node starts from, and that a chain must have. */
  readonly trust?: TrustedPoint | undefined;
  /** Default: makes none. */
  readonly snapshots?: SnapshotSettings;
  readonly p2p: {
    readonly listen: readonly string[];
    readonly announce: readonly string[];
    readonly bootstrap: readonly string[];
  };
}

export interface Ledger {
  readonly chain: Chain;
  readonly mempool: Mempool;
  readonly transactions: TransactionService;
  readonly duties: DutySender;
  readonly clients: ClientTransactions;
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
  /** Resolves with what forbids the node to go on. */
  readonly failure: Promise<unknown>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export async function createLedger(
  options: LedgerOptions,
  { clock, log }: { clock: Clock; log: NodeLog },
): Promise<Ledger> {
  const { dataDir, keys, seed, genesis } = options;
  await requireSpace({ path: dataDir, minFreeBytes: options.minFreeBytes });
  const { store, head, check } = await openStore(dataDir, genesis, { resync: options.resync });
  if (check.reindexed > 0)
    log.warn("indexes of recent blocks mended", { entries: check.reindexed });
  const way = new RightOfWay();
  const blockTimes = new BlockTimes();
  const verified = new WeakSet<SignedTransaction>();
  const mempool = new Mempool();
  const tip = await readTip(store, head);
  const known = (signed: SignedTransaction): SignedTransaction => mempool.known(signed);
  const chain = new Chain(
    { genesisRoot: genesis.hash, head, tip },
    {
      store,
      verified,
      known,
      measure: blockTimes.measure,
    },
  );
  const host = await createHost(
    { seed, network: toHex(genesis.hash).slice(0, NETWORK_ID_LENGTH), ...options.p2p },
    { log: log.child({ module: "p2p" }), isFavoured: (key) => holdsSeat(chain.state, key) },
  );
  const publish: Host["publish"] = (topic, message) => host.publish(topic, message);
  const peerCount = (): number => host.peers().length;
  const evidence = new EvidenceService({ chain, log, publish });
  const fault = (publicKey: Uint8Array, proof: KnownProof): void => {
    if (keyWatch.contradiction(publicKey)) return;
    evidence.report(publicKey, proof).catch((error: unknown) => {
      log.warn("could not report a fault", { reason: String(error) });
    });
  };
  const claims = new ClaimWatch();
  const seen = (signed: SignedTransaction): void => {
    keyWatch.transaction(signed.transaction);
    const proof = claims.see(signed);
    if (proof !== undefined) fault(signed.transaction.sender, proof);
  };
  const transactions = new TransactionService({
    chain,
    mempool,
    verified,
    log,
    seen,
    publish,
    pause: () => way.giveWay(),
  });
  const messages = new PeerMessages(host);
  const sync = new Sync({ host, chain, log: log.child({ module: "sync" }) });
  const onion = new OnionKeeper(seed);
  // After the store: its lock keeps a second node off the journal, too.
  const { abandonVotes: abandon } = options;
  const journal = await openJournal({ dataDir, abandon, head: head.state.height }, log);
  crashPoint("start-journal");
  const keyWatch = await KeyWatch.open(
    { dataDir, publicKey: keys.publicKey, resume: options.resumeSigning === true },
    { chain, journal, clock, log },
  );
  const disk = new DiskSpace(
    { path: dataDir, minFreeBytes: options.minFreeBytes },
    { log, reopen: () => store.db.reopen(), resumed: () => driver.resume() },
  );
  store.db.guard(disk);
  journal.onFull(() => disk.failed());
  const repair = new BlockRepair({ host, chain, log: log.child({ module: "repair" }) });
  const pruner = new Pruner({ keepBlocks: options.keepBlocks }, { store, log });
  const stopping = new AbortController();
  let scrubbing: Promise<unknown> = Promise.resolve();
  let asking = 0;
  const stuck = (): void => {
    const peers = host.peers();
    const peer = peers[asking++ % Math.max(1, peers.length)];
    if (peer === undefined) return;
    knownVotes.askPeer(peer.peerId).catch((error: unknown) => {
      log.debug("a peer could not help", { peer: peer.peerId, reason: String(error) });
    });
  };
  const consensusLog = log.child({ module: "consensus" });
  const builder = new BlockBuilder(
    { publicKey: keys.publicKey },
    {
      chain,
      onion,
      clock,
      log: consensusLog,
      select: (limitBytes) => transactions.select(limitBytes),
      evidence: () => evidence.select(),
      measure: blockTimes.measure,
    },
  );
  const driver = new ConsensusDriver({
    chain,
    signer: new Signer({ keys, genesisRoot: genesis.hash }, { journal }),
    builder,
    clock,
    log: consensusLog,
    publish,
    stuck,
    urgent: (work) => way.urgent(work),
    maySign: () => disk.hasRoom && keyWatch.maySign,
    fault,
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
      keepsBlocks: options.keepBlocks === 0,
    },
    {
      host,
      chain,
      sync,
      log: log.child({ module: "snapshots" }),
      now: () => clock.now(),
      fail,
    },
  );
  const behind = (): void => sync.poke();
  const gossip = new ConsensusGossip({ chain, driver, log, keyWatch, behind });
  const height = (): number => chain.height;
  const knownVotes = new KnownVotesExchange({
    host,
    messages,
    driver,
    gossip,
    clock,
    height,
    behind,
  });
  host.subscribe("transactions", (message) => transactions.onBatch(message));
  const relay = new PatientRelay({
    chain,
    publicKey: keys.publicKey,
    peers: () => host.peers(),
  });
  host.subscribe("votes", async (message) =>
    relay.judge(await way.urgent(() => gossip.onVote(message))),
  );
  host.subscribe("evidence", (message) => evidence.onMessage(message));
  host.subscribe("proposals", async (message) =>
    relay.judge(await way.urgent(() => gossip.onProposal(message))),
  );
  host.onPeer(() => {
    relay.peersChanged();
    sync.poke();
  });

  const duties = new DutySender(
    { keys },
    {
      chain,
      mempool,
      transactions,
      own: new OwnTransactions({ store }),
      log,
      fate: async (id, since) => {
        if ((await store.transactionPlace(id)) !== undefined) return "final";
        return store.lowest > since + 1 ? "unknown" : "overtaken";
      },
      peers: peerCount,
      keyWatch,
    },
  );
  const clients = new ClientTransactions({
    chain,
    mempool,
    transactions,
    own: new OwnTransactions({ store, name: "client-transactions" }),
    log,
    peers: peerCount,
  });

  return {
    chain,
    mempool,
    transactions,
    duties,
    clients,
    driver,
    evidence,
    onion,
    host,
    messages,
    knownVotes,
    sync,
    light: new LightService({
      store,
      genesis,
      settledJob: (index) => new JobArchive(chain).at(index),
      head: () => ({ state: chain.state, seats: chain.tip.seats }),
    }),
    disk,
    journal,
    keyWatch,
    repair,
    blockTimes,
    snapshots,
    failure,
    async start() {
      disk.start();
      chain.onBlock(() => {
        disk.check();
        pruner.onBlock();
      });
      await messages.start();
      await sync.start();
      await snapshots.serve();
      new ChainAddresses({ chain, host }).look();
      await host.start();
      snapshots.start(async () => {
        await duties.resume();
        await clients.resume();
        driver.start();
      });
      await repair.start(check.damaged);
      scrubbing = scrub(
        { store, log, now: () => clock.monotonic(), damaged: (at) => repair.report(at) },
        stopping.signal,
      ).catch((error: unknown) => {
        if (!stopping.signal.aborted)
          log.warn("could not look through the blocks", { reason: String(error) });
      });
    },
    async stop() {
      stopping.abort();
      await snapshots.stop();
      await driver.stop();
      await duties.idle();
      await clients.idle();
      await sync.stop();
      await scrubbing;
      await repair.stop();
      await pruner.stop();
      transactions.stop();
      relay.stop();
      await host.stop();
      await chain.idle();
      await disk.stop();
      await keyWatch.idle();
      await journal.close();
      await store.close();
    },
  };
}
