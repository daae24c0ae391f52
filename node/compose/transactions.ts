/**
 * The transactions of a ledger: all that are on their way to a block, and those that this node and its clients signed.
 */
import type { KeyPair } from "../../chain/crypto/keys.ts";
import type { Mempool } from "../../chain/mempool/pool.ts";
import type { SignedTransaction } from "../../chain/types/transaction.ts";
import type { Host } from "../../p2p/host.ts";
import type { Chain } from "../chain/chain.ts";
import { ClientTransactions } from "../chain/client-transactions.ts";
import { DutySender } from "../chain/duty-sender.ts";
import { OwnTransactions } from "../chain/own-transactions.ts";
import type { Fate } from "../chain/pending-upkeep.ts";
import type { RightOfWay } from "../chain/right-of-way.ts";
import { TransactionService } from "../chain/transaction-service.ts";
import type { KeyWatch } from "../consensus/key-watch.ts";
import type { ChainStore } from "../store/chain-store.ts";
import type { NodeLog } from "../telemetry/log.ts";

export interface TransactionModules {
  readonly chain: Chain;
  readonly mempool: Mempool;
  readonly host: Pick<Host, "publish" | "peers">;
  readonly way: RightOfWay;
  readonly keyWatch: KeyWatch;
  readonly log: NodeLog;
  /** Called for every transaction with a valid signature. */
  seen(signed: SignedTransaction): void;
}

export interface LedgerTransactions {
  readonly transactions: TransactionService;
  readonly duties: DutySender;
  readonly clients: ClientTransactions;
}

export function createTransactions(
  { keys }: { readonly keys: KeyPair },
  { chain, mempool, host, way, keyWatch, log, seen }: TransactionModules,
): LedgerTransactions {
  const { store, verified } = chain;
  const transactions = new TransactionService({
    chain,
    mempool,
    verified,
    log,
    seen,
    publish: (topic, message) => host.publish(topic, message),
    pause: () => way.giveWay(),
  });
  const shared = { chain, mempool, transactions, log, peers: () => host.peers().length };
  const duties = new DutySender(
    { keys },
    {
      ...shared,
      own: new OwnTransactions({ store }),
      fate: (id, since) => fateIn(store, id, since),
      keyWatch,
    },
  );
  const own = new OwnTransactions({ store, name: "client-transactions" });
  return { transactions, duties, clients: new ClientTransactions({ ...shared, own }) };
}

async function fateIn(store: ChainStore, id: Uint8Array, since: number): Promise<Fate> {
  if ((await store.transactionPlace(id)) !== undefined) return "final";
  return store.lowest > since + 1 ? "unknown" : "overtaken";
}
