// Shows what this site's server tells of shows, also while no page of it is open, and a page of its own while there is no
// way to the server. Its address never changes, so that a browser that was reminded once stays so.

// Written above by the server: it is another program with every release, and takes the new page in with it.
const { release, languages } = self.site;
const kept = `offline-${release}`;

const shown = (data) => {
  const at = new Date(data.at);
  const time = Number.isNaN(at.valueOf())
    ? "" : new Intl.DateTimeFormat(data.lang, { dateStyle: "medium", timeStyle: "short" }).format(at);
  return self.registration.showNotification(data.title, {
    body: data.body.replace("{time}", time), tag: data.tag, lang: data.lang, renotify: true,
    data: { url: data.url },
  });
};

/** As nobody in particular: what is kept is the same for whoever uses this browser. */
async function take(path) {
  const answer = await fetch(path, { credentials: "omit" });
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.text();
}

/** The page with its sheets within it: it asks for nothing when it is shown. */
async function whole(path) {
  let page = await take(path);
  for (const [link, sheet] of page.matchAll(/<link rel="stylesheet" href="(\/static\/[^"]+)">/g)) {
    const rules = await take(sheet);
    page = page.replace(link, () => `<style>${rules}</style>`);
  }
  return new Response(page, {
    headers: {
      "Content-Type": "text/html; charset=utf-8",
      "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    },
  });
}

const address = (language) => `/offline?lang=${language}`;

async function keep() {
  const cache = await caches.open(kept);
  await Promise.all(languages.map(async (language) => cache.put(address(language), await whole(address(language)))));
}

async function clean() {
  for (const name of await caches.keys()) {
    if (name.startsWith("offline-") && name !== kept) await caches.delete(name);
  }
}

/** In the language that was asked for, chosen here before, or is the browser's. */
async function offline(request) {
  const chosen = await self.cookieStore?.get("haat_language").catch(() => null);
  const wishes = [new URL(request.url).searchParams.get("lang"), chosen?.value, ...self.navigator.languages];
  const language = wishes.map((wish) => wish?.slice(0, 2)).find((wish) => languages.includes(wish)) ?? languages[0];
  const cache = await caches.open(kept);
  return await cache.match(address(language)) ?? Response.error();
}

self.addEventListener("install", (event) => {
  self.skipWaiting();
  // Without the page it is still good for notices.
  event.waitUntil(keep().catch(() => {}));
});

self.addEventListener("activate", (event) => event.waitUntil((async () => {
  // The request for a page leaves while this program is still being started.
  await self.registration.navigationPreload?.enable();
  await clean();
  await self.clients.claim();
})()));

// Pages only, and none of them is kept: everything else goes its way without us.
self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.mode !== "navigate" || request.method !== "GET") return;
  event.respondWith((async () => {
    try {
      return await event.preloadResponse ?? await fetch(request);
    } catch {
      return offline(request);
    }
  })());
});

self.addEventListener("push", (event) => {
  let data;
  try {
    data = event.data.json();
  } catch {
    return;
  }
  event.waitUntil(shown(data));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const url = new URL(event.notification.data?.url ?? "/", self.location.origin);
  // A page of ours, whatever was sent.
  if (url.origin !== self.location.origin) return;
  event.waitUntil((async () => {
    const pages = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
    const open = pages.find((page) => new URL(page.url).pathname === url.pathname);
    if (open) return open.focus();
    return self.clients.openWindow(url.href);
  })());
});
