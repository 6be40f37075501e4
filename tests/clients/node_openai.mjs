// OpenAI's client for Node with Gantry as its server. Prints what it saw as JSON; tests/integration/clients compares it.
import OpenAI from "openai";

const { GANTRY, TOKEN, MODEL, PICTURE } = process.env;
const client = new OpenAI({ baseURL: `${GANTRY}/v1`, apiKey: TOKEN, maxRetries: 0 });
const say = (content) => [{ role: "user", content }];
const weather = {
  type: "function",
  function: {
    name: "weather",
    parameters: { type: "object", properties: { place: { type: "string" } } },
  },
};
const schema = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false,
};
const format = { type: "json_schema", json_schema: { name: "city", strict: true, schema } };
const seen = {};

seen.models = [];
for await (const model of client.models.list()) seen.models.push(model.id);

const ask = (content, more = {}, using = client) =>
  using.chat.completions.create({ model: MODEL, messages: say(content), ...more });

seen.chat = (await ask("[[script:hello]]")).choices[0].message.content;

let text = "";
let usage = 0;
const options = { stream: true, stream_options: { include_usage: true } };
for await (const chunk of await ask("[[script:hello]]", options)) {
  text += chunk.choices[0]?.delta?.content ?? "";
  usage = chunk.usage?.total_tokens ?? usage;
}
seen.stream = { text, counted: usage > 0 };

const called = await ask("Weather in Oslo?", { tools: [weather] });
const call = called.choices[0].message.tool_calls[0];
const told = await client.chat.completions.create({
  model: MODEL,
  tools: [weather],
  messages: [
    ...say("Weather in Oslo?"),
    called.choices[0].message,
    { role: "tool", tool_call_id: call.id, content: "rain" },
  ],
});
seen.tools = {
  name: call.function.name,
  arguments: JSON.parse(call.function.arguments),
  final: told.choices[0].message.content,
};

const parts = [
  { type: "text", text: "[[script:hello]]" },
  { type: "image_url", image_url: { url: PICTURE } },
];
seen.picture = (await ask(parts)).choices[0].message.content;
const parsed = await client.chat.completions.parse({
  model: MODEL,
  messages: say("[[script:city]]"),
  response_format: format,
});
seen.json = parsed.choices[0].message.parsed;

const vectors = await client.embeddings.create({
  model: "gantry/embeddings",
  input: ["a lighthouse", "a harbour"],
});
seen.embeddings = vectors.data.map((each) => each.embedding.length);

const fault = async (work) => {
  try {
    await work();
    return "none";
  } catch (error) {
    return error.constructor.name;
  }
};
seen.errors = {
  model: await fault(() => ask("x", { model: "nobody/none" })),
  token: await fault(() => ask("x", {}, client.withOptions({ apiKey: "none" }))),
  rate: await fault(() => ask("[[script:busy]]")),
};

// What only OpenAI's own clients know: annotations, the stored conversation, and the newer dialect.
const ours = { gantry: { collections: "all" }, store: true };
const cited = await ask("Who kept the lighthouse?", { ...ours, model: "gantry/extractive" });
seen.cited = cited.choices[0].message.annotations[0];
seen.conversation = cited.gantry.conversation_id;
const chunks = [];
for await (const chunk of await ask("Who kept the lighthouse?", {
  ...ours,
  stream: true,
  model: "gantry/keeper",
})) {
  chunks.push(chunk);
}
seen.citedInStream = chunks.flatMap((chunk) => chunk.choices[0]?.delta?.annotations ?? [])[0];
seen.persona = chunks.map((chunk) => chunk.choices[0]?.delta?.content ?? "").join("");
const answer = await client.responses.create({ model: MODEL, input: "[[script:hello]]" });
let said = "";
for await (const event of await client.responses.create({
  model: MODEL,
  input: "[[script:hello]]",
  stream: true,
})) {
  said += event.type === "response.output_text.delta" ? event.delta : "";
}
seen.responses = { whole: answer.output_text, stream: said };

const endless = await ask("[[script:endless]]", { stream: true });
for await (const _chunk of endless) break; // which ends the request
console.log(JSON.stringify(seen));
await new Promise((resolve) => setTimeout(resolve, 500)); // the server is to see it from the line, not from our end
