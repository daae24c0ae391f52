/** Files of jobs on one node: where they are stored, how they are added and removed, and who may request them. */
import { join } from "node:path";
import { TorrentShelf } from "../../p2p/torrent/shelf.ts";
import { Torrents } from "../../p2p/torrent/torrents.ts";
import { BlobFetcher } from "../blobs/blob-fetcher.ts";
import { type BlobPeers, blobPeersOf } from "../blobs/blob-peers.ts";
import { BlobStore } from "../blobs/blob-store.ts";
import type { Clock } from "../clock.ts";
import type { Config } from "../config/schema.ts";
import { importInChild } from "../datasets/import-child.ts";
import { ImportTasks } from "../datasets/import-tasks.ts";
import { UPLOAD_LIMITS, UploadStore } from "../datasets/upload-store.ts";
import { systemDisk } from "../disk.ts";
import { CheckpointKeeper } from "../jobs/checkpoint-keeper.ts";
import { DatasetService } from "../jobs/train/dataset-service.ts";
import { ModelFolders } from "../jobs/train/model-folders.ts";
import { storedStateHash } from "../jobs/train/stored-state-hash.ts";
import { TorrentAddresses } from "../network/torrent-addresses.ts";
import { openStorage, type Storage } from "../storage/open-storage.ts";
import type { NodeLog } from "../telemetry/log.ts";
import type { Ledger } from "./ledger.ts";

export interface FileServiceOptions {
  readonly dataDir: string;
  readonly config: Config;
}

export interface FileServiceModules {
  readonly ledger: Pick<Ledger, "chain" | "host" | "messages">;
  readonly clock: Clock;
  readonly log: NodeLog;
}

export interface FileServices {
  readonly storage: Storage;
  readonly peers: BlobPeers;
  readonly blobs: BlobStore;
  readonly fetcher: BlobFetcher;
  readonly torrents: Torrents;
  readonly torrentAddresses: TorrentAddresses;
  readonly datasets: DatasetService;
  readonly uploads: UploadStore;
  readonly imports: ImportTasks;
  readonly models: ModelFolders;
  readonly keeper: CheckpointKeeper;
}

export async function openFileServices(
  { dataDir, config }: FileServiceOptions,
  { ledger, clock, log }: FileServiceModules,
): Promise<FileServices> {
  const { chain, host, messages } = ledger;
  const jobLog = log.child({ module: "jobs" });
  const storage = await openStorage({ dataDir, config }, { chain, log: jobLog, clock });
  const room = storage.disk;
  const peers = blobPeersOf(host);
  const blobs = await BlobStore.open(dataDir, { room });
  const fetcher = new BlobFetcher({ blobs, peers, room, clock });
  const shelf = await TorrentShelf.open(dataDir);
  const torrents = new Torrents(config.torrent, { log: log.child({ module: "torrent" }), shelf });
  const torrentAddresses = new TorrentAddresses({ host, messages, torrents });
  const datasets = new DatasetService(
    { dataDir },
    {
      blobs,
      torrents,
      room,
      clock,
      torrentPeers: (infoHash, signal) => torrentAddresses.ask(infoHash, signal),
    },
  );
  const fileBytes = config.api.uploadMib * 1024 * 1024;
  const totalBytes = config.quota.uploadsMib * 1024 * 1024;
  const uploads = new UploadStore(
    dataDir,
    { ...UPLOAD_LIMITS, fileBytes, totalBytes },
    { clock, room },
  );
  await uploads.load();
  const imports = new ImportTasks({
    clock,
    log: log.child({ module: "import" }),
    run: importInChild,
    adopt: (folder) => datasets.adopt(folder),
    room,
  });
  const models = new ModelFolders({ dataDir }, { torrents, room });
  const keeper = new CheckpointKeeper({ dataDir }, { room, stateHash: storedStateHash });
  storage.retention.removeWith({
    blobs: ({ name }) => blobs.removeNamed(name),
    datasets: ({ name }) => datasets.remove(name),
    models: ({ name }) => models.remove(name),
    checkpoints: ({ name }) => keeper.remove(name),
    searches: ({ name }) => systemDisk.remove(join(dataDir, "searches", name)),
    leases: ({ name }) => systemDisk.remove(join(dataDir, "leases", name)),
    torrents: ({ name }) => torrents.unshare(name),
  });
  return {
    storage,
    peers,
    blobs,
    fetcher,
    torrents,
    torrentAddresses,
    datasets,
    uploads,
    imports,
    models,
    keeper,
  };
}
