/** The files of a ledger, opened and checked: the chain's database, and the journal of what this node signed. */
import type { Head } from "../../chain/head.ts";
import type { Journal } from "../consensus/journal.ts";
import { openJournal } from "../consensus/open-journal.ts";
import { crashPoint } from "../crash-points.ts";
import { requireSpace } from "../store/disk-space.ts";
import { type OpenedStore, openStore } from "../store/open.ts";
import type { NodeLog } from "../telemetry/log.ts";
import { buildOn } from "./parts.ts";

export interface LedgerFileOptions {
  readonly dataDir: string;
  readonly genesis: Head;
  readonly resync: boolean;
  /** See JournalOptions.abandon. */
  readonly abandonVotes?: number | undefined;
  /** Room to leave on the disk. */
  readonly minFreeBytes: number;
}

export interface LedgerFiles extends OpenedStore {
  readonly journal: Journal;
  stop(): Promise<void>;
}

/** @throws StoreError, JournalError */
export async function openLedgerFiles(
  { dataDir, genesis, resync, abandonVotes: abandon, minFreeBytes }: LedgerFileOptions,
  log: NodeLog,
): Promise<LedgerFiles> {
  await requireSpace({ path: dataDir, minFreeBytes });
  const opened = await openStore(dataDir, genesis, { resync });
  const { store, head, check } = opened;
  if (check.reindexed > 0)
    log.warn("indexes of recent blocks mended", { entries: check.reindexed });
  return buildOn({ stop: () => store.close() }, async () => {
    // After the store: its lock keeps a second node away from the journal, too.
    const journal = await openJournal({ dataDir, abandon, head: head.state.height }, log);
    crashPoint("start-journal");
    return {
      ...opened,
      journal,
      stop: async () => {
        await journal.close();
        await store.close();
      },
    };
  });
}
