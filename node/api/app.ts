/** The express app: guards in front, the routes, and one place where errors become answers. */
import express, { type Express, type NextFunction, type Request, type Response } from "express";
import type { Log } from "../../p2p/log.ts";
import { reasonOf } from "../reason.ts";
import { apiError } from "./api-error.ts";
import { announcedBytes, drain, mediaTypeOf, parseJson, readBody, streamBody } from "./body.ts";
import { callerOf } from "./caller.ts";
import { Downloads } from "./downloads.ts";
import { checkHost, checkToken } from "./guard.ts";
import { type HeadAnswer, HeadAnswers } from "./head-answers.ts";
import type { ApiLimits } from "./limits.ts";
import { internalProblem, problemOf } from "./problem.ts";
import type { RateLimiter } from "./rate-limiter.ts";
import { respond, respondOfHead, respondProblem, SECURITY_HEADERS } from "./respond.ts";
import { hasTag, respondFile } from "./respond-file.ts";
import { type Call, checked, expressPath, type Reply, type Route } from "./route.ts";
import { Turns } from "./turns.ts";

export interface AppOptions {
  readonly limits: ApiLimits;
  /** Names for which this node answers, besides addresses and localhost. */
  readonly hosts: readonly string[];
  readonly token: string;
}

export interface AppModules {
  readonly routes: readonly Route[];
  readonly log: Log;
  readonly limiter: RateLimiter;
  /** Hash of the newest block. */
  head(): Uint8Array;
}

/** What the routes of one app share. */
interface Shared {
  readonly limiter: RateLimiter;
  readonly turns: Turns;
  readonly answers: HeadAnswers;
  readonly downloads: Downloads;
}

export function createApp(
  options: AppOptions,
  { routes, log, limiter, head }: AppModules,
): Express {
  const { limits, hosts } = options;
  const shared: Shared = {
    limiter,
    turns: new Turns(limits),
    answers: new HeadAnswers(head),
    downloads: new Downloads(limits),
  };
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.set("query parser", "simple");
  app.use((request, response, next) => {
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
    checkHost(request, hosts);
    limiter.take(callerOf(request, options.token));
    next();
  });
  for (const route of routes)
    app[route.method](expressPath(route.path), mount(route, options, shared));
  for (const [path, methods] of methodsByPath(routes)) {
    app.all(expressPath(path), (request, response) => {
      response.setHeader(
        "allow",
        [...methods, ...(methods.includes("GET") ? ["HEAD"] : [])].join(", "),
      );
      throw methodNotAllowed(request, methods);
    });
  }
  app.use((request) => {
    throw unknownRoute(request);
  });
  app.use((error: unknown, request: Request, response: Response, _next: NextFunction) => {
    answerError(error, request, response, log);
  });
  return app;
}

function mount(route: Route, options: AppOptions, shared: Shared) {
  const { limiter, turns, answers, downloads } = shared;
  return async (request: Request, response: Response): Promise<void> => {
    if (route.token === true) checkToken(request, options.token);
    let body: Uint8Array<ArrayBuffer> | undefined;
    const read = async (limitBytes: number) =>
      body ?? (await readBody(request, response, limitBytes));
    const answering = allowSilence(request, options.limits);
    const caller = callerOf(request, options.token);
    const call: Call = {
      params: request.params as Record<string, string>,
      query: route.querySchema && checked(route.querySchema, { ...request.query }, "query"),
      body: route.bodySchema && checked(route.bodySchema, await readJson(), "body"),
      mediaType: mediaTypeOf(request),
      header: (name) => request.get(name),
      bytes: read,
      stream: (take) => streamBody(request, response, take),
      announcedBytes: announcedBytes(request),
      pay: (tokens) => limiter.take(caller, tokens),
      gone: goneSignal(response),
    };
    const url = request.originalUrl;
    const respondHead = ({ etag, bytes }: HeadAnswer): void =>
      respondOfHead(response, { etag, bytes: hasTag(request, etag) ? undefined : bytes });
    const isKnown = (): boolean => {
      const known = route.isOfHead === true ? answers.get(url) : undefined;
      if (known === undefined) return false;
      answering.end();
      respondHead(known);
      return true;
    };
    if (isKnown()) return;
    // One token was taken before.
    if (route.tokens !== undefined) limiter.take(caller, route.tokens - 1);
    // Before its turn: a body that never ends would otherwise block the turn for everybody else.
    if (route.bodyBytes !== undefined) body = await read(route.bodyBytes);
    const answer = async (): Promise<void> => {
      // Another caller may have asked for the same answer while this request waited.
      if (isKnown()) return;
      const { head } = answers;
      const reply = await handle(call);
      if ("file" in reply) return respondFile(response, reply, { downloads, caller });
      if (reply.tokens !== undefined) limiter.charge(caller, reply.tokens);
      if (route.isOfHead !== true || !("json" in reply)) return respond(response, reply);
      respondHead(answers.put(url, JSON.stringify(reply.json), head));
    };
    if (route.isCostly === true) await turns.use(caller, call.gone, answer);
    else await answer();

    async function handle(asked: Call): Promise<Reply> {
      try {
        return await route.handle(asked);
      } finally {
        answering.end();
      }
    }

    async function readJson(): Promise<unknown> {
      const type = mediaTypeOf(request);
      if (type !== "application/json") throw notJson(type);
      return parseJson(await read(options.limits.jsonBytes));
    }
  };
}

