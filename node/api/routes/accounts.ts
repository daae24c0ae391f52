/** Balances and nonces. An address that never received anything has an empty account. */

import { parseAddress } from "../../../chain/crypto/address.ts";
import { AccountJson } from "../contract/network.ts";
import { encodeAccount } from "../encode/network.ts";
import { type Route, route } from "../route.ts";
import { NoQuery } from "./parse.ts";
import type { StateView } from "./views.ts";

export interface AccountRouteModules extends StateView {
  /** Next free nonce of an account, after the transactions that wait in the mempool. */
  nextNonce(address: Uint8Array): number;
}

export function accountRoutes(services: AccountRouteModules): Route[] {
  return [
    route({
      method: "get",
      path: "/v1/accounts/{address}",
      tag: "chain",
      summary: "Balance and next nonce of an account",
      params: { address: "bech32m address poml1…" },
      query: NoQuery,
      answers: [{ status: 200, description: "the account", schema: AccountJson }],
      handle: ({ params }) => {
        const address = parseAddress(params.address ?? "");
        return { json: encodeAccount(services.state(), address, services.nextNonce(address)) };
      },
    }),
  ];
}
