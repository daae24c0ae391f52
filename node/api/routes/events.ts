/** The event stream's entry in the contract; the stream itself is an upgrade (event-stream.ts). */
import { apiError } from "../api-error.ts";
import { StreamMessage } from "../contract/event.ts";
import { EventsQuery } from "../event-stream.ts";
import { type Route, route } from "../route.ts";

export function eventRoutes(): Route[] {
  return [
    route({
      method: "get",
      path: "/v1/events",
      tag: "events",
      summary: "WebSocket of JSON events; ?since= resumes after a cursor",
      query: EventsQuery,
      answers: [
        { status: 101, description: "messages of the stream", schema: StreamMessage },
        { status: 426, description: "not a WebSocket handshake" },
      ],
      handle: () => {
        throw apiError(426, "UPGRADE_NEEDED", "this is a WebSocket", {
          remedy: "connect with a WebSocket client: ws://…/v1/events",
        });
      },
    }),
  ];
}
