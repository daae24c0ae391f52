/** Opens jobs with the node's own account: equal keys give the same job, also after a restart. */
import { type Payload, payloadOf } from "../../chain/types/transaction.ts";
import type { OrderedJob, PreparedJob } from "./prepared-job.ts";

export interface OrderDeskModules<Request> {
  /** Checks an order, stores its files for the network, and prices it. @throws PomlError */
  prepare(request: Request): Promise<PreparedJob>;
  readonly duties: {
    send(payload: Payload): Promise<Uint8Array>;
    /** The new id of a transaction of this node that was signed again; otherwise the given one. */
    currentId(id: Uint8Array): Uint8Array;
  };
  readonly store: {
    own(name: string): Promise<Uint8Array | undefined>;
    putOwn(name: string, value: Uint8Array): Promise<void>;
  };
}

export class OrderDesk<Request> {
  readonly #modules: OrderDeskModules<Request>;
  /** Orders in progress by idempotency key, so that two simultaneous requests open one job. */
  readonly #opening = new Map<string, Promise<OrderedJob>>();

  constructor(modules: OrderDeskModules<Request>) {
    this.#modules = modules;
  }

  submit(request: Request, key: string | undefined): Promise<OrderedJob> {
    if (key === undefined) return this.#open(request);
    const running = this.#opening.get(key);
    if (running !== undefined) return running;
    const started = this.#openOnce(request, key).finally(() => this.#opening.delete(key));
    this.#opening.set(key, started);
    return started;
  }

  async #openOnce(request: Request, key: string): Promise<OrderedJob> {
    const { duties, store } = this.#modules;
    const name = `idempotency/${key}`;
    const known = await store.own(name);
    if (known !== undefined) return { id: duties.currentId(known), prepared: undefined };
    const ordered = await this.#open(request);
    await store.putOwn(name, ordered.id);
    return ordered;
  }

  async #open(request: Request): Promise<OrderedJob> {
    const prepared = await this.#modules.prepare(request);
    const payload = payloadOf("job-open", { spec: prepared.spec, escrow: prepared.escrow });
    return { id: await this.#modules.duties.send(payload), prepared };
  }
}
