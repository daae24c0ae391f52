/** What a light client receives: a header with everything needed to verify it, and leaves with Merkle paths. */
import { ByteListType, ContainerType, ListCompositeType, type ValueOf } from "@chainsafe/ssz";
import { Certificate, Header } from "./block.ts";
import { Hash, Uint8, Uint32 } from "./primitive.ts";
import { Seats } from "./state.ts";

/** Far above the depth of any tree of the chain. */
export const MAX_PATH = 64;
export const Path = new ListCompositeType(Hash, MAX_PATH);

/** Root of a list of seats with its path to a state root. */
export const AppointedSeats = new ContainerType(
  { root: Hash, path: Path },
  { typeName: "AppointedSeats", jsonCase: "eth2" },
);
export type AppointedSeats = ValueOf<typeof AppointedSeats>;

/** Fields of the state that appoint seats, in the order of `LightBlock.appointed`. */
export const APPOINTING = ["seats", "nextSeats"] as const;

/** A final block without its body. */
export const LightBlock = new ContainerType(
  {
    header: Header,
    certificate: Certificate,
    /** The seats that certified it: the list behind the header's `seatsRoot`. */
    seats: Seats,
    /** The seats that the state after it appoints, one entry for each of APPOINTING; or no entry at all. */
    appointed: new ListCompositeType(AppointedSeats, APPOINTING.length),
  },
  { typeName: "LightBlock", jsonCase: "eth2" },
);
export type LightBlock = ValueOf<typeof LightBlock>;

/** What can be proven under a header. Wire values; append only. */
export const PROVABLE = [
  "account",
  "node",
  "job",
  "transaction",
  "record",
  "rating-change",
] as const;
export type Provable = (typeof PROVABLE)[number];

export const MAX_PROVEN_BYTES = 2_097_152;

export const InclusionProof = new ContainerType(
  {
    /** Index into PROVABLE. */
    kind: Uint8,
    /** Position in its list. */
    index: Uint32,
    /** SSZ of the proven value. */
    value: new ByteListType(MAX_PROVEN_BYTES),
    path: Path,
  },
  { typeName: "InclusionProof", jsonCase: "eth2" },
);
export type InclusionProof = ValueOf<typeof InclusionProof>;
