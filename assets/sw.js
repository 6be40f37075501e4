// Shows a page of its own where a page cannot be loaded at all, in the place of the browser's. It keeps nothing else: whatever a server answers
// is passed on as it is. It is a worker, which cannot be Python; the page is gantry/ui/offline.py, which the build puts here.
const [PAGE, POLICY] = ["", ""];
const headers = { "content-type": "text/html; charset=utf-8", "content-security-policy": POLICY };
const offline = () => new Response(PAGE, { status: 503, headers });

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(Promise.all([clients.claim(), registration.navigationPreload?.enable()])));
addEventListener("fetch", (event) => {
  if (!PAGE || event.request.mode !== "navigate") return;
  const isFile = new URL(event.request.url).pathname.startsWith("/api/"); // a download: it fails as ever
  const answered = async () => (await event.preloadResponse) ?? fetch(event.request);
  event.respondWith(answered().catch(isFile ? Response.error : offline));
});
