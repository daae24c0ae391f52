/**
 * Few or many addresses ask a node's API without pause. Gain sought: other strangers, who ask little, are refused. What
 * strangers may take is shared in fair parts, by address and by network, and so are places: whoever asks for less than
 * its part is answered at once. New addresses bring nothing that others of the same network have not used up.
 */
import { connect, type Socket } from "node:net";
import { expect } from "chai";
import type { Caller } from "../../node/api/caller.ts";
import { API_LIMITS } from "../../node/api/limits.ts";
import { SharedPlaces } from "../../node/api/shared-places.ts";
import { SharedPurse } from "../../node/api/shared-purse.ts";
import { Turns } from "../../node/api/turns.ts";
import { placeOf } from "../../p2p/peers/place.ts";
import { until } from "../helpers/until.ts";
import { startApi, type TestApi } from "../node/api/support.ts";

const LIMITS = { burst: API_LIMITS.strangersBurst, perSecond: API_LIMITS.strangersPerSecond };
const STEP_MS = 10;
const HONEST = "198.51.100.7";

/** Asks as fast as it is answered, from the address that it chooses for each question. */
interface Attacker {
  readonly cost: number;
  address(question: number): string;
}

interface Question {
  readonly tokens: number;
  readonly everyMs: number;
}

interface Outcome {
  /** Part of the honest questions that were answered at the first try. */
  readonly answered: number;
  readonly honestTokens: number;
  readonly attackTokens: number;
  readonly remembered: number;
}

function play(attackers: readonly Attacker[], honest: Question, seconds: number): Outcome {
  const purse = new SharedPurse(LIMITS);
  const taken = { honest: 0, attack: 0 };
  let [asked, answered, question, remembered] = [0, 0, 0, 0];
  for (let now = 0; now < seconds * 1000; now += STEP_MS) {
    for (const { cost, address } of attackers) {
      // Rotating addresses are refused one after another, too.
      for (let refused = 0; refused < 3; ) {
        if (purse.take(placeOf(address(question++)), now, cost)) taken.attack += cost;
        else refused++;
      }
    }
    remembered = Math.max(remembered, purse.size);
    // After ten seconds, when the attackers have used up what was saved.
    if (now < 10_000 || now % honest.everyMs !== 0) continue;
    asked++;
    if (!purse.take(placeOf(HONEST), now, honest.tokens)) continue;
    answered++;
    taken.honest += honest.tokens;
  }
  return {
    answered: answered / asked,
    honestTokens: taken.honest,
    attackTokens: taken.attack,
    remembered,
  };
}

const networks = (count: number, cost: number): Attacker[] =>
  Array.from({ length: count }, (_, i) => ({ cost, address: () => `10.0.${i}.1` }));

describe("attack: a few addresses spend what all strangers may take", () => {
  it("an address that asks for less than its part is answered, whatever the others do", () => {
    for (const count of [1, 3, 8, 40]) {
      for (const cost of [1, 5, 20]) {
        const part = API_LIMITS.strangersPerSecond / (count + 1);
        const everyMs = Math.ceil((1.25 * 1000) / part / STEP_MS) * STEP_MS;
        const small = play(networks(count, cost), { tokens: 1, everyMs }, 30);
        const most = LIMITS.burst + LIMITS.perSecond * 30 + cost;
        process.stdout.write(
          `        ${count} networks, ${cost} tokens a question: a stranger that asks ${(1000 / everyMs).toFixed(0)} times a second is answered ${(100 * small.answered).toFixed(1)} %\n`,
        );
        expect(small.answered, `${count} networks, ${cost} tokens`).to.equal(1);
        expect(small.attackTokens + small.honestTokens).to.be.at.most(most);
      }
    }
  });

  it("a costly question every few seconds is answered as well", () => {
    for (const count of [3, 8, 40]) {
      // A third of its part: what is large beside a part waits until the last one is paid back.
      const everyMs = Math.ceil((20 * 3 * 1000 * (count + 1)) / LIMITS.perSecond / 100) * 100;
      const { answered } = play(networks(count, 1), { tokens: 20, everyMs }, 60);
      expect(answered, `${count} networks`).to.equal(1);
    }
  });

  it("a new address for each question within one /48 counts as one network, and gets no new allowance", () => {
    const rotating: Attacker = {
      cost: 1,
      address: (i) => `2001:db8:7:${(i % 65_536).toString(16)}::1`,
    };
    const seconds = 30;
    const { answered, attackTokens, remembered } = play(
      [rotating],
      { tokens: 1, everyMs: 10 },
      seconds,
    );
    process.stdout.write(
      `        65,536 addresses of one /48: ${attackTokens} tokens in ${seconds} s, ${remembered} remembered; the other stranger answered ${100 * answered} %\n`,
    );
    expect(answered).to.equal(1);
    expect(attackTokens).to.be.at.most(LIMITS.burst + LIMITS.perSecond * seconds);
    expect(remembered).to.be.at.most(2 * LIMITS.burst);
  });

  it("dear questions from new addresses of ten networks take no more than ten parts", () => {
    for (const cost of [20, 100, 500]) {
      const rotating = Array.from(
        { length: 10 },
        (_, network): Attacker => ({
          cost,
          address: (i) => `10.0.${network}.${i % 256}`,
        }),
      );
      const { answered, attackTokens } = play(rotating, { tokens: 1, everyMs: 50 }, 60);
      process.stdout.write(
        `        10 networks of 256 addresses, ${cost} tokens a question: ${(attackTokens / 60).toFixed(0)} tokens a second; a stranger that asks 20 times a second is answered ${(100 * answered).toFixed(1)} %\n`,
      );
      expect(answered, `${cost} tokens`).to.be.above(0.85);
    }
  });

  it("an address beside the attacker's in one network has its part, too", () => {
    const beside: Attacker = { cost: 1, address: () => "198.51.100.8" };
    expect(play([beside], { tokens: 1, everyMs: 10 }, 30).answered).to.equal(1);
  });
});

