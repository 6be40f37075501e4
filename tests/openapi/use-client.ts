// Uses the client that openapi-typescript and openapi-fetch make: from sign-in to an answer, and into every kind of error.
// What each call may answer is checked by the compiler.
import createClient from "openapi-fetch";
import type { components, paths } from "./gantry.js";

declare const process: { env: Record<string, string> };
type Problem = components["schemas"]["Problem"];

const { GANTRY, EMAIL, PASSWORD, READER, ADMIN } = process.env;

function as(token?: string) {
  return createClient<paths>({ baseUrl: GANTRY, headers: token ? { Authorization: `Bearer ${token}` } : {} });
}

function refused(answer: { response: Response; error?: Problem }, status: number, kind: string) {
  const told = answer.error;
  if (answer.response.status !== status || told?.status !== status || told.type !== `/problems/${kind}`) {
    throw new Error(`expected ${status}, got ${answer.response.status}: ${JSON.stringify(told)}`);
  }
}

function given<Data>(answer: { data?: Data; error?: unknown }): Data {
  if (answer.data === undefined) throw new Error(JSON.stringify(answer.error));
  return answer.data;
}

const anybody = as();
const session = given(
  await anybody.POST("/api/v1/session", { body: { email: EMAIL, password: PASSWORD, token: true } }),
);
if (!session.token) throw new Error("no token");
const me = as(session.token);
const talk = given(
  await me.POST("/api/v1/conversations", { body: { title: "Tea", model: "gantry/extractive" } }),
);
const sent = given(
  await me.POST("/api/v1/conversations/{conversation_id}/messages", {
    params: { path: { conversation_id: talk.id } },
    body: { content: "What did I say about tea?" },
  }),
);
const stream = await me.GET("/api/v1/generations/{generation_id}/events", {
  params: { path: { generation_id: sent.generation_id } },
  parseAs: "text",
});
let text = "";
for (const block of String(stream.data).split("\n\n")) {
  const kind = /^event:(.*)$/m.exec(block)?.[1];
  const data = /^data:(.*)$/m.exec(block)?.[1];
  if (kind === "text" && data) text += JSON.parse(data).text;
}
console.log(text);

refused(await as("wrong").GET("/api/v1/me"), 401, "not-signed-in");
refused(await as(READER).GET("/api/v1/users"), 403, "insufficient-scope");
const nowhere = { params: { path: { conversation_id: crypto.randomUUID() } } };
refused(await me.GET("/api/v1/conversations/{conversation_id}", nowhere), 404, "not-found");
const admin = as(ADMIN);
refused(await admin.POST("/api/v1/users", { body: { email: EMAIL } }), 409, "conflict");
refused(await admin.POST("/api/v1/users", { body: { email: "nobody" } }), 422, "invalid");
for (let tries = 0; ; tries++) {
  const answer = await anybody.POST("/api/v1/session", {
    body: { email: "nobody@example.org", password: "wrong" },
  });
  if (answer.response.status === 401 && tries < 30) continue;
  refused(answer, 429, "too-many-attempts");
  break;
}
