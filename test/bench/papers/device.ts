/**
 * One device of the papers' experiments: a process of its own with one core or a share of it, which searches alone or
 * together with others, and may be a manager. One thread hashes; this one talks to the other devices.
 */
import { processMeter } from "../../../node/core-meter.ts";
import type { Command, DeviceSetup, MineOrder, Report } from "./control.ts";
import { Links } from "./links.ts";
import { Miner } from "./miner.ts";
import { Party } from "./party.ts";
import type { PartyMessage } from "./party-message.ts";

interface Envelope {
  readonly run: number;
  readonly body: PartyMessage;
}

interface Run {
  readonly order: MineOrder;
  readonly party: Party | undefined;
}

const setup = JSON.parse(process.argv[2] ?? "{}") as DeviceSetup;
const miner = await Miner.start(setup);
let current: Run | undefined;
/** Others may be told of a run before this device is. */
let early: { readonly from: number; readonly envelope: Envelope }[] = [];

const links = await Links.open(setup.index, ({ from, message }) => {
  const envelope = message as Envelope;
  const run = current?.order.run ?? 0;
  if (envelope.run === run) current?.party?.receive(from, envelope.body);
  else if (envelope.run > run) early.push({ from, envelope });
});

process.on("message", (command: Command) => {
  switch (command.kind) {
    case "connect":
      void links.connect(command.ports).then(() => report({ kind: "connected" }));
      return;
    case "mine":
      begin(command.order);
      return;
    case "stop":
      end(command.run);
      return;
    case "count": {
      const { hashes } = miner;
      report({ kind: "count", request: command.request, hashes, cpuMs: processMeter.cpu() });
    }
  }
});
process.on("disconnect", () => process.exit());
process.on("uncaughtException", (error) => {
  report({ kind: "failed", reason: error.stack ?? error.message });
});
report({ kind: "ready", port: links.port });

function begin(order: MineOrder): void {
  if (order.manner === "alone") {
    current = { order, party: undefined };
    mineAlone(order);
    return;
  }
  const { run } = order;
  const party = new Party({
    own: setup.index,
    order,
    miner,
    send: (to, body) => links.send(to, { run, body } satisfies Envelope),
    found: (nonce) => report({ kind: "found", run, nonce }),
    covered: () => report({ kind: "covered", run }),
  });
  current = { order, party };
  const waiting = early.filter(({ envelope }) => envelope.run === run);
  early = early.filter(({ envelope }) => envelope.run > run);
  for (const { from, envelope } of waiting) party.receive(from, envelope.body);
}

function mineAlone({ run, task, unitBits, to }: MineOrder): void {
  const length = 1n << BigInt(unitBits);
  const units = Number((to + length - 1n) / length);
  miner.search(
    { run, task, unitBits, end: to, from: 0, to: units },
    {
      onFind: (nonce) => report({ kind: "found", run, nonce }),
      onSearched: (at) => {
        if (at === units) report({ kind: "covered", run });
      },
    },
  );
}

function end(run: number): void {
  if (current?.order.run !== run) return;
  miner.stop();
  const log = current.party?.stop();
  report({ kind: "stopped", run, log });
}

function report(message: Report): void {
  process.send?.(message);
}
