/** The OpenAPI 3.1 document, made from the routes and the contract's schemas. */
import { z } from "zod";
import { PROBLEM_TYPE, Problem } from "./contract/problem.ts";
import { contractSchemas } from "./contract-schemas.ts";
import type { Answer, Route } from "./route.ts";

type Json = Record<string, unknown>;

/** @param version of the node */
export async function openApiDocument(routes: readonly Route[], version: string): Promise<Json> {
  const named = await contractSchemas();
  const registry = z.registry<{ id: string }>();
  for (const [schema, id] of named) registry.add(schema, { id });
  const uri = (id: string): string => `#/components/schemas/${id}`;
  const { schemas } = z.toJSONSchema(registry, { uri, io: "input" });
  const components = Object.fromEntries(
    Object.entries(schemas).map(([id, { $schema, $id, ...schema }]) => [id, schema]),
  );
  const refer = (schema: z.ZodType): Json => {
    const id = named.get(schema);
    if (id !== undefined) return { $ref: uri(id) };
    const { $schema, ...inline } = z.toJSONSchema(schema, { io: "input" });
    return inline;
  };
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    if (route.undocumented === true) continue;
    paths[route.path] = { ...paths[route.path], [route.method]: operation(route, refer) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "PoML node API",
      version,
      description:
        "Amounts are decimal strings of micro-POML, bytes lower-case hex. Errors are RFC 9457 problem details.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    paths,
    components: {
      schemas: components,
      securitySchemes: { token: { type: "http", scheme: "bearer" } },
    },
  };
}

function operation(route: Route, refer: (schema: z.ZodType) => Json): Json {
  const content = {
    ...(route.bodySchema === undefined
      ? {}
      : { "application/json": { schema: refer(route.bodySchema) } }),
    ...Object.fromEntries(
      Object.entries(route.content ?? {}).map(([type, schema]) => [
        type,
        { schema: refer(schema) },
      ]),
    ),
  };
  const parameters = [...pathParameters(route), ...queryParameters(route), ...headers(route)];
  return {
    operationId: operationId(route),
    summary: route.summary,
    tags: [route.tag],
    ...(route.token === true ? { security: [{ token: [] }] } : {}),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(Object.keys(content).length === 0 ? {} : { requestBody: { required: true, content } }),
    responses: {
      ...Object.fromEntries(
        route.answers.map((answer) => [answer.status, response(answer, refer)]),
      ),
      default: {
        description: "a problem",
        content: { [PROBLEM_TYPE]: { schema: refer(Problem) } },
      },
    },
  };
}

function response({ description, type, schema }: Answer, refer: (schema: z.ZodType) => Json): Json {
  if (schema === undefined && type === undefined) return { description };
  const media = type ?? "application/json";
  return {
    description,
    content: { [media]: schema === undefined ? {} : { schema: refer(schema) } },
  };
}

function pathParameters(route: Route): Json[] {
  return [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => ({
    name,
    in: "path",
    required: true,
    description: route.params?.[name] ?? name,
    schema: { type: "string" },
  }));
}

function queryParameters({ querySchema }: Route): Json[] {
  if (querySchema === undefined) return [];
  const { properties = {}, required = [] } = z.toJSONSchema(querySchema, { io: "input" });
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: "query",
    required: required.includes(name),
    schema,
  }));
}

function headers(route: Route): Json[] {
  return Object.entries(route.headers ?? {}).map(([name, description]) => ({
    name,
    in: "header",
    required: false,
    description,
    schema: { type: "string" },
  }));
}

/** `GET /v1/jobs/{id}/rounds` -> `getJobsIdRounds`. */
function operationId({ method, path }: Route): string {
  const words = path.replace(/^\/v1/, "").match(/\w+/g) ?? [];
  return method + words.map((word) => word[0]?.toUpperCase() + word.slice(1)).join("");
}
