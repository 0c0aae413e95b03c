/**
 * A handful of lines instead of a framework: `test(name, body)`, checks, and `runTests(file)` for whoever drives the
 * page.
 */
const tests = [];

export function test(name, body) {
  tests.push({ name, body });
}

export function equal(found, expected, what = "") {
  const [left, right] = [JSON.stringify(found), JSON.stringify(expected)];
  if (left !== right) throw new Error(`${what} expected ${right}, found ${left}`);
}

export function ok(condition, what) {
  if (!condition) throw new Error(what);
}

export function throws(type, body) {
  try {
    body();
  } catch (error) {
    if (error instanceof type) return;
    throw error;
  }
  throw new Error(`no ${type.name} was thrown`);
}

/** Waits for a condition, looking every 20 ms. */
export async function until(condition, what, seconds = 10) {
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) {
    const value = condition();
    if (value) return value;
    await new Promise((resume) => setTimeout(resume, 20));
  }
  throw new Error(`never: ${what}`);
}

const stray = [];
addEventListener("error", (event) => stray.push(event.message));
addEventListener("unhandledrejection", (event) => stray.push(`unhandled: ${event.reason}`));

/**
 * Runs the tests of one file: `[{ name, error }]`, error null for a pass. What nobody caught is an error of that test.
 */
globalThis.runTests = async (file) => {
  tests.length = 0;
  await import(`./${file}.js`);
  const results = [];
  for (const { name, body } of tests) {
    stray.length = 0;
    const error = await Promise.resolve().then(body).then(() => null, (failure) => failure.stack);
    results.push({ name, error: error ?? (stray.length > 0 ? stray.join("\n") : null) });
  }
  return results;
};

/** A film made by ffmpeg, as whoever drives the page gave it: bytes of a fragmented MP4. */
export function film(name) {
  const text = atob(globalThis.films[name]);
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** Random numbers that are the same in each run. */
export function seeded(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
