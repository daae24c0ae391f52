/**
 * An attacker with thousands of identities surrounds a node: it comes first, takes every place it can and fills the
 * node's book of addresses, so that the node sees the chain as the attacker shows it.
 */
import { createHash } from "node:crypto";
import { ed25519 } from "@noble/curves/ed25519.js";
import { expect } from "chai";
import { peerIdOf } from "../../p2p/identity.ts";
import { PeerBook } from "../../p2p/peers/book.ts";
import { Door } from "../../p2p/peers/door.ts";
import { type Direction, Roster } from "../../p2p/peers/roster.ts";
import { keptPlaces } from "../../p2p/peers/slots.ts";

const MAX_PEERS = 50;
const IDENTITIES = 600;
const TOLD_BY_EACH = 200;
const VOTERS = 10;
const HONEST = 30;
/** Networks (/24) from which the attacker comes. */
const NETWORKS = [1, 4, 16, 200] as const;

/** Names that are only told of need no key behind them. */
const invented = (i: number): string => `invented ${i}`;

function identity(name: string): string {
  const seed = createHash("sha256").update(name).digest();
  return peerIdOf(ed25519.getPublicKey(seed));
}

/** Keys are made once. */
const crowd = Array.from({ length: IDENTITIES }, (_, i) => identity(`attacker ${i}`));

interface Someone {
  readonly peerId: string;
  readonly address: string;
}

function people(kind: string, count: number, hostOf: (i: number) => string): Someone[] {
  return Array.from({ length: count }, (_, i) => ({
    peerId: identity(`${kind} ${i}`),
    address: `/ip4/${hostOf(i)}/tcp/9000/ws`,
  }));
}

const voters = people("voter", VOTERS, (i) => `198.51.${i}.7`);
const honest = people("honest", HONEST, (i) => `203.${i}.113.7`);
const isVoter = new Set(voters.map(({ peerId }) => peerId));

function doorOf(isFavoured: (peer: string) => boolean) {
  const roster = new Roster();
  const door = new Door(
    { maxPeers: MAX_PEERS },
    {
      roster,
      scores: { score: () => 0 },
      isFavoured,
      now: () => 0,
    },
  );
  const arrives = ({ peerId, address }: Someone, direction: Direction): void => {
    try {
      const gone = door.admit({ peerId, direction, remote: address });
      if (gone !== undefined) roster.remove(gone);
      roster.accept(peerId, address, direction, [`${address}/p2p/${peerId}`]);
    } catch {
      // Nothing else is thrown than that there is no place.
    }
  };
  return { roster, arrives };
}

function surrounded(networks: number) {
  const hostOf = (i: number): string => `45.${i % networks}.1.${i % 250}`;
  const attackers = crowd.map((peerId, i) => ({ peerId, address: `/ip4/${hostOf(i)}/tcp/9/ws` }));
  const isAttacker = new Set(attackers.map(({ peerId }) => peerId));
  const { roster, arrives } = doorOf((peer) => isVoter.has(peer));
  const book = new PeerBook();
  for (const attacker of attackers) arrives(attacker, "inbound");
  const surrounding = roster.list();
  for (const [at, { peerId }] of surrounding.entries()) {
    for (let i = 0; i < TOLD_BY_EACH; i++) {
      const name = invented(TOLD_BY_EACH * at + i);
      book.learn(name, [`/ip4/45.${i % networks}.9.${i % 250}/tcp/9/ws`], peerId);
    }
  }
  for (const each of honest) book.learn(each.peerId, [each.address]);
  const isHonest = new Set(honest.map(({ peerId }) => peerId));
  const guests = surrounding.length;
  let places = guests;
  const dialed = book.takeDue(0, keptPlaces(MAX_PEERS));
  for (const { name, addresses } of dialed) {
    const [address = ""] = addresses;
    // Whoever answers there has an identity of the attacker's.
    const peerId = isHonest.has(name) ? name : (crowd[places++] ?? name);
    arrives({ peerId, address }, "outbound");
  }
  for (const voter of voters) arrives(voter, "inbound");
  const peers = roster.list();
  return {
    guests,
    attackers: peers.filter(({ peerId }) => isAttacker.has(peerId)).length,
    voters: peers.filter(({ peerId }) => isVoter.has(peerId)).length,
    known: honest.filter(({ peerId }) => !book.learn(peerId, ["/ip4/1.1.1.1/tcp/1/ws"])).length,
    chosen: peers.filter(({ direction }) => direction === "outbound").length,
    chosenHonest: peers.filter((peer) => isHonest.has(peer.peerId) && peer.direction === "outbound")
      .length,
    peers: peers.length,
  };
}

describe("attack: surround a node", () => {
  for (const networks of NETWORKS) {
    it(`${IDENTITIES} identities from ${networks} networks do not displace the peers that it chose, nor voters`, () => {
      const outcome = surrounded(networks);
      process.stdout.write(
        `      ${outcome.attackers} attackers of ${outcome.peers} peers, ${outcome.voters} voters, ` +
          `${outcome.chosenHonest} honest of ${outcome.chosen} chosen, ${outcome.known} of ${HONEST} known\n`,
      );
      expect(outcome.guests).to.be.at.most(MAX_PEERS - keptPlaces(MAX_PEERS));
      expect(outcome.voters).to.equal(VOTERS);
      expect(outcome.known, "addresses of the chain fit into a full book").to.equal(HONEST);
      expect(outcome.chosen).to.equal(keptPlaces(MAX_PEERS));
      expect(outcome.chosenHonest).to.be.at.least(keptPlaces(MAX_PEERS) / 2);
      expect(outcome.peers).to.be.at.most(MAX_PEERS);
    });
  }

  it("with seats does not displace the peers that it chose either", () => {
    const { roster, arrives } = doorOf(() => true);
    for (const peerId of crowd) arrives({ peerId, address: "/ip4/45.0.1.1/tcp/9/ws" }, "inbound");
    expect(roster.size).to.equal(MAX_PEERS - keptPlaces(MAX_PEERS));
    for (const one of honest) arrives(one, "outbound");
    expect(roster.size).to.equal(MAX_PEERS);
    expect(roster.list().filter(({ direction }) => direction === "outbound")).to.have.length(
      keptPlaces(MAX_PEERS),
    );
  });

  it("from one network gets an eighth of the places at most", () => {
    expect(surrounded(1).guests).to.be.at.most(MAX_PEERS / 8);
  });
});
