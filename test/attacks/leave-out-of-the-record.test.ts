/**
 * A client whose own nodes are the majority of its job's team harms the participants: it records its own updates
 * only, names the others' as broken, records nothing, or cancels when they have worked. Gain sought: their pay stays
 * with the client, their ratings fall, and its part of all weight grows. Nothing of this may depend on the team's
 * word, so every policy must leave the victims what an honest team leaves them.
 */
import { expect } from "chai";
import { type Holding, HostileTeams, type Malice } from "../sim/hostile-teams.ts";

const NODES = 20;
const ROUNDS = 5;
const POLICIES: readonly Malice[] = [
  "records its own only",
  "refuses the others",
  "records nothing",
  "cancels before the last commit",
];

interface Outcome {
  readonly victims: Holding;
  readonly attacker: Holding;
  readonly client: bigint;
  /** Of all weight. */
  readonly share: number;
  readonly rounds: number;
}

function played(malice: Malice, teamSize: number, quorum: number): [Outcome, Outcome] {
  const teams = new HostileTeams({
    nodes: NODES,
    teamSize,
    quorum,
    rounds: ROUNDS,
    malice,
    seed: teamSize,
  });
  const all = Array.from({ length: NODES }, (_, node) => node);
  const seen = (): Outcome => {
    const attacker = teams.holding(all.slice(0, teams.attackers));
    const victims = teams.holding(all.slice(teams.attackers));
    const share = Number(attacker.rating) / Number(attacker.rating + victims.rating);
    return { attacker, victims, client: teams.client, share, rounds: teams.rounds };
  };
  const before = seen();
  teams.run();
  return [before, seen()];
}

function show({ attacker, victims, client, share }: Outcome): string {
  const part = (one: Holding): string =>
    `${one.balance}/${one.bond}/${one.rating}/failed ${one.failed}/verified ${one.verified}`;
  return `attacker ${part(attacker)}, its client ${client}, its share ${(100 * share).toFixed(2)} %, victims ${part(victims)}`;
}

describe("attack: leave others out of the record", function () {
  this.timeout(120_000);

  for (const teamSize of [3, 5, 16]) {
    const attackers = Math.floor(teamSize / 2) + 1;
    for (const quorum of [attackers, NODES]) {
      it(`a team of ${teamSize}, ${attackers} of them the attacker's, quorum ${quorum}: no other node loses, and the attacker still pays`, () => {
        const [, honest] = played("records all", teamSize, quorum);
        for (const malice of POLICIES) {
          const [before, after] = played(malice, teamSize, quorum);
          if (quorum === attackers && teamSize === 3) {
            process.stdout.write(`      ${malice}\n        before ${show(before)}\n`);
            process.stdout.write(`        after  ${show(after)}\n        honest ${show(honest)}\n`);
          }
          // A record without enough updates, or a refusal that leaves a quorum, is not taken at all.
          const { victims } = after;
          expect(victims.failed, malice).to.equal(0);
          expect(victims.bond, malice).to.equal(before.victims.bond);
          const earned = (victims.balance - before.victims.balance) / BigInt(after.rounds);
          const usual = (honest.victims.balance - before.victims.balance) / BigInt(honest.rounds);
          const work = BigInt(NODES - attackers) * 600n * 10n;
          expect(earned >= work, `${malice}: ${earned} a round of ${work}`).to.equal(true);
          expect(after.share, malice).to.be.at.most(honest.share + 0.001);
          // What it pays for a round is at least what the same round costs an honest client without managers.
          const paid = (one: Outcome): bigint =>
            before.client + before.attacker.balance - one.client - one.attacker.balance;
          expect(paid(after) / BigInt(after.rounds) >= work, malice).to.equal(true);
          expect(usual >= work).to.equal(true);
        }
      });
    }
  }
});
