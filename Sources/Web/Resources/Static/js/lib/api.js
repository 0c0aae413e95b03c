/** A no from the server (RFC 9457), or `offline` when there was no answer. */
export class Problem extends Error {
  constructor({ status = 0, code = "offline", detail, field } = {}) {
    super(detail ?? code);
    Object.assign(this, { status, code, detail, field });
  }

  /** Whether the same request may succeed a little later. */
  get isPassing() {
    return this.code === "offline" || this.status === 503 || this.code === "request_in_flight";
  }
}

/** One request to the JSON API. Throws a `Problem`. `key` is the Idempotency-Key, `token` the buyer's Order-Token. */
export async function call(method, path, body, { key, token, type } = {}) {
  const headers = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = type ?? "application/json";
  if (key) headers["Idempotency-Key"] = key;
  if (token) headers["Order-Token"] = token;
  let answer;
  try {
    answer = await fetch(path, {
      method,
      headers,
      body: body === undefined || type ? body : JSON.stringify(body),
      signal: AbortSignal.timeout(20000),
    });
  } catch {
    throw new Problem();
  }
  const content = answer.status === 204 ? null : await answer.json().catch(() => null);
  if (answer.ok) return content;
  throw new Problem({ code: "fault", ...content, status: answer.status });
}

/** Tries again what passes. Only for requests that are harmless twice: reads, and writes with an Idempotency-Key. */
export async function insist(work, { tries = 4 } = {}) {
  for (let turn = 1; ; turn += 1) {
    try {
      return await work();
    } catch (problem) {
      if (turn >= tries || !problem.isPassing) throw problem;
      await new Promise((resume) => setTimeout(resume, 300 * 2 ** turn * (0.75 + Math.random() / 2)));
    }
  }
}