/**
 * A client that has sent its whole request waits silently for the answer; its connection is not closed meanwhile. Call
 * `end` before the answer is sent.
 */
function allowSilence(request: Request, { idleMs, answerMs }: ApiLimits): { end(): void } {
  const { socket, headers } = request;
  const wait = (): void => {
    socket.setTimeout(answerMs);
  };
  const hasBody =
    headers["transfer-encoding"] !== undefined || announcedBytes(request) !== undefined;
  if (hasBody) request.once("end", wait);
  else wait();
  return {
    end: () => {
      request.off("end", wait);
      socket.setTimeout(idleMs);
    },
  };
}

function goneSignal(response: Response): AbortSignal {
  const control = new AbortController();
  response.once("close", () => {
    if (!response.writableFinished) control.abort();
  });
  return control.signal;
}

function answerError(error: unknown, request: Request, response: Response, log: Log): void {
  const problem = problemOf(clientError(error)) ?? internalProblem();
  const facts = { method: request.method, path: request.path, code: problem.code };
  if (problem.status === 500) {
    log.error("request failed", { ...facts, reason: reasonOf(error), stack: stackOf(error) });
  } else {
    log.debug("request refused", facts);
  }
  respondProblem(response, problem);
  drain(request);
}

/** Errors of the runtime that mean something to the client. */
function clientError(error: unknown): unknown {
  if (error instanceof DOMException && error.name === "TimeoutError") {
    return apiError(504, "TIMEOUT", "the node did not get what it needs in time", {
      cause: error,
      remedy: "try again; files of a job may still be on their way to this node",
    });
  }
  if (!(error instanceof URIError)) return error;
  return apiError(400, "BAD_PATH", "the path is not valid percent-encoding", { cause: error });
}

function stackOf(error: unknown): string | undefined {
  return error instanceof Error ? error.stack : undefined;
}

function methodsByPath(routes: readonly Route[]): Map<string, string[]> {
  const methods = new Map<string, string[]>();
  for (const { path, method } of routes) {
    methods.set(path, [...(methods.get(path) ?? []), method.toUpperCase()]);
  }
  return methods;
}

function methodNotAllowed(request: Request, methods: readonly string[]): Error {
  return apiError(405, "METHOD_NOT_ALLOWED", `${request.path} takes no ${request.method}`, {
    remedy: `use ${methods.join(" or ")}`,
  });
}

function unknownRoute(request: Request): Error {
  return apiError(404, "UNKNOWN_ROUTE", `nothing is served at ${request.path.slice(0, 200)}`, {
    remedy: "GET /openapi.json lists what is",
  });
}

function notJson(type: string): Error {
  return apiError(415, "UNSUPPORTED_MEDIA_TYPE", `the body is ${type === "" ? "untyped" : type}`, {
    field: "Content-Type",
    remedy: "send application/json",
  });
}