describe("attack: a few addresses hold all places for strangers", function () {
  this.timeout(30_000);
  const started: TestApi[] = [];
  const sockets: Socket[] = [];
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    for (const test of started.splice(0)) await test.stop();
  });

  it("some of any number of places stay free for the next address", () => {
    for (const total of [2, 8, 32, 64, 512]) {
      for (const count of [1, 3, 7].filter((few) => few < total)) {
        const places = new SharedPlaces(total);
        for (let turn = 0; turn < 2 * total; turn++) {
          for (let i = 0; i < count; i++) places.take(placeOf(`10.0.${i}.1`));
        }
        const left = total - places.taken;
        expect(left, `${total} places, ${count} networks`).to.be.at.least(
          Math.max(1, Math.floor(total / (count + 1)) - count),
        );
        expect(places.take(placeOf(HONEST))).to.equal(true);
        places.release(placeOf(HONEST));
        expect(total - places.taken).to.equal(left);
      }
    }
  });

  it("connections: another address is answered while four hold all they get", async () => {
    const connections = 40;
    const test = await startApi({ limits: { connections, connectionsPerAddress: connections } });
    started.push(test);
    let refused = 0;
    for (let i = 0; i < 4 * connections; i++) {
      const socket = connect({
        port: test.api.port,
        host: "127.0.0.1",
        localAddress: `127.0.${1 + (i % 4)}.1`,
      });
      socket.on("error", () => {});
      socket.on("close", () => refused++);
      sockets.push(socket);
    }
    // Whoever is refused is hung up on; the others are left waiting.
    await until(() => refused >= 4 * connections - 4 * 8 - 4, 10_000, "refusals");
    const { status } = await fetch(`${test.url}/healthz`, { signal: AbortSignal.timeout(10_000) });
    process.stdout.write(
      `        ${sockets.length} connections of four networks: ${refused} refused; another: ${status}\n`,
    );
    expect(status).to.equal(200);
  });

  it("costly answers: networks take turns, so one with many waiting waits for itself", async () => {
    const turns = new Turns({ ...API_LIMITS, costlyAtOnce: 1 });
    const order: string[] = [];
    const from = (address: string): Caller => ({ ...placeOf(address), isOwner: false });
    const ask = (address: string): Promise<void> =>
      turns.use(from(address), new AbortController().signal, async () => {
        order.push(address);
      });
    const flood: Promise<unknown>[] = [];
    for (let i = 0; i < 64; i++) flood.push(ask(`10.0.${i % 8}.1`).catch(() => {}));
    const honest = ask(HONEST);
    await Promise.all([...flood, honest]);
    process.stdout.write(
      `        8 networks with 8 questions each: ${order.length - 1} answered, the other one as number ${order.indexOf(HONEST) + 1}\n`,
    );
    expect(order.indexOf(HONEST)).to.be.below(10);
  });
});
