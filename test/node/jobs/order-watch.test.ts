/** What a node says on the chain of the orders that it is drawn for. */
import { expect } from "chai";
import { OBJECTIONS } from "../../../chain/types/job.ts";
import type { Payloads } from "../../../chain/types/transaction.ts";
import type { DutySender } from "../../../node/chain/duty-sender.ts";
import { overLimit } from "../../../node/helpers/helper-error.ts";
import { JobError } from "../../../node/jobs/job-error.ts";
import { OrderWatch } from "../../../node/jobs/order-watch.ts";
import { SearchDuties } from "../../../node/jobs/search/search-duties.ts";
import type { PossibleOrder } from "../../../node/jobs/train/job-files.ts";
import { TrainDuties } from "../../../node/jobs/train/train-duties.ts";
import type { NodeLog } from "../../../node/telemetry/log.ts";
import { SILENT } from "../../../p2p/log.ts";
import { TestChain } from "../../helpers/chain.ts";
import { CountedRoom } from "../../helpers/counted-room.ts";
import { jobOf, jobSpec, openJob } from "../../helpers/job-run.ts";

const MIB = 1024 * 1024;
const QUIET: NodeLog = { ...SILENT, child: () => QUIET };

interface Case {
  readonly allow?: readonly string[];
  /** Of this machine, for files of jobs. */
  readonly roomBytes?: number;
  /** What a worker would take. */
  readonly workerBytes?: number;
  /** What one batch takes here. */
  readonly batchMs?: number;
  /** Nobody can carry it out. */
  readonly isImpossible?: boolean;
  /** Its helper does not get to the end. */
  readonly isTooSlow?: boolean;
}

describe("OrderWatch", () => {
  /** @returns the reason of the objection that it sent, if any, and whether its services work on the order */
  async function verdictOn(of: Case): Promise<{ said: string | undefined; accepted: boolean }> {
    const chain = new TestChain();
    const opened = openJob(chain, chain.client, jobSpec("job"));
    chain.advance(opened);
    while (jobOf(chain, opened).participants.length === 0) chain.advance();
    const job = jobOf(chain, opened);
    const node = job.participants[0]?.node ?? -1;
    const { publicKey } = chain.head.state.nodes.at(node);
    let said: string | undefined;
    let isDecided: (() => void) | undefined;
    const decided = new Promise<void>((resolve) => {
      isDecided = resolve;
    });
    const send: DutySender["send"] = async (payload) => {
      said = OBJECTIONS[(payload.value as Payloads["job-object"]).reason];
      isDecided?.();
      return new Uint8Array(32);
    };
    const order = async (): Promise<PossibleOrder> => {
      if (of.isTooSlow === true) throw overLimit("inspect", "time", 300_000);
      if (of.isImpossible === true) {
        const facts = { code: "ORDER_IMPOSSIBLE", reason: "data" } as const;
        throw new JobError("no manifest", facts, { action: "local", remedy: "order another" });
      }
      setImmediate(() => isDecided?.());
      const { workerBytes = MIB, batchMs } = of;
      return { workerBytes, ...(batchMs && { batchMs }) } as PossibleOrder;
    };
    const watch = new OrderWatch(
      { publicKey, allow: of.allow ?? ["train/exact"] },
      {
        chain: { state: chain.head.state, height: chain.head.state.height },
        duties: { send },
        kinds: {
          train: new TrainDuties({ memoryBytes: 64 * MIB }, { files: { order } } as never),
          search: new SearchDuties({} as never),
        },
        room: new CountedRoom(of.roomBytes ?? 1024 * MIB),
        log: QUIET,
      },
    );
    watch.onJobs([job], node);
    await decided;
    const accepted = watch.accepts(job);
    watch.stop();
    return { said, accepted };
  }

  it("works on an order that can be carried out, and says nothing", async () => {
    expect(await verdictOn({})).to.deep.equal({ said: undefined, accepted: true });
  });

  it("declines an order that its owner does not want", async () => {
    const declined = { said: "declined", accepted: false };
    expect(await verdictOn({ allow: ["train/tfjs"] })).to.deep.equal(declined);
    expect(await verdictOn({ workerBytes: 65 * MIB }), "memory").to.deep.equal(declined);
  });

  it("declines an order whose batches would keep a worker from answering too long", async () => {
    expect(await verdictOn({ batchMs: 29_000 })).to.include({ accepted: true });
    const declined = { said: "declined", accepted: false };
    expect(await verdictOn({ batchMs: 31_000 })).to.deep.equal(declined);
  });

  it("declines an order for whose files it has no room, so that the job continues without it", async () => {
    const declined = { said: "declined", accepted: false };
    expect(await verdictOn({ roomBytes: 0 })).to.deep.equal(declined);
  });

  it("declines an order that this machine could not check in time, because others wait behind it", async () => {
    const declined = { said: "declined", accepted: false };
    expect(await verdictOn({ isTooSlow: true })).to.deep.equal(declined);
  });

  it("says why nobody can carry an order out", async () => {
    expect(await verdictOn({ isImpossible: true })).to.deep.equal({
      said: "data",
      accepted: false,
    });
  });
});
