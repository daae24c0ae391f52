/**
 * Proofs of the seats that a state appoints, under its root. A node makes and keeps such a proof whenever the seats
 * change, because later it no longer has that state.
 */
import { Tree } from "@chainsafe/persistent-merkle-tree";
import { seatsRootOf } from "../draw/seats-root.ts";
import { isIncluded } from "../proof/inclusion.ts";
import type { State } from "../state/state.ts";
import { APPOINTING, type AppointedSeats, type LightBlock } from "../types/light.ts";
import { StateTree } from "../types/state.ts";
import { LightError } from "./light-error.ts";

function indexOf(field: (typeof APPOINTING)[number]): bigint {
  return StateTree.getPathInfo([field]).gindex;
}

export function proveAppointments(state: State): AppointedSeats[] {
  const tree = new Tree(state.tree().node);
  return APPOINTING.map((field) => ({
    root: seatsRootOf(state[field]),
    path: tree.getSingleProof(indexOf(field)),
  }));
}

/**
 * The roots of the appointed seats; empty when the block carries no proof.
 * @throws LightError LIGHT_APPOINTMENT
 */
export function verifyAppointments({ header, appointed }: LightBlock): Uint8Array[] {
  if (appointed.length === 0) return [];
  return APPOINTING.map((field, position) => {
    const proof = appointed[position];
    const holds =
      proof !== undefined && isIncluded(header.stateRoot, proof.root, indexOf(field), proof.path);
    if (!holds) {
      throw new LightError(`the state of block ${header.height} does not appoint these ${field}`, {
        code: "LIGHT_APPOINTMENT",
        field,
      });
    }
    return proof.root;
  });
}
