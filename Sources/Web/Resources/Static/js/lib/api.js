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

/**
 * One request to the JSON API. Throws a `Problem`. `key` is the Idempotency-Key, `token` the buyer's Order-Token, `visitor`
 * what a guest's browser is known by.
 */
export async function call(method, path, body, { key, token, visitor, type, timeout = 20000 } = {}) {
  const headers = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = type ?? "application/json";
  if (key) headers["Idempotency-Key"] = key;
  if (token) headers["Order-Token"] = token;
  if (visitor) headers["Haat-Visitor"] = visitor;
  let answer;
  try {
    answer = await fetch(path, {
      method,
      headers,
      body: body === undefined || type ? body : JSON.stringify(body),
      signal: AbortSignal.timeout(timeout),
    });
  } catch {
    throw new Problem();
  }
  const content = answer.status === 204 ? null : await answer.json().catch(() => null);
  if (answer.ok) return content;
  throw new Problem({ code: "fault", ...content, status: answer.status });
}

const pauseMillisecondsMax = 20000;

/**
 * Tries again what passes, after pauses that grow and that no two pages share. Only for requests that are harmless
 * twice: reads, and writes with an Idempotency-Key. Gives up after `tries`, or when `isOver` says so.
 */
export async function insist(work, { tries = 4, isOver = () => false } = {}) {
  for (let turn = 1; ; turn += 1) {
    try {
      return await work();
    } catch (problem) {
      if (turn >= tries || !problem.isPassing) throw problem;
      const wait = Math.min(300 * 2 ** turn, pauseMillisecondsMax) * (0.75 + Math.random() / 2);
      await new Promise((resume) => setTimeout(resume, wait));
      if (isOver()) throw problem;
    }
  }
}
